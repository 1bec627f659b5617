//! Identifiers of hardware under names that say nothing, without names, and in a User-Agent.

use super::{found, grades, json, post};
use crate::forge::observation;
use phonehome::model::{Event, Grade, Message};

fn of(body: &str, rule: &str) -> Vec<Grade> {
    grades(post("/v1/state", "application/json", body), rule)
}

#[test]
fn a_hardware_address_is_told_by_its_form() {
    for body in [
        r#"{"dmac":"3c:5a:b4:0a:1b:2c"}"#,
        r#"{"m":"3C-5A-B4-0A-1B-2C"}"#,
        r#"{"wlan":"3c:5a:b4:0a:1b:2c"}"#,
        r#"{"net":{"hw":"3c:5a:b4:0a:1b:2c","type":"wlan0"}}"#,
        r#"{"net":[{"hw":"3c:5a:b4:0a:1b:2c","type":"wlan0"}]}"#,
        // under names of rules that take no address
        r#"{"device_id":"3c:5a:b4:0a:1b:2c"}"#,
        r#"{"udid":"3c:5a:b4:0a:1b:2c"}"#,
        // words that end in those of other devices
        r#"{"stage":{"hw":"3c:5a:b4:0a:1b:2c"}}"#,
        r#"{"percentage":{"hw":"3c:5a:b4:0a:1b:2c"}}"#,
        r#"{"block":{"hw":"3c:5a:b4:0a:1b:2c"}}"#,
        r#"{"clock":{"hw":"3c:5a:b4:0a:1b:2c"}}"#,
    ] {
        assert_eq!(of(body, "mac-address"), [Grade::Shape], "{body}");
    }
    for body in [
        // made up by the phone, of all, of a group, of documents, a duration
        r#"{"m":"da:5a:b4:0a:1b:2c"}"#,
        r#"{"m":"ff:ff:ff:ff:ff:ff"}"#,
        r#"{"m":"01:00:5e:0a:1b:2c"}"#,
        r#"{"m":"00:00:5e:00:53:2c"}"#,
        r#"{"m":"00:12:34:05:06:07"}"#,
        r#"{"m":"00-00-00-AB-CD-EF"}"#,
        // of access points
        r#"{"bssid":"3c:5a:b4:0a:1b:2c"}"#,
        // of what is worn or stands at home
        r#"{"watch":{"addr":"3c:5a:b4:0a:1b:2c","rssi":-60}}"#,
        r#"{"watch":{"addr":"3c:5a:b4:0a:1b:2c"}}"#,
        r#"{"paired_device":"3c:5a:b4:0a:1b:2c"}"#,
        r#"{"pairedDevice":{"addr":"3c:5a:b4:0a:1b:2c"}}"#,
        r#"{"headset":{"addr":"3c:5a:b4:0a:1b:2c"}}"#,
        r#"{"scale":{"addr":"3c:5a:b4:0a:1b:2c"}}"#,
        r#"{"thermostat":{"device_id":"3c:5a:b4:0a:1b:2c"}}"#,
        r#"{"tag":{"addr":"3c:5a:b4:0a:1b:2c"}}"#,
        r#"{"found":{"addr":"3c:5a:b4:0a:1b:2c","rssi":-60}}"#,
        r#"{"found":{"addr":"3c:5a:b4:0a:1b:2c","name":"Smart Band 7"}}"#,
        // of what is around
        r#"{"router":"3c:5a:b4:0a:1b:2c"}"#,
        r#"{"printer":{"hw":"3c:5a:b4:0a:1b:2c"}}"#,
        r#"{"hosts":[{"hw":"3c:5a:b4:0a:1b:2c","up":true}]}"#,
        r#"{"a":"3c:5a:b4:0a:1b:2c","b":"3c:5a:b4:0a:1b:2d","c":"3c:5a:b4:0a:1b:2e"}"#,
    ] {
        assert_eq!(of(body, "mac-address"), [], "{body}");
    }
}

/// A protobuf with texts in one message of it.
fn protobuf(texts: &[&str]) -> Vec<(String, u64, u64)> {
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
    let mut inner = Vec::new();
    for (tag, text) in (1_u8..).zip(texts) {
        inner.extend([tag << 3 | 2, length(text.as_bytes())]);
        inner.extend(text.as_bytes());
    }
    let body = [&[0x0a, length(&inner)], inner.as_slice(), b"\x12\x04open"].concat();
    let headers = [("Content-Type", "application/x-protobuf")];
    found(&[observation::post(
        "collector.example",
        "/v1/state",
        &headers,
        body,
        false,
    )])
}

