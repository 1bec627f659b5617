//! What a connection sends under keys of the key log: Handshake, 0-RTT and 1-RTT packets (RFC 9001 §4, §5).

use std::sync::Arc;

use super::Emit;
use super::application::Application;
use super::frame::{self, Frame};
use super::keys::{Keys, Suite};
use super::one_rtt::OneRtt;
use super::{packet, version};
use crate::limits;
use crate::model::{ContentState, Origin, Side};
use crate::protocol::http3::Place;
use crate::protocol::{KeyLog, Label, Output, Undecrypted};

/// Bytes of a token that ends a connection (RFC 9000 §10.3).
const RESET_TOKEN_BYTES: usize = 16;

/// In which keys a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Early,
    Handshake,
    Data,
}

/// A packet that waits for its keys.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) level: Level,
    pub(super) from_client: bool,
    pub(super) bytes: Vec<u8>,
    pub(super) number_at: usize,
    pub(super) origin: Origin,
}

/// Which keys there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// The hellos have not said yet which.
    NotYet,
    /// The log has none for this connection.
    Nothing,
    /// Those below.
    Derived,
    /// The suite is not supported.
    Unsupported,
}

/// What one side sends.
#[derive(Debug, Default)]
struct End {
    handshake: Option<Keys>,
    handshake_largest: Option<u64>,
    data: Option<OneRtt>,
    /// Packets with application data that were opened, and that were not.
    opened: u64,
    closed: u64,
    reset_tokens: Vec<[u8; RESET_TOKEN_BYTES]>,
    /// Connection ids that it can be addressed with, without the first.
    ids: Vec<Vec<u8>>,
}

/// The protected part of a connection.
#[derive(Debug)]
pub(super) struct Protected {
    log: Arc<KeyLog>,
    /// Which side of the flow is the client.
    client_side: Side,
    known: Known,
    client: End,
    server: End,
    early: Option<Keys>,
    early_largest: Option<u64>,
    held: Vec<Held>,
    held_bytes: usize,
    application: Application,
    has_opened_handshake: bool,
}

impl Protected {
    pub(super) fn new(log: &Arc<KeyLog>, client_side: Side) -> Self {
        Self {
            log: Arc::clone(log),
            client_side,
            known: if log.is_empty() {
                Known::Nothing
            } else {
                Known::NotYet
            },
            client: End::default(),
            server: End::default(),
            early: None,
            early_largest: None,
            held: Vec::new(),
            held_bytes: 0,
            application: Application::default(),
            has_opened_handshake: false,
        }
    }

    /// Whether there is or may be any key.
    pub(super) fn is_of_use(&self) -> bool {
        matches!(self.known, Known::NotYet | Known::Derived)
    }

    /// Whether there are keys.
    pub(super) fn has_keys(&self) -> bool {
        self.known == Known::Derived
    }

    /// Whether the server's encrypted part of the handshake can be read.
    pub(super) fn opens_handshake(&self) -> bool {
        self.server.handshake.is_some()
    }

    fn end(&mut self, from_client: bool) -> &mut End {
        if from_client {
            &mut self.client
        } else {
            &mut self.server
        }
    }

    /// Says what the hellos have told. Returns the packets that waited, once keys are there.
    pub(super) fn learn(
        &mut self,
        version: u32,
        random: Option<&[u8; 32]>,
        suite: Option<u16>,
    ) -> Vec<Held> {
        if self.known != Known::NotYet {
            return Vec::new();
        }
        let Some(random) = random else {
            return Vec::new();
        };
        if !self.log.has(random) {
            self.known = Known::Nothing;
            return self.take_held();
        }
        let labels = version::labels(version);
        if self.early.is_none()
            && let Some(secret) = self.log.secret(Label::ClientEarlyTraffic, random)
        {
            // Which suite it is follows from the session before; the first packet tells.
            let waiting = self.held.iter().find(|held| held.level == Level::Early);
            self.early = waiting.and_then(|held| {
                // It is of the client's version, whatever the server chose (RFC 9369 §4.1).
                let labels = version::labels(packet::version(&held.bytes)?);
                Suite::ALL
                    .into_iter()
                    .filter(|suite| suite.fits(secret))
                    .filter_map(|suite| Keys::derive(suite, labels, secret))
                    .find(|keys| keys.open(&held.bytes, held.number_at, None).is_some())
            });
        }
        let Some(suite) = suite else {
            return if self.early.is_some() {
                self.take_held()
            } else {
                Vec::new()
            };
        };
        let Some(suite) = Suite::of(suite) else {
            self.known = Known::Unsupported;
            return self.take_held();
        };
        self.known = Known::Derived;
        let log = Arc::clone(&self.log);
        let secret = |label| {
            log.secret(label, random)
                .filter(|secret| suite.fits(secret))
        };
        for (end, handshake, data) in [
            (
                &mut self.client,
                Label::ClientHandshakeTraffic,
                Label::ClientTraffic0,
            ),
            (
                &mut self.server,
                Label::ServerHandshakeTraffic,
                Label::ServerTraffic0,
            ),
        ] {
            end.handshake =
                secret(handshake).and_then(|secret| Keys::derive(suite, labels, secret));
            end.data = secret(data).and_then(|secret| OneRtt::new(suite, labels, secret));
        }
        self.take_held()
    }

