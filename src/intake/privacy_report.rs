//! Apple's App Privacy Report: which app read protected data and which hosts it contacted, one JSON object a line.
//!
//! Both forms are read: that of iOS 15.2 and later, and that of the iOS 15 betas (`stream`, `tccService`). Lines come in no order.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde_json::Value;

use super::clock::timestamp;
use super::json::parse;
use super::ledger::Ledger;
use super::lines::{Line, Lines};
use super::{Format, Input, Item, Sample, Source};
use crate::Result;
use crate::limits::{INTERVALS, LINE_BYTES};
use crate::model::{Access, Event, Origin, Owner, Shortfall, Sighting};

/// The report as it is exported (`App_Privacy_Report_v4_….ndjson`).
pub(super) const FORMAT: Format = Format {
    name: "app-privacy-report",
    sniff,
    gather: None,
    open: Some(open),
};

/// A line among the first that is a record of the report.
fn sniff(sample: &Sample<'_>) -> bool {
    sample.text().is_some_and(|text| {
        text.starts_with('{')
            && text.lines().take(20).any(|line| {
                parse(line.as_bytes())
                    .is_some_and(|record| is_access(&record) || is_contact(&record))
            })
    })
}

fn open(input: &Input) -> Result<Box<dyn Source>> {
    Ok(Box::new(PrivacyReport::new(
        Lines::new(input.reader()?),
        Origin {
            input: input.id,
            ..Origin::default()
        },
    )))
}

/// A report as it is read.
#[derive(Debug)]
struct PrivacyReport {
    lines: Lines,
    origin: Origin,
    /// Hashes of the ids of intervals whose begin or end was seen, so that both count once.
    intervals: HashSet<u64>,
    ledger: Ledger,
    has_ended: bool,
}

impl PrivacyReport {
    fn new(lines: Lines, origin: Origin) -> Self {
        Self {
            lines,
            origin,
            intervals: HashSet::new(),
            ledger: Ledger::default(),
            has_ended: false,
        }
    }

    fn sighting(&mut self) -> Option<Sighting> {
        while !self.has_ended && !self.ledger.has_notes() {
            let offset = self.lines.offset();
            let line = self.lines.next_line();
            self.origin.frame = self.lines.number();
            match line {
                Ok(Some(Line::Whole { range, is_last })) => {
                    let line = self.lines.at(range).trim_ascii();
                    if line.is_empty() {
                        continue;
                    }
                    match parse(line) {
                        Some(record) => {
                            if let Some(sighting) = self.record(&record) {
                                return Some(sighting);
                            }
                        }
                        None if is_last => self.note(
                            Shortfall::Truncated,
                            format!("the file ends within the line at byte {offset}"),
                        ),
                        None => self.note(
                            Shortfall::Damaged,
                            format!("the line at byte {offset} is no JSON"),
                        ),
                    }
                }
                Ok(Some(Line::TooLong)) => self.note(
                    Shortfall::InputLimit,
                    format!("the line at byte {offset} is longer than {LINE_BYTES} bytes"),
                ),
                Ok(None) => self.has_ended = true,
                Err(error) => {
                    self.ledger.note_failure(&error, self.origin, offset);
                    self.has_ended = true;
                }
            }
        }
        None
    }

    fn note(&mut self, shortfall: Shortfall, detail: String) {
        self.ledger.note(shortfall, Some(self.origin), 0, detail);
    }

    /// `None` for the second half of an interval, and for a record of which nothing can be made.
    fn record(&mut self, record: &Value) -> Option<Sighting> {
        let time = text(record, "timeStamp").or(text(record, "timestamp"));
        self.origin.time = time.and_then(timestamp).unwrap_or_default();
        let told = if is_contact(record) {
            contact(record)
        } else if !is_access(record) {
            None
        } else if self.is_second_half(record) {
            return None;
        } else {
            read_access(record)
        };
        let Some((package, access)) = told else {
            self.note(
                Shortfall::UnknownFormat,
                "a record of a kind that is not known".to_owned(),
            );
            return None;
        };
        Some(Sighting {
            origin: self.origin,
            flow: None,
            server: None,
            owner: Owner {
                package: Some(Arc::from(package)),
                ..Owner::default()
            },
            event: Event::Access(access),
        })
    }

    fn is_second_half(&mut self, record: &Value) -> bool {
        let is_interval = text(record, "kind").is_some_and(|kind| kind.starts_with("interval"));
        let Some(id) = text(record, "identifier").filter(|_| is_interval) else {
            return false;
        };
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let hash = hasher.finish();
        if self.intervals.remove(&hash) {
            return true;
        }
        if self.intervals.len() < INTERVALS {
            self.intervals.insert(hash);
        } else {
            let detail = format!("more than {INTERVALS} open intervals: some count twice");
            self.note(Shortfall::InputLimit, detail);
        }
        false
    }
}

impl Source for PrivacyReport {
    fn next_item(&mut self) -> Result<Option<Item<'_>>> {
        if !self.ledger.has_notes()
            && let Some(sighting) = self.sighting()
        {
            return Ok(Some(Item::Sighting(Box::new(sighting))));
        }
        Ok(self.ledger.next_item())
    }
}

fn is_access(record: &Value) -> bool {
    let has_stream = || {
        text(record, "stream")
            .is_some_and(|stream| stream.starts_with("com.apple.privacy.accounting.stream"))
    };
    (text(record, "type") == Some("access") || has_stream()) && record.get("accessor").is_some()
}

