//! Ethernet and what stands between it and IP: VLAN tags, MPLS, `PPPoE`, LLC; and the `PCAPdroid` trailer behind it.

use super::{Frame, OwnerMark, Refusal, be16, point_to_point, raw};
use crate::limits;

/// Bytes of a `PCAPdroid` trailer: magic, uid, label, check sum.
const TRAILER: usize = 32;
/// First bytes of the trailer.
const TRAILER_MAGIC: [u8; 4] = [0x01, 0x07, 0x20, 0x21];

/// An Ethernet frame of a capture file.
#[inline]
pub(super) fn captured(data: &[u8]) -> Result<Frame<'_>, Refusal> {
    let Some((header, rest)) = data.split_first_chunk::<14>() else {
        return Err(Refusal::Malformed("short Ethernet header"));
    };
    if header[..12] == [0; 12]
        && let Some(frame) = with_trailer(rest)
    {
        return Ok(frame);
    }
    match (header[12], header[13], rest.first().map(|byte| byte >> 4)) {
        (0x08, 0x00, Some(4)) | (0x86, 0xdd, Some(6)) => Ok(Frame::of(rest)),
        (high, low, _) => {
            let packet = typed(u16::from_be_bytes([high, low]), rest, 0);
            match packet {
                Ok(packet) => Ok(Frame::of(packet)),
                Err(refusal) => bare_ip(data).ok_or(refusal),
            }
        }
    }
}

/// Ethernet without the peculiarities of capture files, as tunnels carry it.
pub(in crate::flow) fn frame(data: &[u8]) -> Result<&[u8], Refusal> {
    inner(data, 0)
}

fn inner(data: &[u8], depth: usize) -> Result<&[u8], Refusal> {
    let kind = be16(data, 12).ok_or(Refusal::Malformed("short Ethernet header"))?;
    typed(kind, data.get(14..).unwrap_or_default(), depth)
}

/// `PCAPdroid` with "dump extensions": all-zero addresses, and uid and label in the last 32 bytes.
fn with_trailer(rest: &[u8]) -> Option<Frame<'_>> {
    let (packet, trailer) = rest.split_last_chunk::<TRAILER>()?;
    let (magic, trailer) = trailer.split_first_chunk::<4>()?;
    let (uid, trailer) = trailer.split_first_chunk::<4>()?;
    if *magic != TRAILER_MAGIC || raw(packet).is_err() {
        return None;
    }
    Some(Frame {
        packet,
        owner: Some(OwnerMark::Trailer {
            uid: i32::from_be_bytes(*uid),
            label: trailer.get(..20)?,
        }),
        direction: None,
    })
}

/// `PCAPdroid` leaves out both the made-up Ethernet header and the trailer where they do not fit into its snap length, in a
/// file that still says Ethernet. Taken as such only if the length in the IP header agrees to the byte.
fn bare_ip(data: &[u8]) -> Option<Frame<'_>> {
    let length = match data.first()? >> 4 {
        4 => usize::from(be16(data, 2)?),
        6 => usize::from(be16(data, 4)?).checked_add(40)?,
        _ => return None,
    };
    (length == data.len()).then(|| Frame::of(data))
}

/// What an `EtherType` says follows. Numbers below 1536 are lengths of LLC frames (IEEE 802.3 §3.2.6).
pub(super) fn typed(kind: u16, rest: &[u8], depth: usize) -> Result<&[u8], Refusal> {
    if depth > limits::LINK_DEPTH {
        return Err(Refusal::Malformed("too many tags"));
    }
    let tagged = |skip: usize| {
        let kind = be16(rest, skip).ok_or(Refusal::Malformed("short tag"))?;
        let rest = rest
            .get(skip.saturating_add(2)..)
            .ok_or(Refusal::Malformed("short tag"))?;
        typed(kind, rest, depth.saturating_add(1))
    };
    match kind {
        0x0800 | 0x86dd => raw(rest),
        // 802.1Q, 802.1ad and the number in use before it
        0x8100 | 0x88a8 | 0x9100 | 0x9200 => tagged(2),
        // VN-tag (802.1BR's predecessor), E-tag (802.1BR)
        0x8926 => tagged(4),
        0x893f => tagged(6),
        0x8847 | 0x8848 => labelled(rest, depth),
        0x8864 => point_to_point::pppoe(rest),
        // transparent Ethernet bridging
        0x6558 => inner(rest, depth.saturating_add(1)),
        0x88e5 => Err(Refusal::Encrypted("MACsec")),
        0..1536 => logical_link(rest),
        _ => Err(Refusal::NotInternet),
    }
}

/// MPLS label stack (RFC 3032); what follows is not named, so it is told by its first nibble (RFC 4928 §2).
fn labelled(mut rest: &[u8], depth: usize) -> Result<&[u8], Refusal> {
    for _ in 0..limits::LINK_DEPTH {
        let (entry, behind) = rest
            .split_first_chunk::<4>()
            .ok_or(Refusal::Malformed("short MPLS label"))?;
        rest = behind;
        if entry[2] & 1 == 1 {
            return match rest.first().map(|byte| byte >> 4) {
                Some(4 | 6) => Ok(rest),
                // pseudowire control word (RFC 4385), then Ethernet
                Some(0) => inner(rest.get(4..).unwrap_or_default(), depth.saturating_add(1)),
                _ => Err(Refusal::NotInternet),
            };
        }
    }
    Err(Refusal::Malformed("too many MPLS labels"))
}

/// LLC with SNAP (RFC 1042), or LLC's own number for IP.
pub(super) fn logical_link(rest: &[u8]) -> Result<&[u8], Refusal> {
    match rest {
        [0xaa, 0xaa, 0x03, 0, 0, 0 | 0xf8, high, low, packet @ ..] => {
            match u16::from_be_bytes([*high, *low]) {
                0..1536 => Err(Refusal::NotInternet),
                kind => typed(kind, packet, 1),
            }
        }
        [0x06, 0x06, 0x03, packet @ ..] => raw(packet),
        _ => Err(Refusal::NotInternet),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An IPv4 packet of so many bytes, by its header.
    fn packet(length: u8) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, length];
        packet.resize(usize::from(length), 7);
        packet
    }

    /// An unknown uid, a label that was cut inside a character, and padding in front of the trailer.
    #[test]
    fn the_trailer_of_pcapdroid_names_the_owner() {
        let mut data = [&[0; 12][..], &[8, 0], &packet(21), &[0], &TRAILER_MAGIC].concat();
        data.extend((-1_i32).to_be_bytes());
        let label = b"Kalender f\xc3\xbcr Alle\xc3\0\0\0\0";
        data.extend(&label[..20]);
        data.extend([0; 4]);
        let frame = captured(&data).unwrap();
        assert_eq!(frame.packet.get(..21), Some(&packet(21)[..]));
        assert_eq!(
            frame.owner,
            Some(OwnerMark::Trailer {
                uid: -1,
                label: &label[..20]
            })
        );
    }

    /// Both made-up parts are left out where they do not fit; only a length that agrees to the byte tells that from damage.
    #[test]
    fn a_packet_without_its_header_is_taken_where_its_length_agrees() {
        let bare = packet(40);
        assert_eq!(captured(&bare).unwrap().packet, bare);
        let longer = [&bare[..], &[0]].concat();
        assert!(captured(&longer).is_err());
    }
}
