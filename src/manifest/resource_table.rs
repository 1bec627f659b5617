//! `resources.arsc` (`ResTable` of AOSP `ResourceTypes.h`): the value of a resource in the default configuration.

use std::collections::BTreeMap;

use super::element::Value;
use super::little_endian::{u16_at, u32_at, usize_at};
use super::string_pool::{self, StringPool};
use crate::limits;

const PACKAGE: u16 = 0x0200;
const TYPE: u16 = 0x0201;
const CHUNK_HEADER_BYTES: usize = 8;
/// Flags of a type chunk: entries by binary search, 16-bit offsets.
const SPARSE: u8 = 1;
const OFFSET16: u8 = 2;
/// Flags of an entry: a map of values (style, array), and the short form of API 34.
const COMPLEX: u16 = 1;
const COMPACT: u16 = 8;
const NO_ENTRY: u32 = u32::MAX;

/// The type chunks of a table, by package and type id.
#[derive(Debug, Default)]
pub(super) struct ResourceTable<'a> {
    pool: StringPool<'a>,
    types: BTreeMap<(u8, u8), Vec<TypeChunk<'a>>>,
}

#[derive(Debug)]
struct TypeChunk<'a> {
    bytes: &'a [u8],
    /// No language, country or screen: the values that fit every phone.
    is_default: bool,
}

impl<'a> ResourceTable<'a> {
    /// Indexes the table; what is damaged is left out.
    pub(super) fn parse(bytes: &'a [u8]) -> Self {
        let mut table = Self::default();
        let header_bytes = u16_at(bytes, 2).map_or(CHUNK_HEADER_BYTES, usize::from);
        let mut has_pool = false;
        for chunk in chunks(bytes.get(header_bytes..).unwrap_or_default()) {
            match u16_at(chunk, 0) {
                Some(string_pool::CHUNK_TYPE) if !has_pool => {
                    has_pool = true;
                    table.pool = StringPool::parse(chunk).unwrap_or_default();
                }
                Some(PACKAGE) => table.package(chunk),
                _ => {}
            }
        }
        table
    }

    fn package(&mut self, package: &'a [u8]) {
        let (Some(header_bytes), Some(&id)) = (u16_at(package, 2), package.get(8)) else {
            return;
        };
        let body = package
            .get(usize::from(header_bytes).max(CHUNK_HEADER_BYTES)..)
            .unwrap_or_default();
        for chunk in chunks(body) {
            if u16_at(chunk, 0) != Some(TYPE) {
                continue;
            }
            let Some(&type_id) = chunk.get(8) else {
                continue;
            };
            let of_type = self.types.entry((id, type_id)).or_default();
            if of_type.len() < limits::RESOURCE_CONFIGURATIONS {
                of_type.push(TypeChunk {
                    bytes: chunk,
                    is_default: is_default(chunk),
                });
            }
        }
    }

    /// The value of a resource, references followed; `None` if it has none or is a file, style or array.
    pub(super) fn value(&self, id: u32) -> Option<Value> {
        let mut id = id;
        for _ in 0..limits::RESOURCE_REFERENCES {
            match self.entry(id)? {
                Value::Reference(next) => id = next,
                value => return Some(value),
            }
        }
        None
    }

    fn entry(&self, id: u32) -> Option<Value> {
        let [package, type_id, high, low] = id.to_be_bytes();
        let index = u16::from_be_bytes([high, low]);
        let of_type = self.types.get(&(package, type_id))?;
        let default = of_type.iter().filter(|chunk| chunk.is_default);
        let other = of_type.iter().filter(|chunk| !chunk.is_default);
        default
            .chain(other)
            .find_map(|chunk| self.entry_of(chunk.bytes, index))
    }

