//! STOMP 1.0 to 1.2 inside `WebSocket` messages: a command, headers, an empty line, a body up to a zero octet.

use crate::model::{Body, Message, Side};
use crate::protocol::message::{Draft, text};

pub(super) const NAME: &str = "stomp";

/// Commands of clients and servers (STOMP 1.2, "Augmented BNF").
const COMMANDS: [&str; 15] = [
    "CONNECT",
    "STOMP",
    "SEND",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "BEGIN",
    "COMMIT",
    "ABORT",
    "ACK",
    "NACK",
    "DISCONNECT",
    "CONNECTED",
    "MESSAGE",
    "RECEIPT",
    "ERROR",
];

/// Reads one frame; `None` for what is none, such as a heartbeat.
pub(super) fn message(bytes: &[u8], side: Side) -> Option<Message> {
    let bytes = bytes.trim_ascii_start();
    let (head, body) = split_head(bytes)?;
    let head = text(head);
    let mut lines = head.lines();
    let command = lines.next()?;
    if !COMMANDS.contains(&command) {
        return None;
    }
    let mut draft = Draft::new(NAME, command, side);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        draft.add(name, &unescape(value));
    }
    let end = memchr::memrchr(0, body).unwrap_or(body.len());
    let body = body.get(..end).unwrap_or_default();
    Some(Message {
        body: Body {
            bytes: body.to_vec(),
            wire_len: u64::try_from(body.len()).unwrap_or(u64::MAX),
            is_cut: false,
        },
        ..draft.into_message()
    })
}

fn split_head(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    for (separator, len) in [(&b"\r\n\r\n"[..], 4), (b"\n\n", 2)] {
        if let Some(at) = memchr::memmem::find(bytes, separator) {
            let (head, rest) = bytes.split_at_checked(at)?;
            return Some((head, rest.get(len..)?));
        }
    }
    None
}

/// STOMP 1.2, "Value Encoding".
fn unescape(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next().map(|escaped| match escaped {
                'r' => '\r',
                'n' => '\n',
                'c' => ':',
                other => other,
            })),
            other => plain.push(other),
        }
    }
    plain
}
