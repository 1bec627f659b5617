//! Protocol Buffers without their schema: fields by number. What a field of bytes holds is told by what it looks like: text,
//! else a message, else packed numbers, else bytes.

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::binary::{self, Cursor, Key, See, Signs, Stop, Token, deeper, see, under};
use super::body::MediaType;
use super::collector::Collector;
use super::{Decoder, Input, compression, frame, nested, text};
use crate::limits;
use crate::model::DecodeStep;

pub(super) const DECODER: Decoder = Decoder { matches, decode };

/// Highest field number that is believed where nothing says that these bytes are a message. The format allows 2^29.
const USUAL_NUMBER: u64 = 2047;

fn is_named(media_type: &MediaType) -> bool {
    let essence = media_type.essence.as_str();
    (essence.contains("protobuf") || essence.contains("x-proto")) && !essence.ends_with("json")
}

/// Unlabelled bytes must be a message from the first to the last byte, with something readable and little that is not. Texts of
/// which the first letters could be a tag and a length are texts.
fn matches(media_type: &MediaType, input: Input<'_, '_>) -> bool {
    if is_named(media_type) {
        // The name is also given to what is only around it, or to what came before it.
        return input.is_cut
            || is_message(input.bytes)
            || is_list(input.bytes)
            || !nested::is_document(input.bytes) && !is_text(input.bytes);
    }
    media_type.is_unspecific()
        && !input.is_cut
        && unlabelled(input.bytes).is_some_and(|signs| {
            is_readable(signs)
                || signs.blobs == 1 && holds_compressed(input.bytes)
                || certainty(input.bytes) >= CERTAIN
        })
}

/// Bits of [`certainty`] from which on bytes are a message: chance makes one of a million of them.
const CERTAIN: u32 = 20;

/// How sure it is, in bits, that bytes are a message: 0 where they are none.
pub(super) fn certainty(bytes: &[u8]) -> u32 {
    evidence(bytes, 0).unwrap_or(0)
}

fn evidence(bytes: &[u8], depth: usize) -> Option<u32> {
    let depth = deeper(depth).ok()?;
    let mut cursor = Cursor::new(bytes);
    let (mut bits, mut before) = (0_u32, 0_u64);
    while !cursor.is_empty() {
        let (number, kind) = tag(&mut cursor).ok()?;
        if number > USUAL_NUMBER {
            return None;
        }
        // Half of the kinds there are, and of one byte in four the number that is next.
        let is_next = (before..=before.saturating_add(3)).contains(&number);
        let of_tag = if is_next { 4 } else { 1 };
        before = number;
        let of_value = match kind {
            0 => {
                let from = cursor.rest().len();
                cursor.varint().ok()?;
                u32::try_from(from.saturating_sub(cursor.rest().len())).ok()?
            }
            1 => match fixed_64(cursor.array().ok()?) {
                Token::Float(_) => 4,
                _ => 0,
            },
            2 => {
                let len = cursor.varint().ok()?;
                let content = cursor.take_long(len).ok()?;
                let of_end = if cursor.is_empty() { 7 } else { 0 };
                of_content(content, depth).saturating_add(of_end)
            }
            5 => match fixed_32(cursor.array().ok()?) {
                Token::Single(_) => 2,
                _ => 0,
            },
            _ => return None,
        };
        bits = bits.saturating_add(of_tag).saturating_add(of_value);
    }
    Some(bits)
}

/// The same of what a field of bytes holds.
fn of_content(bytes: &[u8], depth: usize) -> u32 {
    if let Ok(text) = str::from_utf8(bytes)
        && text::is_readable(text)
    {
        return frame::text_bits(text);
    }
    if binary::tells_itself(bytes) {
        return CERTAIN;
    }
    let numbers = || packed_fixed(bytes).or_else(|| packed_varints(bytes));
    let count = || packed_doubles(bytes).map(|row| row.len());
    let rows = || count().or_else(|| numbers().map(|row| row.len()));
    evidence(bytes, depth).unwrap_or_else(|| {
        let row = rows().unwrap_or(0).saturating_mul(4);
        u32::try_from(row).unwrap_or(u32::MAX)
    })
}

fn is_text(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(text::is_readable)
}

/// What bytes have that nothing calls a message, if they are one and no text.
fn unlabelled(bytes: &[u8]) -> Option<Signs> {
    if is_text(bytes) {
        return None;
    }
    let walk = if is_message(bytes) { walk } else { delimited };
    binary::signs(walk, bytes)
}

fn is_readable(signs: Signs) -> bool {
    signs.texts > 0 && signs.blobs <= signs.texts
}

/// Whether bytes that nothing calls a message are one that is readable without undoing anything in it.
pub(super) fn is_readable_message(bytes: &[u8]) -> bool {
    unlabelled(bytes).is_some_and(is_readable)
}

/// Shortest text of a message that is short itself.
const SHORTEST_TEXT: usize = 5;

