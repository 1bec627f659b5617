//! Whether a value is what its name says: check digits, numbering plans, shapes. Pure functions on text.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use hashbrown::HashMap;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, Region};

use crate::limits;
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

/// A cell in groups of digits (3GPP TS 23.003 §4.3): country, network, area, cell.
pub(super) fn is_cell_in_groups(value: &str) -> bool {
    let groups: Vec<&str> = value.split(['-', ':', '_', '.']).collect();
    let [country, network, area, cell] = groups[..] else {
        return false;
    };
    let is_number = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    country.len() == 3
        && matches!(country.as_bytes().first(), Some(b'2'..=b'7'))
        && is_number(country, 3)
        && (2..=3).contains(&network.len())
        && is_number(network, 3)
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

/// An e-mail address (RFC 5321 §4.1.2, without quoted local parts), no image name (`a@2x.png`) and no role address that
/// names nobody.
pub(super) fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else {
        return false;
    };
    let local_fits = (1..=64).contains(&local.len())
        && local
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte))
        && !local.starts_with('.')
        && !local.ends_with('.');
    let labels: Vec<&str> = domain.split('.').collect();
    let labels_fit = labels.len() >= 2
        && domain.len() <= 253
        && labels.iter().all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        });
    let top = labels.last().copied().unwrap_or_default();
    let is_file_name = [
        "png", "jpg", "jpeg", "gif", "webp", "svg", "pdf", "js", "css",
    ]
    .contains(&top.to_ascii_lowercase().as_str());
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
    .contains(&local.to_ascii_lowercase().as_str());
    local_fits
        && labels_fit
        && top.len() >= 2
        && top.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !is_file_name
        && !names_nobody
}

/// Whether an address is that of a role, as companies give them out, rather than of a person.
pub(super) fn is_role_address(value: &str) -> bool {
    const ROLES: [&str; 20] = [
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
    ];
    let local = value
        .split_once('@')
        .map(|(local, _)| local.to_ascii_lowercase());
    local.is_some_and(|local| ROLES.contains(&local.as_str()))
}

/// Region whose national numbers are understood without a country code.
const HOME_REGION: Region = Region::DE;

/// What a text is as a phone number, in E.164 form.
#[derive(Clone)]
struct ReadNumber {
    /// As it is read where the phone is at home.
    at_home: Option<Rc<str>>,
    /// As it is read there or in a country nearby, once that was asked for.
    anywhere: OnceCell<Option<Rc<str>>>,
}

/// Reads a phone number. Address books are sent again and again, and reading a number takes a microsecond, so each thread
/// remembers what it has read.
fn read_number<R>(candidate: &str, see: impl FnOnce(&mut ReadNumber) -> R) -> R {
    thread_local! {
        static READ: RefCell<HashMap<Box<str>, ReadNumber>> = RefCell::default();
    }
    READ.with_borrow_mut(|read| {
        if let Some(known) = read.get_mut(candidate) {
            return see(known);
        }
        if read.len() >= limits::KNOWN_NUMBERS {
            read.clear();
        }
        let number = ReadNumber {
            at_home: valid_number(candidate).map(|number| e164(&number)),
            anywhere: OnceCell::new(),
        };
        see(read.entry(Box::from(candidate)).insert(number).into_mut())
    })
}

fn e164(number: &PhoneNumber) -> Rc<str> {
    number.format_as(PhoneNumberFormat::E164).into()
}

/// A phone number that exists in a numbering plan, in E.164 form.
pub(super) fn phone_e164(value: &str) -> Option<Rc<str>> {
    read_number(shaped_number(value)?, |number| number.at_home.clone())
}

/// Regions whose national numbers are tried after those of the home region.
const NEIGHBOURS: [Region; 10] = [
    Region::AT,
    Region::CH,
    Region::FR,
    Region::GB,
    Region::US,
    Region::IT,
    Region::ES,
    Region::NL,
    Region::PL,
    Region::TR,
];

