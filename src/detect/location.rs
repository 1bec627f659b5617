//! Positions: pairs of coordinates in one object, in one value, or in a GeoJSON array, with the precision they were sent in.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::Scene;
use super::name::Name;
use super::value::{self, Degrees, degrees};
use crate::model::{Event, Field, Grade, Look, PathId, Place, Sensitive, Step, Tally};
use crate::rules::Rules;

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
    let mut halves: BTreeMap<(Place, PathId, Rc<str>), Halves<'_>> = BTreeMap::new();
    let mut arrays: BTreeMap<PathId, [Option<Coordinate<'_>>; 2]> = BTreeMap::new();
    // Lists of numbers without end, as corners on a screen are.
    let mut lists: BTreeSet<PathId> = BTreeSet::new();
    let mut integers: BTreeMap<(Place, PathId, Rc<str>), Integers<'_>> = BTreeMap::new();
    let mut before: Option<Coordinate<'_>> = None;
    for field in scene.fields {
        let last = before.take();
        // `/lat/52.52/lon/13.40`: a segment names the one behind it.
        let segment = scene
            .segment_before(field)
            .map(|name| Name::of(name, scene.rules));
        let (own, object) = member(scene, field);
        let name = segment.as_deref().or(own);
        if let Some((axis, rest)) = name.and_then(|name| name.integer_axis.as_ref()) {
            integer(field, object, (*axis, rest), &mut integers);
        }
        if let Some(name) = name.filter(|name| !name.holds_pair)
            && let Some((axis, rest)) = &name.axis
        {
            let limit = if *axis == Axis::Latitude { 90.0 } else { 180.0 };
            if let (Some(degrees), Some(object)) = (angle(&field.value, limit), object) {
                let may_be_size = is_size_too(&name.normalised)
                    && degrees.decimals < SIZE_DECIMALS
                    && degrees.value >= 0.0
                    && !has_accuracy(scene, field);
                if may_be_size {
                    continue;
                }
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
        if !field.look.has(Look::DIGIT) && !name.is_some_and(|name| name.holds_way) {
            continue;
        }
        // `geo:`, `POINT(…)`, degree signs, `@` of maps and `$` of receivers, two numbers with a decimal point
        let may_tell = field.look.has(TELLING);
        let may_be_pair = field.look.has(Look::DOT) && field.look.has(Look::LIST | Look::GROUP);
        if may_tell && let Some((latitude, longitude)) = telling_pair(&field.value) {
            report(scene, tally, field, latitude, longitude);
        } else if may_be_pair && unnamed(scene, tally, field, name) {
        } else if name.is_some_and(|name| name.holds_way)
            && let Some((latitude, longitude)) = polyline(field.value.trim())
        {
            report(scene, tally, field, latitude, longitude);
        } else if name.is_some_and(|name| name.holds_pair) {
            let step = scene.fields.paths.split(field.path);
            if let Some((latitude, longitude)) = pair(&field.value) {
                named(scene, tally, field, latitude, longitude);
            } else if matches!(step, Some((_, Step::Name(_)))) {
                // Elements of one name in a row, as a list is written in XML.
                let half = degrees(&field.value, 180.0).map(|degrees| (field, degrees));
                let path = |field: &Field<'_>| scene.fields.path(field);
                match (last, half) {
                    (Some(first), Some(second)) if path(first.0) == path(field) => {
                        both(scene, tally, first, second);
                    }
                    _ => before = half,
                }
            } else if let Some((_, Step::Index(position @ (0 | 1)))) = step
                && let (Some(degrees), Some(object)) =
                    (degrees(&field.value, 180.0), scene.object(field))
                && let Some(slot) = arrays
                    .entry(object)
                    .or_default()
                    .get_mut(usize::try_from(position).unwrap_or(0))
            {
                *slot = Some((field, degrees));
            } else if let Some((_, Step::Index(LONGEST_POSITION..))) = step
                && name.is_some_and(|name| is_on_screens_too(&name.normalised))
            {
                lists.extend(scene.object(field));
            }
        }
    }
    let in_degrees = integers.into_iter().filter_map(halves_of_integers);
    for half in halves.into_values().chain(in_degrees) {
        if let (Some((field, latitude)), Some((_, longitude))) = (half.latitude, half.longitude) {
            report(scene, tally, field, latitude, longitude);
        }
    }
    for (object, pair) in arrays {
        if let [Some(first), Some(second)] = pair
            && !lists.contains(&object)
        {
            both(scene, tally, first, second);
        }
    }
}

/// The name of a field and the object that it is a member of; of `{"latitude": {"value": 52.52}}` those of the member that holds
/// the value.
pub(super) fn member<'s>(
    scene: &'s Scene<'_>,
    field: &Field<'_>,
) -> (Option<&'s Name>, Option<PathId>) {
    let paths = &scene.fields.paths;
    let own = scene.name(field);
    let is_wrapped = own.is_some_and(|name| {
        matches!(
            &*name.normalised,
            "value" | "val" | "wert" | "doublevalue" | "stringvalue" | "degrees" | "deg"
        )
    });
    let holder = paths.split(field.path).filter(|_| is_wrapped);
    let holder = holder.and_then(|(parent, _)| match paths.split(parent)? {
        (object, Step::Name(name)) => Some((scene.names.get(name.position())?, object)),
        _ => None,
    });
    match holder {
        Some((name, object)) => (Some(name), Some(scene.first_of(object))),
        None => (own, scene.object(field)),
    }
}

/// Numbers of one position in a list: latitude, longitude, height, time.
const LONGEST_POSITION: u32 = 4;

/// Numbers behind a position in one value: how exact it is, its height, the time.
const BEHIND_PAIR: usize = 3;

/// Degrees as a number, also with a decimal comma, or with minutes and seconds.
fn angle(text: &str, limit: f64) -> Option<Degrees> {
    let number = value::with_decimal_point(text);
    let number = value::without_direction(&number).map_or(number, Into::into);
    degrees(&number, limit).or_else(|| {
        let (value, slack) = value::sexagesimal(text).or_else(|| value::degrees_in_a_row(text))?;
        let is_exact = slack < SEXAGESIMAL_SLACK && value.abs() <= limit;
        is_exact.then(|| in_decimals(value, slack))
    })
}

/// What a position has that tells itself by its form.
const TELLING: u16 = Look::COLON | Look::GROUP | Look::BEYOND | Look::AT | Look::OTHER;

/// Half a minute or so: a bare degree is a region.
const SEXAGESIMAL_SLACK: f64 = 0.02;

fn in_decimals(value: f64, slack: f64) -> Degrees {
    Degrees {
        value,
        // a hundredth of a degree is 1.1 km, a thousandth 111 m, a ten thousandth 11 m
        decimals: match slack {
            ..0.000_1 => 4,
            ..0.001 => 3,
            _ => 2,
        },
        slack: Some(slack),
    }
}

/// Metres of the last digit of degrees: by the rules' table, or, with minutes and seconds, by what these are on the ground.
fn metres(rules: &Rules, degrees: Degrees) -> Option<u32> {
    match degrees.slack {
        Some(slack) => Some(value::whole_metres(slack * 2.0 * value::METRES_PER_DEGREE)),
        None => rules
            .precision(degrees.decimals)
            .map(|precision| precision.metres),
    }
}

/// Two numbers of a list. GeoJSON (RFC 7946 §3.1.1) puts the longitude first; others do not, which shows where it is beyond 90°.
fn both(scene: &Scene<'_>, tally: &mut Tally, first: Coordinate<'_>, second: Coordinate<'_>) {
    let ((field, first), (_, second)) = (first, second);
    if second.value.abs() <= 90.0 {
        named(scene, tally, field, second, first);
    } else if first.value.abs() <= 90.0 {
        named(scene, tally, field, first, second);
    }
}

/// Reports two numbers under a name that holds no pair: where nothing nearby says what they are, they are no more than that.
fn unnamed(scene: &Scene<'_>, tally: &mut Tally, field: &Field<'_>, name: Option<&Name>) -> bool {
    let text = field.value.trim();
    let is_named = name.is_some_and(|name| name.holds_pair);
    let Some((latitude, longitude)) = exact_pair(text, BEHIND_PAIR).filter(|_| !is_named) else {
        return false;
    };
    match setting(scene, field, name) {
        Setting::Position => report(scene, tally, field, latitude, longitude),
        Setting::Unknown if exact_pair(text, 0).is_some() => {
            shape(scene, tally, field, latitude, longitude);
        }
        Setting::Unknown | Setting::Measure => {}
    }
    true
}

/// A pair under a name that holds pairs, some of them on screens.
fn named(
    scene: &Scene<'_>,
    tally: &mut Tally,
    field: &Field<'_>,
    latitude: Degrees,
    longitude: Degrees,
) {
    let decimals = latitude.decimals.min(longitude.decimals);
    let name = scene.name(field);
    let is_telling =
        name.is_none_or(|name| !is_on_screens_too(&name.normalised)) || decimals > SCREEN_DECIMALS;
    match setting(scene, field, name) {
        Setting::Position => report(scene, tally, field, latitude, longitude),
        Setting::Unknown if is_telling && !is_at_null(latitude, longitude) => {
            report(scene, tally, field, latitude, longitude);
        }
        Setting::Unknown | Setting::Measure => {}
    }
}

/// Decimals of what is measured on screens, at most.
const SCREEN_DECIMALS: usize = 2;

/// Names, normalised, of pairs that are on screens as often as on maps.
fn is_on_screens_too(name: &str) -> bool {
    matches!(
        name,
        "pos"
            | "position"
            | "positions"
            | "point"
            | "center"
            | "coord"
            | "coords"
            | "coordinate"
            | "track"
            | "trajectory"
    )
}

/// What the names around a pair of numbers say of it.
enum Setting {
    Position,
    Measure,
    Unknown,
}

fn setting(scene: &Scene<'_>, field: &Field<'_>, name: Option<&Name>) -> Setting {
    let above = scene.fields.paths.steps_back(field.path);
    let above = above.filter_map(|step| match step {
        Step::Name(name) => scene.names.get(name.position()).map(|name| &**name),
        Step::Index(_) => None,
    });
    // The nearest one that says something.
    let said = name.into_iter().chain(above).find_map(|name| {
        let is_clear_pair = name.holds_pair && !is_on_screens_too(&name.normalised);
        if name.is_of_position || is_clear_pair {
            Some(Setting::Position)
        } else {
            name.is_of_measure.then_some(Setting::Measure)
        }
    });
    let own = scene.name(field).map(|name| &name.normalised);
    let is_beside = || {
        let mut others = scene.names_beside(field);
        others.any(|name| {
            name.is_of_position || is_of_fix(&name.normalised) && own != Some(&name.normalised)
        })
    };
    said.unwrap_or_else(|| {
        if is_beside() {
            Setting::Position
        } else {
            Setting::Unknown
        }
    })
}

/// Whether a name, normalised, says that what is below or beside it is about where something is.
pub(super) fn is_of_position(name: &str) -> bool {
    const PARTS: [&str; 11] = [
        "geo",
        "gps",
        "locat",
        "latit",
        "longit",
        "latlon",
        "latlng",
        "standort",
        "koordinat",
        "waypoint",
        "whereabouts",
    ];
    PARTS.iter().any(|part| name.contains(part))
}

/// Whether a name, normalised, is that of what stands beside a position.
fn is_of_fix(name: &str) -> bool {
    name.contains("accuracy")
        || name.contains("genauigkeit")
        || name.contains("altitude")
        || matches!(name, "acc" | "alt" | "bearing")
}

/// Whether a name, normalised, says that what is below it was measured on a screen or by a sensor.
pub(super) fn is_of_measure(name: &str) -> bool {
    const PARTS: [&str; 27] = [
        "tilt",
        "anchor",
        "pivot",
        "accel",
        "gyro",
        "magnet",
        "gravity",
        "rotation",
        "orientation",
        "velocity",
        "bbox",
        "viewport",
        "screen",
        "touch",
        "swipe",
        "scroll",
        "mouse",
        "cursor",
        "offset",
        "matrix",
        "vector",
        "quaternion",
        "sensor",
        "pixel",
        "dimension",
        "percent",
        "score",
    ];
    const ENDS: [&str; 8] = [
        "aspectratio",
        "scale",
        "size",
        "box",
        "frame",
        "rect",
        "delta",
        "tap",
    ];
    PARTS.iter().any(|part| name.contains(part))
        || ENDS.iter().any(|end| name.ends_with(end))
        || matches!(
            name,
            "ratio"
                | "aspect"
                | "click"
                | "range"
                | "bounds"
                | "attitude"
                | "pitch"
                | "roll"
                | "yaw"
        )
}

/// Shares, colours, ratios and marks on a screen are about 0 and 1; on earth there is nothing but water.
fn is_at_null(one: Degrees, other: Degrees) -> bool {
    one.value.abs() < 4.0 && other.value.abs() < 4.0
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
    field: &'a Field<'a>,
    object: Option<PathId>,
    (axis, rest): (Axis, &Rc<str>),
    pairs: &mut BTreeMap<(Place, PathId, Rc<str>), Integers<'a>>,
) {
    let number = field.value.parse::<i64>().ok();
    let (Some(number), Some(object)) = (number, object) else {
        return;
    };
    // Smaller ones are degrees without decimals, or anything; so are the latest and the longest of something.
    if number.unsigned_abs() < 10_000 || rest.starts_with("est") {
        return;
    }
    let pair = pairs
        .entry((field.place, object, Rc::clone(rest)))
        .or_default();
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
        ("latitud", Axis::Latitude),
        ("longitud", Axis::Longitude),
        ("latitudine", Axis::Latitude),
        ("longitudine", Axis::Longitude),
        ("breddegrad", Axis::Latitude),
        ("breitengrad", Axis::Latitude),
        ("laengengrad", Axis::Longitude),
        ("längengrad", Axis::Longitude),
        ("breedtegraad", Axis::Latitude),
        ("lengtegraad", Axis::Longitude),
        ("breddgrad", Axis::Latitude),
        ("langdgrad", Axis::Longitude),
        ("längdgrad", Axis::Longitude),
        ("lengdegrad", Axis::Longitude),
        ("szerokosc", Axis::Latitude),
        ("szerokość", Axis::Latitude),
        ("dlugosc", Axis::Longitude),
        ("długość", Axis::Longitude),
        ("zemepisnasirka", Axis::Latitude),
        ("zemepisnadelka", Axis::Longitude),
        ("leveysaste", Axis::Latitude),
        ("pituusaste", Axis::Longitude),
        ("enlem", Axis::Latitude),
        ("boylam", Axis::Longitude),
        ("shirota", Axis::Latitude),
        ("широта", Axis::Latitude),
        ("dolgota", Axis::Longitude),
        ("долгота", Axis::Longitude),
        ("weidu", Axis::Latitude),
        ("纬度", Axis::Latitude),
        ("jingdu", Axis::Longitude),
        ("经度", Axis::Longitude),
        ("lat", Axis::Latitude),
        ("long", Axis::Longitude),
        ("lng", Axis::Longitude),
        ("lon", Axis::Longitude),
    ] {
        if let Some(rest) = name.strip_suffix(word).or_else(|| name.strip_prefix(word)) {
            // `platform`, `flat`, `along` and the like: what is left must be a word of its own or nothing.
            // Headers of an application's own begin with an X.
            let rest = if rest == "x" { "" } else { rest };
            let is_word = rest.is_empty()
                || rest.len() >= 2
                    && !["p", "f", "re", "trans", "be", "temp", "templ"].contains(&rest);
            return is_word.then_some((axis, rest));
        }
    }
    match name {
        "breite" | "la" => Some((Axis::Latitude, "")),
        "laenge" | "länge" | "lo" => Some((Axis::Longitude, "")),
        _ => None,
    }
}

