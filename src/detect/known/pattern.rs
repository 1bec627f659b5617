//! A spelling → the bytes it becomes inside other encodings, so that it is found within larger encoded values too.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::spelling;
use crate::model::DecodeStep;

/// A way to wrap a spelling.
#[derive(Debug)]
pub(super) struct Wrapping {
    /// What is undone by finding it.
    pub(super) steps: &'static [DecodeStep],
    /// What stands around the value, and how to see it.
    pub(super) form: Form,
    /// The bytes; `None` where the wrapping does not apply.
    pub(super) wrap: fn(&str) -> Option<Vec<u8>>,
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
        wrap: |text| Some(spelling::lower(text).into_bytes()),
    },
    Wrapping {
        steps: &[DecodeStep::Hex],
        form: Form::Hex,
        wrap: |text| Some(hex(text.as_bytes())),
    },
    Wrapping {
        steps: &[DecodeStep::Reversed],
        form: Form::Plain,
        wrap: |text| Some(reversed(&spelling::lower(text)).into_bytes()),
    },
    Wrapping {
        steps: &[DecodeStep::Hex, DecodeStep::Utf16],
        form: Form::WideHex,
        wrap: |text| Some(hex(&utf16(text, u16::to_le_bytes))),
    },
    Wrapping {
        steps: &[DecodeStep::Hex, DecodeStep::Utf16],
        form: Form::WideHex,
        wrap: |text| Some(hex(&utf16(text, u16::to_be_bytes))),
    },
];

/// In text as it stands. Base64 depends on where the value begins within a group of three bytes.
pub(super) const EXACT: &[Wrapping] = &[
    Wrapping {
        steps: &[DecodeStep::Base64],
        form: Form::Base64(0),
        wrap: |text| base64(text.as_bytes(), 0, false),
    },
    Wrapping {
        steps: &[DecodeStep::Base64],
        form: Form::Base64(1),
        wrap: |text| base64(text.as_bytes(), 1, false),
    },
    Wrapping {
        steps: &[DecodeStep::Base64],
        form: Form::Base64(2),
        wrap: |text| base64(text.as_bytes(), 2, false),
    },
    Wrapping {
        steps: &[DecodeStep::Base64],
        form: Form::Base64(0),
        wrap: |text| base64(text.as_bytes(), 0, true),
    },
    Wrapping {
        steps: &[DecodeStep::Base64],
        form: Form::Base64(1),
        wrap: |text| base64(text.as_bytes(), 1, true),
    },
    Wrapping {
        steps: &[DecodeStep::Base64],
        form: Form::Base64(2),
        wrap: |text| base64(text.as_bytes(), 2, true),
    },
    Wrapping {
        steps: &[DecodeStep::Base64, DecodeStep::Utf16],
        form: Form::Base64(0),
        wrap: |text| base64(&utf16(text, u16::to_le_bytes), 0, false),
    },
    Wrapping {
        steps: &[DecodeStep::Base64, DecodeStep::Utf16],
        form: Form::Base64(1),
        wrap: |text| base64(&utf16(text, u16::to_le_bytes), 1, false),
    },
    Wrapping {
        steps: &[DecodeStep::Base64, DecodeStep::Utf16],
        form: Form::Base64(2),
        wrap: |text| base64(&utf16(text, u16::to_le_bytes), 2, false),
    },
];

/// In bytes that are no text.
pub(super) const BINARY: &[Wrapping] = &[
    Wrapping {
        steps: &[],
        form: Form::Plain,
        wrap: |text| Some(text.as_bytes().to_vec()),
    },
    Wrapping {
        steps: &[],
        form: Form::Apart,
        wrap: packed,
    },
    Wrapping {
        steps: &[DecodeStep::Utf16],
        form: Form::Wide,
        wrap: |text| Some(utf16(text, u16::to_le_bytes)),
    },
    Wrapping {
        steps: &[DecodeStep::Utf16],
        form: Form::Wide,
        wrap: |text| Some(utf16(text, u16::to_be_bytes)),
    },
    Wrapping {
        steps: &[DecodeStep::Varint],
        form: Form::Apart,
        wrap: |text| Some(varint(number(text)?)),
    },
    Wrapping {
        steps: &[DecodeStep::Fixed64],
        form: Form::Apart,
        wrap: |text| Some(number(text)?.to_le_bytes().to_vec()),
    },
    Wrapping {
        steps: &[DecodeStep::Fixed64],
        form: Form::Apart,
        wrap: |text| Some(number(text)?.to_be_bytes().to_vec()),
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
fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(10);
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or(0);
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// The number that a varint of protobuf is from the first to the last byte.
pub(super) fn of_varint(bytes: &[u8]) -> Option<u64> {
    let (last, others) = bytes.split_last()?;
    let is_one = *last < 0x80 && others.iter().all(|byte| *byte >= 0x80) && bytes.len() < 10;
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

fn hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value & 15)).copied().unwrap_or(b'0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

pub(super) fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

pub(super) fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

/// Which character of a group is the first that depends on nothing before a value that begins so many bytes into it.
pub(super) fn first_in_base64(offset: usize) -> usize {
    offset.saturating_mul(8).div_ceil(6)
}

/// The characters of base64 that are the same whatever stands before (`offset` bytes modulo three) and behind the value.
fn base64(bytes: &[u8], offset: usize, is_url: bool) -> Option<Vec<u8>> {
    let mut padded = vec![0; offset];
    padded.extend_from_slice(bytes);
    let encoded = if is_url {
        URL_SAFE_NO_PAD.encode(&padded)
    } else {
        STANDARD_NO_PAD.encode(&padded)
    };
    // The other alphabet only matters where it differs.
    if is_url && !encoded.contains(['-', '_']) {
        return None;
    }
    let first = first_in_base64(offset);
    let last = padded.len().saturating_mul(8) / 6;
    encoded
        .as_bytes()
        .get(first..last)
        .filter(|stable| stable.len() >= 8)
        .map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn base64_is_found_wherever_the_value_begins(before in proptest::collection::vec(any::<u8>(), 0..7), value in "[a-z0-9@.+/?~]{9,30}", behind in proptest::collection::vec(any::<u8>(), 0..7)) {
            let whole = [&before[..], value.as_bytes(), &behind[..]].concat();
            for (is_url, encoded) in [(false, STANDARD_NO_PAD.encode(&whole)), (true, URL_SAFE_NO_PAD.encode(&whole))] {
                let is_in = (0..3)
                    .flat_map(|offset| [base64(value.as_bytes(), offset, false), base64(value.as_bytes(), offset, true)])
                    .flatten()
                    .any(|pattern| encoded.contains(str::from_utf8(&pattern).unwrap()));
                prop_assert!(is_in, "{} {}", is_url, encoded);
            }
        }
    }

    #[test]
    fn numbers_are_written_as_protobuf_writes_them() {
        assert_eq!(varint(150), [0x96, 0x01]);
        assert_eq!(
            of_varint(&varint(4_915_112_345_678)),
            Some(4_915_112_345_678)
        );
        assert_eq!(of_varint(&[0x96, 0x81]), None);
        assert_eq!(varint(0), [0]);
        assert_eq!(number("150"), None);
        assert_eq!(number("4915112345678"), Some(4_915_112_345_678));
    }
}
