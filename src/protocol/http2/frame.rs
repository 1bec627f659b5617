//! The framing of one direction (RFC 9113 §3.4, §4): the preface, frame headers and what is in the frames. After a gap the
//! next frame header is searched for; it must fit in every octet, and another one must follow it.

use crate::limits;
use crate::model::Side;

/// What a client says first (RFC 9113 §3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Octets of a frame header.
pub(super) const HEAD_BYTES: usize = 9;

/// Longest payload that a frame may have unless the receiver allows more; few do.
const USUAL_BYTES: u32 = 16_384;

pub(super) const END_STREAM: u8 = 0x1;
pub(super) const ACK: u8 = 0x1;
pub(super) const END_HEADERS: u8 = 0x4;
pub(super) const PADDED: u8 = 0x8;
pub(super) const PRIORITY: u8 = 0x20;

/// The kinds of frames that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Headers,
    Priority,
    Reset,
    Settings,
    PushPromise,
    Ping,
    GoAway,
    WindowUpdate,
    Continuation,
    /// Extensions, which are passed over (RFC 9113 §5.5).
    Other,
}

/// A frame header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) len: u32,
    pub(super) kind: Kind,
    pub(super) flags: u8,
    pub(super) stream: u32,
}

impl Head {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = *bytes.first_chunk::<HEAD_BYTES>()?;
        let kind = match kind {
            0 => Kind::Data,
            1 => Kind::Headers,
            2 => Kind::Priority,
            3 => Kind::Reset,
            4 => Kind::Settings,
            5 => Kind::PushPromise,
            6 => Kind::Ping,
            7 => Kind::GoAway,
            8 => Kind::WindowUpdate,
            9 => Kind::Continuation,
            _ => Kind::Other,
        };
        Some(Self {
            len: u32::from_be_bytes([0, l0, l1, l2]),
            kind,
            flags,
            // The first bit is reserved (RFC 9113 §4.1).
            stream: u32::from_be_bytes([s0, s1, s2, s3]) & 0x7fff_ffff,
        })
    }

    pub(super) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether it keeps the rules of its kind (RFC 9113 §6): without, the framing is lost.
    pub(super) fn is_sound(self) -> bool {
        match self.kind {
            Kind::Data | Kind::Headers | Kind::PushPromise | Kind::Continuation => self.stream != 0,
            Kind::Priority => self.stream != 0 && self.len == 5,
            Kind::Reset => self.stream != 0 && self.len == 4,
            Kind::Settings if self.has(ACK) => self.stream == 0 && self.len == 0,
            Kind::Settings => self.stream == 0 && self.len.is_multiple_of(6),
            Kind::Ping => self.stream == 0 && self.len == 8,
            Kind::GoAway => self.stream == 0 && self.len >= 8,
            Kind::WindowUpdate => self.len == 4,
            Kind::Other => true,
        }
    }

    /// Whether nothing about it is unusual: what is believed where it is not known that a frame begins. `side` says whose
    /// streams it may open.
    pub(super) fn is_unmistakable(self, side: Side) -> bool {
        let known = match self.kind {
            Kind::Data => END_STREAM | PADDED,
            Kind::Headers => END_STREAM | END_HEADERS | PADDED | PRIORITY,
            Kind::PushPromise => END_HEADERS | PADDED,
            Kind::Settings | Kind::Ping => ACK,
            Kind::Continuation => END_HEADERS,
            Kind::Priority | Kind::Reset | Kind::GoAway | Kind::WindowUpdate => 0,
            Kind::Other => return false,
        };
        let is_side_right = match self.kind {
            // Requests have odd numbers (RFC 9113 §5.1.1); a client that has none open pushes nothing.
            Kind::Data | Kind::Headers if side == Side::Client => !self.stream.is_multiple_of(2),
            Kind::PushPromise => side == Side::Server,
            _ => true,
        };
        self.is_sound()
            && is_side_right
            && self.flags & !known == 0
            && self.len <= USUAL_BYTES
            && self.stream < 1 << 24
            && (self.len > 0 || self.flags != 0 || self.kind == Kind::Settings)
    }
}

