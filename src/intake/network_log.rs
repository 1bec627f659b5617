//! Network logs of managed Android phones: names looked up and connections opened, with the package that did it.
//!
//! The system hands them to the device owner (`DevicePolicyManager.retrieveNetworkLogs`), who keeps them as he likes. Read are
//! Android's intrusion logs (`{"dns_event":{…}}` a line), the events as they print themselves (`ConnectEvent(…)`), and JSON of
//! any shape whose objects, or CSV whose rows, have a package, a time, and a host or an address. UDP is not logged, nor are lookups that an app
//! makes by itself.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Cursor;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::document::read_whole;
use super::json::parse;
use super::lines::Lines;
use super::log::{LineLog, Listed, Told, contacts};
use super::{Format, Input, Sample, Source};
use crate::Result;
use crate::limits::{
    DNS_ANSWERS, DOCUMENT_BYTES, JSON_DEPTH, LOGGED_EVENTS, RESOLVED_NAMES, SNIFF_BYTES,
};
use crate::model::{Access, Answer, Event, Lookup, Owner, Platform, Shortfall, Timestamp};

/// Such a log.
pub(super) const FORMAT: Format = Format {
    name: "android-network-log",
    sniff,
    gather: Some(|input| contacts(input, Platform::Android)),
    open: Some(open),
};

/// Names that exports give to what an event has, as [`plain`] has them.
const PACKAGE: [&str; 3] = ["packagename", "package", "app"];
const TIME: [&str; 4] = ["eventtime", "timestamp", "time", "timemillis"];
const NAME: [&str; 3] = ["hostname", "host", "domain"];
const ADDRESS: [&str; 5] = ["ipaddress", "inetaddress", "address", "destinationip", "ip"];
const ANSWERS: [&str; 3] = ["ipaddresses", "inetaddresses", "addresses"];

/// Lines among which one must be an event.
const SNIFF_LINES: usize = 20;

fn sniff(sample: &Sample<'_>) -> bool {
    sample.text().is_some_and(|text| {
        is_line_log(text)
            || is_table(text)
            || (text.starts_with(['{', '[']) && {
                // The head cuts a document, so the first object that is whole decides.
                let is_event = |piece: &str| {
                    piece
                        .find('}')
                        .and_then(|end| piece.get(..=end))
                        .and_then(|object| parse(object.as_bytes()))
                        .and_then(|object| object.as_object().and_then(network_event))
                        .is_some()
                };
                text.match_indices('{')
                    .take(SNIFF_LINES)
                    .filter_map(|(at, _)| text.get(at..))
                    .any(is_event)
            })
    })
}

fn is_line_log(text: &str) -> bool {
    text.lines().take(SNIFF_LINES).any(|line| {
        printed_event(line).is_some()
            || parse(line.as_bytes()).is_some_and(|record| {
                let wrapped = ["dns_event", "connect_event", "security_event"];
                wrapped
                    .iter()
                    .any(|name| record.get(name).is_some_and(Value::is_object))
                    || record.as_object().and_then(network_event).is_some()
            })
    })
}

/// Columns under the names that members of objects have.
fn is_table(text: &str) -> bool {
    let header = text.lines().next().unwrap_or_default();
    let mut names = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(header.as_bytes());
    let names = names.records().next().and_then(std::result::Result::ok);
    names.is_some_and(|names| {
        let has = |known: &[&str]| {
            names
                .iter()
                .any(|name| known.contains(&plain(name).as_str()))
        };
        has(&PACKAGE) && has(&TIME) && (has(&NAME) || has(&ADDRESS))
    })
}

/// One event a row.
fn list_table(bytes: &[u8], input: &Input, listed: &mut Listed) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let Ok(header) = reader.headers().cloned() else {
        return;
    };
    let mut log = Log::default();
    let mut row = csv::ByteRecord::new();
    // An error leaves nothing to go on from, but for an end of the file.
    while reader.read_byte_record(&mut row).unwrap_or(false) {
        let is_full = listed.len() >= LOGGED_EVENTS;
        let mut told = listed.at(input.origin());
        told.origin.frame = row.position().map_or(0, csv::Position::record);
        if is_full {
            let detail = format!("only the first {LOGGED_EVENTS} events are read");
            return told.note(Shortfall::InputLimit, &detail);
        }
        let members: Map<String, Value> = header
            .iter()
            .zip(&row)
            .filter(|(_, cell)| !cell.trim_ascii().is_empty())
            .map(|(name, cell)| {
                let text = String::from_utf8_lossy(cell.trim_ascii());
                let is_list = ANSWERS.contains(&plain(name).as_str());
                let value = if is_list {
                    let addresses = text.split([' ', ',', ';']).filter(|part| !part.is_empty());
                    addresses.map(Value::from).collect()
                } else {
                    Value::from(text)
                };
                (name.to_owned(), value)
            })
            .collect();
        match network_event(&members) {
            Some(event) => log.take(event, &mut told),
            None => told.note_damage(),
        }
    }
}

