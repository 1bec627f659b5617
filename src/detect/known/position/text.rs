//! Positions within one value.

use super::angle::{Angle, Scale, TELLING_DECIMALS, readings};
use super::{Places, hit};
use crate::detect::known::cell::{cell, tiles};
use crate::detect::known::scan::Hit;
use crate::detect::value::{self, METRES_PER_DEGREE};

/// Positions within one value: pairs of numbers, sexagesimal notation, cells and tiles.
pub(in crate::detect::known) fn within_text(
    places: &Places,
    text: &str,
    found: &mut dyn FnMut(Hit),
) {
    if text.len() < 4 || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return;
    }
    pairs(places, text, found);
    // Commas are decimal points or part what is beside each other: that is told of a pair by itself.
    let parts = text
        .split(['|', '\t', '='])
        .filter(|part| part.len() < text.len());
    for part in std::iter::once(text).chain(parts) {
        if let Some(pair) = value::pair_with_decimal_points(part) {
            pairs(places, &pair, found);
        }
    }
    with_decimal_commas(places, text, found);
    sexagesimal(places, text, found);
    tiles(places, text, found);
    let is_cell = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+';
    for token in text.as_bytes().split(|byte| !is_cell(*byte)) {
        if let Ok(token) = str::from_utf8(token) {
            cell(places, token, found);
        }
    }
}

/// Two words behind each other that are numbers with decimal commas, among others: `at=52,52001 13,40495 ok`.
fn with_decimal_commas(places: &Places, text: &str, found: &mut dyn FnMut(Hit)) {
    if !text.contains(',') {
        return;
    }
    let is_mark = |mark: char| mark.is_whitespace() || mark.is_control() || "=|;\"'".contains(mark);
    let number = |word: &str| {
        let (whole, decimals) = word.split_once(',')?;
        let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_number = (1..=3).contains(&digits.len())
            && decimals.len() >= TELLING_DECIMALS
            && are_digits(digits)
            && are_digits(decimals);
        is_number.then(|| format!("{whole}.{decimals}"))
    };
    let mut before: Option<String> = None;
    for word in text.split(is_mark).filter(|word| !word.is_empty()) {
        let next = number(word.trim_end_matches(','));
        if let Some((first, second)) = before.take().zip(next.as_ref()) {
            pairs(places, &format!("{first} {second}"), found);
        }
        before = next;
    }
}

/// Numbers with decimals that follow each other: `52.5200,13.4050`, `POINT(13.4050 52.5200)`, `@52.52,13.405,15z`.
fn pairs(places: &Places, text: &str, found: &mut dyn FnMut(Hit)) {
    let is_numeric = |byte: u8| byte.is_ascii_digit() || b"+-.".contains(&byte);
    let mut before: Option<(usize, Vec<Angle>)> = None;
    let bytes = text.as_bytes();
    let mut position = 0_usize;
    while let Some(rest) = bytes.get(position..) {
        let Some(start) = rest.iter().position(|byte| is_numeric(*byte)) else {
            return;
        };
        let start = position.saturating_add(start);
        // `+52.5200+013.4050/` (ISO 6709 Annex H): a sign behind a digit begins the next number.
        let mut is_behind_digit = false;
        let is_of_number = |byte: &&u8| {
            let is_next = is_behind_digit && matches!(byte, b'+' | b'-');
            is_behind_digit = byte.is_ascii_digit();
            is_numeric(**byte) && !is_next
        };
        let number = bytes.get(start..).unwrap_or_default().iter();
        let length = number.take_while(is_of_number).count();
        let end = start.saturating_add(length);
        let number = text.get(start..end).unwrap_or_default();
        // `&f13=`: the end of a name.
        let is_of_name = bytes.get(end) == Some(&b'=')
            && start
                .checked_sub(1)
                .and_then(|before| bytes.get(before))
                .is_some_and(u8::is_ascii_alphabetic);
        if is_of_name {
            position = end;
            continue;
        }
        let angles = if number.len() >= 4 {
            readings(number)
        } else {
            Vec::new()
        };
        if let Some((last_end, last)) = &before {
            let gap = text.get(*last_end..start).unwrap_or("x");
            // Nothing but separators, or the names of members, between the two.
            let is_beside = gap.len() <= 24 && !gap.bytes().any(|byte| byte == b'\n');
            if is_beside {
                beside(places, last, &angles, found);
            }
        }
        before = Some((end, angles));
        position = end;
    }
}

