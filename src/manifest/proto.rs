//! Wire format of protocol buffers (protobuf.dev/programming-guides/encoding), as app bundles use it.

/// Value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProtoValue<'a> {
    Integer(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

/// The fields of a message in their order; ends at the first that is damaged.
pub(super) fn fields(mut bytes: &[u8]) -> impl Iterator<Item = (u64, ProtoValue<'_>)> {
    std::iter::from_fn(move || {
        loop {
            let key = integer(&mut bytes)?;
            let number = key >> 3;
            let value = match key & 7 {
                0 => ProtoValue::Integer(integer(&mut bytes)?),
                1 => {
                    bytes = bytes.get(8..)?;
                    continue;
                }
                2 => {
                    let length = usize::try_from(integer(&mut bytes)?).ok()?;
                    let (value, rest) = bytes.split_at_checked(length)?;
                    bytes = rest;
                    ProtoValue::Bytes(value)
                }
                5 => {
                    let (value, rest) = bytes.split_first_chunk()?;
                    bytes = rest;
                    ProtoValue::Fixed32(u32::from_le_bytes(*value))
                }
                _ => return None,
            };
            return Some((number, value));
        }
    })
}

/// All messages or strings of one number.
pub(super) fn all(bytes: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    fields(bytes).filter_map(move |(known, value)| match value {
        ProtoValue::Bytes(value) if known == number => Some(value),
        _ => None,
    })
}

/// The message or string of that number; the last one holds.
pub(super) fn message(bytes: &[u8], number: u64) -> Option<&[u8]> {
    all(bytes, number).last()
}

/// The number of that number, 0 if it is absent, as the format has it.
pub(super) fn number(bytes: &[u8], number: u64) -> u64 {
    fields(bytes)
        .filter_map(|(known, value)| match value {
            ProtoValue::Integer(value) if known == number => Some(value),
            _ => None,
        })
        .last()
        .unwrap_or(0)
}

fn integer(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_wire_types_are_told_apart() {
        let bytes = [
            0x08, 0x96, 0x01, 0x12, 2, b'h', b'i', 0x1d, 1, 0, 0, 0, 0x21, 0, 0, 0, 0, 0, 0, 0, 0,
            0x28, 1,
        ];
        let found: Vec<_> = fields(&bytes).collect();
        assert_eq!(
            found,
            [
                (1, ProtoValue::Integer(150)),
                (2, ProtoValue::Bytes(b"hi")),
                (3, ProtoValue::Fixed32(1)),
                (5, ProtoValue::Integer(1))
            ]
        );
        assert_eq!(message(&bytes, 2), Some(&b"hi"[..]));
        assert_eq!(number(&bytes, 5), 1);
        assert_eq!(fields(&[0x12, 9, b'x']).count(), 0);
    }
}
