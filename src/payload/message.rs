//! The places of a message: path, query string, headers, cookies and body of a request; the named fields of another protocol.

use std::borrow::Cow;

use base64::Engine;

use super::body::{self, MediaType};
use super::collector::Collector;
use super::{Decoded, Input, digits, form, lent, text};
use crate::model::{Body, DecodeStep, Header, Message, Place, Request, Response};

/// The fields of an HTTP request.
pub(super) fn request(request: &Request) -> Decoded<'_> {
    let mut collector = Collector::new(Place::Path);
    collector.expect(request.headers.len(), request.body.bytes.len());
    path(request.path(), &mut collector);
    if let Some(query) = request.query() {
        collector.set_place(Place::Query);
        form::query(query, lent, &mut collector);
    }
    for header in &request.headers {
        collector.set_place(Place::Header);
        header_value(&header.name, &header.value, &mut collector);
    }
    body(&request.headers, &request.body, &mut collector);
    collector.finish()
}

/// The fields of the body of an HTTP response.
pub(super) fn response(response: &Response) -> Decoded<'_> {
    let mut collector = Collector::new(Place::Body);
    body(&response.headers, &response.body, &mut collector);
    collector.finish()
}

fn body<'a>(headers: &'a [Header], body: &'a Body, collector: &mut Collector<'a>) {
    collector.set_place(Place::Body);
    let named = |name: &'static str| {
        headers
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value.as_str())
    };
    let media_type = MediaType::parse(named("content-type").next().unwrap_or_default());
    let encodings: Vec<&str> = named("content-encoding")
        .flat_map(|encodings| encodings.split(','))
        .map(str::trim)
        .collect();
    let input = Input {
        bytes: &body.bytes,
        keep: lent,
        is_cut: body.is_cut,
    };
    body::encoded(&encodings, &media_type, input, collector);
}

/// The fields of a message of another protocol. Its body, and a field named `body` or `payload`, is decoded like a request's, by the fields
/// `content-type`, `content-transfer-encoding` and `content-encoding` beside it.
pub(super) fn message(message: &Message) -> Decoded<'_> {
    let mut collector = Collector::new(Place::Header);
    let beside = |wanted: &str| {
        message
            .fields
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    };
    let media_type = MediaType::parse(beside("content-type").unwrap_or_default());
    let encodings: Vec<&str> = beside("content-encoding")
        .into_iter()
        .chain(beside("content-transfer-encoding"))
        .collect();
    collector.labelled(DecodeStep::Protocol, |collector| {
        for (field, value) in &message.fields {
            if matches!(field.as_str(), "body" | "payload") {
                collector.set_place(Place::Body);
                let input = Input {
                    bytes: value.as_bytes(),
                    keep: lent,
                    is_cut: false,
                };
                collector.within(field, |collector| {
                    body::encoded(&encodings, &media_type, input, collector);
                });
            } else {
                collector.set_place(Place::Header);
                // dots part the names of what a field is a part of, so that what stands in one element is told to belong together
                if message.protocol == "xmpp" || field.contains('.') {
                    part_value(field, value, collector);
                } else {
                    header_value(field, value, collector);
                }
            }
        }
        collector.set_place(Place::Body);
        let input = Input {
            bytes: &message.body.bytes,
            keep: lent,
            is_cut: message.body.is_cut,
        };
        body::encoded(&encodings, &media_type, input, collector);
    });
    collector.finish()
}

/// Path segments by position, empty ones left out of the fields but counted.
fn path<'a>(path: &'a str, collector: &mut Collector<'a>) {
    let path = path.strip_prefix('/').unwrap_or(path);
    for (position, segment) in path.split('/').enumerate() {
        if !segment.is_empty() {
            collector.within_index(position, |collector| {
                collector.value(Cow::Borrowed(segment), lent);
            });
        }
    }
}

/// One header, under its name in lower case.
fn header_value<'a>(header: &str, value: &'a str, collector: &mut Collector<'a>) {
    let lower = if header.bytes().any(|letter| letter.is_ascii_uppercase()) {
        Cow::Owned(header.to_ascii_lowercase())
    } else {
        Cow::Borrowed(header)
    };
    match lower.as_ref() {
        "cookie" => cookies(value, collector),
        "authorization" | "proxy-authorization" => {
            collector.within(&lower, |collector| authorization(value, collector));
        }
        _ => collector.within(&lower, |collector| {
            collector.value(Cow::Borrowed(value), lent);
        }),
    }
}

/// One value below others: `pubsub.publish.item.geoloc.lat` of an XMPP stanza, `contact.uri` of SIP.
fn part_value<'a>(path: &str, value: &'a str, collector: &mut Collector<'a>) {
    let mut steps = 0_usize;
    for step in path.split('.') {
        collector.enter(step);
        steps = steps.saturating_add(1);
    }
    collector.value(Cow::Borrowed(value), lent);
    collector.leave(steps);
}

/// `Cookie: a=b; c=d` (RFC 6265 §4.2.1): one field a cookie instead of the header.
fn cookies<'a>(value: &'a str, collector: &mut Collector<'a>) {
    collector.set_place(Place::Cookie);
    for pair in value.split(';') {
        let pair = pair.trim();
        let (cookie, value) = pair.split_once('=').unwrap_or(("", pair));
        if cookie.is_empty() && value.is_empty() {
            continue;
        }
        // a value may stand in quotes, which are not part of it, unless it is a JSON text
        let value = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'))
            .filter(|inner| !inner.contains('"'))
            .unwrap_or(value);
        collector.within(cookie.trim(), |collector| {
            collector.value(Cow::Borrowed(value), lent);
        });
    }
}

/// Credentials (RFC 9110 §11.4): `Basic` gives user and password (RFC 7617), parameters as of `Digest` (RFC 7616) one field
/// each; tokens are decoded as any value.
fn authorization<'a>(value: &'a str, collector: &mut Collector<'a>) {
    let (scheme, rest) = value.split_once(' ').unwrap_or(("", value));
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("basic") {
        collector.plain_value(Cow::Borrowed(value), lent);
        let Ok(credentials) = digits::LENIENT_BASE64.decode(rest) else {
            return;
        };
        let Some(credentials) = text::from_bytes(&credentials) else {
            return;
        };
        let (user, password) = credentials
            .split_once(':')
            .unwrap_or((credentials.as_ref(), ""));
        collector.undoing(DecodeStep::Base64, |collector| {
            for (part, value) in [("user", user), ("password", password)] {
                collector.within(part, |collector| {
                    collector.value(Cow::Borrowed(value), super::copied);
                });
            }
        });
    } else if rest.contains("=\"") {
        collector.plain_value(Cow::Borrowed(value), lent);
        parameters(rest, collector);
    } else if scheme.is_empty() {
        collector.value(Cow::Borrowed(value), lent);
    } else {
        // With its scheme it is a credential, without it any value.
        collector.plain_value(Cow::Borrowed(value), lent);
        collector.value(Cow::Borrowed(rest), lent);
    }
}

/// `name="value", name=value`: commas inside quotes do not separate.
fn parameters<'a>(text: &'a str, collector: &mut Collector<'a>) {
    let mut rest = text;
    while let Some((parameter, tail)) = rest.split_once('=') {
        let (value, tail) = match tail.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => tail.split_once(',').unwrap_or((tail, "")),
        };
        let parameter = parameter
            .trim_matches([',', ' ', '\t'])
            .to_ascii_lowercase();
        collector.within(&parameter, |collector| {
            collector.value(Cow::Borrowed(value.trim()), lent);
        });
        rest = tail;
    }
}
