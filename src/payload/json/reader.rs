//! The tokens of one JSON document, without recursion and without copying.

use std::borrow::Cow;
use std::ops::ControlFlow;

use memchr::memchr2;

use crate::limits;
use crate::model::Look;

/// How a document ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::payload) enum End {
    Complete,
    /// The bytes ended inside it.
    Cut,
    /// It stopped being JSON.
    Damaged,
    /// The listener had enough.
    Stopped,
}

/// What a document is made of.
pub(super) enum Token<'s> {
    /// A member of an object begins.
    Key(Quoted<'s>),
    /// An element of an array begins.
    Element(usize),
    /// The member or element ended.
    Leave,
    /// Its look, unless escapes are still to be undone.
    Text(Quoted<'s>, Option<Look>),
    /// Number, `true`, `false`, `null` as sent.
    Bare(&'s str, Look),
    /// A container below [`limits::JSON_DEPTH`] was passed over.
    TooDeep(usize),
}

/// What stands between two quotes.
pub(super) struct Quoted<'s> {
    raw: &'s [u8],
    /// The same, where all of the document is known to be UTF-8.
    sound: Option<&'s str>,
    has_escapes: bool,
}

impl<'s> Quoted<'s> {
    /// The text with escapes undone; bytes that are not UTF-8 are replaced.
    #[inline]
    pub(super) fn text(&self) -> Cow<'s, str> {
        let text = self
            .sound
            .map_or_else(|| String::from_utf8_lossy(self.raw), Cow::Borrowed);
        if self.has_escapes {
            Cow::Owned(unescape(&text))
        } else {
            text
        }
    }
}

/// Undoes the escapes of RFC 8259 §7. Unknown escapes stand for their character, lone surrogates for U+FFFD.
fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut characters = escape.chars();
        let Some(kind) = characters.next() else { break };
        rest = characters.as_str();
        match kind {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'u' => {
                let (character, tail) = unicode_escape(rest);
                text.push(character);
                rest = tail;
            }
            other => text.push(other),
        }
    }
    text.push_str(rest);
    text
}

/// What follows `\u`: the character, with the second half of its surrogate pair where it has one, and the rest.
fn unicode_escape(text: &str) -> (char, &str) {
    let unit = |text: &str| {
        text.get(..4)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u16::from_str_radix(digits, 16).ok())
    };
    let Some(first) = unit(text) else {
        return (char::REPLACEMENT_CHARACTER, text);
    };
    let rest = text.get(4..).unwrap_or_default();
    if let Some(second) = rest.strip_prefix("\\u").and_then(unit)
        && let Some(Ok(character)) = char::decode_utf16([first, second]).next().filter(|result| {
            result
                .as_ref()
                .is_ok_and(|character| character.len_utf16() == 2)
        })
    {
        return (character, rest.get(6..).unwrap_or_default());
    }
    (
        char::from_u32(u32::from(first)).unwrap_or(char::REPLACEMENT_CHARACTER),
        rest,
    )
}

#[derive(Clone, Copy)]
enum Container {
    Object,
    /// With the position of the element being read.
    Array(usize),
}

/// The bytes of documents.
#[derive(Clone, Copy)]
pub(super) struct Source<'s> {
    pub(super) bytes: &'s [u8],
    /// The same as text, if they are known to be.
    pub(super) text: Option<&'s str>,
}

