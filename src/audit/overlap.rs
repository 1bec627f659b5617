//! Logs of one phone that tell the same: an export made twice, daily files that overlap, a bug report with the dump beside it.
//! Each record counts once.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::limits::LOGGED_EVENTS;
use crate::model::{Event, InputId, Sighting, Timestamp};

/// What logs have told so far, as hashes.
#[derive(Debug, Default)]
pub(super) struct Overlap {
    /// Which log told a record first.
    records: HashMap<u64, InputId>,
    /// What logs count over a time, by app and host.
    counts: HashMap<u64, Counted>,
}

/// How often something happened in a time, as several logs say.
#[derive(Clone, Copy, Debug)]
struct Counted {
    input: InputId,
    /// The time that the rows of this log are about.
    period: (Timestamp, Timestamp),
    /// Sum of the rows of this log.
    sum: u64,
    /// What earlier logs had for a time that overlaps.
    known: u64,
}

impl Overlap {
    /// Whether an earlier log has told all of it. A count that goes beyond what was told becomes the difference.
    pub(super) fn is_told(&mut self, input: InputId, sighting: &mut Sighting) -> bool {
        if sighting.flow.is_some() {
            return false;
        }
        let time = sighting.origin.time;
        let mut hasher = DefaultHasher::new();
        sighting.owner.hash(&mut hasher);
        match &mut sighting.event {
            Event::Access(access) => {
                (&access.resource, &access.host).hash(&mut hasher);
                if let Some(since) = access.since {
                    access.count = self.beyond(
                        hasher.finish(),
                        input,
                        (since, since.max(time)),
                        access.count,
                    );
                    return access.count == 0;
                }
                (&access.tag, access.in_background, access.is_refused, time).hash(&mut hasher);
            }
            Event::Lookup(lookup) => (&lookup.name, time).hash(&mut hasher),
            Event::Traffic(traffic) => {
                (traffic.client_bytes, traffic.server_bytes, time).hash(&mut hasher);
            }
            _ => return false,
        }
        // A record without a time may be any other.
        if time == Timestamp::default() || self.records.len() >= LOGGED_EVENTS {
            return false;
        }
        *self.records.entry(hasher.finish()).or_insert(input) != input
    }

    /// How much of a count no earlier log has told.
    fn beyond(
        &mut self,
        key: u64,
        input: InputId,
        period: (Timestamp, Timestamp),
        count: u64,
    ) -> u64 {
        if self.counts.len() >= LOGGED_EVENTS && !self.counts.contains_key(&key) {
            return count;
        }
        let counted = self.counts.entry(key).or_insert(Counted {
            input,
            period,
            sum: 0,
            known: 0,
        });
        let (first, last) = counted.period;
        if counted.input != input {
            let is_overlapping = period.0 <= last && first <= period.1;
            *counted = Counted {
                input,
                period,
                sum: 0,
                known: if is_overlapping {
                    counted.known.max(counted.sum)
                } else {
                    0
                },
            };
        }
        counted.period = (
            counted.period.0.min(period.0),
            counted.period.1.max(period.1),
        );
        let before = counted.sum.saturating_sub(counted.known);
        counted.sum = counted.sum.saturating_add(count);
        counted
            .sum
            .saturating_sub(counted.known)
            .saturating_sub(before)
    }
}
