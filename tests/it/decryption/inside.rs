//! What speaks inside TLS, and TLS inside what: lookups, HTTP/2, tunnels of proxies.

use std::net::SocketAddr;

use phonehome::model::{ContentState, Event, ServerName, Side, Sighting};
use proptest::prelude::*;

use super::plaintext::sightings;
use crate::forge::dns::{self, Answer};
use crate::forge::stream::{Connection, Sent};
use crate::forge::tls::{Session, Settings};
use crate::forge::{Chance, http};
use crate::http2::conversation;

const RESOLVER: &str = "198.51.100.53:853";
const PROXY: &str = "198.51.100.1:3128";

fn open(client_port: u16, server: &str) -> Connection {
    let client = SocketAddr::from(([192, 0, 2, 7], client_port));
    Connection::open(client, server.parse().unwrap())
}

fn ip(packets: &[Sent]) -> Vec<Vec<u8>> {
    packets.iter().map(|sent| sent.ip.clone()).collect()
}

/// A handshake, and what is said behind it, sealed.
fn sealed(session: &mut Session, said: &[(Side, Vec<u8>)]) -> Vec<(Side, Vec<u8>)> {
    let mut passed = session.handshake();
    for (side, bytes) in said {
        passed.push((*side, session.send(*side, bytes)));
    }
    passed
}

/// Exchanges in words, with whether they were protected; states of flows behind them.
fn told(sightings: &[Sighting]) -> Vec<String> {
    let (mut told, mut states) = (Vec::new(), Vec::new());
    for sighting in sightings {
        match &sighting.event {
            Event::Exchange(exchange) => told.push(format!(
                "{} {} {} {} {}",
                exchange.request.method,
                exchange.request.host.as_deref().unwrap_or("-"),
                exchange.request.target,
                String::from_utf8_lossy(&exchange.request.body.bytes),
                if exchange.is_protected {
                    "protected"
                } else {
                    "clear"
                },
            )),
            Event::Traffic(traffic) => {
                states.push(format!("{} {}", traffic.protocol, traffic.content.as_str()));
            }
            _ => {}
        }
    }
    told.sort();
    told.extend(states);
    told
}

#[test]
fn names_looked_up_over_tls_count_for_later_connections() {
    let address = "203.0.113.80".parse().unwrap();
    let framed = |message: Vec<u8>| {
        let length = u16::try_from(message.len()).unwrap().to_be_bytes();
        [&length[..], &message].concat()
    };
    let answers = [Answer::Address("api.example", address)];
    let said = [
        (Side::Client, framed(dns::query(7, "api.example", dns::A))),
        (
            Side::Server,
            framed(dns::answer(7, "api.example", dns::A, &answers)),
        ),
    ];
    let mut session = Session::new(&Settings {
        alpn: &["dot"],
        ..Settings::new("dns.example", 3)
    });
    let mut lookup = open(40_000, RESOLVER);
    for (side, bytes) in sealed(&mut session, &said) {
        lookup.send(side, &bytes);
    }
    let mut later = open(40_001, "203.0.113.80:9999");
    later.send(Side::Client, b"\x01\x02\x03 says little");
    let packets = [ip(&lookup.packets), ip(&later.packets)].concat();

    for (key_log, name) in [
        (session.key_log(), Some("api.example")),
        (String::new(), None),
    ] {
        let seen = sightings(&packets, key_log.as_bytes());
        let looked_up = seen
            .iter()
            .filter(|sighting| matches!(sighting.event, Event::Lookup(_)))
            .count();
        assert_eq!(looked_up, if name.is_some() { 2 } else { 0 });
        let server = seen.iter().find_map(|sighting| {
            let is_later = sighting.flow.is_some_and(|flow| flow.server.port() == 9999);
            is_later.then(|| sighting.server.clone())
        });
        let expected = name.map(|name| ServerName::Resolved(name.into()));
        assert_eq!(server, Some(expected));
    }
}

fn upload() -> Vec<(Side, Vec<u8>)> {
    vec![
        (
            Side::Client,
            http::request("POST", "api.example", "/up", &[], b"phone=12345"),
        ),
        (Side::Server, http::response(200, &[], b"ok")),
    ]
}

/// What passes when a proxy is asked for a tunnel and that goes through it.
fn tunnel(target: &str, inner: Vec<(Side, Vec<u8>)>) -> Vec<(Side, Vec<u8>)> {
    let ask = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
    let mut passed = vec![
        (Side::Client, ask.into_bytes()),
        (
            Side::Server,
            b"HTTP/1.1 200 Connection established\r\n\r\n".to_vec(),
        ),
    ];
    passed.extend(inner);
    passed
}

fn through_proxy(passed: &[(Side, Vec<u8>)], key_log: &str) -> Vec<String> {
    let mut connection = open(40_000, PROXY);
    for (side, bytes) in passed {
        connection.send(*side, bytes);
    }
    connection.close();
    told(&sightings(&ip(&connection.packets), key_log.as_bytes()))
}

