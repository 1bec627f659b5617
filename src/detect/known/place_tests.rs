//! Known positions, in fields, paths, cells and tiles.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::tests::*;
use super::*;
use crate::rules::Rules;

#[test]
fn positions_are_found_in_pairs_of_fields() {
    for body in [
        "{\"lat\": 52.52, \"lon\": 13.405}",
        "{\"latitudeE7\": 525200080, \"longitudeE7\": 134049540}",
        "{\"g\": {\"a\": 13.40495, \"b\": 52.52001}}",
        "{\"h\": \"u33dc0cpnp45\"}",
        "{\"lat\": \"52.52N\", \"lon\": \"13.405E\"}",
        "{\"lat\": \"52, 31, 12.03\", \"lon\": \"13, 24, 17.83\"}",
        "{\"breite\": \"52,52\", \"laenge\": \"13,405\"}",
        "{\"latitude\": {\"value\": 52.52}, \"longitude\": {\"value\": 13.405}}",
    ] {
        assert_eq!(
            rules_of("application/json", body.as_bytes()),
            ["coordinates"],
            "{body}"
        );
    }
    for body in [
        "{\"lat\": 48.137, \"lon\": 11.575}",
        "{\"a\": 52, \"b\": 13}",
        "{\"a\": 52.52, \"b\": 52.52}",
    ] {
        assert!(
            rules_of("application/json", body.as_bytes()).is_empty(),
            "{body}"
        );
    }
}

/// Pairing each latitude with each longitude takes the square of their number.
#[test]
fn many_halves_of_a_position_are_paired_with_those_beside_them() {
    let numbers = [vec!["52.52000"; 20_000], vec!["13.40495"; 20_000]].concat();
    let apart = serde_json::json!({ "p": numbers }).to_string();
    let found = rules_of("application/json", apart.as_bytes());
    assert_eq!(found, ["coordinates"]);
    let between = |others: usize| {
        let numbers = [vec!["52.52000"], vec!["7.5"; others], vec!["13.40495"]].concat();
        let body = serde_json::json!({ "p": numbers }).to_string();
        rules_of("application/json", body.as_bytes())
    };
    assert_eq!(between(3), ["coordinates"]);
    assert_eq!(between(4), <[&str; 0]>::default());
}

