//! Texts in UTF-16 with a byte order mark (RFC 2781), as `PowerShell` keeps the output of `adb` and Excel saves tables: read as
//! UTF-8.

use std::io::{self, ErrorKind, Read};

/// Bytes that are read at a time.
const STEP: usize = 8 << 10;

/// First byte of a unit is the lower one.
pub(super) fn from_little_endian(reader: Box<dyn Read>) -> Box<dyn Read> {
    Box::new(Utf16::new(reader, u16::from_le_bytes))
}

/// First byte of a unit is the higher one.
pub(super) fn from_big_endian(reader: Box<dyn Read>) -> Box<dyn Read> {
    Box::new(Utf16::new(reader, u16::from_be_bytes))
}

struct Utf16 {
    reader: Box<dyn Read>,
    unit: fn([u8; 2]) -> u16,
    /// Half a unit, or the first half of a surrogate pair, whose other half is to come.
    begun: Vec<u8>,
    /// UTF-8 that is to be handed out, from the position on.
    text: Vec<u8>,
    at: usize,
    has_begun: bool,
    has_ended: bool,
}

impl Utf16 {
    fn new(reader: Box<dyn Read>, unit: fn([u8; 2]) -> u16) -> Self {
        Self {
            reader,
            unit,
            begun: Vec::new(),
            text: Vec::new(),
            at: 0,
            has_begun: false,
            has_ended: false,
        }
    }

    /// Reads on; what is no UTF-16 becomes replacement characters.
    fn step(&mut self) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.begun);
        let before = bytes.len();
        self.reader
            .by_ref()
            .take(STEP as u64)
            .read_to_end(&mut bytes)?;
        self.has_ended = bytes.len() == before;
        let mut units: Vec<u16> = bytes
            .as_chunks()
            .0
            .iter()
            .map(|pair| (self.unit)(*pair))
            .collect();
        let is_high = |unit: &u16| (0xd800..0xdc00).contains(unit);
        let is_split = !self.has_ended && units.last().is_some_and(is_high);
        if is_split {
            units.pop();
        }
        let whole = units.len().saturating_mul(2);
        self.begun = bytes.get(whole..).unwrap_or_default().to_vec();
        if self.has_ended && !self.begun.is_empty() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let mark = !std::mem::replace(&mut self.has_begun, true) && units.first() == Some(&0xfeff);
        let text: String = char::decode_utf16(units)
            .skip(usize::from(mark))
            .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        self.text = text.into_bytes();
        self.at = 0;
        Ok(())
    }
}

impl Read for Utf16 {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.text.len() && !self.has_ended {
            self.step()?;
        }
        let mut rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.read(into)?;
        self.at = self.at.saturating_add(length);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: Vec<u8>) -> (String, bool) {
        let mut text = Vec::new();
        let is_whole = from_little_endian(Box::new(io::Cursor::new(bytes)))
            .read_to_end(&mut text)
            .is_ok();
        (String::from_utf8(text).unwrap(), is_whole)
    }

    proptest! {
        #[test]
        fn texts_pass_whole(piece in "\\PC{1,40}", times in 1_usize..900) {
            let text = piece.repeat(times);
            let marked = format!("\u{feff}{text}");
            let bytes: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
            prop_assert_eq!(read(bytes.clone()), (text.clone(), true));
            let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let mut read_again = String::new();
            from_big_endian(Box::new(io::Cursor::new(big))).read_to_string(&mut read_again).unwrap();
            prop_assert_eq!(read_again, text);
            let (cut, is_whole) = read(bytes[..bytes.len() - 1].to_vec());
            prop_assert!(!is_whole && cut.len() < piece.len() * times);
        }

        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            let _ = read(bytes);
        }
    }
}
