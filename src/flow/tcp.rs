//! TCP: segments in any order → contiguous bytes per direction.
//!
//! A segment is delivered once all bytes before it in its own direction, and all bytes of the other direction that it
//! acknowledges, have been: so a request comes before its response however the capture ordered them. Of bytes sent twice
//! the first copy counts. Bytes that the receiver acknowledged and the capture does not have are a gap.

use crate::limits;
use crate::model::{Origin, Side};
use crate::protocol::Chunk;

/// Header fields of one segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    pub(super) sequence: u32,
    pub(super) acknowledgement: Option<u32>,
    pub(super) is_syn: bool,
    pub(super) is_fin: bool,
    pub(super) is_rst: bool,
    pub(super) payload: &'a [u8],
    /// Bytes at the end of the payload that were not captured.
    pub(super) missing: u32,
}

impl<'a> Segment<'a> {
    /// Reads a TCP header (RFC 9293 §3.1): ports, and the rest. `missing` is what the capture cut from the datagram.
    #[inline]
    pub(super) fn read(bytes: &'a [u8], missing: u32) -> Result<([u16; 2], Self), &'static str> {
        let (header, _) = bytes.split_first_chunk::<20>().ok_or("short TCP header")?;
        let length = usize::from(header[12] >> 4).saturating_mul(4);
        if length < 20 {
            return Err("TCP data offset");
        }
        // a header that is cut by the snap length has lost its payload too
        let (payload, missing) = if let Some(payload) = bytes.get(length..) {
            (payload, missing)
        } else {
            let cut = u32::try_from(length.saturating_sub(bytes.len())).unwrap_or(u32::MAX);
            (&[][..], missing.checked_sub(cut).ok_or("TCP data offset")?)
        };
        let flags = header[13];
        Ok((
            [
                u16::from_be_bytes([header[0], header[1]]),
                u16::from_be_bytes([header[2], header[3]]),
            ],
            Self {
                sequence: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
                acknowledgement: (flags & 0x10 != 0)
                    .then(|| u32::from_be_bytes([header[8], header[9], header[10], header[11]])),
                is_syn: flags & 0x02 != 0,
                is_fin: flags & 0x01 != 0,
                is_rst: flags & 0x04 != 0,
                payload,
                missing,
            },
        ))
    }

    /// Payload bytes on the wire.
    #[inline]
    pub(super) fn wire_payload(&self) -> u64 {
        (self.payload.len() as u64).saturating_add(u64::from(self.missing))
    }
}

/// How much one side has sent, each byte once: what was sent again, or captured on two interfaces, is no more traffic.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    /// Sequence number behind the last byte seen.
    next: Option<u32>,
    /// Bytes before it that were not seen.
    holes: u64,
}

impl Sent {
    /// Bytes of a segment that were not seen before. Only two numbers are kept, so bytes that come late count as those of the
    /// holes.
    #[inline]
    pub(super) fn new_bytes(&mut self, segment: &Segment<'_>) -> u64 {
        let start = segment.sequence.wrapping_add(u32::from(segment.is_syn));
        let length = segment.wire_payload();
        if length == 0 && !segment.is_syn {
            return 0;
        }
        let next = self.next.unwrap_or(start);
        // Half of all numbers are ahead, half behind (RFC 9293 §3.4).
        let ahead = start.wrapping_sub(next);
        let behind = next.wrapping_sub(start);
        let (known, skipped) = if ahead <= behind {
            (0, ahead)
        } else {
            (u64::from(behind).min(length), 0)
        };
        let filled = known.min(self.holes);
        self.holes = self
            .holes
            .saturating_sub(filled)
            .saturating_add(u64::from(skipped));
        let beyond = length.saturating_sub(known);
        self.next = Some(if beyond > 0 || skipped > 0 || self.next.is_none() {
            start.wrapping_add(u32::try_from(length).unwrap_or(u32::MAX))
        } else {
            next
        });
        beyond.saturating_add(filled)
    }
}

/// What reassembly yields, in order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Delivery<'a> {
    /// The next bytes of one side.
    Bytes(Chunk<'a>),
    /// So many bytes of one side are not in the capture.
    Gap(Side, u64),
    /// A bound of `limits.rs` was hit: what is missing is not waited for.
    Limit,
}

/// Both directions of one connection.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    streams: [Stream; 2],
    /// Packets seen since something was held back although its receiver has what is before it.
    overdue: u16,
}

/// One direction. Positions are counted from [`Stream::ORIGIN`] on, so that they do not wrap and may go a little back.
#[derive(Debug)]
struct Stream {
    is_started: bool,
    /// Position of the next byte to be delivered.
    next: u64,
    /// Its sequence number.
    next_sequence: u32,
    /// Highest position that the other side acknowledged.
    acknowledged: u64,
    /// Position after the last byte, once a FIN was seen.
    end: Option<u64>,
    /// Held back, by position, without overlap.
    held: Vec<Held>,
    held_bytes: usize,
    /// The latest packet among all that was delivered.
    latest: Origin,
}

