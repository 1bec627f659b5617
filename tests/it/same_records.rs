//! The same exchanges give the same findings, whether packets or a record of them (HAR, mitmproxy dump) are read.

use std::collections::BTreeMap;

use phonehome::attribute::Attributor;
use phonehome::flow::Flows;
use phonehome::intake::{Input, Item};
use phonehome::model::{
    Coverage, DeviceId, Dossier, InputId, Observation, Sighting, Tally, Timestamp,
};
use phonehome::rules::Rules;
use phonehome::{detect, payload};
use proptest::prelude::*;

use crate::forge::archive::gzip;
use crate::forge::record::{self, Exchange};

/// All that a finding says but where its evidence lies: key, counts, values, times to the second (a packet's time is that of
/// the request's end, a record's that of its beginning).
type Said = BTreeMap<String, (u64, u64, u64, u64, [i64; 2], Option<u32>)>;

fn said(format: &'static str, bytes: &[u8], rules: &Rules) -> (Said, Coverage) {
    let dossier = Dossier::default();
    let mut attributor = Attributor::new(rules, &dossier, None);
    let mut flows = Flows::new();
    let mut coverage = Coverage::default();
    let mut tally = Tally::default();
    let mut seen: Vec<Sighting> = Vec::new();
    let input = Input::in_memory(InputId(0), format, bytes);
    let mut source = input.open().unwrap().unwrap();
    while let Some(item) = source.next_item().unwrap() {
        match item {
            Item::Packet(packet) => {
                flows.packet(&packet, &mut coverage, &mut |sighting| seen.push(sighting));
            }
            Item::Sighting(sighting) => seen.push(*sighting),
            Item::Shortfall {
                shortfall, detail, ..
            } => panic!("{format}: {shortfall:?}: {detail}"),
        }
    }
    flows.finish(&mut coverage, &mut |sighting| seen.push(sighting));
    for sighting in seen {
        let app = attributor.attribute(&sighting);
        let observation = Observation {
            sighting,
            device: DeviceId(0),
            app,
        };
        let decoded = payload::decode(&observation.sighting.event);
        let around = detect::Device {
            rules,
            dossier: &dossier,
            known: &detect::known::Index::default(),
        };
        detect::inspect(&observation, &decoded, around, &mut tally);
    }
    let second = |time: Timestamp| time.0.div_euclid(1_000_000_000);
    let said = tally
        .findings
        .into_iter()
        .map(|(key, found)| {
            let counts = (
                found.count,
                found.items,
                found.most_items,
                found.distinct.count(),
                [second(found.first), second(found.last)],
                found.precision_metres,
            );
            (format!("{key:?}"), counts)
        })
        .collect();
    (said, coverage)
}

/// Values that detectors look for, in the forms in which apps send them.
fn body() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let number = 100_000..999_999_u32;
    prop_oneof![
        Just(("", Vec::new())),
        (number.clone(), 1..5_usize).prop_map(|(number, count)| {
            let contacts: Vec<String> = (0..count)
                .map(|at| format!(r#"{{"name":"Person {at}","phone":"+4930{number}{at}"}}"#))
                .collect();
            let body = format!(r#"{{"contacts":[{}]}}"#, contacts.join(","));
            ("application/json", body.into_bytes())
        }),
        (number.clone(), any::<u16>()).prop_map(|(number, fraction)| {
            let body = format!("lat=52.{number}&lon=13.{fraction:05}&adid=38400000-8cf0-11bd-b23e-10b96e{number}");
            ("application/x-www-form-urlencoded", body.into_bytes())
        }),
        number.prop_map(|number| {
            let body = format!("--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\nperson{number}@mail.example\r\n--b--\r\n");
            ("multipart/form-data; boundary=b", body.into_bytes())
        }),
        prop::collection::vec(any::<u8>(), 1..200).prop_map(|bytes| ("application/octet-stream", bytes)),
    ]
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let host = prop::sample::select(vec![
        "app-measurement.com",
        "collector.example",
        "graph.facebook.com",
    ]);
    let query = prop_oneof![
        Just(String::new()),
        "[a-z]{1,6}=[A-Za-z0-9%+._-]{0,12}".prop_map(|query| format!("?{query}")),
        Just("?idfa=EA7583CD-A667-48BC-B806-42ECB2B48606".to_owned()),
        Just("?lat=48.137154&lng=11.576124".to_owned()),
    ];
    let response = prop::collection::vec(any::<u8>(), 0..60);
    (
        host,
        "/[a-z0-9/]{0,12}",
        query,
        body(),
        any::<bool>(),
        any::<bool>(),
        response,
    )
        .prop_map(
            |(host, path, query, (kind, body), is_packed, names_app, response)| {
                let mut headers = Vec::new();
                let mut body = body;
                if !kind.is_empty() {
                    headers.push(("Content-Type", kind.to_owned()));
                }
                if is_packed && !body.is_empty() {
                    body = gzip(&body);
                    headers.push(("Content-Encoding", "gzip".to_owned()));
                }
                if names_app {
                    headers.push((
                        "User-Agent",
                        "org.example.notes/1.2 (Android 14; Pixel 7)".to_owned(),
                    ));
                    headers.push((
                        "Cookie",
                        "uid=0f8fad5b-d9cb-469f-a165-70867728950e".to_owned(),
                    ));
                }
                Exchange {
                    method: if body.is_empty() { "GET" } else { "POST" },
                    host: host.to_owned(),
                    target: format!("{path}{query}"),
                    headers,
                    body,
                    response,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn captures_and_records_of_the_same_exchanges_give_the_same_findings(
        exchanges in prop::collection::vec(exchange(), 1..5),
    ) {
        let rules = Rules::embedded();
        let (expected, coverage) = said("pcap", &record::pcap(&exchanges), &rules);
        prop_assert!(coverage.is_empty(), "{coverage:?}");
        prop_assert!(!expected.is_empty(), "clear text is a finding at least");
        let others = [
            ("pcapng", record::pcapng(&exchanges)),
            ("har", record::har(&exchanges)),
            ("mitmproxy", record::mitmproxy(&exchanges)),
        ];
        for (format, bytes) in others {
            let (said, _) = said(format, &bytes, &rules);
            prop_assert_eq!(&said, &expected, "{}", format);
        }
    }
}
