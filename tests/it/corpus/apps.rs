//! Apps in real captures, beside what nDPI recognises in them: of messengers and social apps that our rules know, each that it
//! names is named here, alone or as one of few candidates.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use phonehome::audit::{self, Options};
use phonehome::intake;
use phonehome::model::Attributed;
use phonehome::rules::Rules;

/// nDPI's protocols, and the apps of our rules that they are.
const APPS: &[(&str, &[&str])] = &[
    ("Discord", &["discord"]),
    ("Facebook", &["facebook", "messenger"]),
    ("FacebookMessenger", &["messenger"]),
    ("GMail", &["gmail"]),
    ("GoogleCall", &["google-meet"]),
    ("GoogleMeet", &["google-meet"]),
    ("Instagram", &["instagram"]),
    ("Jabber", &["xmpp-generic"]),
    ("Line", &["line"]),
    ("LineCall", &["line"]),
    ("LinkedIn", &["linkedin"]),
    ("Mattermost", &["mattermost"]),
    ("Signal", &["signal"]),
    ("SignalVoip", &["signal"]),
    ("Skype_Teams", &["ms-teams", "skype"]),
    ("Skype_TeamsCall", &["ms-teams", "skype"]),
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
    ("ViberVoip", &["viber"]),
    ("Webex", &["webex"]),
    ("WeChat", &["wechat"]),
    ("WhatsApp", &["whatsapp"]),
    ("WhatsAppCall", &["whatsapp"]),
    ("WhatsAppFiles", &["whatsapp"]),
    ("Wire", &["wire"]),
    ("Zoom", &["zoom"]),
];

/// Apps, by our ids, that nDPI's result for a capture names. Its list of protocols has lines of four columns: name,
/// packets, bytes, flows.
fn named(result: &str) -> BTreeSet<&'static [&'static str]> {
    result
        .lines()
        .filter_map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let [name, packets, _, flows] = columns.as_slice() else {
                return None;
            };
            let is_count = |text: &str| text.trim().parse::<u64>().is_ok();
            (is_count(packets) && is_count(flows)).then_some(*name)
        })
        .filter_map(|name| APPS.iter().find(|(known, _)| *known == name))
        .map(|(_, apps)| *apps)
        .collect()
}

/// Apps that we put something in a capture on: those for certain, and those among candidates.
fn recognised(path: &Path, rules: &Rules) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut certain, mut possible) = (BTreeSet::new(), BTreeSet::new());
    let case = intake::discover(&[path.to_owned()]).expect("the corpus is whole");
    let errors = audit::observe(&case, rules, &Options::default(), &mut |observation, _| {
        match &observation.app {
            Attributed::Known { app, .. } => {
                certain.insert(app.as_str().to_owned());
            }
            Attributed::Shared { apps, .. } => {
                possible.extend(apps.iter().map(|app| app.as_str().to_owned()));
            }
            Attributed::Unknown => {}
        }
        Ok(())
    });
    assert!(errors.expect("nothing refuses").is_empty());
    (certain, possible)
}

#[test]
fn apps_that_ndpi_recognises_are_recognised_and_no_others() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/ntop__nDPI");
    let Ok(results) = fs::read_dir(folder.join("expected")) else {
        println!("skipped: ../shared/corpus is absent");
        return;
    };
    let rules = Rules::embedded();
    let known: BTreeSet<&str> = APPS
        .iter()
        .flat_map(|(_, apps)| apps.iter().copied())
        .collect();
    let (mut hits, mut all, mut extra) = (0, 0, 0);
    let mut differences = Vec::new();
    let mut results: Vec<_> = results.map(|entry| entry.unwrap().path()).collect();
    results.sort();
    for result in results {
        let name = result.file_stem().unwrap().to_str().unwrap();
        let file = name.rsplit("result__").next().unwrap();
        let named = named(&fs::read_to_string(&result).unwrap());
        let (certain, possible) = recognised(&folder.join(file), &rules);
        for apps in &named {
            let is_recognised = apps
                .iter()
                .any(|app| certain.contains(*app) || possible.contains(*app));
            all += 1;
            hits += usize::from(is_recognised);
            if !is_recognised {
                differences.push(format!("{file}: {} missing", apps[0]));
            }
        }
        for app in certain.iter().filter(|app| known.contains(app.as_str())) {
            if !named.iter().any(|apps| apps.contains(&app.as_str())) {
                extra += 1;
                differences.push(format!("{file}: {app} extra"));
            }
        }
    }
    println!("{hits} of {all} apps recognised, {extra} extra");
    assert!(differences.is_empty(), "different: {differences:#?}");
}
