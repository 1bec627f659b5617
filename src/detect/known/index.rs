//! All known values of a device, prepared once: spellings, wrappings and digests in tables, so that looking costs the same for
//! ten values as for a million.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::cut;
use super::dialled::CountryCodes;
use super::literal::{Builder, Literals, Window};
use super::pattern::{self, BINARY, EXACT, FOLDED, Form, Wrapping};
use super::person;
use super::position::{Place, Places};
use super::recipe::{
    Digests, GIVEN, Recipe, checksum_table, digest_table, recipes, recipes_of_given,
};
use super::salted::Salted;
use super::scan::Scarce;
use super::spelled::{self, Spelled, Spelling};
use super::spelling;
use super::table::{Hash, Slot, Table, key};
use super::token::SHORTEST_HEX;
use super::word::{Patterns, Words};
use crate::limits;
use crate::model::{DecodeStep, KnownKind, KnownValue, Look};
use crate::parallel;
use crate::rules::Rules;

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

/// Known values, prepared for looking, and what is made of them while inputs are read.
#[derive(Debug, Default)]
pub struct Index {
    prepared: Arc<Prepared>,
    pub(super) salted: Mutex<Salted>,
}

impl Deref for Index {
    type Target = Prepared;

    fn deref(&self) -> &Prepared {
        &self.prepared
    }
}

/// Known values, prepared for looking.
#[derive(Debug, Default)]
pub struct Prepared {
    pub(super) values: Vec<KnownValue>,
    pub(super) spelled: Spelled,
    pub(super) text: TextPatterns,
    /// In base64.
    pub(super) encoded: Literals,
    /// In base64, of other writing than Latin: anywhere in text as it stands.
    pub(super) exact: Literals,
    /// What those have in common that are looked for in text as they stand.
    literal: Option<Look>,
    /// In bytes that are no text.
    pub(super) binary: Literals,
    /// Runs of digits as a whole.
    pub(super) numbers: Numbers,
    pub(super) digests: Digests,
    /// How values may be hashed of which only digests are given; none where none are.
    pub(super) of_given: Vec<Recipe>,
    /// CRC-32 of spellings.
    pub(super) checksums: Table,
    /// Digests by their first five bytes.
    pub(super) cut: Table,
    /// How probable it is that a random value of a form is a known one: of numbers by their digits, and of checksums.
    number_chances: Vec<f64>,
    checksum_chance: f64,
    /// In the order of their latitudes.
    pub(super) places: Places,
    /// Names by their parts.
    pub(super) persons: Table,
    /// Phone numbers in E.164 form and e-mail addresses in lower case.
    addresses: Table,
    pub(super) country_codes: CountryCodes,
    /// Values that are written as runs of digits.
    numeric: u64,
    neglected: Neglected,
    /// Tells them from others of this run.
    number: u64,
}

/// Patterns in text in lower case.
#[derive(Debug, Default)]
pub(super) struct TextPatterns {
    /// Between the edges of words.
    pub(super) words: Words,
    /// Anywhere.
    pub(super) folded: Literals,
    /// In hexadecimal digits.
    pub(super) hexed: Literals,
}

/// Spellings that are runs of digits.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    all: Table,
    /// A bit for each number of digits that one of them has.
    lengths: u64,
}

impl Numbers {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Fewest digits of one of them.
    #[inline]
    pub(super) fn shortest(&self) -> usize {
        usize::try_from(self.lengths.trailing_zeros()).unwrap_or(0)
    }

    /// Those that may have so many digits.
    #[inline]
    pub(super) fn of_length(&self, digits: usize) -> Option<&Table> {
        let is_there = self.lengths & length_bit(digits) != 0;
        is_there.then_some(&self.all)
    }
}

/// Of lengths from 63 on there is one bit.
#[inline]
fn length_bit(digits: usize) -> u64 {
    1 << digits.min(63)
}

/// Bounds of what is prepared.
#[derive(Debug, Default)]
pub(super) struct Budget {
    left_out: u64,
}

