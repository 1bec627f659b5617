//! Where marks stand among bytes.

use memchr::memchr2;

/// Words that are looked at one by one.
const SHORT: usize = 4;

/// Where the first of two bytes stands. What is looked through is mostly names and short values, not worth a search by blocks.
#[inline]
pub(super) fn first_of(bytes: &[u8], marks: [u8; 2]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // The highest bit of each byte that is this one, and perhaps of bytes behind the first.
    let is = |word: u64, byte: u8| {
        let others = word ^ ONES.wrapping_mul(byte.into());
        others.wrapping_sub(ONES) & !others & ONES << 7
    };
    let [one, other] = marks;
    let (words, _) = bytes.as_chunks::<8>();
    let mut start = 0_usize;
    for word in words.iter().take(SHORT) {
        let word = u64::from_le_bytes(*word);
        let found = is(word, one) | is(word, other);
        if found != 0 {
            let bits = usize::try_from(found.trailing_zeros()).ok()?;
            return Some(start.saturating_add(bits / 8));
        }
        start = start.saturating_add(8);
    }
    memchr2(one, other, bytes.get(start..)?).map(|found| start.saturating_add(found))
}
