use proptest::prelude::*;

use super::keys::InitialKeys;
use super::*;
use crate::model::{Event, Origin};
use crate::protocol::tls::hello::forge;

/// Connection id of the examples of RFC 9001 appendix A and RFC 9369 appendix A.
const DESTINATION: [u8; 8] = [0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08];

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .collect();
    digits
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap())
        .collect()
}

fn keys(version: u32) -> InitialKeys {
    InitialKeys::derive(&version::salts(version)[0], &DESTINATION).unwrap()
}

fn run(datagrams: &[(Side, Vec<u8>)]) -> Vec<String> {
    let mut dissector = Quic::new(&Arc::default());
    let mut seen = Vec::new();
    for (side, bytes) in datagrams {
        let chunk = Chunk {
            side: *side,
            bytes,
            origin: Origin::default(),
        };
        dissector.feed(chunk, &mut |output| seen.push(describe(&output)));
    }
    dissector.finish(&mut |output| seen.push(describe(&output)));
    seen
}

fn describe(output: &Output<'_>) -> String {
    match output {
        Output::Event(Event::Handshake(handshake), _) => format!(
            "{:08x} {:?} {:04x} {:04x?}",
            handshake.quic_version, handshake.sni, handshake.version, handshake.cipher_suite
        ),
        other => format!("{other:?}"),
    }
}

/// The payload of the client's packet in both appendices: a CRYPTO frame and padding.
fn published_payload() -> Vec<u8> {
    let mut payload = hex(
        "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868\
         04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578\
         616d706c652e636f6dff01000100000a00080006001d00170018001000070005\
         04616c706e000500050100000000003300260024001d00209370b2c9caa47fba\
         baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b000302030400\
         0d0010000e0403050306030203080408050806002d00020101001c0002400100\
         3900320408ffffffffffffffff05048000ffff07048000ffff08011001048000\
         75300901100f088394c8f03e51570806048000ffff",
    );
    payload.resize(1162, 0);
    payload
}

#[test]
fn the_packets_of_rfc_9001_appendix_a_are_read() {
    let header = hex("c300000001088394c8f03e5157080000449e00000002");
    let client = keys(1).client.seal(&header, 4, &published_payload());
    assert_eq!(client.len(), 1200);
    assert_eq!(
        client[..32],
        hex("c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11")
    );
    assert_eq!(client[1184..], hex("e221af44860018ab0856972e194cd934"));
    let server = hex(
        "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a\
         5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3\
         dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84\
         022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc4\
         2158407dd074ee",
    );
    assert_eq!(
        run(&[(Side::Client, client), (Side::Server, server)]),
        [
            "Server(\"example.com\")",
            "00000001 Some(\"example.com\") 0304 Some(1301)",
        ]
    );
}

#[test]
fn the_packets_of_rfc_9369_appendix_a_are_read() {
    let header = hex("d36b3343cf088394c8f03e5157080000449e00000002");
    let client = keys(version::V2)
        .client
        .seal(&header, 4, &published_payload());
    assert_eq!(
        client[..32],
        hex("d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485")
    );
    assert_eq!(client[1184..], hex("a18b2faa745b6fe189cf772a9f84cbfc"));
    let server = hex(
        "dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698\
         baeea26b91eb761d9b89237bbf87263017915358230035f7fd3945d88965cf17\
         f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2\
         c984c707f0a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca8\
         4bed8521e2e140",
    );
    assert_eq!(
        run(&[(Side::Client, client), (Side::Server, server)]),
        [
            "Server(\"example.com\")",
            "6b3343cf Some(\"example.com\") 0304 Some(1301)",
        ]
    );
}

/// An Initial packet: who sends it, in which version, with which keys and connection ids.
struct Sender<'a> {
    side: Side,
    version: u32,
    keys: &'a InitialKeys,
    destination: &'a [u8],
    source: &'a [u8],
}

