//! Many patterns in bytes at a cost that does not grow with their number: windows of a few bytes are looked up in a filter, and
//! only where one may belong to a pattern is it compared.

use super::table::{Slot, Table};
use crate::model::Look;

/// Bytes of a window. A pattern has at least as many.
const WIDE: usize = 8;
/// Bytes of a window for shorter patterns.
const NARROW: usize = 4;

/// Where a window may be looked up; patterns are filed under such a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Window {
    /// Anywhere.
    Any,
    /// Hexadecimal digits of four bytes of ASCII: `6572696b`.
    Hex,
    /// Two groups of base64 of six bytes of ASCII; the pattern begins so many characters into a group.
    Base64(usize),
}

/// Whether a character of base64 may stand at a place of two groups whose bytes are ASCII: a bit for each of eight places.
const ASCII_IN_BASE64: [u8; 256] = places_in_base64();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated by the compiler over the 256 values of a byte"
)]
const fn places_in_base64() -> [u8; 256] {
    let mut places = [0; 256];
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = 0;
    while value < 64 {
        // The highest bits of the three bytes are the bits 5, 3 and 1 of the first three characters (RFC 4648 §4).
        let first = if value & 32 == 0 { 1 } else { 0 };
        let second = if value & 8 == 0 { 2 } else { 0 };
        let third = if value & 2 == 0 { 4 } else { 0 };
        let group = first | second | third | 8;
        places[letters[value] as usize] = group << 4 | group;
        value += 1;
    }
    places[b'-' as usize] = places[b'+' as usize];
    places[b'_' as usize] = places[b'/' as usize];
    places
}

impl Window {
    /// Whether a window with these bytes is looked up at all.
    #[inline]
    fn may_be(self, window: [u8; WIDE]) -> bool {
        match self {
            Self::Any => true,
            // `0` to `7` at every second place
            Self::Hex => u64::from_le_bytes(window) & 0x0048_0048_0048_0048 == 0,
            Self::Base64(_) => {
                let (groups, _) = window.as_chunks::<4>();
                let may_stand = |byte: u8, place: u8| {
                    let places = ASCII_IN_BASE64.get(usize::from(byte));
                    places.is_some_and(|places| places & place != 0)
                };
                groups.iter().all(|[first, second, third, last]| {
                    may_stand(*first, 1)
                        && may_stand(*second, 2)
                        && may_stand(*third, 4)
                        && may_stand(*last, 8)
                })
            }
        }
    }

    /// Whether a pattern may be filed under the window at this offset.
    fn fits(self, offset: usize, window: &[u8]) -> bool {
        let is_aligned = match self {
            Self::Any => true,
            Self::Hex => offset.is_multiple_of(2),
            Self::Base64(start) => offset.wrapping_add(start).is_multiple_of(4),
        };
        let window = window.first_chunk();
        is_aligned && window.is_some_and(|window| self.may_be(*window))
    }
}

/// Patterns to be found anywhere in bytes.
#[derive(Debug, Default)]
pub(super) struct Literals {
    wide: Table,
    narrow: Table,
    looks: Option<Look>,
}

/// Files patterns. Each goes under the one of its windows that fewest others have, so that names that begin alike do not end up in
/// one heap; so all are shown twice: first to be counted, then to be filed.
#[derive(Debug)]
pub(super) struct Builder {
    popularity: Vec<u8>,
    wide: Vec<(u64, Slot)>,
    narrow: Vec<(u64, Slot)>,
    /// What the patterns have in common.
    looks: Option<Look>,
}

/// Windows of one pattern that it may be filed under: their offsets fit a slot.
const OFFSETS: usize = 1 << 16;
/// Counters of how often a window was seen: enough for millions of words, and small enough for the cache.
const COUNTERS: usize = 1 << 20;

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            popularity: vec![0; COUNTERS],
            wide: Vec::new(),
            narrow: Vec::new(),
            looks: None,
        }
    }

    /// Shows a pattern.
    pub(super) fn count(&mut self, pattern: &[u8]) {
        for window in pattern.windows(WIDE) {
            if let Some(count) = self.popularity.get_mut(counter(wide(window))) {
                *count = count.saturating_add(1);
            }
        }
    }

    /// Files a pattern under a window of that kind; says whether it has one. Patterns shorter than the narrow window have none.
    pub(super) fn file(&mut self, pattern: &[u8], slot: Slot, kind: Window) -> bool {
        let rarest = pattern
            .windows(WIDE)
            .take(OFFSETS)
            .enumerate()
            .filter(|(offset, window)| kind.fits(*offset, window))
            .min_by_key(|(_, window)| self.popularity.get(counter(wide(window))).copied());
        if let Some((offset, window)) = rarest {
            let offset = u16::try_from(offset).unwrap_or(0);
            self.wide.push((wide(window), Slot { offset, ..slot }));
            add_look(&mut self.looks, pattern);
            return true;
        }
        match pattern.get(..NARROW) {
            Some(window) if pattern.len() < WIDE && kind == Window::Any => {
                self.narrow
                    .push((narrow(window), Slot { offset: 0, ..slot }));
                add_look(&mut self.looks, pattern);
                true
            }
            _ => false,
        }
    }

    pub(super) fn build(self) -> Literals {
        Literals {
            wide: Table::new(self.wide),
            narrow: Table::new(self.narrow),
            looks: self.looks,
        }
    }
}

/// Adds a pattern to what patterns have in common.
pub(super) fn add_look(looks: &mut Option<Look>, pattern: &[u8]) {
    let mut own = Look::default();
    for byte in pattern {
        own.add(*byte);
    }
    *looks = Some(looks.map_or(own, |looks| looks.of_either(own)));
}

