//! The framing of one direction (RFC 9112 §6): where heads end and bodies begin and end. What a head says is decided
//! elsewhere; a response's framing depends on its request.

use super::start_line;
use crate::limits;
use crate::model::Side;
use crate::protocol::Verdict;

/// How the body behind a head is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none.
    Empty,
    /// `Content-Length`.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// It ends with the connection.
    UntilClose,
    /// No message follows, but another protocol.
    Tunnel,
    /// None, and what follows is kept back until the answer says whether it is HTTP.
    Hold,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head,
    Length(u64),
    ChunkSize,
    ChunkData(u64),
    ChunkEnd,
    Trailers,
    UntilClose,
    Hold,
    Tunnel,
    /// Looking for the next start line.
    Lost,
}

/// What the next bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// Consumed, and nothing has come of it yet.
    More,
    /// A whole head. The body's framing must be set before the next step.
    Head(Vec<u8>),
    /// A head longer than [`limits::HEAD_BYTES`]; the stream is lost behind it.
    CutHead(Vec<u8>),
    /// A piece of the body, and whether the message ends with it.
    Body(&'a [u8], bool),
    /// The end of the message.
    End,
    /// The body breaks its framing; the stream is lost.
    Broken,
    /// Bytes of another protocol.
    Tunnel(&'a [u8]),
}

/// What a gap did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Bridge {
    /// It lies inside a body that goes on behind it.
    Body,
    /// It is the end of the body.
    BodyEnd,
    /// It lies in another protocol.
    Tunnel,
    /// The stream is lost; what there was of a head.
    Lost(Vec<u8>),
}

/// One direction.
#[derive(Debug)]
pub(super) struct Half {
    side: Side,
    state: State,
    /// Lines of the unfinished head, or the unfinished line of chunked framing, or what is held back.
    buffer: Vec<u8>,
    /// Where in `buffer` the unfinished line begins.
    line_start: usize,
    /// Bytes passed over since the thread was lost.
    passed: u64,
    /// The body may be left out, and the next bytes be a message.
    is_body_doubtful: bool,
}