impl Sender<'_> {
    fn packet(&self, number: u8, payload: &[u8]) -> Vec<u8> {
        let mut payload = payload.to_vec();
        payload.resize(payload.len().max(40), 0);
        let first = if self.version == version::V2 {
            0xd0
        } else {
            0xc0
        };
        let len = u16::try_from(payload.len() + 1 + 16).unwrap() | 0x4000;
        let header = [
            vec![first],
            self.version.to_be_bytes().to_vec(),
            forge::vector(1, self.destination),
            forge::vector(1, self.source),
            vec![0],
            len.to_be_bytes().to_vec(),
            vec![number],
        ]
        .concat();
        let keys = match self.side {
            Side::Client => &self.keys.client,
            Side::Server => &self.keys.server,
        };
        keys.seal(&header, 1, &payload)
    }
}

fn crypto(offset: usize, bytes: &[u8]) -> Vec<u8> {
    let varint = |value: usize| (u16::try_from(value).unwrap() | 0x4000).to_be_bytes();
    [&[6][..], &varint(offset), &varint(bytes.len()), bytes].concat()
}

fn client(keys: &InitialKeys) -> Sender<'_> {
    Sender {
        side: Side::Client,
        version: 1,
        keys,
        destination: &DESTINATION,
        source: &[],
    }
}

fn server(keys: &InitialKeys) -> Sender<'_> {
    Sender {
        side: Side::Server,
        version: 1,
        keys,
        destination: &[],
        source: &[5; 8],
    }
}

const BOTH: [&str; 2] = [
    "Server(\"api.example\")",
    "00000001 Some(\"api.example\") 0304 Some(1301)",
];

#[test]
fn other_frames_and_coalesced_packets_do_no_harm() {
    let keys = keys(1);
    let hello = forge::client_hello("api.example");
    let (one, two) = hello.split_at(60);
    let ping_and_padding = [&[1, 0, 0][..], &crypto(60, two)].concat();
    let ack_and_close = [
        &[2, 0, 0, 1, 0, 0, 0][..],
        &crypto(0, one),
        &[0x1c, 0, 0, 1, 65],
    ]
    .concat();
    let datagram = [
        client(&keys).packet(0, &ping_and_padding),
        client(&keys).packet(1, &ack_and_close),
    ]
    .concat();
    let answer = [
        server(&keys).packet(0, &crypto(0, &forge::server_hello_13())),
        // Handshake packet.
        hex("e000000001000005c0ffee"),
    ]
    .concat();
    assert_eq!(
        run(&[(Side::Client, datagram), (Side::Server, answer)]),
        BOTH
    );
}

#[test]
fn behind_a_retry_the_new_connection_counts() {
    let first = keys(1);
    let hello = crypto(0, &forge::client_hello("api.example"));
    let retry = hex("f0000000010008aabbccddeeff0011746f6b656e00000000000000000000000000000000");
    let chosen = hex("aabbccddeeff0011");
    let second = InitialKeys::derive(&version::salts(1)[0], &chosen).unwrap();
    let again = Sender {
        destination: &chosen,
        ..client(&second)
    };
    assert_eq!(
        run(&[
            (Side::Client, client(&first).packet(0, &hello)),
            (Side::Server, retry),
            (Side::Client, again.packet(1, &hello)),
            (
                Side::Server,
                server(&second).packet(0, &crypto(0, &forge::server_hello_13()))
            ),
        ]),
        ["Server(\"api.example\")", BOTH[0], BOTH[1]]
    );
}

#[test]
fn a_server_may_answer_in_another_version() {
    let first = keys(1);
    let second = keys(version::V2);
    let answer = Sender {
        version: version::V2,
        ..server(&second)
    };
    assert_eq!(
        run(&[
            (
                Side::Client,
                client(&first).packet(0, &crypto(0, &forge::client_hello("api.example")))
            ),
            (
                Side::Server,
                answer.packet(0, &crypto(0, &forge::server_hello_13()))
            ),
        ]),
        [
            "Server(\"api.example\")",
            "6b3343cf Some(\"api.example\") 0304 Some(1301)",
        ]
    );
}

