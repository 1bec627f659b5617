//! Bug reports of Android and outputs of `dumpsys` for all services: what `dumpsys package` and `dumpsys appops` say inside the
//! text, which is much longer than both and is read line by line.

use std::io::Read;

use super::clock::timestamp;
use super::document::{notes, placed};
use super::known_values::getprop_line;
use super::lines::{Line, Lines};
use super::log::Listed;
use super::{Format, Gathered, Input, Sample, Source, appops};
use crate::limits::{DOCUMENT_BYTES, SNIFF_BYTES};
use crate::manifest;
use crate::model::{Shortfall, Timestamp};
use crate::{Error, Result};

/// The text of a bug report, as it lies in its ZIP archive or unpacked.
pub(super) const FORMAT: Format = Format {
    name: "bug-report",
    sniff,
    gather: Some(gather),
    open: Some(open),
};

/// What `dumpsys` says of all services, without the rest of a bug report.
pub(super) const ALL_SERVICES: Format = Format {
    name: "dumpsys",
    sniff: has_services,
    gather: Some(gather),
    open: Some(open),
};

fn sniff(sample: &Sample<'_>) -> bool {
    sample.dump().is_some_and(|text| {
        text.lines()
            .take(20)
            .any(|line| line.starts_with("== dumpstate: "))
    })
}

/// The list that comes before the services, or the line before each of them, which `dumpsys` leaves out where it is asked for
/// one alone (AOSP `dumpsys.cpp`).
fn has_services(sample: &Sample<'_>) -> bool {
    sample.dump().is_some_and(|text| {
        text.trim_start().starts_with("Currently running services:")
            || text.lines().any(|line| line.starts_with(SERVICE))
    })
}

/// `DUMP OF SERVICE package:`, and `DUMP OF SERVICE HIGH package:` where services have priorities.
const SERVICE: &str = "DUMP OF SERVICE ";

/// Which phone made a report, by its header.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Maker {
    /// Its serial number.
    pub(super) serial: Option<String>,
    /// Brand, product and device of the build: the same for all phones of a model, whatever their version.
    pub(super) model: Option<String>,
}

/// What the header of a report says of the phone (AOSP `dumpstate.cpp`, `PrintHeader`): `Build fingerprint: 'brand/product/device:…'`,
/// and the serial number in the command line of the kernel or, from Android 12 on, in `/proc/bootconfig`.
pub(super) fn maker(input: &Input) -> Maker {
    let mut head = Vec::new();
    if let Ok(reader) = input.reader() {
        // Where it is damaged, what came before counts.
        let _ = reader.take(SNIFF_BYTES as u64).read_to_end(&mut head);
    }
    let head = String::from_utf8_lossy(&head);
    let header = head.split("\n------ ").next().unwrap_or_default();
    let serial = header
        .split_once("androidboot.serialno")
        .and_then(|(_, after)| {
            let value = after.trim_start().strip_prefix('=')?.trim_start();
            let value = value.trim_start_matches('"');
            let serial = value
                .split(|end: char| end.is_whitespace() || end == '"')
                .next()?;
            // Emulators have none, or all the same.
            (serial.len() > 3 && serial.chars().any(|one| one != '0')).then(|| serial.to_owned())
        });
    let model = header
        .split_once("Build fingerprint: '")
        .and_then(|(_, after)| {
            let (model, _) = after.lines().next()?.split_once(':')?;
            (!model.is_empty()).then(|| model.to_owned())
        });
    Maker { serial, model }
}

/// The output of one service.
#[derive(Debug, Default)]
struct Section {
    text: Vec<u8>,
    /// Lines of the report before its first.
    lines_before: u64,
    /// It is longer than the bound.
    is_long: bool,
    /// Why it is not whole, if it is not.
    cut: Option<&'static str>,
}

/// What is wanted of a report.
#[derive(Debug, Default)]
struct Report {
    section: Section,
    /// When it was made, in the time of the phone.
    time: Option<Timestamp>,
    model: Option<String>,
    time_zone: Option<String>,
    failure: Option<String>,
}

