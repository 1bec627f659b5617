use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::model::{Answer, Event, Exchange, ServerName, Transport};

fn string(text: &str) -> Vec<u8> {
    tagged(text.as_bytes(), ';')
}

fn bytes(data: impl AsRef<[u8]>) -> Vec<u8> {
    tagged(data.as_ref(), ',')
}

fn number(value: i64) -> Vec<u8> {
    tagged(value.to_string().as_bytes(), '#')
}

fn fraction(value: f64) -> Vec<u8> {
    tagged(format!("{value:?}").as_bytes(), '^')
}

fn flag(value: bool) -> Vec<u8> {
    tagged(value.to_string().as_bytes(), '!')
}

fn null() -> Vec<u8> {
    tagged(b"", '~')
}

fn list(parts: &[Vec<u8>]) -> Vec<u8> {
    tagged(&parts.concat(), ']')
}

fn dictionary(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let parts: Vec<u8> = parts
        .iter()
        .flat_map(|(key, value)| [string(key), value.clone()].concat())
        .collect();
    tagged(&parts, '}')
}

fn tagged(data: &[u8], tag: char) -> Vec<u8> {
    let mut tagged = format!("{}:", data.len()).into_bytes();
    tagged.extend(data);
    tagged.push(tag as u8);
    tagged
}

fn address(host: &str, port: i64) -> Vec<u8> {
    list(&[string(host), number(port)])
}

