//! Flows: one connection is one flow with the right ends, name, owner and contents.

use std::fmt::Write as _;
use std::net::SocketAddr;

use phonehome::flow::Flows;
use phonehome::model::{
    Answer, ContentState, Coverage, Event, InputId, LinkType, Lookup, Message, Origin, Owner,
    Packet, Shortfall, Side, Sighting, Timestamp, Traffic, Transport,
};
use phonehome::protocol::{Chunk, Dissector, Hint, Output, Protocol, Verdict};

use crate::forge::stream::{Connection, Sent};

/// A protocol that knows all bytes and hands out what it was fed when the flow ends: so a test sees what reassembly made
/// of the packets. Some first words make it behave like other protocols.
pub(crate) const TRANSCRIPT: Protocol = Protocol {
    name: "transcript",
    probe: |probe| {
        let speaks = |bytes: &[u8]| bytes.starts_with(b"\x00\x00silent");
        if probe.client.is_empty() || speaks(probe.client) || speaks(probe.server) {
            Verdict::No
        } else {
            Verdict::Yes
        }
    },
    start: |_| Box::<Transcript>::default(),
    content: ContentState::Clear,
};

/// Only [`TRANSCRIPT`].
pub(crate) const PROTOCOLS: &[Protocol] = &[TRANSCRIPT];

/// What one flow's dissector was fed.
#[derive(Default)]
struct Transcript {
    client: Vec<u8>,
    server: Vec<u8>,
    gaps: String,
    last: Origin,
}

impl Dissector for Transcript {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        self.last = self.last.max(chunk.origin);
        match chunk.side {
            Side::Client => self.client.extend_from_slice(chunk.bytes),
            Side::Server => self.server.extend_from_slice(chunk.bytes),
        }
        if chunk.bytes.ends_with(b"opaque") {
            emit(Output::Opaque(ContentState::NoKey));
        }
        if let Some(name) = chunk.bytes.strip_prefix(b"host ") {
            emit(Output::Server(std::str::from_utf8(name).unwrap()));
        }
        if let Some(inner) = chunk.bytes.strip_prefix(b"inner ") {
            emit(Output::Inner(
                Chunk {
                    bytes: inner,
                    ..chunk
                },
                Hint::Probe,
            ));
        }
        if let Some(name) = chunk.bytes.strip_prefix(b"resolved ") {
            let lookup = Lookup {
                name: String::from_utf8(name.to_vec()).unwrap(),
                record_type: 1,
                answers: vec![
                    Answer::Name("alias.cdn.example".to_owned()),
                    Answer::Address("198.51.100.80".parse().unwrap()),
                    Answer::Address("2001:db8::80".parse().unwrap()),
                ],
                is_response: true,
                is_local: false,
            };
            emit(Output::Event(Event::Lookup(lookup), chunk.origin));
        }
    }

    fn gap(&mut self, side: Side, lost: u64, _: &mut dyn FnMut(Output<'_>)) {
        let at = match side {
            Side::Client => self.client.len(),
            Side::Server => self.server.len(),
        };
        let _written = write!(self.gaps, "{side:?}@{at}:{lost} ");
    }

    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        emit(Output::Event(
            Event::Message(Message {
                protocol: "transcript",
                kind: self.gaps.trim().to_owned(),
                fields: vec![
                    ("client".to_owned(), text(&self.client)),
                    ("server".to_owned(), text(&self.server)),
                ],
                from_client: true,
                ..Message::default()
            }),
            self.last,
        ));
    }
}

/// Feeds packets and collects everything.
pub(crate) struct Run {
    pub(crate) flows: Flows,
    pub(crate) coverage: Coverage,
    pub(crate) sightings: Vec<Sighting>,
    pub(crate) link: LinkType,
    pub(crate) frame: u64,
    /// Capture time of the next packet, in milliseconds.
    pub(crate) clock: i64,
}

impl Run {
    pub(crate) fn new() -> Self {
        Self::over(LinkType::RAW)
    }

    pub(crate) fn over(link: LinkType) -> Self {
        Self {
            flows: Flows::with_protocols(PROTOCOLS),
            coverage: Coverage::default(),
            sightings: Vec::new(),
            link,
            frame: 0,
            clock: 1_000_000,
        }
    }

    pub(crate) fn packet(&mut self, data: &[u8]) {
        self.packet_of(data, u32::try_from(data.len()).unwrap(), None);
    }

    pub(crate) fn packet_of(&mut self, data: &[u8], wire_len: u32, owner: Option<&Owner>) {
        self.frame += 1;
        self.clock += 1;
        let packet = Packet {
            origin: Origin {
                input: InputId(0),
                frame: self.frame,
                time: Timestamp(self.clock * 1_000_000),
            },
            link: self.link,
            wire_len,
            data,
            owner,
            direction: None,
        };
        let sightings = &mut self.sightings;
        self.flows
            .packet(&packet, &mut self.coverage, &mut |sighting| {
                sightings.push(sighting);
            });
    }

    pub(crate) fn packets(&mut self, packets: &[Sent]) -> &mut Self {
        for packet in packets {
            self.packet(&packet.ip);
        }
        self
    }

    pub(crate) fn finish(&mut self) -> &mut Self {
        let sightings = &mut self.sightings;
        self.flows.finish(&mut self.coverage, &mut |sighting| {
            sightings.push(sighting);
        });
        self
    }

    pub(crate) fn traffic(&self) -> Vec<(&Sighting, Traffic)> {
        self.sightings
            .iter()
            .filter_map(|sighting| match sighting.event {
                Event::Traffic(traffic) => Some((sighting, traffic)),
                _ => None,
            })
            .collect()
    }

