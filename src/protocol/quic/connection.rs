//! One connection: its hellos, which anybody can read, and what follows them for those who have keys.

use std::sync::Arc;

use super::Emit;
use super::frame::{self, Frame};
use super::google::{self, Hello};
use super::keys::InitialKeys;
use super::packet::{Kind, Packet};
use super::protected::{Held, Level, Protected};
use super::version::{self, Salt};
use crate::model::{ContentState, Event, Handshake, Message, Origin, Side};
use crate::protocol::assembler::Assembler;
use crate::protocol::cursor::Cursor;
use crate::protocol::tls::handshake::{Messages, Opening};
use crate::protocol::tls::hello::Carrier;
use crate::protocol::{KeyLog, Output};

/// `EncryptedExtensions`, in which the server's transport parameters stand.
const ENCRYPTED_EXTENSIONS: u8 = 8;
/// `quic_transport_parameters` (RFC 9001 §8.2), and its number in drafts.
const TRANSPORT_PARAMETERS: [u16; 2] = [0x39, 0xffa5];
/// `stateless_reset_token` (RFC 9000 §18.2).
const RESET_TOKEN: u64 = 0x02;

/// What one side sent in Initial packets, or in Handshake packets.
#[derive(Debug, Default)]
struct Space {
    largest: Option<u64>,
    crypto: Assembler,
    messages: Messages,
    /// A bound was hit or a message is none: nothing more is read.
    is_lost: bool,
}

/// Whose hello it is.
#[derive(Debug)]
enum Hellos {
    /// TLS in CRYPTO frames.
    Tls(Box<Opening>),
    /// Google's own.
    Google(Option<Hello>),
    /// Read and handed out.
    HandedOut,
}

/// A connection from its first Initial packet on.
#[derive(Debug)]
pub(super) struct Connection {
    /// Version of the client's first packet, or of the server's answer.
    version: u32,
    /// The connection id that the client first addressed: what keys are derived from.
    destination: Vec<u8>,
    /// Connection id that the server chose.
    server_id: Vec<u8>,
    /// Connection id that the client chose.
    client_id: Vec<u8>,
    keys: Vec<(u32, InitialKeys)>,
    /// Which side of the flow is the client: flows met in their middle may be turned round.
    pub(super) client_side: Side,
    client: Space,
    server: Space,
    /// The server's Handshake packets.
    server_handshake: Space,
    hellos: Hellos,
    /// What the hellos negotiated, once they are handed out.
    protocol: Option<Vec<u8>>,
    /// The suite, where the server's hello is lost.
    suite: Option<u16>,
    protected: Protected,
    origin: Origin,
    /// Whether the ids were handed out under which it goes on elsewhere.
    has_named_ids: bool,
    /// The server asked to begin again, with another connection id or another version.
    pub(super) is_superseded: bool,
}

/// What came of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It belongs to the connection.
    Taken,
    /// It is not authentic under the connection's keys.
    Foreign,
}

impl Connection {
    /// Begins a connection with an Initial packet that its own connection id opens.
    pub(super) fn begin(
        packet: &Packet<'_>,
        side: Side,
        origin: Origin,
        log: &Arc<KeyLog>,
    ) -> Option<Self> {
        let Kind::Initial(number_at) = packet.kind else {
            return None;
        };
        let keys = version::salts(packet.version)
            .iter()
            .filter_map(|salt: &Salt| InitialKeys::derive(salt, packet.destination))
            .find(|keys| keys.client.open(packet.bytes, number_at, None).is_some())?;
        let is_tls = !version::is_google(packet.version) || packet.version >> 24 == u32::from(b'T');
        let mut connection = Self {
            version: packet.version,
            destination: packet.destination.to_vec(),
            server_id: Vec::new(),
            client_id: packet.source.to_vec(),
            keys: vec![(packet.version, keys)],
            client_side: side,
            client: Space::default(),
            server: Space::default(),
            server_handshake: Space::default(),
            protocol: None,
            suite: None,
            protected: Protected::new(log, side),
            hellos: if is_tls {
                Hellos::Tls(Box::new(Opening::new(Carrier::Quic)))
            } else {
                Hellos::Google(None)
            },
            origin,
            has_named_ids: false,
            is_superseded: false,
        };
        connection.take(packet, side, origin);
        Some(connection)
    }

    /// Whether a packet is addressed with an id of this connection.
    pub(super) fn knows(&self, destination: &[u8]) -> bool {
        destination == self.destination
            || (!self.server_id.is_empty() && destination == self.server_id)
    }

    /// Whether a packet of that side is addressed to this connection.
    pub(super) fn is_addressed(&self, destination: &[u8], side: Side) -> bool {
        if side == self.client_side {
            self.knows(destination)
        } else {
            destination == self.client_id
        }
    }

