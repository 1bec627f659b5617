//! Where a phone is, in the forms of location services, trackers and weather apps.

use serde_json::{Value, json};

use super::super::case::{Case, Label};
use super::super::world::{Dice, World};
use super::super::{encode, geo};
use super::{envelope, habit, moment};

/// Latitude and longitude as several languages and vendors name them.
const NAMES: [(&[&str], &[&str]); 20] = [
    (&["latitude"], &["longitude"]),
    (&["lat"], &["lon"]),
    (&["lat"], &["lng"]),
    (&["geo", "lat"], &["geo", "long"]),
    (&["gps", "latitude"], &["gps", "longitude"]),
    (&["user", "lat"], &["user", "lon"]),
    (&["pickup", "latitude"], &["pickup", "longitude"]),
    (&["last", "known", "lat"], &["last", "known", "lng"]),
    (&["current", "latitude"], &["current", "longitude"]),
    (&["enlem"], &["boylam"]),
    (&["latitudine"], &["longitudine"]),
    (&["latitud"], &["longitud"]),
    (&["szerokosc"], &["dlugosc"]),
    (&["shirota"], &["dolgota"]),
    (&["weidu"], &["jingdu"]),
    (&["breitengrad"], &["laengengrad"]),
    (&["location", "lat"], &["location", "lng"]),
    (&["my", "lat"], &["my", "lng"]),
    (&["latitude", "deg"], &["longitude", "deg"]),
    (&["lat", "e7"], &["lon", "e7"]),
];

pub(super) fn draw(case: &mut Case, world: &World, dice: &mut Dice) {
    let place = world.elsewhere[dice.below(world.elsewhere.len())];
    case.says(Label::Shape("location"), "location", "");
    match dice.below(10) {
        0 => radio(case, dice),
        1 | 2 => track(case, place, dice),
        _ => position(case, place, false, dice),
    }
}

fn rounded(degrees: f64, decimals: usize) -> f64 {
    format!("{degrees:.decimals$}").parse().unwrap()
}

/// The same word habit for both names.
fn named(lat: &[&str], lon: &[&str], dice: &mut Dice) -> (String, String) {
    let mut same = dice.clone();
    (habit(lat, &mut same), habit(lon, dice))
}

/// One position. Where it is known, it may also come without names.
pub(super) fn position(case: &mut Case, place: (f64, f64), is_known: bool, dice: &mut Dice) {
    let decimals = 4 + dice.below(4);
    let (latitude, longitude) = place;
    let (lat, lon) = (rounded(latitude, decimals), rounded(longitude, decimals));
    let [lat_text, lon_text] = [latitude, longitude].map(|degrees| format!("{degrees:.decimals$}"));
    let time = moment(dice);
    let (encoding, document) = match dice.below(14) {
        0..4 => {
            let (north, east) = NAMES[dice.below(NAMES.len())];
            let (north, east) = named(north, east, dice);
            let (lat, lon) = if north.to_lowercase().ends_with("e7") {
                (
                    json!((latitude * 1e7).round() as i64),
                    json!((longitude * 1e7).round() as i64),
                )
            } else if dice.one_in(3) {
                (json!(lat_text), json!(lon_text))
            } else {
                (json!(lat), json!(lon))
            };
            let fix = json!({north: lat, east: lon, "accuracy": rounded(4.0 + dice.below(400) as f64 / 10.0, 1), "ts": time});
            ("named", around(fix, dice))
        }
        4 => (
            "geojson",
            json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": {"kind": "me", "t": time}}),
        ),
        5 => {
            let name = habit(
                [
                    &["location"] as &[&str],
                    &["user", "location"],
                    &["konum"],
                    &["posizione"],
                    &["last", "loc"],
                ][dice.below(5)],
                dice,
            );
            let pair = match dice.below(4) {
                0 => json!(format!("{lat_text},{lon_text}")),
                1 => json!([lat, lon]),
                2 => json!(format!("{lat_text};{lon_text}")),
                _ => json!(format!("POINT({lon_text} {lat_text})")),
            };
            ("pair", json!({name: pair, "t": time}))
        }
        6 => (
            "openrtb",
            json!({"id": dice.uuid(), "device": {"geo": {"lat": lat, "lon": lon, "type": 1, "accuracy": 12}}, "imp": [{"id": "1"}]}),
        ),
        7 => return text_file(case, place, dice),
        8 => return in_path(case, &lat_text, &lon_text, dice),
        9 => return in_header(case, &lat_text, &lon_text, dice),
        10 if is_known => {
            let (form, written) = geo::written(place, dice);
            (form, json!({"o": written, "s": dice.below(9)}))
        }
        10 => (
            "geohash",
            json!({"geohash": geo::geohash(latitude, longitude, 8), "t": time}),
        ),
        11 if is_known => return binary(case, place, dice),
        11 => (
            "plus-code",
            json!({"plusCode": geo::plus_code(latitude, longitude), "t": time}),
        ),
        // Google's history, OwnTracks, Traccar, weather
        12 => {
            let fix = match dice.below(4) {
                0 => {
                    json!({"locations": [{"latitudeE7": (latitude * 1e7).round() as i64, "longitudeE7": (longitude * 1e7).round() as i64, "source": "WIFI"}]})
                }
                1 => {
                    json!({"_type": "location", "lat": lat, "lon": lon, "tst": time / 1000, "acc": 14})
                }
                2 => {
                    json!({"location": {"coords": {"latitude": lat, "longitude": lon, "speed": 0.2, "heading": 181.5}, "activity": {"type": "still"}}})
                }
                _ => {
                    json!({"origin": {"location": {"latLng": {"latitude": lat, "longitude": lon}}}, "travelMode": "DRIVE"})
                }
            };
            ("vendor", fix)
        }
        _ => {
            let (lat, lon) = (
                geo::sexagesimal(latitude, 'N', 'S'),
                geo::sexagesimal(longitude, 'E', 'W'),
            );
            ("dms", json!({"lat": lat, "lon": lon, "t": time}))
        }
    };
    encoding.clone_into(&mut case.encoding);
    envelope::send(case, &document, dice);
}

