//! Files that describe apps and devices, recognised here and read by [`crate::manifest`]: app packages, manifests, device dumps.

use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read, Seek};
use std::path::Path;

use memchr::memmem;

use super::order::ByteOrder;
use super::{Content, Format, Gathered, Input, Sample, Wrapping, app_folder};
use crate::limits::{DOCUMENT_BYTES, NESTED_PACKAGE_BYTES, SNIFF_BYTES, SNIFF_DEEP_BYTES};
use crate::manifest::{self, CodeName};
use crate::model::{DataLabel, Declaration, Dossier, Platform, Shortfall};
use crate::{Error, Result};

/// An Android app package.
pub(super) const APK: Format = Format {
    name: "apk",
    sniff: is_apk,
    gather: Some(package),
    open: None,
};

/// An archive of a base package and its splits (XAPK, APKS, APKM).
pub(super) const PACKAGE_SET: Format = Format {
    name: "apk-set",
    sniff: |sample| has_file(sample, is_nested_package) && has_file(sample, is_of_set),
    gather: Some(package),
    open: None,
};

/// An Android app bundle, from which packages are built.
pub(super) const APP_BUNDLE: Format = Format {
    name: "aab",
    sniff: |sample| has_file(sample, |path| path == b"base/manifest/AndroidManifest.xml"),
    gather: Some(package),
    open: None,
};

/// An iOS app package.
pub(super) const IOS_APP: Format = Format {
    name: "ipa",
    sniff: |sample| has_file(sample, is_ios_app),
    gather: Some(package),
    open: None,
};

/// `AndroidManifest.xml` as it lies in an app package.
pub(super) const BINARY_MANIFEST: Format = Format {
    name: "android-manifest-binary",
    sniff: is_binary_manifest,
    gather: Some(|input| document(input, manifest::binary_xml)),
    open: None,
};

/// `AndroidManifest.xml` as text.
pub(super) const TEXT_MANIFEST: Format = Format {
    name: "android-manifest-text",
    sniff: is_text_manifest,
    gather: Some(|input| document(input, manifest::text_xml)),
    open: None,
};

/// `Info.plist` of an iOS app, XML or binary.
pub(super) const INFO_PLIST: Format = Format {
    name: "info-plist",
    sniff: is_info_plist,
    gather: Some(|input| document(input, manifest::info_plist)),
    open: None,
};

/// Apple's `PrivacyInfo.xcprivacy`, unpacked.
pub(super) const PRIVACY_MANIFEST: Format = Format {
    name: "privacy-manifest",
    sniff: is_privacy_manifest,
    gather: Some(|input| label(input, manifest::privacy_manifest)),
    open: None,
};

/// Google Play's data safety form, exported.
pub(super) const DATA_SAFETY: Format = Format {
    name: "data-safety",
    sniff: is_data_safety,
    gather: Some(|input| label(input, manifest::data_safety)),
    open: None,
};

/// Output of `dumpsys package`.
pub(super) const DUMPSYS_PACKAGE: Format = Format {
    name: "dumpsys-package",
    sniff: is_dumpsys_package,
    gather: Some(dumpsys_package),
    open: None,
};

/// Lengths of the end of a ZIP archive in which its directory is announced: mostly there is no comment, and it is at most
/// 65,535 bytes.
const ZIP_END_BYTES: [u64; 2] = [1024, 22 + 65_535];
const DIRECTORY_SIGNATURE: &[u8] = b"PK\x01\x02";
const MANIFEST_NAME: &[u8] = b"AndroidManifest.xml";

fn is_apk(sample: &Sample<'_>) -> bool {
    // Without a directory that can be followed, as packages have that hide from analysis: Android reads them still.
    has_file(sample, |path| path == MANIFEST_NAME)
        || (is_archive(sample)
            && directory(sample).is_none()
            && has_entry(
                &sample.deep(0, SNIFF_DEEP_BYTES as u64),
                b"PK\x03\x04",
                30,
                26,
            ))
}

/// Some packages carry a DEX file in front of the archive.
fn is_archive(sample: &Sample<'_>) -> bool {
    sample.length.is_some()
        && (sample.head.starts_with(b"PK\x03\x04") || sample.head.starts_with(b"dex\n"))
}

