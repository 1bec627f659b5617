//! Packets → contiguous bytes per direction → sightings.
//!
//! Link and network layers, fragments, tunnels, TCP reassembly, UDP flows, passive DNS names. What the bytes mean is the
//! business of [`crate::protocol`]; this room probes, starts and stacks dissectors and never looks into a message itself.
//! A packet of a flow whose payload is not read any more costs its headers, one look-up and two counters.

mod client;
mod dissection;
mod expectation;
mod fragment;
mod internet;
mod link;
mod migration;
mod names;
mod orientation;
mod owner;
mod table;
mod tcp;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::limits;
use crate::model::{
    CaptureDirection, ContentState, Coverage, Event, FlowKey, LinkType, Origin, Owner, Packet,
    ServerName, Shortfall, Side, Sighting, Timestamp, Traffic, Transport,
};
use crate::protocol::{Chunk, KeyLog, PROTOCOLS, Protocol, Resumptions, Started};

pub use client::{ClientKey, Clients};

use dissection::{Setting, Sink, Stage};
use expectation::Expected;
use fragment::Fragments;
use internet::Datagram;
use link::{OwnerMark, Refusal};
use migration::Connections;
use names::Names;
use orientation::{End, sender_is_client};
use owner::Owners;
use table::{Class, Flow, Key, Live, Table};
use tcp::{Delivery, Segment};

/// The flows of one device: of one capture, or of several that follow each other.
pub struct Flows {
    keys: Arc<KeyLog>,
    resumptions: Resumptions,
    protocols: &'static [Protocol],
    table: Table,
    fragments: Fragments,
    names: Names,
    owners: Owners,
    connections: Connections,
    expected: Expected,
    /// Bytes held back in all flows.
    held_bytes: usize,
    clock: Clock,
}

/// What a packet brings along besides its bytes.
#[derive(Clone, Copy)]
struct Arrival<'a> {
    origin: Origin,
    owner: Option<&'a Owner>,
    mark: Option<OwnerMark<'a>>,
    direction: Option<CaptureDirection>,
}

/// The time by which flows age.
#[derive(Debug, Default)]
struct Clock {
    previous: Timestamp,
    looked: Timestamp,
}

impl Clock {
    /// Time of the capture, if flows should be looked at again. A single time stamp that lies far ahead does not count:
    /// two packets must agree.
    #[inline]
    fn tick(&mut self, time: Timestamp) -> Option<Timestamp> {
        let now = time.min(self.previous);
        self.previous = time;
        let passed = now.since(self.looked);
        if (0..limits::EXPIRY_INTERVAL).contains(&passed) {
            return None;
        }
        self.looked = now;
        Some(now)
    }
}

impl Default for Flows {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Flows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Flows")
            .field("open", &self.table.len())
            .finish_non_exhaustive()
    }
}

impl Flows {
    /// No flows yet.
    pub fn new() -> Self {
        Self::with_protocols(PROTOCOLS)
    }

    /// No flows yet; payload is read by these protocols instead of all.
    pub fn with_protocols(protocols: &'static [Protocol]) -> Self {
        Self {
            keys: Arc::default(),
            resumptions: Resumptions::default(),
            protocols,
            table: Table::default(),
            fragments: Fragments::default(),
            names: Names::default(),
            owners: Owners::default(),
            connections: Connections::default(),
            expected: Expected::default(),
            held_bytes: 0,
            clock: Clock::default(),
        }
    }

    /// The secrets by which connections that begin from now on can be read.
    pub fn set_keys(&mut self, keys: Arc<KeyLog>) {
        self.keys = keys;
    }

    /// A name that the capture file itself gives to an address (name resolution block of pcapng). It counts for flows that
    /// open from now on and whose client did not look up another name.
    pub fn add_name(&mut self, address: IpAddr, name: &str) {
        self.names.give(address, name);
    }

    /// Number of flows open now.
    pub fn open(&self) -> usize {
        self.table.len()
    }

    /// Takes one packet; `emit` gets everything that it completes.
    #[inline]
    pub fn packet(
        &mut self,
        packet: &Packet<'_>,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) {
        if let Some(now) = self.clock.tick(packet.origin.time) {
            self.expire(now, coverage, emit);
        }
        let frame = match link::peel(packet.link, packet.data) {
            Ok(frame) => frame,
            Err(refusal) => return refuse(packet, refusal, coverage),
        };
        let captured = u32::try_from(packet.data.len()).unwrap_or(u32::MAX);
        let arrival = Arrival {
            origin: packet.origin,
            owner: packet.owner,
            mark: frame.owner,
            direction: packet.direction.or(frame.direction),
        };
        let cut = packet.wire_len.saturating_sub(captured);
        self.internet(frame.packet, cut, 0, arrival, coverage, emit);
    }

