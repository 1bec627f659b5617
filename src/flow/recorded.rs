//! A connection whose bytes a proxy recorded, message by message: read as one that was captured.

use std::fmt;
use std::sync::Arc;

use super::dissection::{Setting, Sink, Stage};
use super::names;
use crate::model::{
    ContentState, Coverage, Event, Message, Origin, ServerName, Shortfall, Side, Sighting, Traffic,
    Transport,
};
use crate::protocol::{Chunk, KeyLog, PROTOCOLS, Resumptions, Started};

/// Such a connection, while its messages come.
pub struct Recorded {
    transport: Transport,
    keys: Arc<KeyLog>,
    resumptions: Resumptions,
    stage: Stage,
    is_protected: bool,
    /// What all sightings of it have in common, and what it ends with.
    frame: Sighting,
    traffic: Traffic,
    /// Messages as they are, until a protocol is found.
    unread: Vec<Sighting>,
}

impl fmt::Debug for Recorded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Recorded")
            .field("origin", &self.frame.origin)
            .finish_non_exhaustive()
    }
}

/// How a message of a connection is called of which only the transport is known.
fn transport(message: &Message) -> Option<Transport> {
    match message.protocol {
        "tcp" => Some(Transport::Tcp),
        "udp" => Some(Transport::Udp),
        _ => None,
    }
}

impl Recorded {
    /// Begins with the first message; `None` for what is no bytes of a connection.
    pub fn begin(sighting: &Sighting, keys: &Arc<KeyLog>) -> Option<Self> {
        let Event::Message(message) = &sighting.event else {
            return None;
        };
        let traffic = Traffic::none(sighting.origin);
        Some(Self {
            transport: transport(message)?,
            keys: Arc::clone(keys),
            resumptions: Resumptions::default(),
            stage: Stage::default(),
            is_protected: message.is_protected,
            frame: Sighting {
                event: Event::Traffic(traffic),
                ..sighting.clone()
            },
            traffic,
            unread: Vec::new(),
        })
    }

    /// Whether that is the next message of the same connection.
    pub fn goes_on_with(&self, sighting: &Sighting) -> bool {
        let (ours, theirs) = (self.frame.origin, sighting.origin);
        let is_message = matches!(&sighting.event, Event::Message(message)
            if transport(message) == Some(self.transport));
        is_message && (ours.input, ours.frame) == (theirs.input, theirs.frame)
    }

    /// Takes the next message.
    pub fn message(
        &mut self,
        sighting: Sighting,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) {
        let Event::Message(message) = &sighting.event else {
            return;
        };
        let length = message.body.wire_len;
        let lost = length.saturating_sub(message.body.bytes.len() as u64);
        let traffic = &mut self.traffic;
        let (side, bytes, packets) = if message.from_client {
            (
                Side::Client,
                &mut traffic.client_bytes,
                &mut traffic.client_packets,
            )
        } else {
            (
                Side::Server,
                &mut traffic.server_bytes,
                &mut traffic.server_packets,
            )
        };
        *bytes = bytes.saturating_add(length);
        *packets = packets.saturating_add(1);
        traffic.last = sighting.origin;
        let chunk = Chunk {
            side,
            bytes: &message.body.bytes,
            origin: sighting.origin,
        };
        self.read(sighting.origin, coverage, emit, |stage, setting, sink| {
            if !chunk.bytes.is_empty() {
                stage.feed(setting, chunk, sink);
            }
            if lost > 0 {
                stage.gap(setting, side, lost, sink);
            }
        });
        if self.is_read() {
            self.unread.clear();
        } else {
            self.unread.push(sighting);
        }
        if self.stage.is_closed() {
            self.unread.drain(..).for_each(emit);
        }
    }

    /// The connection ended: hands out what is pending, then its traffic.
    pub fn finish(mut self, coverage: &mut Coverage, emit: &mut dyn FnMut(Sighting)) {
        let last = self.traffic.last;
        self.read(last, coverage, emit, |stage, setting, sink| {
            stage.finish(setting, sink);
        });
        if !self.is_read() {
            self.unread.drain(..).for_each(&mut *emit);
        }
        let outcome = self.stage.outcome();
        let mut traffic = self.traffic;
        traffic.protocol = outcome.protocol.map_or("", |protocol| protocol.name);
        traffic.content = match outcome.content {
            ContentState::Clear if self.is_protected => ContentState::RecordedInside,
            content => content,
        };
        emit(Sighting {
            event: Event::Traffic(traffic),
            ..self.frame
        });
    }

    /// Whether a protocol was found.
    fn is_read(&self) -> bool {
        self.stage.outcome().protocol.is_some()
    }

    fn read(
        &mut self,
        origin: Origin,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
        call: impl FnOnce(&mut Stage, Setting<'_>, &mut dyn Sink),
    ) {
        let ports = self
            .frame
            .flow
            .map(|flow| (flow.client.port(), flow.server.port()));
        let (client_port, server_port) = ports.unwrap_or_default();
        let setting = Setting {
            keys: &self.keys,
            resumptions: &self.resumptions,
            protocols: PROTOCOLS,
            transport: self.transport,
            client_port,
            server_port,
            // messages that no protocol knows are handed out as they are
            is_oriented: false,
            depth: 0,
            is_protected: self.is_protected,
        };
        let mut sink = RecordSink {
            frame: &mut self.frame,
            origin,
            coverage,
            emit,
        };
        call(&mut self.stage, setting, &mut sink);
    }
}

/// Turns what dissectors hand out into sightings of the connection.
struct RecordSink<'s> {
    frame: &'s mut Sighting,
    origin: Origin,
    coverage: &'s mut Coverage,
    emit: &'s mut dyn FnMut(Sighting),
}

impl Sink for RecordSink<'_> {
    fn event(&mut self, event: Event, origin: Origin) {
        (self.emit)(Sighting {
            origin,
            flow: self.frame.flow,
            server: self.frame.server.clone(),
            owner: self.frame.owner.clone(),
            event,
        });
    }

    fn server(&mut self, name: &str) {
        let name = names::tidy(name);
        if !name.is_empty() {
            self.frame.server = Some(ServerName::Asked(Arc::from(name)));
        }
    }

    // Connections that go on elsewhere are records of their own.
    fn connection_id(&mut self, _: &[u8], _: Side) {}

    fn expect(&mut self, _: Side, _: u16, _: Started) {}

    fn shortfall(&mut self, shortfall: Shortfall, bytes: u64, detail: &dyn fmt::Display) {
        let origin = self.origin;
        self.coverage
            .add(origin.input, shortfall, Some(origin), bytes, || {
                detail.to_string()
            });
    }
}
