//! Small building blocks of the schema: texts in two languages, patterns, host suffixes.

use std::fmt;
use std::sync::OnceLock;

use hashbrown::HashMap;
use regex::Regex;
use serde::Deserialize;

use super::gate::Needs;
use crate::model::Look;

/// A text for people, in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// German.
    pub de: String,
    /// English.
    pub en: String,
}

/// A regular expression of a rule. It is compiled at its first use, because most rules never meet their data in one run;
/// `Rules::load` and `Rules::check` compile all of them and refuse what does not compile.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct Pattern {
    source: String,
    compiled: OnceLock<Option<Regex>>,
    needs: OnceLock<Needs>,
}

impl Pattern {
    /// The expression as written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether it may occur in `text`, which looks like this, or is a part of what does.
    #[inline]
    pub fn may_match(&self, text: &str, look: Look) -> bool {
        self.needs().are_met(text, look)
    }

    /// Kinds of characters of which every match has one; all of them, where nothing can be said.
    pub(super) fn kinds(&self) -> u16 {
        self.needs().kinds
    }

    fn needs(&self) -> &Needs {
        self.needs.get_or_init(|| Needs::of(&self.source))
    }

    /// Whether it occurs in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    /// The compiled expression; `None` if it does not compile.
    pub fn regex(&self) -> Option<&Regex> {
        self.compiled
            .get_or_init(|| Regex::new(&self.source).ok())
            .as_ref()
    }

    /// Why it does not compile.
    pub(super) fn problem(&self) -> Option<String> {
        match Regex::new(&self.source) {
            Ok(_) => None,
            Err(error) => Some(error.to_string()),
        }
    }
}

impl From<String> for Pattern {
    fn from(source: String) -> Self {
        Self {
            source,
            compiled: OnceLock::new(),
            needs: OnceLock::new(),
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Pattern({:?})", self.source)
    }
}

/// Values by host suffix: the longest suffix on a label boundary wins.
#[derive(Clone, Debug)]
pub(super) struct SuffixMap<T> {
    by_suffix: HashMap<Box<str>, T>,
}

impl<T> Default for SuffixMap<T> {
    fn default() -> Self {
        Self {
            by_suffix: HashMap::new(),
        }
    }
}

impl<T> SuffixMap<T> {
    /// The slot of one suffix.
    pub(super) fn entry(&mut self, suffix: &str) -> &mut T
    where
        T: Default,
    {
        self.by_suffix.entry(suffix.into()).or_default()
    }

    /// The suffixes of `host` that have a value, longest first: at most one look-up per label.
    pub(super) fn matches<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a T> {
        let host = host.strip_suffix('.').unwrap_or(host);
        let first = Some(host);
        std::iter::successors(first, |rest| rest.split_once('.').map(|(_, rest)| rest))
            .filter_map(|suffix| self.by_suffix.get(suffix))
    }

    /// The value of the longest suffix.
    pub(super) fn longest<'a>(&'a self, host: &'a str) -> Option<&'a T> {
        self.matches(host).next()
    }
}
