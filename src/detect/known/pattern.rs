//! A spelling → the bytes it becomes inside other encodings, so that it is found within larger encoded values too.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::spelling;
use crate::model::DecodeStep;

/// A way to wrap a spelling.
#[derive(Debug)]
pub(super) struct Wrapping {
    /// What is undone by finding it.
    pub(super) steps: &'static [DecodeStep],
    /// What stands around the value, and how to see it.
    pub(super) form: Form,
    /// Writes the bytes; none where the wrapping does not apply.
    write: fn(&str, &mut Vec<u8>),
}

impl Wrapping {
    /// The bytes in place of what was in the buffer; `None` where the wrapping does not apply.
    pub(super) fn wrap<'b>(&self, text: &str, buffer: &'b mut Vec<u8>) -> Option<&'b [u8]> {
        buffer.clear();
        (self.write)(text, buffer);
        (!buffer.is_empty()).then_some(buffer)
    }
}

/// How the bytes around a wrapped value are wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As they are.
    Plain,
    /// As UTF-16, by code units.
    Wide,
    /// In pairs of hexadecimal digits.
    Hex,
    /// In fours of hexadecimal digits.
    WideHex,
    /// In base64; the value begins so many bytes into a group of three.
    Base64(usize),
    /// They have nothing to do with it.
    Apart,
}

/// In text in lower case.
pub(super) const FOLDED: &[Wrapping] = &[
    Wrapping {
        steps: &[],
        form: Form::Plain,
        write: |text, to| to.extend_from_slice(spelling::lower(text).as_bytes()),
    },
    Wrapping {
        steps: &[DecodeStep::Hex],
        form: Form::Hex,
        write: |text, to| hex(text.bytes(), to),
    },
    Wrapping {
        steps: &[DecodeStep::Reversed],
        form: Form::Plain,
        write: |text, to| to.extend_from_slice(reversed(&spelling::lower(text)).as_bytes()),
    },
    Wrapping {
        steps: &[DecodeStep::Hex, DecodeStep::Utf16],
        form: Form::WideHex,
        write: |text, to| hex(text.encode_utf16().flat_map(u16::to_le_bytes), to),
    },
    Wrapping {
        steps: &[DecodeStep::Hex, DecodeStep::Utf16],
        form: Form::WideHex,
        write: |text, to| hex(text.encode_utf16().flat_map(u16::to_be_bytes), to),
    },
];

/// In text as it stands. Base64 depends on where the value begins within a group of three bytes.
pub(super) const EXACT: &[Wrapping] = &[
    Wrapping {
        steps: &[DecodeStep::Base64],
        form: Form::Base64(0),
        write: |text, to| base64(text.as_bytes(), 0, false, to),
    },
    Wrapping {
        steps: &[DecodeStep::Base64],
        form: Form::Base64(1),
        write: |text, to| base64(text.as_bytes(), 1, false, to),
    },
    Wrapping {
        steps: &[DecodeStep::Base64],
        form: Form::Base64(2),
        write: |text, to| base64(text.as_bytes(), 2, false, to),
    },
    Wrapping {
        steps: &[DecodeStep::Base64],
        form: Form::Base64(0),
        write: |text, to| base64(text.as_bytes(), 0, true, to),
    },
    Wrapping {
        steps: &[DecodeStep::Base64],
        form: Form::Base64(1),
        write: |text, to| base64(text.as_bytes(), 1, true, to),
    },
    Wrapping {
        steps: &[DecodeStep::Base64],
        form: Form::Base64(2),
        write: |text, to| base64(text.as_bytes(), 2, true, to),
    },
    Wrapping {
        steps: &[DecodeStep::Base64, DecodeStep::Utf16],
        form: Form::Base64(0),
        write: |text, to| base64(&utf16(text, u16::to_le_bytes), 0, false, to),
    },
    Wrapping {
        steps: &[DecodeStep::Base64, DecodeStep::Utf16],
        form: Form::Base64(1),
        write: |text, to| base64(&utf16(text, u16::to_le_bytes), 1, false, to),
    },
    Wrapping {
        steps: &[DecodeStep::Base64, DecodeStep::Utf16],
        form: Form::Base64(2),
        write: |text, to| base64(&utf16(text, u16::to_le_bytes), 2, false, to),
    },
];

