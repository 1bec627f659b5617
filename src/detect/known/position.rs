//! Known positions, in the forms in which coordinates travel: degrees, scaled integers, radians, degrees with minutes and
//! seconds, geohash, Open Location Code, H3 cells, map tiles.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use super::super::value::METRES_PER_DEGREE;
use super::super::{Scene, location, value};
use super::cell::{cell, named_geohash, tile, tiles};
use super::scan::Hit;
use crate::model::{DecodeStep, Field, KnownKind, KnownValue, Look, PathId, Place as Part, Step};

/// Fields between latitude and longitude of one position, at most, unless both have names that say so.
const FIELDS_BETWEEN: usize = 4;
/// Longitudes of one object that have such a name, at most.
const NAMED: usize = 8;
/// Decimals from which on two numbers beside each other are a position without a name that says so: about a kilometre.
const TELLING_DECIMALS: usize = 2;

/// A position that is looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) id: u32,
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) radius_metres: f64,
}

impl Place {
    pub(super) fn of(known: &KnownValue, id: u32) -> Option<Self> {
        if known.kind != KnownKind::Position || known.is_digest {
            return None;
        }
        let mut numbers = known
            .value
            .reveal()
            .split([',', ';', ' '])
            .filter(|part| !part.is_empty());
        let latitude: f64 = numbers.next()?.trim().parse().ok()?;
        let longitude: f64 = numbers.next()?.trim().parse().ok()?;
        (latitude.abs() <= 90.0 && longitude.abs() <= 180.0).then_some(Self {
            id,
            latitude,
            longitude,
            radius_metres: f64::from(known.radius_metres.max(1)),
        })
    }

    /// Degrees of latitude from the one of these places that reaches farthest to its edge.
    pub(super) fn widest(places: &[Self]) -> f64 {
        let radii = places.iter().map(|place| place.radius_metres);
        radii.fold(0.0, f64::max) / METRES_PER_DEGREE
    }

    /// Those of places in the order of their latitudes that are within so many degrees of this one.
    pub(super) fn near(places: &[Self], latitude: f64, margin: f64) -> &[Self] {
        let from = places.partition_point(|place| place.latitude < latitude - margin);
        let behind = places.partition_point(|place| place.latitude <= latitude + margin);
        places.get(from..behind).unwrap_or_default()
    }

    /// In the order of latitudes.
    pub(super) fn in_order(mut places: Vec<Self>) -> Vec<Self> {
        places.sort_by(|one, other| one.latitude.total_cmp(&other.latitude));
        places
    }

    pub(super) fn margin_of_longitude(self) -> f64 {
        self.radius_metres / (METRES_PER_DEGREE * self.latitude.to_radians().cos().max(0.01))
    }

    /// The longer side of a box around it, from its sides in degrees.
    pub(super) fn metres_of_box(self, high: f64, wide: f64) -> f64 {
        high.max(wide * self.latitude.to_radians().cos()) * METRES_PER_DEGREE
    }

    /// Whether a latitude, known to `slack` degrees, is that of this place.
    pub(super) fn has_latitude(self, latitude: f64, slack: f64) -> bool {
        (latitude - self.latitude).abs() <= self.radius_metres / METRES_PER_DEGREE + slack
    }

    pub(super) fn has_longitude(self, longitude: f64, slack: f64) -> bool {
        (longitude - self.longitude).abs() <= self.margin_of_longitude() + slack
    }
}

/// A number as written, in degrees by one of the ways to scale it.
#[derive(Clone, Copy, Debug)]
struct Angle {
    degrees: f64,
    /// Half a unit of the last digit written.
    slack: f64,
    decimals: usize,
    scale: Scale,
}

impl Angle {
    /// How exact it was written, in metres of latitude.
    fn metres(self) -> f64 {
        match self.scale {
            Scale::Sexagesimal => self.slack * 2.0 * METRES_PER_DEGREE,
            _ => metres_of(self.decimals),
        }
    }
}

/// How degrees were made a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scale {
    Degrees,
    E5,
    E6,
    E7,
    Radians,
    Sexagesimal,
}

