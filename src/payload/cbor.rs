//! CBOR (RFC 8949), also sequences of it (RFC 8742) and what COSE wraps (RFC 9052).

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::Decoder;
use super::binary::{self, Cursor, Key, See, Stop, Token, deeper, see, text_token, under};
use crate::model::DecodeStep;

pub(super) const DECODER: Decoder = Decoder {
    matches: |media_type, input| {
        let essence = media_type.essence.as_str();
        let is_named = ["cbor", "cbor-seq", "cose", "cwt"]
            .iter()
            .any(|name| essence.ends_with(name));
        if is_named || input.bytes.first_chunk() == Some(&SELF_DESCRIBED) {
            return true;
        }
        // A map with names, or a list of such, from the first to the last byte.
        let is_container = matches!(
            input.bytes.first(),
            Some(0x81..=0x9b | 0x9f | 0xa1..=0xbb | 0xbf)
        );
        is_container && media_type.is_unspecific() && binary::is_named_document(walk, input)
    },
    decode: |_, input, collector| {
        binary::decode(DecodeStep::Cbor, walk, input, collector);
    },
};

/// Tag 55799 (RFC 8949 §3.4.6).
const SELF_DESCRIBED: [u8; 3] = [0xd9, 0xd9, 0xf7];

pub(super) fn walk<'s>(cursor: &mut Cursor<'s>, tokens: See<'_, 's>) -> Result<(), Stop> {
    value(cursor, 0, tokens)
}

/// The head of an item (RFC 8949 §3): major type and argument; no argument means indefinite length.
fn head(cursor: &mut Cursor<'_>) -> Result<(u8, u8, Option<u64>), Stop> {
    let first = cursor.byte()?;
    let (major, info) = (first >> 5, first & 0x1f);
    let argument = match info {
        0..=23 => Some(u64::from(info)),
        24 => Some(cursor.number(1)?),
        25 => Some(cursor.number(2)?),
        26 => Some(cursor.number(4)?),
        27 => Some(cursor.number(8)?),
        31 => None,
        _ => return Err(Stop::Damaged),
    };
    Ok((major, info, argument))
}

fn value<'s>(cursor: &mut Cursor<'s>, depth: usize, tokens: See<'_, 's>) -> Result<(), Stop> {
    let mut depth = depth;
    loop {
        let (major, info, argument) = head(cursor)?;
        let number = argument.map(i128::from);
        return match (major, argument) {
            (0, _) => see(tokens, Token::Integer(number.ok_or(Stop::Damaged)?)),
            (1, _) => {
                let number = number.ok_or(Stop::Damaged)?;
                see(
                    tokens,
                    Token::Integer(number.saturating_neg().saturating_sub(1)),
                )
            }
            (2, Some(len)) => byte_string(cursor.take_long(len)?, depth, tokens),
            (3, Some(len)) => see(tokens, text_token(cursor.take_long(len)?)),
            (2 | 3, None) => pieces(cursor, major, tokens),
            (4, count) => array(cursor, count, depth, tokens),
            (5, count) => map(cursor, count, depth, tokens),
            // What a tag says of the value does not change how it is read.
            (6, Some(_)) => {
                depth = deeper(depth)?;
                continue;
            }
            (7, _) => simple(info, argument, tokens),
            _ => Err(Stop::Damaged),
        };
    }
}

/// Bytes that are themselves a map or list, as in COSE and by tag 24, are read as such.
fn byte_string<'s>(bytes: &'s [u8], depth: usize, tokens: See<'_, 's>) -> Result<(), Stop> {
    let is_container = matches!(bytes.first(), Some(0x81..=0x9f | 0xa1..=0xbf));
    if is_container && let Ok(depth) = deeper(depth) {
        let mut cursor = Cursor::new(bytes);
        // Inside, strings are taken as they are, so that this costs one pass a level.
        let is_whole = flat(&mut cursor, depth).is_ok() && cursor.is_empty();
        if is_whole {
            return value(&mut Cursor::new(bytes), depth, tokens);
        }
    }
    see(tokens, Token::Bytes(Cow::Borrowed(bytes)))
}

