//! Building a [`Message`] of named fields within bounds, for every protocol that is laid out as such.

use data_encoding::HEXLOWER;

use super::Output;
use crate::limits;
use crate::model::{Body, Event, Message, Origin, Shortfall, Side};

/// A message being put together. Fields beyond [`limits::MESSAGE_FIELDS`] and text beyond [`limits::MESSAGE_BYTES`] are
/// left out and counted.
#[derive(Debug)]
pub(super) struct Draft {
    message: Message,
    room: usize,
    left_out: usize,
}

impl Draft {
    pub(super) fn new(protocol: &'static str, kind: impl Into<String>, side: Side) -> Self {
        Self {
            message: Message {
                protocol,
                kind: kind.into(),
                from_client: side == Side::Client,
                ..Message::default()
            },
            room: limits::MESSAGE_BYTES,
            left_out: 0,
        }
    }

    /// The same with one more field.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.add(name, value);
        self
    }

    /// Adds a field; its name is set in lower case.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        let size = name.len().saturating_add(value.len());
        if self.message.fields.len() >= limits::MESSAGE_FIELDS || size > self.room {
            self.left_out = self.left_out.saturating_add(size);
            return;
        }
        self.room = self.room.saturating_sub(size);
        let field = (name.to_ascii_lowercase(), value.to_owned());
        self.message.fields.push(field);
    }

    /// Adds a field if there is a value.
    pub(super) fn add_some(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    /// The id of the wire signature that the message shows, as in `rules/signatures.toml`.
    pub(super) fn signed(self, signature: &str) -> Self {
        self.with("signature", signature)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.message.fields.is_empty()
    }

    /// Sets contents that are no text. At most [`limits::MESSAGE_BYTES`] are kept.
    pub(super) fn set_body(&mut self, bytes: &[u8]) {
        let kept = bytes.get(..self.room).unwrap_or(bytes);
        self.left_out = self
            .left_out
            .saturating_add(bytes.len().saturating_sub(kept.len()));
        self.message.body = Body {
            bytes: kept.to_vec(),
            wire_len: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            is_cut: kept.len() < bytes.len(),
        };
    }

    /// The message as it is; what was left out is not said.
    pub(super) fn into_message(self) -> Message {
        self.message
    }

    pub(super) fn emit(self, origin: Origin, emit: &mut dyn FnMut(Output<'_>)) {
        if self.left_out > 0 {
            emit(Output::Shortfall(
                Shortfall::MessageLimit,
                u64::try_from(self.left_out).unwrap_or(u64::MAX),
                "a message has more fields or text than the bound",
            ));
        }
        emit(Output::Event(Event::Message(self.message), origin));
    }
}

/// Bytes as text: UTF-8, else each byte as the Latin-1 character of its number, so that nothing is lost.
pub(super) fn text(bytes: &[u8]) -> String {
    str::from_utf8(bytes).map_or_else(
        |_| bytes.iter().map(|byte| char::from(*byte)).collect(),
        str::to_owned,
    )
}

/// Bytes as text if they are UTF-8 without control characters.
pub(super) fn readable(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok().filter(|text| {
        !text
            .chars()
            .any(|character| character.is_control() && !matches!(character, '\t' | '\r' | '\n'))
    })
}

/// A MAC address as `aa:bb:cc:dd:ee:ff`.
pub(super) fn mac(bytes: &[u8]) -> String {
    let parts: Vec<String> = bytes.iter().map(|byte| HEXLOWER.encode(&[*byte])).collect();
    parts.join(":")
}
