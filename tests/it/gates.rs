//! What continuous integration gets: formats that hold their schemas, and exit statuses that mean what they say.
//!
//! `schemas/sarif-2.1.0.json` is the official schema of OASIS, as the crate `serde-sarif` 0.8.0 carries it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use phonehome::report::{
    COMPARISON_FORMATS, DIFF_FORMATS, DOCUMENT_FORMATS, INPUT_FORMATS, VERIFY_FORMATS,
    WHAT_IF_FORMATS,
};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::Value;

use crate::accuracy::bench::privacy::{disguises, readable};

pub(crate) fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_phonehome"))
        .args(arguments)
        .env_clear()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn status(arguments: &[&str]) -> i32 {
    run(arguments).status.code().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The case's report in a format.
fn report(format: &str, language: &str) -> String {
    let output = run(&[
        "audit",
        "samples/case",
        "-f",
        format,
        "--lang",
        language,
        "-q",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("gates")
        .join(test);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A JSON report of the sample case.
pub(crate) fn archive(test: &str) -> String {
    let file = folder(test).join("audit.json");
    let file = file.to_str().unwrap();
    assert_eq!(status(&["audit", "samples/case", "-o", file, "-q"]), 0);
    file.to_owned()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn sarif_holds_the_official_schema() {
    let schema = json(include_str!("schemas/sarif-2.1.0.json"));
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.enable_format_assertions();
    compiler.add_resource("sarif.json", schema).unwrap();
    let index = compiler.compile("sarif.json", &mut schemas).unwrap();
    for language in ["en", "de"] {
        let log = json(&report("sarif", language));
        let found = schemas.validate(&log, index).err();
        assert!(found.is_none(), "{}", found.unwrap());
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let results = run["results"].as_array().unwrap();
        assert!(results.len() > 20);
        for result in results {
            let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], result["ruleId"]);
            assert_ne!(rule["help"]["text"], "\n\n");
        }
        let hashed = |artifact: &Value| artifact["hashes"]["sha-256"].as_str().unwrap().len() == 64;
        assert!(run["artifacts"].as_array().unwrap().iter().all(hashed));
        let broken = serde_json::json!({ "version": "2.1.0", "runs": [{ "tool": {} }] });
        assert!(schemas.validate(&broken, index).is_err());
    }
    assert!(report("sarif", "de").contains("unverschlüsselt"));
}

#[test]
fn fingerprints_are_the_findings_stable_ids() {
    let sarif = json(&report("sarif", "en"));
    let archive = json(&report("json", "de"));
    let of_sarif: BTreeSet<&str> = sarif["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            result["partialFingerprints"]["phonehomeFinding/v1"]
                .as_str()
                .unwrap()
        })
        .collect();
    let weighed: BTreeSet<&str> = findings(&archive)
        .filter(|finding| !finding["score"].is_null())
        .map(|finding| finding["id"].as_str().unwrap())
        .collect();
    assert_eq!(of_sarif, weighed);
    let issues = json(&report("gitlab", "en"));
    let fingerprints: Vec<&str> = issues
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| issue["fingerprint"].as_str().unwrap())
        .collect();
    let distinct: BTreeSet<&&str> = fingerprints.iter().collect();
    assert_eq!(distinct.len(), fingerprints.len());
}

fn findings(archive: &Value) -> impl Iterator<Item = &Value> {
    let devices = archive["devices"].as_array().unwrap().iter();
    devices
        .flat_map(|device| device["apps"].as_array().unwrap())
        .flat_map(|app| app["findings"].as_array().unwrap())
}

/// Names of attributes or elements.
type Names = &'static [&'static str];

