use flate2::{Compress, Compression, FlushCompress};
use proptest::prelude::*;

use super::*;
use crate::model::Header;
use crate::protocol::testing::{Input, feed};

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame; a client's is masked.
fn frame(side: Side, first: u8, payload: &[u8]) -> Vec<u8> {
    let masked = if side == Side::Client { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..=125 => bytes.push(masked | u8::try_from(len).unwrap()),
        len @ 126..=0xffff => {
            bytes.push(masked | 0x7e);
            bytes.extend(u16::try_from(len).unwrap().to_be_bytes());
        }
        len => {
            bytes.push(masked | 0x7f);
            bytes.extend(u64::try_from(len).unwrap().to_be_bytes());
        }
    }
    if side == Side::Client {
        bytes.extend(MASK);
        let masked = payload.iter().zip(MASK.iter().cycle());
        bytes.extend(masked.map(|(byte, key)| byte ^ key));
    } else {
        bytes.extend(payload);
    }
    bytes
}

fn answer(headers: &[(&str, &str)]) -> Response {
    let headers = headers.iter().map(|(name, value)| Header {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    });
    Response {
        status: 101,
        headers: headers.collect(),
        ..Response::default()
    }
}

const DEFLATE: (&str, &str) = ("Sec-WebSocket-Extensions", "permessage-deflate");

fn run(headers: &[(&str, &str)], inputs: &[Input]) -> Vec<String> {
    let mut dissector = WebSocket::answered(&answer(headers));
    let mut seen = Vec::new();
    let mut note = |output: Output<'_>| {
        seen.push(match &output {
            Output::Event(Event::Message(message), _) => {
                let side = if message.from_client { ">" } else { "<" };
                let fields = if message.fields.is_empty() {
                    String::new()
                } else {
                    format!(" {:?}", message.fields)
                };
                let cut = if message.body.is_cut { "…" } else { "" };
                let body = String::from_utf8_lossy(&message.body.bytes);
                format!(
                    "{side} {} {}{fields} {body}{cut}",
                    message.protocol, message.kind
                )
            }
            Output::Inner(chunk, hint) => format!("{hint:?} {:?}", chunk.bytes),
            Output::Shortfall(kind, bytes, _) => format!("{} {bytes}", kind.as_str()),
            other => format!("{other:?}"),
        });
    };
    feed(&mut dissector, inputs, &mut note);
    seen
}

#[test]
fn frames_are_those_of_rfc_6455_section_5_7() {
    let long = |first: &[u8], len: usize| [first, &vec![b'x'; len]].concat();
    let seen = run(
        &[],
        &[
            Input::Server(b"\x81\x05Hello".to_vec()),
            Input::Client(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec()),
            Input::Server(b"\x01\x03Hel\x89\x05Hello\x80\x02lo".to_vec()),
            Input::Client(b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec()),
            Input::Server(long(b"\x82\x7e\x01\x00", 256)),
            Input::Server(long(b"\x82\x7f\0\0\0\0\0\x01\0\0", 65_536)),
        ],
    );
    let wanted = [
        "< websocket text Hello".to_owned(),
        "> websocket text Hello".to_owned(),
        "< websocket text Hello".to_owned(),
        format!("< websocket binary {}", "x".repeat(256)),
        format!("< websocket binary {}", "x".repeat(65_536)),
    ];
    assert!(seen == wanted, "{}", seen.len());
}

