//! Documents that a company needs from an audit (record of processing, impact assessment, transfers, sheets for staff and their
//! representation, a memo on messengers) as drafts. Their sections and texts are in `rules/documents.toml`; each of the
//! [`Contents`] that code fills in is a function here, which gives [`Block`]s; two formats write those.

mod basis;
mod flow;
mod html;
mod impact;
mod markdown;
mod messenger;
mod record;

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::language::fill;
use super::merged::{self, MergedApp};
use super::prose::Prose;
use super::{Language, Options, Presentable};
use crate::rules::{Condition, Contents, Rules, Section};

pub(super) use record::{COLUMNS as RECORD_COLUMNS, record};

/// Formats of documents.
pub const DOCUMENT_FORMATS: [&str; 2] = ["markdown", "html"];

/// Country whose law some sections are about.
const GERMANY: &str = "DE";

/// Rows of a table or list; the rest is counted.
const ROWS: usize = 60;

/// A table: every row has as many cells as the head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    /// Names of columns.
    pub(super) head: Vec<String>,
    /// Cells.
    pub(super) rows: Vec<Vec<String>>,
}

/// A piece of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Block {
    /// Heading of the second level, or of the third.
    Heading(u8, String),
    Paragraph(String),
    List(Vec<String>),
    /// What people complete.
    Gaps(Vec<String>),
    Table(Table),
}

/// A document before it has a format.
#[derive(Debug)]
struct Document {
    language: Language,
    title: String,
    /// What the document is for, and that it is a draft.
    preface: [String; 2],
    blocks: Vec<Block>,
}

/// Writes a document of the kind `id` (one of [`crate::rules::DOCUMENTS`]) that a saved or fresh report gives.
pub fn write_document(
    id: &str,
    report: &Presentable,
    rules: &Rules,
    (format, language): (&str, Language),
    out: &mut dyn Write,
) -> io::Result<()> {
    let document = Draft::new(report, rules, language).document(id);
    match format {
        "html" => html::write(&document, out),
        _ => markdown::write(&document, out),
    }
}

/// Everything that a document is drafted from.
struct Draft<'a> {
    prose: Prose<'a>,
    apps: Vec<MergedApp<'a>>,
}

impl<'a> Draft<'a> {
    fn new(report: &'a Presentable, rules: &'a Rules, language: Language) -> Self {
        let prose = Prose::new(report, rules, Options::plain(language, 0));
        Self {
            apps: merged::apps(&prose),
            prose,
        }
    }

    fn document(&self, id: &str) -> Document {
        let language = self.prose.language;
        let rule = self.prose.rules.document(id);
        let mut blocks = Vec::new();
        for section in rule.iter().flat_map(|rule| &rule.sections) {
            if section
                .only_if
                .iter()
                .all(|condition| self.holds(*condition))
            {
                self.section(section, &mut blocks);
            }
        }
        let text = |text| language.of(text).to_owned();
        let title = rule.map_or_else(String::new, |rule| text(&rule.title));
        Document {
            language,
            title: format!("{title} – {}", self.organisation()),
            preface: [
                rule.map_or_else(String::new, |rule| text(&rule.purpose)),
                self.word("draft").to_owned(),
            ],
            blocks,
        }
    }

    fn section(&self, section: &Section, blocks: &mut Vec<Block>) {
        let language = self.prose.language;
        blocks.push(Block::Heading(2, language.of(&section.title).to_owned()));
        let paragraphs = section.text.iter();
        blocks.extend(paragraphs.map(|text| Block::Paragraph(language.of(text).to_owned())));
        for contents in &section.contents {
            blocks.extend(self.contents(*contents));
        }
        let gaps = section.gaps.iter().map(|text| self.gap(language.of(text)));
        let gaps: Vec<String> = gaps.collect();
        if !gaps.is_empty() {
            blocks.push(Block::Gaps(gaps));
        }
    }

    fn holds(&self, condition: Condition) -> bool {
        let controller = &self.prose.audit.controller;
        match condition {
            Condition::GermanyPossible => controller.may_be_in(GERMANY),
            Condition::NotGermany => !controller.may_be_in(GERMANY),
            Condition::SeatUnknown => controller.country.is_none(),
            Condition::NoWorksCouncil => controller.has_works_council == Some(false),
            Condition::Shadow => !self.shadow().is_empty(),
            Condition::Exceptions => !self.exceptions().is_empty(),
        }
    }

