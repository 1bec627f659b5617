//! Known values in several disguises at once, as encoders and wrappers of apps put them on.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::digest::{FUNCTIONS, Mixture, SALTED, compute, rare};
use super::tests::{EMAIL, PHONE, inspect_with, rules_of, rules_of_known, values};
use super::*;
use crate::rules::Rules;

const JSON: &str = "application/json";
const SALT: &[u8] = b"tobelgarten";

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// UTF-16 with its mark.
fn wide(text: &str) -> Vec<u8> {
    let marked = format!("\u{feff}{text}");
    marked.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn field(name: &str, value: &str) -> Vec<String> {
    let body = serde_json::json!({ name: value });
    rules_of(JSON, body.to_string().as_bytes())
}

#[test]
fn salts_are_mixed_into_all_functions_as_long_as_the_digest() {
    for function in FUNCTIONS.iter().take(SALTED) {
        for mixture in [
            Mixture::SaltFirst(""),
            Mixture::SaltLast("|"),
            Mixture::Hmac,
            Mixture::Keyed,
        ] {
            let Some(digest) = compute(function, &mixture, EMAIL.as_bytes(), SALT) else {
                continue;
            };
            let body = serde_json::json!({ "h": hex(&digest), "salt": "tobelgarten" });
            let found = rules_of(JSON, body.to_string().as_bytes());
            assert_eq!(found, ["contact-hash-list"], "{function:?} {mixture:?}");
        }
        let peppered = compute(
            function,
            &Mixture::SaltLast(""),
            EMAIL.as_bytes(),
            b"pepper",
        )
        .unwrap();
        assert_eq!(
            field("h", &hex(&peppered)),
            ["contact-hash-list"],
            "{function:?}"
        );
    }
    // Initials of what is mixed in say enough beside a digest.
    let digest = compute(
        &FUNCTIONS[0],
        &Mixture::SaltLast(":"),
        PHONE.as_bytes(),
        SALT,
    )
    .unwrap();
    let body = serde_json::json!({ "h": hex(&digest), "s": "tobelgarten" });
    assert_eq!(
        rules_of(JSON, body.to_string().as_bytes()),
        ["contact-hash-list"]
    );
}

#[test]
fn salted_digests_are_found_in_bytes_that_are_no_text() {
    let digest = compute(&FUNCTIONS[3], &Mixture::Hmac, EMAIL.as_bytes(), SALT).unwrap();
    let message = [&[0x0a, 64][..], &digest].concat();
    let body = serde_json::json!({ "h": STANDARD.encode(message), "key": "tobelgarten" });
    assert_eq!(
        rules_of(JSON, body.to_string().as_bytes()),
        ["contact-hash-list"]
    );
}

#[test]
fn what_is_in_utf_16_is_decoded_further() {
    let email = "contact-email-list";
    for inner in [
        STANDARD.encode(zlib(EMAIL.as_bytes())),
        format!("a={}&n=1", EMAIL.replace('@', "%40")),
        hex(EMAIL.as_bytes()),
    ] {
        let found = field("d1", &STANDARD.encode(wide(&inner)));
        assert!(found.iter().any(|rule| rule == email), "{inner} {found:?}");
        let found = field("d1", &hex(&wide(&inner)));
        assert!(found.iter().any(|rule| rule == email), "{inner} {found:?}");
    }
}

#[test]
fn encoded_words_among_others_are_decoded_in_all_layers() {
    let email = "contact-email-list";
    let inner = STANDARD.encode(STANDARD.encode(EMAIL));
    let packed = STANDARD.encode(zlib(EMAIL.as_bytes()));
    for text in [
        format!("upload {packed} ok"),
        format!("uid={inner};1"),
        STANDARD.encode(format!("uid={inner};1")),
        format!("upload {} ok", hex(hex(EMAIL.as_bytes()).as_bytes())),
        format!("mutation {{ up(mail: \"{inner}\") {{ ok }} }}"),
    ] {
        let found = field("d1", &text);
        assert!(found.iter().any(|rule| rule == email), "{text} {found:?}");
    }
}

#[test]
fn arguments_of_graphql_are_named() {
    let digest = compute(
        &FUNCTIONS[2],
        &Mixture::SaltFirst(""),
        EMAIL.as_bytes(),
        SALT,
    )
    .unwrap();
    let document = format!(
        "mutation {{ up(h: \"{}\", salt: \"tobelgarten\") {{ ok }} }}",
        hex(&digest)
    );
    assert_eq!(field("query", &document), ["contact-hash-list"]);
}

#[test]
fn names_with_data_in_them_are_values_in_all_disguises() {
    for (key, rule) in [
        (
            "Jürgen Beispielmann".to_owned(),
            "contact-name-phone-record",
        ),
        ("Nordlicht-Lager".to_owned(), "wifi-ssid"),
        (EMAIL.replace('@', "%40"), "contact-email-list"),
        (
            STANDARD.encode(zlib(EMAIL.as_bytes())),
            "contact-email-list",
        ),
        (
            STANDARD.encode("38400000-8cf0-11bd-b23e-10b96e40000d"),
            "advertising-id",
        ),
    ] {
        let body = serde_json::json!({ "m": { &key: { "seen": 1 } } });
        let found = rules_of(JSON, body.to_string().as_bytes());
        assert!(found.iter().any(|found| found == rule), "{key} {found:?}");
    }
}

#[test]
fn identifiers_are_found_as_their_bytes() {
    let id: Vec<u8> = [
        &[1, 2, 3][..],
        &[
            0x38, 0x40, 0, 0, 0x8c, 0xf0, 0x11, 0xbd, 0xb2, 0x3e, 0x10, 0xb9, 0x6e, 0x40, 0, 0x0d,
        ],
        &[0, 1],
    ]
    .concat();
    assert_eq!(
        rules_of("application/octet-stream", &id),
        ["advertising-id"]
    );
    let address = [0xff, 0x02, 0x00, 0x5e, 0x10, 0x00, 0x01, 0xfe];
    assert_eq!(
        rules_of("application/octet-stream", &address),
        ["mac-address"]
    );
}

#[test]
fn short_values_in_hexadecimal_digits_are_decoded() {
    let phone = "contact-phone-list";
    let message_pack = [&[0x81, 0xa1, b't', 0xad][..], PHONE.as_bytes()].concat();
    for bytes in [
        zlib(PHONE.as_bytes()),
        message_pack,
        493_023_125_111_u64.to_le_bytes().to_vec(),
    ] {
        let found = field("to", &hex(&bytes));
        assert!(
            found.iter().any(|rule| rule == phone),
            "{bytes:02x?} {found:?}"
        );
    }
}

#[test]
fn numbers_in_hexadecimal_digits_may_be_national() {
    let found = field("tel", &hex(b"030 23125111"));
    assert_eq!(found, ["contact-phone-list"]);
}

#[test]
fn short_messages_of_text_are_decoded() {
    let message = [&[0x08, 0x01, 0x12, 0x0b][..], b"9F4MGCC3+2X"].concat();
    assert_eq!(field("z1", &STANDARD.encode(message)), ["coordinates"]);
}

#[test]
fn numbers_beside_a_digest_may_be_its_salt() {
    let digest = compute(
        &FUNCTIONS[6],
        &Mixture::SaltLast(""),
        EMAIL.as_bytes(),
        b"477271044",
    )
    .unwrap();
    let body = serde_json::json!(["sync", STANDARD.encode(digest), "477271044"]);
    assert_eq!(
        rules_of(JSON, body.to_string().as_bytes()),
        ["contact-hash-list"]
    );
}

#[test]
fn positions_are_found_in_the_bytes_of_two_numbers() {
    let (latitude, longitude) = (52.520_008_f64, 13.404_954_f64);
    let doubles = [
        &[0x09][..],
        &latitude.to_le_bytes(),
        &[0x11],
        &longitude.to_le_bytes(),
    ]
    .concat();
    let floats = [52.520_008_f32.to_be_bytes(), 13.404_954_f32.to_be_bytes()].concat();
    let integers = [134_049_540_i32.to_le_bytes(), 525_200_080_i32.to_le_bytes()].concat();
    for bytes in [doubles, floats, integers] {
        assert_eq!(
            field("position", &STANDARD.encode(&bytes)),
            ["coordinates"],
            "{bytes:02x?}"
        );
    }
    let elsewhere = [
        &[0x09][..],
        &48.1_f64.to_le_bytes(),
        &[0x11],
        &longitude.to_le_bytes(),
    ]
    .concat();
    assert!(field("position", &STANDARD.encode(elsewhere)).is_empty());
}

#[test]
fn a_plus_makes_ten_digits_a_number() {
    let danish = || vec![KnownValue::of_contact(KnownKind::Phone, "+4532123456")];
    for written in ["+4532123456", "+45 32 12 34 56"] {
        let body = serde_json::json!({ "d1": written }).to_string();
        assert_eq!(
            rules_of_known(danish(), JSON, body.as_bytes()),
            ["contact-phone-list"],
            "{written}"
        );
    }
    let body = br#"{"d1": "4532123456"}"#;
    let found = rules_of_known(danish(), JSON, body);
    assert!(
        found.is_empty(),
        "ten digits are also a time or a count: {found:?}"
    );
}

#[test]
fn disguises_of_others_are_nobody_s() {
    let rules = Rules::embedded();
    let index = Index::new(values(), &[], &rules, 1);
    let other = "carla.fremdling@post.example";
    let salted = compute(
        &FUNCTIONS[4],
        &Mixture::SaltFirst(""),
        other.as_bytes(),
        SALT,
    )
    .unwrap();
    let body = serde_json::json!({
        "a": STANDARD.encode(wide(&STANDARD.encode(other))),
        "b": format!("upload {} ok", STANDARD.encode(zlib(other.as_bytes()))),
        "c": hex(&salted),
        "salt": "tobelgarten",
        "m": { "Carla Fremdling": 1, "Content-Type": 2 },
    });
    let found = inspect_with(&index, JSON, body.to_string().as_bytes());
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn rare_digests_are_found_of_short_lists() {
    let of = |function: usize, mixture: &Mixture, salt: &[u8]| {
        hex(&compute(&FUNCTIONS[function], mixture, EMAIL.as_bytes(), salt).unwrap())
    };
    let functions = (SALTED..FUNCTIONS.len()).map(|function| of(function, &Mixture::Plain, b""));
    let rare = rare().map(|(function, mixture)| of(function, &mixture, b""));
    let index = Index::new(values(), &[], &Rules::embedded(), 1);
    for digest in functions.chain(rare) {
        let body = serde_json::json!({ "h": digest }).to_string();
        let found = inspect_with(&index, JSON, body.as_bytes());
        assert_eq!(found, ["contact-hash-list"], "{digest}");
    }
    let digest = of(1, &Mixture::SaltFirst(";"), SALT);
    let body = serde_json::json!({ "h": digest, "salt": "tobelgarten" });
    let found = rules_of(JSON, body.to_string().as_bytes());
    assert_eq!(found, ["contact-hash-list"]);
}

#[test]
fn random_bytes_are_no_positions() {
    let places = (0..1000_u32).map(|at| {
        let (row, column) = (f64::from(at / 40), f64::from(at % 40));
        let position = format!("{:.5},{:.5}", 47.5 + row * 0.3, 6.0 + column * 0.22);
        KnownValue::own(KnownKind::Position, &position)
    });
    let rules = Rules::embedded();
    let index = Index::new(places.collect(), &[], &rules, 1);
    let mut state = 7_u64;
    for _ in 0..50 {
        let body: Vec<u8> = (0..4096)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                state.to_be_bytes()[0]
            })
            .collect();
        assert!(inspect_with(&index, "application/octet-stream", &body).is_empty());
    }
}

