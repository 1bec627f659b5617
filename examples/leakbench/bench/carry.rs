//! Cases → captures of several kinds in a folder, and the audit of these.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use phonehome::audit::{self, Options, Progress};
use phonehome::intake;
use phonehome::model::{Audit, Grade, LinkType, Side};
use phonehome::rules::Rules;

use serde_json::{Value, json};

use super::case::{Case, Label, Transport};
use super::world::World;
use crate::forge::capture::{Pcap, Pcapng, Record};
use crate::forge::record::{self, Exchange};
use crate::forge::stream::Connection;
use crate::forge::{dns, http, mqtt, packet, tls, websocket};

/// Exchanges of one file: each has a port of its own.
const FILE_EXCHANGES: usize = 20_000;

/// One finding: its rule, category and grade.
pub(crate) type Found = (String, &'static str, Grade);

/// Writes the cases in turn into a pcap, a HAR, a mitmproxy dump and a pcapng with keys; those of other transports into a pcap.
pub(crate) fn write(cases: &[Case], seed: u64) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("leakbench-{}-{seed}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut kinds: [Vec<Exchange>; 4] = Default::default();
    let is_http = |case: &&Case| case.transport == Transport::Http;
    let (of_http, talks): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(is_http);
    if !talks.is_empty() {
        std::fs::write(folder.join("talks.pcap"), over_connections(&talks)).unwrap();
    }
    for (number, case) in of_http.into_iter().enumerate() {
        // Handshakes take time: one in eight is behind TLS.
        let kind = [0, 1, 2, 0, 1, 0, 1, 3][number % 8];
        kinds[kind].extend(case.requests.iter().cloned());
    }
    let [packets, entries, flows, behind_tls] = kinds;
    for (number, chunk) in packets.chunks(FILE_EXCHANGES).enumerate() {
        let file = folder.join(format!("clear-{number}.pcap"));
        std::fs::write(file, record::pcap(chunk)).unwrap();
    }
    std::fs::write(folder.join("proxy.har"), record::har(&entries)).unwrap();
    std::fs::write(folder.join("proxy.flows"), record::mitmproxy(&flows)).unwrap();
    std::fs::write(folder.join("keys.pcapng"), with_keys(&behind_tls)).unwrap();
    folder
}

/// Leaves all cases of HTTP in one HAR and one pcap, the known values, and what was planted and found, for other tools.
pub(crate) fn keep(
    folder: &Path,
    cases: &[Case],
    world: &World,
    found: &BTreeMap<String, Vec<Found>>,
) {
    std::fs::create_dir_all(folder).unwrap();
    let cases = cases
        .iter()
        .filter(|case| case.transport == Transport::Http);
    let exchanges: Vec<Exchange> = cases
        .clone()
        .flat_map(|case| case.requests.iter().cloned())
        .collect();
    std::fs::write(folder.join("all.har"), record::har(&exchanges)).unwrap();
    std::fs::write(folder.join("all.pcap"), record::pcap(&exchanges)).unwrap();
    std::fs::write(folder.join("known.txt"), world.listed().join("\n")).unwrap();
    let planted: Vec<Value> = cases
        .map(|case| {
            let is_found = found.get(&case.host).is_some_and(|found| {
                found.iter().any(|(_, category, grade)| *grade == Grade::KnownValue && *category != "transport")
            });
            let label = match case.label {
                Label::Known(_) => "known",
                Label::Shape(class) => class,
                Label::Decoy | Label::Others => "decoy",
            };
            json!({"host": case.host, "label": label, "what": case.what, "encoding": case.encoding, "found": is_found})
        })
        .collect();
    std::fs::write(
        folder.join("planted.json"),
        Value::from(planted).to_string(),
    )
    .unwrap();
}

fn with_keys(exchanges: &[Exchange]) -> Vec<u8> {
    let mut file = Pcapng::new();
    let interface = file.interface(LinkType::RAW, None);
    let mut records = Vec::new();
    for (number, exchange) in exchanges.iter().enumerate() {
        let client = SocketAddr::new("192.0.2.11".parse().unwrap(), 20_000 + number as u16);
        let mut connection = Connection::open(client, "198.51.100.21:443".parse().unwrap());
        let mut session = tls::Session::new(&tls::Settings::new(&exchange.host, number as u64));
        for (side, bytes) in session.handshake() {
            connection.send(side, &bytes);
        }
        let headers: Vec<(&str, &str)> = exchange
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let request = http::request(
            exchange.method,
            &exchange.host,
            &exchange.target,
            &headers,
            &exchange.body,
        );
        connection.send(Side::Client, &session.send(Side::Client, &request));
        let response = http::response(200, &[], &exchange.response);
        connection
            .send(Side::Server, &session.send(Side::Server, &response))
            .close();
        file.secrets(&session.key_log());
        for (step, sent) in connection.packets.into_iter().enumerate() {
            let time =
                1_770_000_000_000_000_000 + number as u64 * 1_000_000_000 + step as u64 * 100_000;
            records.push(Record::at(time, sent.ip));
        }
    }
    for record in &records {
        file.packet(interface, record, &[]);
    }
    file.bytes
}

/// A lookup of the host and one connection to it for each case, with `WebSocket` or MQTT inside.
fn over_connections(cases: &[&Case]) -> Vec<u8> {
    let phone: IpAddr = "2001:db8:1::10".parse().unwrap();
    let resolver: IpAddr = "2001:db8:1::53".parse().unwrap();
    let mut records = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let number = u16::try_from(number).unwrap();
        let port = 10_000 + number;
        let address = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, number));
        let [asker, answerer] = [(phone, port), (resolver, 53)].map(SocketAddr::from);
        let question = dns::query(number, &case.host, dns::AAAA);
        let addresses = [dns::Answer::Address(&case.host, address)];
        let answer = dns::answer(number, &case.host, dns::AAAA, &addresses);
        let mut packets = vec![
            packet::udp(asker, answerer, &question),
            packet::udp(answerer, asker, &answer),
        ];
        let server = if case.transport == Transport::Mqtt {
            1883
        } else {
            80
        };
        let mut connection = Connection::open(asker, SocketAddr::new(address, server));
        if case.transport == Transport::Mqtt {
            connection.send(Side::Client, &mqtt::connect("app"));
            connection.send(Side::Server, &mqtt::ACCEPTED);
            for message in &case.requests {
                connection.send(Side::Client, &mqtt::publish(&message.target, &message.body));
            }
        } else {
            let (asked, agreed) = websocket::handshake(&case.host, &case.requests[0].target, &[]);
            connection.send(Side::Client, &asked);
            connection.send(Side::Server, &agreed);
            for message in &case.requests {
                for (side, bytes) in [
                    (Side::Client, &message.body),
                    (Side::Server, &message.response),
                ] {
                    let is_text = std::str::from_utf8(bytes).is_ok();
                    let kind = if is_text {
                        websocket::TEXT
                    } else {
                        websocket::BINARY
                    };
                    connection.send(side, &websocket::frame(side, kind, bytes));
                }
            }
        }
        connection.close();
        packets.extend(connection.packets.into_iter().map(|sent| sent.ip));
        for (step, ip) in packets.into_iter().enumerate() {
            let time = 1_765_000_000_000_000_000
                + u64::from(number) * 1_000_000_000
                + step as u64 * 100_000;
            records.push(Record::at(time, ip));
        }
    }
    Pcap::new(LinkType::RAW).write(&records)
}

/// The audit of a folder.
pub(crate) fn audit(folder: &Path, known: Option<&Path>, pepper: &[u8], rules: &Rules) -> Audit {
    let inputs = intake::discover(&[folder.to_owned()]).unwrap();
    let options = Options {
        known: known.iter().map(|path| (*path).to_owned()).collect(),
        peppers: known.iter().map(|_| pepper.to_vec()).collect(),
        ..Options::default()
    };
    let outcome = audit::run(&inputs, rules, &options, &Progress::default()).unwrap();
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    outcome.audit
}

/// What was found, by host.
pub(crate) fn found(audit: &Audit) -> BTreeMap<String, Vec<Found>> {
    let mut found: BTreeMap<String, Vec<Found>> = BTreeMap::new();
    for app in audit.devices.iter().flat_map(|device| &device.apps) {
        for finding in &app.findings {
            let host = finding.recipient.host.to_string();
            found.entry(host).or_default().push((
                finding.rule.to_string(),
                finding.category.as_str(),
                finding.grade,
            ));
        }
    }
    found
}
