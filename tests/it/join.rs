//! What logs, dumps and captures of one phone say together.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use phonehome::audit::{self, Options};
use phonehome::intake;
use phonehome::model::{Audit, Category, Contradiction, Event, RiskLevel, Shortfall};
use phonehome::report::{self, FORMATS, Format, Language, Presentable};
use phonehome::rules::Rules;

use crate::forge::record::{self, Exchange};
use crate::forge::{case, log};
use crate::on_disk::{self, audited};

/// Seconds that the phone's clock is ahead of the capture's.
const AHEAD: i64 = 3600;

/// The managed phone of the sample case, in a folder of the test's own.
fn phone(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&folder);
    for (path, bytes) in case::files() {
        if let Some(name) = path.strip_prefix("managed-phone/") {
            fs::create_dir_all(folder.join("phone")).unwrap();
            fs::write(folder.join("phone").join(name), bytes).unwrap();
        }
    }
    folder
}

fn format(name: &str) -> &'static Format {
    FORMATS.iter().find(|format| format.name == name).unwrap()
}

fn written(report: &Presentable, name: &str, language: Language) -> String {
    let rules = Rules::embedded();
    let options = report::Options {
        language,
        width: 400,
        color: false,
        level: RiskLevel::None,
    };
    let mut bytes = Vec::new();
    (format(name).write)(report, &rules, options, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn rendered(audit: &Audit, name: &str, language: Language) -> String {
    let rules = Rules::embedded();
    written(&Presentable::new(audit, &rules, false), name, language)
}

/// The network log that the phone would have kept of its own capture.
fn network_log(folder: &Path) -> String {
    let case = intake::discover(&[folder.to_owned()]).unwrap();
    let rules = Rules::embedded();
    let mut log = String::new();
    let mut note = |observation: &phonehome::model::Observation,
                    _: &phonehome::payload::Decoded<'_>| {
        if let Event::Lookup(lookup) = &observation.sighting.event
            && !lookup.is_response
        {
            let time = observation.sighting.origin.time.0 / 1_000_000 + AHEAD * 1000;
            writeln!(
                log,
                "DnsEvent(1, {}, NONE, 0, {time}, org.example.any)",
                lookup.name
            )
            .unwrap();
        }
        Ok(())
    };
    audit::observe(&case, &rules, &Options::default(), &mut note).unwrap();
    log
}

const APPOPS: &str = "Current AppOps Service state:
  Uid u0a151:
    Package org.thoughtcrime.securesms:
      READ_CONTACTS (allow):
        null=[
          Access: [top-s] 2026-10-06 10:30:01.000 (-1h)
          Access: [bg-s] 2026-10-06 10:31:01.000 (-59m)
        ]
";

#[test]
fn the_shift_of_the_phones_clock_is_said_in_both_languages() {
    let folder = phone("join-clock");
    assert_eq!(audited(&folder).devices[0].clock, None);
    fs::write(folder.join("phone/network-log.txt"), network_log(&folder)).unwrap();
    let audit = audited(&folder);
    let clock = audit.devices[0].clock.unwrap();
    assert!(
        (clock.median - AHEAD * 1_000_000_000).abs() < 1_000_000_000 && clock.events >= 5,
        "{clock:?}"
    );
    for (language, words) in [
        (Language::English, "3600.0 s ahead of"),
        (Language::German, "3600.0 s vor"),
    ] {
        let text = rendered(&audit, "table", language);
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_read_in_the_background_stands_between_the_grant_and_what_was_contacted() {
    let folder = phone("join-chain");
    fs::write(folder.join("phone/appops.txt"), APPOPS).unwrap();
    let audit = audited(&folder);
    let signal = audit.devices[0]
        .apps
        .iter()
        .find(|app| app.packages == ["org.thoughtcrime.securesms"])
        .unwrap();
    let chain = signal
        .chains
        .iter()
        .find(|chain| chain.category == Category::Contacts)
        .unwrap();
    assert_eq!(chain.granted.len(), 1);
    let reads = chain.reads.as_ref().unwrap();
    assert_eq!((reads.count, reads.in_background), (2, 1));
    assert!(!chain.sent.as_ref().unwrap().grade.is_transmitted());
    assert_eq!(chain.contradictions, [Contradiction::ReadInBackground]);
    for (language, words) in [
        (
            Language::English,
            "asked for → granted → read 2× (1× in the background",
        ),
        (
            Language::German,
            "verlangt → erteilt → gelesen 2× (1× im Hintergrund",
        ),
    ] {
        let text = rendered(&audit, "table", language);
        assert!(text.contains(words), "{text}");
    }
    let json = rendered(&audit, "json", Language::German);
    assert!(json.contains("\"read-in-background\"") && json.contains("im Hintergrund gelesen"));
    // What is saved can be shown again.
    let (saved, _) = Presentable::from_json(json.as_bytes()).unwrap();
    assert_eq!(written(&saved, "json", Language::German), json);
}

#[test]
fn a_work_profile_is_told_from_the_private_side_of_an_app() {
    let folder = phone("join-users");
    let work = APPOPS
        .replace("u0a151", "u10a151")
        .replace("[bg-s] 2026-10-06 10:31:01", "[top-s] 2026-10-06 11:31:01");
    let (_, work) = work.split_once('\n').unwrap();
    fs::write(folder.join("phone/appops.txt"), format!("{APPOPS}{work}")).unwrap();
    let audit = audited(&folder);
    let mut noted = audit.coverage.iter();
    assert!(noted.any(|(_, shortfall, _)| shortfall == Shortfall::SeveralUsers));
    for (language, words) in [
        (
            Language::English,
            [
                "(1× in the background, user 0: 2×, user 10 (often the work profile): 2×",
                "several users",
            ],
        ),
        (
            Language::German,
            [
                "(1× im Hintergrund, Nutzer 0: 2×, Nutzer 10 (oft das Arbeitsprofil): 2×",
                "mehrere Nutzer",
            ],
        ),
    ] {
        let text = rendered(&audit, "table", language);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in words {
            assert!(text.contains(words), "{text}");
        }
    }
}

#[test]
fn traffic_says_how_much_is_of_the_work_profile_and_how_much_private() {
    let connections = record::CONNECTIONS.replace(
        "10124,Chat,org.example.chat",
        "1010123,Notes,org.example.notes",
    );
    let traffic = record::pcap(&[contacts(), contacts()]);
    let files: [(&str, &[u8]); 2] = [
        ("traffic.pcap", &traffic),
        ("connections.csv", connections.as_bytes()),
    ];
    let audit = audited(&on_disk::folder("join-users-traffic", &files));
    let mut noted = audit.coverage.iter();
    assert!(noted.any(|(_, shortfall, _)| shortfall == Shortfall::SeveralUsers));
    let [app] = audit.devices[0].apps.as_slice() else {
        panic!("{:?}", audit.devices[0].apps);
    };
    let found = app.findings.iter();
    let mut found = found.filter(|finding| finding.category == Category::Contacts);
    let users = found.next().unwrap().occurrences.users.iter();
    assert_eq!(users.collect::<Vec<_>>(), [(0, 1), (10, 1)]);
    let mut volumes = app.recipients[0].volumes.values();
    let users = volumes.next().unwrap().users.iter();
    assert_eq!(users.collect::<Vec<_>>(), [(0, 1), (10, 1)]);
    let mut asked = app.questions.iter();
    assert!(asked.any(|question| &*question.id == "private-side"));
    for (language, words) in [
        (
            Language::English,
            "user 0: 1×, user 10 (often the work profile): 1×",
        ),
        (
            Language::German,
            "Nutzer 0: 1×, Nutzer 10 (oft das Arbeitsprofil): 1×",
        ),
    ] {
        for format in ["table", "html", "csv"] {
            let text = rendered(&audit, format, language);
            assert!(text.contains(words), "{format}: {text}");
        }
    }
    let json = rendered(&audit, "json", Language::English);
    let (saved, _) = Presentable::from_json(json.as_bytes()).unwrap();
    assert_eq!(written(&saved, "json", Language::English), json);
    // What is all of the owner needs no telling apart.
    let files: Vec<(&str, Vec<u8>)> = upload().into();
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (*name, &**bytes))
        .collect();
    let audit = audited(&on_disk::folder("join-users-one", &files));
    assert!(!rendered(&audit, "table", Language::English).contains("user 0"));
}

#[test]
fn users_beyond_the_bound_are_told() {
    let limits = |others: u32| {
        let (head, reads) = APPOPS.split_once('\n').unwrap();
        let all: Vec<String> = (0..=others)
            .map(|user| match user {
                0 => reads.to_owned(),
                _ => reads.replace("u0a151", &format!("u{}a151", 9 + user)),
            })
            .collect();
        let text = format!("{head}\n{}", all.concat());
        let files: [(&str, &[u8]); 1] = [("appops.txt", text.as_bytes())];
        let audit = audited(&on_disk::folder(
            &format!("join-users-{others}/phone"),
            &files,
        ));
        let noted = audit.coverage.iter();
        noted
            .filter(|(_, shortfall, _)| *shortfall == Shortfall::InputLimit)
            .count()
    };
    assert_eq!((limits(15), limits(16)), (0, 1));
}

fn manifest(package: &str, version: &str) -> String {
    format!(
        r#"<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="{package}" android:versionName="{version}"><application/></manifest>"#
    )
}

#[test]
fn a_dump_of_one_app_does_not_say_that_others_are_missing() {
    let dump = b"Packages:\n  Package [com.example.maps] (7e1):\n    appId=10103\n    versionName=8.1\n    User 0: ceDataInode=1 installed=true\n";
    let mail = manifest("com.example.mail", "1.0");
    let files: [(&str, &[u8]); 2] = [("dump.txt", dump), ("mail.xml", mail.as_bytes())];
    let audit = audited(&on_disk::folder("join-one-dump/phone", &files));
    let mut noted = audit.coverage.iter();
    assert!(!noted.any(|(_, shortfall, _)| shortfall == Shortfall::NotInstalled));
}

#[test]
fn documents_that_do_not_fit_the_phone_are_told() {
    let maps = "Packages:\n  Package [com.example.maps] (7e1):\n    appId=10103\n    versionName=8.1\n    User 0: ceDataInode=1 installed=true\n";
    let dump = format!(
        "{maps}  Package [android] (7e2):\n    appId=1000\n    User 0: ceDataInode=1 installed=true\n"
    );
    let form = "Question ID (machine readable),Response ID (machine readable),Response value\nPSL_DATA_COLLECTION_COLLECTS_PERSONAL_DATA,,false\n";
    let files = [
        ("dump.txt", dump),
        ("form.csv", form.to_owned()),
        ("com.example.gone.csv", form.to_owned()),
        ("maps.xml", manifest("com.example.maps", "7.7")),
        ("mail.xml", manifest("com.example.mail", "1.0")),
    ];
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, text)| (*name, text.as_bytes()))
        .collect();
    let audit = audited(&on_disk::folder("join-documents/phone", &files));
    let mut noted: Vec<(&str, Shortfall)> = audit
        .coverage
        .iter()
        .map(|(input, shortfall, _)| {
            let named = audit.inputs.iter().find(|named| named.id == input);
            (named.unwrap().path.as_str(), shortfall)
        })
        .collect();
    noted.sort_unstable();
    let expected = [
        ("com.example.gone.csv", Shortfall::UnplacedLabels),
        ("form.csv", Shortfall::UnplacedLabels),
        ("mail.xml", Shortfall::NotInstalled),
        ("maps.xml", Shortfall::OtherVersion),
    ];
    assert_eq!(noted, expected);
    let apps = audit.devices[0].apps.iter();
    let installed: Vec<(&str, bool)> = apps
        .map(|app| (app.packages[0].as_str(), app.is_installed))
        .collect();
    assert_eq!(
        installed,
        [("com.example.mail", false), ("com.example.maps", true)]
    );
    let german = rendered(&audit, "table", Language::German);
    let german = german.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "was Version 7.7 angibt",
        "ist nicht unter den installierten Apps",
        "daneben liegen 2 App-Pakete",
        "sie ist von com.example.gone, was keine Liste",
    ] {
        assert!(german.contains(words), "{words}: {german}");
    }
}

