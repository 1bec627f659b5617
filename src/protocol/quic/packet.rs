//! Long headers (RFC 8999 §5.1, RFC 9000 §17.2, RFC 9369 §3.2).

use super::version::V2;
use crate::protocol::cursor::Cursor;

/// Longest connection id of the versions known (RFC 9000 §17.2).
const CONNECTION_ID_BYTES: usize = 20;

/// What a packet with a long header is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Initial; its packet number begins at that offset of the packet.
    Initial(usize),
    /// 0-RTT; its number begins there.
    Early(usize),
    /// Handshake; its number begins there.
    Handshake(usize),
    /// Retry: the client begins again with another connection id.
    Retry,
    /// Version Negotiation: the client begins again with another version.
    VersionNegotiation,
}

/// One packet of a datagram.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    /// Version; 0 in a Version Negotiation packet.
    pub(super) version: u32,
    /// Connection id of the receiver.
    pub(super) destination: &'a [u8],
    /// Connection id of the sender.
    pub(super) source: &'a [u8],
    /// What it is.
    pub(super) kind: Kind,
    /// The packet without those that follow it.
    pub(super) bytes: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads the first packet of a datagram, and returns what stands behind it. `None` for anything but a long header.
    pub(super) fn read(datagram: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut cursor = Cursor::new(datagram);
        let first = cursor.u8()?;
        if first & 0x80 == 0 {
            return None;
        }
        let version = cursor.u32()?;
        let destination = cursor.vector8()?;
        let source = cursor.vector8()?;
        let longest = destination.len().max(source.len());
        if longest > CONNECTION_ID_BYTES {
            return None;
        }
        let mut packet = Self {
            version,
            destination,
            source,
            kind: kind(version, first),
            bytes: datagram,
        };
        if matches!(packet.kind, Kind::Retry | Kind::VersionNegotiation) {
            return Some((packet, &[]));
        }
        if let Kind::Initial(_) = packet.kind {
            let _token = cursor.vector_varint()?;
        }
        let len = usize::try_from(cursor.varint()?).ok()?;
        let number_at = datagram.len().checked_sub(cursor.rest().len())?;
        // A datagram that was captured in part ends early.
        let end = number_at.saturating_add(len).min(datagram.len());
        let (bytes, behind) = datagram.split_at_checked(end)?;
        packet.bytes = bytes;
        match &mut packet.kind {
            Kind::Initial(at) | Kind::Early(at) | Kind::Handshake(at) => *at = number_at,
            Kind::Retry | Kind::VersionNegotiation => {}
        }
        Some((packet, behind))
    }
}

/// The version in a long header.
pub(super) fn version(packet: &[u8]) -> Option<u32> {
    let bytes = packet.get(1..)?.first_chunk()?;
    Some(u32::from_be_bytes(*bytes))
}

fn kind(version: u32, first: u8) -> Kind {
    if version == 0 {
        return Kind::VersionNegotiation;
    }
    let kind = first >> 4 & 0b11;
    let kind = if version == V2 {
        kind.wrapping_sub(1) & 0b11
    } else {
        kind
    };
    match kind {
        0 => Kind::Initial(0),
        1 => Kind::Early(0),
        2 => Kind::Handshake(0),
        _ => Kind::Retry,
    }
}
