//! Many words in a text at a cost that does not grow with their number: windows of a few bytes are looked up in a filter, and
//! only where one may begin or continue a word is it compared.

use super::table::{Slot, Table};

/// Bytes of a window. A word has at least as many.
const WIDE: usize = 8;
/// Bytes of a window for shorter words.
const NARROW: usize = 4;

/// Patterns to be found anywhere in bytes.
#[derive(Debug, Default)]
pub(super) struct Literals {
    wide: Table,
    narrow: Table,
}

/// Gathers patterns. Each is filed under the one of its windows that fewest others have, so that names that begin alike do
/// not end up in one heap.
#[derive(Debug)]
pub(super) struct Builder {
    patterns: Vec<(Vec<u8>, Slot)>,
    popularity: Vec<u8>,
}

/// Windows of one pattern that it may be filed under: their offsets fit a slot.
const OFFSETS: usize = 1 << 16;
/// Counters of how often a window was seen: enough for millions of words, and small enough for the cache.
const COUNTERS: usize = 1 << 20;

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            patterns: Vec::new(),
            popularity: vec![0; COUNTERS],
        }
    }

    pub(super) fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Adds a pattern; shorter ones than the narrow window are left out, which callers have made sure of.
    pub(super) fn add(&mut self, pattern: Vec<u8>, slot: Slot) {
        for window in pattern.windows(WIDE) {
            if let Some(count) = self.popularity.get_mut(counter(wide(window))) {
                *count = count.saturating_add(1);
            }
        }
        self.patterns.push((pattern, slot));
    }

    pub(super) fn build(self) -> Literals {
        let (mut wide_entries, mut narrow_entries) = (Vec::new(), Vec::new());
        for (pattern, slot) in &self.patterns {
            let rarest = pattern
                .windows(WIDE)
                .take(OFFSETS)
                .enumerate()
                .min_by_key(|(_, window)| self.popularity.get(counter(wide(window))).copied());
            if let Some((offset, window)) = rarest {
                let offset = u16::try_from(offset).unwrap_or(0);
                wide_entries.push((wide(window), Slot { offset, ..*slot }));
            } else if let Some(window) = pattern.get(..NARROW) {
                narrow_entries.push((narrow(window), Slot { offset: 0, ..*slot }));
            }
        }
        Literals {
            wide: Table::new(wide_entries),
            narrow: Table::new(narrow_entries),
        }
    }
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
    pub(super) fn is_empty(&self) -> bool {
        self.wide.is_empty() && self.narrow.is_empty()
    }

    /// Calls `candidate` with the slot of each pattern that may begin at a position of `bytes`; the caller compares.
    pub(super) fn scan(&self, bytes: &[u8], candidate: &mut dyn FnMut(Slot, usize)) {
        if !self.wide.is_empty() {
            look(&self.wide, bytes.windows(WIDE).map(wide), candidate);
        }
        if !self.narrow.is_empty() {
            look(&self.narrow, bytes.windows(NARROW).map(narrow), candidate);
        }
    }
}

fn look(table: &Table, windows: impl Iterator<Item = u64>, candidate: &mut dyn FnMut(Slot, usize)) {
    for (position, key) in windows.enumerate() {
        if table.may_hold(key) {
            for slot in table.get(key) {
                if let Some(start) = position.checked_sub(usize::from(slot.offset)) {
                    candidate(slot, start);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_occurrence_is_a_candidate(words in proptest::collection::vec("[ab]{4,14}", 1..20), text in "[abc]{0,60}") {
            let mut builder = Builder::new();
            for (position, word) in words.iter().enumerate() {
                let value = u32::try_from(position).unwrap();
                builder.add(word.clone().into_bytes(), Slot { value, spelling: 0, how: 0, offset: 0 });
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
    }
}
