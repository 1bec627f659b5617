//! Sums over observations. Adding and merging are commutative and associative, so any scheduler can shard the work.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::{
    Access, Attributed, Category, ContentState, DeviceId, Evidence, Exchange, Finding, Grade,
    Header, Origin, Protection, Reads, Recipient, Timestamp, Traffic, Users,
};
use crate::limits;

/// What makes two occurrences the same finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingKey {
    /// The phone.
    pub device: DeviceId,
    /// The app, as far as known.
    pub app: Attributed,
    /// Category, for the order of reports.
    pub category: Category,
    /// Rule id.
    pub rule: Arc<str>,
    /// Receiver.
    pub recipient: Recipient,
    /// How it is known.
    pub grade: Grade,
    /// How it was protected on the way.
    pub protection: Protection,
    /// An opt-out honoured rather than data sent.
    pub is_opted_out: bool,
}

/// Counts distinct values exactly up to [`limits::DISTINCT_VALUES`] and estimates beyond (k minimum values).
/// Holds hashes, never values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distinct {
    smallest: BTreeSet<u64>,
    /// The count and whether it is exact, where the hashes are no longer there (a saved report).
    counted: Option<(u64, bool)>,
    /// Not all values are known: there may be more.
    is_least: bool,
}

impl Distinct {
    /// A count without the hashes behind it, which nothing can be added to.
    pub fn counted(count: u64, is_exact: bool) -> Self {
        Self {
            smallest: BTreeSet::new(),
            counted: Some((count, is_exact)),
            is_least: false,
        }
    }

    /// Notes that there may be more values.
    pub fn set_least(&mut self) {
        self.is_least = true;
    }

    /// Adds a value.
    pub fn insert(&mut self, value: &impl Hash) {
        self.insert_hash(Self::hash_of(value));
    }

    /// The hash by which a value counts.
    pub fn hash_of(value: &impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        hasher.finish()
    }

    fn insert_hash(&mut self, hash: u64) {
        if self.smallest.len() >= limits::DISTINCT_VALUES
            && self.smallest.last().is_some_and(|last| hash > *last)
        {
            return;
        }
        self.smallest.insert(hash);
        if self.smallest.len() > limits::DISTINCT_VALUES {
            self.smallest.pop_last();
        }
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        for hash in &other.smallest {
            self.insert_hash(*hash);
        }
        self.is_least |= other.is_least;
    }

    /// Whether some value is in both, as far as their hashes are kept.
    pub fn shares(&self, other: &Self) -> bool {
        !self.smallest.is_disjoint(&other.smallest)
    }

    /// Hashes of the values, as far as they are kept.
    pub fn hashes(&self) -> impl Iterator<Item = u64> + '_ {
        self.smallest.iter().copied()
    }

    /// Whether a value was added, as far as hashes are kept.
    pub fn contains(&self, value: &impl Hash) -> bool {
        self.smallest.contains(&Self::hash_of(value))
    }

    /// How many distinct values were added; an estimate above the bound.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate; the quotient is positive and far below 2^63"
    )]
    pub fn count(&self) -> u64 {
        if let Some((count, _)) = self.counted {
            return count;
        }
        let kept = self.smallest.len();
        match self.smallest.last() {
            Some(&last) if kept >= limits::DISTINCT_VALUES && last > 0 => {
                ((kept.saturating_sub(1)) as f64 * (u64::MAX as f64 / last as f64)) as u64
            }
            _ => kept as u64,
        }
    }

    /// Whether [`Distinct::count`] is exact.
    pub fn is_exact(&self) -> bool {
        let is_exact = self.counted.map_or(
            self.smallest.len() < limits::DISTINCT_VALUES,
            |(_, is_exact)| is_exact,
        );
        is_exact && !self.is_least
    }
}

/// All occurrences of one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrences {
    /// Messages in which it was found.
    pub count: u64,
    /// Items over all messages (contacts, Wi-Fi networks), counted with repetition.
    pub items: u64,
    /// The most items in one message.
    pub most_items: u64,
    /// Distinct values over all messages.
    pub distinct: Distinct,
    /// First time seen.
    pub first: Timestamp,
    /// Last time seen.
    pub last: Timestamp,
    /// Best precision seen, for coordinates.
    pub precision_metres: Option<u32>,
    /// The first pieces of evidence by origin, at most [`limits::EVIDENCE_PER_FINDING`].
    pub evidence: BTreeSet<Evidence>,
    /// Messages by the user of the phone for whom the app sent them.
    pub users: Users,
}

