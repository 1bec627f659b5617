//! Where marks stand among bytes.

use memchr::memchr2;

/// Words that are looked at one by one.
const SHORT: usize = 4;

/// Where the first of two bytes stands. What is looked through is mostly names and short values, not worth a search by blocks.
#[inline]
pub(super) fn first_of(bytes: &[u8], marks: [u8; 2]) -> Option<usize> {
    match bytes.first_chunk().map(|word| first_in_word(*word, marks)) {
        Some(Some(found)) => Some(found),
        Some(None) => first_behind(bytes, marks),
        None => bytes.iter().position(|byte| marks.contains(byte)),
    }
}

#[inline]
fn first_in_word(word: [u8; 8], [one, other]: [u8; 2]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(word);
    // The highest bit of each byte that is this one, and perhaps of bytes behind the first.
    let is = |byte: u8| {
        let others = word ^ ONES.wrapping_mul(byte.into());
        others.wrapping_sub(ONES) & !others & ONES << 7
    };
    let found = is(one) | is(other);
    (found != 0).then(|| usize::try_from(found.trailing_zeros() / 8).unwrap_or(0))
}

/// [`first_of`] where it is not in the first word.
fn first_behind(bytes: &[u8], marks: [u8; 2]) -> Option<usize> {
    let (words, _) = bytes.as_chunks();
    let mut start = 8_usize;
    for word in words.iter().skip(1).take(SHORT) {
        if let Some(found) = first_in_word(*word, marks) {
            return Some(start.saturating_add(found));
        }
        start = start.saturating_add(8);
    }
    let [one, other] = marks;
    memchr2(one, other, bytes.get(start..)?).map(|found| start.saturating_add(found))
}
