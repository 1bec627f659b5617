//! A phone under the company's device management with Signal, the company's own Mattermost and Jira, captured by `PCAPdroid` as pcapng:
//! the file itself says whose each packet is.

use phonehome::model::{LinkType, Side};

use super::dumpsys::{self, Grant, Package};
use super::{SampleFile, get, post_json};
use crate::forge::capture::{Pcapng, Record, comment};
use crate::forge::phone::{App, Host, Phone};
use crate::forge::tls;

/// 6 October 2026, 09:30 UTC.
const START: u64 = 1_791_279_000_000_000_000;

const SYSTEM: App = app(1073, "com.android.networkstack", "NetworkStack");
const RESOLVER: App = app(1051, "netd", "netd");
const PUSH: App = app(10_120, "com.google.android.gms", "Google Play services");
const SIGNAL: App = app(10_151, "org.thoughtcrime.securesms", "Signal");
const MATTERMOST: App = app(10_162, "com.mattermost.rn", "Mattermost");
const JIRA: App = app(10_173, "com.atlassian.android.jira.core", "Jira");

const fn app(uid: i32, package: &'static str, label: &'static str) -> App {
    App {
        uid,
        package,
        label,
    }
}

pub(super) fn files() -> Vec<SampleFile> {
    vec![
        ("managed-phone/pcapdroid.pcapng", capture()),
        ("managed-phone/dumpsys-package.txt", packages()),
    ]
}

fn capture() -> Vec<u8> {
    let mut phone = Phone::new(34, START, Some(RESOLVER));
    phone.operating_system(SYSTEM, PUSH);
    phone.at(3_000);
    signal(&mut phone);
    phone.at(15_000);
    mattermost(&mut phone);
    phone.at(40_000);
    jira(&mut phone);

    let text = |text: &str| text.as_bytes().to_vec();
    let mut file = Pcapng::with_options(&[
        (2, text("Pixel 8")),
        (3, text("Android 14")),
        (4, text("PCAPdroid v1.9.3")),
    ]);
    let interface = file.interface(LinkType::RAW, None);
    file.names(&[("203.0.113.66".parse().unwrap(), "turn3.voip.signal.org")]);
    let mut known = Vec::new();
    for captured in phone.finish() {
        let App {
            uid,
            package,
            label,
        } = captured.app;
        if !known.contains(&uid) {
            known.push(uid);
            file.uid_map(uid, package, label);
        }
        let record = Record::at(captured.time, captured.sent.ip);
        file.packet(interface, &record, &[comment(&format!("u-{uid}"))]);
    }
    file.bytes
}

/// Chat, contact discovery in the enclave, and a call.
fn signal(phone: &mut Phone) {
    for (name, last, sent, received) in [
        ("chat.signal.org", 0x71, 1400, 2600),
        ("cdsi.signal.org", 0x72, 5300, 900),
        ("storage.signal.org", 0x73, 700, 1900),
    ] {
        let host = Host::v6(name, last);
        let seed = phone.chance.next();
        let (body, answer) = (phone.chance.bytes(sent), phone.chance.bytes(received));
        let mut exchange = post_json(name, "/v1/websocket/", &[], &body);
        exchange.response.extend(&answer);
        phone.https(SIGNAL, host, &tls::Settings::new(name, seed), &[exchange]);
    }
    // No lookup: the name of this address stands in the file's name resolution block.
    let relay = Host::v4("turn3.voip.signal.org", [203, 0, 113, 66]);
    let socket = phone.socket(relay, 3478);
    let transaction = phone.chance.bytes(12);
    let stun = |kind: [u8; 2], attributes: &[u8]| {
        let mut bytes = kind.to_vec();
        bytes.extend(u16::try_from(attributes.len()).unwrap().to_be_bytes());
        bytes.extend([0x21, 0x12, 0xa4, 0x42]);
        bytes.extend(&transaction);
        bytes.extend(attributes);
        bytes
    };
    // An allocation is refused with the realm, as always at first (RFC 8656).
    let request = stun([0x00, 0x03], &[0x00, 0x19, 0, 4, 17, 0, 0, 0]);
    let mut attributes = vec![0x00, 0x09, 0, 4, 0, 0, 4, 1, 0x00, 0x14, 0, 10];
    attributes.extend(b"signal.org\0\0");
    let refusal = stun([0x01, 0x13], &attributes);
    phone.datagrams(
        SIGNAL,
        socket,
        &[(Side::Client, request), (Side::Server, refusal)],
    );
}

/// The company's own server; TLS 1.2, so that its certificate is readable.
fn mattermost(phone: &mut Phone) {
    let host = Host::v4("chat.nordlicht.example", [198, 51, 100, 10]);
    for path in ["/api/v4/users/me", "/api/v4/posts", "/api/v4/websocket"] {
        let seed = phone.chance.next();
        let answer = phone.chance.bytes(1500);
        let settings = tls::Settings {
            is_version_12: true,
            certificate_names: &["chat.nordlicht.example", "files.nordlicht.example"],
            ..tls::Settings::new(host.name, seed)
        };
        phone.https(
            MATTERMOST,
            host,
            &settings,
            &[get(host.name, path, &answer)],
        );
        phone.wait(2);
    }
}

fn jira(phone: &mut Phone) {
    for (name, last, path) in [
        ("nordlicht-logistik.atlassian.net", 50, "/rest/api/3/search"),
        ("api.atlassian.com", 51, "/me"),
        ("as.atlassian.com", 52, "/api/v1/batch"),
    ] {
        let host = Host::v4(name, [203, 0, 113, last]);
        let seed = phone.chance.next();
        let body = phone.chance.bytes(800);
        phone.https(
            JIRA,
            host,
            &tls::Settings::new(name, seed),
            &[post_json(name, path, &[], &body)],
        );
    }
}

fn packages() -> Vec<u8> {
    dumpsys::dump(&[
        Package::new("com.android.networkstack", 1073, "14")
            .system()
            .for_user(0, &[]),
        Package::new("com.google.android.gms", 10_120, "24.38.33")
            .system()
            .for_user(0, &[]),
        Package::new("org.thoughtcrime.securesms", 10_151, "7.58.2").for_user(
            0,
            &[
                ("CAMERA", Grant::Given),
                ("READ_CONTACTS", Grant::GivenByPolicy),
                ("RECORD_AUDIO", Grant::Given),
                ("ACCESS_FINE_LOCATION", Grant::RefusedByPolicy),
            ],
        ),
        Package::new("com.mattermost.rn", 10_162, "2.31.0").for_user(
            0,
            &[
                ("CAMERA", Grant::Refused),
                ("POST_NOTIFICATIONS", Grant::Given),
            ],
        ),
        Package::new("com.atlassian.android.jira.core", 10_173, "136.0.5")
            .for_user(0, &[("POST_NOTIFICATIONS", Grant::Given)]),
    ])
}
