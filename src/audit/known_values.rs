//! The values that each device is known to hold, and which of them could not be looked for in full.

use std::sync::Arc;

use super::Options;
use crate::Result;
use crate::detect::known;
use crate::intake::{self, Case, Input, Unusable};
use crate::limits::{GUESSED_DIGESTS, SALTED_DIGESTS, SALTED_VALUES, SALTS_PER_MESSAGE};
use crate::model::{
    ContentState, Coverage, DeviceId, Dossier, InputId, KnownValue, Shortfall, Tally,
};
use crate::parallel::threads;
use crate::rules::Rules;

/// What is known of each device.
type Indexes = Vec<Arc<known::Index>>;

/// The known values of each device: those among its inputs and those that the user named; and what in the lists is no value.
pub(super) fn known_values(
    dossiers: &mut [Dossier],
    rules: &Rules,
    options: &Options,
) -> Result<(Indexes, Vec<Unusable>)> {
    let (mut named, mut problems) = (Vec::new(), Vec::new());
    for path in &options.known {
        let (values, unusable) = intake::read_known_values(path)?;
        named.extend(values);
        problems.extend(unusable);
    }
    let index = |values: Vec<KnownValue>| {
        // Asking how many cores there are takes longer than an index of nothing.
        let jobs = if values.is_empty() {
            1
        } else {
            threads(options.jobs)
        };
        Arc::new(known::Index::new(values, &options.peppers, rules, jobs))
    };
    let shared = index(named.clone());
    let of_device = |dossier: &mut Dossier| {
        let own = std::mem::take(&mut dossier.known);
        if own.is_empty() {
            dossier.address_book = known::address_book(&named);
            return Arc::clone(&shared);
        }
        let all: Vec<KnownValue> = own.into_iter().chain(named.iter().cloned()).collect();
        dossier.address_book = known::address_book(&all);
        index(all)
    };
    Ok((dossiers.iter_mut().map(of_device).collect(), problems))
}

/// The same of a case; what is no value is said of its first input.
pub(super) fn known_values_of(
    case: &Case,
    dossiers: &mut [Dossier],
    rules: &Rules,
    options: &Options,
    coverage: &mut Coverage,
) -> Result<Indexes> {
    let (known, problems) = known_values(dossiers, rules, options)?;
    if let Some(input) = case.first_input() {
        note_unusable(input, &problems, coverage);
    }
    Ok(known)
}

/// Says what in the lists that the user named is no value.
pub(super) fn note_unusable(input: InputId, problems: &[Unusable], coverage: &mut Coverage) {
    let count = problems.iter().map(|list| list.entries).sum();
    if count > 0 {
        let said = problems.iter().map(|list| list.said.as_str());
        let detail = || said.collect::<Vec<_>>().join("; ");
        coverage.add_many(input, Shortfall::KnownValues, count, None, 0, detail);
    }
}

/// Says of all phones which known values are not looked for in full.
pub(super) fn note_neglected(
    case: &Case,
    known: &[Arc<known::Index>],
    tally: &Tally,
    coverage: &mut Coverage,
) {
    for ((device, index), id) in case.devices.iter().zip(known).zip(0..) {
        let bytes = readable_bytes(tally, DeviceId(id));
        neglected(device.inputs.first(), index, bytes, coverage);
    }
}

/// Bytes that a phone sent and that could be read.
fn readable_bytes(tally: &Tally, device: DeviceId) -> u64 {
    let of_device = tally.traffic.iter().filter(|(key, _)| {
        let is_readable = key.content.is_open() || key.content == ContentState::PartlyDecrypted;
        key.device == device && is_readable
    });
    let bytes = of_device.map(|(_, volume)| volume.sent_bytes);
    bytes.fold(0, u64::saturating_add)
}

/// Says which known values are not looked for in full, and how often chance would meet them in so many bytes.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn neglected(input: Option<&Input>, index: &known::Index, bytes: u64, coverage: &mut Coverage) {
    let Some(input) = input else { return };
    let known::Neglected {
        refused,
        weak,
        left_out,
        refused_per_byte,
        weak_per_byte,
    } = index.neglected();
    let by_chance = |per_byte: f64| {
        let times = match per_byte * bytes as f64 {
            times if times < 0.01 => "<0.01".to_owned(),
            times if times < 10.0 => format!("{times:.2}"),
            times => format!("{times:.0}"),
        };
        format!(", which chance alone would show {times}× in {bytes} readable bytes")
    };
    let parts: Vec<String> = [
        (
            refused,
            "known values too short or too common to be looked for",
            by_chance(refused_per_byte),
        ),
        (
            weak,
            "known values so short that they count only beside others",
            by_chance(weak_per_byte),
        ),
        (
            left_out,
            "encodings, digests and checksums left out because the list is long",
            String::new(),
        ),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, what, chance)| format!("{count} {what}{chance}"))
    .collect();
    let count = parts.len() as u64;
    if count > 0 {
        coverage.add_many(input.id, Shortfall::KnownValues, count, None, 0, || {
            parts.join("; ")
        });
    }
}

/// Says how often a message had a salt with which known values were not hashed.
pub(super) fn note_untried_salts(input: InputId, salts: u64, coverage: &mut Coverage) {
    if salts > 0 {
        coverage.add_many(input, Shortfall::UntriedSalts, salts, None, 0, || {
            format!(
                "more than {SALTS_PER_MESSAGE} in a message, more than {SALTED_VALUES} known values, more than {SALTED_DIGESTS} digests, or more than {GUESSED_DIGESTS} with what does not say that it is a salt"
            )
        });
    }
}
