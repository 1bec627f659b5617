//! What a phone's own logs say of which app contacted which host, and when: for captured traffic that names no owner.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use super::Timestamp;
use crate::limits::{LOGGED_APPS, LOGGED_CONTACTS};

/// Apps by the hosts, and by the ends of connections, that logs say they contacted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneLog {
    by_host: BTreeMap<Arc<str>, Apps>,
    by_end: BTreeMap<SocketAddr, Apps>,
    /// Contacts that were put in.
    count: usize,
}

/// An app as a log names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LoggedApp {
    /// By its package or bundle id.
    Package(Arc<str>),
    /// By its Android uid.
    Uid(u32),
}

/// An app, and the host under which it knew the end of a connection, if the log says.
type Contact = (LoggedApp, Option<Arc<str>>);
type Apps = BTreeMap<Contact, Times>;

/// When a log says that an app contacted a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactTime {
    /// Within a period, from and to.
    Period(Timestamp, Timestamp),
    /// The latest of all contacts, of which there may have been any number before.
    Latest(Timestamp),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Times {
    periods: Periods,
    /// Of several logs.
    latest: BTreeSet<Timestamp>,
}

/// Periods that lie apart: their ends by their begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Periods(BTreeMap<Timestamp, Timestamp>);

impl PhoneLog {
    /// Nanoseconds between log and capture for one event: from the look-up to the connection, and what clocks differ that the
    /// network sets. Clocks that are further apart are told by the events that both have.
    pub const TOLERANCE: i64 = 30_000_000_000;
    /// Nanoseconds before the latest contact of some app with a host within which a log of latest contacts says whose traffic to
    /// it was: a day, for which such a log is taken to have watched.
    pub const REACH: i64 = 24 * 3600 * 1_000_000_000;

    /// An app contacted a host, or the end of a connection; `false` if there are too many. Port 0 is any port.
    pub fn add(
        &mut self,
        app: &LoggedApp,
        host: Option<&Arc<str>>,
        end: Option<SocketAddr>,
        time: ContactTime,
    ) -> bool {
        if self.count >= LOGGED_CONTACTS {
            return false;
        }
        self.count = self.count.saturating_add(1);
        let mut is_kept = true;
        if let Some(host) = host {
            let apps = self.by_host.entry(Arc::clone(host)).or_default();
            is_kept &= put(apps, (app.clone(), None), time);
        }
        if let Some(end) = end {
            let apps = self.by_end.entry(canonical(end)).or_default();
            is_kept &= put(apps, (app.clone(), host.cloned()), time);
        }
        is_kept
    }

    /// Takes in what another log says; `false` if there is too much.
    pub fn merge(&mut self, other: Self) -> bool {
        fn put_all(ours: &mut Apps, theirs: Apps) -> bool {
            let mut is_whole = true;
            for (contact, Times { periods, latest }) in theirs {
                let periods = periods.0.into_iter();
                let periods = periods.map(|(first, last)| ContactTime::Period(first, last));
                for time in periods.chain(latest.into_iter().map(ContactTime::Latest)) {
                    is_whole &= put(ours, contact.clone(), time);
                }
            }
            is_whole
        }
        if self.count.saturating_add(other.count) > LOGGED_CONTACTS {
            return false;
        }
        let mut is_whole = true;
        for (host, apps) in other.by_host {
            is_whole &= put_all(self.by_host.entry(host).or_default(), apps);
        }
        for (end, apps) in other.by_end {
            is_whole &= put_all(self.by_end.entry(end).or_default(), apps);
        }
        self.count = self.count.saturating_add(other.count);
        is_whole
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.by_host.is_empty() && self.by_end.is_empty()
    }

    /// The apps that contacted a host, or the end of a connection, at a time of the phone's clock; sorted. The end under
    /// that name tells most, an address alone may be shared by many hosts.
    pub fn apps(
        &self,
        host: Option<&str>,
        end: Option<SocketAddr>,
        time: Timestamp,
    ) -> Vec<&LoggedApp> {
        let of_port = |end: SocketAddr| self.by_end.get(&canonical(end));
        let of_end = end.and_then(|end| of_port(end).or_else(|| of_port((end.ip(), 0).into())));
        let of_host = host.and_then(|host| self.by_host.get(host));
        let is_so_named = |name: Option<&str>| host.is_some() && name == host;
        let is_unnamed = |name: Option<&str>| host.is_none() || name.is_none();
        let mut apps = at(of_end, time, is_so_named);
        if apps.is_empty() {
            apps = at(of_end, time, is_unnamed);
        }
        if apps.is_empty() {
            apps = at(of_host, time, |_| true);
        }
        if apps.is_empty() {
            apps = at(of_end, time, |_| true);
        }
        apps
    }
}

