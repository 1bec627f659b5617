//! Inputs of one phone that show the same traffic: a capture, the list of its connections, a proxy's record of them. What the
//! fuller one has shown is not counted a second time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use super::Streamed;
use crate::intake::Input;
use crate::limits::{COMPARED_SERVERS, FINGERPRINT};
use crate::model::{
    Coverage, DeviceId, Event, FindingKey, InputId, Observation, Recipient, Shortfall, Tally,
};

/// Formats by how much they show, the fullest first. Those that are not here tell of other things than traffic.
const FULLEST_FIRST: [&str; 8] = [
    "pcap",
    "pcapng",
    "snoop",
    "mitmproxy",
    "har",
    "suricata-eve",
    "zeek",
    "pcapdroid-csv",
];

/// Whether inputs show traffic, as opposed to what a phone says of itself.
pub(super) fn is_traffic(inputs: &[&Input]) -> bool {
    inputs
        .iter()
        .all(|input| FULLEST_FIRST.contains(&input.format))
}

/// What an input shows, so that it can be compared: the smallest hashes of its connections and of its requests, and which
/// addresses each recipient had.
#[derive(Clone, Debug, Default)]
pub(super) struct Fingerprint {
    connections: BTreeSet<u64>,
    requests: BTreeSet<u64>,
    servers: BTreeSet<(Recipient, IpAddr)>,
}

impl Fingerprint {
    /// Takes in one observation.
    pub(super) fn add(&mut self, observation: &Observation) {
        let sighting = &observation.sighting;
        if let Some(flow) = sighting
            .flow
            .filter(|flow| !flow.client.ip().is_unspecified())
        {
            let mut ends = [flow.client, flow.server];
            ends.sort_unstable();
            keep(&mut self.connections, &(flow.transport, ends));
        }
        let is_counted = matches!(sighting.event, Event::Traffic(_) | Event::Exchange(_));
        if let Some(flow) = sighting.flow.filter(|_| is_counted)
            && !flow.server_ip().is_unspecified()
            && self.servers.len() < COMPARED_SERVERS
        {
            let server = (Recipient::of(sighting), flow.server_ip());
            self.servers.insert(server);
        }
        if let Event::Exchange(exchange) = &sighting.event {
            let request = &exchange.request;
            keep(
                &mut self.requests,
                &(&request.method, &request.host, &request.target),
            );
        }
    }
}

fn keep(smallest: &mut BTreeSet<u64>, value: &impl Hash) {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    let hash = hasher.finish();
    let is_full = smallest.len() >= FINGERPRINT;
    if is_full && smallest.last().is_some_and(|last| hash >= *last) {
        return;
    }
    if smallest.insert(hash) && is_full {
        smallest.pop_last();
    }
}

/// Whether at least half of the smaller set is in the other; `None` if one is empty. Where a set was cut to its smallest
/// hashes, only the range that both know is compared.
fn share(one: &BTreeSet<u64>, other: &BTreeSet<u64>) -> Option<bool> {
    let known = |set: &BTreeSet<u64>| {
        let is_cut = set.len() >= FINGERPRINT;
        set.last().map(|last| if is_cut { *last } else { u64::MAX })
    };
    let bound = known(one)?.min(known(other)?);
    let within = |set: &BTreeSet<u64>| set.range(..=bound).count();
    let smaller = within(one).min(within(other));
    let common = one
        .range(..=bound)
        .filter(|hash| other.contains(hash))
        .count();
    Some(smaller > 0 && common.saturating_mul(2) >= smaller)
}

/// What two inputs have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Same,
    Perhaps,
    Different,
}

fn relation(one: &Streamed, other: &Streamed) -> Relation {
    let prints = (&one.fingerprint, &other.fingerprint);
    let by_connections = share(&prints.0.connections, &prints.1.connections);
    let by_requests = share(&prints.0.requests, &prints.1.requests);
    if by_connections == Some(true) || by_requests == Some(true) {
        return Relation::Same;
    }
    // Behind address translation, or of contents that only one can read: times and hosts are all that can be compared.
    let at_once = match (one.period, other.period) {
        (Some((first, last)), Some((from, to))) => first <= to && from <= last,
        _ => false,
    };
    let hosts = |tally: &Tally| {
        let mut hosts = BTreeSet::new();
        for key in tally.traffic.keys() {
            keep(&mut hosts, &key.recipient);
        }
        hosts
    };
    if at_once && share(&hosts(&one.tally), &hosts(&other.tally)) == Some(true) {
        Relation::Perhaps
    } else {
        Relation::Different
    }
}

/// One input with what was read of it.
pub(super) struct Part<'a> {
    pub(super) device: DeviceId,
    pub(super) input: InputId,
    pub(super) format: &'static str,
    pub(super) path: &'a str,
    pub(super) streamed: Streamed,
}

