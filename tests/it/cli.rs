//! The program as its users run it: exit status, help, errors, output, with an environment of its own.

mod key_log;
mod names;
mod sample;
mod schema;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Something that cannot be shown raw: clear the screen, set the title, turn the direction, hide.
const HOSTILE: &str = "evil\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}\u{200b}";

/// The program with nothing from the environment of the test.
fn phonehome() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phonehome"));
    command
        .env_clear()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    phonehome().args(arguments).output().unwrap()
}

fn status(arguments: &[&str]) -> i32 {
    run(arguments).status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A folder for one test.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("cli")
        .join(test);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A classic pcap of raw IPv4 packets, one a second.
fn pcap(packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(0xa1b2_c3d4_u32.to_le_bytes());
    file.extend([2, 0, 4, 0]);
    file.extend([0; 8]);
    file.extend(65_535_u32.to_le_bytes());
    file.extend(101_u32.to_le_bytes());
    for (packet, second) in packets.iter().zip(1_790_000_000_u32..) {
        let length = u32::try_from(packet.len()).unwrap();
        for word in [second, 0, length, length] {
            file.extend(word.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

/// One TCP segment from the phone to port 80, checksums left empty as offloading leaves them.
fn segment(sequence: u32, flags: u8, payload: &[u8], is_from_phone: bool) -> Vec<u8> {
    let (phone, server) = ([192, 0, 2, 10], [198, 51, 100, 20]);
    let mut packet = vec![0x45, 0];
    packet.extend(u16::try_from(40 + payload.len()).unwrap().to_be_bytes());
    packet.extend([0, 1, 0x40, 0, 64, 6, 0, 0]);
    let (from, to) = if is_from_phone {
        (phone, server)
    } else {
        (server, phone)
    };
    packet.extend(from);
    packet.extend(to);
    let (from, to) = if is_from_phone {
        (40_000_u16, 80_u16)
    } else {
        (80, 40_000)
    };
    packet.extend(from.to_be_bytes());
    packet.extend(to.to_be_bytes());
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 0, 1, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    packet.extend(payload);
    packet
}

/// A capture of one request in clear text.
pub(crate) fn capture_of(request: impl AsRef<[u8]>) -> Vec<u8> {
    let mut packets = vec![segment(0, 0x02, b"", true), segment(0, 0x12, b"", false)];
    let mut sequence = 1;
    for part in request.as_ref().chunks(32_000) {
        packets.push(segment(sequence, 0x18, part, true));
        sequence += u32::try_from(part.len()).unwrap();
    }
    let response = b"HTTP/1.1 204 No Content\r\n\r\n";
    packets.push(segment(1, 0x18, response, false));
    pcap(&packets)
}

/// A capture of an advertising id in clear text.
pub(crate) fn tracking_capture() -> Vec<u8> {
    capture_of(
        "GET /hit?gaid=38400000-8cf0-11bd-b23e-10b96e40000d&email=erika%40mail.example HTTP/1.1\r\n\
         Host: ads.example\r\nUser-Agent: Example/1.0\r\n\r\n",
    )
}

fn tracking_file(test: &str) -> String {
    let file = folder(test).join("capture.pcap");
    fs::write(&file, tracking_capture()).unwrap();
    file.to_str().unwrap().to_owned()
}

fn json(arguments: &[&str]) -> Value {
    let output = run(arguments);
    assert!(output.stderr.is_empty(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_short_help_fits_one_screen() {
    let help = stdout(&run(&["-h"]));
    insta::assert_snapshot!(help, @r"
    Shows what the apps on company phones send home, and what that means under the GDPR

    Usage: phonehome [OPTIONS] <COMMAND>

    Commands:
      audit       Report per app what left the phones, to whom, and the GDPR risk
      report      Render a saved JSON report in another format or language
      diff        Compare two saved JSON reports: what is new, gone, changed
      verify      Check a saved JSON report against its inputs: which evidence is found again
      observe     Print each observation as a line of JSON
      interfaces  List the network interfaces that can be captured from
      inputs      Say what each file is, whose phone it is put to, and what it is used for
      what-if     Compute what measures would change: which findings go, which stay
      document    Draft a document from a report: record, impact assessment, memo …
      init        Write a commented phonehome.toml for the company's decisions
      apps        List the profiles of apps, or show one with its sources
      compare     Set messengers and other systems side by side, documented and measured
      rules       List, explain and check the rules
      schema      Print the JSON Schema of the JSON report
      generate    Print manual pages, or completions for a shell

    Options:
      -q, --quiet         No progress and no notes on standard error, only errors
      -v, --verbose       Say on standard error what is read, and how fast
          --color <WHEN>  When to use colour [default: auto] [possible values: auto, always, never]
      -h, --help          Print help (see more with '--help')
      -V, --version       Print version
    ");
    for verb in ["audit", "observe", "inputs", "rules", "schema"] {
        let help = stdout(&run(&[verb, "-h"]));
        assert!(
            help.lines().count() <= 40,
            "{verb}: {} lines",
            help.lines().count()
        );
        assert!(
            help.lines().all(|line| line.chars().count() <= 100),
            "{help}"
        );
    }
}

#[test]
fn inputs_says_what_each_file_is_and_names_those_that_it_does_not_know() {
    let folder = folder("inputs");
    let place = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    place("phone/capture.pcap", &tracking_capture());
    place("phone/README.md", b"# Notes");
    place("phone/mystery.bin", &[0xff; 100]);
    place(&format!("phone/{HOSTILE}.bin"), &[0xff; 100]);
    place("phonehome.toml", b"organisation = \"Example\"\n");
    let path = folder.to_str().unwrap();
    let listed = stdout(&run(&["inputs", path]));
    assert!(!listed.contains('\u{1b}') && !listed.contains('\u{202e}'));
    for line in [
        "phone\n  phone/capture.pcap\n      pcap: packets: what went over the wire\n",
        "  phone/mystery.bin\n      unknown: not used (no known format)\n",
        "  phone/README.md\n      text: a text for people; not used\n",
    ] {
        assert!(listed.contains(line), "{listed}");
    }
    let report = json(&["inputs", path, "--format", "json", "--language", "de"]);
    let of = |name: &str| {
        let inputs = report["inputs"].as_array().unwrap();
        let found = inputs.iter().find(|input| input["path"] == name);
        found.unwrap().clone()
    };
    assert_eq!(of("phone/capture.pcap")["device"], "phone");
    assert_eq!(of("phone/capture.pcap")["has_traffic"], true);
    assert_eq!(of("phone/mystery.bin")["used_for"], "nicht verwendet");
    // Also where there is nothing to audit.
    let lone = folder.join("phone/mystery.bin");
    assert!(stdout(&run(&["inputs", lone.to_str().unwrap()])).contains("no known format"));
    assert_eq!(status(&["inputs", "no/such/file"]), 2);
}

#[test]
fn init_writes_a_policy_once_and_its_errors_name_the_line() {
    let folder = folder("init").join("new case");
    let path = folder.to_str().unwrap();
    assert_eq!(status(&["init", path, "--language", "de"]), 0);
    let file = folder.join("phonehome.toml");
    let written = fs::read_to_string(&file).unwrap();
    assert!(written.contains("Auftragsverarbeiter"), "{written}");
    // What somebody has written there stays.
    assert_eq!(status(&["init", path]), 2);
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
    fs::write(&file, "organisation = \"A\"\n\n[retenton]\n").unwrap();
    let refused = run(&["inputs", path]);
    let message = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        message.contains("line 3: unknown field `retenton`"),
        "{message}"
    );
    assert!(message.contains("did you mean `retention`?"), "{message}");
}

#[test]
fn the_long_help_has_examples_exit_status_and_environment() {
    for arguments in [["--help"].as_slice(), &["audit", "--help"]] {
        let help = stdout(&run(arguments));
        for heading in ["Examples:", "Exit status:", "Environment:", "NO_COLOR"] {
            assert!(help.contains(heading), "{heading}");
        }
    }
    assert_eq!((status(&["--help"]), status(&["--version"])), (0, 0));
    let help = stdout(&run(&["audit", "-h"]));
    for format in phonehome::report::FORMATS {
        assert!(help.contains(format.name), "{}: {help}", format.name);
    }
}

#[test]
fn wrong_arguments_are_refused_with_a_suggestion() {
    let output = run(&["audti", "samples/case"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("audit"), "{}", stderr(&output));
    let output = run(&["audit", "samples/case", "--format", "pdf"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("table, json"),
        "{}",
        stderr(&output)
    );
    assert_eq!(status(&[]), 2);
    assert_eq!(status(&["audit"]), 2);
    let output = run(&["what-if", "samples/case"]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(
        said.contains("--measure") && said.contains("--plan"),
        "{said}"
    );
}

#[test]
fn what_a_proxy_recorded_is_not_called_decrypted() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/sources/traffic.har");
    let record = fs::read_to_string(sample)
        .unwrap()
        .replace("http://", "https://");
    let path = folder("recorded").join("traffic.har");
    fs::write(&path, record).unwrap();
    let report = json(&["audit", path.to_str().unwrap(), "--format", "json"]);
    let traffic = report["devices"][0]["traffic"].as_array().unwrap();
    let states: Vec<&Value> = traffic.iter().map(|volume| &volume["content"]).collect();
    assert_eq!(states, ["recorded-inside"]);
}

#[test]
fn many_files_of_no_use_are_counted_and_json_names_all() {
    let folder = folder("many");
    fs::create_dir_all(folder.join("phone")).unwrap();
    fs::write(folder.join("phone/capture.pcap"), tracking_capture()).unwrap();
    for number in 0..40 {
        let path = folder.join(format!("phone/mystery{number:02}.bin"));
        fs::write(path, [0xff; 100]).unwrap();
    }
    let path = folder.to_str().unwrap();
    for (language, rest) in [
        ("en", "and 32 more files: "),
        ("de", "und 32 weitere Dateien: "),
    ] {
        for verb in ["audit", "inputs"] {
            let shown = stdout(&run(&[verb, path, "--language", language]));
            assert_eq!(shown.matches("mystery").count(), 8, "{shown}");
            assert!(shown.contains(rest), "{shown}");
        }
    }
    for verb in ["audit", "inputs"] {
        let all = stdout(&run(&[verb, path, "--format", "json"]));
        assert_eq!(all.matches("mystery").count(), 40);
    }
}

#[test]
fn errors_name_the_path_the_cause_and_the_next_step() {
    let output = run(&["audit", "no/such/file.pcap"]);
    assert_eq!(
        (output.status.code(), stdout(&output)),
        (Some(2), String::new())
    );
    insta::assert_snapshot!(stderr(&output), @r"
    error: cannot read no/such/file.pcap
      cause: there is no such file or folder
    ");

    let empty = folder("empty");
    let output = run(&["audit", empty.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("hint: name a capture"),
        "{}",
        stderr(&output)
    );

    let output = run(&["audit", "samples/case", "-f", "json", "-f", "table"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("two reports go to standard output"),
        "{}",
        stderr(&output)
    );
}

#[cfg(not(feature = "live"))]
#[test]
fn what_this_build_cannot_do_says_how_to_get_it() {
    for arguments in [["--filter", "tcp"], ["--interface", "wlan0"]] {
        let mut all = vec!["audit"];
        all.extend(arguments);
        if arguments[0] == "--filter" {
            all.push("samples/case");
        }
        let output = run(&all);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            stderr(&output).contains("--features live"),
            "{}",
            stderr(&output)
        );
        assert!(
            stderr(&output).contains(arguments[0]),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn the_exit_status_follows_the_risk_asked_for() {
    let file = tracking_file("exit");
    assert_eq!(status(&["audit", &file]), 0);
    assert_eq!(status(&["audit", &file, "--fail-on", "never"]), 0);
    assert_eq!(status(&["audit", &file, "--fail-on", "low"]), 1);
    assert_eq!(status(&["audit", &file, "--fail-on", "high"]), 1);
    let quiet = folder("exit-quiet").join("capture.pcap");
    fs::write(&quiet, pcap(&[])).unwrap();
    assert_eq!(
        status(&["audit", quiet.to_str().unwrap(), "--fail-on", "low"]),
        0
    );
}

#[test]
fn reports_go_where_they_are_sent() {
    let folder = folder("targets");
    let (report, table) = (folder.join("report.json"), folder.join("table.txt"));
    let to_json = format!("json={}", report.display());
    let output = run(&[
        "audit",
        "samples/case",
        "-f",
        &to_json,
        "-f",
        "table",
        "-o",
        table.to_str().unwrap(),
    ]);
    assert_eq!(
        (output.status.code(), stdout(&output), stderr(&output)),
        (Some(0), String::new(), String::new())
    );
    let report: Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    assert_eq!(report["format"], "phonehome-audit");
    assert_eq!(
        fs::read_to_string(&table).unwrap(),
        stdout(&run(&["audit", "samples/case"]))
    );

    let output = run(&["audit", "samples/case", "-o", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("cannot write"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn the_report_is_the_same_for_any_number_of_jobs() {
    for format in ["table", "json"] {
        let one = run(&["audit", "samples/case", "-f", format, "-j", "1"]);
        let many = run(&["audit", "samples/case", "-f", format, "-j", "7"]);
        assert!(one.status.success());
        assert_eq!(stdout(&one), stdout(&many));
    }
}

#[test]
fn the_table_fits_its_width() {
    for width in [60_usize, 80, 100, 132] {
        for language in ["en", "de"] {
            let argument = width.to_string();
            let table = stdout(&run(&[
                "audit",
                "samples/case",
                "--width",
                &argument,
                "--language",
                language,
            ]));
            let longest = table
                .lines()
                .map(|line| line.chars().count())
                .max()
                .unwrap();
            assert!(longest <= width, "{longest} columns at width {width}");
            assert!(
                longest > width - 8,
                "{longest} columns at width {width}: space is wasted"
            );
        }
    }
}

#[test]
fn colour_needs_a_terminal_or_a_wish() {
    let escapes = |arguments: &[&str], environment: &[(&str, &str)]| {
        let output = phonehome()
            .args(arguments)
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        assert!(output.status.success());
        stdout(&output).contains('\u{1b}')
    };
    let audit = ["audit", "samples/case"];
    let always = ["audit", "samples/case", "--color", "always"];
    assert!(!escapes(&audit, &[]));
    assert!(escapes(&always, &[]));
    assert!(
        escapes(&always, &[("NO_COLOR", "1")]),
        "a wish on the command line is stronger"
    );
    assert!(
        !escapes(&audit, &[("TERM", "xterm-256color")]),
        "a pipe is no terminal"
    );
    assert!(!escapes(&audit, &[("TERM", "dumb"), ("NO_COLOR", "1")]));
}

#[test]
fn colour_changes_nothing_but_colour() {
    let plain = stdout(&run(&["audit", "samples/case"]));
    let coloured = stdout(&run(&["audit", "samples/case", "--color", "always"]));
    let mut without = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        without.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    without.push_str(rest);
    let trimmed = |text: &str| {
        text.lines()
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(trimmed(&without), trimmed(&plain));
}

#[test]
fn a_closed_pipe_is_no_error() {
    for arguments in [
        ["audit", "samples/case"],
        ["observe", "samples/case"],
        ["rules", "list"],
    ] {
        let mut child = phonehome()
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut errors = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut errors)
            .unwrap();
        assert_eq!(
            (child.wait().unwrap().code(), errors.as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
}

#[test]
fn standard_input_is_an_input() {
    let mut child = phonehome()
        .args(["audit", "-", "-f", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&tracking_capture())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["inputs"][0]["items"], 4);
    assert_eq!(report["level"], "high");
}

#[test]
fn an_app_named_by_the_user_owns_the_traffic() {
    let file = tracking_file("app");
    let of = |arguments: &[&str]| json(arguments)["devices"][0]["apps"][0].clone();
    assert_eq!(of(&["audit", &file, "-f", "json"])["owner"], "unknown");
    let app = of(&["audit", &file, "-f", "json", "--app", "com.example.shop"]);
    assert_eq!(
        (&app["owner"], &app["id"]),
        (&"app".into(), &"com.example.shop".into())
    );
    assert_eq!(app["recognised_by"][0], "option");
}

#[test]
fn one_bad_input_does_not_stop_the_others_but_decides_the_exit_status() {
    let folder = folder("damaged");
    let good = folder.join("good.pcap");
    fs::write(&good, tracking_capture()).unwrap();
    let mut damaged = tracking_capture();
    damaged.truncate(damaged.len() - 10);
    fs::write(folder.join("cut.pcap"), damaged).unwrap();
    let report = json(&["audit", folder.to_str().unwrap(), "-f", "json"]);
    let reasons: Vec<&str> = report["coverage"]
        .as_array()
        .unwrap()
        .iter()
        .map(|missed| missed["reason"].as_str().unwrap())
        .collect();
    assert!(reasons.contains(&"truncated"), "{reasons:?}");
    assert_eq!(report["level"], "high");

    let output = run(&["audit", good.to_str().unwrap(), "no/such/file.pcap"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn values_are_masked_unless_they_are_asked_for() {
    let file = tracking_file("masks");
    let secrets = ["38400000-8cf0-11bd", "erika"];
    for verb in [
        vec!["audit", &file],
        vec!["audit", &file, "-f", "json"],
        vec!["observe", &file],
    ] {
        let masked = run(&verb);
        for secret in secrets {
            assert!(!stdout(&masked).contains(secret), "{verb:?} shows {secret}");
            assert!(!stderr(&masked).contains(secret));
        }
        let mut open = verb.clone();
        open.push("--show-values");
        assert!(stdout(&run(&open)).contains(secrets[0]), "{open:?}");
    }
    let table = stdout(&run(&["audit", &file]));
    assert!(
        table.contains("device#1") && table.contains("e-mail#1"),
        "{table}"
    );
    let open = run(&["audit", &file, "--show-values"]);
    assert!(stdout(&open).contains("CONFIDENTIAL") && stderr(&open).contains("confidential"));
    let report = json(&["audit", &file, "-f", "json"]);
    assert_eq!(report["shows_values"], false);
}

#[test]
fn escapes_in_captured_text_do_not_reach_the_terminal() {
    let folder = folder("escapes");
    let file = folder.join("capture.pcap");
    let request = format!(
        "POST /{HOSTILE}?gaid=38400000-8cf0-11bd-b23e-10b96e40000d HTTP/1.1\r\nHost: {HOSTILE}.example\r\nUser-Agent: {HOSTILE}/1.0 \
         (Android 14)\r\nX-Device-Model: {HOSTILE}\r\nContent-Type: application/json\r\nContent-Length: 63\r\n\r\n\
         {{\"{}\":{{\"advertising_id\":\"38400000-8cf0-11bd-b23e-10b96e40000d\"}}}}",
        "a\\u001b[2J",
    );
    fs::write(&file, capture_of(&request)).unwrap();
    let path = file.to_str().unwrap();
    let invocations: [&[&str]; 6] = [
        &["audit", path],
        &["audit", path, "--show-values"],
        &["audit", path, "-f", "json"],
        &["audit", path, "-f", "json", "--show-values"],
        &["observe", path],
        &["observe", path, "--show-values"],
    ];
    for arguments in invocations {
        let output = run(arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        for text in [stdout(&output), stderr(&output)] {
            let raw = text.chars().find(|character| {
                (character.is_control() && *character != '\n')
                    || matches!(character, '\u{202e}' | '\u{200b}')
            });
            assert_eq!(raw, None, "{arguments:?}");
        }
        assert!(!output.stdout.is_empty());
    }
    let output = run(&["audit", "evil\u{1b}[2J.pcap"]);
    assert!(!stderr(&output).contains('\u{1b}') && stderr(&output).contains("\\u{1b}"));
}

#[test]
fn rules_are_listed_explained_and_checked() {
    let list = stdout(&run(&["rules", "list"]));
    assert!(
        list.lines().count() > 40 && list.contains("advertising-id"),
        "{list}"
    );
    let explained = stdout(&run(&["rules", "explain", "advertising-id"]));
    assert!(
        explained.contains("Advertising identifier") && explained.contains("GDPR Art."),
        "{explained}"
    );
    let german = stdout(&run(&[
        "rules",
        "explain",
        "advertising-id",
        "--language",
        "de",
    ]));
    assert!(
        german.contains("Werbe-ID") && german.contains("DSGVO"),
        "{german}"
    );
    for id in [
        "whatsapp",
        "gdpr-14",
        "contacts-plain",
        "android.permission.READ_CONTACTS",
        "graph.facebook.com",
        "weak-tls",
    ] {
        assert_eq!(status(&["rules", "explain", id]), 0, "{id}");
    }
    let output = run(&["rules", "explain", "advertising-idd"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("advertising-id"),
        "{}",
        stderr(&output)
    );
    assert_eq!(status(&["rules", "check"]), 0);
}

#[test]
fn a_rules_folder_that_does_not_hold_is_refused_with_its_file() {
    let folder = folder("rules");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    for entry in fs::read_dir(shipped).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_file() {
            fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
    }
    let path = folder.to_str().unwrap();
    assert_eq!(status(&["rules", "check", "--rules", path]), 0);
    let file = tracking_file("rules-capture");
    assert_eq!(
        stdout(&run(&["audit", &file, "--rules", path])),
        stdout(&run(&["audit", &file]))
    );

    fs::write(
        folder.join("questions.toml"),
        "as_of = \"2026-01-01\"\n[[question]]\nid = 7\n",
    )
    .unwrap();
    let output = run(&["rules", "check", "--rules", path]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("questions.toml"),
        "{}",
        stderr(&output)
    );
    assert_eq!(status(&["audit", &file, "--rules", path]), 2);
    let environment = phonehome()
        .args(["audit", &file])
        .env("PHONEHOME_RULES", path)
        .output()
        .unwrap();
    assert_eq!(environment.status.code(), Some(2));
}

#[test]
fn the_language_is_that_of_the_locale_unless_asked_for() {
    let title = |locale: &str, arguments: &[&str]| {
        let mut command = phonehome();
        let output = command.env("LC_ALL", locale).args(arguments).output();
        stdout(&output.unwrap())
    };
    let list = ["rules", "explain", "advertising-id"];
    assert_eq!(
        title("de_DE.UTF-8", &list),
        title("C", &[&list[..], &["--lang", "de"]].concat())
    );
    assert_ne!(title("de_AT", &list), title("fr_FR", &list));
}