/// Elements of `JUnit`'s schema (windyroad/JUnit-Schema, the strictest in use): name, required and other attributes, children in
/// their order.
const JUNIT: [(&str, Names, Names, Names); 9] = [
    ("testsuites", &[], &[], &["testsuite"]),
    (
        "testsuite",
        &[
            "id",
            "name",
            "package",
            "timestamp",
            "hostname",
            "tests",
            "failures",
            "errors",
            "time",
        ],
        &["skipped"],
        &["properties", "testcase", "system-out", "system-err"],
    ),
    ("properties", &[], &[], &["property"]),
    ("property", &["name", "value"], &[], &[]),
    (
        "testcase",
        &["name", "classname", "time"],
        &[],
        &["skipped", "error", "failure"],
    ),
    ("failure", &["type"], &["message"], &[]),
    // Of any type.
    ("skipped", &[], &["message"], &[]),
    ("system-out", &[], &[], &[]),
    ("system-err", &[], &[], &[]),
];

/// What the schema does not allow in a `JUnit` report, with counts that do not fit; `None` if it holds.
pub(crate) fn junit_problem(report: &str) -> Option<String> {
    let mut reader = Reader::from_str(report);
    let mut open: Vec<(String, usize)> = Vec::new();
    let (mut promised, mut counted) = ((0, 0), (0, 0));
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                if let Some(problem) = element(&start, &mut open, &mut promised, &mut counted) {
                    return Some(problem);
                }
                open.push((name(&start), 0));
            }
            Ok(Event::Empty(start)) => {
                if let Some(problem) = element(&start, &mut open, &mut promised, &mut counted) {
                    return Some(problem);
                }
            }
            Ok(Event::End(_)) => {
                open.pop();
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => return Some(error.to_string()),
        }
    }
    let is_complete = open.is_empty() && promised == counted;
    (!is_complete).then(|| format!("{promised:?} promised, {counted:?} there"))
}

fn name(start: &BytesStart<'_>) -> String {
    start.name().as_ref().to_owned()
}

fn element(
    start: &BytesStart<'_>,
    open: &mut [(String, usize)],
    promised: &mut (u64, u64),
    counted: &mut (u64, u64),
) -> Option<String> {
    let name = name(start);
    let Some((_, required, others, _)) = JUNIT.iter().find(|(known, ..)| *known == name) else {
        return Some(format!("<{name}> is none of the schema's"));
    };
    if let Some((parent, position)) = open.last_mut() {
        let (_, _, _, children) = JUNIT.iter().find(|(known, ..)| known == parent)?;
        let Some(at) = children.iter().position(|child| *child == name) else {
            return Some(format!("<{name}> in <{parent}>"));
        };
        if at < *position {
            return Some(format!("<{name}> too late in <{parent}>"));
        }
        *position = at;
    } else if name != "testsuites" {
        return Some(format!("<{name}> at the top"));
    }
    let mut seen = BTreeSet::new();
    for attribute in start.attributes() {
        let Ok(attribute) = attribute else {
            return Some(format!("an attribute of <{name}> does not hold"));
        };
        let key = attribute.key.as_ref().to_owned();
        let value = attribute.value.into_owned();
        if !required.contains(&&*key) && !others.contains(&&*key) {
            return Some(format!("{key} in <{name}>"));
        }
        if value.chars().any(|c| matches!(c, '\u{fffe}' | '\u{ffff}')) {
            return Some(format!("{key} holds what XML 1.0 does not know"));
        }
        match &*key {
            "tests" => promised.0 += value.parse::<u64>().ok()?,
            "failures" => promised.1 += value.parse::<u64>().ok()?,
            "timestamp" if value.len() != 19 => return Some(format!("timestamp {value}")),
            _ => {}
        }
        seen.insert(key);
    }
    match &*name {
        "testcase" => counted.0 += 1,
        "failure" => counted.1 += 1,
        _ => {}
    }
    let missing = required.iter().find(|key| !seen.contains(**key));
    missing.map(|key| format!("<{name}> has no {key}"))
}

#[test]
fn junit_holds_its_schema_and_fails_what_is_asked_for() {
    let report = |arguments: &[&str]| {
        let mut all = vec!["audit", "samples/case", "-f", "junit", "-q"];
        all.extend(arguments);
        text(&run(&all).stdout)
    };
    let (medium, very_high) = (report(&[]), report(&["--fail-on", "very-high"]));
    for report in [&medium, &very_high] {
        assert_eq!(junit_problem(report), None, "{report}");
    }
    let failures = |report: &str| report.matches("<failure").count();
    assert!(failures(&medium) > failures(&very_high) && failures(&very_high) > 0);
    assert!(junit_problem("<testsuites><testcase/></testsuites>").is_some());
    let late = medium.replacen("<properties/>", "<system-out/><properties/>", 1);
    assert!(junit_problem(&late).unwrap().contains("too late"));
}

