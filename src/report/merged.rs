//! The same app on several phones, put together: what a reader of a whole fleet wants to see once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::group::is_telling;
use super::prose::Prose;
use super::{country, text};
use crate::model::{
    AppReport, Attributed, Audit, Category, ContentState, DeviceReport, Grade, JudgedFinding,
    Recipient, RecipientKind, RiskLevel, Timestamp, Volume,
};

/// What makes findings of different phones the same line.
type FindingKey<'a> = (&'a str, &'a Recipient, Grade, u8, bool);

/// Whether an app has anything to show beyond its permissions. Where there is no traffic at all, its package is what was asked about.
pub(super) fn is_shown(device: &DeviceReport, app: &AppReport) -> bool {
    let has_traffic = |app: &AppReport| {
        !app.recipients.is_empty()
            || app
                .findings
                .iter()
                .any(|finding| finding.grade != Grade::Declared)
    };
    has_traffic(app) || (!app.declared.is_empty() && !device.apps.iter().any(has_traffic))
}

/// The traffic of all phones by readability.
pub(super) fn traffic(audit: &Audit) -> BTreeMap<ContentState, Volume> {
    let mut all: BTreeMap<ContentState, Volume> = BTreeMap::new();
    for (content, volume) in audit.devices.iter().flat_map(|device| &device.traffic) {
        all.entry(*content)
            .and_modify(|sum| sum.merge(volume))
            .or_insert_with(|| volume.clone());
    }
    all
}

/// One app, wherever it was seen.
#[derive(Debug)]
pub(super) struct MergedApp<'a> {
    /// Its name; apart from all others of the report.
    pub(super) name: String,
    /// Its report on each phone, with the phone's name.
    pub(super) reports: Vec<(&'a str, &'a AppReport)>,
    /// The highest level on any phone.
    pub(super) level: RiskLevel,
    /// The highest risk on any phone.
    pub(super) risk: u8,
    /// Findings, highest risk first; those whose evidence does not suffice last.
    pub(super) findings: Vec<MergedFinding<'a>>,
    /// Traffic by readability.
    pub(super) traffic: BTreeMap<ContentState, Volume>,
    /// Whether it has anything to show beyond its permissions.
    pub(super) is_shown: bool,
}

/// One finding, on whatever phones.
#[derive(Debug)]
pub(super) struct MergedFinding<'a> {
    /// The most serious one, which stands for all.
    pub(super) finding: &'a JudgedFinding,
    /// All of them, one for each phone on which it was found.
    pub(super) same: Vec<&'a JudgedFinding>,
    /// Messages or connections.
    pub(super) count: u64,
    /// First and last time, if known.
    pub(super) period: Option<(Timestamp, Timestamp)>,
    /// Whether it may set the level of the app.
    pub(super) is_telling: bool,
}

impl MergedFinding<'_> {
    /// Its risk; 0 where nothing is weighed.
    pub(super) fn risk(&self) -> u8 {
        self.finding.score.as_ref().map_or(0, |score| score.risk)
    }

    /// Whether it says that data went, or may have gone, to somebody.
    pub(super) fn is_flow(&self) -> bool {
        let finding = self.finding;
        finding.recipient.kind != RecipientKind::None
            && !matches!(finding.category, Category::Transport | Category::Permission)
            && finding.grade != Grade::Declared
            && !finding.is_opted_out
    }
}

impl MergedFinding<'_> {
    /// How often on one phone; or, of several, how often in all.
    pub(super) fn amount(&self, prose: &Prose<'_>) -> String {
        let texts = prose.texts;
        let phones = u64::try_from(self.same.len()).unwrap_or(u64::MAX);
        if phones <= 1 {
            let amount = prose.amount(self.finding);
            return if amount.is_empty() {
                "–".to_owned()
            } else {
                amount
            };
        }
        let phones = prose.language.counted(phones, texts.phone, texts.phones);
        if self.finding.grade == Grade::Declared {
            return phones;
        }
        format!("{}× · {phones}", self.count)
    }
}

/// The kind of data that went. Whoever is contacted learns the address of the phone, and when.
pub(super) fn data(prose: &Prose<'_>, finding: &JudgedFinding) -> &'static str {
    match finding.category {
        Category::Recipient => prose
            .language
            .pick("connection (IP address)", "Verbindung (IP-Adresse)"),
        other => prose.language.category(other),
    }
}

/// How it is known that it went. Of a recipient it is seen that it was contacted, whatever is concluded about it.
pub(super) fn grade(finding: &JudgedFinding) -> Grade {
    match finding.category {
        Category::Recipient if finding.grade == Grade::Inferred => Grade::Contacted,
        _ => finding.grade,
    }
}

/// Who received something: the company, else the host.
pub(super) fn party(prose: &Prose<'_>, finding: &JudgedFinding) -> String {
    match finding.recipient.kind {
        RecipientKind::None => String::new(),
        RecipientKind::Local => prose.texts.local_network.to_owned(),
        RecipientKind::Company => text::safe_up_to(&finding.recipient.host, 60),
        RecipientKind::Remote => {
            let name = finding.company.as_ref().unwrap_or(&finding.recipient.host);
            text::safe_up_to(name, 60)
        }
    }
}

/// The country of a recipient's seat in words.
pub(super) fn seat(prose: &Prose<'_>, finding: &JudgedFinding) -> String {
    match (finding.recipient.kind, &finding.country) {
        (RecipientKind::None, _) => String::new(),
        (RecipientKind::Local, _) => prose.texts.local_network.to_owned(),
        (_, Some(code)) => country::name(prose.language, code).to_owned(),
        (_, None) => prose
            .language
            .pick("country unknown", "Land unbekannt")
            .to_owned(),
    }
}

/// All apps, highest risk first.
pub(super) fn apps<'a>(prose: &Prose<'a>) -> Vec<MergedApp<'a>> {
    let mut found: BTreeMap<Vec<&str>, Vec<(&str, &AppReport, bool)>> = BTreeMap::new();
    for device in &prose.audit.devices {
        for app in &device.apps {
            let key = match &app.app {
                Attributed::Unknown => Vec::new(),
                Attributed::Known { app, .. } => vec![app.as_str()],
                Attributed::Shared { apps, .. } => {
                    apps.iter().map(crate::model::AppId::as_str).collect()
                }
            };
            let entry = found.entry(key).or_default();
            entry.push((&device.name, app, is_shown(device, app)));
        }
    }
    let mut names = BTreeSet::new();
    let mut apps: Vec<MergedApp<'_>> = found
        .into_values()
        .filter_map(|reports| app(prose, &reports))
        .collect();
    apps.sort_by(|one, other| {
        let order = |app: &MergedApp<'_>| (std::cmp::Reverse(app.risk), app.findings.is_empty());
        order(one)
            .cmp(&order(other))
            .then_with(|| one.name.cmp(&other.name))
    });
    for app in &mut apps {
        let mut number = 1_u32;
        let plain = app.name.clone();
        while !names.insert(app.name.clone()) {
            number = number.saturating_add(1);
            app.name = format!("{plain} ({number})");
        }
    }
    apps
}

