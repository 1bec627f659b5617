//! What a second reading finds once the first has shown more: where the clock of a phone is far from that of its captures, whose
//! the traffic is by the phone's own logs; and whose the exchanges are that a proxy recorded, where a capture names the owners.

use std::collections::BTreeMap;

use super::reader::Told;
use super::series::series;
use super::volume::{note_moment, note_owner};
use super::{Digests, Stage, Streamed, Task, reader, sameness, stream};
use crate::assess;
use crate::intake::Input;
use crate::limits::{CONNECTION_NOTES, NOTES_PER_ENDS};
use crate::model::{
    Connections, Coverage, DeviceId, Dossier, Observation, PhoneLog, Shortfall, Tally,
};
use crate::parallel::in_parallel;
use crate::payload::Decoded;

/// What is known of phones whose captures name owners, with these: for records of the same traffic that name none.
pub(super) fn with_owners(
    tasks: &[Task<'_>],
    streamed: &mut [Streamed],
) -> BTreeMap<DeviceId, Dossier> {
    let mut told: BTreeMap<DeviceId, Dossier> = BTreeMap::new();
    for (task, streamed) in tasks.iter().zip(streamed) {
        let owned = std::mem::take(&mut streamed.owned);
        if !owned.is_empty() {
            let known = told.entry(task.stage.device);
            let dossier = known.or_insert_with(|| task.stage.dossier.clone());
            if !dossier.connections.merge(owned)
                && let Some(input) = task.inputs.first()
            {
                let coverage = &mut streamed.coverage;
                coverage.add(input.id, Shortfall::InputLimit, None, 0, || {
                    format!("more than {CONNECTION_NOTES} connections, or {NOTES_PER_ENDS} with one server with those of other captures; records beside them may lack the owners of the others")
                });
            }
        }
    }
    told
}

/// Whether it holds what others than the phone recorded of its traffic, without packets.
pub(super) fn is_record(input: &Input) -> bool {
    sameness::is_traffic(&[input]) && !input.has_packets()
}

/// Reads the traffic of such phones again, and the records of those of which now more is `told`.
pub(super) fn read_again<'a>(
    tasks: &mut [Task<'a>],
    streamed: &mut [Streamed],
    told: &'a BTreeMap<DeviceId, Dossier>,
    digests: &Digests,
    jobs: usize,
) {
    let ahead = clocks(tasks, streamed);
    let mut again = Vec::new();
    for (task, place) in tasks.iter_mut().zip(0_usize..) {
        let can_be_read_again =
            sameness::is_traffic(&task.inputs) && !task.inputs.iter().any(|input| input.is_stdin());
        if !can_be_read_again {
            continue;
        }
        let ahead = ahead.get(&task.stage.device);
        let told = told
            .get(&task.stage.device)
            .filter(|_| task.inputs.iter().all(|input| is_record(input)));
        task.stage.clock_ahead = ahead.copied().unwrap_or(task.stage.clock_ahead);
        task.stage.dossier = told.unwrap_or(task.stage.dossier);
        if ahead.is_some() || told.is_some() {
            again.push((place, &*task));
        }
    }
    let read = in_parallel(&again, jobs, |(_, task)| {
        stream(&task.stage, &task.inputs, digests)
    });
    for ((place, _), read) in again.iter().zip(read) {
        if let Some(first) = streamed.get_mut(*place) {
            *first = read;
        }
    }
}

/// Nanoseconds by which clocks of phones are ahead of those of their captures, where their logs could not be put to them without.
fn clocks(tasks: &[Task<'_>], streamed: &[Streamed]) -> BTreeMap<DeviceId, i64> {
    let mut tallies: BTreeMap<DeviceId, Tally> = BTreeMap::new();
    for (task, streamed) in tasks.iter().zip(streamed) {
        let stage = &task.stage;
        if stage.dossier.log.is_empty() || stage.is_network {
            continue;
        }
        let tally = tallies.entry(stage.device).or_default();
        for (moment, times) in &streamed.tally.moments {
            for time in times {
                tally.add_moment(moment.clone(), *time);
            }
        }
    }
    tallies
        .into_iter()
        .filter_map(|(device, tally)| Some((device, ahead(&tally, device)?)))
        .collect()
}

/// The same for one phone that is only looked at, by a reading of its own.
pub(super) fn clock_ahead(stage: Stage<'_>, inputs: &[Input]) -> i64 {
    if stage.dossier.log.is_empty() || inputs.iter().any(Input::is_stdin) {
        return 0;
    }
    let mut tally = Tally::default();
    look(stage, inputs, &mut |observation, told| {
        note_moment(observation, told, &mut tally);
    });
    ahead(&tally, stage.device).unwrap_or_default()
}

/// The same of the owners that captures name; `None` where nothing is known that was not before.
pub(super) fn looked_up_owners(stage: Stage<'_>, inputs: &[Input]) -> Option<Dossier> {
    let is_wanted = inputs.iter().any(is_record) && !stage.dossier.connections.has_owners();
    if !is_wanted || inputs.iter().any(Input::is_stdin) {
        return None;
    }
    let captures: Vec<Input> = inputs
        .iter()
        .filter(|input| input.has_packets())
        .cloned()
        .collect();
    let mut owned = Connections::default();
    let mut unsaid = Coverage::default();
    look(stage, &captures, &mut |observation, _| {
        note_owner(&observation.sighting, &mut owned, &mut unsaid);
    });
    if owned.is_empty() {
        return None;
    }
    let mut dossier = stage.dossier.clone();
    dossier.connections.merge(owned);
    Some(dossier)
}

/// Reads inputs for what is to be known before. Whoever reads them in earnest tells what cannot be read.
fn look(stage: Stage<'_>, inputs: &[Input], see: &mut dyn FnMut(&Observation, Told)) {
    let mut unsaid = Coverage::default();
    let mut take = |observation: &Observation, _: &Decoded<'_>, told: Told, _: &mut Coverage| {
        see(observation, told);
    };
    for inputs in series(inputs) {
        let mut reader = reader(stage, &inputs);
        for input in inputs {
            let _ = reader.read(input, &mut unsaid, &mut take);
        }
        reader.finish(&mut unsaid, &mut take);
    }
}

fn ahead(tally: &Tally, device: DeviceId) -> Option<i64> {
    let ahead = assess::clock_shift(tally, device)?.median;
    // The other half is what look-ups and slow connections may take.
    (ahead.saturating_abs() > PhoneLog::TOLERANCE / 2).then_some(ahead)
}
