//! Sessions without contacts on the phone, which others are compared with: only how much each recipient got.

use std::collections::BTreeMap;

use super::fleet::spread;
use super::gather::{gather, keys};
use super::sameness::Part;
use super::{Options, Progress, Stage, Task, stream, summed, tasks};
use crate::detect::known;
use crate::intake;
use crate::model::{Attributed, Coverage, DeviceId, Recipient};
use crate::rules::Rules;
use crate::{Error, Result};

/// Bytes by app and recipient.
type Sent = BTreeMap<(Attributed, Recipient), u64>;

/// What was sent, by phone.
#[derive(Default)]
pub(super) struct Baseline(BTreeMap<String, Sent>);

impl Baseline {
    /// Reads the captures that the user named (`--baseline-capture`).
    pub(super) fn read(rules: &Rules, options: &Options, errors: &mut Vec<Error>) -> Result<Self> {
        let mut baseline = Self::default();
        if options.baseline.is_empty() {
            return Ok(baseline);
        }
        let case = intake::discover(&options.baseline)?;
        let mut coverage = Coverage::default();
        let dossiers = gather(&case, rules, &mut coverage, errors);
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
        });
        let mut parts = Vec::new();
        let all = tasks(&case, stages, &[]);
        for Task { stage, inputs, .. } in &all {
            let mut streamed = stream(stage, inputs);
            let read = std::mem::take(&mut streamed.inputs).into_iter();
            errors.extend(read.filter_map(|(_, extent)| extent.err()));
            if let Some(first) = inputs.first() {
                parts.push(Part {
                    device: stage.device,
                    input: first.id,
                    format: first.format,
                    path: &first.display,
                    streamed,
                });
            }
        }
        for (key, volume) in summed(parts, &mut coverage).traffic {
            let device = usize::try_from(key.device.0).unwrap_or(usize::MAX);
            let Some(device) = case.devices.get(device) else {
                continue;
            };
            let of_device = baseline.0.entry(device.name.clone()).or_default();
            let sum = of_device.entry((key.app, key.recipient)).or_default();
            *sum = sum.saturating_add(volume.sent_bytes);
        }
        Ok(baseline)
    }

    /// That of the phone of this name, or the only one there is.
    pub(super) fn of(&self, name: &str) -> Option<Sent> {
        let only = || self.0.values().next().filter(|_| self.0.len() == 1);
        self.0.get(name).or_else(only).cloned()
    }
}
