//! CSV exports of `TrackerControl`, and the database behind them, which `NetGuard` has too: hosts that apps contacted, as its
//! local VPN saw them. A row is the latest contact of an app with a host, not every one: all apps that contacted a host have one,
//! so that earlier traffic to it in a capture is of one of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::document::read_whole;
use super::log::{Listed, Told, latest_contacts};
use super::sqlite::{Database, has_names};
use super::{Format, Input, Sample, Source};
use crate::Result;
use crate::limits::{DOCUMENT_BYTES, LOGGED_EVENTS};
use crate::model::{Access, Event, Owner, Platform, Shortfall, Timestamp};

/// The export of all apps, or of one.
pub(super) const FORMAT: Format = Format {
    name: "trackercontrol-csv",
    sniff,
    gather: Some(|input| latest_contacts(input, Platform::Android)),
    open: Some(open),
};

/// The database `Netguard`.
pub(super) const DATABASE: Format = Format {
    name: "trackercontrol-database",
    sniff: |sample: &Sample<'_>| has_names(sample, &["daddr", "dport", "block"]),
    gather: Some(|input| latest_contacts(input, Platform::Android)),
    open: Some(open_database),
};

fn sniff(sample: &Sample<'_>) -> bool {
    let header = sample.text().and_then(|text| text.lines().next());
    header.is_some_and(|header| {
        let header = header.replace('"', "");
        header.starts_with("uid,daddr,time,uncertain,")
            || header.starts_with("daddr,time,uncertain,")
            || header.starts_with("_id,appname,remoteIp,hostname,")
    })
}

fn open(input: &Input) -> Result<Box<dyn Source>> {
    let (bytes, cut) = read_whole(input, DOCUMENT_BYTES)?;
    let mut listed = Listed::default();
    if let Some(detail) = cut {
        listed
            .at(input.origin())
            .note(Shortfall::InputLimit, &detail);
    }
    // The export of one app names it in the file's name alone: `org.example.chat_20260102.csv`.
    list(&bytes, package_of_file(&input.display), input, &mut listed);
    Ok(Box::new(listed))
}

/// Behind the date may stand what marks a copy (`… (1).csv`, `… - Copy.csv`) or compression.
fn package_of_file(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?;
    let is_date = |text: &str| {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let next = text.as_bytes().get(digits);
        digits == 8 && next.is_none_or(|next| !next.is_ascii_alphanumeric())
    };
    let (package, _) = name
        .rmatch_indices('_')
        .filter_map(|(at, _)| name.split_at_checked(at))
        .find(|(_, behind)| behind.strip_prefix('_').is_some_and(is_date))?;
    is_package(package).then_some(package)
}

fn is_package(name: &str) -> bool {
    let is_of_package = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
    name.contains('.') && name.bytes().all(is_of_package)
}

fn list(bytes: &[u8], of_file: Option<&str>, input: &Input, listed: &mut Listed) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let Ok(header) = reader.byte_headers().cloned() else {
        return;
    };
    let column = |name: &str| header.iter().position(|known| known == name.as_bytes());
    // Early versions had a history of their own, with other names.
    let address = column("remoteIp");
    let columns = [
        column("uid"),
        column("daddr").or_else(|| column("hostname")),
        column("time").or_else(|| column("timestampt")),
        column("Package").or_else(|| column("appname")),
    ];
    let [tracker, category, uncertain] = [
        column("Tracker").or_else(|| column("Tracker Name")),
        column("Category").or_else(|| column("Tracker Category")),
        column("uncertain"),
    ];
    let mut row = csv::ByteRecord::new();
    // An error leaves nothing to go on from, but for an end of the file.
    while reader.read_byte_record(&mut row).unwrap_or(false) {
        let mut told = listed.at(input.origin());
        told.origin.frame = row.position().map_or(0, csv::Position::record);
        let text = |column: Option<usize>| {
            let cell = row.get(column?)?;
            let text = str::from_utf8(cell).ok()?.trim();
            (!text.is_empty()).then_some(text)
        };
        let [uid, host, time, package] = columns.map(text);
        let cells = [uid, host.or_else(|| text(address)), time, package];
        let name = text(tracker).filter(|_| !is_needed(text(category)));
        let doubt = name.and_then(|_| doubt(text(uncertain)));
        if let Some(doubt) = doubt {
            told.note(Shortfall::UncertainTracker, doubt);
        }
        let tracker = Tracker {
            name: text(tracker),
            is_sure: name.is_some() && doubt.is_none(),
        };
        contact(cells, of_file, tracker, &mut told);
        if listed.len() >= LOGGED_EVENTS {
            let detail = format!("only the first {LOGGED_EVENTS} rows are read");
            listed
                .at(input.origin())
                .note(Shortfall::InputLimit, &detail);
            return;
        }
    }
}

