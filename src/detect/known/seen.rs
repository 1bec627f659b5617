//! Short texts and bytes in which nothing was found lately: the same words stand in message after message.

use std::cell::RefCell;

/// How many are remembered, of fifteen bytes at most: so few that they stay in the processor's nearest cache.
const REMEMBERED: usize = 1024;

/// What a thread remembers of one index.
#[derive(Debug, Default)]
pub(super) struct Seen {
    index: u64,
    all: Vec<Short>,
}

/// A short text, or short bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Short([u64; 2]);

impl Short {
    pub(super) fn text(text: &[u8]) -> Option<Self> {
        Self::of(text, 0)
    }

    pub(super) fn binary(bytes: &[u8]) -> Option<Self> {
        Self::of(bytes, 0x80)
    }

    /// All bytes in their order, then zeros, and the length with a mark as the last.
    #[inline]
    fn of(bytes: &[u8], mark: u8) -> Option<Self> {
        let length = u8::try_from(bytes.len()).ok().filter(|it| *it < 16)?;
        // The last bytes, moved to where those before them end.
        let moved = |last: u64, end: u8| {
            let bits = u32::from(end.saturating_sub(length)).saturating_mul(8);
            last.checked_shr(bits).unwrap_or(0)
        };
        let (low, high) = if let (Some(first), Some(last)) =
            (bytes.first_chunk::<8>(), bytes.last_chunk::<8>())
        {
            (
                u64::from_le_bytes(*first),
                moved(u64::from_le_bytes(*last), 16),
            )
        } else if let (Some(first), Some(last)) =
            (bytes.first_chunk::<4>(), bytes.last_chunk::<4>())
        {
            let halves = [*first, *last].map(|half| u64::from(u32::from_le_bytes(half)));
            let [first, last] = halves;
            (first | moved(last, 8) << 32, 0)
        } else {
            let bytes = bytes.iter().rev();
            let low = bytes.fold(0, |low, byte| low << 8 | u64::from(*byte));
            (low, 0)
        };
        Some(Self([low, high | u64::from(length | mark) << 56]))
    }

    fn slot(self) -> usize {
        let [low, high] = self.0;
        let mixed = (low ^ high.rotate_left(23)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::try_from(mixed >> 48).unwrap_or(0) % REMEMBERED
    }
}

thread_local! {
    static SEEN: RefCell<Seen> = RefCell::default();
}

impl Seen {
    /// What this thread remembers, for one more message.
    pub(super) fn take(index: u64) -> Self {
        let mut seen = SEEN.take();
        if seen.index != index || seen.all.is_empty() {
            seen.index = index;
            seen.all.clear();
            seen.all.resize(REMEMBERED, Short::default());
        }
        seen
    }

    /// Keeps it for the next message.
    pub(super) fn put_back(self) {
        SEEN.set(self);
    }

    #[inline]
    pub(super) fn has(&self, short: Short) -> bool {
        self.all.get(short.slot()) == Some(&short)
    }

    #[inline]
    pub(super) fn add(&mut self, short: Short) {
        if let Some(slot) = self.all.get_mut(short.slot()) {
            *slot = short;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn what_is_remembered_is_exactly_what_was_seen() {
        let mut seen = Seen::take(1);
        let share = Short::text(b"share").unwrap();
        seen.add(share);
        assert!(seen.has(share));
        for other in [
            Short::text(b"share\0"),
            Short::binary(b"share"),
            Short::text(b"shar"),
        ] {
            assert!(!seen.has(other.unwrap()));
        }
        assert_eq!(Short::text(b"longer than there is room"), None);
        let text = b"0123456789abcdef";
        let shorts: HashSet<[u64; 2]> = (0..16)
            .filter_map(|length| Some(Short::text(text.get(..length)?)?.0))
            .collect();
        assert_eq!(shorts.len(), 16);
        assert_eq!(
            Short::text(b"01234567"),
            Some(Short([0x3736_3534_3332_3130, 8 << 56]))
        );
        assert_eq!(
            Short::text(b"0123456789"),
            Some(Short([0x3736_3534_3332_3130, 10 << 56 | 0x3938]))
        );
        assert_eq!(
            Short::text(b"01234"),
            Some(Short([0x34_3332_3130, 5 << 56]))
        );
        seen.put_back();
        assert!(Seen::take(1).has(share));
        assert!(!Seen::take(2).has(share), "another list of known values");
    }
}
