//! Messengers and social apps that nDPI recognises in its own captures are recognised by us too.

use std::collections::BTreeSet;
use std::path::Path;

use phonehome::model::Attributed;
use phonehome::rules::Rules;
use phonehome::{audit, intake};

use crate::reference;

/// nDPI's name of a protocol → the ids in `rules/apps.toml` of which one must be recognised.
const APPS: &[(&str, &[&str])] = &[
    ("Discord", &["discord"]),
    ("Facebook", &["facebook", "messenger"]),
    ("FacebookVoip", &["facebook", "messenger"]),
    ("Messenger", &["messenger", "facebook"]),
    ("GMail", &["gmail"]),
    ("GoogleCall", &["google-meet"]),
    ("GoogleMaps", &["google-maps"]),
    ("GoogleMeet", &["google-meet"]),
    ("Instagram", &["instagram"]),
    ("Line", &["line"]),
    ("LineCall", &["line"]),
    ("LinkedIn", &["linkedin"]),
    ("Outlook", &["outlook"]),
    ("SignalVoip", &["signal"]),
    ("Signal", &["signal"]),
    ("Skype_Teams", &["skype", "ms-teams", "skype-for-business"]),
    ("Skype_TeamsCall", &["skype", "ms-teams", "skype-for-business"]),
    ("Slack", &["slack"]),
    ("Snapchat", &["snapchat"]),
    ("SnapchatCall", &["snapchat"]),
    ("Teams", &["ms-teams"]),
    ("TeamsCall", &["ms-teams"]),
    ("Telegram", &["telegram"]),
    ("TelegramVoip", &["telegram"]),
    ("Threema", &["threema"]),
    ("TikTok", &["tiktok"]),
    ("Twitter", &["x"]),
    ("Viber", &["viber"]),
    ("Webex", &["webex"]),
    ("WeChat", &["wechat"]),
    ("WhatsApp", &["whatsapp"]),
    ("WhatsAppCall", &["whatsapp"]),
    ("WhatsAppFiles", &["whatsapp"]),
    ("Zoom", &["zoom"]),
];

/// The protocols in the summary of an nDPI result: lines of `name TAB packets TAB bytes TAB flows`.
fn protocols(result: &str) -> BTreeSet<&str> {
    result
        .lines()
        .filter_map(|line| {
            let columns: Vec<&str> = line.trim_end().split('\t').collect();
            match columns.as_slice() {
                [name, numbers @ ..] if numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u64>().is_ok()) => Some(*name),
                _ => None,
            }
        })
        .collect()
}

/// The apps that a capture's observations are put on, alone or as one of several.
fn recognised(capture: &Path, rules: &Rules) -> BTreeSet<String> {
    let case = intake::discover(&[capture.to_owned()]).unwrap();
    let mut apps = BTreeSet::new();
    audit::observe(&case, rules, &audit::Options::default(), &mut |observation, _| {
        match &observation.app {
            Attributed::Known { app, .. } => {
                apps.insert(app.to_string());
            }
            Attributed::Shared { apps: candidates, .. } => apps.extend(candidates.iter().map(ToString::to_string)),
            Attributed::Unknown => {}
        }
        Ok(())
    })
    .unwrap();
    apps
}

#[test]
fn apps_that_ndpi_recognises_are_recognised() {
    let Some(corpus) = reference::shared("corpus/ntop__nDPI") else { return };
    let rules = Rules::embedded().unwrap();
    let mut expected = 0;
    let mut missed = Vec::new();
    let mut results: Vec<_> = std::fs::read_dir(corpus.join("expected")).unwrap().map(|entry| entry.unwrap().path()).collect();
    results.sort();
    for path in results {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let capture = name.trim_start_matches("tests__cfgs__default__result__").trim_end_matches(".out").to_owned();
        let result = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let protocols = protocols(&result);
        let wanted: Vec<_> = APPS.iter().filter(|(protocol, _)| protocols.contains(protocol)).collect();
        if wanted.is_empty() {
            continue;
        }
        let apps = recognised(&corpus.join(&capture), &rules);
        for (protocol, ids) in wanted {
            assert!(ids.iter().all(|id| rules.app(id).is_some()), "{ids:?} are not all profiles");
            expected += 1;
            if !ids.iter().any(|id| apps.contains(*id)) {
                missed.push(format!("{capture}: {protocol}; recognised {apps:?}"));
            }
        }
    }
    println!("apps recognised: {} of {expected}", expected - missed.len());
    for line in &missed {
        println!("  {line}");
    }
    assert!(missed.is_empty());
}
