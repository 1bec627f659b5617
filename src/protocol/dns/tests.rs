use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use simple_dns::rdata::{A, AAAA, CNAME, HTTPS, PTR, RData, SVCB, TXT};
use simple_dns::{CLASS, Name, Packet, Question, ResourceRecord, TYPE};

use super::*;
use crate::protocol::Start;

fn lookups(dissector: &mut dyn Dissector, pieces: &[&[u8]]) -> Vec<Lookup> {
    let mut seen = Vec::new();
    for bytes in pieces {
        let chunk = Chunk {
            side: Side::Client,
            bytes,
            origin: Origin::default(),
        };
        dissector.feed(chunk, &mut |output| {
            if let Output::Event(Event::Lookup(lookup), _) = output {
                seen.push(lookup);
            }
        });
    }
    seen
}

fn question(name: &str, kind: TYPE) -> Question<'_> {
    Question::new(
        Name::new(name).unwrap(),
        kind.into(),
        CLASS::IN.into(),
        false,
    )
}

fn query(name: &str) -> Vec<u8> {
    let mut packet = Packet::new_query(7);
    packet.questions.push(question(name, TYPE::A));
    packet.build_bytes_vec().unwrap()
}

fn record<'a>(owner: &'a str, data: RData<'a>) -> ResourceRecord<'a> {
    ResourceRecord::new(Name::new(owner).unwrap(), CLASS::IN, 60, data)
}

#[test]
fn a_query_is_a_lookup() {
    let seen = lookups(&mut Datagrams { local: None }, &[&query("WWW.Example")]);
    assert_eq!(
        seen,
        [Lookup {
            name: "www.example".to_owned(),
            record_type: 1,
            ..Lookup::default()
        }]
    );
}

#[test]
fn a_response_has_addresses_and_the_names_on_the_way() {
    let mut packet = Packet::new_reply(7);
    packet.questions.push(question("www.example", TYPE::AAAA));
    let edge = Name::new("edge.cdn.example").unwrap();
    packet.answers = vec![
        record("www.example", RData::CNAME(CNAME(edge))),
        record(
            "edge.cdn.example",
            RData::A(A::from(Ipv4Addr::new(192, 0, 2, 1))),
        ),
        record(
            "edge.cdn.example",
            RData::AAAA(AAAA::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))),
        ),
    ];
    let bytes = packet.build_bytes_vec_compressed().unwrap();
    let seen = lookups(&mut Datagrams { local: None }, &[&bytes]);
    assert_eq!(
        seen,
        [Lookup {
            name: "www.example".to_owned(),
            record_type: 28,
            answers: vec![
                Answer::Name("edge.cdn.example".to_owned()),
                Answer::Address("192.0.2.1".parse().unwrap()),
                Answer::Address("2001:db8::1".parse().unwrap()),
            ],
            is_response: true,
            is_local: false,
        }]
    );
}

#[test]
fn a_service_binding_has_target_and_hints() {
    let mut binding = SVCB::new(1, Name::new("svc.example").unwrap());
    binding.set_ipv4hint(&[u32::from(Ipv4Addr::new(192, 0, 2, 2))]);
    let mut packet = Packet::new_reply(7);
    packet.questions.push(question("www.example", TYPE::HTTPS));
    packet.answers = vec![
        record("www.example", RData::HTTPS(HTTPS(binding))),
        record(
            "1.2.0.192.in-addr.arpa",
            RData::PTR(PTR(Name::new("host.example").unwrap())),
        ),
    ];
    let bytes = packet.build_bytes_vec().unwrap();
    let seen = lookups(&mut Datagrams { local: None }, &[&bytes]);
    assert_eq!(
        seen[0].answers,
        [
            Answer::Name("svc.example".to_owned()),
            Answer::Address("192.0.2.2".parse().unwrap()),
            Answer::Name("host.example".to_owned()),
        ]
    );
}

#[test]
fn a_message_cut_behind_its_question_still_asks() {
    let mut packet = Packet::new_reply(7);
    packet.questions.push(question("www.example", TYPE::A));
    packet.answers = vec![record(
        "www.example",
        RData::A(A::from(Ipv4Addr::LOCALHOST)),
    )];
    let bytes = packet.build_bytes_vec().unwrap();
    let question_end = 12 + "www.example".len() + 2 + 4;
    for end in 0..bytes.len() {
        let seen = lookups(&mut Datagrams { local: None }, &[&bytes[..end]]);
        assert_eq!(seen.len(), usize::from(end >= question_end), "cut at {end}");
    }
}