    /// Takes an IP packet; `cut` bytes behind it were not captured.
    #[inline]
    fn internet(
        &mut self,
        packet: &[u8],
        cut: u32,
        depth: usize,
        arrival: Arrival<'_>,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) {
        match internet::datagram(packet, cut) {
            Ok(datagram) => self.datagram(datagram, depth, arrival, coverage, emit),
            Err(problem) => malformed(arrival.origin, packet.len(), problem, coverage),
        }
    }

    #[inline]
    fn datagram(
        &mut self,
        datagram: Datagram<'_>,
        depth: usize,
        arrival: Arrival<'_>,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) {
        if datagram.fragment.is_some() {
            return self.fragment(datagram, depth, arrival, coverage, emit);
        }
        let problem = match datagram.protocol {
            6 => self.tcp(datagram, arrival, coverage, emit),
            17 => self.udp(datagram, depth, arrival, coverage, emit),
            protocol => {
                match internet::tunnel(protocol, datagram.payload) {
                    Some(_) if depth >= limits::TUNNEL_DEPTH => Err("tunnels nested too deeply"),
                    Some(packet) => {
                        let depth = depth.saturating_add(1);
                        self.internet(packet, datagram.missing, depth, arrival, coverage, emit);
                        return;
                    }
                    // no ports: all packets between two addresses are one flow
                    None => {
                        let ends = [
                            End {
                                address: datagram.source,
                                port: 0,
                            },
                            End {
                                address: datagram.destination,
                                port: 0,
                            },
                        ];
                        self.whole(datagram, ends, arrival, coverage, emit);
                        Ok(())
                    }
                }
            }
        };
        if let Err(problem) = problem {
            malformed(arrival.origin, datagram.payload.len(), problem, coverage);
        }
    }

    fn fragment(
        &mut self,
        datagram: Datagram<'_>,
        depth: usize,
        arrival: Arrival<'_>,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) {
        let Some(fragment) = datagram.fragment else {
            return;
        };
        // a fragmented packet inside a fragmented packet inside …
        if depth >= limits::TUNNEL_DEPTH {
            let problem = "tunnels nested too deeply";
            return malformed(arrival.origin, datagram.payload.len(), problem, coverage);
        }
        let Some(whole) = self
            .fragments
            .add(&datagram, fragment, arrival.origin, coverage)
        else {
            return;
        };
        let whole_datagram = Datagram {
            source: whole.source,
            destination: whole.destination,
            protocol: whole.protocol,
            payload: &whole.bytes,
            missing: 0,
            fragment: None,
        };
        match whole_datagram.without_extensions() {
            Ok(datagram) => {
                self.datagram(datagram, depth.saturating_add(1), arrival, coverage, emit);
            }
            Err(problem) => malformed(arrival.origin, whole.bytes.len(), problem, coverage),
        }
    }

