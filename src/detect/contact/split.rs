//! Phone numbers whose country stands in a member of its own, beside the rest: `{"cc": "49", "num": "1722837832"}`, and
//! `?q=491722837832&countryCode=DE` of those who are asked who calls.

use hashbrown::HashMap;

use crate::detect::Scene;
use crate::detect::name::Name;
use crate::detect::value::{self, Line, Number};
use crate::model::{Field, Look, PathId, Place};
use crate::rules::words_of_name;

/// Names, normalised, of country codes (ITU-T E.164 §6.2.1).
const CODES: [&str; 22] = [
    "cc",
    "ccode",
    "countrycode",
    "countrycallingcode",
    "callingcode",
    "dialcode",
    "dialingcode",
    "diallingcode",
    "phonecode",
    "phonecountrycode",
    "phoneprefix",
    "isdcode",
    "intlcode",
    "intlprefix",
    "landesvorwahl",
    "laendervorwahl",
    "ländervorwahl",
    "ddi",
    "codigopais",
    "codepays",
    "indicatif",
    "prefisso",
];
/// Names, normalised, of the rest, beside those of numbers and phones.
const RESTS: [&str; 8] = [
    "nn",
    "natnum",
    "national",
    "nationalnumber",
    "subscriber",
    "subscribernumber",
    "local",
    "localnumber",
];
/// The country whose numbers begin with a zero themselves.
const ITALY: &str = "39";
/// Longest rest, with what parts its groups.
const LONGEST: usize = 24;

/// Names, normalised, of what is looked for, beside those of numbers.
const QUERIES: [&str; 4] = ["q", "query", "search", "term"];
/// Digits of a number with its country code that is believed where it is looked for.
const SEARCHED: std::ops::RangeInclusive<usize> = 10..=15;

/// Whether the value of a name, normalised, is a country code.
pub(in crate::detect) fn is_country_code(name: &str) -> bool {
    CODES.contains(&name)
}

/// The country codes of one message, by the objects that they are members of: in digits, or in the letters of ISO 3166-1.
#[derive(Default)]
pub(super) struct Split<'a>(HashMap<(Place, PathId), &'a str>);

impl<'a> Split<'a> {
    pub(super) fn of(scene: &Scene<'a>) -> Self {
        let is_code = |name: &Name| name.is_country_code;
        if !scene.names.iter().any(|name| is_code(name)) {
            return Self::default();
        }
        let mut names = scene.names.iter();
        let has_query = names.any(|name| QUERIES.contains(&&*name.normalised));
        let codes = scene.fields.iter().filter_map(|field| {
            scene.name(field).filter(|name| is_code(name))?;
            let text = field.value.trim();
            let digits = text.strip_prefix('+').unwrap_or(text);
            let digits = digits.strip_prefix("00").unwrap_or(digits);
            let is_number = (1..=3).contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && !digits.starts_with('0');
            let is_letters =
                has_query && text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
            (is_number || is_letters).then_some(((field.place, scene.object(field)?), digits))
        });
        Self(codes.collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number that a field is the rest of, if a plan knows it.
    pub(super) fn number(&self, scene: &Scene<'_>, field: &Field<'_>) -> Option<Number> {
        if self.0.is_empty() || !field.look.has(Look::DIGIT) || field.value.len() > LONGEST {
            return None;
        }
        let name = scene.name(field)?;
        let is_rest = name.is_number || name.names_phones || RESTS.contains(&&*name.normalised);
        let code = self.0.get(&(field.place, scene.object(field)?))?;
        if code.starts_with(|first: char| first.is_ascii_alphabetic()) {
            let is_query = QUERIES.contains(&&*name.normalised);
            return (is_query && asks_who_calls(scene))
                .then(|| searched(field.value.trim()))
                .flatten();
        }
        if !is_rest {
            return None;
        }
        let text = field.value.trim();
        let is_written = |byte: u8| byte.is_ascii_digit() || b" -/.()".contains(&byte);
        if !text.bytes().all(is_written) {
            return None;
        }
        // A zero that is dialled before it in its own country is none of it, but for Italy (ITU-T E.164, national plan of 39).
        let dialled = text.strip_prefix('0').filter(|_| **code != *ITALY);
        let rest = dialled.unwrap_or(text);
        value::phone(&format!("+{code}{rest}")).filter(|number| number.line != Line::Service)
    }
}

/// Whether a request is to those who say who calls: parts, parcels and articles are looked for by numbers beside a country, too.
fn asks_who_calls(scene: &Scene<'_>) -> bool {
    const PARTS: [&str; 5] = [
        "caller",
        "whocall",
        "phonenumber",
        "phonebook",
        "phonelookup",
    ];
    const WORDS: [&str; 2] = ["calls", "spam"];
    let path = scene.request_path();
    let mut parts = path.split('/').chain(scene.host().split('.'));
    let is_told = parts.any(|part| {
        let part = part.to_lowercase();
        PARTS.iter().any(|told| part.contains(told))
            || words_of_name(&part)
                .iter()
                .any(|word| WORDS.contains(&&**word))
    });
    // The call of Truecaller's apps, by way of any host.
    let is_of_truecaller = || {
        let mut fields = scene.fields.iter();
        path == "/v2/search"
            && fields.any(|field| {
                field.place == Place::Query
                    && scene.fields.name(field) == "type"
                    && field.value == "4"
            })
    };
    is_told || is_of_truecaller()
}

/// The number that is looked for: with its country code, and no article's, of which the last digit checks the others (GS1 General
/// Specifications §7.9).
fn searched(text: &str) -> Option<Number> {
    let is_whole = SEARCHED.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = value::phone(text).filter(|_| is_whole && !is_article(text))?;
    (number.line != Line::Service).then_some(number)
}

fn is_article(text: &str) -> bool {
    let digits = text.bytes().rev().zip([1_u32, 3].into_iter().cycle());
    let sum: u32 = digits
        .map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')).saturating_mul(weight))
        .fold(0, u32::saturating_add);
    matches!(text.len(), 12 | 13) && sum.is_multiple_of(10)
}
