//! A document → the request that carries it.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::super::case::{Case, Transport};
use super::super::encode;
use super::super::world::Dice;
use crate::forge::record::Exchange;

/// Makes a request of a document, or none where the document does not fit.
type Envelope = fn(&mut Case, &Value, &mut Dice) -> Option<Exchange>;

/// What keeps the names of fields.
const NAMED: [(&str, Envelope); 29] = [
    ("json", plain_json),
    ("json", plain_json),
    ("json gzip", |case, document, _| {
        packed(case, document, "gzip")
    }),
    ("json deflate", |case, document, _| {
        packed(case, document, "deflate")
    }),
    ("json br", |case, document, _| packed(case, document, "br")),
    ("json zstd", |case, document, _| {
        packed(case, document, "zstd")
    }),
    ("json lines", json_lines),
    ("json of key and value", pairs),
    ("json typed", typed),
    ("json in json", in_json),
    ("graphql", graphql),
    ("form", form),
    ("form of base64", form_of_base64),
    ("graph batch", graph_batch),
    ("multipart", multipart),
    ("multipart file", multipart_file),
    ("query", query),
    ("headers", headers),
    ("cookie", cookie),
    ("xml", xml),
    ("xml attributes", attributes),
    ("soap", soap),
    ("plist", plist_xml),
    ("binary plist", plist_binary),
    ("messagepack", message_pack),
    ("cbor", cbor),
    ("bson", bson),
    ("websocket", websocket),
    ("mqtt", mqtt),
];

/// What keeps values alone.
const NAMELESS: [(&str, Envelope); 7] = [
    ("protobuf", protobuf),
    ("protobuf gzip", protobuf_gzip),
    ("grpc", grpc),
    ("thrift", thrift),
    ("json without names", positional),
    ("messagepack without names", positional_pack),
    ("cbor without names", positional_cbor),
];

/// Sends a document in an envelope that keeps its names.
pub(super) fn send(case: &mut Case, document: &Value, dice: &mut Dice) {
    choose(&NAMED, case, document, dice);
}

/// Sends a document in any envelope.
pub(super) fn send_any(case: &mut Case, document: &Value, dice: &mut Dice) {
    if dice.one_in(6) {
        choose(&NAMELESS, case, document, dice);
    } else {
        choose(&NAMED, case, document, dice);
    }
}

