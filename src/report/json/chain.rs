//! The chains of an app and the clock of a phone, as the JSON report has them.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::archive::{time, word};
use super::{Prose, Word, time as moment};
use crate::model::{
    Category, ClockShift, Contradiction, DataChain, Grade, LabelState, Reads, Sent,
};

/// One kind of data: declared → granted → read → sent. A correlation, not a proof.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct ChainView {
    /// The kind of data.
    #[schemars(extend("enum" = Category::ALL.map(Category::as_str)))]
    category: Word,
    /// What the vendor's labels say: `no-label`, `named`, `not-named`, `nothing-collected`.
    #[schemars(extend("enum" = LabelState::ALL.map(LabelState::as_str)))]
    label: Word,
    /// Permissions that open it and that the app asks for.
    declared: Vec<String>,
    /// Those that are granted.
    granted: Vec<String>,
    /// Those that are refused.
    refused: Vec<String>,
    /// Reads that the system logged; absent where no log tells of any.
    reads: Option<ReadsView>,
    /// What left the phone, or may have.
    sent: Option<SentView>,
    /// What does not fit.
    contradictions: Vec<ContradictionView>,
}

/// Reads that the system logged; it keeps only the latest of each kind.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct ReadsView {
    /// How many.
    count: u64,
    /// Of these, in the background.
    in_background: u64,
    /// Attempts refused.
    refused: u64,
    /// The first, by the phone's clock.
    first: Option<String>,
    /// The last.
    last: Option<String>,
    /// These times are what the phone's clock showed, in a zone that is not known, though they are written as UTC.
    #[serde(default)]
    has_local_times: bool,
    /// Parts of the app that read (attribution tags).
    tags: Vec<String>,
    /// How often which Android user read, where others than the owner (0) did something on the phone: 10 is often the work profile.
    #[serde(default)]
    users: BTreeMap<u32, u64>,
}

/// What left the phone, or may have.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct SentView {
    /// The strongest evidence of it.
    #[schemars(extend("enum" = Grade::ALL.map(Grade::as_str)))]
    grade: Word,
    /// Messages or connections.
    count: u64,
    /// Recipients.
    recipients: u64,
    /// Some of it unencrypted.
    is_in_clear: bool,
    /// The first, by the capture's clock.
    first: Option<String>,
    /// The last.
    last: Option<String>,
}

/// What does not fit: a question to the vendor or the company, not a verdict.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct ContradictionView {
    /// Stable id.
    #[schemars(extend("enum" = Contradiction::ALL.map(Contradiction::as_str)))]
    id: Word,
    /// In the report's language.
    text: String,
}

/// The phone's clock beside that of the captures.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct ClockView {
    /// Events seen by both.
    events: u64,
    /// Median of log time minus capture time, in milliseconds: positive if the phone is ahead.
    median_offset_ms: i64,
    /// Milliseconds between the first and the last decile.
    spread_ms: i64,
}

const MILLISECOND: i64 = 1_000_000;

impl ClockView {
    pub(super) fn of(shift: &ClockShift) -> Self {
        Self {
            events: shift.events,
            median_offset_ms: shift.median.div_euclid(MILLISECOND),
            spread_ms: shift.spread.div_euclid(MILLISECOND),
        }
    }

    pub(super) fn shift(self) -> ClockShift {
        ClockShift {
            events: self.events,
            median: self.median_offset_ms.saturating_mul(MILLISECOND),
            spread: self.spread_ms.saturating_mul(MILLISECOND),
        }
    }
}

impl ChainView {
    pub(super) fn of(prose: &Prose<'_>, chain: &DataChain) -> Self {
        let texts = |names: &[Arc<str>]| names.iter().map(ToString::to_string).collect();
        Self {
            category: chain.category.as_str().into(),
            label: chain.label.as_str().into(),
            declared: texts(&chain.declared),
            granted: texts(&chain.granted),
            refused: texts(&chain.refused),
            reads: chain.reads.as_ref().map(|reads| ReadsView {
                count: reads.count,
                in_background: reads.in_background,
                refused: reads.refused,
                first: moment(reads.first),
                last: moment(reads.last),
                has_local_times: reads.has_local_times,
                tags: reads.tags.iter().map(ToString::to_string).collect(),
                users: reads.users.iter().collect(),
            }),
            sent: chain.sent.as_ref().map(|sent| SentView {
                grade: sent.grade.as_str().into(),
                count: sent.count,
                recipients: sent.recipients,
                is_in_clear: sent.is_in_clear,
                first: moment(sent.first),
                last: moment(sent.last),
            }),
            contradictions: chain
                .contradictions
                .iter()
                .map(|contradiction| ContradictionView {
                    id: contradiction.as_str().into(),
                    text: prose.language.contradiction(*contradiction).to_owned(),
                })
                .collect(),
        }
    }

    pub(super) fn chain(self) -> Result<DataChain, String> {
        let names = |texts: Vec<String>| texts.into_iter().map(Arc::from).collect();
        let reads = |view: ReadsView| {
            Ok::<_, String>(Reads {
                count: view.count,
                in_background: view.in_background,
                refused: view.refused,
                first: time(view.first.as_deref())?,
                last: time(view.last.as_deref())?,
                has_local_times: view.has_local_times,
                tags: view.tags.into_iter().map(Arc::from).collect(),
                users: view.users.into_iter().collect(),
            })
        };
        let sent = |view: SentView| {
            Ok::<_, String>(Sent {
                grade: word(Grade::from_id, &view.grade)?,
                count: view.count,
                recipients: view.recipients,
                is_in_clear: view.is_in_clear,
                first: time(view.first.as_deref())?,
                last: time(view.last.as_deref())?,
            })
        };
        Ok(DataChain {
            category: word(Category::from_id, &self.category)?,
            label: word(LabelState::from_id, &self.label)?,
            declared: names(self.declared),
            granted: names(self.granted),
            refused: names(self.refused),
            reads: self.reads.map(reads).transpose()?,
            sent: self.sent.map(sent).transpose()?,
            contradictions: self
                .contradictions
                .iter()
                .map(|view| word(Contradiction::from_id, &view.id))
                .collect::<Result<_, _>>()?,
        })
    }
}
