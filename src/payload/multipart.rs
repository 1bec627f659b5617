//! `multipart/form-data`, `mixed`, `related` … (RFC 2046 §5.1, RFC 7578) → fields of the parts, each with its own encodings.

use std::borrow::Cow;

use memchr::memmem;

use super::body::{self, MediaType};
use super::collector::Collector;
use super::{Decoder, Input, copied, form};
use crate::limits;
use crate::model::{DecodeStep, Shortfall};

pub(super) const DECODER: Decoder = Decoder {
    matches: |media_type, input| {
        boundary(media_type, input.bytes).is_some()
            || (media_type.essence.starts_with("multipart/") && input.is_cut)
    },
    decode,
};

/// The boundary: as named by the type if the body has it, else read off the body's first line.
fn boundary<'b>(media_type: &'b MediaType, bytes: &'b [u8]) -> Option<&'b [u8]> {
    let is_multipart = media_type.essence.starts_with("multipart/");
    if is_multipart
        && let Some(named) = media_type.parameter("boundary")
        && !named.is_empty()
        && delimiters(bytes, named.as_bytes()).next().is_some()
    {
        return Some(named.as_bytes());
    }
    let line_end = memchr::memchr(b'\n', bytes)?;
    let line = bytes.get(..line_end)?.trim_ascii_end();
    let boundary = line.strip_prefix(b"--")?;
    let is_sound = (3..=70).contains(&boundary.len()) && boundary.iter().all(u8::is_ascii_graphic);
    let rest = bytes.get(line_end..)?.trim_ascii_start();
    let has_head = rest
        .get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
    (is_sound && has_head).then_some(boundary)
}

/// One line `--boundary`.
struct Delimiter {
    /// Where the content before it ends.
    content_end: usize,
    /// Where the line ends.
    line_end: usize,
    is_last: bool,
}

fn delimiters<'b>(bytes: &'b [u8], boundary: &'b [u8]) -> impl Iterator<Item = Delimiter> + 'b {
    let mut needle = b"--".to_vec();
    needle.extend_from_slice(boundary);
    let length = needle.len();
    let finder = memmem::Finder::new(&needle).into_owned();
    let mut from = 0_usize;
    std::iter::from_fn(move || {
        loop {
            let start = finder.find(bytes.get(from..)?)?.saturating_add(from);
            let after = start.saturating_add(length);
            from = after;
            let before = bytes.get(..start)?;
            let content = before
                .strip_suffix(b"\r\n")
                .or_else(|| before.strip_suffix(b"\n"));
            let Some(content) = content.or(before.is_empty().then_some(before)) else {
                continue;
            };
            let tail = bytes.get(after..)?;
            let is_last = tail.starts_with(b"--");
            let is_line = is_last
                || tail.is_empty()
                || tail.starts_with(b"\r")
                || tail.starts_with(b"\n")
                || tail.starts_with(b" ")
                || tail.starts_with(b"\t");
            if !is_line {
                // a longer boundary that begins with this one
                continue;
            }
            let line_end = memchr::memchr(b'\n', tail).map_or(bytes.len(), |end| {
                after.saturating_add(end).saturating_add(1)
            });
            return Some(Delimiter {
                content_end: content.len(),
                line_end,
                is_last,
            });
        }
    })
}

fn decode<'a>(media_type: &MediaType, input: Input<'_, 'a>, collector: &mut Collector<'a>) {
    let Some(boundary) = boundary(media_type, input.bytes) else {
        return;
    };
    collector.undoing(DecodeStep::Multipart, |collector| {
        let mut start: Option<usize> = None;
        let mut position = 0_usize;
        let mut is_closed = false;
        for delimiter in delimiters(input.bytes, boundary) {
            if let Some(start) = start {
                let bytes = input
                    .bytes
                    .get(start..delimiter.content_end)
                    .unwrap_or_default();
                let inner = Input {
                    bytes,
                    is_cut: false,
                    ..input
                };
                part(position, inner, collector);
                position = position.saturating_add(1);
            }
            if collector.is_full() {
                collector.plain_value(Cow::Borrowed(""), copied);
                return;
            }
            start = Some(delimiter.line_end);
            is_closed = delimiter.is_last;
            if is_closed {
                break;
            }
        }
        if is_closed {
            return;
        }
        let rest = start
            .and_then(|start| input.bytes.get(start..))
            .unwrap_or_default();
        if !rest.is_empty() {
            part(position, input.with_bytes(rest), collector);
        }
        collector.shortfall(
            Shortfall::DamagedBody,
            rest.len(),
            "a multipart body ends without its last boundary",
        );
    });
}

