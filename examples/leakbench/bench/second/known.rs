//! A known value, in a disguise and a place.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use hmac::{KeyInit, Mac, SimpleHmac};
use serde_json::{Value, json};

use super::super::case::{Case, Label};
use super::super::world::{Dice, Person, World};
use super::super::{encode, geo};
use super::{ODD, among, send, spelled_phone};

pub(super) fn draw(case: &mut Case, world: &World, dice: &mut Dice) {
    match dice.below(12) {
        0 | 1 => return known_place(case, world, dice),
        2 => return known_checksums(case, world, dice),
        3 => return known_packed(case, world, dice),
        _ => {}
    }
    let (person, of_person): (&Person, &'static [&'static str]) = if dice.one_in(5) {
        (&world.own, &["account"])
    } else {
        (
            &world.contacts[dice.below(world.contacts.len())],
            &["contacts"],
        )
    };
    let phone = &world.device;
    let (what, categories, text, canonical): (&str, &'static [&'static str], String, String) =
        match dice.below(10) {
            0..3 => (
                "phone",
                of_person,
                spelled_phone(person, dice),
                person.phone.e164(),
            ),
            3 | 4 => {
                let mixed = format!("{}{}", person.email[..1].to_uppercase(), &person.email[1..]);
                (
                    "email",
                    of_person,
                    if dice.one_in(2) {
                        format!("mailto:{mixed}")
                    } else {
                        mixed
                    },
                    person.email.clone(),
                )
            }
            5 => (
                "name",
                of_person,
                format!("{} {}", person.given.to_uppercase(), person.family),
                person.name().to_lowercase(),
            ),
            6 => (
                "imei",
                &["device"],
                format!(
                    "{}-{}-{}",
                    &phone.imei[..8],
                    &phone.imei[8..14],
                    &phone.imei[14..]
                ),
                phone.imei.clone(),
            ),
            7 => (
                "mac",
                &["device"],
                phone.mac.replace(':', "").to_uppercase(),
                phone.mac.clone(),
            ),
            8 => (
                "device-id",
                &["device"],
                phone.device_id.to_uppercase(),
                phone.device_id.clone(),
            ),
            _ => (
                "advertising-id",
                &["device"],
                format!("{{{}}}", phone.advertising_id.to_uppercase()),
                phone.advertising_id.clone(),
            ),
        };
    case.says(Label::Known(categories), what, "");
    let mut beside: Vec<(&str, Value)> = Vec::new();
    let digest = |name: &str, bytes: &[u8]| encode::hash(name, bytes);
    let (encoding, value): (&str, String) = match dice.below(17) {
        0 | 1 => ("plain", text),
        2 => ("in-sentence", format!("Nachricht an {text}, bitte")),
        3 => ("lower-percent", encode::percent(&text).to_lowercase()),
        4 => (
            "base64-in-line",
            BASE64_STANDARD.encode(format!("{}|{text}|x", "#".repeat(dice.below(4)))),
        ),
        5 => (
            "hex-prefixed",
            format!("0x{}", encode::hex(text.as_bytes())),
        ),
        6 => (
            "utf16-be-hex",
            encode::hex(
                &text
                    .encode_utf16()
                    .flat_map(u16::to_be_bytes)
                    .collect::<Vec<u8>>(),
            ),
        ),
        7 => ("backwards", text.chars().rev().collect()),
        8 => (
            "xml-hex-entities",
            format!(
                "<a><b t='1'>{}</b></a>",
                text.chars()
                    .map(|letter| format!("&#x{:X};", u32::from(letter)))
                    .collect::<String>()
            ),
        ),
        9 => ("cdata", format!("<m><![CDATA[{text}]]></m>")),
        10 => {
            let name = dice.pick(&[
                "md5",
                "sha1",
                "sha256",
                "sha512",
                "sha3-256",
                "blake2b-256",
                "blake2s",
                "sha384",
                "sha224",
            ]);
            let bytes = digest(name, canonical.as_bytes());
            (
                name,
                match dice.below(3) {
                    0 => encode::hex(&bytes).to_uppercase(),
                    1 => BASE64_STANDARD_NO_PAD.encode(&bytes),
                    _ => encode::hex(&bytes),
                },
            )
        }
        11 => (
            "sha256-base64url-list",
            format!(
                "{},{}",
                BASE64_URL_SAFE_NO_PAD.encode(dice.bytes(32)),
                BASE64_URL_SAFE_NO_PAD.encode(digest("sha256", canonical.as_bytes()))
            ),
        ),
        12 => {
            let salt = dice.letters(12);
            beside.push((dice.pick(&["saltv2", "userSalt", "hash_salt"]), json!(salt)));
            (
                "salted-sha256",
                encode::hex(&digest("sha256", format!("{canonical}{salt}").as_bytes())),
            )
        }
        13 => {
            let key = dice.bytes(16);
            beside.push((
                dice.pick(&["hmacKey", "hashKey", "key"]),
                json!(BASE64_STANDARD.encode(&key)),
            ));
            let mut mac = SimpleHmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
            mac.update(canonical.as_bytes());
            (
                "hmac-key-base64",
                BASE64_STANDARD.encode(mac.finalize().into_bytes()),
            )
        }
        14 => (
            "sha256-peppered",
            encode::hex(&digest(
                "sha256",
                format!("{}{canonical}", world.pepper).as_bytes(),
            )),
        ),
        15 => {
            // As Signal's old directory did: ten bytes of SHA-1.
            (
                "sha1-cut",
                BASE64_STANDARD_NO_PAD.encode(&digest("sha1", canonical.as_bytes())[..10]),
            )
        }
        _ => {
            let inner = json!({"w": text}).to_string();
            let twice = BASE64_STANDARD.encode(BASE64_URL_SAFE_NO_PAD.encode(inner));
            ("base64-twice", twice)
        }
    };
    encoding.clone_into(&mut case.encoding);
    // In a path, a cookie or a header as often as in a body.
    let is_short = value.len() < 300 && value.is_ascii() && beside.is_empty();
    match dice.below(8) {
        0 if is_short => {
            case.format = "path";
            case.requests
                .push(case.get(format!("/u/{}/ping", encode::percent(&value)), Vec::new()));
        }
        1 if is_short && !value.contains([';', ',', '"']) => {
            case.format = "cookie";
            case.requests.push(case.get(
                "/".to_owned(),
                vec![("Cookie", format!("theme=dark; {}={value}", dice.pick(&ODD)))],
            ));
        }
        2 if is_short => {
            case.format = "own-header";
            case.requests
                .push(case.get("/".to_owned(), vec![("X-Ctx-7", value)]));
        }
        _ => {
            let mut document = among(dice.pick(&ODD), Value::from(value), dice);
            for (name, value) in beside {
                if let Value::Array(elements) = &mut document {
                    elements[0][name] = value;
                } else {
                    document[name] = value;
                }
            }
            send(case, &document, dice);
        }
    }
}

