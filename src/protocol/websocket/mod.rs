//! `WebSocket` (RFC 6455) behind an upgrade of HTTP/1 or an extended CONNECT (RFC 8441): messages put together from frames,
//! unmasked and decompressed (RFC 7692). What a known subprotocol speaks goes to its own dissector.

mod deflate;
mod frame;
mod stomp;

use std::sync::Arc;

use self::deflate::{Inflater, Parameters};
use self::frame::{Frames, Piece};
use super::{Chunk, Dissector, Hint, Output, Protocol, Started, Verdict};
use crate::limits;
use crate::model::{Body, ContentState, Event, Message, Origin, Response, Shortfall, Side};

/// Its name in [`super::PROTOCOLS`].
pub(super) const NAME: &str = "websocket";

/// `WebSocket`. Never told by its bytes, which say too little: the handshake names it.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe: |_| Verdict::No,
    start: |_| Box::new(WebSocket::default()),
    content: ContentState::Clear,
};

/// Subprotocols (RFC 6455 §1.9) with a dissector, and its name: MQTT 5 §6, RFC 7395, RFC 7118.
const SUBPROTOCOLS: [(&str, &str); 4] = [
    ("mqtt", "mqtt"),
    ("mqttv3.1", "mqtt"),
    ("xmpp", "xmpp"),
    ("sip", "sip"),
];

/// What messages are read as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Content {
    #[default]
    Plain,
    Stomp,
    /// A protocol with a dissector of its own.
    Stacked(&'static str),
}

/// A message whose last frame has not come.
#[derive(Debug)]
struct Unfinished {
    is_text: bool,
    is_compressed: bool,
    body: Body,
}

/// One direction.
#[derive(Debug)]
struct Direction {
    frames: Frames,
    inflater: Inflater,
    unfinished: Option<Unfinished>,
    /// Its last packet.
    origin: Origin,
}

impl Direction {
    fn new(side: Side, parameters: Parameters) -> Self {
        Self {
            frames: Frames::new(side),
            inflater: Inflater::new(side, parameters),
            unfinished: None,
            origin: Origin::default(),
        }
    }
}

/// The state of one connection.
#[derive(Debug)]
pub(super) struct WebSocket {
    client: Direction,
    server: Direction,
    content: Content,
    /// Path of the request that opened it.
    path: Arc<str>,
}

impl Default for WebSocket {
    fn default() -> Self {
        Self::new(Parameters::default(), Content::default())
    }
}

