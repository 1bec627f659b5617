//! Documents drafted from a saved report of the sample case: what people get to read, in both languages, and that nothing which
//! was captured or written by others is more than text in them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use phonehome::rules::{DOCUMENTS, verdicts};
use serde_json::{Value, json};

fn phonehome(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_phonehome"))
        .args(arguments)
        .env_remove("PHONEHOME_LANGUAGE")
        .env("LC_ALL", "C")
        .output()
        .unwrap()
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documents");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The sample case as a saved report.
fn saved() -> &'static str {
    static SAVED: OnceLock<String> = OnceLock::new();
    SAVED.get_or_init(|| {
        let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/case");
        let saved = folder().join("audit.json");
        let (saved, case) = (saved.to_str().unwrap(), case.to_str().unwrap());
        let output = phonehome(&["audit", "-q", "-o", saved, case]);
        assert!(output.status.success(), "{output:?}");
        saved.to_owned()
    })
}

fn document(kind: &str, report: &str, options: &[&str]) -> String {
    let output = phonehome(&[&["document", kind, report], options].concat());
    assert!(output.status.success(), "{kind}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The saved report with some members changed.
fn changed(name: &str, change: impl Fn(&mut Value)) -> String {
    let mut report: Value = serde_json::from_slice(&std::fs::read(saved()).unwrap()).unwrap();
    change(&mut report);
    let path = folder().join(name);
    std::fs::write(&path, report.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn every_document_reads_as_it_should_in_both_languages() {
    let fingerprint = regex::Regex::new("(rules|Regeln) [0-9a-f]{12}").unwrap();
    for kind in DOCUMENTS {
        for language in ["de", "en"] {
            let text = document(kind, saved(), &["--language", language]);
            assert_eq!(verdicts(&text).next(), None, "{kind} {language}");
            let gap = if language == "de" {
                "\\[zu ergänzen:"
            } else {
                "\\[to be completed:"
            };
            assert!(text.contains(gap), "{kind} {language} asks nothing");
            // The version and the fingerprint of the rules change with every edit.
            let version = env!("CARGO_PKG_VERSION");
            let text = text.replace(&format!("phonehome {version},"), "phonehome VERSION,");
            let text = fingerprint.replace_all(&text, "$1 FINGERPRINT");
            insta::assert_snapshot!(format!("{kind}.{language}"), text);
        }
    }
}

#[test]
fn a_document_depends_on_nothing_but_the_report_and_the_rules() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/case");
    let german = folder().join("audit.de.json");
    let (case, german) = (case.to_str().unwrap(), german.to_str().unwrap());
    let output = phonehome(&["audit", "-q", "--language", "de", "-o", german, case]);
    assert!(output.status.success(), "{output:?}");
    for kind in ["record", "messenger"] {
        let text = document(kind, saved(), &["--language", "en"]);
        assert_eq!(
            text,
            document(kind, german, &["--language", "en"]),
            "{kind}"
        );
        assert_eq!(text, document(kind, case, &["--language", "en"]), "{kind}");
    }
    let page = folder().join("memo.html");
    let page = page.to_str().unwrap();
    document("messenger", saved(), &["-o", page]);
    let html = document("messenger", saved(), &["-f", "html"]);
    assert_eq!(std::fs::read_to_string(page).unwrap(), html);
}

#[test]
fn names_of_others_are_text_and_nothing_else() {
    const HOSTILE: &str = "</td><script>alert(1)</script>|`x`[y](https://z.example)\"><img src=x>";
    let report = changed("hostile.json", |report| {
        report["controller"]["name"] = json!(HOSTILE);
        report["controller"]["processors"][0]["company"] = json!(HOSTILE);
        for device in report["devices"].as_array_mut().unwrap() {
            device["name"] = json!(HOSTILE);
            device["group"]["role"] = json!(HOSTILE);
            for app in device["apps"].as_array_mut().unwrap() {
                app["names"] = json!([HOSTILE]);
                for recipient in app["recipients"].as_array_mut().unwrap() {
                    recipient["receiver"]["company"] = json!(HOSTILE);
                }
                for finding in app["findings"].as_array_mut().unwrap() {
                    finding["recipient"]["company"] = json!(HOSTILE);
                    finding["recipient"]["host"] = json!(HOSTILE);
                }
            }
            for app in device["shadow_it"].as_array_mut().unwrap() {
                app["name"] = json!(HOSTILE);
            }
        }
    });
    let tag = regex::Regex::new("<[/!]?([A-Za-z0-9]+)").unwrap();
    let link = regex::Regex::new(r"(^|[^\\])\]\(|https?:").unwrap();
    let known = [
        "DOCTYPE", "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "em",
        "ul", "li", "strong", "table", "thead", "tbody", "tr", "th", "td",
    ];
    for kind in DOCUMENTS {
        let html = document(kind, &report, &["-f", "html"]);
        for found in tag.captures_iter(&html) {
            assert!(known.contains(&&found[1]), "{kind}: {}", &found[0]);
        }
        let policy = "content=\"default-src &#39;none&#39;; style-src &#39;sha256-";
        assert!(html.contains(policy), "{kind}");
        let cells = |row: &str| row.replace("\\|", "").matches('|').count();
        let text = document(kind, &report, &[]);
        assert!(!text.contains('<') && !link.is_match(&text), "{kind}");
        let mut columns = 0;
        for line in text.lines() {
            if line.starts_with('|') && columns > 0 {
                assert_eq!(cells(line), columns, "{kind}: {line}");
            }
            columns = if line.starts_with('|') {
                cells(line)
            } else {
                0
            };
        }
    }
}

#[test]
fn german_law_stands_where_germany_may_be_the_seat() {
    let of = |name: &str, country: Value| {
        let report = changed(name, |report| {
            report["controller"]["country"] = country.clone();
        });
        document("works-council", &report, &["--language", "en"])
    };
    let act = "German Works Constitution Act";
    let german = document("works-council", saved(), &["--language", "en"]);
    assert!(german.contains(act) && !german.contains("The seat is not given"));
    let unknown = of("nowhere.json", Value::Null);
    assert!(unknown.contains(act) && unknown.contains("The seat is not given"));
    for country in ["AT", "CH"] {
        let foreign = of("abroad.json", json!(country));
        assert!(!foreign.contains(act), "{foreign}");
        assert!(
            foreign.contains("Establishments outside Germany"),
            "{foreign}"
        );
    }
}

#[test]
fn the_memo_answers_also_where_nothing_was_measured() {
    let report = changed("empty.json", |report| report["devices"] = json!([]));
    let memo = document("messenger", &report, &["--language", "en"]);
    assert!(memo.contains("not seen in this case"), "{memo}");
    let row = memo
        .lines()
        .find(|line| line.starts_with("| Risk by what is known of the app"));
    assert_eq!(
        row.unwrap(),
        "| Risk by what is known of the app | high 12 (inferred) \
         | high 9 (inferred, by general knowledge, to be confirmed) \
         | low 3 (inferred, by general knowledge, to be confirmed) \
         | low 3 (inferred, by general knowledge, to be confirmed) \
         | medium 8 (inferred) |"
    );
    for kind in DOCUMENTS {
        document(kind, &report, &["--language", "de"]);
    }
}

#[test]
fn staff_are_told_which_phones_only_a_list_names() {
    let report = changed("listed.json", |report| {
        let mut listed = report["devices"][0].clone();
        listed["name"] = json!("listed-phone");
        listed["apps"] = json!([]);
        listed["silent_apps"] = json!(2);
        listed["traffic"] = json!([]);
        report["devices"].as_array_mut().unwrap().push(listed);
    });
    let staff = document("staff", &report, &["--language", "en"]);
    assert!(
        staff.contains("| Phones whose network traffic was captured | 3 |"),
        "{staff}"
    );
    assert!(
        staff.contains("| Phones that only a list of apps names | 1 |"),
        "{staff}"
    );
    // Nothing told of its traffic or permissions: the report does not say that there were none.
    let output = phonehome(&["report", &report, "--language", "en"]);
    let shown = String::from_utf8(output.stdout).unwrap();
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        shown.contains("listed-phone – installed (traffic not captured; permissions not known)"),
        "{shown}"
    );
    let record = document("record", &report, &["--language", "de"]);
    assert!(record.contains("nur in einer Liste"), "{record}");
}

#[test]
fn what_is_no_report_is_refused() {
    let output = phonehome(&["document", "memo", saved()]);
    assert_eq!(output.status.code(), Some(2));
    let output = phonehome(&["document", "record", "no-such-file.json"]);
    assert_eq!(output.status.code(), Some(2));
    let newer = changed("newer.json", |report| report["schema_version"] = json!(99));
    let output = phonehome(&["document", "record", &newer]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("its layout has version 99"), "{said}");
}
