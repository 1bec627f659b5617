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
