//! One function per verb: reads what it needs, lets the library work, writes the result. Knows the terminal; no analysis here.

mod apps;
mod compare;
mod gate;
mod keys;
mod live;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use phonehome::assess::{self, Step};
use phonehome::audit::{self, Outcome, Progress};
use phonehome::detect;
use phonehome::gate::Gate;
use phonehome::intake::{self, Case, Input};
use phonehome::model::{AppId, RiskLevel};
use phonehome::report::{self, FORMATS, InputLine, Language, Observations, Presentable};
use phonehome::rules::Rules;
use phonehome::{Error, Result};

use crate::cli::{
    self, Audit, Cli, ColorChoice, Document, FormatAndFile, Generated, Init, InputOptions, Inputs,
    LanguageChoice, LanguageOption, Observe, OutputOptions, Report, RuleExplain, RuleOptions,
    RuleVerb, RulesOption, Schema, Verb, WhatIf,
};

/// Columns of a report that goes to a file or a terminal that does not say its width.
const DEFAULT_WIDTH: u16 = 80;
/// Narrowest table.
const NARROWEST: u16 = 40;
/// Widest table: beyond, lines are hard to follow.
const WIDEST: u16 = 140;
/// How often the progress bar is drawn.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Done, and the gate is passed.
    Done,
    /// Done, and the gate is not passed.
    Risk,
    /// Not all that was asked could be done.
    Failed,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Done => Self::SUCCESS,
            Status::Risk => Self::from(1),
            Status::Failed => Self::from(2),
        }
    }
}

/// Runs a verb and prints what went wrong.
pub(crate) fn run(cli: Cli) -> Status {
    let result = match cli.verb {
        Verb::Audit(options) => audit(&options),
        Verb::Report(options) => report(&options),
        Verb::Diff(options) => compare::diff(&options),
        Verb::Verify(options) => compare::verify(&options),
        Verb::Observe(options) => observe(&options),
        Verb::Interfaces => live::interfaces(),
        Verb::Inputs(options) => inputs(&options),
        Verb::WhatIf(options) => what_if(&options),
        Verb::Document(options) => document(&options),
        Verb::Init(options) => init(&options),
        Verb::Apps(options) => apps::apps(&options),
        Verb::Compare(options) => apps::compare(&options),
        Verb::Rules(command) => match command.verb {
            RuleVerb::List(options) => list_rules(&options),
            RuleVerb::Explain(options) => explain_rule(&options),
            RuleVerb::Check(options) => check_rules(&options),
        },
        Verb::Schema(options) => schema(&options),
        Verb::Generate(options) => generate(&options.what),
    };
    match result {
        Ok(status) => status,
        Err(error) if is_closed_pipe(&error) => Status::Done,
        Err(error) => {
            complain(&error);
            Status::Failed
        }
    }
}

/// Whether the reader of our output went away: that is its right, not an error.
fn is_closed_pipe(error: &Error) -> bool {
    matches!(error, Error::Write(cause) if cause.kind() == io::ErrorKind::BrokenPipe)
}

/// Prints an error with its causes and the next step. Paths may be chosen by strangers, so all of it is made safe.
fn complain(error: &Error) {
    let mut message = format!("error: {}", report::safe(&error.to_string()));
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        message = format!("{message}\n  cause: {}", report::safe(&source.to_string()));
        cause = source.source();
    }
    if let Some(hint) = error.hint() {
        message = format!("{message}\n  hint: {hint}");
    }
    say(&message);
}

/// Prints a line on standard error. There is nowhere left to report a failure of that.
fn say(message: &str) {
    let _printed = writeln!(io::stderr(), "{message}");
}

