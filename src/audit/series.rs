//! Which inputs were written one after the other and are read as one.

use crate::intake::{Input, Item};
use crate::model::Timestamp;

/// Inputs that belong together: a capture that was written into several files, in the order of time. Such files lie in one
/// folder and differ by digits in their names (`tcpdump -C` and `-G`, `dumpcap -b`). So do the logs of the phone, which
/// overlap. All others stand alone.
pub(super) fn series(inputs: &[Input]) -> Vec<Vec<&Input>> {
    let mut all: Vec<(Option<String>, Vec<&Input>)> = Vec::new();
    for input in inputs {
        let is_file = input.has_traffic() && !input.is_stdin();
        let name = is_file.then(|| {
            if input.is_phone_log() {
                return String::new();
            }
            let (folder, file) = input
                .display
                .rsplit_once('/')
                .unwrap_or(("", &input.display));
            format!(
                "{folder}/{}",
                file.replace(|letter: char| letter.is_ascii_digit(), "")
            )
        });
        let known = all.iter_mut().find(|(known, inputs)| {
            let is_alike = |other: &&Input| {
                other.format == input.format || (other.is_phone_log() && input.is_phone_log())
            };
            *known == name && inputs.iter().all(is_alike)
        });
        match known {
            Some((_, inputs)) if name.is_some() => inputs.push(input),
            _ => all.push((name, vec![input])),
        }
    }
    all.into_iter()
        .map(|(_, mut inputs)| {
            if inputs.len() > 1 {
                inputs.sort_by_cached_key(|input| first_time(input));
            }
            inputs
        })
        .collect()
}

/// When the first thing in an input was seen; later, `read` says what is wrong with one that cannot be opened.
fn first_time(input: &Input) -> Option<Timestamp> {
    let mut source = input.open().ok()??;
    loop {
        match source.next_item().ok()?? {
            Item::Packet(packet) => return Some(packet.origin.time),
            Item::Sighting(sighting) => return Some(sighting.origin.time),
            Item::Shortfall { .. } => {}
        }
    }
}