#[test]
fn connections_may_follow_each_other() {
    let first = keys(1);
    let other = [9; 8];
    let second = InitialKeys::derive(&version::salts(1)[0], &other).unwrap();
    let later = Sender {
        destination: &other,
        ..client(&second)
    };
    let hello = |name| crypto(0, &forge::client_hello(name));
    assert_eq!(
        run(&[
            (
                Side::Client,
                client(&first).packet(0, &hello("one.example"))
            ),
            (Side::Client, later.packet(0, &hello("two.example"))),
        ]),
        [
            "Server(\"one.example\")",
            "00000001 Some(\"one.example\") 0304 None",
            "Server(\"two.example\")",
            "00000001 Some(\"two.example\") 0304 None",
        ]
    );
}

#[test]
fn drafts_and_versions_of_unknown_make_are_read() {
    for (version, salt) in [
        (0xff00_001d, 0),
        (0xff00_0016, 0),
        (0xface_b002, 2),
        (0x1a2a_3a4a, 0),
    ] {
        let keys = InitialKeys::derive(&version::salts(version)[salt], &DESTINATION).unwrap();
        let sender = Sender {
            version,
            ..client(&keys)
        };
        let packet = sender.packet(0, &crypto(0, &forge::client_hello("api.example")));
        assert_eq!(
            run(&[(Side::Client, packet)])[1],
            format!("{version:08x} Some(\"api.example\") 0304 None")
        );
    }
}

/// A hello of Google's own: tags and values.
fn google_hello(values: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut end = 0;
    let mut head = b"CHLO".to_vec();
    head.extend([u8::try_from(values.len()).unwrap(), 0, 0, 0]);
    for (tag, value) in values {
        end += u32::try_from(value.len()).unwrap();
        head.extend(*tag);
        head.extend(end.to_le_bytes());
    }
    head.extend(values.iter().flat_map(|(_, value)| value.to_vec()));
    head
}

#[test]
fn the_hello_of_google_is_read_in_clear() {
    let hello = google_hello(&[
        (b"PAD\0", &[0x2d; 40]),
        (b"SNI\0", b"Video.Example"),
        (b"UAID", b"app Cronet"),
    ]);
    let datagram = [
        &[9, 1, 2, 3, 4, 5, 6, 7, 8][..],
        b"Q043",
        &[1],
        &[0; 12],
        &hello,
    ]
    .concat();
    let seen = run(&[(Side::Client, datagram.clone()), (Side::Client, datagram)]);
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[0], "Server(\"video.example\")");
    assert_eq!(seen[1], "51303433 Some(\"video.example\") 0000 None");
    assert!(seen[2].contains("app Cronet"));
}

/// Old QUIC with such a hello, then a call on the same ports.
fn call_beside(values: &[(&[u8; 4], &[u8])]) -> Vec<String> {
    let hello = [
        &[0xc3][..],
        b"Q046",
        &[0x50, 1, 2, 3, 4, 5, 6, 7, 8],
        &[0; 16],
        &google_hello(values),
    ]
    .concat();
    let media = |sequence: u8| {
        let head = [0x80, 0x6f, 0, sequence, 0, 0, 1, 0, 0x2a, 0x2b, 0x2c, 0x2d];
        (Side::Client, [&head[..], &[0x55; 40]].concat())
    };
    let mut datagrams = vec![(Side::Client, hello), (Side::Server, vec![0x40; 40])];
    datagrams.extend((0..40).map(media));
    run(&datagrams)
}

#[test]
fn media_of_a_call_share_the_ports_and_tell_the_app_where_no_server_is_named() {
    let seen = call_beside(&[(b"PAD\0", &[0x2d; 40])]);
    let told =
        |seen: &[String], what: &str| seen.iter().filter(|event| event.contains(what)).count();
    assert_eq!(told(&seen, "snapchat-call"), 1, "{seen:#?}");
    assert_eq!(told(&seen, "2a2b2c2d"), 1, "{seen:#?}");
    let seen = call_beside(&[(b"SNI\0", b"video.example")]);
    assert_eq!(told(&seen, "snapchat-call"), 0, "{seen:#?}");
    assert_eq!(told(&seen, "2a2b2c2d"), 1, "{seen:#?}");
}

