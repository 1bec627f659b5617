//! HTTP/2 frames (RFC 9113) with header blocks that add each line to the table and refer to it from then on.

use std::collections::VecDeque;

/// What a client says first.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const SETTINGS: u8 = 4;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// Entries of HPACK's fixed table, which numbers go on behind.
const STATIC_ENTRIES: usize = 61;
/// Lines that fit into a table of the usual size.
const ENTRIES: usize = 20;

/// A frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// One direction of a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Encoder {
    lines: VecDeque<(String, String)>,
}

impl Encoder {
    /// A header block.
    pub(crate) fn block(&mut self, lines: &[(&str, &str)]) -> Vec<u8> {
        let mut block = Vec::new();
        for (name, value) in lines {
            let known = (self.lines.iter()).position(|(n, v)| n == name && v == value);
            if let Some(position) = known {
                block.push(0x80 | u8::try_from(STATIC_ENTRIES + 1 + position).unwrap());
                continue;
            }
            block.push(0x40);
            for part in [name, value] {
                assert!(part.len() < 127, "lengths are forged in one octet");
                block.push(u8::try_from(part.len()).unwrap());
                block.extend(part.bytes());
            }
            self.lines
                .push_front(((*name).to_owned(), (*value).to_owned()));
            assert!(self.lines.len() <= ENTRIES, "nothing is evicted");
        }
        block
    }

    /// A message: its head, and its body in frames of `most` bytes.
    pub(crate) fn message(
        &mut self,
        stream: u32,
        lines: &[(&str, &str)],
        body: &[u8],
        most: usize,
    ) -> Vec<u8> {
        let flag = |is_last| if is_last { END_STREAM } else { 0 };
        let block = self.block(lines);
        let mut bytes = frame(HEADERS, END_HEADERS | flag(body.is_empty()), stream, &block);
        let mut rest = body;
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(most.min(rest.len()));
            bytes.extend(frame(DATA, flag(behind.is_empty()), stream, piece));
            rest = behind;
        }
        bytes
    }
}

/// What each side says first.
pub(crate) fn opening() -> (Vec<u8>, Vec<u8>) {
    let settings = frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]);
    ([PREFACE, &settings].concat(), settings)
}

/// The head of a request.
pub(crate) fn request<'a>(
    method: &'a str,
    host: &'a str,
    path: &'a str,
    headers: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let mut lines = vec![
        (":method", method),
        (":scheme", "https"),
        (":authority", host),
        (":path", path),
    ];
    lines.extend(headers);
    lines
}
