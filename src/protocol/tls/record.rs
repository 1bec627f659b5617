//! The record layer of one side (RFC 8446 §5.1): handshake bytes out of records, until encryption begins.

use super::handshake::{Messages, Opening};
use super::ssl2;
use crate::protocol::{Chunk, Verdict};

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
const HEARTBEAT: u8 = 24;

const HEADER_BYTES: usize = 5;
/// Longest fragment: 2^14 bytes and what encryption may add (RFC 5246 §6.2.3).
const FRAGMENT_BYTES: u16 = (1 << 14) + 2048;

/// A record's header.
#[derive(Clone, Copy, Debug)]
struct Header {
    kind: u8,
    len: u16,
}

impl Header {
    fn read(bytes: [u8; HEADER_BYTES]) -> Option<Self> {
        let [kind, major, minor, high, low] = bytes;
        let len = u16::from_be_bytes([high, low]);
        (matches!(kind, CHANGE_CIPHER_SPEC..=HEARTBEAT)
            && major == 3
            && minor <= 4
            && len <= FRAGMENT_BYTES)
            .then_some(Self { kind, len })
    }
}

/// What one side has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Still in clear.
    Reading,
    /// Encrypted from here on, or not readable any more.
    Encrypted,
    /// Not TLS.
    NoTls,
}

/// One side.
#[derive(Debug, Default)]
pub(super) struct Half {
    /// Bytes of an unfinished header, or of an unfinished hello of SSL 2.0.
    head: Vec<u8>,
    /// Kind of the record that is being read, and how many of its bytes are to come.
    record: Option<(u8, usize)>,
    messages: Messages,
    /// Whether a record began: after it, no hello of SSL 2.0 comes.
    has_record: bool,
    is_closed: bool,
}

impl Half {
    /// Whether nothing more is to be read from this side.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Stops reading this side.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
        self.head = Vec::new();
        self.record = None;
    }

    /// Whether a handshake message, or a part of one, came in clear.
    pub(super) fn has_begun(&self) -> bool {
        self.messages.has_begun()
    }

    /// The handshake messages, of which the last may be incomplete.
    pub(super) fn messages(&self) -> &Messages {
        &self.messages
    }

    /// Takes the side's next bytes.
    pub(super) fn feed(&mut self, chunk: Chunk<'_>, opening: &mut Opening) -> Progress {
        let mut rest = chunk.bytes;
        while !self.is_closed && !rest.is_empty() {
            let outcome = match self.record {
                None => self.header(&mut rest, chunk, opening),
                Some((kind, len)) => {
                    let (fragment, behind) = rest.split_at(len.min(rest.len()));
                    rest = behind;
                    let left = len.saturating_sub(fragment.len());
                    self.record = (left > 0).then_some((kind, left));
                    self.fragment(kind, fragment, chunk, opening);
                    Ok(())
                }
            };
            if outcome.is_err() {
                self.close();
                return Progress::NoTls;
            }
        }
        if self.is_closed {
            Progress::Encrypted
        } else {
            Progress::Reading
        }
    }

    /// Reads a record's header, or a hello of SSL 2.0 in front of the first one.
    fn header(
        &mut self,
        rest: &mut &[u8],
        chunk: Chunk<'_>,
        opening: &mut Opening,
    ) -> Result<(), NoRecord> {
        // Byte by byte: headers are short, and a hello of SSL 2.0 must not take bytes of the record behind it.
        let Some((first, behind)) = rest.split_first() else {
            return Ok(());
        };
        self.head.push(*first);
        *rest = behind;
        if !self.has_record {
            match ssl2::read(&self.head) {
                ssl2::Piece::Other => {}
                ssl2::Piece::Unfinished => return Ok(()),
                ssl2::Piece::Hello(hello) => {
                    opening.ssl2(*hello, chunk.origin);
                    self.head.clear();
                    return Ok(());
                }
            }
        }
        let Some(bytes) = self.head.first_chunk::<HEADER_BYTES>() else {
            return Ok(());
        };
        let header = Header::read(*bytes).ok_or(NoRecord)?;
        self.has_record = true;
        self.head.clear();
        self.record = (header.len > 0).then_some((header.kind, usize::from(header.len)));
        Ok(())
    }

    fn fragment(&mut self, kind: u8, fragment: &[u8], chunk: Chunk<'_>, opening: &mut Opening) {
        match kind {
            HANDSHAKE => {
                let outcome = self.messages.push(fragment, |kind, body| {
                    opening.message(kind, body, chunk.origin);
                });
                if outcome.is_err() {
                    self.close();
                }
            }
            // Both sides may send one between a HelloRetryRequest and the second hellos, where it means nothing (RFC 8446
            // appendix D.4).
            CHANGE_CIPHER_SPEC if opening.is_retried() => {}
            ALERT | HEARTBEAT => {}
            _ => self.close(),
        }
    }
}