#[test]
fn an_audit_passes_or_not() {
    let archive = archive("levels");
    let report = |arguments: &[&str]| {
        let mut all = vec!["report", &archive, "-q", "-f", "github"];
        all.extend(arguments);
        status(&all)
    };
    assert_eq!(report(&[]), 0);
    assert_eq!(report(&["--fail-on", "very-high"]), 1);
    assert_eq!(report(&["--fail-on", "low", "--min-evidence", "100%"]), 0);
    assert_eq!(
        report(&["--fail-on", "high", "--min-evidence", "decoded"]),
        1
    );
    assert_eq!(
        report(&["--fail-on", "low", "--min-evidence", "known-value"]),
        0
    );
    assert_eq!(report(&["--min-coverage", "1"]), 0);
    assert_eq!(report(&["--min-coverage", "100"]), 1);
    assert_eq!(report(&["--min-evidence", "101"]), 2);
    // What an earlier report has does not count; what it lacks does.
    assert_eq!(report(&["--fail-on", "low", "--baseline", &archive]), 0);
    let mut old = json(&fs::read_to_string(&archive).unwrap());
    old["devices"][0]["apps"][0]["findings"] = Value::Array(Vec::new());
    let older = Path::new(&archive).with_file_name("older.json");
    fs::write(&older, old.to_string()).unwrap();
    assert_eq!(
        report(&["--fail-on", "low", "--baseline", older.to_str().unwrap()]),
        1
    );
}

#[test]
fn suppressions_hold_until_their_day() {
    let archive = archive("suppressions");
    let file = Path::new(&archive).with_file_name("phonehome.toml");
    let file = file.to_str().unwrap();
    let gate = |rules: &str| {
        fs::write(file, rules).unwrap();
        let output = run(&[
            "report",
            &archive,
            "-f",
            "github",
            "--fail-on",
            "very-high",
            "--suppressions",
            file,
        ]);
        (output.status.code().unwrap(), text(&output.stderr))
    };
    let report = json(&fs::read_to_string(&archive).unwrap());
    let worst: BTreeSet<&str> = findings(&report)
        .filter(|finding| finding["score"]["level"] == "very-high")
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect();
    assert!(!worst.is_empty());
    let suppress = |until: &str| -> String {
        let entry = |rule: &&str| {
            format!(
                "[[suppression]]\nrule = \"{rule}\"\nowner = \"IT\"\nreason = \"tested\"\nexpires = {until}\n"
            )
        };
        worst.iter().map(entry).collect()
    };
    assert_eq!(gate("").0, 1);
    let (code, said) = gate(&suppress("9999-12-31"));
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("findings do not count: suppressed"), "{said}");
    let rendered = |format: &str| {
        let gate = ["--suppressions", file, "--baseline", &archive];
        text(&run(&[&["report", &archive, "-q", "-f", format], &gate[..]].concat()).stdout)
    };
    // Formats of continuous integration say so beside the finding.
    let sarif = json(&rendered("sarif"));
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let (suppressed, others): (Vec<&Value>, Vec<&Value>) = results
        .iter()
        .partition(|result| worst.contains(result["ruleId"].as_str().unwrap()));
    assert!(!suppressed.is_empty() && !others.is_empty());
    for result in suppressed {
        let words = "suppressed by IT until 9999-12-31: tested";
        assert_eq!(result["suppressions"][0]["justification"], words);
        assert_eq!(result["baselineState"], "new");
    }
    for result in others {
        assert_eq!(result["suppressions"], Value::Array(Vec::new()));
        assert_eq!(result["baselineState"], "unchanged");
    }
    let junit = rendered("junit");
    assert_eq!(junit_problem(&junit), None, "{junit}");
    assert!(junit.contains("<skipped message=\"suppressed by IT until 9999-12-31: tested\"/>"));
    assert!(junit.contains("<skipped message=\"known from the baseline\"/>"));
    assert!(!junit.contains("<failure"), "{junit}");
    assert_eq!(json(&rendered("gitlab")), Value::Array(Vec::new()));
    let (code, said) = gate(&suppress("2001-01-01"));
    assert_eq!(code, 1);
    assert!(said.contains("a suppression has expired: rule "), "{said}");
    let unused = "[[suppression]]\nfinding = \"ffffffffffff\"\nowner = \"IT\"\nreason = \"x\"\nexpires = 9999-01-01\n";
    let (code, said) = gate(&format!("{}{unused}", suppress("9999-12-31")));
    assert_eq!(code, 0);
    assert!(
        said.contains("fits no finding that counts: finding ffffffffffff"),
        "{said}"
    );
    let (code, said) = gate("[[suppression]]\nrule = \"x\"\n");
    assert_eq!(code, 2, "{said}");
}