fn choose(
    envelopes: &[(&'static str, Envelope)],
    case: &mut Case,
    document: &Value,
    dice: &mut Dice,
) {
    loop {
        let (name, envelope) = envelopes[dice.below(envelopes.len())];
        if let Some(request) = envelope(case, document, dice) {
            case.format = name;
            case.requests.push(request);
            return;
        }
    }
}

fn path(dice: &mut Dice) -> &'static str {
    [
        "/v1/events",
        "/batch",
        "/collect",
        "/api/2/sync",
        "/e",
        "/sdk/track",
        "/m/log",
    ][dice.below(7)]
}

fn plain_json(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let media_type = dice.pick(&[
        "application/json",
        "application/json; charset=utf-8",
        "text/plain",
        "application/vnd.api+json",
    ]);
    Some(case.post(path(dice), media_type, document.to_string().into_bytes()))
}

/// Bytes under a content encoding.
fn packed(case: &mut Case, document: &Value, encoding: &str) -> Option<Exchange> {
    let text = document.to_string();
    let body = match encoding {
        "gzip" => encode::gzip(text.as_bytes()),
        "deflate" => encode::zlib(text.as_bytes()),
        "br" => encode::brotli(text.as_bytes()),
        _ => ruzstd::encoding::compress_to_vec(
            text.as_bytes(),
            ruzstd::encoding::CompressionLevel::Fastest,
        ),
    };
    let mut request = case.post("/v2/upload", "application/json", body);
    request
        .headers
        .push(("Content-Encoding", encoding.to_owned()));
    Some(request)
}

/// An envelope of Sentry, or a bulk of Elasticsearch: lines of JSON.
fn json_lines(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let text = document.to_string();
    let (media_type, body) = if dice.one_in(2) {
        let id = dice.hex(32);
        let head = format!(
            "{{\"event_id\":\"{id}\",\"sent_at\":\"2026-03-02T08:12:{}Z\"}}",
            10 + dice.below(50)
        );
        (
            "application/x-sentry-envelope",
            format!(
                "{head}\n{{\"type\":\"event\",\"length\":{}}}\n{text}\n",
                text.len()
            ),
        )
    } else {
        (
            "application/x-ndjson",
            format!("{{\"index\":{{\"_index\":\"app\"}}}}\n{text}\n"),
        )
    };
    Some(case.post(path(dice), media_type, body.into_bytes()))
}

/// Lists of `{key, value}` or of OTLP attributes.
fn pairs(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let members = document.as_object()?;
    let (name, value) = [
        ("key", "value"),
        ("name", "value"),
        ("k", "v"),
        ("Name", "Value"),
        ("field", "data"),
    ][dice.below(5)];
    let is_typed = dice.one_in(3);
    let list: Vec<Value> = members
        .iter()
        .map(|(member, of_member)| {
            let of_member = match of_member {
                Value::String(text) if is_typed => json!({"stringValue": text}),
                other => other.clone(),
            };
            json!({name: member, value: of_member})
        })
        .collect();
    let body = match dice.below(3) {
        0 => json!(list),
        1 => json!({"attributes": list}),
        _ => json!({"resource": {"params": list}, "schema": 3}),
    };
    Some(case.post(
        path(dice),
        "application/json",
        body.to_string().into_bytes(),
    ))
}

/// As Firestore and `DynamoDB` write values: each in an object that says its type.
fn typed(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    fn of(value: &Value, is_firestore: bool) -> Value {
        match (value, is_firestore) {
            (Value::Object(members), true) => json!({"mapValue": {"fields": inner(members, true)}}),
            (Value::Object(members), false) => json!({"M": inner(members, false)}),
            (Value::Array(items), true) => {
                json!({"arrayValue": {"values": items.iter().map(|item| of(item, true)).collect::<Vec<_>>()}})
            }
            (Value::Array(items), false) => {
                json!({"L": items.iter().map(|item| of(item, false)).collect::<Vec<_>>()})
            }
            (Value::Number(number), true) if number.is_f64() => json!({"doubleValue": number}),
            (Value::Number(number), true) => json!({"integerValue": number.to_string()}),
            (Value::Number(number), false) => json!({"N": number.to_string()}),
            (Value::Bool(is), true) => json!({"booleanValue": is}),
            (Value::Bool(is), false) => json!({"BOOL": is}),
            (other, true) => json!({"stringValue": text(other)}),
            (other, false) => json!({"S": text(other)}),
        }
    }
    fn inner(members: &Map<String, Value>, is_firestore: bool) -> Value {
        members
            .iter()
            .map(|(name, value)| (name.clone(), of(value, is_firestore)))
            .collect()
    }
    let members = document.as_object()?;
    let body = if dice.one_in(2) {
        json!({"writes": [{"update": {"name": "projects/demo/documents/state/now", "fields": inner(members, true)}}]})
    } else {
        json!({"TableName": "state", "Item": inner(members, false)})
    };
    Some(case.post(
        "/v1/commit",
        "application/json",
        body.to_string().into_bytes(),
    ))
}

fn in_json(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let text = document.to_string();
    let inner = match dice.below(4) {
        0 => BASE64_STANDARD.encode(&text),
        1 => BASE64_STANDARD.encode(encode::gzip(text.as_bytes())),
        _ => text,
    };
    let body = json!({"seq": dice.below(900), "payload": inner, "v": "1.4"});
    Some(case.post(
        path(dice),
        "application/json",
        body.to_string().into_bytes(),
    ))
}

fn graphql(case: &mut Case, document: &Value, _: &mut Dice) -> Option<Exchange> {
    let body = json!({
        "operationName": "Push",
        "query": "mutation Push($input: PushInput!) { push(input: $input) { ok } }",
        "variables": {"input": document},
    });
    Some(case.post(
        "/graphql",
        "application/json",
        body.to_string().into_bytes(),
    ))
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Each leaf with the names on its path.
fn leaves(value: &Value) -> Vec<(Vec<String>, String)> {
    fn walk(value: &Value, names: &mut Vec<String>, found: &mut Vec<(Vec<String>, String)>) {
        let members: Vec<(String, &Value)> = match value {
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), value))
                .collect(),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(at, value)| (at.to_string(), value))
                .collect(),
            leaf => {
                found.push((names.clone(), text(leaf)));
                return;
            }
        };
        for (name, value) in members {
            names.push(name);
            walk(value, names, found);
            names.pop();
        }
    }
    let mut found = Vec::new();
    walk(value, &mut Vec::new(), &mut found);
    found
}

