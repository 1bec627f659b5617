//! The protected records of one side: which keys hold, which number comes next, and how far to look when some are lost.

use std::cell::RefCell;

use super::cipher::{Head, Opened, Protection};
use super::framing::{Aligned, Framing};
use super::schedule::{Secret, expand_label};
use super::suite::Suite;
use crate::limits;

const APPLICATION_DATA: u8 = 23;
const END_OF_EARLY_DATA: u8 = 5;
const FINISHED: u8 = 20;
const KEY_UPDATE: u8 = 24;

/// Least bytes of an encrypted record: header, content type and tag.
const RECORD_BYTES: u64 = 22;
/// Most bytes: header, 2^14 bytes and what encryption may add (RFC 5246 §6.2.3).
const LARGEST_RECORD_BYTES: u64 = 5 + (1 << 14) + 2048;

thread_local! {
    /// Where records are opened. One for all flows of a thread: each is done with it before the next begins.
    static SCRATCH: RefCell<Aligned> = RefCell::default();
}

/// What protects a side's records.
#[derive(Debug, Default)]
pub(super) enum Guard {
    /// Nothing.
    #[default]
    Clear,
    /// Keys up to TLS 1.2.
    Keys(Protection),
    /// The keys of TLS 1.3, which follow each other.
    Ladder(Ladder),
}

/// The fragment of a record.
#[derive(Debug)]
pub(super) enum Body<'a> {
    /// Somewhere in a segment.
    Borrowed(&'a [u8]),
    /// Put together.
    Owned(Aligned),
}

impl Body<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(buffer) => buffer.bytes(),
        }
    }
}

/// Why a record stayed closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// It is not in the capture, or not whole.
    Missing,
    /// The key log has no secret for this side.
    NoSecret,
    /// A hello, from which the keys follow, is not in the capture, or not whole.
    NoHello,
    /// The keys do not open it: it is damaged, or too much was missing before it.
    Unfit,
}

impl Obstacle {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "not captured",
            Self::NoHello => "the hello from which the keys follow was not captured, or not whole",
            Self::NoSecret => "the key log has no secret for this direction",
            Self::Unfit => "the keys do not open it: damaged, or too much is missing before it",
        }
    }
}

/// One side.
#[derive(Debug, Default)]
pub(super) struct Direction {
    pub(super) framing: Framing,
    pub(super) guard: Guard,
    /// Number of the next record.
    sequence: u64,
    /// Records that may be missing in front of it.
    slack: u64,
    /// Bytes lost around the end of the handshake: whether application data are among them is told by the next record's number.
    undecided: u64,
    /// Bytes opened in vain since the last success.
    trial_bytes: usize,
    /// Whether no more is tried.
    has_given_up: bool,
    /// Records of application data that were opened.
    pub(super) opened: u64,
    /// Records of application data that were not.
    pub(super) lost: u64,
    /// Records of any kind that could not be opened.
    pub(super) failed: u64,
}

impl Direction {
    /// Whether records are encrypted.
    pub(super) fn is_protected(&self) -> bool {
        !matches!(self.guard, Guard::Clear)
    }

    /// New keys. `is_late` if records under them may be lost already.
    pub(super) fn change(&mut self, guard: Guard, is_late: bool) {
        self.guard = guard;
        self.sequence = 0;
        self.slack = if is_late { self.slack.max(1) } else { 0 };
        self.undecided = 0;
    }

    /// The keys of TLS 1.3, from the hellos on: what was lost behind these may be records.
    pub(super) fn climb(&mut self, ladder: Ladder) {
        self.guard = Guard::Ladder(ladder);
        self.sequence = 0;
    }

    /// To try the first keys of a side on a record.
    pub(super) fn trial(&self, ladder: Ladder) -> Self {
        Self {
            guard: Guard::Ladder(ladder),
            slack: self.slack.min(limits::TLS_TRIAL_RECORDS),
            ..Self::default()
        }
    }

    /// Whether something may be lost in front of the next record.
    pub(super) fn is_cut(&self) -> bool {
        self.slack > 0
    }

    /// Numbers begin again.
    pub(super) fn restart(&mut self) {
        self.sequence = 0;
        self.slack = 0;
    }

    /// Tries no more.
    pub(super) fn give_up(&mut self) {
        self.has_given_up = true;
    }

