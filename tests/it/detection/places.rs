//! Positions, cells and access points under names that say little, and what only looks like them.

use super::{grades, json, post};
use crate::forge::{observation, protobuf};
use phonehome::model::Grade;

fn of(body: &str, rule: &str) -> Vec<Grade> {
    grades(post("/v1/state", "application/json", body), rule)
}

#[test]
fn positions_are_found_under_abbreviations_where_something_around_speaks_of_them() {
    for body in [
        r#"{"gps":{"lt":52.520008,"ln":13.404954,"acc":5}}"#,
        r#"{"gps":{"ltd":52.520008,"lgt":13.404954}}"#,
        r#"{"location":{"plat":52.520008,"plng":13.404954}}"#,
        r#"{"gps":{"y":52.520008,"x":13.404954,"acc":5}}"#,
        r#"{"data":{"mLatitude":52.520008,"mLongitude":13.404954}}"#,
    ] {
        assert_eq!(of(body, "coordinates"), [Grade::Decoded], "{body}");
    }
    for body in [
        r#"{"load":{"lt":52.520008,"ln":13.404954}}"#,
        r#"{"gps":{"y":52.520008,"x":13.404954}}"#,
        r#"{"gps":{"y":52.520008,"x":13.404954,"z":1.5,"acc":5}}"#,
        r#"{"layout":{"plat":52.520008,"plng":13.404954}}"#,
        r#"{"gps":{"lt":52.5,"ln":13.4}}"#,
        r#"{"gps":{"y":0.520008,"x":0.404954,"acc":1}}"#,
    ] {
        assert_eq!(of(body, "coordinates"), [], "{body}");
    }
}