/// What `TrackerControl` says of the host.
#[derive(Clone, Copy, Debug, Default)]
struct Tracker<'t> {
    name: Option<&'t str>,
    is_sure: bool,
}

fn contact(
    [uid, host, time, package]: [Option<&str>; 4],
    of_file: Option<&str>,
    tracker: Tracker<'_>,
    told: &mut Told<'_>,
) {
    let time: Option<i64> = time.and_then(|time| time.parse().ok());
    let (Some(host), Some(time)) = (host, time) else {
        return told.note_damage();
    };
    told.origin.time = Timestamp(time.saturating_mul(1_000_000));
    // Early versions wrote the name of an app, or its package.
    let (package, label) = match package {
        Some(name) if !is_package(name) => (None, Some(Arc::from(name))),
        package => (package.or(of_file).map(Arc::from), None),
    };
    let owner = Owner {
        // The package says more than the uid, which apps may share.
        uid: uid
            .and_then(|uid| uid.parse().ok())
            .filter(|_| package.is_none()),
        package,
        label,
        ..Owner::default()
    };
    told.tell(
        owner,
        Event::Access(Access {
            resource: "network".to_owned(),
            host: Some(Arc::from(host.trim_end_matches('.').to_lowercase())),
            is_tracker: tracker.is_sure,
            host_owner: tracker.name.map(Arc::from),
            count: 1,
            ..Access::default()
        }),
    );
}

/// Whether apps need what the host serves, by its category.
fn is_needed(category: Option<&str>) -> bool {
    matches!(category, Some("Content" | "Essential"))
}

/// Why `TrackerControl` is not sure that the host is a tracker's (`uncertain`; with 3 it is one of several trackers).
fn doubt(uncertain: Option<&str>) -> Option<&'static str> {
    match uncertain? {
        "1" => Some("hosts of others have the same address"),
        "2" => Some("the host serves other things as well"),
        _ => None,
    }
}

fn open_database(input: &Input) -> Result<Box<dyn Source>> {
    let (bytes, cut) = read_whole(input, DOCUMENT_BYTES)?;
    let mut listed = Listed::default();
    if let Some(detail) = cut {
        listed
            .at(input.origin())
            .note(Shortfall::InputLimit, &detail);
    }
    list_database(&bytes, input, &mut listed);
    Ok(Box::new(listed))
}

