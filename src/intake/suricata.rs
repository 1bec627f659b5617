//! Suricata's `eve.json`: `dns`, `tls`, `http`, `quic`, `flow` and `fileinfo` records, one JSON object a line (Suricata,
//! `eve-json-output`), or as tools put them together: in one array, or laid out over lines.
//!
//! Names of servers are joined to `flow` records by the ends of the connection (phase 1).

use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::clock::timestamp;
use super::json::{first_object, parse};
use super::log::{LineLog, Told};
use super::sensor;
use super::{Format, Gathered, Input, Sample, Source};
use crate::Result;
use crate::limits::{BODY_BYTES, DNS_ANSWERS, HEADERS};
use crate::model::{
    Answer, Body, ContentState, Event, Exchange, FlowKey, Handshake, Header, Lookup, Message,
    Origin, Owner, Request, Response, ServerName, Sighting, Timestamp, Traffic, Transport,
};

/// Suricata's event log.
pub(super) const FORMAT: Format = Format {
    name: "suricata-eve",
    sniff,
    gather: Some(gather),
    open: Some(open),
};

/// An object with a time and a type, and what only Suricata has.
fn sniff(sample: &Sample<'_>) -> bool {
    sample.text().is_some_and(|text| {
        let first = first_object(text).unwrap_or_default();
        first.contains("\"event_type\"")
            && first.contains("\"timestamp\"")
            && ["\"flow_id\"", "\"src_ip\"", "\"stats\""]
                .iter()
                .any(|name| first.contains(name))
    })
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str().filter(|text| !text.is_empty())
}

fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or(0)
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    let list = value.get(name).and_then(Value::as_array);
    list.into_iter().flatten()
}

/// What a record tells; empty for those of other kinds.
fn sightings(record: &Value, mut origin: Origin) -> Vec<Sighting> {
    let Some(kind) = text(record, "event_type") else {
        return Vec::new();
    };
    origin.time = text(record, "timestamp")
        .and_then(timestamp)
        .unwrap_or(origin.time);
    let details = record.get(kind).unwrap_or(&Value::Null);
    let events = match kind {
        "dns" => lookups(details, record),
        "tls" => vec![Event::Handshake(tls(details))],
        "quic" => vec![Event::Handshake(quic(details))],
        "http" => vec![Event::Exchange(exchange(details))],
        "flow" => vec![Event::Traffic(traffic(details, record, &mut origin))],
        "fileinfo" => vec![Event::Message(file(details, record))],
        _ => Vec::new(),
    };
    let server = match kind {
        "fileinfo" => record.get("http").and_then(|http| text(http, "hostname")),
        _ => text(details, "sni")
            .or_else(|| text(details, "hostname"))
            // What the plugin nDPI saw.
            .or_else(|| record.get("ndpi").and_then(|ndpi| text(ndpi, "hostname"))),
    };
    let server = server.and_then(sensor::host);
    let flow = flow(record, kind);
    events
        .into_iter()
        .map(|event| Sighting {
            origin,
            flow,
            server: server.clone().map(ServerName::Asked),
            owner: Owner::default(),
            event,
        })
        .collect()
}

/// Records are written from the client's view, but for answers and files that came from the server.
fn flow(record: &Value, kind: &str) -> Option<FlowKey> {
    let end = |address, port| {
        let address: IpAddr = text(record, address)?.parse().ok()?;
        let port = u16::try_from(number(record, port)).ok()?;
        Some(SocketAddr::new(address, port))
    };
    let (source, destination) = (end("src_ip", "src_port")?, end("dest_ip", "dest_port")?);
    let is_reversed = match text(record, "direction") {
        Some("to_client") => true,
        Some(_) => false,
        None => {
            matches!(kind, "fileinfo" | "dns") && source.port() < 1024 && destination.port() >= 1024
        }
    };
    let (client, server) = if is_reversed {
        (destination, source)
    } else {
        (source, destination)
    };
    let transport = match text(record, "proto") {
        Some("TCP") => Transport::Tcp,
        Some("UDP") => Transport::Udp,
        Some("ICMP") => Transport::Other(1),
        Some("IPv6-ICMP") => Transport::Other(58),
        _ => return None,
    };
    Some(FlowKey {
        transport,
        client,
        server,
    })
}

