//! Contacts: many phone numbers, e-mail addresses, contact records or hashes in one message, and vCards.
//!
//! A list is many distinct valid values under one name, or under a name (or a request path) that speaks of contacts. Under
//! such a name a single contact is reported too: one contact per request adds up in the tally, and `assess` drops what stays
//! below the rule's `min_items`.

mod card;
mod list;
mod part;
mod record;
mod way;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use self::card::vcards;
use self::list::{Kind, List, Listed, joined, listed};
use self::part::{Telling, classify, looks_like_person, parts};
use self::record::{RECORDS, Records};
use self::way::{Names, Way, Ways};
use self::words::LOOK_UPS;
pub(super) use self::words::{
    is_action, is_of_mail, is_of_request, is_person_name, lists_digests, lists_reachable,
    may_be_number, names_numbers, names_other_numbers, speaks_of_contacts,
};
use super::{Scene, value};
use crate::model::{Event, Field, Grade, Look, PathId, Place, Sensitive, Step, Tally};
use crate::rules::{Identifier, normalise_name};

/// Digits of the shortest phone number: fewer are flags and counts, which numbers may well have beside them.
const SHORTEST_NUMBER: usize = 7;

/// Kinds of characters of which a number, an address and a card have one.
const OF_CONTACTS: u16 = Look::DIGIT | Look::AT | Look::COLON;

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
        if field.value.len() < SHORTEST_NUMBER && !field.look.has(Look::AT) {
            continue;
        }
        let below = names.of_path(field.path);
        let name = scene.name(field);
        let lists_reachable = name.is_some_and(|name| name.lists_reachable);
        let may_be_digest =
            below.contacts || below.digests || lists_reachable || request.takes_digests();
        if !may_be_digest && !field.look.has(OF_CONTACTS)
            || !is_content(scene, field)
            || scene.holds_document(position)
        {
            continue;
        }
        let is_of_request = name.is_some_and(|name| name.is_of_request);
        if name.is_some_and(|name| name.is_of_message_id(&field.value)) {
            continue;
        }
        // `{"id": "11002929087", "name": "Anna Beispiel"}`: members have numbers, too.
        let is_beside_people =
            !people.is_empty() && !is_of_request && people.contains(&ways.object(field.path));
        let telling = Telling {
            speaks_of_contacts: below.contacts || request.speaks_of_contacts,
            takes_digests: below.contacts
                || below.digests
                || request.takes_digests() && !is_of_request,
            lists_reachable,
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
        if !telling.may_be_in(field.look, &field.value) {
            continue;
        }
        for part in parts(&field.value) {
            let found = classify(part, telling);
            let is_of_other = name.is_some_and(|name| name.names_other_numbers);
            if is_of_other && !part.starts_with('+') && matches!(found, Some((Kind::Phone, _))) {
                continue;
            }
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
                    takes_digests: below.contacts || below.digests || request.takes_digests(),
                    lists_reachable: false,
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
