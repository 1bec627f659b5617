//! gRPC and gRPC-Web bodies: messages behind a flag and a length, each compressed or not; base64 around them in
//! `application/grpc-web-text`.

use super::body::{self, MediaType};
use super::collector::Collector;
use super::{Decoder, Input, compression, copied, json, protobuf, text};
use crate::model::{DecodeStep, Shortfall};

pub(super) const DECODER: Decoder = Decoder {
    matches: |media_type, input| {
        media_type.essence.starts_with("application/grpc")
            || media_type.is_unspecific() && !input.is_cut && are_messages(input.bytes)
    },
    decode: |media_type, input, collector| {
        if media_type.essence.starts_with("application/grpc-web-text") {
            let bytes = text::base64_pieces(input.bytes);
            collector.undoing(DecodeStep::Base64, |collector| {
                let inner = Input {
                    bytes: &bytes,
                    keep: copied,
                    is_cut: input.is_cut,
                };
                messages(media_type, inner, collector);
            });
        } else {
            messages(media_type, input, collector);
        }
    },
};

/// The first bit of the flag: compressed.
const COMPRESSED: u8 = 0x01;
/// The last bit of the flag, in gRPC-Web: trailers instead of a message.
const TRAILERS: u8 = 0x80;

/// Whether bytes that nothing calls so are messages behind their flags and lengths, from the first to the last byte.
fn are_messages(bytes: &[u8]) -> bool {
    let (mut rest, mut is_told) = (bytes, false);
    while let Some(([flag @ (0 | COMPRESSED | TRAILERS), length @ ..], behind)) =
        rest.split_first_chunk::<5>()
    {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let Some((message, tail)) = behind.split_at_checked(length) else {
            return false;
        };
        is_told |= match *flag {
            0 => protobuf::is_message(message) || json::looks_like(message, false),
            COMPRESSED => compression::is_certain(message),
            _ => false,
        };
        rest = tail;
    }
    is_told && rest.is_empty()
}

fn messages<'a>(media_type: &MediaType, input: Input<'_, 'a>, collector: &mut Collector<'a>) {
    // application/grpc+json, application/grpc-web+proto
    let format = media_type.essence.rsplit_once('+');
    let inner_type = MediaType::parse(match format {
        Some((_, "json")) => "application/json",
        Some((_, "thrift")) => "application/x-thrift",
        Some((_, other)) if other != "proto" => "",
        _ => "application/x-protobuf",
    });
    collector.labelled(DecodeStep::Grpc, |collector| {
        let mut rest = input.bytes;
        let mut position = 0_usize;
        while let Some(([flag, length @ ..], behind)) = rest.split_first_chunk::<5>() {
            let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
            let is_cut = length > behind.len();
            let (bytes, tail) = behind.split_at(length.min(behind.len()));
            rest = tail;
            let message = Input {
                is_cut,
                ..input.with_bytes(bytes)
            };
            // The only message of a call, as most are, stands at the top.
            if position == 0 && rest.is_empty() {
                one(*flag, &inner_type, message, collector);
            } else {
                collector.within_index(position, |collector| {
                    one(*flag, &inner_type, message, collector);
                });
            }
            position = position.saturating_add(1);
            if is_cut && !input.is_cut {
                let detail = "a gRPC message ends early";
                collector.shortfall(Shortfall::DamagedBody, bytes.len(), detail);
            }
        }
        if !rest.is_empty() && !input.is_cut {
            let detail = "a gRPC message ends early";
            collector.shortfall(Shortfall::DamagedBody, rest.len(), detail);
        }
    });
}

/// One message. How it is compressed its bytes say, whatever `grpc-encoding` says.
fn one<'a>(
    flag: u8,
    media_type: &MediaType,
    message: Input<'_, 'a>,
    collector: &mut Collector<'a>,
) {
    if flag & TRAILERS != 0 || message.bytes.is_empty() {
        return;
    }
    if flag & COMPRESSED != 0 && compression::by_magic(message.bytes).is_none() {
        let detail = "gRPC message in a compression without a decoder";
        collector.shortfall(Shortfall::UnknownEncoding, message.bytes.len(), detail);
        return;
    }
    body::decode(media_type, message, collector);
}