fn beside(places: &Places, first: &[Angle], second: &[Angle], found: &mut dyn FnMut(Hit)) {
    for one in first {
        for other in second {
            if one.scale != other.scale || one.decimals.min(other.decimals) < TELLING_DECIMALS {
                continue;
            }
            for (latitude, longitude) in [(one, other), (other, one)] {
                for place in places.at_latitude(latitude.degrees, latitude.slack) {
                    if place.has_longitude(longitude.degrees, longitude.slack) {
                        let metres = one.metres().max(other.metres());
                        found(hit(place.id, one.scale.steps(), metres));
                    }
                }
            }
        }
    }
}

/// `52°31'12.0"N 13°24'18.0"E` (ISO 6709 Annex D), also with typographic signs.
fn sexagesimal(places: &Places, text: &str, found: &mut dyn FnMut(Hit)) {
    for [(latitude, slack), (longitude, other_slack)] in value::sexagesimal_pairs(text) {
        // A bare degree is a region.
        let there = places.at_latitude(latitude, slack).filter(|_| slack < 0.02);
        for place in there {
            if place.has_longitude(longitude, other_slack) {
                let metres = slack.max(other_slack) * 2.0 * METRES_PER_DEGREE;
                found(hit(place.id, Scale::Sexagesimal.steps(), metres));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::known::position::Place;
    use crate::model::{KnownKind, KnownValue};

    fn is_found(text: &str) -> bool {
        let known = KnownValue::own(KnownKind::Position, "52.520008,13.404954");
        let place = Place::of(&known, 0).unwrap();
        let mut hits = Vec::new();
        within_text(&Places::new(vec![place]), text, &mut |hit| hits.push(hit));
        !hits.is_empty()
    }

    #[test]
    fn a_position_is_found_in_the_forms_in_which_it_travels() {
        let point = h3o::LatLng::new(52.520_008, 13.404_954).unwrap();
        let cell = point.to_cell(h3o::Resolution::Nine).to_string();
        for text in [
            "52.5200,13.4049",
            "geo:52.52,13.40",
            "POINT(13.404954 52.520008)",
            "525200080,134049540",
            "52,52001 13,40495",
            "end|3|52,52001 13,40495|x",
            "52,52001;13,40495",
            "52520008;13404954",
            "0.91664706,0.2339606",
            "52°31'12.0\"N 13°24'17.8\"E",
            "u33dc0cpn",
            "9F4MGCC3+2X",
            "120210233222",
            "a120210233222.jpeg",
            "v=1&f12=0.91664706&f13=0.2339606",
            "+52.52001+013.40495/",
            "/15/17604/10746.png",
            &cell,
        ] {
            assert!(is_found(text), "{text}");
        }
    }

    #[test]
    fn a_position_is_as_exact_as_it_was_sent() {
        let known = KnownValue::own(KnownKind::Position, "52.520008,13.404954");
        let place = Place::of(&known, 0).unwrap();
        let point = h3o::LatLng::new(52.520_008, 13.404_954).unwrap();
        let cell = point.to_cell(h3o::Resolution::Seven).to_string();
        for (text, metres) in [
            ("/12/2200/1343.png", 5945..5975),
            ("/15/17604/10746.png", 740..750),
            ("120210233222", 5945..5975),
            ("u33db", 4800..5000),
            ("u33dc0cpn", 1..6),
            ("9F4MGC00+", 5000..6000),
            ("9F4MGCC3+2X", 10..15),
            (&*cell, 2000..3000),
            ("52.52,13.40", 1110..1111),
            ("52.520008,13.404954", 1..2),
            ("525200080,134049540", 1..2),
            ("52°31'12.0\"N 13°24'17.8\"E", 3..4),
        ] {
            let mut hits = Vec::new();
            within_text(&Places::new(vec![place]), text, &mut |hit| hits.push(hit));
            let sent = hits.iter().filter_map(|hit| hit.metres).min();
            assert!(
                sent.is_some_and(|sent| metres.contains(&sent)),
                "{text}: {sent:?}"
            );
        }
    }

    #[test]
    fn other_numbers_are_no_position() {
        for text in [
            "1.2.3.4",
            "48.13,11.57",
            "52.5",
            "2024-01-02 13:40",
            "v52.52",
            "hello world",
            "deadbeef01",
        ] {
            assert!(!is_found(text), "{text}");
        }
    }
}
