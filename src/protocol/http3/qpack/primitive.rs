//! Prefixed integers and strings (RFC 9204 §4.1, RFC 7541 §5).

use super::Stop;
use crate::protocol::cursor::Cursor;
use crate::protocol::http::huffman;

/// Bits of an integer behind its prefix; RFC 9204 §4.1.1 asks for 62 in all.
const INTEGER_BITS: u32 = 62;

/// An integer with a prefix of so many bits.
pub(super) fn integer(cursor: &mut Cursor<'_>, prefix: u32) -> Result<u64, Stop> {
    let most = 0xff_u8 >> 8_u32.saturating_sub(prefix);
    let first = cursor.u8().ok_or(Stop::More)? & most;
    let mut value = u64::from(first);
    if first < most {
        return Ok(value);
    }
    let mut shift = 0;
    loop {
        let byte = cursor.u8().ok_or(Stop::More)?;
        if shift >= INTEGER_BITS {
            return Err(Stop::Bad);
        }
        let piece = u64::from(byte & 0x7f)
            .checked_mul(1 << shift)
            .ok_or(Stop::Bad)?;
        value = value.checked_add(piece).ok_or(Stop::Bad)?;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
        shift = shift.saturating_add(7);
    }
}

/// A string whose length has a prefix of so many bits, with the bit for Huffman coding before it.
pub(super) fn string(cursor: &mut Cursor<'_>, prefix: u32) -> Result<Vec<u8>, Stop> {
    let first = *cursor.rest().first().ok_or(Stop::More)?;
    let len = integer(cursor, prefix)?;
    let bytes = usize::try_from(len)
        .ok()
        .and_then(|len| cursor.take(len))
        .ok_or(Stop::More)?;
    if first & (1 << prefix) == 0 {
        Ok(bytes.to_vec())
    } else {
        huffman::decode(bytes).ok_or(Stop::Bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_those_of_rfc_7541_appendix_c() {
        for (bytes, prefix, value) in [
            (&[0x0a][..], 5, Ok(10)),
            (&[0xff, 0x9a, 0x0a], 5, Ok(1337)),
            (&[42], 8, Ok(42)),
            (&[0xff], 8, Err(Stop::More)),
            (&[0xff, 0x80, 0x80], 8, Err(Stop::More)),
            (&[0xff; 12], 8, Err(Stop::Bad)),
        ] {
            assert_eq!(integer(&mut Cursor::new(bytes), prefix), value);
        }
    }
}
