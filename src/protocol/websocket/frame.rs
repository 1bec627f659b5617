//! The framing of one direction (RFC 6455 §5): frames, masking, fragments; control frames may stand between fragments.

use crate::model::Side;

/// Longest header: two octets, a length of eight, a masking key of four.
const LONGEST_HEADER: usize = 14;
/// Longest payload of a control frame (RFC 6455 §5.5).
const CONTROL_BYTES: u64 = 125;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opcode {
    Continuation,
    Text,
    Binary,
    /// Close, ping, pong.
    Control,
}

/// A frame header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    is_last: bool,
    /// The first reserved bit: of a message's first frame, that it is compressed (RFC 7692 §6).
    is_compressed: bool,
    opcode: Opcode,
    mask: [u8; 4],
    len: u64,
}

/// What the beginning of some bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    /// Too short for a header.
    More,
    /// None.
    No,
    /// A header of that length.
    Head(Head, usize),
}

fn read(side: Side, bytes: &[u8]) -> Read {
    let Some(([first, second], mut rest)) = bytes.split_first_chunk::<2>() else {
        return Read::More;
    };
    let opcode = match first & 0x0f {
        0 => Opcode::Continuation,
        1 => Opcode::Text,
        2 => Opcode::Binary,
        8..=10 => Opcode::Control,
        _ => return Read::No,
    };
    let is_masked = second & 0x80 != 0;
    let is_last = first & 0x80 != 0;
    let is_control = opcode == Opcode::Control;
    // A client masks, a server does not (RFC 6455 §5.1).
    if first & 0x30 != 0 || is_masked != (side == Side::Client) || is_control && !is_last {
        return Read::No;
    }
    let len = match second & 0x7f {
        126 => {
            let Some((len, behind)) = rest.split_first_chunk::<2>() else {
                return Read::More;
            };
            rest = behind;
            u64::from(u16::from_be_bytes(*len))
        }
        127 => {
            let Some((len, behind)) = rest.split_first_chunk::<8>() else {
                return Read::More;
            };
            rest = behind;
            u64::from_be_bytes(*len)
        }
        len => u64::from(len),
    };
    if len >> 63 != 0 || is_control && len > CONTROL_BYTES {
        return Read::No;
    }
    let mut mask = [0; 4];
    if is_masked {
        let Some((key, behind)) = rest.split_first_chunk::<4>() else {
            return Read::More;
        };
        mask = *key;
        rest = behind;
    }
    let head = Head {
        is_last,
        is_compressed: first & 0x40 != 0,
        opcode,
        mask,
        len,
    };
    Read::Head(head, bytes.len().saturating_sub(rest.len()))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head,
    Payload {
        head: Head,
        left: u64,
    },
    /// Out of step; found again only where a segment begins with frames.
    Lost,
}

/// What comes next in a direction.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// More bytes are needed.
    More,
    /// A message begins.
    Begin { is_text: bool, is_compressed: bool },
    /// Bytes of the message, unmasked.
    Data(Vec<u8>),
    /// The message is whole.
    End,
    /// Frames that break the rules: that many bytes belong to nothing.
    Lost(u64),
}

/// One direction.
#[derive(Debug)]
pub(super) struct Frames {
    side: Side,
    state: State,
    /// The unfinished header.
    buffer: Vec<u8>,
    /// A frame's header was handed out as the beginning of a message, and its payload is next.
    begun: Option<Head>,
}

