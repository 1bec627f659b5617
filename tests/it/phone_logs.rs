//! Captured traffic that names no owner, beside logs of the same phone that say which app contacted whom.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use phonehome::audit::{self, Options, Progress};
use phonehome::intake;
use phonehome::model::{AppId, Attributed, Audit, Basis, Event, Observation, Platform, Timestamp};
use phonehome::payload::Decoded;
use phonehome::rules::Rules;

use crate::forge::log;
use crate::forge::record::{self, Exchange};

/// Seconds at which the forged exchanges begin; each is one later.
const BEGIN: i64 = 1_760_000_000;

fn folder(test: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("phone-logs")
        .join(test)
}

fn audited(test: &str, files: &[(&str, &[u8])]) -> Audit {
    let folder = folder(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let case = intake::discover(&[folder]).unwrap();
    let rules = Rules::embedded();
    let outcome = audit::run(&case, &rules, &Options::default(), &Progress::default()).unwrap();
    assert!(outcome.errors.is_empty());
    outcome.audit
}

/// Requests in clear to hosts, a second apart, each over a connection of its own to 198.51.100.20:80.
fn exchanges(requests: &[(&str, &str)]) -> Vec<Exchange> {
    requests
        .iter()
        .map(|(host, user_agent)| Exchange {
            method: "POST",
            host: (*host).to_owned(),
            target: "/v1".to_owned(),
            headers: vec![
                ("Content-Type", "application/json".to_owned()),
                ("User-Agent", (*user_agent).to_owned()),
            ],
            body: br#"{"advertising_id":"38400000-8cf0-11bd-b23e-10b96e40000d"}"#.to_vec(),
            response: b"ok".to_vec(),
        })
        .collect()
}

fn capture(requests: &[(&str, &str)]) -> Vec<u8> {
    record::pcap(&exchanges(requests))
}

fn known(app: &str, by: Basis) -> Attributed {
    let app = AppId::new(app);
    Attributed::Known { app, by }
}

/// Who sent an advertising id, and how that is known.
fn senders(audit: &Audit) -> Vec<Attributed> {
    let apps = audit.devices[0].apps.iter();
    let mut senders: Vec<Attributed> = apps
        .filter(|app| {
            let mut findings = app.findings.iter();
            findings.any(|finding| &*finding.rule == "advertising-id")
        })
        .map(|app| app.app.clone())
        .collect();
    senders.sort();
    senders
}

#[test]
fn contacts_that_a_report_sums_up_are_spread_over_its_time() {
    let row = r#"{"domain":"api.example","firstTimeStamp":"2026-01-01T03:00:00Z","timeStamp":"2026-01-02T04:00:00Z","hits":41,"bundleID":"org.example.chat","type":"networkActivity"}"#;
    let audit = audited("summed-up", &[("report.ndjson", row.as_bytes())]);
    let known = &audit.devices[0].apps[0].recipients[0];
    let volume = known.volumes.values().next().unwrap();
    let times = [volume.first.time, volume.last].map(|time| time.to_string());
    assert_eq!(
        times,
        ["2026-01-01T03:00:00.000Z", "2026-01-02T04:00:00.000Z"]
    );
    assert_eq!(volume.flows, 41);
}

#[test]
fn usage_that_an_iphone_kept_is_of_an_iphone() {
    let audit = audited("usage", &[("DataUsage.sqlite", log::DATA_USAGE)]);
    assert_eq!(audit.devices[0].platform, Some(Platform::Ios));
}

fn privacy_report(rows: &[(&str, &str, i64)]) -> String {
    let mut report = String::new();
    for (app, host, second) in rows {
        let time = Timestamp(second * 1_000_000_000);
        writeln!(
            report,
            r#"{{"domain":"{host}","firstTimeStamp":"{time}","timeStamp":"{time}","context":"","domainType":2,"initiatedType":"AppInitiated","hits":1,"bundleID":"{app}","type":"networkActivity"}}"#
        )
        .unwrap();
    }
    report
}

#[test]
fn a_privacy_report_says_whose_captured_traffic_is() {
    let traffic = capture(&[("collector.example", "okhttp/4")]);
    let near = [("org.example.chat", "collector.example", BEGIN + 2)];
    let far = [("org.example.chat", "collector.example", BEGIN + 600)];
    let two = [
        near[0],
        ("org.example.notes", "collector.example", BEGIN - 5),
    ];
    let apart = [
        near[0],
        ("org.example.notes", "collector.example", BEGIN - 600),
    ];
    let other = [("org.example.chat", "other.example", BEGIN)];
    let chat = known("org.example.chat", Basis::PhoneLog);
    let both = Attributed::Shared {
        apps: ["org.example.chat", "org.example.notes"]
            .map(AppId::new)
            .to_vec(),
        by: Basis::PhoneLog,
    };
    let cases = [
        ("near", &near[..], chat.clone()),
        ("far", &far, Attributed::Unknown),
        ("two", &two, both),
        ("apart", &apart, chat),
        ("other-host", &other, Attributed::Unknown),
    ];
    for (test, rows, expected) in cases {
        let report = privacy_report(rows);
        let files: [(&str, &[u8]); 2] = [
            ("traffic.pcap", &traffic),
            ("report.ndjson", report.as_bytes()),
        ];
        assert_eq!(senders(&audited(test, &files)), [expected], "{test}");
    }
}

#[test]
fn the_latest_contacts_of_tracker_control_say_whose_captured_traffic_is() {
    let traffic = capture(&[("collector.example", "okhttp/4")]);
    let export = |rows: &[(&str, &str, i64)]| {
        let mut export =
            "\"uid\",\"daddr\",\"time\",\"uncertain\",\"Tracker\",\"Category\",\"Package\",\"App\"\r\n".to_owned();
        for (package, host, second) in rows {
            let time = second * 1000;
            write!(
                export,
                "\"10200\",\"{host}\",\"{time}\",\"0\",\"\",\"\",\"{package}\",\"App\"\r\n"
            )
            .unwrap();
        }
        export
    };
    let hour = 3600;
    let (chat, notes) = ("org.example.chat", "org.example.notes");
    let is_chat = vec![known(chat, Basis::PhoneLog)];
    let both = Attributed::Shared {
        apps: [chat, notes].map(AppId::new).to_vec(),
        by: Basis::PhoneLog,
    };
    let at = |package, hours: i64| (package, "collector.example", BEGIN + hours * hour);
    let nobody = vec![Attributed::Unknown];
    let rows = [
        ("later", vec![at(chat, 1)], is_chat.clone()),
        (
            "address",
            vec![(chat, "198.51.100.20", BEGIN + hour)],
            is_chat,
        ),
        // It would be the latest contact.
        ("before", vec![at(chat, -1)], nobody.clone()),
        ("long after", vec![at(chat, 30)], nobody),
        ("two", vec![at(chat, 1), at(notes, 2)], vec![both]),
    ];
    for (name, rows, expected) in rows {
        let export = export(&rows);
        let files: [(&str, &[u8]); 2] = [
            ("traffic.pcap", &traffic),
            ("export.csv", export.as_bytes()),
        ];
        assert_eq!(
            senders(&audited("tracker-control", &files)),
            expected,
            "{name}"
        );
    }
}

#[test]
fn the_database_of_tracker_control_names_apps_by_their_uids() {
    let traffic = capture(&[("ads.example", "okhttp/4")]);
    let packages = b"package:org.example.chat uid:10103\n";
    let files: [(&str, &[u8]); 3] = [
        ("traffic.pcap", &traffic),
        ("Netguard", log::NETGUARD),
        ("packages.txt", packages),
    ];
    // The contacts in the database itself are put to it by its uid.
    let chat = known("org.example.chat", Basis::DumpsysUid);
    let audit = audited("netguard", &files);
    assert_eq!(senders(&audit), [chat]);
    let mut apps = audit.devices[0].apps.iter();
    let chat = apps.find(|app| app.packages == ["org.example.chat"]);
    assert!(chat.unwrap().bases.contains(&Basis::PhoneLog));
}

#[test]
fn trackers_that_only_the_phones_log_knows_are_found() {
    let report = privacy_report(&[
        ("org.example.chat", "profile.example", BEGIN),
        ("org.example.chat", "other.example", BEGIN),
        // The rules know more of it.
        ("org.example.chat", "graph.facebook.com", BEGIN),
    ]);
    let report: String = report
        .lines()
        .map(|line| {
            let kind = if line.contains("other.example") { 2 } else { 1 };
            line.replace(r#""domainType":2"#, &format!(r#""domainType":{kind}"#)) + "\n"
        })
        .collect();
    let export = log::TRACKER_CONTROL.to_owned()
        + "\"10103\",\"shared.example\",\"1760000000000\",\"1\",\"Example\",\"Ads\",\"org.example.chat\",\"Chat\"\r\n\
           \"10103\",\"images.example\",\"1760000000000\",\"0\",\"Example\",\"Content\",\"org.example.chat\",\"Chat\"\r\n";
    for (name, text, tracker) in [
        ("report.ndjson", report, "profile.example"),
        ("export.csv", export, "ads.example"),
    ] {
        let audit = audited("trackers", &[(name, text.as_bytes())]);
        let findings = audit.devices[0].apps.iter().flat_map(|app| &app.findings);
        let trackers: Vec<String> = findings
            .filter(|finding| &*finding.rule == "logged-tracker-contacted")
            .map(|finding| finding.recipient.host.to_string())
            .collect();
        assert_eq!(trackers, [tracker], "{name}");
    }
}

#[test]
fn a_contact_with_a_tracker_was_first_and_last_when_the_log_says() {
    let row = r#"{"domain":"profile.example","firstTimeStamp":"2026-01-01T03:00:00Z","timeStamp":"2026-01-02T04:00:00Z","domainType":1,"hits":41,"bundleID":"org.example.chat","type":"networkActivity"}"#;
    let audit = audited("tracker-times", &[("report.ndjson", row.as_bytes())]);
    let mut findings = audit.devices[0].apps[0].findings.iter();
    let finding = findings.find(|finding| &*finding.rule == "logged-tracker-contacted");
    let seen = &finding.unwrap().occurrences;
    assert_eq!(
        [seen.first, seen.last].map(|time| time.to_string()),
        ["2026-01-01T03:00:00.000Z", "2026-01-02T04:00:00.000Z"]
    );
}

#[test]
fn what_websites_in_an_app_contact_is_not_said_to_be_the_apps_own() {
    let rows = [
        (
            "com.apple.mobilesafari",
            "googleads.g.doubleclick.net",
            BEGIN,
        ),
        ("com.apple.mobilesafari", "profile.example", BEGIN),
        ("org.example.chat", "app.adjust.com", BEGIN),
        ("org.example.chat", "app.adjust.com", BEGIN + 9),
    ];
    let report: String = privacy_report(&rows)
        .lines()
        .enumerate()
        .map(|(at, line)| {
            let line = line.replace(r#""domainType":2"#, r#""domainType":1"#);
            let own = r#""context":"","domainType":1,"initiatedType":"AppInitiated""#;
            let of_site =
                r#""context":"news.example","domainType":1,"initiatedType":"NonAppInitiated""#;
            let line = if at == 3 {
                line
            } else {
                line.replace(own, of_site)
            };
            line + "\n"
        })
        .collect();
    let audit = audited("content", &[("report.ndjson", report.as_bytes())]);
    let reasons = |package: &str, rule: &str| {
        let mut apps = audit.devices[0].apps.iter();
        let app = apps
            .find(|app| app.id == Some(AppId::new(package)))
            .unwrap();
        let finding = app.findings.iter().find(|finding| &*finding.rule == rule)?;
        let reasons: Vec<&str> = finding.reasons.iter().map(|reason| &**reason).collect();
        Some(reasons.join(", "))
    };
    let (safari, chat) = ("com.apple.mobilesafari", "org.example.chat");
    assert_eq!(
        reasons(safari, "ads-recipient-contacted").unwrap(),
        "googleads.g.doubleclick.net, content: all"
    );
    assert!(reasons(safari, "logged-tracker-in-content").is_some());
    assert_eq!(reasons(safari, "logged-tracker-contacted"), None);
    assert_eq!(
        reasons(chat, "attribution-recipient-contacted").unwrap(),
        "app.adjust.com, content: part"
    );
}

#[test]
fn what_an_app_says_of_itself_comes_before_the_log() {
    let traffic = capture(&[("collector.example", "org.example.notes/7 okhttp/4")]);
    let report = privacy_report(&[("org.example.chat", "collector.example", BEGIN)]);
    let packages = b"package:org.example.notes\npackage:org.example.chat\n";
    let files: [(&str, &[u8]); 3] = [
        ("traffic.pcap", &traffic),
        ("report.ndjson", report.as_bytes()),
        ("packages.txt", packages),
    ];
    let expected = known("org.example.notes", Basis::UserAgent);
    assert_eq!(senders(&audited("own-words", &files)), [expected]);
}

#[test]
fn the_network_log_of_a_managed_phone_says_whose_captured_traffic_is() {
    let traffic = capture(&[("collector.example", "okhttp/4")]);
    let connection = |number: i64, address: &str, port: u16, app: &str| {
        let time = BEGIN * 1000 + number;
        format!("ConnectEvent({number}, /{address}, {port}, {time}, {app})\n")
    };
    let lookup = |app: &str| {
        let time = BEGIN * 1000 - 20;
        format!("DnsEvent(9, collector.example, /198.51.100.20, 1, {time}, {app})\n")
    };
    let address = connection(1, "198.51.100.20", 80, "org.example.chat");
    let other_port = connection(2, "198.51.100.20", 443, "org.example.notes");
    // The other had another name for the address, or asked for the name and went elsewhere.
    let named = lookup("org.example.chat")
        + &address
        + &connection(3, "198.51.100.20", 80, "org.example.notes");
    let elsewhere = lookup("org.example.notes") + &address + &other_port;
    for (test, log) in [
        ("address", address.clone() + &other_port),
        ("name", lookup("org.example.chat")),
        ("named", named),
        ("elsewhere", elsewhere),
    ] {
        let files: [(&str, &[u8]); 2] = [("traffic.pcap", &traffic), ("log.txt", log.as_bytes())];
        let audit = audited(test, &files);
        let expected = known("org.example.chat", Basis::PhoneLog);
        assert_eq!(senders(&audit), [expected], "{test}");
        let apps = audit.devices[0].apps.iter();
        let unknown = apps.filter(|app| app.app == Attributed::Unknown).count();
        assert_eq!(unknown, 0, "{test}: flows are those of the app, too");
    }
}

#[test]
fn a_clock_that_is_an_hour_ahead_is_undone_for_the_log() {
    let hosts = ["a.example", "b.example", "c.example", "d.example"];
    let exchanges = exchanges(&hosts.map(|host| (host, "okhttp/4")));
    let rows: Vec<_> = (0..)
        .zip(hosts)
        .map(|(number, host)| ("org.example.chat", host, BEGIN + 3600 + number))
        .collect();
    let report = privacy_report(&rows);
    for (name, traffic) in [
        ("traffic.pcap", record::pcap(&exchanges)),
        ("traffic.har", record::har(&exchanges)),
        ("flows.mitm", record::mitmproxy(&exchanges)),
    ] {
        let audit = audited(
            "ahead",
            &[(name, &traffic), ("report.ndjson", report.as_bytes())],
        );
        assert_eq!(
            senders(&audit),
            [known("org.example.chat", Basis::PhoneLog)],
            "{name}"
        );
        let clock = audit.devices[0].clock.unwrap();
        assert_eq!(
            (clock.events, clock.median / 1_000_000_000),
            (4, 3600),
            "{name}"
        );
        let case = intake::discover(&[folder("ahead")]).unwrap();
        let mut observed = Vec::new();
        let mut take = |observation: &Observation, _: &Decoded<'_>| {
            if matches!(observation.sighting.event, Event::Exchange(_)) {
                observed.push(observation.app.clone());
            }
            Ok(())
        };
        audit::observe(&case, &Rules::embedded(), &Options::default(), &mut take).unwrap();
        let chat = known("org.example.chat", Basis::PhoneLog);
        assert_eq!(observed, vec![chat; 4], "{name}");
    }
}
