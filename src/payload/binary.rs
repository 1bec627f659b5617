//! What binary formats share: a cursor over hostile bytes, the tokens that their readers hand out, and how those become fields.
//!
//! A format is a function that walks its bytes. The same walk decides whether unlabelled bytes are of that format, and
//! decodes them.

use std::borrow::Cow;
use std::fmt::{Display, LowerExp};
use std::ops::ControlFlow;

use data_encoding::HEXLOWER;

use super::collector::Collector;
use super::{Input, Keep, compression, copied, nested, property_list, text, zip};
use crate::limits;
use crate::model::{DecodeStep, Shortfall};

/// What a value is called by what holds it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Key<'s> {
    /// A name.
    Name(Cow<'s, str>),
    /// A field number, or a position in a list.
    Number(u32),
}

/// What a walk comes by.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'s> {
    /// Goes down to the value of that key.
    Enter(Key<'s>),
    /// Goes up again.
    Leave,
    Text(Cow<'s, str>),
    Bytes(Cow<'s, [u8]>),
    Integer(i128),
    Float(f64),
    /// A float of 32 bits, whose decimal digits are fewer.
    Single(f32),
    Flag(bool),
}

/// Why a walk ended ahead of the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The bytes end inside a value.
    Cut,
    /// They break the rules of the format.
    Damaged,
    /// Nested deeper than [`limits::JSON_DEPTH`].
    TooDeep,
    /// Nobody wants to see more.
    Full,
}

/// Takes tokens.
pub(super) type See<'f, 's> = &'f mut dyn FnMut(Token<'s>) -> ControlFlow<()>;

/// Walks the next value.
pub(super) type Walk = for<'s> fn(&mut Cursor<'s>, See<'_, 's>) -> Result<(), Stop>;

/// Hands a token on.
pub(super) fn see<'s>(see: See<'_, 's>, token: Token<'s>) -> Result<(), Stop> {
    match see(token) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Stop::Full),
    }
}

/// Walks a value under its key.
pub(super) fn under<'s>(
    key: Key<'s>,
    tokens: See<'_, 's>,
    walk: impl FnOnce(See<'_, 's>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    see(tokens, Token::Enter(key))?;
    walk(tokens)?;
    see(tokens, Token::Leave)
}

/// One level further down.
pub(super) fn deeper(depth: usize) -> Result<usize, Stop> {
    if depth >= limits::JSON_DEPTH {
        return Err(Stop::TooDeep);
    }
    Ok(depth.saturating_add(1))
}

/// Text, or bytes if it is none.
pub(super) fn text_token(bytes: &[u8]) -> Token<'_> {
    str::from_utf8(bytes).map_or(Token::Bytes(Cow::Borrowed(bytes)), |text| {
        Token::Text(Cow::Borrowed(text))
    })
}

/// Bytes still to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'s> {
    rest: &'s [u8],
}

impl<'s> Cursor<'s> {
    pub(super) fn new(bytes: &'s [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn rest(&self) -> &'s [u8] {
        self.rest
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'s [u8], Stop> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Stop::Cut)?;
        self.rest = rest;
        Ok(taken)
    }

    /// As many bytes as a number from the bytes says.
    pub(super) fn take_long(&mut self, len: u64) -> Result<&'s [u8], Stop> {
        self.take(usize::try_from(len).map_err(|_| Stop::Cut)?)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(Stop::Cut)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Stop> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A big-endian number of 1, 2, 4 or 8 bytes.
    pub(super) fn number(&mut self, bytes: usize) -> Result<u64, Stop> {
        let taken = self.take(bytes)?;
        Ok(taken
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// A number of groups of seven bits, the lowest first.
    pub(super) fn varint(&mut self) -> Result<u64, Stop> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Stop::Damaged)
    }
}

/// Turns 0, 1, 2, 3 into 0, -1, 1, -2.
pub(super) fn zigzag(number: u64) -> i64 {
    let half = (number >> 1).cast_signed();
    if number & 1 == 0 { half } else { !half }
}

/// What unlabelled bytes have if they are of a format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Signs {
    /// Values that follow each other.
    pub(super) values: usize,
    /// Named values.
    pub(super) names: usize,
    /// Readable texts of at least three bytes, and bytes that tell themselves.
    pub(super) texts: usize,
    /// Bytes that are no text.
    pub(super) blobs: usize,
}

/// Walks all bytes and says what was seen; `None` unless they are values of the format from the first to the last byte.
pub(super) fn signs(walk: Walk, bytes: &[u8]) -> Option<Signs> {
    let mut signs = Signs::default();
    let mut are_names_readable = true;
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_empty() {
        signs.values = signs.values.saturating_add(1);
        walk(&mut cursor, &mut |token| {
            match token {
                Token::Enter(Key::Name(name)) => {
                    signs.names = signs.names.saturating_add(1);
                    are_names_readable &= text::is_readable(&name);
                }
                Token::Text(text) if text.len() >= 3 && text::is_readable(&text) => {
                    signs.texts = signs.texts.saturating_add(1);
                }
                Token::Text(text) if !text::is_readable(&text) => {
                    signs.blobs = signs.blobs.saturating_add(1);
                }
                Token::Bytes(bytes) if tells_itself(&bytes) => {
                    signs.texts = signs.texts.saturating_add(1);
                }
                Token::Bytes(_) => signs.blobs = signs.blobs.saturating_add(1),
                _ => {}
            }
            ControlFlow::Continue(())
        })
        .ok()?;
    }
    are_names_readable.then_some(signs)
}

