//! Bytes of one side of an XMPP stream → its opening tags and whole stanzas.

use memchr::{memchr, memmem};

use crate::limits;

/// One piece of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The stream's opening tag rather than a whole element.
    pub(super) is_opening: bool,
    pub(super) bytes: Vec<u8>,
}

/// Bytes that wait for the end of their stanza.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    bytes: Vec<u8>,
    /// Bytes before this one are read: it is where the next tag is searched.
    at: usize,
    /// Where the stanza begins, if one is open.
    start: usize,
    /// Elements open, the stanza's own among them.
    nest: usize,
    /// After a gap: tags other than those of stanzas are passed over.
    is_lost: bool,
}

enum Tag {
    Open,
    Close,
    Empty,
    Other,
}

impl Splitter {
    /// Takes bytes; `false` if what waits grew beyond the bound and was given up.
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        self.forget();
        self.bytes.extend_from_slice(bytes);
        let is_bounded = self.bytes.len() <= limits::XMPP_STANZA_BYTES;
        if !is_bounded {
            self.lose();
        }
        is_bounded
    }

    /// Bytes are missing here.
    pub(super) fn lose(&mut self) {
        *self = Self {
            is_lost: true,
            ..Self::default()
        };
    }

    /// Everything that is not yet read.
    pub(super) fn take_rest(&mut self) -> Vec<u8> {
        let at = self.at.min(self.bytes.len());
        let rest = self.bytes.split_off(at);
        *self = Self::default();
        rest
    }

    /// The next whole piece.
    pub(super) fn next_piece(&mut self) -> Option<Piece> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let Some(found) = memchr(b'<', rest) else {
                self.at = self.bytes.len();
                return None;
            };
            let begin = self.at.saturating_add(found);
            self.at = begin;
            let tag = self.bytes.get(begin..)?;
            let Some((kind, length)) = read_tag(tag) else {
                if tag.len() > limits::XMPP_TAG_BYTES {
                    self.lose();
                }
                return None;
            };
            let name = local_name(tag);
            let is_stream = name == b"stream";
            let is_stanza = matches!(name, b"message" | b"presence" | b"iq");
            let end = begin.saturating_add(length);
            self.at = end;
            match kind {
                Tag::Open | Tag::Empty if is_stream => {
                    self.nest = 0;
                    self.is_lost = false;
                    return self.piece(begin, end, true);
                }
                Tag::Open | Tag::Empty => {
                    if self.nest == 0 {
                        if self.is_lost && !is_stanza {
                            continue;
                        }
                        self.is_lost = false;
                        self.start = begin;
                    }
                    if matches!(kind, Tag::Open) {
                        self.nest = self.nest.saturating_add(1);
                    } else if self.nest == 0 {
                        return self.piece(begin, end, false);
                    }
                }
                Tag::Close if self.nest > 0 => {
                    self.nest = self.nest.saturating_sub(1);
                    if self.nest == 0 {
                        return self.piece(self.start, end, false);
                    }
                }
                Tag::Close | Tag::Other => {}
            }
        }
    }

    fn piece(&self, start: usize, end: usize, is_opening: bool) -> Option<Piece> {
        let bytes = self.bytes.get(start..end)?.to_vec();
        Some(Piece { is_opening, bytes })
    }

    /// Drops what is read and belongs to no open stanza.
    fn forget(&mut self) {
        let read = if self.nest == 0 { self.at } else { self.start };
        self.bytes.drain(..read.min(self.bytes.len()));
        self.at = self.at.saturating_sub(read);
        self.start = 0;
    }
}

/// The kind and length of the tag at the beginning; `None` if it does not end yet.
fn read_tag(tag: &[u8]) -> Option<(Tag, usize)> {
    let until = |end: &[u8]| {
        memmem::find(tag, end).map(|found| (Tag::Other, found.saturating_add(end.len())))
    };
    for (begin, end) in [
        (&b"<!--"[..], &b"-->"[..]),
        (b"<![CDATA[", b"]]>"),
        (b"<?", b"?>"),
    ] {
        if tag.starts_with(begin) {
            return until(end);
        }
        if begin.starts_with(tag) {
            return None;
        }
    }
    let mut quote = None;
    for (position, byte) in tag.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => {
                let inside = tag.get(1..position)?;
                let kind = match inside {
                    [b'/', ..] => Tag::Close,
                    [.., b'/'] => Tag::Empty,
                    [b'!', ..] => Tag::Other,
                    _ => Tag::Open,
                };
                return Some((kind, position.saturating_add(1)));
            }
            _ => {}
        }
    }
    None
}

/// The name in a start tag without its prefix.
fn local_name(tag: &[u8]) -> &[u8] {
    let name = tag.get(1..).unwrap_or_default();
    let length = name
        .iter()
        .take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'>' | b'/'))
        .count();
    let name = name.get(..length).unwrap_or_default();
    name.rsplit(|byte| *byte == b':').next().unwrap_or_default()
}
