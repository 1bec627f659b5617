//! Apple's App Privacy Report: which app read protected data and which hosts it contacted, one JSON object a line.
//!
//! Both forms are read: that of iOS 15.2 and later, and that of the iOS 15 betas (`stream`, `tccService`). Lines come in no order.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde_json::Value;

use super::clock::timestamp;
use super::json::{first_object, parse};
use super::log::{LineLog, Told, contacts};
use super::{Format, Input, Sample, Source};
use crate::Result;
use crate::limits::INTERVALS;
use crate::model::{Access, Event, Owner, Platform, Shortfall};

/// The report as it is exported (`App_Privacy_Report_v4_….ndjson`).
pub(super) const FORMAT: Format = Format {
    name: "app-privacy-report",
    sniff,
    gather: Some(|input| contacts(input, Platform::Ios)),
    open: Some(open),
};

/// A record of the report among the first lines, or the first of an array that a tool made of them.
fn sniff(sample: &Sample<'_>) -> bool {
    sample.text().is_some_and(|text| {
        let lines = text.lines().take(20).filter(|_| text.starts_with('{'));
        first_object(text).into_iter().chain(lines).any(|record| {
            parse(record.as_bytes()).is_some_and(|record| is_access(&record) || is_contact(&record))
        })
    })
}

fn open(input: &Input) -> Result<Box<dyn Source>> {
    Ok(Box::new(LineLog::open_json(
        input,
        Intervals::default(),
        read_line,
    )?))
}

/// Hashes of the ids of intervals whose begin or end was seen, so that both count once.
#[derive(Debug, Default)]
struct Intervals(HashSet<u64>);

/// Tells nothing for the second half of an interval, and for a record of which nothing can be made.
fn read_line(intervals: &mut Intervals, line: &[u8], told: &mut Told<'_>) {
    let Some(record) = parse(line) else {
        return told.note_damage();
    };
    let time = text(&record, "timeStamp").or(text(&record, "timestamp"));
    told.origin.time = time.and_then(timestamp).unwrap_or_default();
    let access = if is_contact(&record) {
        contact(&record)
    } else if !is_access(&record) {
        None
    } else if intervals.is_second_half(&record, told) {
        return;
    } else {
        read_access(&record)
    };
    let Some((package, access)) = access else {
        return told.note_unknown();
    };
    let owner = Owner {
        package: Some(Arc::from(package)),
        ..Owner::default()
    };
    told.tell(owner, Event::Access(access));
}

impl Intervals {
    fn is_second_half(&mut self, record: &Value, told: &mut Told<'_>) -> bool {
        let is_interval = text(record, "kind").is_some_and(|kind| kind.starts_with("interval"));
        let Some(id) = text(record, "identifier").filter(|_| is_interval) else {
            return false;
        };
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let hash = hasher.finish();
        if self.0.remove(&hash) {
            return true;
        }
        if self.0.len() < INTERVALS {
            self.0.insert(hash);
        } else {
            let detail = format!("more than {INTERVALS} open intervals: some count twice");
            told.note(Shortfall::InputLimit, &detail);
        }
        false
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
        count: 1,
        ..Access::default()
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

/// App and the host that it contacted. `NonAppInitiated` are connections of what is shown in the app, which `SFSafariViewController`
/// makes or the app itself attributes to its user (Apple, "Indicating the source of network activity"); `context` is the website.
fn contact(record: &Value) -> Option<(&str, Access)> {
    let has_app = || {
        let nested = record.get("hasApp").and_then(|app| text(app, "bundleName"));
        nested.or_else(|| text(record, "hasApp.bundleName"))
    };
    let package = text(record, "bundleID")
        .or_else(has_app)
        .or(text(record, "initiatingApp"))?;
    let host = text(record, "domain")?.trim_end_matches('.').to_lowercase();
    let access = Access {
        resource: "network".to_owned(),
        host: Some(Arc::from(host)),
        count: record.get("hits").and_then(Value::as_u64).unwrap_or(1),
        since: text(record, "firstTimeStamp").and_then(timestamp),
        is_of_content: text(record, "initiatedType") == Some("NonAppInitiated"),
        context: text(record, "context")
            .filter(|site| !site.is_empty())
            .map(Arc::from),
        host_owner: text(record, "domainOwner")
            .filter(|owner| !owner.is_empty())
            .map(Arc::from),
        // "potentially collecting information across apps and sites to profile users", in Apple's words
        is_tracker: record.get("domainType").and_then(Value::as_u64) == Some(1),
        ..Access::default()
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

    use super::super::lines::Lines;
    use super::super::log::drain;
    use super::*;
    use crate::model::{Origin, Sighting};

    fn read(bytes: &[u8]) -> (Vec<Sighting>, Vec<Shortfall>) {
        let lines = Lines::new(Box::new(Cursor::new(bytes.to_vec())));
        let (origin, intervals) = (Origin::default(), Intervals::default());
        drain(LineLog::new(lines, origin, intervals, read_line))
    }

    fn rows(bytes: &[u8]) -> Vec<(u64, String, String, Option<String>, u64)> {
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
            rows(REPORT.as_bytes()),
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
