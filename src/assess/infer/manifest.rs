//! What apps declare and hold.

use std::sync::Arc;

use super::super::circumstance;
use super::super::grant::{ContactsAccess, contacts_access};
use super::super::row::{Fact, Subject};
use super::fact;
use crate::model::{Evidence, Grade, Occurrences, Recipient, RecipientKind};
use crate::rules::{App, DiscoveryMethod};

/// What manifests and grants say against an app.
pub(super) fn manifest(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let nobody = || Recipient {
        kind: RecipientKind::None,
        host: Arc::from(""),
    };
    for package in &subject.packages {
        let Some((declaration, origin)) = subject.dossier.declarations.get(*package) else {
            continue;
        };
        if declaration.cleartext_allowed == Some(true) {
            let occurrences = Occurrences::at(Evidence::at(*origin));
            let mut fact = fact(
                subject,
                circumstance::CLEARTEXT_PERMITTED,
                nobody(),
                Grade::Declared,
                occurrences,
            );
            fact.conclusion.reasons = vec![Arc::from(*package)];
            facts.push(fact);
        }
    }
    let needs_no_contacts = |app: &App| {
        matches!(
            app.contact_discovery.method,
            DiscoveryMethod::Directory | DiscoveryMethod::None
        )
    };
    if subject.every_profile(needs_no_contacts).is_none() {
        return;
    }
    if let (ContactsAccess::Granted, permissions) = contacts_access(subject) {
        for (permission, origin) in permissions {
            let Some(origin) = origin else { continue };
            let occurrences = Occurrences::at(Evidence::at(origin));
            let mut fact = fact(
                subject,
                circumstance::PERMISSION_GRANTED,
                nobody(),
                Grade::Declared,
                occurrences,
            );
            fact.conclusion.reasons = vec![permission];
            facts.push(fact);
        }
    }
}
