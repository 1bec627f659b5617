//! A second generator, of another hand: other words, languages, transports and habits than the first, and other decoys. It was
//! written from what apps do, not from what the detectors know, so that a high figure on the first is not a habit shared with it.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use hmac::{KeyInit, Mac, SimpleHmac};
use serde_json::{Map, Value, json};

use super::case::{Case, Label, Transport};
use super::world::{Device, Dice, Person, World};
use super::{encode, geo};
use crate::forge::record::Exchange;

/// A case of its own number.
pub(crate) fn draw(number: usize, world: &World, dice: &mut Dice) -> Case {
    let host = format!("s{number:06}.zweit.example");
    let mut case = Case {
        host,
        label: Label::Decoy,
        what: String::new(),
        encoding: String::new(),
        format: "",
        depth: 0,
        transport: Transport::Http,
        requests: Vec::new(),
    };
    match dice.below(20) {
        0..8 => known(&mut case, world, dice),
        8..11 => contacts(&mut case, world, dice),
        11..13 => location(&mut case, world, dice),
        13..15 => device(&mut case, dice),
        _ => decoy(&mut case, world, dice),
    }
    case
}

fn said(case: &mut Case, label: Label, what: &str, encoding: &str) {
    case.label = label;
    what.clone_into(&mut case.what);
    encoding.clone_into(&mut case.encoding);
}

fn post(case: &Case, path: &str, media_type: &str, body: Vec<u8>) -> Exchange {
    Exchange {
        method: "POST",
        host: case.host.clone(),
        target: path.to_owned(),
        headers: vec![
            ("Accept", "*/*".to_owned()),
            ("Content-Type", media_type.to_owned()),
        ],
        body,
        response: b"ok".to_vec(),
    }
}

