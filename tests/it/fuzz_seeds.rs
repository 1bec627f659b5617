//! The fuzz targets on forged seeds, on cut and changed copies of them, and on whatever once broke them.
//!
//! With `PHONEHOME_FORGE=1` in the environment the seeds are written to `fuzz/corpus` for cargo-fuzz.

#[allow(unreachable_pub, reason = "public for the package that includes it")]
mod targets;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use phonehome::intake::FORMATS;
use phonehome::model::{LinkType, Side};
use phonehome::protocol::PROTOCOLS;

use crate::forge::app;
use crate::forge::archive::{self, gzip};
use crate::forge::axml::{self, Element, Value};
use crate::forge::capture::{Pcap, Pcapng, Record, comment};
use crate::forge::stream::Connection;
use crate::forge::{
    Chance, case, dns, http, http2, inventory, log, packet, quic, record, sources, tls, websocket,
};

const HOST: &str = "api.example";

/// Changed copies of each seed.
const CHANGES: usize = 60;
/// Cut copies of each seed.
const CUTS: usize = 30;

fn client() -> SocketAddr {
    "192.0.2.7:40000".parse().unwrap()
}

fn server() -> SocketAddr {
    "198.51.100.1:80".parse().unwrap()
}

fn exchange() -> (Vec<u8>, Vec<u8>) {
    let body = gzip(br#"{"phone":"+49 30 23125 001","at":[52.5,13.4]}"#);
    let headers = [
        ("Content-Type", "application/json"),
        ("Content-Encoding", "gzip"),
    ];
    let request = http::request("POST", HOST, "/v1/track?id=1", &headers, &body);
    (request, http::response(200, &[], b"ok"))
}

fn exchanges() -> Vec<record::Exchange> {
    let exchange = |body: &[u8]| record::Exchange {
        method: "POST",
        host: HOST.to_owned(),
        target: "/v1/track?id=1".to_owned(),
        headers: vec![("Content-Type", "application/json".to_owned())],
        body: body.to_vec(),
        response: b"ok".to_vec(),
    };
    vec![
        exchange(br#"{"phone":"+49 30 23125 001"}"#),
        exchange(b"\xff\x00"),
    ]
}

fn lookup() -> [Vec<u8>; 2] {
    let answers = [
        dns::Answer::Alias(HOST, "edge.example"),
        dns::Answer::Address("edge.example", server().ip()),
    ];
    [
        dns::query(7, HOST, dns::A),
        dns::answer(7, HOST, dns::A, &answers),
    ]
}

/// A few words of each protocol that has no target of its own.
fn protocol_scripts() -> Vec<Vec<u8>> {
    let stream = "<stream:stream xmlns:stream='http://etherx.jabber.org/streams'><message to='o@b.example'><body>?OTR:A.</body>\
        <encrypted xmlns='urn:xmpp:omemo:2'/></message><iq type='set'><query xmlns='jabber:iq:roster'><item jid='o@b.example'/>\
        </query></iq>";
    let permission =
        b"\0\x08\0\x0c\x21\x12\xa4\x42abcdefghijkl\0\x12\0\x08\0\x01\xa1\x47\xe1\x12\xa6\x43";
    let channel = b"\x40\x01\0\x11\x80\x6f\0\x01\0\0\x03\xc0\0\0\xab\xcdsound\0\0\0";
    let report = b"\x80\xc9\0\x01\0\0\xab\xcd\x81\xca\0\x03\0\0\xab\xcd\x01\x05e@a.x\0";
    let name =
        b"\x12\x34\x29\x10\0\x01\0\0\0\0\0\x01\x20EFEFEFEFEFEFEFEFEFEFEFEFEFEFCAAA\0\0\x20\0\x01";
    let topic = b"\x10\x0d\0\x04MQTT\x04\0\0\x3c\0\x01a\x30\x06\0\x01t\x08\xff\0";
    let invite = b"INVITE sip:o@b.example SIP/2.0\r\nf: <sip:e@a.example>\r\nl: 4\r\n\r\nv=0\n";
    let key = b"\xef\x0aKEYID--8 and what is encrypted with it";
    let transfer =
        b"220 a\r\nUSER e\r\nEPSV\r\n229 (|||6446|)\r\nPORT 192,0,2,7,195,80\r\nSTOR a\r\n";
    let parts: [(&str, u8, &[u8]); 11] = [
        ("ftp", 1, transfer),
        ("ftp-data", 1, b"BEGIN:VCARD"),
        ("xmpp", 0, stream.as_bytes()),
        ("stun", 1, permission),
        ("stun", 0, permission),
        ("stun", 0, channel),
        ("rtp", 1, report),
        ("netbios-ns", 1, name),
        ("mqtt", 0, topic),
        ("sip", 0, invite),
        ("telegram", 0, key),
    ];
    parts
        .iter()
        .map(|(protocol, transport, bytes)| {
            let pick = PROTOCOLS.iter().position(|known| known.name == *protocol);
            let pick = u8::try_from(pick.unwrap()).unwrap();
            let (half, rest) = bytes.split_at(bytes.len() / 2);
            let said = match transport {
                0 => script([(Side::Client, half), (Side::Client, rest)]),
                _ => script([(Side::Client, *bytes), (Side::Server, *bytes)]),
            };
            [&[pick, *transport][..], &said].concat()
        })
        .collect()
}

fn packets() -> Vec<Vec<u8>> {
    let resolver: SocketAddr = "192.0.2.1:53".parse().unwrap();
    let [query, answer] = lookup();
    let mut connection = Connection::open(client(), server());
    let (request, response) = exchange();
    connection.send_in(Side::Client, &request, 90);
    connection.send(Side::Server, &response).close();
    let mut packets = vec![
        packet::udp(client(), resolver, &query),
        packet::udp(resolver, client(), &answer),
    ];
    packets.extend(connection.packets.into_iter().map(|sent| sent.ip));
    packets
}

fn records(wrap: fn(&[u8]) -> Vec<u8>) -> Vec<Record> {
    (1_760_000_000_u64..)
        .zip(packets())
        .map(|(second, packet)| Record::at(second * 1_000_000_000, wrap(&packet)))
        .collect()
}

fn pcapng() -> Vec<u8> {
    let mut file = Pcapng::new();
    let interface = file.interface(LinkType::RAW, Some(9));
    file.uid_map(10_123, "com.example.notes", "Notes");
    file.names(&[("198.51.100.1".parse().unwrap(), HOST)]);
    for record in records(<[u8]>::to_vec) {
        file.packet(interface, &record, &[comment("u-10123")]);
    }
    file.bytes
}

/// See `dissect` of the targets.
fn script<'a>(steps: impl IntoIterator<Item = (Side, &'a [u8])>) -> Vec<u8> {
    let mut script = Vec::new();
    for (side, bytes) in steps {
        script.push(u8::from(side == Side::Server));
        script.extend(u16::try_from(bytes.len()).unwrap().to_le_bytes());
        script.extend(bytes);
    }
    script
}