#[test]
fn what_goes_through_the_tunnel_of_a_proxy_is_read() {
    let asked = |target: &str, how: &str| format!("CONNECT api.example {target}  {how}");
    assert_eq!(
        through_proxy(&tunnel("api.example:80", upload()), ""),
        [
            asked("api.example:80", "clear"),
            "POST api.example /up phone=12345 clear".to_owned(),
            "http clear".to_owned(),
        ]
    );

    let mut session = Session::new(&Settings::new("api.example", 5));
    let inner = sealed(&mut session, &upload());
    let passed = tunnel("api.example:443", inner);
    assert_eq!(
        through_proxy(&passed, &session.key_log()),
        [
            asked("api.example:443", "clear"),
            "POST api.example /up phone=12345 protected".to_owned(),
            "http decrypted".to_owned(),
        ]
    );
    assert_eq!(
        through_proxy(&passed, ""),
        [
            asked("api.example:443", "clear"),
            "tls encrypted-no-key".to_owned(),
        ]
    );

    // The way to the proxy is under TLS as well.
    let mut outer = Session::new(&Settings::new("proxy.example", 6));
    let wrapped = sealed(&mut outer, &passed);
    let keys = format!("{}\n{}", session.key_log(), outer.key_log());
    assert_eq!(
        through_proxy(&wrapped, &keys),
        [
            asked("api.example:443", "protected"),
            "POST api.example /up phone=12345 protected".to_owned(),
            "http decrypted".to_owned(),
        ]
    );
    assert_eq!(
        through_proxy(&wrapped, &outer.key_log()),
        [
            asked("api.example:443", "protected"),
            "tls encrypted-no-key".to_owned(),
        ]
    );
}

/// HTTP/2 inside TLS, in segments of at most `most` bytes.
fn http2(is_version_12: bool, most: usize) -> (Vec<Sent>, String) {
    let (client, server) = conversation();
    let mut session = Session::new(&Settings {
        alpn: &["h2"],
        is_version_12,
        ..Settings::new("api.example", 9)
    });
    let mut connection = open(40_000, "198.51.100.1:443");
    for (side, bytes) in sealed(
        &mut session,
        &[(Side::Client, client), (Side::Server, server)],
    ) {
        connection.send_in(side, &bytes, most);
    }
    connection.close();
    (connection.packets, session.key_log())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn http2_inside_tls_says_the_same_however_it_comes(
        is_version_12 in any::<bool>(),
        most in 20_usize..1400,
        seed in any::<u64>(),
    ) {
        let (packets, key_log) = http2(is_version_12, 60_000);
        let whole = told(&sightings(&ip(&packets), key_log.as_bytes()));
        prop_assert_eq!(whole.len(), 5);
        prop_assert_eq!(whole.last().unwrap(), "http2 decrypted");
        let (mut packets, key_log) = http2(is_version_12, most);
        let mut chance = Chance::new(seed);
        // Packets overtake near ones and come twice, behind the handshake and ahead of the end.
        let last = packets.len() - 4;
        for _ in 0..12 {
            let at = 3 + usize::try_from(chance.next()).unwrap_or(usize::MAX) % (last - 4);
            if packets[at].side == packets[at + 1].side {
                packets.swap(at, at + 1);
            }
            let again = packets[at].clone();
            packets.insert(at + 1, again);
        }
        prop_assert_eq!(told(&sightings(&ip(&packets), key_log.as_bytes())), whole);
    }
}

#[test]
fn each_state_is_the_only_one_of_its_flow() {
    let (packets, key_log) = http2(false, 1400);
    for (log, state) in [
        (key_log.as_str(), ContentState::Decrypted),
        ("", ContentState::NoKey),
    ] {
        let states: Vec<ContentState> = sightings(&ip(&packets), log.as_bytes())
            .iter()
            .filter_map(|sighting| match sighting.event {
                Event::Traffic(traffic) => Some(traffic.content),
                _ => None,
            })
            .collect();
        assert_eq!(states, [state]);
    }
}

#[test]
fn what_is_decrypted_and_nobody_knows_is_not_examined() {
    let said = [
        (Side::Client, vec![0x81; 40]),
        (Side::Server, vec![0x82; 40]),
    ];
    let mut session = Session::new(&Settings {
        alpn: &[],
        ..Settings::new("live.example", 3)
    });
    let sealed = sealed(&mut session, &said);
    for (passed, key_log, state) in [
        (said.as_slice(), String::new(), " not-examined"),
        (&sealed, session.key_log(), "tls not-examined"),
        (&sealed, String::new(), "tls encrypted-no-key"),
    ] {
        let mut connection = open(40_000, "203.0.113.80:9443");
        for (side, bytes) in passed {
            connection.send(*side, bytes);
        }
        connection.close();
        let seen = sightings(&ip(&connection.packets), key_log.as_bytes());
        assert_eq!(told(&seen), [state]);
    }
}
