//! Numbers of mobile networks: of devices, subscribers, cards and cells.

use std::net::IpAddr;

use super::{is_hex, is_one_symbol, without_separators};

/// The Luhn check digit (ISO/IEC 7812-1 Annex B) over a string of digits.
fn has_luhn_digit(digits: &str) -> bool {
    let mut sum = 0_u32;
    for (position, byte) in digits.bytes().rev().enumerate() {
        let Some(digit) = char::from(byte).to_digit(10) else {
            return false;
        };
        let doubled = if position % 2 == 1 {
            digit.saturating_mul(2)
        } else {
            digit
        };
        sum = sum.saturating_add(if doubled > 9 {
            doubled.saturating_sub(9)
        } else {
            doubled
        });
    }
    !digits.is_empty() && sum.is_multiple_of(10)
}

/// An IMEI (3GPP TS 23.003 §6.2.1): 15 digits with check digit; or an IMEISV of 16 digits, which has none. Written in parts
/// (`35693803-564380-0`, RFC 7254 §4.2) the last digit is a spare and not checked.
pub(in crate::detect) fn is_imei(value: &str) -> bool {
    let mut parts = value.split('-').map(str::len);
    if (parts.next(), parts.next(), parts.next(), parts.next()) == (Some(8), Some(6), Some(1), None)
    {
        return value
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-')
            && has_reporting_body(value);
    }
    let digits = without_separators(value);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || is_one_symbol(&digits) {
        return false;
    }
    let has_type_allocation = !digits.starts_with("00000000");
    match digits.len() {
        15 => has_type_allocation && has_luhn_digit(&digits),
        16 => has_type_allocation && has_reporting_body(&digits),
        _ => false,
    }
}

/// The first two digits of an IMEI name the body that allocated it; an IMEISV has no check digit, so these must do.
fn has_reporting_body(digits: &str) -> bool {
    ["01", "35", "86", "91", "98", "99"]
        .iter()
        .any(|body| digits.starts_with(body))
}

/// A MEID: 14 hexadecimal digits, at least one of them a letter (else it cannot be told from a number).
pub(in crate::detect) fn is_meid(value: &str) -> bool {
    value.len() == 14 && is_hex(value) && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// An IMSI (ITU-T E.212): 14 or 15 digits that begin with a mobile country code.
pub(in crate::detect) fn is_imsi(value: &str) -> bool {
    let value = &*without_separators(value);
    matches!(value.len(), 14 | 15)
        && value.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(value.as_bytes().first(), Some(b'2'..=b'7'))
        && !is_one_symbol(value)
}

/// A private user identity that is made of the IMSI (3GPP TS 23.003 §13.3): `sip:262…@ims.mnc001.mcc262.3gppnetwork.org`.
pub(in crate::detect) fn is_ims_identity(value: &str) -> bool {
    let value = value.split_once(':').map_or(value, |(scheme, rest)| {
        if matches!(scheme, "sip" | "sips") {
            rest
        } else {
            value
        }
    });
    value
        .split_once('@')
        .is_some_and(|(user, domain)| is_imsi(user) && domain.contains(".3gppnetwork.org"))
}

/// A cell as SIP names it (3GPP TS 24.229 §7.2A.4): country and network in 5 or 6 digits, then area and cell in hexadecimal.
pub(in crate::detect) fn is_access_network_cell(value: &str) -> bool {
    (12..=20).contains(&value.len())
        && is_hex(value)
        && value.bytes().take(5).all(|byte| byte.is_ascii_digit())
        && !is_one_symbol(value)
}

/// A cell in groups of digits (3GPP TS 23.003 §4.3): country, network, area, cell; or the cell before its area, and how strongly it is
/// received behind both, as positioning services take it, also several of these.
pub(in crate::detect) fn is_cell_in_groups(value: &str) -> bool {
    const MARKS: [char; 7] = ['-', ':', '_', '.', ',', '|', ';'];
    let Some(mark) = value.chars().find(|letter| !letter.is_ascii_digit()) else {
        return false;
    };
    let is_of_service = matches!(mark, ',' | '|' | ';');
    let own = [mark];
    let marks: &[char] = if is_of_service { &own } else { &MARKS };
    let mut groups = value.split(marks);
    let (Some(country), Some(network), Some(area), Some(cell)) =
        (groups.next(), groups.next(), groups.next(), groups.next())
    else {
        return false;
    };
    let is_number = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_network = country.len() == 3
        && matches!(country.as_bytes().first(), Some(b'2'..=b'7'))
        && is_number(country, 3)
        && is_number(network, 3);
    if is_of_service {
        let is_signal = |text: &str| text.starts_with('-') && text.len() <= 4;
        let is_rest = |letter: char| letter.is_ascii_digit() || MARKS.contains(&letter);
        return is_network
            && is_number(area, 11)
            && is_number(cell, 11)
            && (area.len() >= 3 || cell.len() >= 3)
            && groups.all(|text| is_signal(text) || text.chars().all(is_rest));
    }
    groups.next().is_none()
        && value.parse::<IpAddr>().is_err()
        && is_network
        && network.len() >= 2
        && is_number(area, 8)
        && is_number(cell, 11)
}

/// An ICCID (ITU-T E.118): 18 to 20 digits from 89 on; 19 and 20 digits carry a check digit (some append a filler F).
pub(in crate::detect) fn is_iccid(value: &str) -> bool {
    let value = &*without_separators(value);
    let digits = value.trim_end_matches(['F', 'f']);
    digits.starts_with("89")
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && match digits.len() {
            18 => true,
            19 | 20 => has_luhn_digit(digits),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imei_needs_its_check_digit() {
        assert!(is_imei("490154203237518"));
        assert!(
            is_imei("35490154-203237-0"),
            "the spare digit of the URN form is not checked"
        );
        assert!(!is_imei("490154203237517"));
        assert!(!is_imei("000000000000000"));
        assert!(
            !is_imei("4901542032375180"),
            "an IMEISV begins with a reporting body"
        );
    }

    #[test]
    fn cells_are_told_by_their_groups() {
        for cell in [
            "262-01-4711-26385921",
            "262,1,26385921,4711,-71",
            "262|1|4711|26385921|-71",
            "262,1,26385921,4711,-71;262,1,26385922,4711,-90",
        ] {
            assert!(is_cell_in_groups(cell), "{cell}");
        }
        for other in [
            "127.0.0.1",
            "262,1,2,3",
            "1080,2340,420,60",
            "262,1,4711",
            "300,250,728,90,x",
        ] {
            assert!(!is_cell_in_groups(other), "{other}");
        }
    }
}
