//! What is mixed into digests, as far as traffic shows it: in the same message, under a name or without one, and in what the
//! same server answered before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use hashbrown::HashSet;

use super::super::Scene;
use super::Spot;
use super::index::Index;
use super::token;
use crate::limits;
use crate::model::{Event, Field, Look, PathId, Place, Response, Step};
use crate::payload;
use crate::rules::normalise_name;

/// Parts of names of fields that carry a salt, and ends of names that may.
const SALT_WORDS: [&str; 4] = ["salt", "pepper", "hmac", "hashkey"];
const SALT_ENDS: [&str; 12] = [
    "key",
    "secret",
    "nonce",
    "seed",
    // German, French, Spanish
    "salz",
    "zufall",
    "zufallswert",
    "schluessel",
    "schlüssel",
    "clef",
    "clave",
    "sel",
];
/// Whole names of them: Spanish and Chinese for salt.
const SALT_NAMES: [&str; 2] = ["sal", "yan"];
/// Bytes of a salt.
const SALT_BYTES: std::ops::RangeInclusive<usize> = 2..=128;
/// Characters of a salt without a telling name: up to those of a UUID.
const GUESSED_BYTES: std::ops::RangeInclusive<usize> = 6..=36;
/// Longest name that says nothing: `s`.
const MUTE_NAME: usize = 2;
/// Names, normalised, of what is drawn at random, which may be a salt (French for seed).
const RANDOM_NAMES: [&str; 6] = ["rand", "random", "token", "iv", "challenge", "graine"];
/// Fewest digits of a number that may be a salt.
const SALT_DIGITS: usize = 8;
/// Initials of salt, key and nonce, of which the value need not look random.
const INITIALS: [&str; 3] = ["s", "k", "n"];
/// Bytes of digests beside which a salt without a name is looked for.
const DIGEST_BYTES: [usize; 6] = [16, 20, 28, 32, 48, 64];
/// Fields of a message in which a salt without a name is looked for: where there are more, values that may be one are in plenty.
const FEW_FIELDS: usize = 64;

/// Bytes of an answer in which also what may be a salt is looked for.
const SHORT_ANSWER: usize = 2 << 10;

/// Whether a name says that its value is mixed into digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::detect) enum SaltName {
    /// It says so.
    Certain,
    /// It may.
    Possible,
}

/// What a name, normalised, says of salts.
pub(in crate::detect) fn salt_name(name: &str) -> Option<SaltName> {
    if SALT_WORDS.iter().any(|word| name.contains(word)) {
        return Some(SaltName::Certain);
    }
    let is_possible = SALT_NAMES.contains(&name) || SALT_ENDS.iter().any(|end| name.ends_with(end));
    is_possible.then_some(SaltName::Possible)
}

/// Salts of a message, the likeliest first.
#[derive(Debug, Default)]
pub(super) struct Salts {
    /// Under a name that says so, or told by the server before.
    pub(super) named: Vec<Vec<u8>>,
    /// Random values without a name beside a digest.
    pub(super) guessed: Vec<Vec<u8>>,
    /// Bytes of the digests beside them.
    pub(super) digest_bytes: Vec<usize>,
}

