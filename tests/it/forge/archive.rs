//! gzip and ZIP, packed by a few lines of our own: what a library packs changes with its version and with the processor.

use super::capture::crc32;

/// Raw deflate: one block with the fixed codes (RFC 1951 §3.2.6), literals only.
pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.low_first(0b011, 3); // last block, fixed codes
    for byte in bytes {
        let literal = u32::from(*byte);
        if literal < 144 {
            bits.high_first(0b0011_0000 + literal, 8);
        } else {
            bits.high_first(0b1_1001_0000 + literal - 144, 9);
        }
    }
    bits.high_first(0, 7); // end of block
    bits.bytes
}

/// A gzip member (RFC 1952) without name and time.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    packed.extend(deflate(bytes));
    packed.extend(crc32(bytes).to_le_bytes());
    packed.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    packed
}

/// A file in a ZIP file. What its headers say of it need not be true.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    pub(crate) packed: Vec<u8>,
    pub(crate) size: usize,
    pub(crate) crc: u32,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    /// Length of the extra field by the directory; there is none.
    pub(crate) claimed_extra: u16,
}

impl<'a> Entry<'a> {
    pub(crate) fn stored(name: &'a str, bytes: &[u8]) -> Self {
        Self {
            name,
            packed: bytes.to_vec(),
            size: bytes.len(),
            crc: crc32(bytes),
            method: 0,
            flags: 0,
            claimed_extra: 0,
        }
    }

    pub(crate) fn deflated(name: &'a str, bytes: &[u8]) -> Self {
        Self {
            packed: deflate(bytes),
            method: 8,
            ..Self::stored(name, bytes)
        }
    }

    /// With other packed bytes, and still the old size.
    pub(crate) fn packed(self, packed: Vec<u8>) -> Self {
        Self { packed, ..self }
    }

    /// From the version to the length of the name: the same in both headers.
    fn shared_header(&self) -> Vec<u8> {
        let mut header = vec![20, 0];
        header.extend(self.flags.to_le_bytes());
        header.extend(self.method.to_le_bytes());
        header.extend([0, 0, 0x21, 0x02]);
        header.extend(self.crc.to_le_bytes());
        header.extend(u32::try_from(self.packed.len()).unwrap().to_le_bytes());
        header.extend(u32::try_from(self.size).unwrap().to_le_bytes());
        header.extend(u16::try_from(self.name.len()).unwrap().to_le_bytes());
        header
    }
}

/// A ZIP file with deflated entries, dated 1 January 1981 as build tools do.
pub(crate) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let entries: Vec<Entry<'_>> = entries
        .iter()
        .map(|(name, bytes)| Entry::deflated(name, bytes))
        .collect();
    zip_of(&entries, &[])
}

/// A ZIP file of these entries, with a comment at its end.
pub(crate) fn zip_of(entries: &[Entry<'_>], comment: &[u8]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let shared = entry.shared_header();
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&shared);
        directory.extend(entry.claimed_extra.to_le_bytes());
        directory.extend([0; 10]);
        directory.extend(u32::try_from(file.len()).unwrap().to_le_bytes());
        directory.extend(entry.name.as_bytes());

        file.extend(b"PK\x03\x04");
        file.extend(&shared);
        file.extend([0, 0]);
        file.extend(entry.name.as_bytes());
        file.extend(&entry.packed);
    }
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    let start = u32::try_from(file.len()).unwrap().to_le_bytes();
    let length = u32::try_from(directory.len()).unwrap().to_le_bytes();
    file.extend(directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend(count);
    file.extend(count);
    file.extend(length);
    file.extend(start);
    file.extend(u16::try_from(comment.len()).unwrap().to_le_bytes());
    file.extend(comment);
    file
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn push(&mut self, bit: u32) {
        if self.used.is_multiple_of(8) {
            self.bytes.push(0);
        }
        let last = self.bytes.last_mut().unwrap();
        *last |= u8::try_from(bit & 1).unwrap() << (self.used % 8);
        self.used += 1;
    }

    fn low_first(&mut self, value: u32, count: u32) {
        for position in 0..count {
            self.push(value >> position);
        }
    }

    fn high_first(&mut self, value: u32, count: u32) {
        for position in (0..count).rev() {
            self.push(value >> position);
        }
    }
}

#[test]
fn libraries_unpack_what_is_packed() {
    use std::io::Read as _;

    let bytes: Vec<u8> = (0..=255).collect();
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(gzip(&bytes).as_slice())
        .read_to_end(&mut unpacked)
        .unwrap();
    assert_eq!(unpacked, bytes);

    let file = zip(&[("a.txt", b"hello"), ("b/c.bin", &bytes)]);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file)).unwrap();
    unpacked.clear();
    archive
        .by_name("b/c.bin")
        .unwrap()
        .read_to_end(&mut unpacked)
        .unwrap();
    assert_eq!((archive.len(), unpacked), (2, bytes));
}