impl Budget {
    pub(super) fn allows(&mut self, taken: usize, bound: usize) -> bool {
        let is_within = taken < bound;
        if !is_within {
            self.left_out = self.left_out.saturating_add(1);
        }
        is_within
    }
}

/// Indexes made so far, and one.
static INDEXES: AtomicU64 = AtomicU64::new(1);

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
        let spelled = Spelled::new(&values, jobs);
        let mut neglected = neglected(&values, &spelled);
        let has_digits = |value: &usize| {
            let mut spellings = spelled.of_value(*value);
            spellings.any(Spelling::is_number)
        };
        let numeric = (0..values.len()).filter(has_digits).count();
        let (recipes, recipes_left_out) =
            recipes(peppers, rules, values.len() <= limits::RARE_VALUES);
        let (mut of_digests, mut of_text, mut of_base64, mut of_binary) =
            <(Budget, _, _, _)>::default();
        let ((by_start, numbers, checksums, cut), ((encoded, exact), (text, binary))) = both(
            jobs,
            || {
                let by_start = digest_table(&values, &spelled, &recipes, &mut of_digests);
                let checksums = checksum_table(&spelled, &mut of_digests);
                let cut = cut::table(&spelled, &recipes, &mut of_digests);
                (by_start, number_table(&spelled), checksums, cut)
            },
            |jobs| {
                both(
                    jobs,
                    || base64_patterns(&spelled, &mut of_base64),
                    |_| {
                        (
                            text_patterns(&values, &spelled, &mut of_text),
                            binary_patterns(&spelled, &mut of_binary),
                        )
                    },
                )
            },
        );
        let mut of_persons = Budget::default();
        let persons = person_table(&values, &mut of_persons);
        let left_out = [of_digests, of_text, of_base64, of_binary, of_persons];
        let left_out = left_out.iter().map(|budget: &Budget| budget.left_out);
        let hashed = spelled.iter().filter(|(_, _, spelling)| spelling.is_hashed);
        let digests_left_out = hashed.count().saturating_mul(recipes_left_out) as u64;
        neglected.left_out = left_out.fold(digests_left_out, u64::saturating_add);
        let looks = [text.words.looks(), text.folded.looks(), exact.looks()];
        let prepared = Prepared {
            literal: looks.into_iter().flatten().reduce(Look::of_either),
            of_given: recipes_of_given(&values, &recipes),
            text,
            encoded,
            exact,
            binary,
            numbers,
            digests: Digests { recipes, by_start },
            checksum_chance: f64::from(checksums.len()) / 2_f64.powi(32),
            number_chances: number_chances(&spelled),
            checksums,
            cut,
            numeric: u64::try_from(numeric).unwrap_or(u64::MAX),
            places: Places::new(
                values
                    .iter()
                    .zip(0..)
                    .filter_map(|(value, id)| Place::of(value, id))
                    .collect(),
            ),
            persons,
            addresses: Table::new(
                addresses(&values, &spelled)
                    .map(|(position, address)| (key(address.as_bytes()), slot(position, 0, 0)))
                    .collect(),
            ),
            country_codes: CountryCodes::of(addresses(&values, &spelled).map(|(_, number)| number)),
            neglected,
            values,
            spelled,
            number: INDEXES.fetch_add(1, Ordering::Relaxed),
        };
        Self {
            prepared: Arc::new(prepared),
            salted: Mutex::default(),
        }
    }

    /// The same for inputs that are read by themselves: what was met in others does not change what is found in these.
    #[must_use]
    pub fn afresh(&self) -> Self {
        Self {
            prepared: Arc::clone(&self.prepared),
            salted: Mutex::default(),
        }
    }
}

