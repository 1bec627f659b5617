//! Text in clear of a protocol that nobody knows, alone or behind a few bytes that are none: lines of trackers, JSON behind its
//! length, CoAP. What the client says is handed out as it came, without names.

use super::{Chunk, Dissector, Output, Protocol, Start, Started, Verdict};
use crate::limits;
use crate::model::{Body, ContentState, Event, Message, Origin, Shortfall, Side, Transport};

/// Only chosen where no other protocol is: see [`begin`].
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe: |_| Verdict::No,
    start: |start| Box::new(Plain::new(start.transport)),
    content: ContentState::Clear,
};

/// Its name in [`super::PROTOCOLS`].
const NAME: &str = "plain";

/// Shortest run of printable characters that is no chance: five of a million runs of encrypted bytes are as long.
const SHORTEST_RUN: usize = 16;
/// Bytes in front of it, at most.
const LONGEST_FRONT: usize = 64;

/// Who reads what a client said first that no protocol knows, if that is text.
pub fn begin(client: &[u8], transport: Transport) -> Option<Started> {
    let start = Start {
        transport,
        ..Start::default()
    };
    has_text(client).then(|| Started {
        protocol: NAME,
        dissector: (PROTOCOL.start)(&start),
    })
}

fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n' | 0xc3)
}

/// Whether a run of text begins soon.
fn has_text(bytes: &[u8]) -> bool {
    let mut start = 0_usize;
    for run in bytes.split(|byte| !is_printable(*byte)) {
        if start > LONGEST_FRONT {
            return false;
        }
        if run.len() >= SHORTEST_RUN {
            return true;
        }
        start = start.saturating_add(run.len()).saturating_add(1);
    }
    false
}

/// Whether a piece of a stream may be more of its text: of encrypted bytes two in five are printable.
fn is_text(bytes: &[u8]) -> bool {
    let printable = bytes.iter().filter(|byte| is_printable(**byte)).count();
    printable.saturating_mul(3) >= bytes.len().saturating_mul(2) || has_text(bytes)
}

#[derive(Debug, Default)]
struct Plain {
    is_stream: bool,
    /// What the client said since the server spoke.
    pending: Vec<u8>,
    origin: Origin,
    taken: usize,
    is_over: bool,
}

impl Plain {
    fn new(transport: Transport) -> Self {
        Self {
            is_stream: transport == Transport::Tcp,
            ..Self::default()
        }
    }

    fn flush(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        if self.pending.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.pending);
        let message = Message {
            protocol: NAME,
            kind: "text".to_owned(),
            body: Body {
                wire_len: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
                bytes,
                is_cut: false,
            },
            from_client: true,
            ..Message::default()
        };
        emit(Output::Event(Event::Message(message), self.origin));
    }

    fn end(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        self.flush(emit);
        self.is_over = true;
        emit(Output::Opaque(ContentState::NotExamined));
    }
}

impl Dissector for Plain {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        if self.is_over {
            return;
        }
        if chunk.side == Side::Server {
            self.flush(emit);
            return;
        }
        if !is_text(chunk.bytes) {
            self.end(emit);
            return;
        }
        let room = limits::PLAIN_BYTES.saturating_sub(self.taken);
        let (bytes, rest) = chunk
            .bytes
            .split_at_checked(room)
            .unwrap_or((chunk.bytes, &[]));
        self.taken = self.taken.saturating_add(bytes.len());
        self.pending.extend_from_slice(bytes);
        self.origin = chunk.origin;
        if !self.is_stream || self.pending.len() >= limits::PLAIN_MESSAGE_BYTES {
            self.flush(emit);
        }
        if !rest.is_empty() {
            let left = u64::try_from(rest.len()).unwrap_or(u64::MAX);
            let what = "text of an unknown protocol behind the bound";
            emit(Output::Shortfall(Shortfall::MessageLimit, left, what));
            self.end(emit);
        }
    }

    fn gap(&mut self, side: Side, _lost: u64, emit: &mut dyn FnMut(Output<'_>)) {
        if side == Side::Client {
            self.flush(emit);
        }
    }

    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        self.flush(emit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of the pieces that a client sends.
    fn said(transport: Transport, pieces: &[&[u8]]) -> (Vec<Vec<u8>>, bool) {
        let (mut bodies, mut is_opaque) = (Vec::new(), false);
        let Some(mut started) = begin(pieces[0], transport) else {
            return (bodies, is_opaque);
        };
        let mut emit = |output: Output<'_>| match output {
            Output::Event(Event::Message(message), _) => bodies.push(message.body.bytes),
            Output::Opaque(ContentState::NotExamined) => is_opaque = true,
            _ => {}
        };
        for bytes in pieces {
            let chunk = Chunk {
                side: Side::Client,
                bytes,
                origin: Origin::default(),
            };
            started.dissector.feed(chunk, &mut emit);
        }
        started.dissector.finish(&mut emit);
        (bodies, is_opaque)
    }

    #[test]
    fn text_of_unknown_protocols_is_handed_out() {
        let login: &[u8] = b"LOGIN erika@post.example\r\n";
        let json: &[u8] = b"\0\0\0\x1b{\"mail\":\"erika@post.example\"}";
        assert_eq!(
            said(Transport::Tcp, &[login, b"NOOP\r\n"]),
            (vec![[login, b"NOOP\r\n"].concat()], false)
        );
        assert_eq!(
            said(Transport::Udp, &[json, json]),
            (vec![json.to_vec(), json.to_vec()], false)
        );
    }

    #[test]
    fn what_is_no_text_stays_unexamined() {
        let random: Vec<u8> = (0..=255_u8).map(|byte| byte.wrapping_mul(151)).collect();
        assert_eq!(said(Transport::Tcp, &[&random]), (vec![], false));
        let login: &[u8] = b"LOGIN erika@post.example\r\n";
        assert_eq!(
            said(Transport::Tcp, &[login, &random, login]),
            (vec![login.to_vec()], true)
        );
        let long = vec![b'a'; limits::PLAIN_BYTES.saturating_add(1)];
        let (bodies, is_opaque) = said(Transport::Tcp, &[&long]);
        assert_eq!(
            bodies.iter().map(Vec::len).sum::<usize>(),
            limits::PLAIN_BYTES
        );
        assert!(is_opaque);
    }
}
