//! DEX files (source.android.com/docs/core/runtime/dex-format) → names of the types in them.

use std::ops::Range;

use super::little_endian::{u32_at, usize_at};
use crate::limits;

/// A type that a DEX file names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DexType<'a> {
    /// Its name with slashes, without `L` and `;` (`com/example/Notes$Page`), in modified UTF-8.
    pub name: &'a [u8],
    /// The file has its code, and does not just refer to it.
    pub is_defined: bool,
}

const HEADER_BYTES: usize = 0x70;
const STRING_ID_BYTES: usize = 4;
const TYPE_ID_BYTES: usize = 4;
const CLASS_DEF_BYTES: usize = 32;
/// A ULEB128 of 32 bits at its longest.
const LENGTH_BYTES: usize = 5;

/// Which bytes of a DEX file [`dex`] looks at, as far as the bytes that are there tell: the header says where the tables end, and
/// they say where the names of types lie. Code is in front of these, annotations behind.
pub(super) fn bytes_needed(bytes: &[u8]) -> Range<usize> {
    let tables = Tables::of(bytes);
    if bytes.len() < HEADER_BYTES {
        return 0..HEADER_BYTES;
    }
    let ends = [
        (tables.strings, STRING_ID_BYTES),
        (tables.types, TYPE_ID_BYTES),
        (tables.classes, CLASS_DEF_BYTES),
    ];
    let ends = ends.map(|((count, at), size)| at.saturating_add(count.saturating_mul(size)));
    let tables_end = ends.into_iter().max().unwrap_or(0);
    if bytes.len() < tables_end {
        return 0..tables_end;
    }
    let names = (0..tables.types.0.min(limits::DEX_TYPES)).filter_map(|number| {
        let string = u32_at(bytes, tables.type_at(number)?)?;
        usize_at(bytes, tables.string_at(string)?)
    });
    let (first, last) = names.fold((usize::MAX, 0), |(first, last), at| {
        (at.min(first), at.max(last))
    });
    let end = last
        .saturating_add(LENGTH_BYTES)
        .saturating_add(limits::DEX_NAME_BYTES)
        .max(tables_end);
    first.min(end)..end
}

/// Number of entries and offset of the tables that are read.
#[derive(Clone, Copy)]
struct Tables {
    strings: (usize, usize),
    types: (usize, usize),
    classes: (usize, usize),
}

impl Tables {
    fn of(bytes: &[u8]) -> Self {
        let table = |size_at: usize| {
            let size = usize_at(bytes, size_at).unwrap_or(0);
            let offset = usize_at(bytes, size_at.saturating_add(4)).unwrap_or(0);
            (size, offset)
        };
        Self {
            strings: table(0x38),
            types: table(0x40),
            classes: table(0x60),
        }
    }

    /// Where the `string_id_item` of that index lies.
    fn string_at(&self, index: u32) -> Option<usize> {
        let (count, offset) = self.strings;
        let index = usize::try_from(index).ok().filter(|index| *index < count)?;
        index.checked_mul(STRING_ID_BYTES)?.checked_add(offset)
    }

    /// Where the `type_id_item` with that number lies.
    fn type_at(&self, number: usize) -> Option<usize> {
        number.checked_mul(TYPE_ID_BYTES)?.checked_add(self.types.1)
    }

    /// Where the `class_def_item` with that number lies.
    fn class_at(&self, number: usize) -> Option<usize> {
        number
            .checked_mul(CLASS_DEF_BYTES)?
            .checked_add(self.classes.1)
    }
}

