//! What the fuzz targets call: one function each, for any bytes. The package in `fuzz` includes this file.

use std::io::Cursor;

use phonehome::flow::Flows;
use phonehome::intake::{FORMATS, Input, Item};
use phonehome::model::{
    Body, Coverage, Event, Exchange, Header, InputId, Origin, Request, Side, Transport,
};
use phonehome::protocol::{Chunk, Dissector, KeyLog, Output, PROTOCOLS, Start};
use phonehome::{manifest, payload};

/// A target: its name, and what it calls.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("pcap", pcap),
    ("pcapng", pcapng),
    ("har", har),
    ("mitmproxy", mitmproxy),
    ("connections", connections),
    ("socket_trace", socket_trace),
    ("zeek", zeek),
    ("suricata", suricata),
    ("dns", dns),
    ("tls", tls),
    ("tls_keyed", tls_keyed),
    ("quic", quic),
    ("http1", http1),
    ("protocols", protocols),
    ("http2", http2),
    ("websocket", websocket),
    ("http3", http3),
    ("payload", payload),
    ("protobuf", protobuf),
    ("cbor", cbor),
    ("msgpack", msgpack),
    ("bson", bson),
    ("thrift", thrift),
    ("axml", axml),
    ("apk", apk),
    ("dumpsys", dumpsys),
    ("plist", plist),
    ("package_set", package_set),
    ("network_security", network_security),
    ("macho", macho),
    ("signing", signing),
    ("aab", aab),
    ("dex", dex),
    ("data_safety", data_safety),
    ("appops", appops),
    ("network_log", network_log),
    ("tracker_control", tracker_control),
    ("data_usage", data_usage),
    ("privacy_report", privacy_report),
    ("inventory", inventory),
    ("bug_report", bug_report),
    ("any_input", any_input),
    ("recognised", recognised),
];

/// A classic capture file, through flows and protocols down to fields.
pub fn pcap(bytes: &[u8]) {
    input("pcap", bytes);
}

/// A pcapng file, likewise.
pub fn pcapng(bytes: &[u8]) {
    input("pcapng", bytes);
}

/// A HAR, down to fields.
pub fn har(bytes: &[u8]) {
    input("har", bytes);
}

/// A mitmproxy dump, down to fields.
pub fn mitmproxy(bytes: &[u8]) {
    input("mitmproxy", bytes);
}

/// `PCAPdroid`'s list of connections.
pub fn connections(bytes: &[u8]) {
    input("pcapdroid-csv", bytes);
}

/// A socket trace of `PiRogue`.
pub fn socket_trace(bytes: &[u8]) {
    input("pirogue-socket-trace", bytes);
}

/// A log of Zeek.
pub fn zeek(bytes: &[u8]) {
    input("zeek", bytes);
}

/// Suricata's event log.
pub fn suricata(bytes: &[u8]) {
    input("suricata-eve", bytes);
}

/// DNS messages, as a script of datagrams (see [`dissect`]).
pub fn dns(bytes: &[u8]) {
    dissect("dns", bytes);
}

/// A TLS connection, as a script.
pub fn tls(bytes: &[u8]) {
    dissect("tls", bytes);
}

/// A TLS connection with its key log: the log's lines, an empty one, then the script.
pub fn tls_keyed(bytes: &[u8]) {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n");
    let (key_log, script) = bytes.split_at(end.map_or(0, |end| end + 2));
    let mut keys = KeyLog::default();
    keys.read(key_log);
    let start = Start {
        keys: keys.into(),
        ..Start::default()
    };
    dissect_from(&start, "tls", script);
}

/// A QUIC connection, as a script of datagrams.
pub fn quic(bytes: &[u8]) {
    dissect("quic", bytes);
}

/// An HTTP/1 connection, as a script.
pub fn http1(bytes: &[u8]) {
    dissect("http", bytes);
}

/// An HTTP/2 connection, as a script.
pub fn http2(bytes: &[u8]) {
    dissect("http2", bytes);
}

/// Any protocol: one byte picks it, one says whether in datagrams (odd) or on a connection, then a script.
pub fn protocols(bytes: &[u8]) {
    let Some(([pick, transport], script)) = bytes.split_first_chunk() else {
        return;
    };
    let protocol = &PROTOCOLS[usize::from(*pick) % PROTOCOLS.len()];
    let transport = if transport & 1 == 0 {
        Transport::Tcp
    } else {
        Transport::Udp
    };
    let start = Start {
        transport,
        ..Start::default()
    };
    run((protocol.start)(&start).as_mut(), script);
}