    fn entry_of(&self, chunk: &[u8], index: u16) -> Option<Value> {
        let entry = chunk.get(usize_at(chunk, 16)?.checked_add(entry_offset(chunk, index)?)?..)?;
        let flags = u16_at(entry, 2)?;
        if flags & COMPACT != 0 {
            let [_, kind] = flags.to_le_bytes();
            return self.typed_value(kind, u32_at(entry, 4)?);
        }
        if flags & COMPLEX != 0 {
            return None;
        }
        let value = entry.get(usize::from(u16_at(entry, 0)?)..)?;
        self.typed_value(*value.get(3)?, u32_at(value, 4)?)
    }

    fn typed_value(&self, kind: u8, data: u32) -> Option<Value> {
        Some(match kind {
            0x01 | 0x07 => Value::Reference(data),
            0x03 => Value::Text(self.pool.string(data)?.text.into()),
            0x04 => Value::Float(f32::from_bits(data)),
            0x12 => Value::Boolean(data != 0),
            0x10..=0x1f => Value::Integer(data),
            _ => return None,
        })
    }
}

/// Where the entry lies behind `entriesStart`.
fn entry_offset(chunk: &[u8], index: u16) -> Option<usize> {
    let flags = *chunk.get(9)?;
    let offsets = chunk.get(usize::from(u16_at(chunk, 2)?)..)?;
    let count = usize_at(chunk, 12)?;
    let position = usize::from(index);
    if flags & SPARSE != 0 {
        let (pairs, _) = offsets.as_chunks::<4>();
        let pairs = pairs.get(..count.min(pairs.len()))?;
        let found = pairs
            .binary_search_by_key(&index, |[low, high, _, _]| {
                u16::from_le_bytes([*low, *high])
            })
            .ok()?;
        let [_, _, low, high] = pairs.get(found)?;
        return usize::from(u16::from_le_bytes([*low, *high])).checked_mul(4);
    }
    if position >= count {
        return None;
    }
    if flags & OFFSET16 != 0 {
        let offset = u16_at(offsets, position.checked_mul(2)?)?;
        return (offset != u16::MAX)
            .then_some(usize::from(offset))?
            .checked_mul(4);
    }
    let offset = u32_at(offsets, position.checked_mul(4)?)?;
    (offset != NO_ENTRY)
        .then_some(offset)
        .and_then(|offset| usize::try_from(offset).ok())
}

/// The configuration begins with its own size; all else zero means that it fits every phone.
fn is_default(chunk: &[u8]) -> bool {
    let configuration = usize_at(chunk, 20)
        .and_then(|size| chunk.get(20..)?.get(..size))
        .and_then(|configuration| configuration.get(4..));
    configuration.is_some_and(|rest| rest.iter().all(|byte| *byte == 0))
}