    /// The suite that opens a Handshake packet.
    pub(super) fn suite_of(&self, random: &[u8; 32], packet: &Held) -> Option<u16> {
        if self.known != Known::NotYet {
            return None;
        }
        let secret = self.log.secret(
            if packet.from_client {
                Label::ClientHandshakeTraffic
            } else {
                Label::ServerHandshakeTraffic
            },
            random,
        )?;
        let labels = version::labels(packet::version(&packet.bytes)?);
        let opens = |number: &u16| {
            let suite = Suite::of(*number).filter(|suite| suite.fits(secret));
            let keys = suite.and_then(|suite| Keys::derive(suite, labels, secret));
            keys.is_some_and(|keys| keys.open(&packet.bytes, packet.number_at, None).is_some())
        };
        Suite::NUMBERS.into_iter().find(opens)
    }

    fn take_held(&mut self) -> Vec<Held> {
        self.held_bytes = 0;
        std::mem::take(&mut self.held)
    }

    /// Removes the protection of a packet. `None` if it waits, or cannot be opened.
    pub(super) fn open(&mut self, packet: Held, emit: Emit<'_>) -> Option<Vec<u8>> {
        let is_waiting = match packet.level {
            Level::Early => self.early.is_none() && self.known == Known::NotYet,
            Level::Handshake | Level::Data => self.known == Known::NotYet,
        };
        let fits = self.held_bytes.saturating_add(packet.bytes.len()) <= limits::QUIC_HELD_BYTES;
        if is_waiting && fits {
            self.held_bytes = self.held_bytes.saturating_add(packet.bytes.len());
            self.held.push(packet);
            return None;
        }
        let payload = self.remove_protection(&packet);
        if packet.level == Level::Handshake {
            self.has_opened_handshake |= payload.is_some();
        } else if payload.is_some() {
            let end = self.end(packet.from_client);
            end.opened = end.opened.saturating_add(1);
        } else if !self.is_reset(&packet) {
            let end = self.end(packet.from_client);
            end.closed = end.closed.saturating_add(1);
            if self.known == Known::Derived {
                emit(Output::Undecrypted(self.undecrypted(&packet)));
            }
        }
        payload
    }

    /// What is to be said of a packet that was not opened.
    fn undecrypted(&self, packet: &Held) -> Undecrypted {
        let end = if packet.from_client {
            &self.client
        } else {
            &self.server
        };
        let why = match (packet.level, &end.data) {
            (Level::Early, _) if self.early.is_none() => "the key log has no secret for early data",
            (Level::Data, None) => "the key log has no secret for this direction",
            _ => {
                "the keys do not open it: damaged, of another connection, or behind lost key updates"
            }
        };
        Undecrypted {
            what: "QUIC packet",
            side: if packet.from_client {
                Side::Client
            } else {
                Side::Server
            },
            number: end.opened.saturating_add(end.closed),
            bytes: u64::try_from(packet.bytes.len()).unwrap_or(u64::MAX),
            why,
        }
    }

    fn remove_protection(&mut self, packet: &Held) -> Option<Vec<u8>> {
        match packet.level {
            Level::Early => {
                let keys = self.early.as_ref()?;
                let (number, payload) =
                    keys.open(&packet.bytes, packet.number_at, self.early_largest)?;
                self.early_largest = self.early_largest.max(Some(number));
                if let Some(data) = &mut self.client.data {
                    data.note_early(number);
                }
                Some(payload)
            }
            Level::Handshake => {
                let end = self.end(packet.from_client);
                let keys = end.handshake.as_ref()?;
                let (number, payload) =
                    keys.open(&packet.bytes, packet.number_at, end.handshake_largest)?;
                end.handshake_largest = end.handshake_largest.max(Some(number));
                Some(payload)
            }
            Level::Data => {
                let data = self.end(packet.from_client).data.as_mut()?;
                data.open(&packet.bytes, packet.number_at)
            }
        }
    }