fn open(input: &Input) -> Result<Box<dyn Source>> {
    let (bytes, cut) = read_whole(input, DOCUMENT_BYTES)?;
    if str::from_utf8(bytes.get(..SNIFF_BYTES).unwrap_or(&bytes)).is_ok_and(is_table) {
        let mut listed = Listed::default();
        list_table(&bytes, input, &mut listed);
        if let Some(detail) = cut {
            listed
                .at(input.origin())
                .note(Shortfall::InputLimit, &detail);
        }
        return Ok(Box::new(listed));
    }
    let document = cut.is_none().then(|| parse(&bytes)).flatten();
    let Some(document) = document else {
        if cut.is_some() && !input.is_stdin() {
            // A line at a time, which needs no bound on the whole.
            return Ok(Box::new(LineLog::open(input, Log::default(), read_line)?));
        }
        let lines = Lines::new(Box::new(Cursor::new(bytes)));
        let mut log = LineLog::new(lines, input.origin(), Log::default(), read_line);
        if let Some(detail) = cut {
            log.note(Shortfall::InputLimit, detail);
        }
        return Ok(Box::new(log));
    };
    let (mut listed, mut log) = (Listed::default(), Log::default());
    walk(&document, input, &mut log, &mut listed, 0);
    Ok(Box::new(listed))
}

/// Finds the events of a document, wherever they are; the number of each takes the place of the line.
fn walk(value: &Value, input: &Input, log: &mut Log, listed: &mut Listed, depth: usize) {
    if depth > JSON_DEPTH {
        return;
    }
    let deeper = depth.saturating_add(1);
    match value {
        Value::Array(items) => {
            for item in items {
                walk(item, input, log, listed, deeper);
            }
        }
        Value::Object(members) => {
            if let Some(event) = network_event(members) {
                if listed.len() >= LOGGED_EVENTS {
                    if !log.is_full {
                        log.is_full = true;
                        let detail = format!("only the first {LOGGED_EVENTS} events are read");
                        listed
                            .at(input.origin())
                            .note(Shortfall::InputLimit, &detail);
                    }
                    return;
                }
                let mut told = listed.at(input.origin());
                log.number = log.number.saturating_add(1);
                told.origin.frame = log.number;
                log.take(event, &mut told);
                return;
            }
            for member in members.values() {
                walk(member, input, log, listed, deeper);
            }
        }
        _ => {}
    }
}

/// One event, as all forms tell it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct NetworkEvent {
    package: String,
    time: Timestamp,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Lookup {
        name: String,
        addresses: Vec<IpAddr>,
    },
    Connection {
        host: Option<String>,
        address: Option<IpAddr>,
        port: Option<u16>,
    },
}

/// What is remembered from event to event.
#[derive(Debug, Default)]
struct Log {
    /// Hashes of events, because daily files overlap.
    seen: HashSet<u64>,
    /// The latest name that each app was told for an address.
    names: HashMap<(String, IpAddr), Arc<str>>,
    number: u64,
    is_full: bool,
}

fn read_line(log: &mut Log, line: &[u8], told: &mut Told<'_>) {
    let text = String::from_utf8_lossy(line);
    if let Some(event) = printed_event(&text) {
        return log.take(event, told);
    }
    let Some(record) = parse(line) else {
        return told.note_damage();
    };
    let Some(members) = record.as_object() else {
        return told.note_unknown();
    };
    if members.contains_key("security_event") {
        // Processes, logins, keys: nothing that leaves the phone.
        return;
    }
    match network_event(members) {
        Some(event) => log.take(event, told),
        None => told.note_unknown(),
    }
}

