//! JSON as it passes by: members and elements are cut out one by one, so that only one of them is in memory.
//!
//! Looks at structure only (strings, brackets, commas); what is cut out is parsed by `serde_json`.

use std::io;

use memchr::memchr2;
use serde_json::Value;

use super::window::Window;
use crate::limits::TEXT_BYTES;

/// How cutting out a value ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// It is whole.
    Whole,
    /// It is whole but for texts in it that were longer than [`TEXT_BYTES`], of which the beginnings are there.
    Shortened,
    /// It is longer than the bound and was stepped over.
    TooLong,
    /// The input ends within it.
    Ended,
}

/// Structure of a JSON text.
#[derive(Debug)]
pub(super) struct JsonText {
    window: Window,
}

impl JsonText {
    pub(super) fn new(mut window: Window) -> io::Result<Self> {
        if window.fill(3)? && window.bytes().starts_with(b"\xef\xbb\xbf") {
            let _ = window.take(3);
        }
        Ok(Self { window })
    }

    pub(super) fn offset(&self) -> u64 {
        self.window.offset()
    }

    /// What is still to come.
    pub(super) fn into_window(self) -> Window {
        self.window
    }

    /// Whether an array comes next, or an object that is laid out over lines.
    pub(super) fn is_over_lines(&mut self) -> io::Result<bool> {
        let first = self.peek()?;
        let _ = self.window.fill(2)?;
        let after = self.window.bytes().get(1);
        Ok(first == Some(b'[') || first == Some(b'{') && matches!(after, Some(b'\n' | b'\r')))
    }

    /// The next byte that is not white space; `None` at the end.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            let bytes = self.window.bytes();
            let space = bytes
                .iter()
                .position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
            if let Some(space) = space {
                let _ = self.window.take(space);
                return Ok(self.window.bytes().first().copied());
            }
            let _ = self.window.take(usize::MAX);
            if !self.window.fill(1)? {
                return Ok(None);
            }
        }
    }

    /// Steps over one byte if it comes next, white space aside.
    pub(super) fn accept(&mut self, byte: u8) -> io::Result<bool> {
        let is_next = self.peek()? == Some(byte);
        if is_next {
            let _ = self.window.take(1);
        }
        Ok(is_next)
    }

    /// Steps over one value; its bytes replace those of `into`, if they are at most `bound`.
    pub(super) fn value(&mut self, into: &mut Vec<u8>, bound: usize) -> io::Result<Cut> {
        into.clear();
        let mut scanner = Scanner::default();
        let (mut is_too_long, mut is_shortened) = (false, false);
        // Bytes of the text that goes on from piece to piece.
        let mut text = 0_usize;
        if self.peek()?.is_none() {
            return Ok(Cut::Ended);
        }
        loop {
            if !self.window.fill(1)? {
                // A number at the very end has no end of its own.
                return Ok(if scanner.is_scalar && !into.is_empty() {
                    Cut::Whole
                } else {
                    Cut::Ended
                });
            }
            let is_within_text = scanner.in_string;
            let (length, is_done) = if is_within_text {
                scanner.scan_to_end_of_string(self.window.bytes())
            } else {
                scanner.scan(self.window.bytes())
            };
            text = if is_within_text {
                text.saturating_add(length)
            } else {
                0
            };
            let range = self.window.take(length);
            let piece = self.window.at(range);
            let piece = if text <= TEXT_BYTES {
                piece
            } else {
                // What comes behind the first piece that is too much is left out whole: only that one may cut an escape.
                if text.saturating_sub(length) <= TEXT_BYTES {
                    drop_part_of_escape(into);
                }
                is_shortened = true;
                if scanner.in_string { b"" } else { &b"\""[..] }
            };
            if into.len().saturating_add(piece.len()) <= bound {
                into.extend_from_slice(piece);
            } else {
                is_too_long = true;
            }
            if is_done {
                return Ok(if is_too_long {
                    Cut::TooLong
                } else if is_shortened {
                    Cut::Shortened
                } else {
                    Cut::Whole
                });
            }
        }
    }
}

