//! What proxies and browsers recorded beside exchanges: raw connections, and bodies that they did not keep.

use std::path::{Path, PathBuf};

use phonehome::audit::{self, Options};
use phonehome::intake;
use phonehome::model::{Category, Event, Shortfall, Side};
use phonehome::rules::Rules;
use serde_json::{Value, json};

use crate::forge::{archive, dns, http, mqtt, record};
use crate::on_disk::{self, audited};

fn folder(test: &str, files: &[(&str, &[u8])]) -> PathBuf {
    on_disk::folder(&format!("proxies/{test}"), files)
}

/// What was seen, in the order of the inputs, in words.
fn observed(folder: &Path) -> Vec<String> {
    let case = intake::discover(&[folder.to_owned()]).unwrap();
    let mut seen = Vec::new();
    let mut note = |observation: &phonehome::model::Observation,
                    _: &phonehome::payload::Decoded<'_>| {
        seen.push(match &observation.sighting.event {
            Event::Exchange(exchange) => format!(
                "{} {}, protected: {}",
                exchange.request.method, exchange.request.target, exchange.is_protected
            ),
            Event::Message(message) => format!(
                "{} {}, protected: {}",
                message.protocol, message.kind, message.is_protected
            ),
            Event::Lookup(lookup) => format!("lookup {}", lookup.name),
            Event::Traffic(traffic) => {
                let content = traffic.content.as_str();
                format!("{} {content} {}", traffic.protocol, traffic.client_bytes)
            }
            other => format!("{other:?}"),
        });
        Ok(())
    };
    let rules = Rules::embedded();
    audit::observe(&case, &rules, &Options::default(), &mut note).unwrap();
    seen
}

const POSITION: &[u8] = br#"{"lat":52.374478,"lon":9.738553}"#;

#[test]
fn raw_connections_of_a_proxy_are_dissected_as_captured_ones() {
    let connect = mqtt::connect("phone");
    let publish = mqtt::publish("position", POSITION);
    // Messages of a proxy end anywhere.
    let (head, tail) = publish.split_at(9);
    let mqtt = record::mitmproxy_stream(
        "tcp",
        8883,
        true,
        &[
            (Side::Client, &connect),
            (Side::Server, &mqtt::ACCEPTED),
            (Side::Client, head),
            (Side::Client, tail),
        ],
    );
    let json = [("Content-Type", "application/json")];
    let request = http::request("POST", "collector.example", "/v1", &json, POSITION);
    let response = http::response(204, &[], b"");
    let exchange = [(Side::Client, &*request), (Side::Server, &*response)];
    let http = record::mitmproxy_stream("tcp", 8080, false, &exchange);
    let query = dns::query(7, "api.example", dns::A);
    let lookup = record::mitmproxy_stream("udp", 53, false, &[(Side::Client, &query)]);
    let unknown = [
        (Side::Client, &b"\x01\x02\x03\x04"[..]),
        (Side::Server, b"\x05"),
    ];
    let unknown = record::mitmproxy_stream("tcp", 9999, true, &unknown);
    let dump = [mqtt.clone(), http, lookup, unknown].concat();
    let folder = folder("raw", &[("flows.mitm", &dump)]);
    let seen = observed(&folder);
    let sent = connect.len() + publish.len();
    assert_eq!(
        seen,
        [
            "mqtt CONNECT, protected: true",
            "mqtt PUBLISH, protected: true",
            &format!("mqtt recorded-inside {sent}"),
            "POST /v1, protected: false",
            &format!("http clear {}", request.len()),
            "lookup api.example",
            &format!("dns clear {}", query.len()),
            "tcp text, protected: true",
            "tcp text, protected: true",
            " not-examined 4",
        ]
    );
    let audit = audited(&folder);
    let apps = audit.devices[0].apps.iter();
    let positions = apps
        .flat_map(|app| &app.findings)
        .filter(|finding| finding.category == Category::Location)
        .count();
    assert_eq!(positions, 2);
    let recipients = audit.devices[0].apps.iter().flat_map(|app| &app.recipients);
    let flows: u64 = recipients
        .flat_map(|recipient| recipient.volumes.values())
        .map(|volume| volume.flows)
        .sum();
    assert_eq!(flows, 4);
}

/// A HAR with one request, whose body is as given beside its length.
fn har(length: &str, post_data: &Value) -> Vec<u8> {
    let mut request = json!({
        "method": "POST",
        "url": "https://collector.example/v1",
        "httpVersion": "HTTP/1.1",
        "headers": [{"name": "Content-Type", "value": "application/json"},
            {"name": "Content-Length", "value": length}],
        "bodySize": -1,
    });
    if post_data.is_object() {
        request["postData"] = post_data.clone();
    }
    let entry = json!({
        "startedDateTime": "2025-10-09T08:53:20.000Z",
        "serverIPAddress": "198.51.100.20",
        "request": request,
        "response": {"status": 200, "headers": [], "bodySize": -1, "content": {"size": 0, "mimeType": ""}},
    });
    let log = json!({"log": {"version": "1.2", "creator": {"name": "forge"}, "entries": [entry]}});
    serde_json::to_vec(&log).unwrap()
}

