//! Several clients in what is read as one phone's traffic, as a router or a proxy for several phones records it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::limits::LIVE_CLIENTS;
use crate::model::{
    Coverage, Event, InputId, Observation, Recipient, RecipientKind, Shortfall, Timestamp,
};

/// From when to when each client talked to servers on the internet.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    periods: BTreeMap<Ipv4Addr, (Timestamp, Timestamp)>,
    /// There were more than are told apart.
    is_cut: bool,
}

impl Neighbours {
    /// Takes in one observation. What nobody answers is no talk; and a phone has many addresses of IPv6.
    pub(super) fn add(&mut self, observation: &Observation) {
        let sighting = &observation.sighting;
        let last = sighting.origin.time;
        let (first, last) = match &sighting.event {
            Event::Traffic(traffic) if traffic.client_bytes > 0 && traffic.server_bytes > 0 => {
                (traffic.first.time, traffic.last.time)
            }
            Event::Exchange(_) => (last, last),
            _ => return,
        };
        let client = sighting.flow.map(|flow| flow.client.ip().to_canonical());
        let Some(IpAddr::V4(client)) = client.filter(|client| !client.is_unspecified()) else {
            return;
        };
        if Recipient::of(sighting).kind == RecipientKind::Remote {
            self.put(client, (first, last));
        }
    }

    fn put(&mut self, client: Ipv4Addr, (first, last): (Timestamp, Timestamp)) {
        if self.periods.len() >= LIVE_CLIENTS && !self.periods.contains_key(&client) {
            self.is_cut = true;
            return;
        }
        let period = self.periods.entry(client).or_insert((first, last));
        *period = (period.0.min(first), period.1.max(last));
    }

    /// Tells of several clients at once, and of those that were too many to be looked at.
    pub(super) fn note(&self, input: InputId, coverage: &mut Coverage) {
        let at_once = self.at_once();
        if at_once > 0 {
            coverage.add(input, Shortfall::SeveralClients, None, 0, || {
                format!("{at_once} clients at once; if these are several phones, --split-clients tells them apart")
            });
        }
        if self.is_cut {
            coverage.add(input, Shortfall::InputLimit, None, 0, || {
                format!("more than {LIVE_CLIENTS} clients; the others are not counted among those at once")
            });
        }
    }

    /// How many talked while another did; a phone that changes networks has one address after the other.
    fn at_once(&self) -> usize {
        let periods = || self.periods.iter();
        let is_beside = |(client, (first, last)): &(&Ipv4Addr, &(Timestamp, Timestamp))| {
            periods().any(|(other, (from, to))| other != *client && from < last && first < to)
        };
        periods().filter(is_beside).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_that_are_too_many_are_told() {
        let mut neighbours = Neighbours::default();
        let mut put = |numbers: std::ops::Range<usize>| {
            for number in numbers {
                let client = Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(number).unwrap());
                let begin = 2 * i64::try_from(number).unwrap();
                neighbours.put(client, (Timestamp(begin), Timestamp(begin + 1)));
            }
            neighbours.is_cut
        };
        assert!(!put(0..LIVE_CLIENTS));
        assert!(!put(0..1));
        assert!(put(LIVE_CLIENTS..LIVE_CLIENTS + 1));
        let few = Neighbours {
            is_cut: true,
            ..Neighbours::default()
        };
        let mut coverage = Coverage::default();
        few.note(InputId(0), &mut coverage);
        let told: Vec<Shortfall> = coverage.iter().map(|(_, told, _)| told).collect();
        assert_eq!(told, [Shortfall::InputLimit]);
    }
}
