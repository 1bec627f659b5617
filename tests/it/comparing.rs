//! Saved reports beside others and beside their inputs: `phonehome diff` and `phonehome verify`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::gates::{archive, run, text};

/// A copy of the sample case in which a test may change things.
pub(crate) fn case(archive: &str) -> PathBuf {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let target = to.join(path.file_name().unwrap());
            if path.is_dir() {
                copy(&path, &target);
            } else {
                fs::copy(&path, &target).unwrap();
            }
        }
    }
    let folder = Path::new(archive).with_file_name("case");
    copy(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("samples/case")
            .as_path(),
        &folder,
    );
    folder
}

fn read(file: &str) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// Verifies a report: status and what it says.
fn verify(report: &str, inputs: &Path, more: &[&str]) -> (i32, Value) {
    let mut arguments = vec![
        "verify",
        report,
        inputs.to_str().unwrap(),
        "-q",
        "-f",
        "json",
    ];
    arguments.extend(more);
    let output = run(&arguments);
    let said = text(&output.stderr);
    let found = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    (output.status.code().unwrap(), found)
}

/// The report with something changed in it, beside the original.
fn altered(archive: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut report = read(archive);
    change(&mut report);
    let file = Path::new(archive).with_file_name("altered.json");
    fs::write(&file, report.to_string()).unwrap();
    file.to_str().unwrap().to_owned()
}

fn states<'a>(found: &'a Value, input: &str) -> Vec<&'a str> {
    let evidence = found["evidence"].as_array().unwrap().iter();
    evidence
        .filter(|piece| piece["input"].as_str().unwrap().contains(input))
        .map(|piece| piece["state"].as_str().unwrap())
        .collect()
}

#[test]
fn all_evidence_of_the_sample_case_is_found_again() {
    let archive = archive("verify-holds");
    let case = case(&archive);
    let (status, found) = verify(&archive, &case, &[]);
    assert_eq!(found["verdict"], "holds", "{found:#}");
    let evidence = found["evidence"].as_array().unwrap();
    assert_eq!(found["holding"], evidence.len());
    assert!(evidence.len() > 50 && status == 0);
    let output = run(&["verify", &archive, case.to_str().unwrap(), "--lang", "de"]);
    let said = text(&output.stdout);
    assert!(
        said.starts_with("Der Bericht stimmt") && said.contains("(100 %)"),
        "{said}"
    );
}

/// Where packet `frame` (from 1) of a little-endian pcap ends.
fn end_of_packet(pcap: &[u8], frame: u64) -> usize {
    assert!(
        pcap.starts_with(&[0xd4, 0xc3, 0xb2, 0xa1]) || pcap.starts_with(&[0x4d, 0x3c, 0xb2, 0xa1])
    );
    let mut at = 24;
    for _ in 0..frame {
        let length = u32::from_le_bytes(pcap[at + 8..at + 12].try_into().unwrap());
        at += 16 + usize::try_from(length).unwrap();
    }
    at
}

#[test]
fn changed_bytes_take_the_evidence_that_was_in_them() {
    let archive = archive("verify-byte");
    let case = case(&archive);
    let capture = case.join("company-phone/wifi-gateway.pcap");
    let mut bytes = fs::read(&capture).unwrap();
    let report = read(&archive);
    let company = &report["devices"][0];
    assert_eq!(company["name"], "company-phone");
    let frame = company["apps"][0]["findings"][0]["evidence"][0]["frame"]
        .as_u64()
        .unwrap();
    let end = end_of_packet(&bytes, frame);
    bytes[end - 400..end].fill(0);
    fs::write(&capture, bytes).unwrap();
    let (status, found) = verify(&archive, &case, &[]);
    assert_eq!((status, &found["verdict"]), (1, &json!("other-inputs")));
    let changed = states(&found, "wifi-gateway.pcap");
    // It is looked for in the changed file all the same; what was in the changed message is not there.
    let is_elsewhere = |state: &&str| *state == "holds-in-other-bytes";
    assert!(changed.iter().any(is_elsewhere) && changed.contains(&"other-input"));
    assert!(!changed.contains(&"holds"));
    let told = run(&["verify", &archive, case.to_str().unwrap(), "--lang", "en"]);
    let told = text(&told.stdout);
    let lines: Vec<&str> = told.lines().filter(|line| line.starts_with("- ")).collect();
    let once: std::collections::BTreeSet<&&str> = lines.iter().collect();
    assert_eq!(lines.len(), once.len(), "{told}");
    assert!(told.contains("has another checksum (report: "), "{told}");
    let others = states(&found, "private-phone");
    assert!(!others.is_empty() && others.iter().all(|state| *state == "holds"));
    // A capture that is not there is no better.
    fs::remove_file(&capture).unwrap();
    let (status, found) = verify(&archive, &case, &[]);
    assert_eq!((status, &found["verdict"]), (1, &json!("other-inputs")));
    assert!(
        found["inputs"]
            .as_array()
            .unwrap()
            .iter()
            .any(|input| input["state"] == "missing")
    );
}

