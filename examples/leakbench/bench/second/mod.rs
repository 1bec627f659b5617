//! A second generator, of another hand: other words, languages, transports and habits than the first, and other decoys. It was
//! written from what apps do, not from what the detectors know, so that a high figure on the first is not a habit shared with it.

mod contacts;
mod decoy;
mod device;
mod known;
mod location;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::case::Case;
use super::encode;
use super::world::{Dice, Person, World};

/// A case of its own number.
pub(crate) fn draw(number: usize, world: &World, dice: &mut Dice) -> Case {
    let mut case = Case::new(format!("s{number:06}.zweit.example"));
    match dice.below(20) {
        0..8 => known::draw(&mut case, world, dice),
        8..11 => contacts::draw(&mut case, world, dice),
        11..13 => location::draw(&mut case, world, dice),
        13..15 => device::draw(&mut case, dice),
        _ => decoy::draw(&mut case, world, dice),
    }
    case
}

/// A body that apps of this generator send: the document in one of their envelopes.
fn send(case: &mut Case, document: &Value, dice: &mut Dice) {
    let text = document.to_string();
    let path = dice.pick(&["/gw", "/mobile/v3/push", "/t/p", "/r.php", "/ingest"]);
    let (format, request) = match dice.below(13) {
        0 | 1 => (
            "json",
            case.post(path, "application/json; charset=utf-8", text.into_bytes()),
        ),
        2 => (
            "pretty",
            case.post(
                path,
                "text/plain",
                serde_json::to_vec_pretty(document).unwrap(),
            ),
        ),
        3 => {
            let body = json!({"operationName": "Op", "query": "mutation Op($i: In!) { op(input: $i) { ok } }", "variables": {"i": document}});
            (
                "graphql",
                case.post(
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
                case.post("/rpc", "application/json", body.to_string().into_bytes()),
            )
        }
        5 => {
            let body = format!("{{\"ev\":\"a\"}}\r\n{text}\r\n");
            (
                "ndjson",
                case.post(path, "application/octet-stream", body.into_bytes()),
            )
        }
        6 => {
            let packed = BASE64_STANDARD.encode(encode::gzip(text.as_bytes()));
            (
                "gzip-base64",
                case.post(path, "text/plain", packed.into_bytes()),
            )
        }
        7 => {
            let packed = BASE64_URL_SAFE_NO_PAD.encode(encode::gzip(text.as_bytes()));
            let body = format!("c=1&enc=gz&payload={packed}");
            (
                "form-gzip",
                case.post(path, "application/x-www-form-urlencoded", body.into_bytes()),
            )
        }
        8 => (
            "msgpack",
            case.post(
                path,
                "application/octet-stream",
                rmp_serde::to_vec_named(document).unwrap(),
            ),
        ),
        9 => {
            let mut bytes = Vec::new();
            ciborium::into_writer(document, &mut bytes).unwrap();
            ("cbor", case.post(path, "application/cbor", bytes))
        }
        10 => {
            let mut request = case.post(path, "application/json", encode::gzip(text.as_bytes()));
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
                case.post(
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
                case.post(path, "application/json", body.into_bytes()),
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

/// Names that say nothing.
const ODD: [&str; 12] = [
    "p1", "cd", "aux", "wert", "champ", "dato", "zz", "misc", "u_42", "attr", "k", "extra",
];

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