/// What begins at some place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chain {
    /// No frame.
    No,
    /// One frame header; where its frame ends, there are no bytes yet.
    One,
    /// Two frame headers, one behind the other's frame.
    Two,
}

/// Whether frames begin here.
pub(super) fn chain(side: Side, bytes: &[u8]) -> Chain {
    let Some(first) = Head::read(bytes).filter(|head| head.is_unmistakable(side)) else {
        return Chain::No;
    };
    let len = usize::try_from(first.len).unwrap_or(usize::MAX);
    let behind = bytes.get(len.saturating_add(HEAD_BYTES)..);
    match behind.map(|behind| (behind.len(), Head::read(behind))) {
        Some((_, Some(second))) if second.is_unmistakable(side) => Chain::Two,
        Some((_, Some(_))) => Chain::No,
        _ => Chain::One,
    }
}

/// Where two frame headers in a row begin, or one whose frame ends with the bytes (a server should not be heard before the
/// request that it answers), and whether they do: if not, where they may begin once more bytes are there.
fn find(side: Side, bytes: &[u8], is_end: bool) -> (usize, bool) {
    let mut at = 0_usize;
    while let Some(rest) = bytes.get(at..).filter(|rest| rest.len() >= HEAD_BYTES) {
        let ends_here = || {
            let len = Head::read(rest).and_then(|head| usize::try_from(head.len).ok());
            len.and_then(|len| len.checked_add(HEAD_BYTES)) == Some(rest.len())
        };
        match chain(side, rest) {
            Chain::Two => return (at, true),
            Chain::One if ends_here() => return (at, true),
            Chain::One if !is_end && rest.len() < limits::HTTP2_SEARCH_BYTES => {
                return (at, false);
            }
            _ => at = at.saturating_add(1),
        }
    }
    (at, false)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The first bytes of a side.
    Start,
    Head,
    /// In front of the length of the padding of a data frame.
    PadLength(Head),
    Data {
        head: Head,
        left: u32,
        padding: u32,
    },
    /// A frame that is kept until it is whole.
    Payload(Head),
    /// What is left of a frame that is passed over.
    Skip(u32),
    /// Looking for a frame header.
    Lost,
}

/// What the next bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// More bytes are needed.
    More,
    /// The preface was seen, or the first frame is what a server's first one must be: nothing came before.
    Beginning,
    /// The first bytes are those of a frame in the middle of a connection, or of none.
    Middle,
    /// A piece of a data frame of that stream.
    Data(u32, &'a [u8]),
    /// A data frame was the last of its stream.
    End(u32),
    /// A whole frame of another kind.
    Frame(Head, Vec<u8>),
    /// A frame with a part of a header block was too long to be kept.
    LostBlock(u32),
    /// The framing broke; that many bytes were passed over before it was found again.
    Found(u64),
}

/// What a gap did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Bridge {
    /// Nothing of use was in it.
    Harmless,
    /// It lies inside a data frame of that stream.
    Data(u32),
    /// It lies inside a frame with a part of a header block, of that stream.
    Block(u32),
    /// Frames may have been in it.
    Lost,
}

/// One direction.
#[derive(Debug)]
pub(super) struct Half {
    side: Side,
    state: State,
    buffer: Vec<u8>,
    /// Bytes passed over since the thread was lost.
    passed: u64,
}

