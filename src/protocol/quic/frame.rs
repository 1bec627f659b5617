//! Frames (RFC 9000 §19, RFC 9221, and extensions that are in use).

use crate::protocol::cursor::Cursor;

const PADDING: u64 = 0x00;
const PING: u64 = 0x01;
const ACK: u64 = 0x02;
const ACK_ECN: u64 = 0x03;
const RESET_STREAM: u64 = 0x04;
const STOP_SENDING: u64 = 0x05;
const CRYPTO: u64 = 0x06;
const NEW_TOKEN: u64 = 0x07;
/// With three flags.
const STREAM: u64 = 0x08;
const STREAM_LAST: u64 = 0x0f;
const STREAM_HAS_OFFSET: u64 = 0x04;
const STREAM_HAS_LENGTH: u64 = 0x02;
const STREAM_IS_LAST: u64 = 0x01;
const MAX_DATA: u64 = 0x10;
const MAX_STREAM_DATA: u64 = 0x11;
const MAX_STREAMS: u64 = 0x12;
const MAX_STREAMS_ONEWAY: u64 = 0x13;
const DATA_BLOCKED: u64 = 0x14;
const STREAM_DATA_BLOCKED: u64 = 0x15;
const STREAMS_BLOCKED: u64 = 0x16;
const STREAMS_BLOCKED_ONEWAY: u64 = 0x17;
const NEW_CONNECTION_ID: u64 = 0x18;
const RETIRE_CONNECTION_ID: u64 = 0x19;
const PATH_CHALLENGE: u64 = 0x1a;
const PATH_RESPONSE: u64 = 0x1b;
const CONNECTION_CLOSE: u64 = 0x1c;
const CONNECTION_CLOSE_APPLICATION: u64 = 0x1d;
const HANDSHAKE_DONE: u64 = 0x1e;
/// `draft-ietf-quic-ack-frequency`.
const IMMEDIATE_ACK: u64 = 0x1f;
const ACK_FREQUENCY: u64 = 0xaf;
/// `draft-ietf-quic-reliable-stream-reset`.
const RESET_STREAM_AT: u64 = 0x24;
/// RFC 9221.
const DATAGRAM: u64 = 0x30;
const DATAGRAM_WITH_LENGTH: u64 = 0x31;

/// A frame that says something to a passive reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    /// Up to this packet of the other side something came.
    Acknowledgement(u64),
    /// Offset and bytes of the handshake.
    Crypto(u64, &'a [u8]),
    /// A piece of a stream.
    Stream {
        stream: u64,
        offset: u64,
        bytes: &'a [u8],
        is_last: bool,
    },
    /// The sender breaks a stream off; it has so many bytes.
    Reset(u64, u64),
    /// One more id under which the sender can be addressed, and the token that ends the connection.
    ConnectionId(&'a [u8], &'a [u8]),
    /// Bytes without a stream.
    Datagram(usize),
    /// A frame without interest.
    Other,
}

/// Calls `each` with each frame of interest. `None` if a frame cannot be read.
pub(super) fn for_each<'a>(payload: &'a [u8], mut each: impl FnMut(Frame<'a>)) -> Option<()> {
    let mut cursor = Cursor::new(payload);
    while !cursor.is_empty() {
        each(next(&mut cursor)?);
    }
    Some(())
}

fn next<'a>(cursor: &mut Cursor<'a>) -> Option<Frame<'a>> {
    let kind = cursor.varint()?;
    Some(match kind {
        ACK | ACK_ECN => {
            let (largest, _delay) = (cursor.varint()?, cursor.varint()?);
            let ranges = cursor.varint()?;
            let _first = cursor.varint()?;
            for _ in 0..ranges {
                skip(cursor, 2)?;
            }
            if kind == ACK_ECN {
                skip(cursor, 3)?;
            }
            Frame::Acknowledgement(largest)
        }
        CRYPTO => Frame::Crypto(cursor.varint()?, cursor.vector_varint()?),
        STREAM..=STREAM_LAST => {
            let stream = cursor.varint()?;
            let offset = match kind & STREAM_HAS_OFFSET {
                0 => 0,
                _ => cursor.varint()?,
            };
            let bytes = match kind & STREAM_HAS_LENGTH {
                0 => cursor.take(cursor.rest().len())?,
                _ => cursor.vector_varint()?,
            };
            Frame::Stream {
                stream,
                offset,
                bytes,
                is_last: kind & STREAM_IS_LAST != 0,
            }
        }
        RESET_STREAM | RESET_STREAM_AT => {
            let (stream, _code, size) = (cursor.varint()?, cursor.varint()?, cursor.varint()?);
            if kind == RESET_STREAM_AT {
                skip(cursor, 1)?;
            }
            Frame::Reset(stream, size)
        }
        NEW_CONNECTION_ID => {
            skip(cursor, 2)?;
            let id = cursor.vector8()?;
            Frame::ConnectionId(id, cursor.take(16)?)
        }
        DATAGRAM => Frame::Datagram(cursor.take(cursor.rest().len())?.len()),
        DATAGRAM_WITH_LENGTH => Frame::Datagram(cursor.vector_varint()?.len()),
        _ => {
            pass(kind, cursor)?;
            Frame::Other
        }
    })
}

/// Passes over a frame without interest.
fn pass(kind: u64, cursor: &mut Cursor<'_>) -> Option<()> {
    match kind {
        PADDING | PING | HANDSHAKE_DONE | IMMEDIATE_ACK => Some(()),
        MAX_DATA
        | MAX_STREAMS
        | MAX_STREAMS_ONEWAY
        | DATA_BLOCKED
        | STREAMS_BLOCKED
        | STREAMS_BLOCKED_ONEWAY
        | RETIRE_CONNECTION_ID => skip(cursor, 1),
        STOP_SENDING | MAX_STREAM_DATA | STREAM_DATA_BLOCKED => skip(cursor, 2),
        ACK_FREQUENCY => skip(cursor, 4),
        NEW_TOKEN => cursor.vector_varint().map(|_| ()),
        PATH_CHALLENGE | PATH_RESPONSE => cursor.take(8).map(|_| ()),
        CONNECTION_CLOSE => {
            skip(cursor, 2)?;
            cursor.vector_varint().map(|_| ())
        }
        CONNECTION_CLOSE_APPLICATION => {
            skip(cursor, 1)?;
            cursor.vector_varint().map(|_| ())
        }
        _ => None,
    }
}

/// Passes over so many integers.
fn skip(cursor: &mut Cursor<'_>, integers: usize) -> Option<()> {
    for _ in 0..integers {
        cursor.varint()?;
    }
    Some(())
}
