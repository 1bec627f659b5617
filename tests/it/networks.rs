//! Captures of a network whose clients are told apart, and what lies beside a capture or is compared with it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use phonehome::Error;
use phonehome::audit::{self, Basis, Live, Options, Progress};
use phonehome::flow::Clients;
use phonehome::intake;
use phonehome::model::{Audit, Consent, LinkType, Shortfall, Side};
use phonehome::rules::Rules;

use crate::forge::capture::{Pcap, Record};
use crate::forge::stream::{Connection, Sent};
use crate::forge::{http, packet, record, tls};

const HOST: &str = "sync.app.example";
const SERVER: &str = "198.51.100.20";
const CONTACTS: &str = r#"{"contacts":[{"name":"Ich Selbst","phone":"+4915112345678"},{"name":"Erika Muster","phone":"+493023125113"},{"name":"Cem Probe","phone":"+493023125119"}]}"#;

/// A new folder with these files.
fn folder(test: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("networks")
        .join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
    folder
}

fn audited(folder: &Path, options: &Options) -> Audit {
    let case = intake::discover(&[folder.to_owned()]).unwrap();
    let rules = Rules::embedded();
    let outcome = audit::run(&case, &rules, options, &Progress::default()).unwrap();
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    outcome.audit
}

fn split() -> Options {
    Options {
        has_split_clients: true,
        ..Options::default()
    }
}

fn client(number: u8) -> SocketAddr {
    SocketAddr::from(([192, 168, 7, number], 40_000))
}

/// An upload of contacts in clear.
fn upload(client: SocketAddr) -> Vec<Sent> {
    let server = SocketAddr::new(SERVER.parse().unwrap(), 80);
    let mut connection = Connection::open(client, server);
    let json = [("Content-Type", "application/json")];
    let request = http::request("POST", HOST, "/sync", &json, CONTACTS.as_bytes());
    connection.send(Side::Client, &request);
    connection.send(Side::Server, &http::response(200, &[], b"ok"));
    connection.close();
    connection.packets
}

/// A capture of Ethernet, in which the last number of each address is that of the hardware; a millisecond between packets.
fn capture(talks: &[(u64, Vec<Sent>)]) -> Vec<u8> {
    let mac = |address: IpAddr| match address {
        IpAddr::V4(address) if address.is_private() => [2, 0, 0, 0, 0, address.octets()[3]],
        _ => [2, 0, 0, 0, 0, 1],
    };
    let mut records = Vec::new();
    for (second, packets) in talks {
        for (sent, step) in packets.iter().zip(0_u64..) {
            let (from, to) = packet::addresses(&sent.ip);
            let kind = packet::ether_type(&sent.ip);
            let frame = [&mac(to)[..], &mac(from), &kind, &sent.ip].concat();
            let time = (1_760_000_000 + second) * 1_000_000_000 + step * 1_000_000;
            records.push(Record::at(time, frame));
        }
    }
    Pcap::new(LinkType::ETHERNET).write(&records)
}

/// Phones, and how often each rule was found in what they sent.
fn found(audit: &Audit) -> Vec<(&str, Vec<(&str, u64)>)> {
    audit
        .devices
        .iter()
        .map(|device| {
            let findings = device.apps.iter().flat_map(|app| &app.findings);
            let counts = findings.map(|it| (&*it.rule, it.occurrences.count));
            (device.name.as_str(), counts.collect())
        })
        .collect()
}

/// Flows of each phone.
fn flows(audit: &Audit) -> BTreeMap<&str, u64> {
    let flows = audit.devices.iter().map(|device| {
        let volumes = device.traffic.values();
        (
            device.name.as_str(),
            volumes.map(|volume| volume.flows).sum(),
        )
    });
    flows.collect()
}

fn has(audit: &Audit, shortfall: Shortfall) -> bool {
    audit.coverage.iter().any(|(_, it, _)| it == shortfall)
}

#[test]
fn consent_counts_from_the_first_packet_of_each_client() {
    let talks = [(0, upload(client(10))), (1000, upload(client(11)))];
    let folder = folder("consent", &[("gateway.pcap", &capture(&talks))]);
    let options = Options {
        consent: Consent::parse("+90s"),
        ..split()
    };
    let audit = audited(&folder, &options);
    let early = found(&audit).into_iter().map(|(name, findings)| {
        let is_early = findings.iter().any(|it| it.0 == "sent-before-consent");
        (name, is_early)
    });
    let phones = [("02:00:00:00:00:0a", true), ("02:00:00:00:00:0b", true)];
    assert_eq!(early.collect::<Vec<_>>(), phones);
}

