//! The samples in `samples/sources`: a small file for each format that is read.

use phonehome::model::LinkType;

use super::axml::{self, Element, Value};
use super::capture::{Pcapng, Record, comment};
use super::{app, archive, case, dns, http, inventory, log, packet, record, stream, tls};

/// A sample: path below `samples/sources`, the format that it is, contents.
pub(crate) type Source = (&'static str, &'static str, Vec<u8>);

/// All samples, in the order of their paths.
#[allow(clippy::too_many_lines, reason = "a list")]
pub(crate) fn files() -> Vec<Source> {
    let exchanges = exchanges();
    let text = |text: &str| text.as_bytes().to_vec();
    let manifest = manifest();
    let code = app::dex(&["com/example/notes/A", "com/adjust/sdk/Adjust"]);
    let base = archive::zip(&[("AndroidManifest.xml", &manifest), ("classes.dex", &code)]);
    let split = archive::zip(&[("AndroidManifest.xml", &split_manifest())]);
    let set = archive::zip(&[("base.apk", &base), ("split_config.de.apk", &split)]);
    let package = app::signed(&base, &app::signing_pairs(b"certificate"));
    let mut files = vec![
        (
            "App_Privacy_Report.ndjson",
            "app-privacy-report",
            text(log::PRIVACY_REPORT),
        ),
        ("AndroidManifest.xml", "android-manifest-binary", manifest),
        (
            "DataUsage.sqlite",
            "ios-data-usage",
            log::DATA_USAGE.to_vec(),
        ),
        ("Info.plist", "info-plist", text(INFO_PLIST)),
        (
            "Netguard",
            "trackercontrol-database",
            log::NETGUARD.to_vec(),
        ),
        (
            "PrivacyInfo.xcprivacy",
            "privacy-manifest",
            text(PRIVACY_MANIFEST),
        ),
        ("TCC.db", "ios-permissions", log::TCC.to_vec()),
        ("ad_ids.txt", "advertising-ids", text(AD_IDS)),
        ("aes_info.json", "pirogue-aes-trace", text(AES_INFO)),
        ("app.aab", "aab", app::bundle("com.example.notes")),
        ("app.apk", "apk", package),
        ("app.ipa", "ipa", app::ipa("com.example.notes")),
        ("app.xapk", "apk-set", set),
        (
            "apple-mdm.plist",
            "apple-application-list",
            text(inventory::APPLE_ANSWER),
        ),
        (
            "bugreport.txt",
            "bug-report",
            inventory::bug_report().into_bytes(),
        ),
        (
            "dumpsys.txt",
            "dumpsys",
            inventory::all_services().into_bytes(),
        ),
        (
            "connections.csv",
            "pcapdroid-csv",
            text(record::CONNECTIONS),
        ),
        ("conn.log", "zeek", text(record::ZEEK_CONN)),
        ("contacts.vcf", "known-values", text(CONTACTS)),
        ("data-safety.csv", "data-safety", text(DATA_SAFETY)),
        (
            "device-owner.txt",
            "android-network-log",
            text(log::DEVICE_OWNER),
        ),
        ("device.json", "android-properties", text(PROPERTIES)),
        ("dumpsys-appops.txt", "dumpsys-appops", text(log::APPOPS_14)),
        ("dumpsys-package.txt", "dumpsys-package", dumpsys_package()),
        ("eve.json", "suricata-eve", text(record::EVE)),
        ("experiment.json", "pirogue-experiment", text(EXPERIMENT)),
        ("flows.mitm", "mitmproxy", record::mitmproxy(&exchanges)),
        (
            "intune.csv",
            "app-inventory-csv",
            text(inventory::INTUNE_CSV),
        ),
        ("intune.json", "app-inventory-json", text(inventory::GRAPH)),
        ("jamf.xml", "app-inventory-xml", text(inventory::JAMF)),
        (
            "packages.txt",
            "package-list",
            text(inventory::PACKAGE_LIST),
        ),
        (
            "socket_trace.json",
            "pirogue-socket-trace",
            text(record::SOCKET_TRACE),
        ),
        (
            "source/AndroidManifest.xml",
            "android-manifest-text",
            text(TEXT_MANIFEST),
        ),
        ("sslkeylog.txt", "key-log", key_log()),
        ("traffic.har", "har", record::har(&exchanges)),
        ("traffic.pcap", "pcap", record::pcap(&exchanges)),
        ("traffic.pcapng", "pcapng", pcapng()),
        ("traffic.snoop", "snoop", snoop()),
        (
            "trackercontrol.csv",
            "trackercontrol-csv",
            text(log::TRACKER_CONTROL),
        ),
    ];
    files.sort();
    files
}

