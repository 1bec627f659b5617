//! STUN and TURN (RFC 8489, 8656): whose calls they are, by realm, software and vendors' attributes; with whom, by the peers
//! that a relay is told of. What shares the flow is told apart as in RFC 7983: DTLS, relayed data, media.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cursor::Cursor;
use super::message::{Draft, readable};
use super::rtp::Media;
use super::{Chunk, Dissector, Output, Probe, Protocol, Start, Verdict, dtls};
use crate::limits;
use crate::model::{ContentState, Side, Transport};

const NAME: &str = "stun";
const MAGIC_COOKIE: u32 = 0x2112_a442;
const HEADER_BYTES: usize = 20;

const MAPPED_ADDRESS: u16 = 0x0001;
const USERNAME: u16 = 0x0006;
const DATA: u16 = 0x0013;
const XOR_RELAYED_ADDRESS: u16 = 0x0016;
const XOR_PEER_ADDRESS: u16 = 0x0012;
const REALM: u16 = 0x0014;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const SOFTWARE: u16 = 0x8022;

/// STUN.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe,
    start: |start| begin(start, None),
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
    start: |start| begin(start, Some("stun-google")),
    content: ContentState::Clear,
};

fn begin(start: &Start, by_port: Option<&'static str>) -> Box<dyn Dissector> {
    let stun = Stun {
        start: start.clone(),
        by_port,
        ..Stun::default()
    };
    match start.transport {
        Transport::Tcp => Box::new(Connection {
            stun,
            ..Connection::default()
        }),
        _ => Box::new(stun),
    }
}

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
    /// For the handshake inside.
    start: Start,
    /// The signature that the port told; what a message says comes before it.
    by_port: Option<&'static str>,
    /// What has been told already; the flow says it once.
    told: BTreeSet<Told>,
    /// The keys of the media are agreed on in the flow itself (RFC 5764).
    handshake: Option<Box<dyn Dissector>>,
    media: Media,
    /// Datagrams that are nothing known.
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
    peer: Option<IpAddr>,
}

impl Dissector for Stun {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        self.datagram(chunk, 0, emit);
    }

    fn gap(&mut self, _side: Side, _lost: u64, _emit: &mut dyn FnMut(Output<'_>)) {}

    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        let has_handshake = self.handshake.is_some();
        if let Some(mut handshake) = self.handshake.take() {
            handshake.finish(&mut |output| pass(output, emit));
        }
        let media = std::mem::take(&mut self.media);
        media.emit(has_handshake, emit);
        if self.is_over {
            return;
        }
        if media.is_some() || has_handshake || self.other > 0 {
            // calls by ICE are encrypted unless their reports say otherwise (RFC 8827 §6.5)
            let content = match media.content(has_handshake) {
                ContentState::NotExamined => ContentState::NoKey,
                content => content,
            };
            emit(Output::Opaque(content));
        }
    }
}

/// What an inner handshake hands out, but for its end, which is not that of the flow, and what its data channels carry, which
/// is not of the protocol of the flow.
fn pass(output: Output<'_>, emit: &mut dyn FnMut(Output<'_>)) {
    if let Output::Event(..) | Output::Server(_) | Output::Shortfall(..) = output {
        emit(output);
    }
}

impl Stun {
    /// Takes a datagram, or what a relay wraps up in one (`depth`).
    fn datagram(&mut self, chunk: Chunk<'_>, depth: usize, emit: &mut dyn FnMut(Output<'_>)) {
        if self.is_over || depth > limits::STUN_DEPTH {
            return;
        }
        let bytes = unframed(chunk.bytes);
        if is_header(bytes) {
            self.message(Chunk { bytes, ..chunk }, depth, emit);
            return;
        }
        // RFC 7983 §7
        match bytes.first() {
            Some(20..=63) => {
                let start = &self.start;
                let handshake = self
                    .handshake
                    .get_or_insert_with(|| (dtls::PROTOCOL.start)(start));
                handshake.feed(chunk, &mut |output| pass(output, emit));
            }
            Some(64..=79) => {
                let mut cursor = Cursor::new(bytes);
                let _channel = cursor.u16();
                if let Some(bytes) = cursor.vector16() {
                    let inner = Chunk { bytes, ..chunk };
                    self.datagram(inner, depth.saturating_add(1), emit);
                }
            }
            _ if self.media.take(chunk.side, bytes, chunk.origin, emit) => {}
            _ => {
                self.other = self.other.saturating_add(1);
                if self.other >= limits::STUN_OTHER_DATAGRAMS && !self.media.is_some() {
                    self.is_over = true;
                    emit(Output::Opaque(ContentState::NoKey));
                }
            }
        }
    }

    fn message(&mut self, chunk: Chunk<'_>, depth: usize, emit: &mut dyn FnMut(Output<'_>)) {
        let message = Message::read(chunk.bytes);
        let signature = message.signature().or(self.by_port).unwrap_or(NAME);
        let told = Told {
            from_client: chunk.side == Side::Client,
            signature,
            realm: message.realm.clone(),
            software: message.software.clone(),
            username: message.username.clone(),
            peer: message.peers.first().copied(),
        };
        if self.told.len() < limits::STUN_MESSAGES && self.told.insert(told) {
            message
                .describe(chunk.side, signature)
                .emit(chunk.origin, emit);
        }
        if let Some(bytes) = message.data {
            let inner = Chunk { bytes, ..chunk };
            self.datagram(inner, depth.saturating_add(1), emit);
        }
    }
}