fn app<'a>(prose: &Prose<'a>, found: &[(&'a str, &'a AppReport, bool)]) -> Option<MergedApp<'a>> {
    let (_, first, _) = found.first()?;
    let mut traffic = BTreeMap::new();
    let mut findings: BTreeMap<FindingKey<'_>, MergedFinding<'_>> = BTreeMap::new();
    for (_, report, _) in found {
        for (content, volume) in report.traffic() {
            traffic
                .entry(content)
                .and_modify(|sum: &mut Volume| sum.merge(&volume))
                .or_insert(volume);
        }
        for finding in &report.findings {
            add(prose, &mut findings, finding);
        }
    }
    let mut findings: Vec<MergedFinding<'_>> = findings.into_values().collect();
    findings.sort_by_key(|merged| {
        (
            !merged.is_telling,
            std::cmp::Reverse(merged.risk()),
            merged.finding.grade,
        )
    });
    let name = prose.app(first);
    let name = if name.is_empty() {
        "?".to_owned()
    } else {
        name
    };
    Some(MergedApp {
        name,
        reports: found.iter().map(|(phone, app, _)| (*phone, *app)).collect(),
        level: found.iter().map(|(_, app, _)| app.level).max()?,
        risk: found.iter().map(|(_, app, _)| app.risk).max()?,
        findings,
        traffic,
        is_shown: found.iter().any(|(_, _, is_shown)| *is_shown),
    })
}

/// First and last time of a finding on one phone, if known.
pub(super) fn period(finding: &JudgedFinding) -> Option<(Timestamp, Timestamp)> {
    let occurrences = &finding.occurrences;
    let is_timed = finding.grade != Grade::Declared && occurrences.first != Timestamp::default();
    is_timed.then_some((occurrences.first, occurrences.last))
}

fn add<'a>(
    prose: &Prose<'a>,
    findings: &mut BTreeMap<FindingKey<'a>, MergedFinding<'a>>,
    finding: &'a JudgedFinding,
) {
    let key = (
        &*finding.rule,
        &finding.recipient,
        finding.grade,
        finding.protection as u8,
        finding.is_opted_out,
    );
    let occurrences = &finding.occurrences;
    let period = period(finding);
    let is_telling = is_telling(finding, prose.rules);
    let merged = findings.entry(key).or_insert(MergedFinding {
        finding,
        same: Vec::new(),
        count: 0,
        period: None,
        is_telling,
    });
    merged.same.push(finding);
    merged.count = merged.count.saturating_add(occurrences.count);
    merged.is_telling |= is_telling;
    merged.period = match (merged.period, period) {
        (Some(ours), Some(theirs)) => Some((ours.0.min(theirs.0), ours.1.max(theirs.1))),
        (ours, theirs) => ours.or(theirs),
    };
    let risk = |finding: &JudgedFinding| finding.score.as_ref().map(|score| score.risk);
    if risk(finding) > risk(merged.finding) {
        merged.finding = finding;
    }
}

/// What lowers the risks that were found: the measures that the rules name for them, those of the highest risks first.
pub(super) fn measures(prose: &Prose<'_>, apps: &[MergedApp<'_>]) -> Vec<(String, u64)> {
    let legal = prose.rules.legal();
    let mut found: BTreeMap<&Arc<str>, (u8, u64)> = BTreeMap::new();
    for merged in apps.iter().flat_map(|app| &app.findings) {
        let observation = merged.finding.observation.as_deref();
        let rule = observation.and_then(|id| legal.observation(id));
        for measure in rule.iter().flat_map(|rule| &rule.mitigations) {
            let entry = found.entry(measure).or_default();
            entry.0 = entry.0.max(merged.risk());
            entry.1 = entry.1.saturating_add(1);
        }
    }
    let mut ordered: Vec<_> = found.into_iter().collect();
    ordered.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    let text = |(id, (_, count)): (&Arc<str>, (u8, u64))| {
        let measure = legal.mitigation(id)?;
        Some((prose.language.of(&measure.text).to_owned(), count))
    };
    ordered.into_iter().filter_map(text).collect()
}
