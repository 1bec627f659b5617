//! How fast connections with keys are read: beside ring's bare AEAD in the same run, and beside tshark where it is installed.
//!
//! Decryption is what TLS makes of the segments of a connection, from the bytes of TCP to plaintext; these are in the
//! processor's cache, as they are behind the reader of a file. From the file it is that and what any packet costs: the
//! system's copy of the file, headers, flows, reassembly.
//!
//!     cargo bench --bench decrypt                         # forged connections
//!     cargo bench --bench decrypt -- capture.pcap keys    # another capture with its key log
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a benchmark measures what it forged itself"
)]

#[path = "../tests/it/forge/mod.rs"]
mod forge;

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use forge::capture::{Pcap, Record};
use forge::stream::{Connection, SEGMENT_BYTES};
use forge::tls::{Session, Settings};
use phonehome::flow::Flows;
use phonehome::intake::{self, Item};
use phonehome::model::{ContentState, Coverage, Event, LinkType, Origin, Side};
use phonehome::protocol::{Chunk, Dissector, KeyLog, Output, PROTOCOLS, Protocol, Start, Verdict};
use ring::aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce,
    UnboundKey,
};
use rustls::CipherSuite;

/// Plaintext of one forged capture.
const BYTES: usize = 48 << 20;
/// Plaintext of one connection that is decrypted in the cache.
const CACHED_BYTES: usize = 1 << 20;
/// Plaintext of a record: what servers send in bulk.
const RECORD_BYTES: usize = 16 << 10;
/// Each figure is the best of so many runs: the machine is not ours alone.
const RUNS: usize = 15;
/// The same where a run takes less than a millisecond.
const SHORT_RUNS: usize = 300;
/// Bytes of a capture that tshark is given; it takes minutes for more.
const TSHARK_BYTES: usize = 8 << 20;

const SUITES: [(&str, CipherSuite, &Algorithm); 3] = [
    (
        "AES-128-GCM",
        CipherSuite::TLS13_AES_128_GCM_SHA256,
        &AES_128_GCM,
    ),
    (
        "AES-256-GCM",
        CipherSuite::TLS13_AES_256_GCM_SHA384,
        &AES_256_GCM,
    ),
    (
        "ChaCha20-Poly1305",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
        &CHACHA20_POLY1305,
    ),
];

/// TLS over something that only counts, so that decryption is measured and nothing behind it.
const COUNTING: &[Protocol] = &[
    Protocol {
        name: "tls",
        probe: |probe| (tls().probe)(probe),
        start: |start| (tls().start)(start),
        content: ContentState::NoKey,
    },
    Protocol {
        name: "counted",
        probe: |_| Verdict::Yes,
        start: |_| Box::new(Counted),
        content: ContentState::Clear,
    },
];

fn tls() -> &'static Protocol {
    let mut protocols = PROTOCOLS.iter();
    protocols.find(|protocol| protocol.name == "tls").unwrap()
}

struct Counted;

