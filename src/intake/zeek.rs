//! Logs of Zeek: `conn`, `dns`, `ssl`, `http`, `quic`, as tab-separated values with their header or as JSON (lines, or one array).
//!
//! Which log it is follows from its fields, so renamed and rotated files are read too. Names of servers from `ssl`, `quic`,
//! `http` and `dns` are joined to connections by their ends (phase 1).

mod row;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use self::row::{Layout, Row, is_column, row};
use super::clock::{timestamp, timestamp_by_magnitude, timestamp_of_seconds};
use super::json::first_object;
use super::log::{LineLog, Told};
use super::sensor;
use super::{Format, Gathered, Input, Sample, Source};
use crate::Result;
use crate::limits::DNS_ANSWERS;
use crate::model::{
    Answer, ContentState, Event, Exchange, FlowKey, Handshake, Header, Lookup, Origin, Owner,
    Request, Response, ServerName, Sighting, Timestamp, Traffic, Transport,
};

/// A log of Zeek.
pub(super) const FORMAT: Format = Format {
    name: "zeek",
    sniff,
    gather: Some(gather),
    open: Some(open),
};

/// The header of the tabular form, or ends of a connection as Zeek names them.
fn sniff(sample: &Sample<'_>) -> bool {
    sample.text().is_some_and(|text| {
        text.starts_with("#separator ")
            || first_object(text).is_some_and(|first| {
                [
                    ["\"id.orig_h\"", "\"id.resp_h\""],
                    ["\"id_orig_h\"", "\"id_resp_h\""],
                    ["\"orig_h\"", "\"resp_h\""],
                ]
                .iter()
                .any(|ends| ends.iter().all(|end| first.contains(end)))
            })
    })
}

/// Columns of conn.log (Zeek, `base/protocols/conn/main.zeek`, and policies that come with it), and the object of its ends.
const CONNECTION: [&str; 29] = [
    "ts",
    "uid",
    "id",
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "proto",
    "service",
    "duration",
    "orig_bytes",
    "resp_bytes",
    "conn_state",
    "local_orig",
    "local_resp",
    "missed_bytes",
    "history",
    "orig_pkts",
    "orig_ip_bytes",
    "resp_pkts",
    "resp_ip_bytes",
    "tunnel_parents",
    "ip_proto",
    "vlan",
    "inner_vlan",
    "orig_l2_addr",
    "resp_l2_addr",
    "community_id",
    "speculative_service",
];

