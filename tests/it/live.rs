//! Live capture as users run it: on the loopback interface, with traffic of the test's own. Needs the feature `live` and the
//! right to capture, and says so where it has not.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

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
    let rules = Rules::embedded();
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

/// While nobody reads, the kernel keeps what fits and counts the rest.
#[cfg(feature = "live")]
#[test]
fn packets_that_the_kernel_dropped_are_counted() {
    use std::net::UdpSocket;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use phonehome::intake::{self, Poll};
    use phonehome::model::{InputId, Shortfall};

    const DATAGRAMS: u64 = 4000;
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let to = receiver.local_addr().unwrap();
    let filter = format!("udp dst port {}", to.port());
    let stop = Arc::new(AtomicBool::new(false));
    let opened = intake::open_interface("lo", Some(&filter), None, InputId(0), Arc::clone(&stop));
    let mut interface = match opened {
        Ok(interface) => interface,
        Err(error) => {
            println!("skipped: {error}");
            return;
        }
    };
    // Four times what the kernel keeps.
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..DATAGRAMS {
        sender.send_to(&vec![7; 64_000], to).unwrap();
    }
    let (mut seen, mut dropped) = (0, 0);
    loop {
        match interface.poll().unwrap() {
            Poll::Item(Item::Packet(_)) => seen += 1,
            Poll::Item(Item::Shortfall {
                shortfall: Shortfall::DroppedByCapture,
                count,
                ..
            }) => dropped += count,
            Poll::Item(other) => panic!("{other:?}"),
            Poll::Idle => stop.store(true, Ordering::Relaxed),
            Poll::End => break,
        }
    }
    // The kernel counts what it has no room for on its way out and on its way in.
    let lost = DATAGRAMS - seen;
    assert!(seen > 0 && lost > 0, "{seen} seen");
    assert!(
        (lost..=2 * DATAGRAMS).contains(&dropped),
        "{seen} seen, {dropped} dropped"
    );
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

/// A capture of the loopback interface that goes on until it is told to end; `None` where that cannot be.
struct Running {
    child: Child,
    port: u16,
}

impl Running {
    /// Starts it, and waits until it captures.
    fn start(mut command: Command, port: u16) -> Option<(Self, BufReader<ChildStderr>)> {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut messages = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        messages.read_line(&mut first).unwrap();
        if !first.starts_with("capturing from") {
            let _ = child.wait().unwrap();
            println!("skipped: {first}");
            return None;
        }
        Some((Self { child, port }, messages))
    }

    /// Sends a request.
    fn talk(&self) {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let json = [("Content-Type", "application/json")];
        let request = http::request("POST", "collector.example", "/v1/event", &json, BODY);
        connection.write_all(&request).unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).unwrap();
    }

    /// Ends it as Ctrl-C does.
    fn interrupt(self) -> Output {
        let id = self.child.id().to_string();
        let killed = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(killed.success());
        self.child.wait_with_output().unwrap()
    }
}

/// A line of what Linux tells of a process.
fn status(process: u32, line: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let found = status.lines().find_map(|found| found.strip_prefix(line));
    Some(found?.trim().to_owned())
}

/// A server on the loopback interface, and the arguments that capture its traffic.
fn on_loopback() -> (u16, [String; 5]) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || serve(&listener));
    let arguments = ["audit", "--interface", "lo", "--filter"].map(str::to_owned);
    let [audit, interface, lo, filter] = arguments;
    let expression = format!("tcp port {port}");
    (port, [audit, interface, lo, filter, expression])
}

#[test]
fn an_interrupt_ends_a_capture_with_its_report_and_rights_are_given_up() {
    if !cfg!(feature = "live") {
        return println!("skipped: built without the feature live");
    }
    let (port, arguments) = on_loopback();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = phonehome(&[&arguments[..], &["-f", "json"]].concat());
    // As sudo calls it; nobody's number is the same everywhere.
    command.env("SUDO_UID", "65534").env("SUDO_GID", "65534");
    let Some((running, _messages)) = Running::start(command, port) else {
        return;
    };
    running.talk();
    // What is not there yet when the signal comes is not in the report.
    thread::sleep(Duration::from_millis(600));
    if let Some(own) = status(std::process::id(), "Uid:") {
        for set in ["CapEff:", "CapPrm:", "CapInh:"] {
            let rights = status(running.child.id(), set).unwrap();
            assert_eq!(rights.trim_start_matches('0'), "", "{set}");
        }
        assert_eq!(status(running.child.id(), "NoNewPrivs:").unwrap(), "1");
        if own.starts_with("0\t") {
            let bound = status(running.child.id(), "CapBnd:").unwrap();
            assert_eq!(bound.trim_start_matches('0'), "", "CapBnd");
            let user = status(running.child.id(), "Uid:").unwrap();
            assert!(user.starts_with("65534\t"), "{user}");
        }
    }
    let output = running.interrupt();
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = found(&report);
    assert!(
        found.iter().any(|(key, _)| key.contains("advertising-id")),
        "{found:?}"
    );
}