fn around(fix: Value, dice: &mut Dice) -> Value {
    match dice.below(5) {
        0 => json!({"event": "ride_request", "payload": {"seats": 2, "from": fix}}),
        1 => json!({"rows": [fix], "count": 1}),
        2 => json!({"context": {"geo": fix}, "event": "app_open"}),
        _ => fix,
    }
}

fn file(case: &mut Case, media_type: &str, encoding: &str, body: String) {
    encoding.clone_into(&mut case.encoding);
    case.format = "file";
    case.requests
        .push(case.post("/upload", media_type, body.into_bytes()));
}

/// Degrees and minutes of NMEA 0183.
fn nmea(degrees: f64, digits: usize, marks: [char; 2]) -> String {
    let whole = degrees.abs().floor();
    let minutes = (degrees.abs() - whole) * 60.0;
    format!(
        "{whole:0digits$.0}{minutes:07.4},{}",
        marks[usize::from(degrees < 0.0)]
    )
}

fn sentence(place: (f64, f64), dice: &mut Dice) -> String {
    let (lat, lon) = (nmea(place.0, 2, ['N', 'S']), nmea(place.1, 3, ['E', 'W']));
    let inner = if dice.one_in(2) {
        format!("GPRMC,081836,A,{lat},{lon},000.0,360.0,020326,,")
    } else {
        format!("GPGGA,081836,{lat},{lon},1,08,0.9,45.4,M,46.9,M,,")
    };
    let sum = inner.bytes().fold(0, |sum, byte| sum ^ byte);
    format!("${inner}*{sum:02X}\r\n")
}