/// Contacts that were let through; what was blocked did not leave the phone.
fn list_database(bytes: &[u8], input: &Input, listed: &mut Listed) {
    let Some(mut database) = Database::open(bytes) else {
        return listed
            .at(input.origin())
            .note(Shortfall::Damaged, "a damaged header of the database");
    };
    let lookups = database.table("dns", LOGGED_EVENTS).unwrap_or_default();
    let contacts = database.table("access", LOGGED_EVENTS).unwrap_or_default();
    let text = |cell: Option<super::sqlite::Cell>| Some(cell?.text()?.to_owned());
    let names: BTreeMap<String, String> = lookups
        .rows
        .iter()
        .filter_map(|row| {
            let address = text(lookups.cell(row, "resource"))?;
            Some((address, text(lookups.cell(row, "qname"))?))
        })
        .collect();
    for row in &contacts.rows {
        let number = |column| contacts.cell(row, column).and_then(|cell| cell.integer());
        if number("allowed") == Some(0) {
            continue;
        }
        let mut told = listed.at(input.origin());
        told.origin.frame = u64::try_from(row.id).unwrap_or(0);
        let host = text(contacts.cell(row, "daddr"));
        let host = host.map(|host| names.get(&host).cloned().unwrap_or(host));
        let (uid, time) = (number("uid"), number("time"));
        let [uid, time] = [uid, time].map(|number| number.map(|number| number.to_string()));
        contact(
            [uid.as_deref(), host.as_deref(), time.as_deref(), None],
            None,
            Tracker::default(),
            &mut told,
        );
    }
    for detail in &database.damage {
        listed.at(input.origin()).note(Shortfall::Damaged, detail);
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::super::log::drain;
    use super::*;
    use crate::model::{InputId, Sighting};

    fn read(bytes: &[u8], of_file: Option<&str>) -> (Vec<Sighting>, Vec<Shortfall>) {
        let input = Input::in_memory(InputId(0), FORMAT.name, bytes);
        let mut listed = Listed::default();
        list(bytes, of_file, &input, &mut listed);
        drain(listed)
    }

    fn rows(sightings: &[Sighting]) -> Vec<(u64, Option<&str>, &str)> {
        let mut rows = Vec::new();
        for Sighting {
            origin,
            owner,
            event,
            ..
        } in sightings
        {
            let Event::Access(access) = event else {
                panic!("{event:?}");
            };
            rows.push((
                origin.frame,
                owner.package.as_deref(),
                access.host.as_deref().unwrap(),
            ));
        }
        rows
    }

    #[test]
    fn both_exports_are_read_also_with_commas_and_line_ends_in_labels() {
        let all = "\"uid\",\"daddr\",\"time\",\"uncertain\",\"Tracker\",\"Category\",\"Package\",\"App\"\r\n\
            \"10101\",\"Ads.example\",\"1760000000000\",\"0\",\"A, B\",\"Ads\",\"org.example.map\",\"Map,\r\nand more\"\r\n\
            \"10102\",\"198.51.100.7\",\"1760000001000\",\"1\",\"\",\"\",\"\",\"\"\r\n\"10102\",\"x.example\",\"soon\"\r\n";
        let (sightings, shortfalls) = read(all.as_bytes(), None);
        assert_eq!(
            rows(&sightings),
            [
                (1, Some("org.example.map"), "ads.example"),
                (2, None, "198.51.100.7")
            ]
        );
        assert_eq!(sightings[1].owner.uid, Some(10_102));
        assert_eq!(shortfalls, [Shortfall::Damaged]);
        let owner = |sighting: &Sighting| match &sighting.event {
            Event::Access(access) => (access.host_owner.clone(), access.is_tracker),
            other => panic!("{other:?}"),
        };
        assert_eq!(owner(&sightings[0]), (Some(Arc::from("A, B")), true));
        let one = "\"daddr\",\"time\",\"uncertain\",\"Tracker Name\",\"Tracker Category\"\r\n\"ads.example\",\"1760000000000\",\"0\",\"A\",\"Ads\"\r\n";
        let (sightings, _) = read(one.as_bytes(), package_of_file("org.example.map_20260102"));
        assert_eq!(
            rows(&sightings),
            [(1, Some("org.example.map"), "ads.example")]
        );
    }

    #[test]
    fn what_is_perhaps_a_tracker_is_told_and_not_said_to_be_one() {
        let head = "\"daddr\",\"time\",\"uncertain\",\"Tracker Name\",\"Tracker Category\"";
        let row = |uncertain: u8, category: &str| {
            let row =
                format!("\"ads.example\",\"1760000000000\",\"{uncertain}\",\"A\",\"{category}\"");
            let (sightings, shortfalls) = read(format!("{head}\r\n{row}\r\n").as_bytes(), None);
            match &sightings[0].event {
                Event::Access(access) => (access.is_tracker, shortfalls),
                other => panic!("{other:?}"),
            }
        };
        let told = vec![Shortfall::UncertainTracker];
        assert_eq!(row(0, "Ads"), (true, vec![]));
        assert_eq!(row(1, "Ads"), (false, told.clone()));
        assert_eq!(row(2, "Ads"), (false, told));
        assert_eq!(row(3, "Ads"), (true, vec![]));
        assert_eq!(row(1, "Content"), (false, vec![]));
    }

    #[test]
    fn the_history_of_early_versions_is_read() {
        let text = "\"_id\",\"appname\",\"remoteIp\",\"hostname\",\"companyName\",\"companyOwner\",\"timestampt\"\n\
            \"1\",\"org.example.map\",\"203.0.113.5\",\"graph.example\",\"X\",\"X\",\"1760000000000\"\n\
            \"2\",\"My map\",\"203.0.113.6\",\"\",\"\",\"\",\"1760000001000\"\n";
        assert!(sniff(&Sample::of(text.as_bytes())));
        let (sightings, shortfalls) = read(text.as_bytes(), None);
        assert_eq!(
            rows(&sightings),
            [
                (1, Some("org.example.map"), "graph.example"),
                (2, None, "203.0.113.6")
            ]
        );
        assert_eq!(sightings[1].owner.label.as_deref(), Some("My map"));
        assert_eq!(
            sightings[0].origin.time.to_string(),
            "2025-10-09T08:53:20.000Z"
        );
        assert_eq!(shortfalls, []);
    }

    /// Forged by `sqlite3` with the tables that `TrackerControl` has.
    const DATABASE: &[u8] = include_bytes!("../../tests/it/forge/netguard.sqlite");

    #[test]
    fn the_database_names_apps_by_uid_and_addresses_by_their_lookup() {
        let input = Input::in_memory(InputId(0), super::DATABASE.name, DATABASE);
        let mut listed = Listed::default();
        list_database(DATABASE, &input, &mut listed);
        let (sightings, shortfalls) = drain(listed);
        assert_eq!(
            rows(&sightings),
            [(1, None, "ads.example"), (2, None, "push.example")]
        );
        let uids: Vec<_> = sightings.iter().map(|told| told.owner.uid).collect();
        assert_eq!(uids, [Some(10_103), Some(10_104)]);
        assert_eq!(shortfalls, []);
    }

    #[test]
    fn only_a_package_and_a_date_name_an_app() {
        assert_eq!(
            package_of_file("org.example.map_20260102"),
            Some("org.example.map")
        );
        for copy in [
            "phone/org.example.my_map_20260102.csv",
            "org.example.my_map_20260102 (1).csv",
            "export.zip/org.example.my_map_20260102(2).csv.gz",
            "org.example.my_map_20260102 - Copy.csv",
            "org.example.my_map_20260102_1.csv",
        ] {
            assert_eq!(package_of_file(copy), Some("org.example.my_map"), "{copy}");
        }
        assert_eq!(package_of_file("org.example.map_202601020"), None);
        assert_eq!(package_of_file("report_20260102"), None);
        assert_eq!(package_of_file("org.example.map"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            let _ = read(&bytes, None);
        }

        #[test]
        fn changed_and_cut_databases_are_survived(changes in prop::collection::vec((0..DATABASE.len(), any::<u8>()), 0..8), end in 0..DATABASE.len()) {
            let mut bytes = DATABASE.to_vec();
            for (at, byte) in changes {
                bytes[at] = byte;
            }
            for bytes in [&bytes[..], &bytes[..end]] {
                let input = Input::in_memory(InputId(0), super::DATABASE.name, bytes);
                list_database(bytes, &input, &mut Listed::default());
            }
        }

        #[test]
        fn every_row_is_told(hosts in prop::collection::vec("[a-z]{1,8}\\.example", 0..20)) {
            let mut text = String::from("\"uid\",\"daddr\",\"time\",\"uncertain\",\"Tracker\",\"Category\",\"Package\",\"App\"\r\n");
            for host in &hosts {
                let _ = write!(text, "\"10101\",\"{host}\",\"7\",\"0\",\"\",\"\",\"org.example.map\",\"\"\r\n");
            }
            let (sightings, _) = read(text.as_bytes(), None);
            let told: Vec<&str> = rows(&sightings).iter().map(|(_, _, host)| *host).collect();
            prop_assert_eq!(told, hosts);
        }
    }
}
