//! QUIC with a key log: what was sent is found byte for byte, whatever the suite, the keys' age and the order of datagrams;
//! without keys the flow says so.

mod live;

use std::net::SocketAddr;
use std::sync::Arc;

use phonehome::flow::Flows;
use phonehome::model::{
    ContentState, Coverage, Event, Exchange, Handshake, InputId, LinkType, Lookup, Origin, Packet,
    Shortfall, Side, Sighting, Timestamp,
};
use phonehome::protocol::KeyLog;
use proptest::prelude::*;
use rustls::CipherSuite;
use rustls::quic::Version;

use crate::forge::packet;
use crate::forge::quic::Session;
use crate::forge::tls::Settings;

const CLIENT: &str = "192.0.2.7:50000";
const SERVER: &str = "198.51.100.9:443";

/// What was found in one flow.
#[derive(Debug, Default)]
struct Found {
    handshakes: Vec<Handshake>,
    exchanges: Vec<Exchange>,
    lookups: Vec<Lookup>,
    states: Vec<ContentState>,
    shortfalls: Vec<Shortfall>,
    /// From where on it stays closed, and why.
    details: Vec<String>,
}

/// Reads datagrams as one capture.
fn read(datagrams: &[(Side, Vec<u8>)], key_log: &str) -> Found {
    let [client, server] = [CLIENT, SERVER].map(|end| end.parse::<SocketAddr>().unwrap());
    let packets: Vec<Vec<u8>> = datagrams
        .iter()
        .map(|(side, payload)| match side {
            Side::Client => packet::udp(client, server, payload),
            Side::Server => packet::udp(server, client, payload),
        })
        .collect();
    read_packets(&packets, key_log)
}

fn read_packets(packets: &[Vec<u8>], key_log: &str) -> Found {
    let mut keys = KeyLog::default();
    keys.read(key_log.as_bytes());
    let mut flows = Flows::new();
    flows.set_keys(Arc::new(keys));
    let mut coverage = Coverage::default();
    let mut found = Found::default();
    let mut take = |sighting: Sighting| match sighting.event {
        Event::Handshake(handshake) => found.handshakes.push(handshake),
        Event::Exchange(exchange) => found.exchanges.push(exchange),
        Event::Lookup(lookup) => found.lookups.push(lookup),
        Event::Traffic(traffic) => found.states.push(traffic.content),
        Event::Message(_) | Event::Access(_) => {}
    };
    for (position, bytes) in packets.iter().enumerate() {
        let frame = u64::try_from(position).unwrap() + 1;
        let packet = Packet {
            origin: Origin {
                input: InputId::default(),
                frame,
                time: Timestamp(i64::try_from(frame).unwrap() * 1_000_000),
            },
            link: LinkType::RAW,
            data: bytes,
            wire_len: packet::length(bytes),
            owner: None,
            direction: None,
        };
        flows.packet(&packet, &mut coverage, &mut take);
    }
    flows.finish(&mut coverage, &mut take);
    for (_, shortfall, count) in coverage.iter() {
        found.shortfalls.push(shortfall);
        if shortfall == Shortfall::UndecryptedRecords {
            found.details.extend(count.detail.clone());
        }
    }
    found
}

/// A body that no other has.
fn body(seed: u8, len: usize) -> Vec<u8> {
    (0..len)
        .map(|at| u8::try_from(at * 31 % 251).unwrap() ^ seed)
        .collect()
}

/// Two uploads and a download; `with_updates` with new keys before each.
fn session(suite: CipherSuite, with_updates: bool) -> Session {
    session_of(Version::V1, suite, with_updates)
}

fn session_of(quic_version: Version, suite: CipherSuite, with_updates: bool) -> Session {
    talk(Session::new(&settings(quic_version, suite)), with_updates)
}

fn settings(quic_version: Version, suite: CipherSuite) -> Settings<'static> {
    Settings {
        alpn: &["h3"],
        suite: Some(suite),
        certificate_names: &["api.example", "cdn.example"],
        quic_version,
        ..Settings::new("api.example", 11)
    }
}