/// Versions 1 to 3 of the record: one question in `rrname`, or several in `queries`.
fn lookups(dns: &Value, record: &Value) -> Vec<Event> {
    let is_response = matches!(text(dns, "type"), Some("answer" | "response"));
    let mut answers: Vec<Answer> = list(dns, "answers")
        .filter_map(|answer| text(answer, "rdata"))
        .filter_map(sensor::answer)
        .take(DNS_ANSWERS)
        .collect();
    // Version 1 has a record for each answer; the grouped form lists them by type.
    answers.extend(text(dns, "rdata").and_then(sensor::answer));
    if answers.is_empty() {
        let grouped = dns.get("grouped").and_then(Value::as_object);
        answers.extend(
            grouped
                .into_iter()
                .flat_map(|grouped| grouped.values())
                .filter_map(Value::as_array)
                .flatten()
                .filter_map(Value::as_str)
                .filter_map(sensor::answer)
                .take(DNS_ANSWERS),
        );
    }
    let is_local = [number(record, "dest_port"), number(record, "src_port")]
        .iter()
        .any(|port| matches!(port, 5353 | 5355));
    let lookup = |question: &Value| {
        Some(Event::Lookup(Lookup {
            name: sensor::tidy(text(question, "rrname")?),
            record_type: record_type(text(question, "rrtype").unwrap_or_default()),
            answers: answers.clone(),
            is_response,
            is_local,
        }))
    };
    match lookup(dns) {
        Some(event) => vec![event],
        None => list(dns, "queries").filter_map(lookup).collect(),
    }
}

/// Number of a record type by its name (IANA, DNS parameters); 0 if it is none of the usual ones.
fn record_type(name: &str) -> u16 {
    const TYPES: [(&str, u16); 11] = [
        ("A", 1),
        ("NS", 2),
        ("CNAME", 5),
        ("SOA", 6),
        ("PTR", 12),
        ("MX", 15),
        ("TXT", 16),
        ("AAAA", 28),
        ("SRV", 33),
        ("SVCB", 64),
        ("HTTPS", 65),
    ];
    let known = TYPES.iter().find(|(known, _)| *known == name);
    known.map_or(0, |(_, number)| *number)
}

