//! The dynamic table (RFC 9204 §3.2).

use std::collections::VecDeque;

use super::Field;
use crate::limits;

/// What an entry counts beside its name and value (RFC 9204 §3.2.1).
pub(super) const ENTRY_OVERHEAD: u64 = 32;

/// Entries, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Table {
    entries: VecDeque<Field>,
    /// Entries that are gone.
    evicted: u64,
    size: u64,
    capacity: u64,
}

impl Table {
    /// Entries ever inserted.
    pub(super) fn inserted(&self) -> u64 {
        self.evicted
            .saturating_add(u64::try_from(self.entries.len()).unwrap_or(u64::MAX))
    }

    /// The size that the encoder has set.
    pub(super) fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Sets it, at most to [`limits::HPACK_TABLE_BYTES`].
    pub(super) fn set_capacity(&mut self, capacity: u64) {
        let most = u64::try_from(limits::HPACK_TABLE_BYTES).unwrap_or(u64::MAX);
        self.capacity = capacity.min(most);
        self.evict();
    }

    /// Adds an entry.
    pub(super) fn insert(&mut self, field: Field) {
        self.size = self.size.saturating_add(size(&field));
        self.entries.push_back(field);
        self.evict();
    }

    fn evict(&mut self) {
        while self.size > self.capacity
            && let Some(oldest) = self.entries.pop_front()
        {
            self.size = self.size.saturating_sub(size(&oldest));
            self.evicted = self.evicted.saturating_add(1);
        }
    }

    /// An entry by its absolute index (RFC 9204 §3.2.4).
    pub(super) fn absolute(&self, index: u64) -> Option<&Field> {
        let position = index.checked_sub(self.evicted)?;
        self.entries.get(usize::try_from(position).ok()?)
    }

    /// An entry by its index from the newest (RFC 9204 §3.2.5).
    pub(super) fn relative(&self, index: u64) -> Option<&Field> {
        self.absolute(self.inserted().checked_sub(index)?.checked_sub(1)?)
    }
}

fn size((name, value): &Field) -> u64 {
    let bytes = name.len().saturating_add(value.len());
    u64::try_from(bytes)
        .unwrap_or(u64::MAX)
        .saturating_add(ENTRY_OVERHEAD)
}
