//! The checksum of a rules folder. `build.rs` includes this file, too: that of the embedded rules is known before a start.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// SHA-256 over name, length and text of each file, so that moving text between files changes it; hexadecimal.
pub(super) fn sha256<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut context = Sha256::new();
    for (name, text) in files {
        context.update(name);
        context.update((text.len() as u64).to_be_bytes());
        context.update(text);
    }
    let mut hexadecimal = String::new();
    for byte in context.finalize() {
        // writing to a string cannot fail
        let _ = write!(hexadecimal, "{byte:02x}");
    }
    hexadecimal
}
