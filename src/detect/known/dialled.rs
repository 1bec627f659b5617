//! Phone numbers whose country code stands in a member of its own, beside the rest.

use super::super::Scene;
use super::index::Index;
use super::scan::Hit;
use crate::model::{Field, Look, PathId};

/// Fields between the two, at most.
const FIELDS_BETWEEN: usize = 6;
/// Digits of a national number.
const NATIONAL_DIGITS: std::ops::RangeInclusive<usize> = 6..=13;

/// Looks for known numbers in two parts.
pub(super) fn fields(index: &Index, scene: &Scene<'_>, found: &mut dyn FnMut(usize, Hit)) {
    if !index.has_addresses() {
        return;
    }
    let fields = scene.fields;
    // Elements of XML stand beside others of the same name, and are objects of their own; forms begin anew for each field.
    let object = |field: &Field<'_>| -> Option<PathId> {
        let (parent, _) = fields.paths.split(field.path)?;
        Some(scene.first_of(parent))
    };
    for (position, field) in fields.iter().enumerate() {
        let Some(code) = country_code(field) else {
            continue;
        };
        let own = object(field);
        let start = position.saturating_sub(FIELDS_BETWEEN);
        let end = position.saturating_add(FIELDS_BETWEEN);
        for at in (start..=end).filter(|at| *at != position) {
            let Some(other) = fields.get(at) else { break };
            let is_beside = other.place == field.place && object(other) == own;
            let Some(rest) = national(other).filter(|_| is_beside) else {
                continue;
            };
            for value in index.of_address(&format!("+{code}{rest}")) {
                found(
                    at,
                    Hit {
                        value,
                        steps: Vec::new(),
                        is_weak: false,
                        is_digest: false,
                        form: None,
                        metres: None,
                        sent: None,
                    },
                );
            }
        }
    }
}

/// The digits of a country code (ITU-T E.164 §6.2.1), written with or without what is dialled before it.
fn country_code<'a>(field: &'a Field<'_>) -> Option<&'a str> {
    if field.value.len() > 5 || !field.look.has(Look::DIGIT) {
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
fn national(field: &Field<'_>) -> Option<String> {
    let is_written = |byte: u8| byte.is_ascii_digit() || b" -/().".contains(&byte);
    if field.value.len() > 24
        || !field.look.has(Look::DIGIT)
        || !field.value.bytes().all(is_written)
    {
        return None;
    }
    let digits: String = field.value.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.strip_prefix('0').unwrap_or(&digits);
    NATIONAL_DIGITS
        .contains(&digits.len())
        .then(|| digits.to_owned())
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
