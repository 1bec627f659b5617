//! IP fragments → whole datagrams, bounded in number, size and (capture) time.
//!
//! Of bytes that come twice the first copy counts (RFC 791 leaves it open, RFC 5722 forbids it for IPv6; a capture that
//! shows it is attacked or damaged, and something must be read).

use std::collections::{HashMap, VecDeque};

use super::internet::{Address, Datagram, Fragment};
use crate::limits;
use crate::model::{Coverage, Origin, Shortfall, Timestamp};

/// What fragments of one datagram have in common (RFC 791 §2.3, RFC 8200 §4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    source: Address,
    destination: Address,
    id: u32,
    protocol: u8,
}

/// A datagram in the making.
#[derive(Debug)]
struct Partial {
    first: Origin,
    bytes: Vec<u8>,
    /// Ranges that are filled, sorted, without overlap and without touching.
    filled: Vec<(usize, usize)>,
    /// Length of the whole, once the last fragment was seen.
    length: Option<usize>,
    /// Number of this datagram, so that an old note of its deadline is not taken for a newer one's.
    number: u64,
}

impl Partial {
    fn is_complete(&self) -> bool {
        matches!((self.filled.as_slice(), self.length), ([(0, end)], Some(length)) if *end >= length)
    }

    fn filled_bytes(&self) -> u64 {
        self.filled.iter().fold(0_u64, |sum, (from, until)| {
            sum.saturating_add(until.saturating_sub(*from) as u64)
        })
    }

    /// Adds bytes at a place; those that are there already stay.
    fn add(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset.saturating_add(bytes.len());
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        let mut at = offset;
        let mut ranges: Vec<(usize, usize)> =
            Vec::with_capacity(self.filled.len().saturating_add(1));
        for &(from, until) in self.filled.iter().chain([&(usize::MAX, usize::MAX)]) {
            let new_until = end.min(from);
            if at < new_until {
                let source = bytes.get(at.saturating_sub(offset)..new_until.saturating_sub(offset));
                if let (Some(target), Some(source)) = (self.bytes.get_mut(at..new_until), source) {
                    target.copy_from_slice(source);
                }
            }
            at = at.max(until.min(end));
        }
        ranges.extend_from_slice(&self.filled);
        ranges.push((offset, end));
        ranges.sort_unstable();
        self.filled.clear();
        for (from, until) in ranges {
            match self.filled.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(until),
                _ => self.filled.push((from, until)),
            }
        }
    }
}

/// Datagrams of which fragments were seen.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    partial: HashMap<Key, Partial>,
    /// In the order in which they began; those completed meanwhile leave their note.
    order: VecDeque<(Timestamp, Key, u64)>,
    count: u64,
}

/// A datagram put together.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) source: Address,
    pub(super) destination: Address,
    pub(super) protocol: u8,
    pub(super) bytes: Vec<u8>,
}

impl Fragments {
    /// Takes a fragment; yields the datagram that it completes.
    pub(super) fn add(
        &mut self,
        datagram: &Datagram<'_>,
        fragment: Fragment,
        origin: Origin,
        coverage: &mut Coverage,
    ) -> Option<Whole> {
        self.expire(origin.time, coverage);
        let key = Key {
            source: datagram.source,
            destination: datagram.destination,
            id: fragment.id,
            protocol: datagram.protocol,
        };
        let offset = usize::try_from(fragment.offset).ok()?;
        let end = offset.checked_add(datagram.payload.len())?;
        if end > limits::DATAGRAM_BYTES {
            coverage.add(
                origin.input,
                Shortfall::MalformedPacket,
                Some(origin),
                datagram.payload.len() as u64,
                || "fragment beyond the end of a datagram".to_owned(),
            );
            return None;
        }
        if !self.partial.contains_key(&key) {
            self.count = self.count.wrapping_add(1);
            self.order.push_back((origin.time, key, self.count));
            self.partial.insert(
                key,
                Partial {
                    first: origin,
                    bytes: Vec::new(),
                    filled: Vec::new(),
                    length: None,
                    number: self.count,
                },
            );
        }
        let partial = self.partial.get_mut(&key)?;
        partial.add(offset, datagram.payload);
        // a last fragment that was cut leaves the end open, and the datagram incomplete
        if !fragment.more && datagram.missing == 0 {
            partial.length.get_or_insert(end);
        }
        if partial.is_complete() {
            let mut whole = self.partial.remove(&key)?;
            whole.bytes.truncate(whole.length?);
            return Some(Whole {
                source: key.source,
                destination: key.destination,
                protocol: key.protocol,
                bytes: whole.bytes,
            });
        }
        if self.order.len() > limits::FRAGMENTED_DATAGRAMS {
            self.give_up_oldest(coverage);
        }
        None
    }

    /// Gives up datagrams that began too long ago.
    fn expire(&mut self, now: Timestamp, coverage: &mut Coverage) {
        while let Some((began, key, number)) = self.order.front().copied() {
            let is_open = self.is_open(&key, number);
            if is_open && now.since(began) < limits::FRAGMENT_LIFETIME {
                return;
            }
            self.order.pop_front();
            if is_open {
                self.give_up(&key, coverage);
            }
        }
    }

    /// Whether the datagram of a note is still incomplete.
    fn is_open(&self, key: &Key, number: u64) -> bool {
        self.partial
            .get(key)
            .is_some_and(|partial| partial.number == number)
    }

    fn give_up_oldest(&mut self, coverage: &mut Coverage) {
        while let Some((_, key, number)) = self.order.pop_front() {
            if self.is_open(&key, number) {
                self.give_up(&key, coverage);
                return;
            }
        }
    }

    fn give_up(&mut self, key: &Key, coverage: &mut Coverage) {
        if let Some(partial) = self.partial.remove(key) {
            coverage.add(
                partial.first.input,
                Shortfall::FragmentsIncomplete,
                Some(partial.first),
                partial.filled_bytes(),
                || format!("protocol {}", key.protocol),
            );
        }
    }

    /// Gives up all.
    pub(super) fn finish(&mut self, coverage: &mut Coverage) {
        while !self.order.is_empty() {
            self.give_up_oldest(coverage);
        }
    }
}
