//! Contacts: many phone numbers, e-mail addresses, contact records or hashes in one message, and vCards.
//!
//! A list is many distinct valid values under one name, or under a name (or a request path) that speaks of contacts. Under
//! such a name a single contact is reported too: one contact per request adds up in the tally, and `assess` drops what stays
//! below the rule's `min_items`.

mod way;
mod words;

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use hashbrown::{HashMap, HashSet};

use self::way::{Names, Way, Ways};
use self::words::{LOOK_UPS, is_key};
pub(super) use self::words::{
    is_action, is_of_mail, is_of_request, is_person_name, lists_digests, may_be_number,
    names_addresses, names_numbers, speaks_of_contacts,
};
use super::{Scene, value};
use crate::model::{DecodeStep, Event, Field, Grade, Look, PathId, Place, Sensitive, Step, Tally};
use crate::rules::{Identifier, normalise_name};

/// Most values looked at in one field that holds a separated list.
const LIST_VALUES: usize = 10_000;

/// Digits of the shortest phone number: fewer are flags and counts, which numbers may well have beside them.
const SHORTEST_NUMBER: usize = 7;

/// Kinds of characters of which a number, an address and a card have one.
const OF_CONTACTS: u16 = Look::DIGIT | Look::AT | Look::COLON;

/// Digits of the shortest number that is believed beside people's names without a telling name: shorter ones are scores.
const SHORTEST_WITH_AREA: usize = 9;

/// What a value is, if it can point to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Phone,
    Email,
    Hash,
}

impl Kind {
    const fn rule(self) -> &'static str {
        match self {
            Self::Phone => "contact-phone-list",
            Self::Email => "contact-email-list",
            Self::Hash => "contact-hash-list",
        }
    }
}

/// What points to a person, and where it stood.
type Value = (Rc<str>, PathId);

/// Values of one kind under one name, with the first field that held one.
#[derive(Default)]
struct List<'a> {
    values: Vec<Value>,
    first: Option<&'a Field<'a>>,
    speaks_of_contacts: bool,
    /// What stands there and is none.
    others: usize,
}

impl<'a> List<'a> {
    fn add(&mut self, value: Rc<str>, field: &'a Field<'a>, speaks_of_contacts: bool) {
        self.values.push((value, field.path));
        self.first.get_or_insert(field);
        self.speaks_of_contacts |= speaks_of_contacts;
    }

    fn merge(&mut self, other: Self) {
        self.values.extend(other.values);
        self.first = self.first.or(other.first);
        self.speaks_of_contacts |= other.speaks_of_contacts;
        self.others = self.others.saturating_add(other.others);
    }

    /// The same with each value once, in order.
    fn distinct(mut self) -> Self {
        self.values.sort_unstable();
        self.values.dedup_by(|(one, _), (other, _)| one == other);
        self
    }

