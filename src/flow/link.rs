//! Link layers: a captured frame → the IP packet in it.
//!
//! One function a link type, one line in [`peel`]. The common Ethernet and IP headers are read at fixed offsets; IPv6
//! extension headers, which are rare, are left to etherparse, whose only home this is.

mod ethernet;
mod point_to_point;
mod tap;
mod wireless;

pub(super) use ethernet::frame as ethernet;
pub(super) use point_to_point::protocol as ppp_protocol;

use crate::limits;
use crate::model::{CaptureDirection, LinkType};

/// What lies behind the link header.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frame<'a> {
    /// From the first byte of the IP header on; may be followed by padding or a frame check sequence.
    pub(super) packet: &'a [u8],
    /// What the link header says about the socket's owner.
    pub(super) owner: Option<OwnerMark<'a>>,
    /// What the link header says about the direction.
    pub(super) direction: Option<CaptureDirection>,
}

impl<'a> Frame<'a> {
    /// A frame that says nothing but its packet.
    fn of(packet: &'a [u8]) -> Self {
        Self {
            packet,
            owner: None,
            direction: None,
        }
    }
}

/// What a link header says about the owner of the socket, not yet copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnerMark<'a> {
    /// `PCAPdroid` trailer: uid (−1 is unknown) and label padded with NUL.
    Trailer {
        /// As Android numbers it.
        uid: i32,
        /// At most 20 bytes of UTF-8, possibly cut inside a character.
        label: &'a [u8],
    },
    /// Process name of PKTAP.
    Process(&'a [u8]),
    /// Uid of netfilter's log.
    Uid(u32),
}

/// Why there is no IP packet in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Something that does not leave the local network: ARP, spanning tree, 802.11 management.
    NotInternet,
    /// Encrypted on the link.
    Encrypted(&'static str),
    /// No reader for this link type.
    UnknownLinkType(u32),
    /// Too short or contradicting itself.
    Malformed(&'static str),
}

/// Removes the link header.
pub(super) fn peel(link: LinkType, data: &[u8]) -> Result<Frame<'_>, Refusal> {
    if link == LinkType::ETHERNET {
        return ethernet::captured(data);
    }
    linked(u32::from(link.0), data, 0)
}

/// Any link type by number; link types nest in PPI and PKTAP.
fn linked(link: u32, data: &[u8], depth: usize) -> Result<Frame<'_>, Refusal> {
    if depth > limits::LINK_DEPTH {
        return Err(Refusal::Malformed("link headers nested too deeply"));
    }
    match link {
        0 | 108 => loopback(data),
        1 => ethernet::captured(data),
        9 | 50 => point_to_point::ppp(data),
        12 | 14 | 101 | 228 | 229 => raw(data).map(Frame::of),
        51 => point_to_point::pppoe(data).map(Frame::of),
        104 => point_to_point::cisco_hdlc(data).map(Frame::of),
        105 => wireless::ieee802_11(data, false).map(Frame::of),
        107 => point_to_point::frame_relay(data).map(Frame::of),
        113 => cooked(data),
        119 => wireless::prism(data).map(Frame::of),
        127 => wireless::radiotap(data).map(Frame::of),
        149 | 258 => tap::pktap(data, depth),
        163 => wireless::avs(data).map(Frame::of),
        166 => point_to_point::ppp_with_direction(data),
        192 => tap::per_packet_information(data, depth),
        239 => tap::netfilter_log(data),
        276 => cooked_2(data),
        other => Err(Refusal::UnknownLinkType(other)),
    }
}

/// Raw IP, told by the version nibble (`LINKTYPE_RAW`, `LINKTYPE_IPV4`, `LINKTYPE_IPV6`).
pub(super) fn raw(data: &[u8]) -> Result<&[u8], Refusal> {
    match data.first().map(|byte| byte >> 4) {
        Some(4 | 6) => Ok(data),
        Some(_) => Err(Refusal::Malformed("neither IPv4 nor IPv6")),
        None => Err(Refusal::Malformed("empty frame")),
    }
}

/// BSD loopback: four bytes of address family in the byte order of whoever wrote the file, big-endian for `LINKTYPE_LOOP`.
/// Families differ between systems, so both orders and all numbers of IPv6 are taken. Some write only two bytes of family
/// and an `EtherType` behind it.
fn loopback(data: &[u8]) -> Result<Frame<'_>, Refusal> {
    let (family, packet) = data
        .split_first_chunk::<4>()
        .ok_or(Refusal::Malformed("short loopback header"))?;
    let (little, big) = (u32::from_le_bytes(*family), u32::from_be_bytes(*family));
    match little.min(big) {
        2 | 10 | 23 | 24 | 28 | 30 => raw(packet).map(Frame::of),
        _ if matches!(family, [_, _, 0x08, 0x00] | [_, _, 0x86, 0xdd]) => {
            raw(packet).map(Frame::of)
        }
        _ => Err(Refusal::NotInternet),
    }
}

