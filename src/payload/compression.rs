//! Compressed bytes → bytes, within what is left of [`limits::INFLATE_BYTES`].
//!
//! [`limits::INFLATE_BYTES`]: crate::limits::INFLATE_BYTES

use std::io::Read;

use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;

use super::body::{self, MediaType};
use super::collector::Collector;
use super::{Decoder, Input, copied, nested, text};
use crate::limits;
use crate::model::{DecodeStep, Shortfall};

/// Gzip by its magic (RFC 1952 §2.3.1), announced or not.
pub(super) const GZIP: Decoder = Decoder {
    matches: |_, input| by_magic(input.bytes) == Some(Compression::Gzip),
    decode: inflate,
};

/// Zstandard by its magic (RFC 8878 §3.1.1).
pub(super) const ZSTD: Decoder = Decoder {
    matches: |_, input| by_magic(input.bytes) == Some(Compression::Zstd),
    decode: inflate,
};

/// Zlib by its header, which is weak: it must also inflate.
pub(super) const ZLIB: Decoder = Decoder {
    matches: |_, input| {
        by_magic(input.bytes) == Some(Compression::Deflate) && starts_well(input.bytes)
    },
    decode: inflate,
};

/// A compression format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    /// Zlib, or raw deflate as some senders mean it (RFC 9110 §8.4.1.2).
    Deflate,
    Brotli,
    Zstd,
}

impl Compression {
    fn step(self) -> DecodeStep {
        match self {
            Self::Gzip => DecodeStep::Gzip,
            Self::Deflate => DecodeStep::Deflate,
            Self::Brotli => DecodeStep::Brotli,
            Self::Zstd => DecodeStep::Zstd,
        }
    }
}

/// A content encoding's name in lower case.
pub(super) fn by_name(name: &str) -> Option<Compression> {
    Some(match name {
        "gzip" | "x-gzip" => Compression::Gzip,
        "deflate" | "zlib" => Compression::Deflate,
        "br" => Compression::Brotli,
        "zstd" => Compression::Zstd,
        _ => return None,
    })
}

/// What the first bytes say.
pub(super) fn by_magic(bytes: &[u8]) -> Option<Compression> {
    match bytes {
        [0x1f, 0x8b, 8, ..] => Some(Compression::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
        [first, second, _, _, ..] if is_zlib_header(*first, *second) => Some(Compression::Deflate),
        _ => None,
    }
}

/// Whether bytes are compressed beyond doubt: by a magic that chance hardly makes, or by more than their header.
pub(super) fn is_certain(bytes: &[u8]) -> bool {
    by_magic(bytes)
        .is_some_and(|compression| compression != Compression::Deflate || starts_well(bytes))
}

/// Whether bytes are compressed from the first to the last: by a magic that chance hardly makes, or by the checksum of zlib.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    by_magic(bytes).is_some_and(|compression| {
        compression != Compression::Deflate
            || drain(ZlibDecoder::new(bytes), limits::UNMARKED_BYTES).end == End::Whole
    })
}

/// Whether something compressed by its magic begins here, and decompresses at least a little.
pub(super) fn begins(bytes: &[u8]) -> bool {
    by_magic(bytes).is_some_and(|compression| {
        let Inflated { bytes, end } = decompress(compression, bytes, 1);
        !bytes.is_empty() && end != End::Damaged
    })
}

/// RFC 1950 §2.2: deflate with a window up to 32 KiB, no dictionary, header check.
fn is_zlib_header(first: u8, second: u8) -> bool {
    first & 0x0f == 8
        && first >> 4 <= 7
        && second & 0x20 == 0
        && u16::from_be_bytes([first, second]).is_multiple_of(31)
}

/// Whether zlib bytes inflate at least a little.
fn starts_well(bytes: &[u8]) -> bool {
    let mut first = [0; 64];
    ZlibDecoder::new(bytes)
        .read(&mut first)
        .is_ok_and(|length| length > 0)
}