    fn udp(
        &mut self,
        mut datagram: Datagram<'_>,
        depth: usize,
        arrival: Arrival<'_>,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) -> Result<(), &'static str> {
        let (header, payload) = datagram
            .payload
            .split_first_chunk::<8>()
            .ok_or("short UDP header")?;
        let ports = [
            u16::from_be_bytes([header[0], header[1]]),
            u16::from_be_bytes([header[2], header[3]]),
        ];
        datagram.payload = payload;
        // what is behind the length is no payload (RFC 768); zero is what offload and jumbograms leave
        let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
        if length > 0 {
            let length = length.checked_sub(8).ok_or("UDP length")?;
            if let Some(payload) = payload.get(..length) {
                datagram.payload = payload;
                datagram.missing = 0;
            }
        }
        if let Some(packet) = internet::tunnel_on_udp(ports, datagram.payload) {
            if depth >= limits::TUNNEL_DEPTH {
                return Err("tunnels nested too deeply");
            }
            let depth = depth.saturating_add(1);
            self.internet(packet, datagram.missing, depth, arrival, coverage, emit);
            return Ok(());
        }
        let [source, destination] = ports;
        let ends = [
            End {
                address: datagram.source,
                port: source,
            },
            End {
                address: datagram.destination,
                port: destination,
            },
        ];
        self.whole(datagram, ends, arrival, coverage, emit);
        Ok(())
    }

    /// Takes a datagram that stands for itself.
    fn whole(
        &mut self,
        datagram: Datagram<'_>,
        [sender, receiver]: [End; 2],
        arrival: Arrival<'_>,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) {
        let (key, sender_is_low) = Key::new(datagram.protocol, sender, receiver);
        let time = arrival.origin.time;
        let found = self.table.find(&key);
        let index = match found.and_then(|index| Some((index, self.table.get_mut(index)?))) {
            Some((index, flow)) if !flow.is_expired(time) => index,
            stale => {
                if let Some((index, _)) = stale {
                    self.end(index, coverage, emit);
                }
                let transport = key.transport();
                let sender_opened =
                    sender_is_client(transport, sender, receiver, arrival.direction);
                let class = match transport {
                    Transport::Udp => Class::Udp,
                    Transport::Tcp | Transport::Other(_) => Class::Other,
                };
                let mut flow =
                    Flow::new(key, class, sender_is_low == sender_opened, arrival.origin);
                if transport == Transport::Udp {
                    flow.live = Some(Box::default());
                }
                self.open_flow(flow, coverage, emit)
            }
        };
        if !self.connections.is_empty() {
            self.follow(index, sender_is_low, datagram.payload);
        }
        let bytes = (datagram.payload.len() as u64).saturating_add(u64::from(datagram.missing));
        let Some(flow) = self.table.get_mut(index) else {
            return;
        };
        let side = flow.side(sender_is_low);
        flow.count(side, bytes, arrival.origin);
        if flow.owner.is_none() {
            flow.owner = own(&mut self.owners, &arrival);
        }
        if datagram.payload.is_empty() {
            return;
        }
        let Some(mut live) = flow.live.take() else {
            return;
        };
        let setting = setting((&self.keys, &self.resumptions), self.protocols, flow);
        let mut sink = FlowSink::new(
            flow,
            (&mut self.names, &mut self.expected),
            arrival.origin,
            coverage,
            emit,
        );
        live.stage.feed(
            setting,
            Chunk {
                side,
                bytes: datagram.payload,
                origin: arrival.origin,
            },
            &mut sink,
        );
        if datagram.missing > 0 {
            live.stage
                .gap(setting, side, u64::from(datagram.missing), &mut sink);
        }
        for (id, side) in std::mem::take(&mut sink.connection_ids) {
            live.connection = self.connections.add(live.connection, index, &id, side);
        }
        keep(flow, live);
    }

    /// Lets a flow go on with the connection that a datagram belongs to, if that was read in another flow so far.
    fn follow(&mut self, index: u32, sender_is_low: bool, datagram: &[u8]) {
        let Some((connection, place, receiver)) = self.connections.of(datagram) else {
            return;
        };
        let is_free = self.table.get_mut(index).is_some_and(|flow| {
            let live = flow.live.as_ref();
            flow.class == Class::Udp && live.is_none_or(|live| live.stage.is_probing())
        });
        if place == index || !is_free {
            return;
        }
        let Some(former) = self.table.get_mut(place) else {
            return;
        };
        let Some(live) = former
            .live
            .take_if(|live| live.connection == Some(connection))
        else {
            return;
        };
        former.outcome = live.stage.outcome();
        let (server, owner) = (former.server.clone(), former.owner.clone());
        if let Some(flow) = self.table.get_mut(index) {
            if flow.packets == [0, 0] {
                flow.client_is_low = sender_is_low == (receiver == Side::Server);
            }
            flow.server = server;
            flow.owner = flow.owner.take().or(owner);
            flow.live = Some(live);
            self.connections.move_to(connection, index);
        }
    }

    fn tcp(
        &mut self,
        datagram: Datagram<'_>,
        arrival: Arrival<'_>,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) -> Result<(), &'static str> {
        let ([source, destination], segment) = Segment::read(datagram.payload, datagram.missing)?;
        let sender = End {
            address: datagram.source,
            port: source,
        };
        let receiver = End {
            address: datagram.destination,
            port: destination,
        };
        let (key, sender_is_low) = Key::new(6, sender, receiver);
        let found = self.table.find(&key);
        let index = match found.and_then(|index| Some((index, self.table.get_mut(index)?))) {
            Some((index, flow)) if !is_over(flow, &segment, sender_is_low, arrival.origin.time) => {
                index
            }
            stale => {
                if let Some((index, _)) = stale {
                    self.end(index, coverage, emit);
                }
                let sender_opened = match (segment.is_syn, segment.acknowledgement) {
                    (true, None) => true,
                    (true, Some(_)) => false,
                    _ => sender_is_client(Transport::Tcp, sender, receiver, arrival.direction),
                };
                let client_is_low = sender_is_low == sender_opened;
                let mut flow = Flow::new(key, Class::Tcp, client_is_low, arrival.origin);
                flow.first_sequence = match (segment.is_syn, segment.acknowledgement) {
                    (true, None) => Some(segment.sequence),
                    (true, Some(acknowledgement)) => Some(acknowledgement.wrapping_sub(1)),
                    _ => None,
                };
                let opened = if sender_opened { receiver } else { sender };
                flow.live = Some(Box::default());
                if let Some((listener, started)) = self.expected.take(opened) {
                    if listener == Side::Client {
                        flow.client_is_low = !client_is_low;
                        flow.opener = Side::Server;
                    }
                    let setting = setting((&self.keys, &self.resumptions), self.protocols, &flow);
                    flow.live = Some(Box::new(Live {
                        stage: Stage::started(setting, started),
                        ..Live::default()
                    }));
                }
                self.open_flow(flow, coverage, emit)
            }
        };
        let Some(flow) = self.table.get_mut(index) else {
            return Ok(());
        };
        let side = flow.side(sender_is_low);
        flow.count(side, segment.wire_payload(), arrival.origin);
        if flow.owner.is_none() {
            flow.owner = own(&mut self.owners, &arrival);
        }
        if flow.live.is_some() {
            self.stream(index, side, &segment, arrival.origin, coverage, emit);
        }
        if segment.is_fin || segment.is_rst {
            self.note_end(index, side, segment.is_rst);
        }
        Ok(())
    }

    /// A connection that both sides have ended, or one has reset, is kept only for stragglers.
    fn note_end(&mut self, index: u32, side: Side, is_reset: bool) {
        let Some(flow) = self.table.get_mut(index) else {
            return;
        };
        match side {
            Side::Client => flow.fins = [true, flow.fins[1]],
            Side::Server => flow.fins = [flow.fins[0], true],
        }
        if is_reset || flow.fins == [true, true] {
            self.table.reclassify(index, Class::Ending);
        }
    }

    /// Reassembles a segment of a flow whose payload is still of interest.
    fn stream(
        &mut self,
        index: u32,
        side: Side,
        segment: &Segment<'_>,
        origin: Origin,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) {
        let Some(flow) = self.table.get_mut(index) else {
            return;
        };
        let Some(mut live) = flow.live.take() else {
            return;
        };
        if flow.first_sequence.is_none() && !flow.is_late && segment.wire_payload() > 0 {
            flow.is_late = true;
            coverage.add(
                origin.input,
                Shortfall::StartedBefore,
                Some(origin),
                0,
                || "TCP connection without its beginning".to_owned(),
            );
        }
        let setting = setting((&self.keys, &self.resumptions), self.protocols, flow);
        let mut sink = FlowSink::new(
            flow,
            (&mut self.names, &mut self.expected),
            origin,
            coverage,
            emit,
        );
        let Live {
            conversation,
            stage,
            ..
        } = live.as_mut();
        self.held_bytes = self.held_bytes.saturating_sub(conversation.held_bytes());
        conversation.segment(side, segment, origin, &mut |delivery| {
            take(stage, setting, delivery, &mut sink);
        });
        let held_bytes = self.held_bytes.saturating_add(conversation.held_bytes());
        if held_bytes > limits::REORDER_BYTES_ALL {
            take(stage, setting, Delivery::Limit, &mut sink);
            conversation.finish(&mut |delivery| take(stage, setting, delivery, &mut sink));
        }
        if conversation.is_complete() && !stage.is_closed() {
            stage.finish(setting, &mut sink);
            flow.outcome = stage.outcome();
            return;
        }
        if !stage.is_closed() {
            self.held_bytes = self.held_bytes.saturating_add(conversation.held_bytes());
        }
        keep(flow, live);
    }

    /// Makes room and puts a new flow into the table.
    fn open_flow(
        &mut self,
        mut flow: Flow,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) -> u32 {
        if self.table.len() >= limits::OPEN_FLOWS
            && let Some(oldest) = self.table.oldest()
        {
            coverage.add(
                flow.first.input,
                Shortfall::FlowLimit,
                Some(flow.first),
                0,
                || format!("more than {} flows at once", limits::OPEN_FLOWS),
            );
            self.end(oldest, coverage, emit);
        }
        let key = flow.flow_key();
        flow.server = self
            .names
            .of(key.client.ip(), key.server.ip())
            .map(ServerName::Resolved);
        self.table.insert(flow)
    }

    fn expire(&mut self, now: Timestamp, coverage: &mut Coverage, emit: &mut dyn FnMut(Sighting)) {
        while let Some(index) = self.table.next_expired(now) {
            self.end(index, coverage, emit);
        }
    }

    /// Ends one flow: hands out what is pending, then its traffic.
    fn end(&mut self, index: u32, coverage: &mut Coverage, emit: &mut dyn FnMut(Sighting)) {
        let Some(mut flow) = self.table.remove(index) else {
            return;
        };
        let flow = &mut flow;
        let last = flow.last;
        let live = flow.live.take();
        let setting = setting((&self.keys, &self.resumptions), self.protocols, flow);
        let mut outcome = flow.outcome;
        let mut sink = FlowSink::new(
            flow,
            (&mut self.names, &mut self.expected),
            last,
            coverage,
            emit,
        );
        if let Some(mut live) = live {
            let Live {
                conversation,
                stage,
                ..
            } = live.as_mut();
            self.held_bytes = self.held_bytes.saturating_sub(conversation.held_bytes());
            conversation.finish(&mut |delivery| take(stage, setting, delivery, &mut sink));
            stage.finish(setting, &mut sink);
            outcome = stage.outcome();
        }
        flow.outcome = outcome;
        let traffic = traffic(flow);
        FlowSink::new(
            flow,
            (&mut self.names, &mut self.expected),
            last,
            coverage,
            emit,
        )
        .event(Event::Traffic(traffic), last);
    }

    /// Ends all flows: pending messages and the traffic of each flow, in the order in which the flows began.
    pub fn finish(&mut self, coverage: &mut Coverage, emit: &mut dyn FnMut(Sighting)) {
        for index in self.table.all() {
            self.end(index, coverage, emit);
        }
        self.fragments.finish(coverage);
    }
}

/// Whether a packet with the addresses and ports of a flow belongs to a later one: after long silence, or by a SYN that
/// begins elsewhere (RFC 9293 §3.6.1).
fn is_over(flow: &Flow, segment: &Segment<'_>, sender_is_low: bool, now: Timestamp) -> bool {
    if segment.is_syn && segment.acknowledgement.is_none() {
        let side = flow.side(sender_is_low);
        if side == flow.opener {
            return flow.first_sequence != Some(segment.sequence);
        }
        // both ends may open at once
        let [client, server] = flow.packets;
        return (if side == Side::Client { client } else { server }) > 0;
    }
    flow.is_expired(now)
}

/// The owner that a packet names, by the file format or by its link header.
fn own(owners: &mut Owners, arrival: &Arrival<'_>) -> Option<Arc<Owner>> {
    match (arrival.owner, arrival.mark) {
        (Some(owner), _) => owners.shared(owner),
        (None, Some(mark)) => owners.shared(&owner::marked(mark)),
        (None, None) => None,
    }
}

fn setting<'a>(
    (keys, resumptions): (&'a Arc<KeyLog>, &'a Resumptions),
    protocols: &'static [Protocol],
    flow: &Flow,
) -> Setting<'a> {
    let key = flow.flow_key();
    Setting {
        keys,
        resumptions,
        protocols,
        transport: key.transport,
        client_port: key.client.port(),
        server_port: key.server.port(),
        depth: 0,
        is_protected: false,
    }
}