/// A phone number in E.164 form, also as it is written in a country nearby: of address books, where not all are of one
/// country.
pub(super) fn phone_anywhere(value: &str) -> Option<Rc<str>> {
    let text = shaped_number(value)?;
    read_number(text, |number| {
        let at_home = &number.at_home;
        let anywhere = number.anywhere.get_or_init(|| {
            at_home
                .clone()
                .or_else(|| nearby(text).map(|number| e164(&number)))
        });
        anywhere.clone()
    })
}

/// A phone number as it is written in a country nearby.
fn nearby(text: &str) -> Option<PhoneNumber> {
    let is_national = !text.starts_with(['+']) && !text.starts_with("00");
    let regions = NEIGHBOURS.iter().filter(|_| is_national);
    let mut parsed = regions.filter_map(|region| PHONE_NUMBER_UTIL.parse(text, Some(*region)).ok());
    parsed.find(PhoneNumber::is_valid)
}

/// A phone number that exists in a numbering plan. Numbers without `+` or `00` are read as German national
/// numbers or, if they have a country code's length, as international digits. Epoch times are no phone numbers.
pub(super) fn phone_number(value: &str) -> Option<PhoneNumber> {
    valid_number(shaped_number(value)?)
}

fn valid_number(candidate: &str) -> Option<PhoneNumber> {
    let international = match candidate.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => candidate.to_owned(),
    };
    // Bare digits are taken as international, as WhatsApp and others send them.
    let candidate = if international.starts_with(['+', '0', '(']) {
        international
    } else {
        format!("+{international}")
    };
    let number = PHONE_NUMBER_UTIL
        .parse(&candidate, Some(HOME_REGION))
        .ok()?;
    number.is_valid().then_some(number)
}

/// What has the form of a phone number, and of nothing else that is as long.
fn shaped_number(value: &str) -> Option<&str> {
    let trimmed = value.trim();
    let trimmed = trimmed.strip_prefix("tel:").unwrap_or(trimmed);
    let digits = trimmed.bytes().filter(u8::is_ascii_digit).count();
    let fits = (7..=17).contains(&digits)
        && trimmed.len() <= 32
        && trimmed.bytes().enumerate().all(|(position, byte)| {
            byte.is_ascii_digit()
                || b" ()./-".contains(&byte)
                || (byte == b'+' && position == 0)
                || (byte == b'(' && position == 0)
        });
    // Coordinates, amounts and versions have one dot; phone numbers with dots have several.
    let is_decimal = trimmed.bytes().filter(|byte| *byte == b'.').count() == 1;
    (fits && !is_decimal && !is_date_or_time(trimmed)).then_some(trimmed)
}

/// Unix seconds or milliseconds of this century, or a calendar date written in digits.
fn is_date_or_time(value: &str) -> bool {
    if !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return is_date(value);
    }
    match value.len() {
        10 | 13 | 16 => matches!(
            value.get(..2),
            Some("09" | "10" | "11" | "12" | "13" | "14" | "15" | "16" | "17" | "18" | "19" | "20")
        ),
        8 | 14 => matches!(value.get(..2), Some("19" | "20")),
        _ => false,
    }
}

/// Digits in two groups or more, and no date: tickets and articles have them as well as phone numbers.
pub(super) fn is_number_in_groups(value: &str) -> bool {
    let has_group = value.bytes().any(|byte| matches!(byte, b'-' | b'/' | b' '));
    let is_of_digits = value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'/' | b' '));
    has_group && is_of_digits && !is_date(value)
}

/// Day, month and year of this time in three groups of digits, in either order.
fn is_date(value: &str) -> bool {
    let groups: Vec<&str> = value.split(['-', '/', '.']).collect();
    let (year, others) = match groups[..] {
        [year, month, day] if year.len() == 4 => (year, [month, day]),
        [day, month, year] if year.len() == 4 => (year, [month, day]),
        _ => return false,
    };
    let is_small = |group: &str| {
        group
            .parse()
            .is_ok_and(|number: u32| (1..=31).contains(&number))
    };
    matches!(year.get(..2), Some("19" | "20")) && others.iter().all(|group| is_small(group))
}

/// A number of degrees, and how many decimals it was sent with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Degrees {
    pub(super) value: f64,
    pub(super) decimals: usize,
    /// Half a unit of the last digit, where it was sent with minutes: these are no decimals of degrees.
    pub(super) slack: Option<f64>,
}

