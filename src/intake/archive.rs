//! ZIP archives that hold inputs: bug reports, intrusion logs, exports of device management. Each entry is recognised by its
//! content as if it lay in a folder.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::recognise::{Bytes, Columns, Recognised, recognise};
use super::{Content, Input};
use crate::limits::{ARCHIVE_ENTRIES, SNIFF_BYTES};
use crate::manifest;
use crate::model::Shortfall;

/// Whether a file begins like a ZIP archive.
pub(super) fn is_archive(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
}

/// What an archive holds, and what of it was left out.
pub(super) fn inputs(
    path: &Path,
    display: &str,
    columns: &Columns,
) -> (Vec<Input>, Vec<(Shortfall, String)>) {
    let (mut inputs, mut left_out) = (Vec::new(), Vec::new());
    let Ok(mut file) = File::open(path) else {
        return (inputs, left_out);
    };
    let read = manifest::zip_entries(&mut file);
    left_out.extend(
        read.damage
            .into_iter()
            .map(|detail| (Shortfall::Damaged, detail)),
    );
    let mut unknown = 0_usize;
    if read.value.len() > ARCHIVE_ENTRIES {
        let detail = format!("only the first {ARCHIVE_ENTRIES} files of the archive are looked at");
        left_out.push((Shortfall::InputLimit, detail));
    }
    for entry in read.value.into_iter().take(ARCHIVE_ENTRIES) {
        if entry.name.ends_with('/') {
            continue;
        }
        let mut head = Vec::new();
        let reader = File::open(path).and_then(|file| entry.open(file));
        if let Ok(reader) = reader {
            // Where it is damaged, what came before counts.
            let _ = reader.take(SNIFF_BYTES as u64).read_to_end(&mut head);
        }
        let display = format!("{display}/{}", entry.name);
        match recognise(
            Path::new(&entry.name),
            &display,
            Bytes::Prefix(&head),
            columns,
        ) {
            Recognised::Input(input) => inputs.push(Input {
                path: path.to_owned(),
                bytes: entry.bytes,
                content: Content::Entry(entry),
                ..input
            }),
            Recognised::LeftOut(..) => unknown = unknown.saturating_add(1),
            Recognised::Archive | Recognised::Quiet => {}
        }
    }
    if unknown > 0 {
        let detail = format!("{unknown} files of no known format in the archive");
        left_out.push((Shortfall::UnknownFormat, detail));
    }
    (inputs, left_out)
}