impl Half {
    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            state: State::Start,
            buffer: Vec::new(),
            passed: 0,
        }
    }

    /// Takes the beginning of `rest`.
    pub(super) fn step<'a>(&mut self, rest: &mut &'a [u8]) -> Step<'a> {
        loop {
            let step = match self.state {
                State::Start => Some(self.start(rest)),
                State::Head => self.head(rest),
                State::PadLength(head) => self.pad_length(head, rest),
                State::Data {
                    head,
                    left,
                    padding,
                } => self.data(head, left, padding, rest),
                State::Payload(head) => Some(self.payload(head, rest)),
                State::Skip(0) => {
                    self.state = State::Head;
                    None
                }
                State::Skip(left) => {
                    let taken = take(rest, left);
                    self.state = State::Skip(left.saturating_sub(length(taken)));
                    taken.is_empty().then_some(Step::More)
                }
                State::Lost => self.search(rest, false),
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    /// Fills the buffer up to `wanted` bytes; `false` if there are not as many.
    fn fill(&mut self, rest: &mut &[u8], wanted: usize) -> bool {
        let missing = wanted.saturating_sub(self.buffer.len());
        let (taken, behind) = rest.split_at(missing.min(rest.len()));
        self.buffer.extend_from_slice(taken);
        *rest = behind;
        self.buffer.len() >= wanted
    }

    /// The preface, a server's settings, or the middle of a connection.
    fn start<'a>(&mut self, rest: &mut &'a [u8]) -> Step<'a> {
        let is_preface = self.side == Side::Client && {
            let known = self.buffer.len().min(PREFACE.len());
            let coming = rest.len().min(PREFACE.len().saturating_sub(known));
            let ahead = rest.get(..coming).unwrap_or_default();
            self.buffer
                .iter()
                .chain(ahead)
                .eq(PREFACE.iter().take(known.saturating_add(coming)))
        };
        if is_preface {
            if !self.fill(rest, PREFACE.len()) {
                return Step::More;
            }
            self.buffer.clear();
            self.state = State::Head;
            return Step::Beginning;
        }
        if !self.fill(rest, HEAD_BYTES) {
            return Step::More;
        }
        let head = Head::read(&self.buffer);
        let is_first = head.is_some_and(|head| {
            head.kind == Kind::Settings && head.is_unmistakable(self.side) && !head.has(ACK)
        });
        if is_first && self.side == Side::Server {
            self.state = State::Head;
            return Step::Beginning;
        }
        self.state = if head.is_some_and(|head| head.is_unmistakable(self.side)) {
            State::Head
        } else {
            State::Lost
        };
        Step::Middle
    }

    fn head<'a>(&mut self, rest: &mut &'a [u8]) -> Option<Step<'a>> {
        if !self.fill(rest, HEAD_BYTES) {
            return Some(Step::More);
        }
        let head = Head::read(&self.buffer)?;
        if !head.is_sound() {
            self.state = State::Lost;
            return None;
        }
        self.buffer.clear();
        let is_block = matches!(
            head.kind,
            Kind::Headers | Kind::PushPromise | Kind::Continuation
        );
        let is_long = usize::try_from(head.len).is_ok_and(|len| len > limits::HPACK_BLOCK_BYTES);
        self.state = match head.kind {
            Kind::Data if head.has(PADDED) && head.len > 0 => State::PadLength(head),
            Kind::Data => State::Data {
                head,
                left: head.len,
                padding: 0,
            },
            Kind::Reset => State::Payload(head),
            _ if is_block && is_long => {
                self.state = State::Skip(head.len);
                return Some(Step::LostBlock(head.stream));
            }
            _ if is_block => State::Payload(head),
            _ => State::Skip(head.len),
        };
        None
    }

    fn pad_length<'a>(&mut self, head: Head, rest: &mut &'a [u8]) -> Option<Step<'a>> {
        let Some((padding, behind)) = rest.split_first() else {
            return Some(Step::More);
        };
        *rest = behind;
        let left = head.len.saturating_sub(1);
        let padding = u32::from(*padding).min(left);
        self.state = State::Data {
            head,
            left: left.saturating_sub(padding),
            padding,
        };
        None
    }

    /// A data frame: its content, then its padding.
    fn data<'a>(
        &mut self,
        head: Head,
        left: u32,
        padding: u32,
        rest: &mut &'a [u8],
    ) -> Option<Step<'a>> {
        if left == 0 && padding == 0 {
            self.state = State::Head;
            return head.has(END_STREAM).then_some(Step::End(head.stream));
        }
        let taken = take(rest, if left == 0 { padding } else { left });
        let after = |before: u32| before.saturating_sub(length(taken));
        self.state = State::Data {
            head,
            left: after(left),
            padding: if left == 0 { after(padding) } else { padding },
        };
        if taken.is_empty() {
            Some(Step::More)
        } else {
            (left > 0).then_some(Step::Data(head.stream, taken))
        }
    }

    fn payload<'a>(&mut self, head: Head, rest: &mut &'a [u8]) -> Step<'a> {
        let len = usize::try_from(head.len).unwrap_or(usize::MAX);
        if !self.fill(rest, len) {
            return Step::More;
        }
        self.state = State::Head;
        Step::Frame(head, std::mem::take(&mut self.buffer))
    }

    /// Looks for frames; `is_end`: no more bytes will come.
    fn search<'a>(&mut self, rest: &mut &'a [u8], is_end: bool) -> Option<Step<'a>> {
        if self.buffer.is_empty() {
            let (at, is_found) = find(self.side, rest, is_end);
            let (passed, behind) = rest.split_at(at.min(rest.len()));
            self.passed = self.passed.saturating_add(u64::from(length(passed)));
            *rest = behind;
            if !is_found {
                self.buffer.extend_from_slice(std::mem::take(rest));
                return Some(Step::More);
            }
        } else {
            let room = limits::HTTP2_SEARCH_BYTES.saturating_sub(self.buffer.len());
            let (taken, behind) = rest.split_at(room.min(rest.len()));
            self.buffer.extend_from_slice(taken);
            *rest = behind;
            let (at, is_found) = find(self.side, &self.buffer, is_end);
            self.pass_over(at);
            if !is_found {
                return rest.is_empty().then_some(Step::More);
            }
        }
        self.state = State::Head;
        Some(Step::Found(std::mem::take(&mut self.passed)))
    }

    fn pass_over(&mut self, len: usize) {
        let len = len.min(self.buffer.len());
        self.buffer.drain(..len);
        self.passed = self
            .passed
            .saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
    }

    /// Bytes that the search has read ahead and that are to be read again, after [`Step::Found`].
    pub(super) fn take_found(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }

    /// The end: takes what the search still holds, and says how many bytes were passed over for nothing.
    pub(super) fn finish(&mut self) -> (Option<Vec<u8>>, u64) {
        if self.state != State::Lost {
            return (None, 0);
        }
        let found = self.search(&mut &[][..], true);
        if let Some(Step::Found(passed)) = found {
            return (Some(self.take_found()), passed);
        }
        self.pass_over(usize::MAX);
        (None, std::mem::take(&mut self.passed))
    }

    /// `lost` bytes are missing.
    pub(super) fn gap(&mut self, lost: u64) -> Bridge {
        let (left, bridge) = match self.state {
            State::Data {
                head,
                left,
                padding,
            } => {
                let whole = u64::from(left).saturating_add(u64::from(padding));
                if let Some(kept) = whole.checked_sub(lost) {
                    let kept = u32::try_from(kept).unwrap_or(u32::MAX);
                    let padding = padding.min(kept);
                    self.state = State::Data {
                        head,
                        left: kept.saturating_sub(padding),
                        padding,
                    };
                    return if left == 0 {
                        Bridge::Harmless
                    } else {
                        Bridge::Data(head.stream)
                    };
                }
                (0, Bridge::Lost)
            }
            State::Payload(head) if head.kind == Kind::Reset => {
                (self.missing(head), Bridge::Harmless)
            }
            State::Payload(head) => (self.missing(head), Bridge::Block(head.stream)),
            State::Skip(left) => (left, Bridge::Harmless),
            _ => (0, Bridge::Lost),
        };
        self.pass_over(usize::MAX);
        match u64::from(left).checked_sub(lost) {
            Some(left) if bridge != Bridge::Lost => {
                self.passed = 0;
                self.state = State::Skip(u32::try_from(left).unwrap_or(u32::MAX));
                bridge
            }
            _ => {
                self.state = State::Lost;
                Bridge::Lost
            }
        }
    }

    /// Bytes of that frame that are still to come.
    fn missing(&self, head: Head) -> u32 {
        head.len.saturating_sub(length(&self.buffer))
    }
}

/// Takes up to `most` bytes.
fn take<'a>(rest: &mut &'a [u8], most: u32) -> &'a [u8] {
    let most = usize::try_from(most).unwrap_or(usize::MAX).min(rest.len());
    let (taken, behind) = rest.split_at(most);
    *rest = behind;
    taken
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
