//! Words of hexadecimal digits and base64 → digests of known values.

use base64::Engine;

use super::index::Prepared;
use super::recipe::{Digests, GIVEN, given, start};
use super::scan::{Hit, Looked, Scarce};
use crate::model::{DecodeStep, Look};
use crate::payload::{LENIENT_BASE64, LENIENT_BASE64_URL, hex_bytes};

/// How probable it may be that a random number is the checksum of a known value, so that one alone is believed.
const CHECKSUM_CHANCE: f64 = 2e-7;
/// Seconds from 2011 to 2030.
const TIMES: std::ops::Range<u32> = 1_300_000_000..1_900_000_000;
/// Fewest characters of hexadecimal and base64 that hold the eight bytes by which digests are told.
pub(super) const SHORTEST_HEX: usize = 16;
const SHORTEST_BASE64: usize = 11;
/// Fewest characters of a checksum in hexadecimal digits, the shortest of what is looked for in words.
pub(super) const SHORTEST_TOKEN: usize = 8;
/// Longest text in which a digest may stand alone; longer runs are encoded data, not digests.
const LONGEST_TOKEN: usize = 256;

/// What digests are written in: hexadecimal or base64 in either alphabet, also behind a mark like `sha256_`.
#[inline]
fn is_token(byte: u8) -> bool {
    Look::class(byte) & (Look::BASE64 | Look::SPACE) == Look::BASE64
}

/// Calls `see` with each token of a text that looks like this, where it begins, and how it looks; not with those too short to be
/// anything that is looked for.
pub(super) fn each_token(bytes: &[u8], look: Look, see: &mut dyn FnMut(usize, &[u8], Look)) {
    // Of these kinds, only white space is none of a token's.
    if look.is_all(Look::BASE64) && !look.has(Look::SPACE) {
        if bytes.len() >= SHORTEST_TOKEN {
            see(0, bytes, look);
        }
        return;
    }
    let mut start = 0_usize;
    for token in bytes.split(|byte| !is_token(*byte)) {
        if token.len() >= SHORTEST_TOKEN {
            let mut look = Look::default();
            for byte in token {
                look.add(*byte);
            }
            see(start, token, look);
        }
        start = start.saturating_add(token.len()).saturating_add(1);
    }
}

/// Calls `see` with what may be a digest of a word that looks like this, all of it or its end, and whether it is hexadecimal.
#[inline]
pub(super) fn each_digest(token: &[u8], look: Look, see: &mut impl FnMut(&[u8], bool)) {
    let is_hex = look.is_all(Look::HEX);
    if token.len() <= LONGEST_TOKEN {
        see(token, is_hex);
    }
    if is_hex {
        return;
    }
    let mut see = |part: &[u8]| see(part, part.iter().all(u8::is_ascii_hexdigit));
    if let Some(digits) = token.strip_prefix(b"0x") {
        see(digits);
    }
    // Sixteen bytes of a digest are also written as a UUID.
    if let Some(digits) = uuid_digits(token) {
        see(&digits);
    }
    let is_mark = |byte: &u8| matches!(byte, b'-' | b'_' | b'/' | b'=' | b'+');
    if !token.iter().any(is_mark) {
        return;
    }
    // `user-0a1b…`, `sha256_…`: the part behind the mark.
    for part in token.split(is_mark) {
        if (SHORTEST_TOKEN..=LONGEST_TOKEN).contains(&part.len()) && part.len() < token.len() {
            see(part);
        }
    }
    for mark in [b'-', b'_', b'='] {
        let first = token.iter().position(|byte| *byte == mark);
        let behind = first.and_then(|at| token.get(at.saturating_add(1)..));
        if let Some(behind) = behind.filter(|rest| rest.len() >= SHORTEST_BASE64) {
            see(behind);
        }
    }
}

/// The hexadecimal digits of a UUID.
fn uuid_digits(token: &[u8]) -> Option<Vec<u8>> {
    let is_uuid = token.len() == 36
        && token
            .iter()
            .enumerate()
            .all(|(at, byte)| (*byte == b'-') == matches!(at, 8 | 13 | 18 | 23));
    is_uuid.then(|| token.iter().copied().filter(|byte| *byte != b'-').collect())
}

/// Digests in pairs of hexadecimal digits (`0a:1b:…`), and the first eight bytes of one as a number.
#[inline]
pub(super) fn spread_digest(index: &Prepared, text: &[u8], look: Look, hits: &mut Vec<Hit>) {
    if look.has(Look::COLON) || NUMBER_OF_START.contains(&text.len()) {
        pairs_or_number(index, text, look, hits);
    }
}

