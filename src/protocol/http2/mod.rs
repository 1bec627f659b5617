//! HTTP/2 (RFC 9113): by its preface on any port, behind TLS, behind an upgrade from HTTP/1, and in the middle of a
//! connection.
//!
//! `frame` finds frames in one direction and finds them again after a gap, `hpack` decodes header blocks,
//! [`super::http::streams`] makes exchanges of what the streams carry. What was lost concerns the streams that it touched.

mod frame;
mod hpack;

use self::frame::{
    Bridge, Chain, END_HEADERS, END_STREAM, Half, Head, Kind, PADDED, PRIORITY, Step,
};
use super::http::section::Section;
use super::http::streams::Streams;
use super::message::Draft;
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{ContentState, Origin, Request, Shortfall, Side, Transport};

/// Its name in [`super::PROTOCOLS`].
pub(super) const NAME: &str = "http2";

/// HTTP/2.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe,
    start: |_| Box::new(Http2::default()),
    content: ContentState::Clear,
};

fn probe(probe: &Probe<'_>) -> Verdict {
    if probe.transport == Transport::Udp {
        return Verdict::No;
    }
    let known = probe.client.len().min(frame::PREFACE.len());
    let is_preface = probe.client.get(..known) == frame::PREFACE.get(..known);
    if is_preface && known == frame::PREFACE.len() {
        return Verdict::Yes;
    }
    if is_preface && known > 0 {
        return Verdict::More;
    }
    // In the middle of a connection: segments mostly begin with a frame.
    let chains = [
        frame::chain(Side::Client, probe.client),
        frame::chain(Side::Server, probe.server),
    ];
    if chains.contains(&Chain::Two) {
        Verdict::Yes
    } else if chains.contains(&Chain::One) {
        Verdict::More
    } else {
        Verdict::No
    }
}

/// A header block that is not whole yet.
#[derive(Debug)]
struct Block {
    stream: u32,
    /// The stream that a push promise announces.
    promised: Option<u32>,
    /// Whether its message ends with it.
    is_last: bool,
    bytes: Vec<u8>,
}

/// One direction.
#[derive(Debug)]
struct Direction {
    half: Half,
    hpack: hpack::Decoder,
    block: Option<Block>,
    /// Bytes were missing, or came before the capture: headers may refer to what nobody knows.
    has_lost: bool,
    /// Its last packet.
    origin: Origin,
}

impl Direction {
    fn new(side: Side) -> Self {
        Self {
            half: Half::new(side),
            hpack: hpack::Decoder::default(),
            block: None,
            has_lost: false,
            origin: Origin::default(),
        }
    }

    /// Header blocks may be missing.
    fn lose_blocks(&mut self) {
        self.block = None;
        self.hpack.forget();
        self.has_lost = true;
    }
}

#[derive(Debug)]
pub(super) struct Http2 {
    client: Direction,
    server: Direction,
    streams: Streams,
    /// The capture has not the beginning of the connection, and that was said.
    is_middle: bool,
}

impl Default for Http2 {
    fn default() -> Self {
        Self {
            client: Direction::new(Side::Client),
            server: Direction::new(Side::Server),
            streams: Streams::default(),
            is_middle: false,
        }
    }
}

