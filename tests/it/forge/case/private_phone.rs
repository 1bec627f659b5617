//! An employee's own phone with a work profile (Android user 10), captured by `PCAPdroid` as pcap with trailers. TikTok is private; a PDF
//! scanner that nobody approved found its way into the work profile.

use phonehome::model::LinkType;

use super::dumpsys::{self, Grant, Package};
use super::{Exchange, SampleFile, get, post_json};
use crate::forge::capture::{Pcap, Record, TrailerOwner, pcapdroid_frame};
use crate::forge::phone::{App, Captured, Host, Phone};
use crate::forge::{http, tls};

/// 7 October 2026, 12:05 UTC.
const START: u64 = 1_791_374_700_000_000_000;

const SYSTEM: App = app(1073, "NetworkStack");
const PUSH: App = app(10_120, "Google Play services");
const TIKTOK: App = app(10_301, "TikTok");
const CALENDAR: App = app(10_312, "Werkzeug Kalender");
/// Uids of the work profile are 10 × 100,000 higher.
const MATTERMOST: App = app(1_010_162, "Mattermost");
const BLATTSCAN: App = app(1_010_214, "Blattscan");
const UNKNOWN: App = app(-1, "");

/// The trailer names the label, not the package.
const fn app(uid: i32, label: &'static str) -> App {
    App {
        uid,
        package: "",
        label,
    }
}

pub(super) fn files() -> Vec<SampleFile> {
    vec![
        ("private-phone/pcapdroid.pcap", capture()),
        ("private-phone/dumpsys-package.txt", packages()),
        ("private-phone/dumpsys-appops.txt", APPOPS.into()),
        (
            "private-phone/blattscan/AndroidManifest.xml",
            MANIFEST.as_bytes().to_vec(),
        ),
    ]
}

/// What the system kept of reads, in its own time: two hours ahead of UTC.
const APPOPS: &str = "Current AppOps Service state:
  Settings:
    top_state_settle_time=+5s0ms

  Uid u0a301:
    state=cch
    Package com.zhiliaoapp.musically:
      READ_CONTACTS (allow):
        null=[
          Access: [top-s] 2026-10-07 14:05:01.004 (-2m12s)
          Access: [bg-s] 2026-10-07 13:45:32.117 (-21m41s)
        ]
      FINE_LOCATION (ignore):
        null=[
          Reject: [top-s] 2026-10-07 14:05:00.310 (-2m13s)
        ]
  Uid u10a214:
    state=top
    Package com.example.blattscan:
      CAMERA (allow):
        null=[
          Access: [top-s] 2026-10-07 14:05:19.250 (-1m54s) duration=+4s120ms
        ]
      FINE_LOCATION (allow):
        upload=[
          Access: [fgsvc-s] 2026-10-07 14:05:20.902 (-1m52s)
        ]
";

fn capture() -> Vec<u8> {
    let mut phone = Phone::new(48, START, None);
    phone.operating_system(SYSTEM, PUSH);
    phone.at(2_500);
    tiktok(&mut phone);
    phone.at(21_000);
    blattscan(&mut phone);
    phone.at(45_000);
    others(&mut phone);
    let records: Vec<Record> = phone.finish().iter().map(frame).collect();
    Pcap::new(LinkType::ETHERNET).write(&records)
}

fn frame(captured: &Captured) -> Record {
    let App { uid, label, .. } = captured.app;
    let owner = TrailerOwner { uid, label };
    Record::at(captured.time, pcapdroid_frame(&captured.sent.ip, owner))
}

/// QUIC and TLS; a video of which some packets are missing.
fn tiktok(phone: &mut Phone) {
    let api = Host::v4("api16-normal-no1a.tiktokv.eu", [203, 0, 113, 101]);
    let seed = phone.chance.next();
    let bodies = [phone.chance.bytes(1800), phone.chance.bytes(2400)];
    let [first, second] = bodies;
    let requests = [("/aweme/v1/feed/", first), ("/service/2/app_log/", second)];
    phone.http3(TIKTOK, api, seed, &requests);

    let log = Host::v4("mon.tiktokv.com", [203, 0, 113, 102]);
    let seed = phone.chance.next();
    let body = phone.chance.bytes(2100);
    let exchange = post_json(log.name, "/monitor/collect/", &[], &body);
    phone.https(
        TIKTOK,
        log,
        &tls::Settings::new(log.name, seed),
        &[exchange],
    );

    let video = Host::v6("v16m.tiktokcdn-eu.com", 0x103);
    phone.lookup(TIKTOK, video);
    let seed = phone.chance.next();
    let film = phone.chance.bytes(40_000);
    let settings = tls::Settings::new(video.name, seed);
    let exchange = get(video.name, "/video/tos/1/", &film);
    let mut packets = phone.tls(video, 443, &settings, &[exchange]).packets;
    let middle = packets.len() / 2;
    packets.drain(middle..middle + 3);
    phone.capture(TIKTOK, packets);
}

