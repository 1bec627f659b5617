//! PPP with and without HDLC framing, `PPPoE`, Cisco HDLC, frame relay.

use super::{Frame, Refusal, be16, ethernet, raw};
use crate::model::CaptureDirection;

/// PPP, with address and control bytes (RFC 1662 §3.1) or without; Cisco HDLC may stand in its place.
pub(super) fn ppp(data: &[u8]) -> Result<Frame<'_>, Refusal> {
    match data {
        [0x7e, rest @ ..] => ppp_bytes(rest),
        [0x0f | 0x8f, 0, ..] => cisco_hdlc(data),
        _ => ppp_bytes(data),
    }
    .map(Frame::of)
}

/// `LINKTYPE_PPP_PPPD`: a byte of direction before PPP.
pub(super) fn ppp_with_direction(data: &[u8]) -> Result<Frame<'_>, Refusal> {
    let (direction, rest) = data
        .split_first()
        .ok_or(Refusal::Malformed("short PPP header"))?;
    Ok(Frame {
        packet: ppp_bytes(rest)?,
        owner: None,
        direction: Some(if *direction == 0 {
            CaptureDirection::Inbound
        } else {
            CaptureDirection::Outbound
        }),
    })
}

fn ppp_bytes(data: &[u8]) -> Result<&[u8], Refusal> {
    match data {
        [0xff, 0x03, rest @ ..] => protocol(rest),
        _ => protocol(data),
    }
}

/// From the protocol field on. It is one byte if that is odd (RFC 1661 §6.5).
pub(in crate::flow) fn protocol(data: &[u8]) -> Result<&[u8], Refusal> {
    let (number, rest) = match data {
        [number, rest @ ..] if number & 1 == 1 => (u16::from(*number), rest),
        [high, low, rest @ ..] => (u16::from_be_bytes([*high, *low]), rest),
        _ => return Err(Refusal::Malformed("short PPP header")),
    };
    match number {
        0x0021 | 0x0057 => raw(rest),
        0x0053 | 0x0055 | 0x00fb | 0x00fd => Err(Refusal::Encrypted("compressed or encrypted PPP")),
        _ => Err(Refusal::NotInternet),
    }
}

/// `PPPoE` session (RFC 2516 §4): six bytes, then PPP from its protocol field on.
pub(super) fn pppoe(data: &[u8]) -> Result<&[u8], Refusal> {
    match data {
        // version 1, type 1, code 0 is session data; other codes are discovery
        [0x11, 0, _, _, _, _, rest @ ..] => protocol(rest),
        [0x11, _, ..] => Err(Refusal::NotInternet),
        _ => Err(Refusal::Malformed("short PPPoE header")),
    }
}

/// Cisco HDLC: address, control, `EtherType`.
pub(super) fn cisco_hdlc(data: &[u8]) -> Result<&[u8], Refusal> {
    match data {
        [0x0f | 0x8f, 0, high, low, rest @ ..] => {
            ethernet::typed(u16::from_be_bytes([*high, *low]), rest, 0)
        }
        // files of this type may hold PPP as well
        [0xff, 0x03, rest @ ..] => protocol(rest),
        _ => Err(Refusal::Malformed("neither Cisco HDLC nor PPP")),
    }
}

/// Frame relay (RFC 2427), and Cisco's own form with an `EtherType` in its place.
pub(super) fn frame_relay(data: &[u8]) -> Result<&[u8], Refusal> {
    let address = data
        .iter()
        .take(4)
        .position(|byte| byte & 1 == 1)
        .ok_or(Refusal::Malformed("frame relay address without end"))?;
    let rest = data.get(address.saturating_add(1)..).unwrap_or_default();
    let numbered = match rest {
        [0x03, 0, nlpid, rest @ ..] | [0x03, nlpid, rest @ ..] => Some((*nlpid, rest)),
        _ => None,
    };
    match numbered {
        Some((0xcc | 0x8e, packet)) => raw(packet),
        Some((0x80, [0, 0, 0, high, low, packet @ ..])) => {
            ethernet::typed(u16::from_be_bytes([*high, *low]), packet, 0)
        }
        // bridged Ethernet, with and without check sum
        Some((0x80, [0x00, 0x80, 0xc2, 0, 1 | 7, packet @ ..])) => ethernet::frame(packet),
        Some(_) => Err(Refusal::NotInternet),
        None => match be16(rest, 0) {
            Some(kind @ (0x0800 | 0x86dd)) => {
                ethernet::typed(kind, rest.get(2..).unwrap_or_default(), 0)
            }
            _ => Err(Refusal::NotInternet),
        },
    }
}
