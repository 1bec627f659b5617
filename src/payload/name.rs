//! Names on paths: one copy of each as long as it keeps coming, because the same names stand before many values.

use std::cell::RefCell;
use std::sync::Arc;

use crate::model::{NameId, Paths};

/// Names of which the copy is kept, by their hashes.
const RECENT: usize = 2048;

/// A name with its number in the message where it stood last.
#[derive(Debug)]
struct Recent {
    text: Arc<str>,
    message: u64,
    id: NameId,
}

/// The names of a thread, taken by the message that is decoded.
#[derive(Debug, Default)]
pub(super) struct Names {
    recent: Vec<Option<Recent>>,
    message: u64,
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
        names
    }

    /// Keeps the names for the next message.
    pub(super) fn put_back(self) {
        NAMES.set(self);
    }

    /// The number of a name among the paths of this message.
    #[inline]
    pub(super) fn id(&mut self, text: &str, paths: &mut Paths) -> NameId {
        let slot = hash(text.as_bytes()) % RECENT;
        let Some(recent) = self.recent.get_mut(slot) else {
            return paths.add_name(Arc::from(text));
        };
        match recent {
            Some(recent) if *recent.text == *text => {
                if recent.message != self.message {
                    recent.message = self.message;
                    recent.id = paths.add_name(Arc::clone(&recent.text));
                }
                recent.id
            }
            _ => {
                let text: Arc<str> = Arc::from(text);
                let id = paths.add_name(Arc::clone(&text));
                *recent = Some(Recent {
                    text,
                    message: self.message,
                    id,
                });
                id
            }
        }
    }
}

/// Spreads names over the slots: the first and last eight bytes, and the length.
#[inline]
fn hash(bytes: &[u8]) -> usize {
    let wide = |chunk: Option<&[u8; 8]>| chunk.map(|chunk| u64::from_le_bytes(*chunk));
    let half = |chunk: Option<&[u8; 4]>| chunk.map(|chunk| u64::from(u32::from_le_bytes(*chunk)));
    let ends = wide(bytes.first_chunk()).zip(wide(bytes.last_chunk()));
    let ends = ends.or_else(|| half(bytes.first_chunk()).zip(half(bytes.last_chunk())));
    let short = || {
        bytes
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte))
    };
    let (first, last) = ends.unwrap_or_else(|| (short(), 0));
    let mixed =
        (first ^ last.rotate_left(29) ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> 48).unwrap_or(0)
}
