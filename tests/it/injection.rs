//! Whatever stands in a capture or an audit stays text in every output: reports, comparisons, verifications, observations.

use std::fs;
use std::path::Path;

use phonehome::model::RiskLevel;
use phonehome::report::{
    COMPARISON_FORMATS, DIFF_FORMATS, DOCUMENT_FORMATS, FORMATS, INPUT_FORMATS, Language, Options,
    Presentable, VERIFY_FORMATS, WHAT_IF_FORMATS, differences, pictures, write_diff,
    write_verification,
};
use phonehome::rules::{DOCUMENTS, Rules};
use phonehome::{diff, verify};
use serde_json::json;

use crate::cli::{capture_of, tracking_capture};
use crate::forge::fleet::fleet;
use crate::gates::{junit_problem, run};
use crate::reports::{formula, workbook};

const HOSTILE: [&str; 13] = [
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m",
    "\u{202e}gnp.exe\u{2066}\u{200b}\u{feff}",
    "</script><script>alert(1)</script>",
    "</style></svg></title><img src=x onerror=alert(1)><!--]]>",
    "=cmd|'/c calc'!A1",
    "x;=cmd|'/c calc'!A1",
    "+1-1@SUM(1)",
    "<r><t>&owned;</t></r>",
    "&lt;&#60;&amp;<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]>&y;",
    "\r\n::error file=x::y\n::stop-commands::z",
    "\" onload=\"alert(1)\" x='",
    "[x](javascript:alert(1)) ![y](https://evil.example/z) <https://evil.example> @all #1 |a|",
    "_x000D_\u{fffe}\u{ffff}\u{0}\u{d}",
];

/// Fails if an output obeys, hides or breaks anything.
fn assert_harmless(name: &str, output: &[u8]) {
    let text = match name {
        "xlsx" => workbook(output),
        _ => String::from_utf8(output.to_vec()).expect(name),
    };
    let raw = text.chars().find(|character| {
        (character.is_control() && *character != '\n')
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    });
    assert_eq!(raw, None, "{name}");
    match name {
        "json" | "sarif" | "gitlab" | "dpv" => {
            serde_json::from_str::<serde_json::Value>(&text).expect(name);
        }
        "observe" => {
            for line in text.lines() {
                serde_json::from_str::<serde_json::Value>(line).expect(name);
            }
        }
        "csv" => {
            assert_eq!(formula(&text, b','), None);
            assert_eq!(formula(&text, b';'), None);
        }
        "junit" => assert_eq!(junit_problem(&text), None),
        "github" => {
            let commands = ["::error file=", "::warning file=", "::notice file="];
            let is_ours = |line: &str| commands.iter().any(|begin| line.starts_with(begin));
            assert!(text.lines().all(is_ours), "{text}");
        }
        "html" | "svg" => {
            for mark in [
                "<script>alert",
                "<img",
                "onerror=",
                "onload=\"",
                "<!--",
                "<!ENTITY",
            ] {
                let hit = text.find(mark).map(|at| &text[at.saturating_sub(60)..at]);
                assert!(
                    hit.is_none() || mark == "onerror=",
                    "{name}: {mark} behind {hit:?}"
                );
            }
        }
        "markdown" => {
            use pulldown_cmark::{Event, Parser, Tag};
            for event in Parser::new_ext(&text, pulldown_cmark::Options::all()) {
                // Lines of a cell are broken by us; what others write is escaped.
                if matches!(&event, Event::InlineHtml(tag) if &**tag == "<br>") {
                    continue;
                }
                let obeys = matches!(
                    event,
                    Event::Html(_)
                        | Event::InlineHtml(_)
                        | Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock)
                );
                assert!(!obeys, "{event:?}");
            }
        }
        _ => {}
    }
}

