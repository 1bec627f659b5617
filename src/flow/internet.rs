//! IP headers, tunnels and fragments: a packet → the transport payloads in it.

use std::net::{IpAddr, Ipv6Addr};

use super::link::{self, Extension, be16};

/// An address; IPv4 is written as an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2), so that keys have one size.
pub(super) type Address = u128;

/// Upper 96 bits of an IPv4-mapped address.
const MAPPED: u128 = 0xffff << 32;

/// As the standard library writes it.
pub(super) fn ip_address(address: Address) -> IpAddr {
    Ipv6Addr::from_bits(address).to_canonical()
}

/// The payload of one IP packet, or of one of its fragments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Datagram<'a> {
    pub(super) source: Address,
    pub(super) destination: Address,
    /// Protocol of the payload.
    pub(super) protocol: u8,
    /// What was captured of it; never padding of the link layer.
    pub(super) payload: &'a [u8],
    /// Bytes at its end that were on the wire and not captured.
    pub(super) missing: u32,
    /// Set if this is a fragment.
    pub(super) fragment: Option<Fragment>,
}

/// Place of a fragment in its whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fragment {
    pub(super) id: u32,
    /// In bytes.
    pub(super) offset: u32,
    /// Whether more follow.
    pub(super) more: bool,
}

/// Reads an IP header. `cut` is the number of bytes that were on the wire behind `packet` and not captured.
///
/// The length in the IP header is trusted, so that padding is not taken for payload; a length of zero is what segmentation
/// offload leaves, and means all there is.
#[inline]
pub(super) fn datagram(packet: &[u8], cut: u32) -> Result<Datagram<'_>, &'static str> {
    match packet.first().map(|byte| byte >> 4) {
        Some(4) => version_4(packet, cut),
        Some(6) => version_6(packet, cut),
        _ => Err("neither IPv4 nor IPv6"),
    }
}

#[inline]
fn version_4(packet: &[u8], cut: u32) -> Result<Datagram<'_>, &'static str> {
    let (header, _) = packet
        .split_first_chunk::<20>()
        .ok_or("short IPv4 header")?;
    let header_length = usize::from(header[0] & 0x0f).saturating_mul(4);
    let total_length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let (20.., Some(behind)) = (header_length, packet.get(header_length..)) else {
        return Err("IPv4 header length");
    };
    let (payload, missing) = match total_length {
        0 => (behind, cut),
        _ => limited(
            behind,
            total_length
                .checked_sub(header_length)
                .ok_or("IPv4 total length")?,
        ),
    };
    let flags = u16::from_be_bytes([header[6], header[7]]);
    let mut datagram = Datagram {
        source: MAPPED
            | u128::from(u32::from_be_bytes([
                header[12], header[13], header[14], header[15],
            ])),
        destination: MAPPED
            | u128::from(u32::from_be_bytes([
                header[16], header[17], header[18], header[19],
            ])),
        protocol: header[9],
        payload,
        missing,
        fragment: None,
    };
    // more fragments, or an offset
    if flags & 0x3fff != 0 {
        datagram.fragment = Some(Fragment {
            id: u32::from(u16::from_be_bytes([header[4], header[5]])),
            offset: u32::from(flags & 0x1fff).saturating_mul(8),
            more: flags & 0x2000 != 0,
        });
    } else if is_extension(datagram.protocol) {
        return datagram.without_extensions();
    }
    Ok(datagram)
}

#[inline]
fn version_6(packet: &[u8], cut: u32) -> Result<Datagram<'_>, &'static str> {
    let (header, behind) = packet
        .split_first_chunk::<40>()
        .ok_or("short IPv6 header")?;
    let (source, rest) = header
        .get(8..)
        .and_then(|rest| rest.split_first_chunk::<16>())
        .ok_or("short IPv6 header")?;
    let (destination, _) = rest.split_first_chunk::<16>().ok_or("short IPv6 header")?;
    let (payload, missing) = match u16::from_be_bytes([header[4], header[5]]) {
        // jumbograms (RFC 2675) and segmentation offload
        0 => (behind, cut),
        length => limited(behind, usize::from(length)),
    };
    let datagram = Datagram {
        source: u128::from_be_bytes(*source),
        destination: u128::from_be_bytes(*destination),
        protocol: header[6],
        payload,
        missing,
        fragment: None,
    };
    if is_extension(datagram.protocol) {
        return datagram.without_extensions();
    }
    Ok(datagram)
}

