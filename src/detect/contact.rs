//! Contacts: many phone numbers, e-mail addresses, contact records or hashes in one message, and vCards.
//!
//! A list is many distinct valid values under one name, or under a name (or a request path) that speaks of contacts. Under
//! such a name a single contact is reported too: one contact per request adds up in the tally, and `assess` drops what stays
//! below the rule's `min_items`.

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use hashbrown::HashMap;

use super::name::Name;
use super::{Scene, value};
use crate::model::{Event, Field, Grade, Look, PathId, Place, Sensitive, Step, Tally};
use crate::rules::{Identifier, normalise_name};

/// Most values looked at in one field that holds a separated list.
const LIST_VALUES: usize = 10_000;

/// What a value is, if it can point to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// Values of one kind under one name, with the first field that held one.
#[derive(Default)]
struct List<'a> {
    values: BTreeSet<Rc<str>>,
    first: Option<&'a Field<'a>>,
    speaks_of_contacts: bool,
}

/// Reports contacts.
pub(super) fn inspect(scene: &Scene<'_>, tally: &mut Tally) {
    if !matches!(
        scene.observation.sighting.event,
        Event::Exchange(_) | Event::Message(_)
    ) {
        return;
    }
    let mut segments = scene.request_path().split('/');
    let path_speaks_of_contacts =
        segments.any(|segment| speaks_of_contacts(&normalise_name(segment)));
    let telling = Telling::of(scene);
    let mut groups = Groups::default();
    let mut positions: HashMap<(Kind, Place, u32), usize> = HashMap::new();
    let mut lists: Vec<(Kind, List<'_>)> = Vec::new();
    for field in scene.fields {
        let Below { contacts, numbers } = telling.of_path(field.path);
        let by_name = contacts || path_speaks_of_contacts;
        if !may_be_contact(field, by_name, numbers) || !is_content(scene, field) {
            continue;
        }
        if let Some(cards) = vcards(&field.value) {
            report_vcards(scene, tally, field, &cards);
            continue;
        }
        for part in parts(&field.value) {
            let Some((kind, normalised)) = classify(part, by_name, numbers) else {
                continue;
            };
            let group = groups.of(scene, field.path);
            let end = lists.len();
            let position = *positions
                .entry((kind, field.place, group))
                .or_insert_with(|| {
                    lists.push((kind, List::default()));
                    end
                });
            let Some((_, list)) = lists.get_mut(position) else {
                continue;
            };
            list.values.insert(normalised);
            list.first.get_or_insert(field);
            list.speaks_of_contacts |= by_name;
        }
    }
    let records = record_count(scene, &telling);
    for (kind, list) in lists {
        report_list(scene, tally, kind, &list, records);
    }
}

/// Whether a value can have a part that points to a person: what [`classify`] and [`vcards`] ask for, told by the kinds of
/// its characters.
fn may_be_contact(field: &Field<'_>, speaks_of_contacts: bool, names_numbers: bool) -> bool {
    let first = field.value.trim_start_matches([' ', '"', '\'', '[', ']']);
    speaks_of_contacts
        || names_numbers
        // colons stand in `tel:` and vCards, and lists may go on with anything
        || field.look.has(Look::AT | Look::PLUS | Look::COLON | Look::LIST)
        || first.starts_with(['0', '('])
}

/// What names on the way to a value say of it.
#[derive(Clone, Copy, Default)]
struct Below {
    contacts: bool,
    numbers: bool,
}

/// What the names of a message say, by path; nothing, as nearly always, where no name says anything.
struct Telling(Vec<Below>);

impl Telling {
    fn of(scene: &Scene<'_>) -> Self {
        let says = |name: &Name| Below {
            contacts: name.speaks_of_contacts,
            numbers: name.names_numbers,
        };
        let mut names = scene.names.iter().map(|name| says(name));
        if !names.any(|below| below.contacts || below.numbers) {
            return Self(Vec::new());
        }
        let paths = &scene.fields.paths;
        let mut all = Vec::with_capacity(paths.len().saturating_add(1));
        all.push(Below::default());
        for (parent, step) in paths.iter() {
            let mut below: Below = all.get(parent.position()).copied().unwrap_or_default();
            if let Step::Name(name) = step
                && let Some(name) = scene.names.get(name.position())
            {
                let own = says(name);
                below.contacts |= own.contacts;
                below.numbers |= own.numbers;
            }
            all.push(below);
        }
        Self(all)
    }

    fn of_path(&self, path: PathId) -> Below {
        self.0.get(path.position()).copied().unwrap_or_default()
    }
}

/// Paths by the names on them, without indexes and numbering: what all elements of a list share, also where it is an object
/// keyed by contact id (`{"17": ["+49…"], "18": ["+49…"]}`) or a form of `phone1`, `phone2`.
#[derive(Default)]
struct Groups<'a> {
    by_names: HashMap<(u32, &'a str), u32>,
}

impl<'a> Groups<'a> {
    fn of<'s: 'a>(&mut self, scene: &'s Scene<'_>, path: PathId) -> u32 {
        let mut names: Vec<&'a str> = scene
            .fields
            .paths
            .steps_back(path)
            .filter_map(|step| match step {
                Step::Name(name) => scene.names.get(name.position()).map(|name| &*name.stem),
                Step::Index(_) => None,
            })
            .collect();
        names.reverse();
        names.into_iter().fold(0, |group, name| {
            let next = u32::try_from(self.by_names.len()).unwrap_or(u32::MAX);
            let next = next.saturating_add(1);
            *self.by_names.entry((group, name)).or_insert(next)
        })
    }
}

/// Bodies and queries, and documents in headers: what a header itself says is of the connection.
fn is_content(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    match field.place {
        Place::Body | Place::Query => true,
        Place::Header | Place::Cookie => scene.fields.path(field).depth() > 1,
        Place::Path => false,
    }
}

/// Whether a name says that phone numbers are below it, also written as bare digits.
pub(super) fn names_numbers(name: &str) -> bool {
    const PARTS: [&str; 7] = [
        "phone",
        "telefon",
        "msisdn",
        "rufnummer",
        "handy",
        "mobil",
        "cellnumber",
    ];
    const NAMES: [&str; 5] = ["tel", "tels", "numbers", "nummern", "telnumbers"];
    let name = normalise_name(name);
    PARTS.iter().any(|part| name.contains(part)) || NAMES.contains(&name.as_str())
}

/// Whether a name, normalised, says that what is below it are contacts: parts of names in use for address-book uploads.
pub(super) fn speaks_of_contacts(name: &str) -> bool {
    const WORDS: [&str; 16] = [
        "contact",
        "kontakt",
        "telefonbuch",
        "adressbuch",
        "hashednumber",
        "numberhash",
        "findfriends",
        "addressbook",
        "phonebook",
        "invitee",
        "msisdns",
        "mobilenos",
        "mobilenohash",
        "phonehash",
        "emailhash",
        "hashedphone",
    ];
    // Contact forms and support pages speak of one contact: the sender himself.
    WORDS.iter().any(|word| name.contains(word))
        && !["contactus", "contactform", "contactinfo", "kontaktformular"].contains(&name)
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

/// The values of a field that holds a list in one string.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', '\n', '\t', '|'])
        .map(|part| part.trim().trim_matches(['"', '\'', '[', ']']))
        .filter(|part| !part.is_empty())
        .take(LIST_VALUES)
}

fn classify(text: &str, speaks_of_contacts: bool, names_numbers: bool) -> Option<(Kind, Rc<str>)> {
    // Digests are taken for contacts only under a name that says so: anything can be hashed.
    if speaks_of_contacts && (value::is_cut_digest(text) || value::is_base64_digest(text)) {
        return Some((Kind::Hash, text.into()));
    }
    if text.len() > 320 {
        return None;
    }
    if text.contains('@') {
        let address = text.strip_prefix("mailto:").unwrap_or(text);
        return value::is_email(address)
            .then(|| (Kind::Email, address.to_ascii_lowercase().into()));
    }
    // Without a telling name, bare digits are order numbers and counters more often than phone numbers.
    let is_marked = is_written_as_number(text);
    if !is_marked && !speaks_of_contacts && !names_numbers {
        return None;
    }
    value::phone_e164(text).map(|number| (Kind::Phone, number))
}

/// Whether a text says by its form that it is a phone number: by its plus, or by a trunk prefix and groups.
fn is_written_as_number(text: &str) -> bool {
    let has_groups = || text.contains([' ', '/', '-', ')']);
    text.starts_with('+')
        || text.starts_with("tel:")
        || text.starts_with(['0', '(']) && has_groups()
}

fn report_list(scene: &Scene<'_>, tally: &mut Tally, kind: Kind, list: &List<'_>, records: usize) {
    let rule_id = if records >= 1 && kind != Kind::Hash && list.speaks_of_contacts
        || records >= 3 && kind != Kind::Hash
    {
        "contact-name-phone-record"
    } else {
        kind.rule()
    };
    let (Some(rule), Some(first)) = (scene.rules.identifier(rule_id), list.first) else {
        return;
    };
    let is_list = list.values.len() >= usize::try_from(rule.min_items).unwrap_or(usize::MAX);
    if !is_list && !list.speaks_of_contacts {
        return;
    }
    if kind == Kind::Hash && !is_list && !have_equal_length(&list.values) {
        return;
    }
    // Numbers given out in a row, as a company has them, have names beside them.
    let is_of_people = records >= 1 && list.speaks_of_contacts;
    if kind == Kind::Phone && !is_of_people && is_counter(&list.values) {
        return;
    }
    let grade = if list.speaks_of_contacts || records > 0 {
        Grade::Decoded
    } else {
        Grade::Shape
    };
    report(scene, tally, rule, grade, first, &list.values);
}

fn report(
    scene: &Scene<'_>,
    tally: &mut Tally,
    rule: &Identifier,
    grade: Grade,
    first: &Field<'_>,
    values: &BTreeSet<Rc<str>>,
) {
    let example = values.first().cloned().unwrap_or_default();
    let mut finding = scene.finding(rule, grade, first, &example);
    finding.items = values.len() as u64;
    finding.values = values.iter().map(|value| Sensitive::new(value)).collect();
    scene.report(tally, finding);
}

/// Whether a key, normalised, names a person.
pub(super) fn is_person_name(name: &str) -> bool {
    const NAMES: [&str; 19] = [
        "name",
        "anzeigename",
        "vorname",
        "nachname",
        "kontaktname",
        "personname",
        "namefirst",
        "namelast",
        "displayname",
        "givenname",
        "familyname",
        "firstname",
        "lastname",
        "fullname",
        "nickname",
        "contactname",
        "fn",
        "surname",
        "middlename",
    ];
    NAMES.contains(&name)
}

/// How many objects hold both a name and a phone number or e-mail address.
fn record_count(scene: &Scene<'_>, telling: &Telling) -> usize {
    let is_name = |field: &Field<'_>| {
        scene.name(field).is_some_and(|name| name.is_person)
            && !field.look.has(Look::AT)
            && field.value.chars().any(char::is_alphabetic)
    };
    // Reading phone numbers is expensive, and without a name nothing is a record.
    let has_person = scene.names.iter().any(|name| name.is_person);
    let is_persons = |field: &Field<'_>| is_content(scene, field) && is_name(field);
    if !has_person || !scene.fields.iter().any(is_persons) {
        return 0;
    }
    let paths = &scene.fields.paths;
    let mut positions: HashMap<PathId, usize> = HashMap::new();
    let mut records: Vec<(PathId, bool, bool)> = Vec::new();
    for field in scene.fields {
        if paths
            .steps_back(field.path)
            .all(|step| matches!(step, Step::Name(_)))
            || !is_content(scene, field)
        {
            continue;
        }
        let is_name = is_name(field);
        let is_reachable = LazyCell::new(|| {
            let text = field.value.trim();
            let may_be_number =
                || is_written_as_number(text) || telling.of_path(field.path).numbers;
            (text.contains('@') && value::is_email(text))
                || may_be_number() && value::phone_e164(text).is_some()
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
    let mut most = 0;
    for (record, has_name, has_reachable) in records {
        if has_name
            && has_reachable
            && let Some((list, _)) = paths.split(record)
        {
            let count = by_list.entry(scene.first_of(list)).or_default();
            *count = count.saturating_add(1);
            most = most.max(*count);
        }
    }
    most
}

fn have_equal_length(values: &BTreeSet<Rc<str>>) -> bool {
    let mut lengths = values.iter().map(|value| value.len());
    lengths
        .next()
        .is_some_and(|first| lengths.all(|length| length == first))
}

/// Numbers that follow one another are a counter, not an address book.
fn is_counter(values: &BTreeSet<Rc<str>>) -> bool {
    let numbers: Vec<u64> = values
        .iter()
        .filter_map(|value| value.trim_start_matches('+').parse().ok())
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
    report(scene, tally, rule, Grade::Decoded, field, &values);
}
