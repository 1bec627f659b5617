//! ZIP archives (PKWARE's APPNOTE 6.3.10) as bodies, parts of forms and values: their files in order, each under its name. The directory at
//! the end is not needed: each file has a header of its own in front of it.

use flate2::{Decompress, FlushDecompress, Status};

use super::body::{self, MediaType};
use super::collector::Collector;
use super::{Decoder, Input, copied};
use crate::limits;
use crate::model::{DecodeStep, Shortfall};

pub(super) const DECODER: Decoder = Decoder {
    matches: |_, input| input.bytes.first_chunk() == Some(MAGIC),
    decode,
};

/// Of a local file header (§4.3.7).
pub(super) const MAGIC: &[u8; 4] = b"PK\x03\x04";
/// Its bytes up to the name.
const HEADER_BYTES: usize = 30;

/// A file, and what comes behind it.
struct File<'s> {
    name: String,
    content: Content,
    rest: &'s [u8],
}

enum Content {
    Bytes(Vec<u8>),
    /// More than the bound.
    Larger,
    /// Encrypted, or compressed otherwise than by deflate.
    Otherwise,
}

fn decode<'a>(_: &MediaType, input: Input<'_, 'a>, collector: &mut Collector<'a>) {
    collector.undoing(DecodeStep::Zip, |collector| {
        let mut rest = input.bytes;
        for _ in 0..limits::ZIPPED_FILES {
            if !rest.starts_with(MAGIC) {
                return;
            }
            let Some(file) = next(rest, collector.inflate_left()) else {
                break;
            };
            rest = file.rest;
            let bytes = match file.content {
                Content::Bytes(bytes) => bytes,
                Content::Larger => {
                    let detail = "a file of a ZIP archive that is larger than the bound";
                    collector.spend_inflated(collector.inflate_left());
                    collector.shortfall(Shortfall::InflateLimit, 0, detail);
                    continue;
                }
                Content::Otherwise => {
                    let detail =
                        "a file of a ZIP archive that is encrypted or compressed otherwise";
                    collector.shortfall(Shortfall::UnknownEncoding, 0, detail);
                    continue;
                }
            };
            collector.spend_inflated(bytes.len());
            let inner = Input {
                bytes: &bytes,
                keep: copied,
                is_cut: false,
            };
            collector.within(&file.name, |collector| {
                body::decode(&MediaType::default(), inner, collector);
            });
        }
        if rest.starts_with(MAGIC) && !input.is_cut {
            let detail = "a ZIP archive is damaged, or has more files than the bound";
            collector.shortfall(Shortfall::DamagedBody, rest.len(), detail);
        }
    });
}

/// The file at the beginning of these bytes, of which no more than `most` are unpacked.
fn next(bytes: &[u8], most: usize) -> Option<File<'_>> {
    let (header, behind) = bytes.split_at_checked(HEADER_BYTES)?;
    let short = |at: usize| {
        let field = header.get(at..)?.first_chunk::<2>()?;
        Some(u16::from_le_bytes(*field))
    };
    let long = |at: usize| {
        let field = header.get(at..)?.first_chunk::<4>()?;
        usize::try_from(u32::from_le_bytes(*field)).ok()
    };
    let (flags, method, packed) = (short(6)?, short(8)?, long(18)?);
    let (name, behind) = behind.split_at_checked(short(26)?.into())?;
    let (_, data) = behind.split_at_checked(short(28)?.into())?;
    let (is_encrypted, has_descriptor) = (flags & 1 != 0, flags & 8 != 0);
    let (content, used) = match method {
        8 if !is_encrypted => inflate(data, most)?,
        // Without its size in front, only what is packed says where it ends.
        0 if !has_descriptor && !is_encrypted => match data.get(..packed)? {
            stored if stored.len() <= most => (Content::Bytes(stored.to_vec()), packed),
            _ => (Content::Larger, packed),
        },
        _ if !has_descriptor => (Content::Otherwise, packed),
        _ => return None,
    };
    let used = if has_descriptor { used } else { packed };
    let mut rest = data.get(used..)?;
    if has_descriptor {
        // §4.3.9: with its mark, or without as old writers have it.
        let rest_behind = |bytes: usize| rest.get(bytes..);
        rest = if rest.starts_with(b"PK\x07\x08") {
            rest_behind(16)?
        } else {
            rest_behind(12)?
        };
    }
    Some(File {
        name: String::from_utf8_lossy(name).into_owned(),
        content,
        rest,
    })
}

/// What is packed, and how many bytes it took.
fn inflate(data: &[u8], most: usize) -> Option<(Content, usize)> {
    let mut inflater = Decompress::new(false);
    let mut bytes = Vec::new();
    loop {
        let used = usize::try_from(inflater.total_in()).ok()?;
        if bytes.len() > most {
            return Some((Content::Larger, used));
        }
        bytes.reserve(limits::ZIPPED_STEP);
        let rest = data.get(used..)?;
        let before = (inflater.total_in(), bytes.len());
        let status = inflater
            .decompress_vec(rest, &mut bytes, FlushDecompress::None)
            .ok()?;
        if status == Status::StreamEnd {
            let used = usize::try_from(inflater.total_in()).ok()?;
            let is_larger = bytes.len() > most;
            let content = if is_larger {
                Content::Larger
            } else {
                Content::Bytes(bytes)
            };
            return Some((content, used));
        }
        if before == (inflater.total_in(), bytes.len()) {
            return None;
        }
    }
}
