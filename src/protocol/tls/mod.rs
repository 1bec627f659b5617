//! TLS on byte streams (RFC 8446, RFC 5246, back to SSL 2.0): what the hellos say until encryption begins.
//!
//! Records become handshake messages in `record`, messages become one event in `handshake`. QUIC and DTLS feed `handshake`
//! with what they carry.

mod certificate;
mod cipher;
pub(super) mod datagram;
mod direction;
mod framing;
pub(super) mod handshake;
pub(super) mod hello;
mod ja4;
mod record;
mod schedule;
mod session;
mod ssl2;
mod suite;

use self::handshake::Opening;
use self::hello::Carrier;
use self::record::{Half, Progress};
use self::session::{Plain, Prospect, Session};
use super::{Chunk, Dissector, Hint, Output, Probe, Protocol, Start, Undecrypted, Verdict};
use crate::limits;
use crate::model::{ContentState, Origin, Shortfall, Side, Transport};

/// TLS.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: "tls",
    probe,
    start: |start| Box::new(Tls::new(start)),
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
    /// The connection as read with keys; none if there are none at all, or not for it.
    session: Option<Box<Session>>,
    /// In which state the contents are without one.
    closed: ContentState,
    /// Whether all is said that is said in clear.
    is_over: bool,
    /// The state last handed out.
    told: ContentState,
}

impl Tls {
    fn new(start: &Start) -> Self {
        let has_keys = !start.keys.is_empty();
        Self {
            client: Half::default(),
            server: Half::default(),
            opening: Some(Opening::new(Carrier::Stream)),
            is_named: false,
            passed: 0,
            origin: Origin::default(),
            session: has_keys.then(|| Box::new(Session::new(start))),
            closed: ContentState::NoKey,
            is_over: false,
            told: ContentState::NoKey,
        }
    }

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

    /// Reads the hellos. Says whether all is said that will be said in clear.
    fn read_clear(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) -> bool {
        let Some(mut opening) = self.opening.take() else {
            return true;
        };
        let progress = self.half(chunk.side).feed(chunk, &mut opening);
        let is_complete = opening.is_complete();
        self.opening = Some(opening);
        self.name_server(emit);
        match progress {
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
        }
    }

    /// Lets the session work and hands out what comes of it.
    fn decrypt(
        &mut self,
        emit: &mut dyn FnMut(Output<'_>),
        work: impl FnOnce(&mut Session, &mut dyn FnMut(Plain<'_>)),
    ) {
        let Some(mut session) = self.session.take() else {
            return;
        };
        work(&mut session, &mut |plain| self.hand_out(plain, emit));
        match session.prospect() {
            Prospect::Hopeless(content) => self.closed = content,
            Prospect::Waiting => self.session = Some(session),
            Prospect::Ready => {
                let content = session.content();
                if self.told != content {
                    self.told = content;
                    emit(Output::Content(content));
                }
                self.session = Some(session);
            }
        }
    }

    fn hand_out(&mut self, plain: Plain<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        match plain {
            Plain::Data(chunk, protocol) => {
                self.conclude(emit);
                let hint = match protocol {
                    Some(b"h2") => Hint::Protocol("http2"),
                    _ => Hint::Probe,
                };
                emit(Output::Inner(chunk, hint));
            }
            Plain::Lost(side, number, bytes, obstacle) => {
                emit(Output::Undecrypted(Undecrypted {
                    what: "TLS record",
                    side,
                    number,
                    bytes,
                    why: obstacle.as_str(),
                }));
                emit(Output::InnerGap(side, bytes));
            }
            Plain::Message(kind, body) => {
                if let Some(opening) = &mut self.opening {
                    opening.encrypted_message(kind, body);
                }
            }
        }
    }

    /// Closes the flow once nothing more can come of it.
    fn settle(&mut self, is_over: bool, emit: &mut dyn FnMut(Output<'_>)) {
        self.is_over |= is_over;
        if self.is_over && self.session.is_none() {
            self.conclude(emit);
            emit(Output::Opaque(self.closed));
        }
    }
}

impl Dissector for Tls {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        self.origin = chunk.origin;
        let is_over = self.is_over || self.read_clear(chunk, emit);
        self.decrypt(emit, |session, take| session.feed(chunk, take));
        self.settle(is_over, emit);
    }

    fn gap(&mut self, side: Side, lost: u64, emit: &mut dyn FnMut(Output<'_>)) {
        let (opening, origin) = (self.opening.take(), self.origin);
        let half = self.half(side);
        let opening = opening.map(|mut opening| {
            opening.cut_message(half.messages(), origin);
            opening
        });
        half.close();
        self.opening = opening;
        self.name_server(emit);
        self.decrypt(emit, |session, take| session.gap(side, lost, origin, take));
        let is_over = self.client.is_closed() && self.server.is_closed();
        self.settle(is_over, emit);
    }

    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        let origin = self.origin;
        self.decrypt(emit, |session, take| session.finish(origin, take));
        self.conclude(emit);
    }
}

#[cfg(test)]
mod tests;
