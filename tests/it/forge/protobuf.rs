//! Pieces of messages of protocol buffers ("Encoding": base 128 varints, signed integers).

/// A number in groups of seven bits.
pub(crate) fn varint(number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::encode_varint(number, &mut bytes);
    bytes
}

/// A field that is a number.
pub(crate) fn number(field: u8, value: u64) -> Vec<u8> {
    [vec![field << 3], varint(value)].concat()
}

/// A field that is a number with its sign in the last bit.
pub(crate) fn signed(field: u8, value: i64) -> Vec<u8> {
    number(field, (value << 1 ^ value >> 63).cast_unsigned())
}