/// One part: its file name, its own headers and its body, under the name it has or its position.
fn part<'a>(position: usize, input: Input<'_, 'a>, collector: &mut Collector<'a>) {
    let Some((head, content)) = split_head(input.bytes) else {
        // cut inside its head
        return;
    };
    let head = String::from_utf8_lossy(head);
    let headers = headers(&head);
    let find = |wanted: &str| {
        headers
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    };
    let disposition = MediaType::parse(find("content-disposition").unwrap_or_default());
    let steps = if let Some(part_name) = disposition.parameter("name") {
        form::enter_key(part_name, collector)
    } else {
        collector.enter_index(u32::try_from(position).unwrap_or(u32::MAX));
        1
    };
    if let Some(file) = file_name(&disposition) {
        collector.within("filename", |collector| collector.value(file, copied));
    }
    for (header, value) in &headers {
        if !header.starts_with("content-") {
            collector.within(header, |collector| {
                collector.value(Cow::Borrowed(value), copied);
            });
        }
    }
    let media_type = MediaType::parse(find("content-type").unwrap_or_default());
    let encodings: Vec<&str> = find("content-encoding")
        .unwrap_or_default()
        .split(',')
        .chain(find("content-transfer-encoding"))
        .map(str::trim)
        .collect();
    let input = input.with_bytes(content);
    let is_value = media_type.essence.is_empty() && encodings.iter().all(|name| name.is_empty());
    match str::from_utf8(content) {
        // a form field, not a file: a value like any other, and no value if it may be half
        _ if is_value && input.is_cut => {}
        Ok(text) if is_value && super::text::is_readable(text) => {
            collector.value(Cow::Borrowed(text), input.keep);
        }
        _ => body::encoded(&encodings, &media_type, input, collector),
    }
    collector.leave(steps);
}

/// Head and content of a part; `None` without the empty line between.
fn split_head(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if let Some(content) = bytes
        .strip_prefix(b"\r\n")
        .or_else(|| bytes.strip_prefix(b"\n"))
    {
        return Some((&[], content));
    }
    let window = bytes.get(..bytes.len().min(limits::HEAD_BYTES))?;
    let crlf = memmem::find(window, b"\r\n\r\n").map(|end| (end, end.saturating_add(4)));
    let lf = memmem::find(window, b"\n\n").map(|end| (end, end.saturating_add(2)));
    let (head_end, content_start) = match (crlf, lf) {
        (Some(crlf), Some(lf)) => crlf.min(lf),
        (found, None) | (None, found) => found?,
    };
    Some((bytes.get(..head_end)?, bytes.get(content_start..)?))
}

/// Header lines of a part, names in lower case, continuation lines joined (RFC 5322 §2.2.3).
pub(super) fn headers(head: &str) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':')
            && headers.len() < limits::HEADERS
        {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    headers
}

/// `filename*` (RFC 5987 §3.2) before `filename`.
fn file_name(disposition: &MediaType) -> Option<Cow<'_, str>> {
    if let Some(extended) = disposition.parameter("filename*") {
        let encoded = extended.rsplit('\'').next().unwrap_or(extended);
        return Some(percent_encoding::percent_decode_str(encoded).decode_utf8_lossy());
    }
    disposition.parameter("filename").map(Cow::Borrowed)
}