fn known_place(case: &mut Case, world: &World, dice: &mut Dice) {
    let (latitude, longitude) = world.places[dice.below(world.places.len())];
    let (encoding, value) = match dice.below(9) {
        0 => (
            "text-lon-lat",
            json!(format!("{longitude:.5} {latitude:.5}")),
        ),
        1 => (
            "iso-6709",
            json!(format!("{latitude:+09.5}{longitude:+010.5}/")),
        ),
        2 => (
            "linestring",
            json!(format!(
                "LINESTRING({longitude:.6} {latitude:.6}, {:.6} {:.6})",
                longitude + 0.2,
                latitude + 0.1
            )),
        ),
        3 => (
            "geojson",
            json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [longitude, latitude]}}),
        ),
        4 => (
            "e7-array",
            json!([(latitude * 1e7) as i64, (longitude * 1e7) as i64]),
        ),
        5 => (
            "tile-members",
            json!({"zoom": 15, "x": ((longitude + 180.0) / 360.0 * 32768.0) as u64, "y": ((1.0 - latitude.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * 32768.0) as u64}),
        ),
        6 => (
            "geohash-url",
            json!(format!(
                "https://m.zweit.example/g/{}",
                geo::geohash(latitude, longitude, 8)
            )),
        ),
        7 => (
            "dms-typographic",
            json!(format!("N {} E {}", minutes(latitude), minutes(longitude))),
        ),
        _ => (
            "rounded",
            json!({"b": (latitude * 1000.0).round() / 1000.0, "l": (longitude * 1000.0).round() / 1000.0}),
        ),
    };
    case.says(Label::Known(&["location"]), "position", encoding);
    let document = among(dice.pick(&["ort", "spot", "p"]), value, dice);
    send(case, &document, dice);
}

fn minutes(degrees: f64) -> String {
    let tenths = (degrees * 36_000.0).round() as u64;
    format!(
        "{}° {:02}′ {:02}.{}″",
        tenths / 36_000,
        tenths / 600 % 60,
        tenths % 600 / 10,
        tenths % 10
    )
}

/// Several, because one of four billion numbers says nothing.
fn known_checksums(case: &mut Case, world: &World, dice: &mut Dice) {
    case.says(Label::Known(&["contacts"]), "phones", "crc32");
    let is_decimal = dice.one_in(2);
    let from = dice.below(world.contacts.len() - 6);
    let sums: Vec<Value> = world.contacts[from..from + 6]
        .iter()
        .map(|person| {
            let mut crc = flate2::Crc::new();
            crc.update(person.phone.e164().as_bytes());
            if is_decimal {
                json!(crc.sum())
            } else {
                json!(format!("{:08x}", crc.sum()))
            }
        })
        .collect();
    let document = among("sums", Value::from(sums), dice);
    send(case, &document, dice);
}

/// Numbers as numbers, in a message whose fields have no names.
fn known_packed(case: &mut Case, world: &World, dice: &mut Dice) {
    let person = &world.contacts[dice.below(world.contacts.len())];
    let number: u64 = person.phone.digits().parse().unwrap();
    let (encoding, inner) = match dice.below(3) {
        0 => ("varint", [vec![0x08], varint(number)].concat()),
        1 => (
            "fixed64",
            [vec![0x09], number.to_le_bytes().to_vec()].concat(),
        ),
        _ => {
            let text = person.phone.e164();
            (
                "string",
                [vec![0x12, text.len() as u8], text.into_bytes()].concat(),
            )
        }
    };
    case.says(Label::Known(&["contacts"]), "phone", encoding);
    let mut body = vec![0x0a, 3, b'a', b'b', b'c', 0x22, inner.len() as u8];
    body.extend(inner);
    body.extend([0x28, 7]);
    case.format = "protobuf";
    case.requests
        .push(case.post("/pb", "application/octet-stream", body));
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

// ---------------------------------------------------------------------------------------------------- contacts
