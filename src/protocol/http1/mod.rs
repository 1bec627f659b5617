//! HTTP/1.x (RFC 9112), by content on any port: requests with their responses, and what follows CONNECT and upgrades.
//!
//! `half` finds heads and bodies in one direction, `head` says what a head means, `exchanges` pairs requests with
//! responses. Nothing waits for a response longer than the bounds allow, and no request is lost.

mod exchanges;
mod half;
pub(super) mod head;
mod start_line;

use self::exchanges::Exchanges;
use self::half::{Bridge, Framing, Half, Step};
use super::http;
use super::http2::{self, Http2};
use super::websocket::{self, WebSocket};
use super::{Chunk, Dissector, Hint, Output, Probe, Protocol, Started, Verdict};
use crate::limits;
use crate::model::{ContentState, Exchange, Origin, Request, Response, Shortfall, Side, Transport};

/// HTTP/1.x.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: "http",
    probe,
    start: |_| Box::new(Http1::default()),
    content: ContentState::Clear,
};

/// Ports on which HTTP is expected also when the flow was met in the middle of a body.
const PORTS: [u16; 6] = [80, 3128, 8000, 8008, 8080, 8888];

fn probe(probe: &Probe<'_>) -> Verdict {
    if probe.transport == Transport::Udp {
        return Verdict::No;
    }
    match (
        probe_side(Side::Client, probe.client),
        probe_side(Side::Server, probe.server),
    ) {
        (Verdict::Yes, _) | (_, Verdict::Yes) => Verdict::Yes,
        // The answer may tell what the middle of a request does not.
        (_, Verdict::More) if PORTS.contains(&probe.server_port) => Verdict::More,
        (Verdict::No, _) | (_, Verdict::No) => Verdict::No,
        (Verdict::More, Verdict::More) => Verdict::More,
    }
}

/// Whether one side's first bytes, behind empty lines, are a message.
pub(super) fn probe_side(side: Side, bytes: &[u8]) -> Verdict {
    let bytes = bytes.trim_ascii_start();
    let Some(line) = memchr::memchr(b'\n', bytes).and_then(|end| bytes.get(..end)) else {
        let (is_told, may_become) = match side {
            Side::Client => (
                start_line::cut_request(bytes).is_some(),
                start_line::may_become_request(bytes),
            ),
            Side::Server => (false, start_line::may_become_status(bytes)),
        };
        return match (is_told, may_become) {
            (true, _) => Verdict::Yes,
            (_, true) => Verdict::More,
            (_, false) => Verdict::No,
        };
    };
    if start_line::is_start(side, line) {
        Verdict::Yes
    } else {
        Verdict::No
    }
}

#[derive(Debug)]
struct Http1 {
    client: Half,
    server: Half,
    exchanges: Exchanges,
    /// What speaks behind CONNECT or an upgrade.
    tunnel: Hint,
    /// The name last handed out as the server's.
    host: Option<String>,
    /// The client's last packet.
    origin: Origin,
}

impl Default for Http1 {
    fn default() -> Self {
        Self {
            client: Half::new(Side::Client),
            server: Half::new(Side::Server),
            exchanges: Exchanges::default(),
            tunnel: Hint::Probe,
            host: None,
            origin: Origin::default(),
        }
    }
}

