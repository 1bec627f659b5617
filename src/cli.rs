//! Every flag and its help; with the files below it the only home of clap. What a verb does stands in `command.rs`.

mod options;
mod value;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Args, CommandFactory as _, Parser, Subcommand};

pub(crate) use self::options::{
    GateOptions, InputOptions, LanguageOption, OutputOptions, RulesOption, SmallOutput,
};
use self::value::duration;
pub(crate) use self::value::{ColorChoice, FailOn, FormatAndFile, LanguageChoice};

/// Exit status, examples and environment of the whole tool.
const AFTER_HELP: &str = "\
Examples:
  phonehome audit case/                      risk per app of all phones of a case
  phonehome audit phone.pcapng -f json -o report.json
  phonehome audit app.har --app com.example  all of it belongs to one app
  phonehome audit case/ --fail-on high       exit status 1 if a risk is high or more
  phonehome report report.json --lang de     a saved report, in German
  phonehome diff old.json new.json           what is new, gone, changed
  phonehome verify report.json case/         whether a report says what its inputs show
  phonehome inputs case/                     what each file is, and is used for
  phonehome what-if case/ --plan             measures, most relief for the effort first
  phonehome document messenger report.json   a memo, a record, a sheet for staff … as a draft
  phonehome init case/                       a commented phonehome.toml to fill in
  phonehome observe phone.pcap | jq .        what was seen, one JSON line each
  phonehome rules explain advertising-id     what a rule looks for, and why
  phonehome compare whatsapp signal mattermost   messengers side by side

Exit status:
  0  done, and the gate is passed: nothing at or above --fail-on
  1  done, and the gate is not passed: --fail-on, --fail-on-forbidden, --min-coverage, or a suppression that has expired;
     of verify: the report does not hold, or names other rules, options or another version, so that not all of it could be checked
  2  not all that was asked could be done, as when a capture is empty or cannot be read; messages are on standard error

Environment:
  NO_COLOR            no colour, unless --color always
  PHONEHOME_RULES     rules folder, as --rules
  PHONEHOME_LANGUAGE  language of reports, as --language
";

/// Shows what the apps on company phones send home, and what that means under the GDPR
///
/// Reads captures of network traffic, app packages and device dumps, and reports per app what left the phone, towards whom,
/// and which GDPR risks that touches. Works offline: it opens no network connection.
#[derive(Debug, Parser)]
#[command(name = "phonehome", version, max_term_width = 100, after_long_help = AFTER_HELP, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// What to do
    #[command(subcommand)]
    pub(crate) verb: Verb,

    #[command(flatten)]
    pub(crate) talk: TalkOptions,
}

/// How much is said beside reports, and how it looks: the same for all verbs.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct TalkOptions {
    /// No progress and no notes on standard error, only errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,

    /// Say on standard error what is read, and how fast
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,

    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,

    /// Columns of what is shown [default: those of the terminal, else 80]
    #[arg(long, global = true, hide_short_help = true, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(40..=1000))]
    pub(crate) width: Option<u16>,
}

/// What [`parse`] has answered itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    /// Help or version, on standard output.
    Help,
    /// What is wrong with the arguments, on standard error.
    Refusal,
}

/// The arguments of the program.
pub(crate) fn parse() -> Result<Cli, Answered> {
    Cli::try_parse().map_err(|answer| {
        // Nothing is left to do if it cannot be printed (a closed pipe).
        let _printed = answer.print();
        if answer.use_stderr() {
            Answered::Refusal
        } else {
            Answered::Help
        }
    })
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Report per app what left the phones, to whom, and the GDPR risk
    #[command(after_long_help = AFTER_HELP)]
    Audit(Audit),
    /// Render a saved JSON report in another format or language
    Report(Report),
    /// Compare two saved JSON reports: what is new, gone, changed
    Diff(Diff),
    /// Check a saved JSON report against its inputs: which evidence is found again
    Verify(Verify),
    /// Print each observation as a line of JSON
    Observe(Observe),
    /// List the network interfaces that can be captured from
    Interfaces,
    /// Say what each file is, whose phone it is put to, and what it is used for
    Inputs(Inputs),
    /// Compute what measures would change: which findings go, which stay
    WhatIf(WhatIf),
    /// Draft a document from a report: record, impact assessment, memo …
    Document(Document),
    /// Write a commented phonehome.toml for the company's decisions
    Init(Init),
    /// List the profiles of apps, or show one with its sources
    Apps(Apps),
    /// Set messengers and other systems side by side, documented and measured
    Compare(Compare),
    /// List, explain and check the rules
    Rules(RuleCommand),
    /// Print the JSON Schema of the JSON report
    Schema(Schema),
    /// Print manual pages, or completions for a shell
    Generate(Generate),
}

