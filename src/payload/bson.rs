//! BSON 1.1: documents as `MongoDB` and Realm send them.

use std::borrow::Cow;

use super::Decoder;
use super::binary::{self, Cursor, Key, See, Stop, Token, deeper, see, text_token, under};
use crate::model::DecodeStep;

pub(super) const DECODER: Decoder = Decoder {
    matches: |media_type, input| {
        if media_type.essence.ends_with("bson") {
            return true;
        }
        // The first four bytes are the length of all, the last one is 0; and all between must fit.
        let is_whole = input
            .bytes
            .first_chunk()
            .is_some_and(|len| usize::try_from(u32::from_le_bytes(*len)) == Ok(input.bytes.len()));
        is_whole
            && media_type.is_unspecific()
            && input.bytes.ends_with(&[0])
            && binary::is_named_document(walk, input)
    },
    decode: |_, input, collector| {
        binary::decode(DecodeStep::Bson, walk, input, collector);
    },
};

pub(super) fn walk<'s>(cursor: &mut Cursor<'s>, tokens: See<'_, 's>) -> Result<(), Stop> {
    document(cursor, false, 0, tokens)
}

/// A document, or a list, whose names are positions.
fn document<'s>(
    cursor: &mut Cursor<'s>,
    is_list: bool,
    depth: usize,
    tokens: See<'_, 's>,
) -> Result<(), Stop> {
    let depth = deeper(depth)?;
    let len = i32::from_le_bytes(cursor.array()?);
    let inside = usize::try_from(len)
        .ok()
        .and_then(|len| len.checked_sub(4))
        .ok_or(Stop::Damaged)?;
    // Of a document that is cut the elements that are there are read.
    let is_cut = inside > cursor.rest().len();
    let mut elements = Cursor::new(cursor.take(inside.min(cursor.rest().len()))?);
    loop {
        let kind = elements.byte()?;
        if kind == 0 {
            break;
        }
        let name = c_string(&mut elements)?;
        let position = is_list.then(|| name.parse().ok()).flatten();
        let key = position.map_or(Key::Name(name), Key::Number);
        under(key, tokens, |tokens| {
            element(kind, &mut elements, depth, tokens)
        })?;
    }
    if is_cut || !elements.is_empty() {
        return Err(Stop::Damaged);
    }
    Ok(())
}

fn c_string<'s>(cursor: &mut Cursor<'s>) -> Result<Cow<'s, str>, Stop> {
    let len = memchr::memchr(0, cursor.rest()).ok_or(Stop::Cut)?;
    let bytes = cursor.take(len)?;
    cursor.byte()?;
    str::from_utf8(bytes)
        .map(Cow::Borrowed)
        .map_err(|_| Stop::Damaged)
}

/// Text behind its length, which counts the zero behind it.
fn string<'s>(cursor: &mut Cursor<'s>) -> Result<Token<'s>, Stop> {
    let len = i32::from_le_bytes(cursor.array()?);
    let len = usize::try_from(len).map_err(|_| Stop::Damaged)?;
    let bytes = cursor.take(len)?;
    Ok(text_token(bytes.strip_suffix(&[0]).ok_or(Stop::Damaged)?))
}

fn element<'s>(
    kind: u8,
    cursor: &mut Cursor<'s>,
    depth: usize,
    tokens: See<'_, 's>,
) -> Result<(), Stop> {
    let token = match kind {
        0x01 => Token::Float(f64::from_le_bytes(cursor.array()?)),
        // Text, code, and a symbol.
        0x02 | 0x0d | 0x0e => string(cursor)?,
        0x03 => return document(cursor, false, depth, tokens),
        0x04 => return document(cursor, true, depth, tokens),
        0x05 => {
            let len = i32::from_le_bytes(cursor.array()?);
            let _kind = cursor.byte()?;
            let len = usize::try_from(len).map_err(|_| Stop::Damaged)?;
            Token::Bytes(Cow::Borrowed(cursor.take(len)?))
        }
        // Undefined, null, and the ends of all order.
        0x06 | 0x0a | 0x7f | 0xff => return Ok(()),
        0x07 => Token::Bytes(Cow::Borrowed(cursor.take(12)?)),
        0x08 => match cursor.byte()? {
            0 => Token::Flag(false),
            1 => Token::Flag(true),
            _ => return Err(Stop::Damaged),
        },
        // A date in milliseconds, a counter, a number.
        0x09 | 0x11 | 0x12 => Token::Integer(i128::from(i64::from_le_bytes(cursor.array()?))),
        0x0b => {
            let pattern = c_string(cursor)?;
            c_string(cursor)?;
            Token::Text(pattern)
        }
        0x0c => {
            let token = string(cursor)?;
            cursor.take(12)?;
            token
        }
        0x0f => {
            cursor.take(4)?;
            let code = string(cursor)?;
            see(tokens, code)?;
            return document(cursor, false, depth, tokens);
        }
        0x10 => Token::Integer(i128::from(i32::from_le_bytes(cursor.array()?))),
        0x13 => Token::Bytes(Cow::Borrowed(cursor.take(16)?)),
        _ => return Err(Stop::Damaged),
    };
    see(tokens, token)
}
