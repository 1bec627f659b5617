//! JSON → fields, tolerant: all that stands before a cut or damage, several documents in a row (NDJSON, RFC 7464), prefixes
//! against hijacking and JSONP. Numbers stay text as sent, duplicate keys stay.

mod reader;

use std::borrow::Cow;

use memchr::{memchr2, memmem};

use super::body::MediaType;
use super::collector::Collector;
use super::{Decoder, Input, Keep, copied, nested};
use crate::limits;
use crate::model::{DecodeStep, Look, Shortfall};

use reader::{Reader, Token};

pub(super) use reader::End;

pub(super) const DECODER: Decoder = Decoder { matches, decode };

fn matches(media_type: &MediaType, input: Input<'_, '_>) -> bool {
    let essence = media_type.essence.as_str();
    let start = prefix_length(input.bytes);
    let document = input.bytes.get(start..).unwrap_or_default();
    if essence.contains("json") || essence.contains("javascript") {
        matches!(document.first(), Some(b'{' | b'[' | b'"'))
    } else {
        looks_like(document, input.is_cut)
    }
}

fn decode<'a>(_: &MediaType, input: Input<'_, 'a>, collector: &mut Collector<'a>) {
    collector.undoing(DecodeStep::Json, |collector| {
        let end = documents(input.bytes, input.keep, collector);
        let detail = match end {
            End::Complete | End::Stopped => return,
            End::Cut => "a JSON text ends early",
            End::Damaged => "a JSON text is damaged",
        };
        collector.shortfall(Shortfall::DamagedBody, input.bytes.len(), detail);
    });
}

/// Whether a text of unknown type, at its first bracket or quote, is JSON; one pass over its first document.
pub(super) fn looks_like(document: &[u8], is_cut: bool) -> bool {
    if !matches!(document.first(), Some(b'{' | b'[' | b'"')) {
        return false;
    }
    let text = text(document);
    let (values, at, end) = passed(&text, 0);
    let document = text.as_bytes();
    let rest = document.get(at..).unwrap_or_default().trim_ascii();
    match (document.first(), end) {
        (Some(b'{' | b'['), End::Complete) => {
            rest.is_empty()
                || matches!(
                    rest.first(),
                    Some(b'{' | b'[' | b'\x1e' | b')' | b';' | b',')
                )
        }
        (Some(b'"'), End::Complete) => rest.is_empty() && document.len() > 2,
        (Some(b'{'), _) => values > 0,
        (Some(b'['), End::Cut) => values > 0 && is_cut,
        _ => false,
    }
}

/// Bytes as text; what is not UTF-8 is replaced.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Values of the document at a byte of a text, where it ends, and how.
fn passed(text: &str, at: usize) -> (usize, usize, End) {
    let mut reader = Reader::new(text, at);
    let mut values = 0_usize;
    loop {
        match reader.next() {
            Ok(Token::Begin | Token::Key(_) | Token::Element(_)) => {}
            Ok(_) => values = values.saturating_add(1),
            Err(end) => return (values, reader.at(), end),
        }
    }
}

/// Bytes of the document that a text begins with, one where it is none; `None` if it does not end.
pub(super) fn length(text: &str) -> Option<usize> {
    let (_, at, end) = passed(text, 0);
    match end {
        End::Complete => Some(at),
        End::Damaged | End::Stopped => Some(1),
        End::Cut => None,
    }
}

/// Length of what may stand before the first document: white space, byte order mark, hijacking guards, a JSONP call, the packet
/// number of socket.io.
pub(super) fn prefix_length(bytes: &[u8]) -> usize {
    const GUARDS: [&[u8]; 6] = [
        b"\xef\xbb\xbf",
        b")]}',",
        b")]}'",
        b"while(1);",
        b"for(;;);",
        b"{}&&",
    ];
    let mut rest = bytes;
    loop {
        rest = rest.trim_ascii_start();
        let guarded = GUARDS.iter().find_map(|guard| rest.strip_prefix(*guard));
        match guarded {
            Some(unguarded) => rest = unguarded,
            None => break,
        }
    }
    let rest = rest.strip_prefix(b"\x1e").unwrap_or(rest);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.');
    let name_length = rest
        .iter()
        .take(limits::NAME_BYTES)
        .take_while(|byte| is_name(byte))
        .count();
    let (callback, call) = rest.split_at_checked(name_length).unwrap_or_default();
    let inside = match call {
        [b'(', inside @ ..] => inside.trim_ascii_start(),
        [b'{' | b'[', ..] if callback.len() <= 4 && callback.iter().all(u8::is_ascii_digit) => call,
        _ => rest,
    };
    let is_document = matches!(inside.first(), Some(b'{' | b'[' | b'"'));
    let rest = if is_document { inside } else { rest };
    bytes.len().saturating_sub(rest.len())
}

