//! Exchanges out of streams, cut anywhere; tables that come late or never; tunnels.

use proptest::prelude::*;

use super::*;
use crate::model::{Event, Exchange};

/// What came out, in words.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    exchanges: Vec<Exchange>,
    inner: Vec<(u64, Vec<u8>)>,
    ends: Vec<u64>,
    servers: Vec<String>,
    shortfalls: Vec<&'static str>,
}

impl Heard {
    fn take(&mut self, output: Output<'_>) {
        match output {
            Output::Event(Event::Exchange(exchange), _) => self.exchanges.push(exchange),
            Output::InnerStream(stream, chunk, _) => {
                self.inner.push((stream, chunk.bytes.to_vec()));
            }
            Output::InnerStreamEnd(stream) => self.ends.push(stream),
            Output::Server(name) => self.servers.push(name.to_owned()),
            Output::Shortfall(_, _, what) => self.shortfalls.push(what),
            _ => {}
        }
    }
}

#[derive(Clone, Debug)]
enum Act {
    Bytes(u64, Side, Vec<u8>),
    Gap(u64, Side, u64),
    End(u64, Side),
}

fn hear(acts: &[Act]) -> Heard {
    let mut http3 = Http3::default();
    let mut heard = Heard::default();
    let mut emit = |output: Output<'_>| heard.take(output);
    let place = |stream, side| Place {
        stream,
        side,
        origin: Origin::default(),
    };
    for act in acts {
        match act {
            Act::Bytes(stream, side, bytes) => {
                http3.feed(place(*stream, *side), bytes, &mut emit);
            }
            Act::Gap(stream, side, lost) => http3.gap(place(*stream, *side), *lost, &mut emit),
            Act::End(stream, side) => http3.end(place(*stream, *side), false, &mut emit),
        }
    }
    http3.finish(&mut emit);
    heard
}

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap() | 0x4000;
    [&[kind][..], &length.to_be_bytes(), payload].concat()
}

/// `:method`, `https`, and what follows, without a table.
fn head(method: u8, rest: &[u8]) -> Vec<u8> {
    frame(1, &[&[0, 0, method, 0xd7], rest].concat())
}

const GET: u8 = 0xd1;
const POST: u8 = 0xd4;
const CONNECT: u8 = 0xcf;
const OK: &[u8] = &[0, 0, 0xd9];
const AUTHORITY: &[u8] = b"\x50\x0bapi.example";

/// An upload with two DATA frames and trailers, a response, and a frame nobody knows in between.
fn upload() -> Vec<Act> {
    let sent = [
        head(POST, AUTHORITY),
        frame(0, b"name=an"),
        frame(0x21, b"grease"),
        frame(0, b"na"),
        frame(1, b"\x00\x00\x23sum\x017"),
    ]
    .concat();
    let received = [frame(1, OK), frame(0, b"thanks")].concat();
    vec![
        Act::Bytes(0, Side::Client, sent),
        Act::End(0, Side::Client),
        Act::Bytes(0, Side::Server, received),
        Act::End(0, Side::Server),
    ]
}

#[test]
fn a_request_and_its_response_are_an_exchange() {
    let heard = hear(&upload());
    let [exchange] = heard.exchanges.as_slice() else {
        panic!("{heard:?}");
    };
    let request = &exchange.request;
    assert_eq!(request.method, "POST");
    assert_eq!(request.host.as_deref(), Some("api.example"));
    assert_eq!(request.body.bytes, b"name=anna");
    assert_eq!(request.header("sum"), Some("7"));
    assert!(!request.body.is_cut);
    let response = exchange.response.as_ref().unwrap();
    assert_eq!(
        (response.status, response.body.bytes.as_slice()),
        (200, &b"thanks"[..])
    );
    assert!(!response.body.is_cut);
    assert_eq!(heard.servers, ["api.example"]);
    assert!(heard.shortfalls.is_empty());
}

#[test]
fn fields_wait_for_their_table_and_for_the_settings() {
    // The server allows 220 bytes; the client's encoder stream brings :authority as entry 0.
    let settings = [&[0][..], &frame(4, &[1, 0x40, 220])].concat();
    let table = b"\x02\x3f\xbd\x01\xc0\x0bapi.example".to_vec();
    let section = frame(1, &[2, 0, GET, 0xd7, 0x80]);
    let parts = [
        Act::Bytes(3, Side::Server, settings),
        Act::Bytes(2, Side::Client, table),
        Act::Bytes(0, Side::Client, section),
        Act::End(0, Side::Client),
        Act::Bytes(0, Side::Server, frame(1, OK)),
        Act::End(0, Side::Server),
    ];
    let expected = hear(&parts).exchanges;
    assert_eq!(expected.len(), 1);
    assert_eq!(expected[0].request.host.as_deref(), Some("api.example"));
    for order in [[2, 3, 4, 5, 0, 1], [2, 0, 3, 1, 4, 5], [1, 2, 3, 0, 4, 5]] {
        let acts: Vec<Act> = order.iter().map(|index| parts[*index].clone()).collect();
        assert_eq!(hear(&acts).exchanges, expected);
    }
    // Without the table the rest of the head is still there.
    let acts: Vec<Act> = [0, 2, 3, 4, 5].map(|index| parts[index].clone()).to_vec();
    let heard = hear(&acts);
    assert_eq!(heard.exchanges[0].request.method, "GET");
    assert_eq!(heard.exchanges[0].request.host, None);
    assert_eq!(
        heard.shortfalls,
        ["HTTP/3 fields whose table is not in the capture"]
    );
}