/// Salts that go with a message and the names of members in it that are values. None where nothing may be a digest.
pub(super) fn of_message(index: &Index, scene: &Scene<'_>, members: &[(&str, Spot<'_>)]) -> Salts {
    let mut named: Vec<(SaltName, Vec<u8>)> = Vec::new();
    if scene.names.iter().any(|name| name.salt.is_some()) {
        for field in scene.fields {
            if let Some(name) = scene.name(field).and_then(|name| name.salt) {
                named.extend(readings(&field.value).map(|salt| (name, salt)));
            }
        }
    }
    named.sort();
    let told = index.told_salts(scene.host());
    for (name, salt) in &named {
        index.learn_salt(scene.host(), *name, salt.clone());
    }
    let (certain, possible): (Vec<_>, Vec<_>) = told
        .into_iter()
        .partition(|(name, _)| *name == SaltName::Certain);
    named.extend(certain);
    // The message's own stand before others that say as much, and what only may be one takes the room that is left.
    named.sort_by_key(|(name, _)| *name);
    let room = limits::SALTS_PER_MESSAGE.saturating_sub(named.len());
    named.extend(possible.into_iter().take(room));
    let has_few = scene.fields.len() <= FEW_FIELDS;
    if named.is_empty() && !has_few {
        return Salts::default();
    }
    let in_text = scene.fields.iter();
    let in_text = in_text.filter_map(|field| digest_bytes_of(&field.value, field.look));
    let in_members = members.iter();
    let in_members = in_members.filter_map(|(name, _)| digest_bytes_of(name, Look::of(name)));
    let in_bytes = scene.binaries.iter().map(|(_, bytes)| bytes.len());
    let digest_bytes: BTreeSet<usize> = in_text
        .chain(in_members)
        .chain(in_bytes.filter(|bytes| DIGEST_BYTES.contains(bytes)))
        .collect();
    let guessed = if has_few && !digest_bytes.is_empty() {
        guesses(scene)
    } else {
        Vec::new()
    };
    let may_hold_digest = || {
        let fields = scene.fields.iter().map(|field| &*field.value);
        let mut texts = fields.chain(members.iter().map(|(name, _)| *name));
        texts.any(token::may_hold_digest) || scene.binaries.iter().next().is_some()
    };
    let is_needed = !(named.is_empty() && guessed.is_empty()) && may_hold_digest();
    if !is_needed {
        return Salts::default();
    }
    let mut seen = HashSet::new();
    let named = named.into_iter().map(|(_, salt)| salt);
    Salts {
        named: named.filter(|salt| seen.insert(salt.clone())).collect(),
        guessed,
        digest_bytes: digest_bytes.into_iter().collect(),
    }
}

/// Salts as they are written, and as the bytes that hexadecimal digits or base64 stand for.
fn readings(text: &str) -> impl Iterator<Item = Vec<u8>> {
    let is_salt = SALT_BYTES.contains(&text.len());
    let written = is_salt.then(|| text.as_bytes().to_vec());
    let is_long = |bytes: &Vec<u8>| bytes.len() >= 8;
    let hex = is_salt
        .then(|| payload::hex_bytes(text.as_bytes()))
        .flatten()
        .filter(is_long);
    let packed = text.trim_end_matches('=').as_bytes();
    let base64 = is_salt
        .then(|| payload::LENIENT_BASE64.decode(packed).ok())
        .flatten()
        .filter(is_long);
    written.into_iter().chain(hex).chain(base64)
}

/// Values without a telling name that may be a salt, where they stand beside a digest and are few.
fn guesses(scene: &Scene<'_>) -> Vec<Vec<u8>> {
    let fields = scene.fields;
    let names_random = |field: &Field<'_>| {
        let name = scene.name(field);
        name.is_some_and(|name| RANDOM_NAMES.contains(&&*name.normalised))
    };
    let pairs = pairs_with_digest(scene);
    let is_beside_digest = |field: &Field<'_>| {
        let object = scene.object(field);
        object.is_some_and(|object| pairs.contains(&(field.place, object))) && is_mixed(field)
    };
    let is_mute = |field: &&Field<'_>| match fields.paths.split(field.path) {
        Some((_, Step::Name(name))) => {
            let is_short = fields.paths.text(name).len() <= MUTE_NAME;
            is_short || names_random(field) || is_beside_digest(field)
        }
        Some((_, Step::Index(_))) => true,
        None => false,
    };
    let is_word = |field: &&Field<'_>| {
        GUESSED_BYTES.contains(&field.value.len())
            && field.look.is_all(Look::BASE64)
            && !field.look.has(Look::SPACE)
    };
    let is_random = |field: &Field<'_>| {
        is_mixed(field) || INITIALS.contains(&fields.name(field)) || names_random(field)
    };
    // What looks random comes before numbers.
    let may_be = |field: &Field<'_>| {
        is_random(field) || field.look.is_all(Look::DIGIT) && field.value.len() >= SALT_DIGITS
    };
    for is_it in [&may_be as &dyn Fn(&Field<'_>) -> bool, &is_random] {
        let words = fields.iter().filter(is_word).filter(is_mute);
        let salts: BTreeSet<&str> = words
            .filter(|field| is_it(field))
            .map(|field| &*field.value)
            .collect();
        if salts.len() <= limits::GUESSED_SALTS {
            return salts.into_iter().flat_map(readings).collect();
        }
    }
    Vec::new()
}