/// Hands a delivery of the reassembly to the dissectors.
fn take(stage: &mut Stage, setting: Setting<'_>, delivery: Delivery<'_>, sink: &mut dyn Sink) {
    if stage.is_closed() {
        return;
    }
    match delivery {
        Delivery::Bytes(chunk) => stage.feed(setting, chunk, sink),
        Delivery::Gap(side, lost) => {
            sink.shortfall(Shortfall::StreamGap, lost, &"TCP bytes not captured");
            stage.gap(setting, side, lost, sink);
        }
        Delivery::Limit => {
            sink.shortfall(
                Shortfall::ReorderLimit,
                0,
                &"too many TCP bytes out of order",
            );
        }
    }
}

/// Keeps what is needed to read on, unless there is nothing more to read.
fn keep(flow: &mut Flow, live: Box<Live>) {
    if live.stage.is_closed() {
        flow.outcome = live.stage.outcome();
    } else {
        flow.live = Some(live);
    }
}

fn traffic(flow: &Flow) -> Traffic {
    let [client_packets, server_packets] = flow.packets;
    let [client_bytes, server_bytes] = flow.bytes;
    Traffic {
        client_packets,
        server_packets,
        client_bytes,
        server_bytes,
        first: flow.first,
        last: flow.last,
        protocol: flow.outcome.protocol.map_or("", |protocol| protocol.name),
        content: if client_bytes == 0 && server_bytes == 0 {
            ContentState::NotExamined
        } else {
            flow.outcome.content
        },
    }
}

