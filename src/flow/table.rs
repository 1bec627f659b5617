//! The table of open flows: compact keys, dense records, expiry without scanning.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash};
use std::net::SocketAddr;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::dissection::{Outcome, Stage};
use super::internet::{Address, ip_address};
use super::orientation::End;
use super::tcp::{Conversation, Sent};
use crate::limits;
use crate::model::{FlowKey, Origin, Owner, ServerName, Side, Timestamp, Transport};

/// Both ends of a flow, the lower one first, so that both directions have the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    low: Address,
    high: Address,
    low_port: u16,
    high_port: u16,
    protocol: u8,
}

impl Key {
    /// The key of a packet, and whether its sender is the lower end.
    #[inline]
    pub(super) fn new(protocol: u8, sender: End, receiver: End) -> (Self, bool) {
        let is_low = (sender.address, sender.port) <= (receiver.address, receiver.port);
        let (low, high) = if is_low {
            (sender, receiver)
        } else {
            (receiver, sender)
        };
        let key = Self {
            low: low.address,
            high: high.address,
            low_port: low.port,
            high_port: high.port,
            protocol,
        };
        (key, is_low)
    }

    /// Its transport.
    pub(super) fn transport(&self) -> Transport {
        transport(self.protocol)
    }
}

/// The transport of a protocol number.
pub(super) fn transport(protocol: u8) -> Transport {
    match protocol {
        6 => Transport::Tcp,
        17 => Transport::Udp,
        other => Transport::Other(other),
    }
}

/// How long a flow may be idle: a queue each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Open TCP connections.
    Tcp,
    /// TCP connections that were closed or reset.
    Ending,
    /// UDP.
    Udp,
    /// Everything else.
    Other,
}

impl Class {
    fn lifetime(self) -> i64 {
        match self {
            Self::Tcp => limits::TCP_IDLE,
            Self::Ending => limits::TCP_LINGER,
            Self::Udp => limits::UDP_IDLE,
            Self::Other => limits::OTHER_IDLE,
        }
    }
}

/// An open flow.
#[allow(
    clippy::struct_excessive_bools,
    reason = "what is known of it, one by one"
)]
pub(super) struct Flow {
    pub(super) key: Key,
    /// Number of this flow in its place, so that an old note of its age is not taken for a newer one's.
    generation: u32,
    /// Initial sequence number of the side that opened it, if known.
    pub(super) first_sequence: Option<u32>,
    /// Which side that is: the server, where the client has asked it to.
    pub(super) opener: Side,
    pub(super) class: Class,
    pub(super) client_is_low: bool,
    /// FIN seen from the client, and from the server.
    pub(super) fins: [bool; 2],
    /// Whether it was counted that the flow began before the capture.
    pub(super) is_late: bool,
    /// From the client, and from the server.
    pub(super) packets: [u64; 2],
    pub(super) bytes: [u64; 2],
    /// Of TCP, what each has sent.
    pub(super) sent: [Sent; 2],
    /// The capture cut packets of it.
    pub(super) is_cut: bool,
    /// Parts of it are known to be missing.
    pub(super) has_gap: bool,
    pub(super) first: Origin,
    pub(super) last: Origin,
    pub(super) server: Option<ServerName>,
    pub(super) owner: Option<Arc<Owner>>,
    /// How readable it was, as soon as `live` is gone.
    pub(super) outcome: Outcome,
    /// What is needed as long as payload is read; gone once that is over.
    pub(super) live: Option<Box<Live>>,
}

/// What is needed while payload is read.
#[derive(Default)]
pub(super) struct Live {
    pub(super) conversation: Conversation,
    pub(super) stage: Stage,
    /// Its number in [`super::migration::Connections`], if its addresses may change.
    pub(super) connection: Option<usize>,
}