/// The directory of a ZIP archive, if it can be followed.
fn directory(sample: &Sample<'_>) -> Option<Vec<u8>> {
    let length = sample.length?;
    let (directory_end, size) = ZIP_END_BYTES.into_iter().find_map(|bytes| {
        let end_at = length.saturating_sub(bytes);
        let end = sample.deep(end_at, bytes);
        let at = memmem::rfind(&end, b"PK\x05\x06")?;
        let size = ByteOrder::Little.u32_at(&end, at.saturating_add(12))?;
        Some((end_at.saturating_add(at as u64), size))
    })?;
    let directory_at = directory_end.checked_sub(u64::from(size))?;
    let directory = sample.deep(directory_at, u64::from(size));
    directory
        .starts_with(DIRECTORY_SIGNATURE)
        .then_some(directory)
}

/// Whether the directory of a ZIP archive names such a file.
fn has_file(sample: &Sample<'_>, is_wanted: fn(&[u8]) -> bool) -> bool {
    let directory = is_archive(sample).then(|| directory(sample)).flatten();
    let directory = directory.unwrap_or_default();
    memmem::find_iter(&directory, DIRECTORY_SIGNATURE).any(|at| {
        let record = directory.get(at..).unwrap_or_default();
        let length = ByteOrder::Little.u16_at(record, 28).map(usize::from);
        let name = length.and_then(|length| record.get(46..)?.get(..length));
        name.is_some_and(is_wanted)
    })
}

/// Where the tools of stores put packages: at the root, or where bundletool has them. Other archives hold packages, too.
fn is_nested_package(path: &[u8]) -> bool {
    let name = path
        .strip_prefix(b"splits/")
        .or_else(|| path.strip_prefix(b"standalones/"))
        .unwrap_or(path);
    name.ends_with(b".apk") && !name.contains(&b'/')
}

/// What the writers of such archives put beside packages, and what they call the base package; others hold packages of several
/// apps.
fn is_of_set(path: &[u8]) -> bool {
    const MARKS: [&[u8]; 4] = [b"manifest.json", b"info.json", b"toc.pb", b"base.apk"];
    MARKS.contains(&path) || path.starts_with(b"splits/") || path.starts_with(b"standalones/")
}

fn is_ios_app(path: &[u8]) -> bool {
    path.strip_prefix(b"Payload/")
        .and_then(|path| path.strip_suffix(b".app/Info.plist"))
        .is_some_and(|name| !name.contains(&b'/'))
}

/// Whether a manifest's name stands where ZIP headers of one kind have it, and is not just the end of a longer name.
fn has_entry(bytes: &[u8], signature: &[u8], name_at: usize, length_at: usize) -> bool {
    memmem::find_iter(bytes, MANIFEST_NAME).any(|at| {
        let header = at
            .checked_sub(name_at)
            .and_then(|start| bytes.get(start..at));
        header.is_some_and(|header| {
            header.starts_with(signature)
                && ByteOrder::Little.u16_at(header, length_at).map(usize::from)
                    == Some(MANIFEST_NAME.len())
        })
    })
}

/// Binary XML with a string pool, and `manifest` among its strings. The type at the very beginning is not looked at: Android
/// does not either, and packages that hide from analysis falsify it.
fn is_binary_manifest(sample: &Sample<'_>) -> bool {
    let has_head = ByteOrder::Little.u16_at(sample.head, 2) == Some(8)
        && ByteOrder::Little.u32_at(sample.head, 8) == Some(0x001c_0001);
    has_head && (contains(sample, b"manifest") || contains(sample, b"m\0a\0n\0i\0f\0e\0s\0t\0"))
}

fn is_text_manifest(sample: &Sample<'_>) -> bool {
    sample
        .text()
        .is_some_and(|text| text.starts_with('<') && text.contains("<manifest"))
}

fn is_info_plist(sample: &Sample<'_>) -> bool {
    let is_plist = sample.head.starts_with(b"bplist0")
        || sample
            .text()
            .is_some_and(|text| text.starts_with('<') && text.contains("<plist"));
    is_plist && contains(sample, b"CFBundleIdentifier")
}

/// Binary lists name their keys as text, too.
fn is_privacy_manifest(sample: &Sample<'_>) -> bool {
    const KEYS: [&[u8]; 4] = [
        b"NSPrivacyTracking",
        b"NSPrivacyCollectedDataTypes",
        b"NSPrivacyAccessedAPITypes",
        b"NSPrivacyTrackingDomains",
    ];
    let is_plist = sample.head.starts_with(b"bplist0")
        || sample
            .text()
            .is_some_and(|text| text.starts_with('<') && text.contains("<plist"));
    is_plist
        && KEYS
            .iter()
            .any(|key| memmem::find(sample.head, key).is_some())
}