fn tls_script(is_version_12: bool) -> Vec<u8> {
    let settings = tls::Settings {
        is_version_12,
        ..tls::Settings::new(HOST, 7)
    };
    let mut session = tls::Session::new(&settings);
    let mut steps = session.handshake();
    steps.push((
        Side::Client,
        session.send(Side::Client, b"GET / HTTP/1.1\r\n\r\n"),
    ));
    script(steps.iter().map(|(side, bytes)| (*side, bytes.as_slice())))
}

fn keyed_tls_script(is_version_12: bool) -> Vec<u8> {
    let settings = tls::Settings {
        is_version_12,
        ..tls::Settings::new(HOST, 7)
    };
    let mut session = tls::Session::new(&settings);
    let mut steps = session.handshake();
    for side in [Side::Client, Side::Server, Side::Client] {
        steps.push((side, session.send(side, b"GET / HTTP/1.1\r\n\r\n")));
        if !is_version_12 {
            steps.push((side, session.update_keys(side)));
        }
    }
    let steps = script(steps.iter().map(|(side, bytes)| (*side, bytes.as_slice())));
    [session.key_log().into_bytes(), b"\n".to_vec(), steps].concat()
}

fn quic_script() -> Vec<u8> {
    let mut session = quic::Session::new(&tls::Settings {
        alpn: &["h3"],
        ..tls::Settings::new(HOST, 7)
    });
    session.respond(b"ok");
    let datagrams = session.datagrams.iter();
    script(datagrams.map(|(side, bytes)| (*side, bytes.as_slice())))
}

