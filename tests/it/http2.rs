//! HTTP/2 from packets to exchanges: whatever happens to the packets on the way, what is said to be whole was sent so.

use std::net::SocketAddr;

use phonehome::flow::Flows;
use phonehome::model::{Coverage, Event, InputId, LinkType, Origin, Packet, Side, Timestamp};
use proptest::prelude::*;

use crate::forge::http2::{self, Encoder};
use crate::forge::stream::{Connection, Sent};
use crate::forge::{Chance, http, websocket};

const HOST: &str = "api.example";

fn addresses() -> (SocketAddr, SocketAddr) {
    let [client, server] = ["192.0.2.7:40000", "198.51.100.1:8080"];
    (client.parse().unwrap(), server.parse().unwrap())
}

/// What is seen in packets: exchanges, messages and lookups in words, sorted, and the protocol of the flow.
pub(crate) fn seen(packets: &[Sent]) -> Vec<String> {
    let mut flows = Flows::new();
    let mut coverage = Coverage::default();
    let mut seen = Vec::new();
    let mut take = |sighting: phonehome::model::Sighting| match sighting.event {
        Event::Exchange(exchange) => {
            let request = exchange.request;
            let cut = if request.body.is_cut { "…" } else { "" };
            seen.push(format!(
                "{} {} {} {}{cut} -> {}",
                request.method,
                request.host.unwrap_or_default(),
                request.target,
                String::from_utf8_lossy(&request.body.bytes),
                exchange.response.map_or(0, |response| response.status),
            ));
        }
        Event::Message(message) => seen.push(format!("{message:?}")),
        Event::Lookup(lookup) => seen.push(format!("{lookup:?}")),
        Event::Traffic(traffic) => seen.push(format!("flow {}", traffic.protocol)),
        _ => {}
    };
    for (frame, sent) in (1_u64..).zip(packets) {
        let packet = Packet {
            origin: Origin {
                input: InputId::default(),
                frame,
                time: Timestamp(
                    1_760_000_000_000_000_000 + i64::try_from(frame).unwrap() * 1_000_000,
                ),
            },
            link: LinkType::RAW,
            data: &sent.ip,
            direction: None,
            wire_len: u32::try_from(sent.ip.len()).unwrap(),
            owner: None,
        };
        flows.packet(&packet, &mut coverage, &mut take);
    }
    flows.finish(&mut coverage, &mut take);
    seen.sort();
    seen
}

/// Four requests whose bodies come interleaved, with answers.
pub(crate) fn conversation() -> (Vec<u8>, Vec<u8>) {
    let (mut client, mut server) = http2::opening();
    let (mut asks, mut answers) = (Encoder::default(), Encoder::default());
    for (stream, path) in [(1, "/a"), (3, "/b"), (5, "/c"), (7, "/d")] {
        let lines = http2::request("POST", HOST, path, &[("content-type", "text/plain")]);
        client.extend(asks.message(stream, &lines, &[b'a'; 700], 300));
        server.extend(answers.message(stream, &[(":status", "200")], b"ok", 100));
    }
    (client, server)
}

/// The conversation in packets of at most `most` bytes, request by request.
fn packets(most: usize) -> Vec<Sent> {
    let (client, server) = conversation();
    let (ours, theirs) = addresses();
    let mut connection = Connection::open(ours, theirs);
    connection.send_in(Side::Client, &client, most);
    connection.send_in(Side::Server, &server, most);
    connection.close();
    connection.packets
}

#[test]
fn an_upgrade_from_http_1_goes_on_with_the_request_as_stream_1() {
    let (ours, theirs) = addresses();
    let mut connection = Connection::open(ours, theirs);
    let headers = [
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAMAAABkAAQAAP__"),
    ];
    connection.send(
        Side::Client,
        &http::request("GET", HOST, "/up", &headers, b""),
    );
    let switching =
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
    let (opening, mut server) = http2::opening();
    let mut answers = Encoder::default();
    server.extend(answers.message(1, &[(":status", "200")], b"up", 100));
    connection.send(Side::Server, &[&switching[..], &server].concat());
    let lines = http2::request("GET", HOST, "/next", &[]);
    let next = Encoder::default().message(3, &lines, b"", 100);
    connection.send(Side::Client, &[opening, next].concat());
    connection.send(
        Side::Server,
        &answers.message(3, &[(":status", "404")], b"", 1),
    );
    connection.close();
    assert_eq!(
        seen(&connection.packets),
        [
            "GET api.example /next  -> 404",
            "GET api.example /up  -> 200",
            "flow http2",
        ]
    );
}

#[test]
fn the_middle_of_a_connection_is_recognised() {
    let all = packets(100_000);
    let whole = seen(&all);
    assert_eq!(whole.len(), 5);
    let (client, server) = conversation();
    let (ours, theirs) = addresses();
    let mut connection = Connection::middle(ours, theirs, [1, 1]);
    let behind = http2::opening().0.len();
    connection.send(Side::Client, &client[behind..]);
    connection.send(Side::Server, &server);
    connection.close();
    assert_eq!(
        seen(&connection.packets).last().map(String::as_str),
        Some("flow http2")
    );
}

