//! Times as logs write them → time stamps.

use jiff::tz::{Offset, TimeZone};

use crate::model::{Consent, Timestamp, days_from_civil};

/// RFC 3339 and its relatives: `T` or a space between, any number of decimals after `.` or `,`, zone as `Z`, `+01:00`, `+0100` or
/// missing (then UTC).
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    let mut rest = text.trim();
    let year = digits(&mut rest, 4)?;
    literal(&mut rest, &['-'])?;
    let month = digits(&mut rest, 2)?;
    literal(&mut rest, &['-'])?;
    let day = digits(&mut rest, 2)?;
    literal(&mut rest, &['T', 't', ' '])?;
    let hour = digits(&mut rest, 2)?;
    literal(&mut rest, &[':'])?;
    let minute = digits(&mut rest, 2)?;
    let mut second = 0;
    if literal(&mut rest, &[':']).is_some() {
        second = digits(&mut rest, 2)?;
    }
    let mut nanosecond = 0;
    if literal(&mut rest, &['.', ',']).is_some() {
        nanosecond = decimals(&mut rest)?;
    }
    let zone = zone(rest)?;
    let is_sane = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour <= 24
        && minute <= 59
        && second <= 60;
    if !is_sane {
        return None;
    }
    let time_of_day = hour
        .saturating_mul(3600)
        .saturating_add(minute.saturating_mul(60))
        .saturating_add(second);
    let seconds = days_from_civil(year, month, day)
        .saturating_mul(86_400)
        .saturating_add(time_of_day)
        .saturating_sub(zone);
    Some(Timestamp::from_parts(seconds, nanosecond))
}

/// Whether a time that [`timestamp`] reads says its zone.
pub(super) fn has_zone(text: &str) -> bool {
    let after_date = text.trim().get(10..).unwrap_or_default();
    after_date.contains(['Z', 'z', '+', '-'])
}

/// The time zone that a clock shows.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// That of this name: of the IANA, or `GMT+02:00` as Android calls those without one. `None` if it is not known.
    pub fn named(name: &str) -> Option<Self> {
        let fixed = || {
            let seconds = zone(name.strip_prefix("GMT")?)?;
            Offset::from_seconds(seconds.try_into().ok()?).ok()
        };
        let known = TimeZone::get(name).ok();
        known.or_else(|| fixed().map(TimeZone::fixed)).map(Self)
    }

    /// The moment at which the clock shows what `shown` would be in UTC. Of an hour that passes twice it is the first.
    pub fn moment(&self, shown: Timestamp) -> Timestamp {
        let moment = || {
            let shown = jiff::Timestamp::from_nanosecond(i128::from(shown.0)).ok()?;
            let shown = TimeZone::UTC.to_datetime(shown);
            let moment = self.0.to_ambiguous_timestamp(shown).compatible().ok()?;
            i64::try_from(moment.as_nanosecond()).ok()
        };
        if shown == Timestamp::default() {
            return shown;
        }
        moment().map_or(shown, Timestamp)
    }
}

/// A moment of consent as people write it: a time as `timestamp` reads it, `+90s` after the first packet, or `never`.
pub fn consent(text: &str) -> Option<Consent> {
    let text = text.trim();
    timestamp(text)
        .map(Consent::At)
        .or_else(|| Consent::parse(text))
}

/// Seconds since 1970 as a fraction, as browsers note the time of `WebSocket` messages.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast from floating point saturates, as time stamps are to"
)]
pub(super) fn timestamp_of_seconds(seconds: f64) -> Option<Timestamp> {
    // Microseconds: more than that a double does not carry today.
    seconds
        .is_finite()
        .then(|| Timestamp(((seconds * 1e6).round() as i64).saturating_mul(1000)))
}

/// A time since 1970 in seconds, or by its magnitude in milliseconds or microseconds: in seconds these are years far from ours.
pub(super) fn timestamp_by_magnitude(number: f64) -> Option<Timestamp> {
    /// The year 5138 in seconds, 1973 in milliseconds.
    const LATE: f64 = 1e11;
    let seconds = match number.abs() {
        size if size >= LATE * 1e3 => number / 1e6,
        size if size >= LATE => number / 1e3,
        _ => number,
    };
    timestamp_of_seconds(seconds)
}