fn pairs_or_number(index: &Prepared, text: &[u8], look: Look, hits: &mut Vec<Hit>) {
    let digests = &index.digests;
    if digests.by_start.is_empty() {
        return;
    }
    if look.has(Look::COLON) && SPREAD.contains(&text.len()) {
        let are_pairs = text.iter().skip(2).step_by(3).all(|byte| *byte == b':');
        let digits: Vec<u8> = text.iter().copied().filter(|byte| *byte != b':').collect();
        if are_pairs && digits.iter().all(u8::is_ascii_hexdigit) {
            encoded_digest(index, digests, &digits, true, hits);
        }
    } else if NUMBER_OF_START.contains(&text.len())
        && text
            .iter()
            .all(|byte| byte.is_ascii_digit() || *byte == b'-')
        && let Ok(text) = str::from_utf8(text)
    {
        let signed = text.parse::<i64>().ok().map(i64::cast_unsigned);
        if let Some(number) = text.parse::<u64>().ok().or(signed) {
            for bytes in [number.to_be_bytes(), number.to_le_bytes()] {
                let from = hits.len();
                digest(index, digests, &bytes, true, hits);
                for hit in hits.iter_mut().skip(from) {
                    hit.steps.insert(0, DecodeStep::Fixed64);
                }
            }
        }
    }
}

/// Characters of a digest in pairs of digits: of sixteen bytes and more.
const SPREAD: std::ops::RangeInclusive<usize> = 47..=191;
/// Digits of a number of 64 bits.
const NUMBER_OF_START: std::ops::RangeInclusive<usize> = 16..=20;

/// A checksum in hexadecimal digits, in either order of bytes.
pub(super) fn hex_checksum(
    index: &Prepared,
    digits: &[u8],
    looked: &mut Looked,
    hits: &mut Vec<Hit>,
) {
    if digits.len() == 8
        && !index.checksums.is_empty()
        && let Some(sum) = str::from_utf8(digits)
            .ok()
            .and_then(|text| u32::from_str_radix(text, 16).ok())
    {
        // Times are written in decimal digits.
        for sum in [sum, sum.swap_bytes()] {
            checksum(index, sum, false, looked, hits);
        }
    }
}

pub(super) fn encoded_digest(
    index: &Prepared,
    digests: &Digests,
    token: &[u8],
    is_hex: bool,
    hits: &mut Vec<Hit>,
) {
    if is_hex {
        if hex_start(token).is_some_and(|key| digests.by_start.may_hold(key))
            && let Some(bytes) = hex_bytes(token.get(..token.len() & !1).unwrap_or_default())
        {
            digest(index, digests, &bytes, true, hits);
        }
        return;
    }
    if !base64_start(token).is_some_and(|key| digests.by_start.may_hold(key)) {
        return;
    }
    let length = token
        .iter()
        .rposition(|byte| *byte != b'=')
        .map_or(0, |last| last.saturating_add(1));
    let Some(bare) = token.get(..length) else {
        return;
    };
    let engine = if bare.iter().any(|byte| matches!(byte, b'-' | b'_')) {
        &LENIENT_BASE64_URL
    } else {
        &LENIENT_BASE64
    };
    if let Ok(bytes) = engine.decode(bare) {
        digest(index, digests, &bytes, true, hits);
    }
}

/// [`start`] of what hexadecimal digits stand for.
fn hex_start(digits: &[u8]) -> Option<u64> {
    let ([high, low, ..], _) = digits.as_chunks::<8>() else {
        return None;
    };
    let half = |digits: &[u8; 8]| four_bytes(u64::from_be_bytes(*digits));
    Some(half(high) << 32 | half(low))
}

/// What eight hexadecimal digits stand for, all at once: a letter is nine more than its lower four bits.
fn four_bytes(digits: u64) -> u64 {
    let letters = digits >> 6 & 0x0101_0101_0101_0101;
    let values = (digits & 0x0f0f_0f0f_0f0f_0f0f).wrapping_add(letters.wrapping_mul(9));
    let bytes = (values >> 4 | values) & 0x00ff_00ff_00ff_00ff;
    let pairs = (bytes >> 8 | bytes) & 0x0000_ffff_0000_ffff;
    (pairs >> 16 | pairs) & 0xffff_ffff
}

/// [`start`] of what base64, in either alphabet, stands for.
fn base64_start(letters: &[u8]) -> Option<u64> {
    let letters = letters.first_chunk::<SHORTEST_BASE64>()?;
    let (last, first) = letters.split_last()?;
    let mut start = 0_u64;
    for letter in first {
        start = start << 6 | u64::from(base64_value(*letter)?);
    }
    // Eleven letters are two bits more than eight bytes.
    Some(start << 4 | u64::from(base64_value(*last)? >> 2))
}

#[inline]
fn base64_value(letter: u8) -> Option<u8> {
    let value = BASE64_VALUES.get(usize::from(letter)).copied();
    value.filter(|value| *value != NO_BASE64)
}

