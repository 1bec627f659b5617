use proptest::prelude::*;

use super::hello::forge;
use super::*;
use crate::model::{Event, Handshake};

/// Feeds pieces and returns what comes out, in words.
fn run(pieces: &[(Side, &[u8])]) -> Vec<String> {
    let mut dissector = Tls::new(&Start::default());
    let mut seen = Vec::new();
    for (position, (side, bytes)) in pieces.iter().enumerate() {
        let origin = Origin {
            frame: u64::try_from(position).unwrap() + 1,
            ..Origin::default()
        };
        let chunk = Chunk {
            side: *side,
            bytes,
            origin,
        };
        dissector.feed(chunk, &mut |output| seen.push(describe(&output)));
    }
    dissector.finish(&mut |output| seen.push(describe(&output)));
    seen
}

fn describe(output: &Output<'_>) -> String {
    match output {
        Output::Event(Event::Handshake(handshake), _) => {
            let Handshake {
                sni,
                version,
                cipher_suite,
                alpn_chosen,
                certificate_names,
                ..
            } = handshake;
            format!(
                "{sni:?} {version:04x} {cipher_suite:04x?} {alpn_chosen:?} {certificate_names:?}"
            )
        }
        other => format!("{other:?}"),
    }
}

fn record(kind: u8, fragment: &[u8]) -> Vec<u8> {
    [vec![kind, 3, 1], forge::vector(2, fragment)].concat()
}

const WHOLE_13: [&str; 3] = [
    "Server(\"api.example\")",
    "Some(\"api.example\") 0304 Some(1301) None []",
    "Opaque(NoKey)",
];

#[test]
fn a_handshake_is_one_event() {
    let client = record(22, &forge::client_hello("api.example"));
    let server = record(22, &forge::server_hello_13());
    assert_eq!(
        run(&[(Side::Client, &client), (Side::Server, &server)]),
        WHOLE_13
    );
}

#[test]
fn a_retry_is_not_the_answer() {
    let hello = record(22, &forge::client_hello("api.example"));
    let spec = record(20, &[1]);
    let retry = record(22, &forge::retry_request());
    let server = record(22, &forge::server_hello_13());
    assert_eq!(
        run(&[
            (Side::Client, &hello),
            (Side::Server, &retry),
            (Side::Server, &spec),
            (Side::Client, &spec),
            (Side::Client, &hello),
            (Side::Server, &server),
        ]),
        WHOLE_13
    );
}

#[test]
fn early_data_does_not_hide_the_answer() {
    let client = [
        record(22, &forge::client_hello("api.example")),
        record(20, &[1]),
        record(23, &[0; 100]),
    ]
    .concat();
    let server = record(22, &forge::server_hello_13());
    assert_eq!(
        run(&[(Side::Client, &client), (Side::Server, &server)]),
        WHOLE_13
    );
}

#[test]
fn half_a_connection_is_an_event_too() {
    let client = record(22, &forge::client_hello("api.example"));
    assert_eq!(
        run(&[(Side::Client, &client)]),
        [
            "Server(\"api.example\")",
            "Some(\"api.example\") 0304 None None []",
        ]
    );
    let server = record(22, &forge::server_hello_13());
    assert_eq!(
        run(&[(Side::Server, &server)]),
        ["None 0304 Some(1301) None []"]
    );
}

#[test]
fn ciphertext_alone_is_opaque_without_event() {
    let data = record(23, &[0xaa; 60]);
    assert_eq!(
        record::probe(&[data.clone(), data.clone()].concat()),
        Verdict::Yes
    );
    assert_eq!(run(&[(Side::Server, &data)]), ["Opaque(NoKey)"]);
}

#[test]
fn the_certificate_of_tls_1_2_is_named() {
    let key = [0x30, 0x05, 0x06, 0x03, 0x2a, 0x03, 0x04];
    let certificate = forge_certificate("Issuer", &["a.example", "B.example"], &key);
    let chain = forge::vector(3, &forge::vector(3, &certificate));
    let server = [
        forge::server_hello(&[9; 32], 0xc02f, &forge::alpn(&["h2"])),
        forge::message(11, &chain),
        forge::message(14, &[]),
    ]
    .concat();
    assert_eq!(
        run(&[
            (Side::Client, &record(22, &forge::client_hello("a.example"))),
            (Side::Server, &record(22, &server)),
        ]),
        [
            "Server(\"a.example\")",
            "Some(\"a.example\") 0303 Some(c02f) Some(\"h2\") [\"a.example\", \"b.example\", \"192.0.2.7\", \"subject\"]",
            "Opaque(NoKey)",
        ]
    );
}