fn counter(key: u64) -> usize {
    let spread = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 44;
    usize::try_from(spread).unwrap_or(0)
}

fn wide(window: &[u8]) -> u64 {
    window
        .first_chunk::<WIDE>()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn narrow(window: &[u8]) -> u64 {
    window
        .first_chunk::<NARROW>()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes).into())
}

impl Literals {
    /// What they have in common.
    pub(super) fn looks(&self) -> Option<Look> {
        self.looks
    }

    /// Whether one of them may be in a text that looks like this.
    #[inline]
    pub(super) fn may_be_in(&self, text: Look) -> bool {
        self.looks.is_some_and(|looks| text.may_hold(looks))
    }

    /// Calls `candidate` with the slot of each pattern that may begin at a position of `bytes`; the caller compares.
    pub(super) fn scan(&self, bytes: &[u8], candidate: &mut dyn FnMut(Slot, usize)) {
        if !self.wide.is_empty() {
            self.scan_windows(Window::Any, bytes, candidate);
        }
        if !self.narrow.is_empty() {
            for (position, window) in bytes.windows(NARROW).enumerate() {
                look(&self.narrow, narrow(window), position, candidate);
            }
        }
    }

    /// The same of patterns that are all filed under windows of one kind, in bytes that are all of it.
    pub(super) fn scan_windows(
        &self,
        kind: Window,
        bytes: &[u8],
        candidate: &mut dyn FnMut(Slot, usize),
    ) {
        if let Window::Base64(_) = kind {
            self.scan_base64(bytes, candidate);
            return;
        }
        for (position, window) in bytes.array_windows().enumerate() {
            if kind.may_be(*window) {
                let key = u64::from_le_bytes(*window);
                look(&self.wide, key, position, candidate);
            }
        }
    }
}

impl Literals {
    /// [`Self::scan_windows`] of base64: each byte moves all windows that it may go on by one place.
    fn scan_base64(&self, bytes: &[u8], candidate: &mut dyn FnMut(Slot, usize)) {
        let mut windows = 0_u8;
        for (behind, byte) in (1_usize..).zip(bytes) {
            let places = ASCII_IN_BASE64.get(usize::from(*byte)).copied();
            windows = (windows << 1 | 1) & places.unwrap_or_default();
            if windows >> (WIDE - 1) == 1
                && let Some(position) = behind.checked_sub(WIDE)
                && let Some(window) = bytes.get(position..behind)
            {
                look(&self.wide, wide(window), position, candidate);
            }
        }
    }
}

#[inline]
fn look(table: &Table, key: u64, position: usize, candidate: &mut dyn FnMut(Slot, usize)) {
    if table.may_hold(key) {
        for slot in table.get(key) {
            if let Some(start) = position.checked_sub(usize::from(slot.offset)) {
                candidate(slot, start);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    fn slot(position: usize) -> Slot {
        let value = u32::try_from(position).unwrap();
        Slot {
            value,
            spelling: 0,
            how: 0,
            offset: 0,
        }
    }

    proptest! {
        #[test]
        fn every_occurrence_is_a_candidate(words in proptest::collection::vec("[ab]{4,14}", 1..20), text in "[abc]{0,60}") {
            let mut builder = Builder::new();
            for word in &words {
                builder.count(word.as_bytes());
            }
            for (position, word) in words.iter().enumerate() {
                prop_assert!(builder.file(word.as_bytes(), slot(position), Window::Any));
            }
            let literals = builder.build();
            let mut found = Vec::new();
            literals.scan(text.as_bytes(), &mut |slot, start| {
                let word = &words[slot.value as usize];
                if text.get(start..).is_some_and(|rest| rest.starts_with(word.as_str())) {
                    found.push((word.clone(), start));
                }
            });
            for word in &words {
                for start in 0..text.len() {
                    if text.get(start..).is_some_and(|rest| rest.starts_with(word.as_str())) {
                        prop_assert!(found.contains(&(word.clone(), start)), "{} at {}", word, start);
                    }
                }
            }
        }

        #[test]
        fn windows_of_base64_are_those_that_are_looked_up(text in "[A-Za-z0-9+/_-]{0,40}") {
            let bytes = text.as_bytes();
            let windows: Vec<usize> = (0..bytes.len().saturating_sub(WIDE - 1))
                .filter(|start| Window::Base64(0).may_be(*bytes[*start..].first_chunk().unwrap()))
                .collect();
            let entry = |start: &usize| {
                let value = u32::try_from(*start).unwrap();
                (wide(&bytes[*start..]), Slot { value, spelling: 0, how: 0, offset: 0 })
            };
            let literals = Literals { wide: Table::new(windows.iter().map(entry).collect()), narrow: Table::default(), looks: None };
            let mut found = Vec::new();
            literals.scan_windows(Window::Base64(0), bytes, &mut |_, start| found.push(start));
            found.dedup();
            prop_assert_eq!(found, windows);
        }

        #[test]
        fn text_in_base64_has_windows_that_are_looked_up(before in "[ -~]{0,5}", word in "[ -~]{8,20}", behind in "[ -~]{0,5}") {
            let encoded = STANDARD_NO_PAD.encode([&*before, &word, &behind].concat());
            for start in (0..encoded.len() - 8).step_by(4) {
                let window = encoded.as_bytes()[start..].first_chunk().unwrap();
                prop_assert!(Window::Base64(0).may_be(*window), "{}", encoded);
            }
        }
    }
}
