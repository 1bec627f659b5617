//! Cases and laws of the protocols that are laid out as messages. People, numbers and hosts are invented.

mod calls;
mod mail;
mod messengers;
mod networks;
mod topics;

use std::fmt::Write;

use proptest::prelude::*;

use data_encoding::HEXLOWER;

use super::*;

/// What one side says next.
type Said<'a> = (Side, &'a [u8]);

const CLIENT: Side = Side::Client;
const SERVER: Side = Side::Server;

/// A conversation on a server's port.
struct Talk<'a> {
    transport: Transport,
    port: u16,
    said: &'a [Said<'a>],
}

fn tcp<'a>(port: u16, said: &'a [Said<'a>]) -> Talk<'a> {
    Talk {
        transport: Transport::Tcp,
        port,
        said,
    }
}

fn udp<'a>(port: u16, said: &'a [Said<'a>]) -> Talk<'a> {
    Talk {
        transport: Transport::Udp,
        port,
        said,
    }
}

impl Talk<'_> {
    /// The protocol that the table finds for the first bytes of both sides, as they come.
    fn protocol(&self) -> Option<&'static Protocol> {
        let (mut client, mut server) = (Vec::new(), Vec::new());
        for (side, bytes) in self.said {
            let own = if *side == CLIENT {
                &mut client
            } else {
                &mut server
            };
            if self.transport == Transport::Udp {
                own.clear();
            }
            own.extend_from_slice(bytes);
            let probe = Probe {
                transport: self.transport,
                client_port: 40_000,
                server_port: self.port,
                client: &client,
                server: &server,
                before: &[],
            };
            let found = PROTOCOLS
                .iter()
                .find(|protocol| (protocol.probe)(&probe) == Verdict::Yes);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Everything handed out, streams cut into pieces of `step` bytes.
    fn outputs(&self, step: usize) -> Vec<String> {
        let Some(protocol) = self.protocol() else {
            return vec!["unknown".into()];
        };
        let mut dissector = (protocol.start)(&Start {
            transport: self.transport,
            server_port: self.port,
            ..Start::default()
        });
        let mut lines: Vec<String> = Vec::new();
        let mut emit = |output: Output<'_>| describe(&output, &mut lines);
        for (side, bytes) in self.said {
            let step = if self.transport == Transport::Udp {
                bytes.len().max(1)
            } else {
                step
            };
            for bytes in bytes.chunks(step) {
                let chunk = Chunk {
                    side: *side,
                    bytes,
                    origin: Origin::default(),
                };
                dissector.feed(chunk, &mut emit);
            }
        }
        dissector.finish(&mut emit);
        lines
    }

    /// What is handed out, the same however the streams are cut.
    fn lines(&self) -> Vec<String> {
        let lines = self.outputs(usize::MAX);
        for step in [1, 2, 3, 7, 64] {
            assert_eq!(self.outputs(step), lines, "in pieces of {step}");
        }
        lines
    }
}

/// One line an output; inner bytes that follow each other on one line.
fn describe(output: &Output<'_>, lines: &mut Vec<String>) {
    match output {
        Output::Event(Event::Message(message), _) => {
            let side = if message.from_client { ">" } else { "<" };
            let mut line = format!("{side} {} {}", message.protocol, message.kind);
            for (name, value) in &message.fields {
                let _ = write!(line, " | {name}={}", value.escape_debug());
            }
            if !message.body.bytes.is_empty() {
                let _ = write!(line, " | body {}", HEXLOWER.encode(&message.body.bytes));
            }
            lines.push(line);
        }
        Output::Event(event, _) => lines.push(format!("{event:?}")),
        Output::Server(name) => lines.push(format!("server {name}")),
        Output::Inner(chunk, _) => {
            let side = if chunk.side == CLIENT {
                "inner >"
            } else {
                "inner <"
            };
            match lines.last_mut().filter(|line| line.starts_with(side)) {
                Some(line) => line.push_str(&HEXLOWER.encode(chunk.bytes)),
                None => lines.push(format!("{side} {}", HEXLOWER.encode(chunk.bytes))),
            }
        }
        Output::Stack(started) => lines.push(format!("{started:?}")),
        Output::InnerGap(..) => lines.push("inner gap".into()),
        Output::Content(state) => lines.push(format!("content {}", state.as_str())),
        Output::InnerStream(stream, chunk, _) => {
            lines.push(format!("stream {stream}: {} bytes", chunk.bytes.len()));
        }
        Output::InnerStreamGap(..) | Output::InnerStreamEnd(_) | Output::ConnectionId(..) => {}
        Output::Opaque(state) => lines.push(format!("opaque {}", state.as_str())),
        Output::Shortfall(kind, ..) => lines.push(format!("shortfall {}", kind.as_str())),
        Output::Undecrypted(piece) => lines.push(piece.to_string()),
        Output::Expect(side, port, started) => {
            lines.push(format!("expect {side:?} {port} {}", started.protocol));
        }
    }
}

#[test]
fn other_bytes_are_none_of_them() {
    let random: Vec<u8> = (0..200_u32)
        .map(|position| (position.wrapping_mul(167) >> 1 ^ position) as u8)
        .collect();
    for talk in [
        tcp(5222, &[(CLIENT, &random[..48]), (SERVER, &random[50..131])]),
        tcp(443, &[(CLIENT, b"\xef\x7fhello world and more")]),
        tcp(1883, &[(CLIENT, b"0\x05hello")]),
        tcp(80, &[(CLIENT, b"220 welcome\r\n")]),
        udp(533, &[(CLIENT, &random[..60])]),
        udp(3478, &[(CLIENT, &random[..60])]),
        udp(123, &[(CLIENT, b"\x23short")]),
    ] {
        assert!(talk.protocol().is_none(), "{:?}", talk.protocol());
    }
}

/// The protocols that this file is about.
fn protocols() -> impl Iterator<Item = &'static Protocol> {
    let others = [
        "tls", "dtls", "quic", "http1", "dns", "mdns", "llmnr", "ssdp",
    ];
    PROTOCOLS
        .iter()
        .filter(move |protocol| !others.contains(&protocol.name))
}

proptest! {
    #[test]
    fn any_bytes_give_no_panic(
        pieces in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..60)), 0..6),
        gap in 0_usize..6,
        is_stream in any::<bool>(),
    ) {
        let transport = if is_stream { Transport::Tcp } else { Transport::Udp };
        let start = Start { transport, ..Start::default() };
        for protocol in protocols() {
            let mut dissector = (protocol.start)(&start);
            let mut emit = |_: Output<'_>| {};
            for (position, (is_client, bytes)) in pieces.iter().enumerate() {
                let side = if *is_client { CLIENT } else { SERVER };
                dissector.feed(Chunk { side, bytes, origin: Origin::default() }, &mut emit);
                if position == gap {
                    dissector.gap(side, 10, &mut emit);
                }
            }
            dissector.finish(&mut emit);
            for (_, bytes) in &pieces {
                for port in [21, 25, 53, 67, 110, 123, 143, 547, 1883, 2123, 5060, 5222] {
                    for transport in [Transport::Tcp, Transport::Udp] {
                        for (client, server) in [(&bytes[..], &[][..]), (&[][..], &bytes[..]), (&bytes[..], &bytes[..])] {
                            (protocol.probe)(&Probe { transport, client_port: 1, server_port: port, client, server, before: bytes });
                        }
                    }
                }
            }
        }
    }

    /// Words and marks of the protocols in any order, with any cutting: no panic, and the same however they are cut.
    #[test]
    fn any_cutting_gives_the_same(
        words in prop::collection::vec((any::<bool>(), prop::sample::select(WORDS.to_vec())), 0..40),
        step in 1_usize..9,
    ) {
        // a run of one side is one piece of the stream
        let mut runs: Vec<(Side, Vec<u8>)> = Vec::new();
        for (is_client, word) in &words {
            let side = if *is_client { CLIENT } else { SERVER };
            match runs.last_mut() {
                Some((last, bytes)) if *last == side => bytes.extend_from_slice(word),
                _ => runs.push((side, word.to_vec())),
            }
        }
        let streams = [
            smtp::PROTOCOL, pop3::PROTOCOL, imap::PROTOCOL, ftp::PROTOCOL, sip::STREAM, mqtt::PROTOCOL, xmpp::PROTOCOL,
            whatsapp::PROTOCOL, socks::PROTOCOL, stun::PROTOCOL, telegram::PROTOCOL,
        ];
        for protocol in &streams {
            let read = |step: usize| {
                let mut dissector = (protocol.start)(&Start::default());
                let mut lines = Vec::new();
                let mut emit = |output: Output<'_>| describe(&output, &mut lines);
                for (side, bytes) in &runs {
                    for bytes in bytes.chunks(step) {
                        dissector.feed(Chunk { side: *side, bytes, origin: Origin::default() }, &mut emit);
                    }
                }
                dissector.finish(&mut emit);
                lines.retain(|line| !line.starts_with("shortfall"));
                lines
            };
            prop_assert_eq!(read(step), read(usize::MAX), "{}", protocol.name);
        }
    }
}

