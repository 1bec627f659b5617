//! `WebSocket` messages in real captures, counted beside tshark's. Skipped, and said so, where either is absent.

use std::fs;
use std::path::Path;
use std::process::Command;

use phonehome::flow::Flows;
use phonehome::intake::{self, Item};
use phonehome::model::{Coverage, Event, Sighting};
use serde_json::Value;

/// Data messages of client and server.
type Counts = [usize; 2];

/// What tshark counts: frames that begin a message. `None` if it is not installed.
fn counted_by_tshark(path: &Path) -> Option<Counts> {
    let output = Command::new("tshark")
        .arg("-r")
        .arg(path)
        .args(["-Y", "websocket", "-T", "fields"])
        .args(["-e", "websocket.opcode", "-e", "websocket.mask"])
        .output()
        .ok()?;
    let mut counts = [0, 0];
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (opcodes, masks) = line.split_once('\t').unwrap_or_default();
        for (opcode, mask) in opcodes.split(',').zip(masks.split(',')) {
            if matches!(opcode, "1" | "2") {
                counts[usize::from(mask == "0" || mask == "False")] += 1;
            }
        }
    }
    Some(counts)
}

fn counted_by_us(path: &Path) -> Counts {
    let mut counts = [0, 0];
    let mut flows = Flows::new();
    let mut coverage = Coverage::default();
    let mut take = |sighting: Sighting| {
        if let Event::Message(message) = sighting.event
            && message.protocol == "websocket"
            && !message.body.is_cut
        {
            counts[usize::from(!message.from_client)] += 1;
        }
    };
    let case = intake::discover(&[path.to_owned()]).expect("a capture");
    for input in case.devices.iter().flat_map(|device| &device.inputs) {
        let Some(mut source) = input.open().expect("the file is there") else {
            continue;
        };
        while let Some(item) = source.next_item().expect("files do not vanish") {
            if let Item::Packet(packet) = item {
                flows.packet(&packet, &mut coverage, &mut take);
            }
        }
    }
    flows.finish(&mut coverage, &mut take);
    counts
}

#[test]
fn real_sockets_have_the_messages_that_tshark_counts() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let Ok(manifest) = fs::read_to_string(corpus.join("MANIFEST.json")) else {
        println!("skipped: ../shared is absent");
        return;
    };
    let manifest: Value = serde_json::from_str(&manifest).expect("the corpus is well-formed");
    let mut messages = 0;
    for entry in manifest.as_array().expect("a list of files") {
        let (Some(name), Some(truth)) = (entry["path"].as_str(), entry["ground_truth"].as_str())
        else {
            continue;
        };
        let truth = fs::read_to_string(corpus.join(truth)).expect("the corpus is whole");
        let truth: Value = serde_json::from_str(&truth).expect("the corpus is well-formed");
        if !truth["protocol_stacks"].to_string().contains(":websocket") {
            continue;
        }
        let path = corpus.join(name);
        let Some(theirs) = counted_by_tshark(&path) else {
            println!("skipped: tshark is not installed");
            return;
        };
        let ours = counted_by_us(&path);
        println!("{name}: {ours:?} of {theirs:?}");
        assert_eq!(ours, theirs, "{name}");
        messages += ours[0] + ours[1];
    }
    assert!(messages > 0, "no capture has a socket");
}
