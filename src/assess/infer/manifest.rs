//! What apps declare and hold.

use std::sync::Arc;

use super::super::circumstance;
use super::super::grant::{ContactsAccess, contacts_access};
use super::super::row::{Fact, Subject};
use super::fact;
use crate::model::{
    ComponentKind, Declaration, Evidence, Grade, NetworkPolicy, Occurrences, Opening, Recipient,
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
        for (rule, names) in indications(declaration) {
            let occurrences = Occurrences::at(Evidence::at(*origin));
            let mut fact = fact(subject, rule, nobody(), Grade::Declared, occurrences);
            fact.conclusion.reasons = vec![Arc::from(*package)];
            fact.conclusion.reasons.extend(names);
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

/// What a manifest allows although it need not, and to or by what.
fn indications(declaration: &Declaration) -> Vec<(&'static str, Vec<Arc<str>>)> {
    let trusts_user = declaration
        .network_policy
        .as_ref()
        .is_some_and(NetworkPolicy::trusts_user_anywhere);
    let mut all = Vec::new();
    let plain = [
        (
            circumstance::CLEARTEXT_PERMITTED,
            declaration.is_cleartext_allowed_everywhere() == Some(true),
        ),
        (circumstance::USER_CERTIFICATES, trusts_user),
        (
            circumstance::DEBUGGABLE,
            declaration.debuggable == Some(true),
        ),
    ];
    let plain = plain.into_iter().filter(|(_, holds)| *holds);
    all.extend(plain.map(|(rule, _)| (rule, Vec::new())));
    if declaration.is_backup_allowed() == Some(true) && declaration.backup_rules.is_empty() {
        let by_default = declaration.backup_allowed.is_none();
        let reason = by_default.then(|| Arc::from("manifest: backup-by-default"));
        all.push((circumstance::BACKUP_PERMITTED, reason.into_iter().collect()));
    }
    let named = [
        (
            circumstance::CLEARTEXT_PERMITTED_IN_PART,
            declaration.cleartext_in_part(),
        ),
        (
            circumstance::WEAK_TLS_PERMITTED_IN_PART,
            declaration.weak_tls_in_part(),
        ),
        (
            circumstance::PROVIDER_UNGUARDED,
            open_providers(declaration),
        ),
    ];
    let named = named.into_iter().filter(|(_, names)| !names.is_empty());
    all.extend(named.map(|(rule, names)| (rule, names.into_iter().map(Arc::from).collect())));
    all
}

/// Content providers that other apps reach, and for what, if it is not all.
fn open_providers(declaration: &Declaration) -> Vec<String> {
    let open = declaration
        .exported()
        .filter(|component| component.kind == ComponentKind::Provider);
    open.filter_map(|provider| {
        let name = &provider.name;
        Some(match provider.opening()? {
            Opening::Whole => name.clone(),
            Opening::Reading => format!("manifest: read {name}"),
            Opening::Writing => format!("manifest: write {name}"),
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Component, Platform};

    #[test]
    fn what_is_open_is_named() {
        let mut declaration = Declaration::new(Platform::Android, "org.example.x");
        declaration.target_sdk = Some("34".to_owned());
        declaration.cleartext_allowed = Some(false);
        for (name, guard) in [
            ("All", ""),
            ("Read", "write"),
            ("Write", "read"),
            ("Off", ""),
        ] {
            let mut provider = Component::new(ComponentKind::Provider, name);
            provider.exported = Some(true);
            provider.enabled = (name == "Off").then_some(false);
            provider.read_permission = (guard == "read").then(|| "org.example.R".to_owned());
            provider.write_permission = (guard == "write").then(|| "org.example.W".to_owned());
            declaration.components.push(provider);
        }
        let said: Vec<String> = indications(&declaration)
            .into_iter()
            .map(|(rule, names)| format!("{rule}: {}", names.join(", ")))
            .collect();
        assert_eq!(
            said,
            [
                "backup-permitted: manifest: backup-by-default",
                "provider-unguarded: All, manifest: read Read, manifest: write Write",
            ]
        );
    }
}
