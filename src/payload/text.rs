//! Plain text → one field without a name; bytes → text where they are text.

use std::borrow::Cow;

use base64::Engine;
use unicode_normalization::UnicodeNormalization;

use super::body::{self, MediaType};
use super::collector::Collector;
use super::{Decoder, Input, copied, digits, table};
use crate::limits;
use crate::model::DecodeStep;

pub(super) const DECODER: Decoder = Decoder {
    matches: |media_type, input| {
        !media_type.is_media() && whole_text(media_type, input.bytes, input.is_cut).is_some()
    },
    decode,
};

/// A document in UTF-16, as programs for Windows and in Java write them: read again as what it is then.
pub(super) const WIDE: Decoder = Decoder {
    matches: |media_type, input| {
        // One look at the beginning spares nearly all bodies the rest.
        let begins = |[first, one, second, other]: &[u8; 4]| {
            let is_mark = matches!([first, one], [0xff, 0xfe] | [0xfe, 0xff]);
            is_mark || [first, one].contains(&&0) || first == second || one == other
        };
        !media_type.is_media()
            && input.bytes.first_chunk().is_some_and(begins)
            && wide(input.bytes).is_some()
    },
    decode: |media_type, input, collector| {
        let Some(text) = wide(input.bytes) else {
            return;
        };
        collector.undoing(DecodeStep::Utf16, |collector| {
            let inner = Input {
                bytes: text.as_bytes(),
                keep: copied,
                is_cut: input.is_cut,
            };
            body::decode(media_type, inner, collector);
        });
    },
};

/// Texts with characters between them that are made to part values: each is a value.
pub(super) const PARTED: Decoder = Decoder {
    matches: |media_type, input| !media_type.is_media() && is_parted(input.bytes),
    decode: |_, input, collector| {
        collector.labelled(DecodeStep::Text, |collector| parts(input.bytes, collector));
    },
};

/// A text longer than [`limits::FIELD_BYTES`] (an address book in vCards) becomes several fields, cut at line ends.
fn decode<'a>(media_type: &MediaType, input: Input<'_, 'a>, collector: &mut Collector<'a>) {
    let Some(text) = whole_text(media_type, input.bytes, input.is_cut) else {
        return;
    };
    collector.labelled(DecodeStep::Text, |collector| match text {
        Cow::Borrowed(text) if text.len() <= limits::FIELD_BYTES => {
            collector.value(Cow::Borrowed(text), input.keep);
        }
        text => {
            let mut rest = text.as_ref();
            let mut position = 0_usize;
            while !rest.is_empty() {
                let (piece, tail) = split_at_line(rest, limits::FIELD_BYTES);
                if position == 0 && tail.is_empty() {
                    collector.value(Cow::Borrowed(piece), copied);
                } else {
                    collector.within_index(position, |collector| {
                        collector.value(Cow::Borrowed(piece), copied);
                    });
                }
                position = position.saturating_add(1);
                rest = tail;
            }
        }
    });
}

/// The first `most` bytes of a text up to a line end, if there is one, and the rest.
fn split_at_line(text: &str, most: usize) -> (&str, &str) {
    if text.len() <= most {
        return (text, "");
    }
    let most = text.floor_char_boundary(most.max(4));
    let (head, _) = text.split_at_checked(most).unwrap_or((text, ""));
    let end = head
        .rfind('\n')
        .map_or(most, |line_end| line_end.saturating_add(1));
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// A body as text: UTF-8, UTF-16 with its mark, or Latin-1 where the type says so or the bytes allow no other reading.
fn whole_text<'s>(media_type: &MediaType, bytes: &'s [u8], is_cut: bool) -> Option<Cow<'s, str>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match str::from_utf8(bytes) {
        Ok(text) if is_readable(text) => Some(Cow::Borrowed(text)),
        Ok(_) => None,
        Err(error) if is_cut && error.error_len().is_none() => bytes
            .get(..error.valid_up_to())
            .and_then(|whole| str::from_utf8(whole).ok())
            .filter(|text| is_readable(text))
            .map(Cow::Borrowed),
        Err(_) => match bytes {
            [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
            [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
            _ if media_type.essence.starts_with("text/")
                || media_type.parameter("charset").is_some() =>
            {
                from_bytes(bytes)
            }
            _ => None,
        },
    }
}

fn utf16<'s>(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Cow<'s, str>> {
    let (pairs, _) = bytes.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
        .collect::<Result<String, _>>()
        .ok()
        .filter(|text| is_readable(text))
        .map(Cow::Owned)
}

/// Fewest units of UTF-16 without its mark.
const SHORTEST_WIDE: usize = 4;

/// Fewest units of one script other than Latin.
const SHORTEST_OF_SCRIPT: usize = 6;

