//! The tokens of one JSON document, without recursion and without copying.
#![expect(
    clippy::inline_always,
    reason = "all bodies go through here, and a token costs least where it is compiled together with what is done with it"
)]

use std::borrow::Cow;

use crate::limits;
use crate::model::Look;
use crate::payload::scan::first_of;

/// How a document ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::payload) enum End {
    Complete,
    /// The bytes ended inside it.
    Cut,
    /// It stopped being JSON.
    Damaged,
    /// The reader had enough.
    Stopped,
}

/// What a document is made of.
pub(super) enum Token<'s> {
    /// A container begins.
    Begin,
    /// A member of an object begins.
    Key(Quoted<'s>),
    /// An element of an array begins.
    Element(usize),
    /// The member or element that holds a container ends.
    Leave,
    /// A string; the member or element that it is, if any, ends with it, as with those below.
    Text(Quoted<'s>),
    /// Number, `true`, `false`, `null` as sent.
    Bare(&'s str, Look),
    /// A container below [`limits::JSON_DEPTH`] was passed over.
    TooDeep(usize),
}

/// What stands between two quotes.
pub(super) struct Quoted<'s> {
    raw: &'s str,
    has_escapes: bool,
}

impl<'s> Quoted<'s> {
    /// The text with escapes undone.
    #[inline]
    pub(super) fn text(&self) -> Cow<'s, str> {
        if self.has_escapes {
            Cow::Owned(unescape(self.raw))
        } else {
            Cow::Borrowed(self.raw)
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

/// What follows in a document.
#[derive(Clone, Copy)]
enum Next {
    Value,
    /// The end of a container, or its first member or element.
    First,
    /// The end of a container, or behind a comma another member or element.
    Entry,
    /// Nothing: it is complete.
    End,
}

/// Reads a text token by token, without recursion.
pub(super) struct Reader<'s> {
    text: &'s str,
    at: usize,
    stack: Vec<Container>,
    next: Next,
}

impl<'s> Reader<'s> {
    /// Reads the document at a byte of a text.
    pub(super) fn new(text: &'s str, at: usize) -> Self {
        Self {
            text,
            at,
            stack: Vec::new(),
            next: Next::Value,
        }
    }

    /// How far it read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The key of the next member, if that has no escapes, and its value, if that is digits or a string without escapes: as most
    /// are. Else nothing is read, or no more than the key.
    #[inline(always)]
    pub(super) fn plain_member(&mut self) -> Option<(&'s str, Option<Token<'s>>)> {
        let start = self.at;
        let Some(key) = self.plain_key() else {
            self.at = start;
            return None;
        };
        let value = match self.peek() {
            Some(b'"') => self.plain_string().map(|raw| {
                Token::Text(Quoted {
                    raw,
                    has_escapes: false,
                })
            }),
            Some(b'0'..=b'9') => self.digits().map(|word| Token::Bare(word, Look::DIGITS)),
            _ => None,
        };
        self.next = match value {
            Some(_) => Next::Entry,
            None => Next::Value,
        };
        Some((key, value))
    }

    /// The key of a member, and its colon.
    #[inline(always)]
    fn plain_key(&mut self) -> Option<&'s str> {
        match self.next {
            Next::First => {}
            Next::Entry => self.take(b',')?,
            Next::Value | Next::End => return None,
        }
        if !matches!(self.stack.last(), Some(Container::Object)) || self.peek()? != b'"' {
            return None;
        }
        let key = self.plain_string()?;
        self.take(b':')?;
        Some(key)
    }

    /// Passes this byte, if it is the next.
    #[inline(always)]
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.advance(1))
    }

    /// The string at an opening quote, if it has no escapes; else nothing is read.
    #[inline(always)]
    fn plain_string(&mut self) -> Option<&'s str> {
        let start = self.at.saturating_add(1);
        let rest = self.text.as_bytes().get(start..)?;
        let end = start.saturating_add(first_of(rest, [b'"', b'\\'])?);
        if self.text.as_bytes().get(end) != Some(&b'"') {
            return None;
        }
        self.at = end.saturating_add(1);
        self.text.get(start..end)
    }

    /// Digits that are a whole number, if something else stands behind them; else nothing is read.
    #[inline(always)]
    fn digits(&mut self) -> Option<&'s str> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let length = rest.iter().position(|byte| !byte.is_ascii_digit())?;
        if is_of_word(*rest.get(length)?) {
            return None;
        }
        let start = self.at;
        self.advance(length);
        self.text.get(start..self.at)
    }

    /// The next token, or how the document ended.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Result<Token<'s>, End> {
        let mut may_begin = match self.next {
            Next::End => return Err(End::Complete),
            Next::Entry => false,
            Next::First => true,
            Next::Value => {
                let first = self.peek().ok_or(End::Cut)?;
                if !matches!(first, b'{' | b'[') || self.stack.len() >= limits::JSON_DEPTH {
                    let is_alone = self.stack.is_empty();
                    self.next = if is_alone { Next::End } else { Next::Entry };
                    return self.scalar(first);
                }
                self.stack.push(if first == b'{' {
                    Container::Object
                } else {
                    Container::Array(0)
                });
                self.advance(1);
                self.next = Next::First;
                return Ok(Token::Begin);
            }
        };
        // The container ends, or the next member or element begins: behind its bracket or a comma.
        let mut is_next = false;
        loop {
            match self.peek().ok_or(End::Cut)? {
                b',' if !may_begin => {
                    self.advance(1);
                    (may_begin, is_next) = (true, true);
                }
                bracket @ (b'}' | b']') => return self.close(bracket),
                first if may_begin => return self.entry(first, is_next),
                _ => return Err(End::Damaged),
            }
        }
    }

    #[inline(always)]
    fn close(&mut self, bracket: u8) -> Result<Token<'s>, End> {
        let closes = match self.stack.pop() {
            Some(Container::Object) => b'}',
            Some(Container::Array(_)) => b']',
            None => return Err(End::Damaged),
        };
        if bracket != closes {
            return Err(End::Damaged);
        }
        self.advance(1);
        self.next = Next::Entry;
        if self.stack.is_empty() {
            return Err(End::Complete);
        }
        Ok(Token::Leave)
    }

    /// The beginning of a member, with its key and colon, or of an element.
    #[inline(always)]
    fn entry(&mut self, first: u8, is_next: bool) -> Result<Token<'s>, End> {
        self.next = Next::Value;
        if let Some(Container::Array(position)) = self.stack.last_mut() {
            *position = position.saturating_add(usize::from(is_next));
            return Ok(Token::Element(*position));
        }
        if first != b'"' {
            return Err(End::Damaged);
        }
        let key = self.quoted().ok_or(End::Cut)?;
        match self.peek().ok_or(End::Cut)? {
            b':' => self.advance(1),
            _ => return Err(End::Damaged),
        }
        Ok(Token::Key(key))
    }

    /// A string, number or word, or a container that is too deep.
    #[inline(always)]
    fn scalar(&mut self, first: u8) -> Result<Token<'s>, End> {
        match first {
            b'"' => self.quoted().map(Token::Text).ok_or(End::Cut),
            b'{' | b'[' => {
                let start = self.at;
                self.at = pass_over(self.text.as_bytes(), start).ok_or(End::Cut)?;
                Ok(Token::TooDeep(self.at.saturating_sub(start)))
            }
            _ => self.bare(),
        }
    }

    #[inline(always)]
    fn advance(&mut self, by: usize) {
        self.at = self.at.saturating_add(by);
    }

    /// The next byte that is no white space.
    #[inline(always)]
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.advance(1);
        }
    }

    /// The string at an opening quote; `None` if it does not end.
    #[inline(always)]
    fn quoted(&mut self) -> Option<Quoted<'s>> {
        let start = self.at.saturating_add(1);
        let (end, has_escapes) = end_of_string(self.text.as_bytes(), start)?;
        self.at = end.saturating_add(1);
        let raw = self.text.get(start..end)?;
        Some(Quoted { raw, has_escapes })
    }

    /// A number or word; cut if the bytes end with it, because it may go on.
    #[inline(always)]
    fn bare(&mut self) -> Result<Token<'s>, End> {
        // Most are nothing but digits.
        if let Some(digits) = self.digits() {
            return Ok(Token::Bare(digits, Look::DIGITS));
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.bytes().position(|byte| !is_of_word(byte));
        let word = rest.get(..length.ok_or(End::Cut)?).unwrap_or_default();
        self.advance(word.len());
        if is_literal(word) {
            Ok(Token::Bare(word, Look::of(word)))
        } else {
            Err(End::Damaged)
        }
    }
}

