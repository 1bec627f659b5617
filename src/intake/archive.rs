//! ZIP archives that hold inputs: phones, bug reports, intrusion logs, exports of device management. Each file is recognised by
//! its content as if it lay in a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use super::attachment;
use super::bug_report::{self, Maker};
use super::document::DUMPSYS_PACKAGE;
use super::recognise::{Bytes, Columns, Recognised, recognise};
use super::{Content, Input};
use crate::limits::{ARCHIVE_ENTRIES, NESTED_PACKAGE_BYTES, SNIFF_BYTES};
use crate::manifest::{self, ZipEntry};
use crate::model::Shortfall;

/// Whether a file begins like a ZIP archive.
pub(super) fn is_archive(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
}

/// What an archive holds.
#[derive(Default)]
pub(super) struct Held {
    pub(super) inputs: Vec<Input>,
    /// Files left out, or the archive itself, with the reason.
    pub(super) left_out: Vec<(String, Shortfall, String)>,
    /// Texts for people.
    pub(super) for_people: Vec<String>,
}

/// Looks into an archive.
pub(super) fn look(path: &Path, display: &str, columns: &Columns) -> Held {
    let mut held = Held::default();
    let Ok(mut file) = File::open(path) else {
        return held;
    };
    let read = manifest::zip_entries(&mut file);
    let mut note = |shortfall, reason| held.left_out.push((display.to_owned(), shortfall, reason));
    for detail in read.damage {
        note(Shortfall::Damaged, detail);
    }
    if read.value.len() > ARCHIVE_ENTRIES {
        let detail = format!("only the first {ARCHIVE_ENTRIES} files of the archive are looked at");
        note(Shortfall::InputLimit, detail);
    }
    let entries = read.value.into_iter().take(ARCHIVE_ENTRIES);
    let files = entries.filter(|entry| !entry.name.ends_with('/'));
    // Which of them are bodies is known once there is a HAR beside them.
    let (bodies, files): (Vec<_>, Vec<_>) =
        files.partition(|entry| attachment::is_named_so(&entry.name));
    for entry in files.into_iter().chain(bodies) {
        let display = format!("{display}/{}", entry.name);
        if attachment::is_named_so(&display) && attachment::is_beside_har(&display, &held.inputs) {
            held.inputs.push(Input {
                display,
                format: attachment::NAME,
                bytes: entry.bytes,
                content: Content::Entry(entry),
                ..Input::file_at(path)
            });
            continue;
        }
        match member(path, &entry, &display, columns) {
            Recognised::Input(input) => held.inputs.push(Input {
                path: path.to_owned(),
                bytes: entry.bytes,
                content: Content::Entry(entry),
                ..input
            }),
            Recognised::LeftOut(shortfall, reason) => {
                held.left_out.push((display, shortfall, reason));
            }
            Recognised::Archive => {
                let reason = "an archive inside an archive; unpack it".to_owned();
                held.left_out
                    .push((display, Shortfall::UnknownFormat, reason));
            }
            Recognised::Quiet => held.for_people.push(display),
        }
    }
    held
}

fn member(path: &Path, entry: &ZipEntry, display: &str, columns: &Columns) -> Recognised {
    let beginning = |bound: usize| {
        let mut bytes = Vec::new();
        let reader = File::open(path).and_then(|file| entry.open(file));
        if let Ok(reader) = reader {
            // Where it is damaged, what came before counts.
            let _ = reader.take(bound as u64).read_to_end(&mut bytes);
        }
        bytes
    };
    let name = Path::new(&entry.name);
    let head = beginning(SNIFF_BYTES);
    if !is_archive(&head) {
        return recognise(name, display, Bytes::Prefix(&head), columns);
    }
    // An app package tells what it is at its end.
    if entry.bytes > NESTED_PACKAGE_BYTES as u64 {
        let reason = format!("an archive of more than {NESTED_PACKAGE_BYTES} bytes; unpack it");
        return Recognised::LeftOut(Shortfall::InputLimit, reason);
    }
    let whole = beginning(NESTED_PACKAGE_BYTES);
    recognise(name, display, Bytes::Whole(&whole), columns)
}

/// The inputs of an archive by the folders of the phones that they are of; `None` for what lies in no such folder. Folders straight
/// below the root, or below the one folder that holds all, are those of several phones if two of them have what one phone has
/// once: else they only keep order.
pub(super) fn by_phone(inputs: Vec<Input>) -> BTreeMap<Option<String>, Vec<Input>> {
    let mut folders = grouped(inputs, "");
    if let Some((Some(only), _)) = folders.first_key_value()
        && folders.len() == 1
    {
        let only = format!("{only}/");
        folders = grouped(folders.into_values().flatten().collect(), &only);
    }
    let named = folders.iter().filter(|(folder, _)| folder.is_some());
    if are_several(named.map(|(_, inputs)| inputs)) {
        return folders;
    }
    BTreeMap::from([(None, folders.into_values().flatten().collect())])
}

