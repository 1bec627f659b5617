//! A company phone with WhatsApp and a weather app full of trackers, captured at the Wi-Fi gateway: nothing in the capture says which
//! app a packet belongs to.

use phonehome::model::{LinkType, Side};

use super::dumpsys::{self, Grant, Package};
use super::{AGENT, Exchange, SampleFile, get, post_json};
use crate::forge::archive::{gzip, zip};
use crate::forge::axml::{self, Element, Value};
use crate::forge::capture::{Pcap, Record};
use crate::forge::phone::{App, Captured, Host, Phone};
use crate::forge::stream::Connection;
use crate::forge::{http, packet, tls};

/// 5 October 2026, 08:12 UTC.
const START: u64 = 1_791_187_920_000_000_000;
const VLAN: u16 = 30;

const SYSTEM: App = app(1073, "com.android.networkstack");
const PUSH: App = app(10_120, "com.google.android.gms");
const WHATSAPP: App = app(10_187, "com.whatsapp");
const WETTERLICHT: App = app(10_214, "com.example.wetterlicht");

/// What Wetterlicht calls itself in requests.
const WETTERLICHT_AGENT: &str = "Wetterlicht/3.1.0 (com.example.wetterlicht; Android 14)";
const ADVERTISING_ID: &str = "7c4f1a0e-3b52-4d8e-9a61-5f0c2b7d4e93";

/// Owners do not get into this capture; they only keep the story readable.
const fn app(uid: i32, package: &'static str) -> App {
    App {
        uid,
        package,
        label: "",
    }
}

pub(super) fn files() -> Vec<SampleFile> {
    vec![
        ("company-phone/wifi-gateway.pcap", capture()),
        ("company-phone/dumpsys-package.txt", packages()),
        ("company-phone/wetterlicht.apk", apk()),
    ]
}

fn capture() -> Vec<u8> {
    let mut phone = Phone::new(21, START, None);
    running_before(&mut phone);
    phone.at(400);
    phone.operating_system(SYSTEM, PUSH);
    phone.at(5_000);
    whatsapp_chat(&mut phone);
    phone.at(20_000);
    contacts_upload(&mut phone);
    for (number, moment) in [30_000, 95_000, 160_000].into_iter().enumerate() {
        phone.at(moment);
        advertisement(&mut phone, number);
    }
    phone.at(32_000);
    trackers(&mut phone);
    phone.at(60_000);
    whatsapp_call(&mut phone);
    phone.at(120_000);
    radar_image(&mut phone);
    phone.at(150_000);
    installed_apps(&mut phone);
    let records: Vec<Record> = phone.finish().into_iter().flat_map(frames).collect();
    let mut file = Pcap::new(LinkType::ETHERNET).write(&records);
    // Whoever captured this stopped in the middle of a packet.
    file.truncate(file.len() - 30);
    file
}

/// Frames on the trunk of the access point. The second advertisement came in IP fragments.
fn frames(captured: Captured) -> Vec<Record> {
    let ip = captured.sent.ip;
    let moment = captured.time - START;
    let is_fragmented = captured.app == WETTERLICHT
        && (95_000_000_000..96_000_000_000).contains(&moment)
        && ip.len() > 700;
    let packets = if is_fragmented {
        packet::fragments(&ip, 0x4e4c, 512)
    } else {
        vec![ip]
    };
    packets
        .into_iter()
        .map(|ip| Record::at(captured.time, packet::ethernet_vlan(&ip, VLAN)))
        .collect()
}

/// A connection that was open when the capture began: its handshake, and so its name, is missing.
fn running_before(phone: &mut Phone) {
    let host = Host::v4("", [198, 51, 100, 77]);
    let (client, server) = phone.socket(host, 443);
    let mut connection = Connection::middle(client, server, [77_000, 88_000]);
    for side in [Side::Client, Side::Server] {
        let mut record = vec![0x17, 3, 3, 0, 180];
        record.extend(phone.chance.bytes(180));
        connection.send(side, &record);
    }
    connection.close();
    phone.capture(PUSH, connection.packets);
}

