//! Many keys, few hits: a bit filter in front of a table, so that a miss costs one memory access however long the list is.

/// What a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    /// Position of the known value.
    pub(super) value: u32,
    /// Position of its spelling.
    pub(super) spelling: u8,
    /// What was done to the spelling: the meaning is the table owner's.
    pub(super) how: u8,
    /// Where the key begins in the pattern.
    pub(super) offset: u16,
}

/// Keys of 64 bits that may be there.
#[derive(Debug, Default)]
pub(super) struct Filter {
    words: Vec<u64>,
    shift: u32,
}

/// Filter bits per key: with three of them set in one word, one miss in a hundred passes.
const BITS_PER_KEY: usize = 16;
/// Keys that share a bucket, about.
const KEYS_PER_BUCKET: usize = 4;

/// Spreads keys over all bits, and different keys stay different (the finaliser of `SplitMix64`).
#[inline]
fn mixed(key: u64) -> u64 {
    let key = (key ^ (key >> 32)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let key = (key ^ (key >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 32)
}

impl Filter {
    /// Room for so many keys.
    pub(super) fn new(keys: usize) -> Self {
        let words = keys.saturating_mul(BITS_PER_KEY) / 64;
        let words = words.next_power_of_two().max(2);
        Self {
            words: vec![0; words],
            shift: 64_u32.saturating_sub(words.trailing_zeros()),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    #[inline]
    fn place(&self, mixed: u64) -> (usize, u64) {
        let word = mixed.checked_shr(self.shift).unwrap_or(0);
        let bit = |shift: u32| 1_u64 << (mixed >> shift & 63);
        let bits = bit(0) | bit(6) | bit(12);
        (usize::try_from(word).unwrap_or(0), bits)
    }

    pub(super) fn add(&mut self, key: u64) {
        let (word, bits) = self.place(mixed(key));
        if let Some(word) = self.words.get_mut(word) {
            *word |= bits;
        }
    }

    /// Whether the key may be there.
    #[inline]
    pub(super) fn may_hold(&self, key: u64) -> bool {
        self.may_hold_mixed(mixed(key))
    }

    #[inline]
    fn may_hold_mixed(&self, mixed: u64) -> bool {
        let (word, bits) = self.place(mixed);
        self.words.get(word).is_some_and(|word| word & bits == bits)
    }
}

/// Keys of 64 bits with what they stand for.
#[derive(Debug, Default)]
pub(super) struct Table {
    filter: Filter,
    /// By mixed key.
    entries: Vec<(u64, Slot)>,
    /// Where the entries begin whose keys begin with the same bits.
    buckets: Vec<u32>,
    shift: u32,
}

impl Table {
    /// Sorts the entries and fills the filter.
    pub(super) fn new(mut entries: Vec<(u64, Slot)>) -> Self {
        if entries.is_empty() {
            return Self::default();
        }
        let mut filter = Filter::new(entries.len());
        for (key, _) in &mut entries {
            filter.add(*key);
            *key = mixed(*key);
        }
        entries.sort_unstable();
        entries.dedup();
        entries.shrink_to_fit();
        let count = (entries.len() / KEYS_PER_BUCKET).next_power_of_two().max(2);
        let shift = 64_u32.saturating_sub(count.trailing_zeros());
        let mut buckets = Vec::with_capacity(count.saturating_add(1));
        let mut at = 0_usize;
        for bucket in 0..count as u64 {
            buckets.push(u32::try_from(at).unwrap_or(u32::MAX));
            while entries
                .get(at)
                .is_some_and(|(key, _)| key >> shift == bucket)
            {
                at = at.saturating_add(1);
            }
        }
        buckets.push(u32::try_from(at).unwrap_or(u32::MAX));
        Self {
            filter,
            entries,
            buckets,
            shift,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    /// Whether the key may be there.
    #[inline]
    pub(super) fn may_hold(&self, key: u64) -> bool {
        self.filter.may_hold(key)
    }

    /// Everything that the key stands for.
    #[inline]
    pub(super) fn get(&self, key: u64) -> impl Iterator<Item = Slot> + '_ {
        let mixed = mixed(key);
        let entries = if self.filter.may_hold_mixed(mixed) {
            self.bucket(mixed)
        } else {
            &[]
        };
        entries
            .iter()
            .skip_while(move |(known, _)| *known < mixed)
            .take_while(move |(known, _)| *known == mixed)
            .map(|(_, slot)| *slot)
    }

    fn bucket(&self, mixed: u64) -> &[(u64, Slot)] {
        let number = usize::try_from(mixed.checked_shr(self.shift).unwrap_or(0)).unwrap_or(0);
        let end = |number: usize| {
            let at = self.buckets.get(number).copied()?;
            usize::try_from(at).ok()
        };
        let range = end(number).zip(end(number.saturating_add(1)));
        range
            .and_then(|(start, end)| self.entries.get(start..end))
            .unwrap_or_default()
    }
}

/// A key for bytes of any length (FNV-1a with a final mix; every hit is compared byte by byte afterwards).
#[inline]
pub(super) fn key(bytes: &[u8]) -> u64 {
    let mut hash = Hash::default();
    for byte in bytes {
        hash.add(*byte);
    }
    hash.key()
}

/// [`key`] of bytes that come one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    #[inline]
    pub(super) fn add(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }

    #[inline]
    pub(super) fn key(self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn exactly_what_was_put_in_is_found(keys in proptest::collection::vec(any::<u64>(), 0..200), others in proptest::collection::vec(any::<u64>(), 0..50)) {
            let slot = |position: usize| Slot { value: u32::try_from(position).unwrap(), spelling: 0, how: 0, offset: 0 };
            let entries = keys.iter().enumerate().map(|(position, key)| (*key, slot(position))).collect();
            let table = Table::new(entries);
            for (position, key) in keys.iter().enumerate() {
                prop_assert!(table.get(*key).any(|found| found == slot(position)));
            }
            for other in others.iter().filter(|other| !keys.contains(other)) {
                prop_assert_eq!(table.get(*other).count(), 0);
            }
        }
    }
}
