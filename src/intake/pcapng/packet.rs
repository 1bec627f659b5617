//! The three kinds of packet block (§4.3, §4.4, appendix A).

use crate::intake::order::ByteOrder;

/// A packet block in the terms that its three kinds share.
pub(super) struct PacketBlock {
    pub(super) interface: usize,
    /// High and low half of the time; a simple packet has none.
    pub(super) ticks: Option<(u32, u32)>,
    pub(super) captured: usize,
    pub(super) wire_len: u32,
    pub(super) data_at: usize,
    pub(super) dropped: u64,
}

impl PacketBlock {
    pub(super) fn enhanced(body: &[u8], order: ByteOrder) -> Option<Self> {
        Some(Self {
            interface: usize::try_from(order.u32_at(body, 0)?).ok()?,
            ticks: Some((order.u32_at(body, 4)?, order.u32_at(body, 8)?)),
            captured: usize::try_from(order.u32_at(body, 12)?).ok()?,
            wire_len: order.u32_at(body, 16)?,
            data_at: 20,
            dropped: 0,
        })
    }

    pub(super) fn old(body: &[u8], order: ByteOrder) -> Option<Self> {
        let dropped = order.u16_at(body, 2)?;
        Some(Self {
            interface: usize::from(order.u16_at(body, 0)?),
            ticks: Some((order.u32_at(body, 4)?, order.u32_at(body, 8)?)),
            captured: usize::try_from(order.u32_at(body, 12)?).ok()?,
            wire_len: order.u32_at(body, 16)?,
            data_at: 20,
            dropped: if dropped == u16::MAX {
                0
            } else {
                u64::from(dropped)
            },
        })
    }

    /// Carries no captured length: it is what the snap length of interface 0 left of the packet.
    pub(super) fn simple(body: &[u8], order: ByteOrder, snap_len: u32) -> Option<Self> {
        let wire_len = order.u32_at(body, 0)?;
        let captured = if snap_len == 0 {
            wire_len
        } else {
            wire_len.min(snap_len)
        };
        Some(Self {
            interface: 0,
            ticks: None,
            captured: usize::try_from(captured).ok()?,
            wire_len,
            data_at: 4,
            dropped: 0,
        })
    }

    pub(super) fn data_end(&self) -> usize {
        self.data_at.saturating_add(self.captured)
    }

    pub(super) fn options_at(&self) -> usize {
        self.data_at
            .saturating_add(self.captured.next_multiple_of(4))
    }
}

/// `u-10123`, as `PCAPdroid` comments packets; the uid is -1 where it is not known.
pub(super) fn uid_of_comment(value: &[u8]) -> Option<u32> {
    let digits = value.strip_prefix(b"u-")?;
    let end = digits.iter().position(|byte| *byte == 0);
    let digits = end.map_or(Some(digits), |end| digits.get(..end))?;
    str::from_utf8(digits).ok()?.parse().ok()
}
