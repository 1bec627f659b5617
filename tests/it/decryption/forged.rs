//! Forged connections with keys (rustls on both sides): laws of what is found.

use std::net::SocketAddr;
use std::sync::Arc;

use phonehome::flow::Flows;
use phonehome::model::{ContentState, Coverage, Event, LinkType, Origin, Packet, Shortfall, Side};
use phonehome::protocol::KeyLog;
use proptest::prelude::*;
use rustls::CipherSuite;

use super::plaintext::{Plaintext, read_packets, sightings};
use crate::forge::packet;
use crate::forge::stream::{Connection, Sent};
use crate::forge::tls::{Session, Settings, hex};

const HOST: &str = "api.example";

const SUITES: [(bool, CipherSuite); 6] = [
    (false, CipherSuite::TLS13_AES_128_GCM_SHA256),
    (false, CipherSuite::TLS13_AES_256_GCM_SHA384),
    (false, CipherSuite::TLS13_CHACHA20_POLY1305_SHA256),
    (true, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    (true, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
    (
        true,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
];

/// A connection: what passed, piece by piece, and what was said in it.
struct Talk {
    handshake: Vec<(Side, Vec<u8>)>,
    /// Records of application data, with their plaintext.
    records: Vec<(Side, Vec<u8>, Vec<u8>)>,
    key_log: String,
}

fn settings(suite: usize) -> Settings<'static> {
    let (is_version_12, suite) = SUITES[suite];
    Settings {
        is_version_12,
        suite: Some(suite),
        ..Settings::new(HOST, 7)
    }
}

/// Records of these sizes, in turn by client and server.
fn talk(settings: &Settings<'_>, sizes: &[usize]) -> Talk {
    let mut session = Session::new(settings);
    let handshake = session.handshake();
    let mut records = Vec::new();
    for (number, size) in sizes.iter().enumerate() {
        let side = if number % 3 == 1 {
            Side::Server
        } else {
            Side::Client
        };
        let plain: Vec<u8> = (0..*size)
            .map(|at| u8::try_from((at + number) % 251).unwrap())
            .collect();
        records.push((side, session.send(side, &plain), plain));
    }
    Talk {
        handshake,
        records,
        key_log: session.key_log(),
    }
}

fn connection() -> Connection {
    let client: SocketAddr = "192.0.2.7:40000".parse().unwrap();
    Connection::open(client, "198.51.100.1:443".parse().unwrap())
}

impl Talk {
    fn packets(&self, most: usize) -> Vec<Sent> {
        let mut connection = connection();
        for (side, bytes) in &self.handshake {
            connection.send_in(*side, bytes, most);
        }
        for (side, bytes, _) in &self.records {
            connection.send_in(*side, bytes, most);
        }
        connection.close();
        connection.packets
    }

    fn said(&self, side: Side, without: Option<usize>) -> Vec<u8> {
        let records = self.records.iter().enumerate();
        records
            .filter(|(number, (sender, ..))| *sender == side && Some(*number) != without)
            .flat_map(|(_, (_, _, plain))| plain.clone())
            .collect()
    }

    fn read(&self, packets: &[Sent]) -> Plaintext {
        read(packets, &self.key_log)
    }
}

fn read(packets: &[Sent], key_log: &str) -> Plaintext {
    let packets: Vec<Vec<u8>> = packets.iter().map(|sent| sent.ip.clone()).collect();
    let mut flows = read_packets(&packets, key_log.as_bytes());
    assert_eq!(flows.len(), 1);
    flows.remove(0)
}

#[test]
fn every_suite_of_rustls_is_read_and_its_handshake_told() {
    for suite in 0..SUITES.len() {
        let talk = talk(&settings(suite), &[500, 3000, 1, 8000]);
        let found = talk.read(&talk.packets(1400));
        assert_eq!(found.client, talk.said(Side::Client, None));
        assert_eq!(found.server, talk.said(Side::Server, None));
        assert_eq!(found.content, Some(ContentState::Decrypted));
        let [handshake] = found.handshakes.as_slice() else {
            panic!("one handshake, one event");
        };
        // In TLS 1.3 both are encrypted.
        assert_eq!(handshake.alpn_chosen.as_deref(), Some("http/1.1"));
        assert_eq!(handshake.certificate_names, [HOST]);
    }
}

#[test]
fn new_keys_are_followed() {
    let mut session = Session::new(&settings(0));
    let mut connection = connection();
    for (side, bytes) in session.handshake() {
        connection.send(side, &bytes);
    }
    let mut said = String::new();
    for round in 0..5 {
        let text = format!("round {round}\n");
        for side in [Side::Client, Side::Server] {
            connection.send(side, &session.send(side, text.as_bytes()));
            connection.send(side, &session.update_keys(side));
        }
        said += &text;
    }
    let found = read(&connection.packets, &session.key_log());
    assert_eq!(found.client, said.as_bytes());
    assert_eq!(found.server, said.as_bytes());
    assert_eq!(found.content, Some(ContentState::Decrypted));
}

#[test]
fn new_keys_are_found_behind_a_loss() {
    let mut session = Session::new(&settings(0));
    let mut connection = connection();
    for (side, bytes) in session.handshake() {
        connection.send(side, &bytes);
    }
    connection.send(Side::Client, &session.send(Side::Client, b"before "));
    let from = connection.packets.len();
    connection.send(Side::Client, &session.update_keys(Side::Client));
    let lost = from..connection.packets.len();
    for text in [&b"after "[..], b"all"] {
        connection.send(Side::Client, &session.send(Side::Client, text));
    }
    connection.close();
    connection.packets.drain(lost);
    let found = read(&connection.packets, &session.key_log());
    assert_eq!(found.client, b"before after all");
    assert_eq!(found.content, Some(ContentState::PartlyDecrypted));
}

#[test]
fn without_its_line_a_connection_stays_closed() {
    for suite in 0..SUITES.len() {
        let talk = talk(&settings(suite), &[50, 60]);
        let lines: Vec<&str> = talk
            .key_log
            .lines()
            .filter(|line| !line.starts_with("CLIENT_RANDOM") && !line.contains("TRAFFIC_SECRET_0"))
            .collect();
        // Secrets of other connections are no help.
        let other = self::talk(
            &Settings {
                seed: 8,
                ..settings(suite)
            },
            &[1],
        );
        for key_log in [lines.join("\n"), other.key_log] {
            let found = read(&talk.packets(1400), &key_log);
            assert_eq!(found.content, Some(ContentState::NoKey));
            assert_eq!((found.client.len(), found.server.len()), (0, 0));
            assert_eq!(found.handshakes.len(), 1);
        }
    }
}

#[test]
fn one_direction_alone_is_read_as_far_as_its_line_goes() {
    let talk = talk(&settings(0), &[50, 60, 70]);
    let packets = talk.packets(1400);
    let why = |side: &str| {
        format!("TLS record 1 of the {side}: the key log has no secret for this direction")
    };
    // What the client sent decides: without its secret nothing that left the phone can be read.
    for (removed, content, side) in [
        (
            "SERVER_TRAFFIC_SECRET_0",
            ContentState::PartlyDecrypted,
            "server",
        ),
        ("SERVER_", ContentState::PartlyDecrypted, "server"),
        ("CLIENT_TRAFFIC_SECRET_0", ContentState::NoKey, "client"),
        ("CLIENT_", ContentState::NoKey, "client"),
    ] {
        let lines = talk.key_log.lines();
        let lines: Vec<&str> = lines.filter(|line| !line.starts_with(removed)).collect();
        let found = read(&packets, &lines.join("\n"));
        let (client, server) = match side {
            "server" => (talk.said(Side::Client, None), Vec::new()),
            _ => (Vec::new(), talk.said(Side::Server, None)),
        };
        assert_eq!(found.client, client, "{removed}");
        assert_eq!(found.server, server, "{removed}");
        assert_eq!(found.content, Some(content), "{removed}");
        assert_eq!(undecrypted(&packets, &lines.join("\n")), [why(side)]);
    }
    // Nobody needs the others for what was said.
    for removed in ["CLIENT_HANDSHAKE", "SERVER_HANDSHAKE", "EXPORTER"] {
        let lines = talk.key_log.lines();
        let lines: Vec<&str> = lines.filter(|line| !line.starts_with(removed)).collect();
        let found = read(&packets, &lines.join("\n"));
        assert_eq!(found.content, Some(ContentState::Decrypted), "{removed}");
        assert_eq!(found.client, talk.said(Side::Client, None), "{removed}");
    }
}

/// From where on a connection stays closed, and why, as the report has it.
fn undecrypted(packets: &[Sent], key_log: &str) -> Vec<String> {
    let mut keys = KeyLog::default();
    keys.read(key_log.as_bytes());
    let mut flows = Flows::new();
    flows.set_keys(Arc::new(keys));
    let mut coverage = Coverage::default();
    for (packet, frame) in packets.iter().zip(1..) {
        let packet = Packet {
            origin: Origin {
                frame,
                ..Origin::default()
            },
            link: LinkType::RAW,
            wire_len: packet::length(&packet.ip),
            data: &packet.ip,
            owner: None,
            direction: None,
        };
        flows.packet(&packet, &mut coverage, &mut |_| {});
    }
    flows.finish(&mut coverage, &mut |_| {});
    coverage
        .iter()
        .filter(|(_, shortfall, _)| *shortfall == Shortfall::UndecryptedRecords)
        .map(|(_, _, count)| count.detail.clone().unwrap())
        .collect()
}

#[test]
fn what_is_decrypted_in_part_says_from_where_and_why() {
    let talk = talk(&settings(0), &[50, 60, 70]);
    let packets = talk.packets(1400);
    assert!(undecrypted(&packets, &talk.key_log).is_empty());
    // The last record of the client is damaged, then not captured.
    let (_, bytes, _) = talk
        .records
        .iter()
        .rfind(|(side, ..)| *side == Side::Client)
        .unwrap();
    let position = packets
        .iter()
        .position(|sent| sent.ip.ends_with(bytes))
        .unwrap();
    let number = talk
        .records
        .iter()
        .filter(|(side, ..)| *side == Side::Client)
        .count();
    let mut damaged = packets.clone();
    *damaged[position].ip.last_mut().unwrap() ^= 1;
    let mut lost = packets;
    lost.remove(position);
    for (packets, why) in [
        (
            damaged,
            "the keys do not open it: damaged, or too much is missing before it",
        ),
        (lost, "not captured"),
    ] {
        let expected = format!("TLS record {number} of the client: {why}");
        assert_eq!(undecrypted(&packets, &talk.key_log), [expected]);
    }
}

#[test]
fn the_lost_end_of_a_handshake_costs_no_data() {
    for suite in 0..SUITES.len() {
        let settings = settings(suite);
        if !settings.is_version_12 {
            continue;
        }
        let talk = talk(&settings, &[300, 200, 100]);
        let packets = talk.packets(1400);
        for side in [Side::Client, Side::Server] {
            // Each side ends its handshake with a flight of its own.
            let end = talk.handshake.iter().rfind(|(sender, _)| *sender == side);
            let (_, end) = end.unwrap();
            let is_end = |sent: &Sent| sent.side == side && sent.ip.ends_with(end);
            let mut left = packets.clone();
            left.retain(|sent| !is_end(sent));
            assert_eq!(left.len() + 1, packets.len());
            let found = talk.read(&left);
            for of in [Side::Client, Side::Server] {
                let text = if of == Side::Client {
                    &found.client
                } else {
                    &found.server
                };
                assert_eq!(*text, talk.said(of, None), "{suite} {side:?} {of:?}");
            }
            assert_eq!(found.content, Some(ContentState::Decrypted));
        }
    }
}

#[test]
fn lost_segments_behind_the_hellos_of_tls_1_3_cost_no_data() {
    for suite in (0..SUITES.len()).filter(|suite| !SUITES[*suite].0) {
        let talk = talk(&settings(suite), &[300, 2000, 3000, 100, 400, 500]);
        let mut connection = connection();
        let mut flights = Vec::new();
        for (side, bytes) in &talk.handshake {
            let from = connection.packets.len();
            connection.send_in(*side, bytes, 120);
            flights.push(from..connection.packets.len());
        }
        let begin = connection.packets.len();
        for (side, bytes, _) in &talk.records {
            connection.send_in(*side, bytes, 300);
        }
        connection.close();
        let has_payload = |at: &usize| connection.packets[*at].ip.len() > 60;
        // The server's hello is in the first two segments of its flight.
        let server: Vec<usize> = flights[1].clone().filter(has_payload).skip(2).collect();
        let client: Vec<usize> = flights[2].clone().filter(has_payload).collect();
        let mut losses: Vec<Vec<usize>> =
            server.iter().chain(&client).map(|at| vec![*at]).collect();
        losses.extend([server.clone(), client.clone(), [server, client].concat()]);
        for lost in losses {
            assert!(lost.iter().all(|at| *at < begin));
            let mut packets = connection.packets.clone();
            for at in lost.iter().rev() {
                packets.remove(*at);
            }
            let found = talk.read(&packets);
            assert_eq!(
                found.client,
                talk.said(Side::Client, None),
                "{suite} {lost:?}"
            );
            assert_eq!(
                found.server,
                talk.said(Side::Server, None),
                "{suite} {lost:?}"
            );
            assert_eq!(
                found.content,
                Some(ContentState::Decrypted),
                "{suite} {lost:?}"
            );
        }
    }
}

/// A connection whose packets are cut behind so many bytes of their payload, as a capture with `-s` has them.
fn cut(packets: &[Sent], most: usize) -> Vec<Sent> {
    // IPv4 and TCP headers without options.
    let most = most + 40;
    let cut = packets.iter().map(|sent| Sent {
        side: sent.side,
        ip: sent.ip[..sent.ip.len().min(most)].to_vec(),
    });
    cut.collect()
}

#[test]
fn lost_hellos_of_servers_cost_no_data_in_tls_1_3() {
    for suite in (0..SUITES.len()).filter(|suite| !SUITES[*suite].0) {
        let talk = talk(&settings(suite), &[300, 2000, 3000, 100, 400, 500]);
        let packets = talk.packets(1400);
        let first = packets
            .iter()
            .position(|sent| sent.side == Side::Server && sent.ip.len() > 60)
            .unwrap();
        let mut left = packets.clone();
        left.remove(first);
        let found = talk.read(&left);
        assert_eq!(found.client, talk.said(Side::Client, None), "{suite}");
        assert_eq!(found.server, talk.said(Side::Server, None), "{suite}");
        assert_eq!(found.content, Some(ContentState::Decrypted), "{suite}");
    }
}

#[test]
fn what_packets_hold_that_were_cut_is_decrypted_as_far_as_it_is_whole() {
    for suite in 0..SUITES.len() {
        let talk = talk(&settings(suite), &[60, 70, 3000, 50, 80, 90]);
        let whole = |side: Side| -> Vec<u8> {
            let records = talk.records.iter();
            records
                .filter(|(sender, _, plain)| *sender == side && plain.len() < 100)
                .flat_map(|(.., plain)| plain.clone())
                .collect()
        };
        let packets = cut(&talk.packets(1400), 140);
        let found = talk.read(&packets);
        assert_eq!(found.client, whole(Side::Client), "{suite}");
        assert_eq!(found.server, whole(Side::Server), "{suite}");
        assert_eq!(
            found.content,
            Some(ContentState::PartlyDecrypted),
            "{suite}"
        );
        let [detail] = undecrypted(&packets, &talk.key_log).try_into().unwrap();
        let why = "not captured; packets were cut by the capture (snaplen)";
        assert!(detail.ends_with(why), "{detail}");
    }
}

#[test]
fn a_hello_that_was_cut_is_no_lack_of_keys() {
    for suite in 0..SUITES.len() {
        let talk = talk(&settings(suite), &[60, 70]);
        let packets = cut(&talk.packets(1400), 30);
        let found = talk.read(&packets);
        assert_eq!(found.content, Some(ContentState::Damaged), "{suite}");
        let [detail] = undecrypted(&packets, &talk.key_log).try_into().unwrap();
        assert!(
            detail
                .ends_with("not captured, or not whole; packets were cut by the capture (snaplen)"),
            "{detail}"
        );
        // Without any key that is what is said.
        assert_eq!(read(&packets, "").content, Some(ContentState::NoKey));
    }
}

#[test]
fn requests_that_were_all_cut_are_not_decrypted() {
    for suite in 0..SUITES.len() {
        let mut session = Session::new(&settings(suite));
        let mut connection = connection();
        for (side, bytes) in session.handshake() {
            connection.send(side, &bytes);
        }
        for side in [Side::Client, Side::Server, Side::Client] {
            connection.send(side, &session.send(side, &[0x61; 300]));
        }
        // The end of a side is short enough to be whole.
        connection.send(Side::Client, &session.close(Side::Client));
        connection.close();
        for most in [64, 100, 140] {
            let found = read(&cut(&connection.packets, most), &session.key_log());
            let content = found.content.unwrap();
            assert!(found.client.is_empty() && found.server.is_empty());
            assert_eq!(content, ContentState::Damaged, "{suite} {most}");
        }
    }
}

#[test]
fn losses_in_what_waits_for_the_server_cost_no_more_than_they_hold() {
    let talk = talk(&settings(0), &[300, 200, 400, 500, 600, 700, 800, 900]);
    let packets = talk.packets(1400);
    let is_full = |sent: &Sent| sent.ip.len() > 60;
    // The server's packets stand behind all of the client's, as where two captures were put together.
    let (mut client, server): (Vec<Sent>, Vec<Sent>) = packets
        .into_iter()
        .partition(|sent| sent.side == Side::Client);
    let full: Vec<usize> = (0..client.len())
        .filter(|at| is_full(&client[*at]))
        .collect();
    let (finished, second) = (full[1], full[3]);
    client.remove(second);
    client.remove(finished);
    let found = talk.read(&[client, server].concat());
    assert_eq!(found.client, talk.said(Side::Client, Some(2)));
    assert_eq!(found.server, talk.said(Side::Server, None));
    assert_eq!(found.content, Some(ContentState::PartlyDecrypted));
}

#[test]
fn an_answer_is_not_heard_before_the_request_behind_a_loss() {
    let mut session = Session::new(&settings(0));
    let mut connection = connection();
    for (side, bytes) in session.handshake() {
        connection.send(side, &bytes);
    }
    // The end of the client's handshake is not in the capture.
    let finished = connection.packets.len() - 2;
    let request = b"POST /v1 HTTP/1.1\r\nHost: api.example\r\nContent-Length: 4\r\n\r\nbody";
    let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
    for _ in 0..2 {
        connection.send(Side::Client, &session.send(Side::Client, request));
        connection.send(Side::Server, &session.send(Side::Server, answer));
    }
    let mut packets: Vec<Vec<u8>> = connection
        .packets
        .iter()
        .map(|sent| sent.ip.clone())
        .collect();
    packets.remove(finished);
    let answers: Vec<Option<u16>> = sightings(&packets, session.key_log().as_bytes())
        .iter()
        .filter_map(|sighting| match &sighting.event {
            Event::Exchange(exchange) => {
                Some(exchange.response.as_ref().map(|response| response.status))
            }
            _ => None,
        })
        .collect();
    assert_eq!(answers, [Some(204), Some(204)]);
}

#[test]
fn a_request_lost_with_the_end_of_the_handshake_is_told() {
    for suite in 0..SUITES.len() {
        let talk = talk(&settings(suite), &[300, 200]);
        let mut packets = talk.packets(1400);
        let mut from_client = 0;
        packets.retain(|sent| {
            let has_payload = sent.side == Side::Client && sent.ip.len() > 60;
            from_client += usize::from(has_payload);
            !has_payload || from_client == 1
        });
        assert_eq!(from_client, 3, "hello, end of the handshake, request");
        let found = talk.read(&packets);
        assert_eq!(found.server, talk.said(Side::Server, None));
        assert_eq!(found.content, Some(ContentState::PartlyDecrypted));
        let expected = "TLS record 1 of the client: not captured".to_owned();
        assert_eq!(undecrypted(&packets, &talk.key_log), [expected]);
    }
}

/// What a server and a client say in clear, then under TLS; and a word that must be found in a message of that protocol.
struct Upgrade {
    port: u16,
    clear: &'static [(Side, &'static str)],
    sealed: &'static [(Side, &'static str)],
    protocol: &'static str,
    word: &'static str,
}

