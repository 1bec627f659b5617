//! Lists of installed apps as a user gives them: in a case with phones of its own, or alone.

use std::fs;
use std::path::Path;

use phonehome::intake::{self, Item};
use phonehome::model::{Audit, Basis, Shortfall};

use crate::forge::{archive, inventory, log};
use crate::on_disk::{audited, folder};

fn devices(audit: &Audit) -> Vec<(&str, u64)> {
    let count =
        |device: &phonehome::model::DeviceReport| device.silent_apps + device.apps.len() as u64;
    audit
        .devices
        .iter()
        .map(|device| (device.name.as_str(), count(device)))
        .collect()
}

#[test]
fn a_list_of_a_fleet_gives_one_device_each_and_finds_those_that_are_there() {
    let folder = folder(
        "fleet",
        &[
            (
                "phone-1/package-list.txt",
                inventory::PACKAGE_LIST.as_bytes(),
            ),
            ("mdm/detected.json", inventory::GRAPH.as_bytes()),
        ],
    );
    let audit = audited(&folder);
    assert_eq!(devices(&audit), [("phone-1", 3), ("PHONE-2", 2)]);
}

#[test]
fn the_column_of_phones_is_found_by_the_names_that_consoles_give_it() {
    for column in [
        "Device Name",
        "Computer Name",
        "Mobile Device",
        "Hostname",
        "Asset Tag",
    ] {
        let table = format!(
            "{column},Application Title,Application Version,Bundle ID\nPHONE-1,WhatsApp,1,net.whatsapp.WhatsApp\nPHONE-2,Telegram,1,ph.telegra.Telegraph\n"
        );
        let folder = folder("columns", &[("mdm/apps.csv", table.as_bytes())]);
        let audit = audited(&folder);
        assert_eq!(
            devices(&audit),
            [("PHONE-1", 1), ("PHONE-2", 1)],
            "{column}"
        );
    }
}

#[test]
fn names_alone_are_marked() {
    let folder = folder(
        "named",
        &[
            ("phone-1/list.csv", inventory::INTUNE_CSV.as_bytes()),
            (
                "phone-1/contacts.csv",
                log::TRACKER_CONTROL
                    .replace("org.example.chat", "com.whatsapp")
                    .as_bytes(),
            ),
        ],
    );
    let audit = audited(&folder);
    let [device] = audit.devices.as_slice() else {
        panic!("one device");
    };
    let [app] = device.apps.as_slice() else {
        panic!("one app");
    };
    assert_eq!(app.packages, ["com.whatsapp"]);
    assert_eq!(app.bases, [Basis::PhoneLog, Basis::Name]);
}

#[test]
fn a_policy_grants_what_the_phone_says_nothing_about() {
    let folder = folder(
        "policy",
        &[("mdm/devices.json", inventory::ANDROID_MANAGEMENT.as_bytes())],
    );
    let audit = audited(&folder);
    assert_eq!(devices(&audit), [("S1", 1)]);
    assert_eq!(audit.devices[0].model.as_deref(), Some("Pixel 8"));
    let grant = &audit.devices[0].apps[0].grants[0];
    assert_eq!(grant.permission, "android.permission.READ_CONTACTS");
    assert!(grant.is_granted == Some(true) && grant.is_policy_fixed);
}

