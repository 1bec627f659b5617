//! Contacts: many phone numbers, e-mail addresses, contact records or hashes in one message, and vCards.
//!
//! A list is many distinct valid values under one name, or under a name (or a request path) that speaks of contacts. Under
//! such a name a single contact is reported too: one contact per request adds up in the tally, and `assess` drops what stays
//! below the rule's `min_items`.

mod card;
mod digest;
mod digits;
mod list;
mod part;
mod record;
mod split;
mod way;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use self::card::vcards;
use self::digest::Digests;
use self::digits::{Said, is_bare, may_be_in_full};
use self::list::{Kind, List, Listed, joined, listed};
use self::part::{
    Telling, WRITTEN_AS_NUMBER, classify, each_part, is_table_of_people, looks_like_person,
};
use self::record::{RECORDS, Records};
use self::split::Split;
pub(super) use self::split::is_country_code;
use self::way::{Below, Names, Way, Ways};
use self::words::{LOOK_UPS, names_digests};
pub(super) use self::words::{
    is_action, is_number, is_of_ids, is_of_mail, is_of_request, is_of_state, is_person_name,
    lists_digests, lists_reachable, may_be_number, may_be_part_of_person, names_numbers,
    names_other_numbers, names_phones, speaks_of_contacts,
};
use super::name::Name;
use super::{Scene, value};
use crate::model::{DecodeStep, Event, Field, Grade, Look, PathId, Place, Sensitive, Step, Tally};
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
    let mut lists: Lists<'_> = BTreeMap::new();
    let mut unnamed: Unnamed<'_> = BTreeMap::new();
    let mut packed = None;
    let request = Request::of(scene);
    let names = Names::of(scene);
    let ways = Ways::of(scene);
    let people = people(scene, &ways);
    let split = Split::of(scene);
    let mut chains = scene.fields.chains().iter();
    let has_protobuf = chains.any(|chain| chain.0.last() == Some(&DecodeStep::Protobuf));
    let is_silent = !request.takes_digests()
        && !request.looks_users_up
        && people.is_empty()
        && split.is_empty()
        && !has_protobuf;
    for (position, field) in scene.fields.iter().enumerate() {
        if field.value.len() < SHORTEST_NUMBER && !field.look.has(Look::AT) {
            continue;
        }
        let below = names.of_path(field.path);
        if is_silent && below.is_silent() && !may_tell(field) {
            continue;
        }
        let may_be_digest =
            below.may_be_digests || request.takes_digests() || request.looks_users_up;
        if !may_be_digest && !field.look.has(OF_CONTACTS) {
            continue;
        }
        let name = scene.name(field);
        let is_of_request = name.is_some_and(|name| name.is_of_request);
        // `{"id": "11002929087", "name": "Anna Beispiel"}`: members have numbers, too.
        let is_beside_people = !is_of_request
            && (!people.is_empty() && people.contains(&ways.object(field.path))
                || field.look.has(Look::LIST) && is_table_of_people(&field.value));
        let mut telling = telling(name, below, &request, is_beside_people);
        tell_digests(&mut telling, scene, field, &request);
        let number = split.number(scene, field);
        let is_of_other = name.is_some_and(|name| name.names_other_numbers);
        let may_be_unnamed = telling.said == Said::Nothing && !is_of_request && !is_of_other;
        let may_be_in = telling.may_be_in(field.look, &field.value);
        if !may_be_in
            && number.is_none()
            && !field.look.has(Look::COLON)
            && !(may_be_unnamed && (field.look.is_all(Look::DIGIT) || has_protobuf))
        {
            continue;
        }
        if is_message_id(field, name) || !is_content(scene, field) || scene.holds_document(position)
        {
            continue;
        }
        let way = ways.of_path(field.path);
        if let Some(number) = number {
            let key = (Kind::Phone, field.place, way);
            let list = lists.entry(key).or_default();
            list.add(number.e164, field, telling);
            continue;
        }
        if field.look.has(Look::COLON)
            && let Some(cards) = vcards(&field.value)
        {
            report_vcards(scene, tally, field, &cards);
            continue;
        }
        if may_be_unnamed {
            let list = (field.place, way, protobuf_field(scene, field, &mut packed));
            let said = request.said_unnamed(list.2);
            add_unnamed(&mut unnamed, list, &field.value, field, said);
        }
        if !may_be_in {
            continue;
        }
        add_parts(&mut lists, field, way, telling, is_of_other);
    }
    // In `{"+49…": "Anna"}` and `{"+49…": {"name": "Anna"}}` the number is a name.
    if scene.names.iter().any(|name| name.may_be_contact) {
        keyed(scene, &names, &ways, &request, (&mut lists, &mut unnamed));
    }
    for ((place, way, _), list) in unnamed {
        let list = list.with_numbers();
        if !list.values.is_empty() {
            lists
                .entry((Kind::Phone, place, way))
                .or_default()
                .merge(list);
        }
    }
    lists.retain(|(kind, ..), list| *kind != Kind::Hash || list.may_be_digests());
    if lists.is_empty() {
        return;
    }
    let digests = Digests::default();
    let records = Records::of(scene, &names, &split);
    report_lists(scene, tally, lists, &ways, (&records, &digests));
}

