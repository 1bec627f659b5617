//! How fast bodies in clear are looked through, with so many known values: `payload::decode` and `detect::inspect` as in an audit,
//! on one core, beside `memchr` over the same bytes. Each line is a process of its own, so that its memory is its own. Time is
//! that of the processor (Linux), which others on the machine change less than that of the clock.
//!
//!     cargo bench --bench scan                                 # 0, 100, 5,000 and 1,000,000 known values
//!     cargo bench --bench scan -- --known 0,5000 --bytes 100000000 --runs 9
//!     cargo bench --bench scan -- --known 5000 --stages        # nanoseconds a byte of decoding and of each detector
//!
//! The bodies are forged: batches of events, forms, and an address book in one of five. Nothing that is known is in them, and
//! that is what must be found.
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

use std::fs;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use forge::Chance;
use phonehome::detect::{self, DETECTORS, Detector, known};
use phonehome::model::{
    DecodeStep, Dossier, Event, Evidence, Grade, KnownKind, KnownValue, Observation, Tally,
};
use phonehome::payload;
use phonehome::rules::Rules;

/// Bytes that are looked through in one run.
const BYTES: usize = 64 << 20;
/// Each figure is the best of so many runs: the machine is not ours alone.
const RUNS: usize = 5;
/// Bytes of different bodies: more than any cache holds.
const DIFFERENT: usize = 24 << 20;
const KNOWN: [usize; 4] = [0, 100, 5_000, 1_000_000];

const WORDS: [&str; 16] = [
    "screen_view",
    "add_to_cart",
    "session_start",
    "scroll",
    "ad_impression",
    "video_progress",
    "search",
    "purchase",
    "app_background",
    "first_open",
    "level_up",
    "share",
    "feature_flag",
    "experiment",
    "render_time",
    "locale",
];
const GIVEN: [&str; 8] = [
    "Ada", "Bela", "Carla", "Dimo", "Edda", "Farid", "Gesa", "Hanno",
];
const FAMILY: [&str; 8] = [
    "Abendroth",
    "Brix",
    "Caldera",
    "Dornbusch",
    "Eklund",
    "Fiebig",
    "Grothe",
    "Hallam",
];

fn below(chance: &mut Chance, bound: usize) -> usize {
    usize::try_from(chance.next() % u64::try_from(bound).unwrap()).unwrap()
}

fn pick<'a>(chance: &mut Chance, words: &[&'a str]) -> &'a str {
    words[below(chance, words.len())]
}

/// Somebody, with a number and an address that nobody else has. `provider` parts those who are known from those who are not.
fn person(chance: &mut Chance, number: usize, provider: &str) -> [String; 3] {
    let (given, family) = (pick(chance, &GIVEN), pick(chance, &FAMILY));
    let (prefix, mark) = if provider == "known" {
        ("151", "k")
    } else {
        ("160", "")
    };
    [
        format!("{given} {family}{mark}{number:x}"),
        format!("+49{prefix}{number:08}"),
        format!(
            "{}.{}{number}@{provider}.example",
            given.to_lowercase(),
            family.to_lowercase()
        ),
    ]
}

fn events(chance: &mut Chance) -> String {
    let events: Vec<String> = (0..4 + below(chance, 150))
        .map(|number| {
            format!(
                r#"{{"seq":{number},"ts":17{:08},"name":"{}","id":"{:016x}","props":{{"{}":{},"{}":"{}"}}}}"#,
                below(chance, 100_000_000),
                pick(chance, &WORDS),
                chance.next(),
                pick(chance, &WORDS),
                below(chance, 100_000),
                pick(chance, &WORDS),
                pick(chance, &WORDS),
            )
        })
        .collect();
    events.join(",")
}

