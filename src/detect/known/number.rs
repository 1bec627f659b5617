//! Runs of digits in text → known numbers: as a whole, and written in groups.

use super::index::Prepared;
use super::scan::{Hit, LONGEST_RUN, Looked, Scarce, each_run};
use super::spelling::UNCHECKED_IMEI;
use super::table::{Table, key};
use super::token::checksum;
use crate::model::{DecodeStep, KnownKind, Look};

/// Fewest digits of a run that is looked up.
const SHORTEST_RUN: usize = 4;
/// Groups of digits that a number may be written in: `+49 (0) 30 23 12 51 11`.
const GROUPS: usize = 8;
/// What stands between groups.
const GAP: &[u8] = b" ()-./";
/// Digits of a checksum as a number: all but one in 400 have so many.
const CHECKSUM_DIGITS: std::ops::RangeInclusive<usize> = 8..=10;

/// Runs of digits as a whole, and numbers written in groups.
pub(super) fn numbers(
    index: &Prepared,
    bytes: &[u8],
    look: Look,
    looked: &mut Looked,
    hits: &mut Vec<Hit>,
) {
    if index.numbers.is_empty() {
        return;
    }
    if look.is_all(Look::DIGIT) {
        if bytes.len() <= LONGEST_RUN {
            number(index, bytes, false, looked, hits);
        }
        return;
    }
    // Without what stands between groups there are none, and only longer runs are looked for.
    if !look.has(Look::GROUP | Look::DOT | Look::BEYOND) {
        let shortest = index.numbers.shortest().min(*CHECKSUM_DIGITS.start());
        each_run(bytes, shortest, u8::is_ascii_digit, &mut |start, digits| {
            if digits.len() <= LONGEST_RUN {
                number(index, digits, has_plus(bytes, start), looked, hits);
            }
        });
        return;
    }
    let mut position = 0_usize;
    while let Some(run) = next_run(bytes, position) {
        let digits = bytes.get(run.0..run.1).unwrap_or_default();
        if (SHORTEST_RUN..=LONGEST_RUN).contains(&digits.len()) {
            number(index, digits, has_plus(bytes, run.0), looked, hits);
        }
        if digits.len() <= 8 {
            grouped(index, bytes, run, looked, hits);
        }
        position = run.1;
    }
}

/// Where the next run of digits begins and ends.
fn next_run(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let rest = bytes.get(from..)?;
    let start = rest.iter().position(u8::is_ascii_digit)?;
    let length = rest
        .get(start..)?
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let start = from.saturating_add(start);
    Some((start, start.saturating_add(length)))
}

/// A number written in groups that begins with this run: looked up after each group.
fn grouped(
    index: &Prepared,
    bytes: &[u8],
    first: (usize, usize),
    looked: &mut Looked,
    hits: &mut Vec<Hit>,
) {
    if !bytes.get(first.1).is_some_and(|byte| GAP.contains(byte)) {
        return;
    }
    let first_group = bytes.get(first.0..first.1).unwrap_or_default();
    let before = bytes.get(..first.0).unwrap_or_default().iter().rev();
    let mut before = before.skip_while(|byte| GAP.contains(byte));
    let begins = !before.next().is_some_and(u8::is_ascii_digit);
    let mut sizes = vec![first_group.len()];
    let mut digits = Vec::new();
    let mut end = first.1;
    for _ in 0..GROUPS {
        let gap = bytes
            .get(end..)
            .unwrap_or_default()
            .iter()
            .take(4)
            .take_while(|byte| GAP.contains(byte))
            .count();
        if gap == 0 {
            return;
        }
        let next = end.saturating_add(gap);
        let Some(run) = next_run(bytes, next).filter(|run| run.0 == next) else {
            return;
        };
        let group = bytes.get(run.0..run.1).unwrap_or_default();
        if digits.is_empty() {
            digits.reserve(LONGEST_RUN);
            digits.extend_from_slice(first_group);
        }
        // `+49 (0)30`: the trunk prefix is not dialled from abroad.
        let is_trunk = group == b"0"
            && bytes
                .get(next.saturating_sub(1))
                .is_some_and(|mark| matches!(mark, b'(' | b')'));
        if !is_trunk {
            digits.extend_from_slice(group);
        }
        if digits.len() > LONGEST_RUN {
            return;
        }
        sizes.push(group.len());
        end = run.1;
        if digits.len() >= 7 {
            let is_whole = begins && !goes_on(bytes, end);
            let is_told = is_whole
                && (TELLING_GROUPS.contains(&sizes.as_slice()) || has_plus(bytes, first.0));
            number(index, &digits, is_told, looked, hits);
        }
    }
}

