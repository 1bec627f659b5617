//! STUN and TURN (RFC 8489, 8656): whose calls they are, by realm, software and vendors' attributes.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cursor::Cursor;
use super::message::{Draft, readable};
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{ContentState, Side, Transport};

const NAME: &str = "stun";
const MAGIC_COOKIE: u32 = 0x2112_a442;
const HEADER_BYTES: usize = 20;

const USERNAME: u16 = 0x0006;
const XOR_PEER_ADDRESS: u16 = 0x0012;
const REALM: u16 = 0x0014;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const SOFTWARE: u16 = 0x8022;

/// STUN.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe,
    start: |_| Box::new(Stun::default()),
    content: ContentState::Clear,
};

/// STUN on the ports that only Google's calls use (Meet's firewall guide: 3478 and 19302 to 19309, of which the first two are
/// everybody's).
pub(super) const GOOGLE_CALL: Protocol = Protocol {
    name: NAME,
    probe: |candidate| {
        if (19_303..=19_309).contains(&candidate.server_port) {
            probe(candidate)
        } else {
            Verdict::No
        }
    },
    start: |_| {
        Box::new(Stun {
            by_port: Some("stun-google"),
            ..Stun::default()
        })
    },
    content: ContentState::Clear,
};

fn probe(probe: &Probe<'_>) -> Verdict {
    let of = |bytes: &[u8]| match probe.transport {
        Transport::Udp => is_header(bytes) && header_length(bytes) == Some(bytes.len()),
        _ => is_header(unframed(bytes)),
    };
    if of(probe.client) || of(probe.server) {
        return Verdict::Yes;
    }
    let wants_more = probe.transport == Transport::Tcp
        && probe.client.len() < HEADER_BYTES.saturating_add(2)
        && matches!(probe.client, [0..=0x0b, ..]);
    if wants_more {
        Verdict::More
    } else {
        Verdict::No
    }
}

/// Without the length that stands before each message on ICE's TCP connections (RFC 4571).
fn unframed(bytes: &[u8]) -> &[u8] {
    match bytes.split_first_chunk::<2>() {
        Some((length, rest))
            if is_header(rest)
                && header_length(rest) == Some(usize::from(u16::from_be_bytes(*length))) =>
        {
            rest
        }
        _ => bytes,
    }
}

/// Two zero bits, a length in fours, the magic cookie (RFC 8489 §5). WhatsApp has types of its own from 0x0800 on.
fn is_header(bytes: &[u8]) -> bool {
    let mut cursor = Cursor::new(bytes);
    match (cursor.u16(), cursor.u16(), cursor.u32()) {
        (Some(kind), Some(length), Some(cookie)) => {
            kind < 0x4000 && length.is_multiple_of(4) && cookie == MAGIC_COOKIE
        }
        _ => false,
    }
}

/// Length of the message with its header.
fn header_length(bytes: &[u8]) -> Option<usize> {
    let (_, rest) = bytes.split_first_chunk::<2>()?;
    let (length, _) = rest.split_first_chunk::<2>()?;
    Some(usize::from(u16::from_be_bytes(*length)).saturating_add(HEADER_BYTES))
}

#[derive(Default)]
struct Stun {
    /// The signature that the port told; what a message says comes before it.
    by_port: Option<&'static str>,
    /// What has been told already; the flow says it once.
    told: BTreeSet<Told>,
    /// Datagrams that were not STUN: media, encrypted by DTLS or SRTP.
    other: usize,
    is_over: bool,
}

/// What makes a message worth telling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    from_client: bool,
    signature: &'static str,
    realm: Option<String>,
    software: Option<String>,
    username: Option<String>,
}