/// Whether few bytes that nothing calls a message are one, a good part of it is text, and all of that readable: with less, chance
/// makes them.
pub(super) fn is_short_message(bytes: &[u8]) -> bool {
    if !is_message(bytes)
        || !unlabelled(bytes).is_some_and(|signs| signs.texts > 0 && signs.blobs == 0)
    {
        return false;
    }
    let mut letters = 0_usize;
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_empty() {
        let walked = walk(&mut cursor, &mut |token| {
            if let Token::Text(text) = token
                && text.len() >= SHORTEST_TEXT
            {
                letters = letters.saturating_add(text.len());
            }
            ControlFlow::Continue(())
        });
        if walked.is_err() {
            return false;
        }
    }
    letters.saturating_mul(5) >= bytes.len()
}

/// Whether a field of bytes is compressed without a sign of it.
fn holds_compressed(bytes: &[u8]) -> bool {
    let (mut is_held, mut left) = (false, limits::UNMARKED_BYTES);
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_empty() && !is_held {
        let walked = walk(&mut cursor, &mut |token| {
            if let Token::Bytes(bytes) = token {
                is_held |= compression::without_magic(&bytes, &mut left).is_some();
            }
            ControlFlow::Continue(())
        });
        if walked.is_err() {
            return false;
        }
    }
    is_held
}

fn decode<'a>(media_type: &MediaType, input: Input<'_, 'a>, collector: &mut Collector<'a>) {
    // A list of messages, each behind its length, as log uploads are.
    let is_delimited = media_type
        .parameter("delimited")
        .is_some_and(|value| value == "true")
        || !is_message(input.bytes) && is_list(input.bytes);
    let walk = if is_delimited { delimited } else { walk };
    binary::decode(DecodeStep::Protobuf, walk, input, collector);
}

/// Whether bytes are messages, each behind its length.
fn is_list(bytes: &[u8]) -> bool {
    binary::signs(delimited, bytes).is_some()
}

/// One field at a time; a message is all of them.
pub(super) fn walk<'s>(cursor: &mut Cursor<'s>, tokens: See<'_, 's>) -> Result<(), Stop> {
    field(cursor, 0, tokens)
}

fn delimited<'s>(cursor: &mut Cursor<'s>, tokens: See<'_, 's>) -> Result<(), Stop> {
    let len = cursor.varint()?;
    let bytes = cursor.take_long(len)?;
    if !is_message(bytes) {
        return Err(Stop::Damaged);
    }
    message(bytes, 0, tokens)
}

/// A tag: field number and wire type.
fn tag(cursor: &mut Cursor<'_>) -> Result<(u64, u8), Stop> {
    let tag = cursor.varint()?;
    let number = tag >> 3;
    if number == 0 || number >= 1 << 29 {
        return Err(Stop::Damaged);
    }
    Ok((number, u8::try_from(tag & 7).unwrap_or_default()))
}

/// Whether bytes are fields from first to last, without a look into them.
pub(super) fn is_message(bytes: &[u8]) -> bool {
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_empty() {
        let skipped = tag(&mut cursor).and_then(|(number, kind)| {
            if number > USUAL_NUMBER {
                return Err(Stop::Damaged);
            }
            match kind {
                0 => cursor.varint().map(|_| ()),
                1 => cursor.take(8).map(|_| ()),
                2 => {
                    let len = cursor.varint()?;
                    cursor.take_long(len).map(|_| ())
                }
                5 => cursor.take(4).map(|_| ()),
                _ => Err(Stop::Damaged),
            }
        });
        if skipped.is_err() {
            return false;
        }
    }
    !bytes.is_empty()
}

fn message<'s>(bytes: &'s [u8], depth: usize, tokens: See<'_, 's>) -> Result<(), Stop> {
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_empty() {
        field(&mut cursor, depth, tokens)?;
    }
    Ok(())
}

fn field<'s>(cursor: &mut Cursor<'s>, depth: usize, tokens: See<'_, 's>) -> Result<(), Stop> {
    let (number, kind) = tag(cursor)?;
    let key = Key::Number(u32::try_from(number).unwrap_or(u32::MAX));
    match kind {
        0 => {
            let token = Token::Integer(varint(cursor.varint()?));
            under(key, tokens, |tokens| see(tokens, token))
        }
        1 => {
            let token = fixed_64(cursor.array()?);
            under(key, tokens, |tokens| see(tokens, token))
        }
        2 => {
            let len = cursor.varint()?;
            let bytes = cursor.take_long(len)?;
            under(key, tokens, |tokens| content(bytes, depth, tokens))
        }
        3 => {
            let depth = deeper(depth)?;
            under(key, tokens, |tokens| group(cursor, number, depth, tokens))
        }
        5 => {
            let token = fixed_32(cursor.array()?);
            under(key, tokens, |tokens| see(tokens, token))
        }
        _ => Err(Stop::Damaged),
    }
}