#[test]
fn a_bug_report_is_read_in_its_archive_and_out_of_it() {
    let text = inventory::bug_report();
    let zipped = archive::zip(&[
        ("main_entry.txt", b"dumpstate.txt"),
        ("dumpstate.txt", text.as_bytes()),
        ("FS/data/log.txt", b"nothing"),
    ]);
    for (name, bytes) in [
        ("report.zip", zipped.as_slice()),
        ("dumpstate.txt", text.as_bytes()),
    ] {
        let folder = folder("bug-report", &[(&format!("phone/{name}"), bytes)]);
        let case = intake::discover(&[folder]).unwrap();
        let [input] = case.devices[0].inputs.as_slice() else {
            panic!("{:?}", case.devices);
        };
        assert_eq!(input.format, "bug-report");
        let (dossier, notes) = input.gather().unwrap().unwrap();
        assert_eq!(notes, []);
        assert_eq!(
            dossier.apps.keys().collect::<Vec<_>>(),
            ["org.example.chat"]
        );
        assert_eq!(dossier.model.as_deref(), Some("Pixel 8"));
        let line = text
            .lines()
            .position(|line| line.contains("Package [org.example.chat]"));
        let source = dossier.apps["org.example.chat"].source.unwrap();
        assert_eq!(source.frame, line.unwrap() as u64 + 1);
        let mut source = input.open().unwrap().unwrap();
        let mut accesses = Vec::new();
        while let Some(item) = source.next_item().unwrap() {
            if let Item::Sighting(sighting) = item {
                accesses.push(sighting.origin.frame);
            }
        }
        let is_access =
            |(_, line): &(usize, &str)| line.contains("Access:") || line.contains("Reject:");
        let lines: Vec<u64> = text
            .lines()
            .enumerate()
            .filter(is_access)
            .map(|(index, _)| index as u64 + 1)
            .collect();
        assert_eq!(accesses, lines);
    }
}

/// How many apps and accesses an input tells of, and what it notes.
fn told(input: &intake::Input) -> (usize, usize, Vec<Shortfall>) {
    let (dossier, notes) = input.gather().unwrap().unwrap();
    let mut notes: Vec<Shortfall> = notes.into_iter().map(|(shortfall, _)| shortfall).collect();
    let mut source = input.open().unwrap().unwrap();
    let mut accesses = 0;
    while let Some(item) = source.next_item().unwrap() {
        match item {
            Item::Sighting(_) => accesses += 1,
            Item::Shortfall { shortfall, .. } => notes.push(shortfall),
            Item::Packet(_) => panic!("no packets in a dump"),
        }
    }
    (dossier.apps.len(), accesses, notes)
}

/// The only input of a phone with this file.
fn only_input(test: &str, file: &[u8]) -> intake::Input {
    let folder = folder(test, &[("phone/dumpsys.txt", file)]);
    let case = intake::discover(&[folder]).unwrap();
    assert_eq!(case.left_out, []);
    case.devices[0].inputs[0].clone()
}

#[test]
fn a_dump_of_all_services_is_read_like_a_bug_report() {
    let whole = inventory::all_services();
    // Before Android 8 no line ends a service.
    let old: Vec<&str> = whole
        .lines()
        .filter(|line| !line.contains("was the duration of"))
        .collect();
    let old = old.join("\n");
    let (without_list, _) = whole.split_once("-----").unwrap();
    let bare = whole.trim_start_matches(without_list);
    for text in [&*whole, &old, bare] {
        let input = only_input("all-services", text.as_bytes());
        assert_eq!(input.format, "dumpsys");
        assert_eq!(told(&input), (1, 4, vec![Shortfall::LocalTime]), "{text}");
    }
    let without_packages = whole.replace("SERVICE package", "SERVICE pakket");
    let input = only_input("all-services", without_packages.as_bytes());
    let noted = vec![Shortfall::DamagedManifest, Shortfall::LocalTime];
    assert_eq!(told(&input), (0, 4, noted));
}

#[test]
fn a_service_that_is_not_whole_is_told() {
    let whole = inventory::all_services();
    let expired = whole.replace(
        "      READ_CONTACTS (allow):",
        "\n*** SERVICE 'appops' DUMP TIMEOUT (10000ms) EXPIRED ***\n\n      READ_CONTACTS (allow):",
    );
    let (_, _, noted) = told(&only_input("expired", expired.as_bytes()));
    assert_eq!(noted, [Shortfall::Truncated, Shortfall::LocalTime]);
    let (cut, _) = whole.split_once("    User 0:").unwrap();
    let (apps, accesses, noted) = told(&only_input("cut-off", cut.as_bytes()));
    assert_eq!((apps, accesses), (1, 4));
    let damaged = Shortfall::DamagedManifest;
    assert_eq!(noted, [damaged, damaged, Shortfall::LocalTime]);
}

