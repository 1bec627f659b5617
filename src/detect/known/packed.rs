//! Known positions in bytes that are no text, as structures and messages without a schema hold them: two numbers one behind the
//! other, as IEEE 754 or as integers of 32 bits in ten-millionths or millionths of a degree.

use super::super::Scene;
use super::position::Place;
use super::scan::Hit;
use super::{Found, Spot};
use crate::model::DecodeStep;

/// Bytes in which positions are looked for: among more, chance meets integers that are near one.
const LONGEST: usize = 4 << 10;
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

/// Degrees of an integer in such parts of them.
fn scaled(number: Option<i32>, parts: f64) -> Option<f64> {
    number.map(|number| f64::from(number) / parts)
}

const NUMBERS: [Number; 8] = [
    Number {
        bytes: 8,
        read: |bytes| Some(f64::from_le_bytes(*bytes.first_chunk()?)),
        steps: &[],
        slack: 0.0,
    },
    Number {
        bytes: 8,
        read: |bytes| Some(f64::from_be_bytes(*bytes.first_chunk()?)),
        steps: &[],
        slack: 0.0,
    },
    Number {
        bytes: 4,
        read: |bytes| Some(f32::from_le_bytes(*bytes.first_chunk()?).into()),
        steps: &[],
        slack: 1e-5,
    },
    Number {
        bytes: 4,
        read: |bytes| Some(f32::from_be_bytes(*bytes.first_chunk()?).into()),
        steps: &[],
        slack: 1e-5,
    },
    Number {
        bytes: 4,
        read: |bytes| {
            scaled(
                bytes.first_chunk().map(|bytes| i32::from_le_bytes(*bytes)),
                1e7,
            )
        },
        steps: &[DecodeStep::Scaled],
        slack: 0.0,
    },
    Number {
        bytes: 4,
        read: |bytes| {
            scaled(
                bytes.first_chunk().map(|bytes| i32::from_be_bytes(*bytes)),
                1e7,
            )
        },
        steps: &[DecodeStep::Scaled],
        slack: 0.0,
    },
    Number {
        bytes: 4,
        read: |bytes| {
            scaled(
                bytes.first_chunk().map(|bytes| i32::from_le_bytes(*bytes)),
                1e6,
            )
        },
        steps: &[DecodeStep::Scaled],
        slack: 0.0,
    },
    Number {
        bytes: 4,
        read: |bytes| {
            scaled(
                bytes.first_chunk().map(|bytes| i32::from_be_bytes(*bytes)),
                1e6,
            )
        },
        steps: &[DecodeStep::Scaled],
        slack: 0.0,
    },
];

/// Looks for known positions in the bytes of one message.
pub(super) fn positions<'a>(places: &[Place], scene: &Scene<'a>, found: &mut Vec<Found<'a>>) {
    if places.is_empty() {
        return;
    }
    let widest = Place::widest(places);
    let short = scene.binaries.iter();
    for (binary, bytes) in short.filter(|(_, bytes)| bytes.len() <= LONGEST) {
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

/// Calls `see` with any two numbers that may be a position, one behind the other.
fn each_pair(bytes: &[u8], number: &Number, see: &mut dyn FnMut([f64; 2])) {
    // Nothing but zero is that close to it.
    let is_angle = |degrees: &f64| (1e-3..=180.0).contains(&degrees.abs());
    for start in 0..bytes.len() {
        let rest = bytes.get(start..).unwrap_or_default();
        let Some(first) = (number.read)(rest).filter(is_angle) else {
            continue;
        };
        for between in 0..=BETWEEN {
            let behind = rest.get(number.bytes.saturating_add(between)..);
            if let Some(second) = behind.and_then(number.read).filter(is_angle) {
                see([first, second]);
            }
        }
    }
}

fn hit(place: &Place, number: &Number) -> Hit {
    Hit {
        value: place.id(),
        steps: number.steps.to_vec(),
        is_weak: false,
        is_digest: false,
        form: None,
        metres: Some(1),
        sent: None,
    }
}
