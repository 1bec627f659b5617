//! Ways whose points are objects with `x`, `y` and a time: `[{"t": 1772355600, "y": 52.5200, "x": 13.4050}, …]`. Rooms and screens
//! have these names, too, so it takes several that lie one behind the other on earth, and a word of ways or places around them.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::integer::is_time;
use super::parts::{Located, Row, SIZE_DECIMALS, is_chart_or_drawing, positions_of_track};
use super::unnamed::{WAYS, speaks_of_way};
use super::words::is_about_position;
use super::{Axis, Degrees, graded};
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
        let exact = exact.filter(|degrees| degrees.decimals >= SIZE_DECIMALS);
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
        let is_of_way = speaks_of_way(scene);
        // Their times.
        let mut times: HashMap<(Place, PathId), &str> = HashMap::new();
        let numbers = scene.fields.iter();
        for field in numbers.filter(|field| field.look.has(Look::DIGIT)) {
            if let Some(object) = scene.object(field)
                && self.0.contains_key(&(field.place, object))
                && scene
                    .name(field)
                    .is_some_and(|name| is_of_time(&name.normalised))
                && is_time(&field.value)
            {
                times.entry((field.place, object)).or_insert(&field.value);
            }
        }
        let mut ways: HashMap<(Place, PathId), Vec<Row<'_>>> = HashMap::new();
        for ((place, object), point) in self.0 {
            let time = times.get(&(place, object)).copied();
            let point = Row { time, ..point };
            if let Some((list, Step::Index(_))) = scene.fields.paths.split(object)
                && (is_of_way || is_below_way(scene, list))
            {
                let way = ways.entry((place, scene.first_of(list))).or_default();
                way.push(point);
            }
        }
        for way in ways.values().filter(|way| way.len() >= LEAST) {
            let positions: Vec<Located<'_>> = positions_of_track(way);
            if is_chart_or_drawing(way, &positions) || !is_on_earth(&positions) {
                continue;
            }
            for (at, latitude, longitude) in positions {
                graded(scene, tally, at, Grade::Shape, (latitude, longitude));
            }
        }
    }
}

/// Points of a way.
const LEAST: usize = 5;

/// Whether a name, normalised, is that of a time: ids have as many digits.
fn is_of_time(name: &str) -> bool {
    const NAMES: [&str; 10] = [
        "t", "ts", "tst", "at", "ms", "sec", "utc", "date", "epoch", "zeit",
    ];
    NAMES.contains(&name) || name.ends_with("time") || name.ends_with("timestamp")
}

/// Whether a list, or what it is in, is called after a way or places.
fn is_below_way(scene: &Scene<'_>, list: PathId) -> bool {
    let paths = &scene.fields.paths;
    paths.steps_back(list).any(|step| match step {
        Step::Name(name) => {
            let name = paths.text(name);
            is_about_position(name) || WAYS.contains(&&*name.to_lowercase())
        }
        Step::Index(_) => false,
    })
}

/// Whether most positions have the decimals of a metre, and each is near the next: metres in rooms, shares and what sensors measure
/// have fewer and change by more.
fn is_on_earth(positions: &[Located<'_>]) -> bool {
    const DECIMALS: usize = 5;
    /// Degrees: a kilometre.
    const STEP: f64 = 0.01;
    let exact = positions
        .iter()
        .filter(|(_, north, east)| north.decimals.min(east.decimals) >= DECIMALS);
    let is_near = |one: Degrees, other: Degrees| (one.value - other.value).abs() <= STEP;
    exact.count().saturating_mul(2) > positions.len()
        && positions.windows(2).all(|pair| match pair {
            [(_, north, east), (_, next, beside)] => {
                is_near(*north, *next) && is_near(*east, *beside)
            }
            _ => false,
        })
}
