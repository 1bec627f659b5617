//! Time and memory of `phonehome audit` on large captures, beside `cat` of the same file.
//!
//! `cargo bench` forges the captures once (a gigabyte each, in `target/tmp`) and prints medians of alternating runs:
//!
//! - `tls-opaque`: two hundred connections at once, all encrypted: what most of a phone's traffic is
//! - `http-clear`: requests and responses in clear, every body decoded
//! - `many-flows`: one question and one answer a flow
//! - `har`: what `http-clear` carries as a proxy records it, and `har-body`: a record with one body that is nearly all of it
//!
//! `cargo bench -- tls-opaque`: only that; `-- --bytes 100000000`: smaller; `-- FILE`: a capture of one's own;
//! `-- --runs 9`: more runs.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reads what it forged itself, and ends where it cannot go on"
)]

#[path = "../tests/it/forge/mod.rs"]
mod forge;

use std::fs::{self, File};
use std::io::{BufWriter, Read as _, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use forge::dns::{self, Answer};
use forge::stream::Connection;
use forge::{Chance, http, packet, tls};
use phonehome::model::Side;

/// Size of a forged capture.
const BYTES: u64 = 1 << 30;
/// Runs of each program on each capture.
const RUNS: usize = 5;
/// Flows that are open at the same time.
const OPEN: usize = 200;
/// Between two packets, in microseconds.
const STEP: u64 = 40;

const ETHERNET_BYTES: usize = 14;

/// A kind of input.
type Kind = (&'static str, Forge);

/// How an input is forged.
#[derive(Clone, Copy)]
enum Forge {
    /// From flows: the IP packets of some, of which all others are copies with another phone.
    Flows(fn(&mut Chance) -> Vec<Vec<Vec<u8>>>),
    /// By itself, up to a size.
    Record(fn(&mut dyn Write, u64, &mut Chance)),
}

const KINDS: [Kind; 5] = [
    ("tls-opaque", Forge::Flows(tls_opaque)),
    ("http-clear", Forge::Flows(http_clear)),
    ("many-flows", Forge::Flows(many_flows)),
    ("har", Forge::Record(har)),
    ("har-body", Forge::Record(har_body)),
];

fn client(number: usize) -> SocketAddr {
    SocketAddr::new(
        Ipv4Addr::new(192, 0, 2, 10).into(),
        40_000 + u16::try_from(number).unwrap(),
    )
}

fn server(number: usize, port: u16) -> SocketAddr {
    let last = u8::try_from(number % 200).unwrap();
    SocketAddr::new(Ipv4Addr::new(198, 51, 100, last).into(), port)
}

fn packets(connection: Connection) -> Vec<Vec<u8>> {
    connection.packets.into_iter().map(|sent| sent.ip).collect()
}

/// Handshakes as rustls makes them, then records of chance: mostly from the server, now and then a larger upload.
fn tls_opaque(chance: &mut Chance) -> Vec<Vec<Vec<u8>>> {
    (0..12)
        .map(|number| {
            let host = format!("api{number}.vendor.example");
            let mut session = tls::Session::new(&tls::Settings::new(&host, chance.next()));
            let mut connection = Connection::open(client(number), server(number, 443));
            for (side, bytes) in session.handshake() {
                connection.send(side, &bytes);
            }
            for turn in 0..40 {
                let is_upload = turn % 9 == 4;
                for (side, length) in [
                    (Side::Client, if is_upload { 9000 } else { 400 }),
                    (Side::Server, if is_upload { 300 } else { 11_000 }),
                ] {
                    let mut record = vec![0x17, 3, 3];
                    record.extend(u16::try_from(length).unwrap().to_be_bytes());
                    record.extend(chance.bytes(length));
                    for piece in record.chunks(2800) {
                        connection.send(side, piece);
                    }
                }
            }
            packets(connection.close().clone())
        })
        .collect()
}

/// What an app tells a tracker at once.
fn events(number: impl std::fmt::Display, turn: u64, chance: &mut Chance) -> String {
    let events: Vec<String> = (0..8)
        .map(|event| {
            format!(
                r#"{{"event":"view","screen":"page-{event}","duration":{},"session":"{:016x}","lat":52.37{},"lon":9.73{}}}"#,
                chance.next() % 10_000,
                chance.next(),
                chance.next() % 100,
                chance.next() % 100,
            )
        })
        .collect();
    format!(
        r#"{{"device":{{"model":"Pixel 8","os":"14","advertising_id":"7c4f1a0e-3b52-4d8e-9a61-5f0c2b7d4e{number:02}"}},"turn":{turn},"events":[{}]}}"#,
        events.join(",")
    )
}

const HAR_HEAD: &str =
    r#"{"log":{"version":"1.2","creator":{"name":"forge","version":"1"},"entries":["#;

/// An entry up to the text of its request's body.
fn entry_head(number: u64) -> String {
    format!(
        r#"{{"startedDateTime":"2026-01-02T03:04:05.678Z","time":1,"serverIPAddress":"198.51.100.20","request":{{"method":"POST","url":"https://collect{number}.tracker.example/v2/events","httpVersion":"HTTP/2","cookies":[],"queryString":[],"headers":[{{"name":"Content-Type","value":"application/json"}}],"headersSize":-1,"bodySize":-1,"postData":{{"mimeType":"application/json","text":"#
    )
}

const ENTRY_END: &str = r#"}},"response":{"status":200,"headers":[{"name":"Content-Type","value":"application/json"}],"content":{"size":26,"mimeType":"application/json","text":"{\"accepted\":8,\"next\":30}"}},"cache":{},"timings":{"send":0,"wait":1,"receive":0}}"#;

/// Exchanges as in `http-clear`.
fn har(file: &mut dyn Write, bytes: u64, chance: &mut Chance) {
    file.write_all(HAR_HEAD.as_bytes()).unwrap();
    let (mut written, mut turn) = (0, 0_u64);
    while written < bytes {
        let comma = if turn == 0 { "" } else { ",\n" };
        let body = serde_json::to_string(&events(turn % 40, turn, chance)).unwrap();
        let entry = format!("{comma}{}{body}{ENTRY_END}", entry_head(turn % 40));
        file.write_all(entry.as_bytes()).unwrap();
        written += entry.len() as u64;
        turn += 1;
    }
    file.write_all(b"]}}\n").unwrap();
}

/// One exchange with a body of that size, and an ordinary one behind it.
fn har_body(file: &mut dyn Write, bytes: u64, chance: &mut Chance) {
    file.write_all(HAR_HEAD.as_bytes()).unwrap();
    write!(file, "{}\"", entry_head(0)).unwrap();
    let mut written = 0;
    while written < bytes {
        let text = serde_json::to_string(&events(0, written, chance)).unwrap();
        let text = text.trim_matches('"');
        file.write_all(text.as_bytes()).unwrap();
        written += text.len() as u64;
    }
    let body = serde_json::to_string(&events(1, 1, chance)).unwrap();
    let end = format!("\"{ENTRY_END},\n{}{body}{ENTRY_END}]}}}}\n", entry_head(1));
    file.write_all(end.as_bytes()).unwrap();
}

/// JSON to a tracker and its answers.
fn http_clear(chance: &mut Chance) -> Vec<Vec<Vec<u8>>> {
    (0..40)
        .map(|number| {
            let host = format!("collect{number}.tracker.example");
            let mut connection = Connection::open(client(number), server(number, 80));
            for turn in 0..12 {
                let body = events(number, turn, chance);
                let json = [("Content-Type", "application/json")];
                let request = http::request("POST", &host, "/v2/events", &json, body.as_bytes());
                connection.send(Side::Client, &request);
                let response = http::response(200, &json, br#"{"accepted":8,"next":30}"#);
                connection.send(Side::Server, &response);
            }
            packets(connection.close().clone())
        })
        .collect()
}

/// Name lookups.
fn many_flows(_: &mut Chance) -> Vec<Vec<Vec<u8>>> {
    (0..1000)
        .map(|number| {
            let name = format!("host{number}.vendor.example");
            let address: IpAddr =
                Ipv4Addr::new(203, 0, 113, u8::try_from(number % 250).unwrap()).into();
            let (phone, resolver) = (client(number), server(1, 53));
            let id = u16::try_from(number).unwrap();
            let answers = [Answer::Address(&name, address)];
            vec![
                packet::udp(phone, resolver, &dns::query(id, &name, dns::A)),
                packet::udp(resolver, phone, &dns::answer(id, &name, dns::A, &answers)),
            ]
        })
        .collect()
}

/// A flow under way.
struct Open {
    template: usize,
    next: usize,
    number: u32,
}

impl Open {
    /// The packet as a frame; each flow has a phone of its own.
    fn frame(&self, ip: &[u8], frame: &mut Vec<u8>) {
        frame.clear();
        frame.extend(packet::ethernet(ip));
        let is_from_phone = ip[12..15] == [192, 0, 2];
        let address = ETHERNET_BYTES + if is_from_phone { 12 } else { 16 };
        let [_, high, middle, low] = self.number.to_be_bytes();
        frame[address..address + 4].copy_from_slice(&[10, high, middle, low]);
    }
}

/// Writes a capture of a kind.
fn forge_capture(path: &Path, templates: &[Vec<Vec<u8>>], bytes: u64, chance: &mut Chance) {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    let mut written = 24_u64;
    let mut header = Vec::new();
    for number in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
        header.extend(number.to_le_bytes());
    }
    file.write_all(&header).unwrap();
    let (mut open, mut flows, mut clock) = (Vec::<Open>::new(), 0_u32, 1_760_000_000_000_000_u64);
    let mut frame = Vec::new();
    while written < bytes {
        while open.len() < OPEN {
            open.push(Open {
                template: usize::try_from(chance.next()).unwrap() % templates.len(),
                next: 0,
                number: flows,
            });
            flows += 1;
        }
        let at = usize::try_from(chance.next()).unwrap() % open.len();
        let flow = &mut open[at];
        let packets = &templates[flow.template];
        for _ in 0..=chance.next() % 16 {
            let Some(ip) = packets.get(flow.next) else {
                break;
            };
            flow.next += 1;
            flow.frame(ip, &mut frame);
            clock += STEP;
            let length = u32::try_from(frame.len()).unwrap();
            let seconds = u32::try_from(clock / 1_000_000).unwrap();
            let fraction = u32::try_from(clock % 1_000_000).unwrap();
            for number in [seconds, fraction, length, length] {
                file.write_all(&number.to_le_bytes()).unwrap();
            }
            file.write_all(&frame).unwrap();
            written += 16 + u64::from(length);
        }
        if flow.next >= packets.len() {
            open.swap_remove(at);
        }
    }
    file.flush().unwrap();
}

/// The capture of a kind, forged unless it is there already.
fn capture((name, forge): Kind, bytes: u64) -> PathBuf {
    let ending = match forge {
        Forge::Flows(_) => "pcap",
        Forge::Record(_) => "har",
    };
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{name}-{bytes}.{ending}"));
    if !path.exists() {
        let mut chance = Chance::new(7);
        let unfinished = path.with_extension("unfinished");
        match forge {
            Forge::Flows(templates) => {
                let templates = templates(&mut chance);
                forge_capture(&unfinished, &templates, bytes, &mut chance);
            }
            Forge::Record(write) => {
                let mut file =
                    BufWriter::with_capacity(1 << 20, File::create(&unfinished).unwrap());
                write(&mut file, bytes, &mut chance);
                file.flush().unwrap();
            }
        }
        fs::rename(unfinished, &path).unwrap();
    }
    path
}

/// What a run took: time, and the most memory at any time where the system tells.
struct Run {
    time: Duration,
    memory: Option<u64>,
}

fn run(command: &mut Command) -> Run {
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut memory = None;
    loop {
        memory = peak(&child).or(memory);
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{command:?} failed");
            return Run {
                time: start.elapsed(),
                memory,
            };
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The high-water mark of a process's memory in bytes (Linux).
fn peak(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Time to read and hash the file, which an audit does beside the rest.
fn hash(path: &Path) -> Duration {
    let start = Instant::now();
    let mut file = File::open(path).unwrap();
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let mut buffer = vec![0; 1 << 18];
    loop {
        let length = file.read(&mut buffer).unwrap();
        if length == 0 {
            break;
        }
        context.update(&buffer[..length]);
    }
    assert_eq!(context.finish().as_ref().len(), 32);
    start.elapsed()
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    times[times.len() / 2]
}

fn measure(name: &str, path: &Path, runs: usize) {
    let bytes = fs::metadata(path).unwrap().len();
    let audit = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phonehome"));
        command
            .args(["audit", "--format", "json", "--jobs", "1"])
            .arg(path);
        command
    };
    let cat = || {
        let mut command = Command::new("cat");
        command.arg(path);
        command
    };
    // once for the page cache
    run(&mut cat());
    let (mut audits, mut cats, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        cats.push(run(&mut cat()));
        audits.push(run(&mut audit()));
        hashes.push(hash(path));
    }
    let audit = median(audits.iter().map(|run| run.time));
    let cat = median(cats.iter().map(|run| run.time));
    let memory = audits.iter().filter_map(|run| run.memory).max();
    println!(
        "{name:<12} {:>6.0} MB  audit {:>6.2} s {:>5.2} GB/s {:>5} MB  cat {:>5.2} s ({:.1}×)  SHA-256 {:>5.2} s",
        bytes as f64 / 1e6,
        audit.as_secs_f64(),
        bytes as f64 / 1e9 / audit.as_secs_f64(),
        memory.map_or_else(|| "–".to_owned(), |memory| (memory / 1_000_000).to_string()),
        cat.as_secs_f64(),
        audit.as_secs_f64() / cat.as_secs_f64(),
        median(hashes.into_iter()).as_secs_f64(),
    );
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut bytes, mut runs) = (BYTES, RUNS);
    let (mut kinds, mut files) = (Vec::new(), Vec::new());
    let mut is_benchmark = false;
    while let Some(argument) = arguments.next() {
        let number = |arguments: &mut dyn Iterator<Item = String>| {
            arguments
                .next()
                .expect("a number follows")
                .parse::<u64>()
                .expect("a number")
        };
        match argument.as_str() {
            "--bench" => is_benchmark = true,
            "--bytes" => bytes = number(&mut arguments),
            "--runs" => runs = usize::try_from(number(&mut arguments)).unwrap().max(1),
            name => match KINDS.iter().find(|(kind, _)| *kind == name) {
                Some(kind) => kinds.push(*kind),
                None => files.push(PathBuf::from(name)),
            },
        }
    }
    if !is_benchmark {
        println!("nothing is measured in tests; try `cargo bench`");
        return;
    }
    if kinds.is_empty() && files.is_empty() {
        kinds.extend(KINDS);
    }
    for kind in kinds {
        measure(kind.0, &capture(kind, bytes), runs);
    }
    for file in files {
        let name = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        measure(&name, &file, runs);
    }
}