/// The server's settings, the client's table with `:authority`, a request that refers to it with a body, the answer.
fn http3_script() -> Vec<u8> {
    let steps: [(u8, &[u8]); 4] = [
        (3 << 3 | 1, b"\x00\x04\x03\x01\x40\xdc"),
        (2 << 3, b"\x02\x3f\xbd\x01\xc0\x0bapi.example"),
        (4, b"\x01\x05\x02\x00\xd4\xd7\x80\x00\x0dlatitude=52.5"),
        (4 | 1, b"\x01\x03\x00\x00\xd9\x00\x02ok"),
    ];
    let steps = steps.iter().flat_map(|(step, bytes)| {
        let length = u8::try_from(bytes.len()).unwrap();
        [&[*step, length], *bytes].concat()
    });
    steps.collect()
}

fn manifest(style: axml::Style) -> Vec<u8> {
    let application = Element::new("application")
        .with("label", Value::Reference(0x7f01_0000))
        .with("debuggable", Value::Flag(true));
    let root = Element::new("manifest")
        .with("package", Value::Text("com.example.notes"))
        .child(Element::new("uses-permission").with("name", Value::Text("a.b.CAMERA")))
        .child(application);
    axml::styled_document(&root, style)
}

fn case_files(ending: &str) -> Vec<Vec<u8>> {
    let files = case::files().into_iter();
    files
        .filter(|(path, _)| path.ends_with(ending))
        .map(|(_, bytes)| bytes)
        .collect()
}

fn http2_script() -> Vec<u8> {
    let (opening, settings) = http2::opening();
    let (mut asks, mut answers) = (http2::Encoder::default(), http2::Encoder::default());
    let lines = http2::request("POST", HOST, "/v1", &[("content-type", "text/plain")]);
    let first = asks.message(1, &lines, b"latitude=52.5", 5);
    let second = asks.message(3, &lines, b"", 5);
    let answer = answers.message(1, &[(":status", "200")], b"ok", 5);
    script([
        (Side::Client, opening.as_slice()),
        (Side::Server, settings.as_slice()),
        (Side::Client, first.as_slice()),
        (Side::Server, answer.as_slice()),
        (Side::Client, &second[..10]),
        (Side::Client, &second[10..]),
    ])
}

fn websocket_script() -> Vec<u8> {
    let message = websocket::frame(Side::Client, websocket::TEXT, b"{\"phone\":1}");
    let (first, second) = message.split_at(9);
    let packed = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00";
    script([
        (Side::Client, first),
        (Side::Server, packed),
        (Side::Client, second),
    ])
}