impl Prepared {
    /// What tells them from others of this run.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How many values are looked for.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether a spelling, as it stands or inside an encoding that need not be a token's, may be in a text that looks like this
    /// and has so many bytes.
    #[inline]
    pub(super) fn may_be_in(&self, text: Look, bytes: usize) -> bool {
        self.literal.is_some_and(|looks| text.may_hold(looks))
            || bytes >= SHORTEST_HEX && self.text.hexed.may_be_in(text)
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

    /// Whether a phone number in E.164 form, or an e-mail address, is a contact's and not the owner's.
    pub(in crate::detect) fn is_of_contact(&self, address: &str) -> bool {
        let lower = address.to_lowercase();
        let slots = self.slots_of_address(&lower);
        let mut known = slots.filter_map(|slot| self.value(slot)).peekable();
        known.peek().is_some() && known.all(|known| known.is_of_contact)
    }

    /// The values that are a phone number of a country code and a national number.
    pub(super) fn of_number<'a>(
        &'a self,
        code: &'a str,
        national: &'a [u8],
    ) -> impl Iterator<Item = u32> + 'a {
        let written = move || [b"+", code.as_bytes(), national].into_iter().flatten();
        let mut hash = Hash::default();
        written().for_each(|byte| hash.add(*byte));
        let slots = self.addresses.get(hash.key());
        let same = slots.filter(move |slot| {
            let spelling = self.spelling(*slot);
            spelling.is_some_and(|spelling| spelling.text.bytes().eq(written().copied()))
        });
        same.map(|slot| slot.value)
    }

    fn slots_of_address(&self, lower: &str) -> impl Iterator<Item = Slot> {
        let slots = self.addresses.get(key(lower.as_bytes()));
        slots.filter(move |slot| {
            let spelling = self.spelling(*slot);
            spelling.is_some_and(|spelling| spelling.text == lower)
        })
    }

    /// How probable it is that a random value of a form is a known one.
    pub(super) fn chance(&self, form: Scarce) -> f64 {
        match form {
            Scarce::Number(digits) => self.number_chances.get(digits).copied().unwrap_or(0.0),
            Scarce::Checksum => self.checksum_chance,
            Scarce::Cut => f64::from(self.cut.len()) / cut::POSSIBLE,
        }
    }

    pub(super) fn value(&self, slot: Slot) -> Option<&KnownValue> {
        self.values.get(usize::try_from(slot.value).ok()?)
    }

    pub(super) fn spelling(&self, slot: Slot) -> Option<Spelling<'_>> {
        let value = usize::try_from(slot.value).ok()?;
        self.spelled.of_value(value).nth(slot.spelling.into())
    }
}

/// Possible numbers for each one that is looked for, from which on a number is believed alone: one random number of a million
/// meets one of the list once in ten times.
const NUMBERS_FOR_ONE: u64 = 10_000_000;

/// Does two things, at once if there are threads for both; the second may use what is left of them.
fn both<A: Send, B>(
    jobs: usize,
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce(usize) -> B,
) -> (A, B) {
    if jobs <= 1 {
        return (one(), other(1));
    }
    parallel::both(one, || other(jobs.saturating_sub(1)))
}

/// How probable it is that a text begins at a given byte of random text: of digits where it is one of digits, else of letters
/// and digits without regard to case.
fn chance(text: &str) -> f64 {
    let symbols: f64 = if spelled::is_number(text) { 10.0 } else { 36.0 };
    symbols
        .powi(i32::try_from(text.chars().count()).unwrap_or(i32::MAX))
        .recip()
}

/// Which values are too short to be looked for, or to count alone.
fn neglected(values: &[KnownValue], spelled: &Spelled) -> Neglected {
    let mut neglected = Neglected::default();
    for (position, value) in values.iter().enumerate() {
        let spellings = spelled.of_value(position);
        let has_none = spellings.clone().next().is_none();
        if has_none && value.kind != KnownKind::Position && !value.is_digest {
            neglected.refused = neglected.refused.saturating_add(1);
            neglected.refused_per_byte += chance(value.value.reveal());
        } else if !has_none && spellings.clone().all(|spelling| spelling.is_weak) {
            neglected.weak = neglected.weak.saturating_add(1);
            let written = spellings.filter(|spelling| spelling.is_written);
            neglected.weak_per_byte += written.map(|spelling| chance(spelling.text)).sum::<f64>();
        }
    }
    neglected
}