/// Takes off an escape (RFC 8259 §7) that a cut has left without its end.
fn drop_part_of_escape(text: &mut Vec<u8>) {
    const LONGEST: usize = 6;
    let is_backslash = |byte: &&u8| **byte == b'\\';
    let behind = text.iter().rev().take(LONGEST);
    let Some(behind) = behind.clone().position(|byte| is_backslash(&byte)) else {
        return;
    };
    let at = text.len().saturating_sub(behind).saturating_sub(1);
    let before = text.iter().take(at).rev();
    let is_escaped = before.take_while(is_backslash).count() % 2 == 1;
    let length = match text.get(at.saturating_add(1)) {
        Some(b'u') => LONGEST,
        _ => 2,
    };
    if !is_escaped && behind.saturating_add(1) < length {
        text.truncate(at);
    }
}

/// Finds the end of one value, piece by piece.
#[derive(Debug, Default)]
struct Scanner {
    depth: usize,
    in_string: bool,
    is_escaped: bool,
    /// A number or a word without quotes: ends before whatever cannot be part of it.
    is_scalar: bool,
}

impl Scanner {
    /// How many of these bytes belong to the value, and whether it ends with them.
    fn scan(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut at = 0_usize;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if self.in_string {
                let (length, has_ended) = self.scan_string(rest);
                at = at.saturating_add(length);
                if has_ended && self.depth == 0 {
                    return (at, true);
                }
                continue;
            }
            let Some(byte) = rest.first() else { break };
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' if self.depth > 0 => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return (at.saturating_add(1), true);
                    }
                }
                b',' | b'}' | b']' | b':' | b' ' | b'\t' | b'\n' | b'\r' if self.depth == 0 => {
                    // Never nothing, so that a caller that goes on comes to an end.
                    return (
                        if self.is_scalar {
                            at
                        } else {
                            at.saturating_add(1)
                        },
                        true,
                    );
                }
                _ if self.depth == 0 => self.is_scalar = true,
                _ => {}
            }
            at = at.saturating_add(1);
        }
        (bytes.len(), false)
    }

    /// How many of these bytes belong to the string that they begin within, and whether the value ends with it.
    fn scan_to_end_of_string(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut at = 0_usize;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let (length, has_ended) = self.scan_string(rest);
            at = at.saturating_add(length);
            if has_ended {
                return (at, self.depth == 0);
            }
        }
        (bytes.len(), false)
    }

    /// How many of these bytes belong to the string, and whether it ends with them.
    fn scan_string(&mut self, bytes: &[u8]) -> (usize, bool) {
        if self.is_escaped {
            self.is_escaped = false;
            return (1, false);
        }
        let Some(at) = memchr2(b'"', b'\\', bytes) else {
            return (bytes.len(), false);
        };
        let is_end = bytes.get(at) == Some(&b'"');
        self.in_string = !is_end;
        self.is_escaped = !is_end;
        (at.saturating_add(1), is_end)
    }
}

/// The first object of a text of JSON, alone, in lines or in an array; as far as it goes, if the text ends within it.
pub(super) fn first_object(text: &str) -> Option<&str> {
    let text = text.strip_prefix('[').unwrap_or(text).trim_start();
    let (length, _) = Scanner::default().scan(text.as_bytes());
    text.get(..length).filter(|text| text.starts_with('{'))
}

/// Parses one value. Bytes that are no UTF-8 and halves of surrogate pairs, as some writers leave them in bodies, become
/// replacement characters instead of an error.
pub(super) fn parse(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes)
        .or_else(|_| serde_json::from_str(&repaired(&String::from_utf8_lossy(bytes))))
        .ok()
}