impl Log {
    fn take(&mut self, event: NetworkEvent, told: &mut Told<'_>) {
        let mut hasher = DefaultHasher::new();
        event.hash(&mut hasher);
        if self.seen.len() < LOGGED_EVENTS && !self.seen.insert(hasher.finish()) {
            return;
        }
        told.origin.time = event.time;
        let owner = Owner {
            package: Some(Arc::from(event.package.as_str())),
            ..Owner::default()
        };
        match event.kind {
            Kind::Lookup { name, addresses } => {
                for address in &addresses {
                    if self.names.len() < RESOLVED_NAMES {
                        let key = (event.package.clone(), *address);
                        self.names.insert(key, Arc::from(name.as_str()));
                    }
                }
                let lookup = Lookup {
                    name,
                    record_type: 1,
                    answers: addresses.into_iter().map(Answer::Address).collect(),
                    ..Lookup::default()
                };
                told.tell(owner, Event::Lookup(lookup));
            }
            Kind::Connection {
                host,
                address,
                port,
            } => {
                let looked_up = || self.names.get(&(event.package.clone(), address?)).cloned();
                let host = host
                    .map(Arc::from)
                    .or_else(looked_up)
                    .or_else(|| Some(Arc::from(address?.to_string())));
                let access = Access {
                    resource: "network".to_owned(),
                    host,
                    address: address.zip(port).map(SocketAddr::from),
                    count: 1,
                    ..Access::default()
                };
                told.tell(owner, Event::Access(access));
            }
        }
    }
}

/// An object that has what an event needs, under whatever names exports give it; also wrapped as in intrusion logs.
fn network_event(members: &Map<String, Value>) -> Option<NetworkEvent> {
    for wrapper in ["dns_event", "connect_event"] {
        if let Some(Value::Object(inner)) = members.get(wrapper) {
            return network_event(inner);
        }
    }
    let get = |names: &[&str]| {
        members
            .iter()
            .find(|(key, value)| !value.is_null() && names.contains(&plain(key).as_str()))
            .map(|(_, value)| value)
    };
    let package = get(&PACKAGE)?.as_str()?;
    let time = time(get(&TIME)?)?;
    let name = get(&NAME).and_then(Value::as_str);
    let address = get(&ADDRESS);
    let port = get(&["port", "destinationport"]);
    let port_number = port
        .and_then(number)
        .and_then(|port| u16::try_from(port).ok());
    let answers = get(&ANSWERS);
    if package.is_empty() {
        return None;
    }
    let kind = match (name, address.and_then(Value::as_str)) {
        (_, Some(address)) if port.is_some() => {
            let (host, address) = host_and_address(address);
            if host.is_none() && address.is_none() {
                return None;
            }
            Kind::Connection {
                host: host.or(name.map(lower)),
                address,
                port: port_number,
            }
        }
        (Some(name), _) if port.is_some() => Kind::Connection {
            host: Some(lower(name)),
            address: None,
            port: None,
        },
        (Some(name), _) => {
            let list = answers.and_then(Value::as_array);
            let addresses = list.into_iter().flatten().chain(address);
            let addresses = addresses.filter_map(Value::as_str);
            Kind::Lookup {
                name: lower(name),
                addresses: addresses
                    .filter_map(|address| host_and_address(address).1)
                    .take(DNS_ANSWERS)
                    .collect(),
            }
        }
        _ => return None,
    };
    Some(NetworkEvent {
        package: package.to_owned(),
        time,
        kind,
    })
}

/// `ConnectEvent(id, address, port, time, package)`, `DnsEvent(id, name, addresses, their number, time, package)`, anywhere in
/// a line (AOSP, `android.app.admin`).
fn printed_event(line: &str) -> Option<NetworkEvent> {
    let inside = |name: &str| {
        let (_, after) = line.split_once(name)?;
        let fields: Vec<&str> = after.split_once(')')?.0.split(", ").collect();
        Some(fields)
    };
    let milliseconds = |text: &str| {
        let time: i64 = text.parse().ok()?;
        Some(Timestamp(time.saturating_mul(1_000_000)))
    };
    if let Some([_, address, port, time, package]) = inside("ConnectEvent(").as_deref() {
        let (host, address) = host_and_address(address);
        return Some(NetworkEvent {
            package: (*package).to_owned(),
            time: milliseconds(time)?,
            kind: Kind::Connection {
                host,
                address,
                port: port.parse().ok(),
            },
        });
    }
    let fields = inside("DnsEvent(")?;
    let [_, name, addresses, _, time, package] = fields.as_slice() else {
        return None;
    };
    Some(NetworkEvent {
        package: (*package).to_owned(),
        time: milliseconds(time)?,
        kind: Kind::Lookup {
            name: lower(name),
            addresses: addresses
                .split(' ')
                .filter_map(|address| host_and_address(address).1)
                .take(DNS_ANSWERS)
                .collect(),
        },
    })
}