    /// Whether so much of what stands there is of the kind that it is no chance: where it is said to be of contacts, the half of it.
    fn is_of_one_kind(&self) -> bool {
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
type ListKey<'a> = (Kind, Place, Vec<&'a str>);

/// Reports contacts.
pub(super) fn inspect(scene: &Scene<'_>, tally: &mut Tally) {
    if !matches!(
        scene.observation.sighting.event,
        Event::Exchange(_) | Event::Message(_)
    ) {
        return;
    }
    let mut lists: BTreeMap<(Kind, Place, Way), List<'_>> = BTreeMap::new();
    let request = Request::of(scene);
    let names = Names::of(scene);
    let ways = Ways::of(scene);
    let people = people(scene, &ways);
    for (position, field) in scene.fields.iter().enumerate() {
        if !is_content(scene, field) || scene.holds_document(position) {
            continue;
        }
        let below = names.of_path(field.path);
        let name = scene.name(field);
        let may_be_digest = below.takes_digests() || request.takes_digests();
        if !may_be_digest && !field.look.has(OF_CONTACTS) {
            continue;
        }
        let is_of_request = name.is_some_and(|name| name.is_of_request);
        if name.is_some_and(|name| name.is_of_mail) {
            continue;
        }
        // `{"id": "11002929087", "name": "Anna Beispiel"}`: members have numbers, too.
        let is_beside_people =
            !people.is_empty() && !is_of_request && people.contains(&ways.object(field.path));
        let telling = Telling {
            speaks_of_contacts: below.contacts || request.speaks_of_contacts,
            takes_digests: below.takes_digests() || request.takes_digests() && !is_of_request,
            lists_digests: below.digests,
            names_numbers: below.numbers,
            is_beside_people,
        };
        if field.look.has(Look::COLON)
            && let Some(cards) = vcards(&field.value)
        {
            report_vcards(scene, tally, field, &cards);
            continue;
        }
        if !telling.may_be_in(field.look) {
            continue;
        }
        for part in parts(&field.value) {
            let found = classify(part, telling);
            let is_other = part.len() >= SHORTEST_NUMBER
                && (is_beside_people && part.bytes().all(|byte| byte.is_ascii_digit())
                    || value::is_number_in_groups(part));
            let kind = match &found {
                Some((kind, _)) => *kind,
                None if is_other => Kind::Phone,
                None => continue,
            };
            let key = (kind, field.place, ways.of_path(field.path));
            let list = lists.entry(key).or_default();
            match found {
                Some((_, value)) => list.add(value, field, telling.speaks_of_contacts),
                None => list.others = list.others.saturating_add(1),
            }
        }
    }
    // In `{"+49…": "Anna"}` and `{"+49…": {"name": "Anna"}}` the number is a name.
    if scene.names.iter().any(|name| name.may_be_contact) {
        keyed(scene, &names, &ways, &request, &mut lists);
    }
    if lists.is_empty() {
        return;
    }
    report_lists(scene, tally, lists, &ways, &Records::of(scene, &names));
}

/// Reports lists; a message has one finding of a rule, however many lists it holds.
fn report_lists(
    scene: &Scene<'_>,
    tally: &mut Tally,
    lists: BTreeMap<(Kind, Place, Way), List<'_>>,
    ways: &Ways<'_>,
    records: &Records,
) {
    let lists = lists.into_iter().map(|((kind, place, way), list)| {
        let key = (kind, place, ways.names(way));
        (key, list.distinct())
    });
    let mut findings: Vec<Listed<'_>> = Vec::new();
    for ((kind, ..), list) in joined(scene, lists.collect(), records.count > 0) {
        let Some(listed) = listed(scene, kind, list.distinct(), records.count) else {
            continue;
        };
        match findings
            .iter_mut()
            .find(|known| known.rule.id == listed.rule.id)
        {
            Some(known) => {
                known.grade = known.grade.min(listed.grade);
                known.values.extend(listed.values);
            }
            None => findings.push(listed),
        }
    }
    for listed in findings {
        let Listed {
            rule,
            grade,
            first,
            mut values,
        } = listed;
        if &*rule.id == RECORDS {
            values = records.one_each(scene, values);
        }
        let values: Vec<Rc<str>> = values.into_iter().map(|(value, _)| value).collect();
        report(scene, tally, rule, grade, first, &values);
    }
}

/// Adds names of fields and objects that are themselves numbers or addresses.
fn keyed<'a>(
    scene: &'a Scene<'_>,
    names: &Names,
    ways: &Ways<'_>,
    request: &Request,
    lists: &mut BTreeMap<(Kind, Place, Way), List<'a>>,
) {
    let paths = &scene.fields.paths;
    let mut seen = BTreeSet::new();
    for field in scene.fields.iter().filter(|field| is_content(scene, field)) {
        let mut at = field.path;
        while let Some((parent, step)) = paths.split(at) {
            if !seen.insert((field.place, at)) {
                break;
            }
            if let Step::Name(id) = step
                && let Some(name) = scene.names.get(id.position())
                && name.may_be_contact
            {
                let text = paths.text(id);
                let below = names.of_path(parent);
                let telling = Telling {
                    speaks_of_contacts: below.contacts || request.speaks_of_contacts,
                    takes_digests: below.takes_digests() || request.takes_digests(),
                    lists_digests: below.digests,
                    names_numbers: false,
                    is_beside_people: looks_like_person(&field.value),
                };
                if let Some((kind, value)) = classify(text, telling) {
                    let way = ways.of_path(parent);
                    let list = lists.entry((kind, field.place, way)).or_default();
                    list.add(value, field, telling.speaks_of_contacts);
                }
            }
            at = parent;
        }
    }
}

