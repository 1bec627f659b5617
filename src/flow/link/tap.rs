//! Capture headers that carry another link type or say whose packet it is: PKTAP, PPI, netfilter's log.

use super::{Frame, OwnerMark, Refusal, le32, linked, raw};
use crate::model::CaptureDirection;

/// Apple PKTAP: little-endian; length, type, link type, interface, flags, process and effective process.
pub(super) fn pktap(data: &[u8], depth: usize) -> Result<Frame<'_>, Refusal> {
    let short = Refusal::Malformed("short PKTAP header");
    let length = usize::try_from(le32(data, 0).ok_or(short)?).map_err(|_| short)?;
    let (header, rest) = data.split_at_checked(length).ok_or(short)?;
    let (Some(kind), Some(link), Some(flags)) =
        (le32(header, 4), le32(header, 8), le32(header, 36))
    else {
        return Err(short);
    };
    // type 1 is a packet
    if kind != 1 {
        return Err(Refusal::NotInternet);
    }
    let name = |at: usize| {
        let field = header.get(at..at.checked_add(17)?)?;
        let name = field.split(|byte| *byte == 0).next()?;
        (!name.is_empty()).then_some(name)
    };
    let mut frame = linked(link, rest, depth.saturating_add(1))?;
    // The effective process is the app on whose behalf a system service talks, so it goes before the process itself.
    if let Some(process) = name(88).or_else(|| name(56)) {
        frame.owner = Some(OwnerMark::Process(process));
    }
    frame.direction = match flags & 0b11 {
        1 => Some(CaptureDirection::Inbound),
        2 => Some(CaptureDirection::Outbound),
        _ => frame.direction,
    };
    Ok(frame)
}

/// Per-packet information: little-endian; version, flags, length, link type.
pub(super) fn per_packet_information(data: &[u8], depth: usize) -> Result<Frame<'_>, Refusal> {
    let short = Refusal::Malformed("short PPI header");
    let [_, _, low, high, ..] = data else {
        return Err(short);
    };
    let link = le32(data, 4).ok_or(short)?;
    let rest = data
        .get(usize::from(u16::from_le_bytes([*low, *high])).max(8)..)
        .ok_or(short)?;
    linked(link, rest, depth.saturating_add(1))
}

/// Netfilter's log: family, version, group, then attributes of length, type and value, padded to four bytes and in the byte
/// order of the machine that logged.
pub(super) fn netfilter_log(data: &[u8]) -> Result<Frame<'_>, Refusal> {
    /// Attribute types of `nfnetlink_log.h`.
    const PACKET_HEADER: u8 = 1;
    const PAYLOAD: u8 = 9;
    const UID: u8 = 11;

    let mut rest = data
        .get(4..)
        .ok_or(Refusal::Malformed("short netfilter header"))?;
    let mut frame = Frame::default();
    while let Some((head, _)) = rest.split_first_chunk::<4>() {
        // types are small numbers other than 0, so the zero byte tells the order
        let (length, kind) = if head[3] == 0 {
            (u16::from_le_bytes([head[0], head[1]]), head[2])
        } else {
            (u16::from_be_bytes([head[0], head[1]]), head[3])
        };
        let length = usize::from(length);
        // the payload comes last and may be cut
        let Some(value) = rest.get(4..length.min(rest.len())) else {
            return Err(Refusal::Malformed("netfilter attribute"));
        };
        match (kind, value) {
            (PAYLOAD, packet) => frame.packet = packet,
            (UID, [a, b, c, d]) => {
                frame.owner = Some(OwnerMark::Uid(u32::from_be_bytes([*a, *b, *c, *d])));
            }
            (PACKET_HEADER, [_, _, hook, ..]) => {
                frame.direction = match hook {
                    1 => Some(CaptureDirection::Inbound),
                    3 => Some(CaptureDirection::Outbound),
                    _ => None,
                };
            }
            _ => {}
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    raw(frame.packet)?;
    Ok(frame)
}
