//! What was not seen, and why: carried beside everything, to the report.

use std::collections::BTreeMap;

use super::{InputId, Origin};

/// A reason why something was not seen, or not seen whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shortfall {
    // --- intake
    /// The file ends in the middle of a record.
    Truncated,
    /// The file is damaged from an offset on.
    Damaged,
    /// A file whose format is not known was left out.
    UnknownFormat,
    /// An input could not be opened or read.
    Unreadable,
    /// A named bound of `limits.rs` on files, folders or records was hit.
    InputLimit,
    /// Packets were captured with a snap length shorter than they were.
    PacketsCut,
    /// The capturing system says that it dropped packets.
    DroppedByCapture,
    // --- flow
    /// Link-layer type without a reader.
    UnknownLinkType,
    /// Headers that contradict themselves.
    MalformedPacket,
    /// IP fragments whose rest never came.
    FragmentsIncomplete,
    /// TCP bytes that the capture does not have.
    StreamGap,
    /// The flow was open before the capture began.
    StartedBefore,
    /// Too many flows at once; the oldest were closed early.
    FlowLimit,
    /// Too many bytes out of order at once.
    ReorderLimit,
    // --- protocol
    /// Bytes that do not follow the protocol they began with.
    MalformedMessage,
    /// Encrypted, no key.
    Encrypted,
    /// Encrypted records of a connection with keys that are missing or that the keys do not open.
    UndecryptedRecords,
    /// Lines of a key log that could not be read.
    KeyLogLines,
    /// A body or header was longer than the bound.
    MessageLimit,
    // --- payload
    /// A body in an encoding or format without a decoder.
    UnknownEncoding,
    /// A body whose decoding stopped at damage.
    DamagedBody,
    /// Nested deeper than the bound.
    DepthLimit,
    /// Decompresses to more than the bound.
    InflateLimit,
    /// More fields than the bound.
    FieldLimit,
    // --- manifest
    /// An app package or device dump that could not be read whole.
    DamagedManifest,
    /// Times without a zone, read as UTC: they may be hours off.
    LocalTime,
    /// Known values that are not looked for in full.
    KnownValues,
    // --- tally
    /// Another input of the phone shows the same traffic: it is counted once.
    SameTraffic,
    /// Another input may show the same traffic, and it cannot be told: it may be counted twice.
    PerhapsSameTraffic,
    /// More distinct findings or recipients than the bound; the rest is only counted.
    FindingLimit,
}

impl Shortfall {
    /// All.
    pub const ALL: &[Self] = &[
        Self::Truncated,
        Self::Damaged,
        Self::UnknownFormat,
        Self::Unreadable,
        Self::InputLimit,
        Self::PacketsCut,
        Self::DroppedByCapture,
        Self::UnknownLinkType,
        Self::MalformedPacket,
        Self::FragmentsIncomplete,
        Self::StreamGap,
        Self::StartedBefore,
        Self::FlowLimit,
        Self::ReorderLimit,
        Self::MalformedMessage,
        Self::Encrypted,
        Self::UndecryptedRecords,
        Self::KeyLogLines,
        Self::MessageLimit,
        Self::UnknownEncoding,
        Self::DamagedBody,
        Self::DepthLimit,
        Self::InflateLimit,
        Self::FieldLimit,
        Self::DamagedManifest,
        Self::LocalTime,
        Self::KnownValues,
        Self::SameTraffic,
        Self::PerhapsSameTraffic,
        Self::FindingLimit,
    ];

    /// Stable id for exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Damaged => "damaged",
            Self::UnknownFormat => "unknown-format",
            Self::Unreadable => "unreadable",
            Self::InputLimit => "input-limit",
            Self::PacketsCut => "packets-cut",
            Self::DroppedByCapture => "dropped-by-capture",
            Self::UnknownLinkType => "unknown-link-type",
            Self::MalformedPacket => "malformed-packet",
            Self::FragmentsIncomplete => "fragments-incomplete",
            Self::StreamGap => "stream-gap",
            Self::StartedBefore => "started-before-capture",
            Self::FlowLimit => "flow-limit",
            Self::ReorderLimit => "reorder-limit",
            Self::MalformedMessage => "malformed-message",
            Self::Encrypted => "encrypted",
            Self::UndecryptedRecords => "undecrypted-records",
            Self::KeyLogLines => "key-log-lines",
            Self::MessageLimit => "message-limit",
            Self::UnknownEncoding => "unknown-encoding",
            Self::DamagedBody => "damaged-body",
            Self::DepthLimit => "depth-limit",
            Self::InflateLimit => "inflate-limit",
            Self::FieldLimit => "field-limit",
            Self::DamagedManifest => "damaged-manifest",
            Self::LocalTime => "local-time",
            Self::KnownValues => "known-values",
            Self::SameTraffic => "same-traffic",
            Self::PerhapsSameTraffic => "perhaps-same-traffic",
            Self::FindingLimit => "finding-limit",
        }
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