#[test]
fn several_questions_are_several_lookups_and_an_announcement_is_a_message() {
    let mut packet = Packet::new_query(0);
    packet.questions = vec![
        question("_http._tcp.local", TYPE::PTR),
        question("Phone.local", TYPE::AAAA),
    ];
    let asked = packet.build_bytes_vec().unwrap();
    let mut dissector = Datagrams {
        local: Some("mdns"),
    };
    let seen = lookups(&mut dissector, &[&asked]);
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|lookup| lookup.is_local));
    let mut packet = Packet::new_reply(0);
    packet.answers = vec![record(
        "Phone.local",
        RData::A(A::from(Ipv4Addr::new(192, 0, 2, 9))),
    )];
    let text = TXT::new().with_string("model=iPhone14,2").unwrap();
    packet.additional_records = vec![record("Phone._airplay._tcp.local", RData::TXT(text))];
    let bytes = packet.build_bytes_vec().unwrap();
    let mut fields = Vec::new();
    let chunk = Chunk {
        side: Side::Client,
        bytes: &bytes,
        origin: Origin::default(),
    };
    dissector.feed(chunk, &mut |output| {
        if let Output::Event(Event::Message(message), _) = output {
            fields = message.fields;
        }
    });
    let expected = [
        ("name", "phone.local"),
        ("address", "192.0.2.9"),
        ("txt.model", "iPhone14,2"),
    ];
    assert_eq!(
        fields,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

#[test]
fn odd_labels_are_escaped() {
    let mut message = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0].to_vec();
    for label in [&b"a.b\\"[..], b"\x00\xff", "Ä b".as_bytes()] {
        message.push(u8::try_from(label.len()).unwrap());
        message.extend_from_slice(label);
    }
    message.extend_from_slice(&[0, 0, 1, 0, 1]);
    let seen = lookups(&mut Datagrams { local: None }, &[&message]);
    assert_eq!(seen[0].name, r"a\.b\\.\000\255.ä b");
}

#[test]
fn pointers_that_lead_nowhere_end() {
    let loops = [
        &[0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..],
        &[0xc0, 12, 0, 1, 0, 1],
    ]
    .concat();
    assert_eq!(lookups(&mut Datagrams { local: None }, &[&loops]), []);
    let root = [&[0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], &[0, 0, 2, 0, 1]].concat();
    assert_eq!(
        lookups(&mut Datagrams { local: None }, &[&root])[0].name,
        "."
    );
}

#[test]
fn dns_is_told_by_port_or_by_being_perfect() {
    let verdict = |port: u16, client: &[u8]| {
        let probe = Probe {
            transport: Transport::Udp,
            client_port: 40_000,
            server_port: port,
            client,
            server: &[],
            before: &[],
        };
        [PROTOCOL, MULTICAST, LINK_LOCAL].map(|protocol| (protocol.probe)(&probe) == Verdict::Yes)
    };
    let good = query("www.example");
    assert_eq!(verdict(53, &good), [true, false, false]);
    assert_eq!(verdict(5353, &good), [false, true, false]);
    assert_eq!(verdict(5355, &good), [false, false, true]);
    assert_eq!(verdict(9953, &good), [true, false, false]);
    assert_eq!(verdict(9953, &good[..good.len() - 1]), [false; 3]);
    assert_eq!(verdict(53, &good[..good.len() - 1]), [true, false, false]);
    assert_eq!(verdict(53, &[0xff; 40]), [false; 3]);
}

fn framed(messages: &[Vec<u8>]) -> Vec<u8> {
    messages
        .iter()
        .flat_map(|message| {
            let len = u16::try_from(message.len()).unwrap().to_be_bytes();
            [len.to_vec(), message.clone()].concat()
        })
        .collect()
}

#[test]
fn behind_a_gap_a_stream_goes_on_where_a_message_begins() {
    let mut stream = Stream::default();
    let first = framed(&[query("one.example")]);
    lookups(&mut stream, &[&first[..9]]);
    stream.gap(Side::Client, 100, &mut |_| {});
    let seen = lookups(&mut stream, &[&framed(&[query("two.example")])]);
    assert_eq!(seen.len(), 1);
    stream.gap(Side::Client, 100, &mut |_| {});
    assert_eq!(lookups(&mut stream, &[&[0xee; 100]]), []);
}

proptest! {
    #[test]
    fn any_cut_of_a_stream_gives_the_same(len in 1_usize..60) {
        let bytes = framed(&[query("one.example"), query("two.example"), query("three.example")]);
        let pieces: Vec<&[u8]> = bytes.chunks(len).collect();
        let names: Vec<String> = lookups(&mut Stream::default(), &pieces).into_iter().map(|lookup| lookup.name).collect();
        prop_assert_eq!(names, ["one.example", "two.example", "three.example"]);
    }

    #[test]
    fn any_bytes_are_survived(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        header in any::<[u8; 4]>(),
    ) {
        let message = [&header[..], &[0, 2, 0, 3, 0, 0, 0, 1], &bytes].concat();
        for transport in [Transport::Udp, Transport::Tcp] {
            for protocol in [PROTOCOL, STREAM, MULTICAST, LINK_LOCAL] {
                let _verdict = (protocol.probe)(&Probe { transport, client_port: 1, server_port: 53, client: &message, server: &bytes, before: &[] });
                lookups(&mut *(protocol.start)(&Start::default()), &[&message, &bytes]);
            }
        }
    }

    /// What `simple-dns` accepts is read as it reads it.
    #[test]
    fn questions_are_those_of_simple_dns(
        bytes in proptest::collection::vec(any::<u8>(), 0..60),
        names in proptest::collection::vec("[a-z]{1,9}\\.[a-z]{1,9}", 1..4),
        at in 12_usize..80,
    ) {
        let mut packet = Packet::new_query(1);
        packet.questions = names.iter().map(|name| question(name, TYPE::A)).collect();
        let mut message = packet.build_bytes_vec_compressed().unwrap();
        for (byte, new) in message.iter_mut().skip(at).zip(bytes) {
            *byte = new;
        }
        if let Ok(packet) = Packet::parse(&message) {
            let theirs: Vec<usize> = packet.questions.iter().map(|question| question.qname.get_labels().len()).collect();
            let ours = Message::read(&message).unwrap();
            prop_assert!(ours.is_whole);
            prop_assert_eq!(ours.questions.len(), theirs.len());
        }
    }
}