impl Flow {
    /// A flow that opens with a packet.
    pub(super) fn new(key: Key, class: Class, client_is_low: bool, first: Origin) -> Self {
        Self {
            key,
            generation: 0,
            first_sequence: None,
            opener: Side::Client,
            class,
            client_is_low,
            fins: [false; 2],
            is_late: false,
            packets: [0; 2],
            bytes: [0; 2],
            sent: [Sent::default(); 2],
            first,
            last: first,
            server: None,
            owner: None,
            is_cut: false,
            has_gap: false,
            outcome: Outcome::NOT_EXAMINED,
            live: None,
        }
    }

    /// Which side a packet came from.
    #[inline]
    pub(super) fn side(&self, sender_is_low: bool) -> Side {
        if sender_is_low == self.client_is_low {
            Side::Client
        } else {
            Side::Server
        }
    }

    /// Counts a packet.
    #[inline]
    pub(super) fn count(&mut self, side: Side, bytes: u64, origin: Origin) {
        let ([client_packets, server_packets], [client_bytes, server_bytes]) =
            (&mut self.packets, &mut self.bytes);
        let (packets, sum) = match side {
            Side::Client => (client_packets, client_bytes),
            Side::Server => (server_packets, server_bytes),
        };
        *packets = packets.saturating_add(1);
        *sum = sum.saturating_add(bytes);
        self.last = origin;
    }

    /// Whether it was idle for so long that a packet at `now` belongs to another flow.
    #[inline]
    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        now.since(self.last.time) > self.class.lifetime()
    }

    /// As the model writes it.
    pub(super) fn flow_key(&self) -> FlowKey {
        let key = &self.key;
        let low = SocketAddr::new(ip_address(key.low), key.low_port);
        let high = SocketAddr::new(ip_address(key.high), key.high_port);
        let (client, server) = if self.client_is_low {
            (low, high)
        } else {
            (high, low)
        };
        FlowKey {
            transport: key.transport(),
            client,
            server,
        }
    }
}

/// Where a flow lies.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// A part of the hash, so that most misses do not touch the record.
    tag: u32,
    index: u32,
}

/// When to look whether a flow is idle.
#[derive(Clone, Copy, Debug)]
struct Note {
    due: Timestamp,
    index: u32,
    generation: u32,
}

/// All open flows.
///
/// Each flow has one note in the queue of its class. When the note is due and the flow was active since, the note goes to
/// the end of the queue again: so a flow costs one look per lifetime and nothing per packet.
#[derive(Default)]
pub(super) struct Table {
    slots: HashTable<Slot>,
    hasher: DefaultHashBuilder,
    flows: Vec<Option<Flow>>,
    vacant: Vec<u32>,
    queues: [VecDeque<Note>; 4],
    generation: u32,
}

impl Table {
    /// Number of open flows.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    #[inline]
    fn hash(&self, key: &Key) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The place of a flow.
    #[inline]
    pub(super) fn find(&self, key: &Key) -> Option<u32> {
        let hash = self.hash(key);
        let tag = tag(hash);
        self.slots
            .find(hash, |slot| {
                slot.tag == tag && self.get(slot.index).is_some_and(|flow| flow.key == *key)
            })
            .map(|slot| slot.index)
    }

    #[inline]
    fn get(&self, index: u32) -> Option<&Flow> {
        self.flows.get(index as usize)?.as_ref()
    }

    /// The flow at a place.
    #[inline]
    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut Flow> {
        self.flows.get_mut(index as usize)?.as_mut()
    }

    /// Adds a flow whose key is not in the table.
    pub(super) fn insert(&mut self, mut flow: Flow) -> u32 {
        self.generation = self.generation.wrapping_add(1);
        flow.generation = self.generation;
        let hash = self.hash(&flow.key);
        let (class, since) = (flow.class, flow.last.time);
        let index = if let Some(index) = self.vacant.pop() {
            if let Some(place) = self.flows.get_mut(index as usize) {
                *place = Some(flow);
            }
            index
        } else {
            // the bound on open flows keeps this far below 2^32
            let index = u32::try_from(self.flows.len()).unwrap_or(u32::MAX);
            self.flows.push(Some(flow));
            index
        };
        let Self {
            slots,
            hasher,
            flows,
            ..
        } = self;
        slots.insert_unique(
            hash,
            Slot {
                tag: tag(hash),
                index,
            },
            |slot| {
                flows
                    .get(slot.index as usize)
                    .and_then(Option::as_ref)
                    .map_or(0, |flow| hasher.hash_one(flow.key))
            },
        );
        self.note(index, class, since);
        index
    }