/// A finding of the report that has evidence with a path.
fn telling(report: &mut Value) -> &mut Value {
    let devices = report["devices"].as_array_mut().unwrap().iter_mut();
    devices
        .flat_map(|device| device["apps"].as_array_mut().unwrap())
        .flat_map(|app| app["findings"].as_array_mut().unwrap())
        .find(|finding| {
            finding["evidence"][0]["path"].is_string()
                && finding["evidence"][0]["value"].is_string()
        })
        .unwrap()
}

#[test]
fn altered_reports_are_told() {
    let archive = archive("verify-altered");
    let case = case(&archive);
    let changes = [
        ("/evidence/0/frame", json!(7)),
        ("/evidence/0/path", json!("somewhere.else")),
        ("/evidence/0/decoding", json!(["base64"])),
        ("/evidence/0/server", json!("192.0.2.99:1")),
        ("/evidence/0/value", json!("phone#99")),
        ("/rule", json!("cleartext-http")),
        ("/count", json!(4711)),
        ("/recipient/host", json!("other.example")),
        ("/score/risk", json!(1)),
    ];
    for (place, value) in changes {
        let report = altered(&archive, |report| {
            *telling(report).pointer_mut(place).unwrap() = value;
        });
        let (status, found) = verify(&report, &case, &[]);
        let verdict = match place {
            // Whatever the inputs show: the risk is not what the report itself multiplies.
            "/score/risk" => "contradictory",
            _ => "altered",
        };
        assert_eq!((status, &found["verdict"]), (1, &json!(verdict)), "{place}");
    }
    let removed = altered(&archive, |report| {
        report["devices"][0]["apps"][0]["findings"]
            .as_array_mut()
            .unwrap()
            .pop();
    });
    let found = verify(&removed, &case, &[]).1;
    assert_eq!(found["verdict"], "altered");
    assert_eq!(found["findings"][0]["state"], "missing-in-report");
    let told = run(&["verify", &removed, case.to_str().unwrap(), "--lang", "en"]);
    let told = text(&told.stdout);
    assert!(
        told.contains("1 finding that the inputs show is missing in the report."),
        "{told}"
    );
    // What other readers of the file may show, though no report of ours does.
    for place in [
        "/case",
        "/devices/0/apps/0/name",
        "/devices/0/apps/0/findings/0/title",
        "/coverage/0/text",
    ] {
        let forged = altered(&archive, |report| {
            *report.pointer_mut(place).unwrap() = json!("Another GmbH");
        });
        let found = verify(&forged, &case, &[]).1;
        assert_eq!(found["verdict"], "altered", "{place}");
        let named = found["differences"].as_array().unwrap();
        let named = named.iter().find(|one| one["place"] == place).unwrap();
        assert_eq!(named["report"], "Another GmbH", "{place}: {named:?}");
        assert!(named["inputs"].is_string(), "{place}: {named:?}");
    }
    // The name of a file is no part of its bytes.
    let moved = altered(&archive, |report| {
        report["inputs"][0]["path"] = json!("elsewhere");
    });
    let found = verify(&moved, &case, &[]).1;
    assert_eq!(found["inputs"][0]["state"], "renamed");
}

