//! QPACK (RFC 9204), as one who listens: the instructions of an encoder stream fill a table, field sections refer to it.
//!
//! A section may come before the entries that it needs; it then waits (§2.1.2). Where bytes of the encoder stream are not in
//! the capture, nothing is known of the entries any more, and fields that refer to any are missing.

mod primitive;
mod static_table;
mod table;

use self::primitive::{integer, string};
use self::static_table::STATIC_TABLE;
use self::table::Table;
use crate::limits;
use crate::model::Header;
use crate::protocol::cursor::Cursor;
use crate::protocol::message::text;

/// A field's name and value.
type Field = (Vec<u8>, Vec<u8>);

/// What one side's encoder has told.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    table: Table,
    /// `SETTINGS_QPACK_MAX_TABLE_CAPACITY` of the other side, once seen.
    capacity_allowed: Option<u64>,
    /// The instruction that is not yet whole.
    buffer: Vec<u8>,
    /// Whether the encoder's stream can no longer be followed.
    is_lost: bool,
}

/// A field section, decoded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    /// In order, pseudo-headers among them.
    pub(super) lines: Vec<Header>,
    /// Fields that refer to entries which are not known.
    pub(super) missing: usize,
    /// Whether it was left before its end: it is malformed, or longer than allowed.
    pub(super) is_cut: bool,
}

/// The section refers to entries that have not come yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blocked;

/// How many fields of one section, and bytes of them, are taken.
#[derive(Debug, Default)]
struct Taken {
    section: Section,
    bytes: usize,
}

impl Taken {
    /// Adds a field. `None` once there are too many.
    fn add(&mut self, field: Option<Field>) -> Option<()> {
        let Some((name, value)) = field else {
            self.section.missing = self.section.missing.saturating_add(1);
            return (self.section.missing <= limits::HEADERS).then_some(());
        };
        self.bytes = self
            .bytes
            .saturating_add(name.len())
            .saturating_add(value.len());
        if self.bytes > limits::HEAD_BYTES || self.section.lines.len() >= limits::HEADERS {
            return None;
        }
        self.section.lines.push(Header {
            name: text(&name),
            value: text(&value),
        });
        Some(())
    }
}

impl Decoder {
    /// Says how large the other side allows the table to become (RFC 9204 §5).
    pub(super) fn allow(&mut self, capacity: u64) {
        self.capacity_allowed = Some(capacity);
    }

    /// Bytes of the encoder stream are missing.
    pub(super) fn lose(&mut self) {
        self.is_lost = true;
        self.buffer = Vec::new();
    }

