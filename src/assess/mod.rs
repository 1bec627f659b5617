//! Findings, permissions, recipients and law → one report per app. Sees one app at a time; every input of a score is kept.
//!
//! `chain` lays out each kind of data from permission to transmission; `clock` compares the clocks of phone and capture.
//! `row` sorts the tally by app, `infer` draws conclusions over several observations, `judge` weighs each fact with
//! `score`, `recipient`, `grant` and `question` add what is known beside them. A new conclusion is a function in
//! `infer.rs`; numbers and texts are in `rules/`.

mod chain;
mod circumstance;
mod clock;
mod declared;
mod dpia;
mod grant;
mod infer;
mod judge;
mod question;
mod recipient;
mod row;
mod score;
mod shadow;
mod what_if;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::row::{Device, Owner, Row, Subject};
use crate::model::{
    AppId, AppReport, Basis, ContentState, Day, DeviceId, DeviceReport, Dossier, Grant, Platform,
    Policy, Tally, TrafficReport, Volume,
};
use crate::rules::Rules;

pub use clock::shift as clock_shift;
pub use what_if::{
    AppChange, Change, Effect, FindingChange, Step, as_documented, documented, measures, plan,
    what_if,
};

/// Weighs what was found. `company` is what the company says, with the day of the last packet, on which exceptions are
/// looked at. `devices` are name and dossier in the order of their ids.
pub fn assess(
    rules: &Rules,
    company: (&Policy, Option<Day>),
    devices: &[(String, Dossier)],
    tally: &Tally,
) -> Vec<DeviceReport> {
    let weigh = |large_scale: &BTreeSet<AppId>| -> Vec<DeviceReport> {
        devices
            .iter()
            .zip(0..)
            .map(|((name, dossier), id)| {
                let is_logged = tally.reads.keys().any(|key| key.device == DeviceId(id));
                let known = (is_logged, large_scale);
                let known = Device::new(rules, company, (name, dossier), known);
                device(&known, tally, DeviceId(id))
            })
            .collect()
    };
    let reports = weigh(&BTreeSet::new());
    // How many phones an app is on is known only when all have been weighed once.
    let large_scale = dpia::large_scale(rules, &reports);
    if large_scale.is_empty() {
        reports
    } else {
        weigh(&large_scale)
    }
}

fn device(device: &Device<'_>, tally: &Tally, id: DeviceId) -> DeviceReport {
    let dossier = device.dossier;
    let mut rows = row::rows(device.rules, tally, id);
    let shadow = shadow::shadow(device, &rows);
    let silent_apps = add_silent_apps(device, &mut rows);
    let contacted = rows
        .values()
        .flat_map(|row| row.traffic.keys())
        .map(|recipient| &recipient.host)
        .collect();
    let mut apps: Vec<AppReport> = rows
        .iter()
        .map(|row| app(&Subject::new(device, row, &contacted)))
        .collect();
    // Rows come in the order of their owners; a stable sort keeps it among equals.
    apps.sort_by_key(|app| std::cmp::Reverse((app.risk, urgency(app))));
    DeviceReport {
        name: device.name.to_owned(),
        platform: dossier.platform,
        model: dossier.model.clone(),
        clock: clock::shift(tally, id),
        apps,
        silent_apps,
        traffic: traffic(rows.values()),
        policy: device.policy.device(device.name).cloned(),
        shadow,
    }
}

fn urgency(app: &AppReport) -> u16 {
    let priorities = app
        .findings
        .iter()
        .filter_map(|finding| finding.score.as_ref());
    priorities
        .map(|score| score.priority_hundredths)
        .max()
        .unwrap_or(0)
}

/// Adds a row for each app that showed no traffic but may read what matters; counts the others.
fn add_silent_apps(device: &Device<'_>, rows: &mut BTreeMap<Owner, Row>) -> u64 {
    let seen: BTreeSet<AppId> = rows.keys().flat_map(Owner::candidates).cloned().collect();
    let mut silent = 0_u64;
    for (app, packages) in &device.packages {
        let is_there = packages.iter().any(|package| {
            let dossier = device.dossier;
            dossier.has_package(package) || dossier.declarations.contains_key(*package)
        });
        if seen.contains(app) || !is_there {
            continue;
        }
        let installed = |package: &&str| device.dossier.apps.get(*package);
        let is_system = packages
            .iter()
            .filter_map(installed)
            .any(|app| app.is_system);
        let is_telling =
            |grant: &Grant| grant.risk >= grant::TELLING_RISK && grant.is_granted != Some(false);
        let is_declared = |package: &&str| device.dossier.declarations.contains_key(*package);
        // Whose package lies among the inputs is to be reported on.
        if packages.iter().any(is_declared)
            || (!is_system
                && grant::grants(device.rules, device.dossier, packages)
                    .iter()
                    .any(is_telling))
        {
            rows.entry(Owner::App(app.clone())).or_default();
        } else {
            silent = silent.saturating_add(1);
        }
    }
    silent
}