fn is_contact(record: &Value) -> bool {
    record.get("domain").is_some()
        && (text(record, "type") == Some("networkActivity") || record.get("hits").is_some())
}

/// App and what it read.
fn read_access(record: &Value) -> Option<(&str, Access)> {
    let accessor = record.get("accessor")?;
    let package = accessor.as_str().or(text(accessor, "identifier"))?;
    let resource = match text(record, "category") {
        Some(category) => category,
        None => beta_resource(record)?,
    };
    let access = Access {
        resource: resource.to_owned(),
        host: None,
        count: 1,
        in_background: None,
    };
    Some((package, access))
}

/// Today's word for what the betas named after the service or the stream.
fn beta_resource(record: &Value) -> Option<&str> {
    Some(match text(record, "tccService") {
        Some("kTCCServiceAddressBook") => "contacts",
        Some("kTCCServicePhotos") => "photos",
        Some("kTCCServiceCamera") => "camera",
        Some("kTCCServiceMicrophone") => "microphone",
        Some("kTCCServiceMediaLibrary") => "mediaLibrary",
        Some("kTCCServiceScreenCapture") => "screenRecording",
        Some(other) => other,
        None => text(record, "stream")?.rsplit('.').next()?,
    })
}

/// App and the host that it contacted.
fn contact(record: &Value) -> Option<(&str, Access)> {
    let has_app = || record.get("hasApp").and_then(|app| text(app, "bundleName"));
    let package = text(record, "bundleID")
        .or_else(has_app)
        .or(text(record, "initiatingApp"))?;
    let host = text(record, "domain")?.trim_end_matches('.').to_lowercase();
    let access = Access {
        resource: "network".to_owned(),
        host: Some(Arc::from(host)),
        count: record.get("hits").and_then(Value::as_u64).unwrap_or(1),
        in_background: None,
    };
    Some((package, access))
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> (Vec<Sighting>, Vec<Shortfall>) {
        let lines = Lines::new(Box::new(Cursor::new(bytes.to_vec())));
        let mut report = PrivacyReport::new(lines, Origin::default());
        let (mut sightings, mut shortfalls) = (Vec::new(), Vec::new());
        while let Some(item) = report.next_item().unwrap() {
            match item {
                Item::Sighting(sighting) => sightings.push(*sighting),
                Item::Shortfall { shortfall, .. } => shortfalls.push(shortfall),
                Item::Packet(_) => panic!("no packets in a log"),
            }
        }
        (sightings, shortfalls)
    }

    fn told(bytes: &[u8]) -> Vec<(u64, String, String, Option<String>, u64)> {
        read(bytes)
            .0
            .into_iter()
            .map(|sighting| match sighting.event {
                Event::Access(access) => (
                    sighting.origin.frame,
                    sighting.owner.package.unwrap().to_string(),
                    access.resource,
                    access.host.map(|host| host.to_string()),
                    access.count,
                ),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    const REPORT: &str = r#"{"accessor":{"identifier":"org.example.chat","identifierType":"bundleID"},"category":"contacts","identifier":"A","kind":"intervalEnd","timeStamp":"2026-01-02T03:04:06.000+01:00","type":"access"}
{"accessor":{"identifier":"org.example.chat","identifierType":"bundleID"},"category":"contacts","identifier":"A","kind":"intervalBegin","timeStamp":"2026-01-02T03:04:05.000+01:00","type":"access"}

{"domain":"API.example.","firstTimeStamp":"2026-01-02T03:00:00Z","timeStamp":"2026-01-02T04:00:00Z","context":"","domainType":2,"initiatedType":"AppInitiated","hits":7,"bundleID":"org.example.chat","type":"networkActivity"}
{"type":"something new"}
{"accessor":{"identifier":"org.example.map","identifierType":"bundleID"},"identifier":"B","kind":"event","stream":"com.apple.privacy.accounting.stream.tcc","tccService":"kTCCServiceAddressBook","timestamp":"2026-01-02T03:04:05.000+01:00","version":3}
{"accessor":{"identifier":"org.example.map","identifierType":"bundleID"},"identifier":"C","kind":"event","stream":"com.apple.privacy.accounting.stream.location","timestamp":"2026-01-02T03:04:05.000+01:00","version":3}
"#;

    #[test]
    fn an_interval_counts_once_and_both_forms_are_read() {
        let row = |line, app: &str, resource: &str, host: Option<&str>, count| {
            (
                line,
                app.to_owned(),
                resource.to_owned(),
                host.map(str::to_owned),
                count,
            )
        };
        assert_eq!(
            told(REPORT.as_bytes()),
            [
                row(1, "org.example.chat", "contacts", None, 1),
                row(4, "org.example.chat", "network", Some("api.example"), 7),
                row(6, "org.example.map", "contacts", None, 1),
                row(7, "org.example.map", "location", None, 1),
            ]
        );
    }

    #[test]
    fn a_last_line_that_is_cut_is_said_to_be() {
        let (sightings, shortfalls) = read(&REPORT.as_bytes()[..REPORT.len() - 20]);
        assert_eq!(
            (sightings.len(), shortfalls),
            (3, vec![Shortfall::UnknownFormat, Shortfall::Truncated])
        );
        assert_eq!(read(b"{nonsense}\n").1, [Shortfall::Damaged]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            let _ = read(&bytes);
        }
    }
}