fn is_data_safety(sample: &Sample<'_>) -> bool {
    let head = sample.head.strip_prefix(b"\xef\xbb\xbf");
    head.unwrap_or(sample.head)
        .starts_with(manifest::DATA_SAFETY_HEADER)
}

/// The list of packages may come long after the beginning, which is mostly about activities and their filters.
fn is_dumpsys_package(sample: &Sample<'_>) -> bool {
    const BEGINNINGS: [&[u8]; 6] = [
        b"Packages:",
        b"Activity Resolver Table:",
        b"Database versions:",
        b"Verifiers:",
        b"Libraries:",
        b"Known Packages:",
    ];
    let is_dump = BEGINNINGS
        .iter()
        .any(|beginning| memmem::find(sample.head, beginning).is_some());
    is_dump && sample.dump().is_some() && contains(sample, b"\n  Package [")
}

fn contains(sample: &Sample<'_>, word: &[u8]) -> bool {
    let finder = memmem::Finder::new(word);
    finder.find(sample.head).is_some()
        || finder
            .find(&sample.deep(0, SNIFF_DEEP_BYTES as u64))
            .is_some()
}

/// A file that the user names beside the inputs, unwrapped as they are; at most so many bytes of it.
pub(super) fn read_named(path: &Path, bound: u64) -> Result<Vec<u8>> {
    let read = || -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        let mut file = File::open(path)?;
        (&mut file)
            .take(SNIFF_BYTES as u64)
            .read_to_end(&mut head)?;
        let wrapping = Wrapping::of(&head);
        let whole: Box<dyn Read> = Box::new(Cursor::new(head).chain(file));
        let reader = match wrapping {
            Some(wrapping) => wrapping.unwrap(whole),
            None => whole,
        };
        let mut bytes = Vec::new();
        reader.take(bound).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}

/// The whole of an input up to a bound; what was said if it is longer.
pub(super) fn read_whole(input: &Input, bound: u64) -> Result<(Vec<u8>, Option<String>)> {
    let mut bytes = Vec::new();
    let mut reader = input.reader()?.take(bound.saturating_add(1));
    let read = reader.read_to_end(&mut bytes);
    let bound_len = usize::try_from(bound).unwrap_or(usize::MAX);
    match read {
        Ok(_) if bytes.len() > bound_len => {
            bytes.truncate(bound_len);
            Ok((
                bytes,
                Some(format!("only the first {bound} bytes are read")),
            ))
        }
        Ok(_) => Ok((bytes, None)),
        Err(source) if bytes.is_empty() => Err(Error::Read {
            path: input.path.clone(),
            source,
        }),
        // A bound of ours, which says what it is.
        Err(error) if error.kind() == ErrorKind::FileTooLarge => {
            Ok((bytes, Some(error.to_string())))
        }
        Err(error) => {
            let detail = format!("reading stopped at byte {}: {error}", bytes.len());
            Ok((bytes, Some(detail)))
        }
    }
}

/// An app package of any kind.
fn package(input: &Input) -> Result<Gathered> {
    let read = match &input.content {
        Content::Memory(bytes) => read_package(input.format, &mut Cursor::new(bytes)),
        Content::File | Content::Stdin(_) => read_package(input.format, &mut input.file()?),
        Content::Entry(_) => {
            let (bytes, cut) = read_whole(input, NESTED_PACKAGE_BYTES as u64)?;
            let mut read = read_package(input.format, &mut Cursor::new(bytes));
            read.damage.extend(cut);
            read
        }
        Content::Folder(layout) => read_package(input.format, &mut app_folder::Reader::new(layout)),
    };
    Ok(declaration(input, None, read))
}

/// Whether that is the format of an app package.
pub(super) fn is_package(format: &str) -> bool {
    let packages = [APK, PACKAGE_SET, APP_BUNDLE, IOS_APP];
    packages.iter().any(|package| package.name == format)
}

