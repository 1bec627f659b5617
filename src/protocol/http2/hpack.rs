//! HPACK (RFC 7541): header blocks → field lines, with the dynamic table of one direction.
//!
//! Own, because a passive reader must go on where a peer gives up: the table may have been filled before the capture or in a
//! gap. Its newest entries have the lowest numbers, so entries that were seen stay known, and what refers to older ones is
//! left open and said so.

use std::collections::VecDeque;

use crate::limits;
use crate::model::Header;
use crate::protocol::http::huffman;
use crate::protocol::http::section::Section;
use crate::protocol::message::text;

/// Entries 1 to 61 (RFC 7541 Appendix A).
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// What an entry costs beside its octets (RFC 7541 §4.1).
const ENTRY_OVERHEAD: usize = 32;
/// Size of the table unless the encoder sets another (RFC 9113 §6.5.2).
const DEFAULT_SIZE: usize = 4096;

/// A name and value, as far as they are known.
#[derive(Clone, Debug, Default)]
struct Entry {
    name: Option<String>,
    value: Option<String>,
    size: usize,
}

/// The state of one direction.
#[derive(Debug)]
pub(super) struct Decoder {
    /// Newest first.
    entries: VecDeque<Entry>,
    size: usize,
    most: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            size: 0,
            most: DEFAULT_SIZE,
        }
    }
}

/// A block whose rest cannot be read: an integer or a string runs over its end, or a code is damaged.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Damaged;

impl Decoder {
    /// Blocks are missing: which entries they added, nobody knows, so those from before have unknown numbers.
    pub(super) fn forget(&mut self) {
        self.entries.clear();
        self.size = 0;
        // The encoder may have set a larger size meanwhile; entries that it dropped are never referred to.
        self.most = limits::HPACK_TABLE_BYTES;
    }

    /// Decodes a block. What was read before damage is in the section; the table is then forgotten.
    pub(super) fn decode(&mut self, block: &[u8]) -> (Section, Result<(), Damaged>) {
        let mut lines = Lines::default();
        let mut rest = block;
        while !rest.is_empty() {
            if self.line(&mut rest, &mut lines).is_none() {
                self.forget();
                lines.section.is_partial = true;
                return (lines.section, Err(Damaged));
            }
        }
        (lines.section, Ok(()))
    }

    /// One representation (RFC 7541 §6).
    fn line(&mut self, rest: &mut &[u8], lines: &mut Lines) -> Option<()> {
        let first = *rest.first()?;
        if first & 0x80 != 0 {
            let index = integer(rest, 7)?;
            if index == 0 {
                return None;
            }
            lines.add(&self.entry(index));
            return Some(());
        }
        if first & 0xe0 == 0x20 {
            self.most = integer(rest, 5)?.min(limits::HPACK_TABLE_BYTES);
            self.evict(0);
            return Some(());
        }
        let is_indexed = first & 0x40 != 0;
        let index = integer(rest, if is_indexed { 6 } else { 4 })?;
        let (name, name_len) = if index == 0 {
            let name = string(rest)?;
            (Some(text(&name)), name.len())
        } else {
            let entry = self.entry(index);
            let name_len = entry.name.as_ref().map_or(0, String::len);
            (entry.name, name_len)
        };
        let value = string(rest)?;
        let entry = Entry {
            name,
            value: Some(text(&value)),
            size: name_len
                .saturating_add(value.len())
                .saturating_add(ENTRY_OVERHEAD),
        };
        lines.add(&entry);
        if is_indexed {
            self.insert(entry);
        }
        Some(())
    }

    /// An entry of either table; without name and value if it is not known.
    fn entry(&self, index: usize) -> Entry {
        let position = index.saturating_sub(1);
        if let Some((name, value)) = STATIC.get(position) {
            return Entry {
                name: Some((*name).to_owned()),
                value: Some((*value).to_owned()),
                size: 0,
            };
        }
        let dynamic = self.entries.get(position.saturating_sub(STATIC.len()));
        dynamic.cloned().unwrap_or_default()
    }

    fn insert(&mut self, entry: Entry) {
        self.evict(entry.size);
        if entry.size <= self.most {
            self.size = self.size.saturating_add(entry.size);
            self.entries.push_front(entry);
        }
    }

    /// Drops the oldest entries until `coming` octets fit (RFC 7541 §4.4).
    fn evict(&mut self, coming: usize) {
        while self.size.saturating_add(coming) > self.most {
            let Some(oldest) = self.entries.pop_back() else {
                return;
            };
            self.size = self.size.saturating_sub(oldest.size);
        }
    }
}

/// Lines of one block within bounds.
#[derive(Debug, Default)]
struct Lines {
    section: Section,
    bytes: usize,
}

impl Lines {
    fn add(&mut self, entry: &Entry) {
        let (Some(name), Some(value)) = (&entry.name, &entry.value) else {
            self.section.is_partial = true;
            // A name alone says nothing, a value alone may.
            if let Some(value) = &entry.value {
                self.push("", value);
            }
            return;
        };
        self.push(name, value);
    }

    fn push(&mut self, name: &str, value: &str) {
        self.bytes = self
            .bytes
            .saturating_add(name.len())
            .saturating_add(value.len());
        if self.section.lines.len() >= limits::HEADERS || self.bytes > limits::HEAD_BYTES {
            self.section.is_partial = true;
            return;
        }
        self.section.lines.push(Header {
            name: name.to_owned(),
            value: value.to_owned(),
        });
    }
}

/// An integer whose first octet has `bits` of it (RFC 7541 §5.1).
pub(super) fn integer(rest: &mut &[u8], bits: u32) -> Option<usize> {
    let (first, mut behind) = rest.split_first()?;
    let mask = u8::MAX.checked_shr(8_u32.checked_sub(bits)?)?;
    let mut value = usize::from(first & mask);
    if first & mask == mask {
        let mut shift = 0_u32;
        loop {
            let (octet, tail) = behind.split_first()?;
            behind = tail;
            // Nothing in a block is longer than 2^28 octets.
            if shift > 21 {
                return None;
            }
            value = value.checked_add(usize::from(octet & 0x7f).checked_shl(shift)?)?;
            shift = shift.saturating_add(7);
            if octet & 0x80 == 0 {
                break;
            }
        }
    }
    *rest = behind;
    Some(value)
}

/// A string literal (RFC 7541 §5.2).
fn string(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let is_huffman = rest.first()? & 0x80 != 0;
    let len = integer(rest, 7)?;
    let (octets, behind) = rest.split_at_checked(len)?;
    *rest = behind;
    if is_huffman {
        huffman::decode(octets)
    } else {
        Some(octets.to_vec())
    }
}

#[cfg(test)]
mod tests;
