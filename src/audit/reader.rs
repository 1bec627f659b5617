//! Inputs → observations: flows, attribution and decoding, for one phone or for each client of a network.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::overlap::{Known, Overlap};
use super::volume::user;
use super::{Extent, Stage, naming, own_cipher};
use crate::Result;
use crate::attribute::Attributor;
use crate::flow::{Clients, Flows, Load, Recorded};
use crate::intake::{self, Input, Item};
use crate::limits::{LIVE_CLIENTS, LOGGED_EVENTS, USERS};
use crate::model::{
    Answer, Coverage, DeviceId, Dossier, Event, InputId, Observation, Packet, ServerName,
    Shortfall, Sighting, Timestamp,
};
use crate::payload::{self, Decoded};
use crate::protocol;

/// How something came to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// In packets: the flow's traffic is counted when it ends.
    Packets,
    /// By a proxy's or browser's record, which knows of no packets.
    Record,
    /// By a sensor's log that has a record of the connection too.
    SensorLog,
    /// By a sensor's log that tells of the connection only by what was seen in it.
    LoneLog,
}

/// What takes one observation with what the client sent in it.
pub(super) type Take<'a> = dyn FnMut(&Observation, &Decoded<'_>, Told, &mut Coverage) + 'a;

/// How far the clock may go back from one file of a series to the next, in nanoseconds: packets of one moment may be written
/// in another order. Beyond that the files do not belong together.
const CLOCK_SLACK: i64 = 1_000_000_000;

/// Items between two updates of [`super::Progress`]: often enough for a smooth bar, seldom enough to cost nothing.
const PROGRESS_STEP: u64 = 1 << 12;

/// A client of a network, as it is known to others and as it calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Client {
    /// Its hardware address or IP address; empty for what is no client's.
    pub(super) key: String,
    /// Its name in DHCP or multicast DNS.
    pub(super) name: Option<String>,
    /// When the first thing of it was seen.
    pub(super) first: Option<Timestamp>,
}

impl Client {
    pub(super) fn title(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} ({})", self.key),
            None => self.key.clone(),
        }
    }
}

/// A phone, or a client that is taken for one.
#[derive(Debug)]
struct Phone<'a> {
    device: DeviceId,
    client: Client,
    attributor: Attributor<'a>,
    flows: Flows,
}

impl<'a> Phone<'a> {
    fn new(stage: &Stage<'a>, device: DeviceId, key: String) -> Self {
        let mut flows = Flows::new();
        flows.set_keys(Arc::clone(stage.keys));
        flows.set_names(Arc::clone(&stage.dossier.names));
        let mut attributor = Attributor::new(stage.rules, stage.dossier, stage.options.app.clone());
        attributor.set_clock_ahead(stage.clock_ahead);
        Self {
            device,
            client: Client {
                key,
                name: None,
                first: None,
            },
            attributor,
            flows,
        }
    }
}

/// Reads inputs that belong together, and attributes and decodes everything seen in them. Flows go on from one to the next.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    stage: Stage<'a>,
    /// Where the clients of a network are told apart.
    clients: Option<Clients>,
    /// The phone; of a network, what is no client's, and behind it the clients, whose ids are their places here.
    phones: Vec<Phone<'a>>,
    /// The connection whose recorded bytes are being read, with the place of its phone.
    recorded: Option<(usize, Recorded)>,
    /// What the flows of all phones keep in memory.
    load: Load,
    /// Sightings of one packet are collected, because flow holds the coverage while it works.
    seen: Vec<Sighting>,
    /// The last moment seen.
    last: Option<Timestamp>,
    /// What logs have told before, where several may tell the same.
    overlap: Option<Overlap>,
    /// Android users beside the owner for whom apps did something.
    users: BTreeSet<u32>,
}

impl<'a> Reader<'a> {
    /// All inputs are of one phone or, with `clients`, of a network on which each client is one.
    pub(super) fn new(stage: Stage<'a>, clients: Option<Clients>) -> Self {
        let device = match clients {
            Some(_) => DeviceId(0),
            None => stage.device,
        };
        Self {
            clients,
            phones: vec![Phone::new(&stage, device, String::new())],
            recorded: None,
            load: Load::default(),
            seen: Vec::new(),
            last: None,
            overlap: None,
            users: BTreeSet::new(),
            stage,
        }
    }

    /// What several inputs tell alike counts once.
    pub(super) fn count_once(&mut self) {
        self.overlap.get_or_insert_default();
    }

