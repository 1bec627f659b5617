//! What single measures would change for one app: which findings go, which fall, and the level before and after.

use super::Language;
use super::language::fill;
use super::prose::Prose;
use super::what_if::{Outcome, outcome};
use crate::assess::{self, Change};
use crate::model::{AppReport, RiskLevel};

/// A measure with what it would change.
#[derive(Debug)]
pub(super) struct Remedy {
    /// As on the command line.
    pub(super) measure: String,
    /// `technical`, `organisational`.
    pub(super) kind: &'static str,
    /// 1 hours, 2 days, 3 weeks.
    pub(super) effort: u8,
    /// What is done.
    pub(super) label: String,
    /// What it does not change.
    pub(super) stays: String,
    /// Level and risk as they are.
    pub(super) before: (RiskLevel, u8),
    /// And as they would be, with what the measure brings.
    pub(super) after: (RiskLevel, u8),
    /// Ids of findings that change, with their risk afterwards; none for those that go.
    pub(super) changed: Vec<(String, Option<u8>)>,
    /// Findings that stay as they are.
    pub(super) kept: usize,
    /// Findings that come with what takes the app's place.
    pub(super) new: usize,
}

/// Measures that would lower a risk of an app, best relief for the effort first.
pub(super) fn of_app(prose: &Prose<'_>, device: &str, app: &AppReport) -> Vec<Remedy> {
    if app.risk == 0 {
        return Vec::new();
    }
    let changes = assess::measures(prose.rules, device, app);
    let changes = changes.iter();
    changes.filter_map(|change| remedy(prose, change)).collect()
}

fn remedy(prose: &Prose<'_>, change: &Change<'_>) -> Option<Remedy> {
    let (step, _) = change.steps.first()?;
    let findings = || change.apps.iter().flat_map(|app| &app.findings);
    let count = |wanted| findings().filter(|one| outcome(one) == wanted).count();
    let changed = findings().filter_map(|one| {
        let before = one.before.as_ref()?;
        let risk = one
            .after
            .as_ref()
            .map(|after| after.score.as_ref().map_or(0, |score| score.risk));
        (outcome(one) != Outcome::Same).then(|| (before.id.clone(), risk))
    });
    Some(Remedy {
        measure: step.spec(),
        kind: step.measure.kind.as_str(),
        effort: step.measure.effort,
        label: prose.measure(step, &step.measure.label),
        stays: prose.measure(step, &step.measure.stays),
        before: change.before,
        after: change.after,
        changed: changed.collect(),
        kept: count(Outcome::Same),
        new: count(Outcome::New),
    })
}

impl Remedy {
    /// In one line.
    pub(super) fn line(&self, prose: &Prose<'_>) -> String {
        let level = |(level, risk): (RiskLevel, u8)| match risk {
            0 => prose.language.level(level).to_owned(),
            _ => prose.risk(level, risk),
        };
        let gone = self
            .changed
            .iter()
            .filter(|(_, risk)| risk.is_none())
            .count();
        let lower = self.changed.len().saturating_sub(gone);
        let (before, after) = (level(self.before), level(self.after));
        let levels = if before == after {
            format!("{} {before}", prose.language.pick("stays", "bleibt"))
        } else {
            format!("{before} → {after}")
        };
        let values = [
            ("measure", &*self.label),
            ("effort", prose.language.effort(self.effort)),
            ("levels", &levels),
            (
                "changes",
                &changes(prose.language, [gone, lower, self.new, self.kept]),
            ),
        ];
        fill(prose.texts.remedy, &values)
    }
}

/// How many findings go, fall, come and stay, as far as there are any.
pub(super) fn changes(language: Language, counts: [usize; 4]) -> String {
    let words = [
        language.pick(["goes", "go"], ["entfällt", "entfallen"]),
        language.pick(["falls", "fall"], ["sinkt", "sinken"]),
        language.pick(["comes", "come"], ["kommt hinzu", "kommen hinzu"]),
        language.pick(["stays", "stay"], ["bleibt", "bleiben"]),
    ];
    let nouns = language.pick(["finding ", "findings "], ["Befund ", "Befunde "]);
    let mut parts = Vec::new();
    for (count, words) in counts.into_iter().zip(words) {
        let of = |[one, many]: [&'static str; 2]| if count == 1 { one } else { many };
        // What is counted is named once.
        let noun = if parts.is_empty() { of(nouns) } else { "" };
        if count > 0 {
            parts.push(format!("{count} {noun}{}", of(words)));
        }
    }
    parts.join(", ")
}
