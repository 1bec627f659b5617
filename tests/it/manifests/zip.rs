//! ZIP archives (APK, IPA), honest or not.

use std::io::Write;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// A file of an archive. Stored unless [`Member::deflated`], so that its bytes do not depend on a compressor's version.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: Vec<u8>,
    pub(super) data: Vec<u8>,
    pub(super) uncompressed: u32,
    pub(super) crc: u32,
    /// Compression method in both headers; need not be true.
    pub(super) method: u16,
    /// General-purpose flags in both headers.
    pub(super) flags: u16,
    /// Length of the extra field that the directory claims; the field itself is empty.
    pub(super) claimed_extra: u16,
}

impl Member {
    pub(super) fn stored(name: &str, content: &[u8]) -> Self {
        let mut crc = Crc::new();
        crc.update(content);
        Self {
            name: name.as_bytes().to_vec(),
            data: content.to_vec(),
            uncompressed: u32::try_from(content.len()).unwrap(),
            crc: crc.sum(),
            method: 0,
            flags: 0,
            claimed_extra: 0,
        }
    }

    pub(super) fn deflated(name: &str, content: &[u8]) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        Self {
            data: encoder.finish().unwrap(),
            method: 8,
            ..Self::stored(name, content)
        }
    }
}

/// The archive, with 1980-01-01 as the date of all its members.
pub(super) fn zip(members: &[Member]) -> Vec<u8> {
    with_comment(members, &[])
}

/// The archive with a comment at its end.
pub(super) fn with_comment(members: &[Member], comment: &[u8]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for member in members {
        let offset = u32::try_from(archive.len()).unwrap();
        let common = common_header(member);
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(0_u16.to_le_bytes());
        archive.extend(&member.name);
        archive.extend(&member.data);

        directory.extend(b"PK\x01\x02");
        directory.extend(20_u16.to_le_bytes());
        directory.extend(&common);
        directory.extend(member.claimed_extra.to_le_bytes());
        // Comment, disk, internal and external attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(&member.name);
    }
    let start = u32::try_from(archive.len()).unwrap();
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06");
    archive.extend([0; 4]);
    let count = u16::try_from(members.len()).unwrap();
    archive.extend(count.to_le_bytes());
    archive.extend(count.to_le_bytes());
    archive.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend(u16::try_from(comment.len()).unwrap().to_le_bytes());
    archive.extend(comment);
    archive
}

/// From the version needed to the length of the name: the same in both headers.
fn common_header(member: &Member) -> Vec<u8> {
    let mut header = Vec::new();
    for half in [20, member.flags, member.method, 0, 0x21] {
        header.extend(half.to_le_bytes());
    }
    for word in [
        member.crc,
        u32::try_from(member.data.len()).unwrap(),
        member.uncompressed,
    ] {
        header.extend(word.to_le_bytes());
    }
    header.extend(u16::try_from(member.name.len()).unwrap().to_le_bytes());
    header
}