#[test]
fn peppers_beyond_the_room_are_counted() {
    let rules = Rules::embedded();
    let peppers: Vec<Vec<u8>> = (0..12_u8).map(|at| vec![b'p', at]).collect();
    let few = Index::new(values(), &peppers[..1], &rules, 1)
        .neglected()
        .left_out;
    let many = Index::new(values(), &peppers, &rules, 1)
        .neglected()
        .left_out;
    assert!(few == 0 && many > 0, "{few} {many}");
}

/// A body with one value.
fn found_in(value: &serde_json::Value) -> Vec<String> {
    let body = serde_json::json!({ "v": value }).to_string();
    rules_of("application/json", body.as_bytes())
}

#[test]
fn digests_are_found_in_every_way_to_write_bytes() {
    let digest = compute(&FUNCTIONS[0], &Mixture::Plain, EMAIL.as_bytes(), b"").unwrap();
    let signed: Vec<i8> = digest.iter().map(|byte| byte.cast_signed()).collect();
    let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let start = u64::from_be_bytes(*digest.first_chunk().unwrap());
    let row: Vec<u8> = [[7; 10].as_slice(), &digest[..10], &[9; 10]].concat();
    let named = compute(&FUNCTIONS[2], &Mixture::NamedUuid, EMAIL.as_bytes(), b"").unwrap();
    let named = hex(&named);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| named.get(part).unwrap());
    for value in [
        serde_json::json!(digest),
        serde_json::json!(signed),
        serde_json::json!(pairs.join(":")),
        serde_json::json!(start),
        serde_json::json!(start.cast_signed()),
        serde_json::json!(STANDARD.encode(row)),
        serde_json::json!(parts.join("-")),
    ] {
        assert_eq!(found_in(&value), ["contact-hash-list"], "{value}");
    }
    let other: Vec<u8> = digest.iter().rev().copied().collect();
    assert_eq!(found_in(&serde_json::json!(other)), [""; 0]);
}