impl Frames {
    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            state: State::Head,
            buffer: Vec::new(),
            begun: None,
        }
    }

    /// New bytes begin; where the thread is lost, frames that fill them to their end are believed.
    pub(super) fn begin_chunk(&mut self, bytes: &[u8]) {
        if self.state == State::Lost && self.fills(bytes) {
            self.state = State::Head;
            self.buffer.clear();
        }
    }

    /// Whether bytes consist of whole frames, the first of them the beginning of a message or a control frame.
    fn fills(&self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        while !rest.is_empty() {
            let Read::Head(head, len) = read(self.side, rest) else {
                return false;
            };
            let is_first = rest.len() == bytes.len();
            if is_first && head.opcode == Opcode::Continuation {
                return false;
            }
            let payload = usize::try_from(head.len).ok();
            let Some(behind) = payload
                .and_then(|payload| len.checked_add(payload))
                .and_then(|len| rest.get(len..))
            else {
                return false;
            };
            rest = behind;
        }
        !bytes.is_empty()
    }

    /// Takes the beginning of `rest`.
    pub(super) fn next(&mut self, rest: &mut &[u8]) -> Piece {
        loop {
            match self.state {
                State::Head => {
                    if let Some(piece) = self.head(rest) {
                        return piece;
                    }
                }
                State::Payload { head, left: 0 } => {
                    self.state = State::Head;
                    if head.is_last && head.opcode != Opcode::Control {
                        return Piece::End;
                    }
                }
                State::Payload { head, left } => {
                    let len = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    if len == 0 {
                        return Piece::More;
                    }
                    let (taken, behind) = rest.split_at(len);
                    *rest = behind;
                    let taken_len = u64::try_from(len).unwrap_or(left);
                    let left = left.saturating_sub(taken_len);
                    self.state = State::Payload { head, left };
                    if head.opcode != Opcode::Control {
                        let start = head.len.saturating_sub(left).saturating_sub(taken_len);
                        return Piece::Data(unmask(taken, head.mask, start));
                    }
                }
                State::Lost => {
                    let lost = u64::try_from(rest.len()).unwrap_or(u64::MAX);
                    *rest = &[];
                    return if lost == 0 {
                        Piece::More
                    } else {
                        Piece::Lost(lost)
                    };
                }
            }
        }
    }

    fn head(&mut self, rest: &mut &[u8]) -> Option<Piece> {
        if let Some(head) = self.begun.take() {
            self.state = State::Payload {
                head,
                left: head.len,
            };
            return None;
        }
        let missing = LONGEST_HEADER.saturating_sub(self.buffer.len());
        let known = self.buffer.len();
        let ahead = rest.get(..missing.min(rest.len())).unwrap_or_default();
        self.buffer.extend_from_slice(ahead);
        match read(self.side, &self.buffer) {
            Read::More => {
                *rest = rest.get(ahead.len()..).unwrap_or_default();
                Some(Piece::More)
            }
            Read::No => {
                self.state = State::Lost;
                self.buffer.clear();
                let known = u64::try_from(known).unwrap_or(u64::MAX);
                (known > 0).then_some(Piece::Lost(known))
            }
            Read::Head(head, len) => {
                *rest = rest.get(len.saturating_sub(known)..).unwrap_or_default();
                self.buffer.clear();
                if matches!(head.opcode, Opcode::Text | Opcode::Binary) {
                    self.begun = Some(head);
                    return Some(Piece::Begin {
                        is_text: head.opcode == Opcode::Text,
                        is_compressed: head.is_compressed,
                    });
                }
                self.state = State::Payload {
                    head,
                    left: head.len,
                };
                None
            }
        }
    }

    /// `lost` bytes are missing. Whether they lie inside one frame, so that the framing goes on.
    pub(super) fn gap(&mut self, lost: u64) -> bool {
        if let State::Payload { head, left } = self.state
            && let Some(left) = left.checked_sub(lost)
        {
            self.state = State::Payload { head, left };
            return true;
        }
        self.state = State::Lost;
        self.buffer.clear();
        self.begun = None;
        false
    }
}

/// RFC 6455 §5.3. `start` is where in the payload the bytes begin.
fn unmask(bytes: &[u8], mask: [u8; 4], start: u64) -> Vec<u8> {
    let skipped = usize::try_from(start % 4).unwrap_or_default();
    let keys = mask.iter().cycle().skip(skipped);
    bytes
        .iter()
        .zip(keys)
        .map(|(byte, key)| byte ^ key)
        .collect()
}
