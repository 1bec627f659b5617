//! The HTML report in a real browser: no console message, no request, filters, prints; also of a large fleet.
//!
//! The tests that need one look for `chromium` (Debian: `apt-get install chromium poppler-utils`; elsewhere name it in
//! `PHONEHOME_CHROMIUM`) and say that they were skipped without. `PHONEHOME_SHOTS=DIR` keeps pages, screenshots (light, dark,
//! narrow) and prints in DIR to be looked at.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use phonehome::audit::{self, Progress};
use phonehome::intake;
use phonehome::model::{
    AppId, AppReport, Attributed, Audit, Basis, ContentState, Controller, Coverage, DeviceReport,
    Distinct, Evidence, FieldPath, Grade, InputId, InputReport, JudgedFinding, Likelihood,
    Occurrences, Origin, PathStep, Place, Platform, Protection, Recipient, RecipientKind,
    RecipientReport, RiskLevel, Score, Sensitive, Timestamp, Volume,
};
use phonehome::report::{FORMATS, Language, Options, Presentable, pictures};
use phonehome::rules::Rules;

const PHONES: u64 = 500;
const APPS: u64 = 200;
const APPS_OF_PHONE: u64 = 8;
const FINDINGS_OF_APP: u64 = 10;
/// 2026-10-05, in nanoseconds.
const START: i64 = 1_791_158_400_000_000_000;
const HOUR: i64 = 3_600_000_000_000;

