//! Positions: pairs of coordinates in one object, in one value, or in a GeoJSON array, with the precision they were sent in.

mod columns;
mod text;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use self::columns::{Columns, column_holder};
use self::text::{TELLING, angle, exact_pair, first_of_route, pair, polyline, telling_pair};
pub(super) use self::words::{
    Axis, axis, holds_pair, holds_way, integer_axis, is_of_measure, is_of_position,
};
use self::words::{
    SCALES, is_longitude_first, is_of_fix, is_on_screens_too, is_size_too, plane_axis,
    says_longitude_first,
};
use super::Scene;
use super::name::Name;
use super::value::{self, Degrees, degrees};
use crate::model::{DecodeStep, Event, Field, Grade, Look, PathId, Place, Sensitive, Step, Tally};
use crate::rules::{Rules, normalise_name};

/// A number that may be half of a position, with its field.
type Coordinate<'a> = (&'a Field<'a>, Degrees);

/// The halves of a position inside an object.
#[derive(Default)]
struct Halves<'a> {
    latitude: Option<Coordinate<'a>>,
    longitude: Option<Coordinate<'a>>,
}

impl<'a> Halves<'a> {
    fn set(&mut self, axis: Axis, coordinate: Coordinate<'a>) {
        match axis {
            Axis::Latitude => self.latitude = Some(coordinate),
            Axis::Longitude => self.longitude = Some(coordinate),
        }
    }
}

/// By place and object, and what the names of both halves have in common (`home_lat`, `home_lon`).
type ByObject<T> = BTreeMap<(Place, PathId, Rc<str>), T>;

/// Parts of positions, until all fields of a message have been looked at.
#[derive(Default)]
struct Parts<'a> {
    halves: ByObject<Halves<'a>>,
    integers: ByObject<Integers<'a>>,
    columns: ByObject<Columns<'a>>,
    rows: BTreeMap<PathId, [Option<Coordinate<'a>>; 3]>,
    /// Lists of numbers without end, as corners on a screen are.
    endless: BTreeSet<PathId>,
    /// The element before, where those of a list have one name.
    before: Option<Coordinate<'a>>,
    /// The number before, where fields have no names.
    unnamed: Option<Coordinate<'a>>,
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
    let is_about_position = request_is_of_position(scene);
    for field in scene.fields {
        let before = parts.before.take();
        // `/lat/52.52/lon/13.40`: a segment names the one behind it.
        let segment = scene
            .segment_before(field)
            .map(|name| Name::of(name, scene.rules));
        let (own, object) = member(scene, field);
        let name = segment.as_deref().or(own);
        if parts.named_half(scene, field, name, object) {
            continue;
        }
        let holds_way = name.is_some_and(|name| name.holds_way);
        if !field.look.has(Look::DIGIT) && !holds_way
            || parts.half_on_plane(scene, field, object)
            || is_about_position && parts.half_without_name(scene, tally, field)
            || whole(scene, tally, field, name)
        {
            continue;
        }
        if name.is_some_and(|name| name.holds_pair) {
            parts.element(scene, tally, field, before);
        }
    }
    parts.report(scene, tally);
}

impl<'a> Parts<'a> {
    /// Takes half of a position, by its name; also one of a list of halves. `false` if it is none.
    fn named_half(
        &mut self,
        scene: &Scene<'_>,
        field: &'a Field<'a>,
        name: Option<&Name>,
        object: Option<PathId>,
    ) -> bool {
        let Some(name) = name else { return false };
        if let Some((axis, rest)) = &name.integer_axis {
            self.integer(field, object, (*axis, rest));
        }
        let Some((axis, rest)) = name.axis.as_ref().filter(|_| !name.holds_pair) else {
            return false;
        };
        let limit = axis.limit();
        if let Some(holder) = column_holder(scene, field) {
            let key = (field.place, holder, Rc::clone(rest));
            let columns = self.columns.entry(key).or_default();
            columns.add(*axis, field, limit);
            return true;
        }
        let (Some(degrees), Some(object)) = (angle(&field.value, limit), object) else {
            return false;
        };
        let may_be_size = is_size_too(&name.normalised)
            && degrees.decimals < SIZE_DECIMALS
            && degrees.value >= 0.0
            && !has_accuracy(scene, field);
        if !may_be_size {
            let key = (field.place, object, Rc::clone(rest));
            let half = self.halves.entry(key).or_default();
            half.set(*axis, (field, degrees));
        }
        true
    }

