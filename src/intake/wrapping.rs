//! Inputs that lie compressed inside another file, gzip (RFC 1952) and zstd (RFC 8878), or in another encoding, UTF-16 or a workbook
//! of Excel or `OpenDocument` around a table: undone as they are read.
//!
//! What is inside is recognised as if it lay there by itself. A new wrapping is a function here and one line in [`WRAPPINGS`].

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::utf16;
use crate::limits::{
    DOCUMENT_BYTES, READ_BYTES, WRAPPED_FREE_BYTES, WRAPPED_RATIO, ZSTD_WINDOW_BYTES,
};
use crate::manifest;

/// A compression or encoding that whole inputs come in.
#[derive(Debug)]
pub struct Wrapping {
    /// Its name in reports.
    pub name: &'static str,
    /// What to tell the user where nothing in it is read.
    pub(super) unknown: &'static str,
    shows: fn(&[u8]) -> bool,
    unwrap: fn(Box<dyn Read>) -> Box<dyn Read>,
}

/// All wrappings.
const WRAPPINGS: &[Wrapping] = &[
    Wrapping {
        name: "gzip",
        unknown: "gzip of an unknown format",
        shows: |head| head.starts_with(&[0x1f, 0x8b, 8]),
        unwrap: gunzip,
    },
    Wrapping {
        name: "zstd",
        unknown: "zstd of an unknown format",
        shows: |head| head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]),
        unwrap: unzstd,
    },
    Wrapping {
        name: "utf-16",
        unknown: "utf-16 of an unknown format",
        shows: |head| head.starts_with(&[0xff, 0xfe]),
        unwrap: utf16::from_little_endian,
    },
    Wrapping {
        name: "utf-16",
        unknown: "utf-16 of an unknown format",
        shows: |head| head.starts_with(&[0xfe, 0xff]),
        unwrap: utf16::from_big_endian,
    },
    Wrapping {
        name: "xlsx",
        unknown: "a workbook without a list of apps",
        shows: manifest::is_workbook,
        unwrap: table_of_workbook,
    },
    Wrapping {
        name: "ods",
        unknown: "a spreadsheet without a list of apps",
        shows: manifest::is_spreadsheet,
        unwrap: table_of_workbook,
    },
];

impl Wrapping {
    /// The wrapping that these first bytes show, if any.
    pub(super) fn of(head: &[u8]) -> Option<&'static Self> {
        WRAPPINGS.iter().find(|wrapping| (wrapping.shows)(head))
    }

    /// What is inside.
    pub(super) fn unwrap(&self, reader: Box<dyn Read>) -> Box<dyn Read> {
        (self.unwrap)(reader)
    }
}

/// The table in a workbook as CSV. Its directory is at its end, so it is read whole.
fn table_of_workbook(reader: Box<dyn Read>) -> Box<dyn Read> {
    let mut bytes = Vec::new();
    // Where it is damaged, what came before counts.
    let _ = reader.take(DOCUMENT_BYTES).read_to_end(&mut bytes);
    let table = manifest::workbook_csv(&mut io::Cursor::new(bytes));
    let rows = io::Cursor::new(table.value);
    if table.damage.is_empty() {
        return Box::new(rows);
    }
    Box::new(rows.chain(Incomplete(table.damage.join("; "))))
}

/// Stands behind the rows of a table of which some are missing.
struct Incomplete(String);

impl Read for Incomplete {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(ErrorKind::FileTooLarge, self.0.clone()))
    }
}

/// Counts what passes.
struct Counted<R> {
    reader: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(into)?;
        self.count = self.count.saturating_add(length as u64);
        Ok(length)
    }
}

/// Refuses output out of all proportion to its input.
fn check_ratio(consumed: u64, produced: u64) -> io::Result<()> {
    if produced > WRAPPED_FREE_BYTES.saturating_add(consumed.saturating_mul(WRAPPED_RATIO)) {
        return Err(io::Error::new(
            ErrorKind::FileTooLarge,
            format!("decompresses to more than {WRAPPED_RATIO} times its size"),
        ));
    }
    Ok(())
}

struct Gunzip {
    decoder: MultiGzDecoder<Counted<Box<dyn Read>>>,
    produced: u64,
}

/// Output per call. The decoder loses what a call produced before it met damage, so calls are kept small.
const GUNZIP_BYTES: usize = 4 << 10;

fn gunzip(reader: Box<dyn Read>) -> Box<dyn Read> {
    Box::new(Gunzip {
        decoder: MultiGzDecoder::new(Counted { reader, count: 0 }),
        produced: 0,
    })
}

impl Read for Gunzip {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = into.len().min(GUNZIP_BYTES);
        let into = into.get_mut(..length).unwrap_or_default();
        let length = self.decoder.read(into)?;
        self.produced = self.produced.saturating_add(length as u64);
        check_ratio(self.decoder.get_ref().count, self.produced)?;
        Ok(length)
    }
}

