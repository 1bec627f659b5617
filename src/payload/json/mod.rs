//! JSON → fields, tolerant: all that stands before a cut or damage, several documents in a row (NDJSON, RFC 7464), prefixes
//! against hijacking and JSONP. Numbers stay text as sent, duplicate keys stay.

mod reader;

use std::borrow::Cow;
use std::ops::ControlFlow;

use memchr::{memchr2, memmem};

use super::body::MediaType;
use super::collector::Collector;
use super::{Decoder, Input, Keep, nested};
use crate::limits;
use crate::model::{DecodeStep, Look, Shortfall};

use reader::{Source, Token, walk};

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
    let mut at = 0;
    let mut values = 0_usize;
    let source = Source {
        bytes: document,
        text: None,
    };
    let end = walk(source, &mut at, &mut |token| {
        if matches!(token, Token::Leave) {
            values = values.saturating_add(1);
        }
        ControlFlow::Continue(())
    });
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

/// Bytes of the document that a text begins with, if it is a whole one.
pub(super) fn length(text: &[u8]) -> Option<usize> {
    let source = Source {
        bytes: text,
        text: None,
    };
    let mut at = 0;
    let end = walk(source, &mut at, &mut |_| ControlFlow::Continue(()));
    (end == End::Complete).then_some(at)
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
    let source = Source {
        bytes,
        text: str::from_utf8(bytes).ok(),
    };
    let mut at = prefix_length(bytes);
    let mut worst = End::Complete;
    let mut position = 0_usize;
    let are_several = are_several(source, at);
    loop {
        at = at.saturating_add(between(bytes, at));
        let end = match bytes.get(at) {
            None => return worst,
            Some(b'{' | b'[' | b'"') if are_several || position > 0 => collector
                .within_index(position, |collector| {
                    document(source, &mut at, keep, collector)
                }),
            Some(b'{' | b'[' | b'"') => document(source, &mut at, keep, collector),
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
fn are_several(source: Source<'_>, start: usize) -> bool {
    let rest = source.bytes.get(start..).unwrap_or_default();
    let may_be = ["\n{", "\n[", "}{", "\x1e"]
        .iter()
        .any(|between| memmem::find(rest, between.as_bytes()).is_some());
    let mut at = start;
    may_be
        && matches!(
            walk(source, &mut at, &mut |_| ControlFlow::Continue(())),
            End::Complete
        )
        && {
            at = at.saturating_add(between(source.bytes, at));
            matches!(source.bytes.get(at), Some(b'{' | b'[' | b'"'))
        }
}

fn document<'s, 'a>(
    source: Source<'s>,
    at: &mut usize,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> End {
    let mut steps = 0_usize;
    let end = walk(source, at, &mut |token| {
        match token {
            Token::Key(key) => {
                let name = key.text();
                collector.enter(&name);
                steps = steps.saturating_add(1);
                nested::decode_name(&name, collector);
            }
            Token::Element(position) => {
                collector.enter_index(u32::try_from(position).unwrap_or(u32::MAX));
                steps = steps.saturating_add(1);
            }
            Token::Leave => {
                collector.leave(1);
                steps = steps.saturating_sub(1);
            }
            Token::Text(text, look) => {
                let value = text.text();
                let look = look.unwrap_or_else(|| Look::of(&value));
                collector.looked_value(look, value, keep);
            }
            Token::Bare("null" | "undefined", _) => {}
            Token::Bare(word, look) => {
                collector.looked_plain_value(look, Cow::Borrowed(word), keep);
            }
            Token::TooDeep(bytes) => collector.shortfall(
                Shortfall::DepthLimit,
                bytes,
                "a document is nested deeper than the bound",
            ),
        }
        if collector.is_full() {
            // the attempt counts what is left out
            collector.plain_value(Cow::Borrowed(""), keep);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    collector.leave(steps);
    end
}
