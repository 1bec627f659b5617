//! `questions.toml`: what only a human can answer.

use std::sync::Arc;

use serde::Deserialize;

use super::{Part, Problems, Rules, Text, load};

/// What a question is about; fills [`crate::model::Question::subject`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The app as a whole: no subject.
    App,
    /// A company.
    Company,
    /// A host.
    Host,
    /// A permission.
    Permission,
    /// A country.
    Country,
    /// A device.
    Device,
    /// Third parties' code.
    Code,
}

/// A question. Its id is also the condition that raises it; `assess` knows the conditions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionRule {
    /// Kebab-case id.
    pub id: Arc<str>,
    /// What it is about.
    pub subject: Subject,
    /// When it is asked, in words.
    pub condition: Text,
    /// The question. `{subject}` stands for the subject, `{app}` for the app.
    pub text: Text,
    /// Why the answer matters.
    pub why: Text,
    /// Ids of provisions that the answer bears on.
    #[serde(default)]
    pub provisions: Vec<Arc<str>>,
}

/// `questions.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuestionFile {
    #[serde(rename = "as_of")]
    pub(super) _as_of: Arc<str>,
    #[serde(default, rename = "question")]
    pub(super) questions: Vec<QuestionRule>,
}

impl Part for QuestionFile {
    fn read(rules: &Rules, problems: &mut Problems) -> Self {
        load::parse("questions.toml", rules, problems)
    }
}