    /// Takes half of a position that is called `x` or `y`. `false` if it is none.
    fn half_on_plane(
        &mut self,
        scene: &Scene<'_>,
        field: &'a Field<'a>,
        object: Option<PathId>,
    ) -> bool {
        let Some(axis) = plane(scene, field) else {
            return false;
        };
        let rest: Rc<str> = Rc::from("plane");
        self.integer(field, object, (axis, &rest));
        let exact = degrees(&field.value, axis.limit());
        let exact = exact.filter(|degrees| degrees.decimals >= SIZE_DECIMALS);
        if let (Some(degrees), Some(object)) = (exact, object) {
            let half = self.halves.entry((field.place, object, rest)).or_default();
            half.set(axis, (field, degrees));
        }
        true
    }

    /// Takes a number of a protobuf that may be half of a position: latitude and longitude have numbers in a row. `false` if it
    /// cannot be.
    fn half_without_name(
        &mut self,
        scene: &Scene<'_>,
        tally: &mut Tally,
        field: &'a Field<'a>,
    ) -> bool {
        let Some(number) = number_of_protobuf(scene, field) else {
            return false;
        };
        match self.unnamed.take() {
            Some(first) if follows(scene, first, field) => {
                report(scene, tally, first.0, first.1, number);
            }
            _ => self.unnamed = Some((field, number)),
        }
        true
    }

    /// Takes down what may be half of a position in integers.
    fn integer(
        &mut self,
        field: &'a Field<'a>,
        object: Option<PathId>,
        (axis, rest): (Axis, &Rc<str>),
    ) {
        let number = field.value.parse::<i64>().ok();
        let (Some(number), Some(object)) = (number, object) else {
            return;
        };
        // Smaller ones are degrees without decimals, or anything; so are the latest and the longest of something.
        if number.unsigned_abs() < 10_000 || rest.starts_with("est") {
            return;
        }
        let key = (field.place, object, Rc::clone(rest));
        let pair = self.integers.entry(key).or_default();
        if let Some(slot) = pair.get_mut(usize::from(axis == Axis::Longitude)) {
            *slot = Some((field, number));
        }
    }

    /// Takes a number of a list under a name that holds pairs.
    fn element(
        &mut self,
        scene: &Scene<'_>,
        tally: &mut Tally,
        field: &'a Field<'a>,
        before: Option<Coordinate<'a>>,
    ) {
        let Some((_, step)) = scene.fields.paths.split(field.path) else {
            return;
        };
        let number = degrees(&field.value, 180.0).map(|degrees| (field, degrees));
        match step {
            // Elements of one name in a row, as a list is written in XML.
            Step::Name(_) => {
                let path = |field: &Field<'_>| scene.fields.path(field);
                match (before, number) {
                    (Some(first), Some(second)) if path(first.0) == path(field) => {
                        both(scene, tally, first, second);
                    }
                    _ => self.before = number,
                }
            }
            Step::Index(position @ 0..=2) => {
                if let (Some(_), Some(object)) = (number, scene.object(field))
                    && let Some(slot) = self
                        .rows
                        .entry(object)
                        .or_default()
                        .get_mut(usize::try_from(position).unwrap_or(0))
                {
                    *slot = number;
                }
            }
            Step::Index(LONGEST_POSITION..) => {
                let name = scene.name(field);
                if name.is_some_and(|name| is_on_screens_too(&name.normalised)) {
                    self.endless.extend(scene.object(field));
                }
            }
            Step::Index(_) => {}
        }
    }

    /// Reports what belongs together.
    fn report(self, scene: &Scene<'_>, tally: &mut Tally) {
        let in_degrees = self.integers.into_iter().filter_map(halves_of_integers);
        for half in self.halves.into_values().chain(in_degrees) {
            if let (Some((field, latitude)), Some((_, longitude))) = (half.latitude, half.longitude)
            {
                report(scene, tally, field, latitude, longitude);
            }
        }
        for columns in self.columns.into_values() {
            for (field, latitude, longitude) in columns.positions() {
                report(scene, tally, field, latitude, longitude);
            }
        }
        for (object, row) in self.rows {
            match row {
                _ if self.endless.contains(&object) => {}
                [Some(first), Some(second), _] => both(scene, tally, first, second),
                // The time may stand before it, which is no angle.
                [None, Some((field, latitude)), Some((_, longitude))]
                    if latitude.decimals.min(longitude.decimals) > SCREEN_DECIMALS
                        && latitude.value.abs() <= 90.0 =>
                {
                    named(scene, tally, field, latitude, longitude);
                }
                _ => {}
            }
        }
    }
}

