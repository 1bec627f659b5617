//! QUIC (RFC 9000, RFC 9001, RFC 9369, drafts 21 to 34, Google's own): the hellos in Initial packets, and with a key log all
//! that follows.
//!
//! Initial keys follow from the connection id on the wire (`keys`), CRYPTO frames are put in order and read as TLS handshake
//! messages (`connection`). Handshake, 0-RTT and 1-RTT packets are opened with logged secrets (`protected`, `one_rtt`), their
//! streams put together (`streams`) and read as what the handshake negotiated (`application`). Several connections may follow
//! each other in one flow, or share it.

mod application;
mod connection;
mod frame;
mod google;
pub(super) mod keys;
mod one_rtt;
mod overtaken;
mod packet;
mod protected;
mod streams;
pub(super) mod version;

use std::sync::Arc;

use self::connection::{Connection, Outcome};
use self::overtaken::Overtaken;
use self::packet::{Kind, Packet};
use super::message::Draft;
use super::rtp::Media;
use super::{Chunk, Dissector, KeyLog, Output, Probe, Protocol, Undecrypted, Verdict};
use crate::limits;
use crate::model::{ContentState, Shortfall, Side, Transport};

/// QUIC.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: "quic",
    probe,
    start: |start| Box::new(Quic::new(&start.keys)),
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

#[derive(Debug)]
struct Quic {
    log: Arc<KeyLog>,
    /// The last connection seen.
    connection: Option<Connection>,
    /// Those before it that are decrypted, the oldest first.
    others: Vec<Connection>,
    overtaken: Overtaken,
    /// Whether the connection's server name was handed out.
    is_named: bool,
    /// Of a hello of Google's own that was read from a datagram in clear: whether it names its server.
    clear_hello_is_named: Option<bool>,
    /// Media of a call on the same ports (RFC 9443 §2).
    media: Media,
    /// How often keys were derived.
    derivations: usize,
    /// Datagrams since the last packet that was of use.
    idle: usize,
    is_over: bool,
    /// Whether there are Initial packets, of which none opens: that of the client is lost or cut.
    lacks_hello: bool,
    /// The state of the contents of connections that are over.
    state: Option<ContentState>,
    /// Connections of which anything was said to be decrypted.
    decrypted: usize,
}

impl Dissector for Quic {
    fn feed(&mut self, chunk: Chunk<'_>, emit: Emit<'_>) {
        if self.is_over {
            return;
        }
        if self.media(chunk, emit) {
            return;
        }
        self.idle = self.idle.saturating_add(1);
        let derivations = self.derivations;
        self.datagram(chunk, emit);
        let is_initial = is_initial(chunk.bytes);
        if self.connection.is_none() || (self.idle > 0 && is_initial) {
            self.lacks_hello |= is_initial;
            self.overtaken.hold(chunk);
        } else if self.derivations != derivations {
            for datagram in self.overtaken.take() {
                self.datagram(datagram.chunk(), emit);
            }
        }
        self.clear_hello(chunk, emit);
        if self.idle > limits::QUIC_IDLE_DATAGRAMS {
            self.finish(emit);
            if self.state.is_none_or(|state| state == ContentState::NoKey) {
                emit(Output::Opaque(ContentState::NoKey));
            }
        }
    }

    fn gap(&mut self, _side: Side, _lost: u64, _emit: Emit<'_>) {}

    fn finish(&mut self, emit: Emit<'_>) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        let mut all = std::mem::take(&mut self.others);
        all.extend(self.connection.take());
        if self.lacks_hello && all.is_empty() && self.state.is_none() && !self.log.is_empty() {
            self.state = Some(ContentState::Damaged);
            emit(Output::Undecrypted(Undecrypted {
                what: "QUIC packet",
                side: Side::Client,
                number: 1,
                bytes: 0,
                why: "the hello from which the keys follow was not captured, or not whole",
            }));
        }
        let is_superseded: Vec<bool> = (0..).zip(&all).map(|one| is_attempt(one, &all)).collect();
        for (connection, is_superseded) in all.into_iter().zip(is_superseded) {
            if !is_superseded {
                self.end(connection, emit);
            }
        }
        self.media.emit(false, emit);
        let is_news = |state: &ContentState| *state != ContentState::NoKey || self.decrypted > 0;
        if let Some(state) = self.state.filter(is_news) {
            emit(Output::Opaque(state));
        }
    }
}

impl Quic {
    fn new(log: &Arc<KeyLog>) -> Self {
        Self {
            log: Arc::clone(log),
            connection: None,
            others: Vec::new(),
            overtaken: Overtaken::default(),
            is_named: false,
            clear_hello_is_named: None,
            media: Media::default(),
            derivations: 0,
            idle: 0,
            is_over: false,
            lacks_hello: false,
            state: None,
            decrypted: 0,
        }
    }