/// Bytes that cannot be delivered yet.
#[derive(Debug)]
struct Held {
    position: u64,
    bytes: Box<[u8]>,
    /// Bytes behind them that were not captured.
    missing: u32,
    /// Position of the other side that must be reached first.
    after: u64,
    origin: Origin,
}

impl Held {
    fn end(&self) -> u64 {
        self.position
            .saturating_add(self.bytes.len() as u64)
            .saturating_add(u64::from(self.missing))
    }
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            is_started: false,
            next: Self::ORIGIN,
            next_sequence: 0,
            acknowledged: 0,
            end: None,
            held: Vec::new(),
            held_bytes: 0,
            latest: Origin::default(),
        }
    }
}

impl Stream {
    const ORIGIN: u64 = 1 << 40;

    fn start(&mut self, sequence: u32) {
        self.is_started = true;
        self.next_sequence = sequence;
    }

    /// Position of a sequence number: the nearest one, before or after (RFC 9293 §3.4).
    fn position(&self, sequence: u32) -> u64 {
        let distance = sequence.wrapping_sub(self.next_sequence).cast_signed();
        self.next.saturating_add_signed(i64::from(distance))
    }

    fn advance(&mut self, bytes: u64) {
        self.next = self.next.saturating_add(bytes);
        // sequence numbers wrap, so the low 32 bits are meant
        #[expect(
            clippy::cast_possible_truncation,
            reason = "sequence numbers are modulo 2^32"
        )]
        let step = bytes as u32;
        self.next_sequence = self.next_sequence.wrapping_add(step);
    }

    /// Whether nothing was delivered or held back yet.
    fn is_untouched(&self) -> bool {
        self.next == Self::ORIGIN && self.held.is_empty()
    }

    /// Position after the last byte seen.
    fn furthest(&self) -> u64 {
        self.held.last().map_or(self.next, Held::end)
    }

    fn is_complete(&self) -> bool {
        self.end.is_some_and(|end| self.next >= end)
    }

    /// Bytes up to here were received by the other side, but are not delivered yet. The one sequence number of a FIN that
    /// was not captured looks like a byte, so a single one does not count.
    fn overdue_until(&self) -> Option<u64> {
        let until = self
            .end
            .map_or(self.acknowledged, |end| self.acknowledged.min(end));
        (until > self.next.saturating_add(1)).then_some(until)
    }
}

fn index(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Server => 1,
    }
}

