//! What changed from one audit to a later one: apps, findings, recipients, permissions, versions, risk.
//!
//! Both are compared as they may be shown, so that saved reports are enough. Counts, times and evidence differ between any two
//! captures and are no change; what a finding says of risk and law is.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{AppId, AppReport, Attributed, Audit, DeviceReport, JudgedFinding, RiskLevel};

/// What changed between two audits.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Rules of both are the same; if not, a change may come from them.
    pub same_rules: bool,
    /// Version of the tool is the same.
    pub same_tool: bool,
    /// Phones of the earlier audit that the later one does not have: what it says of their apps has not changed, it is not known.
    pub missing_devices: Vec<String>,
    /// Apps with a change, by phone and app.
    pub apps: Vec<AppChange>,
}

/// How something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Only the later audit has it.
    New,
    /// Only the earlier audit has it.
    Gone,
    /// Both have it, and it says something else.
    Changed,
}

impl Change {
    /// Stable id.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone => "gone",
            Self::Changed => "changed",
        }
    }
}

/// A value before and after; `None` where there is none.
pub type Pair<T> = (Option<T>, Option<T>);

/// What changed of an app on a phone.
#[derive(Debug, PartialEq, Eq)]
pub struct AppChange {
    /// The phone.
    pub device: String,
    /// Id of the app, ids of all that it may be, or nothing if unknown.
    pub ids: Vec<String>,
    /// Its names.
    pub names: Vec<String>,
    /// It is the operating system.
    pub is_system: bool,
    /// Whether the row itself is new or gone.
    pub change: Change,
    /// Level and risk.
    pub risk: Pair<(RiskLevel, u8)>,
    /// Version.
    pub version: Pair<String>,
    /// Findings.
    pub findings: Vec<FindingChange>,
    /// Names of recipients.
    pub recipients: Vec<(Change, String)>,
    /// Permissions, with whether they are granted.
    pub permissions: Vec<(Change, String, Pair<bool>)>,
}

/// What changed of a finding.
#[derive(Debug, PartialEq, Eq)]
pub struct FindingChange {
    /// How.
    pub change: Change,
    /// The later finding, else the earlier.
    pub finding: JudgedFinding,
    /// Level and risk.
    pub risk: Pair<(RiskLevel, u8)>,
}

/// Compares two audits.
pub fn diff(old: &Audit, new: &Audit) -> Difference {
    let same_device = match (old.devices.as_slice(), new.devices.as_slice()) {
        // A single phone is the same one, whatever its folder or file is called.
        ([_], [only]) => Some(only.name.clone()),
        _ => None,
    };
    let mut rows: BTreeMap<(String, String), Pair<&AppReport>> = BTreeMap::new();
    let missing_devices = missing(old, new, same_device.is_some());
    for (device, app) in rows_of(old) {
        if missing_devices.contains(&device.name) {
            continue;
        }
        let name = same_device.as_ref().unwrap_or(&device.name);
        rows.entry((name.clone(), key(app))).or_default().0 = Some(app);
    }
    for (device, app) in rows_of(new) {
        let key = (device.name.clone(), key(app));
        rows.entry(key).or_default().1 = Some(app);
    }
    let apps = rows
        .into_iter()
        .filter_map(|((device, _), (old, new))| app_change(device, old, new));
    Difference {
        same_rules: old.rules_sha256 == new.rules_sha256,
        same_tool: old.tool_version == new.tool_version,
        missing_devices,
        apps: apps.collect(),
    }
}

impl Difference {
    /// The highest level of findings that are new, or whose risk rose.
    pub fn new_level(&self) -> Option<RiskLevel> {
        let findings = self.apps.iter().flat_map(|app| &app.findings);
        let risen = findings.filter_map(|finding| {
            let (before, after) = finding.risk;
            let (level, risk) = after?;
            let is_risen = before.is_none_or(|(_, before)| risk > before);
            (finding.change != Change::Gone && is_risen).then_some(level)
        });
        risen.max()
    }
}

fn missing(old: &Audit, new: &Audit, is_one: bool) -> Vec<String> {
    let is_there = |name: &str| new.devices.iter().any(|device| device.name == name);
    let names = old.devices.iter().map(|device| &device.name);
    names
        .filter(|name| !is_one && !is_there(name))
        .cloned()
        .collect()
}

fn rows_of(audit: &Audit) -> impl Iterator<Item = (&DeviceReport, &AppReport)> {
    let devices = audit.devices.iter();
    devices.flat_map(|device| device.apps.iter().map(move |app| (device, app)))
}

