//! Live capture as users run it: on the loopback interface, with traffic of the test's own. Needs the feature `live` and the
//! right to capture, and says so where it has not.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use phonehome::audit::{Basis, Live, Options};
use phonehome::flow::Clients;
use phonehome::intake::Item;
use phonehome::model::{LinkType, Origin, Packet, Side, Timestamp};
use phonehome::rules::Rules;
use serde_json::Value;

use crate::forge::stream::Connection;
use crate::forge::{http, packet};

const BODY: &[u8] =
    br#"{"advertising_id":"38400000-8cf0-11bd-b23e-10b96e40000d","lat":52.374478,"lon":9.738553}"#;

fn phonehome(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phonehome"));
    command.env_clear().args(arguments).stdin(Stdio::null());
    command
}

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("live")
        .join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Answers one request a connection, for ever.
fn serve(listener: &TcpListener) {
    for connection in listener.incoming() {
        let mut connection = connection.unwrap();
        let mut request = [0; 4096];
        let _ = connection.read(&mut request).unwrap();
        connection
            .write_all(&http::response(200, &[], b"ok"))
            .unwrap();
        let _ = connection.shutdown(Shutdown::Write);
    }
}

/// Sends requests until the capture has ended: when it begins is not known from outside.
fn talk_until_end(port: u16, mut capture: Child) -> Output {
    let request = http::request(
        "POST",
        "collector.example",
        "/v1/event",
        &[("Content-Type", "application/json")],
        BODY,
    );
    while capture.try_wait().unwrap().is_none() {
        let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
        connection.write_all(&request).unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).unwrap();
    }
    capture.wait_with_output().unwrap()
}

/// What was found, by rule, recipient and grade: with how many occurrences.
fn found(report: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for device in report["devices"].as_array().unwrap() {
        for app in device["apps"].as_array().unwrap() {
            for finding in app["findings"].as_array().unwrap() {
                let of = |name: &str| finding[name].to_string();
                let key = format!("{} {} {}", of("rule"), of("recipient"), of("grade"));
                found.push((key, finding["count"].clone()));
            }
        }
    }
    found.sort_by(|one, two| one.0.cmp(&two.0));
    found
}

#[test]
fn a_live_run_finds_what_its_recording_shows() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || serve(&listener));
    let folder = folder("loopback");
    let recording = folder.join("recording.pcap");
    let filter = format!("tcp port {port}");
    let arguments = [
        "audit",
        "--interface",
        "lo",
        "--filter",
        &filter,
        "--duration",
        "2s",
        "-f",
        "json",
        "--write",
        recording.to_str().unwrap(),
    ];
    let capture = phonehome(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = talk_until_end(port, capture);
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    if !cfg!(feature = "live") {
        assert_eq!(output.status.code(), Some(2));
        assert!(messages.contains("--features live"), "{messages}");
        println!("skipped: built without the feature live");
        return;
    }
    if output.status.code() == Some(2) {
        // What a user without rights sees has the next step.
        assert!(
            messages.contains("no right to capture") && messages.contains("setcap"),
            "{messages}"
        );
        println!("skipped: {messages}");
        return;
    }
    assert_eq!(output.status.code(), Some(0), "{messages}");
    let live: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(live["devices"][0]["name"], "this computer");
    assert_eq!(live["inputs"][0]["format"], "interface");
    let found_live = found(&live);
    assert!(
        found_live
            .iter()
            .any(|(key, _)| key.contains("advertising-id"))
    );
    let output = phonehome(&["audit", recording.to_str().unwrap(), "-f", "json"])
        .output()
        .unwrap();
    let recorded: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found_live, found(&recorded));
    assert_eq!(live["inputs"][0]["items"], recorded["inputs"][0]["items"]);
}

/// A DHCP request with a name (RFC 2131 §2, RFC 2132 §3.14).
fn dhcp_request(mac: [u8; 6], name: &str) -> Vec<u8> {
    let mut bytes = vec![1, 1, 6, 0];
    bytes.resize(28, 0);
    bytes.extend(mac);
    bytes.resize(236, 0);
    bytes.extend([0x63, 0x82, 0x53, 0x63, 53, 1, 3, 12]);
    bytes.push(u8::try_from(name.len()).unwrap());
    bytes.extend(name.bytes());
    bytes.push(255);
    bytes
}

