//! What apps encrypted by themselves, before and after: as a trace of their cipher operations has it.

use std::collections::BTreeMap;
use std::fmt;

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

    /// What this was before.
    pub fn of(&self, ciphertext: &[u8]) -> Option<&[u8]> {
        self.by_ciphertext.get(ciphertext).map(Vec::as_slice)
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
