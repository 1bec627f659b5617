//! Documents that are a value as a whole, or stand in it.

use std::borrow::Cow;

use base64::Engine;

use super::{TOKEN, decode_bytes};
use crate::model::{DecodeStep, Look};
use crate::payload::body::MediaType;
use crate::payload::collector::Collector;
use crate::payload::digits::{LENIENT_BASE64_URL, base64_text};
use crate::payload::{Input, Keep, copied, embedded, form, graphql, json, multipart, text, xml};

/// Longest type of a URL that holds data.
const LONGEST_TYPE: usize = 128;

/// A JSON text, or a JSON string that holds something.
pub(in crate::payload) fn json_text<'s, 'a>(
    _: Look,
    text: &'s str,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let text = text.trim_ascii();
    if !json::looks_like(text.as_bytes(), false) {
        return false;
    }
    collector.undoing(DecodeStep::Json, |collector| {
        json::documents_of_text(text, 0, keep, collector);
    });
    true
}

pub(in crate::payload) fn graphql_text<'s, 'a>(
    _: Look,
    text: &'s str,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let is_document = graphql::looks_like(text);
    if is_document {
        collector.undoing(DecodeStep::GraphQl, |collector| {
            graphql::arguments(text, keep, collector);
        });
    }
    is_document
}

pub(in crate::payload) fn xml_text<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    if !text.trim_ascii_start().starts_with('<') || !xml::looks_like(text) {
        return false;
    }
    collector.undoing(DecodeStep::Xml, |collector| {
        xml::document(text.trim_ascii(), collector);
    });
    true
}

/// Header and payload of a JSON Web Token (RFC 7519 §3), under `header` and `payload`; of an encrypted one (RFC 7516 §3.1) only
/// the header is readable.
pub(in crate::payload) fn json_web_token<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    if !text.starts_with(TOKEN) {
        return false;
    }
    let mut segments = text.split('.');
    let header = segments.next().and_then(json_segment);
    let payload = segments.next().and_then(json_segment);
    let Some(header) = header else { return false };
    collector.undoing(DecodeStep::Jwt, |collector| {
        for (part, document) in [("header", Some(header)), ("payload", payload)] {
            if let Some(document) = document {
                collector.within(part, |collector| {
                    json::documents(&document, copied, collector);
                });
            }
        }
    });
    true
}

fn json_segment(segment: &str) -> Option<Vec<u8>> {
    let decoded = LENIENT_BASE64_URL.decode(segment).ok()?;
    let is_object = decoded.starts_with(b"{") && json::looks_like(&decoded, false);
    is_object.then_some(decoded)
}

/// The parts of a form (RFC 7578) that is itself a value, without the type that names its boundary.
pub(in crate::payload) fn multipart_text<'s, 'a>(
    _: Look,
    text: &'s str,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let media_type = MediaType::default();
    let input = Input {
        bytes: text.as_bytes(),
        keep,
        is_cut: false,
    };
    let is_multipart = text.starts_with("--") && (multipart::DECODER.matches)(&media_type, input);
    if is_multipart {
        (multipart::DECODER.decode)(&media_type, input, collector);
    }
    is_multipart
}

/// The query of an absolute URL (a referrer, a redirect target), and its fragment where that holds parameters.
pub(in crate::payload) fn url<'s, 'a>(
    _: Look,
    text: &'s str,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let is_scheme = (2..=40).contains(&scheme.len())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !is_scheme || rest.contains(|character: char| character.is_whitespace()) {
        return false;
    }
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let parts = [query, fragment];
    if !parts.iter().any(|part| part.contains('=')) {
        return false;
    }
    collector.undoing(DecodeStep::Form, |collector| {
        for part in parts {
            if part.contains('=') {
                form::pairs(part, keep, collector);
            }
        }
    });
    true
}

/// A text, or bytes in base64, with a type in front, as a URL (RFC 2397 §3).
pub(in crate::payload) fn data_url<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let Some((head, data)) = text
        .strip_prefix("data:")
        .and_then(|url| url.split_once(','))
    else {
        return false;
    };
    let is_head = head.len() <= LONGEST_TYPE
        && head
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/;=-+._%\"".contains(&byte));
    if !is_head {
        return false;
    }
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(data).collect();
    let Some(decoded) = text::from_bytes(&bytes) else {
        return decode_bytes(&bytes, collector);
    };
    if head.ends_with(";base64") {
        return base64_text(Look::of(&decoded), &decoded, copied, collector);
    }
    collector.undoing(DecodeStep::Percent, |collector| {
        collector.value(Cow::Borrowed(&decoded), copied);
    });
    true
}

pub(in crate::payload) fn form_text<'s, 'a>(
    _: Look,
    text: &'s str,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    if !form::looks_like(text, 2) {
        return false;
    }
    collector.undoing(DecodeStep::Form, |collector| {
        form::pairs(text, keep, collector);
    });
    true
}

/// Forms among words. What a link among them holds is the link's.
pub(in crate::payload) fn forms_among<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let mut is_taken = false;
    let words = text.split_ascii_whitespace();
    for word in words.filter(|word| word.len() < text.len() && word.contains('&')) {
        let look = Look::of(word);
        is_taken |= form_text(look, word, copied, collector);
    }
    is_taken
}

pub(in crate::payload) fn embedded_documents<'s, 'a>(
    look: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    // Without a colon there are elements of XML alone.
    let may_hold = look.has(Look::COLON) || memchr::memchr(b'<', text.as_bytes()).is_some();
    may_hold && embedded::documents(text, collector)
}
