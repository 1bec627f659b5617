//! Xiaomi's push service on TCP 5222: its first message tells the phone's model, system, hashed id and network in clear.
//!
//! The vendor documents nothing; the layout is read off captures: magic and version, a 32-bit length, then blocks with type,
//! header length and body length, all big-endian; header and body are protobuf messages. All but the first are encrypted.

use super::cursor::Cursor;
use super::message::{Draft, readable};
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{ContentState, Side, Transport};

const NAME: &str = "xiaomi-push";
const MAGIC: [u8; 4] = [0xc2, 0xfe, 0, 5];

/// Xiaomi's push service.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe,
    start: |_| Box::new(XiaomiPush::default()),
    content: ContentState::OwnProtocol,
};

fn probe(probe: &Probe<'_>) -> Verdict {
    let verdict_of = |bytes: &[u8]| {
        if bytes.starts_with(&MAGIC) {
            Verdict::Yes
        } else if !bytes.is_empty() && MAGIC.starts_with(bytes) {
            Verdict::More
        } else {
            Verdict::No
        }
    };
    match (
        probe.transport,
        verdict_of(probe.client),
        verdict_of(probe.server),
    ) {
        (Transport::Tcp, Verdict::Yes, _) | (Transport::Tcp, _, Verdict::Yes) => Verdict::Yes,
        (Transport::Tcp, Verdict::More, _) | (Transport::Tcp, _, Verdict::More) => Verdict::More,
        _ => Verdict::No,
    }
}

#[derive(Default)]
struct XiaomiPush {
    client: Vec<u8>,
    is_over: bool,
}

impl Dissector for XiaomiPush {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        if self.is_over || chunk.side == Side::Server {
            return;
        }
        self.client.extend_from_slice(chunk.bytes);
        let message = first_message(&self.client);
        if message.is_none() && self.client.len() < limits::XIAOMI_OPENING_BYTES {
            return;
        }
        if let Some(draft) = message.and_then(connect) {
            draft.emit(chunk.origin, emit);
        }
        self.end(emit);
    }

    fn gap(&mut self, side: Side, _lost: u64, emit: &mut dyn FnMut(Output<'_>)) {
        if side == Side::Client && !self.is_over {
            self.end(emit);
        }
    }

    fn finish(&mut self, _emit: &mut dyn FnMut(Output<'_>)) {}
}

impl XiaomiPush {
    fn end(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        self.is_over = true;
        self.client = Vec::new();
        emit(Output::Opaque(ContentState::OwnProtocol));
    }
}

/// What stands behind magic and length, once it is whole.
fn first_message(bytes: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor::new(bytes.strip_prefix(&MAGIC)?);
    let length = usize::try_from(cursor.u32()?).ok()?;
    cursor.take(length)
}

/// The command `CONN` with what the phone says of itself.
fn connect(message: &[u8]) -> Option<Draft> {
    let mut cursor = Cursor::new(message);
    cursor.u16()?;
    let header = usize::from(cursor.u16()?);
    let body = usize::try_from(cursor.u32()?).ok()?;
    let header = texts(cursor.take(header)?);
    let body = texts(cursor.take(body)?);
    let find = |texts: &[(u64, String)], number: u64| {
        texts
            .iter()
            .find(|(known, _)| *known == number)
            .map(|(_, text)| text.clone())
    };
    let command = find(&header, 5)?;
    if command != "CONN" {
        return None;
    }
    let mut draft = Draft::new(NAME, command, Side::Client).signed(NAME);
    for (name, number) in [
        ("model", 2),
        ("system-version", 3),
        ("device-id", 5),
        ("connection", 6),
        ("server", 7),
        ("locale", 8),
    ] {
        draft.add_some(name, find(&body, number).as_deref());
    }
    Some(draft)
}

/// The texts among the fields of a protobuf message, by field number; reading stops at what is no such message.
fn texts(message: &[u8]) -> Vec<(u64, String)> {
    let mut texts = Vec::new();
    let mut cursor = Cursor::new(message);
    while texts.len() < limits::MESSAGE_FIELDS {
        let Some(key) = varint(&mut cursor) else {
            break;
        };
        let value = match key & 7 {
            0 => varint(&mut cursor).map(|_| None),
            1 => cursor.take(8).map(|_| None),
            2 => varint(&mut cursor)
                .and_then(|length| cursor.take(usize::try_from(length).ok()?))
                .map(readable),
            5 => cursor.take(4).map(|_| None),
            _ => None,
        };
        let Some(value) = value else { break };
        texts.extend(value.map(|text| (key >> 3, text.to_owned())));
    }
    texts
}

/// A number in groups of seven bits, the lowest first.
fn varint(cursor: &mut Cursor<'_>) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..63).step_by(7) {
        let byte = cursor.u8()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
