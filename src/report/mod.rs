//! An audit → bytes. An audit is first made [`Presentable`]; formats, one file and one line in [`FORMATS`] each, get nothing
//! else. Fixed words come from `language.rs`, words about rules from the rules.

mod alert;
mod chain;
mod code_quality;
mod compare;
mod country;
mod csv;
mod diff;
mod document;
mod dpv;
mod group;
mod html;
mod inputs;
mod json;
mod junit;
pub mod language;
mod markdown;
mod markup;
mod merged;
mod observation;
mod portrait;
mod presentable;
mod prose;
mod remedy;
mod rule;
mod sarif;
mod sheet;
mod table;
mod text;
mod verify;
mod what_if;
mod xlsx;

use std::io::{self, Write};

pub use compare::{COMPARISON_FORMATS, Comparison, ComparisonFormat, list_apps, show_app};
pub use diff::{DIFF_FORMATS, write_diff};
pub use document::{DOCUMENT_FORMATS, write_document};
pub use html::pictures;
pub use inputs::{INPUT_FORMATS, InputLine, write_inputs};
pub use json::schema as audit_schema;
pub use observation::{Observations, schema as observation_schema};
pub use presentable::Presentable;
pub use rule::{explain_rule, list_rules, similar_rules};
pub use text::{safe, wrapped};
pub use verify::{VERIFY_FORMATS, differences, stated_level, write_verification};
pub use what_if::{WHAT_IF_FORMATS, what_if_schema, write_plan, write_what_if};

use crate::model::RiskLevel;
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
    /// From which level of risk on a finding is a failure, in formats that know such.
    pub level: RiskLevel,
}

impl Options {
    /// Without colour, for formats to which findings are no failures.
    pub fn plain(language: Language, width: u16) -> Self {
        Self {
            language,
            width,
            color: false,
            level: RiskLevel::None,
        }
    }
}

/// A report format.
#[derive(Debug)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// Endings of file names that ask for it.
    pub endings: &'static [&'static str],
    /// Writes it.
    pub write: fn(&Presentable, &Rules, Options, &mut dyn Write) -> io::Result<()>,
}

/// All formats.
pub const FORMATS: &[Format] = &[
    table::FORMAT,
    json::FORMAT,
    html::FORMAT,
    markdown::FORMAT,
    sarif::FORMAT,
    junit::FORMAT,
    code_quality::GITLAB,
    code_quality::GITHUB,
    csv::FORMAT,
    xlsx::FORMAT,
    dpv::FORMAT,
];

/// Writes the files of a format that has several: their names and contents.
pub type Files = fn(&Presentable, &Rules, Options) -> io::Result<Vec<(String, Vec<u8>)>>;

/// Formats that are no text, so that a terminal is no place for them, by name.
pub const BINARY: &[&str] = &[xlsx::FORMAT.name];

/// Formats that fill a folder where they are given a place, by name.
pub const FOLDERS: &[(&str, Files)] = &[(csv::FORMAT.name, csv::files)];