    /// Whether a packet is no packet but the end of the connection, by one who has forgotten it.
    fn is_reset(&self, packet: &Held) -> bool {
        let end = if packet.from_client {
            &self.client
        } else {
            &self.server
        };
        packet
            .bytes
            .last_chunk()
            .is_some_and(|last| end.reset_tokens.contains(last))
    }

    /// Takes the token of the server's transport parameters (RFC 9000 §18.2).
    pub(super) fn add_reset_token(&mut self, from_client: bool, token: &[u8]) {
        let end = self.end(from_client);
        if let Ok(token) = token.try_into()
            && end.reset_tokens.len() < limits::QUIC_CONNECTION_IDS
        {
            end.reset_tokens.push(token);
        }
    }

    /// The ids that one side has given out since the handshake.
    pub(super) fn ids(&self, of_client: bool) -> &[Vec<u8>] {
        if of_client {
            &self.client.ids
        } else {
            &self.server.ids
        }
    }

    /// Takes the frames of a packet with application data. `side` sent it.
    pub(super) fn frames(
        &mut self,
        payload: &[u8],
        (from_client, side, origin): (bool, Side, Origin),
        protocol: Option<&[u8]>,
        emit: Emit<'_>,
    ) {
        let place = |stream| Place {
            stream,
            side,
            origin,
        };
        // A frame that cannot be read ends the packet; what stands before it is authentic.
        let _whole = frame::for_each(payload, |frame| match frame {
            Frame::Stream {
                stream,
                offset,
                bytes,
                is_last,
            } => {
                let piece = (offset, bytes, is_last);
                self.application
                    .stream(place(stream), piece, protocol, emit);
            }
            Frame::Reset(stream, length) => self.application.reset(place(stream), length, emit),
            Frame::Acknowledgement(largest) => {
                if let Some(data) = &mut self.end(!from_client).data {
                    data.note_acknowledged(largest);
                }
            }
            Frame::ConnectionId(id, token) => {
                self.add_reset_token(from_client, token);
                let ids = &mut self.end(from_client).ids;
                if ids.iter().all(|known| known != id) {
                    if ids.len() >= limits::QUIC_CONNECTION_IDS {
                        ids.remove(0);
                    }
                    ids.push(id.to_vec());
                    let receiver = if from_client {
                        self.client_side
                    } else {
                        self.client_side.opposite()
                    };
                    emit(Output::ConnectionId(id, receiver));
                }
            }
            Frame::Datagram(bytes) => self.application.datagram(bytes),
            // Tickets for the next session.
            Frame::Crypto(..) | Frame::Other => {}
        });
    }

    /// The connection ended.
    pub(super) fn finish(&mut self, emit: Emit<'_>) {
        self.known = match self.known {
            Known::NotYet => Known::Nothing,
            known => known,
        };
        for held in self.take_held() {
            self.open(held, emit);
        }
        self.application.finish(emit);
    }

    /// In which state the contents are. `None` if nothing was to be opened. What the client sent decides: without its secret
    /// nothing that left the phone can be read, whatever the server's answers say.
    pub(super) fn state(&self) -> Option<ContentState> {
        let (client, server) = (&self.client, &self.server);
        let opened = client.opened.saturating_add(server.opened);
        let closed = client.closed.saturating_add(server.closed);
        let is_client_closed = client.opened == 0 && client.closed > 0 && client.data.is_none();
        Some(match (self.known, opened, closed) {
            (Known::Nothing, 0, _) => ContentState::NoKey,
            (_, 0, 0) if self.has_opened_handshake => ContentState::Decrypted,
            (_, 0, 0) => return None,
            (_, _, 0) => ContentState::Decrypted,
            (Known::Unsupported, 0, _) => ContentState::UnsupportedCipher,
            _ if is_client_closed => ContentState::NoKey,
            (_, 0, _) if client.data.is_none() && server.data.is_none() => ContentState::NoKey,
            (_, 0, _) => ContentState::Damaged,
            _ => ContentState::PartlyDecrypted,
        })
    }
}
