//! What is to be asked and checked: questions to vendors and companies, and the criteria of WP 248 for an impact assessment.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Prose, permission};
use crate::model::{AppReport, CriterionState, Screened};
use crate::report::language::fill;

/// What one question is asked about.
#[derive(Debug, Default)]
struct Asked {
    subjects: Vec<String>,
    apps: Vec<String>,
}

impl Prose<'_> {
    /// A question, with what it is about and the apps that raise it filled in.
    pub(in crate::report) fn question(
        &self,
        id: &str,
        subjects: &[String],
        apps: &[String],
    ) -> String {
        let template = self
            .rules
            .question(id)
            .map_or(id, |rule| self.language.of(&rule.text));
        fill(
            template,
            &[
                ("subject", &subjects.join(" / ")),
                ("app", &apps.join(" / ")),
            ],
        )
    }

    /// All questions, each once: those that differ only in what they are about are asked together.
    pub(in crate::report) fn questions(&self) -> Vec<String> {
        self.questions_of(|_| true)
    }

    /// The questions that some apps raise.
    pub(in crate::report) fn questions_of(
        &self,
        is_meant: impl Fn(&AppReport) -> bool,
    ) -> Vec<String> {
        // By position of the rule, question, and app where the question names both app and subject.
        let mut grouped: BTreeMap<(usize, Arc<str>, String), Asked> = BTreeMap::new();
        let apps = self.audit.devices.iter().flat_map(|device| &device.apps);
        for app in apps.filter(|app| is_meant(app)) {
            let name = self.app(app);
            for question in &app.questions {
                let rule = self
                    .rules
                    .questions()
                    .iter()
                    .position(|rule| rule.id == question.id);
                let text = self
                    .rules
                    .question(&question.id)
                    .map(|rule| self.language.of(&rule.text));
                let names_both =
                    text.is_some_and(|text| text.contains("{app}") && text.contains("{subject}"));
                let apart = if names_both {
                    name.clone()
                } else {
                    String::new()
                };
                let key = (rule.unwrap_or(usize::MAX), Arc::clone(&question.id), apart);
                let asked = grouped.entry(key).or_default();
                for (list, word) in [
                    (&mut asked.subjects, question.subject.to_string()),
                    (&mut asked.apps, name.clone()),
                ] {
                    if !word.is_empty() && !list.contains(&word) {
                        list.push(word);
                    }
                }
            }
        }
        grouped
            .iter()
            .map(|((_, id, _), asked)| self.question(id, &asked.subjects, &asked.apps))
            .collect()
    }

    /// Criteria of WP 248 by their numbers.
    pub(in crate::report) fn criteria(&self, numbers: &[u8]) -> String {
        let criteria = &self.rules.legal().dpia.criteria;
        let words: Vec<&str> = numbers
            .iter()
            .filter_map(|number| {
                criteria
                    .iter()
                    .find(|criterion| criterion.number == *number)
            })
            .map(|criterion| self.language.of(&criterion.text))
            .collect();
        words.join("; ")
    }

    /// Why a criterion of WP 248 stands as it does for an app, with how what shows it is known.
    pub(in crate::report) fn screened(&self, app: &AppReport, screened: &Screened) -> String {
        let legal = self.rules.legal();
        let mut criteria = legal.dpia.criteria.iter();
        let Some(rule) = criteria.find(|rule| rule.number == screened.number) else {
            return String::new();
        };
        let seen_when = rule.seen_when.as_ref().map(|text| self.language.of(text));
        let ask = self.language.of(&rule.ask);
        let pick = |english, german| self.language.pick(english, german);
        match (screened.state, seen_when) {
            (CriterionState::Met, _) if !screened.because.is_empty() => {
                let known = |id: &Arc<str>| {
                    let findings = app.findings.iter();
                    let counted = findings.filter(|one| one.observation.as_ref() == Some(id));
                    let grade = counted.map(|finding| finding.grade).min();
                    grade.map_or_else(String::new, |grade| {
                        format!(" ({})", self.language.verb(grade))
                    })
                };
                let name = |id: &Arc<str>| match legal.observation(id) {
                    Some(observation) => {
                        format!("{}{}", self.language.of(&observation.label), known(id))
                    }
                    None => format!("{} {}", permission(id), self.texts.granted),
                };
                let names: Vec<String> = screened.because.iter().map(name).collect();
                names.join("; ")
            }
            (CriterionState::Met, seen_when) => seen_when.unwrap_or(ask).to_owned(),
            (CriterionState::NotMet, seen_when) => {
                let not_seen = pick(
                    "not seen in this capture",
                    "in diesem Mitschnitt nicht gesehen",
                );
                format!("{not_seen}: {}", seen_when.unwrap_or_default())
            }
            (CriterionState::ToBeAsked, Some(_)) => {
                let why = pick(
                    "What was captured cannot tell.",
                    "Was mitgeschnitten wurde, kann es nicht zeigen.",
                );
                format!("{why} {ask}")
            }
            (CriterionState::ToBeAsked, None) => ask.to_owned(),
        }
    }

    /// Which criteria of WP 248 are met, are not, and are to be asked, by their numbers.
    pub(in crate::report) fn screening(&self, app: &AppReport) -> Option<String> {
        let numbers = |state| {
            let screened = app.screening.iter().filter(|one| one.state == state);
            let numbers: Vec<String> = screened.map(|one| one.number.to_string()).collect();
            if numbers.is_empty() {
                "–".to_owned()
            } else {
                numbers.join(", ")
            }
        };
        let values = [
            ("met", numbers(CriterionState::Met)),
            ("not_met", numbers(CriterionState::NotMet)),
            ("ask", numbers(CriterionState::ToBeAsked)),
        ];
        let values: Vec<(&str, &str)> = values
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        (!app.dpia_criteria.is_empty() && !app.screening.is_empty())
            .then(|| fill(self.texts.screening, &values))
    }
}
