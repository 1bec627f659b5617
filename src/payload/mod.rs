//! An event's message → fields: content encodings, forms, multipart, JSON, nested encodings. Pure: bytes in, fields and
//! shortfalls out; what the values mean is the business of detection.
//!
//! A new body format is a file and one line in `DECODERS`; a new encoding inside values one line in `nested::ENCODINGS` or
//! `nested::OF_PARTS`.

mod arpc;
mod binary;
mod body;
mod bson;
mod cbor;
mod collector;
mod compression;
mod digits;
mod embedded;
mod form;
mod frame;
mod graphql;
mod grpc;
mod json;
mod message;
mod message_pack;
mod multipart;
mod name;
mod naming;
mod nested;
mod numbers;
mod property_list;
mod protobuf;
mod scan;
mod table;
#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::format_collect,
    reason = "lengths here are our own, and encoding digits need not be fast"
)]
mod tests;
mod text;
mod thrift;
mod wbxml;
mod xml;
mod zip;

use std::borrow::Cow;

use data_encoding::BASE32_NOPAD;

use crate::model::{
    ChainId, DecodeStep, Event, Fields, Message, PathId, Place, Response, Shortfall,
};

use body::MediaType;
use collector::Collector;
pub(crate) use digits::{LENIENT_BASE64, LENIENT_BASE64_URL, hex_bytes};
pub use frame::is_document;

/// The fields of one message.
#[derive(Debug, Default)]
pub struct Decoded<'a> {
    /// What the *client* sent, in the order of the message; a value that is itself encoded stands before what it holds.
    /// Responses are not decoded: what comes from a server did not leave the phone. Mail, messages and calls that reach the
    /// phone in clear are, because everybody on the way reads them.
    pub fields: Fields<'a>,
    /// Bytes that are no text, in formats without a decoder or out of an encoding inside a value.
    pub binaries: Binaries,
    /// What could not be decoded: kind, bytes, words free of captured values.
    pub shortfalls: Vec<(Shortfall, u64, &'static str)>,
}

/// Where bytes of a message stand that are no text.
#[derive(Clone, Debug)]
pub struct Binary {
    /// Part of the message.
    pub place: Place,
    /// Way to the bytes.
    pub path: PathId,
    /// Encodings undone on the way.
    pub chain: ChainId,
}

/// All bytes of a message that are no text, one after the other: words may be base64, so there are as many as fields, and each is
/// short.
#[derive(Debug, Default)]
pub struct Binaries {
    /// Each with the end of its bytes, which begin where those before end.
    all: Vec<(Binary, usize)>,
    bytes: Vec<u8>,
}

impl Binaries {
    /// Makes room for so many more, each as short as a word.
    fn reserve(&mut self, count: usize) {
        self.all.reserve(count);
        self.bytes.reserve(count.saturating_mul(8));
    }

    #[inline]
    fn push(&mut self, binary: Binary, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.all.push((binary, self.bytes.len()));
    }

    /// All, in the order of the message, with their bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&Binary, &[u8])> {
        let mut start = 0_usize;
        self.all.iter().map(move |(binary, end)| {
            let bytes = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            (binary, bytes)
        })
    }
}

/// Decodes what the client sent in an event. Lookups, handshakes and traffic have no fields.
pub fn decode(event: &Event) -> Decoded<'_> {
    match event {
        Event::Exchange(exchange) => message::request(&exchange.request),
        Event::Message(message) if message.from_client || is_talk_in_clear(message) => {
            message::message(message)
        }
        _ => Decoded::default(),
    }
}

/// Decodes what is encoded in a text by itself, as in a label of a host's name. Its first field is the text.
pub(crate) fn decode_text(text: &str) -> Decoded<'_> {
    let mut collector = Collector::new(Place::Path);
    collector.value(Cow::Borrowed(text), lent);
    collector.finish()
}

/// Decodes base32, as in names of hosts, which have no case, and what is encoded in that. Its first field is the text that came of it.
pub(crate) fn decode_base32(text: &str) -> Option<Decoded<'static>> {
    let bytes = BASE32_NOPAD
        .decode(text.to_ascii_uppercase().as_bytes())
        .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    if !text::is_readable(&text) {
        return None;
    }
    let mut collector = Collector::new(Place::Path);
    collector.undoing(DecodeStep::Base32, |collector| {
        collector.value(Cow::Owned(text), copied);
    });
    Some(collector.finish())
}

/// Decodes what the server answered.
pub fn decode_response(response: &Response) -> Decoded<'_> {
    message::response(response)
}

fn is_talk_in_clear(message: &Message) -> bool {
    !message.is_protected
        && match message.protocol {
            "imap" | "pop3" | "xmpp" => true,
            // a call or message for the phone; answers to its own only repeat what it said
            "sip" => message.kind.starts_with(char::is_alphabetic),
            _ => false,
        }
}

/// How a borrowed text becomes a field's value: as it is, where it lies in the event; `None`, as a copy, where it lies in a buffer of
/// one decoding step.
type Keep<'s, 'a> = fn(&'s str) -> Option<&'a str>;

/// Text that lives as long as the event.
#[expect(clippy::unnecessary_wraps, reason = "a `Keep`")]
fn lent(text: &str) -> Option<&str> {
    Some(text)
}

/// Text of a buffer that goes away after its decoding step.
fn copied<'a>(_: &str) -> Option<&'a str> {
    None
}

/// Bytes to decode.
#[derive(Clone, Copy)]
struct Input<'s, 'a> {
    bytes: &'s [u8],
    keep: Keep<'s, 'a>,
    /// Bytes are missing at the end: the last value may be half.
    is_cut: bool,
}

impl<'s> Input<'s, '_> {
    /// The same buffer, another part of it.
    fn with_bytes(self, bytes: &'s [u8]) -> Self {
        Self { bytes, ..self }
    }
}

/// A body format.
struct Decoder {
    /// Whether a body of that type, with these bytes, is to be read by it. Must not decode nested values, so that refusing
    /// costs at most one pass.
    matches: fn(&MediaType, Input<'_, '_>) -> bool,
    /// Reads it.
    decode: for<'s, 'a> fn(&MediaType, Input<'s, 'a>, &mut Collector<'a>),
}

/// All body formats, the most telling first: what the bytes say comes before what the content type says, because apps label
/// JSON as form and compressed bodies as text.
const DECODERS: &[Decoder] = &[
    compression::GZIP,
    compression::ZSTD,
    compression::ZLIB,
    text::WIDE,
    zip::DECODER,
    numbers::DECODER,
    multipart::DECODER,
    grpc::DECODER,
    arpc::DECODER,
    json::DECODER,
    xml::DECODER,
    property_list::DECODER,
    bson::DECODER,
    cbor::DECODER,
    message_pack::DECODER,
    thrift::DECODER,
    wbxml::DECODER,
    protobuf::DECODER,
    form::DECODER,
    text::DECODER,
    text::PARTED,
    frame::DECODER,
];
