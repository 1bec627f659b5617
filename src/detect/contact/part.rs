//! What in one value points to a person: numbers, addresses, digests; alone, in a list, or among other text.

use std::rc::Rc;

use super::digits::{Said, is_bare};
use super::list::Kind;
use crate::detect::value;
use crate::model::Look;

/// Most values looked at in one field that holds a separated list.
pub(super) const LIST_VALUES: usize = 10_000;

/// Digits of the shortest number that is believed beside people's names without a telling name: shorter ones are scores.
pub(super) const SHORTEST_WITH_AREA: usize = 9;

/// What stands around a value says of it.
#[derive(Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "answers to questions that do not depend on each other"
)]
pub(super) struct Telling {
    pub(super) speaks_of_contacts: bool,
    pub(super) takes_digests: bool,
    /// It has the length of digests, and nothing says that it is drawn at random: many of them are weighed.
    pub(super) may_be_digest: bool,
    /// The request looks people up.
    pub(super) is_asked: bool,
    /// It does, and a name says that what stands there may be digests that are cut.
    pub(super) may_be_cut: bool,
    /// Names themselves say that digests of people are below them.
    pub(super) lists_digests: bool,
    /// It is a list of what people are reached by, also as whole digests.
    pub(super) lists_reachable: bool,
    pub(super) names_numbers: bool,
    pub(super) is_beside_people: bool,
    /// What is said of digits alone.
    pub(super) said: Said,
    /// Digests are taken also where they are cut so short that ids look like them.
    pub(super) takes_short_digests: bool,
}

impl Telling {
    /// Whether a text that is no digest by itself may be one among others: by chance some have no digit in them.
    pub(super) fn may_be_unusual_digest(self, text: &str) -> bool {
        (self.takes_digests || self.may_be_cut) && value::has_form_of_base64_digest(text)
    }

    /// Whether a value can have a part that points to a person: what [`classify`] asks for, told by the kinds of its characters.
    pub(super) fn may_be_in(self, look: Look, text: &str) -> bool {
        let has_number = || {
            look.has(Look::DIGIT)
                && (self.speaks_of_contacts
                    || self.names_numbers
                    || self.is_beside_people
                    || look.is_all(Look::DIGIT) && text.starts_with("00")
                    || look.has(Look::LIST) && text.contains("00")
                    || look.has(WRITTEN_AS_NUMBER))
        };
        self.takes_digests
            || self.may_be_digest
            || self.may_be_cut
            || self.lists_reachable
            || look.has(Look::AT)
            || has_number()
    }
}

/// Shows the values of a field that looks like this and holds a list in one string, or addresses and numbers among other text.
pub(super) fn each_part<'t>(text: &'t str, look: Look, mut see: impl FnMut(&'t str)) {
    if look.has(Look::LIST | Look::GROUP | Look::SPACE | Look::OTHER | Look::BEYOND) {
        several_parts(text).for_each(see);
    } else {
        see(text);
    }
}

fn several_parts(text: &str) -> impl Iterator<Item = &str> {
    let is_separator = |mark: char| matches!(mark, ',' | ';' | '\n' | '\t' | '|' | '"');
    text.split(is_separator)
        .flat_map(joined)
        .flat_map(of_person)
        .map(|part| {
            let part = part.trim_matches(|mark: char| {
                mark.is_whitespace() || matches!(mark, '\'' | '[' | ']' | '<' | '>')
            });
            // `(415) 555-2671` begins with one that is its own.
            let inner = part
                .strip_prefix('(')
                .and_then(|part| part.strip_suffix(')'));
            inner.unwrap_or(part)
        })
        .filter(|part| !part.is_empty())
        .take(LIST_VALUES)
}

