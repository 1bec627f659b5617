//! Phone numbers, by numbering plans, and what is written like them: dates, times, tickets.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use hashbrown::HashMap;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region};

use crate::limits;

/// Region whose national numbers are understood without a country code.
const HOME_REGION: Region = Region::DE;

/// A phone number that exists in a numbering plan.
#[derive(Clone, Debug)]
pub(in crate::detect) struct Number {
    /// In E.164 form.
    pub(in crate::detect) e164: Rc<str>,
    /// Whose line its plan says it is.
    pub(in crate::detect) line: Line,
}

impl Number {
    fn of(number: &PhoneNumber) -> Option<Self> {
        let line = line_of(number)?;
        let e164 = number.format_as(PhoneNumberFormat::E164).into();
        Some(Self { e164, line })
    }
}

/// What a text is as a phone number.
struct ReadNumber {
    /// As it is read where the phone is at home.
    at_home: Option<Number>,
    /// As it is read there or in a country nearby, once that was asked for.
    anywhere: OnceCell<Option<Number>>,
}

/// What a numbering plan says of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::detect) enum Line {
    /// A phone that somebody carries, or may carry: North America does not tell.
    Mobile,
    /// A house, a company, or what the plan does not tell.
    Fixed,
    /// A service that anybody calls, free or at a price: nobody's own.
    Service,
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
            at_home: parsed(candidate).and_then(|number| Number::of(&number)),
            anywhere: OnceCell::new(),
        };
        see(read.entry(Box::from(candidate)).insert(number).into_mut())
    })
}

/// A phone number as it is read where the phone is at home.
pub(in crate::detect) fn phone(value: &str) -> Option<Number> {
    read_number(shaped_number(value)?, |number| number.at_home.clone())
}

/// The same in E.164 form.
pub(in crate::detect) fn phone_e164(value: &str) -> Option<Rc<str>> {
    phone(value).map(|number| number.e164)
}

/// Regions whose national numbers are tried after those of the home region.
const NEIGHBOURS: [Region; 16] = [
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
    Region::BE,
    Region::CZ,
    Region::DK,
    Region::SE,
    Region::PT,
    Region::IN,
];

/// A phone number also as it is written in a country nearby: of address books, where not all are of one country.
pub(in crate::detect) fn phone_anywhere(value: &str) -> Option<Number> {
    let text = shaped_number(value)?;
    read_number(text, |number| {
        let at_home = &number.at_home;
        let anywhere = number
            .anywhere
            .get_or_init(|| at_home.clone().or_else(|| nearby(text)));
        anywhere.clone()
    })
}

/// Whose line a number is. `None` if there is no such number: a number is valid if its plan has a type for it.
fn line_of(number: &PhoneNumber) -> Option<Line> {
    Some(match number.get_type() {
        PhoneNumberType::Unknown => return None,
        PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile => Line::Mobile,
        PhoneNumberType::TollFree
        | PhoneNumberType::PremiumRate
        | PhoneNumberType::SharedCost
        | PhoneNumberType::UAN => Line::Service,
        _ => Line::Fixed,
    })
}

/// Numbers of mobile phones as one country writes them without its code and without a zero before them, where nearly all of them
/// are of that country: with many plans to choose from, most digits are a number somewhere.
pub(in crate::detect) fn mobiles_of_one_country(all: &[&str]) -> Option<Vec<Option<Rc<str>>>> {
    let read = |text: &str, region: Region| {
        let number = PHONE_NUMBER_UTIL.parse(text, Some(region)).ok()?;
        let number = Number::of(&number)?;
        (number.line == Line::Mobile).then_some(number.e164)
    };
    let is_of = |region: Region, texts: &[&str]| {
        let strangers = texts.iter().filter(|text| read(text, region).is_none());
        strangers.count() <= texts.len() / 10
    };
    let sample: Vec<&str> = sample(all).copied().collect();
    let mut regions = std::iter::once(HOME_REGION).chain(NEIGHBOURS);
    let region = regions.find(|region| is_of(*region, &sample) && is_of(*region, all))?;
    Some(all.iter().map(|text| read(text, region)).collect())
}

/// Some of a list, from all parts of it: sorted, it begins with numbers of one kind.
pub(in crate::detect) fn sample<T>(all: &[T]) -> impl Iterator<Item = &T> {
    let step = all.len().div_ceil(limits::NUMBERS_OF_SAMPLE).max(1);
    all.iter().step_by(step)
}