fn app(subject: &Subject<'_>) -> AppReport {
    let findings = judge::judge(subject, infer::conclude(subject));
    let (level, risk) = judge::level(subject, &findings);
    let grants = grant::grants(subject.rules, subject.dossier, &subject.packages);
    let screening = dpia::screen(subject, &findings, &grants);
    let dpia_criteria = dpia::due(subject.rules, &screening);
    let is_dpia_due = !dpia_criteria.is_empty();
    let mut touched: BTreeSet<&Arc<str>> = findings
        .iter()
        .flat_map(|finding| &finding.provisions)
        .collect();
    let legal = subject.rules.legal();
    if is_dpia_due {
        touched.extend(
            legal
                .provisions_of(circumstance::observation::DPIA)
                .map(|provision| &provision.id),
        );
    }
    let provisions = legal
        .provisions
        .iter()
        .map(|provision| &provision.id)
        .filter(|id| touched.contains(id))
        .cloned()
        .collect();
    let recipients = recipient::reports(subject.rules, subject.policy, &subject.row.traffic);
    let questions = question::questions(subject, &findings, &grants, &recipients, is_dpia_due);
    let mut bases: Vec<Basis> = if subject.row.bases.is_empty() && *subject.owner != Owner::Unknown
    {
        vec![Basis::Document]
    } else {
        subject.row.bases.iter().copied().collect()
    };
    let installed = |package: &&str| subject.dossier.apps.get(*package);
    if subject
        .packages
        .iter()
        .filter_map(installed)
        .any(|app| app.is_matched_by_name)
    {
        bases.push(Basis::Name);
        bases.sort_unstable();
    }
    AppReport {
        app: judge::attributed(
            subject.owner,
            bases.first().copied().unwrap_or(Basis::Document),
        ),
        id: match subject.owner {
            Owner::App(app) => Some(app.clone()),
            Owner::System => Some(AppId::new(AppId::SYSTEM)),
            Owner::Shared(_) | Owner::Unknown => None,
        },
        names: names(subject),
        packages: subject
            .packages
            .iter()
            .map(|package| (*package).to_owned())
            .collect(),
        version: version(subject),
        platform: platform(subject),
        bases,
        is_installed: subject
            .packages
            .iter()
            .any(|package| subject.dossier.has_package(package)),
        level,
        risk,
        chains: chain::chains(subject, &findings),
        findings,
        recipients,
        grants,
        declared: declared::declared(subject),
        provisions,
        dpia_criteria,
        screening,
        questions,
        standing: shadow::standing(subject),
    }
}

/// Names to show, of each candidate; none for rows that reports name in their language.
fn names(subject: &Subject<'_>) -> Vec<String> {
    let of_app = |app: &AppId| name(subject.rules, subject.dossier, app);
    subject.owner.candidates().iter().map(of_app).collect()
}

/// The name of an app to show.
fn name(rules: &Rules, dossier: &Dossier, app: &AppId) -> String {
    let profile = row::profile(rules, app).map(|profile| profile.name.to_string());
    let label = || {
        let installed = dossier
            .apps
            .get(app.as_str())
            .and_then(|app| app.label.clone());
        let declared = || {
            dossier
                .declarations
                .get(app.as_str())
                .and_then(|(app, _)| app.label.clone())
        };
        installed.or_else(declared)
    };
    profile.or_else(label).unwrap_or_else(|| app.to_string())
}

/// The version, where one app has one version on this device.
fn version(subject: &Subject<'_>) -> Option<String> {
    let versions: BTreeSet<&String> = subject
        .packages
        .iter()
        .filter_map(|package| {
            let installed = subject
                .dossier
                .apps
                .get(*package)
                .and_then(|app| app.version.as_ref());
            let declared = || {
                subject
                    .dossier
                    .declarations
                    .get(*package)
                    .and_then(|(app, _)| app.version.as_ref())
            };
            installed.or_else(declared)
        })
        .collect();
    match (subject.owner, versions.len()) {
        (Owner::App(_), 1) => versions.first().map(|version| (*version).clone()),
        _ => None,
    }
}

fn platform(subject: &Subject<'_>) -> Option<Platform> {
    let declared = subject.packages.iter().find_map(|package| {
        subject
            .dossier
            .declarations
            .get(*package)
            .map(|(declaration, _)| declaration.platform)
    });
    subject.dossier.platform.or(declared)
}

fn traffic<'a>(rows: impl Iterator<Item = &'a Row>) -> TrafficReport {
    let mut sums: BTreeMap<ContentState, Volume> = BTreeMap::new();
    for (content, volume) in rows.flat_map(|row| row.traffic.values()).flatten() {
        match sums.get_mut(content) {
            Some(known) => known.merge(volume),
            None => {
                sums.insert(*content, volume.clone());
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests;
