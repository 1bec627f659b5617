//! Chats and calls from packets to findings and states of contents: forged ones, and a real XMPP server.

mod live;

use std::net::SocketAddr;

use phonehome::flow::Flows;
use phonehome::model::{
    ContentState, Coverage, Event, InputId, LinkType, Message, Origin, Packet, Side, Timestamp,
};
use proptest::prelude::*;

use crate::forge::packet;
use crate::forge::stream::Connection;

/// What one capture says: messages, and each flow's protocol and state.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    messages: Vec<String>,
    flows: Vec<(&'static str, ContentState)>,
}

fn seen(packets: impl IntoIterator<Item = Vec<u8>>) -> Seen {
    let mut seen = Seen::default();
    let mut flows = Flows::new();
    let mut coverage = Coverage::default();
    let mut take = |sighting: phonehome::model::Sighting| match sighting.event {
        Event::Message(message) => seen.messages.push(line(&message)),
        Event::Traffic(traffic) => seen.flows.push((traffic.protocol, traffic.content)),
        _ => {}
    };
    for (frame, data) in (1..).zip(packets) {
        let packet = Packet {
            origin: Origin {
                input: InputId(0),
                frame,
                time: Timestamp(i64::try_from(frame).unwrap() * 500_000_000),
            },
            link: LinkType::RAW,
            wire_len: u32::try_from(data.len()).unwrap(),
            data: &data,
            owner: None,
            direction: None,
        };
        flows.packet(&packet, &mut coverage, &mut take);
    }
    flows.finish(&mut coverage, &mut take);
    seen
}

fn line(message: &Message) -> String {
    let fields: Vec<String> = message
        .fields
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("{} {} {}", message.protocol, message.kind, fields.join(" "))
}

fn phone(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 10], port))
}

fn server(port: u16) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 80], port))
}

const OPENING: &str = "<stream:stream to='chat.example' xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

/// A conversation by XMPP in clear, in pieces of at most so many bytes.
fn chat(most: usize) -> Vec<Vec<u8>> {
    let mut connection = Connection::open(phone(40_000), server(5222));
    for (side, text) in [
        (Side::Client, OPENING),
        (Side::Server, OPENING),
        (
            Side::Client,
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>biwsbj1lcmlrYSxyPWFiYw==</auth>",
        ),
        (
            Side::Server,
            "<iq type='result' id='r'><query xmlns='jabber:iq:roster'><item jid='otto@chat.example' name='Otto'>\
             <group>Work</group></item></query></iq>",
        ),
        (
            Side::Client,
            "<message to='otto@chat.example' type='chat'><body>Treffen um neun?</body></message>",
        ),
        (
            Side::Server,
            "<message from='otto@chat.example/pc' type='chat'><encrypted xmlns='eu.siacs.conversations.axolotl'>\
             <header sid='7'/><payload>QQ==</payload></encrypted></message>",
        ),
    ] {
        connection.send_in(side, text.as_bytes(), most);
    }
    connection.close();
    connection.packets.into_iter().map(|sent| sent.ip).collect()
}

#[test]
fn a_chat_in_clear_says_everything_but_what_the_ends_encrypt() {
    let seen = seen(chat(1400));
    assert_eq!(seen.flows, [("xmpp", ContentState::Clear)]);
    for expected in [
        "xmpp AUTH mechanism=SCRAM-SHA-1 user=erika",
        "query.item.jid=otto@chat.example query.item.name=Otto query.item.group=Work",
        "body=Treffen um neun? encryption=none",
        "encrypted.payload=QQ== encryption=omemo",
        "xmpp end-to-end-encryption none=1 omemo=1",
    ] {
        let is_seen = seen.messages.iter().any(|line| line.contains(expected));
        assert!(is_seen, "{expected}: {:?}", seen.messages);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_chat_says_the_same_however_it_is_cut_and_repeated(most in 1_usize..80, twice in 0_usize..40) {
        let whole = seen(chat(1400));
        let mut packets = chat(most);
        let again = packets[twice % packets.len()].clone();
        packets.insert(twice % packets.len(), again);
        prop_assert_eq!(seen(packets), whole);
    }
}

/// A packet of media.
fn rtp(sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 111];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(b"\0\0\x03\xc0\0\0\xab\xcdsound");
    packet
}

fn call(port: u16, first: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let media = (1..=10).map(rtp);
    first
        .iter()
        .cloned()
        .chain(media)
        .map(|payload| packet::udp(phone(40_000), server(port), &payload))
        .collect()
}

#[test]
fn a_call_is_told_with_its_length_also_without_its_signalling() {
    let seen = seen(call(40_002, &[]));
    assert_eq!(seen.flows, [("rtp", ContentState::NotExamined)]);
    assert_eq!(
        seen.messages,
        [
            "rtp stream ssrc=0000abcd payload-type=111 packets=10 bytes=170 seconds=4 protection=unknown"
        ]
    );
}

#[test]
fn a_call_over_ice_is_encrypted_with_keys_of_its_own() {
    let request = b"\0\x01\0\0\x21\x12\xa4\x42abcdefghijkl".to_vec();
    let hello = b"\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x01\0".to_vec();
    let seen = seen(call(3478, &[request, hello]));
    assert_eq!(seen.flows, [("stun", ContentState::NoKey)]);
    let last = seen.messages.last().unwrap();
    assert!(last.ends_with("protection=dtls-srtp"), "{last}");
}

#[test]
fn media_that_do_not_follow_each_other_are_no_call() {
    let strangers = (1..=9_u16).map(|number| {
        let mut packet = rtp(number.wrapping_mul(7919));
        packet[11] = u8::try_from(number).unwrap();
        packet::udp(phone(40_000), server(40_002), &packet)
    });
    let seen = seen(strangers);
    assert_eq!(seen.flows, [("", ContentState::NotExamined)]);
    assert_eq!(seen.messages, Vec::<String>::new());
}
