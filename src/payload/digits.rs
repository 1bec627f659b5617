//! Base64 and hexadecimal digits inside values, as all of them or as words among others.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::collector::Collector;
use super::nested::{SHORTEST_DOCUMENT, decode_bytes};
use super::scan::first_of;
use super::{Keep, compression, copied, json, protobuf, text};
use crate::limits::{ENCODED_WORDS, WORDS_BYTES};
use crate::model::{DecodeStep, Look};

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Base64 with or without padding (RFC 4648 §4).
pub(crate) const LENIENT_BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// Base64url with or without padding (RFC 4648 §5).
pub(crate) const LENIENT_BASE64_URL: GeneralPurpose =
    GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Bytes that begin like something compressed and are looked at as they are, too.
const LONGEST_CHANCE: usize = 512;
/// Shortest base64 that is looked into.
pub(super) const SHORTEST_WORD: usize = 8;
/// Shortest base64 that is believed when it gives any text.
const SHORTEST_BASE64: usize = 16;
/// Shortest hexadecimal text that is looked into: shorter ones are ids.
pub(super) const SHORTEST_HEX: usize = 24;
/// Shortest hexadecimal text that says that it is, or that spells a number.
pub(super) const SHORTEST_MARKED: usize = 12;
/// Shortest pairs of hexadecimal digits with spaces between: of eight bytes.
const SHORTEST_SPACED: usize = 23;
/// Shortest hexadecimal text without letters: shorter ones are numbers, of which pairs of digits spell something too often.
pub(super) const SHORTEST_DIGITS: usize = 40;
/// Shortest encoded word among others.
pub(super) const SHORTEST_AMONG: usize = 20;
/// Bytes of the digests in use, of MD5 to SHA-512.
const DIGESTS: [usize; 6] = [16, 20, 28, 32, 48, 64];

/// Hexadecimal digits that spell a text. Ids and hashes do not spell anything.
pub(super) fn hex<'s, 'a>(
    look: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    // `0x` of programs, `\x` of PostgreSQL's bytea
    let marked = || text.strip_prefix("0x").or_else(|| text.strip_prefix("\\x"));
    let (is_marked, look, text) = if look.is_all(Look::HEX) {
        (false, look, text)
    } else if let Some(digits) = marked() {
        (true, Look::of(digits), digits)
    } else {
        return false;
    };
    let shortest = if is_marked
        || text.len() < SHORTEST_HEX && spells_number(text)
        || text.len() < SHORTEST_DIGITS && spells_word(text)
    {
        SHORTEST_MARKED
    } else if look.is_all(Look::DIGIT) && !spells_number(text) {
        SHORTEST_DIGITS
    } else {
        SHORTEST_HEX
    };
    if !look.is_all(Look::HEX) || text.len() < shortest {
        return false;
    }
    let Some(bytes) = hex_bytes(text.as_bytes()) else {
        return false;
    };
    let Some(decoded) = str::from_utf8(&bytes)
        .ok()
        .filter(|text| text::is_readable(text))
    else {
        // Digests are told by their digits.
        let mut is_taken = false;
        let is_none = !DIGESTS.contains(&bytes.len())
            || is_mostly_text(&bytes)
            || protobuf::is_short_message(&bytes);
        let is_told = text::is_wide(&bytes) || compression::by_magic(&bytes).is_some();
        if is_none || is_told {
            collector.undoing(DecodeStep::Hex, |collector| {
                is_taken = decode_bytes(&bytes, collector);
                if !is_taken {
                    collector.opaque(&bytes);
                }
            });
        }
        return is_taken;
    };
    collector.undoing(DecodeStep::Hex, |collector| {
        collector.value(Cow::Borrowed(decoded), copied);
    });
    true
}

