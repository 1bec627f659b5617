//! What HTTP/2 and HTTP/3 share, and HTTP/1 partly with them: header sections with pseudo-headers, the streams of one
//! connection and the exchanges that they make, the Huffman code of their header compression.

mod dns_over_https;
pub(super) mod huffman;
pub(super) mod section;
mod server_sent;
pub(super) mod streams;

use super::{Output, xmpp};
use crate::model::{Event, Exchange, Origin};

/// Hands out an exchange, and what it holds of other protocols.
pub(super) fn hand_out(exchange: Exchange, origin: Origin, emit: &mut dyn FnMut(Output<'_>)) {
    inside(&exchange, origin, emit);
    emit(Output::Event(Event::Exchange(exchange), origin));
}

/// What an exchange holds of other protocols: lookups, stanzas of a chat, the events of a response that goes on.
pub(super) fn inside(exchange: &Exchange, origin: Origin, emit: &mut dyn FnMut(Output<'_>)) {
    dns_over_https::lookups(exchange, origin, emit);
    xmpp::stanzas(exchange, origin, emit);
    server_sent::events(exchange, origin, emit);
}

/// Whether a header names that media type.
fn is_of_type(header: Option<&str>, media_type: &str) -> bool {
    header
        .and_then(|header| header.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
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