#[test]
fn clients_of_a_network_have_their_own_names_and_findings() {
    const GATEWAY: [u8; 6] = [2, 0, 0, 0, 0, 1];
    let rules = Rules::embedded().unwrap();
    let options = Options::default();
    let basis = Basis::new(&options, &rules).unwrap();
    let clients = Clients::new(["192.168.7.1".parse().unwrap()]);
    let mut live = Live::new("wlan0", clients, &rules, &basis, &options);
    let mut frame = 0;
    let mut take = |from: [u8; 6], to: [u8; 6], ip: &[u8]| {
        frame += 1;
        let data = [to.as_slice(), &from, &packet::ether_type(ip), ip].concat();
        live.take(Item::Packet(Packet {
            origin: Origin {
                frame,
                time: Timestamp(i64::try_from(frame).unwrap() * 1_000_000),
                ..Origin::default()
            },
            link: LinkType::ETHERNET,
            wire_len: u32::try_from(data.len()).unwrap(),
            data: &data,
            owner: None,
            direction: None,
        }));
    };
    let server: SocketAddr = "198.51.100.4:80".parse().unwrap();
    for (number, name) in [(10_u8, "annas-phone"), (11, "bernds-phone")] {
        let mac = [2, 0, 0, 0, 0, number];
        let asks = packet::udp(
            "0.0.0.0:68".parse().unwrap(),
            "255.255.255.255:67".parse().unwrap(),
            &dhcp_request(mac, name),
        );
        take(mac, [255; 6], &asks);
        let phone = SocketAddr::from(([192, 168, 7, number], 40_000));
        let mut connection = Connection::open(phone, server);
        let body = format!(r#"{{"advertising_id":"38400000-8cf0-11bd-b23e-{number:012x}"}}"#);
        let headers = [("Content-Type", "application/json")];
        let request = http::request(
            "POST",
            "collector.example",
            "/v1",
            &headers,
            body.as_bytes(),
        );
        connection.send(Side::Client, &request);
        connection.send(Side::Server, &http::response(200, &[], b"ok"));
        connection.close();
        for sent in &connection.packets {
            let is_clients = packet::addresses(&sent.ip).0 == phone.ip();
            let (from, to) = if is_clients {
                (mac, GATEWAY)
            } else {
                (GATEWAY, mac)
            };
            take(from, to, &sent.ip);
        }
    }
    let audit = live.finish();
    let found: Vec<(&str, usize)> = audit
        .devices
        .iter()
        .map(|device| {
            let findings = device.apps.iter().flat_map(|app| &app.findings);
            let ids = findings.filter(|finding| &*finding.rule == "advertising-id");
            (device.name.as_str(), ids.count())
        })
        .collect();
    let expected = [
        ("annas-phone (02:00:00:00:00:0a)", 1),
        ("bernds-phone (02:00:00:00:00:0b)", 1),
    ];
    assert_eq!(found, expected);
}

#[test]
fn without_the_right_to_capture_the_next_step_is_named() {
    if !cfg!(feature = "live") {
        println!("skipped: built without the feature live");
        return;
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(env!("CARGO_BIN_EXE_phonehome"))
        .args(["audit", "--interface", "lo", "--duration", "1s"])
        .env_clear()
        .stdin(Stdio::null());
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => return println!("skipped: no setpriv: {error}"),
    };
    let messages = String::from_utf8_lossy(&output.stderr);
    if messages.contains("setpriv:") {
        // Not the superuser, or the folder of the program is not for others.
        return println!("skipped: {messages}");
    }
    assert_eq!(output.status.code(), Some(2), "{messages}");
    assert!(
        messages.contains("no right to capture") && messages.contains("setcap"),
        "{messages}"
    );
}

#[test]
fn interfaces_are_listed() {
    let output = phonehome(&["interfaces"]).output().unwrap();
    if cfg!(feature = "live") {
        let listed = String::from_utf8(output.stdout).unwrap();
        assert!(
            listed.lines().any(|line| line.starts_with("lo ")),
            "{listed}"
        );
    } else {
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("--features live"));
    }
}
