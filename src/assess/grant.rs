//! Permissions of an app on its device: asked for, granted, decided by whom.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::circumstance::CONTACTS_PERMISSION;
use super::row::Subject;
use crate::model::{Dossier, Grant, Origin, PermissionState};
use crate::rules::Rules;

/// Risk from which on a permission is of interest.
const INTERESTING_RISK: u8 = 2;
/// Risk from which on an app is shown for its permissions alone.
pub(super) const TELLING_RISK: u8 = 3;

/// The permissions of packages that are of interest, most telling first.
pub(super) fn grants(rules: &Rules, dossier: &Dossier, packages: &[&str]) -> Vec<Grant> {
    let mut grants: BTreeMap<String, Grant> = BTreeMap::new();
    let mut note = |name: &str, is_declared: bool, granted: Option<(u32, &PermissionState)>| {
        let Some(rule) = rules
            .permission(name)
            .filter(|rule| rule.risk >= INTERESTING_RISK)
        else {
            return;
        };
        let grant = grants.entry(name.to_owned()).or_insert_with(|| Grant {
            permission: name.to_owned(),
            category: rule.category.clone(),
            risk: rule.risk,
            is_declared: false,
            is_granted: None,
            by_user: BTreeMap::new(),
            is_policy_fixed: false,
            is_limited: false,
            decided: None,
        });
        grant.is_declared |= is_declared;
        if let Some((user, state)) = granted {
            let is_granted = state.is_granted;
            if is_granted {
                let was_whole = grant.is_granted == Some(true) && !grant.is_limited;
                grant.is_limited = state.is_limited && !was_whole;
            }
            grant.is_policy_fixed |= state.is_policy_fixed;
            grant.decided = grant.decided.max(state.decided);
            *grant.by_user.entry(user).or_default() |= is_granted;
            // Granted to one user of the phone is granted.
            grant.is_granted = Some(grant.is_granted.unwrap_or_default() || is_granted);
        }
    };
    for package in packages {
        if let Some((declaration, _)) = dossier.declarations.get(*package) {
            let permissions = declaration.permissions.iter();
            let asked = permissions
                .filter(|(_, permission)| declaration.asks_for(permission))
                .map(|(name, _)| name);
            for name in asked.chain(&declaration.bound_permissions) {
                note(name, true, None);
            }
        }
        if let Some(app) = dossier.apps.get(*package) {
            for name in &app.requested {
                note(name, true, None);
            }
            for ((user, name), state) in &app.permissions {
                note(name, false, Some((*user, state)));
            }
        }
    }
    let mut grants: Vec<Grant> = grants.into_values().collect();
    for grant in &mut grants {
        if grant
            .by_user
            .values()
            .all(|is_granted| Some(*is_granted) == grant.is_granted)
        {
            grant.by_user.clear();
        }
    }
    grants.sort_by(|one, other| {
        let rank = |grant: &Grant| {
            (
                std::cmp::Reverse(grant.risk),
                grant.is_granted != Some(true),
            )
        };
        rank(one)
            .cmp(&rank(other))
            .then_with(|| one.permission.cmp(&other.permission))
    });
    grants
}

/// What is known about the contacts permission of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContactsAccess {
    /// Granted.
    Granted,
    /// Refused to every user of the phone.
    Denied,
    /// Asked for; no source says whether it is granted.
    Declared,
    /// Nothing is known.
    Unknown,
}

/// A permission and the place that says it, where it is known.
pub(super) type Source = (Arc<str>, Option<Origin>);

/// What is known about the contacts permission, with the places that say so.
pub(super) fn contacts_access(subject: &Subject<'_>) -> (ContactsAccess, Vec<Source>) {
    let grants = grants(subject.rules, subject.dossier, &subject.packages);
    let of_contacts: Vec<&Grant> = grants
        .iter()
        .filter(|grant| grant.category.as_deref() == Some(CONTACTS_PERMISSION))
        .collect();
    let granted = of_contacts
        .iter()
        .find(|grant| grant.is_granted == Some(true));
    let access = match of_contacts.first() {
        _ if granted.is_some() => ContactsAccess::Granted,
        None => ContactsAccess::Unknown,
        Some(_)
            if of_contacts
                .iter()
                .all(|grant| grant.is_granted == Some(false)) =>
        {
            ContactsAccess::Denied
        }
        Some(_) => ContactsAccess::Declared,
    };
    let telling = granted.or(of_contacts.first());
    let reasons = telling.into_iter().map(|grant| {
        let name = &grant.permission;
        (Arc::from(name.as_str()), source_of(subject, name))
    });
    (access, reasons.collect())
}

/// Where a permission of the subject was read.
fn source_of(subject: &Subject<'_>, permission: &str) -> Option<Origin> {
    subject.packages.iter().find_map(|package| {
        let app = subject.dossier.apps.get(*package);
        let of_dump = app
            .filter(|app| app.permissions.keys().any(|(_, name)| name == permission))
            .and_then(|app| app.source);
        let of_manifest = || {
            subject
                .dossier
                .declarations
                .get(*package)
                .map(|(_, origin)| *origin)
        };
        of_dump.or_else(of_manifest)
    })
}
