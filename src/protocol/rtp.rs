//! RTP and RTCP (RFC 3550), also encrypted as SRTP (RFC 3711): that a call was held, in which streams and for how long. What
//! was said is not read. RTCP in clear names the people.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;

use super::cursor::Cursor;
use super::message::{Draft, readable};
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{ContentState, Origin, Side, Transport};

const NAME: &str = "rtp";
/// Fixed part of a header (RFC 3550 §5.1).
const HEADER_BYTES: usize = 12;

/// RTP without ICE around it, as SIP and older calls have it.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe,
    start: |_| Box::new(Rtp::default()),
    content: ContentState::NotExamined,
};

/// Two datagrams of one side that follow each other in one stream, or a report in clear.
fn probe(probe: &Probe<'_>) -> Verdict {
    if probe.transport != Transport::Udp {
        return Verdict::No;
    }
    for bytes in [probe.client, probe.server] {
        if bytes.get(1).is_some_and(|kind| matches!(kind, 200 | 201)) && is_report(bytes) {
            return Verdict::Yes;
        }
        let Some(header) = Header::read(bytes) else {
            continue;
        };
        return match Header::read(probe.before) {
            Some(before) if header.follows(before) => Verdict::Yes,
            _ => Verdict::More,
        };
    }
    Verdict::No
}

/// What a packet says of its stream.
#[derive(Clone, Copy, Debug)]
struct Header {
    payload_type: u8,
    sequence: u16,
    source: u32,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let first = cursor.u8()?;
        let second = cursor.u8()?;
        let sequence = cursor.u16()?;
        let _timestamp = cursor.u32()?;
        let source = cursor.u32()?;
        let contributors = usize::from(first & 0x0f).saturating_mul(4);
        let is_whole = bytes.len() > HEADER_BYTES.saturating_add(contributors);
        // RFC 5761 §4: 64 to 95 would be taken for RTCP
        let payload_type = second & 0x7f;
        (first >> 6 == 2 && is_whole && !(64..=95).contains(&payload_type) && source != 0)
            .then_some(Self {
                payload_type,
                sequence,
                source,
            })
    }

    /// The same stream a few packets later.
    fn follows(self, before: Self) -> bool {
        self.source == before.source
            && (1..=limits::RTP_SEQUENCE_STEP)
                .contains(&self.sequence.wrapping_sub(before.sequence))
    }
}

/// Whether this is a compound report in clear: packets that fill the datagram exactly (RFC 3550 §6.1).
fn is_report(bytes: &[u8]) -> bool {
    let mut reports = Cursor::new(bytes);
    let mut is_any = false;
    while !reports.is_empty() {
        if Report::read(&mut reports).is_none() {
            return false;
        }
        is_any = true;
    }
    is_any
}

/// One packet of RTCP.
struct Report<'a> {
    count: u8,
    kind: u8,
    body: &'a [u8],
}

impl<'a> Report<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        let first = cursor.u8()?;
        let kind = cursor.u8()?;
        let words = usize::from(cursor.u16()?);
        let body = cursor.take(words.saturating_mul(4))?;
        (first >> 6 == 2 && (192..=223).contains(&kind)).then_some(Self {
            count: first & 0x1f,
            kind,
            body,
        })
    }
}

/// One stream of media.
#[derive(Debug)]
struct Stream {
    payload_type: u8,
    packets: u64,
    bytes: u64,
    first: Origin,
    last: Origin,
}