/// Decompresses a body that its bytes gave away and decodes what is in it. The type may name either.
fn inflate<'a>(media_type: &MediaType, input: Input<'_, 'a>, collector: &mut Collector<'a>) {
    if let Some(compression) = by_magic(input.bytes) {
        // `application/gzip` says nothing of what is in it.
        let of_content = MediaType::default();
        let is_of_archive = by_name(media_type.essence.trim_start_matches("application/"));
        let media_type = is_of_archive.map_or(media_type, |_| &of_content);
        let is_undone = undo(compression, input, collector, |inner, collector| {
            body::decode(media_type, inner, collector);
        });
        if !is_undone {
            collector.shortfall(
                Shortfall::DamagedBody,
                input.bytes.len(),
                "a compressed body does not decompress",
            );
        }
    }
}

/// Decompresses and hands the result on, also what came before damage. `false`: nothing came, and nothing was handed on.
pub(super) fn undo<'a>(
    compression: Compression,
    input: Input<'_, 'a>,
    collector: &mut Collector<'a>,
    then: impl FnOnce(Input<'_, 'a>, &mut Collector<'a>),
) -> bool {
    let most = collector.inflate_left();
    if most == 0 {
        collector.shortfall(Shortfall::InflateLimit, input.bytes.len(), BOUND);
        return true;
    }
    let Inflated { bytes, end } = decompress(compression, input.bytes, most);
    let is_sure = bytes_say(compression, input);
    if (bytes.is_empty() || !is_sure) && end == End::Damaged {
        return false;
    }
    collector.spend_inflated(bytes.len());
    match end {
        End::Whole => {}
        End::Bound => collector.shortfall(Shortfall::InflateLimit, input.bytes.len(), BOUND),
        End::Damaged => collector.shortfall(
            Shortfall::DamagedBody,
            input.bytes.len(),
            "a compressed body ends early or is damaged",
        ),
    }
    collector.undoing(compression.step(), |collector| {
        let inner = Input {
            bytes: &bytes,
            keep: copied,
            is_cut: input.is_cut || end != End::Whole,
        };
        then(inner, collector);
    });
    true
}

/// Whether damage is believed: what is no more than said to be raw deflate may be something else.
fn bytes_say(compression: Compression, input: Input<'_, '_>) -> bool {
    compression != Compression::Deflate
        || input.is_cut
        || by_magic(input.bytes) == Some(Compression::Deflate)
}

pub(super) const BOUND: &str = "a message decompresses to more than the bound";

struct Inflated {
    bytes: Vec<u8>,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    Bound,
    Damaged,
}

fn decompress(compression: Compression, bytes: &[u8], most: usize) -> Inflated {
    match compression {
        Compression::Gzip => drain(MultiGzDecoder::new(bytes), most),
        Compression::Brotli => drain(brotli_decompressor::Decompressor::new(bytes, 4096), most),
        Compression::Zstd => zstd_frames(bytes, most),
        Compression::Deflate => {
            let has_header =
                matches!(bytes, [first, second, ..] if is_zlib_header(*first, *second));
            if has_header {
                let inflated = drain(ZlibDecoder::new(bytes), most);
                if !(inflated.bytes.is_empty() && inflated.end == End::Damaged) {
                    return inflated;
                }
            }
            drain(DeflateDecoder::new(bytes), most)
        }
    }
}

/// What has neither magic nor header: raw deflate (RFC 1951) and Brotli (RFC 7932). Random bytes are neither to their last byte, and
/// give no text or document. What is decompressed to see that is taken from `left`, whatever comes of it.
pub(super) fn without_magic(bytes: &[u8], left: &mut usize) -> Option<Compression> {
    unmarked(bytes, left, true)
}

