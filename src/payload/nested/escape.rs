//! Texts of which some letters are written as others.

use std::borrow::Cow;

use super::decode_bytes;
use super::document::json_text;
use crate::model::{DecodeStep, Look};
use crate::payload::collector::Collector;
use crate::payload::{Keep, copied, digits, text};

pub(in crate::payload) fn percent<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(text).collect();
    if decoded == text.as_bytes() {
        return false;
    }
    let mut is_taken = false;
    if let Some(decoded) = text::from_bytes(&decoded) {
        is_taken = true;
        collector.undoing(DecodeStep::Percent, |collector| {
            collector.value(decoded, copied);
        });
    } else {
        collector.undoing(DecodeStep::Percent, |collector| {
            is_taken = decode_bytes(&decoded, collector);
            if !is_taken {
                collector.opaque(&decoded);
            }
        });
    }
    is_taken
}

/// A text in the wide letters of East Asia, or with digits or spaces of other scripts: `＋４９`, `٤٩`.
pub(in crate::payload) fn wide_letters<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let Some(folded) = text::folded(text) else {
        return false;
    };
    collector.undoing(DecodeStep::Compatible, |collector| {
        collector.value(Cow::Owned(folded), copied);
    });
    true
}

/// A text with escapes of JSON (`\u0040`) or XML (`&#64;`, `&amp;`) in it, outside a document of these.
pub(in crate::payload) fn escaped<'s, 'a>(
    look: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    if look.has(Look::AMPERSAND)
        && text.contains(';')
        && let Ok(Cow::Owned(unescaped)) = quick_xml::escape::unescape(text)
    {
        collector.undoing(DecodeStep::Xml, |collector| {
            collector.value(Cow::Owned(unescaped), copied);
        });
        return true;
    }
    let has_backslash = memchr::memchr(b'\\', text.as_bytes()).is_some();
    if has_backslash && text.contains("\\u") && !text.contains('"') {
        let quoted = format!("\"{text}\"");
        return json_text(look, &quoted, copied, collector);
    }
    if has_backslash
        && text.contains("\\x")
        && let Some(unescaped) = with_bytes(text)
    {
        collector.undoing(DecodeStep::Json, |collector| {
            collector.value(Cow::Owned(unescaped), copied);
        });
        return true;
    }
    // In a script among other text, and as `escape` of JavaScript has it.
    for (mark, step) in [("\\u", DecodeStep::Json), ("%u", DecodeStep::Percent)] {
        if (has_backslash || step == DecodeStep::Percent)
            && text.contains(mark)
            && let Some(unescaped) = with_units(text, mark)
        {
            collector.undoing(step, |collector| {
                collector.value(Cow::Owned(unescaped), copied);
            });
            return true;
        }
    }
    false
}

/// A text with the bytes of UTF-8 that stand in it as `\x` and two hexadecimal digits, as scripts have them; `None` if there are none.
fn with_bytes(text: &str) -> Option<String> {
    let mut parts = text.split("\\x");
    // All of it digits behind one mark is what a database writes.
    let is_digit = |byte: u8| byte.is_ascii_hexdigit();
    if text
        .strip_prefix("\\x")
        .is_some_and(|rest| rest.bytes().all(is_digit))
    {
        return None;
    }
    let mut plain = parts.next()?.as_bytes().to_vec();
    let mut found = false;
    for part in parts {
        let byte = part.split_at_checked(2);
        let byte =
            byte.and_then(|(digits, rest)| Some((digits::hex_bytes(digits.as_bytes())?, rest)));
        found |= byte.is_some();
        if let Some((byte, rest)) = byte {
            plain.extend(byte);
            plain.extend_from_slice(rest.as_bytes());
        } else {
            plain.extend_from_slice(b"\\x");
            plain.extend_from_slice(part.as_bytes());
        }
    }
    let plain = String::from_utf8(plain)
        .ok()
        .filter(|text| text::is_readable(text));
    plain.filter(|_| found)
}

/// A text with the code units of UTF-16 that stand in it as a mark and four hexadecimal digits; `None` if there are none.
fn with_units(text: &str, mark: &str) -> Option<String> {
    let mut parts = text.split(mark);
    let mut plain = parts.next()?.to_owned();
    let (mut units, mut found) = (Vec::new(), false);
    for part in parts {
        let unit = part
            .split_at_checked(4)
            .filter(|(digits, _)| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|(digits, rest)| Some((u16::from_str_radix(digits, 16).ok()?, rest)));
        let rest = unit.map_or(part, |(_, rest)| rest);
        units.extend(unit.map(|(unit, _)| unit));
        found |= unit.is_some();
        if unit.is_some() && rest.is_empty() {
            continue;
        }
        plain.push_str(&String::from_utf16_lossy(&units));
        units.clear();
        if unit.is_none() {
            plain.push_str(mark);
        }
        plain.push_str(rest);
    }
    plain.push_str(&String::from_utf16_lossy(&units));
    found.then_some(plain)
}

/// A text in which letters beyond ASCII are written as quoted-printable (RFC 2045 §6.7) has them: `Schl=C3=BCssel`.
pub(in crate::payload) fn quoted_printable<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let is_high = |byte: u8| matches!(byte, b'8' | b'9' | b'A'..=b'F');
    let is_letter = |window: &[u8; 6]| {
        let [first, high, _, second, other, _] = *window;
        first == b'=' && second == b'=' && is_high(high) && is_high(other)
    };
    if !text.as_bytes().array_windows().any(is_letter) {
        return false;
    }
    let decoded = text::quoted_printable(text.as_bytes());
    let Ok(decoded) = String::from_utf8(decoded) else {
        return false;
    };
    collector.undoing(DecodeStep::QuotedPrintable, |collector| {
        collector.value(Cow::Owned(decoded), copied);
    });
    true
}
