//! Positions: pairs of coordinates in one object, in one value, or in a GeoJSON array, with the precision they were sent in.

mod axis;
mod columns;
mod integer;
mod parts;
mod text;
mod trail;
mod unnamed;
mod words;

pub(super) use self::axis::{Axis, axis, integer_axis, short_axis};
use self::parts::Parts;
use self::text::{
    EXACT_DECIMALS, FULL_DECIMALS, Keys, TELLING, exact_pair, first_of_route, keyed_pair, map_link,
    pair, polyline, telling_pair, told_pair,
};
use self::unnamed::Unnamed;
use self::words::{
    asks_for_place, ends_in_place, is_about_position, is_about_service, is_longitude_first,
    is_of_fix, is_on_screens_too, is_shape_too, says_both, says_longitude_first,
};
pub(super) use self::words::{
    holds_pair, holds_track, holds_way, is_of_measure, is_of_position, is_wrapper,
};
use super::Scene;
use super::name::Name;
use super::value::{self, Degrees};
use crate::model::{DecodeStep, Event, Field, Grade, Look, PathId, Place, Sensitive, Step, Tally};
use crate::rules::Rules;

/// A number that may be half of a position, with its field.
type Coordinate<'a> = (&'a Field<'a>, Degrees);

/// The field that holds a position, or its first half; then the other half is in a second one.
#[derive(Clone, Copy)]
struct Spot<'a> {
    first: &'a Field<'a>,
    second: Option<&'a Field<'a>>,
}

impl<'a> From<&'a Field<'a>> for Spot<'a> {
    fn from(first: &'a Field<'a>) -> Self {
        let second = None;
        Self { first, second }
    }
}

impl<'a> From<(&'a Field<'a>, &'a Field<'a>)> for Spot<'a> {
    fn from((first, second): (&'a Field<'a>, &'a Field<'a>)) -> Self {
        let second = Some(second);
        Self { first, second }
    }
}

/// Reports positions.
pub(super) fn inspect(scene: &Scene<'_>, tally: &mut Tally) {
    if !matches!(
        scene.observation.sighting.event,
        Event::Exchange(_) | Event::Message(_)
    ) {
        return;
    }
    let mut parts = Parts::default();
    let mut unnamed = Unnamed::default();
    let is_about_position = request_is_of_position(scene);
    let mut chains = scene.fields.chains().iter();
    let has_protobuf = chains.any(|chain| chain.0.last() == Some(&DecodeStep::Protobuf));
    let may_be_position = scene.outline.told(false, |_, name| {
        let name = scene.names.get(name.position());
        name.is_some_and(|name| name.may_be_position)
    });
    for field in scene.fields {
        if has_protobuf && !is_about_position {
            unnamed.take(scene, field);
        }
        let before = parts.before.take();
        let has_digit = field.look.has(Look::DIGIT);
        let is_named = may_be_position.get(scene.branch(field)) == Some(&true);
        if !is_named && field.place != Place::Path {
            if has_digit
                && !(is_about_position && parts.half_without_name(scene, tally, field))
                && field.look.has(MARKS_OF_WHOLE)
            {
                whole(scene, tally, field, scene.name(field));
            }
            continue;
        }
        // `/lat/52.52/lon/13.40`: a segment names the one behind it.
        let segment = scene
            .segment_before(field)
            .map(|name| Name::of(name, scene.rules));
        let (own, object) = member(scene, field);
        let name = segment.as_deref().or(own);
        if parts.named_half(scene, field, name, object) {
            continue;
        }
        parts.trails.take(scene, field, object);
        let holds_way = name.is_some_and(|name| name.holds_way);
        if !has_digit && !holds_way
            || parts.half_on_plane(scene, field, object)
            || parts.short_half(scene, field, object)
            || is_about_position && parts.half_without_name(scene, tally, field)
            || whole(scene, tally, field, name)
        {
            continue;
        }
        if name.is_some_and(|name| name.holds_pair) {
            parts.element(scene, tally, field, before);
        } else if name.is_some_and(|name| name.holds_track) {
            parts.of_track(scene, field);
        }
    }
    parts.report(scene, tally);
    unnamed.report(scene, tally);
}

/// Kinds of characters of which a value has one that holds a position under no name: those of [`TELLING`], and what parts two numbers.
const MARKS_OF_WHOLE: u16 = TELLING | Look::LIST;