/// Adds what is said of a value that may be a digest.
fn tell_digests(telling: &mut Telling, scene: &Scene<'_>, field: &Field<'_>, request: &Request) {
    let name = scene.name(field);
    let looks_users_up = request.looks_users_up;
    telling.takes_digests |= digest::looks_person_up(scene, field, looks_users_up);
    telling.may_be_digest = name
        .is_none_or(|name| !name.is_of_request && !name.is_of_state && !name.is_of_ids)
        && digest::has_length(&field.value, field.look);
    telling.is_asked = looks_users_up;
    telling.may_be_cut = looks_users_up
        && name.is_some_and(|name| !name.is_of_request && !name.is_of_state && !name.is_of_ids);
}

/// Whether a value is the id of a message, by its name or form.
fn is_message_id(field: &Field<'_>, name: Option<&Name>) -> bool {
    name.is_some_and(|name| name.is_of_message_id(&field.value))
        || field.look.has(Look::AT) && value::is_message_id(&field.value)
}

/// Whether a value may point to people where nothing that stands around it does.
fn may_tell(field: &Field<'_>) -> bool {
    const MARKS: u16 = Look::AT | WRITTEN_AS_NUMBER | Look::LIST;
    field.look.has(MARKS)
        || digest::has_length(&field.value, field.look)
        || field.look.is_all(Look::DIGIT)
            && (field.value.starts_with("00") || may_be_in_full(&field.value))
}

/// Adds what points to people in one value.
fn add_parts<'a>(
    lists: &mut Lists<'a>,
    field: &'a Field<'a>,
    way: Way,
    telling: Telling,
    is_of_other: bool,
) {
    each_part(&field.value, field.look, |part| {
        add_part(lists, part, field, way, telling, is_of_other);
    });
}

fn add_part<'a>(
    lists: &mut Lists<'a>,
    part: &'a str,
    field: &'a Field<'a>,
    way: Way,
    telling: Telling,
    is_of_other: bool,
) {
    if matches!(telling.said, Said::Ids | Said::Loosely) && is_bare(part) {
        if !is_of_other {
            let key = (Kind::Phone, field.place, way);
            let list = lists.entry(key).or_default();
            list.add_digits(part, field, telling);
        }
        return;
    }
    let found = classify(part, telling);
    if is_of_other && !part.starts_with('+') && matches!(found, Some((Kind::Phone, _))) {
        return;
    }
    // Zeros before a number fill it up more often than they dial abroad.
    let is_filled = || {
        part.starts_with("00")
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && value::phone_anywhere(part).is_none()
    };
    let is_other = || {
        part.len() >= SHORTEST_NUMBER
            && (is_filled()
                || telling.is_beside_people && part.bytes().all(|byte| byte.is_ascii_digit())
                || value::is_number_in_groups(part))
    };
    match found {
        Some((kind, value)) => {
            let list = lists.entry((kind, field.place, way)).or_default();
            list.add(value, field, telling);
        }
        None if telling.may_be_unusual_digest(part) => {
            let key = (Kind::Hash, field.place, way);
            let list = lists.entry(key).or_default();
            list.unusual.push((part.into(), field.path));
        }
        None if is_other() => {
            let list = lists.entry((Kind::Phone, field.place, way)).or_default();
            list.others = list.others.saturating_add(1);
        }
        None => {}
    }
}

