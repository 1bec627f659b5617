//! Written numbers → the degrees that they may be.

use std::f64::consts::PI;

use crate::detect::value::{self, METRES_PER_DEGREE};
use crate::model::DecodeStep;

/// Decimals from which on two numbers beside each other are a position without a name that says so: about a kilometre.
pub(super) const TELLING_DECIMALS: usize = 2;

/// A number as written, in degrees by one of the ways to scale it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Angle {
    pub(super) degrees: f64,
    /// Half a unit of the last digit written.
    pub(super) slack: f64,
    pub(super) decimals: usize,
    pub(super) scale: Scale,
}

impl Angle {
    /// How exact it was written, in metres of latitude.
    pub(super) fn metres(self) -> f64 {
        match self.scale {
            Scale::Sexagesimal => self.slack * 2.0 * METRES_PER_DEGREE,
            _ => metres_of(self.decimals),
        }
    }
}

/// How degrees were made a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scale {
    Degrees,
    E5,
    E6,
    E7,
    Radians,
    Sexagesimal,
}

impl Scale {
    pub(super) fn steps(self) -> Vec<DecodeStep> {
        match self {
            Self::Degrees => Vec::new(),
            Self::E5 | Self::E6 | Self::E7 => vec![DecodeStep::Scaled],
            Self::Radians => vec![DecodeStep::Radians],
            Self::Sexagesimal => vec![DecodeStep::Sexagesimal],
        }
    }
}

/// The readings of one written number.
pub(super) fn readings(text: &str) -> Vec<Angle> {
    let bare = value::without_direction(text);
    let text = bare.as_deref().unwrap_or(text).trim();
    let sexagesimal = |degrees: f64, slack: f64| Angle {
        degrees,
        slack,
        decimals: TELLING_DECIMALS,
        scale: Scale::Sexagesimal,
    };
    if let Some((degrees, slack)) = value::sexagesimal(text) {
        return vec![sexagesimal(degrees, slack)];
    }
    if let Some((degrees, slack)) = value::degrees_in_a_row(text) {
        // Pictures have the direction in a field of its own.
        return vec![sexagesimal(degrees, slack), sexagesimal(-degrees, slack)];
    }
    if let Some((degrees, slack)) = value::degrees_with_direction(text) {
        return vec![sexagesimal(degrees, slack)];
    }
    let is_number = text.len() <= 32
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if !is_number {
        return Vec::new();
    }
    let Ok(number) = text.parse::<f64>() else {
        return Vec::new();
    };
    let mut readings = Vec::new();
    let mut add = |degrees: f64, slack: f64, decimals: usize, scale: Scale| {
        if degrees.abs() <= 180.0 {
            readings.push(Angle {
                degrees,
                slack,
                decimals,
                scale,
            });
        }
    };
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| {
        decimals.bytes().take_while(u8::is_ascii_digit).count()
    });
    let unit = value::half_a_unit(decimals);
    if text.contains('.') {
        add(number, unit, decimals, Scale::Degrees);
        if decimals >= 4 && number.abs() <= PI {
            add(
                number.to_degrees(),
                unit.to_degrees(),
                decimals.saturating_sub(2),
                Scale::Radians,
            );
        }
    } else {
        add(number, 0.5, 0, Scale::Degrees);
        if number.abs() >= 1e4 {
            add(number / 1e5, 1e-5, 5, Scale::E5);
            add(number / 1e6, 1e-6, 6, Scale::E6);
            add(number / 1e7, 1e-7, 7, Scale::E7);
        }
    }
    readings
}

/// The readings of a number of protobuf as one of another type: of `sint32` or `sint64`, whose sign is the last bit, and of
/// `sfixed32`, whose four bytes may look like a greater number or a float.
pub(super) fn of_other_type(text: &str) -> Vec<Angle> {
    let mut numbers: Vec<i64> = Vec::new();
    if let Ok(number) = text.parse::<u64>() {
        let half = (number >> 1).cast_signed();
        numbers.push(if number & 1 == 0 { half } else { !half });
        let four_bytes = u32::try_from(number).ok();
        let signed = four_bytes.map(u32::cast_signed).filter(|it| *it < 0);
        numbers.extend(signed.map(i64::from));
    } else if let Ok(float) = text.parse::<f32>() {
        numbers.push(float.to_bits().cast_signed().into());
    }
    let readings = numbers
        .iter()
        .flat_map(|number| readings(&number.to_string()));
    readings
        .filter(|angle| matches!(angle.scale, Scale::E5 | Scale::E6 | Scale::E7))
        .collect()
}

/// Metres of the last digit of degrees with so many decimals, as `rules/identifiers.toml` counts them.
fn metres_of(decimals: usize) -> f64 {
    value::half_a_unit(decimals) * 2.0 * 111_000.0
}
