//! What verbs read: cases, saved reports, rules.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use phonehome::audit::{self, Outcome};
use phonehome::intake::{self, Case, Input};
use phonehome::model::AppId;
use phonehome::report::Presentable;
use phonehome::rules::Rules;
use phonehome::{Error, Result};

use super::compare;
use crate::cli::{InputOptions, RulesOption, TalkOptions};

/// Reads a saved report, or standard input for `-`.
pub(super) fn read_report(path: &Path) -> Result<Vec<u8>> {
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

/// A saved report, or one of a case or capture, with what could not be read of it.
pub(super) fn report_of(
    path: &Path,
    rules: &Rules,
    talk: TalkOptions,
) -> Result<(Presentable, Vec<Error>)> {
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

/// What the pipeline needs to know beside the inputs.
pub(super) fn pipeline_options(
    options: &InputOptions,
    jobs: Option<u16>,
) -> Result<audit::Options> {
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
pub(super) fn find(options: &InputOptions) -> Result<Case> {
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

pub(super) fn refuse_missing(paths: &[PathBuf]) -> Result<()> {
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
pub(super) fn rules_of(options: &InputOptions) -> Result<Rules> {
    let mut rules = load_rules(&options.rules)?;
    if let Some(path) = &options.trackers {
        rules.load_trackers(path)?;
    }
    Ok(rules)
}

pub(super) fn load_rules(option: &RulesOption) -> Result<Rules> {
    let mut rules = match &option.folder {
        Some(folder) => Rules::load(folder)?,
        None => Rules::embedded(),
    };
    if let Some(path) = &option.method {
        rules.load_method(path)?;
    }
    Ok(rules)
}