#[test]
fn raw_bytes_hide_no_dump() {
    let report = inventory::bug_report();
    let (head, _) = report.split_once("[ro.product").unwrap();
    let services = inventory::all_services();
    let dumps = [
        (&*report, head.len(), "bug-report"),
        (&services, 40, "dumpsys"),
        (log::APPOPS_14, 45, "dumpsys-appops"),
        (PACKAGES, 10, "dumpsys-package"),
    ];
    for (text, at, format) in dumps {
        for raw in [&b"\0\n"[..], b"\xff\xfe\n", b"M\xfcller\x01\x02\n"] {
            let (before, after) = text.as_bytes().split_at(at);
            let file = [before, b"\n", raw, after].concat();
            let input = only_input("raw-bytes", &file);
            assert_eq!(input.format, format, "{raw:?}");
            if let "bug-report" | "dumpsys" = format {
                let (apps, accesses, _) = told(&input);
                assert_eq!((apps, accesses), (1, 4), "{raw:?}");
            }
        }
    }
    let noise: Vec<u8> = (0..4000_u32)
        .map(|number| u8::try_from(number * 7919 % 251).unwrap())
        .collect();
    let folder = folder(
        "raw-noise",
        &[("phone/x.bin", &[report.as_bytes(), &noise].concat())],
    );
    assert!(intake::discover(&[folder]).is_err(), "nothing to read");
}

const PACKAGES: &str = "Packages:\n\n  Package [org.example.chat] (7e1):\n    appId=10103\n    User 0: ceDataInode=1 installed=true\n";

#[test]
fn logs_in_an_archive_are_read_like_those_in_a_folder() {
    let zipped = archive::zip(&[("2026-10-06/network.txt", log::INTRUSION.as_bytes())]);
    let folder = folder("zipped-log", &[("phone/logs.zip", &zipped)]);
    let case = intake::discover(&[folder]).unwrap();
    let [input] = case.devices[0].inputs.as_slice() else {
        panic!("{:?}", case.devices);
    };
    assert_eq!(input.format, "android-network-log");
    assert_eq!(input.display, "phone/logs.zip/2026-10-06/network.txt");
    let mut source = input.open().unwrap().unwrap();
    assert!(matches!(
        source.next_item().unwrap(),
        Some(Item::Sighting(_))
    ));
}

#[test]
fn columns_of_other_products_are_described_in_phonehome_toml() {
    let folder = folder(
        "mapped",
        &[
            (
                "phonehome.toml",
                b"[inventory.columns]\ndevice = \"Asset\"\napps = \"Software\"\nplatform = \"Kind\"\n",
            ),
            (
                "mdm/export.csv",
                b"Asset;Kind;Software\r\nPHONE-1;Android;\"WhatsApp; Wetterlicht\"\r\nPHONE-2;Android;Signal\r\n",
            ),
        ],
    );
    assert_eq!(devices(&audited(&folder)), [("PHONE-1", 2), ("PHONE-2", 1)]);
}

/// Apple's own description of the answer names members that ours must know.
#[test]
fn the_members_of_apples_answer_are_those_of_its_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/manifests/mdm-schema/device-manag__application.installed.list.yaml");
    let Ok(schema) = fs::read_to_string(&path) else {
        println!("skipped: {} is absent", path.display());
        return;
    };
    for member in [
        "InstalledApplicationList",
        "Identifier",
        "Name",
        "ShortVersion",
        "Version",
    ] {
        assert!(schema.contains(&format!("key: {member}")), "{member}");
    }
}