type Emit<'e> = &'e mut dyn FnMut(Output<'_>);

impl Dissector for Http1 {
    fn feed(&mut self, chunk: Chunk<'_>, emit: Emit<'_>) {
        if chunk.side == Side::Client {
            self.origin = chunk.origin;
        }
        self.read(chunk, emit);
        if self.client.holds_too_much() {
            self.release(!self.client.holds_message(), emit);
        }
    }

    fn gap(&mut self, side: Side, lost: u64, emit: Emit<'_>) {
        match self.half(side).gap(lost) {
            Bridge::Tunnel => emit(Output::InnerGap(side, lost)),
            Bridge::Body => self.add_lost(side, lost),
            Bridge::BodyEnd => {
                self.add_lost(side, lost);
                self.end(side, false, emit);
            }
            Bridge::Lost(head) => {
                self.end(side, true, emit);
                self.cut_head(side, &head, emit);
                if side == Side::Server {
                    self.exchanges.lose_responses();
                }
            }
        }
    }

    fn finish(&mut self, emit: Emit<'_>) {
        // What is released may ask for an upgrade again.
        while self.client.is_holding() {
            self.release(!self.client.holds_message(), emit);
            if self.client.holds_nothing() {
                break;
            }
        }
        for side in [Side::Client, Side::Server] {
            let is_cut = !self.half(side).is_until_close();
            self.end(side, is_cut, emit);
            let head = self.half(side).take_unfinished_head();
            self.cut_head(side, &head, emit);
            self.report_passed(side, emit);
        }
        hand_out(self.exchanges.take_all(), emit);
    }
}

impl Http1 {
    fn half(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn read(&mut self, chunk: Chunk<'_>, emit: Emit<'_>) {
        let mut rest = chunk.bytes;
        while !rest.is_empty() {
            let step = self.half(chunk.side).step(&mut rest);
            self.take(step, chunk, emit);
        }
    }

    fn take(&mut self, step: Step<'_>, chunk: Chunk<'_>, emit: Emit<'_>) {
        let side = chunk.side;
        match step {
            Step::More => {}
            Step::Head(head) => {
                self.report_passed(side, emit);
                let framing = self.head(side, &head, emit);
                if self.half(side).begin(framing) {
                    self.end(side, false, emit);
                }
                let is_tunnel = framing == Framing::Tunnel;
                if is_tunnel || (self.client.is_holding() && !self.exchanges.is_undecided()) {
                    self.release(is_tunnel, emit);
                }
            }
            Step::CutHead(head) => self.cut_head(side, &head, emit),
            Step::Body(bytes, is_last) => {
                self.add_body(side, bytes, emit);
                if is_last {
                    self.end(side, false, emit);
                }
            }
            Step::End => self.end(side, false, emit),
            Step::Broken => self.end(side, true, emit),
            Step::Tunnel(bytes) => emit(Output::Inner(Chunk { bytes, ..chunk }, self.tunnel)),
        }
    }

    /// Takes a head and says what follows it.
    fn head(&mut self, side: Side, head: &[u8], emit: Emit<'_>) -> Framing {
        let framing = match side {
            Side::Client => head::request(head).map(|request| self.request(request, emit)),
            Side::Server => head::response(head).map(|response| self.response(response, emit)),
        };
        framing.unwrap_or(Framing::Empty)
    }

    fn request(&mut self, request: Request, emit: Emit<'_>) -> Framing {
        let host = request.host.clone();
        let (framing, given_up) = self.exchanges.request(request, self.origin);
        hand_out(given_up, emit);
        if let Some(name) = &host
            && self.host != host
        {
            emit(Output::Server(name));
            self.host = host;
        }
        framing
    }

    fn response(&mut self, response: Response, emit: Emit<'_>) -> Framing {
        let upgrade = upgrade(&response, self.exchanges.next_path());
        let answer = self.exchanges.response(response);
        if let Some(Upgrade::WebSocket(started)) = upgrade {
            if answer.framing == Framing::Tunnel {
                emit(Output::Stack(started));
            }
        } else if answer.framing == Framing::Tunnel && upgrade.is_some() {
            self.tunnel = Hint::Protocol(http2::NAME);
            if let Some((request, origin)) = self.exchanges.take_switching() {
                emit(Output::Stack(Started {
                    protocol: http2::NAME,
                    dissector: Box::new(Http2::upgraded(request, origin)),
                }));
            }
        }
        if answer.is_orphan {
            let what = "HTTP response whose request is not in the capture";
            emit(Output::Shortfall(Shortfall::StartedBefore, 0, what));
        }
        if answer.is_refusal {
            self.client.doubt_body();
        }
        answer.framing
    }

    fn add_body(&mut self, side: Side, bytes: &[u8], emit: Emit<'_>) {
        let Some(body) = self.exchanges.body(side) else {
            return;
        };
        let room = limits::BODY_BYTES.saturating_sub(body.bytes.len());
        let left_out = body.add(bytes, room);
        if left_out > 0 {
            let what = "HTTP body longer than is kept";
            emit(Output::Shortfall(Shortfall::MessageLimit, left_out, what));
        }
    }

    fn add_lost(&mut self, side: Side, lost: u64) {
        if let Some(body) = self.exchanges.body(side) {
            body.lose(lost);
        }
    }

    /// Takes a head whose rest is missing: a request is one even without it.
    fn cut_head(&mut self, side: Side, head: &[u8], emit: Emit<'_>) {
        if head.is_empty() {
            return;
        }
        let what = "HTTP head without its end";
        emit(Output::Shortfall(
            Shortfall::MessageLimit,
            length(head),
            what,
        ));
        let _framing = self.head(side, head, emit);
        self.end(side, true, emit);
    }

    /// Ends the message of that side that is being read, and hands out what that completes.
    fn end(&mut self, side: Side, is_cut: bool, emit: Emit<'_>) {
        self.exchanges.end(side, is_cut, self.origin);
        hand_out(std::iter::from_fn(|| self.exchanges.take()), emit);
    }

    /// Reads what was kept back of the client's stream, as another protocol or as HTTP.
    fn release(&mut self, is_tunnel: bool, emit: Emit<'_>) {
        let held = self.client.release(is_tunnel);
        let chunk = Chunk {
            side: Side::Client,
            bytes: &held,
            origin: self.origin,
        };
        self.read(chunk, emit);
    }

    fn report_passed(&mut self, side: Side, emit: Emit<'_>) {
        let passed = self.half(side).take_passed();
        if passed > 0 {
            let what = "bytes between HTTP messages that belong to none";
            emit(Output::Shortfall(Shortfall::MalformedMessage, passed, what));
        }
    }
}

fn hand_out(exchanges: impl IntoIterator<Item = (Exchange, Origin)>, emit: Emit<'_>) {
    for (exchange, origin) in exchanges {
        http::hand_out(exchange, origin, emit);
    }
}

/// Protocols behind an upgrade that go on with what was said in HTTP/1.
#[derive(Debug)]
enum Upgrade {
    /// HTTP/2 in clear (RFC 7540 §3.2).
    Http2,
    /// `WebSocket` (RFC 6455 §4).
    WebSocket(Started),
}

fn upgrade(response: &Response, path: &str) -> Option<Upgrade> {
    let named = response.header("upgrade")?;
    let is = |token: &str| {
        named
            .split(',')
            .any(|named| named.trim().eq_ignore_ascii_case(token))
    };
    if is(websocket::NAME) {
        return Some(Upgrade::WebSocket(WebSocket::started(response, path)));
    }
    is("h2c").then_some(Upgrade::Http2)
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
