//! Identifiers: under which names, in which spellings, and what only looks like them.

use super::{contacts, found, grades, items_of, json, post, tally};
use crate::forge::observation;
use phonehome::model::Grade;

#[test]
fn identities_of_networks_and_rooms_are_no_address_book() {
    for domain in [
        "ims.mnc001.mcc262.3gppnetwork.org",
        "nai.epc.mnc001.mcc262.pub.3gppnetwork.org",
        "conference.chat.example",
    ] {
        for (path, name) in [("/v1/registration", "user"), ("/v1/contacts/sync", "email")] {
            let one = |n: u32| {
                let body = format!(r#"{{"{name}":"26201123456789{n}@{domain}"}}"#);
                (path.to_owned(), body)
            };
            assert_eq!(contacts(&[1, 2, 3, 4].map(one)), [], "{domain} {path}");
            let all = [1, 2, 3, 4].map(|n| format!(r#""26201123456789{n}@{domain}""#));
            let list = (
                path.to_owned(),
                format!(r#"{{"{name}":[{}]}}"#, all.join(",")),
            );
            assert_eq!(contacts(&[list]), [], "{domain} {path}");
        }
    }
}

/// What is the same on all phones links nobody, at however many recipients it is.
#[test]
fn keys_and_builds_of_an_app_are_no_lasting_ids() {
    for name in [
        "api_key",
        "app_id",
        "appId",
        "client_id",
        "build_id",
        "commit",
        "etag",
        "project_id",
        "sdk_key",
        "write_key",
        "public_token",
        "client_token",
        "tenant",
        "tenant_id",
        "x-api-key",
        "application_id",
        "asset_hash",
        "build_hash",
        "workspace_id",
        "organization_id",
        "team_id",
        "vid",
        "cid",
        "gid",
        "app_build_id",
        "x_client_id",
    ] {
        for value in [
            "3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b3",
            "a3f1c29b7e045d86a3f1c29b7e045d17",
            "a3f1c29b7e045d86a3f1c29b7e045d86a3f1c29b",
            "a3f1c29b7e045d86",
        ] {
            let body = format!(r#"{{"{name}":"{value}","ts":1791187200}}"#);
            assert_eq!(json("/v1/event", &body), [], "{name} {value}");
            let query = format!("/v1/event?{name}={value}");
            assert_eq!(json(&query, "{}"), [], "{name} {value}");
        }
    }
}

#[test]
fn kinds_of_documents_are_no_names_of_their_ids() {
    for body in [
        r#"{"type":"product","id":"4711"}"#,
        r#"{"type":"religion","id":"7"}"#,
        r#"{"type":"phone","id":"33458333730"}"#,
        r#"{"type":"city","id":"4021"}"#,
    ] {
        assert_eq!(items_of(body, &[""]), [], "{body}");
    }
}

#[test]
fn a_segment_behind_devices_may_be_their_number() {
    let path = |path: &str| {
        let sent = observation::post("collector.example", path, &[], Vec::new(), false);
        grades(sent, "hardware-id")
    };
    assert_eq!(path("/v1/devices/490154203237518/state"), [Grade::Decoded]);
    for other in [
        "/v1/devices/490154203237519/state",
        "/v1/orders/490154203237518",
    ] {
        assert_eq!(path(other), [], "{other}");
    }
}

#[test]
fn an_identifier_is_the_same_however_it_is_spelled() {
    for (name, one, other) in [
        (
            "gaid",
            "3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b3",
            "3F2B8C1E-5A47-4D09-9E6B-7C1D20F4A8B3",
        ),
        ("email", "Anna@Post.example", "anna@post.example"),
        ("phone", "+493023125111", "493023125111"),
        ("wifi_mac", "3c:5a:b4:01:02:03", "3C5AB4010203"),
        ("imei", "490154203237518", "49-015420-323751-8"),
    ] {
        let bodies = [one, other].map(|value| {
            post(
                "/v1/e",
                "application/json",
                &format!(r#"{{"{name}":"{value}"}}"#),
            )
        });
        let distinct: Vec<u64> = found(&bodies)
            .into_iter()
            .map(|(.., distinct)| distinct)
            .collect();
        let is_one = distinct.iter().all(|distinct| *distinct == 1);
        assert!(is_one && !distinct.is_empty(), "{name}: {distinct:?}");
    }
}

#[test]
fn identifiers_are_found_with_any_separators() {
    for (body, rule) in [
        (r#"{"deviceImei":"49-015420-323751-8"}"#, "hardware-id"),
        (r#"{"IMEI1":"490154 20 323751 8"}"#, "hardware-id"),
        (r#"{"geraeteImei":"490154203237518"}"#, "hardware-id"),
        (r#"{"mac":"0200.5e10.0001"}"#, "mac-address"),
        (
            r#"{"idfa":"384000008cf041bdb23e10b96e40000d"}"#,
            "advertising-id",
        ),
        (
            r#"{"adId":"{38400000-8cf0-41bd-b23e-10b96e40000d}"}"#,
            "advertising-id",
        ),
        (
            r#"{"idForVendor":"38400000-8CF0-41BD-B23E-10B96E40000D"}"#,
            "vendor-scoped-id",
        ),
        (r#"{"wlanName":"Nordlicht Lager"}"#, "wifi-ssid"),
        (r#"{"imsi":"262 02 8955597971"}"#, "sim-id"),
        (r#"{"mac":"02_00_5e_10_00_01"}"#, "mac-address"),
        (r#"{"ether":"02:00:5e:10:00:01"}"#, "mac-address"),
        (r#"{"cgi":"262-02-5126-26177"}"#, "cell-tower"),
        (
            r#"{"mcc":262,"mnc":2,"tac":1234,"nci":26177303123}"#,
            "cell-tower",
        ),
        (
            r#"{"bssid_list":["3c:84:6a:1e:6f:93","3c:84:6a:00:11:22"]}"#,
            "wifi-bssid",
        ),
    ] {
        let found = grades(post("/p", "application/json", body), rule);
        assert_eq!(found, [Grade::Decoded], "{body}");
    }
}

#[test]
fn a_zeroed_advertising_id_is_an_opt_out_honoured() {
    let tally = tally(&[post(
        "/e",
        "application/json",
        r#"{"advertising_id":"00000000-0000-0000-0000-000000000000"}"#,
    )]);
    let opted_out: Vec<_> = tally
        .findings
        .keys()
        .filter(|key| &*key.rule == "advertising-id")
        .map(|key| key.is_opted_out)
        .collect();
    assert_eq!(opted_out, [true]);
}

#[test]
fn a_segment_of_a_path_tells_whose_the_id_behind_it_is() {
    let path = |path: &str, rule: &str| {
        let sent = observation::post("collector.example", path, &[], Vec::new(), false);
        grades(sent, rule)
    };
    for (own, rule) in [
        (
            "/v1/installations/3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b3",
            "install-id",
        ),
        (
            "/v1/projects/p/installations/cAbC123_-4567890abcdeQ/authTokens",
            "install-id",
        ),
        ("/push/devices/3c:5a:b4:01:02:03", "mac-address"),
        // no finding by itself: lamps have ids, too
        (
            "/v1/devices/3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b3/state",
            "recurring-id",
        ),
    ] {
        assert_eq!(path(own, rule), [Grade::Decoded], "{own}");
    }
    for device in [
        "/v1/devices/0a1b2c3d4e5f60718293a4b5c6d7e8f9/registrations/pass.example/1",
        "/push/devices/a3f1c29b7e045d86",
    ] {
        assert_eq!(path(device, "install-id"), [Grade::Shape], "{device}");
    }
    for other in [
        "/install/3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b3",
        "/cdn/install/a3f1c29b7e045d86/setup",
        "/iot/devices/0a1b2c3d4e5f60718293a4b5c6d7e8f9/push",
        "/registration/terminal/0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "/v1/devices/3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b3/state",
        "/v1/devices/3c:5a:b4:01:02:03/state",
        "/v1/orders/3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b3",
        "/v1/installations/latest",
    ] {
        for rule in ["install-id", "mac-address", "hardware-id"] {
            assert_eq!(path(other, rule), [], "{other} {rule}");
        }
    }
}

#[test]
fn one_pair_of_a_line_may_name_an_identifier() {
    let text = |body: &str, rule: &str| grades(post("/crash", "text/plain", body), rule);
    for (line, rule) in [
        (
            "09-14 07:31:22.120 I/Init: imei=490154203237518 ready\n",
            "hardware-id",
        ),
        ("imei=490154203237518", "hardware-id"),
        ("Phone(androidId=a3f1c29b7e045d86)", "vendor-scoped-id"),
        ("E/Sim: imsi: 262011234567890", "sim-id"),
        (
            "boot serial: R5CT30A1B2C mac: 3c:5a:b4:01:02:03",
            "hardware-id",
        ),
        (
            "boot serial: R5CT30A1B2C mac: 3c:5a:b4:01:02:03",
            "mac-address",
        ),
    ] {
        assert_eq!(text(line, rule), [Grade::Decoded], "{line}");
    }
    for line in [
        "serial: the new series begins on Monday",
        "07:31:22 I/Order: number=490154203237518",
        "07:31:22 I/Shop: model=R5CT30A1B2C",
        "imei: none, mac: none",
    ] {
        assert_eq!(found(&[post("/crash", "text/plain", line)]), [], "{line}");
    }
}

#[test]
fn headers_of_an_application_name_attributes_where_several_do() {
    let rules = |headers: &[(&str, &str)]| -> Vec<String> {
        let sent = observation::post("collector.example", "/a", headers, Vec::new(), false);
        found(&[sent]).into_iter().map(|(rule, ..)| rule).collect()
    };
    let device = [
        ("X-Modelo", "FP5"),
        ("X-Fabricante", "Fairphone"),
        ("X-Os-Ver", "14"),
        ("X-Width", "1440"),
        ("X-Height", "3088"),
        ("X-Cpu-Cores", "8"),
        ("X-Memory-Size", "7812345"),
    ];
    assert_eq!(
        rules(&device),
        ["device-model", "hardware-state", "os-version"]
    );
    // a brand of shops, a product, and the width of a picture
    for service in [
        &[("X-Brand", "musterladen"), ("X-Product", "4711")][..],
        &[
            ("X-Brand", "musterladen"),
            ("X-Width", "320"),
            ("X-Height", "240"),
        ],
        &[("X-Fingerprint", "0a1b2c3d"), ("X-Request-Id", "7")],
        &[
            ("X-Brand", "musterladen"),
            ("X-Platform", "web"),
            ("X-Width", "320"),
        ],
        // a model of a language, and a car
        &[
            ("X-Model", "gpt-4o-mini"),
            ("X-Platform", "web"),
            ("X-Language", "de"),
            ("X-Version", "2"),
            ("X-Timezone", "UTC"),
        ],
        &[
            ("X-Brand", "BMW"),
            ("X-Model", "320d"),
            ("X-Language", "de"),
            ("X-Platform", "android"),
            ("X-OS-Version", "14"),
        ],
    ] {
        let of_device = rules(service);
        let others = ["device-model", "hardware-state"];
        let is_other = |rule: &String| others.contains(&&**rule);
        assert!(!of_device.iter().any(is_other), "{of_device:?}");
    }
}

#[test]
fn a_serial_number_in_short_is_one_beside_identifiers_of_a_phone() {
    let of = |body: &str| grades(post("/p", "application/json", body), "hardware-id");
    assert_eq!(
        of(r#"{"sn":"R5CT30A1B2C","iccid":"8949020000123456788"}"#),
        [Grade::Decoded]
    );
    for other in [
        r#"{"sn":"R5CT30A1B2C","mac":"3c:5a:b4:01:02:03"}"#,
        r#"{"sn":"R5CT30A1B2C","price":12}"#,
        r#"{"sn":"R5CT30A1B2C","icc":"sRGB"}"#,
    ] {
        assert_eq!(of(other), [], "{other}");
    }
}

#[test]
fn an_identifier_in_two_spellings_is_one_item() {
    let body = r#"{"imei":"490154203237518","deviceImei":"49-015420-323751-8"}"#;
    let found = found(&[post("/p", "application/json", body)]);
    assert_eq!(found, [("hardware-id".to_owned(), 1, 1)]);
}

#[test]
fn names_of_networks_that_differ_in_case_are_two() {
    let body = r#"{"wifi":[{"ssid":"Werkstatt"},{"ssid":"WERKSTATT"}]}"#;
    let found = found(&[post("/p", "application/json", body)]);
    assert_eq!(found, [("wifi-ssid".to_owned(), 2, 2)]);
}

#[test]
fn one_pair_among_other_words_tells_only_what_nothing_else_is_called() {
    for text in [
        "Serial: X1234567, works again",
        "pinned certificate serial: 0A1B2C3D4E5F",
        "peer mac: 3c:5a:b4:01:02:03",
        "loaded adid=9b0c7c1e-3b52-4d8e-9a61-0b2a3b4c5d6e creative",
        "bluetooth deviceId: 9b0c7c1e-3b52-4d8e-9a61-0b2a3b4c5d6e",
    ] {
        let found = found(&[post("/v1/log", "text/plain", text)]);
        assert_eq!(found, [], "{text}");
    }
    let text = "10:31:22 I/Init: imei=490154203237518 ready";
    let found = found(&[post("/v1/log", "text/plain", text)]);
    assert_eq!(found[0].0, "hardware-id");
}
