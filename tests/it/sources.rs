//! Files that lie beside each other and complete each other: who owned a connection, what its server is called.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use phonehome::audit::{self, Options, Progress};
use phonehome::intake;
use phonehome::model::{Attributed, Audit, Basis, Event, Grade, Protection, Shortfall};
use phonehome::rules::Rules;

use crate::forge::record::{self, Exchange};

/// A phone's folder with these files.
fn phone(test: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("sources")
        .join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
    folder
}

fn audited(folder: &Path) -> Audit {
    let case = intake::discover(&[folder.to_owned()]).unwrap();
    let rules = Rules::embedded().unwrap();
    let outcome = audit::run(&case, &rules, &Options::default(), &Progress::default()).unwrap();
    assert!(outcome.errors.is_empty());
    outcome.audit
}

/// Two exchanges with one server, of two apps.
fn exchanges() -> Vec<Exchange> {
    [
        "38400000-8cf0-11bd-b23e-10b96e40000d",
        "48400000-8cf0-11bd-b23e-10b96e40000d",
    ]
    .map(|id| Exchange {
        method: "POST",
        host: "collector.example".to_owned(),
        target: "/v1".to_owned(),
        headers: vec![("Content-Type", "application/json".to_owned())],
        body: format!(r#"{{"advertising_id":"{id}"}}"#).into_bytes(),
        response: b"ok".to_vec(),
    })
    .to_vec()
}

/// Apps with the rules of what was found in their traffic.
fn found(audit: &Audit) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for app in &audit.devices[0].apps {
        let name = match &app.app {
            Attributed::Known {
                app,
                by: Basis::Capture,
            } => app.to_string(),
            other => format!("{other:?}"),
        };
        let mut rules: Vec<String> = app
            .findings
            .iter()
            .map(|finding| finding.rule.to_string())
            .collect();
        rules.sort();
        found.push((name, rules));
    }
    found.sort();
    found
}

#[test]
fn a_list_or_trace_beside_a_record_says_whose_its_traffic_is() {
    let exchanges = exchanges();
    let (pcap, mitmproxy) = (record::pcap(&exchanges), record::mitmproxy(&exchanges));
    let expected = || {
        ["org.example.chat", "org.example.notes"].map(|app| {
            let rules = ["advertising-id", "cleartext-transport"];
            (app.to_owned(), rules.map(str::to_owned).to_vec())
        })
    };
    let beside = [
        ("connections.csv", record::CONNECTIONS),
        ("socket_trace.json", record::SOCKET_TRACE),
    ];
    for (name, text) in beside {
        for (record, bytes) in [("traffic.pcap", &pcap), ("flows.mitm", &mitmproxy)] {
            let folder = phone("owners", &[(name, text.as_bytes()), (record, bytes)]);
            assert_eq!(
                found(&audited(&folder)),
                expected(),
                "{name} beside {record}"
            );
        }
    }
}

#[test]
fn a_har_without_ports_is_joined_by_server_and_time() {
    let mut exchanges = exchanges();
    exchanges.truncate(1);
    let mut har: serde_json::Value = serde_json::from_slice(&record::har(&exchanges)).unwrap();
    har["log"]["entries"][0]["connection"] = "7".into();
    let har = serde_json::to_vec(&har).unwrap();
    let files = [
        ("connections.csv", record::CONNECTIONS.as_bytes()),
        ("a.har", &har),
    ];
    let audit = audited(&phone("har-and-list", &files));
    // Both apps talked to that server around then, so neither is accused alone.
    let shared = audit.devices[0]
        .apps
        .iter()
        .find(|app| !app.findings.is_empty())
        .unwrap();
    assert!(
        matches!(&shared.app, Attributed::Shared { apps, .. } if apps.len() == 2),
        "{:?}",
        shared.app
    );
}

#[test]
fn a_sensor_s_connections_get_their_names_from_the_logs_beside() {
    let zeek = [
        ("conn.log", record::ZEEK_CONN.as_bytes()),
        ("ssl.log", record::ZEEK_SSL.as_bytes()),
    ];
    for (test, files) in [
        ("zeek", zeek.as_slice()),
        ("suricata", &[("eve.json", record::EVE.as_bytes())]),
    ] {
        let audit = audited(&phone(test, files));
        let recipients: Vec<(String, u64, u64)> = audit.devices[0]
            .apps
            .iter()
            .flat_map(|app| &app.recipients)
            .map(|known| {
                let volume = known.volumes.values().next().unwrap();
                let host = known.recipient.host.to_string();
                (host, volume.flows, volume.sent_bytes)
            })
            .collect();
        assert_eq!(
            recipients,
            [("app-measurement.com".to_owned(), 1, 900)],
            "{test}"
        );
    }
}

