//! What apps encrypted by themselves, before and after: as a trace of their cipher operations has it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

use crate::limits;

/// Texts by what became of them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Plaintexts {
    by_ciphertext: BTreeMap<Vec<u8>, Vec<u8>>,
    bytes: usize,
}

impl fmt::Debug for Plaintexts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Plaintexts")
            .field("count", &self.by_ciphertext.len())
            .finish_non_exhaustive()
    }
}

impl Plaintexts {
    /// One block of AES. Shorter values are met by chance.
    const SHORTEST: usize = 8;

    /// Adds an operation; `false` if there are too many. Short ones are left out.
    pub fn add(&mut self, ciphertext: Vec<u8>, plaintext: Vec<u8>) -> bool {
        if ciphertext.len() < Self::SHORTEST || plaintext.is_empty() {
            return true;
        }
        let bytes = ciphertext
            .len()
            .saturating_add(plaintext.len())
            .saturating_add(self.bytes);
        if bytes > limits::PLAINTEXT_BYTES {
            return false;
        }
        self.bytes = bytes;
        self.by_ciphertext.entry(ciphertext).or_insert(plaintext);
        true
    }

    /// What these bytes were before: as a whole, or the pieces of them that are known, one after the other. Apps encrypt in
    /// steps, and put other values (the initial vector, a digest) around the ciphertext.
    pub fn undo(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        if let Some(plaintext) = self.by_ciphertext.get(bytes) {
            return Some(plaintext.clone());
        }
        let mut found = Vec::new();
        let mut rest = bytes;
        while rest.len() >= Self::SHORTEST {
            let passed = match self.longest_prefix(rest) {
                Some((ciphertext, plaintext)) => {
                    found.extend_from_slice(plaintext);
                    ciphertext.len()
                }
                None => 1,
            };
            rest = rest.get(passed..).unwrap_or_default();
        }
        (!found.is_empty()).then_some(found)
    }

    /// The longest ciphertext that `bytes` begin with. Of many that begin alike only some are tried.
    fn longest_prefix(&self, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        const TRIED: usize = 16;
        let start = bytes.get(..Self::SHORTEST)?;
        let range = (Bound::Included(start), Bound::Included(bytes));
        let mut candidates = self.by_ciphertext.range::<[u8], _>(range).rev().take(TRIED);
        candidates
            .find(|(ciphertext, _)| bytes.starts_with(ciphertext))
            .map(|(ciphertext, plaintext)| (ciphertext.as_slice(), plaintext.as_slice()))
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.by_ciphertext.is_empty()
    }

    /// Takes in those of another source, as far as there is room.
    pub fn merge(&mut self, other: Self) {
        for (ciphertext, plaintext) in other.by_ciphertext {
            if !self.add(ciphertext, plaintext) {
                return;
            }
        }
    }
}
