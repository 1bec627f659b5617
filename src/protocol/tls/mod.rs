//! TLS on byte streams (RFC 8446, RFC 5246, back to SSL 2.0): what the hellos say until encryption begins.
//!
//! Records become handshake messages in `record`, messages become one event in `handshake`. QUIC and DTLS feed `handshake`
//! with what they carry.

mod certificate;
pub(super) mod handshake;
pub(super) mod hello;
mod ja4;
mod record;
mod ssl2;

use self::handshake::Opening;
use self::hello::Carrier;
use self::record::{Half, Progress};
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{ContentState, Origin, Shortfall, Side, Transport};

/// TLS.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: "tls",
    probe,
    start: |_| Box::new(Tls::default()),
    content: ContentState::NoKey,
};

fn probe(probe: &Probe<'_>) -> Verdict {
    if probe.transport == Transport::Udp {
        return Verdict::No;
    }
    match (record::probe(probe.client), record::probe(probe.server)) {
        (Verdict::Yes, _) | (_, Verdict::Yes) => Verdict::Yes,
        (Verdict::No, _) | (_, Verdict::No) => Verdict::No,
        (Verdict::More, Verdict::More) => Verdict::More,
    }
}

struct Tls {
    client: Half,
    server: Half,
    opening: Option<Opening>,
    /// Whether the server's name has been handed out.
    is_named: bool,
    /// Encrypted bytes passed over while the other side's hello may still come.
    passed: usize,
    /// The last packet.
    origin: Origin,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            client: Half::default(),
            server: Half::default(),
            opening: Some(Opening::new(Carrier::Stream)),
            is_named: false,
            passed: 0,
            origin: Origin::default(),
        }
    }
}

impl Tls {
    fn half(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn name_server(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        if !self.is_named
            && let Some(name) = self.opening.as_ref().and_then(Opening::server_name)
        {
            self.is_named = true;
            emit(Output::Server(name));
        }
    }

    /// Hands out what the hellos said.
    fn conclude(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        let Some(mut opening) = self.opening.take() else {
            return;
        };
        for half in [&self.client, &self.server] {
            opening.cut_message(half.messages(), self.origin);
        }
        self.client = Half::default();
        self.server = Half::default();
        if !self.is_named
            && let Some(name) = opening.server_name()
        {
            emit(Output::Server(name));
        }
        if let Some((event, origin)) = opening.into_event() {
            emit(Output::Event(event, origin));
        }
    }
}

impl Dissector for Tls {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        let Some(mut opening) = self.opening.take() else {
            return;
        };
        self.origin = chunk.origin;
        let progress = self.half(chunk.side).feed(chunk, &mut opening);
        let is_complete = opening.is_complete();
        self.opening = Some(opening);
        self.name_server(emit);
        let is_over = match progress {
            Progress::Reading => is_complete,
            Progress::Encrypted => {
                self.passed = self.passed.saturating_add(chunk.bytes.len());
                // A side that begins with ciphertext was met in its middle. Otherwise the other side's hello may still
                // come: after early data, or where a gap hid this side's.
                is_complete
                    || self.passed > limits::TLS_ENCRYPTED_BYTES
                    || (self.client.is_closed() && self.server.is_closed())
                    || (!self.half(chunk.side).has_begun()
                        && !self.half(chunk.side.opposite()).has_begun())
            }
            Progress::NoTls => {
                emit(Output::Shortfall(
                    Shortfall::MalformedMessage,
                    u64::try_from(chunk.bytes.len()).unwrap_or(u64::MAX),
                    "TLS stream goes on with bytes that are no TLS record",
                ));
                true
            }
        };
        if is_over {
            self.conclude(emit);
            emit(Output::Opaque(ContentState::NoKey));
        }
    }

    fn gap(&mut self, side: Side, _lost: u64, emit: &mut dyn FnMut(Output<'_>)) {
        let (opening, origin) = (self.opening.take(), self.origin);
        let half = self.half(side);
        let opening = opening.map(|mut opening| {
            opening.cut_message(half.messages(), origin);
            opening
        });
        half.close();
        self.opening = opening;
        self.name_server(emit);
        if self.opening.is_some() && self.client.is_closed() && self.server.is_closed() {
            self.conclude(emit);
            emit(Output::Opaque(ContentState::NoKey));
        }
    }

    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        self.conclude(emit);
    }
}

#[cfg(test)]
mod tests;