/// Decimals that no width or length of a thing is sent with.
const SIZE_DECIMALS: usize = 4;

/// Whether the object of a field says how exact it is, as positions do and sizes do not.
fn has_accuracy(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    let mut names = scene.names_beside(field);
    names.any(|name| matches!(&*name.normalised, "acc" | "accuracy" | "genauigkeit"))
}

/// German and Polish have one word for latitude and width, and one for longitude and length, and two letters are anything;
/// `name` is normalised.
fn is_size_too(name: &str) -> bool {
    matches!(
        name,
        "la" | "lo"
            | "breite"
            | "laenge"
            | "länge"
            | "szerokosc"
            | "szerokość"
            | "dlugosc"
            | "długość"
    )
}

/// Names, normalised, of values that hold both coordinates.
pub(super) fn holds_pair(name: &str) -> bool {
    const NAMES: [&str; 57] = [
        "track",
        "trackpoints",
        "waypoints",
        "positions",
        "locations",
        "breadcrumbs",
        "trajectory",
        "geofence",
        "pos",
        "userloc",
        "koord",
        "koordinate",
        "coord",
        "ort",
        "ubicacion",
        "ubicación",
        "posicion",
        "posición",
        "localisation",
        "posizione",
        "locatie",
        "konum",
        "geocoord",
        "geocoordinates",
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
    // Headers of an application's own begin with an X.
    let name = name
        .strip_prefix('x')
        .filter(|rest| rest.len() > 2)
        .unwrap_or(name);
    let qualified = [
        "last",
        "lastknown",
        "current",
        "user",
        "device",
        "my",
        "home",
        "gps",
        "start",
        "end",
    ]
    .iter()
    .filter_map(|qualifier| name.strip_prefix(qualifier))
    .any(|rest| rest.len() > 2 && NAMES.contains(&rest));
    NAMES.contains(&name) || qualified
}

/// Whether a name, normalised, is that of an encoded way.
pub(super) fn holds_way(name: &str) -> bool {
    name.contains("polyline")
        || matches!(name, "route" | "track" | "path" | "trail" | "encodedpath")
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
    // In a header it stands in angle brackets, with parameters behind it.
    let uri = text.trim_start_matches('<');
    if uri.starts_with("geo:") {
        return pair(uri.split(['>', ';', '?']).next()?);
    }
    if let Some(both) = described(text) {
        return Some(both);
    }
    if let Some(both) = map_centre(text) {
        return Some(both);
    }
    if let Some(both) = signed_pair(text) {
        return Some(both);
    }
    let [(latitude, slack), (longitude, other)] = *value::sexagesimal_pairs(text).first()?;
    let is_exact =
        slack.max(other) < SEXAGESIMAL_SLACK && latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    is_exact.then(|| (in_decimals(latitude, slack), in_decimals(longitude, other)))
}

/// A position as systems describe it in words: `<+52.52000,+13.40500> +/- 5.00m …` and `Location[fused 52.5200,13.4050 hAcc=…`.
fn described(text: &str) -> Option<(Degrees, Degrees)> {
    let both = match text.strip_prefix("Location[") {
        Some(rest) => rest.split(' ').nth(1)?,
        None => text.strip_prefix('<')?.split('>').next()?,
    };
    let numbers = exact_pair(both, 0)?;
    Some(numbers)
}

/// `@52.5200,13.4050,15z`, as links to maps have it.
fn map_centre(text: &str) -> Option<(Degrees, Degrees)> {
    let (both, zoom) = text.strip_prefix('@')?.rsplit_once(',')?;
    let is_zoom = zoom
        .strip_suffix(['z', 'm', 'a'])
        .is_some_and(|zoom| zoom.parse::<f64>().is_ok());
    is_zoom.then(|| pair(both)).flatten()
}

/// `+52.5200+013.4050/` (ISO 6709 Annex H).
fn signed_pair(text: &str) -> Option<(Degrees, Degrees)> {
    let inner = text.strip_suffix('/')?;
    // A plus became a space in a form.
    let is_digit = |letter: char| letter.is_ascii_digit();
    let with_signs = inner
        .starts_with(is_digit)
        .then(|| format!("+{}", inner.replace(' ', "+")));
    let inner = with_signs.as_deref().unwrap_or(inner);
    let is_sign = |mark: char| matches!(mark, '+' | '-');
    let first = inner.strip_prefix(is_sign)?;
    let middle = first.find(is_sign)?.saturating_add(1);
    let (latitude, rest) = inner.split_at_checked(middle)?;
    // A height may follow.
    let end = rest
        .get(1..)?
        .find(is_sign)
        .map_or(rest.len(), |end| end.saturating_add(1));
    let latitude = degrees(latitude, 90.0).filter(|degrees| degrees.decimals > 0)?;
    Some((latitude, degrees(rest.get(..end)?, 180.0)?))
}

/// Decimals that are no zeros at the end, of one of two numbers at least.
const FULL_DECIMALS: usize = 3;

/// Two numbers in a value with so many others behind them, so exact that few other things are: what stands in headers, paths and under
/// names of any language.
fn exact_pair(text: &str, others: usize) -> Option<(Degrees, Degrees)> {
    if text.len() > 48
        || !text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-.,; |/".contains(&byte))
    {
        return None;
    }
    let with_points = value::pair_with_decimal_points(text);
    let text = with_points.as_deref().unwrap_or(text);
    let mut numbers = text
        .split([',', ';', ' ', '|', '/'])
        .filter(|part| !part.is_empty());
    let texts = (numbers.next()?, numbers.next()?);
    let both = (degrees(texts.0, 90.0)?, degrees(texts.1, 180.0)?);
    let is_exact = both.0.decimals.min(both.1.decimals) >= EXACT_DECIMALS;
    // Shares and sizes are padded with zeros.
    let is_full = [texts.0, texts.1].iter().any(|text| {
        let decimals = text.split_once('.').map_or("", |(_, decimals)| decimals);
        decimals.trim_end_matches('0').len() >= FULL_DECIMALS
    });
    let is_alone = numbers.count() <= others;
    (is_alone && is_exact && is_full && !is_at_null(both.0, both.1)).then_some(both)
}

/// Decimals of degrees that tell by themselves: eleven metres.
const EXACT_DECIMALS: usize = 4;

/// The first point of an encoded polyline (five decimals), as maps and trackers send ways; `None` unless all of it is one, with
/// points that lie beside each other.
fn polyline(text: &str) -> Option<(Degrees, Degrees)> {
    /// Millionths of ten degrees between two points of one way, at most: half a degree.
    const STEP: i64 = 50_000;
    /// One degree.
    const DEGREE: i64 = 100_000;
    let mut numbers = Vec::new();
    let (mut number, mut shift) = (0_i64, 0_u32);
    for byte in text.bytes() {
        let bits = byte.checked_sub(63).filter(|bits| *bits < 64)?;
        number |= i64::from(bits & 0x1f).checked_shl(shift)?;
        shift = shift.checked_add(5).filter(|shift| *shift <= 35)?;
        if bits & 0x20 == 0 {
            numbers.push(if number & 1 == 1 {
                !(number >> 1)
            } else {
                number >> 1
            });
            (number, shift) = (0, 0);
        }
    }
    let (points, rest) = numbers.as_chunks::<2>();
    let [first, others @ ..] = points else {
        return None;
    };
    // Words in capitals are points beside 0° 0'.
    let is_somewhere = first.iter().any(|number| number.abs() >= DEGREE);
    let is_way = shift == 0
        && rest.is_empty()
        && !others.is_empty()
        && is_somewhere
        && others.iter().flatten().all(|step| step.abs() <= STEP);
    let half = |number: i64, limit: f64| {
        let value = in_degrees(number, 1e5);
        (value.abs() <= limit).then_some(Degrees {
            value,
            decimals: 5,
            slack: None,
        })
    };
    is_way.then_some((half(first[0], 90.0)?, half(first[1], 180.0)?))
}

/// The numbers of a point in well-known text.
fn well_known_text(text: &str) -> Option<&str> {
    let text = text.rsplit_once(';').map_or(text, |(_, text)| text);
    let (head, rest) = text.split_once('(')?;
    let head = head.trim();
    if head.eq_ignore_ascii_case("point") {
        return rest.strip_suffix(')');
    }
    // Of a way the first point tells.
    let is_way = ["linestring", "multipoint", "polygon"]
        .iter()
        .any(|kind| head.eq_ignore_ascii_case(kind));
    let first = rest.split(',').next().filter(|_| is_way)?;
    Some(first.trim_matches(['(', ')', ' ']))
}

/// Decimals of a longitude that stands before its latitude, at least: other pairs of numbers have fewer.
const KML_DECIMALS: usize = 3;

/// `52.5200,13.4050` and `geo:52.52,13.405`.
fn pair(text: &str) -> Option<(Degrees, Degrees)> {
    let text = text.trim();
    let text = text.strip_prefix("geo:").unwrap_or(text);
    let with_points = value::pair_with_decimal_points(text);
    let text = with_points.as_deref().unwrap_or(text);
    let mut numbers = text.split([',', ';', ' ']).filter(|part| !part.is_empty());
    let first = degrees(numbers.next()?, 180.0)?;
    let second = degrees(numbers.next()?, 180.0)?;
    // KML puts the longitude first, which shows where it is beyond 90°.
    match (first.value.abs() <= 90.0, second.value.abs() <= 90.0) {
        (true, _) => Some((first, second)),
        (false, true) if first.decimals >= KML_DECIMALS => Some((second, first)),
        _ => None,
    }
}

fn report(
    scene: &Scene<'_>,
    tally: &mut Tally,
    field: &Field<'_>,
    latitude: Degrees,
    longitude: Degrees,
) {
    graded(scene, tally, field, Grade::Decoded, (latitude, longitude));
}

/// What has the form of a position, and no more.
fn shape(
    scene: &Scene<'_>,
    tally: &mut Tally,
    field: &Field<'_>,
    latitude: Degrees,
    longitude: Degrees,
) {
    graded(scene, tally, field, Grade::Shape, (latitude, longitude));
}

fn graded(
    scene: &Scene<'_>,
    tally: &mut Tally,
    field: &Field<'_>,
    grade: Grade,
    (latitude, longitude): (Degrees, Degrees),
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
    let mut finding = scene.finding(rule, grade, field, &position);
    finding.values = vec![Sensitive::new(&position)];
    finding.precision_metres = metres(scene.rules, latitude).max(metres(scene.rules, longitude));
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
        assert!(pair("-112.2657,36.0904,2357").is_some());
        assert!(pair("152.5,13.4").is_none());
        assert!(pair("1024").is_none());
    }
}
