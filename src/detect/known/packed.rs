//! Known positions in bytes that are no text, as structures and messages without a schema hold them: two numbers one behind the
//! other, as IEEE 754 or as integers of 32 bits in ten-millionths or millionths of a degree.

use super::super::Scene;
use super::pattern::integer_field;
use super::position::{Place, Places};
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

/// An integer of protobuf, as `int32` and `int64` have it.
fn whole(bytes: &[u8]) -> Option<f64> {
    let number = i64::from_le_bytes(*bytes.first_chunk()?);
    i32::try_from(number).ok().map(f64::from)
}

/// The same as `sint32` and `sint64` have it, whose sign is the last bit.
fn signed(bytes: &[u8]) -> Option<f64> {
    let number = u64::from_le_bytes(*bytes.first_chunk()?);
    let half = (number >> 1).cast_signed();
    let number = if number & 1 == 0 { half } else { !half };
    i32::try_from(number).ok().map(f64::from)
}

/// A varint in parts of a degree.
const fn of_varint(read: fn(&[u8]) -> Option<f64>) -> Number {
    Number {
        bytes: 8,
        read,
        steps: &[DecodeStep::Varint, DecodeStep::Scaled],
        slack: 0.0,
    }
}

const VARINTS: [Number; 4] = [
    of_varint(|bytes| Some(signed(bytes)? / 1e7)),
    of_varint(|bytes| Some(whole(bytes)? / 1e7)),
    of_varint(|bytes| Some(signed(bytes)? / 1e6)),
    of_varint(|bytes| Some(whole(bytes)? / 1e6)),
];

/// Looks for known positions in the bytes of one message.
pub(super) fn positions<'a>(places: &Places, scene: &Scene<'a>, found: &mut Vec<Found<'a>>) {
    if places.is_empty() {
        return;
    }
    let short = scene.binaries.iter();
    for (binary, bytes) in short.filter(|(_, bytes)| bytes.len() <= limits::PACKED_BYTES) {
        let field = Spot::of_binary(scene, binary);
        let mut see = |number: &Number, pair| {
            let hits = at(places, number, pair).map(|place| hit(place, number));
            found.extend(hits.map(|hit| Found { hit, field }));
        };
        for number in &NUMBERS {
            each_pair(bytes, number, &mut |pair| see(number, pair));
        }
        each_pair_of_varints(bytes, &mut see);
    }
}

/// The places at two numbers, in either order.
fn at<'p>(
    places: &'p Places,
    number: &Number,
    [first, second]: [f64; 2],
) -> impl Iterator<Item = &'p Place> {
    let slack = number.slack;
    let both = [(first, second), (second, first)].into_iter();
    both.flat_map(move |(latitude, longitude)| {
        let there = places.at_latitude(latitude, slack);
        there.filter(move |place| place.has_longitude(longitude, slack))
    })
}

/// Calls `see` with two fields behind each other of a message of protobuf that may be a position, in each way that they may be meant.
fn each_pair_of_varints(bytes: &[u8], see: &mut dyn FnMut(&Number, [f64; 2])) {
    let starts = (0..bytes.len()).filter_map(|start| bytes.get(start..));
    for (key, first, behind) in starts.filter_map(integer_field) {
        let Some((next, second, _)) = integer_field(behind) else {
            continue;
        };
        if key.checked_add(8) != Some(next) {
            continue;
        }
        for number in &VARINTS {
            let read = |whole: u64| (number.read)(&whole.to_le_bytes()).filter(|it| is_angle(*it));
            if let Some((first, second)) = read(first).zip(read(second)) {
                see(number, [first, second]);
            }
        }
    }
}

/// Calls `see` with any two numbers that may be a position, one behind the other. Nearly any four bytes are an integer that may be an
/// angle, so two of these must be all there is, or fields of a message.
fn each_pair(bytes: &[u8], number: &Number, see: &mut dyn FnMut([f64; 2])) {
    let is_whole = bytes.len() == number.bytes.saturating_mul(2);
    for start in 0..bytes.len() {
        let (before, rest) = bytes.split_at_checked(start).unwrap_or_default();
        let Some(first) = (number.read)(rest).filter(|it| is_angle(*it)) else {
            continue;
        };
        for between in 0..=BETWEEN {
            let behind = rest.get(number.bytes..).unwrap_or_default();
            let (key, behind) = behind.split_at_checked(between).unwrap_or_default();
            let are_told = number.steps.is_empty() || is_whole || are_fields(before, key);
            if let Some(second) = (number.read)(behind).filter(|it| are_told && is_angle(*it)) {
                see([first, second]);
            }
        }
    }
}

/// Nothing but zero is closer to it.
fn is_angle(degrees: f64) -> bool {
    (1e-3..=180.0).contains(&degrees.abs())
}

/// Whether two numbers are fields of a message behind each other: of protobuf, where each has a key with its number and the type of 32
/// bits, or integers of a list, where each has its type.
fn are_fields(before: &[u8], between: &[u8]) -> bool {
    const BITS_32: u8 = 5;
    match (before.last(), between) {
        // Signed and unsigned integers of MessagePack, unsigned ones of CBOR (RFC 8949 §3.1).
        (Some(0xce | 0xd2), [0xce | 0xd2]) | (Some(0x1a), [0x1a]) => true,
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
