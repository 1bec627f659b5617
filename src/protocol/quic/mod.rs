//! QUIC (RFC 9000, RFC 9001, RFC 9369, drafts 21 to 34, Google's own): the hellos in Initial packets.
//!
//! Initial keys follow from the connection id on the wire (`keys`), CRYPTO frames are put in order and read as TLS handshake
//! messages (`connection`). Several connections may follow each other in one flow.

mod connection;
mod frame;
mod google;
mod keys;
mod packet;
mod version;

use self::connection::{Connection, Outcome};
use self::packet::{Kind, Packet};
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{ContentState, Shortfall, Side, Transport};

/// QUIC.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: "quic",
    probe,
    start: |_| Box::new(Quic::default()),
    content: ContentState::NoKey,
};

/// Bytes that a client pads its first datagram to (RFC 9000 §14.1).
const INITIAL_BYTES: usize = 1200;

fn probe(probe: &Probe<'_>) -> Verdict {
    let is_quic = probe.transport == Transport::Udp
        && [probe.client, probe.server].iter().any(|datagram| {
            google::clear_version(datagram).is_some() || is_long_header(datagram, probe.server_port)
        });
    if is_quic { Verdict::Yes } else { Verdict::No }
}

fn is_long_header(datagram: &[u8], server_port: u16) -> bool {
    let Some(header) = datagram.get(..5) else {
        return false;
    };
    let &[first, a, b, c, d] = header else {
        return false;
    };
    let version = u32::from_be_bytes([a, b, c, d]);
    if first & 0x80 == 0 {
        return false;
    }
    let Some((packet, _)) = Packet::read(datagram) else {
        return false;
    };
    match packet.kind {
        // A list of versions, of which one is known.
        Kind::VersionNegotiation => {
            let ids = packet.destination.len().saturating_add(packet.source.len());
            let list = datagram.get(ids.saturating_add(7)..).unwrap_or_default();
            let (versions, rest) = list.as_chunks::<4>();
            rest.is_empty()
                && versions
                    .iter()
                    .any(|version| version::is_known(u32::from_be_bytes(*version)))
        }
        _ if version::is_known(version) => true,
        // A version of the future is known by where it is spoken and by the size of its first datagram.
        Kind::Initial(_) => {
            server_port == 443
                && first & 0x40 != 0
                && packet.destination.len() >= 8
                && datagram.len() >= INITIAL_BYTES
        }
        _ => false,
    }
}

type Emit<'e> = &'e mut dyn FnMut(Output<'_>);

#[derive(Debug, Default)]
struct Quic {
    /// The last connection seen.
    connection: Option<Connection>,
    /// Whether the connection's server name was handed out.
    is_named: bool,
    /// Whether a hello of Google's own was read from a datagram in clear.
    has_clear_hello: bool,
    /// How often keys were derived.
    derivations: usize,
    /// Datagrams since the last Initial packet that was of use.
    idle: usize,
    is_over: bool,
}

impl Dissector for Quic {
    fn feed(&mut self, chunk: Chunk<'_>, emit: Emit<'_>) {
        if self.is_over {
            return;
        }
        self.idle = self.idle.saturating_add(1);
        let mut rest = chunk.bytes;
        while let Some((packet, behind)) = Packet::read(rest) {
            self.packet(&packet, chunk, emit);
            rest = behind;
        }
        self.clear_hello(chunk, emit);
        if self.idle > limits::QUIC_IDLE_DATAGRAMS {
            self.is_over = true;
            self.finish(emit);
            self.connection = None;
            emit(Output::Opaque(ContentState::NoKey));
        }
    }

    fn gap(&mut self, _side: Side, _lost: u64, _emit: Emit<'_>) {}

    fn finish(&mut self, emit: Emit<'_>) {
        if let Some(connection) = &mut self.connection {
            hand_out(connection, emit);
        }
    }
}

impl Quic {
    fn packet(&mut self, packet: &Packet<'_>, chunk: Chunk<'_>, emit: Emit<'_>) {
        match packet.kind {
            Kind::Encrypted => {}
            Kind::Retry | Kind::VersionNegotiation => {
                if let Some(connection) = &mut self.connection
                    && connection.client_side != chunk.side
                {
                    connection.is_superseded = true;
                }
            }
            Kind::Initial(_) => self.initial(packet, chunk, emit),
        }
    }

    fn initial(&mut self, packet: &Packet<'_>, chunk: Chunk<'_>, emit: Emit<'_>) {
        if let Some(connection) = &mut self.connection {
            let is_known = connection.knows(packet.destination);
            if connection.is_handed_out() {
                if is_known || connection.client_side != chunk.side {
                    return;
                }
            } else if connection.take(packet, chunk.side, chunk.origin) == Outcome::Taken {
                self.progress(emit);
                return;
            } else if is_known {
                return;
            }
        }
        if packet.destination.is_empty() || self.derivations >= limits::QUIC_DERIVATIONS {
            return;
        }
        self.derivations = self.derivations.saturating_add(1);
        let Some(next) = Connection::begin(packet, chunk.side, chunk.origin) else {
            return;
        };
        if let Some(mut last) = self.connection.replace(next)
            && !last.is_superseded
        {
            hand_out(&mut last, emit);
        }
        self.is_named = false;
        self.progress(emit);
    }

    /// Looks at what a packet has added to the connection.
    fn progress(&mut self, emit: Emit<'_>) {
        self.idle = 0;
        let Some(connection) = &mut self.connection else {
            return;
        };
        if !self.is_named
            && let Some(name) = connection.server_name()
        {
            self.is_named = true;
            emit(Output::Server(name));
        }
        if connection.is_lost() {
            let what = "QUIC hello in too many pieces, or too long";
            emit(Output::Shortfall(Shortfall::MessageLimit, 0, what));
        }
        if connection.is_complete() || connection.is_lost() {
            hand_out(connection, emit);
        }
    }

    /// Reads a hello of Google's own that is not encrypted; one a flow, since clients repeat it.
    fn clear_hello(&mut self, chunk: Chunk<'_>, emit: Emit<'_>) {
        if self.has_clear_hello || self.connection.is_some() {
            return;
        }
        let Some(version) = google::clear_version(chunk.bytes) else {
            return;
        };
        let Some(hello) = google::client_hello(chunk.bytes) else {
            return;
        };
        self.has_clear_hello = true;
        if let Some(name) = &hello.server_name {
            emit(Output::Server(name));
        }
        for (event, origin) in connection::google_events(hello, version, chunk.origin) {
            emit(Output::Event(event, origin));
        }
    }
}

fn hand_out(connection: &mut Connection, emit: Emit<'_>) {
    for (event, origin) in connection.hand_out() {
        emit(Output::Event(event, origin));
    }
}

#[cfg(test)]
mod tests;
