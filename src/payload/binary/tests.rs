//! Known answers of the formats' documents, and laws that hold for all of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Map, Number, Value};

use super::super::tests::{body_lines, post};
use super::super::{bson, cbor, message_pack, protobuf, thrift};
use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// Fields of a body as `path|chain|value`.
fn lines(media_type: &str, body: &[u8]) -> Vec<String> {
    body_lines(&post(media_type, "", body))
}

/// Checks bodies in hexadecimal digits against `path|value`.
fn check(media_type: &str, chain: &str, cases: &[(&str, &[&str])]) {
    for (hex, wanted) in cases {
        let wanted: Vec<String> = wanted
            .iter()
            .map(|line| line.replacen('|', &format!("|{chain}|"), 1))
            .collect();
        assert_eq!(lines(media_type, &bytes(hex)), wanted, "{hex}");
    }
}

#[test]
fn calls_of_apple_are_what_stands_before_them_and_a_protocol_buffer() {
    let front = |argument: usize| {
        let front = b"\0\x01\0\x05de_DE\0\x03map\0\x046.23\0\0\0\x01\0\0\0";
        [front.as_slice(), &[u8::try_from(argument).unwrap()]].concat()
    };
    let argument = b"\x12\x0f\x0a\x0da4:50:6:d:e:f";
    let form = "application/x-www-form-urlencoded";
    assert_eq!(
        lines(form, &[front(argument.len()).as_slice(), argument].concat()),
        [
            "locale||de_DE",
            "application||map",
            "system||6.23",
            "[2][1]|protobuf|a4:50:6:d:e:f"
        ]
    );
    // Of another length, or around something else, it is none.
    for (length, argument) in [(99, argument.as_slice()), (9, b"no fields".as_slice())] {
        let found = lines(form, &[front(length).as_slice(), argument].concat());
        assert!(
            found.iter().all(|line| !line.starts_with("locale")),
            "{found:?}"
        );
    }
}

#[test]
fn cbor_is_that_of_rfc_8949_appendix_a() {
    check(
        "application/cbor",
        "cbor",
        &[
            ("00", &["|0"]),
            ("17", &["|23"]),
            ("1818", &["|24"]),
            ("1903e8", &["|1000"]),
            ("1a000f4240", &["|1000000"]),
            ("1b000000e8d4a51000", &["|1000000000000"]),
            ("1bffffffffffffffff", &["|18446744073709551615"]),
            ("3bffffffffffffffff", &["|-18446744073709551616"]),
            ("20", &["|-1"]),
            ("3903e7", &["|-1000"]),
            ("f90000", &["|0"]),
            ("f98000", &["|-0"]),
            ("f93c00", &["|1"]),
            ("fb3ff199999999999a", &["|1.1"]),
            ("f93e00", &["|1.5"]),
            ("f97bff", &["|65504"]),
            ("fa47c35000", &["|100000"]),
            ("fa7f7fffff", &["|3.4028235e38"]),
            ("fb7e37e43c8800759c", &["|1e300"]),
            ("f90001", &["|5.960464477539063e-8"]),
            ("f90400", &["|0.00006103515625"]),
            ("f9c400", &["|-4"]),
            ("fbc010666666666666", &["|-4.1"]),
            ("f97c00", &["|inf"]),
            ("f97e00", &["|NaN"]),
            ("f9fc00", &["|-inf"]),
            ("f4", &["|false"]),
            ("f5", &["|true"]),
            ("f6", &[]),
            ("f7", &[]),
            (
                "c074323031332d30332d32315432303a30343a30305a",
                &["|2013-03-21T20:04:00Z"],
            ),
            ("c11a514b67b0", &["|1363896240"]),
            ("d818456449455446", &["|dIETF"]),
            ("4161", &["|a"]),
            ("6449455446", &["|IETF"]),
            ("62c3bc", &["|ü"]),
            ("80", &[]),
            ("83010203", &["[0]|1", "[1]|2", "[2]|3"]),
            (
                "8301820203820405",
                &["[0]|1", "[1][0]|2", "[1][1]|3", "[2][0]|4", "[2][1]|5"],
            ),
            ("a0", &[]),
            ("a201020304", &["[1]|2", "[3]|4"]),
            ("a26161016162820203", &["a|1", "b[0]|2", "b[1]|3"]),
            ("826161a161626163", &["[0]|a", "[1].b|c"]),
            ("7f657374726561646d696e67ff", &["|streaming"]),
            ("9fff", &[]),
            (
                "9f018202039f0405ffff",
                &["[0]|1", "[1][0]|2", "[1][1]|3", "[2][0]|4", "[2][1]|5"],
            ),
            ("bf61610161629f0203ffff", &["a|1", "b[0]|2", "b[1]|3"]),
            ("bf6346756ef563416d7421ff", &["Fun|true", "Amt|-2"]),
        ],
    );
}

