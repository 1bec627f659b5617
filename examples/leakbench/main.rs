//! Precision and recall of detection on forged captures: `cargo run --release --example leakbench -- --seed N --messages M`.
//!
//! Each message has a label: a known value in a disguise, an address book, a position, an identifier, or nothing at all. The
//! audit sees the captures twice, with the list of known values and without. `--verbose` names misses and false hits,
//! `--generator second` takes a generator of another hand, `--keep FOLDER` leaves the captures for `peers/compare.py`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that prints a table"
)]

mod bench;
#[path = "../../tests/it/forge/mod.rs"]
#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "linted with the tests that it belongs to"
)]
mod forge;

use std::collections::BTreeMap;
use std::path::Path;

use bench::measure::Line;
use phonehome::rules::Rules;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, default: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at.checked_add(1)?)?.parse().ok())
            .unwrap_or(default)
    };
    let rules = Rules::embedded();
    let messages = usize::try_from(number("--messages", 4000)).unwrap();
    let seed = number("--seed", 1);
    let named = arguments
        .iter()
        .position(|argument| argument == "--generator");
    let name = named
        .and_then(|at| arguments.get(at.checked_add(1)?))
        .map_or("first", String::as_str);
    let mut generators = bench::GENERATORS.into_iter();
    let (name, draw) = generators.find(|(known, _)| *known == name).unwrap();
    let kept = arguments.iter().position(|argument| argument == "--keep");
    let kept = kept
        .and_then(|at| arguments.get(at.checked_add(1)?))
        .map(Path::new);
    let measured = bench::run(seed, messages, draw, kept, &rules);
    println!("{name} generator, seed {seed}, {messages} cases");
    table("With known values", &measured.known);
    table("Without known values", &measured.shapes);
    println!(
        "\nFormats that show a planted value: {}",
        measured.shown.len()
    );
    for shown in &measured.shown {
        println!("{shown}");
    }
    if arguments.iter().any(|argument| argument == "--verbose") {
        for error in &measured.errors {
            println!("{error}");
        }
    }
}

fn table(title: &str, lines: &BTreeMap<String, Line>) {
    println!("\n| {title} | planted | found | false | recall | precision | F1 |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (name, line) in lines {
        let planted = line.hits.saturating_add(line.misses);
        println!(
            "| {name} | {planted} | {} | {} | {:.2} % | {:.2} % | {:.3} |",
            line.hits,
            line.false_hits,
            line.recall() * 100.0,
            line.precision() * 100.0,
            line.f1()
        );
    }
}
