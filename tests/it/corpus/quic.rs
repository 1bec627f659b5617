//! QUIC captures with keys: the same HTTP/3 messages, or the same bytes in each stream, as tshark finds.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use phonehome::flow::Flows;
use phonehome::intake::{self, Item};
use phonehome::model::{Body, Coverage, Event, Exchange, Header, Sighting, Traffic};
use phonehome::protocol::{KeyLog, PROTOCOLS, Protocol};
use ring::digest;
use serde_json::Value;

use super::captures;
use crate::flows::TRANSCRIPT;

/// What was found: messages, and the bytes of streams that are no HTTP/3.
#[derive(Debug, Default)]
struct Found {
    messages: BTreeMap<String, usize>,
    streams: Vec<String>,
    traffic: Vec<Traffic>,
}

fn sha256(bytes: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, bytes);
    digest
        .as_ref()
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
}

fn message(start: &str, headers: &[(String, String)], body: Option<&str>) -> String {
    format!("{start} {headers:?} {body:?}")
}

fn of_body(body: &Body) -> Option<String> {
    (!body.bytes.is_empty()).then(|| sha256(&body.bytes))
}

/// What servers of ngtcp2 send as trailer, which is not in the truth: it has the heads alone.
const TRAILER: &str = "x-ngtcp2-stream-id";

fn pairs(headers: &[Header]) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|header| header.name != TRAILER)
        .map(|header| (header.name.clone(), header.value.clone()))
        .collect()
}

impl Found {
    fn exchange(&mut self, exchange: &Exchange) {
        let request = &exchange.request;
        let host = request.host.as_deref().unwrap_or_default();
        let start = format!("{} {host} {}", request.method, request.target);
        let mut add = |message: String| *self.messages.entry(message).or_default() += 1;
        add(message(
            &start,
            &pairs(&request.headers),
            of_body(&request.body).as_deref(),
        ));
        if let Some(response) = &exchange.response {
            let start = response.status.to_string();
            add(message(
                &start,
                &pairs(&response.headers),
                of_body(&response.body).as_deref(),
            ));
        }
    }

    fn take(&mut self, sighting: Sighting) {
        match sighting.event {
            Event::Exchange(exchange) => self.exchange(&exchange),
            // What one stream's dissector was fed, as escaped text.
            Event::Message(message) if message.protocol == TRANSCRIPT.name => {
                for (_, text) in message.fields {
                    self.streams.push(sha256(&unescape(&text)));
                }
            }
            Event::Traffic(traffic) => self.traffic.push(traffic),
            _ => {}
        }
    }
}

/// Undoes `escape_ascii`.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next() {
            Some(b'x') => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'n') => b'\n',
            other => other.unwrap(),
        });
    }
    bytes
}

/// What tshark found.
fn expected(truth: &Value) -> BTreeMap<String, usize> {
    let mut messages = BTreeMap::new();
    for entry in truth["http3_messages"].as_array().into_iter().flatten() {
        let mut pseudo = BTreeMap::new();
        let mut headers = Vec::new();
        for pair in entry["headers"].as_array().unwrap() {
            let [name, value] = [&pair[0], &pair[1]].map(|text| text.as_str().unwrap().to_owned());
            if name.starts_with(':') {
                pseudo.insert(name, value);
            } else {
                headers.push((name, value));
            }
        }
        let of = |name: &str| pseudo.get(name).map(String::as_str).unwrap_or_default();
        let start = if let Some(status) = pseudo.get(":status") {
            status.clone()
        } else {
            let host = of(":authority").split(':').next().unwrap_or_default();
            format!("{} {host} {}", of(":method"), of(":path"))
        };
        let body = entry["body_sha256"].as_str();
        *messages.entry(message(&start, &headers, body)).or_default() += 1;
    }
    messages
}

/// QUIC, and what takes down the bytes of each stream.
fn protocols() -> &'static [Protocol] {
    let quic = PROTOCOLS.iter().find(|known| known.name == "quic").unwrap();
    let quic = Protocol {
        name: quic.name,
        probe: quic.probe,
        start: quic.start,
        content: quic.content,
    };
    Box::leak(Box::new([quic, TRANSCRIPT]))
}

fn found(path: &Path, key_log: Option<&str>) -> Found {
    let mut keys = KeyLog::default();
    if let Some(name) = key_log {
        keys.take(fs::read(path.with_file_name(name)).expect("the corpus is whole"));
    }
    let case = intake::discover(&[path.to_owned()]).expect("a capture");
    let [input] = case.devices[0].inputs.as_slice() else {
        panic!("one input");
    };
    if let Some((dossier, _)) = input.gather().expect("a capture") {
        for block in dossier.key_logs {
            keys.take(block);
        }
    }
    let mut found = Found::default();
    let mut flows = Flows::with_protocols(protocols());
    flows.set_keys(Arc::new(keys));
    let mut coverage = Coverage::default();
    let mut take = |sighting: Sighting| found.take(sighting);
    let mut source = input.open().expect("a capture").expect("packets");
    while let Some(item) = source.next_item().expect("files do not vanish") {
        if let Item::Packet(packet) = item {
            flows.packet(&packet, &mut coverage, &mut take);
        }
    }
    flows.finish(&mut coverage, &mut take);
    found
}

#[test]
fn quic_captures_with_keys_hold_what_tshark_decrypts() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if !shared.is_dir() {
        println!("skipped: ../shared is absent");
        return;
    }
    let mut different = Vec::new();
    let mut count = 0;
    for (name, path, truth) in captures(&shared) {
        let streams: Vec<&Value> = truth["decrypted_streams"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|stream| stream["proto"] == "quic")
            .collect();
        if streams.is_empty() {
            continue;
        }
        count += 1;
        let found = found(&path, truth["keylog"].as_str());
        let messages = expected(&truth);
        let are_same = if messages.is_empty() {
            streams
                .iter()
                .filter_map(|stream| stream["sha256_in_arrival_order"].as_str())
                .all(|sha256| found.streams.iter().any(|known| known == sha256))
        } else {
            messages == found.messages
        };
        let states: Vec<&str> = found
            .traffic
            .iter()
            .map(|flow| flow.content.as_str())
            .collect();
        println!(
            "{name}: {} streams, {} messages, {}",
            streams.len(),
            messages.values().sum::<usize>(),
            states.join(" ")
        );
        if !are_same || states != ["decrypted"] {
            different.push(name);
        }
    }
    assert!(count >= 3, "QUIC captures with keys: {count}");
    assert!(
        different.is_empty(),
        "different without a reason: {different:?}"
    );
}
