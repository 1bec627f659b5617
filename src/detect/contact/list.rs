//! Lists of numbers, addresses or digests: what stands under one name, what belongs together, and what of it is a finding.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::digest::{Digests, LEAST_ASKED, LEAST_UNTOLD};
use super::digits::Digits;
use super::part::Telling;
use super::record::RECORDS;
use super::words::is_key;
use crate::detect::{Scene, value};
use crate::model::{DecodeStep, Field, Grade, PathId, Place};
use crate::rules::Identifier;

/// What a value is, if it can point to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Phone,
    Email,
    Hash,
}

impl Kind {
    pub(super) const fn rule(self) -> &'static str {
        match self {
            Self::Phone => "contact-phone-list",
            Self::Email => "contact-email-list",
            Self::Hash => "contact-hash-list",
        }
    }
}

/// What points to a person, and where it stood.
pub(super) type Value = (Rc<str>, PathId);

/// Values of one kind under one name, with the first field that held one.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "answers to questions that do not depend on each other"
)]
pub(super) struct List<'a> {
    pub(super) values: Vec<Value>,
    pub(super) first: Option<&'a Field<'a>>,
    pub(super) speaks_of_contacts: bool,
    /// What stands there and is none.
    pub(super) others: usize,
    /// What stands there and may be a phone number.
    pub(super) digits: Digits<'a>,
    /// What stands there and is a digest if the others are.
    pub(super) unusual: Vec<Value>,
    /// Names themselves say that digests of people are below them.
    pub(super) lists_digests: bool,
    /// The request looks people up.
    pub(super) is_asked: bool,
    /// Names or the path call for digests of people.
    pub(super) is_told: bool,
}

impl<'a> List<'a> {
    pub(super) fn add(&mut self, value: Rc<str>, field: &'a Field<'a>, telling: Telling) {
        self.values.push((value, field.path));
        self.first.get_or_insert(field);
        self.speaks_of_contacts |= telling.speaks_of_contacts;
        self.lists_digests |= telling.lists_digests;
        self.is_asked |= telling.is_asked;
        self.is_told |= telling.takes_digests || telling.lists_reachable;
    }

    pub(super) fn add_digits(&mut self, text: &'a str, field: &'a Field<'a>, telling: Telling) {
        self.digits.add(text, field.path, telling.said);
        self.first.get_or_insert(field);
        self.speaks_of_contacts |= telling.speaks_of_contacts;
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.values.extend(other.values);
        self.first = self.first.or(other.first);
        self.speaks_of_contacts |= other.speaks_of_contacts;
        self.others = self.others.saturating_add(other.others);
        self.digits.merge(other.digits);
        self.unusual.extend(other.unusual);
        self.lists_digests |= other.lists_digests;
        self.is_asked |= other.is_asked;
        self.is_told |= other.is_told;
    }

    /// Takes for digests what is as long as the others, if these are far more.
    fn take_unusual(&mut self) {
        const USUAL: usize = 3;
        let unusual = std::mem::take(&mut self.unusual);
        let length = self.values.first().map(|(value, _)| value.len());
        let is_as_long = |(value, _): &Value| Some(value.len()) == length;
        if unusual.len().saturating_mul(USUAL) <= self.values.len()
            && unusual.iter().all(is_as_long)
            && have_equal_length(&self.values)
        {
            self.values.extend(unusual);
        }
    }

    /// Whether these, with what is as long, may be digests of people: where nothing calls for them, there must be many.
    pub(super) fn may_be_digests(&mut self) -> bool {
        self.take_unusual();
        self.is_told || self.are_many()
    }

    /// Whether so many digests are no chance where nothing calls them contacts.
    pub(super) fn are_many(&self) -> bool {
        let least = if self.is_asked {
            LEAST_ASKED
        } else {
            LEAST_UNTOLD
        };
        self.values.len() >= least
    }

    /// The same with those of its digits as values that are phone numbers.
    pub(super) fn with_numbers(mut self) -> Self {
        let digits = std::mem::take(&mut self.digits);
        self.values.extend(digits.numbers());
        self
    }

    /// The same with each value once, in order.
    pub(super) fn distinct(mut self) -> Self {
        self.values.sort_unstable();
        self.values.dedup_by(|(one, _), (other, _)| one == other);
        self
    }

    /// Whether so much of what stands there is of the kind that it is no chance: where it is said to be of contacts, the half of it.
    pub(super) fn is_of_one_kind(&self) -> bool {
        let numbers = self.values.len();
        let most = if self.speaks_of_contacts {
            numbers
        } else {
            numbers / 4
        };
        self.others <= most
    }
}

/// Kind, place, and names on the way.
pub(super) type ListKey<'a> = (Kind, Place, Vec<&'a str>);

