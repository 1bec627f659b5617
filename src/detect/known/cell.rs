//! Known positions in names of cells: tiles of maps, geohash, Open Location Code, H3.

use std::f64::consts::{PI, TAU};

use super::super::value::METRES_PER_DEGREE;
use super::position::{Place, Places, hit};
use super::scan::Hit;
use crate::model::DecodeStep;

/// Letters of geohash (base 32 without a, i, l, o).
const GEOHASH: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
/// Letters of Open Location Code.
const PLUS_CODE: &[u8; 20] = b"23456789CFGHJMPQRVWX";

/// Web Mercator tiles in paths and queries: `/15/17602/10747.png`.
pub(super) fn tiles(places: &Places, text: &str, found: &mut dyn FnMut(Hit)) {
    let parts: Vec<&str> = text
        .split(['/', ',', '-', '_', '.', '=', '&', '?', '@'])
        .collect();
    for window in parts.windows(3) {
        let [zoom, x, y] = window else { continue };
        let (Ok(zoom), Ok(x), Ok(y)) = (zoom.parse::<u8>(), x.parse::<u32>(), y.parse::<u32>())
        else {
            continue;
        };
        tile(places, zoom, x, y, found);
    }
}

/// A tile of Web Mercator; from zoom 12 on it is at most ten kilometres wide.
pub(super) fn tile(places: &Places, zoom: u8, x: u32, y: u32, found: &mut dyn FnMut(Hit)) {
    if !(12..=22).contains(&zoom) {
        return;
    }
    let count = 2_f64.powi(i32::from(zoom));
    // How far a place is outside the tile, in tiles.
    let beyond = |at: f64, tile: u32| {
        let inside = at - f64::from(tile);
        (-inside).max(inside - 1.0)
    };
    let edge = |row: f64| {
        let down = 1.0 - 2.0 * row / count;
        (down * PI).sinh().atan().to_degrees()
    };
    let row = f64::from(y);
    for place in places.between(edge(row + 2.0), edge(row - 1.0)) {
        let across = (place.longitude + 180.0) / 360.0 * count;
        let latitude = place.latitude.to_radians();
        let down = (1.0 - (latitude.tan() + 1.0 / latitude.cos()).ln() / PI) / 2.0 * count;
        let width = 360.0 / count * METRES_PER_DEGREE * latitude.cos();
        // A tile beside that of the place may be within its radius.
        let margin = place.radius_metres / width;
        if beyond(across, x) <= margin && beyond(down, y) <= margin {
            found(hit(place.id, vec![DecodeStep::Tile], width));
        }
    }
}

/// A geohash, an Open Location Code or an H3 index.
pub(super) fn cell(places: &Places, token: &str, found: &mut dyn FnMut(Hit)) {
    // Names of tiles have a letter in front for what is shown: `a` for pictures from above, `h` with labels, `r` for roads.
    let quarters = token.strip_prefix(['a', 'h', 'r']).unwrap_or(token);
    let is_of_quarters = quarters.bytes().all(|byte| (b'0'..=b'3').contains(&byte));
    if is_of_quarters && (12..=22).contains(&quarters.len()) {
        quad_key(places, quarters, found);
    }
    match token.len() {
        15 if is_h3(token) => h3(places, token.to_ascii_lowercase().parse().ok(), found),
        // The same as a number.
        18 if let Ok(cell) = token.parse::<u64>() => {
            h3(places, cell.try_into().ok(), found);
        }
        5..=12 if !token.contains('+') => geohash(places, token, found),
        9..=12 => plus_code(places, token, found),
        _ => {}
    }
}

/// A tile of Web Mercator in one run of digits, two bits for each zoom level (quadkey of Bing Maps).
fn quad_key(places: &Places, token: &str, found: &mut dyn FnMut(Hit)) {
    let (mut x, mut y) = (0_u32, 0_u32);
    for digit in token
        .bytes()
        .map(|byte| u32::from(byte.saturating_sub(b'0')))
    {
        (x, y) = (x << 1 | digit & 1, y << 1 | digit >> 1);
    }
    tile(places, u8::try_from(token.len()).unwrap_or(0), x, y, found);
}

fn geohash(places: &Places, token: &str, found: &mut dyn FnMut(Hit)) {
    // Words and plain numbers are made of the same letters: a geohash has both.
    let is_mixed = token.bytes().any(|byte| byte.is_ascii_digit())
        && token.bytes().any(|byte| byte.is_ascii_alphabetic());
    if is_mixed {
        named_geohash(places, token, found);
    }
}

/// What is called a geohash, of whatever letters.
pub(super) fn named_geohash(places: &Places, token: &str, found: &mut dyn FnMut(Hit)) {
    let lower = token.to_ascii_lowercase();
    let Some([south, north, west, east]) = geohash_box(lower.as_bytes()) else {
        return;
    };
    for place in places.between(south, north) {
        let near_latitude = place.radius_metres / METRES_PER_DEGREE;
        let near_longitude = place.margin_of_longitude();
        if (south - near_latitude..=north + near_latitude).contains(&place.latitude)
            && (west - near_longitude..=east + near_longitude).contains(&place.longitude)
        {
            let metres = place.metres_of_box(north - south, east - west);
            found(hit(place.id, vec![DecodeStep::Geohash], metres));
        }
    }
}

