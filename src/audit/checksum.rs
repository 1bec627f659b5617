//! The checksum of an input beside the work on it.

use super::{Digest, Digests, Options};
use crate::Result;
use crate::intake::{Case, Input};
use crate::parallel::{both, in_parallel};

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

/// Checksums and sizes of the inputs that have no traffic: to be made while they are read. What cannot be read is left to its reader.
pub(super) fn of_documents(case: &Case, options: &Options) -> Digests {
    let inputs = case.devices.iter().flat_map(|device| &device.inputs);
    let documents: Vec<&Input> = inputs.filter(|input| !input.has_traffic()).collect();
    let digests = in_parallel(&documents, options.jobs, |input| input.digest());
    let digests = documents.iter().zip(digests);
    digests
        .filter_map(|(input, digest)| Some((input.id, digest.ok()??)))
        .collect()
}