/// The same with a space between the pairs, as dumps have them: of text alone.
pub(super) fn spaced_hex<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let bytes = text.as_bytes();
    let (triples, rest) = bytes.as_chunks::<3>();
    if rest.len() != 2 || bytes.len() < SHORTEST_SPACED || triples.iter().any(|it| it[2] != b' ') {
        return false;
    }
    let dense: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b' ').collect();
    let decoded = hex_bytes(&dense).and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = decoded.filter(|text| text::is_readable(text));
    let is_taken = decoded.is_some();
    if let Some(decoded) = decoded {
        collector.undoing(DecodeStep::Hex, |collector| {
            collector.value(Cow::Owned(decoded), copied);
        });
    }
    is_taken
}

/// Whether pairs of digits spell a number with what people write between its groups: of a hundred pairs seven do, so six in a row
/// are no chance.
pub(super) fn spells_number(text: &str) -> bool {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    rest.is_empty()
        && pairs.iter().all(|pair| {
            matches!(
                pair,
                [b'3', b'0'..=b'9']
                    | [b'2', b'0' | b'8' | b'9' | b'b' | b'B' | b'd'..=b'f' | b'D'..=b'F']
            )
        })
}

/// Pairs of digits that spell a word by chance once in millions, also where they are decimal.
const LEAST_PAIRS: usize = 8;
const LEAST_DECIMAL_PAIRS: usize = 10;

/// Whether pairs of digits spell a word of digits and letters of one case, as names of places on a map are.
pub(super) fn spells_word(text: &str) -> bool {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let is_digit = |pair: &[u8; 2]| matches!(pair, [b'3', b'0'..=b'9']);
    let is_letter = |pair: &[u8; 2], first: [u8; 2]| {
        let [high, low] = *pair;
        let is_first = high == first[0] && matches!(low, b'1'..=b'9' | b'a'..=b'f' | b'A'..=b'F');
        is_first || high == first[1] && matches!(low, b'0'..=b'9' | b'a' | b'A')
    };
    let is_word = |first| {
        pairs
            .iter()
            .all(|pair| is_digit(pair) || is_letter(pair, first))
    };
    let least = || {
        let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit());
        if is_decimal {
            LEAST_DECIMAL_PAIRS
        } else {
            LEAST_PAIRS
        }
    };
    let may_be = |pair: &[u8; 2]| matches!(pair, [b'3'..=b'7', _]);
    rest.is_empty()
        && pairs.first().is_some_and(may_be)
        && (is_word([b'6', b'7']) || is_word([b'4', b'5']))
        && pairs.len() >= least()
}

/// Whether most bytes are printable, as those of a document with text in it are and those of a digest are not.
fn is_mostly_text(bytes: &[u8]) -> bool {
    let printable = bytes.iter().filter(|byte| matches!(byte, b' '..=b'~'));
    printable.count().saturating_mul(4) >= bytes.len().saturating_mul(3)
}

/// The bytes of hexadecimal digits.
pub(crate) fn hex_bytes(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(pairs.len());
    for [high, low] in pairs {
        bytes.push(hex_digit(*high)? << 4 | hex_digit(*low)?);
    }
    Some(bytes)
}

/// The value of a hexadecimal digit.
pub(super) fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit & 0x0f),
        b'a'..=b'f' | b'A'..=b'F' => Some((digit & 0x0f).saturating_add(9)),
        _ => None,
    }
}

/// Base64 of text, of something compressed, or of a binary document. Words and random tokens are made of the same letters, but do
/// not decode to any of them.
pub(super) fn base64_text<'s, 'a>(
    look: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    if look.is_all(Look::DIGIT) {
        return false;
    }
    let (look, text) = if look.is_all(Look::BASE64) {
        (look, text)
    } else {
        let url = text.strip_prefix("data:");
        let encoded = url.and_then(|rest| rest.split_once(";base64,"));
        let text = encoded.map_or(text, |(_, encoded)| encoded);
        (Look::of(text), text)
    };
    if !look.is_all(Look::BASE64) || text.len() < SHORTEST_WORD || is_id(look, text) {
        return false;
    }
    let mut buffer = collector.take_buffer();
    let is_taken =
        base64_bytes(text, look, &mut buffer).is_some() && take_base64(text, &buffer, collector);
    collector.put_buffer(buffer);
    is_taken || reversed_base64(text, collector)
}

