//! The Huffman code of HPACK and QPACK (RFC 7541 Appendix B). It is canonical: codes of one length follow each other in the
//! order of their symbols, so the lengths are the whole table.

/// Bits of the code of each octet, and of the end-of-string symbol.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5,
    5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6,
    6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22,
    23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22,
    21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20,
    22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19,
    21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22,
    22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

/// Longest code, in bits.
const LONGEST: usize = 30;

/// The symbol that must not be encoded: its beginning fills the last octet.
const END_OF_STRING: u16 = 256;

/// Codes of one length: the first of them, how many, and where their symbols begin in [`Code::symbols`].
#[derive(Clone, Copy)]
struct Row {
    first: u32,
    count: u32,
    start: u32,
}

struct Code {
    rows: [Row; LONGEST + 1],
    symbols: [u16; 257],
}

static CODE: Code = build();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler over the table above"
)]
const fn build() -> Code {
    let empty = Row {
        first: 0,
        count: 0,
        start: 0,
    };
    let mut code = Code {
        rows: [empty; LONGEST + 1],
        symbols: [0; 257],
    };
    let (mut length, mut next, mut start) = (1, 0_u32, 0_u32);
    while length <= LONGEST {
        next <<= 1;
        let row = &mut code.rows[length];
        row.first = next;
        row.start = start;
        let mut symbol = 0;
        while symbol < LENGTHS.len() {
            if LENGTHS[symbol] as usize == length {
                code.symbols[start as usize] = symbol as u16;
                next += 1;
                start += 1;
                row.count += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    code
}

/// Decodes a string. `None` if it does not end as RFC 7541 §5.2 wants: with less than an octet of the end-of-string code.
pub(in crate::protocol) fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
    // The shortest code has five bits.
    let mut decoded = Vec::with_capacity(bytes.len().saturating_mul(8).div_ceil(5));
    let (mut code, mut length) = (0_u32, 0_usize);
    let bits = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |shift| u32::from(byte >> shift & 1)));
    for bit in bits {
        code = code << 1 | bit;
        length = length.saturating_add(1);
        let row = CODE.rows.get(length)?;
        let offset = code.wrapping_sub(row.first);
        if offset < row.count {
            let position = usize::try_from(row.start.saturating_add(offset)).ok()?;
            let symbol = *CODE.symbols.get(position)?;
            if symbol == END_OF_STRING {
                return None;
            }
            decoded.push(u8::try_from(symbol).ok()?);
            (code, length) = (0, 0);
        }
    }
    let is_padding = length < 8 && code.count_ones() == u32::try_from(length).ok()?;
    is_padding.then_some(decoded)
}

/// Encodes a string, for tests.
#[cfg(test)]
pub(in crate::protocol) fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    let (mut pending, mut length) = (0_u64, 0_u32);
    for byte in bytes {
        let bits = usize::from(LENGTHS[usize::from(*byte)]);
        let row = CODE.rows[bits];
        let start = usize::try_from(row.start).unwrap();
        let at = CODE.symbols[start..]
            .iter()
            .position(|symbol| *symbol == u16::from(*byte))
            .unwrap();
        pending = pending << bits | u64::from(row.first + u32::try_from(at).unwrap());
        length += u32::try_from(bits).unwrap();
        while length >= 8 {
            length -= 8;
            encoded.push(u8::try_from(pending >> length & 0xff).unwrap());
        }
    }
    if length > 0 {
        let filled = pending << (8 - length) | (0xff >> length);
        encoded.push(u8::try_from(filled & 0xff).unwrap());
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn strings_are_those_of_rfc_7541_appendix_c() {
        for (bytes, text) in [
            (
                &[
                    0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff,
                ][..],
                "www.example.com",
            ),
            (&[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf], "no-cache"),
            (
                &[0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xa9, 0x7d, 0x7f],
                "custom-key",
            ),
            (&[0x64, 0x02], "302"),
            (&[], ""),
        ] {
            assert_eq!(decode(bytes).as_deref(), Some(text.as_bytes()));
            assert_eq!(encode(text.as_bytes()), bytes);
        }
    }

    #[test]
    fn padding_is_short_and_of_ones() {
        assert_eq!(decode(&[0xff]), None, "a whole octet of padding");
        assert_eq!(decode(&[0x00, 0x00]), None, "padding of zeros");
        assert_eq!(decode(&[0xff; 4]), None, "the end-of-string symbol");
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _decoded = decode(&bytes);
        }
    }
}