/// `a[b][0]`, or with dots.
fn flat(document: &Value, dice: &mut Dice) -> Vec<(String, String)> {
    let has_dots = dice.one_in(3);
    // A list of one is sent as that one.
    let document = document.get(0).unwrap_or(document);
    leaves(document)
        .into_iter()
        .map(|(names, value)| {
            let name = if has_dots {
                names.join(".")
            } else {
                let inner: String = names[1..].iter().map(|name| format!("[{name}]")).collect();
                names[0].clone() + &inner
            };
            (name, value)
        })
        .collect()
}

fn urlencoded(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode::percent(name), encode::percent(value)))
        .collect();
    pairs.join("&")
}

const FORM: &str = "application/x-www-form-urlencoded";

fn form(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let body = urlencoded(&flat(document, dice));
    Some(case.post(path(dice), FORM, body.into_bytes()))
}

/// As Mixpanel and others: one parameter of JSON in base64.
fn form_of_base64(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let data = if dice.one_in(2) {
        BASE64_STANDARD.encode(document.to_string())
    } else {
        BASE64_URL_SAFE_NO_PAD.encode(document.to_string())
    };
    let body = format!("ip=1&verbose=1&data={}", encode::percent(&data));
    Some(case.post("/track/", FORM, body.into_bytes()))
}

fn graph_batch(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let inner = urlencoded(&flat(document, dice));
    let batch = json!([
        {"method": "POST", "relative_url": "app/activities", "body": inner},
        {"method": "GET", "relative_url": "me?fields=id"},
    ]);
    let body = format!(
        "batch={}&include_headers=false",
        encode::percent(&batch.to_string())
    );
    Some(case.post("/v19.0", FORM, body.into_bytes()))
}

fn part(boundary: &str, disposition: &str, value: &str) -> String {
    format!("--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{value}\r\n")
}

fn multipart(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let boundary = format!("----Boundary{}", dice.hex(16));
    let mut body: String = flat(document, dice)
        .iter()
        .map(|(name, value)| part(&boundary, &format!("name=\"{name}\""), value))
        .collect();
    body.push_str(&format!("--{boundary}--\r\n"));
    Some(case.post(
        path(dice),
        &format!("multipart/form-data; boundary={boundary}"),
        body.into_bytes(),
    ))
}

fn multipart_file(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let boundary = dice.uuid();
    let mut body = part(&boundary, "name=\"meta\"", "{\"kind\":\"upload\"}").into_bytes();
    let is_packed = dice.one_in(2);
    let (name, file) = if is_packed {
        (
            "batch.json.gz",
            encode::gzip(document.to_string().as_bytes()),
        )
    } else {
        ("batch.json", document.to_string().into_bytes())
    };
    body.extend(
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .bytes(),
    );
    body.extend(file);
    body.extend(format!("\r\n--{boundary}--\r\n").bytes());
    Some(case.post(
        path(dice),
        &format!("multipart/form-data; boundary=\"{boundary}\""),
        body,
    ))
}

fn query(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let pairs = flat(document, dice);
    let target = format!("{}?{}", path(dice), urlencoded(&pairs));
    (pairs.len() < 30).then(|| case.get(target, vec![("Accept", "*/*".to_owned())]))
}

/// Headers take few and short values, in ASCII.
fn headers(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    const NAMES: [&str; 4] = [
        "X-App-Context",
        "X-Client-Info",
        "X-Device-Meta",
        "X-Request-Data",
    ];
    let text = document.to_string();
    if text.len() > 600 {
        return None;
    }
    let value = match dice.below(3) {
        0 => BASE64_STANDARD.encode(&text),
        1 => urlencoded(&flat(document, dice)),
        _ => encode::percent(&text),
    };
    let name = NAMES[dice.below(NAMES.len())];
    Some(case.get(
        "/v3/config".to_owned(),
        vec![("Accept", "*/*".to_owned()), (name, value)],
    ))
}