fn options() -> Options {
    Options {
        language: Language::English,
        width: 80,
        color: false,
        level: RiskLevel::Low,
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    out
}

#[test]
fn whatever_stands_in_an_audit_stays_text() {
    let rules = Rules::embedded();
    let harmless = fleet(&rules, 1, "");
    let long = "x\"<=\u{1b}".repeat(250_000);
    for words in HOSTILE.into_iter().chain([long.as_str()]) {
        let report = fleet(&rules, 1, words);
        for format in FORMATS {
            let out = written(|out| (format.write)(&report, &rules, options(), out));
            assert!(out.len() < 2_000_000, "{}: {}", format.name, out.len());
            assert_harmless(format.name, &out);
        }
        for (_, picture) in pictures(&report, &rules, Language::German) {
            assert_harmless("svg", picture.as_bytes());
        }
        for format in DIFF_FORMATS {
            let found = diff::diff(harmless.audit(), report.audit());
            let sides = (&harmless, &report);
            let out = written(|out| write_diff(&found, sides, &rules, format, options(), out));
            assert_harmless(format, &out);
        }
        for format in VERIFY_FORMATS {
            let differences = differences(json!({words: 1}).to_string().as_bytes(), b"{}");
            assert_eq!(differences.len(), 1);
            let saved = verify::Saved {
                audit: report.audit(),
                level: None,
                given: &std::collections::BTreeMap::new(),
            };
            let scale = verify::Scale::default();
            let found = verify::verify(saved, harmless.audit(), &scale, differences);
            let out = written(|out| write_verification(&found, format, options(), out));
            assert_harmless(format, &out);
        }
    }
}

/// A request with something hostile wherever a request has words.
fn request(words: &[u8]) -> Vec<u8> {
    let line = words
        .iter()
        .map(|byte| match byte {
            b'\r' | b'\n' | b' ' | 0 => b'_',
            other => *other,
        })
        .collect::<Vec<u8>>();
    let quoted: Vec<u8> = line
        .iter()
        .filter(|byte| !b"\"\\".contains(byte))
        .copied()
        .collect();
    let id = b"38400000-8cf0-11bd-b23e-10b96e40000d";
    let body = [
        b"{\"gaid\":\"" as &[u8],
        id,
        b"\",\"",
        &quoted,
        b"\":{\"email\":\"erika@mail.example\",\"device_model\":\"",
        &quoted,
        b"\"}}",
    ]
    .concat();
    [
        b"POST /" as &[u8],
        &line,
        b"?gaid=",
        id,
        b"&",
        &line,
        b"=",
        &line,
        b" HTTP/1.1\r\nHost: ",
        &line,
        b".example\r\nUser-Agent: ",
        &line,
        b"/1.0 (Android 14)\r\nX-Requested-With: ",
        &line,
        b"\r\nCookie: ",
        &line,
        b"=",
        id,
        b"\r\nContent-Type: application/json\r\nContent-Length: ",
        body.len().to_string().as_bytes(),
        b"\r\n\r\n",
        &body,
    ]
    .concat()
}

#[test]
fn whatever_a_capture_holds_stays_text() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("injection");
    fs::create_dir_all(&folder).unwrap();
    let place = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let harmless = place("harmless.json");
    let (capture, report) = (place("capture.pcap"), place("report.json"));
    fs::write(&capture, tracking_capture()).unwrap();
    assert!(
        run(&["audit", &capture, "-q", "-o", &harmless])
            .status
            .success()
    );
    let mut all: Vec<Vec<u8>> = HOSTILE
        .iter()
        .map(|words| words.as_bytes().to_vec())
        .collect();
    all.push(b"\xff\xfe\xc0\xaf\xed\xa0\x80\xf5</script>".to_vec());
    all.push(b"<x\"=".repeat(3_000));
    let formats: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    for words in all {
        fs::write(&capture, capture_of(request(&words))).unwrap();
        let output = run(&["audit", &capture, "-q", "-o", &report]);
        assert!(output.status.success());
        for format in &formats {
            let output = run(&["report", &report, "-q", "-f", format]);
            assert!(
                !output.stdout.is_empty() && output.stderr.is_empty(),
                "{format}"
            );
            assert_harmless(format, &output.stdout);
        }
        let shown = run(&["audit", &capture, "-q", "--show-values", "-f", "csv"]);
        assert_harmless("csv", &shown.stdout);
        assert_harmless("observe", &run(&["observe", &capture]).stdout);
        assert_harmless(
            "observe",
            &run(&["observe", &capture, "--show-values"]).stdout,
        );
        for format in DIFF_FORMATS {
            let output = run(&["diff", &harmless, &report, "-f", format]);
            assert_harmless(format, &output.stdout);
        }
        for format in VERIFY_FORMATS {
            let output = run(&["verify", &report, &capture, "-f", format]);
            assert_eq!(output.status.code(), Some(0));
            assert_harmless(format, &output.stdout);
        }
        for kind in DOCUMENTS {
            for format in DOCUMENT_FORMATS {
                let output = run(&["document", kind, &report, "-f", format]);
                assert!(output.status.success(), "{kind}");
                assert_harmless(format, &output.stdout);
            }
        }
        for format in WHAT_IF_FORMATS {
            let output = run(&["what-if", &report, "--plan", "-f", format]);
            assert!(output.status.success(), "{format}");
            assert_harmless(format, &output.stdout);
        }
        for format in COMPARISON_FORMATS {
            let output = run(&["compare", "signal", "--case", &report, "-f", format.name]);
            assert!(output.status.success(), "{}", format.name);
            assert_harmless(format.name, &output.stdout);
        }
    }
    // A megabyte in a name is cut where messages are.
    fs::write(&capture, capture_of(request(&b"<".repeat(1 << 20)))).unwrap();
    let output = run(&["audit", &capture, "-q", "-f", "html"]);
    assert!(output.status.success() && output.stdout.len() < 1_000_000);
    assert_harmless("html", &output.stdout);
    // What is not a report is refused in words that are harmless too.
    fs::write(&report, HOSTILE.concat()).unwrap();
    let output = run(&["report", &report]);
    assert_eq!(output.status.code(), Some(2));
    assert_harmless("error", &output.stderr);
}