#[test]
fn an_advertising_id_that_is_known_to_be_the_phone_s_is_found_as_such() {
    let exchanges = exchanges();
    let pcap = record::pcap(&exchanges);
    let files = [
        (
            "ad_ids.txt",
            b"38400000-8CF0-11BD-B23E-10B96E40000D\n".as_slice(),
        ),
        ("traffic.pcap", &pcap),
    ];
    let audit = audited(&phone("known", &files));
    let mut grades: Vec<Grade> = audit.devices[0]
        .apps
        .iter()
        .flat_map(|app| &app.findings)
        .filter(|finding| &*finding.rule == "advertising-id")
        .map(|finding| finding.grade)
        .collect();
    grades.sort();
    assert_eq!(grades, [Grade::KnownValue, Grade::Decoded]);
}

#[test]
fn what_an_app_encrypted_itself_is_read_where_a_trace_shows_it() {
    let mut exchanges = exchanges();
    exchanges.truncate(1);
    let secret = br#"{"advertising_id":"58400000-8cf0-11bd-b23e-10b96e40000d"}"#;
    let ciphertext: Vec<u8> = secret.iter().map(|byte| byte ^ 0xa5).collect();
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .concat()
    };
    exchanges[0].body = format!(r#"{{"d":"{}"}}"#, hex(&ciphertext)).into_bytes();
    let trace = format!(
        r#"[{{"type":"aes_info_log","data":{{"alg":"AES/GCM/NoPadding","key":"00","iv":"00","in":"{}","out":"{}"}}}}]"#,
        hex(secret),
        hex(&ciphertext)
    );
    let pcap = record::pcap(&exchanges);
    let found = |files: &[(&str, &[u8])]| {
        let audit = audited(&phone("own-cipher", files));
        let mut rules: Vec<String> = audit.devices[0]
            .apps
            .iter()
            .flat_map(|app| &app.findings)
            .filter(|finding| finding.protection == Protection::Encrypted)
            .map(|finding| finding.rule.to_string())
            .collect();
        rules.sort();
        rules
    };
    assert!(found(&[("traffic.pcap", &pcap)]).is_empty());
    let with_trace = found(&[("aes_info.json", trace.as_bytes()), ("traffic.pcap", &pcap)]);
    assert_eq!(with_trace, ["advertising-id"]);
}

