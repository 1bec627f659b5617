//! Server names, names looked up and HTTP requests in real captures, beside what tshark reads in them.
//!
//! The captures hold real people's data, so nothing of them stands here or is printed: differences are listed by file, kind
//! and number. With `PHONEHOME_CORPUS_VALUES` set they are printed, for work at one's own desk.

mod apps;
mod labels;

mod quic;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use phonehome::flow::Flows;
use phonehome::intake::{self, Item};
use phonehome::model::{Coverage, Event, Sighting};
use phonehome::protocol::KeyLog;
use serde_json::Value;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// TLS, DTLS and QUIC server names, once a connection.
    ServerName,
    /// Names in DNS questions, once a file.
    DnsName,
    /// HTTP requests: method, host, path.
    Request,
}

const KINDS: [Kind; 3] = [Kind::ServerName, Kind::DnsName, Kind::Request];

/// Least share of what tshark finds that we must find, in thousandths.
const LEAST_FOUND: usize = 995;

/// Where we and tshark differ, and why that is right or bearable.
const DIFFERENCES: &[Difference] = &[
    google("ntop__nDPI/telegram.pcap", 2),
    google("ntop__nDPI/wechat.pcap", 3),
    google("ntop__nDPI/quic_q50.pcap", 1),
    google("ntop__nDPI/youtube_quic.pcap", 3),
    google("ntop__nDPI/http_ipv6.pcap", 1),
    google(
        "seladb__PcapPlusPlus/Pcap++Test/PcapExamples/many_interfaces-1.pcapng",
        1,
    ),
    Difference {
        file: "ntop__nDPI/ookla.pcap",
        kind: Kind::ServerName,
        missing: 0,
        extra: 1,
        reason: "TLS on port 8080, where tshark reads HTTP only",
    },
    Difference {
        file: "CESNET__ipfixprobe/tls.pcap",
        kind: Kind::ServerName,
        missing: 0,
        extra: 6,
        reason: "six connections twice, behind their ends; tshark takes the repetition for retransmissions",
    },
    Difference {
        file: "ntop__nDPI/ssdp-m-search.pcap",
        kind: Kind::Request,
        missing: 0,
        extra: 19,
        reason: "searches of a media server on a port of its own, where tshark does not look",
    },
    unfinished("ntop__nDPI/soap.pcap", 2),
    unfinished("cisco__mercury/test/afl_data/corner-cases.pcap", 2),
    unfinished(
        "cisco__mercury/test/afl_data/multi_packet_http_request.pcap",
        1,
    ),
    Difference {
        file: "zeek__zeek/mixed-vlan-mpls.pcap",
        kind: Kind::Request,
        missing: 1,
        extra: 0,
        reason: "HTTP/0.9, which no app speaks and any text would look like",
    },
    decrypted(
        "Voev__snet/tls1_0.pcap",
        1,
        "HTTP inside TLS on a port of its own, where tshark does not look",
    ),
    decrypted(
        "Voev__snet/tls1_2.pcap",
        1,
        "HTTP inside TLS on a port of its own, where tshark does not look",
    ),
    decrypted(
        "quiclog__pcap2qlog/examples/draft-01/multi_stream.pcap",
        4,
        "HTTP/3, which the truth lists apart: the test of QUIC captures compares it",
    ),
    Difference {
        file: "arkime__arkime/http2-nghttp2.pcap",
        kind: Kind::Request,
        missing: 1,
        extra: 1,
        reason: "tshark names what the server pushes, which the phone did not ask for, and not the request before it",
    },
];

/// How often one file may differ.
struct Difference {
    file: &'static str,
    kind: Kind,
    missing: usize,
    extra: usize,
    reason: &'static str,
}

const fn google(file: &'static str, extra: usize) -> Difference {
    Difference {
        file,
        kind: Kind::ServerName,
        missing: 0,
        extra,
        reason: "Google's own QUIC handshake, whose server name tshark keeps in another field",
    }
}

const fn decrypted(file: &'static str, extra: usize, reason: &'static str) -> Difference {
    Difference {
        file,
        kind: Kind::Request,
        missing: 0,
        extra,
        reason,
    }
}

const fn unfinished(file: &'static str, extra: usize) -> Difference {
    Difference {
        file,
        kind: Kind::Request,
        missing: 0,
        extra,
        reason: "requests whose end was not captured, for which tshark waits",
    }
}