/// Whether bytes are text in UTF-16: of every second one, nearly all are zero, or all are, but for ASCII between, of one block of 256
/// letters.
pub(super) fn is_wide(bytes: &[u8]) -> bool {
    let (units, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() || units.len() < SHORTEST_WIDE {
        return false;
    }
    let narrow = units.iter().filter(|unit| unit.contains(&0)).count();
    narrow.saturating_mul(4) >= units.len().saturating_mul(3)
        || script(units, |[_, high]| *high, u16::from_le_bytes)
        || script(units, |[high, _]| *high, u16::from_be_bytes)
}

/// Whether units are letters of one block, and of ASCII.
fn script(units: &[[u8; 2]], high: fn(&[u8; 2]) -> u8, unit: fn([u8; 2]) -> u16) -> bool {
    // The scripts of East Asia have many blocks, of which a text has letters of more than one.
    let is_alphabet = |block: &u8| matches!(block, 0x01..0x2e | 0xff);
    let block = units.iter().map(high).find(|high| *high != 0);
    let Some(block) = block.filter(is_alphabet) else {
        return false;
    };
    let is_letter = |letter: char| {
        letter.is_alphanumeric()
            || matches!(letter, ' '..='~' | '\u{ff01}'..='\u{ff5e}' | '\u{feff}')
    };
    // `a,b,c,d,` is Latin extended read by twos: one byte, at least, is none of a text in ASCII.
    let is_ascii = |byte: &u8| byte.is_ascii() && is_of_text(*byte);
    let is_filling = || units.iter().all(|unit| Some(unit) == units.first());
    units.len() >= SHORTEST_OF_SCRIPT
        && !is_filling()
        && !units.as_flattened().iter().all(is_ascii)
        && units.iter().all(|it| [0, block].contains(&high(it)))
        && units
            .iter()
            .all(|it| char::from_u32(unit(*it).into()).is_some_and(is_letter))
}

/// The text that bytes are in UTF-16, in either order of bytes, with its mark or without.
pub(super) fn wide(bytes: &[u8]) -> Option<String> {
    if !is_wide(bytes) {
        return None;
    }
    let (units, _) = bytes.as_chunks::<2>();
    let is_little = units.iter().filter(|[_, high]| *high == 0).count();
    let is_big = units.iter().filter(|[high, _]| *high == 0).count();
    let is_of_script = || script(units, |[_, high]| *high, u16::from_le_bytes);
    let unit = if is_little > is_big || is_little == is_big && is_of_script() {
        u16::from_le_bytes
    } else {
        u16::from_be_bytes
    };
    let text = utf16(bytes, unit)?;
    Some(text.trim_start_matches('\u{feff}').to_owned())
}

/// Zeros of scripts that have digits of their own, of which the nine others follow: Arabic, Persian, Devanagari, Bengali, Thai.
const ZEROS: [char; 5] = ['\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{e50}'];

/// The digit of ASCII that a letter of another script is.
fn digit(letter: char) -> Option<char> {
    let position = ZEROS.iter().find_map(|zero| {
        let position = u32::from(letter).checked_sub(u32::from(*zero))?;
        (position < 10).then_some(position)
    });
    char::from_digit(position?, 10)
}

/// A text that has wide forms, digits of other scripts or spaces that do not break, with those of ASCII in their place; `None` if it has none.
pub(super) fn folded(text: &str) -> Option<String> {
    let is_wide = |letter: char| matches!(letter, '\u{3000}' | '\u{ff01}'..='\u{ff5e}');
    let is_space = |letter: char| matches!(letter, '\u{a0}' | '\u{2007}' | '\u{202f}');
    // Spaces that do not break stand in numbers of many languages, where nobody needs them to be others.
    let between = |text: &str| {
        let mut parts = text.split(is_space);
        parts
            .next()
            .is_some_and(|first| first.ends_with(char::is_alphabetic))
            && parts
                .next()
                .is_some_and(|next| next.starts_with(char::is_alphabetic))
    };
    let is_other = !text.is_ascii()
        && (text.contains(|letter| is_wide(letter) || digit(letter).is_some()) || between(text));
    is_other.then(|| {
        let letters = text.nfkc();
        letters
            .map(|letter| digit(letter).unwrap_or(letter))
            .collect()
    })
}

/// Bytes as text, if they are: UTF-8, else Latin-1 without control characters.
pub(super) fn from_bytes(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if let Ok(text) = str::from_utf8(bytes) {
        return is_readable(text).then_some(Cow::Borrowed(text));
    }
    let is_latin = bytes
        .iter()
        .all(|byte| matches!(byte, b'\t' | b'\r' | b'\n' | 0x20..=0x7e | 0xa0..=0xff));
    let letters = bytes.iter().filter(|byte| byte.is_ascii()).count();
    // bytes drawn at random are half beyond ASCII; text in a Latin script is not
    (is_latin && letters.saturating_mul(4) >= bytes.len().saturating_mul(3))
        .then(|| Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()))
}

