//! Halves of positions, until all fields of a message have been looked at: under names, in integers, on planes, in columns, rows
//! and protobufs.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::axis::{corner, plane_axis};
use super::columns::{Columns, column_holder};
use super::integer::{
    INTEGER_DECIMALS, Integers, SMALLEST_ZIGZAG, follows, halves_of_integers, is_exact_integer,
    is_no_time_of_message, is_time, near_greenwich, number_of_protobuf,
};
use super::text::angle;
use super::trail::Trails;
use super::words::{is_chart_too, is_of_fix, is_on_screens_too, is_size_too};
use super::{
    Axis, Coordinate, SCREEN_DECIMALS, Setting, Spot, both, graded, in_degrees, is_at_null, named,
    report, setting,
};
use crate::detect::Scene;
use crate::detect::name::Name;
use crate::detect::value::{Degrees, degrees};
use crate::model::{DecodeStep, Field, Grade, PathId, Place, Step, Tally};

/// The halves of a position inside an object.
#[derive(Default)]
pub(super) struct Halves<'a> {
    pub(super) latitude: Option<Coordinate<'a>>,
    pub(super) longitude: Option<Coordinate<'a>>,
}

impl<'a> Halves<'a> {
    pub(super) fn set(&mut self, axis: Axis, coordinate: Coordinate<'a>) {
        match axis {
            Axis::Latitude => self.latitude = Some(coordinate),
            Axis::Longitude => self.longitude = Some(coordinate),
        }
    }
}

/// By place and object, and what the names of both halves have in common (`home_lat`, `home_lon`).
pub(super) type ByObject<T> = BTreeMap<(Place, PathId, Rc<str>), T>;

/// What halves under abbreviations have in common.
const SHORT: &str = "short of ";

/// A row of a list that may be one of a track: time, latitude and longitude, and how exact they are.
pub(super) struct Row<'a> {
    pub(super) object: PathId,
    pub(super) time: Option<&'a str>,
    pub(super) is_longer: bool,
    pub(super) halves: Halves<'a>,
}

/// Parts of positions, until all fields of a message have been looked at.
#[derive(Default)]
pub(super) struct Parts<'a> {
    pub(super) halves: ByObject<Halves<'a>>,
    pub(super) integers: ByObject<Integers<'a>>,
    pub(super) columns: ByObject<Columns<'a>>,
    pub(super) rows: BTreeMap<PathId, [Option<Coordinate<'a>>; 3]>,
    /// Rows by their list, where its name is of ways and of other things.
    pub(super) tracks: BTreeMap<PathId, Vec<Row<'a>>>,
    /// The same of objects with `x` and `y`.
    pub(super) trails: Trails<'a>,
    /// Rows that begin with a time.
    pub(super) timed: BTreeSet<PathId>,
    /// Lists of numbers without end, as corners on a screen are.
    pub(super) endless: BTreeSet<PathId>,
    /// The element before, where those of a list have one name.
    pub(super) before: Option<Coordinate<'a>>,
    /// The number before, where fields have no names.
    pub(super) unnamed: Option<Coordinate<'a>>,
    /// The same as it was sent, if it is a whole one.
    pub(super) whole: Option<(&'a Field<'a>, u64)>,
}