fn talk(mut session: Session, with_updates: bool) -> Session {
    let json = [("content-type", "application/json")];
    for (number, (method, path)) in [("POST", "/a"), ("GET", "/b?c=d"), ("POST", "/e")]
        .into_iter()
        .enumerate()
    {
        if with_updates {
            session.update_keys();
        }
        let number = u8::try_from(number).unwrap();
        let sent = if method == "POST" {
            body(number, 3500)
        } else {
            Vec::new()
        };
        session.request(method, path, &json, &sent);
        session.respond(&body(number + 100, 2500));
    }
    session
}

fn check(found: &Found) {
    assert_eq!(
        found.states,
        [ContentState::Decrypted],
        "{:?}",
        found.shortfalls
    );
    let [handshake] = found.handshakes.as_slice() else {
        panic!("one handshake: {:?}", found.handshakes);
    };
    assert_eq!(handshake.sni.as_deref(), Some("api.example"));
    assert_eq!(handshake.alpn_chosen.as_deref(), Some("h3"));
    assert_eq!(handshake.certificate_names, ["api.example", "cdn.example"]);
    check_exchanges(found);
}

fn check_exchanges(found: &Found) {
    let mut exchanges: Vec<&Exchange> = found.exchanges.iter().collect();
    exchanges.sort_by(|left, right| left.request.target.cmp(&right.request.target));
    let said: Vec<(&str, &str)> = exchanges
        .iter()
        .map(|exchange| {
            (
                exchange.request.method.as_str(),
                exchange.request.target.as_str(),
            )
        })
        .collect();
    assert_eq!(said, [("POST", "/a"), ("GET", "/b?c=d"), ("POST", "/e")]);
    for (number, exchange) in exchanges.into_iter().enumerate() {
        let number = u8::try_from(number).unwrap();
        let request = &exchange.request;
        assert!(exchange.is_protected);
        assert_eq!(request.host.as_deref(), Some("api.example"));
        assert_eq!(request.header("content-type"), Some("application/json"));
        if request.method == "POST" {
            assert_eq!(request.body.bytes, body(number, 3500));
        }
        let response = exchange.response.as_ref().expect("a response");
        assert_eq!(response.status, 200);
        assert_eq!(response.body.bytes, body(number + 100, 2500));
        assert!(!request.body.is_cut && !response.body.is_cut);
    }
}

const SUITES: [CipherSuite; 3] = [
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
];

#[test]
fn what_was_sent_is_found_with_every_suite_and_through_key_updates() {
    for version in [Version::V1, Version::V2] {
        for suite in SUITES {
            for with_updates in [false, true] {
                let session = session_of(version, suite, with_updates);
                check(&read(&session.datagrams, session.key_log()));
            }
        }
    }
}

#[test]
fn the_servers_first_packets_may_come_before_the_clients() {
    for version in [Version::V1, Version::V2] {
        let session = session_of(version, SUITES[0], false);
        for late in 1..8 {
            let mut datagrams = session.datagrams.clone();
            let hello = datagrams.remove(0);
            datagrams.insert(late, hello);
            check(&read(&datagrams, session.key_log()));
            // What the hellos say in clear, too.
            let found = read(&datagrams, "");
            assert_eq!(found.states, [ContentState::NoKey]);
            let [handshake] = found.handshakes.as_slice() else {
                panic!("one handshake: {:?}", found.handshakes);
            };
            assert!(handshake.sni.is_some() && handshake.cipher_suite.is_some());
        }
    }
}

#[test]
fn a_server_may_go_on_in_another_version_that_the_client_offers() {
    for (first, then) in [(Version::V1, Version::V2), (Version::V2, Version::V1)] {
        let session = talk(
            Session::upgraded(&settings(then, SUITES[1]), first, 11),
            false,
        );
        let mut datagrams = session.datagrams.clone();
        check(&read(&datagrams, session.key_log()));
        datagrams.swap(0, 1);
        check(&read(&datagrams, session.key_log()));
        // The server's hello is lost: the client's Handshake packet says which version and suite they agreed on.
        datagrams.remove(0);
        let found = read(&datagrams, session.key_log());
        assert_eq!(found.states, [ContentState::Decrypted]);
        check_exchanges(&found);
    }
}

