//! An audit of a network interface: packets as they come, one device per client, a result at any time.

use std::sync::Arc;

use super::{Extent, Options, Told, count_traffic, keys, known_values};
use crate::attribute::Attributor;
use crate::flow::{Clients, Flows};
use crate::intake::{Case, Item};
use crate::limits::LIVE_CLIENTS;
use crate::model::{
    Answer, Audit, Coverage, DeviceId, Dossier, Event, InputId, InputReport, Observation, Packet,
    Shortfall, Sighting, Tally,
};
use crate::protocol::KeyLog;
use crate::rules::Rules;
use crate::{Result, assess, detect, payload};

/// What is known beforehand about all clients of an interface.
#[derive(Debug, Default)]
pub struct Basis {
    dossier: Dossier,
    keys: Arc<KeyLog>,
    known: Arc<detect::known::Index>,
}

impl Basis {
    /// Reads the key logs and lists of known values that the user named.
    pub fn new(options: &Options, rules: &Rules) -> Result<Self> {
        let mut dossiers = [Dossier::default()];
        let mut coverage = Coverage::default();
        let keys = keys(&Case::default(), &mut dossiers, options, &mut coverage)?;
        let keys = keys.into_iter().next().unwrap_or_default();
        let known = known_values(&mut dossiers, rules, options)?;
        let known = known.into_iter().next().unwrap_or_default();
        let [dossier] = dossiers;
        Ok(Self {
            dossier,
            keys,
            known,
        })
    }
}

/// An audit that goes on.
#[derive(Debug)]
pub struct Live<'a> {
    interface: String,
    rules: &'a Rules,
    basis: &'a Basis,
    options: &'a Options,
    clients: Clients,
    devices: Vec<Device<'a>>,
    coverage: Coverage,
    extent: Extent,
    bytes: u64,
}

/// One client.
#[derive(Debug)]
struct Device<'a> {
    id: DeviceId,
    key: String,
    /// What it calls itself in DHCP or multicast DNS.
    name: Option<String>,
    flows: Flows,
    attributor: Attributor<'a>,
    tally: Tally,
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
        Self {
            interface: interface.to_owned(),
            rules,
            basis,
            options,
            clients,
            devices: Vec::new(),
            coverage: Coverage::default(),
            extent: Extent::default(),
            bytes: 0,
        }
    }

    /// Takes what the interface yields.
    pub fn take(&mut self, item: Item<'_>) {
        match item {
            Item::Packet(packet) => self.packet(&packet),
            Item::Sighting(_) => {}
            Item::Shortfall {
                shortfall,
                count,
                origin,
                bytes,
                detail,
            } => self
                .coverage
                .add_many(INPUT, shortfall, count, origin, bytes, || detail),
        }
    }

    fn packet(&mut self, packet: &Packet<'_>) {
        self.extent.add(packet.origin.time);
        self.bytes = self.bytes.saturating_add(packet.data.len() as u64);
        let Some(number) = self.clients.of(packet) else {
            if self.devices.len() >= LIVE_CLIENTS {
                self.coverage
                    .add(INPUT, Shortfall::InputLimit, Some(packet.origin), 0, || {
                        format!("more than {LIVE_CLIENTS} clients")
                    });
            }
            return;
        };
        while self.devices.len() <= number {
            let device = self.new_device(self.devices.len());
            self.devices.push(device);
        }
        let Some(device) = self.devices.get_mut(number) else {
            return;
        };
        let mut seen = Vec::new();
        device
            .flows
            .packet(packet, &mut self.coverage, &mut |sighting| {
                seen.push(sighting);
            });
        for sighting in seen {
            device.take(sighting, self.rules, self.basis, &mut self.coverage);
        }
    }

    fn new_device(&self, number: usize) -> Device<'a> {
        let mut flows = Flows::new();
        flows.set_keys(Arc::clone(&self.basis.keys));
        let key = self.clients.key(number);
        Device {
            id: DeviceId(u32::try_from(number).unwrap_or(u32::MAX)),
            key: key.map(|key| key.to_string()).unwrap_or_default(),
            name: None,
            flows,
            attributor: Attributor::new(self.rules, &self.basis.dossier, self.options.app.clone()),
            tally: Tally::default(),
        }
    }

    /// Number of clients seen.
    pub fn clients(&self) -> usize {
        self.devices.len()
    }

    /// Packets seen.
    pub fn packets(&self) -> u64 {
        self.extent.items
    }

    /// The result so far: of flows that are open still, what they have shown.
    pub fn so_far(&self) -> Audit {
        let mut tally = Tally::default();
        for device in &self.devices {
            tally.merge(device.tally.clone());
        }
        self.report(&tally, self.coverage.clone())
    }

    /// The result.
    pub fn finish(mut self) -> Audit {
        let mut tally = Tally::default();
        let mut coverage = std::mem::take(&mut self.coverage);
        for device in &mut self.devices {
            let mut seen = Vec::new();
            device
                .flows
                .finish(&mut coverage, &mut |sighting| seen.push(sighting));
            for sighting in seen {
                device.take(sighting, self.rules, self.basis, &mut coverage);
            }
            tally.merge(std::mem::take(&mut device.tally));
        }
        self.report(&tally, coverage)
    }

    fn report(&self, tally: &Tally, coverage: Coverage) -> Audit {
        let devices: Vec<(String, Dossier)> = self
            .devices
            .iter()
            .map(|device| (device.title(), self.basis.dossier.clone()))
            .collect();
        Audit {
            case: self.interface.clone(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            rules_sha256: self.rules.sha256.clone(),
            law_as_of: self.rules.legal().as_of.to_string(),
            options: self.options.named(),
            method: self.rules.legal().scoring.profile.to_string(),
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
            devices: assess::assess(
                self.rules,
                (&crate::model::Policy::default(), None),
                &devices,
                tally,
            ),
            coverage,
        }
    }
}

