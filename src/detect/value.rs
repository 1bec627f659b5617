//! Whether a value is what its name says: check digits, numbering plans, shapes. Pure functions on text.

mod degrees;
mod phone;

use std::borrow::Cow;
use std::net::IpAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;

pub(super) use self::degrees::{
    Degrees, METRES_PER_DEGREE, degrees, degrees_in_a_row, degrees_with_direction, half_a_unit,
    pair_with_decimal_points, sexagesimal, sexagesimal_pairs, whole_metres, with_decimal_point,
    without_direction,
};
pub(super) use self::phone::{
    Line, Number, is_date_or_time, is_number_in_groups, is_of_north_america,
    mobiles_of_one_country, phone, phone_anywhere, phone_e164, phone_number, sample,
};
use crate::model::{Look, is_below};

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

/// The Luhn check digit (ISO/IEC 7812-1 Annex B) over a string of digits.
pub(super) fn has_luhn_digit(digits: &str) -> bool {
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
pub(super) fn is_imei(value: &str) -> bool {
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
pub(super) fn is_meid(value: &str) -> bool {
    value.len() == 14 && is_hex(value) && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// An IMSI (ITU-T E.212): 14 or 15 digits that begin with a mobile country code.
pub(super) fn is_imsi(value: &str) -> bool {
    let value = &*without_separators(value);
    matches!(value.len(), 14 | 15)
        && value.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(value.as_bytes().first(), Some(b'2'..=b'7'))
        && !is_one_symbol(value)
}

/// A private user identity that is made of the IMSI (3GPP TS 23.003 §13.3): `sip:262…@ims.mnc001.mcc262.3gppnetwork.org`.
pub(super) fn is_ims_identity(value: &str) -> bool {
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
pub(super) fn is_access_network_cell(value: &str) -> bool {
    (12..=20).contains(&value.len())
        && is_hex(value)
        && value.bytes().take(5).all(|byte| byte.is_ascii_digit())
        && !is_one_symbol(value)
}

/// A cell in groups of digits (3GPP TS 23.003 §4.3): country, network, area, cell; or the cell before its area, and how strongly it is
/// received behind both, as positioning services take it, also several of these.
pub(super) fn is_cell_in_groups(value: &str) -> bool {
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
pub(super) fn is_iccid(value: &str) -> bool {
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

/// Domains below which identities of SIMs and nodes of mobile networks stand (3GPP TS 23.003 §13, §14, §19): no mailboxes.
const NETWORK_DOMAIN: &str = "3gppnetwork.org";

/// Whether a host is of the mobile networks' own names, which nobody gets mail at.
fn is_of_network(host: &str) -> bool {
    is_below(host, NETWORK_DOMAIN)
}

/// Whether a host serves rooms and nodes of XMPP by its name (XEP-0045, XEP-0060), or is the domain of groups in WhatsApp.
fn is_of_rooms(host: &str) -> bool {
    let first = host.split('.').next().unwrap_or_default();
    ["conference", "muc", "pubsub"]
        .iter()
        .any(|service| first.eq_ignore_ascii_case(service))
        || host.eq_ignore_ascii_case("g.us")
}

/// What may stand in the name of a mailbox beside letters and digits (RFC 5322 §3.2.3, and dots).
fn is_mark_of_mailbox(byte: u8) -> bool {
    matches!(
        byte,
        b'.' | b'!'
            | b'#'
            | b'$'
            | b'%'
            | b'&'
            | b'\''
            | b'*'
            | b'+'
            | b'/'
            | b'='
            | b'?'
            | b'^'
            | b'_'
            | b'`'
            | b'{'
            | b'|'
            | b'}'
            | b'~'
            | b'-'
    )
}

/// An e-mail address (RFC 5321 §4.1.2, without quoted local parts), no image name (`a@2x.png`), no role address that names
/// nobody, no room of a chat and no identity of a mobile network.
pub(super) fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else {
        return false;
    };
    let local_fits = (1..=64).contains(&local.len())
        && local
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || is_mark_of_mailbox(byte))
        && !local.starts_with('.')
        && !local.ends_with('.');
    let is_label = |label: &[u8]| {
        (1..=63).contains(&label.len())
            && label
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
    };
    let mut labels = domain.as_bytes().split(|byte| *byte == b'.');
    let labels_fit = domain.len() <= 253 && labels.all(is_label);
    let Some((_, top)) = domain.rsplit_once('.').filter(|_| local_fits && labels_fit) else {
        return false;
    };
    let is_file_name = [
        "png", "jpg", "jpeg", "gif", "webp", "svg", "pdf", "js", "css",
    ]
    .iter()
    .any(|ending| top.eq_ignore_ascii_case(ending));
    let names_nobody = [
        "noreply",
        "no-reply",
        "donotreply",
        "mailer-daemon",
        "postmaster",
        "hostmaster",
        "webmaster",
        "abuse",
        "bounce",
        "bounces",
        "support",
        "helpdesk",
        "customerservice",
        "kundenservice",
        "newsletter",
        "privacy",
        "datenschutz",
        "press",
        "presse",
        "feedback",
    ]
    .iter()
    .any(|role| local.eq_ignore_ascii_case(role));
    top.len() >= 2
        && top.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !is_file_name
        && !names_nobody
        && !is_of_network(domain)
        && !is_of_rooms(domain)
}

/// Whether what looks like an address is rather the id of a message (RFC 5322 §3.6.4): what stands before its `@` was made by a machine.
/// Between angle brackets, as ids are written, less of that is enough.
pub(super) fn is_message_id(text: &str) -> bool {
    const DIGITS: usize = 12;
    const DIGITS_IN_BRACKETS: usize = 6;
    const RANDOM: usize = 16;
    let text = text.trim();
    let inner = text
        .strip_prefix('<')
        .and_then(|text| text.strip_suffix('>'));
    let Some((local, domain)) = inner.unwrap_or(text).rsplit_once('@') else {
        return false;
    };
    let digits = local.bytes().filter(u8::is_ascii_digit).count();
    let is_phone = local.bytes().all(|byte| byte.is_ascii_digit());
    let has = |is_it: fn(&u8) -> bool| local.bytes().any(|byte| is_it(&byte));
    let is_random = || {
        digits > 0
            && local.len() >= RANDOM
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
    };
    let is_made =
        digits >= DIGITS && !is_phone || local.contains('$') || uuid_digits(local).is_some();
    let is_one =
        !local.contains(|letter: char| letter.is_whitespace() || matches!(letter, '@' | ',' | ';'));
    !domain.is_empty()
        && is_one
        && (is_made || inner.is_some() && (digits >= DIGITS_IN_BRACKETS || is_random()))
}

/// Whether an address is of a domain that is reserved for examples (RFC 2606 §3): nobody's. What ends in `.example` stands for real
/// domains here as in other tests.
pub(super) fn is_of_documentation(address: &str) -> bool {
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    ["example.com", "example.org", "example.net"]
        .iter()
        .any(|reserved| domain.eq_ignore_ascii_case(reserved))
}

/// Whether an address is that of a role, as companies give them out, rather than of a person.
pub(super) fn is_role_address(value: &str) -> bool {
    const ROLES: [&str; 24] = [
        "info",
        "sales",
        "contact",
        "kontakt",
        "office",
        "admin",
        "service",
        "help",
        "hilfe",
        "hello",
        "hallo",
        "team",
        "news",
        "jobs",
        "career",
        "billing",
        "legal",
        "security",
        "marketing",
        "shop",
        "order",
        "orders",
        "ship",
        "shipping",
    ];
    let local = value.split_once('@').map(|(local, _)| local);
    local.is_some_and(|local| ROLES.iter().any(|role| local.eq_ignore_ascii_case(role)))
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

/// A digest in hexadecimal digits, or the beginning of one: ten bytes or more.
pub(super) fn is_cut_digest(value: &str) -> bool {
    (20..=128).contains(&value.len())
        && value.len().is_multiple_of(2)
        && is_hex(value)
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !is_one_symbol(value)
}

/// A hardware address (EUI-48): six bytes in hexadecimal digits, with marks between them.
pub(super) fn is_hardware_address(value: &str) -> bool {
    let mut parts = value.split([':', '-']);
    value.len() == 17
        && parts.all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The first eight or nine bytes of a digest in hexadecimal digits.
pub(super) fn is_short_digest(value: &str) -> bool {
    matches!(value.len(), 16 | 18)
        && is_hex(value)
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
        && value.bytes().any(|byte| byte.is_ascii_digit())
}

/// The first eight or nine bytes of a digest in base64, either alphabet, padded or not.
pub(super) fn is_short_base64_digest(value: &str) -> bool {
    let bare = value.strip_suffix('=').unwrap_or(value);
    matches!(bare.len(), 11 | 12)
        && bare.bytes().any(|byte| byte.is_ascii_uppercase())
        && bare.bytes().any(|byte| byte.is_ascii_lowercase())
        && base64_bytes(bare).is_some_and(|bytes| !is_of_text(&bytes))
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

/// All of an MD5, SHA-1 or SHA-2 in hexadecimal digits, or of SHA-1 or SHA-256 in base64.
pub(super) fn is_whole_digest(value: &str) -> bool {
    let has_both = || {
        value.bytes().any(|byte| byte.is_ascii_digit())
            && value.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    let is_hex = matches!(value.len(), 32 | 40 | 56 | 64 | 96 | 128) && is_hex(value);
    let bare = value.trim_end_matches('=');
    has_both() && (is_hex || matches!(bare.len(), 27 | 43 | 64 | 86) && is_base64_digest(value))
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

/// As long as base64 (either alphabet, padded or not) of 8, 9, 10, 16, 20, 32, 48 or 64 bytes, and of its characters.
pub(super) fn has_form_of_base64_digest(value: &str) -> bool {
    let bare = value.trim_end_matches('=');
    matches!(bare.len(), 11 | 12 | 14 | 22 | 27 | 43 | 64 | 86)
        && bare
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte))
}

/// Base64 (either alphabet, padded or not) of 10, 16, 20 or 32 bytes that look random.
pub(super) fn is_base64_digest(value: &str) -> bool {
    let bare = value.trim_end_matches('=');
    // 8 and 9 bytes are too few to be told from ids.
    has_form_of_base64_digest(bare)
        && bare.len() > 12
        && bare.bytes().any(|byte| byte.is_ascii_uppercase())
        && bare.bytes().any(|byte| byte.is_ascii_lowercase())
        && bare.bytes().any(|byte| byte.is_ascii_digit())
        && !is_base64_of_text(bare)
}

/// Whether base64 holds a text, which no digest does.
fn is_base64_of_text(bare: &str) -> bool {
    base64_bytes(bare).is_some_and(|bytes| is_of_text(&bytes))
}

fn base64_bytes(bare: &str) -> Option<Vec<u8>> {
    let standard: String = bare
        .chars()
        .map(|letter| match letter {
            '-' => '+',
            '_' => '/',
            letter => letter,
        })
        .collect();
    BASE64_STANDARD_NO_PAD.decode(standard).ok()
}

fn is_of_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| (0x20..0x7f).contains(byte))
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
    fn file_names_and_role_addresses_are_no_mail_addresses() {
        assert!(is_email("erika.muster@nordlicht.example"));
        for other in [
            "a@2x.png",
            "noreply@nordlicht.example",
            "a@b",
            "@x.example",
            "erika@-x.example",
            "0262011234567890@wlan.mnc001.mcc262.3gppnetwork.org",
            "anonymous@nai.epc.mnc001.mcc262.3GPPnetwork.org",
            "garten@conference.nordlicht.example",
            "4930901820-1600000000@g.us",
        ] {
            assert!(!is_email(other), "{other}");
        }
    }

    #[test]
    fn ids_of_messages_are_no_addresses() {
        for id in [
            "<98253299985346.0@mail.nordlicht.example>",
            "20261124081836.4A1B2C3D@mail.nordlicht.example",
            "3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b3@nordlicht.example",
            "<CAF+d1ZkQ8nRw7Xb@mail.nordlicht.example>",
            "000001dc5f3a$1b2c3d40$@nordlicht.example",
        ] {
            assert!(is_message_id(id), "{id}");
        }
        for address in [
            "<erika.muster@nordlicht.example>",
            "erika.muster1987@nordlicht.example",
            "4917604069012@s.whatsapp.example",
            "erika.muster+angebote2026@nordlicht.example",
            "Erika <erika@nordlicht.example>",
        ] {
            assert!(!is_message_id(address), "{address}");
        }
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

    #[test]
    fn uuids_are_read_with_and_without_hyphens() {
        assert!(uuid_digits("38400000-8cf0-11bd-b23e-10b96e40000d").is_some());
        assert!(uuid_digits("384000008cf011bdb23e10b96e40000d").is_some());
        assert!(uuid_digits("38400000-8cf0-11bd-b23e-10b96e40000").is_none());
        assert!(is_nil_uuid("00000000-0000-0000-0000-000000000000"));
    }

    #[test]
    fn a_text_in_base64_is_no_digest() {
        assert!(is_base64_digest(
            "c1nFq0Jp3Xe7Rk2mVt5yZbL8aWd4sGh6uKoPiQxNwYE="
        ));
        assert!(!is_base64_digest("bnV0emVyLWFiY2QxMjM0NQ"));
    }
}
