//! `circumstances.toml`: rules whose condition is code, because it is no name and no value: transport, recipients,
//! permissions, conclusions. Here are their texts and severities.

use std::sync::Arc;

use serde::Deserialize;

use super::{Part, Problems, Rules, Text, load};
use crate::model::Category;

/// A rule whose condition is code in `detect` or `assess`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Circumstance {
    /// Kebab-case id; [`crate::model::Finding::rule`].
    pub id: Arc<str>,
    /// Category of its findings.
    #[serde(deserialize_with = "super::category")]
    pub category: Category,
    /// Data about people other than the user.
    #[serde(default)]
    pub third_party: bool,
    /// Its name in reports.
    pub label: Text,
    /// What it is, for `rules explain`.
    pub summary: Text,
    /// Why it matters.
    pub why: Text,
    /// Severity by default: 0 none … 4 very high.
    pub severity: u8,
    /// Id of the legal observation as which it counts.
    pub observation: Option<Arc<str>>,
    /// Further reading.
    #[serde(default)]
    pub references: Vec<String>,
    /// Where this is known from.
    pub source: String,
    /// When it was last looked up; by default the date of the file.
    #[serde(default)]
    pub as_of: Arc<str>,
}

/// `circumstances.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CircumstanceFile {
    as_of: Arc<str>,
    #[serde(default, rename = "circumstance")]
    pub(super) circumstances: Vec<Circumstance>,
}

impl Part for CircumstanceFile {
    fn read(rules: &Rules, problems: &mut Problems) -> Self {
        let mut all: Self = load::parse("circumstances.toml", rules, problems);
        for circumstance in &mut all.circumstances {
            if circumstance.as_of.is_empty() {
                circumstance.as_of = all.as_of.clone();
            }
        }
        problems.unique(
            "circumstances.toml",
            "circumstance",
            all.circumstances.iter().map(|entry| &entry.id),
        );
        all
    }
}

impl Rules {
    /// All rules whose condition is code, in the order of the file.
    pub fn circumstances(&self) -> &[Circumstance] {
        &self.circumstances.get(self).circumstances
    }

    /// The circumstance of that id.
    pub fn circumstance(&self, id: &str) -> Option<&Circumstance> {
        self.circumstances().iter().find(|entry| &*entry.id == id)
    }
}
