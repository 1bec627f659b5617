//! A third generator, of yet another hand: payloads as SDKs, contact services and location services are known to send them,
//! in the envelopes and over the transports that they use. What it draws was decided without a look at the detectors.

mod contacts;
mod decoy;
mod device;
mod envelope;
mod known;
mod location;
mod person;

use super::case::Case;
use super::world::{Dice, World};

/// Domains of vendors, so that what is known of their endpoints takes part.
const VENDORS: [&str; 8] = [
    "adjust.com",
    "appsflyer.com",
    "braze.com",
    "mixpanel.com",
    "onesignal.com",
    "segment.io",
    "sentry.io",
    "unity3d.com",
];

/// A case of its own number.
pub(crate) fn draw(number: usize, world: &World, dice: &mut Dice) -> Case {
    let host = if dice.one_in(8) {
        format!("t{number:06}.{}", dice.pick(&VENDORS))
    } else {
        format!(
            "t{number:06}.{}.example",
            dice.pick(&["api-prod", "edge", "tracker", "cloud"])
        )
    };
    let mut case = Case::new(host);
    match dice.below(20) {
        0..7 => known::draw(&mut case, world, dice),
        7..10 => contacts::draw(&mut case, world, dice),
        10..13 => location::draw(&mut case, world, dice),
        13..15 => device::draw(&mut case, dice),
        _ => decoy::draw(&mut case, world, dice),
    }
    case
}

/// Milliseconds of a moment in the days of the captures.
fn moment(dice: &mut Dice) -> u64 {
    1_764_000_000_000 + dice.below(900_000_000) as u64
}

/// A name of words in one of the habits of programmers.
fn habit(words: &[&str], dice: &mut Dice) -> String {
    let capital = |word: &str| -> String {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    match dice.below(7) {
        0 => words.join("-"),
        1 => words.join("."),
        2 => words.join("").to_lowercase(),
        3 => words.iter().map(|word| capital(word)).collect(),
        4 => words.join("_").to_uppercase(),
        5 => {
            let rest: String = words[1..].iter().map(|word| capital(word)).collect();
            words[0].to_owned() + &rest
        }
        _ => words.join("_"),
    }
}