/// Java prints an address as `host/address`, with nothing before the slash where no name is known.
fn host_and_address(text: &str) -> (Option<String>, Option<IpAddr>) {
    let (host, address) = text.split_once('/').unwrap_or(("", text));
    // A zone (`%wlan0`) names an interface, not a place.
    let address = address.split('%').next().unwrap_or_default();
    let host = (!host.is_empty()).then(|| lower(host));
    (host, address.trim().parse().ok())
}

fn lower(name: &str) -> String {
    name.trim_end_matches('.').to_lowercase()
}

/// A key without case, blanks, `_` and `-`.
fn plain(key: &str) -> String {
    key.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

/// A number as such or as text.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// Milliseconds since 1970, as number or text, or a date in words.
fn time(value: &Value) -> Option<Timestamp> {
    match number(value) {
        Some(milliseconds) => Some(Timestamp(milliseconds.saturating_mul(1_000_000))),
        None => super::clock::timestamp(value.as_str()?),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::log::drain;
    use super::*;
    use crate::model::{InputId, Origin, Sighting};

    fn read(text: &[u8]) -> (Vec<Sighting>, Vec<Shortfall>) {
        let lines = Lines::new(Box::new(Cursor::new(text.to_vec())));
        let log = LineLog::new(lines, Origin::default(), Log::default(), read_line);
        drain(log)
    }

    fn rows(sightings: &[Sighting]) -> Vec<String> {
        let row = |sighting: &Sighting| {
            let package = sighting.owner.package.as_deref().unwrap();
            let time = sighting.origin.time.0 / 1_000_000;
            match &sighting.event {
                Event::Lookup(lookup) => {
                    format!(
                        "{time} {package} asks {} {}",
                        lookup.name,
                        lookup.answers.len()
                    )
                }
                Event::Access(access) => {
                    format!("{time} {package} → {}", access.host.as_deref().unwrap())
                }
                other => panic!("{other:?}"),
            }
        };
        sightings.iter().map(row).collect()
    }

    const INTRUSION: &str = r#"{"dns_event":{"hostname":"API.example","ip_addresses":["/198.51.100.7","/2001:db8::7"],"package_name":"org.example.chat","event_time":1760000000000}}
{"connect_event":{"ip_address":"/198.51.100.7","port":443,"package_name":"org.example.chat","event_time":1760000000100}}
{"connect_event":{"ip_address":"/198.51.100.7","port":443,"package_name":"org.example.chat","event_time":1760000000100}}
{"connect_event":{"ip_address":"push.example/198.51.100.8","port":443,"package_name":"org.example.chat","event_time":1760000000200}}
{"connect_event":{"ip_address":"/198.51.100.7","port":443,"package_name":"org.example.other","event_time":1760000000300}}
{"security_event":{"event_time":1760000000300,"event_tag":"app_process_start"}}
{"new_event":{}}
"#;

    #[test]
    fn intrusion_logs_name_app_host_and_time() {
        let (sightings, shortfalls) = read(INTRUSION.as_bytes());
        assert_eq!(
            rows(&sightings),
            [
                "1760000000000 org.example.chat asks api.example 2",
                "1760000000100 org.example.chat → api.example",
                "1760000000200 org.example.chat → push.example",
                "1760000000300 org.example.other → 198.51.100.7",
            ]
        );
        assert_eq!(shortfalls, [Shortfall::UnknownFormat]);
    }

    #[test]
    fn events_that_print_themselves_are_read_behind_whatever_a_log_puts_before() {
        let text = "10-09 08:00:00 D/Logs: DnsEvent(1, api.example, /198.51.100.7 /198.51.100.8, 2, 1760000000000, org.example.chat)\n\
            ConnectEvent(2, /198.51.100.8, 443, 1760000000100, org.example.chat)\nDnsEvent(3, other.example, NONE, 0, 1760000000200, org.example.chat)\n";
        let (sightings, shortfalls) = read(text.as_bytes());
        assert_eq!(
            rows(&sightings),
            [
                "1760000000000 org.example.chat asks api.example 2",
                "1760000000100 org.example.chat → api.example",
                "1760000000200 org.example.chat asks other.example 0",
            ]
        );
        assert_eq!(shortfalls, []);
    }

    #[test]
    fn a_document_of_a_device_management_is_read_wherever_its_events_are() {
        let document = br#"{"device":"A","batches":[{"token":7,"events":[
            {"packageName":"org.example.chat","hostname":"api.example","inetAddresses":["198.51.100.7"],"timestamp":1760000000000,"id":1},
            {"packageName":"org.example.chat","inetAddress":"198.51.100.7","port":443,"timestamp":"2025-10-09T08:53:20.100Z","id":2}]}]}"#;
        let input = Input::in_memory(InputId(0), FORMAT.name, document);
        let mut log = Log::default();
        let mut listed = Listed::default();
        walk(&parse(document).unwrap(), &input, &mut log, &mut listed, 0);
        let (sightings, _) = drain(listed);
        assert_eq!(
            rows(&sightings),
            [
                "1760000000000 org.example.chat asks api.example 1",
                "1760000000100 org.example.chat → api.example",
            ]
        );
        assert!(input.open().unwrap().is_some());
    }

    #[test]
    fn a_table_of_a_device_management_is_read_by_the_names_of_its_columns() {
        let table = "Event type,Package Name,Host name,IP addresses,IP address,Port,Timestamp\r\n\
            dns,org.example.chat,API.example,\"198.51.100.7, 198.51.100.8\",,,1760000000000\r\n\
            connect,org.example.chat,,,198.51.100.8,443,2025-10-09T08:53:20.100Z\r\n\
            connect,,,,198.51.100.8,443,1760000000200\r\n";
        assert!(is_table(table));
        assert!(!is_table("Device name,Package name,Version\r\n"));
        let input = Input::in_memory(InputId(0), FORMAT.name, table.as_bytes());
        let mut listed = Listed::default();
        list_table(table.as_bytes(), &input, &mut listed);
        let (sightings, shortfalls) = drain(listed);
        assert_eq!(
            rows(&sightings),
            [
                "1760000000000 org.example.chat asks api.example 2",
                "1760000000100 org.example.chat → api.example",
            ]
        );
        assert_eq!(shortfalls, [Shortfall::Damaged]);
        assert!(input.open().unwrap().is_some());
    }

    #[test]
    fn a_connection_without_a_name_is_told_by_its_address() {
        let table = "timestamp,package,event,hostname,ip,port\n\
            1760000000000,org.example.chat,CONNECT,,198.51.100.9,443\n\
            1760000000000,org.example.chat,DNS,api.example,198.51.100.8,\n\
            1760000000000,org.example.chat,CONNECT,,198.51.100.8,443\n";
        let input = Input::in_memory(InputId(0), FORMAT.name, table.as_bytes());
        let mut listed = Listed::default();
        list_table(table.as_bytes(), &input, &mut listed);
        let (sightings, shortfalls) = drain(listed);
        let expected = [
            "1760000000000 org.example.chat → 198.51.100.9",
            "1760000000000 org.example.chat asks api.example 1",
            "1760000000000 org.example.chat → api.example",
        ];
        assert_eq!(rows(&sightings), expected);
        assert_eq!(shortfalls, []);
    }

    #[test]
    fn a_last_line_that_is_cut_is_said_to_be() {
        let (sightings, shortfalls) = read(&INTRUSION.as_bytes()[..400]);
        assert!(!sightings.is_empty());
        assert_eq!(shortfalls, [Shortfall::Truncated]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>, text in "(Dns|Connect)Event\\([^\n]{0,40}\\)") {
            let _ = (read(&bytes), read(text.as_bytes()));
        }

        /// Daily files overlap: what is in both counts once.
        #[test]
        fn a_log_twice_tells_nothing_more(times in prop::collection::vec(0_i64..5, 0..20)) {
            let line = |time: &i64| format!("ConnectEvent(1, /198.51.100.8, 443, {time}, org.example.chat)\n");
            let log = times.iter().map(line).collect::<Vec<_>>().concat();
            let once = rows(&read(log.as_bytes()).0);
            prop_assert_eq!(rows(&read(log.repeat(2).as_bytes()).0), once);
        }
    }
}
