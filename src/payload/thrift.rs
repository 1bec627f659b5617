//! Thrift's compact and binary protocols: calls, and structures without one around them. Fields have numbers only.

use std::borrow::Cow;

use super::Decoder;
use super::binary::{self, Cursor, Key, See, Stop, Token, deeper, see, text_token, under, zigzag};
use super::body::MediaType;
use super::text;
use crate::model::DecodeStep;

pub(super) const DECODER: Decoder = Decoder {
    matches: |media_type, input| {
        if is_named(media_type) {
            return true;
        }
        // A call with a name, from the first to the last byte.
        is_call(input.bytes) && media_type.is_unspecific() && binary::is_named_document(walk, input)
    },
    decode: |_, input, collector| {
        binary::decode(DecodeStep::Thrift, walk, input, collector);
    },
};

fn is_named(media_type: &MediaType) -> bool {
    let essence = media_type.essence.as_str();
    let is_json = essence.ends_with("json");
    essence.contains("thrift") && !is_json
}

/// The first byte of a compact call.
const COMPACT: u8 = 0x82;
/// The version of a compact call, in the low bits of its second byte.
const COMPACT_VERSION: u8 = 1;
/// The first bytes of a binary call.
const BINARY: [u8; 3] = [0x80, 0x01, 0x00];

fn is_call(bytes: &[u8]) -> bool {
    match bytes {
        [COMPACT, second, ..] => {
            second & 0x1f == COMPACT_VERSION && (1..=4).contains(&(second >> 5))
        }
        [a, b, c, kind, ..] => [*a, *b, *c] == BINARY && (1..=4).contains(kind),
        _ => false,
    }
}

pub(super) fn walk<'s>(cursor: &mut Cursor<'s>, tokens: See<'_, 's>) -> Result<(), Stop> {
    match cursor.rest().first() {
        Some(&COMPACT) if is_call(cursor.rest()) => {
            cursor.take(2)?;
            cursor.varint()?;
            let name = compact_bytes(cursor)?;
            call(name, tokens, |tokens| compact_struct(cursor, 0, tokens))
        }
        Some(0x80) if is_call(cursor.rest()) => {
            cursor.take(4)?;
            let name = binary_bytes(cursor)?;
            cursor.take(4)?;
            call(name, tokens, |tokens| binary_struct(cursor, 0, tokens))
        }
        // A field of a binary structure has its number in two bytes; of numbers below 256 the first is 0.
        Some(2..=16) if cursor.rest().get(1) == Some(&0) => binary_struct(cursor, 0, tokens),
        _ => compact_struct(cursor, 0, tokens),
    }
}

/// The arguments of a call under its name.
fn call<'s>(
    name: &'s [u8],
    tokens: See<'_, 's>,
    walk: impl FnOnce(See<'_, 's>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let name = str::from_utf8(name)
        .ok()
        .filter(|name| !name.is_empty() && text::is_readable(name))
        .ok_or(Stop::Damaged)?;
    under(Key::Name(Cow::Borrowed(name)), tokens, walk)
}

fn field(number: i16) -> Key<'static> {
    u32::try_from(number).map_or_else(|_| Key::Name(Cow::Owned(number.to_string())), Key::Number)
}

// --- compact

fn compact_bytes<'s>(cursor: &mut Cursor<'s>) -> Result<&'s [u8], Stop> {
    let len = cursor.varint()?;
    cursor.take_long(len)
}

fn compact_struct<'s>(
    cursor: &mut Cursor<'s>,
    depth: usize,
    tokens: See<'_, 's>,
) -> Result<(), Stop> {
    let depth = deeper(depth)?;
    let mut number = 0_i16;
    loop {
        let first = cursor.byte()?;
        if first == 0 {
            return Ok(());
        }
        number = match first >> 4 {
            0 => i16::try_from(zigzag(cursor.varint()?)).map_err(|_| Stop::Damaged)?,
            delta => number.checked_add(i16::from(delta)).ok_or(Stop::Damaged)?,
        };
        under(field(number), tokens, |tokens| match first & 0x0f {
            kind @ (1 | 2) => see(tokens, Token::Flag(kind == 1)),
            kind => compact_value(kind, cursor, depth, tokens),
        })?;
    }
}

fn compact_value<'s>(
    kind: u8,
    cursor: &mut Cursor<'s>,
    depth: usize,
    tokens: See<'_, 's>,
) -> Result<(), Stop> {
    let token = match kind {
        // In lists and maps a flag has a byte of its own.
        1 | 2 => Token::Flag(cursor.byte()? == 1),
        3 => Token::Integer(i128::from(cursor.byte()?.cast_signed())),
        4..=6 => Token::Integer(i128::from(zigzag(cursor.varint()?))),
        7 => Token::Float(f64::from_le_bytes(cursor.array()?)),
        8 => text_token(compact_bytes(cursor)?),
        9 | 10 => return compact_list(cursor, depth, tokens),
        11 => return compact_map(cursor, depth, tokens),
        12 => return compact_struct(cursor, depth, tokens),
        13 => Token::Bytes(Cow::Borrowed(cursor.take(16)?)),
        _ => return Err(Stop::Damaged),
    };
    see(tokens, token)
}