impl<'a> Parts<'a> {
    /// Takes half of a position, by its name; also one of a list of halves. `false` if it is none.
    pub(super) fn named_half(
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
    pub(super) fn half_on_plane(
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

    /// Takes half of a position under an abbreviation, below a name of positions. `false` if it is none.
    pub(super) fn short_half(
        &mut self,
        scene: &Scene<'_>,
        field: &'a Field<'a>,
        object: Option<PathId>,
    ) -> bool {
        let Some((axis, rest)) = short(scene, field) else {
            return false;
        };
        let exact = degrees(&field.value, axis.limit());
        let exact = exact.filter(|degrees| degrees.decimals >= SIZE_DECIMALS);
        let (Some(degrees), Some(object)) = (exact, object) else {
            return false;
        };
        let key = (field.place, object, Rc::from([SHORT, rest].concat()));
        self.halves
            .entry(key)
            .or_default()
            .set(axis, (field, degrees));
        true
    }

    /// Takes a number of a row that may be one of a track.
    pub(super) fn of_track(&mut self, scene: &Scene<'_>, field: &'a Field<'a>) {
        let paths = &scene.fields.paths;
        let Some((row, Step::Index(position))) = paths.split(field.path) else {
            return;
        };
        let Some((list, Step::Index(_))) = paths.split(row) else {
            return;
        };
        let track = self.tracks.entry(scene.first_of(list)).or_default();
        if track.last().is_none_or(|last| last.object != row) {
            track.push(Row {
                object: row,
                time: None,
                is_longer: false,
                halves: Halves::default(),
            });
        }
        let Some(row) = track.last_mut() else { return };
        let half = |limit| {
            let exact = degrees(&field.value, limit);
            let exact = exact.filter(|degrees| degrees.decimals >= SIZE_DECIMALS)?;
            Some((field, exact))
        };
        match position {
            0 => row.time = Some(&*field.value).filter(|text| is_time(text)),
            1 => row.halves.latitude = half(Axis::Latitude.limit()),
            2 => row.halves.longitude = half(Axis::Longitude.limit()),
            LONGEST_POSITION.. => row.is_longer = true,
            _ => {}
        }
    }

    /// Takes a number of a protobuf that may be half of a position: latitude and longitude have numbers in a row. `false` if it
    /// cannot be.
    pub(super) fn half_without_name(
        &mut self,
        scene: &Scene<'_>,
        tally: &mut Tally,
        field: &'a Field<'a>,
    ) -> bool {
        if let Some((first, both)) = self.zigzag(scene, field) {
            self.unnamed = None;
            report(scene, tally, (first, field), both.0, both.1);
            return true;
        }
        let may_be_time = self.unnamed.is_some_and(|(first, degrees)| {
            degrees.decimals == INTEGER_DECIMALS
                && (degrees.value < 0.0
                    || is_exact_integer(first)
                        && follows(scene, (first, degrees), field)
                        && is_no_time_of_message(scene, field))
        });
        let number = number_of_protobuf(scene, field, may_be_time)
            .or_else(|| near_greenwich(scene, self.unnamed?, field));
        let Some(number) = number else {
            return false;
        };
        match self.unnamed.take() {
            Some(first) if follows(scene, first, field) && !is_at_null(first.1, number) => {
                report(scene, tally, (first.0, field), first.1, number);
            }
            _ => self.unnamed = Some((field, number)),
        }
        true
    }

    /// The position that a whole number and the one before it are, if their signs are in their last bits (`sint32`, "Signed Integers")
    /// and they make no place where people live without that.
    fn zigzag(
        &mut self,
        scene: &Scene<'_>,
        field: &'a Field<'a>,
    ) -> Option<(&'a Field<'a>, (Degrees, Degrees))> {
        /// The northernmost towns, in ten millionths of a degree.
        const SETTLED: u64 = 720_000_000;
        const EASTERNMOST: u64 = 1_800_000_000;
        let is_protobuf = scene.fields.chain(field.chain).0.last() == Some(&DecodeStep::Protobuf);
        let number = field.value.parse::<u64>().ok().filter(|_| is_protobuf);
        let before = std::mem::replace(&mut self.whole, number.map(|number| (field, number)));
        let ((first, latitude), longitude) = (before?, number?);
        if latitude <= SETTLED && longitude <= EASTERNMOST {
            return None;
        }
        let degrees = |number: u64| {
            let half = i64::try_from(number >> 1).ok()?;
            let signed = if number & 1 == 0 { half } else { !half };
            Some(Degrees {
                value: in_degrees(signed, 1e7),
                decimals: INTEGER_DECIMALS,
                slack: None,
            })
        };
        let both = (degrees(latitude)?, degrees(longitude)?);
        let is_exact = |field: &Field<'_>| {
            is_exact_integer(field)
                && (!is_time(&field.value) || is_no_time_of_message(scene, field))
        };
        let are_times = is_time(&first.value) && is_time(&field.value);
        let is_position = both.1.value.abs() <= 180.0
            && latitude.min(longitude) >= SMALLEST_ZIGZAG
            && !is_at_null(both.0, both.1)
            && !are_times
            && is_exact(first)
            && is_exact(field)
            && follows(scene, (first, both.0), field);
        is_position.then_some((first, both))
    }

    /// Takes down what may be half of a position in integers.
    pub(super) fn integer(
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
    pub(super) fn element(
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
            Step::Index(0) if is_time(&field.value) => {
                self.timed.extend(scene.object(field));
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
    pub(super) fn report(self, scene: &Scene<'_>, tally: &mut Tally) {
        let keys = self.halves.keys().chain(self.integers.keys());
        let sent: BTreeSet<Corner> = keys
            .flat_map(|key| corners(scene, key))
            .map(|(corner, _)| corner)
            .collect();
        let is_of_view = |key: &(Place, PathId, Rc<str>)| {
            let (place, object, _) = *key;
            let is_across = |(corner, across): (Corner, &'static str)| {
                sent.contains(&(corner.0, corner.1, across))
            };
            corners(scene, key).any(is_across) && !is_fix(scene, place, object)
        };
        let integers = self.integers.into_iter();
        let in_degrees = integers
            .filter(|(key, _)| !is_of_view(key))
            .filter_map(halves_of_integers);
        // Abbreviations and planes are of shares and marks on a screen as well.
        let halves = self.halves.into_iter();
        let halves = halves.filter(|(key, _)| !is_of_view(key));
        let by_name = halves.filter_map(|((.., rest), half)| {
            let both = half.latitude.zip(half.longitude);
            let is_share = both.is_some_and(|((_, one), (_, other))| is_at_null(one, other));
            (!is_share || !rest.starts_with(SHORT)).then_some(half)
        });
        for half in by_name.chain(in_degrees) {
            if let (Some((field, latitude)), Some((other, longitude))) =
                (half.latitude, half.longitude)
            {
                report(scene, tally, (field, other), latitude, longitude);
            }
        }
        for track in self.tracks.values() {
            let positions = positions_of_track(track);
            let Some((first, ..)) = positions.first() else {
                continue;
            };
            let grade = match track_grade(scene, first.first) {
                Grade::Shape if is_chart_or_drawing(track, &positions) => continue,
                grade => grade,
            };
            for (at, latitude, longitude) in positions {
                graded(scene, tally, at, grade, (latitude, longitude));
            }
        }
        self.trails.report(scene, tally);
        for columns in self.columns.into_values() {
            for (at, latitude, longitude) in columns.positions() {
                report(scene, tally, at, latitude, longitude);
            }
        }
        for (object, row) in self.rows {
            match row {
                _ if self.endless.contains(&object) => {}
                [Some(first), Some(second), _] => both(scene, tally, first, second),
                // The time may stand before it, which is no angle.
                [None, Some((field, latitude)), Some((other, longitude))]
                    if self.timed.contains(&object)
                        && latitude.decimals.min(longitude.decimals) > SCREEN_DECIMALS
                        && latitude.value.abs() <= 90.0 =>
                {
                    named(scene, tally, (field, other), latitude, longitude);
                }
                _ => {}
            }
        }
    }
}

/// A corner of a map view in an object.
type Corner = (Place, PathId, &'static str);

/// The corners of map views that halves may be, each with the name of the one across: `ne_lat` beside `sw_lat`, and
/// `{"northeast": {"lat": …, "lng": …}, "southwest": {…}}`.
fn corners(
    scene: &Scene<'_>,
    key: &(Place, PathId, Rc<str>),
) -> impl Iterator<Item = (Corner, &'static str)> {
    let (place, object, rest) = key;
    let own = corner(rest).map(|(corner, across)| ((*place, *object, corner), across));
    let above = scene
        .fields
        .paths
        .split(*object)
        .and_then(|(parent, step)| {
            let Step::Name(name) = step else { return None };
            let (corner, across) = corner(&scene.names.get(name.position())?.normalised)?;
            Some(((*place, scene.first_of(parent), corner), across))
        });
    own.into_iter().chain(above)
}

/// Whether beside halves stands what only a receiver knows: how exact they are, how fast, how high.
fn is_fix(scene: &Scene<'_>, place: Place, object: PathId) -> bool {
    const NAMES: [&str; 8] = [
        "speed",
        "heading",
        "course",
        "time",
        "timestamp",
        "ts",
        "at",
        "recordedat",
    ];
    let mut names = scene.names_in(object, place);
    names.any(|name| is_of_fix(&name.normalised) || NAMES.contains(&&*name.normalised))
}

/// How sure it is that rows are positions: charts and drawings go by some of the names, unless something around speaks of positions.
fn track_grade(scene: &Scene<'_>, field: &Field<'_>) -> Grade {
    let name = scene.name(field);
    let is_of_other = name.is_some_and(|name| is_chart_too(&name.normalised));
    if is_of_other && !matches!(setting(scene, field, name), Setting::Position) {
        Grade::Shape
    } else {
        Grade::Decoded
    }
}

/// Whether rows are drawn, with many points a second, or of two numbers that measure the same, as bids and asks do.
pub(super) fn is_chart_or_drawing(rows: &[Row<'_>], positions: &[Located<'_>]) -> bool {
    /// Milliseconds from one position to the next, at least: receivers tell one a second.
    const LEAST: f64 = 500.0;
    /// Of a number, what two that measure the same differ by.
    const SHARE: f64 = 0.01;
    let milliseconds = |row: &Row<'_>| {
        let number = row.time?.parse::<f64>().ok()?;
        Some(if number < LATEST_SECOND {
            number * 1000.0
        } else {
            number
        })
    };
    let is_drawn = rows.windows(2).any(|pair| match pair {
        [one, other] => match (milliseconds(one), milliseconds(other)) {
            (Some(one), Some(other)) => (other - one).abs() < LEAST,
            _ => one.time == other.time,
        },
        _ => false,
    });
    let is_same = |(_, north, east): &Located<'_>| {
        (north.value - east.value).abs() <= north.value.abs().max(east.value.abs()) * SHARE
    };
    is_drawn || positions.iter().any(is_same)
}

/// A position, and where it stands.
pub(super) type Located<'a> = (Spot<'a>, Degrees, Degrees);

/// The positions of rows that are those of a way: each with a time, one not far from the next. None where a row is not: series of
/// measurements have times, too.
pub(super) fn positions_of_track<'a>(rows: &[Row<'a>]) -> Vec<Located<'a>> {
    const LEAST: usize = 3;
    /// Degrees from one row to the next, at most: some minutes in a train.
    const STEP: f64 = 0.1;
    let all = rows.iter().map(|row| {
        let ((field, latitude), (other, longitude)) =
            row.halves.latitude.zip(row.halves.longitude)?;
        let fits = row.time.is_some() && !row.is_longer && !is_at_null(latitude, longitude);
        fits.then_some(((field, other).into(), latitude, longitude))
    });
    let Some(all) = all.collect::<Option<Vec<_>>>() else {
        return Vec::new();
    };
    let is_near = |one: Degrees, other: Degrees| (one.value - other.value).abs() <= STEP;
    let is_way = all.windows(2).all(|pair| match pair {
        [(_, north, east), (_, next, beside)] => is_near(*north, *next) && is_near(*east, *beside),
        _ => false,
    });
    if all.len() >= LEAST && is_way {
        all
    } else {
        Vec::new()
    }
}

