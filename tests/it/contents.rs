//! Each flow ends in exactly one state of contents: what flows, devices, apps and reports say of it adds up, for any capture.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use phonehome::audit::{self, Progress};
use phonehome::flow::Flows;
use phonehome::intake::{self, Input, Item};
use phonehome::model::{
    Audit, ContentState, Coverage, Event, LinkType, RiskLevel, Shortfall, Sighting,
};
use phonehome::protocol::KeyLog;
use phonehome::report::{FORMATS, Language, Options, Presentable};
use phonehome::rules::Rules;
use serde_json::Value;

/// Flows, bytes sent, bytes received.
type Sum = [u64; 3];
/// Sums by the id of a state.
type States = BTreeMap<String, Sum>;

/// Largest capture of the corpus that is read here; reading all would take minutes in a debug build.
const LARGEST: u64 = 60_000;

fn add(states: &mut States, state: &str, sum: Sum) {
    let known = states.entry(state.to_owned()).or_default();
    for (known, more) in known.iter_mut().zip(sum) {
        *known += more;
    }
}

/// Which inputs are read.
type Wanted = fn(&Input) -> bool;

fn is_capture(input: &Input) -> bool {
    input.format.starts_with("pcap")
}

/// What the flows of the wanted inputs end in, one by one; and whether all bytes were captured.
fn flows(path: &Path, is_wanted: Wanted) -> (States, bool) {
    let mut states = States::new();
    let mut coverage = Coverage::default();
    let mut emit = |sighting: Sighting| match sighting.event {
        Event::Traffic(traffic) => {
            let sum = [1, traffic.client_bytes, traffic.server_bytes];
            add(&mut states, traffic.content.as_str(), sum);
        }
        // what device logs tell of counts as contents that were not looked into
        Event::Access(access) if access.host.is_some() => {
            let sum = [access.count.max(1), 0, 0];
            add(&mut states, ContentState::NotExamined.as_str(), sum);
        }
        _ => {}
    };
    let case = intake::discover(&[path.to_owned()]).unwrap();
    let inputs = || case.devices.iter().flat_map(|device| &device.inputs);
    // What the file itself carries to decrypt it.
    let mut keys = KeyLog::default();
    for input in inputs() {
        for text in input
            .gather()
            .unwrap()
            .into_iter()
            .flat_map(|(dossier, _)| dossier.key_logs)
        {
            keys.read(&text);
        }
    }
    let keys = Arc::new(keys);
    for input in inputs().filter(|input| is_wanted(input)) {
        let Some(mut source) = input.open().unwrap() else {
            continue;
        };
        let mut flows = Flows::new();
        flows.set_keys(Arc::clone(&keys));
        while let Some(item) = source.next_item().unwrap() {
            match item {
                Item::Packet(packet) => flows.packet(&packet, &mut coverage, &mut emit),
                Item::Sighting(sighting) => emit(*sighting),
                Item::Shortfall { .. } => {}
            }
        }
        flows.finish(&mut coverage, &mut emit);
    }
    let is_whole = coverage
        .iter()
        .all(|(_, shortfall, _)| matches!(shortfall, Shortfall::StartedBefore));
    (states, is_whole)
}

fn audited(path: &Path, rules: &Rules) -> Audit {
    let case = intake::discover(&[path.to_owned()]).unwrap();
    audit::run(
        &case,
        rules,
        &audit::Options::default(),
        &Progress::default(),
    )
    .unwrap()
    .audit
}

/// The sums in a list of the JSON report.
fn listed(states: &mut States, traffic: &Value) {
    for entry in traffic.as_array().unwrap() {
        let number = |name: &str| entry[name].as_u64().unwrap();
        let sum = [
            number("flows"),
            number("sent_bytes"),
            number("received_bytes"),
        ];
        add(states, entry["content"].as_str().unwrap(), sum);
    }
}

