//! Values that the auditor knows to be on the phone, in whatever disguise: written, encoded, scaled, hashed, salted.
//!
//! `spelling` says how a value is written, `pattern` what it becomes inside encodings, `digest` and `recipe` how it is hashed; `index`
//! prepares all of that once for a device in the tables of `word`, `literal` and `table`. `scan` looks in text and bytes, with `number`
//! and `token` for runs of digits and digests; `position`, `cell` and `packed` look for places. What is found is grade `known-value`: the
//! strongest there is.

mod cell;
mod cut;
mod dialled;
mod digest;
mod given;
mod host;
mod index;
mod literal;
mod number;
mod packed;
mod pattern;
mod person;
mod position;
mod recipe;
mod salt;
mod salted;
mod scan;
mod seen;
mod spelled;
mod spelling;
mod table;
mod token;
mod word;

use std::collections::{BTreeMap, BTreeSet};

use self::scan::{Hit, Looked, Scanner, Scarce};
use self::spelling::SHORTEST_STRONG;
use super::{Scene, contact, lookup, value};
use crate::limits;
use crate::model::{
    AddressBook, DecodeChain, DecodeStep, Event, Evidence, Field, Finding, Grade, KnownKind,
    KnownValue, Look, PathId, Place, Sensitive, Step, Tally,
};
use crate::payload::Binary;
use crate::rules::words_of_name;

pub use index::{Index, Neglected, Prepared};
pub(super) use person::{NamePart, name_part};
pub(super) use salt::{SaltName, salt_name};

/// Weak values that must be found in one message before they count: short ones by chance, several of them hardly.
const TOGETHER: usize = 3;
/// The rules that findings of a kind belong to: as it stands, and as a digest; first the user's own, then of contacts.
fn rule(kind: KnownKind, is_of_contact: bool, is_digest: bool) -> &'static str {
    match (kind, is_of_contact, is_digest) {
        (KnownKind::Phone | KnownKind::Email, true, true) | (KnownKind::Digest, true, _) => {
            "contact-hash-list"
        }
        (KnownKind::Phone | KnownKind::Email, false, true) | (KnownKind::Digest, false, _) => {
            "email-or-phone-hash"
        }
        (KnownKind::Phone, true, false) => "contact-phone-list",
        (KnownKind::Phone, false, false) => "own-msisdn",
        (KnownKind::Email, true, false) => "contact-email-list",
        (KnownKind::Email, false, false) => "own-email",
        (KnownKind::Name, true, _) => "contact-name-phone-record",
        (KnownKind::Name, false, _) => "user-profile",
        (KnownKind::Imei | KnownKind::Serial, ..) => "hardware-id",
        (KnownKind::Sim, ..) => "sim-id",
        (KnownKind::Mac, ..) => "mac-address",
        (KnownKind::Ssid, ..) => "wifi-ssid",
        (KnownKind::Bssid, ..) => "wifi-bssid",
        (KnownKind::AdvertisingId, _, false) => "advertising-id",
        (KnownKind::AdvertisingId, _, true) => "advertising-id-hash",
        (KnownKind::DeviceId, ..) => "vendor-scoped-id",
        (KnownKind::AccountId, ..) => "account-id",
        (KnownKind::Text, ..) => "message-content-cleartext",
        (KnownKind::Position, ..) => "coordinates",
    }
}

