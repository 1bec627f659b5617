//! Entries by name, of which one run needs few of many: of the embedded ones, each is read when it is first asked for.

use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;

/// An entry that has a name.
pub(super) trait HasName {
    fn name(&self) -> &Arc<str>;
}

/// Entries in the order of their names.
#[derive(Debug)]
pub(super) struct Named<T>(Vec<Entry<T>>);

#[derive(Debug)]
struct Entry<T> {
    /// Name, tab and JSON, as `build.rs` writes them; empty where it has been read from the beginning.
    line: &'static str,
    read: OnceLock<Box<T>>,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: HasName + DeserializeOwned> Named<T> {
    /// From the lines of `build.rs`.
    pub(super) fn of_lines(lines: &'static str) -> Self {
        let mut start = 0;
        let entries = memchr::memchr_iter(b'\n', lines.as_bytes()).map(|end| {
            let line = lines.get(start..end).unwrap_or_default();
            start = end.saturating_add(1);
            Entry {
                line,
                read: OnceLock::new(),
            }
        });
        Self(entries.collect())
    }

    /// Of several entries with one name, the last counts.
    pub(super) fn of_entries(mut entries: Vec<T>) -> Self {
        entries.reverse();
        entries.sort_by(|one, other| one.name().cmp(other.name()));
        entries.dedup_by(|later, kept| later.name() == kept.name());
        let entries = entries.into_iter().map(|entry| Entry {
            line: "",
            read: OnceLock::from(Box::new(entry)),
        });
        Self(entries.collect())
    }

    /// The entry of that name.
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        let found = self.0.binary_search_by(|entry| entry.name().cmp(name));
        self.0.get(found.ok()?)?.read()
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().filter_map(Entry::read)
    }
}

impl<T: HasName + DeserializeOwned> Entry<T> {
    fn name(&self) -> &str {
        match self.line.split_once('\t') {
            Some((name, _)) => name,
            None => self.read.get().map_or("", |entry| entry.name()),
        }
    }

    /// `None` only where `build.rs` and the type do not agree, which a test refuses.
    fn read(&self) -> Option<&T> {
        if self.read.get().is_none() {
            let (_, json) = self.line.split_once('\t')?;
            let entry = serde_json::from_str(json).ok()?;
            // Another thread may have been first, with the same.
            let _ = self.read.set(entry);
        }
        self.read.get().map(|entry| &**entry)
    }
}