    /// Whether a record that could not be opened held application data, as far as one can see.
    pub(super) fn counts(&self, head: Head) -> bool {
        head.kind == APPLICATION_DATA
            && match &self.guard {
                Guard::Clear => false,
                Guard::Keys(_) => true,
                Guard::Ladder(ladder) => ladder.step != Step::Handshake || ladder.is_empty(),
            }
    }

    /// One record is lost. Says whether it counts.
    pub(super) fn lose_record(&mut self, head: Head) -> bool {
        if let Guard::Keys(protection) = &mut self.guard {
            protection.skip(usize::from(head.len));
        }
        self.miss();
        let counts = self.counts(head);
        if counts {
            self.lost = self.lost.saturating_add(1);
        } else if head.kind == APPLICATION_DATA {
            self.undecided = self.undecided.saturating_add(u64::from(head.len));
        }
        counts
    }

    /// Nobody knows how many records are lost, in so many bytes. Gives these back if they count.
    pub(super) fn lose(&mut self, bytes: u64) -> Option<u64> {
        let records = bytes
            .checked_div(RECORD_BYTES)
            .unwrap_or(0)
            .saturating_add(1);
        let fewest = bytes.checked_div(LARGEST_RECORD_BYTES).unwrap_or(0);
        self.sequence = self.sequence.saturating_add(fewest);
        self.slack = self
            .slack
            .saturating_add(records.saturating_sub(fewest))
            .min(limits::TLS_RECORD_WINDOW);
        if let Guard::Keys(protection) = &self.guard
            && !protection.survives_loss()
        {
            self.give_up();
        }
        let is_in_handshake = match &self.guard {
            Guard::Clear => true,
            Guard::Ladder(ladder) => ladder.step == Step::Handshake && !ladder.is_empty(),
            Guard::Keys(_) => false,
        };
        if is_in_handshake {
            self.undecided = self.undecided.saturating_add(bytes.max(1));
            return None;
        }
        self.lost = self.lost.saturating_add(1);
        Some(bytes)
    }

    /// A record was opened, or there are no more: says whether application data were lost before it, as [`Self::lose`] does.
    pub(super) fn decide(&mut self, is_over: bool) -> Option<u64> {
        let bytes = std::mem::take(&mut self.undecided);
        let Guard::Ladder(ladder) = &self.guard else {
            return None;
        };
        let is_past = ladder.step != Step::Handshake && self.sequence > 1;
        if bytes == 0 || !(is_over || is_past) {
            return None;
        }
        self.lost = self.lost.saturating_add(1);
        Some(bytes)
    }

    fn miss(&mut self) {
        self.slack = self.slack.saturating_add(1).min(limits::TLS_RECORD_WINDOW);
    }

    /// Opens a record in the scratch buffer, which is to be put back. What it costs is bounded; a failure is counted.
    pub(super) fn open<'a>(
        &mut self,
        head: Head,
        mut body: Body<'a>,
    ) -> (Option<Opened>, Aligned, Body<'a>) {
        let mut scratch = SCRATCH.take();
        let is_early = matches!(&self.guard, Guard::Ladder(ladder) if ladder.step == Step::Early);
        let is_certain = self.slack == 0 && !is_early;
        match &mut body {
            // The record is opened where it lies; it is not needed again.
            Body::Owned(buffer) if is_certain => std::mem::swap(buffer, &mut scratch),
            _ => scratch.fill(body.bytes()),
        }
        let original = if is_certain { &[] } else { body.bytes() };
        let opened = if self.has_given_up {
            None
        } else {
            self.attempt(head, original, &mut scratch, is_early)
        };
        if let Some(opened) = &opened {
            self.sequence = opened.sequence.saturating_add(1);
            self.slack = 0;
            self.trial_bytes = 0;
        } else {
            self.miss();
            self.failed = self.failed.saturating_add(1);
            if self.counts(head) {
                self.lost = self.lost.saturating_add(1);
            }
        }
        (opened, scratch, body)
    }

    /// Why a record that is there was not opened.
    pub(super) fn obstacle(&self) -> Obstacle {
        match &self.guard {
            Guard::Ladder(ladder) if ladder.lacks_secret() => Obstacle::NoSecret,
            _ => Obstacle::Unfit,
        }
    }

    /// Number of records of application data seen or missed so far: the last one's number, counted from 1.
    pub(super) fn records(&self) -> u64 {
        self.opened.saturating_add(self.lost)
    }

    /// Puts the scratch buffer back.
    pub(super) fn put_back(scratch: Aligned) {
        SCRATCH.set(scratch);
    }

    fn attempt(
        &mut self,
        head: Head,
        original: &[u8],
        scratch: &mut Aligned,
        is_early: bool,
    ) -> Option<Opened> {
        let window = self.slack.saturating_add(1);
        let sequences = self.sequence..self.sequence.saturating_add(window);
        let cost = usize::from(head.len).saturating_mul(usize::try_from(window).ok()?);
        self.trial_bytes = self.trial_bytes.saturating_add(cost);
        if self.trial_bytes > limits::TLS_TRIAL_BYTES {
            self.give_up();
        }
        let ladder = match &mut self.guard {
            Guard::Clear => return None,
            Guard::Keys(protection) => {
                return protection.open(head, sequences, original, scratch.bytes_mut());
            }
            Guard::Ladder(ladder) => ladder,
        };
        let opened = ladder
            .protection
            .as_mut()
            .and_then(|keys| keys.open(head, sequences, original, scratch.bytes_mut()));
        if opened.is_some() || (self.slack == 0 && !is_early) {
            return opened;
        }
        // What ends the use of these keys may be among the lost: then the next ones hold, and numbers begin again.
        let mut ahead = ladder.clone_secrets();
        for _ in 0..2 {
            ahead.advance();
            self.trial_bytes = self.trial_bytes.saturating_add(cost);
            scratch.fill(original);
            let opened = ahead
                .protection
                .as_mut()
                .and_then(|keys| keys.open(head, 0..window, original, scratch.bytes_mut()));
            if opened.is_some() {
                *ladder = ahead;
                return opened;
            }
        }
        None
    }
}