/// A list that is a finding.
struct Listed<'a> {
    rule: &'a Identifier,
    grade: Grade,
    first: &'a Field<'a>,
    values: Vec<Value>,
}

/// Numbers and addresses of one person in an address book, at most, on average.
const VALUES_OF_PERSON: usize = 6;

/// The rule of records: people by name, with what they are reached by.
const RECORDS: &str = "contact-name-phone-record";

/// What the request as a whole says of what is in it.
struct Request {
    /// It is about contacts.
    speaks_of_contacts: bool,
    /// It asks who of them uses the service: digests in it are of people.
    looks_people_up: bool,
}

impl Request {
    fn of(scene: &Scene<'_>) -> Self {
        let mut request = Self {
            speaks_of_contacts: false,
            looks_people_up: false,
        };
        for segment in scene.request_path().split('/') {
            let segment = normalise_name(segment);
            request.speaks_of_contacts |= speaks_of_contacts(&segment);
            request.looks_people_up |= LOOK_UPS.contains(&segment.as_str());
        }
        // `{"method": "contacts.upload", "params": […]}`, `{"operationName": "SyncContacts"}`, a topic of MQTT.
        let has_action = scene.names.iter().any(|name| name.is_action);
        let actions = scene.fields.iter().filter(|field| {
            has_action
                && field.value.len() <= LONGEST_ACTION
                && scene.name(field).is_some_and(|name| name.is_action)
                && scene.fields.path(field).depth() <= DEEPEST_ACTION
        });
        for field in actions {
            request.speaks_of_contacts |= field
                .value
                .split(['/', '.', ':'])
                .any(|word| speaks_of_contacts(&normalise_name(word)));
        }
        request
    }

    fn takes_digests(&self) -> bool {
        self.speaks_of_contacts || self.looks_people_up
    }
}

/// Steps to the name of an action, at most: it stands at the top of a message, or of each in a list.
const DEEPEST_ACTION: usize = 2;
/// Longest name of an action.
const LONGEST_ACTION: usize = 64;

/// Lists of which each holds less than a list needs, put together with those beside them: `{"Anna": "+49…", "Ben": "+49…"}`.
/// Members of one object that each have a meaning of their own, as `from`, `to` and `support`, are no list together.
fn joined<'a>(
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

/// Fewest people's names beside which numbers need no telling name.
const LEAST_PEOPLE: usize = 3;

/// Ways to objects of which several hold what looks like a person's name.
fn people(scene: &Scene<'_>, ways: &Ways<'_>) -> BTreeSet<Way> {
    let mut found: BTreeMap<Way, BTreeSet<&str>> = BTreeMap::new();
    for field in scene.fields {
        if field.look.has(Look::SPACE)
            && looks_like_person(&field.value)
            && is_content(scene, field)
            && scene.fields.path(field).has_index()
        {
            let names = found.entry(ways.object(field.path)).or_default();
            if names.len() < LEAST_PEOPLE {
                names.insert(&field.value);
            }
        }
    }
    let several = found
        .into_iter()
        .filter(|(_, names)| names.len() >= LEAST_PEOPLE);
    several.map(|(way, _)| way).collect()
}

