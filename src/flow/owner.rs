//! What captures say about the owner of a socket, copied once per owner instead of once per flow.

use std::collections::HashMap;
use std::sync::Arc;

use super::link::OwnerMark;
use crate::limits;
use crate::model::Owner;

/// Owners met so far.
#[derive(Debug, Default)]
pub(super) struct Owners {
    known: HashMap<Owner, Arc<Owner>>,
}

impl Owners {
    /// The one copy of an owner; `None` if nothing is known.
    pub(super) fn shared(&mut self, owner: &Owner) -> Option<Arc<Owner>> {
        if owner.is_empty() {
            return None;
        }
        if let Some(shared) = self.known.get(owner) {
            return Some(shared.clone());
        }
        let shared = Arc::new(owner.clone());
        // beyond the bound each flow has a copy of its own
        if self.known.len() < limits::SHARED_OWNERS {
            self.known.insert(owner.clone(), shared.clone());
        }
        Some(shared)
    }
}

/// The owner that a mark names; empty if it says that none is known.
pub(super) fn marked(mark: OwnerMark<'_>) -> Owner {
    match mark {
        // Of no known owner (-1), the label says so in the user's language.
        OwnerMark::Trailer { uid, label } => match u32::try_from(uid) {
            Ok(uid) => Owner {
                label: text(label),
                ..of_uid(Some(uid))
            },
            Err(_) => Owner::default(),
        },
        OwnerMark::Process(name) => Owner {
            process: text(name),
            ..Owner::default()
        },
        OwnerMark::Uid(uid) => of_uid(Some(uid)),
    }
}

fn of_uid(uid: Option<u32>) -> Owner {
    Owner {
        uid,
        ..Owner::default()
    }
}

/// A name padded with NUL. A character that the writer cut at the end of the field is left out.
fn text(field: &[u8]) -> Option<Arc<str>> {
    let name = field.split(|byte| *byte == 0).next()?;
    let text = match std::str::from_utf8(name) {
        Ok(text) => text.to_owned(),
        Err(error) if error.error_len().is_none() => {
            let (whole, _) = name.split_at_checked(error.valid_up_to())?;
            String::from_utf8_lossy(whole).into_owned()
        }
        Err(_) => String::from_utf8_lossy(name).into_owned(),
    };
    (!text.is_empty()).then(|| Arc::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_no_known_owner_the_label_is_none() {
        let mark = |uid| {
            marked(OwnerMark::Trailer {
                uid,
                label: b"Unbekannt\0\0",
            })
        };
        assert_eq!(mark(-1), Owner::default());
        assert_eq!(mark(10_123).label.as_deref(), Some("Unbekannt"));
    }
}