/// Names by their parts.
fn person_table(values: &[KnownValue], budget: &mut Budget) -> Table {
    let mut entries = Vec::new();
    let names = values.iter().enumerate();
    let is_name = |value: &KnownValue| value.kind == KnownKind::Name && !value.is_digest;
    for (position, value) in names.filter(|(_, value)| is_name(value)) {
        for (how, way) in person::divided(value.value.reveal()).iter().enumerate() {
            if budget.allows(entries.len(), limits::KNOWN_PATTERNS) {
                entries.push((person::key_of(way), slot(position, 0, how)));
                let hashed = person::key_of_digests(&person::digests_of(way));
                entries.push((hashed, slot(position, person::HASHED, how)));
            }
        }
    }
    Table::new(entries)
}

/// Phone numbers and e-mail addresses by their first spelling.
fn addresses<'a>(
    values: &'a [KnownValue],
    spelled: &'a Spelled,
) -> impl Iterator<Item = (usize, &'a str)> {
    let is_address = |kind| matches!(kind, KnownKind::Phone | KnownKind::Email);
    let values = values.iter().enumerate();
    let addresses = values.filter(move |(_, value)| is_address(value.kind));
    addresses.filter_map(|(position, _)| Some((position, spelled.of_value(position).next()?.text)))
}

pub(super) fn slot(value: usize, spelling: usize, how: usize) -> Slot {
    Slot {
        value: u32::try_from(value).unwrap_or(u32::MAX),
        spelling: u8::try_from(spelling).unwrap_or(GIVEN),
        how: u8::try_from(how).unwrap_or(u8::MAX),
        offset: 0,
    }
}

/// By the number of digits, how probable it is that a random run of so many is one that is looked for.
fn number_chances(spelled: &Spelled) -> Vec<f64> {
    let mut chances = Vec::new();
    let written = spelled
        .iter()
        .filter(|(_, _, spelling)| spelling.is_written);
    for (_, _, spelling) in written.filter(|(_, _, spelling)| spelling.is_number()) {
        let digits = spelling.text.len();
        if chances.len() <= digits {
            chances.resize(digits.saturating_add(1), 0.0);
        }
        if let Some(chance) = chances.get_mut(digits) {
            *chance += self::chance(spelling.text);
        }
    }
    chances
}

/// Spellings that are runs of digits, as they stand and reversed.
fn number_table(spelled: &Spelled) -> Numbers {
    let (mut entries, mut lengths) = (Vec::new(), 0);
    for (position, number, spelling) in spelled.iter() {
        if spelling.is_written && spelling.is_number() {
            let digits = spelling.text.as_bytes();
            lengths |= length_bit(digits.len());
            entries.push((key(digits), slot(position, number, 0)));
            if !spelling.is_weak {
                let mut hash = Hash::default();
                for digit in digits.iter().rev() {
                    hash.add(*digit);
                }
                entries.push((hash.key(), slot(position, number, 1)));
            }
        }
    }
    Numbers {
        all: Table::new(entries),
        lengths,
    }
}

/// All spellings that are looked for inside encodings, each in one of them after the other; as many as fit.
fn each_wrapped(
    spelled: &Spelled,
    wrappings: &[Wrapping],
    from: usize,
    budget: &mut Budget,
    see: &mut dyn FnMut(&[u8], Slot, Form),
) {
    let (mut taken, mut buffer) = (0_usize, Vec::new());
    for (how, wrapping) in wrappings.iter().enumerate().skip(from) {
        // What is beyond the bound is only counted; numbers have forms that other values have not.
        let is_for_all = !matches!(wrapping.steps, [DecodeStep::Varint | DecodeStep::Fixed64]);
        let wrapped = spelled
            .iter()
            .filter(|(_, _, spelling)| spelling.is_wrapped);
        for (value, number, spelling) in wrapped {
            if is_for_all && !budget.allows(taken, limits::KNOWN_PATTERNS) {
                continue;
            }
            if let Some(pattern) = wrapping.wrap(spelling.text, &mut buffer)
                && budget.allows(taken, limits::KNOWN_PATTERNS)
            {
                taken = taken.saturating_add(1);
                see(pattern, slot(value, number, how), wrapping.form);
            }
        }
    }
}

/// Patterns that wait for a table of windows anywhere.
type Rest = Vec<(Vec<u8>, Slot)>;

