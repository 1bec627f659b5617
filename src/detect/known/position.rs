//! Known positions, in the forms in which coordinates travel: degrees, scaled integers, radians, degrees with minutes and
//! seconds, geohash, Open Location Code, H3 cells, map tiles.

mod angle;
mod place;
mod text;
mod tile;

use std::collections::BTreeMap;

use super::super::{Scene, location, value};
use super::cell::named_geohash;
use super::scan::Hit;
use crate::model::{DecodeStep, Field, Look, PathId, Place as Part, Step};

use self::angle::{Angle, TELLING_DECIMALS, of_other_type, readings};
pub(super) use self::place::Place;
pub(super) use self::text::within_text;
use self::tile::tiles_with;

/// Fields between latitude and longitude of one position, at most, unless both have names that say so.
const FIELDS_BETWEEN: usize = 4;
/// Longitudes of one object that have such a name, at most.
const NAMED: usize = 8;

/// An object, and an element of lists in it that belong to each other.
type Key = (Part, PathId, Option<u32>);

/// Where the other half of a position may stand: in the same object, and, of the element of a list of latitudes, in one of longitudes.
fn keys(scene: &Scene<'_>, field: &Field<'_>) -> impl Iterator<Item = Key> {
    let paths = &scene.fields.paths;
    let object = location::member(scene, field).1;
    let element = paths.split(field.path).and_then(|(list, step)| {
        let Step::Index(number) = step else {
            return None;
        };
        let (holder, _) = paths.split(list).filter(|_| names_axis(scene, field))?;
        Some((holder, number))
    });
    let object = object.map(|object| (field.place, object, None));
    let element = element.map(|(holder, number)| (field.place, holder, Some(number)));
    object.into_iter().chain(element)
}

/// Whether a field's name is that of a latitude or longitude.
fn names_axis(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    let name = scene.name(field);
    name.is_some_and(|name| name.axis.is_some() || name.short_axis.is_some())
}

/// A number that may be half of a known position.
#[derive(Clone, Copy)]
struct Half {
    place: u32,
    angle: Angle,
    field: usize,
}

/// Looks for known positions in the fields of one message.
pub(super) fn fields(places: &[Place], scene: &Scene<'_>, found: &mut dyn FnMut(usize, Hit)) {
    if places.is_empty() {
        return;
    }
    let fields = scene.fields;
    // Latitudes of places, by the object they stand in.
    let mut latitudes: BTreeMap<Key, Vec<Half>> = BTreeMap::new();
    let mut longitudes = latitudes.clone();
    for (number, field) in fields.iter().enumerate() {
        if may_be_geohash(field) && is_called_hash(fields.name(field)) {
            named_geohash(places, &field.value, &mut |hit| found(number, hit));
        }
        if !field.look.has(Look::DIGIT) {
            continue;
        }
        within_text(places, &field.value, &mut |hit| found(number, hit));
        let written = value::with_decimal_point(&field.value);
        let mut angles = readings(&written);
        if scene.fields.chain(field.chain).0.last() == Some(&DecodeStep::Protobuf) {
            angles.extend(of_other_type(&written));
        }
        if angles.is_empty() {
            continue;
        }
        let keys: Vec<Key> = keys(scene, field).collect();
        for angle in angles {
            for place in places {
                let entry = Half {
                    place: place.id,
                    angle,
                    field: number,
                };
                for key in &keys {
                    if place.has_latitude(angle.degrees, angle.slack) {
                        latitudes.entry(*key).or_default().push(entry);
                    }
                    if place.has_longitude(angle.degrees, angle.slack) {
                        longitudes.entry(*key).or_default().push(entry);
                    }
                }
            }
        }
    }
    tiles_with(places, scene, found);
    let is_axis = |half: &Half| {
        fields
            .get(half.field)
            .is_some_and(|field| is_axis(fields.name(field)) || names_axis(scene, field))
    };
    let has_name = |half: &&Half| {
        let field = fields.get(half.field);
        field.is_some_and(|field| names_axis(scene, field))
    };
    for (key, candidates) in &latitudes {
        let longitudes = longitudes.get(key).map_or(&[][..], Vec::as_slice);
        let named: Vec<Half> = longitudes
            .iter()
            .copied()
            .filter(|half| has_name(&half))
            .take(NAMED)
            .collect();
        for latitude in candidates {
            let belongs = |longitude: &&Half| {
                let decimals = latitude.angle.decimals.min(longitude.angle.decimals);
                latitude.place == longitude.place
                    && latitude.angle.scale == longitude.angle.scale
                    && latitude.field != longitude.field
                    && (decimals >= TELLING_DECIMALS || is_axis(latitude) && is_axis(longitude))
            };
            let far = if named.is_empty() || !has_name(&latitude) {
                &[][..]
            } else {
                named.as_slice()
            };
            let nearest = near(longitudes, latitude.field)
                .iter()
                .chain(far)
                .filter(belongs)
                .map(|longitude| {
                    let metres = latitude.angle.metres().max(longitude.angle.metres());
                    (metres, longitude.field)
                })
                .reduce(|best, next| if next.0 < best.0 { next } else { best });
            if let Some((metres, other)) = nearest {
                let steps = latitude.angle.scale.steps();
                let other_half = fields.get(other).map(|field| field.path);
                let hit = Hit {
                    other_half,
                    ..hit(latitude.place, steps, metres)
                };
                found(latitude.field, hit);
            }
        }
    }
}

/// Whether a value is a word of letters or digits alone, as few geohashes are.
fn may_be_geohash(field: &Field<'_>) -> bool {
    let is_mixed = field.look.has(Look::DIGIT) && !field.look.is_all(Look::DIGIT);
    (5..=12).contains(&field.value.len()) && field.look.is_all(Look::BASE64) && !is_mixed
}

fn is_called_hash(name: &str) -> bool {
    ["hash", "Hash", "HASH"]
        .iter()
        .any(|word| name.contains(word))
}

/// Those of some numbers, in the order of their fields, that stand near a field.
fn near(halves: &[Half], field: usize) -> &[Half] {
    let first = field.saturating_sub(FIELDS_BETWEEN);
    let last = field.saturating_add(FIELDS_BETWEEN);
    let start = halves.partition_point(|half| half.field < first);
    let end = halves.partition_point(|half| half.field <= last);
    halves.get(start..end).unwrap_or_default()
}

/// A place that was found, in a form that is so many metres exact.
pub(super) fn hit(value: u32, steps: Vec<DecodeStep>, metres: f64) -> Hit {
    Hit {
        steps,
        metres: Some(value::whole_metres(metres)),
        ..Hit::of(value)
    }
}

/// Whether a name speaks of latitude or longitude.
fn is_axis(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["lat", "lon", "lng"].iter().any(|axis| name.contains(axis))
        || matches!(name.as_str(), "x" | "y")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_compared_with_those_near_it_alone() {
        let half = |field| Half {
            place: 0,
            angle: readings("13.40495")[0],
            field,
        };
        let halves: Vec<Half> = [0, 1, 5, 5, 9, 10].map(half).to_vec();
        let fields = |field| {
            let near = near(&halves, field).iter();
            near.map(|half| half.field).collect::<Vec<usize>>()
        };
        assert_eq!(fields(5), [1, 5, 5, 9]);
        assert_eq!(fields(0), [0, 1]);
        assert_eq!(fields(15), <[usize; 0]>::default());
    }
}
