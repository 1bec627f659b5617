//! Sessions without contacts on the phone, which others are compared with: only how much each recipient got.

use std::collections::{BTreeMap, BTreeSet};

use super::fleet::spread;
use super::gather::{gather, keys};
use super::{Digests, Options, Progress, Stage, stream, summed, tasks};
use crate::detect::known;
use crate::intake::{self, Input};
use crate::model::{
    Attributed, Coverage, DeviceId, InputId, InputReport, Recipient, Shortfall, Tally, Volume,
};
use crate::rules::Rules;
use crate::{Error, Result};

/// Bytes by app and recipient.
type Sent = BTreeMap<(Attributed, Recipient), u64>;

/// What was sent, by phone; nothing of phones of which not all of it was seen, nor to recipients of which parts are missing.
#[derive(Default)]
pub(super) struct Baseline {
    by_phone: BTreeMap<String, Option<Sent>>,
    /// The captures.
    pub(super) inputs: Vec<InputReport>,
    /// What was not seen in them.
    pub(super) coverage: Coverage,
}

/// What takes bytes away from the sums, nobody knows from whose: with them a session with contacts seems to send more.
const LESSENING: [Shortfall; 9] = [
    Shortfall::Truncated,
    Shortfall::Damaged,
    Shortfall::Unreadable,
    Shortfall::InputLimit,
    Shortfall::DroppedByCapture,
    Shortfall::UnknownLinkType,
    Shortfall::MalformedPacket,
    Shortfall::FragmentsIncomplete,
    Shortfall::FindingLimit,
];

impl Baseline {
    /// Reads the captures that the user named (`--baseline-capture`), whose numbers as inputs begin at `first`.
    pub(super) fn read(
        first: u32,
        rules: &Rules,
        options: &Options,
        errors: &mut Vec<Error>,
    ) -> Result<Self> {
        let mut baseline = Self::default();
        if options.baseline.is_empty() {
            return Ok(baseline);
        }
        let mut case = intake::discover(&options.baseline)?;
        for input in case
            .devices
            .iter_mut()
            .flat_map(|device| &mut device.inputs)
        {
            input.id = InputId(input.id.0.saturating_add(first));
        }
        let mut coverage = Coverage::default();
        let dossiers = gather(&case, rules, options, &mut coverage, errors);
        let mut dossiers = spread(&case, dossiers, rules).dossiers;
        let keys = keys(&case, &mut dossiers, options, &mut coverage)?;
        let known = known::Index::default();
        let progress = Progress::default();
        let stages = dossiers.iter().zip(&keys).zip(0..);
        let stages = stages.map(|((dossier, keys), id)| Stage {
            device: DeviceId(id),
            dossier,
            keys,
            known: &known,
            rules,
            options,
            progress: &progress,
            is_network: false,
            notes_owners: false,
            clock_ahead: 0,
        });
        let mut parts = Vec::new();
        let all = tasks(&case, stages, &[]);
        for task in &all {
            let mut streamed = stream(&task.stage, &task.inputs, &Digests::new());
            let reports = task.reports(&mut streamed, &mut coverage, errors);
            baseline.inputs.extend(reports);
            parts.extend(task.part(streamed));
        }
        let sums = summed(parts, &mut coverage);
        let lessened: BTreeSet<InputId> = coverage
            .iter()
            .filter(|(_, shortfall, _)| LESSENING.contains(shortfall))
            .map(|(input, ..)| input)
            .collect();
        for (device, id) in case.devices.iter().zip(0..) {
            let is_lessened = |input: &Input| lessened.contains(&input.id);
            let is_whole = !device.inputs.iter().any(is_lessened);
            let all = recipients(&sums, DeviceId(id), |_| true);
            let mut left_out = recipients(&sums, DeviceId(id), |volume| volume.has_gap);
            let sent = is_whole.then(|| sent_by(&sums, DeviceId(id), &left_out));
            if !is_whole {
                left_out.clone_from(&all);
            }
            if let Some(input) = device.inputs.first().filter(|_| !left_out.is_empty()) {
                let count = left_out.len() as u64;
                coverage.add_many(input.id, Shortfall::NotCompared, count, None, 0, || {
                    format!("{count} of {} recipients of {}", all.len(), device.name)
                });
            }
            baseline.by_phone.insert(device.name.clone(), sent);
        }
        baseline.inputs.sort_unstable_by_key(|input| input.id);
        baseline.coverage = coverage;
        Ok(baseline)
    }

    /// That of the phone of this name; where there is only one phone here and there, the names do not matter.
    pub(super) fn of(&self, name: &str, is_only: bool) -> Option<Sent> {
        let only = || match self.by_phone.values().collect::<Vec<_>>()[..] {
            [sent] if is_only => Some(sent),
            _ => None,
        };
        self.by_phone.get(name).or_else(only).cloned().flatten()
    }
}

/// Recipients of a phone's traffic of that kind.
fn recipients(
    sums: &Tally,
    device: DeviceId,
    is_meant: impl Fn(&Volume) -> bool,
) -> BTreeSet<Recipient> {
    let of_device = sums.traffic.iter();
    of_device
        .filter(|(key, volume)| key.device == device && is_meant(volume))
        .map(|(key, _)| key.recipient.clone())
        .collect()
}

fn sent_by(sums: &Tally, device: DeviceId, left_out: &BTreeSet<Recipient>) -> Sent {
    let mut sent = Sent::new();
    let of_device = sums.traffic.iter();
    for (key, volume) in
        of_device.filter(|(key, _)| key.device == device && !left_out.contains(&key.recipient))
    {
        let key = (key.app.clone(), key.recipient.clone());
        let sum = sent.entry(key).or_default();
        *sum = sum.saturating_add(volume.sent_bytes);
    }
    sent
}