/// No control characters but line ends, tabs and the record separator of JSON text sequences.
pub(super) fn is_readable(text: &str) -> bool {
    // All bytes of them, and the first of those beyond ASCII; without an end ahead of the last, which lets many be looked at at once.
    let is_odd = |byte: &u8| {
        matches!(byte, ..0x20 | 0x7f | 0xc2) && !matches!(byte, b'\t' | b'\r' | b'\n' | 0x1e | 0x0c)
    };
    let has_odd = text
        .as_bytes()
        .iter()
        .fold(false, |has, byte| has | is_odd(byte));
    !has_odd
        || !text.chars().any(|character| {
            character.is_control() && !matches!(character, '\t' | '\r' | '\n' | '\u{1e}' | '\u{c}')
        })
}

/// Control characters that part values: the information separators of ASCII, the start of header that FIX and Hive part fields by, zero.
fn is_parting(character: char) -> bool {
    matches!(character, '\0' | '\u{1}' | '\u{1c}'..='\u{1f}')
}

/// Fewest bytes of texts with such characters, and of these the most, so that it is no chance.
const SHORTEST_PARTED: usize = 8;

/// Whether bytes are texts and characters that part them, and nothing else.
pub(super) fn is_parted(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else {
        return false;
    };
    let marks = text.chars().filter(|letter| is_parting(*letter)).count();
    bytes.len() >= SHORTEST_PARTED
        && (1..=bytes.len() / 4).contains(&marks)
        && text.split(is_parting).all(is_readable)
}

/// The texts of bytes that [`is_parted`] says are some, each a value, under its name where it has one.
pub(super) fn parts(bytes: &[u8], collector: &mut Collector<'_>) {
    let text = String::from_utf8_lossy(bytes);
    let parts = text.split(is_parting).map(str::trim);
    for (position, part) in parts.filter(|part| !part.is_empty()).enumerate() {
        collector.within_index(position, |collector| {
            let pair = part.split_once('=').filter(|(name, value)| {
                table::is_name(name) && !value.trim_end_matches('=').is_empty()
            });
            match pair {
                Some((name, value)) => collector.within(name, |collector| {
                    collector.value(Cow::Borrowed(value), copied);
                }),
                None => collector.value(Cow::Borrowed(part), copied),
            }
        });
        if collector.is_full() {
            return;
        }
    }
}

/// Shortest text in unknown bytes: chance makes shorter ones.
const SHORTEST_STRING: u8 = 8;

/// The texts in bytes of an unknown format, each a value: those that have their length in the byte before them, as many formats write
/// short ones, and what stands between as [`among`] finds it. A length that may be a letter begins a text, and is not inside one.
pub(super) fn strings(bytes: &[u8], collector: &mut Collector<'_>) {
    let bytes = bytes.get(..limits::STRINGS_BYTES).unwrap_or(bytes);
    let (mut from, mut at, mut position) = (0_usize, 0_usize, 0_usize);
    let is_letter = |byte: &u8| byte.is_ascii() && is_of_text(*byte);
    let mut was_letter = false;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let may_be_length = !(was_letter && rest.first().is_some_and(is_letter));
        let Some(text) = may_be_length.then(|| string(rest)).flatten() else {
            was_letter = rest.first().is_some_and(is_letter);
            at = at.saturating_add(1);
            continue;
        };
        was_letter = false;
        position = runs(bytes.get(from..at).unwrap_or_default(), position, collector);
        collector.within_index(position, |collector| {
            collector.value(Cow::Borrowed(text), copied);
        });
        position = position.saturating_add(1);
        at = at.saturating_add(text.len()).saturating_add(1);
        from = at;
        if collector.is_full() {
            return;
        }
    }
    runs(bytes.get(from..).unwrap_or_default(), position, collector);
}

/// Whether a byte may be of a text.
fn is_of_text(byte: u8) -> bool {
    !byte.is_ascii_control() || byte.is_ascii_whitespace()
}

/// A text behind the byte that is its length; where that may be of a text itself, nothing of one follows.
fn string(bytes: &[u8]) -> Option<&str> {
    let (length, behind) = bytes.split_first()?;
    let next = behind.get(usize::from(*length)).copied();
    if is_of_text(*length) && next.is_some_and(is_of_text) {
        return None;
    }
    let text = (*length >= SHORTEST_STRING).then(|| behind.get(..usize::from(*length)));
    let text = str::from_utf8(text.flatten()?).ok()?;
    (!text.chars().any(char::is_control)).then_some(text)
}

/// Shortest text among bytes without its length: of random bytes, one in some hundred thousand begins one.
const SHORTEST_AMONG: usize = 12;