/// What a list says of the phone's user, in the forms in which detectors report values, and of the address book.
pub fn address_book(values: &[KnownValue]) -> AddressBook {
    let mut book = AddressBook::default();
    let mut numbers = BTreeSet::new();
    for known in values {
        let text = known.value.reveal();
        match (known.kind, known.is_of_contact) {
            (KnownKind::Phone, true) if known.is_digest => {
                numbers.insert(text.to_lowercase().into_bytes());
            }
            (KnownKind::Phone, true) => {
                numbers.insert(text.bytes().filter(u8::is_ascii_digit).collect::<Vec<u8>>());
            }
            (KnownKind::Phone, false) => {
                book.has_own_number = true;
                let number = (!known.is_digest)
                    .then(|| value::phone_e164(text))
                    .flatten();
                book.own
                    .extend(number.map(|number| Sensitive::new(&number)));
            }
            (KnownKind::Email, false) => {
                book.has_own_email = true;
                let address = (!known.is_digest).then(|| text.to_ascii_lowercase());
                book.own
                    .extend(address.map(|address| Sensitive::new(&address)));
            }
            _ => {}
        }
        let is_own = !known.is_of_contact
            && !known.is_digest
            && matches!(known.kind, KnownKind::Phone | KnownKind::Email);
        if is_own {
            let spelled = spelling::spellings(known).into_iter();
            book.own
                .extend(spelled.map(|spelling| Sensitive::new(&spelling.text)));
        }
    }
    book.own.sort();
    book.own.dedup();
    book.numbers = numbers.len().try_into().unwrap_or(u64::MAX);
    book
}

/// A hit with the field it was found in.
struct Found<'a> {
    hit: Hit,
    field: Spot<'a>,
}

/// Where something was found.
#[derive(Clone, Copy)]
struct Spot<'a> {
    /// None where the name of a host holds it.
    place: Option<Place>,
    path: PathId,
    chain: &'a DecodeChain,
}

impl<'a> Spot<'a> {
    fn of(scene: &Scene<'a>, field: &Field<'_>) -> Self {
        Self {
            place: Some(field.place),
            path: field.path,
            chain: scene.fields.chain(field.chain),
        }
    }

    fn of_binary(scene: &Scene<'a>, binary: &Binary) -> Self {
        Self {
            place: Some(binary.place),
            path: binary.path,
            chain: scene.fields.chain(binary.chain),
        }
    }
}

/// Reports known values.
pub(super) fn inspect(scene: &Scene<'_>, tally: &mut Tally) {
    let index = scene.known;
    if index.is_empty() {
        return;
    }
    match &scene.observation.sighting.event {
        Event::Exchange(_) | Event::Message(_) => {}
        Event::Lookup(lookup) => {
            if let Some(host) = lookup::of_host(scene, lookup) {
                host::inspect(&host, &lookup.name, tally);
            }
            return;
        }
        Event::Handshake(handshake) => {
            if let Some(name) = &handshake.sni {
                host::inspect(scene, name, tally);
            }
            return;
        }
        Event::Traffic(_) | Event::Access(_) => return,
    }
    let mut scanner = Scanner::new(index);
    let members = names_with_data(scene);
    let mut found = written(scene, &members, &mut scanner);
    let mut hits = Vec::new();
    let salts = salt::of_message(index, scene, &members);
    let (tried, others) = salts
        .named
        .split_at_checked(limits::SALTS_PER_MESSAGE)
        .unwrap_or((&salts.named, &[]));
    index.leave_out(others.len());
    let named = tried.iter().flat_map(|salt| {
        let others = salts.digest_bytes.iter().map(|bytes| Some(*bytes));
        let functions = std::iter::once(None).chain(others);
        functions.map(|bytes| index.with_salt(salt, bytes))
    });
    let guessed = salts.guessed.iter();
    let guessed = guessed.map(|salt| index.with_guessed_salt(salt, &salts.digest_bytes));
    for digests in named.chain(guessed).flatten() {
        for field in scene.fields {
            scanner.salted(&digests, &field.value, &mut hits);
            take(&mut hits, || Spot::of(scene, field), &mut found);
        }
        for (name, spot) in &members {
            scanner.salted(&digests, name, &mut hits);
            take(&mut hits, || *spot, &mut found);
        }
        for (binary, bytes) in scene.binaries.iter() {
            scanner.salted_binary(&digests, bytes, &mut hits);
            take(&mut hits, || Spot::of_binary(scene, binary), &mut found);
        }
    }
    let mut looked = scanner.finish();
    index.prove(found.iter().map(|found| &found.hit));
    for (name, spot) in &members {
        position::within_text(&index.places, name, &mut |hit| hits.push(hit));
        take(&mut hits, || *spot, &mut found);
    }
    let mut take_of = |field: usize, hit| {
        if let Some(field) = scene.fields.get(field) {
            let field = Spot::of(scene, field);
            found.push(Found { hit, field });
        }
    };
    cut::lists(index, scene, &mut looked, &mut take_of);
    salt::learn(index, scene);
    given::fields(index, scene, &mut take_of);
    dialled::fields(index, scene, &mut take_of);
    person::fields(index, scene, &mut take_of);
    position::fields(&index.places, scene, &mut take_of);
    packed::positions(&index.places, scene, &mut found);
    dialled::packed(index, scene, &mut found);
    if found.iter().any(|found| found.hit.form.is_some()) {
        let mut scanner = Scanner::counting(index);
        written(scene, &members, &mut scanner);
        looked = scanner.finish();
        cut::lists(index, scene, &mut looked, &mut |_, _| {});
    }
    report(scene, tally, &found, &looked);
}

