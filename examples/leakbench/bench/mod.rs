//! Plants labelled leaks and what only looks like them into captures, has them audited, and counts what was found.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::doc_markdown,
    clippy::indexing_slicing,
    clippy::manual_is_multiple_of,
    clippy::needless_pass_by_value,
    clippy::similar_names,
    clippy::string_slice,
    clippy::struct_field_names,
    clippy::too_many_lines,
    clippy::unnecessary_wraps,
    clippy::unwrap_used,
    reason = "the bench reads only what it forged itself"
)]

mod body;
mod carry;
mod case;
mod encode;
mod geo;
pub(crate) mod measure;
pub(crate) mod privacy;
mod second;
mod shape;
mod third;
mod world;

use std::path::Path;

use phonehome::rules::Rules;

use measure::Measured;
use world::{Dice, World};

/// Draws a case of its own number.
pub(crate) type Generator = fn(usize, &World, &mut Dice) -> case::Case;

/// The generators, by name.
pub(crate) const GENERATORS: [(&str, Generator); 3] = [
    ("first", case::draw),
    ("second", second::draw),
    ("third", third::draw),
];

/// Forges `messages` cases from `seed`, audits them with and without the known values, and counts. In `kept` it leaves what
/// other tools are measured on.
pub(crate) fn run(
    seed: u64,
    messages: usize,
    draw: Generator,
    kept: Option<&Path>,
    rules: &Rules,
) -> Measured {
    let mut dice = Dice::new(seed);
    let world = World::draw(&mut dice);
    let cases: Vec<case::Case> = (0..messages)
        .map(|number| draw(number, &world, &mut dice))
        .collect();
    let folder = carry::write(&cases, seed);
    let list = std::env::temp_dir().join(format!("leakbench-{}-{seed}.toml", std::process::id()));
    std::fs::write(&list, world.list()).unwrap();
    let with = carry::audit(&folder, Some(&list), world.pepper.as_bytes(), rules);
    let without = carry::audit(&folder, None, b"", rules);
    let values = world.values();
    let shown = [&with, &without].map(|audit| privacy::shown(audit, &values, rules));
    let (with, without) = (carry::found(&with), carry::found(&without));
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::remove_file(&list).unwrap();
    if let Some(kept) = kept {
        carry::keep(kept, &cases, &world, &with);
    }
    Measured {
        shown: shown.concat(),
        ..measure::measure(&cases, &with, &without)
    }
}
