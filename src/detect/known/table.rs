//! Many keys, few hits: a bit filter in front of a sorted table, so that a miss costs one memory access however long the list is.

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

/// Keys of 64 bits with what they stand for.
#[derive(Debug, Default)]
pub(super) struct Table {
    filter: Vec<u64>,
    shift: u32,
    entries: Vec<(u64, Slot)>,
}

/// Filter bits per key: one miss in sixteen passes.
const BITS_PER_KEY: usize = 16;
/// An odd number whose bits look random (the golden ratio): spreads keys over the filter.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Table {
    /// Sorts the entries and fills the filter.
    pub(super) fn new(mut entries: Vec<(u64, Slot)>) -> Self {
        entries.sort_unstable();
        entries.dedup();
        entries.shrink_to_fit();
        let bits = entries
            .len()
            .saturating_mul(BITS_PER_KEY)
            .next_power_of_two()
            .max(64);
        let mut table = Self {
            filter: vec![0; bits / 64],
            shift: 64_u32.saturating_sub(bits.trailing_zeros()),
            entries,
        };
        for position in 0..table.entries.len() {
            if let Some((key, _)) = table.entries.get(position) {
                let (word, bit) = table.place(*key);
                if let Some(word) = table.filter.get_mut(word) {
                    *word |= bit;
                }
            }
        }
        table
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn place(&self, key: u64) -> (usize, u64) {
        let bit = key
            .wrapping_mul(SPREAD)
            .checked_shr(self.shift)
            .unwrap_or(0);
        let word = usize::try_from(bit / 64).unwrap_or(0);
        (word, 1 << (bit % 64))
    }

    /// Whether the key may be there.
    #[inline]
    pub(super) fn may_hold(&self, key: u64) -> bool {
        let (word, bit) = self.place(key);
        self.filter.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Everything that the key stands for.
    pub(super) fn get(&self, key: u64) -> impl Iterator<Item = Slot> + '_ {
        let entries = if self.may_hold(key) {
            let start = self.entries.partition_point(|(known, _)| *known < key);
            self.entries.get(start..).unwrap_or_default()
        } else {
            &[]
        };
        entries
            .iter()
            .take_while(move |(known, _)| *known == key)
            .map(|(_, slot)| *slot)
    }
}

/// A key for bytes of any length (FNV-1a with a final mix; every hit is compared byte by byte afterwards).
pub(super) fn key(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^ (hash >> 32)
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
