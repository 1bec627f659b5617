//! Executables of Apple's systems (`mach-o/loader.h`, `cs_blobs.h` of XNU) → where their code signature lies, which libraries they
//! load, and the entitlements in the signature.

use super::little_endian::{u32_at, usize_at};
use crate::limits;

const FAT: u32 = 0xcafe_babe;
const MAGIC_64: u32 = 0xfeed_facf;
const MAGIC_32: u32 = 0xfeed_face;
const LOAD_DYLIB: u32 = 0xc;
const LOAD_WEAK_DYLIB: u32 = 0x8000_0018;
const REEXPORT_DYLIB: u32 = 0x8000_001f;
const CODE_SIGNATURE: u32 = 0x1d;
const ENCRYPTION_INFO: u32 = 0x21;
const ENCRYPTION_INFO_64: u32 = 0x2c;
/// `CSMAGIC_EMBEDDED_SIGNATURE` and `CSMAGIC_EMBEDDED_ENTITLEMENTS`.
const SUPER_BLOB: u32 = 0xfade_0cc0;
const ENTITLEMENTS: u32 = 0xfade_7171;

/// What the load commands of an executable say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachO {
    /// Offset and length of the code signature in the file.
    pub signature: Option<(u64, usize)>,
    /// Libraries that it loads, by their paths.
    pub libraries: Vec<String>,
    /// Its code is encrypted, as the App Store delivers it.
    pub is_encrypted: bool,
}

/// Where the first executable of a file for several processors begins; 0 for any other file. `head` is the start of the file.
pub fn first_slice(head: &[u8]) -> u64 {
    match (u32_be(head, 0), u32_be(head, 4)) {
        // Java classes have the same magic number, and a version in place of the count.
        (Some(FAT), Some(count)) if (1..=limits::MACH_O_SLICES).contains(&count) => {
            u32_be(head, 16).map_or(0, u64::from)
        }
        _ => 0,
    }
}

/// Reads the load commands; `head` is the start of an executable that lies at `at` in its file. `None` if it is none.
pub fn mach_o(head: &[u8], at: u64) -> Option<MachO> {
    let mut found = MachO::default();
    let mut position = match u32_at(head, 0)? {
        MAGIC_64 => 32_usize,
        MAGIC_32 => 28,
        _ => return None,
    };
    let count = usize_at(head, 16)?.min(limits::MACH_O_COMMANDS);
    for _ in 0..count {
        let (Some(kind), Some(size)) = (
            u32_at(head, position),
            position.checked_add(4).and_then(|at| usize_at(head, at)),
        ) else {
            break;
        };
        let Some(command) = position
            .checked_add(size)
            .filter(|_| size >= 8)
            .and_then(|end| head.get(position..end))
        else {
            break;
        };
        match kind {
            LOAD_DYLIB | LOAD_WEAK_DYLIB | REEXPORT_DYLIB => {
                let name = usize_at(command, 8).and_then(|at| command.get(at..));
                let name = name.and_then(|name| name.split(|byte| *byte == 0).next());
                found
                    .libraries
                    .extend(name.map(|name| String::from_utf8_lossy(name).into_owned()));
            }
            CODE_SIGNATURE => {
                let place = u32_at(command, 8).zip(usize_at(command, 12));
                found.signature =
                    place.map(|(offset, length)| (at.saturating_add(u64::from(offset)), length));
            }
            ENCRYPTION_INFO | ENCRYPTION_INFO_64 => {
                found.is_encrypted = u32_at(command, 16).is_some_and(|system| system != 0);
            }
            _ => {}
        }
        position = position.saturating_add(size);
    }
    Some(found)
}

/// The property list of entitlements in a code signature.
pub fn entitlements(signature: &[u8]) -> Option<&[u8]> {
    if u32_be(signature, 0)? != SUPER_BLOB {
        return None;
    }
    let count = usize::try_from(u32_be(signature, 8)?).ok()?;
    (0..count.min(limits::MACH_O_COMMANDS)).find_map(|number| {
        let index = number.checked_mul(8)?.checked_add(12)?;
        let offset = usize::try_from(u32_be(signature, index.checked_add(4)?)?).ok()?;
        let blob = signature.get(offset..)?;
        if u32_be(blob, 0)? != ENTITLEMENTS {
            return None;
        }
        blob.get(8..usize::try_from(u32_be(blob, 4)?).ok()?)
    })
}

fn u32_be(bytes: &[u8], offset: usize) -> Option<u32> {
    u32_at(bytes, offset).map(u32::swap_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn little(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    fn big(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn load_commands_name_libraries_and_the_signature() {
        let mut head = little(&[MAGIC_64, 0, 0, 2, 3, 0, 0, 0]);
        head.extend(little(&[LOAD_DYLIB, 32, 24, 0, 0, 0]));
        head.extend(b"@rpath/A");
        head.extend(little(&[CODE_SIGNATURE, 16, 4096, 64]));
        head.extend(little(&[ENCRYPTION_INFO_64, 24, 0, 0, 1, 0]));
        let found = mach_o(&head, 100).unwrap();
        assert_eq!(found.libraries, ["@rpath/A"]);
        assert_eq!(found.signature, Some((4196, 64)));
        assert!(found.is_encrypted);
        assert_eq!(mach_o(b"PK\x03\x04", 0), None);
        assert_eq!(first_slice(&big(&[FAT, 1, 0, 0, 16384, 9, 14])), 16384);
        assert_eq!(first_slice(&head), 0);
    }

    #[test]
    fn entitlements_lie_in_a_blob_of_the_signature() {
        let mut signature = big(&[SUPER_BLOB, 35, 1, 5, 20, ENTITLEMENTS, 15]);
        signature.extend(b"<plist>");
        assert_eq!(entitlements(&signature), Some(&b"<plist>"[..]));
        assert_eq!(entitlements(&signature[..20]), None);
    }
}
