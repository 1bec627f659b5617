//! Patterns that begin and end where words do: a look-up for each word that may begin one, however many there are.

use super::literal::add_look;
use super::table::{Filter, Hash, Slot, Table, key};
use crate::model::Look;

/// Bytes by which the beginning of a pattern is told.
const LONG: usize = 8;
/// The same of shorter patterns. A pattern has at least as many.
const SHORT: usize = 4;

/// Patterns with the edges of words around them.
#[derive(Debug, Default)]
pub(super) struct Words {
    long: Filter,
    short: Filter,
    whole: Table,
    /// The bytes that patterns begin with.
    first: Bytes,
    shortest: usize,
    longest: usize,
    looks: Option<Look>,
}

/// A set of bytes.
#[derive(Clone, Copy, Debug)]
struct Bytes([bool; 256]);

impl Default for Bytes {
    fn default() -> Self {
        Self([false; 256])
    }
}

impl Bytes {
    #[inline]
    fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)).copied().unwrap_or_default()
    }

    fn add(&mut self, byte: u8) {
        if let Some(has) = self.0.get_mut(usize::from(byte)) {
            *has = true;
        }
    }
}

/// [`is_word`] of each byte.
const WORD: [bool; 256] = {
    let mut is_word = [false; 256];
    let mut value = 0;
    while value < 256 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::indexing_slicing,
            reason = "evaluated by the compiler over the 256 values of a byte"
        )]
        {
            let byte = value as u8;
            is_word[value] = byte.is_ascii_alphanumeric() || !byte.is_ascii();
            value += 1;
        }
    }
    is_word
};

/// Letters and digits of ASCII, and whatever continues a character beyond it.
#[inline]
pub(super) fn is_word(byte: u8) -> bool {
    WORD.get(usize::from(byte)).copied().unwrap_or_default()
}

fn long(bytes: &[u8]) -> Option<u64> {
    bytes
        .first_chunk::<LONG>()
        .map(|bytes| u64::from_le_bytes(*bytes))
}

fn short(bytes: &[u8]) -> Option<u64> {
    bytes
        .first_chunk::<SHORT>()
        .map(|bytes| u32::from_le_bytes(*bytes).into())
}

impl Words {
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
        let Some(last) = bytes.len().checked_sub(self.shortest) else {
            return;
        };
        let mut is_inside = false;
        let starts = bytes.get(..=last).unwrap_or_default();
        for (start, byte) in starts.iter().enumerate() {
            if !is_inside && self.first.has(*byte) {
                let rest = bytes.get(start..).unwrap_or_default();
                self.look(rest, start, candidate);
            }
            is_inside = is_word(*byte);
        }
    }

    #[inline]
    fn look(&self, rest: &[u8], start: usize, candidate: &mut dyn FnMut(Slot, usize)) {
        let may_begin = |filter: &Filter, key: Option<u64>| {
            !filter.is_empty() && key.is_some_and(|key| filter.may_hold(key))
        };
        if !may_begin(&self.long, long(rest)) && !may_begin(&self.short, short(rest)) {
            return;
        }
        let mut hash = Hash::default();
        let next = rest.iter().skip(1).map(Some).chain([None]);
        for (byte, next) in rest.iter().zip(next).take(self.longest) {
            hash.add(*byte);
            if next.is_none_or(|next| !is_word(*next)) {
                for slot in self.whole.get(hash.key()) {
                    candidate(slot, start);
                }
            }
        }
    }
}

fn filter(keys: &[u64]) -> Filter {
    if keys.is_empty() {
        return Filter::default();
    }
    let mut filter = Filter::new(keys.len());
    for key in keys {
        filter.add(*key);
    }
    filter
}

/// Patterns on their way into [`Words`].
#[derive(Debug, Default)]
pub(super) struct Patterns {
    long: Vec<u64>,
    short: Vec<u64>,
    entries: Vec<(u64, Slot)>,
    first: Bytes,
    shortest: Option<usize>,
    longest: usize,
    /// What the patterns have in common.
    looks: Option<Look>,
}

impl Patterns {
    /// Adds a pattern; shorter ones than four bytes are left out, which callers have made sure of.
    pub(super) fn add(&mut self, pattern: &[u8], slot: Slot) {
        match (long(pattern), short(pattern)) {
            (Some(long), _) => self.long.push(long),
            (None, Some(short)) => self.short.push(short),
            (None, None) => return,
        }
        if let Some(first) = pattern.first() {
            self.first.add(*first);
        }
        let shortest = self.shortest.unwrap_or(pattern.len());
        self.shortest = Some(shortest.min(pattern.len()));
        self.longest = self.longest.max(pattern.len());
        add_look(&mut self.looks, pattern);
        self.entries.push((key(pattern), slot));
    }

    /// Files them.
    pub(super) fn build(mut self) -> Words {
        for keys in [&mut self.long, &mut self.short] {
            keys.sort_unstable();
            keys.dedup();
        }
        Words {
            long: filter(&self.long),
            short: filter(&self.short),
            whole: Table::new(self.entries),
            first: self.first,
            shortest: self.shortest.unwrap_or_default(),
            longest: self.longest,
            looks: self.looks,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_occurrence_between_edges_is_a_candidate(words in proptest::collection::vec("[ab]{1,6}[ .][ab]{2,9}", 1..20), text in "[ab .]{0,60}") {
            let mut patterns = Patterns::default();
            for (position, word) in words.iter().enumerate() {
                let value = u32::try_from(position).unwrap();
                patterns.add(word.as_bytes(), Slot { value, spelling: 0, how: 0, offset: 0 });
            }
            let index = patterns.build();
            let mut found = Vec::new();
            index.scan(text.as_bytes(), &mut |slot, start| found.push((words[slot.value as usize].clone(), start)));
            for word in &words {
                for (start, _) in text.match_indices(word.as_str()) {
                    let edge = |byte: Option<&u8>| byte.is_none_or(|byte| !is_word(*byte));
                    let bytes = text.as_bytes();
                    let has_edges = edge(start.checked_sub(1).and_then(|at| bytes.get(at))) && edge(bytes.get(start + word.len()));
                    prop_assert!(!has_edges || found.contains(&(word.clone(), start)), "{} at {} of {:?}", word, start, text);
                }
            }
        }
    }
}