/// Base64 of text from the last letter to the first.
fn reversed_base64(text: &str, collector: &mut Collector<'_>) -> bool {
    // Of random letters, the last four are the first three bytes of a text once in twenty times.
    let begins = |[first, second, third, fourth]: [u8; 4]| {
        let mut bytes = [0; 3];
        let turned = LENIENT_BASE64.decode_slice([fourth, third, second, first], &mut bytes);
        turned.is_ok() && bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
    };
    let bare = text.trim_start_matches('=');
    let last = bare.as_bytes().last_chunk::<4>();
    if text.len() < SHORTEST_BASE64 || !last.is_some_and(|last| begins(*last)) {
        return false;
    }
    let turned: Vec<u8> = bare.bytes().rev().collect();
    let decoded = LENIENT_BASE64.decode(turned).ok();
    let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = decoded.filter(|text| text.is_ascii() && text::is_readable(text));
    let is_taken = decoded.is_some();
    if let Some(decoded) = decoded {
        collector.undoing(DecodeStep::Reversed, |collector| {
            collector.undoing(DecodeStep::Base64, |collector| {
                collector.value(Cow::Owned(decoded), copied);
            });
        });
    }
    is_taken
}

/// Words of base64 or hexadecimal digits among others: `upload SGFsbG8sIFdlbHQhIQ== done`.
pub(super) fn words<'s, 'a>(
    look: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    if !look.has(Look::DIGIT) || !(SHORTEST_AMONG..=WORDS_BYTES).contains(&text.len()) {
        return false;
    }
    let words: Vec<(Look, &str)> = encoded_words(text).take(ENCODED_WORDS + 1).collect();
    let mut is_taken = false;
    if words.len() <= ENCODED_WORDS {
        for (look, word) in words {
            is_taken |= hex(look, word, copied, collector) || base64_word(look, word, collector);
        }
    }
    is_taken
}

/// The words of a text that are long enough and look random, with their padding, but not all of it.
fn encoded_words(text: &str) -> impl Iterator<Item = (Look, &str)> {
    let is_letter = |byte: &u8| {
        Look::class(*byte) & (Look::BASE64 | Look::SPACE | Look::EQUALS) == Look::BASE64
    };
    let mut rest = text;
    let all = std::iter::from_fn(move || {
        let start = rest.as_bytes().iter().position(is_letter)?;
        let (_, word) = rest.split_at_checked(start)?;
        let letters = word.bytes().take_while(|byte| is_letter(byte)).count();
        let behind = word.bytes().skip(letters).take(2);
        let padding = behind.take_while(|byte| *byte == b'=').count();
        let (word, behind) = word.split_at_checked(letters.saturating_add(padding))?;
        rest = behind;
        Some((letters, word))
    });
    let long = all.filter(|(letters, word)| *letters >= SHORTEST_AMONG && word.len() < text.len());
    long.map(|(_, word)| (Look::of(word), word))
        .filter(|(look, _)| {
            look.has(Look::DIGIT) && (look.has(Look::UPPER) || look.is_all(Look::HEX))
        })
}

/// Base64 among other words: of text, or of what tells itself. What is neither is a name or an id.
fn base64_word(look: Look, word: &str, collector: &mut Collector<'_>) -> bool {
    if is_id(look, word) {
        return false;
    }
    let mut buffer = collector.take_buffer();
    let mut is_taken = false;
    if base64_bytes(word, look, &mut buffer).is_some() {
        let is_text = str::from_utf8(&buffer).is_ok_and(text::is_readable);
        if is_text {
            is_taken = take_base64(word, &buffer, collector);
        } else if compression::by_magic(&buffer).is_some() || buffer.len() >= SHORTEST_DOCUMENT {
            collector.undoing(DecodeStep::Base64, |collector| {
                is_taken = decode_bytes(&buffer, collector);
            });
        }
        if !is_taken && !is_text {
            collector.undoing(DecodeStep::Base64, |collector| {
                text::among(&buffer, collector);
            });
        }
    }
    collector.put_buffer(buffer);
    is_taken
}