#[test]
fn a_host_in_letters_is_the_host_that_dns_names() {
    let entry = |host: &str| {
        json!({
            "startedDateTime": "2025-10-09T08:53:20.000Z",
            "request": {"method": "GET", "url": format!("https://{host}/x?email=anna.muster@mail.example"), "headers": []},
            "response": {"status": 200, "headers": [], "content": {"size": 0, "mimeType": ""}},
        })
    };
    let entries = [entry("bücher.example"), entry("xn--bcher-kva.example")];
    let log = json!({"log": {"version": "1.2", "creator": {"name": "forge"}, "entries": entries}});
    let folder = folder(
        "idn",
        &[("phone/a.har", &serde_json::to_vec(&log).unwrap())],
    );
    let audit = audited(&folder);
    let apps = || audit.devices.iter().flat_map(|device| &device.apps);
    let findings = || apps().flat_map(|app| &app.findings);
    assert!(findings().all(|finding| &*finding.rule != "identifier-linked"));
    let hosts = apps().flat_map(|app| &app.recipients);
    let hosts: Vec<&str> = hosts.map(|report| &*report.recipient.host).collect();
    assert_eq!(hosts, ["xn--bcher-kva.example"]);
}

/// Positions found, and bodies that were not kept with their bytes.
fn read(folder: &Path) -> (usize, Vec<(Shortfall, u64, u64)>) {
    let audit = audited(folder);
    let apps = audit.devices.iter().flat_map(|device| &device.apps);
    let positions = apps
        .flat_map(|app| &app.findings)
        .filter(|finding| finding.category == Category::Location)
        .count();
    let lost = [Shortfall::BodyNotKept, Shortfall::AnswerNotKept];
    let not_kept = audit.coverage.iter();
    let not_kept = not_kept
        .filter(|(_, shortfall, _)| lost.contains(shortfall))
        .map(|(_, shortfall, count)| (shortfall, count.count, count.bytes));
    (positions, not_kept.collect())
}

#[test]
fn bodies_that_a_recorder_did_not_keep_are_not_passed_over() {
    let lost = |bytes| vec![(Shortfall::BodyNotKept, 1, bytes)];
    let text = std::str::from_utf8(POSITION).unwrap();
    let cases = [
        ("kept", har("34", &json!({"text": text})), 1, vec![]),
        ("none", har("34", &Value::Null), 0, lost(34)),
        ("empty", har("34", &json!({"text": ""})), 0, lost(34)),
        ("no-body", har("0", &Value::Null), 0, vec![]),
        ("flow-dump", record::mitmproxy_without_body(34), 0, lost(34)),
    ];
    for (test, bytes, positions, not_kept) in cases {
        let folder = folder(test, &[("record", &bytes)]);
        assert_eq!(read(&folder), (positions, not_kept), "{test}");
    }
}

#[test]
fn bodies_beside_a_har_are_read_and_nothing_outside_of_its_folder() {
    const NAME: &str = "0123456789abcdef0123456789abcdef01234567.bin";
    let attached = |name: &str| {
        har(
            "34",
            &json!({"mimeType": "application/json", "_file": name}),
        )
    };
    let beside = attached(NAME);
    let lost = vec![(Shortfall::BodyNotKept, 1, 34)];
    let in_folder: [(&str, &[u8]); 2] =
        [("a/network.har", &beside), (&format!("a/{NAME}"), POSITION)];
    assert_eq!(read(&folder("attached", &in_folder)), (1, vec![]));
    assert_eq!(
        read(&folder("gone", &[("network.har", &beside)])),
        (0, lost.clone())
    );
    let formats = |folder: &Path| -> Vec<&'static str> {
        let found = intake::discover(&[folder.to_owned()]).unwrap();
        assert!(found.left_out.is_empty());
        let inputs = found.devices.iter().flat_map(|device| &device.inputs);
        inputs.map(|input| input.format).collect()
    };
    let in_one = folder("attached", &in_folder);
    assert_eq!(formats(&in_one), ["har-body", "har"]);
    let zip = archive::zip(&[("x/har.har", &beside), (&format!("x/{NAME}"), POSITION)]);
    assert_eq!(
        read(&folder("attached-zip", &[("trace.zip", &zip)])),
        (1, vec![])
    );
    assert_eq!(
        formats(&folder("attached-zip", &[("trace.zip", &zip)])),
        ["har-body", "har"]
    );
    for (test, name) in [
        ("above", "../outside.bin"),
        ("absolute", "/etc/hostname"),
        ("linked", "link.bin"),
    ] {
        let outside = attached(name);
        let case = folder(
            test,
            &[("outside.bin", POSITION), ("a/network.har", &outside)],
        );
        if test == "linked" {
            #[cfg(unix)]
            std::os::unix::fs::symlink(case.join("outside.bin"), case.join("a/link.bin")).unwrap();
        }
        assert_eq!(read(&case.join("a")), (0, lost.clone()), "{test}");
    }
}