/// The report of that name.
fn written(audit: &Audit, rules: &Rules, format: &str, language: Language) -> String {
    let presentable = Presentable::new(audit, rules, false);
    let options = Options {
        language,
        width: 100,
        color: false,
        level: RiskLevel::Medium,
    };
    let format = FORMATS.iter().find(|known| known.name == format).unwrap();
    let mut out = Vec::new();
    (format.write)(&presentable, rules, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Whether what flows say is what the audit and its JSON report say: by device, by app, by recipient.
fn check(path: &Path, rules: &Rules) {
    let name = path.display();
    let (expected, _) = flows(path, |_| true);
    let audit = audited(path, rules);
    let (mut of_devices, mut of_apps) = (States::new(), States::new());
    for device in &audit.devices {
        let sum = |states: &mut States, traffic: &BTreeMap<ContentState, _>| {
            for (content, volume) in traffic {
                let volume: &phonehome::model::Volume = volume;
                let sum = [volume.flows, volume.sent_bytes, volume.received_bytes];
                add(states, content.as_str(), sum);
            }
        };
        sum(&mut of_devices, &device.traffic);
        for app in &device.apps {
            sum(&mut of_apps, &app.traffic());
        }
    }
    assert_eq!(of_devices, expected, "devices of {name}");
    assert_eq!(of_apps, expected, "apps of {name}");
    let json = written(&audit, rules, "json", Language::English);
    let json: Value = serde_json::from_str(&json).unwrap();
    let (mut of_devices, mut of_apps, mut of_recipients) =
        (States::new(), States::new(), States::new());
    for device in json["devices"].as_array().unwrap() {
        listed(&mut of_devices, &device["traffic"]);
        for app in device["apps"].as_array().unwrap() {
            listed(&mut of_apps, &app["traffic"]);
            for recipient in app["recipients"].as_array().unwrap() {
                listed(&mut of_recipients, &recipient["traffic"]);
            }
        }
    }
    for (of, found) in [
        ("devices", of_devices),
        ("apps", of_apps),
        ("recipients", of_recipients),
    ] {
        assert_eq!(found, expected, "{of} in the JSON report of {name}");
    }
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/case")
}

#[test]
fn flows_and_bytes_of_the_states_add_up_in_the_samples() {
    check(&samples(), &Rules::embedded());
}

/// Connections and bytes of transport payload, counted by another reader of headers.
#[test]
fn no_flow_and_no_byte_is_left_out_or_counted_twice() {
    for phone in ["company-phone", "managed-phone", "private-phone"] {
        let path = samples().join(phone);
        let (states, is_whole) = flows(&path, is_capture);
        assert!(is_whole, "{phone}");
        let mut pairs: BTreeMap<_, u64> = BTreeMap::new();
        // What TCP sends again counts once.
        let mut sent = BTreeSet::new();
        let case = intake::discover(std::slice::from_ref(&path)).unwrap();
        let inputs = case.devices.iter().flat_map(|device| &device.inputs);
        for input in inputs.filter(|input| is_capture(input)) {
            let Some(mut source) = input.open().unwrap() else {
                continue;
            };
            while let Some(item) = source.next_item().unwrap() {
                let Item::Packet(packet) = item else { continue };
                let sliced = match packet.link {
                    LinkType(1) => SlicedPacket::from_ethernet(packet.data),
                    _ => SlicedPacket::from_ip(packet.data),
                }
                .unwrap();
                let (source, destination) = match sliced.net.unwrap() {
                    NetSlice::Ipv4(ip) => (
                        ip.header().source_addr().into(),
                        ip.header().destination_addr().into(),
                    ),
                    NetSlice::Ipv6(ip) => (
                        std::net::IpAddr::from(ip.header().source_addr()),
                        std::net::IpAddr::from(ip.header().destination_addr()),
                    ),
                    NetSlice::Arp(_) => continue,
                };
                let (kind, ports, payload) = match sliced.transport {
                    Some(TransportSlice::Tcp(tcp)) => {
                        let ports = (tcp.source_port(), tcp.destination_port());
                        let place = (source, destination, ports, tcp.sequence_number());
                        let payload = tcp.payload().len();
                        let is_again = payload > 0 && !sent.insert(place);
                        (6, ports, if is_again { 0 } else { payload })
                    }
                    Some(TransportSlice::Udp(udp)) => (
                        17,
                        (udp.source_port(), udp.destination_port()),
                        udp.payload().len(),
                    ),
                    _ => continue,
                };
                let (one, other) = ((source, ports.0), (destination, ports.1));
                let pair = (kind, one.min(other), one.max(other));
                *pairs.entry(pair).or_default() += payload as u64;
            }
        }
        let sum = |index: usize| states.values().map(|sum| sum[index]).sum::<u64>();
        assert_eq!(sum(1) + sum(2), pairs.values().sum::<u64>(), "{phone}");
        assert_eq!(sum(0), pairs.len() as u64, "{phone}");
    }
}

#[test]
fn the_table_says_per_app_what_could_be_read_in_both_languages() {
    let rules = Rules::embedded();
    let audit = audited(&samples(), &rules);
    for language in [Language::English, Language::German] {
        let table = written(&audit, &rules, "table", language);
        for device in &audit.devices {
            for app in &device.apps {
                for (content, volume) in app.traffic() {
                    let words = language.content(content);
                    let is_said = table.lines().any(|line| {
                        line.contains(words)
                            && line
                                .split_whitespace()
                                .any(|word| word == volume.flows.to_string())
                    });
                    assert!(is_said, "{words} {}", volume.flows);
                }
            }
        }
    }
}

#[test]
fn flows_and_bytes_of_the_states_add_up_in_real_captures() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/ntop__nDPI");
    let Ok(files) = fs::read_dir(corpus) else {
        println!("skipped: ../shared/corpus is absent");
        return;
    };
    let rules = Rules::embedded();
    let mut count = 0;
    for file in files {
        let file = file.unwrap();
        let data = file.metadata().unwrap();
        if data.is_file() && data.len() <= LARGEST {
            check(&file.path(), &rules);
            count += 1;
        }
    }
    assert!(count > 20, "{count} captures");
}
