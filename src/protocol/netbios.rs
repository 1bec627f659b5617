//! `NetBIOS` name service (RFC 1001, 1002): the names that a device asks for and claims on the local network.

use super::cursor::Cursor;
use super::message::Draft;
use super::{Chunk, Dissector, Output, Protocol, Verdict};
use crate::model::{ContentState, Side, Transport};

const NAME: &str = "netbios-ns";

/// The name service, on its port.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe: |probe| {
        let is_port = probe.server_port == 137 || probe.client_port == 137;
        let is_message = [probe.client, probe.server]
            .into_iter()
            .any(|bytes| read(bytes).is_some());
        if probe.transport == Transport::Udp && is_port && is_message {
            Verdict::Yes
        } else {
            Verdict::No
        }
    },
    start: |_| Box::new(NetBios),
    content: ContentState::Clear,
};

struct NetBios;

impl Dissector for NetBios {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        if let Some((kind, name)) = read(chunk.bytes) {
            Draft::new(NAME, kind, chunk.side)
                .with("hostname", &name)
                .emit(chunk.origin, emit);
        }
    }

    fn gap(&mut self, _side: Side, _lost: u64, _emit: &mut dyn FnMut(Output<'_>)) {}

    fn finish(&mut self, _emit: &mut dyn FnMut(Output<'_>)) {}
}

/// What a message is about: the first name in it (RFC 1002 §4.2).
fn read(bytes: &[u8]) -> Option<(&'static str, String)> {
    let mut cursor = Cursor::new(bytes);
    let _id = cursor.u16()?;
    let flags = cursor.u16()?;
    let (questions, answers) = (cursor.u16()?, cursor.u16()?);
    cursor.u32()?;
    if questions.checked_add(answers)? != 1 {
        return None;
    }
    let kind = match (flags & 0x8000 != 0, flags >> 11 & 0x0f) {
        (false, 0) => "query",
        (false, 5) => "registration",
        (false, 6) => "release",
        (false, 8 | 9) => "refresh",
        (true, 0 | 5..=9) => "response",
        _ => return None,
    };
    let name = first_level(cursor.vector8()?)?;
    Some((kind, name))
}

/// Undoes the encoding in half bytes, each a letter from `A` on (RFC 1001 §14.1): 15 characters and a kind of service.
fn first_level(label: &[u8]) -> Option<String> {
    let (pairs, rest) = label.as_chunks::<2>();
    if pairs.len() != 16 || !rest.is_empty() {
        return None;
    }
    let mut name = String::new();
    for [high, low] in pairs {
        let half = |letter: &u8| letter.checked_sub(b'A').filter(|half| *half < 16);
        let byte = half(high)? << 4 | half(low)?;
        name.push(char::from(byte));
    }
    let service = name.pop();
    let name = name.trim_end_matches(['\0', ' ']);
    // a status query asks for all names
    let is_wildcard = name == "*" && service == Some('\0');
    let is_name = !name.is_empty() && !name.chars().any(char::is_control);
    (is_name || is_wildcard).then(|| name.to_owned())
}