/// The steps of a job in `docs/ci` that use phonehome, as a shell gets them.
fn steps(job: &str) -> String {
    let begins = ["run: |", "script:"];
    let mut script = String::new();
    let mut lines = job.lines().peekable();
    while let Some(line) = lines.next() {
        let depth = |line: &str| line.len() - line.trim_start().len();
        if !begins.contains(&line.trim_start_matches(' ')) {
            continue;
        }
        while let Some(step) = lines.next_if(|step| depth(step) > depth(line)) {
            script.push_str(step.trim_start().trim_start_matches("- "));
            script.push('\n');
        }
    }
    script
}

/// The steps that `docs/ci` gives away, run by a shell beside the sample case.
#[cfg(unix)]
#[test]
fn ready_made_jobs_do_what_they_promise() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = Path::new(env!("CARGO_BIN_EXE_phonehome"));
    for (file, written) in [
        ("github.yml", ["audit.json", "audit.sarif"]),
        ("gitlab.yml", ["junit.xml", "quality.json"]),
    ] {
        let job = fs::read_to_string(root.join("docs/ci").join(file)).unwrap();
        let script = steps(&job);
        assert!(
            script.contains("mkdir -p out\nphonehome audit case "),
            "{script}"
        );
        let folder = folder(file);
        std::os::unix::fs::symlink(root.join("samples/case"), folder.join("case")).unwrap();
        let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
        let output = Command::new("sh")
            .args(["-e", "-c", &script])
            .env_clear()
            .env("PATH", path)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        for name in written {
            let size = fs::metadata(folder.join("out").join(name)).unwrap().len();
            assert!(size > 1000, "{name}");
        }
        if file == "github.yml" {
            assert!(text(&output.stdout).starts_with("::error file="));
        }
    }
}

/// Continuous integration looks for files from the root of a repository.
#[test]
fn files_are_named_from_the_root_of_a_repository() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = folder("prefix");
    let archive = folder.join("audit.json");
    let archive = archive.to_str().unwrap();
    assert_eq!(status(&["audit", "samples/case", "-q", "-o", archive]), 0);
    for arguments in [["audit", "samples/case"], ["report", archive]] {
        let render = |format: &str, rest: &[&str]| {
            text(&run(&[&arguments[..], &["-q", "-f", format], rest].concat()).stdout)
        };
        let prefix = ["--path-prefix", "samples/case/"];
        for line in render("github", &prefix).lines() {
            let (_, path) = line.split_once("file=").unwrap();
            let (path, _) = path.split_once(',').unwrap();
            assert!(root.join(path).is_file(), "{line}");
        }
        let known = json(&render("sarif", &prefix));
        let known = &known["runs"][0];
        assert!(known["originalUriBaseIds"]["SRCROOT"]["description"].is_object());
        for artifact in known["artifacts"].as_array().unwrap() {
            let location = &artifact["location"];
            assert_eq!(location["uriBaseId"], "SRCROOT");
            assert!(root.join(location["uri"].as_str().unwrap()).exists());
        }
        // Where it is not said, paths are those in the case.
        let location = &json(&render("sarif", &[]))["runs"][0]["artifacts"][0]["location"];
        assert_eq!(location["uriBaseId"], "CASE");
        let path = location["uri"].as_str().unwrap();
        assert!(path.starts_with("company-phone/"), "{path}");
    }
}