/// The chunks one after the other; ends at the first whose size leads nowhere.
fn chunks(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let size = usize_at(bytes, 4)?;
        if size < CHUNK_HEADER_BYTES {
            return None;
        }
        let (chunk, rest) = bytes.split_at(size.min(bytes.len()));
        bytes = rest;
        Some(chunk)
    })
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "sizes of what the tests forge themselves"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chunk(kind: u16, header: &[u8], body: &[u8]) -> Vec<u8> {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend(u16::try_from(8 + header.len()).unwrap().to_le_bytes());
        let size = u32::try_from(8 + header.len() + body.len()).unwrap();
        bytes.extend(size.to_le_bytes());
        bytes.extend(header);
        bytes.extend(body);
        bytes
    }

    fn words(values: &[u32]) -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    }

    /// A type chunk with flags, language, offsets and entries.
    fn type_chunk(
        flags: u8,
        language: [u8; 2],
        count: u32,
        offsets: &[u8],
        entries: &[u8],
    ) -> Vec<u8> {
        let mut configuration = vec![0; 28];
        configuration[0] = 28;
        configuration[8..10].copy_from_slice(&language);
        let start = u32::try_from(8 + 12 + 28 + offsets.len()).unwrap();
        let mut header = vec![1, flags, 0, 0];
        header.extend(words(&[count, start]));
        header.extend(configuration);
        chunk(TYPE, &header, &[offsets, entries].concat())
    }

    /// An entry with a value, in the long form.
    fn entry(kind: u8, data: u32) -> Vec<u8> {
        let mut bytes = vec![8, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, kind];
        bytes.extend(data.to_le_bytes());
        bytes
    }

    fn table(types: &[Vec<u8>]) -> Vec<u8> {
        let strings = b"\x05\x05Notes\0\x07\x07Notizen\0";
        let mut pool = words(&[2, 0, 1 << 8, 36, 0, 0, 8]);
        pool.extend(strings);
        pool.extend([0; 2]);
        let pool = chunk(string_pool::CHUNK_TYPE, &pool[..20], &pool[20..]);
        let package = chunk(PACKAGE, &words(&[0x7f]), &types.concat());
        chunk(0x0002, &words(&[1]), &[pool, package].concat())
    }

    fn text(value: &str) -> Value {
        Value::Text(value.into())
    }

    #[test]
    fn the_default_language_is_taken_before_others() {
        let german = type_chunk(0, *b"de", 1, &words(&[0]), &entry(3, 1));
        let default = type_chunk(0, [0, 0], 1, &words(&[0]), &entry(3, 0));
        let bytes = table(&[german.clone(), default]);
        assert_eq!(
            ResourceTable::parse(&bytes).value(0x7f01_0000),
            Some(text("Notes"))
        );
        let bytes = table(&[german]);
        assert_eq!(
            ResourceTable::parse(&bytes).value(0x7f01_0000),
            Some(text("Notizen"))
        );
    }

    #[test]
    fn references_are_followed_and_circles_end() {
        let entries = [entry(1, 0x7f01_0001), entry(3, 0), entry(1, 0x7f01_0002)].concat();
        let chunk = type_chunk(0, [0, 0], 3, &words(&[0, 16, 32]), &entries);
        let bytes = table(&[chunk]);
        let table = ResourceTable::parse(&bytes);
        assert_eq!(table.value(0x7f01_0000), Some(text("Notes")));
        assert_eq!(table.value(0x7f01_0002), None);
        assert_eq!(table.value(0x7f01_0003), None);
        assert_eq!(table.value(0x7f02_0000), None);
    }

    #[test]
    fn short_offsets_sparse_and_compact_entries_are_read() {
        let entries = [entry(3, 0), entry(3, 1)].concat();
        let sparse = type_chunk(SPARSE, [0, 0], 2, &[3, 0, 0, 0, 9, 0, 4, 0], &entries);
        let bytes = table(&[sparse]);
        let sparse = ResourceTable::parse(&bytes);
        assert_eq!(sparse.value(0x7f01_0009), Some(text("Notizen")));
        assert_eq!(sparse.value(0x7f01_0000), None);

        let short = type_chunk(OFFSET16, [0, 0], 2, &[0xff, 0xff, 4, 0], &entries);
        let bytes = table(&[short]);
        let short = ResourceTable::parse(&bytes);
        assert_eq!(short.value(0x7f01_0001), Some(text("Notizen")));
        assert_eq!(short.value(0x7f01_0000), None);

        let compact = type_chunk(0, [0, 0], 1, &words(&[0]), &[0, 0, 8, 3, 1, 0, 0, 0]);
        let bytes = table(&[compact]);
        assert_eq!(
            ResourceTable::parse(&bytes).value(0x7f01_0000),
            Some(text("Notizen"))
        );
    }

    proptest! {
        #[test]
        fn changed_tables_are_read_without_panic(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
            id in 0x7f01_0000..0x7f01_0004_u32,
        ) {
            let entries = [entry(1, 0x7f01_0001), entry(3, 0)].concat();
            let mut bytes = table(&[type_chunk(0, [0, 0], 2, &words(&[0, 16]), &entries)]);
            for (at, value) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            ResourceTable::parse(&bytes).value(id);
        }
    }
}
