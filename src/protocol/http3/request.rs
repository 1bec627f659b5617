//! One request's stream: frames of both directions, in the order in which they can be understood.

use std::collections::VecDeque;

use super::frame::{Bridge, Frames, Step};
use super::qpack::Decoder;
use super::{Emit, Place};
use crate::model::{Origin, Shortfall, Side};
use crate::protocol::http::section::Section;
use crate::protocol::http::streams::Streams;
use crate::protocol::{Chunk, Hint, Output};

/// What a direction says.
#[derive(Debug)]
enum Item {
    Fields(Vec<u8>),
    Data(Vec<u8>),
    Lost(u64),
    /// The end; too early or not.
    End(bool),
}

impl Item {
    fn bytes(&self) -> usize {
        match self {
            Self::Fields(bytes) | Self::Data(bytes) => bytes.len(),
            Self::Lost(_) | Self::End(_) => 0,
        }
    }
}

/// One direction.
#[derive(Debug, Default)]
struct Half {
    frames: Frames,
    /// What waits for a field table, or for the other side's head, with the packets that brought it.
    waiting: VecDeque<(Item, Origin)>,
    bytes: usize,
    has_head: bool,
    is_ended: bool,
}

impl Half {
    fn push(&mut self, item: Item, origin: Origin) {
        self.bytes = self.bytes.saturating_add(item.bytes());
        self.waiting.push_back((item, origin));
    }
}

/// A stream that a client opened for a request.
#[derive(Debug, Default)]
pub(super) struct RequestStream {
    client: Half,
    server: Half,
    /// It is a session of WebTransport instead.
    is_session: bool,
}

/// What a stream needs of its connection to be understood.
pub(super) struct Context<'a> {
    pub(super) decoders: &'a [Decoder; 2],
    pub(super) streams: &'a mut Streams,
    /// Nothing more will come that could be waited for.
    pub(super) at_last: bool,
}

impl RequestStream {
    fn half(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Takes bytes of one direction.
    pub(super) fn feed(&mut self, place: Place, bytes: &[u8], emit: Emit<'_>) {
        let half = self.half(place.side);
        let mut rest = bytes;
        let mut is_session = false;
        while !rest.is_empty() {
            match half.frames.step(&mut rest) {
                Step::More | Step::Settings(_) => {}
                Step::Data(bytes) => half.push(Item::Data(bytes.to_vec()), place.origin),
                Step::Fields(section) => half.push(Item::Fields(section), place.origin),
                Step::TooLong(length) => {
                    let what = "HTTP/3 head too long";
                    emit(Output::Shortfall(Shortfall::MessageLimit, length, what));
                }
                Step::Session(bytes) => {
                    is_session = true;
                    let chunk = Chunk {
                        side: place.side,
                        bytes,
                        origin: place.origin,
                    };
                    emit(Output::InnerStream(place.stream, chunk, Hint::Probe));
                }
            }
        }
        self.is_session |= is_session;
    }

    /// `lost` bytes of one direction are missing.
    pub(super) fn gap(&mut self, place: Place, lost: u64, emit: Emit<'_>) {
        let half = self.half(place.side);
        match half.frames.gap(lost) {
            Bridge::Body => half.push(Item::Lost(lost), place.origin),
            Bridge::Session => emit(Output::InnerStreamGap(place.stream, place.side, lost)),
            Bridge::Nothing => {}
            Bridge::Lost => self.end(place.side, true, place.origin),
        }
    }

    /// One direction ended.
    pub(super) fn end(&mut self, side: Side, is_cut: bool, origin: Origin) {
        let half = self.half(side);
        let is_cut = is_cut || !half.frames.is_between();
        if !std::mem::replace(&mut half.is_ended, true) {
            half.push(Item::End(is_cut), origin);
        }
    }

    /// Bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.client.bytes.saturating_add(self.server.bytes)
    }

    /// Whether anything waits.
    pub(super) fn is_waiting(&self) -> bool {
        !self.client.waiting.is_empty() || !self.server.waiting.is_empty()
    }

    /// Whether both directions have ended and nothing waits.
    pub(super) fn is_over(&self) -> bool {
        [&self.client, &self.server]
            .iter()
            .all(|half| half.is_ended && half.waiting.is_empty())
    }

    /// Whether it is a session of WebTransport.
    pub(super) fn is_session(&self) -> bool {
        self.is_session
    }

    /// Hands on what can be understood: a response only behind the head of its request.
    pub(super) fn drain(&mut self, stream: u64, context: &mut Context<'_>, emit: Emit<'_>) {
        if self.is_session {
            return;
        }
        self.client.drain(stream, Side::Client, context, emit);
        let is_led =
            self.client.has_head || (self.client.is_ended && self.client.waiting.is_empty());
        if is_led || context.at_last {
            self.server.drain(stream, Side::Server, context, emit);
        }
    }
}

impl Half {
    fn drain(&mut self, stream: u64, side: Side, context: &mut Context<'_>, emit: Emit<'_>) {
        while let Some((item, origin)) = self.waiting.pop_front() {
            let bytes = item.bytes();
            match item {
                Item::Fields(section) => {
                    let Some(section) = decode(&section, side, context, emit) else {
                        self.waiting.push_front((Item::Fields(section), origin));
                        return;
                    };
                    self.has_head = true;
                    context.streams.section(stream, side, section, origin, emit);
                }
                Item::Data(bytes) => context.streams.data(stream, side, &bytes, origin, emit),
                Item::Lost(lost) => context.streams.lose(stream, side, lost, emit),
                Item::End(is_cut) => {
                    if is_cut {
                        context.streams.lose(stream, side, 0, emit);
                    }
                    context.streams.end(stream, side, origin, emit);
                }
            }
            self.bytes = self.bytes.saturating_sub(bytes);
        }
    }
}

/// Decodes a field section, or `None` if it must wait.
fn decode(bytes: &[u8], side: Side, context: &Context<'_>, emit: Emit<'_>) -> Option<Section> {
    let [client, server] = context.decoders;
    let decoder = match side {
        Side::Client => client,
        Side::Server => server,
    };
    let fields = decoder.section(bytes, context.at_last).ok()?;
    if fields.missing > 0 {
        let what = "HTTP/3 fields whose table is not in the capture";
        emit(Output::Shortfall(Shortfall::StreamGap, 0, what));
    }
    if fields.is_cut {
        let what = "HTTP/3 head malformed or too long";
        emit(Output::Shortfall(Shortfall::MessageLimit, 0, what));
    }
    Some(Section {
        is_partial: fields.missing > 0 || fields.is_cut,
        lines: fields.lines,
    })
}