#[test]
fn a_label_counts_for_an_app_that_traffic_alone_shows() {
    let [traffic, _] = upload();
    // Unlike a list of connections, it names no installed app.
    let owners = ("sockets.json", record::SOCKET_TRACE.as_bytes().to_vec());
    let form = ("org.example.notes.csv", form(&[]));
    let files = [traffic, owners, form];
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (*name, &**bytes))
        .collect();
    let audit = audited(&on_disk::folder("join-label", &files));
    let [app] = audit.devices[0].apps.as_slice() else {
        panic!("{:?}", audit.devices[0].apps);
    };
    assert!(!app.is_installed);
    let mut chains = app.chains.iter();
    let chain = chains.find(|chain| chain.category == Category::Contacts);
    let contradictions = &chain.unwrap().contradictions;
    assert!(contradictions.contains(&Contradiction::LabelSaysNotCollected));
}

/// A file of a phone: name, contents.
type File = (&'static str, Vec<u8>);

/// An upload of contacts in clear by `org.example.notes`, with the list that says whose it is.
fn upload() -> [File; 2] {
    [
        ("traffic.pcap", record::pcap(&[contacts()])),
        ("connections.csv", record::CONNECTIONS.as_bytes().to_vec()),
    ]
}

fn contacts() -> Exchange {
    let contacts: Vec<String> = (10..17)
        .map(|number| format!(r#"{{"name":"Person {number}","phone":"+49176040690{number}"}}"#))
        .collect();
    Exchange {
        method: "POST",
        host: "collector.example".to_owned(),
        target: "/v1/contacts".to_owned(),
        headers: vec![("Content-Type", "application/json".to_owned())],
        body: format!(r#"{{"contacts":[{}]}}"#, contacts.join(",")).into_bytes(),
        response: b"ok".to_vec(),
    }
}

/// A form of Google Play that names these kinds of data.
fn form(named: &[&str]) -> Vec<u8> {
    let mut form =
        "Question ID (machine readable),Response ID (machine readable),Response value\r\n"
            .to_owned();
    let is_any = !named.is_empty();
    writeln!(
        form,
        "PSL_DATA_COLLECTION_COLLECTS_PERSONAL_DATA,,{is_any}\r"
    )
    .unwrap();
    writeln!(form, "PSL_DATA_COLLECTION_ENCRYPTED_IN_TRANSIT,,true\r").unwrap();
    for name in named {
        writeln!(form, "PSL_DATA_TYPES_X,{name},true\r").unwrap();
        writeln!(
            form,
            "PSL_DATA_USAGE_RESPONSES:{name}:PSL_DATA_USAGE_COLLECTION_AND_SHARING,PSL_DATA_USAGE_ONLY_COLLECTED,true\r"
        )
        .unwrap();
    }
    form.into_bytes()
}

fn dump(is_granted: bool) -> Vec<u8> {
    format!(
        "Packages:
  Package [org.example.notes] (7e1):
    appId=10123
    versionCode=71 minSdk=26 targetSdk=34
    requested permissions:
      android.permission.READ_CONTACTS
    User 0: ceDataInode=1 installed=true hidden=false
      runtime permissions:
        android.permission.READ_CONTACTS: granted={is_granted}, flags=[ USER_SET ]
"
    )
    .into_bytes()
}

#[test]
fn a_permission_that_one_user_of_the_phone_has_is_not_granted_to_the_other() {
    let work_profile = "    User 10: ceDataInode=2 installed=true hidden=false
      runtime permissions:
        android.permission.READ_CONTACTS: granted=false, flags=[ USER_SET ]
";
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("join/two-users");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let dump = [dump(true).as_slice(), work_profile.as_bytes()].concat();
    fs::write(folder.join("dump.txt"), dump).unwrap();
    let appops = APPOPS.replace("org.thoughtcrime.securesms", "org.example.notes");
    fs::write(folder.join("appops.txt"), appops).unwrap();
    let audit = audited(&folder);
    let grant = &audit.devices[0].apps[0].grants[0];
    assert_eq!(grant.by_user, [(0, true), (10, false)].into());
    for (language, words) in [
        (Language::English, "granted to user 0, refused to user 10"),
        (
            Language::German,
            "erteilt für Nutzer 0, verweigert für Nutzer 10",
        ),
    ] {
        let text = rendered(&audit, "table", language);
        assert!(text.contains(words), "{text}");
    }
    let html = rendered(&audit, "html", Language::English);
    assert!(html.contains("(to user 0, refused to user 10)"));
    let json = rendered(&audit, "json", Language::English);
    let (saved, _) = Presentable::from_json(json.as_bytes()).unwrap();
    assert_eq!(written(&saved, "json", Language::English), json);
}

#[test]
fn what_is_granted_for_a_selection_says_so_and_since_when() {
    let contact = r#"{"domain":"api.example","firstTimeStamp":"2026-01-01T03:00:00Z","timeStamp":"2026-01-02T04:00:00Z","hits":4,"bundleID":"org.example.chat","type":"networkActivity"}"#;
    let files: [(&str, &[u8]); 2] = [
        ("backup-file", log::TCC),
        ("report.ndjson", contact.as_bytes()),
    ];
    let audit = audited(&on_disk::folder("join-selection", &files));
    for (language, words) in [
        (
            Language::English,
            "(for a selection only, since 2025-10-09 08:53)",
        ),
        (
            Language::German,
            "(nur für eine Auswahl, seit 2025-10-09 08:53)",
        ),
    ] {
        let text = rendered(&audit, "table", language);
        assert!(text.contains(words), "{text}");
    }
    let json = rendered(&audit, "json", Language::English);
    assert!(json.contains("\"is_limited\": true"));
    let (saved, _) = Presentable::from_json(json.as_bytes()).unwrap();
    assert_eq!(written(&saved, "json", Language::English), json);
}

#[test]
fn known_values_that_are_not_looked_for_are_told_in_plain_words() {
    let [traffic, owners] = upload();
    // What a phone shows in place of its address.
    let properties = "[ro.product.model]: [Fono 3]\n[ro.serialno]: [EX0042ZZ]\n\
        [persist.service.bdroid.bdaddr]: [02:00:00:00:00:00]\n";
    let properties = ("getprop.txt", properties.as_bytes().to_vec());
    let files = [traffic, owners, properties];
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (*name, &**bytes))
        .collect();
    let audit = audited(&on_disk::folder("join-properties", &files));
    for (language, words) in [
        (
            Language::English,
            "1 known values too short or too common to be looked for, which chance alone would show <0.01×",
        ),
        (
            Language::German,
            "1 bekannte Werte, die zu kurz oder zu häufig sind, um nach ihnen zu suchen; allein der Zufall zeigte sie <0.01×",
        ),
    ] {
        let text = rendered(&audit, "table", language);
        assert!(text.contains(words), "{text}");
    }
}

const MANIFEST: &str = r#"<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="org.example.notes">
<uses-permission android:name="android.permission.READ_CONTACTS"/><application android:usesCleartextTraffic="true"/></manifest>"#;

#[test]
fn each_contradiction_is_told_in_table_and_page() {
    let appops = |package: &str| {
        let text = APPOPS.replace("org.thoughtcrime.securesms", package);
        ("appops.txt", text.into_bytes())
    };
    let manifest = ("AndroidManifest.xml", MANIFEST.as_bytes().to_vec());
    let [traffic, owners] = upload();
    let cases: [(&str, Vec<File>, &[Contradiction]); 3] = [
        (
            "declared-otherwise",
            vec![
                traffic.clone(),
                owners.clone(),
                manifest.clone(),
                ("form.csv", form(&["PSL_APPROX_LOCATION"])),
                ("dump.txt", dump(true)),
                appops("org.example.notes"),
            ],
            &[
                Contradiction::SentNotDeclared,
                Contradiction::LabelSaysEncrypted,
                Contradiction::ReadInBackground,
                Contradiction::CleartextAllowed,
            ],
        ),
        (
            "declared-nothing",
            vec![
                traffic,
                owners,
                manifest.clone(),
                ("form.csv", form(&[])),
                ("dump.txt", dump(false)),
            ],
            &[
                Contradiction::LabelSaysNotCollected,
                Contradiction::LabelSaysEncrypted,
                Contradiction::SentWithoutPermission,
                Contradiction::CleartextAllowed,
            ],
        ),
        (
            "granted-in-vain",
            vec![
                manifest,
                ("dump.txt", dump(true)),
                appops("org.example.other"),
            ],
            &[Contradiction::GrantedNotNeeded],
        ),
    ];
    let mut told = std::collections::BTreeSet::new();
    for (test, files, expected) in cases {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("join")
            .join(test);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in files {
            fs::write(folder.join(name), bytes).unwrap();
        }
        let audit = audited(&folder);
        let mut apps = audit.devices.iter().flat_map(|device| &device.apps);
        let app = apps.find(|app| app.packages == ["org.example.notes"]);
        let mut chains = app.unwrap().chains.iter();
        let chain = chains.find(|chain| chain.category == Category::Contacts);
        assert_eq!(chain.unwrap().contradictions, expected, "{test}");
        for language in [Language::English, Language::German] {
            for format in ["table", "html"] {
                let text = rendered(&audit, format, language);
                // A table breaks its lines.
                let words: Vec<&str> = text.split_whitespace().collect();
                let text = words.join(" ");
                for contradiction in expected {
                    let words = language.contradiction(*contradiction);
                    assert!(text.contains(words), "{test}, {format}: {words}");
                    told.insert(contradiction.as_str());
                }
            }
        }
    }
    // The app above sends no positions: `positions_are_held_against_the_precision_that_labels_name` has it.
    let others = Contradiction::ALL.len() - 1;
    assert_eq!(told.len(), others);
}
