//! Calls: who rings whom, over which relays, and for how long.

use super::*;

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