/// Which of its keys a side of TLS 1.3 uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Early,
    Handshake,
    Application,
}

/// The keys of one side of TLS 1.3, one after the other (RFC 8446 §7.1, §7.2).
#[derive(Debug)]
pub(super) struct Ladder {
    suite: Suite,
    step: Step,
    protection: Option<Protection>,
    handshake: Option<Secret>,
    traffic: Option<Secret>,
}

impl Ladder {
    /// The keys of a side that begins with its handshake.
    pub(super) fn new(suite: Suite, handshake: Option<Secret>, traffic: Option<Secret>) -> Self {
        let protection = handshake
            .as_ref()
            .and_then(|secret| Protection::of_traffic_secret(suite, secret));
        Self {
            suite,
            step: Step::Handshake,
            protection,
            handshake,
            traffic,
        }
    }

    /// The same for a client that offered early data, whose secret may be unknown.
    pub(super) fn behind_early_data(self, early: Option<&Secret>) -> Self {
        Self {
            step: Step::Early,
            protection: early.and_then(|secret| Protection::of_traffic_secret(self.suite, secret)),
            ..self
        }
    }

    /// Without the keys at work: for a look ahead.
    fn clone_secrets(&self) -> Self {
        Self {
            suite: self.suite,
            step: self.step,
            protection: None,
            handshake: self.handshake.clone(),
            traffic: self.traffic.clone(),
        }
    }

    /// Whether application data of this side cannot be opened for want of its secret.
    fn lacks_secret(&self) -> bool {
        self.traffic.is_none() && (self.step != Step::Early || self.protection.is_none())
    }

    /// Whether there is no secret at all: then nobody sees where the handshake ends.
    fn is_empty(&self) -> bool {
        self.handshake.is_none() && self.traffic.is_none()
    }

    /// Whether that message is the last one under the keys at work.
    pub(super) fn is_ended_by(&self, message: u8) -> bool {
        matches!(
            (self.step, message),
            (Step::Early, END_OF_EARLY_DATA)
                | (Step::Handshake, FINISHED)
                | (Step::Application, KEY_UPDATE)
        )
    }

    /// Goes on to the next keys.
    pub(super) fn advance(&mut self) {
        let secret = match self.step {
            Step::Early => {
                self.step = Step::Handshake;
                self.handshake.as_ref()
            }
            Step::Handshake => {
                self.step = Step::Application;
                self.traffic.as_ref()
            }
            Step::Application => {
                let hash = self.suite.derivation;
                self.traffic = self
                    .traffic
                    .as_ref()
                    .and_then(|secret| expand_label(hash, secret, b"traffic upd", hash.len()));
                self.traffic.as_ref()
            }
        };
        self.protection =
            secret.and_then(|secret| Protection::of_traffic_secret(self.suite, secret));
    }
}
