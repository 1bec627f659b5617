//! What the messages of the handshake mean for keys, in clear or decrypted.

use super::{
    Carrier, ClientHello, Cursor, Guard, Messages, Plain, Prospect, Secret, ServerHello, Session,
    Side, Sink, TLS_1_3,
};
use crate::limits;
use crate::protocol::tls::handshake::{CLIENT_HELLO, SERVER_HELLO};
use crate::protocol::tls::hello::protocol_of_extensions;
use crate::protocol::tls::schedule::SSL_3;

const NEW_SESSION_TICKET: u8 = 4;
const END_OF_EARLY_DATA: u8 = 5;
const ENCRYPTED_EXTENSIONS: u8 = 8;
const CERTIFICATE: u8 = 11;
const CLIENT_KEY_EXCHANGE: u8 = 16;
const FINISHED: u8 = 20;
const KEY_UPDATE: u8 = 24;

impl Session {
    /// Handshake bytes of one side, in clear or decrypted.
    pub(super) fn handshake_bytes(
        &mut self,
        side: Side,
        bytes: &[u8],
        is_encrypted: bool,
        sink: &mut Sink<'_>,
    ) {
        let mut whole: Vec<(u8, Vec<u8>)> = Vec::new();
        let lane = self.lane(side);
        let outcome = lane
            .messages
            .push(bytes, |kind, body| whole.push((kind, body.to_vec())));
        if outcome.is_err() {
            lane.messages = Messages::default();
        }
        for (kind, body) in whole {
            self.message(side, kind, &body, is_encrypted, sink);
        }
    }

    fn message(
        &mut self,
        side: Side,
        kind: u8,
        body: &[u8],
        is_encrypted: bool,
        sink: &mut Sink<'_>,
    ) {
        let is_tls_1_3 = self
            .chosen
            .as_ref()
            .is_some_and(|chosen| chosen.version >= TLS_1_3);
        match kind {
            CLIENT_HELLO => {
                if let Some(hello) = ClientHello::read(body, Carrier::Stream) {
                    let is_new = self.chosen.is_some() && self.hello.is_some();
                    if is_new && !is_tls_1_3 {
                        self.renegotiate();
                    }
                    self.hello = Some(hello);
                    self.keep(side, kind, body);
                    self.resolve();
                }
            }
            SERVER_HELLO => {
                if let Some(hello) = ServerHello::read(body) {
                    self.keep(side, kind, body);
                    if hello.is_retry {
                        self.is_retried = true;
                    } else if self.chosen.is_none() {
                        self.protocol.clone_from(&hello.protocol);
                        self.chosen = Some(hello);
                        self.resolve();
                    }
                }
            }
            _ if is_tls_1_3 => self.message_1_3(side, kind, body, is_encrypted, sink),
            NEW_SESSION_TICKET => {
                let mut cursor = Cursor::new(body);
                let _lifetime = cursor.u32();
                let ticket = cursor.vector16().filter(|ticket| !ticket.is_empty());
                if let Some(ticket) = ticket
                    && self.find_master()
                    && let Some(master) = &self.master
                {
                    self.resumptions.learn(ticket, master);
                }
            }
            CLIENT_KEY_EXCHANGE => {
                self.keep(side, kind, body);
                self.has_key_exchange = true;
                let is_ssl_3 = self
                    .chosen
                    .as_ref()
                    .is_some_and(|chosen| chosen.version == SSL_3);
                let encrypted = if is_ssl_3 {
                    Some(body)
                } else {
                    Cursor::new(body).vector16()
                };
                let premaster = encrypted
                    .and_then(|encrypted| encrypted.first_chunk())
                    .and_then(|first| self.keys.premaster(*first));
                self.premaster = premaster.map(|secret| Secret::new(secret.to_vec()));
                if self.prospect == Prospect::Waiting && self.find_master() {
                    self.prospect = Prospect::Ready;
                }
            }
            _ => self.keep(side, kind, body),
        }
    }

    fn message_1_3(
        &mut self,
        side: Side,
        kind: u8,
        body: &[u8],
        is_encrypted: bool,
        sink: &mut Sink<'_>,
    ) {
        if !is_encrypted {
            return;
        }
        match (kind, side) {
            (FINISHED | END_OF_EARLY_DATA | KEY_UPDATE, _) => {
                let lane = self.lane(side);
                if let Guard::Ladder(ladder) = &mut lane.direction.guard
                    && ladder.is_ended_by(kind)
                {
                    ladder.advance();
                    lane.direction.restart();
                }
            }
            (ENCRYPTED_EXTENSIONS, Side::Server) => {
                self.protocol = protocol_of_extensions(body);
                sink(Plain::Message(kind, body));
            }
            (CERTIFICATE, Side::Server) => sink(Plain::Message(kind, body)),
            _ => {}
        }
    }

    fn renegotiate(&mut self) {
        self.chosen = None;
        self.master = None;
        self.premaster = None;
        self.transcript = Default::default();
        self.has_key_exchange = false;
    }

    /// Keeps a message for the hash of the session: the client's hello, what the server says, and the client's answer.
    fn keep(&mut self, side: Side, kind: u8, body: &[u8]) {
        let [hello, server, client] = &mut self.transcript;
        let part = match (side, kind) {
            (_, CLIENT_HELLO) => hello,
            (Side::Server, _) => server,
            (Side::Client, _) => client,
        };
        if self.has_key_exchange || part.len() > limits::HANDSHAKE_BYTES {
            return;
        }
        let len = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let [_, len @ ..] = len.to_be_bytes();
        part.push(kind);
        part.extend_from_slice(&len);
        part.extend_from_slice(body);
    }
}
