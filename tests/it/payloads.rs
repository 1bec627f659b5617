//! What known SDKs send is read: each layout of `rules/payloads.toml` on a request that is forged from its own field map and
//! packing, through the real chain of decoding and detection; and requests as SDKs write them, for packings that have to be undone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::Path;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use phonehome::detect::{self, known::Index};
use phonehome::model::{Dossier, Grade, Tally};
use phonehome::payload;
use phonehome::rules::Rules;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::forge::{observation, protobuf};

/// A request of an SDK.
#[derive(Debug, Default)]
struct Sent {
    host: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Sent {
    /// What is found in it, by rule.
    fn found(&self, rules: &Rules) -> BTreeSet<String> {
        let headers = self.headers.iter();
        let headers: Vec<(&str, &str)> = headers
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let body = self.body.clone();
        let observation = observation::post(&self.host, &self.target, &headers, body, true);
        let mut tally = Tally::default();
        let decoded = payload::decode(&observation.sighting.event);
        let (dossier, known) = (Dossier::default(), Index::default());
        let device = detect::Device {
            rules,
            dossier: &dossier,
            known: &known,
        };
        detect::inspect(&observation, &decoded, device, &mut tally);
        let read = tally
            .findings
            .keys()
            .filter(|key| key.grade == Grade::Decoded);
        read.map(|key| key.rule.to_string()).collect()
    }
}

/// A value that the identifier may have.
fn value(identifier: &str, property: &str) -> Value {
    match (identifier, property) {
        (_, "latitude") => json!(52.520_008),
        (_, "longitude") => json!(13.404_954),
        ("advertising-id" | "install-id" | "session-id" | "account-id", _) => {
            json!("6f1d2c3b-4a59-4687-9786-a5b4c3d2e1f0")
        }
        ("vendor-scoped-id", _) => json!("c3d2e1f0a5b49786"),
        ("advertising-id-hash" | "email-or-phone-hash" | "push-token", _) => {
            json!("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
        }
        ("hardware-id", _) => json!("490154203237518"),
        ("mac-address", _) => json!("02:00:5e:10:20:30"),
        ("wifi-bssid", _) => json!("a4:50:6:d:e1:f2"),
        ("own-email", _) => json!("erika@post.example"),
        ("local-network", _) => json!("192.168.7.23"),
        ("locale-timezone", "timezone") => json!("Europe/Berlin"),
        ("locale-timezone", _) => json!("de-DE"),
        ("carrier", _) => json!("Musterfunk"),
        ("device-personal-name", _) => json!("iPhone von Erika"),
        _ => json!("17.2"),
    }
}

/// Packing of ID5: objects with numbers for names are forms in base64.
const BASE64_FORM: &str = "decodeBase64 > parseQueryString";

/// Puts a value at the end of a way. A star is the first element of a list; a number is one where `has_lists`.
fn put(document: &mut Value, way: &[&str], value: Value, has_lists: bool) {
    let [step, rest @ ..] = way else {
        *document = value;
        return;
    };
    let number = step
        .parse::<usize>()
        .ok()
        .filter(|number| has_lists && *number < 64);
    let index = if *step == "*" { Some(0) } else { number };
    // The first number of a protobuf is a field, not an element: objects keep it as a name.
    if let Some(index) = index.filter(|_| !document.is_object()) {
        if !document.is_array() {
            *document = json!([]);
        }
        let elements = document.as_array_mut().unwrap();
        while elements.len() <= index {
            elements.push(Value::Null);
        }
        put(&mut elements[index], rest, value, has_lists);
    } else {
        if !document.is_object() {
            *document = json!({});
        }
        let step = if *step == "*" { "first" } else { step };
        let members = document.as_object_mut().unwrap();
        let member = members.entry(step.to_owned()).or_insert(Value::Null);
        put(member, rest, value, has_lists);
    }
}

/// A document of which the inner objects are packed as the steps say.
fn with_packed(value: &Value, steps: &str) -> Value {
    match value {
        Value::Array(elements) if steps.contains(BASE64_FORM) => elements
            .iter()
            .map(|element| with_packed(element, steps))
            .collect(),
        Value::Object(members) if steps.contains(BASE64_FORM) => {
            let is_numbered = members.keys().all(|name| name.parse::<u32>().is_ok());
            if is_numbered {
                Value::from(packed(value, steps))
            } else {
                value.clone()
            }
        }
        Value::Object(_) | Value::Array(_) => Value::from(packed(value, steps)),
        other => other.clone(),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// A value inside a form, a query or a header; objects packed as the steps say.
fn text(value: &Value, steps: &str) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(_) | Value::Array(_) => packed(value, steps),
        other => other.to_string(),
    }
}

/// An object or list as a text within another document.
fn packed(value: &Value, steps: &str) -> String {
    let json = value.to_string();
    if steps.contains("gunzip") {
        BASE64_STANDARD.encode(gzip(json.as_bytes()))
    } else if steps.contains(BASE64_FORM) {
        BASE64_STANDARD.encode(form(value, ""))
    } else if steps.contains("decodeBase64") {
        BASE64_STANDARD.encode(json)
    } else if steps.contains("decodeJwt") {
        format!(
            "eyJhbGciOiJIUzI1NiJ9.{}.c2lnbmVk",
            BASE64_URL_SAFE_NO_PAD.encode(json)
        )
    } else if steps == "parseQueryString > parseQueryString" {
        form(value, "")
    } else {
        json
    }
}

fn form(document: &Value, steps: &str) -> String {
    let members = document.as_object().into_iter().flatten();
    let pairs: Vec<String> = members
        .map(|(name, value)| format!("{}={}", percent(name), percent(&text(value, steps))))
        .collect();
    pairs.join("&")
}

/// A message of protobuf whose fields are the numbers in the names; names that are none get numbers beyond.
fn protobuf(document: &Value, steps: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let members: Vec<(u64, &Value)> = match document {
        Value::Object(members) => (90..)
            .zip(members)
            .map(|(other, (name, value))| (name.parse().unwrap_or(other), value))
            .collect(),
        Value::Array(elements) => (0..)
            .zip(elements)
            .filter(|(_, value)| !value.is_null())
            .collect(),
        _ => Vec::new(),
    };
    for (number, value) in members {
        // A list under a name is a field that comes several times.
        let several = match value {
            Value::Array(elements) if elements.iter().all(|element| !element.is_null()) => {
                elements.clone()
            }
            other => vec![other.clone()],
        };
        for value in several {
            let inner = match &value {
                Value::String(text) => text.clone().into_bytes(),
                // Under a name of TrackHAR's own, not a number, it is a text that holds another document.
                Value::Object(_) if number >= 90 => packed(&value, steps).into_bytes(),
                Value::Object(_) | Value::Array(_) => protobuf(&value, steps),
                other => other.to_string().into_bytes(),
            };
            bytes.extend(protobuf::varint(number << 3 | 2));
            bytes.extend(protobuf::varint(inner.len() as u64));
            bytes.extend(inner);
        }
    }
    bytes
}

/// A text that an expression matches, always the same.
fn matching(pattern: &str) -> String {
    let simple = pattern
        .replace("[^/]+", "[a-z]{3}")
        .replace(".+", "[a-z]{3}")
        .replace("\\d", "[0-9]");
    let first = simple.split("|^").next().unwrap();
    let bounded = first.trim_start_matches('^').trim_end_matches('$');
    let strategy = proptest::string::string_regex(bounded).unwrap();
    let mut runner = TestRunner::deterministic();
    strategy.new_tree(&mut runner).unwrap().current()
}

/// The layouts as the file has them.
fn layouts() -> Vec<toml::Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/payloads.toml");
    let file: toml::Value = toml::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    file["payload"].as_array().unwrap().clone()
}

fn string(layout: &toml::Value, name: &str) -> Option<String> {
    layout.get(name)?.as_str().map(str::to_owned)
}

/// A request of one layout, and the rules whose data is in it.
fn forged(layout: &toml::Value, rules: &Rules) -> (Sent, BTreeSet<String>) {
    let hosts = layout["hosts"].as_array().unwrap();
    let host = match string(layout, "host_pattern") {
        Some(pattern) => matching(&pattern),
        None => hosts[0]
            .as_str()
            .unwrap()
            .replace('*', "bid.exchange.example"),
    };
    let exact = layout
        .get("paths")
        .and_then(|paths| paths.as_array()?.first()?.as_str());
    let path = match (exact, string(layout, "path")) {
        (Some(path), _) => path.to_owned(),
        (None, Some(pattern)) => matching(&pattern),
        (None, None) => "/".to_owned(),
    };
    let steps = layout["format"].as_str().unwrap();
    let mut wanted = BTreeSet::new();
    let mut documents: BTreeMap<&str, Value> = BTreeMap::new();
    for (property, ways) in layout["fields"].as_table().unwrap() {
        let identifier = rules
            .property(property)
            .and_then(|property| property.identifier.clone());
        let identifier = identifier.as_deref().unwrap_or_default();
        for way in ways.as_array().unwrap() {
            let (place, way) = way.as_str().unwrap().split_once(':').unwrap();
            let has_lists = !steps.contains(BASE64_FORM);
            let steps: Vec<&str> = way.split('.').collect();
            let document = documents.entry(place).or_insert_with(|| json!({}));
            put(document, &steps, value(identifier, property), has_lists);
        }
        if !identifier.is_empty() {
            wanted.insert(identifier.to_owned());
        }
    }
    let empty = json!({});
    let of = |place: &str| documents.get(place).unwrap_or(&empty);
    let mut sent = Sent {
        host,
        target: path,
        ..Sent::default()
    };
    if documents.contains_key("query") {
        sent.target = format!("{}?{}", sent.target, form(of("query"), steps));
    }
    let named = |place: &str| -> Vec<(String, String)> {
        let members: Map<String, Value> = of(place).as_object().unwrap().clone();
        members
            .into_iter()
            .map(|(name, value)| (name, text(&value, steps)))
            .collect()
    };
    sent.headers = named("header");
    let cookies: Vec<String> = named("cookie")
        .into_iter()
        .map(|(name, value)| format!("{name}={}", percent(&value)))
        .collect();
    if !cookies.is_empty() {
        sent.headers.push(("Cookie".to_owned(), cookies.join("; ")));
    }
    if documents.contains_key("body") {
        let body = of("body");
        let is_protobuf = steps.starts_with("decodeProtobuf") || steps.starts_with("protobuf");
        let is_form = steps.starts_with("parseQueryString") || steps.starts_with("form");
        let (media_type, bytes) = if is_protobuf {
            ("application/x-protobuf", gzip(&protobuf(body, steps)))
        } else if is_form {
            (
                "application/x-www-form-urlencoded",
                form(body, steps).into_bytes(),
            )
        } else if steps.contains("decodeBase64") {
            let members = body.as_object().unwrap().iter();
            let packed: Map<String, Value> = members
                .map(|(name, value)| (name.clone(), with_packed(value, steps)))
                .collect();
            (
                "application/json",
                Value::Object(packed).to_string().into_bytes(),
            )
        } else {
            ("application/json", body.to_string().into_bytes())
        };
        sent.headers
            .push(("Content-Type".to_owned(), media_type.to_owned()));
        if is_protobuf {
            sent.headers
                .push(("Content-Encoding".to_owned(), "gzip".to_owned()));
        }
        sent.body = bytes;
    }
    (sent, wanted)
}

#[test]
fn each_layout_finds_in_its_own_request_what_it_names() {
    let rules = Rules::embedded();
    let mut missing = Vec::new();
    let layouts = layouts();
    for layout in &layouts {
        let (sent, wanted) = forged(layout, &rules);
        let id = layout["id"].as_str().unwrap();
        let path = sent.target.split('?').next().unwrap();
        let fits = rules
            .layouts(&sent.host, path)
            .iter()
            .any(|known| &*known.id == id);
        if !fits {
            missing.push(format!("{id}: not met by {} {path}", sent.host));
        }
        let found = sent.found(&rules);
        let lost: Vec<&String> = wanted.difference(&found).collect();
        if !lost.is_empty() {
            missing.push(format!(
                "{id}: {lost:?} in {} {}",
                sent.target,
                String::from_utf8_lossy(&sent.body)
            ));
        }
    }
    assert!(layouts.len() >= 145);
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// The SDKs of the research, where it is at hand.
#[test]
fn each_researched_sdk_has_a_layout() {
    let facts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/facts/detectors.toml");
    let Ok(facts) = fs::read_to_string(facts) else {
        eprintln!("skipped: the research on SDKs is not beside this checkout");
        return;
    };
    let facts: toml::Value = toml::from_str(&facts).unwrap();
    let ids: BTreeSet<String> = layouts()
        .iter()
        .filter_map(|layout| string(layout, "id"))
        .collect();
    for sdk in facts["sdk"].as_array().unwrap() {
        let id = sdk["id"].as_str().unwrap().replace('_', "-");
        assert!(ids.contains(&id), "{id}");
    }
}

/// As SDKs write them: forms around JSON, base64, gzip, protobuf.
#[test]
fn requests_of_sdks_are_unpacked() {
    let rules = Rules::embedded();
    let id = "6f1d2c3b-4a59-4687-9786-a5b4c3d2e1f0";
    let json_of = |key: &str| json!({key: id, "os": "17.2"}).to_string();
    let form_type = (
        "Content-Type".to_owned(),
        "application/x-www-form-urlencoded".to_owned(),
    );
    let events = json!([{"event": "open", "properties": {"$device_id": id, "$os_version": "17.2", "$model": "Muster 1"}}]).to_string();
    let mut bundle = Vec::new();
    for (field, text) in [
        (8_u64, "android"),
        (9, "14"),
        (19, id),
        (27, "c3d2e1f0a5b49786"),
    ] {
        bundle.extend(protobuf::varint(field << 3 | 2));
        bundle.extend(protobuf::varint(text.len() as u64));
        bundle.extend(text.as_bytes());
    }
    let mut batch = vec![0x0a];
    batch.extend(protobuf::varint(bundle.len() as u64));
    batch.extend(bundle);
    let cases = [
        ("form around base64 of JSON", Sent {
            host: "api.mixpanel.com".to_owned(),
            target: "/track".to_owned(),
            headers: vec![form_type.clone()],
            body: format!("data={}&ip=1", percent(&BASE64_STANDARD.encode(&events))).into_bytes(),
        }, &["install-id", "device-model"][..]),
        ("protobuf in gzip", Sent {
            host: "app-measurement.com".to_owned(),
            target: "/a".to_owned(),
            headers: vec![("Content-Encoding".to_owned(), "gzip".to_owned())],
            body: gzip(&batch),
        }, &["advertising-id", "vendor-scoped-id"][..]),
        ("form around JSON lists", Sent {
            host: "graph.facebook.com".to_owned(),
            target: "/v17.0/1234567890/activities".to_owned(),
            headers: vec![form_type.clone()],
            body: format!("event=CUSTOM_APP_EVENTS&advertiser_id={id}&anon_id=XZ{id}&extinfo={}", percent(r#"["i2","com.example.app","1","1.0","17.2","Muster 1","de_DE","CET","Musterfunk",390,844]"#)).into_bytes(),
        }, &["advertising-id", "install-id", "device-model"][..]),
        ("unknown endpoint", Sent {
            host: "sdk.nobody-knows.example".to_owned(),
            target: "/x/9".to_owned(),
            headers: vec![form_type],
            body: format!("p={}", percent(&BASE64_STANDARD.encode(gzip(json_of("idfa").as_bytes())))).into_bytes(),
        }, &["advertising-id", "os-version"][..]),
    ];
    for (what, sent, wanted) in cases {
        let found = sent.found(&rules);
        for rule in wanted {
            assert!(found.contains(*rule), "{what}: no {rule} in {found:?}");
        }
    }
}
