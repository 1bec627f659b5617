//! `DataUsage.sqlite` and `netusage.sqlite` of iOS: how much each app sent and received. They name no recipients.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::document::read_whole;
use super::log::Listed;
use super::sqlite::{Cell, Database, Row, Table, has_names};
use super::{Format, Input, Sample, Source};
use crate::Result;
use crate::limits::{DOCUMENT_BYTES, LOGGED_EVENTS};
use crate::model::{
    ContentState, Dossier, Event, Origin, Owner, Platform, Shortfall, Timestamp, Traffic,
};

/// Either database.
pub(super) const FORMAT: Format = Format {
    name: "ios-data-usage",
    sniff: |sample: &Sample<'_>| has_names(sample, &[PROCESSES, USAGES]),
    gather: Some(|_| Ok((of_iphone(), Vec::new()))),
    open: Some(open),
};

/// Seconds from 1970 to 2001, from which Apple counts.
const APPLE_EPOCH: f64 = 978_307_200.0;
const PROCESSES: &str = "ZPROCESS";
const USAGES: &str = "ZLIVEUSAGE";

/// Only iPhones have it.
fn of_iphone() -> Dossier {
    Dossier {
        platform: Some(Platform::Ios),
        ..Dossier::default()
    }
}

fn open(input: &Input) -> Result<Box<dyn Source>> {
    let (bytes, cut) = read_whole(input, DOCUMENT_BYTES)?;
    let mut listed = Listed::default();
    if let Some(detail) = cut {
        listed
            .at(input.origin())
            .note(Shortfall::InputLimit, &detail);
    }
    list(&bytes, input.origin(), &mut listed);
    Ok(Box::new(listed))
}

fn list(bytes: &[u8], origin: Origin, listed: &mut Listed) {
    let Some(mut database) = Database::open(bytes) else {
        listed
            .at(origin)
            .note(Shortfall::Damaged, "a damaged header of the database");
        return;
    };
    let processes = database.table(PROCESSES, LOGGED_EVENTS).unwrap_or_default();
    let usages = database.table(USAGES, LOGGED_EVENTS).unwrap_or_default();
    let owners: BTreeMap<i64, (Owner, Timestamp)> = processes
        .rows
        .iter()
        .filter_map(|row| {
            let key = processes.cell(row, "Z_PK")?.integer()?;
            let since = time(processes.cell(row, "ZFIRSTTIMESTAMP"));
            Some((key, (owner(&processes, row)?, since)))
        })
        .collect();
    for row in &usages.rows {
        let owner = usages
            .cell(row, "ZHASPROCESS")
            .and_then(|key| key.integer())
            .and_then(|key| owners.get(&key));
        let Some((owner, since)) = owner else {
            listed.at(origin).note(
                Shortfall::Damaged,
                "usage of a process that the database does not name",
            );
            continue;
        };
        let mut told = listed.at(Origin {
            frame: u64::try_from(row.id).unwrap_or(0),
            time: time(usages.cell(row, "ZTIMESTAMP")),
            ..origin
        });
        let traffic = traffic(&usages, row, told.origin, *since);
        told.tell(owner.clone(), Event::Traffic(traffic));
        told.origin = origin;
    }
    for detail in &database.damage {
        listed.at(origin).note(Shortfall::Damaged, detail);
    }
}

/// The bundle; for what a daemon does on behalf of an app (`mDNSResponder/org.example.chat`) the app; else the process.
fn owner(processes: &Table, row: &Row) -> Option<Owner> {
    let text = |column: &str| {
        let cell = processes.cell(row, column)?;
        cell.text()
            .filter(|text| !text.is_empty())
            .map(Arc::<str>::from)
    };
    let process = text("ZPROCNAME");
    let behalf = || {
        let (_, bundle) = process.as_deref()?.split_once('/')?;
        bundle.contains('.').then(|| Arc::from(bundle))
    };
    let package = text("ZBUNDLENAME").or_else(behalf);
    let owner = Owner {
        process: process.filter(|_| package.is_none()),
        package,
        ..Owner::default()
    };
    (!owner.is_empty()).then_some(owner)
}

/// Sums since the process was first seen (`ZFIRSTTIMESTAMP`), up to the time of the row.
fn traffic(usages: &Table, row: &Row, origin: Origin, since: Timestamp) -> Traffic {
    let is_told = since != Timestamp::default() && since < origin.time;
    let first = if is_told { since } else { origin.time };
    let sum = |columns: [&str; 2]| {
        columns
            .iter()
            .filter_map(|column| usages.cell(row, column)?.integer())
            .filter_map(|bytes| u64::try_from(bytes).ok())
            .fold(0_u64, u64::saturating_add)
    };
    Traffic {
        client_packets: 0,
        server_packets: 0,
        client_bytes: sum(["ZWIFIOUT", "ZWWANOUT"]),
        server_bytes: sum(["ZWIFIIN", "ZWWANIN"]),
        first: Origin {
            time: first,
            ..origin
        },
        last: origin,
        protocol: "",
        content: ContentState::NotExamined,
        has_gap: false,
    }
}

fn time(cell: Option<Cell>) -> Timestamp {
    cell.and_then(|cell| cell.real())
        .and_then(|seconds| super::clock::timestamp_of_seconds(seconds + APPLE_EPOCH))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::log::drain;
    use super::*;
    use crate::model::Sighting;

    /// Forged by `sqlite3`: two processes, usage of both, one of a process that is missing.
    const FORGED: &[u8] = include_bytes!("../../tests/it/forge/data_usage.sqlite");

    fn read(bytes: &[u8]) -> (Vec<Sighting>, Vec<Shortfall>) {
        let mut listed = Listed::default();
        list(bytes, Origin::default(), &mut listed);
        drain(listed)
    }

    #[test]
    fn usage_is_put_on_apps_and_daemons() {
        let (sightings, shortfalls) = read(FORGED);
        let rows: Vec<_> = sightings
            .iter()
            .map(|sighting| {
                let Event::Traffic(traffic) = &sighting.event else {
                    panic!("{sighting:?}");
                };
                let owner = &sighting.owner;
                (
                    owner
                        .package
                        .as_deref()
                        .or(owner.process.as_deref())
                        .unwrap(),
                    sighting.origin.time.to_string(),
                    traffic.client_bytes,
                    traffic.server_bytes,
                )
            })
            .collect();
        let time = "2026-01-02T03:04:05.000Z".to_owned();
        assert_eq!(
            rows[..3],
            [
                ("org.example.chat", time.clone(), 1300, 70_000),
                ("org.example.map", time.clone(), 5, 6),
                ("apsd", time, 7, 8),
            ]
        );
        let began = |sighting: &Sighting| match &sighting.event {
            Event::Traffic(traffic) => traffic.first.time.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(began(&sightings[0]), "2026-01-01T03:04:05.000Z");
        assert_eq!(began(&sightings[1]), "2026-01-02T03:04:05.000Z");
        assert_eq!(rows.len(), 303, "rows over several pages");
        assert_eq!(shortfalls, [Shortfall::Damaged]);
    }

    proptest! {
        #[test]
        fn changed_and_cut_databases_are_survived(changes in prop::collection::vec((0..FORGED.len(), any::<u8>()), 0..8), end in 0..FORGED.len()) {
            let mut bytes = FORGED.to_vec();
            for (at, byte) in changes {
                bytes[at] = byte;
            }
            let _ = (read(&bytes), read(&bytes[..end]));
        }
    }
}