impl Occurrences {
    fn of(finding: Finding) -> Self {
        let mut distinct = Distinct::default();
        for value in &finding.values {
            distinct.insert(value);
        }
        Self {
            count: 1,
            items: finding.items,
            most_items: finding.items,
            distinct,
            first: finding.evidence.origin.time,
            last: finding.evidence.origin.time,
            precision_metres: finding.precision_metres,
            evidence: BTreeSet::from([finding.evidence]),
            users: Users::default(),
        }
    }

    /// One occurrence without a value: a conclusion, a declaration.
    pub fn at(evidence: Evidence) -> Self {
        Self {
            count: 1,
            items: 1,
            most_items: 1,
            distinct: Distinct::default(),
            first: evidence.origin.time,
            last: evidence.origin.time,
            precision_metres: None,
            evidence: BTreeSet::from([evidence]),
            users: Users::default(),
        }
    }

    /// Adds one occurrence.
    fn take(&mut self, finding: Finding) {
        let time = finding.evidence.origin.time;
        self.count = self.count.saturating_add(1);
        self.items = self.items.saturating_add(finding.items);
        self.most_items = self.most_items.max(finding.items);
        for value in &finding.values {
            self.distinct.insert(value);
        }
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        self.precision_metres = match (self.precision_metres, finding.precision_metres) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        self.add_evidence(finding.evidence);
    }

    /// Adds a piece of evidence, within the bound.
    pub fn add_evidence(&mut self, evidence: Evidence) {
        // The common case late in a capture: it sorts behind what is kept.
        let is_full = self.evidence.len() >= limits::EVIDENCE_PER_FINDING;
        if is_full && self.evidence.last().is_some_and(|last| evidence > *last) {
            return;
        }
        self.evidence.insert(evidence);
        while self.evidence.len() > limits::EVIDENCE_PER_FINDING {
            self.evidence.pop_last();
        }
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.items = self.items.saturating_add(other.items);
        self.most_items = self.most_items.max(other.most_items);
        self.distinct.merge(&other.distinct);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.precision_metres = match (self.precision_metres, other.precision_metres) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        self.users.merge(&other.users);
        self.evidence.extend(other.evidence);
        while self.evidence.len() > limits::EVIDENCE_PER_FINDING {
            self.evidence.pop_last();
        }
    }
}

/// What makes two flows' traffic the same line of a report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrafficKey {
    /// The phone.
    pub device: DeviceId,
    /// The app, as far as known.
    pub app: Attributed,
    /// Receiver.
    pub recipient: Recipient,
    /// How readable it was.
    pub content: ContentState,
}

/// Sums over flows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Flows.
    pub flows: u64,
    /// Payload bytes from the phone.
    pub sent_bytes: u64,
    /// Payload bytes to the phone.
    pub received_bytes: u64,
    /// Of the flows, those that what is shown in the app caused and not the app itself, as the phone's log says; saved reports do
    /// not keep that.
    pub of_content: u64,
    /// Parts of it are known to be missing in the capture; saved reports do not keep that.
    pub has_gap: bool,
    /// The first packet.
    pub first: Origin,
    /// Time of the last packet.
    pub last: Timestamp,
    /// Flows by the user of the phone for whom the app had them.
    pub users: Users,
}

impl Volume {
    /// Whether anything is known of its size: logs often name connections without.
    pub fn has_sizes(&self) -> bool {
        self.sent_bytes > 0 || self.received_bytes > 0
    }

    /// Adds another sum of flows.
    pub fn merge(&mut self, other: &Self) {
        self.users.merge(&other.users);
        self.flows = self.flows.saturating_add(other.flows);
        self.of_content = self.of_content.saturating_add(other.of_content);
        self.sent_bytes = self.sent_bytes.saturating_add(other.sent_bytes);
        self.received_bytes = self.received_bytes.saturating_add(other.received_bytes);
        self.has_gap |= other.has_gap;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// What makes two reads that the system logged the same line of a report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReadKey {
    /// The phone.
    pub device: DeviceId,
    /// The app.
    pub app: Attributed,
    /// What was read, as logs call it.
    pub resource: Arc<str>,
}

/// What makes two bursts of one line: those to one recipient.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BurstKey {
    /// The phone.
    pub device: DeviceId,
    /// The app, as far as known.
    pub app: Attributed,
    /// Receiver.
    pub recipient: Recipient,
}

/// What one flow that stayed closed sent, and when: what a log of reads is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Burst {
    /// Payload bytes from the phone.
    pub sent_bytes: u64,
    /// The first packet.
    pub first: Origin,
    /// Time of the last packet.
    pub last: Timestamp,
}