/// The same, also `twice` over each other.
fn unmarked(bytes: &[u8], left: &mut usize, twice: bool) -> Option<Compression> {
    for compression in [Compression::Deflate, Compression::Brotli] {
        let Inflated { bytes: inner, end } = attempt(compression, bytes, left);
        let is_of_letters = compression == Compression::Deflate && begins_with_letters(bytes);
        let shortest = if is_of_letters {
            SHORTEST_OF_LETTERS
        } else {
            SHORTEST_TEXT
        };
        if inner.len() < shortest || end == End::Damaged {
            continue;
        }
        let is_text = str::from_utf8(&inner).is_ok_and(text::is_readable);
        if end == End::Bound {
            // So much text is no chance.
            return is_text.then_some(compression);
        }
        let is_known = is_text
            || nested::is_document(&inner)
            || text::is_wide(&inner)
            || is_certain(&inner)
            || twice && unmarked(&inner, left, false).is_some();
        // Readers pass over what stands behind the end.
        let mut needs_all = || {
            bytes
                .split_last()
                .is_some_and(|(_, shorter)| attempt(compression, shorter, left).end == End::Damaged)
        };
        if is_known && needs_all() {
            return Some(compression);
        }
    }
    None
}

fn attempt(compression: Compression, bytes: &[u8], left: &mut usize) -> Inflated {
    let inflated = decompress(compression, bytes, limits::UNMARKED_BYTES.min(*left));
    *left = left.saturating_sub(inflated.bytes.len());
    inflated
}

/// Fewest bytes of a text that was compressed without a sign of it.
const SHORTEST_TEXT: usize = 16;

/// The same in letters that are written out, as all of a short text are.
const SHORTEST_OF_LETTERS: usize = 8;
/// Letters that tell what is worth an attempt: of random bytes that begin the same way, one in forty has as many.
const FIRST_LETTERS: usize = 4;

/// Whether bytes are a last block of deflate with the fixed codes (RFC 1951 §3.2.6) that begins with letters of ASCII.
pub(super) fn begins_with_letters(bytes: &[u8]) -> bool {
    let is_last_and_fixed = bytes.first().is_some_and(|first| first & 7 == 3);
    let is_letter = |window: &[u8; 2]| {
        // Codes begin with their highest bit, behind the three bits of the block's head.
        let code = u16::from_le_bytes(*window) >> 3 & 0xff;
        let code = u8::try_from(code).unwrap_or_default().reverse_bits();
        // The literals up to 143 have codes from 48 on.
        (48 + b' '..=48 + b'~').contains(&code)
    };
    let first = bytes.array_windows().take(FIRST_LETTERS);
    bytes.len() > FIRST_LETTERS && is_last_and_fixed && first.into_iter().all(is_letter)
}

/// [`without_magic`] as a decoder of bodies, after all others.
pub(super) fn undo_without_magic(
    media_type: &MediaType,
    bytes: &[u8],
    collector: &mut Collector<'_>,
) -> bool {
    let before = collector.inflate_left();
    if before == 0 {
        collector.shortfall(Shortfall::InflateLimit, bytes.len(), BOUND);
        return false;
    }
    let mut left = before;
    let compression = without_magic(bytes, &mut left);
    collector.spend_inflated(before.saturating_sub(left));
    let Some(compression) = compression else {
        return false;
    };
    let input = Input {
        bytes,
        keep: copied,
        is_cut: false,
    };
    undo(compression, input, collector, |inner, collector| {
        body::decode(media_type, inner, collector);
    })
}

/// Frames follow each other until the bytes end (RFC 8878 §3).
fn zstd_frames(mut bytes: &[u8], most: usize) -> Inflated {
    let mut all = Inflated {
        bytes: Vec::new(),
        end: End::Whole,
    };
    while !bytes.is_empty() && all.end == End::Whole {
        let Ok(mut decoder) = StreamingDecoder::new(&mut bytes) else {
            all.end = End::Damaged;
            break;
        };
        let frame = drain(&mut decoder, most.saturating_sub(all.bytes.len()));
        all.bytes.extend_from_slice(&frame.bytes);
        all.end = frame.end;
    }
    all
}

/// Reads to the end, to damage or to the bound.
fn drain(reader: impl Read, most: usize) -> Inflated {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let result = reader.take(limit).read_to_end(&mut bytes);
    let end = if bytes.len() > most {
        bytes.truncate(most);
        End::Bound
    } else if result.is_err() {
        End::Damaged
    } else {
        End::Whole
    };
    Inflated { bytes, end }
}