/// Reads one document from `at` on, without recursion.
pub(super) fn walk<'s>(
    source: Source<'s>,
    at: &mut usize,
    see: &mut impl FnMut(Token<'s>) -> ControlFlow<()>,
) -> End {
    let bytes = source.bytes;
    let mut stack: Vec<Container> = Vec::new();
    loop {
        // A value must follow.
        skip_space(bytes, at);
        let Some(&byte) = bytes.get(*at) else {
            return End::Cut;
        };
        let is_opened = matches!(byte, b'{' | b'[') && stack.len() < limits::JSON_DEPTH;
        if is_opened {
            stack.push(if byte == b'{' {
                Container::Object
            } else {
                Container::Array(0)
            });
            advance(at, 1);
        } else {
            let token = match scalar(source, at, byte) {
                Ok(token) => token,
                Err(end) => return end,
            };
            if see(token).is_break() {
                return End::Stopped;
            }
            if stack.is_empty() {
                return End::Complete;
            }
            if see(Token::Leave).is_break() {
                return End::Stopped;
            }
        }
        // Containers end, until the next member or element begins: behind a bracket or a comma.
        let (mut may_begin, mut is_next) = (is_opened, false);
        loop {
            skip_space(bytes, at);
            match bytes.get(*at) {
                Some(b',') if !may_begin => {
                    advance(at, 1);
                    (may_begin, is_next) = (true, true);
                }
                Some(bracket @ (b'}' | b']')) => {
                    if !closes(stack.pop(), *bracket) {
                        return End::Damaged;
                    }
                    advance(at, 1);
                    if stack.is_empty() {
                        return End::Complete;
                    }
                    (may_begin, is_next) = (false, false);
                    if see(Token::Leave).is_break() {
                        return End::Stopped;
                    }
                }
                Some(_) if may_begin => break,
                Some(_) => return End::Damaged,
                None => return End::Cut,
            }
        }
        let token = match entry(source, at, &mut stack, is_next) {
            Ok(token) => token,
            Err(end) => return end,
        };
        if see(token).is_break() {
            return End::Stopped;
        }
    }
}

fn closes(container: Option<Container>, byte: u8) -> bool {
    match container {
        Some(Container::Object) => byte == b'}',
        Some(Container::Array(_)) => byte == b']',
        None => false,
    }
}

/// The beginning of a member, with its key and colon, or of an element.
#[inline]
fn entry<'s>(
    source: Source<'s>,
    at: &mut usize,
    stack: &mut [Container],
    is_next: bool,
) -> Result<Token<'s>, End> {
    if let Some(Container::Array(position)) = stack.last_mut() {
        *position = position.saturating_add(usize::from(is_next));
        return Ok(Token::Element(*position));
    }
    let bytes = source.bytes;
    if bytes.get(*at) != Some(&b'"') {
        return Err(End::Damaged);
    }
    let key = quoted(source, at).ok_or(End::Cut)?;
    skip_space(bytes, at);
    match bytes.get(*at) {
        Some(b':') => advance(at, 1),
        Some(_) => return Err(End::Damaged),
        None => return Err(End::Cut),
    }
    Ok(Token::Key(key))
}

/// A string, number or word, or a container that is too deep.
#[inline]
fn scalar<'s>(source: Source<'s>, at: &mut usize, first: u8) -> Result<Token<'s>, End> {
    match first {
        b'{' | b'[' => {
            let start = *at;
            if pass_over(source, at) {
                Ok(Token::TooDeep(at.saturating_sub(start)))
            } else {
                Err(End::Cut)
            }
        }
        b'"' => text(source, at).ok_or(End::Cut),
        _ => match bare(source, at) {
            Some((word, look)) if is_literal(word, look) => Ok(Token::Bare(word, look)),
            Some(_) => Err(End::Damaged),
            None => Err(End::Cut),
        },
    }
}

#[inline]
fn advance(at: &mut usize, by: usize) {
    *at = at.saturating_add(by);
}

