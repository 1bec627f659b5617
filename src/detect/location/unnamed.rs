//! Positions in protobufs of requests that say nothing of them: two neighbours in a message are one where a text beside them says
//! so, and where several of them lie one behind the other as those of a way do and the request speaks of one.

use std::collections::{BTreeMap, BTreeSet};

use super::integer::{follows, is_exact_integer, is_time, number_of_protobuf};
use super::text::EXACT_DECIMALS;
use super::words::{is_about_position, is_about_service};
use super::{Coordinate, graded, is_at_null};
use crate::detect::Scene;
use crate::model::{DecodeStep, Field, Grade, Look, PathId, Tally};

/// Texts beside a position, in small letters: what told it.
const SOURCES: [&str; 7] = [
    "gps",
    "fused",
    "location",
    "position",
    "geo",
    "standort",
    "whereabouts",
];
/// Ways, in small letters, as segments of paths, labels of hosts and texts have them: players in games and what sensors measure move
/// by small steps, too.
pub(super) const WAYS: [&str; 15] = [
    "trip",
    "trips",
    "ride",
    "rides",
    "route",
    "routes",
    "journey",
    "journeys",
    "gpx",
    "waypoint",
    "waypoints",
    "fahrt",
    "fahrten",
    "strecke",
    "strecken",
];
/// Android's receiver of all sources, in small letters, as services are called: `/loc.Fused/Report`.
const FUSED: &str = "fused";
/// Longest of these.
const LONGEST_LABEL: usize = 12;
/// Decimals that a half has at least, and one of the two: floats have few digits.
const LEAST_DECIMALS: usize = 4;
/// Positions of a way.
const LEAST_OF_WAY: usize = 5;
/// The same where each has a time.
const LEAST_OF_TIMED: usize = 3;
/// The same where each has a time and nothing says that they are of a way.
const LEAST_OF_SILENT: usize = 8;
/// Decimals of most of these: a metre.
const DECIMALS_OF_SILENT: usize = 5;
/// Degrees from one of these to the next, at most: a kilometre.
const STEP_OF_SILENT: f64 = 0.01;
/// Numbers with decimals in one message: more are of a sensor with three axes.
const NUMBERS: usize = 2;

/// Two neighbours in a message that may be a position.
struct Pair<'a> {
    message: PathId,
    first: Coordinate<'a>,
    second: Coordinate<'a>,
}

impl Pair<'_> {
    fn report(&self, scene: &Scene<'_>, tally: &mut Tally) {
        let fields = (self.first.0, self.second.0);
        let degrees = (self.first.1, self.second.1);
        graded(scene, tally, fields, Grade::Shape, degrees);
    }
}

/// What fields without names have of positions, until all of a message have been looked at.
#[derive(Default)]
pub(super) struct Unnamed<'a> {
    before: Option<Coordinate<'a>>,
    pairs: Vec<Pair<'a>>,
    /// Messages that hold a text which says what told a position, and that it is of a way.
    of_source: BTreeSet<PathId>,
    of_way: BTreeSet<PathId>,
    numbers: BTreeMap<PathId, usize>,
    /// Messages that hold a time.
    timed: BTreeSet<PathId>,
}

impl<'a> Unnamed<'a> {
    /// Takes what a field has of one.
    pub(super) fn take(&mut self, scene: &Scene<'_>, field: &'a Field<'a>) {
        if scene.fields.chain(field.chain).0.last() != Some(&DecodeStep::Protobuf) {
            return;
        }
        let Some((message, _)) = scene.fields.paths.split(field.path) else {
            return;
        };
        if !field.look.has(Look::DIGIT) {
            let text = field.value.trim();
            if text.len() <= LONGEST_LABEL {
                let text = &*text.to_lowercase();
                for (labels, told) in [
                    (&SOURCES[..], &mut self.of_source),
                    (&WAYS[..], &mut self.of_way),
                ] {
                    if labels.contains(&text) {
                        told.insert(message);
                    }
                }
            }
            return;
        }
        let Some(degrees) = number_of_protobuf(scene, field, false) else {
            if is_time(&field.value) {
                self.timed.insert(message);
            }
            return;
        };
        let count = self.numbers.entry(message).or_default();
        *count = count.saturating_add(1);
        let is_exact = field.look.has(Look::DOT) || is_exact_integer(field);
        match self.before.take() {
            Some(first) if is_exact && may_be_both(scene, first, (field, degrees)) => {
                self.pairs.push(Pair {
                    message,
                    first,
                    second: (field, degrees),
                });
            }
            _ => self.before = is_exact.then_some((field, degrees)),
        }
    }

