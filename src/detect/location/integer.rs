//! Degrees as whole numbers: how exact they are, what else is as long, and which of them belong together.

use std::rc::Rc;

use super::axis::SCALES;
use super::parts::Halves;
use super::{Coordinate, SCREEN_DECIMALS, in_degrees};
use crate::detect::Scene;
use crate::detect::value::{Degrees, degrees};
use crate::model::{DecodeStep, Field, PathId, Place, Step};

/// Decimals of ten millionths of a degree.
pub(super) const INTEGER_DECIMALS: usize = 7;

/// Numbers below are of something small: a hundredth of a degree.
pub(super) const SMALLEST_ZIGZAG: u64 = 200_000;

/// Whether a number is as exact as receivers tell ten millionths of a degree: counters are rounder, and sizes of files often whole pages.
pub(super) fn is_exact_integer(field: &Field<'_>) -> bool {
    let number = field.value.parse::<i64>();
    number.is_ok_and(|number| number % 10_000 != 0 && number % 1024 != 0)
}

/// Whether a number that may be a Unix time in seconds is far from that of the message: from 100° east on, longitudes are as long.
pub(super) fn is_no_time_of_message(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    /// Five years: times that messages tell are of their own days, and of the installation and the account.
    const APART: u64 = 5 * 365 * 24 * 60 * 60;
    let sent = scene.observation.sighting.origin.time.0 / 1_000_000_000;
    let told = field.value.parse::<i64>();
    sent > 0 && told.is_ok_and(|told| told.abs_diff(sent) > APART)
}

/// A field of a protobuf that may be half of a position: exact degrees, or ten millionths of them. Behind a latitude of the south, or
/// where the message says so, what is as long as a time is a longitude.
pub(super) fn number_of_protobuf(
    scene: &Scene<'_>,
    field: &Field<'_>,
    may_be_time: bool,
) -> Option<Degrees> {
    /// Ten millionths of a degree, from which on a number is not something small.
    const LEAST: u64 = 10_000_000;
    if scene.fields.chain(field.chain).0.last() != Some(&DecodeStep::Protobuf) {
        return None;
    }
    if let Ok(number) = field.value.parse::<i64>() {
        let number = signed(number);
        let degrees = Degrees {
            value: in_degrees(number, 1e7),
            decimals: INTEGER_DECIMALS,
            slack: None,
        };
        let is_degrees = number.unsigned_abs() >= LEAST && degrees.value.abs() <= 180.0;
        return (is_degrees && (may_be_time || !is_time(&field.value))).then_some(degrees);
    }
    degrees(&field.value, 180.0).filter(|degrees| degrees.decimals > SCREEN_DECIMALS)
}

/// A negative number of degrees that was read as one without a sign (`sfixed32`): nothing says which of the two it is.
const fn signed(number: i64) -> i64 {
    const ALL: i64 = 1 << 32;
    const WESTERNMOST: i64 = -1_800_000_000;
    let negative = number.saturating_sub(ALL);
    if WESTERNMOST <= negative && negative < 0 {
        negative
    } else {
        number
    }
}

/// A longitude near Greenwich behind a latitude: too small to be told from counts by itself.
pub(super) fn near_greenwich(
    scene: &Scene<'_>,
    (first, latitude): Coordinate<'_>,
    field: &Field<'_>,
) -> Option<Degrees> {
    /// Degrees of towns, in the north or south.
    const SETTLED: std::ops::RangeInclusive<f64> = 25.0..=72.0;
    const SMALL: std::ops::Range<u64> = SMALLEST_ZIGZAG..10_000_000;
    let number = signed(field.value.parse::<i64>().ok()?);
    let is_longitude = SMALL.contains(&number.unsigned_abs())
        && latitude.decimals == INTEGER_DECIMALS
        && SETTLED.contains(&latitude.value.abs())
        && is_exact_integer(first)
        && is_exact_integer(field)
        && follows(scene, (first, latitude), field);
    is_longitude.then(|| Degrees {
        value: in_degrees(number, 1e7),
        decimals: INTEGER_DECIMALS,
        slack: None,
    })
}

/// Whether a field of a protobuf has the number after that of another in the same message, and both may be a position.
pub(super) fn follows(
    scene: &Scene<'_>,
    (first, degrees): Coordinate<'_>,
    second: &Field<'_>,
) -> bool {
    let step = |field: &Field<'_>| match scene.fields.paths.split(field.path)? {
        (_, Step::Index(number)) => Some((scene.object(field), number)),
        _ => None,
    };
    match (step(first), step(second)) {
        (Some((object, number)), Some((other, next))) => {
            object == other && next == number.saturating_add(1) && degrees.value.abs() <= 90.0
        }
        _ => false,
    }
}

/// Whether a number is a Unix time in seconds or milliseconds of these years, or a text begins like a date.
pub(super) fn is_time(text: &str) -> bool {
    let number = text.split('.').next().unwrap_or(text).parse::<u64>();
    let is_unix = |time: u64| (1_000_000_000..2_000_000_000).contains(&time);
    number.map_or_else(
        |_| text.starts_with("20") && text.contains('T') && text.contains(':'),
        |time| is_unix(time) || is_unix(time / 1000),
    )
}

/// Latitude and longitude as integers, with their fields.
pub(super) type Integers<'a> = [Option<(&'a Field<'a>, i64)>; 2];

/// Positions in which both halves are integers: ten millionths of a degree where the name or the size says so, else millionths.
pub(super) fn halves_of_integers(
    ((_, _, rest), pair): ((Place, PathId, Rc<str>), Integers<'_>),
) -> Option<Halves<'_>> {
    let [Some((field, latitude)), Some((other, longitude))] = pair else {
        return None;
    };
    let is_within = |decimals: i32| {
        let scale = 10_f64.powi(decimals);
        let degrees = [in_degrees(latitude, scale), in_degrees(longitude, scale)];
        degrees[0].abs() <= 90.0 && degrees[1].abs() <= 180.0
    };
    let decimals = match &*rest {
        rest if rest.ends_with("e5") => 5,
        rest if rest.ends_with("e7") => 7,
        _ if is_within(6) => 6,
        _ => 7,
    };
    // Where the name has no scale, the size tells: not within a degree of both the equator and Greenwich.
    let has_scale = SCALES.iter().any(|end| rest.ends_with(end));
    let is_telling = latitude.unsigned_abs().max(longitude.unsigned_abs()) >= 1_000_000;
    (is_within(decimals) && (has_scale || is_telling)).then(|| {
        let half = |field, number| {
            let value = in_degrees(number, 10_f64.powi(decimals));
            let decimals = usize::try_from(decimals).unwrap_or(0);
            let slack = None;
            Some((
                field,
                Degrees {
                    value,
                    decimals,
                    slack,
                },
            ))
        };
        Halves {
            latitude: half(field, latitude),
            longitude: half(other, longitude),
        }
    })
}