/// Values as they are written in fields, in names of members and in bytes.
fn written<'a>(
    scene: &Scene<'a>,
    members: &[(&'a str, Spot<'a>)],
    scanner: &mut Scanner<'_>,
) -> Vec<Found<'a>> {
    let (mut found, mut hits) = (Vec::new(), Vec::new());
    for field in scene.fields {
        scanner.text(&field.value, field.look, &mut hits);
        take(&mut hits, || Spot::of(scene, field), &mut found);
    }
    for (name, spot) in members {
        scanner.text(name, Look::of(name), &mut hits);
        take(&mut hits, || *spot, &mut found);
    }
    for (binary, bytes) in scene.binaries.iter() {
        scanner.binary(bytes, &mut hits);
        take(&mut hits, || Spot::of_binary(scene, binary), &mut found);
    }
    found
}

/// Names of members that are themselves values, as keys of a map are (`{"+49…": {"seen": 3}}`), once for each way to them.
fn names_with_data<'a>(scene: &Scene<'a>) -> Vec<(&'a str, Spot<'a>)> {
    let may_be_value: Vec<bool> = scene.names.iter().map(|name| name.may_be_value).collect();
    if !may_be_value.contains(&true) {
        return Vec::new();
    }
    let paths = &scene.fields.paths;
    let mut names = Vec::new();
    // Each path is of one part of the message.
    let mut seen = vec![false; paths.len().saturating_add(1)];
    // Those of headers are of the protocol.
    let is_of_header = |field: &&Field<'_>| field.place == Place::Header;
    for field in scene.fields.iter().filter(is_of_header) {
        let mut at = field.path;
        while let Some((parent, _)) = paths.split(at) {
            let seen = seen.get_mut(at.position());
            if seen.is_none_or(|seen| std::mem::replace(seen, true)) {
                break;
            }
            at = parent;
        }
    }
    let mut others = seen.iter().skip(1).zip(paths.iter());
    let is_there = others.any(|(seen, (_, step))| match step {
        Step::Name(name) => may_be_value.get(name.position()) == Some(&true) && !seen,
        Step::Index(_) => false,
    });
    if !is_there {
        return names;
    }
    let others = scene.fields.iter();
    for field in others.filter(|field| !is_of_header(field)) {
        let mut at = field.path;
        while let Some((parent, step)) = paths.split(at) {
            let seen = seen.get_mut(at.position());
            if seen.is_none_or(|seen| std::mem::replace(seen, true)) {
                break;
            }
            if let Step::Name(name) = step
                && may_be_value.get(name.position()) == Some(&true)
            {
                let spot = Spot {
                    path: at,
                    ..Spot::of(scene, field)
                };
                names.push((paths.text(name), spot));
            }
            at = parent;
        }
    }
    names
}