fn get(case: &Case, target: String, headers: Vec<(&'static str, String)>) -> Exchange {
    Exchange {
        method: "GET",
        host: case.host.clone(),
        target,
        headers,
        body: Vec::new(),
        response: b"ok".to_vec(),
    }
}

/// A body that apps of this generator send: the document in one of their envelopes.
fn send(case: &mut Case, document: &Value, dice: &mut Dice) {
    let text = document.to_string();
    let path = dice.pick(&["/gw", "/mobile/v3/push", "/t/p", "/r.php", "/ingest"]);
    let (format, request) = match dice.below(13) {
        0 | 1 => (
            "json",
            post(
                case,
                path,
                "application/json; charset=utf-8",
                text.into_bytes(),
            ),
        ),
        2 => (
            "pretty",
            post(
                case,
                path,
                "text/plain",
                serde_json::to_vec_pretty(document).unwrap(),
            ),
        ),
        3 => {
            let body = json!({"operationName": "Op", "query": "mutation Op($i: In!) { op(input: $i) { ok } }", "variables": {"i": document}});
            (
                "graphql",
                post(
                    case,
                    "/graphql",
                    "application/json",
                    body.to_string().into_bytes(),
                ),
            )
        }
        4 => {
            let body = json!([{"jsonrpc": "2.0", "id": 4, "method": "srv.put", "params": [document, true]}]);
            (
                "json-rpc",
                post(
                    case,
                    "/rpc",
                    "application/json",
                    body.to_string().into_bytes(),
                ),
            )
        }
        5 => {
            let body = format!("{{\"ev\":\"a\"}}\r\n{text}\r\n");
            (
                "ndjson",
                post(case, path, "application/octet-stream", body.into_bytes()),
            )
        }
        6 => {
            let packed = BASE64_STANDARD.encode(encode::gzip(text.as_bytes()));
            (
                "gzip-base64",
                post(case, path, "text/plain", packed.into_bytes()),
            )
        }
        7 => {
            let packed = BASE64_URL_SAFE_NO_PAD.encode(encode::gzip(text.as_bytes()));
            let body = format!("c=1&enc=gz&payload={packed}");
            (
                "form-gzip",
                post(
                    case,
                    path,
                    "application/x-www-form-urlencoded",
                    body.into_bytes(),
                ),
            )
        }
        8 => (
            "msgpack",
            post(
                case,
                path,
                "application/octet-stream",
                rmp_serde::to_vec_named(document).unwrap(),
            ),
        ),
        9 => {
            let mut bytes = Vec::new();
            ciborium::into_writer(document, &mut bytes).unwrap();
            ("cbor", post(case, path, "application/cbor", bytes))
        }
        10 => {
            let mut request = post(
                case,
                path,
                "application/json",
                encode::gzip(text.as_bytes()),
            );
            request
                .headers
                .push(("Content-Encoding", "gzip".to_owned()));
            ("gzip", request)
        }
        11 => {
            let body = format!(
                "--b0undary77\r\nContent-Disposition: form-data; name=\"meta\"; filename=\"m.json\"\r\nContent-Type: application/json\r\n\r\n{text}\r\n--b0undary77--\r\n"
            );
            (
                "multipart-file",
                post(
                    case,
                    path,
                    "multipart/form-data; boundary=b0undary77",
                    body.into_bytes(),
                ),
            )
        }
        _ => {
            let quoted = Value::from(text).to_string();
            let body = format!("{{\"message\":{quoted},\"level\":\"info\"}}");
            (
                "json-in-json",
                post(case, path, "application/json", body.into_bytes()),
            )
        }
    };
    case.format = format;
    case.requests.push(request);
}

/// The value among things that say nothing.
fn among(name: &str, value: Value, dice: &mut Dice) -> Value {
    let mut inner = Map::new();
    inner.insert("build".to_owned(), json!(dice.below(9000)));
    inner.insert(name.to_owned(), value);
    inner.insert("lvl".to_owned(), json!(["low", "mid"][dice.below(2)]));
    match dice.below(4) {
        0 => Value::Object(inner),
        1 => json!({"evts": [{"n": "start"}, inner]}),
        2 => json!({"body": {"d": inner}}),
        _ => json!([inner]),
    }
}

const ODD: [&str; 12] = [
    "p1", "cd", "aux", "wert", "champ", "dato", "zz", "misc", "u_42", "attr", "k", "extra",
];

// ---------------------------------------------------------------------------------------------------- known values

fn spelled_phone(person: &Person, dice: &mut Dice) -> String {
    let phone = &person.phone;
    let (country, area, rest) = (phone.country, &phone.area, &phone.rest);
    let middle = rest.len() / 2;
    match dice.below(9) {
        0 => format!("tel:+{country}-{area}-{rest}"),
        1 => format!(
            "+{country} (0){area} {} {}",
            &rest[..middle],
            &rest[middle..]
        ),
        2 => format!("+{country}.{area}.{rest}"),
        3 => format!("00{country}-{area}/{rest}"),
        4 if phone.trunk == "0" => format!("({}{area}) {rest}", phone.trunk),
        5 if phone.trunk == "0" => format!(
            "{}{area}/{} {}",
            phone.trunk,
            &rest[..middle],
            &rest[middle..]
        ),
        6 => phone.digits(),
        _ => phone.e164(),
    }
}

fn known(case: &mut Case, world: &World, dice: &mut Dice) {
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
    said(case, Label::Known(categories), what, "");
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
            case.requests.push(get(
                case,
                format!("/u/{}/ping", encode::percent(&value)),
                Vec::new(),
            ));
        }
        1 if is_short && !value.contains([';', ',', '"']) => {
            case.format = "cookie";
            case.requests.push(get(
                case,
                "/".to_owned(),
                vec![("Cookie", format!("theme=dark; {}={value}", dice.pick(&ODD)))],
            ));
        }
        2 if is_short => {
            case.format = "own-header";
            case.requests
                .push(get(case, "/".to_owned(), vec![("X-Ctx-7", value)]));
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
    said(case, Label::Known(&["location"]), "position", encoding);
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
    said(case, Label::Known(&["contacts"]), "phones", "crc32");
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
    said(case, Label::Known(&["contacts"]), "phone", encoding);
    let mut body = vec![0x0a, 3, b'a', b'b', b'c', 0x22, inner.len() as u8];
    body.extend(inner);
    body.extend([0x28, 7]);
    case.format = "protobuf";
    case.requests
        .push(post(case, "/pb", "application/octet-stream", body));
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

fn contacts(case: &mut Case, world: &World, dice: &mut Dice) {
    let count = 4 + dice.below(20);
    let from = dice.below(world.strangers.len() - count);
    let people = &world.strangers[from..from + count];
    let international = |person: &Person| person.phone.e164();
    let choice = dice.below(17);
    let names: Vec<String> = people.iter().map(Person::name).collect();
    let (encoding, document) = match choice {
        0 => (
            "parallel-arrays",
            json!({"n": names, "t": people.iter().map(international).collect::<Vec<_>>()}),
        ),
        1 => {
            let rows: Vec<Value> = people
                .iter()
                .map(|person| json!([person.name(), person.phone.digits()]))
                .collect();
            ("rows-of-two", json!({"rows": rows}))
        }
        2 => {
            let map: Map<String, Value> = people
                .iter()
                .map(|person| (person.name(), json!(international(person))))
                .collect();
            ("name-to-number", json!({"d": map}))
        }
        3 => {
            let map: Map<String, Value> = people
                .iter()
                .map(|person| (international(person), json!(person.given)))
                .collect();
            ("number-to-name", json!({"d": map}))
        }
        4 => {
            let rows: Vec<Value> = people
                .iter()
                .map(|person| json!({"prénom": person.given, "nom": person.family, "téléphone": person.phone.grouped(dice), "courriel": person.email}))
                .collect();
            ("french", json!({"carnet": rows}))
        }
        5 => {
            let rows: Vec<Value> = people
                .iter()
                .map(|person| json!({"nombre": person.name(), "telefono": person.phone.digits(), "correo": person.email}))
                .collect();
            ("spanish", json!({"agenda": rows}))
        }
        6 => {
            let rows: Vec<Value> = people
                .iter()
                .map(|person| json!({"id": dice.digits(3), "lbl": person.name(), "vals": [{"ty": 2, "v": spelled_phone(person, dice)}, {"ty": 3, "v": person.email}]}))
                .collect();
            ("nested-values", json!({"c": rows}))
        }
        7 => {
            let digests: Vec<String> = people
                .iter()
                .map(|person| {
                    encode::hex(&encode::hash("sha256", international(person).as_bytes()))
                })
                .collect();
            let name = dice.pick(&[
                "phoneNumberHashes",
                "contactDigests",
                "addressBookHashes",
                "sha256Phones",
                "hashedPhoneNumbers",
            ]);
            ("hashes", json!({name: digests}))
        }
        8 => {
            let digests: Vec<Value> = people
                .iter()
                .map(|person| {
                    json!({
                        "p": BASE64_STANDARD.encode(encode::hash("sha1", international(person).as_bytes())),
                        "e": BASE64_STANDARD.encode(encode::hash("sha1", person.email.as_bytes())),
                    })
                })
                .collect();
            ("mixed-hashes", json!({"hashed_contacts": digests}))
        }
        9 => {
            let mut csv = "Name;Telefon;E-Mail\r\n".to_owned();
            for person in people {
                csv.push_str(&format!(
                    "{};{};{}\r\n",
                    person.name(),
                    person.phone.national(),
                    person.email
                ));
            }
            said(case, Label::Shape("contacts"), "contacts", "csv-upload");
            case.format = "multipart-file";
            let body = format!(
                "--q1w2e3r4t5\r\nContent-Disposition: form-data; name=\"f\"; filename=\"export.csv\"\r\nContent-Type: text/csv\r\n\r\n{csv}\r\n--q1w2e3r4t5--\r\n"
            );
            case.requests.push(post(
                case,
                "/up",
                "multipart/form-data; boundary=q1w2e3r4t5",
                body.into_bytes(),
            ));
            return;
        }
        10 => {
            let mut cards = String::new();
            for person in people {
                cards.push_str(&format!("BEGIN:VCARD\nVERSION:4.0\nN:{};{};;;\nFN:{}\nTEL;VALUE=uri;TYPE=\"voice,home\":tel:{}\nEND:VCARD\n", person.family, person.given, person.name(), international(person)));
            }
            said(case, Label::Shape("contacts"), "contacts", "vcard-put");
            case.format = "vcard";
            let mut request = post(
                case,
                "/dav/ab/1.vcf",
                "text/vcard; charset=utf-8",
                cards.into_bytes(),
            );
            request.method = "PUT";
            case.requests.push(request);
            return;
        }
        11 => {
            let mut form = String::from("v=2");
            for (position, person) in people.iter().enumerate() {
                form.push_str(&format!(
                    "&contact%5B{position}%5D%5Bname%5D={}&contact%5B{position}%5D%5Bnum%5D={}",
                    encode::percent(&person.name()),
                    encode::percent(&person.phone.national())
                ));
            }
            said(case, Label::Shape("contacts"), "contacts", "form-array");
            case.format = "form";
            case.requests.push(post(
                case,
                "/r.php",
                "application/x-www-form-urlencoded",
                form.into_bytes(),
            ));
            return;
        }
        12 => {
            // One in each request, under a name that says nothing.
            said(
                case,
                Label::Shape("contacts"),
                "contacts",
                "one-by-one-path",
            );
            case.format = "path";
            for person in people {
                case.requests.push(get(
                    case,
                    format!("/exists/{}", encode::percent(&international(person))),
                    Vec::new(),
                ));
            }
            return;
        }
        13 => {
            said(
                case,
                Label::Shape("contacts"),
                "contacts",
                "hash-one-by-one",
            );
            case.format = "query";
            for person in people {
                let digest = encode::hash("sha1", international(person).as_bytes());
                let token = BASE64_URL_SAFE_NO_PAD.encode(&digest[..10]);
                case.requests.push(get(
                    case,
                    format!("/v1/directory/{token}?r={}", dice.digits(6)),
                    Vec::new(),
                ));
            }
            return;
        }
        14 => {
            let mut body = Vec::new();
            for person in people {
                let (name, number) = (person.name(), international(person));
                let mut inner = vec![0x0a, name.len() as u8];
                inner.extend(name.as_bytes());
                inner.extend([0x12, number.len() as u8]);
                inner.extend(number.as_bytes());
                body.extend([0x0a, inner.len() as u8]);
                body.extend(inner);
            }
            said(case, Label::Shape("contacts"), "contacts", "protobuf");
            case.format = "protobuf";
            case.requests
                .push(post(case, "/pb", "application/x-protobuf", body));
            return;
        }
        15 => {
            said(
                case,
                Label::Shape("contacts"),
                "contacts",
                "mail-one-by-one",
            );
            case.format = "json";
            for person in people {
                let document = json!({"check": person.email, "t": dice.below(99_999)});
                case.requests.push(post(
                    case,
                    "/q",
                    "application/json",
                    document.to_string().into_bytes(),
                ));
            }
            return;
        }
        _ => {
            let inputs: Vec<String> = people
                .iter()
                .map(|person| {
                    format!(
                        "{{fullName: \"{}\", phone: \"{}\"}}",
                        person.name(),
                        international(person)
                    )
                })
                .collect();
            said(
                case,
                Label::Shape("contacts"),
                "contacts",
                "graphql-literal",
            );
            case.format = "graphql";
            let document = json!({"query": format!("mutation {{ importPeople(list: [{}]) {{ ok }} }}", inputs.join(", "))});
            case.requests.push(post(
                case,
                "/graphql",
                "application/json",
                document.to_string().into_bytes(),
            ));
            return;
        }
    };
    said(case, Label::Shape("contacts"), "contacts", encoding);
    send(case, &document, dice);
}

// ---------------------------------------------------------------------------------------------------- location

fn location(case: &mut Case, world: &World, dice: &mut Dice) {
    let (latitude, longitude) = world.elsewhere[dice.below(world.elsewhere.len())];
    let text = |degrees: f64| format!("{degrees:.5}");
    let (encoding, value) = match dice.below(15) {
        0 => {
            let [first, second] = [
                ["lt", "lg"],
                ["gps_latitude", "gps_longitude"],
                ["Lat", "Lng"],
                ["user_latitude", "user_longitude"],
                ["latitud", "longitud"],
                ["breitengrad", "längengrad"],
                ["locLat", "locLong"],
                ["lat_deg", "lon_deg"],
            ][1 + dice.below(7)];
            (
                "degrees",
                json!({first: text(latitude), second: text(longitude)}),
            )
        }
        1 => ("array-lat-lon", json!({"location": [latitude, longitude]})),
        2 => (
            "text-pair",
            json!({dice.pick(&["geo", "pos", "userLoc", "gps_position", "koord"]): format!("{},{}", text(latitude), text(longitude))}),
        ),
        3 => (
            "wkt-srid",
            json!({"geom": format!("SRID=4326;POINT({longitude:.6} {latitude:.6})")}),
        ),
        4 => (
            "feature",
            json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [longitude, latitude]}, "properties": {}}),
        ),
        5 => {
            let track: Vec<Value> = (0..6)
                .map(|step| json!([longitude + f64::from(step) * 0.002, latitude, 34.5]))
                .collect();
            (
                "geojson-line",
                json!({"geometry": {"type": "LineString", "coordinates": track}}),
            )
        }
        6 => {
            let fixes: Vec<Value> = (0..5).map(|step| json!({"ts": 1_768_000_000 + step * 30, "coords": {"latitude": latitude + f64::from(step) * 0.0007, "longitude": longitude, "accuracy": 8}})).collect();
            ("fixes", json!({"positions": fixes}))
        }
        7 => (
            "polyline",
            json!({"polyline": polyline(&[(latitude, longitude), (latitude + 0.01, longitude + 0.01), (latitude + 0.02, longitude + 0.015)])}),
        ),
        8 => (
            "e6-members",
            json!({"latE6": (latitude * 1e6) as i64, "lonE6": (longitude * 1e6) as i64}),
        ),
        9 => (
            "iso-6709",
            json!({"where": format!("{latitude:+09.5}{longitude:+010.5}/")}),
        ),
        10 => {
            let cells: Vec<Value> = (0..3).map(|_| json!({"mobileCountryCode": 262, "mobileNetworkCode": 1, "locationAreaCode": dice.below(60_000), "cellId": dice.below(60_000_000), "signalStrength": -87})).collect();
            ("cells", json!({"cellTowers": cells}))
        }
        11 => {
            let seen: Vec<Value> = (0..5)
                .map(|_| {
                    let other = Device::draw(dice);
                    json!({"macAddress": other.bssid, "signalStrength": -61, "channel": 11})
                })
                .collect();
            (
                "geolocate-api",
                json!({"considerIp": true, "wifiAccessPoints": seen}),
            )
        }
        12 => (
            "plus-code",
            json!({"olc": geo::plus_code(latitude, longitude)}),
        ),
        13 => {
            said(case, Label::Shape("location"), "location", "query");
            case.format = "query";
            let target = match dice.below(3) {
                0 => format!(
                    "/weather?lat={}&lon={}&units=metric",
                    text(latitude),
                    text(longitude)
                ),
                1 => format!("/near?ll={},{}", text(latitude), text(longitude)),
                _ => format!("/v2/forecast/{},{}", text(latitude), text(longitude)),
            };
            case.requests.push(get(case, target, Vec::new()));
            return;
        }
        _ => {
            said(case, Label::Shape("location"), "location", "header");
            case.format = "own-header";
            case.requests.push(get(
                case,
                "/home".to_owned(),
                vec![(
                    ["X-Geo", "X-User-Location", "X-Location"][dice.below(3)],
                    format!("{};{}", text(latitude), text(longitude)),
                )],
            ));
            return;
        }
    };
    said(case, Label::Shape("location"), "location", encoding);
    let document = match value {
        Value::Object(members) if dice.one_in(2) => Value::Object(members),
        other => among(dice.pick(&["ctx", "standort", "state"]), other, dice),
    };
    send(case, &document, dice);
}