/// Findings with how often each was made.
type Counts = BTreeMap<String, usize>;

#[derive(Debug, Default)]
struct Findings {
    by_kind: BTreeMap<Kind, Counts>,
}

impl Findings {
    fn add(&mut self, kind: Kind, finding: String) {
        let count = self
            .by_kind
            .entry(kind)
            .or_default()
            .entry(finding)
            .or_default();
        *count = if kind == Kind::DnsName { 1 } else { *count + 1 };
    }

    fn of(&self, kind: Kind) -> Counts {
        self.by_kind.get(&kind).cloned().unwrap_or_default()
    }
}

/// What is in `left` more often than in `right`.
fn surplus(left: &Counts, right: &Counts) -> Counts {
    left.iter()
        .filter_map(|(finding, count)| {
            let more = count.saturating_sub(right.get(finding).copied().unwrap_or_default());
            (more > 0).then(|| (finding.clone(), more))
        })
        .collect()
}

fn total(counts: &Counts) -> usize {
    counts.values().sum()
}

/// What tshark found, read from its JSON.
fn expected(truth: &Value) -> Findings {
    let mut findings = Findings::default();
    let list = |key: &str| truth[key].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    // tshark names a server once for each hello of a connection.
    let mut seen = Vec::new();
    for entry in list("sni") {
        let key = [&entry["proto"], &entry["stream"], &entry["sni"]].map(text);
        if !seen.contains(&key) {
            let name = key[2].to_lowercase();
            findings.add(Kind::ServerName, name.trim_end_matches('.').to_owned());
            seen.push(key);
        }
    }
    for entry in list("dns_names") {
        let name = text(&entry["name"]).to_lowercase();
        // What tshark prints where it could not read a name.
        if !matches!(
            name.as_str(),
            "<unknown extended label>" | "<name too long>"
        ) {
            findings.add(Kind::DnsName, name);
        }
    }
    for entry in list("http_requests") {
        let uri = text(&entry["uri"]);
        let host = text(&entry["host"]);
        findings.add(Kind::Request, request(&text(&entry["method"]), &host, &uri));
    }
    findings
}

/// A request in the words of both: host without port, path without query.
fn request(method: &str, host: &str, target: &str) -> String {
    let (host, path) = match target.split_once("://") {
        Some((_, rest)) if !target.starts_with('/') => {
            rest.split_at(rest.find('/').unwrap_or(rest.len()))
        }
        _ if method == "CONNECT" => (target, target),
        _ => (host, target),
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host).trim();
    let host = match host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None if host.matches(':').count() == 1 => host.split(':').next().unwrap_or_default(),
        None => host,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = if path.is_empty() { "/" } else { path };
    format!(
        "{method} {} {path}",
        host.trim_end_matches('.').to_lowercase()
    )
}

/// What we find in a capture, with the keys that tshark had.
fn found(path: &Path, key_log: Option<&str>) -> Findings {
    let mut findings = Findings::default();
    let mut flows = Flows::new();
    let mut keys = KeyLog::default();
    if let Some(name) = key_log {
        keys.take(fs::read(path.with_file_name(name)).expect("the corpus is whole"));
        flows.set_keys(Arc::new(keys));
    }
    let mut coverage = Coverage::default();
    let mut named = Vec::new();
    let mut take = |sighting: Sighting| match sighting.event {
        Event::Handshake(handshake) => {
            if let Some(name) = handshake.sni {
                let key = (sighting.flow, name.clone());
                if handshake.quic_version == 0 || !named.contains(&key) {
                    findings.add(Kind::ServerName, name);
                    named.push(key);
                }
            }
        }
        Event::Lookup(lookup) => findings.add(Kind::DnsName, as_tshark_prints(&lookup.name)),
        Event::Exchange(exchange) => {
            let sent = exchange.request;
            let host = sent.host.as_deref().unwrap_or_default();
            findings.add(Kind::Request, request(&sent.method, host, &sent.target));
        }
        _ => {}
    };
    let Ok(case) = intake::discover(&[path.to_owned()]) else {
        return findings;
    };
    for input in case.devices.iter().flat_map(|device| &device.inputs) {
        let Some(mut source) = input.open().expect("the file is there") else {
            continue;
        };
        while let Some(item) = source.next_item().expect("files do not vanish") {
            match item {
                Item::Packet(packet) => flows.packet(&packet, &mut coverage, &mut take),
                Item::Sighting(_) | Item::Shortfall { .. } => {}
            }
        }
    }
    flows.finish(&mut coverage, &mut take);
    findings
}

