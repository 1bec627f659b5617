//! Flags that several verbs have in common.

use std::path::PathBuf;

use clap::Args;

use super::value::{
    FailOn, FormatAndFile, LanguageChoice, consent, evidence, format_and_file, percent,
};
use phonehome::gate::Evidence;

/// What several verbs read.
#[derive(Debug, Args)]
pub(crate) struct InputOptions {
    /// Capture, app package, device dump, or folder of these; `-` reads standard input
    ///
    /// Formats are recognised by content, never by name. In a folder, each folder right below it that holds inputs is one
    /// phone.
    #[arg(value_name = "INPUT", required_unless_present = "interface")]
    pub(crate) inputs: Vec<PathBuf>,

    /// Capture from this network interface until interrupted
    #[arg(
        long,
        value_name = "IF",
        conflicts_with = "inputs",
        help_heading = "Input options"
    )]
    pub(crate) interface: Option<String>,

    /// Read only packets that match this BPF expression
    #[arg(long, value_name = "BPF", help_heading = "Input options")]
    pub(crate) filter: Option<String>,

    /// Decrypt with the secrets of this key log (`SSLKEYLOGFILE`); repeatable
    ///
    /// Key logs in a phone's folder and in captures are used without being named.
    #[arg(long = "keylog", value_name = "FILE", help_heading = "Input options")]
    pub(crate) key_logs: Vec<PathBuf>,

    /// Look for the contacts, identifiers and positions of this list; repeatable
    ///
    /// A vCard, a CSV with a header (name, phone, email, imei, latitude …), TOML, getprop or `content query` output. Digests
    /// instead of values will do, so that the list itself need not leave its place. Lists in a phone's folder are used without
    /// being named.
    #[arg(long = "known", value_name = "FILE", help_heading = "Input options")]
    pub(crate) known: Vec<PathBuf>,

    /// Secret that a vendor mixes into the digests it makes; repeatable
    #[arg(
        long = "pepper",
        hide_short_help = true,
        value_name = "TEXT",
        help_heading = "Input options"
    )]
    pub(crate) peppers: Vec<String>,

    /// When the people at the phones gave consent: RFC 3339, `+90s` after the first packet, or `never`
    ///
    /// What apps sent before is a finding of its own. `consent_at` of a phone in phonehome.toml goes before.
    #[arg(long = "consent-at", hide_short_help = true, value_name = "TIME", value_parser = consent, help_heading = "Input options")]
    pub(crate) consent: Option<phonehome::model::Consent>,

    /// Compare with this capture of the same phone without contacts on it; repeatable
    ///
    /// Where a recipient gets as much more as fits the number of contacts in --known, that is said, with the calculation.
    #[arg(
        long = "baseline-capture",
        hide_short_help = true,
        value_name = "FILE",
        help_heading = "Input options"
    )]
    pub(crate) baseline_captures: Vec<PathBuf>,

    /// All traffic belongs to this app (package, bundle id or profile)
    #[arg(long, value_name = "ID", help_heading = "Input options")]
    pub(crate) app: Option<String>,

    /// Tell code in app packages also by this list of trackers (JSON of ETIP or Exodus Privacy)
    #[arg(long, value_name = "FILE", help_heading = "Input options")]
    pub(crate) trackers: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) rules: RulesOption,
}

/// Where rules come from.
#[derive(Debug, Args)]
pub(crate) struct RulesOption {
    /// Use the rules of this folder instead of the built-in ones
    #[arg(
        long = "rules",
        value_name = "DIR",
        env = "PHONEHOME_RULES",
        hide_env = true,
        help_heading = "Input options"
    )]
    pub(crate) folder: Option<PathBuf>,

    /// Score with the numbers of this file: `[scoring]` as in rules/legal.toml
    #[arg(
        long,
        hide_short_help = true,
        value_name = "FILE",
        help_heading = "Input options"
    )]
    pub(crate) method: Option<PathBuf>,
}

/// In which language people are told.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct LanguageOption {
    /// Language of texts [default: that of the locale]
    #[arg(
        long = "language",
        visible_alias = "lang",
        value_name = "LANG",
        env = "PHONEHOME_LANGUAGE",
        hide_env = true,
        help_heading = "Output options"
    )]
    pub(crate) choice: Option<LanguageChoice>,
}

/// How reports look.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output options")]
pub(crate) struct OutputOptions {
    /// Format, repeatable: table, json, html, markdown, sarif, junit, gitlab, github, csv, xlsx, dpv [default: by the name of
    /// --output, else table]
    ///
    /// `json=FILE` writes that one to FILE, `csv=DIR` fills a folder.
    #[arg(short, long = "format", value_name = "FORMAT[=FILE]", value_parser = format_and_file)]
    pub(crate) formats: Vec<FormatAndFile>,

    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Also write the pictures of the HTML report to DIR, as SVG
    #[arg(long, value_name = "DIR")]
    pub(crate) pictures: Option<PathBuf>,

    /// Where the case lies in a repository: SARIF, GitHub and GitLab then name files from its root
    #[arg(long, hide_short_help = true, value_name = "DIR")]
    pub(crate) path_prefix: Option<String>,

    #[command(flatten)]
    pub(crate) language: LanguageOption,

    /// Show captured values instead of masks; the report becomes confidential
    #[arg(long)]
    pub(crate) show_values: bool,

    /// Sign each report that goes to a file with this key of minisign (made by `minisign -G -W`)
    #[arg(long, hide_short_help = true, value_name = "KEY")]
    pub(crate) sign: Option<PathBuf>,
}

/// When an audit does not pass.
#[derive(Debug, Args)]
#[command(next_help_heading = "Gate options")]
pub(crate) struct GateOptions {
    /// Exit with status 1 if a finding sets a risk of this level or above
    ///
    /// In `JUnit`, such findings are failures; with `never`, those of medium risk or above.
    #[arg(long, value_name = "LEVEL", default_value = "never")]
    pub(crate) fail_on: FailOn,

    /// Exit with status 1 if an app that `phonehome.toml` forbids is on a phone, whatever it sends
    ///
    /// An exception for its use that has not expired lets it pass.
    #[arg(long, hide_short_help = true)]
    pub(crate) fail_on_forbidden: bool,

    /// Count only findings with this evidence or better: a grade, `transmitted`, or percent
    #[arg(long, hide_short_help = true, value_name = "GRADE|PERCENT", value_parser = evidence)]
    pub(crate) min_evidence: Option<Evidence>,

    /// Exit with status 1 if less than this share of bytes could be read
    #[arg(long, hide_short_help = true, value_name = "PERCENT", value_parser = percent)]
    pub(crate) min_coverage: Option<u8>,

    /// Count only findings that this earlier JSON report does not have
    #[arg(long, hide_short_help = true, value_name = "REPORT")]
    pub(crate) baseline: Option<PathBuf>,

    /// Suppressions of findings, as in `phonehome.toml` [default of audit: `phonehome.toml` of the case]
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub(crate) suppressions: Option<PathBuf>,
}

/// Where the output of small verbs goes, and how it looks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output options")]
pub(crate) struct SmallOutput {
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) language: LanguageOption,
}
