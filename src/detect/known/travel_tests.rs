//! Known values in the forms in which they travel: in frames, URLs, parts of forms, messages without names, and as what other systems
//! make of them.

use std::io::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

use super::tests::{
    EMAIL, PHONE, hex, inspect_exchange, inspect_with, json, protobuf, request, rules_of,
    rules_of_known, tally_of, values, varint,
};
use super::*;
use crate::model::{Body, Header, Message, Request};
use crate::rules::Rules;

const IMEI: &str = "490154203237518";
const IMSI: &str = "262019876543210";
/// The same without their last digits.
const UNCHECKED: &str = "49015420323751";
const SHORTER: &str = "26201987654321";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn subscriber(written: &str) -> Vec<String> {
    let known = vec![KnownValue::own(KnownKind::Sim, IMSI)];
    let body = serde_json::json!({ "v": written }).to_string();
    rules_of_known(known, "application/json", body.as_bytes())
}

#[test]
fn short_values_are_believed_only_where_names_say_so() {
    let found = |body: &str| {
        let known = vec![
            KnownValue::own(KnownKind::Ssid, "home"),
            KnownValue::own(KnownKind::AccountId, "4711"),
        ];
        rules_of_known(known, "application/json", body.as_bytes())
    };
    for body in [
        r#"{"page": "home", "status": "ok", "count": 4711}"#,
        r#"{"pin": "4711"}"#,
        "4711",
        r#"{"userCount": 4711, "wifi_page": "home"}"#,
        r#"{"guid": "4711", "social_network": "home"}"#,
        r#"{"account_type": "4711"}"#,
        r#"{"users_online": 4711}"#,
        // the MD5 of `home`
        r#"{"etag": "106a6c241b8797f52e1e77317b96a201"}"#,
    ] {
        assert_eq!(found(body), <[&str; 0]>::default(), "{body}");
    }
    for body in [
        r#"{"ssid": "home"}"#,
        r#"{"wifiName": "home"}"#,
        r#"{"ssid_md5": "106a6c241b8797f52e1e77317b96a201"}"#,
    ] {
        assert_eq!(found(body), ["wifi-ssid"], "{body}");
    }
    assert_eq!(found(r#"{"userId": "4711"}"#), ["account-id"]);
    assert_eq!(found(r#"{"user": {"account": "4711"}}"#), ["account-id"]);
}

#[test]
fn a_subscriber_is_found_by_the_name_that_networks_know() {
    let realm = "mnc001.mcc262.3gppnetwork.org";
    for written in [
        format!("0{IMSI}@wlan.{realm}"),
        format!("1{IMSI}@nai.epc.{realm}"),
        format!("6{IMSI}@wlan.{realm}"),
        format!("{IMSI}@ims.{realm}"),
        STANDARD.encode(IMSI),
    ] {
        assert_eq!(subscriber(&written), ["sim-id"], "{written}");
    }
    for written in [
        format!("0{SHORTER}9@wlan.{realm}"),
        STANDARD.encode(format!("{SHORTER}9")),
        SHORTER.to_owned(),
    ] {
        assert_eq!(subscriber(&written), <[&str; 0]>::default(), "{written}");
    }
}

#[test]
fn a_phone_is_found_by_its_number_with_the_version_of_its_software() {
    let phone = UNCHECKED;
    assert_eq!(json(&format!("{phone}07")), ["hardware-id"]);
    assert_eq!(json(&format!("v={phone}78;")), ["hardware-id"]);
    assert!(json(&format!("{phone}078")).is_empty());
    assert!(json(&format!("07{phone}")).is_empty());
}

#[test]
fn urls_with_data_need_no_base64() {
    let document = serde_json::json!({ "e": STANDARD.encode(EMAIL) }).to_string();
    let percent = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    for url in [
        format!("data:text/plain;charset=utf-8,{}", percent(&document)),
        format!("data:,{}", percent(EMAIL)),
        format!(
            "data:application/json;charset=utf-8;base64,{}",
            STANDARD.encode(&document)
        ),
        format!(
            "data:application/gzip;base64,{}",
            percent(&STANDARD.encode(gzip(EMAIL)))
        ),
    ] {
        assert_eq!(json(&url), ["contact-email-list"], "{url}");
        let found = rules_of("text/plain", url.as_bytes());
        assert_eq!(found, ["contact-email-list"], "{url}");
    }
}

#[test]
fn queries_and_their_names_are_values() {
    let index = Index::new(values(), &[], &Rules::embedded(), 1);
    let packed = STANDARD.encode(format!(r#"{{"mail":"{EMAIL}"}}"#));
    for (query, rule) in [
        (packed.replace('=', "%3D"), "contact-email-list"),
        (packed.clone(), "contact-email-list"),
        (format!("{packed}&v=2"), "contact-email-list"),
        ("52.520008,13.404954=1&z=2".to_owned(), "coordinates"),
    ] {
        let target = format!("/t?{query}");
        let found = inspect_exchange(&index, request(&target, "", b""), None);
        assert_eq!(found, [rule], "{query}");
    }
}

#[test]
fn forms_are_read_in_any_encoding_by_their_boundary() {
    let form = |content: &[u8]| {
        let head =
            b"--Bq7\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.bin\"\r\n\r\n";
        [head, content, b"\r\n--Bq7--\r\n"].concat()
    };
    let packed = STANDARD.encode(PHONE);
    let document = serde_json::json!({ "b": STANDARD.encode(form(&gzip(PHONE))) }).to_string();
    for body in [
        form(&gzip(PHONE)),
        form(packed.as_bytes()),
        document.into_bytes(),
    ] {
        let found = rules_of("application/octet-stream", &body);
        assert_eq!(found, ["contact-phone-list"]);
    }
}

#[test]
fn users_of_a_server_may_be_encoded() {
    let index = Index::new(values(), &[], &Rules::embedded(), 1);
    for user in [
        STANDARD.encode(format!(r#"{{"phone":"{PHONE}"}}"#)),
        STANDARD.encode(gzip(PHONE)),
    ] {
        let credentials = STANDARD.encode(format!("{user}:secret"));
        let request = Request {
            headers: vec![Header {
                name: "Authorization".to_owned(),
                value: format!("Basic {credentials}"),
            }],
            ..request("/a", "", b"")
        };
        assert_eq!(
            inspect_exchange(&index, request, None),
            ["contact-phone-list"]
        );
    }
}

#[test]
fn positions_of_pictures_are_found_without_their_directions() {
    let found = |latitude: &str, longitude: &str| {
        let known = vec![KnownValue::own(
            KnownKind::Position,
            "-33.868820,151.209290",
        )];
        let body = serde_json::json!({ "GPSLatitude": latitude, "GPSLongitude": longitude, "GPSLatitudeRef": "S" });
        rules_of_known(known, "application/json", body.to_string().as_bytes())
    };
    let place = found("33/1,52/1,777/100", "151/1,12/1,3344/100");
    assert_eq!(place, ["coordinates"]);
    let other = found("33/1,52/1,777/100", "151/1,42/1,3344/100");
    assert_eq!(other, <[&str; 0]>::default());
}

#[test]
fn names_of_cells_are_found_in_hexadecimal_digits() {
    let point = h3o::LatLng::new(52.520_008, 13.404_954).unwrap();
    let cell = point.to_cell(h3o::Resolution::Nine).to_string();
    for name in ["u33dc0cpn", &cell] {
        assert_eq!(json(&hex(name.as_bytes())), ["coordinates"], "{name}");
    }
}

#[test]
fn numbers_are_found_in_messages_of_two_integers() {
    let message = |code: u64, national: u64| {
        [&[0x08][..], &varint(code), &[0x10], &varint(national)].concat()
    };
    let user = |code, national| {
        let number = message(code, national);
        let length = u8::try_from(number.len()).unwrap();
        [&[0x0a, 1, b'u', 0x22, length][..], &number].concat()
    };
    for body in [user(49, 3_023_125_111), message(49, 3_023_125_111)] {
        let found = rules_of("application/octet-stream", &body);
        assert_eq!(found, ["contact-phone-list"]);
        let found = json(&STANDARD.encode(&body));
        assert_eq!(found, ["contact-phone-list"]);
    }
    for body in [user(48, 3_023_125_111), user(49, 3_023_125_112)] {
        let found = rules_of("application/octet-stream", &body);
        assert_eq!(found, <[&str; 0]>::default());
    }
}

#[test]
fn what_tells_itself_is_read_deep_in_messages() {
    let mut crc = flate2::Crc::new();
    crc.update(EMAIL.as_bytes());
    let size = u32::try_from(EMAIL.len()).unwrap().to_le_bytes();
    let head = [
        &b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0"[..],
        &crc.sum().to_le_bytes(),
        &size,
        &size,
    ]
    .concat();
    let archive = [&head[..], b"\x05\0\0\0a.txt", EMAIL.as_bytes()].concat();
    let wide: Vec<u8> = EMAIL.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let within = |number: u8, bytes: &[u8]| {
        let length = u8::try_from(bytes.len()).unwrap();
        [&[number << 3 | 2, length], bytes].concat()
    };
    for inner in [archive, wide] {
        let message = within(
            1,
            &[&[0x10, 7][..], &within(3, &within(1, &inner))].concat(),
        );
        let found = rules_of("application/octet-stream", &message);
        assert_eq!(found, ["contact-email-list"]);
    }
}

#[test]
fn hosts_of_addresses_are_written_in_several_ways() {
    let address = "t.iwert@b\u{fc}cher-welt.example";
    let ascii = "t.iwert@xn--bcher-welt-9db.example";
    let decomposed = "t.iwert@bu\u{308}cher-welt.example";
    for (known, written) in [
        (address, ascii),
        (address, decomposed),
        (ascii, address),
        (decomposed, address),
    ] {
        let known = vec![KnownValue::of_contact(KnownKind::Email, known)];
        let body = serde_json::json!({ "v": written }).to_string();
        let found = rules_of_known(known, "application/json", body.as_bytes());
        assert_eq!(found, ["contact-email-list"], "{written}");
    }
}

#[test]
fn short_texts_are_found_in_raw_deflate() {
    for text in [PHONE, "mitarbeiter.4f9c"] {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        let packed = STANDARD.encode(encoder.finish().unwrap());
        let known = vec![
            KnownValue::of_contact(KnownKind::Phone, PHONE),
            KnownValue::own(KnownKind::AccountId, "mitarbeiter.4f9c"),
        ];
        let body = serde_json::json!({ "v": packed }).to_string();
        let found = rules_of_known(known, "application/json", body.as_bytes());
        assert_eq!(found.len(), 1, "{text}");
    }
}

#[test]
fn positions_are_found_in_lists_of_integers() {
    let list = |first: i32, second: i32| {
        let [first, second] = [first, second].map(i32::to_be_bytes);
        [&b"\x94\x03\xd2"[..], &first, b"\xce", &second, b"\x07"].concat()
    };
    let packed = |bytes: &[u8]| json(&STANDARD.encode(bytes));
    assert_eq!(packed(&list(525_200_080, 134_049_540)), ["coordinates"]);
    assert!(packed(&list(525_200_080, 144_049_540)).is_empty());
}

#[test]
fn what_is_cut_to_labels_of_hosts_is_one_text() {
    let index = Index::new(values(), &[], &Rules::embedded(), 1);
    let base32 = |text: &str| {
        data_encoding::BASE32_NOPAD
            .encode(text.as_bytes())
            .to_lowercase()
    };
    let cut = |text: &str| {
        let pieces = text
            .as_bytes()
            .chunks(32)
            .map(|piece| str::from_utf8(piece).unwrap());
        pieces.collect::<Vec<_>>().join(".")
    };
    for (labels, rule) in [
        (cut(&hex(EMAIL.as_bytes())), "contact-email-list"),
        (base32(EMAIL), "contact-email-list"),
        (cut(&base32(&format!("x={EMAIL}"))), "contact-email-list"),
        (base32(IMEI), "hardware-id"),
    ] {
        let event = Event::Lookup(crate::model::Lookup {
            name: format!("{labels}.t.collector.example"),
            record_type: 1,
            ..Default::default()
        });
        let tally = tally_of(&index, event);
        let mut known = tally
            .findings
            .keys()
            .filter(|key| key.grade == Grade::KnownValue);
        assert_eq!(known.next().map(|key| &*key.rule), Some(rule), "{labels}");
    }
}

#[test]
fn frames_of_unknown_protocols_are_looked_into() {
    let index = Index::new(values(), &[], &Rules::embedded(), 1);
    let framed = |content: &[u8]| {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&length[..], content].concat()
    };
    for (frame, rule) in [
        (framed(PHONE.as_bytes()), "contact-phone-list"),
        (
            [b"\x40\x02\0\x07\xb2up\xff", IMEI.as_bytes()].concat(),
            "hardware-id",
        ),
        (
            [b"\xaa\x55\x03\0\x21\0\0\0".as_slice(), &gzip(EMAIL)].concat(),
            "contact-email-list",
        ),
    ] {
        let event = Event::Message(Message {
            protocol: "plain",
            kind: "text".to_owned(),
            body: Body {
                wire_len: frame.len() as u64,
                bytes: frame,
                is_cut: false,
            },
            from_client: true,
            ..Message::default()
        });
        let tally = tally_of(&index, event);
        let mut known = tally
            .findings
            .keys()
            .filter(|key| key.grade == Grade::KnownValue);
        assert_eq!(known.next().map(|key| &*key.rule), Some(rule));
    }
    let body = protobuf(&gzip(EMAIL));
    assert_eq!(
        inspect_with(&index, "application/x-protobuf", &body),
        ["contact-email-list"]
    );
}
