//! What a reader could not read, until it is handed out as items.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};

use super::Item;
use crate::model::{Origin, Shortfall};

/// One thing that could not be read.
#[derive(Debug)]
struct Note {
    shortfall: Shortfall,
    count: u64,
    origin: Option<Origin>,
    bytes: u64,
    detail: String,
}

/// Notes in the order of the input, and sums that become notes at its end.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    notes: VecDeque<Note>,
    cut_packets: u64,
    cut_bytes: u64,
    first_cut: Option<Origin>,
}

impl Ledger {
    /// Notes one thing.
    pub(super) fn note(
        &mut self,
        shortfall: Shortfall,
        origin: Option<Origin>,
        bytes: u64,
        detail: String,
    ) {
        self.notes.push_back(Note {
            shortfall,
            count: 1,
            origin,
            bytes,
            detail,
        });
    }

    /// Notes that reading failed at an offset: what the system or a decompressor says decides what it is called.
    pub(super) fn note_failure(&mut self, error: &io::Error, origin: Origin, offset: u64) {
        let shortfall = match error.kind() {
            ErrorKind::UnexpectedEof => Shortfall::Truncated,
            ErrorKind::InvalidData | ErrorKind::InvalidInput => Shortfall::Damaged,
            ErrorKind::FileTooLarge => Shortfall::InputLimit,
            _ => Shortfall::Unreadable,
        };
        self.note(
            shortfall,
            Some(origin),
            0,
            format!("reading stopped at byte {offset}: {error}"),
        );
    }

    /// Counts a packet that was captured shorter than it was.
    pub(super) fn count_cut(&mut self, origin: Origin, missing: u64) {
        self.first_cut.get_or_insert(origin);
        self.cut_packets = self.cut_packets.saturating_add(1);
        self.cut_bytes = self.cut_bytes.saturating_add(missing);
    }

    /// Notes packets that the capturing system dropped, if there are any.
    pub(super) fn note_dropped(&mut self, count: u64) {
        if count > 0 {
            self.notes.push_back(Note {
                shortfall: Shortfall::DroppedByCapture,
                count,
                origin: None,
                bytes: 0,
                detail: "packets dropped by the capturing system, by its own count".to_owned(),
            });
        }
    }

    /// Turns the sums into notes; called once, at the end.
    pub(super) fn close(&mut self) {
        let count = std::mem::take(&mut self.cut_packets);
        if count > 0 {
            self.notes.push_back(Note {
                shortfall: Shortfall::PacketsCut,
                count,
                origin: self.first_cut,
                bytes: self.cut_bytes,
                detail: "packets captured with a snap length shorter than they were".to_owned(),
            });
        }
    }

    /// Whether something is to be handed out.
    pub(super) fn has_notes(&self) -> bool {
        !self.notes.is_empty()
    }

    /// Hands out the oldest note.
    pub(super) fn next_item(&mut self) -> Option<Item<'static>> {
        let note = self.notes.pop_front()?;
        Some(Item::Shortfall {
            shortfall: note.shortfall,
            count: note.count,
            origin: note.origin,
            bytes: note.bytes,
            detail: note.detail,
        })
    }
}