/// Unix times above are in milliseconds.
const LATEST_SECOND: f64 = 2e9;

/// Numbers of one position in a list: latitude, longitude, height, time.
pub(super) const LONGEST_POSITION: u32 = 4;

/// Which axis a field is by an abbreviation, where the name above is of positions.
fn short<'s>(scene: &'s Scene<'_>, field: &Field<'_>) -> Option<(Axis, &'s str)> {
    let name = scene.name(field)?;
    let (axis, rest) = name.short_axis.as_ref()?;
    let mut above = scene.fields.paths.steps_back(field.path).skip(1);
    let above = above.find_map(|step| match step {
        Step::Name(name) => scene.names.get(name.position()),
        Step::Index(_) => None,
    })?;
    // Squares of boards and rooms have `x` and `y`, too.
    let is_plane = matches!(&*name.normalised, "x" | "y");
    let has_accuracy = || has_accuracy(scene, field);
    let is_told = if is_plane {
        above.is_of_position && has_accuracy()
    } else {
        above.is_of_position || !rest.is_empty() && has_accuracy()
    };
    let is_in_room = || scene.has_name_beside(field, &["z"]);
    (is_told && !is_in_room()).then_some((*axis, &**rest))
}

/// Names, normalised, of members that say in which system of coordinates of the earth those beside them are.
const SYSTEMS: [&str; 5] = [
    "coortype",
    "coordtype",
    "coordinatetype",
    "coordinatesystem",
    "coordsys",
];

