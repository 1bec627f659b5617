//! The sample case: its risks, its provisions, its words, and what the README shows of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use phonehome::rules::Rules;
use serde_json::Value;

use super::{folder, json, pcap, run, status, stderr, stdout};

/// One line for each app of a report: phone, app, whose row it is, level and risk.
fn risks(report: &Value) -> String {
    let mut lines = Vec::new();
    for device in report["devices"].as_array().unwrap() {
        for app in device["apps"].as_array().unwrap() {
            let words = [&device["name"], &app["name"], &app["owner"], &app["level"]]
                .map(|word| word.as_str().unwrap().to_owned());
            lines.push(format!("{} {}", words.join(" | "), app["risk"]));
        }
    }
    lines.join("\n")
}

#[test]
fn the_sample_case_has_the_risks_that_it_was_made_for() {
    let report = json(&["audit", "samples/case", "-f", "json"]);
    insta::assert_snapshot!(risks(&report), @r"
    company-phone | Wetterlicht | app | very-high 16
    company-phone | (app unknown) | unknown | very-high 16
    company-phone | WhatsApp | app | high 12
    company-phone | Operating system | system | low 3
    company-phone | com.example.taschenlampe | app | none 0
    managed-phone | Jira Cloud | app | high 9
    managed-phone | Signal | app | medium 8
    managed-phone | Google Play services | app | medium 4
    managed-phone | Operating system | system | low 3
    managed-phone | Mattermost | app | low 3
    private-phone | Blattscan | app | very-high 16
    private-phone | TikTok | app | very-high 16
    private-phone | Google Play services | app | medium 4
    private-phone | Operating system | system | low 3
    private-phone | Mattermost | app | low 3
    private-phone | com.example.werkzeug.kalender or com.example.werkzeug.notizen | shared | none 0
    private-phone | (app unknown) | unknown | none 0
    ");
    assert_eq!(report["case"], "Nordlicht Logistik GmbH");
    assert_eq!(report["level"], "very-high");
}

/// What `observe` shows in the frames of a file, by path.
fn observed(file: &str) -> Vec<(u64, String, String)> {
    let shown = stdout(&run(&["observe", file, "--show-values"]));
    let observations = shown
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let fields = observations.flat_map(|observation| {
        let frame = observation["frame"].as_u64();
        let fields = observation["fields"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        fields.into_iter().filter_map(move |field| {
            let text = |name: &str| Some(field[name].as_str()?.to_owned());
            Some((frame?, text("path")?, text("value")?))
        })
    });
    fields.collect()
}

#[test]
fn evidence_of_the_sample_case_names_the_field_in_which_its_value_stands() {
    let report = json(&["audit", "samples/case", "-f", "json", "--show-values", "-q"]);
    let plain = |text: &str| text.replace([' ', '.'], "").to_lowercase();
    let mut checked = 0;
    for input in report["inputs"].as_array().unwrap() {
        let file = format!("samples/case/{}", input["path"].as_str().unwrap());
        if !file.contains(".pcap") {
            continue;
        }
        let fields = observed(&file);
        let devices = report["devices"].as_array().unwrap().iter();
        let apps = devices.flat_map(|device| device["apps"].as_array().unwrap());
        let findings = apps.flat_map(|app| app["findings"].as_array().unwrap());
        let evidence = findings.flat_map(|finding| finding["evidence"].as_array().unwrap());
        for piece in evidence.filter(|piece| piece["input"] == input["id"]) {
            let (Some(path), Some(value)) = (piece["path"].as_str(), piece["value"].as_str())
            else {
                continue;
            };
            // What an answer says is no field that the client sent.
            let frame = piece["frame"].as_u64();
            if !fields.iter().any(|(of, ..)| Some(*of) == frame) {
                continue;
            }
            let (first, second) = path.split_once('+').unwrap_or((path, path));
            for (half, at) in value.split(',').zip([first, second]) {
                let last = at.rsplit('.').next().unwrap();
                let holds = |(of, path, value): &&(u64, String, String)| {
                    Some(*of) == frame
                        && (path == at || at == second && path.ends_with(last))
                        && plain(value).contains(&plain(half))
                };
                let is_there = fields.iter().any(|field| holds(&field));
                assert!(is_there, "{value} does not stand at {path} of {file}");
                checked += 1;
            }
        }
    }
    assert!(checked > 40, "{checked}");
}

#[test]
fn a_saved_report_gives_every_format_as_the_audit_itself_does() {
    let folder = folder("saved_report");
    let saved = folder.join("audit.json");
    let saved = saved.to_str().unwrap();
    assert_eq!(status(&["audit", "samples/case", "-o", saved]), 0);
    for language in ["en", "de"] {
        let direct = stdout(&run(&["audit", "samples/case", "--lang", language]));
        let later = stdout(&run(&["report", saved, "--lang", language]));
        assert_eq!(direct, later);
    }
    let json = stdout(&run(&["report", saved, "-f", "json"]));
    assert_eq!(json, fs::read_to_string(saved).unwrap());
    let refused = run(&["report", saved, "--show-values"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("--show-values"));
    let foreign = run(&["report", "Cargo.toml"]);
    assert_eq!(foreign.status.code(), Some(2));
    assert!(stderr(&foreign).contains("no JSON report of phonehome"));
}

/// What the README shows of a report: the overview of the first phone, and the first findings of its first app.
fn excerpt(report: &str) -> String {
    let (overview, _) = report.split_once("managed-phone\n").unwrap();
    let (_, findings) = report.split_once("FINDINGS PER APP\n\n").unwrap();
    let findings: Vec<&str> = findings.lines().take(22).collect();
    format!("{overview}…\n{}\n…\n", findings.join("\n"))
}

/// With `PHONEHOME_FORGE=1` in the environment the README is written instead of compared.
#[test]
fn the_readme_shows_what_the_sample_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once("<!-- output -->\n").unwrap();
    let (shown, behind) = rest.split_once("<!-- /output -->").unwrap();
    let printed = excerpt(&stdout(&run(&["audit", "samples/case"])));
    let expected = format!("```text\n{printed}```\n");
    if std::env::var_os("PHONEHOME_FORGE").is_some() {
        let readme = format!("{before}<!-- output -->\n{expected}<!-- /output -->{behind}");
        fs::write(&path, readme).unwrap();
    } else {
        assert!(
            shown == expected,
            "the README is stale; PHONEHOME_FORGE=1 cargo test the_readme_shows writes it anew"
        );
    }
}

/// Each provision that an observation can touch is touched by the sample case. Compensation and fines follow from what people
/// decide, never from an observation.
#[test]
fn the_sample_case_touches_each_provision() {
    let report = json(&["audit", "-q", "-f", "json", "samples/case"]);
    let touched: BTreeSet<String> = report["devices"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|device| device["apps"].as_array().unwrap())
        .flat_map(|app| app["provisions"].as_array().unwrap())
        .map(|id| id.as_str().unwrap().to_owned())
        .collect();
    let rules = Rules::embedded();
    let untouched: Vec<&str> = rules
        .legal()
        .provisions
        .iter()
        .filter(|provision| !provision.is_always_touched && !touched.contains(&*provision.id))
        .map(|provision| &*provision.id)
        .collect();
    assert_eq!(untouched, ["gdpr-82-83"]);
    assert!(
        rules
            .legal()
            .provision("gdpr-82-83")
            .unwrap()
            .touched_by
            .is_empty()
    );
}

#[test]
fn german_reports_are_german() {
    let table = stdout(&run(&["audit", "samples/case", "--language", "de"]));
    for words in [
        "RISIKO JE APP",
        "BEFUNDE JE APP",
        "WAS NICHT ZU SEHEN WAR",
        "DSGVO",
        "ersetzt keine Rechtsberatung",
    ] {
        assert!(table.contains(words), "{words}");
    }
    for words in [
        "GDPR",
        "transmitted",
        "evidence",
        "Recipient",
        "the file",
        "connection",
        "body ",
        "header ",
    ] {
        assert!(!table.contains(words), "{words}");
    }
}

#[test]
fn reports_weigh_their_words() {
    for language in ["en", "de"] {
        let table = stdout(&run(&["audit", "samples/case", "--language", language])).to_lowercase();
        for verdict in [
            "violat",
            "illegal",
            "unlawful",
            "verstößt",
            "rechtswidrig",
            "unzulässig",
        ] {
            assert!(!table.contains(verdict), "{verdict}");
        }
    }
    let empty = folder("words").join("empty.pcap");
    fs::write(&empty, pcap(&[])).unwrap();
    let table = stdout(&run(&["audit", empty.to_str().unwrap()]));
    assert!(table.contains("does not mean"), "{table}");
    for verdict in ["clean", "safe", "no risk"] {
        assert!(!table.contains(verdict), "{verdict}");
    }
}
