//! The handshake layer: messages out of fragments, and what the messages of both sides say together.
//! TLS records, DTLS fragments and QUIC CRYPTO frames all feed it.

use super::certificate::{self, Names};
use super::hello::{Carrier, ClientHello, ServerHello, protocol_of_extensions};
use super::ja4;
use crate::limits;
use crate::model::{Event, Handshake, Origin};
use crate::protocol::cursor::Cursor;

/// `client_hello`.
pub(in crate::protocol) const CLIENT_HELLO: u8 = 1;
/// `server_hello`, also as `HelloRetryRequest`.
pub(in crate::protocol) const SERVER_HELLO: u8 = 2;
const ENCRYPTED_EXTENSIONS: u8 = 8;
const CERTIFICATE: u8 = 11;
const SERVER_HELLO_DONE: u8 = 14;
const FINISHED: u8 = 20;

/// Bytes of a message's type and length.
const HEADER_BYTES: usize = 4;

/// Contiguous handshake bytes of one side that are not yet a whole message.
#[derive(Debug, Default)]
pub(in crate::protocol) struct Messages {
    buffer: Vec<u8>,
    /// Whether a whole message came.
    has_begun: bool,
}

/// A message is longer than [`limits::HANDSHAKE_BYTES`], or it is none (encrypted).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) struct TooLong;

impl Messages {
    /// Adds bytes and hands out each message that they complete, as type and body.
    pub(in crate::protocol) fn push(
        &mut self,
        bytes: &[u8],
        mut message: impl FnMut(u8, &[u8]),
    ) -> Result<(), TooLong> {
        self.buffer.extend_from_slice(bytes);
        let mut cursor = Cursor::new(&self.buffer);
        let outcome = loop {
            let mut ahead = cursor;
            let (Some(kind), Some(len)) = (ahead.u8(), ahead.u24()) else {
                break Ok(());
            };
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            if len > limits::HANDSHAKE_BYTES {
                break Err(TooLong);
            }
            let Some(body) = ahead.take(len) else {
                break Ok(());
            };
            self.has_begun = true;
            message(kind, body);
            cursor = ahead;
        };
        let consumed = self.buffer.len().saturating_sub(cursor.rest().len());
        self.buffer.drain(..consumed);
        outcome
    }

    /// The message that has begun and is not complete: type and what there is of its body.
    fn unfinished(&self) -> Option<(u8, &[u8])> {
        let kind = self.buffer.first()?;
        Some((*kind, self.buffer.get(HEADER_BYTES..)?))
    }

    /// Whether a message came, or the beginning of one.
    pub(in crate::protocol) fn has_begun(&self) -> bool {
        self.has_begun || self.unfinished().is_some()
    }
}

/// What the first messages of a connection say.
#[derive(Debug)]
pub(in crate::protocol) struct Opening {
    carrier: Carrier,
    quic_version: u32,
    client: Option<(ClientHello, Origin)>,
    server: Option<(ServerHello, Origin)>,
    certificate: Option<Names>,
    /// The server said that no certificate will follow.
    is_done: bool,
    /// The server's encrypted part was read to its end.
    is_finished: bool,
}

impl Opening {
    pub(in crate::protocol) fn new(carrier: Carrier) -> Self {
        Self {
            carrier,
            quic_version: 0,
            client: None,
            server: None,
            certificate: None,
            is_done: false,
            is_finished: false,
        }
    }

    /// Says in which QUIC version the hellos travel.
    pub(in crate::protocol) fn set_quic_version(&mut self, version: u32) {
        self.quic_version = version;
    }

    /// Takes a message. Who sent it follows from its type: a flow met in its middle may be turned round.
    pub(in crate::protocol) fn message(&mut self, kind: u8, body: &[u8], origin: Origin) {
        match kind {
            CLIENT_HELLO => {
                let is_better = self
                    .client
                    .as_ref()
                    .is_none_or(|(known, _)| !known.is_whole);
                if is_better && let Some(hello) = ClientHello::read(body, self.carrier) {
                    self.client = Some((hello, origin));
                }
            }
            SERVER_HELLO => {
                let is_better = self.server.as_ref().is_none_or(|(known, _)| known.is_retry);
                if is_better && let Some(hello) = ServerHello::read(body) {
                    self.server = Some((hello, origin));
                }
            }
            CERTIFICATE if self.server.is_some() && self.certificate.is_none() => {
                self.certificate = Some(certificate::read_message(body));
            }
            SERVER_HELLO_DONE => self.is_done = true,
            _ => {}
        }
    }

