//! One function per verb: reads what it needs, lets the library work, writes the result. Knows the terminal; no analysis here.

mod apps;
mod compare;
mod gate;
mod input;
mod keys;
mod live;
mod output;
mod talk;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::mem::ManuallyDrop;
use std::process::ExitCode;

use phonehome::assess::{self, Step};
use phonehome::audit::{self, Outcome};
use phonehome::detect;
use phonehome::gate::Gate;
use phonehome::intake;
use phonehome::model::{Audit as Audited, RiskLevel, Shortfall};
use phonehome::report::{self, InputLine, Language, Observations, Presentable};
use phonehome::rules::Rules;
use phonehome::{Error, Result};

use self::input::{find, load_rules, pipeline_options, refuse_missing, report_of, rules_of};
use self::output::{
    Target, ending, note_other_endings, targets, write_prose, write_reports, write_to,
};
use self::talk::{complain, say};
use crate::cli::{
    self, Audit, Cli, Document, Generated, Init, Inputs, LanguageChoice, LanguageOption, Observe,
    OutputOptions, Report, RuleExplain, RuleOptions, RuleVerb, Schema, TalkOptions, Verb, WhatIf,
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
    // Freed by the end of the process: entry by entry, that would be a twentieth of the time of a short audit.
    let rules = ManuallyDrop::new(rules_of(&options.input)?);
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
    note_other_endings(&targets, talk);
    let mut gate = gate::read(&options.gate)?;
    let outcome = if let Some(name) = &options.input.interface {
        gate::add_suppressions(&mut gate, &options.gate, None, &rules)?;
        Outcome {
            audit: live::audit(options, name, &rules, talk)?,
            errors: Vec::new(),
        }
    } else {
        let case = find(&options.input)?;
        let of_case = case.policy_file.as_deref();
        gate::add_suppressions(&mut gate, &options.gate, of_case, &rules)?;
        talk.watched(&case, &rules, |progress| {
            let mut pipeline = pipeline_options(&options.input, options.jobs)?;
            pipeline.has_pseudonyms = options.pseudonym_key.is_some();
            pipeline.has_split_clients = options.split_clients;
            audit::run(&case, &rules, &pipeline, progress)
        })?
    };
    let Outcome { audit, errors } = outcome;
    let read = complain_of(&errors);
    note_unused(&audit, talk);
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

/// Says which names of `phonehome.toml` fit nothing: with a misspelled one, nothing is decided.
fn note_unused(audit: &Audited, talk: TalkOptions) {
    let unused = audit.coverage.iter();
    for (_, _, missed) in unused.filter(|(_, reason, _)| *reason == Shortfall::PolicyUnused) {
        let names = report::safe(missed.detail.as_deref().unwrap_or_default());
        talk.note(&format!(
            "phonehome.toml names what is not in this case: {names}"
        ));
    }
}

fn report(options: &Report, talk: TalkOptions) -> Result<Status> {
    if !keys::is_trusted(options.trust.as_deref(), &options.saved, talk)? {
        return Ok(Status::Risk);
    }
    let rules = load_rules(&options.rules)?;
    let (mut report, written_in) = compare::saved(&options.saved)?;
    if options.output.show_values && !report.shows_values() {
        let reason =
            "the report holds no captured values; only an audit with --show-values keeps them";
        return Err(Error::Usage(reason.to_owned()));
    }
    if report.audit().rules_sha256 != rules.sha256() {
        talk.note("the report was made with other rules; texts are those of the rules at hand");
    }
    let targets = targets(&options.output)?;
    note_other_endings(&targets, talk);
    let language = match options.output.language.choice {
        Some(choice) => choice.into(),
        None => written_in,
    };
    let mut gate = gate::read(&options.gate)?;
    gate::add_suppressions(&mut gate, &options.gate, None, &rules)?;
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
    if let Some(folder) = &options.path_prefix {
        report.set_path_prefix(folder);
    }
    write_reports(targets, report, rules, look, options, gate)?;
    Ok(gate::announce(gate, &verdict, look.1))
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
    let unreadable = case.left_out.iter();
    let unreadable = unreadable.filter(|(_, shortfall, _)| *shortfall == Shortfall::Unreadable);
    let errors: Vec<Error> = unreadable
        .map(|(path, _, reason)| Error::LeftOut {
            path: path.into(),
            reason: reason.clone(),
        })
        .collect();
    Ok(complain_of(&errors))
}

fn what_if(options: &WhatIf, talk: TalkOptions) -> Result<Status> {
    if options.measures.is_empty() && !options.plan {
        let advice = "name measures with --measure KIND[:ARG], or let --plan rank them";
        return Err(Error::Usage(advice.to_owned()));
    }
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
            "{shown} is written: fill it in, put the files of each phone into a folder beside it, then phonehome audit"
        ));
    }
    Ok(Status::Done)
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
