//! Text in clear of a protocol that nobody knows, alone or behind a few bytes that are none: lines of trackers, JSON behind its
//! length, CoAP, a number or something compressed in a frame; and binary documents. What the client says until the server speaks, or
//! in one datagram, is handed out as one message, without names.

use std::io::Read as _;

use flate2::bufread::ZlibDecoder;

use super::{Chunk, Dissector, Output, Protocol, Started, Verdict};
use crate::limits;
use crate::model::{Body, ContentState, Event, Message, Origin, Shortfall, Side, Transport};
use crate::payload;

/// Only chosen where no other protocol is: see [`begin`].
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe: |_| Verdict::No,
    start: |start| Box::new(Plain::new(start.transport)),
    content: ContentState::NotExamined,
};

/// Its name in [`super::PROTOCOLS`].
pub const NAME: &str = "plain";

/// Shortest run of printable characters that is no chance: five of a million runs of encrypted bytes are as long. What is
/// shorter and no text may be a length or a keep-alive.
const SHORTEST_RUN: usize = 16;
/// Shortest run of digits that is no chance: a hundredth of that.
const SHORTEST_NUMBER: usize = 8;
/// Bytes in front of it, at most.
const LONGEST_FRONT: usize = 64;

/// Who reads what a client said first that no protocol knows, if that is text or compressed; `passed` bytes were passed over before.
pub fn begin(client: &[u8], transport: Transport, passed: u64) -> Option<Started> {
    is_readable(client).then(|| Started {
        protocol: NAME,
        dissector: Box::new(Plain {
            passed,
            ..Plain::new(transport)
        }),
    })
}

/// What a piece of an unknown protocol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Mostly printable characters; of encrypted bytes two in five are.
    Text,
    /// A document that can be read, of which chance makes few.
    Document,
    /// Too short to tell.
    Short,
    /// Anything else.
    Binary,
}

impl Kind {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let printable = texts(bytes).map(|(_, text)| text.len()).sum::<usize>();
        if printable.saturating_mul(3) >= bytes.len().saturating_mul(2) {
            Self::Text
        } else if payload::is_document(bytes) {
            Self::Document
        } else if bytes.len() < SHORTEST_RUN {
            Self::Short
        } else {
            Self::Binary
        }
    }
}

/// Runs of text in UTF-8 without control characters but white space, and where each begins.
fn texts(bytes: &[u8]) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0_usize;
    bytes.utf8_chunks().flat_map(move |chunk| {
        let from = start;
        let length = chunk.valid().len().saturating_add(chunk.invalid().len());
        start = start.saturating_add(length);
        let is_odd = |letter: char| letter.is_control() && !matches!(letter, '\t' | '\r' | '\n');
        let mut at = from;
        chunk.valid().split_inclusive(is_odd).map(move |run| {
            let begin = at;
            at = at.saturating_add(run.len());
            (begin, run.trim_end_matches(is_odd))
        })
    })
}

/// Whether text, a number or something compressed begins soon, or all is a document.
fn is_readable(bytes: &[u8]) -> bool {
    has_text(bytes) || has_compressed(bytes) || payload::is_document(bytes)
}

/// Whether a run of text begins soon, or of digits.
fn has_text(bytes: &[u8]) -> bool {
    let is_digits = |window: &[u8]| window.iter().all(u8::is_ascii_digit);
    let mut soon = texts(bytes).take_while(|(start, _)| *start <= LONGEST_FRONT);
    soon.any(|(_, run)| {
        run.len() >= SHORTEST_RUN || run.as_bytes().windows(SHORTEST_NUMBER).any(is_digits)
    })
}

/// Whether gzip or Zstandard begin soon by their magic (RFC 1952 §2.3.1, RFC 8878 §3.1.1), of which chance makes as little, or zlib
/// (RFC 1950) of text begins at once.
fn has_compressed(bytes: &[u8]) -> bool {
    let is_magic =
        |window: &[u8; 4]| matches!(window, [0x1f, 0x8b, 8, 0..0x20] | [0x28, 0xb5, 0x2f, 0xfd]);
    let front = bytes.get(..LONGEST_FRONT).unwrap_or(bytes);
    front.array_windows().any(is_magic) || bytes.first() == Some(&0x78) && inflates_to_text(bytes)
}

fn inflates_to_text(bytes: &[u8]) -> bool {
    let mut text = [0; 4 * SHORTEST_RUN];
    let length = ZlibDecoder::new(bytes).read(&mut text).unwrap_or(0);
    let text = text.get(..length).unwrap_or_default();
    length >= SHORTEST_RUN && Kind::of(text) == Kind::Text
}

