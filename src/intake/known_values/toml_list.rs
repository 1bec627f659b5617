//! Lists in TOML: `[own]`, `[[contact]]`, `[[position]]`, `digests`. What is not understood is named, and the rest is taken.

use toml::{Table, Value};

use super::{Column, List, column};
use crate::model::{KnownKind, KnownValue};

/// Whether a text begins like such a list.
pub(super) fn is_toml(text: &str) -> bool {
    const HEADS: [&str; 6] = [
        "[own]",
        "[contact]",
        "[[contact]]",
        "[position]",
        "[[position]]",
        "digests =",
    ];
    let first = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| HEADS.iter().any(|head| line.starts_with(head)))
}

/// Whether a text is TOML of other keys: as lines it would be nonsense.
pub(super) fn is_other_toml(text: &str) -> bool {
    text.parse::<Table>().is_ok_and(|table| !table.is_empty())
}

/// Reads one.
pub(super) fn toml_list(text: &str, list: &mut List) {
    let table = match text.parse::<Table>() {
        Ok(table) => table,
        Err(error) => {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| before.split('\n').count());
            // The message alone: what it shows of the text may be a value.
            list.unusable(|| format!("line {line} is no TOML: {}", error.message()));
            return;
        }
    };
    for (name, value) in &table {
        match (name.as_str(), value) {
            ("digests", value) => values(name, value, list, |list, digest| {
                list.contact(KnownKind::Digest, digest);
            }),
            ("own" | "contact" | "position", value) => {
                for one in each(value) {
                    if let Some(one) = one.as_table() {
                        entry(text, name, one, list);
                    } else {
                        list.unusable(|| format!("`{name}` holds something else than tables"));
                    }
                }
            }
            // A key may be a value in the wrong place.
            _ => list.unusable(|| {
                let line = line_of(text, name);
                format!(
                    "line {line} is or stands under none of [own], [[contact]] and [[position]]"
                )
            }),
        }
    }
}

/// One value or several.
fn each(value: &Value) -> &[Value] {
    match value {
        Value::Array(all) => all,
        one => std::slice::from_ref(one),
    }
}

/// One person, the phone's own values, or a place: keys are what headers of a CSV are.
fn entry(text: &str, name: &str, entry: &Table, list: &mut List) {
    let is_of_contact = name == "contact";
    let add = |kind: KnownKind| {
        move |list: &mut List, value: &str| {
            if is_of_contact {
                list.contact(kind, value);
            } else {
                list.own(kind, value);
            }
        }
    };
    let (mut angles, mut radius) = ([None, None], None);
    let mut names = [None, None];
    for (key, value) in entry {
        match column(key) {
            Column::Is(kind) => values(key, value, list, add(kind)),
            Column::DigestOf(kind) => values(key, value, list, |list, digest| {
                list.digest_of(KnownValue {
                    is_of_contact,
                    ..KnownValue::own(kind, digest)
                });
            }),
            Column::GivenName => names[0] = value.as_str(),
            Column::FamilyName => names[1] = value.as_str(),
            Column::Latitude => angles[0] = number(value),
            Column::Longitude => angles[1] = number(value),
            Column::Radius => radius = number(value),
            // A key may be a value in the wrong place.
            _ => list.unusable(|| {
                format!(
                    "line {} in `{name}` is no kind of value",
                    line_of(text, key)
                )
            }),
        }
    }
    if names.iter().any(Option::is_some) {
        let whole: Vec<&str> = names.into_iter().flatten().collect();
        add(KnownKind::Name)(list, &whole.join(" "));
    }
    match angles {
        [Some(latitude), Some(longitude)] => {
            let value = format!("{latitude},{longitude}");
            let mut known = KnownValue::own(KnownKind::Position, &value);
            known.radius_metres = radius.map_or(KnownValue::RADIUS_METRES, metres);
            list.add(known);
        }
        [None, None] if name != "position" => {}
        _ => list.unusable(|| format!("`{name}` has no latitude and longitude in degrees")),
    }
}

/// Whole metres.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float stays within the integer's range"
)]
fn metres(radius: f64) -> u32 {
    radius.round() as u32
}

/// The line that a key stands in.
fn line_of(text: &str, key: &str) -> usize {
    let is_it = |line: &str| {
        line.trim_start_matches([' ', '\t', '[', '"', '\''])
            .starts_with(key)
    };
    let before = text.lines().take_while(|line| !is_it(line));
    before.count().saturating_add(1)
}

/// One value or several: texts, or numbers as people write ids.
fn values(name: &str, value: &Value, list: &mut List, add: impl Fn(&mut List, &str)) {
    for value in each(value) {
        match value {
            Value::String(text) => add(list, text),
            Value::Integer(number) => add(list, &number.to_string()),
            _ => list.unusable(|| format!("`{name}` holds something that is no text")),
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    let text = value
        .as_str()
        .and_then(|text| text.trim().replace(',', ".").parse().ok());
    // A number in the list of degrees is as exact as a person writes it.
    let whole = value
        .as_integer()
        .and_then(|whole| i32::try_from(whole).ok());
    text.or_else(|| value.as_float()).or(whole.map(f64::from))
}