#[test]
fn a_gap_in_a_body_cuts_the_body_alone() {
    let body = frame(0, b"0123456789");
    let (first, rest) = body.split_at(5);
    let acts = [
        Act::Bytes(0, Side::Client, [&head(POST, AUTHORITY), first].concat()),
        Act::Gap(0, Side::Client, 4),
        Act::Bytes(
            0,
            Side::Client,
            [&rest[4..], &frame(1, b"\x00\x00\x23sum\x017")].concat(),
        ),
        Act::End(0, Side::Client),
        Act::Bytes(0, Side::Server, frame(1, OK)),
        Act::End(0, Side::Server),
    ];
    let heard = hear(&acts);
    let request = &heard.exchanges[0].request;
    assert_eq!(request.body.bytes, b"01");
    assert_eq!((request.body.wire_len, request.body.is_cut), (10, true));
    assert_eq!(request.header("sum"), Some("7"));
}

#[test]
fn a_gap_over_the_end_of_a_frame_ends_the_message() {
    let acts = [
        Act::Bytes(0, Side::Client, head(POST, AUTHORITY)),
        Act::Gap(0, Side::Client, 4),
        Act::Bytes(0, Side::Client, b"\x01\x02anything".to_vec()),
        Act::End(0, Side::Client),
    ];
    let heard = hear(&acts);
    assert_eq!(heard.exchanges.len(), 1);
    assert!(heard.exchanges[0].request.body.is_cut);
}

#[test]
fn behind_connect_another_protocol_speaks() {
    let acts = [
        Act::Bytes(4, Side::Client, head(CONNECT, AUTHORITY)),
        Act::Bytes(4, Side::Server, frame(1, OK)),
        Act::Bytes(4, Side::Client, frame(0, b"inside")),
        Act::End(4, Side::Client),
        Act::End(4, Side::Server),
    ];
    let heard = hear(&acts);
    assert_eq!(heard.exchanges.len(), 1);
    assert_eq!(heard.exchanges[0].request.method, "CONNECT");
    assert_eq!(heard.inner, [(4, b"inside".to_vec())]);
    assert_eq!(heard.ends, [4]);
}

#[test]
fn sessions_of_webtransport_are_streams_inside() {
    let acts = [
        Act::Bytes(8, Side::Client, b"\x40\x41\x04hello".to_vec()),
        Act::Bytes(14, Side::Client, b"\x40\x54\x04world".to_vec()),
    ];
    let heard = hear(&acts);
    let joined = |stream| -> Vec<u8> {
        let pieces = heard.inner.iter().filter(|(number, _)| *number == stream);
        pieces.flat_map(|(_, bytes)| bytes.clone()).collect()
    };
    assert_eq!(joined(14), b"world");
    assert_eq!(joined(8), b"\x04hello");
    assert!(heard.exchanges.is_empty());
}

#[test]
fn too_many_open_requests_are_handed_out_early_and_counted() {
    let mut acts = Vec::new();
    for number in 0..u64::try_from(limits::HTTP_STREAMS).unwrap() + 3 {
        acts.push(Act::Bytes(number * 4, Side::Client, head(GET, AUTHORITY)));
    }
    // What comes later for one that is gone makes nothing new.
    acts.push(Act::Bytes(0, Side::Server, frame(1, OK)));
    let heard = hear(&acts);
    assert_eq!(heard.exchanges.len(), limits::HTTP_STREAMS + 3);
    assert_eq!(
        heard.shortfalls,
        ["more HTTP streams open at once than the bound"; 3]
    );
}

proptest! {
    /// The same bytes in other pieces are the same exchange.
    #[test]
    fn cuts_do_not_matter(cuts in proptest::collection::vec(1_usize..12, 1..30)) {
        let mut acts = Vec::new();
        let mut lengths = cuts.iter().cycle();
        for act in upload() {
            match act {
                Act::Bytes(stream, side, bytes) => {
                    let mut rest = bytes.as_slice();
                    while !rest.is_empty() {
                        let (piece, behind) = rest.split_at(rest.len().min(*lengths.next().unwrap()));
                        acts.push(Act::Bytes(stream, side, piece.to_vec()));
                        rest = behind;
                    }
                }
                other => acts.push(other),
            }
        }
        prop_assert_eq!(hear(&acts), hear(&upload()));
    }

    #[test]
    fn any_bytes_are_survived(
        pieces in proptest::collection::vec(
            (0_u64..16, any::<bool>(), proptest::collection::vec(any::<u8>(), 0..60), 0_u8..4),
            0..30,
        ),
    ) {
        let acts: Vec<Act> = pieces
            .into_iter()
            .map(|(stream, is_client, bytes, act)| {
                let side = if is_client { Side::Client } else { Side::Server };
                match act {
                    0 => Act::Gap(stream, side, u64::try_from(bytes.len()).unwrap()),
                    1 => Act::End(stream, side),
                    _ => Act::Bytes(stream, side, bytes),
                }
            })
            .collect();
        let _heard = hear(&acts);
    }
}