#[test]
fn csv_fills_a_folder() {
    let folder = folder("csv").join("tables");
    let place = format!("csv={}", folder.display());
    let output = run(&["audit", "samples/case", "-q", "-f", &place, "-f", "csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let all = text(&output.stdout);
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let contents = fs::read_to_string(&path).unwrap();
        assert!(all.contains(&contents), "{path:?}");
        names.insert(path.file_stem().unwrap().to_str().unwrap().to_owned());
    }
    for name in [
        "apps",
        "findings",
        "evidence",
        "recipients",
        "permissions",
        "devices",
        "inputs",
        "coverage",
        "questions",
    ] {
        assert!(names.contains(name), "{name}");
    }
    let report = json(&report("json", "en"));
    let rows = csv::Reader::from_path(folder.join("findings.csv"))
        .unwrap()
        .into_records()
        .count();
    assert_eq!(rows, findings(&report).count());
}

/// Values that the forge plants in the sample case.
const PLANTED: [&str; 9] = [
    "7c4f1a0e-3b52-4d8e-9a61-5f0c2b7d4e93",
    "3f9a1c0d5e7b2846",
    "Amelie Ahrens",
    "+49 30 23125 001",
    "amelie.ahrens@beispiel.example",
    "Dannenberg",
    "fenja@falk.example",
    "Betriebsrat",
    "+49 221 4710 663",
];

#[test]
fn planted_values_are_in_no_output() {
    let archive = archive("privacy");
    let folder = Path::new(&archive).parent().unwrap();
    let key = folder.join("key");
    fs::write(&key, "a secret of this company").unwrap();
    let key = key.to_str().unwrap();
    let case = "samples/case";
    let place = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (pictures, tables, other) = (place("pictures"), place("tables"), place("other.json"));
    let company = "samples/case/company-phone";
    assert_eq!(status(&["audit", company, "-o", &other, "-q"]), 0);
    let mut commands: Vec<Vec<&str>> = phonehome::report::FORMATS
        .iter()
        .map(|format| vec!["audit", case, "-v", "-f", format.name, "--fail-on", "low"])
        .collect();
    for kind in phonehome::rules::DOCUMENTS {
        for format in DOCUMENT_FORMATS {
            commands.push(vec!["document", kind, &archive, "-f", format]);
        }
    }
    for format in DIFF_FORMATS {
        commands.push(vec!["diff", &other, &archive, "-f", format]);
    }
    for format in VERIFY_FORMATS {
        commands.push(vec!["verify", &archive, case, "-f", format]);
    }
    for format in WHAT_IF_FORMATS {
        let measure = "deny-contacts:whatsapp";
        commands.push(vec!["what-if", &archive, "-f", format, "-m", measure]);
        commands.push(vec!["what-if", &archive, "-f", format, "--plan"]);
    }
    for format in COMPARISON_FORMATS {
        let name = format.name;
        commands.push(vec![
            "compare", "whatsapp", "signal", "--case", &archive, "-f", name,
        ]);
    }
    for format in INPUT_FORMATS {
        commands.push(vec!["inputs", case, "-f", format]);
    }
    let tables_of = format!("csv={tables}");
    commands.extend([
        vec!["audit", case, "-f", "json", "--pseudonym-key", key],
        vec!["audit", case, "-f", &tables_of, "--pictures", &pictures],
        vec!["observe", case],
        vec!["audit", "samples/case/company-phone/nothing.pcap"],
        vec![
            "audit",
            case,
            "--keylog",
            "samples/case/company-phone/wifi-gateway.pcap",
        ],
        vec!["report", "samples/case/company-phone/wifi-gateway.pcap"],
        vec![
            "verify",
            "samples/case/company-phone/wifi-gateway.pcap",
            case,
        ],
    ]);
    let hidden: Vec<String> = PLANTED.iter().flat_map(|value| disguises(value)).collect();
    for command in &commands {
        let output = run(command);
        let said = format!("{}{}", readable(&output.stdout), readable(&output.stderr));
        let said = said.to_lowercase();
        for value in &hidden {
            assert!(!said.contains(value), "{command:?} shows {value}");
        }
    }
    let mut files = 0;
    for folder in [&pictures, &tables] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let said = format!("{path:?}{}", readable(&fs::read(&path).unwrap())).to_lowercase();
            for value in &hidden {
                assert!(!said.contains(value), "{path:?} shows {value}");
            }
            files += 1;
        }
    }
    assert!(files > 10, "{files}");
    // They are there to be found. A message is one piece of evidence of a finding, with its first value: the number of the first
    // contact stands for all eleven; a record is known by number or address, so its name is no value of its own.
    let open = text(&run(&["audit", case, "-f", "json", "--show-values", "-q"]).stdout);
    let shown: Vec<&str> = PLANTED
        .into_iter()
        .filter(|value| open.contains(value))
        .collect();
    let first = ["7c4f1a0e-3b52-4d8e-9a61-5f0c2b7d4e93", "3f9a1c0d5e7b2846"];
    assert_eq!(shown, first);
}