/// Cookies have flat names.
fn cookie(case: &mut Case, document: &Value, _: &mut Dice) -> Option<Exchange> {
    let pairs = leaves(document);
    let is_flat = pairs.iter().all(|(names, _)| names.len() == 1);
    let crumbs: Vec<String> = pairs
        .iter()
        .map(|(names, value)| format!("{}={}", names.join("."), encode::percent(value)))
        .collect();
    (is_flat && pairs.len() < 8)
        .then(|| case.get("/home".to_owned(), vec![("Cookie", crumbs.join("; "))]))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A name that XML allows.
fn element(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|character| {
            if character.is_alphanumeric() || "_-.".contains(character) {
                character
            } else {
                '_'
            }
        })
        .collect();
    if name.starts_with(char::is_alphabetic) {
        name
    } else {
        format!("n{name}")
    }
}

fn tree(name: &str, value: &Value) -> String {
    let name = element(name);
    match value {
        Value::Object(members) => {
            let inner: String = members
                .iter()
                .map(|(name, value)| tree(name, value))
                .collect();
            format!("<{name}>{inner}</{name}>")
        }
        Value::Array(items) => items.iter().map(|item| tree(&name, item)).collect(),
        leaf => format!("<{name}>{}</{name}>", escaped(&text(leaf))),
    }
}

/// Whether all names are such as XML allows: not numbers of phones, as in `{"+49…": "Anna"}`.
fn has_plain_names(document: &Value) -> bool {
    let leaves = leaves(document);
    let mut names = leaves.iter().flat_map(|(names, _)| names);
    names.all(|name| !name.contains(['+', ' ', '@']))
}

/// Whether a list holds other than objects, for which attributes have no names.
fn has_lists_of_values(document: &Value) -> bool {
    match document {
        Value::Object(members) => members.values().any(has_lists_of_values),
        Value::Array(items) => items
            .iter()
            .any(|item| !item.is_object() || has_lists_of_values(item)),
        _ => false,
    }
}

fn xml(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    if !has_plain_names(document) {
        return None;
    }
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}",
        tree(dice.pick(&["request", "sync", "msg"]), document)
    );
    Some(case.post(
        path(dice),
        dice.pick(&["application/xml", "text/xml; charset=utf-8"]),
        body.into_bytes(),
    ))
}

/// Leaves as attributes of their elements.
fn attributes(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    fn tree(name: &str, value: &Value) -> String {
        let name = element(name);
        match value {
            Value::Object(members) => {
                let (inner, leaves): (Vec<_>, Vec<_>) = members
                    .iter()
                    .partition(|(_, value)| value.is_object() || value.is_array());
                let leaves: String = leaves
                    .iter()
                    .map(|(name, value)| {
                        format!(" {}=\"{}\"", element(name), escaped(&text(value)))
                    })
                    .collect();
                let inner: String = inner
                    .iter()
                    .map(|(name, value)| tree(name, value))
                    .collect();
                format!("<{name}{leaves}>{inner}</{name}>")
            }
            Value::Array(items) => items.iter().map(|item| tree(&name, item)).collect(),
            leaf => format!("<{name} value=\"{}\"/>", escaped(&text(leaf))),
        }
    }
    if !has_plain_names(document) || has_lists_of_values(document) {
        return None;
    }
    let body = tree("data", document);
    Some(case.post(path(dice), "application/xml", body.into_bytes()))
}

fn soap(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    if !has_plain_names(document) {
        return None;
    }
    let body = format!(
        "<?xml version=\"1.0\"?><soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>\
         <ns2:SubmitRequest xmlns:ns2=\"urn:app\">{}</ns2:SubmitRequest></soap:Body></soap:Envelope>",
        tree("arg0", document)
    );
    let mut request = case.post(
        "/services/Mobile",
        "text/xml; charset=utf-8",
        body.into_bytes(),
    );
    request.headers.push((
        "SOAPAction",
        format!("\"urn:app#{}\"", dice.pick(&["Submit", "Sync"])),
    ));
    Some(request)
}

fn to_plist(value: &Value) -> plist::Value {
    match value {
        Value::Object(members) => plist::Value::Dictionary(
            members
                .iter()
                .map(|(name, value)| (name.clone(), to_plist(value)))
                .collect(),
        ),
        Value::Array(items) => plist::Value::Array(items.iter().map(to_plist).collect()),
        Value::Bool(is) => plist::Value::Boolean(*is),
        Value::Number(number) if number.is_f64() => plist::Value::Real(number.as_f64().unwrap()),
        Value::Number(number) => plist::Value::Integer(number.as_i64().unwrap().into()),
        other => plist::Value::String(text(other)),
    }
}

