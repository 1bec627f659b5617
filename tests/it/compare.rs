//! `phonehome apps` and `phonehome compare`, as users run them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_phonehome"))
        .env_clear()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The sample case as saved JSON, changed by `change`.
fn saved(test: &str, change: impl Fn(&mut Value)) -> String {
    let shown = stdout(&["audit", "samples/case", "-f", "json"]);
    let mut report: Value = serde_json::from_str(&shown).unwrap();
    change(&mut report);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("compare-{test}.json"));
    fs::write(&file, report.to_string()).unwrap();
    file.to_str().unwrap().to_owned()
}

/// What was measured of the first app by a criterion.
fn measured(comparison: &str, criterion: &str) -> Vec<Value> {
    let comparison: Value = serde_json::from_str(comparison).unwrap();
    let facts = comparison["apps"][0]["facts"].as_array().unwrap();
    let fact = facts.iter().find(|fact| fact["criterion"] == criterion);
    fact.unwrap()["measured"].as_array().unwrap().clone()
}

#[test]
fn a_case_and_its_saved_report_show_the_same_beside_what_is_documented() {
    let file = saved("same", |_| {});
    let apps = ["compare", "WhatsApp", "Signal", "Mattermost"];
    let of_case = stdout(&[&apps[..], &["--case", "samples/case"]].concat());
    let of_report = stdout(&[&apps[..], &["--case", &file]].concat());
    assert_eq!(of_case, of_report);
    assert!(of_case.contains("inferred:"), "{of_case}");
    assert!(of_case.contains("cdsi.signal.org"), "{of_case}");
    assert!(of_case.lines().all(|line| line.chars().count() <= 80));
    let documented_only = stdout(&apps);
    assert!(!documented_only.contains('»'), "{documented_only}");
}

#[test]
fn what_does_not_fit_the_documents_is_marked_and_nothing_else_is() {
    let as_documented = saved("fits", |_| {});
    let compare =
        |app: &str, file: &str| stdout(&["compare", app, "--case", file, "--format", "json"]);
    for app in ["whatsapp", "signal", "mattermost", "jira"] {
        let text = compare(app, &as_documented);
        assert!(
            !text.contains("\"contradicts_documented\": true"),
            "{app}: {text}"
        );
    }
    // Wetterlicht sends contacts readable by its server; if it were Signal, that would not fit.
    let renamed = saved("odd", |report| {
        for device in report["devices"].as_array_mut().unwrap() {
            for app in device["apps"].as_array_mut().unwrap() {
                if app["id"] == "com.example.wetterlicht" {
                    app["id"] = "signal".into();
                }
            }
        }
    });
    let text = compare("signal", &renamed);
    let marked: Vec<Value> = measured(&text, "contacts")
        .into_iter()
        .filter(|fact| fact["contradicts_documented"] == true)
        .collect();
    assert_eq!(marked.len(), 1, "{text}");
    let words = marked[0]["text"]["de"].as_str().unwrap();
    assert!(words.starts_with("übertragen"), "{words}");
}

#[test]
fn a_retired_system_that_is_still_there_is_marked() {
    let file = saved("retired", |report| {
        for device in report["devices"].as_array_mut().unwrap() {
            for app in device["apps"].as_array_mut().unwrap() {
                if app["id"] == "whatsapp" {
                    app["id"] = "hipchat".into();
                }
            }
        }
    });
    let text = stdout(&["compare", "HipChat", "--case", &file, "-f", "json"]);
    assert_eq!(
        measured(&text, "status")[0]["contradicts_documented"],
        Value::Bool(true)
    );
}

#[test]
fn unknown_names_get_the_nearest_ones() {
    for verb in ["compare", "apps"] {
        let output = run(&[verb, "Matermost"]);
        assert_eq!(output.status.code(), Some(2));
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains("did you mean: mattermost"), "{message}");
    }
}

#[test]
fn a_profile_shows_each_fact_with_source_date_and_certainty() {
    let text = stdout(&["apps", "NIMes", "--lang", "de"]);
    assert!(text.starts_with("nimes: NIMes"), "{text}");
    assert!(text.contains("zu bestätigen · 2026-11-24"), "{text}");
    assert!(text.contains("Standort: nicht bekannt"), "{text}");
    let list = stdout(&["apps"]);
    assert!(list.lines().count() >= 45);
}