#[test]
fn a_hello_in_the_form_of_ssl_2_is_a_hello() {
    let message = [
        &[1, 3, 1, 0, 6, 0, 0, 0, 16][..],
        &[0, 0, 0x2f, 1, 0, 0x80],
        &[5; 16],
    ]
    .concat();
    let hello = [&[0x80, u8::try_from(message.len()).unwrap()][..], &message].concat();
    assert_eq!(record::probe(&hello), Verdict::Yes);
    assert_eq!(run(&[(Side::Client, &hello)]), ["None 0301 None None []"]);
}

#[test]
fn a_gap_in_a_hello_leaves_the_name() {
    let client = record(22, &forge::client_hello("api.example"));
    let cut = &client[..client.len() - 3];
    let mut dissector = Tls::new(&Start::default());
    let mut seen = Vec::new();
    let chunk = Chunk {
        side: Side::Client,
        bytes: cut,
        origin: Origin::default(),
    };
    dissector.feed(chunk, &mut |output| seen.push(describe(&output)));
    dissector.gap(Side::Client, 3, &mut |output| seen.push(describe(&output)));
    dissector.finish(&mut |output| seen.push(describe(&output)));
    assert_eq!(
        seen,
        [
            "Server(\"api.example\")",
            "Some(\"api.example\") 0303 None None []",
        ]
    );
}

/// A certificate with nothing in it but names.
fn forge_certificate(issuer: &str, names: &[&str], algorithm: &[u8]) -> Vec<u8> {
    let der = |tag: u8, bytes: &[u8]| {
        let len = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &len[..], bytes].concat()
    };
    let name = |text: &str| {
        let value = [der(6, &[0x55, 4, 3]), der(12, text.as_bytes())].concat();
        der(0x30, &der(0x31, &der(0x30, &value)))
    };
    let time = der(0x17, b"200101000000Z");
    let mut alternatives: Vec<u8> = names
        .iter()
        .flat_map(|name| der(0x82, name.as_bytes()))
        .collect();
    alternatives.extend(der(0x87, &[192, 0, 2, 7]));
    let extension = [
        der(6, &[0x55, 0x1d, 0x11]),
        der(4, &der(0x30, &alternatives)),
    ]
    .concat();
    let body = [
        der(0xa0, &der(2, &[2])),
        der(2, &[1]),
        algorithm.to_vec(),
        name(issuer),
        der(0x30, &[time.clone(), time].concat()),
        name("Subject"),
        der(0x30, &[algorithm, &der(3, &[0, 1])].concat()),
        der(0xa3, &der(0x30, &der(0x30, &extension))),
    ]
    .concat();
    der(
        0x30,
        &[der(0x30, &body), algorithm.to_vec(), der(3, &[0, 1])].concat(),
    )
}

proptest! {
    /// However hellos are split over records and segments, they say the same.
    #[test]
    fn any_cut_gives_the_same(record_len in 1_usize..80, segment_len in 1_usize..200) {
        let client: Vec<u8> = forge::client_hello("api.example")
            .chunks(record_len)
            .flat_map(|fragment| record(22, fragment))
            .collect();
        let server: Vec<u8> = forge::server_hello_13()
            .chunks(record_len)
            .flat_map(|fragment| record(22, fragment))
            .collect();
        let pieces: Vec<(Side, &[u8])> = client
            .chunks(segment_len)
            .map(|piece| (Side::Client, piece))
            .chain(server.chunks(segment_len).map(|piece| (Side::Server, piece)))
            .collect();
        prop_assert_eq!(run(&pieces), WHOLE_13);
    }

    #[test]
    fn any_bytes_are_survived(
        client in proptest::collection::vec(any::<u8>(), 0..600),
        server in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let _verdicts = (record::probe(&client), record::probe(&server));
        run(&[(Side::Client, &client), (Side::Server, &server)]);
        let wrapped = [record(22, &forge::message(1, &client)), server].concat();
        run(&[(Side::Client, &wrapped), (Side::Server, &wrapped)]);
    }

    /// A client hello with bytes overwritten is read without a panic, and cut anywhere too.
    #[test]
    fn damaged_hellos_are_survived(
        at in 0_usize..200, with in any::<[u8; 4]>(), end in 0_usize..250,
    ) {
        let mut hello = record(22, &forge::client_hello("api.example"));
        for (byte, new) in hello.iter_mut().skip(at).zip(with) {
            *byte = new;
        }
        hello.truncate(end);
        run(&[(Side::Client, &hello), (Side::Server, &hello)]);
    }
}
