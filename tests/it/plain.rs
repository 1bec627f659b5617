//! Text in clear of protocols that nobody knows: what is read of it, whose it is, and what coverage says.

use std::net::SocketAddr;

use phonehome::flow::Flows;
use phonehome::limits;
use phonehome::model::{
    Coverage, Event, LinkType, Origin, Packet, Shortfall, Side, Sighting, Timestamp,
};
use phonehome::payload;

use crate::forge::stream::Connection;
use crate::forge::{Chance, packet};

const JSON: &[u8] = br#"{"email":"erika.muster@post.example","screen":"start"}"#;

fn phone() -> SocketAddr {
    ([192, 0, 2, 7], 40_000).into()
}

fn server() -> SocketAddr {
    ([198, 51, 100, 21], 7777).into()
}

/// What is seen of packets.
#[derive(Default)]
struct Seen {
    /// Number of the packet and text of each message.
    messages: Vec<(u64, String)>,
    /// Whether the last was cut.
    is_cut: bool,
    /// Names of fields of all messages that have one.
    names: Vec<String>,
    /// Of each flow.
    states: Vec<&'static str>,
    /// Of flows and of contents.
    shortfalls: Vec<(Shortfall, u64)>,
}

fn seen(packets: &[Vec<u8>]) -> Seen {
    let mut flows = Flows::new();
    let mut coverage = Coverage::default();
    let mut seen = Seen::default();
    let mut take = |sighting: Sighting| {
        let decoded = payload::decode(&sighting.event);
        let shortfalls = decoded.shortfalls.iter();
        seen.shortfalls
            .extend(shortfalls.map(|(shortfall, bytes, _)| (*shortfall, *bytes)));
        for field in &decoded.fields {
            seen.names.push(decoded.fields.name(field).to_owned());
        }
        match &sighting.event {
            Event::Message(message) => {
                assert_eq!((message.protocol, message.from_client), ("plain", true));
                let text = String::from_utf8_lossy(&message.body.bytes).into_owned();
                seen.messages.push((sighting.origin.frame, text));
                seen.is_cut = message.body.is_cut;
            }
            Event::Traffic(traffic) => seen.states.push(traffic.content.as_str()),
            _ => {}
        }
    };
    for (frame, ip) in (1_u64..).zip(packets) {
        let packet = Packet {
            origin: Origin {
                frame,
                time: Timestamp(i64::try_from(frame).unwrap() * 1_000_000),
                ..Origin::default()
            },
            link: LinkType::RAW,
            data: ip,
            direction: None,
            wire_len: u32::try_from(ip.len()).unwrap(),
            owner: None,
        };
        flows.packet(&packet, &mut coverage, &mut take);
    }
    flows.finish(&mut coverage, &mut take);
    let counted = coverage.iter();
    seen.shortfalls
        .extend(counted.map(|(_, shortfall, count)| (shortfall, count.bytes)));
    seen
}

/// A connection from its beginning to its end, each piece in segments of its own.
fn connection(pieces: &[(Side, &[u8])]) -> Vec<Vec<u8>> {
    let mut connection = Connection::open(phone(), server());
    for (side, bytes) in pieces {
        connection.send(*side, bytes);
    }
    connection.close();
    ips(connection)
}

/// The middle of a connection, in which the server speaks first.
fn middle(client: SocketAddr, server: SocketAddr) -> Vec<Vec<u8>> {
    let mut connection = Connection::middle(client, server, [1000, 7000]);
    connection
        .send(Side::Server, JSON)
        .send(Side::Client, b"\x01")
        .send(Side::Server, JSON);
    ips(connection)
}

fn ips(connection: Connection) -> Vec<Vec<u8>> {
    connection.packets.into_iter().map(|sent| sent.ip).collect()
}

/// Datagrams from the phone to a port that services have.
fn datagrams(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let server = SocketAddr::new(server().ip(), 9001);
    let each = pieces.iter();
    each.map(|bytes| packet::udp(phone(), server, bytes))
        .collect()
}