/// Linux cooked capture, version 1.
fn cooked(data: &[u8]) -> Result<Frame<'_>, Refusal> {
    let (header, packet) = data
        .split_first_chunk::<16>()
        .ok_or(Refusal::Malformed("short cooked header"))?;
    let kind = u16::from_be_bytes([header[0], header[1]]);
    let protocol = u16::from_be_bytes([header[14], header[15]]);
    Ok(Frame {
        packet: cooked_payload(protocol, packet)?,
        owner: None,
        direction: cooked_direction(kind),
    })
}

/// Linux cooked capture, version 2.
fn cooked_2(data: &[u8]) -> Result<Frame<'_>, Refusal> {
    let (header, packet) = data
        .split_first_chunk::<20>()
        .ok_or(Refusal::Malformed("short cooked header"))?;
    let protocol = u16::from_be_bytes([header[0], header[1]]);
    Ok(Frame {
        packet: cooked_payload(protocol, packet)?,
        owner: None,
        direction: cooked_direction(u16::from(header[10])),
    })
}

/// The protocol field of a cooked header is an `EtherType`, or 4 for LLC.
fn cooked_payload(protocol: u16, packet: &[u8]) -> Result<&[u8], Refusal> {
    if protocol == 4 {
        return ethernet::logical_link(packet);
    }
    ethernet::typed(protocol, packet, 0)
}

/// `PACKET_HOST` is 0, `PACKET_OUTGOING` is 4; the others (broadcast, overheard) say nothing.
fn cooked_direction(kind: u16) -> Option<CaptureDirection> {
    match kind {
        0 => Some(CaptureDirection::Inbound),
        4 => Some(CaptureDirection::Outbound),
        _ => None,
    }
}

/// One IPv6 extension header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extension<'a> {
    /// Options, routing, mobility or authentication: what follows, and its protocol.
    Passed(u8, &'a [u8]),
    /// A fragment header that really fragments.
    Fragment {
        /// Protocol of the whole.
        protocol: u8,
        /// Identification.
        id: u32,
        /// Offset in bytes.
        offset: u32,
        /// Whether more fragments follow.
        more: bool,
        /// The bytes of this fragment.
        bytes: &'a [u8],
    },
    /// Not an extension header: a transport protocol.
    Transport,
    /// An extension header that is cut or contradicts itself.
    Malformed,
}

/// Reads one extension header (RFC 8200 §4); the authentication header also occurs in IPv4 (RFC 4302).
pub(super) fn extension(protocol: u8, bytes: &[u8]) -> Extension<'_> {
    use etherparse::{IpAuthHeaderSlice, Ipv6FragmentHeaderSlice, Ipv6RawExtHeaderSlice};

    let passed = |next: u8, header: &[u8]| {
        bytes
            .get(header.len()..)
            .map_or(Extension::Malformed, |rest| Extension::Passed(next, rest))
    };
    match protocol {
        // hop-by-hop, routing, destination options, mobility, HIP, shim6
        0 | 43 | 60 | 135 | 139 | 140 => match Ipv6RawExtHeaderSlice::from_slice(bytes) {
            Ok(header) => passed(header.next_header().0, header.slice()),
            Err(_) => Extension::Malformed,
        },
        51 => match IpAuthHeaderSlice::from_slice(bytes) {
            Ok(header) => passed(header.next_header().0, header.slice()),
            Err(_) => Extension::Malformed,
        },
        44 => match Ipv6FragmentHeaderSlice::from_slice(bytes) {
            Ok(header) if header.is_fragmenting_payload() => Extension::Fragment {
                protocol: header.next_header().0,
                id: header.identification(),
                offset: u32::from(header.fragment_offset().value()).saturating_mul(8),
                more: header.more_fragments(),
                bytes: bytes.get(header.slice().len()..).unwrap_or_default(),
            },
            Ok(header) => passed(header.next_header().0, header.slice()),
            Err(_) => Extension::Malformed,
        },
        _ => Extension::Transport,
    }
}

/// Big-endian 16 bits at an offset.
pub(super) fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    let (value, _) = bytes.get(at..)?.split_first_chunk::<2>()?;
    Some(u16::from_be_bytes(*value))
}

/// Little-endian 32 bits at an offset.
fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    let (value, _) = bytes.get(at..)?.split_first_chunk::<4>()?;
    Some(u32::from_le_bytes(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_families_of_all_systems_are_read() {
        for family in [
            [2, 0, 0, 0],
            [0, 0, 0, 2],
            [30, 0, 0, 0],
            // two bytes of family and an EtherType
            [15, 0, 8, 0],
        ] {
            let frame = [&family[..], &[0x45; 20]].concat();
            assert!(loopback(&frame).is_ok_and(|frame| frame.packet.len() == 20));
        }
        assert!(loopback(&[7, 0, 0, 0, 0x45]).is_err());
    }
}