/// In bytes that are no text.
pub(super) const BINARY: &[Wrapping] = &[
    Wrapping {
        steps: &[],
        form: Form::Plain,
        write: |text, to| to.extend_from_slice(text.as_bytes()),
    },
    Wrapping {
        steps: &[],
        form: Form::Apart,
        write: |text, to| to.extend(packed(text).into_iter().flatten()),
    },
    Wrapping {
        steps: &[DecodeStep::Utf16],
        form: Form::Wide,
        write: |text, to| write_utf16(text, u16::to_le_bytes, to),
    },
    Wrapping {
        steps: &[DecodeStep::Utf16],
        form: Form::Wide,
        write: |text, to| write_utf16(text, u16::to_be_bytes, to),
    },
    Wrapping {
        steps: &[DecodeStep::Varint],
        form: Form::Apart,
        write: |text, to| {
            if let Some(number) = number(text) {
                varint(number, to);
            }
        },
    },
    Wrapping {
        steps: &[DecodeStep::Fixed64],
        form: Form::Apart,
        write: |text, to| to.extend(number(text).into_iter().flat_map(u64::to_le_bytes)),
    },
    Wrapping {
        steps: &[DecodeStep::Fixed64],
        form: Form::Apart,
        write: |text, to| to.extend(number(text).into_iter().flat_map(u64::to_be_bytes)),
    },
];

/// The bytes of an address or identifier that is written in hexadecimal digits: six of an EUI-48, sixteen of a UUID.
fn packed(text: &str) -> Option<Vec<u8>> {
    let is_id =
        matches!(text.len(), 12 | 16 | 32) && text.bytes().any(|byte| byte.is_ascii_alphabetic());
    is_id
        .then(|| crate::payload::hex_bytes(text.as_bytes()))
        .flatten()
}

/// A number large enough that its bytes are not in every message.
fn number(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let number = is_number.then(|| text.parse().ok())??;
    (number >= 1 << 32).then_some(number)
}

/// A protobuf varint (Protocol Buffers encoding, "Base 128 Varints").
fn varint(mut number: u64, to: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or(0);
        number >>= 7;
        if number == 0 {
            to.push(low);
            return;
        }
        to.push(low | 0x80);
    }
}

/// Bytes of a varint of 64 bits, at most.
const LONGEST_VARINT: usize = 10;

/// The key of a field of protobuf with a number up to 15 and a varint, the number, and the bytes behind it.
pub(super) fn integer_field(bytes: &[u8]) -> Option<(u8, u64, &[u8])> {
    let (key, rest) = bytes.split_first()?;
    if key & 7 != 0 || !(8..0x80).contains(key) {
        return None;
    }
    // No further than a varint may go: what is read begins at any byte.
    let others = rest.iter().take(LONGEST_VARINT);
    let others = others.take_while(|byte| **byte >= 0x80).count();
    let (number, behind) = rest.split_at_checked(others.saturating_add(1))?;
    Some((*key, of_varint(number)?, behind))
}

/// The number that a varint of protobuf is from the first to the last byte.
pub(super) fn of_varint(bytes: &[u8]) -> Option<u64> {
    let (last, others) = bytes.split_last()?;
    let is_one =
        *last < 0x80 && others.iter().all(|byte| *byte >= 0x80) && bytes.len() <= LONGEST_VARINT;
    let number = || {
        let bytes = bytes.iter().rev();
        bytes.fold(0_u64, |number, byte| number << 7 | u64::from(byte & 0x7f))
    };
    is_one.then(number)
}

/// The bytes before and behind a value that was found wrapped, as far as there are any. `None`: it is another value, of which
/// only so much as base64 shows of the last byte is the same.
pub(super) fn around(
    form: Form,
    bytes: &[u8],
    found: std::ops::Range<usize>,
    value: &[u8],
) -> Option<[Option<u8>; 2]> {
    let before = bytes.get(..found.start).unwrap_or_default();
    let behind = bytes.get(found.end..).unwrap_or_default();
    let digits = |digits: Option<&[u8]>| {
        let bytes = crate::payload::hex_bytes(digits?)?;
        bytes.into_iter().find(|byte| *byte != 0)
    };
    Some(match form {
        Form::Apart => [None, None],
        Form::Plain => [before.last().copied(), behind.first().copied()],
        Form::Wide => {
            let unit = |unit: &[u8; 2]| unit.iter().copied().find(|byte| *byte != 0);
            [
                before.last_chunk::<2>().and_then(unit),
                behind.first_chunk::<2>().and_then(unit),
            ]
        }
        Form::Hex | Form::WideHex => {
            let size = if form == Form::Hex { 2 } else { 4 };
            [
                digits(before.get(before.len().saturating_sub(size)..)),
                digits(behind.get(..size.min(behind.len() & !1))),
            ]
        }
        Form::Base64(offset) => return around_in_base64(bytes, found, offset, value),
    })
}

/// Characters of base64 that are decoded before and behind a value, beside the groups that it begins and ends in.
const GROUP: usize = 4;

