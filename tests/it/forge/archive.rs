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

/// A ZIP file with deflated entries, dated 1 January 1981 as build tools do.
pub(crate) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in entries {
        let packed = deflate(bytes);
        let mut shared = vec![20, 0, 0, 8, 8, 0, 0, 0, 0x21, 0x02];
        shared.extend(crc32(bytes).to_le_bytes());
        shared.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        shared.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        shared.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        shared.extend([0, 0]);

        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&shared);
        directory.extend([0; 10]);
        directory.extend(u32::try_from(file.len()).unwrap().to_le_bytes());
        directory.extend(name.as_bytes());

        file.extend(b"PK\x03\x04");
        file.extend(&shared);
        file.extend(name.as_bytes());
        file.extend(packed);
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
    file.extend([0, 0]);
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
