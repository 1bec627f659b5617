//! The streams of a connection (RFC 9000 §2, §3): frames → contiguous bytes of each direction.

use std::collections::{BTreeMap, BTreeSet};

use crate::limits;
use crate::model::{Origin, Side};
use crate::protocol::assembler::Assembler;
use crate::protocol::http3::Place;

/// What becomes of a stream.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// The next bytes.
    Bytes(&'a [u8]),
    /// That many are not in the capture.
    Gap(u64),
    /// The direction ended; true if it was broken off.
    End(bool),
    /// All directions ended.
    Closed,
    /// A bound was hit: what is missing is given up early.
    Limit,
}

/// Called with each piece and its place.
type Take<'t> = &'t mut dyn FnMut(Place, Piece<'_>);

/// One direction of a stream.
#[derive(Debug)]
struct Half {
    assembler: Assembler,
    /// Its length, once known.
    size: Option<u64>,
    is_reset: bool,
    is_over: bool,
    origin: Origin,
}

impl Half {
    fn new() -> Self {
        Self {
            assembler: Assembler::with_bounds(
                limits::QUIC_STREAM_BYTES,
                limits::QUIC_STREAM_PIECES,
            ),
            size: None,
            is_reset: false,
            is_over: false,
            origin: Origin::default(),
        }
    }

    fn pop(&mut self, place: Place, take: Take<'_>) {
        while let Some(bytes) = self.assembler.pop() {
            take(place, Piece::Bytes(&bytes));
        }
        if !self.is_over && self.size.is_some_and(|size| self.assembler.next() >= size) {
            self.is_over = true;
            take(place, Piece::End(self.is_reset));
        }
    }

    /// Gives up what is missing.
    fn flush(&mut self, place: Place, take: Take<'_>) {
        self.pop(place, take);
        while let Some(lost) = self.assembler.skip() {
            take(place, Piece::Gap(lost));
            self.pop(place, take);
        }
        if !self.is_over
            && let Some(size) = self.size
        {
            self.is_over = true;
            let lost = size.saturating_sub(self.assembler.next());
            if lost > 0 && !self.is_reset {
                take(place, Piece::Gap(lost));
            }
            take(place, Piece::End(self.is_reset));
        }
    }
}

/// All streams of a connection.
#[derive(Debug, Default)]
pub(super) struct Streams {
    open: BTreeMap<u64, [Option<Half>; 2]>,
    /// Streams that are over, by kind (the two low bits of the number): all below a number, and these.
    over: [(u64, BTreeSet<u64>); 4],
    /// Bytes that are held back.
    held: usize,
}

impl Streams {
    /// Takes a piece of a stream.
    pub(super) fn push(
        &mut self,
        place: Place,
        offset: u64,
        bytes: &[u8],
        is_last: bool,
        take: Take<'_>,
    ) {
        let Some(half) = self.half(place, take) else {
            return;
        };
        if half.is_over {
            return;
        }
        let before = half.assembler.held();
        half.origin = place.origin;
        if is_last {
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            half.size = Some(offset.saturating_add(length));
        }
        if half.assembler.push(offset, bytes).is_err() {
            take(place, Piece::Limit);
            half.flush(place, take);
            // It may lie behind the end of what was held.
            let _kept = half.assembler.push(offset, bytes);
            half.flush(place, take);
        }
        half.pop(place, take);
        let after = half.assembler.held();
        self.held = self.held.saturating_sub(before).saturating_add(after);
        if self.held > limits::QUIC_CONNECTION_BYTES {
            take(place, Piece::Limit);
            self.flush(take);
        }
        self.settle(place, take);
    }

    /// The sender broke a stream off.
    pub(super) fn reset(&mut self, place: Place, size: u64, take: Take<'_>) {
        let Some(half) = self.half(place, take) else {
            return;
        };
        let before = half.assembler.held();
        half.is_reset = true;
        half.size = Some(size);
        half.origin = place.origin;
        half.flush(place, take);
        self.held = self.held.saturating_sub(before);
        self.settle(place, take);
    }

    /// Gives up all that is missing: first in the streams of one direction, which others may need.
    pub(super) fn flush(&mut self, take: Take<'_>) {
        let (oneway, others): (Vec<u64>, Vec<u64>) =
            self.open.keys().partition(|stream| **stream & 0b10 != 0);
        for stream in oneway.into_iter().chain(others) {
            self.flush_stream(stream, take);
            let place = Place {
                stream,
                side: Side::Client,
                origin: Origin::default(),
            };
            self.settle(place, take);
        }
        self.held = 0;
    }

    fn flush_stream(&mut self, stream: u64, take: Take<'_>) {
        let Some(halves) = self.open.get_mut(&stream) else {
            return;
        };
        for (half, side) in halves.iter_mut().zip([Side::Client, Side::Server]) {
            if let Some(half) = half {
                let place = Place {
                    stream,
                    side,
                    origin: half.origin,
                };
                half.flush(place, take);
            }
        }
    }

    fn half(&mut self, place: Place, take: Take<'_>) -> Option<&mut Half> {
        if !self.open.contains_key(&place.stream) {
            if self.is_over(place.stream) {
                return None;
            }
            if self.open.len() >= limits::QUIC_STREAMS
                && let Some((oldest, _)) = self.open.first_key_value()
            {
                let oldest = *oldest;
                take(place, Piece::Limit);
                self.flush_stream(oldest, take);
                self.close(oldest);
            }
        }
        let [client, server] = self.open.entry(place.stream).or_default();
        let half = match place.side {
            Side::Client => client,
            Side::Server => server,
        };
        Some(half.get_or_insert_with(Half::new))
    }

    /// Forgets a stream whose directions are all over.
    fn settle(&mut self, place: Place, take: Take<'_>) {
        let stream = place.stream;
        let directions = if stream & 0b10 == 0 { 2 } else { 1 };
        let over = self.open.get(&stream).map_or(0, |halves| {
            let is_over = |half: &&Option<Half>| half.as_ref().is_some_and(|half| half.is_over);
            halves.iter().filter(is_over).count()
        });
        if over >= directions {
            self.close(stream);
            take(place, Piece::Closed);
        }
    }

    fn close(&mut self, stream: u64) {
        self.open.remove(&stream);
        let Some((floor, over)) = self.over_of(stream) else {
            return;
        };
        over.insert(stream);
        while over.remove(floor) {
            *floor = floor.saturating_add(4);
        }
        if over.len() > limits::QUIC_STREAMS
            && let Some(lowest) = over.pop_first()
        {
            *floor = lowest.saturating_add(4);
        }
    }

    /// What is noted of the streams of that kind.
    fn over_of(&mut self, stream: u64) -> Option<(&mut u64, &mut BTreeSet<u64>)> {
        let kind = usize::try_from(stream & 0b11).ok()?;
        let (floor, over) = self.over.get_mut(kind)?;
        *floor = (*floor).max(stream & 0b11);
        Some((floor, over))
    }

    fn is_over(&mut self, stream: u64) -> bool {
        self.over_of(stream)
            .is_none_or(|(floor, over)| stream < *floor || over.contains(&stream))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(stream: u64) -> Place {
        Place {
            stream,
            side: Side::Client,
            origin: Origin::default(),
        }
    }

    #[derive(Debug, Default, PartialEq)]
    struct Seen {
        bytes: BTreeMap<u64, Vec<u8>>,
        gaps: Vec<(u64, u64)>,
        ends: Vec<(u64, bool)>,
        limits: usize,
    }

    impl Seen {
        fn take(&mut self, place: Place, piece: &Piece<'_>) {
            match piece {
                Piece::Bytes(bytes) => self.bytes.entry(place.stream).or_default().extend(*bytes),
                Piece::Gap(lost) => self.gaps.push((place.stream, *lost)),
                Piece::End(is_cut) => self.ends.push((place.stream, *is_cut)),
                Piece::Limit => self.limits += 1,
                Piece::Closed => {}
            }
        }
    }

    #[test]
    fn what_is_missing_is_a_gap_at_the_end() {
        let mut streams = Streams::default();
        let mut seen = Seen::default();
        let mut take = |place: Place, piece: Piece<'_>| seen.take(place, &piece);
        streams.push(place(2), 0, b"ab", false, &mut take);
        streams.push(place(2), 5, b"fg", true, &mut take);
        streams.flush(&mut take);
        // over: this is a repetition
        streams.push(place(2), 0, b"ab", false, &mut take);
        assert_eq!(seen.bytes[&2], b"abfg");
        assert_eq!(seen.gaps, [(2, 3)]);
        assert_eq!(seen.ends, [(2, false)]);
    }

    #[test]
    fn a_stream_that_is_broken_off_ends_there() {
        let mut streams = Streams::default();
        let mut seen = Seen::default();
        let mut take = |place: Place, piece: Piece<'_>| seen.take(place, &piece);
        streams.push(place(4), 0, b"ab", false, &mut take);
        streams.reset(place(4), 9, &mut take);
        assert_eq!(seen.ends, [(4, true)]);
        assert!(seen.gaps.is_empty());
    }

    #[test]
    fn bounds_hold() {
        let mut streams = Streams::default();
        let mut seen = Seen::default();
        let mut take = |place: Place, piece: Piece<'_>| seen.take(place, &piece);
        let piece = vec![7; limits::QUIC_STREAM_BYTES / 2];
        for offset in [1, 1 << 30, 1 << 31] {
            streams.push(place(2), offset, &piece, false, &mut take);
        }
        for stream in 0..u64::try_from(limits::QUIC_STREAMS).unwrap() + 5 {
            streams.push(place(stream * 4), 1, b"x", false, &mut take);
        }
        assert!(streams.open.len() <= limits::QUIC_STREAMS);
        assert!(streams.held <= limits::QUIC_CONNECTION_BYTES);
        assert!(seen.limits >= 6);
    }

    proptest! {
        /// Frames in any order, some of them twice, give each stream once.
        #[test]
        fn any_order_gives_the_streams(
            order in Just((0_u64..40).collect::<Vec<_>>()).prop_shuffle(),
            twice in proptest::collection::vec(0_u64..40, 0..20),
        ) {
            let mut streams = Streams::default();
            let mut seen = Seen::default();
            let mut take = |place: Place, piece: Piece<'_>| seen.take(place, &piece);
            for frame in order.into_iter().chain(twice) {
                let (stream, at) = (frame / 10 * 4 + 2, frame % 10);
                let byte = [u8::try_from(frame).unwrap()];
                streams.push(place(stream), at, &byte, at == 9, &mut take);
            }
            streams.flush(&mut take);
            prop_assert_eq!(seen.ends.len(), 4);
            prop_assert!(seen.gaps.is_empty() && streams.open.is_empty());
            let all: Vec<u8> = seen.bytes.values().flatten().copied().collect();
            prop_assert_eq!(all, (0..40).collect::<Vec<u8>>());
        }
    }
}
