//! The clock of a phone beside that of the capture: what both its logs and the capture saw tells how far they are apart.
//! Times stay as they are; the report says the shift, and on how much it rests. Only what a log says of apps is put to captured traffic by it.

use std::collections::BTreeMap;

use crate::limits;
use crate::model::{ClockShift, DeviceId, Moment, Tally};

/// Nanoseconds within which two sightings of one event lie once the shift is undone: a look-up, the connection after it, and
/// the rounding of logs.
const WINDOW: i64 = 2_000_000_000;
/// Shared events below which nothing is said.
const LEAST_EVENTS: usize = 3;
/// Longest shift that is looked for: clocks without a zone are up to 14 hours off, on either side of midnight.
const LONGEST: i64 = 36 * 3600 * 1_000_000_000;

/// The shift of one phone; `None` where too few events are shared, or no shift stands out.
pub fn shift(tally: &Tally, device: DeviceId) -> Option<ClockShift> {
    let mut hosts: BTreeMap<&str, [Vec<i64>; 2]> = BTreeMap::new();
    for (moment, times) in &tally.moments {
        let Moment {
            device: of,
            host,
            is_log,
        } = moment;
        if *of == device {
            let sides = hosts.entry(host).or_default();
            let [log, wire] = sides;
            let side = if *is_log { log } else { wire };
            side.extend(times.iter().map(|time| time.0));
        }
    }
    let mut differences = Vec::new();
    for [log, wire] in hosts.values() {
        for (logged, seen) in log
            .iter()
            .flat_map(|logged| wire.iter().map(move |seen| (logged, seen)))
        {
            let difference = logged.saturating_sub(*seen);
            if difference.saturating_abs() <= LONGEST {
                differences.push(difference);
            }
            if differences.len() >= limits::CLOCK_PAIRS {
                break;
            }
        }
    }
    differences.sort_unstable();
    let start = densest(&differences)?;
    // Each logged event counts once, with the nearest sighting.
    let mut offsets: Vec<i64> = Vec::new();
    for [log, wire] in hosts.values() {
        for logged in log {
            let middle = start.saturating_add(WINDOW / 2);
            let nearest = wire
                .iter()
                .map(|seen| logged.saturating_sub(*seen))
                .filter(|offset| (start..=start.saturating_add(WINDOW)).contains(offset))
                .min_by_key(|offset| (offset.saturating_sub(middle).saturating_abs(), *offset));
            offsets.extend(nearest);
        }
    }
    offsets.sort_unstable();
    let events = offsets.len();
    if events < LEAST_EVENTS {
        return None;
    }
    let decile = |number: usize| {
        let index = events.saturating_sub(1).saturating_mul(number) / 10;
        offsets.get(index).copied().unwrap_or_default()
    };
    Some(ClockShift {
        events: events as u64,
        median: decile(5),
        spread: decile(9).saturating_sub(decile(1)),
    })
}

/// Where the window that holds most differences begins; the one nearest to no shift among equals. `None` if another, apart
/// from it, holds as many: chance.
fn densest(sorted: &[i64]) -> Option<i64> {
    let mut windows: Vec<(usize, i64)> = Vec::new();
    let mut end = 0_usize;
    for (index, start) in sorted.iter().enumerate() {
        let last = start.saturating_add(WINDOW);
        while sorted.get(end).is_some_and(|next| *next <= last) {
            end = end.saturating_add(1);
        }
        windows.push((end.saturating_sub(index), *start));
    }
    let (count, start) = windows
        .iter()
        .copied()
        .max_by_key(|(count, start)| (*count, std::cmp::Reverse(start.saturating_abs()), *start))?;
    let is_apart =
        |other: i64| other.saturating_sub(start).saturating_abs() > WINDOW.saturating_mul(2);
    let is_chance = windows
        .iter()
        .any(|(others, other)| *others >= count && is_apart(*other));
    (count >= LEAST_EVENTS && !is_chance).then_some(start)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::model::Timestamp;

    const SECOND: i64 = 1_000_000_000;

    fn tally(events: &[(&str, i64)], shift: i64, missing: usize) -> Tally {
        let mut tally = Tally::default();
        let mut add = |host: &str, is_log, time| {
            let moment = Moment {
                device: DeviceId(0),
                host: Arc::from(host),
                is_log,
            };
            tally.add_moment(moment, Timestamp(time));
        };
        for (number, (host, time)) in events.iter().enumerate() {
            add(host, false, time * SECOND);
            if number >= missing {
                add(host, true, time * SECOND + shift);
            }
        }
        tally
    }

    #[test]
    fn a_shift_of_hours_is_found_and_too_few_events_are_not_enough() {
        let events = [
            ("a.example", 1000),
            ("b.example", 1007),
            ("a.example", 1100),
            ("c.example", 1203),
        ];
        let shift_of = |tally: &Tally| shift(tally, DeviceId(0));
        assert_eq!(
            shift_of(&tally(&events, 7200 * SECOND + 5, 0)),
            Some(ClockShift {
                events: 4,
                median: 7200 * SECOND + 5,
                spread: 0
            })
        );
        assert_eq!(shift_of(&tally(&events, 0, 2)), None);
        assert_eq!(shift(&tally(&events, 0, 0), DeviceId(1)), None);
    }

    proptest! {
        /// Whatever the clocks say, the shift that was put in comes out, also when the log lacks some of what was seen.
        #[test]
        fn the_shift_that_was_put_in_comes_out(
            gaps in prop::collection::vec(3_i64..500, 6..30),
            shift_seconds in -40_000_i64..40_000,
            missing in 0_usize..3,
        ) {
            let mut time = 1_000_000;
            let hosts = ["a.example", "b.example", "c.example", "d.example", "e.example"];
            let events: Vec<(&str, i64)> = gaps
                .iter()
                .zip(hosts.iter().cycle())
                .map(|(gap, host)| {
                    time += gap;
                    (*host, time)
                })
                .collect();
            let put_in = shift_seconds * SECOND;
            let found = shift(&tally(&events, put_in, missing), DeviceId(0));
            // Even spacing may let chance stand beside the truth; then nothing is said, but never anything wrong.
            if let Some(found) = found {
                prop_assert!((found.median - put_in).abs() <= WINDOW, "{found:?}");
            }
        }
    }
}
