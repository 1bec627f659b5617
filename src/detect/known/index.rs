//! All known values of a device, prepared once: spellings, wrappings and digests in tables, so that looking costs the same for
//! ten values as for a million.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::digest::{self, FUNCTIONS, Mixture, SALTED, SALTED_FUNCTIONS};
use super::literal::{Builder, Literals};
use super::pattern::{self, BINARY, EXACT, FOLDED, Wrapping};
use super::position::Place;
use super::spelling::{self, Spelling};
use super::table::{Slot, Table, key};
use crate::limits;
use crate::model::{DecodeStep, KnownKind, KnownValue};
use crate::rules::{HashForm, Rules};

/// How many values are beyond what can be looked for in full, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Neglected {
    /// Too short to mean anything: not looked for.
    pub refused: u64,
    /// So short that chance may hit them: counted only beside others.
    pub weak: u64,
    /// Digests and encodings left out because the list is long.
    pub left_out: u64,
    /// Hits by chance that the refused ones would have in each byte of random text.
    pub refused_per_byte: f64,
    /// Hits by chance that the weak ones have in each byte of random text.
    pub weak_per_byte: f64,
}

/// A digest function with what is mixed in.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    function: usize,
    mixture: Mixture,
    salt: Vec<u8>,
}

impl Recipe {
    pub(super) fn steps(&self) -> Vec<DecodeStep> {
        let function = FUNCTIONS.get(self.function).map(|function| function.step);
        let mixture = match self.mixture {
            Mixture::Plain => None,
            Mixture::Hmac => Some(DecodeStep::Hmac),
            Mixture::SaltFirst
            | Mixture::SaltLast
            | Mixture::SaltColonFirst
            | Mixture::SaltColonLast
            | Mixture::Lookup => Some(DecodeStep::Salted),
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

/// Known values, prepared for looking.
#[derive(Debug, Default)]
pub struct Index {
    pub(super) values: Vec<KnownValue>,
    /// In text in lower case.
    pub(super) folded: Literals,
    /// In text as it stands.
    pub(super) exact: Literals,
    /// In bytes that are no text.
    pub(super) binary: Literals,
    /// Runs of digits as a whole.
    pub(super) numbers: Table,
    pub(super) digests: Digests,
    /// CRC-32 of spellings.
    pub(super) checksums: Table,
    pub(super) places: Vec<Place>,
    /// Values that are written as runs of digits.
    numeric: u64,
    neglected: Neglected,
    salted: Mutex<Salted>,
}

/// Digests with salts that were met in messages.
#[derive(Debug, Default)]
struct Salted {
    /// Of the last salts, in the order of meeting them.
    by_salt: VecDeque<(Vec<u8>, Arc<Digests>)>,
    /// How many were made so far.
    made: u64,
}

/// Bounds of what is prepared.
#[derive(Debug, Default)]
struct Budget {
    left_out: u64,
}

impl Budget {
    fn allows(&mut self, taken: usize, bound: usize) -> bool {
        let is_within = taken < bound;
        if !is_within {
            self.left_out = self.left_out.saturating_add(1);
        }
        is_within
    }
}

impl Index {
    /// Prepares values, on up to `jobs` threads. `peppers` are secrets that a vendor mixes into its digests, where the auditor
    /// knows them.
    pub fn new(
        mut values: Vec<KnownValue>,
        peppers: &[Vec<u8>],
        rules: &Rules,
        jobs: usize,
    ) -> Self {
        values.sort_unstable();
        values.dedup();
        if values.is_empty() {
            return Self::default();
        }
        let spelled = spelled(&values, jobs);
        let mut neglected = Neglected::default();
        for (value, spellings) in values.iter().zip(&spelled) {
            let has_none = spellings.is_empty()
                && !matches!(value.kind, KnownKind::Position | KnownKind::Digest);
            if has_none {
                neglected.refused = neglected.refused.saturating_add(1);
                neglected.refused_per_byte += chance(value.value.reveal());
            } else if !spellings.is_empty() && spellings.iter().all(|spelling| spelling.is_weak) {
                neglected.weak = neglected.weak.saturating_add(1);
                let written = spellings.iter().filter(|spelling| spelling.is_written);
                neglected.weak_per_byte +=
                    written.map(|spelling| chance(&spelling.text)).sum::<f64>();
            }
        }
        let has_digits =
            |spellings: &&Vec<Spelling>| spellings.iter().any(|it| is_number(&it.text));
        let numeric = spelled.iter().filter(has_digits).count();
        let mut budget = Budget::default();
        let recipes = recipes(peppers, rules);
        let by_start = digest_table(&values, &spelled, &recipes, &mut budget);
        let wrapped = wrapped(&spelled);
        let (folded, exact) = text_patterns(&spelled, &wrapped, &mut budget);
        Self {
            folded,
            exact,
            binary: binary_patterns(&spelled, &wrapped, &mut budget),
            numbers: number_table(&spelled),
            digests: Digests { recipes, by_start },
            checksums: checksum_table(&spelled),
            numeric: u64::try_from(numeric).unwrap_or(u64::MAX),
            places: values
                .iter()
                .zip(0..)
                .filter_map(|(value, id)| Place::of(value, id))
                .collect(),
            neglected: Neglected {
                left_out: budget.left_out,
                ..neglected
            },
            values,
            salted: Mutex::default(),
        }
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How many values are looked for.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// What is not looked for in full.
    pub fn neglected(&self) -> Neglected {
        self.neglected
    }

    /// Whether a short run of digits may be one of the values by chance: where less than [`NUMBERS_FOR_ONE`] numbers stand
    /// against each of them. Without a trunk prefix any number may be meant, and ten digits are also a time in seconds.
    pub(super) fn may_be_chance(&self, digits: &[u8]) -> bool {
        let drawn = digits.iter().skip_while(|digit| **digit == b'0').count();
        let possible = 10_u64.saturating_pow(u32::try_from(drawn).unwrap_or(u32::MAX));
        let for_one = possible.checked_div(self.numeric).unwrap_or(possible);
        drawn == digits.len() || for_one < NUMBERS_FOR_ONE
    }

    pub(super) fn value(&self, slot: Slot) -> Option<&KnownValue> {
        self.values.get(usize::try_from(slot.value).ok()?)
    }

    pub(super) fn spelling(&self, slot: Slot) -> Option<Spelling> {
        spelling::spellings(self.value(slot)?)
            .into_iter()
            .nth(usize::from(slot.spelling))
    }

    /// Digests of all values with a salt that a message carries. `None` once too many digests were made, or for too many values.
    pub(super) fn with_salt(&self, salt: &[u8]) -> Option<Arc<Digests>> {
        if self.values.len() > limits::SALTED_VALUES {
            return None;
        }
        // Another thread that panicked while it held the map has left it whole: entries are put in at once.
        let mut salted = self.salted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = salted.by_salt.iter().find(|(known, _)| known == salt) {
            return Some(Arc::clone(known));
        }
        if salted.made >= limits::SALTED_DIGESTS {
            return None;
        }
        let spelled: Vec<Vec<Spelling>> = self.values.iter().map(spelling::spellings).collect();
        let recipes = salted_recipes(salt);
        let by_start = digest_table(&[], &spelled, &recipes, &mut Budget::default());
        let digests = Arc::new(Digests { recipes, by_start });
        let hashed = spelled
            .iter()
            .flatten()
            .filter(|spelling| spelling.is_hashed);
        let made = hashed.count().saturating_mul(digests.recipes.len());
        salted.made = salted.made.saturating_add(made as u64);
        if salted.by_salt.len() >= limits::SALTS {
            salted.by_salt.pop_front();
        }
        salted
            .by_salt
            .push_back((salt.to_vec(), Arc::clone(&digests)));
        Some(digests)
    }
}

/// Possible numbers for each one that is looked for, from which on a number is believed alone: one random number of a million
/// meets one of the list once in ten times.
const NUMBERS_FOR_ONE: u64 = 10_000_000;

/// Values that are worth a thread: numbering plans take some microseconds for each.
const SHARE: usize = 10_000;

/// The spellings of all values; on several threads, because there may be a million.
fn spelled(values: &[KnownValue], jobs: usize) -> Vec<Vec<Spelling>> {
    let of_share = |share: &[KnownValue]| -> Vec<Vec<Spelling>> {
        share.iter().map(spelling::spellings).collect()
    };
    if values.len() <= SHARE {
        return of_share(values);
    }
    let share = values.len().div_ceil(jobs.max(1)).max(SHARE);
    std::thread::scope(|scope| {
        let workers: Vec<_> = values
            .chunks(share)
            .map(|share| scope.spawn(move || of_share(share)))
            .collect();
        let done = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        done.flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// How probable it is that a text begins at a given byte of random text: of digits where it is one of digits, else of letters
/// and digits without regard to case.
fn chance(text: &str) -> f64 {
    let symbols: f64 = if is_number(text) { 10.0 } else { 36.0 };
    symbols
        .powi(i32::try_from(text.chars().count()).unwrap_or(i32::MAX))
        .recip()
}

fn salted_recipes(salt: &[u8]) -> Vec<Recipe> {
    let functions = 0..SALTED_FUNCTIONS;
    functions
        .flat_map(|function| {
            SALTED.map(|mixture| Recipe {
                function,
                mixture,
                salt: salt.to_vec(),
            })
        })
        .collect()
}

/// Digests looked for, the most usual first.
fn recipes(peppers: &[Vec<u8>], rules: &Rules) -> Vec<Recipe> {
    let plain = |function| Recipe {
        function,
        mixture: Mixture::Plain,
        salt: Vec::new(),
    };
    let mut recipes: Vec<Recipe> = (0..SALTED_FUNCTIONS).map(plain).collect();
    // Keys that vendors have published.
    let published = rules.hashes().iter().filter_map(HashForm::key_bytes);
    recipes.extend(published.map(|salt| Recipe {
        function: 0,
        mixture: Mixture::Hmac,
        salt,
    }));
    recipes.extend(peppers.iter().flat_map(|pepper| salted_recipes(pepper)));
    recipes.extend((SALTED_FUNCTIONS..FUNCTIONS.len()).map(plain));
    recipes.truncate(usize::from(u8::MAX));
    recipes
}

fn slot(value: usize, spelling: usize, how: usize) -> Slot {
    Slot {
        value: u32::try_from(value).unwrap_or(u32::MAX),
        spelling: u8::try_from(spelling).unwrap_or(GIVEN),
        how: u8::try_from(how).unwrap_or(u8::MAX),
        offset: 0,
    }
}

/// The first eight bytes of a digest as a key.
pub(super) fn start(digest: &[u8]) -> Option<u64> {
    digest
        .first_chunk::<8>()
        .map(|bytes| u64::from_be_bytes(*bytes))
}

fn digest_table(
    values: &[KnownValue],
    spelled: &[Vec<Spelling>],
    recipes: &[Recipe],
    budget: &mut Budget,
) -> Table {
    let mut entries = Vec::new();
    for (position, value) in values.iter().enumerate() {
        if value.kind == KnownKind::Digest
            && let Some(start) = given(value.value.reveal()).as_deref().and_then(start)
        {
            entries.push((start, slot(position, usize::from(GIVEN), 0)));
        }
    }
    for (how, recipe) in recipes.iter().enumerate() {
        for (position, spellings) in spelled.iter().enumerate() {
            for (number, spelling) in spellings.iter().enumerate() {
                if !spelling.is_hashed || !budget.allows(entries.len(), limits::KNOWN_DIGESTS) {
                    continue;
                }
                let digest = recipe.compute(spelling.text.as_bytes());
                if let Some(start) = digest.as_deref().and_then(start) {
                    entries.push((start, slot(position, number, how)));
                }
            }
        }
    }
    Table::new(entries)
}

/// A digest as the auditor wrote it.
pub(super) fn given(text: &str) -> Option<Vec<u8>> {
    super::scan::hex_bytes(text.trim().as_bytes()).filter(|bytes| bytes.len() >= 8)
}

fn checksum_table(spelled: &[Vec<Spelling>]) -> Table {
    let mut entries = Vec::new();
    for (position, spellings) in spelled.iter().enumerate() {
        for (number, spelling) in spellings.iter().enumerate() {
            // Of a million values one in a thousand random numbers is the checksum of one.
            if spelling.is_hashed && entries.len() < limits::KNOWN_CHECKSUMS {
                let sum = digest::crc32(spelling.text.as_bytes());
                entries.push((u64::from(sum), slot(position, number, 0)));
            }
        }
    }
    Table::new(entries)
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Spellings that are runs of digits, as they stand and reversed.
fn number_table(spelled: &[Vec<Spelling>]) -> Table {
    let mut entries = Vec::new();
    for (position, spellings) in spelled.iter().enumerate() {
        for (number, spelling) in spellings.iter().enumerate() {
            if spelling.is_written && is_number(&spelling.text) {
                entries.push((key(spelling.text.as_bytes()), slot(position, number, 0)));
                if !spelling.is_weak {
                    let reversed = pattern::reversed(&spelling.text);
                    entries.push((key(reversed.as_bytes()), slot(position, number, 1)));
                }
            }
        }
    }
    Table::new(entries)
}

/// Whether a spelling is looked for inside encodings: one that holds another strong one is found by that, but for numbers: a
/// longer number is another one.
fn is_wrapped(spellings: &[Spelling], number: usize) -> bool {
    let Some(spelling) = spellings.get(number) else {
        return false;
    };
    let is_strong = |other: &Spelling| !other.is_weak && other.text.len() >= 10;
    let holds_other = spellings.iter().enumerate().any(|(other, shorter)| {
        other != number
            && is_strong(shorter)
            && !(is_number(&spelling.text) && is_number(&shorter.text))
            && shorter.text.len() < spelling.text.len()
            && spelling.text.contains(&shorter.text)
    });
    !spelling.is_weak && spelling.text.len() >= 8 && !holds_other
}

/// Value and number of each spelling that is looked for inside encodings.
fn wrapped(spelled: &[Vec<Spelling>]) -> Vec<(usize, usize)> {
    let of_value = |(position, spellings)| {
        let spellings: &[Spelling] = spellings;
        (0..spellings.len())
            .filter(move |number| is_wrapped(spellings, *number))
            .map(move |number| (position, number))
    };
    let all = spelled.iter().map(Vec::as_slice).enumerate();
    all.flat_map(of_value).collect()
}

/// Text as it is written first for all values, then inside encodings for as many as fit.
fn text_patterns(
    spelled: &[Vec<Spelling>],
    wrapped: &[(usize, usize)],
    budget: &mut Budget,
) -> (Literals, Literals) {
    let (mut folded, mut exact) = (Builder::new(), Builder::new());
    for (position, spellings) in spelled.iter().enumerate() {
        for (number, spelling) in spellings.iter().enumerate() {
            if spelling.is_written && !is_number(&spelling.text) {
                add(
                    &mut folded,
                    FOLDED,
                    0,
                    spelling,
                    slot(position, number, 0),
                    budget,
                );
            }
        }
    }
    let each = |wrappings: &[Wrapping], from: usize, builder: &mut Builder, budget: &mut Budget| {
        for how in from..wrappings.len() {
            add_all(builder, wrappings, how, spelled, wrapped, budget);
        }
    };
    each(EXACT, 0, &mut exact, budget);
    each(FOLDED, 1, &mut folded, budget);
    (folded.build(), exact.build())
}

fn binary_patterns(
    spelled: &[Vec<Spelling>],
    wrapped: &[(usize, usize)],
    budget: &mut Budget,
) -> Literals {
    let mut builder = Builder::new();
    for how in 0..BINARY.len() {
        add_all(&mut builder, BINARY, how, spelled, wrapped, budget);
    }
    builder.build()
}

/// All spellings that are looked for inside encodings, in one of these.
fn add_all(
    builder: &mut Builder,
    wrappings: &[Wrapping],
    how: usize,
    spelled: &[Vec<Spelling>],
    wrapped: &[(usize, usize)],
    budget: &mut Budget,
) {
    for (position, number) in wrapped {
        let spelling = spelled.get(*position).and_then(|all| all.get(*number));
        if let Some(spelling) = spelling {
            let slot = slot(*position, *number, how);
            add(builder, wrappings, how, spelling, slot, budget);
        }
    }
}

fn add(
    builder: &mut Builder,
    wrappings: &[Wrapping],
    how: usize,
    spelling: &Spelling,
    slot: Slot,
    budget: &mut Budget,
) {
    let Some(wrapping) = wrappings.get(how) else {
        return;
    };
    // What is beyond the bound is only counted; numbers have forms that other values have not.
    let is_for_all = !matches!(wrapping.steps, [DecodeStep::Varint | DecodeStep::Fixed64]);
    if is_for_all && !budget.allows(builder.len(), limits::KNOWN_PATTERNS) {
        return;
    }
    if let Some(bytes) = (wrapping.wrap)(&spelling.text)
        && budget.allows(builder.len(), limits::KNOWN_PATTERNS)
    {
        builder.add(bytes, slot);
    }
}