/// The first `length` bytes of `captured`, and how many of them are not there.
fn limited(captured: &[u8], length: usize) -> (&[u8], u32) {
    match captured.get(..length) {
        Some(payload) => (payload, 0),
        None => (
            captured,
            u32::try_from(length.saturating_sub(captured.len())).unwrap_or(u32::MAX),
        ),
    }
}

/// Whether a protocol number is that of an extension header.
fn is_extension(protocol: u8) -> bool {
    matches!(protocol, 0 | 43 | 44 | 51 | 60 | 135 | 139 | 140)
}

impl Datagram<'_> {
    /// Walks over extension headers; each takes at least eight bytes, so the walk ends.
    pub(super) fn without_extensions(mut self) -> Result<Self, &'static str> {
        loop {
            match link::extension(self.protocol, self.payload) {
                Extension::Transport => return Ok(self),
                Extension::Malformed => return Err("IPv6 extension header"),
                Extension::Passed(protocol, payload) => {
                    self.protocol = protocol;
                    self.payload = payload;
                }
                Extension::Fragment {
                    protocol,
                    id,
                    offset,
                    more,
                    bytes,
                } => {
                    self.protocol = protocol;
                    self.payload = bytes;
                    self.fragment = Some(Fragment { id, offset, more });
                    return Ok(self);
                }
            }
        }
    }
}

/// The packet inside a tunnel that is told by its IP protocol number. `None` if it is no tunnel, or one whose contents
/// cannot be read: then it is a flow like any other.
pub(super) fn tunnel(protocol: u8, payload: &[u8]) -> Option<&[u8]> {
    match protocol {
        // IPv4 and IPv6 encapsulation (RFC 2003, RFC 4213, RFC 2473)
        4 | 41 => link::raw(payload).ok(),
        47 => generic_routing(payload),
        // Ethernet within IP (RFC 3378): two bytes of version
        97 => link::ethernet(payload.get(2..)?).ok(),
        _ => None,
    }
    .filter(|packet| is_packet(packet))
}

/// GRE (RFC 2784, RFC 2890), with PPP in it (RFC 2637), bridged Ethernet and ERSPAN.
fn generic_routing(payload: &[u8]) -> Option<&[u8]> {
    let (flags, kind) = (be16(payload, 0)?, be16(payload, 2)?);
    let version = flags & 0b111;
    let has = |bit: u16| usize::from(flags & bit != 0).saturating_mul(4);
    // checksum (which routing also implies), key, sequence number; version 1 has an acknowledgement number as well
    let checksum = has(0x8000).max(has(0x4000));
    let optional = match version {
        0 => checksum,
        1 => has(0x0080),
        _ => return None,
    };
    let length = 4_usize
        .saturating_add(optional)
        .saturating_add(has(0x2000))
        .saturating_add(has(0x1000));
    // source routes are long obsolete
    if flags & 0x4000 != 0 {
        return None;
    }
    let inner = payload.get(length..)?;
    match kind {
        0x0800 | 0x86dd => link::raw(inner).ok(),
        0x6558 => link::ethernet(inner).ok(),
        // ERSPAN types I (no sequence number, no header) and II, type III
        0x88be if flags & 0x1000 == 0 => link::ethernet(inner).ok(),
        0x88be => link::ethernet(inner.get(8..)?).ok(),
        0x22eb => link::ethernet(inner.get(12..)?).ok(),
        0x880b => link::ppp_protocol(inner.strip_prefix(&[0xff, 0x03]).unwrap_or(inner)).ok(),
        _ => None,
    }
}

/// The packet inside a tunnel on UDP: GTP-U (3GPP TS 29.281), VXLAN (RFC 7348), Geneve (RFC 8926) and Teredo (RFC 4380). Port
/// numbers alone prove little, so the header must be right to the bit and an IP packet must follow.
pub(super) fn tunnel_on_udp(ports: [u16; 2], payload: &[u8]) -> Option<&[u8]> {
    if ports.contains(&2152) {
        user_plane(payload)
    } else if ports.contains(&4789) {
        match payload {
            [0x08, 0, 0, 0, _, _, _, 0, frame @ ..] => link::ethernet(frame).ok(),
            _ => None,
        }
    } else if ports.contains(&6081) {
        geneve(payload)
    } else if ports.contains(&3544) {
        teredo(payload)
    } else {
        None
    }
    .filter(|packet| is_packet(packet))
}

