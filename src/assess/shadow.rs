//! What the company says of apps beside what is on its phones: decisions, exceptions, and apps that it does not know or does
//! not allow.

use std::collections::{BTreeMap, BTreeSet};

use super::row::{Device, Owner, Row, Subject};
use crate::model::{AppId, AppStatus, Day, Exception, ExceptionState, ShadowApp, Standing};

/// What the company says of one row; `None` if nothing.
pub(super) fn standing(subject: &Subject<'_>) -> Option<Standing> {
    let ids = subject.ids();
    let decided = subject.policy.app(subject.device_name, &ids);
    let exceptions = subject.policy.exceptions(subject.device_name, &ids);
    let exceptions: Vec<ExceptionState> = exceptions.map(|one| state(one, subject.day)).collect();
    if decided.is_none() && exceptions.is_empty() {
        return None;
    }
    Some(Standing {
        status: decided.map(|app| app.status),
        purposes: decided.map(|app| app.purposes.clone()).unwrap_or_default(),
        since: decided.and_then(|app| app.since),
        exceptions,
    })
}

/// Without a day nothing is known to have ended; reports name the last day all the same.
fn state(exception: &Exception, day: Option<Day>) -> ExceptionState {
    ExceptionState {
        exception: exception.clone(),
        is_expired: day.is_some_and(|day| day > exception.expires),
    }
}

/// Apps on the phone that the company does not know or does not allow, by name. What came with the system is not asked about.
pub(super) fn shadow(device: &Device<'_>, rows: &BTreeMap<Owner, Row>) -> Vec<ShadowApp> {
    if device.policy.apps.is_empty() {
        return Vec::new();
    }
    let by_traffic = rows.keys().filter_map(|owner| match owner {
        Owner::App(app) => Some(app),
        _ => None,
    });
    let apps: BTreeSet<&AppId> = device.packages.keys().chain(by_traffic).collect();
    let mut shadow: Vec<ShadowApp> = apps
        .into_iter()
        .filter_map(|app| one(device, rows, app))
        .collect();
    shadow.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    shadow
}

fn one(device: &Device<'_>, rows: &BTreeMap<Owner, Row>, app: &AppId) -> Option<ShadowApp> {
    let packages = device.packages.get(app).map_or(&[][..], Vec::as_slice);
    let is_installed = packages
        .iter()
        .any(|package| device.dossier.has_package(package));
    let row = rows.get(&Owner::App(app.clone()));
    if row.is_none() && !is_installed {
        return None;
    }
    let installed = |package: &&str| device.dossier.apps.get(*package);
    if packages
        .iter()
        .filter_map(installed)
        .any(|app| app.is_system)
    {
        return None;
    }
    let mut ids = vec![app.as_str()];
    ids.extend(packages);
    let status = device.policy.app(device.name, &ids).map(|app| app.status);
    if !matches!(status, None | Some(AppStatus::Forbidden)) {
        return None;
    }
    let exceptions = device.policy.exceptions(device.name, &ids);
    Some(ShadowApp {
        id: app.clone(),
        name: super::name(device.rules, device.dossier, app),
        status,
        is_installed,
        is_matched_by_name: packages
            .iter()
            .filter_map(installed)
            .any(|app| app.is_matched_by_name),
        has_traffic: row.is_some_and(|row| !row.traffic.is_empty()),
        exceptions: exceptions
            .filter(|one| one.observation.is_none())
            .map(|one| state(one, device.day))
            .collect(),
    })
}
