//! Cases and laws of the protocols that are laid out as messages. People, numbers and hosts are invented.

use std::fmt::Write;

use proptest::prelude::*;

use super::message::hex;
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
                let _ = write!(line, " | body {}", hex(&message.body.bytes));
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
                Some(line) => line.push_str(&hex(chunk.bytes)),
                None => lines.push(format!("{side} {}", hex(chunk.bytes))),
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
    }
}

#[test]
fn smtp_gives_login_envelope_and_mail() {
    let talk = [
        (SERVER, &b"220 mx.example ESMTP\r\n"[..]),
        (CLIENT, b"EHLO [192.0.2.7]\r\n"),
        (SERVER, b"250-mx.example\r\n250 AUTH LOGIN PLAIN\r\n"),
        (CLIENT, b"AUTH PLAIN AGVyaWthAHNlY3JldA==\r\n"),
        (SERVER, b"235 ok\r\n"),
        (CLIENT, b"MAIL FROM:<erika@a.example> SIZE=10\r\nRCPT TO:<otto@b.example>\r\nDATA\r\n"),
        (SERVER, b"250 ok\r\n250 ok\r\n354 go\r\n"),
        (CLIENT, b"From: Erika <erika@a.example>\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n folded\r\n\r\nHello\r\n..dot\r\n.\r\nQUIT\r\n"),
    ];
    assert_eq!(
        tcp(587, &talk).lines(),
        [
            "> smtp EHLO | helo=[192.0.2.7]",
            "> smtp AUTH | mechanism=PLAIN | user=erika | password=secret",
            "> smtp MAIL | from=erika@a.example",
            "> smtp RCPT | to=otto@b.example",
            "> smtp DATA | from=Erika <erika@a.example> | subject=Grüße folded",
            "> smtp DATA | body=Hello\\r\\n.dot\\r\\n",
        ]
    );
}

#[test]
fn smtp_login_in_steps_and_chunks_are_read() {
    let talk = [
        (SERVER, &b"220 mx.example ESMTP\r\n"[..]),
        (CLIENT, b"ehlo me\r\nAUTH LOGIN\r\n"),
        (SERVER, b"334 VXNlcm5hbWU6\r\n"),
        (CLIENT, b"ZXJpa2E=\r\n"),
        (SERVER, b"334 UGFzc3dvcmQ6\r\n"),
        (CLIENT, b"c2VjcmV0\r\n"),
        (
            CLIENT,
            b"BDAT 19\r\nFrom: e@a.example\r\nBDAT 9 LAST\r\n\r\nbody 12QUIT\r\n",
        ),
    ];
    assert_eq!(
        tcp(25, &talk).lines(),
        [
            "> smtp EHLO | helo=me",
            "> smtp AUTH | mechanism=LOGIN | user=erika | password=secret",
            "> smtp DATA | from=e@a.example",
            "> smtp DATA | body=body 12",
        ]
    );
}

#[test]
fn starttls_hands_on_to_tls() {
    let smtp = [
        (SERVER, &b"220 mx.example ESMTP\r\n"[..]),
        (CLIENT, b"EHLO me\r\nSTARTTLS\r\n"),
        (SERVER, b"250-mx\r\n250 STARTTLS\r\n"),
        (SERVER, b"220 go\r\n"),
        (CLIENT, b"\x16\x03\x01"),
        (SERVER, b"\x16\x03\x03"),
    ];
    let lines = tcp(25, &smtp).outputs(usize::MAX);
    // the answer to EHLO is no answer to STARTTLS only if it comes first: pipelining them is forbidden
    assert!(!lines.contains(&"inner > 160301".to_owned()), "{lines:?}");
    let smtp = [
        (SERVER, &b"220 mx.example ESMTP\r\n"[..]),
        (CLIENT, b"EHLO me\r\n"),
        (SERVER, b"250-mx\r\n250 STARTTLS\r\n"),
        (CLIENT, b"STARTTLS\r\n"),
        (SERVER, b"220 go\r\n"),
        (CLIENT, b"\x16\x03\x01"),
        (SERVER, b"\x16\x03\x03"),
    ];
    let pop3 = [
        (SERVER, &b"+OK ready\r\n"[..]),
        (CLIENT, b"STLS\r\n"),
        (SERVER, b"+OK begin\r\n"),
        (CLIENT, b"\x16\x03\x01"),
        (SERVER, b"\x16\x03\x03"),
    ];
    let imap = [
        (SERVER, &b"* OK ready\r\n"[..]),
        (CLIENT, b"a1 STARTTLS\r\n"),
        (SERVER, b"* OK still here\r\na1 OK begin\r\n"),
        (CLIENT, b"\x16\x03\x01"),
        (SERVER, b"\x16\x03\x03"),
    ];
    let ftp = [
        (SERVER, &b"220-hello\r\n220 ready\r\n"[..]),
        (CLIENT, b"AUTH TLS\r\n"),
        (SERVER, b"234 go\r\n"),
        (CLIENT, b"\x16\x03\x01"),
        (SERVER, b"\x16\x03\x03"),
    ];
    for (port, talk) in [(25, &smtp[..]), (110, &pop3), (143, &imap), (21, &ftp)] {
        let lines = tcp(port, talk).lines();
        assert!(
            lines.ends_with(&["inner > 160301".into(), "inner < 160303".into()]),
            "{lines:?}"
        );
    }
}

