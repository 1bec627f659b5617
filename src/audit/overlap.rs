//! Logs of one phone that tell the same: an export made twice, daily files that overlap, a bug report with the dump beside it.
//! Each record counts once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::limits::LOGGED_EVENTS;
use crate::model::{Event, InputId, Sighting, Timestamp};

/// What logs have told so far, as hashes.
#[derive(Debug, Default)]
pub(super) struct Overlap {
    /// Which log told a record first.
    records: HashMap<u64, InputId>,
    /// What logs count over a time, by app and host: of each log, in their order.
    counts: HashMap<u64, Vec<Counted>>,
    /// How many of these there are.
    counted: usize,
}

/// How often something happened in a time, as one log says.
#[derive(Clone, Copy, Debug)]
struct Counted {
    input: InputId,
    /// The time that its rows are about.
    period: (Timestamp, Timestamp),
    /// Sum of its rows.
    sum: u64,
    /// How much of that no earlier log had.
    new: u64,
}

/// Whether a record was told before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    No,
    /// An earlier log has told all of it.
    Yes,
    /// There are more records than can be remembered: it may have been.
    Perhaps,
}

impl Overlap {
    /// Whether an earlier log has told a record. A count that goes beyond what was told becomes the difference.
    pub(super) fn is_known(&mut self, input: InputId, sighting: &mut Sighting) -> Known {
        if sighting.flow.is_some() {
            return Known::No;
        }
        let time = sighting.origin.time;
        let mut hasher = DefaultHasher::new();
        sighting.owner.hash(&mut hasher);
        match &mut sighting.event {
            Event::Access(access) => {
                (&access.resource, &access.host).hash(&mut hasher);
                if let Some(since) = access.since {
                    let period = (since, since.max(time));
                    return self.count(hasher.finish(), input, period, &mut access.count);
                }
                (&access.tag, access.in_background, access.is_refused, time).hash(&mut hasher);
            }
            Event::Lookup(lookup) => (&lookup.name, time).hash(&mut hasher),
            Event::Traffic(traffic) => {
                (traffic.client_bytes, traffic.server_bytes, time).hash(&mut hasher);
            }
            _ => return Known::No,
        }
        // A record without a time may be any other.
        if time == Timestamp::default() {
            return Known::No;
        }
        let is_full = self.records.len() >= LOGGED_EVENTS;
        match self.records.entry(hasher.finish()) {
            Entry::Occupied(first) if *first.get() == input => Known::No,
            Entry::Occupied(_) => Known::Yes,
            Entry::Vacant(_) if is_full => Known::Perhaps,
            Entry::Vacant(new) => {
                new.insert(input);
                Known::No
            }
        }
    }

    /// Leaves of a count what no earlier log has told.
    fn count(
        &mut self,
        key: u64,
        input: InputId,
        period: (Timestamp, Timestamp),
        count: &mut u64,
    ) -> Known {
        if *count == 0 {
            return Known::No;
        }
        let logs = self.counts.entry(key).or_default();
        if logs.last().is_none_or(|last| last.input != input) {
            if self.counted >= LOGGED_EVENTS {
                return Known::Perhaps;
            }
            self.counted = self.counted.saturating_add(1);
            logs.push(Counted {
                input,
                period,
                sum: 0,
                new: 0,
            });
        }
        let Some((log, earlier)) = logs.split_last_mut() else {
            return Known::No;
        };
        log.period = (log.period.0.min(period.0), log.period.1.max(period.1));
        log.sum = log.sum.saturating_add(*count);
        let overlapping = earlier
            .iter()
            .filter(|other| log.period.0 <= other.period.1 && other.period.0 <= log.period.1);
        let told = overlapping.map(|other| other.sum).max().unwrap_or(0);
        let new = log.sum.saturating_sub(told);
        *count = new.saturating_sub(log.new);
        log.new = log.new.max(new);
        if *count == 0 { Known::Yes } else { Known::No }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Access, Origin, Owner};

    /// Contacts of a host in a time of so many hours.
    fn contacts((from, to): (i64, i64), count: u64) -> Sighting {
        let hour = |hour: i64| Timestamp((1_000_000 + hour) * 3_600_000_000_000);
        Sighting {
            origin: Origin {
                time: hour(to),
                ..Origin::default()
            },
            flow: None,
            server: None,
            owner: Owner::default(),
            event: Event::Access(Access {
                resource: "network".to_owned(),
                host: Some("ads.example".into()),
                since: Some(hour(from)),
                count,
                ..Access::default()
            }),
        }
    }

    /// What remains of counts that logs (by number) have for times.
    fn remaining(rows: &[(u32, (i64, i64), u64)]) -> Vec<(Known, u64)> {
        let mut overlap = Overlap::default();
        let mut remaining = Vec::new();
        for (log, period, count) in rows {
            let mut sighting = contacts(*period, *count);
            let known = overlap.is_known(InputId(*log), &mut sighting);
            if let Event::Access(access) = sighting.event {
                remaining.push((known, access.count));
            }
        }
        remaining
    }

    #[test]
    fn of_counts_the_difference_remains() {
        let told = [(1, (0, 10), 5), (2, (0, 12), 7)];
        assert_eq!(remaining(&told), [(Known::No, 5), (Known::No, 2)]);
        // A row before the time of the other log does not make the rest of it new.
        let later = [(1, (10, 20), 5), (2, (0, 2), 1), (2, (10, 20), 5)];
        let expected = [(Known::No, 5), (Known::No, 1), (Known::Yes, 0)];
        assert_eq!(remaining(&later), expected);
        // Nothing is not what another has told.
        assert_eq!(remaining(&[(1, (0, 2), 0)]), [(Known::No, 0)]);
    }

    #[test]
    fn what_is_remembered_is_known_also_beyond_the_bound() {
        let mut overlap = Overlap::default();
        let record = |name: &str| {
            let mut sighting = contacts((0, 1), 1);
            if let Event::Access(access) = &mut sighting.event {
                access.since = None;
                access.host = Some(name.into());
            }
            sighting
        };
        assert_eq!(
            overlap.is_known(InputId(1), &mut record("a.example")),
            Known::No
        );
        overlap
            .records
            .extend((0..LOGGED_EVENTS as u64).map(|hash| (hash, InputId(1))));
        assert_eq!(
            overlap.is_known(InputId(2), &mut record("a.example")),
            Known::Yes
        );
        assert_eq!(
            overlap.is_known(InputId(2), &mut record("b.example")),
            Known::Perhaps
        );
    }
}