#[test]
fn a_socket_on_a_stream_is_read_beside_requests() {
    let (mut client, mut server) = http2::opening();
    let (mut asks, mut answers) = (Encoder::default(), Encoder::default());
    let mut lines = http2::request("CONNECT", HOST, "/chat", &[]);
    lines.insert(1, (":protocol", "websocket"));
    client.extend(http2::frame(
        http2::HEADERS,
        http2::END_HEADERS,
        1,
        &asks.block(&lines),
    ));
    let block = answers.block(&[(":status", "200")]);
    server.extend(http2::frame(http2::HEADERS, http2::END_HEADERS, 1, &block));
    let (ours, theirs) = addresses();
    let mut connection = Connection::open(ours, theirs);
    connection
        .send(Side::Client, &client)
        .send(Side::Server, &server);
    let message = websocket::frame(Side::Client, websocket::TEXT, br#"{"lat":52.5}"#);
    for piece in message.chunks(7) {
        connection.send(Side::Client, &http2::frame(http2::DATA, 0, 1, piece));
    }
    let other = http2::request("GET", HOST, "/other", &[]);
    connection.send(Side::Client, &asks.message(3, &other, b"", 1));
    connection.send(
        Side::Server,
        &answers.message(3, &[(":status", "204")], b"", 1),
    );
    connection.close();
    let seen = seen(&connection.packets);
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert_eq!(seen[0], "CONNECT api.example /chat … -> 200");
    assert_eq!(seen[1], "GET api.example /other  -> 204");
    assert!(seen[2].contains("websocket"), "{}", seen[2]);
    assert!(seen[2].contains(r#"path: "/chat""#), "{}", seen[2]);
    assert_eq!(seen[3], "flow http2");
}

#[test]
fn messages_of_a_socket_know_what_was_asked_for() {
    let (asked, answered) = websocket::handshake(HOST, "/v1/contacts/discover?a=b", &[]);
    let (ours, theirs) = addresses();
    let mut connection = Connection::open(ours, theirs);
    connection
        .send(Side::Client, &asked)
        .send(Side::Server, &answered);
    let message = websocket::frame(Side::Client, websocket::TEXT, br#"{"lat":52.5}"#);
    connection.send(Side::Client, &message);
    connection.close();
    let seen = seen(&connection.packets);
    let path = r#"path: "/v1/contacts/discover""#;
    assert!(seen.iter().any(|line| line.contains(path)), "{seen:?}");
}

#[test]
fn an_upgrade_to_a_socket_is_followed_to_its_subprotocol() {
    let agreed = [("Sec-WebSocket-Protocol", "mqtt")];
    let (asked, answered) = websocket::handshake(HOST, "/mqtt", &agreed);
    let connect = b"\x10\x14\0\x04MQTT\x04\x02\0\x3c\0\x08phone-42";
    let (ours, theirs) = addresses();
    let mut connection = Connection::open(ours, theirs);
    connection
        .send(Side::Client, &asked)
        .send(Side::Server, &answered);
    connection.send(
        Side::Client,
        &websocket::frame(Side::Client, websocket::BINARY, connect),
    );
    connection.close();
    let seen = seen(&connection.packets);
    assert_eq!(seen[0], "GET api.example /mqtt  -> 101");
    assert!(
        seen[1].contains("CONNECT") && seen[1].contains("phone-42"),
        "{seen:?}"
    );
    assert_eq!(seen[2], "flow mqtt");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn order_size_and_repetition_of_packets_change_nothing(most in 1_usize..900, seed in any::<u64>()) {
        let whole = seen(&packets(100_000));
        let mut shuffled = packets(most.max(20));
        let mut chance = Chance::new(seed);
        // Packets overtake near ones and come twice, behind the handshake and ahead of the end.
        let last = shuffled.len() - 4;
        for _ in 0..8 {
            let at = 3 + usize::try_from(chance.next()).unwrap_or(usize::MAX) % (last - 4);
            if shuffled[at].side == shuffled[at + 1].side {
                shuffled.swap(at, at + 1);
            }
            let again = shuffled[at].clone();
            shuffled.insert(at + 1, again);
        }
        prop_assert_eq!(seen(&shuffled), whole);
    }

    #[test]
    fn a_lost_packet_makes_nothing_up(most in 40_usize..600, lost in any::<prop::sample::Index>()) {
        let whole = seen(&packets(100_000));
        let mut packets = packets(most);
        packets.remove(3 + lost.index(packets.len() - 6));
        for line in seen(&packets) {
            let is_claim = line.starts_with("POST") && !line.contains('…');
            let words = line.split(" -> ").next().unwrap();
            prop_assert!(!is_claim || whole.iter().any(|known| known.starts_with(words)), "{}", line);
        }
    }
}
