//! Passive names: which name a client had looked up before it talked to an address.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use crate::limits;
use crate::model::{Answer, Lookup, Timestamp};

/// A name and who got it.
#[derive(Clone, Debug)]
struct Known {
    name: Arc<str>,
    /// The one who asked.
    asker: IpAddr,
    /// Number of this entry, so that an old note of its age is not taken for a newer one's.
    number: u64,
}

/// Key of an entry: the asker, or nobody in particular, and the address in the answer.
type Key = (Option<IpAddr>, IpAddr);

/// Names by asker and address, bounded in number and age.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: HashMap<Key, Known>,
    /// In the order in which they were learnt.
    order: VecDeque<(Timestamp, Key, u64)>,
    /// Names that the capture files say, shared by all clients of a network; they do not age.
    given: Arc<BTreeMap<IpAddr, Arc<str>>>,
    count: u64,
}

impl Names {
    /// Names that the capture files themselves give to addresses.
    pub(super) fn set_given(&mut self, given: Arc<BTreeMap<IpAddr, Arc<str>>>) {
        self.given = given;
    }

    /// Learns from a response. The name kept is the one that was asked for, not the alias that owns the address.
    pub(super) fn learn(&mut self, asker: IpAddr, lookup: &Lookup, now: Timestamp) {
        // multicast DNS announces, it does not answer the one who later connects
        if !lookup.is_response || lookup.is_local || lookup.name.is_empty() {
            return;
        }
        let mut name = None;
        for answer in &lookup.answers {
            let Answer::Address(address) = answer else {
                continue;
            };
            let name = name.get_or_insert_with(|| Arc::<str>::from(tidy(&lookup.name)));
            for key in [(Some(asker), *address), (None, *address)] {
                self.insert(key, name.clone(), asker, now);
            }
        }
    }

    fn insert(&mut self, key: Key, name: Arc<str>, asker: IpAddr, now: Timestamp) {
        self.expire(now);
        self.count = self.count.wrapping_add(1);
        self.order.push_back((now, key, self.count));
        self.known.insert(
            key,
            Known {
                name,
                asker,
                number: self.count,
            },
        );
    }

    fn expire(&mut self, now: Timestamp) {
        while let Some((learnt, key, number)) = self.order.front().copied() {
            let is_old = now.since(learnt) > limits::NAME_LIFETIME;
            if !is_old && self.order.len() < limits::NAMES_LEARNT {
                return;
            }
            self.order.pop_front();
            if self
                .known
                .get(&key)
                .is_some_and(|known| known.number == number)
            {
                self.known.remove(&key);
            }
        }
    }

    /// The name that a client had looked up for an address. A phone may ask over IPv4 for what it then contacts over IPv6
    /// (and from another address of its own), so there the last answer to anybody counts; within one family another asker is
    /// another device.
    pub(super) fn of(&self, client: IpAddr, address: IpAddr) -> Option<Arc<str>> {
        self.known
            .get(&(Some(client), address))
            .or_else(|| {
                self.known
                    .get(&(None, address))
                    .filter(|known| known.asker.is_ipv4() != client.is_ipv4())
            })
            .map(|known| known.name.clone())
            .or_else(|| {
                let given = self.given.get(&address)?;
                Some(Arc::from(tidy(given)))
            })
    }
}

/// Lower case without a trailing dot, as all names in the model.
pub(super) fn tidy(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}
