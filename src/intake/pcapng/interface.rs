//! An interface: its link type and how it counts time (§4.2).

use crate::model::{LinkType, Timestamp};

/// How an interface counts time (`if_tsresol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resolution {
    /// Nanoseconds per tick.
    Multiply(u64),
    /// Ticks per nanosecond; 0 if there are more than a number can hold, so that all times are 0.
    Divide(u64),
    /// Ticks are 2⁻ⁿ seconds.
    Binary(u8),
}

impl Resolution {
    pub(super) fn of(value: u8) -> Self {
        const NANO: u8 = 9;
        if value & 0x80 != 0 {
            return Self::Binary(value & 0x7f);
        }
        let power = |exponent: u8| 10_u64.checked_pow(u32::from(exponent));
        match NANO.checked_sub(value) {
            Some(exponent) => Self::Multiply(power(exponent).unwrap_or(1)),
            None => Self::Divide(power(value.saturating_sub(NANO)).unwrap_or(0)),
        }
    }

    pub(super) fn nanoseconds(self, ticks: u64) -> i64 {
        let nanoseconds = match self {
            Self::Multiply(factor) => ticks.saturating_mul(factor),
            Self::Divide(divisor) => ticks.checked_div(divisor).unwrap_or_default(),
            Self::Binary(exponent) => {
                // Below 2^94, so it cannot overflow; shifts up to 127 are defined.
                let scaled = u128::from(ticks).saturating_mul(1_000_000_000);
                u64::try_from(scaled >> exponent).unwrap_or(u64::MAX)
            }
        };
        i64::try_from(nanoseconds).unwrap_or(i64::MAX)
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Interface {
    pub(super) link: LinkType,
    pub(super) snap_len: u32,
    pub(super) resolution: Resolution,
    /// Seconds to add to each time stamp.
    pub(super) offset: i64,
    /// Drops that packets tell, each since the packet before.
    pub(super) dropped_by_packets: u64,
    /// Drops that the last statistics block tells, in total.
    pub(super) dropped_by_statistics: u64,
}

impl Interface {
    pub(super) fn time(&self, high: u32, low: u32) -> Timestamp {
        let ticks = (u64::from(high) << 32) | u64::from(low);
        let nanoseconds = self.resolution.nanoseconds(ticks);
        Timestamp(nanoseconds.saturating_add(self.offset.saturating_mul(1_000_000_000)))
    }
}