/// Fields up to the end of a group, which only old messages have.
fn group<'s>(
    cursor: &mut Cursor<'s>,
    number: u64,
    depth: usize,
    tokens: See<'_, 's>,
) -> Result<(), Stop> {
    loop {
        let mut ahead = *cursor;
        if let (end, 4) = tag(&mut ahead)? {
            *cursor = ahead;
            return if end == number {
                Ok(())
            } else {
                Err(Stop::Damaged)
            };
        }
        field(cursor, depth, tokens)?;
    }
}

/// Negative numbers of the kinds `int32` and `int64` take all 64 bits.
fn varint(number: u64) -> i128 {
    i128::from(number.cast_signed())
}

/// A double where it is a plausible one, as coordinates and amounts are; else a number.
fn fixed_64(bytes: [u8; 8]) -> Token<'static> {
    let float = f64::from_le_bytes(bytes);
    if is_plausible(float) {
        Token::Float(float)
    } else {
        Token::Integer(varint(u64::from_le_bytes(bytes)))
    }
}

fn fixed_32(bytes: [u8; 4]) -> Token<'static> {
    let float = f32::from_le_bytes(bytes);
    if is_plausible(f64::from(float)) {
        Token::Single(float)
    } else {
        Token::Integer(i128::from(u32::from_le_bytes(bytes)))
    }
}

/// Sizes that people measure things in. Times and counters as floats would be far outside.
fn is_plausible(float: f64) -> bool {
    (1e-6..1e10).contains(&float.abs())
}

/// What a field of bytes holds.
fn content<'s>(bytes: &'s [u8], depth: usize, tokens: See<'_, 's>) -> Result<(), Stop> {
    let readable = str::from_utf8(bytes)
        .ok()
        .filter(|text| text::is_readable(text));
    if let Some(text) = readable
        && !looks_framed(bytes)
    {
        return see(tokens, Token::Text(Cow::Borrowed(text)));
    }
    if is_message(bytes) {
        return message(bytes, deeper(depth)?, tokens);
    }
    if let Some(doubles) = packed_doubles(bytes) {
        return row(doubles.into_iter().map(Token::Float), tokens);
    }
    if let Some(numbers) = packed_fixed(bytes).or_else(|| packed_varints(bytes)) {
        let is_row = numbers.len() > 1;
        row(numbers.into_iter().map(Token::Integer), tokens)?;
        // Six random bytes are one such number once in sixty times, sixteen a row of them once in four thousand.
        if is_row {
            return Ok(());
        }
    }
    see(tokens, Token::Bytes(Cow::Borrowed(bytes)))
}

/// Values that follow each other in one field.
fn row<'s>(values: impl Iterator<Item = Token<'s>>, tokens: See<'_, 's>) -> Result<(), Stop> {
    for (position, value) in (0_u32..).zip(values) {
        under(Key::Number(position), tokens, |tokens| see(tokens, value))?;
    }
    Ok(())
}

/// Whether bytes that could be text are rather a message: its first tag and length happen to be printable, as those of a field
/// of 36 characters are, but one of the two is no letter or digit.
fn looks_framed(bytes: &[u8]) -> bool {
    let [first, second, ..] = bytes else {
        return false;
    };
    let is_odd = !first.is_ascii_alphanumeric() || !second.is_ascii_alphanumeric();
    is_odd && first & 7 == 2 && is_message(bytes)
}

/// Two or more plausible doubles and nothing else: a position, a track.
fn packed_doubles(bytes: &[u8]) -> Option<Vec<f64>> {
    let (chunks, rest) = bytes.as_chunks::<8>();
    if chunks.len() < 2 || !rest.is_empty() {
        return None;
    }
    chunks
        .iter()
        .map(|chunk| f64::from_le_bytes(*chunk))
        .map(|double| (double == 0.0 || is_plausible(double)).then_some(double))
        .collect()
}

/// Numbers as long as those of phones with their country code, and of devices and SIM cards: smaller ones are in any bytes.
pub(super) const LONG_NUMBERS: std::ops::Range<u64> = 10_000_000..10_000_000_000_000_000;

/// Long numbers in eight bytes each and nothing else: a list of phone numbers (`repeated fixed64`).
fn packed_fixed(bytes: &[u8]) -> Option<Vec<i128>> {
    let (chunks, rest) = bytes.as_chunks::<8>();
    if chunks.is_empty() || !rest.is_empty() {
        return None;
    }
    let numbers = chunks.iter().map(|chunk| u64::from_le_bytes(*chunk));
    numbers
        .map(|number| LONG_NUMBERS.contains(&number).then(|| i128::from(number)))
        .collect()
}

/// The same in groups of seven bits (`repeated uint64`, "Packed Repeated Fields"). No message begins with a tag so large.
fn packed_varints(bytes: &[u8]) -> Option<Vec<i128>> {
    let mut cursor = Cursor::new(bytes);
    let mut numbers = Vec::new();
    while !cursor.is_empty() {
        let number = cursor.varint().ok()?;
        if !LONG_NUMBERS.contains(&number) {
            return None;
        }
        numbers.push(i128::from(number));
    }
    (!numbers.is_empty()).then_some(numbers)
}