/// Whole numbers or addresses with nothing but a space or a separator of ASCII between them: `+4930901820 +4940428280`.
fn joined(text: &str) -> impl Iterator<Item = &str> {
    let is_between = |mark: char| matches!(mark, ' ' | '\u{1c}'..='\u{1f}');
    let is_number = |part: &str| {
        let digits = part.strip_prefix('+');
        digits.is_some_and(|digits| {
            digits.len() >= SHORTEST_WITH_AREA && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let is_address = |part: &str| {
        part.is_empty()
            || value::is_email(part.trim_matches(['<', '>'])) && !value::is_message_id(part)
    };
    let are_numbers = || text.contains(is_between) && text.split(is_between).all(is_number);
    let are_addresses = || {
        let text = text.trim_matches(is_between);
        text.contains(is_between) && text.split(is_between).all(is_address)
    };
    let are_several =
        text.starts_with('+') && are_numbers() || text.contains('@') && are_addresses();
    let whole = (!are_several).then_some(text);
    let parts = text.split(is_between).filter(move |_| are_several);
    whole.into_iter().chain(parts)
}

/// The parts of `Anna Beispiel <anna@post.example> +49 30 901820` and `Anna Beispiel +49 30 901820`; else the text itself.
fn of_person(text: &str) -> impl Iterator<Item = &str> {
    let named = text
        .find(['<', '+'])
        .and_then(|end| text.split_at_checked(end))
        .filter(|(name, _)| name.ends_with(' ') && looks_like_person(name.trim()));
    let (name, rest) = named.unwrap_or(("", text));
    let (address, rest) = rest
        .split_once('>')
        .filter(|(address, _)| !name.is_empty() && address.contains('@'))
        .unwrap_or(("", rest));
    let parts = [name, address, rest].into_iter();
    parts.filter(|part| !part.is_empty())
}

/// Whether several lines hold a person's name and digits that may be a number: `Anna Beispiel;4930901820`.
pub(super) fn is_table_of_people(text: &str) -> bool {
    let is_row = |line: &&str| {
        let cells = || line.split([';', ',', '\t', '|']).map(str::trim);
        let is_number = |cell: &str| {
            cell.len() >= SHORTEST_WITH_AREA && cell.bytes().all(|byte| byte.is_ascii_digit())
        };
        cells().any(looks_like_person) && cells().any(is_number)
    };
    text.lines()
        .filter(is_row)
        .take(super::LEAST_PEOPLE)
        .count()
        >= super::LEAST_PEOPLE
}

pub(super) fn classify(text: &str, telling: Telling) -> Option<(Kind, Rc<str>)> {
    // Digests are taken for contacts only under a name that says so: anything can be hashed.
    if telling.takes_digests || telling.may_be_cut {
        // `sha1:0a1b…`, `0x0a1b…`
        let bare = text.split_once(':').map_or(text, |(_, digest)| digest);
        let bare = bare.strip_prefix("0x").unwrap_or(bare);
        let is_short = (telling.lists_digests || telling.takes_short_digests || telling.may_be_cut)
            && (value::is_short_digest(bare) || value::is_short_base64_digest(bare));
        if is_short || value::is_cut_digest(bare) || value::is_base64_digest(bare) {
            return Some((Kind::Hash, bare.into()));
        }
    }
    if (telling.lists_reachable || telling.may_be_digest) && value::is_whole_digest(text) {
        return Some((Kind::Hash, text.into()));
    }
    if text.len() > 320 {
        return None;
    }
    if text.contains('@') {
        // `Anna Beispiel <anna@post.example>` (RFC 5322 §3.4)
        let address = text.rsplit_once('<').map_or(text, |(_, address)| address);
        let address = address.strip_prefix("mailto:").unwrap_or(address);
        let is_persons = value::is_email(address)
            && !value::is_message_id(address)
            && (telling.speaks_of_contacts
                || !value::is_role_address(address) && !value::is_of_documentation(address));
        return is_persons.then(|| (Kind::Email, address.to_ascii_lowercase().into()));
    }
    let plain = value::with_plain_separators(text);
    let text = &*plain;
    if let Some(number) = LINKS.iter().find_map(|link| text.strip_prefix(link)) {
        return persons_number(number);
    }
    // Without a telling name, bare digits are order numbers and counters more often than phone numbers.
    let is_marked = is_written_as_number(text);
    let is_long = || text.len() >= SHORTEST_WITH_AREA;
    let is_told = telling.speaks_of_contacts
        || telling.names_numbers
        || telling.is_beside_people && is_long();
    if !is_marked && !is_told {
        return None;
    }
    let is_too_short = text.len() < SHORTEST_MOBILE && is_bare(text);
    if is_too_short || telling.said == Said::Ids && is_bare(text) {
        return None;
    }
    persons_number(text)
}

/// Digits of the shortest number of a mobile phone, in some small countries.
const SHORTEST_MOBILE: usize = 8;

/// A phone number that may be a person's, rather than a service's that anybody calls.
fn persons_number(text: &str) -> Option<(Kind, Rc<str>)> {
    let number = value::phone_anywhere(text)?;
    (number.line != value::Line::Service).then_some((Kind::Phone, number.e164))
}

/// Beginnings of links to a person's number.
pub(super) const LINKS: [&str; 5] = [
    "https://wa.me/",
    "https://api.whatsapp.com/send?phone=",
    "whatsapp://send?phone=",
    "sms:",
    "smsto:",
];

/// Kinds of characters of which a text has one that [`is_written_as_number`]: a plus, the colon of `tel:`, or what parts groups.
pub(super) const WRITTEN_AS_NUMBER: u16 = Look::PLUS | Look::COLON | Look::GROUP;

/// Whether a text says by its form that it is a phone number: by its plus, or by a trunk prefix and groups.
pub(super) fn is_written_as_number(text: &str) -> bool {
    // A zero by itself is of an article, not of a trunk prefix.
    let is_article = || text.starts_with("0 ") || text.starts_with("0-");
    let has_groups = || text.contains([' ', '/', '-', ')']) && !is_article();
    text.starts_with('+')
        || text.starts_with("tel:")
        || text.strip_prefix("00").is_some_and(is_international)
        || text.starts_with(['0', '(']) && has_groups()
}

/// Digits behind an international prefix: a country code begins with no zero, parcels have longer numbers, and behind `001` any ten
/// digits may be a number of North America.
pub(super) fn is_international(digits: &str) -> bool {
    (10..=14).contains(&digits.len())
        && !digits.starts_with(['0', '1'])
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Two to four words of letters that begin with a capital one.
pub(super) fn looks_like_person(text: &str) -> bool {
    if text.len() > 64 || !text.contains(' ') {
        return false;
    }
    let mut words = 0_usize;
    for word in text.split(' ') {
        let is_particle = [
            "von", "van", "de", "der", "den", "zu", "di", "da", "la", "bin", "al",
        ]
        .contains(&word);
        let is_name = word.chars().next().is_some_and(char::is_uppercase)
            && word
                .chars()
                .all(|letter| letter.is_alphabetic() || matches!(letter, '-' | '\'' | '.' | '’'));
        if !is_particle && !is_name {
            return false;
        }
        words = words.saturating_add(1);
    }
    (2..=4).contains(&words)
}