/// Whether a value has digits and letters.
fn is_mixed(field: &Field<'_>) -> bool {
    field.look.has(Look::DIGIT) && field.value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// The objects of two members of which one is a digest: whatever it is called, the other may be its salt.
fn pairs_with_digest(scene: &Scene<'_>) -> BTreeSet<(Place, PathId)> {
    let mut objects: BTreeMap<(Place, PathId), (usize, bool)> = BTreeMap::new();
    for field in scene.fields {
        let is_digest = digest_bytes_of(&field.value, field.look).is_some();
        if let Some(object) = scene.object(field) {
            let object = objects.entry((field.place, object)).or_default();
            *object = (object.0.saturating_add(1), object.1 || is_digest);
        }
    }
    let pairs = objects.into_iter();
    let pairs = pairs.filter(|(_, members)| *members == (2, true));
    pairs.map(|(object, _)| object).collect()
}

/// The bytes of a value that is as long as a digest, in hexadecimal digits or base64, and nothing else.
fn digest_bytes_of(text: &str, look: Look) -> Option<usize> {
    let text = text.trim_end_matches('=');
    if !look.is_all(Look::BASE64) || !look.has(Look::DIGIT) {
        return None;
    }
    let bytes = if look.is_all(Look::HEX) {
        text.len() / 2
    } else {
        text.len().saturating_mul(6) / 8
    };
    DIGEST_BYTES.contains(&bytes).then_some(bytes)
}

/// Remembers the salts that a server gives out, for the requests that come after.
pub(super) fn learn(index: &Index, scene: &Scene<'_>) {
    let Event::Exchange(exchange) = &scene.observation.sighting.event else {
        return;
    };
    let Some(response) = exchange.response.as_ref().filter(|it| may_tell_salt(it)) else {
        return;
    };
    let decoded = payload::decode_response(response);
    let fields = &decoded.fields;
    for field in fields {
        if let Some(name) = salt_name(&normalise_name(fields.name(field))) {
            for salt in readings(&field.value) {
                index.learn_salt(scene.host(), name, salt);
            }
        }
    }
}

/// Whether a response is short, and has the word for it or is compressed. Of the words that are no more than possible, only those of
/// very short ones count: configuration is, and other answers are full of keys.
fn may_tell_salt(response: &Response) -> bool {
    static WORDS: LazyLock<[Option<AhoCorasick>; 2]> = LazyLock::new(|| {
        let mut words = AhoCorasick::builder();
        let words = words.ascii_case_insensitive(true);
        let possible = SALT_ENDS.iter().chain(&SALT_NAMES);
        [words.build(SALT_WORDS).ok(), words.build(possible).ok()]
    });
    let bytes = &response.body.bytes;
    let lists = if bytes.len() <= SHORT_ANSWER { 2 } else { 1 };
    let has_word = || {
        let mut lists = WORDS.iter().take(lists);
        lists.any(|words| words.as_ref().is_none_or(|words| words.is_match(bytes)))
    };
    (1..=limits::SALT_ANSWER_BYTES).contains(&bytes.len())
        && (response.header("content-encoding").is_some() || has_word())
}