fn anywhere(rest: &Rest) -> Literals {
    let mut builder = Builder::new();
    for (pattern, _) in rest {
        builder.count(pattern);
    }
    for (pattern, slot) in rest {
        builder.file(pattern, *slot, Window::Any);
    }
    builder.build()
}

/// Text as it is written first for all values, then inside hexadecimal digits and reversed for as many as fit.
fn text_patterns(values: &[KnownValue], spelled: &Spelled, budget: &mut Budget) -> TextPatterns {
    let (mut words, mut rest) = (Patterns::default(), Rest::new());
    let kind = |slot: Slot| {
        let value = usize::try_from(slot.value).ok()?;
        values.get(value).map(|value| value.kind)
    };
    let mut add = |pattern: &[u8], slot: Slot, is_weak: bool| {
        if is_of_words(kind(slot), is_weak) {
            words.add(pattern, slot);
        } else {
            rest.push((pattern.to_vec(), slot));
        }
    };
    let mut taken = 0_usize;
    for (value, number, spelling) in spelled.iter() {
        let is_wanted = spelling.is_written && !spelling.is_number();
        if is_wanted && budget.allows(taken, limits::KNOWN_PATTERNS) {
            taken = taken.saturating_add(1);
            let lower = spelling::lower(spelling.text);
            add(lower.as_bytes(), slot(value, number, 0), spelling.is_weak);
        }
    }
    let mut hexed = Builder::new();
    each_wrapped(spelled, FOLDED, 1, budget, &mut |pattern, slot, form| {
        if form != Form::Plain {
            hexed.count(pattern);
        } else if !pattern.iter().all(u8::is_ascii_digit) {
            // Reversed numbers are found among the numbers; none of these is weak.
            add(pattern, slot, false);
        }
    });
    each_wrapped(
        spelled,
        FOLDED,
        1,
        &mut Budget::default(),
        &mut |pattern, slot, form| {
            if form != Form::Plain && !hexed.file(pattern, slot, Window::Hex) {
                rest.push((pattern.to_vec(), slot));
            }
        },
    );
    TextPatterns {
        words: words.build(),
        folded: anywhere(&rest),
        hexed: hexed.build(),
    }
}

/// Whether what stands beside a spelling must not go on with a letter or digit.
pub(super) fn is_of_words(kind: Option<KnownKind>, is_weak: bool) -> bool {
    is_weak || matches!(kind, Some(KnownKind::Email | KnownKind::Name))
}

/// Patterns in base64, and those that need not lie where text in Latin letters does.
fn base64_patterns(spelled: &Spelled, budget: &mut Budget) -> (Literals, Literals) {
    let (mut builder, mut rest) = (Builder::new(), Rest::new());
    each_wrapped(spelled, EXACT, 0, budget, &mut |pattern, _, _| {
        builder.count(pattern);
    });
    each_wrapped(
        spelled,
        EXACT,
        0,
        &mut Budget::default(),
        &mut |pattern, slot, form| {
            let window = match form {
                Form::Base64(offset) => Window::Base64(pattern::first_in_base64(offset)),
                _ => Window::Any,
            };
            if !builder.file(pattern, slot, window) {
                rest.push((pattern.to_vec(), slot));
            }
        },
    );
    (builder.build(), anywhere(&rest))
}

fn binary_patterns(spelled: &Spelled, budget: &mut Budget) -> Literals {
    let mut builder = Builder::new();
    each_wrapped(spelled, BINARY, 0, budget, &mut |pattern, _, _| {
        builder.count(pattern);
    });
    each_wrapped(
        spelled,
        BINARY,
        0,
        &mut Budget::default(),
        &mut |pattern, slot, _| {
            builder.file(pattern, slot, Window::Any);
        },
    );
    builder.build()
}

/// How many checksums of values are beyond the bound.
#[cfg(test)]
pub(super) fn checksums_left_out(values: &[KnownValue]) -> u64 {
    let mut budget = Budget::default();
    checksum_table(&Spelled::new(values, 1), &mut budget);
    budget.left_out
}