fn digits(rest: &mut &str, count: usize) -> Option<i64> {
    let (number, after) = rest.split_at_checked(count)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    *rest = after;
    number.parse().ok()
}

fn literal(rest: &mut &str, expected: &[char]) -> Option<()> {
    *rest = rest.strip_prefix(expected)?;
    Some(())
}

/// Decimals of a second, as nanoseconds; what is finer is cut off.
fn decimals(rest: &mut &str) -> Option<i64> {
    let end = rest
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(rest.len());
    let (decimals, after) = rest.split_at_checked(end)?;
    *rest = after;
    let nine = decimals.get(..9).unwrap_or(decimals);
    format!("{nine:0<9}").parse().ok()
}

/// Seconds east of UTC.
fn zone(text: &str) -> Option<i64> {
    if matches!(text, "" | "Z" | "z") {
        return Some(0);
    }
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let hours = digits(&mut rest, 2)?;
    let _ = literal(&mut rest, &[':']);
    let minutes = if rest.is_empty() {
        0
    } else {
        digits(&mut rest, 2)?
    };
    let seconds = hours
        .saturating_mul(3600)
        .saturating_add(minutes.saturating_mul(60));
    rest.is_empty().then(|| seconds.saturating_mul(sign))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_time_says_its_zone_or_not() {
        for zone in ["Z", "z", "+01:00", "-0330"] {
            assert!(has_zone(&format!("2026-03-01T10:00:00.5{zone}")));
        }
        assert!(!has_zone("2026-03-01T10:00:00.500"));
        assert!(!has_zone("2026-03-01 10:00"));
    }

    #[test]
    fn a_phone_s_clock_is_read_in_its_zone() {
        let shown = |text| timestamp(text).unwrap();
        for (text, zone, moment) in [
            (
                "2026-01-02 03:04:05",
                "Europe/Berlin",
                "2026-01-02T02:04:05Z",
            ),
            (
                "2026-07-02 03:04:05.5",
                "Europe/Berlin",
                "2026-07-02T01:04:05.5Z",
            ),
            (
                "2026-10-25 02:30:00",
                "Europe/Berlin",
                "2026-10-25T00:30:00Z",
            ),
            (
                "2026-01-02 03:04:05",
                "Asia/Kolkata",
                "2026-01-01T21:34:05Z",
            ),
            ("2026-01-02 03:04:05", "GMT", "2026-01-02T03:04:05Z"),
            ("2026-01-02 03:04:05", "GMT+02:00", "2026-01-02T01:04:05Z"),
            ("2026-01-02 03:04:05", "GMT-0330", "2026-01-02T06:34:05Z"),
        ] {
            let zone = Zone::named(zone).unwrap();
            assert_eq!(zone.moment(shown(text)), shown(moment), "{text} {zone:?}");
        }
        let zone = Zone::named("Europe/Berlin").unwrap();
        assert_eq!(zone.moment(Timestamp::default()), Timestamp::default());
        for unknown in ["", "Nowhere/Here", "GMT+", "GMT+99:00"] {
            assert!(Zone::named(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn times_of_logs_are_read() {
        let read = |text| timestamp(text).map(|time| time.to_string());
        let expected = Some("2023-11-20T17:55:24.086Z".to_owned());
        for text in [
            "2023-11-20T18:55:24.086+01:00",
            "2023-11-20T18:55:24,086123456789+0100",
            "2023-11-20T17:55:24.086Z",
            "2023-11-20 17:55:24.086",
            "2023-11-20T12:25:24.086-05:30",
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        assert_eq!(
            read("2024-02-29T00:00Z"),
            Some("2024-02-29T00:00:00.000Z".to_owned())
        );
        for text in [
            "",
            "2023-11-20",
            "2023-13-20T00:00:00Z",
            "2023-11-20T00:00:00+1",
            "yesterday",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(milliseconds in -9_000_000_000_000_i64..9_000_000_000_000) {
            let time = Timestamp(milliseconds * 1_000_000);
            prop_assert_eq!(timestamp(&time.to_string()), Some(time));
        }

        #[test]
        fn any_text_is_survived(text in "\\PC{0,40}", digits in "[0-9TZ:.,+ -]{0,40}") {
            let _ = (timestamp(&text), timestamp(&digits));
        }
    }
}
