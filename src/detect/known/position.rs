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
pub(super) use self::place::{Place, Places};
pub(super) use self::text::within_text;
use self::tile::tiles_with;

/// Fields between latitude and longitude of one position, at most, unless both have names that say so.
const FIELDS_BETWEEN: usize = 4;
/// Readings of numbers of one object that have such a name, at most.
const NAMED: usize = 64;

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
    angle: Angle,
    field: usize,
    /// Whether the name of its field is that of a latitude or longitude.
    has_name: bool,
}

/// Looks for known positions in the fields of one message.
pub(super) fn fields(places: &Places, scene: &Scene<'_>, found: &mut dyn FnMut(usize, Hit)) {
    if places.is_empty() {
        return;
    }
    let fields = scene.fields;
    // By the object they stand in, and in the order of their fields.
    let mut halves: BTreeMap<Key, Vec<Half>> = BTreeMap::new();
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
        angles.retain(|angle| may_be_half(places, angle, scene, field));
        if angles.is_empty() {
            continue;
        }
        let has_name = names_axis(scene, field);
        for key in keys(scene, field) {
            let halves = halves.entry(key).or_default();
            halves.extend(angles.iter().map(|angle| Half {
                angle: *angle,
                field: number,
                has_name,
            }));
        }
    }
    tiles_with(places, scene, found);
    for halves in halves.values() {
        let named = halves.iter().filter(|half| half.has_name);
        let named: Vec<Half> = named.copied().take(NAMED).collect();
        for latitude in halves {
            let angle = latitude.angle;
            let far = if latitude.has_name {
                named.as_slice()
            } else {
                &[][..]
            };
            for place in places.at_latitude(angle.degrees, angle.slack) {
                let belongs = |longitude: &&Half| {
                    longitude.angle.scale == angle.scale
                        && longitude.field != latitude.field
                        && place.has_longitude(longitude.angle.degrees, longitude.angle.slack)
                };
                let nearest = near(halves, latitude.field)
                    .iter()
                    .chain(far)
                    .filter(belongs)
                    .map(|longitude| {
                        let metres = angle.metres().max(longitude.angle.metres());
                        (metres, longitude.field)
                    })
                    .reduce(|best, next| if next.0 < best.0 { next } else { best });
                if let Some((metres, other)) = nearest {
                    let other_half = fields.get(other).map(|field| field.path);
                    let hit = Hit {
                        other_half,
                        ..hit(place.id, angle.scale.steps(), metres)
                    };
                    found(latitude.field, hit);
                }
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

/// Whether a number may be half of a place: with few decimals only under a name that speaks of latitude or longitude.
fn may_be_half(places: &Places, angle: &Angle, scene: &Scene<'_>, field: &Field<'_>) -> bool {
    let is_of_place = || {
        let mut at_latitude = places.at_latitude(angle.degrees, angle.slack);
        at_latitude.next().is_some() || places.may_be_at_longitude(angle.degrees, angle.slack)
    };
    let is_called_so = || is_axis(scene.fields.name(field)) || names_axis(scene, field);
    is_of_place() && (angle.decimals >= TELLING_DECIMALS || is_called_so())
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
            angle: readings("13.40495")[0],
            field,
            has_name: false,
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