fn text_file(case: &mut Case, place: (f64, f64), dice: &mut Dice) {
    let (latitude, longitude) = place;
    let time = moment(dice);
    match dice.below(6) {
        0 => file(
            case,
            "application/gpx+xml",
            "gpx",
            format!(
                "<?xml version=\"1.0\"?><gpx version=\"1.1\" creator=\"run\"><wpt lat=\"{latitude:.6}\" lon=\"{longitude:.6}\"><ele>31</ele></wpt></gpx>"
            ),
        ),
        1 => file(
            case,
            "application/vnd.google-earth.kml+xml",
            "kml",
            format!(
                "<kml xmlns=\"http://www.opengis.net/kml/2.2\"><Placemark><Point><coordinates>{longitude:.6},{latitude:.6},0</coordinates></Point></Placemark></kml>"
            ),
        ),
        2 => {
            let body = sentence(place, dice);
            file(case, "text/plain", "nmea", body);
        }
        3 => file(
            case,
            "text/plain",
            "line protocol",
            format!(
                "position,unit=7 lat={latitude:.6},lon={longitude:.6},speed=0.4 {time}000000\n"
            ),
        ),
        4 => file(
            case,
            "text/csv",
            "csv",
            format!(
                "timestamp,latitude,longitude,altitude\n{time},{latitude:.6},{longitude:.6},34.1\n"
            ),
        ),
        _ => file(
            case,
            "text/plain",
            "iso 6709",
            format!("loc={latitude:+08.4}{longitude:+09.4}/\n"),
        ),
    }
}

fn in_path(case: &mut Case, lat: &str, lon: &str, dice: &mut Dice) {
    "path".clone_into(&mut case.encoding);
    case.format = "path";
    let target = match dice.below(6) {
        0 => format!("/forecast/{}/{lat},{lon}?units=si", dice.hex(32)),
        1 => format!("/v1/weather/lat/{lat}/lon/{lon}"),
        2 => format!("/maps/@{lat},{lon},15z"),
        3 => format!("/geocode/json?latlng={lat},{lon}&result_type=street_address"),
        4 => format!("/revgeocode?at={lat}%2C{lon}&limit=1"),
        _ => format!("/nearby?ll={lat}%2C{lon}&radius=500&limit=20"),
    };
    case.requests
        .push(case.get(target, vec![("Accept", "*/*".to_owned())]));
}

fn in_header(case: &mut Case, lat: &str, lon: &str, dice: &mut Dice) {
    "header".clone_into(&mut case.encoding);
    case.format = "header";
    let header = match dice.below(4) {
        0 => ("Geolocation", format!("<geo:{lat},{lon}>;inserted-by=app")),
        1 => ("X-Location", format!("{lat},{lon}")),
        2 => (
            "X-Uber-Device-Location",
            format!("latitude={lat}; longitude={lon}; accuracy=12"),
        ),
        _ => ("Cookie", format!("lang=fr; lat={lat}; lon={lon}")),
    };
    case.requests.push(case.get(
        "/feed".to_owned(),
        vec![("Accept", "*/*".to_owned()), header],
    ));
}

/// Doubles, floats of seven places as integers, in protobuf.
fn binary(case: &mut Case, (latitude, longitude): (f64, f64), dice: &mut Dice) {
    case.format = "protobuf";
    let mut fix = Vec::new();
    let encoding = if dice.one_in(2) {
        for (tag, degrees) in [(0x09, latitude), (0x11, longitude)] {
            fix.push(tag);
            fix.extend(degrees.to_le_bytes());
        }
        "doubles"
    } else {
        for (tag, degrees) in [(0x0d, latitude), (0x15, longitude)] {
            fix.push(tag);
            fix.extend(((degrees * 1e7).round() as i32).to_le_bytes());
        }
        "e7 of 32 bits"
    };
    encoding.clone_into(&mut case.encoding);
    let mut body = vec![0x08, 3, 0x12, fix.len() as u8];
    body.extend(fix);
    body.extend([0x18, dice.below(100) as u8]);
    case.requests
        .push(case.post("/loc", "application/x-protobuf", body));
}

/// Networks around, as the services of Google, Mozilla and Apple ask for them.
fn radio(case: &mut Case, dice: &mut Dice) {
    let address = |dice: &mut Dice| -> String {
        let digits = dice.hex(10);
        let pairs: Vec<&str> = (0..5).map(|at| &digits[at * 2..at * 2 + 2]).collect();
        format!("3c:{}", pairs.join(":"))
    };
    let count = 3 + dice.below(5);
    let points: Vec<Value> = (0..count)
        .map(|_| json!({"macAddress": address(dice), "signalStrength": -40 - i64::try_from(dice.below(50)).unwrap(), "channel": 1 + dice.below(11)}))
        .collect();
    let towers = json!([{"mobileCountryCode": 262, "mobileNetworkCode": 1 + dice.below(3), "locationAreaCode": 1000 + dice.below(60000), "cellId": 100_000 + dice.below(20_000_000)}]);
    let (encoding, document) = match dice.below(3) {
        0 => (
            "access points",
            json!({"considerIp": true, "wifiAccessPoints": points}),
        ),
        1 => ("cell", json!({"radioType": "lte", "cellTowers": towers})),
        _ => {
            let points: Vec<Value> = (0..count)
                .map(|_| json!({"bssid": address(dice), "ssid": dice.letters(8), "rssi": -60}))
                .collect();
            (
                "scan",
                json!({"wifi_scan": points, "scanned_at": moment(dice)}),
            )
        }
    };
    encoding.clone_into(&mut case.encoding);
    envelope::send(case, &document, dice);
}