impl Scale {
    fn steps(self) -> Vec<DecodeStep> {
        match self {
            Self::Degrees => Vec::new(),
            Self::E5 | Self::E6 | Self::E7 => vec![DecodeStep::Scaled],
            Self::Radians => vec![DecodeStep::Radians],
            Self::Sexagesimal => vec![DecodeStep::Sexagesimal],
        }
    }
}

/// The readings of one written number.
fn readings(text: &str) -> Vec<Angle> {
    let bare = value::without_direction(text);
    let text = bare.as_deref().unwrap_or(text).trim();
    let sexagesimal = |degrees: f64, slack: f64| Angle {
        degrees,
        slack,
        decimals: TELLING_DECIMALS,
        scale: Scale::Sexagesimal,
    };
    if let Some((degrees, slack)) = value::sexagesimal(text) {
        return vec![sexagesimal(degrees, slack)];
    }
    if let Some((degrees, slack)) = value::degrees_in_a_row(text) {
        // Pictures have the direction in a field of its own.
        return vec![sexagesimal(degrees, slack), sexagesimal(-degrees, slack)];
    }
    if let Some((degrees, slack)) = value::degrees_with_direction(text) {
        return vec![sexagesimal(degrees, slack)];
    }
    let is_number = text.len() <= 32
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if !is_number {
        return Vec::new();
    }
    let Ok(number) = text.parse::<f64>() else {
        return Vec::new();
    };
    let mut readings = Vec::new();
    let mut add = |degrees: f64, slack: f64, decimals: usize, scale: Scale| {
        if degrees.abs() <= 180.0 {
            readings.push(Angle {
                degrees,
                slack,
                decimals,
                scale,
            });
        }
    };
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| {
        decimals.bytes().take_while(u8::is_ascii_digit).count()
    });
    let unit = value::half_a_unit(decimals);
    if text.contains('.') {
        add(number, unit, decimals, Scale::Degrees);
        if decimals >= 4 && number.abs() <= PI {
            add(
                number.to_degrees(),
                unit.to_degrees(),
                decimals.saturating_sub(2),
                Scale::Radians,
            );
        }
    } else {
        add(number, 0.5, 0, Scale::Degrees);
        if number.abs() >= 1e4 {
            add(number / 1e5, 1e-5, 5, Scale::E5);
            add(number / 1e6, 1e-6, 6, Scale::E6);
            add(number / 1e7, 1e-7, 7, Scale::E7);
        }
    }
    readings
}

/// The readings of a number of protobuf as one of another type: of `sint32` or `sint64`, whose sign is the last bit, and of
/// `sfixed32`, whose four bytes may look like a greater number or a float.
fn of_other_type(text: &str) -> Vec<Angle> {
    let mut numbers: Vec<i64> = Vec::new();
    if let Ok(number) = text.parse::<u64>() {
        let half = (number >> 1).cast_signed();
        numbers.push(if number & 1 == 0 { half } else { !half });
        let four_bytes = u32::try_from(number).ok();
        let signed = four_bytes.map(u32::cast_signed).filter(|it| *it < 0);
        numbers.extend(signed.map(i64::from));
    } else if let Ok(float) = text.parse::<f32>() {
        numbers.push(float.to_bits().cast_signed().into());
    }
    let readings = numbers
        .iter()
        .flat_map(|number| readings(&number.to_string()));
    readings
        .filter(|angle| matches!(angle.scale, Scale::E5 | Scale::E6 | Scale::E7))
        .collect()
}

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

/// Looks for tiles of maps that hold a place.
fn tiles_with(places: &[Place], scene: &Scene<'_>, found: &mut dyn FnMut(usize, Hit)) {
    for (field, [zoom, x, y]) in tiles_of(scene) {
        if let Ok(zoom) = u8::try_from(zoom) {
            tile(places, zoom, x, y, &mut |hit| found(field, hit));
        }
    }
    for (field, [zoom, first, second]) in tiles_in_path(scene) {
        if let Ok(zoom) = u8::try_from(zoom) {
            // Column and row, or the other way round as ArcGIS has them.
            for (x, y) in [(first, second), (second, first)] {
                tile(places, zoom, x, y, &mut |hit| found(field, hit));
            }
        }
    }
}

