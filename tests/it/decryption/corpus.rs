//! Real captures with keys beside what tshark decrypts in them, as SHA-256 per direction. The captures hold real people's data:
//! nothing of them is printed but file names and numbers.

use std::fs;
use std::path::{Path, PathBuf};

use phonehome::model::ContentState;
use ring::digest::{SHA256, digest};
use serde_json::Value;

use super::plaintext::read_file;

/// Captures with a connection that the keys open only in part, for tshark as for us, with the reason.
const PARTLY: &[(&str, &str)] = &[(
    "princeb612__hotplace/tls/tls12/tls12renogotiation.pcapng",
    "the key log has no line for the second handshake of the connection",
)];

fn captures(corpus: &Path) -> Vec<(String, PathBuf, PathBuf, Value)> {
    let read = |path: PathBuf| -> Value {
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    };
    let manifest = read(corpus.join("MANIFEST.json"));
    let mut found = Vec::new();
    for entry in manifest.as_array().unwrap() {
        let (Some(name), Some(truth)) = (entry["path"].as_str(), entry["ground_truth"].as_str())
        else {
            continue;
        };
        let truth = read(corpus.join(truth));
        if let Some(key_log) = truth["keylog"].as_str() {
            let path = corpus.join(name);
            let key_log = path.with_file_name(key_log);
            found.push((name.to_owned(), path, key_log, truth));
        }
    }
    found
}

/// Number of bytes and SHA-256 of both directions, the smaller first: tshark does not say who opened a connection.
type Digests = [(u64, String); 2];

fn digests(mut sides: Digests) -> Digests {
    sides.sort();
    sides
}

fn sha256(bytes: &[u8]) -> (u64, String) {
    use std::fmt::Write as _;
    let digest = digest(&SHA256, bytes);
    let hex = digest
        .as_ref()
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        });
    (bytes.len() as u64, hex)
}

#[test]
fn real_captures_decrypt_as_in_tshark() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.is_dir() {
        println!("skipped: ../shared is absent");
        return;
    }
    let mut same = 0;
    let mut different = Vec::new();
    for (name, path, key_log, truth) in captures(&corpus) {
        let key_log = fs::read(key_log).unwrap();
        let flows = read_file(&path, &key_log);
        let streams = truth["decrypted_streams"].as_array().unwrap();
        for datagram in streams.iter().filter(|stream| stream["proto"] == "dtls") {
            let text = datagram["text"].as_str().unwrap().as_bytes();
            let has_it = |side: &[u8]| side.windows(text.len()).any(|window| window == text);
            let mut sides = flows.iter().flat_map(|flow| [&flow.client, &flow.server]);
            assert!(!text.is_empty() && sides.any(|side| has_it(side)), "{name}");
            same += 1;
        }
        let mut ours: Vec<(Digests, ContentState)> = flows
            .iter()
            .filter(|flow| !flow.client.is_empty() || !flow.server.is_empty())
            .map(|flow| {
                let sides = [sha256(&flow.client), sha256(&flow.server)];
                (digests(sides), flow.content.unwrap())
            })
            .collect();
        for stream in streams.iter().filter(|stream| stream["proto"] == "tls") {
            let side = |node: &str| {
                let bytes = stream[format!("{node}_bytes")].as_u64().unwrap();
                let hash = stream[format!("{node}_sha256")].as_str().unwrap();
                (bytes, hash.to_owned())
            };
            let theirs = digests([side("node0"), side("node1")]);
            if let Some(at) = ours.iter().position(|(digests, _)| *digests == theirs) {
                let (_, content) = ours.remove(at);
                let is_partly = PARTLY.iter().find(|(file, _)| *file == name);
                let expected = is_partly.map_or(ContentState::Decrypted, |(_, reason)| {
                    println!("{name}: {reason}");
                    ContentState::PartlyDecrypted
                });
                assert_eq!(content, expected, "{name}");
                same += 1;
            } else {
                let lens = [theirs[0].0, theirs[1].0];
                let our_lens: Vec<_> = ours.iter().map(|(d, c)| (d[0].0, d[1].0, *c)).collect();
                different.push(format!("{name}: tshark {lens:?}, we {our_lens:?}"));
            }
        }
    }
    println!("{same} connections have the same plaintext");
    assert!(different.is_empty(), "{different:#?}");
    assert!(same > 0, "the corpus has captures with keys");
}