/// Reads a report through for the output of one service.
fn read(input: &Input, service: &str) -> Result<Report> {
    let mut lines = Lines::new(input.reader()?);
    let mut report = Report::default();
    let mut is_inside = false;
    // Before Android 8 no line ends a service.
    let mut has_ends = false;
    loop {
        let line = match lines.next_line() {
            Ok(Some(Line::Whole { range, .. })) => lines.at(range),
            Ok(Some(Line::TooLong)) => continue,
            Ok(None) => {
                if is_inside && has_ends {
                    report.section.cut = Some("the dump ends in the middle of it");
                }
                return Ok(report);
            }
            Err(source) if lines.number() <= 1 => {
                return Err(Error::Read {
                    path: input.path.clone(),
                    source,
                });
            }
            Err(error) => {
                report.failure = Some(format!("reading stopped: {error}"));
                return Ok(report);
            }
        };
        if let Some(named) = line.strip_prefix(SERVICE.as_bytes()) {
            let named = named.trim_ascii_end();
            let name = named.strip_suffix(b":").unwrap_or(named);
            is_inside = name.rsplit(|byte| *byte == b' ').next() == Some(service.as_bytes())
                && report.section.text.is_empty();
            report.section.lines_before = if is_inside {
                lines.number()
            } else {
                report.section.lines_before
            };
        } else if let Some(time) = end(line) {
            has_ends = true;
            if is_inside && report.time.is_none() {
                report.time = timestamp(&time);
            }
            is_inside = false;
        } else if is_inside && line.starts_with(b"*** SERVICE ") && has_expired(line) {
            report.section.cut = Some("the phone broke it off, because it took too long");
        } else if is_inside {
            let length = report.section.text.len().saturating_add(line.len());
            if length as u64 >= DOCUMENT_BYTES {
                report.section.is_long = true;
                is_inside = false;
                continue;
            }
            report.section.text.extend_from_slice(line);
            report.section.text.push(b'\n');
        } else if report.time.is_none()
            && let Some(time) = line.strip_prefix(b"== dumpstate: ")
        {
            report.time = timestamp(&String::from_utf8_lossy(time));
        } else if let Some((name, value)) = property(line) {
            match name {
                "ro.product.model" => report.model = Some(value.to_owned()),
                "persist.sys.timezone" => report.time_zone = Some(value.to_owned()),
                _ => {}
            }
        }
    }
}

/// A line of the section that `getprop` wrote, if its value is not empty.
fn property(line: &[u8]) -> Option<(&str, &str)> {
    if !line.starts_with(b"[") {
        return None;
    }
    let (name, value) = getprop_line(str::from_utf8(line).ok()?)?;
    (!value.is_empty()).then_some((name, value))
}

/// What a line that ends a service says behind its name (`, ending at: …`, since Android 9):
/// `--------- 0.123s was the duration of dumpsys package, ending at: …`.
fn end(line: &[u8]) -> Option<String> {
    let line = String::from_utf8_lossy(line.strip_prefix(b"--------- ")?);
    let (_, after) = line.split_once("was the duration of dumpsys ")?;
    let (_, time) = after.split_once("ending at: ").unwrap_or_default();
    Some(time.to_owned())
}

/// `*** SERVICE 'appops' DUMP TIMEOUT (10000ms) EXPIRED ***`
fn has_expired(line: &[u8]) -> bool {
    memchr::memmem::find(line, b" DUMP TIMEOUT ").is_some()
}

fn gather(input: &Input) -> Result<Gathered> {
    let report = read(input, "package")?;
    let mut read = manifest::dumpsys_package(&report.section.text);
    if report.section.text.is_empty() {
        read.damage = vec!["the dump has no output of dumpsys package".to_owned()];
    }
    let cut = report.section.cut;
    read.damage
        .extend(cut.map(|reason| format!("dumpsys package is not whole: {reason}")));
    read.value.model = report.model;
    read.value.time_zone = report.time_zone;
    read.damage.extend(report.failure);
    let cut = report
        .section
        .is_long
        .then(|| format!("only the first {DOCUMENT_BYTES} bytes of dumpsys package are read"));
    let lines_before = report.section.lines_before;
    Ok((
        placed(input, lines_before, read.value),
        notes(cut, read.damage),
    ))
}

fn open(input: &Input) -> Result<Box<dyn Source>> {
    let report = read(input, "appops")?;
    let mut listed = Listed::default();
    if report.section.is_long {
        let detail = format!("only the first {DOCUMENT_BYTES} bytes of dumpsys appops are read");
        listed
            .at(input.origin())
            .note(Shortfall::InputLimit, &detail);
    }
    if report.section.text.is_empty() {
        listed.at(input.origin()).note(
            Shortfall::Truncated,
            "the dump has no output of dumpsys appops",
        );
    } else if let Some(reason) = report.section.cut {
        let detail = format!("dumpsys appops is not whole: {reason}");
        listed
            .at(input.origin())
            .note(Shortfall::Truncated, &detail);
    }
    appops::list(
        &report.section.text,
        report.section.lines_before,
        report.time,
        input.origin(),
        &mut listed,
    );
    Ok(Box::new(listed))
}