    /// Whether packets of a version can be read.
    pub(super) fn speaks(&self, version: u32) -> bool {
        self.keys_of(version).is_some()
    }

    /// Whether a packet may be of this connection: by its receiver's id, or its client's where the server's is not known yet.
    pub(super) fn owns(&self, packet: &Packet<'_>, side: Side) -> bool {
        let is_known_by_sender =
            !self.is_answered() && side == self.client_side && packet.source == self.client_id;
        is_known_by_sender || self.is_addressed(packet.destination, side)
    }

    /// Whether a packet is addressed to this connection, in a version of its own.
    pub(super) fn expects(&self, packet: &Packet<'_>, side: Side) -> bool {
        self.speaks(packet.version) && self.is_addressed(packet.destination, side)
    }

    /// Whether the server has been heard.
    pub(super) fn is_answered(&self) -> bool {
        self.server.largest.is_some() || self.has_keys()
    }

    /// Whether nobody answered this connection, and the client began it again as that other one: in another version, or after a
    /// Retry.
    pub(super) fn is_attempt_at(&self, other: &Self) -> bool {
        let has_same_id = !self.client_id.is_empty() && self.client_id == other.client_id;
        !self.is_answered() && (has_same_id || self.destination == other.destination)
    }

    /// Takes an Initial packet.
    pub(super) fn take(&mut self, packet: &Packet<'_>, side: Side, origin: Origin) -> Outcome {
        let Kind::Initial(number_at) = packet.kind else {
            return Outcome::Foreign;
        };
        let is_client = side == self.client_side;
        // A server may answer in another version that the client offers (RFC 9368 §2.3).
        if !is_client && self.keys.len() == 1 && self.keys_of(packet.version).is_none() {
            let keys = version::salts(packet.version)
                .first()
                .and_then(|salt| InitialKeys::derive(salt, &self.destination));
            self.keys.extend(keys.map(|keys| (packet.version, keys)));
        }
        let space = if is_client {
            &self.client
        } else {
            &self.server
        };
        let opened = self.keys_of(packet.version).and_then(|keys| {
            let keys = if is_client {
                &keys.client
            } else {
                &keys.server
            };
            keys.open(packet.bytes, number_at, space.largest)
        });
        let Some((number, payload)) = opened else {
            return Outcome::Foreign;
        };
        // The first answers may still be in the client's version (RFC 9368 §2.3).
        if !is_client && space.largest.is_none_or(|largest| number > largest) {
            self.version = packet.version;
            self.server_id = packet.source.to_vec();
        }
        self.payload(is_client, number, &payload, origin);
        Outcome::Taken
    }

    fn keys_of(&self, version: u32) -> Option<&InitialKeys> {
        self.keys
            .iter()
            .find(|(known, _)| *known == version)
            .map(|(_, keys)| keys)
    }

    fn payload(&mut self, is_client: bool, number: u64, payload: &[u8], origin: Origin) {
        let space = if is_client {
            &mut self.client
        } else {
            &mut self.server
        };
        space.largest = space.largest.max(Some(number));
        match &mut self.hellos {
            Hellos::HandedOut => {}
            Hellos::Google(hello) => {
                if hello.is_none() && is_client {
                    *hello = google::client_hello(payload);
                    self.origin = origin;
                }
            }
            Hellos::Tls(opening) => {
                if space.is_lost {
                    return;
                }
                let crypto = &mut space.crypto;
                let mut is_lost = false;
                // A frame that cannot be read ends the packet; what stands before it is authentic.
                let _whole = frame::for_each(payload, |frame| {
                    if let Frame::Crypto(offset, bytes) = frame {
                        is_lost |= crypto.push(offset, bytes).is_err();
                    }
                });
                while let Some(bytes) = crypto.pop() {
                    is_lost |= space
                        .messages
                        .push(&bytes, |kind, body| opening.message(kind, body, origin))
                        .is_err();
                }
                space.is_lost = is_lost;
            }
        }
    }

    /// Whether a bound was hit while the hellos were read.
    pub(super) fn is_lost(&self) -> bool {
        !self.is_handed_out() && (self.client.is_lost || self.server.is_lost)
    }

    /// The name that the client asked for.
    pub(super) fn server_name(&self) -> Option<&str> {
        match &self.hellos {
            Hellos::Tls(opening) => opening.server_name(),
            Hellos::Google(hello) => hello.as_ref()?.server_name.as_deref(),
            Hellos::HandedOut => None,
        }
    }

    /// Whether both hellos were read, and what follows them as far as there are keys.
    pub(super) fn is_complete(&self) -> bool {
        match &self.hellos {
            Hellos::Tls(opening) => {
                opening.is_complete()
                    && (!self.protected.opens_handshake() || opening.is_finished())
            }
            Hellos::Google(hello) => hello.is_some(),
            Hellos::HandedOut => true,
        }
    }

