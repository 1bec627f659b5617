//! Where and when something was seen.

use std::fmt;

/// Position of an input in the list of inputs of one audit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputId(pub u32);

/// Position of a device in the list of devices of one audit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(pub u32);

/// Nanoseconds since 1970-01-01T00:00:00Z. Capture clocks may lie before the epoch, so it is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// From whole seconds and nanoseconds; saturates at the ends of the range (years 1677 and 2262).
    pub fn from_parts(seconds: i64, nanoseconds: i64) -> Self {
        Self(
            seconds
                .saturating_mul(1_000_000_000)
                .saturating_add(nanoseconds),
        )
    }

    /// The inverse of `Display`, which is all that our own reports hold.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let number = |from: usize, to: usize| -> Option<i64> {
            let digits = text.get(from..to)?;
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| digits.parse().ok())?
        };
        let shape = |position: usize, mark: u8| bytes.get(position) == Some(&mark);
        let marks = [
            (4, b'-'),
            (7, b'-'),
            (10, b'T'),
            (13, b':'),
            (16, b':'),
            (19, b'.'),
            (23, b'Z'),
        ];
        if text.len() != 24 || !marks.iter().all(|(position, mark)| shape(*position, *mark)) {
            return None;
        }
        let days = days_from_civil(number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let seconds = days
            .saturating_mul(86_400)
            .saturating_add(number(11, 13)?.saturating_mul(3600))
            .saturating_add(number(14, 16)?.saturating_mul(60))
            .saturating_add(number(17, 19)?);
        let milliseconds = seconds.saturating_mul(1000).saturating_add(number(20, 23)?);
        Some(Self(milliseconds.saturating_mul(1_000_000)))
    }

    /// Without what `Display` leaves out: whole milliseconds.
    #[must_use]
    pub fn in_milliseconds(self) -> Self {
        Self(self.0.div_euclid(1_000_000).saturating_mul(1_000_000))
    }

    /// Nanoseconds from `earlier` to `self`; negative when the clock went backwards.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// RFC 3339 in UTC with milliseconds, so that reports do not depend on the machine's time zone.
impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.div_euclid(1_000_000);
        let (seconds, millisecond) = (milliseconds.div_euclid(1000), milliseconds.rem_euclid(1000));
        let (days, second_of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second) = (
            second_of_day / 3600,
            second_of_day / 60 % 60,
            second_of_day % 60,
        );
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z"
        )
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar (after Howard Hinnant's `days_from_civil`).
#[expect(
    clippy::arithmetic_side_effects,
    reason = "callers hand in years of four digits, months and days of two"
)]
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Proleptic Gregorian date of a day number counted from 1970-01-01 (after Howard Hinnant's `civil_from_days`).
#[expect(
    clippy::arithmetic_side_effects,
    reason = "days come from an i64 of nanoseconds, so they are below 2^17 in magnitude"
)]
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Enough to find one packet or entry of one input again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The input it was read from.
    pub input: InputId,
    /// Packet number from 1, as Wireshark counts; for HAR, dumps and logs the entry or line number from 1.
    pub frame: u64,
    /// When it was captured, by the clock of the capture.
    pub time: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_timestamps_are_read_again() {
        for nanoseconds in [0, 1, -1, 951_782_399_999_999_999, i64::MAX, i64::MIN] {
            let time = Timestamp(nanoseconds);
            let again = Timestamp::parse(&time.to_string()).unwrap();
            assert_eq!(again.to_string(), time.to_string());
            assert_eq!(again, time.in_milliseconds());
        }
        for other in [
            "",
            "2000-02-28",
            "2000-02-28T23:59:59.999+",
            "2000x02-28T23:59:59.999Z",
        ] {
            assert_eq!(Timestamp::parse(other), None, "{other}");
        }
    }

    #[test]
    fn timestamps_print_as_utc() {
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            Timestamp::from_parts(951_782_399, 999_000_000).to_string(),
            "2000-02-28T23:59:59.999Z"
        );
        assert_eq!(
            Timestamp::from_parts(951_782_400, 0).to_string(),
            "2000-02-29T00:00:00.000Z"
        );
        assert_eq!(
            Timestamp::from_parts(-1, 0).to_string(),
            "1969-12-31T23:59:59.000Z"
        );
        let _ends_do_not_panic = (
            Timestamp(i64::MAX).to_string(),
            Timestamp(i64::MIN).to_string(),
        );
    }
}
