//! Exchanges as a proxy or a browser records them: HAR and mitmproxy dumps, and the packets that carried them.

use std::net::SocketAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use phonehome::model::{LinkType, Side, Timestamp};
use serde_json::{Value, json};

use super::capture::{Pcap, Pcapng, Record};
use super::http;
use super::stream::Connection;

/// One exchange in clear, over a connection of its own.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) method: &'static str,
    pub(crate) host: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// As on the wire.
    pub(crate) body: Vec<u8>,
    pub(crate) response: Vec<u8>,
}

/// The phone's end of the connection with this number.
fn client(number: usize) -> SocketAddr {
    SocketAddr::new(
        "192.0.2.10".parse().unwrap(),
        40_000 + u16::try_from(number).unwrap(),
    )
}

fn server() -> SocketAddr {
    "198.51.100.20:80".parse().unwrap()
}

/// Begin of the exchange with this number, in microseconds since 1970.
fn time(number: usize) -> u64 {
    1_760_000_000_000_000 + number as u64 * 1_000_000
}

fn packets(exchanges: &[Exchange]) -> Vec<Record> {
    let mut records = Vec::new();
    for (number, exchange) in exchanges.iter().enumerate() {
        let headers: Vec<(&str, &str)> = exchange
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let (method, host, target) = (exchange.method, &exchange.host, &exchange.target);
        let request = http::request(method, host, target, &headers, &exchange.body);
        let response = http::response(200, &[], &exchange.response);
        let mut connection = Connection::open(client(number), server());
        connection.send(Side::Client, &request);
        connection.send(Side::Server, &response).close();
        for (step, sent) in connection.packets.into_iter().enumerate() {
            let time = time(number) + step as u64 * 100;
            records.push(Record::at(time * 1000, sent.ip));
        }
    }
    records
}

/// A classic capture of raw IP.
pub(crate) fn pcap(exchanges: &[Exchange]) -> Vec<u8> {
    Pcap::new(LinkType::RAW).write(&packets(exchanges))
}

/// The same packets in a pcapng.
pub(crate) fn pcapng(exchanges: &[Exchange]) -> Vec<u8> {
    let mut file = Pcapng::new();
    let interface = file.interface(LinkType::RAW, None);
    for record in packets(exchanges) {
        file.packet(interface, &record, &[]);
    }
    file.bytes
}

/// Headers as on the wire, with those that follow from host and body.
fn headers(exchange: &Exchange) -> Vec<(&str, String)> {
    let mut headers = vec![("Host", exchange.host.clone())];
    headers.extend(exchange.headers.iter().cloned());
    if !exchange.body.is_empty() {
        headers.push(("Content-Length", exchange.body.len().to_string()));
    }
    headers
}

/// A body in HAR: as text, or in base64 with `encoding` as `PCAPdroid` writes it.
fn har_text(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!({"text": text}),
        Err(_) => json!({"text": BASE64_STANDARD.encode(bytes), "encoding": "base64"}),
    }
}

/// A HAR as of a proxy that does not undo content encodings.
pub(crate) fn har(exchanges: &[Exchange]) -> Vec<u8> {
    let entries: Vec<Value> = exchanges
        .iter()
        .enumerate()
        .map(|(number, exchange)| {
            let headers: Vec<Value> = headers(exchange)
                .into_iter()
                .map(|(name, value)| json!({"name": name, "value": value}))
                .collect();
            let mut request = json!({
                "method": exchange.method,
                "url": format!("http://{}{}", exchange.host, exchange.target),
                "httpVersion": "HTTP/1.1",
                "headers": headers,
            });
            if !exchange.body.is_empty() {
                request["postData"] = har_text(&exchange.body);
            }
            let started = Timestamp(i64::try_from(time(number) * 1000).unwrap());
            json!({
                "startedDateTime": started.to_string(),
                "serverIPAddress": server().ip().to_string(),
                "request": request,
                "response": {"status": 200, "headers": [], "content": har_text(&exchange.response)},
            })
        })
        .collect();
    let log = json!({"log": {"version": "1.2", "creator": {"name": "forge"}, "entries": entries}});
    serde_json::to_vec(&log).unwrap()
}