fn around_in_base64(
    bytes: &[u8],
    found: std::ops::Range<usize>,
    offset: usize,
    value: &[u8],
) -> Option<[Option<u8>; 2]> {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let group = found.start.checked_sub(first_in_base64(offset))?;
    let has_more = group
        .checked_sub(GROUP)
        .and_then(|start| bytes.get(start..group))
        .is_some_and(|group| group.iter().all(is_letter));
    let start = if has_more {
        group.saturating_sub(GROUP)
    } else {
        group
    };
    let behind = bytes.get(found.end..)?;
    let more = behind.iter().take(GROUP).take_while(|byte| is_letter(byte));
    let letters = bytes.get(start..found.end.saturating_add(more.count()))?;
    // A lone letter at the end is not even one byte.
    let whole = letters
        .len()
        .saturating_sub(usize::from(letters.len() % GROUP == 1));
    let letters: Vec<u8> = letters
        .get(..whole)?
        .iter()
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    let decoded = crate::payload::LENIENT_BASE64.decode(&letters).ok()?;
    let first = offset.saturating_add(if has_more { 3 } else { 0 });
    let (before, rest) = decoded.split_at_checked(first)?;
    let behind = rest.strip_prefix(value)?;
    Some([before.last().copied(), behind.first().copied()])
}

fn hex(bytes: impl Iterator<Item = u8>, to: &mut Vec<u8>) {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value & 15)).copied().unwrap_or(b'0');
    for byte in bytes {
        to.extend_from_slice(&[digit(byte >> 4), digit(byte)]);
    }
}

pub(super) fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mut units = Vec::with_capacity(text.len().saturating_mul(2));
    write_utf16(text, bytes, &mut units);
    units
}

fn write_utf16(text: &str, bytes: fn(u16) -> [u8; 2], to: &mut Vec<u8>) {
    for unit in text.encode_utf16() {
        to.extend_from_slice(&bytes(unit));
    }
}

pub(super) fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

/// Which character of a group is the first that depends on nothing before a value that begins so many bytes into it.
pub(super) fn first_in_base64(offset: usize) -> usize {
    offset.saturating_mul(8).div_ceil(6)
}

/// The characters of base64 that are the same whatever stands before (`offset` bytes modulo three) and behind the value.
fn base64(bytes: &[u8], offset: usize, is_url: bool, to: &mut Vec<u8>) {
    let mut padded = Vec::with_capacity(bytes.len().saturating_add(offset));
    padded.resize(offset, 0);
    padded.extend_from_slice(bytes);
    to.resize(padded.len().div_ceil(3).saturating_mul(4), 0);
    let last = padded.len().saturating_mul(8) / 6;
    let is_written = STANDARD_NO_PAD.encode_slice(&padded, to).is_ok();
    // The other alphabet only matters where it differs.
    let mut is_wanted = is_written && !is_url;
    for (letter, other) in [(b'+', b'-'), (b'/', b'_')] {
        for byte in to.iter_mut().filter(|byte| is_url && **byte == letter) {
            *byte = other;
            is_wanted = is_written;
        }
    }
    to.truncate(last);
    to.drain(..first_in_base64(offset).min(to.len()));
    if !is_wanted || to.len() < 8 {
        to.clear();
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes);
        bytes
    }

    proptest! {
        #[test]
        fn base64_is_found_wherever_the_value_begins(before in proptest::collection::vec(any::<u8>(), 0..7), value in "[a-z0-9@.+/?~]{9,30}", behind in proptest::collection::vec(any::<u8>(), 0..7)) {
            let whole = [&before[..], value.as_bytes(), &behind[..]].concat();
            for (is_url, encoded) in [(false, STANDARD_NO_PAD.encode(&whole)), (true, URL_SAFE_NO_PAD.encode(&whole))] {
                let is_in = (0..3)
                    .flat_map(|offset| [false, true].map(|is_url| written(|to| base64(value.as_bytes(), offset, is_url, to))))
                    .filter(|pattern| !pattern.is_empty())
                    .any(|pattern| encoded.contains(str::from_utf8(&pattern).unwrap()));
                prop_assert!(is_in, "{} {}", is_url, encoded);
            }
        }
    }

    #[test]
    fn numbers_are_written_as_protobuf_writes_them() {
        assert_eq!(written(|to| varint(150, to)), [0x96, 0x01]);
        assert_eq!(
            of_varint(&written(|to| varint(4_915_112_345_678, to))),
            Some(4_915_112_345_678)
        );
        assert_eq!(of_varint(&[0x96, 0x81]), None);
        assert_eq!(written(|to| varint(0, to)), [0]);
        let negative = [&[0x08][..], &[0xff; 9], &[0x01, 0x10]].concat();
        assert_eq!(
            integer_field(&negative),
            Some((0x08, u64::MAX, &[0x10][..]))
        );
        let endless = [&[0x08][..], &[0xff; 10], &[0x01, 0x10]].concat();
        assert_eq!(integer_field(&endless), None);
        assert_eq!(integer_field(&[0x0d, 0x01]), None);
        assert_eq!(number("150"), None);
        assert_eq!(number("4915112345678"), Some(4_915_112_345_678));
    }
}