/// Behind STARTTLS nobody greets: the client speaks first, inside TLS.
#[test]
fn sessions_are_known_without_their_greeting() {
    for (port, said, told) in [
        (
            587,
            "EHLO me\r\nAUTH PLAIN AGVyaWthAHNlY3JldA==\r\n",
            "> smtp AUTH | mechanism=PLAIN | user=erika | password=secret",
        ),
        (
            143,
            "a2 CAPABILITY\r\na3 LOGIN erika secret\r\n",
            "> imap LOGIN | user=erika | password=secret",
        ),
        (
            110,
            "USER erika\r\nPASS secret\r\n",
            "> pop3 PASS | user=erika | password=secret",
        ),
        (
            21,
            "USER erika\r\nPASS secret\r\n",
            "> ftp PASS | user=erika | password=secret",
        ),
    ] {
        let lines = tcp(port, &[(CLIENT, said.as_bytes())]).lines();
        assert_eq!(lines.last().map(String::as_str), Some(told), "{lines:?}");
    }
}

#[test]
fn pop3_gives_login_and_fetched_mail() {
    let talk = [
        (SERVER, &b"+OK POP ready\r\n"[..]),
        (CLIENT, b"user erika@a.example\r\npass secret\r\nLIST\r\nRETR 1\r\n"),
        (SERVER, b"+OK\r\n+OK 1 message\r\n+OK\r\n1 120\r\n.\r\n+OK\r\nFrom: otto@b.example\r\nTo: erika@a.example\r\n\r\n..Hi\r\n.\r\n"),
        (CLIENT, b"AUTH PLAIN\r\n"),
        (SERVER, b"+ \r\n"),
        (CLIENT, b"AGVyaWthAHNlY3JldA==\r\nQUIT\r\n"),
    ];
    assert_eq!(
        tcp(110, &talk).lines(),
        [
            "> pop3 USER | user=erika@a.example",
            "> pop3 PASS | user=erika@a.example | password=secret",
            "< pop3 RETR | from=otto@b.example | to=erika@a.example",
            "< pop3 RETR | body=.Hi\\r\\n",
            "> pop3 AUTH | mechanism=PLAIN | user=erika | password=secret",
        ]
    );
}

#[test]
fn imap_gives_login_identity_and_mails_both_ways() {
    let talk = [
        (SERVER, &b"* OK IMAP4rev1 ready\r\n"[..]),
        (CLIENT, b"a1 ID (\"name\" \"Mail\" \"version\" \"3.1\" \"os\" NIL)\r\n"),
        (CLIENT, b"a2 LOGIN {5+}\r\nerika \"se\\\"cret\"\r\n"),
        (SERVER, b"a2 OK done\r\n"),
        (CLIENT, b"a3 FETCH 1 (BODY.PEEK[HEADER])\r\n"),
        (SERVER, b"* 1 FETCH (UID 10 BODY[HEADER] {41}\r\nFrom: otto@b.example\r\nTo: erika@a.example)\r\na3 OK done\r\n"),
        (CLIENT, b"a4 APPEND Sent (\\Seen) {30}\r\nTo: otto@b.example\r\n\r\nI\r\nwrote\r\n"),
        (SERVER, b"* 2 FETCH (ENVELOPE (\"Tue, 24 Nov 2026\" \"Hi\" ((\"Otto M\" NIL \"otto\" \"b.example\")) NIL NIL ((NIL NIL \"erika\" \"a.example\")) NIL NIL NIL \"<1@b>\"))\r\n"),
    ];
    assert_eq!(
        tcp(143, &talk).lines(),
        [
            "> imap ID | name=Mail | version=3.1",
            "> imap LOGIN | user=erika | password=se\\\"cret",
            "< imap FETCH | from=otto@b.example | to=erika@a.example",
            "> imap APPEND | to=otto@b.example",
            "> imap APPEND | body=I\\r\\nwrote",
            "< imap FETCH | date=Tue, 24 Nov 2026 | subject=Hi | address=Otto M <otto@b.example> | address=erika@a.example",
        ]
    );
}

#[test]
fn ftp_gives_user_and_password() {
    let talk = [
        (SERVER, &b"220 ready\r\n"[..]),
        (
            CLIENT,
            b"USER erika\r\nPASS secret\r\nSTOR contacts.vcf\r\n",
        ),
    ];
    assert_eq!(
        tcp(2121, &talk).lines(),
        [
            "> ftp USER | user=erika",
            "> ftp PASS | user=erika | password=secret",
            "> ftp STOR | file=contacts.vcf",
        ]
    );
}