/// A dump in mitmproxy's flow format 21.
pub(crate) fn mitmproxy(exchanges: &[Exchange]) -> Vec<u8> {
    let address = |end: SocketAddr| list(&[text(&end.ip().to_string()), number(end.port().into())]);
    let flow = |(at, exchange): (usize, &Exchange)| {
        let headers = list(
            &headers(exchange)
                .iter()
                .map(|(name, value)| list(&[bytes(name.as_bytes()), bytes(value.as_bytes())]))
                .collect::<Vec<_>>(),
        );
        #[expect(clippy::cast_precision_loss, reason = "microseconds fit a double")]
        let begin = time(at) as f64 / 1e6;
        let request = dictionary(&[
            ("method", bytes(exchange.method.as_bytes())),
            ("scheme", bytes(b"http")),
            ("host", text(&exchange.host)),
            ("port", number(80)),
            ("authority", bytes(b"")),
            ("path", bytes(exchange.target.as_bytes())),
            ("headers", headers),
            ("content", bytes(&exchange.body)),
            ("timestamp_start", fraction(begin)),
        ]);
        let response = dictionary(&[
            ("status_code", number(200)),
            ("headers", list(&[])),
            ("content", bytes(&exchange.response)),
        ]);
        dictionary(&[
            ("version", number(21)),
            ("type", text("http")),
            (
                "client_conn",
                dictionary(&[("peername", address(client(at)))]),
            ),
            (
                "server_conn",
                dictionary(&[("peername", address(server()))]),
            ),
            ("request", request),
            ("response", response),
        ])
    };
    exchanges.iter().enumerate().flat_map(flow).collect()
}

/// A flow of mitmproxy of which only the transport (`tcp`, `udp`) is known: what each side sent. Its first key is one that no
/// version has so far.
pub(crate) fn mitmproxy_stream(
    kind: &str,
    port: u16,
    is_tls: bool,
    messages: &[(Side, &[u8])],
) -> Vec<u8> {
    let messages: Vec<Vec<u8>> = messages
        .iter()
        .map(|(side, content)| {
            let from_client: &[u8] = match side {
                Side::Client => b"true",
                Side::Server => b"false",
            };
            let time = fraction(1_760_000_000.5);
            list(&[tagged(from_client, b'!'), bytes(content), time])
        })
        .collect();
    let end = |address: &str, port: u16| list(&[text(address), number(port.into())]);
    let mut client = vec![
        ("peername", end("192.0.2.10", 40_000)),
        ("transport_protocol", text(kind)),
    ];
    if is_tls {
        client.push(("tls", tagged(b"true", b'!')));
    }
    dictionary(&[
        ("something_new", text("x")),
        ("version", number(21)),
        ("type", text(kind)),
        ("client_conn", dictionary(&client)),
        (
            "server_conn",
            dictionary(&[("peername", end("198.51.100.20", port))]),
        ),
        ("timestamp_created", fraction(1_760_000_000.25)),
        ("messages", list(&messages)),
    ])
}

/// A flow of mitmproxy whose request was streamed, so that its body was not kept.
pub(crate) fn mitmproxy_without_body(length: usize) -> Vec<u8> {
    let header = list(&[
        bytes(b"Content-Length"),
        bytes(length.to_string().as_bytes()),
    ]);
    let request = dictionary(&[
        ("method", bytes(b"POST")),
        ("scheme", bytes(b"https")),
        ("host", text("collector.example")),
        ("port", number(443)),
        ("path", bytes(b"/v1")),
        ("headers", list(&[header])),
        ("content", tagged(b"", b'~')),
        ("timestamp_start", fraction(1_760_000_000.5)),
    ]);
    dictionary(&[
        ("version", number(21)),
        ("type", text("http")),
        ("request", request),
    ])
}

fn tagged(data: &[u8], tag: u8) -> Vec<u8> {
    let mut tagged = format!("{}:", data.len()).into_bytes();
    tagged.extend(data);
    tagged.push(tag);
    tagged
}

fn text(text: &str) -> Vec<u8> {
    tagged(text.as_bytes(), b';')
}

fn bytes(bytes: &[u8]) -> Vec<u8> {
    tagged(bytes, b',')
}

fn number(number: i64) -> Vec<u8> {
    tagged(number.to_string().as_bytes(), b'#')
}

fn fraction(number: f64) -> Vec<u8> {
    tagged(format!("{number:?}").as_bytes(), b'^')
}

fn list(elements: &[Vec<u8>]) -> Vec<u8> {
    tagged(&elements.concat(), b']')
}

fn dictionary(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let members: Vec<u8> = members
        .iter()
        .flat_map(|(key, value)| [text(key), value.clone()].concat())
        .collect();
    tagged(&members, b'}')
}

/// A list of connections as `PCAPdroid` exports it: the connection of the first exchange, and one of another app at the same
/// time to the same server.
pub(crate) const CONNECTIONS: &str = "IPProto,SrcIP,SrcPort,DstIp,DstPort,UID,App,PackageName,Proto,Status,Info,BytesSent,BytesRcvd,PktsSent,PktsRcvd,FirstSeen,LastSeen
6,192.0.2.10,40000,198.51.100.20,80,10123,Notes, the app,org.example.notes,HTTP,Closed,collector.example,500,600,5,6,2025-10-09T08:53:20.000Z,2025-10-09T08:53:20.900Z
6,192.0.2.10,40001,198.51.100.20,80,10124,Chat,org.example.chat,HTTP,Closed,collector.example,700,800,7,8,2025-10-09T08:53:21.000Z,2025-10-09T08:53:21.900Z
";