#[test]
fn what_cose_wraps_is_read() {
    // COSE_Sign1 (RFC 9052 §4.2): protected headers, unprotected ones, a CWT as payload, a signature.
    let signed = bytes(
        "d28443a10126a10442313153a2016a6572696b61406578616d026461707031 58080102030405060708",
    );
    assert_eq!(
        lines("application/cose", &signed),
        [
            "[0][1]|cbor|-7",
            "[1][4]|cbor|11",
            "[2][1]|cbor|erika@exam",
            "[2][2]|cbor|app1",
            "[3]|cbor|0102030405060708",
        ]
    );
}

#[test]
fn message_pack_is_that_of_its_specification() {
    check(
        "application/x-msgpack",
        "msgpack",
        &[
            (
                "82a7636f6d70616374c3a6736368656d6100",
                &["compact|true", "schema|0"],
            ),
            ("ff", &["|-1"]),
            ("e0", &["|-32"]),
            ("ccff", &["|255"]),
            ("cdffff", &["|65535"]),
            ("ceffffffff", &["|4294967295"]),
            ("cfffffffffffffffff", &["|18446744073709551615"]),
            ("d080", &["|-128"]),
            ("d18000", &["|-32768"]),
            ("d280000000", &["|-2147483648"]),
            ("d38000000000000000", &["|-9223372036854775808"]),
            ("ca3fc00000", &["|1.5"]),
            ("cb404a428f5c28f5c3", &["|52.52"]),
            ("d903616263", &["|abc"]),
            ("da0003616263", &["|abc"]),
            ("db00000003616263", &["|abc"]),
            ("c403616263", &["|abc"]),
            ("dc0002c0c2", &["[1]|false"]),
            ("dd0000000101", &["[0]|1"]),
            ("de0001a16101", &["a|1"]),
            ("df00000001a16101", &["a|1"]),
            ("d6ff59682f00", &["|1500000000"]),
            ("d7ff0000000059682f00", &["|1500000000"]),
            ("c70cff0000000000000000 59682f00", &["|1500000000"]),
            (
                "d80100112233445566778899aabbccddeeff",
                &["|00112233445566778899aabbccddeeff"],
            ),
            ("8101a161", &["[1]|a"]),
        ],
    );
}

#[test]
fn bson_is_that_of_its_specification() {
    check(
        "application/bson",
        "bson",
        &[
            (
                "16000000 02 68656c6c6f00 06000000 776f726c6400 00",
                &["hello|world"],
            ),
            (
                "31000000 04 42534f4e00 26000000 02 3000 08000000 617765736f6d6500 \
                 01 3100 333333333333 1440 10 3200 c2070000 00 00",
                &["BSON[0]|awesome", "BSON[1]|5.05", "BSON[2]|1986"],
            ),
            (
                "27000000 07 5f696400 507f1f77bcf86cd799439011 08 6f6e00 01 \
                 09 617400 0070f42c5e010000 00",
                &[
                    "_id|507f1f77bcf86cd799439011",
                    "on|true",
                    "at|1503992770560",
                ],
            ),
        ],
    );
}

#[test]
fn protobuf_is_that_of_its_documentation() {
    check(
        "application/x-protobuf",
        "protobuf",
        &[
            ("089601", &["[1]|150"]),
            ("120774657374696e67", &["[2]|testing"]),
            ("1a03089601", &["[3][1]|150"]),
            ("08ffffffffffffffffff01", &["[1]|-1"]),
            (
                "220568656c6c6f 280128022803",
                &["[4]|hello", "[5]|1", "[5]|2", "[5]|3"],
            ),
            // A position as doubles: fields, and packed.
            (
                "09 3333333333434a40 11 9a99999999192b40",
                &["[1]|52.525", "[2]|13.55"],
            ),
            (
                "0a10 3333333333434a40 9a99999999192b40",
                &["[1][0]|52.525", "[1][1]|13.55"],
            ),
            ("0d 00003f42", &["[1]|47.75"]),
            ("09 0100000000000000", &["[1]|1"]),
            ("0d 7b5a8f65", &["[1]|1703893627"]),
            // A group, as only old messages have.
            ("0b1001 0c", &["[1][2]|1"]),
            // A message whose tag and length are printable: a field of 36 characters.
            (
                "0a26 0a24 35353065383430302d653239622d343164342d613731362d343436363535343430303030",
                &["[1][1]|550e8400-e29b-41d4-a716-446655440000"],
            ),
            (
                "0a20 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff",
                &["[1]|000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"],
            ),
            // Messages behind their lengths.
            ("03089601 03089702", &["[1]|150", "[1]|279"]),
        ],
    );
}