/// Two to four words of letters that begin with a capital one.
fn looks_like_person(text: &str) -> bool {
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

/// Bodies, queries and paths, and documents and lists in headers: what else a header says is of the connection.
fn is_content(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    match field.place {
        Place::Body | Place::Query | Place::Path => true,
        Place::Header | Place::Cookie => {
            scene.fields.path(field).depth() > 1
                || field.look.has(Look::LIST)
                    && scene
                        .name(field)
                        .is_some_and(|name| name.speaks_of_contacts || name.names_numbers)
        }
    }
}

/// What stands around a value says of it.
#[derive(Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "answers to questions that do not depend on each other"
)]
struct Telling {
    speaks_of_contacts: bool,
    takes_digests: bool,
    /// Names themselves say that digests of people are below them.
    lists_digests: bool,
    names_numbers: bool,
    is_beside_people: bool,
}

impl Telling {
    /// Whether a value can have a part that points to a person: what [`classify`] asks for, told by the kinds of its characters.
    fn may_be_in(self, look: Look) -> bool {
        let has_number = || {
            look.has(Look::DIGIT)
                && (self.speaks_of_contacts
                    || self.names_numbers
                    || self.is_beside_people
                    || look.is_all(Look::DIGIT)
                    || look.has(WRITTEN_AS_NUMBER))
        };
        self.takes_digests || look.has(Look::AT) || has_number()
    }
}

/// Whether any name on the way to a value says that what is below it are contacts.
pub(super) fn speaks_of_contacts_path(scene: &Scene<'_>, path: PathId) -> bool {
    let mut steps = scene.fields.paths.steps_back(path);
    steps.any(|step| match step {
        Step::Name(name) => scene
            .names
            .get(name.position())
            .is_some_and(|name| name.speaks_of_contacts),
        Step::Index(_) => false,
    })
}

/// The values of a field that holds a list in one string, or addresses and numbers among other text.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let is_separator = |mark: char| matches!(mark, ',' | ';' | '\n' | '\t' | '|' | '"');
    text.split(is_separator)
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