/// Noise on TCP 5222. The contact list goes up inside, where nobody sees it.
fn whatsapp_chat(phone: &mut Phone) {
    let host = Host::v4("g.whatsapp.net", [203, 0, 113, 53]);
    phone.lookup_alias(WHATSAPP, host, "chat.cdn.whatsapp.net");
    let (client, server) = phone.socket(host, 5222);
    let mut connection = Connection::open(client, server);
    let mut hello = b"WA\x06\x03".to_vec();
    let key = [&[0x12, 0x22, 0x0a, 0x20], phone.chance.bytes(32).as_slice()].concat();
    hello.extend(noise_frame(&key));
    connection.send(Side::Client, &hello);
    for (side, length) in [
        (Side::Server, 350),
        (Side::Client, 380),
        (Side::Server, 170),
        (Side::Client, 6200), // the list of contacts
        (Side::Server, 2900),
        (Side::Client, 410),
        (Side::Server, 120),
    ] {
        let frame = noise_frame(&phone.chance.bytes(length));
        connection.send(side, &frame);
    }
    phone.capture(WHATSAPP, connection.packets);
    let media = Host::v4("mmg.whatsapp.net", [203, 0, 113, 54]);
    let seed = phone.chance.next();
    let picture = phone.chance.bytes(9000);
    phone.https(
        WHATSAPP,
        media,
        &tls::Settings::new(media.name, seed),
        &[get(media.name, "/v/t62.7118-24/12345.enc", &picture)],
    );
}

/// A frame of the Noise transport: three bytes of length.
fn noise_frame(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], payload].concat()
}

/// A call: signalling inside STUN, then voice.
fn whatsapp_call(phone: &mut Phone) {
    let relay = Host::v4("", [203, 0, 113, 60]);
    let socket = phone.socket(relay, 3478);
    let mut datagrams = Vec::new();
    for (side, kind) in [(Side::Client, 0x0800_u16), (Side::Server, 0x0801)] {
        let mut datagram = kind.to_be_bytes().to_vec();
        datagram.extend([0, 24, 0x21, 0x12, 0xa4, 0x42]);
        datagram.extend(phone.chance.bytes(12));
        datagram.extend([0x40, 0x00, 0, 20]);
        datagram.extend(phone.chance.bytes(20));
        datagrams.push((side, datagram));
    }
    for number in 0..30_u8 {
        for side in [Side::Client, Side::Server] {
            let mut voice = vec![0x80, 0x78, 0x10, number, 0, 0, number, 0];
            voice.extend([0x4e, 0x4c, 0, u8::from(side == Side::Server)]);
            voice.extend(phone.chance.bytes(90));
            datagrams.push((side, voice));
        }
    }
    phone.datagrams(WHATSAPP, socket, &datagrams);
}

/// The address book in clear: JSON, packed with gzip, in segments that arrive late and twice.
fn contacts_upload(phone: &mut Phone) {
    let host = Host::v4("sync.wetterlicht.example", [198, 51, 100, 20]);
    phone.lookup(WETTERLICHT, host);
    let body = gzip(CONTACTS.as_bytes());
    let headers = [
        ("User-Agent", WETTERLICHT_AGENT),
        ("Content-Encoding", "gzip"),
    ];
    let exchange = post_json(host.name, "/v1/friends/find", &headers, &body);
    let (client, server) = phone.socket(host, 80);
    let mut connection = Connection::open(client, server);
    let first = connection.packets.len();
    connection.send_in(Side::Client, &exchange.request, 400);
    // The second segment comes after the third, and the first is sent once more.
    connection.packets.swap(first + 1, first + 2);
    let again = connection.packets[first].clone();
    connection.packets.insert(first + 3, again);
    connection.send(Side::Server, &exchange.response);
    connection.close();
    phone.capture(WETTERLICHT, connection.packets);
}

/// Which other apps are on the phone, in clear.
fn installed_apps(phone: &mut Phone) {
    let host = Host::v4("sync.wetterlicht.example", [198, 51, 100, 20]);
    let body = "{\"installed_apps\":[\"com.example.wetterlicht\",\"com.example.taschenlampe\",\"com.whatsapp\",\
                \"com.android.chrome\",\"com.google.android.gms\"]}";
    let headers = [("User-Agent", WETTERLICHT_AGENT)];
    let exchange = post_json(host.name, "/v1/devices/apps", &headers, body.as_bytes());
    phone.http(WETTERLICHT, host, &[exchange]);
}