#[test]
fn thrift_is_that_of_its_specification() {
    check(
        "application/x-thrift",
        "thrift",
        &[
            // A compact call `log(1: "ab", 2: true, 3: [1, -1], 4: {"k": 5}, 20: 1.5)`.
            (
                "82 21 01 036c6f67 18 026162 11 19 25 02 01 1b 01 85 016b 0a \
                 07 28 000000000000f83f 00",
                &[
                    "log[1]|ab",
                    "log[2]|true",
                    "log[3][0]|1",
                    "log[3][1]|-1",
                    "log[4].k|5",
                    "log[20]|1.5",
                ],
            ),
            // A structure without a call.
            ("15 0a 18 026162 00", &["[1]|5", "[2]|ab"]),
            // A binary call `log(1: "ab", 2: 7)`, and its structure alone.
            (
                "80010001 00000003 6c6f67 00000001 0b0001 00000002 6162 080002 00000007 00",
                &["log[1]|ab", "log[2]|7"],
            ),
            (
                "0b0001 00000002 6162 080002 00000007 00",
                &["[1]|ab", "[2]|7"],
            ),
        ],
    );
}

#[test]
fn unlabelled_bytes_are_read_if_they_fit_from_first_to_last() {
    for (hex, chain) in [
        ("a1 656c6f67696e 656572696b61", "cbor"),
        ("81 a56c6f67696e a56572696b61", "msgpack"),
        ("16000000 02 6c6f67696e00 06000000 6572696b6100 00", "bson"),
        ("0a05 6572696b61 1007", "protobuf"),
        ("8221 01 056c6f67696e 18 056572696b61 00", "thrift"),
    ] {
        let body = bytes(hex);
        for media_type in ["", "application/octet-stream"] {
            let seen = lines(media_type, &body);
            assert!(
                seen[0].ends_with(&format!("|{chain}|erika")),
                "{chain}: {seen:?}"
            );
        }
        let longer = [&body[..], &[0xff]].concat();
        assert!(
            lines("", &longer)
                .iter()
                .all(|line| !line.contains(&format!("|{chain}|"))),
            "{chain} with a byte too many"
        );
        assert_eq!(lines("image/png", &body), [""; 0], "{chain} as an image");
    }
}

