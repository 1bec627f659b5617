//! Whether a report agrees with itself: what needs no inputs and no rules.
//!
//! A risk is severity × likelihood, a likelihood the sum of its inputs, the level of an app that of its findings. Where the report
//! was scored by the method at hand, the bounds of that hold too; else levels must at least rise with risks.

use std::collections::BTreeMap;

use crate::model::{AppReport, Audit, Grade, JudgedFinding, RiskLevel, Score};

/// The bounds of a method.
#[derive(Clone, Debug, Default)]
pub struct Scale {
    /// Levels with the highest risk of each, lowest first.
    pub levels: Vec<(u8, RiskLevel)>,
    /// Evidence in percent from which on a finding sets the level of its app.
    pub level_needs_percent: u8,
}

impl Scale {
    fn level(&self, risk: u8) -> RiskLevel {
        let level = self.levels.iter().find(|(up_to, _)| risk <= *up_to);
        match level {
            Some((_, level)) if risk > 0 => *level,
            _ => RiskLevel::None,
        }
    }
}

/// What is stated and does not follow from the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    /// A severity beyond 1 to 4.
    Severity,
    /// A likelihood that is not the sum of its inputs, from 1 to 4.
    Likelihood,
    /// A risk that is not severity × likelihood.
    Risk,
    /// A priority that is not risk × evidence.
    Priority,
    /// A level that is not that of the risk.
    Level,
    /// The most in one message, and more than in all.
    Items,
    /// Last seen before first seen.
    Times,
    /// Risk and level of an app that none of its findings, or a higher one, sets.
    App,
    /// The level of the report that is not the highest of its apps.
    Report,
}

impl Statement {
    /// Stable id.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Likelihood => "likelihood",
            Self::Risk => "risk",
            Self::Priority => "priority",
            Self::Level => "level",
            Self::Items => "items",
            Self::Times => "times",
            Self::App => "app-level",
            Self::Report => "report-level",
        }
    }
}

/// A place where a report says something against itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The phone; empty for the report as a whole.
    pub device: String,
    /// Names of the app.
    pub app: Vec<String>,
    /// Rule and id of the finding; `None` for the app as a whole.
    pub finding: Option<(String, String)>,
    /// What is wrong.
    pub statement: Statement,
    /// What is stated.
    pub stated: String,
    /// What follows from the rest.
    pub implied: String,
}

/// All contradictions of a report; `level` is what it states as the highest of all, `scale` the method that it was scored by.
pub(super) fn contradictions(
    audit: &Audit,
    level: Option<RiskLevel>,
    scale: Option<&Scale>,
) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let bounds = bounds(audit);
    for device in &audit.devices {
        for app in &device.apps {
            let mut note = |finding: Option<&JudgedFinding>, (statement, stated, implied)| {
                found.push(Contradiction {
                    device: device.name.clone(),
                    app: app.names.clone(),
                    finding: finding.map(|one| (one.rule.to_string(), one.id.clone())),
                    statement,
                    stated,
                    implied,
                });
            };
            for finding in &app.findings {
                for wrong in of_finding(finding, &bounds, scale) {
                    note(Some(finding), wrong);
                }
            }
            if let Some(wrong) = of_app(app, scale) {
                note(None, wrong);
            }
        }
    }
    if let Some(level) = level.filter(|level| *level != audit.level()) {
        found.push(Contradiction {
            device: String::new(),
            app: Vec::new(),
            finding: None,
            statement: Statement::Report,
            stated: level.as_str().to_owned(),
            implied: audit.level().as_str().to_owned(),
        });
    }
    found
}

type Wrong = (Statement, String, String);

fn scores(audit: &Audit) -> impl Iterator<Item = &Score> {
    let apps = audit.devices.iter().flat_map(|device| &device.apps);
    let findings = apps.flat_map(|app| &app.findings);
    findings.filter_map(|finding| finding.score.as_ref())
}