#[test]
fn encodings_of_dumps_and_scripts_are_undone() {
    let digits = hex(EMAIL.as_bytes());
    let pairs: Vec<String> = EMAIL.bytes().map(|byte| hex(&[byte])).collect();
    let reversed = |text: &str| STANDARD.encode(text).chars().rev().collect::<String>();
    for text in [
        pairs.join(" "),
        format!("\\x{}", pairs.join("\\x")),
        format!("\\x{digits}"),
        format!("mail \\x{} ok", pairs.join("\\x")),
        reversed(EMAIL),
        reversed(&format!("{EMAIL}:1")),
        reversed(&format!("{EMAIL}:12")),
    ] {
        assert_eq!(
            found_in(&serde_json::json!(text)),
            ["contact-email-list"],
            "{text}"
        );
    }
}

#[test]
fn the_bytes_of_a_hardware_address_are_hashed_too() {
    let mac = compute(
        &FUNCTIONS[0],
        &Mixture::Plain,
        &[2, 0, 0x5e, 0x10, 0, 1],
        b"",
    )
    .unwrap();
    assert_eq!(found_in(&serde_json::json!(hex(&mac))), ["mac-address"]);
}

#[test]
fn names_in_hashed_parts_are_found_by_both() {
    let hashed =
        |part: &str| hex(&compute(&FUNCTIONS[0], &Mixture::Plain, part.as_bytes(), b"").unwrap());
    let both = serde_json::json!({ "fn": hashed("jürgen"), "ln": hashed("beispielmann") });
    assert_eq!(found_in(&both), ["contact-name-phone-record"]);
    let one = serde_json::json!({ "fn": hashed("jürgen"), "ln": hashed("muster") });
    assert_eq!(found_in(&one), [""; 0]);
}