    /// Whether nothing more is wanted of this connection.
    pub(super) fn is_handed_out(&self) -> bool {
        matches!(self.hellos, Hellos::HandedOut)
    }

    /// What the hellos say, once.
    pub(super) fn hand_out(&mut self) -> Vec<(Event, Origin)> {
        match std::mem::replace(&mut self.hellos, Hellos::HandedOut) {
            Hellos::Tls(mut opening) => {
                self.protocol = opening.protocol().map(<[u8]>::to_vec);
                opening.set_quic_version(self.version);
                opening.cut_message(&self.client.messages, self.origin);
                opening.into_event().into_iter().collect()
            }
            Hellos::Google(hello) => hello.map_or_else(Vec::new, |hello| {
                google_events(hello, self.version, self.origin)
            }),
            Hellos::HandedOut => Vec::new(),
        }
    }

    /// Gives the hellos' news to what needs keys, and takes the packets that waited for them.
    pub(super) fn learn(&mut self, emit: Emit<'_>) {
        let Hellos::Tls(opening) = &self.hellos else {
            return;
        };
        let random = opening.client_random();
        let suite = opening.cipher_suite().or(self.suite);
        for mut held in self.protected.learn(self.version, random, suite) {
            if held.level == Level::Data {
                // How long the id is was perhaps not known before.
                held.number_at = self
                    .number_at(&held.bytes, held.from_client)
                    .unwrap_or_else(|| self.likely_number_at(held.from_client));
            }
            self.protected_packet(held, emit);
        }
    }

    /// Whether packets with other keys than those of the hellos are of use.
    pub(super) fn is_keyed(&self) -> bool {
        self.protected.is_of_use()
    }

    /// Whether there are such keys.
    pub(super) fn has_keys(&self) -> bool {
        self.protected.has_keys()
    }

    /// Takes a 0-RTT or Handshake packet. `is_alone`: there is no other connection that it may be of.
    pub(super) fn long(
        &mut self,
        packet: &Packet<'_>,
        (side, origin): (Side, Origin),
        is_alone: bool,
        emit: Emit<'_>,
    ) -> Outcome {
        let (level, number_at) = match packet.kind {
            Kind::Early(at) => (Level::Early, at),
            Kind::Handshake(at) => (Level::Handshake, at),
            _ => return Outcome::Foreign,
        };
        let from_client = side == self.client_side;
        if !from_client && !packet.source.is_empty() {
            self.server_id = packet.source.to_vec();
        }
        let held = Held {
            level,
            from_client,
            bytes: packet.bytes.to_vec(),
            number_at,
            origin,
        };
        if level == Level::Handshake {
            self.find_suite(packet, &held, is_alone, emit);
        }
        self.protected_packet(held, emit)
    }

    /// Where the server's hello is lost, or late, a Handshake packet tells the suite: it is authentic under that one alone.
    fn find_suite(&mut self, packet: &Packet<'_>, held: &Held, is_alone: bool, emit: Emit<'_>) {
        let Hellos::Tls(opening) = &self.hellos else {
            return;
        };
        if opening.cipher_suite().is_none()
            && (is_alone || self.speaks(packet.version))
            && let Some(random) = opening.client_random()
            && let Some(suite) = self.protected.suite_of(random, held)
        {
            self.version = packet.version;
            self.suite = Some(suite);
            if held.from_client {
                self.server_id = packet.destination.to_vec();
            }
            self.learn(emit);
        }
    }

    /// Where the number of a 1-RTT packet begins, if it is addressed with an id that is known.
    fn number_at(&self, packet: &[u8], from_client: bool) -> Option<usize> {
        let behind_first = packet.get(1..)?;
        let first = if from_client {
            &self.server_id
        } else {
            &self.client_id
        };
        self.protected
            .ids(!from_client)
            .iter()
            .chain([first])
            .find(|id| behind_first.starts_with(id))
            .map(|id| id.len().saturating_add(1))
    }

    /// Where it begins if the id is one that was given out unseen: ids of one side are of one length.
    fn likely_number_at(&self, from_client: bool) -> usize {
        let id = if from_client {
            &self.server_id
        } else {
            &self.client_id
        };
        id.len().saturating_add(1)
    }

    /// Whether a 1-RTT packet is addressed with an id that is known.
    pub(super) fn is_short_addressed(&self, packet: &[u8], side: Side) -> bool {
        self.number_at(packet, side == self.client_side).is_some()
    }