/// A bid request to an advertising exchange, in clear, with coordinates of a lorry that moves.
fn advertisement(phone: &mut Phone, number: usize) {
    let host = Host::v4("api.w.inmobi.com", [203, 0, 113, 90]);
    let (latitude, longitude) = [
        ("53.54612", "9.99371"),
        ("53.54087", "10.00258"),
        ("53.53390", "10.02116"),
    ][number];
    let body = format!(
        "{{\"id\":\"bid-{number}\",\"app\":{{\"bundle\":\"com.example.wetterlicht\",\"name\":\"Wetterlicht\",\"ver\":\"3.1.0\"}},\
         \"device\":{{\"ifa\":\"{ADVERTISING_ID}\",\"lmt\":0,\"make\":\"Google\",\"model\":\"Pixel 8\",\"os\":\"Android\",\
         \"osv\":\"14\",\"carrier\":\"Nordnetz\",\"mccmnc\":\"001-01\",\"language\":\"de\",\"connectiontype\":2,\
         \"geo\":{{\"lat\":{latitude},\"lon\":{longitude},\"type\":1,\"accuracy\":12}}}},\"regs\":{{\"gdpr\":1}}}}"
    );
    let headers = [("User-Agent", AGENT), ("x-openrtb-version", "2.5")];
    let exchange = post_json(host.name, "/showad/v3.1", &headers, body.as_bytes());
    phone.http(WETTERLICHT, host, &[exchange]);
}

/// Trackers of which only the names are visible.
fn trackers(phone: &mut Phone) {
    let facebook = Host::v4("graph.facebook.com", [203, 0, 113, 35]);
    let body = format!("advertiser_id={ADVERTISING_ID}&event=CUSTOM_APP_EVENTS");
    let exchange = Exchange {
        request: http::request(
            "POST",
            facebook.name,
            "/v19.0/100000000000001/activities",
            &[("Content-Type", "application/x-www-form-urlencoded")],
            body.as_bytes(),
        ),
        response: http::response(200, &[], b"{\"success\":true}"),
    };
    let seed = phone.chance.next();
    phone.https(
        WETTERLICHT,
        facebook,
        &tls::Settings::new(facebook.name, seed),
        &[exchange],
    );

    let measurement = Host::v6("app-measurement.com", 0x61);
    let body = phone.chance.bytes(1900);
    let seed = phone.chance.next();
    phone.https(
        WETTERLICHT,
        measurement,
        &tls::Settings::new(measurement.name, seed),
        &[post_json(measurement.name, "/a", &[], &body)],
    );

    let attribution = Host::v4("conversions.appsflyersdk.com", [203, 0, 113, 36]);
    let seed = phone.chance.next();
    let settings = tls::Settings {
        is_version_12: true,
        certificate_names: &["*.appsflyersdk.com", "appsflyersdk.com"],
        ..tls::Settings::new(attribution.name, seed)
    };
    let body = phone.chance.bytes(1200);
    let exchange = post_json(attribution.name, "/api/v6/androidevent", &[], &body);
    phone.https(WETTERLICHT, attribution, &settings, &[exchange]);

    let exchange = Host::v4("googleads.g.doubleclick.net", [203, 0, 113, 37]);
    let seed = phone.chance.next();
    let body = phone.chance.bytes(2300);
    phone.http3(WETTERLICHT, exchange, seed, &[("/mads/gma", body)]);
}

/// A download over TLS of which two segments are not in the capture.
fn radar_image(phone: &mut Phone) {
    let host = Host::v4("tiles.wetterlicht.example", [198, 51, 100, 21]);
    phone.lookup(WETTERLICHT, host);
    let seed = phone.chance.next();
    let image = phone.chance.bytes(14_000);
    let exchange = get(host.name, "/radar/53.55/9.99.png", &image);
    let settings = tls::Settings::new(host.name, seed);
    let mut packets = phone.tls(host, 443, &settings, &[exchange]).packets;
    let full: Vec<usize> = (0..packets.len())
        .filter(|index| packets[*index].side == Side::Server && packets[*index].ip.len() > 1400)
        .collect();
    packets.drain(full[3]..=full[4]);
    phone.capture(WETTERLICHT, packets);
}

