//! Documents in what nothing is known of, as apps send them by protocols of their own: alone, or each behind its length. Most such bytes
//! are encrypted, so that a document counts where chance hardly makes one.

use super::binary::{Cursor, Stop};
use super::body::{self, MediaType};
use super::collector::Collector;
use super::{
    Decoder, Input, bson, cbor, compression, copied, message_pack, property_list, protobuf, text,
    thrift, zip,
};
use crate::limits;

/// Several of them; one alone is read as what it is.
pub(super) const DECODER: Decoder = Decoder { matches, decode };

/// Of so many bits that are drawn at random, all must come out one way to make a document by chance.
const CERTAIN: u32 = 24;
/// The same of what stands behind its length: apps send what they encrypt that way, too.
const CERTAIN_BEHIND_LENGTH: u32 = 10;
/// Shortest document with names from the first to the last byte.
const SHORTEST_NAMED: usize = 8;

/// Formats with names, or with a magic of their own.
const NAMED: [Decoder; 4] = [
    bson::DECODER,
    cbor::DECODER,
    message_pack::DECODER,
    thrift::DECODER,
];

/// Reads the length of what follows.
type Read = fn(&mut Cursor<'_>) -> Result<u64, Stop>;

/// How lengths are written.
const LENGTHS: [Read; 6] = [
    |cursor| cursor.number(4),
    |cursor| cursor.array().map(u32::from_le_bytes).map(u64::from),
    |cursor| cursor.number(2),
    |cursor| cursor.array().map(u16::from_le_bytes).map(u64::from),
    |cursor| cursor.number(1),
    |cursor| cursor.varint(),
];
/// Ways of writing them, with and without their own bytes counted, as a number of bits.
const WAYS: u32 = 4;

/// Whether bytes that nothing calls so are a document that can be read, alone or behind its length.
pub fn is_document(bytes: &[u8]) -> bool {
    certainty(bytes) >= CERTAIN || frames(bytes).is_some()
}

/// How sure it is, in bits, that bytes are a document from the first to the last.
fn certainty(bytes: &[u8]) -> u32 {
    let input = Input {
        bytes,
        keep: copied,
        is_cut: false,
    };
    let is_of = |decoder: &Decoder| (decoder.matches)(&MediaType::default(), input);
    if let Ok(text) = str::from_utf8(bytes)
        && text::is_readable(text)
    {
        return text_bits(text);
    }
    let is_marked = bytes.starts_with(zip::MAGIC) || bytes.starts_with(property_list::MAGIC);
    let is_named = || bytes.len() >= SHORTEST_NAMED && NAMED.iter().any(is_of);
    if is_marked || compression::is_whole(bytes) || is_named() {
        return CERTAIN;
    }
    let certainty = protobuf::certainty(bytes);
    let is_compressed = || {
        bytes.len() >= SHORTEST_NAMED
            && compression::without_magic(bytes, &mut { limits::UNMARKED_BYTES }).is_some()
    };
    if certainty < CERTAIN && is_compressed() {
        return CERTAIN;
    }
    certainty
}

/// One byte in three is printable: a bit and a half.
pub(super) fn text_bits(text: &str) -> u32 {
    u32::try_from(text.len().saturating_mul(7) / 5).unwrap_or(u32::MAX)
}

/// What stands behind lengths from the first to the last byte, or before the end of a line, if that is a document.
fn frames(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let line = bytes.strip_suffix(b"\n");
    let line = line.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    if let Some(line) = line.filter(|line| certainty(line) >= CERTAIN) {
        return Some(vec![line]);
    }
    LENGTHS.iter().find_map(|read| {
        [false, true].into_iter().find_map(|counts_itself| {
            let (frames, header) = split(bytes, *read, counts_itself)?;
            let of_length = u32::try_from(header.saturating_mul(8)).unwrap_or(0);
            let certainty = frames.first().map_or(0, |first| certainty(first));
            let is_certain = certainty >= CERTAIN_BEHIND_LENGTH
                && certainty.saturating_add(of_length) >= CERTAIN.saturating_add(WAYS);
            is_certain.then_some(frames)
        })
    })
}

/// What stands behind lengths, and how many bytes the first length has.
fn split(bytes: &[u8], read: Read, counts_itself: bool) -> Option<(Vec<&[u8]>, usize)> {
    let (mut frames, mut first) = (Vec::new(), 0);
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_empty() {
        let before = cursor.rest().len();
        let length = read(&mut cursor).ok()?;
        let header = before.saturating_sub(cursor.rest().len());
        let own = if counts_itself { header } else { 0 };
        let length = length.checked_sub(u64::try_from(own).ok()?)?;
        let frame = cursor.take_long(length).ok()?;
        if frames.is_empty() {
            first = header;
        }
        // What keeps a connection alive may be empty.
        if !frame.is_empty() || frames.is_empty() {
            frames.push(frame);
        }
    }
    Some((frames, first))
}

fn matches(media_type: &MediaType, input: Input<'_, '_>) -> bool {
    media_type.is_unspecific() && !input.is_cut && frames(input.bytes).is_some()
}

fn decode<'a>(media_type: &MediaType, input: Input<'_, 'a>, collector: &mut Collector<'a>) {
    let frames = frames(input.bytes).unwrap_or_default();
    if let [one] = frames.as_slice() {
        body::decode(media_type, input.with_bytes(one), collector);
        return;
    }
    for (position, frame) in frames.into_iter().enumerate() {
        collector.within_index(position, |collector| {
            body::decode(media_type, input.with_bytes(frame), collector);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bytes_are_no_document() {
        let mut state = 1_u64;
        // Of what stands behind a length, the length itself is sure.
        let mut framed = 0;
        let mut byte = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            u8::try_from(state >> 56).unwrap()
        };
        for round in 0..20_000_usize {
            let bytes: Vec<u8> = (0..round % 97).map(|_| byte()).collect();
            assert!(!is_document(&bytes), "{bytes:x?}");
            let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
            let behind_length = [&length[..], &bytes].concat();
            framed += u32::from(is_document(&behind_length));
        }
        assert!(framed < 40, "{framed}");
    }

    #[test]
    fn documents_stand_alone_and_behind_their_lengths() {
        let pack: &[u8] = b"\x82\xa2ev\xa2up\xa4imei\xcf\0\x01\x44\xa2\x1c\xd2\x45\xa1";
        let message: &[u8] =
            b"\x08\x03\x12\x04sync\x1a\x14\x9f\x86\xd0\x81\x88\x4c\x7d\x65\x9a\x2f\
            \xea\xa0\xc5\x5a\xd0\x15\xa3\xbf\x4f\x1b";
        let places: &[u8] = b"\x08\x07\x12\x12\x09\x3b\x70\xce\x88\xd2\x42\x4a\x40\x11\xd7\x34\xef\
            \x38\x45\xc7\x2a\x40";
        for document in [pack, message, places] {
            assert!(is_document(document), "{document:x?}");
            let length = document.len();
            let big = u32::try_from(length).unwrap().to_be_bytes();
            let little = u16::try_from(length + 2).unwrap().to_le_bytes();
            let byte = u8::try_from(length).unwrap();
            for front in [&big[..], &big[2..], &little, &[byte]] {
                let framed = [front, document].concat();
                assert!(is_document(&framed), "{framed:x?}");
                let twice = [framed.as_slice(), &framed].concat();
                assert!(is_document(&twice), "{twice:x?}");
                assert_eq!(frames(&twice).map(|frames| frames.len()), Some(2));
            }
            let line = [document, b"\n"].concat();
            assert_eq!(frames(&line), Some(vec![document]));
        }
    }
}