fn json(chance: &mut Chance) -> String {
    let number = below(chance, 40);
    let [name, phone, mail] = person(chance, number, "mail");
    let contacts = if chance.next().is_multiple_of(4) {
        let contacts: Vec<String> = (0..5 + below(chance, 100))
            .map(|_| {
                let number = below(chance, 100_000_000);
                let [name, phone, mail] = person(chance, number, "mail");
                format!(r#"{{"name":"{name}","phone":"{phone}","email":"{mail}"}}"#)
            })
            .collect();
        format!(r#","contacts":[{}]"#, contacts.join(","))
    } else {
        String::new()
    };
    format!(
        r#"{{"sdk":"2.{}.1","device":{{"advertising_id":"{:08x}-3b52-4d8e-9a61-{:012x}","model":"PH-{number}","os":"14","wifi":{{"ssid":"Net-{number}"}}}},"user":{{"name":"{name}","phone":"{phone}","email":"{mail}"}},"location":{{"lat":52.{:06},"lon":9.{:06},"acc":{}}}{contacts},"events":[{}]}}"#,
        below(chance, 30),
        below(chance, 1 << 30),
        below(chance, 1 << 40),
        below(chance, 1_000_000),
        below(chance, 1_000_000),
        3 + below(chance, 60),
        events(chance),
    )
}

fn form(chance: &mut Chance) -> String {
    let number = below(chance, 40);
    let [_, _, mail] = person(chance, number, "mail");
    let extra: Vec<String> = (0..5 + below(chance, 55))
        .map(|number| {
            let word = pick(chance, &WORDS);
            format!("&p{number}={word}&v{number}={:012x}", chance.next() >> 16)
        })
        .collect();
    let extra = extra.concat();
    format!(
        "android_id={:016x}&email={}&lat=52.{:06}&lon=9.{:06}{extra}",
        chance.next(),
        mail.replace('@', "%40"),
        below(chance, 1_000_000),
        below(chance, 1_000_000),
    )
}

fn observations() -> Vec<Observation> {
    let mut chance = Chance::new(5);
    let mut all = Vec::new();
    let (mut bytes, mut number) = (0, 0_u64);
    while bytes < DIFFERENT {
        number += 1;
        let (kind, body) = if number.is_multiple_of(5) {
            ("application/x-www-form-urlencoded", form(&mut chance))
        } else {
            ("application/json", json(&mut chance))
        };
        bytes += body.len();
        all.push(observation(number, kind, body.into_bytes()));
    }
    all
}

fn observation(number: u64, kind: &str, body: Vec<u8>) -> Observation {
    let host = format!("t.adnet{:02}.example", number % 40);
    let headers = [("Content-Type", kind)];
    let mut posted = forge::observation::post(&host, "/v2/batch?app=77", &headers, body, false);
    posted.sighting.origin.frame = number;
    posted
}

/// An address book with so many values in it.
fn known(count: usize) -> Vec<KnownValue> {
    let mut chance = Chance::new(11);
    let kinds = [KnownKind::Name, KnownKind::Phone, KnownKind::Email];
    (0..count.div_ceil(3))
        .flat_map(|number| {
            let values = person(&mut chance, number, "known");
            kinds.into_iter().zip(values)
        })
        .map(|(kind, value)| KnownValue::of_contact(kind, &value))
        .take(count)
        .collect()
}

/// Time that this process has had of a processor; of the clock, where the system does not say.
fn spent(begin: Instant) -> Duration {
    let line = fs::read_to_string("/proc/self/schedstat").ok();
    let nanoseconds = line.and_then(|line| line.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| begin.elapsed(), Duration::from_nanos)
}

fn best(runs: usize, mut run: impl FnMut()) -> Duration {
    let begin = Instant::now();
    let times = (0..runs.max(1)).map(|_| {
        let before = spent(begin);
        run();
        spent(begin).saturating_sub(before)
    });
    times.min().unwrap()
}

/// The most memory so far, in bytes (Linux).
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1000)
}

fn looked_through(
    observations: &[Observation],
    bytes: usize,
    device: detect::Device<'_>,
    detectors: &[Detector],
) -> usize {
    let mut tally = Tally::default();
    let mut read = 0;
    for observation in observations.iter().cycle() {
        if read >= bytes {
            break;
        }
        let decoded = payload::decode(&observation.sighting.event);
        detect::inspect_by(detectors, observation, &decoded, device, &mut tally);
        read += body(observation).len();
    }
    let is_all = detectors.len() == DETECTORS.len();
    assert!(
        !is_all || !tally.findings.is_empty(),
        "the bodies hold something"
    );
    // Of a hundred thousand checksums one of four thousand million numbers is one by chance; of digests none is.
    let is_chance = |evidence: &Evidence| evidence.chain.0.contains(&DecodeStep::Crc32);
    let mut false_hits = tally.findings.iter().filter(|(key, found)| {
        key.grade == Grade::KnownValue && !found.evidence.iter().all(is_chance)
    });
    assert_eq!(false_hits.next(), None, "nothing known is in the bodies");
    read
}

