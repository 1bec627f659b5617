//! What side inputs say about connections that others show the bytes of: lists of connections, socket traces, logs of sensors.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use super::{FlowKey, Owner, Timestamp, Transport};
use crate::limits;

/// What is known about a connection beside its ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionNote {
    /// First time that it is spoken of, by the clock of the source.
    pub first: Timestamp,
    /// Last time.
    pub last: Timestamp,
    /// Owner of the socket.
    pub owner: Owner,
    /// Name of the server, lower case.
    pub server: Option<Arc<str>>,
}

/// Notes by the ends of the connection, as a Community ID has them: whichever end is called the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    by_ends: BTreeMap<FlowKey, Vec<ConnectionNote>>,
}

impl Connections {
    /// Nanoseconds by which the clocks of two sources may differ where only their times tell connections apart.
    const TOLERANCE: i64 = 5_000_000_000;
    /// Adds a note; `false` if there are too many connections.
    pub fn add(&mut self, flow: FlowKey, note: ConnectionNote) -> bool {
        let flow = canonical(flow);
        // Records without the client's port (HAR) are found by server and time.
        self.add_under(without_client(flow), note.clone()) & self.add_under(flow, note)
    }

    fn add_under(&mut self, key: FlowKey, note: ConnectionNote) -> bool {
        let is_known = self.by_ends.contains_key(&key);
        if !is_known && self.by_ends.len() >= limits::CONNECTION_NOTES {
            return false;
        }
        let notes = self.by_ends.entry(key).or_default();
        // Traces have a record for each read and write.
        let same = notes.iter_mut().rev().find(|known| {
            known.owner == note.owner
                && known.server == note.server
                && note.first.since(known.last) <= Self::TOLERANCE
                && known.first.since(note.last) <= Self::TOLERANCE
        });
        if let Some(known) = same {
            known.first = known.first.min(note.first);
            known.last = known.last.max(note.last);
        } else if notes.len() < limits::NOTES_PER_ENDS {
            notes.push(note);
        } else {
            // The last stands for all behind it, and for nobody once they are not of one owner.
            let Some(known) = notes.last_mut() else {
                return false;
            };
            known.last = known.last.max(note.last);
            if known.owner != note.owner || known.server != note.server {
                (known.owner, known.server) = (Owner::default(), None);
                return false;
            }
        }
        true
    }

    /// Takes in those of another source; `false` if there are too many connections.
    pub fn merge(&mut self, other: Self) -> bool {
        let mut is_whole = true;
        for (key, notes) in other.by_ends {
            for note in notes {
                is_whole &= self.add_under(key, note);
            }
        }
        is_whole
    }

