//! Bytes that come out of an encoding inside a value.

use std::borrow::Cow;
use std::cell::LazyCell;

use crate::model::DecodeStep;
use crate::payload::body::MediaType;
use crate::payload::collector::Collector;
use crate::payload::{
    Decoder, Input, bson, cbor, compression, copied, grpc, message_pack, multipart, property_list,
    protobuf, text, zip,
};

/// Shortest binary document that is believed without a type: chance makes shorter ones.
pub(in crate::payload) const SHORTEST_DOCUMENT: usize = 24;

/// The same of formats whose documents have names, from the first to the last byte: chance hardly makes these.
const SHORTEST_NAMED: usize = 8;

/// What is told by the magic of its compression.
const COMPRESSED: [Decoder; 3] = [compression::GZIP, compression::ZSTD, compression::ZLIB];

/// Binary formats that are told by their bytes, and of how many of these.
const DOCUMENTS: [(Decoder, usize); 8] = [
    (zip::DECODER, SHORTEST_NAMED),
    (multipart::DECODER, SHORTEST_DOCUMENT),
    (property_list::DECODER, SHORTEST_NAMED),
    (grpc::DECODER, SHORTEST_NAMED),
    (bson::DECODER, SHORTEST_DOCUMENT),
    (cbor::DECODER, SHORTEST_NAMED),
    (message_pack::DECODER, SHORTEST_NAMED),
    (protobuf::DECODER, SHORTEST_DOCUMENT),
];

/// Decodes bytes that came out of an encoding inside a value and are not text: compressed ones are decompressed, and documents
/// that are of a binary format from the first to the last byte are read.
pub(in crate::payload) fn decode_bytes(bytes: &[u8], collector: &mut Collector<'_>) -> bool {
    if let Some(text) = text::wide(bytes) {
        collector.undoing(DecodeStep::Utf16, |collector| {
            collector.value(Cow::Owned(text), copied);
        });
        return true;
    }
    let is_compressed = compression::by_magic(bytes).is_some();
    if bytes.len() < SHORTEST_NAMED && !is_compressed {
        return false;
    }
    let input = Input {
        bytes,
        keep: copied,
        is_cut: false,
    };
    let media_type = MediaType::default();
    let is_short_message = LazyCell::new(|| protobuf::is_short_message(bytes));
    let compressed = COMPRESSED.iter().filter(|_| is_compressed);
    let documents = DOCUMENTS.iter();
    let documents = documents.filter(|(_, shortest)| bytes.len() >= *shortest || *is_short_message);
    let decoder = compressed
        .chain(documents.map(|(decoder, _)| decoder))
        .find(|decoder| (decoder.matches)(&media_type, input));
    let Some(decoder) = decoder else {
        if text::is_parted(bytes) {
            text::parts(bytes, collector);
            return true;
        }
        return (bytes.len() >= SHORTEST_DOCUMENT || compression::begins_with_letters(bytes))
            && compression::undo_without_magic(&media_type, bytes, collector);
    };
    (decoder.decode)(&media_type, input, collector);
    true
}

/// Whether bytes are a document of a binary format from the first to the last; without undoing anything in it, because what is
/// compressed may hold itself.
pub(in crate::payload) fn is_document(bytes: &[u8]) -> bool {
    let input = Input {
        bytes,
        keep: copied,
        is_cut: false,
    };
    // What is no message of Protocol Buffers is hardly told by its bytes: of these, it takes one that can be read.
    let [documents @ .., _protobuf] = &DOCUMENTS;
    let matches = |(decoder, _): &(Decoder, usize)| (decoder.matches)(&MediaType::default(), input);
    documents.iter().any(matches) || protobuf::is_readable_message(bytes)
}
