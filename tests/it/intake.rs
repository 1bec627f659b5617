//! Inputs as a user names them: files and folders on disk, and the real captures of `../shared`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use phonehome::Error;
use phonehome::intake::{self, Case, Input, Item};
use phonehome::limits;
use phonehome::model::{Event, LabelForm, LinkType, Shortfall};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::forge::archive;
use crate::forge::capture::{Pcap, Pcapng, Record, comment};
use crate::forge::packet;

/// A folder of the test's own, empty at first.
fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn put(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

fn records() -> Vec<Record> {
    (0..4_u16)
        .map(|number| {
            let ip = packet::udp(
                "192.0.2.10:40000".parse().unwrap(),
                "192.0.2.1:53".parse().unwrap(),
                &vec![7; usize::from(number) * 100],
            );
            // Whole microseconds, so that all formats can tell the time.
            Record::at(
                1_760_000_000_000_001_000 + u64::from(number) * 1_500_000_000,
                ip,
            )
        })
        .collect()
}

fn capture() -> Vec<u8> {
    Pcap::new(LinkType::RAW).write(&records())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const KEY_LOG: &str = "# keys\nCLIENT_RANDOM 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";

const MANIFEST: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="org.example.chat"/>"#;

/// Devices with the inputs of each, by name as displayed and format.
fn layout(case: &Case) -> Vec<(&str, Vec<(&str, &str)>)> {
    case.devices
        .iter()
        .map(|device| {
            let inputs = device
                .inputs
                .iter()
                .map(|input| (input.display.as_str(), input.format))
                .collect();
            (device.name.as_str(), inputs)
        })
        .collect()
}

/// What came out of one input.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    packets: u64,
    sightings: u64,
    shortfalls: Vec<(Shortfall, String)>,
}

fn see(input: &Input) -> Seen {
    let mut seen = Seen::default();
    let Some(mut source) = input.open().expect("the file is there") else {
        return seen;
    };
    while let Some(item) = source.next_item().expect("files do not vanish") {
        match item {
            Item::Packet(_) => seen.packets += 1,
            Item::Sighting(_) => seen.sightings += 1,
            Item::Shortfall {
                shortfall, detail, ..
            } => seen.shortfalls.push((shortfall, detail)),
        }
    }
    seen
}

/// Packets with number, time, link type and bytes.
fn packets(input: &Input) -> Vec<(u64, i64, LinkType, Vec<u8>)> {
    let mut packets = Vec::new();
    let mut source = input.open().unwrap().unwrap();
    while let Some(item) = source.next_item().unwrap() {
        match item {
            Item::Packet(packet) => packets.push((
                packet.origin.frame,
                packet.origin.time.0,
                packet.link,
                packet.data.to_vec(),
            )),
            other => panic!("{other:?}"),
        }
    }
    packets
}

#[test]
fn a_case_folder_has_a_device_per_folder() {
    let case = folder("a_case_folder");
    put(&case, "phonehome.toml", "country = \"DE\"");
    put(&case, "README.md", "# What this is");
    put(&case, "notes.txt", "Bought in May");
    put(&case, ".hidden/capture.pcap", capture());
    put(&case, "phone-b/dump.bin", capture());
    put(&case, "phone-a/traffic/2.dat", capture());
    put(&case, "phone-a/traffic/1.dat", gzip(&capture()));
    put(&case, "phone-a/apps/chat.xml", MANIFEST);
    put(&case, "phone-a/keys.txt", KEY_LOG);
    put(&case, "phone-a/LICENSE", "Do what you like");
    put(&case, "phone-a/unknown.bin", [1, 2, 3, 0]);
    put(&case, "phone-a/list.txt", "some words");
    put(&case, "phone-a/empty.pcap", "");
    put(&case, "phone-a/words.gz", gzip(b"some words"));
    let found = intake::discover(std::slice::from_ref(&case)).unwrap();
    assert_eq!(found.name, "a_case_folder");
    assert_eq!(found.policy_file, Some(case.join("phonehome.toml")));
    assert_eq!(
        layout(&found),
        [
            (
                "phone-a",
                vec![
                    ("phone-a/apps/chat.xml", "android-manifest-text"),
                    ("phone-a/keys.txt", "key-log"),
                    ("phone-a/traffic/1.dat", "pcap"),
                    ("phone-a/traffic/2.dat", "pcap"),
                ]
            ),
            ("phone-b", vec![("phone-b/dump.bin", "pcap")]),
        ]
    );
    let ids: Vec<u32> = found
        .devices
        .iter()
        .flat_map(|device| &device.inputs)
        .map(|input| input.id.0)
        .collect();
    assert_eq!(ids, [0, 1, 2, 3, 4]);
    let left_out: Vec<(&str, &str)> = found
        .left_out
        .iter()
        .map(|(display, _, reason)| (display.as_str(), reason.as_str()))
        .collect();
    assert_eq!(
        left_out,
        [
            ("phone-a/empty.pcap", "the file is empty"),
            ("phone-a/list.txt", "text of no known format"),
            ("phone-a/unknown.bin", "no known format"),
            ("phone-a/words.gz", "gzip of an unknown format"),
        ]
    );
}

#[test]
fn a_named_file_is_a_device_and_so_is_a_folder_with_files_straight_in_it() {
    let phone = folder("a_named_file");
    let file = put(&phone, "capture.pcap", capture());
    put(&phone, "apps/chat.xml", MANIFEST);
    put(&phone, "second-phone/other.pcap", capture());
    let found = intake::discover(&[file]).unwrap();
    assert_eq!(found.name, "capture");
    assert_eq!(
        layout(&found),
        [("capture", vec![("capture.pcap", "pcap")])]
    );
    let found = intake::discover(&[phone]).unwrap();
    assert_eq!(
        layout(&found),
        [
            (
                "a_named_file",
                vec![
                    ("apps/chat.xml", "android-manifest-text"),
                    ("capture.pcap", "pcap")
                ]
            ),
            ("second-phone", vec![("second-phone/other.pcap", "pcap")]),
        ]
    );
}

#[test]
fn files_named_together_are_one_device() {
    let place = folder("files_named_together");
    let first = put(&place, "1.pcap", capture());
    let second = put(&place, "2.pcap.gz", gzip(&capture()));
    let keys = put(&place, "keys.txt", KEY_LOG);
    let names = |paths: &[&PathBuf]| {
        let paths: Vec<PathBuf> = paths.iter().map(|path| (*path).clone()).collect();
        let found = intake::discover(&paths).unwrap();
        assert_eq!(found.devices.len(), 1);
        (found.devices[0].name.clone(), found.devices[0].inputs.len())
    };
    assert_eq!(names(&[&second, &keys]), ("2".to_owned(), 2));
    assert_eq!(
        names(&[&first, &second, &keys, &first]),
        ("files_named_together".to_owned(), 3)
    );
}

#[test]
fn several_folders_keep_their_devices_apart() {
    let place = folder("several_folders");
    put(&place, "x/phone/1.pcap", capture());
    put(&place, "y/phone/1.pcap", capture());
    put(&place, "z/1.pcap", capture());
    let paths = ["x", "y", "z"].map(|name| place.join(name));
    let found = intake::discover(&paths).unwrap();
    assert_eq!(
        layout(&found),
        [
            ("phone", vec![("x/phone/1.pcap", "pcap")]),
            ("phone (2)", vec![("y/phone/1.pcap", "pcap")]),
            ("z", vec![("z/1.pcap", "pcap")]),
        ]
    );
}

#[test]
fn an_input_that_is_missing_does_not_stop_the_others() {
    let place = folder("an_input_that_is_missing");
    let there = put(&place, "there.pcap", capture());
    let missing = place.join("missing.pcap");
    let found = intake::discover(&[missing.clone(), there]).unwrap();
    assert_eq!(found.devices.len(), 1);
    let (display, shortfall, _) = &found.left_out[0];
    assert_eq!(
        (display.as_str(), *shortfall),
        ("missing.pcap", Shortfall::Unreadable)
    );
    let error = intake::discover(&[missing]).unwrap_err();
    assert!(matches!(error, Error::Read { .. }), "{error}");
    let words = put(&place, "words/README", "some words");
    let error = intake::discover(&[words]).unwrap_err();
    assert!(matches!(error, Error::Format { .. }), "{error}");
    let error = intake::discover(&[place.join("words")]).unwrap_err();
    assert!(matches!(error, Error::Empty { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn links_neither_lead_in_circles_nor_are_read_twice() {
    use std::os::unix::fs::symlink;
    let case = folder("links");
    put(&case, "phone/capture.pcap", capture());
    symlink(&case, case.join("phone/up")).unwrap();
    symlink("capture.pcap", case.join("phone/same.pcap")).unwrap();
    symlink("nowhere", case.join("phone/broken.pcap")).unwrap();
    let found = intake::discover(&[case]).unwrap();
    assert_eq!(
        layout(&found),
        [("phone", vec![("phone/capture.pcap", "pcap")])]
    );
    let (display, shortfall, _) = &found.left_out[0];
    assert_eq!(
        (display.as_str(), *shortfall, found.left_out.len()),
        ("phone/broken.pcap", Shortfall::Unreadable, 1)
    );
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_of_the_named_folder_are_named_and_not_followed() {
    use std::os::unix::fs::symlink;
    let place = folder("links_out");
    let case = place.join("case");
    put(&place, "other/capture.pcap", capture());
    put(&case, "phone/capture.pcap", capture());
    symlink("..", case.join("up")).unwrap();
    symlink(
        place.join("other/capture.pcap"),
        case.join("phone/other.pcap"),
    )
    .unwrap();
    symlink("case", place.join("link")).unwrap();
    // A link that is named itself is followed.
    for named in [case, place.join("link")] {
        let found = intake::discover(&[named]).unwrap();
        let expected = vec![("phone/capture.pcap", "pcap")];
        assert_eq!(layout(&found), [("phone", expected)]);
        let left_out = found.left_out.iter();
        let left_out: Vec<_> = left_out
            .map(|(display, shortfall, _)| (display.as_str(), *shortfall))
            .collect();
        let out = Shortfall::LinkOut;
        assert_eq!(left_out, [("phone/other.pcap", out), ("up", out)]);
    }
}

#[cfg(unix)]
#[test]
fn folders_of_one_name_however_it_is_spelled_are_one_phone() {
    let case = folder("spelled");
    put(&case, "Ha\u{308}ndy/capture.pcap", capture());
    put(
        &case,
        "h\u{e4}ndy/other.pcap",
        [capture(), capture()].concat(),
    );
    let found = intake::discover(&[case]).unwrap();
    assert_eq!(found.devices.len(), 1);
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_not_waited_for() {
    let case = folder("a_named_pipe");
    put(&case, "phone/capture.pcap", capture());
    let made = std::process::Command::new("mkfifo")
        .arg(case.join("phone/pipe"))
        .status();
    if !made.is_ok_and(|status| status.success()) {
        println!("skipped: no mkfifo");
        return;
    }
    let found = intake::discover(&[case]).unwrap();
    assert_eq!(found.left_out[0].0, "phone/pipe");
}

#[test]
fn folders_beyond_the_bound_are_named() {
    let case = folder("deep");
    put(&case, "phone/capture.pcap", capture());
    let deep = "d/".repeat(limits::FOLDER_DEPTH + 1);
    put(&case, &format!("{deep}capture.pcap"), capture());
    let found = intake::discover(&[case]).unwrap();
    assert_eq!(found.devices.len(), 1);
    assert_eq!(found.left_out[0].1, Shortfall::InputLimit);
}

#[test]
fn the_same_packets_come_out_of_every_wrapping_whatever_the_name() {
    let place = folder("every_wrapping");
    let pcap = Pcap::new(LinkType::RAW);
    let mut pcapng = Pcapng::new();
    let interface = pcapng.interface(LinkType::RAW, Some(9));
    for record in records() {
        pcapng.packet(interface, &record, &[]);
    }
    let variants = [
        Pcap {
            is_big_endian: true,
            ..pcap
        },
        Pcap {
            has_nanoseconds: true,
            ..pcap
        },
        Pcap {
            is_modified: true,
            ..pcap
        },
    ];
    let mut files: Vec<Vec<u8>> = variants
        .iter()
        .map(|variant| variant.write(&records()))
        .collect();
    files.push(pcapng.bytes);
    for file in files.clone() {
        files.push(gzip(&file));
        files.push(compress_to_vec(&*file, CompressionLevel::Fastest));
    }
    let expected = {
        let path = put(&place, "plain", capture());
        packets(&intake::discover(&[path]).unwrap().devices[0].inputs[0])
    };
    assert_eq!(expected.len(), 4);
    for (file, name) in files.iter().zip(["a.har", "b.txt", "c"].iter().cycle()) {
        let path = put(&place, name, file);
        let found = intake::discover(&[path]).unwrap();
        assert_eq!(packets(&found.devices[0].inputs[0]), expected);
    }
}

#[test]
fn a_wrapped_capture_is_recognised_behind_a_first_block_of_any_length() {
    let place = folder("first_block");
    let mut noise = vec![0; 300_000];
    crate::forge::Chance::new(7).fill(&mut noise);
    let records: Vec<Record> = noise
        .chunks(1000)
        .map(|piece| Record::at(1_760_000_000_000_000_000, piece.to_vec()))
        .collect();
    let file = Pcap::new(LinkType::RAW).write(&records);
    for bytes in [
        gzip(&file),
        compress_to_vec(&*file, CompressionLevel::Fastest),
    ] {
        let path = put(&place, "capture", bytes);
        let found = intake::discover(&[path]).unwrap();
        assert_eq!(see(&found.devices[0].inputs[0]).packets, 300);
    }
}

#[test]
fn a_capture_beside_an_app_package_in_an_archive_is_an_input() {
    let place = folder("beside_package");
    let mut file = Pcapng::new();
    let interface = file.interface(LinkType::RAW, None);
    file.packet(interface, &records()[0], &[]);
    let archive = archive::zip(&[("traffic", &file.bytes), ("base.apk", b"PK\x03\x04")]);
    let path = put(&place, "all.zip", archive);
    let found = intake::discover(&[path]).unwrap();
    let inputs = found.devices[0].inputs.iter();
    let mut formats: Vec<&str> = inputs.map(|input| input.format).collect();
    formats.sort_unstable();
    assert_eq!(formats, ["apk-set", "pcapng"]);
}

#[test]
fn phase_1_finds_owners_names_and_secrets_behind_the_packets() {
    let place = folder("phase_1");
    let mut file = Pcapng::new();
    let interface = file.interface(LinkType::RAW, None);
    for record in records() {
        file.packet(interface, &record, &[comment("u-10123")]);
    }
    file.uid_map(10_123, "org.example.chat", "Chat");
    file.names(&[("192.0.2.1".parse().unwrap(), "api.example")]);
    file.secrets(KEY_LOG);
    // Longer than what is looked at in one piece.
    let long = KEY_LOG.repeat(limits::BLOCK_BYTES / KEY_LOG.len() + 1);
    file.secrets(&long);
    file.packet(interface, &records()[0], &[]);
    for bytes in [file.bytes.clone(), gzip(&file.bytes)] {
        let path = put(&place, "capture", bytes);
        let found = intake::discover(&[path]).unwrap();
        let input = &found.devices[0].inputs[0];
        assert_eq!(input.format, "pcapng");
        let (dossier, notes) = input.gather().unwrap().unwrap();
        assert_eq!(notes, []);
        let owner = &dossier.owners[&10_123];
        assert_eq!(owner.package.as_deref(), Some("org.example.chat"));
        assert_eq!(owner.label.as_deref(), Some("Chat"));
        assert_eq!(dossier.names.len(), 1);
        assert!(dossier.key_logs == [KEY_LOG.as_bytes(), long.as_bytes()]);
        let seen = see(input);
        assert_eq!((seen.packets, seen.shortfalls), (5, vec![]));
    }
}

#[test]
fn documents_go_into_the_dossier() {
    let place = folder("documents-of-a-phone");
    let dump = "Activity Resolver Table:\n  Non-Data Actions:\n\nPackages:\n  Package [org.example.chat] (1a2b3c):\n    userId=10123\n    versionName=1.2\n    User 0: ceDataInode=1 installed=true hidden=false\n\n";
    let plist = r#"<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>CFBundleIdentifier</key><string>org.example.ios</string></dict></plist>"#;
    put(&place, "phone/a", MANIFEST);
    put(&place, "phone/b", dump);
    put(&place, "phone/c", plist);
    put(&place, "phone/d", KEY_LOG);
    let found = intake::discover(&[place]).unwrap();
    let mut formats = Vec::new();
    let mut dossier = phonehome::model::Dossier::default();
    for input in &found.devices[0].inputs {
        formats.push(input.format);
        let (part, notes) = input.gather().unwrap().unwrap();
        assert_eq!(notes, []);
        dossier.merge(part);
    }
    assert_eq!(
        formats,
        [
            "android-manifest-text",
            "dumpsys-package",
            "info-plist",
            "key-log"
        ]
    );
    let declared: Vec<&str> = dossier.declarations.keys().map(String::as_str).collect();
    assert_eq!(declared, ["org.example.chat", "org.example.ios"]);
    let app = &dossier.apps["org.example.chat"];
    assert_eq!(app.app_id, Some(10_123));
    assert_eq!(app.source.map(|source| source.input.0), Some(1));
    assert_eq!(dossier.key_logs, [KEY_LOG.as_bytes()]);
}

#[test]
fn data_labels_go_to_the_app_that_their_path_names() {
    let place = folder("labels");
    let privacy = "<?xml version=\"1.0\"?><plist version=\"1.0\"><dict><key>NSPrivacyTracking</key><true/></dict></plist>";
    let form = "Question ID (machine readable),Response ID (machine readable),Response value\nPSL_DATA_TYPES_CONTACTS,PSL_CONTACTS,true\n";
    put(&place, "phone/manifest", MANIFEST);
    put(
        &place,
        "phone/com.example.ios/PrivacyInfo.xcprivacy",
        privacy,
    );
    put(&place, "phone/form.csv", form);
    let found = intake::discover(&[place]).unwrap();
    let mut dossier = phonehome::model::Dossier::default();
    for input in &found.devices[0].inputs {
        dossier.merge(input.gather().unwrap().unwrap().0);
    }
    let forms = |package: &str| -> Vec<LabelForm> {
        let labels = dossier.labels_of(package);
        labels.iter().map(|(label, _)| label.form).collect()
    };
    assert_eq!(forms("com.example.ios"), [LabelForm::PrivacyManifest]);
    // It names no package, and there is one app with a manifest.
    assert_eq!(forms("org.example.chat"), [LabelForm::DataSafety]);
    assert_eq!(forms("com.example.other"), []);
}

#[test]
fn the_digest_is_that_of_the_file_as_it_lies_there() {
    let place = folder("digest");
    let mut bytes = capture();
    let path = put(&place, "capture", &bytes);
    let digest = |path: &PathBuf| {
        let found = intake::discover(std::slice::from_ref(path)).unwrap();
        found.devices[0].inputs[0].digest().unwrap().unwrap()
    };
    let expected = |bytes: &[u8]| {
        let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
        let hexadecimal = digest
            .as_ref()
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        (hexadecimal, bytes.len() as u64)
    };
    assert_eq!(digest(&path), expected(&bytes));
    bytes.extend(vec![9; limits::READ_BYTES * 2]);
    fs::write(&path, &bytes).unwrap();
    assert_eq!(digest(&path), expected(&bytes));
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

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Captures in which tshark counts more than packets.
const NUMBERED_BLOCKS: &[&str] = &["basic/test017.pcapng", "basic/test018.pcapng"];

#[test]
fn corpus_captures_have_as_many_packets_as_tshark_counts() {
    let Some(shared) = shared() else { return };
    let corpus = shared.join("corpus");
    let manifest = json(&corpus.join("MANIFEST.json"));
    let (mut same, mut different) = (0, Vec::new());
    for entry in manifest.as_array().unwrap() {
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
        if seen.packets == expected {
            same += 1;
        } else if NUMBERED_BLOCKS.iter().any(|end| path.ends_with(end)) {
            println!(
                "{path}: {} packets, tshark {expected}: tshark counts custom blocks as packets",
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

#[test]
fn corpus_hars_have_as_many_entries_as_a_plain_parser_counts() {
    let Some(shared) = shared() else { return };
    let manifest = json(&shared.join("corpus/MANIFEST.json"));
    let mut read = 0;
    for entry in manifest.as_array().unwrap() {
        let path = entry["path"].as_str().unwrap();
        if !entry["exercises"].to_string().contains("\"har\"") || path.contains("corrupted") {
            continue;
        }
        let path = shared.join("corpus").join(path);
        let text = fs::read(&path).unwrap();
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let whole: serde_json::Value = serde_json::from_slice(text).unwrap();
        let entries = whole["log"]["entries"].as_array().unwrap();
        let found = intake::discover(std::slice::from_ref(&path)).unwrap();
        let input = &found.devices[0].inputs[0];
        assert_eq!(input.format, "har");
        let mut source = input.open().unwrap().unwrap();
        let mut exchanges = Vec::new();
        while let Some(item) = source.next_item().unwrap() {
            match item {
                Item::Sighting(sighting) => {
                    if let Event::Exchange(exchange) = sighting.event {
                        exchanges.push(exchange);
                    }
                }
                other => panic!("{}: {other:?}", path.display()),
            }
        }
        assert_eq!(exchanges.len(), entries.len());
        for (exchange, entry) in exchanges.iter().zip(entries) {
            assert_eq!(
                Some(&*exchange.request.method),
                entry["request"]["method"].as_str()
            );
            let url = entry["request"]["url"].as_str().unwrap();
            let url = url.split('#').next().unwrap();
            assert!(
                url.ends_with(&exchange.request.target)
                    || format!("{url}/").ends_with(&exchange.request.target)
            );
            let posted = entry["request"]["postData"]["text"].as_str();
            if let Some(posted) = posted.filter(|posted| !posted.is_empty()) {
                assert!(exchange.request.body.bytes == posted.as_bytes());
            }
        }
        read += 1;
    }
    assert!(read > 0);
}

#[test]
fn corpus_mitmproxy_dumps_of_all_versions_load() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("corpus/mitmproxy__mitmproxy");
    // File, flows, and exchanges among them.
    let dumps = [
        ("dumpfile-011.mitm", 1),
        ("dumpfile-018.mitm", 1),
        ("dumpfile-7.mitm", 2),
        ("dumpfile-19.mitm", 1),
        ("flows/successful_log.mitm", 2),
    ];
    let mut all = Vec::new();
    for (name, flows) in dumps {
        let found = intake::discover(&[folder.join(name)]).unwrap();
        let input = &found.devices[0].inputs[0];
        assert_eq!(input.format, "mitmproxy", "{name}");
        let mut source = input.open().unwrap().unwrap();
        let mut exchanges = Vec::new();
        while let Some(item) = source.next_item().unwrap() {
            match item {
                Item::Sighting(sighting) => match sighting.event {
                    Event::Exchange(exchange) => {
                        // Version 0.11 did not write the server's address down.
                        let has_flow = sighting.flow.is_some();
                        assert_eq!(has_flow, name != "dumpfile-011.mitm", "{name}");
                        exchanges.push(exchange);
                    }
                    other => panic!("{name}: {other:?}"),
                },
                Item::Shortfall { detail, .. } => panic!("{name}: {detail}"),
                Item::Packet(_) => panic!("{name}: a packet"),
            }
        }
        assert_eq!(exchanges.len(), flows, "{name}");
        all.push((name, exchanges));
    }
    // The same flows as HAR, written by mitmproxy itself.
    let har = json(&folder.join("flows/successful_log.har"));
    let (_, exchanges) = all.pop().unwrap();
    let entries = har["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), exchanges.len());
    for (entry, exchange) in entries.iter().zip(&exchanges) {
        let request = &exchange.request;
        assert!(entry["request"]["method"] == request.method.as_str());
        let host = request.host.as_deref().unwrap();
        let url = entry["request"]["url"].as_str().unwrap();
        assert!(url.contains(host) && url.ends_with(&request.target));
        let status = exchange.response.as_ref().unwrap().status;
        assert!(entry["response"]["status"] == status);
    }
}

#[test]
fn corpus_privacy_reports_have_as_many_records_as_their_ground_truth() {
    let Some(shared) = shared() else { return };
    let reports = shared.join("manifests/ios-privacy-report");
    let mut read = 0;
    for entry in fs::read_dir(&reports).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "ndjson") {
            continue;
        }
        let truth = json(&path.with_added_extension("gt.json"));
        let found = intake::discover(std::slice::from_ref(&path)).unwrap();
        let input = &found.devices[0].inputs[0];
        assert_eq!(input.format, "app-privacy-report");
        let mut contacts = 0;
        let mut intervals = 0;
        let mut source = input.open().unwrap().unwrap();
        while let Some(item) = source.next_item().unwrap() {
            let Item::Sighting(sighting) = item else {
                panic!("{item:?}");
            };
            match sighting.event {
                Event::Access(access) if access.resource == "network" => contacts += 1,
                Event::Access(_) => intervals += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(Some(contacts), truth["records"]["networkActivity"].as_u64());
        // Begin and end of an interval are two records and one access.
        let text = fs::read_to_string(&path).unwrap();
        let ids: std::collections::BTreeSet<String> = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .filter(|record| record["type"] == "access")
            .map(|record| record["identifier"].to_string())
            .collect();
        assert_eq!(intervals, ids.len());
        read += 1;
    }
    assert!(read > 0);
}

#[test]
fn corpus_documents_are_recognised_by_their_content() {
    let Some(shared) = shared() else { return };
    let kinds = BTreeMap::from([("apk", "apk"), ("manifest-text", "android-manifest-text")]);
    // Archives of DEX files or certificates alone.
    let without_manifest = ["androguard__CertChain.apk", "androguard__multidex.apk"];
    let mut wrong = Vec::new();
    let mut right = 0;
    for (kind, format) in kinds {
        for entry in fs::read_dir(shared.join("manifests").join(kind)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "json") {
                continue;
            }
            match intake::discover(std::slice::from_ref(&path)) {
                Ok(case) if case.devices[0].inputs[0].format == format => right += 1,
                Ok(case) => wrong.push(format!("{}: {:?}", path.display(), layout(&case))),
                Err(_) if without_manifest.iter().any(|name| path.ends_with(name)) => {}
                Err(error) => wrong.push(error.to_string()),
            }
        }
    }
    println!("{right} documents recognised");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Numbers of the packets that pass.
fn passing(source: Box<dyn intake::Source>, filter: &str) -> Result<Vec<u64>, Error> {
    let mut source = intake::filtered(source, filter)?;
    let mut frames = Vec::new();
    while let Some(item) = source.next_item()? {
        match item {
            Item::Packet(packet) => frames.push(packet.origin.frame),
            other => panic!("{other:?}"),
        }
    }
    Ok(frames)
}

#[test]
fn a_filter_leaves_matching_packets_under_their_numbers() {
    let place = folder("filter");
    let mut file = Pcapng::new();
    let raw = file.interface(LinkType::RAW, None);
    let ethernet = file.interface(LinkType::ETHERNET, None);
    for (number, record) in (1_u16..).zip(records()) {
        let ip = packet::udp(
            "192.0.2.10:40000".parse().unwrap(),
            std::net::SocketAddr::new("192.0.2.1".parse().unwrap(), number),
            b"payload",
        );
        let on_ethernet = Record::at(record.time, packet::ethernet(&ip));
        file.packet(raw, &Record::at(record.time, ip), &[]);
        file.packet(ethernet, &on_ethernet, &[]);
    }
    let path = put(&place, "capture.pcapng", file.bytes);
    let found = intake::discover(&[path]).unwrap();
    let open = || found.devices[0].inputs[0].open().unwrap().unwrap();
    if cfg!(feature = "live") {
        assert_eq!(
            passing(open(), "udp dst port 2 or 4").unwrap(),
            [3, 4, 7, 8]
        );
        assert_eq!(passing(open(), "tcp").unwrap(), [0; 0]);
        let error = passing(open(), "no such words").unwrap_err();
        assert!(matches!(error, Error::Filter { .. }), "{error}");
    } else {
        let error = passing(open(), "udp").unwrap_err();
        assert!(matches!(error, Error::NoLive { .. }), "{error}");
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("--features live"))
        );
    }
}

/// Needs the right to capture; says so where it has not.
#[cfg(feature = "live")]
#[test]
fn packets_on_the_loopback_interface_are_captured() {
    use std::net::UdpSocket;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use intake::Source;

    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = receiver.local_addr().unwrap();
    let filter = format!("udp dst port {}", address.port());
    let stop = Arc::new(AtomicBool::new(false));
    let mut source = match intake::open_interface(
        "lo",
        Some(&filter),
        None,
        phonehome::model::InputId(0),
        Arc::clone(&stop),
    ) {
        Ok(source) => source,
        Err(error) => {
            println!("skipped: {error}");
            return;
        }
    };
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..3 {
        sender.send_to(b"telltale", address).unwrap();
    }
    for number in 1..=3 {
        match source.next_item().unwrap() {
            Some(Item::Packet(packet)) => {
                assert_eq!(packet.origin.frame, number);
                assert!(packet.data.ends_with(b"telltale"));
            }
            other => panic!("{other:?}"),
        }
    }
    stop.store(true, Ordering::Relaxed);
    assert!(source.next_item().unwrap().is_none());
    let error = intake::open_interface(
        "no-such-interface",
        None,
        None,
        phonehome::model::InputId(0),
        stop,
    );
    assert!(matches!(error, Err(Error::Live { .. })));
}