    /// As many as there may be, of which nothing is known.
    #[cfg(test)]
    pub(crate) fn full() -> Self {
        let client = |number: usize| {
            let address = Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(number).unwrap());
            SocketAddr::new(address.into(), 1)
        };
        let flow = |number| FlowKey {
            transport: Transport::Tcp,
            client: client(number),
            server: SocketAddr::new(Ipv4Addr::new(203, 0, 113, 1).into(), 443),
        };
        Self {
            by_ends: (0..limits::CONNECTION_NOTES)
                .map(|number| (flow(number), Vec::new()))
                .collect(),
        }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.by_ends.is_empty()
    }

    /// Whether any of them names an owner.
    pub fn has_owners(&self) -> bool {
        let mut notes = self.by_ends.values().flatten();
        notes.any(|note| !note.owner.is_empty())
    }

    /// Notes on the connection of a flow at a time. Where the ends alone tell (one owner ever), clocks need not agree. A flow
    /// whose client is not specified is looked up by its server, and by the server's name where both are known.
    pub fn of(&self, flow: FlowKey, time: Timestamp, server: Option<&str>) -> Vec<&ConnectionNote> {
        let flow = canonical(flow);
        let reversed = FlowKey {
            client: flow.server,
            server: flow.client,
            ..flow
        };
        let is_by_server = flow.client.ip().is_unspecified();
        let found = if is_by_server {
            self.by_ends.get(&without_client(flow))
        } else {
            [flow, reversed]
                .iter()
                .find_map(|key| self.by_ends.get(key))
        };
        let mut notes: Vec<&ConnectionNote> = found.into_iter().flatten().collect();
        if is_by_server {
            notes.retain(|note| match (&note.server, server) {
                (Some(ours), Some(theirs)) => **ours == *theirs,
                _ => true,
            });
        }
        let is_clear = notes
            .windows(2)
            .all(|pair| matches!(pair, [one, other] if one.owner == other.owner && one.server == other.server));
        if is_by_server || !is_clear {
            notes.retain(|note| {
                note.first.since(time) <= Self::TOLERANCE
                    && time.since(note.last) <= Self::TOLERANCE
            });
        }
        notes
    }

    /// The owners that these notes name, without repetition.
    pub fn owners(&self, flow: FlowKey, time: Timestamp, server: Option<&str>) -> Vec<&Owner> {
        let mut owners: Vec<&Owner> = self
            .of(flow, time, server)
            .into_iter()
            .map(|note| &note.owner)
            .filter(|owner| !owner.is_empty())
            .collect();
        owners.sort();
        owners.dedup();
        owners
    }

    /// The name of the server, if the notes agree.
    pub fn server(&self, flow: FlowKey, time: Timestamp) -> Option<Arc<str>> {
        let mut names = self
            .of(flow, time, None)
            .into_iter()
            .filter_map(|note| note.server.clone());
        let name = names.next()?;
        names.all(|other| other == name).then_some(name)
    }
}

/// Connections of which a sensor has a record, which it writes when they end, by their ends and times: whichever end is called
/// the client, and whatever carried them, as logs of TLS within QUIC do not say. What it saw in others (a connection still open,
/// as for push and QUIC) is all that tells of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// By their beginnings; none meets another.
    by_ends: BTreeMap<FlowKey, Vec<Period>>,
    count: usize,
}

/// When a connection was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Period {
    first: Timestamp,
    /// `None` if its record says nothing of its end: it lasts until the same ends begin again.
    last: Option<Timestamp>,
}

impl Period {
    /// Whether all times that are near one of the two are near the period that joins them, and no others.
    fn meets(&self, other: &Self) -> bool {
        let (one, next) = if self.first <= other.first {
            (self, other)
        } else {
            (other, self)
        };
        match one.last {
            Some(last) => next.first.since(last) <= Connections::TOLERANCE.saturating_mul(2),
            None => next.last.is_none(),
        }
    }

    fn joined(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.zip(other.last).map(|(one, other)| one.max(other)),
        }
    }
}

impl Recorded {
    /// Adds one, of unknown end where it is its beginning; `false` if there are too many.
    pub fn add(&mut self, flow: FlowKey, first: Timestamp, last: Timestamp) -> bool {
        if self.count >= limits::CONNECTION_NOTES {
            return false;
        }
        let mut period = Period {
            first,
            last: (last != first).then_some(last),
        };
        let periods = self.by_ends.entry(either_way(flow)).or_default();
        let mut place = periods.partition_point(|known| known.first < first);
        if let Some(before) = place.checked_sub(1)
            && periods
                .get(before)
                .is_some_and(|known| known.meets(&period))
        {
            place = before;
        }
        while let Some(known) = periods.get(place).filter(|known| known.meets(&period)) {
            period = period.joined(*known);
            periods.remove(place);
            self.count = self.count.saturating_sub(1);
        }
        if periods.len() >= limits::NOTES_PER_ENDS {
            return false;
        }
        periods.insert(place, period);
        self.count = self.count.saturating_add(1);
        true
    }

    /// Takes in those of another source; `false` if there are too many.
    pub fn merge(&mut self, other: Self) -> bool {
        let mut is_whole = true;
        for (flow, periods) in other.by_ends {
            for period in periods {
                is_whole &= self.add(flow, period.first, period.last.unwrap_or(period.first));
            }
        }
        is_whole
    }