/// Reports what one value holds: both coordinates, or a way. `false` if it holds neither.
fn whole(scene: &Scene<'_>, tally: &mut Tally, field: &Field<'_>, name: Option<&Name>) -> bool {
    let is_told = name.is_some_and(|name| name.holds_way || name.holds_pair);
    if !field.look.has(MARKS_OF_WHOLE) && field.place != Place::Path && !is_told {
        return false;
    }
    // `geo:`, `POINT(…)`, degree signs, `@` of maps and `$` of receivers, two numbers with a decimal point
    let may_tell = field.look.has(TELLING);
    if let Some((latitude, longitude)) = may_tell
        .then(|| telling_pair(&field.value, field.look))
        .flatten()
    {
        report(scene, tally, field, latitude, longitude);
        return true;
    }
    if let Some((before, latitude, longitude)) = neighbours(scene, field) {
        report(scene, tally, (before, field), latitude, longitude);
        return true;
    }
    let may_be_link = field.look.has(Look::COLON) && field.look.has(Look::DOT);
    if let Some(both) = may_be_link.then(|| map_link(&field.value)).flatten() {
        // somebody's position, or that of a place of interest
        graded(scene, tally, field, Grade::Shape, both);
        return true;
    }
    let may_be_pair = field.look.has(Look::DOT) && field.look.has(Look::LIST | Look::GROUP);
    if may_be_pair && unnamed(scene, tally, field, name) {
        return true;
    }
    let Some(name) = name else { return false };
    if let Some((latitude, longitude)) = name
        .holds_way
        .then(|| polyline(field.value.trim(), is_shape_too(&name.normalised)))
        .flatten()
    {
        report(scene, tally, field, latitude, longitude);
        return true;
    }
    if !name.holds_pair {
        return false;
    }
    if is_of_kml(scene, field) {
        for tuple in field.value.split_ascii_whitespace() {
            if let Some((longitude, latitude)) = pair(tuple) {
                named(scene, tally, field, latitude, longitude);
            }
        }
        return true;
    }
    let Some((first, second)) = pair(&field.value) else {
        return keyed(scene, tally, field);
    };
    // A segment such as `endpoint` is no name of the number behind it as sure as a member's is.
    if field.place == Place::Path
        && first.decimals.max(second.decimals) < path_asks_for_place(scene).unwrap_or(FULL_DECIMALS)
    {
        return false;
    }
    let (latitude, longitude) = if says_longitude_first(&name.normalised) {
        (second, first)
    } else {
        (first, second)
    };
    named(scene, tally, field, latitude, longitude);
    true
}

/// Reports a position in a value that has keys before its numbers, under a name of pairs.
fn keyed(scene: &Scene<'_>, tally: &mut Tally, field: &Field<'_>) -> bool {
    let Some((keys, latitude, longitude)) = keyed_pair(&field.value) else {
        return false;
    };
    // Of keys that say nothing, only the name tells.
    let grade = match keys {
        Keys::Axes => Grade::Decoded,
        Keys::Letters if is_about_position(scene.fields.name(field)) => Grade::Shape,
        Keys::Letters => return false,
    };
    graded(scene, tally, field, grade, (latitude, longitude));
    true
}

/// The name of a field and the object that it is a member of; of `{"latitude": {"value": 52.52}}` those of the member that holds
/// the value.
pub(super) fn member<'s>(
    scene: &'s Scene<'_>,
    field: &Field<'_>,
) -> (Option<&'s Name>, Option<PathId>) {
    let paths = &scene.fields.paths;
    let own = scene.name(field);
    let is_wrapped = own.is_some_and(|name| name.is_wrapper);
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

/// Numbers behind a position in one value: how exact it is, its height, the time.
const BEHIND_PAIR: usize = 3;

/// Metres of the last digit of degrees: by the rules' table, or, with minutes and seconds, by what these are on the ground.
fn metres(rules: &Rules, degrees: Degrees) -> Option<u32> {
    match degrees.slack {
        Some(slack) => Some(value::whole_metres(slack * 2.0 * value::METRES_PER_DEGREE)),
        None => rules
            .precision(degrees.decimals)
            .map(|precision| precision.metres),
    }
}

/// Two numbers of a list. GeoJSON (RFC 7946 §3.1.1) puts the longitude first under the names that it has, most others do not;
/// beyond 90° it is clear.
fn both(scene: &Scene<'_>, tally: &mut Tally, first: Coordinate<'_>, second: Coordinate<'_>) {
    let ((field, first), (other, second)) = (first, second);
    let at = (field, other);
    let is_turned = scene
        .name(field)
        .is_none_or(|name| is_longitude_first(&name.normalised));
    let (latitude, longitude) = if is_turned {
        (second, first)
    } else {
        (first, second)
    };
    if latitude.value.abs() <= 90.0 {
        named(scene, tally, at, latitude, longitude);
    } else if longitude.value.abs() <= 90.0 {
        named(scene, tally, at, longitude, latitude);
    }
}

/// Whether a value is a row of tuples as KML writes them: longitude, latitude and height, with spaces between the tuples.
fn is_of_kml(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    let is_xml = scene.fields.chain(field.chain).0.last() == Some(&DecodeStep::Xml);
    is_xml
        && field.value.contains(',')
        && scene
            .name(field)
            .is_some_and(|name| &*name.normalised == "coordinates")
}

/// Whether the path of the request, or the first label of the host, is about where something is.
fn request_is_of_position(scene: &Scene<'_>) -> bool {
    let label = scene.host().split('.').next().unwrap_or_default();
    let path = scene.request_path();
    let is_of_service = |path: &str| is_about_service(&path.to_lowercase());
    let mut words = path.split('/').chain([label]);
    (words.any(is_about_position) || ends_in_place(path)) && !is_of_service(path)
}

/// Two segments of a path that are a position: `/forecast/52.5163/13.3777`. Versions and months have fewer decimals, or no word
/// for places before them.
fn neighbours<'a>(
    scene: &Scene<'a>,
    field: &Field<'_>,
) -> Option<(&'a Field<'a>, Degrees, Degrees)> {
    let is_number = field.place == Place::Path && field.look.has(Look::DOT);
    let first = is_number.then(|| scene.field_before(field)).flatten()?;
    let before = &*first.value;
    let both = [before, &field.value].join(",");
    let (latitude, longitude) = if path_asks_for_place(scene).is_some() {
        told_pair(&both, 0, FULL_DECIMALS)?
    } else {
        exact_pair(&both, 0)
            .filter(|(one, other)| one.decimals.min(other.decimals) > EXACT_DECIMALS)?
    };
    // Digital object identifiers begin with ten.
    (!before.starts_with("10.")).then_some((first, latitude, longitude))
}