/// Counts a frame without an IP packet. What stays on the local network by its nature is no loss.
#[cold]
fn refuse(packet: &Packet<'_>, refusal: Refusal, coverage: &mut Coverage) {
    let (shortfall, detail) = match refusal {
        Refusal::NotInternet => return,
        Refusal::Encrypted(what) => (Shortfall::Encrypted, what.to_owned()),
        Refusal::Malformed(what) => (Shortfall::MalformedPacket, what.to_owned()),
        Refusal::UnknownLinkType(number) => {
            (Shortfall::UnknownLinkType, format!("link type {number}"))
        }
    };
    let LinkType(number) = packet.link;
    coverage.add(
        packet.origin.input,
        shortfall,
        Some(packet.origin),
        u64::from(packet.wire_len),
        || match refusal {
            Refusal::UnknownLinkType(_) => detail,
            _ => format!("{detail} (link type {number})"),
        },
    );
}

#[cold]
fn malformed(origin: Origin, bytes: usize, problem: &'static str, coverage: &mut Coverage) {
    coverage.add(
        origin.input,
        Shortfall::MalformedPacket,
        Some(origin),
        bytes as u64,
        || problem.to_owned(),
    );
}

/// Turns what dissectors hand out into sightings of one flow.
struct FlowSink<'s> {
    key: FlowKey,
    server: &'s mut Option<ServerName>,
    owner: Option<&'s Owner>,
    names: &'s mut Names,
    /// The packet at hand.
    origin: Origin,
    coverage: &'s mut Coverage,
    emit: &'s mut dyn FnMut(Sighting),
    /// Ids by which the flow can be found again, with the side that receives them.
    connection_ids: Vec<(Box<[u8]>, Side)>,
    expected: &'s mut Expected,
}