/// The texts in bytes that came out of an encoding and are of no known format, each a value.
pub(super) fn among(bytes: &[u8], collector: &mut Collector<'_>) {
    let bytes = bytes.get(..limits::STRINGS_BYTES).unwrap_or(bytes);
    runs(bytes, 0, collector);
}

/// The same, counted from a position on; the next position.
fn runs(bytes: &[u8], first: usize, collector: &mut Collector<'_>) -> usize {
    let runs = bytes.utf8_chunks();
    let texts = runs.flat_map(|run| run.valid().split(char::is_control));
    let is_long = |text: &&str| {
        let letters = || text.bytes().filter(u8::is_ascii).count();
        text.len() >= SHORTEST_AMONG && letters() >= SHORTEST_AMONG
    };
    let mut position = first;
    for text in texts.filter(is_long) {
        collector.within_index(position, |collector| {
            collector.value(Cow::Borrowed(text), copied);
        });
        position = position.saturating_add(1);
        if collector.is_full() {
            break;
        }
    }
    position
}

/// Undoes quoted-printable (RFC 2045 §6.7); what does not follow it stays as it is.
pub(super) fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        rest = match (first, tail) {
            (b'=', [b'\r', b'\n', tail @ ..] | [b'\n', tail @ ..]) => tail,
            (b'=', [high, low, after @ ..]) => {
                let digits = digits::hex_digit(*high).zip(digits::hex_digit(*low));
                let (byte, rest) =
                    digits.map_or((b'=', tail), |(high, low)| (high << 4 | low, after));
                decoded.push(byte);
                rest
            }
            _ => {
                decoded.push(*first);
                tail
            }
        };
    }
    decoded
}

/// Undoes base64 of which each piece is padded on its own, as streams of it are.
pub(super) fn base64_pieces(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len());
    for piece in bytes.split(|byte| *byte == b'=') {
        decoded.extend(base64_lines(piece).0);
    }
    decoded
}

/// Undoes base64 with line ends (RFC 2045 §6.8), as far as it goes; `false` if it was damaged.
pub(super) fn base64_lines(bytes: &[u8]) -> (Vec<u8>, bool) {
    let dense: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    if let Ok(decoded) = digits::LENIENT_BASE64.decode(&dense) {
        return (decoded, true);
    }
    let sound = dense
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')))
        .unwrap_or(dense.len());
    let quads = dense.get(..sound & !3).unwrap_or_default();
    (
        digits::LENIENT_BASE64.decode(quads).unwrap_or_default(),
        false,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Place;

    #[test]
    fn wide_letters_and_digits_of_other_scripts_are_those_of_ascii() {
        for (text, expected) in [
            ("＋４９ １５２", "+49 152"),
            ("٤٩١٥٢", "49152"),
            ("Ada　Brix", "Ada Brix"),
            ("Ada\u{a0}Brix", "Ada Brix"),
        ] {
            assert_eq!(folded(text).as_deref(), Some(expected));
        }
        for text in ["Größe", "12\u{a0}500", "Ada Brix", "東京"] {
            assert_eq!(folded(text), None, "{text}");
        }
    }

    #[test]
    fn letters_with_marks_between_are_no_other_script() {
        for text in ["a,b,c,d,e,f,", "a\tb\tc\td\te\tf\t", "a\nb\nc\nd\ne\nf\n"] {
            assert!(!is_wide(text.as_bytes()), "{text}");
        }
        for text in ["Привет, Анна", "Γεια σου, Άννα"] {
            let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert!(is_wide(&bytes), "{text}");
        }
    }

    #[test]
    fn letters_of_a_text_are_not_its_length() {
        let long = "LS1".repeat(40);
        for front in [&b"\x78\0\0\0"[..], b"\x04\x81\x78", b"\0\x78", b"\xfe"] {
            let bytes = [front, long.as_bytes()].concat();
            let mut collector = Collector::new(Place::Body);
            strings(&bytes, &mut collector);
            let fields = collector.finish().fields;
            assert_eq!(
                fields.iter().next().map(|field| field.value.as_ref()),
                Some(&*long)
            );
        }
    }

    #[test]
    fn texts_behind_their_lengths_are_found_in_unknown_bytes() {
        let mut bytes = b"\x05\xe0\x0b\x80".to_vec();
        for text in ["+493023125111", "Anna Beispiel"] {
            bytes.push(u8::try_from(text.len()).unwrap());
            bytes.extend(text.bytes());
            bytes.extend([0, 0, 0xff]);
        }
        let mut collector = Collector::new(Place::Body);
        strings(&bytes, &mut collector);
        let fields = collector.finish().fields;
        let values: Vec<&str> = fields.iter().map(|field| field.value.as_ref()).collect();
        assert_eq!(values, ["+493023125111", "Anna Beispiel"]);
    }
}
