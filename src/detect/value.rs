//! Whether a value is what its name says: check digits, numbering plans, shapes. Pure functions on text.

mod degrees;
mod digest;
mod mail;
mod mobile;
mod phone;

use std::borrow::Cow;
use std::net::IpAddr;

pub(super) use self::degrees::{
    Degrees, METRES_PER_DEGREE, degrees, degrees_in_a_row, degrees_with_direction, half_a_unit,
    pair_with_decimal_points, sexagesimal, sexagesimal_pairs, whole_metres, with_decimal_point,
    without_direction,
};
pub(super) use self::digest::{
    has_form_of_base64_digest, is_base64_digest, is_cut_digest, is_short_base64_digest,
    is_short_digest, is_whole_digest,
};
pub(super) use self::mail::{is_email, is_message_id, is_of_documentation, is_role_address};
pub(super) use self::mobile::{
    is_access_network_cell, is_cell_in_groups, is_iccid, is_imei, is_ims_identity, is_imsi, is_meid,
};
pub(super) use self::phone::{
    Line, Number, is_date_or_time, is_number_in_groups, is_of_north_america,
    mobiles_of_one_country, phone, phone_anywhere, phone_e164, phone_number, sample,
};
use crate::model::Look;

/// Kinds of characters of which white space is.
const WHITE: u16 = Look::SPACE | Look::BEYOND;

/// A text that looks like this without white space around it.
pub(super) fn trimmed(text: &str, look: Look) -> &str {
    if look.has(WHITE) { text.trim() } else { text }
}

/// A value without the quotes, brackets and URN prefixes that protocols wrap it in (RFC 7254: `"<urn:gsma:imei:…>"`); it, or
/// what it is a part of, looks like this.
pub(super) fn bare(text: &str, look: Look) -> &str {
    let text = if look.has(WHITE | Look::OTHER) {
        text.trim().trim_matches(['"', '<', '>'])
    } else {
        text
    };
    if !look.has(Look::COLON) {
        return text;
    }
    ["urn:gsma:imei:", "urn:uuid:", "mailto:", "tel:"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .unwrap_or(text)
}

/// A UUID (RFC 9562) with or without hyphens or braces; returns its 32 hexadecimal digits in lower case.
pub(super) fn uuid_digits(value: &str) -> Option<String> {
    let inner = value.trim_start_matches('{').trim_end_matches('}');
    let digits = match inner.len() {
        36 => {
            let hyphens_fit = inner
                .bytes()
                .enumerate()
                .all(|(position, byte)| (byte == b'-') == matches!(position, 8 | 13 | 18 | 23));
            if !hyphens_fit {
                return None;
            }
            inner.replace('-', "")
        }
        32 => inner.to_owned(),
        _ => return None,
    };
    is_hex(&digits).then(|| digits.to_ascii_lowercase())
}

/// A UUID whose digits are all zero: an identifier that the system withholds.
pub(super) fn is_nil_uuid(value: &str) -> bool {
    uuid_digits(value).is_some_and(|digits| digits.bytes().all(|byte| byte == b'0'))
}

/// A text in which spaces and hyphens of typography are plain ones, and marks of writing direction are gone: address books of
/// phones put these into numbers.
pub(super) fn with_plain_separators(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let plain = text.chars().filter_map(|letter| match letter {
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => Some(' '),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => None,
        letter => Some(letter),
    });
    Cow::Owned(plain.collect())
}

/// An IP address, also with a port behind it.
pub(super) fn is_ip_address(value: &str) -> bool {
    value.parse::<IpAddr>().is_ok_and(|address| {
        !address.is_unspecified() && !address.is_loopback() && !is_documentation(address)
    })
}

/// Addresses that stand for others in documents and examples (RFC 5737, 3849).
fn is_documentation(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            matches!(
                address.octets(),
                [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _]
            )
        }
        IpAddr::V6(address) => matches!(address.segments(), [0x2001, 0xdb8, ..]),
    }
}

/// A hardware address (EUI-48): six bytes in hexadecimal digits, with marks between them.
pub(super) fn is_hardware_address(value: &str) -> bool {
    let mut parts = value.split([':', '-']);
    value.len() == 17
        && parts.all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A serial number of a device: letters and digits, no counter and no word.
pub(super) fn is_serial_number(value: &str) -> bool {
    (8..=20).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// A cell of the H3 grid (h3geo.org, "H3 Index Representations") from the size of a town down to that of a house: its mode, which
/// its first digit is, its base cell and its digits fit, and what is finer than its resolution is of ones.
pub(super) fn is_h3_cell(value: &str) -> bool {
    const DIGITS: usize = 15;
    const BASE_CELLS: u64 = 122;
    if value.len() != DIGITS || !value.starts_with('8') {
        return false;
    }
    let Ok(index) = u64::from_str_radix(value, 16) else {
        return false;
    };
    let (resolution, base) = (index >> 52 & 15, index >> 45 & 127);
    let finer = 15_u64.saturating_sub(resolution);
    // From the finest digit on.
    let digits = std::iter::successors(Some(index), |rest| Some(rest >> 3));
    let mut digits = (0..15).zip(digits.map(|rest| rest & 7));
    (5..=11).contains(&resolution)
        && base < BASE_CELLS
        && digits.all(|(position, digit)| (digit == 7) == (position < finer))
}

/// What is burnt into a phone, by its name and form: Apple's UDID (`00008101-000A1D2E3F40001E`), the 32 digits of an eSIM (GSMA
/// SGP.02 §2.2.3), the digest of a DRM module.
pub(super) fn is_hardware_key(name: &str, value: &str) -> bool {
    if name.contains("udid") {
        return value.split_once('-').is_some_and(|(chip, unique)| {
            chip.len() == 8 && unique.len() == 16 && is_hex(chip) && is_hex(unique)
        });
    }
    if name.contains("drm") || name.contains("widevine") || name.contains("deviceunique") {
        let is_in_hex = || matches!(value.len(), 32 | 64) && is_hex(value) && !is_one_symbol(value);
        return is_in_hex() || is_base64_digest(value);
    }
    name.ends_with("eid")
        && value.len() == 32
        && value.starts_with("89")
        && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// Only hexadecimal digits.
pub(super) fn is_hex(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The same character throughout: a placeholder.
pub(super) fn is_one_symbol(value: &str) -> bool {
    let mut bytes = value.bytes();
    bytes
        .next()
        .is_some_and(|first| bytes.all(|byte| byte == first))
}

fn without_separators(value: &str) -> String {
    value
        .chars()
        .filter(|character| !matches!(character, ' ' | '-' | '/' | '.'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_read_with_and_without_hyphens() {
        assert!(uuid_digits("38400000-8cf0-11bd-b23e-10b96e40000d").is_some());
        assert!(uuid_digits("384000008cf011bdb23e10b96e40000d").is_some());
        assert!(uuid_digits("38400000-8cf0-11bd-b23e-10b96e40000").is_none());
        assert!(is_nil_uuid("00000000-0000-0000-0000-000000000000"));
    }
}
