//! Text of tables that German Excel saved as "CSV (Trennzeichen-getrennt)": in Windows-1252, not in UTF-8 (WHATWG Encoding, index
//! windows-1252).

use std::borrow::Cow;

/// What 0x80 to 0x9f stand for. Above and below, a byte is the code point of its number.
const UPPER: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// UTF-8 as it is; what is none as Windows-1252.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => bytes.iter().map(|byte| character(*byte)).collect(),
    }
}

fn character(byte: u8) -> char {
    let upper = byte.checked_sub(0x80).map(usize::from);
    upper
        .and_then(|at| UPPER.get(at).copied())
        .unwrap_or_else(|| char::from(byte))
}

/// Whether bytes that are no UTF-8 are such a text: nothing of it is a control character, and letters of ASCII are more than all
/// above.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    let upper = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    !bytes.iter().any(is_control) && upper < bytes.len() / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_utf_8_is_read_by_the_table() {
        assert_eq!(text("Müller".as_bytes()), "Müller");
        assert_eq!(text(b"M\xfcller \x80 \x96 \xdf"), "Müller € – ß");
        assert!(is_text(b"Ger\xe4tename;App\r\n"));
        assert!(!is_text(b"PK\x03\x04\xff") && !is_text(b"\xff\xfea"));
    }
}
