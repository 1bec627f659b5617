//! Ways whose points are objects with `x`, `y` and a time: `[{"t": 1772355600, "y": 52.5200, "x": 13.4050}, …]`. Rooms and screens
//! have these names, too, so it takes several that lie one behind the other on earth, and a word of ways around them.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::integer::is_time;
use super::parts::{Located, Row, is_chart_or_drawing, positions_of_track};
use super::unnamed::{WAYS, speaks_of_way};
use super::words::is_about_position;
use super::{Axis, graded};
use crate::detect::Scene;
use crate::detect::value::degrees;
use crate::model::{Field, Grade, Look, PathId, Place, Step, Tally};

/// Points of ways, until all fields of a message have been looked at.
#[derive(Default)]
pub(super) struct Trails<'a>(BTreeMap<(Place, PathId), Row<'a>>);

impl<'a> Trails<'a> {
    /// Takes half of a point.
    pub(super) fn take(&mut self, scene: &Scene<'_>, field: &'a Field<'a>, object: Option<PathId>) {
        let name = scene.name(field).map_or("", |name| &*name.normalised);
        let axis = match name {
            "x" => Axis::Longitude,
            "y" => Axis::Latitude,
            _ => return,
        };
        let exact = degrees(&field.value, axis.limit());
        let exact = exact.filter(|degrees| degrees.decimals >= LEAST_DECIMALS);
        let (Some(degrees), Some(object)) = (exact, object) else {
            return;
        };
        let point = self.0.entry((field.place, object)).or_insert_with(|| Row {
            object,
            time: None,
            // of a room
            is_longer: scene.has_name_beside(field, &["z"]),
            halves: super::parts::Halves::default(),
        });
        point.halves.set(axis, (field, degrees));
    }

    /// Reports the points of ways.
    pub(super) fn report(self, scene: &Scene<'_>, tally: &mut Tally) {
        if self.0.len() < LEAST {
            return;
        }
        let mut times: HashMap<(Place, PathId), &str> = HashMap::new();
        let numbers = scene.fields.iter();
        for field in numbers.filter(|field| field.look.has(Look::DIGIT)) {
            if let Some(object) = scene.object(field)
                && self.0.contains_key(&(field.place, object))
                && is_time(&field.value)
                && let Some(name) = scene.name(field)
                && TIMES.contains(&&*name.normalised)
            {
                times.entry((field.place, object)).or_insert(&field.value);
            }
        }
        let is_of_way = speaks_of_way(scene);
        let mut ways: HashMap<(Place, PathId), Vec<Row<'_>>> = HashMap::new();
        for ((place, object), point) in self.0 {
            let time = times.get(&(place, object)).copied();
            let point = Row { time, ..point };
            if let Some((list, Step::Index(_))) = scene.fields.paths.split(object)
                && (is_of_way || is_under_way(scene, list))
            {
                let way = ways.entry((place, scene.first_of(list))).or_default();
                way.push(point);
            }
        }
        for way in ways.values().filter(|way| way.len() >= LEAST) {
            let positions: Vec<Located<'_>> = positions_of_track(way);
            if is_chart_or_drawing(way, &positions) {
                continue;
            }
            for (field, latitude, longitude) in positions {
                graded(scene, tally, field, Grade::Shape, (latitude, longitude));
            }
        }
    }
}

/// Whether a name above says that something is a way, or of positions.
fn is_under_way(scene: &Scene<'_>, list: PathId) -> bool {
    let mut names = scene.fields.paths.path(list).names_back();
    names.any(|name| is_about_position(name) || WAYS.contains(&&*name.to_lowercase()))
}

/// Points of a way.
const LEAST: usize = 5;
/// Decimals of a half: what sensors measure has fewer.
const LEAST_DECIMALS: usize = 5;
/// Names of times, normalised: numbers of nodes of a graph may be as long.
const TIMES: [&str; 14] = [
    "t",
    "ts",
    "tst",
    "time",
    "timems",
    "timestamp",
    "timestampms",
    "datetime",
    "date",
    "at",
    "when",
    "epoch",
    "recordedat",
    "zeit",
];
