//! Frames of Initial packets (RFC 9000 §17.2.2, §19).

use crate::protocol::cursor::Cursor;

const PADDING: u64 = 0x00;
const PING: u64 = 0x01;
const ACK: u64 = 0x02;
const ACK_ECN: u64 = 0x03;
const CRYPTO: u64 = 0x06;
const CONNECTION_CLOSE: u64 = 0x1c;
const CONNECTION_CLOSE_APPLICATION: u64 = 0x1d;

/// Calls `crypto` with offset and bytes of each CRYPTO frame. `None` if a frame cannot be read.
pub(super) fn for_each_crypto(payload: &[u8], mut crypto: impl FnMut(u64, &[u8])) -> Option<()> {
    let mut cursor = Cursor::new(payload);
    while !cursor.is_empty() {
        match cursor.varint()? {
            PADDING | PING => {}
            kind @ (ACK | ACK_ECN) => {
                let (_largest, _delay) = (cursor.varint()?, cursor.varint()?);
                let ranges = cursor.varint()?;
                let _first = cursor.varint()?;
                for _ in 0..ranges {
                    let (_gap, _len) = (cursor.varint()?, cursor.varint()?);
                }
                if kind == ACK_ECN {
                    let _counts = (cursor.varint()?, cursor.varint()?, cursor.varint()?);
                }
            }
            CRYPTO => {
                let offset = cursor.varint()?;
                crypto(offset, cursor.vector_varint()?);
            }
            kind @ (CONNECTION_CLOSE | CONNECTION_CLOSE_APPLICATION) => {
                let _code = cursor.varint()?;
                if kind == CONNECTION_CLOSE {
                    let _frame = cursor.varint()?;
                }
                let _reason = cursor.vector_varint()?;
            }
            _ => return None,
        }
    }
    Some(())
}
