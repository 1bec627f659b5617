//! Phones whose clock is far from that of their captures: what their own logs say of apps finds its traffic in a second reading,
//! once the first has shown how far.

use std::collections::BTreeMap;

use super::reader::Told;
use super::series::series;
use super::volume::note_moment;
use super::{Digests, Stage, Streamed, Task, reader, sameness, stream};
use crate::assess;
use crate::intake::Input;
use crate::model::{Coverage, DeviceId, Observation, PhoneLog, Tally};
use crate::parallel::in_parallel;
use crate::payload::Decoded;

/// Reads the traffic of such phones again.
pub(super) fn read_again(
    tasks: &mut [Task<'_>],
    streamed: &mut [Streamed],
    digests: &Digests,
    jobs: usize,
) {
    let ahead = clocks(tasks, streamed);
    let mut again = Vec::new();
    for (task, place) in tasks.iter_mut().zip(0_usize..) {
        let can_be_read_again =
            sameness::is_traffic(&task.inputs) && !task.inputs.iter().any(|input| input.is_stdin());
        if let Some(ahead) = ahead.get(&task.stage.device).filter(|_| can_be_read_again) {
            task.stage.clock_ahead = *ahead;
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
    // Whoever reads them in earnest tells what cannot be read.
    let mut unsaid = Coverage::default();
    let mut take = |observation: &Observation, _: &Decoded<'_>, told: Told, _: &mut Coverage| {
        note_moment(observation, told, &mut tally);
    };
    for inputs in series(inputs) {
        let mut reader = reader(stage, &inputs);
        for input in inputs {
            let _ = reader.read(input, &mut unsaid, &mut take);
        }
        reader.finish(&mut unsaid, &mut take);
    }
    ahead(&tally, stage.device).unwrap_or_default()
}

fn ahead(tally: &Tally, device: DeviceId) -> Option<i64> {
    let ahead = assess::clock_shift(tally, device)?.median;
    // The other half is what look-ups and slow connections may take.
    (ahead.saturating_abs() > PhoneLog::TOLERANCE / 2).then_some(ahead)
}