/// What follows the handshake of a `WebSocket`, as a script.
pub fn websocket(bytes: &[u8]) {
    dissect("websocket", bytes);
}

/// A message of Protocol Buffers.
pub fn protobuf(bytes: &[u8]) {
    body("application/x-protobuf", bytes);
}

/// A CBOR document.
pub fn cbor(bytes: &[u8]) {
    body("application/cbor", bytes);
}

/// A `MessagePack` document.
pub fn msgpack(bytes: &[u8]) {
    body("application/msgpack", bytes);
}

/// A BSON document.
pub fn bson(bytes: &[u8]) {
    body("application/bson", bytes);
}

/// A Thrift call.
pub fn thrift(bytes: &[u8]) {
    body("application/x-thrift", bytes);
}

/// A body of that type, and the same without one.
fn body(media_type: &str, bytes: &[u8]) {
    payload(&[b"/\n", media_type.as_bytes(), b"\n\n", bytes].concat());
    payload(&[b"/\n\n\n", bytes].concat());
}

/// The streams of an HTTP/3 connection, as a script of its own (see `read_http3_script`).
pub fn http3(bytes: &[u8]) {
    phonehome::protocol::read_http3_script(bytes, &mut |output| {
        if let Output::Event(event, _) = output {
            payload::decode(&event);
        }
    });
}

/// A request: three lines (target, content type, content encoding), then the body.
pub fn payload(bytes: &[u8]) {
    let mut parts = bytes.splitn(4, |byte| *byte == b'\n');
    let mut line = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let target = line();
    let headers = [("content-type", line()), ("content-encoding", line())]
        .map(|(name, value)| Header {
            name: name.to_owned(),
            value,
        })
        .to_vec();
    let body = parts.next().unwrap_or_default();
    let request = Request {
        method: "POST".to_owned(),
        target,
        headers,
        body: Body {
            bytes: body.to_vec(),
            wire_len: body.len() as u64,
            is_cut: false,
        },
        ..Request::default()
    };
    payload::decode(&Event::Exchange(Exchange {
        request,
        response: None,
        is_protected: false,
    }));
}

/// A binary manifest.
pub fn axml(bytes: &[u8]) {
    manifest::binary_xml(bytes);
}

/// An app package.
pub fn apk(bytes: &[u8]) {
    manifest::apk(&mut Cursor::new(bytes));
}

/// A device dump, and a manifest as text.
pub fn dumpsys(bytes: &[u8]) {
    manifest::dumpsys_package(bytes);
    manifest::text_xml(bytes);
}

/// A property list.
pub fn plist(bytes: &[u8]) {
    manifest::info_plist(bytes);
    manifest::privacy_manifest(bytes, "");
}

/// A DEX file.
pub fn dex(bytes: &[u8]) {
    manifest::dex(bytes, &mut |_| {});
}

/// A manifest as a protocol buffer, which is its own resource table, and the bundle around it.
pub fn aab(bytes: &[u8]) {
    manifest::proto_xml(bytes, bytes);
    manifest::app_bundle(&mut Cursor::new(bytes));
}

/// The pairs of an APK signing block.
pub fn signing(bytes: &[u8]) {
    manifest::signing_block(bytes);
}

/// An executable, a code signature, and the app package around them.
pub fn macho(bytes: &[u8]) {
    manifest::first_slice(bytes);
    manifest::mach_o(bytes, 0);
    manifest::entitlements(bytes);
    manifest::ios_app(&mut Cursor::new(bytes));
}

/// A network security configuration.
pub fn network_security(bytes: &[u8]) {
    if let Some(policy) = manifest::network_security_config(bytes).value {
        policy.is_cleartext_allowed("api.example");
    }
}

/// An archive of app packages, with the code in it.
pub fn package_set(bytes: &[u8]) {
    manifest::package_set(&mut Cursor::new(bytes));
    manifest::code_names(&mut Cursor::new(bytes), &mut |_| {});
}

/// A data safety form.
pub fn data_safety(bytes: &[u8]) {
    manifest::data_safety(bytes, "");
}

/// Output of `dumpsys appops`.
pub fn appops(bytes: &[u8]) {
    input("dumpsys-appops", bytes);
}

