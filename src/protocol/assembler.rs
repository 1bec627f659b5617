//! Bytes that arrive by offset, in any order and overlapping: CRYPTO and STREAM frames of QUIC and handshake fragments of DTLS.

use std::collections::BTreeMap;

use crate::limits;

/// Bytes of one stream, as far as they are not handed out.
#[derive(Debug)]
pub(super) struct Assembler {
    /// Offset up to which bytes were handed out.
    next: u64,
    /// Pieces behind it by offset. They may overlap.
    pieces: BTreeMap<u64, Vec<u8>>,
    /// Bytes in `pieces`.
    held: usize,
    most_bytes: usize,
    most_pieces: usize,
}

impl Default for Assembler {
    /// For handshakes.
    fn default() -> Self {
        Self::with_bounds(limits::QUIC_CRYPTO_BYTES, limits::QUIC_CRYPTO_PIECES)
    }
}

/// A bound was hit; the piece is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Assembler {
    /// Holds back at most so many bytes, in so many pieces.
    pub(super) fn with_bounds(most_bytes: usize, most_pieces: usize) -> Self {
        Self {
            next: 0,
            pieces: BTreeMap::new(),
            held: 0,
            most_bytes,
            most_pieces,
        }
    }

    /// Offset up to which bytes were handed out.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Bytes that are held back.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Gives up what is missing before the first piece that is held back, and says how much that is.
    pub(super) fn skip(&mut self) -> Option<u64> {
        let (first, _) = self.pieces.first_key_value()?;
        let lost = first.saturating_sub(self.next);
        self.next = self.next.max(*first);
        Some(lost)
    }

    /// Adds a piece. What is known already stays as it is.
    pub(super) fn push(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Full> {
        let known = usize::try_from(self.next.saturating_sub(offset)).unwrap_or(usize::MAX);
        let Some(bytes) = bytes.get(known..).filter(|bytes| !bytes.is_empty()) else {
            return Ok(());
        };
        let offset = offset.max(self.next);
        let earlier = self.pieces.get(&offset).map_or(0, Vec::len);
        if earlier >= bytes.len() {
            return Ok(());
        }
        let held = self
            .held
            .saturating_sub(earlier)
            .saturating_add(bytes.len());
        if held > self.most_bytes || self.pieces.len() >= self.most_pieces {
            return Err(Full);
        }
        self.held = held;
        self.pieces.insert(offset, bytes.to_vec());
        Ok(())
    }

    /// The next contiguous bytes.
    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        while let Some(entry) = self.pieces.first_entry() {
            let known = usize::try_from(self.next.checked_sub(*entry.key())?).unwrap_or(usize::MAX);
            let mut piece = entry.remove();
            self.held = self.held.saturating_sub(piece.len());
            if known < piece.len() {
                piece.drain(..known);
                self.next = self
                    .next
                    .saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
                return Some(piece);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Pieces in any order and overlap give the stream, once.
        #[test]
        fn any_order_gives_the_stream(
            cuts in proptest::collection::vec((0_usize..100, 1_usize..40), 0..60),
        ) {
            let stream: Vec<u8> = (0..100).collect();
            let mut assembler = Assembler::default();
            let mut seen = Vec::new();
            let rest = [(0, 50), (30, 70)];
            for (from, len) in cuts.into_iter().chain(rest) {
                let piece = &stream[from..(from + len).min(100)];
                assembler.push(u64::try_from(from).unwrap(), piece).unwrap();
                while let Some(bytes) = assembler.pop() {
                    seen.extend(bytes);
                }
            }
            prop_assert_eq!(seen, stream);
            prop_assert_eq!(assembler.held, 0);
        }
    }

    #[test]
    fn bounds_hold() {
        let mut assembler = Assembler::default();
        let far = vec![0; limits::QUIC_CRYPTO_BYTES];
        assert_eq!(assembler.push(1, &far), Ok(()));
        assert_eq!(assembler.push(u64::MAX, &[0]), Err(Full));
        let mut assembler = Assembler::default();
        let outcomes: Vec<bool> = (0..2 * u64::try_from(limits::QUIC_CRYPTO_PIECES).unwrap())
            .map(|position| assembler.push(1 + position * 2, &[0]).is_ok())
            .collect();
        assert_eq!(
            outcomes.iter().filter(|is_kept| **is_kept).count(),
            limits::QUIC_CRYPTO_PIECES
        );
    }
}
