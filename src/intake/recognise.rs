//! The first bytes of an input → its format, and the compression that it comes in.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use super::archive::is_archive;
use super::{Content, FORMATS, Format, Input, Wrapping, inventory, sqlite};
use crate::limits::{SNIFF_BYTES, SNIFF_DEEP_BYTES};
use crate::manifest::Column;
use crate::model::{InputId, Shortfall};

/// What the sniffers of [`FORMATS`] may look at.
#[derive(Debug)]
pub struct Sample<'a> {
    /// The first bytes, unwrapped; all of it if the input is shorter than [`SNIFF_BYTES`].
    pub head: &'a [u8],
    /// Size of the file; `None` if it comes wrapped or through a pipe.
    pub length: Option<u64>,
    path: &'a Path,
    /// All of it, where it is at hand and not in a file of its own.
    whole: Option<&'a [u8]>,
}

#[cfg(test)]
impl<'a> Sample<'a> {
    /// That of a short input which comes through a pipe.
    pub(super) fn of(head: &'a [u8]) -> Self {
        Self {
            head,
            length: None,
            path: Path::new(""),
            whole: None,
        }
    }
}

impl Sample<'_> {
    /// The name of the file; empty where it has none.
    pub fn name(&self) -> &str {
        let name = self.path.file_name().and_then(std::ffi::OsStr::to_str);
        name.unwrap_or_default()
    }

    /// Bytes from elsewhere in the file, at most [`SNIFF_DEEP_BYTES`]; empty where it cannot be read again.
    pub fn deep(&self, offset: u64, length: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(whole) = self.whole {
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let behind = whole.get(start..).unwrap_or_default();
            bytes.extend(behind.iter().take(length.min(SNIFF_DEEP_BYTES)));
            return bytes;
        }
        if let Some(known) = self.length {
            // Room for all of it at once: growing step by step costs as many reads.
            let there = length.min(known.saturating_sub(offset));
            let there = usize::try_from(there).unwrap_or(usize::MAX);
            bytes.reserve_exact(there.min(SNIFF_DEEP_BYTES));
            let read = File::open(self.path).and_then(|mut file| {
                file.seek(SeekFrom::Start(offset))?;
                file.take(length.min(SNIFF_DEEP_BYTES as u64))
                    .read_to_end(&mut bytes)
            });
            if read.is_err() {
                bytes.clear();
            }
        }
        bytes
    }

    /// The head of a dump of a phone, which is text with some raw bytes where a service or a kernel's log has such; `None` if it
    /// is mostly no text.
    pub fn dump(&self) -> Option<Cow<'_, str>> {
        /// Of so many characters one may be none.
        const CHARACTERS_PER_RAW_BYTE: usize = 32;
        let head = self.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.head);
        let text = String::from_utf8_lossy(head);
        let is_raw = |character: &char| matches!(*character, '\0' | char::REPLACEMENT_CHARACTER);
        let raw = text.chars().filter(is_raw).count();
        let is_text = raw.saturating_mul(CHARACTERS_PER_RAW_BYTE) <= text.len();
        (!text.is_empty() && is_text).then_some(text)
    }

    /// The head as text without byte order mark and leading white space; `None` if it is not text. A character that the end
    /// of the head cuts is left off.
    pub fn text(&self) -> Option<&str> {
        let head = self.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.head);
        let text = match str::from_utf8(head) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() => {
                str::from_utf8(head.get(..error.valid_up_to())?).ok()?
            }
            Err(_) => return None,
        };
        (!text.is_empty() && !text.contains('\0')).then(|| text.trim_start())
    }
}

/// What recognising a file came to.
pub(super) enum Recognised {
    Input(Input),
    LeftOut(Shortfall, String),
    /// A ZIP archive, whose files may be inputs.
    Archive,
    /// Text for people, such as a README: nothing that an auditor would miss.
    Quiet,
}

/// What the columns of lists of apps mean by `phonehome.toml`.
pub(super) type Columns = BTreeMap<Column, String>;