/// South, north, west and east of a geohash.
fn geohash_box(letters: &[u8]) -> Option<[f64; 4]> {
    let (mut latitude, mut longitude) = ((-90.0, 90.0), (-180.0, 180.0));
    let mut is_longitude = true;
    for letter in letters {
        let value = GEOHASH.iter().position(|known| known == letter)?;
        for bit in (0..5).rev() {
            let range = if is_longitude {
                &mut longitude
            } else {
                &mut latitude
            };
            let middle = f64::midpoint(range.0, range.1);
            if value >> bit & 1 == 1 {
                range.0 = middle;
            } else {
                range.1 = middle;
            }
            is_longitude = !is_longitude;
        }
    }
    Some([latitude.0, latitude.1, longitude.0, longitude.1])
}

/// A full Open Location Code of eight letters or more: `9F4MGC22+22`.
fn plus_code(places: &Places, token: &str, found: &mut dyn FnMut(Hit)) {
    let upper = token.to_ascii_uppercase();
    let Some((first, last)) = upper.split_once('+') else {
        return;
    };
    if first.len() != 8 {
        return;
    }
    let (mut south, mut west) = (-90.0, -180.0);
    let (mut high, mut wide) = (400.0, 400.0);
    let letters: Vec<u8> = first
        .bytes()
        .chain(last.bytes().take(2))
        .take_while(|byte| *byte != b'0')
        .collect();
    for pair in letters.chunks_exact(2) {
        let [down, across] = pair else { return };
        let value = |letter: &u8| {
            PLUS_CODE
                .iter()
                .position(|known| known == letter)
                .and_then(|value| u8::try_from(value).ok())
        };
        let (Some(down), Some(across)) = (value(down), value(across)) else {
            return;
        };
        high /= 20.0;
        wide /= 20.0;
        south += f64::from(down) * high;
        west += f64::from(across) * wide;
    }
    // Fewer than six letters are a city or more.
    if letters.len() < 6 {
        return;
    }
    for place in places.between(south, south + high) {
        let near_latitude = place.radius_metres / METRES_PER_DEGREE;
        let near_longitude = place.margin_of_longitude();
        if (south - near_latitude..=south + high + near_latitude).contains(&place.latitude)
            && (west - near_longitude..=west + wide + near_longitude).contains(&place.longitude)
        {
            let metres = place.metres_of_box(high, wide);
            found(hit(place.id, vec![DecodeStep::PlusCode], metres));
        }
    }
}

/// An H3 index (H3 documentation, "H3 Index"): 15 hexadecimal digits that begin with the mode of a cell.
fn is_h3(token: &str) -> bool {
    token.starts_with('8') && token.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Directions in which a place's edge is looked at.
const DIRECTIONS: u8 = 12;

/// Whether a place, with its radius, reaches into a cell.
fn reaches(place: Place, point: h3o::LatLng, cell: h3o::CellIndex) -> bool {
    if point.to_cell(cell.resolution()) == cell {
        return true;
    }
    let distance = h3o::LatLng::from(cell).distance_m(point);
    if distance > place.radius_metres + 2.0 * cell.resolution().edge_length_m() {
        return false;
    }
    let is_edge_inside = |direction: u8| {
        let (north, east) = (f64::from(direction) * TAU / f64::from(DIRECTIONS)).sin_cos();
        let latitude = place.latitude + north * place.radius_metres / METRES_PER_DEGREE;
        let longitude = place.longitude + east * place.margin_of_longitude();
        h3o::LatLng::new(latitude, longitude)
            .is_ok_and(|point| point.to_cell(cell.resolution()) == cell)
    };
    // A small cell may lie within it.
    distance <= place.radius_metres || (0..DIRECTIONS).any(is_edge_inside)
}

fn h3(places: &Places, cell: Option<h3o::CellIndex>, found: &mut dyn FnMut(Hit)) {
    let Some(cell) = cell else {
        return;
    };
    // Below resolution 5 a cell is wider than a district.
    if u8::from(cell.resolution()) < 5 {
        return;
    }
    // A little more than `reaches` allows, because degrees of its sphere are longer.
    let center = h3o::LatLng::from(cell).lat();
    let beyond = 2.1 * cell.resolution().edge_length_m() / METRES_PER_DEGREE;
    for place in places.between(center - beyond, center + beyond) {
        let Ok(point) = h3o::LatLng::new(place.latitude, place.longitude) else {
            continue;
        };
        if reaches(*place, point, cell) {
            let width = 2.0 * cell.resolution().edge_length_m();
            found(hit(place.id, vec![DecodeStep::H3], width));
        }
    }
}