#[test]
fn contacts_that_an_app_encrypted_itself_are_found_however_they_travel() {
    let secret = br#"{"contacts":[{"name":"Erika Muster","phone":"+4915112345678"},{"name":"Otto Beispiel","phone":"+4915112345679"},{"name":"Ida Probe","phone":"+4915112345680"}]}"#;
    let hex = |bytes: &[u8]| {
        let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        digits.concat()
    };
    // As `doFinal` gives it, and in two steps: `update`, then `doFinal`.
    let ciphertext: Vec<u8> = secret.iter().map(|byte| byte ^ 0xa5).collect();
    let record = |range: std::ops::Range<usize>| {
        format!(
            r#"{{"type":"aes_info_log","data":{{"alg":"AES/CTR/NoPadding","key":"00","iv":"00","in":"{}","out":"{}"}}}}"#,
            hex(&secret[range.clone()]),
            hex(&ciphertext[range])
        )
    };
    let end = secret.len();
    let whole = format!("[{}]", record(0..end));
    let in_steps = format!("[{},{}]", record(0..48), record(48..end));
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let bodies: [(&'static str, Vec<u8>); 5] = [
        (
            "application/json",
            format!(r#"{{"d":"{}"}}"#, base64(&ciphertext)).into_bytes(),
        ),
        ("application/octet-stream", ciphertext.clone()),
        ("text/plain", base64(&ciphertext).into_bytes()),
        (
            "application/x-www-form-urlencoded",
            format!(
                "d={}",
                base64(&ciphertext).replace('+', "%2B").replace('/', "%2F")
            )
            .into_bytes(),
        ),
        // A value that begins the message, as apps send it beside the ciphertext.
        (
            "application/octet-stream",
            [&[7; 16], ciphertext.as_slice()].concat(),
        ),
    ];
    for (kind, body) in bodies {
        for (trace, name) in [(&whole, "whole"), (&in_steps, "in steps")] {
            let mut exchanges = exchanges();
            exchanges.truncate(1);
            exchanges[0].headers = vec![("Content-Type", kind.to_owned())];
            exchanges[0].body = body.clone();
            let pcap = record::pcap(&exchanges);
            let files = [("aes_info.json", trace.as_bytes()), ("traffic.pcap", &pcap)];
            let audit = audited(&phone("own-contacts", &files));
            let mut apps = audit.devices[0].apps.iter();
            let is_found = apps.any(|app| {
                app.findings
                    .iter()
                    .any(|finding| finding.rule.starts_with("contact-"))
            });
            assert!(is_found, "{kind}, {name}");
        }
    }
}

#[test]
fn lookups_over_https_in_a_record_are_lookups() {
    let mut exchanges = exchanges();
    exchanges.truncate(1);
    exchanges[0].method = "GET";
    exchanges[0].host = "dns.example".to_owned();
    // RFC 8484 §4.1.1
    exchanges[0].target = "/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB".to_owned();
    exchanges[0].headers = vec![("Accept", "application/dns-message".to_owned())];
    exchanges[0].body = Vec::new();
    for (name, bytes) in [
        ("a.har", record::har(&exchanges)),
        ("a.mitm", record::mitmproxy(&exchanges)),
        ("a.pcap", record::pcap(&exchanges)),
    ] {
        let folder = phone("lookups", &[(name, &bytes)]);
        let case = intake::discover(&[folder]).unwrap();
        let rules = Rules::embedded().unwrap();
        let mut names = Vec::new();
        audit::observe(&case, &rules, &Options::default(), &mut |seen, _| {
            if let Event::Lookup(lookup) = &seen.sighting.event {
                names.push(lookup.name.clone());
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(names, ["www.example.com"], "{name}");
    }
}

#[test]
fn files_that_were_left_out_are_in_the_report() {
    let pcap = record::pcap(&exchanges());
    let files = [
        ("traffic.pcap", pcap.as_slice()),
        ("data.bin", &[0x9b; 300]),
    ];
    let audit = audited(&phone("left-out", &files));
    let input = audit.inputs.iter().find(|input| input.path == "data.bin");
    let id = input.expect("it is named").id;
    let mut reasons = audit.coverage.iter();
    assert!(
        reasons.any(|(input, shortfall, _)| input == id && shortfall == Shortfall::UnknownFormat)
    );
}

/// Findings and flows by recipient, without where they were seen.
fn counts(audit: &Audit) -> Vec<(String, u64)> {
    let mut counts = Vec::new();
    for app in audit.devices.iter().flat_map(|device| &device.apps) {
        for finding in &app.findings {
            counts.push((finding.rule.to_string(), finding.occurrences.count));
        }
        for known in &app.recipients {
            let flows = known.volumes.values().map(|volume| volume.flows).sum();
            counts.push((known.recipient.host.to_string(), flows));
        }
    }
    counts.sort();
    counts
}

#[test]
fn the_same_traffic_in_several_files_counts_once() {
    let exchanges = exchanges();
    let pcap = record::pcap(&exchanges);
    let alone = audited(&phone("alone", &[("a.pcap", &pcap)]));
    for (name, bytes) in [
        ("b.pcapng", record::pcapng(&exchanges)),
        ("b.mitm", record::mitmproxy(&exchanges)),
        ("b.har", record::har(&exchanges)),
    ] {
        let both = audited(&phone("both", &[("a.pcap", &pcap), (name, &bytes)]));
        assert_eq!(counts(&both), counts(&alone), "{name}");
        let noted: Vec<(u32, Shortfall)> = both
            .coverage
            .iter()
            .map(|(input, shortfall, _)| (input.0, shortfall))
            .collect();
        assert_eq!(noted, [(1, Shortfall::SameTraffic)], "{name}");
    }
}

#[test]
fn other_traffic_at_the_same_time_is_counted() {
    let mut others = exchanges();
    let pcap = record::pcap(&others);
    for (number, other) in others.iter_mut().enumerate() {
        other.target = format!("/other/{number}");
    }
    let har = record::har(&others);
    let audit = audited(&phone("others", &[("a.pcap", &pcap), ("b.har", &har)]));
    let found = counts(&audit);
    let expected = ("advertising-id".to_owned(), 4);
    assert!(found.contains(&expected), "{found:?}");
    // The hosts are the same, so it cannot be excluded that requests were written differently.
    let noted: Vec<Shortfall> = audit
        .coverage
        .iter()
        .map(|(_, shortfall, _)| shortfall)
        .collect();
    assert_eq!(noted, [Shortfall::PerhapsSameTraffic]);
}