struct Unzstd {
    source: BufReader<Counted<Box<dyn Read>>>,
    decoder: FrameDecoder,
    is_in_frame: bool,
    failure: Option<io::Error>,
    produced: u64,
}

fn unzstd(reader: Box<dyn Read>) -> Box<dyn Read> {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(ZSTD_WINDOW_BYTES);
    Box::new(Unzstd {
        source: BufReader::with_capacity(READ_BYTES, Counted { reader, count: 0 }),
        decoder,
        is_in_frame: false,
        failure: None,
        produced: 0,
    })
}

impl Unzstd {
    /// Opens the next frame; `false` at the end of the input.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => {
                    self.is_in_frame = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = self.source.by_ref().take(u64::from(length));
                    io::copy(&mut skipped, &mut io::sink())?;
                }
                Err(error) => return Err(self.failure_of(&error)),
            }
        }
        Ok(false)
    }

    /// The library does not tell the end of its input from damage.
    fn failure_of(&mut self, error: &FrameDecoderError) -> io::Error {
        match self.source.fill_buf() {
            Ok([]) => ErrorKind::UnexpectedEof.into(),
            Ok(_) => io::Error::new(ErrorKind::InvalidData, error.to_string()),
            Err(error) => error,
        }
    }

    /// Decodes until something can be collected.
    fn decode(&mut self) {
        while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            let step = self
                .decoder
                .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1));
            let Err(error) = step else { continue };
            self.failure = Some(self.failure_of(&error));
            // Up to a whole window of good output is still held back. An empty last block (and a checksum) ends the frame
            // and sets it free.
            let end: &[u8] = &[1, 0, 0, 0, 0, 0, 0];
            let ended = self
                .decoder
                .decode_blocks(end, BlockDecodingStrategy::UptoBlocks(1));
            if ended.is_err() {
                self.is_in_frame = false;
            }
            return;
        }
    }
}

impl Read for Unzstd {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            if self.is_in_frame {
                if self.failure.is_none() {
                    self.decode();
                }
                let length = self.decoder.read(into)?;
                if length > 0 {
                    self.produced = self.produced.saturating_add(length as u64);
                    check_ratio(self.source.get_ref().count, self.produced)?;
                    return Ok(length);
                }
            }
            self.is_in_frame = false;
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            if !self.next_frame()? {
                return Ok(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    /// All that comes out, and whether it ended well.
    fn unwrapped(bytes: &[u8]) -> (Vec<u8>, Option<ErrorKind>) {
        let wrapping = Wrapping::of(bytes).unwrap();
        let mut reader = wrapping.unwrap(Box::new(io::Cursor::new(bytes.to_vec())));
        let mut out = Vec::new();
        let mut piece = [0; 1000];
        loop {
            match reader.read(&mut piece) {
                Ok(0) => return (out, None),
                Ok(length) => out.extend_from_slice(&piece[..length]),
                Err(error) => return (out, Some(error.kind())),
            }
        }
    }

    fn traffic(length: usize) -> Vec<u8> {
        (0_u32..)
            .flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 20).to_le_bytes())
            .take(length)
            .collect()
    }

    #[test]
    fn several_members_and_skippable_frames_are_one_input() {
        let bytes = traffic(300_000);
        let (first, second) = bytes.split_at(100_000);
        let gzipped = [gzip(first), gzip(second)].concat();
        assert!(unwrapped(&gzipped) == (bytes.clone(), None));
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        let zstandard = [zstd(first), skippable, zstd(second)].concat();
        assert!(unwrapped(&zstandard) == (bytes, None));
    }

    #[test]
    fn what_lies_before_the_end_of_a_cut_file_comes_out() {
        let bytes = traffic(500_000);
        for wrapped in [gzip(&bytes), zstd(&bytes)] {
            let half = &wrapped[..wrapped.len() / 2];
            let (out, failure) = unwrapped(half);
            assert_eq!(failure, Some(ErrorKind::UnexpectedEof));
            assert!(bytes.starts_with(&out));
            assert!(out.len() > bytes.len() / 4, "{}", out.len());
        }
    }

    #[test]
    fn a_bomb_is_stopped() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        io::copy(&mut io::repeat(0).take(400 << 20), &mut encoder).unwrap();
        let wrapped = encoder.finish().unwrap();
        let mut reader = gunzip(Box::new(io::Cursor::new(wrapped)));
        let error = io::copy(&mut reader, &mut io::sink()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    }

    proptest! {
        #[test]
        fn damage_anywhere_neither_panics_nor_runs_on(at in 0_usize..2000, value: u8) {
            let bytes = traffic(3000);
            for mut wrapped in [gzip(&bytes), zstd(&bytes)] {
                let at = 4 + at % (wrapped.len() - 4);
                wrapped[at] = value;
                let (out, _) = unwrapped(&wrapped);
                prop_assert!(out.len() < 1 << 20);
            }
        }
    }
}