fn audit(options: &Audit) -> Result<Status> {
    let rules = rules_of(&options.input)?;
    let targets = targets(&options.output)?;
    let mut gate = gate::read(&options.gate)?;
    let outcome = if let Some(name) = &options.input.interface {
        gate::add_suppressions(&mut gate, &options.gate, None)?;
        Outcome {
            audit: live::audit(options, name, &rules)?,
            errors: Vec::new(),
        }
    } else {
        let case = find(&options.input)?;
        gate::add_suppressions(&mut gate, &options.gate, case.policy_file.as_deref())?;
        with_progress(&case, options.output.quiet, |progress| {
            let mut pipeline = pipeline_options(&options.input, options.jobs)?;
            pipeline.has_pseudonyms = options.pseudonym_key.is_some();
            pipeline.has_split_clients = options.split_clients;
            audit::run(&case, &rules, &pipeline, progress)
        })?
    };
    let Outcome { audit, errors } = outcome;
    for error in &errors {
        complain(error);
    }
    if options.output.show_values && !options.output.quiet {
        say("note: the report shows captured values; treat it as confidential");
    }
    let shows_values = options.output.show_values;
    let report = keys::presentable(
        &audit,
        &rules,
        shows_values,
        options.pseudonym_key.as_deref(),
    )?;
    let language = language(options.output.language);
    write_reports(targets, &report, &rules, language, &options.output, &gate)?;
    let status = gate::judge(&gate, &report, &rules, options.output.quiet);
    Ok(if errors.is_empty() {
        status
    } else {
        Status::Failed
    })
}

fn report(options: &Report) -> Result<Status> {
    let rules = load_rules(&options.rules)?;
    let (report, written_in) = compare::saved(&options.saved)?;
    if options.output.show_values && !report.shows_values() {
        let reason =
            "the report holds no captured values; only an audit with --show-values keeps them";
        return Err(Error::Usage(reason.to_owned()));
    }
    if report.audit().rules_sha256 != rules.sha256 && !options.output.quiet {
        say("note: the report was made with other rules; texts are those of the rules at hand");
    }
    let targets = targets(&options.output)?;
    let language = match options.output.language.choice {
        Some(choice) => choice.into(),
        None => written_in,
    };
    let mut gate = gate::read(&options.gate)?;
    gate::add_suppressions(&mut gate, &options.gate, None)?;
    write_reports(targets, &report, &rules, language, &options.output, &gate)?;
    Ok(gate::judge(&gate, &report, &rules, options.output.quiet))
}

/// Reads a saved report, or standard input for `-`.
fn read_report(path: &Path) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let read = if path.as_os_str() == Input::STDIN {
        io::stdin().lock().read_to_end(&mut text)
    } else {
        File::open(path).and_then(|mut file| file.read_to_end(&mut text))
    };
    read.map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(text)
}