/// Those of some numbers, in the order of their fields, that stand near a field.
fn near(halves: &[Half], field: usize) -> &[Half] {
    let first = field.saturating_sub(FIELDS_BETWEEN);
    let last = field.saturating_add(FIELDS_BETWEEN);
    let start = halves.partition_point(|half| half.field < first);
    let end = halves.partition_point(|half| half.field <= last);
    halves.get(start..end).unwrap_or_default()
}

/// Tiles whose zoom level, column and row are members of one object, with the field of the first.
fn tiles_of(scene: &Scene<'_>) -> impl Iterator<Item = (usize, [u32; 3])> {
    /// The field of its first member, zoom level, column, row.
    type Members = (usize, [Option<u32>; 3]);
    let mut tiles: BTreeMap<(Part, PathId), Members> = BTreeMap::new();
    for (number, field) in scene.fields.iter().enumerate() {
        let slot = match scene.fields.name(field) {
            "z" | "zoom" | "Z" | "level" | "zoomLevel" | "zoom_level" => 0,
            "x" | "X" | "tileX" | "tile_x" | "col" | "column" => 1,
            "y" | "Y" | "tileY" | "tile_y" | "row" => 2,
            _ => continue,
        };
        let Some(object) = scene.object(field) else {
            continue;
        };
        let tile = tiles
            .entry((field.place, object))
            .or_insert((number, [None; 3]));
        if let Some(slot) = tile.1.get_mut(slot) {
            *slot = field.value.parse().ok();
        }
    }
    tiles.into_values().filter_map(|(field, tile)| {
        let [zoom, x, y] = tile;
        Some((field, [zoom?, x?, y?]))
    })
}

/// Three segments of the request's path that follow each other and are numbers, as a tile's zoom level and place (`/15/17602/10747@2x.png`), with the
/// field of the first.
fn tiles_in_path<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = (usize, [u32; 3])> + 'a {
    let paths = &scene.fields.paths;
    let segments = scene.fields.iter().enumerate();
    let segments = segments.take_while(|(_, field)| field.place == Part::Path);
    let segments = segments.filter_map(|(number, field)| match paths.split(field.path)? {
        (parent, Step::Index(position)) if parent == PathId::default() => {
            let digits = field.value.bytes().take_while(u8::is_ascii_digit).count();
            let (digits, rest) = field.value.split_at_checked(digits)?;
            let is_number = rest.is_empty() || rest.starts_with(['.', '@']);
            let value = is_number.then(|| digits.parse::<u32>().ok()).flatten()?;
            Some((number, position, value))
        }
        _ => None,
    });
    let segments: Vec<(usize, u32, u32)> = segments.collect();
    let mut tiles = Vec::new();
    for window in segments.windows(3) {
        if let [(field, at, zoom), (_, next, x), (_, last, y)] = window
            && next.checked_sub(*at) == Some(1)
            && last.checked_sub(*next) == Some(1)
        {
            tiles.push((*field, [*zoom, *x, *y]));
        }
    }
    tiles.into_iter()
}

/// A place that was found, in a form that is so many metres exact.
pub(super) fn hit(value: u32, steps: Vec<DecodeStep>, metres: f64) -> Hit {
    Hit {
        steps,
        metres: Some(value::whole_metres(metres)),
        ..Hit::of(value)
    }
}

/// Metres of the last digit of degrees with so many decimals, as `rules/identifiers.toml` counts them.
fn metres_of(decimals: usize) -> f64 {
    value::half_a_unit(decimals) * 2.0 * 111_000.0
}

/// Whether a name speaks of latitude or longitude.
fn is_axis(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["lat", "lon", "lng"].iter().any(|axis| name.contains(axis))
        || matches!(name.as_str(), "x" | "y")
}