#[test]
fn identifiers_of_a_phone_without_names_tell_each_other() {
    let (uuid, number, address) = (
        "3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b3",
        "356938035643809",
        "3c:5a:b4:0a:1b:2c",
    );
    let rules = |texts: &[&str]| -> Vec<String> {
        protobuf(texts).into_iter().map(|(rule, ..)| rule).collect()
    };
    assert_eq!(
        rules(&[uuid, number, address]),
        ["hardware-id", "install-id", "mac-address"]
    );
    assert_eq!(rules(&[uuid]), [""; 0], "a UUID may be of anything");
    // by its check digit and the body that gave it out: one for each SIM, not those of a fleet
    assert_eq!(rules(&[number]), ["hardware-id"]);
    assert_eq!(rules(&["490154203237518"]), [""; 0], "of no usual body");
    let fleet = [number, "356938035643817", "356938035643825"];
    assert_eq!(rules(&fleet), [""; 0]);
    assert_eq!(
        rules(&[uuid, "356938035643808"]),
        [""; 0],
        "a wrong check digit"
    );
    let order = format!(r#"{{"order":"{number}","uuid":"{uuid}"}}"#);
    assert_eq!(json("/v1/state", &order), []);
}

#[test]
fn a_user_agent_names_identifiers() {
    let with = |agent: &str| {
        let headers = [("User-Agent", agent)];
        let request = observation::post(
            "collector.example",
            "/v1/state",
            &headers,
            Vec::new(),
            false,
        );
        let found = found(&[request]).into_iter();
        found.map(|(rule, ..)| rule).collect::<Vec<_>>()
    };
    for token in [
        "gaid/3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b3",
        "idfa=3F2B8C1E-5A47-4D09-9E6B-7C1D20F4A8B3",
        "(gaid:3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b3; en)",
    ] {
        assert_eq!(
            with(&format!("App/3.1 {token}")),
            ["advertising-id"],
            "{token}"
        );
    }
    assert_eq!(
        with("App/3.1 (build/3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b3)"),
        [""; 0]
    );
}

#[test]
fn short_names_of_attributes_count_beside_those_that_say_so() {
    let described = r#"{"device":{"cpu":"arm64-v8a","density":420,"ram":4096,"locale":"fr-FR","model":"PH-7"}}"#;
    assert_eq!(of(described, "hardware-state"), [Grade::Decoded]);
    let state = found(&[post("/v1/state", "application/json", described)]);
    let state = state.iter().find(|(rule, ..)| rule == "hardware-state");
    assert_eq!(state.map(|(_, _, items)| *items), Some(3));
    let slot =
        r#"{"device":{"locale":"fr-FR","model":"PH-7"},"slot":{"w":320,"h":50,"density":2}}"#;
    assert_eq!(
        of(slot, "hardware-state"),
        [],
        "the slot is none of a device"
    );
}

#[test]
fn what_a_protocol_says_of_the_link_is_no_finding() {
    let message = Message {
        protocol: "dhcp",
        kind: "request".to_owned(),
        from_client: true,
        fields: vec![("client".to_owned(), "3c:5a:b4:0a:1b:2c".to_owned())],
        ..Message::default()
    };
    let mut observation = post("/", "text/plain", "");
    observation.sighting.event = Event::Message(message);
    assert_eq!(grades(observation, "mac-address"), []);
}

#[test]
fn an_imei_is_told_by_its_form_under_names_of_the_device() {
    for body in [
        r#"{"device_id":"356938035643809","v":3}"#,
        r#"{"did":"356938035643809"}"#,
        r#"{"hw":356938035643809}"#,
    ] {
        assert_eq!(of(body, "hardware-id"), [Grade::Decoded], "{body}");
    }
    for body in [
        // without its check digit, of no body that gives numbers out, of an order, of a card
        r#"{"device_id":"356938035643808"}"#,
        r#"{"device_id":"690154203237518"}"#,
        r#"{"order":"356938035643809"}"#,
        r#"{"card":"378282246310005"}"#,
        r#"{"stock":[{"did":"356938035643809"},{"did":"353325102030404"},{"did":"352099001761481"},{"did":"866818039921448"}]}"#,
    ] {
        assert_eq!(of(body, "hardware-id"), [], "{body}");
    }
}

#[test]
fn a_device_without_names_is_described_by_zone_locale_and_maker_together() {
    let rules = |texts: &[&str]| -> Vec<(String, u64)> {
        let found = protobuf(texts).into_iter();
        found.map(|(rule, items, _)| (rule, items)).collect()
    };
    let of = |rule: &str, items| (rule.to_owned(), items);
    assert_eq!(
        rules(&["samsung", "SM-G991B", "13", "de_DE", "Europe/Berlin"]),
        [
            of("device-model", 2),
            of("locale-timezone", 2),
            of("os-version", 1)
        ]
    );
    for other in [
        &["SM-G991B", "13", "de_DE", "Europe/Berlin"][..],
        &["samsung", "SM-G991B", "13", "de_DE"],
        &["samsung", "13", "Europe/Berlin"],
    ] {
        assert_eq!(rules(other), [], "{other:?}");
    }
}