/// Renders a report in each format to its place.
fn write_reports(
    targets: Vec<(&'static report::Format, Option<PathBuf>)>,
    report: &Presentable,
    rules: &Rules,
    language: Language,
    options: &OutputOptions,
    gate: &Gate,
) -> Result<()> {
    let signer = keys::signer(options.sign.as_deref())?;
    for (format, file) in targets {
        let to_terminal = file.is_none() && io::stdout().is_terminal();
        let rendering = report::Options {
            language,
            width: options.width.unwrap_or_else(|| terminal_width(to_terminal)),
            color: is_coloured(options.color, to_terminal),
            level: gate.fail_on.unwrap_or(RiskLevel::Medium),
        };
        let mut folders = report::FOLDERS.iter();
        match (&file, folders.find(|(name, _)| *name == format.name)) {
            (Some(folder), Some((_, files))) => {
                for (name, contents) in files(report, rules, rendering)? {
                    create_folder(folder)?;
                    write_to(Some(&folder.join(name)), |out| out.write_all(&contents))?;
                }
            }
            _ => write_to(file.as_deref(), |out| {
                (format.write)(report, rules, rendering, out)
            })?,
        }
        if let Some(signer) = &signer {
            keys::sign(signer, file.as_deref())?;
        }
    }
    if let Some(folder) = &options.pictures {
        write_pictures(folder, report, rules, language)?;
    }
    Ok(())
}

/// Writes the pictures of a report into a folder, which is made if there is none.
fn write_pictures(
    folder: &Path,
    report: &Presentable,
    rules: &Rules,
    language: Language,
) -> Result<()> {
    create_folder(folder)?;
    for (name, picture) in report::pictures(report, rules, language) {
        write_to(Some(&folder.join(name)), |out| {
            out.write_all(picture.as_bytes())
        })?;
    }
    Ok(())
}

fn observe(options: &Observe) -> Result<Status> {
    let rules = rules_of(&options.input)?;
    let case = find(&options.input)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut lines = Observations::new(options.show_values);
    let device = |id: u32| {
        let device = usize::try_from(id).ok().and_then(|id| case.devices.get(id));
        device.map_or("", |device| device.name.as_str())
    };
    let errors = audit::observe(
        &case,
        &rules,
        &pipeline_options(&options.input, None)?,
        &mut |observation, decoded| {
            let device = device(observation.device.0);
            Ok(lines.write(device, observation, &decoded.fields, &mut out)?)
        },
    )?;
    out.flush()?;
    for error in &errors {
        complain(error);
    }
    Ok(if errors.is_empty() {
        Status::Done
    } else {
        Status::Failed
    })
}

fn inputs(options: &Inputs) -> Result<Status> {
    refuse_missing(&options.paths)?;
    let case = intake::survey(&options.paths)?;
    let mut lines = Vec::new();
    for device in &case.devices {
        lines.extend(device.inputs.iter().map(|input| InputLine {
            path: input.display.clone(),
            device: device.name.clone(),
            format: input.format.to_owned(),
            wrapping: input.wrapping.map(|wrapping| wrapping.name.to_owned()),
            bytes: input.bytes,
            has_traffic: input.has_traffic(),
            tells_of_device: input.format().is_some_and(|format| format.gather.is_some()),
            reason: None,
        }));
    }
    let of_case = case.policy_file.iter().filter_map(|path| path.file_name());
    lines.extend(of_case.map(|name| InputLine::apart(&name.to_string_lossy(), "policy", None)));
    let for_people = case.for_people.iter();
    lines.extend(for_people.map(|path| InputLine::apart(path, "text", None)));
    let left_out = case.left_out.iter();
    lines.extend(left_out.map(|(path, _, reason)| InputLine::apart(path, "unknown", Some(reason))));
    write_to(None, |out| {
        report::write_inputs(&lines, &options.format, language(options.language), out)
    })?;
    Ok(Status::Done)
}

fn what_if(options: &WhatIf) -> Result<Status> {
    let rules = load_rules(&options.rules)?;
    let steps = options.measures.iter();
    let steps: Vec<Step<'_>> = steps
        .map(|text| Step::parse(&rules, text).map_err(Error::Usage))
        .collect::<Result<_>>()?;
    let (report, errors) = report_of(&options.case, &rules)?;
    let look = report::Options {
        language: language(options.language),
        width: terminal_width(io::stdout().is_terminal()),
        color: false,
        level: RiskLevel::High,
    };
    let form = (options.format.as_str(), look);
    write_to(None, |out| {
        if options.plan {
            let plan = assess::plan(&rules, report.audit());
            report::write_plan(&plan, &report, &rules, form, out)
        } else {
            let change = assess::what_if(&rules, report.audit(), &steps);
            report::write_what_if(&change, &report, &rules, form, out)
        }
    })?;
    for error in &errors {
        complain(error);
    }
    Ok(if errors.is_empty() {
        Status::Done
    } else {
        Status::Failed
    })
}

/// A saved report, or one of a case or capture, with what could not be read of it.
fn report_of(path: &Path, rules: &Rules) -> Result<(Presentable, Vec<Error>)> {
    if path.as_os_str() == Input::STDIN {
        return Ok((compare::saved(path)?.0, Vec::new()));
    }
    if begins_like_json(path) {
        let text = read_report(path)?;
        match Presentable::from_json(&text) {
            Ok((report, _)) => return Ok((report, Vec::new())),
            // A report that cannot be read is no input to audit; another JSON file may be one.
            Err(reason) if is_of_ours(&text) => {
                let path = path.to_owned();
                return Err(Error::Format { path, reason });
            }
            Err(_) => {}
        }
    }
    refuse_missing(std::slice::from_ref(&path.to_owned()))?;
    let case = intake::discover(std::slice::from_ref(&path.to_owned()))?;
    let progress = Progress::default();
    let outcome = audit::run(&case, rules, &audit::Options::default(), &progress)?;
    let report = Presentable::new(&outcome.audit, rules, false);
    Ok((report, outcome.errors))
}

/// Whether it is worth reading a whole file as a report: captures may be larger than memory.
fn begins_like_json(path: &Path) -> bool {
    let mut first = [0; 1];
    let read = File::open(path).and_then(|mut file| file.read(&mut first));
    matches!(read, Ok(1)) && first == *b"{"
}

/// Whether a JSON file calls itself a report of phonehome.
fn is_of_ours(text: &[u8]) -> bool {
    const NAME: &[u8] = b"\"phonehome-audit\"";
    text.windows(NAME.len()).any(|words| words == NAME)
}

fn document(options: &Document) -> Result<Status> {
    let rules = load_rules(&options.rules)?;
    let (report, errors) = report_of(&options.case, &rules)?;
    let ending = options.output.as_deref().and_then(Path::extension);
    let by_name = match ending.and_then(OsStr::to_str) {
        Some("html" | "htm") => "html",
        _ => "markdown",
    };
    let format = options.format.as_deref().unwrap_or(by_name);
    let form = (format, language(options.language));
    write_to(options.output.as_deref(), |out| {
        report::write_document(&options.kind, &report, &rules, form, out)
    })?;
    for error in &errors {
        complain(error);
    }
    Ok(if errors.is_empty() {
        Status::Done
    } else {
        Status::Failed
    })
}

fn init(options: &Init) -> Result<Status> {
    let path = options.folder.join("phonehome.toml");
    let template = match language(options.language) {
        Language::German => intake::TEMPLATE_DE,
        Language::English => intake::TEMPLATE_EN,
    };
    let write = || {
        fs::create_dir_all(&options.folder)?;
        // What somebody has written there stays.
        let mut file = File::create_new(&path)?;
        file.write_all(template.as_bytes())
    };
    write().map_err(|source| Error::WriteFile {
        path: path.clone(),
        source,
    })?;
    say(&format!(
        "{} is written",
        report::safe(&path.display().to_string())
    ));
    Ok(Status::Done)
}

/// What the pipeline needs to know beside the inputs.
fn pipeline_options(options: &InputOptions, jobs: Option<u16>) -> Result<audit::Options> {
    if options.filter.is_some() && !cfg!(feature = "live") {
        return Err(Error::NoLive { flag: "--filter" });
    }
    Ok(audit::Options {
        app: options.app.as_deref().map(AppId::new),
        filter: options.filter.clone(),
        key_logs: options.key_logs.clone(),
        known: options.known.clone(),
        peppers: options
            .peppers
            .iter()
            .map(|pepper| pepper.as_bytes().to_vec())
            .collect(),
        has_pseudonyms: false,
        has_split_clients: false,
        has_trackers: options.trackers.is_some(),
        jobs: jobs.map_or(0, usize::from),
    })
}

/// Finds the inputs that the user named.
fn find(options: &InputOptions) -> Result<Case> {
    if options.interface.is_some() {
        return Err(if cfg!(feature = "live") {
            Error::Usage("only audit captures from an interface".to_owned())
        } else {
            Error::NoLive {
                flag: "--interface",
            }
        });
    }
    refuse_missing(&options.inputs)?;
    intake::discover(&options.inputs)
}

fn refuse_missing(paths: &[PathBuf]) -> Result<()> {
    for path in paths {
        if path.as_os_str() != Input::STDIN && !path.exists() {
            let source = io::Error::new(io::ErrorKind::NotFound, "there is no such file or folder");
            return Err(Error::Read {
                path: path.clone(),
                source,
            });
        }
    }
    Ok(())
}

/// The rules for reading inputs, with the list of trackers that the user named.
fn rules_of(options: &InputOptions) -> Result<Rules> {
    let mut rules = load_rules(&options.rules)?;
    if let Some(path) = &options.trackers {
        rules.load_trackers(path)?;
    }
    Ok(rules)
}

fn load_rules(option: &RulesOption) -> Result<Rules> {
    let mut rules = match &option.folder {
        Some(folder) => Rules::load(folder)?,
        None => Rules::embedded()?,
    };
    if let Some(path) = &option.method {
        rules.load_method(path)?;
    }
    Ok(rules)
}

/// Where each report goes. Two reports in one place would overwrite or mix each other.
fn targets(options: &OutputOptions) -> Result<Vec<(&'static report::Format, Option<PathBuf>)>> {
    let mut taken = BTreeSet::new();
    let mut targets = Vec::new();
    let by_name = [FormatAndFile {
        format: format_by_name(options.output.as_deref()),
        file: None,
    }];
    let formats = if options.formats.is_empty() {
        by_name.as_slice()
    } else {
        &options.formats
    };
    for FormatAndFile { format, file } in formats {
        let file = file.clone().or_else(|| options.output.clone());
        if !taken.insert(file.clone()) {
            let place = file.map_or_else(
                || "standard output".to_owned(),
                |file| file.display().to_string(),
            );
            let advice = "give each its own file: --format json=FILE";
            return Err(Error::Usage(format!("two reports go to {place}; {advice}")));
        }
        targets.extend(
            FORMATS
                .iter()
                .find(|known| known.name == *format)
                .map(|known| (known, file)),
        );
    }
    Ok(targets)
}

/// The format that the ending of a file's name asks for; the table if none does.
fn format_by_name(file: Option<&Path>) -> &'static str {
    let ending = file.and_then(Path::extension).and_then(OsStr::to_str);
    FORMATS
        .iter()
        .find(|format| ending.is_some_and(|ending| format.endings.contains(&ending)))
        .map_or("table", |format| format.name)
}

fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|source| Error::WriteFile {
        path: path.to_owned(),
        source,
    })
}

/// Writes to a file or to standard output.
fn write_to(
    file: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    let Some(path) = file else {
        let mut out = BufWriter::new(io::stdout().lock());
        write(&mut out)?;
        return Ok(out.flush()?);
    };
    let to_file = || {
        let mut out = BufWriter::new(File::create(path)?);
        write(&mut out)?;
        out.flush()
    };
    to_file().map_err(|source| Error::WriteFile {
        path: path.to_owned(),
        source,
    })
}

/// Runs `work` with a progress bar on standard error, if that is a terminal and the work takes long enough to be seen.
fn with_progress<T>(case: &Case, is_quiet: bool, work: impl FnOnce(&Progress) -> T) -> T {
    let progress = Progress::default();
    let is_dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
    if is_quiet || is_dumb || !io::stderr().is_terminal() {
        return work(&progress);
    }
    let total: u64 = case
        .devices
        .iter()
        .flat_map(|device| &device.inputs)
        .map(|input| input.bytes)
        .sum();
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let template = "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    let result = std::thread::scope(|scope| {
        let (done, is_done) = mpsc::channel::<()>();
        let (bar, progress) = (&bar, &progress);
        let drawer = scope.spawn(move || {
            // The channel closes when the work ends, also when it ends by a panic.
            while is_done.recv_timeout(PROGRESS_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                bar.set_position(progress.bytes.load(Ordering::Relaxed).min(total));
            }
        });
        let result = work(progress);
        drop(done);
        let _ended = drawer.join();
        result
    });
    bar.finish_and_clear();
    result
}