#[test]
fn links_to_maps_among_words_hold_positions() {
    for link in [
        "https://maps.google.com/?q=52.520008,13.404954",
        "https://www.google.com/maps/@52.520008,13.404954,17z",
        "https://www.google.com/maps/search/?api=1&query=52.520008%2C13.404954",
        "https://www.openstreetmap.org/?mlat=52.520008&mlon=13.404954#map=17/52.520008/13.404954",
        "https://www.openstreetmap.org/#map=17/52.520008/13.404954",
        "https://www.openstreetmap.org/?mlat=52.52&mlon=13.404954",
        "https://maps.apple.com/?ll=52.520008,13.404954",
        "https://city.example/map?lat=52.520008&lon=13.404954",
        "https://www.waze.com/ul?ll=52.520008,13.404954",
    ] {
        let body = format!(r#"{{"text":"I am here {link} now"}}"#);
        assert_eq!(of(&body, "coordinates"), [Grade::Shape], "{link}");
    }
    for link in [
        "https://shop.example/?q=52.520008,13.404954",
        "https://maps.example/?q=coffee",
        "https://maps.example/?size=640,480&zoom=15",
        "https://cdn.example/roadmap/tile.png?at=12.5231,13.2341",
        "https://cdn.example/tile.png?at=12.5231,13.2341&type=sitemap",
    ] {
        let body = format!(r#"{{"text":"look at {link} now"}}"#);
        assert_eq!(of(&body, "coordinates"), [], "{link}");
    }
}

#[test]
fn rows_of_time_and_position_are_a_track() {
    let rows = |step: f64| -> String {
        let row = |at: u32| {
            let way = f64::from(at) * step;
            let time = 1_790_000_000 + at * 30;
            format!("[{time},{:.6},{:.6}]", 52.520_008 + way, 13.404_954 + way)
        };
        (0..6).map(row).collect::<Vec<_>>().join(",")
    };
    let way = rows(0.000_411);
    for (body, grade) in [
        (format!(r#"{{"route":[{way}]}}"#), Grade::Decoded),
        (format!(r#"{{"gps":{{"path":[{way}]}}}}"#), Grade::Decoded),
        (
            format!(r#"{{"locations":{{"history":[{way}]}}}}"#),
            Grade::Decoded,
        ),
        // of charts and drawings as well
        (format!(r#"{{"path":[{way}]}}"#), Grade::Shape),
        (format!(r#"{{"points":[{way}]}}"#), Grade::Shape),
        (format!(r#"{{"history":[{way}]}}"#), Grade::Shape),
    ] {
        assert_eq!(of(&body, "coordinates"), [grade], "{body}");
    }
    for body in [
        format!(r#"{{"history":[{}]}}"#, rows(0.317_7)),
        // bids and asks, ink
        r#"{"history":[[1790000000,23.1234,23.1301],[1790000060,23.1241,23.1309],[1790000120,23.1238,23.1304]]}"#.to_owned(),
        r#"{"history":[["2026-11-20T10:00:00Z",71.1234,71.1334],["2026-11-20T10:01:00Z",71.1244,71.1341],["2026-11-20T10:02:00Z",71.1239,71.1338]]}"#.to_owned(),
        r#"{"path":[[1790000000000,42.51234,77.61234],[1790000000016,42.51334,77.61434],[1790000000032,42.51534,77.61634]]}"#.to_owned(),
        r#"{"history":[[1790000000,48.1,11.5],[1790000060,48.2,11.6],[1790000120,48.1,11.4]]}"#.to_owned(),
        r#"{"points":[[1,48.137154,11.576124],[2,48.137164,11.576134],[3,48.137174,11.576144]]}"#.to_owned(),
        r#"{"history":[[1790000000,48.1371,11.5761,48.2,11.9,7],[1790000060,48.1372,11.5762,48.2,11.9,7],[1790000120,48.1373,11.5763,48.2,11.9,7]]}"#.to_owned(),
    ] {
        assert_eq!(of(&body, "coordinates"), [], "{body}");
    }
}

#[test]
fn access_points_are_found_as_members_with_short_names() {
    let rows = r#"{"w":[["3c:5a:b4:01:02:03",-61],["3c:5a:b4:01:02:04",-70]]}"#;
    assert_eq!(of(rows, "wifi-bssid"), [Grade::Shape]);
    let points = |strength: &str| -> String {
        let point = |at: i32| {
            format!(
                r#"{{"b":"3c:5a:b4:01:02:0{at}","s":"net{at}","{strength}":{}}}"#,
                -40 - at
            )
        };
        (1..5).map(point).collect::<Vec<_>>().join(",")
    };
    for name in ["scan", "aps"] {
        let body = format!(r#"{{"{name}":[{}]}}"#, points("r"));
        assert_eq!(of(&body, "wifi-bssid"), [Grade::Shape], "{name}");
    }
    let body = format!(r#"{{"rooms":[{}]}}"#, points("temperature"));
    assert_eq!(json("/v1/state", &body), []);
}

#[test]
fn corners_of_map_views_are_no_positions() {
    for body in [
        r#"{"ne_lat":55.0612,"ne_lng":15.0413,"sw_lat":47.2714,"sw_lng":5.8715}"#,
        r#"{"minLat":47.2714,"minLon":5.8715,"maxLat":55.0612,"maxLon":15.0413}"#,
        r#"{"view":{"northeast":{"lat":55.0612,"lng":15.0413},"southwest":{"lat":47.2714,"lng":5.8715}}}"#,
        r#"{"topLeft":{"lat":55.0612,"lon":5.8715},"bottomRight":{"lat":47.2714,"lon":15.0413}}"#,
        r#"{"lat_min":47.2714,"lon_min":5.8715,"lat_max":55.0612,"lon_max":15.0413}"#,
        r#"{"bounds_ne_latE6":55061200,"bounds_ne_lngE6":15041300,"bounds_sw_latE6":47271400,"bounds_sw_lngE6":5871500}"#,
    ] {
        assert_eq!(of(body, "coordinates"), [], "{body}");
    }
    for body in [
        r#"{"phone_lat":52.5200,"phone_lng":13.4049}"#,
        r#"{"mine":{"lat":52.5200,"lng":13.4049}}"#,
        // a corner without the one across, and fixes of a receiver
        r#"{"max_latitude":52.5200,"max_longitude":13.4049}"#,
        r#"{"user":{"top":{"lat":52.5200,"lng":13.4049}}}"#,
        r#"{"trip":{"left":{"lat":52.5200,"lng":13.4049,"accuracy":5},"right":{"lat":52.5201,"lng":13.4050,"accuracy":5}}}"#,
    ] {
        assert_eq!(of(body, "coordinates"), [Grade::Decoded], "{body}");
    }
}

#[test]
fn prices_in_paths_are_no_positions() {
    for path in [
        "/marketplace/offers/10.25,20.50",
        "/sitemap/10.99,49.95",
        "/endpoint/10.25,20.50",
        "/replace/11.125/12.50",
        "/map/10.25,20.50",
    ] {
        let found = grades(post(path, "application/json", "{}"), "coordinates");
        assert_eq!(found, [], "{path}");
    }
}

#[test]
fn weather_and_places_are_asked_for_with_few_decimals() {
    let get = |path: &str| grades(post(path, "application/json", "{}"), "coordinates");
    for path in [
        "/forecast/a1b2c3d4e5f60718293a4b5c6d7e8f90/52.559,13.459?lang=de",
        "/points/52.559,13.459",
        "/forecast/key/52.56,13.46",
        "/weather/52.559/13.459",
    ] {
        assert_eq!(get(path), [Grade::Decoded], "{path}");
    }
    for path in [
        "/v1/52.559,13.459",
        "/v2/52.559/13.459/x",
        "/points/1.25,2.75",
        "/points/52.50,13.00",
        "/points/52.5,13.4",
        "/v1/52.56,13.46",
        "/map/10.559/13.459",
    ] {
        assert_eq!(get(path), [], "{path}");
    }
    let told = post(
        "/ad",
        "application/x-www-form-urlencoded",
        "u-latlong-accu=50.86%2C7.038138%2C15.0",
    );
    assert_eq!(grades(told, "coordinates"), [Grade::Decoded]);
}

#[test]
fn access_points_are_found_in_protobufs_and_queries() {
    let point = |mac: &str, level: i64| {
        let mut bytes = vec![10, u8::try_from(mac.len()).unwrap()];
        bytes.extend(mac.bytes());
        bytes.push(24);
        let mut level = level.cast_unsigned();
        while level >= 128 {
            bytes.push(u8::try_from(level & 127).unwrap() | 128);
            level >>= 7;
        }
        bytes.push(u8::try_from(level).unwrap());
        [vec![18, u8::try_from(bytes.len()).unwrap()], bytes].concat()
    };
    let scan = |levels: &[i64]| {
        let points = (1..).zip(levels);
        let points = points.map(|(at, level)| point(&format!("3c:5a:b4:01:02:0{at}"), *level));
        let headers = [("Content-Type", "application/x-protobuf")];
        let body = points.collect::<Vec<_>>().concat();
        let sent = observation::post("collector.example", "/v1/t", &headers, body, false);
        grades(sent, "wifi-bssid")
    };
    assert_eq!(scan(&[-55, -80, -75, -76]), [Grade::Shape]);
    // freezers, counters, and too few
    assert_eq!(scan(&[-18, -19, -21, -20]), []);
    assert_eq!(scan(&[55, 80, 75, 76]), []);
    assert_eq!(scan(&[-55, -80]), []);
    let query = |query: &str| {
        let path = format!("/maps/api/browserlocation/json?{query}");
        grades(
            observation::post("maps.example", &path, &[], Vec::new(), false),
            "wifi-bssid",
        )
    };
    let two = "wifi=mac%3A00%3A1a%3A11%3Af7%3A4a%3A69%7Css%3A-61&wifi=mac%3A3c%3Aa6%3A2f%3A4e%3A49%3Ac6%7Css%3A-70";
    assert_eq!(query(two), [Grade::Decoded]);
    assert_eq!(
        query("wifi=mac%3A3c%3Aa6%3A2f%3A4e%3A49%3Ac6%7Cspeed%3A70"),
        []
    );
}

#[test]
fn cells_of_grids_are_places_under_any_name_unless_they_are_of_a_map() {
    let cell = |body: &str| of(body, "geohash");
    assert_eq!(cell(r#"{"hex_cell":"881f8d7a5bfffff"}"#), [Grade::Shape]);
    assert_eq!(cell(r#"{"zone":"891f8d7a5bbffff"}"#), [Grade::Shape]);
    for other in [
        // of the wrong mode, resolution and ending, and a map
        r#"{"hex_cell":"981f8d7a5bfffff"}"#,
        r#"{"hex_cell":"881f8d7a5b01234"}"#,
        r#"{"hex_cell":"891f8d7a5bfffff"}"#,
        r#"{"trace":"8a1f8d7a5bc2d01"}"#,
        r#"{"zones":["881f8d7a5bfffff","881f8d7a59fffff","881f8d7a51fffff"]}"#,
    ] {
        assert_eq!(cell(other), [], "{other}");
    }
}

#[test]
fn points_with_plane_names_and_times_are_a_way_where_they_lie_on_one() {
    let trail = |point: fn(u32) -> String| {
        let points: Vec<String> = (0..5).map(point).collect();
        let body = format!(r#"{{"trip":{{"pts":[{}]}}}}"#, points.join(","));
        of(&body, "coordinates")
    };
    assert_eq!(
        trail(|at| format!(
            r#"{{"t":{},"y":52.520{at}08,"x":13.404{at}54,"v":13.2}}"#,
            1_772_355_600 + at * 5
        )),
        [Grade::Shape]
    );
    let others: [fn(u32) -> String; 6] = [
        // a finger on a screen, drawn many times a second
        |at| {
            format!(
                r#"{{"t":{},"x":52.520{at}08,"y":13.404{at}54}}"#,
                1_772_355_600_000_u64 + u64::from(at) * 16
            )
        },
        // a room, something without a time, and what does not lie on a way
        |at| {
            format!(
                r#"{{"t":{},"x":52.520{at}08,"y":13.404{at}54,"z":1.5}}"#,
                1_772_355_600 + at * 5
            )
        },
        |at| format!(r#"{{"x":52.520{at}08,"y":13.404{at}54}}"#),
        // numbers of nodes
        |at| {
            format!(
                r#"{{"id":{},"x":52.520{at}08,"y":13.404{at}54}}"#,
                1_600_000_001 + at
            )
        },
        // metres in a room
        |at| {
            format!(
                r#"{{"t":{},"x":12.3{at}56,"y":7.8{at}12}}"#,
                1_772_355_600 + at
            )
        },
        |at| {
            format!(
                r#"{{"t":{},"x":{at}2.52008,"y":13.40454}}"#,
                1_772_355_600 + at * 5
            )
        },
    ];
    for other in others {
        assert_eq!(trail(other), [], "{}", other(3));
    }
    // what nothing calls a way: a vacuum, and how warm and humid it is
    for (list, start) in [
        ("track", (12.345_678, 7.891_234)),
        ("points", (21.437_51, 45.218_81)),
    ] {
        let points: Vec<String> = (0..6)
            .map(|at| {
                let moved = |start: f64| start + f64::from(at) * 0.004_01;
                let (x, y) = (moved(start.0), moved(start.1));
                format!(
                    r#"{{"ts":{},"x":{x:.6},"y":{y:.6}}}"#,
                    1_772_355_600 + at * 60
                )
            })
            .collect();
        let body = format!(r#"{{"{list}":[{}]}}"#, points.join(","));
        assert_eq!(of(&body, "coordinates"), [], "{body}");
    }
}

#[test]
fn rows_have_the_names_of_their_schema() {
    let rows = r#"{"pings":[[1772355600,52.520008,13.404954,12],[1772355660,52.521008,13.405954,12]],"schema":["t","lat","lon","acc"]}"#;
    assert_eq!(of(rows, "coordinates"), [Grade::Decoded]);
    let others = r#"{"pings":[[1772355600,52.520008,13.404954]],"schema":["t","bid","ask"]}"#;
    assert_eq!(of(others, "coordinates"), []);
}

#[test]
fn degrees_in_fractions_and_systems_of_maps_are_positions() {
    for body in [
        r#"{"GPSLatitude":"52/1,31/1,1203/100","GPSLongitude":"13/1,24/1,1783/100"}"#,
        r#"{"GPSLatitude":"52/1,312005/10000,0/1","GPSLongitude":"13/1,242971/10000,0/1"}"#,
        r#"{"coorType":"bd09ll","x":13.404954,"y":52.520008,"radius":40.0}"#,
        r#"{"user":{"uLat":52.520008,"uLng":13.404954,"acc":14.2}}"#,
    ] {
        assert_eq!(of(body, "coordinates"), [Grade::Decoded], "{body}");
    }
    for body in [
        r#"{"GPSLatitude":"52/0,31/1,1203/100","GPSLongitude":"13/0,24/1,1783/100"}"#,
        r#"{"x":13.404954,"y":52.520008,"radius":40.0}"#,
        r#"{"chart":{"uLat":52.520008,"uLng":13.404954}}"#,
    ] {
        assert_eq!(of(body, "coordinates"), [], "{body}");
    }
}

#[test]
fn a_header_of_a_place_may_have_keys_before_its_numbers() {
    let sent = |header: &str| {
        let headers = [("X-Geo", header)];
        let sent = observation::post("collector.example", "/feed", &headers, Vec::new(), false);
        grades(sent, "coordinates")
    };
    assert_eq!(sent("a=52.520008,b=13.404954"), [Grade::Shape]);
    assert_eq!(sent("lon=13.404954;lat=52.520008"), [Grade::Decoded]);
    for other in [
        r#"{"point":"x=12.345678,y=34.567891"}"#,
        r#"{"point":"a=12.345678,b=34.567891"}"#,
        r#"{"position":"t=12.345678,l=33.123456"}"#,
        r#"{"location":"w=10.12345,h=20.12345"}"#,
    ] {
        assert_eq!(of(other, "coordinates"), [], "{other}");
    }
    for other in [
        "a=52.5,b=13.4",
        "a=52.520008,b=13.404954,c=1.2345",
        "a=0.520008,b=0.404954",
    ] {
        assert_eq!(sent(other), [], "{other}");
    }
}

#[test]
fn points_with_times_in_protobufs_are_a_way_where_the_path_is_of_a_receiver() {
    let points = |count: u8| {
        let points = (0..count).map(|at| {
            let half = |start: f64| start + f64::from(at) * 0.000_4;
            let number = |field: u8, value: f64| {
                [vec![field << 3 | 1], value.to_le_bytes().to_vec()].concat()
            };
            let time = [
                vec![0x20],
                protobuf::varint(1_772_355_600_000 + u64::from(at) * 5_000),
            ]
            .concat();
            let point = [
                number(1, half(52.520_008)),
                number(2, half(13.404_954)),
                time,
            ]
            .concat();
            [vec![0x1a, u8::try_from(point.len()).unwrap()], point].concat()
        });
        points.collect::<Vec<_>>().concat()
    };
    let sent = |path: &str, count| {
        let headers = [("Content-Type", "application/x-protobuf")];
        let sent = observation::post("collector.example", path, &headers, points(count), false);
        grades(sent, "coordinates")
    };
    assert_eq!(sent("/loc.Fused/Report", 4), [Grade::Shape]);
    assert_eq!(sent("/loc.Fused/Report", 2), []);
    for other in [
        "/Sensor/Report",
        "/bug-fix/report",
        "/hot/fixes",
        "/api/loc/strings",
    ] {
        assert_eq!(sent(other, 4), [], "{other}");
    }
}

#[test]
fn lines_of_a_scan_are_access_points_where_all_of_them_are() {
    let sent = |text: &str| grades(post("/s", "text/plain", text), "wifi-bssid");
    let point = |end: u8, signal: &str| format!("3c:5a:b4:01:02:{end:02x}|{signal}|Werkstatt-WLAN");
    let scan = [point(1, "-61"), point(2, "-70"), point(3, "-83")];
    assert_eq!(sent(&scan.join("\n")), [Grade::Shape]);
    // what is near by Bluetooth
    let near = "A4:C1:38:01:02:03,-61,LYWSD03MMC\nA4:C1:38:01:02:04,-70,Mi Smart Band\nA4:C1:38:01:02:05,-83,JBL Flip 5";
    assert_eq!(sent(near), []);
    let scanned = format!(r#"{{"scan":"{}"}}"#, near.replace('\n', "\\n"));
    assert_eq!(of(&scanned, "wifi-bssid"), []);
    // thermometers in the cold, a line of something else, and what is no signal
    let cold = "a4:c1:38:11:22:5f;-40;12\na4:c1:38:15:42:5f;-42;11\na4:c1:38:11:99:5f;-37;9\n";
    assert_eq!(sent(cold), []);
    assert_eq!(
        sent(&[&scan[..], &["end of list".to_owned()]].concat().join("\n")),
        []
    );
    assert_eq!(
        sent(&[point(1, "61"), point(2, "70"), point(3, "83")].join("\n")),
        []
    );
}

#[test]
fn access_points_in_one_value_or_without_marks_are_those_around_a_phone() {
    let sent = |body: &str| of(body, "wifi-bssid");
    let bare = "3C5AB4010203";
    assert_eq!(
        sent(r#"{"wifi":["3C5AB4010203","3C5AB4010204","3C5AB4010205"]}"#),
        [Grade::Decoded]
    );
    assert_eq!(
        sent(r#"{"x":"3c5ab4010203:-61,3c5ab4010204:-70,3c5ab4010205:-83"}"#),
        [Grade::Shape]
    );
    for other in [
        // the phone's own, of Wi-Fi and Bluetooth
        format!(r#"{{"wifi":["{bare}"]}}"#),
        format!(r#"{{"macs":["{bare}","3C5AB4010204"]}}"#),
        // builds and their states, prices of articles, and thermometers near by
        r#"{"x":"3c5ab4010203:1,3c5ab4010204:0,3c5ab4010205:1"}"#.to_owned(),
        r#"{"x":"123456789012;61;|123456789013;70;|123456789014;83;"}"#.to_owned(),
        r#"{"wf":"workflow;61;start|workflow;70;end"}"#.to_owned(),
        r#"{"ble":"a4c138010203:-61,a4c138010204:-70,a4c138010205:-83"}"#.to_owned(),
    ] {
        assert_eq!(sent(&other), [], "{other}");
    }
}