/// Whether a name is one under which services for finding people take digests, also cut ones.
fn may_name_digests(name: &Name) -> bool {
    name.lists_reachable || names_digests(&name.normalised)
}

/// What stands around a value says of it.
fn telling(
    name: Option<&Name>,
    below: Below,
    request: &Request,
    is_beside_people: bool,
) -> Telling {
    let is_of_request = name.is_some_and(|name| name.is_of_request);
    let is_of_state = name.is_some_and(|name| name.is_of_state);
    let speaks_of_contacts = below.contacts || request.speaks_of_contacts;
    Telling {
        speaks_of_contacts,
        takes_digests: below.digests
            || below.contacts && !is_of_state
            || request.takes_digests() && !is_of_request,
        may_be_digest: false,
        is_asked: false,
        may_be_cut: false,
        // Ids and revisions of contacts are as long.
        takes_short_digests: name.is_some_and(|name| name.speaks_of_contacts && !name.is_of_ids)
            || request.speaks_of_contacts && !is_of_request && !is_of_state
            || request.looks_people_up && name.is_some_and(may_name_digests),
        lists_reachable: name.is_some_and(|name| name.lists_reachable),
        lists_digests: below.digests,
        names_numbers: below.numbers,
        is_beside_people,
        said: said(name, below, speaks_of_contacts, is_beside_people),
    }
}

/// Reports lists; a message has one finding of a rule, however many lists it holds.
fn report_lists(
    scene: &Scene<'_>,
    tally: &mut Tally,
    lists: Lists<'_>,
    ways: &Ways<'_>,
    (records, digests): (&Records, &Digests),
) {
    let lists = lists.into_iter().map(|((kind, place, way), list)| {
        let key = (kind, place, ways.names(way));
        (key, list.with_numbers().distinct())
    });
    let mut findings: Vec<Listed<'_>> = Vec::new();
    for ((kind, ..), list) in joined(scene, lists.collect(), records.count > 0) {
        let Some(listed) = listed(scene, kind, list.distinct(), records.count, digests) else {
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
            example,
            first,
            mut values,
        } = listed;
        if &*rule.id == RECORDS {
            values = records.one_each(scene, values);
        }
        let values: Vec<Rc<str>> = values.into_iter().map(|(value, _)| value).collect();
        report(scene, tally, rule, grade, (first, &example), &values);
    }
}

/// Adds names of fields and objects that are themselves numbers or addresses.
fn keyed<'a>(
    scene: &'a Scene<'_>,
    names: &Names<'_>,
    ways: &Ways<'_>,
    request: &Request,
    (lists, unnamed): (&mut Lists<'a>, &mut Unnamed<'a>),
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
                let speaks_of_contacts = below.contacts || request.speaks_of_contacts;
                let is_beside_people = looks_like_person(&field.value);
                let telling = Telling {
                    speaks_of_contacts,
                    takes_digests: below.contacts || below.digests || request.takes_digests(),
                    may_be_digest: false,
                    is_asked: false,
                    may_be_cut: false,
                    takes_short_digests: false,
                    lists_reachable: false,
                    lists_digests: below.digests,
                    names_numbers: false,
                    is_beside_people,
                    said: if is_beside_people || speaks_of_contacts {
                        Said::Clearly
                    } else {
                        Said::Nothing
                    },
                };
                if telling.said == Said::Nothing {
                    let list = (field.place, ways.of_path(parent), PathId::default());
                    add_unnamed(unnamed, list, text, field, Said::Nothing);
                }
                if let Some((kind, value)) = classify(text, telling) {
                    let way = ways.of_path(parent);
                    let list = lists.entry((kind, field.place, way)).or_default();
                    list.add(value, field, telling);
                }
            }
            at = parent;
        }
    }
}

/// By kind, place and names on the way.
type Lists<'a> = BTreeMap<(Kind, Place, Way), List<'a>>;