fn list_rules(options: &RuleOptions) -> Result<Status> {
    let rules = load_rules(&options.rules)?;
    write_to(None, |out| {
        report::list_rules(&rules, language(options.language), out)
    })?;
    Ok(Status::Done)
}

fn explain_rule(options: &RuleExplain) -> Result<Status> {
    let rules = load_rules(&options.options.rules)?;
    let mut is_known = false;
    write_to(None, |out| {
        is_known =
            report::explain_rule(&rules, &options.id, language(options.options.language), out)?;
        Ok(())
    })?;
    if is_known {
        return Ok(Status::Done);
    }
    let similar = report::similar_rules(&rules, &options.id).join(", ");
    let advice = if similar.is_empty() {
        "see: phonehome rules list".to_owned()
    } else {
        format!("similar: {similar}")
    };
    Err(Error::Usage(format!(
        "there is no rule {}; {advice}",
        options.id
    )))
}

fn check_rules(options: &RuleOptions) -> Result<Status> {
    let mut problems: Vec<String> = Rules::check(options.rules.folder.as_deref())?
        .iter()
        .map(ToString::to_string)
        .collect();
    if problems.is_empty() {
        // Examples run through the whole chain, so they need rules that hold.
        problems = detect::failed_examples(&load_rules(&options.rules)?);
    }
    for problem in &problems {
        say(&format!("error: {}", report::safe(problem)));
    }
    if !problems.is_empty() {
        return Ok(Status::Failed);
    }
    write_to(None, |out| match language(options.language) {
        Language::English => writeln!(
            out,
            "All rules hold, and their examples show what they say."
        ),
        Language::German => writeln!(
            out,
            "Alle Regeln sind in Ordnung, und ihre Beispiele zeigen, was sie sagen."
        ),
    })?;
    Ok(Status::Done)
}