#[test]
fn a_client_begins_again_in_a_version_that_the_server_speaks() {
    let session = session(SUITES[0], false);
    // With the ids and the random of before, with the ids alone, and with others.
    for (seed, id_seed) in [(11, 11), (12, 11), (12, 12)] {
        let settings = Settings {
            seed,
            ..settings(Version::V2, SUITES[0])
        };
        let refused = Session::upgraded(&settings, Version::V2, id_seed);
        let negotiation = (Side::Server, refused.version_negotiation());
        let hello = refused.datagrams[0].clone();
        let log = format!("{}{}", refused.key_log(), session.key_log());
        let again = session.datagrams.as_slice();
        let rest = again[1..].to_vec();
        let begins = [
            vec![hello.clone(), negotiation.clone(), again[0].clone()],
            // The answer is not in the capture, or late.
            vec![hello.clone(), again[0].clone()],
            vec![hello.clone(), again[0].clone(), negotiation.clone()],
            vec![negotiation, hello.clone(), again[0].clone()],
            vec![again[0].clone(), hello],
        ];
        for (position, begin) in begins.into_iter().enumerate() {
            println!("{seed} {id_seed} {position}");
            let datagrams = [begin, rest.clone()].concat();
            let found = read(&datagrams, &log);
            assert_eq!(found.states, [ContentState::Decrypted]);
            check_exchanges(&found);
            if id_seed == 11 {
                assert_eq!(found.handshakes.len(), 1);
                assert_eq!(read(&datagrams, "").handshakes.len(), 1);
            }
        }
    }
}

#[test]
fn what_lies_behind_too_many_lost_key_updates_stays_closed_and_says_why() {
    let mut session = session(SUITES[0], false);
    let before = session.datagrams.len();
    for _ in 0..6 {
        session.update_keys();
        session.request("GET", "/lost", &[], b"");
        session.respond(b"lost");
    }
    session.datagrams.truncate(before);
    session.request("POST", "/late", &[], b"closed");
    let found = read(&session.datagrams, session.key_log());
    assert_eq!(found.states, [ContentState::PartlyDecrypted]);
    check_exchanges(&found);
    let [detail] = found.details.as_slice() else {
        panic!("one reason: {:?}", found.details);
    };
    assert!(detail.ends_with("behind lost key updates"), "{detail}");
}

#[test]
fn without_keys_the_flow_says_so() {
    let session = session(SUITES[0], false);
    let other = Session::new(&Settings::new("other.example", 5));
    let without = |part: &str| -> String {
        let lines = session
            .key_log()
            .lines()
            .filter(|line| !line.contains(part));
        lines.collect::<Vec<&str>>().join("\n")
    };
    for log in ["", other.key_log()] {
        let found = read(&session.datagrams, log);
        assert_eq!(found.states, [ContentState::NoKey]);
        assert_eq!(found.handshakes.len(), 1);
        assert_eq!(found.handshakes[0].alpn_chosen, None);
        assert!(found.exchanges.is_empty());
    }
    let found = read(&session.datagrams, &without("TRAFFIC_SECRET_0"));
    assert_eq!(found.states, [ContentState::NoKey]);
    assert_eq!(found.handshakes[0].alpn_chosen.as_deref(), Some("h3"));

    // What the client sent is closed, whatever the server's answers say.
    let found = read(&session.datagrams, &without("CLIENT_TRAFFIC_SECRET_0"));
    assert_eq!(found.states, [ContentState::NoKey]);
    assert_eq!(
        found.details,
        ["QUIC packet 1 of the client: the key log has no secret for this direction"]
    );

    let found = read(&session.datagrams, &without("SERVER_TRAFFIC_SECRET_0"));
    assert_eq!(found.states, [ContentState::PartlyDecrypted]);
    assert_eq!(
        found.details,
        ["QUIC packet 1 of the server: the key log has no secret for this direction"]
    );
    assert_eq!(found.exchanges.len(), 3);
    assert_eq!(found.exchanges[0].request.body.bytes, body(0, 3500));
    assert!(
        found
            .exchanges
            .iter()
            .all(|exchange| exchange.response.is_none())
    );

    let found = read(&session.datagrams, &without("CLIENT_HANDSHAKE"));
    check(&found);
}