#[test]
fn halves_with_names_may_stand_apart_and_in_columns() {
    let found = |body: &str| rules_of("application/json", body.as_bytes());
    for body in [
        r#"{"lat": 52.52, "a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "lon": 13.40495}"#,
        r#"{"t": [1, 2], "lat": [48.1, 52.52], "lon": [11.5, 13.40495]}"#,
        r#"{"lat": "52 31 12.0 N", "lon": "13 24 17.8 E"}"#,
        r#"{"geohash": "u33dc0cpn"}"#,
    ] {
        assert_eq!(found(body), ["coordinates"], "{body}");
    }
    let body = r#"{"lat": [52.52, 48.1], "lon": [11.5, 13.40495]}"#;
    assert_eq!(found(body), <[&str; 0]>::default());
    let many: Vec<String> = (0..20_000)
        .map(|at| format!(r#""lat{at}": 52.52, "lon{at}": 13.40"#))
        .collect();
    assert_eq!(found(&format!("{{{}}}", many.join(","))), ["coordinates"]);
}

#[test]
fn cells_beside_that_of_a_place_may_be_within_its_radius() {
    let near = |text: &str| {
        let known = KnownValue::own(KnownKind::Position, "52.520008,13.404954");
        let body = serde_json::json!({ "v": text }).to_string();
        rules_of_known(vec![known], "application/json", body.as_bytes())
    };
    // Of zoom level 18 a tile is 93 metres wide.
    assert_eq!(near("/18/140834/85971.png"), ["coordinates"]);
    assert_eq!(near("/18/140837/85971.png"), <[&str; 0]>::default());
    let point = h3o::LatLng::new(52.5211, 13.404_954).unwrap();
    let cell = point.to_cell(h3o::Resolution::Twelve).to_string();
    assert_eq!(near(&cell), ["coordinates"]);
    let point = h3o::LatLng::new(52.5231, 13.404_954).unwrap();
    let cell = point.to_cell(h3o::Resolution::Twelve).to_string();
    assert_eq!(near(&cell), <[&str; 0]>::default());
    let letters = KnownValue::own(KnownKind::Position, "40.5213,-5.1019");
    let found =
        |body: &str| rules_of_known(vec![letters.clone()], "application/json", body.as_bytes());
    assert_eq!(found(r#"{"geohash": "ezhqeb"}"#), ["coordinates"]);
    assert_eq!(found(r#"{"word": "ezhqeb"}"#), <[&str; 0]>::default());
}

/// The rules under which known values are found in a path.
fn path(target: &str) -> Vec<String> {
    let index = Index::new(values(), &[], &Rules::embedded(), 1);
    inspect_exchange(&index, request(target, "", b""), None)
}

#[test]
fn tiles_of_a_map_are_found_in_paths() {
    for target in [
        "/15/17604/10746.png",
        "/tiles/15/17604/10746",
        "/v4/streets/15/17604/10746.mvt?access_token=a",
        "/styles/v1/app/day/tiles/256/15/17604/10746@2x",
        "/15/17604/10746@2x.png",
        "/MapServer/tile/15/10746/17604",
        "/12/2200/1343.webp",
    ] {
        assert_eq!(path(target), ["coordinates"], "{target}");
    }
    for target in [
        "/15/17605/10746.png",
        "/15/17604/x/10746.png",
        "/11/1100/671.png",
        "/15/17604a/10746.png",
    ] {
        assert_eq!(path(target), <[&str; 0]>::default(), "{target}");
    }
}

#[test]
fn cells_are_found_as_numbers_and_within_the_radius() {
    let known = |cell: h3o::CellIndex, radius_metres: u32, is_number: bool| {
        let mut place = KnownValue::own(KnownKind::Position, POSITION);
        place.radius_metres = radius_metres;
        let cell = if is_number {
            serde_json::json!({ "h3": u64::from(cell) })
        } else {
            serde_json::json!({ "h3": cell.to_string() })
        };
        let body = cell.to_string();
        rules_of_known(vec![place], "application/json", body.as_bytes())
    };
    let cell = |north: f64| {
        let point = h3o::LatLng::new(52.520_008 + north, 13.404_954).unwrap();
        point.to_cell(h3o::Resolution::Eleven)
    };
    assert_eq!(known(cell(0.0), 100, false), ["coordinates"]);
    assert_eq!(known(cell(0.0), 100, true), ["coordinates"]);
    assert_eq!(known(cell(0.000_5), 100, false), ["coordinates"]);
    assert!(known(cell(0.000_5), 20, false).is_empty());
    assert!(known(cell(0.002), 100, false).is_empty());
}

#[test]
fn positions_of_protobuf_may_have_their_sign_in_the_last_bit() {
    let zigzag = |number: i64| ((number << 1) ^ (number >> 63)).cast_unsigned();
    let position = |latitude, longitude| {
        let [latitude, longitude] = [latitude, longitude].map(|it| varint(zigzag(it)));
        let place = [&[0x08], &*latitude, &[0x10], &*longitude].concat();
        rules_of("application/x-protobuf", &protobuf(&place))
    };
    assert_eq!(position(525_200_080, 134_049_540), ["coordinates"]);
    assert!(position(525_200_080, -134_049_540).is_empty());
}

/// How a body holds a text.
type Hold = fn(&str) -> String;

/// The law of forms: whatever is known in one container is known in any.
#[test]
fn a_position_in_any_form_is_found_in_any_container() {
    let zigzag = |number: i64| varint(((number << 1) ^ (number >> 63)).cast_unsigned());
    let [latitude, longitude] = [525_200_080, 134_049_540].map(zigzag);
    let integers = [&[0x08], &*latitude, &[0x10], &*longitude].concat();
    let plain = |number: u64| varint(number);
    let [latitude, longitude] = [525_200_080, 134_049_540].map(plain);
    let others = [&[0x08], &*latitude, &[0x10], &*longitude].concat();
    let doubles = [
        &[0x09][..],
        &52.520_008_f64.to_le_bytes(),
        &[0x11],
        &13.404_954_f64.to_le_bytes(),
    ]
    .concat();
    let forms = [
        "52.5200,13.4049".to_owned(),
        "geo:52.52001,13.40495".into(),
        "52,52001 13,40495".into(),
        "52°31'12.0\"N 13°24'17.8\"E".into(),
        "u33dc0cpn".into(),
        "9F4MGCC3+2X".into(),
        "+52.52001+013.40495/".into(),
        "{\"lat\": 52.52001, \"lon\": 13.40495}".into(),
        "{\"latitudeE7\": 525200080, \"longitudeE7\": 134049540}".into(),
        STANDARD.encode("geo:52.52001,13.40495"),
    ];
    let bytes = [integers, others, doubles].map(|bytes| STANDARD.encode(bytes));
    let containers: [(&str, Hold); 8] = [
        ("application/json", |text| {
            serde_json::json!({"v": text}).to_string()
        }),
        ("text/plain", str::to_owned),
        ("text/plain", |text| {
            format!("09-14 07:31:59.2 41 D Sync: v={text} state=OK\n")
        }),
        ("text/plain", |text| format!("lilac|7|{text}|end")),
        ("text/plain", |text| {
            format!("lilac\u{1f}7\u{1f}{text}\u{1f}end")
        }),
        ("", |text| format!("lilac\u{1}v={text}\u{1}end")),
        ("text/csv", |text| {
            format!(
                "nr;v;n\n1;\"{}\";lilac\n2;;lilac\n",
                text.replace('"', "\"\"")
            )
        }),
        ("text/xml", |text| {
            format!("<a><v>{}</v></a>", quick_xml::escape::escape(text))
        }),
    ];
    for form in forms.iter().chain(&bytes) {
        for (content_type, hold) in containers {
            let body = hold(form);
            // Among words, bytes in base64 are no more than an id.
            if bytes.contains(form) && body.contains('|') {
                continue;
            }
            let found = rules_of(content_type, body.as_bytes());
            assert_eq!(found, ["coordinates"], "{body}");
        }
    }
}

#[test]
fn positions_are_found_in_names_of_hosts() {
    let index = Index::new(values(), &[], &Rules::embedded(), 1);
    let cell = h3o::LatLng::new(52.520_008, 13.404_954).unwrap();
    let cell = cell.to_cell(h3o::Resolution::Eleven).to_string();
    let encoded = URL_SAFE_NO_PAD.encode("geo:52.52001,13.40495");
    for (label, is_known) in [
        ("u33dc0cpn", true),
        (&*cell, true),
        (&*encoded, true),
        ("u33dx0cpn", false),
        ("u33db", false),
    ] {
        let tally = tally_of(
            &index,
            Event::Lookup(crate::model::Lookup {
                name: format!("{label}.t.app.example"),
                record_type: 1,
                ..crate::model::Lookup::default()
            }),
        );
        let mut grades = tally.findings.keys().map(|key| key.grade);
        assert_eq!(
            grades.any(|it| it == Grade::KnownValue),
            is_known,
            "{label}"
        );
    }
}
