//! Phone numbers whose country code stands in a member of its own, beside the rest.

use super::super::Scene;
use super::index::Index;
use super::pattern::integer_field;
use super::scan::Hit;
use super::{Found, Spot};
use crate::limits;
use crate::model::{DecodeStep, Field, Look};

/// Fields between the two, at most.
const FIELDS_BETWEEN: usize = 6;
/// Digits of a national number.
const SHORTEST_NATIONAL: usize = 6;
const LONGEST_NATIONAL: usize = 13;
/// What a national number is written in.
const WRITTEN: u16 = Look::DIGIT | Look::HEX | Look::BASE64 | Look::GROUP | Look::SPACE | Look::DOT;

/// What international numbers begin with that may be a country code.
#[derive(Debug, Default)]
pub(super) struct CountryCodes(Vec<bool>);

impl CountryCodes {
    /// Of numbers in E.164 form.
    pub(super) fn of<'a>(numbers: impl Iterator<Item = &'a str>) -> Self {
        let mut codes = vec![false; 1000];
        for digits in numbers.filter_map(|number| number.strip_prefix('+')) {
            for code in (1..=3).filter_map(|length| digits.get(..length)?.parse().ok()) {
                let code: usize = code;
                if let Some(is_known) = codes.get_mut(code) {
                    *is_known = true;
                }
            }
        }
        Self(codes)
    }

    fn is_empty(&self) -> bool {
        !self.0.contains(&true)
    }

    fn has(&self, code: &str) -> bool {
        let code: Option<usize> = code.parse().ok();
        code.and_then(|code| self.0.get(code)).copied() == Some(true)
    }
}

/// Looks for known numbers in two parts.
pub(super) fn fields(index: &Index, scene: &Scene<'_>, found: &mut dyn FnMut(usize, Hit)) {
    let fields = scene.fields;
    for (position, field) in fields.iter().enumerate() {
        let code = country_code(field).filter(|code| index.country_codes.has(code));
        let Some(code) = code else { continue };
        let start = position.saturating_sub(FIELDS_BETWEEN);
        // Elements of XML stand beside others of the same name, and are objects of their own; forms begin anew for each field.
        let object = |field: &Field<'_>| (field.place, scene.object(field));
        let end = position.saturating_add(FIELDS_BETWEEN);
        let near = fields.iter().enumerate().skip(start);
        for (at, other) in near.take_while(|(at, _)| *at <= end) {
            let Some(rest) = National::of(other) else {
                continue;
            };
            for value in index.of_number(code, rest.digits()) {
                if at != position && object(other) == object(field) {
                    found(at, Hit::of(value));
                }
            }
        }
    }
}

/// Looks for them in bytes that are no text: country code and national number as fields of a message of protocol buffers behind each
/// other, as `PhoneNumber` of libphonenumber has them.
pub(super) fn packed<'a>(index: &Index, scene: &Scene<'a>, found: &mut Vec<Found<'a>>) {
    if index.country_codes.is_empty() {
        return;
    }
    let short = scene.binaries.iter();
    for (binary, bytes) in short.filter(|(_, bytes)| bytes.len() <= limits::PACKED_BYTES) {
        let starts = (0..bytes.len()).filter_map(|start| bytes.get(start..));
        for (code, national) in starts.filter_map(code_and_number) {
            let (code, national) = (code.to_string(), national.to_string());
            let field = Spot::of_binary(scene, binary);
            let hits = index
                .of_number(&code, national.as_bytes())
                .map(|value| Hit {
                    steps: vec![DecodeStep::Protobuf],
                    ..Hit::of(value)
                });
            found.extend(hits.map(|hit| Found { hit, field }));
        }
    }
}

/// Two numbers that a message of protocol buffers begins with, as a country code and a national number are.
fn code_and_number(bytes: &[u8]) -> Option<(u64, u64)> {
    let (key, code, behind) = integer_field(bytes)?;
    let is_code = (1..1000).contains(&code);
    let (next, national, _) = is_code.then(|| integer_field(behind)).flatten()?;
    let are_beside = key.checked_add(8) == Some(next);
    (are_beside && national >= LEAST_NATIONAL).then_some((code, national))
}

/// The least number of [`SHORTEST_NATIONAL`] digits.
const LEAST_NATIONAL: u64 = 100_000;

/// The digits of a country code (ITU-T E.164 §6.2.1), written with or without what is dialled before it.
fn country_code<'a>(field: &'a Field<'_>) -> Option<&'a str> {
    if !field.look.has(Look::DIGIT) || field.value.len() > 5 {
        return None;
    }
    // Most are numbers, or hold letters.
    if field.look.is_all(Look::DIGIT) {
        if !field.value.starts_with('0') {
            return (field.value.len() <= 3).then_some(&*field.value);
        }
    } else if !field.look.has(Look::PLUS | Look::SPACE | Look::BEYOND) {
        return None;
    }
    let text = field.value.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    let digits = digits.strip_prefix("00").unwrap_or(digits);
    let is_code = (1..=3).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    is_code.then_some(digits)
}

/// The digits of a national number without trunk prefix.
#[derive(Clone, Copy, Debug, Default)]
struct National {
    digits: [u8; LONGEST_NATIONAL],
    length: usize,
}

impl National {
    fn of(field: &Field<'_>) -> Option<Self> {
        let is_possible = (SHORTEST_NATIONAL..=24).contains(&field.value.len())
            && field.look.has(Look::DIGIT)
            && !field.look.has(!WRITTEN);
        if !is_possible {
            return None;
        }
        let (mut number, mut has_trunk) = (Self::default(), false);
        for byte in field.value.bytes() {
            match byte {
                b'0' if number.length == 0 && !has_trunk => has_trunk = true,
                b'0'..=b'9' => {
                    *number.digits.get_mut(number.length)? = byte;
                    number.length = number.length.saturating_add(1);
                }
                b' ' | b'-' | b'/' | b'.' | b'(' | b')' => {}
                _ => return None,
            }
        }
        (number.length >= SHORTEST_NATIONAL).then_some(number)
    }

    fn digits(&self) -> &[u8] {
        self.digits.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::rules_of;

    #[test]
    fn a_number_is_found_beside_its_country_code() {
        for body in [
            r#"{"cc": "49", "p": "3023125111"}"#,
            r#"{"p": "030 23125111", "region": "DE", "dial": "+49"}"#,
            r#"[{"cc": 49, "x": 1, "p": 3023125111}]"#,
        ] {
            let found = rules_of("application/json", body.as_bytes());
            assert_eq!(found, ["contact-phone-list"], "{body}");
        }
        let xml = "<r><cc>49</cc><p>3023125111</p></r>";
        assert_eq!(rules_of("text/xml", xml.as_bytes()), ["contact-phone-list"]);
        for body in [
            r#"{"cc": "48", "p": "3023125111"}"#,
            r#"{"a": {"cc": "49"}, "b": {"p": "3023125111"}}"#,
        ] {
            assert!(
                rules_of("application/json", body.as_bytes()).is_empty(),
                "{body}"
            );
        }
    }
}
