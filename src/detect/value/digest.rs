//! Texts that have the form of a digest, whole or cut, in hexadecimal digits or base64.

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;

use super::{is_hex, is_one_symbol};

/// A digest in hexadecimal digits, or the beginning of one: ten bytes or more.
pub(in crate::detect) fn is_cut_digest(value: &str) -> bool {
    (20..=128).contains(&value.len())
        && value.len().is_multiple_of(2)
        && is_hex(value)
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !is_one_symbol(value)
}

/// The first eight or nine bytes of a digest in hexadecimal digits.
pub(in crate::detect) fn is_short_digest(value: &str) -> bool {
    matches!(value.len(), 16 | 18)
        && is_hex(value)
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
        && value.bytes().any(|byte| byte.is_ascii_digit())
}

/// The first eight or nine bytes of a digest in base64, either alphabet, padded or not.
pub(in crate::detect) fn is_short_base64_digest(value: &str) -> bool {
    let bare = value.strip_suffix('=').unwrap_or(value);
    matches!(bare.len(), 11 | 12)
        && bare.bytes().any(|byte| byte.is_ascii_uppercase())
        && bare.bytes().any(|byte| byte.is_ascii_lowercase())
        && base64_bytes(bare).is_some_and(|bytes| !is_of_text(&bytes))
}

/// All of an MD5, SHA-1 or SHA-2 in hexadecimal digits, or of SHA-1 or SHA-256 in base64.
pub(in crate::detect) fn is_whole_digest(value: &str) -> bool {
    let has_both = || {
        value.bytes().any(|byte| byte.is_ascii_digit())
            && value.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    let is_hex = matches!(value.len(), 32 | 40 | 56 | 64 | 96 | 128) && is_hex(value);
    let bare = value.trim_end_matches('=');
    has_both() && (is_hex || matches!(bare.len(), 27 | 43 | 64 | 86) && is_base64_digest(value))
}

/// As long as base64 (either alphabet, padded or not) of 8, 9, 10, 16, 20, 32, 48 or 64 bytes, and of its characters.
pub(in crate::detect) fn has_form_of_base64_digest(value: &str) -> bool {
    let bare = value.trim_end_matches('=');
    matches!(bare.len(), 11 | 12 | 14 | 22 | 27 | 43 | 64 | 86)
        && bare
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte))
}

/// Base64 (either alphabet, padded or not) of 10, 16, 20 or 32 bytes that look random.
pub(in crate::detect) fn is_base64_digest(value: &str) -> bool {
    let bare = value.trim_end_matches('=');
    // 8 and 9 bytes are too few to be told from ids.
    has_form_of_base64_digest(bare)
        && bare.len() > 12
        && bare.bytes().any(|byte| byte.is_ascii_uppercase())
        && bare.bytes().any(|byte| byte.is_ascii_lowercase())
        && bare.bytes().any(|byte| byte.is_ascii_digit())
        && !is_base64_of_text(bare)
}

/// Whether base64 holds a text, which no digest does.
fn is_base64_of_text(bare: &str) -> bool {
    base64_bytes(bare).is_some_and(|bytes| is_of_text(&bytes))
}

fn base64_bytes(bare: &str) -> Option<Vec<u8>> {
    let standard: String = bare
        .chars()
        .map(|letter| match letter {
            '-' => '+',
            '_' => '/',
            letter => letter,
        })
        .collect();
    BASE64_STANDARD_NO_PAD.decode(standard).ok()
}

fn is_of_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| (0x20..0x7f).contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_base64_is_no_digest() {
        assert!(is_base64_digest(
            "c1nFq0Jp3Xe7Rk2mVt5yZbL8aWd4sGh6uKoPiQxNwYE="
        ));
        assert!(!is_base64_digest("bnV0emVyLWFiY2QxMjM0NQ"));
    }
}