type Emit<'e> = &'e mut dyn FnMut(Output<'_>);

impl Dissector for Http2 {
    fn feed(&mut self, chunk: Chunk<'_>, emit: Emit<'_>) {
        self.direction(chunk.side).origin = chunk.origin;
        self.read(chunk.side, chunk.bytes, emit);
    }

    fn gap(&mut self, side: Side, lost: u64, emit: Emit<'_>) {
        match self.direction(side).half.gap(lost) {
            Bridge::Harmless => {}
            Bridge::Data(stream) => self.streams.lose(u64::from(stream), side, lost, emit),
            Bridge::Block(stream) => self.lose_block(stream, side, emit),
            Bridge::Lost => {
                self.direction(side).lose_blocks();
                self.streams.lose_any(side, emit);
            }
        }
        self.read(side, &[], emit);
    }

    fn finish(&mut self, emit: Emit<'_>) {
        for side in [Side::Client, Side::Server] {
            let (found, passed) = self.direction(side).half.finish();
            report_passed(passed, emit);
            if let Some(found) = found {
                self.read(side, &found, emit);
            }
        }
        self.streams.finish(emit);
    }
}

impl Http2 {
    /// Behind an upgrade: the request that asked for it is stream 1 (RFC 7540 §3.2).
    pub(super) fn upgraded(request: Request, origin: Origin) -> Self {
        let mut connection = Self::default();
        connection.streams.begin(1, request, origin);
        connection
    }

    fn direction(&mut self, side: Side) -> &mut Direction {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn read(&mut self, side: Side, bytes: &[u8], emit: Emit<'_>) {
        let mut rest = bytes;
        loop {
            let direction = self.direction(side);
            let origin = direction.origin;
            match direction.half.step(&mut rest) {
                Step::More => return,
                Step::Middle => {
                    direction.lose_blocks();
                    self.report_middle(emit);
                }
                Step::Data(stream, bytes) if is_asked(stream) => {
                    let id = u64::from(stream);
                    self.streams.data(id, side, bytes, origin, emit);
                }
                Step::Beginning | Step::Data(..) => {}
                Step::End(stream) => self.streams.end(u64::from(stream), side, origin, emit),
                Step::Frame(head, payload) => self.frame(side, head, &payload, emit),
                Step::LostBlock(stream) => {
                    let what = "HTTP/2 header block longer than the bound";
                    emit(Output::Shortfall(Shortfall::MessageLimit, 0, what));
                    self.lose_block(stream, side, emit);
                }
                Step::Found(passed) => {
                    // What the search kept has been read ahead; nothing of it is kept a second time.
                    let again = direction.half.take_found();
                    direction.lose_blocks();
                    self.streams.lose_any(side, emit);
                    report_passed(passed, emit);
                    if !again.is_empty() {
                        self.read(side, &again, emit);
                    }
                }
            }
        }
    }

    fn report_middle(&mut self, emit: Emit<'_>) {
        if !std::mem::replace(&mut self.is_middle, true) {
            let what = "HTTP/2 connection whose beginning is not in the capture";
            emit(Output::Shortfall(Shortfall::StartedBefore, 0, what));
        }
    }

    /// A part of a header block is missing.
    fn lose_block(&mut self, stream: u32, side: Side, emit: Emit<'_>) {
        self.direction(side).lose_blocks();
        let id = u64::from(stream);
        self.streams.lose(id, side, 0, emit);
        let what = "HTTP/2 header block of which a part is missing";
        emit(Output::Shortfall(Shortfall::MalformedMessage, 0, what));
    }

    fn frame(&mut self, side: Side, head: Head, payload: &[u8], emit: Emit<'_>) {
        let direction = self.direction(side);
        let is_continued = direction
            .block
            .as_ref()
            .is_some_and(|block| block.stream == head.stream);
        match head.kind {
            Kind::Continuation if is_continued => {
                if let Some(block) = &mut direction.block {
                    block.bytes.extend_from_slice(payload);
                }
            }
            Kind::Continuation => {
                self.lose_block(head.stream, side, emit);
                return;
            }
            Kind::Headers | Kind::PushPromise => {
                let unfinished = direction.block.take();
                let block = begin_block(head, payload);
                if unfinished.is_some() || block.is_none() {
                    self.lose_block(head.stream, side, emit);
                }
                self.direction(side).block = block;
            }
            _ => {
                self.streams.reset(u64::from(head.stream), side, emit);
                return;
            }
        }
        self.complete_block(side, head, emit);
    }

    /// Decodes the block if it is whole.
    fn complete_block(&mut self, side: Side, head: Head, emit: Emit<'_>) {
        let direction = self.direction(side);
        let len = direction
            .block
            .as_ref()
            .map_or(0, |block| block.bytes.len());
        if len > limits::HPACK_BLOCK_BYTES {
            let what = "HTTP/2 header block longer than the bound";
            emit(Output::Shortfall(Shortfall::MessageLimit, 0, what));
            self.lose_block(head.stream, side, emit);
            return;
        }
        if !head.has(END_HEADERS) {
            return;
        }
        let Some(block) = direction.block.take() else {
            return;
        };
        let (section, result) = direction.hpack.decode(&block.bytes);
        let origin = direction.origin;
        if result.is_err() {
            direction.has_lost = true;
            let bytes = u64::try_from(len).unwrap_or(u64::MAX);
            let what = "HTTP/2 header block that does not decode";
            emit(Output::Shortfall(Shortfall::MalformedMessage, bytes, what));
        } else if section.is_partial {
            let (kind, what) = if direction.has_lost {
                (
                    Shortfall::StartedBefore,
                    "HTTP/2 headers that refer to earlier ones not in the capture",
                )
            } else {
                (
                    Shortfall::MessageLimit,
                    "HTTP/2 headers beyond the bound, or that refer to none",
                )
            };
            emit(Output::Shortfall(kind, 0, what));
        }
        if let Some(promised) = block.promised {
            promise(promised, &section, origin, emit);
            return;
        }
        if !is_asked(block.stream) {
            return;
        }
        let id = u64::from(block.stream);
        self.streams.section(id, side, section, origin, emit);
        if block.is_last {
            self.streams.end(id, side, origin, emit);
        }
    }
}

/// Whether the client opened the stream (RFC 9113 §5.1.1): what a server pushes the phone did not send.
fn is_asked(stream: u32) -> bool {
    !stream.is_multiple_of(2)
}

/// What of a frame with a header block is the block (RFC 9113 §6.2, §6.6).
fn begin_block(head: Head, payload: &[u8]) -> Option<Block> {
    let mut bytes = payload;
    if head.has(PADDED) {
        let (padding, behind) = bytes.split_first()?;
        bytes = behind.get(..behind.len().checked_sub(usize::from(*padding))?)?;
    }
    let mut promised = None;
    if head.kind == Kind::PushPromise {
        let (id, behind) = bytes.split_first_chunk::<4>()?;
        promised = Some(u32::from_be_bytes(*id) & 0x7fff_ffff);
        bytes = behind;
    } else if head.has(PRIORITY) {
        bytes = bytes.get(5..)?;
    }
    Some(Block {
        stream: head.stream,
        promised,
        is_last: head.kind == Kind::Headers && head.has(END_STREAM),
        bytes: bytes.to_vec(),
    })
}

/// A request that a server answers before it is made (RFC 9113 §8.4): the phone did not send it.
fn promise(stream: u32, section: &Section, origin: Origin, emit: Emit<'_>) {
    let mut draft = Draft::new(NAME, "push-promise", Side::Server);
    draft.add("stream", &stream.to_string());
    for (name, pseudo) in [
        ("method", ":method"),
        ("authority", ":authority"),
        ("path", ":path"),
    ] {
        draft.add_some(name, section.pseudo(pseudo));
    }
    draft.emit(origin, emit);
}

fn report_passed(passed: u64, emit: Emit<'_>) {
    if passed > 0 {
        let what = "bytes between HTTP/2 frames that belong to none";
        emit(Output::Shortfall(Shortfall::MalformedMessage, passed, what));
    }
}

#[cfg(test)]
mod tests;
