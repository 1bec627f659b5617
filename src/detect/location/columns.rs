//! Positions whose halves stand in lists of their own: `{"lat": [52.52, 52.53], "lon": [13.40, 13.41]}`; and degrees, minutes and
//! seconds in a list, as pictures have them (Exif 2.32 §4.6.6).

use super::super::value::{Degrees, degrees};
use super::parts::Located;
use super::text::in_decimals;
use super::{Axis, Coordinate};
use crate::detect::Scene;
use crate::model::{Field, PathId, Step};

/// The object whose member is the list that a field is an element of; also of a list in one value (`latitude=52.52,48.85`).
pub(super) fn column_holder(scene: &Scene<'_>, field: &Field<'_>) -> Option<PathId> {
    let paths = &scene.fields.paths;
    let (parent, step) = paths.split(field.path)?;
    match step {
        Step::Index(_) => match paths.split(parent)? {
            (holder, Step::Name(_)) => Some(scene.first_of(holder)),
            _ => None,
        },
        Step::Name(_) if elements(&field.value).count() > 1 => Some(scene.first_of(parent)),
        Step::Name(_) => None,
    }
}

/// The numbers of a list in one value: all have a point, because a comma may stand for it.
fn elements(text: &str) -> impl Iterator<Item = &str> {
    let is_list = text.contains(',') && text.split(',').all(|number| number.contains('.'));
    text.split(',').filter(move |_| is_list)
}

/// Two lists that belong together.
#[derive(Default)]
pub(super) struct Columns<'a> {
    latitudes: Vec<Coordinate<'a>>,
    longitudes: Vec<Coordinate<'a>>,
}

impl<'a> Columns<'a> {
    /// Adds what a field has of one of them.
    pub(super) fn add(&mut self, axis: Axis, field: &'a Field<'a>, limit: f64) {
        let column = match axis {
            Axis::Latitude => &mut self.latitudes,
            Axis::Longitude => &mut self.longitudes,
        };
        let mut several = elements(&field.value).peekable();
        if several.peek().is_none() {
            column.extend(degrees(&field.value, limit).map(|degrees| (field, degrees)));
        }
        column.extend(several.filter_map(|text| Some((field, degrees(text, limit)?))));
    }

    /// The positions; none where one list is longer than the other.
    pub(super) fn positions(&self) -> Vec<Located<'a>> {
        let (latitudes, longitudes) = (&self.latitudes, &self.longitudes);
        if let (Some((field, latitude)), Some((other, longitude))) =
            (sexagesimal(latitudes), sexagesimal(longitudes))
        {
            return vec![((field, other).into(), latitude, longitude)];
        }
        if latitudes.len() != longitudes.len() {
            return Vec::new();
        }
        let pairs = latitudes.iter().zip(longitudes);
        pairs
            .map(|((field, latitude), (other, longitude))| {
                ((*field, *other).into(), *latitude, *longitude)
            })
            .collect()
    }
}

/// Whole degrees, minutes and seconds.
fn sexagesimal<'a>(numbers: &[Coordinate<'a>]) -> Option<Coordinate<'a>> {
    let [(field, whole), (_, minutes), (_, seconds)] = numbers else {
        return None;
    };
    let is_part = |number: &Degrees| (0.0..60.0).contains(&number.value);
    let is_in_parts =
        whole.decimals == 0 && minutes.decimals == 0 && is_part(minutes) && is_part(seconds);
    is_in_parts.then(|| {
        let value =
            whole.value + (minutes.value / 60.0 + seconds.value / 3600.0).copysign(whole.value);
        let slack = 0.5 / 3600.0 / 10_f64.powi(i32::try_from(seconds.decimals).unwrap_or(0));
        (*field, in_decimals(value, slack))
    })
}