/// Two exchanges in clear, of the apps of `connections.csv` and `socket_trace.json`.
fn exchanges() -> Vec<record::Exchange> {
    [
        "38400000-8cf0-11bd-b23e-10b96e40000d",
        "48400000-8cf0-11bd-b23e-10b96e40000d",
    ]
    .map(|id| record::Exchange {
        method: "POST",
        host: "collector.example".to_owned(),
        target: "/v1".to_owned(),
        headers: vec![("Content-Type", "application/json".to_owned())],
        body: format!(r#"{{"advertising_id":"{id}"}}"#).into_bytes(),
        response: b"ok".to_vec(),
    })
    .to_vec()
}

fn manifest() -> Vec<u8> {
    let application = Element::new("application").with("usesCleartextTraffic", Value::Flag(true));
    let contacts = Value::Text("android.permission.READ_CONTACTS");
    let root = Element::new("manifest")
        .with("package", Value::Text("com.example.notes"))
        .child(Element::new("uses-permission").with("name", contacts))
        .child(application);
    axml::document(&root)
}

fn split_manifest() -> Vec<u8> {
    let root = Element::new("manifest")
        .with("package", Value::Text("com.example.notes"))
        .with("split", Value::Text("config.de"));
    axml::document(&root)
}

fn dumpsys_package() -> Vec<u8> {
    let mut files = case::files().into_iter();
    let dump = files.find(|(path, _)| *path == "company-phone/dumpsys-package.txt");
    dump.unwrap().1
}

/// Of a connection with TLS 1.3, the lines that open it.
fn key_log() -> Vec<u8> {
    let mut session = tls::Session::new(&tls::Settings::new("api.example", 7));
    session.handshake();
    session.key_log().into_bytes()
}

/// A request with the owner of its socket, as `PCAPdroid` writes it.
fn pcapng() -> Vec<u8> {
    let mut file = Pcapng::new();
    let interface = file.interface(LinkType::RAW, None);
    file.uid_map(10_123, "org.example.notes", "Notes");
    for record in request() {
        file.packet(interface, &record, &[comment("u-10123")]);
    }
    file.bytes
}

/// A lookup and a request with its answer.
fn request() -> Vec<Record> {
    let phone = "192.0.2.10:40000".parse().unwrap();
    let resolver = "192.0.2.1:53".parse().unwrap();
    let host = "collector.example";
    let server: std::net::SocketAddr = "198.51.100.20:80".parse().unwrap();
    let answers = [dns::Answer::Address(host, server.ip())];
    let mut packets = vec![
        packet::udp(phone, resolver, &dns::query(7, host, dns::A)),
        packet::udp(resolver, phone, &dns::answer(7, host, dns::A, &answers)),
    ];
    let mut connection = stream::Connection::open(phone, server);
    let json = [("Content-Type", "application/json")];
    let body = br#"{"lat":52.374478,"lon":9.738553}"#;
    let request = http::request("POST", host, "/v1", &json, body);
    connection.send(phonehome::model::Side::Client, &request);
    let response = http::response(200, &[], b"ok");
    connection
        .send(phonehome::model::Side::Server, &response)
        .close();
    packets.extend(connection.packets.into_iter().map(|sent| sent.ip));
    (0..)
        .zip(packets)
        .map(|(step, ip)| Record::at(1_760_000_000_000_000_000 + step * 1_000_000, ip))
        .collect()
}

/// As Solaris and many network devices write it (RFC 1761).
fn snoop() -> Vec<u8> {
    let mut bytes = b"snoop\0\0\0".to_vec();
    let numbers = |bytes: &mut Vec<u8>, all: &[usize]| {
        for number in all {
            bytes.extend(u32::try_from(*number).unwrap().to_be_bytes());
        }
    };
    numbers(&mut bytes, &[2, 4]);
    for (step, record) in request().into_iter().enumerate() {
        let frame = packet::ethernet(&record.bytes);
        let padding = frame.len().next_multiple_of(4) - frame.len();
        let whole = 24 + frame.len() + padding;
        let seconds = 1_760_000_000;
        numbers(
            &mut bytes,
            &[frame.len(), frame.len(), whole, 0, seconds, step * 1000],
        );
        bytes.extend(frame);
        bytes.resize(bytes.len() + padding, 0);
    }
    bytes
}

const INFO_PLIST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
<key>CFBundleIdentifier</key><string>com.example.notes</string>
<key>CFBundleDisplayName</key><string>Notes</string>
<key>NSContactsUsageDescription</key><string>Share notes with people you know</string>
<key>NSAppTransportSecurity</key><dict><key>NSAllowsArbitraryLoads</key><true/></dict>
<key>UIBackgroundModes</key><array><string>location</string></array>
</dict></plist>
"#;

const PRIVACY_MANIFEST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
<key>NSPrivacyTracking</key><true/>
<key>NSPrivacyTrackingDomains</key><array><string>collector.example</string></array>
<key>NSPrivacyCollectedDataTypes</key><array><dict>
<key>NSPrivacyCollectedDataType</key><string>NSPrivacyCollectedDataTypeContacts</string>
<key>NSPrivacyCollectedDataTypeLinked</key><true/>
</dict></array>
<key>NSPrivacyAccessedAPITypes</key><array/>
</dict></plist>
"#;

const AD_IDS: &str = "38400000-8cf0-11bd-b23e-10b96e40000d\n";

const AES_INFO: &str = r#"[
{"type":"aes_info_log","dump":"aes_info.json","pid":7,"process":"org.example.notes","timestamp":1760003600000,"data":{"alg":"AES/CBC/PKCS5Padding","key":"00112233445566778899aabbccddeeff","iv":"","in":"","out":""}},
{"type":"aes_info_log","dump":"aes_info.json","pid":7,"process":"org.example.notes","timestamp":1760003600001,"data":{"alg":"AES/CBC/PKCS5Padding","key":"00112233445566778899aabbccddeeff","iv":"000102030405060708090a0b0c0d0e0f","in":"7b226c6174223a35327d","out":"a0b1c2d3e4f5a6b7c8d9eafb0c1d2e3f"}}
]
"#;