/// Whether bytes inside a document are something by more than chance: compressed, a document with a mark of its own, or text in
/// UTF-16.
pub(super) fn tells_itself(bytes: &[u8]) -> bool {
    compression::is_certain(bytes)
        || bytes.starts_with(zip::MAGIC)
        || bytes.starts_with(property_list::MAGIC)
        || text::wide(bytes).is_some()
}

/// Whether bytes are one value of the format from the first to the last byte, with named values in it, or a list of texts.
pub(super) fn is_named_document(walk: Walk, input: Input<'_, '_>) -> bool {
    let tells = |signs: Signs| signs.names > 0 || signs.texts >= TELLING_TEXTS && signs.blobs == 0;
    !input.is_cut && signs(walk, input.bytes).is_some_and(|signs| signs.values == 1 && tells(signs))
}

/// Readable texts in a document without names, so that it is no chance.
const TELLING_TEXTS: usize = 3;

/// Decodes values until the bytes end. What stands before damage is kept.
pub(super) fn decode<'a>(
    step: DecodeStep,
    walk: Walk,
    input: Input<'_, 'a>,
    collector: &mut Collector<'a>,
) {
    collector.undoing(step, |collector| {
        let mut cursor = Cursor::new(input.bytes);
        while !cursor.is_empty() {
            if let Err(stop) = fields(walk, &mut cursor, input.keep, collector) {
                report(stop, cursor.rest().len(), input.is_cut, collector);
                return;
            }
        }
    });
}

fn report(stop: Stop, bytes: usize, is_cut: bool, collector: &mut Collector<'_>) {
    let (kind, detail) = match stop {
        Stop::Full => return,
        Stop::Cut if is_cut => return,
        Stop::Cut => (Shortfall::DamagedBody, "a binary document ends early"),
        Stop::Damaged => (Shortfall::DamagedBody, "a binary document is damaged"),
        Stop::TooDeep => (
            Shortfall::DepthLimit,
            "a document is nested deeper than the bound",
        ),
    };
    collector.shortfall(kind, bytes, detail);
}

/// One value as fields.
fn fields<'s, 'a>(
    walk: Walk,
    cursor: &mut Cursor<'s>,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> Result<(), Stop> {
    let mut steps = 0_usize;
    let result = walk(cursor, &mut |token| {
        match token {
            Token::Enter(key) => {
                match key {
                    Key::Name(known) => collector.enter(&known),
                    Key::Number(number) => collector.enter_index(number),
                }
                steps = steps.saturating_add(1);
            }
            Token::Leave => {
                collector.leave(1);
                steps = steps.saturating_sub(1);
            }
            Token::Text(text) => collector.value(text, keep),
            Token::Bytes(bytes) => bytes_value(&bytes, collector),
            Token::Integer(number) => plain(&number.to_string(), collector),
            Token::Float(number) => plain(&digits(number, number), collector),
            Token::Single(number) => plain(&digits(number, number.into()), collector),
            Token::Flag(flag) => plain(if flag { "true" } else { "false" }, collector),
        }
        if collector.is_full() {
            // the attempt counts what is left out
            collector.plain_value(Cow::Borrowed(""), keep);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    collector.leave(steps);
    result
}

/// The shortest digits that give the same float again, without rows of zeros.
fn digits(number: impl Display + LowerExp, size: f64) -> String {
    if size == 0.0 || (1e-6..1e16).contains(&size.abs()) {
        number.to_string()
    } else {
        format!("{number:e}")
    }
}

fn plain(value: &str, collector: &mut Collector<'_>) {
    collector.plain_value(Cow::Borrowed(value), copied);
}

/// Shortest and longest bytes that are shown as hexadecimal digits: identifiers and hashes.
const SHOWN_BYTES: std::ops::RangeInclusive<usize> = 6..=64;

/// Bytes inside a document: text after all, something compressed, or an identifier or hash, which is written in digits as it is
/// wherever it stands as text.
fn bytes_value(bytes: &[u8], collector: &mut Collector<'_>) {
    let readable = str::from_utf8(bytes)
        .ok()
        .filter(|text| text::is_readable(text));
    if let Some(text) = readable {
        if !text.is_empty() {
            collector.value(Cow::Borrowed(text), copied);
        }
    } else if !nested::decode_bytes(bytes, collector) {
        collector.opaque(bytes);
        if !SHOWN_BYTES.contains(&bytes.len()) {
            return;
        }
        plain(&HEXLOWER.encode(bytes), collector);
    }
}

/// A value that stands as the key of another one.
pub(super) fn as_key(token: Token<'_>) -> Option<Key<'_>> {
    Some(match token {
        Token::Text(text) => Key::Name(text),
        Token::Integer(number) => u32::try_from(number)
            .map_or_else(|_| Key::Name(Cow::Owned(number.to_string())), Key::Number),
        Token::Flag(flag) => Key::Name(Cow::Borrowed(if flag { "true" } else { "false" })),
        Token::Bytes(bytes) => Key::Name(Cow::Owned(str::from_utf8(&bytes).ok()?.to_owned())),
        Token::Enter(_) | Token::Leave | Token::Float(_) | Token::Single(_) => return None,
    })
}

#[cfg(test)]
mod tests;
