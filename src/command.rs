//! One function per verb: reads what it needs, lets the library work, writes the result. Knows the terminal; no analysis here.

mod apps;
mod compare;
mod gate;
mod keys;
mod live;
mod talk;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use phonehome::assess::{self, Step};
use phonehome::audit::{self, Outcome};
use phonehome::detect;
use phonehome::gate::Gate;
use phonehome::intake::{self, Case, Input};
use phonehome::model::{AppId, RiskLevel};
use phonehome::report::{self, BINARY, FORMATS, InputLine, Language, Observations, Presentable};
use phonehome::rules::Rules;
use phonehome::{Error, Result};

use self::talk::{complain, say};
use crate::cli::{
    self, Audit, Cli, Document, FormatAndFile, Generated, Init, InputOptions, Inputs,
    LanguageChoice, LanguageOption, Observe, OutputOptions, Report, RuleExplain, RuleOptions,
    RuleVerb, RulesOption, Schema, TalkOptions, Verb, WhatIf,
};

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
    let talk = cli.talk;
    let result = match cli.verb {
        Verb::Audit(options) => audit(&options, talk),
        Verb::Report(options) => report(&options, talk),
        Verb::Diff(options) => compare::diff(&options, talk),
        Verb::Verify(options) => compare::verify(&options, talk),
        Verb::Observe(options) => observe(&options, talk),
        Verb::Interfaces => live::interfaces(talk),
        Verb::Inputs(options) => inputs(&options, talk),
        Verb::WhatIf(options) => what_if(&options, talk),
        Verb::Document(options) => document(&options, talk),
        Verb::Init(options) => init(&options, talk),
        Verb::Apps(options) => apps::apps(&options, talk),
        Verb::Compare(options) => apps::compare(&options, talk),
        Verb::Rules(command) => match command.verb {
            RuleVerb::List(options) => list_rules(&options, talk),
            RuleVerb::Explain(options) => explain_rule(&options, talk),
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

fn audit(options: &Audit, talk: TalkOptions) -> Result<Status> {
    let rules = rules_of(&options.input)?;
    if options.input.interface.is_none() {
        let of_live = [
            ("--duration", options.duration.is_some()),
            ("--write", options.write.is_some()),
        ];
        if let Some((flag, _)) = of_live.iter().find(|(_, is_given)| *is_given) {
            let reason = format!("{flag} is about a live capture: name its --interface");
            return Err(Error::Usage(reason));
        }
    }
    let targets = targets(&options.output)?;
    let mut gate = gate::read(&options.gate)?;
    let outcome = if let Some(name) = &options.input.interface {
        gate::add_suppressions(&mut gate, &options.gate, None)?;
        Outcome {
            audit: live::audit(options, name, &rules, talk)?,
            errors: Vec::new(),
        }
    } else {
        let case = find(&options.input)?;
        gate::add_suppressions(&mut gate, &options.gate, case.policy_file.as_deref())?;
        talk.watched(&case, &rules, |progress| {
            let mut pipeline = pipeline_options(&options.input, options.jobs)?;
            pipeline.has_pseudonyms = options.pseudonym_key.is_some();
            pipeline.has_split_clients = options.split_clients;
            audit::run(&case, &rules, &pipeline, progress)
        })?
    };
    let Outcome { audit, errors } = outcome;
    let read = complain_of(&errors);
    if options.output.show_values {
        talk.note("the report shows captured values; treat it as confidential");
    }
    let shows_values = options.output.show_values;
    let mut report = keys::presentable(
        &audit,
        &rules,
        shows_values,
        options.pseudonym_key.as_deref(),
    )?;
    let look = (language(options.output.language), talk);
    let judged = deliver(targets, &mut report, &rules, look, &options.output, &gate)?;
    Ok(match read {
        Status::Done => judged,
        read => read,
    })
}

fn report(options: &Report, talk: TalkOptions) -> Result<Status> {
    if !keys::is_trusted(options.trust.as_deref(), &options.saved)? {
        return Ok(Status::Risk);
    }
    let rules = load_rules(&options.rules)?;
    let (mut report, written_in) = compare::saved(&options.saved)?;
    if options.output.show_values && !report.shows_values() {
        let reason =
            "the report holds no captured values; only an audit with --show-values keeps them";
        return Err(Error::Usage(reason.to_owned()));
    }
    if report.audit().rules_sha256 != rules.sha256 {
        talk.note("the report was made with other rules; texts are those of the rules at hand");
    }
    let targets = targets(&options.output)?;
    let language = match options.output.language.choice {
        Some(choice) => choice.into(),
        None => written_in,
    };
    let mut gate = gate::read(&options.gate)?;
    gate::add_suppressions(&mut gate, &options.gate, None)?;
    let look = (language, talk);
    deliver(targets, &mut report, &rules, look, &options.output, &gate)
}

/// Judges a report, writes it to all its places, and says what does not pass.
fn deliver(
    targets: Vec<Target>,
    report: &mut Presentable,
    rules: &Rules,
    look: (Language, TalkOptions),
    options: &OutputOptions,
    gate: &Gate,
) -> Result<Status> {
    let verdict = gate::verdict(gate, report, rules);
    report.exempt(verdict.exemptions.clone());
    write_reports(targets, report, rules, look, options, gate)?;
    Ok(gate::announce(gate, &verdict, look.1))
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
    targets: Vec<Target>,
    report: &Presentable,
    rules: &Rules,
    (language, talk): (Language, TalkOptions),
    options: &OutputOptions,
    gate: &Gate,
) -> Result<()> {
    let signer = keys::signer(options.sign.as_deref())?;
    for (format, file) in targets {
        if file.is_none() && io::stdout().is_terminal() && BINARY.contains(&format.name) {
            let name = format.name;
            let advice = format!("{name} is no text for a terminal; name a file: -f {name}=FILE");
            return Err(Error::Usage(advice));
        }
        let rendering = report::Options {
            language,
            width: talk.width(file.is_some()),
            color: talk.is_coloured(file.is_some()),
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

fn observe(options: &Observe, talk: TalkOptions) -> Result<Status> {
    let rules = rules_of(&options.input)?;
    let case = find(&options.input)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut lines = Observations::new(options.show_values);
    let device = |id: u32| {
        let device = usize::try_from(id).ok().and_then(|id| case.devices.get(id));
        device.map_or("", |device| device.name.as_str())
    };
    talk.announce(&case, &rules);
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
    Ok(complain_of(&errors))
}

fn inputs(options: &Inputs, talk: TalkOptions) -> Result<Status> {
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
    let write = |out: &mut dyn Write| {
        report::write_inputs(&lines, &options.format, language(options.language), out)
    };
    if options.format == "json" {
        write_to(None, write)?;
    } else {
        write_prose(talk, write)?;
    }
    Ok(Status::Done)
}

fn what_if(options: &WhatIf, talk: TalkOptions) -> Result<Status> {
    let rules = load_rules(&options.rules)?;
    let steps = options.measures.iter();
    let steps: Vec<Step<'_>> = steps
        .map(|text| Step::parse(&rules, text).map_err(Error::Usage))
        .collect::<Result<_>>()?;
    let (report, errors) = report_of(&options.case, &rules, talk)?;
    for step in &steps {
        let known = step.must_be_known(&rules, report.audit());
        known.map_err(Error::Usage)?;
    }
    let look = report::Options {
        language: language(options.language),
        width: talk.width(false),
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
    Ok(complain_of(&errors))
}

/// Complains of what could not be read; the status says whether there was any.
fn complain_of(errors: &[Error]) -> Status {
    for error in errors {
        complain(error);
    }
    if errors.is_empty() {
        Status::Done
    } else {
        Status::Failed
    }
}

/// A saved report, or one of a case or capture, with what could not be read of it.
fn report_of(path: &Path, rules: &Rules, talk: TalkOptions) -> Result<(Presentable, Vec<Error>)> {
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
    audited(path, rules, talk)
}

/// A case or capture, audited with masks, and what could not be read of it.
fn audited(path: &Path, rules: &Rules, talk: TalkOptions) -> Result<(Presentable, Vec<Error>)> {
    let paths = [path.to_owned()];
    refuse_missing(&paths)?;
    let case = intake::discover(&paths)?;
    let Outcome { audit, errors } = talk.watched(&case, rules, |progress| {
        audit::run(&case, rules, &audit::Options::default(), progress)
    })?;
    Ok((Presentable::new(&audit, rules, false), errors))
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

fn document(options: &Document, talk: TalkOptions) -> Result<Status> {
    let rules = load_rules(&options.rules)?;
    let (report, errors) = report_of(&options.case, &rules, talk)?;
    let by_name = match options.output.as_deref().and_then(ending).as_deref() {
        Some("html" | "htm") => Ok("html"),
        Some("md" | "markdown" | "txt") | None => Ok("markdown"),
        Some(ending) => Err(Error::Usage(format!(
            "documents are written as .md or .html, which word processors open, and not as .{ending}"
        ))),
    };
    let format = match &options.format {
        Some(format) => format.as_str(),
        None => by_name?,
    };
    let form = (format, language(options.language));
    write_to(options.output.as_deref(), |out| {
        report::write_document(&options.kind, &report, &rules, form, out)
    })?;
    Ok(complain_of(&errors))
}

fn init(options: &Init, talk: TalkOptions) -> Result<Status> {
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
    let shown = report::safe(&path.display().to_string());
    match write() {
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Error::Usage(format!(
                "{shown} is there already and stays as it is; move it away for a new one"
            )));
        }
        Err(source) => return Err(Error::WriteFile { path, source }),
        Ok(()) => {}
    }
    if !talk.quiet {
        say(&format!(
            "{shown} is written: fill it in, then phonehome audit"
        ));
    }
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
        consent: options.consent,
        baseline: options.baseline_captures.clone(),
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
    let is_stdin = |path: &&PathBuf| path.as_os_str() == Input::STDIN;
    if paths.iter().filter(is_stdin).count() > 1 {
        let reason = "standard input can be read only once";
        return Err(Error::Usage(reason.to_owned()));
    }
    for path in paths {
        if path.as_os_str() != Input::STDIN && !path.exists() {
            let near = neighbour(path).map_or_else(String::new, |near| {
                format!("; did you mean {}?", near.display())
            });
            let reason = format!("there is no such file or folder{near}");
            let source = io::Error::new(io::ErrorKind::NotFound, reason);
            return Err(Error::Read {
                path: path.clone(),
                source,
            });
        }
    }
    Ok(())
}

/// What lies where a path was looked for, by nearly the same name.
fn neighbour(path: &Path) -> Option<PathBuf> {
    let missing = path.ancestors().find(|part| {
        let folder = part.parent();
        !part.exists()
            && folder.is_some_and(|folder| folder.as_os_str().is_empty() || folder.is_dir())
    })?;
    let folder = missing.parent()?;
    let place = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let name = missing.file_name()?.to_string_lossy();
    let names = fs::read_dir(place)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.file_name()));
    let distance = |other: &std::ffi::OsString| {
        strsim::damerau_levenshtein(
            &name.to_lowercase(),
            &other.to_string_lossy().to_lowercase(),
        )
    };
    let near = names.filter(|other| distance(other) <= 2);
    let near = near.min_by_key(|other| (distance(other), other.clone()))?;
    let rest = path.strip_prefix(missing).ok()?;
    let mut found = folder.join(near);
    if rest.file_name().is_some() {
        found.push(rest);
    }
    found.exists().then_some(found)
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

/// A format, and the file that it goes to if not to standard output.
type Target = (&'static report::Format, Option<PathBuf>);

/// Where each report goes. Two reports in one place would overwrite or mix each other.
fn targets(options: &OutputOptions) -> Result<Vec<Target>> {
    if let Some(output) = &options.output
        && !options.formats.is_empty()
        && options.formats.iter().all(|format| format.file.is_some())
    {
        let reason = format!(
            "nothing would go to {}: each --format names its own file",
            output.display()
        );
        return Err(Error::Usage(reason));
    }
    let mut taken = BTreeSet::new();
    let mut targets = Vec::new();
    let by_name = [FormatAndFile {
        format: format_by_name(options.output.as_deref())?,
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
    let signs_nothing = targets.iter().any(|(format, file)| {
        file.is_none() || report::FOLDERS.iter().any(|(name, _)| *name == format.name)
    });
    if options.sign.is_some() && signs_nothing {
        let reason = "--sign signs reports in files: name one with --output, or --format json=FILE";
        return Err(Error::Usage(reason.to_owned()));
    }
    Ok(targets)
}

/// The format that the ending of a file's name asks for; the table if it has none.
fn format_by_name(file: Option<&Path>) -> Result<&'static str> {
    let Some(ending) = file.and_then(ending) else {
        return Ok("table");
    };
    let mut formats = FORMATS.iter();
    let format = formats.find(|format| format.endings.contains(&ending.as_str()));
    format.map(|format| format.name).ok_or_else(|| {
        let advice = match ending.as_str() {
            "csv" => "csv fills a folder: -f csv=DIR",
            _ => "name the format: --format json, for instance",
        };
        Error::Usage(format!(
            "no format is known by the ending .{ending}; {advice}"
        ))
    })
}

/// The ending of a file's name, in lower case.
fn ending(file: &Path) -> Option<String> {
    Some(file.extension()?.to_string_lossy().to_lowercase())
}

fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|source| Error::WriteFile {
        path: path.to_owned(),
        source,
    })
}

/// Writes text to standard output, its lines broken at the width of the terminal, or the one that was asked for.
fn write_prose(
    talk: TalkOptions,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    let Some(width) = talk.terminal_width(false) else {
        return write_to(None, write);
    };
    let mut text = Vec::new();
    write(&mut text)?;
    let text = report::wrapped(&String::from_utf8_lossy(&text), width);
    write_to(None, |out| out.write_all(text.as_bytes()))
}

/// Writes to a file or to standard output.
fn write_to(
    file: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    let Some(path) = file else {
        let mut out = BufWriter::new(io::stdout().lock());
        return match write(&mut out).and_then(|()| out.flush()) {
            // Whoever reads has seen enough; the gate and other files are still to come.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        };
    };
    let to_file = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut out = BufWriter::new(File::create(path)?);
        write(&mut out)?;
        out.flush()
    };
    to_file().map_err(|source| Error::WriteFile {
        path: path.to_owned(),
        source,
    })
}

fn list_rules(options: &RuleOptions, talk: TalkOptions) -> Result<Status> {
    let rules = load_rules(&options.rules)?;
    write_prose(talk, |out| {
        report::list_rules(&rules, language(options.language), out)
    })?;
    Ok(Status::Done)
}

fn explain_rule(options: &RuleExplain, talk: TalkOptions) -> Result<Status> {
    let rules = load_rules(&options.options.rules)?;
    let mut is_known = false;
    write_prose(talk, |out| {
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