fn names(value: &Value, name: &str) -> Vec<String> {
    list(value, name)
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// A fingerprint is a text, or an object with its hash.
fn fingerprint(value: &Value, name: &str) -> Option<String> {
    let found = value.get(name)?;
    let hash = found.as_str().or_else(|| text(found, "hash"))?;
    Some(hash.to_owned())
}

fn tls(tls: &Value) -> Handshake {
    let mut certificate_names = names(tls, "subjectaltname");
    certificate_names.extend(text(tls, "subject").and_then(sensor::common_name));
    certificate_names.dedup();
    Handshake {
        sni: text(tls, "sni")
            .and_then(sensor::host)
            .map(|name| name.to_string()),
        alpn_offered: names(tls, "client_alpns"),
        alpn_chosen: names(tls, "server_alpns").into_iter().next(),
        version: sensor::tls_version(text(tls, "version").unwrap_or_default()),
        ja4: fingerprint(tls, "ja4"),
        certificate_names,
        certificate_issuer: text(tls, "issuerdn").and_then(sensor::common_name),
        ..Handshake::default()
    }
}

fn quic(quic: &Value) -> Handshake {
    Handshake {
        quic_version: sensor::quic_version(text(quic, "version").unwrap_or_default()),
        sni: text(quic, "sni")
            .and_then(sensor::host)
            .map(|name| name.to_string()),
        version: 0x0304,
        ja4: fingerprint(quic, "ja4"),
        ..Handshake::default()
    }
}

/// HTTP/1 and, under `http2`, HTTP/2 in clear.
fn exchange(http: &Value) -> Exchange {
    let mut headers = headers(http, "request_headers");
    for (name, field) in [
        ("User-Agent", "http_user_agent"),
        ("Referer", "http_refer"),
        ("X-Forwarded-For", "xff"),
    ] {
        let is_there = headers
            .iter()
            .any(|header| header.name.eq_ignore_ascii_case(name));
        if let Some(value) = text(http, field).filter(|_| !is_there) {
            headers.push(Header {
                name: name.to_owned(),
                value: value.to_owned(),
            });
        }
    }
    let status = http.get("status").and_then(|status| {
        let number = status.as_u64().or_else(|| status.as_str()?.parse().ok());
        u16::try_from(number?).ok()
    });
    Exchange {
        request: Request {
            method: text(http, "http_method").unwrap_or_default().to_owned(),
            target: text(http, "url").unwrap_or("/").to_owned(),
            host: text(http, "hostname")
                .and_then(sensor::host)
                .map(|name| name.to_string()),
            headers,
            body: body(http, "http_request_body", 0),
        },
        response: status.map(|status| Response {
            status,
            headers: self::headers(http, "response_headers"),
            body: body(http, "http_response_body", number(http, "length")),
        }),
        is_protected: false,
    }
}

fn headers(http: &Value, name: &str) -> Vec<Header> {
    list(http, name)
        .filter_map(|header| {
            let name = text(header, "name")?;
            (!name.starts_with(':')).then(|| Header {
                name: name.to_owned(),
                value: text(header, "value").unwrap_or_default().to_owned(),
            })
        })
        .take(HEADERS)
        .collect()
}

/// In base64, and if the sensor was told so as text with dots for what cannot be printed.
fn body(http: &Value, name: &str, length: u64) -> Body {
    let packed = text(http, name).and_then(|packed| BASE64_STANDARD.decode(packed.as_bytes()).ok());
    let Some(mut bytes) = packed.or_else(|| {
        let printable = text(http, &format!("{name}_printable"))?;
        Some(printable.as_bytes().to_vec())
    }) else {
        return sensor::body_left_out(length);
    };
    let wire_len = length.max(bytes.len() as u64);
    bytes.truncate(BODY_BYTES);
    Body {
        is_cut: wire_len > bytes.len() as u64,
        wire_len,
        bytes,
    }
}

fn traffic(flow: &Value, record: &Value, origin: &mut Origin) -> Traffic {
    let time = |name| text(flow, name).and_then(timestamp).unwrap_or(origin.time);
    let (first, last) = (time("start"), time("end"));
    origin.time = last;
    let (client_bytes, server_bytes) = (
        number(flow, "bytes_toserver"),
        number(flow, "bytes_toclient"),
    );
    let (protocol, content) = sensor::service(text(record, "app_proto").unwrap_or_default());
    let at = |time: Timestamp| Origin { time, ..*origin };
    Traffic {
        client_packets: number(flow, "pkts_toserver"),
        server_packets: number(flow, "pkts_toclient"),
        client_bytes,
        server_bytes,
        first: at(first),
        last: at(last),
        protocol,
        content: if client_bytes == 0 && server_bytes == 0 {
            ContentState::NotExamined
        } else {
            content
        },
        has_gap: false,
    }
}

/// A file that went over HTTP or mail.
fn file(info: &Value, record: &Value) -> Message {
    let name = |name: &str| text(info, name).map(str::to_owned);
    let mut fields = Vec::new();
    for (field, value) in [
        ("filename", name("filename")),
        ("magic", name("magic")),
        ("sha256", name("sha256")),
        ("size", Some(number(info, "size").to_string())),
    ] {
        fields.extend(value.map(|value| (field.to_owned(), value)));
    }
    let source_is_server = flow(record, "fileinfo")
        .zip(text(record, "src_ip").and_then(|address| address.parse::<IpAddr>().ok()))
        .is_some_and(|(flow, source)| flow.server_ip() == source);
    Message {
        protocol: "file",
        kind: text(record, "app_proto").unwrap_or_default().to_owned(),
        fields,
        from_client: !source_is_server,
        ..Message::default()
    }
}

fn read_line((): &mut (), line: &[u8], told: &mut Told<'_>) {
    let Some(record) = parse(line) else {
        return told.note_damage();
    };
    let sightings = sightings(&record, told.origin);
    if sightings.is_empty() {
        told.pass_over();
    }
    for sighting in sightings {
        told.see(sighting);
    }
}

/// Names of servers by connection and by address.
fn gather(input: &Input) -> Result<Gathered> {
    sensor::gather(input, open)
}

fn open(input: &Input) -> Result<Box<dyn Source>> {
    Ok(Box::new(LineLog::open_json(input, (), read_line)?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::log::drain;
    use super::*;
    use crate::model::{InputId, Shortfall};

    fn read(text: &str) -> (Vec<Sighting>, Vec<Shortfall>) {
        let input = Input::in_memory(InputId(0), FORMAT.name, text.as_bytes());
        drain(LineLog::open_json(&input, (), read_line).unwrap())
    }

    fn record(kind: &str, proto: &str, port: u16, details: &str) -> String {
        format!(
            r#"{{"timestamp":"2026-01-01T00:00:01.500000+0100","flow_id":1,"event_type":"{kind}","src_ip":"192.0.2.7","src_port":40123,"dest_ip":"198.51.100.4","dest_port":{port},"proto":"{proto}",{details}}}"#
        )
    }

    #[test]
    fn the_name_that_ndpi_saw_is_the_servers() {
        let flow = r#""flow":{"bytes_toserver":1},"ndpi":{"proto":"TLS.Example","hostname":"API.example"}"#;
        let (sightings, _) = read(&record("flow", "TCP", 443, flow));
        let server = sightings[0].server.as_ref().map(ServerName::as_str);
        assert_eq!(server, Some("api.example"));
    }

    #[test]
    fn an_array_of_records_is_read_like_lines() {
        let records = [
            record(
                "tls",
                "TCP",
                443,
                r#""tls":{"sni":"a.example","version":"TLS 1.3"}"#,
            ),
            record("stats", "TCP", 0, r#""stats":{"uptime":1}"#),
            record(
                "quic",
                "UDP",
                443,
                r#""quic":{"sni":"b.example","version":"1"}"#,
            ),
        ];
        let read = |text: &str| {
            let (sightings, shortfalls) = read(text);
            let frames = sightings.iter().map(|sighting| sighting.origin.frame);
            (frames.collect::<Vec<_>>(), shortfalls)
        };
        let lines = (vec![1, 3], vec![Shortfall::UnknownFormat]);
        assert_eq!(read(&records.join("\n")), lines);
        let values: Vec<Value> = records
            .iter()
            .map(|record| parse(record.as_bytes()).unwrap())
            .collect();
        let laid_out: Vec<String> = values.iter().map(|value| format!("{value:#}")).collect();
        for text in [
            format!("[{}]", records.join(",")),
            format!("\u{feff}[\n  {}\n]\n", records.join(",\n  ")),
            format!("{:#}", Value::from(values)),
            laid_out.join("\n"),
        ] {
            assert!(sniff(&Sample::of(text.as_bytes())), "{text}");
            assert_eq!(read(&text), lines, "{text}");
        }
        let array = format!("[{}]", records.join(","));
        let (cut, shortfalls) = read(array.split_at(array.len() - 20).0);
        assert_eq!(cut, [1]);
        assert_eq!(shortfalls, [Shortfall::Truncated, Shortfall::UnknownFormat]);
        let (_, shortfalls) = read(array.split_at(array.len() - 1).0);
        assert_eq!(shortfalls, [Shortfall::Truncated, Shortfall::UnknownFormat]);
    }

    #[test]
    fn all_kinds_of_records_are_read() {
        let text = [
            record("dns", "UDP", 53, r#""dns":{"version":3,"type":"response","queries":[{"rrname":"API.example","rrtype":"A"}],"answers":[{"rrname":"api.example","rrtype":"A","rdata":"192.0.2.9"}]}"#),
            record("dns", "UDP", 53, r#""dns":{"type":"query","rrname":"two.example","rrtype":"AAAA"}"#),
            record("tls", "TCP", 443, r#""tls":{"sni":"API.example","version":"TLS 1.2","issuerdn":"C=DE, CN=Root","subject":"CN=api.example","client_alpns":["h2"],"ja4":"t13d"}"#),
            record("quic", "UDP", 443, r#""quic":{"sni":"q.example","version":"1"}"#),
            record("http", "TCP", 80, r#""http":{"hostname":"h.example","url":"/a?b=c","http_method":"POST","http_user_agent":"x/1","http_request_body":"YT0x","status":200,"length":5}"#),
            record("flow", "TCP", 443, r#""app_proto":"tls","flow":{"pkts_toserver":3,"pkts_toclient":4,"bytes_toserver":500,"bytes_toclient":600,"start":"2026-01-01T00:00:00.0+0000","end":"2026-01-01T00:00:09.0+0000"}"#),
            record("fileinfo", "TCP", 80, r#""app_proto":"http","http":{"hostname":"h.example"},"fileinfo":{"filename":"contacts.vcf","size":900}"#),
            record("alert", "TCP", 80, r#""alert":{}"#),
            "{\"timestamp\":".to_owned(),
        ]
        .join("\n");
        let (sightings, shortfalls) = read(&text);
        assert_eq!(shortfalls, [Shortfall::Truncated, Shortfall::UnknownFormat]);
        let lines: Vec<u64> = sightings
            .iter()
            .map(|sighting| sighting.origin.frame)
            .collect();
        assert_eq!(lines, [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(
            sightings[0].origin.time.to_string(),
            "2025-12-31T23:00:01.500Z"
        );
        assert!(matches!(&sightings[0].event, Event::Lookup(lookup)
            if lookup.name == "api.example" && lookup.record_type == 1 && lookup.answers.len() == 1 && lookup.is_response));
        assert!(
            matches!(&sightings[1].event, Event::Lookup(lookup) if lookup.record_type == 28 && !lookup.is_response)
        );
        assert!(matches!(&sightings[2].event, Event::Handshake(handshake)
            if handshake.version == 0x0303 && handshake.certificate_issuer.as_deref() == Some("Root")
                && handshake.certificate_names == ["api.example"] && handshake.alpn_offered == ["h2"]));
        assert!(
            matches!(&sightings[3].event, Event::Handshake(handshake) if handshake.quic_version == 1)
        );
        assert!(matches!(&sightings[4].event, Event::Exchange(exchange)
            if exchange.request.body.bytes == b"a=1" && exchange.request.header("user-agent") == Some("x/1")
                && exchange.response.as_ref().is_some_and(|response| response.body.is_cut)));
        assert!(matches!(&sightings[5].event, Event::Traffic(traffic)
            if traffic.client_bytes == 500 && traffic.content == ContentState::NoKey
                && traffic.first.time.to_string() == "2026-01-01T00:00:00.000Z"));
        assert!(matches!(&sightings[6].event, Event::Message(message) if message.from_client));
        assert_eq!(
            sightings[6].server,
            Some(ServerName::Asked(Arc::from("h.example")))
        );
    }

    #[test]
    fn names_are_joined_to_flows() {
        let text = record("tls", "TCP", 443, r#""tls":{"sni":"api.example"}"#);
        let input = Input::in_memory(InputId(0), FORMAT.name, text.as_bytes());
        let (dossier, _) = gather(&input).unwrap();
        let flow = read(&text).0[0].flow.unwrap();
        let name = dossier.connections.server(flow, Timestamp(0));
        assert_eq!(name.as_deref(), Some("api.example"));
    }

    #[test]
    fn answers_and_downloads_come_from_the_server() {
        let text = r#"{"timestamp":"2026-01-01T00:00:01Z","event_type":"fileinfo","src_ip":"198.51.100.4","src_port":80,"dest_ip":"192.0.2.7","dest_port":40123,"proto":"TCP","fileinfo":{"filename":"/a"}}"#;
        let (sightings, _) = read(text);
        assert_eq!(sightings[0].flow.unwrap().client.port(), 40_123);
        assert!(matches!(&sightings[0].event, Event::Message(message) if !message.from_client));
    }

    proptest! {
        #[test]
        fn any_details_are_survived(bytes: Vec<u8>, kind in "dns|tls|http|flow|quic|fileinfo|x", details in "[{}\\[\\]\":,a-z0-9]{0,40}") {
            let _ = read(&String::from_utf8_lossy(&bytes));
            let _ = read(&record(&kind, "TCP", 1, &format!(r#""{kind}":{details}"#)));
        }
    }
}