#[inline]
fn take<'a>(hits: &mut Vec<Hit>, spot: impl FnOnce() -> Spot<'a>, found: &mut Vec<Found<'a>>) {
    if hits.is_empty() {
        return;
    }
    let field = spot();
    hits.sort_unstable();
    hits.dedup_by(|next, first| next.value == first.value && next.is_digest == first.is_digest);
    found.extend(hits.drain(..).map(|hit| Found { hit, field }));
}

/// One finding for each rule: all values of the message together.
fn report(scene: &Scene<'_>, tally: &mut Tally, found: &[Found<'_>], looked: &Looked) {
    if found.is_empty() {
        return;
    }
    let index = scene.known;
    let value = |hit: &Hit| {
        usize::try_from(hit.value)
            .ok()
            .and_then(|id| index.values.get(id))
    };
    // How many different values were told by a form of which there are few.
    let mut by_form: BTreeMap<Scarce, BTreeSet<u32>> = BTreeMap::new();
    for hit in found.iter().map(|found| &found.hit) {
        if let Some(form) = hit.form {
            by_form.entry(form).or_default().insert(hit.value);
        }
    }
    by_form.retain(|form, values| !is_chance(values.len(), looked.by_chance(index, *form)));
    let is_more = |found: &&Found<'_>| {
        found
            .hit
            .form
            .is_none_or(|form| by_form.contains_key(&form))
    };
    let found: Vec<&Found<'_>> = found.iter().filter(is_more).collect();
    // How many different values of a kind are in the message: what tells chance from a list.
    let mut together: BTreeMap<KnownKind, BTreeSet<u32>> = BTreeMap::new();
    for found in &found {
        if let Some(known) = value(&found.hit) {
            together
                .entry(known.kind)
                .or_default()
                .insert(found.hit.value);
        }
    }
    let mut by_rule: BTreeMap<&'static str, Vec<(&KnownValue, &Found<'_>)>> = BTreeMap::new();
    for found in found {
        let Some(known) = value(&found.hit) else {
            continue;
        };
        let is_weak = found.hit.is_weak || found.hit.is_digest && is_common(known);
        let is_believed = !is_weak
            || together
                .get(&known.kind)
                .is_some_and(|values| values.len() >= TOGETHER)
            || names_it(scene, known, found.field);
        if is_believed {
            let kind = found.hit.sent.unwrap_or(known.kind);
            let rule = rule(kind, known.is_of_contact, found.hit.is_digest);
            by_rule.entry(rule).or_default().push((known, found));
        }
    }
    for (rule, found) in by_rule {
        let Some((known, first)) = found.first() else {
            continue;
        };
        let Some(described) = scene.rules.identifier(rule) else {
            continue;
        };
        let values: BTreeSet<&KnownValue> = found.iter().map(|(known, _)| *known).collect();
        let way = |path: PathId| scene.fields.paths.path(path).to_field_path();
        let path = |found: &Found<'_>| match found.hit.other_half {
            Some(other) => way(found.field.path).and(&way(other)),
            None => way(found.field.path),
        };
        let evidence = |known: &KnownValue, found: &Found<'_>| Evidence {
            origin: scene.observation.sighting.origin,
            flow: scene.observation.sighting.flow,
            place: found.field.place,
            path: path(found),
            chain: chain(found.field.chain, &found.hit.steps),
            value: Some(as_reported(known)),
        };
        // Each value is shown, as far as there is room.
        let mut shown = BTreeSet::from([*known]);
        let others = found.iter().filter(|(known, _)| shown.insert(known));
        let others = others.take(limits::EVIDENCE_PER_FINDING.saturating_sub(1));
        let others: Vec<Evidence> = others
            .map(|(known, found)| evidence(known, found))
            .collect();
        // The most exact of what was sent.
        let precision = found.iter().filter_map(|(_, found)| found.hit.metres).min();
        scene.report_with(
            tally,
            others,
            Finding {
                rule: described.id.clone(),
                category: described.category,
                grade: Grade::KnownValue,
                items: u64::try_from(values.len()).unwrap_or(u64::MAX),
                precision_metres: precision,
                is_opted_out: false,
                values: values.iter().map(|known| known.value.clone()).collect(),
                evidence: evidence(known, first),
            },
        );
    }
}

