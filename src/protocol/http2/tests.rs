use proptest::prelude::*;

use super::*;
use crate::protocol::testing::{Input, describe, feed};

/// A header line: never indexed, so that each block stands alone.
fn literal(name: &str, value: &str) -> Vec<u8> {
    let mut line = vec![0];
    for part in [name, value] {
        assert!(part.len() < 127, "lengths are forged in one octet");
        line.push(u8::try_from(part.len()).unwrap());
        line.extend(part.bytes());
    }
    line
}

fn block(lines: &[(&str, &str)]) -> Vec<u8> {
    lines
        .iter()
        .flat_map(|(name, value)| literal(name, value))
        .collect()
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn post(stream: u32, path: &str) -> Vec<u8> {
    let lines = [
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", "api.example"),
        (":path", path),
        ("content-type", "text/plain"),
    ];
    frame(1, END_HEADERS, stream, &block(&lines))
}

fn get(stream: u32, path: &str) -> Vec<u8> {
    let lines = [
        (":method", "GET"),
        (":authority", "api.example"),
        (":path", path),
    ];
    frame(1, END_HEADERS | END_STREAM, stream, &block(&lines))
}

fn status(stream: u32, status: &str, flags: u8) -> Vec<u8> {
    frame(
        1,
        END_HEADERS | flags,
        stream,
        &block(&[(":status", status)]),
    )
}

fn settings() -> Vec<u8> {
    frame(4, 0, 0, &[0, 3, 0, 0, 0, 100])
}

fn opening() -> Vec<u8> {
    [frame::PREFACE, &settings()].concat()
}

fn run(inputs: &[Input]) -> Vec<String> {
    run_with(Http2::default(), inputs)
}

fn run_with(mut dissector: Http2, inputs: &[Input]) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    let mut note = |output: Output<'_>| seen.push(describe(&output));
    feed(&mut dissector, inputs, &mut note);
    seen
}

#[test]
fn interleaved_streams_are_told_apart() {
    let seen = run(&[
        Input::Client(
            [
                opening(),
                post(1, "/a"),
                frame(0, 0, 1, b"one"),
                get(3, "/b"),
                frame(0, END_STREAM, 1, b" two"),
            ]
            .concat(),
        ),
        Input::Server(
            [
                settings(),
                frame(4, ACK_FLAG, 0, &[]),
                status(3, "200", 0),
                status(1, "204", END_STREAM),
                frame(0, END_STREAM, 3, b"b"),
            ]
            .concat(),
        ),
    ]);
    assert_eq!(
        seen,
        [
            "server api.example",
            "POST api.example /a [one two] -> 204 []",
            "GET api.example /b [] -> 200 [b]",
        ]
    );
}

const ACK_FLAG: u8 = frame::ACK;

#[test]
fn padding_priority_continuation_and_trailers_are_no_content() {
    let lines = block(&[
        (":method", "POST"),
        (":authority", "api.example"),
        (":path", "/c"),
    ]);
    let (first, second) = lines.split_at(20);
    let padded = [&[4, 0x80, 0, 0, 0, 16], first, &[0; 4]].concat();
    let seen = run(&[
        Input::Client(
            [
                opening(),
                frame(1, PADDED | PRIORITY, 1, &padded),
                frame(9, 0, 1, second),
                frame(9, END_HEADERS, 1, &[]),
                frame(0, PADDED, 1, b"\x03body\0\0\0"),
                frame(0, PADDED, 1, b"\x02\0\0"),
                frame(8, 0, 0, &[0, 0, 1, 0]),
                frame(0xfa, 0xff, 1, b"an extension"),
                frame(
                    1,
                    END_HEADERS | END_STREAM,
                    1,
                    &block(&[("grpc-timeout", "1S")]),
                ),
            ]
            .concat(),
        ),
        Input::Server(
            [
                settings(),
                status(1, "100", 0),
                status(1, "200", 0),
                frame(0, 0, 1, b"ok"),
                frame(
                    1,
                    END_HEADERS | END_STREAM,
                    1,
                    &block(&[("grpc-status", "0")]),
                ),
            ]
            .concat(),
        ),
    ]);
    assert_eq!(
        seen,
        [
            "server api.example",
            "POST api.example /c [body] -> 200 [ok]"
        ]
    );
}