/// Letters of a line of base64 that goes on in the next (RFC 2045 §6.8). Digests and tokens in lines of their own are shorter.
const LINE: usize = 76;

/// A text without the line ends inside base64 that stands in it; `None` if there is none.
pub(super) fn unfolded(text: &str) -> Option<String> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let is_full = |line: &str| {
        let word = line
            .bytes()
            .rev()
            .take_while(|byte| is_letter(*byte))
            .count();
        word == LINE
    };
    let goes_on = |line: &str| {
        let word = line.bytes().take_while(|byte| is_letter(*byte)).count();
        (1..=LINE).contains(&word)
    };
    if text.len() <= LINE || !text.contains('\n') {
        return None;
    }
    let mut unfolded = String::with_capacity(text.len());
    let (mut is_found, mut rest) = (false, text);
    while let Some((line, behind)) = rest.split_once('\n') {
        let bare = line.strip_suffix('\r').unwrap_or(line);
        if is_full(bare) && goes_on(behind) {
            unfolded.push_str(bare);
            is_found = true;
        } else {
            unfolded.push_str(line);
            unfolded.push('\n');
        }
        rest = behind;
    }
    unfolded.push_str(rest);
    is_found.then_some(unfolded)
}

/// Whether a text is hexadecimal digits, with or without dashes, as ids and dates are.
fn is_id(look: Look, text: &str) -> bool {
    let is_of_id = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    look.is_all(Look::HEX) || look.has(Look::GROUP) && text.bytes().all(is_of_id)
}

/// Takes what base64 stands for.
fn take_base64(text: &str, bytes: &[u8], collector: &mut Collector<'_>) -> bool {
    let Some(decoded) = str::from_utf8(bytes)
        .ok()
        .filter(|text| text::is_readable(text))
    else {
        let mut is_taken = false;
        collector.undoing(DecodeStep::Base64, |collector| {
            is_taken = decode_bytes(bytes, collector);
            // Two bytes may begin like something compressed by chance.
            let may_be_chance = bytes.len() <= LONGEST_CHANCE;
            if is_taken && may_be_chance {
                collector.binary(bytes);
            } else if !is_taken && (may_be_chance || compression::by_magic(bytes).is_none()) {
                collector.opaque(bytes);
            }
        });
        return is_taken;
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@._+-: ".contains(&byte);
    if text.len() < SHORTEST_BASE64
        && !decoded.bytes().all(is_plain)
        && !json::looks_like(decoded.as_bytes(), false)
    {
        return false;
    }
    collector.undoing(DecodeStep::Base64, |collector| {
        collector.value(Cow::Borrowed(decoded), copied);
    });
    true
}

/// Base64 in either alphabet, with line ends, or with spaces where a form ate the `+`.
fn base64_bytes(text: &str, look: Look, bytes: &mut Vec<u8>) -> Option<()> {
    let text = text.trim_ascii();
    if first_of(text.as_bytes(), [b'-', b'_']).is_some() {
        return LENIENT_BASE64_URL.decode_vec(text, bytes).ok();
    }
    if look.has(Look::LIST | Look::OTHER) && text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        let has_lines = text.contains('\n');
        let mut dense = Vec::with_capacity(text.len());
        dense.extend(text.bytes().filter_map(|byte| match byte {
            b'\r' | b'\n' => None,
            b' ' | b'\t' if has_lines => None,
            b' ' => Some(b'+'),
            other => Some(other),
        }));
        return LENIENT_BASE64.decode_vec(dense, bytes).ok();
    }
    if look.has(Look::SPACE) {
        let plus = text
            .bytes()
            .map(|byte| if byte == b' ' { b'+' } else { byte });
        return LENIENT_BASE64
            .decode_vec(plus.collect::<Vec<u8>>(), bytes)
            .ok();
    }
    LENIENT_BASE64.decode_vec(text, bytes).ok()
}
