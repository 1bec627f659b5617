//! Time and size of each format of a large company's report: 500 phones, 200 apps, 2,000 different findings.
//!
//! `cargo bench --bench report` prints the median of five runs; `-- --keep DIR` also writes the reports to DIR, and `-- --only xlsx`
//! leaves the other formats out.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reads what it forged itself"
)]

#[path = "../tests/it/forge/fleet.rs"]
mod fleet;

use std::path::Path;
use std::time::Instant;

use phonehome::model::RiskLevel;
use phonehome::report::{FORMATS, Language, Options, Presentable, pictures};
use phonehome::rules::Rules;

const RUNS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    let (kept, only) = (option("--keep"), option("--only"));
    let rules = Rules::embedded();
    let report = fleet::fleet(&rules, fleet::PHONES, "");
    let options = Options {
        language: Language::German,
        width: 100,
        color: false,
        level: RiskLevel::Medium,
    };
    let is_meant = |name| only.is_none_or(|only| only == name);
    for format in FORMATS.iter().filter(|format| is_meant(format.name)) {
        let write = || {
            let mut out = Vec::new();
            (format.write)(&report, &rules, options, &mut out).unwrap();
            out
        };
        let out = timed(format.name, write, Vec::len);
        if let Some(folder) = kept {
            std::fs::create_dir_all(folder).unwrap();
            let file = Path::new(folder).join(format!("report.{}", format.name));
            std::fs::write(file, out).unwrap();
        }
    }
    if only.is_some() {
        return;
    }
    let draw = || pictures(&report, &rules, Language::German);
    timed("pictures", draw, |files| {
        files.iter().map(|(_, picture)| picture.len()).sum()
    });
    let mut saved = Vec::new();
    let json = FORMATS.iter().find(|format| format.name == "json").unwrap();
    (json.write)(&report, &rules, options, &mut saved).unwrap();
    timed(
        "read json",
        || Presentable::from_json(&saved).unwrap(),
        |_| saved.len(),
    );
}

/// Prints the median of some runs and the size of what came out.
fn timed<T>(name: &str, run: impl Fn() -> T, size: impl Fn(&T) -> usize) -> T {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let begin = Instant::now();
        let _out = run();
        times.push(begin.elapsed());
    }
    times.sort();
    let out = run();
    println!(
        "{name:10} {:7.3} s  {:>10} bytes",
        times[RUNS / 2].as_secs_f64(),
        size(&out)
    );
    out
}