impl Dissector for Stun {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        if self.is_over {
            return;
        }
        let bytes = unframed(chunk.bytes);
        if !is_header(bytes) {
            self.other = self.other.saturating_add(1);
            if self.other >= limits::STUN_OTHER_DATAGRAMS {
                self.is_over = true;
                emit(Output::Opaque(ContentState::NoKey));
            }
            return;
        }
        let message = Message::read(bytes);
        let signature = message.signature().or(self.by_port).unwrap_or(NAME);
        let told = Told {
            from_client: chunk.side == Side::Client,
            signature,
            realm: message.realm.clone(),
            software: message.software.clone(),
            username: message.username.clone(),
        };
        if self.told.len() < limits::STUN_MESSAGES && self.told.insert(told) {
            message
                .describe(chunk.side, signature)
                .emit(chunk.origin, emit);
        }
    }

    fn gap(&mut self, _side: Side, _lost: u64, _emit: &mut dyn FnMut(Output<'_>)) {}

    fn finish(&mut self, _emit: &mut dyn FnMut(Output<'_>)) {}
}

#[derive(Debug, Default)]
struct Message {
    kind: u16,
    attributes: Vec<u16>,
    realm: Option<String>,
    software: Option<String>,
    username: Option<String>,
    mapped: Option<IpAddr>,
    peer: Option<IpAddr>,
}

impl Message {
    fn read(bytes: &[u8]) -> Self {
        let mut message = Self::default();
        let mut cursor = Cursor::new(bytes);
        message.kind = cursor.u16().unwrap_or_default();
        let length = cursor.u16().map_or(0, usize::from);
        let transaction = cursor.take(16).unwrap_or_default();
        let body = cursor.rest();
        let mut attributes = Cursor::new(body.get(..length).unwrap_or(body));
        while let Some(attribute) = attributes.u16() {
            let Some(value) = attributes.vector16() else {
                break;
            };
            let padding = value.len().wrapping_neg() & 3;
            // the last one may lack its padding
            let _ = attributes.take(padding);
            if message.attributes.len() < limits::STUN_ATTRIBUTES {
                message.attributes.push(attribute);
            }
            let text = || readable(value).map(|text| text.trim_end_matches('\0').to_owned());
            match attribute {
                REALM => message.realm = text(),
                SOFTWARE => message.software = text(),
                USERNAME => message.username = text(),
                XOR_MAPPED_ADDRESS => message.mapped = xor_address(value, transaction),
                XOR_PEER_ADDRESS => message.peer = xor_address(value, transaction),
                _ => {}
            }
        }
        message
    }

    fn has(&self, attributes: &[u16]) -> bool {
        self.attributes
            .iter()
            .any(|attribute| attributes.contains(attribute))
    }

    /// The wire signature that the message shows, by its realm first, then by what only one vendor sends.
    fn signature(&self) -> Option<&'static str> {
        let realm = self
            .realm
            .as_deref()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let of = |words: &[&str]| words.iter().any(|word| realm.contains(word));
        Some(if of(&["signal.org", "whispersystems.org"]) {
            "stun-realm-signal"
        } else if of(&["facebook"]) {
            "stun-realm-facebook"
        } else if of(&["telegram"]) {
            "stun-realm-telegram"
        } else if of(&["viber"]) {
            "stun-realm-viber"
        } else if of(&["google.com"]) {
            "stun-realm-google"
        } else if (0x0800..=0x0802).contains(&self.kind)
            || self.has(&[0x4000, 0x4001, 0x4002, 0x4003, 0x4004, 0x4007])
        {
            "stun-whatsapp"
        } else if self.has(&[
            0x8054, 0x24df, 0x3802, 0x8036, 0x8095, 0x8006, 0x8070, 0x8055,
        ]) {
            "stun-microsoft"
        } else if self.has(&[0x0101, 0x0103]) {
            "stun-zoom"
        } else if self.has(&[0xff03]) {
            "stun-google"
        } else {
            return None;
        })
    }

    fn describe(&self, side: Side, signature: &str) -> Draft {
        let mut draft = Draft::new(NAME, kind_name(self.kind), side).signed(signature);
        draft.add_some("realm", self.realm.as_deref());
        draft.add_some("software", self.software.as_deref());
        draft.add_some("username", self.username.as_deref());
        for (name, address) in [("mapped-address", self.mapped), ("peer-address", self.peer)] {
            if let Some(address) = address {
                draft.add(name, &address.to_string());
            }
        }
        let attributes: Vec<String> = self
            .attributes
            .iter()
            .map(|attribute| format!("{attribute:04x}"))
            .collect();
        if !attributes.is_empty() {
            draft.add("attributes", &attributes.join(" "));
        }
        draft
    }
}

/// Method and class (RFC 8489 §5, RFC 8656 §17).
fn kind_name(kind: u16) -> String {
    let method = match kind & !0x0110 {
        0x0001 => "binding",
        0x0003 => "allocate",
        0x0004 => "refresh",
        0x0006 => "send",
        0x0007 => "data",
        0x0008 => "create-permission",
        0x0009 => "channel-bind",
        _ => return format!("{kind:#06x}"),
    };
    let class = match kind & 0x0110 {
        0x0000 => "request",
        0x0010 => "indication",
        0x0100 => "success",
        _ => "error",
    };
    format!("{method}-{class}")
}

/// RFC 8489 §14.2: port and address are combined by XOR with cookie and transaction id.
fn xor_address(value: &[u8], transaction: &[u8]) -> Option<IpAddr> {
    let mut cursor = Cursor::new(value);
    let family = cursor.u16()?;
    cursor.u16()?;
    let plain: Vec<u8> = cursor
        .rest()
        .iter()
        .zip(transaction)
        .map(|(byte, key)| byte ^ key)
        .collect();
    match family {
        1 => plain
            .first_chunk::<4>()
            .map(|octets| Ipv4Addr::from(*octets).into()),
        2 => plain
            .first_chunk::<16>()
            .map(|octets| Ipv6Addr::from(*octets).into()),
        _ => None,
    }
}