#[inline]
fn skip_space(bytes: &[u8], at: &mut usize) {
    while matches!(bytes.get(*at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        advance(at, 1);
    }
}

/// Words of a string that are looked at one by one.
const SHORT: usize = 4;

/// Where the first quote or backslash stands. Most strings are names, too short to be worth a search by blocks.
#[inline]
fn mark(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // The highest bit of each byte that is this one, and perhaps of bytes behind the first.
    let is = |word: u64, byte: u8| {
        let others = word ^ ONES.wrapping_mul(byte.into());
        others.wrapping_sub(ONES) & !others & ONES << 7
    };
    let (words, _) = bytes.as_chunks::<8>();
    let mut start = 0_usize;
    for word in words.iter().take(SHORT) {
        let word = u64::from_le_bytes(*word);
        let marks = is(word, b'"') | is(word, b'\\');
        if marks != 0 {
            let bits = usize::try_from(marks.trailing_zeros()).ok()?;
            return Some(start.saturating_add(bits / 8));
        }
        start = start.saturating_add(8);
    }
    memchr2(b'"', b'\\', bytes.get(start..)?).map(|found| start.saturating_add(found))
}

/// The string at an opening quote; `None` if it does not end.
#[inline]
fn quoted<'s>(source: Source<'s>, at: &mut usize) -> Option<Quoted<'s>> {
    let bytes = source.bytes;
    let start = at.saturating_add(1);
    let mut end = start;
    let mut has_escapes = false;
    loop {
        end = end.saturating_add(mark(bytes.get(end..)?)?);
        if bytes.get(end) == Some(&b'"') {
            *at = end.saturating_add(1);
            return bytes.get(start..end).map(|raw| Quoted {
                raw,
                sound: source.text.and_then(|text| text.get(start..end)),
                has_escapes,
            });
        }
        has_escapes = true;
        end = end.saturating_add(2);
    }
}

/// The string at an opening quote, looked at on the way to its end.
#[inline]
fn text<'s>(source: Source<'s>, at: &mut usize) -> Option<Token<'s>> {
    let start = at.saturating_add(1);
    let mut look = Look::default();
    for (length, byte) in source.bytes.get(start..)?.iter().enumerate() {
        let class = Look::class(*byte);
        // both marks are of this kind
        if class & Look::OTHER != 0 {
            if *byte == b'"' {
                let end = start.saturating_add(length);
                *at = end.saturating_add(1);
                let quoted = Quoted {
                    raw: source.bytes.get(start..end)?,
                    sound: source.text.and_then(|text| text.get(start..end)),
                    has_escapes: false,
                };
                return Some(Token::Text(quoted, Some(look)));
            }
            if *byte == b'\\' {
                break;
            }
        }
        look.add(class);
    }
    quoted(source, at).map(|quoted| Token::Text(quoted, None))
}

/// A number or word; `None` if the bytes end with it, because it may go on.
#[inline]
fn bare<'s>(source: Source<'s>, at: &mut usize) -> Option<(&'s str, Look)> {
    let rest = source.bytes.get(*at..)?;
    let mut look = Look::default();
    let length = rest.iter().position(|byte| {
        let is_of_word = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        if is_of_word {
            look.add(Look::class(*byte));
        }
        !is_of_word
    })?;
    let word = match source.text {
        Some(text) => text.get(*at..at.saturating_add(length)),
        None => str::from_utf8(rest.get(..length)?).ok(),
    };
    let word = word.unwrap_or_default();
    advance(at, length);
    Some((word, look))
}

#[inline]
fn is_literal(word: &str, look: Look) -> bool {
    if look.is_all(Look::DIGIT) {
        return !word.is_empty();
    }
    let number = word.strip_prefix('-').unwrap_or(word);
    let is_number = number.starts_with(|first: char| first.is_ascii_digit())
        && number
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    is_number
        || matches!(
            word,
            "true" | "false" | "null" | "NaN" | "Infinity" | "-Infinity" | "undefined"
        )
}

/// Goes behind the container at `at` without reading it; `false` if it does not end.
fn pass_over(source: Source<'_>, at: &mut usize) -> bool {
    let bytes = source.bytes;
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(*at) {
        match byte {
            b'"' => {
                if quoted(source, at).is_none() {
                    *at = bytes.len();
                    return false;
                }
                continue;
            }
            b'{' | b'[' => depth = depth.saturating_add(1),
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        advance(at, 1);
        if depth == 0 {
            return true;
        }
    }
    false
}