#[test]
fn an_interrupt_keeps_the_exit_status_of_a_gate() {
    if !cfg!(feature = "live") {
        return println!("skipped: built without the feature live");
    }
    let (port, arguments) = on_loopback();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let command = phonehome(&[&arguments[..], &["-f", "json", "--fail-on", "low"]].concat());
    let Some((running, _messages)) = Running::start(command, port) else {
        return;
    };
    running.talk();
    thread::sleep(Duration::from_millis(600));
    assert_eq!(running.interrupt().status.code(), Some(1));
}

#[test]
fn a_terminal_shows_a_table_that_is_drawn_anew() {
    if !cfg!(feature = "live") {
        return println!("skipped: built without the feature live");
    }
    let (port, arguments) = on_loopback();
    let [.., expression] = &arguments;
    let line = format!(
        "{} audit --interface lo --filter '{expression}' --duration 5s --width 100",
        env!("CARGO_BIN_EXE_phonehome")
    );
    let mut command = Command::new("script");
    command
        .args(["-qec", &line, "/dev/null"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return println!("skipped: no script: {error}"),
    };
    let output = talk_until_end(port, child);
    let shown = String::from_utf8_lossy(&output.stdout);
    if shown.contains("no right to capture") {
        return println!("skipped: {shown}");
    }
    let drawn: Vec<&str> = shown.split("\x1b[2J\x1b[H").collect();
    // Two tables in five seconds, then the report itself.
    assert!(drawn.len() >= 4, "{shown}");
    assert!(drawn[1].contains("packets of 0 clients; Ctrl-C ends with the full report"));
    assert!(drawn[1].contains("collector.example"), "{}", drawn[1]);
    let last = drawn.last().unwrap();
    assert!(last.contains("collector.example") && !last.contains("Ctrl-C"));
}

/// Namespaces of a network: two phones at a gateway, and a server behind it. Removed when dropped.
struct Network {
    names: Vec<String>,
}

impl Network {
    fn new() -> Result<Self, String> {
        let id = std::process::id();
        let names = ["gw", "anna", "bernd", "web"].map(|name| format!("ph{id}{name}"));
        let network = Self {
            names: names.to_vec(),
        };
        for name in &names {
            Self::run(&format!("ip netns add {name}"))?;
        }
        let [gateway, anna, bernd, server] = &names;
        for step in [
            format!("ip -n {gateway} link add br0 type bridge"),
            format!("ip -n {gateway} addr add 10.9.0.1/24 dev br0"),
            format!("ip -n {gateway} link set br0 up"),
            format!("ip -n {gateway} link add up0 type veth peer name up0 netns {server}"),
            format!("ip -n {gateway} addr add 198.51.100.1/24 dev up0"),
            format!("ip -n {gateway} link set up0 up"),
            format!("ip -n {server} addr add 198.51.100.20/24 dev up0"),
            format!("ip -n {server} link set up0 up"),
            format!("ip -n {server} route add 10.9.0.0/24 via 198.51.100.1"),
            format!("ip netns exec {gateway} sysctl -qw net.ipv4.ip_forward=1"),
        ] {
            Self::run(&step)?;
        }
        for (number, phone) in [(10, anna), (11, bernd)] {
            for step in [
                format!(
                    "ip -n {gateway} link add p{number} type veth peer name eth0 netns {phone}"
                ),
                format!("ip -n {gateway} link set p{number} master br0 up"),
                format!("ip -n {phone} link set eth0 address 02:00:00:00:00:{number:02x} up"),
                format!("ip -n {phone} addr add 10.9.0.{number}/24 dev eth0"),
                format!("ip -n {phone} route add default via 10.9.0.1"),
            ] {
                Self::run(&step)?;
            }
        }
        Ok(network)
    }

    fn run(line: &str) -> Result<(), String> {
        let mut words = line.split(' ');
        let output = Command::new(words.next().unwrap())
            .args(words)
            .output()
            .map_err(|error| format!("{line}: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!(
            "{line}: {}",
            String::from_utf8_lossy(&output.stderr)
        ))
    }

    /// A command inside.
    fn within(&self, place: usize, program: &str) -> Command {
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.names[place], program])
            .stdin(Stdio::null());
        command
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for name in &self.names {
            let _ = Self::run(&format!("ip netns del {name}"));
        }
    }
}