const UPGRADES: [Upgrade; 5] = [
    Upgrade {
        port: 587,
        clear: &[
            (Side::Server, "220 mx.example ESMTP\r\n"),
            (Side::Client, "EHLO phone.example\r\n"),
            (Side::Server, "250-mx.example\r\n250 STARTTLS\r\n"),
            (Side::Client, "STARTTLS\r\n"),
            (Side::Server, "220 go\r\n"),
        ],
        sealed: &[
            (Side::Client, "EHLO phone.example\r\n"),
            (Side::Server, "250 mx.example\r\n"),
            (
                Side::Client,
                "MAIL FROM:<erika@a.example>\r\nRCPT TO:<otto@b.example>\r\nDATA\r\n",
            ),
            (Side::Server, "250 ok\r\n250 ok\r\n354 go\r\n"),
            (Side::Client, "Subject: Hello\r\n\r\nHello\r\n.\r\n"),
            (Side::Server, "250 ok\r\n"),
        ],
        protocol: "smtp",
        word: "otto@b.example",
    },
    Upgrade {
        port: 143,
        clear: &[
            (Side::Server, "* OK ready\r\n"),
            (Side::Client, "a1 STARTTLS\r\n"),
            (Side::Server, "a1 OK go\r\n"),
        ],
        sealed: &[
            (Side::Client, "a2 LOGIN erika secret\r\n"),
            (Side::Server, "a2 OK\r\n"),
        ],
        protocol: "imap",
        word: "erika",
    },
    // What comes first inside shows neither a greeting nor the port of the protocol.
    Upgrade {
        port: 1143,
        clear: &[
            (Side::Server, "* OK ready\r\n"),
            (Side::Client, "a0 CAPABILITY\r\n"),
            (Side::Server, "* CAPABILITY IMAP4rev1 STARTTLS\r\na0 OK\r\n"),
            (Side::Client, "a1 STARTTLS\r\n"),
            (Side::Server, "a1 OK go\r\n"),
        ],
        sealed: &[
            (Side::Client, "a2 LOGIN erika secret\r\n"),
            (Side::Server, "a2 OK\r\n"),
        ],
        protocol: "imap",
        word: "erika",
    },
    Upgrade {
        port: 21,
        clear: &[
            (Side::Server, "220 ready\r\n"),
            (Side::Client, "AUTH TLS\r\n"),
            (Side::Server, "234 go\r\n"),
        ],
        sealed: &[
            (Side::Client, "PBSZ 0\r\n"),
            (Side::Server, "200 ok\r\n"),
            (Side::Client, "USER erika\r\n"),
            (Side::Server, "331 password\r\n"),
            (Side::Client, "PASS secret\r\n"),
            (Side::Server, "230 welcome\r\n"),
        ],
        protocol: "ftp",
        word: "erika",
    },
    Upgrade {
        port: 5222,
        clear: &[
            (
                Side::Client,
                "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='b.example' version='1.0'>",
            ),
            (
                Side::Server,
                "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='b.example' id='1' version='1.0'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
            ),
            (
                Side::Client,
                "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
            ),
            (
                Side::Server,
                "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
            ),
        ],
        sealed: &[
            (
                Side::Client,
                "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='b.example' version='1.0'><message to='otto@b.example' type='chat'><body>Hello</body></message>",
            ),
            (
                Side::Server,
                "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='b.example' id='2' version='1.0'>",
            ),
        ],
        protocol: "xmpp",
        word: "otto@b.example",
    },
];