/// Hands out each class that a DEX file names, in the order of its table; arrays and primitive types are left out. Returns
/// what was damaged.
pub fn dex(bytes: &[u8], visit: &mut dyn FnMut(DexType<'_>)) -> Vec<String> {
    let mut damage = Vec::new();
    if bytes.len() < HEADER_BYTES || !bytes.starts_with(b"dex\n") {
        damage.push("no DEX file".to_owned());
        return damage;
    }
    let tables = Tables::of(bytes);
    let types = tables.types.0.min(limits::DEX_TYPES);
    // `class_idx` of each `class_def_item`.
    let mut defined = vec![false; types];
    for number in 0..tables.classes.0.min(limits::DEX_TYPES) {
        let Some(class) = tables.class_at(number).and_then(|at| usize_at(bytes, at)) else {
            damage.push("DEX file cut in its table of classes".to_owned());
            break;
        };
        if let Some(slot) = defined.get_mut(class) {
            *slot = true;
        }
    }
    for (number, is_defined) in defined.into_iter().enumerate() {
        let Some(string) = tables.type_at(number).and_then(|at| u32_at(bytes, at)) else {
            damage.push("DEX file cut in its table of types".to_owned());
            break;
        };
        match descriptor(bytes, &tables, string) {
            Some([b'L', name @ .., b';']) => visit(DexType { name, is_defined }),
            Some(_) => {}
            None => {
                let what = "a DEX file whose types lead out of it";
                if !damage.iter().any(|known| known == what) {
                    damage.push(what.to_owned());
                }
            }
        }
    }
    if tables.types.0 > limits::DEX_TYPES {
        damage.push("more types in a DEX file than the bound".to_owned());
    }
    damage
}

/// The string with that index: its length in UTF-16 units (ULEB128), the bytes, a NUL.
fn descriptor<'a>(bytes: &'a [u8], tables: &Tables, index: u32) -> Option<&'a [u8]> {
    let data = bytes.get(usize_at(bytes, tables.string_at(index)?)?..)?;
    let mut length = data.iter().take(LENGTH_BYTES);
    let length_bytes = length.position(|byte| byte & 0x80 == 0)?;
    let text = data.get(length_bytes.checked_add(1)?..)?;
    let end = memchr::memchr(0, text.get(..limits::DEX_NAME_BYTES).unwrap_or(text))?;
    text.get(..end)
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "sizes of what the tests forge themselves"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A file with these types, of which the first `defined` are defined.
    fn forge(types: &[&str], defined: u32) -> Vec<u8> {
        let count = u32::try_from(types.len()).unwrap();
        let strings_at = u32::try_from(HEADER_BYTES).unwrap();
        let types_at = strings_at + 4 * count;
        let classes_at = types_at + 4 * count;
        let mut bytes = b"dex\n035\0".to_vec();
        bytes.resize(HEADER_BYTES, 0);
        let mut put = |at: usize, size: u32, offset: u32| {
            bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
            bytes[at + 4..at + 8].copy_from_slice(&offset.to_le_bytes());
        };
        put(0x38, count, strings_at);
        put(0x40, count, types_at);
        put(0x60, defined, classes_at);
        let mut data_at = classes_at + 32 * defined;
        let mut data = Vec::new();
        for name in types {
            bytes.extend(data_at.to_le_bytes());
            data.push(u8::try_from(name.len()).unwrap());
            data.extend(name.as_bytes());
            data.push(0);
            data_at += u32::try_from(name.len()).unwrap() + 2;
        }
        bytes.extend((0..count).flat_map(u32::to_le_bytes));
        for class in 0..defined {
            bytes.extend(class.to_le_bytes());
            bytes.extend([0; 28]);
        }
        bytes.extend(data);
        bytes
    }

    #[test]
    fn what_is_needed_gives_the_same_names() {
        let types = ["Lcom/example/Notes;", "I", "[Lcom/example/Notes;", "La;"];
        let whole = forge(&types, 2);
        // Code between the tables and the names, and annotations behind them.
        let names_at = whole.len() - types.iter().map(|name| name.len() + 2).sum::<usize>();
        let mut long = whole[..names_at].to_vec();
        long.resize(names_at + 5000, 0xff);
        long.extend(&whole[names_at..]);
        long.resize(long.len() + 10_000, 0xff);
        for string in 0..types.len() {
            let at = HEADER_BYTES + STRING_ID_BYTES * string;
            let moved = u32_at(&whole, at).unwrap() + 5000;
            long[at..at + 4].copy_from_slice(&moved.to_le_bytes());
        }
        let mut have = Vec::new();
        loop {
            let needed = bytes_needed(&have);
            if needed.end.min(long.len()) <= have.len() {
                break;
            }
            let start = needed.start.max(have.len());
            have.resize(start, 0);
            have.extend(&long[start..needed.end.min(long.len())]);
        }
        assert!(have.len() < long.len() && !have[..names_at + 5000].contains(&0xff));
        assert_eq!(names(&have), names(&whole));
    }

    fn names(bytes: &[u8]) -> (Vec<(String, bool)>, Vec<String>) {
        let mut names = Vec::new();
        let damage = dex(bytes, &mut |found| {
            let name = String::from_utf8_lossy(found.name).into_owned();
            names.push((name, found.is_defined));
        });
        (names, damage)
    }

    #[test]
    fn classes_are_told_from_references_arrays_and_primitives() {
        let bytes = forge(
            &[
                "Lcom/example/A;",
                "I",
                "[Lcom/example/A;",
                "Ljava/lang/String;",
            ],
            1,
        );
        let (found, damage) = names(&bytes);
        assert_eq!(damage, Vec::<String>::new());
        assert_eq!(
            found,
            [
                ("com/example/A".to_owned(), true),
                ("java/lang/String".to_owned(), false)
            ]
        );
    }

    #[test]
    fn false_offsets_and_counts_are_named() {
        let mut bytes = forge(&["La;", "Lb;"], 0);
        bytes[HEADER_BYTES..HEADER_BYTES + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        let (found, damage) = names(&bytes);
        assert_eq!(found, [("b".to_owned(), false)]);
        assert_eq!(damage.len(), 1);
        bytes[0x40..0x44].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(names(&bytes).1.iter().any(|what| what.contains("bound")));
    }

    proptest! {
        #[test]
        fn changed_files_are_read_without_panic(at in 0_usize..0x70, value in any::<u8>(), cut in 0_usize..200) {
            let mut bytes = forge(&["Lcom/example/A;", "Lcom/example/B;"], 2);
            bytes[at] = value;
            names(&bytes);
            bytes.truncate(cut);
            names(&bytes);
        }
    }
}
