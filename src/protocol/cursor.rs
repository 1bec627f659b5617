//! Reading big-endian numbers and length-prefixed vectors from hostile bytes, without a panic.

/// Bytes still to be read. Every reader returns `None` at the end and then leaves the cursor where it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn is_empty(self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u24(&mut self) -> Option<u32> {
        self.array()
            .map(|[high, middle, low]| u32::from_be_bytes([0, high, middle, low]))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// A vector behind an 8-bit length, as TLS writes them (RFC 8446 §3.4).
    pub(super) fn vector8(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let len = usize::from(ahead.u8()?);
        let taken = ahead.take(len)?;
        *self = ahead;
        Some(taken)
    }

    /// A vector behind a 16-bit length.
    pub(super) fn vector16(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let len = usize::from(ahead.u16()?);
        let taken = ahead.take(len)?;
        *self = ahead;
        Some(taken)
    }

    /// A vector behind a 24-bit length.
    pub(super) fn vector24(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let len = usize::try_from(ahead.u24()?).ok()?;
        let taken = ahead.take(len)?;
        *self = ahead;
        Some(taken)
    }

    /// A vector behind a 16-bit length, or what there is of it: captures may be cut.
    pub(super) fn vector16_lossy(&mut self) -> Option<&'a [u8]> {
        let len = usize::from(self.u16()?);
        self.take(len.min(self.rest.len()))
    }

    /// A variable-length integer of QUIC (RFC 9000 §16).
    pub(super) fn varint(&mut self) -> Option<u64> {
        let first = *self.rest.first()?;
        let value = u64::from(first & 0x3f);
        let mut ahead = *self;
        ahead.u8()?;
        let tail = ahead.take((1_usize << (first >> 6)).saturating_sub(1))?;
        *self = ahead;
        Some(
            tail.iter()
                .fold(value, |value, byte| value << 8 | u64::from(*byte)),
        )
    }

    /// A vector behind a variable-length integer.
    pub(super) fn vector_varint(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let len = usize::try_from(ahead.varint()?).ok()?;
        let taken = ahead.take(len)?;
        *self = ahead;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_are_those_of_rfc_9000_appendix_a() {
        for (bytes, value) in [
            (&[0x25][..], 37),
            (&[0x7b, 0xbd], 15_293),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (
                &[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c],
                151_288_809_941_952_652,
            ),
        ] {
            let mut cursor = Cursor::new(bytes);
            assert_eq!(cursor.varint(), Some(value));
            assert!(cursor.is_empty());
            let mut short = Cursor::new(&bytes[..bytes.len() - 1]);
            assert_eq!(short.varint(), None);
        }
    }

    #[test]
    fn a_vector_longer_than_the_rest_moves_nothing() {
        let mut cursor = Cursor::new(&[0, 3, 1, 2]);
        assert_eq!(cursor.vector16(), None);
        assert_eq!(cursor.vector16_lossy(), Some(&[1, 2][..]));
        assert_eq!(cursor.u8(), None);
    }
}