impl<'s> FlowSink<'s> {
    fn new(
        flow: &'s mut Flow,
        (names, expected): (&'s mut Names, &'s mut Expected),
        origin: Origin,
        coverage: &'s mut Coverage,
        emit: &'s mut dyn FnMut(Sighting),
    ) -> Self {
        Self {
            key: flow.flow_key(),
            server: &mut flow.server,
            owner: flow.owner.as_deref(),
            names,
            origin,
            coverage,
            emit,
            connection_ids: Vec::new(),
            expected,
        }
    }
}

impl Sink for FlowSink<'_> {
    fn event(&mut self, event: Event, origin: Origin) {
        if let Event::Lookup(lookup) = &event {
            self.names.learn(self.key.client.ip(), lookup, origin.time);
        }
        (self.emit)(Sighting {
            origin,
            flow: Some(self.key),
            server: self.server.clone(),
            owner: self.owner.cloned().unwrap_or_default(),
            event,
        });
    }

    fn server(&mut self, name: &str) {
        let name = names::tidy(name);
        let is_known = matches!(&self.server, Some(ServerName::Asked(known)) if **known == *name);
        if !name.is_empty() && !is_known {
            *self.server = Some(ServerName::Asked(Arc::from(name)));
        }
    }

    fn connection_id(&mut self, id: &[u8], side: Side) {
        self.connection_ids.push((id.into(), side));
    }

    fn expect(&mut self, listener: Side, port: u16, started: Started) {
        self.expected.add(self.key, listener, port, started);
    }

    fn shortfall(&mut self, shortfall: Shortfall, bytes: u64, detail: &dyn fmt::Display) {
        let origin = self.origin;
        self.coverage
            .add(origin.input, shortfall, Some(origin), bytes, || {
                detail.to_string()
            });
    }
}