    /// The phones of the network, by device; the first is none.
    pub(super) fn clients(&self) -> impl ExactSizeIterator<Item = &Client> {
        self.phones.iter().map(|phone| &phone.client)
    }

    /// Addresses that one of them alone has used, with its place.
    pub(super) fn addresses(&self) -> Vec<(IpAddr, usize)> {
        let clients = self.clients.iter();
        clients.flat_map(Clients::addresses).collect()
    }

    /// Reads an input to its end; flows stay open.
    pub(super) fn read(
        &mut self,
        input: &Input,
        coverage: &mut Coverage,
        take: &mut Take<'_>,
    ) -> Result<Extent> {
        let Some(mut source) = input.open()? else {
            return Ok(Extent::default());
        };
        let stage = self.stage;
        if let Some(expression) = &stage.options.filter {
            source = intake::filtered(source, expression)?;
        }
        let by_record = if input.lists_connections() {
            Told::SensorLog
        } else {
            Told::Record
        };
        let zone = stage.dossier.time_zone.as_deref();
        let zone = zone
            .filter(|_| input.has_local_times())
            .and_then(intake::Zone::named);
        let progress = &stage.progress.bytes;
        let mut extent = Extent::default();
        let mut unreported_bytes = 0_u64;
        while let Some(mut item) = source.next_item()? {
            match &mut item {
                Item::Packet(packet) => {
                    if extent.items == 0 {
                        self.begin(packet.origin.time, coverage, take);
                    }
                    unreported_bytes = unreported_bytes.saturating_add(packet.data.len() as u64);
                }
                Item::Sighting(sighting) => {
                    if let Some(zone) = &zone {
                        let time = &mut sighting.origin.time;
                        *time = zone.moment(*time);
                    } else if input.has_local_times()
                        && let Event::Access(access) = &mut sighting.event
                    {
                        access.has_local_time = true;
                    }
                    let known = self
                        .overlap
                        .as_mut()
                        .map_or(Known::No, |overlap| overlap.is_known(input.id, sighting));
                    match known {
                        Known::No => {}
                        Known::Yes => {
                            extent.add(sighting.origin.time);
                            coverage.add(input.id, Shortfall::SameTraffic, None, 0, || {
                                "records that another log of the phone has too".to_owned()
                            });
                            continue;
                        }
                        Known::Perhaps => {
                            coverage.add(input.id, Shortfall::PerhapsSameTraffic, None, 0, || {
                                format!("more than {LOGGED_EVENTS} records are not compared")
                            });
                        }
                    }
                }
                Item::Shortfall { shortfall, .. } => {
                    if zone.is_some() && *shortfall == Shortfall::LocalTime {
                        continue;
                    }
                }
            }
            if let Some(time) = self.take(item, input.id, by_record, coverage, take) {
                extent.add(time);
            }
            if extent.items.is_multiple_of(PROGRESS_STEP) {
                progress.fetch_add(std::mem::take(&mut unreported_bytes), Ordering::Relaxed);
            }
        }
        self.end_recorded(coverage, take);
        progress.fetch_add(unreported_bytes, Ordering::Relaxed);
        self.last = self.last.max(extent.period.map(|(_, last)| last));
        Ok(extent)
    }

    /// Takes one item; its time, if it has one.
    pub(super) fn take(
        &mut self,
        item: Item<'_>,
        input: InputId,
        by_record: Told,
        coverage: &mut Coverage,
        take: &mut Take<'_>,
    ) -> Option<Timestamp> {
        let (time, number, told) = match item {
            Item::Packet(packet) => {
                let number = self.phone_of(&packet, coverage);
                let seen = &mut self.seen;
                if let Some(phone) = self.phones.get_mut(number) {
                    let flows = &mut phone.flows;
                    let others = self.load.without(flows.load());
                    flows.set_others(others);
                    flows.packet(&packet, coverage, &mut |sighting| seen.push(sighting));
                    self.load = others.with(flows.load());
                }
                (packet.origin.time, number, Told::Packets)
            }
            Item::Sighting(sighting) => {
                let time = sighting.origin.time;
                let number = self.phone_of_record(&sighting);
                let is_lone = by_record == Told::SensorLog
                    && !self.has_record_of(&sighting)
                    && !self.is_within_quic(&sighting);
                let by_record = if is_lone { Told::LoneLog } else { by_record };
                let told = self.record(*sighting, number, by_record, coverage, take);
                (time, number, told)
            }
            Item::Shortfall {
                shortfall,
                count,
                origin,
                bytes,
                detail,
            } => {
                coverage.add_many(input, shortfall, count, origin, bytes, || detail);
                return None;
            }
        };
        if let Some(phone) = self.phones.get_mut(number)
            && time != Timestamp::default()
        {
            let first = &mut phone.client.first;
            *first = Some(first.map_or(time, |first| first.min(time)));
        }
        if !self.seen.is_empty() {
            self.hand_out(number, told, coverage, take);
        }
        Some(time)
    }

