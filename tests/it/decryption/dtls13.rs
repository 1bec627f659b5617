//! DTLS 1.3 between peers of another hand: what they said is found byte for byte.

use std::net::SocketAddr;

use phonehome::model::{ContentState, Side};
use proptest::prelude::*;

use super::plaintext::{Plaintext, read_packets};
use crate::forge::dtls13::{SUITES, Session};
use crate::forge::packet;

/// Records that one key protects, unless new ones are wanted.
const MANY: u64 = 1 << 20;

fn read(datagrams: &[(Side, Vec<u8>)], key_log: &str) -> Plaintext {
    read_cut(datagrams, usize::MAX, key_log)
}

/// As [`read`], of packets that are cut behind so many bytes.
fn read_cut(datagrams: &[(Side, Vec<u8>)], most: usize, key_log: &str) -> Plaintext {
    let client: SocketAddr = "192.0.2.7:40000".parse().unwrap();
    let server: SocketAddr = "198.51.100.1:4433".parse().unwrap();
    let packets: Vec<Vec<u8>> = datagrams
        .iter()
        .map(|(side, bytes)| {
            let mut packet = match side {
                Side::Client => packet::udp(client, server, bytes),
                Side::Server => packet::udp(server, client, bytes),
            };
            packet.truncate(most);
            packet
        })
        .collect();
    read_packets(&packets, key_log.as_bytes()).pop().unwrap()
}

/// Lets both sides speak in turn; returns what each has said.
fn talk(session: &mut Session, rounds: usize) -> [Vec<u8>; 2] {
    let mut said = [Vec::new(), Vec::new()];
    for round in 0..rounds {
        for (side, said) in [Side::Client, Side::Server].into_iter().zip(&mut said) {
            let text = format!("{side:?} says {round}; ").repeat(1 + round % 7);
            session.send(side, text.as_bytes());
            said.extend(text.into_bytes());
        }
    }
    said
}

#[test]
fn what_peers_of_dtls_1_3_say_is_found_byte_for_byte() {
    for suite in SUITES {
        let mut session = Session::new(suite, MANY, 7);
        let said = talk(&mut session, 10);
        let found = read(&session.datagrams, &session.key_log());
        assert_eq!([found.client, found.server], said, "{suite:?}");
        assert_eq!(found.content, Some(ContentState::Decrypted), "{suite:?}");
        assert_eq!(found.handshakes.len(), 1);
        assert_eq!(found.handshakes[0].certificate_names, ["calls.example"]);
        let without = read(&session.datagrams, "# no line\n");
        assert_eq!(without.content, Some(ContentState::NoKey), "{suite:?}");
    }
}

#[test]
fn datagrams_of_dtls_1_3_that_overtake_each_other_cost_nothing() {
    let mut session = Session::new(SUITES[0], MANY, 11);
    let said = talk(&mut session, 3);
    for at in 1..session.datagrams.len() {
        let mut datagrams = session.datagrams.clone();
        datagrams.swap(at - 1, at);
        let found = read(&datagrams, &session.key_log());
        // Of the one that was captured first it is said who it is.
        let mut read = [found.client.len(), found.server.len()];
        if at == 1 {
            read.reverse();
        }
        assert_eq!(read, said.each_ref().map(Vec::len), "{at}");
        assert_eq!(found.content, Some(ContentState::Decrypted), "{at}");
        assert_eq!(found.handshakes.len(), 1, "{at}");
    }
}

#[test]
fn hellos_of_dtls_that_were_cut_are_no_lack_of_keys() {
    let mut session = Session::new(SUITES[0], MANY, 10);
    talk(&mut session, 3);
    for (log, content) in [
        (session.key_log(), ContentState::Damaged),
        (String::new(), ContentState::NoKey),
    ] {
        let found = read_cut(&session.datagrams, 100, &log);
        assert_eq!(found.content, Some(content));
    }
}

#[test]
fn new_keys_of_dtls_1_3_are_followed() {
    let mut session = Session::new(SUITES[0], 10, 8);
    let said = talk(&mut session, 60);
    let found = read(&session.datagrams, &session.key_log());
    assert_eq!([found.client, found.server], said);
    assert_eq!(found.content, Some(ContentState::Decrypted));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A lost datagram costs what it holds, whichever it is; without a hello there is no way to the keys.
    #[test]
    fn lost_datagrams_of_dtls_1_3_cost_what_they_hold(lost in any::<prop::sample::Index>()) {
        let mut session = Session::new(SUITES[1], MANY, 9);
        let handshake = session.datagrams.len();
        let said = talk(&mut session, 6);
        // Both hellos come twice, because of the cookie.
        let lost = 4 + lost.index(session.datagrams.len() - 4);
        let mut datagrams = session.datagrams.clone();
        datagrams.remove(lost);
        let found = read(&datagrams, &session.key_log());
        let whole = found.client.len() + found.server.len();
        let all = said[0].len() + said[1].len();
        if lost < handshake {
            prop_assert_eq!(whole, all, "{}", lost);
        } else {
            prop_assert!(whole < all || found.client == said[0]);
        }
        prop_assert_eq!(found.content, Some(ContentState::Decrypted));
    }
}
