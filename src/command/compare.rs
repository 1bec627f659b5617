//! `phonehome diff` and `phonehome verify`: a saved report beside another one, or beside its inputs.

use std::collections::BTreeMap;
use std::path::Path;

use phonehome::intake::{Case, Named};
use phonehome::model::{Audit, RiskLevel};
use phonehome::report::{self, FORMATS, Language, Presentable};
use phonehome::rules::Rules;
use phonehome::{Error, Result, audit, diff, verify};

use super::input::{find, load_rules, pipeline_options, read_report, rules_of};
use super::output::write_to;
use super::talk::complain;
use super::{Status, keys};
use crate::cli::{Diff, SmallOutput, TalkOptions, Verify};

/// A saved report and the language that it was written in.
pub(super) fn saved(path: &Path) -> Result<(Presentable, Language)> {
    parsed(path, &read_report(path)?)
}

fn parsed(path: &Path, text: &[u8]) -> Result<(Presentable, Language)> {
    Presentable::from_json(text).map_err(|reason| Error::Format {
        path: path.to_owned(),
        reason,
    })
}

/// How a small output is rendered, in the language asked for or else that of the report.
fn rendering(output: &SmallOutput, written_in: Language, talk: TalkOptions) -> report::Options {
    report::Options {
        language: output.language.choice.map_or(written_in, Into::into),
        width: talk.width(output.output.is_some()),
        color: false,
        level: RiskLevel::Medium,
    }
}

/// `phonehome diff`.
pub(super) fn diff(options: &Diff, talk: TalkOptions) -> Result<Status> {
    let rules: Rules = load_rules(&options.rules)?;
    let (old, _) = saved(&options.old)?;
    let (new, written_in) = saved(&options.new)?;
    let difference = diff::diff(old.audit(), new.audit());
    let rendering = rendering(&options.output, written_in, talk);
    write_to(options.output.output.as_deref(), |out| {
        let sides = (&old, &new);
        report::write_diff(&difference, sides, &rules, &options.format, rendering, out)
    })?;
    let is_worse = options
        .fail_on_new
        .level()
        .is_some_and(|least| difference.new_level() >= Some(least));
    Ok(if is_worse { Status::Risk } else { Status::Done })
}

/// A report as JSON, and as it comes back from that, so that it can be compared with one that did.
fn archived(
    report: &Presentable,
    rules: &Rules,
    options: report::Options,
) -> Result<(Vec<u8>, Presentable)> {
    let mut text = Vec::new();
    if let Some(format) = FORMATS.iter().find(|format| format.name == "json") {
        (format.write)(report, rules, options, &mut text)?;
    }
    let (report, _) = Presentable::from_json(&text).map_err(Error::Usage)?;
    Ok((text, report))
}

/// `phonehome verify`.
pub(super) fn verify(options: &Verify, talk: TalkOptions) -> Result<Status> {
    if !keys::is_trusted(options.trust.as_deref(), &options.report, talk)? {
        return Ok(Status::Risk);
    }
    let text = read_report(&options.report)?;
    let (saved, written_in) = parsed(&options.report, &text)?;
    let rules = rules_of(&options.input)?;
    let mut case = find(&options.input)?;
    let mut pipeline = pipeline_options(&options.input, options.jobs)?;
    pipeline.has_pseudonyms = options.pseudonym_key.is_some();
    pipeline.take_over(&saved.audit().options);
    let audited = |case: &Case| {
        talk.watched(case, &rules, |progress| {
            audit::run(case, &rules, &pipeline, progress)
        })
    };
    let mut outcome = audited(&case)?;
    // Names of files and folders stand all over a report: what has the same bytes is read again by the names that it had.
    let names = names(saved.audit(), &outcome.audit);
    let mut given = BTreeMap::new();
    if !names.is_empty() {
        let renamed = names.iter().filter(|(given, named)| **given != named.path);
        given.extend(renamed.map(|(given, named)| (named.path.clone(), given.clone())));
        case = case.under_names(&names);
        outcome = audited(&case)?;
    }
    for error in &outcome.errors {
        complain(error);
    }
    let secret = options.pseudonym_key.as_deref();
    let anew = keys::presentable(&outcome.audit, &rules, saved.shows_values(), secret)?;
    let rendering = rendering(&options.output, written_in, talk);
    let in_its_language = report::Options {
        language: written_in,
        ..rendering
    };
    let (text_anew, anew) = archived(&anew, &rules, in_its_language)?;
    let differences = report::differences(&text, &text_anew);
    let of_report = verify::Saved {
        audit: saved.audit(),
        level: report::stated_level(&text),
        given: &given,
    };
    let found = verify::verify(of_report, anew.audit(), &scale(&rules), differences);
    write_to(options.output.output.as_deref(), |out| {
        report::write_verification(&found, &options.format, rendering, out)
    })?;
    if saved.shows_values() {
        talk.note("the report shows captured values; treat it as confidential");
    }
    Ok(match (outcome.errors.is_empty(), found.verdict.is_good()) {
        (false, _) => Status::Failed,
        (true, true) => Status::Done,
        (true, false) => Status::Risk,
    })
}

/// What inputs that have other paths now were called, by their paths.
fn names(saved: &Audit, anew: &Audit) -> BTreeMap<String, Named> {
    let renamed = verify::renamed(saved, anew).into_iter();
    renamed
        .map(|(given, input)| {
            let named = Named {
                path: input.path.clone(),
                device: input.device.clone(),
            };
            (given.to_owned(), named)
        })
        .collect()
}

/// The bounds by which the rules score.
fn scale(rules: &Rules) -> verify::Scale {
    let scoring = &rules.legal().scoring;
    let levels = scoring.levels.iter().map(|level| (level.up_to, level.id));
    verify::Scale {
        levels: levels.collect(),
        level_needs_percent: scoring.level_needs_percent,
    }
}