/// A report from which somebody has taken what speaks against an app, and its risk.
fn whitewashed(report: &mut Value) {
    report["level"] = json!("low");
    for app in report["devices"][0]["apps"].as_array_mut().unwrap() {
        let findings = app["findings"].as_array_mut().unwrap();
        findings.truncate(1);
        for finding in findings {
            finding["score"]["risk"] = json!(1);
            finding["score"]["level"] = json!("low");
        }
        app["risk"] = json!(1);
        app["level"] = json!("low");
    }
}

#[test]
fn no_word_in_a_report_switches_checks_off() {
    let archive = archive("verify-switch");
    let case = case(&archive);
    let switches: [(&str, Value); 4] = [
        ("/tool_version", json!("9.9.9")),
        ("/rules_sha256", json!("00")),
        ("/options/policy", json!("00")),
        ("/options", json!({ "known": "3" })),
    ];
    for (place, value) in switches {
        let forged = altered(&archive, |report| {
            whitewashed(report);
            *report.pointer_mut(place).unwrap() = value.clone();
        });
        let (status, found) = verify(&forged, &case, &[]);
        assert_eq!((status, &found["verdict"]), (1, &json!("contradictory")));
        assert!(found["missing"].as_u64().unwrap() > 0, "{found:#}");
        // Findings that are taken out without a trace are told, too, and the report is not called good.
        let removed = altered(&archive, |report| {
            report["devices"][0]["apps"][0]["findings"]
                .as_array_mut()
                .unwrap()
                .pop();
            *report.pointer_mut(place).unwrap() = value;
        });
        let (status, found) = verify(&removed, &case, &[]);
        assert_eq!((status, &found["verdict"]), (1, &json!("evidence-holds")));
        assert_eq!(found["missing"], 1, "{place}");
    }
    let told = run(&[
        "verify",
        &archive,
        case.to_str().unwrap(),
        "--pepper",
        "x",
        "--lang",
        "de",
    ]);
    assert!(text(&told.stdout).starts_with("Der Bericht ließ sich nicht vollständig prüfen"));
}

#[test]
fn a_report_must_agree_with_itself() {
    let archive = archive("verify-agrees");
    let case = case(&archive);
    let app = "/devices/0/apps/0";
    for (place, value, statement) in [
        ("/level", json!("low"), "report-level"),
        ("/devices/0/apps/0/level", json!("low"), "app-level"),
        ("/devices/0/apps/0/risk", json!(1), "app-level"),
        ("findings/0/score/severity", json!(9), "severity"),
        ("findings/0/score/likelihood", json!(0), "likelihood"),
        ("findings/0/score/priority", json!(1.5), "priority"),
        ("findings/0/score/level", json!("low"), "level"),
        ("findings/0/most_items", json!(4711), "items"),
        (
            "findings/0/last",
            json!("2001-01-01T00:00:00.000Z"),
            "times",
        ),
    ] {
        let place = if place.starts_with('/') {
            place.to_owned()
        } else {
            format!("{app}/{place}")
        };
        for method in ["phonehome-1", "another method"] {
            let forged = altered(&archive, |report| {
                *report.pointer_mut(&place).unwrap() = value.clone();
                report["rules_sha256"] = json!("00");
                if method != report["method"] {
                    report["method"] = json!(method);
                }
            });
            let (status, found) = verify(&forged, &case, &[]);
            assert_eq!(status, 1, "{place}");
            assert_eq!(found["verdict"], "contradictory", "{place} {method}");
            let named = found["contradictions"].as_array().unwrap();
            assert!(
                named.iter().any(|one| one["statement"] == statement),
                "{place} {method}: {named:?}"
            );
        }
    }
}

#[test]
fn other_names_of_the_same_files_are_no_change() {
    let archive = archive("verify-names");
    let case = case(&archive);
    fs::rename(case.join("private-phone"), case.join("renamed")).unwrap();
    let (status, found) = verify(&archive, &case, &[]);
    assert_eq!(
        (status, &found["verdict"]),
        (0, &json!("holds")),
        "{found:#}"
    );
    let inputs = found["inputs"].as_array().unwrap();
    let given = |input: &&Value| input["state"] == "renamed";
    let renamed: Vec<&Value> = inputs.iter().filter(given).collect();
    assert!(!renamed.is_empty());
    assert!(renamed.iter().all(|input| {
        let given = input["given"].as_str().unwrap();
        given.starts_with("renamed/")
    }));
    // One more file is named.
    fs::copy(
        case.join("company-phone/wifi-gateway.pcap"),
        case.join("company-phone/more.pcap"),
    )
    .unwrap();
    let (status, found) = verify(&archive, &case, &[]);
    assert_eq!((status, &found["verdict"]), (1, &json!("other-inputs")));
    let inputs = found["inputs"].as_array().unwrap();
    let extra = inputs.iter().find(|input| input["state"] == "extra");
    assert!(
        extra.unwrap()["path"]
            .as_str()
            .unwrap()
            .starts_with("company-phone/")
    );
}