/// Recognises a file by content.
pub(super) fn recognise_file(
    path: &Path,
    display: &str,
    columns: &Columns,
) -> io::Result<Recognised> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        // Opening a named pipe would wait for a writer, and looking at its first bytes would eat them.
        return Ok(Recognised::LeftOut(
            Shortfall::UnknownFormat,
            "neither a file nor a folder; a pipe can be given as standard input with -".to_owned(),
        ));
    }
    let mut head = Vec::new();
    File::open(path)?
        .take(SNIFF_BYTES as u64)
        .read_to_end(&mut head)?;
    Ok(recognise(
        path,
        display,
        Bytes::File {
            head: &head,
            length: metadata.len(),
        },
        columns,
    ))
}

/// What can be looked at to recognise an input.
#[derive(Clone, Copy)]
pub(super) enum Bytes<'a> {
    /// A file that can be read again, and its first bytes.
    File { head: &'a [u8], length: u64 },
    /// What came through a pipe so far.
    Prefix(&'a [u8]),
    /// All of it, in memory.
    Whole(&'a [u8]),
}

impl Bytes<'_> {
    /// The beginning of what is wrapped, and the bound that was reached within it.
    fn unwrapped(self, wrapping: &Wrapping, path: &Path) -> (Vec<u8>, Option<io::Error>) {
        let reader: Box<dyn Read> = match self {
            Self::Prefix(prefix) | Self::Whole(prefix) => {
                Box::new(io::Cursor::new(prefix.to_vec()))
            }
            Self::File { .. } => match File::open(path) {
                Ok(file) => Box::new(file),
                Err(_) => return (Vec::new(), None),
            },
        };
        let mut inner = Vec::new();
        // Where it is cut or damaged, what came before counts.
        let read = wrapping
            .unwrap(reader)
            .take(SNIFF_BYTES as u64)
            .read_to_end(&mut inner);
        let bound = read.err();
        (
            inner,
            bound.filter(|error| error.kind() == ErrorKind::FileTooLarge),
        )
    }
}

impl Input {
    /// What these bytes are as a file by themselves, wherever they came from; `None` where nothing of it is read.
    pub fn recognised(bytes: &[u8]) -> Option<Self> {
        let columns = Columns::new();
        let path = Path::new("");
        match recognise(path, "memory", Bytes::Whole(bytes), &columns) {
            Recognised::Input(input) => Some(Self {
                content: Content::Memory(Arc::from(bytes)),
                ..input
            }),
            Recognised::LeftOut(..) | Recognised::Archive | Recognised::Quiet => None,
        }
    }
}

/// How something is recognised, and what to tell the user of it.
type Unread = (fn(&Sample<'_>) -> bool, &'static str);

/// What often lies beside inputs and is not read.
const UNREAD: &[Unread] = &[
    (
        |sample| {
            let has = |text: &str| {
                ["\"adapter\"", "\"property\"", "\"reasoning\""]
                    .iter()
                    .all(|name| text.contains(name))
            };
            sample
                .text()
                .is_some_and(|text| text.starts_with('[') && has(text))
        },
        "results of TrackHAR: what another tool concluded is no evidence; give the HAR that it was made from",
    ),
    (
        |sample| {
            let is_list = |text: &str| text.starts_with('<') && text.contains("<computer>");
            sample.text().is_some_and(is_list)
        },
        "computers of Jamf, which are no phones; give the export of its mobile devices",
    ),
    (
        |sample| {
            // `COARSE_LOCATION: allow; time=+4m12s ago`
            let is_operation = |line: &str| {
                let line = line.strip_prefix("Uid mode: ").unwrap_or(line);
                let (name, mode) = line.split_once(": ").unwrap_or_default();
                let mode = mode.split(';').next().unwrap_or_default();
                let is_name = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
                !name.is_empty()
                    && name.bytes().all(is_name)
                    && ["allow", "ignore", "deny", "default", "foreground"]
                        .contains(&mode.trim_end())
            };
            let text = sample.text().unwrap_or_default();
            text.lines().take(2).any(is_operation)
        },
        "output of `appops get`, which names neither app nor day; give that of `dumpsys appops`",
    ),
    (
        |sample| sample.head.starts_with(sqlite::MAGIC),
        "an SQLite database of an unknown kind; read are DataUsage, netusage and TCC of iOS, and TrackerControl's Netguard",
    ),
    (
        |sample| sample.head.get(4..8) == Some(b"ftyp"),
        "a video: what a screen shows is not looked at",
    ),
];

/// Recognises what these bytes are the beginning of.
pub(super) fn recognise(
    path: &Path,
    display: &str,
    bytes: Bytes<'_>,
    columns: &Columns,
) -> Recognised {
    let unknown = |reason: String| Recognised::LeftOut(Shortfall::UnknownFormat, reason);
    let (head, length) = match bytes {
        Bytes::File { head, length } => (head, Some(length)),
        Bytes::Prefix(prefix) => (prefix.get(..SNIFF_BYTES).unwrap_or(prefix), None),
        Bytes::Whole(whole) => {
            let head = whole.get(..SNIFF_BYTES).unwrap_or(whole);
            (head, Some(whole.len() as u64))
        }
    };
    let whole = match bytes {
        Bytes::Whole(whole) => Some(whole),
        Bytes::File { .. } | Bytes::Prefix(_) => None,
    };
    if head.is_empty() {
        return unknown("the file is empty".to_owned());
    }
    let wrapping = Wrapping::of(head);
    let (inner, bound) = wrapping
        .map(|wrapping| bytes.unwrapped(wrapping, path))
        .unzip();
    let sample = Sample {
        head: inner.as_deref().unwrap_or(head),
        length: length.filter(|_| wrapping.is_none()),
        path,
        whole: whole.filter(|_| wrapping.is_none()),
    };
    let recognised: Option<&Format> = FORMATS
        .iter()
        .find(|format| (format.sniff)(&sample))
        .or_else(|| {
            let is_mapped = inventory::is_mapped_csv(&sample, columns);
            is_mapped.then_some(&inventory::CSV)
        });
    match (recognised, wrapping) {
        (Some(format), wrapping) => Recognised::Input(Input {
            id: InputId::default(),
            path: path.to_owned(),
            display: display.to_owned(),
            format: format.name,
            wrapping,
            bytes: length.unwrap_or(0),
            content: Content::File,
            columns: Arc::new(columns.clone()),
        }),
        (None, Some(wrapping)) => unknown(match bound.flatten() {
            Some(bound) => format!("{}; {bound}", wrapping.unknown),
            None => wrapping.unknown.to_owned(),
        }),
        (None, None) if let Some(reason) = unread(&sample) => unknown(reason.to_owned()),
        (None, None) if sample.text().is_some() => {
            if is_for_people(path) || is_report(&sample) {
                Recognised::Quiet
            } else {
                unknown("text of no known format".to_owned())
            }
        }
        (None, None) if is_archive(head) => match length {
            Some(_) => Recognised::Archive,
            None => unknown("an archive or app package, which must be named as a file".to_owned()),
        },
        (None, None) => unknown("no known format".to_owned()),
    }
}

/// Whether it is a report of phonehome, which may well lie in the folder of its case.
fn is_report(sample: &Sample<'_>) -> bool {
    let text = sample.text().unwrap_or_default();
    text.starts_with('{') && text.contains("\"phonehome-audit\"")
}

fn unread(sample: &Sample<'_>) -> Option<&'static str> {
    let found = UNREAD.iter().find(|(sniff, _)| sniff(sample));
    found.map(|(_, reason)| *reason)
}

/// Whether a text is of the kind that people put beside captures.
fn is_for_people(path: &Path) -> bool {
    const NAMES: [&str; 9] = [
        "readme",
        "license",
        "licence",
        "copying",
        "notice",
        "changelog",
        "notes",
        "todo",
        "attribution",
    ];
    const ENDINGS: [&str; 4] = ["md", "toml", "rst", "adoc"];
    let name = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let has_ending = path.extension().is_some_and(|ending| {
        ENDINGS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    });
    has_ending || NAMES.iter().any(|known| name.starts_with(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_and_not_read_says_why() {
        for (text, words) in [
            (
                "<?xml version=\"1.0\"?><computers><size>1</size><computer><id>7</id></computer></computers>",
                "computers of Jamf",
            ),
            ("READ_CONTACTS: allow; time=+4m12s ago\n", "`appops get`"),
            ("\0\0\0\u{18}ftypmp42", "a video"),
        ] {
            let bytes = Bytes::Whole(text.as_bytes());
            let recognised = recognise(Path::new("a"), "a", bytes, &Columns::new());
            let Recognised::LeftOut(_, reason) = recognised else {
                panic!("{text}");
            };
            assert!(reason.contains(words), "{reason}");
        }
    }
}