/// The same, as `PiRogue` traces sockets; the phone's clock is an hour ahead.
pub(crate) const SOCKET_TRACE: &str = r#"[
{"type":"socket_trace_log","process":"org.example.notes","timestamp":1760003600000,"data":{"socket_type":"tcp6","socket_event_type":"write","local_ip":"::ffff:192.0.2.10","local_port":40000,"dest_ip":"::ffff:198.51.100.20","dest_port":80}},
{"type":"socket_trace_log","process":"org.example.chat","timestamp":1760003601000,"data":{"socket_type":"tcp","socket_event_type":"sendto","local_ip":"192.0.2.10","local_port":40001,"dest_ip":"198.51.100.20","dest_port":80}}
]"#;

/// A log of connections of Zeek; the server's name is in [`ZEEK_SSL`] alone.
pub(crate) const ZEEK_CONN: &str = "#separator \\x09
#set_separator\t,
#empty_field\t(empty)
#unset_field\t-
#path\tconn
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state
1760000000.000000\tC1\t192.0.2.10\t40000\t198.51.100.20\t443\ttcp\tssl\t1.500000\t900\t4000\tSF
";

/// See [`ZEEK_CONN`].
pub(crate) const ZEEK_SSL: &str = "#separator \\x09
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tversion\tcipher\tserver_name\testablished
1760000000.100000\tC1\t192.0.2.10\t40000\t198.51.100.20\t443\tTLSv13\tTLS_AES_128_GCM_SHA256\tapp-measurement.com\tT
";

/// What Zeek saw in connections that are still open: [`ZEEK_CONN`] has none of them.
pub(crate) const ZEEK_OPEN_QUIC: &str = "#separator \\x09
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tversion\tclient_initial_dcid\tserver_name
1760000002.000000\tC2\t192.0.2.10\t40001\t198.51.100.21\t443\t1\taa\tpush.example
";

/// See [`ZEEK_OPEN_QUIC`].
pub(crate) const ZEEK_OPEN_HTTP: &str = "#separator \\x09
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tmethod\thost\turi
1760000003.000000\tC3\t192.0.2.10\t40002\t198.51.100.22\t80\tGET\tplain.example\t/a
";

/// A connection of the same ends as that of [`ZEEK_CONN`], hours later, and still open; and the TLS within that of
/// [`ZEEK_OPEN_QUIC`].
pub(crate) const ZEEK_OPEN_TLS: &str = "#separator \\x09
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tversion\tcipher\tserver_name\testablished
1760009000.000000\tC4\t192.0.2.10\t40000\t198.51.100.20\t443\tTLSv13\tTLS_AES_128_GCM_SHA256\tlater.example\tT
1760000002.010000\tC2\t192.0.2.10\t40001\t198.51.100.21\t443\tTLSv13\tTLS_AES_128_GCM_SHA256\tpush.example\tT
";

/// What Suricata saw in such connections.
pub(crate) const EVE_OPEN: &str = r#"{"timestamp":"2025-10-09T08:53:22.000000+0000","flow_id":2,"event_type":"quic","src_ip":"192.0.2.10","src_port":40001,"dest_ip":"198.51.100.21","dest_port":443,"proto":"UDP","quic":{"version":"1","sni":"push.example"}}
{"timestamp":"2025-10-09T08:53:23.000000+0000","flow_id":3,"event_type":"http","src_ip":"192.0.2.10","src_port":40002,"dest_ip":"198.51.100.22","dest_port":80,"proto":"TCP","http":{"hostname":"plain.example","url":"/a","http_method":"GET"}}
{"timestamp":"2025-10-09T11:23:20.000000+0000","flow_id":4,"event_type":"tls","src_ip":"192.0.2.10","src_port":40000,"dest_ip":"198.51.100.20","dest_port":443,"proto":"TCP","tls":{"sni":"later.example","version":"TLS 1.3"}}
"#;

/// The same as Suricata logs it.
pub(crate) const EVE: &str = r#"{"timestamp":"2025-10-09T08:53:20.100000+0000","flow_id":1,"event_type":"tls","src_ip":"192.0.2.10","src_port":40000,"dest_ip":"198.51.100.20","dest_port":443,"proto":"TCP","tls":{"sni":"app-measurement.com","version":"TLS 1.3"}}
{"timestamp":"2025-10-09T08:53:22.000000+0000","flow_id":1,"event_type":"flow","src_ip":"192.0.2.10","src_port":40000,"dest_ip":"198.51.100.20","dest_port":443,"proto":"TCP","app_proto":"tls","flow":{"bytes_toserver":900,"bytes_toclient":4000,"start":"2025-10-09T08:53:20.000000+0000","end":"2025-10-09T08:53:21.500000+0000"}}
"#;