/// No letter of base64.
const NO_BASE64: u8 = u8::MAX;

/// What the letters of both alphabets of base64 stand for (RFC 4648 §4, §5).
const BASE64_VALUES: [u8; 256] = {
    let mut values = [NO_BASE64; 256];
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
    let mut at = 0;
    while at < letters.len() {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::indexing_slicing,
            reason = "evaluated by the compiler over the letters"
        )]
        {
            // The second alphabet has other letters for the last two values.
            values[letters[at] as usize] = if at < 64 { at as u8 } else { at as u8 - 2 };
            at += 1;
        }
    }
    values
};

/// Bytes that begin like a known digest. As a token of its own (`is_whole`) all of it must be the digest or its beginning;
/// inside other bytes, where they may be cut and stand in a row, its first eight bytes are enough: no chance makes these.
fn digest(index: &Prepared, digests: &Digests, bytes: &[u8], is_whole: bool, hits: &mut Vec<Hit>) {
    let Some(start) = start(bytes) else { return };
    for slot in digests.by_start.get(start) {
        let (expected, steps) = if slot.spelling == GIVEN {
            let value = index.value(slot).map(|value| value.value.reveal());
            (value.and_then(given), Vec::new())
        } else {
            let recipe = digests.recipes.get(usize::from(slot.how));
            let spelling = index.spelling(slot);
            let digest = recipe
                .zip(spelling)
                .and_then(|(recipe, spelling)| recipe.compute(spelling.text.as_bytes()));
            (
                digest,
                recipe.map(super::recipe::Recipe::steps).unwrap_or_default(),
            )
        };
        let Some(expected) = expected else { continue };
        let fits = if is_whole {
            expected.starts_with(bytes) || bytes.starts_with(&expected)
        } else {
            expected.starts_with(bytes.get(..8).unwrap_or(bytes))
        };
        if fits {
            hits.push(Hit {
                steps,
                is_digest: true,
                ..Hit::of(slot.value)
            });
        }
    }
}

/// A CRC-32: weak, since there are only four billion of them, unless few are looked for and it is no time in seconds.
#[inline]
pub(super) fn checksum(
    index: &Prepared,
    sum: u32,
    may_be_time: bool,
    looked: &mut Looked,
    hits: &mut Vec<Hit>,
) {
    looked.add(Scarce::Checksum, sum.into());
    for slot in index.checksums.get(sum.into()) {
        hits.push(Hit {
            steps: vec![DecodeStep::Crc32],
            is_weak: may_be_time && TIMES.contains(&sum)
                || index.chance(Scarce::Checksum) > CHECKSUM_CHANCE,
            is_digest: true,
            form: Some(Scarce::Checksum),
            ..Hit::of(slot.value)
        });
    }
}

/// Whether a text holds something as long as a digest, and as random.
pub(super) fn may_hold_digest(text: &str) -> bool {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    text.as_bytes()
        .split(|byte| !is_token(byte))
        .filter(|token| token.len() >= SHORTEST_HEX.min(SHORTEST_BASE64))
        .any(|token| {
            token.iter().any(u8::is_ascii_digit) && token.iter().any(u8::is_ascii_alphabetic)
        })
}

/// Digests among bytes.
pub(super) fn raw_digests(index: &Prepared, digests: &Digests, bytes: &[u8], hits: &mut Vec<Hit>) {
    if digests.by_start.is_empty() {
        return;
    }
    for (position, window) in bytes.windows(8).enumerate() {
        if start(window).is_some_and(|key| digests.by_start.may_hold(key)) {
            let rest = bytes.get(position..).unwrap_or_default();
            digest(index, digests, rest, false, hits);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_a_digest_is_read_from_its_digits() {
        assert_eq!(
            hex_start(b"0123456789abcdefff"),
            Some(0x0123_4567_89ab_cdef)
        );
        assert_eq!(hex_start(b"FEDCBA9876543210"), Some(0xfedc_ba98_7654_3210));
        assert_eq!(hex_start(b"0123"), None);
    }

    #[test]
    fn tokens_are_told_from_what_parts_them() {
        let tokens = |text: &str| {
            let mut tokens = Vec::new();
            each_token(
                text.as_bytes(),
                Look::of(text),
                &mut |start, token, look| {
                    let token = str::from_utf8(token).unwrap();
                    assert_eq!(look, Look::of(token));
                    assert_eq!(text.get(start..start + token.len()), Some(token));
                    tokens.push(token.to_owned());
                },
            );
            tokens
        };
        assert_eq!(tokens("sha256_0a1b2c3d"), ["sha256_0a1b2c3d"]);
        assert_eq!(
            tokens("id: 0a1b2c3d, short; ä-0123456=="),
            ["0a1b2c3d", "-0123456=="]
        );
        assert_eq!(tokens("two words"), [""; 0]);
    }
}
