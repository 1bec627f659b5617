//! HTTP/1.x (RFC 9112), by content on any port: requests with their responses, and what follows CONNECT and upgrades.
//!
//! `half` finds heads and bodies in one direction, `head` says what a head means, and this file pairs requests with
//! responses. Nothing waits for a response longer than the bounds allow, and no request is lost.

mod half;
pub(super) mod head;
mod start_line;

use std::collections::VecDeque;

use self::half::{Bridge, Framing, Half, Step};
use super::{Chunk, Dissector, Hint, Output, PROTOCOLS, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{
    Body, ContentState, Event, Exchange, Origin, Request, Response, Shortfall, Side, Transport,
};

/// HTTP/1.x.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: "http",
    probe,
    start: || Box::new(Http1::default()),
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

/// A request that waits for its end or for its response.
#[derive(Debug)]
struct Pending {
    request: Request,
    is_request_complete: bool,
    /// The packet that completed the request.
    origin: Origin,
    response: Option<Response>,
    is_response_complete: bool,
}

impl Pending {
    /// Whether the answer decides if HTTP goes on behind this request.
    fn may_switch(&self) -> bool {
        self.is_connect() || self.request.header("upgrade").is_some()
    }

    fn is_connect(&self) -> bool {
        self.request.method == "CONNECT"
    }

    fn into_event(self) -> (Event, Origin) {
        let exchange = Exchange {
            request: self.request,
            response: self.response,
            is_protected: false,
        };
        (Event::Exchange(exchange), self.origin)
    }
}

#[derive(Debug)]
struct Http1 {
    client: Half,
    server: Half,
    /// In the order of the requests. Only the last can be incomplete, only the first unanswered one is being answered.
    pending: VecDeque<Pending>,
    /// Requests handed out before their responses came; these pair with nothing.
    handed_out: u64,
    /// The response being read belongs to no pending request: it is interim, or its request was handed out or not captured.
    is_unpaired: bool,
    /// The server's stream lost bytes: responses may have been among them.
    lost_responses: bool,
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
            pending: VecDeque::new(),
            handed_out: 0,
            is_unpaired: false,
            lost_responses: false,
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
                self.lost_responses |= side == Side::Server;
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
        self.hand_out_all(emit);
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
                let is_undecided = self.pending.iter().any(|pending| {
                    pending.may_switch()
                        && pending.is_request_complete
                        && pending.response.is_none()
                });
                if framing == Framing::Tunnel || (self.client.is_holding() && !is_undecided) {
                    self.release(framing == Framing::Tunnel, emit);
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
        if std::mem::take(&mut self.lost_responses) {
            self.hand_out_all(emit);
        }
        if request.host.is_some() && request.host != self.host {
            self.host.clone_from(&request.host);
            emit(Output::Server(self.host.as_deref().unwrap_or_default()));
        }
        let framing = head::request_framing(&request);
        let pending = Pending {
            request,
            is_request_complete: false,
            origin: self.origin,
            response: None,
            is_response_complete: false,
        };
        let may_switch = pending.may_switch();
        let is_connect = pending.is_connect();
        self.pending.push_back(pending);
        match framing {
            _ if is_connect => Framing::Hold,
            Framing::Empty if may_switch => Framing::Hold,
            framing => framing,
        }
    }

    fn response(&mut self, response: Response, emit: Emit<'_>) -> Framing {
        if matches!(response.status, 100 | 102..=199) {
            self.is_unpaired = true;
            return Framing::Empty;
        }
        let unanswered = self
            .pending
            .iter_mut()
            .find(|pending| !pending.is_response_complete)
            .filter(|_| self.handed_out == 0);
        let Some(pending) = unanswered else {
            self.is_unpaired = true;
            if self.handed_out == 0 {
                let what = "HTTP response whose request is not in the capture";
                emit(Output::Shortfall(Shortfall::StartedBefore, 0, what));
            }
            self.handed_out = self.handed_out.saturating_sub(1);
            return head::response_framing(&response, false);
        };
        let switches = match response.status {
            101 => true,
            200..=299 => pending.is_connect(),
            _ => false,
        };
        let framing = if switches {
            self.tunnel = tunnel(&response);
            Framing::Tunnel
        } else {
            head::response_framing(&response, pending.request.method == "HEAD")
        };
        // After a final answer instead of `100 Continue` the body may never come (RFC 9110 §10.1.1).
        if response.status >= 300
            && !pending.is_request_complete
            && pending.request.body.wire_len == 0
            && pending.request.header("expect").is_some()
        {
            self.client.doubt_body();
        }
        pending.response = Some(response);
        framing
    }

    /// The message of that side whose body is being read.
    fn body(&mut self, side: Side) -> Option<&mut Body> {
        match side {
            Side::Client => self
                .pending
                .back_mut()
                .filter(|pending| !pending.is_request_complete)
                .map(|pending| &mut pending.request.body),
            Side::Server if self.is_unpaired => None,
            Side::Server => self
                .pending
                .iter_mut()
                .find(|pending| !pending.is_response_complete)
                .and_then(|pending| pending.response.as_mut())
                .map(|response| &mut response.body),
        }
    }

    fn add_body(&mut self, side: Side, bytes: &[u8], emit: Emit<'_>) {
        let Some(body) = self.body(side) else {
            return;
        };
        body.wire_len = body.wire_len.saturating_add(length(bytes));
        if body.is_cut {
            return;
        }
        let room = limits::BODY_BYTES.saturating_sub(body.bytes.len());
        let (kept, left_out) = bytes.split_at(room.min(bytes.len()));
        body.bytes.extend_from_slice(kept);
        if !left_out.is_empty() {
            body.is_cut = true;
            let what = "HTTP body longer than is kept";
            emit(Output::Shortfall(
                Shortfall::MessageLimit,
                length(left_out),
                what,
            ));
        }
    }

    fn add_lost(&mut self, side: Side, lost: u64) {
        if let Some(body) = self.body(side) {
            body.wire_len = body.wire_len.saturating_add(lost);
            body.is_cut = true;
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

    /// Ends the message of that side that is being read, if there is one.
    fn end(&mut self, side: Side, is_cut: bool, emit: Emit<'_>) {
        if let Some(body) = self.body(side) {
            body.is_cut |= is_cut;
        }
        match side {
            Side::Client => {
                if let Some(pending) = self
                    .pending
                    .back_mut()
                    .filter(|pending| !pending.is_request_complete)
                {
                    pending.is_request_complete = true;
                    pending.origin = self.origin;
                }
            }
            Side::Server if self.is_unpaired => self.is_unpaired = false,
            Side::Server => {
                if let Some(pending) = self
                    .pending
                    .iter_mut()
                    .find(|pending| !pending.is_response_complete)
                {
                    pending.is_response_complete = pending.response.is_some();
                }
            }
        }
        self.hand_out(emit);
    }

    /// Hands out complete exchanges, and the oldest requests when too many wait.
    fn hand_out(&mut self, emit: Emit<'_>) {
        while let Some(pending) = self.pending.front() {
            let is_complete = pending.is_request_complete && pending.is_response_complete;
            let waiting: usize = self
                .pending
                .iter()
                .map(|pending| pending.request.body.bytes.len())
                .sum();
            let is_too_much = pending.is_request_complete
                && (self.pending.len() > limits::HTTP_PENDING
                    || (waiting > limits::HTTP_PENDING_BYTES && self.pending.len() > 1));
            if !is_complete && !is_too_much {
                break;
            }
            if !pending.is_response_complete {
                // A response that has begun goes on unpaired.
                if pending.response.is_some() {
                    self.is_unpaired = true;
                } else {
                    self.handed_out = self.handed_out.saturating_add(1);
                }
            }
            if let Some(pending) = self.pending.pop_front() {
                let (event, origin) = pending.into_event();
                emit(Output::Event(event, origin));
            }
        }
    }

    /// Hands out all requests, whether they were answered or not.
    fn hand_out_all(&mut self, emit: Emit<'_>) {
        for pending in std::mem::take(&mut self.pending) {
            let (event, origin) = pending.into_event();
            emit(Output::Event(event, origin));
        }
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

/// What speaks behind an upgrade. Not every table has every protocol.
fn tunnel(response: &Response) -> Hint {
    const WEBSOCKET: &str = "websocket";
    let is_websocket = response
        .header("upgrade")
        .is_some_and(|upgrade| upgrade.eq_ignore_ascii_case(WEBSOCKET));
    if is_websocket && PROTOCOLS.iter().any(|known| known.name == WEBSOCKET) {
        Hint::Protocol(WEBSOCKET)
    } else {
        Hint::Probe
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