/// A number with a decimal comma, as forms in many languages have it, with a point.
pub(super) fn with_decimal_point(text: &str) -> Cow<'_, str> {
    let is_comma = text.bytes().filter(|byte| *byte == b',').count() == 1 && !text.contains('.');
    if is_comma {
        Cow::Owned(text.replace(',', "."))
    } else {
        Cow::Borrowed(text)
    }
}

/// Degrees with what stands around the number taken off: a degree sign, and north, south, east or west as its sign.
pub(super) fn without_direction(text: &str) -> Option<String> {
    let is_direction = |letter: char| matches!(letter, 'N' | 'S' | 'E' | 'W' | 'O');
    let text = text.trim();
    if text.len() > 24 || !text.contains('.') {
        return None;
    }
    let bare =
        text.trim_matches(|letter| is_direction(letter) || matches!(letter, ' ' | '°' | 'º'));
    let is_number = bare
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    if bare.len() == text.len() || !is_number {
        return None;
    }
    let sign = if text.contains(['S', 'W']) { "-" } else { "" };
    Some(format!("{sign}{bare}"))
}

/// Degrees, minutes and seconds in a row (`52, 31, 12.03`, `52:31:12.03`), as pictures have them, with half a unit of the last
/// digit.
pub(super) fn degrees_in_a_row(text: &str) -> Option<(f64, f64)> {
    let mut parts = text.split([',', ':']).map(str::trim);
    let (whole, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let (sign, whole) = whole
        .strip_prefix('-')
        .map_or((1.0, whole), |whole| (-1.0, whole));
    if !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole: u8 = whole.parse().ok()?;
    let minutes: u8 = minutes.parse().ok()?;
    let decimals = seconds
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    let seconds: f64 = seconds.parse().ok()?;
    let fits = parts.next().is_none() && minutes < 60 && (0.0..60.0).contains(&seconds);
    let degrees = f64::from(whole) + f64::from(minutes) / 60.0 + seconds / 3600.0;
    fits.then(|| (sign * degrees, half_a_unit(decimals) / 3600.0))
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

/// Two numbers with decimal commas (`52,5200 13,4050`, `52,5200,13,4050`, as apps write them that forget the language they run
/// in), with points and a comma between them.
pub(super) fn pair_with_decimal_points(text: &str) -> Option<String> {
    if text.len() > 48 || text.contains('.') || !text.contains(',') {
        return None;
    }
    let mut parts = text
        .split([',', ';', ' ', '/', '|'])
        .filter(|part| !part.is_empty());
    let mut number = || {
        let (whole, decimals) = (parts.next()?, parts.next()?);
        let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let fits =
            digits.len() <= 3 && decimals.len() >= 4 && is_digits(digits) && is_digits(decimals);
        let number = format!("{whole}.{decimals}");
        let is_there = text.contains(&number.replace('.', ","));
        (fits && is_there).then_some(number)
    };
    let both = format!("{},{}", number()?, number()?);
    parts.next().is_none().then_some(both)
}

/// Decimal degrees within ±`limit`, exactly as sent.
pub(super) fn degrees(value: &str, limit: f64) -> Option<Degrees> {
    let value = value.trim();
    let shape_fits = value.len() <= 32
        && value.bytes().enumerate().all(|(position, byte)| {
            byte.is_ascii_digit() || byte == b'.' || (position == 0 && matches!(byte, b'-' | b'+'))
        });
    if !shape_fits {
        return None;
    }
    let number: f64 = value.parse().ok()?;
    let decimals = value
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    (number.abs() <= limit).then_some(Degrees {
        value: number,
        decimals,
        slack: None,
    })
}

/// Pairs of angles in degrees, minutes and seconds (`52°31'12.0"N 13°24'18.0"E`, ISO 6709 Annex D), each with half a unit of
/// its last digit; also as receivers write them.
pub(super) fn sexagesimal_pairs(text: &str) -> Vec<[(f64, f64); 2]> {
    if text.starts_with('$') {
        return nmea_pairs(text).collect();
    }
    if !text.contains(['°', 'º']) {
        return Vec::new();
    }
    let parts: Vec<&str> = text.split(['°', 'º']).collect();
    let angles: Vec<Option<(f64, f64)>> = parts
        .windows(2)
        .map(|pair| match pair {
            [before, behind] => sexagesimal_angle(before, behind),
            _ => None,
        })
        .collect();
    angles
        .windows(2)
        .filter_map(|pair| match pair {
            [Some(first), Some(second)] => Some([*first, *second]),
            _ => None,
        })
        .collect()
}

/// One angle in degrees, minutes and seconds, alone in a text.
pub(super) fn sexagesimal(text: &str) -> Option<(f64, f64)> {
    let (before, behind) = text.trim().split_once(['°', 'º'])?;
    let is_alone = behind.len() <= 32 && !behind.contains(['°', 'º']);
    is_alone
        .then(|| sexagesimal_angle(before, behind))
        .flatten()
}

/// Positions in sentences of receivers (NMEA 0183: `$GPRMC`, `$GNGGA`, `$GPGLL`): degrees and minutes in one number, then N or S,
/// E or W.
fn nmea_pairs(text: &str) -> impl Iterator<Item = [(f64, f64); 2]> {
    text.lines().filter_map(|line| {
        let sentence = line.trim().strip_prefix('$')?;
        let kind = sentence.get(2..5)?;
        if !matches!(kind, "RMC" | "GGA" | "GLL" | "GNS") {
            return None;
        }
        let words: Vec<&str> = sentence.split(',').take(12).collect();
        words.windows(4).find_map(|window| {
            let [latitude, south @ ("N" | "S"), longitude, west @ ("E" | "W")] = window else {
                return None;
            };
            Some([
                nmea_angle(latitude, *south == "S")?,
                nmea_angle(longitude, *west == "W")?,
            ])
        })
    })
}

/// `5231.2000`: 52 degrees and 31.2 minutes, and half a unit of the last digit.
fn nmea_angle(text: &str, is_negative: bool) -> Option<(f64, f64)> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_number = (3..=5).contains(&whole.len())
        && whole
            .bytes()
            .chain(decimals.bytes())
            .all(|byte| byte.is_ascii_digit());
    if !is_number {
        return None;
    }
    let (degrees, _) = whole.split_at_checked(whole.len().saturating_sub(2))?;
    let minutes: f64 = text.get(degrees.len()..)?.parse().ok()?;
    let angle = degrees.parse::<f64>().ok()? + minutes / 60.0;
    let slack = half_a_unit(decimals.len()) / 60.0;
    Some((if is_negative { -angle } else { angle }, slack))
}

/// The angle around a degree sign, and half a unit of its last digit.
fn sexagesimal_angle(before: &str, behind: &str) -> Option<(f64, f64)> {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let digits = before.bytes().rev().take_while(is_digit).count();
    let (sign, whole) = before.split_at_checked(before.len().saturating_sub(digits))?;
    let mut degrees: f64 = whole.parse().ok()?;
    let mut slack = 0.5;
    let mut rest = behind.trim_start();
    for divisor in [60.0, 3600.0] {
        let length = rest.bytes().take_while(is_digit).count();
        let (number, behind) = rest.split_at_checked(length)?;
        let Ok(parts) = number.parse::<f64>() else {
            break;
        };
        let decimals = number
            .split_once('.')
            .map_or(0, |(_, decimals)| decimals.len());
        degrees += parts / divisor;
        slack = half_a_unit(decimals) / divisor;
        rest = behind.trim_start_matches(['\'', '′', '’', '"', '″', '”', ' ']);
    }
    let is_negative = sign.ends_with('-') || rest.starts_with(['S', 'W', 's', 'w']);
    Some((if is_negative { -degrees } else { degrees }, slack))
}

/// Metres of a degree of latitude.
pub(super) const METRES_PER_DEGREE: f64 = 111_320.0;

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "nothing on earth is further than 40,000 km, and the cast saturates"
)]
pub(super) fn whole_metres(metres: f64) -> u32 {
    (metres.round() as u32).max(1)
}