    /// Takes a 1-RTT packet.
    pub(super) fn short(
        &mut self,
        packet: &[u8],
        side: Side,
        origin: Origin,
        emit: Emit<'_>,
    ) -> Outcome {
        let from_client = side == self.client_side;
        let number_at = self
            .number_at(packet, from_client)
            .unwrap_or_else(|| self.likely_number_at(from_client));
        let held = Held {
            level: Level::Data,
            from_client,
            bytes: packet.to_vec(),
            number_at,
            origin,
        };
        self.protected_packet(held, emit)
    }

    fn protected_packet(&mut self, packet: Held, emit: Emit<'_>) -> Outcome {
        let (level, from_client, origin) = (packet.level, packet.from_client, packet.origin);
        let Some(payload) = self.protected.open(packet, emit) else {
            return Outcome::Foreign;
        };
        if level == Level::Handshake {
            if !from_client {
                self.handshake_payload(&payload);
            }
            return Outcome::Taken;
        }
        if level == Level::Data {
            self.name_ids(emit);
            for (event, origin) in self.hand_out() {
                emit(Output::Event(event, origin));
            }
        }
        let protocol = match &self.hellos {
            Hellos::Tls(opening) => opening.protocol(),
            _ => self.protocol.as_deref(),
        };
        let side = if from_client {
            Side::Client
        } else {
            Side::Server
        };
        self.protected
            .frames(&payload, (from_client, side, origin), protocol, emit);
        Outcome::Taken
    }

    /// Says under which ids the connection goes on, once.
    fn name_ids(&mut self, emit: Emit<'_>) {
        if std::mem::replace(&mut self.has_named_ids, true) {
            return;
        }
        emit(Output::Content(ContentState::Decrypted));
        let server_side = self.client_side.opposite();
        emit(Output::ConnectionId(&self.server_id, server_side));
        emit(Output::ConnectionId(&self.client_id, self.client_side));
    }

    /// What the server says in Handshake packets.
    fn handshake_payload(&mut self, payload: &[u8]) {
        let Hellos::Tls(opening) = &mut self.hellos else {
            return;
        };
        let space = &mut self.server_handshake;
        if space.is_lost {
            return;
        }
        let mut is_lost = false;
        let crypto = &mut space.crypto;
        let _whole = frame::for_each(payload, |frame| {
            if let Frame::Crypto(offset, bytes) = frame {
                is_lost |= crypto.push(offset, bytes).is_err();
            }
        });
        while let Some(bytes) = crypto.pop() {
            is_lost |= space
                .messages
                .push(&bytes, |kind, body| {
                    opening.encrypted_message(kind, body);
                    if kind == ENCRYPTED_EXTENSIONS
                        && let Some(token) = reset_token(body)
                    {
                        self.protected.add_reset_token(false, token);
                    }
                })
                .is_err();
        }
        space.is_lost = is_lost;
    }

    /// The connection ended: hands out what is pending.
    pub(super) fn finish(&mut self, emit: Emit<'_>) {
        for (event, origin) in self.hand_out() {
            emit(Output::Event(event, origin));
        }
        self.protected.finish(emit);
    }

    /// Whether any of its contents were read.
    pub(super) fn is_read(&self) -> bool {
        self.has_named_ids
    }

    /// In which state the contents are. `None` if nothing was to be opened.
    pub(super) fn state(&self) -> Option<ContentState> {
        let is_silent = |state: &ContentState| *state == ContentState::NoKey && !self.is_answered();
        self.protected.state().filter(|state| !is_silent(state))
    }
}

/// The token in the transport parameters of `EncryptedExtensions`.
fn reset_token(extensions: &[u8]) -> Option<&[u8]> {
    let mut extensions = Cursor::new(Cursor::new(extensions).vector16()?);
    loop {
        let (kind, data) = (extensions.u16()?, extensions.vector16()?);
        if !TRANSPORT_PARAMETERS.contains(&kind) {
            continue;
        }
        let mut parameters = Cursor::new(data);
        loop {
            let (parameter, value) = (parameters.varint()?, parameters.vector_varint()?);
            if parameter == RESET_TOKEN {
                return Some(value);
            }
        }
    }
}

/// The events of a hello of Google's own: the handshake, and what it says of the app and the device, readable by all.
pub(super) fn google_events(hello: Hello, version: u32, origin: Origin) -> Vec<(Event, Origin)> {
    let handshake = Handshake {
        quic_version: version,
        sni: hello.server_name,
        ..Handshake::default()
    };
    let mut events = vec![(Event::Handshake(handshake), origin)];
    if let Some(user_agent) = hello.user_agent {
        let message = Message {
            protocol: super::PROTOCOL.name,
            kind: "CHLO".to_owned(),
            fields: vec![("user-agent".to_owned(), user_agent)],
            from_client: true,
            ..Message::default()
        };
        events.push((Event::Message(message), origin));
    }
    events
}
