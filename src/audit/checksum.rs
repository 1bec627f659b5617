//! The checksum of an input beside the work on it.

use super::Digest;
use crate::Result;
use crate::intake::Input;
use crate::parallel::both;

/// Bytes from which on a checksum is worth a thread of its own.
const LARGE_INPUT: u64 = 1 << 20;

/// Does the work on an input, and its checksum beside it: hashing takes longer than reading, and the second of two readers of
/// one file finds it in the page cache.
pub(super) fn with_digest<R>(
    input: &Input,
    work: impl FnOnce() -> Result<R>,
) -> (Result<Digest>, Result<R>) {
    if input.bytes < LARGE_INPUT {
        return (input.digest(), work());
    }
    both(|| input.digest(), work)
}