impl Conversation {
    #[expect(
        clippy::indexing_slicing,
        reason = "`index` yields 0 or 1, and there are two streams"
    )]
    fn stream(&self, side: Side) -> &Stream {
        &self.streams[index(side)]
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "`index` yields 0 or 1, and there are two streams"
    )]
    fn stream_mut(&mut self, side: Side) -> &mut Stream {
        &mut self.streams[index(side)]
    }

    /// Whether both sides have said that they are done and all that they sent was delivered.
    pub(super) fn is_complete(&self) -> bool {
        self.streams.iter().all(Stream::is_complete)
    }

    /// Bytes held back.
    pub(super) fn held_bytes(&self) -> usize {
        self.streams
            .iter()
            .fold(0, |sum, stream| sum.saturating_add(stream.held_bytes))
    }

    /// Takes one segment and delivers what it makes available.
    pub(super) fn segment(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        origin: Origin,
        deliver: &mut dyn FnMut(Delivery<'_>),
    ) {
        let mut sequence = segment.sequence;
        if segment.is_syn {
            // data may come with the SYN (RFC 7413)
            sequence = sequence.wrapping_add(1);
            let stream = self.stream_mut(side);
            // a SYN that is answered anew may begin elsewhere as long as nothing was sent
            if !stream.is_started || stream.is_untouched() {
                stream.start(sequence);
            }
            // the answer to a SYN that was not captured tells where the other side begins
            if let Some(acknowledgement) = segment.acknowledgement {
                let other = self.stream_mut(side.opposite());
                if !other.is_started {
                    other.start(acknowledgement);
                }
            }
        }
        let has_payload = segment.wire_payload() > 0;
        if !self.stream(side).is_started && (has_payload || segment.is_fin) {
            self.stream_mut(side).start(sequence);
        }
        let after = self.acknowledge(side, segment);
        if has_payload && !segment.is_rst {
            self.payload(side, sequence, segment, after, origin, deliver);
        }
        if segment.is_fin {
            let stream = self.stream_mut(side);
            let end = stream
                .position(sequence)
                .saturating_add(segment.wire_payload());
            if end >= stream.next {
                stream.end.get_or_insert(end);
            }
        }
        self.pump(deliver);
        self.enforce_patience(deliver);
        self.enforce_bounds(side, deliver);
    }

    /// Notes what a segment acknowledges; returns the position of the other side that it presupposes.
    fn acknowledge(&mut self, side: Side, segment: &Segment<'_>) -> u64 {
        let other = self.stream_mut(side.opposite());
        match segment.acknowledgement {
            Some(acknowledgement) if other.is_started && !segment.is_rst => {
                let position = other.position(acknowledgement);
                let position = other.end.map_or(position, |end| position.min(end));
                if position > other.furthest().saturating_add(limits::TCP_WINDOW) {
                    return 0;
                }
                other.acknowledged = other.acknowledged.max(position);
                position
            }
            _ => 0,
        }
    }

    fn payload(
        &mut self,
        side: Side,
        sequence: u32,
        segment: &Segment<'_>,
        after: u64,
        origin: Origin,
        deliver: &mut dyn FnMut(Delivery<'_>),
    ) {
        let is_free = self.is_free(side, after);
        let stream = self.stream_mut(side);
        let position = stream.position(sequence);
        if position == stream.next && stream.held.is_empty() && is_free {
            stream.deliver(side, segment.payload, segment.missing, origin, deliver);
        } else {
            stream.hold(position, segment, after, origin);
        }
    }

    /// Whether the other side has come as far as a segment presupposes; a side that the capture does not show at all is not
    /// waited for, nor is the sequence number of a FIN.
    fn is_free(&self, side: Side, after: u64) -> bool {
        let other = self.stream(side.opposite());
        !other.is_started || after <= other.next.saturating_add(1)
    }

    /// Delivers all that may be delivered.
    fn pump(&mut self, deliver: &mut dyn FnMut(Delivery<'_>)) {
        loop {
            let mut is_done = true;
            for side in [Side::Client, Side::Server] {
                while let Some(held) = self.take_ready(side) {
                    self.stream_mut(side).deliver(
                        side,
                        &held.bytes,
                        held.missing,
                        held.origin,
                        deliver,
                    );
                    is_done = false;
                }
            }
            if is_done {
                return;
            }
        }
    }

    fn take_ready(&mut self, side: Side) -> Option<Held> {
        let first = self.stream(side).held.first()?;
        let is_ready = first.position <= self.stream(side).next && self.is_free(side, first.after);
        is_ready.then(|| self.stream_mut(side).release())
    }

    /// Waits some packets for bytes that the receiver has acknowledged, since captures may be out of order; then they are
    /// lost.
    fn enforce_patience(&mut self, deliver: &mut dyn FnMut(Delivery<'_>)) {
        if !self.is_overdue(Side::Client) && !self.is_overdue(Side::Server) {
            self.overdue = 0;
            return;
        }
        self.overdue = self.overdue.saturating_add(1);
        if self.overdue <= limits::REORDER_PACKETS {
            return;
        }
        self.overdue = 0;
        for side in [Side::Client, Side::Server] {
            if self.is_overdue(side) {
                self.skip(side, deliver);
            }
        }
        self.pump(deliver);
    }

    /// Whether bytes of this side should have come.
    fn is_overdue(&self, side: Side) -> bool {
        let (stream, other) = (self.stream(side), self.stream(side.opposite()));
        let hole_is_old = stream
            .held
            .first()
            .is_some_and(|held| held.position > stream.next && stream.acknowledged > stream.next);
        let is_waited_for = other
            .held
            .first()
            .is_some_and(|held| !self.is_free(side.opposite(), held.after));
        hole_is_old || is_waited_for
    }

    /// Gives up the bytes before what is there.
    fn skip(&mut self, side: Side, deliver: &mut dyn FnMut(Delivery<'_>)) {
        let other = self.stream(side.opposite());
        let waited_for = other.held.first().map_or(0, |held| held.after);
        let stream = self.stream_mut(side);
        let first = stream.held.first().map_or(u64::MAX, |held| held.position);
        let until = first.min(stream.acknowledged.max(waited_for));
        if until > stream.next {
            stream.lose(side, until, deliver);
        } else {
            // both sides wait for each other
            self.force(side, deliver);
        }
    }

    /// Gives up waiting when too much is held back.
    fn enforce_bounds(&mut self, side: Side, deliver: &mut dyn FnMut(Delivery<'_>)) {
        while self.stream(side).is_full() {
            deliver(Delivery::Limit);
            self.force(side, deliver);
            self.pump(deliver);
        }
    }

    /// Delivers the first of what is held back, whatever it waits for.
    fn force(&mut self, side: Side, deliver: &mut dyn FnMut(Delivery<'_>)) {
        let stream = self.stream_mut(side);
        if let Some(first) = stream.held.first().map(|held| held.position) {
            stream.lose(side, first, deliver);
            let held = stream.release();
            stream.deliver(side, &held.bytes, held.missing, held.origin, deliver);
        }
    }

    /// Delivers all that is held back, with gaps where bytes never came.
    pub(super) fn finish(&mut self, deliver: &mut dyn FnMut(Delivery<'_>)) {
        self.pump(deliver);
        while let Some(side) = self.overdue().or_else(|| self.first_held()) {
            if self.is_overdue(side) {
                self.skip(side, deliver);
            } else {
                self.force(side, deliver);
            }
            self.pump(deliver);
        }
        for side in [Side::Client, Side::Server] {
            let stream = self.stream_mut(side);
            if let Some(until) = stream.overdue_until() {
                stream.lose(side, until, deliver);
            }
        }
    }

    /// A side whose bytes the other one has received.
    fn overdue(&self) -> Option<Side> {
        [Side::Client, Side::Server]
            .into_iter()
            .find(|side| self.is_overdue(*side))
    }

    /// The side whose held back bytes were captured first.
    fn first_held(&self) -> Option<Side> {
        [Side::Client, Side::Server]
            .into_iter()
            .filter_map(|side| Some((self.stream(side).held.first()?.origin, side)))
            .min()
            .map(|(_, side)| side)
    }
}

impl Stream {
    fn is_full(&self) -> bool {
        self.held.len() > limits::REORDER_SEGMENTS || self.held_bytes > limits::REORDER_BYTES
    }

    /// Delivers bytes at the next position.
    fn deliver(
        &mut self,
        side: Side,
        bytes: &[u8],
        missing: u32,
        origin: Origin,
        deliver: &mut dyn FnMut(Delivery<'_>),
    ) {
        self.latest = self.latest.max(origin);
        self.advance(bytes.len() as u64);
        if !bytes.is_empty() {
            deliver(Delivery::Bytes(Chunk {
                side,
                bytes,
                origin: self.latest,
            }));
        }
        if missing > 0 {
            self.advance(u64::from(missing));
            deliver(Delivery::Gap(side, u64::from(missing)));
        }
    }

    /// Declares everything before `until` lost.
    fn lose(&mut self, side: Side, until: u64, deliver: &mut dyn FnMut(Delivery<'_>)) {
        let lost = until.saturating_sub(self.next);
        if lost > 0 {
            self.advance(lost);
            deliver(Delivery::Gap(side, lost));
        }
    }

    /// Takes out the first of what is held back, without what was delivered meanwhile.
    fn release(&mut self) -> Held {
        let mut held = self.held.remove(0);
        self.held_bytes = self.held_bytes.saturating_sub(held.bytes.len());
        held.trim(self.next);
        held
    }

    /// Keeps those bytes of a segment that are new. Segments that are held back do not overlap, so what is new lies between
    /// them.
    fn hold(&mut self, position: u64, segment: &Segment<'_>, after: u64, origin: Origin) {
        let end = position.saturating_add(segment.wire_payload());
        let mut start = position.max(self.next);
        let mut at = self.held.partition_point(|held| held.end() <= start);
        while start < end {
            let (taken_from, taken_until) = self
                .held
                .get(at)
                .map_or((u64::MAX, u64::MAX), |held| (held.position, held.end()));
            let until = end.min(taken_from);
            if start < until {
                let piece = Held::piece(position, segment, start, until, after, origin);
                self.held_bytes = self.held_bytes.saturating_add(piece.bytes.len());
                self.held.insert(at, piece);
                at = at.saturating_add(1);
            }
            start = start.max(taken_until);
            at = at.saturating_add(1);
        }
    }
}

impl Held {
    /// The part of a segment between two positions.
    fn piece(
        position: u64,
        segment: &Segment<'_>,
        start: u64,
        until: u64,
        after: u64,
        origin: Origin,
    ) -> Self {
        let offset = |at: u64| {
            usize::try_from(at.saturating_sub(position))
                .unwrap_or(usize::MAX)
                .min(segment.payload.len())
        };
        let bytes = segment
            .payload
            .get(offset(start)..offset(until))
            .unwrap_or_default();
        let length = until.saturating_sub(start);
        Self {
            position: start,
            bytes: bytes.into(),
            missing: u32::try_from(length.saturating_sub(bytes.len() as u64)).unwrap_or(u32::MAX),
            after,
            origin,
        }
    }

    /// Removes what lies before a position.
    fn trim(&mut self, from: u64) {
        let old = from.saturating_sub(self.position);
        if old == 0 {
            return;
        }
        let cut = usize::try_from(old)
            .unwrap_or(usize::MAX)
            .min(self.bytes.len());
        let beyond = old.saturating_sub(cut as u64);
        self.bytes = self.bytes.get(cut..).unwrap_or_default().into();
        self.missing = self
            .missing
            .saturating_sub(u32::try_from(beyond).unwrap_or(u32::MAX));
        self.position = from;
    }
}
