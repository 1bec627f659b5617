//! MQTT 3.1, 3.1.1 and 5: who connects, with which password, to which topics, and what is published. Also Meta's dialect, whose
//! connection message is packed.

use std::collections::BTreeMap;

use super::cursor::Cursor;
use super::message::{Draft, readable, text};
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{ContentState, Origin, Shortfall, Side, Transport};

const NAME: &str = "mqtt";
/// The protocol's name in Meta's apps.
const META: &[u8] = b"\0\x06MQTToT";
const CONNECT: u8 = 1;
const PUBLISH: u8 = 3;
const SUBSCRIBE: u8 = 8;

/// MQTT.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe,
    start: |_| Box::new(Mqtt::default()),
    content: ContentState::Clear,
};

fn probe(probe: &Probe<'_>) -> Verdict {
    if probe.transport != Transport::Tcp {
        return Verdict::No;
    }
    // met in the middle: a ping and its answer are all four bytes of it
    if probe.client == [0xc0, 0] && probe.server.starts_with(&[0xd0, 0]) {
        return Verdict::Yes;
    }
    let is_port = probe.server_port == 1883;
    match (probe.client, header(probe.client)) {
        ([0xc0] | [0xc0, 0], _) | ([0x10, ..], Header::More) => Verdict::More,
        ([0x10, ..], Header::Whole { body, .. }) => {
            let rest = probe.client.get(body..).unwrap_or_default();
            let names = [&b"\0\x04MQTT"[..], b"\0\x06MQIsdp", META];
            if names.iter().any(|name| rest.starts_with(name)) {
                Verdict::Yes
            } else if names.iter().any(|name| name.starts_with(rest)) {
                Verdict::More
            } else {
                Verdict::No
            }
        }
        ([first, ..], Header::Whole { body, length }) if is_port && first >> 4 == PUBLISH => {
            let publish = probe.client.get(body..).unwrap_or_default();
            let topic = Cursor::new(publish).vector16();
            let is_topic = topic.is_some_and(|topic| {
                !topic.is_empty() && topic.len() < length && readable(topic).is_some()
            });
            if is_topic { Verdict::Yes } else { Verdict::No }
        }
        _ => Verdict::No,
    }
}

enum Header {
    More,
    Damaged,
    /// Where the body begins and how long it is.
    Whole {
        body: usize,
        length: usize,
    },
}

/// The fixed header: type and flags, then the remaining length in at most four bytes (MQTT 5 §2.1.4).
fn header(bytes: &[u8]) -> Header {
    let mut length = 0_usize;
    for (position, shift) in [(1_usize, 0_u32), (2, 7), (3, 14), (4, 21)] {
        let Some(byte) = bytes.get(position) else {
            return Header::More;
        };
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let body = position.saturating_add(1);
            return Header::Whole { body, length };
        }
    }
    Header::Damaged
}

#[derive(Default)]
struct Mqtt {
    client: Half,
    server: Half,
    state: State,
}

/// What packets say about those behind them.
#[derive(Default)]
struct State {
    /// Protocol level of CONNECT; 5 has properties.
    level: u8,
    /// Topics that a side has given a number (MQTT 5 §3.3.2.3.4).
    topics: BTreeMap<(bool, u16), String>,
}

#[derive(Default)]
struct Half {
    bytes: Vec<u8>,
    /// Bytes of a packet too long to keep that are still to come.
    to_skip: usize,
    /// Out of step with the packets: nothing more is read.
    is_lost: bool,
}

