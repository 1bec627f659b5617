//! When the person at the phone agreed to what apps store on it and read from it.

use std::fmt;

use super::Timestamp;

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// The moment of consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// At that time of the capture's clock.
    At(Timestamp),
    /// So many seconds after the first packet or request of the phone.
    After(u32),
    /// Not at all while the capture ran.
    Never,
}

impl Consent {
    /// Reads `never`, `+90s`, `+10m`, `+2h` and what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "never" {
            return Some(Self::Never);
        }
        let Some(span) = text.strip_prefix('+') else {
            return Timestamp::parse(text).map(Self::At);
        };
        let (number, unit) = match span.as_bytes().last()? {
            b'h' => (span.strip_suffix('h')?, 3600),
            b'm' => (span.strip_suffix('m')?, 60),
            _ => (span.strip_suffix('s').unwrap_or(span), 1),
        };
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = number.parse::<u32>().ok().filter(|_| is_number)?;
        seconds.checked_mul(unit).map(Self::After)
    }

    /// The moment, for a phone of which something was first seen at `first`.
    pub fn moment(self, first: Option<Timestamp>) -> Option<Timestamp> {
        match self {
            Self::At(time) => Some(time),
            Self::After(seconds) => {
                let span = i64::from(seconds).saturating_mul(SECOND);
                first.map(|first| Timestamp(first.0.saturating_add(span)))
            }
            Self::Never => Some(Timestamp(i64::MAX)),
        }
    }
}

impl fmt::Display for Consent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(time) => time.fmt(out),
            Self::After(seconds) => write!(out, "+{seconds}s"),
            Self::Never => out.write_str("never"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["never", "+90s", "2026-10-05T08:12:00.000Z"] {
            assert_eq!(Consent::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Consent::parse("+2m"), Some(Consent::After(120)));
        assert_eq!(Consent::parse("+1h"), Some(Consent::After(3600)));
        for text in ["", "+", "+s", "+-1s", "++1", "+9999999h", "later", "90s"] {
            assert_eq!(Consent::parse(text), None, "{text}");
        }
    }

    #[test]
    fn spans_count_from_the_first_thing_seen() {
        let first = Some(Timestamp(5 * SECOND));
        assert_eq!(Consent::After(2).moment(first), Some(Timestamp(7 * SECOND)));
        assert_eq!(Consent::After(2).moment(None), None);
        assert!(Consent::Never.moment(None) > first);
    }
}
