//! The streams of one connection of HTTP/2 or HTTP/3 → exchanges. A stream is one exchange: sections and data of both sides
//! come in any interleaving with those of other streams, and each stream ends on its own.

use std::collections::{BTreeMap, VecDeque};

use super::section::Section;
use crate::limits;
use crate::model::{Body, Exchange, Origin, Request, Response, Shortfall, Side};
use crate::protocol::websocket::{self, WebSocket};
use crate::protocol::{Chunk, Dissector as _, Hint, Output};

type Emit<'e> = &'e mut dyn FnMut(Output<'_>);

/// One stream.
#[derive(Debug, Default)]
struct Stream {
    /// The request; without method and target if its head is not in the capture.
    request: Option<Request>,
    is_request_complete: bool,
    /// The packet that completed the request, else the client's last one.
    origin: Origin,
    response: Option<Response>,
    is_response_complete: bool,
    /// The protocol that an extended CONNECT asks for (RFC 8441 §4, RFC 9220).
    protocol: Option<String>,
    /// What speaks behind it, once that is agreed on.
    socket: Option<Box<WebSocket>>,
}

impl Stream {
    /// Whether another protocol speaks behind the heads (RFC 9110 §9.3.6).
    fn is_tunnel(&self) -> bool {
        let is_connect = self
            .request
            .as_ref()
            .is_some_and(|request| request.method == "CONNECT");
        let is_accepted = |response: &Response| (200..=299).contains(&response.status);
        is_connect && self.response.as_ref().is_some_and(is_accepted)
    }

    fn is_complete(&self) -> bool {
        self.is_request_complete && self.is_response_complete
    }

    fn body(&mut self, side: Side) -> Option<&mut Body> {
        match side {
            Side::Client => self.request.as_mut().map(|request| &mut request.body),
            Side::Server => self.response.as_mut().map(|response| &mut response.body),
        }
    }

    fn kept(&self) -> usize {
        let request = self.request.as_ref();
        let response = self.response.as_ref();
        request
            .map_or(0, |request| request.body.bytes.len())
            .saturating_add(response.map_or(0, |response| response.body.bytes.len()))
    }

    fn hand_out(self, emit: Emit<'_>) {
        if let Some(request) = self.request {
            let exchange = Exchange {
                request,
                response: self.response,
                is_protected: false,
            };
            super::hand_out(exchange, self.origin, emit);
        }
    }
}

/// The streams of one connection, by number.
#[derive(Debug, Default)]
pub(in crate::protocol) struct Streams {
    open: BTreeMap<u64, Stream>,
    /// Streams that ended last: what still comes of them is no news.
    ended: VecDeque<u64>,
    /// Streams on which the server was heard alone: what the client has said may come late.
    orphans: VecDeque<u64>,
    /// Streams that the server broke off while the request was under way.
    broken: VecDeque<u64>,
    /// Body bytes kept of all open streams.
    kept: usize,
    /// The name last handed out as the server's.
    host: Option<String>,
}

impl Streams {
    /// Begins a stream with a request that came another way (RFC 9113 §3.1: the one that asked for the upgrade).
    pub(in crate::protocol) fn begin(&mut self, id: u64, request: Request, origin: Origin) {
        let stream = Stream {
            request: Some(request),
            is_request_complete: true,
            origin,
            ..Stream::default()
        };
        self.open.insert(id, stream);
    }

    /// Takes a header section: the head of a request or response, an interim response, or trailers, which join the headers.
    pub(in crate::protocol) fn section(
        &mut self,
        id: u64,
        side: Side,
        section: Section,
        origin: Origin,
        emit: Emit<'_>,
    ) {
        match side {
            Side::Client => self.client_section(id, section, origin, emit),
            Side::Server => self.server_section(id, section, emit),
        }
    }

    fn client_section(&mut self, id: u64, section: Section, origin: Origin, emit: Emit<'_>) {
        if let Some(Stream {
            request: Some(request),
            ..
        }) = self.open.get_mut(&id)
        {
            let room = limits::HEADERS.saturating_sub(request.headers.len());
            request
                .headers
                .extend(section.headers().into_iter().take(room));
            return;
        }
        if self.ended.contains(&id) {
            return;
        }
        self.make_room(emit);
        let protocol = section.pseudo(":protocol").map(str::to_owned);
        let request = section.request();
        if let Some(name) = &request.host
            && self.host != request.host
        {
            emit(Output::Server(name));
            self.host.clone_from(&request.host);
        }
        let stream = self.client_stream(id);
        stream.request = Some(request);
        stream.protocol = protocol;
        stream.origin = origin;
    }

    fn server_section(&mut self, id: u64, section: Section, emit: Emit<'_>) {
        let status = section.status();
        if matches!(status, Some(100..=199)) {
            return;
        }
        let Some(stream) = self.open.get_mut(&id) else {
            self.orphan(id, emit);
            return;
        };
        // A section whose status is not known may be either; behind a head it is more likely trailers.
        if let Some(response) = &mut stream.response {
            let room = limits::HEADERS.saturating_sub(response.headers.len());
            let trailers = section.headers().into_iter().take(room);
            response.headers.extend(trailers);
            return;
        }
        stream.response = Some(section.response());
        if stream.is_tunnel() {
            self.open_tunnel(id, emit);
        }
    }

    /// What the client sent ahead of the answer belongs to the tunnel as well.
    fn open_tunnel(&mut self, id: u64, emit: Emit<'_>) {
        let Some(stream) = self.open.get_mut(&id) else {
            return;
        };
        if stream.protocol.as_deref() == Some(websocket::NAME) {
            let path = stream.request.as_ref().map_or("", Request::path);
            let socket = stream.response.as_ref();
            let socket = socket.map(|response| WebSocket::answered(response).at(path));
            stream.socket = socket.map(Box::new);
        }
        let ahead = stream.request.as_mut().map(|request| &mut request.body);
        let ahead = ahead.map(std::mem::take).unwrap_or_default();
        self.kept = self.kept.saturating_sub(ahead.bytes.len());
        let origin = stream.origin;
        if !ahead.bytes.is_empty() {
            self.tunnelled(id, Side::Client, &ahead.bytes, origin, emit);
        }
    }

    /// Bytes of a tunnel: of a `WebSocket` that was begun in it, or of whatever speaks there.
    fn tunnelled(&mut self, id: u64, side: Side, bytes: &[u8], origin: Origin, emit: Emit<'_>) {
        let chunk = Chunk {
            side,
            bytes,
            origin,
        };
        match self.socket(id) {
            Some(socket) => socket.feed(chunk, &mut |output| hand_on(id, output, emit)),
            None => emit(Output::InnerStream(id, chunk, Hint::Probe)),
        }
    }

    fn socket(&mut self, id: u64) -> Option<&mut WebSocket> {
        self.open.get_mut(&id)?.socket.as_deref_mut()
    }

    /// Takes a piece of a body.
    pub(in crate::protocol) fn data(
        &mut self,
        id: u64,
        side: Side,
        bytes: &[u8],
        origin: Origin,
        emit: Emit<'_>,
    ) {
        if bytes.is_empty() {
            return;
        }
        if !self.open.contains_key(&id) {
            if side == Side::Server {
                self.orphan(id, emit);
                return;
            }
            if self.ended.contains(&id) {
                return;
            }
            self.headless(id, origin, emit);
        }
        let Some(stream) = self.open.get_mut(&id) else {
            return;
        };
        if stream.is_tunnel() {
            self.tunnelled(id, side, bytes, origin, emit);
            return;
        }
        let Some(body) = stream.body(side) else {
            return;
        };
        let before = body.bytes.len();
        let room = limits::BODY_BYTES
            .saturating_sub(before)
            .min(limits::HTTP_PENDING_BYTES.saturating_sub(self.kept));
        let left_out = body.add(bytes, room);
        let kept = body.bytes.len().saturating_sub(before);
        self.kept = self.kept.saturating_add(kept);
        if left_out > 0 {
            let what = "HTTP body longer than is kept";
            emit(Output::Shortfall(Shortfall::MessageLimit, left_out, what));
        }
    }

    /// A request whose head is not in the capture: its body is still what the client sent.
    fn headless(&mut self, id: u64, origin: Origin, emit: Emit<'_>) {
        self.make_room(emit);
        let what = "HTTP request whose head is not in the capture";
        emit(Output::Shortfall(Shortfall::StartedBefore, 0, what));
        let stream = self.client_stream(id);
        stream.request = Some(Request::default());
        stream.origin = origin;
    }

    /// Opens a stream for what the client says. An answer that was heard before is passed over.
    fn client_stream(&mut self, id: u64) -> &mut Stream {
        let is_answered = self.orphans.contains(&id);
        let stream = self.open.entry(id).or_default();
        stream.is_response_complete |= is_answered;
        stream
    }

    /// A stream of which the client's part is not in the capture, or comes late.
    fn orphan(&mut self, id: u64, emit: Emit<'_>) {
        if !self.ended.contains(&id) && !self.orphans.contains(&id) {
            note(&mut self.orphans, id);
            let what = "HTTP response whose request is not in the capture";
            emit(Output::Shortfall(Shortfall::StartedBefore, 0, what));
        }
    }

    /// `lost` bytes of a body are missing.
    pub(in crate::protocol) fn lose(&mut self, id: u64, side: Side, lost: u64, emit: Emit<'_>) {
        let Some(stream) = self.open.get_mut(&id) else {
            return;
        };
        if stream.is_tunnel() {
            match self.socket(id) {
                Some(socket) => socket.gap(side, lost, &mut |output| hand_on(id, output, emit)),
                None => emit(Output::InnerStreamGap(id, side, lost)),
            }
        } else if let Some(body) = stream.body(side) {
            body.lose(lost);
        }
    }

    /// Bytes of that side are missing, and nobody knows of which streams: every message that had not ended may lack some.
    pub(in crate::protocol) fn lose_any(&mut self, side: Side, emit: Emit<'_>) {
        let open: Vec<u64> = self
            .open
            .iter()
            .filter(|(_, stream)| match side {
                Side::Client => !stream.is_request_complete,
                Side::Server => !stream.is_response_complete,
            })
            .map(|(id, _)| *id)
            .collect();
        for id in open {
            self.lose(id, side, 0, emit);
        }
    }

    /// One side has said all on a stream.
    pub(in crate::protocol) fn end(&mut self, id: u64, side: Side, origin: Origin, emit: Emit<'_>) {
        let Some(stream) = self.open.get_mut(&id) else {
            return;
        };
        match side {
            Side::Client => {
                stream.is_request_complete = true;
                stream.origin = origin;
            }
            Side::Server => stream.is_response_complete = true,
        }
        if stream.is_complete() {
            self.close(id, emit);
        }
    }

    /// A side broke a stream off.
    pub(in crate::protocol) fn reset(&mut self, id: u64, side: Side, emit: Emit<'_>) {
        let stream = self.open.get_mut(&id);
        let is_under_way =
            |stream: &&mut Stream| !stream.is_request_complete && !stream.is_tunnel();
        let Some(stream) = stream.filter(|_| side == Side::Server).filter(is_under_way) else {
            self.cut(id, emit);
            return;
        };
        // What the client sends before it hears of that has left the phone (RFC 9113 §5.1).
        let is_complete = std::mem::replace(&mut stream.is_response_complete, true);
        if let Some(response) = &mut stream.response {
            response.body.is_cut |= !is_complete;
        }
        self.broken.push_back(id);
        if self.broken.len() > limits::HTTP_BROKEN_STREAMS
            && let Some(oldest) = self.broken.pop_front()
        {
            self.cut(oldest, emit);
        }
    }

    /// Nothing more comes of a stream: what is not complete is cut.
    fn cut(&mut self, id: u64, emit: Emit<'_>) {
        if let Some(stream) = self.open.get_mut(&id) {
            let ends = [
                (Side::Client, stream.is_request_complete),
                (Side::Server, stream.is_response_complete),
            ];
            for (side, is_complete) in ends {
                if let Some(body) = stream.body(side) {
                    body.is_cut |= !is_complete;
                }
            }
            self.close(id, emit);
        }
    }

    /// The connection ended.
    pub(in crate::protocol) fn finish(&mut self, emit: Emit<'_>) {
        while let Some((id, _)) = self.open.first_key_value() {
            let id = *id;
            self.cut(id, emit);
        }
    }

    fn close(&mut self, id: u64, emit: Emit<'_>) {
        if let Some(socket) = self.socket(id) {
            socket.finish(&mut |output| hand_on(id, output, emit));
        }
        if let Some(stream) = self.open.remove(&id) {
            self.kept = self.kept.saturating_sub(stream.kept());
            note(&mut self.ended, id);
            if stream.is_tunnel() {
                emit(Output::InnerStreamEnd(id));
            }
            stream.hand_out(emit);
        }
    }

    /// Hands out the oldest stream when too many are open.
    fn make_room(&mut self, emit: Emit<'_>) {
        if self.open.len() < limits::HTTP_STREAMS {
            return;
        }
        if let Some((id, _)) = self.open.first_key_value() {
            let id = *id;
            let what = "more HTTP streams open at once than the bound";
            emit(Output::Shortfall(Shortfall::MessageLimit, 0, what));
            self.cut(id, emit);
        }
    }
}

/// Remembers a stream, and forgets the oldest of too many.
fn note(streams: &mut VecDeque<u64>, id: u64) {
    if streams.len() >= limits::HTTP_STREAMS {
        streams.pop_front();
    }
    streams.push_back(id);
}

/// Hands on what comes out of a tunnel: each is a stream inside of its own.
fn hand_on(id: u64, output: Output<'_>, emit: Emit<'_>) {
    emit(match output {
        Output::Inner(chunk, hint) => Output::InnerStream(id, chunk, hint),
        Output::InnerGap(side, lost) => Output::InnerStreamGap(id, side, lost),
        output => output,
    });
}