/// Digits of which nothing is said, by place, names on the way, and the field of a protobuf, which has a number only.
type Unnamed<'a> = BTreeMap<(Place, Way, PathId), List<'a>>;

/// Takes down digits that may be the number of a mobile phone.
fn add_unnamed<'a>(
    unnamed: &mut Unnamed<'a>,
    list: (Place, Way, PathId),
    text: &'a str,
    field: &'a Field<'a>,
    said: Said,
) {
    if may_be_in_full(text) {
        let list = unnamed.entry(list).or_default();
        list.first.get_or_insert(field);
        list.digits.add(text, field.path, said);
    }
}

/// Which field of a protobuf a value is; that of no document for others. Packed numbers count from zero, which no field does.
fn protobuf_field(scene: &Scene<'_>, field: &Field<'_>, packed: &mut Option<PathId>) -> PathId {
    let is_protobuf = scene.fields.chain(field.chain).0.last() == Some(&DecodeStep::Protobuf);
    if !is_protobuf {
        return PathId::default();
    }
    match scene.fields.paths.split(field.path) {
        Some((row, Step::Index(0))) => {
            *packed = Some(row);
            scene.first_of(row)
        }
        Some((row, Step::Index(_))) if *packed == Some(row) => scene.first_of(row),
        _ => scene.first_of(field.path),
    }
}

/// What names and people beside it say of a value that is of digits alone.
fn said(
    name: Option<&Name>,
    below: Below,
    speaks_of_contacts: bool,
    is_beside_people: bool,
) -> Said {
    if !below.numbers && !speaks_of_contacts && !is_beside_people {
        return Said::Nothing;
    }
    let is_number = name.is_some_and(|name| name.is_number);
    if name.is_some_and(|name| name.is_of_ids) {
        // `phone_id` of contacts: numbers of any lines, if they are numbers.
        if below.phones {
            Said::Loosely
        } else {
            Said::Ids
        }
    } else if below.phones || is_number || is_beside_people {
        Said::Clearly
    } else {
        Said::Loosely
    }
}

/// What the request as a whole says of what is in it.
struct Request {
    /// It is about contacts.
    speaks_of_contacts: bool,
    /// It asks who of them uses the service: digests in it are of people.
    looks_people_up: bool,
    /// It asks the same of people who may be anybody.
    looks_users_up: bool,
}

impl Request {
    fn of(scene: &Scene<'_>) -> Self {
        let mut request = Self {
            speaks_of_contacts: false,
            looks_people_up: false,
            looks_users_up: digest::looks_users_up(scene),
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
            // A kind of things is no action, unless it says one.
            let is_kind = scene
                .name(field)
                .is_some_and(|name| &*name.normalised == "kind");
            request.speaks_of_contacts |= field.value.split(['/', '.', ':']).any(|word| {
                let word = normalise_name(word);
                speaks_of_contacts(&word) && (!is_kind || says_finding(&word))
            });
        }
        request
    }

    /// What the request says of digits in a field of a protobuf, if it is one: services for finding people take the numbers of many.
    fn said_unnamed(&self, protobuf_field: PathId) -> Said {
        let is_asked = self.takes_digests() || self.looks_users_up;
        if is_asked && protobuf_field != PathId::default() {
            Said::Ids
        } else {
            Said::Nothing
        }
    }

    fn takes_digests(&self) -> bool {
        self.speaks_of_contacts || self.looks_people_up
    }
}

/// Whether what is done with contacts, normalised, is to find out who of them uses a service.
fn says_finding(action: &str) -> bool {
    const WORDS: [&str; 5] = ["find", "match", "discover", "sync", "lookup"];
    WORDS.iter().any(|word| action.contains(word))
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
            && (scene.fields.path(field).has_index() || is_xml(scene, field))
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

/// Whether a field is of a document whose elements are lists by having one name.
fn is_xml(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    scene.fields.chain(field.chain).0.last() == Some(&DecodeStep::Xml)
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
    (first, example): (&Field<'_>, &str),
    values: &[Rc<str>],
) {
    let mut finding = scene.finding(rule, grade, first, example);
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
    let example = values.first().cloned().unwrap_or_default();
    report(
        scene,
        tally,
        rule,
        Grade::Decoded,
        (field, &example),
        &values,
    );
}
