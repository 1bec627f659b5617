//! Runs the messages that rules carry through the same decoding and detection as real traffic.

use super::{Device, inspect, known};
use crate::model::{Attributed, DeviceId, Dossier, Observation, Origin, Owner, Sighting, Tally};
use crate::payload;
use crate::rules::{Example, Identifier, Rules};

/// What examples show that rules do not do what they say, in plain words: an example in which its rule finds nothing, a
/// counter example in which it does.
pub fn failed_examples(rules: &Rules) -> Vec<String> {
    let mut failed = Vec::new();
    for rule in rules.identifiers() {
        for (position, example) in rule.examples.iter().enumerate() {
            if !is_found(rules, rule, example) {
                failed.push(sentence(rule, "example", position, example, "is not found"));
            }
        }
        for (position, example) in rule.counter_examples.iter().enumerate() {
            if is_found(rules, rule, example) {
                failed.push(sentence(
                    rule,
                    "counter example",
                    position,
                    example,
                    "is found",
                ));
            }
        }
    }
    failed
}

fn sentence(
    rule: &Identifier,
    kind: &str,
    position: usize,
    example: &Example,
    what: &str,
) -> String {
    let number = position.saturating_add(1);
    let shows = match example.shows.as_str() {
        "" => String::new(),
        shows => format!(" ({shows})"),
    };
    format!("{}: {kind} {number}{shows} {what}", rule.id)
}

/// Whether a rule is found in a message, with as many items as it needs.
fn is_found(rules: &Rules, rule: &Identifier, example: &Example) -> bool {
    let Some(event) = example.event() else {
        return false;
    };
    let observation = Observation {
        sighting: Sighting {
            origin: Origin::default(),
            flow: None,
            server: None,
            owner: Owner::default(),
            event,
        },
        device: DeviceId::default(),
        app: Attributed::Unknown,
    };
    let decoded = payload::decode(&observation.sighting.event);
    let mut tally = Tally::default();
    inspect(
        &observation,
        &decoded,
        Device {
            rules,
            dossier: &Dossier::default(),
            known: &known::Index::default(),
        },
        &mut tally,
    );
    tally.findings.iter().any(|(key, occurrences)| {
        key.rule == rule.id && occurrences.most_items >= u64::from(rule.min_items)
    })
}
