//! Logs of devices: recognised by content, and the real ones of `../shared` beside their ground truth.
//!
//! Those hold real people's data, so only names of files and counts are printed.

use std::fs;
use std::path::{Path, PathBuf};

use phonehome::intake::{self, Item};
use phonehome::manifest;
use phonehome::model::{Event, Shortfall, Sighting};
use serde_json::Value;

use crate::forge::log;

/// A file of `../shared`; `None` (and a word about it) where that is absent.
fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(path);
    if !path.exists() {
        println!("skipped: {} is absent", path.display());
        return None;
    }
    Some(path)
}

/// The format that a file is recognised as, what it tells, and what of it could not be read.
fn read(path: &Path) -> (&'static str, Vec<Sighting>, Vec<Shortfall>) {
    let case = intake::discover(&[path.to_owned()]).unwrap();
    let input = &case.devices[0].inputs[0];
    let (mut sightings, mut shortfalls) = (Vec::new(), Vec::new());
    if let Some(mut source) = input.open().unwrap() {
        while let Some(item) = source.next_item().unwrap() {
            match item {
                Item::Sighting(sighting) => sightings.push(*sighting),
                Item::Shortfall { shortfall, .. } => shortfalls.push(shortfall),
                Item::Packet(_) => panic!("no packets in a log"),
            }
        }
    }
    (input.format, sightings, shortfalls)
}

#[test]
fn logs_are_recognised_by_content() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("device-logs");
    fs::create_dir_all(&folder).unwrap();
    let files: [(&str, &[u8], usize); 9] = [
        ("dumpsys-appops", log::APPOPS_8.as_bytes(), 2),
        ("dumpsys-appops", log::APPOPS_14.as_bytes(), 4),
        ("android-network-log", log::INTRUSION.as_bytes(), 2),
        ("android-network-log", log::DEVICE_OWNER.as_bytes(), 2),
        ("android-network-log", log::DEVICE_OWNER_JSON.as_bytes(), 2),
        ("trackercontrol-csv", log::TRACKER_CONTROL.as_bytes(), 1),
        ("trackercontrol-csv", log::TRACKER_CONTROL_ONE.as_bytes(), 1),
        ("ios-data-usage", log::DATA_USAGE, 303),
        ("app-privacy-report", log::PRIVACY_REPORT.as_bytes(), 3),
    ];
    for (number, (format, bytes, count)) in files.into_iter().enumerate() {
        // A name that says nothing, or something else.
        let path = folder.join(format!("{number}.jpg"));
        fs::write(&path, bytes).unwrap();
        let (recognised, sightings, _) = read(&path);
        assert_eq!((recognised, sightings.len()), (format, count), "{number}");
    }
}

/// MVT keeps the same operations in its own words.
#[test]
fn app_operations_are_those_that_mvt_reads() {
    let Some(path) = shared("manifests/dumpsys/mvt__android_data_dumpsys_appops.txt") else {
        return;
    };
    let truth = path.with_extension("txt.gt.json");
    let truth: Value = serde_json::from_slice(&fs::read(truth).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut expected = Vec::new();
    for app in truth["mvt_appops"].as_array().unwrap() {
        for permission in app["permissions"].as_array().unwrap() {
            let entries = permission["entries"].as_array().unwrap().iter();
            let entries: Vec<_> = entries
                .map(|entry| {
                    let state = text(&entry["uid_state"]);
                    let state = state.trim_matches(['[', ']']);
                    (
                        text(&entry["event"]) == "reject",
                        state.split('-').next().unwrap_or_default().to_owned(),
                        text(&entry["timestamp"]).trim_end_matches("000").to_owned(),
                    )
                })
                .collect();
            let name = text(&permission["name"]);
            expected.push((
                text(&app["package_name"]),
                name,
                text(&permission["mode"]),
                entries,
            ));
        }
    }
    let read = manifest::appops(&fs::read(&path).unwrap());
    let ours: Vec<_> = read
        .value
        .into_iter()
        .map(|operation| {
            let entries: Vec<_> = operation
                .accesses
                .into_iter()
                .map(|access| (access.is_refused, access.state, access.time))
                .collect();
            (
                operation.package,
                operation.operation,
                operation.mode,
                entries,
            )
        })
        .collect();
    assert_eq!(ours.len(), expected.len());
    let different = ours
        .iter()
        .zip(&expected)
        .filter(|(ours, expected)| ours != expected);
    assert_eq!(different.count(), 0);
    let (format, sightings, shortfalls) = self::read(&path);
    assert_eq!(format, "dumpsys-appops");
    assert!(!sightings.is_empty());
    assert_eq!(shortfalls, [Shortfall::LocalTime]);
}

#[test]
fn trackercontrol_exports_have_as_many_contacts_as_rows() {
    let Some(path) = shared("corpus/tweaselORG__ReportHAR/android/tracker-control-report.csv")
    else {
        return;
    };
    let rows = fs::read_to_string(&path).unwrap().lines().count() - 1;
    let (format, sightings, shortfalls) = read(&path);
    assert_eq!((format, sightings.len()), ("trackercontrol-csv", rows));
    let is_doubt = |told: &Shortfall| *told == Shortfall::UncertainTracker;
    assert!(shortfalls.iter().all(is_doubt), "{shortfalls:?}");
    let has_app = |sighting: &Sighting| {
        sighting.owner.package.is_some()
            && matches!(&sighting.event, Event::Access(access) if access.host.is_some())
    };
    assert!(sightings.iter().all(has_app));
}
