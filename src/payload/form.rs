//! `application/x-www-form-urlencoded` and query strings (WHATWG URL §5) → fields.

use std::borrow::Cow;

use super::body::MediaType;
use super::collector::Collector;
use super::scan::first_of;
use super::{Decoder, Input, Keep, copied, nested, text};
use crate::limits;
use crate::model::{DecodeStep, Look};

pub(super) const DECODER: Decoder = Decoder { matches, decode };

fn matches(media_type: &MediaType, input: Input<'_, '_>) -> bool {
    let Ok(form) = str::from_utf8(input.bytes) else {
        return false;
    };
    let form = form.trim_ascii();
    match media_type.essence.as_str() {
        // Nothing stands behind the `=` that end base64.
        "application/x-www-form-urlencoded" => {
            input.is_cut || form.trim_end_matches('=').contains(['=', '&'])
        }
        _ => looks_like(form, 1),
    }
}

/// Whether a text of unknown type is a form with at least `least` pairs: names of plain characters, nothing in it that a form
/// would have encoded.
pub(super) fn looks_like(text: &str, least: usize) -> bool {
    let is_sound = text.bytes().all(|byte| {
        byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`')
    });
    if !is_sound || !text.contains('=') {
        return false;
    }
    let mut pairs = 0_usize;
    for pair in text.split('&') {
        if pair.is_empty() {
            continue;
        }
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let is_key = !key.is_empty()
            && key.len() <= limits::NAME_BYTES
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-.[]%$+*~:".contains(&byte));
        // base64 padding is no pair: `YWJj==`
        if !is_key || (value.bytes().all(|byte| byte == b'=') && !value.is_empty()) {
            return false;
        }
        if pair.contains('=') {
            pairs = pairs.saturating_add(1);
        }
    }
    // a lone pair with an empty value is more often a padded token: `YWJj=`
    pairs >= least && (pairs > 1 || !text.ends_with('='))
}

fn decode<'a>(_: &MediaType, input: Input<'_, 'a>, collector: &mut Collector<'a>) {
    let Ok(form) = str::from_utf8(input.bytes) else {
        return;
    };
    let form = form.trim_ascii();
    let form = if input.is_cut {
        // the last value may be half
        form.rsplit_once('&').map_or("", |(whole, _)| whole)
    } else {
        form
    };
    collector.undoing(DecodeStep::Form, |collector| {
        pairs(form, input.keep, collector);
    });
}

/// A query string: pairs, or one bare value.
pub(super) fn query<'s, 'a>(query: &'s str, keep: Keep<'s, 'a>, collector: &mut Collector<'a>) {
    // Nothing stands behind the `=` that end base64.
    let stem = query.trim_end_matches('=');
    let is_base64 = || !stem.contains(['=', '&']) && nested::may_name_hold(stem);
    if stem.len() < query.len() && is_base64() {
        value(query, keep, collector);
    } else if query.contains('=') {
        pairs(query, keep, collector);
    } else if !query.is_empty() {
        value(query, keep, collector);
    }
}

/// The pairs of a form, each under its name.
pub(super) fn pairs<'s, 'a>(form: &'s str, keep: Keep<'s, 'a>, collector: &mut Collector<'a>) {
    let mut rest = form;
    while !rest.is_empty() {
        let (pair, behind) = split(rest, first_of(rest.as_bytes(), [b'&'; 2]));
        rest = behind;
        if pair.is_empty() {
            continue;
        }
        if collector.is_full() {
            // counted by the attempt
            collector.plain_value(Cow::Borrowed(""), copied);
            return;
        }
        let (key, text) = split(pair, first_of(pair.as_bytes(), [b'='; 2]));
        let steps = if Look::of(key).has(Look::PLUS | Look::PERCENT) {
            enter_key(&unescape(key).to_text(), collector)
        } else {
            enter_key(key, collector)
        };
        value(text, keep, collector);
        collector.leave(steps);
    }
}

/// What stands before and behind a mark of one byte; nothing behind it, if there is none.
fn split(text: &str, mark: Option<usize>) -> (&str, &str) {
    let parts =
        mark.and_then(|mark| Some((text.get(..mark)?, text.get(mark.saturating_add(1)..)?)));
    parts.unwrap_or((text, ""))
}

/// `user[address][0]` is a path of three steps, as PHP, Rails and jQuery write it; so are `points.0.lat` and `points[0].lat`.
pub(super) fn enter_key(key: &str, collector: &mut Collector<'_>) -> usize {
    let Some(parts) = parts_of_key(key) else {
        if collector.enter_key(key) {
            nested::decode_name(key, collector);
        }
        return 1;
    };
    let mut steps = 0_usize;
    for part in parts.into_iter().take(limits::JSON_DEPTH) {
        match part.parse::<u32>() {
            Ok(position) if steps > 0 => {
                collector.enter_index(position);
            }
            _ if part.is_empty() => continue,
            _ => collector.enter(part),
        }
        steps = steps.saturating_add(1);
    }
    steps
}

/// The steps of a key that is a path; a dotted name without a number in it is one name.
fn parts_of_key(key: &str) -> Option<Vec<&str>> {
    if !Look::of(key).has(Look::DOT | Look::OTHER) {
        return None;
    }
    if let Some((head, rest)) = key.strip_suffix(']').and_then(|key| key.split_once('[')) {
        let is_step = |step: &str| !step.contains(['[', ']']);
        if !head.is_empty() && rest.split("][").all(is_step) {
            return Some(std::iter::once(head).chain(rest.split("][")).collect());
        }
    }
    let parts: Vec<&str> = key
        .split(['.', '['])
        .map(|part| part.strip_suffix(']').unwrap_or(part))
        .collect();
    let is_number =
        |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_path = key.contains('.')
        && parts.iter().all(|part| !part.is_empty())
        && parts.iter().skip(1).any(is_number)
        && parts.first().is_some_and(|head| !is_number(head));
    is_path.then_some(parts)
}

fn value<'s, 'a>(raw: &'s str, keep: Keep<'s, 'a>, collector: &mut Collector<'a>) {
    let look = Look::of(raw);
    if !look.has(Look::PLUS | Look::PERCENT) {
        return collector.looked_text(look, raw, keep);
    }
    match unescape(raw) {
        Unescaped::Text(text) => collector.value(Cow::Owned(text), keep),
        Unescaped::Bytes(bytes) => {
            if let Some(text) = text::from_bytes(&bytes) {
                collector.value(text, copied);
            } else if !nested::decode_bytes(&bytes, collector) {
                collector.opaque(&bytes);
            }
        }
    }
}

enum Unescaped {
    Text(String),
    Bytes(Vec<u8>),
}

impl Unescaped {
    fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Bytes(bytes) => String::from_utf8_lossy(bytes),
        }
    }
}

/// Undoes `+` and percent encoding.
fn unescape(raw: &str) -> Unescaped {
    let spaced: Vec<u8> = raw
        .bytes()
        .map(|byte| if byte == b'+' { b' ' } else { byte })
        .collect();
    let bytes: Vec<u8> = percent_encoding::percent_decode(&spaced).collect();
    match String::from_utf8(bytes) {
        Ok(text) => Unescaped::Text(text),
        Err(error) => Unescaped::Bytes(error.into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_numbers_in_them_are_paths() {
        for (key, parts) in [
            ("a[b][0]", Some(vec!["a", "b", "0"])),
            ("points.0.lat", Some(vec!["points", "0", "lat"])),
            ("points[0].lat", Some(vec!["points", "0", "lat"])),
            ("device.geo.lat", None),
            ("0.1", None),
            ("lat", None),
        ] {
            assert_eq!(parts_of_key(key), parts, "{key}");
        }
    }
}
