//! What an impact assessment has beside the flows: the criteria of WP 248, lists of authorities, and what measures would change.

use super::{Block, Draft, Table};
use crate::assess::{self, Change};
use crate::model::CriterionState;
use crate::report::remedy;
use crate::report::what_if::{Outcome, outcome};

/// Measures in a document.
const MEASURES: usize = 12;
/// Apps named for one criterion.
const APPS: usize = 4;

impl Draft<'_> {
    /// Each criterion once: met if it is for any app, else to be asked if it is for any.
    pub(super) fn screening(&self) -> Block {
        let language = self.prose.language;
        let criteria = &self.prose.rules.legal().dpia.criteria;
        let rows = criteria.iter().map(|criterion| {
            let screened = || {
                self.apps.iter().flat_map(|app| {
                    let reports = app.reports.iter().map(|(_, report)| *report);
                    let screened = reports
                        .flat_map(|report| report.screening.iter().map(move |one| (report, one)));
                    let own = screened.filter(|(_, one)| one.number == criterion.number);
                    own.map(|(report, one)| (app.name.as_str(), report, one))
                })
            };
            let is = |state| screened().any(|(.., one)| one.state == state);
            let state = if is(CriterionState::Met) {
                CriterionState::Met
            } else if is(CriterionState::ToBeAsked) || screened().next().is_none() {
                CriterionState::ToBeAsked
            } else {
                CriterionState::NotMet
            };
            let why = if state == CriterionState::ToBeAsked {
                self.gap(language.of(&criterion.ask))
            } else {
                let mut why: Vec<String> = Vec::new();
                for (app, report, one) in screened().filter(|(.., one)| one.state == state) {
                    let reason = self.prose.screened(report, one);
                    let line = if one.because.is_empty() {
                        reason
                    } else {
                        format!("{app}: {reason}")
                    };
                    if !why.contains(&line) {
                        why.push(line);
                    }
                }
                let left = why.len().saturating_sub(APPS);
                why.truncate(APPS);
                if left > 0 {
                    why.push(self.filled("more", &[("count", &left.to_string())]));
                }
                why.join("; ")
            };
            vec![
                format!("{}. {}", criterion.number, language.of(&criterion.text)),
                self.word(state.as_str()).to_owned(),
                why,
            ]
        });
        Block::Table(self.table(&["criterion", "state", "why"], rows))
    }

    pub(super) fn national_list(&self) -> Vec<Block> {
        let language = self.prose.language;
        let list = &self.prose.rules.legal().dpia.national_list;
        let candidates = list
            .candidates
            .iter()
            .map(|text| language.of(text).to_owned());
        vec![
            Block::Paragraph(language.of(&list.status).to_owned()),
            Block::List(candidates.collect()),
        ]
    }

    /// Single measures, best relief for the effort first.
    pub(super) fn measures(&self) -> Vec<Block> {
        let prose = &self.prose;
        let plan = assess::plan(prose.rules, prose.audit);
        if plan.is_empty() {
            return vec![Block::Paragraph(self.word("no-measure").to_owned())];
        }
        let rows = plan.iter().take(MEASURES).flat_map(|change| {
            let steps = change.steps.iter();
            steps.map(|(step, _)| {
                let (measure, language) = (step.measure, prose.language);
                vec![
                    prose.measure(step, &measure.label),
                    format!(
                        "{}, {}: {}",
                        language.measure_kind(measure.kind),
                        language.effort(measure.effort),
                        prose.measure(step, &measure.effort_text)
                    ),
                    prose.measure(step, &measure.changes),
                    prose.measure(step, &measure.stays),
                    self.effect(change),
                ]
            })
        });
        let columns = ["measure", "effort", "changes", "stays", "effect"];
        let table: Table = self.table(&columns, rows);
        self.or_nothing(table)
    }

    fn effect(&self, change: &Change<'_>) -> String {
        let count = |wanted| {
            let changes = change.apps.iter().flat_map(|app| &app.findings);
            changes.filter(|one| outcome(one) == wanted).count()
        };
        let counts = [Outcome::Gone, Outcome::Lower, Outcome::New].map(count);
        let [gone, lower, new] = counts;
        let values = [
            (
                "changes",
                &*remedy::changes(self.prose.language, [gone, lower, new, 0]),
            ),
            ("relief", &change.relief(self.prose.rules).to_string()),
        ];
        self.filled("effect-text", &values)
    }
}