/// Where the parts of a message end: documents in lines of their own, one or several, and the lines of text between them. A
/// message that is not of both kinds, or no text throughout, is one part.
fn parts(bytes: &[u8]) -> Vec<usize> {
    let is_control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    let mut ends = Vec::new();
    if !bytes.iter().any(is_control) {
        let mut at = 0_usize;
        let mut was_document = None;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let is_document = matches!(rest.first(), Some(b'{' | b'['));
            if was_document.is_some_and(|was| was != is_document) {
                ends.push(at);
            }
            was_document = Some(is_document);
            at = at.saturating_add(line(rest, is_document));
        }
    }
    ends.push(bytes.len());
    ends
}

/// Length of a line; that of a document ends where its brackets are closed.
fn line(bytes: &[u8], is_document: bool) -> usize {
    let (mut depth, mut is_quoted, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' if !is_document || depth == 0 => return at.saturating_add(1),
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_quoted,
            b'"' => is_quoted = !is_quoted,
            b'{' | b'[' if !is_quoted => depth = depth.saturating_add(1),
            b'}' | b']' if !is_quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    bytes.len()
}

#[derive(Debug, Default)]
struct Plain {
    is_stream: bool,
    /// What the client said since the server spoke.
    pending: Vec<u8>,
    /// From where on in `pending` which packet brought it.
    origins: Vec<(usize, Origin)>,
    taken: usize,
    /// Bytes of the client behind the bound.
    behind: u64,
    /// Bytes of the client's that were passed over as too short to tell.
    passed: u64,
    /// Bytes of text and documents, and of pieces too short to tell, of both sides.
    text: u64,
    short: u64,
    has_binary: bool,
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

impl Plain {
    fn new(transport: Transport) -> Self {
        Self {
            is_stream: transport == Transport::Tcp,
            ..Self::default()
        }
    }

    fn judge(&mut self, bytes: &[u8]) {
        if self.has_binary {
            return;
        }
        match Kind::of(bytes) {
            Kind::Text | Kind::Document => self.text = self.text.saturating_add(length(bytes)),
            Kind::Short => self.short = self.short.saturating_add(length(bytes)),
            Kind::Binary => self.has_binary = true,
        }
    }

    /// Hands out what the client said as one message, or by its parts.
    fn flush(&mut self, is_cut: bool, emit: &mut dyn FnMut(Output<'_>)) {
        let bytes = std::mem::take(&mut self.pending);
        let origins = std::mem::take(&mut self.origins);
        match Kind::of(&bytes) {
            _ if bytes.is_empty() => return,
            Kind::Short if !is_readable(&bytes) => {
                self.passed = self.passed.saturating_add(length(&bytes));
                return;
            }
            Kind::Binary if !is_readable(&bytes) => {
                self.has_binary = true;
                return;
            }
            _ => {}
        }
        let mut start = 0_usize;
        for end in parts(&bytes) {
            let before = origins.partition_point(|(at, _)| *at <= start);
            let origin = origins.get(..before).and_then(<[_]>::last);
            let part = bytes.get(start..end).unwrap_or_default();
            let message = Message {
                protocol: NAME,
                kind: "text".to_owned(),
                body: Body {
                    wire_len: length(part),
                    bytes: part.to_vec(),
                    is_cut: is_cut && end == bytes.len(),
                },
                from_client: true,
                ..Message::default()
            };
            let origin = origin.map_or_else(Origin::default, |(_, origin)| *origin);
            emit(Output::Event(Event::Message(message), origin));
            start = end;
        }
    }
}

impl Dissector for Plain {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        self.judge(chunk.bytes);
        if chunk.side == Side::Server {
            self.flush(false, emit);
            return;
        }
        let room = limits::PLAIN_BYTES.saturating_sub(self.taken);
        let (bytes, rest) = chunk
            .bytes
            .split_at_checked(room)
            .unwrap_or((chunk.bytes, &[]));
        if self.origins.len() < limits::PLAIN_PACKETS && !bytes.is_empty() {
            self.origins.push((self.pending.len(), chunk.origin));
        }
        self.taken = self.taken.saturating_add(bytes.len());
        self.pending.extend_from_slice(bytes);
        self.behind = self.behind.saturating_add(length(rest));
        if !self.is_stream || !rest.is_empty() {
            self.flush(!rest.is_empty(), emit);
        }
    }

    fn gap(&mut self, side: Side, _lost: u64, emit: &mut dyn FnMut(Output<'_>)) {
        if side == Side::Client {
            self.flush(true, emit);
        }
    }

    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        self.flush(false, emit);
        if self.behind > 0 {
            let what = "text of an unknown protocol behind the bound";
            emit(Output::Shortfall(
                Shortfall::MessageLimit,
                self.behind,
                what,
            ));
        }
        if self.passed > 0 {
            let what = "short pieces of an unknown protocol, passed over";
            emit(Output::Shortfall(
                Shortfall::UnknownEncoding,
                self.passed,
                what,
            ));
        }
        if !self.has_binary && self.short <= self.text {
            emit(Output::Content(ContentState::Clear));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(side: Side, bytes: &[u8]) -> Chunk<'_> {
        Chunk {
            side,
            bytes,
            origin: Origin::default(),
        }
    }

    /// What comes of the pieces that a client sends, and whether all of it was text.
    fn said(transport: Transport, pieces: &[&[u8]]) -> (Vec<Vec<u8>>, bool) {
        let (mut bodies, mut is_clear) = (Vec::new(), false);
        let Some(mut started) = begin(pieces[0], transport, 0) else {
            return (bodies, is_clear);
        };
        let mut emit = |output: Output<'_>| match output {
            Output::Event(Event::Message(message), _) => bodies.push(message.body.bytes),
            Output::Content(ContentState::Clear) => is_clear = true,
            _ => {}
        };
        for bytes in pieces {
            started
                .dissector
                .feed(chunk(Side::Client, bytes), &mut emit);
        }
        started.dissector.finish(&mut emit);
        (bodies, is_clear)
    }

    #[test]
    fn text_of_unknown_protocols_is_handed_out() {
        let place = "\0\0\0\x1552\u{b0}31'12.0\"N 13\u{b0}24'18.0\"E".as_bytes();
        assert_eq!(said(Transport::Tcp, &[place]), (vec![place.to_vec()], true));
        let login: &[u8] = b"LOGIN erika@post.example\r\n";
        let json: &[u8] = b"\0\0\0\x1b{\"mail\":\"erika@post.example\"}";
        assert_eq!(
            said(Transport::Tcp, &[login, b"NOOP\r\n"]),
            (vec![[login, b"NOOP\r\n"].concat()], true)
        );
        assert_eq!(
            said(Transport::Udp, &[json, b"\0", json]),
            (vec![json.to_vec(), json.to_vec()], true)
        );
    }

    #[test]
    fn numbers_and_what_is_compressed_are_handed_out_in_frames() {
        use std::io::Write as _;
        let mut gzip =
            flate2::write::GzEncoder::new(b"\xaa\x55\x03".to_vec(), flate2::Compression::fast());
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"{\"host\":\"a\"}").unwrap();
        zlib.write_all(b"{\"host\":\"a\",\"message\":\"bell\"}")
            .unwrap();
        let frames: [&[u8]; 4] = [
            b"\x80\x01\0\x01\0\0\0\x0f490154203237518\0\xff\xfe\xfd\xfc",
            b"\x90\x0430231251\x81\xff",
            &gzip.finish().unwrap(),
            &zlib.finish().unwrap(),
        ];
        for frame in frames {
            for transport in [Transport::Tcp, Transport::Udp] {
                assert_eq!(said(transport, &[frame]).0, [frame], "{frame:x?}");
            }
        }
    }

    #[test]
    fn what_is_no_text_stays_unexamined() {
        let random: Vec<u8> = (0..=255_u8).map(|byte| byte.wrapping_mul(151)).collect();
        assert_eq!(said(Transport::Tcp, &[&random]), (vec![], false));
        let login: &[u8] = b"LOGIN erika@post.example\r\n";
        assert_eq!(
            said(Transport::Udp, &[login, &random, login]),
            (vec![login.to_vec(), login.to_vec()], false)
        );
    }

    #[test]
    fn parts_are_runs_of_lines_of_one_kind() {
        let text = b"HELLO you\n{\"a\":\n\"}\"}\n[1]\nBYE [x\nNOOP\n{\"b\":2}";
        let ends = parts(text);
        let mut start = 0;
        let mut found = Vec::new();
        for end in ends {
            found.push(&text[start..end]);
            start = end;
        }
        let expected: [&[u8]; 4] = [
            b"HELLO you\n",
            b"{\"a\":\n\"}\"}\n[1]\n",
            b"BYE [x\nNOOP\n",
            b"{\"b\":2}",
        ];
        assert_eq!(found, expected);
        assert_eq!(parts(b"{\"a\":1}\n{\"a\":2}\n"), [16]);
        assert_eq!(parts(b"\0\x09{\n}\nNOOP"), [10]);
    }
}