fn connections() -> [(&'static str, Vec<u8>); 2] {
    let client = dictionary(&[
        ("peername", address("192.0.2.7", 40_123)),
        ("sni", string("api.example")),
        ("timestamp_tls_setup", fraction(1.5)),
        ("transport_protocol", string("tcp")),
    ]);
    let server = dictionary(&[
        ("address", address("api.example", 443)),
        ("peername", address("198.51.100.4", 443)),
    ]);
    [("client_conn", client), ("server_conn", server)]
}

fn flow(kind: &str, parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut all = vec![
        ("version", number(21)),
        ("type", string(kind)),
        ("timestamp_created", fraction(1_767_225_600.25)),
    ];
    all.extend(connections());
    all.extend(parts.iter().cloned());
    dictionary(&all)
}

fn http(extra: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let request = dictionary(&[
        ("method", bytes("POST")),
        ("scheme", bytes("https")),
        ("host", string("198.51.100.4")),
        ("port", number(443)),
        ("authority", bytes("")),
        ("path", bytes("/v1?a=b")),
        (
            "headers",
            list(&[
                list(&[bytes("Host"), bytes("API.example:443")]),
                list(&[bytes("X"), bytes("\u{e9}")]),
            ]),
        ),
        ("content", bytes(b"\x1f\x8b\x00")),
        ("timestamp_start", fraction(1_767_225_601.5)),
    ]);
    let response = dictionary(&[
        ("status_code", number(204)),
        (
            "headers",
            list(&[list(&[bytes("Content-Length"), bytes("9")])]),
        ),
        ("content", null()),
    ]);
    let mut parts = vec![("request", request), ("response", response)];
    parts.extend(extra.iter().cloned());
    flow("http", &parts)
}

fn read(dump: &[u8]) -> (Vec<Sighting>, Vec<Shortfall>) {
    let window = Window::new(Box::new(Cursor::new(dump.to_vec())), 13);
    let mut dump = Dump::new(window, Origin::default());
    let (mut sightings, mut shortfalls) = (Vec::new(), Vec::new());
    while let Some(item) = dump.next_item().unwrap() {
        match item {
            Item::Sighting(sighting) => sightings.push(*sighting),
            Item::Shortfall { shortfall, .. } => shortfalls.push(shortfall),
            Item::Packet(_) => panic!("no packets in a dump"),
        }
    }
    (sightings, shortfalls)
}

fn exchange(sighting: &Sighting) -> &Exchange {
    match &sighting.event {
        Event::Exchange(exchange) => exchange,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_exchange_is_read_with_its_ends() {
    let (sightings, shortfalls) = read(&http(&[]));
    assert_eq!((sightings.len(), shortfalls.len()), (1, 0));
    let sighting = &sightings[0];
    let flow = sighting.flow.unwrap();
    assert_eq!(flow.client, "192.0.2.7:40123".parse().unwrap());
    assert_eq!(flow.server, "198.51.100.4:443".parse().unwrap());
    assert_eq!(flow.transport, Transport::Tcp);
    assert_eq!(
        sighting.server,
        Some(ServerName::Asked("api.example".into()))
    );
    assert_eq!(sighting.origin.frame, 1);
    assert_eq!(sighting.origin.time.to_string(), "2026-01-01T00:00:01.500Z");
    let exchange = exchange(sighting);
    assert!(exchange.is_protected);
    assert_eq!(exchange.request.method, "POST");
    assert_eq!(exchange.request.target, "/v1?a=b");
    assert_eq!(exchange.request.host.as_deref(), Some("api.example"));
    assert_eq!(exchange.request.header("x"), Some("é"));
    assert_eq!(exchange.request.body.bytes, b"\x1f\x8b\x00");
    let response = exchange.response.as_ref().unwrap();
    assert!(response.status == 204 && response.body.is_cut && response.body.wire_len == 9);
}

#[test]
fn flows_of_the_first_versions_have_keys_of_bytes_and_other_names() {
    let old = |parts: &[(&str, Vec<u8>)]| {
        let parts: Vec<u8> = parts
            .iter()
            .flat_map(|(key, value)| [bytes(key), value.clone()].concat())
            .collect();
        tagged(&parts, '}')
    };
    let address = |host: &str, port| {
        old(&[
            ("address", list(&[bytes(host), number(port)])),
            ("use_ipv6", flag(false)),
        ])
    };
    let request = old(&[
        ("httpversion", list(&[number(1), number(1)])),
        ("method", bytes("GET")),
        ("scheme", bytes("http")),
        ("host", bytes("old.example")),
        ("port", number(80)),
        ("path", bytes("/")),
        ("headers", list(&[])),
        ("content", bytes("")),
        ("timestamp_start", fraction(1.0)),
    ]);
    let response = old(&[
        ("code", number(200)),
        ("headers", list(&[])),
        ("body", bytes("ok")),
    ]);
    let flow = old(&[
        ("version", list(&[number(0), number(11)])),
        (
            "client_conn",
            old(&[("address", address("192.0.2.7", 40_000))]),
        ),
        (
            "server_conn",
            old(&[("address", address("198.51.100.4", 80))]),
        ),
        ("request", request),
        ("response", response),
    ]);
    let (sightings, shortfalls) = read(&flow);
    assert_eq!(shortfalls, []);
    assert_eq!(
        sightings[0].flow.unwrap().server,
        "198.51.100.4:80".parse().unwrap()
    );
    let exchange = exchange(&sightings[0]);
    assert_eq!(exchange.request.host.as_deref(), Some("old.example"));
    assert_eq!(exchange.response.as_ref().unwrap().body.bytes, b"ok");
    assert!(!exchange.is_protected);
}

#[test]
fn messages_of_sockets_and_streams_are_told_apart() {
    let message = list(&[
        number(2),
        flag(true),
        bytes(b"\xff\x00"),
        fraction(1_767_225_602.0),
        flag(false),
    ]);
    let socket = dictionary(&[("messages", list(&[message]))]);
    let stream = |kind| {
        flow(
            kind,
            &[(
                "messages",
                list(&[list(&[flag(false), bytes("hello"), fraction(2.0)])]),
            )],
        )
    };
    let dump = [http(&[("websocket", socket)]), stream("tcp"), stream("udp")].concat();
    let (sightings, shortfalls) = read(&dump);
    assert_eq!(shortfalls, []);
    let messages: Vec<_> = sightings
        .iter()
        .filter_map(|sighting| match &sighting.event {
            Event::Message(message) => Some((
                message.protocol,
                message.kind.as_str(),
                message.body.bytes.as_slice(),
                message.from_client,
            )),
            _ => None,
        })
        .collect();
    assert_eq!(
        messages,
        [
            ("websocket", "binary", b"\xff\0".as_slice(), true),
            ("tcp", "text", b"hello", false),
            ("udp", "text", b"hello", false)
        ]
    );
}

#[test]
fn lookups_have_their_answers() {
    let question = dictionary(&[("name", string("API.example.")), ("type", number(1))]);
    let record = |kind, data: &[u8]| {
        dictionary(&[
            ("name", string("api.example")),
            ("type", number(kind)),
            ("data", bytes(data)),
        ])
    };
    let response = dictionary(&[
        ("questions", list(std::slice::from_ref(&question))),
        (
            "answers",
            list(&[
                record(5, b"\x04edge\x07example\x00"),
                record(1, &[192, 0, 2, 1]),
                record(1, &[192]),
            ]),
        ),
    ]);
    let request = dictionary(&[("questions", list(&[question]))]);
    let (sightings, _) = read(&flow(
        "dns",
        &[("request", request), ("response", response)],
    ));
    let Event::Lookup(lookup) = &sightings[1].event else {
        panic!("{sightings:?}");
    };
    assert_eq!(lookup.name, "api.example");
    assert_eq!(
        lookup.answers,
        [
            Answer::Name("edge.example".to_owned()),
            Answer::Address("192.0.2.1".parse().unwrap())
        ]
    );
    assert!(matches!(&sightings[0].event, Event::Lookup(query) if !query.is_response));
}

#[test]
fn one_bad_flow_costs_no_other_and_damage_ends_the_dump() {
    let dump = [http(&[]), flow("sctp", &[]), http(&[]), b"junk".to_vec()].concat();
    let (sightings, shortfalls) = read(&dump);
    let frames: Vec<u64> = sightings
        .iter()
        .map(|sighting| sighting.origin.frame)
        .collect();
    assert_eq!(frames, [1, 3]);
    assert_eq!(shortfalls, [Shortfall::Damaged, Shortfall::Damaged]);
    let long = [format!("{}:", ENTRY_BYTES + 1).into_bytes(), vec![b'x'; 9]].concat();
    assert_eq!(read(&long).1, [Shortfall::InputLimit, Shortfall::Truncated]);
}

proptest! {
    #[test]
    fn a_cut_dump_yields_all_flows_before_the_cut(cut in 0.0..1.0_f64) {
        let one = http(&[]);
        let whole = one.repeat(4);
        let at = (whole.len() as f64 * cut) as usize;
        let (sightings, shortfalls) = read(&whole[..at]);
        prop_assert_eq!(sightings.len(), at / one.len());
        prop_assert_eq!(shortfalls.len(), usize::from(!at.is_multiple_of(one.len())));
    }

    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>, at: prop::sample::Index, byte: u8) {
        let mut changed = http(&[]);
        let at = at.index(changed.len());
        changed[at] = byte;
        let _ = (read(&bytes), read(&changed));
    }
}
