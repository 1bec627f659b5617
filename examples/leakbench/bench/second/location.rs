//! Where a phone is.

use serde_json::{Value, json};

use super::super::case::{Case, Label};
use super::super::geo;
use super::super::world::{Device, Dice, World};
use super::{among, send};

pub(super) fn draw(case: &mut Case, world: &World, dice: &mut Dice) {
    let (latitude, longitude) = world.elsewhere[dice.below(world.elsewhere.len())];
    let text = |degrees: f64| format!("{degrees:.5}");
    let (encoding, value) = match dice.below(15) {
        0 => {
            let [first, second] = [
                ["lt", "lg"],
                ["gps_latitude", "gps_longitude"],
                ["Lat", "Lng"],
                ["user_latitude", "user_longitude"],
                ["latitud", "longitud"],
                ["breitengrad", "längengrad"],
                ["locLat", "locLong"],
                ["lat_deg", "lon_deg"],
            ][1 + dice.below(7)];
            (
                "degrees",
                json!({first: text(latitude), second: text(longitude)}),
            )
        }
        1 => ("array-lat-lon", json!({"location": [latitude, longitude]})),
        2 => (
            "text-pair",
            json!({dice.pick(&["geo", "pos", "userLoc", "gps_position", "koord"]): format!("{},{}", text(latitude), text(longitude))}),
        ),
        3 => (
            "wkt-srid",
            json!({"geom": format!("SRID=4326;POINT({longitude:.6} {latitude:.6})")}),
        ),
        4 => (
            "feature",
            json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [longitude, latitude]}, "properties": {}}),
        ),
        5 => {
            let track: Vec<Value> = (0..6)
                .map(|step| json!([longitude + f64::from(step) * 0.002, latitude, 34.5]))
                .collect();
            (
                "geojson-line",
                json!({"geometry": {"type": "LineString", "coordinates": track}}),
            )
        }
        6 => {
            let fixes: Vec<Value> = (0..5).map(|step| json!({"ts": 1_768_000_000 + step * 30, "coords": {"latitude": latitude + f64::from(step) * 0.0007, "longitude": longitude, "accuracy": 8}})).collect();
            ("fixes", json!({"positions": fixes}))
        }
        7 => (
            "polyline",
            json!({"polyline": polyline(&[(latitude, longitude), (latitude + 0.01, longitude + 0.01), (latitude + 0.02, longitude + 0.015)])}),
        ),
        8 => (
            "e6-members",
            json!({"latE6": (latitude * 1e6) as i64, "lonE6": (longitude * 1e6) as i64}),
        ),
        9 => (
            "iso-6709",
            json!({"where": format!("{latitude:+09.5}{longitude:+010.5}/")}),
        ),
        10 => {
            let cells: Vec<Value> = (0..3).map(|_| json!({"mobileCountryCode": 262, "mobileNetworkCode": 1, "locationAreaCode": dice.below(60_000), "cellId": dice.below(60_000_000), "signalStrength": -87})).collect();
            ("cells", json!({"cellTowers": cells}))
        }
        11 => {
            let seen: Vec<Value> = (0..5)
                .map(|_| {
                    let other = Device::draw(dice);
                    json!({"macAddress": other.bssid, "signalStrength": -61, "channel": 11})
                })
                .collect();
            (
                "geolocate-api",
                json!({"considerIp": true, "wifiAccessPoints": seen}),
            )
        }
        12 => (
            "plus-code",
            json!({"olc": geo::plus_code(latitude, longitude)}),
        ),
        13 => {
            case.says(Label::Shape("location"), "location", "query");
            case.format = "query";
            let target = match dice.below(3) {
                0 => format!(
                    "/weather?lat={}&lon={}&units=metric",
                    text(latitude),
                    text(longitude)
                ),
                1 => format!("/near?ll={},{}", text(latitude), text(longitude)),
                _ => format!("/v2/forecast/{},{}", text(latitude), text(longitude)),
            };
            case.requests.push(case.get(target, Vec::new()));
            return;
        }
        _ => {
            case.says(Label::Shape("location"), "location", "header");
            case.format = "own-header";
            case.requests.push(case.get(
                "/home".to_owned(),
                vec![(
                    ["X-Geo", "X-User-Location", "X-Location"][dice.below(3)],
                    format!("{};{}", text(latitude), text(longitude)),
                )],
            ));
            return;
        }
    };
    case.says(Label::Shape("location"), "location", encoding);
    let document = match value {
        Value::Object(members) if dice.one_in(2) => Value::Object(members),
        other => among(dice.pick(&["ctx", "standort", "state"]), other, dice),
    };
    send(case, &document, dice);
}

/// The encoded polyline of maps (five decimals).
fn polyline(points: &[(f64, f64)]) -> String {
    let mut text = String::new();
    let mut last = [0_i64; 2];
    for (latitude, longitude) in points {
        for (degrees, before) in [latitude, longitude].into_iter().zip(&mut last) {
            let now = (degrees * 1e5).round() as i64;
            let step = now - *before;
            *before = now;
            let mut bits = (step << 1 ^ step >> 63).cast_unsigned();
            while bits >= 0x20 {
                text.push(char::from((bits & 0x1f) as u8 + 0x20 + 63));
                bits >>= 5;
            }
            text.push(char::from(bits as u8 + 63));
        }
    }
    text
}

// ---------------------------------------------------------------------------------------------------- device
