//! What the amount of encrypted data says: that it fits an upload of the address book. Never more than a conclusion, and with
//! its calculation.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::circumstance;
use super::super::grant::{ContactsAccess, contacts_access};
use super::super::row::{Fact, Owner, Subject};
use super::contacts::observation_of;
use super::fact;
use crate::model::{
    Burst, ContentState, Evidence, Grade, Occurrences, Recipient, RecipientKind, Timestamp, Volume,
};
use crate::rules::{ContactSize, DiscoveryMethod, FlowHeuristic};

/// What the reads of the address book are called in logs of the system.
const CONTACTS: &str = "contacts";
/// Nanoseconds that a log of reads may be late: it counts in whole seconds.
const LATE: i64 = 2_000_000_000;
/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;
/// How long a connection may stay open that is compared: idle ones are kept for some minutes.
const LONGEST: i64 = 300 * SECOND;
/// Contacts below which the amount of data tells nothing.
const LEAST_CONTACTS: u64 = 10;

/// Bytes that an upload of so many contacts takes.
struct Expected {
    contacts: u64,
    size: ContactSize,
    around: u64,
}

impl Expected {
    fn least(&self) -> u64 {
        self.contacts.saturating_mul(self.size.least)
    }

    fn most(&self) -> u64 {
        self.contacts.saturating_mul(self.size.most)
    }

    fn fits(&self, bytes: u64) -> bool {
        (self.least()..=self.most().saturating_add(self.around)).contains(&bytes)
    }

    /// The calculation, for reports to put into words.
    fn reason(&self, observed: &str) -> Arc<str> {
        let (least, most) = (self.size.least, self.size.most);
        let (from, to) = (self.least(), self.most());
        let (contacts, around) = (self.contacts, self.around);
        format!("volume: contacts={contacts} least={least} most={most} from={from} to={to} around={around} {observed}")
            .into()
    }
}

/// The sizes of the app's documented form, and what the observation then counts as.
fn expected<'a>(subject: &Subject<'a>) -> Option<(Expected, &'a FlowHeuristic, Option<Arc<str>>)> {
    let contacts = subject.dossier.address_book.numbers;
    let is_refused = contacts_access(subject).0 == ContactsAccess::Denied;
    if contacts < LEAST_CONTACTS || is_refused {
        return None;
    }
    let rules = subject.rules;
    let heuristic = rules
        .flow_heuristics()
        .iter()
        .find(|heuristic| &*heuristic.kind == "volume")?;
    let method = subject
        .every_profile(|_| true)
        .map_or(DiscoveryMethod::Unknown, |app| app.contact_discovery.method);
    // Who looks people up in a directory of the company, or not at all, uploads nothing of that size.
    if matches!(method, DiscoveryMethod::Directory | DiscoveryMethod::None) {
        return None;
    }
    let size = heuristic.size(method)?;
    let around = heuristic.around;
    let expected = Expected {
        contacts,
        size,
        around,
    };
    let observation = observation_of(method).map(Arc::from);
    Some((expected, heuristic, observation))
}

/// The address book was read, and within a minute a connection was opened to the vendor, or, of an app without a profile, to
/// anybody, on which an amount was sent that fits.
pub(super) fn burst(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let Some((expected, heuristic, observation)) = expected(subject) else {
        return;
    };
    let Some(reads) = subject.row.reads.get(CONTACTS) else {
        return;
    };
    let window = i64::from(heuristic.seconds.unwrap_or(0)).saturating_mul(SECOND);
    let has_profile = subject.every_profile(|_| true).is_some();
    let (_, permissions) = contacts_access(subject);
    for (recipient, bursts) in &subject.row.bursts {
        let is_of_vendor = if has_profile {
            subject.is_own_service(recipient)
        } else {
            recipient.kind == RecipientKind::Remote
        };
        let follows = |burst: &&Burst| {
            let after = |read: Timestamp| {
                let later = burst.first.time.0.saturating_sub(read.0);
                read != Timestamp::default() && (-LATE..=window).contains(&later)
            };
            let lasted = burst.last.0.saturating_sub(burst.first.time.0);
            (after(reads.first) || after(reads.last)) && lasted <= LONGEST
        };
        let mut fitting = bursts
            .iter()
            .filter(|burst| expected.fits(burst.sent_bytes));
        let Some(burst) = fitting.find(follows).filter(|_| is_of_vendor) else {
            continue;
        };
        let lasted = burst.last.0.saturating_sub(burst.first.time.0);
        let seconds = lasted.saturating_add(SECOND - 1) / SECOND;
        let observed = format!("sent={} seconds={seconds}", burst.sent_bytes);
        let mut occurrences = Occurrences::at(Evidence::at(burst.first));
        occurrences.last = burst.last;
        let rule = circumstance::CONTACT_UPLOAD_VOLUME;
        let grade = Grade::Inferred;
        let mut fact = fact(subject, rule, recipient.clone(), grade, occurrences);
        let mut reasons = vec![Arc::from(circumstance::ACCESS_CONTACTS)];
        for (permission, origin) in &permissions {
            reasons.push(Arc::clone(permission));
            let evidence = origin.map(Evidence::at);
            fact.occurrences.evidence.extend(evidence);
        }
        reasons.push(expected.reason(&observed));
        fact.conclusion.reasons = reasons;
        fact.conclusion.observation.clone_from(&observation);
        facts.push(fact);
    }
}

/// Compared with a session without contacts, a recipient of both got as much more as fits their number.
pub(super) fn difference(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let Some(baseline) = &subject.dossier.baseline else {
        return;
    };
    let Some((mut expected, _, observation)) = expected(subject) else {
        return;
    };
    // Handshake and headers are in both sessions.
    expected.around = 0;
    let mut before: BTreeMap<&Recipient, u64> = BTreeMap::new();
    for ((app, recipient), bytes) in baseline {
        if Owner::of(app).0.may_be(subject.owner) {
            let sum = before.entry(recipient).or_default();
            *sum = sum.saturating_add(*bytes);
        }
    }
    for (recipient, volumes) in &subject.row.traffic {
        // Under another name, or of another app, it may have got the same without contacts.
        let Some(without) = before.get(recipient).copied() else {
            continue;
        };
        let with = sent(volumes);
        let more = with.saturating_sub(without);
        // Sessions differ by some part of what they send anyway.
        let stands_out = more >= without / 4;
        let is_closed = volumes.keys().any(|content| content.is_closed());
        let first = volumes.values().map(|volume| volume.first).min();
        let Some(first) = first.filter(|_| {
            recipient.kind == RecipientKind::Remote
                && is_closed
                && stands_out
                && expected.fits(more)
        }) else {
            continue;
        };
        let mut occurrences = Occurrences::at(Evidence::at(first));
        let last = volumes.values().map(|volume| volume.last).max();
        occurrences.last = last.unwrap_or(first.time);
        let rule = circumstance::CONTACT_UPLOAD_DIFFERENCE;
        let grade = Grade::Inferred;
        let mut fact = fact(subject, rule, recipient.clone(), grade, occurrences);
        let observed = format!("sent={with} without={without} more={more}");
        fact.conclusion.reasons = vec![expected.reason(&observed)];
        fact.conclusion.observation.clone_from(&observation);
        facts.push(fact);
    }
}

fn sent(volumes: &BTreeMap<ContentState, Volume>) -> u64 {
    let bytes = volumes.values().map(|volume| volume.sent_bytes);
    bytes.fold(0, u64::saturating_add)
}