/// Findings by phone: rule, recipient and grade, with how many occurrences.
fn found_by_phone(report: &Value) -> Vec<(String, Vec<(String, Value)>)> {
    let devices = report["devices"].as_array().unwrap().iter();
    devices
        .map(|device| {
            let alone = serde_json::json!({"devices": [device]});
            (device["name"].to_string(), found(&alone))
        })
        .collect()
}

/// What an audit of a recording says of the phones in it.
fn recorded(path: &Path) -> Vec<(String, Vec<(String, Value)>)> {
    let arguments = [
        "audit",
        path.to_str().unwrap(),
        "--split-clients",
        "-f",
        "json",
    ];
    let output = phonehome(&arguments).output().unwrap();
    found_by_phone(&serde_json::from_slice(&output.stdout).unwrap())
}

const SERVER: &str = "
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'ok')
http.server.HTTPServer(('198.51.100.20', 80), Handler).serve_forever()
";

#[test]
fn a_gateway_sees_each_phone_as_its_recordings_do() {
    if !cfg!(feature = "live") {
        return println!("skipped: built without the feature live");
    }
    let network = match Network::new() {
        Ok(network) => network,
        Err(reason) => return println!("skipped: no network of namespaces: {reason}"),
    };
    let folder = folder("gateway");
    let [ours, theirs] = ["ours.pcap", "theirs.pcap"].map(|name| folder.join(name));
    let mut server = match network
        .within(3, "python3")
        .args(["-c", SERVER])
        .stderr(Stdio::null())
        .spawn()
    {
        Ok(server) => server,
        Err(error) => return println!("skipped: no python3: {error}"),
    };
    let tcpdump = Command::new("tcpdump").arg("--version").output().is_ok();
    let mut dump = tcpdump.then(|| {
        let theirs = theirs.to_str().unwrap();
        // Packets at once, else what came last is lost when it ends; with room for many of the longest.
        let arguments = [
            "-i",
            "br0",
            "-U",
            "--immediate-mode",
            "-B",
            "65536",
            "-Z",
            "root",
            "-w",
            theirs,
            "tcp port 80",
        ];
        let mut command = network.within(0, "tcpdump");
        let mut dump = command
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It says so once it listens; what passes before that is not in its recording.
        let mut said = BufReader::new(dump.stderr.take().unwrap()).lines();
        assert!(said.any(|line| line.unwrap().contains("listening on")));
        (dump, said)
    });
    let mut capture = network.within(0, env!("CARGO_BIN_EXE_phonehome"));
    let path = std::env::var_os("PATH").unwrap();
    capture.env_clear().env("PATH", path);
    capture.args(["audit", "--interface", "br0", "--filter", "tcp port 80"]);
    capture.args(["-f", "json", "--write", ours.to_str().unwrap()]);
    let (running, _messages) = Running::start(capture, 80).expect("root may capture");
    thread::sleep(Duration::from_millis(700));
    let mut requests = 0;
    for (place, id, count) in [(1, 10, 3), (2, 11, 1)] {
        for _ in 0..count {
            let body = format!(r#"{{"advertising_id":"38400000-8cf0-11bd-b23e-{id:012x}"}}"#);
            let mut curl = network.within(place, "curl");
            curl.args([
                "-sS",
                "--retry-connrefused",
                "--retry",
                "5",
                "--data",
                &body,
            ]);
            curl.args(["-H", "Content-Type: application/json"]);
            curl.args(["-H", "Host: collector.example", "http://198.51.100.20/v1"]);
            requests += usize::from(curl.output().unwrap().stdout == b"ok");
        }
    }
    thread::sleep(Duration::from_millis(700));
    let output = running.interrupt();
    if let Some((dump, _)) = &mut dump {
        let id = dump.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        let _ = dump.wait();
    }
    let _ = server.kill();
    let _ = server.wait();
    assert_eq!(requests, 4, "curl reached the server");
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let live = found_by_phone(&report);
    let names: Vec<&str> = live.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["\"02:00:00:00:00:0a\"", "\"02:00:00:00:00:0b\""]);
    for ((_, found), count) in live.iter().zip([3, 1]) {
        let ids = found.iter().find(|(key, _)| key.contains("advertising-id"));
        assert_eq!(ids.unwrap().1, count);
    }
    assert_eq!(recorded(&ours), live);
    if dump.is_some() {
        assert_eq!(recorded(&theirs), live);
    } else {
        println!("tcpdump is absent: its recording is not compared");
    }
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