    /// Takes RTP and RTCP that share the ports with QUIC, which never begins a packet with the bits 10 (RFC 9443 §2), unless
    /// its fixed bit is greased (RFC 9287).
    fn media(&mut self, chunk: Chunk<'_>, emit: Emit<'_>) -> bool {
        let [first, version @ ..] = chunk.bytes else {
            return false;
        };
        let is_greased = version
            .first_chunk::<4>()
            .is_some_and(|version| version::is_known(u32::from_be_bytes(*version)));
        if first >> 6 != 2 || is_greased {
            return false;
        }
        let is_first = !self.media.is_some();
        let is_media = self.media.take(chunk.side, chunk.bytes, chunk.origin, emit);
        if is_media {
            self.idle = 0;
        }
        // No other app is known to hold calls beside an old QUIC without a server name.
        let is_nameless = self.clear_hello_is_named == Some(false);
        if is_first && self.media.is_some() && is_nameless {
            Draft::new("quic", "call", chunk.side)
                .signed("snapchat-call")
                .emit(chunk.origin, emit);
        }
        is_media
    }

    fn datagram(&mut self, chunk: Chunk<'_>, emit: Emit<'_>) {
        let mut rest = chunk.bytes;
        while let Some((packet, behind)) = Packet::read(rest) {
            self.packet(&packet, chunk, emit);
            rest = behind;
        }
        // Zeros fill up a datagram that begins with an Initial packet.
        let is_short = rest.first().is_some_and(|first| first & 0x80 == 0);
        if is_short && rest.iter().any(|byte| *byte != 0) {
            self.short(rest, chunk, emit);
        }
    }

