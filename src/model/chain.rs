//! What is known of one kind of data at one app, from what it asks for to where it went.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Category, Grade, Timestamp, Users};

ids! {
    /// What the vendor's labels say of one kind of data.
    LabelState {
        /// No label is at hand.
        Unknown = "no-label",
        /// A label names it.
        Named = "named",
        /// There is a label, and it does not name it.
        NotNamed = "not-named",
        /// The label says that nothing at all is collected.
        NothingCollected = "nothing-collected",
    }
}

ids! {
    /// Where links of a chain contradict each other. Each is a question to the vendor or the company, not a verdict.
    Contradiction {
        /// Transmitted, and the label says that nothing is collected.
        LabelSaysNotCollected = "label-says-not-collected",
        /// Transmitted, and the label does not name it.
        SentNotDeclared = "sent-not-declared",
        /// A position was transmitted that is more precise than what the label names.
        SentMorePrecisely = "sent-more-precisely",
        /// Transmitted in clear, and the label says that all is encrypted on its way.
        LabelSaysEncrypted = "label-says-encrypted",
        /// Transmitted, although each permission that opens it is refused: it has another source.
        SentWithoutPermission = "sent-without-permission",
        /// Read while nobody was looking.
        ReadInBackground = "read-in-background",
        /// A permission is granted that nothing at hand shows a use for.
        GrantedNotNeeded = "granted-not-needed",
        /// Transmitted by an app whose manifest allows connections in clear.
        CleartextAllowed = "cleartext-allowed",
    }
}

/// What the system logged of an app's reads. Systems keep only the latest of each kind, so counts are the least there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Reads logged.
    pub count: u64,
    /// Of these, while the app was in the background, where the log says.
    pub in_background: u64,
    /// Attempts that the system refused.
    pub refused: u64,
    /// The first, in the time of the log; `Timestamp(0)` if it has no time.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
    /// These are what the phone's clock showed, in a zone that is not known.
    pub has_local_times: bool,
    /// Parts of the app that read, as it names them.
    pub tags: BTreeSet<Arc<str>>,
    /// How often which user of the phone read, where the log says.
    pub users: Users,
}

impl Reads {
    /// Adds others.
    pub fn merge(&mut self, other: Self) {
        let none = Timestamp::default();
        self.first = match (self.first, other.first) {
            (ours, theirs) if ours == none => theirs,
            (ours, theirs) if theirs == none => ours,
            (ours, theirs) => ours.min(theirs),
        };
        self.last = self.last.max(other.last);
        self.count = self.count.saturating_add(other.count);
        self.in_background = self.in_background.saturating_add(other.in_background);
        self.refused = self.refused.saturating_add(other.refused);
        self.has_local_times |= other.has_local_times;
        self.tags.extend(other.tags);
        while self.tags.len() > crate::limits::READ_TAGS {
            self.tags.pop_last();
        }
        self.users.merge(&other.users);
    }
}

/// What of it left the phone, or may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The strongest way in which that is known: only some are transmissions ([`Grade::is_transmitted`]).
    pub grade: Grade,
    /// Messages or connections.
    pub count: u64,
    /// Recipients.
    pub recipients: u64,
    /// Some of it in clear.
    pub is_in_clear: bool,
    /// The first, in the time of the capture; `Timestamp(0)` if only documents tell.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}

/// Declared → granted → read → sent, for one kind of data of one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataChain {
    /// The kind of data.
    pub category: Category,
    /// What the vendor says.
    pub label: LabelState,
    /// Permissions that open it and that the app asks for.
    pub declared: Vec<Arc<str>>,
    /// Those of them that are granted. Android does not keep since when.
    pub granted: Vec<Arc<str>>,
    /// Those that are refused.
    pub refused: Vec<Arc<str>>,
    /// Reads that the system logged; `None` if no log at hand tells of any.
    pub reads: Option<Reads>,
    /// What left the phone.
    pub sent: Option<Sent>,
    /// What does not fit, gravest first.
    pub contradictions: Vec<Contradiction>,
}

/// How far the clock of a phone is from that of the captures. No time is corrected by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockShift {
    /// Events seen both in a log of the phone and in a capture.
    pub events: u64,
    /// Median of log time minus capture time, in nanoseconds: positive if the phone is ahead.
    pub median: i64,
    /// Nanoseconds between the first and the last decile of the differences.
    pub spread: i64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_reads() -> impl Strategy<Value = Reads> {
        let tags = prop::collection::btree_set("[a-z]{1,2}", 0..25);
        let users = prop::collection::btree_map(0_u32..30, 0_u64..9, 0..25);
        (
            0_u64..9,
            0_u64..9,
            0_u64..9,
            0_i64..5,
            0_i64..5,
            tags,
            users,
        )
            .prop_map(
                |(count, in_background, refused, first, last, tags, users)| Reads {
                    users: users
                        .into_iter()
                        .take(crate::limits::USERS)
                        .collect::<Users>(),
                    count,
                    in_background,
                    refused,
                    first: Timestamp(first),
                    last: Timestamp(last),
                    has_local_times: first > 2,
                    tags: tags
                        .into_iter()
                        .take(crate::limits::READ_TAGS)
                        .map(Arc::from)
                        .collect(),
                },
            )
    }

    proptest! {
        #[test]
        fn reads_merge_in_any_order(one in any_reads(), other in any_reads(), third in any_reads()) {
            let merged = |parts: [&Reads; 3]| {
                let mut all = Reads::default();
                for part in parts {
                    all.merge(part.clone());
                }
                all
            };
            let expected = merged([&one, &other, &third]);
            prop_assert_eq!(&merged([&third, &one, &other]), &expected);
            let mut later = other.clone();
            later.merge(third.clone());
            let mut nested = one.clone();
            nested.merge(later);
            prop_assert_eq!(&nested, &expected);
        }
    }
}
