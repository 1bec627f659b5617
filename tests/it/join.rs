//! What logs, dumps and captures of one phone say together.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use phonehome::audit::{self, Options, Progress};
use phonehome::intake;
use phonehome::model::{Audit, Category, Contradiction, Event, RiskLevel};
use phonehome::report::{self, FORMATS, Format, Language, Presentable};
use phonehome::rules::Rules;

use crate::forge::case;

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

fn audited(folder: &Path) -> Audit {
    let case = intake::discover(&[folder.to_owned()]).unwrap();
    let rules = Rules::embedded().unwrap();
    let outcome = audit::run(&case, &rules, &Options::default(), &Progress::default()).unwrap();
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    outcome.audit
}

fn format(name: &str) -> &'static Format {
    FORMATS.iter().find(|format| format.name == name).unwrap()
}

fn written(report: &Presentable, name: &str, language: Language) -> String {
    let rules = Rules::embedded().unwrap();
    let options = report::Options {
        language,
        width: 400,
        color: false,
        level: RiskLevel::Medium,
    };
    let mut bytes = Vec::new();
    (format(name).write)(report, &rules, options, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn rendered(audit: &Audit, name: &str, language: Language) -> String {
    let rules = Rules::embedded().unwrap();
    written(&Presentable::new(audit, &rules, false), name, language)
}

/// The network log that the phone would have kept of its own capture.
fn network_log(folder: &Path) -> String {
    let case = intake::discover(&[folder.to_owned()]).unwrap();
    let rules = Rules::embedded().unwrap();
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
