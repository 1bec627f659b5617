//! What continuous integration asks of an audit: whether it passes.
//!
//! A finding counts if its evidence suffices to set a level, nobody has suppressed it with a reason, and the baseline does not
//! hold it already. What counts is compared with the level asked for.

mod suppression;

use std::collections::{BTreeMap, BTreeSet};

pub use suppression::{Date, Suppression, read_suppressions};

use crate::model::{AppReport, AppStatus, Audit, Grade, JudgedFinding, RiskLevel, ShadowApp};

/// The weakest evidence that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// This grade or a stronger one.
    Grade(Grade),
    /// This strength in percent.
    Percent(u8),
}

/// What is asked of an audit.
#[derive(Debug, Default)]
pub struct Gate {
    /// Findings at this level or above fail; `None`: none does.
    pub fail_on: Option<RiskLevel>,
    /// An app that the company forbids fails, whatever it sends, unless an exception holds.
    pub fails_on_forbidden: bool,
    /// Weaker evidence does not count, beside the strength that the rules ask for.
    pub min_evidence: Option<Evidence>,
    /// Least share of bytes that could be read, in percent.
    pub min_coverage: Option<u8>,
    /// Findings that somebody answers for.
    pub suppressions: Vec<Suppression>,
    /// Findings of an earlier audit: phone and id.
    pub baseline: Option<BTreeSet<(String, String)>>,
}

/// What came out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The highest level among findings that count.
    pub level: Option<RiskLevel>,
    /// Findings at or above the level asked for: phone, app, rule and id.
    pub failing: Vec<Failing>,
    /// Apps that the company forbids, where that is asked: phone and name.
    pub forbidden: Vec<(String, String)>,
    /// Bytes that could be read, in percent of all, where that is below what is asked for.
    pub low_coverage: Option<u8>,
    /// Suppressions whose time is over, by position.
    pub expired: Vec<usize>,
    /// Suppressions that no finding needs, by position.
    pub unused: Vec<usize>,
    /// Findings that suppressions took away.
    pub suppressed: usize,
    /// Findings that the baseline took away.
    pub known: usize,
    /// Which findings these are, for reports.
    pub exemptions: Exemptions,
}

/// Findings that do not count, whatever their evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exemptions {
    /// Whether there were suppressions to look at.
    pub has_suppressions: bool,
    /// Whether there was a baseline to compare with.
    pub has_baseline: bool,
    /// By phone and id.
    of: BTreeMap<(String, String), Exemption>,
    /// Suppressions that take away findings which would count, with how many.
    pub suppressed: Vec<(Suppression, u64)>,
}

/// Why a finding does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exemption {
    /// Somebody answers for it.
    Suppressed(Suppression),
    /// The baseline has it.
    Known,
}

impl Exemptions {
    fn count(&mut self, suppression: &Suppression) {
        let mut counts = self.suppressed.iter_mut();
        match counts.find(|(known, _)| known == suppression) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.suppressed.push((suppression.clone(), 1)),
        }
    }

    /// That of a finding.
    pub fn of(&self, device: &str, id: &str) -> Option<&Exemption> {
        if self.of.is_empty() {
            return None;
        }
        self.of.get(&(device.to_owned(), id.to_owned()))
    }
}

/// A finding that fails the gate.
#[derive(Debug, PartialEq, Eq)]
pub struct Failing {
    /// The phone.
    pub device: String,
    /// The app: id or names.
    pub app: String,
    /// The rule.
    pub rule: String,
    /// The finding.
    pub id: String,
}

impl Verdict {
    /// Whether the audit passes.
    pub fn passes(&self) -> bool {
        self.failing.is_empty()
            && self.forbidden.is_empty()
            && self.low_coverage.is_none()
            && self.expired.is_empty()
    }
}

/// The findings of an audit, for [`Gate::baseline`].
pub fn baseline(audit: &Audit) -> BTreeSet<(String, String)> {
    let apps = audit
        .devices
        .iter()
        .flat_map(|device| device.apps.iter().map(move |app| (device, app)));
    apps.flat_map(|(device, app)| {
        let ids = app.findings.iter().map(|finding| finding.id.clone());
        ids.map(|id| (device.name.clone(), id))
    })
    .collect()
}

/// Bytes that could be read, in percent of all payload bytes, rounded down; `None` without traffic.
pub fn readable_percent(audit: &Audit) -> Option<u8> {
    let (mut readable, mut all) = (0_u128, 0_u128);
    for (content, volume) in audit.devices.iter().flat_map(|device| &device.traffic) {
        let bytes = u128::from(volume.sent_bytes).saturating_add(u128::from(volume.received_bytes));
        all = all.saturating_add(bytes);
        if content.is_open() {
            readable = readable.saturating_add(bytes);
        }
    }
    let percent = readable.saturating_mul(100).checked_div(all)?;
    u8::try_from(percent).ok()
}