/// Where somebody went.
fn track(case: &mut Case, (latitude, longitude): (f64, f64), dice: &mut Dice) {
    let count = 4 + dice.below(12);
    let points: Vec<(f64, f64)> = (0..count)
        .map(|step| {
            let jitter = dice.below(900) as f64 / 1e6;
            (
                rounded(latitude + step as f64 / 2000.0 + jitter, 6),
                rounded(longitude + step as f64 / 3000.0 - jitter, 6),
            )
        })
        .collect();
    let time = moment(dice) / 1000;
    let (encoding, document) = match dice.below(7) {
        0 => {
            let points: Vec<Value> = points
                .iter()
                .zip(0..)
                .map(|((lat, lon), step)| json!({"lat": lat, "lng": lon, "t": time + step * 5}))
                .collect();
            ("objects", json!({"activity": "run", "points": points}))
        }
        1 => {
            let points: Vec<Value> = points.iter().map(|(lat, lon)| json!([lat, lon])).collect();
            (
                "latlng stream",
                json!({"streams": [{"type": "latlng", "data": points}]}),
            )
        }
        2 => {
            let points: Vec<Value> = points.iter().map(|(lat, lon)| json!([lon, lat])).collect();
            (
                "linestring",
                json!({"type": "LineString", "coordinates": points}),
            )
        }
        3 => (
            "polyline",
            json!({"activity": {"summary_polyline": polyline(&points), "distance": 4212.5}}),
        ),
        4 => {
            let points: String = points
                .iter()
                .map(|(lat, lon)| {
                    format!("<trkpt lat=\"{lat}\" lon=\"{lon}\"><ele>31.2</ele></trkpt>")
                })
                .collect();
            let body = format!(
                "<?xml version=\"1.0\"?><gpx version=\"1.1\"><trk><trkseg>{points}</trkseg></trk></gpx>"
            );
            return file(
                case,
                "application/gpx+xml",
                "gpx track",
                encode_lines(&body),
            );
        }
        5 => {
            let body: String = points.iter().map(|point| sentence(*point, dice)).collect();
            return file(case, "application/octet-stream", "nmea track", body);
        }
        _ => {
            // One request for each fix.
            "one for each fix".clone_into(&mut case.encoding);
            case.format = "query";
            for (lat, lon) in points {
                let request = case.get(
                    format!("/osmand?id=7&timestamp={time}&lat={lat}&lon={lon}&speed=0"),
                    Vec::new(),
                );
                case.requests.push(request);
            }
            return;
        }
    };
    encoding.clone_into(&mut case.encoding);
    envelope::send(case, &document, dice);
}

fn encode_lines(text: &str) -> String {
    text.replace("><", ">\n<")
}

/// Google's encoded polyline.
fn polyline(points: &[(f64, f64)]) -> String {
    let mut text = String::new();
    let mut last = (0, 0);
    for (lat, lon) in points {
        let now = ((lat * 1e5).round() as i64, (lon * 1e5).round() as i64);
        for difference in [now.0 - last.0, now.1 - last.1] {
            let mut rest = (difference << 1 ^ difference >> 63) as u64;
            while rest >= 0x20 {
                text.push(char::from((0x20 | rest & 0x1f) as u8 + 63));
                rest >>= 5;
            }
            text.push(char::from(rest as u8 + 63));
        }
        last = now;
    }
    text
}

/// As a digest of the request would be; for decoys.
pub(super) fn digest(dice: &mut Dice) -> String {
    let bytes = dice.bytes(12);
    encode::hex(&encode::hash("sha256", &bytes))
}