fn render(report: &Presentable, rules: &Rules, format: &str, language: Language) -> String {
    let format = FORMATS.iter().find(|known| known.name == format).unwrap();
    let options = Options {
        language,
        width: 80,
        color: false,
        level: RiskLevel::Medium,
    };
    let mut out = Vec::new();
    (format.write)(report, rules, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn sample(rules: &Rules) -> Presentable {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/case");
    let case = intake::discover(&[case]).unwrap();
    let outcome = audit::run(
        &case,
        rules,
        &audit::Options::default(),
        &Progress::default(),
    );
    Presentable::new(&outcome.unwrap().audit, rules, false)
}

fn finding(rules: &Rules, app: u64, number: u64, phone: u64, words: &str) -> JudgedFinding {
    let identifiers = rules.identifiers();
    let pick = usize::try_from(app * 7 + number).unwrap() % identifiers.len();
    let identifier = &identifiers[pick];
    let countries = ["US", "DE", "IN", "CN", "IL", "FR", "IE"];
    let country = countries[usize::try_from((app + number) % 7).unwrap()];
    let severity = u8::try_from(number % 4 + 1).unwrap();
    let likelihood = u8::try_from((app + number) % 4 + 1).unwrap();
    let risk = severity * likelihood;
    let time = |hours: u64| Timestamp(START + i64::try_from(hours).unwrap() * HOUR);
    let mut evidence = Evidence::at(Origin {
        input: InputId(0),
        frame: phone * 100 + number,
        time: time(number),
    });
    evidence.place = Some(Place::Body);
    evidence.path = FieldPath(vec![PathStep::Name(words.into())]);
    evidence.value = Some(Sensitive::new(&format!("value {phone} {app} {number}")));
    JudgedFinding {
        id: format!("{app}-{number}-{phone}"),
        rule: identifier.id.clone(),
        observation: None,
        category: identifier.category,
        grade: [Grade::Decoded, Grade::Contacted, Grade::Inferred]
            [usize::try_from(number % 3).unwrap()],
        protection: Protection::Encrypted,
        recipient: Recipient {
            kind: RecipientKind::Remote,
            host: format!("host{}.vendor{}.example", number, app % 60).into(),
        },
        company: (!app.is_multiple_of(3)).then(|| Arc::from(format!("Vendor {}", app % 60))),
        country: Some(country.into()),
        is_opted_out: false,
        occurrences: Occurrences {
            count: 3 + number,
            items: 3,
            most_items: 1,
            distinct: Distinct::counted(3, true),
            first: time(number + phone % 48),
            last: time(number * 3 + phone % 48),
            precision_metres: None,
            evidence: [evidence].into(),
        },
        score: Some(Score {
            severity,
            likelihood: Likelihood {
                value: likelihood,
                modifiers: Vec::new(),
            },
            evidence_percent: 90,
            risk,
            priority_hundredths: u16::from(risk) * 90,
            level: rules.legal().scoring.level(risk).unwrap().id,
        }),
        provisions: rules
            .legal()
            .provisions
            .iter()
            .take(8)
            .map(|known| known.id.clone())
            .collect(),
        reasons: Vec::new(),
    }
}

fn app(rules: &Rules, phone: u64, app: u64, words: &str) -> AppReport {
    let id = AppId::new(&format!("com.example.app{app}"));
    let findings: Vec<JudgedFinding> = (0..FINDINGS_OF_APP)
        .map(|number| finding(rules, app, number, phone, words))
        .collect();
    let volume = Volume {
        flows: 3,
        sent_bytes: 1000 + app,
        received_bytes: 5000,
        first: Origin::default(),
        last: Timestamp(START),
    };
    let states = [
        ContentState::NoKey,
        ContentState::Clear,
        ContentState::Decrypted,
    ];
    let recipients = findings.iter().take(3).map(|finding| RecipientReport {
        recipient: finding.recipient.clone(),
        company: finding.company.clone(),
        parent: None,
        country: finding.country.clone(),
        role: None,
        service: None,
        volumes: BTreeMap::from(states.map(|state| (state, volume))),
    });
    let scores = || findings.iter().filter_map(|finding| finding.score.as_ref());
    AppReport {
        app: Attributed::Known {
            app: id.clone(),
            by: Basis::Capture,
        },
        id: Some(id),
        names: vec![format!("App {app}{words}")],
        packages: vec![format!("com.example.app{app}")],
        version: Some("1.0".to_owned()),
        platform: Some(Platform::Android),
        bases: vec![Basis::Capture],
        is_installed: true,
        level: scores().map(|score| score.level).max().unwrap(),
        risk: scores().map(|score| score.risk).max().unwrap(),
        recipients: recipients.collect(),
        provisions: findings[0].provisions.clone(),
        findings,
        grants: Vec::new(),
        declared: Vec::new(),
        chains: Vec::new(),
        dpia_criteria: Vec::new(),
        screening: Vec::new(),
        questions: Vec::new(),
        standing: None,
    }
}

/// A fleet with `words` in all that could come from a capture.
fn fleet(rules: &Rules, phones: u64, words: &str) -> Presentable {
    let device = |phone: u64| {
        let apps: Vec<AppReport> = (0..APPS_OF_PHONE)
            .map(|position| {
                app(
                    rules,
                    phone,
                    (phone * APPS_OF_PHONE + position) % APPS,
                    words,
                )
            })
            .collect();
        DeviceReport {
            name: format!("phone {phone:03}{words}"),
            platform: Some(Platform::Android),
            model: Some(format!("Model{words}")),
            traffic: apps[0].traffic(),
            apps,
            clock: None,
            silent_apps: 40,
            policy: None,
            shadow: Vec::new(),
        }
    };
    let audit = Audit {
        case: format!("Fleet{words}"),
        tool_version: "0".to_owned(),
        rules_sha256: rules.sha256.clone(),
        law_as_of: "2026-01-01".to_owned(),
        controller: Controller::default(),
        method: "phonehome-1".to_owned(),
        options: BTreeMap::new(),
        inputs: vec![InputReport {
            id: InputId(0),
            path: format!("fleet{words}.pcap"),
            device: "phone".to_owned(),
            format: "pcap".to_owned(),
            sha256: String::new(),
            bytes: 1,
            items: 1,
            period: Some((Timestamp(START), Timestamp(START + 48 * HOUR))),
        }],
        devices: (0..phones).map(device).collect(),
        coverage: Coverage::default(),
    };
    Presentable::new(&audit, rules, false)
}

#[test]
fn a_large_fleet_is_a_page_that_a_mail_can_carry() {
    let rules = Rules::embedded().unwrap();
    let report = fleet(&rules, PHONES, "");
    for format in ["html", "markdown"] {
        let begin = Instant::now();
        let page = render(&report, &rules, format, Language::English);
        let took = begin.elapsed();
        println!("{format}: {} bytes, {took:?} unoptimised", page.len());
        assert!(page.len() < 5_000_000, "{} bytes", page.len());
        // Optimised code is at least five times as fast; the limit of use is one second.
        assert!(took < Duration::from_secs(10), "{took:?}");
        assert!(page.contains("App 199"), "every app is named");
    }
}

#[test]
fn nothing_captured_becomes_markup() {
    let rules = Rules::embedded().unwrap();
    let hostile = [
        "</script><script>alert(1)</script>",
        "\" onload=\"alert(1)",
        "'><img src=https://evil.example/x>",
        "</style></svg></title><!--",
        "&lt;b&#62; \u{202e}\u{1b}[2J\n|",
    ];
    let plain = render(&fleet(&rules, 1, ""), &rules, "html", Language::German);
    let long = "x\"<".repeat(350_000);
    for words in hostile.into_iter().chain([long.as_str()]) {
        let report = fleet(&rules, 1, words);
        let page = render(&report, &rules, "html", Language::German);
        // As many marks of markup as with harmless names: none came from outside.
        for mark in ['<', '>', '"', '\''] {
            assert_eq!(
                page.matches(mark).count(),
                plain.matches(mark).count(),
                "{mark}"
            );
        }
        assert!(page.len() < 2 * plain.len());
        for (name, picture) in pictures(&report, &rules, Language::English) {
            let mut reader = quick_xml::Reader::from_str(&picture);
            while !matches!(
                reader.read_event().expect(name),
                quick_xml::events::Event::Eof
            ) {}
        }
    }
}

#[test]
fn the_page_asks_for_nothing() {
    let rules = Rules::embedded().unwrap();
    let page = render(&sample(&rules), &rules, "html", Language::English);
    for begin in [
        "src=",
        "<link",
        "<img",
        "<iframe",
        "@import",
        "url(",
        " style=",
        " onclick=",
        "href=\"http",
    ] {
        assert!(!page.contains(begin), "{begin}");
    }
    assert!(page.contains("default-src &#39;none&#39;"));
}

/// The browser, if there is one.
fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("PHONEHOME_CHROMIUM").map(PathBuf::from);
    let usual = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];
    let found = named.or_else(|| usual.iter().map(PathBuf::from).find(|path| path.exists()));
    if found.is_none() {
        println!("skipped: no chromium; apt-get install chromium, or PHONEHOME_CHROMIUM=PATH");
    }
    found
}