/// A known value in the form in which the detectors that know nothing of it report the same.
fn as_reported(known: &KnownValue) -> Sensitive {
    let text = known.value.reveal();
    match known.kind {
        KnownKind::Phone if !known.is_digest => value::phone_e164(text)
            .map_or_else(|| known.value.clone(), |number| Sensitive::new(&number)),
        KnownKind::Email if !known.is_digest => Sensitive::new(&text.to_lowercase()),
        _ => known.value.clone(),
    }
}

/// Whether so many hits may well be chance where so many are expected of it: within ten standard deviations of their number
/// (Poisson's). One hit counts where one in a hundred messages like this would have it.
fn is_chance(hits: usize, expected: f64) -> bool {
    let hits = f64::from(u32::try_from(hits).unwrap_or(u32::MAX));
    hits < expected + 10.0 * expected.sqrt()
}

/// The field's own chain with what was undone to find the value.
fn chain(chain: &DecodeChain, steps: &[DecodeStep]) -> DecodeChain {
    if steps.is_empty() {
        return chain.clone();
    }
    DecodeChain(chain.0.iter().chain(steps).copied().collect())
}

/// Words of names that say nothing of what is named, digits at their ends left out.
const FILLING: [&str; 15] = [
    "", "id", "name", "value", "number", "no", "nr", "address", "hash", "hashed", "digest", "sha",
    "md", "crc", "raw",
];

/// Words that say that such a value is in a field: as the last word of its name that says something, or as the whole name.
fn words_of(kind: KnownKind) -> &'static [&'static str] {
    match kind {
        KnownKind::Phone => &[
            "phone",
            "phonenumber",
            "telephone",
            "telefon",
            "msisdn",
            "mobile",
            "mobilenumber",
            "tel",
            "number",
            "contact",
        ],
        KnownKind::Email => &["mail", "email", "emailaddress", "contact"],
        KnownKind::Name => &[
            "name",
            "fullname",
            "firstname",
            "lastname",
            "displayname",
            "nickname",
            "username",
            "contact",
        ],
        KnownKind::Imei | KnownKind::Sim => &["imei", "imsi", "iccid", "sim"],
        KnownKind::Serial => &["serial", "serialnumber", "serialno"],
        KnownKind::Ssid => &["ssid", "wifi", "wifiname", "networkname"],
        KnownKind::AccountId => &[
            "user",
            "userid",
            "username",
            "account",
            "accountid",
            "login",
            "uid",
        ],
        KnownKind::Text => &["text", "message", "body", "content"],
        _ => &[],
    }
}

/// Whether the field's name says that such a value is in it.
fn names_it(scene: &Scene<'_>, known: &KnownValue, field: Spot<'_>) -> bool {
    let telling = words_of(known.kind);
    let tells = |word: &str| {
        telling.contains(&word)
            || word
                .strip_suffix('s')
                .is_some_and(|one| telling.contains(&one))
    };
    let name = scene.fields.paths.last_name(field.path);
    let says_it = name.is_some_and(|name| {
        let words = words_of_name(scene.fields.paths.text(name));
        let digits = |digit: char| digit.is_ascii_digit();
        let mut last = words.iter().rev().map(|word| word.trim_end_matches(digits));
        last.find(|word| tells(word) || !FILLING.contains(word))
            .is_some_and(tells)
            || tells(&words.concat())
    });
    says_it || known.is_of_contact && contact::speaks_of_contacts_path(scene, field.path)
}

/// Whether a value is a short word, of which anybody may have made a digest for another reason.
fn is_common(known: &KnownValue) -> bool {
    let is_word = matches!(
        known.kind,
        KnownKind::AccountId | KnownKind::Ssid | KnownKind::Text
    );
    is_word && known.value.reveal().len() < SHORTEST_STRONG
}

#[cfg(test)]
mod disguise_tests;
#[cfg(test)]
mod place_tests;
#[cfg(test)]
mod salt_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod travel_tests;