/// The media of one flow.
#[derive(Debug, Default)]
pub(super) struct Media {
    /// By sender and synchronisation source.
    streams: BTreeMap<(bool, u32), Stream>,
    /// What reports in clear said, once.
    told: BTreeSet<(bool, &'static str, String)>,
    reports_in_clear: bool,
    reports_encrypted: bool,
}

impl Media {
    /// Takes a datagram; `false` if it is no media.
    pub(super) fn take(
        &mut self,
        side: Side,
        bytes: &[u8],
        origin: Origin,
        emit: &mut dyn FnMut(Output<'_>),
    ) -> bool {
        let is_media = bytes.first().is_some_and(|first| first >> 6 == 2);
        if is_media && bytes.get(1).is_some_and(|kind| (192..=223).contains(kind)) {
            if is_report(bytes) {
                self.reports_in_clear = true;
                self.descriptions(side, bytes, origin, emit);
            } else {
                self.reports_encrypted = true;
            }
            return true;
        }
        let Some(header) = Header::read(bytes) else {
            return false;
        };
        let key = (side == Side::Client, header.source);
        if self.streams.len() >= limits::RTP_STREAMS && !self.streams.contains_key(&key) {
            return true;
        }
        let stream = self.streams.entry(key).or_insert(Stream {
            payload_type: header.payload_type,
            packets: 0,
            bytes: 0,
            first: origin,
            last: origin,
        });
        stream.packets = stream.packets.saturating_add(1);
        let bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        stream.bytes = stream.bytes.saturating_add(bytes);
        stream.last = origin;
        true
    }

    /// Hands out the source descriptions of a report in clear, each once (RFC 3550 §6.5).
    fn descriptions(
        &mut self,
        side: Side,
        bytes: &[u8],
        origin: Origin,
        emit: &mut dyn FnMut(Output<'_>),
    ) {
        const NAMES: [&str; 7] = ["cname", "name", "email", "phone", "loc", "tool", "note"];
        let mut draft = Draft::new(NAME, "source-description", side);
        let mut reports = Cursor::new(bytes);
        while let Some(report) = Report::read(&mut reports) {
            if report.kind != 202 || report.count == 0 {
                continue;
            }
            for_each_item(report.body, |kind, value| {
                let name = usize::from(kind).checked_sub(1);
                let name = name.and_then(|position| NAMES.get(position));
                let (Some(name), Some(value)) = (name, readable(value)) else {
                    return;
                };
                let fact = (side == Side::Client, *name, value.to_owned());
                if self.told.len() < limits::RTP_DESCRIPTIONS && self.told.insert(fact) {
                    draft.add(name, value);
                }
            });
        }
        if !draft.is_empty() {
            draft.emit(origin, emit);
        }
    }

    /// Whether any media came.
    pub(super) fn is_some(&self) -> bool {
        !self.streams.is_empty() || self.reports_in_clear || self.reports_encrypted
    }

    /// How readable the media are: those with reports in clear are, for whoever has their codec.
    pub(super) fn content(&self, has_handshake: bool) -> ContentState {
        if has_handshake || self.reports_encrypted {
            ContentState::NoKey
        } else if self.reports_in_clear {
            ContentState::Clear
        } else {
            ContentState::NotExamined
        }
    }

    /// Says at the flow's end which streams there were. Those of a few packets may be anything.
    pub(super) fn emit(&self, has_handshake: bool, emit: &mut dyn FnMut(Output<'_>)) {
        let protection = match self.content(has_handshake) {
            _ if has_handshake => "dtls-srtp",
            ContentState::NoKey => "srtp",
            ContentState::Clear => "none",
            _ => "unknown",
        };
        for ((is_client, source), stream) in &self.streams {
            if stream.packets < limits::RTP_STREAM_PACKETS {
                continue;
            }
            let side = if *is_client {
                Side::Client
            } else {
                Side::Server
            };
            let nanoseconds = stream.last.time.since(stream.first.time).max(0);
            let seconds = nanoseconds / 1_000_000_000;
            Draft::new(NAME, "stream", side)
                .with("ssrc", &HEXLOWER.encode(&source.to_be_bytes()))
                .with("payload-type", &stream.payload_type.to_string())
                .with("packets", &stream.packets.to_string())
                .with("bytes", &stream.bytes.to_string())
                .with("seconds", &seconds.to_string())
                .with("protection", protection)
                .emit(stream.last, emit);
        }
    }
}

/// Calls `read` with type and value of each item of a source description.
fn for_each_item(body: &[u8], mut read: impl FnMut(u8, &[u8])) {
    let mut cursor = Cursor::new(body);
    while cursor.u32().is_some() {
        let mut length = 0_usize;
        loop {
            match cursor.u8() {
                Some(0) | None => break,
                Some(kind) => {
                    let Some(value) = cursor.vector8() else {
                        return;
                    };
                    length = length.saturating_add(value.len()).saturating_add(2);
                    read(kind, value);
                }
            }
        }
        // chunks end at a multiple of four; one zero is taken already
        let padding = length.saturating_add(1).wrapping_neg() & 3;
        let _ = cursor.take(padding);
    }
}

#[derive(Debug, Default)]
struct Rtp {
    media: Media,
}

impl Dissector for Rtp {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        self.media.take(chunk.side, chunk.bytes, chunk.origin, emit);
    }

    fn gap(&mut self, _side: Side, _lost: u64, _emit: &mut dyn FnMut(Output<'_>)) {}

    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        self.media.emit(false, emit);
        emit(Output::Opaque(self.media.content(false)));
    }
}