/// Positions within one value: pairs of numbers, sexagesimal notation, cells and tiles.
pub(super) fn within_text(places: &[Place], text: &str, found: &mut dyn FnMut(Hit)) {
    if text.len() < 4 || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return;
    }
    pairs(places, text, found);
    // Commas are decimal points or part what is beside each other: that is told of a pair by itself.
    let parts = text
        .split(['|', '\t', '='])
        .filter(|part| part.len() < text.len());
    for part in std::iter::once(text).chain(parts) {
        if let Some(pair) = value::pair_with_decimal_points(part) {
            pairs(places, &pair, found);
        }
    }
    with_decimal_commas(places, text, found);
    sexagesimal(places, text, found);
    tiles(places, text, found);
    let is_cell = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+';
    for token in text.as_bytes().split(|byte| !is_cell(*byte)) {
        if let Ok(token) = str::from_utf8(token) {
            cell(places, token, found);
        }
    }
}

/// Two words behind each other that are numbers with decimal commas, among others: `at=52,52001 13,40495 ok`.
fn with_decimal_commas(places: &[Place], text: &str, found: &mut dyn FnMut(Hit)) {
    if !text.contains(',') {
        return;
    }
    let is_mark = |mark: char| mark.is_whitespace() || mark.is_control() || "=|;\"'".contains(mark);
    let number = |word: &str| {
        let (whole, decimals) = word.split_once(',')?;
        let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_number = (1..=3).contains(&digits.len())
            && decimals.len() >= TELLING_DECIMALS
            && are_digits(digits)
            && are_digits(decimals);
        is_number.then(|| format!("{whole}.{decimals}"))
    };
    let mut before: Option<String> = None;
    for word in text.split(is_mark).filter(|word| !word.is_empty()) {
        let next = number(word.trim_end_matches(','));
        if let Some((first, second)) = before.take().zip(next.as_ref()) {
            pairs(places, &format!("{first} {second}"), found);
        }
        before = next;
    }
}

/// Numbers with decimals that follow each other: `52.5200,13.4050`, `POINT(13.4050 52.5200)`, `@52.52,13.405,15z`.
fn pairs(places: &[Place], text: &str, found: &mut dyn FnMut(Hit)) {
    let is_numeric = |byte: u8| byte.is_ascii_digit() || b"+-.".contains(&byte);
    let mut before: Option<(usize, Vec<Angle>)> = None;
    let bytes = text.as_bytes();
    let mut position = 0_usize;
    while let Some(rest) = bytes.get(position..) {
        let Some(start) = rest.iter().position(|byte| is_numeric(*byte)) else {
            return;
        };
        let start = position.saturating_add(start);
        // `+52.5200+013.4050/` (ISO 6709 Annex H): a sign behind a digit begins the next number.
        let mut is_behind_digit = false;
        let is_of_number = |byte: &&u8| {
            let is_next = is_behind_digit && matches!(byte, b'+' | b'-');
            is_behind_digit = byte.is_ascii_digit();
            is_numeric(**byte) && !is_next
        };
        let number = bytes.get(start..).unwrap_or_default().iter();
        let length = number.take_while(is_of_number).count();
        let end = start.saturating_add(length);
        let number = text.get(start..end).unwrap_or_default();
        // `&f13=`: the end of a name.
        let is_of_name = bytes.get(end) == Some(&b'=')
            && start
                .checked_sub(1)
                .and_then(|before| bytes.get(before))
                .is_some_and(u8::is_ascii_alphabetic);
        if is_of_name {
            position = end;
            continue;
        }
        let angles = if number.len() >= 4 {
            readings(number)
        } else {
            Vec::new()
        };
        if let Some((last_end, last)) = &before {
            let gap = text.get(*last_end..start).unwrap_or("x");
            // Nothing but separators, or the names of members, between the two.
            let is_beside = gap.len() <= 24 && !gap.bytes().any(|byte| byte == b'\n');
            if is_beside {
                beside(places, last, &angles, found);
            }
        }
        before = Some((end, angles));
        position = end;
    }
}

