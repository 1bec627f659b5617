//! DNS (RFC 1035) over UDP and TCP, multicast DNS (RFC 6762) and LLMNR (RFC 4795).
//!
//! Each question becomes a lookup, a response with the answers. What a phone announces of itself on the local network
//! without being asked becomes a message.

mod message;

use self::message::{Header, Message};
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{Answer, ContentState, Event, Lookup, Origin, Shortfall, Side, Transport};

/// DNS in datagrams.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: "dns",
    probe: |probe| probe_datagram(probe, 53, true),
    start: |_| Box::new(Datagrams { local: None }),
    content: ContentState::Clear,
};

/// DNS on byte streams: TCP, and inside TLS.
pub(super) const STREAM: Protocol = Protocol {
    name: "dns-tcp",
    probe: probe_stream,
    start: |_| Box::new(Stream::default()),
    content: ContentState::Clear,
};

/// Multicast DNS.
pub(super) const MULTICAST: Protocol = Protocol {
    name: "mdns",
    probe: |probe| probe_datagram(probe, 5353, false),
    start: |_| {
        Box::new(Datagrams {
            local: Some("mdns"),
        })
    },
    content: ContentState::Clear,
};

/// Link-local multicast name resolution.
pub(super) const LINK_LOCAL: Protocol = Protocol {
    name: "llmnr",
    probe: |probe| probe_datagram(probe, 5355, false),
    start: |_| {
        Box::new(Datagrams {
            local: Some("llmnr"),
        })
    },
    content: ContentState::Clear,
};

fn probe_datagram(probe: &Probe<'_>, port: u16, on_any_port: bool) -> Verdict {
    let is_port = probe.client_port == port || probe.server_port == port;
    let is_other = [53, 5353, 5355].iter().any(|known| {
        *known != port && (probe.client_port == *known || probe.server_port == *known)
    });
    if probe.transport != Transport::Udp || is_other {
        return Verdict::No;
    }
    let is_dns = [probe.client, probe.server].iter().any(|datagram| {
        if is_port {
            message::is_plausible(datagram)
        } else {
            on_any_port && Message::read(datagram).is_some_and(|message| message.is_unmistakable())
        }
    });
    if is_dns { Verdict::Yes } else { Verdict::No }
}

fn probe_stream(probe: &Probe<'_>) -> Verdict {
    if probe.transport != Transport::Tcp {
        return Verdict::No;
    }
    // 853 is that of DNS over TLS (RFC 7858 §3.1), whose plaintext is probed like any stream.
    let is_port = probe.client_port == 53 || [53, 853].contains(&probe.server_port);
    let verdict = |bytes: &[u8]| {
        let Some((len, message)) = bytes.split_first_chunk::<2>() else {
            return Verdict::More;
        };
        let len = usize::from(u16::from_be_bytes(*len));
        let Some(header) = Header::read(message) else {
            return if len > Header::BYTES {
                Verdict::More
            } else {
                Verdict::No
            };
        };
        let whole = message.get(..len);
        let is_dns = len > Header::BYTES
            && header.is_plausible()
            && (is_port
                || whole
                    .and_then(Message::read)
                    .is_some_and(|message| message.is_unmistakable()));
        match whole {
            _ if is_dns => Verdict::Yes,
            None if header.is_plausible() && len <= limits::DNS_PROBE_BYTES => Verdict::More,
            _ => Verdict::No,
        }
    };
    match (verdict(probe.client), verdict(probe.server)) {
        (Verdict::Yes, _) | (_, Verdict::Yes) => Verdict::Yes,
        (Verdict::No, _) | (_, Verdict::No) => Verdict::No,
        (Verdict::More, Verdict::More) => Verdict::More,
    }
}