#[test]
fn a_changed_checksum_is_told_from_a_changed_file() {
    let archive = archive("verify-checksum");
    let case = case(&archive);
    let forged = altered(&archive, |report| {
        report["inputs"][0]["sha256"] = json!("0".repeat(64));
    });
    let (status, found) = verify(&forged, &case, &[]);
    assert_eq!((status, &found["verdict"]), (1, &json!("other-inputs")));
    let sums = &found["inputs"][0]["sha256"];
    assert_eq!(sums[0], "0".repeat(64));
    assert_eq!(sums[1], read(&archive)["inputs"][0]["sha256"]);
    let pieces = found["evidence"].as_array().unwrap().iter();
    let mut pieces = pieces.filter(|piece| piece["input"] == found["inputs"][0]["path"]);
    assert!(pieces.all(|piece| piece["state"] == "holds-in-other-bytes"));
}

#[test]
fn other_rules_and_options_are_no_forgery() {
    let archive = archive("verify-rules");
    let case = case(&archive);
    let rules = Path::new(&archive).with_file_name("rules");
    fs::create_dir_all(&rules).unwrap();
    for file in phonehome::rules::FILES {
        let ours = format!("{}\n# ours\n", file.text);
        fs::write(rules.join(file.name), ours).unwrap();
    }
    let (status, found) = verify(&archive, &case, &["--rules", rules.to_str().unwrap()]);
    assert_eq!((status, &found["verdict"]), (1, &json!("evidence-holds")));
    assert_eq!(
        (&found["same_rules"], &found["same_tool"]),
        (&json!(false), &json!(true))
    );
    let (_, found) = verify(&archive, &case, &["--pepper", "salt"]);
    assert_eq!(
        (&found["same_options"], &found["verdict"]),
        (&json!(false), &json!("evidence-holds"))
    );
    let older = altered(&archive, |report| report["tool_version"] = json!("0.0.1"));
    assert_eq!(verify(&older, &case, &[]).1["same_tool"], false);
}

#[test]
fn the_app_of_a_report_is_used_again() {
    let capture = "samples/case/private-phone/pcapdroid.pcap";
    let file = archive("verify-app");
    let status = run(&[
        "audit",
        capture,
        "--app",
        "com.example.one",
        "-o",
        &file,
        "-q",
    ])
    .status;
    assert_eq!(status.code(), Some(0));
    assert_eq!(read(&file)["options"], json!({ "app": "com.example.one" }));
    let (status, found) = verify(&file, Path::new(capture), &[]);
    assert_eq!((status, &found["verdict"]), (0, &json!("holds")));
}

