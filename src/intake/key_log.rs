//! NSS key logs (`SSLKEYLOGFILE`, `draft-ietf-tls-keylogfile`), kept as they are for the decryption stage.

use std::path::Path;

use super::document::{read_named, read_whole};
use super::{Format, Gathered, Input, Sample};
use crate::Result;
use crate::limits::KEY_LOG_BYTES;
use crate::model::{Dossier, Shortfall};

/// A key log.
pub(super) const FORMAT: Format = Format {
    name: "key-log",
    sniff,
    gather: Some(gather),
    open: None,
};

/// A line names a secret and gives two hexadecimal values; tools and cut copies put all kinds of lines around such ones.
fn sniff(sample: &Sample<'_>) -> bool {
    sample.head.split(|byte| *byte == b'\n').any(is_secret)
}

/// `CLIENT_RANDOM 64×hex hex…` and the like; the RSA lines of old NSS have 16 digits of the encrypted premaster secret.
fn is_secret(line: &[u8]) -> bool {
    // Files that were allocated ahead end with zeros.
    let mut words = line
        .split(|byte| byte.is_ascii_whitespace() || *byte == 0)
        .filter(|word| !word.is_empty());
    let (Some(label), Some(id), Some(secret), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return false;
    };
    let is_label = label.len() >= 3
        && label
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_');
    let is_hex = |word: &[u8]| word.iter().all(u8::is_ascii_hexdigit);
    is_label && matches!(id.len(), 16 | 64) && is_hex(id) && secret.len() >= 32 && is_hex(secret)
}

/// The text of a key log that the user named, at most [`KEY_LOG_BYTES`] of it.
pub fn read_key_log(path: &Path) -> Result<Vec<u8>> {
    read_named(path, KEY_LOG_BYTES as u64)
}

fn gather(input: &Input) -> Result<Gathered> {
    let (bytes, cut) = read_whole(input, KEY_LOG_BYTES as u64)?;
    let dossier = Dossier {
        key_logs: vec![bytes],
        ..Dossier::default()
    };
    let notes = cut.map(|detail| (Shortfall::InputLimit, detail));
    Ok((dossier, notes.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_from_other_words() {
        let random = "0f".repeat(32);
        let secret = "ab".repeat(48);
        let is_secret = |line: &str| is_secret(line.as_bytes());
        assert!(is_secret(&format!("CLIENT_RANDOM {random} {secret}")));
        assert!(is_secret(&format!(
            "QUIC_CLIENT_TRAFFIC_SECRET_0 {random} {secret}"
        )));
        assert!(is_secret(&format!("RSA {} {secret}", "0f".repeat(8))));
        assert!(!is_secret(&format!("client_random {random} {secret}")));
        assert!(!is_secret(&format!("CLIENT_RANDOM {random}")));
        assert!(!is_secret(&format!("CLIENT_RANDOM {random} {secret} more")));
        assert!(!is_secret("SOME OTHER WORDS"));
    }
}