#[test]
fn a_wrong_secret_opens_nothing_and_is_no_lack_of_keys() {
    let session = session(SUITES[0], false);
    let lines: Vec<String> = session
        .key_log()
        .lines()
        .map(|line| {
            let (rest, secret) = line.rsplit_once(' ').unwrap();
            format!("{rest} {}", "ab".repeat(secret.len() / 2))
        })
        .collect();
    let found = read(&session.datagrams, &lines.join("\n"));
    assert_eq!(found.states, [ContentState::Damaged]);
    assert!(found.exchanges.is_empty() && found.handshakes.len() == 1);
}

#[test]
fn packets_that_were_cut_are_no_lack_of_keys() {
    let session = session(SUITES[0], false);
    let [client, server] = [CLIENT, SERVER].map(|end| end.parse::<SocketAddr>().unwrap());
    let packets: Vec<Vec<u8>> = session
        .datagrams
        .iter()
        .map(|(side, payload)| {
            let mut packet = match side {
                Side::Client => packet::udp(client, server, payload),
                Side::Server => packet::udp(server, client, payload),
            };
            packet.truncate(300);
            packet
        })
        .collect();
    let found = read_packets(&packets, session.key_log());
    assert_eq!(found.states, [ContentState::Damaged]);
    assert_eq!(
        found.details,
        [
            "QUIC packet 1 of the client: the hello from which the keys follow was not captured, or not whole; packets were cut by the capture (snaplen)"
        ]
    );
    assert_eq!(read_packets(&packets, "").states, [ContentState::NoKey]);
    // The same where the client's first packet is lost.
    let found = read(&session.datagrams[1..], session.key_log());
    assert_eq!(found.states, [ContentState::Damaged]);
    assert_eq!(
        found.details,
        [
            "QUIC packet 1 of the client: the hello from which the keys follow was not captured, or not whole"
        ]
    );
}

#[test]
fn new_connection_ids_are_followed() {
    let mut session = session(SUITES[0], false);
    session.renew_server_id(&[9; 8]);
    session.request("GET", "/f", &[], b"");
    session.respond(b"seen");
    let found = read(&session.datagrams, session.key_log());
    assert_eq!(found.states, [ContentState::Decrypted]);
    assert_eq!(found.exchanges.len(), 4);
}

/// Packets of a session whose client has another address from each of these datagrams on.
fn moved(session: &Session, moves: &[(usize, &str)]) -> Vec<Vec<u8>> {
    let server: SocketAddr = SERVER.parse().unwrap();
    let mut client: SocketAddr = CLIENT.parse().unwrap();
    let mut packets = Vec::new();
    for (position, (side, payload)) in session.datagrams.iter().enumerate() {
        if let Some((_, address)) = moves.iter().find(|(from, _)| *from == position) {
            client = address.parse().unwrap();
        }
        packets.push(match side {
            Side::Client => packet::udp(client, server, payload),
            Side::Server => packet::udp(server, client, payload),
        });
    }
    packets
}

#[test]
fn a_connection_goes_on_under_other_addresses_and_comes_back() {
    let mut session = session(SUITES[0], false);
    let rebound = session.datagrams.len();
    session.request("GET", "/f", &[], b"");
    session.respond(&body(9, 3000));
    session.renew_server_id(&[9; 8]);
    let migrated = session.datagrams.len();
    session.request("POST", "/g", &[], &body(7, 3000));
    session.respond(b"seen");
    let back = session.datagrams.len();
    session.request("GET", "/h", &[], b"");
    session.respond(b"seen");
    let moves = [
        (rebound, "192.0.2.7:50001"),
        (migrated, "203.0.113.8:40000"),
        (back, CLIENT),
    ];
    let found = read_packets(&moved(&session, &moves), session.key_log());
    assert_eq!(found.states, [ContentState::Decrypted; 3]);
    assert_eq!(found.handshakes.len(), 1);
    let mut targets: Vec<&str> = Vec::new();
    for exchange in &found.exchanges {
        targets.push(&exchange.request.target);
        let response = exchange.response.as_ref().expect("a response");
        assert!(!exchange.request.body.is_cut && !response.body.is_cut);
    }
    targets.sort_unstable();
    assert_eq!(targets, ["/a", "/b?c=d", "/e", "/f", "/g", "/h"]);

    // Without keys nobody knows that these are one connection.
    let found = read_packets(&moved(&session, &moves), "");
    assert_eq!(found.states.len(), 3);
    assert_eq!(found.states[0], ContentState::NoKey);
    assert!(found.exchanges.is_empty());
}