    /// Puts a flow into another class.
    pub(super) fn reclassify(&mut self, index: u32, class: Class) {
        let Some(flow) = self.get_mut(index) else {
            return;
        };
        if flow.class != class {
            flow.class = class;
            let since = flow.last.time;
            self.note(index, class, since);
        }
    }

    fn note(&mut self, index: u32, class: Class, since: Timestamp) {
        let Some(generation) = self.get(index).map(|flow| flow.generation) else {
            return;
        };
        self.queue(class).push_back(Note {
            due: Timestamp(since.0.saturating_add(class.lifetime())),
            index,
            generation,
        });
    }

    fn queue(&mut self, class: Class) -> &mut VecDeque<Note> {
        let [tcp, ending, udp, other] = &mut self.queues;
        match class {
            Class::Tcp => tcp,
            Class::Ending => ending,
            Class::Udp => udp,
            Class::Other => other,
        }
    }

    /// Takes out a flow.
    pub(super) fn remove(&mut self, index: u32) -> Option<Flow> {
        let flow = self.flows.get_mut(index as usize)?.take()?;
        let hash = self.hash(&flow.key);
        if let Ok(slot) = self.slots.find_entry(hash, |slot| slot.index == index) {
            slot.remove();
        }
        self.vacant.push(index);
        Some(flow)
    }

    /// A flow that was idle for too long.
    pub(super) fn next_expired(&mut self, now: Timestamp) -> Option<u32> {
        [Class::Ending, Class::Udp, Class::Other, Class::Tcp]
            .into_iter()
            .find_map(|class| self.next_expired_of(class, now))
    }

    fn next_expired_of(&mut self, class: Class, now: Timestamp) -> Option<u32> {
        loop {
            let note = *self.queue(class).front()?;
            if note.due >= now {
                return None;
            }
            self.queue(class).pop_front();
            let Some(last) = self.last_of(note, class) else {
                continue;
            };
            if now.since(last) > class.lifetime() {
                return Some(note.index);
            }
            self.note(note.index, class, last);
        }
    }

    /// Time of the last packet of the flow that a note is about, unless that is gone or in another class by now.
    fn last_of(&self, note: Note, class: Class) -> Option<Timestamp> {
        self.get(note.index)
            .filter(|flow| flow.generation == note.generation && flow.class == class)
            .map(|flow| flow.last.time)
    }

    /// About the longest idle of the flows that may be closed early: first those that are over anyway, then datagram flows,
    /// then connections. A flow that was active since its note gets a second chance while there are others.
    pub(super) fn oldest(&mut self) -> Option<u32> {
        for class in [Class::Ending, Class::Other, Class::Udp, Class::Tcp] {
            let mut chances = limits::EVICTION_CHANCES;
            while let Some(note) = self.queue(class).pop_front() {
                let Some(last) = self.last_of(note, class) else {
                    continue;
                };
                let is_idle = last.0.saturating_add(class.lifetime()) <= note.due.0;
                if is_idle || chances == 0 {
                    return Some(note.index);
                }
                chances = chances.saturating_sub(1);
                self.note(note.index, class, last);
            }
        }
        None
    }

    /// All flows, in the order in which they began.
    pub(super) fn all(&self) -> Vec<u32> {
        let mut all: Vec<(Origin, u32, u32)> = (0_u32..)
            .zip(&self.flows)
            .filter_map(|(index, flow)| {
                let flow = flow.as_ref()?;
                Some((flow.first, flow.generation, index))
            })
            .collect();
        all.sort_unstable();
        all.into_iter().map(|(.., index)| index).collect()
    }
}

/// The part of a hash that the table itself does not use.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the low half of a hash is as good as any"
)]
fn tag(hash: u64) -> u32 {
    (hash >> 16) as u32
}
