//! HTTP/3 (RFC 9114) out of the streams of a QUIC connection: requests with their responses, and what follows CONNECT.
//!
//! `frame` finds frames in one direction of a stream, `qpack` decodes field sections, `request` is one request's stream. What
//! a server pushes the phone did not send; it is passed over. It begins with the connection, since there are no keys for
//! connections met in their middle.

mod frame;
mod qpack;
mod request;

use std::collections::BTreeMap;

use self::frame::{Frames, Step};
use self::qpack::Decoder;
use self::request::{Context, RequestStream};
use super::cursor::Cursor;
use super::http::streams::Streams;
use super::{Chunk, Hint, Output};
use crate::limits;
use crate::model::{Origin, Shortfall, Side};

/// Types of unidirectional streams (RFC 9114 §6.2, RFC 9204 §4.2).
const CONTROL_STREAM: u64 = 0x00;
const ENCODER_STREAM: u64 = 0x02;
/// Of WebTransport; what follows is the session's number and then the session's.
const WEBTRANSPORT_STREAM: u64 = 0x54;

/// `SETTINGS_QPACK_MAX_TABLE_CAPACITY` (RFC 9204 §5).
const MAX_TABLE_CAPACITY: u64 = 0x01;

type Emit<'e> = &'e mut dyn FnMut(Output<'_>);

/// The HTTP/3 part of a connection.
#[derive(Debug, Default)]
pub(super) struct Http3 {
    /// What the client's encoder says, and the server's.
    decoders: [Decoder; 2],
    oneway: BTreeMap<u64, Oneway>,
    requests: BTreeMap<u64, RequestStream>,
    /// Bytes that wait, by request.
    blocked: BTreeMap<u64, usize>,
    /// Their sum.
    blocked_bytes: usize,
    /// Requests that were given up are below.
    floor: u64,
    streams: Streams,
}

/// A unidirectional stream.
#[derive(Debug)]
enum Oneway {
    /// Its type, as far as it came.
    Type(Vec<u8>),
    Control(Frames),
    Encoder,
    Session,
    /// Acknowledgements of the table, pushes, and what nobody knows.
    Other,
}

/// A place in the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The stream's number (RFC 9000 §2.1).
    pub(super) stream: u64,
    /// Who sent it.
    pub(super) side: Side,
    /// The packet that made it available.
    pub(super) origin: Origin,
}

impl Http3 {
    /// Takes the next bytes of one direction of a stream.
    pub(super) fn feed(&mut self, place: Place, bytes: &[u8], emit: Emit<'_>) {
        if is_oneway(place.stream) {
            self.feed_oneway(place, bytes, emit);
        } else if place.stream & 0b01 == 0 {
            if let Some(request) = self.request(place.stream, emit) {
                request.feed(place, bytes, emit);
                self.drain(place.stream, false, emit);
            }
        } else {
            // Only WebTransport lets servers open streams in both directions.
            emit_session(place, bytes, emit);
        }
    }

    /// `lost` bytes of one direction of a stream are missing.
    pub(super) fn gap(&mut self, place: Place, lost: u64, emit: Emit<'_>) {
        if is_oneway(place.stream) {
            match self.oneway.get_mut(&place.stream) {
                Some(Oneway::Encoder) => self.lose_encoder(place, emit),
                Some(Oneway::Control(frames)) => {
                    frames.gap(lost);
                }
                Some(Oneway::Session) => {
                    emit(Output::InnerStreamGap(place.stream, place.side, lost));
                }
                Some(Oneway::Other) => {}
                Some(Oneway::Type(_)) | None => {
                    self.oneway.insert(place.stream, Oneway::Other);
                }
            }
        } else if let Some(request) = self.request(place.stream, emit) {
            request.gap(place, lost, emit);
            self.drain(place.stream, false, emit);
        }
    }

    /// One direction of a stream ended; `is_cut` before its end.
    pub(super) fn end(&mut self, place: Place, is_cut: bool, emit: Emit<'_>) {
        if is_oneway(place.stream) {
            if let Some(Oneway::Session) = self.oneway.remove(&place.stream) {
                emit(Output::InnerStreamEnd(place.stream));
            }
        } else if place.stream & 0b01 == 0
            && let Some(request) = self.request(place.stream, emit)
        {
            request.end(place.side, is_cut, place.origin);
            self.drain(place.stream, false, emit);
        }
    }

    /// The connection ended: hands out what is pending.
    pub(super) fn finish(&mut self, emit: Emit<'_>) {
        while let Some((stream, _)) = self.blocked.first_key_value() {
            self.drain(*stream, true, emit);
        }
        self.streams.finish(emit);
    }

    fn decoder(&mut self, side: Side) -> &mut Decoder {
        let [client, server] = &mut self.decoders;
        match side {
            Side::Client => client,
            Side::Server => server,
        }
    }