/// A network log of a managed phone.
pub fn network_log(bytes: &[u8]) {
    input("android-network-log", bytes);
}

/// An export of `TrackerControl`.
pub fn tracker_control(bytes: &[u8]) {
    input("trackercontrol-csv", bytes);
    input("trackercontrol-database", bytes);
}

/// Databases of data usage and of permissions of iOS.
pub fn data_usage(bytes: &[u8]) {
    input("ios-data-usage", bytes);
    input("ios-permissions", bytes);
}

/// A list of installed apps, in every form.
pub fn inventory(bytes: &[u8]) {
    for format in [
        "package-list",
        "apple-application-list",
        "app-inventory-json",
        "app-inventory-xml",
        "app-inventory-csv",
    ] {
        input(format, bytes);
    }
}

/// The text of a bug report or of all services, and a ZIP archive that may hold one.
pub fn bug_report(bytes: &[u8]) {
    input("bug-report", bytes);
    input("dumpsys", bytes);
    let entries = manifest::zip_entries(&mut Cursor::new(bytes)).value;
    for entry in entries.into_iter().take(10) {
        if let Ok(mut reader) = entry.open(Cursor::new(bytes.to_vec())) {
            // Errors are fine, panics are not.
            let _ = std::io::copy(&mut reader, &mut std::io::sink());
        }
    }
}

/// Apple's App Privacy Report.
pub fn privacy_report(bytes: &[u8]) {
    input("app-privacy-report", bytes);
}

/// An input of any format: the first byte picks it.
pub fn any_input(bytes: &[u8]) {
    if let Some((pick, bytes)) = bytes.split_first() {
        input(FORMATS[usize::from(*pick) % FORMATS.len()].name, bytes);
    }
}

/// A file that is recognised by its content, within a compression, another encoding or a workbook, too.
pub fn recognised(bytes: &[u8]) {
    if let Some(input) = Input::recognised(bytes) {
        read(&input);
    }
}

/// Feeds the dissector of a protocol with a script (see [`run`]).
fn dissect(protocol: &str, script: &[u8]) {
    dissect_from(&Start::default(), protocol, script);
}

fn dissect_from(start: &Start, protocol: &str, script: &[u8]) {
    let protocol = PROTOCOLS
        .iter()
        .find(|known| known.name == protocol)
        .expect("a known protocol");
    run((protocol.start)(start).as_mut(), script);
}

/// Feeds a dissector with a script: for each step one byte (1: from the server, 2: a gap) and the length in two bytes, little
/// end first, then the bytes.
fn run(dissector: &mut dyn Dissector, mut script: &[u8]) {
    let mut emit = |output: Output<'_>| {
        if let Output::Event(event, _) = output {
            payload::decode(&event);
        }
    };
    while let Some(([step, low, high], rest)) = script.split_first_chunk() {
        let side = if step & 1 == 0 {
            Side::Client
        } else {
            Side::Server
        };
        let length = u16::from_le_bytes([*low, *high]);
        if step & 2 != 0 {
            dissector.gap(side, u64::from(length), &mut emit);
            script = rest;
            continue;
        }
        let (bytes, rest) = rest.split_at(usize::from(length).min(rest.len()));
        script = rest;
        let chunk = Chunk {
            side,
            bytes,
            origin: Origin::default(),
        };
        dissector.feed(chunk, &mut emit);
    }
    dissector.finish(&mut emit);
}

/// An input of any format.
fn input(format: &'static str, bytes: &[u8]) {
    read(&Input::in_memory(InputId::default(), format, bytes));
}

/// Gathers from an input, and reads it to its end.
fn read(input: &Input) {
    // Errors are fine, panics are not.
    let _gathered = input.gather();
    if let Ok(Some(mut source)) = input.open() {
        let mut flows = Flows::new();
        let mut coverage = Coverage::default();
        let mut decode = |sighting: phonehome::model::Sighting| {
            payload::decode(&sighting.event);
        };
        while let Ok(Some(item)) = source.next_item() {
            match item {
                Item::Packet(packet) => flows.packet(&packet, &mut coverage, &mut decode),
                Item::Sighting(sighting) => decode(*sighting),
                Item::Shortfall { .. } => {}
            }
        }
        flows.finish(&mut coverage, &mut decode);
    }
}
