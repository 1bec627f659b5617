//! Positions: what is one, how exact it is, and where in a message it stands.

use super::{found, grades, json, post, tally};
use crate::forge::{observation, protobuf};
use phonehome::model::{Grade, Observation, Timestamp};

#[test]
fn words_and_sizes_are_no_positions() {
    for body in [
        r#"{"route":"HOME","track":"SETTINGS"}"#,
        r#"{"stats":{"latest":4500000,"longest":8600000}}"#,
        r#"{"lat":12000,"long":15000}"#,
    ] {
        assert_eq!(json("/state", body), [], "{body}");
    }
}

#[test]
fn the_precision_of_a_position_is_that_of_its_coarser_half() {
    let tally = tally(&[post(
        "/p",
        "application/json",
        r#"{"lat":52.52,"lon":13.404954}"#,
    )]);
    let precision: Vec<_> = tally
        .findings
        .iter()
        .filter(|(key, _)| &*key.rule == "coordinates")
        .map(|(_, occurrences)| occurrences.precision_metres)
        .collect();
    assert_eq!(precision, [Some(1110)]);
}

#[test]
fn the_precision_of_minutes_and_seconds_is_that_of_their_last_digit() {
    for (body, metres) in [
        (r#"{"where":"52°31'12\"N 13°24'17\"E"}"#, 31),
        (r#"{"where":"52°31'12.0\"N 13°24'17.0\"E"}"#, 3),
        (r#"{"where":"52°31'N 13°24'E"}"#, 1855),
        (r#"{"latitude":"-33:52:07","longitude":"151:12:33.48"}"#, 31),
        (r#"{"latitude":"52.52","longitude":"13°24'17\"E"}"#, 1110),
    ] {
        let tally = tally(&[post("/p", "application/json", body)]);
        let mut found = tally.findings.iter();
        let precision = found
            .find(|(key, _)| &*key.rule == "coordinates")
            .and_then(|(_, occurrences)| occurrences.precision_metres);
        assert_eq!(precision, Some(metres), "{body}");
    }
}

#[test]
fn positions_are_found_in_queries_pairs_and_geojson() {
    for target in ["/p?lat=52.5200&lon=13.4050", "/p?ll=52.5200,13.4050"] {
        assert!(
            found(&[post(target, "text/plain", "")])
                .iter()
                .any(|(rule, ..)| rule == "coordinates"),
            "{target}"
        );
    }
    assert!(
        json(
            "/p",
            r#"{"geometry":{"type":"Point","coordinates":[13.4050,52.5200]}}"#
        )
        .iter()
        .any(|(rule, ..)| rule == "coordinates")
    );
    assert!(
        !json("/p", r#"{"lat":0.0,"lon":0.0}"#)
            .iter()
            .any(|(rule, ..)| rule == "coordinates")
    );
    assert!(
        !json("/p", r#"{"platform":5.5,"belong":7.5}"#)
            .iter()
            .any(|(rule, ..)| rule == "coordinates")
    );
}

#[test]
fn two_numbers_are_a_position_where_something_says_so() {
    let graded = |body: &str| grades(post("/p", "application/json", body), "coordinates");
    for body in [
        r#"{"gps":"52.5200,13.4050"}"#,
        r#"{"geo":{"v":"52.5200,13.4050"}}"#,
        r#"{"v":"52.5200,13.4050","accuracy":12.5}"#,
        r#"{"sensors":{"location":"52.5200,13.4050"}}"#,
        r#"{"position":[52.5200,13.4050]}"#,
        r#"{"near":"52.52,13.40"}"#,
    ] {
        assert_eq!(graded(body), [Grade::Decoded], "{body}");
    }
    assert_eq!(graded(r#"{"v":"52.5200,13.4050"}"#), [Grade::Shape]);
    for body in [
        r#"{"accel":"0.1234,9.8123"}"#,
        r#"{"accel":[0.1234,9.8123]}"#,
        r#"{"sensors":{"gyroscope":{"v":"1.2345 -2.3456"}}}"#,
        r#"{"aspect_ratio":"1.7778,2.1654"}"#,
        r#"{"touch":{"position":[120.5,33.25]}}"#,
        r#"{"position":[0.2512,0.7512]}"#,
        r#"{"center":[120.5,33.25]}"#,
        r#"{"bbox":{"center":"12.3456,45.6789"}}"#,
    ] {
        assert_eq!(graded(body), [], "{body}");
    }
}

#[test]
fn positions_are_found_as_many_apps_write_them() {
    for body in [
        r#"{"breitengrad":"52,520008","laengengrad":"13,404954"}"#,
        r#"{"coords":{"latitude":{"value":"52.520008"},"longitude":{"value":"13.404954"}}}"#,
        r#"{"locationInfo":"52.520008|13.404954|15.0"}"#,
        r#"{"lat":"52.520008N","lon":"13.404954E"}"#,
        r#"{"lat":"S52.520008","lon":"W13.404954"}"#,
        r#"{"lat":"52.520008°","lon":"13.404954°"}"#,
        r#"{"GPSLatitude":"52, 31, 12.03","GPSLongitude":"13, 24, 17.83"}"#,
        r#"{"loc":"<+52.520008,+13.404954> +/- 5.00m (speed -1.00 mps / course -1.00)"}"#,
        r#"{"l":"Location[fused 52.520008,13.404954 hAcc=12.0]"}"#,
        r#"{"gps":"52,520008,13,404954"}"#,
        r#"{"gps":"52,520008 13,404954"}"#,
        r#"{"track":[["52.520008","13.404954",1],["52.521008","13.404954",2]]}"#,
        r#"{"fixes":[{"t":1,"la":52.520008,"lo":13.404954}]}"#,
    ] {
        let found = grades(post("/p", "application/json", body), "coordinates");
        assert_eq!(found, [Grade::Decoded], "{body}");
    }
    for body in ["loc=+16.4675-100.9254/", "loc=+52.5200+013.4050/"] {
        let kind = "application/x-www-form-urlencoded";
        let found = grades(post("/p", kind, body), "coordinates");
        assert_eq!(found, [Grade::Decoded], "{body}");
    }
    let headers = [("X-Latitude", "52.520008"), ("X-Longitude", "13.404954")];
    let sent = observation::post("collector.example", "/p", &headers, Vec::new(), false);
    assert_eq!(grades(sent, "coordinates"), [Grade::Decoded]);
    for body in [
        r#"{"anchor":"0.5000,0.5000","pivot":"12.5000,24.7500"}"#,
        r#"{"p":"50.0000 95.0000"}"#,
        r#"{"fx":"1.0945,0.8533"}"#,
        r#"{"tilt":"12.3456,45.1234"}"#,
        r#"{"positions":[12.3456,45.1234,7.1234,22.3456,15.1234,9.1234]}"#,
        r#"{"acc":"0.1234,9.8123,0.4321"}"#,
        r#"{"fx":"1234,5678,9012"}"#,
        r#"{"la":12,"lo":15}"#,
    ] {
        let found = grades(post("/p", "application/json", body), "coordinates");
        assert_eq!(found, [], "{body}");
    }
}

/// Positions of one message, as the pieces of evidence have them.
fn positions(observation: Observation) -> Vec<String> {
    let tally = tally(&[observation]);
    let mut found = tally
        .findings
        .iter()
        .filter(|(key, _)| &*key.rule == "coordinates");
    let evidence = found
        .by_ref()
        .flat_map(|(_, occurrences)| &occurrences.evidence);
    let values = evidence.filter_map(|piece| piece.value.as_ref());
    values.map(|value| value.reveal().to_owned()).collect()
}

#[test]
fn the_order_of_coordinates_is_that_of_the_name() {
    let body = |name: &str| format!(r#"{{"{name}":[52.520008,13.404954]}}"#);
    for name in ["latlng", "track", "waypoints"] {
        let found = positions(post("/p", "application/json", &body(name)));
        assert_eq!(found, ["52.520008,13.404954"], "{name}");
    }
    for name in ["coordinates", "lnglat", "center", "location", "geopoint"] {
        let found = positions(post("/p", "application/json", &body(name)));
        assert_eq!(found, ["13.404954,52.520008"], "{name}");
    }
    let kml = "<kml><Placemark><LineString><coordinates>13.404954,52.520008,34 13.405954,52.521008,34</coordinates></LineString></Placemark></kml>";
    let found = positions(post("/p", "application/vnd.google-earth.kml+xml", kml));
    assert_eq!(found, ["52.520008,13.404954", "52.521008,13.405954"]);
}

#[test]
fn positions_in_columns_and_rows_with_times_are_each_found() {
    for body in [
        r#"{"lats":[52.520008,52.521008],"lons":[13.404954,13.405954]}"#,
        r#"{"latitude":[52.520008,52.521008],"longitude":[13.404954,13.405954]}"#,
        r#"{"track":[[1772438400,52.520008,13.404954],[1772438430,52.521008,13.405954]]}"#,
        r#"{"latitude":"52.520008,52.521008","longitude":"13.404954,13.405954"}"#,
    ] {
        let found = positions(post("/p", "application/json", body));
        assert_eq!(
            found,
            ["52.520008,13.404954", "52.521008,13.405954"],
            "{body}"
        );
    }
    let picture = r#"{"GPSLatitude":[52,30,36],"GPSLongitude":[13,15,36]}"#;
    assert_eq!(
        positions(post("/p", "application/json", picture)),
        ["52.51,13.26"]
    );
    let uneven = r#"{"lats":[52.520008,52.521008],"lons":[13.404954]}"#;
    assert_eq!(positions(post("/p", "application/json", uneven)), [""; 0]);
}

#[test]
fn positions_are_found_in_paths_and_planes() {
    let path = |path: &str| {
        grades(
            observation::post("collector.example", path, &[], Vec::new(), false),
            "coordinates",
        )
    };
    assert_eq!(path("/v1/forecast/52.5163/13.3777"), [Grade::Decoded]);
    assert_eq!(
        path("/route/13.37771,52.51632;13.41053,52.52437"),
        [Grade::Shape]
    );
    assert_eq!(path("/places/13.37771,52.51632.json"), [Grade::Shape]);
    for version in [
        "/v1.2/3.4",
        "/sdk/12.1000/13.2000",
        "/a/1.2345/0.1234",
        "/doi/10.1038/37.5512",
        "/statement/11.2026/12.2026",
        "/quotes/48.1250/48.1310",
    ] {
        assert_eq!(path(version), [], "{version}");
    }
    for (body, grades_of) in [
        (
            r#"{"cCrd":{"x":13377710,"y":52516320}}"#,
            &[Grade::Decoded][..],
        ),
        (
            r#"{"geometry":{"x":13.37771,"y":52.51632,"wkid":4326}}"#,
            &[Grade::Decoded],
        ),
        (r#"{"coord":{"x":13.37771,"y":52.51632,"z":4.2}}"#, &[]),
        (r#"{"touch":{"x":13.37771,"y":52.51632}}"#, &[]),
        (r#"{"geometry":{"x":113.5,"y":52.25}}"#, &[]),
        (r#"{"location":{"x":123.333333,"y":45.666667}}"#, &[]),
        (r#"{"shape":"kkChniTaVW"}"#, &[]),
        (
            r#"{"positions":[["AAPL",48.1234,52.3311],["SAP",12.1234,22.3311]]}"#,
            &[],
        ),
        (
            r#"{"track":[[200,23.1234,45.1234],[216,23.2345,45.2345]]}"#,
            &[],
        ),
    ] {
        let found = grades(post("/p", "application/json", body), "coordinates");
        assert_eq!(found, grades_of, "{body}");
    }
}

#[test]
fn neighbours_in_a_protobuf_are_a_position_where_the_request_is_about_one() {
    let fixed =
        |number: u8, value: f64| [vec![number << 3 | 1], value.to_le_bytes().to_vec()].concat();
    let message = [fixed(1, 52.520_008), fixed(2, 13.404_954)].concat();
    let headers = [("Content-Type", "application/x-protobuf")];
    let sent = |path: &str, message: &[u8]| {
        let sent = observation::post("collector.example", path, &headers, message.to_vec(), false);
        positions(sent)
    };
    assert_eq!(sent("/v1/location", &message), ["52.520008,13.404954"]);
    for other in [
        "/v1/metrics",
        "/v1/allocation",
        "/fonts/georgia",
        "/location/metrics",
    ] {
        assert_eq!(sent(other, &message), [""; 0], "{other}");
    }
    let apart = [fixed(1, 52.520_008), fixed(4, 13.404_954)].concat();
    assert_eq!(sent("/v1/location", &apart), [""; 0]);
}

/// From 100° east on, ten millionths of a degree are as long as Unix times.
#[test]
fn longitudes_of_the_far_east_are_no_times_and_times_no_longitudes() {
    let fixed =
        |number: u8, value: u32| [vec![number << 3 | 5], value.to_le_bytes().to_vec()].concat();
    let headers = [("Content-Type", "application/x-protobuf")];
    let sent = |message: Vec<u8>| {
        let path = "/v1/location";
        let mut sent = observation::post("collector.example", path, &headers, message, false);
        sent.sighting.origin.time = Timestamp::from_parts(1_790_000_000, 0);
        positions(sent)
    };
    let tokyo = ["35.6812345,139.7671248"];
    assert_eq!(
        sent(
            [
                protobuf::number(1, 356_812_345),
                protobuf::number(2, 1_397_671_248)
            ]
            .concat()
        ),
        tokyo
    );
    assert_eq!(
        sent([fixed(1, 356_812_345), fixed(2, 1_397_671_248)].concat()),
        tokyo
    );
    for (count, time) in [
        (356_812_345, 1_789_999_000),   // a counter, now
        (52_437_191, 1_768_000_123),    // bytes of a file, of this year
        (52_428_800, 1_397_671_248),    // whole pages, of some years ago
        (25_000_000, 1_397_671_248),    // a round count
        (1_397_671_248, 1_397_671_250), // begin and end
        (17, 1_397_671_248),
    ] {
        let message = [protobuf::number(1, count), protobuf::number(2, time)].concat();
        assert_eq!(sent(message), [""; 0], "{count} {time}");
    }
    let apart = [
        protobuf::number(1, 356_812_345),
        protobuf::number(3, 1_397_671_248),
    ]
    .concat();
    assert_eq!(sent(apart), [""; 0]);
}

fn fixed(number: u8, value: f64) -> Vec<u8> {
    [vec![number << 3 | 1], value.to_le_bytes().to_vec()].concat()
}

fn inner(number: u8, message: &[u8]) -> Vec<u8> {
    let length = u8::try_from(message.len()).unwrap();
    [&[number << 3 | 2, length], message].concat()
}

fn of_protobuf(path: &str, message: Vec<u8>) -> Vec<String> {
    let headers = [("Content-Type", "application/x-protobuf")];
    let mut sent = observation::post("collector.example", path, &headers, message, false);
    sent.sighting.origin.time = Timestamp::from_parts(1_790_000_000, 0);
    positions(sent)
}

#[test]
fn neighbours_in_a_protobuf_are_a_position_beside_a_text_that_says_so() {
    let pair = |latitude, longitude| [fixed(1, latitude), fixed(2, longitude)].concat();
    let place = |label: &str, latitude, longitude| {
        let message = [
            inner(1, label.as_bytes()),
            inner(2, &pair(latitude, longitude)),
        ];
        of_protobuf("/v1/track", message.concat())
    };
    assert_eq!(
        place("GPS", 52.520_008, 13.404_954),
        ["52.520008,13.404954"]
    );
    assert_eq!(place("button", 52.520_008, 13.404_954), [""; 0]);
    // how long a screen took, and how fast the network was
    for label in ["home", "work", "network", "cell", "wifi"] {
        assert_eq!(place(label, 12.345_678, 45.678_912), [""; 0], "{label}");
    }
    // scrolled so far, and so large
    assert_eq!(place("gps", 0.520_008, 0.404_954), [""; 0]);
    assert_eq!(place("gps", 52.5, 13.4), [""; 0]);
}

#[test]
fn neighbours_in_a_protobuf_are_a_way_where_a_request_speaks_of_one() {
    let points = |step: fn(u8) -> (f64, f64)| {
        let points = (0..5)
            .map(step)
            .map(|(first, second)| inner(2, &[fixed(1, first), fixed(2, second)].concat()));
        points.collect::<Vec<_>>().concat()
    };
    let way = |step| of_protobuf("/v1/trips", points(step)).len();
    let ridden = |number: u8| {
        (
            52.520_008 + f64::from(number * number) * 0.000_123_1,
            13.404_954 - f64::from(number * number * number) * 0.000_041_7,
        )
    };
    assert_eq!(way(ridden), 5);
    let labelled = |label: &str| [inner(1, label.as_bytes()), points(ridden)].concat();
    assert_eq!(of_protobuf("/v1/x", labelled("ride")).len(), 5);
    // a player in a game, and what a sensor measures
    for label in ["match-7", "telemetry", "sensor"] {
        assert_eq!(of_protobuf("/v1/x", labelled(label)), [""; 0], "{label}");
    }
    assert_eq!(of_protobuf("/v1/trips/stats", points(ridden)), [""; 0]);
    // a price and the time, bids and asks, and numbers drawn at random
    assert_eq!(
        way(|number| (
            12.016_667 + f64::from(number) * 0.016_667,
            45.123_456 + f64::from(number * number) * 0.001_234_5
        )),
        0
    );
    assert_eq!(
        way(|number| (
            45.123_456 + f64::from(number * number) * 0.001_234_5,
            45.223_456 + f64::from(number * number) * 0.001_234_5
        )),
        0
    );
    assert_eq!(
        way(|number| (
            f64::from(number) * 14.123_456 + 5.1,
            f64::from(number * 7 % 5) * 31.123_456
        )),
        0
    );
    // three axes
    let axes = (0..5).map(|number: u8| {
        let at = f64::from(number * number) * 0.001_234_5;
        inner(
            2,
            &[
                fixed(1, 9.812_345 + at),
                fixed(2, 4.123_456 - at),
                fixed(3, 1.234_567),
            ]
            .concat(),
        )
    });
    assert_eq!(
        of_protobuf("/v1/trips", axes.collect::<Vec<_>>().concat()),
        [""; 0]
    );
}

#[test]
fn signs_in_the_last_bit_are_undone_where_a_request_is_about_a_position() {
    let sent = |path: &str, latitude, longitude| {
        of_protobuf(
            path,
            [
                protobuf::signed(1, latitude),
                protobuf::signed(2, longitude),
            ]
            .concat(),
        )
    };
    for (latitude, longitude, found) in [
        (525_200_081, 134_049_541, "52.5200081,13.4049541"),
        (515_073_219, -1_276_474, "51.5073219,-0.1276474"),
        (407_127_761, -740_059_739, "40.7127761,-74.0059739"),
    ] {
        assert_eq!(sent("/v1/location", latitude, longitude), [found]);
        assert_eq!(sent("/v1/metrics", latitude, longitude), [""; 0]);
    }
    // begin and end of something, and a count
    assert_eq!(sent("/v1/location", 894_999_001, 895_000_001), [""; 0]);
    assert_eq!(sent("/v1/location", 525_200_081, 17), [""; 0]);
}

#[test]
fn names_of_both_halves_hold_them_in_their_order() {
    let found = |query: &str| {
        positions(observation::post(
            "ads.example",
            query,
            &[],
            Vec::new(),
            false,
        ))
    };
    assert_eq!(
        found("/ad?dlatlong=52.520008%2C13.404954"),
        ["52.520008,13.404954"]
    );
    assert_eq!(
        found("/ad?ulnglat=13.404954%2C52.520008"),
        ["52.520008,13.404954"]
    );
    let both = |body: &str| positions(post("/p", "application/json", body));
    assert_eq!(
        both(r#"{"latlng_lat":52.520008,"latlng_lng":13.404954}"#),
        ["52.520008,13.404954"]
    );
}

#[test]
fn abbreviations_and_words_for_sizes_are_positions_where_they_are_as_exact() {
    let found = |body: &str| positions(post("/p", "application/json", body));
    for body in [
        r#"{"szer":52.520008,"dlug":13.404954,"acc":9}"#,
        r#"{"sirka":52.520008,"delka":13.404954}"#,
        r#"{"geo_breite":52.520008,"geo_laenge":13.404954}"#,
    ] {
        assert_eq!(found(body), ["52.520008,13.404954"], "{body}");
    }
    for body in [
        r#"{"szer":52.5,"dlug":13.4}"#,
        r#"{"sirka":60,"delka":120,"vyska":75}"#,
        r#"{"szelesseg":52.55,"hosszusag":13.44}"#,
    ] {
        assert_eq!(found(body), [""; 0], "{body}");
    }
}

/// Fixed 32 bits with a sign (`sfixed32`).
fn signed_fixed(number: u8, value: i32) -> Vec<u8> {
    [vec![number << 3 | 5], value.to_le_bytes().to_vec()].concat()
}

#[test]
fn degrees_west_of_greenwich_are_read_with_their_sign() {
    let sent = |path: &str, latitude, longitude| {
        let position = [signed_fixed(1, latitude), signed_fixed(2, longitude)].concat();
        of_protobuf(path, [inner(1, b"u"), inner(2, &position)].concat())
    };
    for (longitude, found) in [
        (-25_512_345, "43.1012345,-2.5512345"),
        (-1_276_474, "43.1012345,-0.1276474"),
        (1_276_474, "43.1012345,0.1276474"),
    ] {
        assert_eq!(sent("/location/report", 431_012_345, longitude), [found]);
        assert_eq!(sent("/loc", 431_012_345, longitude), [found]);
        for other in ["/api/loc/strings", "/v1/x"] {
            assert_eq!(sent(other, 431_012_345, longitude), [""; 0], "{other}");
        }
    }
    assert_eq!(sent("/location/report", 431_012_345, 12_000), [""; 0]);
}

#[test]
fn exact_points_with_times_are_a_way_whatever_the_request_is_called() {
    let sent = |path: &str, point: &dyn Fn(f64) -> (f64, f64), count: u8, is_timed: bool| {
        let points = (0..count).map(|at| {
            let (first, second) = point(f64::from(at));
            let mut point = [fixed(2, first), fixed(3, second)].concat();
            if is_timed {
                point.extend([8]);
                point.extend(protobuf::varint(1_789_990_000 + u64::from(at) * 30));
            }
            inner(2, &point)
        });
        !of_protobuf(path, points.collect::<Vec<_>>().concat()).is_empty()
    };
    let ridden = |at: f64| {
        (
            52.520_008 + at * at * 0.000_123_1,
            13.404_954 - at * at * at * 0.000_011_7,
        )
    };
    assert!(sent("/rpc", &ridden, 12, true));
    assert!(!sent("/rpc", &ridden, 12, false));
    assert!(!sent("/rpc", &ridden, 4, true));
    assert!(!sent("/v1/metrics", &ridden, 12, true));
    let others: [&dyn Fn(f64) -> (f64, f64); 5] = [
        // prices, temperatures with humidity, load of processor and memory, bids and asks, what lies on a screen
        &|at| (19.99 + at, 24.49 + at),
        &|at| (21.4 + at * 0.1, 45.2 - at * 0.1),
        &|at| (31.123_456 + at * 1.3, 62.654_321 - at * at * 0.7),
        &|at| (48.123_456 + at * at * 0.001, 48.133_456 + at * at * 0.001),
        &|at| (540.123_456 + at, 1_120.123_456 - at * at),
    ];
    for (number, other) in others.iter().enumerate() {
        assert!(!sent("/rpc", *other, 12, true), "{number}");
    }
}
