//! DEX files (source.android.com/docs/core/runtime/dex-format) → names of the types in them.

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

/// Hands out each class that a DEX file names, in the order of its table; arrays and primitive types are left out. Returns
/// what was damaged.
pub fn dex(bytes: &[u8], visit: &mut dyn FnMut(DexType<'_>)) -> Vec<String> {
    let mut damage = Vec::new();
    if bytes.len() < HEADER_BYTES || !bytes.starts_with(b"dex\n") {
        damage.push("no DEX file".to_owned());
        return damage;
    }
    let table = |size_at: usize| {
        let size = usize_at(bytes, size_at).unwrap_or(0);
        let offset = usize_at(bytes, size_at.saturating_add(4)).unwrap_or(0);
        (size, offset)
    };
    let (strings, types, classes) = (table(0x38), table(0x40), table(0x60));
    // `class_idx` of each `class_def_item`, which has 32 bytes.
    let mut defined = vec![false; types.0.min(limits::DEX_TYPES)];
    for number in 0..classes.0.min(limits::DEX_TYPES) {
        let at = number
            .checked_mul(32)
            .and_then(|at| at.checked_add(classes.1));
        let Some(class) = at.and_then(|at| usize_at(bytes, at)) else {
            damage.push("DEX file cut in its table of classes".to_owned());
            break;
        };
        if let Some(slot) = defined.get_mut(class) {
            *slot = true;
        }
    }
    for (number, is_defined) in defined.into_iter().enumerate() {
        let at = number.checked_mul(4).and_then(|at| at.checked_add(types.1));
        let Some(string) = at.and_then(|at| u32_at(bytes, at)) else {
            damage.push("DEX file cut in its table of types".to_owned());
            break;
        };
        match descriptor(bytes, strings, string) {
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
    if types.0 > limits::DEX_TYPES {
        damage.push("more types in a DEX file than the bound".to_owned());
    }
    damage
}

/// The string with that index: its length in UTF-16 units (ULEB128), the bytes, a NUL.
fn descriptor(bytes: &[u8], (count, table): (usize, usize), index: u32) -> Option<&[u8]> {
    let index = usize::try_from(index).ok().filter(|index| *index < count)?;
    let at = index.checked_mul(4)?.checked_add(table)?;
    let data = bytes.get(usize_at(bytes, at)?..)?;
    let length_bytes = data.iter().take(5).position(|byte| byte & 0x80 == 0)?;
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
