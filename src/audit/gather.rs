//! Phase 1: what the small inputs of each device say about it.

use std::sync::Arc;

use zeroize::Zeroize;

use super::{Digest, Digests, Options, documents, note_unreadable};
use crate::intake::{self, Case, Gathered, Input};
use crate::limits::{CONNECTION_NOTES, LOGGED_APPS, LOGGED_CONTACTS, NOTES_PER_ENDS};
use crate::manifest::CodeName;
use crate::model::{Coverage, Dossier, EmbeddedCode, InputId, Shortfall};
use crate::parallel::in_parallel;
use crate::protocol::KeyLog;
use crate::rules::Rules;
use crate::{Error, Result};

/// A part of phase 1. All of them are one list, so that there are no more threads than there are to be.
#[derive(Clone, Copy)]
enum Task<'a> {
    /// Rules are read first and by the thread that waits for all, because they are many small values, and memory of other threads
    /// grows page by page (glibc).
    Rules,
    /// Unpacking code takes longest, so that it does not wait for what the package declares.
    Code(&'a Input),
    Document(&'a Input),
    /// Hashing takes longer than reading, and the second of two readers of one file finds it in the page cache.
    Digest(&'a Input),
}

impl<'a> Task<'a> {
    fn of(input: &'a Input, has_digests: bool) -> impl Iterator<Item = Self> {
        let code = input.is_package().then_some(Self::Code(input));
        let is_digested = has_digests && !input.has_traffic();
        let digest = is_digested.then_some(Self::Digest(input));
        code.into_iter()
            .chain([Self::Document(input)])
            .chain(digest)
    }

    fn done(self, case: &Case, rules: &Rules) -> Done<'a> {
        match self {
            Self::Rules => {
                rules.prepare(case.has_traffic(), case.has_packages());
                Done::Rules
            }
            Self::Code(input) => Done::Code(embedded_code(input, rules)),
            Self::Document(input) => Done::Document(input, Box::new(input.gather())),
            // What cannot be read is left to its reader.
            Self::Digest(input) => Done::Digest(input.id, input.digest().ok().flatten()),
        }
    }
}

/// What came of a [`Task`].
enum Done<'a> {
    Rules,
    Code(Result<Embedded>),
    Document(&'a Input, Box<Result<Option<Gathered>>>),
    Digest(InputId, Digest),
}

/// Phase 1: what the inputs of each device say about it, while the rules are read.
pub(super) fn gather(
    case: &Case,
    rules: &Rules,
    options: &Options,
    coverage: &mut Coverage,
    errors: &mut Vec<Error>,
) -> Vec<Dossier> {
    let (read, _) = read(case, rules, options, false);
    dossiers(case, read, coverage, errors)
}

/// The same, and checksums and sizes of the inputs that have no traffic.
pub(super) fn gather_with_digests(
    case: &Case,
    rules: &Rules,
    options: &Options,
    coverage: &mut Coverage,
    errors: &mut Vec<Error>,
) -> (Vec<Dossier>, Digests) {
    let (read, digests) = read(case, rules, options, true);
    (dossiers(case, read, coverage, errors), digests)
}

/// What an input says.
type Read<'a> = (&'a Input, Result<Option<Gathered>>);

/// Does all tasks; what the inputs say is in their order.
fn read<'a>(
    case: &'a Case,
    rules: &Rules,
    options: &Options,
    has_digests: bool,
) -> (Vec<Read<'a>>, Digests) {
    let inputs = case.devices.iter().flat_map(|device| &device.inputs);
    let of_inputs = inputs.flat_map(|input| Task::of(input, has_digests));
    let tasks: Vec<Task<'_>> = std::iter::once(Task::Rules).chain(of_inputs).collect();
    let mut read = Vec::new();
    let mut digests = Digests::new();
    // That of the next document.
    let mut code = None;
    for done in in_parallel(&tasks, options.jobs, |task| task.done(case, rules)) {
        match done {
            Done::Rules => {}
            Done::Code(found) => code = Some(found),
            Done::Document(input, gathered) => {
                read.push((input, with_code(*gathered, code.take())));
            }
            Done::Digest(input, digest) => digests.extend(digest.map(|digest| (input, digest))),
        }
    }
    (read, digests)
}

