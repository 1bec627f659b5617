//! An audit of a network interface: packets as they come, one device per client, a result at any time.

use std::sync::Arc;

use super::gather::keys;
use super::known_values::{known_values, note_untried_salts, note_unusable};
use super::reader::{Client, Reader, Told};
use super::{Extent, Options, Progress, Stage};
use crate::flow::Clients;
use crate::intake::{Case, Item, Unusable};
use crate::model::{
    Audit, Controller, Coverage, DeviceId, Dossier, InputId, InputReport, Observation, Policy,
    Tally,
};
use crate::payload::Decoded;
use crate::protocol::KeyLog;
use crate::rules::Rules;
use crate::{Error, Result, assess, detect};

/// What is known beforehand about all clients of an interface.
#[derive(Debug, Default)]
pub struct Basis {
    dossier: Dossier,
    keys: Arc<KeyLog>,
    known: Arc<detect::known::Index>,
    /// What in the lists is no value.
    unusable: Vec<Unusable>,
    progress: Progress,
}

impl Basis {
    /// Reads the key logs and lists of known values that the user named.
    pub fn new(options: &Options, rules: &Rules) -> Result<Self> {
        if !options.baseline.is_empty() {
            let reason = "--baseline-capture compares with files; write the capture (--write) and audit that";
            return Err(Error::Usage(reason.to_owned()));
        }
        let mut dossiers = [Dossier::default()];
        let mut coverage = Coverage::default();
        let keys = keys(&Case::default(), &mut dossiers, options, &mut coverage)?;
        let keys = keys.into_iter().next().unwrap_or_default();
        let (known, unusable) = known_values(&mut dossiers, rules, options)?;
        let known = known.into_iter().next().unwrap_or_default();
        let [dossier] = dossiers;
        Ok(Self {
            dossier,
            keys,
            known,
            unusable,
            progress: Progress::default(),
        })
    }
}

/// An audit that goes on.
#[derive(Debug)]
pub struct Live<'a> {
    interface: String,
    stage: Stage<'a>,
    unusable: &'a [Unusable],
    reader: Reader<'a>,
    tally: Tally,
    coverage: Coverage,
    extent: Extent,
    bytes: u64,
}

/// The only input.
const INPUT: InputId = InputId(0);

impl<'a> Live<'a> {
    /// Nothing seen yet; `clients` knows the addresses of the capturing computer.
    pub fn new(
        interface: &str,
        clients: Clients,
        rules: &'a Rules,
        basis: &'a Basis,
        options: &'a Options,
    ) -> Self {
        let stage = Stage {
            device: DeviceId(0),
            dossier: &basis.dossier,
            keys: &basis.keys,
            known: &basis.known,
            rules,
            options,
            progress: &basis.progress,
            is_network: true,
            notes_owners: false,
            clock_ahead: 0,
        };
        Self {
            interface: interface.to_owned(),
            stage,
            unusable: &basis.unusable,
            reader: Reader::new(stage, Some(clients)),
            tally: Tally::default(),
            coverage: Coverage::default(),
            extent: Extent::default(),
            bytes: 0,
        }
    }

    /// Takes what the interface yields.
    pub fn take(&mut self, item: Item<'_>) {
        if let Item::Packet(packet) = &item {
            self.bytes = self.bytes.saturating_add(packet.data.len() as u64);
        }
        let Self {
            stage,
            reader,
            tally,
            coverage,
            extent,
            ..
        } = self;
        let time = reader.take(
            item,
            INPUT,
            Told::Packets,
            coverage,
            &mut tallying(stage, tally),
        );
        if let Some(time) = time {
            extent.add(time);
        }
    }

    /// Number of clients seen.
    pub fn clients(&self) -> usize {
        self.reader.clients().len().saturating_sub(1)
    }

    /// Packets seen.
    pub fn packets(&self) -> u64 {
        self.extent.items
    }

    /// The result so far: of flows that are open still, what they have shown.
    pub fn so_far(&self) -> Audit {
        self.report(&self.tally, self.coverage.clone())
    }

    /// The result.
    pub fn finish(mut self) -> Audit {
        let (mut tally, mut coverage) = (
            std::mem::take(&mut self.tally),
            std::mem::take(&mut self.coverage),
        );
        let mut take = tallying(&self.stage, &mut tally);
        self.reader.finish(&mut coverage, &mut take);
        drop(take);
        self.report(&tally, coverage)
    }

    fn report(&self, tally: &Tally, mut coverage: Coverage) -> Audit {
        note_untried_salts(INPUT, self.stage.known.untried_salts(), &mut coverage);
        note_unusable(INPUT, self.unusable, &mut coverage);
        let consent = self.stage.options.consent;
        let device = |(at, client): (usize, &Client)| {
            let title = match at {
                0 => "this computer".to_owned(),
                _ => client.title(),
            };
            let mut dossier = self.stage.dossier.clone();
            dossier.consent = consent.and_then(|consent| consent.moment(client.first));
            (title, dossier)
        };
        let devices: Vec<(String, Dossier)> =
            self.reader.clients().enumerate().map(device).collect();
        let rules = self.stage.rules;
        let reports = assess::assess(rules, (&Policy::default(), None), &devices, tally);
        // The capturing computer is reported on where it talked itself.
        let is_silent = !tally.devices().contains(&DeviceId(0));
        let devices: Vec<_> = reports.into_iter().skip(usize::from(is_silent)).collect();
        Audit {
            case: self.interface.clone(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            rules_sha256: rules.sha256().to_owned(),
            law_as_of: rules.legal().as_of.to_string(),
            options: self.stage.options.named(&Case::default()),
            method: rules.legal().scoring.profile.to_string(),
            controller: Controller::default(),
            inputs: vec![InputReport {
                id: INPUT,
                path: self.interface.clone(),
                device: format!("{} clients", devices.len()),
                format: "interface".to_owned(),
                sha256: String::new(),
                bytes: self.bytes,
                items: self.extent.items,
                period: self.extent.period,
            }],
            devices,
            coverage,
        }
    }
}

/// Adds each observation up.
fn tallying<'t>(
    stage: &'t Stage<'_>,
    tally: &'t mut Tally,
) -> impl FnMut(&Observation, &Decoded<'_>, Told, &mut Coverage) + 't {
    move |observation, decoded, told, coverage| {
        stage.tally(observation, decoded, told, tally, coverage);
    }
}