/// Whether digits that begin here are marked as an international number (ITU-T E.123 §2.4).
fn has_plus(bytes: &[u8], start: usize) -> bool {
    let before = start.checked_sub(1).and_then(|at| bytes.get(at));
    before == Some(&b'+')
}

/// Sizes of groups that say that digits are a national number, also without a trunk prefix: `(415) 555-2671` of North America, and
/// how those of countries without trunk prefixes are written.
const TELLING_GROUPS: [&[usize]; 4] = [&[3, 3, 4], &[3, 3, 3], &[3, 2, 2, 2], &[3, 3, 2, 2]];

/// Whether a further group follows.
fn goes_on(bytes: &[u8], end: usize) -> bool {
    let behind = bytes.get(end..).unwrap_or_default().iter();
    let mut behind = behind.skip_while(|byte| GAP.contains(byte));
    behind.next().is_some_and(u8::is_ascii_digit)
}

#[inline]
pub(super) fn number(
    index: &Prepared,
    digits: &[u8],
    is_told: bool,
    looked: &mut Looked,
    hits: &mut Vec<Hit>,
) {
    if let Some(known) = index.numbers.of_length(digits.len()) {
        written(index, known, digits, is_told, looked, hits);
    }
    if digits.len() == SOFTWARE_VERSION_DIGITS.saturating_add(UNCHECKED_IMEI) {
        with_software_version(index, digits, looked, hits);
    }
    if CHECKSUM_DIGITS.contains(&digits.len()) && !index.checksums.is_empty() {
        let sum = digits.iter().fold(0_u64, |sum, digit| {
            sum.wrapping_mul(10)
                .wrapping_add(u64::from(digit.wrapping_sub(b'0')))
        });
        if let Ok(sum) = u32::try_from(sum) {
            checksum(index, sum, true, looked, hits);
        }
    }
}

/// The digits of an IMEISV behind those of the IMEI (3GPP TS 23.003 §6.2.2).
const SOFTWARE_VERSION_DIGITS: usize = 2;

/// A known IMEI in an IMEISV.
fn with_software_version(
    index: &Prepared,
    digits: &[u8],
    looked: &mut Looked,
    hits: &mut Vec<Hit>,
) {
    let phone = digits.get(..UNCHECKED_IMEI).unwrap_or_default();
    if let Some(known) = index.numbers.of_length(UNCHECKED_IMEI) {
        let from = hits.len();
        written(index, known, phone, false, looked, hits);
        let is_phone = |hit: &Hit| {
            let known = usize::try_from(hit.value).ok();
            let known = known.and_then(|value| index.values.get(value));
            known.is_some_and(|known| known.kind == KnownKind::Imei) && hit.steps.is_empty()
        };
        let others = hits.split_off(from);
        hits.extend(others.into_iter().filter(is_phone));
    }
}

/// A number as it is written or reversed.
fn written(
    index: &Prepared,
    known: &Table,
    digits: &[u8],
    is_told: bool,
    looked: &mut Looked,
    hits: &mut Vec<Hit>,
) {
    let form = Scarce::Number(digits.len());
    let key = key(digits);
    looked.add(form, key);
    for slot in known.get(key) {
        let Some(spelling) = index.spelling(slot) else {
            continue;
        };
        let is_reversed = slot.how == 1;
        let written = spelling.text.as_bytes();
        let is_same = if is_reversed {
            written.iter().rev().eq(digits)
        } else {
            written == digits
        };
        if is_same {
            hits.push(Hit {
                steps: is_reversed
                    .then_some(DecodeStep::Reversed)
                    .into_iter()
                    .collect(),
                is_weak: spelling.is_weak && !is_told && index.may_be_chance(digits),
                form: Some(form),
                ..Hit::of(slot.value)
            });
        }
    }
}