/// `false` if there are too many.
fn put(apps: &mut Apps, contact: Contact, time: ContactTime) -> bool {
    if apps.len() >= LOGGED_APPS && !apps.contains_key(&contact) {
        return false;
    }
    let times = apps.entry(contact).or_default();
    match time {
        ContactTime::Period(first, last) => times.periods.add((first, last)),
        ContactTime::Latest(latest) => {
            times.latest.insert(latest);
        }
    }
    true
}

/// Apps with a contact at that time, of those whose name for the end is meant. Where none is told, each whose latest contact came
/// no earlier may have had one, however much later it was.
fn at(
    apps: Option<&Apps>,
    time: Timestamp,
    is_meant: impl Fn(Option<&str>) -> bool,
) -> Vec<&LoggedApp> {
    let meant = || {
        let apps = apps.into_iter().flatten();
        apps.filter(|((_, name), _)| is_meant(name.as_deref()))
    };
    let mut near: Vec<&LoggedApp> = meant()
        .filter(|(_, times)| times.periods.has(time))
        .map(|((app, _), _)| app)
        .collect();
    if near.is_empty() {
        let is_soon = |latest: Timestamp| latest.since(time) <= PhoneLog::REACH;
        let later = || meant().filter_map(|((app, _), times)| Some((app, times.later(time)?)));
        if later().any(|(_, latest)| is_soon(latest)) {
            near = later().map(|(app, _)| app).collect();
        }
    }
    near.dedup();
    near
}

/// An IPv4 address as such, also where a socket of version 6 shows it mapped.
fn canonical(end: SocketAddr) -> SocketAddr {
    SocketAddr::new(end.ip().to_canonical(), end.port())
}

impl Times {
    /// The first of the latest contacts that the app had at that time or later.
    fn later(&self, time: Timestamp) -> Option<Timestamp> {
        let time = Timestamp(time.0.saturating_sub(PhoneLog::TOLERANCE));
        self.latest.range(time..).next().copied()
    }
}

impl Periods {
    /// Joins those that no moment could tell apart.
    fn add(&mut self, (mut first, mut last): (Timestamp, Timestamp)) {
        let near = PhoneLog::TOLERANCE;
        while let Some((begin, end)) = self.last_before(Timestamp(last.0.saturating_add(near))) {
            if first.since(end) > near {
                break;
            }
            self.0.remove(&begin);
            (first, last) = (first.min(begin), last.max(end));
        }
        self.0.insert(first, last);
    }

    fn has(&self, time: Timestamp) -> bool {
        let latest = Timestamp(time.0.saturating_add(PhoneLog::TOLERANCE));
        let nearest = self.last_before(latest);
        nearest.is_some_and(|(_, end)| time.since(end) <= PhoneLog::TOLERANCE)
    }

