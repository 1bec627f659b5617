//! `documents.toml`: what documents are drafted from a report, their sections and texts, and the answers of the memo on messengers.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::{Part, Problems, Rules, Text, load};

const FILE: &str = "documents.toml";

/// Kinds of documents; each has its entry in the file.
pub const DOCUMENTS: [&str; 6] = [
    "record",
    "dpia",
    "transfers",
    "staff",
    "works-council",
    "messenger",
];

/// What code fills in between the texts of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contents {
    /// Controller, phones, period, and what the document rests on.
    Basis,
    /// Phones and period alone.
    Period,
    /// How many phones, and the period.
    StaffPeriod,
    /// When captures and reports are deleted.
    Retention,
    /// Rows for the record of processing activities.
    Record,
    /// Apps with the company's decisions and their risk.
    Apps,
    /// Purposes and legal bases.
    Purposes,
    /// Which data went to whom.
    Flows,
    /// Recipients in third countries.
    Transfers,
    /// The criteria of WP 248.
    Screening,
    /// The list of a country's authorities.
    NationalList,
    /// Findings by risk.
    Risks,
    /// What measures would change.
    Measures,
    /// What was not seen.
    NotSeen,
    /// Questions that only people can answer.
    Questions,
    /// What was found, for people who do not read reports.
    StaffFindings,
    /// Data that may be suited to monitor staff.
    Monitoring,
    /// Apps that the company does not know or does not allow.
    Shadow,
    /// Their names with what could take their place, and nothing on who has them.
    StaffShadow,
    /// Exceptions for apps of the memo.
    Exceptions,
    /// Messengers side by side.
    Options,
    /// Each option in detail.
    Answers,
    /// The levels of each option in a line.
    Levels,
    /// Questions about messengers.
    MessengerQuestions,
    /// Choices to tick.
    Decision,
    /// Lines to sign.
    Signature,
}

/// When a section stands in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// The company is seated in Germany, or does not say where.
    GermanyPossible,
    /// It is seated elsewhere.
    NotGermany,
    /// It does not say where.
    SeatUnknown,
    /// There is no works council.
    NoWorksCouncil,
    /// There are apps that the company does not know or does not allow.
    Shadow,
    /// There are exceptions for apps of the memo.
    Exceptions,
}

/// A part of a document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Heading.
    pub title: Text,
    /// It stands there only if all of these hold.
    #[serde(default)]
    pub only_if: Vec<Condition>,
    /// Paragraphs.
    #[serde(default)]
    pub text: Vec<Text>,
    /// What is filled in behind them.
    #[serde(default)]
    pub contents: Vec<Contents>,
    /// What only people can complete.
    #[serde(default)]
    pub gaps: Vec<Text>,
}

/// A kind of document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentRule {
    /// Its name on the command line.
    pub id: Arc<str>,
    /// Heading.
    pub title: Text,
    /// What it is for.
    pub purpose: Text,
    /// Parts.
    #[serde(rename = "section")]
    pub sections: Vec<Section>,
}

/// An answer to the question which messenger may be used.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessengerOption {
    /// Kebab-case id.
    pub id: Arc<str>,
    /// Id of the app.
    pub app: Arc<str>,
    /// Measures that belong to it, as on the command line.
    pub measures: Vec<String>,
    /// Name.
    pub label: Text,
    /// What speaks for it, and what against.
    pub answer: Text,
    /// Under which conditions.
    pub conditions: Vec<Text>,
}

/// `documents.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentFile {
    #[serde(rename = "as_of")]
    _as_of: Arc<str>,
    words: BTreeMap<Arc<str>, Text>,
    #[serde(rename = "option")]
    options: Vec<MessengerOption>,
    #[serde(rename = "document")]
    documents: Vec<DocumentRule>,
}

impl Part for DocumentFile {
    fn read(rules: &Rules, problems: &mut Problems) -> Self {
        load::parse("documents.toml", rules, problems)
    }
}

impl Rules {
    /// The kind of document of that id.
    pub fn document(&self, id: &str) -> Option<&DocumentRule> {
        let mut documents = self.documents.get(self).documents.iter();
        documents.find(|document| &*document.id == id)
    }

    /// A word of documents.
    pub fn document_word(&self, id: &str) -> Option<&Text> {
        self.documents.get(self).words.get(id)
    }

    /// The answers of the memo on messengers.
    pub fn messenger_options(&self) -> &[MessengerOption] {
        &self.documents.get(self).options
    }

    pub(super) fn validate_documents(&self, problems: &mut Problems) {
        let DocumentFile {
            options, documents, ..
        } = self.documents.get(self);
        problems.unique(FILE, "document", documents.iter().map(|one| &one.id));
        problems.unique(FILE, "option", options.iter().map(|one| &one.id));
        for id in DOCUMENTS {
            if self.document(id).is_none() {
                problems.add(FILE, format!("no document {id}"));
            }
        }
        for option in options {
            if self.app(&option.app).is_none() {
                problems.dangling(FILE, &option.id, "app", &option.app);
            }
            for measure in &option.measures {
                let kind = measure.split(':').next().unwrap_or_default();
                if self.measure(kind).is_none() {
                    problems.dangling(FILE, &option.id, "measure", kind);
                }
            }
        }
    }
}