#[test]
fn documents_in_base64_inside_values_are_read() {
    // {"email": "erika@a.example", "device_id": "f3c1"} in MessagePack and CBOR; field 1 and 2 in Protocol Buffers
    let pairs = [("email", "erika@a.example"), ("device_id", "f3c1")];
    let named = |map: u8, text: u8| {
        let mut bytes = vec![map];
        for (name, value) in pairs {
            for part in [name, value] {
                bytes.push(text | u8::try_from(part.len()).unwrap());
                bytes.extend(part.bytes());
            }
        }
        bytes
    };
    let mut message = vec![0x08, 0x96, 0x01];
    for ((_, value), tag) in pairs.into_iter().zip([0x12, 0x1a]) {
        message.extend([tag, u8::try_from(value.len()).unwrap()]);
        message.extend(value.bytes());
    }
    for (document, step, key) in [
        (named(0x82, 0xa0), "MessagePack", ".email"),
        (named(0xa2, 0x60), "CBOR", ".email"),
        (message, "Protocol Buffers", "[2]"),
    ] {
        let body = format!(r#"{{"d":"{}"}}"#, STANDARD.encode(&document));
        let lines = lines("application/json", body.as_bytes());
        let is_read = lines.iter().any(|line| {
            line.starts_with(&format!("d{key}|")) && line.ends_with("|erika@a.example")
        });
        assert!(is_read, "{step}: {lines:?}");
    }
}

#[test]
fn grpc_messages_are_unwrapped() {
    let one = bytes("00 00000007 0a05 6572696b61");
    assert_eq!(
        lines("application/grpc", &one),
        ["[1]|grpc > protobuf|erika"]
    );
    let packed = crate::payload::tests::gzip(&bytes("0a05 6572696b61"));
    let length = u32::try_from(packed.len()).unwrap().to_be_bytes();
    let two = [&one[..], &[1], &length, &packed].concat();
    assert_eq!(
        lines("application/grpc+proto", &two),
        [
            "[0][1]|grpc > protobuf|erika",
            "[1][1]|grpc > gzip > protobuf|erika"
        ]
    );
    let json = [&bytes("00 0000000d")[..], br#"{"login":"e"}"#].concat();
    assert_eq!(
        lines("application/grpc-web+json", &json),
        ["login|grpc > json|e"]
    );
    // Padded pieces, as a stream of base64 is sent.
    assert_eq!(
        lines("application/grpc-web-text", b"AAAAAAcKBQ==ZXJpa2E="),
        ["[1]|base64 > grpc > protobuf|erika"]
    );
}

#[test]
fn what_stands_before_damage_is_kept() {
    let cases: [(&str, &str, &str); 5] = [
        ("application/cbor", "a2 6161 6162 6163 1c", "a|cbor|b"),
        ("application/msgpack", "82 a161 a162 a163 c1", "a|msgpack|b"),
        (
            "application/bson",
            "20000000 02 6100 02000000 6200 99",
            "a|bson|b",
        ),
        ("application/x-protobuf", "0a0162 17", "[1]|protobuf|b"),
        ("application/x-thrift", "18 0162 1f", "[1]|thrift|b"),
    ];
    for (media_type, hex, line) in cases {
        let event = post(media_type, "", &bytes(hex));
        assert_eq!(body_lines(&event), [line]);
        let decoded = crate::payload::decode(&event);
        assert_eq!(
            decoded.shortfalls[0].0,
            Shortfall::DamagedBody,
            "{media_type}"
        );
    }
}

#[test]
fn depth_is_bounded() {
    let deep: [(&str, Vec<u8>); 3] = [
        ("application/cbor", vec![0x81; 100_000]),
        ("application/msgpack", vec![0x91; 100_000]),
        ("application/x-protobuf", vec![0x0b; 100_000]),
    ];
    for (media_type, body) in deep {
        let event = post(media_type, "", &body);
        let decoded = crate::payload::decode(&event);
        assert_eq!(
            decoded.shortfalls[0].0,
            Shortfall::DepthLimit,
            "{media_type}"
        );
    }
}

/// Documents that every format can hold.
/// Names that are not those of names and values (`{"k": …, "v": …}`), of which fields are made besides.
const NAMES: &str = "[a-c]{1,6}";

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u32>().prop_map(Value::from),
        (-1e9_f64..1e9).prop_map(Value::from),
        "[a-zA-Z äöü@.]{0,20}".prop_map(Value::String),
    ];
    let tree = leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..5).prop_map(Value::Array),
            proptest::collection::btree_map(NAMES, inner, 1..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    proptest::collection::btree_map(NAMES, tree, 1..5)
        .prop_map(|map| Value::Object(map.into_iter().collect::<Map<String, Value>>()))
}

/// `path|value` of each leaf.
fn leaves(value: &Value, path: &str, out: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Array(items) => {
            for (position, item) in items.iter().enumerate() {
                leaves(item, &format!("{path}[{position}]"), out);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                let dot = if path.is_empty() { "" } else { "." };
                leaves(value, &format!("{path}{dot}{key}"), out);
            }
        }
        Value::String(text) => out.push(format!("{path}|{text}")),
        Value::Number(number) => out.push(format!("{path}|{}", written(number))),
        Value::Bool(flag) => out.push(format!("{path}|{flag}")),
    }
}

fn written(number: &Number) -> String {
    match number.as_f64().filter(|_| number.is_f64()) {
        Some(float) => digits(float, float),
        None => number.to_string(),
    }
}

/// BSON by its specification.
fn to_bson(value: &Value) -> Vec<u8> {
    let elements: Vec<(String, &Value)> = match value {
        Value::Array(items) => (0..)
            .zip(items)
            .map(|(at, item): (u32, _)| (at.to_string(), item))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), value))
            .collect(),
        _ => Vec::new(),
    };
    let mut inside = Vec::new();
    for (key, value) in elements {
        let (kind, content) = match value {
            Value::Number(number) if number.is_f64() => {
                (1, number.as_f64().unwrap().to_le_bytes().to_vec())
            }
            Value::Number(number) => (0x12, number.as_i64().unwrap().to_le_bytes().to_vec()),
            Value::String(text) => {
                let len = u32::try_from(text.len() + 1).unwrap().to_le_bytes();
                (2, [&len[..], text.as_bytes(), &[0]].concat())
            }
            Value::Bool(flag) => (8, vec![u8::from(*flag)]),
            Value::Object(_) => (3, to_bson(value)),
            Value::Array(_) => (4, to_bson(value)),
            Value::Null => (10, Vec::new()),
        };
        inside.push(kind);
        inside.extend(key.bytes());
        inside.push(0);
        inside.extend(content);
    }
    let len = u32::try_from(inside.len() + 5).unwrap().to_le_bytes();
    [&len[..], &inside, &[0]].concat()
}