    /// Whether a sensor has a record of the connection in which it saw that.
    fn has_record_of(&self, sighting: &Sighting) -> bool {
        let recorded = &self.stage.dossier.recorded;
        let flow = sighting.flow;
        flow.is_some_and(|flow| recorded.has(flow, sighting.origin.time))
    }

    /// Whether it is the TLS in QUIC: Zeek writes one connection to `quic.log` and `ssl.log`, and the first counts.
    fn is_within_quic(&self, sighting: &Sighting) -> bool {
        let is_tls =
            matches!(&sighting.event, Event::Handshake(handshake) if handshake.quic_version == 0);
        let quic = &self.stage.dossier.quic;
        let flow = sighting.flow.filter(|_| is_tls);
        flow.is_some_and(|flow| quic.has(flow, sighting.origin.time))
    }

    /// Takes a record: as it is, or what its bytes say if it has those of a connection.
    fn record(
        &mut self,
        sighting: Sighting,
        number: usize,
        told: Told,
        coverage: &mut Coverage,
        take: &mut Take<'_>,
    ) -> Told {
        let is_next = |(_, recorded): &(usize, Recorded)| recorded.goes_on_with(&sighting);
        if !self.recorded.as_ref().is_some_and(is_next) {
            self.end_recorded(coverage, take);
            let begun = Recorded::begin(&sighting, self.stage.keys);
            self.recorded = begun.map(|recorded| (number, recorded));
        }
        let seen = &mut self.seen;
        let Some((_, recorded)) = &mut self.recorded else {
            seen.push(sighting);
            return told;
        };
        recorded.message(sighting, coverage, &mut |sighting| seen.push(sighting));
        Told::SensorLog
    }

    /// Ends the connection whose recorded bytes were read.
    fn end_recorded(&mut self, coverage: &mut Coverage, take: &mut Take<'_>) {
        if let Some((number, recorded)) = self.recorded.take() {
            let seen = &mut self.seen;
            recorded.finish(coverage, &mut |sighting| seen.push(sighting));
            self.hand_out(number, Told::SensorLog, coverage, take);
        }
    }

    /// Place of the phone that a packet is from or for.
    fn phone_of(&mut self, packet: &Packet<'_>, coverage: &mut Coverage) -> usize {
        let Some(clients) = &mut self.clients else {
            return 0;
        };
        let Some(number) = clients.of(packet) else {
            let origin = packet.origin;
            coverage.add(origin.input, Shortfall::InputLimit, Some(origin), 0, || {
                format!("more than {LIVE_CLIENTS} clients; the others are put together")
            });
            return 0;
        };
        self.with_phone(number)
    }

    /// Place of the phone that a record of a sensor or proxy is about.
    fn phone_of_record(&mut self, sighting: &Sighting) -> usize {
        let Some(clients) = &mut self.clients else {
            return 0;
        };
        let client = sighting.flow.map(|flow| flow.client.ip());
        let number = client.and_then(|address| clients.of_address(address));
        self.with_phone(number.unwrap_or(0))
    }

    /// Makes sure that the client with this number has its phone.
    fn with_phone(&mut self, number: usize) -> usize {
        while self.phones.len() <= number {
            let next = self.phones.len();
            let key = self.clients.as_ref().and_then(|clients| clients.key(next));
            let device = DeviceId(u32::try_from(next).unwrap_or(u32::MAX));
            let key = key.map(|key| key.to_string()).unwrap_or_default();
            self.phones.push(Phone::new(&self.stage, device, key));
        }
        number
    }

    /// Ends all flows if an input begins before the one before it ended.
    fn begin(&mut self, first: Timestamp, coverage: &mut Coverage, take: &mut Take<'_>) {
        let goes_back = |last: Timestamp| first.0.saturating_add(CLOCK_SLACK) < last.0;
        if self.last.is_some_and(goes_back) {
            self.finish(coverage, take);
            for phone in &mut self.phones {
                let client = phone.client.clone();
                *phone = Phone::new(&self.stage, phone.device, String::new());
                phone.client = client;
            }
            self.load = Load::default();
            self.last = None;
        }
    }

