//! IEEE 802.11 data frames, alone and behind radiotap, Prism and AVS headers.

use super::{Refusal, be16, ethernet, le32};

/// Bit of the radiotap flags field: the 802.11 header is padded to four bytes.
const RADIOTAP_PADDED: u8 = 0x20;

/// An 802.11 frame. `is_padded` says that the header is followed by padding to a multiple of four.
pub(super) fn ieee802_11(data: &[u8], is_padded: bool) -> Result<&[u8], Refusal> {
    let [control, flags, ..] = data else {
        return Err(Refusal::Malformed("short 802.11 header"));
    };
    let (kind, subtype) = (control >> 2 & 0b11, control >> 4);
    // only data frames; subtypes with bit 2 set carry no data (IEEE 802.11-2020, table 9-1)
    if kind != 2 || subtype & 0b0100 != 0 {
        return Err(Refusal::NotInternet);
    }
    let has_quality_of_service = subtype & 0b1000 != 0;
    let mut length: usize = 24;
    if flags & 0b11 == 0b11 {
        length = length.saturating_add(6);
    }
    let quality_at = length;
    if has_quality_of_service {
        length = length.saturating_add(2);
        // "+HTC/Order": four more bytes
        if flags & 0x80 != 0 {
            length = length.saturating_add(4);
        }
    }
    if is_padded {
        length = length.next_multiple_of(4);
    }
    if flags & 0x40 != 0 {
        return Err(Refusal::Encrypted("802.11 frame"));
    }
    let body = data
        .get(length..)
        .ok_or(Refusal::Malformed("short 802.11 header"))?;
    let is_aggregate =
        has_quality_of_service && data.get(quality_at).is_some_and(|byte| byte & 0x80 != 0);
    if is_aggregate {
        // A-MSDU: each part has addresses and a length; only the first is read
        return ethernet::logical_link(body.get(14..).unwrap_or_default());
    }
    ethernet::logical_link(body)
}

/// Behind a radiotap header: little-endian, with its own length.
pub(super) fn radiotap(data: &[u8]) -> Result<&[u8], Refusal> {
    let short = Refusal::Malformed("short radiotap header");
    let [0, _, low, high, ..] = data else {
        return Err(Refusal::Malformed("radiotap version"));
    };
    let length = usize::from(u16::from_le_bytes([*low, *high]));
    let (header, frame) = data.split_at_checked(length).ok_or(short)?;
    let is_padded = radiotap_flags(header).is_some_and(|flags| flags & RADIOTAP_PADDED != 0);
    ieee802_11(frame, is_padded)
}

/// The flags field: the second field, behind an aligned 64-bit timer if bit 0 says so. Bit 31 says that another word of
/// bits follows.
fn radiotap_flags(header: &[u8]) -> Option<u8> {
    let present = le32(header, 4)?;
    if present & 0b10 == 0 {
        return None;
    }
    let mut at: usize = 4;
    while le32(header, at)? & 0x8000_0000 != 0 {
        at = at.checked_add(4)?;
    }
    at = at.checked_add(4)?;
    if present & 1 == 1 {
        at = at.checked_next_multiple_of(8)?.checked_add(8)?;
    }
    header.get(at).copied()
}

/// Behind a Prism header, whose length is in the byte order of whoever wrote it; AVS headers share the link type.
pub(super) fn prism(data: &[u8]) -> Result<&[u8], Refusal> {
    if be16(data, 0) == Some(0x8021) {
        return avs(data);
    }
    let length = le32(data, 4).ok_or(Refusal::Malformed("short Prism header"))?;
    let length = if length > 0xffff {
        length.swap_bytes()
    } else {
        length
    };
    behind(data, length)
}

/// Behind an AVS header: big-endian.
pub(super) fn avs(data: &[u8]) -> Result<&[u8], Refusal> {
    let length = le32(data, 4).ok_or(Refusal::Malformed("short AVS header"))?;
    behind(data, length.swap_bytes())
}

fn behind(data: &[u8], length: u32) -> Result<&[u8], Refusal> {
    let frame = usize::try_from(length)
        .ok()
        .and_then(|length| data.get(length..))
        .ok_or(Refusal::Malformed("short 802.11 capture header"))?;
    ieee802_11(frame, false)
}