const REGISTER: &[u8] = b"REGISTER sip:001010123456789@ims.mnc001.mcc001.3gppnetwork.org SIP/2.0\r\n\
    f: \"Erika\" <sip:erika@a.example>;tag=1\r\nContact: <sip:[2001:db8::1]:5060>;+sip.instance=\"<urn:gsma:imei:35123456-789012-0>\"\r\n\
    P-Access-Network-Info: 3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=0010112345678901\r\nUser-Agent: Phone/1\r\nl: 4\r\n\r\nv=0\n";

#[test]
fn sip_gives_headers_addresses_device_and_cell() {
    let register = "> sip REGISTER | request-uri=sip:001010123456789@ims.mnc001.mcc001.3gppnetwork.org | from=\"Erika\" \
        <sip:erika@a.example>;tag=1 | from.uri=sip:erika@a.example | contact=<sip:[2001:db8::1]:5060>;+sip.instance=\
        \"<urn:gsma:imei:35123456-789012-0>\" | contact.uri=sip:[2001:db8::1]:5060 | contact.+sip.instance=urn:gsma:imei:35123456-789012-0 \
        | p-access-network-info=3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=0010112345678901 | p-access-network-info.utran-cell-id-3gpp=0010112345678901 \
        | user-agent=Phone/1 | content-length=4 | body=v=0\\n";
    let register = register.replace("\"Erika\"", "\\\"Erika\\\"").replace(
        "\"<urn:gsma:imei:35123456-789012-0>\"",
        "\\\"<urn:gsma:imei:35123456-789012-0>\\\"",
    );
    let answer = "< sip 200 | reason=OK | to=<tel:+4930> | to.uri=tel:+4930 | content-length=0";
    let twice = [REGISTER, b"\r\n\r\n", REGISTER].concat();
    let talk = [
        (CLIENT, twice.as_slice()),
        (
            SERVER,
            b"SIP/2.0 200 OK\r\nTo: <tel:+4930>\r\nContent-Length: 0\r\n\r\n",
        ),
    ];
    assert_eq!(
        tcp(5060, &talk).lines(),
        [register.as_str(), &register, answer]
    );
    assert_eq!(
        udp(5060, &talk).lines(),
        [register.as_str(), &register, answer]
    );
}

#[test]
fn sip_cut_in_its_body_still_has_its_head() {
    let cut = &REGISTER[..REGISTER.len() - 2];
    let lines = tcp(5060, &[(CLIENT, cut)]).lines();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].ends_with("body=v="), "{lines:?}");
}

#[test]
fn sip_behind_a_gap_goes_on_at_the_next_message() {
    let mut dissector = (sip::STREAM.start)(&Start::default());
    let mut lines = Vec::new();
    let mut emit = |output: Output<'_>| describe(&output, &mut lines);
    let origin = Origin::default();
    for (bytes, gap) in [(&REGISTER[..100], 50), (&REGISTER[150..], 0), (REGISTER, 0)] {
        dissector.feed(
            Chunk {
                side: CLIENT,
                bytes,
                origin,
            },
            &mut emit,
        );
        if gap > 0 {
            dissector.gap(CLIENT, gap, &mut emit);
        }
    }
    assert_eq!(lines.len(), 1);
}