fn ids(app: &AppReport) -> Vec<String> {
    match &app.app {
        Attributed::Known { app, .. } => vec![app.to_string()],
        Attributed::Shared { apps, .. } => apps.iter().map(ToString::to_string).collect(),
        Attributed::Unknown => Vec::new(),
    }
}

/// Tells rows of one phone apart: whose it is, however that was recognised.
fn key(app: &AppReport) -> String {
    ids(app).join("\0")
}

fn app_change(
    device: String,
    old: Option<&AppReport>,
    new: Option<&AppReport>,
) -> Option<AppChange> {
    let app = new.or(old)?;
    let change = change(old.is_some(), new.is_some());
    // What is not rated has no risk, as an app that is not there.
    let risk = |app: Option<&AppReport>| {
        let rated = app.filter(|app| app.level != RiskLevel::None);
        rated.map(|app| (app.level, app.risk))
    };
    let version = |app: Option<&AppReport>| app.and_then(|app| app.version.clone());
    let found = AppChange {
        device,
        ids: ids(app),
        names: app.names.clone(),
        is_system: matches!(&app.app, Attributed::Known { app, .. } if app.as_str() == AppId::SYSTEM),
        change,
        risk: (risk(old), risk(new)),
        version: (version(old), version(new)),
        findings: findings(old, new),
        recipients: recipients(old, new),
        permissions: permissions(old, new),
    };
    let is_same = change == Change::Changed
        && found.risk.0 == found.risk.1
        && found.version.0 == found.version.1
        && found.findings.is_empty()
        && found.recipients.is_empty()
        && found.permissions.is_empty();
    (!is_same).then_some(found)
}

fn change(was: bool, is: bool) -> Change {
    match (was, is) {
        (false, _) => Change::New,
        (true, false) => Change::Gone,
        (true, true) => Change::Changed,
    }
}

fn findings(old: Option<&AppReport>, new: Option<&AppReport>) -> Vec<FindingChange> {
    let mut pairs: BTreeMap<&str, Pair<&JudgedFinding>> = BTreeMap::new();
    for finding in old.iter().flat_map(|app| &app.findings) {
        pairs.entry(&finding.id).or_default().0 = Some(finding);
    }
    for finding in new.iter().flat_map(|app| &app.findings) {
        pairs.entry(&finding.id).or_default().1 = Some(finding);
    }
    let risk = |finding: Option<&JudgedFinding>| {
        let score = finding?.score.as_ref()?;
        Some((score.level, score.risk))
    };
    let mut changes: Vec<FindingChange> = pairs
        .into_values()
        .filter_map(|(old, new)| {
            let says = |finding: &JudgedFinding| {
                let precision = finding.occurrences.precision_metres;
                (finding.provisions.clone(), finding.score.clone(), precision)
            };
            let is_same = old.map(says) == new.map(says);
            (!is_same || old.is_none() || new.is_none()).then_some(())?;
            Some(FindingChange {
                change: change(old.is_some(), new.is_some()),
                finding: new.or(old)?.clone(),
                risk: (risk(old), risk(new)),
            })
        })
        .collect();
    // Most severe first; what is new before what is gone.
    changes.sort_by(|one, other| {
        let rank = |change: &FindingChange| change.risk.1.or(change.risk.0);
        (one.change, rank(other), &one.finding.id).cmp(&(
            other.change,
            rank(one),
            &other.finding.id,
        ))
    });
    changes
}

fn recipients(old: Option<&AppReport>, new: Option<&AppReport>) -> Vec<(Change, String)> {
    let names = |app: Option<&AppReport>| -> BTreeSet<String> {
        let recipients = app.iter().flat_map(|app| &app.recipients);
        recipients
            .map(|report| report.recipient.host.to_string())
            .collect()
    };
    let (old, new) = (names(old), names(new));
    let added = new.difference(&old).map(|name| (Change::New, name.clone()));
    let gone = old
        .difference(&new)
        .map(|name| (Change::Gone, name.clone()));
    added.chain(gone).collect()
}

fn permissions(
    old: Option<&AppReport>,
    new: Option<&AppReport>,
) -> Vec<(Change, String, Pair<bool>)> {
    let grants = |app: Option<&AppReport>| -> BTreeMap<String, Option<bool>> {
        let grants = app.iter().flat_map(|app| &app.grants);
        grants
            .map(|grant| (grant.permission.clone(), grant.is_granted))
            .collect()
    };
    let (old, new) = (grants(old), grants(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let (before, after) = (old.get(name), new.get(name));
            (before != after).then(|| {
                let states = (before.copied().flatten(), after.copied().flatten());
                (
                    change(before.is_some(), after.is_some()),
                    name.clone(),
                    states,
                )
            })
        })
        .collect()
}