    fn last_before(&self, time: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let (begin, end) = self.0.range(..=time).next_back()?;
        Some((*begin, *end))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn packages(
        log: &PhoneLog,
        host: Option<&str>,
        end: Option<SocketAddr>,
        second: i64,
    ) -> String {
        let apps = log.apps(host, end, Timestamp(second * SECOND)).into_iter();
        let package = |app: &LoggedApp| match app {
            LoggedApp::Package(package) => package.to_string(),
            LoggedApp::Uid(uid) => uid.to_string(),
        };
        apps.map(package).collect::<Vec<_>>().join(" ")
    }

    fn log(contacts: &[(&str, Option<&str>, Option<&str>, i64)]) -> PhoneLog {
        let mut log = PhoneLog::default();
        for (package, host, end, time) in contacts {
            let time = Timestamp(time * SECOND);
            let host = host.map(Arc::from);
            let end = end.map(|end| end.parse().unwrap());
            let app = LoggedApp::Package(Arc::from(*package));
            let period = ContactTime::Period(time, time);
            assert!(log.add(&app, host.as_ref(), end, period));
        }
        log
    }

    #[test]
    fn the_end_under_its_name_tells_more_than_the_host_and_that_more_than_an_address() {
        let end = Some("198.51.100.1:443".parse().unwrap());
        let at = |log: &PhoneLog, host, second| packages(log, host, end, second);
        let log = log(&[
            ("a.chat", Some("api.example"), Some("198.51.100.1:443"), 100),
            ("b.maps", Some("cdn.example"), Some("198.51.100.1:443"), 100),
            ("c.news", Some("api.example"), None, 100),
            ("d.mail", Some("new.example"), None, 100),
            ("e.call", None, Some("[::ffff:198.51.100.1]:443"), 500),
            ("f.feed", None, Some("198.51.100.9:0"), 500),
        ]);
        let any_port = Some("198.51.100.9:8443".parse().unwrap());
        assert_eq!(packages(&log, None, any_port, 500), "f.feed");
        assert_eq!(at(&log, Some("api.example"), 110), "a.chat");
        assert_eq!(at(&log, Some("new.example"), 110), "d.mail");
        assert_eq!(at(&log, Some("other.example"), 110), "a.chat b.maps");
        assert_eq!(at(&log, None, 110), "a.chat b.maps");
        assert_eq!(at(&log, Some("api.example"), 200), "");
        assert_eq!(at(&log, Some("api.example"), 500), "e.call");
        assert_eq!(
            packages(&log, Some("api.example"), None, 90),
            "a.chat c.news"
        );
    }

    #[test]
    fn traffic_is_of_any_app_whose_latest_contact_came_no_earlier() {
        const HOUR: i64 = 3600;
        let host = Arc::from("cdn.shared.example");
        let mut log = PhoneLog::default();
        for (package, hour) in [("a.chat", 11), ("b.maps", 58), ("c.news", 9)] {
            let app = LoggedApp::Package(Arc::from(package));
            let latest = ContactTime::Latest(Timestamp(hour * HOUR * SECOND));
            assert!(log.add(&app, Some(&host), None, latest));
        }
        let mut merged = PhoneLog::default();
        assert!(merged.merge(log));
        let at = |log: &PhoneLog, second| packages(log, Some(&host), None, second);
        assert_eq!(at(&merged, 10 * HOUR), "a.chat b.maps");
        assert_eq!(at(&merged, 11 * HOUR + 20), "a.chat b.maps");
        // Not within a day of any.
        assert_eq!(at(&merged, 12 * HOUR), "");
        assert_eq!(at(&merged, -24 * HOUR), "");
        assert_eq!(at(&merged, 40 * HOUR), "b.maps");
        assert_eq!(at(&merged, 60 * HOUR), "");
        // Who was seen at that very time was it.
        let time = Timestamp(10 * HOUR * SECOND);
        let app = LoggedApp::Package(Arc::from("d.mail"));
        assert!(merged.add(&app, Some(&host), None, ContactTime::Period(time, time)));
        assert_eq!(at(&merged, 10 * HOUR), "d.mail");
    }

    #[test]
    fn contacts_of_several_logs_that_are_too_many_are_told() {
        let time = Timestamp(SECOND);
        let period = ContactTime::Period(time, time);
        let host = Arc::from("api.example");
        let mut log = PhoneLog::default();
        for uid in 0..u32::try_from(LOGGED_APPS).unwrap() {
            assert!(log.add(&LoggedApp::Uid(uid), Some(&host), None, period));
        }
        assert!(log.merge(log.clone()));
        let mut other = PhoneLog::default();
        assert!(other.add(&LoggedApp::Uid(u32::MAX), Some(&host), None, period));
        assert!(!log.merge(other.clone()));
        let mut full = PhoneLog {
            count: LOGGED_CONTACTS,
            ..PhoneLog::default()
        };
        assert!(!full.merge(other));
    }

    proptest! {
        /// Whatever is joined, a moment has the app exactly when one of its contacts is near.
        #[test]
        fn joined_periods_say_what_each_said(
            contacts in prop::collection::vec((0_i64..2000, 0_i64..300), 1..40),
            moment in 0_i64..2500,
        ) {
            let mut periods = Periods::default();
            for (begin, length) in &contacts {
                periods.add((Timestamp(begin * SECOND), Timestamp((begin + length) * SECOND)));
            }
            let is_near = contacts.iter().any(|(begin, length)| {
                (begin - 30..=begin + length + 30).contains(&moment)
            });
            prop_assert_eq!(periods.has(Timestamp(moment * SECOND)), is_near);
        }
    }
}
