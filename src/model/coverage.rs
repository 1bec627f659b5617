//! What was not seen, and why: carried beside everything, to the report.

use std::collections::BTreeMap;

use super::{InputId, Origin};

ids! {
    /// A reason why something was not seen, or not seen whole.
    Shortfall {
        // --- intake
        /// The file ends in the middle of a record.
        Truncated = "truncated",
        /// The file is damaged from an offset on.
        Damaged = "damaged",
        /// A file whose format is not known was left out.
        UnknownFormat = "unknown-format",
        /// An input could not be opened or read.
        Unreadable = "unreadable",
        /// `phonehome.toml` names a phone or app that is not there.
        PolicyUnused = "policy-unused",
        /// A named bound of `limits.rs` on files, folders or records was hit.
        InputLimit = "input-limit",
        /// A symbolic link that leads out of the folder that was named: it is not followed.
        LinkOut = "link-out",
        /// Packets were captured with a snap length shorter than they were.
        PacketsCut = "packets-cut",
        /// The capturing system says that it dropped packets.
        DroppedByCapture = "dropped-by-capture",
        /// A proxy or browser did not keep a request's body that there was.
        BodyNotKept = "body-not-kept",
        /// A proxy or browser did not keep an answer's body that there was.
        AnswerNotKept = "answer-not-kept",
        // --- flow
        /// Link-layer type without a reader.
        UnknownLinkType = "unknown-link-type",
        /// Headers that contradict themselves.
        MalformedPacket = "malformed-packet",
        /// IP fragments whose rest never came.
        FragmentsIncomplete = "fragments-incomplete",
        /// TCP bytes that the capture does not have.
        StreamGap = "stream-gap",
        /// The flow was open before the capture began.
        StartedBefore = "started-before-capture",
        /// Too many flows at once; the oldest were closed early.
        FlowLimit = "flow-limit",
        /// Too many bytes out of order at once.
        ReorderLimit = "reorder-limit",
        // --- protocol
        /// Bytes that do not follow the protocol they began with.
        MalformedMessage = "malformed-message",
        /// Encrypted, no key.
        Encrypted = "encrypted",
        /// Encrypted records of a connection with keys that are missing or that the keys do not open.
        UndecryptedRecords = "undecrypted-records",
        /// Lines of a key log that could not be read.
        KeyLogLines = "key-log-lines",
        /// A body or header was longer than the bound.
        MessageLimit = "message-limit",
        // --- payload
        /// A body in an encoding or format without a decoder.
        UnknownEncoding = "unknown-encoding",
        /// A body whose decoding stopped at damage.
        DamagedBody = "damaged-body",
        /// Nested deeper than the bound.
        DepthLimit = "depth-limit",
        /// Decompresses to more than the bound.
        InflateLimit = "inflate-limit",
        /// More fields than the bound.
        FieldLimit = "field-limit",
        // --- manifest
        /// An app package or device dump that could not be read whole.
        DamagedManifest = "damaged-manifest",
        /// Times without a zone, read as UTC: they may be hours off.
        LocalTime = "local-time",
        /// Known values that are not looked for in full.
        KnownValues = "known-values",
        /// Salts of messages with which known values were not hashed.
        UntriedSalts = "untried-salts",
        /// Recipients in a session without contacts of which not all was seen: they are not compared.
        NotCompared = "not-compared",
        /// Labels that name no app, where there is not just one.
        UnplacedLabels = "unplaced-labels",
        /// An app package of another version than the phone has.
        OtherVersion = "other-version",
        /// An app package of an app that the phone's own list does not have.
        NotInstalled = "not-installed",
        /// Contacts with what a log calls a tracker's without being sure: they are not said to be with a tracker.
        UncertainTracker = "uncertain-tracker",
        /// Several users of the phone, as a work profile is one: what they did stands under the same apps.
        SeveralUsers = "several-users",
        /// Several clients in what is taken for one phone's traffic.
        SeveralClients = "several-clients",
        // --- tally
        /// Another input of the phone shows the same traffic: it is counted once.
        SameTraffic = "same-traffic",
        /// Another input may show the same traffic, and it cannot be told: it may be counted twice.
        PerhapsSameTraffic = "perhaps-same-traffic",
        /// More distinct findings or recipients than the bound; the rest is only counted.
        FindingLimit = "finding-limit",
    }
}

/// How often one shortfall was met in one input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShortfallCount {
    /// Occurrences.
    pub count: u64,
    /// Bytes concerned, where that can be said.
    pub bytes: u64,
    /// The first place.
    pub first: Option<Origin>,
    /// What exactly, for the first place; free of captured values.
    pub detail: Option<String>,
}

impl ShortfallCount {
    /// Keeps what is known of the first place: ours, or this.
    fn keep_first(&mut self, first: Option<Origin>, detail: Option<String>) {
        let is_first = detail.is_some()
            && (self.detail.is_none()
                || (place(first), &detail) < (place(self.first), &self.detail));
        if is_first {
            self.first = first;
            self.detail = detail;
        }
    }
}

/// The order of places: those in the input first, no place last.
fn place(origin: Option<Origin>) -> (bool, Option<Origin>) {
    (origin.is_none(), origin)
}

/// Shortfalls by input. Merging is commutative and associative.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    counts: BTreeMap<(InputId, Shortfall), ShortfallCount>,
}

impl Coverage {
    /// Counts one shortfall.
    pub fn add(
        &mut self,
        input: InputId,
        shortfall: Shortfall,
        origin: Option<Origin>,
        bytes: u64,
        detail: impl FnOnce() -> String,
    ) {
        self.add_many(input, shortfall, 1, origin, bytes, detail);
    }

    /// Counts a shortfall that was met several times, as a reader sums it up.
    pub fn add_many(
        &mut self,
        input: InputId,
        shortfall: Shortfall,
        count: u64,
        origin: Option<Origin>,
        bytes: u64,
        detail: impl FnOnce() -> String,
    ) {
        let entry = self.counts.entry((input, shortfall)).or_default();
        entry.count = entry.count.saturating_add(count);
        entry.bytes = entry.bytes.saturating_add(bytes);
        // Details are only written where they may be kept.
        if entry.detail.is_none() || place(origin) <= place(entry.first) {
            entry.keep_first(origin, Some(detail()));
        }
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: Self) {
        for (key, theirs) in other.counts {
            let ours = self.counts.entry(key).or_default();
            ours.count = ours.count.saturating_add(theirs.count);
            ours.bytes = ours.bytes.saturating_add(theirs.bytes);
            ours.keep_first(theirs.first, theirs.detail);
        }
    }

    /// All counts, by input and shortfall.
    pub fn iter(&self) -> impl Iterator<Item = (InputId, Shortfall, &ShortfallCount)> {
        self.counts
            .iter()
            .map(|((input, shortfall), count)| (*input, *shortfall, count))
    }

    /// Whether nothing was missed.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}
