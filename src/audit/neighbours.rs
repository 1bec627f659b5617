//! Several clients in what is read as one phone's traffic, as a router or a proxy for several phones records it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::limits::LIVE_CLIENTS;
use crate::model::{Event, Observation, Recipient, RecipientKind, Timestamp};

/// From when to when each client talked to servers on the internet.
#[derive(Debug, Default)]
pub(super) struct Neighbours(BTreeMap<Ipv4Addr, (Timestamp, Timestamp)>);

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
        let is_known = self.0.contains_key(&client);
        let is_full = !is_known && self.0.len() >= LIVE_CLIENTS;
        if is_full || Recipient::of(sighting).kind != RecipientKind::Remote {
            return;
        }
        let period = self.0.entry(client).or_insert((first, last));
        *period = (period.0.min(first), period.1.max(last));
    }

    /// How many talked while another did; a phone that changes networks has one address after the other.
    pub(super) fn at_once(&self) -> usize {
        let periods = || self.0.iter();
        let is_beside = |(client, (first, last)): &(&Ipv4Addr, &(Timestamp, Timestamp))| {
            periods().any(|(other, (from, to))| other != *client && from < last && first < to)
        };
        periods().filter(is_beside).count()
    }
}