fn compact_list<'s>(
    cursor: &mut Cursor<'s>,
    depth: usize,
    tokens: See<'_, 's>,
) -> Result<(), Stop> {
    let depth = deeper(depth)?;
    let first = cursor.byte()?;
    let count = match first >> 4 {
        15 => cursor.varint()?,
        count => u64::from(count),
    };
    list(cursor, count, tokens, |cursor, tokens| {
        compact_value(first & 0x0f, cursor, depth, tokens)
    })
}

fn compact_map<'s>(cursor: &mut Cursor<'s>, depth: usize, tokens: See<'_, 's>) -> Result<(), Stop> {
    let depth = deeper(depth)?;
    let count = cursor.varint()?;
    if count == 0 {
        return Ok(());
    }
    let kinds = cursor.byte()?;
    map(
        cursor,
        count,
        tokens,
        |cursor, tokens| compact_value(kinds >> 4, cursor, depth, tokens),
        |cursor, tokens| compact_value(kinds & 0x0f, cursor, depth, tokens),
    )
}

// --- binary

fn binary_bytes<'s>(cursor: &mut Cursor<'s>) -> Result<&'s [u8], Stop> {
    let len = i32::from_be_bytes(cursor.array()?);
    cursor.take(usize::try_from(len).map_err(|_| Stop::Damaged)?)
}

fn binary_struct<'s>(
    cursor: &mut Cursor<'s>,
    depth: usize,
    tokens: See<'_, 's>,
) -> Result<(), Stop> {
    let depth = deeper(depth)?;
    loop {
        let kind = cursor.byte()?;
        if kind == 0 {
            return Ok(());
        }
        let number = i16::from_be_bytes(cursor.array()?);
        under(field(number), tokens, |tokens| {
            binary_value(kind, cursor, depth, tokens)
        })?;
    }
}

fn binary_value<'s>(
    kind: u8,
    cursor: &mut Cursor<'s>,
    depth: usize,
    tokens: See<'_, 's>,
) -> Result<(), Stop> {
    let token = match kind {
        2 => Token::Flag(cursor.byte()? == 1),
        3 => Token::Integer(i128::from(cursor.byte()?.cast_signed())),
        4 => Token::Float(f64::from_be_bytes(cursor.array()?)),
        6 => Token::Integer(i128::from(i16::from_be_bytes(cursor.array()?))),
        8 => Token::Integer(i128::from(i32::from_be_bytes(cursor.array()?))),
        10 => Token::Integer(i128::from(i64::from_be_bytes(cursor.array()?))),
        11 => text_token(binary_bytes(cursor)?),
        12 => return binary_struct(cursor, depth, tokens),
        13 => return binary_map(cursor, depth, tokens),
        14 | 15 => {
            let depth = deeper(depth)?;
            let kind = cursor.byte()?;
            let count = binary_count(cursor)?;
            return list(cursor, count, tokens, |cursor, tokens| {
                binary_value(kind, cursor, depth, tokens)
            });
        }
        16 => Token::Bytes(Cow::Borrowed(cursor.take(16)?)),
        _ => return Err(Stop::Damaged),
    };
    see(tokens, token)
}

fn binary_count(cursor: &mut Cursor<'_>) -> Result<u64, Stop> {
    let count = i32::from_be_bytes(cursor.array()?);
    u64::try_from(count).map_err(|_| Stop::Damaged)
}

fn binary_map<'s>(cursor: &mut Cursor<'s>, depth: usize, tokens: See<'_, 's>) -> Result<(), Stop> {
    let depth = deeper(depth)?;
    let (key, value) = (cursor.byte()?, cursor.byte()?);
    let count = binary_count(cursor)?;
    map(
        cursor,
        count,
        tokens,
        |cursor, tokens| binary_value(key, cursor, depth, tokens),
        |cursor, tokens| binary_value(value, cursor, depth, tokens),
    )
}

// --- both

fn list<'s>(
    cursor: &mut Cursor<'s>,
    count: u64,
    tokens: See<'_, 's>,
    mut value: impl FnMut(&mut Cursor<'s>, See<'_, 's>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    for position in 0..count {
        let key = Key::Number(u32::try_from(position).unwrap_or(u32::MAX));
        under(key, tokens, |tokens| value(cursor, tokens))?;
    }
    Ok(())
}

fn map<'s>(
    cursor: &mut Cursor<'s>,
    count: u64,
    tokens: See<'_, 's>,
    mut key: impl FnMut(&mut Cursor<'s>, See<'_, 's>) -> Result<(), Stop>,
    mut value: impl FnMut(&mut Cursor<'s>, See<'_, 's>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    for _ in 0..count {
        let mut known = None;
        key(cursor, &mut |token| {
            known = binary::as_key(token);
            std::ops::ControlFlow::Continue(())
        })?;
        let known = known.unwrap_or(Key::Number(0));
        under(known, tokens, |tokens| value(cursor, tokens))?;
    }
    Ok(())
}