#[test]
fn a_long_flow_is_no_longer_looked_into() {
    let short = vec![0x40; 30];
    let datagrams = vec![(Side::Client, short); limits::QUIC_IDLE_DATAGRAMS + 2];
    assert_eq!(run(&datagrams), ["Opaque(NoKey)"]);
}

#[test]
fn quic_is_told_by_its_long_header() {
    let verdict = |port: u16, client: &[u8]| {
        probe(&Probe {
            transport: Transport::Udp,
            client_port: 40_000,
            server_port: port,
            client,
            server: &[],
            before: &[],
        })
    };
    let keys = keys(1);
    let packet = client(&keys).packet(0, &crypto(0, &forge::client_hello("api.example")));
    assert_eq!(verdict(8443, &packet), Verdict::Yes);
    assert_eq!(
        verdict(443, &hex("80 00000000 00 04 01020304 00000001")),
        Verdict::Yes
    );
    assert_eq!(
        verdict(443, &hex("80 00000000 00 04 01020304 000000")),
        Verdict::No
    );
    assert_eq!(verdict(443, &[0x40; 60]), Verdict::No);
    let future = [
        &hex("c0 12345678 08 0102030405060708 00 00 4400")[..],
        &[0; 1200],
    ]
    .concat();
    assert_eq!(verdict(443, &future), Verdict::Yes);
    assert_eq!(verdict(5060, &future), Verdict::No);
    assert_eq!(verdict(443, &[]), Verdict::No);
}

proptest! {
    /// However the hello is cut into frames, and in whatever order the packets come, it is read.
    #[test]
    fn any_cut_and_order_gives_the_same(
        len in 3_usize..120,
        order in any::<u64>(),
        overlap in 0_usize..20,
    ) {
        let keys = keys(1);
        let hello = forge::client_hello("api.example");
        let mut packets: Vec<Vec<u8>> = hello
            .chunks(len)
            .enumerate()
            .map(|(position, _)| {
                let from = (position * len).saturating_sub(overlap);
                let to = ((position + 1) * len).min(hello.len());
                client(&keys).packet(u8::try_from(position).unwrap(), &crypto(from, &hello[from..to]))
            })
            .collect();
        let mut state = order;
        for position in (1..packets.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let other = usize::try_from(state >> 33).unwrap() % (position + 1);
            packets.swap(position, other);
        }
        let mut datagrams: Vec<(Side, Vec<u8>)> = packets.into_iter().map(|packet| (Side::Client, packet)).collect();
        datagrams.push((Side::Server, server(&keys).packet(0, &crypto(0, &forge::server_hello_13()))));
        prop_assert_eq!(run(&datagrams), BOTH);
    }

    #[test]
    fn any_bytes_are_survived(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        payload in proptest::collection::vec(any::<u8>(), 0..300),
        version in prop_oneof![Just(1), Just(version::V2), Just(0), any::<u32>(), Just(0x5130_3433)],
    ) {
        let keys = keys(1);
        let headed = [&[0xc3][..], &version.to_be_bytes(), &bytes].concat();
        let clear = [&[9][..], &[0; 8], &version.to_be_bytes(), b"CHLO", &bytes].concat();
        run(&[
            (Side::Client, headed.clone()),
            (Side::Client, client(&keys).packet(0, &payload)),
            (Side::Server, server(&keys).packet(0, &payload)),
            (Side::Server, headed.clone()),
            (Side::Client, clear.clone()),
            (Side::Client, bytes),
        ]);
        run(&[(Side::Client, clear.clone())]);
        for client in [&headed, &clear] {
            let _verdict = probe(&Probe { transport: Transport::Udp, client_port: 1, server_port: 443, client, server: &payload, before: &[] });
        }
    }
}