/// Lowest and highest risk of each level that the report has.
fn bounds(audit: &Audit) -> BTreeMap<RiskLevel, (u8, u8)> {
    let mut bounds: BTreeMap<RiskLevel, (u8, u8)> = BTreeMap::new();
    for score in scores(audit) {
        let bound = bounds
            .entry(score.level)
            .or_insert((score.risk, score.risk));
        *bound = (bound.0.min(score.risk), bound.1.max(score.risk));
    }
    bounds
}

fn of_finding(
    finding: &JudgedFinding,
    bounds: &BTreeMap<RiskLevel, (u8, u8)>,
    scale: Option<&Scale>,
) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let mut must = |statement, is_so: bool, stated: String, implied: String| {
        if !is_so {
            wrong.push((statement, stated, implied));
        }
    };
    let seen = &finding.occurrences;
    must(
        Statement::Items,
        seen.most_items <= seen.items,
        seen.most_items.to_string(),
        format!("≤ {}", seen.items),
    );
    must(
        Statement::Times,
        seen.first <= seen.last,
        seen.last.to_string(),
        format!("≥ {}", seen.first),
    );
    let Some(score) = &finding.score else {
        return wrong;
    };
    let (severity, likelihood, risk) = (score.severity, score.likelihood.value, score.risk);
    must(
        Statement::Severity,
        (1..=4).contains(&severity),
        severity.to_string(),
        "1–4".to_owned(),
    );
    let sum = score
        .likelihood
        .modifiers
        .iter()
        .fold(0_i64, |sum, one| sum.saturating_add(one.points.into()));
    let sum = sum.clamp(1, 4);
    must(
        Statement::Likelihood,
        i64::from(likelihood) == sum,
        likelihood.to_string(),
        sum.to_string(),
    );
    let product = u16::from(severity).saturating_mul(likelihood.into());
    must(
        Statement::Risk,
        u16::from(risk) == product,
        risk.to_string(),
        format!("{severity} × {likelihood} = {product}"),
    );
    let priority = u16::from(risk).saturating_mul(score.evidence_percent.into());
    let whole = |hundredths: u16| format!("{}.{:02}", hundredths / 100, hundredths % 100);
    must(
        Statement::Priority,
        score.priority_hundredths == priority,
        whole(score.priority_hundredths),
        whole(priority),
    );
    let (is_so, implied) = if let Some(scale) = scale {
        let level = scale.level(risk);
        (score.level == level, level.as_str().to_owned())
    } else {
        let mut lower = bounds.range(..score.level);
        let other = lower.rfind(|(_, (_, highest))| *highest >= risk);
        let implied = other.map_or_else(String::new, |(level, _)| format!("≤ {}", level.as_str()));
        (other.is_none(), implied)
    };
    let stated = score.level.as_str().to_owned();
    must(Statement::Level, is_so, stated, implied);
    wrong
}

fn of_app(app: &AppReport, scale: Option<&Scale>) -> Option<Wrong> {
    let telling = |least: u8| {
        let findings = app.findings.iter();
        let findings = findings.filter(|finding| finding.grade != Grade::Declared);
        let scores = findings.filter_map(|finding| finding.score.as_ref());
        let scores = scores.filter(move |score| score.evidence_percent >= least);
        let highest = scores.max_by_key(|score| score.risk);
        highest.map_or((RiskLevel::None, 0), |score| (score.level, score.risk))
    };
    let stated = (app.level, app.risk);
    // Without the method, any strength of evidence that some finding has may be the one that is needed.
    let mut implied: Vec<(RiskLevel, u8)> = if let Some(scale) = scale {
        vec![telling(scale.level_needs_percent)]
    } else {
        let findings = app.findings.iter();
        let scores = findings.filter_map(|finding| finding.score.as_ref());
        let least = scores.map(|score| score.evidence_percent);
        least.chain([u8::MAX]).map(telling).collect()
    };
    if implied.contains(&stated) {
        return None;
    }
    implied.sort_unstable_by_key(|(_, risk)| *risk);
    let words = |(level, risk): (RiskLevel, u8)| format!("{} {risk}", level.as_str());
    Some((
        Statement::App,
        words(stated),
        implied.last().copied().map(words).unwrap_or_default(),
    ))
}
