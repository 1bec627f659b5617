//! The HTML report in a real browser: no console message, no request, filters, prints; also of a large fleet.
//!
//! The tests that need one look for `chromium` (Debian: `apt-get install chromium poppler-utils`; elsewhere name it in
//! `PHONEHOME_CHROMIUM`) and say that they were skipped without. `PHONEHOME_SHOTS=DIR` keeps pages, screenshots (light, dark,
//! narrow) and prints in DIR to be looked at. `docs/report.png` is the sections on risk and flows of `DIR/sample/light.png`, 928 pixels
//! wide, in 64 colours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use phonehome::audit::{self, Progress};
use phonehome::intake;
use phonehome::model::RiskLevel;
use phonehome::report::{FORMATS, Language, Options, Presentable, pictures};
use phonehome::rules::Rules;

use crate::forge::fleet::{PHONES, fleet};

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

#[test]
fn a_large_fleet_is_a_page_that_a_mail_can_carry() {
    let rules = Rules::embedded();
    let report = fleet(&rules, PHONES, "");
    for format in ["html", "markdown"] {
        let page = render(&report, &rules, format, Language::English);
        println!("{format}: {} bytes", page.len());
        assert!(page.len() < 5_000_000, "{} bytes", page.len());
        assert!(page.contains("App 199"), "every app is named");
    }
}

#[test]
fn nothing_captured_becomes_markup() {
    let rules = Rules::embedded();
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
        assert!(page.len() < 1_000_000, "{}", page.len());
        for (name, picture) in pictures(&report, &rules, Language::English) {
            // Word processors know no variables.
            assert!(!picture.contains("var("), "{name}");
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
    let rules = Rules::embedded();
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

/// Opens, filters and prints a page; `pages` of paper suffice.
fn page_holds(name: &str, page: &str, filter: &str, pages: usize) {
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
    let ready = shown
        .split("data-ready=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let ready: u64 = ready.expect("the script has run").parse().unwrap();
    println!("{name}: read and filtered {ready} ms after it was opened");
    assert!(
        ready < 5_000,
        "{ready} ms, and a computer with nothing else to do needs a tenth"
    );
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
        !shown.contains("id=\"state\" hidden"),
        "the filter is announced"
    );

    let pdf = folder.join("page.pdf");
    let print = format!("--print-to-pdf={}", pdf.display());
    let (_, log) = browse(&browser, &folder, &[&print], &address);
    assert!(!log.contains("CONSOLE"), "{log}");
    let printed = String::from_utf8_lossy(&fs::read(&pdf).unwrap()).into_owned();
    assert!(printed.starts_with("%PDF"));
    let sheets = printed.matches("/Type /Page\n").count();
    println!("{name}: {sheets} pages of paper");
    assert!((1..=pages).contains(&sheets), "{sheets}");
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
    let rules = Rules::embedded();
    let page = render(&sample(&rules), &rules, "html", Language::English);
    page_holds("sample", &page, "recipient=InMobi", 30);
}

#[test]
fn a_large_fleet_opens_filters_and_prints() {
    let rules = Rules::embedded();
    let page = render(&fleet(&rules, PHONES, ""), &rules, "html", Language::German);
    page_holds("fleet", &page, "recipient=Vendor%207", 230);
}