/// The decimals that a segment of the request's path, or the first label of the host, asks a place with; `None` if none does.
fn path_asks_for_place(scene: &Scene<'_>) -> Option<usize> {
    let segments = scene.request_path().split('/');
    let words = segments.chain(scene.host().split('.').take(1));
    words.filter_map(asks_for_place).min()
}

/// Reports two numbers under a name that holds no pair: where nothing nearby says what they are, they are no more than that.
fn unnamed(scene: &Scene<'_>, tally: &mut Tally, field: &Field<'_>, name: Option<&Name>) -> bool {
    let text = field.value.trim();
    let text = if field.place == Place::Path {
        first_of_route(text)
    } else {
        text
    };
    let is_named = name.is_some_and(|name| name.holds_pair);
    if is_named {
        return false;
    }
    let Some((latitude, longitude)) = exact_pair(text, BEHIND_PAIR) else {
        // `latlong_accuracy=50.86,7.0381,15.0` lost a zero, and weather needs no more than a few.
        let is_told = name.is_some_and(|name| says_both(&name.normalised));
        let both = is_told.then(|| told_pair(text, BEHIND_PAIR, EXACT_DECIMALS));
        let asked = path_asks_for_place(scene).filter(|_| field.place == Place::Path);
        let both = both.or_else(|| asked.map(|least| told_pair(text, 0, least)));
        let Some(Some((latitude, longitude))) = both else {
            return false;
        };
        report(scene, tally, field, latitude, longitude);
        return true;
    };
    match setting(scene, field, name) {
        Setting::Position => report(scene, tally, field, latitude, longitude),
        Setting::Unknown if exact_pair(text, 0).is_some() => {
            // the form of a position, and no more
            graded(scene, tally, field, Grade::Shape, (latitude, longitude));
        }
        Setting::Unknown | Setting::Measure => {}
    }
    true
}

/// A pair under a name that holds pairs, some of them on screens.
fn named<'f>(
    scene: &Scene<'_>,
    tally: &mut Tally,
    at: impl Into<Spot<'f>>,
    latitude: Degrees,
    longitude: Degrees,
) {
    let at = at.into();
    let field = at.first;
    let decimals = latitude.decimals.min(longitude.decimals);
    let name = scene.name(field);
    let is_telling =
        name.is_none_or(|name| !is_on_screens_too(&name.normalised)) || decimals > SCREEN_DECIMALS;
    match setting(scene, field, name) {
        Setting::Position => report(scene, tally, at, latitude, longitude),
        Setting::Unknown if is_telling && !is_at_null(latitude, longitude) => {
            report(scene, tally, at, latitude, longitude);
        }
        Setting::Unknown | Setting::Measure => {}
    }
}

/// Decimals of what is measured on screens, at most.
const SCREEN_DECIMALS: usize = 2;

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

/// Shares, colours, ratios and marks on a screen are about 0 and 1; on earth there is nothing but water.
fn is_at_null(one: Degrees, other: Degrees) -> bool {
    one.value.abs() < 4.0 && other.value.abs() < 4.0
}

#[expect(
    clippy::cast_precision_loss,
    reason = "degrees of seven decimals have ten digits"
)]
fn in_degrees(number: i64, scale: f64) -> f64 {
    number as f64 / scale
}

fn report<'f>(
    scene: &Scene<'_>,
    tally: &mut Tally,
    at: impl Into<Spot<'f>>,
    latitude: Degrees,
    longitude: Degrees,
) {
    graded(scene, tally, at, Grade::Decoded, (latitude, longitude));
}

fn graded<'f>(
    scene: &Scene<'_>,
    tally: &mut Tally,
    at: impl Into<Spot<'f>>,
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
    let at = at.into();
    let mut finding = scene.finding(rule, grade, at.first, &position);
    if let Some(second) = at.second {
        let second = scene.fields.path(second).to_field_path();
        finding.evidence.path = finding.evidence.path.and(&second);
    }
    finding.values = vec![Sensitive::new(&position)];
    finding.precision_metres = metres(scene.rules, latitude).max(metres(scene.rules, longitude));
    scene.report(tally, finding);
}
