//! Connections as `PCAPdroid` exports them (CSV): the owner of each flow of a capture or HAR beside it, and traffic by itself.
//!
//! The writer escapes nothing, so a label or host with a comma shifts the columns behind it: six fields are taken from the left,
//! the numbers from the right, and the middle is split at the package name.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::clock::timestamp;
use super::log::{LineLog, Told};
use super::{Format, Gathered, Input, Item, Sample, Source};
use crate::Result;
use crate::limits::CONNECTION_NOTES;
use crate::model::{
    ConnectionNote, ContentState, Dossier, Event, FlowKey, InstalledApp, Origin, Owner, Platform,
    ServerName, Shortfall, Sighting, Timestamp, Traffic, Transport,
};

/// `PCAPdroid`'s list of connections.
pub(super) const FORMAT: Format = Format {
    name: "pcapdroid-csv",
    sniff,
    gather: Some(gather),
    open: Some(open),
};

const HEAD: &str = "IPProto,SrcIP,SrcPort,DstI";

fn sniff(sample: &Sample<'_>) -> bool {
    sample.text().is_some_and(|text| {
        text.get(..HEAD.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(HEAD))
    })
}

/// Which columns the writer's version has.
#[derive(Clone, Copy, Debug, Default)]
struct Layout {
    has_package: bool,
    has_verdict: bool,
}

impl Layout {
    fn of(head: &str) -> Self {
        let has = |name: &str| head.split(',').any(|column| column.trim() == name);
        Self {
            has_package: has("PackageName"),
            has_verdict: has("Malicious"),
        }
    }
}

/// One connection.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Connection {
    flow: FlowKey,
    owner: Owner,
    server: Option<Arc<str>>,
    /// Bytes and packets, sent and received.
    counts: [u64; 4],
    first: Timestamp,
    last: Timestamp,
}

impl Connection {
    fn of(line: &str, layout: Layout) -> Option<Self> {
        let line = latin_digits(line.trim_end_matches('\r'));
        let mut left = line.splitn(7, ',');
        let mut next = || left.next();
        let protocol: u8 = next()?.trim().parse().ok()?;
        let client = end(next()?, next()?)?;
        let server = end(next()?, next()?)?;
        let uid: i64 = next()?.trim().parse().ok()?;
        let rest = next()?;
        let right: usize = if layout.has_verdict { 7 } else { 6 };
        let mut numbers: Vec<&str> = rest.rsplitn(right.saturating_add(1), ',').collect();
        if numbers.len() <= right {
            return None;
        }
        let middle = numbers.pop()?;
        numbers.reverse();
        let count = |at: usize| numbers.get(at).and_then(|text| text.trim().parse().ok());
        let time = |at: usize| numbers.get(at).and_then(|text| timestamp(text));
        let middle = Middle::of(middle, layout.has_package);
        Some(Self {
            flow: FlowKey {
                transport: match protocol {
                    6 => Transport::Tcp,
                    17 => Transport::Udp,
                    other => Transport::Other(other),
                },
                client,
                server,
            },
            owner: Owner {
                uid: u32::try_from(uid).ok(),
                package: middle.package.map(Arc::from),
                label: Some(middle.label)
                    .filter(|label| !label.is_empty() && uid >= 0)
                    .map(Arc::from),
                process: None,
            },
            server: host(middle.information),
            counts: [count(0)?, count(1)?, count(2)?, count(3)?],
            first: time(4)?,
            last: time(5)?,
        })
    }

    fn sighting(self, origin: Origin) -> Sighting {
        let [client_bytes, server_bytes, client_packets, server_packets] = self.counts;
        let at = |time| Origin { time, ..origin };
        Sighting {
            origin: at(self.last),
            flow: Some(self.flow),
            server: self.server.map(ServerName::Asked),
            owner: self.owner,
            event: Event::Traffic(Traffic {
                client_packets,
                server_packets,
                client_bytes,
                server_bytes,
                first: at(self.first),
                last: at(self.last),
                protocol: "",
                content: ContentState::NotExamined,
                has_gap: false,
            }),
        }
    }
}

/// The fields that can hold commas.
struct Middle<'a> {
    label: &'a str,
    package: Option<&'a str>,
    information: &'a str,
}

/// Label and information where there is no package between them. Names of hosts have no comma: where one is last, or nothing, the
/// commas are those of the label.
fn from_the_right(text: &str) -> Option<(&str, &str)> {
    let mut parts = text.rsplitn(4, ',');
    let information = parts.next()?;
    let _status_and_protocol = (parts.next()?, parts.next()?);
    let label = parts.next()?;
    (information.is_empty() || host(information).is_some()).then_some((label, information))
}

