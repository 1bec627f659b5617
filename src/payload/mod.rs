//! An event's message → fields: content encodings, forms, multipart, JSON, nested encodings. One file a format, one line in
//! the table. Pure: bytes in, fields and shortfalls out.

use crate::model::{Event, Field, Shortfall};

/// The fields of one message.
#[derive(Debug, Default)]
pub struct Decoded<'a> {
    /// What the *client* sent, in the order of the message. Responses are not decoded: what comes from a server did not
    /// leave the phone.
    pub fields: Vec<Field<'a>>,
    /// What could not be decoded: kind, bytes, words free of captured values.
    pub shortfalls: Vec<(Shortfall, u64, &'static str)>,
}

/// Decodes what the client sent in an event. Lookups, handshakes and traffic have no fields.
pub fn decode(_event: &Event) -> Decoded<'_> {
    Decoded::default()
}