/// Bytes that begin no record.
#[derive(Clone, Copy, Debug)]
struct NoRecord;

/// Whether one side's first bytes are TLS: a hello, or records in a row where the flow was met in its middle.
pub(super) fn probe(bytes: &[u8]) -> Verdict {
    match ssl2::read(bytes.get(..PROBE_BYTES).unwrap_or(bytes)) {
        ssl2::Piece::Hello(_) => return Verdict::Yes,
        ssl2::Piece::Unfinished => return Verdict::More,
        ssl2::Piece::Other => {}
    }
    let Some((bytes, behind)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
        let is_prefix = bytes.iter().zip([0x16, 0x03]).all(|(byte, expected)| {
            *byte == expected
                || (expected == 0x16 && matches!(*byte, CHANGE_CIPHER_SPEC..=HEARTBEAT))
        });
        return if is_prefix {
            Verdict::More
        } else {
            Verdict::No
        };
    };
    let Some(header) = Header::read(*bytes) else {
        return Verdict::No;
    };
    match header.kind {
        HANDSHAKE => probe_handshake(behind),
        // Two bytes, in clear or not, are an alert; ciphertext is longer than its authentication tag.
        ALERT if header.len == 2 => probe_alert(behind),
        CHANGE_CIPHER_SPEC if header.len == 1 => match behind.first() {
            Some(1) => Verdict::Yes,
            Some(_) => Verdict::No,
            None => Verdict::More,
        },
        ALERT | APPLICATION_DATA | HEARTBEAT if header.len >= 17 => probe_next(behind, header),
        _ => Verdict::No,
    }
}

/// Bytes of the first piece that a probe reads as a hello of SSL 2.0; longer ones do not exist.
const PROBE_BYTES: usize = 1024;

fn probe_handshake(fragment: &[u8]) -> Verdict {
    match fragment {
        [] => Verdict::More,
        // Hello request, client hello, server hello, new session ticket, certificate: what a clear record begins with. Each is
        // shorter than 2^17 bytes. A cut record may hold less than the message's length.
        [0 | 1 | 2 | 4 | 11, rest @ ..] => match rest.first() {
            Some(0 | 1) => Verdict::Yes,
            Some(_) => Verdict::No,
            None => Verdict::More,
        },
        _ => Verdict::No,
    }
}

fn probe_alert(fragment: &[u8]) -> Verdict {
    match fragment.first() {
        Some(1 | 2) => Verdict::Yes,
        Some(_) => Verdict::No,
        None => Verdict::More,
    }
}

/// Ciphertext is told by the header behind it, where that is there.
fn probe_next(behind: &[u8], header: Header) -> Verdict {
    let next = behind.get(usize::from(header.len)..).unwrap_or_default();
    match next.first_chunk::<HEADER_BYTES>() {
        Some(bytes) if Header::read(*bytes).is_none() => Verdict::No,
        _ => Verdict::Yes,
    }
}