impl<'a> Middle<'a> {
    /// `App,PackageName,Proto,Status,Info`, the second in later versions only.
    fn of(text: &'a str, has_package: bool) -> Self {
        // Behind it come protocol, status and information, which may look like a package itself.
        let last = text.split(',').count().saturating_sub(3);
        let mut parts = text.split(',').take(last).skip(1);
        let package = parts.find(|part| has_package && is_package(part));
        let (label, behind) = if let Some(package) = package {
            let at = offset(text, package);
            let behind = at.saturating_add(package.len()).saturating_add(1);
            (
                text.get(..at.saturating_sub(1)).unwrap_or_default(),
                text.get(behind..).unwrap_or_default(),
            )
        } else if let Some((label, information)) = from_the_right(text).filter(|_| !has_package) {
            return Self {
                label: label.trim(),
                package: None,
                information,
            };
        } else {
            let (label, behind) = text.split_once(',').unwrap_or((text, ""));
            let unnamed = behind.split_once(',').filter(|_| has_package);
            (label, unnamed.map_or(behind, |(_, behind)| behind))
        };
        // Protocol and status have no comma.
        let information = behind.splitn(3, ',').nth(2).unwrap_or_default();
        Self {
            label: label.trim(),
            package,
            information,
        }
    }
}

/// Where a part of a text begins in it.
fn offset(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// `a.b` and longer: letters, digits and underscores, no part beginning with a digit.
fn is_package(text: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    text.contains('.')
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.split('.').all(is_part)
}

fn end(address: &str, port: &str) -> Option<SocketAddr> {
    let address: IpAddr = address.trim().parse().ok()?;
    let port = port.trim();
    let port = if port.is_empty() {
        0
    } else {
        port.parse().ok()?
    };
    Some(SocketAddr::new(address, port))
}

/// A host name, or that of a URL.
fn host(information: &str) -> Option<Arc<str>> {
    let host = information.trim();
    let host = host.split_once("://").map_or(host, |(_, rest)| rest);
    let host = host.split(['/', ':', '?', ' ']).next()?;
    let is_name = host.contains('.')
        && host.parse::<IpAddr>().is_err()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    is_name.then(|| Arc::from(host.trim_end_matches('.').to_ascii_lowercase()))
}

/// Times and numbers are written with the digits of the user's language.
fn latin_digits(text: &str) -> String {
    /// Zeros of the decimal digits that Android's languages use (Unicode, general category Nd).
    const ZEROS: [u32; 12] = [
        0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xc66, 0xce6, 0xd66, 0xf20, 0x1040,
    ];
    text.chars()
        .map(|character| {
            let code = u32::from(character);
            ZEROS
                .iter()
                .filter_map(|zero| code.checked_sub(*zero))
                .find(|digit| *digit < 10)
                .and_then(|digit| char::from_digit(digit, 10))
                .unwrap_or(character)
        })
        .collect()
}

fn read_line(layout: &mut Option<Layout>, line: &[u8], told: &mut Told<'_>) {
    let line = String::from_utf8_lossy(line);
    let Some(layout) = *layout else {
        *layout = Some(Layout::of(line.trim_end()));
        return;
    };
    match Connection::of(&line, layout) {
        Some(connection) => told.see(connection.sighting(told.origin)),
        None => told.note_damage(),
    }
}

/// Owners by connection, and the apps that own any. What cannot be read is noted by phase 2.
fn gather(input: &Input) -> Result<Gathered> {
    let mut dossier = Dossier {
        platform: Some(Platform::Android),
        ..Dossier::default()
    };
    let mut notes = Vec::new();
    if input.is_stdin() {
        return Ok((dossier, notes));
    }
    let mut source = open(input)?;
    while let Some(item) = source.next_item()? {
        let Item::Sighting(sighting) = item else {
            continue;
        };
        let (Some(flow), Event::Traffic(traffic)) = (sighting.flow, &sighting.event) else {
            continue;
        };
        let owner = sighting.owner;
        if let Some(package) = &owner.package {
            let app = dossier.apps.entry(package.to_string());
            app.or_insert_with(|| InstalledApp {
                label: owner.label.as_deref().map(str::to_owned),
                app_id: owner.uid.map(|uid| uid % 100_000),
                source: Some(sighting.origin),
                ..InstalledApp::default()
            });
        }
        let note = ConnectionNote {
            first: traffic.first.time,
            last: traffic.last.time,
            owner,
            server: sighting.server.map(|name| Arc::from(name.as_str())),
        };
        if !dossier.connections.add(flow, note) {
            let detail = format!("more than {CONNECTION_NOTES} connections; the rest is left out");
            notes.push((Shortfall::InputLimit, detail));
            break;
        }
    }
    Ok((dossier, notes))
}

fn open(input: &Input) -> Result<Box<dyn Source>> {
    Ok(Box::new(LineLog::open(input, None, read_line)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::InputId;

    const HEADS: [&str; 3] = [
        "IPProto,SrcIP,SrcPort,DstIp,DstPort,UID,App,Proto,Status,Info,BytesSent,BytesRcvd,PktsSent,PktsRcvd,FirstSeen,LastSeen",
        "IPProto,SrcIP,SrcPort,DstIp,DstPort,UID,App,PackageName,Proto,Status,Info,BytesSent,BytesRcvd,PktsSent,PktsRcvd,FirstSeen,LastSeen",
        "IPProto,SrcIP,SrcPort,DstIp,DstPort,UID,App,PackageName,Proto,Status,Info,BytesSent,BytesRcvd,PktsSent,PktsRcvd,FirstSeen,LastSeen,Malicious",
    ];
    const TIMES: &str = "2026-01-02T03:04:05.678+01:00,2026-01-02T03:04:06.000+01:00";

    fn connection(head: &str, line: &str) -> Option<Connection> {
        Connection::of(line, Layout::of(head))
    }

    #[test]
    fn columns_of_all_versions_are_told_apart_also_with_commas_in_them() {
        let ends = "6,10.215.173.1,40123,198.51.100.4,443,10123";
        let numbers = format!("100,2000,3,4,{TIMES}");
        let lines = [
            (
                HEADS[0],
                format!("{ends},Notes, pro,TLS,Closed,api.example,{numbers}"),
            ),
            (
                HEADS[0],
                format!("{ends},Notes,TLS,Closed,api.example,{numbers}"),
            ),
            (
                HEADS[1],
                format!(
                    "{ends},Notes, the 2.0, app,com.example.notes,TLS,Geschlossen,api.example,{numbers}"
                ),
            ),
            (
                HEADS[2],
                format!(
                    "{ends},Notes,com.example.notes,HTTP,Closed,http://API.example/a,b?c,{numbers},yes"
                ),
            ),
        ];
        let read: Vec<_> = lines
            .iter()
            .map(|(head, line)| {
                let row = connection(head, line).unwrap();
                assert_eq!(row.counts, [100, 2000, 3, 4]);
                assert_eq!(row.owner.uid, Some(10_123));
                assert_eq!(row.flow.server, "198.51.100.4:443".parse().unwrap());
                assert_eq!(row.first.to_string(), "2026-01-02T02:04:05.678Z");
                (
                    row.owner.label.unwrap().to_string(),
                    row.owner.package.map(|package| package.to_string()),
                    row.server.map(|server| server.to_string()),
                )
            })
            .collect();
        let package = || Some("com.example.notes".to_owned());
        let server = || Some("api.example".to_owned());
        assert_eq!(read[0], ("Notes, pro".to_owned(), None, server()));
        assert_eq!(read[1], ("Notes".to_owned(), None, server()));
        assert_eq!(
            read[2],
            ("Notes, the 2.0, app".to_owned(), package(), server())
        );
        assert_eq!(read[3], ("Notes".to_owned(), package(), server()));
    }

    #[test]
    fn digits_of_other_scripts_and_unknown_owners_are_read() {
        let line = "17,10.215.173.1,٤٠١٢٣,8.8.8.8,53,-1,Unknown,,DNS,Closed,api.example,١,٢,٣,٤,٢٠٢٦-٠١-٠٢T٠٣:٠٤:٠٥.٦٧٨Z,۲۰۲۶-۰۱-۰۲T۰۳:۰۴:۰۶.۰۰۰Z";
        let row = connection(HEADS[1], line).unwrap();
        assert!(row.owner.is_empty());
        assert_eq!(row.flow.client.port(), 40_123);
        assert_eq!(row.server.as_deref(), Some("api.example"));
        assert_eq!(row.last.to_string(), "2026-01-02T03:04:06.000Z");
    }

    #[test]
    fn a_list_tells_owners_and_traffic() {
        let line = format!(
            "6,10.215.173.1,40123,198.51.100.4,443,10123,Notes,com.example.notes,TLS,Closed,api.example,1,2,3,4,{TIMES}"
        );
        let text = format!("\u{feff}{}\r\n{line}\r\nnonsense\r\n6,10.2", HEADS[1]);
        let input = Input::in_memory(InputId(7), FORMAT.name, text.as_bytes());
        let (dossier, notes) = gather(&input).unwrap();
        assert!(notes.is_empty() && !dossier.connections.is_empty());
        assert_eq!(dossier.apps["com.example.notes"].app_id, Some(10_123));
        let mut source = open(&input).unwrap();
        let mut shortfalls = Vec::new();
        let mut frames = Vec::new();
        while let Some(item) = source.next_item().unwrap() {
            match item {
                Item::Sighting(sighting) => frames.push(sighting.origin.frame),
                Item::Shortfall { shortfall, .. } => shortfalls.push(shortfall),
                Item::Packet(_) => panic!("no packets in a list"),
            }
        }
        assert_eq!(frames, [2]);
        assert_eq!(shortfalls, [Shortfall::Damaged, Shortfall::Truncated]);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC{0,80}", line in "[0-9a-z.,:-]{0,80}") {
            for head in HEADS {
                let _ = (connection(head, &text), connection(head, &line));
            }
        }
    }
}
