//! Bytes of one side → lines and counted pieces, for the protocols that talk in lines.

use memchr::memchr;

use super::message::text;
use crate::limits;

/// Bytes that wait for their line end.
#[derive(Debug, Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// Bytes before this one are taken.
    at: usize,
    /// Bytes before this one hold no line end.
    searched: usize,
    /// Passing over everything up to the next line end: a line too long, or a gap.
    is_skipping: bool,
}

impl Lines {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.at > 0 {
            self.bytes.drain(..self.at.min(self.bytes.len()));
            self.searched = self.searched.saturating_sub(self.at);
            self.at = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Everything that is not yet taken.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The next whole line without its end. Lines above [`limits::PROTOCOL_LINE_BYTES`] are passed over.
    pub(super) fn next_line(&mut self) -> Option<String> {
        loop {
            let from = self.searched.max(self.at);
            let Some(found) = memchr(b'\n', self.bytes.get(from..)?) else {
                self.searched = self.bytes.len();
                if self.is_skipping || self.rest().len() > limits::PROTOCOL_LINE_BYTES {
                    self.clear();
                    self.is_skipping = true;
                }
                return None;
            };
            let end = from.saturating_add(found);
            let line = self.bytes.get(self.at..end)?;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let is_whole = !self.is_skipping && line.len() <= limits::PROTOCOL_LINE_BYTES;
            let line = is_whole.then(|| text(line));
            self.at = end.saturating_add(1);
            self.is_skipping = false;
            if line.is_some() {
                return line;
            }
        }
    }

    /// Up to `most` of the waiting bytes, as they are.
    pub(super) fn take(&mut self, most: usize) -> &[u8] {
        let end = self.at.saturating_add(most).min(self.bytes.len());
        let taken = self.bytes.get(self.at..end).unwrap_or_default();
        self.at = end;
        taken
    }

    /// Forgets what waits: it goes on elsewhere.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Bytes are missing here: what follows begins in the middle of a line.
    pub(super) fn lose(&mut self) {
        self.clear();
        self.is_skipping = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_either_way_and_wait_for_their_end() {
        let mut lines = Lines::default();
        lines.push(b"a\r\nb\nhal");
        assert_eq!(lines.next_line().as_deref(), Some("a"));
        assert_eq!(lines.next_line().as_deref(), Some("b"));
        assert_eq!(lines.next_line(), None);
        lines.push(b"f\r\nrest");
        assert_eq!(lines.next_line().as_deref(), Some("half"));
        assert_eq!(lines.take(2), b"re");
        assert_eq!(lines.rest(), b"st");
    }

    #[test]
    fn a_line_too_long_is_passed_over_and_costs_no_memory() {
        let mut lines = Lines::default();
        for _ in 0..100 {
            lines.push(&[b'x'; 4096]);
            assert_eq!(lines.next_line(), None);
            assert!(lines.rest().len() <= limits::PROTOCOL_LINE_BYTES + 4096);
        }
        lines.push(b"\nnext\n");
        assert_eq!(lines.next_line().as_deref(), Some("next"));
    }

    #[test]
    fn after_a_gap_reading_goes_on_at_the_next_line() {
        let mut lines = Lines::default();
        lines.push(b"half");
        lines.lose();
        lines.push(b"other half\nwhole\n");
        assert_eq!(lines.next_line().as_deref(), Some("whole"));
    }
}
