//! An audit → bytes. One file a format, one line in [`FORMATS`]. Captured text reaches an output only through `text.rs`;
//! fixed words come from `language.rs`, words about rules from the rules.

mod group;
mod json;
pub mod language;
mod observation;
mod prose;
mod rule;
mod table;
mod text;

use std::io::{self, Write};

pub use json::schema as audit_schema;
pub use observation::{Observations, schema as observation_schema};
pub use rule::{explain_rule, list_rules, similar_rules};
pub use text::safe;

use crate::model::Audit;
use crate::rules::Rules;

/// Language of report texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

/// How to render.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Language of texts.
    pub language: Language,
    /// Columns available.
    pub width: u16,
    /// Whether to colour.
    pub color: bool,
    /// Whether to show captured values instead of masks.
    pub show_values: bool,
}

/// A report format.
#[derive(Debug)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// Writes it.
    pub write: fn(&Audit, &Rules, Options, &mut dyn Write) -> io::Result<()>,
}

/// All formats.
pub const FORMATS: &[Format] = &[table::FORMAT, json::FORMAT];