/// The text with `\ud83d` and the like, where the other half is missing, replaced by `\ufffd`.
fn repaired(text: &str) -> String {
    let mut repaired = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        repaired.push_str(before);
        let unit = |text: &str| {
            let digits = text.strip_prefix('u')?.get(..4)?;
            u16::from_str_radix(digits, 16).ok()
        };
        let is_low = |unit: u16| (0xdc00..0xe000).contains(&unit);
        let length = match unit(after) {
            Some(0xd800..0xdc00) => {
                let low = after
                    .get(5..)
                    .and_then(|after| after.strip_prefix('\\'))
                    .and_then(unit);
                if low.is_some_and(is_low) { 11 } else { 0 }
            }
            Some(unit) if is_low(unit) => 0,
            Some(_) => 5,
            // One character is escaped, whatever it is: a backslash must not be taken for the beginning of the next.
            None => after.chars().next().map_or(0, char::len_utf8),
        };
        if length == 0 && !after.is_empty() {
            repaired.push_str("\\ufffd");
            rest = after.get(5..).unwrap_or_default();
        } else {
            repaired.push('\\');
            let (escape, after) = after.split_at_checked(length).unwrap_or((after, ""));
            repaired.push_str(escape);
            rest = after;
        }
    }
    repaired.push_str(rest);
    repaired
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn text(bytes: &[u8]) -> JsonText {
        JsonText::new(Window::new(Box::new(Cursor::new(bytes.to_vec())), 16)).unwrap()
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
            "[\"\\\\{}\\[\\],]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("\\PC{0,6}", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn values_are_cut_out_whole(values in prop::collection::vec(any_json(), 1..6), is_pretty: bool) {
            let array = Value::from(values.clone());
            let bytes = if is_pretty { serde_json::to_vec_pretty(&array) } else { serde_json::to_vec(&array) }.unwrap();
            let mut text = text(&bytes);
            prop_assert!(text.accept(b'[').unwrap());
            let mut cut = Vec::new();
            for value in values {
                prop_assert_eq!(text.value(&mut cut, 1 << 20).unwrap(), Cut::Whole);
                prop_assert_eq!(serde_json::from_slice::<Value>(&cut).unwrap(), value);
                prop_assert!(text.accept(b',').unwrap() || text.peek().unwrap() == Some(b']'));
            }
        }

        #[test]
        fn any_bytes_come_to_an_end(bytes: Vec<u8>) {
            let mut text = text(&bytes);
            let mut cut = Vec::new();
            let mut steps = 0;
            while text.peek().unwrap().is_some() {
                let _ = text.value(&mut cut, 10).unwrap();
                steps += 1;
                prop_assert!(steps <= bytes.len());
            }
        }

        #[test]
        fn repairing_leaves_good_json_alone(value in any_json()) {
            let text = value.to_string();
            prop_assert_eq!(repaired(&text), text);
        }

        #[test]
        fn repairing_survives_any_text(text in "[\\\\ud8c0\"é]{0,40}") {
            let _ = repaired(&text);
        }
    }

    #[test]
    fn a_value_beyond_the_bound_is_stepped_over() {
        let mut text = text(br#"{"a":"0123456789"} 7"#);
        let mut cut = Vec::new();
        assert_eq!(text.value(&mut cut, 5).unwrap(), Cut::TooLong);
        assert_eq!(text.value(&mut cut, 5).unwrap(), Cut::Whole);
        assert_eq!(cut, b"7");
    }

    #[test]
    fn of_a_text_beyond_its_bound_the_beginning_is_kept() {
        let long = "a".repeat(TEXT_BYTES);
        for tail in ["\\n", "\\u0041", "\\\\", "é"] {
            // Wherever the cut falls, also within an escape.
            for shift in 0..7 {
                let tail = tail.repeat(200_000);
                let entry = format!(r#"{{"a":"{}{long}{tail}","b":["x"]}} 7"#, "b".repeat(shift));
                let mut text = text(entry.as_bytes());
                let mut cut = Vec::new();
                assert_eq!(text.value(&mut cut, 1 << 30).unwrap(), Cut::Shortened);
                assert!(cut.len() < TEXT_BYTES + (1 << 20), "{}", cut.len());
                let value = parse(&cut).unwrap();
                assert_eq!(value["b"], json!(["x"]));
                assert!(value["a"].as_str().unwrap().len() > TEXT_BYTES / 2);
                assert_eq!(text.value(&mut cut, 5).unwrap(), Cut::Whole);
            }
        }
    }

    #[test]
    fn halves_of_surrogate_pairs_do_not_lose_the_rest() {
        let bytes = br#"{"a":"\ud83d\ude00","b":"\ud83d x","c":"\\ud83d","d":"\ude00"}"#;
        assert_eq!(
            parse(bytes),
            Some(json!({"a": "😀", "b": "\u{fffd} x", "c": "\\ud83d", "d": "\u{fffd}"}))
        );
    }

    #[test]
    fn bytes_that_are_no_utf8_do_not_lose_the_rest() {
        assert_eq!(
            parse(b"{\"a\":\"x\xffy\"}"),
            Some(json!({"a": "x\u{fffd}y"}))
        );
    }
}