/// Reads documents until the bytes end; of several, each is an element of a list. The worst end of any is returned.
pub(super) fn documents<'s, 'a>(
    bytes: &'s [u8],
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> End {
    let start = prefix_length(bytes);
    match text(bytes) {
        Cow::Borrowed(text) => documents_of_text(text, start, keep, collector),
        Cow::Owned(text) => documents_of_text(&text, start, copied, collector),
    }
}

/// [`documents`] of a text, from the first on, which begins at `start`.
pub(super) fn documents_of_text<'s, 'a>(
    text: &'s str,
    start: usize,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> End {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut worst = End::Complete;
    let mut position = 0_usize;
    let are_several = are_several(text, at);
    loop {
        at = at.saturating_add(between(bytes, at));
        let end = match bytes.get(at) {
            None => return worst,
            Some(b'{' | b'[' | b'"') if are_several || position > 0 => collector
                .within_index(position, |collector| {
                    document(text, &mut at, keep, collector)
                }),
            Some(b'{' | b'[' | b'"') => document(text, &mut at, keep, collector),
            Some(_) => End::Damaged,
        };
        position = position.saturating_add(1);
        match end {
            End::Complete => {}
            End::Cut | End::Stopped => return end,
            End::Damaged => {
                worst = End::Damaged;
                let rest = bytes.get(at..).unwrap_or_default();
                let Some(line_end) = memchr2(b'\n', b'\x1e', rest) else {
                    return worst;
                };
                at = at.saturating_add(line_end).saturating_add(1);
            }
        }
    }
}

/// Bytes between two documents.
fn between(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let is_between =
        |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'\x1e' | b',' | b')' | b';');
    rest.iter().take_while(|byte| is_between(byte)).count()
}

/// Whether another document follows the first. Where none is on a line of its own and none follows without anything between,
/// that is not looked for: commas between them are too much like those in lists.
fn are_several(text: &str, start: usize) -> bool {
    let bytes = text.as_bytes();
    let rest = bytes.get(start..).unwrap_or_default();
    let has = |between: &str| memmem::find(rest, between.as_bytes()).is_some();
    let has_lines = || memchr2(b'\n', b'\x1e', rest).is_some();
    let may_be = has("}{") || has_lines() && ["\n{", "\n[", "\x1e"].into_iter().any(has);
    may_be && {
        let (_, at, end) = passed(text, start);
        let at = at.saturating_add(between(bytes, at));
        end == End::Complete && matches!(bytes.get(at), Some(b'{' | b'[' | b'"'))
    }
}

/// Goes to a member of an object, and decodes what is in its name.
#[inline]
fn enter(name: &str, collector: &mut Collector<'_>) {
    if collector.enter_key(name) {
        nested::decode_name(name, collector);
    }
}

fn document<'s, 'a>(
    text: &'s str,
    at: &mut usize,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> End {
    let mut reader = Reader::new(text, *at);
    let mut steps = 0_usize;
    let end = loop {
        let token = match reader.plain_member() {
            Some((key, value)) => {
                steps = steps.saturating_add(1);
                enter(key, collector);
                match value {
                    Some(value) => value,
                    None => continue,
                }
            }
            None => match reader.next() {
                Ok(Token::Begin) => continue,
                Ok(token) => token,
                Err(end) => break end,
            },
        };
        let is_entry = matches!(token, Token::Key(_) | Token::Element(_));
        steps = steps.saturating_add(usize::from(is_entry));
        match token {
            Token::Key(key) => enter(&key.text(), collector),
            Token::Element(position) => {
                collector.enter_index(u32::try_from(position).unwrap_or(u32::MAX));
            }
            Token::Begin | Token::Leave | Token::Bare("null" | "undefined", _) => {}
            Token::Text(text) => match text.text() {
                Cow::Borrowed(text) => collector.looked_text(Look::of(text), text, keep),
                text @ Cow::Owned(_) => collector.value(text, keep),
            },
            Token::Bare(word, look) => collector.looked_plain_text(look, word, keep),
            Token::TooDeep(bytes) => collector.shortfall(
                Shortfall::DepthLimit,
                bytes,
                "a document is nested deeper than the bound",
            ),
        }
        if collector.is_full() {
            // the attempt counts what is left out
            collector.plain_value(Cow::Borrowed(""), keep);
            break End::Stopped;
        }
        if !is_entry && steps > 0 {
            collector.leave(1);
            steps = steps.saturating_sub(1);
        }
    };
    *at = reader.at();
    collector.leave(steps);
    end
}