    /// Ends all flows.
    pub(super) fn finish(&mut self, coverage: &mut Coverage, take: &mut Take<'_>) {
        for number in 0..self.phones.len() {
            let seen = &mut self.seen;
            if let Some(phone) = self.phones.get_mut(number) {
                phone
                    .flows
                    .finish(coverage, &mut |sighting| seen.push(sighting));
            }
            self.hand_out(number, Told::Packets, coverage, take);
        }
    }

    /// Attributes, decodes and hands out what was seen of a phone.
    fn hand_out(
        &mut self,
        number: usize,
        told: Told,
        coverage: &mut Coverage,
        take: &mut Take<'_>,
    ) {
        let dossier = self.stage.dossier;
        if told == Told::Record {
            for sighting in &self.seen {
                note_not_kept(sighting, coverage);
            }
            let inside: Vec<Sighting> = self.seen.iter().flat_map(events_within).collect();
            self.seen.extend(inside);
        }
        let Some(phone) = self.phones.get_mut(number) else {
            return self.seen.clear();
        };
        for mut sighting in self.seen.drain(..) {
            if self.clients.is_some()
                && let Some(name) = own_name(&sighting)
            {
                phone.client.name = Some(name);
            }
            if told != Told::Packets && sighting.server.is_none() {
                sighting.server = name_of_server(&sighting, dossier);
            }
            naming::in_ascii(&mut sighting);
            if let Some(user) = user(&sighting, &dossier.connections).filter(|user| *user != 0)
                && self.users.len() < USERS
                && self.users.insert(user)
            {
                let origin = sighting.origin;
                // With the owner, the last is one more than are told apart.
                let is_beyond = self.users.len() == USERS;
                let shortfall = if is_beyond {
                    Shortfall::InputLimit
                } else {
                    Shortfall::SeveralUsers
                };
                coverage.add(origin.input, shortfall, Some(origin), 0, || {
                    if is_beyond {
                        format!("more than {USERS} users of the phone; what others did stands in the rows of the apps, but not by user")
                    } else {
                        format!("where user {user} of the phone has the same app as user 0, its row is of both and says how much is whose")
                    }
                });
            }
            let app = phone.attributor.attribute(&sighting);
            let observation = Observation {
                sighting,
                device: phone.device,
                app,
            };
            let decoded = payload::decode(&observation.sighting.event);
            take(&observation, &decoded, told, coverage);
            for plain in own_cipher::undone(&observation, &decoded, &dossier.plaintexts) {
                let decoded = payload::decode(&plain.sighting.event);
                // Its bytes are counted with the request that carried it.
                take(&plain, &decoded, Told::SensorLog, coverage);
            }
        }
    }
}

/// Notes bodies that a record says there were and does not hold.
fn note_not_kept(sighting: &Sighting, coverage: &mut Coverage) {
    let Event::Exchange(exchange) = &sighting.event else {
        return;
    };
    let answer = exchange.response.as_ref().map(|response| &response.body);
    let bodies = [
        (Shortfall::BodyNotKept, Some(&exchange.request.body)),
        (Shortfall::AnswerNotKept, answer),
    ];
    for (shortfall, body) in bodies {
        if let Some(body) = body.filter(|body| body.is_cut && body.bytes.is_empty()) {
            let origin = sighting.origin;
            coverage.add(origin.input, shortfall, Some(origin), body.wire_len, || {
                "the record has no body where there was one".to_owned()
            });
        }
    }
}

/// What an exchange of a record holds of other protocols, such as lookups.
fn events_within(sighting: &Sighting) -> Vec<Sighting> {
    let Event::Exchange(exchange) = &sighting.event else {
        return Vec::new();
    };
    let events = protocol::events_inside(exchange, sighting.origin).into_iter();
    events
        .map(|event| Sighting {
            origin: sighting.origin,
            flow: sighting.flow,
            server: sighting.server.clone(),
            owner: sighting.owner.clone(),
            event,
        })
        .collect()
}

/// The name of the server of a connection that a log has only the addresses of, from the logs beside it.
fn name_of_server(sighting: &Sighting, dossier: &Dossier) -> Option<ServerName> {
    let flow = sighting.flow?;
    let by_connection = dossier.connections.server(flow, sighting.origin.time);
    by_connection
        .or_else(|| dossier.names.get(&flow.server_ip()).cloned())
        .map(ServerName::Resolved)
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
