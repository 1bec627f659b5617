//! Known positions in bytes that are no text, as structures and messages without a schema hold them: two numbers one behind the
//! other, as IEEE 754 or as integers of 32 bits in ten-millionths or millionths of a degree.

use super::super::Scene;
use super::position::Place;
use super::scan::Hit;
use super::{Found, Spot};
use crate::limits;
use crate::model::DecodeStep;

/// Bytes between the two numbers: the key and type that protocols write before the second.
const BETWEEN: usize = 2;

/// How a number lies in bytes.
struct Number {
    bytes: usize,
    read: fn(&[u8]) -> Option<f64>,
    steps: &'static [DecodeStep],
    /// Degrees that it may be off.
    slack: f64,
}

/// IEEE 754.
const fn float(bytes: usize, read: fn(&[u8]) -> Option<f64>) -> Number {
    Number {
        bytes,
        read,
        steps: &[],
        slack: if bytes == 8 { 0.0 } else { 1e-5 },
    }
}

/// An integer of 32 bits in parts of a degree.
const fn scaled(read: fn(&[u8]) -> Option<f64>) -> Number {
    Number {
        bytes: 4,
        read,
        steps: &[DecodeStep::Scaled],
        slack: 0.0,
    }
}

fn little(bytes: &[u8]) -> Option<f64> {
    Some(i32::from_le_bytes(*bytes.first_chunk()?).into())
}

fn big(bytes: &[u8]) -> Option<f64> {
    Some(i32::from_be_bytes(*bytes.first_chunk()?).into())
}

const NUMBERS: [Number; 8] = [
    float(8, |bytes| Some(f64::from_le_bytes(*bytes.first_chunk()?))),
    float(8, |bytes| Some(f64::from_be_bytes(*bytes.first_chunk()?))),
    float(4, |bytes| {
        Some(f32::from_le_bytes(*bytes.first_chunk()?).into())
    }),
    float(4, |bytes| {
        Some(f32::from_be_bytes(*bytes.first_chunk()?).into())
    }),
    scaled(|bytes| Some(little(bytes)? / 1e7)),
    scaled(|bytes| Some(big(bytes)? / 1e7)),
    scaled(|bytes| Some(little(bytes)? / 1e6)),
    scaled(|bytes| Some(big(bytes)? / 1e6)),
];

/// Looks for known positions in the bytes of one message.
pub(super) fn positions<'a>(places: &[Place], scene: &Scene<'a>, found: &mut Vec<Found<'a>>) {
    if places.is_empty() {
        return;
    }
    let widest = Place::widest(places);
    let short = scene.binaries.iter();
    for (binary, bytes) in short.filter(|(_, bytes)| bytes.len() <= limits::PACKED_BYTES) {
        for number in &NUMBERS {
            each_pair(bytes, number, &mut |[first, second]| {
                for (latitude, longitude) in [(first, second), (second, first)] {
                    let near = Place::near(places, latitude, widest + number.slack);
                    let is_it = |place: &&Place| {
                        place.has_latitude(latitude, number.slack)
                            && place.has_longitude(longitude, number.slack)
                    };
                    let field = Spot::of_binary(scene, binary);
                    let hits = near.iter().filter(is_it).map(|place| hit(place, number));
                    found.extend(hits.map(|hit| Found { hit, field }));
                }
            });
        }
    }
}

/// Calls `see` with any two numbers that may be a position, one behind the other. Nearly any four bytes are an integer that may be an
/// angle, so two of these must be all there is, or fields of a message.
fn each_pair(bytes: &[u8], number: &Number, see: &mut dyn FnMut([f64; 2])) {
    // Nothing but zero is that close to it.
    let is_angle = |degrees: &f64| (1e-3..=180.0).contains(&degrees.abs());
    let is_whole = bytes.len() == number.bytes.saturating_mul(2);
    for start in 0..bytes.len() {
        let (before, rest) = bytes.split_at_checked(start).unwrap_or_default();
        let Some(first) = (number.read)(rest).filter(is_angle) else {
            continue;
        };
        for between in 0..=BETWEEN {
            let behind = rest.get(number.bytes..).unwrap_or_default();
            let (key, behind) = behind.split_at_checked(between).unwrap_or_default();
            let are_told = number.steps.is_empty() || is_whole || are_fields(before, key);
            if let Some(second) = (number.read)(behind).filter(|it| are_told && is_angle(it)) {
                see([first, second]);
            }
        }
    }
}

/// Whether two numbers are fields of a message of protobuf behind each other: each has a key with its number and the type of 32 bits.
fn are_fields(before: &[u8], between: &[u8]) -> bool {
    const BITS_32: u8 = 5;
    match (before.last(), between) {
        (Some(first), [second]) => {
            first & 7 == BITS_32 && *first > 7 && first.checked_add(8) == Some(*second)
        }
        _ => false,
    }
}

fn hit(place: &Place, number: &Number) -> Hit {
    Hit {
        steps: number.steps.to_vec(),
        metres: Some(1),
        ..Hit::of(place.id)
    }
}
