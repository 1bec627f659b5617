//! A position → the forms in which coordinates travel.

use serde_json::{Value, json};

use super::world::Dice;

fn rounded(degrees: f64, decimals: usize) -> f64 {
    format!("{degrees:.decimals$}").parse().unwrap()
}

/// Degrees as an integer of that many decimals.
fn scaled(degrees: f64, by: f64) -> i64 {
    (degrees * by).round() as i64
}

/// The name of the form, and the position in it.
pub(crate) fn written((latitude, longitude): (f64, f64), dice: &mut Dice) -> (&'static str, Value) {
    let decimals = 3 + dice.below(5);
    let (lat, lon) = (rounded(latitude, decimals), rounded(longitude, decimals));
    let text = |degrees: f64| format!("{degrees:.decimals$}");
    match dice.below(14) {
        0 => ("degrees", json!({"lat": lat, "lon": lon})),
        1 => (
            "degrees-text",
            json!({"latitude": text(latitude), "longitude": text(longitude)}),
        ),
        2 => (
            "pair-text",
            json!(format!("{},{}", text(latitude), text(longitude))),
        ),
        3 => ("pair-array", json!([lon, lat])),
        4 => (
            "e7",
            json!({"latitudeE7": scaled(latitude, 1e7), "longitudeE7": scaled(longitude, 1e7)}),
        ),
        5 => (
            "e6",
            json!({"lat": scaled(latitude, 1e6), "lng": scaled(longitude, 1e6)}),
        ),
        6 => (
            "dms",
            json!(format!(
                "{} {}",
                sexagesimal(latitude, 'N', 'S'),
                sexagesimal(longitude, 'E', 'W')
            )),
        ),
        7 => (
            "radians",
            json!({"lat": rounded(latitude.to_radians(), 7), "lon": rounded(longitude.to_radians(), 7)}),
        ),
        8 => (
            "geohash",
            json!(geohash(latitude, longitude, 7 + dice.below(4))),
        ),
        9 => ("plus-code", json!(plus_code(latitude, longitude))),
        10 => {
            let point = h3o::LatLng::new(latitude, longitude).unwrap();
            ("h3", json!(point.to_cell(h3o::Resolution::Ten).to_string()))
        }
        11 => ("tile", json!(tile(latitude, longitude, 14 + dice.below(4)))),
        12 => (
            "wkt",
            json!(format!("POINT({} {})", text(longitude), text(latitude))),
        ),
        _ => (
            "geo-uri",
            json!(format!("geo:{},{}", text(latitude), text(longitude))),
        ),
    }
}

pub(crate) fn sexagesimal(degrees: f64, positive: char, negative: char) -> String {
    let sign = if degrees < 0.0 { negative } else { positive };
    let tenths = (degrees.abs() * 36_000.0).round() as u64;
    let (whole, minutes, seconds) = (tenths / 36_000, tenths / 600 % 60, tenths % 600);
    format!(
        "{whole}°{minutes:02}'{}.{}\"{sign}",
        seconds / 10,
        seconds % 10
    )
}

/// By interleaving the bits of both binary fractions.
pub(crate) fn geohash(latitude: f64, longitude: f64, length: usize) -> String {
    let east = ((longitude + 180.0) / 360.0 * f64::from(1_u32 << 30)) as u64;
    let north = ((latitude + 90.0) / 180.0 * f64::from(1_u32 << 30)) as u64;
    let mut bits = 0_u64;
    for bit in (0..30).rev() {
        bits = bits << 2 | (east >> bit & 1) << 1 | (north >> bit & 1);
    }
    (0..length)
        .map(|letter| {
            char::from(
                b"0123456789bcdefghjkmnpqrstuvwxyz"[(bits >> (55 - letter * 5) & 31) as usize],
            )
        })
        .collect()
}

/// From the integers of the grid of a 1/8000 degree.
pub(crate) fn plus_code(latitude: f64, longitude: f64) -> String {
    let mut north = ((latitude + 90.0) * 8000.0).floor() as u64;
    let mut east = ((longitude + 180.0) * 8000.0).floor() as u64;
    let mut letters = Vec::new();
    for _ in 0..5 {
        letters.push(b"23456789CFGHJMPQRVWX"[(east % 20) as usize]);
        letters.push(b"23456789CFGHJMPQRVWX"[(north % 20) as usize]);
        (north, east) = (north / 20, east / 20);
    }
    letters.reverse();
    let text: String = letters.into_iter().map(char::from).collect();
    format!("{}+{}", &text[..8], &text[8..])
}

fn tile(latitude: f64, longitude: f64, zoom: usize) -> String {
    let count = f64::from(1_u32 << zoom);
    let x = ((longitude + 180.0) / 360.0 * count) as u64;
    let y =
        ((1.0 - latitude.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * count) as u64;
    format!("https://tiles.bench.example/{zoom}/{x}/{y}.png")
}