/// Our escapes (RFC 4343) in the form that tshark prints: bytes that are no text as replacement characters, control
/// characters in octal or as in C, dots and backslashes in labels as they are.
fn as_tshark_prints(name: &str) -> String {
    if name == "." {
        return "<root>".to_owned();
    }
    let mut bytes = Vec::new();
    let mut rest = name.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first != b'\\' {
            bytes.push(*first);
        } else if let Some((digits, behind)) = rest.split_first_chunk::<3>()
            && digits.iter().all(u8::is_ascii_digit)
        {
            let digits = std::str::from_utf8(digits).unwrap();
            bytes.push(digits.parse().unwrap());
            rest = behind;
        } else if let Some((escaped, behind)) = rest.split_first() {
            bytes.push(*escaped);
            rest = behind;
        }
    }
    let mut printed = String::new();
    for character in String::from_utf8_lossy(&bytes).chars() {
        match character {
            '\u{7}' => printed.push_str("\\a"),
            '\u{8}' => printed.push_str("\\b"),
            '\t' => printed.push_str("\\t"),
            '\n' => printed.push_str("\\n"),
            '\u{b}' => printed.push_str("\\v"),
            '\u{c}' => printed.push_str("\\f"),
            '\r' => printed.push_str("\\r"),
            control if control.is_ascii_control() => {
                let _written = write!(printed, "\\{:03o}", u32::from(control));
            }
            other => printed.push(other),
        }
    }
    printed
}

/// Captures with what tshark read in them.
fn captures(shared: &Path) -> Vec<(String, PathBuf, Value)> {
    let corpus = shared.join("corpus");
    let read = |path: PathBuf| -> Value {
        let text = fs::read_to_string(&path).expect("the corpus is whole");
        serde_json::from_str(&text).expect("the corpus is well-formed")
    };
    let manifest = read(corpus.join("MANIFEST.json"));
    manifest
        .as_array()
        .expect("a list of files")
        .iter()
        .filter_map(|entry| {
            let name = entry["path"].as_str()?;
            let truth = read(corpus.join(entry["ground_truth"].as_str()?));
            let is_capture = truth["packets"].is_u64();
            is_capture.then(|| (name.to_owned(), corpus.join(name), truth))
        })
        .collect()
}

#[test]
fn real_captures_say_what_they_say_to_tshark() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if !shared.is_dir() {
        println!("skipped: ../shared is absent");
        return;
    }
    let shows_values = std::env::var_os("PHONEHOME_CORPUS_VALUES").is_some();
    let mut sums: BTreeMap<Kind, (usize, usize, usize)> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for (name, path, truth) in captures(&shared) {
        let (theirs, ours) = (expected(&truth), found(&path, truth["keylog"].as_str()));
        for kind in KINDS {
            let (theirs, ours) = (theirs.of(kind), ours.of(kind));
            let (missing, extra) = (surplus(&theirs, &ours), surplus(&ours, &theirs));
            let sum = sums.entry(kind).or_default();
            sum.0 += total(&theirs);
            sum.1 += total(&missing);
            sum.2 += total(&extra);
            let (lacking, more) = (total(&missing), total(&extra));
            let reason = DIFFERENCES
                .iter()
                .find(|known| known.file == name && known.kind == kind)
                .filter(|known| lacking <= known.missing && more <= known.extra)
                .map(|known| known.reason);
            if missing.is_empty() && extra.is_empty() {
                continue;
            }
            let difference = format!(
                "{name}: {kind:?}: {lacking} of {} missing, {more} extra",
                total(&theirs)
            );
            println!("{difference} ({})", reason.unwrap_or("no reason known"));
            if reason.is_none() {
                unexplained.push(difference);
            }
            if shows_values {
                println!("    missing {missing:?}\n    extra {extra:?}");
            }
        }
    }
    for (kind, (all, missing, extra)) in &sums {
        println!("{kind:?}: {} of {all} found, {extra} extra", all - missing);
    }
    for (kind, (all, missing, _)) in sums {
        assert!(
            (all - missing) * 1000 >= all * LEAST_FOUND,
            "too few found: {kind:?}"
        );
    }
    assert!(
        unexplained.is_empty(),
        "different without a reason: {unexplained:#?}"
    );
}
