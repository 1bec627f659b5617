//! Reads ZIP archives the way Android does (`libziparchive`): leniently.
//!
//! Own reader, because archives made to mislead analysers open on a phone and not with the `zip` crate: it refuses unknown
//! compression methods, false extra lengths, an encryption flag on plain entries and a missing end, and of two entries with
//! one name it hides the first, which the platform reads. Only what is asked for is read.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

use flate2::bufread;
use flate2::read::DeflateDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use memchr::memmem;

use super::little_endian::{u16_at, u32_at};
use super::package_set::Window;
use crate::limits;

const LOCAL_SIGNATURE: &[u8; 4] = b"PK\x03\x04";
const DIRECTORY_SIGNATURE: &[u8; 4] = b"PK\x01\x02";
const END_SIGNATURE: &[u8; 4] = b"PK\x05\x06";
const LOCAL_BYTES: usize = 30;
const DIRECTORY_BYTES: usize = 46;
const END_BYTES: usize = 22;
/// Bytes at the end of an archive in which its end record is where it has no long comment.
const SHORT_END_BYTES: usize = 1024;
/// Bytes that are read, or unpacked without being kept, at once.
const PIECE: usize = 1 << 16;
/// Bit 0 of the general-purpose flags.
const ENCRYPTED: u16 = 1;

/// How an entry's bytes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Deflated,
}

/// An entry of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    /// Compression method (APPNOTE 4.4.5) as written, which need not be true.
    method: u16,
    flags: u16,
    compressed: u64,
    uncompressed: u64,
    /// Offset of the local header.
    offset: u64,
}

impl Entry {
    /// The method to try first, then the other one. Android takes any method but 8 as stored.
    pub(super) fn methods(&self) -> [Method; 2] {
        if self.method == 8 {
            [Method::Deflated, Method::Stored]
        } else {
            [Method::Stored, Method::Deflated]
        }
    }
}

/// An archive with its directory read.
#[derive(Debug)]
pub(super) struct Archive<'i, I> {
    input: &'i mut I,
    length: u64,
    /// Where the directory begins; where there is none, 0.
    pub(super) directory_at: u64,
    /// In the order of the directory.
    pub(super) entries: Vec<Entry>,
    /// What was odd, in plain words.
    pub(super) oddities: Vec<String>,
    /// What was damaged.
    pub(super) damage: Vec<String>,
}

impl<'i, I: Read + Seek> Archive<'i, I> {
    /// Reads the directory; an archive without one has the entries that its local headers name.
    pub(super) fn open(input: &'i mut I) -> Self {
        let mut archive = Self {
            input,
            length: 0,
            directory_at: 0,
            entries: Vec::new(),
            oddities: Vec::new(),
            damage: Vec::new(),
        };
        if let Err(error) = archive.read_directory() {
            archive.damage.push(format!("reading failed: {error}"));
        }
        archive
    }

    /// The first entry of that name, which is the one that Android reads.
    pub(super) fn entry(&self, name: &[u8]) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    fn odd(&mut self, what: &str) {
        if !self.oddities.iter().any(|known| known == what) {
            self.oddities.push(what.to_owned());
        }
    }

    fn read_directory(&mut self) -> io::Result<()> {
        self.length = self.input.seek(SeekFrom::End(0))?;
        let head = self.bytes(0, 8)?;
        if head.starts_with(b"dex\n") {
            self.odd("DEX code in front of the ZIP archive (Janus, CVE-2017-13156)");
        }
        // Mostly there is no comment, and the end need not be searched far.
        for reach in [SHORT_END_BYTES, limits::ZIP_END_BYTES] {
            if self.read_directory_within(reach)? {
                return Ok(());
            }
        }
        self.damage
            .push("the ZIP archive has no directory, so it may be cut".to_owned());
        self.walk_local_headers()
    }

