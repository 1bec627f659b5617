//! String pool of Android's compiled resources (`ResStringPool_header` of AOSP `ResourceTypes.h`).

use super::little_endian::{u16_at, u32_at, usize_at};
use crate::limits;

/// Chunk type of a string pool.
pub(super) const CHUNK_TYPE: u16 = 0x0001;
/// Size of its header.
pub(super) const HEADER_BYTES: u16 = 28;

const UTF8_FLAG: u32 = 1 << 8;

/// Strings by index, decoded when asked for: a pool may name a million strings of which a manifest uses twenty.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StringPool<'a> {
    /// From the pool's first byte to the end of the file: a false chunk size must not hide strings.
    bytes: &'a [u8],
    header_bytes: usize,
    count: u32,
    strings_start: usize,
    is_utf8: bool,
}

/// A decoded string.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PoolString {
    /// The text, cut at [`limits::MANIFEST_STRING_UNITS`] units.
    pub(super) text: String,
    /// It ends where its length says, with the NUL that the platform insists on.
    pub(super) is_terminated: bool,
}

impl<'a> StringPool<'a> {
    /// Reads the header of the pool that begins with the first byte.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        Some(Self {
            bytes,
            header_bytes: usize::from(u16_at(bytes, 2)?),
            count: u32_at(bytes, 8)?,
            is_utf8: u32_at(bytes, 16)? & UTF8_FLAG != 0,
            strings_start: usize_at(bytes, 20)?,
        })
    }

    /// The string at `index`; `None` for index −1, past the end, or where the offset leads out of the file.
    pub(super) fn string(&self, index: u32) -> Option<PoolString> {
        if index >= self.count {
            return None;
        }
        let slot = usize::try_from(index)
            .ok()?
            .checked_mul(4)?
            .checked_add(self.header_bytes)?;
        let start = self
            .strings_start
            .checked_add(usize_at(self.bytes, slot)?)?;
        let bytes = self.bytes.get(start..)?;
        if self.is_utf8 {
            utf8(bytes)
        } else {
            utf16(bytes)
        }
    }
}

/// UTF-8 strings carry two lengths (UTF-16 units, then bytes), each of one or two bytes.
fn utf8(bytes: &[u8]) -> Option<PoolString> {
    let (_, bytes) = length_of_bytes(bytes)?;
    let (length, bytes) = length_of_bytes(bytes)?;
    // Lengths have 15 bits, so there is nothing to cut.
    let within = bytes.get(..length).unwrap_or_else(|| {
        let mut up_to_nul = bytes.split(|byte| *byte == 0);
        up_to_nul.next().unwrap_or_default()
    });
    Some(PoolString {
        text: String::from_utf8_lossy(within).into_owned(),
        is_terminated: bytes.get(length) == Some(&0),
    })
}

fn length_of_bytes(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    if first & 0x80 == 0 {
        return Some((usize::from(*first), rest));
    }
    let (second, rest) = rest.split_first()?;
    let length = u16::from_be_bytes([first & 0x7f, *second]);
    Some((usize::from(length), rest))
}

/// UTF-16 strings carry their length in units, in one or two units.
fn utf16(bytes: &[u8]) -> Option<PoolString> {
    let first = u16_at(bytes, 0)?;
    let (length, bytes) = if first & 0x8000 == 0 {
        (usize::from(first), bytes.get(2..)?)
    } else {
        let low = u16_at(bytes, 2)?;
        let length = (u32::from(first & 0x7fff) << 16) | u32::from(low);
        (usize::try_from(length).ok()?, bytes.get(4..)?)
    };
    let (units, _) = bytes.as_chunks::<2>();
    let terminator = units.get(length);
    let kept = length.min(units.len()).min(limits::MANIFEST_STRING_UNITS);
    let units = units
        .iter()
        .take(kept)
        .map(|unit| u16::from_le_bytes(*unit));
    let text = if terminator.is_some() {
        decode_utf16(units)
    } else {
        decode_utf16(units.take_while(|unit| *unit != 0))
    };
    Some(PoolString {
        text,
        is_terminated: terminator == Some(&[0, 0]),
    })
}

fn decode_utf16(units: impl Iterator<Item = u16>) -> String {
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(flags: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = vec![1, 0, 28, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend(flags.to_le_bytes());
        bytes.extend([32, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend([0, 0, 0, 0]);
        bytes.extend(data);
        bytes
    }

    fn first(flags: u32, data: &[u8]) -> Option<(String, bool)> {
        let bytes = pool(flags, data);
        let string = StringPool::parse(&bytes)?.string(0)?;
        Some((string.text, string.is_terminated))
    }

    #[test]
    fn both_encodings_and_long_lengths_are_read() {
        assert_eq!(
            first(UTF8_FLAG, b"\x02\x02hi\0"),
            Some(("hi".to_owned(), true))
        );
        assert_eq!(
            first(0, &[2, 0, b'h', 0, b'i', 0, 0, 0]),
            Some(("hi".to_owned(), true))
        );
        let mut long = vec![0x81, 0x00, 0x81, 0x00];
        long.extend(std::iter::repeat_n(b'x', 256));
        long.push(0);
        assert_eq!(first(UTF8_FLAG, &long), Some(("x".repeat(256), true)));
    }

    #[test]
    fn a_string_without_end_is_read_to_the_end_of_the_file() {
        assert_eq!(
            first(0, &[9, 0, b'h', 0, b'i', 0]),
            Some(("hi".to_owned(), false))
        );
        assert_eq!(
            first(UTF8_FLAG, b"\x09\x09hi"),
            Some(("hi".to_owned(), false))
        );
    }

    #[test]
    fn absent_strings_are_none() {
        let bytes = pool(0, &[]);
        let pool = StringPool::parse(&bytes).unwrap();
        assert_eq!(pool.string(u32::MAX), None);
        assert_eq!(pool.string(0), None);
    }
}