    fn feed_oneway(&mut self, place: Place, bytes: &[u8], emit: Emit<'_>) {
        if self.oneway.len() >= limits::HTTP_STREAMS && !self.oneway.contains_key(&place.stream) {
            return;
        }
        let stream = self
            .oneway
            .entry(place.stream)
            .or_insert_with(|| Oneway::Type(Vec::new()));
        let mut rest = bytes;
        if let Oneway::Type(known) = stream {
            known.extend_from_slice(bytes);
            let known = std::mem::take(known);
            let mut cursor = Cursor::new(&known);
            *stream = match cursor.varint() {
                None => Oneway::Type(known.clone()),
                Some(CONTROL_STREAM) => Oneway::Control(Frames::default()),
                Some(ENCODER_STREAM) => Oneway::Encoder,
                Some(WEBTRANSPORT_STREAM) => match cursor.varint() {
                    None => Oneway::Type(known.clone()),
                    Some(_session) => Oneway::Session,
                },
                Some(_) => Oneway::Other,
            };
            let left = bytes.len().saturating_sub(cursor.rest().len());
            rest = bytes.get(left..).unwrap_or_default();
        }
        match stream {
            Oneway::Type(_) | Oneway::Other => {}
            Oneway::Control(frames) => {
                let mut capacity = None;
                while !rest.is_empty() {
                    if let Step::Settings(settings) = frames.step(&mut rest) {
                        capacity = Some(table_capacity(&settings));
                    }
                }
                if let Some(capacity) = capacity {
                    self.decoder(place.side.opposite()).allow(capacity);
                    self.drain_all(emit);
                }
            }
            Oneway::Encoder => {
                let decoder = self.decoder(place.side);
                let was_lost = decoder.is_lost();
                decoder.instructions(rest);
                if decoder.is_lost() && !was_lost {
                    let what = "HTTP/3 field table that breaks its format";
                    emit(Output::Shortfall(Shortfall::MalformedMessage, 0, what));
                }
                self.drain_all(emit);
            }
            Oneway::Session => emit_session(place, rest, emit),
        }
    }

    fn lose_encoder(&mut self, place: Place, emit: Emit<'_>) {
        self.decoder(place.side).lose();
        self.drain_all(emit);
    }

    /// The stream of a request, unless it was given up.
    fn request(&mut self, stream: u64, emit: Emit<'_>) -> Option<&mut RequestStream> {
        if !self.requests.contains_key(&stream) {
            if stream < self.floor {
                return None;
            }
            if self.requests.len() >= limits::HTTP_STREAMS
                && let Some((oldest, _)) = self.requests.first_key_value()
            {
                let oldest = *oldest;
                self.floor = oldest.saturating_add(1);
                self.drain(oldest, true, emit);
                self.requests.remove(&oldest);
            }
        }
        Some(self.requests.entry(stream).or_default())
    }

    fn drain_all(&mut self, emit: Emit<'_>) {
        let blocked: Vec<u64> = self.blocked.keys().copied().collect();
        for stream in blocked {
            self.drain(stream, false, emit);
        }
    }

    /// Hands on what can be understood of a request's stream.
    fn drain(&mut self, stream: u64, at_last: bool, emit: Emit<'_>) {
        let before = self.blocked.remove(&stream).unwrap_or_default();
        self.blocked_bytes = self.blocked_bytes.saturating_sub(before);
        let Some(request) = self.requests.get_mut(&stream) else {
            return;
        };
        let held = self.blocked_bytes.saturating_add(request.waiting());
        let mut context = Context {
            decoders: &self.decoders,
            streams: &mut self.streams,
            at_last: at_last || held > limits::HTTP3_BLOCKED_BYTES,
        };
        request.drain(stream, &mut context, emit);
        if request.is_over() {
            if request.is_session() {
                emit(Output::InnerStreamEnd(stream));
            }
            self.requests.remove(&stream);
        } else if request.is_waiting() {
            self.blocked.insert(stream, request.waiting());
            self.blocked_bytes = self.blocked_bytes.saturating_add(request.waiting());
        }
    }
}

/// Reads streams out of a script, for fuzz targets, which cannot make packets that keys open: for each step one byte (1: from the
/// server, 2: a gap, 4: the end; the stream's number in the five bits above) and the length, then the bytes.
pub fn read_script(mut script: &[u8], emit: &mut dyn FnMut(Output<'_>)) {
    let mut http3 = Http3::default();
    while let Some(([step, length], rest)) = script.split_first_chunk() {
        let place = Place {
            stream: u64::from(step >> 3),
            side: if step & 1 == 0 {
                Side::Client
            } else {
                Side::Server
            },
            origin: Origin::default(),
        };
        script = rest;
        if step & 2 == 0 {
            let (bytes, behind) = rest.split_at(usize::from(*length).min(rest.len()));
            script = behind;
            http3.feed(place, bytes, emit);
        } else {
            http3.gap(place, u64::from(*length), emit);
        }
        if step & 4 != 0 {
            http3.end(place, false, emit);
        }
    }
    http3.finish(emit);
}

/// Whether a stream goes in one direction (RFC 9000 §2.1).
fn is_oneway(stream: u64) -> bool {
    stream & 0b10 != 0
}

fn emit_session(place: Place, bytes: &[u8], emit: Emit<'_>) {
    if bytes.is_empty() {
        return;
    }
    let chunk = Chunk {
        side: place.side,
        bytes,
        origin: place.origin,
    };
    emit(Output::InnerStream(place.stream, chunk, Hint::Probe));
}

/// The size of the field table that the settings allow (RFC 9114 §7.2.4); zero unless they say so.
fn table_capacity(settings: &[u8]) -> u64 {
    let mut cursor = Cursor::new(settings);
    while let (Some(setting), Some(value)) = (cursor.varint(), cursor.varint()) {
        if setting == MAX_TABLE_CAPACITY {
            return value;
        }
    }
    0
}

#[cfg(test)]
mod tests;