fn classify(text: &str, telling: Telling) -> Option<(Kind, Rc<str>)> {
    // Digests are taken for contacts only under a name that says so: anything can be hashed.
    if telling.takes_digests {
        // `sha1:0a1b…`, `0x0a1b…`
        let bare = text.split_once(':').map_or(text, |(_, digest)| digest);
        let bare = bare.strip_prefix("0x").unwrap_or(bare);
        let is_short = telling.lists_digests && value::is_short_digest(bare);
        if is_short || value::is_cut_digest(bare) || value::is_base64_digest(bare) {
            return Some((Kind::Hash, bare.into()));
        }
    }
    if text.len() > 320 {
        return None;
    }
    if text.contains('@') {
        // `Anna Beispiel <anna@post.example>` (RFC 5322 §3.4)
        let address = text.rsplit_once('<').map_or(text, |(_, address)| address);
        let address = address.strip_prefix("mailto:").unwrap_or(address);
        let is_persons = value::is_email(address)
            && (telling.speaks_of_contacts || !value::is_role_address(address));
        return is_persons.then(|| (Kind::Email, address.to_ascii_lowercase().into()));
    }
    let plain = value::with_plain_separators(text);
    let text = &*plain;
    if let Some(number) = LINKS.iter().find_map(|link| text.strip_prefix(link)) {
        return value::phone_anywhere(number).map(|number| (Kind::Phone, number));
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
    value::phone_anywhere(text).map(|number| (Kind::Phone, number))
}

/// Beginnings of links to a person's number.
const LINKS: [&str; 5] = [
    "https://wa.me/",
    "https://api.whatsapp.com/send?phone=",
    "whatsapp://send?phone=",
    "sms:",
    "smsto:",
];

/// Kinds of characters of which a text has one that [`is_written_as_number`]: a plus, the colon of `tel:`, or what parts groups.
const WRITTEN_AS_NUMBER: u16 = Look::PLUS | Look::COLON | Look::GROUP;

/// Whether a text says by its form that it is a phone number: by its plus, or by a trunk prefix and groups.
fn is_written_as_number(text: &str) -> bool {
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
fn is_international(digits: &str) -> bool {
    (10..=14).contains(&digits.len())
        && !digits.starts_with(['0', '1'])
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The finding that a list is, if it is one.
fn listed<'a>(scene: &Scene<'a>, kind: Kind, list: List<'a>, records: usize) -> Option<Listed<'a>> {
    let rule_id = if records >= 1 && kind != Kind::Hash && list.speaks_of_contacts
        || records >= 3 && kind != Kind::Hash
    {
        RECORDS
    } else {
        kind.rule()
    };
    let (rule, first) = (scene.rules.identifier(rule_id)?, list.first?);
    let is_list = list.values.len() >= usize::try_from(rule.min_items).unwrap_or(usize::MAX);
    // What a protocol itself names are the ends of a talk, which have a detector of their own.
    let is_protocols_own = *scene.fields.chain(first.chain).0 == [DecodeStep::Protocol]
        && first.place == Place::Header;
    if !list.is_of_one_kind() || !is_list && is_protocols_own && !list.speaks_of_contacts {
        return None;
    }
    if kind == Kind::Hash && !is_list && !have_equal_length(&list.values) {
        return None;
    }
    // Numbers given out in a row, as a company has them, have names beside them.
    let is_of_people = records >= 1 && list.speaks_of_contacts;
    if kind == Kind::Phone && !is_of_people && is_counter(&list.values) {
        return None;
    }
    let grade = if list.speaks_of_contacts || records > 0 {
        Grade::Decoded
    } else {
        Grade::Shape
    };
    Some(Listed {
        rule,
        grade,
        first,
        values: list.values,
    })
}

fn report(
    scene: &Scene<'_>,
    tally: &mut Tally,
    rule: &Identifier,
    grade: Grade,
    first: &Field<'_>,
    values: &[Rc<str>],
) {
    let example = values.first().cloned().unwrap_or_default();
    let mut finding = scene.finding(rule, grade, first, &example);
    finding.items = values.len() as u64;
    finding.values = values.iter().map(|value| Sensitive::new(value)).collect();
    scene.report(tally, finding);
}

/// Objects that hold both a name and a phone number or e-mail address: those of the longest list of them.
#[derive(Default)]
struct Records {
    count: usize,
    list: Option<PathId>,
}

impl Records {
    /// The values, of each object only one: it is people that are counted, not what they are reached by. An object with more than
    /// people have is no person but holds several.
    fn one_each(&self, scene: &Scene<'_>, values: Vec<Value>) -> Vec<Value> {
        if values.len() > self.count.saturating_mul(VALUES_OF_PERSON) {
            return values;
        }
        let mut seen: HashSet<PathId> = HashSet::new();
        let is_first = |(_, path): &Value| {
            let record = self.list.and_then(|list| record_in(scene, list, *path));
            record.is_none_or(|record| seen.insert(record))
        };
        let mut values = values;
        values.sort_unstable();
        values.into_iter().filter(is_first).collect()
    }

    fn of(scene: &Scene<'_>, names: &Names) -> Self {
        let is_name = |field: &Field<'_>| {
            scene.name(field).is_some_and(|name| name.is_person)
                && !field.look.has(Look::AT)
                && field.value.chars().any(char::is_alphabetic)
        };
        // Reading phone numbers is expensive, and without a name nothing is a record.
        let has_person = scene.names.iter().any(|name| name.is_person);
        let is_persons = |field: &Field<'_>| is_content(scene, field) && is_name(field);
        if !has_person || !scene.fields.iter().any(is_persons) {
            return Self::default();
        }
        let paths = &scene.fields.paths;
        let mut positions: HashMap<PathId, usize> = HashMap::new();
        let mut records: Vec<(PathId, bool, bool)> = Vec::new();
        for field in scene.fields {
            let is_name = is_name(field);
            let names_numbers = names.of_path(field.path).numbers;
            let may_be_reachable = field.look.has(Look::AT)
                || field.look.has(Look::DIGIT)
                    && (names_numbers || field.look.has(WRITTEN_AS_NUMBER));
            if !is_name && !may_be_reachable || !is_content(scene, field) {
                continue;
            }
            let is_reachable = LazyCell::new(|| {
                let text = field.value.trim();
                let may_be_number = || names_numbers || is_written_as_number(text);
                may_be_reachable
                    && ((text.contains('@') && value::is_email(text))
                        || may_be_number() && value::phone_e164(text).is_some())
            });
            // Every element of an array that the field lies in may be the record.
            let mut at = field.path;
            while let Some((parent, step)) = paths.split(at) {
                if matches!(step, Step::Index(_)) {
                    let record = scene.first_of(at);
                    let end = records.len();
                    let position = *positions.entry(record).or_insert_with(|| {
                        records.push((record, false, false));
                        end
                    });
                    if let Some((_, has_name, has_reachable)) = records.get_mut(position) {
                        *has_name |= is_name;
                        *has_reachable = *has_reachable || *is_reachable;
                    }
                }
                at = parent;
            }
        }
        let mut by_list: HashMap<PathId, usize> = HashMap::new();
        let mut most = Self::default();
        for (record, has_name, has_reachable) in records {
            if has_name
                && has_reachable
                && let Some((list, _)) = paths.split(record)
            {
                let list = scene.first_of(list);
                let count = by_list.entry(list).or_default();
                *count = count.saturating_add(1);
                if *count > most.count {
                    most = Self {
                        count: *count,
                        list: Some(list),
                    };
                }
            }
        }
        most
    }
}

/// The element of a list that a path goes through.
fn record_in(scene: &Scene<'_>, list: PathId, path: PathId) -> Option<PathId> {
    let mut at = path;
    while let Some((parent, step)) = scene.fields.paths.split(at) {
        if matches!(step, Step::Index(_)) && scene.first_of(parent) == list {
            return Some(scene.first_of(at));
        }
        at = parent;
    }
    None
}

fn have_equal_length(values: &[Value]) -> bool {
    let mut lengths = values.iter().map(|(value, _)| value.len());
    lengths
        .next()
        .is_some_and(|first| lengths.all(|length| length == first))
}

/// Numbers that follow one another are a counter, not an address book.
fn is_counter(values: &[Value]) -> bool {
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

/// The vCards (RFC 6350) in a text, each as its reachable values.
fn vcards(text: &str) -> Option<Vec<Vec<String>>> {
    let start = "BEGIN:VCARD";
    memchr::memmem::find(text.as_bytes(), start.as_bytes())?;
    let mut cards = Vec::new();
    for card in text.split(start).skip(1) {
        let reachable = card
            .lines()
            .filter_map(|line| {
                let (property, content) = line.split_once(':')?;
                let name = property.split(';').next()?.rsplit('.').next()?;
                let is_reachable =
                    name.eq_ignore_ascii_case("TEL") || name.eq_ignore_ascii_case("EMAIL");
                is_reachable.then(|| content.trim().trim_start_matches("tel:").to_owned())
            })
            .filter(|content| !content.is_empty())
            .collect::<Vec<_>>();
        if !reachable.is_empty() {
            cards.push(reachable);
        }
    }
    (!cards.is_empty()).then_some(cards)
}

fn report_vcards(scene: &Scene<'_>, tally: &mut Tally, field: &Field<'_>, cards: &[Vec<String>]) {
    let Some(rule) = scene.rules.identifier("contact-vcard") else {
        return;
    };
    let values: BTreeSet<Rc<str>> = cards
        .iter()
        .filter_map(|card| card.first())
        .map(|value| Rc::from(value.as_str()))
        .collect();
    let values: Vec<Rc<str>> = values.into_iter().collect();
    report(scene, tally, rule, Grade::Decoded, field, &values);
}
