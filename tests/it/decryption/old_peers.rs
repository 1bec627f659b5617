//! SSL 3.0, RC4 and 3DES, which no TLS library of today speaks unless told to: connections that tlslite-ng 0.8 made with itself.
//!
//! `old_peers.txt` holds of each its name, its secrets as in a key log, and what passed (`>` from the client, `<` from the server).

use std::net::SocketAddr;

use phonehome::model::{ContentState, Side};

use super::plaintext::read_packets;
use crate::forge::stream::Connection;

const RECORDED: &str = include_str!("old_peers.txt");

fn bytes(hex: &str) -> Vec<u8> {
    let (pairs, _) = hex.as_bytes().as_chunks::<2>();
    let text = |pair: &[u8; 2]| String::from_utf8_lossy(pair).into_owned();
    pairs
        .iter()
        .map(|pair| u8::from_str_radix(&text(pair), 16).unwrap())
        .collect()
}

#[test]
fn connections_of_old_versions_are_read_by_either_secret() {
    let mut count = 0;
    for case in RECORDED.split("# ").skip(1) {
        let (name, lines) = case.split_once('\n').unwrap();
        let client: SocketAddr = "192.0.2.7:40000".parse().unwrap();
        let mut connection = Connection::open(client, "198.51.100.1:443".parse().unwrap());
        let mut secrets = Vec::new();
        for line in lines.lines() {
            match line.split_once(' ').unwrap() {
                ("key", secret) => secrets.push(secret),
                (">", hex) => drop(connection.send(Side::Client, &bytes(hex))),
                (_, hex) => drop(connection.send(Side::Server, &bytes(hex))),
            }
        }
        connection.close();
        let packets: Vec<Vec<u8>> = connection.packets.into_iter().map(|sent| sent.ip).collect();
        assert_eq!(
            secrets.len(),
            2,
            "master secret, and premaster secret as NSS wrote it"
        );
        for secret in secrets {
            let found = read_packets(&packets, secret.as_bytes()).remove(0);
            let text = |side: &[u8]| String::from_utf8_lossy(side).into_owned();
            assert_eq!(
                text(&found.client),
                "do you have me in your recordsgood",
                "{name}"
            );
            assert_eq!(text(&found.server), "we do not", "{name}");
            assert_eq!(found.content, Some(ContentState::Decrypted), "{name}");
        }
        count += 1;
    }
    assert_eq!(count, 8);
}
