//! How values may be hashed, salted and peppered, and the digests that they have then, filed by their first bytes.

use std::collections::BTreeSet;
use std::ops::Range;

use super::digest::{self, FUNCTIONS, GUESSED, MD5, Mixture, OTHERS, RARE, SALTED, USUAL};
use super::index::{Budget, slot};
use super::salted::salted_recipes;
use super::spelled::Spelled;
use super::table::{Slot, Table};
use crate::limits;
use crate::model::{DecodeStep, KnownValue};
use crate::rules::{HashForm, Rules};

/// A digest function with what is mixed in.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    pub(super) function: usize,
    pub(super) mixture: Mixture,
    pub(super) salt: Vec<u8>,
}

impl Recipe {
    pub(super) fn steps(&self) -> Vec<DecodeStep> {
        let step = |function: usize| FUNCTIONS.get(function).map(|function| function.step);
        let function = step(self.function);
        let mixture = match self.mixture {
            Mixture::Plain | Mixture::Bytes | Mixture::NamedUuid | Mixture::End(_) => None,
            Mixture::OfDigits(inner) => step(inner),
            Mixture::OfDigest => function,
            Mixture::Hmac | Mixture::Keyed => Some(DecodeStep::Hmac),
            Mixture::SaltFirst(_) | Mixture::SaltLast(_) | Mixture::Lookup => {
                Some(DecodeStep::Salted)
            }
        };
        function.into_iter().chain(mixture).collect()
    }

    pub(super) fn compute(&self, value: &[u8]) -> Option<Vec<u8>> {
        digest::compute(
            FUNCTIONS.get(self.function)?,
            &self.mixture,
            value,
            &self.salt,
        )
    }
}

/// Digests by their first eight bytes.
#[derive(Debug, Default)]
pub(super) struct Digests {
    pub(super) recipes: Vec<Recipe>,
    pub(super) by_start: Table,
}

/// Spelling number of a digest that the auditor gave as such.
pub(super) const GIVEN: u8 = u8::MAX;

/// Digests looked for, the most usual first, and how many more there would be: slots have room for so many. What is rare is looked
/// for in a short list alone, as far as there is room.
pub(super) fn recipes(peppers: &[Vec<u8>], rules: &Rules, is_short: bool) -> (Vec<Recipe>, usize) {
    let plain = |function| Recipe {
        function,
        mixture: Mixture::Plain,
        salt: Vec::new(),
    };
    let mut recipes: Vec<Recipe> = (0..USUAL).map(plain).collect();
    // Keys that vendors have published.
    let published = rules.hashes().iter().filter_map(HashForm::key_bytes);
    recipes.extend(published.map(|salt| Recipe {
        function: 0,
        mixture: Mixture::Hmac,
        salt,
    }));
    let with_peppers = |functions: Range<usize>, mixtures: &'static [Mixture]| {
        let peppers = peppers.iter();
        peppers.flat_map(move |pepper| salted_recipes(functions.clone(), mixtures, pepper))
    };
    recipes.extend(with_peppers(0..USUAL, &GUESSED));
    recipes.extend((USUAL..SALTED).map(plain));
    recipes.push(Recipe {
        mixture: Mixture::NamedUuid,
        ..plain(MD5)
    });
    recipes.extend((0..USUAL).map(|function| Recipe {
        mixture: Mixture::Bytes,
        ..plain(function)
    }));
    let others = USUAL..SALTED;
    recipes.extend(with_peppers(others.clone(), &GUESSED));
    recipes.extend(with_peppers(0..USUAL, &OTHERS));
    recipes.extend(with_peppers(others, &OTHERS));
    let most = usize::from(u8::MAX);
    let left_out = recipes.len().saturating_sub(most);
    recipes.truncate(most);
    if is_short {
        let functions = (SALTED..FUNCTIONS.len()).map(plain);
        let without_salt = digest::rare().map(|(function, mixture)| Recipe {
            mixture,
            ..plain(function)
        });
        let rare = functions.chain(without_salt);
        let rare = rare.chain(with_peppers(0..USUAL, &RARE));
        recipes.extend(rare.take(most.saturating_sub(recipes.len())));
    }
    (recipes, left_out)
}

/// The first eight bytes of a digest as a key.
pub(super) fn start(digest: &[u8]) -> Option<u64> {
    digest
        .first_chunk::<8>()
        .map(|bytes| u64::from_be_bytes(*bytes))
}

pub(super) fn digest_table(
    values: &[KnownValue],
    spelled: &Spelled,
    recipes: &[Recipe],
    budget: &mut Budget,
) -> Table {
    let mut entries = Vec::new();
    for (position, value) in values.iter().enumerate() {
        if value.is_digest
            && let Some(start) = given(value.value.reveal()).as_deref().and_then(start)
        {
            entries.push((start, slot(position, usize::from(GIVEN), 0)));
        }
    }
    add_digests(
        &mut entries,
        spelled,
        recipes,
        start,
        limits::KNOWN_DIGESTS,
        budget,
    );
    Table::new(entries)
}

/// Adds the digests of all spellings by their keys, as many as the bound allows.
pub(super) fn add_digests(
    entries: &mut Vec<(u64, Slot)>,
    spelled: &Spelled,
    recipes: &[Recipe],
    key: fn(&[u8]) -> Option<u64>,
    bound: usize,
    budget: &mut Budget,
) {
    for (how, recipe) in recipes.iter().enumerate() {
        for (position, number, spelling) in spelled.iter() {
            if !spelling.is_hashed || !budget.allows(entries.len(), bound) {
                continue;
            }
            let digest = recipe.compute(spelling.text.as_bytes());
            if let Some(key) = digest.as_deref().and_then(key) {
                entries.push((key, slot(position, number, how)));
            }
        }
    }
}

/// The recipes whose digests are as long as one of those that are given; a digest that is cut may be of any.
pub(super) fn recipes_of_given(values: &[KnownValue], recipes: &[Recipe]) -> Vec<Recipe> {
    let digests = values.iter().filter(|value| value.is_digest);
    let digests = digests.filter_map(|value| given(value.value.reveal()));
    let lengths: BTreeSet<usize> = digests.map(|digest| digest.len()).collect();
    let bytes = |recipe: &Recipe| recipe.compute(b"").map_or(0, |digest| digest.len());
    let is_whole = |recipe: &&Recipe| !matches!(recipe.mixture, Mixture::End(_));
    let whole = || recipes.iter().filter(is_whole);
    let is_cut = |lengths: &BTreeSet<usize>| {
        let whole: BTreeSet<usize> = whole().map(bytes).collect();
        !lengths.is_subset(&whole)
    };
    let may_be = |recipe: &&Recipe| lengths.contains(&bytes(recipe)) || is_cut(&lengths);
    whole().filter(may_be).cloned().collect()
}

/// A digest as the auditor wrote it.
pub(super) fn given(text: &str) -> Option<Vec<u8>> {
    crate::payload::hex_bytes(text.trim().as_bytes()).filter(|bytes| bytes.len() >= 8)
}

/// CRC-32 of as many spellings as fit: with more, too many of the four billion would be hit by chance.
pub(super) fn checksum_table(spelled: &Spelled, budget: &mut Budget) -> Table {
    let hashed = spelled.iter().filter(|(_, _, spelling)| spelling.is_hashed);
    let mut entries = Vec::new();
    for (position, number, spelling) in hashed {
        if budget.allows(entries.len(), limits::KNOWN_CHECKSUMS) {
            let sum = digest::crc32(spelling.text.as_bytes());
            entries.push((u64::from(sum), slot(position, number, 0)));
        }
    }
    Table::new(entries)
}
