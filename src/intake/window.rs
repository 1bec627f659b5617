//! The bytes of an input as they pass by: one reused buffer, refilled so that each read lands on a page boundary.
//!
//! A read into memory that starts on a page boundary runs several times faster than one that does not, so what is left of the
//! last read is moved to just *before* the boundary. Works for pipes, and a file that shrinks is a short file.

use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::ops::Range;

use crate::limits::READ_BYTES;

/// Page size of all platforms that matter, or a divisor of it.
const PAGE: usize = 4096;

/// A view of consecutive bytes of a reader.
pub(super) struct Window {
    reader: Box<dyn Read>,
    memory: Vec<u8>,
    /// Where reads land: on a page boundary, with room for the longest record before it.
    base: usize,
    /// End of the room for reads.
    limit: usize,
    start: usize,
    end: usize,
    /// Offset in the input of `start`.
    offset: u64,
    has_ended: bool,
}

impl fmt::Debug for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Window")
            .field("offset", &self.offset)
            .field("available", &self.available())
            .finish_non_exhaustive()
    }
}

impl Window {
    /// A window in which up to `longest` consecutive bytes can be seen at once.
    pub(super) fn new(reader: Box<dyn Read>, longest: usize) -> Self {
        let room_before = longest.next_multiple_of(PAGE);
        // Zeroed memory of this size comes from the system untouched, so the room costs nothing until it is used.
        let memory = vec![0; PAGE.saturating_add(room_before).saturating_add(READ_BYTES)];
        // `align_offset` may refuse; then reads are only slower.
        let aligned = memory.as_ptr().align_offset(PAGE);
        let aligned = if aligned < PAGE { aligned } else { 0 };
        let base = aligned.saturating_add(room_before);
        Self {
            reader,
            base,
            limit: base.saturating_add(READ_BYTES).min(memory.len()),
            memory,
            start: base,
            end: base,
            offset: 0,
            has_ended: false,
        }
    }

    /// What can be seen without reading.
    pub(super) fn bytes(&self) -> &[u8] {
        self.memory.get(self.start..self.end).unwrap_or_default()
    }

    /// How much that is.
    pub(super) fn available(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Offset in the input of the first byte of [`Window::bytes`].
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Steps over up to `length` available bytes; they can be looked at with [`Window::at`] until the next
    /// [`Window::fill`].
    pub(super) fn take(&mut self, length: usize) -> Range<usize> {
        let from = self.start;
        self.start = from.saturating_add(length).min(self.end);
        self.offset = self
            .offset
            .saturating_add(self.start.saturating_sub(from) as u64);
        from..self.start
    }

    /// Bytes taken before.
    pub(super) fn at(&self, range: Range<usize>) -> &[u8] {
        self.memory.get(range).unwrap_or_default()
    }

    /// Sees to it that `wanted` bytes are available; `false` if the input ends before.
    pub(super) fn fill(&mut self, wanted: usize) -> io::Result<bool> {
        if self.available() >= wanted {
            return Ok(true);
        }
        self.refill(wanted)
    }

    #[cold]
    fn refill(&mut self, wanted: usize) -> io::Result<bool> {
        self.move_before_base();
        while self.available() < wanted {
            if self.has_ended {
                return Ok(false);
            }
            if self.end >= self.limit {
                self.move_before_base();
            }
            let Some(free) = self
                .memory
                .get_mut(self.end..self.limit)
                .filter(|free| !free.is_empty())
            else {
                // More was wanted than the window was made for: the caller treats it like the end of the input.
                return Ok(false);
            };
            match self.reader.read(free) {
                Ok(0) => self.has_ended = true,
                Ok(length) => self.end = self.end.saturating_add(length).min(self.limit),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.has_ended = true;
                    return Err(error);
                }
            }
        }
        Ok(true)
    }

    /// Moves what is left so that it ends at the page boundary.
    fn move_before_base(&mut self) {
        let left = self.available();
        let Some(start) = self.base.checked_sub(left) else {
            return;
        };
        if start != self.start {
            self.memory.copy_within(self.start..self.end, start);
            self.start = start;
            self.end = self.base;
        }
    }

    /// Steps over `length` bytes, available or not; returns how many there were.
    pub(super) fn skip(&mut self, length: u64) -> io::Result<u64> {
        let mut skipped = 0_u64;
        while skipped < length {
            if !self.fill(1)? {
                break;
            }
            let left = usize::try_from(length.saturating_sub(skipped)).unwrap_or(usize::MAX);
            let taken = self.take(left).len();
            skipped = skipped.saturating_add(taken as u64);
        }
        Ok(skipped)
    }

    /// Appends `length` bytes to `into`; returns how many there were.
    pub(super) fn read_into(&mut self, into: &mut Vec<u8>, length: u64) -> io::Result<u64> {
        let mut copied = 0_u64;
        while copied < length {
            if !self.fill(1)? {
                break;
            }
            let left = usize::try_from(length.saturating_sub(copied)).unwrap_or(usize::MAX);
            let range = self.take(left);
            copied = copied.saturating_add(range.len() as u64);
            into.extend_from_slice(self.at(range));
        }
        Ok(copied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hands out its bytes in pieces of the given sizes, again and again.
    pub(crate) struct Pieces {
        bytes: Vec<u8>,
        at: usize,
        sizes: Vec<usize>,
        turn: usize,
    }

    impl Read for Pieces {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let size = self.sizes[self.turn % self.sizes.len()].min(into.len());
            self.turn += 1;
            let rest = &self.bytes[self.at..];
            let length = size.min(rest.len());
            into[..length].copy_from_slice(&rest[..length]);
            self.at += length;
            Ok(length)
        }
    }

    #[test]
    fn a_full_read_lands_on_a_page_boundary() {
        let mut window = Window::new(Box::new(io::repeat(7)), 1000);
        assert!(window.fill(10).unwrap());
        let _ = window.take(READ_BYTES - 5);
        assert!(window.fill(6).unwrap());
        let address = window.memory.as_ptr() as usize + window.base;
        assert_eq!(address % PAGE, 0);
        assert_eq!(window.start, window.base - 5);
    }

    proptest! {
        #[test]
        fn all_bytes_pass_in_order_whatever_the_reads(
            length in 0_usize..40_000,
            sizes in prop::collection::vec(1_usize..9000, 1..5),
            takes in prop::collection::vec(1_usize..5000, 1..5),
        ) {
            let bytes: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let mut window = Window::new(
                Box::new(Pieces { bytes: bytes.clone(), at: 0, sizes, turn: 0 }),
                5000,
            );
            let mut seen = Vec::new();
            for take in takes.iter().cycle() {
                prop_assert_eq!(window.offset(), seen.len() as u64);
                if !window.fill(*take).unwrap() {
                    seen.extend_from_slice(window.bytes());
                    break;
                }
                let range = window.take(*take);
                seen.extend_from_slice(window.at(range));
            }
            prop_assert!(seen == bytes);
        }

        #[test]
        fn skipping_and_copying_say_how_much_there_was(length in 0_u64..700_000, skip in 0_u64..400_000, copy in 0_u64..400_000) {
            let mut window = Window::new(Box::new(io::repeat(1).take(length)), 100);
            let skipped = window.skip(skip).unwrap();
            prop_assert_eq!(skipped, skip.min(length));
            let mut copied = Vec::new();
            prop_assert_eq!(window.read_into(&mut copied, copy).unwrap(), copy.min(length - skipped));
            prop_assert_eq!(copied.len() as u64, copy.min(length - skipped));
        }
    }
}