/// Takes out of each input what a fuller one of the same phone has shown, and notes it.
pub(super) fn count_once(parts: &mut [Part<'_>], coverage: &mut Coverage) {
    let rank = |part: &Part<'_>| FULLEST_FIRST.iter().position(|name| *name == part.format);
    let mut order: Vec<(usize, usize)> = parts
        .iter()
        .enumerate()
        .filter_map(|(at, part)| Some((rank(part)?, at)))
        .collect();
    order.sort_unstable();
    let mut fuller: HashMap<DeviceId, Vec<usize>> = HashMap::new();
    for (_, at) in order {
        let Some(part) = parts.get(at) else { continue };
        let input = part.input;
        let before = fuller.entry(part.device).or_default();
        let found = find_fuller(parts, before, part);
        before.push(at);
        let Some((leader, relation)) = found else {
            continue;
        };
        let (shortfall, detail) = if relation == Relation::Same {
            let (counted, path) = (Counted::of(leader, part), leader.path);
            let Some(part) = parts.get_mut(at) else {
                continue;
            };
            if !part.streamed.tally.forget(&counted) {
                continue;
            }
            (Shortfall::SameTraffic, format!("as {path} shows"))
        } else {
            let path = leader.path;
            let detail = format!("{path} may show it too: same time and hosts");
            (Shortfall::PerhapsSameTraffic, detail)
        };
        coverage.add(input, shortfall, None, 0, || detail);
    }
}

/// The first of the inputs `before` that shows the same traffic, else one that may.
fn find_fuller<'p, 'a>(
    parts: &'p [Part<'a>],
    before: &[usize],
    part: &Part<'_>,
) -> Option<(&'p Part<'a>, Relation)> {
    let others = before
        .iter()
        .filter_map(|at| parts.get(*at))
        // Logs of one sensor complete each other, and parts of one capture follow each other.
        .filter(|other| other.format != part.format);
    let mut perhaps = None;
    for other in others {
        match relation(&other.streamed, &part.streamed) {
            Relation::Same => return Some((other, Relation::Same)),
            Relation::Perhaps => perhaps = perhaps.or(Some((other, Relation::Perhaps))),
            Relation::Different => {}
        }
    }
    perhaps
}

/// What an input has counted, in the words of another that shows the same traffic.
struct Counted {
    by_client: Tally,
    /// The same, of all clients of a network together: some records do not say which one it was.
    together: Tally,
    /// The phone, or what is no client's of a network.
    device: DeviceId,
    /// What the other calls a recipient, and what this one calls it: by its name where it saw that, else by address.
    names: BTreeMap<Recipient, BTreeSet<Recipient>>,
}

impl Counted {
    fn of(leader: &Part<'_>, part: &Part<'_>) -> Self {
        let of_leader = &leader.streamed.fingerprint.servers;
        let mut names: BTreeMap<Recipient, BTreeSet<Recipient>> = BTreeMap::new();
        for (name, address) in of_leader {
            let names = names.entry(Recipient::address(*address)).or_default();
            names.insert(name.clone());
        }
        for (name, address) in &part.streamed.fingerprint.servers {
            let names = names.entry(name.clone()).or_default();
            names.insert(Recipient::address(*address));
        }
        let by_client = leader.streamed.tally.clone();
        let device = part.device;
        Self {
            together: by_client.clone().put_to(|_| device),
            by_client,
            device,
            names,
        }
    }

    /// The first that is found for a phone and one of the names of a recipient.
    fn find<'c, T>(
        &'c self,
        (device, recipient): (DeviceId, &Recipient),
        find: impl Fn(&'c Tally, Recipient) -> Option<T>,
    ) -> Option<T> {
        let tally = if device == self.device {
            &self.together
        } else {
            &self.by_client
        };
        let others = self.names.get(recipient).into_iter().flatten();
        std::iter::once(recipient)
            .chain(others)
            .find_map(|name| find(tally, name.clone()))
    }
}

impl Tally {
    /// Takes out what another input of the same traffic has counted: occurrences as often as there, and the traffic with
    /// each of its recipients. Says whether there was anything.
    fn forget(&mut self, counted: &Counted) -> bool {
        let mut is_changed = false;
        self.findings.retain(|key, ours| {
            let theirs = counted.find((key.device, &key.recipient), |tally, recipient| {
                let key = FindingKey {
                    recipient,
                    ..key.clone()
                };
                tally.findings.get(&key)
            });
            let Some(theirs) = theirs else { return true };
            is_changed = true;
            ours.items = ours.items.saturating_sub(theirs.items);
            ours.count = ours.count.saturating_sub(theirs.count);
            ours.count > 0
        });
        let recipients = |tally: &Tally| -> BTreeSet<(DeviceId, Recipient)> {
            let keys = tally.traffic.keys();
            keys.map(|key| (key.device, key.recipient.clone()))
                .collect()
        };
        let mut known = recipients(&counted.by_client);
        known.append(&mut recipients(&counted.together));
        let is_new = |device: DeviceId, recipient: &Recipient| {
            let found = counted.find((device, recipient), |_, name| {
                known.contains(&(device, name)).then_some(())
            });
            found.is_none()
        };
        let before = self.traffic.len();
        self.traffic
            .retain(|key, _| is_new(key.device, &key.recipient));
        self.bursts
            .retain(|key, _| is_new(key.device, &key.recipient));
        self.moments
            .retain(|moment, _| !counted.by_client.moments.contains_key(moment));
        is_changed || self.traffic.len() < before
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn smallest(values: impl Iterator<Item = u64>) -> BTreeSet<u64> {
        let mut set = BTreeSet::new();
        for value in values {
            keep(&mut set, &value);
        }
        set
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn a_part_is_found_in_the_whole_whatever_their_sizes(
            size in 1_u64..20_000,
            start in 0_u64..1000,
            part in 1_u64..20_000,
        ) {
            let whole = smallest(start..start + size);
            let inner = smallest(start..start + size.min(part));
            prop_assert_eq!(share(&whole, &inner), Some(true));
            prop_assert_eq!(share(&inner, &whole), Some(true));
            let apart = smallest(1_000_000..1_000_000 + part);
            prop_assert_eq!(share(&whole, &apart), Some(false));
        }
    }

    #[test]
    fn nothing_cannot_be_compared() {
        assert_eq!(share(&BTreeSet::new(), &smallest(0..3)), None);
    }
}