const WORDS: [&[u8]; 54] = [
    b"\r\n",
    b"\n",
    b" ",
    b".\r\n",
    b"220 ok\r\n",
    b"250 ok\r\n",
    b"500 no\r\n",
    b"+OK\r\n",
    b"-ERR\r\n",
    b"+ \r\n",
    b"* OK\r\n",
    b"a1 OK\r\n",
    b"EHLO me\r\n",
    b"AUTH PLAIN\r\n",
    b"AUTH LOGIN\r\n",
    b"AGEAYg==\r\n",
    b"DATA\r\n",
    b"BDAT 7\r\n",
    b"BDAT 3 LAST\r\n",
    b"From: e@a.example\r\n",
    b"a1 LOGIN {3}\r\n",
    b"a1 APPEND x {9}\r\n",
    b"* 1 FETCH (BODY[] {8}\r\n",
    b"STARTTLS\r\n",
    b"a1 STARTTLS\r\n",
    b"STLS\r\n",
    b"RETR 1\r\n",
    b"USER e\r\n",
    b"PASS s\r\n",
    b"AUTH TLS\r\n",
    b"234 go\r\n",
    b"INVITE sip:a@b SIP/2.0\r\n",
    b"SIP/2.0 200 OK\r\n",
    b"Content-Length: 3\r\n\r\n",
    b"l: 0\r\n\r\n",
    b"\x10\x0e\0\x04MQTT\x04\0\0\x3c\0\x02id",
    b"\x30\x05\0\x01tpl",
    b"\x82\x06\0\x01\0\x01t\0",
    b"WA\x01\x05",
    b"WA\x06\x03",
    b"\0\0\x04\xfc\x02ab",
    b"\0\0\x0a\xfc\x0812345678",
    b"\x05\x01\0",
    b"\x05\0",
    b"\x05\x01\0\x01\xc0\0\x02\x01\0\x50",
    b"\x05\0\0\x01\0\0\0\0\0\0",
    b"<?xml version='1.0'?>",
    b"<stream:stream to='a'>",
    b"<message from='a'><body>x</body></message>",
    b"<iq/>",
    b"<proceed/>",
    b"<auth mechanism='PLAIN'>AGEAYg==</auth>",
    b"</",
    b"<!-- a -->",
];