#[test]
fn dns_over_quic_gives_lookups() {
    let mut session = Session::new(&Settings {
        alpn: &["doq"],
        ..Settings::new("dns.example", 3)
    });
    let question = b"\x00\x1d\x00\x00\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x00\x00\x01\x00\x01";
    session.stream(Side::Client, 0, question);
    session.stream(Side::Client, 4, question);
    let found = read(&session.datagrams, session.key_log());
    let names: Vec<&str> = found
        .lookups
        .iter()
        .map(|lookup| lookup.name.as_str())
        .collect();
    assert_eq!(names, ["www.example"; 2]);
}

#[test]
fn streams_that_nobody_knows_are_not_examined() {
    for (with_request, state) in [
        (false, ContentState::NotExamined),
        (true, ContentState::Decrypted),
    ] {
        let mut session = Session::new(&Settings {
            alpn: &["own/1"],
            ..Settings::new("live.example", 3)
        });
        session.stream(Side::Client, 0, &[0x81; 40]);
        session.stream(Side::Server, 0, &[0x82; 40]);
        if with_request {
            session.stream(
                Side::Client,
                4,
                b"GET / HTTP/1.1\r\nHost: live.example\r\n\r\n",
            );
        }
        let found = read(&session.datagrams, session.key_log());
        assert_eq!(found.states, [state]);
    }
}

#[test]
fn a_lost_datagram_costs_its_bytes_alone() {
    let sessions = [
        session(SUITES[0], true),
        session_of(Version::V2, SUITES[1], false),
        session(SUITES[2], false),
    ];
    for session in sessions {
        a_lost_datagram(&session);
    }
}

fn a_lost_datagram(session: &Session) {
    // Without the client's hello there is no way to the keys.
    for lost in 1..session.datagrams.len() {
        let mut datagrams = session.datagrams.clone();
        let (side, _) = datagrams.remove(lost);
        let found = read(&datagrams, session.key_log());
        assert_eq!(found.states, [ContentState::Decrypted], "{lost} {side:?}");
        let cut = found
            .exchanges
            .iter()
            .filter(|exchange| {
                let response = exchange.response.as_ref();
                exchange.request.body.is_cut || response.is_none_or(|response| response.body.is_cut)
            })
            .count();
        assert!(cut <= 1, "{lost}: {cut} exchanges are not whole");
        assert!(found.exchanges.len() >= 2, "{lost}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Datagrams in other orders, and some of them twice, say the same.
    #[test]
    fn order_and_repetition_do_not_matter(
        moves in proptest::collection::vec((0_usize..60, 0_usize..6), 0..40),
        twice in proptest::collection::vec(0_usize..60, 0..10),
    ) {
        let session = session(SUITES[0], false);
        let mut datagrams = session.datagrams.clone();
        for (from, by) in moves {
            let from = from % datagrams.len();
            let to = (from + by).min(datagrams.len() - 1);
            let moved = datagrams.remove(from);
            datagrams.insert(to, moved);
        }
        // What has a short header is known for QUIC only behind a long one: the first datagram stays before all of these.
        let is_short = |(_, bytes): &(Side, Vec<u8>)| bytes[0] & 0x80 == 0;
        let first = datagrams.iter().position(|one| *one == session.datagrams[0]).unwrap();
        if let Some(short) = datagrams.iter().position(is_short).filter(|short| *short < first) {
            let first = datagrams.remove(first);
            datagrams.insert(short, first);
        }
        for index in twice {
            let repeated = datagrams[index % datagrams.len()].clone();
            datagrams.push(repeated);
        }
        check_exchanges(&read(&datagrams, session.key_log()));
    }
}
