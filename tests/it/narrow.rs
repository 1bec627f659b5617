//! Every verb that writes for people, in a terminal of 60 columns; but for documents, which are Markdown with one line for each
//! paragraph and row.

use unicode_width::UnicodeWidthStr as _;

use crate::gates::{archive, run, text};

/// Lines of a snapshot: enough to see how things are laid out.
const LINES: usize = 45;

#[test]
fn sixty_columns_are_enough_for_every_verb() {
    let report = archive("narrow");
    let case = "samples/case";
    let verbs: [(&str, &[&str]); 12] = [
        ("audit", &["audit", case, "-q"]),
        ("report-de", &["report", &report, "--lang", "de"]),
        ("diff", &["diff", &report, &report]),
        ("verify", &["verify", &report, case, "-q"]),
        ("inputs", &["inputs", case]),
        (
            "what-if",
            &["what-if", case, "-m", "deny-contacts:whatsapp"],
        ),
        ("what-if-plan", &["what-if", case, "--plan"]),
        ("apps", &["apps"]),
        ("apps-signal", &["apps", "signal"]),
        ("compare", &["compare", "whatsapp", "signal"]),
        ("rules-list", &["rules", "list"]),
        ("rules-explain", &["rules", "explain", "advertising-id"]),
    ];
    for (name, arguments) in verbs {
        let mut all = arguments.to_vec();
        all.extend(["--width", "60"]);
        let output = run(&all);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let shown = text(&output.stdout);
        let longest = shown.lines().max_by_key(|line| line.width()).unwrap();
        assert!(longest.width() <= 60, "{name}: {longest}");
        let first: Vec<&str> = shown.lines().take(LINES).collect();
        insta::assert_snapshot!(name, first.join("\n"));
    }
}

/// A document is a file to go on with, no text for a terminal: its lines end where paragraphs and rows do, on any terminal.
#[test]
fn a_document_is_the_same_on_any_terminal() {
    let report = archive("document");
    for kind in ["messenger", "staff"] {
        let document = |width| run(&["document", kind, &report, "--width", width]).stdout;
        assert!(!document("60").is_empty());
        assert_eq!(document("60"), document("200"));
    }
}

/// What can be captured from differs from computer to computer; without live capture it is an error.
#[test]
fn sixty_columns_are_enough_for_interfaces() {
    let output = run(&["interfaces", "--width", "60"]);
    for line in text(&output.stdout).lines() {
        assert!(line.width() <= 60, "{line}");
    }
    assert_eq!(output.status.success(), cfg!(feature = "live"));
}

/// A terminal of its own for a command (`script`, Debian: bsdutils); `None` where there is none.
fn in_terminal(kind: &str, command: &str) -> Option<String> {
    let mut script = std::process::Command::new("script");
    let output = script
        .args(["-qec", command, "/dev/null"])
        .env("TERM", kind)
        .env_remove("NO_COLOR")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(std::process::Stdio::null())
        .output()
        .ok()?;
    Some(text(&output.stdout))
}

#[test]
fn a_terminal_that_can_nothing_gets_plain_lines() {
    let audit = format!("{} audit samples/case", env!("CARGO_BIN_EXE_phonehome"));
    let Some(dumb) = in_terminal("dumb", &audit) else {
        println!("skipped: no script");
        return;
    };
    let able = in_terminal("xterm-256color", &audit).unwrap();
    let moves = |shown: &str| {
        shown.contains('\u{1b}') || shown.replace("\r\n", "").contains(['\r', '\u{8}'])
    };
    assert!(
        moves(&able),
        "a terminal that can is shown progress and colour"
    );
    assert!(!moves(&dumb), "{dumb}");
    assert!(dumb.contains("RISK PER APP"), "{dumb}");
}

#[test]
fn quiet_and_verbose_change_nothing_but_standard_error() {
    let case = "samples/case";
    let plain = run(&["audit", case]);
    let quiet = run(&["-q", "audit", case]);
    let verbose = run(&["audit", case, "--verbose"]);
    assert!(plain.stdout == quiet.stdout && plain.stdout == verbose.stdout);
    assert!(quiet.stderr.is_empty());
    let said = text(&verbose.stderr);
    assert!(
        said.contains("reads company-phone/wifi-gateway.pcap: pcap, "),
        "{said}"
    );
    assert!(said.lines().last().unwrap().starts_with("read "), "{said}");
    let both = run(&["audit", case, "-q", "-v"]);
    assert_eq!(both.status.code(), Some(2));
    for verb in [
        &["inputs", case][..],
        &["rules", "list"],
        &["apps"],
        &["schema"],
        &["observe", case],
    ] {
        let output = run(&[verb, &["--quiet", "--color", "never"]].concat());
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{verb:?}"
        );
    }
}

#[test]
fn what_was_meant_is_said() {
    let said = |arguments: &[&str]| {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2));
        text(&output.stderr)
    };
    for (arguments, meant) in [
        (&["audti", "x"][..], "'audit'"),
        (&["audit", "x", "--formt", "json"], "'--format'"),
        (
            &["audit", "samples/case", "-f", "jsn"],
            "did you mean “json”?",
        ),
        (&["audit", "smaples/case"], "did you mean samples/case?"),
        (&["audit", "samples/cases"], "did you mean samples/case?"),
        (&["apps", "sginal"], "did you mean: signal?"),
        (&["rules", "explain", "advertising-idd"], "advertising-id"),
    ] {
        let said = said(arguments);
        assert!(said.contains(meant), "{arguments:?}: {said}");
    }
    assert!(!said(&["audit", "nothing/of/that/name"]).contains("did you mean"));
}