/// Reports what one value holds: both coordinates, or a way. `false` if it holds neither.
fn whole(scene: &Scene<'_>, tally: &mut Tally, field: &Field<'_>, name: Option<&Name>) -> bool {
    // `geo:`, `POINT(…)`, degree signs, `@` of maps and `$` of receivers, two numbers with a decimal point
    let may_tell = field.look.has(TELLING);
    if let Some((latitude, longitude)) = may_tell
        .then(|| telling_pair(&field.value))
        .flatten()
        .or_else(|| neighbours(scene, field))
    {
        report(scene, tally, field, latitude, longitude);
        return true;
    }
    let may_be_pair = field.look.has(Look::DOT) && field.look.has(Look::LIST | Look::GROUP);
    if may_be_pair && unnamed(scene, tally, field, name) {
        return true;
    }
    let Some(name) = name else { return false };
    if let Some((latitude, longitude)) = name
        .holds_way
        .then(|| polyline(field.value.trim()))
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
        return false;
    };
    let (latitude, longitude) = if says_longitude_first(&name.normalised) {
        (second, first)
    } else {
        (first, second)
    };
    named(scene, tally, field, latitude, longitude);
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
    let ((field, first), (_, second)) = (first, second);
    let is_turned = scene
        .name(field)
        .is_none_or(|name| is_longitude_first(&name.normalised));
    let (latitude, longitude) = if is_turned {
        (second, first)
    } else {
        (first, second)
    };
    if latitude.value.abs() <= 90.0 {
        named(scene, tally, field, latitude, longitude);
    } else if longitude.value.abs() <= 90.0 {
        named(scene, tally, field, longitude, latitude);
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
    let mut words = scene.request_path().split('/').chain([label]);
    words.any(|word| is_of_position(&normalise_name(word)))
}

/// Which axis a field is that is called `x` or `y`; none where there is a `z`, as in a room.
fn plane(scene: &Scene<'_>, field: &Field<'_>) -> Option<Axis> {
    let name = scene
        .name(field)
        .filter(|name| name.normalised.len() == 1)?;
    let mut above = scene.fields.paths.steps_back(field.path).skip(1);
    let Step::Name(above) = above.next()? else {
        return None;
    };
    let above = scene.names.get(above.position())?;
    let axis = plane_axis(&name.normalised, &above.normalised)?;
    let mut beside = scene.names_beside(field);
    (!beside.any(|name| &*name.normalised == "z")).then_some(axis)
}

/// A field of a protobuf that may be half of a position: exact degrees, or ten millionths of them.
fn number_of_protobuf(scene: &Scene<'_>, field: &Field<'_>) -> Option<Degrees> {
    /// Ten millionths of a degree, from which on a number is not something small.
    const LEAST: u64 = 10_000_000;
    if scene.fields.chain(field.chain).0.last() != Some(&DecodeStep::Protobuf) {
        return None;
    }
    if let Ok(number) = field.value.parse::<i64>() {
        let degrees = Degrees {
            value: in_degrees(number, 1e7),
            decimals: 7,
            slack: None,
        };
        return (number.unsigned_abs() >= LEAST && degrees.value.abs() <= 180.0).then_some(degrees);
    }
    degrees(&field.value, 180.0).filter(|degrees| degrees.decimals > SCREEN_DECIMALS)
}

/// Whether a field of a protobuf has the number after that of another in the same message, and both may be a position.
fn follows(scene: &Scene<'_>, (first, degrees): Coordinate<'_>, second: &Field<'_>) -> bool {
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

/// Two segments of a path that are a position: `/forecast/52.5163/13.3777`.
fn neighbours(scene: &Scene<'_>, field: &Field<'_>) -> Option<(Degrees, Degrees)> {
    let is_number = field.place == Place::Path && field.look.has(Look::DOT);
    let before = scene.segment_before(field).filter(|_| is_number)?;
    exact_pair(&[before, &field.value].join(","), 0)
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
    let Some((latitude, longitude)) = exact_pair(text, BEHIND_PAIR).filter(|_| !is_named) else {
        return false;
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

/// Latitude and longitude as integers, with their fields.
type Integers<'a> = [Option<(&'a Field<'a>, i64)>; 2];

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

/// Decimals that no width or length of a thing is sent with.
const SIZE_DECIMALS: usize = 4;

/// Whether the object of a field says how exact it is, as positions do and sizes do not.
fn has_accuracy(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    let mut names = scene.names_beside(field);
    names.any(|name| matches!(&*name.normalised, "acc" | "accuracy" | "genauigkeit"))
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