/// Half a unit of the last of so many decimals.
pub(super) fn half_a_unit(decimals: usize) -> f64 {
    0.5 / 10_f64.powi(i32::try_from(decimals.min(15)).unwrap_or(15))
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

/// The first eight or nine bytes of a digest in hexadecimal digits.
pub(super) fn is_short_digest(value: &str) -> bool {
    matches!(value.len(), 16 | 18)
        && is_hex(value)
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
        && value.bytes().any(|byte| byte.is_ascii_digit())
}

/// A serial number of a device: letters and digits, no counter and no word.
pub(super) fn is_serial_number(value: &str) -> bool {
    (8..=20).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Base64 (either alphabet, padded or not) of 10, 16, 20 or 32 bytes that look random.
pub(super) fn is_base64_digest(value: &str) -> bool {
    let bare = value.trim_end_matches('=');
    // 10, 16, 20 and 32 bytes give 14, 22, 27 and 43 characters.
    matches!(bare.len(), 14 | 22 | 27 | 43)
        && bare
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte))
        && bare.bytes().any(|byte| byte.is_ascii_uppercase())
        && bare.bytes().any(|byte| byte.is_ascii_lowercase())
        && bare.bytes().any(|byte| byte.is_ascii_digit())
        && !is_base64_of_text(bare)
}