fn mqtt_text(text: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

fn mqtt_packet(first: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    assert!(body.len() < 128 * 128);
    let mut packet = vec![first];
    if body.len() < 128 {
        packet.push(u8::try_from(body.len()).unwrap());
    } else {
        packet.push(u8::try_from(body.len() % 128).unwrap() | 0x80);
        packet.push(u8::try_from(body.len() / 128).unwrap());
    }
    packet.extend_from_slice(&body);
    packet
}

#[test]
fn mqtt_gives_login_topics_and_payload() {
    let [client, user, password, topic] = ["phone-7", "erika", "secret", "fleet/7"].map(mqtt_text);
    let long = format!("{{\"lat\":52.5,\"pad\":\"{}\"}}", "x".repeat(200));
    let connect = mqtt_packet(
        0x10,
        &[b"\0\x04MQTT\x04\xc2\0\x3c", &client, &user, &password],
    );
    let subscribe = mqtt_packet(0x82, &[b"\0\x01", &topic, b"\x01"]);
    let publish = mqtt_packet(0x32, &[&topic, b"\0\x02", long.as_bytes()]);
    let binary = mqtt_packet(0x30, &[&topic, b"\xff\0"]);
    let said = [connect, subscribe, publish, binary].concat();
    assert_eq!(
        tcp(1883, &[(CLIENT, said.as_slice())]).lines(),
        [
            "> mqtt CONNECT | client-id=phone-7 | user=erika | password=secret".to_owned(),
            "> mqtt SUBSCRIBE | topic=fleet/7".into(),
            format!(
                "> mqtt PUBLISH | topic=fleet/7 | payload={}",
                long.escape_debug()
            ),
            "> mqtt PUBLISH | topic=fleet/7 | body ff00".into(),
        ]
    );
}

#[test]
fn mqtt_5_has_properties_and_old_ones_another_name() {
    let [client, name, value, topic, kind] =
        ["c", "model", "X1", "t", "application/json"].map(mqtt_text);
    let property = [b"\x26".as_slice(), &name, &value].concat();
    let length = [u8::try_from(property.len()).unwrap()];
    let connect = mqtt_packet(
        0x10,
        &[b"\0\x04MQTT\x05\0\0\x3c", &length, &property, &client],
    );
    let typed = [b"\x03".as_slice(), &kind].concat();
    let length = [u8::try_from(typed.len()).unwrap()];
    let publish = mqtt_packet(0x30, &[&topic, &length, &typed, b"{}"]);
    let said = [connect, publish].concat();
    assert_eq!(
        tcp(8000, &[(CLIENT, said.as_slice())]).lines(),
        [
            "> mqtt CONNECT | user-property.model=X1 | client-id=c",
            "> mqtt PUBLISH | topic=t | content-type=application/json | payload={}",
        ]
    );
    let old = mqtt_packet(0x10, &[b"\0\x06MQIsdp\x03\0\0\x3c", &client]);
    assert_eq!(
        tcp(8000, &[(CLIENT, old.as_slice())]).lines(),
        ["> mqtt CONNECT | client-id=c"]
    );
}

#[test]
fn whatsapp_today_shows_its_prologue_only() {
    let talk = [(CLIENT, &b"WA\x06\x03\0\0\x24\x12\x22\x0a\x20noise"[..])];
    assert_eq!(
        tcp(443, &talk).lines(),
        [
            "> whatsapp prologue | version=6.3 | signature=whatsapp-noise",
            "opaque encrypted-own-protocol"
        ]
    );
    let talk = [(
        CLIENT,
        &b"ED\0\x01\0\0\x04\x08\x05\x08\x02WA\x06\x03\0\0\x24\x12"[..],
    )];
    assert_eq!(
        tcp(5222, &talk).lines()[0],
        "> whatsapp prologue | version=6.3 | signature=whatsapp-edge-routing"
    );
}

#[test]
fn whatsapp_of_old_told_number_and_client() {
    let stream = [&b"\xf8\x05\x01\xa5\x91\x89\xfc\x0f"[..], b"Android-2.12.84"].concat();
    let plain = [
        &b"\xf8\x06\x0c\x56\xbf\xb5\xfc\x0b"[..],
        b"15555550123",
        b"\xfc\x02\xff\xfe",
    ]
    .concat();
    // the same eleven digits, packed
    let packed = b"\xf8\x08\x0c\xb5\xff\x86\x15\x55\x55\x50\x12\x3f\x51".to_vec();
    for login in [plain, packed] {
        let mut said = b"WA\x01\x05".to_vec();
        for frame in [&stream, &login] {
            said.extend_from_slice(&[0, 0, u8::try_from(frame.len()).unwrap()]);
            said.extend_from_slice(frame);
        }
        said.extend_from_slice(b"\x80\0\x02\xab\xcd");
        assert_eq!(
            tcp(5222, &[(CLIENT, said.as_slice())]).lines(),
            [
                "> whatsapp stream | signature=whatsapp-noise-old | platform=Android-2.12.84 | phone-number=15555550123",
                "opaque encrypted-own-protocol"
            ]
        );
    }
}

fn stun_message(kind: u16, attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (attribute, value) in attributes {
        body.extend_from_slice(&attribute.to_be_bytes());
        body.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        body.extend_from_slice(value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    let mut message = kind.to_be_bytes().to_vec();
    message.extend_from_slice(&u16::try_from(body.len()).unwrap().to_be_bytes());
    message.extend_from_slice(b"\x21\x12\xa4\x42abcdefghijkl");
    message.extend_from_slice(&body);
    message
}

#[test]
fn stun_tells_whose_call_it_is_once() {
    let request = stun_message(0x0001, &[]);
    let refused = stun_message(0x0113, &[(0x0014, b"voip.signal.org"), (0x8022, b"Coturn")]);
    // 192.0.2.1:32853, RFC 5769 §2.2
    let mapped = stun_message(0x0101, &[(0x0020, b"\0\x01\xa1\x47\xe1\x12\xa6\x43")]);
    let talk = [
        (CLIENT, request.as_slice()),
        (CLIENT, request.as_slice()),
        (SERVER, mapped.as_slice()),
        (SERVER, refused.as_slice()),
        (SERVER, refused.as_slice()),
    ];
    assert_eq!(
        udp(3478, &talk).lines(),
        [
            "> stun binding-request | signature=stun",
            "< stun binding-success | signature=stun | mapped-address=192.0.2.1 | attributes=0020",
            "< stun allocate-error | signature=stun-realm-signal | realm=voip.signal.org | software=Coturn | attributes=0014 8022",
        ]
    );
}

#[test]
fn stun_knows_vendors_by_their_attributes() {
    for (kind, attribute, signature) in [
        (0x0003, 0x4000, "stun-whatsapp"),
        (0x0801, 0x0006, "stun-whatsapp"),
        (0x0001, 0x8055, "stun-microsoft"),
        (0x0001, 0x0101, "stun-zoom"),
        (0x0001, 0xff03, "stun-google"),
    ] {
        let message = stun_message(kind, &[(attribute, b"user")]);
        let lines = udp(40_001, &[(CLIENT, message.as_slice())]).lines();
        assert!(
            lines[0].contains(&format!("signature={signature} ")),
            "{lines:?}"
        );
    }
}

#[test]
fn stun_turns_into_media_that_is_not_read() {
    let request = stun_message(0x0001, &[]);
    let mut said = vec![(CLIENT, request.as_slice())];
    said.resize(
        1 + crate::limits::STUN_OTHER_DATAGRAMS,
        (CLIENT, b"\x80\x6f\x12\x34media".as_slice()),
    );
    assert_eq!(
        udp(3478, &said).lines(),
        [
            "> stun binding-request | signature=stun",
            "opaque encrypted-no-key"
        ]
    );
}

#[test]
fn relays_are_told_with_whom_one_calls() {
    // 192.0.2.1 and 198.51.100.7, each combined with the cookie
    let first = b"\0\x01\xa1\x47\xe1\x12\xa6\x43";
    let second = b"\0\x01\xa1\x47\xe7\x21\xc0\x45";
    let permission = stun_message(0x0008, &[(0x0012, first), (0x0012, second)]);
    let allocated = stun_message(0x0103, &[(0x0016, second), (0x0020, first)]);
    let old = stun_message(0x0101, &[(0x0001, b"\0\x01\x80\x55\xc0\0\x02\x01")]);
    let talk = [
        (CLIENT, permission.as_slice()),
        (SERVER, allocated.as_slice()),
        (SERVER, old.as_slice()),
    ];
    assert_eq!(
        udp(3478, &talk).lines(),
        [
            "> stun create-permission-request | signature=stun | peer-address=192.0.2.1 | peer-address=198.51.100.7 | attributes=0012 0012",
            "< stun allocate-success | signature=stun | mapped-address=192.0.2.1 | relayed-address=198.51.100.7 | attributes=0016 0020",
        ]
    );
}

/// A packet of media.
fn rtp(sequence: u16, source: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 111];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&[0, 0, 3, 0xc0]);
    packet.extend_from_slice(&source.to_be_bytes());
    packet.extend_from_slice(b"sound");
    packet
}

const STREAM: &str =
    "> rtp stream | ssrc=0000abcd | payload-type=111 | packets=6 | bytes=102 | seconds=0";

#[test]
fn calls_are_told_by_their_media() {
    let packets: Vec<Vec<u8>> = (65_533..65_539_u32)
        .map(|number| rtp(number as u16, 0xabcd))
        .collect();
    let said: Vec<Said<'_>> = packets.iter().map(|packet| (CLIENT, &packet[..])).collect();
    // the first packet alone may be anything: the flow hands it over once the second has told
    let first_two = Probe {
        transport: Transport::Udp,
        client_port: 40_000,
        server_port: 40_002,
        client: &packets[1],
        server: &[],
        before: &packets[0],
    };
    assert_eq!((rtp::PROTOCOL.probe)(&first_two), Verdict::Yes);
    let alone = Probe {
        before: &[],
        ..first_two
    };
    assert_eq!((rtp::PROTOCOL.probe)(&alone), Verdict::More);
    let other = rtp(7, 0xdcba);
    let strange = Probe {
        before: &other,
        ..first_two
    };
    assert_eq!((rtp::PROTOCOL.probe)(&strange), Verdict::More);
    let call = |before: &[Said<'_>]| udp(3478, &[before, &said].concat()).lines();
    let request = stun_message(0x0001, &[]);
    assert_eq!(
        call(&[(CLIENT, &request)])[1..],
        [
            format!("{STREAM} | protection=unknown"),
            "opaque encrypted-no-key".to_owned()
        ]
    );
    let hello = b"\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x01\0";
    assert_eq!(
        call(&[(CLIENT, &request), (CLIENT, hello)])[1..],
        [
            format!("{STREAM} | protection=dtls-srtp"),
            "opaque encrypted-no-key".to_owned()
        ]
    );
    // through a relay each packet is wrapped up
    let wrapped: Vec<Vec<u8>> = packets
        .iter()
        .map(|packet| [&[0x40, 1, 0, 17][..], packet].concat())
        .collect();
    let mut relayed = vec![(CLIENT, request.as_slice())];
    relayed.extend(wrapped.iter().map(|packet| (CLIENT, &packet[..])));
    assert_eq!(
        udp(3478, &relayed).lines()[1],
        format!("{STREAM} | protection=unknown")
    );
}

#[test]
fn reports_in_clear_name_people() {
    // an empty receiver report, then the source's names
    let mut report = vec![
        0x80, 201, 0, 1, 0, 0, 0xab, 0xcd, 0x81, 202, 0, 7, 0, 0, 0xab, 0xcd,
    ];
    report.extend_from_slice(b"\x01\x0derika@a.example"[..2].as_ref());
    report[17] = 15;
    report.extend_from_slice(b"erika@a.example\x02\x05Erika");
    report.resize(40, 0);
    assert_eq!(
        udp(40_003, &[(CLIENT, &report), (CLIENT, &report)]).lines(),
        [
            "> rtp source-description | cname=erika@a.example | name=Erika",
            "opaque clear"
        ]
    );
    let encrypted = [&report[..], &[0x80, 0, 0, 1], &[7; 10]].concat();
    let said = [(CLIENT, &report[..]), (CLIENT, &encrypted)];
    assert!(
        udp(40_003, &said)
            .lines()
            .contains(&"opaque encrypted-no-key".to_owned())
    );
}

#[test]
fn relays_on_connections_are_read_however_they_are_cut() {
    let request = stun_message(0x0003, &[(0x0006, b"erika")]);
    let channel = [&[0x40, 1, 0, 17][..], &rtp(1, 9), &[0; 3]].concat();
    let said = [&request[..], &channel, &channel, &request].concat();
    assert_eq!(
        tcp(3478, &[(CLIENT, &said)]).lines(),
        [
            "> stun allocate-request | signature=stun | username=erika | attributes=0006",
            "opaque encrypted-no-key"
        ]
    );
    let length = u16::try_from(request.len()).unwrap().to_be_bytes();
    let framed = [&length[..], &request, &[0, 17], &rtp(1, 9)].concat();
    assert_eq!(
        tcp(40_001, &[(CLIENT, &framed)]).lines(),
        [
            "> stun allocate-request | signature=stun | username=erika | attributes=0006",
            "opaque encrypted-no-key"
        ]
    );
}

/// The opening of an obfuscated Telegram connection and what follows it, as a client makes them.
fn obfuscated(tag: u8, data_centre: i16, messages: &[u8]) -> Vec<u8> {
    use ctr::cipher::{KeyIvInit, StreamCipher};
    let mut opening: Vec<u8> = (0..64_u8)
        .map(|position| position.wrapping_mul(37) ^ 0x5a)
        .collect();
    opening[56..60].fill(tag);
    opening[60..62].copy_from_slice(&data_centre.to_le_bytes());
    let mut cipher =
        ctr::Ctr128BE::<aes::Aes256>::new_from_slices(&opening[8..40], &opening[40..56]).unwrap();
    let mut encrypted = opening.clone();
    cipher.apply_keystream(&mut encrypted);
    opening[56..].copy_from_slice(&encrypted[56..]);
    let mut messages = messages.to_vec();
    cipher.apply_keystream(&mut messages);
    [opening, messages].concat()
}

#[test]
fn the_key_id_of_telegram_is_read_also_through_its_obfuscation() {
    let message = [&[0x0a][..], b"KEYID--8", &[7; 32]].concat();
    let said = obfuscated(0xef, 2, &message);
    let told = "> telegram signature | transport=abridged | obfuscated=yes | data-centre=2 | auth-key-id=4b455949442d2d38 \
        | signature=telegram-mtproto";
    assert_eq!(
        tcp(443, &[(CLIENT, &said)]).lines(),
        [told, "opaque encrypted-own-protocol"]
    );
    let padded = [&[0x28, 0, 0, 0][..], &[0; 8], &[7; 32]].concat();
    let said = obfuscated(0xdd, -4, &padded);
    assert_eq!(
        tcp(5222, &[(CLIENT, &said)]).lines()[0],
        "> telegram signature | transport=padded intermediate | obfuscated=yes | data-centre=-4 | step=key agreement \
         | signature=telegram-mtproto"
    );
    let mut other = said;
    other[20] ^= 1;
    assert!(tcp(5222, &[(CLIENT, &other)]).protocol().is_none());
}

#[test]
fn netbios_names_of_devices_are_read() {
    let mut message = vec![0x12, 0x34, 0x29, 0x10, 0, 1, 0, 0, 0, 0, 0, 1, 32];
    for byte in b"ERIKAS-PHONE   \0" {
        message.push(b'A' + (byte >> 4));
        message.push(b'A' + (byte & 0x0f));
    }
    message.extend_from_slice(&[0, 0, 0x20, 0, 1]);
    assert_eq!(
        udp(137, &[(CLIENT, &message)]).lines(),
        ["> netbios-ns registration | hostname=ERIKAS-PHONE"]
    );
}

#[test]
fn what_is_published_in_binary_is_kept_as_a_body() {
    let talk = [(
        CLIENT,
        &b"\x10\x0d\0\x04MQTT\x04\0\0\x3c\0\x01a\x30\x06\0\x01t\x08\xff\0"[..],
    )];
    assert_eq!(
        tcp(1883, &talk).lines(),
        [
            "> mqtt CONNECT | client-id=a",
            "> mqtt PUBLISH | topic=t | body 08ff00",
        ]
    );
    let meta = [(
        CLIENT,
        &b"\x10\x10\0\x06MQTToT\x03\xc2\0\x3c\x78\xda\x03\0"[..],
    )];
    assert_eq!(
        tcp(443, &meta).lines(),
        ["> mqtt CONNECT | signature=mqtt-meta | body 78da0300"]
    );
}

#[test]
fn dhcp_gives_names_and_addresses() {
    let mut message = vec![1, 1, 6, 0];
    message.resize(28, 0);
    message.extend_from_slice(b"\x02\0\x5e\x10\0\x01");
    message.resize(236, 0);
    message.extend_from_slice(b"\x63\x82\x53\x63\x35\x01\x03\x0c\x0cerikas-phone\x3c\x06dhcpcd\x3d\x07\x01\x02\0\x5e\x10\0\x01\x32\x04\xc0\0\x02\x07\x37\x02\x01\x03\xff");
    assert_eq!(
        udp(67, &[(CLIENT, message.as_slice())]).lines(),
        [
            "> dhcp REQUEST | mac=02:00:5e:10:00:01 | hostname=erikas-phone | vendor-class=dhcpcd | client-id=02:00:5e:10:00:01 \
            | requested-address=192.0.2.7 | parameter-list=1,3"
        ]
    );
    // an answer that reaches the port from the other side is still the server's
    message[0] = 2;
    assert!(udp(67, &[(CLIENT, message.as_slice())]).lines()[0].starts_with("< dhcp REQUEST"));
}

#[test]
fn dhcpv6_gives_name_and_hardware() {
    let said = b"\x01\xaa\xbb\xcc\0\x01\0\x0e\0\x01\0\x01\x12\x34\x56\x78\x02\0\x5e\x10\0\x01\0\x27\0\x07\0\x05phone";
    let said = [&said[..], b"\0"].concat();
    let said = &said[..said.len() - 1];
    assert_eq!(
        udp(547, &[(CLIENT, said)]).lines(),
        [
            "> dhcpv6 SOLICIT | client-id=000100011234567802005e100001 | mac=02:00:5e:10:00:01 | fqdn=phone"
        ]
    );
}

#[test]
fn gtp_gives_subscriber_and_place() {
    let first = b"\x32\x10\0\x2d\0\0\0\0\0\x01\0\0\x02\x00\x01\x01\x21\x43\x65\x87\xf9\x03\x00\xf1\x10\x12\x34\x05\x86\0\x07\x91\x94\x71\x10\x32\x54\xf6\x83\0\x08\x03web\x03net";
    assert_eq!(
        udp(2123, &[(CLIENT, first.as_slice())]).lines(),
        ["> gtp-c 16 | version=1 | imsi=001010123456789 | rai=mcc=001 mnc=01 lac=4660 rac=5 | msisdn=4917012345 6 | apn=web.net".replace("45 6", "456")]
    );
    let second = b"\x48\x20\0\x2b\0\0\0\0\0\0\x01\0\x01\0\x08\0\x00\x01\x01\x21\x43\x65\x87\xf9\x56\0\x0d\0\x18\x00\xf1\x10\x12\x34\x00\xf1\x10\0\x12\x34\x56\x4c\0\x02\0\x94\x71";
    assert_eq!(
        udp(2123, &[(CLIENT, second.as_slice())]).lines(),
        [
            "> gtp-c 32 | version=2 | imsi=001010123456789 | tai=mcc=001 mnc=01 tac=4660 | ecgi=mcc=001 mnc=01 eci=1193046 | msisdn=4917"
        ]
    );
}

#[test]
fn socks_names_the_target_and_hands_on() {
    let talk = [
        (CLIENT, &b"\x05\x01\x02"[..]),
        (SERVER, b"\x05\x02"),
        (CLIENT, b"\x01\x05erika\x06secret"),
        (SERVER, b"\x01\0"),
        (CLIENT, b"\x05\x01\0\x03\x0bWww.Example\x01\xbb"),
        (SERVER, b"\x05\0\0\x01\0\0\0\0\0\0"),
        (CLIENT, b"\x16\x03\x01"),
        (SERVER, b"\x16\x03\x03"),
    ];
    assert_eq!(
        tcp(1080, &talk).lines(),
        [
            "> socks AUTH | user=erika | password=secret",
            "server www.example",
            "inner > 160301",
            "inner < 160303",
        ]
    );
    let talk = [
        (CLIENT, &b"\x04\x01\0\x50\0\0\0\x01erika\0a.example\0"[..]),
        (SERVER, b"\0\x5a\0\0\0\0\0\0"),
        (CLIENT, b"GET / HTTP/1.1\r\n"),
    ];
    assert_eq!(
        tcp(1080, &talk).lines()[..2],
        ["> socks AUTH | user=erika", "server a.example"]
    );
}

#[test]
fn own_protocols_are_recognised_by_their_form() {
    let random: Vec<u8> = (0..200_u32)
        .map(|position| (position.wrapping_mul(167) >> 1 ^ position) as u8)
        .collect();
    let abridged = [&b"\xef\x0a\0\0\0\0\0\0\0\0"[..], &random[..32]].concat();
    let intermediate = [&b"\xee\xee\xee\xee\x28\0\0\0"[..], &random[..40]].concat();
    let reflector = [
        &random[..16],
        &[0xff; 12],
        b"\xfe\xff\xff\xff",
        &random[..8],
    ]
    .concat();
    let viber = b"\x0b\0\0\0\0\0\xfc\xff\0\x80\0".to_vec();
    let loco = [&b"\0\x01\0\0\x0c\0\0\0\x02\0\0\0"[..], &random, &random].concat();
    let discovery = [&b"\0\x01\0\x46\0\0\0\x07"[..], &[0; 66]].concat();
    for (talk, protocol) in [
        (
            tcp(443, &[(CLIENT, abridged.as_slice())]),
            "telegram signature | transport=abridged | obfuscated=no | step=key agreement | signature=telegram-mtproto",
        ),
        (
            tcp(443, &[(CLIENT, intermediate.as_slice())]),
            "telegram signature | transport=intermediate | obfuscated=no | auth-key-id=0052a5f94aa4f34f | signature=telegram-mtproto",
        ),
        (
            udp(533, &[(CLIENT, reflector.as_slice())]),
            "telegram signature | signature=telegram-udp",
        ),
        (
            tcp(5222, &[(CLIENT, &random[..48]), (SERVER, &random[50..130])]),
            "threema signature | signature=threema-handshake",
        ),
        (
            tcp(5242, &[(CLIENT, viber.as_slice())]),
            "viber signature | signature=viber-tcp",
        ),
        (
            udp(50_001, &[(CLIENT, discovery.as_slice())]),
            "discord signature | signature=discord-voice",
        ),
        (
            tcp(8080, &[(CLIENT, b"\x16\xf1\x04\0\x80rest")]),
            "wechat signature | signature=wechat-mmtls",
        ),
        (
            tcp(5228, &[(CLIENT, loco.as_slice())]),
            "kakaotalk signature | signature=kakaotalk-loco",
        ),
    ] {
        assert_eq!(
            talk.lines(),
            [
                format!("> {protocol}"),
                "opaque encrypted-own-protocol".into()
            ]
        );
    }
}

#[test]
fn xiaomi_push_tells_the_phone() {
    let body = b"\x08\x6a\x12\x05Phone\x1a\x03V12\x2a\x06a-0a1b\x32\x04wifi\x42\x05de_DE\x50\x1e";
    let header = b"\x08\x00\x1a\x0axiaomi.com\x2a\x04CONN\x48\x00";
    let sizes = [0, 2, 0, header.len() as u8, 0, 0, 0, body.len() as u8];
    let message = [&sizes[..], header, body, b"\x01\x02\x03\x04"].concat();
    let length = [0, 0, 0, message.len() as u8];
    let said = [
        &b"\xc2\xfe\0\x05"[..],
        &length,
        &message,
        b"\xc2\xfe\0\x05\0\0\x03\x94secret",
    ]
    .concat();
    assert_eq!(
        tcp(5222, &[(CLIENT, said.as_slice())]).lines(),
        [
            "> xiaomi-push CONN | signature=xiaomi-push | model=Phone | system-version=V12 | device-id=a-0a1b | connection=wifi | locale=de_DE",
            "opaque encrypted-own-protocol"
        ]
    );
}

#[test]
fn calls_are_told_by_port_or_frame_where_they_say_nothing() {
    let request = stun_message(0x0001, &[]);
    assert_eq!(
        udp(19_305, &[(CLIENT, request.as_slice())]).lines(),
        ["> stun binding-request | signature=stun-google"]
    );
    let media = b"\x05\x10\x01\0\0\0\0\0\x10media";
    assert_eq!(
        udp(8801, &[(CLIENT, media)]).lines()[0],
        "> zoom signature | signature=zoom-media"
    );
    assert!(udp(8901, &[(CLIENT, media)]).protocol().is_none());
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