/// Documents of a binary format.
fn documents(format: &str) -> Vec<Vec<u8>> {
    match format {
        "protobuf" => vec![
            b"\x0a\x05erika\x10\x96\x01\x1a\x09\x09\x33\x33\x33\x33\x33\x43\x4a\x40".to_vec(),
            b"\x03\x08\x96\x01\x03\x08\x97\x02".to_vec(),
        ],
        "cbor" => vec![
            b"\xa2\x65login\x65erika\x62at\x82\xfb\x40\x4a\x42\x8f\x5c\x28\xf5\xc3\xf9\x3c\x00".to_vec(),
            b"\xd2\x84\x43\xa1\x01\x26\xa1\x04\x42\x31\x31\x43\xa1\x01\x02\x41\xff".to_vec(),
        ],
        "msgpack" => vec![b"\x82\xa5login\xa5erika\xa2at\x92\xcb\x40\x4a\x42\x8f\x5c\x28\xf5\xc3\xd6\xff\x59\x68\x2f\x00".to_vec()],
        "bson" => vec![b"\x16\0\0\0\x02hello\0\x06\0\0\0world\0\0".to_vec()],
        "thrift" => vec![
            b"\x82\x21\x01\x03log\x18\x02ab\x11\x19\x25\x02\x01\x1b\x01\x85\x01k\x0a\0".to_vec(),
            b"\x80\x01\0\x01\0\0\0\x03log\0\0\0\x01\x0b\0\x01\0\0\0\x02ab\0".to_vec(),
        ],
        other => panic!("no document of {other}"),
    }
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    match target {
        "pcap" => vec![
            Pcap::new(LinkType::ETHERNET).write(&records(packet::ethernet)),
            Pcap {
                is_big_endian: true,
                has_nanoseconds: true,
                ..Pcap::new(LinkType::RAW)
            }
            .write(&records(<[u8]>::to_vec)),
        ],
        "pcapng" => vec![pcapng()],
        "har" => vec![record::har(&exchanges())],
        "mitmproxy" => vec![record::mitmproxy(&exchanges())],
        "connections" => vec![record::CONNECTIONS.as_bytes().to_vec()],
        "socket_trace" => vec![record::SOCKET_TRACE.as_bytes().to_vec()],
        "zeek" => vec![record::ZEEK_CONN.as_bytes().to_vec(), record::ZEEK_SSL.as_bytes().to_vec()],
        "suricata" => vec![record::EVE.as_bytes().to_vec()],
        "dns" => {
            let [query, answer] = lookup();
            vec![script([
                (Side::Client, query.as_slice()),
                (Side::Server, answer.as_slice()),
            ])]
        }
        "tls" => vec![tls_script(false), tls_script(true)],
        "tls_keyed" => vec![keyed_tls_script(false), keyed_tls_script(true)],
        "quic" => vec![quic_script()],
        "http1" => {
            let (request, response) = exchange();
            let chunked: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
            vec![script([
                (Side::Client, request.as_slice()),
                (Side::Server, response.as_slice()),
                (Side::Client, &request[..60]),
                (Side::Client, &request[60..]),
                (Side::Server, chunked),
            ])]
        }
        "protocols" => protocol_scripts(),
        "http2" => vec![http2_script()],
        "websocket" => vec![websocket_script()],
        "protobuf" | "cbor" | "msgpack" | "bson" | "thrift" => documents(target),
        "http3" => vec![http3_script()],
        "payload" => vec![
            b"/a?q=%7B%22b%22%3A1%7D\napplication/json\n\n{\"a\":[1,{\"b\":\"eyJjIjoxfQ==\"}]}".to_vec(),
            b"/\napplication/x-www-form-urlencoded\n\na=1&b=%41&c=eyJhIjoxfQ.eyJiIjoyfQ.c2ln".to_vec(),
            b"/\nmultipart/form-data; boundary=x\n\n--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n".to_vec(),
            [b"/\napplication/json\ngzip\n".to_vec(), gzip(b"{\"a\":1}")].concat(),
            b"/\ntext/plain\n\nsent payload={\"lat\":52.5,\"at\":[{\"b\":\"}\"}]} ok data:text/plain;base64,YWJj|d".to_vec(),
            [b"/\ntext/plain\n\n\xff\xfe".to_vec(), wide("{\"login\":\"erika\"}", u16::to_le_bytes)].concat(),
            [b"/\n\n\n".to_vec(), stored(&[("a.json", b"{\"login\":\"erika\"}"), ("b.txt", b"lat=52.5")])].concat(),
            b"/\n\n\n\0\x01\0\x05de_DE\0\x05a.b.c\0\x0418.0\0\0\0\x01\0\0\0\x0a\x0a\x05erika\x10\x96\x01".to_vec(),
        ],
        "axml" => [(false, false), (true, false), (false, true)]
            .map(|(is_utf8, has_no_ids)| {
                manifest(axml::Style {
                    is_utf8,
                    has_no_ids,
                    ..axml::Style::default()
                })
            })
            .to_vec(),
        "apk" => {
            let manifest = manifest(axml::Style::default());
            vec![archive::zip(&[("AndroidManifest.xml", &manifest), ("resources.arsc", b"\x02\0\x0c\0")])]
        }
        "dumpsys" => [case_files("dumpsys-package.txt"), case_files("AndroidManifest.xml")].concat(),
        "plist" => vec![
            b"<plist><dict><key>CFBundleIdentifier</key><string>com.example.a</string>\
              <key>NSCameraUsageDescription</key><string>x</string></dict></plist>"
                .to_vec(),
            b"bplist00\xd1\x01\x02\x52ab\x09\x08\x0b\x0e\0\0\0\0\0\0\x01\x01\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0f".to_vec(),
        ],
        "appops" => vec![log::APPOPS_8.into(), log::APPOPS_14.into()],
        "network_log" => vec![log::INTRUSION.into(), log::DEVICE_OWNER.into(), log::DEVICE_OWNER_JSON.into(), log::DEVICE_OWNER_CSV.into()],
        "tracker_control" => vec![log::TRACKER_CONTROL.into(), log::TRACKER_CONTROL_ONE.into(), log::NETGUARD.to_vec()],
        "data_usage" => vec![log::DATA_USAGE.to_vec(), log::TCC.to_vec()],
        "privacy_report" => vec![log::PRIVACY_REPORT.into()],
        other => app_seeds(other),
    }
}

fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

/// A ZIP archive whose files can be changed in place.
fn stored(files: &[(&str, &[u8])]) -> Vec<u8> {
    let entries = files.iter();
    let entries: Vec<_> = entries
        .map(|(name, bytes)| archive::Entry::stored(name, bytes))
        .collect();
    archive::zip_of(&entries, &[])
}

/// Lists of apps as they lie there, and in each wrapping.
fn wrapped_lists() -> Vec<Vec<u8>> {
    let strings = b"<sst><si><t>Serial Number</t></si><si><t>Bundle ID</t></si><si><r><t>App Name</t></r></si></sst>";
    let sheet = b"<worksheet><sheetData><row><c r=\"A1\" t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c><c t=\"s\"><v>2</v></c></row>\
        <row><c t=\"inlineStr\"><is><t>S1</t></is></c><c t=\"str\"><v>org.example.chat</v></c><c r=\"C2\"><v>7</v></c></row>\
        </sheetData></worksheet>";
    let workbook = stored(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/sharedStrings.xml", strings),
        ("xl/worksheets/sheet1.xml", sheet),
    ]);
    vec![
        inventory::PACKAGE_LIST.into(),
        inventory::JAMF.into(),
        inventory::INTUNE_CSV.into(),
        gzip(inventory::INTUNE_CSV.as_bytes()),
        [
            b"\xff\xfe".to_vec(),
            wide(inventory::INTUNE_CSV, u16::to_le_bytes),
        ]
        .concat(),
        [
            b"\xfe\xff".to_vec(),
            wide(inventory::JAMF, u16::to_be_bytes),
        ]
        .concat(),
        workbook,
    ]
}