fn dossiers(
    case: &Case,
    read: Vec<Read<'_>>,
    coverage: &mut Coverage,
    errors: &mut Vec<Error>,
) -> Vec<Dossier> {
    let mut read = read.into_iter();
    let mut dossiers = Vec::new();
    for device in &case.devices {
        let mut dossier = Dossier::default();
        for (input, gathered) in read.by_ref().take(device.inputs.len()) {
            match gathered {
                Ok(None) => {}
                Ok(Some((part, shortfalls))) => {
                    if !dossier.merge(part) {
                        coverage.add(input.id, Shortfall::InputLimit, None, 0, || {
                            format!("more than {CONNECTION_NOTES} connections, {NOTES_PER_ENDS} with one server, {LOGGED_CONTACTS} contacts, or {LOGGED_APPS} apps of one host, with those of other files of the phone: later ones may name no app")
                        });
                    }
                    for (shortfall, detail) in shortfalls {
                        coverage.add(input.id, shortfall, None, 0, || detail);
                    }
                }
                Err(error) => {
                    note_unreadable(input, coverage);
                    errors.push(error);
                }
            }
        }
        documents::note(&dossier, coverage);
        dossiers.push(dossier);
    }
    dossiers
}

/// What an input says, with the third parties' code in the app whose package it is.
fn with_code(
    gathered: Result<Option<Gathered>>,
    code: Option<Result<Embedded>>,
) -> Result<Option<Gathered>> {
    let Some((mut part, mut shortfalls)) = gathered? else {
        return Ok(None);
    };
    if let (Some(code), Some((declaration, _))) = (code, part.declarations.values_mut().next()) {
        let (found, damage) = code?;
        declaration.embedded = found;
        shortfalls.extend(damage);
    }
    Ok(Some((part, shortfalls)))
}

/// Third parties' code in an app package, and what could not be read of it.
type Embedded = (Vec<EmbeddedCode>, Vec<(Shortfall, String)>);

/// Looks for it, class by class.
fn embedded_code(input: &Input, rules: &Rules) -> Result<Embedded> {
    let mut matcher = rules.embedded_code();
    let shortfalls = input.code_names(&mut |name| match name {
        CodeName::Class(class) => matcher.class(class.name),
        CodeName::Framework(name) => matcher.framework(name),
    })?;
    Ok((matcher.finish(), shortfalls))
}

/// The secrets of each device: those among its inputs and those that the user named. The texts they stood in are wiped.
pub(super) fn keys(
    case: &Case,
    dossiers: &mut [Dossier],
    options: &Options,
    coverage: &mut Coverage,
) -> Result<Vec<Arc<KeyLog>>> {
    let mut keys: Vec<KeyLog> = Vec::new();
    for dossier in dossiers {
        let mut of_device = KeyLog::default();
        for text in std::mem::take(&mut dossier.key_logs) {
            of_device.take(text);
        }
        keys.push(of_device);
    }
    for path in &options.key_logs {
        let mut text = intake::read_key_log(path)?;
        for of_device in &mut keys {
            if !of_device.read(&text) {
                return Err(Error::Format {
                    path: path.clone(),
                    reason: "it has no line that names a secret of TLS or QUIC".to_owned(),
                });
            }
        }
        text.zeroize();
    }
    for (device, keys) in case.devices.iter().zip(&keys) {
        if let Some(input) = device.inputs.first()
            && keys.unreadable() > 0
        {
            let shortfall = Shortfall::KeyLogLines;
            coverage.add_many(input.id, shortfall, keys.unreadable(), None, 0, String::new);
        }
    }
    Ok(keys.into_iter().map(Arc::new).collect())
}
