use proptest::prelude::*;

use super::*;
use crate::model::Event;
use crate::protocol::testing::{Input, describe, feed};

fn client(text: &str) -> Input {
    Input::Client(text.as_bytes().to_vec())
}

fn server(text: &str) -> Input {
    Input::Server(text.as_bytes().to_vec())
}

/// Feeds and returns what comes out, in words: bodies that are cut end with `…`, inner bytes of one side in a row are joined.
fn run(inputs: &[Input]) -> Vec<String> {
    let mut dissector = Http1::default();
    let mut seen: Vec<String> = Vec::new();
    let mut note = |output: Output<'_>| {
        let words = describe(&output);
        if let Output::Inner(chunk, _) = output {
            let side = format!("{:?}: ", chunk.side);
            let text = String::from_utf8_lossy(chunk.bytes);
            match seen.last_mut() {
                Some(last) if last.starts_with(&side) => last.push_str(&text),
                _ => seen.push(side + &text),
            }
        } else {
            seen.push(words);
        }
    };
    feed(&mut dissector, inputs, &mut note);
    seen
}

#[test]
fn kept_alive_requests_pair_with_their_responses() {
    let seen = run(&[
        client("GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"),
        server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none"),
        client("\r\nPOST /b HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nbody"),
        server(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\ntwo\r\n1 \r\n!\r\n0\r\nT: r\r\n\r\n",
        ),
        client("HEAD /c HTTP/1.1\r\nHost: b.example\r\n\r\n"),
        server("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
        client("GET /d HTTP/1.0\n\n"),
        server("HTTP/1.0 200 OK\n\nuntil close"),
    ]);
    assert_eq!(
        seen,
        [
            "server a.example",
            "GET a.example /a [] -> 200 [one]",
            "POST a.example /b [body] -> 200 [two!]",
            "server b.example",
            "HEAD b.example /c [] -> 200 []",
            "GET ? /d [] -> 200 [until close]",
        ]
    );
}

#[test]
fn pipelined_requests_pair_in_order() {
    let seen = run(&[
        client("GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n"),
        server(
            "HTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\n",
        ),
        server("HTTP/1.1 404 x\r\nContent-Length: 1\r\n\r\n!"),
    ]);
    assert_eq!(
        seen,
        [
            "GET ? /1 [] -> 304 []",
            "HEAD ? /2 [] -> 200 []",
            "GET ? /3 [] -> 404 [!]",
        ]
    );
}

#[test]
fn interim_responses_are_not_the_answer() {
    let seen = run(&[
        client("PUT /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"),
        server("HTTP/1.1 100 Continue\r\n\r\n"),
        client("body"),
        server("HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 204 x\r\n\r\n"),
    ]);
    assert_eq!(seen, ["PUT ? /a [body] -> 204 []"]);
}

#[test]
fn a_refused_expectation_leaves_the_body_out() {
    let seen = run(&[
        client("PUT /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"),
        server("HTTP/1.1 417 x\r\nContent-Length: 0\r\n\r\n"),
        client("GET /b HTTP/1.1\r\n\r\n"),
        server("HTTP/1.1 204 x\r\n\r\n"),
    ]);
    assert_eq!(seen, ["PUT ? /a […] -> 417 []", "GET ? /b [] -> 204 []"]);
}

#[test]
fn an_early_answer_waits_for_the_request() {
    let seen = run(&[
        client("PUT /a HTTP/1.1\r\nContent-Length: 8\r\n\r\nhalf"),
        server("HTTP/1.1 413 x\r\nContent-Length: 0\r\n\r\n"),
        client("half"),
    ]);
    assert_eq!(seen, ["PUT ? /a [halfhalf] -> 413 []"]);
}

#[test]
fn connect_opens_a_tunnel() {
    let seen = run(&[
        client("CONNECT a.example:443 HTTP/1.1\r\nHost: proxy.example\r\n\r\n"),
        client("early"),
        server("HTTP/1.1 200 Established\r\n\r\nhello"),
        client(" late"),
        Input::Gap(Side::Server, 7),
    ]);
    assert_eq!(
        seen,
        [
            "server a.example",
            "CONNECT a.example a.example:443 [] -> 200 []",
            "Client: early",
            "Server: hello",
            "Client:  late",
            "InnerGap(Server, 7)",
        ]
    );
}

#[test]
fn a_refused_connect_goes_on_as_http() {
    let seen = run(&[
        client("CONNECT a.example:443 HTTP/1.1\r\n\r\n"),
        server("HTTP/1.1 407 x\r\nContent-Length: 2\r\n\r\nno"),
        client("CONNECT a.example:443 HTTP/1.1\r\nProxy-Authorization: x\r\n\r\n"),
        server("HTTP/1.1 200 x\r\n\r\n"),
        client("tls"),
    ]);
    assert_eq!(
        seen,
        [
            "server a.example",
            "CONNECT a.example a.example:443 [] -> 407 [no]",
            "CONNECT a.example a.example:443 [] -> 200 []",
            "Client: tls",
        ]
    );
}

#[test]
fn an_upgrade_switches_only_when_it_is_granted() {
    let upgrade = "GET /chat HTTP/1.1\r\nUpgrade: other\r\n\r\n";
    assert_eq!(
        run(&[
            client(upgrade),
            server("HTTP/1.1 101 x\r\nUpgrade: other\r\n\r\n"),
            client("frames"),
        ]),
        ["GET ? /chat [] -> 101 []", "Client: frames"]
    );
    assert_eq!(
        run(&[
            client(upgrade),
            client("GET /next HTTP/1.1\r\n\r\n"),
            server("HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n"),
            server("HTTP/1.1 204 x\r\n\r\n"),
        ]),
        ["GET ? /chat [] -> 200 []", "GET ? /next [] -> 204 []"]
    );
    assert_eq!(
        run(&[client(upgrade), client(upgrade), client("frames")]),
        ["Client: frames", "GET ? /chat []", "GET ? /chat []",]
    );
}

#[test]
fn requests_without_responses_are_not_lost() {
    assert_eq!(
        run(&[client(
            "GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf"
        )]),
        ["GET ? /1 []", "POST ? /2 [half…]"]
    );
    let many = "GET /many HTTP/1.1\r\n\r\n".repeat(limits::HTTP_PENDING * 3);
    assert_eq!(run(&[client(&many)]).len(), limits::HTTP_PENDING * 3);
    assert_eq!(
        run(&[client(
            "GET /cut HTTP/1.1\r\nHost: a.example\r\nCookie: unfini"
        )]),
        [
            "message-limit 36",
            "server a.example",
            "GET a.example /cut […]",
        ]
    );
    assert_eq!(
        run(&[
            client("GET /a?long="),
            Input::Gap(Side::Client, 9),
            client("rest\r\n\r\nGET /b HTTP/1.1\r\n\r\n")
        ]),
        [
            "message-limit 12",
            "malformed-message 8",
            "GET ? /a?long= […]",
            "GET ? /b []"
        ]
    );
}

#[test]
fn responses_without_requests_are_counted() {
    assert_eq!(
        run(&[
            server("HTTP/1.1 200 x\r\nContent-Length: 3\r\n\r\nold"),
            client("GET /new HTTP/1.1\r\n\r\n"),
            server("HTTP/1.1 204 x\r\n\r\n"),
        ]),
        ["started-before-capture 0", "GET ? /new [] -> 204 []"]
    );
}

#[test]
fn a_stream_met_in_its_middle_finds_the_next_request() {
    assert_eq!(
        run(&[
            client("end of a body\nlast lineGET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n"),
            server("rest</html>HTTP/1.1 204 x\r\n\r\n"),
        ]),
        [
            "malformed-message 23",
            "server a.example",
            "malformed-message 11",
            "GET a.example /1 [] -> 204 []",
        ]
    );
}

#[test]
fn a_gap_in_a_body_is_bridged_by_its_length() {
    assert_eq!(
        run(&[
            client("POST /1 HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc"),
            Input::Gap(Side::Client, 4),
            client("xyzGET /2 HTTP/1.1\r\n\r\n"),
            server("HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
            Input::Gap(Side::Server, 3),
            server("\r\n0\r\n\r\nHTTP/1.1 204 x\r\n\r\n"),
        ]),
        ["POST ? /1 [abc…] -> 200 [ab…]", "GET ? /2 [] -> 204 []"]
    );
}

#[test]
fn behind_a_gap_the_next_message_is_found() {
    assert_eq!(
        run(&[
            client("POST /1 HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc"),
            Input::Gap(Side::Client, 400),
            client("more of something\r\nGET /3 HTTP/1.1\r\n\r\n"),
            server("HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n"),
            Input::Gap(Side::Server, 400),
            client("GET /4 HTTP/1.1\r\n\r\n"),
            server("HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n"),
        ]),
        [
            "malformed-message 19",
            "POST ? /1 [abc…] -> 200 []",
            "GET ? /3 []",
            "GET ? /4 [] -> 404 []",
        ]
    );
}

#[test]
fn long_bodies_are_counted_not_kept() {
    let body = "x".repeat(limits::BODY_BYTES + 5);
    let mut dissector = Http1::default();
    let mut kept = None;
    let head = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len());
    for bytes in [head.as_bytes(), body.as_bytes()] {
        let chunk = Chunk {
            side: Side::Client,
            bytes,
            origin: Origin::default(),
        };
        dissector.feed(chunk, &mut |_| {});
    }
    dissector.finish(&mut |output| {
        if let Output::Event(Event::Exchange(exchange), _) = output {
            kept = Some(exchange.request.body);
        }
    });
    let kept = kept.unwrap();
    assert_eq!(kept.bytes.len(), limits::BODY_BYTES);
    assert_eq!(kept.wire_len, u64::try_from(body.len()).unwrap());
    assert!(kept.is_cut);
}

#[test]
fn only_http_1_is_http_1() {
    let verdict = |client: &str, server: &str| {
        probe(&Probe {
            transport: Transport::Tcp,
            client_port: 40_000,
            server_port: 5222,
            client: client.as_bytes(),
            server: server.as_bytes(),
            before: &[],
        })
    };
    assert_eq!(verdict("GET / HTTP/1.1\r\n", ""), Verdict::Yes);
    assert_eq!(
        verdict("\u{fffd}\u{0}", "HTTP/1.1 200 OK\r\n"),
        Verdict::Yes
    );
    assert_eq!(verdict("", ""), Verdict::More);
    assert_eq!(verdict("GET /index", ""), Verdict::Yes);
    assert_eq!(verdict("GE", ""), Verdict::More);
    for other in [
        "PRI * HTTP/2.0\r\n",
        "REGISTER sip:a.example SIP/2.0\r\n",
        "EHLO a.example\r\n",
        "\u{16}\u{3}\u{1}",
        "GETA",
        "<stream>",
    ] {
        assert_eq!(verdict(other, ""), Verdict::No, "{other}");
    }
}

/// A conversation with most of what there is, in the order in which it happens.
fn conversation() -> Vec<Input> {
    vec![
        client(
            "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\nPOST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        ),
        server("HTTP/1.1 100 x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none"),
        server("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\ntwo\n0\n\n"),
        client("\r\nGET /c HTTP/1.1\r\nUpgrade: other\r\n\r\n"),
        server("HTTP/1.1 101 x\r\nUpgrade: other\r\n\r\nother"),
        client("other"),
    ]
}

proptest! {
    /// However the streams are cut, they say the same.
    #[test]
    fn any_cut_gives_the_same(len in 1_usize..60) {
        let cut: Vec<Input> = conversation()
            .into_iter()
            .flat_map(|input| -> Vec<Input> {
                match input {
                    Input::Client(bytes) => bytes.chunks(len).map(|piece| Input::Client(piece.to_vec())).collect(),
                    Input::Server(bytes) => bytes.chunks(len).map(|piece| Input::Server(piece.to_vec())).collect(),
                    gap @ Input::Gap(..) => vec![gap],
                }
            })
            .collect();
        prop_assert_eq!(run(&cut), run(&conversation()));
    }

    #[test]
    fn any_bytes_are_survived(
        pieces in proptest::collection::vec(
            (any::<bool>(), "(GET / HTTP/1.1\r\n|HTTP/1.1 200 OK\r\n|Content-Length: 5\r\n|Transfer-Encoding: chunked\r\n|\r\n|\n|5\r\n|0\r\n|CONNECT a HTTP/1.1\r\n|Upgrade: x\r\n|HTTP/1.1 101 x\r\n|[\u{0}-\u{ff}]{0,9})"),
            0..40,
        ),
        gap in 0_usize..40,
        lost in any::<u64>(),
    ) {
        let mut inputs: Vec<Input> = pieces
            .into_iter()
            .map(|(is_client, text)| if is_client { Input::Client(text.into_bytes()) } else { Input::Server(text.into_bytes()) })
            .collect();
        if gap < inputs.len() {
            inputs.insert(gap, Input::Gap(if lost % 2 == 0 { Side::Client } else { Side::Server }, lost % 100));
        }
        run(&inputs);
    }

    /// A head is read as `httparse` reads it, where that accepts it.
    #[test]
    fn heads_are_those_of_httparse(
        target in "/[!-~]{0,20}",
        headers in proptest::collection::vec(("[A-Za-z-]{1,10}", "[!-~]([ -~]{0,20}[!-~])?"), 0..6),
    ) {
        let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let lines = lines.concat();
        let head = format!("GET {target} HTTP/1.1\r\n{lines}\r\n");
        let mut slots = [httparse::EMPTY_HEADER; 8];
        let mut theirs = httparse::Request::new(&mut slots);
        if theirs.parse(head.as_bytes()).is_ok() {
            let ours = head::request(head.as_bytes()).unwrap();
            prop_assert_eq!(Some(ours.target.as_str()), theirs.path);
            let theirs: Vec<(&str, &[u8])> = theirs.headers.iter().map(|header| (header.name, header.value)).collect();
            let ours: Vec<(&str, &[u8])> = ours.headers.iter().map(|header| (header.name.as_str(), header.value.as_bytes())).collect();
            prop_assert_eq!(ours, theirs);
        }
    }
}
