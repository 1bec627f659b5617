//! Lists of installed apps, recognised here and read by [`crate::manifest`].

use std::collections::BTreeMap;

use super::document::{notes, placed, read_whole};
use super::{Format, Gathered, Input, Sample};
use crate::Result;
use crate::limits::DOCUMENT_BYTES;
use crate::manifest::{self, Column};
use crate::model::{Dossier, Shortfall};

/// Output of `pm list packages`.
pub(super) const PACKAGE_LIST: Format = Format {
    name: "package-list",
    sniff: is_package_list,
    gather: Some(|input| list(input, manifest::package_list)),
    open: None,
};

/// An answer of an iPhone to its device management.
pub(super) const APPLE_ANSWER: Format = Format {
    name: "apple-application-list",
    sniff: is_apple_answer,
    gather: Some(|input| list(input, manifest::installed_application_list)),
    open: None,
};

/// JSON of device management, and `AndroidQF`'s `packages.json`.
pub(super) const JSON: Format = Format {
    name: "app-inventory-json",
    sniff: is_json,
    gather: Some(json),
    open: None,
};

/// XML of Jamf's Classic API.
pub(super) const XML: Format = Format {
    name: "app-inventory-xml",
    sniff: is_xml,
    gather: Some(|input| list(input, manifest::inventory_xml)),
    open: None,
};

/// CSV of device management with names of columns that are known.
pub(super) const CSV: Format = Format {
    name: "app-inventory-csv",
    sniff: is_csv,
    gather: Some(csv),
    open: None,
};

fn is_package_list(sample: &Sample<'_>) -> bool {
    sample.text().is_some_and(|text| {
        let mut lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .skip_while(|line| is_of_shell(line))
            .take(5)
            .peekable();
        lines.peek().is_some() && lines.all(|line| line.starts_with("package:"))
    })
}

/// What a terminal shows before the output of a command: the prompt with it, the start of `adb`, complaints of Android's linker.
fn is_of_shell(line: &str) -> bool {
    line.contains("pm list packages")
        || line.starts_with("* daemon ")
        || line.starts_with("WARNING: linker")
}

fn is_apple_answer(sample: &Sample<'_>) -> bool {
    const LISTS: [&[u8]; 2] = [b"InstalledApplicationList", b"ManagedApplicationList"];
    let is_plist = sample.head.starts_with(b"bplist0")
        || sample
            .text()
            .is_some_and(|text| text.starts_with('<') && text.contains("<plist"));
    let has = |bytes: &[u8]| {
        LISTS
            .iter()
            .any(|list| memchr::memmem::find(bytes, list).is_some())
    };
    is_plist && (has(sample.head) || has(&sample.deep(0, DOCUMENT_BYTES)))
}

/// The first object that is whole within the head decides, so members are looked for by name.
fn is_json(sample: &Sample<'_>) -> bool {
    const TELLING: [&str; 21] = [
        "#microsoft.graph.detectedApp",
        "#microsoft.graph.managedDevice",
        "\"detectedApps\"",
        // `Microsoft.Graph` of PowerShell writes names large.
        "\"DetectedApps\"",
        "\"applicationReports\"",
        "\"permissionGrants\"",
        "admin#directory#mobiledevice",
        "\"mobiledevices\"",
        "\"mobile_device\"",
        "\"DeviceApps\"",
        "\"DEV_EX_DATA_APPL\"",
        "\"InstalledApplicationList\"",
        "\"ApplicationKey\"",
        "\"ApplicationName\"",
        "\"third_party\"",
        "\"bundleIdentifier\"",
        "\"packageName\"",
        "\"package_name\"",
        "\"sizeInByte\"",
        // Apps of Cisco Meraki, with Apple's names.
        "\"bundleSize\"",
        "\"applications\"",
    ];
    sample.text().is_some_and(|text| {
        text.starts_with(['{', '['])
            && !text.contains("\"log\"")
            && TELLING.iter().any(|word| text.contains(word))
    })
}

fn is_xml(sample: &Sample<'_>) -> bool {
    sample
        .text()
        .is_some_and(|text| text.starts_with('<') && text.contains("<mobile_device>"))
}

fn is_csv(sample: &Sample<'_>) -> bool {
    let is_text = sample.text().is_some() || manifest::is_windows_1252(sample.head);
    is_text
        .then(|| manifest::csv_header(sample.head))
        .flatten()
        .is_some_and(|names| manifest::has_known_header(&names.iter().map(String::as_str)))
}

/// Whether a text is a table that has the columns that the user says lists of apps have.
pub(super) fn is_mapped_csv(sample: &Sample<'_>, columns: &BTreeMap<Column, String>) -> bool {
    if sample.text().is_none() && !manifest::is_windows_1252(sample.head) {
        return false;
    }
    let names = manifest::csv_header(sample.head).unwrap_or_default();
    let has = |column: Column| {
        columns
            .get(&column)
            .is_some_and(|wanted| names.iter().any(|name| name.eq_ignore_ascii_case(wanted)))
    };
    names.len() > 1 && (has(Column::Package) || has(Column::Name) || has(Column::Apps))
}

fn list(input: &Input, read: fn(&[u8]) -> manifest::Read<Dossier>) -> Result<Gathered> {
    let (bytes, cut) = read_whole(input, DOCUMENT_BYTES)?;
    let read = read(&bytes);
    Ok((placed(input, 0, read.value), notes(cut, read.damage)))
}

fn json(input: &Input) -> Result<Gathered> {
    let (bytes, cut) = read_whole(input, DOCUMENT_BYTES)?;
    let Some(read) = manifest::inventory_json(&bytes) else {
        let detail = "JSON without a list of apps, or cut".to_owned();
        let mut notes = notes(cut, Vec::new());
        notes.push((Shortfall::DamagedManifest, detail));
        return Ok((Dossier::default(), notes));
    };
    Ok((placed(input, 0, read.value), notes(cut, read.damage)))
}

fn csv(input: &Input) -> Result<Gathered> {
    let (bytes, cut) = read_whole(input, DOCUMENT_BYTES)?;
    let read = manifest::inventory_csv(&bytes, &input.columns);
    Ok((placed(input, 0, read.value), notes(cut, read.damage)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_shows_before_a_list_is_no_hindrance() {
        let list = "package:org.example.one uid:10117\npackage:org.example.two\n";
        for before in [
            "",
            "$ adb shell pm list packages -U\n",
            "* daemon not running; starting now at tcp:5037\n* daemon started successfully\n",
            "WARNING: linker: Warning: unable to normalize \"\"\n",
        ] {
            assert!(is_package_list(&Sample::of(
                format!("{before}{list}").as_bytes()
            )));
        }
        for other in ["notes\npackage:org.example.one\n", "run pm list packages\n"] {
            assert!(!is_package_list(&Sample::of(other.as_bytes())));
        }
    }
}