/// Whether base64 holds a text, which no digest does.
fn is_base64_of_text(bare: &str) -> bool {
    let standard: String = bare
        .chars()
        .map(|letter| match letter {
            '-' => '+',
            '_' => '/',
            letter => letter,
        })
        .collect();
    BASE64_STANDARD_NO_PAD
        .decode(standard)
        .is_ok_and(|bytes| bytes.iter().all(|byte| (0x20..0x7f).contains(byte)))
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
    fn phone_numbers_are_told_from_times_coordinates_and_versions() {
        assert_eq!(phone_e164("+49 30 901820").as_deref(), Some("+4930901820"));
        assert_eq!(phone_e164("0049 30 901820").as_deref(), Some("+4930901820"));
        assert_eq!(phone_e164("030 901820").as_deref(), Some("+4930901820"));
        assert_eq!(phone_e164("4930901820").as_deref(), Some("+4930901820"));
        for other in [
            "1700000000",
            "1700000000123",
            "20231120",
            "2023-11-20",
            "52.520008",
            "1.2.3.4",
            "12345",
            "+1",
        ] {
            assert_eq!(phone_e164(other), None, "{other}");
        }
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
        ] {
            assert!(!is_email(other), "{other}");
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

    #[test]
    fn positions_of_receivers_are_read() {
        let sentence = "$GPRMC,081836,A,5231.2000,N,01324.3000,W,000.0,360.0,020326,,*18\r\n";
        let [[(latitude, slack), (longitude, _)]] = sexagesimal_pairs(sentence)[..] else {
            panic!("no position");
        };
        assert!((latitude - 52.52).abs() < slack && (longitude + 13.405).abs() < slack);
        assert!(sexagesimal_pairs("$GPRMC,081836,V,,,,,000.0,360.0,020326,,*18").is_empty());
    }

    #[test]
    fn degrees_in_a_row_keep_their_sign() {
        for (text, expected) in [
            ("33:52:07.68", 33.8688),
            ("-33:52:07.68", -33.8688),
            ("-0, 7, 30", -0.125),
        ] {
            let degrees = degrees_in_a_row(text).map(|(degrees, _)| degrees);
            let is_same = degrees.is_some_and(|degrees| (degrees - expected).abs() < 1e-6);
            assert!(is_same, "{text}: {degrees:?}");
        }
        assert_eq!(degrees_in_a_row("--33:52:07.68"), None);
        assert_eq!(degrees_in_a_row("-+33:52:07.68"), None);
    }

    #[test]
    fn degrees_keep_the_decimals_that_were_sent() {
        assert_eq!(
            degrees("52.5200", 90.0),
            Some(Degrees {
                value: 52.52,
                decimals: 4,
                slack: None,
            })
        );
        assert_eq!(degrees("91", 90.0), None);
        assert_eq!(degrees("1.2.3", 90.0), None);
        assert_eq!(degrees("1e5", 180.0), None);
    }
}