#[test]
fn a_long_message_is_one_until_the_server_speaks() {
    let list = |count: usize| {
        let people: Vec<String> = (0..count)
            .map(|number| format!(r#"{{"phone":"+4930231251{number:05}"}}"#))
            .collect();
        format!("[{}]\n", people.join(",")).into_bytes()
    };
    let long = list(2000);
    assert!(long.len() > 32 << 10);
    let found = seen(&connection(&[
        (Side::Client, &long),
        (Side::Server, b"ok\n"),
        (Side::Client, JSON),
    ]));
    assert_eq!(found.messages.len(), 2);
    assert_eq!(found.messages[0].1.as_bytes(), long);
    assert_eq!(
        found.names.iter().filter(|name| *name == "phone").count(),
        2000
    );
    assert_eq!((found.shortfalls, found.states), (vec![], vec!["clear"]));

    let longer = list(20_000);
    let behind = u64::try_from(longer.len() + JSON.len() - limits::PLAIN_BYTES).unwrap();
    let found = seen(&connection(&[
        (Side::Client, &longer),
        (Side::Server, b"ok\n"),
        (Side::Client, JSON),
    ]));
    assert_eq!(found.messages.len(), 1);
    assert!(found.is_cut);
    assert!(
        found
            .shortfalls
            .contains(&(Shortfall::MessageLimit, behind))
    );
}

#[test]
fn lengths_and_keep_alives_of_their_own_hide_no_message() {
    let length = u32::try_from(JSON.len()).unwrap().to_be_bytes();
    let found = seen(&connection(&[
        (Side::Client, &length),
        (Side::Client, JSON),
        (Side::Server, b"\0\0\0\x02ok"),
    ]));
    assert!(found.names.contains(&"email".to_owned()));
    assert_eq!((found.shortfalls, found.states), (vec![], vec!["clear"]));

    let found = seen(&datagrams(&[b"\0", JSON, b"\0", JSON]));
    let frames: Vec<u64> = found.messages.iter().map(|(frame, _)| *frame).collect();
    assert_eq!((frames, found.states), (vec![2, 4], vec!["clear"]));
    assert_eq!(found.shortfalls, [(Shortfall::UnknownEncoding, 2)]);
}

#[test]
fn the_phone_is_no_recipient_of_what_a_server_sent() {
    let at_home = SocketAddr::from(([192, 168, 1, 10], 40_000));
    let high = SocketAddr::new(server().ip(), 50_000);
    let beside = SocketAddr::from(([192, 168, 1, 44], 50_000));
    let datagram = |from, to, bytes: &[u8]| packet::udp(from, to, bytes);
    for packets in [
        middle(phone(), high),
        middle(at_home, high),
        middle(at_home, beside),
        vec![
            datagram(high, at_home, JSON),
            datagram(at_home, high, b"\x01"),
        ],
        vec![
            datagram(high, phone(), JSON),
            datagram(phone(), high, b"\x01"),
        ],
    ] {
        let found = seen(&packets);
        assert_eq!(
            (found.messages, found.states),
            (vec![], vec!["not-examined"])
        );
    }
    // where the addresses tell the phone, it is heard
    let found = seen(&[datagram(at_home, high, JSON)]);
    assert_eq!((found.messages.len(), found.states), (1, vec!["clear"]));
}

#[test]
fn only_flows_of_nothing_but_text_are_clear() {
    let random = Chance::new(1).bytes(1300);
    let hello = [b"\x01PROTO com.example.app/1.0\0".as_slice(), &random].concat();
    let state = |packets: &[Vec<u8>]| (seen(packets).messages.len(), seen(packets).states);
    for (pieces, count) in [
        (vec![(Side::Client, hello.as_slice())], 1),
        (vec![(Side::Client, JSON), (Side::Server, &random)], 1),
        (
            vec![
                (Side::Client, JSON),
                (Side::Server, b"ok"),
                (Side::Client, &random),
            ],
            1,
        ),
        (vec![(Side::Client, &random)], 0),
    ] {
        assert_eq!(state(&connection(&pieces)), (count, vec!["not-examined"]));
    }
    let packets = datagrams(&[&random, &random, JSON, JSON]);
    assert_eq!(state(&packets), (0, vec!["not-examined"]));
    let packets = datagrams(&[JSON, &random, JSON]);
    assert_eq!(state(&packets), (2, vec!["not-examined"]));
}

#[test]
fn evidence_is_the_packet_in_which_a_message_or_its_line_began() {
    let (head, tail) = JSON.split_at(20);
    let found = seen(&connection(&[
        (Side::Client, head),
        (Side::Client, tail),
        (Side::Client, b"\n"),
        (Side::Server, b"ok\n"),
    ]));
    // after the handshake, and an acknowledgement behind each
    assert_eq!(found.messages[0].0, 4);

    let line = [JSON, b"\n"].concat();
    let found = seen(&connection(&[
        (Side::Client, b"HELLO from the app\n"),
        (Side::Client, &line),
        (Side::Client, b"BYE from the app\n"),
        (Side::Server, b"ok\n"),
    ]));
    let frames: Vec<u64> = found.messages.iter().map(|(frame, _)| *frame).collect();
    assert_eq!(frames, [4, 6, 8]);
    assert_eq!(found.messages[1].1.as_bytes(), line);
    assert!(found.names.contains(&"email".to_owned()));
}

#[test]
fn binary_documents_are_read_and_what_is_encrypted_is_not() {
    // MessagePack of a mark and a number.
    let pack: &[u8] = b"\x82\xa2ev\xa2up\xa4imei\xcf\0\x01\xbd\xd2\xc4\xc4\x10\xee";
    let found = seen(&datagrams(&[pack, pack]));
    assert_eq!(found.names, ["ev", "imei", "ev", "imei"]);
    assert_eq!((found.shortfalls, found.states), (vec![], vec!["clear"]));

    let length = u16::try_from(pack.len()).unwrap().to_be_bytes();
    let frames = [&length[..], pack, &length, pack].concat();
    let found = seen(&connection(&[
        (Side::Client, &frames),
        (Side::Server, b"ok\n"),
    ]));
    assert_eq!(found.messages.len(), 1);
    assert_eq!(found.names, ["ev", "imei", "ev", "imei"]);

    let mut chance = Chance::new(7);
    for bytes in 24..160 {
        let random = chance.bytes(bytes);
        let found = seen(&datagrams(&[&random]));
        assert_eq!(found.messages.len(), 0, "{random:x?}");
        assert_eq!(found.states, ["not-examined"]);
    }
}