/// Names in the code of an app package.
pub(super) fn code_names(
    input: &Input,
    visit: &mut dyn FnMut(CodeName<'_>),
) -> Result<Vec<(Shortfall, String)>> {
    if !is_package(input.format) {
        return Ok(Vec::new());
    }
    let damage = match &input.content {
        Content::Memory(bytes) => manifest::code_names(&mut Cursor::new(bytes), visit),
        Content::File | Content::Stdin(_) => manifest::code_names(&mut input.file()?, visit),
        Content::Entry(_) => {
            let (bytes, _) = read_whole(input, NESTED_PACKAGE_BYTES as u64)?;
            manifest::code_names(&mut Cursor::new(bytes), visit)
        }
        Content::Folder(layout) => {
            manifest::code_names(&mut app_folder::Reader::new(layout), visit)
        }
    };
    Ok(notes(None, damage))
}

fn read_package<I: Read + Seek>(format: &str, file: &mut I) -> manifest::Read<Option<Declaration>> {
    match format {
        "aab" => manifest::app_bundle(file),
        "apk-set" => manifest::package_set(file),
        "ipa" => manifest::ios_app(file),
        _ => manifest::apk(file),
    }
}

fn document(
    input: &Input,
    read: fn(&[u8]) -> manifest::Read<Option<Declaration>>,
) -> Result<Gathered> {
    let (bytes, cut) = read_whole(input, DOCUMENT_BYTES)?;
    Ok(declaration(input, cut, read(&bytes)))
}

fn declaration(
    input: &Input,
    cut: Option<String>,
    read: manifest::Read<Option<Declaration>>,
) -> Gathered {
    let mut dossier = Dossier::default();
    let mut notes = notes(cut, read.damage);
    if let Some(mut declaration) = read.value {
        dossier.platform = Some(declaration.platform);
        // Source manifests leave the package to the build; what they ask for is worth a line under the file's name.
        if declaration.package.is_empty() {
            declaration.package.clone_from(&input.display);
        }
        let package = declaration.package.clone();
        dossier
            .declarations
            .insert(package, (declaration, input.origin()));
    } else if notes.is_empty() {
        notes.push((Shortfall::DamagedManifest, "it names no package".to_owned()));
    }
    (dossier, notes)
}

/// A label belongs to the package that its path names, if it does.
fn label(
    input: &Input,
    read: fn(&[u8], &str) -> manifest::Read<Option<DataLabel>>,
) -> Result<Gathered> {
    let (bytes, cut) = read_whole(input, DOCUMENT_BYTES)?;
    let read = read(&bytes, &input.display);
    let mut dossier = Dossier::default();
    if let Some(label) = read.value {
        let package = package_in(&input.display).unwrap_or_default();
        dossier
            .labels
            .insert(package.to_owned(), vec![(label, input.origin())]);
    }
    Ok((dossier, notes(cut, read.damage)))
}

/// A package or bundle id in a path: a folder or file's stem of three parts or more in reverse domain order.
fn package_in(path: &str) -> Option<&str> {
    const ROOTS: [&str; 10] = [
        "com", "org", "net", "de", "eu", "io", "app", "me", "ch", "at",
    ];
    path.rsplit('/').find_map(|step| {
        let step = step
            .strip_suffix(".csv")
            .or_else(|| step.strip_suffix(".xcprivacy"))
            .unwrap_or(step);
        let is_name = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        };
        let mut parts = step.split('.');
        let is_package = parts.next().is_some_and(|root| ROOTS.contains(&root))
            && parts.clone().count() >= 2
            && parts.all(is_name);
        is_package.then_some(step)
    })
}

fn dumpsys_package(input: &Input) -> Result<Gathered> {
    let (bytes, cut) = read_whole(input, DOCUMENT_BYTES)?;
    let mut read = manifest::dumpsys_package(&bytes);
    read.value.platform.get_or_insert(Platform::Android);
    Ok((placed(input, 0, read.value), notes(cut, read.damage)))
}

/// What a reader learnt, with its apps put on this input. `lines_before` it stand in the same file.
pub(super) fn placed(input: &Input, lines_before: u64, mut dossier: Dossier) -> Dossier {
    place(input, lines_before, &mut dossier);
    for device in dossier.others.values_mut() {
        place(input, lines_before, device);
    }
    dossier
}

fn place(input: &Input, lines_before: u64, device: &mut Dossier) {
    let apps = device
        .apps
        .values_mut()
        .chain(device.named_apps.values_mut());
    for source in apps.filter_map(|app| app.source.as_mut()) {
        source.input = input.id;
        source.frame = source.frame.saturating_add(lines_before);
    }
}

pub(super) fn notes(cut: Option<String>, damage: Vec<String>) -> Vec<(Shortfall, String)> {
    let cut = cut.map(|detail| (Shortfall::InputLimit, detail));
    let damage = damage
        .into_iter()
        .map(|detail| (Shortfall::DamagedManifest, detail));
    cut.into_iter().chain(damage).collect()
}