#[test]
fn compression_is_that_of_rfc_7692_section_7_2_3() {
    let seen = run(
        &[DEFLATE],
        &[
            Input::Server(b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00".to_vec()),
            // The same again, by reference to the message before.
            Input::Server(b"\xc1\x05\xf2\x00\x11\x00\x00".to_vec()),
            Input::Server(b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00".to_vec()),
            Input::Server(b"\xc1\x0b\x00\x05\x00\xfa\xffHello\x00".to_vec()),
            Input::Server(b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00".to_vec()),
            Input::Server(b"\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00".to_vec()),
            // A message that was not worth compressing.
            Input::Server(b"\x81\x05Hello".to_vec()),
        ],
    );
    assert_eq!(seen, ["< websocket text Hello"; 7]);
}

#[test]
fn messages_may_stand_alone() {
    let extension = (
        "sec-websocket-extensions",
        "x-other, permessage-deflate; server_no_context_takeover; client_max_window_bits=9",
    );
    let alone = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
    let refers = b"\xc1\x05\xf2\x00\x11\x00\x00";
    let seen = run(
        &[extension],
        &[
            Input::Server(alone.to_vec()),
            Input::Server(alone.to_vec()),
            Input::Server(refers.to_vec()),
        ],
    );
    assert_eq!(seen[..2], ["< websocket text Hello"; 2]);
    assert_eq!(seen[2], "damaged-body 5", "there is nothing to refer to");
}

#[test]
fn a_message_that_refers_to_a_lost_one_is_cut_and_later_ones_are_not() {
    let first = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
    let refers = b"\xc1\x05\xf2\x00\x11\x00\x00";
    let seen = run(
        &[DEFLATE],
        &[
            Input::Server(b"\x81\x01a".to_vec()),
            Input::Gap(Side::Server, 9),
            Input::Server(refers.to_vec()),
            Input::Server(first.to_vec()),
            Input::Server(refers.to_vec()),
        ],
    );
    assert_eq!(
        seen,
        [
            "< websocket text a",
            "damaged-body 5",
            "< websocket text H…",
            "< websocket text Hello",
            "< websocket text Hello",
        ]
    );
}

#[test]
fn a_gap_inside_a_frame_cuts_its_message_only() {
    let message = frame(Side::Client, 0x81, b"latitude=52.5");
    let next = frame(Side::Client, 0x81, b"next");
    let seen = run(
        &[],
        &[
            Input::Client(message[..10].to_vec()),
            Input::Gap(Side::Client, 3),
            Input::Client([&message[13..], &next].concat()),
        ],
    );
    assert_eq!(seen, ["> websocket text lati…", "> websocket text next"]);
}

#[test]
fn after_a_lost_frame_whole_frames_are_found_again() {
    let seen = run(
        &[],
        &[
            Input::Client(frame(Side::Client, 0x01, b"one")),
            Input::Gap(Side::Client, 1000),
            Input::Client(b"the rest of something".to_vec()),
            Input::Client(frame(Side::Client, 0x81, b"two")),
        ],
    );
    assert_eq!(
        seen,
        [
            "> websocket text one…",
            "malformed-message 21",
            "> websocket text two"
        ]
    );
}

#[test]
fn subprotocols_go_to_their_dissectors() {
    let connect = b"\x10\x0c\0\x04MQTT";
    let inputs = [Input::Client(frame(Side::Client, 0x82, connect))];
    assert_eq!(
        run(&[("Sec-WebSocket-Protocol", "mqtt")], &inputs),
        [format!("Protocol(\"mqtt\") {connect:?}")]
    );
    let send = b"SEND\ndestination:/app/a\\cb\ncontent-type:application/json\n\n{\"a\":1}\0\n";
    let inputs = [
        Input::Client(frame(Side::Client, 0x81, send)),
        Input::Client(frame(Side::Client, 0x81, b"\n")),
    ];
    assert_eq!(
        run(&[("Sec-WebSocket-Protocol", "v12.stomp")], &inputs),
        [
            "> stomp SEND [(\"destination\", \"/app/a:b\"), (\"content-type\", \"application/json\")] {\"a\":1}",
            "> websocket text \n",
        ]
    );
}

#[test]
fn a_bomb_is_bounded() {
    let mut compress = Compress::new(Compression::best(), false);
    let mut bomb = Vec::with_capacity(1 << 20);
    let zeros = vec![0; limits::INFLATE_BYTES + 1];
    let _status = compress
        .compress_vec(&zeros, &mut bomb, FlushCompress::Sync)
        .unwrap();
    let seen = run(
        &[DEFLATE],
        &[Input::Server(frame(Side::Server, 0xc2, &bomb))],
    );
    assert!(seen.iter().any(|line| line.starts_with("message-limit")));
    assert!(
        seen.iter()
            .all(|line| line.len() < limits::BODY_BYTES + 100)
    );
}

/// Messages of both sides, some compressed with what the other ones left, some in fragments.
fn conversation(texts: &[String]) -> Vec<(Side, Vec<u8>)> {
    let mut compress = Compress::new(Compression::default(), false);
    let mut frames = Vec::new();
    for (position, text) in texts.iter().enumerate() {
        let side = Side::Client;
        let payload = if position % 3 == 2 {
            text.as_bytes().to_vec()
        } else {
            let mut packed = Vec::with_capacity(text.len() + 100);
            compress
                .compress_vec(text.as_bytes(), &mut packed, FlushCompress::Sync)
                .unwrap();
            packed.truncate(packed.len() - 4);
            packed
        };
        let flag = if position % 3 == 2 { 0 } else { 0x40 };
        if position % 2 == 0 {
            frames.push((side, frame(side, 0x81 | flag, &payload)));
        } else {
            let (first, second) = payload.split_at(payload.len() / 2);
            frames.push((side, frame(side, 0x01 | flag, first)));
            frames.push((side, frame(side, 0x89, b"ping")));
            frames.push((side, frame(side, 0x80, second)));
        }
        frames.push((Side::Server, frame(Side::Server, 0x8a, b"ping")));
    }
    frames
}

proptest! {
    #[test]
    fn cuts_change_nothing(texts in proptest::collection::vec("[a-z0-9 ]{1,200}", 1..10), len in 1_usize..50) {
        let frames = conversation(&texts);
        let mut inputs = Vec::new();
        for (side, bytes) in frames {
            for piece in bytes.chunks(len) {
                inputs.push(match side {
                    Side::Client => Input::Client(piece.to_vec()),
                    Side::Server => Input::Server(piece.to_vec()),
                });
            }
        }
        let wanted: Vec<String> = texts
            .iter()
            .map(|text| format!("> websocket text {text}"))
            .collect();
        prop_assert_eq!(run(&[DEFLATE], &inputs), wanted);
    }

    #[test]
    fn any_bytes_are_survived(
        pieces in proptest::collection::vec(
            (any::<bool>(), proptest::collection::vec(any::<u8>(), 0..200), 0_u64..200),
            0..8,
        ),
    ) {
        let mut inputs = Vec::new();
        for (is_client, bytes, lost) in pieces {
            let side = if is_client { Side::Client } else { Side::Server };
            inputs.push(if is_client { Input::Client(bytes) } else { Input::Server(bytes) });
            if lost > 100 {
                inputs.push(Input::Gap(side, lost));
            }
        }
        run(&[DEFLATE], &inputs);
    }
}
