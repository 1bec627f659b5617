//! Packets → contiguous bytes per direction → sightings.
//!
//! Link and network layers, fragments, tunnels, TCP reassembly, UDP flows, passive DNS names. What the bytes mean is the
//! business of [`crate::protocol`]; this room probes, starts and stacks dissectors and never looks into a message itself.
//! A packet of a flow whose payload is not read any more costs its headers, one look-up and two counters.

mod client;
mod datagrams;
mod dissection;
mod expectation;
mod fragment;
mod head;
mod internet;
mod link;
mod migration;
mod names;
mod orientation;
mod owner;
mod peeling;
mod recorded;
mod sink;
mod streams;
mod table;
mod tcp;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::limits;
use crate::model::{
    CaptureDirection, ContentState, Coverage, Event, Origin, Owner, Packet, ServerName, Shortfall,
    Sighting, Timestamp, Traffic,
};
use crate::protocol::{KeyLog, PROTOCOLS, Protocol, Resumptions};

pub use client::{ClientKey, Clients};
pub use recorded::Recorded;

use dissection::{Setting, Sink};
use expectation::Expected;
use fragment::Fragments;
use link::OwnerMark;
use migration::Connections;
use names::Names;
use owner::Owners;
use peeling::refuse;
use sink::FlowSink;
use streams::take;
use table::{Flow, Live, Table};

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
    others: Load,
    clock: Clock,
}

/// What flows keep in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Flows that are open.
    pub flows: usize,
    /// Bytes held back because earlier ones are missing.
    pub held_bytes: usize,
}

impl Load {
    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            flows: self.flows.saturating_add(other.flows),
            held_bytes: self.held_bytes.saturating_add(other.held_bytes),
        }
    }

    /// The rest without a part.
    #[must_use]
    pub fn without(self, part: Self) -> Self {
        Self {
            flows: self.flows.saturating_sub(part.flows),
            held_bytes: self.held_bytes.saturating_sub(part.held_bytes),
        }
    }
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
            others: Load::default(),
            clock: Clock::default(),
        }
    }

    /// The secrets by which connections that begin from now on can be read.
    pub fn set_keys(&mut self, keys: Arc<KeyLog>) {
        self.keys = keys;
    }

    /// Names that the capture files themselves give to addresses (name resolution blocks of pcapng). They count for flows that
    /// open from now on and whose client did not look up another name.
    pub fn set_names(&mut self, names: Arc<BTreeMap<IpAddr, Arc<str>>>) {
        self.names.set_given(names);
    }

    /// What is kept in memory now.
    pub fn load(&self) -> Load {
        Load {
            flows: self.table.len(),
            held_bytes: self.held_bytes,
        }
    }

    /// What the flows of other phones of the network keep, which share the bounds with these.
    pub fn set_others(&mut self, others: Load) {
        self.others = others;
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

    /// Makes room and puts a new flow into the table.
    fn open_flow(
        &mut self,
        mut flow: Flow,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) -> u32 {
        if self.table.len().saturating_add(self.others.flows) >= limits::OPEN_FLOWS
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
        self.expected.end(flow.flow_key());
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
        is_oriented: orientation::is_certain(key.client, key.server, flow.first_sequence.is_some()),
        depth: 0,
        is_protected: false,
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
        has_gap: flow.has_gap,
    }
}
