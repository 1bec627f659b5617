//! Positions: pairs of coordinates in one object, in one value, or in a GeoJSON array, with the precision they were sent in.

use std::rc::Rc;

use hashbrown::HashMap;

use super::Scene;
use super::value::{self, Degrees, degrees};
use crate::model::{Event, Field, Grade, Look, PathId, Place, Sensitive, Step, Tally};

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
    let mut halves = Grouped::<(Place, PathId, Rc<str>), Halves<'_>>::default();
    let mut arrays = Grouped::<PathId, [Option<Coordinate<'_>>; 2]>::default();
    let mut integers = Grouped::<(Place, PathId, Rc<str>), Integers<'_>>::default();
    for field in scene.fields {
        let name = scene.name(field);
        if let Some((axis, rest)) = name.and_then(|name| name.integer_axis.as_ref()) {
            integer(scene, field, *axis, rest, &mut integers);
        }
        if let Some((axis, rest)) = name.and_then(|name| name.axis.as_ref()) {
            let limit = if *axis == Axis::Latitude { 90.0 } else { 180.0 };
            if let (Some(degrees), Some(object)) =
                (degrees(&field.value, limit), scene.object(field))
            {
                let name = name.map_or("", |name| &*name.normalised);
                if is_size_too(name) && degrees.decimals < SIZE_DECIMALS {
                    continue;
                }
                let half = halves.entry((field.place, object, Rc::clone(rest)));
                match axis {
                    Axis::Latitude => half.latitude = Some((field, degrees)),
                    Axis::Longitude => half.longitude = Some((field, degrees)),
                }
                continue;
            }
        }
        // `geo:`, `POINT(…)`, degree signs
        let may_tell = field.look.has(Look::COLON | Look::GROUP | Look::BEYOND);
        if may_tell && let Some((latitude, longitude)) = telling_pair(&field.value) {
            report(scene, tally, field, latitude, longitude);
        } else if name.is_some_and(|name| name.holds_pair) {
            if let Some((latitude, longitude)) = pair(&field.value) {
                report(scene, tally, field, latitude, longitude);
            } else if let Some((_, Step::Index(position @ (0 | 1)))) =
                scene.fields.paths.split(field.path)
                && let (Some(degrees), Some(object)) =
                    (degrees(&field.value, 180.0), scene.object(field))
                && let Some(slot) = arrays
                    .entry(object)
                    .get_mut(usize::try_from(position).unwrap_or(0))
            {
                *slot = Some((field, degrees));
            }
        }
    }
    let in_degrees = integers.found.into_iter().filter_map(halves_of_integers);
    let halves = halves.found.into_iter().map(|(_, half)| half);
    for half in halves.chain(in_degrees) {
        if let (Some((field, latitude)), Some((_, longitude))) = (half.latitude, half.longitude) {
            report(scene, tally, field, latitude, longitude);
        }
    }
    for (_, pair) in arrays.found {
        // GeoJSON (RFC 7946 §3.1.1) puts the longitude first.
        if let [Some((field, longitude)), Some((_, latitude))] = pair
            && latitude.value.abs() <= 90.0
        {
            report(scene, tally, field, latitude, longitude);
        }
    }
}

/// What belongs together by a key, in the order of its first part.
struct Grouped<K, V> {
    positions: HashMap<K, usize>,
    found: Vec<(K, V)>,
}

impl<K, V> Default for Grouped<K, V> {
    fn default() -> Self {
        Self {
            positions: HashMap::default(),
            found: Vec::new(),
        }
    }
}

impl<K: Clone + Eq + std::hash::Hash, V: Default> Grouped<K, V> {
    fn entry(&mut self, key: K) -> &mut V {
        let end = self.found.len();
        let position = *self.positions.entry(key.clone()).or_insert(end);
        if position == end {
            self.found.push((key, V::default()));
        }
        #[expect(
            clippy::indexing_slicing,
            reason = "positions are those of what was pushed"
        )]
        let (_, value) = &mut self.found[position];
        value
    }
}

/// Latitude and longitude as integers, with their fields.
type Integers<'a> = [Option<(&'a Field<'a>, i64)>; 2];

/// The ends of names of coordinates that say how they are scaled.
const SCALES: [&str; 4] = ["e7", "e6", "e5", "micro"];

