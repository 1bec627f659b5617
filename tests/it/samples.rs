//! The forged samples: that they are what their forge makes, what an audit of the case says, and that there is one of each format.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use phonehome::flow::Flows;
use phonehome::intake::{self, Item};
use phonehome::model::{Coverage, Dossier, Event, Shortfall, Sighting};
use phonehome::report;

use crate::forge::{case, sources};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

fn folder() -> PathBuf {
    samples().join("case")
}

/// All forged samples, as paths below `samples`.
fn forged() -> Vec<(String, Vec<u8>)> {
    let case = case::files().into_iter();
    let case = case.map(|(path, bytes)| (format!("case/{path}"), bytes));
    let sources = sources::files().into_iter();
    let sources = sources.map(|(path, _, bytes)| (format!("sources/{path}"), bytes));
    case.chain(sources).collect()
}

/// All files below a folder, as paths relative to it.
fn files_below(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, root, found);
        } else {
            let relative = path.strip_prefix(root).unwrap().to_str().unwrap();
            found.insert(relative.replace('\\', "/"));
        }
    }
}

/// With `PHONEHOME_FORGE=1` in the environment the files are written instead of compared.
#[test]
fn samples_are_reproduced_byte_for_byte() {
    let is_writing = std::env::var_os("PHONEHOME_FORGE").is_some();
    let forged = forged();
    for (path, bytes) in &forged {
        let path = samples().join(path);
        if is_writing {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
        }
        assert!(
            fs::read(&path).is_ok_and(|found| found == *bytes),
            "{} is not what the forge makes; PHONEHOME_FORGE=1 cargo test samples_are writes it anew",
            path.display()
        );
    }
    let mut found = BTreeSet::new();
    files_below(&samples(), &samples(), &mut found);
    found.remove("README.md");
    let expected: BTreeSet<String> = forged.into_iter().map(|(path, _)| path).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_forge_depends_on_neither_clock_nor_chance() {
    assert_eq!(forged(), forged());
}

#[test]
fn samples_stay_small() {
    let bytes: usize = forged().iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes < 1 << 20, "{bytes} bytes");
}

/// Each is recognised under a name that says nothing, is read whole, and tells something.
#[test]
fn each_format_has_a_sample_that_is_read() {
    let readme = fs::read_to_string(samples().join("README.md")).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("each-format");
    let mut shown = BTreeSet::new();
    for (number, (path, format, bytes)) in sources::files().into_iter().enumerate() {
        assert!(readme.contains(&format!("`sources/{path}`")), "{path}");
        shown.insert(format);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let copy = folder.join(format!("{number}.jpg"));
        fs::write(&copy, &bytes).unwrap();
        let case = intake::discover(&[copy]).unwrap();
        let input = &case.devices[0].inputs[0];
        assert_eq!(input.format, format, "{path}");
        let mut told = 0;
        if let Some((dossier, damage)) = input.gather().unwrap() {
            assert!(damage.is_empty(), "{path}: {damage:?}");
            told += usize::from(dossier != Dossier::default());
        }
        if let Some(mut source) = input.open().unwrap() {
            while let Some(item) = source.next_item().unwrap() {
                told += usize::from(!matches!(item, Item::Shortfall { .. }));
            }
        }
        assert!(told > 0, "{path} tells nothing");
    }
    let known: BTreeSet<&str> = intake::FORMATS.iter().map(|format| format.name).collect();
    assert_eq!(shown, known);
}