/// Geneve (RFC 8926 §3.4): options, then a packet, or a frame with one.
fn geneve(payload: &[u8]) -> Option<&[u8]> {
    let ([first, flags, kind_high, kind_low, _, _, _, 0], rest) =
        payload.split_first_chunk::<8>()?
    else {
        return None;
    };
    // version 0, and no control packet
    if first & 0xc0 != 0 || flags & 0xbf != 0 {
        return None;
    }
    let options = usize::from(first & 0x3f).checked_mul(4)?;
    let rest = rest.get(options..)?;
    match u16::from_be_bytes([*kind_high, *kind_low]) {
        0x6558 => link::ethernet(rest).ok(),
        0x0800 | 0x86dd => Some(rest),
        _ => None,
    }
}

/// Teredo (RFC 4380 §5.1.1): an authentication, an origin indication, or both may stand before IPv6.
fn teredo(payload: &[u8]) -> Option<&[u8]> {
    let mut rest = payload;
    if let [0, 1, id, value, ..] = rest {
        let length = 13_usize
            .checked_add(usize::from(*id))?
            .checked_add(usize::from(*value))?;
        rest = rest.get(length..)?;
    }
    if let [0, 0, _, _, _, _, _, _, behind @ ..] = rest {
        rest = behind;
    }
    (rest.first()? >> 4 == 6).then_some(rest)
}

/// Whether this is an IP packet by its version and header length.
fn is_packet(packet: &[u8]) -> bool {
    matches!(packet, [0x45..=0x4f, ..] if packet.len() >= 20)
        || matches!(packet, [0x60..=0x6f, ..] if packet.len() >= 40)
}

/// GTP-U version 1: a T-PDU (message 255), possibly with sequence number and extension headers.
fn user_plane(payload: &[u8]) -> Option<&[u8]> {
    let [flags, 255, _, _, _, _, _, _, rest @ ..] = payload else {
        return None;
    };
    // version 1, protocol type GTP
    if flags & 0xf0 != 0x30 {
        return None;
    }
    // extension header, sequence number, N-PDU number: any of them brings all three fields
    if flags.trailing_zeros() >= 3 {
        return Some(rest);
    }
    let ([_, _, _, next], mut rest) = rest.split_first_chunk::<4>()?;
    let mut next = if flags & 0b100 == 0 { 0 } else { *next };
    // each header is its length in fours, contents, and the type of the next; a length of zero ends the walk
    while next != 0 {
        let length = usize::from(*rest.first()?).checked_mul(4)?;
        next = *rest.get(length.checked_sub(1)?)?;
        rest = rest.get(length..)?;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ipv6() -> Vec<u8> {
        let mut packet = vec![0; 48];
        packet[0] = 0x60;
        packet
    }

    #[test]
    fn packets_in_tunnels_on_udp_are_found_behind_their_headers() {
        let packet = ipv6();
        let mut frame = vec![2; 12];
        frame.extend([0x86, 0xdd]);
        frame.extend(&packet);
        let wrapped = |header: &[u8], inner: &[u8]| [header, inner].concat();
        let origin = [0, 0, 1, 2, 3, 4, 5, 6];
        let authentication = [&[0, 1, 2, 3][..], &[9; 5], &[7; 8], &[0]].concat();
        for (port, payload) in [
            (4789, wrapped(&[8, 0, 0, 0, 1, 2, 3, 0], &frame)),
            (6081, wrapped(&[0, 0, 0x65, 0x58, 1, 2, 3, 0], &frame)),
            (
                6081,
                wrapped(&[1, 0x40, 0x86, 0xdd, 1, 2, 3, 0, 9, 9, 9, 0], &packet),
            ),
            (3544, packet.clone()),
            (3544, wrapped(&origin, &packet)),
            (3544, wrapped(&authentication, &packet)),
            (3544, wrapped(&authentication, &wrapped(&origin, &packet))),
        ] {
            assert_eq!(
                tunnel_on_udp([40_000, port], &payload),
                Some(&*packet),
                "{port} {payload:?}"
            );
            for end in 0..payload.len() - packet.len() {
                assert_eq!(tunnel_on_udp([40_000, port], &payload[..end]), None);
            }
        }
        let control = wrapped(&[0, 0x80, 0x86, 0xdd, 1, 2, 3, 0], &packet);
        assert_eq!(tunnel_on_udp([40_000, 6081], &control), None);
        assert_eq!(tunnel_on_udp([40_000, 53], &packet), None);
    }
}
