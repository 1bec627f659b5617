//! An iOS app as a folder (`Name.app`), as Xcode and jailbroken phones have it: one input, laid out as the IPA that would hold it,
//! so that everything that reads packages reads it too.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Content, Input};
use crate::limits::{FOLDER_DEPTH, INPUT_FILES};
use crate::model::InputId;

/// Whether a folder is an iOS app; apps of macOS have their list one folder deeper.
pub(super) fn is_app(path: &Path) -> bool {
    let ends_so = path.extension().is_some_and(|ending| ending == "app");
    ends_so && path.join("Info.plist").is_file()
}

/// The app in a folder as an input.
pub(super) fn input(path: &Path, display: &str) -> io::Result<Input> {
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    let mut files = Vec::new();
    walk(path, &format!("Payload/{name}/"), 0, &mut files)?;
    let layout = Layout::new(files);
    Ok(Input {
        id: InputId::default(),
        path: path.to_owned(),
        display: display.to_owned(),
        format: super::document::IOS_APP.name,
        wrapping: None,
        bytes: layout.length,
        content: Content::Folder(Arc::new(layout)),
        columns: Arc::default(),
    })
}

/// The files below a folder with their names in the archive, in the order of names. Links are not followed.
fn walk(
    path: &Path,
    prefix: &str,
    depth: usize,
    files: &mut Vec<(String, PathBuf)>,
) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(path)?
        .take(INPUT_FILES)
        .collect::<io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < FOLDER_DEPTH {
            walk(
                &entry.path(),
                &format!("{name}/"),
                depth.saturating_add(1),
                files,
            )?;
        } else if kind.is_file() && files.len() < INPUT_FILES {
            files.push((name, entry.path()));
        }
    }
    Ok(())
}

/// A stretch of the archive.
#[derive(Debug)]
enum Part {
    Bytes(Vec<u8>),
    File(PathBuf),
}

/// Where what lies in the archive: parts with their beginning and length, without a gap.
#[derive(Debug)]
pub(super) struct Layout {
    parts: Vec<(u64, u64, Part)>,
    length: u64,
}

impl Layout {
    /// Stored entries (APPNOTE 4.3.7), then the directory (4.3.12, 4.3.16). Files that its numbers cannot describe are left out.
    fn new(files: Vec<(String, PathBuf)>) -> Self {
        let mut layout = Self {
            parts: Vec::new(),
            length: 0,
        };
        let mut directory = Vec::new();
        let mut count = 0_u16;
        for (name, path) in files {
            let size = fs::metadata(&path).map_or(0, |metadata| metadata.len());
            let (Ok(size), Ok(offset), Ok(name_length)) = (
                u32::try_from(size),
                u32::try_from(layout.length),
                u16::try_from(name.len()),
            ) else {
                continue;
            };
            let Some(next) = count.checked_add(1) else {
                break;
            };
            count = next;
            let mut common = vec![20, 0, 0, 8];
            common.extend([0; 10]);
            common.extend(size.to_le_bytes());
            common.extend(size.to_le_bytes());
            common.extend(name_length.to_le_bytes());
            common.extend([0; 2]);
            let local = [b"PK\x03\x04", common.as_slice(), name.as_bytes()].concat();
            layout.push(local.len() as u64, Part::Bytes(local));
            layout.push(u64::from(size), Part::File(path));
            directory.extend(b"PK\x01\x02\x14\x00");
            directory.extend(common);
            directory.extend([0; 10]);
            directory.extend(offset.to_le_bytes());
            directory.extend(name.as_bytes());
        }
        let at = u32::try_from(layout.length).unwrap_or(u32::MAX);
        let size = u32::try_from(directory.len()).unwrap_or(u32::MAX);
        directory.extend(b"PK\x05\x06\0\0\0\0");
        directory.extend(count.to_le_bytes());
        directory.extend(count.to_le_bytes());
        directory.extend(size.to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend([0; 2]);
        layout.push(directory.len() as u64, Part::Bytes(directory));
        layout
    }

    fn push(&mut self, length: u64, part: Part) {
        self.parts.push((self.length, length, part));
        self.length = self.length.saturating_add(length);
    }
}

/// Reads the archive that a [`Layout`] describes. A file that has become shorter meanwhile is filled up with zeros.
#[derive(Debug)]
pub(super) struct Reader {
    layout: Arc<Layout>,
    position: u64,
    /// The file read last, by the number of its part.
    open: Option<(usize, File)>,
}

impl Reader {
    pub(super) fn new(layout: &Arc<Layout>) -> Self {
        Self {
            layout: Arc::clone(layout),
            position: 0,
            open: None,
        }
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let layout = Arc::clone(&self.layout);
        let behind = layout
            .parts
            .partition_point(|(start, length, _)| start.saturating_add(*length) <= self.position);
        let Some((start, length, part)) = layout.parts.get(behind) else {
            return Ok(0);
        };
        let within = self.position.saturating_sub(*start);
        let left = usize::try_from(length.saturating_sub(within)).unwrap_or(usize::MAX);
        let wanted = left.min(buffer.len());
        let Some(buffer) = buffer.get_mut(..wanted).filter(|buffer| !buffer.is_empty()) else {
            return Ok(0);
        };
        let read = match part {
            Part::Bytes(bytes) => {
                let from = usize::try_from(within).unwrap_or(usize::MAX);
                bytes.get(from..).unwrap_or_default().read(buffer)?
            }
            Part::File(path) => {
                let mut file = match self.open.take() {
                    Some((number, file)) if number == behind => file,
                    _ => File::open(path)?,
                };
                file.seek(SeekFrom::Start(within))?;
                let read = file.read(buffer)?;
                self.open = Some((behind, file));
                read
            }
        };
        if read == 0 {
            buffer.fill(0);
        }
        let read = if read == 0 { buffer.len() } else { read };
        self.position = self.position.saturating_add(read as u64);
        Ok(read)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(by) => self.layout.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