/// The encoded polyline of maps (five decimals).
fn polyline(points: &[(f64, f64)]) -> String {
    let mut text = String::new();
    let mut last = [0_i64; 2];
    for (latitude, longitude) in points {
        for (degrees, before) in [latitude, longitude].into_iter().zip(&mut last) {
            let now = (degrees * 1e5).round() as i64;
            let step = now - *before;
            *before = now;
            let mut bits = (step << 1 ^ step >> 63).cast_unsigned();
            while bits >= 0x20 {
                text.push(char::from((bits & 0x1f) as u8 + 0x20 + 63));
                bits >>= 5;
            }
            text.push(char::from(bits as u8 + 63));
        }
    }
    text
}

// ---------------------------------------------------------------------------------------------------- device

fn device(case: &mut Case, dice: &mut Dice) {
    let device = Device::draw(dice);
    let (encoding, names, value): (&str, &[&'static str], String) = match dice.below(9) {
        0 => (
            "imei",
            &[
                "imeiNumber",
                "IMEI1",
                "device-imei",
                "phone_imei",
                "imeis",
                "imei_no",
            ],
            device.imei,
        ),
        1 => (
            "android-id",
            &[
                "android-id",
                "androidid",
                "androidDeviceId",
                "ANDROIDID",
                "device_android_id",
                "secureAndroidId",
            ],
            device.device_id,
        ),
        2 => (
            "idfv",
            &[
                "identifier_for_vendor",
                "ios_idfv",
                "device_idfv",
                "vendor_id",
            ],
            device.advertising_id.to_uppercase(),
        ),
        3 => (
            "gaid",
            &[
                "google_aid",
                "gps_adid",
                "advertId",
                "ad_identifier",
                "deviceAdId",
                "gaId",
                "adid",
                "idfa_value",
            ],
            device.advertising_id,
        ),
        4 => (
            "mac",
            &[
                "wlan_mac",
                "macaddr",
                "mac_wifi",
                "bt_mac",
                "deviceMacAddress",
                "wifiMacAddress",
                "hwaddr",
            ],
            device.mac.to_uppercase(),
        ),
        5 => (
            "serial",
            &[
                "serialNo",
                "serial_number",
                "deviceSerialNumber",
                "hardware_serial",
                "numero_serie",
                "build_serial",
            ],
            device.serial,
        ),
        6 => (
            "imsi",
            &[
                "sim_imsi",
                "imsi_number",
                "subscriber_id",
                "simSubscriberId",
            ],
            device.imsi,
        ),
        7 => (
            "iccid",
            &["sim_serial", "iccId", "sim_iccid", "simCardSerial"],
            device.iccid,
        ),
        _ => (
            "ssid",
            &[
                "wifi_ssid",
                "currentSsid",
                "ssid_name",
                "connectedSSID",
                "wlan_ssid",
            ],
            format!("\"{}\"", device.ssid),
        ),
    };
    let class = if encoding == "ssid" {
        "location"
    } else {
        "device"
    };
    said(case, Label::Shape(class), class, encoding);
    let name = names[dice.below(names.len())];
    match dice.below(6) {
        0 => {
            case.format = "query";
            let target = format!("/track?e=open&{name}={}", encode::percent(&value));
            case.requests.push(get(case, target, Vec::new()));
        }
        1 if !value.contains('"') => {
            case.format = "cookie";
            case.requests.push(get(
                case,
                "/a".to_owned(),
                vec![("Cookie", format!("sess=1; {name}={value}"))],
            ));
        }
        2 if !value.contains('"') => {
            case.format = "form";
            case.requests.push(post(
                case,
                "/r.php",
                "application/x-www-form-urlencoded",
                format!("os=x&{name}={}", encode::percent(&value)).into_bytes(),
            ));
        }
        _ => {
            let document = among("hw", json!({name: value}), dice);
            send(case, &document, dice);
        }
    }
}

// ---------------------------------------------------------------------------------------------------- decoys

fn list(many: usize, draw: &mut dyn FnMut() -> Value) -> Value {
    (0..many).map(|_| draw()).collect()
}

fn decoy(case: &mut Case, world: &World, dice: &mut Dice) {
    let many = 4 + dice.below(12);
    let stranger = world.strangers[dice.below(world.strangers.len())].clone();
    let (is_clean, what, document): (bool, &str, Value) = match dice.below(22) {
        0 => (
            true,
            "goods-with-ean",
            json!({"cart": list(many, &mut || json!({"title": format!("{} {}", ["Blauer", "Roter"][dice.below(2)], ["Becher", "Teller", "Krug"][dice.below(3)]), "ean": format!("40{}", dice.digits(11)), "qty": 1 + dice.below(3)}))}),
        ),
        1 => (
            true,
            "invoices",
            json!({"invoices": list(many, &mut || json!({"no": format!("RE-2026-{}", dice.digits(6)), "customer_no": dice.digits(8), "sum": format!("{}.{}", dice.below(900), dice.digits(2))}))}),
        ),
        2 => (
            true,
            "ibans",
            json!({"accounts": list(many, &mut || json!({"iban": format!("DE{} {} {} {} {} {}", dice.digits(2), dice.digits(4), dice.digits(4), dice.digits(4), dice.digits(4), dice.digits(2))}))}),
        ),
        3 => (
            true,
            "milliseconds",
            json!({"marks": list(many, &mut || json!(1_764_000_000_000_u64 + dice.below(900_000_000) as u64)), "since": "1764000000"}),
        ),
        4 => (
            true,
            "prices",
            json!({"prices": list(many, &mut || json!({"x": dice.below(18000) as f64 / 100.0, "y": dice.below(9000) as f64 / 100.0}))}),
        ),
        5 => (
            true,
            "content-guids",
            json!({"articles": list(many, &mut || json!({"guid": dice.uuid(), "headline": "Wetter morgen"}))}),
        ),
        6 => (
            true,
            "file-hashes",
            json!({"files": list(many, &mut || json!({"path": format!("assets/{}.webp", dice.letters(5)), "sha1": dice.hex(40)}))}),
        ),
        7 => (
            true,
            "resource-digests",
            json!({"resources": list(many, &mut || json!(dice.hex(64))), "integrity": format!("sha256-{}", BASE64_STANDARD.encode(dice.bytes(32)))}),
        ),
        8 => (
            true,
            "versions",
            json!({"libs": list(many, &mut || json!(format!("{}.{}.{}", dice.below(30), dice.below(30), dice.below(200)))), "fw": "20.3.0.118"}),
        ),
        9 => (
            true,
            "screen",
            json!({"frame": [0.0, 44.5, 390.25, 812.75], "scale": 3.0, "center_x": 195.125, "center_y": 422.375}),
        ),
        10 => (
            true,
            "chart",
            json!({"chart": {"points": list(many, &mut || json!([dice.below(100) as f64 / 4.0, dice.below(100) as f64 / 8.0])), "type": "line"}}),
        ),
        11 => (
            true,
            "order-refs",
            json!({"orders": list(many, &mut || json!({"order": format!("49{}", dice.digits(10)), "state": "paid"}))}),
        ),
        12 => (
            true,
            "support",
            json!({"app": {"support_phone": "0800 3301000", "support_mail": "noreply@zweit.example"}}),
        ),
        13 => (
            true,
            "trace-headers",
            json!({"traceparent": format!("00-{}-{}-01", dice.hex(32), dice.hex(16)), "requestId": dice.uuid(), "correlation_id": dice.hex(24)}),
        ),
        14 => (
            true,
            "parcel",
            json!({"parcels": list(many, &mut || json!({"carrier": "dhl", "tracking": format!("00340{}", dice.digits(15))}))}),
        ),
        15 => (
            true,
            "colours",
            json!({"palette": list(many, &mut || json!(format!("#{}", dice.hex(6)))), "gradient": [0.25, 0.75]}),
        ),
        16 => (
            true,
            "documentation",
            json!({"servers": ["192.0.2.53", "198.51.100.7", "2001:db8::53"], "mac_vendor_prefix": "00:00:5e", "sample": "user@example.com"}),
        ),
        17 => (
            true,
            "counts-of-contacts",
            json!({"contacts_total": dice.below(900), "contacts_synced": true, "contacts_hash_version": 3, "last": 1_764_000_000 + dice.below(9_000_000)}),
        ),
        18 => (false, "neighbour-number", {
            let contact = &world.contacts[dice.below(world.contacts.len())];
            let number: u64 = contact.phone.digits().parse().unwrap();
            json!({"q": format!("+{}", number ^ 1)})
        }),
        19 => (
            false,
            "hash-of-stranger",
            json!({"h": encode::hex(&encode::hash("sha256", stranger.phone.e164().as_bytes())), "crc": list(8, &mut || json!(dice.hex(8)))}),
        ),
        20 => {
            said(case, Label::Others, "random-packed", "decoy");
            case.format = "binary";
            let body = dice.bytes(2000);
            case.requests
                .push(post(case, "/blob", "application/octet-stream", body));
            return;
        }
        _ => (
            false,
            "strangers-mail",
            json!({"to": stranger.email, "name": stranger.name()}),
        ),
    };
    let label = if is_clean {
        Label::Decoy
    } else {
        Label::Others
    };
    said(case, label, what, "decoy");
    if what == "order-refs" && dice.one_in(2) {
        // One in each request: still no contacts.
        case.format = "json";
        for _ in 0..8 {
            let document = json!({"order": format!("49{}", dice.digits(10)), "at": 1_764_000_000 + dice.below(9_000_000), "digest": dice.hex(40)});
            case.requests.push(post(
                case,
                "/order",
                "application/json",
                document.to_string().into_bytes(),
            ));
        }
        return;
    }
    send(case, &document, dice);
}