#[inline]
fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

/// Where the string ends that begins at `start`, and whether it has escapes; `None` if it does not end.
#[inline(always)]
fn end_of_string(bytes: &[u8], start: usize) -> Option<(usize, bool)> {
    let mut end = start;
    let mut has_escapes = false;
    loop {
        end = end.saturating_add(first_of(bytes.get(end..)?, [b'"', b'\\'])?);
        if bytes.get(end) == Some(&b'"') {
            return Some((end, has_escapes));
        }
        has_escapes = true;
        end = end.saturating_add(2);
    }
}

/// Behind the container at `start`, without reading it; `None` if it does not end.
fn pass_over(bytes: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        match bytes.get(at)? {
            b'"' => (at, _) = end_of_string(bytes, at.saturating_add(1))?,
            b'{' | b'[' => depth = depth.saturating_add(1),
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at = at.saturating_add(1);
        if depth == 0 {
            return Some(at);
        }
    }
}

#[inline]
fn is_literal(word: &str) -> bool {
    let number = word.strip_prefix('-').unwrap_or(word).as_bytes();
    let is_number = number.first().is_some_and(u8::is_ascii_digit)
        && number
            .iter()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    is_number
        || matches!(
            word,
            "true" | "false" | "null" | "NaN" | "Infinity" | "-Infinity" | "undefined"
        )
}