impl Row<'_> {
    /// Seconds or milliseconds since 1970, or ISO 8601, as `LogAscii::json_timestamps` may say.
    fn time(&self) -> Option<Timestamp> {
        let text = self.text("ts")?;
        match text.parse() {
            Ok(number) => timestamp_by_magnitude(number),
            Err(_) => timestamp(&text),
        }
    }

    fn flow(&self) -> Option<FlowKey> {
        let end = |address, port| {
            let address: IpAddr = self.text(address)?.parse().ok()?;
            let port = u16::try_from(self.number(port)?).ok()?;
            Some(SocketAddr::new(address, port))
        };
        let transport = match self.text("proto").as_deref() {
            Some("udp") => Transport::Udp,
            Some("icmp") => Transport::Other(1),
            None if self.has("client_initial_dcid") => Transport::Udp,
            _ => Transport::Tcp,
        };
        Some(FlowKey {
            transport,
            client: end("id.orig_h", "id.orig_p")?,
            server: end("id.resp_h", "id.resp_p")?,
        })
    }

    fn server(&self) -> Option<Arc<str>> {
        ["server_name", "host"]
            .iter()
            .filter_map(|name| self.text(name))
            .find_map(|name| sensor::host(&name))
    }

    /// What the row tells; `None` for logs of other kinds.
    fn event(&self, time: Timestamp, origin: Origin) -> Option<Event> {
        if self.is_connection() {
            return Some(Event::Traffic(self.traffic(time, origin)));
        }
        if self.has("rcode_name") || (self.has("query") && self.has("qtype")) {
            return self.lookup().map(Event::Lookup);
        }
        if self.has("client_initial_dcid") {
            return Some(Event::Handshake(self.quic()));
        }
        if self.has("method") && self.has("uri") {
            return Some(Event::Exchange(self.exchange()));
        }
        if self.has("cipher") || (self.has("established") && self.has("version")) {
            return Some(Event::Handshake(self.tls()));
        }
        None
    }

    /// A row of conn.log, of which sites keep the columns that they need: without `conn_state`, all are of those that it has.
    fn is_connection(&self) -> bool {
        let is_known = |column: &str| {
            column.starts_with('_') || CONNECTION.iter().any(|name| is_column(column, name))
        };
        self.has("conn_state") || (self.has("proto") && self.columns().all(is_known))
    }

    fn traffic(&self, time: Timestamp, origin: Origin) -> Traffic {
        let count = |name| self.number(name).unwrap_or(0);
        let service = self.text("service").unwrap_or_default();
        let (client_bytes, server_bytes) = (count("orig_bytes"), count("resp_bytes"));
        let (protocol, content) = if client_bytes == 0 && server_bytes == 0 {
            ("", ContentState::NotExamined)
        } else {
            sensor::service(&service)
        };
        let duration = self.fraction("duration").and_then(timestamp_of_seconds);
        let at = |time| Origin { time, ..origin };
        let end = Timestamp(
            time.0
                .saturating_add(duration.map_or(0, |Timestamp(span)| span)),
        );
        Traffic {
            client_packets: count("orig_pkts"),
            server_packets: count("resp_pkts"),
            client_bytes,
            server_bytes,
            first: at(time),
            last: at(end),
            protocol,
            content,
            has_gap: count("missed_bytes") > 0,
        }
    }

    fn lookup(&self) -> Option<Lookup> {
        let name = sensor::tidy(&self.text("query")?);
        let answers: Vec<Answer> = self
            .list("answers")
            .into_iter()
            .filter_map(|answer| sensor::answer(&answer))
            .take(DNS_ANSWERS)
            .collect();
        let port = self.number("id.resp_p");
        Some(Lookup {
            name,
            record_type: self
                .number("qtype")
                .and_then(|number| u16::try_from(number).ok())
                .unwrap_or(0),
            is_response: self.text("rcode").is_some() || !answers.is_empty(),
            answers,
            is_local: matches!(port, Some(5353 | 5355)),
        })
    }

    fn tls(&self) -> Handshake {
        let version = self.text("version").unwrap_or_default();
        Handshake {
            sni: self.server().map(|name| name.to_string()),
            alpn_chosen: self.text("next_protocol"),
            version: sensor::tls_version(&version),
            ja4: self.text("ja4"),
            certificate_issuer: self
                .text("issuer")
                .and_then(|issuer| sensor::common_name(&issuer)),
            ..Handshake::default()
        }
    }

    fn quic(&self) -> Handshake {
        let version = self.text("version").unwrap_or_default();
        Handshake {
            quic_version: sensor::quic_version(&version),
            sni: self.server().map(|name| name.to_string()),
            alpn_offered: self.text("client_protocol").into_iter().collect(),
            version: 0x0304,
            ja4: self.text("ja4"),
            ..Handshake::default()
        }
    }

    fn exchange(&self) -> Exchange {
        let mut headers = Vec::new();
        for (name, field) in [
            ("User-Agent", "user_agent"),
            ("Referer", "referrer"),
            ("Origin", "origin"),
        ] {
            if let Some(value) = self.text(field) {
                headers.push(Header {
                    name: name.to_owned(),
                    value,
                });
            }
        }
        let body = |name| sensor::body_left_out(self.number(name).unwrap_or(0));
        let status = self
            .number("status_code")
            .and_then(|status| u16::try_from(status).ok());
        Exchange {
            request: Request {
                method: self.text("method").unwrap_or_default(),
                target: self.text("uri").unwrap_or_else(|| "/".to_owned()),
                host: self.server().map(|name| name.to_string()),
                headers,
                body: body("request_body_len"),
            },
            response: status.map(|status| Response {
                status,
                body: body("response_body_len"),
                ..Response::default()
            }),
            is_protected: false,
        }
    }
}