impl Dissector for Counted {
    fn feed(&mut self, chunk: Chunk<'_>, _emit: &mut dyn FnMut(Output<'_>)) {
        black_box(chunk.bytes.len());
    }
    fn gap(&mut self, _side: Side, _lost: u64, _emit: &mut dyn FnMut(Output<'_>)) {
        panic!("nothing is lost");
    }
    fn finish(&mut self, _emit: &mut dyn FnMut(Output<'_>)) {}
}

fn best(run: impl FnMut()) -> Duration {
    best_of(RUNS, run)
}

fn best_of(runs: usize, mut run: impl FnMut()) -> Duration {
    let runs = (0..runs).map(|_| {
        let begin = Instant::now();
        run();
        begin.elapsed()
    });
    runs.min().unwrap()
}

fn rate(bytes: usize, time: Duration) -> f64 {
    bytes as f64 / time.as_secs_f64() / 1e9
}

/// A connection: who sends what, one after the other, and its key log.
struct Download {
    flights: Vec<(Side, Vec<u8>)>,
    /// How many of them are the handshake.
    handshake: usize,
    key_log: String,
}

/// One download.
fn download(suite: CipherSuite, bytes: usize) -> Download {
    let mut session = Session::new(&Settings {
        suite: Some(suite),
        ..Settings::new("api.example", 7)
    });
    let mut flights = session.handshake();
    let handshake = flights.len();
    let plain = forge::Chance::new(1).bytes(RECORD_BYTES);
    for _ in 0..bytes / RECORD_BYTES {
        flights.push((Side::Server, session.send_whole(Side::Server, &plain)));
    }
    Download {
        flights,
        handshake,
        key_log: session.key_log(),
    }
}

/// The capture of it.
fn captured(download: &Download) -> Vec<u8> {
    let client = "192.0.2.7:40000".parse().unwrap();
    let mut connection = Connection::open(client, "198.51.100.1:443".parse().unwrap());
    for (side, flight) in &download.flights {
        connection.send(*side, flight);
    }
    connection.close();
    let records: Vec<Record> = (0_u64..)
        .zip(connection.packets)
        .map(|(number, sent)| Record::at(1_760_000_000_000_000_000 + number * 1_000_000, sent.ip))
        .collect();
    Pcap::new(LinkType::RAW).write(&records)
}

/// Decrypts the records that TCP delivers, in segments of the size that captures have, once the handshake is read.
fn decrypt(download: &Download) -> Duration {
    let mut keys = KeyLog::default();
    keys.read(download.key_log.as_bytes());
    let start = Start {
        keys: Arc::new(keys),
        ..Start::default()
    };
    let mut dissector = (tls().start)(&start);
    let mut decrypted = 0;
    let mut feed = |flights: &[(Side, Vec<u8>)]| {
        let begin = Instant::now();
        for (side, flight) in flights {
            for bytes in flight.chunks(SEGMENT_BYTES) {
                let chunk = Chunk {
                    side: *side,
                    bytes,
                    origin: Origin::default(),
                };
                dissector.feed(chunk, &mut |output| {
                    if let Output::Inner(chunk, _) = output {
                        decrypted += black_box(chunk.bytes).len();
                    }
                });
            }
        }
        begin.elapsed()
    };
    let (handshake, records) = download.flights.split_at(download.handshake);
    feed(handshake);
    let time = feed(records);
    assert_eq!(decrypted, records.len() * RECORD_BYTES, "the keys fit");
    time
}

/// Reads a capture through the whole chain up to plaintext.
fn read(path: &Path, key_log: &[u8], protocols: &'static [Protocol]) {
    let mut keys = KeyLog::default();
    keys.read(key_log);
    let mut flows = Flows::with_protocols(protocols);
    flows.set_keys(Arc::new(keys));
    let mut coverage = Coverage::default();
    let mut decrypted = 0;
    let mut take = |sighting: phonehome::model::Sighting| {
        if let Event::Traffic(traffic) = sighting.event
            && traffic.content == ContentState::Decrypted
        {
            decrypted += 1;
        }
    };
    let case = intake::discover(&[path.to_owned()]).unwrap();
    for input in case.devices.iter().flat_map(|device| &device.inputs) {
        let Some(mut source) = input.open().unwrap() else {
            continue;
        };
        while let Some(item) = source.next_item().unwrap() {
            if let Item::Packet(packet) = item {
                flows.packet(&packet, &mut coverage, &mut take);
            }
        }
    }
    flows.finish(&mut coverage, &mut take);
    assert!(decrypted > 0, "the keys fit");
}

/// ring alone, over records of the same size in a buffer that begins on a page.
fn bare(algorithm: &'static Algorithm, bytes: usize) -> Duration {
    let key = LessSafeKey::new(UnboundKey::new(algorithm, &vec![7; algorithm.key_len()]).unwrap());
    let nonce = || Nonce::assume_unique_for_key([3; NONCE_LEN]);
    let mut sealed = forge::Chance::new(1).bytes(RECORD_BYTES);
    key.seal_in_place_append_tag(nonce(), Aad::empty(), &mut sealed)
        .unwrap();
    let mut buffer = vec![0; sealed.len() + 4096];
    let start = buffer.as_ptr().align_offset(4096);
    let work = &mut buffer[start..][..sealed.len()];
    best_of(SHORT_RUNS, || {
        for _ in 0..bytes / RECORD_BYTES {
            work.copy_from_slice(&sealed);
            black_box(key.open_in_place(nonce(), Aad::empty(), work).unwrap());
        }
    })
}

fn tshark(path: &Path, key_log: &Path) -> Option<Duration> {
    let begin = Instant::now();
    let status = Command::new("tshark")
        .arg("-r")
        .arg(path)
        .args(["-o", &format!("tls.keylog_file:{}", key_log.display())])
        .args(["-Y", "http", "-T", "fields", "-e", "http.host"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    status.success().then(|| begin.elapsed())
}

fn beside_tshark(path: &Path, key_log: &Path) {
    let keys = fs::read(key_log).unwrap();
    let ours = best(|| read(path, &keys, PROTOCOLS));
    let len = usize::try_from(fs::metadata(path).unwrap().len()).unwrap();
    println!(
        "{}: {:.2} GB/s",
        path.file_name().unwrap().to_string_lossy(),
        rate(len, ours)
    );
    match tshark(path, key_log) {
        Some(theirs) => println!(
            "  tshark: {:.4} GB/s; we are {:.0} times as fast",
            rate(len, theirs),
            theirs.as_secs_f64() / ours.as_secs_f64()
        ),
        None => println!("  skipped: tshark is not installed"),
    }
}

fn main() {
    let named: Vec<PathBuf> = std::env::args_os()
        .skip(1)
        .filter(|word| word != "--bench")
        .map(PathBuf::from)
        .collect();
    if let [capture, key_log] = named.as_slice() {
        return beside_tshark(capture, key_log);
    }
    if !named.is_empty() {
        // Words for another benchmark.
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (name, suite, algorithm) in SUITES {
        let download = download(suite, BYTES);
        let path = folder.join("decrypt.pcap");
        fs::write(&path, captured(&download)).unwrap();
        let cached = self::download(suite, CACHED_BYTES);
        let runs = (0..SHORT_RUNS).map(|_| decrypt(&cached));
        let ours = runs.min().unwrap();
        let bare = bare(algorithm, CACHED_BYTES);
        let of_file = best(|| read(&path, download.key_log.as_bytes(), COUNTING));
        let share = |rate_of_ours: f64| 100.0 * rate_of_ours / rate(CACHED_BYTES, bare);
        let (ours, of_file) = (rate(CACHED_BYTES, ours), rate(BYTES, of_file));
        println!(
            "{name}: ring alone {:.2} GB/s, decryption {ours:.2} GB/s: {:.0} %; from the file to plaintext {of_file:.2} GB/s: {:.0} %",
            rate(CACHED_BYTES, bare),
            share(ours),
            share(of_file),
        );
    }
    let download = download(SUITES[0].1, TSHARK_BYTES);
    let (path, keys) = (folder.join("tshark.pcap"), folder.join("tshark.keys"));
    fs::write(&path, captured(&download)).unwrap();
    fs::write(&keys, &download.key_log).unwrap();
    beside_tshark(&path, &keys);

    let lines: Vec<String> = (0..1_000_000_u32)
        .map(|number| format!("CLIENT_RANDOM {number:064x} {number:096x}"))
        .collect();
    let text = lines.join("\n");
    let time = best(|| {
        let mut keys = KeyLog::default();
        keys.read(text.as_bytes());
        black_box(&keys);
    });
    println!("a key log of a million lines: {:.2} s", time.as_secs_f64());
}
