//! A body and what its headers say of it → the decoder that reads it.

use super::collector::Collector;
use super::nested::SHORTEST_DOCUMENT;
use super::{DECODERS, Input, compression, json, protobuf, text};
use crate::limits;
use crate::model::{DecodeStep, Shortfall};

/// A media type (RFC 9110 §8.3.1): type and subtype in lower case, parameters as sent.
#[derive(Clone, Debug, Default)]
pub(super) struct MediaType {
    /// `application/json`; empty if none was named.
    pub(super) essence: String,
    parameters: Vec<(String, String)>,
}

impl MediaType {
    pub(super) fn parse(value: &str) -> Self {
        let mut parts = split_quoted(value, ';');
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let parameters = parts
            .filter_map(|part| part.split_once('='))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), unquote(value.trim())))
            .collect();
        Self {
            essence,
            parameters,
        }
    }

    /// A parameter, its name in lower case.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether the type says nothing: there is none, or one that programs set by default.
    pub(super) fn is_unspecific(&self) -> bool {
        matches!(
            self.essence.as_str(),
            "" | "application/octet-stream"
                | "binary/octet-stream"
                | "application/binary"
                | "application/x-binary"
                | "application/unknown"
                // what Java sends if nobody says otherwise
                | "application/x-www-form-urlencoded"
        )
    }

    /// Whether the type says that this is media or an archive, whose bytes are no text.
    pub(super) fn is_media(&self) -> bool {
        ["image/", "audio/", "video/", "font/"]
            .iter()
            .any(|kind| self.essence.starts_with(kind))
            && !self.essence.ends_with("xml")
    }
}

/// The parts between separators that do not stand in double quotes.
pub(super) fn split_quoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |character| {
        if character == '"' {
            is_quoted = !is_quoted;
        }
        character == separator && !is_quoted
    })
}

/// A parameter's value without its quotes and backslashes (RFC 9110 §5.6.4).
pub(super) fn unquote(value: &str) -> String {
    let Some(inner) = value
        .strip_prefix('"')
        .map(|rest| rest.strip_suffix('"').unwrap_or(rest))
    else {
        return value.to_owned();
    };
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            _ => text.push(character),
        }
    }
    text
}

/// Undoes content encodings from the last to the first, then decodes.
pub(super) fn encoded<'a>(
    encodings: &[&str],
    media_type: &MediaType,
    input: Input<'_, 'a>,
    collector: &mut Collector<'a>,
) {
    if input.bytes.is_empty() {
        return;
    }
    let mut outer = encodings;
    if outer.len() > limits::CONTENT_ENCODINGS {
        collector.shortfall(
            Shortfall::DepthLimit,
            input.bytes.len(),
            "more content encodings than the bound",
        );
        return;
    }
    while let Some((last, rest)) = outer.split_last() {
        outer = rest;
        let lower = last.to_ascii_lowercase();
        match lower.as_str() {
            "" | "identity" | "7bit" | "8bit" | "binary" | "aws-chunked" => continue,
            "base64" => {
                transfer_encoded(DecodeStep::Base64, rest, media_type, input, collector);
                return;
            }
            "quoted-printable" => {
                let step = DecodeStep::QuotedPrintable;
                transfer_encoded(step, rest, media_type, input, collector);
                return;
            }
            _ => {}
        }
        let Some(compression) = compression::by_name(&lower) else {
            collector.shortfall(
                Shortfall::UnknownEncoding,
                input.bytes.len(),
                "body in a content encoding without a decoder",
            );
            return;
        };
        let is_undone = compression::undo(compression, input, collector, |inner, collector| {
            encoded(rest, media_type, inner, collector);
        });
        if is_undone {
            return;
        }
        // sent as it is in spite of the header, or undone already by what recorded it
    }
    decode(media_type, input, collector);
}

/// Undoes a `Content-Transfer-Encoding` (RFC 2045 §6).
fn transfer_encoded<'a>(
    step: DecodeStep,
    rest: &[&str],
    media_type: &MediaType,
    input: Input<'_, 'a>,
    collector: &mut Collector<'a>,
) {
    let (bytes, is_whole) = match step {
        DecodeStep::QuotedPrintable => (text::quoted_printable(input.bytes), true),
        _ => text::base64_lines(input.bytes),
    };
    collector.undoing(step, |collector| {
        let inner = Input {
            bytes: &bytes,
            keep: super::copied,
            is_cut: input.is_cut || !is_whole,
        };
        encoded(rest, media_type, inner, collector);
    });
}

/// Decodes a body without content encoding.
pub(super) fn decode<'a>(
    media_type: &MediaType,
    input: Input<'_, 'a>,
    collector: &mut Collector<'a>,
) {
    if input.bytes.is_empty() {
        return;
    }
    match DECODERS
        .iter()
        .find(|decoder| (decoder.matches)(media_type, input))
    {
        Some(decoder) => (decoder.decode)(media_type, input, collector),
        None if media_type.is_media() => collector.shortfall(
            Shortfall::UnknownEncoding,
            input.bytes.len(),
            "image, sound, film or font",
        ),
        // What no format of that type reads may be another's: binary documents are sent as text and as JSON.
        None if !media_type.is_unspecific() => decode(&MediaType::default(), input, collector),
        None if !input.is_cut
            && compression::undo_without_magic(media_type, input.bytes, collector) => {}
        None => {
            if let Some(inner) = behind_front(input.bytes).filter(|_| !input.is_cut) {
                decode(media_type, input.with_bytes(inner), collector);
                return;
            }
            collector.shortfall(
                Shortfall::UnknownEncoding,
                input.bytes.len(),
                "body in a format without a decoder",
            );
            text::strings(input.bytes, collector);
            collector.binary(input.bytes);
        }
    }
}

/// Bytes in front of a document, at most.
const LONGEST_FRONT: usize = 64;

/// A document behind a few bytes of something else: JSON, what is compressed, or a message of protocol buffers behind its length.
fn behind_front(bytes: &[u8]) -> Option<&[u8]> {
    let is_length = |front: &[u8], length: usize| {
        let ends_in = |number: &[u8]| front.ends_with(number);
        u16::try_from(length).is_ok_and(|length| ends_in(&length.to_be_bytes()))
            || u32::try_from(length).is_ok_and(|length| ends_in(&length.to_be_bytes()))
    };
    (1..=LONGEST_FRONT).find_map(|at| {
        let (front, rest) = bytes.split_at_checked(at)?;
        let is_document = match rest.first()? {
            b'{' => json::looks_like(rest, false),
            0x1f | 0x28 | 0x78 if compression::begins(rest) => {
                // The two bytes by which zlib is told are in many.
                *rest.first()? != 0x78 || is_length(front, rest.len())
            }
            _ => {
                rest.len() >= SHORTEST_DOCUMENT
                    && is_length(front, rest.len())
                    && protobuf::is_readable_message(rest)
            }
        };
        is_document.then_some(rest)
    })
}