#[test]
fn a_phone_that_is_not_in_the_new_audit_is_told_as_such() {
    let archive = archive("diff-phone");
    let less = altered(&archive, |report| {
        report["devices"].as_array_mut().unwrap().pop();
    });
    let gone = read(&archive)["devices"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()["name"]
        .clone();
    let output = run(&["diff", &archive, &less, "-f", "json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["missing_devices"], json!([gone]));
    assert_eq!(found["apps"], json!([]));
    let said = text(&run(&["diff", &archive, &less, "--lang", "en"]).stdout);
    assert!(
        said.contains("this phone is not in the new audit"),
        "{said}"
    );
    assert!(!said.contains("Nothing changed"), "{said}");
    // The other way round it is new, with the operating system by its name and without a risk that is none.
    let said = text(&run(&["diff", &less, &archive, "--lang", "en"]).stdout);
    assert!(!said.contains("not rated"), "{said}");
}

#[test]
fn a_comparison_says_what_is_new_gone_and_changed() {
    let archive = archive("diff");
    let output = run(&["diff", &archive, &archive, "--lang", "en"]);
    assert!(text(&output.stdout).contains("Nothing changed."));
    let report = read(&archive);
    let app = |report: &Value| report["devices"][0]["apps"][0].clone();
    let lost = app(&report)["findings"][0].clone();
    let older = altered(&archive, |report| {
        let app = &mut report["devices"][0]["apps"][0];
        app["findings"].as_array_mut().unwrap().remove(0);
        app["recipients"].as_array_mut().unwrap().clear();
        app["version"] = json!("0.9");
        app["level"] = json!("low");
        app["risk"] = json!(2);
        app["permissions"] = json!([{ "name": "android.permission.CAMERA", "category": null, "risk": 2,
            "is_declared": true, "is_granted": true, "is_policy_fixed": false }]);
    });
    let compare = |old: &str, new: &str, more: &[&str]| {
        let mut arguments = vec!["diff", old, new, "--lang", "en"];
        arguments.extend(more);
        let output = run(&arguments);
        (output.status.code().unwrap(), text(&output.stdout))
    };
    let (status, json) = compare(&older, &archive, &["-f", "json", "--fail-on-new", "high"]);
    let found: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(status, 1);
    assert_eq!(found["apps"].as_array().unwrap().len(), 1);
    let changed = &found["apps"][0];
    assert_eq!(changed["findings"][0]["id"], lost["id"]);
    assert_eq!(changed["findings"][0]["change"], "new");
    assert_eq!(changed["risk"], json!([2, app(&report)["risk"]]));
    assert_eq!(changed["version"][0], "0.9");
    assert_eq!(changed["recipients"][0]["change"], "new");
    let camera = changed["permissions"].as_array().unwrap().iter();
    assert!(camera.into_iter().any(|one| one["change"] == "gone"));
    // The other way round nothing is new.
    let (status, json) = compare(&archive, &older, &["-f", "json", "--fail-on-new", "low"]);
    assert_eq!(status, 0);
    assert!(json.contains("\"gone\""));
    let (_, narrow) = compare(&older, &archive, &["--width", "60"]);
    assert!(
        narrow.contains("  + ") && narrow.contains("permission CAMERA"),
        "{narrow}"
    );
    assert!(
        narrow.lines().all(|line| line.chars().count() <= 60),
        "{narrow}"
    );
    let (_, markdown) = compare(&older, &archive, &["-f", "markdown"]);
    assert!(
        markdown.starts_with("# ") && markdown.contains("- **new** "),
        "{markdown}"
    );
}

/// A key pair as `minisign -G -W` makes it, from a seed: secret key file and public key.
fn minisign() -> (String, String) {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use ring::signature::{Ed25519KeyPair, KeyPair as _};
    let seed = [42; 32];
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    let (id, public) = (*b"phonehom", pair.public_key().as_ref().to_vec());
    // Without password minisign leaves salt, limits and checksum empty.
    let secret = [&b"Ed\0\0B2"[..], &[0; 48], &id, &seed, &public, &[0; 32]].concat();
    (
        format!(
            "untrusted comment: minisign secret key\n{}\n",
            STANDARD.encode(secret)
        ),
        STANDARD.encode([&b"Ed"[..], &id, &public].concat()),
    )
}

#[test]
fn signed_reports_are_trusted_until_they_change() {
    let file = archive("signed");
    let (secret, public) = minisign();
    let key = Path::new(&file).with_file_name("key");
    fs::write(&key, secret).unwrap();
    let key = key.to_str().unwrap();
    let output = run(&["report", &file, "-o", &file, "--sign", key]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let trusted = |key: &str| {
        let output = run(&["verify", &file, "samples/case", "-q", "--trust", key]);
        (output.status.code().unwrap(), text(&output.stderr))
    };
    assert_eq!(trusted(&public).0, 0, "{}", trusted(&public).1);
    assert_eq!(trusted("nonsense").0, 2);
    fs::write(
        &file,
        fs::read_to_string(&file).unwrap().replacen("  ", " ", 1),
    )
    .unwrap();
    let (status, said) = trusted(&public);
    assert_eq!(status, 1);
    assert!(said.contains("does not hold"), "{said}");
    let output = run(&["report", &file, "--sign", key]);
    assert_eq!(output.status.code(), Some(2));
}

/// Debian: `apt-get install minisign`.
#[test]
fn minisign_trusts_what_is_signed_here_and_the_other_way_round() {
    let minisign = |arguments: &[&str]| {
        let mut command = std::process::Command::new("minisign");
        command.args(arguments).stdin(std::process::Stdio::null());
        command.output().ok().map(|output| output.status.success())
    };
    if minisign(&["-v"]).is_none() {
        println!("skipped: no minisign");
        return;
    }
    let file = archive("minisign");
    let place = |name: &str| {
        let path = Path::new(&file).with_file_name(name);
        path.to_str().unwrap().to_owned()
    };
    let (secret, public) = (place("secret"), place("public"));
    assert_eq!(
        minisign(&["-G", "-f", "-W", "-s", &secret, "-p", &public]),
        Some(true)
    );
    let output = run(&["report", &file, "-o", &file, "--sign", &secret]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(minisign(&["-V", "-p", &public, "-m", &file]), Some(true));
    let trusted = || {
        let key = fs::read_to_string(&public).unwrap();
        let output = run(&[
            "report",
            &file,
            "-q",
            "--trust",
            key.lines().nth(1).unwrap(),
        ]);
        output.status.code().unwrap()
    };
    assert_eq!(trusted(), 0);
    fs::remove_file(format!("{file}.minisig")).unwrap();
    assert_ne!(trusted(), 0, "no signature");
    assert_eq!(minisign(&["-S", "-s", &secret, "-m", &file]), Some(true));
    assert_eq!(trusted(), 0);
    let changed = fs::read_to_string(&file).unwrap() + "\n";
    fs::write(&file, changed).unwrap();
    assert_eq!(minisign(&["-V", "-p", &public, "-m", &file]), Some(false));
    assert_ne!(trusted(), 0, "a changed report");
}

#[test]
fn labels_of_a_key_stay_the_same_over_reports() {
    let file = archive("pseudonyms");
    let key = Path::new(&file).with_file_name("secret");
    let key = key.to_str().unwrap();
    let labels = |inputs: &str, secret: &str| {
        fs::write(key, secret).unwrap();
        let status = run(&["audit", inputs, "-q", "-o", &file, "--pseudonym-key", key]).status;
        let report = fs::read(&file).unwrap();
        let mut report: Value = serde_json::from_slice(&report).unwrap();
        let labels: std::collections::BTreeSet<String> = telling(&mut report)["evidence"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|piece| Some(piece["value"].as_str()?.to_owned()))
            .collect();
        (status.code().unwrap(), labels)
    };
    let secret = "a secret of this company";
    let (_, whole) = labels("samples/case", secret);
    let (found, said) = verify(&file, Path::new("samples/case"), &["--pseudonym-key", key]);
    assert_eq!((found, &said["verdict"]), (0, &json!("holds")));
    let (_, said) = verify(&file, Path::new("samples/case"), &[]);
    assert_eq!(said["verdict"], "evidence-holds");
    let (_, part) = labels("samples/case/company-phone", secret);
    assert_eq!(whole, part);
    let (_, other) = labels("samples/case", "another secret, as long");
    assert!(whole.is_disjoint(&other) && !whole.is_empty());
    fs::write(key, "short\n").unwrap();
    let output = run(&["audit", "samples/case", "--pseudonym-key", key]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn pages_and_completions_are_those_of_the_program() {
    let page = text(&run(&["generate", "man"]).stdout);
    assert!(page.contains(".TH") && page.contains("audit"));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = text(&run(&["generate", "completions", shell]).stdout);
        assert!(
            script.contains("min-coverage") || script.contains("min\\-coverage"),
            "{shell}"
        );
    }
    let folder = Path::new(&archive("man")).with_file_name("pages");
    let status = run(&["generate", "man", "--output", folder.to_str().unwrap()]).status;
    assert_eq!(status.code(), Some(0));
    let audit = fs::read_to_string(folder.join("phonehome-audit.1")).unwrap();
    assert!(audit.contains("suppressions"));
}
