//! Positions: pairs of coordinates in one object, in one value, or in a GeoJSON array, with the precision they were sent in.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Scene;
use super::name::Name;
use super::value::{Degrees, degrees};
use crate::model::{Event, Field, Grade, PathStep, Place, Sensitive, Tally};

/// A number that may be half of a position, with its field.
type Coordinate<'a> = (&'a Field<'a>, Degrees);

/// The halves of a position inside an object.
#[derive(Default)]
struct Halves<'a> {
    latitude: Option<Coordinate<'a>>,
    longitude: Option<Coordinate<'a>>,
}

/// Reports positions.
pub(super) fn inspect(scene: &Scene<'_>, tally: &mut Tally) {
    if !matches!(
        scene.observation.sighting.event,
        Event::Exchange(_) | Event::Message(_)
    ) {
        return;
    }
    let mut halves: BTreeMap<(Place, &[PathStep], Rc<str>), Halves<'_>> = BTreeMap::new();
    let mut arrays: BTreeMap<&[PathStep], [Option<Coordinate<'_>>; 2]> = BTreeMap::new();
    for field in scene.fields {
        let name = Name::of(field.name());
        if let Some((axis, rest)) = &name.axis {
            let limit = if *axis == Axis::Latitude { 90.0 } else { 180.0 };
            if let (Some(degrees), Some(object)) = (degrees(&field.value, limit), object(field)) {
                let half = halves
                    .entry((field.place, object, Rc::clone(rest)))
                    .or_default();
                match axis {
                    Axis::Latitude => half.latitude = Some((field, degrees)),
                    Axis::Longitude => half.longitude = Some((field, degrees)),
                }
                continue;
            }
        }
        if name.holds_pair {
            if let Some((latitude, longitude)) = pair(&field.value) {
                report(scene, tally, field, latitude, longitude);
            } else if let [.., PathStep::Index(position @ (0 | 1))] = field.path.0.as_slice()
                && let (Some(degrees), Some(object)) = (degrees(&field.value, 180.0), object(field))
                && let Some(slot) = arrays
                    .entry(object)
                    .or_default()
                    .get_mut(usize::try_from(*position).unwrap_or(0))
            {
                *slot = Some((field, degrees));
            }
        }
    }
    for half in halves.into_values() {
        if let (Some((field, latitude)), Some((_, longitude))) = (half.latitude, half.longitude) {
            report(scene, tally, field, latitude, longitude);
        }
    }
    for pair in arrays.into_values() {
        // GeoJSON (RFC 7946 §3.1.1) puts the longitude first.
        if let [Some((field, longitude)), Some((_, latitude))] = pair
            && latitude.value.abs() <= 90.0
        {
            report(scene, tally, field, latitude, longitude);
        }
    }
}

/// A coordinate's direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// North or south.
    Latitude,
    /// East or west.
    Longitude,
}

/// Which axis a name, normalised, stands for, and the rest of it: `geo_lat` and `geo_lon` belong together, `from_lat` and `to_lon` do not.
pub(super) fn axis(name: &str) -> Option<(Axis, &str)> {
    for (word, axis) in [
        ("latitude", Axis::Latitude),
        ("longitude", Axis::Longitude),
        ("lat", Axis::Latitude),
        ("long", Axis::Longitude),
        ("lng", Axis::Longitude),
        ("lon", Axis::Longitude),
    ] {
        if let Some(rest) = name.strip_suffix(word).or_else(|| name.strip_prefix(word)) {
            // `platform`, `flat`, `along` and the like: what is left must be a word of its own or nothing.
            let is_word = rest.is_empty()
                || rest.len() >= 2
                    && !["p", "f", "re", "trans", "be", "temp", "templ"].contains(&rest);
            return is_word.then_some((axis, rest));
        }
    }
    None
}

/// Names, normalised, of values that hold both coordinates.
pub(super) fn holds_pair(name: &str) -> bool {
    const NAMES: [&str; 17] = [
        "latlng",
        "latlon",
        "latlong",
        "lastlatlng",
        "ll",
        "coordinates",
        "coords",
        "coordinate",
        "location",
        "loc",
        "geo",
        "position",
        "gps",
        "center",
        "lastknownlocation",
        "geolocation",
        "point",
    ];
    NAMES.contains(&name)
}

/// `52.5200,13.4050` and `geo:52.52,13.405`.
fn pair(text: &str) -> Option<(Degrees, Degrees)> {
    let text = text.trim();
    let text = text.strip_prefix("geo:").unwrap_or(text);
    let mut numbers = text.split([',', ';', ' ']).filter(|part| !part.is_empty());
    let latitude = degrees(numbers.next()?, 90.0)?;
    let longitude = degrees(numbers.next()?, 180.0)?;
    Some((latitude, longitude))
}

/// The object that a field belongs to: its path without the last step.
fn object<'a>(field: &'a Field<'_>) -> Option<&'a [PathStep]> {
    field.path.0.split_last().map(|(_, object)| object)
}

fn report(
    scene: &Scene<'_>,
    tally: &mut Tally,
    field: &Field<'_>,
    latitude: Degrees,
    longitude: Degrees,
) {
    // The null island is where unset coordinates lie.
    let is_set = latitude.value != 0.0 || longitude.value != 0.0;
    let decimals = latitude.decimals.min(longitude.decimals);
    let Some(rule) = scene
        .rules
        .identifier("coordinates")
        .filter(|_| is_set && decimals > 0)
    else {
        return;
    };
    let position = format!("{},{}", latitude.value, longitude.value);
    let mut finding = scene.finding(rule, Grade::Decoded, field, &position);
    finding.values = vec![Sensitive::new(&position)];
    finding.precision_metres = scene
        .rules
        .precision(decimals)
        .map(|precision| precision.metres);
    scene.report(tally, finding);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::normalise_name;

    #[test]
    fn axis_names_are_words() {
        for name in [
            "lat",
            "latitude",
            "geo_lat",
            "location_lat",
            "device.geo.lat",
        ] {
            assert!(
                matches!(
                    axis(&normalise_name(name.rsplit('.').next().unwrap())),
                    Some((Axis::Latitude, _))
                ),
                "{name}"
            );
        }
        for name in ["lon", "lng", "long", "longitude", "gps_lon"] {
            assert!(matches!(axis(name), Some((Axis::Longitude, _))), "{name}");
        }
        for name in ["platform", "flat", "format", "late", "belong"] {
            assert!(axis(name).is_none(), "{name}");
        }
    }

    #[test]
    fn pairs_in_one_value_are_read() {
        assert!(pair("52.5200,13.4050").is_some());
        assert!(pair("geo:52.52,13.405").is_some());
        assert!(pair("152.5,13.4").is_none());
        assert!(pair("1024").is_none());
    }
}