/// Three digits of an area in parentheses or before a hyphen, then three, a hyphen and four.
pub(in crate::detect) fn is_of_north_america(text: &str) -> bool {
    let digits = |text: &str, count: usize| {
        text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts = match text.strip_prefix('(') {
        Some(rest) => rest.split_once(") ").or_else(|| rest.split_once(')')),
        None => text.split_once('-'),
    };
    parts.is_some_and(|(area, rest)| {
        let local = rest.split_once('-');
        digits(area, 3) && local.is_some_and(|(first, last)| digits(first, 3) && digits(last, 4))
    })
}

/// A phone number as it is written in a country nearby.
fn nearby(text: &str) -> Option<Number> {
    let is_national = !text.starts_with(['+']) && !text.starts_with("00");
    // `(415) 555-2671` is how North America writes, whatever else the digits may be elsewhere.
    let first = is_of_north_america(text).then_some(Region::US);
    let regions = first.iter().chain(&NEIGHBOURS).filter(|_| is_national);
    let mut parsed = regions.filter_map(|region| PHONE_NUMBER_UTIL.parse(text, Some(*region)).ok());
    parsed.find_map(|number| Number::of(&number))
}

/// A phone number that exists in a numbering plan. Numbers without `+` or `00` are read as German national
/// numbers or, if they have a country code's length, as international digits. Epoch times are no phone numbers.
pub(in crate::detect) fn phone_number(value: &str) -> Option<PhoneNumber> {
    parsed(shaped_number(value)?).filter(PhoneNumber::is_valid)
}

fn parsed(candidate: &str) -> Option<PhoneNumber> {
    with_country_code(candidate).or_else(|| parsed_by_plan(candidate))
}

/// Country codes of the home region and some others whose numbers have nothing before them but a zero, or in North America a one.
const CODES: [&str; 16] = [
    "49", "43", "41", "33", "44", "1", "34", "31", "48", "90", "32", "420", "45", "46", "351", "91",
];

/// A number that stands behind its country code as it is: reading it needs no expressions, as other forms do.
fn with_country_code(candidate: &str) -> Option<PhoneNumber> {
    let digits = candidate
        .strip_prefix('+')
        .or_else(|| candidate.strip_prefix("00"))
        .unwrap_or(candidate);
    let (code, national) = CODES
        .iter()
        .find_map(|code| Some((*code, digits.strip_prefix(code)?)))?;
    let has_prefix = national.starts_with('0') || code == "1" && national.starts_with('1');
    let is_bare = (4..=13).contains(&national.len())
        && national.bytes().all(|byte| byte.is_ascii_digit())
        && !has_prefix;
    is_bare.then_some(PhoneNumber {
        country_code: code.parse().ok()?,
        national_number: national.parse().ok()?,
        ..PhoneNumber::default()
    })
}

/// The same for all other forms.
fn parsed_by_plan(candidate: &str) -> Option<PhoneNumber> {
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
    PHONE_NUMBER_UTIL.parse(&candidate, Some(HOME_REGION)).ok()
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
pub(in crate::detect) fn is_date_or_time(value: &str) -> bool {
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
pub(in crate::detect) fn is_number_in_groups(value: &str) -> bool {
    let has_group = value.bytes().any(|byte| matches!(byte, b'-' | b'/' | b' '));
    let is_of_digits = value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'/' | b' '));
    has_group && is_of_digits && !is_date(value)
}

/// Day, month and year of this time in three groups of digits, in either order.
fn is_date(value: &str) -> bool {
    let mut groups = value.split(['-', '/', '.']);
    let (Some(first), Some(second), Some(third), None) =
        (groups.next(), groups.next(), groups.next(), groups.next())
    else {
        return false;
    };
    let (year, others) = if first.len() == 4 {
        (first, [second, third])
    } else {
        (third, [first, second])
    };
    if year.len() != 4 {
        return false;
    }
    let is_small = |group: &str| {
        group
            .parse()
            .is_ok_and(|number: u32| (1..=31).contains(&number))
    };
    matches!(year.get(..2), Some("19" | "20")) && others.iter().all(|group| is_small(group))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn numbers_behind_country_codes_are_read_as_by_their_plan(
            mark in proptest::sample::select(&["+", "00", ""][..]),
            code in proptest::sample::select(&CODES[..]),
            national in "[0-9]{3,14}",
        ) {
            let text = [mark, code, &national].concat();
            if let Some(number) = with_country_code(&text) {
                prop_assert_eq!(Some(number), parsed_by_plan(&text), "{}", text);
            }
        }
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
}