    /// What dissectors were fed: gaps, client's bytes, server's bytes.
    pub(crate) fn transcripts(&self) -> Vec<(&str, &str, &str)> {
        self.sightings
            .iter()
            .filter_map(|sighting| match &sighting.event {
                Event::Message(message) => Some((
                    message.kind.as_str(),
                    message.fields[0].1.as_str(),
                    message.fields[1].1.as_str(),
                )),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn shortfall(&self, wanted: Shortfall) -> (u64, u64) {
        self.coverage
            .iter()
            .find(|(_, shortfall, _)| *shortfall == wanted)
            .map_or((0, 0), |(_, _, count)| (count.count, count.bytes))
    }
}

fn phone() -> SocketAddr {
    "192.0.2.10:40000".parse().unwrap()
}

fn server() -> SocketAddr {
    "198.51.100.80:443".parse().unwrap()
}

fn connection() -> Connection {
    Connection::open(phone(), server())
}

#[test]
fn a_connection_is_one_flow_from_the_one_that_opened_it() {
    let mut connection = connection();
    connection
        .send(Side::Client, b"question")
        .send(Side::Server, b"answer")
        .close();
    let mut run = Run::new();
    run.packets(&connection.packets).finish();

    assert_eq!(run.transcripts(), [("", "question", "answer")]);
    let traffic = run.traffic();
    assert_eq!(traffic.len(), 1);
    let (sighting, traffic) = traffic[0];
    let flow = sighting.flow.unwrap();
    assert_eq!(
        (flow.transport, flow.client, flow.server),
        (Transport::Tcp, phone(), server())
    );
    assert_eq!((traffic.client_bytes, traffic.server_bytes), (8, 6));
    assert_eq!(
        traffic.client_packets + traffic.server_packets,
        connection.packets.len() as u64
    );
    assert_eq!(traffic.first.frame, 1);
    assert_eq!(traffic.last.frame, connection.packets.len() as u64);
    assert_eq!(
        (traffic.protocol, traffic.content),
        ("transcript", ContentState::Clear)
    );
    assert!(run.coverage.is_empty());
    assert_eq!(run.flows.open(), 0);
}

#[test]
fn a_flow_without_its_beginning_is_read_and_said_to_be_so() {
    for (from, to) in [(phone(), server()), (server(), phone())] {
        let mut connection = Connection::middle(from, to, [7, 9]);
        connection
            .send(Side::Server, b"to the phone or from it")
            .send(Side::Client, b"and back");
        let mut run = Run::new();
        run.packets(&connection.packets).finish();
        let flow = run.traffic()[0].0.flow.unwrap();
        assert_eq!(
            (flow.client, flow.server),
            (phone(), server()),
            "443 is the server"
        );
        assert_eq!(run.shortfall(Shortfall::StartedBefore), (1, 0));
        assert_eq!(run.transcripts().len(), 1);
    }
}

#[test]
fn the_phones_of_a_network_share_the_bound_on_open_flows() {
    use phonehome::flow::Load;
    use phonehome::limits::OPEN_FLOWS;

    let mut flows = Flows::with_protocols(PROTOCOLS);
    flows.set_others(Load {
        flows: OPEN_FLOWS - 1,
        held_bytes: 0,
    });
    let mut coverage = Coverage::default();
    for port in [40_000, 40_001] {
        let client: SocketAddr = ([192, 0, 2, 10], port).into();
        let connection = Connection::open(client, "198.51.100.7:80".parse().unwrap());
        for sent in &connection.packets {
            let packet = Packet {
                origin: Origin::default(),
                link: LinkType::RAW,
                data: &sent.ip,
                direction: None,
                wire_len: u32::try_from(sent.ip.len()).unwrap(),
                owner: None,
            };
            flows.packet(&packet, &mut coverage, &mut |_| {});
        }
    }
    assert_eq!(flows.load().flows, 1);
    let mut noted = coverage.iter();
    assert!(noted.any(|(_, shortfall, _)| shortfall == Shortfall::FlowLimit));
}

#[test]
fn bytes_count_once_however_often_they_are_sent_or_captured() {
    let mut connection = Connection::open(phone(), server());
    connection
        .send_in(Side::Client, &[b'a'; 5000], 1000)
        .send_in(Side::Server, &[b'b'; 3000], 1000)
        .close();
    let packets = connection.packets.clone();
    let sums = |packets: &[Sent]| {
        let mut run = Run::new();
        let traffic = run.packets(packets).finish().traffic();
        let [(_, traffic)] = traffic.as_slice() else {
            panic!("{} flows", traffic.len());
        };
        (traffic.client_bytes, traffic.server_bytes)
    };
    assert_eq!(sums(&packets), (5000, 3000));
    // On two interfaces: each packet twice, at once or after others.
    let at_once: Vec<Sent> = packets
        .iter()
        .flat_map(|it| [it.clone(), it.clone()])
        .collect();
    assert_eq!(sums(&at_once), (5000, 3000));
    let (head, tail) = packets.split_at(8);
    let later = [head, head, tail, tail].concat();
    assert_eq!(sums(&later), (5000, 3000));
    // In another order.
    let mut reordered = packets.clone();
    reordered.swap(3, 5);
    assert_eq!(sums(&reordered), (5000, 3000));
    // What the capture lost is not counted, and what fills the hole is.
    let mut lost = packets.clone();
    let missing = lost.remove(4);
    assert_eq!(sums(&lost), (4000, 3000));
    lost.insert(8, missing);
    assert_eq!(sums(&lost), (5000, 3000));
}
