//! An Internet message (RFC 5322) as it passes by → its headers as soon as they end, its body when it ends.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;

use super::Output;
use super::message::{Draft, text};
use crate::limits;
use crate::model::{Origin, Shortfall, Side};

/// A message being transferred.
#[derive(Debug)]
pub(super) struct Mail {
    protocol: &'static str,
    kind: &'static str,
    side: Side,
    part: Part,
    bytes: Vec<u8>,
    /// Bytes behind the bound.
    left_out: u64,
    /// What the body needs to be decoded.
    content: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Head,
    Body,
}

impl Mail {
    pub(super) fn new(protocol: &'static str, kind: &'static str, side: Side) -> Self {
        Self {
            protocol,
            kind,
            side,
            part: Part::Head,
            bytes: Vec::new(),
            left_out: 0,
            content: Vec::new(),
        }
    }

    /// Takes the next bytes of the message, cut anywhere.
    pub(super) fn feed(&mut self, bytes: &[u8], origin: Origin, emit: &mut dyn FnMut(Output<'_>)) {
        let bound = match self.part {
            Part::Head => limits::HEAD_BYTES,
            Part::Body => limits::MAIL_BYTES,
        };
        let searched = self.bytes.len().saturating_sub(3);
        let room = bound.saturating_sub(self.bytes.len());
        let (taken, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        self.bytes.extend_from_slice(taken);
        if self.part == Part::Head {
            let window = self.bytes.get(searched..).unwrap_or_default();
            let end = memmem::find(window, b"\r\n\r\n").map(|end| searched.saturating_add(end));
            // a message without headers begins with the empty line
            let end = end.or_else(|| self.bytes.starts_with(b"\r\n").then_some(0));
            if let Some(end) = end {
                let behind = if end == 0 { 2 } else { end.saturating_add(4) };
                let body = self.bytes.split_off(behind.min(self.bytes.len()));
                self.head(origin, emit);
                self.bytes = Vec::new();
                self.part = Part::Body;
                self.feed(&body, origin, emit);
                self.feed(rest, origin, emit);
                return;
            }
        }
        let lost = u64::try_from(rest.len()).unwrap_or(u64::MAX);
        self.left_out = self.left_out.saturating_add(lost);
    }

    /// Whether nothing has come yet.
    pub(super) fn is_untouched(&self) -> bool {
        self.part == Part::Head && self.bytes.is_empty()
    }

    /// The message is over.
    pub(super) fn end(mut self, origin: Origin, emit: &mut dyn FnMut(Output<'_>)) {
        match self.part {
            Part::Head => self.head(origin, emit),
            Part::Body if self.bytes.iter().all(u8::is_ascii_whitespace) => {}
            Part::Body => {
                let mut draft = Draft::new(self.protocol, self.kind, self.side);
                for (name, value) in &self.content {
                    draft.add(name, value);
                }
                draft.add("body", &text(&self.bytes));
                draft.emit(origin, emit);
            }
        }
        if self.left_out > 0 {
            emit(Output::Shortfall(
                Shortfall::MessageLimit,
                self.left_out,
                "a mail is longer than the bound",
            ));
        }
    }

    fn head(&mut self, origin: Origin, emit: &mut dyn FnMut(Output<'_>)) {
        let mut draft = Draft::new(self.protocol, self.kind, self.side);
        for (name, value) in headers(&text(&self.bytes)) {
            let value = encoded_words(&value);
            draft.add(&name, &value);
            if matches!(name.as_str(), "content-type" | "content-transfer-encoding") {
                self.content.push((name, value));
            }
        }
        if !draft.is_empty() {
            draft.emit(origin, emit);
        }
    }
}

/// Header lines, names in lower case, folded lines joined (RFC 5322 §2.2.3); bounded by [`limits::HEADERS`].
pub(super) fn headers(head: &str) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':')
            && !name.trim().is_empty()
            && headers.len() < limits::HEADERS
        {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    headers
}

/// Undoes encoded words, `=?utf-8?B?…?=` (RFC 2047 §2); white space between two of them goes.
fn encoded_words(value: &str) -> String {
    let mut decoded = String::with_capacity(value.len());
    let mut rest = value;
    let mut was_word = false;
    while let Some((before, after)) = rest.split_once("=?") {
        let word = encoded_word(after);
        if !(was_word && word.is_some() && before.trim().is_empty()) {
            decoded.push_str(before);
        }
        if let Some((word, tail)) = word {
            decoded.push_str(&word);
            rest = tail;
            was_word = true;
        } else {
            decoded.push_str("=?");
            rest = after;
            was_word = false;
        }
    }
    decoded.push_str(rest);
    decoded
}

/// The word behind `=?`, and what follows it.
fn encoded_word(text_behind: &str) -> Option<(String, &str)> {
    let mut parts = text_behind.splitn(3, '?');
    let (_charset, encoding) = (parts.next()?, parts.next()?);
    let (encoded, rest) = parts.next()?.split_once("?=")?;
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(encoded).ok()?,
        "Q" | "q" => quoted(encoded),
        _ => return None,
    };
    Some((text(&bytes), rest))
}

/// The Q encoding (RFC 2047 §4.2).
fn quoted(encoded: &str) -> Vec<u8> {
    let escaped = encoded
        .replace('%', "%25")
        .replace('_', " ")
        .replace('=', "%");
    percent_encoding::percent_decode_str(&escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_undone() {
        for (value, decoded) in [
            (
                "=?utf-8?B?TcO8bGxlcg==?= <m@a.example>",
                "Müller <m@a.example>",
            ),
            ("=?ISO-8859-1?Q?M=FCller_50%?=", "Müller 50%"),
            ("=?utf-8?Q?a?=\t=?utf-8?Q?b?= c", "ab c"),
            ("no =? word", "no =? word"),
        ] {
            assert_eq!(encoded_words(value), decoded);
        }
    }
}