/// Seeds of what lies in app packages and beside them.
fn app_seeds(target: &str) -> Vec<Vec<u8>> {
    match target {
        "dex" => vec![app::dex(&["com/example/A", "com/example/B"])],
        "aab" => vec![
            app::proto_manifest("com.example.a"),
            app::bundle("com.example.a"),
        ],
        "signing" => vec![app::signing_pairs(b"certificate")],
        "macho" => vec![
            app::executable("<plist><dict><key>a</key><true/></dict></plist>"),
            app::code_signature("<plist><dict><key>a</key><true/></dict></plist>"),
            app::ipa("com.example.a"),
        ],
        "network_security" => vec![
            b"<network-security-config><domain-config cleartextTrafficPermitted=\"true\"><domain includeSubdomains=\"true\">\
              api.example</domain><pin-set expiration=\"2030-01-01\"><pin digest=\"SHA-256\">AA</pin></pin-set>\
              </domain-config></network-security-config>"
                .to_vec(),
        ],
        "package_set" => {
            let manifest = manifest(axml::Style::default());
            let dex = app::dex(&["com/example/A"]);
            let package = archive::zip(&[("AndroidManifest.xml", &manifest), ("classes.dex", &dex)]);
            vec![archive::zip(&[("base.apk", &package), ("config.de.apk", &package)])]
        }
        "data_safety" => vec![
            b"Question ID (machine readable),Response ID (machine readable),Response value\r\n\
              PSL_DATA_TYPES_CONTACTS,PSL_CONTACTS,true\r\n\
              PSL_DATA_USAGE_RESPONSES:PSL_CONTACTS:PSL_DATA_USAGE_EPHEMERAL,,\"true\"\r\n"
                .to_vec(),
        ],
        "inventory" => vec![
            inventory::PACKAGE_LIST.into(),
            inventory::APPLE_ANSWER.into(),
            inventory::GRAPH.into(),
            inventory::ANDROID_MANAGEMENT.into(),
            inventory::INTUNE_CSV.into(),
            inventory::JAMF.into(),
        ],
        "bug_report" => vec![
            inventory::bug_report().into_bytes(),
            inventory::all_services().into_bytes(),
            archive::zip(&[("dumpstate.txt", inventory::bug_report().as_bytes())]),
        ],
        "recognised" => wrapped_lists(),
        "any_input" => sources::files()
            .into_iter()
            .map(|(_, format, bytes)| {
                let pick = FORMATS.iter().position(|known| known.name == format);
                [&[u8::try_from(pick.unwrap()).unwrap()], bytes.as_slice()].concat()
            })
            .collect(),
        other => panic!("no seeds for {other}"),
    }
}

#[test]
fn fuzz_seeds_are_read_whole_cut_and_changed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let is_writing = std::env::var_os("PHONEHOME_FORGE").is_some();
    for (target, run) in targets::TARGETS {
        for (number, seed) in seeds(target).into_iter().enumerate() {
            if is_writing {
                let folder = root.join("corpus").join(target);
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join(format!("forged-{number}")), &seed).unwrap();
            }
            run(&seed);
            let mut chance = Chance::new(number as u64);
            let mut below = |bound: usize| usize::try_from(chance.next() % bound as u64).unwrap();
            for _ in 0..CUTS {
                run(&seed[..below(seed.len())]);
            }
            for _ in 0..CHANGES {
                let mut changed = seed.clone();
                for _ in 0..=below(8) {
                    let at = below(changed.len());
                    changed[at] = u8::try_from(below(256)).unwrap();
                }
                run(&changed);
            }
        }
    }
}

#[test]
fn what_once_broke_a_target_no_longer_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/regressions");
    for (target, run) in targets::TARGETS {
        let Ok(files) = fs::read_dir(root.join(target)) else {
            continue;
        };
        for file in files {
            run(&fs::read(file.unwrap().path()).unwrap());
        }
    }
}

/// The list of targets, the files that cargo-fuzz builds and their manifest are three places; this holds them together.
#[test]
fn every_fuzz_target_has_its_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let Ok(manifest) = fs::read_to_string(root.join("Cargo.toml")) else {
        println!("skipped: fuzz is absent, as in a published package");
        return;
    };
    for (target, _) in targets::TARGETS {
        let file = fs::read_to_string(root.join(format!("fuzz_targets/{target}.rs"))).unwrap();
        assert!(file.contains(&format!("phonehome_fuzz::{target}(bytes)")));
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")));
    }
}
