//! Personal data in real captures and logs, labelled by hand: what lies in clear is found under the right kind, in its frame.
//!
//! Only files, kinds and numbers are printed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use phonehome::audit::{self, Options};
use phonehome::model::{Dossier, Tally};
use phonehome::rules::Rules;
use phonehome::{detect, intake};
use serde_json::Value;

/// What a label is called in our rules: any of them will do.
const KINDS: &[(&str, &[&str])] = &[
    ("access.contacts", &["access-contacts"]),
    ("account.sip_uri", &["sip-address"]),
    ("account.user", &["account-id"]),
    ("credential.sas", &["credential-cleartext"]),
    ("credential.session_token", &["credential-cleartext"]),
    ("device.advertising_id", &["advertising-id"]),
    ("device.android_id", &["vendor-scoped-id"]),
    ("device.bssid.placeholder", &["wifi-bssid"]),
    ("device.carrier", &["carrier"]),
    ("device.client", &["device-model", "os-version"]),
    (
        "device.hostname_with_owner_name",
        &["device-hostname", "device-personal-name"],
    ),
    ("device.id", &["install-id"]),
    ("device.imei", &["hardware-id"]),
    ("device.imsi", &["sim-id"]),
    ("device.install_id", &["install-id"]),
    ("device.mac", &["mac-address"]),
    ("device.mac_like", &["mac-address"]),
    ("device.mccmnc", &["carrier"]),
    ("device.memory", &["hardware-state"]),
    ("device.model", &["device-model"]),
    ("device.os", &["os-version"]),
    (
        "device.udid",
        &["hardware-id", "vendor-scoped-id", "install-id"],
    ),
    ("email", &["own-email", "message-metadata"]),
    ("locale.country", &["locale-timezone", "coarse-place"]),
    ("location.cell_id", &["cell-tower"]),
    ("location.ecgi_tai", &["cell-tower", "coarse-place"]),
    ("location.rai", &["coarse-place"]),
    ("network.local_ip", &["local-network"]),
    ("network.type", &["hardware-state", "carrier"]),
    ("phone_number.msisdn", &["own-msisdn"]),
    ("phone_number.short", &["sip-address", "own-msisdn"]),
    ("session.id", &["session-id"]),
];

/// Labels of what is no personal data, though it looks like it.
const TRAPS: &[&str] = &["device.bssid.placeholder"];

/// What we do not find, and why.
const MISSED: &[(&str, &str, &str)] = &[
    (
        "ntop__nDPI/mqtt.pcap",
        "device.mac_like",
        "twelve hexadecimal digits as user and password, reported as these: nothing says that they are an address",
    ),
    (
        "seladb__PcapPlusPlus/Packet++Test/PacketExamples/gtpv2.pcap",
        "location.ecgi_tai",
        "the frame has one element, the IMSI; the location stands in frame 1, where it is found",
    ),
];

/// Rules that found something, by frame.
fn found(path: &Path, rules: &Rules) -> BTreeMap<u64, BTreeSet<String>> {
    let mut found: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    let case = intake::discover(&[path.to_owned()]).expect("the corpus is whole");
    let options = Options::default();
    let errors = audit::observe(&case, rules, &options, &mut |observation, decoded| {
        let mut tally = Tally::default();
        let device = detect::Device {
            rules,
            dossier: &Dossier::default(),
            known: &detect::known::Index::default(),
        };
        detect::inspect(observation, decoded, device, &mut tally);
        let frame = found.entry(observation.sighting.origin.frame).or_default();
        frame.extend(tally.findings.into_keys().map(|key| key.rule.to_string()));
        Ok(())
    });
    assert!(errors.expect("nothing refuses").is_empty());
    found
}

#[test]
fn labelled_data_is_found_in_its_frame_and_traps_are_not() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let Ok(labels) = fs::read_to_string(corpus.join("PII_LABELS.json")) else {
        println!("skipped: ../shared/corpus is absent");
        return;
    };
    let labels: Value = serde_json::from_str(&labels).expect("labels are JSON");
    let rules = Rules::embedded();
    let (mut hits, mut all) = (0, 0);
    let mut unexplained = Vec::new();
    for row in labels.as_array().expect("a list of files") {
        let file = row["file"].as_str().expect("a path");
        // Entries of a HAR file are counted from 0 there and from 1 here; a row without frames means the whole file.
        let base = u64::from(file.to_ascii_lowercase().ends_with(".har"));
        let frames = row["frames"].as_array().expect("a list of frames");
        let frames: Vec<u64> = frames.iter().filter_map(Value::as_u64).collect();
        let in_frames: BTreeSet<String> = found(&corpus.join(file), &rules)
            .into_iter()
            .filter(|(frame, _)| frames.is_empty() || frames.iter().any(|at| at + base == *frame))
            .flat_map(|(_, rules)| rules)
            .collect();
        for item in row["items"].as_array().expect("a list of labels") {
            let label = item["type"].as_str().expect("a label");
            let (_, ours) = KINDS
                .iter()
                .find(|(known, _)| *known == label)
                .unwrap_or_else(|| panic!("{label} has no counterpart in our rules"));
            let is_found = ours.iter().any(|rule| in_frames.contains(*rule));
            let is_right = is_found != TRAPS.contains(&label);
            all += 1;
            hits += usize::from(is_right);
            let reason = MISSED
                .iter()
                .find(|known| (known.0, known.1) == (file, label));
            if is_right {
                if reason.is_some() {
                    unexplained.push(format!(
                        "{file}: {label} is found, its reason is out of date"
                    ));
                }
                continue;
            }
            println!(
                "{file}: {label} ({})",
                reason.map_or("no reason known", |known| known.2)
            );
            if reason.is_none() {
                unexplained.push(format!("{file}: {label}"));
            }
        }
    }
    println!("{hits} of {all} labels are as they should be");
    assert!(
        unexplained.is_empty(),
        "different without a reason: {unexplained:#?}"
    );
}
