//! Reads captures with keys and keeps what TLS hands out, byte for byte.

use std::path::Path;
use std::sync::Arc;

use crate::forge::packet;
use phonehome::flow::Flows;
use phonehome::intake::{self, Item};
use phonehome::model::{
    ContentState, Coverage, Event, FlowKey, Handshake, LinkType, Message, Origin, Packet, Side,
    Sighting, Timestamp, Traffic,
};
use phonehome::protocol::{
    Chunk, Dissector, KeyLog, Output, PROTOCOLS, Probe, Protocol, Start, Verdict,
};

/// TLS, and whatever it carries as it is.
const TRANSPARENT: &[Protocol] = &[
    Protocol {
        name: "tls",
        probe: |probe| (known("tls").probe)(probe),
        start: |start| (known("tls").start)(start),
        content: ContentState::NoKey,
    },
    Protocol {
        name: "dtls",
        probe: |probe| (known("dtls").probe)(probe),
        start: |start| (known("dtls").start)(start),
        content: ContentState::NoKey,
    },
    Protocol {
        name: "kept",
        probe: keeps,
        start: |_: &Start| Box::<Kept>::default(),
        content: ContentState::Clear,
    },
];

fn known(name: &str) -> &'static Protocol {
    let mut protocols = PROTOCOLS.iter();
    protocols.find(|protocol| protocol.name == name).unwrap()
}

fn keeps(probe: &Probe<'_>) -> Verdict {
    // What may still become TLS is not ours yet.
    let may_be_tls = (known("tls").probe)(probe) == Verdict::More && probe.client.len() < 5;
    if may_be_tls {
        Verdict::More
    } else {
        Verdict::Yes
    }
}

#[derive(Default)]
struct Kept {
    client: Vec<u8>,
    server: Vec<u8>,
    gaps: usize,
}

impl Dissector for Kept {
    fn feed(&mut self, chunk: Chunk<'_>, _emit: &mut dyn FnMut(Output<'_>)) {
        match chunk.side {
            Side::Client => self.client.extend(chunk.bytes),
            Side::Server => self.server.extend(chunk.bytes),
        }
    }

    fn gap(&mut self, _side: Side, _lost: u64, _emit: &mut dyn FnMut(Output<'_>)) {
        self.gaps += 1;
    }

    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        let latin = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect();
        let message = Message {
            protocol: "kept",
            fields: vec![
                ("client".to_owned(), latin(&self.client)),
                ("server".to_owned(), latin(&self.server)),
                ("gaps".to_owned(), self.gaps.to_string()),
            ],
            ..Message::default()
        };
        emit(Output::Event(Event::Message(message), Origin::default()));
    }
}

/// One flow.
#[derive(Debug, Default)]
pub(crate) struct Plaintext {
    pub(crate) client: Vec<u8>,
    pub(crate) server: Vec<u8>,
    pub(crate) gaps: usize,
    pub(crate) content: Option<ContentState>,
    pub(crate) handshakes: Vec<Handshake>,
    pub(crate) key: Option<FlowKey>,
}

/// Collects what flows say.
struct Reader {
    flows: Flows,
    coverage: Coverage,
    seen: Vec<Sighting>,
}

impl Reader {
    fn new(key_log: &[u8]) -> Self {
        Self::of(TRANSPARENT, key_log)
    }

    fn of(protocols: &'static [Protocol], key_log: &[u8]) -> Self {
        let mut keys = KeyLog::default();
        keys.read(key_log);
        let mut flows = Flows::with_protocols(protocols);
        flows.set_keys(Arc::new(keys));
        Self {
            flows,
            coverage: Coverage::default(),
            seen: Vec::new(),
        }
    }

    fn packet(&mut self, packet: &Packet<'_>) {
        let seen = &mut self.seen;
        self.flows
            .packet(packet, &mut self.coverage, &mut |sighting| {
                seen.push(sighting);
            });
    }

    fn packets(&mut self, packets: &[Vec<u8>]) {
        for (number, data) in (1_i64..).zip(packets) {
            self.packet(&Packet {
                origin: Origin {
                    frame: number.unsigned_abs(),
                    time: Timestamp(1_760_000_000_000_000_000 + number * 1_000_000),
                    ..Origin::default()
                },
                link: LinkType::RAW,
                wire_len: packet::length(data),
                data,
                owner: None,
                direction: None,
            });
        }
    }

    /// The packets of a capture file.
    fn file(&mut self, path: &Path) {
        let case = intake::discover(&[path.to_owned()]).unwrap();
        for input in case.devices.iter().flat_map(|device| &device.inputs) {
            let Some(mut source) = input.open().unwrap() else {
                continue;
            };
            while let Some(item) = source.next_item().unwrap() {
                if let Item::Packet(packet) = item {
                    self.packet(&packet);
                }
            }
        }
    }

    fn close(&mut self) {
        let seen = &mut self.seen;
        self.flows.finish(&mut self.coverage, &mut |sighting| {
            seen.push(sighting);
        });
    }

    /// All flows, in the order of their ends.
    fn finish(mut self) -> Vec<Plaintext> {
        self.close();
        let mut open: Vec<Plaintext> = Vec::new();
        for sighting in self.seen {
            let position = open
                .iter()
                .rposition(|flow| flow.key == sighting.flow && flow.content.is_none());
            let position = position.unwrap_or_else(|| {
                open.push(Plaintext {
                    key: sighting.flow,
                    ..Plaintext::default()
                });
                open.len() - 1
            });
            open[position].take(sighting.event);
        }
        open
    }
}

impl Plaintext {
    fn take(&mut self, event: Event) {
        match event {
            Event::Message(message) if message.is_protected => {
                let bytes = |text: &str| {
                    text.chars()
                        .map(|c| u8::try_from(u32::from(c)).unwrap())
                        .collect()
                };
                self.client = bytes(&message.fields[0].1);
                self.server = bytes(&message.fields[1].1);
                self.gaps = message.fields[2].1.parse().unwrap();
            }
            Event::Handshake(handshake) => self.handshakes.push(handshake),
            Event::Traffic(Traffic { content, .. }) => self.content = Some(content),
            _ => {}
        }
    }
}

/// Reads IP packets, a millisecond each.
pub(crate) fn read_packets(packets: &[Vec<u8>], key_log: &[u8]) -> Vec<Plaintext> {
    let mut reader = Reader::new(key_log);
    reader.packets(packets);
    reader.finish()
}

/// What all protocols make of IP packets.
pub(crate) fn sightings(packets: &[Vec<u8>], key_log: &[u8]) -> Vec<Sighting> {
    let mut reader = Reader::of(PROTOCOLS, key_log);
    reader.packets(packets);
    reader.close();
    reader.seen
}

/// Reads a capture file.
pub(crate) fn read_file(path: &Path, key_log: &[u8]) -> Vec<Plaintext> {
    let mut reader = Reader::new(key_log);
    reader.file(path);
    reader.finish()
}

/// What all protocols make of a capture file.
pub(crate) fn sightings_of_file(path: &Path, key_log: &[u8]) -> Vec<Sighting> {
    let mut reader = Reader::of(PROTOCOLS, key_log);
    reader.file(path);
    reader.close();
    reader.seen
}