/// A host, and where it was seen: what logs and captures have in common tells how their clocks differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// The phone.
    pub device: DeviceId,
    /// The host that was looked up or contacted.
    pub host: Arc<str>,
    /// In a log of the phone, not in a capture.
    pub is_log: bool,
}

/// Everything that phase 2 keeps. Size is bounded by the bounds of `limits.rs`, not by the capture. Beyond the bound the keys
/// that sort first are kept, so that it does not matter in which order work was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Findings.
    pub findings: BTreeMap<FindingKey, Occurrences>,
    /// Traffic by app, recipient and readability.
    pub traffic: BTreeMap<TrafficKey, Volume>,
    /// Flows whose contents stayed closed, the largest of each recipient, at most [`limits::BURSTS_PER_RECIPIENT`].
    pub bursts: BTreeMap<BurstKey, BTreeSet<Burst>>,
    /// Reads of protected data that the system logged.
    pub reads: BTreeMap<ReadKey, Reads>,
    /// When hosts were seen: the earliest times, at most [`limits::MOMENTS_PER_HOST`] each.
    pub moments: BTreeMap<Moment, BTreeSet<Timestamp>>,
    /// Occurrences and flows that did not fit.
    pub overflow: u64,
}

impl Tally {
    /// Adds one finding.
    pub fn add(&mut self, key: FindingKey, finding: Finding) {
        self.add_with(key, finding, Vec::new());
    }

    /// The same with more evidence of one occurrence.
    pub fn add_with(&mut self, key: FindingKey, finding: Finding, more: Vec<Evidence>) {
        let with_more = |occurrences: &mut Occurrences| {
            let more = more.into_iter();
            more.for_each(|evidence| occurrences.add_evidence(evidence));
        };
        if let Some(existing) = self.findings.get_mut(&key) {
            existing.take(finding);
            with_more(existing);
        } else {
            let mut occurrences = Occurrences::of(finding);
            with_more(&mut occurrences);
            self.add_occurrences(key, occurrences);
        }
    }

    fn add_occurrences(&mut self, key: FindingKey, occurrences: Occurrences) {
        if let Some(existing) = self.findings.get_mut(&key) {
            existing.merge(occurrences);
            return;
        }
        self.findings.insert(key, occurrences);
        if self.findings.len() > limits::DISTINCT_FINDINGS
            && let Some((_, lost)) = self.findings.pop_last()
        {
            self.overflow = self.overflow.saturating_add(lost.count);
        }
    }

    /// Adds one flow's traffic.
    pub fn add_traffic(&mut self, key: TrafficKey, user: Option<u32>, traffic: &Traffic) {
        if key.content.is_closed() && traffic.client_bytes > 0 {
            let burst = Burst {
                sent_bytes: traffic.client_bytes,
                first: traffic.first,
                last: traffic.last.time,
            };
            let key = BurstKey {
                device: key.device,
                app: key.app.clone(),
                recipient: key.recipient.clone(),
            };
            self.add_bursts(key, BTreeSet::from([burst]));
        }
        self.add_volume(
            key,
            Volume {
                flows: 1,
                of_content: 0,
                sent_bytes: traffic.client_bytes,
                received_bytes: traffic.server_bytes,
                has_gap: traffic.has_gap,
                first: traffic.first,
                last: traffic.last.time,
                users: Users::of(user, 1),
            },
        );
    }

    /// Adds an exchange that a proxy or browser recorded: such records know no connections, so each counts as a flow.
    pub fn add_exchange(
        &mut self,
        key: TrafficKey,
        user: Option<u32>,
        origin: Origin,
        exchange: &Exchange,
    ) {
        let request = &exchange.request;
        let line = request.method.len().saturating_add(request.target.len()) as u64;
        let sent_bytes = line
            .saturating_add(head_bytes(&request.headers))
            .saturating_add(request.body.wire_len);
        let received_bytes = exchange.response.as_ref().map_or(0, |response| {
            head_bytes(&response.headers).saturating_add(response.body.wire_len)
        });
        self.add_volume(
            key,
            Volume {
                flows: 1,
                of_content: 0,
                sent_bytes,
                received_bytes,
                has_gap: false,
                first: origin,
                last: origin.time,
                users: Users::of(user, 1),
            },
        );
    }