const CONTACTS: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Muster;Erika;;;\r\nFN:Erika Muster\r\nTEL;TYPE=CELL:+49 176 04069001\r\nEMAIL:erika.muster@kunde.example\r\nEND:VCARD\r\n";

const DATA_SAFETY: &str = "Question ID (machine readable),Response ID (machine readable),Response value,Answer requirement,Human-friendly question label\r
PSL_DATA_COLLECTION_COLLECTS_PERSONAL_DATA,,true,REQUIRED,Does your app collect or share any of the required user data types?\r
PSL_DATA_TYPES_CONTACTS,PSL_CONTACTS,true,MULTIPLE_CHOICE,Contacts\r
PSL_DATA_USAGE_RESPONSES:PSL_CONTACTS:PSL_DATA_USAGE_COLLECTION_AND_SHARING,PSL_DATA_USAGE_ONLY_COLLECTED,true,MULTIPLE_CHOICE,Collected\r
";

const PROPERTIES: &str = r#"{"ro.product.manufacturer":"Example","ro.product.model":"Fono 3","ro.build.version.release":"14","persist.sys.timezone":"Europe/Berlin","ro.serialno":"EX0042ZZ"}
"#;

const EXPERIMENT: &str = r#"{"network":{"start_capture_time":1760003600000.0,"file":"traffic.pcap"},"device":{"ro.product.manufacturer":"Example","ro.product.model":"Fono 3","ro.serialno":"EX0042ZZ"},"socket_traces":{"file":"socket_trace.json"},"crypto_traces":{"file":"aes_info.json"},"sslkeylog":{"file":"sslkeylog.txt"}}
"#;

const TEXT_MANIFEST: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="com.example.notes">
    <uses-permission android:name="android.permission.READ_CONTACTS" />
    <application android:usesCleartextTraffic="true" />
</manifest>
"#;