type Emit<'e> = &'e mut dyn FnMut(Output<'_>);

#[derive(Debug)]
struct Datagrams {
    /// Name of the protocol, if it speaks on the local network only.
    local: Option<&'static str>,
}

impl Dissector for Datagrams {
    fn feed(&mut self, chunk: Chunk<'_>, emit: Emit<'_>) {
        read_message(chunk.bytes, chunk.side, chunk.origin, self.local, emit);
    }

    fn gap(&mut self, _side: Side, _lost: u64, _emit: Emit<'_>) {}

    fn finish(&mut self, _emit: Emit<'_>) {}
}

/// Messages behind their lengths (RFC 1035 §4.2.2).
#[derive(Debug, Default)]
struct Stream {
    client: Framed,
    server: Framed,
}

#[derive(Debug, Default)]
struct Framed {
    /// The unfinished message with its length; at most 64 KiB and 2 bytes.
    buffer: Vec<u8>,
    /// Whether where messages begin is a guess: behind a gap.
    is_guess: bool,
    is_lost: bool,
}

impl Framed {
    fn feed(&mut self, chunk: Chunk<'_>, emit: Emit<'_>) {
        let mut rest = chunk.bytes;
        while !rest.is_empty() && !self.is_lost {
            let wanted = match self.buffer.first_chunk::<2>() {
                None => 2,
                Some(len) => usize::from(u16::from_be_bytes(*len)).saturating_add(2),
            };
            let missing = wanted.saturating_sub(self.buffer.len());
            let (taken, behind) = rest.split_at(missing.min(rest.len()));
            self.buffer.extend_from_slice(taken);
            rest = behind;
            let message = self.buffer.get(2..).unwrap_or_default();
            if self.is_guess
                && let Some(header) = Header::read(message)
            {
                self.is_guess = false;
                self.is_lost = !header.is_plausible();
            }
            if self.buffer.len() >= wanted && wanted > 2 && !self.is_lost {
                read_message(message, chunk.side, chunk.origin, None, emit);
                self.buffer.clear();
            } else if wanted == 2 && self.buffer == [0, 0] {
                self.buffer.clear();
            }
        }
        if self.is_lost && !rest.is_empty() {
            let what = "DNS stream behind a gap";
            let bytes = u64::try_from(rest.len()).unwrap_or(u64::MAX);
            emit(Output::Shortfall(Shortfall::MalformedMessage, bytes, what));
        }
    }
}

impl Dissector for Stream {
    fn feed(&mut self, chunk: Chunk<'_>, emit: Emit<'_>) {
        match chunk.side {
            Side::Client => self.client.feed(chunk, emit),
            Side::Server => self.server.feed(chunk, emit),
        }
    }

    fn gap(&mut self, side: Side, _lost: u64, _emit: Emit<'_>) {
        let framed = match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        framed.buffer.clear();
        framed.is_guess = true;
    }

    fn finish(&mut self, _emit: Emit<'_>) {}
}

/// Whether bytes from somewhere else are a DNS message beyond doubt.
pub(super) fn is_unmistakable(bytes: &[u8]) -> bool {
    Message::read(bytes).is_some_and(|message| message.is_unmistakable())
}

/// Hands out what one message says. `local` names the protocol if it speaks on the local network only.
pub(super) fn read_message(
    bytes: &[u8],
    side: Side,
    origin: Origin,
    local: Option<&'static str>,
    emit: Emit<'_>,
) {
    let message = Message::read(bytes);
    if message.as_ref().is_none_or(|message| !message.is_whole) {
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let what = "DNS message that does not hold what its header announces";
        emit(Output::Shortfall(Shortfall::MalformedMessage, len, what));
    }
    let Some(message) = message else {
        return;
    };
    if let Some(protocol) = local
        && message.header.is_response()
        && message.questions.is_empty()
    {
        announce(protocol, message, side, origin, emit);
        return;
    }
    let is_response = message.header.is_response();
    let is_one = message.questions.len() == 1;
    for question in message.questions {
        let answers = message
            .answers
            .iter()
            // A single question may be answered through a chain of names; with several, each takes its own.
            .filter(|(owner, _)| is_response && (is_one || *owner == question.name))
            .map(|(_, answer)| answer.clone())
            .collect();
        let lookup = Lookup {
            name: question.name,
            record_type: question.record_type,
            answers,
            is_response,
            is_local: local.is_some(),
        };
        emit(Output::Event(Event::Lookup(lookup), origin));
    }
}

/// What a host says of itself unasked: its names and services.
fn announce(protocol: &'static str, message: Message, side: Side, origin: Origin, emit: Emit<'_>) {
    let mut fields: Vec<(String, String)> = Vec::new();
    for (owner, answer) in message.answers {
        let (field, value) = match answer {
            Answer::Name(target) => ("target", target),
            Answer::Address(address) => ("address", address.to_string()),
        };
        for field in [("name".to_owned(), owner), (field.to_owned(), value)] {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
    }
    // `model=iPhone14,2`: one field a key, below their common name
    for text in message.texts {
        let (key, value) = text.split_once('=').unwrap_or((&text, ""));
        let field = (
            format!("txt.{}", key.to_ascii_lowercase()),
            value.to_owned(),
        );
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    if !fields.is_empty() {
        let event = Event::Message(crate::model::Message {
            protocol,
            kind: "announcement".to_owned(),
            fields,
            from_client: side == Side::Client,
            ..crate::model::Message::default()
        });
        emit(Output::Event(event, origin));
    }
}

#[cfg(test)]
mod tests;