fn body(observation: &Observation) -> &[u8] {
    match &observation.sighting.event {
        Event::Exchange(exchange) => &exchange.request.body.bytes,
        _ => &[],
    }
}

/// What is measured with one list of known values.
struct Measure<'a> {
    observations: &'a [Observation],
    device: detect::Device<'a>,
    bytes: usize,
    runs: usize,
}

impl Measure<'_> {
    /// Nanoseconds a byte of decoding and some detectors.
    fn cost(&self, detectors: &[Detector]) -> f64 {
        let mut read = 0;
        let time = best(self.runs, || {
            read = looked_through(self.observations, self.bytes, self.device, detectors);
        });
        time.as_secs_f64() * 1e9 / read as f64
    }

    fn stages(&self) {
        let decoding = self.cost(&[]);
        println!("  {:<12}{decoding:>6.2} ns a byte", "decoding");
        for detector in DETECTORS {
            let cost = self.cost(std::slice::from_ref(detector)) - decoding;
            println!("  {:<12}{cost:>6.2} ns a byte", detector.name);
        }
    }
}

fn measure(count: usize, bytes: usize, runs: usize, has_stages: bool) {
    let rules = Rules::embedded();
    let observations = observations();
    let values = known(count);
    let begin = Instant::now();
    let index = known::Index::new(values, &[], &rules, 1);
    let prepared = begin.elapsed();
    let device = detect::Device {
        rules: &rules,
        dossier: &Dossier::default(),
        known: &index,
    };
    let measure = Measure {
        observations: &observations,
        device,
        bytes,
        runs,
    };
    let all = measure.cost(DETECTORS);
    let known = DETECTORS
        .iter()
        .find(|detector| detector.name == "known")
        .unwrap();
    let alone = measure.cost(std::slice::from_ref(known)) - measure.cost(&[]);
    let alone = if count == 0 {
        "–".to_owned()
    } else {
        format!("{:.0}", 1e3 / alone)
    };
    let bare = best(runs, || {
        let mut left = bytes;
        for observation in observations.iter().cycle() {
            let body = body(observation);
            black_box(memchr::memchr(0, body));
            left = left.saturating_sub(body.len());
            if left == 0 {
                break;
            }
        }
    });
    println!(
        "{count:>9} known  {:>6.0} MB/s  known values alone {alone:>5} MB/s  {:>5} MB of memory, prepared in {:>6.2} s  memchr {:.1} GB/s",
        1e3 / all,
        peak().map_or_else(|| "–".to_owned(), |peak| (peak / 1_000_000).to_string()),
        prepared.as_secs_f64(),
        bytes as f64 / 1e9 / bare.as_secs_f64(),
    );
    if has_stages {
        measure.stages();
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut bytes, mut runs, mut counts) = (BYTES, RUNS, KNOWN.to_vec());
    let (mut is_benchmark, mut is_alone, mut has_stages) = (false, false, false);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().expect("a number follows");
        match argument.as_str() {
            "--bench" => is_benchmark = true,
            "--alone" => is_alone = true,
            "--stages" => has_stages = true,
            "--bytes" => bytes = number().parse().expect("a number"),
            "--runs" => runs = number().parse().expect("a number"),
            "--known" => {
                let numbers = number();
                let numbers = numbers.split(',');
                counts = numbers.map(|one| one.parse().expect("a number")).collect();
            }
            // words for another benchmark
            _ => return,
        }
    }
    if !is_benchmark {
        println!("nothing is measured in tests; try `cargo bench`");
        return;
    }
    if let (true, [count]) = (is_alone, counts.as_slice()) {
        return measure(*count, bytes, runs, has_stages);
    }
    for count in counts {
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--bench", "--alone", "--known", &count.to_string()])
            .args(["--bytes", &bytes.to_string(), "--runs", &runs.to_string()])
            .args(has_stages.then_some("--stages"))
            .status()
            .expect("the benchmark starts itself");
        assert!(status.success());
    }
}