/// Which axis a field is that is called `x` or `y`; none where there is a `z`, as in a room.
pub(super) fn plane(scene: &Scene<'_>, field: &Field<'_>) -> Option<Axis> {
    let name = scene
        .name(field)
        .filter(|name| name.normalised.len() == 1)?;
    let axis = match &*name.normalised {
        "x" => Axis::Longitude,
        "y" => Axis::Latitude,
        _ => return None,
    };
    // Baidu's systems of degrees: https://lbsyun.baidu.com/docs/android?title=androidsdk/guide/tool/coordinate
    if scene.has_name_beside(field, &SYSTEMS) {
        return Some(axis);
    }
    let mut above = scene.fields.paths.steps_back(field.path).skip(1);
    let Step::Name(above) = above.next()? else {
        return None;
    };
    let above = scene.names.get(above.position())?;
    let axis = plane_axis(&name.normalised, &above.normalised)?;
    // Timetables have millionths of degrees; others say in which system of coordinates.
    let is_timetable = above.normalised.ends_with("crd");
    let has_system = || {
        let mut names = scene.names.iter();
        names.any(|name| matches!(&*name.normalised, "wkid" | "spatialreference" | "srid"))
    };
    let is_in_room = scene.has_name_beside(field, &["z"]);
    (!is_in_room && (is_timetable || has_system())).then_some(axis)
}

/// Decimals that no width or length of a thing is sent with.
pub(super) const SIZE_DECIMALS: usize = 4;

/// Whether the object of a field says how exact it is, as positions do and sizes do not.
pub(super) fn has_accuracy(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    scene.has_name_beside(field, &["acc", "accuracy", "genauigkeit"])
}