    /// Reads the directory that the end announces, if that lies in the last so many bytes.
    fn read_directory_within(&mut self, reach: usize) -> io::Result<bool> {
        let tail_start = self.length.saturating_sub(reach as u64);
        let tail = self.bytes(tail_start, reach)?;
        // From the last one: an older archive may lie inside, or its end inside a comment.
        for at in memmem::rfind_iter(&tail, END_SIGNATURE) {
            let Some((end, after)) = tail
                .get(at..)
                .and_then(|end| end.split_at_checked(END_BYTES))
            else {
                continue;
            };
            let end_at = tail_start.saturating_add(at as u64);
            if let Some((start, shift)) = self.directory_start(end, end_at)? {
                let comment = u16_at(end, 20).unwrap_or(0);
                if usize::from(comment) != after.len() {
                    self.odd("bytes after the end of the ZIP archive");
                }
                self.walk_directory(start, end_at, shift)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Where the directory begins, and by how much all offsets are too small: what was put in front need not be counted
    /// in them.
    fn directory_start(&mut self, end: &[u8], end_at: u64) -> io::Result<Option<(u64, u64)>> {
        let (Some(entries), Some(size), Some(offset)) =
            (u16_at(end, 10), u32_at(end, 12), u32_at(end, 16))
        else {
            return Ok(None);
        };
        let (size, offset) = (u64::from(size), u64::from(offset));
        if self.bytes(offset, 4)? == DIRECTORY_SIGNATURE && offset < end_at {
            return Ok(Some((offset, 0)));
        }
        if let Some(start) = end_at.checked_sub(size)
            && let Some(shift) = start.checked_sub(offset)
            && self.bytes(start, 4)? == DIRECTORY_SIGNATURE
        {
            return Ok(Some((start, shift)));
        }
        Ok((entries == 0 && size == 0).then_some((end_at, 0)))
    }

    fn walk_directory(&mut self, start: u64, end: u64, shift: u64) -> io::Result<()> {
        let size = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
        if size > limits::ZIP_DIRECTORY_BYTES {
            self.damage
                .push("the directory of the ZIP archive is longer than the bound".to_owned());
        }
        self.directory_at = start;
        let directory = self.bytes(start, size.min(limits::ZIP_DIRECTORY_BYTES))?;
        let mut rest = directory.as_slice();
        while rest.starts_with(DIRECTORY_SIGNATURE) {
            let Some((entry, variable_bytes, after_name)) = directory_entry(rest, shift) else {
                self.damage
                    .push("the directory of the ZIP archive is cut".to_owned());
                break;
            };
            self.entries.push(entry);
            let next = after_name.get(variable_bytes..);
            let is_next = |next: &&[u8]| next.is_empty() || next.starts_with(DIRECTORY_SIGNATURE);
            rest = if let Some(next) = next.filter(is_next) {
                next
            } else {
                self.odd("false lengths in the directory of the ZIP archive");
                let found = memmem::find(after_name, DIRECTORY_SIGNATURE);
                found
                    .and_then(|found| after_name.get(found..))
                    .unwrap_or_default()
            };
        }
        Ok(())
    }

    /// The entries that stand in the file itself, for archives whose end is missing.
    fn walk_local_headers(&mut self) -> io::Result<()> {
        let bytes = self.bytes(0, limits::ZIP_SALVAGE_BYTES)?;
        for at in memmem::find_iter(&bytes, LOCAL_SIGNATURE) {
            let entry = bytes
                .get(at..)
                .and_then(|header| local_entry(header, at as u64));
            self.entries.extend(entry);
            if self.entries.len() >= limits::ZIP_SALVAGE_ENTRIES {
                break;
            }
        }
        Ok(())
    }

    /// At most `count` bytes from `offset`; fewer at the end of the file.
    pub(super) fn bytes(&mut self, offset: u64, count: usize) -> io::Result<Vec<u8>> {
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = Vec::with_capacity(count.min(left));
        if left > 0 {
            self.input.seek(SeekFrom::Start(offset))?;
            (&mut *self.input)
                .take(count as u64)
                .read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    /// The content of an entry, at most `cap` bytes; `None` (and damage) if there is nothing to read.
    pub(super) fn content(&mut self, entry: &Entry, method: Method, cap: usize) -> Option<Vec<u8>> {
        if entry.flags & ENCRYPTED != 0 {
            self.odd("entries of the ZIP archive are marked as encrypted and are not");
        }
        if !matches!(entry.method, 0 | 8) {
            self.odd("an unknown compression method in the ZIP archive");
        }
        match self.try_content(entry, method, cap) {
            Ok(Some(content)) => Some(content),
            Ok(None) => {
                self.damage
                    .push("an entry of the ZIP archive lies outside of the file".to_owned());
                None
            }
            Err(error) => {
                self.damage.push(format!("reading failed: {error}"));
                None
            }
        }
    }

    /// An entry's bytes in place, as far as they are stored and lie in the file.
    pub(super) fn window(&mut self, entry: &Entry) -> Option<Window<'_, I>> {
        let start = self.start(entry).ok()??;
        let length = entry.uncompressed.max(entry.compressed);
        let length = length.min(self.length.checked_sub(start)?);
        Some(Window::new(self.input, start, length))
    }

    /// At most `count` bytes of an entry's content from `offset`; `None` if there is nothing to read.
    pub(super) fn part(&mut self, entry: &Entry, offset: u64, count: usize) -> Option<Vec<u8>> {
        let start = self.start(entry).ok()??;
        let mut content = Vec::new();
        let [method, _] = entry.methods();
        if method == Method::Stored {
            let left = entry.uncompressed.saturating_sub(offset);
            let count = count.min(usize::try_from(left).unwrap_or(usize::MAX));
            return self.bytes(start.saturating_add(offset), count).ok();
        }
        if offset > limits::EXECUTABLE_BYTES {
            self.damage
                .push("an entry of the ZIP archive is longer than the bound".to_owned());
            return None;
        }
        self.input.seek(SeekFrom::Start(start)).ok()?;
        let mut decoder = DeflateDecoder::new(&mut *self.input);
        let skipped = io::copy(&mut (&mut decoder).take(offset), &mut io::sink());
        let read = decoder.take(count as u64).read_to_end(&mut content);
        if skipped.is_err() || read.is_err() {
            self.damage
                .push("an entry of the ZIP archive does not decompress to its end".to_owned());
        }
        Some(content)
    }

    /// Where an entry's bytes begin; `None` if its local header is not there.
    fn start(&mut self, entry: &Entry) -> io::Result<Option<u64>> {
        let header = self.bytes(entry.offset, LOCAL_BYTES)?;
        if !header.starts_with(LOCAL_SIGNATURE) {
            return Ok(None);
        }
        let (Some(name), Some(extra)) = (u16_at(&header, 26), u16_at(&header, 28)) else {
            return Ok(None);
        };
        let start = entry
            .offset
            .saturating_add(LOCAL_BYTES as u64)
            .saturating_add(u64::from(name))
            .saturating_add(u64::from(extra));
        Ok(Some(start))
    }

    fn try_content(
        &mut self,
        entry: &Entry,
        method: Method,
        cap: usize,
    ) -> io::Result<Option<Vec<u8>>> {
        let Some(start) = self.start(entry)? else {
            return Ok(None);
        };
        match method {
            Method::Stored => {
                let size = entry.uncompressed.max(entry.compressed);
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                if size > cap {
                    self.damage
                        .push("an entry of the ZIP archive is longer than the bound".to_owned());
                }
                self.bytes(start, size.min(cap)).map(Some)
            }
            Method::Deflated => {
                if let Some(content) = self.inflate_at_once(entry, start, cap)? {
                    return Ok(Some(content));
                }
                self.input.seek(SeekFrom::Start(start))?;
                // Deflate knows its own end, so a false compressed size does no harm.
                let mut decoder = DeflateDecoder::new(&mut *self.input);
                let (content, damage) = inflate(&mut decoder, cap);
                self.damage.extend(damage.map(str::to_owned));
                Ok(Some(content))
            }
        }
    }
}

impl<I: Read + Seek> Archive<'_, I> {
    /// Inflates an entry into memory of the size that the directory states, which is twice as fast as piece by piece; `None`
    /// where what it states is not true, or not within the bounds.
    fn inflate_at_once(
        &mut self,
        entry: &Entry,
        start: u64,
        cap: usize,
    ) -> io::Result<Option<Vec<u8>>> {
        let Some((compressed, size)) = self.sizes(entry, start, cap) else {
            return Ok(None);
        };
        let deflated = self.bytes(start, compressed)?;
        let mut content = Vec::with_capacity(size);
        let status =
            Decompress::new(false).decompress_vec(&deflated, &mut content, FlushDecompress::Finish);
        let is_whole = matches!(status, Ok(Status::StreamEnd)) && content.len() == size;
        Ok(is_whole.then_some(content))
    }

    /// The beginning of a deflated entry, as much as is needed: `needed` says which bytes that are, by those it is given, and is
    /// asked again once they are there. What lies in front of them and was not asked for is zero: it is unpacked, but not kept, for
    /// memory that is written for the first time takes longer than that. `None` where the directory is not true of the entry.
    pub(super) fn beginning(
        &mut self,
        entry: &Entry,
        cap: usize,
        needed: &dyn Fn(&[u8]) -> Range<usize>,
    ) -> Option<Vec<u8>> {
        if entry.methods() != [Method::Deflated, Method::Stored] || entry.flags & ENCRYPTED != 0 {
            return None;
        }
        let start = self.start(entry).ok()??;
        let (compressed, size) = self.sizes(entry, start, cap)?;
        self.input.seek(SeekFrom::Start(start)).ok()?;
        let deflated = (&mut *self.input).take(compressed as u64);
        let mut inflater = bufread::DeflateDecoder::new(BufReader::with_capacity(PIECE, deflated));
        let mut content = vec![0; size];
        let mut skipped = Vec::new();
        let mut have = 0;
        loop {
            let wanted = needed(content.get(..have)?);
            if wanted.end <= have {
                content.truncate(have);
                return Some(content);
            }
            while have < wanted.end.min(size) {
                let read = if have < wanted.start {
                    let left = wanted.start.min(size).saturating_sub(have);
                    skipped.resize(left.min(PIECE), 0);
                    inflater.read(&mut skipped).ok()?
                } else {
                    let end = wanted.end.min(size);
                    inflater.read(content.get_mut(have..end)?).ok()?
                };
                if read == 0 {
                    return None;
                }
                have = have.saturating_add(read);
            }
            if have == size {
                // One byte more than there should be shows that the directory lies.
                let is_whole = matches!(inflater.read(&mut [0]), Ok(0));
                return is_whole.then_some(content);
            }
        }
    }

    /// A deflated entry's size in the archive and unpacked; `None` where what the directory states of it can't be true, or is
    /// not within the bounds.
    fn sizes(&self, entry: &Entry, start: u64, cap: usize) -> Option<(usize, usize)> {
        let honest = entry.compressed.saturating_mul(limits::ZIP_RATIO);
        let left = self.length.saturating_sub(start);
        let compressed = usize::try_from(entry.compressed).ok()?;
        let uncompressed = usize::try_from(entry.uncompressed).ok()?;
        let is_false = entry.uncompressed > honest || entry.compressed > left;
        (!is_false && uncompressed <= cap).then_some((compressed, uncompressed))
    }
}

/// A file in a ZIP archive, to be read as a stream.
#[derive(Clone, Debug)]
pub struct ZipEntry {
    /// Its name, with `/` between folders.
    pub name: String,
    /// Its size unpacked, as the archive says.
    pub bytes: u64,
    entry: Entry,
}

impl ZipEntry {
    /// Its bytes from the archive, unpacked as they are read.
    pub fn open<I: Read + Seek + 'static>(&self, mut archive: I) -> io::Result<Box<dyn Read>> {
        let mut header = [0; LOCAL_BYTES];
        archive.seek(SeekFrom::Start(self.entry.offset))?;
        archive.read_exact(&mut header)?;
        let (Some(name), Some(extra)) = (u16_at(&header, 26), u16_at(&header, 28)) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        if !header.starts_with(LOCAL_SIGNATURE) || self.entry.flags & ENCRYPTED != 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let skipped = i64::from(name).saturating_add(i64::from(extra));
        archive.seek(SeekFrom::Current(skipped))?;
        Ok(match self.entry.method {
            0 => Box::new(archive.take(self.entry.uncompressed)),
            8 => Box::new(Inflate {
                decoder: DeflateDecoder::new(archive),
            }),
            other => {
                let reason = format!("compression method {other} of the ZIP archive");
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
        })
    }
}

/// Refuses output out of all proportion to its input.
struct Inflate<I> {
    decoder: DeflateDecoder<I>,
}

impl<I: Read> Read for Inflate<I> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.decoder.read(into)?;
        let honest = self.decoder.total_in().saturating_mul(limits::ZIP_RATIO);
        let free = limits::ZIP_RATIO_FREE_BYTES as u64;
        if self.decoder.total_out() > honest.saturating_add(free) {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "an entry of the ZIP archive decompresses to far more than it holds",
            ));
        }
        Ok(length)
    }
}