/// Whether a value is well-formed, without a look into byte strings.
fn flat(cursor: &mut Cursor<'_>, depth: usize) -> Result<(), Stop> {
    let (major, info, argument) = head(cursor)?;
    match (major, argument) {
        (0 | 1, Some(_)) => Ok(()),
        (2 | 3, Some(len)) => cursor.take_long(len).map(|_| ()),
        (2 | 3, None) => pieces(cursor, major, &mut |_| ControlFlow::Continue(())),
        (4 | 5, count) => {
            let depth = deeper(depth)?;
            let each = if major == 5 { 2 } else { 1 };
            let mut left = count.map(|count| count.saturating_mul(each));
            while !is_over(cursor, &mut left)? {
                flat(cursor, depth)?;
            }
            Ok(())
        }
        (6, Some(_)) => flat(cursor, deeper(depth)?),
        (7, _) => simple(info, argument, &mut |_| ControlFlow::Continue(())),
        _ => Err(Stop::Damaged),
    }
}

/// Whether a container ends here: by count, or by the break that ends one of indefinite length.
fn is_over(cursor: &mut Cursor<'_>, left: &mut Option<u64>) -> Result<bool, Stop> {
    match left {
        Some(0) => Ok(true),
        Some(left) => {
            *left = left.saturating_sub(1);
            Ok(false)
        }
        None => {
            let is_break = *cursor.rest().first().ok_or(Stop::Cut)? == 0xff;
            if is_break {
                cursor.byte()?;
            }
            Ok(is_break)
        }
    }
}

/// A string of indefinite length: pieces of definite length up to a break.
fn pieces<'s>(cursor: &mut Cursor<'s>, major: u8, tokens: See<'_, 's>) -> Result<(), Stop> {
    let mut joined = Vec::new();
    loop {
        if is_over(cursor, &mut None)? {
            break;
        }
        match head(cursor)? {
            (kind, _, Some(len)) if kind == major => {
                joined.extend_from_slice(cursor.take_long(len)?);
            }
            _ => return Err(Stop::Damaged),
        }
    }
    let token = match String::from_utf8(joined) {
        Ok(text) if major == 3 => Token::Text(Cow::Owned(text)),
        Ok(text) => Token::Bytes(Cow::Owned(text.into_bytes())),
        Err(error) => Token::Bytes(Cow::Owned(error.into_bytes())),
    };
    see(tokens, token)
}

fn array<'s>(
    cursor: &mut Cursor<'s>,
    count: Option<u64>,
    depth: usize,
    tokens: See<'_, 's>,
) -> Result<(), Stop> {
    let depth = deeper(depth)?;
    let mut left = count;
    let mut position = 0_u32;
    while !is_over(cursor, &mut left)? {
        under(Key::Number(position), tokens, |tokens| {
            value(cursor, depth, tokens)
        })?;
        position = position.saturating_add(1);
    }
    Ok(())
}

fn map<'s>(
    cursor: &mut Cursor<'s>,
    count: Option<u64>,
    depth: usize,
    tokens: See<'_, 's>,
) -> Result<(), Stop> {
    let depth = deeper(depth)?;
    let mut left = count;
    while !is_over(cursor, &mut left)? {
        let key = key(cursor, depth)?;
        under(key, tokens, |tokens| value(cursor, depth, tokens))?;
    }
    Ok(())
}

/// Keys are texts, numbers or bytes; nobody sends others.
fn key<'s>(cursor: &mut Cursor<'s>, depth: usize) -> Result<Key<'s>, Stop> {
    if matches!(cursor.rest().first(), Some(0x80..=0xbf)) {
        return Err(Stop::Damaged);
    }
    let mut key = None;
    value(cursor, depth, &mut |token| {
        key = binary::as_key(token);
        ControlFlow::Continue(())
    })?;
    key.ok_or(Stop::Damaged)
}

/// Floats and simple values (RFC 8949 §3.3). A break has no place here.
fn simple(info: u8, argument: Option<u64>, tokens: See<'_, '_>) -> Result<(), Stop> {
    let bits = argument.ok_or(Stop::Damaged)?;
    match info {
        20 | 21 => see(tokens, Token::Flag(info == 21)),
        25 => see(
            tokens,
            Token::Float(half(u16::try_from(bits).unwrap_or_default())),
        ),
        26 => {
            let bits = u32::try_from(bits).unwrap_or_default();
            see(tokens, Token::Single(f32::from_bits(bits)))
        }
        27 => see(tokens, Token::Float(f64::from_bits(bits))),
        _ => Ok(()),
    }
}

/// A float of 16 bits (IEEE 754 binary16, RFC 8949 Appendix D).
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    let size = match exponent {
        0 => fraction * (-24_f64).exp2(),
        31 if fraction > 0.0 => f64::NAN,
        31 => f64::INFINITY,
        _ => (fraction + 1024.0) * 2_f64.powi(exponent.saturating_sub(25)),
    };
    sign * size
}
