//! Hand-labelled personal data in real captures: what lies in clear is found in the labelled frame, traps are not.
//! Prints labels and counts, never values.

use std::collections::{BTreeMap, BTreeSet};

use phonehome::model::{Category, Dossier, RecipientKind, Tally};
use phonehome::rules::Rules;
use phonehome::{audit, detect, intake};

use crate::reference;

/// Which categories a label's type may count as.
fn categories(label: &str) -> &'static [Category] {
    match label.split('.').next().unwrap_or_default() {
        "location" => &[Category::Location],
        "locale" => &[Category::Location, Category::Device],
        "phone_number" => &[Category::Account, Category::MessageMetadata],
        "email" | "account" => &[Category::Account, Category::MessageMetadata, Category::Credentials],
        "credential" => &[Category::Credentials],
        "session" => &[Category::Credentials, Category::Account, Category::Device],
        "access" => &[Category::Contacts],
        _ => &[Category::Device],
    }
}

/// Findings of one file: frame → (category, rule, stayed on the local network).
type Found = BTreeMap<u64, BTreeSet<(Category, String, bool)>>;

fn findings(path: &std::path::Path, rules: &Rules) -> Found {
    let case = intake::discover(&[path.to_owned()]).unwrap();
    let mut found = Found::new();
    audit::observe(&case, rules, &audit::Options::default(), &mut |observation, fields| {
        let mut tally = Tally::default();
        detect::inspect(observation, fields, rules, &Dossier::default(), &mut tally);
        for (key, occurrences) in tally.findings {
            for evidence in occurrences.evidence {
                found.entry(evidence.origin.frame).or_default().insert((
                    key.category,
                    key.rule.to_string(),
                    key.recipient.kind == RecipientKind::Local,
                ));
            }
        }
        Ok(())
    })
    .unwrap();
    found
}

#[test]
fn labelled_personal_data_is_found_and_traps_are_not() {
    let Some(corpus) = reference::shared("corpus") else { return };
    let rules = Rules::embedded().unwrap();
    let mut missed = Vec::new();
    let mut trapped = Vec::new();
    let mut items = 0;
    for label in reference::json(&corpus.join("PII_LABELS.json")).as_array().unwrap() {
        let file = label["file"].as_str().unwrap();
        // HAR labels count entries from 0, everything of ours counts from 1.
        let first = u64::from(file.ends_with(".har"));
        let frames: Vec<u64> = label["frames"].as_array().unwrap().iter().map(|frame| frame.as_u64().unwrap() + first).collect();
        let found = findings(&corpus.join(file), &rules);
        for item in label["items"].as_array().unwrap() {
            items += 1;
            let kind = item["type"].as_str().unwrap();
            if kind.ends_with("placeholder") {
                let is_reported = frames.iter().filter_map(|frame| found.get(frame)).flatten().any(|(_, rule, _)| rule.starts_with("wifi-") || rule == "mac-address");
                if is_reported {
                    trapped.push(format!("{file}: {kind}"));
                }
                continue;
            }
            let wanted = categories(kind);
            let is_found = if frames.is_empty() {
                found.values().flatten().any(|(category, ..)| wanted.contains(category))
            } else {
                frames.iter().filter_map(|frame| found.get(frame)).flatten().any(|(category, ..)| wanted.contains(category))
            };
            if !is_found {
                missed.push(format!("{file} frames {frames:?}: {kind}; found there: {:?}", frames.iter().filter_map(|frame| found.get(frame)).flatten().map(|(_, rule, _)| rule).collect::<BTreeSet<_>>()));
            }
        }
    }
    println!("labelled items: {items}, missed: {}, traps sprung: {}", missed.len(), trapped.len());
    for line in missed.iter().chain(&trapped) {
        println!("  {line}");
    }
    assert!(missed.is_empty() && trapped.is_empty());
}

#[test]
fn names_told_on_the_local_network_only_are_not_transmissions_to_a_server() {
    let Some(corpus) = reference::shared("corpus") else { return };
    let rules = Rules::embedded().unwrap();
    for file in ["ntop__nDPI/iphone.pcap", "ntop__nDPI/wechat.pcap"] {
        let remote: Vec<_> = findings(&corpus.join(file), &rules)
            .into_iter()
            .flat_map(|(frame, found)| found.into_iter().map(move |finding| (frame, finding)))
            .filter(|(_, (_, rule, is_local))| matches!(rule.as_str(), "device-personal-name" | "mac-address") && !is_local)
            .collect();
        assert!(remote.is_empty(), "{file}: {remote:?}");
    }
}