impl Gate {
    /// Looks at an audit as it may be shown. `level_needs_percent` is the evidence that the rules ask for, `today` decides which
    /// suppressions are over.
    pub fn judge(&self, audit: &Audit, level_needs_percent: u8, today: Date) -> Verdict {
        let mut verdict = Verdict {
            exemptions: Exemptions {
                has_suppressions: !self.suppressions.is_empty(),
                has_baseline: self.baseline.is_some(),
                ..Exemptions::default()
            },
            ..Verdict::default()
        };
        let mut used = BTreeSet::new();
        for device in &audit.devices {
            for app in &device.apps {
                for finding in &app.findings {
                    let level = self.level_of(finding, level_needs_percent);
                    let fitting = self.fitting(app, finding);
                    if level.is_some() {
                        used.extend(fitting.iter().copied());
                    }
                    let key = (device.name.clone(), finding.id.clone());
                    if let Some(exemption) = self.exemption(&fitting, &key, today) {
                        if level.is_some() {
                            let count = match &exemption {
                                Exemption::Suppressed(suppression) => {
                                    verdict.exemptions.count(suppression);
                                    &mut verdict.suppressed
                                }
                                Exemption::Known => &mut verdict.known,
                            };
                            *count = count.saturating_add(1);
                        }
                        verdict.exemptions.of.insert(key, exemption);
                        continue;
                    }
                    let Some(level) = level else { continue };
                    verdict.level = verdict.level.max(Some(level));
                    if self.fail_on.is_some_and(|least| level >= least) {
                        verdict.failing.push(Failing {
                            device: device.name.clone(),
                            app: name(app),
                            rule: finding.rule.to_string(),
                            id: finding.id.clone(),
                        });
                    }
                }
            }
        }
        for (position, suppression) in self.suppressions.iter().enumerate() {
            if suppression.is_over(today) {
                verdict.expired.push(position);
            } else if !used.contains(&position) {
                verdict.unused.push(position);
            }
        }
        if self.fails_on_forbidden {
            verdict.forbidden = forbidden(audit);
        }
        let readable = readable_percent(audit).unwrap_or_default();
        verdict.low_coverage = self
            .min_coverage
            .filter(|least| readable < *least)
            .map(|_| readable);
        verdict
    }

    /// The level that a finding gives its app, if its evidence suffices.
    fn level_of(&self, finding: &JudgedFinding, level_needs_percent: u8) -> Option<RiskLevel> {
        let score = finding.score.as_ref()?;
        let is_enough = match self.min_evidence {
            None => true,
            Some(Evidence::Grade(grade)) => finding.grade <= grade,
            Some(Evidence::Percent(percent)) => score.evidence_percent >= percent,
        };
        let is_telling = finding.grade != Grade::Declared
            && score.evidence_percent >= level_needs_percent
            && !finding.is_opted_out;
        (is_enough && is_telling).then_some(score.level)
    }

    /// Why a finding does not count: one of these suppressions holds today, or the baseline has it.
    fn exemption(
        &self,
        fitting: &[usize],
        key: &(String, String),
        today: Date,
    ) -> Option<Exemption> {
        let mut suppressions = fitting
            .iter()
            .filter_map(|position| self.suppressions.get(*position));
        if let Some(suppression) = suppressions.find(|suppression| !suppression.is_over(today)) {
            return Some(Exemption::Suppressed(suppression.clone()));
        }
        let is_known = self.baseline.as_ref().is_some_and(|old| old.contains(key));
        is_known.then_some(Exemption::Known)
    }

    fn fitting(&self, app: &AppReport, finding: &JudgedFinding) -> Vec<usize> {
        let all = self.suppressions.iter().enumerate();
        all.filter(|(_, suppression)| suppression.fits(app, finding))
            .map(|(position, _)| position)
            .collect()
    }
}

/// Apps on phones that the company forbids and puts up with by no exception that holds.
fn forbidden(audit: &Audit) -> Vec<(String, String)> {
    let is_excepted = |app: &ShadowApp| {
        let mut exceptions = app.exceptions.iter();
        exceptions.any(|one| one.exception.observation.is_none() && !one.is_expired)
    };
    let apps = audit.devices.iter().flat_map(|device| {
        let apps = device.shadow.iter();
        apps.map(move |app| (device, app))
    });
    apps.filter(|(_, app)| app.status == Some(AppStatus::Forbidden) && !is_excepted(app))
        .map(|(device, app)| (device.name.clone(), app.name.clone()))
        .collect()
}

/// What to call an app in a message.
fn name(app: &AppReport) -> String {
    match &app.id {
        Some(id) => id.to_string(),
        None if app.names.is_empty() => "unknown app".to_owned(),
        None => app.names.join(" / "),
    }
}
