//! Files that lie beside each other and complete each other: who owned a connection, what its server is called.

use std::net::SocketAddr;
use std::path::PathBuf;

use base64::Engine;
use phonehome::audit::{self, Options, Progress};
use phonehome::intake::{self, Item};
use phonehome::model::{
    AppId, Attributed, Audit, Basis, Event, Grade, LinkType, Observation, Protection, Shortfall,
    Side,
};
use phonehome::payload::Decoded;
use phonehome::rules::Rules;

use crate::forge::archive::gzip;
use crate::forge::capture::{Pcap, Record, TrailerOwner, pcapdroid_frame};
use crate::forge::record::{self, Exchange};
use crate::forge::stream::{self, Connection};
use crate::forge::{http, log, packet};
use crate::on_disk::{self, audited};

/// A phone's folder with these files.
fn phone(test: &str, files: &[(&str, &[u8])]) -> PathBuf {
    on_disk::folder(&format!("sources/{test}"), files)
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
fn traffic_of_the_apps_that_were_let_through_is_theirs() {
    let har: serde_json::Value = serde_json::from_slice(&record::har(&exchanges())).unwrap();
    let (chat, notes) = ("org.example.chat", "org.example.notes");
    for apps in [vec![chat], vec![chat, notes]] {
        let mut har = har.clone();
        let options = serde_json::json!({"mode": "allowlist", "apps": apps});
        har["log"]["_tweasel"] = serde_json::json!({"options": options});
        let har = serde_json::to_vec(&har).unwrap();
        let audit = audited(&phone("let-through", &[("a.har", &har)]));
        let [app] = audit.devices[0].apps.as_slice() else {
            panic!("one row");
        };
        let candidates: Vec<&str> = match &app.app {
            Attributed::Known { app, .. } => vec![app.as_str()],
            Attributed::Shared { apps, .. } => apps.iter().map(AppId::as_str).collect(),
            Attributed::Unknown => Vec::new(),
        };
        assert_eq!(candidates, apps);
    }
}

#[test]
fn a_capture_that_names_owners_says_whose_a_record_beside_it_is() {
    let mut exchanges = exchanges();
    exchanges.truncate(1);
    let mut har: serde_json::Value = serde_json::from_slice(&record::har(&exchanges)).unwrap();
    har["log"]["entries"][0]["connection"] = "70007".into();
    let har = serde_json::to_vec(&har).unwrap();
    // The same connection as the phone captured it, without what was in it.
    let client = "192.0.2.10:40000".parse().unwrap();
    let server = "198.51.100.20:80".parse().unwrap();
    let mut connection = Connection::open(client, server);
    connection
        .send(Side::Client, &[7; 300])
        .send(Side::Server, &[9; 300])
        .close();
    let owner = TrailerOwner {
        uid: 10_124,
        label: "Chat",
    };
    let frame = |sent: stream::Sent| {
        Record::at(1_760_000_000_000_000_000, pcapdroid_frame(&sent.ip, owner))
    };
    let frames: Vec<Record> = connection.packets.into_iter().map(frame).collect();
    let capture = Pcap::new(LinkType::ETHERNET).write(&frames);
    let files = [("a.har", &har[..]), ("a.pcap", &capture)];
    let rules = ["advertising-id", "cleartext-transport"];
    let folder = phone("har-and-capture", &files);
    let case = intake::discover(std::slice::from_ref(&folder)).unwrap();
    let mut observed = Vec::new();
    let mut take = |observation: &Observation, _: &Decoded<'_>| {
        if let Event::Exchange(_) = observation.sighting.event {
            observed.push(observation.app.clone());
        }
        Ok(())
    };
    audit::observe(&case, &Rules::embedded(), &Options::default(), &mut take).unwrap();
    let by = Basis::Label;
    let app = AppId::new("Chat");
    assert_eq!(observed, [Attributed::Known { app, by }]);
    let audit = audited(&folder);
    let found: Vec<(&str, Vec<&str>)> = audit.devices[0]
        .apps
        .iter()
        .map(|app| {
            let mut rules: Vec<&str> = app.findings.iter().map(|it| &*it.rule).collect();
            rules.sort_unstable();
            (app.id.as_ref().unwrap().0.as_ref(), rules)
        })
        .collect();
    assert_eq!(found, [("Chat", rules.to_vec())]);
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
fn handshakes_of_a_sensor_that_lists_no_connections_are_contacts() {
    let (tls_alone, _flow) = record::EVE.split_once('\n').unwrap();
    for (test, file) in [
        ("zeek-ssl", ("ssl.log", record::ZEEK_SSL.as_bytes())),
        ("suricata-tls", ("eve.json", tls_alone.as_bytes())),
    ] {
        let audit = audited(&phone(test, &[file]));
        let recipients: Vec<(String, u64)> = audit.devices[0]
            .apps
            .iter()
            .flat_map(|app| &app.recipients)
            .map(|known| {
                let volume = known.volumes.values().next().unwrap();
                (known.recipient.host.to_string(), volume.flows)
            })
            .collect();
        assert_eq!(
            recipients,
            [("app-measurement.com".to_owned(), 1)],
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
        let rules = Rules::embedded();
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

/// What lies beside inputs and is not read is named, with what to give instead.
#[test]
fn files_that_are_not_read_are_named() {
    let results = br#"[[{"adapter":"example/track","property":"advertisingId","value":"x","context":"body","path":"$.id","reasoning":"x"}],null]"#;
    let mut database = b"SQLite format 3\0".to_vec();
    database.resize(4096, 0);
    let files = [
        ("results.json", results.as_slice(), "TrackHAR"),
        ("manifest.db", &database, "SQLite"),
        ("screen.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0", "video"),
        (
            "chat.txt",
            b"Uid mode: CAMERA: foreground\nREAD_CONTACTS: allow; time=+4m ago\n",
            "dumpsys appops",
        ),
    ];
    for (name, bytes, expected) in files {
        let folder = phone("not-read", &[(name, bytes)]);
        let found = intake::survey(&[folder]).unwrap();
        assert!(found.devices.is_empty(), "{name}");
        let [(_, shortfall, reason)] = found.left_out.as_slice() else {
            panic!("{:?}", found.left_out);
        };
        assert_eq!(*shortfall, Shortfall::UnknownFormat);
        assert!(reason.contains(expected), "{name}: {reason}");
    }
}

#[test]
fn what_ios_granted_is_told_of_the_app() {
    let folder = phone("granted", &[("backup-file", log::TCC)]);
    let audit = audited(&folder);
    let app = &audit.devices[0].apps[0];
    let grants: Vec<_> = app
        .grants
        .iter()
        .map(|grant| (grant.permission.as_str(), grant.is_granted))
        .collect();
    assert_eq!(
        grants,
        [
            ("NSContactsUsageDescription", Some(true)),
            ("NSCameraUsageDescription", Some(false)),
            ("NSPhotoLibraryUsageDescription", Some(true)),
        ]
    );
}

/// The database of `TrackerControl` knows apps by their uid alone; a list of packages beside it says who that is.
#[test]
fn contacts_in_the_database_of_tracker_control_are_put_to_apps() {
    let packages = b"package:org.example.chat uid:10103\npackage:org.example.map uid:10104\n";
    let files = [("Netguard", log::NETGUARD), ("packages.txt", packages)];
    let audit = audited(&phone("netguard", &files));
    let mut seen: Vec<(String, Vec<String>)> = audit.devices[0]
        .apps
        .iter()
        .map(|app| {
            let Attributed::Known { app: id, .. } = &app.app else {
                panic!("{:?}", app.app);
            };
            let recipients = app.recipients.iter();
            let hosts = recipients.map(|report| report.recipient.host.to_string());
            (id.to_string(), hosts.collect())
        })
        .collect();
    seen.sort();
    let expected = |app: &str, host: &str| (app.to_owned(), vec![host.to_owned()]);
    assert_eq!(
        seen,
        [
            expected("org.example.chat", "ads.example"),
            expected("org.example.map", "push.example")
        ]
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

#[test]
fn logs_that_overlap_count_once() {
    let report = |hits: &[(&str, &str, u64)]| {
        let line = |(first, last, hits): &(&str, &str, u64)| {
            format!(
                r#"{{"domain":"api.example","firstTimeStamp":"2026-01-{first}Z","timeStamp":"2026-01-{last}Z","context":"","domainType":2,"initiatedType":"AppInitiated","hits":{hits},"bundleID":"org.example.chat","type":"networkActivity"}}
{{"accessor":{{"identifier":"org.example.chat","identifierType":"bundleID"}},"category":"contacts","identifier":"{last}","kind":"event","timeStamp":"2026-01-{last}Z","type":"access"}}
"#
            )
        };
        hits.iter().map(line).collect::<Vec<_>>().concat()
    };
    let monday = report(&[
        ("05T08:00:00", "06T08:00:00", 5),
        ("05T08:00:00", "07T08:00:00", 2),
    ]);
    // The same week two days later: two more contacts, one more read.
    let wednesday = report(&[
        ("05T08:00:00", "06T08:00:00", 5),
        ("05T08:00:00", "09T08:00:00", 4),
    ]);
    // Another week.
    let later = report(&[("19T08:00:00", "20T08:00:00", 3)]);
    let told = |files: &[(&str, &[u8])]| {
        let audit = audited(&phone("overlap", files));
        let app = &audit.devices[0].apps[0];
        let flows: u64 = app
            .recipients
            .iter()
            .flat_map(|known| known.volumes.values())
            .map(|volume| volume.flows)
            .sum();
        let reads: u64 = app
            .chains
            .iter()
            .filter_map(|chain| chain.reads.as_ref())
            .map(|reads| reads.count)
            .sum();
        let noted = audit.coverage.iter();
        let noted = noted.filter(|(_, shortfall, _)| *shortfall == Shortfall::SameTraffic);
        let noted: u64 = noted.map(|(_, _, count)| count.count).sum();
        (flows, reads, noted)
    };
    let [monday, wednesday, later] = [&monday, &wednesday, &later].map(String::as_bytes);
    assert_eq!(told(&[("a.ndjson", monday)]), (7, 2, 0));
    let twice = [("a.ndjson", monday), ("export again.ndjson", monday)];
    assert_eq!(told(&twice), (7, 2, 4));
    let grown = [("a.ndjson", monday), ("b.ndjson", wednesday)];
    assert_eq!(told(&grown), (9, 3, 2));
    let apart = [("a.ndjson", monday), ("b.ndjson", later)];
    assert_eq!(told(&apart), (10, 3, 0));
}

#[test]
fn exports_made_twice_count_once() {
    for (one, other, text) in [
        ("monday.csv", "tuesday.csv", log::TRACKER_CONTROL),
        ("0.txt", "copy of 0.txt", log::DEVICE_OWNER),
        ("appops.txt", "appops again.txt", log::APPOPS_14),
    ] {
        let alone = audited(&phone("log-alone", &[(one, text.as_bytes())]));
        let files = [(one, text.as_bytes()), (other, text.as_bytes())];
        let twice = audited(&phone("log-twice", &files));
        assert_eq!(twice.devices[0].apps.len(), alone.devices[0].apps.len());
        for (ours, expected) in twice.devices[0].apps.iter().zip(&alone.devices[0].apps) {
            assert_eq!(ours.chains, expected.chains, "{one}");
        }
        assert_eq!(counts(&twice), counts(&alone), "{one}");
    }
}

#[test]
fn local_times_are_read_in_the_time_zone_of_the_phone() {
    let zone = b"[ro.product.model]: [Pixel 8]\n[persist.sys.timezone]: [Europe/Berlin]\n";
    let appops = ("dumpsys-appops.txt", log::APPOPS_14.as_bytes());
    let last = |files: &[(&str, &[u8])]| {
        let audit = audited(&phone("zone", files));
        let app = &audit.devices[0].apps[0];
        let reads = app.chains.iter().filter_map(|chain| chain.reads.as_ref());
        let last = reads.map(|reads| reads.last).max().unwrap();
        let mut noted = audit.coverage.iter();
        let is_noted = noted.any(|(_, shortfall, _)| shortfall == Shortfall::LocalTime);
        (last.to_string(), is_noted)
    };
    let shown = ("2026-01-02T03:04:07.000Z".to_owned(), true);
    assert_eq!(last(&[appops]), shown);
    let meant = ("2026-01-02T02:04:07.000Z".to_owned(), false);
    assert_eq!(last(&[appops, ("getprop.txt", zone)]), meant);
    let unknown = b"[ro.product.model]: [Pixel 8]\n[persist.sys.timezone]: [Nowhere/Here]\n";
    assert_eq!(last(&[appops, ("getprop.txt", unknown)]), shown);
    let report = crate::forge::inventory::bug_report().replace(
        "[ro.product.model]: [Pixel 8]",
        "[ro.product.model]: [Pixel 8]\n[persist.sys.timezone]: [Europe/Berlin]",
    );
    assert_eq!(last(&[("bugreport.txt", report.as_bytes())]), meant);
}

/// Requests of several phones as one proxy or gateway sees them.
fn network() -> Vec<(SocketAddr, Vec<u8>)> {
    (10_u8..13)
        .map(|number| {
            let id = format!("38400000-8cf0-11bd-b23e-{number:012x}");
            let body = format!(r#"{{"advertising_id":"{id}"}}"#);
            (
                SocketAddr::from(([192, 168, 7, number], 40_000)),
                body.into_bytes(),
            )
        })
        .collect()
}

#[test]
fn several_clients_at_once_are_told_where_they_are_taken_for_one_phone() {
    let server: SocketAddr = "198.51.100.20:80".parse().unwrap();
    let is_told = |clients: [&str; 2], apart: u64| {
        let mut records = Vec::new();
        for (client, begin) in clients.into_iter().zip([0, apart]) {
            let mut connection = Connection::open(client.parse().unwrap(), server);
            let request = http::request("GET", "collector.example", "/", &[], b"");
            connection.send(Side::Client, &request);
            connection.send(Side::Server, &http::response(200, &[], b"ok"));
            connection.close();
            for (step, sent) in (0_u64..).zip(connection.packets) {
                let time = 1_760_000_000_000_000_000 + begin + step * 1_000_000;
                records.push(Record::at(time, sent.ip));
            }
        }
        records.sort_by_key(|record| record.time);
        let capture = Pcap::new(LinkType::RAW).write(&records);
        let audit = audited(&phone("clients", &[("a.pcap", &capture)]));
        audit
            .coverage
            .iter()
            .any(|(_, shortfall, _)| shortfall == Shortfall::SeveralClients)
    };
    let (one, other) = ("192.0.2.10:40000", "192.0.2.11:40000");
    assert!(is_told([one, other], 1_500_000));
    // A phone that changed its network.
    assert!(!is_told([one, other], 60_000_000_000));
    assert!(!is_told([one, "192.0.2.10:40001"], 1_500_000));
}

#[test]
fn a_capture_of_a_network_has_a_phone_for_each_client() {
    let server: SocketAddr = "198.51.100.20:80".parse().unwrap();
    let mut records = Vec::new();
    for (client, body) in network() {
        let mut connection = Connection::open(client, server);
        let json = [("Content-Type", "application/json")];
        let request = http::request("POST", "collector.example", "/v1", &json, &body);
        connection.send(Side::Client, &request);
        connection.send(Side::Server, &http::response(200, &[], b"ok"));
        connection.close();
        records.extend(connection.packets);
    }
    let frame = |(step, sent): (usize, stream::Sent)| {
        let (gateway, phone) = ([2, 0, 0, 0, 0, 1], packet::addresses(&sent.ip));
        let last = |address: std::net::IpAddr| match address {
            std::net::IpAddr::V4(address) => address.octets()[3],
            std::net::IpAddr::V6(_) => 0,
        };
        let is_out = sent.side == Side::Client;
        let mac = [2, 0, 0, 0, 0, last(if is_out { phone.0 } else { phone.1 })];
        let [to, from] = if is_out {
            [gateway, mac]
        } else {
            [mac, gateway]
        };
        let bytes = [&to[..], &from, &packet::ether_type(&sent.ip), &sent.ip].concat();
        Record::at(1_760_000_000_000_000_000 + step as u64 * 1_000_000, bytes)
    };
    let records: Vec<Record> = records.into_iter().enumerate().map(frame).collect();
    let (first, second) = records.split_at(records.len() / 2);
    let [whole, first, second] =
        [&records, first, second].map(|records| Pcap::new(LinkType::ETHERNET).write(records));
    let options = Options {
        has_split_clients: true,
        ..Options::default()
    };
    let phones = |files: &[(&str, &[u8])], options: &Options| {
        let case = intake::discover(&[phone("network", files)]).unwrap();
        let rules = Rules::embedded();
        let audit = audit::run(&case, &rules, options, &Progress::default())
            .unwrap()
            .audit;
        let devices = audit.devices.iter();
        devices
            .map(|device| {
                let findings = device.apps.iter().flat_map(|app| &app.findings);
                let ids = findings.filter(|finding| &*finding.rule == "advertising-id");
                let ids: u64 = ids.map(|finding| finding.occurrences.count).sum();
                (device.name.clone(), ids)
            })
            .collect::<Vec<_>>()
    };
    let expected = [10, 11, 12].map(|number| (format!("02:00:00:00:00:{number:02x}"), 1));
    assert_eq!(phones(&[("gateway.pcap", &whole)], &options), expected);
    let rotated = [
        ("gateway-1.pcap", first.as_slice()),
        ("gateway-2.pcap", &second),
    ];
    assert_eq!(phones(&rotated, &options), expected);
    let one = [("network".to_owned(), 3)];
    assert_eq!(
        phones(&[("gateway.pcap", &whole)], &Options::default()),
        one
    );
    // What lies beside the capture is of one phone; the clients are others.
    let mut files = crate::forge::case::files().into_iter();
    let dump = files.find(|(path, _)| *path == "company-phone/dumpsys-package.txt");
    let (_, dump) = dump.unwrap();
    let beside = phones(&[("dump.txt", &dump), ("gateway.pcap", &whole)], &options);
    assert_eq!(beside.first().unwrap(), &("network".to_owned(), 0));
    assert_eq!(beside[1..], expected);
}

#[test]
fn logs_of_a_sensor_are_read_as_it_rotates_and_packs_them() {
    let hour = |hour: u32| {
        let time = format!("{}.000000", 1_760_000_000 + hour * 3600);
        record::ZEEK_CONN
            .replace("1760000000.000000", &time)
            .replace("40000", &(40_000 + hour).to_string())
            .into_bytes()
    };
    let zeek = [
        ("conn.00:00:00-01:00:00.log.gz", gzip(&hour(0))),
        ("conn.01:00:00-02:00:00.log.gz", gzip(&hour(1))),
        (
            "ssl.00:00:00-01:00:00.log.gz",
            gzip(record::ZEEK_SSL.as_bytes()),
        ),
    ];
    let eve = |day: u32| {
        let day = format!("2025-10-{day:02}");
        record::EVE.replace("2025-10-09", &day).into_bytes()
    };
    let suricata = [("eve.json.1.gz", gzip(&eve(8))), ("eve.json", eve(9))];
    for (test, files, flows) in [
        ("zeek-rotated", &zeek[..], 2),
        ("eve-rotated", &suricata, 2),
    ] {
        let files: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(name, bytes)| (*name, bytes.as_slice()))
            .collect();
        let audit = audited(&phone(test, &files));
        let recipients = audit.devices[0].apps.iter().flat_map(|app| &app.recipients);
        let counted: u64 = recipients
            .flat_map(|known| known.volumes.values())
            .map(|volume| volume.flows)
            .sum();
        assert_eq!(counted, flows, "{test}");
        assert_eq!(audit.inputs.len(), files.len());
        assert!(audit.coverage.is_empty(), "{test}: {:?}", audit.coverage);
    }
}

/// What `adb` prints, as `PowerShell` keeps it: UTF-16 with a mark, and line ends of its own.
#[test]
fn output_kept_by_powershell_is_read() {
    let dump = crate::forge::case::files().into_iter();
    let mut dump = dump.filter(|(path, _)| *path == "company-phone/dumpsys-package.txt");
    let dump = String::from_utf8(dump.next().unwrap().1).unwrap();
    let kept = |text: &str| -> Vec<u8> {
        let text = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let apps = |dump: &[u8], appops: &[u8]| {
        let folder = phone("powershell", &[("dump.txt", dump), ("appops.txt", appops)]);
        let case = intake::discover(&[folder]).unwrap();
        assert_eq!(case.left_out, []);
        let mut apps = 0;
        let mut reads = 0;
        for input in &case.devices[0].inputs {
            apps += input
                .gather()
                .unwrap()
                .map_or(0, |(dossier, _)| dossier.apps.len());
            let mut source = input.open().unwrap();
            while let Some(item) = source
                .as_mut()
                .and_then(|source| source.next_item().unwrap())
            {
                reads += usize::from(matches!(item, Item::Sighting(_)));
            }
        }
        (apps, reads)
    };
    let expected = apps(dump.as_bytes(), log::APPOPS_14.as_bytes());
    assert!(expected.0 > 2 && expected.1 == 4, "{expected:?}");
    assert_eq!(apps(&kept(&dump), &kept(log::APPOPS_14)), expected);
}

/// A body of any size costs no more than is kept of it, and nothing of the rest of its entry.
#[test]
fn a_body_that_is_too_long_is_cut_and_its_request_stays() {
    let mut har: serde_json::Value = serde_json::from_slice(&record::har(&exchanges())).unwrap();
    let entries = &mut har["log"]["entries"];
    let long = base64::engine::general_purpose::STANDARD.encode(vec![b'x'; 20 << 20]);
    entries[0]["response"]["content"] = serde_json::json!({"text": long, "encoding": "base64"});
    let whole = audited(&phone("whole", &[("a.har", &record::har(&exchanges()))]));
    let long = audited(&phone(
        "long",
        &[("a.har", &serde_json::to_vec(&har).unwrap())],
    ));
    assert_eq!(counts(&long), counts(&whole));
    let mut noted = long.coverage.iter();
    assert!(noted.any(|(_, shortfall, _)| shortfall == Shortfall::MessageLimit));
}
