//! Phase 1: what the small inputs of each device say about it.

use std::sync::Arc;

use zeroize::Zeroize;

use super::{Options, documents, note_unreadable};
use crate::intake::{self, Case, Gathered, Input};
use crate::limits::{CONNECTION_NOTES, LOGGED_APPS, LOGGED_CONTACTS, NOTES_PER_ENDS};
use crate::manifest::CodeName;
use crate::model::{Coverage, Dossier, EmbeddedCode, Shortfall};
use crate::parallel::{both, in_parallel};
use crate::protocol::KeyLog;
use crate::rules::Rules;
use crate::{Error, Result};

/// Phase 1: what the inputs of each device say about it.
pub(super) fn gather(
    case: &Case,
    rules: &Rules,
    options: &Options,
    coverage: &mut Coverage,
    errors: &mut Vec<Error>,
) -> Vec<Dossier> {
    let devices = case.devices.iter();
    let tasks: Vec<&Input> = devices.flat_map(|device| &device.inputs).collect();
    let gathered = in_parallel(&tasks, options.jobs, |input| gather_one(input, rules));
    let mut gathered = tasks.iter().zip(gathered);
    let mut dossiers = Vec::new();
    for device in &case.devices {
        let mut dossier = Dossier::default();
        for (input, gathered) in gathered.by_ref().take(device.inputs.len()) {
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

/// What one input says, with the third parties' code in the apps whose packages it holds.
fn gather_one(input: &Input, rules: &Rules) -> Result<Option<Gathered>> {
    if !input.is_package() {
        return input.gather();
    }
    // Unpacking code takes longest, so that it does not wait for the declaration.
    let (gathered, embedded) = both(|| input.gather(), || embedded_code(input, rules));
    let Some((mut part, mut shortfalls)) = gathered? else {
        return Ok(None);
    };
    if let Some((declaration, _)) = part.declarations.values_mut().next() {
        let (found, damage) = embedded?;
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
