//! Names on paths: one copy of each as long as it keeps coming, because the same names stand before many values.

use std::cell::RefCell;
use std::sync::Arc;

use super::naming::{Role, Signs};
use super::nested;
use crate::model::{NameId, Paths};

/// Names of which the copy is kept, by their hashes.
const RECENT: usize = 2048;

/// A name with its number in the message where it stood last.
#[derive(Debug)]
struct Recent {
    mark: Mark,
    text: Arc<str>,
    role: Role,
    /// Whether something may be encoded in it.
    may_hold: bool,
    message: u64,
    id: NameId,
}

/// What tells a name: its length and the words that it begins and ends with. Of up to sixteen bytes that is all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    first: u64,
    last: u64,
    length: usize,
}

/// The bytes that a name begins and ends with, which may be the same.
#[inline]
fn ends<const COUNT: usize>(name: &[u8]) -> Option<(&[u8; COUNT], &[u8; COUNT])> {
    name.first_chunk().zip(name.last_chunk())
}

impl Mark {
    #[inline]
    fn of(name: &[u8]) -> Self {
        let (first, last) = if let Some((first, last)) = ends::<8>(name) {
            (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        } else if let Some((first, last)) = ends::<4>(name) {
            let wide = |half: &[u8; 4]| u64::from(u32::from_le_bytes(*half));
            (wide(first), wide(last))
        } else {
            let bytes = name.iter();
            (bytes.fold(0, |word, byte| word << 8 | u64::from(*byte)), 0)
        };
        Self {
            first,
            last,
            length: name.len(),
        }
    }

    #[inline]
    fn slot(self) -> usize {
        let mixed = self.first ^ self.last.rotate_left(29) ^ self.length as u64;
        usize::try_from(mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48).unwrap_or(0) % RECENT
    }

    #[inline]
    fn is_all(self) -> bool {
        self.length <= 16
    }
}

/// The names of a thread, taken by the message that is decoded.
#[derive(Debug, Default)]
pub(super) struct Names {
    recent: Vec<Option<Recent>>,
    message: u64,
    /// What those of the message tell.
    pub(super) signs: Signs,
}

thread_local! {
    static NAMES: RefCell<Names> = RefCell::default();
}

impl Names {
    /// The names for one more message.
    pub(super) fn take() -> Self {
        let mut names = NAMES.take();
        names.recent.resize_with(RECENT, || None);
        names.message = names.message.wrapping_add(1);
        names.signs.clear();
        names
    }

    /// Keeps the names for the next message.
    pub(super) fn put_back(self) {
        NAMES.set(self);
    }

    /// The number of a name among the paths of this message, and whether something may be encoded in it.
    #[inline]
    pub(super) fn id(&mut self, text: &str, paths: &mut Paths) -> (NameId, bool) {
        let mark = Mark::of(text.as_bytes());
        match self.recent.get_mut(mark.slot()) {
            Some(Some(recent))
                if recent.mark == mark && (mark.is_all() || *recent.text == *text) =>
            {
                if recent.message != self.message {
                    recent.message = self.message;
                    recent.id = paths.add_name(Arc::clone(&recent.text));
                    self.signs.add_name(recent.role);
                }
                (recent.id, recent.may_hold)
            }
            slot => add(text, mark, self.message, slot, paths, &mut self.signs),
        }
    }
}

/// A name that was not seen lately.
#[cold]
fn add(
    text: &str,
    mark: Mark,
    message: u64,
    slot: Option<&mut Option<Recent>>,
    paths: &mut Paths,
    signs: &mut Signs,
) -> (NameId, bool) {
    let may_hold = nested::may_name_hold(text);
    let (text, role): (Arc<str>, Role) = (Arc::from(text), Role::of(text));
    signs.add_name(role);
    let id = paths.add_name(Arc::clone(&text));
    if let Some(slot) = slot {
        *slot = Some(Recent {
            mark,
            text,
            role,
            may_hold,
            message,
            id,
        });
    }
    (id, may_hold)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn short_names_are_told_by_their_marks(one in "[ab\\x00]{0,16}", other in "[ab\\x00]{0,16}") {
            let is_same = Mark::of(one.as_bytes()) == Mark::of(other.as_bytes());
            prop_assert_eq!(is_same, one == other, "{:?} {:?}", one, other);
        }
    }
}