    /// Takes a message that the server sent encrypted, in TLS 1.3 (RFC 8446 §4.3, §4.4).
    pub(in crate::protocol) fn encrypted_message(&mut self, kind: u8, body: &[u8]) {
        match kind {
            ENCRYPTED_EXTENSIONS => {
                if let Some((hello, _)) = &mut self.server {
                    hello.protocol = protocol_of_extensions(body);
                }
            }
            CERTIFICATE => self.certificate = Some(certificate::read_message_1_3(body)),
            FINISHED => self.is_finished = true,
            _ => {}
        }
    }

    /// Whether the server's encrypted part was read to its end.
    pub(in crate::protocol) fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// The client's random, which names the connection in key logs.
    pub(in crate::protocol) fn client_random(&self) -> Option<&[u8; 32]> {
        self.client.as_ref().map(|(hello, _)| &hello.random)
    }

    /// The cipher suite that the server chose.
    pub(in crate::protocol) fn cipher_suite(&self) -> Option<u16> {
        let (hello, _) = self.server.as_ref()?;
        hello.cipher_suite.filter(|_| !hello.is_retry)
    }

    /// The protocol that the server chose, or else what the client would like best.
    pub(in crate::protocol) fn protocol(&self) -> Option<&[u8]> {
        let chosen = self
            .server
            .as_ref()
            .and_then(|(hello, _)| hello.protocol.as_deref());
        chosen.or_else(|| self.client.as_ref()?.0.protocols.first().map(Vec::as_slice))
    }

    /// Takes what there is of a message whose rest will not come; of use if it is the client's hello.
    pub(in crate::protocol) fn cut_message(&mut self, messages: &Messages, origin: Origin) {
        if self.client.is_none()
            && let Some((CLIENT_HELLO, body)) = messages.unfinished()
            && let Some(hello) = ClientHello::read(body, self.carrier)
        {
            let hello = ClientHello {
                is_whole: false,
                ..hello
            };
            self.client = Some((hello, origin));
        }
    }

    /// Takes a hello of SSL 2.0, with or without the certificate that its server sends along.
    pub(super) fn ssl2(&mut self, hello: super::ssl2::Hello, origin: Origin) {
        match hello {
            super::ssl2::Hello::Client(hello) => self.client = Some((hello, origin)),
            super::ssl2::Hello::Server(hello, names) => {
                self.server = Some((hello, origin));
                self.certificate = Some(names);
            }
        }
    }

    /// The name that the client asked for.
    pub(in crate::protocol) fn server_name(&self) -> Option<&str> {
        self.client.as_ref()?.0.server_name.as_deref()
    }

    /// Whether a client hello was read to its end.
    pub(in crate::protocol) fn has_client(&self) -> bool {
        self.client
            .as_ref()
            .is_some_and(|(hello, _)| hello.is_whole)
    }

    /// Whether the last word of the server is a `HelloRetryRequest`.
    pub(super) fn is_retried(&self) -> bool {
        self.server
            .as_ref()
            .is_some_and(|(hello, _)| hello.is_retry)
    }

    /// Whether all has been said that will be said in clear.
    pub(in crate::protocol) fn is_complete(&self) -> bool {
        self.has_client() && self.is_server_complete()
    }

    fn is_server_complete(&self) -> bool {
        self.server.as_ref().is_some_and(|(hello, _)| {
            !hello.is_retry
                && (hello.hides_certificate() || self.certificate.is_some() || self.is_done)
        })
    }

    /// The event, and the packet that completed the client's hello (or the server's, if the client's was not seen).
    pub(in crate::protocol) fn into_event(self) -> Option<(Event, Origin)> {
        let origin = self
            .client
            .as_ref()
            .map(|(_, origin)| *origin)
            .or_else(|| self.server.as_ref().map(|(_, origin)| *origin))?;
        let mut handshake = Handshake {
            quic_version: self.quic_version,
            ..Handshake::default()
        };
        if let Some((hello, _)) = &self.client {
            handshake.version = hello.highest_version();
            handshake.alpn_offered = hello.protocols.iter().map(|name| text(name)).collect();
            handshake.ech_offered = hello.ech_offered;
            handshake.ja4 = hello
                .is_whole
                .then(|| ja4::fingerprint(hello, self.carrier));
            handshake.sni.clone_from(&hello.server_name);
        }
        if let Some((hello, _)) = &self.server {
            handshake.version = hello.version;
            handshake.cipher_suite = hello.cipher_suite;
            handshake.alpn_chosen = hello.protocol.as_deref().map(text);
        }
        if let Some(names) = self.certificate {
            handshake.certificate_names = names.subjects;
            handshake.certificate_issuer = names.issuer;
        }
        Some((Event::Handshake(handshake), origin))
    }
}

/// A protocol name as text (RFC 7301 has bytes).
fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