type Emit<'e> = &'e mut dyn FnMut(Output<'_>);

impl Dissector for WebSocket {
    fn feed(&mut self, chunk: Chunk<'_>, emit: Emit<'_>) {
        let side = chunk.side;
        let mut rest = chunk.bytes;
        let direction = self.direction(side);
        direction.origin = chunk.origin;
        direction.frames.begin_chunk(rest);
        loop {
            let direction = self.direction(side);
            match direction.frames.next(&mut rest) {
                Piece::More => return,
                Piece::Begin {
                    is_text,
                    is_compressed,
                } => {
                    let body = Body::default();
                    direction.unfinished = Some(Unfinished {
                        is_text,
                        is_compressed,
                        body,
                    });
                }
                Piece::Data(bytes) => direction.data(&bytes, emit),
                Piece::End => self.end(side, emit),
                Piece::Lost(bytes) => {
                    direction.inflater.forget();
                    let what = "bytes between WebSocket frames that belong to none";
                    emit(Output::Shortfall(Shortfall::MalformedMessage, bytes, what));
                }
            }
        }
    }

    fn gap(&mut self, side: Side, lost: u64, emit: Emit<'_>) {
        let direction = self.direction(side);
        let is_inside = direction.frames.gap(lost);
        if let Some(unfinished) = &mut direction.unfinished {
            let body = &mut unfinished.body;
            body.is_cut = true;
            body.wire_len = body.wire_len.saturating_add(lost);
        }
        if !is_inside {
            self.end(side, emit);
            self.direction(side).inflater.forget();
        }
        if matches!(self.content, Content::Stacked(_)) {
            emit(Output::InnerGap(side, lost));
        }
    }

    fn finish(&mut self, emit: Emit<'_>) {
        for side in [Side::Client, Side::Server] {
            if let Some(unfinished) = &mut self.direction(side).unfinished {
                unfinished.body.is_cut = true;
            }
            self.end(side, emit);
        }
    }
}

impl Direction {
    fn data(&mut self, bytes: &[u8], emit: Emit<'_>) {
        // A continuation whose beginning was lost belongs to nothing.
        let Some(unfinished) = &mut self.unfinished else {
            return;
        };
        let body = &mut unfinished.body;
        let room = limits::BODY_BYTES.saturating_sub(body.bytes.len());
        let left_out = body.add(bytes, room);
        if left_out > 0 {
            report_long(left_out, emit);
        }
    }

    /// Takes the message, decompressed.
    fn take(&mut self, emit: Emit<'_>) -> Option<Unfinished> {
        let mut message = self.unfinished.take()?;
        if message.is_compressed {
            let body = &mut message.body;
            let inflated = self.inflater.inflate(&body.bytes);
            // What is missing of this message is missing in the window of the next.
            if body.is_cut {
                self.inflater.forget();
            }
            if inflated.is_damaged && !body.is_cut {
                let what = "WebSocket message that does not decompress, or refers to one not in the capture";
                emit(Output::Shortfall(
                    Shortfall::DamagedBody,
                    body.wire_len,
                    what,
                ));
            }
            if inflated.left_out > 0 {
                report_long(inflated.left_out, emit);
            }
            body.is_cut |= inflated.is_damaged || inflated.left_out > 0;
            body.bytes = inflated.bytes;
        }
        Some(message)
    }
}

impl WebSocket {
    fn new(parameters: Parameters, content: Content) -> Self {
        Self {
            client: Direction::new(Side::Client, parameters),
            server: Direction::new(Side::Server, parameters),
            content,
            path: Arc::default(),
        }
    }

    /// What was agreed on by the server's answer to the handshake.
    pub(super) fn answered(response: &Response) -> Self {
        let extensions = response
            .header("sec-websocket-extensions")
            .unwrap_or_default();
        let subprotocol = response
            .header("sec-websocket-protocol")
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let stacked = SUBPROTOCOLS
            .iter()
            .find(|(named, _)| *named == subprotocol)
            .map(|(_, protocol)| Content::Stacked(protocol));
        let is_stomp = subprotocol.contains(stomp::NAME);
        let content = match stacked {
            Some(stacked) => stacked,
            None if is_stomp => Content::Stomp,
            None => Content::Plain,
        };
        Self::new(Parameters::parse(extensions), content)
    }

    /// The same, to be stacked on what carried the handshake.
    pub(super) fn started(response: &Response, path: &str) -> Started {
        Started {
            protocol: NAME,
            dissector: Box::new(Self::answered(response).at(path)),
        }
    }

    /// The same, opened by a request for that path.
    pub(super) fn at(mut self, path: &str) -> Self {
        self.path = Arc::from(path);
        self
    }

    fn direction(&mut self, side: Side) -> &mut Direction {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Ends the message of that side, if there is one, and hands it out.
    fn end(&mut self, side: Side, emit: Emit<'_>) {
        let direction = self.direction(side);
        let origin = direction.origin;
        let Some(message) = direction.take(emit) else {
            return;
        };
        match self.content {
            Content::Stacked(protocol) => {
                let chunk = Chunk {
                    side,
                    bytes: &message.body.bytes,
                    origin,
                };
                emit(Output::Inner(chunk, Hint::Protocol(protocol)));
            }
            Content::Stomp => {
                let read = stomp::message(&message.body.bytes, side);
                let mut message = read.unwrap_or_else(|| plain(message, side));
                message.path = Arc::clone(&self.path);
                emit(Output::Event(Event::Message(message), origin));
            }
            Content::Plain => {
                let mut message = plain(message, side);
                message.path = Arc::clone(&self.path);
                emit(Output::Event(Event::Message(message), origin));
            }
        }
    }
}

fn plain(message: Unfinished, side: Side) -> Message {
    Message {
        protocol: NAME,
        kind: if message.is_text { "text" } else { "binary" }.to_owned(),
        from_client: side == Side::Client,
        body: message.body,
        ..Message::default()
    }
}

fn report_long(bytes: u64, emit: Emit<'_>) {
    let what = "WebSocket message longer than is kept";
    emit(Output::Shortfall(Shortfall::MessageLimit, bytes, what));
}

#[cfg(test)]
mod tests;