/// The files of a ZIP archive that is not an app's.
pub fn zip_entries<I: Read + Seek>(input: &mut I) -> super::Read<Vec<ZipEntry>> {
    let archive = Archive::open(input);
    super::Read {
        value: archive
            .entries
            .into_iter()
            .map(|entry| ZipEntry {
                name: String::from_utf8_lossy(&entry.name).into_owned(),
                bytes: entry.uncompressed,
                entry,
            })
            .collect(),
        damage: archive.damage,
    }
}

/// Inflates until the end, damage, `cap`, or a ratio that no honest entry has.
fn inflate<R: Read>(
    decoder: &mut DeflateDecoder<R>,
    cap: usize,
) -> (Vec<u8>, Option<&'static str>) {
    let mut content = Vec::new();
    let mut block = vec![0; limits::ZIP_INFLATE_STEP];
    loop {
        let count = match decoder.read(&mut block) {
            Ok(0) => return (content, None),
            Ok(count) => count,
            Err(_) => {
                return (
                    content,
                    Some("an entry of the ZIP archive does not decompress to its end"),
                );
            }
        };
        content.extend_from_slice(block.get(..count).unwrap_or_default());
        if content.len() > cap {
            content.truncate(cap);
            return (
                content,
                Some("an entry of the ZIP archive is longer than the bound"),
            );
        }
        let honest = decoder.total_in().saturating_mul(limits::ZIP_RATIO);
        if content.len() > limits::ZIP_RATIO_FREE_BYTES && content.len() as u64 > honest {
            return (
                content,
                Some("an entry of the ZIP archive decompresses to far more than it holds"),
            );
        }
    }
}

