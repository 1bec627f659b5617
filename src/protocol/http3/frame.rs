//! Frames of one direction of a stream (RFC 9114 §7), out of bytes cut anywhere.

use crate::limits;
use crate::protocol::cursor::Cursor;

const DATA: u64 = 0x00;
const HEADERS: u64 = 0x01;
const SETTINGS: u64 = 0x04;
/// The first bytes of a bidirectional stream of WebTransport; everything behind it is the session's.
const WEBTRANSPORT_STREAM: u64 = 0x41;

/// What the next bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// Consumed, and nothing has come of it yet.
    More,
    /// A piece of a body.
    Data(&'a [u8]),
    /// A whole field section.
    Fields(Vec<u8>),
    /// All settings.
    Settings(Vec<u8>),
    /// A field section longer than [`limits::HEAD_BYTES`] was passed over.
    TooLong(u64),
    /// Bytes that are no frames but belong to a session of WebTransport.
    Session(&'a [u8]),
}

/// What a gap did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bridge {
    /// It lies inside a body, which goes on behind it.
    Body,
    /// It lies in what is passed over.
    Nothing,
    /// It lies in a session.
    Session,
    /// Frames can no longer be told.
    Lost,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// Type and length, as far as they came.
    Header(Vec<u8>),
    Data(u64),
    /// A frame that is read whole: its type, what is left of it, and what there is.
    Payload(u64, u64, Vec<u8>),
    Skip(u64),
    Session,
    Lost,
}

/// Finds frames.
#[derive(Debug)]
pub(super) struct Frames {
    state: State,
    /// Whether the stream begins here.
    is_first: bool,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            state: State::Header(Vec::new()),
            is_first: true,
        }
    }
}

impl Frames {
    /// Takes the beginning of `rest`.
    pub(super) fn step<'a>(&mut self, rest: &mut &'a [u8]) -> Step<'a> {
        match &mut self.state {
            State::Header(header) => {
                let Some((first, behind)) = rest.split_first() else {
                    return Step::More;
                };
                *rest = behind;
                header.push(*first);
                let mut cursor = Cursor::new(header);
                let Some(kind) = cursor.varint() else {
                    return Step::More;
                };
                if kind == WEBTRANSPORT_STREAM && self.is_first {
                    self.state = State::Session;
                    return Step::More;
                }
                if let Some(length) = cursor.varint() {
                    self.is_first = false;
                    return self.begin(kind, length);
                }
                Step::More
            }
            State::Data(left) => {
                let piece = take(rest, left);
                if *left == 0 {
                    self.state = State::Header(Vec::new());
                }
                Step::Data(piece)
            }
            State::Payload(kind, left, payload) => {
                payload.extend_from_slice(take(rest, left));
                if *left > 0 {
                    return Step::More;
                }
                let (kind, payload) = (*kind, std::mem::take(payload));
                self.state = State::Header(Vec::new());
                whole(kind, payload)
            }
            State::Skip(left) => {
                take(rest, left);
                if *left == 0 {
                    self.state = State::Header(Vec::new());
                }
                Step::More
            }
            State::Session => Step::Session(std::mem::take(rest)),
            State::Lost => {
                *rest = &[];
                Step::More
            }
        }
    }

    fn begin<'a>(&mut self, kind: u64, length: u64) -> Step<'a> {
        let is_short = usize::try_from(length).is_ok_and(|length| length <= limits::HEAD_BYTES);
        self.state = match kind {
            _ if length == 0 => {
                self.state = State::Header(Vec::new());
                return whole(kind, Vec::new());
            }
            DATA => State::Data(length),
            HEADERS | SETTINGS if is_short => State::Payload(kind, length, Vec::new()),
            _ => State::Skip(length),
        };
        if kind == HEADERS && !is_short {
            return Step::TooLong(length);
        }
        Step::More
    }

    /// `lost` bytes are missing.
    pub(super) fn gap(&mut self, lost: u64) -> Bridge {
        let (left, bridge) = match &mut self.state {
            State::Data(left) => (left, Bridge::Body),
            State::Skip(left) => (left, Bridge::Nothing),
            State::Session => return Bridge::Session,
            _ => {
                self.state = State::Lost;
                return Bridge::Lost;
            }
        };
        match left.checked_sub(lost) {
            Some(0) => self.state = State::Header(Vec::new()),
            Some(rest) => *left = rest,
            None => {
                self.state = State::Lost;
                return Bridge::Lost;
            }
        }
        bridge
    }

    /// Whether the stream may end here.
    pub(super) fn is_between(&self) -> bool {
        matches!(&self.state, State::Header(header) if header.is_empty())
            || self.state == State::Session
    }
}

fn whole<'a>(kind: u64, payload: Vec<u8>) -> Step<'a> {
    match kind {
        HEADERS => Step::Fields(payload),
        SETTINGS => Step::Settings(payload),
        _ => Step::More,
    }
}

/// As much of `rest` as is left of a frame.
fn take<'a>(rest: &mut &'a [u8], left: &mut u64) -> &'a [u8] {
    let length = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
    let (taken, behind) = rest.split_at(length);
    *rest = behind;
    *left = left.saturating_sub(u64::try_from(length).unwrap_or(u64::MAX));
    taken
}