/// Lists of which each holds less than a list needs, put together with those beside them: `{"Anna": "+49…", "Ben": "+49…"}`.
/// Members of one object that each have a meaning of their own, as `from`, `to` and `support`, are no list together.
pub(super) fn joined<'a>(
    scene: &Scene<'_>,
    lists: BTreeMap<ListKey<'a>, List<'a>>,
    has_records: bool,
) -> BTreeMap<ListKey<'a>, List<'a>> {
    let is_short = |kind: Kind, list: &List<'_>| {
        let rule = scene.rules.identifier(kind.rule());
        rule.is_none_or(|rule| list.values.len() < usize::try_from(rule.min_items).unwrap_or(0))
    };
    let mut joined: BTreeMap<ListKey<'a>, List<'a>> = BTreeMap::new();
    let mut short: BTreeMap<ListKey<'a>, List<'a>> = BTreeMap::new();
    // By the object that they are members of.
    let mut alone: BTreeMap<ListKey<'a>, Vec<(ListKey<'a>, List<'a>)>> = BTreeMap::new();
    for ((kind, place, mut way), list) in lists {
        if !is_short(kind, &list) || list.values.is_empty() {
            joined.insert((kind, place, way), list);
        } else if has_records || list.speaks_of_contacts || way.iter().any(|name| is_key(name)) {
            way.pop();
            short.entry((kind, place, way)).or_default().merge(list);
        } else {
            let above = way.split_last().map_or(&[][..], |(_, above)| above);
            let members = alone.entry((kind, place, above.to_vec())).or_default();
            members.push(((kind, place, way), list));
        }
    }
    for lists in alone.into_values() {
        let values = lists.iter().flat_map(|(_, list)| &list.values);
        let values: BTreeSet<&Rc<str>> = values.map(|(value, _)| value).collect();
        // The same value may be said twice.
        if lists.len() == 1 || values.len() == 1 {
            joined.extend(lists);
        }
    }
    for (key, list) in short {
        joined.entry(key).or_default().merge(list);
    }
    joined
}

/// A list that is a finding.
pub(super) struct Listed<'a> {
    pub(super) rule: &'a Identifier,
    pub(super) grade: Grade,
    /// What stands first in the message, and the field in which it does.
    pub(super) example: Rc<str>,
    pub(super) first: &'a Field<'a>,
    pub(super) values: Vec<Value>,
}

/// The finding that a list is, if it is one.
pub(super) fn listed<'a>(
    scene: &Scene<'a>,
    kind: Kind,
    mut list: List<'a>,
    records: usize,
    digests: &Digests,
) -> Option<Listed<'a>> {
    let (own, first) = (scene.rules.identifier(kind.rule())?, list.first?);
    let of_records = scene.rules.identifier(RECORDS)?;
    let reaches = |rule: &Identifier, count: usize| {
        count >= usize::try_from(rule.min_items).unwrap_or(usize::MAX)
    };
    // One record may add up with those of other messages, but not where the list is one by itself.
    let is_of_records = reaches(of_records, records)
        || records >= 1 && list.speaks_of_contacts && !reaches(own, list.values.len());
    let rule = if is_of_records && kind != Kind::Hash {
        of_records
    } else {
        own
    };
    if kind == Kind::Hash && !list.lists_digests {
        drop_too_short(&mut list.values);
    }
    let is_list = reaches(rule, list.values.len());
    // What a protocol itself names are the ends of a talk, which have a detector of their own.
    let is_protocols_own = *scene.fields.chain(first.chain).0 == [DecodeStep::Protocol]
        && first.place == Place::Header;
    if list.values.is_empty()
        || !list.is_of_one_kind()
        || !is_list && is_protocols_own && !list.speaks_of_contacts
    {
        return None;
    }
    if kind == Kind::Hash && !is_list && !have_equal_length(&list.values) {
        return None;
    }
    let is_doubted = kind == Kind::Hash && digests.weigh(scene, &list)?.is_doubted();
    // Numbers given out in a row, as a company has them, have names beside them.
    let is_of_people = records >= 1 && list.speaks_of_contacts;
    if kind == Kind::Phone && !is_of_people && is_counter(&list.values) {
        return None;
    }
    let is_untold = kind == Kind::Hash && !list.is_told;
    let grade = if (list.speaks_of_contacts || records > 0) && !is_doubted && !is_untold {
        Grade::Decoded
    } else {
        Grade::Shape
    };
    let (example, path) = list.values.iter().min_by_key(|(_, path)| *path)?;
    let holder = scene.fields.iter();
    let holder = holder
        .filter(|field| field.place == first.place)
        .find(|field| field.path == *path);
    Some(Listed {
        rule,
        grade,
        example: Rc::clone(example),
        first: holder.unwrap_or(first),
        values: list.values,
    })
}

pub(super) fn have_equal_length(values: &[Value]) -> bool {
    let mut lengths = values.iter().map(|(value, _)| value.len());
    lengths
        .next()
        .is_some_and(|first| lengths.all(|length| length == first))
}

/// Drops beginnings of digests so short that ids look like them, unless there are so many of one length that it is no chance.
fn drop_too_short(values: &mut Vec<Value>) {
    const LEAST: usize = 8;
    const SHORTEST: usize = 20;
    let is_short = |text: &str| {
        text.len() < SHORTEST
            && (value::is_short_digest(text) || value::is_short_base64_digest(text))
    };
    let (short, mut whole): (Vec<_>, Vec<_>) = std::mem::take(values)
        .into_iter()
        .partition(|(text, _)| is_short(text));
    if short.len() >= LEAST && have_equal_length(&short) {
        whole.extend(short);
    }
    *values = whole;
}

/// Numbers that follow one another are a counter, not an address book.
pub(super) fn is_counter(values: &[Value]) -> bool {
    let numbers: Vec<u64> = values
        .iter()
        .filter_map(|(value, _)| value.trim_start_matches('+').parse().ok())
        .collect();
    numbers.len() >= 3
        && numbers.windows(2).all(|pair| match pair {
            [first, second] => second.abs_diff(*first) == 1,
            _ => false,
        })
}