#[test]
fn what_a_server_pushes_is_not_a_request_of_the_phone() {
    let promise = [
        &2_u32.to_be_bytes()[..],
        &block(&[
            (":method", "GET"),
            (":authority", "api.example"),
            (":path", "/style.css"),
        ]),
    ]
    .concat();
    let seen = run(&[
        Input::Client([opening(), get(1, "/")].concat()),
        Input::Server(
            [
                settings(),
                frame(5, END_HEADERS, 1, &promise),
                status(1, "200", END_STREAM),
                status(2, "200", 0),
                frame(0, END_STREAM, 2, b"body {}"),
            ]
            .concat(),
        ),
    ]);
    assert_eq!(
        seen,
        [
            "server api.example",
            "push-promise [(\"stream\", \"2\"), (\"method\", \"GET\"), (\"authority\", \"api.example\"), (\"path\", \"/style.css\")]",
            "GET api.example / [] -> 200 []",
        ]
    );
}

#[test]
fn a_broken_off_stream_is_cut() {
    let seen = run(&[
        Input::Client([opening(), post(1, "/a"), frame(0, 0, 1, b"half")].concat()),
        Input::Server([settings(), frame(3, 0, 1, &[0, 0, 0, 8])].concat()),
        Input::Client([get(3, "/b"), post(5, "/c")].concat()),
    ]);
    assert_eq!(
        seen,
        [
            "server api.example",
            "POST api.example /a [half…]",
            "GET api.example /b []",
            "POST api.example /c […]",
        ]
    );
}

#[test]
fn behind_connect_another_protocol_speaks() {
    let lines = [(":method", "CONNECT"), (":authority", "c.example:443")];
    let seen = run(&[
        Input::Client(
            [
                opening(),
                frame(1, END_HEADERS, 1, &block(&lines)),
                frame(0, 0, 1, b"ahead "),
            ]
            .concat(),
        ),
        Input::Server([settings(), status(1, "200", 0)].concat()),
        Input::Client(frame(0, 0, 1, b"hello")),
        Input::Server(frame(0, END_STREAM, 1, b"welcome")),
    ]);
    assert_eq!(
        seen,
        [
            "server c.example",
            "Client: ahead ",
            "Client: hello",
            "Server: welcome",
            "InnerStreamEnd(1)",
            "CONNECT c.example c.example:443 […] -> 200 []",
        ]
    );
}

#[test]
fn what_a_client_sends_behind_a_servers_reset_was_sent() {
    let reset = |stream| frame(3, 0, stream, &[0, 0, 0, 0]);
    let seen = run(&[
        Input::Client(
            [
                opening(),
                post(1, "/a"),
                post(3, "/b"),
                frame(0, 0, 3, b"one"),
            ]
            .concat(),
        ),
        Input::Server([settings(), status(1, "200", END_STREAM), reset(1), reset(3)].concat()),
        Input::Client(frame(0, END_STREAM, 1, b"late")),
        Input::Client(frame(0, 0, 3, b" two")),
    ]);
    assert_eq!(
        seen,
        [
            "server api.example",
            "POST api.example /a [late] -> 200 []",
            "POST api.example /b [one two…]",
        ]
    );
    // What the client breaks off is over.
    let seen = run(&[
        Input::Client([opening(), post(1, "/a"), frame(0, 0, 1, b"one"), reset(1)].concat()),
        Input::Client(get(3, "/b")),
    ]);
    assert_eq!(seen[1], "POST api.example /a [one…]");
    // Servers that break off everything do not make them pile up.
    let mut many = opening();
    let mut resets = settings();
    for number in 0..100 {
        many.extend(post(number * 2 + 1, "/a"));
        resets.extend(reset(number * 2 + 1));
    }
    let mut dissector = Http2::default();
    let mut seen = 0;
    for input in [Input::Client(many), Input::Server(resets)] {
        let (side, bytes) = match input {
            Input::Client(bytes) => (Side::Client, bytes),
            Input::Server(bytes) => (Side::Server, bytes),
            Input::Gap(..) => unreachable!(),
        };
        let chunk = Chunk {
            side,
            bytes: &bytes,
            origin: Origin::default(),
        };
        dissector.feed(chunk, &mut |output| {
            seen += usize::from(matches!(output, Output::Event(..)));
        });
    }
    assert_eq!(seen, 100 - limits::HTTP_BROKEN_STREAMS);
}