    /// Reports what is a position.
    pub(super) fn report(self, scene: &Scene<'_>, tally: &mut Tally) {
        if self.pairs.is_empty() {
            return;
        }
        let paths = &scene.fields.paths;
        let is_of_way = speaks_of_way(scene);
        let mut ways: BTreeMap<PathId, Vec<&Pair<'_>>> = BTreeMap::new();
        let mut silent: BTreeMap<PathId, Vec<&Pair<'_>>> = BTreeMap::new();
        let is_about_service = is_about_service(&scene.request_path().to_lowercase());
        for pair in &self.pairs {
            let around = paths.split(pair.message).map(|(around, _)| around);
            let has = |labelled: &BTreeSet<PathId>| {
                labelled.contains(&pair.message)
                    || around.is_some_and(|around| labelled.contains(&around))
            };
            if has(&self.of_source) {
                pair.report(scene, tally);
                continue;
            }
            let way = if is_of_way || has(&self.of_way) {
                &mut ways
            } else if is_about_service {
                continue;
            } else {
                &mut silent
            };
            let way = way.entry(scene.first_of(pair.message)).or_default();
            way.push(pair);
        }
        let silent = silent.values().filter(|way| self.is_clear_way(way));
        for way in ways.values().chain(silent).filter(|way| self.is_way(way)) {
            for pair in way {
                pair.report(scene, tally);
            }
        }
    }

    /// Whether pairs are so many, so exact and so near to each other, each with its time, that they need no word of a way.
    fn is_clear_way(&self, pairs: &[&Pair<'_>]) -> bool {
        let is_exact = |pair: &&&Pair<'_>| {
            pair.first.1.decimals.min(pair.second.1.decimals) >= DECIMALS_OF_SILENT
        };
        let exact = pairs.iter().filter(is_exact).count();
        let is_near = |one: f64, other: f64| (one - other).abs() <= STEP_OF_SILENT;
        pairs.len() >= LEAST_OF_SILENT
            && exact.saturating_mul(4) >= pairs.len().saturating_mul(3)
            && pairs.iter().all(|pair| self.timed.contains(&pair.message))
            && pairs.windows(2).all(|two| match two {
                [one, other] => {
                    is_near(one.first.1.value, other.first.1.value)
                        && is_near(one.second.1.value, other.second.1.value)
                }
                _ => false,
            })
    }

    /// Whether pairs of one field lie one behind the other as positions of a way do: charts have even steps one way only, bids and asks are nearly
    /// the same, and sensors have more axes.
    fn is_way(&self, pairs: &[&Pair<'_>]) -> bool {
        /// Degrees from one to the next, at most: some minutes in a train.
        const STEP: f64 = 0.1;
        /// Of a number, what two that measure the same differ by; of a step, what even ones do.
        const SHARE: f64 = 0.01;
        let is_near =
            |one: f64, other: f64| (one - other).abs() <= one.abs().max(other.abs()) * SHARE;
        let is_alone = |pair: &&Pair<'_>| {
            self.numbers
                .get(&pair.message)
                .is_some_and(|numbers| *numbers <= NUMBERS)
                && !is_near(pair.first.1.value, pair.second.1.value)
        };
        let steps = |half: fn(&Pair<'_>) -> f64| -> Vec<f64> {
            let steps = pairs.windows(2).map(|two| match two {
                [one, other] => half(other) - half(one),
                _ => 0.0,
            });
            steps.collect()
        };
        let are_even = |steps: &[f64]| {
            let first = steps.first().copied().unwrap_or_default();
            steps.iter().all(|step| is_near(*step, first))
        };
        let north = steps(|pair| pair.first.1.value);
        let east = steps(|pair| pair.second.1.value);
        let is_short = |step: &f64| step.abs() <= STEP;
        let moves = |steps: &[f64]| steps.iter().any(|step| *step != 0.0);
        let are_timed = pairs.iter().all(|pair| self.timed.contains(&pair.message));
        let least = if are_timed {
            LEAST_OF_TIMED
        } else {
            LEAST_OF_WAY
        };
        pairs.len() >= least
            && pairs.iter().all(is_alone)
            && north.iter().chain(&east).all(is_short)
            && moves(&north)
            && moves(&east)
            && are_even(&north) == are_even(&east)
    }
}

/// Whether the host or the path of a request speaks of positions or of ways, rather than of measures.
pub(super) fn speaks_of_way(scene: &Scene<'_>) -> bool {
    let path = scene.request_path().to_lowercase();
    let mut words = path.split('/').chain(scene.host().split('.'));
    let is_of_receiver = || path.split(['/', '.']).any(|word| word == FUSED);
    (words.any(|word| is_about_position(word) || WAYS.contains(&word)) || is_of_receiver())
        && !is_about_service(&path)
}

/// Whether two numbers stand in a row and are exact enough for both halves.
fn may_be_both(scene: &Scene<'_>, first: Coordinate<'_>, second: Coordinate<'_>) -> bool {
    let (one, other) = (first.1.decimals, second.1.decimals);
    let has_point = |field: &Field<'_>| field.look.has(Look::DOT);
    one.min(other) >= LEAST_DECIMALS
        && one.max(other) > EXACT_DECIMALS
        && has_point(first.0) == has_point(second.0)
        && follows(scene, first, second.0)
        && !is_at_null(first.1, second.1)
}
