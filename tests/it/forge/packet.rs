//! IP packets with right lengths and checksums, and Ethernet frames around them.
//!
//! ```ignore
//! let lookup = packet::udp("192.0.2.10:40000".parse()?, "192.0.2.1:53".parse()?, &dns::query(7, "chat.example", dns::A));
//! let frame = packet::ethernet(&lookup);
//! ```

use std::net::{IpAddr, SocketAddr};

pub(crate) const FIN: u8 = 0x01;
pub(crate) const SYN: u8 = 0x02;
pub(crate) const RST: u8 = 0x04;
pub(crate) const PSH: u8 = 0x08;
pub(crate) const ACK: u8 = 0x10;

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const FRAGMENT: u8 = 44;

/// One TCP segment, without its addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub(crate) sequence: u32,
    pub(crate) acknowledgement: u32,
    pub(crate) flags: u8,
    pub(crate) payload: &'a [u8],
}

/// The length of an IP packet as it was sent, though what is there of it may be cut.
pub(crate) fn length(packet: &[u8]) -> u32 {
    let field = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
    match packet[0] >> 4 {
        4 => field(2).into(),
        _ => u32::from(field(4)) + 40,
    }
}

/// A TCP segment as an IP packet.
pub(crate) fn tcp(from: SocketAddr, to: SocketAddr, segment: Segment<'_>) -> Vec<u8> {
    // A SYN carries a maximum segment size, as any real one does.
    let options: &[u8] = if segment.flags & SYN == 0 {
        &[]
    } else {
        &[2, 4, 0x05, 0xb4]
    };
    let mut bytes = Vec::new();
    bytes.extend(from.port().to_be_bytes());
    bytes.extend(to.port().to_be_bytes());
    bytes.extend(segment.sequence.to_be_bytes());
    bytes.extend(segment.acknowledgement.to_be_bytes());
    let words = u8::try_from(5 + options.len() / 4).unwrap();
    bytes.extend([words << 4, segment.flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.extend(options);
    bytes.extend(segment.payload);
    let sum = transport_checksum(from.ip(), to.ip(), TCP, &bytes);
    bytes[16..18].copy_from_slice(&sum.to_be_bytes());
    ip(from.ip(), to.ip(), TCP, &bytes)
}

/// A UDP datagram as an IP packet.
pub(crate) fn udp(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(from.port().to_be_bytes());
    bytes.extend(to.port().to_be_bytes());
    bytes.extend(u16::try_from(payload.len() + 8).unwrap().to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(payload);
    // A sum of zero would mean "no checksum" (RFC 768), so it is sent as all ones.
    let sum = match transport_checksum(from.ip(), to.ip(), UDP, &bytes) {
        0 => 0xffff,
        sum => sum,
    };
    bytes[6..8].copy_from_slice(&sum.to_be_bytes());
    ip(from.ip(), to.ip(), UDP, &bytes)
}

/// An ICMP echo request as an IPv4 packet.
pub(crate) fn ping(from: IpAddr, to: IpAddr) -> Vec<u8> {
    let mut bytes = vec![8, 0, 0, 0, 0, 1, 0, 1];
    let sum = checksum(&[&bytes]);
    bytes[2..4].copy_from_slice(&sum.to_be_bytes());
    ip(from, to, ICMP, &bytes)
}

/// An IPv4 or IPv6 packet around any transport.
pub(crate) fn ip(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    match (from, to) {
        (IpAddr::V4(_), IpAddr::V4(_)) => ipv4(from, to, protocol, [0x40, 0], 0, payload),
        _ => ipv6(from, to, protocol, payload),
    }
}

fn ipv4(
    from: IpAddr,
    to: IpAddr,
    protocol: u8,
    flags_and_offset: [u8; 2],
    identification: u16,
    payload: &[u8],
) -> Vec<u8> {
    let mut bytes = vec![0x45, 0];
    bytes.extend(u16::try_from(payload.len() + 20).unwrap().to_be_bytes());
    bytes.extend(identification.to_be_bytes());
    bytes.extend(flags_and_offset);
    bytes.extend([64, protocol, 0, 0]);
    bytes.extend(octets(from));
    bytes.extend(octets(to));
    let sum = checksum(&[&bytes]);
    bytes[10..12].copy_from_slice(&sum.to_be_bytes());
    bytes.extend(payload);
    bytes
}

fn ipv6(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x60, 0, 0, 0];
    bytes.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    bytes.extend([protocol, 64]);
    bytes.extend(octets(from));
    bytes.extend(octets(to));
    bytes.extend(payload);
    bytes
}

/// Cuts an IP packet into fragments whose transport part is at most `most` bytes (rounded down to a multiple of eight).
pub(crate) fn fragments(packet: &[u8], identification: u16, most: usize) -> Vec<Vec<u8>> {
    let most = most / 8 * 8;
    let (header, is_version_4) = if packet[0] >> 4 == 4 {
        (20, true)
    } else {
        (40, false)
    };
    let (from, to) = addresses(packet);
    let protocol = if is_version_4 { packet[9] } else { packet[6] };
    let payload = &packet[header..];
    let mut cut = Vec::new();
    for (index, piece) in payload.chunks(most).enumerate() {
        let offset = u16::try_from(index * most / 8).unwrap();
        let is_last = (index + 1) * most >= payload.len();
        cut.push(if is_version_4 {
            let more = if is_last { 0 } else { 0x2000 };
            let field = (offset | more).to_be_bytes();
            ipv4(from, to, protocol, field, identification, piece)
        } else {
            let mut extension = vec![protocol, 0];
            extension.extend((offset << 3 | u16::from(!is_last)).to_be_bytes());
            extension.extend(u32::from(identification).to_be_bytes());
            extension.extend(piece);
            ipv6(from, to, FRAGMENT, &extension)
        });
    }
    cut
}

/// Source and destination of an IP packet.
pub(crate) fn addresses(packet: &[u8]) -> (IpAddr, IpAddr) {
    if packet[0] >> 4 == 4 {
        let of = |at: usize| IpAddr::from(<[u8; 4]>::try_from(&packet[at..at + 4]).unwrap());
        (of(12), of(16))
    } else {
        let of = |at: usize| IpAddr::from(<[u8; 16]>::try_from(&packet[at..at + 16]).unwrap());
        (of(8), of(24))
    }
}

/// An Ethernet frame from a phone to a router (locally administered addresses).
pub(crate) fn ethernet(packet: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0, 0x02];
    frame.extend(ether_type(packet));
    frame.extend(packet);
    frame
}

/// The same with an 802.1Q tag.
pub(crate) fn ethernet_vlan(packet: &[u8], vlan: u16) -> Vec<u8> {
    let mut frame = ethernet(packet);
    let [high, low] = vlan.to_be_bytes();
    frame.splice(12..12, [0x81, 0x00, high, low]);
    frame
}

/// `EtherType` of an IP packet.
pub(crate) fn ether_type(packet: &[u8]) -> [u8; 2] {
    if packet[0] >> 4 == 4 {
        [0x08, 0x00]
    } else {
        [0x86, 0xdd]
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

fn transport_checksum(from: IpAddr, to: IpAddr, protocol: u8, bytes: &[u8]) -> u16 {
    let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
    checksum(&[
        &octets(from),
        &octets(to),
        &length,
        &[0, 0, 0, protocol],
        bytes,
    ])
}

/// The internet checksum (RFC 1071) over parts; all but the last must be of even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u64;
    for part in parts {
        for pair in part.chunks(2) {
            let low = pair.get(1).copied().unwrap_or(0);
            sum += u64::from(u16::from_be_bytes([pair[0], low]));
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}
