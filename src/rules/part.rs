//! A rule file in memory: parsed and indexed at its first use, for most runs need few of them.

use std::sync::OnceLock;

use super::{Problems, Rules};

/// What look-ups need of a rule file.
pub(super) trait Part: Sized {
    /// Parses and indexes the file; what it refers to in others is asked of `rules`.
    fn read(rules: &Rules, problems: &mut Problems) -> Self;
}

/// A [`Part`] that is read at its first use.
#[derive(Debug)]
pub(super) struct Lazy<T>(OnceLock<T>);

impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<T: Part> Lazy<T> {
    pub(super) fn get(&self, rules: &Rules) -> &T {
        self.check(rules, &mut Problems::default())
    }

    /// The same; what is wrong with the file is said where it had not been read.
    pub(super) fn check(&self, rules: &Rules, problems: &mut Problems) -> &T {
        self.0.get_or_init(|| T::read(rules, problems))
    }

    /// Whether it has been used before.
    pub(super) fn is_read(&self) -> bool {
        self.0.get().is_some()
    }

    /// The part to change it, once it is read.
    pub(super) fn get_mut(&mut self) -> Option<&mut T> {
        self.0.get_mut()
    }
}
