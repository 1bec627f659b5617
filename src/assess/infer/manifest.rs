//! What apps declare and hold.

use std::sync::Arc;

use super::super::circumstance;
use super::super::grant::{ContactsAccess, contacts_access};
use super::super::row::{Fact, Subject};
use super::fact;
use crate::model::{
    ComponentKind, Declaration, Evidence, Grade, NetworkPolicy, Occurrences, Recipient,
    RecipientKind,
};
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
        for rule in indications(declaration) {
            let occurrences = Occurrences::at(Evidence::at(*origin));
            let mut fact = fact(subject, rule, nobody(), Grade::Declared, occurrences);
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

/// What a manifest allows although it need not.
fn indications(declaration: &Declaration) -> impl Iterator<Item = &'static str> {
    let has_open_provider = declaration
        .exported()
        .any(|component| component.kind == ComponentKind::Provider && component.is_unguarded());
    let trusts_user = declaration
        .network_policy
        .as_ref()
        .is_some_and(NetworkPolicy::trusts_user_anywhere);
    [
        (
            circumstance::CLEARTEXT_PERMITTED,
            declaration.is_cleartext_allowed_everywhere() == Some(true),
        ),
        (circumstance::USER_CERTIFICATES, trusts_user),
        (
            circumstance::BACKUP_PERMITTED,
            declaration.backup_allowed == Some(true) && declaration.backup_rules.is_empty(),
        ),
        (circumstance::PROVIDER_UNGUARDED, has_open_provider),
        (
            circumstance::DEBUGGABLE,
            declaration.debuggable == Some(true),
        ),
    ]
    .into_iter()
    .filter_map(|(rule, holds)| holds.then_some(rule))
}