/// Names of files and folders are other people's words too.
#[cfg(unix)]
#[test]
fn whatever_files_are_called_stays_text() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("injection-names");
    let _absent = fs::remove_dir_all(&folder);
    for words in HOSTILE {
        let name: String = words
            .chars()
            .filter(|character| !matches!(character, '/' | '\0'))
            .take(60)
            .collect();
        let case = folder.join(format!("case {name}"));
        let phone = case.join(format!("phone {name}"));
        fs::create_dir_all(&phone).unwrap();
        fs::write(phone.join(format!("a{name}.pcap")), tracking_capture()).unwrap();
        fs::write(phone.join(format!("b{name}.bin")), b"nothing known").unwrap();
        let case = case.to_str().unwrap();
        let report = format!("{case}.json");
        let output = run(&["audit", case, "-v", "-o", &report]);
        assert!(output.status.success());
        assert_harmless("error", &output.stderr);
        for format in FORMATS {
            let output = run(&["report", &report, "-q", "-f", format.name]);
            assert_harmless(format.name, &output.stdout);
        }
        for format in INPUT_FORMATS {
            assert_harmless(format, &run(&["inputs", case, "-f", format]).stdout);
        }
        assert_harmless("observe", &run(&["observe", case]).stdout);
        let missing = format!("{case} that is not there");
        for arguments in [
            &["audit", &missing][..],
            &["report", &missing],
            &["audit", case, "--rules", &missing],
        ] {
            let output = run(arguments);
            assert_eq!(output.status.code(), Some(2));
            assert_harmless("error", &output.stderr);
        }
    }
}

/// A report from somebody else's hand: its words are made safe as those of captures are.
#[test]
fn what_a_forged_report_says_stays_text() {
    let rules = Rules::embedded();
    let saved = written(|out| {
        let json = FORMATS.iter().find(|format| format.name == "json").unwrap();
        (json.write)(&fleet(&rules, 1, ""), &rules, options(), out)
    });
    let saved = String::from_utf8(saved).unwrap();
    for words in HOSTILE {
        let quoted = serde_json::to_string(words).unwrap();
        let forged = saved.replace("Vendor 1", quoted.trim_matches('"'));
        let Ok((report, _)) = Presentable::from_json(forged.as_bytes()) else {
            continue;
        };
        for format in FORMATS {
            let out = written(|out| (format.write)(&report, &rules, options(), out));
            assert_harmless(format.name, &out);
        }
    }
}