    /// Adds what a device log says about a contacted host.
    pub fn add_contact(
        &mut self,
        key: TrafficKey,
        user: Option<u32>,
        origin: Origin,
        access: &Access,
    ) {
        let flows = access.count.max(1);
        let began = access.began(origin.time);
        self.add_volume(
            key,
            Volume {
                flows,
                of_content: if access.is_of_content { flows } else { 0 },
                sent_bytes: 0,
                received_bytes: 0,
                has_gap: false,
                first: Origin {
                    time: began.unwrap_or(origin.time),
                    ..origin
                },
                last: origin.time,
                users: Users::of(user, flows),
            },
        );
    }

    fn add_volume(&mut self, key: TrafficKey, volume: Volume) {
        if let Some(existing) = self.traffic.get_mut(&key) {
            existing.merge(&volume);
            return;
        }
        self.traffic.insert(key, volume);
        if self.traffic.len() > limits::DISTINCT_FINDINGS
            && let Some((_, lost)) = self.traffic.pop_last()
        {
            self.overflow = self.overflow.saturating_add(lost.flows);
        }
    }

    fn add_bursts(&mut self, key: BurstKey, bursts: BTreeSet<Burst>) {
        let known = self.bursts.entry(key).or_default();
        known.extend(bursts);
        while known.len() > limits::BURSTS_PER_RECIPIENT {
            known.pop_first();
        }
        if self.bursts.len() > limits::DISTINCT_FINDINGS {
            self.bursts.pop_last();
        }
    }

    /// Adds reads that the system logged.
    pub fn add_reads(&mut self, key: ReadKey, reads: Reads) {
        if let Some(existing) = self.reads.get_mut(&key) {
            existing.merge(reads);
            return;
        }
        self.reads.insert(key, reads);
        if self.reads.len() > limits::DISTINCT_FINDINGS
            && let Some((_, lost)) = self.reads.pop_last()
        {
            let lost = lost.count.saturating_add(lost.refused);
            self.overflow = self.overflow.saturating_add(lost);
        }
    }

    /// Adds a time at which a host was seen. What does not fit is left out: a clock needs no more.
    pub fn add_moment(&mut self, moment: Moment, time: Timestamp) {
        self.add_moments(moment, BTreeSet::from([time]));
    }

    fn add_moments(&mut self, moment: Moment, times: BTreeSet<Timestamp>) {
        let known = self.moments.entry(moment).or_default();
        known.extend(times);
        while known.len() > limits::MOMENTS_PER_HOST {
            known.pop_last();
        }
        if self.moments.len() > limits::MOMENT_HOSTS {
            self.moments.pop_last();
        }
    }

    /// Phones of which there is anything.
    pub fn devices(&self) -> BTreeSet<DeviceId> {
        let findings = self.findings.keys().map(|key| key.device);
        let traffic = self.traffic.keys().map(|key| key.device);
        let reads = self.reads.keys().map(|key| key.device);
        findings.chain(traffic).chain(reads).collect()
    }

    /// The same of other phones.
    #[must_use]
    pub fn put_to(self, device: impl Fn(DeviceId) -> DeviceId) -> Self {
        let mut tally = Self {
            overflow: self.overflow,
            ..Self::default()
        };
        for (mut key, occurrences) in self.findings {
            key.device = device(key.device);
            tally.add_occurrences(key, occurrences);
        }
        for (mut key, volume) in self.traffic {
            key.device = device(key.device);
            tally.add_volume(key, volume);
        }
        for (mut key, reads) in self.reads {
            key.device = device(key.device);
            tally.add_reads(key, reads);
        }
        for (mut key, bursts) in self.bursts {
            key.device = device(key.device);
            tally.add_bursts(key, bursts);
        }
        for (mut moment, times) in self.moments {
            moment.device = device(moment.device);
            tally.add_moments(moment, times);
        }
        tally
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: Self) {
        for (key, reads) in other.reads {
            self.add_reads(key, reads);
        }
        for (key, bursts) in other.bursts {
            self.add_bursts(key, bursts);
        }
        for (moment, times) in other.moments {
            self.add_moments(moment, times);
        }
        self.overflow = self.overflow.saturating_add(other.overflow);
        for (key, occurrences) in other.findings {
            self.add_occurrences(key, occurrences);
        }
        for (key, volume) in other.traffic {
            self.add_volume(key, volume);
        }
    }
}

/// Bytes of header lines as HTTP/1 writes them.
fn head_bytes(headers: &[Header]) -> u64 {
    headers
        .iter()
        .map(|header| header.name.len().saturating_add(header.value.len()) as u64)
        .fold(0, |sum, bytes| sum.saturating_add(bytes).saturating_add(4))
}