    fn contents(&self, contents: Contents) -> Vec<Block> {
        match contents {
            Contents::Basis => vec![self.basis()],
            Contents::Period => vec![self.period_table()],
            Contents::StaffPeriod => vec![self.staff_period()],
            Contents::Retention => self.retention(),
            Contents::Record => vec![Block::Table(self.record())],
            Contents::Apps => vec![self.decisions()],
            Contents::Purposes => self.or_nothing(self.purposes()),
            Contents::Flows => self.or_nothing(self.flows()),
            Contents::Transfers => self.transfers(),
            Contents::Screening => vec![self.screening()],
            Contents::NationalList => self.national_list(),
            Contents::Risks => self.or_nothing(self.risks()),
            Contents::Measures => self.measures(),
            Contents::NotSeen => self.not_seen(),
            Contents::Questions => self.list(self.prose.questions()),
            Contents::StaffFindings => self.list(self.staff_findings()),
            Contents::Monitoring => self.or_nothing(self.monitoring()),
            Contents::Shadow => self.list(self.shadow()),
            Contents::StaffShadow => self.list(self.staff_shadow()),
            Contents::Exceptions => self.list(self.exceptions()),
            Contents::Options => self.options(),
            Contents::Answers => self.answers(),
            Contents::Levels => vec![self.levels()],
            Contents::MessengerQuestions => self.list(self.messenger_questions()),
            Contents::Decision => vec![self.decision()],
            Contents::Signature => vec![self.signature()],
        }
    }

    /// A word of `rules/documents.toml`.
    fn word(&self, id: &str) -> &str {
        let text = self.prose.rules.document_word(id);
        debug_assert!(text.is_some(), "no word {id} in documents.toml");
        text.map_or("", |text| self.prose.language.of(text))
    }

    fn filled(&self, id: &str, values: &[(&str, &str)]) -> String {
        fill(self.word(id), values)
    }

    /// What people complete, marked as that.
    fn gap(&self, question: &str) -> String {
        self.filled("gap", &[("question", question)])
    }

    fn gap_word(&self, id: &str) -> String {
        self.gap(self.word(id))
    }

    fn words(&self, ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| self.word(id).to_owned()).collect()
    }

    /// The name of the company, or the question for it.
    fn organisation(&self) -> String {
        let name = self.prose.audit.controller.name.clone();
        name.unwrap_or_else(|| self.gap_word("organisation"))
    }

    /// Apps that did something, or that the company has decided about.
    fn shown(&self) -> impl Iterator<Item = &MergedApp<'a>> {
        self.apps.iter().filter(|app| {
            let is_decided = |(_, report): &(&str, &crate::model::AppReport)| {
                let standing = report.standing.as_ref();
                standing.is_some_and(|standing| standing.status.is_some())
            };
            app.is_shown || app.reports.iter().any(is_decided)
        })
    }

    fn table(&self, columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
        Table {
            head: self.words(columns),
            rows: rows.into_iter().collect(),
        }
    }

    /// A table with its first rows and how many there are beside them, or a sentence where it has none.
    fn or_nothing(&self, mut table: Table) -> Vec<Block> {
        if table.rows.is_empty() {
            return vec![Block::Paragraph(self.word("nothing-found").to_owned())];
        }
        let left = table.rows.len().saturating_sub(ROWS);
        table.rows.truncate(ROWS);
        let mut blocks = vec![Block::Table(table)];
        blocks.extend(self.rest(left));
        blocks
    }

    fn list(&self, mut lines: Vec<String>) -> Vec<Block> {
        if lines.is_empty() {
            return vec![Block::Paragraph(self.word("nothing-found").to_owned())];
        }
        let left = lines.len().saturating_sub(ROWS);
        lines.truncate(ROWS);
        let mut blocks = vec![Block::List(lines)];
        blocks.extend(self.rest(left));
        blocks
    }

    fn rest(&self, left: usize) -> Option<Block> {
        let count = left.to_string();
        (left > 0).then(|| Block::Paragraph(self.filled("more", &[("count", &count)])))
    }
}

/// Names, each once, separated by `; `, in a fixed order.
fn joined(names: impl IntoIterator<Item = String>) -> String {
    let names: BTreeSet<String> = names.into_iter().filter(|name| !name.is_empty()).collect();
    names.into_iter().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