impl Dissector for Mqtt {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        let half = match chunk.side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        if half.is_lost {
            return;
        }
        let skipped = half.to_skip.min(chunk.bytes.len());
        half.to_skip = half.to_skip.saturating_sub(skipped);
        half.bytes
            .extend_from_slice(chunk.bytes.get(skipped..).unwrap_or_default());
        let mut rest = half.bytes.as_slice();
        loop {
            match header(rest) {
                Header::More => break,
                Header::Damaged => {
                    half.is_lost = true;
                    emit(Output::Shortfall(
                        Shortfall::MalformedMessage,
                        u64::try_from(rest.len()).unwrap_or(u64::MAX),
                        "MQTT stream goes on with bytes that are no packet",
                    ));
                    return;
                }
                Header::Whole { body, length } => {
                    let end = body.saturating_add(length);
                    let Some((packet, behind)) = rest.split_at_checked(end) else {
                        if length <= limits::MESSAGE_BYTES {
                            break;
                        }
                        half.to_skip = end.saturating_sub(rest.len());
                        rest = &[];
                        emit(Output::Shortfall(
                            Shortfall::MessageLimit,
                            u64::try_from(length).unwrap_or(u64::MAX),
                            "an MQTT packet is longer than the bound",
                        ));
                        break;
                    };
                    rest = behind;
                    let first = packet.first().copied().unwrap_or_default();
                    let body = packet.get(body..).unwrap_or_default();
                    self.state
                        .packet(first, body, chunk.side, chunk.origin, emit);
                }
            }
        }
        let taken = half.bytes.len().saturating_sub(rest.len());
        half.bytes.drain(..taken);
    }

    fn gap(&mut self, side: Side, lost: u64, _emit: &mut dyn FnMut(Output<'_>)) {
        let half = match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        match usize::try_from(lost) {
            Ok(lost) if lost <= half.to_skip => half.to_skip = half.to_skip.saturating_sub(lost),
            _ => {
                half.bytes.clear();
                half.is_lost = true;
            }
        }
    }

    fn finish(&mut self, _emit: &mut dyn FnMut(Output<'_>)) {}
}

impl State {
    /// Hands out what a packet says.
    fn packet(
        &mut self,
        first: u8,
        body: &[u8],
        side: Side,
        origin: Origin,
        emit: &mut dyn FnMut(Output<'_>),
    ) {
        let mut cursor = Cursor::new(body);
        match first >> 4 {
            CONNECT => {
                let mut draft = Draft::new(NAME, "CONNECT", side);
                self.level = connect(&mut cursor, &mut draft).unwrap_or_default();
                if !draft.is_empty() {
                    draft.emit(origin, emit);
                }
            }
            PUBLISH => {
                let mut draft = Draft::new(NAME, "PUBLISH", side);
                if self.publish(&mut cursor, first, side, &mut draft).is_some() {
                    draft.emit(origin, emit);
                }
            }
            SUBSCRIBE => {
                let mut draft = Draft::new(NAME, "SUBSCRIBE", side);
                let _ = subscribe(&mut cursor, self.level, &mut draft);
                if !draft.is_empty() {
                    draft.emit(origin, emit);
                }
            }
            _ => {}
        }
    }

    fn publish(
        &mut self,
        cursor: &mut Cursor<'_>,
        first: u8,
        side: Side,
        draft: &mut Draft,
    ) -> Option<()> {
        let topic = readable(cursor.vector16()?)?;
        if first & 0x06 != 0 {
            cursor.u16()?;
        }
        let mut told = Draft::new(NAME, "PUBLISH", side);
        let properties = if self.level == 5 {
            properties(cursor, &mut told)?
        } else {
            Properties::default()
        };
        let number = properties.alias.map(|alias| (side == Side::Client, alias));
        let known = number.and_then(|number| self.topics.get(&number));
        let topic = match known {
            Some(known) if topic.is_empty() => known.clone(),
            _ => topic.to_owned(),
        };
        draft.add("topic", &topic);
        for (name, value) in told.into_message().fields {
            draft.add(&name, &value);
        }
        if let Some(number) = number
            && topic.len() <= limits::MQTT_TOPIC_BYTES
            && (self.topics.len() < limits::MQTT_TOPICS || self.topics.contains_key(&number))
        {
            self.topics.insert(number, topic);
        }
        content(cursor.rest(), draft);
        Some(())
    }
}

/// MQTT 5 §3.1, MQTT 3.1.1 §3.1: what stands before damage is kept.
fn connect(cursor: &mut Cursor<'_>, draft: &mut Draft) -> Option<u8> {
    let is_meta = cursor.rest().starts_with(META);
    cursor.vector16()?;
    let level = cursor.u8()?;
    let flags = cursor.u8()?;
    cursor.u16()?;
    if is_meta {
        // everything that others have in fields of their own, as Thrift in zlib
        content(cursor.rest(), draft);
        draft.add("signature", "mqtt-meta");
        return Some(level);
    }
    let is_v5 = level == 5;
    if is_v5 {
        properties(cursor, draft)?;
    }
    let mut rest = || -> Option<()> {
        draft.add("client-id", &text(cursor.vector16()?));
        if flags & 0x04 != 0 {
            if is_v5 {
                properties(cursor, draft)?;
            }
            draft.add("will-topic", &text(cursor.vector16()?));
            draft.add_some("will-message", readable(cursor.vector16()?));
        }
        if flags & 0x80 != 0 {
            draft.add("user", &text(cursor.vector16()?));
        }
        if flags & 0x40 != 0 {
            draft.add("password", &text(cursor.vector16()?));
        }
        Some(())
    };
    let _ = rest();
    Some(level)
}

/// What is published: text as a field, other bytes as the body, which is decoded all the same.
fn content(bytes: &[u8], draft: &mut Draft) {
    match readable(bytes) {
        Some(text) => draft.add("payload", text),
        None => draft.set_body(bytes),
    }
}

fn subscribe(cursor: &mut Cursor<'_>, level: u8, draft: &mut Draft) -> Option<()> {
    cursor.u16()?;
    if level == 5 {
        properties(cursor, draft)?;
    }
    while !cursor.is_empty() {
        draft.add("topic", readable(cursor.vector16()?)?);
        cursor.u8()?;
    }
    Some(())
}

/// What properties say to the reader alone.
#[derive(Clone, Copy, Debug, Default)]
struct Properties {
    /// The number of a topic.
    alias: Option<u16>,
}

/// Properties (MQTT 5 §2.2.2): those of users and the content type become fields.
fn properties(cursor: &mut Cursor<'_>, draft: &mut Draft) -> Option<Properties> {
    let length = variable(cursor)?;
    let mut properties = Cursor::new(cursor.take(length)?);
    let mut told = Properties::default();
    let mut read = || -> Option<()> {
        while !properties.is_empty() {
            match properties.u8()? {
                0x26 => {
                    let name = text(properties.vector16()?);
                    draft.add(
                        &format!("user-property.{name}"),
                        &text(properties.vector16()?),
                    );
                }
                0x03 => draft.add("content-type", &text(properties.vector16()?)),
                0x08 => draft.add("response-topic", &text(properties.vector16()?)),
                0x09 | 0x12 | 0x15 | 0x16 | 0x1a | 0x1c | 0x1f => {
                    properties.vector16()?;
                }
                0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28..=0x2a => {
                    properties.u8()?;
                }
                0x23 => told.alias = Some(properties.u16()?),
                0x13 | 0x21 | 0x22 => {
                    properties.u16()?;
                }
                0x02 | 0x11 | 0x18 | 0x27 => {
                    properties.u32()?;
                }
                0x0b => {
                    variable(&mut properties)?;
                }
                _ => return None,
            }
        }
        Some(())
    };
    // an unknown property ends them, not the packet
    let _ = read();
    Some(told)
}

/// A variable byte integer (MQTT 5 §1.5.5).
fn variable(cursor: &mut Cursor<'_>) -> Option<usize> {
    let mut value = 0_usize;
    for shift in [0_u32, 7, 14, 21] {
        let byte = cursor.u8()?;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
