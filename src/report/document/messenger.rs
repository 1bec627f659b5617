//! The memo that answers whether WhatsApp may be used, under which conditions, and what instead.

use std::collections::BTreeSet;

use super::{Block, Draft};
use crate::assess::{self, AppChange, Step};
use crate::model::{AppReport, JudgedFinding, RiskLevel};
use crate::report::language::fill;
use crate::report::what_if::{Outcome, outcome};
use crate::report::{compare, text};
use crate::rules::{App, MessengerOption};

/// Criteria of `rules/comparison.toml` that the table has.
const CRITERIA: [&str; 10] = [
    "vendor",
    "country",
    "contacts",
    "metadata",
    "end-to-end",
    "contract",
    "transfer",
    "self-hosting",
    "reach",
    "effort",
];

/// Findings of one option that are named.
const FINDINGS: usize = 8;

/// An option with what its measures make of it.
struct Answer<'a> {
    option: &'a MessengerOption,
    app: &'a App,
    /// As its vendor documents it, as if it were in use.
    documented: AppChange,
    /// As it was measured, on each phone that has it.
    measured: Vec<AppChange>,
}

impl<'a> Draft<'a> {
    fn computed(&self) -> Vec<Answer<'a>> {
        let (rules, audit) = (self.prose.rules, self.prose.audit);
        let answer = |option: &'a MessengerOption| {
            let app = rules.app(&option.app)?;
            let steps: Vec<Step<'_>> = option
                .measures
                .iter()
                .filter_map(|measure| Step::parse(rules, measure).ok())
                .collect();
            let is_it = |report: &AppReport| {
                let id = report.id.as_ref();
                id.is_some_and(|id| id.as_str() == &*app.id) && !report.findings.is_empty()
            };
            let changes = assess::what_if(rules, audit, &steps).apps.into_iter();
            let measured = changes.filter(|change| change.app.as_deref().is_some_and(is_it));
            Some(Answer {
                option,
                app,
                documented: assess::as_documented(rules, app, &steps),
                measured: measured.collect(),
            })
        };
        rules
            .messenger_options()
            .iter()
            .filter_map(answer)
            .collect()
    }

    /// The risk of each option in a line: by the documents, and as measured.
    pub(super) fn levels(&self) -> Block {
        let line = |answer: Answer<'a>| {
            let rows: Vec<&AppChange> = answer.measured.iter().collect();
            let measured = if rows.is_empty() {
                self.word("not-in-case").to_owned()
            } else {
                self.filled("as-measured", &[("risk", &self.highest(&rows))])
            };
            let values = [
                ("option", self.prose.language.of(&answer.option.label)),
                ("documented", &self.highest(&[&answer.documented])),
                ("measured", &measured),
            ];
            self.filled("levels", &values)
        };
        Block::List(self.computed().into_iter().map(line).collect())
    }

    /// All options by all criteria, with the risk of each.
    pub(super) fn options(&self) -> Vec<Block> {
        let (rules, language) = (self.prose.rules, self.prose.language);
        let answers = self.computed();
        let mut table = self.table(&["aspect"], []);
        let labels = answers
            .iter()
            .map(|answer| language.of(&answer.option.label).to_owned());
        table.head.extend(labels);
        for criterion in rules.criteria() {
            if !CRITERIA.contains(&&*criterion.id) {
                continue;
            }
            let mut row = vec![language.of(&criterion.label).to_owned()];
            row.extend(
                answers
                    .iter()
                    .map(|answer| self.fact(answer, &criterion.id)),
            );
            table.rows.push(row);
        }
        let mut documented = vec![self.word("documented-risk").to_owned()];
        documented.extend(
            answers
                .iter()
                .map(|answer| self.highest(&[&answer.documented])),
        );
        let mut measured = vec![self.word("measured-risk").to_owned()];
        measured.extend(answers.iter().map(|answer| {
            let rows: Vec<&AppChange> = answer.measured.iter().collect();
            if rows.is_empty() {
                self.word("not-in-case").to_owned()
            } else {
                self.highest(&rows)
            }
        }));
        table.rows.extend([documented, measured]);
        let ids: BTreeSet<&str> = answers.iter().map(|answer| &*answer.app.id).collect();
        let ids: Vec<&str> = ids.into_iter().collect();
        let day = answers.iter().map(|answer| &*answer.app.as_of).max();
        let values = [("day", day.unwrap_or_default()), ("ids", &ids.join(", "))];
        vec![
            Block::Table(table),
            Block::Paragraph(self.word("marks").to_owned()),
            Block::Paragraph(self.filled("source", &values)),
        ]
    }

    /// What is documented by a criterion; where a measure ends it, that.
    fn fact(&self, answer: &Answer<'_>, criterion: &str) -> String {
        let (rules, language) = (self.prose.rules, self.prose.language);
        let category = match criterion {
            "contacts" => "contacts",
            "contract" => "no-art28-contract",
            "transfer" => "third-country",
            _ => "",
        };
        let is_about = |finding: &JudgedFinding| {
            let observation = finding.observation.as_deref().unwrap_or_default();
            !category.is_empty()
                && (finding.category.as_str() == category || observation.starts_with(category))
        };
        let changes = &answer.documented.findings;
        let is_ended = |change: &assess::FindingChange| {
            change.before.as_deref().is_some_and(is_about) && change.after.is_none()
        };
        if changes.iter().any(is_ended) {
            return self.word("ends").to_owned();
        }
        let fact = rules.documented(answer.app, criterion);
        fact.map_or_else(
            || "–".to_owned(),
            |fact| {
                format!(
                    "{}{}",
                    language.of(&fact.text),
                    compare::mark(fact.certainty)
                )
            },
        )
    }

    /// The highest risk with how it is known: many a risk is concluded, not seen.
    fn highest(&self, rows: &[&AppChange]) -> String {
        let Some(row) = rows.iter().max_by_key(|row| row.after.1) else {
            return self.level(RiskLevel::None, 0);
        };
        let (level, risk) = row.after;
        let findings = row.findings.iter();
        let decisive = findings
            .filter_map(|change| change.after.as_deref())
            .filter(|finding| risk > 0 && finding.score.as_ref().is_some_and(|it| it.risk == risk))
            .min_by_key(|finding| finding.grade);
        let words = self.level(level, risk);
        match decisive {
            // Of documents nothing but conclusions can be drawn; how sure they are matters.
            Some(finding) => format!("{words} ({})", self.prose.grade_of(finding)),
            None => words,
        }
    }

    /// Each option: what speaks for and against it, what is documented, what was measured, under which conditions.
    pub(super) fn answers(&self) -> Vec<Block> {
        let language = self.prose.language;
        let mut blocks = Vec::new();
        for answer in self.computed() {
            let option = answer.option;
            let has_measures = !option.measures.is_empty();
            blocks.push(Block::Heading(3, language.of(&option.label).to_owned()));
            blocks.push(Block::Paragraph(language.of(&option.answer).to_owned()));
            let documented = format!(
                "{}: {}",
                self.word("documented"),
                self.highest(&[&answer.documented])
            );
            blocks.push(Block::Paragraph(documented));
            blocks.push(Block::List(self.changes(&answer.documented, has_measures)));
            if answer.measured.is_empty() {
                blocks.push(Block::Paragraph(self.word("not-measured").to_owned()));
            }
            for row in &answer.measured {
                let phone = row.device.as_deref().unwrap_or_default();
                let after = self.highest(&[row]);
                let (level, risk) = row.before;
                let levels = if row.before == row.after {
                    after
                } else {
                    format!("{} → {after}", self.level(level, risk))
                };
                let phone = text::safe_up_to(phone, 60);
                let measured = format!("{} ({phone}): {levels}", self.word("measured"));
                blocks.push(Block::Paragraph(measured));
                blocks.push(Block::List(self.changes(row, has_measures)));
            }
            blocks.push(Block::Paragraph(format!("{}:", self.word("conditions"))));
            let conditions = option.conditions.iter();
            let conditions = conditions.map(|text| language.of(text).to_owned());
            blocks.push(Block::List(conditions.collect()));
        }
        blocks
    }

    /// The findings, one line each; what becomes of each where a measure was taken.
    fn changes(&self, row: &AppChange, has_measures: bool) -> Vec<String> {
        let line = |change: &assess::FindingChange| {
            let finding = change.after.as_ref().or(change.before.as_ref())?;
            let state = match outcome(change) {
                Outcome::Gone => Some("ends"),
                Outcome::New if row.app.is_some() => Some("comes"),
                _ => has_measures.then_some("remains"),
            };
            let risk = finding.score.as_ref().map_or(0, |score| score.risk);
            let title = self.prose.title(finding);
            let recipient = self.prose.recipient(finding);
            let title = if recipient.is_empty() {
                title
            } else {
                format!("{title} → {recipient}")
            };
            let grade = self.prose.grade_of(finding);
            let risk = self.filled("risk-number", &[("risk", &risk.to_string())]);
            let line = format!("{title} ({grade}), {risk}");
            Some(match state {
                Some(state) => format!("{line}: {}", self.word(state)),
                None => line,
            })
        };
        let mut lines: Vec<String> = row.findings.iter().filter_map(line).collect();
        if lines.is_empty() {
            lines.push(self.word("nothing-found").to_owned());
        }
        let left = lines.len().saturating_sub(FINDINGS);
        lines.truncate(FINDINGS);
        if left > 0 {
            lines.push(self.filled("more", &[("count", &left.to_string())]));
        }
        lines
    }

    fn is_option(&self, app: &AppReport) -> bool {
        let options = self.prose.rules.messenger_options();
        let id = app.id.as_ref();
        id.is_some_and(|id| options.iter().any(|option| *option.app == *id.as_str()))
    }

    pub(super) fn messenger_questions(&self) -> Vec<String> {
        self.prose.questions_of(|app| self.is_option(app))
    }

    /// Exceptions for apps of the memo.
    pub(super) fn exceptions(&self) -> Vec<String> {
        let texts = self.prose.texts;
        let devices = self.prose.audit.devices.iter();
        let apps = devices.flat_map(|device| &device.apps);
        let standings = apps
            .filter(|app| self.is_option(app))
            .filter_map(|app| Some((self.prose.app(app), app.standing.as_ref()?)));
        let lines = standings.flat_map(|(name, standing)| {
            standing.exceptions.iter().map(move |state| {
                let exception = &state.exception;
                let template = if state.is_expired {
                    texts.exception_expired
                } else {
                    texts.exception
                };
                let day = exception.expires.to_string();
                let values = [
                    ("day", day.as_str()),
                    ("owner", &exception.owner),
                    ("reason", &exception.reason),
                ];
                format!("{name}: {}", fill(template, &values))
            })
        });
        let lines: BTreeSet<String> = lines.collect();
        lines.into_iter().collect()
    }

    /// One line to tick for each option.
    pub(super) fn decision(&self) -> Block {
        let language = self.prose.language;
        let rows = self.prose.rules.messenger_options().iter().map(|option| {
            let mut row = vec![language.of(&option.label).to_owned()];
            row.extend(self.words(&["choice-yes", "choice-conditional", "choice-no"]));
            row
        });
        let mut table = self.table(&["decision"], rows);
        table
            .head
            .extend([String::new(), String::new(), String::new()]);
        Block::Table(table)
    }
}