/// STUN on a connection: puts messages together, then reads them like datagrams.
#[derive(Default)]
struct Connection {
    stun: Stun,
    client: Half,
    server: Half,
}

#[derive(Default)]
struct Half {
    bytes: Vec<u8>,
    /// Out of step with the messages: nothing more is read.
    is_lost: bool,
}

/// Where the next message of a connection stands.
enum Frame {
    /// More bytes are needed to tell.
    More,
    /// This is none.
    Lost,
    /// Behind so many bytes, so many long, and so many bytes of padding.
    At {
        start: usize,
        length: usize,
        padding: usize,
    },
}

impl Frame {
    fn read(bytes: &[u8]) -> Self {
        let number = |at: usize| {
            let pair = bytes.get(at..)?.first_chunk::<2>()?;
            Some(usize::from(u16::from_be_bytes(*pair)))
        };
        let (Some(first), Some(second)) = (number(0), number(2)) else {
            return Self::More;
        };
        if is_header(bytes) {
            let length = second.saturating_add(HEADER_BYTES);
            return Self::At {
                start: 0,
                length,
                padding: 0,
            };
        }
        if (0x4000..0x5000).contains(&first) {
            return Self::At {
                start: 0,
                length: second.saturating_add(4),
                padding: second.wrapping_neg() & 3,
            };
        }
        let framed = bytes.get(2..).unwrap_or_default();
        if framed.len() < 8 && bytes.len() < 8 {
            return Self::More;
        }
        if is_header(framed)
            || framed
                .first()
                .is_some_and(|first| matches!(first, 20..=63 | 128..=191))
        {
            return Self::At {
                start: 2,
                length: first,
                padding: 0,
            };
        }
        if framed.len() < 8 {
            Self::More
        } else {
            Self::Lost
        }
    }
}

impl Dissector for Connection {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        let Self {
            stun,
            client,
            server,
        } = self;
        let half = match chunk.side {
            Side::Client => client,
            Side::Server => server,
        };
        if half.is_lost {
            return;
        }
        half.bytes.extend_from_slice(chunk.bytes);
        let mut rest = half.bytes.as_slice();
        loop {
            match Frame::read(rest) {
                Frame::More => break,
                Frame::Lost => {
                    half.is_lost = true;
                    stun.other = stun.other.saturating_add(1);
                    break;
                }
                Frame::At {
                    start,
                    length,
                    padding,
                } => {
                    let end = start.saturating_add(length);
                    let Some(bytes) = rest.get(start..end) else {
                        break;
                    };
                    stun.datagram(Chunk { bytes, ..chunk }, 0, emit);
                    let next = end.saturating_add(padding);
                    let Some(behind) = rest.get(next..) else {
                        // the padding is still to come
                        if rest.len() > end {
                            rest = rest.get(end..).unwrap_or_default();
                        }
                        break;
                    };
                    rest = behind;
                }
            }
        }
        let taken = half.bytes.len().saturating_sub(rest.len());
        half.bytes.drain(..taken);
        if half.is_lost {
            half.bytes = Vec::new();
        }
    }

    fn gap(&mut self, side: Side, _lost: u64, _emit: &mut dyn FnMut(Output<'_>)) {
        let half = match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        half.bytes = Vec::new();
        half.is_lost = true;
    }

    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        self.stun.finish(emit);
    }
}

#[derive(Debug, Default)]
struct Message<'a> {
    kind: u16,
    attributes: Vec<u16>,
    realm: Option<String>,
    software: Option<String>,
    username: Option<String>,
    mapped: Option<IpAddr>,
    relayed: Option<IpAddr>,
    /// The other ends that a relay is asked to reach, or heard from.
    peers: Vec<IpAddr>,
    /// What the other end sent or is to get (RFC 8656 §11).
    data: Option<&'a [u8]>,
}

impl<'a> Message<'a> {
    fn read(bytes: &'a [u8]) -> Self {
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
                // RFC 3489 servers know no other
                MAPPED_ADDRESS if message.mapped.is_none() => {
                    message.mapped = xor_address(value, &[0; 16]);
                }
                XOR_RELAYED_ADDRESS => message.relayed = xor_address(value, transaction),
                XOR_PEER_ADDRESS if message.peers.len() < limits::STUN_ATTRIBUTES => {
                    message.peers.extend(xor_address(value, transaction));
                }
                DATA => message.data = Some(value),
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
        let mapped = self.mapped.map(|address| ("mapped-address", address));
        let relayed = self.relayed.map(|address| ("relayed-address", address));
        let peers = self.peers.iter().map(|address| ("peer-address", *address));
        for (name, address) in mapped.into_iter().chain(relayed).chain(peers) {
            draft.add(name, &address.to_string());
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