fn packages() -> Vec<u8> {
    dumpsys::dump(&[
        Package::new("com.android.networkstack", 1073, "14")
            .system()
            .for_user(0, &[]),
        Package::new("com.google.android.gms", 10_120, "24.38.33")
            .system()
            .for_user(0, &[]),
        Package::new("com.whatsapp", 10_187, "2.26.18.74").for_user(
            0,
            &[
                ("CAMERA", Grant::Given),
                ("READ_CONTACTS", Grant::Given),
                ("RECORD_AUDIO", Grant::Given),
                ("ACCESS_FINE_LOCATION", Grant::Refused),
            ],
        ),
        Package::new("com.example.wetterlicht", 10_214, "3.1.0").for_user(
            0,
            &[
                ("ACCESS_COARSE_LOCATION", Grant::Given),
                ("ACCESS_FINE_LOCATION", Grant::Given),
                ("READ_CONTACTS", Grant::Given),
                ("READ_PHONE_STATE", Grant::Refused),
            ],
        ),
        Package::new("com.example.taschenlampe", 10_215, "1.0.2")
            .for_user(0, &[("CAMERA", Grant::Given)]),
    ])
}

fn apk() -> Vec<u8> {
    let permission = |name| Element {
        name: "uses-permission",
        attributes: vec![("name", Value::Text(name))],
        children: Vec::new(),
    };
    let manifest = Element {
        name: "manifest",
        attributes: vec![
            ("versionCode", Value::Number(310)),
            ("versionName", Value::Text("3.1.0")),
            ("package", Value::Text("com.example.wetterlicht")),
        ],
        children: vec![
            Element {
                name: "uses-sdk",
                attributes: vec![
                    ("minSdkVersion", Value::Number(26)),
                    ("targetSdkVersion", Value::Number(34)),
                ],
                children: Vec::new(),
            },
            permission("android.permission.INTERNET"),
            permission("android.permission.ACCESS_COARSE_LOCATION"),
            permission("android.permission.ACCESS_FINE_LOCATION"),
            permission("android.permission.READ_CONTACTS"),
            permission("android.permission.READ_PHONE_STATE"),
            permission("com.google.android.gms.permission.AD_ID"),
            Element {
                name: "application",
                attributes: vec![
                    ("label", Value::Text("Wetterlicht")),
                    ("allowBackup", Value::Flag(true)),
                    ("usesCleartextTraffic", Value::Flag(true)),
                ],
                children: vec![Element {
                    name: "activity",
                    attributes: vec![
                        ("name", Value::Text(".Radar")),
                        ("exported", Value::Flag(true)),
                    ],
                    children: Vec::new(),
                }],
            },
        ],
    };
    let notice = b"This package holds a manifest and this note. It does not run.\n";
    zip(&[
        ("AndroidManifest.xml", &axml::document(&manifest)),
        ("assets/notice.txt", notice),
    ])
}

/// Invented people with numbers that the German regulator keeps free for stories.
const CONTACTS: &str = r#"{"app":"com.example.wetterlicht","device_id":"3f9a1c0d5e7b2846","contacts":[
{"name":"Amelie Ahrens","phone":"+49 30 23125 001","email":"amelie.ahrens@beispiel.example"},
{"name":"Bent Brodersen","phone":"+49 40 66969 117","email":"b.brodersen@spedition-brodersen.example"},
{"name":"Cem Cakir","phone":"+49 171 3920014"},
{"name":"Dr. Doris Dannenberg (Onkologie)","phone":"+49 69 90009 230","email":"praxis@dannenberg.example"},
{"name":"Emil Eggers","phone":"+49 176 04069051"},
{"name":"Fenja Falk","phone":"+49 89 99998 442","email":"fenja@falk.example"},
{"name":"Gerrit Gosch (Betriebsrat)","phone":"+49 221 4710 663"}
]}"#;