fn plist_xml(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let mut body = Vec::new();
    to_plist(document).to_writer_xml(&mut body).unwrap();
    Some(case.post(
        path(dice),
        dice.pick(&[
            "application/x-plist",
            "text/x-xml-plist",
            "application/x-apple-aspen-mdm",
        ]),
        body,
    ))
}

fn plist_binary(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let mut body = Vec::new();
    to_plist(document).to_writer_binary(&mut body).unwrap();
    Some(case.post(
        path(dice),
        dice.pick(&[
            "application/x-apple-binary-plist",
            "application/octet-stream",
        ]),
        body,
    ))
}

fn message_pack(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let document = if dice.one_in(4) {
        json!([document])
    } else {
        document.clone()
    };
    let body = rmp_serde::to_vec(&document).unwrap();
    Some(case.post(
        path(dice),
        dice.pick(&[
            "application/x-msgpack",
            "application/msgpack",
            "application/octet-stream",
        ]),
        body,
    ))
}

fn cbor(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let document = if dice.one_in(4) {
        json!([document])
    } else {
        document.clone()
    };
    let mut body = Vec::new();
    ciborium::into_writer(&document, &mut body).unwrap();
    Some(case.post(
        path(dice),
        dice.pick(&["application/cbor", "application/octet-stream"]),
        body,
    ))
}

fn bson(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    fn of(members: &mut dyn Iterator<Item = (String, &Value)>) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, value) in members {
            let (kind, bytes) = match value {
                Value::Object(members) => (
                    3,
                    of(&mut members.iter().map(|(name, value)| (name.clone(), value))),
                ),
                Value::Array(items) => (
                    4,
                    of(&mut items
                        .iter()
                        .enumerate()
                        .map(|(at, value)| (at.to_string(), value))),
                ),
                Value::Bool(is) => (8, vec![u8::from(*is)]),
                Value::Number(number) if number.is_f64() => {
                    (1, number.as_f64().unwrap().to_le_bytes().to_vec())
                }
                Value::Number(number) => (0x12, number.as_i64().unwrap().to_le_bytes().to_vec()),
                other => {
                    let text = text(other);
                    let mut bytes = u32::try_from(text.len() + 1)
                        .unwrap()
                        .to_le_bytes()
                        .to_vec();
                    bytes.extend(text.bytes());
                    bytes.push(0);
                    (2, bytes)
                }
            };
            body.push(kind);
            body.extend(name.bytes());
            body.push(0);
            body.extend(bytes);
        }
        body.push(0);
        let mut bytes = u32::try_from(body.len() + 4)
            .unwrap()
            .to_le_bytes()
            .to_vec();
        bytes.extend(body);
        bytes
    }
    let members = document.as_object()?;
    let body = of(&mut members.iter().map(|(name, value)| (name.clone(), value)));
    Some(case.post(
        path(dice),
        dice.pick(&["application/bson", "application/octet-stream"]),
        body,
    ))
}

/// One message over a connection that was opened for it.
fn websocket(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    case.transport = Transport::WebSocket;
    let (target, body) = match dice.below(6) {
        0 => (
            "/socket.io/?EIO=4&transport=websocket",
            format!("42{}", json!(["update", document])).into_bytes(),
        ),
        1 => (
            "/socket/websocket?vsn=2.0.0",
            json!(["1", "4", "room:lobby", "put", document])
                .to_string()
                .into_bytes(),
        ),
        2 => (
            "/.ws?v=5&ns=demo",
            json!({"t": "d", "d": {"r": 2, "a": "p", "b": {"p": "/state", "d": document}}})
                .to_string()
                .into_bytes(),
        ),
        3 => ("/rt", rmp_serde::to_vec(document).unwrap()),
        4 => ("/ws/chat", encode::gzip(document.to_string().as_bytes())),
        _ => ("/ws", document.to_string().into_bytes()),
    };
    let mut message = case.get(target.to_owned(), Vec::new());
    message.body = body;
    message.response = b"{\"ok\":true}".to_vec();
    Some(message)
}

fn mqtt(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    case.transport = Transport::Mqtt;
    let topic = dice.pick(&[
        "fleet/7/state",
        "owntracks/app/up",
        "$aws/things/app/shadow/update",
        "t_ms",
    ]);
    let mut message = case.get(topic.to_owned(), Vec::new());
    let text = document.to_string().into_bytes();
    message.body = if dice.one_in(4) {
        encode::zlib(&text)
    } else {
        text
    };
    Some(message)
}

