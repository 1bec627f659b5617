//! What proxies and browsers recorded beside exchanges: raw connections, and bodies that they did not keep.

use std::fs;
use std::path::{Path, PathBuf};

use phonehome::audit::{self, Options, Progress};
use phonehome::intake;
use phonehome::model::{Audit, Category, Event, Side};
use phonehome::rules::Rules;

use crate::forge::{dns, http, mqtt, record};

fn folder(test: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("proxies")
        .join(test);
    let _ = fs::remove_dir_all(&folder);
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn audited(folder: &Path) -> Audit {
    let case = intake::discover(&[folder.to_owned()]).unwrap();
    let rules = Rules::embedded();
    let outcome = audit::run(&case, &rules, &Options::default(), &Progress::default()).unwrap();
    assert!(outcome.errors.is_empty());
    outcome.audit
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
