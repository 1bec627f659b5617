//! DEX files (source.android.com/docs/core/runtime/dex-format) → names of the types in them.

use std::ops::Range;

use super::little_endian::usize_at;
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

/// Which bytes of a DEX file [`dex`] looks at next, as far as the bytes that are there tell: the header says where the tables lie,
/// and they say where the names of types do. Between the tables are others, code is in front of the names, annotations behind.
pub(super) fn bytes_needed(bytes: &[u8]) -> Range<usize> {
    if bytes.len() < HEADER_BYTES {
        return 0..HEADER_BYTES;
    }
    let tables = Tables::of(bytes);
    let leading = tables.strings.end().max(tables.types.end());
    if bytes.len() < leading {
        // Names may lie anywhere, also in front of these.
        return 0..leading;
    }
    let names = (0..tables.types.count.min(limits::DEX_TYPES)).filter_map(|number| {
        let string = usize_at(bytes, tables.types.at(number)?)?;
        usize_at(bytes, tables.strings.at(string)?)
    });
    let (first, last) = names.fold((usize::MAX, 0), |(first, last), at| {
        (at.min(first), at.max(last))
    });
    let last = last.saturating_add(LENGTH_BYTES);
    let names_end = last.saturating_add(limits::DEX_NAME_BYTES);
    let places = [
        tables.classes.offset..tables.classes.end(),
        first.min(names_end)..names_end,
    ];
    let missing = places.into_iter().filter(|place| bytes.len() < place.end);
    missing.min_by_key(|place| place.start).unwrap_or(0..0)
}

/// A table of the header: entries of one size.
#[derive(Clone, Copy)]
struct Table {
    count: usize,
    offset: usize,
    entry_bytes: usize,
}

impl Table {
    /// Where the entry with that number lies, if there is one.
    fn at(&self, number: usize) -> Option<usize> {
        let inside = Some(number).filter(|number| *number < self.count);
        inside?
            .checked_mul(self.entry_bytes)?
            .checked_add(self.offset)
    }

    /// Where it ends; an empty one does not matter.
    fn end(&self) -> usize {
        match self.count {
            0 => 0,
            count => self
                .offset
                .saturating_add(count.saturating_mul(self.entry_bytes)),
        }
    }
}

/// The tables that are read.
#[derive(Clone, Copy)]
struct Tables {
    /// `string_id_item`
    strings: Table,
    /// `type_id_item`
    types: Table,
    /// `class_def_item`
    classes: Table,
}

impl Tables {
    fn of(bytes: &[u8]) -> Self {
        let table = |size_at: usize, entry_bytes| Table {
            count: usize_at(bytes, size_at).unwrap_or(0),
            offset: usize_at(bytes, size_at.saturating_add(4)).unwrap_or(0),
            entry_bytes,
        };
        Self {
            strings: table(0x38, STRING_ID_BYTES),
            types: table(0x40, TYPE_ID_BYTES),
            classes: table(0x60, CLASS_DEF_BYTES),
        }
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
    let types = tables.types.count.min(limits::DEX_TYPES);
    // `class_idx` of each `class_def_item`.
    let mut defined = vec![false; types];
    for number in 0..tables.classes.count.min(limits::DEX_TYPES) {
        let Some(class) = tables.classes.at(number).and_then(|at| usize_at(bytes, at)) else {
            damage.push("DEX file cut in its table of classes".to_owned());
            break;
        };
        if let Some(slot) = defined.get_mut(class) {
            *slot = true;
        }
    }
    for (number, is_defined) in defined.into_iter().enumerate() {
        let Some(string) = tables.types.at(number).and_then(|at| usize_at(bytes, at)) else {
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
    if tables.types.count > limits::DEX_TYPES {
        damage.push("more types in a DEX file than the bound".to_owned());
    }
    damage
}

/// The string with that index: its length in UTF-16 units (ULEB128), the bytes, a NUL.
fn descriptor<'a>(bytes: &'a [u8], tables: &Tables, index: usize) -> Option<&'a [u8]> {
    let data = bytes.get(usize_at(bytes, tables.strings.at(index)?)?..)?;
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

    use super::super::little_endian::u32_at;
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
        let have = asked_for(&long);
        assert!(have.len() < long.len() && !have[..names_at + 5000].contains(&0xff));
        assert_eq!(names(&have), names(&whole));
    }

    /// What is there once nothing is needed any more.
    fn asked_for(bytes: &[u8]) -> Vec<u8> {
        let mut have = Vec::new();
        loop {
            let needed = bytes_needed(&have);
            let end = needed.end.min(bytes.len());
            if end <= have.len() {
                return have;
            }
            let start = needed.start.max(have.len()).min(end);
            have.resize(start, 0);
            have.extend(&bytes[start..end]);
        }
    }

    #[test]
    fn the_order_of_tables_and_names_hides_nothing() {
        let types = ["Lcom/example/Notes;", "La;"];
        let whole = forge(&types, 2);
        // The table of classes behind the names, with a gap in front of it.
        let mut late = whole.clone();
        late.resize(whole.len() + 100, 0xff);
        let classes_at = late.len();
        let (strings, own) = (HEADER_BYTES, HEADER_BYTES + 8 * types.len());
        late.extend(&whole[own..own + 2 * CLASS_DEF_BYTES]);
        late[0x64..0x68].copy_from_slice(&u32::try_from(classes_at).unwrap().to_le_bytes());
        assert_eq!(names(&asked_for(&late)), names(&whole));
        // The table of strings behind the names.
        let mut last = late.clone();
        let strings_at = last.len();
        last.extend(&whole[strings..strings + STRING_ID_BYTES * types.len()]);
        last[0x3c..0x40].copy_from_slice(&u32::try_from(strings_at).unwrap().to_le_bytes());
        assert_eq!(names(&asked_for(&last)), names(&whole));
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
