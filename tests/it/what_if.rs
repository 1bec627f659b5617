//! The founding question: may we use WhatsApp, under which conditions, and what instead?

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use phonehome::assess::documented;
use phonehome::model::RiskLevel;
use phonehome::rules::Rules;
use serde_json::Value;

fn case() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/case")
}

fn run(case: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_phonehome"))
        .arg("what-if")
        .arg(case)
        .args(arguments)
        .env_remove("PHONEHOME_LANGUAGE")
        .env("LC_ALL", "C")
        .output()
        .unwrap()
}

fn text(arguments: &[&str]) -> String {
    let output = run(&case(), arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let all = [arguments, &["--format", "json"]].concat();
    serde_json::from_str(&text(&all)).unwrap()
}

/// Outcome and risk afterwards of a finding of an app.
fn finding(report: &Value, app: &str, observation: &str) -> (String, Option<u64>) {
    let apps = report["apps"].as_array().unwrap();
    let app = apps.iter().find(|one| one["id"] == app).unwrap();
    let mut findings = app["findings"].as_array().unwrap().iter();
    let found = findings.find(|one| one["observation"] == observation);
    let found = found.unwrap_or_else(|| panic!("{observation} in {app}"));
    (
        found["outcome"].as_str().unwrap().to_owned(),
        found["risk_after"].as_u64(),
    )
}

#[test]
fn a_dedicated_phone_ends_the_disclosure_of_contacts_and_not_the_metadata() {
    let report = json(&["--measure", "dedicated-phone:whatsapp"]);
    assert_eq!(
        finding(&report, "whatsapp", "contacts-plain"),
        ("gone".to_owned(), None)
    );
    assert_eq!(finding(&report, "whatsapp", "message-metadata").0, "same");
    assert_eq!(finding(&report, "whatsapp", "no-art28-contract").0, "same");
    let shown = text(&["--measure", "dedicated-phone:whatsapp", "--language", "de"]);
    assert!(shown.contains("Die Metadaten; der Anbieter"), "{shown}");
    assert!(
        shown.contains("entfällt      12  Upload des Adressbuchs (gefolgert)"),
        "{shown}"
    );
}

#[test]
fn a_server_of_ones_own_is_low_and_signal_keeps_contacts_in_an_enclave() {
    let report = json(&["--measure", "replace:whatsapp=mattermost"]);
    let mut apps = report["apps"].as_array().unwrap().iter();
    let new = apps
        .find(|app| app["id"] == "mattermost" && app["device"] == "company-phone")
        .unwrap();
    assert_eq!(new["after"]["level"], "low", "{new}");
    for app in ["conversations", "xmpp-generic"] {
        let report = json(&[
            "--measure",
            &format!("replace:whatsapp={app}"),
            "--measure",
            &format!("self-host:{app}"),
        ]);
        assert_eq!(
            finding(&report, app, "message-metadata").1,
            Some(3),
            "{app}"
        );
    }
    let report = json(&["--measure", "replace:whatsapp=signal"]);
    let (outcome, risk) = finding(&report, "whatsapp", "contacts-plain");
    assert_eq!((outcome.as_str(), risk), ("gone", None));
    let apps = report["apps"].as_array().unwrap();
    let signal = apps
        .iter()
        .find(|app| app["id"] == "signal" && app["device"] == "company-phone")
        .unwrap();
    let enclave = &signal["findings"][0];
    assert_eq!(enclave["observation"], "contacts-enclave");
    assert_eq!(enclave["risk_after"], 8);
    assert_eq!(enclave["is_documented_only"], true);
}

#[test]
fn what_profiles_document_scores_as_in_the_worked_examples() {
    let rules = Rules::embedded();
    let risk = |app: &str, observation: &str| {
        let findings = documented(&rules, rules.app(app).unwrap());
        let mut findings = findings.into_iter();
        let found = findings.find(|one| one.observation.as_deref() == Some(observation));
        let score = found.unwrap().score.unwrap();
        (score.risk, score.level)
    };
    assert_eq!(risk("whatsapp", "contacts-plain"), (12, RiskLevel::High));
    assert_eq!(risk("whatsapp", "message-metadata"), (9, RiskLevel::High));
    assert_eq!(risk("signal", "contacts-enclave"), (8, RiskLevel::Medium));
    assert_eq!(
        risk("telegram", "contacts-plain"),
        (16, RiskLevel::VeryHigh)
    );
    assert_eq!(risk("mattermost", "message-metadata"), (3, RiskLevel::Low));
}

#[test]
fn measures_combine_and_a_saved_report_gives_the_same() {
    let both = [
        "-m",
        "deny-contacts:whatsapp",
        "-m",
        "replace:whatsapp=signal",
        "-m",
        "work-profile",
    ];
    let report = json(&both);
    assert_eq!(report["measures"].as_array().unwrap().len(), 3);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("what-if");
    std::fs::create_dir_all(&folder).unwrap();
    let saved = folder.join("audit.json");
    let audit = Command::new(env!("CARGO_BIN_EXE_phonehome"))
        .args(["audit", "-q", "-o"])
        .arg(&saved)
        .arg(case())
        .output()
        .unwrap();
    assert!(audit.status.success(), "{audit:?}");
    let again = run(&saved, &[&both[..], &["-f", "json"]].concat());
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(report, again);
}

#[test]
fn what_cannot_be_done_or_changes_nothing_is_said() {
    for (measure, said) in [
        ("sign-contract:WhatsApp", "offers no processing contract"),
        ("self-host:whatsapp", "cannot be run by the company"),
        ("block-host:nowhere.example", "changes nothing here"),
    ] {
        let shown = text(&["--measure", measure])
            .replace('\n', " ")
            .replace("   ", "");
        assert!(shown.contains(said), "{shown}");
    }
    for measure in [
        "dedicated-phone",
        "replace:whatsapp",
        "work-profile:x",
        "replace:whatsapp=nothing",
        "move",
    ] {
        let output = run(&case(), &["--measure", measure]);
        assert_eq!(output.status.code(), Some(2), "{measure}");
    }
}

#[test]
fn blocking_a_host_ends_what_goes_there_and_the_plan_is_in_order() {
    let report = json(&["--measure", "block-host:inmobi.com"]);
    let apps = report["apps"].as_array().unwrap();
    let mut gone = apps
        .iter()
        .flat_map(|app| app["findings"].as_array().unwrap())
        .filter(|finding| finding["outcome"] == "gone")
        .peekable();
    assert!(gone.peek().is_some());
    assert!(gone.all(|finding| {
        finding["recipient"]
            .as_str()
            .unwrap()
            .to_lowercase()
            .contains("inmobi")
    }));
    let plan = json(&["--plan"]);
    let measures = plan["measures"].as_array().unwrap();
    let worth: Vec<f64> = measures
        .iter()
        .map(|one| one["relief"].as_f64().unwrap() / one["effort"].as_f64().unwrap())
        .collect();
    assert!(
        worth.len() > 3 && worth.is_sorted_by(|one, other| one + 1.0 >= *other),
        "{worth:?}"
    );
}

#[test]
fn each_app_of_a_report_says_what_measures_would_change() {
    let audit = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_phonehome"))
            .args(["audit", "-q"])
            .arg(case())
            .args(arguments)
            .env_remove("PHONEHOME_LANGUAGE")
            .env("LC_ALL", "C")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let report: Value = serde_json::from_str(&audit(&["-f", "json"])).unwrap();
    let devices = report["devices"].as_array().unwrap();
    let mut apps = devices
        .iter()
        .flat_map(|device| device["apps"].as_array().unwrap());
    let app = apps.find(|app| app["id"] == "whatsapp").unwrap();
    let findings = app["findings"].as_array().unwrap();
    let contacts = findings
        .iter()
        .find(|finding| finding["observation"] == "contacts-plain");
    let measures = app["what_if"].as_array().unwrap();
    let of = |spec: &str| measures.iter().find(|one| one["measure"] == spec).unwrap();
    let dedicated = of("dedicated-phone:whatsapp");
    assert_eq!(
        (&dedicated["risk_before"], &dedicated["risk_after"]),
        (&12.into(), &9.into())
    );
    let gone = serde_json::json!([{ "id": contacts.unwrap()["id"], "risk_after": null }]);
    assert_eq!(dedicated["findings"], gone);
    let stay = usize::try_from(dedicated["stay"].as_u64().unwrap()).unwrap();
    assert_eq!(stay, findings.len() - 1);
    assert_eq!(of("replace:whatsapp=mattermost")["risk_after"], 3);
    for (format, language, said) in [
        ("table", "en", "Measures, each by itself"),
        ("html", "de", "Maßnahmen, jede für sich"),
        ("markdown", "de", "Maßnahmen, jede für sich"),
    ] {
        let shown = audit(&["-f", format, "--language", language]);
        assert!(shown.contains(said), "{format}");
    }
}