fn varint(mut number: u64, into: &mut Vec<u8>) {
    while number > 0x7f {
        into.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

/// Members by number in the order of their names.
fn message(value: &Value) -> Vec<u8> {
    fn field(number: u64, value: &Value, into: &mut Vec<u8>) {
        let bytes = match value {
            Value::Array(items) => {
                for item in items {
                    field(number, item, into);
                }
                return;
            }
            Value::Bool(is) => {
                varint(number << 3, into);
                return into.push(u8::from(*is));
            }
            Value::Number(float) if float.is_f64() => {
                varint(number << 3 | 1, into);
                return into.extend(float.as_f64().unwrap().to_le_bytes());
            }
            Value::Number(integer) => {
                varint(number << 3, into);
                return varint(integer.as_i64().unwrap() as u64, into);
            }
            Value::Object(_) => message(value),
            other => text(other).into_bytes(),
        };
        varint(number << 3 | 2, into);
        varint(bytes.len() as u64, into);
        into.extend(bytes);
    }
    let mut bytes = Vec::new();
    let members = value.as_object().into_iter().flat_map(Map::values);
    for (at, value) in members.enumerate() {
        field(at as u64 + 1, value, &mut bytes);
    }
    bytes
}

fn protobuf(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    document.as_object()?;
    let media_type = dice.pick(&["application/x-protobuf", "application/octet-stream"]);
    Some(case.post(path(dice), media_type, message(document)))
}

fn protobuf_gzip(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let mut request = protobuf(case, document, dice)?;
    request.body = encode::gzip(&request.body);
    request
        .headers
        .push(("Content-Encoding", "gzip".to_owned()));
    Some(request)
}

fn grpc(case: &mut Case, document: &Value, _: &mut Dice) -> Option<Exchange> {
    document.as_object()?;
    let inner = message(document);
    let mut body = vec![0];
    body.extend(u32::try_from(inner.len()).unwrap().to_be_bytes());
    body.extend(inner);
    Some(case.post("/app.v1.Sync/Push", "application/grpc", body))
}

/// The compact protocol.
fn thrift(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    fn kind(value: &Value) -> u8 {
        match value {
            Value::Bool(true) => 1,
            Value::Bool(false) => 2,
            Value::Number(number) if number.is_f64() => 7,
            Value::Number(_) => 6,
            Value::Array(_) => 9,
            Value::Object(_) => 12,
            _ => 8,
        }
    }
    fn of(value: &Value, into: &mut Vec<u8>) {
        match value {
            Value::Bool(_) => {}
            Value::Number(number) if number.is_f64() => {
                into.extend(number.as_f64().unwrap().to_le_bytes());
            }
            Value::Number(number) => {
                let number = number.as_i64().unwrap();
                varint((number << 1 ^ number >> 63) as u64, into);
            }
            Value::Array(items) => {
                let element = items.first().map_or(8, kind);
                if items.len() < 15 {
                    into.push((items.len() as u8) << 4 | element);
                } else {
                    into.push(0xf0 | element);
                    varint(items.len() as u64, into);
                }
                for item in items {
                    of(item, into);
                }
            }
            Value::Object(members) => {
                for value in members.values() {
                    into.push(0x10 | kind(value));
                    of(value, into);
                }
                into.push(0);
            }
            other => {
                let text = text(other);
                varint(text.len() as u64, into);
                into.extend(text.bytes());
            }
        }
    }
    document.as_object()?;
    let mut body = Vec::new();
    of(document, &mut body);
    Some(case.post(
        path(dice),
        dice.pick(&["application/x-thrift", "application/octet-stream"]),
        body,
    ))
}

/// An array of the values, as obfuscated clients write.
fn values(document: &Value) -> Value {
    match document {
        Value::Object(members) => members.values().map(values).collect(),
        Value::Array(items) => items.iter().map(values).collect(),
        leaf => leaf.clone(),
    }
}

fn positional(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let body = values(document).to_string().into_bytes();
    Some(case.post(path(dice), "application/json+protobuf", body))
}

fn positional_pack(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let body = rmp_serde::to_vec(&values(document)).unwrap();
    Some(case.post(path(dice), "application/octet-stream", body))
}

fn positional_cbor(case: &mut Case, document: &Value, dice: &mut Dice) -> Option<Exchange> {
    let mut body = Vec::new();
    ciborium::into_writer(&values(document), &mut body).unwrap();
    Some(case.post(path(dice), "application/octet-stream", body))
}