#[test]
fn what_follows_starttls_is_read_as_the_protocol_it_is() {
    for upgrade in UPGRADES {
        let client: SocketAddr = "192.0.2.7:40000".parse().unwrap();
        let server = SocketAddr::from(([198, 51, 100, 1], upgrade.port));
        let mut connection = Connection::open(client, server);
        for (side, text) in upgrade.clear {
            connection.send(*side, text.as_bytes());
        }
        let mut session = Session::new(&Settings {
            alpn: &[],
            ..settings(0)
        });
        for (side, bytes) in session.handshake() {
            connection.send(side, &bytes);
        }
        for (side, text) in upgrade.sealed {
            connection.send(*side, &session.send(*side, text.as_bytes()));
        }
        connection.close();
        let packets: Vec<Vec<u8>> = connection.packets.into_iter().map(|sent| sent.ip).collect();
        let mut is_found = false;
        let mut content = None;
        for sighting in sightings(&packets, session.key_log().as_bytes()) {
            match sighting.event {
                Event::Message(message) if message.protocol == upgrade.protocol => {
                    let has_word = |(_, value): &(String, String)| value.contains(upgrade.word);
                    is_found |= message.is_protected && message.fields.iter().any(has_word);
                }
                Event::Traffic(traffic) => content = Some(traffic.content),
                _ => {}
            }
        }
        assert!(is_found, "{}", upgrade.protocol);
        assert_eq!(
            content,
            Some(ContentState::Decrypted),
            "{}",
            upgrade.protocol
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// However a connection is cut into segments, and whether they come twice or in another order, it says the same.
    #[test]
    fn cut_repeated_and_disordered_segments_say_the_same(
        suite in 0..SUITES.len(),
        sizes in prop::collection::vec(1_usize..6000, 1..8),
        most in prop_oneof![20_usize..200, 200_usize..3000, Just(60_000)],
        swaps in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        repeats in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
    ) {
        let talk = talk(&settings(suite), &sizes);
        let mut packets = talk.packets(most);
        // behind the three packets of TCP's own handshake and before those that end it
        let within = packets.len() - 7;
        for swap in swaps {
            let at = 3 + swap.index(within);
            if packets[at].side == packets[at + 1].side {
                packets.swap(at, at + 1);
            }
        }
        for repeat in repeats {
            let at = 3 + repeat.index(within);
            let again = packets[at].clone();
            packets.insert(at + 1, again);
        }
        let found = talk.read(&packets);
        prop_assert_eq!(found.client, talk.said(Side::Client, None));
        prop_assert_eq!(found.server, talk.said(Side::Server, None));
        prop_assert_eq!(found.content, Some(ContentState::Decrypted));
        prop_assert_eq!(found.gaps, 0);
    }

    /// A lost record is lost alone, whether all of it is missing or one of its segments.
    #[test]
    fn a_lost_record_is_lost_alone(
        suite in 0..SUITES.len(),
        sizes in prop::collection::vec(1_usize..6000, 3..9),
        lost in any::<prop::sample::Index>(),
        most in 600_usize..9000,
        only_one in any::<bool>(),
        which in any::<prop::sample::Index>(),
    ) {
        let talk = talk(&settings(suite), &sizes);
        let lost = lost.index(sizes.len());
        let mut connection = connection();
        for (side, bytes) in &talk.handshake {
            connection.send(*side, bytes);
        }
        let mut gone = Vec::new();
        for (number, (side, bytes, _)) in talk.records.iter().enumerate() {
            let from = connection.packets.len();
            connection.send_in(*side, bytes, most);
            // the last one acknowledges
            let segments = connection.packets.len() - from - 1;
            if number == lost {
                gone = if only_one {
                    vec![from + which.index(segments)]
                } else {
                    (from..from + segments).collect()
                };
            }
        }
        connection.close();
        let packets: Vec<Sent> = connection
            .packets
            .iter()
            .enumerate()
            .filter(|(at, _)| !gone.contains(at))
            .map(|(_, sent)| sent.clone())
            .collect();
        let found = talk.read(&packets);
        prop_assert_eq!(found.client, talk.said(Side::Client, Some(lost)));
        prop_assert_eq!(found.server, talk.said(Side::Server, Some(lost)));
        prop_assert_eq!(found.content, Some(ContentState::PartlyDecrypted));
    }

    /// Wrong secrets open nothing and break nothing.
    #[test]
    fn wrong_secrets_open_nothing(suite in 0..SUITES.len(), seed in any::<u64>(), text in "[0-9a-fA-F \nA-Z_]{0,200}") {
        let talk = talk(&settings(suite), &[50, 60, 70]);
        let mut chance = crate::forge::Chance::new(seed);
        let mut key_log = text;
        for line in talk.key_log.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let secret = hex(&chance.bytes(words[2].len() / 2));
            key_log = format!("{key_log}\n{} {} {secret}", words[0], words[1]);
        }
        let found = read(&talk.packets(700), &key_log);
        prop_assert!(found.client.is_empty() && found.server.is_empty());
        prop_assert_eq!(found.content, Some(ContentState::Damaged));
    }
}
