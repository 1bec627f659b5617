//! `MessagePack` (specification of 2013, with the timestamp extension of 2017).

use std::borrow::Cow;

use super::Decoder;
use super::binary::{self, Cursor, Key, See, Stop, Token, deeper, see, text_token, under};
use crate::model::DecodeStep;

pub(super) const DECODER: Decoder = Decoder {
    matches: |media_type, input| {
        let essence = media_type.essence.as_str();
        if essence.ends_with("msgpack") || essence.ends_with("messagepack") {
            return true;
        }
        // A map with names, or a list of such, from the first to the last byte.
        let is_container = matches!(
            input.bytes.first(),
            Some(0x81..=0x8f | 0x91..=0x9f | 0xdc..=0xdf)
        );
        is_container && media_type.is_unspecific() && binary::is_named_document(walk, input)
    },
    decode: |_, input, collector| {
        binary::decode(DecodeStep::MessagePack, walk, input, collector);
    },
};

pub(super) fn walk<'s>(cursor: &mut Cursor<'s>, tokens: See<'_, 's>) -> Result<(), Stop> {
    value(cursor, 0, tokens)
}

fn value<'s>(cursor: &mut Cursor<'s>, depth: usize, tokens: See<'_, 's>) -> Result<(), Stop> {
    let first = cursor.byte()?;
    match first {
        0x00..=0x7f => integer(i128::from(first), tokens),
        0x80..=0x8f => map(cursor, u64::from(first & 0x0f), depth, tokens),
        0x90..=0x9f => array(cursor, u64::from(first & 0x0f), depth, tokens),
        0xa0..=0xbf => {
            let text = cursor.take(usize::from(first & 0x1f))?;
            see(tokens, text_token(text))
        }
        0xc0 => Ok(()),
        0xc1 => Err(Stop::Damaged),
        0xc2 | 0xc3 => see(tokens, Token::Flag(first == 0xc3)),
        0xc4..=0xc6 => {
            let len = cursor.number(width(first, 0xc4))?;
            let bytes = cursor.take_long(len)?;
            see(tokens, Token::Bytes(Cow::Borrowed(bytes)))
        }
        0xc7..=0xc9 => {
            let len = cursor.number(width(first, 0xc7))?;
            extension(cursor, len, tokens)
        }
        0xca => {
            let bits = cursor.array()?;
            see(tokens, Token::Single(f32::from_be_bytes(bits)))
        }
        0xcb => {
            let bits = cursor.array()?;
            see(tokens, Token::Float(f64::from_be_bytes(bits)))
        }
        0xcc..=0xcf => {
            let number = cursor.number(width(first, 0xcc))?;
            integer(i128::from(number), tokens)
        }
        0xd0 => integer(i128::from(i8::from_be_bytes(cursor.array()?)), tokens),
        0xd1 => integer(i128::from(i16::from_be_bytes(cursor.array()?)), tokens),
        0xd2 => integer(i128::from(i32::from_be_bytes(cursor.array()?)), tokens),
        0xd3 => integer(i128::from(i64::from_be_bytes(cursor.array()?)), tokens),
        0xd4..=0xd8 => {
            let len = u64::try_from(width(first, 0xd4)).unwrap_or_default();
            extension(cursor, len, tokens)
        }
        0xd9..=0xdb => {
            let len = cursor.number(width(first, 0xd9))?;
            see(tokens, text_token(cursor.take_long(len)?))
        }
        0xdc | 0xdd => {
            let count = cursor.number(width(first, 0xdb))?;
            array(cursor, count, depth, tokens)
        }
        0xde | 0xdf => {
            let count = cursor.number(width(first, 0xdd))?;
            map(cursor, count, depth, tokens)
        }
        0xe0..=0xff => integer(i128::from(first.cast_signed()), tokens),
    }
}

/// Bytes of what follows: 1, 2, 4, 8 or 16, from the first code of a row on.
fn width(code: u8, first: u8) -> usize {
    1_usize << code.saturating_sub(first).min(4)
}

fn integer(number: i128, tokens: See<'_, '_>) -> Result<(), Stop> {
    see(tokens, Token::Integer(number))
}

/// Kind −1 is a time (seconds since 1970 in 32, 34 or 64 bits); others are the app's own.
fn extension<'s>(cursor: &mut Cursor<'s>, len: u64, tokens: See<'_, 's>) -> Result<(), Stop> {
    let kind = cursor.byte()?.cast_signed();
    let bytes = cursor.take_long(len)?;
    let mut inside = Cursor::new(bytes);
    match (kind, len) {
        (-1, 4) => integer(i128::from(inside.number(4)?), tokens),
        (-1, 8) => integer(i128::from(inside.number(8)? & 0x3_ffff_ffff), tokens),
        (-1, 12) => {
            inside.take(4)?;
            integer(i128::from(i64::from_be_bytes(inside.array()?)), tokens)
        }
        _ => see(tokens, Token::Bytes(Cow::Borrowed(bytes))),
    }
}

fn array<'s>(
    cursor: &mut Cursor<'s>,
    count: u64,
    depth: usize,
    tokens: See<'_, 's>,
) -> Result<(), Stop> {
    let depth = deeper(depth)?;
    for position in 0..count {
        let key = Key::Number(u32::try_from(position).unwrap_or(u32::MAX));
        under(key, tokens, |tokens| value(cursor, depth, tokens))?;
    }
    Ok(())
}

fn map<'s>(
    cursor: &mut Cursor<'s>,
    count: u64,
    depth: usize,
    tokens: See<'_, 's>,
) -> Result<(), Stop> {
    let depth = deeper(depth)?;
    for _ in 0..count {
        let key = key(cursor)?;
        under(key, tokens, |tokens| value(cursor, depth, tokens))?;
    }
    Ok(())
}

/// Keys are texts or numbers; nobody sends others.
fn key<'s>(cursor: &mut Cursor<'s>) -> Result<Key<'s>, Stop> {
    let mut key = None;
    let is_container = matches!(
        cursor.rest().first(),
        Some(0x80..=0x9f | 0xdc..=0xdf | 0xc1 | 0xc7..=0xc9 | 0xd4..=0xd8)
    );
    if is_container {
        return Err(Stop::Damaged);
    }
    value(cursor, 0, &mut |token| {
        key = binary::as_key(token);
        std::ops::ControlFlow::Continue(())
    })?;
    key.ok_or(Stop::Damaged)
}