/// [`axis`] of a name whose value is an integer; the rest has the scale at its end.
pub(super) fn integer_axis(name: &str) -> Option<(Axis, String)> {
    let bare = SCALES
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name);
    let (axis, rest) = axis(bare)?;
    let scale = name.strip_prefix(bare).unwrap_or_default();
    Some((axis, format!("{rest}{scale}")))
}

/// Takes down what may be half of a position in integers.
fn integer<'a>(
    scene: &Scene<'a>,
    field: &'a Field<'a>,
    axis: Axis,
    rest: &Rc<str>,
    pairs: &mut Grouped<(Place, PathId, Rc<str>), Integers<'a>>,
) {
    let number = field.value.parse::<i64>().ok();
    let (Some(number), Some(object)) = (number, scene.object(field)) else {
        return;
    };
    // Smaller ones are degrees without decimals, or anything.
    if number.unsigned_abs() < 10_000 {
        return;
    }
    let pair = pairs.entry((field.place, object, Rc::clone(rest)));
    if let Some(slot) = pair.get_mut(usize::from(axis == Axis::Longitude)) {
        *slot = Some((field, number));
    }
}

/// Positions in which both halves are integers: ten millionths of a degree where the name or the size says so, else millionths.
fn halves_of_integers(
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
    is_within(decimals).then(|| {
        let half = |field, number| {
            let value = in_degrees(number, 10_f64.powi(decimals));
            let decimals = usize::try_from(decimals).unwrap_or(0);
            Some((field, Degrees { value, decimals }))
        };
        Halves {
            latitude: half(field, latitude),
            longitude: half(other, longitude),
        }
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "degrees of seven decimals have ten digits"
)]
fn in_degrees(number: i64, scale: f64) -> f64 {
    number as f64 / scale
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
        ("breitengrad", Axis::Latitude),
        ("laengengrad", Axis::Longitude),
        ("längengrad", Axis::Longitude),
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
    match name {
        "breite" => Some((Axis::Latitude, "")),
        "laenge" | "länge" => Some((Axis::Longitude, "")),
        _ => None,
    }
}

/// Decimals that no width or length of a thing is sent with.
const SIZE_DECIMALS: usize = 4;

/// German has one word for latitude and width, and one for longitude and length.
fn is_size_too(name: &str) -> bool {
    matches!(name, "breite" | "laenge" | "länge")
}

/// Names, normalised, of values that hold both coordinates.
pub(super) fn holds_pair(name: &str) -> bool {
    const NAMES: [&str; 33] = [
        "standort",
        "koordinaten",
        "lastlocation",
        "lastposition",
        "currentlocation",
        "userlocation",
        "devicelocation",
        "mylocation",
        "gpslocation",
        "gpsposition",
        "homelocation",
        "near",
        "latlngs",
        "geopoint",
        "geoposition",
        "q",
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

/// What is a position by its form: degrees with minutes and seconds, `POINT(13.4050 52.5200)` (OGC 06-103r4 §7), `geo:52.52,13.405`
/// (RFC 5870).
fn telling_pair(text: &str) -> Option<(Degrees, Degrees)> {
    let text = text.trim();
    if let Some(inner) = well_known_text(text) {
        let mut numbers = inner.split_ascii_whitespace();
        let longitude = degrees(numbers.next()?, 180.0)?;
        return Some((degrees(numbers.next()?, 90.0)?, longitude));
    }
    if text.starts_with("geo:") {
        return pair(text);
    }
    let [(latitude, slack), (longitude, other)] = *value::sexagesimal_pairs(text).first()?;
    let is_exact = slack.max(other) < 0.02 && latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    let in_degrees = |value: f64, slack: f64| Degrees {
        value,
        // a hundredth of a degree is 1.1 km, a ten thousandth 11 m
        decimals: if slack < 0.000_1 { 4 } else { 2 },
    };
    is_exact.then(|| (in_degrees(latitude, slack), in_degrees(longitude, other)))
}

/// The numbers of a point in well-known text.
fn well_known_text(text: &str) -> Option<&str> {
    let text = text.rsplit_once(';').map_or(text, |(_, text)| text);
    let (head, rest) = text.split_once('(')?;
    let is_point = head.trim().eq_ignore_ascii_case("point");
    rest.strip_suffix(')').filter(|_| is_point)
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