#[test]
fn a_request_behind_a_loss_is_read_before_its_answer() {
    let seen = run(&[
        Input::Client(opening()),
        Input::Gap(Side::Client, 40),
        Input::Client(get(3, "/b")),
        Input::Server([settings(), status(3, "200", END_STREAM)].concat()),
    ]);
    assert_eq!(
        seen,
        ["server api.example", "GET api.example /b [] -> 200 []"]
    );
}

#[test]
fn what_a_client_says_behind_an_answer_whose_request_is_lost_was_said() {
    let seen = run(&[
        Input::Client(opening()),
        Input::Server(
            [
                settings(),
                status(1, "200", END_STREAM),
                status(3, "200", 0),
            ]
            .concat(),
        ),
        Input::Client([post(1, "/a"), frame(0, END_STREAM, 1, b"body")].concat()),
        Input::Client(frame(0, END_STREAM, 3, b"alone")),
    ]);
    assert!(
        seen.contains(&"POST api.example /a [body]".to_owned()),
        "{seen:#?}"
    );
    assert!(
        seen.iter().any(|line| line.contains("[alone]")),
        "{seen:#?}"
    );
}

#[test]
fn a_gap_in_data_concerns_its_stream_only() {
    let body = frame(0, END_STREAM, 1, b"0123456789");
    let (before, behind) = body.split_at(frame::HEAD_BYTES + 3);
    let seen = run(&[
        Input::Client([opening(), post(3, "/b"), post(1, "/a"), before.to_vec()].concat()),
        Input::Gap(Side::Client, 4),
        Input::Client([&behind[4..], &frame(0, END_STREAM, 3, b"whole")].concat()),
        Input::Server([settings(), status(1, "200", END_STREAM)].concat()),
        Input::Server(status(3, "200", END_STREAM)),
    ]);
    assert_eq!(
        seen,
        [
            "server api.example",
            "POST api.example /a [012…] -> 200 []",
            "POST api.example /b [whole] -> 200 []",
        ]
    );
}

#[test]
fn after_lost_frames_the_next_ones_are_found() {
    let lost = frame(0, END_STREAM, 1, &[7; 300]);
    let seen = run(&[
        Input::Client([opening(), post(1, "/a")].concat()),
        Input::Gap(Side::Client, 100),
        Input::Client([&lost[100..], &get(3, "/b"), &get(5, "/c")].concat()),
        Input::Server([settings(), status(3, "200", END_STREAM)].concat()),
    ]);
    assert_eq!(
        seen,
        [
            "server api.example",
            "malformed-message 209",
            "GET api.example /b [] -> 200 []",
            "POST api.example /a […]",
            "GET api.example /c []",
        ]
    );
}

#[test]
fn the_middle_of_a_connection_is_read_and_said_to_be_one() {
    let seen = run(&[
        Input::Client([get(7, "/a"), frame(0, END_STREAM, 5, b"whose?")].concat()),
        Input::Server(
            [
                frame(1, END_HEADERS | END_STREAM, 7, &[0x88, 0xbe]),
                status(3, "200", END_STREAM),
            ]
            .concat(),
        ),
    ]);
    assert_eq!(
        seen,
        [
            "started-before-capture 0",
            "server api.example",
            "started-before-capture 0",
            "started-before-capture 0",
            "GET api.example /a [] -> 200 []",
            "started-before-capture 0",
            " ?  [whose?]",
        ]
    );
}

#[test]
fn an_upgraded_request_is_stream_1() {
    let request = Request {
        method: "GET".to_owned(),
        target: "/up".to_owned(),
        ..Request::default()
    };
    let seen = run_with(
        Http2::upgraded(request, Origin::default()),
        &[
            Input::Server([settings(), status(1, "200", END_STREAM)].concat()),
            Input::Client(opening()),
        ],
    );
    assert_eq!(seen, ["GET ? /up [] -> 200 []"]);
}