#[test]
fn a_live_capture_knows_consent_and_refuses_what_it_cannot_compare_with() {
    let rules = Rules::embedded();
    let mut options = Options {
        consent: Consent::parse("+90s"),
        ..Options::default()
    };
    let talks = [(0, upload(client(10))), (1000, upload(client(11)))];
    let folder = folder("live", &[("gateway.pcap", &capture(&talks))]);
    let case = intake::discover(&[folder]).unwrap();
    let mut source = case.devices[0].inputs[0].open().unwrap().unwrap();
    let basis = Basis::new(&options, &rules).unwrap();
    let mut live = Live::new("net0", Clients::new([]), &rules, &basis, &options);
    while let Some(item) = source.next_item().unwrap() {
        live.take(item);
    }
    let audit = live.finish();
    assert_eq!(audit.devices.len(), 2);
    for (name, findings) in found(&audit) {
        let mut rules = findings.iter().map(|it| it.0);
        assert!(rules.any(|rule| rule == "sent-before-consent"), "{name}");
    }
    options.baseline = vec![PathBuf::from("without.pcap")];
    let refused = Basis::new(&options, &rules).unwrap_err();
    assert!(matches!(refused, Error::Usage(_)), "{refused}");
}

#[test]
fn the_address_book_that_is_named_counts_for_each_client() {
    let list = "[own]\nphone = \"+4915112345678\"\n";
    let known = folder("book", &[("known.toml", list.as_bytes())]).join("known.toml");
    let talk = capture(&[(0, upload(client(10)))]);
    let folder = folder("book-phone", &[("gateway.pcap", &talk)]);
    let people = |options: Options| {
        let options = Options {
            known: vec![known.clone()],
            ..options
        };
        let audit = audited(&folder, &options);
        let findings = audit.devices[0].apps.iter().flat_map(|app| &app.findings);
        let people = findings.filter(|it| &*it.rule == "contact-name-phone-record");
        people.map(|it| it.people).collect::<Vec<_>>()
    };
    let alone = people(Options::default());
    assert_eq!(alone.iter().flatten().map(|it| it.others).max(), Some(2));
    assert_eq!(people(split()), alone);
}

/// An upload of which only the amount is known.
fn closed_upload() -> Vec<u8> {
    capture(&[(0, closed(1500))])
}

/// A connection of which only the amount is known.
fn closed(bytes: usize) -> Vec<Sent> {
    let server = SocketAddr::new(SERVER.parse().unwrap(), 443);
    let mut session = tls::Session::new(&tls::Settings::new(HOST, 5));
    let mut connection = Connection::open(client(10), server);
    for (side, bytes) in session.handshake() {
        connection.send(side, &bytes);
    }
    let sent = session.send(Side::Client, &vec![b'x'; bytes]);
    connection.send(Side::Client, &sent).close();
    connection.packets
}

/// A list of so many contacts.
fn address_book(contacts: usize) -> String {
    let mut list = String::new();
    for number in 0..contacts {
        let _ = writeln!(
            list,
            "[[contact]]\nname = \"Erika Muster {number}\"\nphone = \"+4930231251{number:02}\""
        );
    }
    list
}

fn is_concluded(audit: &Audit) -> bool {
    let apps = audit.devices.iter().flat_map(|device| &device.apps);
    let mut findings = apps.flat_map(|app| &app.findings);
    findings.any(|it| &*it.rule == "contact-upload-difference")
}

#[test]
fn a_lost_segment_leaves_out_its_recipient_and_no_other() {
    let with_contacts = capture(&[(0, closed(1500))]);
    let without = |mut elsewhere: Vec<Sent>, is_lost: bool| {
        if is_lost {
            let longest = elsewhere
                .iter()
                .enumerate()
                .max_by_key(|(_, it)| it.ip.len());
            let longest = longest.unwrap().0;
            elsewhere.remove(longest);
        }
        capture(&[(0, closed(200)), (100, elsewhere)])
    };
    let other = SocketAddr::new("198.51.100.77".parse().unwrap(), 80);
    let talk = |server: SocketAddr, host: &str| {
        let mut connection = Connection::open(client(10), server);
        let request = http::request("POST", host, "/sync", &[], CONTACTS.as_bytes());
        connection.send_in(Side::Client, &request, 100);
        connection.send(Side::Server, &http::response(200, &[], b"ok"));
        connection.close();
        connection.packets
    };
    let same = SocketAddr::new(SERVER.parse().unwrap(), 80);
    for (elsewhere, is_lost, concluded, left_out) in [
        (talk(other, "news.example"), false, true, 0),
        (talk(other, "news.example"), true, true, 1),
        (talk(same, HOST), true, false, 1),
    ] {
        let baseline = without(elsewhere, is_lost);
        let list = address_book(20);
        let files: [(&str, &[u8]); 2] =
            [("known.toml", list.as_bytes()), ("without.pcap", &baseline)];
        let beside = folder("lost-beside", &files);
        let folder = folder("lost", &[("phone.pcap", &with_contacts)]);
        let options = Options {
            known: vec![beside.join("known.toml")],
            baseline: vec![beside.join("without.pcap")],
            ..Options::default()
        };
        let audit = audited(&folder, &options);
        assert_eq!(is_concluded(&audit), concluded, "{is_lost} {left_out}");
        let noted = audit.coverage.iter();
        let noted = noted.filter(|(_, shortfall, _)| *shortfall == Shortfall::NotCompared);
        assert_eq!(noted.map(|it| it.2.count).sum::<u64>(), left_out);
    }
}

