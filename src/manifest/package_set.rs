//! Archives of app packages (XAPK, APKS of bundletool, APKM): a base package and its splits are one app.

use std::io::{self, Cursor, Seek, SeekFrom};

use super::zip_archive::{Archive, Entry, Method};
use super::{Read, apk::apk};
use crate::limits;
use crate::model::Declaration;

/// Bytes that can be read from any place.
trait Seekable: io::Read + Seek {}
impl<I: io::Read + Seek> Seekable for I {}

/// A package inside an archive, wherever its bytes are.
pub(super) struct Nested<'a>(&'a mut dyn Seekable);

impl io::Read for Nested<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Nested<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// The packages in an archive that has no manifest itself, the base packages first.
pub(super) fn packages<I>(archive: &Archive<'_, I>) -> Vec<Entry> {
    let has_manifest = archive
        .entries
        .iter()
        .any(|entry| entry.name == b"AndroidManifest.xml");
    if has_manifest {
        return Vec::new();
    }
    let mut packages: Vec<Entry> = archive
        .entries
        .iter()
        .filter(|entry| entry.name.ends_with(b".apk"))
        .take(limits::NESTED_PACKAGES)
        .cloned()
        .collect();
    // bundletool writes whole packages for old phones beside the splits for new ones: the same code again.
    let has_splits = |packages: &[Entry]| {
        packages
            .iter()
            .any(|entry| entry.name.starts_with(b"splits/"))
    };
    if has_splits(&packages) {
        packages.retain(|entry| !entry.name.starts_with(b"standalones/"));
    }
    packages.sort_by_key(|entry| {
        let is_base = entry.name.ends_with(b"base.apk") || entry.name.ends_with(b"base-master.apk");
        (!is_base, entry.name.clone())
    });
    packages
}

/// Opens a package inside an archive: in place if it is stored, else in memory. `None` if it cannot be read.
pub(super) fn open<I: io::Read + Seek>(
    archive: &mut Archive<'_, I>,
    entry: &Entry,
    read: &mut dyn FnMut(&mut Nested<'_>),
) -> Option<()> {
    let [method, _] = entry.methods();
    if method == Method::Stored
        && let Some(mut window) = archive.window(entry)
    {
        read(&mut Nested(&mut window));
    } else {
        let content = archive.content(entry, method, limits::NESTED_PACKAGE_BYTES)?;
        read(&mut Nested(&mut Cursor::new(content)));
    }
    Some(())
}

/// An archive of packages, of which one app is declared.
pub fn package_set<I: io::Read + Seek>(input: &mut I) -> Read<Option<Declaration>> {
    let mut archive = Archive::open(input);
    let packages = packages(&archive);
    let mut set: Read<Option<Declaration>> = Read::default();
    if packages.len() >= limits::NESTED_PACKAGES {
        set.damage
            .push("more packages in an archive than the bound".to_owned());
    }
    for package in &packages {
        let name = String::from_utf8_lossy(&package.name).into_owned();
        open(&mut archive, package, &mut |input| {
            let read = apk(input);
            set.damage.extend(
                read.damage
                    .into_iter()
                    .map(|what| format!("{name}: {what}")),
            );
            let Some(theirs) = read.value else { return };
            match &mut set.value {
                Some(ours) if ours.package == theirs.package => ours.merge(theirs),
                Some(_) => set
                    .damage
                    .push(format!("{name}: a package of another app, left out")),
                None => set.value = Some(theirs),
            }
        });
    }
    set.damage.append(&mut archive.damage);
    if set.value.is_none() && set.damage.is_empty() {
        set.damage
            .push("an archive without app packages that can be read".to_owned());
    }
    set
}

/// A part of a file that looks like a whole one.
#[derive(Debug)]
pub(super) struct Window<'a, I> {
    input: &'a mut I,
    start: u64,
    length: u64,
    position: u64,
}

impl<'a, I> Window<'a, I> {
    /// `length` bytes from `start`.
    pub(super) fn new(input: &'a mut I, start: u64, length: u64) -> Self {
        Self {
            input,
            start,
            length,
            position: 0,
        }
    }
}

impl<I: io::Read + Seek> io::Read for Window<'_, I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.position);
        if left == 0 {
            return Ok(0);
        }
        let at = self.start.saturating_add(self.position);
        self.input.seek(SeekFrom::Start(at))?;
        let count = (&mut *self.input).take(left).read(buffer)?;
        self.position = self.position.saturating_add(count as u64);
        Ok(count)
    }
}

impl<I> Seek for Window<'_, I> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        let before_start = || io::Error::from(io::ErrorKind::InvalidInput);
        self.position = position.ok_or_else(before_start)?;
        Ok(self.position)
    }
}
