//! One connection while its hellos are read.

use super::frame;
use super::google::{self, Hello};
use super::keys::InitialKeys;
use super::packet::{Kind, Packet};
use super::version::{self, Salt};
use crate::model::{Event, Handshake, Message, Origin, Side};
use crate::protocol::assembler::Assembler;
use crate::protocol::tls::handshake::{Messages, Opening};
use crate::protocol::tls::hello::Carrier;

/// What one side sent in Initial packets.
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
    keys: Vec<(u32, InitialKeys)>,
    /// Which side of the flow is the client: flows met in their middle may be turned round.
    pub(super) client_side: Side,
    client: Space,
    server: Space,
    hellos: Hellos,
    origin: Origin,
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
    pub(super) fn begin(packet: &Packet<'_>, side: Side, origin: Origin) -> Option<Self> {
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
            keys: vec![(packet.version, keys)],
            client_side: side,
            client: Space::default(),
            server: Space::default(),
            hellos: if is_tls {
                Hellos::Tls(Box::new(Opening::new(Carrier::Quic)))
            } else {
                Hellos::Google(None)
            },
            origin,
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
        if !is_client {
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
                let _whole = frame::for_each_crypto(payload, |offset, bytes| {
                    is_lost |= crypto.push(offset, bytes).is_err();
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

    /// Whether both hellos were read.
    pub(super) fn is_complete(&self) -> bool {
        match &self.hellos {
            Hellos::Tls(opening) => opening.is_complete(),
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