/// A copy of the sample case in a folder of its own, with something appended to its `phonehome.toml`.
fn case_with(name: &str, more: &str) -> PathBuf {
    let file = archive(name);
    let folder = crate::comparing::case(&file);
    let policy = folder.join("phonehome.toml");
    let said = fs::read_to_string(&policy).unwrap();
    fs::write(&policy, format!("{said}\n{more}")).unwrap();
    folder
}

#[test]
fn names_in_the_policy_that_nothing_has_are_told() {
    for (more, reason) in [
        (
            "[[app]]\nid = \"whatsap\"\nstatus = \"forbidden\"\n",
            "[[app]] id `whatsap` is neither a profile nor a package id; did you mean `whatsapp`?",
        ),
        (
            "[[exception]]\napp = \"signl\"\nowner = \"IT\"\nreason = \"x\"\nexpires = 2030-01-01\n",
            "[[exception]] app `signl` is neither a profile nor a package id; did you mean `signal`?",
        ),
        (
            "[[suppression]]\nrule = \"cleartext-htp\"\nowner = \"IT\"\nreason = \"x\"\nexpires = 2030-01-01\n",
            "there is no rule `cleartext-htp`; did you mean `cleartext-http`?",
        ),
        (
            "[[exception]]\napp = \"signal\"\nowner = \"IT\"\nreason = \"x\"\nexpires = 31.12.2030\n",
            "a date is written 2030-12-31, without quotes",
        ),
    ] {
        let case = case_with("policy-names", more);
        let said = run(&["audit", case.to_str().unwrap(), "-q"]);
        let error = text(&said.stderr);
        assert_eq!(said.status.code(), Some(2), "{error}");
        assert!(error.contains(reason) && error.contains("line "), "{error}");
    }
    let folder = "[[device]]\nfolder = \"werkstatt-*\"\nkind = \"company\"\n";
    let case = case_with("policy-folder", folder);
    let said = run(&["audit", case.to_str().unwrap(), "-f", "json"]);
    assert_eq!(said.status.code(), Some(0));
    let error = text(&said.stderr);
    assert!(error.contains("[[device]] folder `werkstatt-*`"), "{error}");
    assert!(text(&said.stdout).contains("\"policy-unused\""));
}

#[test]
fn a_forbidden_app_fails_a_gate_that_asks_for_it() {
    let forbidden = "[[app]]\nid = \"com.example.wetterlicht\"\nstatus = \"forbidden\"\n";
    let case = case_with("forbidden", forbidden);
    let case = case.to_str().unwrap();
    let passed = run(&["audit", case, "-o", &format!("{case}/../f.json"), "-q"]);
    assert_eq!(passed.status.code(), Some(0));
    let said = run(&["audit", case, "--fail-on-forbidden", "-f", "json"]);
    assert_eq!(said.status.code(), Some(1));
    assert!(
        text(&said.stderr).contains("Wetterlicht is forbidden"),
        "{}",
        text(&said.stderr)
    );
    let excepted = format!(
        "{forbidden}[[exception]]\napp = \"com.example.wetterlicht\"\nowner = \"IT\"\nreason = \"x\"\nexpires = 2090-01-01\n"
    );
    let case = case_with("excepted", &excepted);
    let said = run(&[
        "audit",
        case.to_str().unwrap(),
        "--fail-on-forbidden",
        "-f",
        "json",
    ]);
    let error = text(&said.stderr);
    assert!(!error.contains("Wetterlicht is forbidden"), "{error}");
}