/// The entry at the start of `record`, the length of its extra field and comment, and the bytes after its name.
fn directory_entry(record: &[u8], shift: u64) -> Option<(Entry, usize, &[u8])> {
    let after_name = record
        .get(DIRECTORY_BYTES..)?
        .get(usize::from(u16_at(record, 28)?)..)?;
    let name = record
        .get(DIRECTORY_BYTES..)?
        .get(..usize::from(u16_at(record, 28)?))?;
    let entry = Entry {
        name: name.to_vec(),
        method: u16_at(record, 10)?,
        flags: u16_at(record, 8)?,
        compressed: u64::from(u32_at(record, 20)?),
        uncompressed: u64::from(u32_at(record, 24)?),
        offset: u64::from(u32_at(record, 42)?).saturating_add(shift),
    };
    let variable_bytes =
        usize::from(u16_at(record, 30)?).saturating_add(usize::from(u16_at(record, 32)?));
    Some((entry, variable_bytes, after_name))
}

/// The entry that the local header at the start of `header` names.
fn local_entry(header: &[u8], offset: u64) -> Option<Entry> {
    let length = usize::from(u16_at(header, 26)?);
    if length > limits::ZIP_SALVAGE_NAME_BYTES {
        return None;
    }
    let name = header.get(LOCAL_BYTES..)?.get(..length)?;
    Some(Entry {
        name: name.to_vec(),
        method: u16_at(header, 8)?,
        flags: u16_at(header, 6)?,
        compressed: u64::from(u32_at(header, 18)?),
        uncompressed: u64::from(u32_at(header, 22)?),
        offset,
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::write::SimpleFileOptions;

    use super::*;

    /// An archive with one deflated entry, whose directory says that it has `said` bytes.
    fn archive(content: &[u8], said: u32) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        writer.start_file("classes.dex", options).unwrap();
        writer.write_all(content).unwrap();
        let mut bytes = writer.finish().unwrap().into_inner();
        let at = memmem::rfind(&bytes, DIRECTORY_SIGNATURE).unwrap() + 24;
        bytes[at..at + 4].copy_from_slice(&said.to_le_bytes());
        bytes
    }

    #[test]
    fn a_beginning_is_there_unless_the_directory_lies() {
        let content: Vec<u8> = (0..20_000_u32).flat_map(u32::to_le_bytes).collect();
        let beginning = |said: u32, needed: Range<usize>| {
            let mut input = Cursor::new(archive(&content, said));
            let mut archive = Archive::open(&mut input);
            let entry = archive.entries[0].clone();
            archive.beginning(&entry, usize::MAX, &|_| needed.clone())
        };
        let (length, size) = (content.len(), u32::try_from(content.len()).unwrap());
        assert_eq!(beginning(size, 0..5000).as_deref(), Some(&content[..5000]));
        let some = beginning(size, 3000..5000).unwrap();
        assert_eq!(
            (&some[..3000], &some[3000..]),
            (&[0; 3000][..], &content[3000..5000])
        );
        for count in [length, length + 9999] {
            assert_eq!(beginning(size, 0..count).as_ref(), Some(&content));
        }
        for said in [0, 100, size - 1, size + 1] {
            assert_eq!(beginning(said, 0..length + 9999), None, "{said}");
        }
    }

    #[test]
    fn names_of_false_headers_are_not_kept() {
        // Each says that its name is all that follows.
        let mut bytes = local_header(u16::MAX, b"").repeat(20_000);
        bytes.extend(local_header(11, b"classes.dex"));
        let mut input = Cursor::new(&bytes);
        let entries = Archive::open(&mut input).entries;
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].name, b"classes.dex");
    }

    fn local_header(length: u16, name: &[u8]) -> Vec<u8> {
        let mut header = LOCAL_SIGNATURE.to_vec();
        header.resize(LOCAL_BYTES, 0);
        header[26..28].copy_from_slice(&length.to_le_bytes());
        [&header, name].concat()
    }
}