/// `phonehome audit`.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    pub(crate) input: InputOptions,

    #[command(flatten)]
    pub(crate) output: OutputOptions,

    #[command(flatten)]
    pub(crate) gate: GateOptions,

    /// Label values by the secret in this file: the same value has the same label in every report
    #[arg(
        long,
        hide_short_help = true,
        value_name = "FILE",
        conflicts_with = "show_values",
        help_heading = "Output options"
    )]
    pub(crate) pseudonym_key: Option<PathBuf>,

    /// End a live capture after this time (`90s`, `10m`, `2h`) instead of by Ctrl-C
    #[arg(long, hide_short_help = true, value_name = "TIME", requires = "interface", value_parser = duration, help_heading = "Input options")]
    pub(crate) duration: Option<std::time::Duration>,

    /// Keep the packets of a live capture in this file (pcap)
    #[arg(
        long,
        value_name = "FILE",
        requires = "interface",
        help_heading = "Input options"
    )]
    pub(crate) write: Option<PathBuf>,

    /// Make each client of a network a phone of its own, in captures taken at a gateway or hotspot
    ///
    /// Clients are told apart by hardware address where the capture has them, else by IP address, and named as they call
    /// themselves in DHCP or multicast DNS. A live capture always does so.
    #[arg(
        long,
        conflicts_with = "interface",
        hide_short_help = true,
        help_heading = "Input options"
    )]
    pub(crate) split_clients: bool,

    /// Inputs read at once [default: one per core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Input options")]
    pub(crate) jobs: Option<u16>,
}

/// `phonehome report`.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// A report that `phonehome audit --format json` has written; `-` reads standard input
    #[arg(value_name = "REPORT")]
    pub(crate) saved: PathBuf,

    /// The saved report must be signed (REPORT.minisig) by this public key of minisign: a file, or the key itself
    #[arg(
        long,
        hide_short_help = true,
        value_name = "PUBKEY",
        help_heading = "Input options"
    )]
    pub(crate) trust: Option<String>,

    #[command(flatten)]
    pub(crate) rules: RulesOption,

    #[command(flatten)]
    pub(crate) output: OutputOptions,

    #[command(flatten)]
    pub(crate) gate: GateOptions,
}

/// `phonehome diff`.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The earlier report, from `phonehome audit --format json`
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,

    /// The later report
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,

    /// Format
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = PossibleValuesParser::new(phonehome::report::DIFF_FORMATS))]
    pub(crate) format: String,

    /// Exit with status 1 if a finding of this level or above is new, or its risk rose
    #[arg(long, value_name = "LEVEL", default_value = "never")]
    pub(crate) fail_on_new: FailOn,

    #[command(flatten)]
    pub(crate) rules: RulesOption,

    #[command(flatten)]
    pub(crate) output: SmallOutput,
}

/// `phonehome verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The report, from `phonehome audit --format json`
    #[arg(value_name = "REPORT")]
    pub(crate) report: PathBuf,

    #[command(flatten)]
    pub(crate) input: InputOptions,

    /// The report must be signed (REPORT.minisig) by this public key of minisign: a file, or the key itself
    #[arg(long, value_name = "PUBKEY")]
    pub(crate) trust: Option<String>,

    /// The secret that labels of the report were made with
    #[arg(long, value_name = "FILE")]
    pub(crate) pseudonym_key: Option<PathBuf>,

    /// Format
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = PossibleValuesParser::new(phonehome::report::VERIFY_FORMATS))]
    pub(crate) format: String,

    #[command(flatten)]
    pub(crate) output: SmallOutput,

    /// Inputs read at once [default: one per core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Input options")]
    pub(crate) jobs: Option<u16>,
}

/// `phonehome inputs`.
#[derive(Debug, Args)]
pub(crate) struct Inputs {
    /// File or folder
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,

    /// Format
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = PossibleValuesParser::new(phonehome::report::INPUT_FORMATS))]
    pub(crate) format: String,

    #[command(flatten)]
    pub(crate) language: LanguageOption,
}

/// `phonehome what-if`.
#[derive(Debug, Args)]
pub(crate) struct WhatIf {
    /// Case folder or capture, or a report that `phonehome audit --format json` has written
    #[arg(value_name = "CASE")]
    pub(crate) case: PathBuf,

    /// Take this measure; repeatable, they combine
    ///
    /// dedicated-phone:APP, deny-contacts:APP, replace:APP=APP, block-host:HOST, self-host:APP, work-profile,
    /// sign-contract:COMPANY.
    #[arg(short, long = "measure", value_name = "KIND[:ARG]")]
    pub(crate) measures: Vec<String>,

    /// Rank single measures by how much risk they take away for their effort
    #[arg(long, conflicts_with = "measures")]
    pub(crate) plan: bool,

    /// Format
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = PossibleValuesParser::new(phonehome::report::WHAT_IF_FORMATS))]
    pub(crate) format: String,

    #[command(flatten)]
    pub(crate) rules: RulesOption,

    #[command(flatten)]
    pub(crate) language: LanguageOption,
}