    fn packet(&mut self, packet: &Packet<'_>, chunk: Chunk<'_>, emit: Emit<'_>) {
        match packet.kind {
            Kind::Early(_) | Kind::Handshake(_) => self.long(packet, chunk, emit),
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

    /// The connections whose keys are or may become known, the last one first.
    fn keyed(&mut self) -> impl Iterator<Item = &mut Connection> {
        self.connection
            .iter_mut()
            .chain(self.others.iter_mut().rev())
            .filter(|connection| connection.is_keyed())
    }

    /// A 0-RTT or Handshake packet.
    fn long(&mut self, packet: &Packet<'_>, chunk: Chunk<'_>, emit: Emit<'_>) {
        let place = (chunk.side, chunk.origin);
        let is_alone = self.others.is_empty();
        let is_taken = self
            .keyed()
            .filter(|connection| connection.owns(packet, chunk.side))
            .any(|connection| connection.long(packet, place, is_alone, emit) == Outcome::Taken);
        if is_taken {
            self.progress(emit);
        }
    }

    /// A 1-RTT packet, which fills the rest of its datagram.
    fn short(&mut self, packet: &[u8], chunk: Chunk<'_>, emit: Emit<'_>) {
        let (side, origin) = (chunk.side, chunk.origin);
        let mut addressed = None;
        for (position, connection) in self.keyed().enumerate() {
            if connection.is_short_addressed(packet, side) {
                // Attempts at one connection share the client's id: that with keys has succeeded.
                if connection.has_keys() {
                    addressed = Some(position);
                    break;
                }
                addressed = addressed.or(Some(position));
            }
        }
        // An id that was given out unseen is most likely the last connection's.
        let connection = self.keyed().nth(addressed.unwrap_or_default());
        let outcome = connection.map(|connection| connection.short(packet, side, origin, emit));
        if outcome == Some(Outcome::Taken) {
            self.idle = 0;
        }
    }

    fn initial(&mut self, packet: &Packet<'_>, chunk: Chunk<'_>, emit: Emit<'_>) {
        let is_of_another = self
            .others
            .iter()
            .any(|other| other.expects(packet, chunk.side));
        if let Some(connection) = &mut self.connection
            && (connection.speaks(packet.version) || !is_of_another)
        {
            let is_known =
                connection.knows(packet.destination) && connection.speaks(packet.version);
            if connection.is_handed_out() {
                if is_known || connection.client_side != chunk.side {
                    return;
                }
            } else if connection.take(packet, chunk.side, chunk.origin) == Outcome::Taken {
                connection.learn(emit);
                self.progress(emit);
                return;
            } else if is_known {
                return;
            }
        }
        if packet.destination.is_empty()
            || self.is_of_another(packet, chunk, emit)
            || self.derivations >= limits::QUIC_DERIVATIONS
        {
            return;
        }
        self.derivations = self.derivations.saturating_add(1);
        let Some(mut next) = Connection::begin(packet, chunk.side, chunk.origin, &self.log) else {
            return;
        };
        next.learn(emit);
        if let Some(last) = self.connection.take()
            && !last.is_superseded
        {
            if last.is_keyed() || last.is_attempt_at(&next) {
                self.put_aside(last, emit);
            } else {
                self.end(last, emit);
            }
        }
        self.connection = Some(next);
        self.is_named = false;
        self.progress(emit);
    }

    /// Whether an Initial packet is of a connection that began before the last one, and has been taken by it.
    fn is_of_another(&mut self, packet: &Packet<'_>, chunk: Chunk<'_>, emit: Emit<'_>) -> bool {
        let Some(connection) = self
            .others
            .iter_mut()
            .filter(|connection| connection.is_addressed(packet.destination, chunk.side))
            .min_by_key(|connection| !connection.speaks(packet.version))
        else {
            return false;
        };
        if !connection.is_handed_out() {
            connection.take(packet, chunk.side, chunk.origin);
            connection.learn(emit);
            if connection.is_complete() || connection.is_lost() {
                hand_out(connection, emit);
            }
        }
        true
    }

    /// Another connection has begun; this one may go on beside it.
    fn put_aside(&mut self, connection: Connection, emit: Emit<'_>) {
        self.others.push(connection);
        if self.others.len() > limits::QUIC_CONNECTIONS {
            let oldest = self.others.remove(0);
            self.end(oldest, emit);
        }
    }

    fn end(&mut self, mut connection: Connection, emit: Emit<'_>) {
        connection.finish(emit);
        if connection.is_read() {
            self.decrypted = self.decrypted.saturating_add(1);
        }
        if let Some(state) = connection.state() {
            self.state = match self.state {
                None => Some(state),
                Some(before) if before == state => Some(state),
                Some(_) => Some(ContentState::PartlyDecrypted),
            };
        }
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
        if self.clear_hello_is_named.is_some() || self.connection.is_some() {
            return;
        }
        let Some(version) = google::clear_version(chunk.bytes) else {
            return;
        };
        let Some(hello) = google::client_hello(chunk.bytes) else {
            return;
        };
        self.clear_hello_is_named = Some(hello.server_name.is_some());
        if let Some(name) = &hello.server_name {
            emit(Output::Server(name));
        }
        for (event, origin) in connection::google_events(hello, version, chunk.origin) {
            emit(Output::Event(event, origin));
        }
    }
}

/// Whether a connection is an attempt at another one: at one that was answered, else at the last one.
fn is_attempt((at, connection): (usize, &Connection), all: &[Connection]) -> bool {
    (0..).zip(all).any(|(other_at, other)| {
        let is_better = other.is_answered() || other_at > at;
        is_better && other_at != at && connection.is_attempt_at(other)
    })
}

/// Whether a datagram begins with an Initial packet of a known version with TLS.
fn is_initial(datagram: &[u8]) -> bool {
    Packet::read(datagram).is_some_and(|(packet, _)| {
        let is_known = version::is_known(packet.version) && !version::is_google(packet.version);
        is_known && matches!(packet.kind, Kind::Initial(_))
    })
}

fn hand_out(connection: &mut Connection, emit: Emit<'_>) {
    for (event, origin) in connection.hand_out() {
        emit(Output::Event(event, origin));
    }
}

#[cfg(test)]
mod tests;