impl Device<'_> {
    fn title(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} ({})", self.key),
            None => self.key.clone(),
        }
    }

    fn take(&mut self, sighting: Sighting, rules: &Rules, basis: &Basis, coverage: &mut Coverage) {
        if let Some(name) = own_name(&sighting) {
            self.name = Some(name);
        }
        let app = self.attributor.attribute(&sighting);
        let observation = Observation {
            sighting,
            device: self.id,
            app,
        };
        let decoded = payload::decode(&observation.sighting.event);
        let origin = observation.sighting.origin;
        for (shortfall, bytes, detail) in &decoded.shortfalls {
            coverage.add(origin.input, *shortfall, Some(origin), *bytes, || {
                (*detail).to_owned()
            });
        }
        count_traffic(&observation, Told::Packets, &mut self.tally);
        let around = detect::Device {
            rules,
            dossier: &basis.dossier,
            known: &basis.known,
        };
        detect::inspect(&observation, &decoded, around, &mut self.tally);
    }
}

/// The name that a client gives itself: to the DHCP server, or by multicast DNS for its own address.
fn own_name(sighting: &Sighting) -> Option<String> {
    /// Longest name of a host (RFC 1035 §2.3.4 allows 63 octets a label).
    const LONGEST: usize = 63;
    let name = match &sighting.event {
        Event::Message(message) if message.protocol == "dhcp" && message.from_client => message
            .fields
            .iter()
            .find(|(name, _)| name == "hostname")
            .map(|(_, value)| value.as_str())?,
        Event::Lookup(lookup) if lookup.is_local && lookup.is_response => {
            let client = sighting.flow?.client.ip();
            let is_own = lookup
                .answers
                .iter()
                .any(|answer| matches!(answer, Answer::Address(address) if *address == client));
            lookup.name.strip_suffix(".local").filter(|_| is_own)?
        }
        _ => return None,
    };
    let name: String = name.chars().take(LONGEST).collect();
    (!name.trim().is_empty()).then(|| name.trim().to_owned())
}