#[test]
fn reports_say_what_is_suppressed_by_whom_and_until_when() {
    let rule = "contact-name-phone-record";
    let more = format!(
        "[[suppression]]\nrule = \"{rule}\"\nowner = \"IT security\"\nreason = \"looked at\"\nexpires = 2090-01-01\n"
    );
    let case = case_with("suppressed", &more);
    let case = case.to_str().unwrap();
    for format in ["table", "html"] {
        let said = text(
            &run(&[
                "audit", case, "-f", format, "-q", "--lang", "de", "--width", "200",
            ])
            .stdout,
        );
        assert!(
            said.contains("Befund zurückgestellt durch IT security bis 2090-01-01: looked at")
                || said
                    .contains("Befunde zurückgestellt durch IT security bis 2090-01-01: looked at"),
            "{format}"
        );
    }
    let file = format!("{case}/../s.json");
    run(&["audit", case, "-o", &file, "-q"]);
    let report: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(report["suppressions"][0]["owner"], "IT security");
    assert_eq!(report["suppressions"][0]["expires"], "2090-01-01");
    // They are of the day, not of the inputs.
    let said = run(&["verify", &file, case, "-q"]);
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stdout));
}

#[test]
fn a_file_that_is_called_a_capture_and_is_none_is_missed() {
    let case = case_with("broken", "");
    fs::write(case.join("company-phone/empty.pcap"), "").unwrap();
    fs::write(case.join("company-phone/broken.pcapng.gz"), [0x1f; 500]).unwrap();
    fs::write(case.join("company-phone/photo.raw"), [0x1f; 500]).unwrap();
    let case = case.to_str().unwrap();
    let said = run(&["audit", case, "-q", "-f", "json"]);
    let error = text(&said.stderr);
    assert_eq!(said.status.code(), Some(2), "{error}");
    assert!(
        error.contains("company-phone/empty.pcap is left out: the file is empty"),
        "{error}"
    );
    assert!(
        error.contains("broken.pcapng.gz") && !error.contains("photo.raw"),
        "{error}"
    );
    let report: Value = serde_json::from_slice(&said.stdout).unwrap();
    let inputs = report["inputs"].as_array().unwrap();
    for (name, bytes) in [
        ("empty.pcap", 0),
        ("broken.pcapng.gz", 500),
        ("photo.raw", 500),
    ] {
        let input = inputs
            .iter()
            .find(|input| input["path"].as_str().unwrap().ends_with(name))
            .unwrap();
        assert_eq!(input["bytes"], bytes, "{name}");
        assert_eq!(input["sha256"].as_str().unwrap().len(), 64, "{name}");
    }
    let said = run(&["inputs", case]);
    assert_eq!(said.status.code(), Some(2));
}

#[test]
fn small_mistakes_are_told_plainly() {
    let file = archive("small");
    let error = |arguments: &[&str]| text(&run(arguments).stderr);
    let said = error(&["report", &file, "--trust", "nix.pub"]);
    assert!(
        said.contains("nix.pub") && said.contains("o such file"),
        "{said}"
    );
    let sarif = format!("{file}.sarif");
    let said = error(&["report", &file, "-f", "junit", "-o", &sarif]);
    assert!(said.contains("gets the format junit"), "{said}");
    let output = run(&[
        "report",
        &file,
        "--min-evidence",
        "transmitted",
        "--fail-on",
        "high",
        "-f",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    fs::write(format!("{file}.minisig"), "x").unwrap();
    let said = error(&["report", &file, "-f", "json"]);
    assert!(
        said.contains("was not checked") && said.contains("--trust"),
        "{said}"
    );
}
