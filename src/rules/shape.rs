//! Shapes of values: `uuid`, `hex:16..64`, `base64:32`, `base64url:22`, `time-zone`, `text`, `regex:…`.

use serde::Deserialize;

use super::Pattern;
use crate::model::Look;

/// A shape of a value.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub enum Shape {
    /// `uuid`: 8-4-4-4-12 hexadecimal digits.
    Uuid,
    /// `hex:N` or `hex:N..M`: so many hexadecimal digits.
    Hex(usize, usize),
    /// `base64:N`: decodes to so many bytes, in the standard alphabet, with or without padding.
    Base64(usize),
    /// `base64url:N`: so many characters of the URL-safe alphabet, without padding.
    Base64Url(usize),
    /// `time-zone`: a name of the IANA time zone database by its form (`Europe/Berlin`).
    TimeZone,
    /// `text`: anything with a letter in it.
    Text,
    /// `regex:…`: a regular expression.
    Regex(Pattern),
}

impl Shape {
    /// Whether `value` has it; it, or what it is a part of, looks like this.
    pub fn fits(&self, value: &str, look: Look) -> bool {
        match self {
            Self::Uuid => value.len() == 36 && is_uuid(value),
            Self::Hex(least, most) => {
                (*least..=*most).contains(&value.len())
                    && is_all(value, |byte| byte.is_ascii_hexdigit())
            }
            Self::Base64(bytes) => {
                let digits = value.trim_end_matches('=');
                let padding = value.len().saturating_sub(digits.len());
                decoded_len(digits.len()) == Some(*bytes)
                    && padding <= 2
                    && (padding == 0 || value.len().is_multiple_of(4))
                    && is_all(digits, |byte| {
                        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
                    })
            }
            Self::Base64Url(characters) => {
                value.len() == *characters
                    && is_all(value, |byte| {
                        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
                    })
            }
            Self::TimeZone => is_time_zone(value),
            Self::Text => value.chars().any(char::is_alphabetic),
            Self::Regex(pattern) => pattern.may_match(value, look) && pattern.is_match(value),
        }
    }

    /// Kinds of characters of which what has it has one; all of them, where nothing can be said.
    pub(super) fn kinds(&self) -> u16 {
        match self {
            Self::Uuid | Self::TimeZone => Look::GROUP,
            Self::Hex(..) => Look::HEX,
            Self::Base64(_) | Self::Base64Url(_) | Self::Text => u16::MAX,
            Self::Regex(pattern) => pattern.kinds(),
        }
    }

    /// The expression, if the shape is one.
    pub(super) fn pattern(&self) -> Option<&Pattern> {
        match self {
            Self::Regex(pattern) => Some(pattern),
            _ => None,
        }
    }
}

fn is_all(text: &str, accept: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(accept)
}

/// Bytes that so many base64 digits without padding stand for (RFC 4648 §4).
fn decoded_len(digits: usize) -> Option<usize> {
    let whole = (digits / 4).checked_mul(3)?;
    match digits % 4 {
        0 => Some(whole),
        2 => whole.checked_add(1),
        3 => whole.checked_add(2),
        _ => None,
    }
}

fn is_uuid(value: &str) -> bool {
    let mut groups = value.split('-');
    [8, 4, 4, 4, 12].into_iter().all(|digits| {
        groups.next().is_some_and(|group| {
            group.len() == digits && is_all(group, |byte| byte.is_ascii_hexdigit())
        })
    }) && groups.next().is_none()
}

/// `Area/Location` or `Area/Region/Location`, with the areas of the IANA database.
fn is_time_zone(value: &str) -> bool {
    const AREAS: [&str; 11] = [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
        "Etc",
    ];
    value.split_once('/').is_some_and(|(area, rest)| {
        AREAS.contains(&area)
            && is_all(rest, |byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/')
            })
    })
}

impl TryFrom<String> for Shape {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let unknown = || {
            format!(
                "{text:?} is no shape; known are uuid, hex:N, hex:N..M, base64:N, base64url:N, time-zone, text, regex:…"
            )
        };
        let number = |digits: &str| digits.parse::<usize>().map_err(|_| unknown());
        match text.split_once(':') {
            None => match text.as_str() {
                "uuid" => Ok(Self::Uuid),
                "time-zone" => Ok(Self::TimeZone),
                "text" => Ok(Self::Text),
                _ => Err(unknown()),
            },
            Some(("regex", source)) => Ok(Self::Regex(Pattern::from(source.to_owned()))),
            Some(("base64", bytes)) => Ok(Self::Base64(number(bytes)?)),
            Some(("base64url", characters)) => Ok(Self::Base64Url(number(characters)?)),
            Some(("hex", digits)) => match digits.split_once("..") {
                Some((least, most)) => Ok(Self::Hex(number(least)?, number(most)?)),
                None => Ok(Self::Hex(number(digits)?, number(digits)?)),
            },
            Some(_) => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Look, Shape};

    fn fits(shape: &str, value: &str) -> bool {
        let shape = Shape::try_from(shape.to_owned()).unwrap();
        shape.fits(value, Look::of(value))
    }

    #[test]
    fn shapes_accept_what_they_name() {
        assert!(fits("uuid", "38400000-8CF0-11bd-b23e-10b96e40000d"));
        assert!(!fits("uuid", "38400000-8cf0-11bd-b23e-10b96e40000d-"));
        assert!(!fits("uuid", "384000008cf011bdb23e10b96e40000d"));
        assert!(fits("hex:16..64", "9f86d081884c7d65"));
        assert!(!fits("hex:16..64", "9f86d081884c7d6"));
        assert!(fits(
            "base64:32",
            "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="
        ));
        assert!(fits(
            "base64:32",
            "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg"
        ));
        assert!(!fits(
            "base64:32",
            "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCg=="
        ));
        assert!(!fits(
            "base64:32",
            "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"
        ));
        assert!(fits("base64url:22", "cAbC123_-4567890abcdef"));
        assert!(fits("time-zone", "America/Argentina/Buenos_Aires"));
        assert!(!fits("time-zone", "text/plain"));
        assert!(fits("regex:^a+$", "aaa"));
    }

    #[test]
    fn an_unknown_shape_is_refused() {
        for text in ["", "hex", "hex:", "hex:1..", "base65:3", "uuid:4"] {
            assert!(Shape::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