#[test]
fn each_format_is_told_what_it_is_used_for() {
    for (language, generic) in [
        (
            report::Language::English,
            ["what was seen of apps", "facts about the phone"],
        ),
        (
            report::Language::German,
            ["was von Apps zu sehen war", "Angaben über das Gerät"],
        ),
    ] {
        let formats = intake::FORMATS.iter().map(|format| format.name);
        let lines: Vec<report::InputLine> = formats
            .map(|name| report::InputLine::apart("a", name, None))
            .collect();
        let mut bytes = Vec::new();
        report::write_inputs(&lines, "table", language, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        for words in generic {
            assert!(!text.contains(words), "{text}");
        }
    }
}

#[test]
fn documents_of_the_case_say_what_the_readme_says() {
    let read = |path: &str| fs::read(folder().join(path)).unwrap();
    let apk = phonehome::manifest::apk(&mut Cursor::new(read("company-phone/wetterlicht.apk")));
    assert!(apk.damage.is_empty(), "{:?}", apk.damage);
    let declaration = apk.value.unwrap();
    assert_eq!(declaration.package, "com.example.wetterlicht");
    assert_eq!(declaration.label.as_deref(), Some("Wetterlicht"));
    assert_eq!(declaration.version.as_deref(), Some("3.1.0"));
    assert_eq!(declaration.cleartext_allowed, Some(true));
    assert!(
        declaration
            .permissions
            .contains_key("android.permission.READ_CONTACTS")
    );

    let manifest =
        phonehome::manifest::text_xml(&read("private-phone/blattscan/AndroidManifest.xml"));
    let declaration = manifest.value.unwrap();
    assert_eq!(declaration.package, "com.example.blattscan");
    assert_eq!(declaration.backup_allowed, Some(false));

    let dump = phonehome::manifest::dumpsys_package(&read("private-phone/dumpsys-package.txt"));
    assert!(dump.damage.is_empty(), "{:?}", dump.damage);
    let dossier = dump.value;
    assert_eq!(
        dossier.packages_of_uid(10_312),
        [
            "com.example.werkzeug.kalender",
            "com.example.werkzeug.notizen"
        ]
    );
    let scanner = &dossier.apps["com.example.blattscan"];
    assert_eq!(scanner.users, [10]);
    let contacts = &scanner.permissions[&(10, "android.permission.READ_CONTACTS".to_owned())];
    assert!(!contacts.is_granted && contacts.is_policy_fixed);
}

/// Packets, packets that name their owner, and shortfalls of one capture of the case.
fn read_capture(device: &str) -> (u64, u64, Vec<Shortfall>) {
    let case = intake::discover(&[folder()]).unwrap();
    let device = case
        .devices
        .iter()
        .find(|found| found.name == device)
        .unwrap();
    let (mut packets, mut owned, mut shortfalls) = (0, 0, Vec::new());
    let captures = device
        .inputs
        .iter()
        .filter(|input| input.format.starts_with("pcap"));
    for input in captures {
        let Some(mut source) = input.open().unwrap() else {
            continue;
        };
        while let Some(item) = source.next_item().unwrap() {
            match item {
                Item::Packet(packet) => {
                    packets += 1;
                    owned += u64::from(packet.owner.is_some());
                }
                Item::Shortfall { shortfall, .. } => shortfalls.push(shortfall),
                Item::Sighting(_) => panic!("a capture holds packets only"),
            }
        }
    }
    (packets, owned, shortfalls)
}

#[test]
fn captures_of_the_case_say_what_the_readme_says() {
    let (packets, owned, shortfalls) = read_capture("company-phone");
    assert!(packets > 250, "{packets}");
    assert_eq!((owned, shortfalls), (0, vec![Shortfall::Truncated]));
    let (packets, owned, shortfalls) = read_capture("managed-phone");
    assert!(packets > 150, "{packets}");
    assert_eq!((owned, shortfalls), (packets, vec![]));
    let (packets, _, shortfalls) = read_capture("private-phone");
    assert!(packets > 150, "{packets}");
    assert_eq!(shortfalls, []);
}

/// What is seen in the capture of a phone: handshakes and requests in short, and flows by readability.
fn seen_in(device: &str) -> String {
    let case = intake::discover(&[folder()]).unwrap();
    let device = case
        .devices
        .iter()
        .find(|found| found.name == device)
        .unwrap();
    let (mut lines, mut states) = (BTreeSet::new(), BTreeMap::new());
    let mut coverage = Coverage::default();
    for input in &device.inputs {
        let Some(mut source) = input.open().unwrap() else {
            continue;
        };
        let mut emit = |sighting: Sighting| match sighting.event {
            Event::Handshake(hello) => {
                lines.insert(format!(
                    "{} {} version {:04x} certificate {:?}",
                    if hello.quic_version == 0 {
                        "tls"
                    } else {
                        "quic"
                    },
                    hello.sni.unwrap_or_default(),
                    hello.version,
                    hello.certificate_names
                ));
            }
            Event::Exchange(exchange) => {
                lines.insert(format!(
                    "http {} {}{} body {}",
                    exchange.request.method,
                    exchange.request.host.unwrap_or_default(),
                    exchange.request.target,
                    exchange.request.body.wire_len
                ));
            }
            Event::Traffic(traffic) => {
                let key = (traffic.content.as_str(), traffic.protocol);
                *states.entry(key).or_insert(0) += 1;
            }
            _ => {}
        };
        let mut flows = Flows::new();
        while let Some(item) = source.next_item().unwrap() {
            if let Item::Packet(packet) = item {
                flows.packet(&packet, &mut coverage, &mut emit);
            }
        }
        flows.finish(&mut coverage, &mut emit);
    }
    let mut text: Vec<String> = lines.into_iter().collect();
    for ((content, protocol), count) in states {
        text.push(format!("{count} flows {content} {protocol}"));
    }
    for (_, shortfall, count) in coverage.iter() {
        text.push(format!("shortfall {} {}", shortfall.as_str(), count.count));
    }
    text.join("\n")
}

#[test]
fn names_and_requests_of_the_company_phone_are_seen() {
    insta::assert_snapshot!(seen_in("company-phone"), @r#"
    http GET connectivitycheck.gstatic.com/generate_204 body 0
    http POST api.w.inmobi.com/showad/v3.1 body 368
    http POST api.w.inmobi.com/showad/v3.1 body 369
    http POST sync.wetterlicht.example/v1/devices/apps body 134
    http POST sync.wetterlicht.example/v1/friends/find body 648
    quic googleads.g.doubleclick.net version 0304 certificate []
    tls app-measurement.com version 0304 certificate []
    tls conversions.appsflyersdk.com version 0303 certificate ["*.appsflyersdk.com", "appsflyersdk.com"]
    tls graph.facebook.com version 0304 certificate []
    tls mmg.whatsapp.net version 0304 certificate []
    tls mtalk.google.com version 0304 certificate []
    tls tiles.wetterlicht.example version 0304 certificate []
    30 flows clear dns
    6 flows clear http
    1 flows clear ntp
    1 flows encrypted-no-key quic
    1 flows encrypted-no-key stun
    7 flows encrypted-no-key tls
    1 flows encrypted-own-protocol whatsapp
    shortfall started-before-capture 1
    "#);
}

#[test]
fn names_and_requests_of_the_managed_phone_are_seen() {
    insta::assert_snapshot!(seen_in("managed-phone"), @r#"
    http GET connectivitycheck.gstatic.com/generate_204 body 0
    tls api.atlassian.com version 0304 certificate []
    tls as.atlassian.com version 0304 certificate []
    tls cdsi.signal.org version 0304 certificate []
    tls chat.nordlicht.example version 0303 certificate ["chat.nordlicht.example", "files.nordlicht.example"]
    tls chat.signal.org version 0304 certificate []
    tls mtalk.google.com version 0304 certificate []
    tls nordlicht-logistik.atlassian.net version 0304 certificate []
    tls storage.signal.org version 0304 certificate []
    24 flows clear dns
    1 flows clear http
    1 flows clear ntp
    1 flows clear stun
    10 flows encrypted-no-key tls
    "#);
}

#[test]
fn names_and_requests_of_the_private_phone_are_seen() {
    insta::assert_snapshot!(seen_in("private-phone"), @r#"
    http GET connectivitycheck.gstatic.com/generate_204 body 0
    http POST upload.blattscan.example/v2/scan body 3182
    quic api16-normal-no1a.tiktokv.eu version 0304 certificate []
    tls app.adjust.com version 0304 certificate []
    tls chat.nordlicht.example version 0304 certificate []
    tls mon.tiktokv.com version 0304 certificate []
    tls mtalk.google.com version 0304 certificate []
    tls static.beispiel.example version 0304 certificate []
    tls sync.werkzeug.example version 0304 certificate []
    tls v16m.tiktokcdn-eu.com version 0304 certificate []
    24 flows clear dns
    3 flows clear http
    1 flows clear ntp
    1 flows encrypted-no-key quic
    7 flows encrypted-no-key tls
    "#);
}