#[test]
fn it_is_told_by_its_preface_and_by_its_frames() {
    let verdict = |client: &[u8], server: &[u8]| {
        probe(&Probe {
            transport: Transport::Tcp,
            client_port: 40_000,
            server_port: 8080,
            client,
            server,
            before: &[],
        })
    };
    assert_eq!(verdict(&opening(), b""), Verdict::Yes);
    assert_eq!(verdict(b"PRI * HT", b""), Verdict::More);
    assert_eq!(verdict(b"PRI * HTTP/1.1\r\n", b""), Verdict::No);
    assert_eq!(
        verdict(b"", &[settings(), frame(4, 1, 0, &[])].concat()),
        Verdict::Yes
    );
    assert_eq!(verdict(&get(5, "/"), b""), Verdict::More);
    assert_eq!(verdict(&[0; 64], &[0; 64]), Verdict::No);
    assert_eq!(verdict(b"GET / HTTP/1.1\r\n\r\n", b""), Verdict::No);
}

/// A connection of several streams: what each side says, whole.
fn conversation() -> (Vec<u8>, Vec<u8>) {
    let mut client = opening();
    let mut server = settings();
    for stream in [1, 3, 5, 7] {
        client.extend(post(stream, &format!("/{stream}")));
        client.extend(frame(0, 0, stream, &[b'a'; 50]));
    }
    for stream in [5, 1, 7, 3] {
        client.extend(frame(0, END_STREAM, stream, &[b'z'; 30]));
        server.extend(status(stream, "200", 0));
        server.extend(frame(0, END_STREAM, stream, b"ok"));
    }
    (client, server)
}

proptest! {
    #[test]
    fn cuts_change_nothing(len in 1_usize..200, server_first in any::<bool>()) {
        let (client, server) = conversation();
        let whole = run(&[Input::Client(client.clone()), Input::Server(server.clone())]);
        let client = client.chunks(len).map(|piece| Input::Client(piece.to_vec()));
        let server = server.chunks(len).map(|piece| Input::Server(piece.to_vec()));
        let pieces: Vec<Input> = if server_first && len > 150 {
            client.chain(server).collect()
        } else {
            // Answers come behind what they answer.
            let mut inputs: Vec<Input> = client.collect();
            inputs.extend(server);
            inputs
        };
        prop_assert_eq!(run(&pieces), whole);
    }

    #[test]
    fn a_gap_leaves_other_requests_as_they_are(at in 0_usize..700, len in 1_usize..120) {
        let (client, server) = conversation();
        let at = at.min(client.len());
        let end = (at + len).min(client.len());
        let lost = u64::try_from(end - at).unwrap();
        let seen = run(&[
            Input::Client(client[..at].to_vec()),
            Input::Gap(Side::Client, lost),
            Input::Client(client[end..].to_vec()),
            Input::Server(server.clone()),
        ]);
        let whole = run(&[Input::Client(client), Input::Server(server)]);
        for line in &seen {
            // What claims to be whole is what was sent; its answer may have come before it was found.
            if line.starts_with("POST") && !line.contains('…') {
                let is_it = |sent: &&String| {
                    let answer = sent.strip_prefix(line.as_str());
                    answer.is_some_and(|answer| answer.is_empty() || answer.starts_with(" -> "))
                };
                prop_assert!(whole.iter().any(|sent| is_it(&sent)), "{line}");
            }
        }
    }

    #[test]
    fn any_bytes_are_survived(
        pieces in proptest::collection::vec(
            (any::<bool>(), proptest::collection::vec(any::<u8>(), 0..300), 0_u64..400),
            0..8,
        ),
        has_opening in any::<bool>(),
    ) {
        let mut inputs = Vec::new();
        if has_opening {
            inputs.push(Input::Client([opening(), post(1, "/a")].concat()));
            inputs.push(Input::Server(settings()));
        }
        for (is_client, bytes, lost) in pieces {
            inputs.push(if is_client { Input::Client(bytes) } else { Input::Server(bytes) });
            if lost > 200 {
                inputs.push(Input::Gap(if is_client { Side::Client } else { Side::Server }, lost));
            }
        }
        run(&inputs);
    }
}
