//! Inputs as a user names them: files and folders on disk, and the real captures of `../shared`.

use std::fs;
use std::path::{Path, PathBuf};

use phonehome::intake::{self, Item};
use phonehome::model::Shortfall;

/// What came out of one input.
#[derive(Debug, Default)]
struct Seen {
    packets: u64,
    /// Number of the last packet: Wireshark also numbers some blocks that are no packets.
    last_frame: u64,
    sightings: u64,
    shortfalls: Vec<(Shortfall, String)>,
}

fn see(input: &intake::Input) -> Seen {
    let mut seen = Seen::default();
    let Some(mut source) = input.open().expect("the file is there") else {
        return seen;
    };
    while let Some(item) = source.next_item().expect("files do not vanish") {
        match item {
            Item::Packet(packet) => {
                seen.packets += 1;
                seen.last_frame = packet.origin.frame;
            }
            Item::Sighting(sighting) => {
                seen.sightings += 1;
                seen.last_frame = sighting.origin.frame;
            }
            Item::Shortfall {
                shortfall, detail, ..
            } => seen.shortfalls.push((shortfall, detail)),
        }
    }
    seen
}

fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if folder.is_dir() {
        Some(folder)
    } else {
        println!("skipped: ../shared is absent");
        None
    }
}

/// Captures in which tshark counts more than packets.
const NUMBERED_BLOCKS: &[(&str, &str)] = &[
    (
        "basic/test017.pcapng",
        "tshark numbers custom blocks as packets",
    ),
    (
        "basic/test018.pcapng",
        "tshark numbers custom blocks as packets",
    ),
];

#[test]
fn corpus_captures_have_as_many_packets_as_tshark_counts() {
    let Some(shared) = shared() else { return };
    let corpus = shared.join("corpus");
    let manifest = fs::read(corpus.join("MANIFEST.json")).unwrap();
    let manifest: Vec<serde_json::Value> = serde_json::from_slice(&manifest).unwrap();
    let (mut same, mut different) = (0, Vec::new());
    for entry in &manifest {
        let (Some(path), Some(expected)) = (entry["path"].as_str(), entry["packets"].as_u64())
        else {
            continue;
        };
        let case = intake::discover(&[corpus.join(path)]);
        let seen = match &case {
            Ok(case) => see(&case.devices[0].inputs[0]),
            Err(error) => {
                println!("{path}: {error}");
                Seen::default()
            }
        };
        let reason = NUMBERED_BLOCKS.iter().find(|(end, _)| path.ends_with(end));
        if seen.packets == expected {
            same += 1;
        } else if let Some((_, reason)) = reason {
            println!(
                "{path}: {} packets, tshark {expected}: {reason}",
                seen.packets
            );
        } else if entry["tshark_rc"] == 0 {
            different.push(format!("{path}: {seen:?}, tshark {expected}"));
        } else {
            println!("{path}: {seen:?}, tshark {expected} and failed");
        }
    }
    println!("{same} captures have the same packet count as tshark");
    assert!(same > 0);
    assert!(different.is_empty(), "{different:#?}");
}
