//! Bodies of a HAR: as text, in base64 or as parameters, and how long they were on the wire.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::entry::{has_header, list, text};
use crate::limits::BODY_BYTES;
use crate::model::{Body, Header};

/// The body of `postData`: its text, else its parameters put together again as the content type says.
pub(super) fn posted(data: &Value, headers: &mut Vec<Header>) -> Option<Vec<u8>> {
    let mime_type = text(data, "mimeType").unwrap_or_default();
    if !has_header(headers, "content-type") && !mime_type.is_empty() {
        headers.push(Header {
            name: "Content-Type".to_owned(),
            value: mime_type.to_owned(),
        });
    }
    if let Some(body) = decoded(data, "text").filter(|body| !body.is_empty()) {
        return Some(body);
    }
    let parameters: Vec<&Value> = list(data, "params").collect();
    if parameters.is_empty() {
        return None;
    }
    let content_type = headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-type"))
        .map_or("", |header| header.value.as_str());
    Some(match boundary(content_type) {
        Some(boundary) => multipart(&parameters, boundary),
        None => form(&parameters).into_bytes(),
    })
}

fn boundary(content_type: &str) -> Option<&str> {
    let (kind, rest) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = rest
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))?
        .1;
    Some(boundary.trim().trim_matches('"')).filter(|boundary| !boundary.is_empty())
}

fn form(parameters: &[&Value]) -> String {
    /// What `application/x-www-form-urlencoded` leaves as it is.
    const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'*');
    let escaped = |parameter: &Value, name| {
        utf8_percent_encode(text(parameter, name).unwrap_or_default(), ESCAPED).to_string()
    };
    parameters
        .iter()
        .map(|parameter| {
            format!(
                "{}={}",
                escaped(parameter, "name"),
                escaped(parameter, "value")
            )
        })
        .collect::<Vec<_>>()
        .join("&")
}

fn multipart(parameters: &[&Value], boundary: &str) -> Vec<u8> {
    let mut body = String::new();
    for parameter in parameters {
        let value = |name| text(parameter, name);
        body.push_str("--");
        body.push_str(boundary);
        body.push_str("\r\nContent-Disposition: form-data; name=\"");
        body.push_str(value("name").unwrap_or_default());
        if let Some(file) = value("fileName") {
            body.push_str("\"; filename=\"");
            body.push_str(file);
        }
        if let Some(kind) = value("contentType") {
            body.push_str("\"\r\nContent-Type: ");
            body.push_str(kind);
            body.push_str("\r\n\r\n");
        } else {
            body.push_str("\"\r\n\r\n");
        }
        body.push_str(value("value").unwrap_or_default());
        body.push_str("\r\n");
    }
    body.push_str("--");
    body.push_str(boundary);
    body.push_str("--\r\n");
    body.into_bytes()
}

/// A text that may be base64, as its sibling `encoding` says.
pub(super) fn decoded(value: &Value, name: &str) -> Option<Vec<u8>> {
    let content = text(value, name)?;
    let is_base64 = text(value, "encoding").is_some_and(|name| name.eq_ignore_ascii_case("base64"));
    Some(if is_base64 {
        without_base64(content)
    } else {
        content.as_bytes().to_vec()
    })
}

/// Undoes base64. A text that only claims to be it is kept as it is.
pub(super) fn without_base64(content: &str) -> Vec<u8> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let mut digits: Vec<u8> = content
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    // One digit too many is what a cut leaves: it holds no byte.
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    LENIENT
        .decode(&digits)
        .unwrap_or_else(|_| content.as_bytes().to_vec())
}

/// A body with its size on the wire: what the writer measured, else what the message says of itself.
pub(super) fn sized(bytes: Option<Vec<u8>>, message: &Value, headers: &[Header]) -> Body {
    let measured = message.get("bodySize").and_then(Value::as_u64).unwrap_or(0);
    let on_wire = if measured > 0 || bytes.is_some() {
        measured
    } else {
        content_length(headers)
    };
    let is_missing = bytes.is_none() && on_wire > 0;
    let mut bytes = bytes.unwrap_or_default();
    let is_long = bytes.len() > BODY_BYTES;
    let wire_len = if on_wire > 0 {
        on_wire
    } else {
        bytes.len() as u64
    };
    bytes.truncate(BODY_BYTES);
    Body {
        bytes,
        wire_len,
        is_cut: is_missing || is_long,
    }
}

fn content_length(headers: &[Header]) -> u64 {
    let named = headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"));
    named
        .and_then(|header| header.value.trim().parse().ok())
        .unwrap_or(0)
}

/// Bodies in a HAR are decoded as a rule, and the header still names the encoding. It is kept only where the body looks it.
pub(super) fn drop_undone_encoding(headers: &mut Vec<Header>, body: &[u8]) {
    headers.retain(|header| {
        if !header.name.eq_ignore_ascii_case("content-encoding") {
            return true;
        }
        match header.value.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => body.starts_with(&[0x1f, 0x8b]),
            "zstd" => body.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]),
            // Brotli and raw deflate have no magic number, but they are never text.
            "br" | "deflate" => str::from_utf8(body).is_err(),
            _ => true,
        }
    });
}