/// A day, also with the time behind it, as names of files have it.
static DAY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let day = r"20\d\d[-_.]?[01]\d[-_.]?[0-3]\d|[0-3]\d[-_.][01]\d[-_.]20\d\d";
    let time = r"[-_. T]*[0-2]\d[-_.:h]?[0-5]\d(?:[-_.:m]?[0-5]\d)?";
    Regex::new(&format!(r"(^|\D)(?:{day})(?:{time})?(\D|$)")).ok()
});

/// Takes the phones out of inputs that lie beside each other whose archives are of one phone each.
///
/// Bug reports say which phone made them: by its serial number, or at least its model. Where they do not, and `is_case` (it is not
/// said that all are of one phone), two archives that have what one phone has once are of two; archives that are named alike but
/// for the day are of one, and all are where something of a phone lies beside them that is in none.
pub(super) fn take_phones(inputs: &mut Vec<Input>, is_case: bool) -> BTreeMap<String, Vec<Input>> {
    let makers = makers(inputs);
    let told: BTreeSet<&Maker> = makers.values().collect();
    let is_told = are_others(&told);
    let is_loose = |input: &Input| archive_of(input).is_none() && of_one_phone(input).is_some();
    if !is_told && (!is_case || inputs.iter().any(is_loose)) {
        return BTreeMap::new();
    }
    let mut archives: BTreeMap<(Maker, String), Vec<Input>> = BTreeMap::new();
    let mut others = Vec::new();
    for input in std::mem::take(inputs) {
        let Some(name) = archive_of(&input) else {
            others.push(input);
            continue;
        };
        let maker = makers.get(&input.path).cloned().unwrap_or_default();
        // Of one phone, whatever its archives are called.
        let name = match (
            &maker.serial,
            archives.range((maker.clone(), String::new())..).next(),
        ) {
            (Some(_), Some(((known, name), _))) if *known == maker => name.clone(),
            _ => without_day(&name),
        };
        archives.entry((maker, name)).or_default().push(input);
    }
    let is_phone = |inputs: &[Input]| inputs.iter().any(|input| of_one_phone(input).is_some());
    let is_several = is_told || are_several(archives.values());
    let mut phones = BTreeMap::new();
    for ((_, name), held) in archives {
        if is_several && is_phone(&held) {
            let mut free = name.clone();
            let mut number = 1_u32;
            while phones.contains_key(&free) {
                number = number.saturating_add(1);
                free = format!("{name} ({number})");
            }
            phones.insert(free, held);
        } else {
            others.extend(held);
        }
    }
    *inputs = others;
    phones
}

/// Which phones made the bug reports, by archive.
fn makers(inputs: &[Input]) -> BTreeMap<PathBuf, Maker> {
    inputs
        .iter()
        .filter(|input| input.format == bug_report::FORMAT.name && archive_of(input).is_some())
        .map(|input| (input.path.clone(), bug_report::maker(input)))
        .collect()
}

/// Whether two of these are of different phones for sure.
fn are_others(makers: &BTreeSet<&Maker>) -> bool {
    let count = |of: fn(&Maker) -> Option<&String>| {
        let told = makers.iter().filter_map(|maker| of(maker));
        told.collect::<BTreeSet<_>>().len()
    };
    count(|maker| maker.serial.as_ref()) > 1 || count(|maker| maker.model.as_ref()) > 1
}

/// Name of the archive that it lies in, without its ending.
fn archive_of(input: &Input) -> Option<String> {
    let Content::Entry(_) = &input.content else {
        return None;
    };
    Some(input.path.file_stem()?.to_string_lossy().into_owned())
}

fn without_day(name: &str) -> String {
    let short = match &*DAY {
        Some(day) => day.replace_all(name, "$1$2"),
        None => name.into(),
    };
    let short = short.trim_matches(|end: char| !end.is_alphanumeric() && end != ')');
    if short.is_empty() { name } else { short }.to_owned()
}

/// Whether two of these have what one phone has once.
fn are_several<'a>(groups: impl Iterator<Item = &'a Vec<Input>>) -> bool {
    let mut seen = BTreeSet::new();
    for inputs in groups {
        let kinds: BTreeSet<&str> = inputs.iter().filter_map(of_one_phone).collect();
        if kinds.into_iter().any(|kind| !seen.insert(kind)) {
            return true;
        }
    }
    false
}

/// What it shows of a phone, if only inputs of that phone can.
fn of_one_phone(input: &Input) -> Option<&'static str> {
    if input.is_phone_log() || input.format == DUMPSYS_PACKAGE.name {
        return Some(input.format);
    }
    input.has_traffic().then_some("traffic")
}

fn grouped(inputs: Vec<Input>, below: &str) -> BTreeMap<Option<String>, Vec<Input>> {
    let mut folders: BTreeMap<Option<String>, Vec<Input>> = BTreeMap::new();
    for input in inputs {
        let folder = match &input.content {
            Content::Entry(entry) => {
                let name = entry.name.strip_prefix(below).unwrap_or(&entry.name);
                name.split_once('/').map(|(folder, _)| folder.to_owned())
            }
            _ => None,
        };
        folders.entry(folder).or_default().push(input);
    }
    folders
}
