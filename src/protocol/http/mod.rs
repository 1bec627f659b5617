//! What HTTP/2 and HTTP/3 share, and HTTP/1 partly with them: header sections with pseudo-headers, the streams of one
//! connection and the exchanges that they make, the Huffman code of their header compression.

mod dns_over_https;
pub(super) mod huffman;
pub(super) mod section;
pub(super) mod streams;

pub(super) use dns_over_https::lookups;

use super::Output;
use crate::model::{Event, Exchange, Origin};

/// Hands out an exchange, and the lookups that it holds.
pub(super) fn hand_out(exchange: Exchange, origin: Origin, emit: &mut dyn FnMut(Output<'_>)) {
    lookups(&exchange, origin, emit);
    emit(Output::Event(Event::Exchange(exchange), origin));
}

/// A host, lower case, without user information, port and the brackets of an IPv6 address.
pub(super) fn without_port(authority: &str) -> Option<String> {
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
        .trim();
    let host = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        // More than one colon is an IPv6 address without brackets.
        None => match host.split_once(':') {
            Some((name, port)) if !port.contains(':') => name,
            _ => host,
        },
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    (!host.is_empty()).then(|| host.to_lowercase())
}