/// `phonehome document`.
#[derive(Debug, Args)]
pub(crate) struct Document {
    /// What to draft
    ///
    /// record: rows for the record of processing activities (GDPR Art. 30). dpia: impact assessment (Art. 35). transfers: to
    /// third countries (Ch. V). staff: information for staff. works-council: for the staff representation. messenger: decision
    /// memo.
    #[arg(value_name = "KIND", value_parser = PossibleValuesParser::new(phonehome::rules::DOCUMENTS))]
    pub(crate) kind: String,

    /// A report that `phonehome audit --format json` has written, or a case folder or capture
    #[arg(value_name = "REPORT")]
    pub(crate) case: PathBuf,

    /// Format [default: by the name of --output, else markdown]
    #[arg(short, long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(phonehome::report::DOCUMENT_FORMATS), help_heading = "Output options")]
    pub(crate) format: Option<String>,

    /// Write to FILE instead of standard output; what is in it is replaced
    #[arg(short, long, value_name = "FILE", help_heading = "Output options")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) rules: RulesOption,

    #[command(flatten)]
    pub(crate) language: LanguageOption,
}

/// `phonehome init`.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Case folder that gets the file; made if it does not exist
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,

    #[command(flatten)]
    pub(crate) language: LanguageOption,
}

/// `phonehome observe`.
#[derive(Debug, Args)]
pub(crate) struct Observe {
    #[command(flatten)]
    pub(crate) input: InputOptions,

    /// Show captured values instead of masks; the output becomes confidential
    #[arg(long)]
    pub(crate) show_values: bool,
}

/// `phonehome apps`.
#[derive(Debug, Args)]
pub(crate) struct Apps {
    /// Id, name, package or bundle id of an app
    #[arg(value_name = "APP")]
    pub(crate) app: Option<String>,

    #[command(flatten)]
    pub(crate) rules: RulesOption,

    #[command(flatten)]
    pub(crate) language: LanguageOption,
}

/// `phonehome compare`.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Ids or names of apps; `phonehome apps` lists them
    #[arg(value_name = "APP", required = true)]
    pub(crate) apps: Vec<String>,

    /// Show what was measured beside what is documented: from a saved JSON report, or a case that is audited for it
    #[arg(long, value_name = "CASE", help_heading = "Input options")]
    pub(crate) case: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) rules: RulesOption,

    /// Format
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = PossibleValuesParser::new(phonehome::report::COMPARISON_FORMATS.iter().map(|format| format.name)), help_heading = "Output options")]
    pub(crate) format: String,

    #[command(flatten)]
    pub(crate) language: LanguageOption,
}

/// `phonehome rules`.
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub(crate) struct RuleCommand {
    /// What to do with the rules
    #[command(subcommand)]
    pub(crate) verb: RuleVerb,
}

/// The verbs of `phonehome rules`.
#[derive(Debug, Subcommand)]
pub(crate) enum RuleVerb {
    /// List all rules: id, kind and name
    List(RuleOptions),
    /// Say what a rule looks for, why, and which provisions it touches
    Explain(RuleExplain),
    /// Check that all rules hold, with their own examples
    Check(RuleOptions),
}

/// Options of all rule verbs.
#[derive(Debug, Args)]
pub(crate) struct RuleOptions {
    #[command(flatten)]
    pub(crate) rules: RulesOption,

    #[command(flatten)]
    pub(crate) language: LanguageOption,
}

/// `phonehome rules explain`.
#[derive(Debug, Args)]
pub(crate) struct RuleExplain {
    /// Id of a rule, app, provision, question or permission, or a host name
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) options: RuleOptions,
}

/// `phonehome generate`.
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub(crate) struct Generate {
    /// What to make
    #[command(subcommand)]
    pub(crate) what: Generated,
}

/// What `phonehome generate` makes.
#[derive(Debug, Subcommand)]
pub(crate) enum Generated {
    /// The manual page; with --output all pages, one per verb
    Man {
        /// Write all pages to this folder
        #[arg(short, long, value_name = "DIR")]
        output: Option<PathBuf>,
    },
    /// Completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Writes manual pages: all to a folder, or that of the program.
pub(crate) fn write_man(folder: Option<&Path>, out: &mut dyn Write) -> io::Result<()> {
    match folder {
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            clap_mangen::generate_to(Cli::command(), folder)
        }
        None => clap_mangen::Man::new(Cli::command()).render(out),
    }
}

/// Writes completions of a shell.
pub(crate) fn write_completions(
    shell: clap_complete::Shell,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "phonehome", &mut script);
    out.write_all(&script)
}

/// `phonehome schema`.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Of which output
    #[arg(value_name = "OUTPUT", default_value = "audit", value_parser = PossibleValuesParser::new(["audit", "observation", "what-if"]))]
    pub(crate) of: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds() {
        Cli::command().debug_assert();
    }
}
