//! Bodies that lie beside a record instead of in it, as Playwright keeps those of a HAR: in its folder, or in its archive.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;

use super::{Content, Input, har};
use crate::limits::{ARCHIVE_ENTRIES, BODY_BYTES};
use crate::manifest::{self, ZipEntry};

/// How such a body is called in lists. It is no format to recognise: its name and the HAR beside it tell.
pub(super) const NAME: &str = "har-body";

/// Whether a file is called as Playwright calls bodies: by their SHA-1.
pub(super) fn is_named_so(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split_once('.').is_some_and(|(digest, ending)| {
        let is_digest = digest.len() == 40 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_digest && !ending.is_empty()
    })
}

/// Whether there is a HAR in the folder of a file.
pub(super) fn is_beside_har(path: &str, inputs: &[Input]) -> bool {
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let mut records = inputs
        .iter()
        .filter(|input| input.format == har::FORMAT.name);
    records.any(|record| folder(&record.display) == folder(path))
}

/// Where a record's attachments are looked for.
#[derive(Debug)]
pub(super) enum Attachments {
    /// There is no place beside it.
    Nowhere,
    /// In a folder.
    Folder(PathBuf),
    /// In a folder of a ZIP archive, whose files are listed when the first of them is asked for.
    Archive {
        path: PathBuf,
        folder: String,
        entries: Option<BTreeMap<String, ZipEntry>>,
    },
}

impl Attachments {
    /// What lies beside an input.
    pub(super) fn beside(input: &Input) -> Self {
        match &input.content {
            Content::File => match input.path.parent() {
                Some(folder) => Self::Folder(folder.to_owned()),
                None => Self::Nowhere,
            },
            Content::Entry(entry) => Self::Archive {
                path: input.path.clone(),
                folder: entry
                    .name
                    .rsplit_once('/')
                    .map_or_else(String::new, |(folder, _)| format!("{folder}/")),
                entries: None,
            },
            Content::Stdin(_) | Content::Memory(_) | Content::Folder(_) => Self::Nowhere,
        }
    }

    /// The bytes of a file beside it, one more than a body's bound at most; `None` if it is not there. A name never leads
    /// elsewhere: it has no folders, and links are not followed.
    pub(super) fn read(&mut self, name: &str) -> Option<Vec<u8>> {
        let is_plain = !name.is_empty() && name != "." && name != "..";
        if !is_plain || name.contains(['/', '\\', ':', '\0']) {
            return None;
        }
        let reader: Box<dyn Read> = match self {
            Self::Nowhere => return None,
            Self::Folder(folder) => {
                let path = folder.join(name);
                // Opening a pipe would wait for its writer.
                if !fs::symlink_metadata(&path).ok()?.is_file() {
                    return None;
                }
                Box::new(File::open(path).ok()?)
            }
            Self::Archive {
                path,
                folder,
                entries,
            } => {
                let archive = File::open(path).ok()?;
                let entries = match entries {
                    Some(entries) => entries,
                    None => entries.insert(listed(&archive)),
                };
                let entry = entries.get(&format!("{folder}{name}"))?;
                entry.open(archive).ok()?
            }
        };
        let mut bytes = Vec::new();
        let bound = (BODY_BYTES as u64).saturating_add(1);
        reader.take(bound).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }
}

fn listed(mut archive: &File) -> BTreeMap<String, ZipEntry> {
    let entries = manifest::zip_entries(&mut archive).value;
    let entries = entries.into_iter().take(ARCHIVE_ENTRIES);
    entries.map(|entry| (entry.name.clone(), entry)).collect()
}
