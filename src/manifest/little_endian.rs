//! Little-endian integers at an offset, `None` past the end.

/// The `u16` at `offset`.
pub(super) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    let (head, _) = bytes.get(offset..)?.split_first_chunk()?;
    Some(u16::from_le_bytes(*head))
}

/// The `u32` at `offset`.
pub(super) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    let (head, _) = bytes.get(offset..)?.split_first_chunk()?;
    Some(u32::from_le_bytes(*head))
}

/// The `u32` at `offset` as a length or position in memory.
pub(super) fn usize_at(bytes: &[u8], offset: usize) -> Option<usize> {
    usize::try_from(u32_at(bytes, offset)?).ok()
}