impl Half {
    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            state: State::Head,
            buffer: Vec::new(),
            line_start: 0,
            passed: 0,
            is_body_doubtful: false,
        }
    }

    /// Takes the beginning of `rest`.
    pub(super) fn step<'a>(&mut self, rest: &mut &'a [u8]) -> Step<'a> {
        if std::mem::take(&mut self.is_body_doubtful)
            && matches!(self.state, State::Length(_) | State::ChunkSize)
            && super::probe_side(self.side, rest) != Verdict::No
        {
            self.state = State::Head;
            return Step::Broken;
        }
        match self.state {
            State::Head => self.head_line(rest),
            State::Lost => self.lost_line(rest),
            State::Length(left) => self.body(rest, left, |left| match left {
                0 => State::Head,
                left => State::Length(left),
            }),
            State::ChunkData(left) => self.body(rest, left, |left| match left {
                0 => State::ChunkEnd,
                left => State::ChunkData(left),
            }),
            State::ChunkSize | State::ChunkEnd | State::Trailers => self.chunk_line(rest),
            State::UntilClose => Step::Body(std::mem::take(rest), false),
            State::Tunnel => Step::Tunnel(std::mem::take(rest)),
            State::Hold => {
                self.buffer.extend_from_slice(std::mem::take(rest));
                Step::More
            }
        }
    }

    /// A piece of a counted body or chunk.
    fn body<'a>(
        &mut self,
        rest: &mut &'a [u8],
        left: u64,
        next: impl FnOnce(u64) -> State,
    ) -> Step<'a> {
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
        let (taken, behind) = rest.split_at(len);
        *rest = behind;
        self.state = next(left.saturating_sub(u64::try_from(len).unwrap_or(left)));
        Step::Body(taken, self.state == State::Head)
    }

    /// Whether bytes are kept back.
    pub(super) fn is_holding(&self) -> bool {
        self.state == State::Hold
    }

    /// Whether nothing is kept back.
    pub(super) fn holds_nothing(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Whether more is kept back than may be.
    pub(super) fn holds_too_much(&self) -> bool {
        self.is_holding() && self.buffer.len() > limits::HEAD_BYTES
    }

    /// Whether the body ends with the connection.
    pub(super) fn is_until_close(&self) -> bool {
        self.state == State::UntilClose
    }

    /// Whether what is kept back begins like a message.
    pub(super) fn holds_message(&self) -> bool {
        let end = memchr::memchr(b'\n', &self.buffer).unwrap_or(self.buffer.len());
        self.buffer
            .get(..end)
            .is_some_and(|line| start_line::is_start(self.side, line))
    }

    /// Says what follows the head that the last step gave. Returns whether the message ends with it.
    pub(super) fn begin(&mut self, framing: Framing) -> bool {
        self.state = match framing {
            Framing::Empty | Framing::Length(0) => State::Head,
            Framing::Length(len) => State::Length(len),
            Framing::Chunked => State::ChunkSize,
            Framing::UntilClose => State::UntilClose,
            Framing::Tunnel => State::Tunnel,
            Framing::Hold => State::Hold,
        };
        matches!(self.state, State::Head | State::Hold | State::Tunnel)
    }

    /// Says that the body may be left out.
    pub(super) fn doubt_body(&mut self) {
        self.is_body_doubtful = true;
    }

    /// Gives back what was kept back, to be fed again: as the tunnel's, or as messages.
    pub(super) fn release(&mut self, is_tunnel: bool) -> Vec<u8> {
        self.state = if is_tunnel {
            State::Tunnel
        } else {
            State::Head
        };
        self.line_start = 0;
        std::mem::take(&mut self.buffer)
    }

    /// Loses the thread: the next message is found by its start line.
    pub(super) fn lose(&mut self) {
        self.state = State::Lost;
        self.buffer.clear();
        self.line_start = 0;
    }

    /// Bytes passed over since this was last asked.
    pub(super) fn take_passed(&mut self) -> u64 {
        std::mem::take(&mut self.passed)
    }

    /// Takes the whole lines of an unfinished head, or its unfinished first line.
    pub(super) fn take_unfinished_head(&mut self) -> Vec<u8> {
        if self.state != State::Head {
            return Vec::new();
        }
        if self.line_start > 0 {
            self.buffer.truncate(self.line_start);
        }
        self.line_start = 0;
        std::mem::take(&mut self.buffer)
    }

    /// `lost` bytes are missing.
    pub(super) fn gap(&mut self, lost: u64) -> Bridge {
        match self.state {
            State::Length(left) if lost < left => {
                self.state = State::Length(left.saturating_sub(lost));
                Bridge::Body
            }
            State::Length(left) if lost == left => {
                self.state = State::Head;
                Bridge::BodyEnd
            }
            State::ChunkData(left) if lost <= left => {
                self.state = match left.saturating_sub(lost) {
                    0 => State::ChunkEnd,
                    left => State::ChunkData(left),
                };
                Bridge::Body
            }
            State::UntilClose => Bridge::Body,
            State::Tunnel => Bridge::Tunnel,
            _ => {
                let head = self.take_unfinished_head();
                self.lose();
                Bridge::Lost(head)
            }
        }
    }

    /// Moves bytes up to and with the next line end into the buffer. Returns whether the line is complete.
    fn line(&mut self, rest: &mut &[u8]) -> bool {
        let end = memchr::memchr(b'\n', rest).map(|at| at.saturating_add(1));
        let (taken, behind) = rest.split_at(end.unwrap_or(rest.len()).min(rest.len()));
        self.buffer.extend_from_slice(taken);
        *rest = behind;
        end.is_some()
    }

    /// The line that has just been completed, without its end.
    fn current_line(&self) -> &[u8] {
        let line = self.buffer.get(self.line_start..).unwrap_or_default();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    fn head_line<'a>(&mut self, rest: &mut &'a [u8]) -> Step<'a> {
        let is_complete = self.line(rest);
        if is_complete && self.current_line().is_empty() {
            let is_head = self.line_start > 0;
            self.line_start = 0;
            let head = std::mem::take(&mut self.buffer);
            // Empty lines in front of a message are allowed (RFC 9112 §2.2).
            return if is_head {
                Step::Head(head)
            } else {
                Step::More
            };
        }
        if is_complete
            && self.line_start == 0
            && !start_line::is_start(self.side, self.current_line())
        {
            self.state = State::Lost;
            return self.search();
        }
        if self.buffer.len() > limits::HEAD_BYTES {
            let head = std::mem::take(&mut self.buffer);
            let has_start = self.line_start > 0;
            self.lose();
            return if has_start {
                Step::CutHead(head)
            } else {
                Step::More
            };
        }
        if is_complete {
            self.line_start = self.buffer.len();
        }
        Step::More
    }

    fn lost_line<'a>(&mut self, rest: &mut &'a [u8]) -> Step<'a> {
        if self.line(rest) {
            return self.search();
        }
        if self.buffer.len() > limits::HEAD_BYTES {
            self.pass_over(self.buffer.len());
        }
        Step::More
    }

    /// Looks for a start line in the line just completed.
    fn search<'a>(&mut self) -> Step<'a> {
        match start_line::find_start(self.side, self.current_line()) {
            Some(at) => {
                self.pass_over(at);
                self.line_start = self.buffer.len();
                self.state = State::Head;
            }
            None => self.pass_over(self.buffer.len()),
        }
        Step::More
    }

    fn pass_over(&mut self, len: usize) {
        self.passed = self
            .passed
            .saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
        self.buffer.drain(..len.min(self.buffer.len()));
    }

    /// A line of chunked framing (RFC 9112 §7.1): size with extensions, end of data, trailer.
    fn chunk_line<'a>(&mut self, rest: &mut &'a [u8]) -> Step<'a> {
        if !self.line(rest) {
            if self.buffer.len() > limits::HEAD_BYTES {
                self.lose();
                return Step::Broken;
            }
            return Step::More;
        }
        let line = self.current_line();
        let next = match self.state {
            State::ChunkSize => chunk_size(line).map(|size| match size {
                0 => State::Trailers,
                size => State::ChunkData(size),
            }),
            State::ChunkEnd => line.is_empty().then_some(State::ChunkSize),
            _ if line.is_empty() => {
                self.buffer.clear();
                self.state = State::Head;
                return Step::End;
            }
            _ => Some(State::Trailers),
        };
        let Some(next) = next else {
            // The line may be the next message's.
            self.state = State::Lost;
            let _more = self.search();
            return Step::Broken;
        };
        self.buffer.clear();
        self.state = next;
        Step::More
    }
}

/// The size in front of a chunk; blanks around it are padding that some servers send.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