fn generate(what: &Generated) -> Result<Status> {
    write_to(None, |out| match what {
        Generated::Man { output } => cli::write_man(output.as_deref(), out),
        Generated::Completions { shell } => cli::write_completions(*shell, out),
    })?;
    Ok(Status::Done)
}

fn schema(options: &Schema) -> Result<Status> {
    let schema = match options.of.as_str() {
        "observation" => report::observation_schema(),
        "what-if" => report::what_if_schema(),
        _ => report::audit_schema(),
    };
    write_to(None, |out| {
        let text = serde_json::to_string_pretty(&schema)?;
        writeln!(out, "{text}")
    })?;
    Ok(Status::Done)
}

/// Columns of the terminal, within what reads well.
fn terminal_width(is_terminal: bool) -> u16 {
    let size = if is_terminal {
        terminal_size::terminal_size()
    } else {
        None
    };
    size.map_or(DEFAULT_WIDTH, |(columns, _)| {
        columns.0.clamp(NARROWEST, WIDEST)
    })
}

fn is_coloured(choice: ColorChoice, is_terminal: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            // https://no-color.org: any value but the empty one.
            let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            let is_dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
            is_terminal && !is_refused && !is_dumb
        }
    }
}

/// The language asked for, else that of the locale (POSIX: `LC_ALL` before `LC_MESSAGES` before `LANG`), else English.
fn language(option: LanguageOption) -> Language {
    if let Some(choice) = option.choice {
        return choice.into();
    }
    let is_german = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|locale| !locale.is_empty())
        .is_some_and(|locale| locale == "de" || locale.starts_with("de_"));
    if is_german {
        Language::German
    } else {
        Language::English
    }
}

impl From<LanguageChoice> for Language {
    fn from(choice: LanguageChoice) -> Self {
        match choice {
            LanguageChoice::En => Self::English,
            LanguageChoice::De => Self::German,
        }
    }
}