#[test]
fn a_session_compared_with_itself_has_not_sent_more() {
    let list = address_book(20);
    let owners = "IPProto,SrcIP,SrcPort,DstIp,DstPort,UID,App,PackageName,Proto,Status,Info,BytesSent,BytesRcvd,PktsSent,PktsRcvd,FirstSeen,LastSeen\n\
        6,192.168.7.10,40000,198.51.100.20,443,10214,Wetter,com.example.wetter,TLS,Closed,sync.app.example,2000,700,6,6,2025-10-09T08:53:20.000+00:00,2025-10-09T08:53:21.000+00:00\n";
    let whole = closed_upload();
    let beside = folder(
        "beside",
        &[
            ("known.toml", list.as_bytes()),
            ("same.pcap", &whole),
            ("cut.pcap", &whole[..whole.len() - 40]),
        ],
    );
    let files: [(&str, &[u8]); 2] = [("phone.pcap", &whole), ("owners.csv", owners.as_bytes())];
    for files in [&files[..1], &files] {
        let folder = folder("compared", files);
        for name in ["same.pcap", "cut.pcap"] {
            let options = Options {
                known: vec![beside.join("known.toml")],
                baseline: vec![beside.join(name)],
                ..Options::default()
            };
            let audit = audited(&folder, &options);
            assert!(!is_concluded(&audit), "{name} beside {} files", files.len());
            // What was compared with is named, with what is missing of it.
            let input = audit
                .inputs
                .iter()
                .find(|input| input.path.ends_with(name))
                .unwrap();
            let noted: Vec<Shortfall> = audit
                .coverage
                .iter()
                .filter(|(id, ..)| *id == input.id)
                .map(|(_, shortfall, _)| shortfall)
                .collect();
            assert_eq!(noted.contains(&Shortfall::Truncated), name == "cut.pcap");
        }
    }
}

/// The upload as a sensor lists it.
fn connection_log(client: SocketAddr) -> String {
    let body = u64::try_from(CONTACTS.len()).unwrap();
    let (address, port) = (client.ip(), client.port());
    format!(
        r#"{{"_path":"conn","ts":1760000000.0,"uid":"C1","id.orig_h":"{address}","id.orig_p":{port},"id.resp_h":"{SERVER}","id.resp_p":80,"proto":"tcp","service":"http","duration":0.2,"orig_bytes":{body},"resp_bytes":38,"conn_state":"SF","orig_pkts":6,"orig_ip_bytes":400,"resp_pkts":5,"resp_ip_bytes":300}}"#
    ) + "\n"
}

/// The upload as a proxy keeps it.
fn proxy_log() -> Vec<u8> {
    record::har(&[record::Exchange {
        method: "POST",
        host: HOST.to_owned(),
        target: "/sync".to_owned(),
        headers: vec![("Content-Type", "application/json".to_owned())],
        body: CONTACTS.as_bytes().to_vec(),
        response: b"ok".to_vec(),
    }])
}

#[test]
fn what_a_capture_shows_counts_once_beside_records_of_it() {
    let talk = capture(&[(0, upload(client(10)))]);
    let sensor = connection_log(client(10));
    for (name, record) in [("conn.log", sensor.as_bytes()), ("proxy.har", &proxy_log())] {
        for options in [Options::default(), split()] {
            let audited = |files: &[(&str, &[u8])]| {
                audited(&folder(&format!("once-{name}"), files), &options)
            };
            let alone = audited(&[("net.pcap", &talk)]);
            let both = audited(&[("net.pcap", &talk), (name, record)]);
            assert_eq!(both.devices.len(), 1, "{name}");
            assert_eq!(flows(&both), flows(&alone), "{name}");
            assert_eq!(found(&both)[0].1, found(&alone)[0].1, "{name}");
            assert!(has(&both, Shortfall::SameTraffic), "{name}");
        }
    }
}

#[test]
fn what_only_the_record_has_still_counts() {
    let talk = capture(&[(0, upload(client(10)))]);
    let mut sensor = connection_log(client(10));
    // Another phone, to another server.
    sensor += &connection_log(client(11)).replace(SERVER, "198.51.100.21");
    let files: [(&str, &[u8]); 2] = [("net.pcap", &talk), ("conn.log", sensor.as_bytes())];
    let audit = audited(&folder("more", &files), &split());
    let expected = [("02:00:00:00:00:0a", 1), ("192.168.7.11", 1)];
    assert_eq!(flows(&audit), BTreeMap::from(expected));
}