/// A message as another implementation writes it.
#[derive(Clone, PartialEq, prost::Message)]
struct Report {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(sint64, tag = "2")]
    signed: i64,
    #[prost(double, tag = "3")]
    latitude: f64,
    #[prost(message, repeated, tag = "4")]
    contacts: Vec<Contact>,
    #[prost(fixed64, tag = "300")]
    fixed: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Contact {
    #[prost(string, tag = "1")]
    phone: String,
    #[prost(int32, tag = "2")]
    kind: i32,
}

/// Bytes of a body that may by chance be sound in another format, too: `81 a1 64 ce 95 48 6e e0` is.
const AMBIGUOUS: usize = 12;

proptest! {
    #[test]
    fn what_other_encoders_wrote_is_read(document in document()) {
        let mut wanted = Vec::new();
        leaves(&document, "", &mut wanted);
        let mut as_cbor = Vec::new();
        ciborium::into_writer(&document, &mut as_cbor).unwrap();
        let bodies = [
            ("cbor", as_cbor),
            ("msgpack", rmp_serde::to_vec(&document).unwrap()),
            ("bson", to_bson(&document)),
        ];
        for (format, body) in bodies {
            let seen = lines(&format!("application/{format}"), &body);
            // Behind these, values whose names stand beside them come again.
            let seen: Vec<String> = seen
                .iter()
                .take(wanted.len())
                .map(|line| line.replacen(&format!("|{format}|"), "|", 1))
                .collect();
            prop_assert_eq!(&seen, &wanted, "{}", format);
            // A few bytes may be sound in two formats: then what is read is one of them.
            let guessed = lines("", &body);
            let mut sound = vec![format];
            if body.len() <= AMBIGUOUS {
                sound.extend(["cbor", "msgpack"]);
            }
            let mut sound = sound.iter().map(|format| lines(&format!("application/{format}"), &body));
            prop_assert!(sound.any(|read| read == guessed), "{}: {:?}", format, guessed);
        }
    }

    #[test]
    fn messages_of_another_encoder_are_read(
        name in "[a-z]{3,40}",
        signed in any::<i32>(),
        latitude in 1.0_f64..90.0,
        phones in proptest::collection::vec("\\+[0-9]{8,12}", 0..4),
        fixed in 1_u64..1 << 40,
    ) {
        let report = Report {
            name: name.clone(),
            signed: signed.into(),
            latitude,
            contacts: phones
                .iter()
                .map(|phone| Contact { phone: phone.clone(), kind: -1 })
                .collect(),
            fixed,
        };
        let mut wanted = vec![format!("[1]|protobuf|{name}")];
        if signed != 0 {
            // Without a schema the zigzag of `sint64` cannot be told from a plain number.
            let zigzag = i64::from(signed).wrapping_shl(1) ^ i64::from(signed >> 31);
            wanted.push(format!("[2]|protobuf|{zigzag}"));
        }
        wanted.push(format!("[3]|protobuf|{latitude}"));
        for phone in phones {
            wanted.push(format!("[4][1]|protobuf|{phone}"));
            wanted.push("[4][2]|protobuf|-1".to_owned());
        }
        wanted.push(format!("[300]|protobuf|{fixed}"));
        let body = prost::Message::encode_to_vec(&report);
        prop_assert_eq!(lines("application/x-protobuf", &body), wanted);
    }

    #[test]
    fn any_bytes_are_survived(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        for walk in [cbor::walk, message_pack::walk, bson::walk, protobuf::walk, thrift::walk] {
            let walk: Walk = walk;
            let _signs = signs(walk, &body);
        }
        for media_type in [
            "application/cbor", "application/msgpack", "application/bson", "application/x-protobuf",
            "application/x-thrift", "application/grpc", "application/grpc-web-text", "",
        ] {
            lines(media_type, &body);
        }
    }

    #[test]
    fn random_bytes_are_rarely_taken_for_a_document(body in proptest::collection::vec(any::<u8>(), 40..300)) {
        // Of 256 cases a few may pass for protobuf; what chance writes has no text of three letters in its place.
        for walk in [cbor::walk, message_pack::walk, bson::walk, thrift::walk] {
            let walk: Walk = walk;
            let input = Input {
                bytes: &body,
                keep: copied,
                is_cut: false,
            };
            prop_assert!(!is_named_document(walk, input));
        }
    }
}