    /// Whether there is a record of the connection that had these ends at that time.
    pub fn has(&self, flow: FlowKey, time: Timestamp) -> bool {
        let Some(periods) = self.by_ends.get(&either_way(flow)) else {
            return false;
        };
        let begun =
            periods.partition_point(|period| period.first.since(time) <= Connections::TOLERANCE);
        let latest = begun.checked_sub(1).and_then(|place| periods.get(place));
        latest.is_some_and(|period| {
            period
                .last
                .is_none_or(|last| time.since(last) <= Connections::TOLERANCE)
        })
    }
}

/// The same key for both directions of a connection, and for QUIC and what is in it.
fn either_way(flow: FlowKey) -> FlowKey {
    let flow = canonical(flow);
    FlowKey {
        transport: Transport::Tcp,
        client: flow.client.min(flow.server),
        server: flow.client.max(flow.server),
    }
}

/// IPv4 addresses as such, also where a socket of version 6 shows them mapped.
fn canonical(flow: FlowKey) -> FlowKey {
    let end = |end: SocketAddr| SocketAddr::new(end.ip().to_canonical(), end.port());
    FlowKey {
        client: end(flow.client),
        server: end(flow.server),
        ..flow
    }
}

fn without_client(flow: FlowKey) -> FlowKey {
    let unspecified = match flow.server.ip() {
        IpAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
    };
    FlowKey {
        client: SocketAddr::new(unspecified, 0),
        ..flow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(client: &str, server: &str) -> FlowKey {
        FlowKey {
            transport: Transport::Tcp,
            client: client.parse().unwrap(),
            server: server.parse().unwrap(),
        }
    }

    fn note(package: &str, first: i64, last: i64) -> ConnectionNote {
        ConnectionNote {
            first: Timestamp(first * 1_000_000_000),
            last: Timestamp(last * 1_000_000_000),
            owner: Owner {
                package: Some(Arc::from(package)),
                ..Owner::default()
            },
            server: Some(Arc::from("api.example")),
        }
    }

    fn packages(
        notes: &Connections,
        flow: FlowKey,
        second: i64,
        server: Option<&str>,
    ) -> Vec<String> {
        notes
            .owners(flow, Timestamp(second * 1_000_000_000), server)
            .iter()
            .map(|owner| owner.package.as_deref().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn ends_tell_in_either_direction_and_mapped_whatever_the_clock_says() {
        let mut notes = Connections::default();
        notes.add(
            flow("[::ffff:192.0.2.1]:4000", "[::ffff:198.51.100.1]:443"),
            note("a.b", 10, 20),
        );
        for (client, server) in [
            ("192.0.2.1:4000", "198.51.100.1:443"),
            ("198.51.100.1:443", "192.0.2.1:4000"),
        ] {
            assert_eq!(packages(&notes, flow(client, server), 9999, None), ["a.b"]);
        }
        assert!(packages(&notes, flow("192.0.2.1:4001", "198.51.100.1:443"), 15, None).is_empty());
    }

    #[test]
    fn where_a_port_was_used_again_time_tells() {
        let mut notes = Connections::default();
        let ends = flow("192.0.2.1:4000", "198.51.100.1:443");
        notes.add(ends, note("a.b", 10, 20));
        notes.add(ends, note("c.d", 100, 120));
        assert_eq!(packages(&notes, ends, 12, None), ["a.b"]);
        assert_eq!(packages(&notes, ends, 124, None), ["c.d"]);
        assert!(packages(&notes, ends, 60, None).is_empty());
    }

    #[test]
    fn connections_of_several_sources_that_are_too_many_are_told() {
        let mut other = Connections::default();
        let ends = flow("192.0.2.1:4000", "198.51.100.1:443");
        assert!(other.add(ends, note("a.b", 10, 20)));
        assert!(Connections::default().merge(other.clone()));
        assert!(!Connections::full().merge(other));
    }

    #[test]
    fn connections_beyond_the_bound_are_nobodys() {
        let mut notes = Connections::default();
        let ends = flow("192.0.2.1:4000", "198.51.100.1:443");
        let bound = i64::try_from(limits::NOTES_PER_ENDS).unwrap();
        for number in 0..bound {
            assert!(notes.add(ends, note("a.b", 100 * number, 100 * number)));
        }
        assert!(notes.add(ends, note("a.b", 100 * bound, 100 * bound)));
        assert_eq!(packages(&notes, ends, 100 * bound, None), ["a.b"]);
        assert!(!notes.add(ends, note("c.d", 100 * bound + 50, 100 * bound + 50)));
        assert!(packages(&notes, ends, 100 * bound + 50, None).is_empty());
        let other = flow("192.0.2.1:4001", "198.51.100.1:443");
        assert!(!notes.add(other, note("c.d", 100 * bound + 50, 100 * bound + 50)));
        assert_eq!(
            packages(&notes, other, 100 * bound + 50, None),
            ["c.d"],
            "by its own ends it is known"
        );
    }

    #[test]
    fn a_recorded_connection_is_told_from_a_later_one_of_the_same_ends() {
        let at = |second: i64| Timestamp(second * 1_000_000_000);
        let mut recorded = Recorded::default();
        let ends = flow("192.0.2.1:4000", "198.51.100.1:443");
        assert!(recorded.add(ends, at(10), at(20)));
        let mut both = Recorded::default();
        assert!(both.merge(recorded));
        let reversed = flow("198.51.100.1:443", "[::ffff:192.0.2.1]:4000");
        let found =
            [ends, reversed].map(|ends| [5, 24, 26, 60].map(|time| both.has(ends, at(time))));
        assert_eq!(found, [[true, true, false, false]; 2]);
        assert!(!both.has(flow("192.0.2.1:4001", "198.51.100.1:443"), at(15)));
    }

    #[test]
    fn records_of_the_same_ends_are_joined_in_any_order_and_bounded() {
        let at = |second: i64| Timestamp(second * 1_000_000_000);
        let ends = flow("192.0.2.1:4000", "198.51.100.1:443");
        let spans = [(10, 100), (20, 30), (105, 110), (300, 310), (500, 500)];
        for turn in 0..spans.len() {
            let mut recorded = Recorded::default();
            for (first, last) in spans.iter().cycle().skip(turn).take(spans.len()) {
                assert!(recorded.add(ends, at(*first), at(*last)));
            }
            let found = [4, 50, 107, 200, 305, 400, 9999].map(|time| recorded.has(ends, at(time)));
            let expected = [false, true, true, false, true, false, true];
            assert_eq!((found, recorded.count), (expected, 3), "{turn}");
        }
        let mut recorded = Recorded::default();
        let bound = i64::try_from(limits::NOTES_PER_ENDS).unwrap();
        let added = (0..=bound).filter(|turn| recorded.add(ends, at(60 * turn), at(60 * turn + 1)));
        assert_eq!(added.count(), limits::NOTES_PER_ENDS);
    }

    #[test]
    fn a_record_without_an_end_lasts_until_the_ends_begin_again() {
        let at = |second: i64| Timestamp(second * 1_000_000_000);
        let mut recorded = Recorded::default();
        let ends = flow("192.0.2.1:4000", "198.51.100.1:443");
        assert!(recorded.add(ends, at(10), at(10)));
        assert!(recorded.add(ends, at(600), at(610)));
        let quic = FlowKey {
            transport: Transport::Udp,
            ..ends
        };
        let found = [4, 12, 500, 605, 700].map(|time| recorded.has(quic, at(time)));
        assert_eq!(found, [false, true, true, true, false]);
    }

    #[test]
    fn a_record_without_client_is_found_by_server_name_and_time() {
        let mut notes = Connections::default();
        notes.add(
            flow("192.0.2.1:4000", "198.51.100.1:443"),
            note("a.b", 10, 20),
        );
        notes.add(
            flow("192.0.2.1:4001", "198.51.100.1:443"),
            note("c.d", 18, 30),
        );
        let record = flow("0.0.0.0:7", "198.51.100.1:443");
        assert_eq!(packages(&notes, record, 11, Some("api.example")), ["a.b"]);
        assert_eq!(packages(&notes, record, 19, None), ["a.b", "c.d"]);
        assert!(packages(&notes, record, 11, Some("other.example")).is_empty());
        assert!(packages(&notes, record, 60, None).is_empty());
    }
}
