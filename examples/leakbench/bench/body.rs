//! A document → a request that carries it, in any of the formats that apps use.

use serde_json::{Map, Value, json};

use super::encode;
use super::world::Dice;
use crate::forge::record::Exchange;

/// Formats of requests.
pub(crate) const FORMATS: [&str; 11] = [
    "json",
    "json-lines",
    "form",
    "form-json",
    "multipart",
    "query",
    "header",
    "xml",
    "protobuf",
    "msgpack",
    "cbor",
];

/// A request to `host`.
pub(crate) fn request(
    format: &str,
    host: &str,
    path: &str,
    document: &Value,
    dice: &mut Dice,
) -> Exchange {
    let mut exchange = Exchange {
        method: "POST",
        host: host.to_owned(),
        target: path.to_owned(),
        headers: vec![("User-Agent", "bench/1".to_owned())],
        body: Vec::new(),
        response: b"{}".to_vec(),
    };
    let (media_type, body) = match format {
        "json" => ("application/json", document.to_string().into_bytes()),
        "json-lines" => (
            "application/x-ndjson",
            format!("{{\"t\":1}}\n{document}\n{{\"t\":2}}\n").into_bytes(),
        ),
        "form" => (
            "application/x-www-form-urlencoded",
            form(document).into_bytes(),
        ),
        "form-json" => {
            let text = encode::percent(&document.to_string());
            (
                "application/x-www-form-urlencoded",
                format!("v=1&data={text}&z=2").into_bytes(),
            )
        }
        "multipart" => ("multipart/form-data; boundary=XyZ", multipart(document)),
        "query" => {
            exchange.method = "GET";
            exchange.target = format!("{path}?{}", form(document));
            return exchange;
        }
        "header" => {
            exchange.method = "GET";
            exchange
                .headers
                .push(("X-App-Context", document.to_string()));
            return exchange;
        }
        "xml" => (
            "application/xml",
            format!("<?xml version=\"1.0\"?>{}", xml("doc", document)).into_bytes(),
        ),
        "protobuf" => ("application/x-protobuf", protobuf(document)),
        "msgpack" => (
            "application/msgpack",
            rmp_serde::to_vec_named(document).unwrap(),
        ),
        _ => {
            let mut bytes = Vec::new();
            ciborium::into_writer(document, &mut bytes).unwrap();
            ("application/cbor", bytes)
        }
    };
    exchange
        .headers
        .push(("Content-Type", media_type.to_owned()));
    exchange.body = body;
    let packed = match dice.below(8) {
        0 => Some(("gzip", encode::gzip(&exchange.body))),
        1 => Some(("deflate", encode::zlib(&exchange.body))),
        2 => Some(("br", encode::brotli(&exchange.body))),
        _ => None,
    };
    if let Some((name, body)) = packed {
        exchange.headers.push(("Content-Encoding", name.to_owned()));
        exchange.body = body;
    }
    exchange
}

/// Names and values of all leaves, named as PHP and others do: `a[b][0]`.
fn pairs(document: &Value) -> Vec<(String, String)> {
    fn walk(name: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
        let inner = |key: &str| {
            if name.is_empty() {
                key.to_owned()
            } else {
                format!("{name}[{key}]")
            }
        };
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    walk(&inner(key), value, pairs);
                }
            }
            Value::Array(elements) => {
                for (position, value) in elements.iter().enumerate() {
                    walk(&inner(&position.to_string()), value, pairs);
                }
            }
            Value::String(text) => pairs.push((name.to_owned(), text.clone())),
            other => pairs.push((name.to_owned(), other.to_string())),
        }
    }
    let mut all = Vec::new();
    walk("", document, &mut all);
    all
}

fn form(document: &Value) -> String {
    let pairs = pairs(document);
    let written = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode::percent(name), encode::percent(value)));
    written.collect::<Vec<_>>().join("&")
}

fn multipart(document: &Value) -> Vec<u8> {
    let mut body = String::new();
    for (name, value) in pairs(document) {
        body.push_str(&format!(
            "--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str("--XyZ--\r\n");
    body.into_bytes()
}

fn xml(name: &str, value: &Value) -> String {
    let name: String = name
        .chars()
        .map(|character| {
            if character.is_alphanumeric() {
                character
            } else {
                '_'
            }
        })
        .collect();
    let name = if name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    };
    match value {
        Value::Object(members) => {
            let inner: String = members.iter().map(|(key, value)| xml(key, value)).collect();
            format!("<{name}>{inner}</{name}>")
        }
        Value::Array(elements) => elements.iter().map(|value| xml(&name, value)).collect(),
        Value::String(text) => {
            let escaped = text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            format!("<{name}>{escaped}</{name}>")
        }
        other => format!("<{name}>{other}</{name}>"),
    }
}

fn varint(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn protobuf(document: &Value) -> Vec<u8> {
    fn put(number: u64, value: &Value, bytes: &mut Vec<u8>) {
        match value {
            Value::Null => {}
            Value::Bool(is_set) => {
                varint(number << 3, bytes);
                bytes.push(u8::from(*is_set));
            }
            Value::Number(value) if value.is_i64() || value.is_u64() => {
                let value = value
                    .as_u64()
                    .unwrap_or_else(|| value.as_i64().unwrap().cast_unsigned());
                varint(number << 3, bytes);
                varint(value, bytes);
            }
            Value::Number(value) => {
                varint(number << 3 | 1, bytes);
                bytes.extend(value.as_f64().unwrap().to_le_bytes());
            }
            Value::Array(elements) => elements.iter().for_each(|value| put(number, value, bytes)),
            Value::String(text) => {
                varint(number << 3 | 2, bytes);
                varint(text.len() as u64, bytes);
                bytes.extend(text.as_bytes());
            }
            Value::Object(_) => {
                let inner = protobuf(value);
                varint(number << 3 | 2, bytes);
                varint(inner.len() as u64, bytes);
                bytes.extend(inner);
            }
        }
    }
    let mut bytes = Vec::new();
    if let Value::Object(members) = document {
        for (number, value) in (1..).zip(members.values()) {
            put(number, value, &mut bytes);
        }
    }
    bytes
}

/// Puts a value deep into a document of things that say nothing.
pub(crate) fn around(name: &str, value: Value, dice: &mut Dice) -> Value {
    let mut inner = Map::new();
    inner.insert("seq".to_owned(), json!(dice.below(900)));
    inner.insert(name.to_owned(), value);
    inner.insert("ok".to_owned(), json!(true));
    let inner = Value::Object(inner);
    match dice.below(5) {
        0 => inner,
        1 => json!({"v": 3, "payload": inner}),
        2 => json!({"batch": [{"event": "open", "props": inner}], "build": "7f"}),
        3 => json!({"a": {"b": {"c": [[inner]]}}}),
        _ => json!({"req": inner, "ver": "4.2.1"}),
    }
}