fn beside(places: &[Place], first: &[Angle], second: &[Angle], found: &mut dyn FnMut(Hit)) {
    for one in first {
        for other in second {
            if one.scale != other.scale || one.decimals.min(other.decimals) < TELLING_DECIMALS {
                continue;
            }
            for place in places {
                let is_there = place.has_latitude(one.degrees, one.slack)
                    && place.has_longitude(other.degrees, other.slack)
                    || place.has_longitude(one.degrees, one.slack)
                        && place.has_latitude(other.degrees, other.slack);
                if is_there {
                    let metres = one.metres().max(other.metres());
                    found(hit(place.id, one.scale.steps(), metres));
                }
            }
        }
    }
}

/// `52°31'12.0"N 13°24'18.0"E` (ISO 6709 Annex D), also with typographic signs.
fn sexagesimal(places: &[Place], text: &str, found: &mut dyn FnMut(Hit)) {
    for [(latitude, slack), (longitude, other_slack)] in value::sexagesimal_pairs(text) {
        for place in places {
            // A bare degree is a region.
            if slack < 0.02
                && place.has_latitude(latitude, slack)
                && place.has_longitude(longitude, other_slack)
            {
                let metres = slack.max(other_slack) * 2.0 * METRES_PER_DEGREE;
                found(hit(place.id, Scale::Sexagesimal.steps(), metres));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_found(text: &str) -> bool {
        let known = KnownValue::own(KnownKind::Position, "52.520008,13.404954");
        let place = Place::of(&known, 0).unwrap();
        let mut hits = Vec::new();
        within_text(&[place], text, &mut |hit| hits.push(hit));
        !hits.is_empty()
    }

    #[test]
    fn a_position_is_found_in_the_forms_in_which_it_travels() {
        let point = h3o::LatLng::new(52.520_008, 13.404_954).unwrap();
        let cell = point.to_cell(h3o::Resolution::Nine).to_string();
        for text in [
            "52.5200,13.4049",
            "geo:52.52,13.40",
            "POINT(13.404954 52.520008)",
            "525200080,134049540",
            "52,52001 13,40495",
            "end|3|52,52001 13,40495|x",
            "52,52001;13,40495",
            "52520008;13404954",
            "0.91664706,0.2339606",
            "52°31'12.0\"N 13°24'17.8\"E",
            "u33dc0cpn",
            "9F4MGCC3+2X",
            "120210233222",
            "a120210233222.jpeg",
            "v=1&f12=0.91664706&f13=0.2339606",
            "+52.52001+013.40495/",
            "/15/17604/10746.png",
            &cell,
        ] {
            assert!(is_found(text), "{text}");
        }
    }

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

    #[test]
    fn a_position_is_as_exact_as_it_was_sent() {
        let known = KnownValue::own(KnownKind::Position, "52.520008,13.404954");
        let place = Place::of(&known, 0).unwrap();
        let point = h3o::LatLng::new(52.520_008, 13.404_954).unwrap();
        let cell = point.to_cell(h3o::Resolution::Seven).to_string();
        for (text, metres) in [
            ("/12/2200/1343.png", 5945..5975),
            ("/15/17604/10746.png", 740..750),
            ("120210233222", 5945..5975),
            ("u33db", 4800..5000),
            ("u33dc0cpn", 1..6),
            ("9F4MGC00+", 5000..6000),
            ("9F4MGCC3+2X", 10..15),
            (&*cell, 2000..3000),
            ("52.52,13.40", 1110..1111),
            ("52.520008,13.404954", 1..2),
            ("525200080,134049540", 1..2),
            ("52°31'12.0\"N 13°24'17.8\"E", 3..4),
        ] {
            let mut hits = Vec::new();
            within_text(&[place], text, &mut |hit| hits.push(hit));
            let sent = hits.iter().filter_map(|hit| hit.metres).min();
            assert!(
                sent.is_some_and(|sent| metres.contains(&sent)),
                "{text}: {sent:?}"
            );
        }
    }

    #[test]
    fn other_numbers_are_no_position() {
        for text in [
            "1.2.3.4",
            "48.13,11.57",
            "52.5",
            "2024-01-02 13:40",
            "v52.52",
            "hello world",
            "deadbeef01",
        ] {
            assert!(!is_found(text), "{text}");
        }
    }
}