/// Scans go up in clear with the place where they were made. The advertising id is zeroed: that opt-out is honoured.
fn blattscan(phone: &mut Phone) {
    let host = Host::v4("upload.blattscan.example", [198, 51, 100, 40]);
    for (number, (latitude, longitude)) in [("52.520764", "13.409318"), ("52.520801", "13.409275")]
        .into_iter()
        .enumerate()
    {
        let picture = phone.chance.bytes(2600);
        let mut body = Vec::new();
        for (name, value) in [
            ("gaid", "00000000-0000-0000-0000-000000000000"),
            ("android_id", "b20c9e4471d3f58a"),
            ("latitude", latitude),
            ("longitude", longitude),
            ("accuracy", "8"),
            ("device_model", "Pixel 8"),
        ] {
            body.extend(
                format!(
                    "--blatt\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                )
                .into_bytes(),
            );
        }
        body.extend(
            format!(
                "--blatt\r\nContent-Disposition: form-data; name=\"scan\"; filename=\"Frachtbrief-{number}.jpg\"\r\n\
                 Content-Type: image/jpeg\r\n\r\n"
            )
            .into_bytes(),
        );
        body.extend([0xff, 0xd8, 0xff, 0xe0]);
        body.extend(picture);
        body.extend(b"\r\n--blatt--\r\n");
        let exchange = Exchange {
            request: http::request(
                "POST",
                host.name,
                "/v2/scan",
                &[
                    ("User-Agent", "okhttp/4.12.0"),
                    ("Content-Type", "multipart/form-data; boundary=blatt"),
                ],
                &body,
            ),
            response: http::response(200, &[], b"stored"),
        };
        phone.http(BLATTSCAN, host, &[exchange]);
        phone.wait(6);
    }
    let tracker = Host::v4("app.adjust.com", [203, 0, 113, 44]);
    let seed = phone.chance.next();
    let body = phone.chance.bytes(900);
    let exchange = post_json(tracker.name, "/session", &[], &body);
    phone.https(
        BLATTSCAN,
        tracker,
        &tls::Settings::new(tracker.name, seed),
        &[exchange],
    );
}

/// The company's chat in the work profile; two apps that share a uid; and a flow whose owner the phone did not tell.
fn others(phone: &mut Phone) {
    for (app, name, last) in [
        (MATTERMOST, "chat.nordlicht.example", 10),
        (CALENDAR, "sync.werkzeug.example", 45),
        (UNKNOWN, "static.beispiel.example", 46),
    ] {
        let host = Host::v4(name, [198, 51, 100, last]);
        let seed = phone.chance.next();
        let answer = phone.chance.bytes(1100);
        phone.https(
            app,
            host,
            &tls::Settings::new(name, seed),
            &[get(name, "/api/v4/users/me", &answer)],
        );
        phone.wait(1);
    }
}

fn packages() -> Vec<u8> {
    dumpsys::dump(&[
        Package::new("com.android.networkstack", 1073, "14")
            .system()
            .for_user(0, &[])
            .for_user(10, &[]),
        Package::new("com.google.android.gms", 10_120, "24.38.33")
            .system()
            .for_user(0, &[])
            .for_user(10, &[]),
        Package::new("com.mattermost.rn", 10_162, "2.31.0")
            .for_user(10, &[("POST_NOTIFICATIONS", Grant::GivenByPolicy)]),
        Package::new("com.example.blattscan", 10_214, "5.0.1").for_user(
            10,
            &[
                ("CAMERA", Grant::Given),
                ("ACCESS_FINE_LOCATION", Grant::Given),
                ("READ_CONTACTS", Grant::RefusedByPolicy),
            ],
        ),
        Package::new("com.zhiliaoapp.musically", 10_301, "37.4.3").for_user(
            0,
            &[
                ("READ_CONTACTS", Grant::Given),
                ("ACCESS_COARSE_LOCATION", Grant::Refused),
                ("CAMERA", Grant::Given),
                ("RECORD_AUDIO", Grant::Given),
            ],
        ),
        Package::new("com.example.werkzeug.kalender", 10_312, "2.2")
            .sharing("com.example.werkzeug")
            .for_user(0, &[("READ_CALENDAR", Grant::Given)]),
        Package::new("com.example.werkzeug.notizen", 10_312, "2.1")
            .sharing("com.example.werkzeug")
            .for_user(0, &[]),
    ])
}

const MANIFEST: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android"
    package="com.example.blattscan"
    android:versionCode="501"
    android:versionName="5.0.1">
    <uses-sdk android:minSdkVersion="26" android:targetSdkVersion="34" />
    <uses-permission android:name="android.permission.INTERNET" />
    <uses-permission android:name="android.permission.CAMERA" />
    <uses-permission android:name="android.permission.ACCESS_FINE_LOCATION" />
    <uses-permission android:name="android.permission.READ_CONTACTS" />
    <uses-permission android:name="android.permission.READ_EXTERNAL_STORAGE" android:maxSdkVersion="32" />
    <application android:label="Blattscan" android:usesCleartextTraffic="true" android:allowBackup="false">
        <activity android:name=".Scan" android:exported="true" />
    </application>
</manifest>
"#;