fn read_line(layout: &mut Layout, line: &[u8], told: &mut Told<'_>) {
    let line = String::from_utf8_lossy(line);
    if line.starts_with('#') {
        return layout.header(&line);
    }
    let Some(row) = row(layout, &line) else {
        return told.note_damage();
    };
    match sighting(&row, told.origin) {
        Some(sighting) => told.see(sighting),
        None => told.pass_over(),
    }
}

fn sighting(row: &Row<'_>, mut origin: Origin) -> Option<Sighting> {
    let time = row.time()?;
    origin.time = time;
    let event = row.event(time, origin)?;
    if let Event::Traffic(traffic) = &event {
        origin.time = traffic.last.time;
    }
    Some(Sighting {
        origin,
        flow: row.flow(),
        server: row.server().map(ServerName::Asked),
        owner: Owner::default(),
        event,
    })
}

/// Names of servers by connection and by address.
fn gather(input: &Input) -> Result<Gathered> {
    sensor::gather(input, open)
}

fn open(input: &Input) -> Result<Box<dyn Source>> {
    Ok(Box::new(LineLog::open_json(
        input,
        Layout::default(),
        read_line,
    )?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::log::drain;
    use super::*;
    use crate::model::{InputId, Shortfall};

    fn read(text: &str) -> (Vec<Sighting>, Vec<Shortfall>) {
        let input = Input::in_memory(InputId(0), FORMAT.name, text.as_bytes());
        drain(LineLog::open_json(&input, Layout::default(), read_line).unwrap())
    }

    fn table(fields: &str, rows: &[&str]) -> String {
        let head = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tx\n";
        let fields = fields.replace(' ', "\t");
        let rows: Vec<String> = rows.iter().map(|row| row.replace(' ', "\t")).collect();
        format!(
            "{head}#fields\t{fields}\n{}\n#close\t2026\n",
            rows.join("\n")
        )
    }

    const ENDS: &str = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p";

    #[test]
    fn connections_have_their_bytes_and_times() {
        let fields = format!(
            "{ENDS} proto service duration orig_bytes resp_bytes conn_state orig_pkts resp_pkts"
        );
        let text = table(
            &fields,
            &[
                "1767225600.500000 C1 192.0.2.7 40123 198.51.100.4 443 tcp ssl 1.250000 700 9000 SF 9 12",
                "1767225601.000000 C2 2001:db8::7 40124 2001:db8::1 53 udp dns - - - S0 1 0",
            ],
        );
        let (sightings, shortfalls) = read(&text);
        assert_eq!(shortfalls, []);
        let Event::Traffic(traffic) = &sightings[0].event else {
            panic!();
        };
        assert_eq!((traffic.client_bytes, traffic.server_bytes), (700, 9000));
        assert_eq!(
            (traffic.protocol, traffic.content),
            ("tls", ContentState::NoKey)
        );
        assert_eq!(traffic.last.time.to_string(), "2026-01-01T00:00:01.750Z");
        assert_eq!(sightings[0].origin.frame, 7);
        assert_eq!(sightings[1].flow.unwrap().transport, Transport::Udp);
    }

    #[test]
    fn a_connection_is_one_also_where_columns_were_left_out() {
        let fields = "ts id.orig_h id.orig_p id.resp_h id.resp_p proto";
        let row = "1767225600.5 192.0.2.7 40123 198.51.100.4 443 tcp";
        let (sightings, shortfalls) = read(&table(fields, &[row]));
        assert_eq!(shortfalls, []);
        assert!(matches!(sightings[0].event, Event::Traffic(_)));
        for column in ["note", "trans_id", "is_orig"] {
            let other = table(&format!("{fields} {column}"), &[&format!("{row} X")]);
            assert!(read(&other).0.is_empty(), "{column}");
        }
    }

    #[test]
    fn names_are_joined_to_connections() {
        let fields = format!("{ENDS} version cipher server_name next_protocol established");
        let text = table(
            &fields,
            &["1767225600.5 C1 192.0.2.7 40123 198.51.100.4 443 TLSv12 TLS_X API.example h2 T"],
        );
        let (sightings, _) = read(&text);
        let Event::Handshake(handshake) = &sightings[0].event else {
            panic!();
        };
        assert_eq!(handshake.sni.as_deref(), Some("api.example"));
        assert_eq!(
            (handshake.version, handshake.alpn_chosen.as_deref()),
            (0x0303, Some("h2"))
        );
        let input = Input::in_memory(InputId(0), FORMAT.name, text.as_bytes());
        let (dossier, _) = gather(&input).unwrap();
        let flow = sightings[0].flow.unwrap();
        let name = dossier.connections.server(flow, Timestamp(0));
        assert_eq!(name.as_deref(), Some("api.example"));
    }

    #[test]
    fn lookups_requests_and_quic_are_read_as_json_too() {
        let ends = r#""id.orig_h":"192.0.2.7","id.orig_p":40123,"id.resp_h":"198.51.100.4","id.resp_p":53"#;
        let text = [
            format!(r#"{{"ts":1767225600.5,"uid":"C",{ends},"proto":"udp","query":"API.example","qtype":1,"rcode":0,"rcode_name":"NOERROR","answers":["edge.example","192.0.2.9"]}}"#),
            format!(r#"{{"ts":"2026-01-01T00:00:00.500000Z","uid":"C",{ends},"method":"POST","host":"api.example:8080","uri":"/a?b=c","user_agent":"x/1","request_body_len":12,"status_code":200,"response_body_len":0}}"#),
            format!(r#"{{"ts":1767225600.5,"uid":"C",{ends},"version":"1","client_initial_dcid":"ab","server_name":"q.example","client_protocol":"h3"}}"#),
            format!(r#"{{"ts":1767225600.5,"uid":"C",{ends},"note":"x"}}"#),
            r#"{"ts":17"#.to_owned(),
        ]
        .join("\n");
        let (sightings, shortfalls) = read(&text);
        assert!(matches!(&sightings[0].event, Event::Lookup(lookup)
            if lookup.name == "api.example" && lookup.is_response
                && lookup.answers == [Answer::Name("edge.example".to_owned()), Answer::Address("192.0.2.9".parse().unwrap())]));
        assert!(matches!(&sightings[1].event, Event::Exchange(exchange)
            if exchange.request.host.as_deref() == Some("api.example") && exchange.request.target == "/a?b=c"
                && exchange.request.body.is_cut && exchange.request.body.wire_len == 12));
        assert!(
            matches!(&sightings[2].event, Event::Handshake(handshake) if handshake.quic_version == 1)
        );
        assert_eq!(sightings[2].flow.unwrap().transport, Transport::Udp);
        assert_eq!(sightings[0].origin.time, sightings[1].origin.time);
        assert_eq!(shortfalls, [Shortfall::Truncated, Shortfall::UnknownFormat]);
    }

    #[test]
    fn milliseconds_and_other_names_of_the_ends_are_read() {
        let rest = r#""uid":"C","version":"TLSv13","cipher":"x","server_name":"api.example","established":true"#;
        let dotted = r#""id.orig_h":"192.0.2.7","id.orig_p":40123,"id.resp_h":"198.51.100.4","id.resp_p":443"#;
        let joined = dotted.replace("id.", "id_");
        let nested = format!(r#""id":{{{}}}"#, dotted.replace("id.", ""));
        let lines = [
            format!(r#"{{"ts":1767225600.5,{dotted},{rest}}}"#),
            format!(r#"{{"ts":1767225600500,{joined},{rest}}}"#),
            format!(r#"{{"ts":1767225600500000,{nested},{rest}}}"#),
            format!(r#"{{"ssl":{{"ts":1767225600500,{dotted},{rest}}}}}"#),
        ];
        for line in &lines {
            assert!(sniff(&Sample::of(line.as_bytes())), "{line}");
            let (sightings, shortfalls) = read(line);
            assert_eq!(shortfalls, [], "{line}");
            let [sighting] = &sightings[..] else {
                panic!("{line}");
            };
            assert_eq!(sighting.origin.time.to_string(), "2026-01-01T00:00:00.500Z");
            assert_eq!(sighting.flow.unwrap().server.port(), 443);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(bytes: Vec<u8>, text in "[#a-z\\\\x09\t{}\":,-]{0,80}") {
            let _ = read(&String::from_utf8_lossy(&bytes));
            let _ = read(&text);
            let _ = read(&table("ts conn_state duration orig_bytes", &[&text]));
        }
    }
}