    /// Whether the encoder stream can still be followed.
    pub(super) fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Takes bytes of the encoder stream (RFC 9204 §4.3).
    pub(super) fn instructions(&mut self, bytes: &[u8]) {
        if self.is_lost {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        let buffer = std::mem::take(&mut self.buffer);
        let mut cursor = Cursor::new(&buffer);
        while !cursor.is_empty() {
            let mut ahead = cursor;
            match self.instruction(&mut ahead) {
                Ok(()) => cursor = ahead,
                Err(Stop::More) if cursor.rest().len() <= limits::HEAD_BYTES => break,
                Err(_) => return self.lose(),
            }
        }
        self.buffer = cursor.rest().to_vec();
    }

    fn instruction(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        let first = *cursor.rest().first().ok_or(Stop::More)?;
        let entry = if first & 0x80 != 0 {
            let index = integer(cursor, 6)?;
            let name = if first & 0x40 != 0 {
                static_entry(index).map(|(name, _)| name)
            } else {
                self.table.relative(index).map(|(name, _)| name.clone())
            };
            let value = string(cursor, 7)?;
            (name.ok_or(Stop::Bad)?, value)
        } else if first & 0x40 != 0 {
            (string(cursor, 5)?, string(cursor, 7)?)
        } else if first & 0x20 != 0 {
            let capacity = integer(cursor, 5)?;
            self.table.set_capacity(capacity);
            return Ok(());
        } else {
            let index = integer(cursor, 5)?;
            self.table.relative(index).cloned().ok_or(Stop::Bad)?
        };
        self.table.insert(entry);
        Ok(())
    }

    /// Decodes a field section (RFC 9204 §4.5). With `at_last` one that is blocked is decoded as far as it goes.
    pub(super) fn section(&self, bytes: &[u8], at_last: bool) -> Result<Section, Blocked> {
        let mut cursor = Cursor::new(bytes);
        let cut = Section {
            is_cut: true,
            ..Section::default()
        };
        let (Ok(encoded), Some(sign), Ok(delta)) = (
            integer(&mut cursor, 8),
            cursor.rest().first().map(|byte| byte & 0x80 != 0),
            integer(&mut cursor, 7),
        ) else {
            return Ok(cut);
        };
        let base = match self.required(encoded, at_last)? {
            None => None,
            Some(required) if required > self.table.inserted() => {
                if !at_last && !self.is_lost {
                    return Err(Blocked);
                }
                base(required, sign, delta)
            }
            Some(required) => base(required, sign, delta),
        };
        let mut taken = Taken::default();
        while !cursor.is_empty() {
            let outcome = self.line(&mut cursor, base);
            if outcome.map(|field| taken.add(field)) != Ok(Some(())) {
                taken.section.is_cut = true;
                break;
            }
        }
        Ok(taken.section)
    }

    /// The Required Insert Count (RFC 9204 §4.5.1.1); `None` if it cannot be known.
    fn required(&self, encoded: u64, at_last: bool) -> Result<Option<u64>, Blocked> {
        if encoded == 0 {
            return Ok(Some(0));
        }
        if self.is_lost {
            return Ok(None);
        }
        let capacity = match self.capacity_allowed {
            Some(capacity) => capacity,
            None if at_last => self.table.capacity(),
            None => return Err(Blocked),
        };
        let most = capacity / table::ENTRY_OVERHEAD;
        let range = most.saturating_mul(2);
        if encoded > range {
            return Ok(None);
        }
        let highest = self.table.inserted().saturating_add(most);
        let wrapped = highest
            .checked_div(range)
            .unwrap_or_default()
            .saturating_mul(range);
        let required = wrapped.saturating_add(encoded).saturating_sub(1);
        Ok(if required <= highest {
            Some(required)
        } else {
            required.checked_sub(range)
        })
    }

    /// A field line (RFC 9204 §4.5.2 to §4.5.6), or `None` in place of one that refers to what is not known.
    fn line(&self, cursor: &mut Cursor<'_>, base: Option<u64>) -> Result<Option<Field>, Stop> {
        let first = *cursor.rest().first().ok_or(Stop::More)?;
        let before = |index: u64| {
            let absolute = base?.checked_sub(index)?.checked_sub(1)?;
            self.table.absolute(absolute)
        };
        let behind = |index: u64| self.table.absolute(base?.checked_add(index)?);
        Ok(if first & 0x80 != 0 {
            let index = integer(cursor, 6)?;
            if first & 0x40 != 0 {
                Some(static_entry(index).ok_or(Stop::Bad)?)
            } else {
                before(index).cloned()
            }
        } else if first & 0x40 != 0 {
            let index = integer(cursor, 4)?;
            let name = if first & 0x10 != 0 {
                Some(static_entry(index).ok_or(Stop::Bad)?.0)
            } else {
                before(index).map(|(name, _)| name.clone())
            };
            let value = string(cursor, 7)?;
            name.map(|name| (name, value))
        } else if first & 0x20 != 0 {
            Some((string(cursor, 3)?, string(cursor, 7)?))
        } else if first & 0x10 != 0 {
            let index = integer(cursor, 4)?;
            behind(index).cloned()
        } else {
            let index = integer(cursor, 3)?;
            let value = string(cursor, 7)?;
            behind(index).map(|(name, _)| (name.clone(), value))
        })
    }
}

/// Why reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The bytes end before what is being read does.
    More,
    /// It breaks the format.
    Bad,
}

/// The Base (RFC 9204 §4.5.1.2).
fn base(required: u64, sign: bool, delta: u64) -> Option<u64> {
    if sign {
        required.checked_sub(delta)?.checked_sub(1)
    } else {
        required.checked_add(delta)
    }
}

fn static_entry(index: u64) -> Option<Field> {
    let (name, value) = STATIC_TABLE.get(usize::try_from(index).ok()?)?;
    Some((name.as_bytes().to_vec(), value.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests;