/// Runs the browser on a page; returns what it wrote to standard output and what it logged.
fn browse(browser: &Path, folder: &Path, arguments: &[&str], address: &str) -> (String, String) {
    let profile = folder.join("profile");
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--hide-scrollbars",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args(["--enable-logging=stderr", "--v=0", "--no-pdf-header-footer"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .arg(address)
        .output()
        .unwrap();
    let _removed = fs::remove_dir_all(&profile);
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    (String::from_utf8_lossy(&output.stdout).into_owned(), log)
}

fn page_holds(name: &str, page: &str, filter: &str, is_printed: bool) {
    let Some(browser) = browser() else {
        return;
    };
    let kept = std::env::var_os("PHONEHOME_SHOTS").map(PathBuf::from);
    let passing =
        std::env::temp_dir().join(format!("phonehome-html-{}-{name}", std::process::id()));
    let folder = kept.as_ref().map_or(passing, |kept| kept.join(name));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("page.html");
    fs::write(&file, page).unwrap();
    let address = format!("file://{}", file.display());

    let begin = Instant::now();
    let (shown, log) = browse(
        &browser,
        &folder,
        &["--dump-dom"],
        &format!("{address}#{filter}"),
    );
    println!(
        "{name}: opened and filtered in {:?}, start of the browser included",
        begin.elapsed()
    );
    assert!(!log.contains("CONSOLE"), "{log}");
    let matching = shown
        .split("data-matching=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let matching: usize = matching.expect("the script has run").parse().unwrap();
    let bodies = || {
        shown
            .split("<tbody")
            .skip(1)
            .filter(|body| body.contains("class=\"finding\""))
    };
    let is_hidden = |body: &&str| body.split('>').next().unwrap().contains("hidden");
    assert!(matching > 0 && matching < bodies().count());
    assert_eq!(bodies().filter(|body| !is_hidden(body)).count(), matching);
    assert!(
        !shown.contains("role=\"status\" hidden"),
        "the filter is announced"
    );

    if is_printed {
        let pdf = folder.join("page.pdf");
        let print = format!("--print-to-pdf={}", pdf.display());
        let (_, log) = browse(&browser, &folder, &[&print], &address);
        assert!(!log.contains("CONSOLE"), "{log}");
        let printed = fs::read(&pdf).unwrap();
        assert!(
            printed.starts_with(b"%PDF") && printed.len() > 50_000,
            "{}",
            printed.len()
        );
    }
    if kept.is_some() {
        for (shot, size, dark) in [
            ("light", "1280,2600", false),
            ("dark", "1280,2600", true),
            ("narrow", "400,2600", false),
        ] {
            let to = format!(
                "--screenshot={}",
                folder.join(format!("{shot}.png")).display()
            );
            let size = format!("--window-size={size}");
            let scheme = format!("--blink-settings=preferredColorScheme={}", u8::from(!dark));
            browse(&browser, &folder, &[&to, &size, &scheme], &address);
        }
    } else {
        fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn the_sample_case_opens_filters_and_prints() {
    let rules = Rules::embedded().unwrap();
    let page = render(&sample(&rules), &rules, "html", Language::English);
    page_holds("sample", &page, "recipient=InMobi", true);
}

#[test]
fn a_large_fleet_opens_and_filters() {
    let rules = Rules::embedded().unwrap();
    let page = render(&fleet(&rules, PHONES, ""), &rules, "html", Language::German);
    page_holds("fleet", &page, "recipient=Vendor%207", false);
}
