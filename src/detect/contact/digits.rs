//! Digits without plus, zeros or groups before them, which may be phone numbers, or ids, invoices and counters: what numbering
//! plans allow is nearly everything, so a list of them is believed as a whole, or not at all.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::list::Value;
use crate::detect::value::{self, Line};
use crate::model::PathId;

/// What stands around digits says of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Said {
    /// Nothing.
    #[default]
    Nothing,
    /// That they are ids of what may be contacts.
    Ids,
    /// That they are contacts, or numbers of some kind.
    Loosely,
    /// That they are phone numbers: each is believed.
    Clearly,
}

/// Fewest numbers of mobile phones that are believed where no name says what they are.
const LEAST_UNNAMED: usize = 8;
/// Fewest that are believed as ids, or without their country code.
const LEAST_OF_LIST: usize = 3;
/// Digits of the shortest number with its country code that is believed where no name says what it is.
const SHORTEST_UNNAMED: usize = 11;
/// Numbers that a service gives out one after the other lie closer together.
const LEAST_SPREAD: u64 = 1_000_000;

/// Digits, and where they stood.
type Digit<'a> = (&'a str, PathId);

/// Digits of one list.
#[derive(Debug, Default)]
pub(super) struct Digits<'a> {
    all: Vec<Digit<'a>>,
    said: Said,
}

impl<'a> Digits<'a> {
    pub(super) fn add(&mut self, text: &'a str, path: PathId, said: Said) {
        self.all.push((text, path));
        self.said = self.said.max(said);
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.all.extend(other.all);
        self.said = self.said.max(other.said);
    }

    /// The phone numbers that they are: mobile ones, nearly all of them, with their country code, or of one country without.
    pub(super) fn numbers(self) -> Vec<Value> {
        let Self { mut all, said } = self;
        if said == Said::Nothing && is_series(&all) {
            return Vec::new();
        }
        all.sort_unstable();
        all.dedup_by(|(one, _), (other, _)| one == other);
        let least = match said {
            Said::Nothing => LEAST_UNNAMED,
            Said::Ids => LEAST_OF_LIST,
            Said::Loosely | Said::Clearly => 1,
        };
        if all.len() < least {
            return Vec::new();
        }
        // What is none shows soon, and reading numbers is expensive.
        let sample: Vec<Digit<'_>> = value::sample(&all).copied().collect();
        // Among several that are said to be of contacts there are houses and companies, too.
        let is_mobile = said < Said::Loosely || all.len() < LEAST_OF_LIST;
        if is_mostly(sample.len(), in_full(&sample, is_mobile).count(), said) {
            let numbers: Vec<Value> = in_full(&all, is_mobile).collect();
            let is_list = is_mostly(all.len(), numbers.len(), said)
                && (said != Said::Nothing || are_spread(&numbers));
            return if is_list { numbers } else { Vec::new() };
        }
        if said < Said::Loosely {
            return Vec::new();
        }
        let is_mixed = || in_both_ways(&sample, said).is_some();
        of_one_country(&all)
            .or_else(|| is_mixed().then(|| in_both_ways(&all, said))?)
            .unwrap_or_default()
    }
}

/// The numbers of mobile phones of one country that a list without country codes is of.
fn of_one_country(all: &[Digit<'_>]) -> Option<Vec<Value>> {
    let is_long = |text: &str| text.len() >= SHORTEST_IN_COUNTRY;
    if all.len() < LEAST_OF_LIST || !all.iter().all(|(text, _)| is_long(text)) {
        return None;
    }
    let texts: Vec<&str> = all.iter().map(|(text, _)| *text).collect();
    let numbers = value::mobiles_of_one_country(&texts)?.into_iter().zip(all);
    let numbers = numbers.filter_map(|(number, (_, path))| Some((number?, *path)));
    Some(numbers.collect())
}

/// The numbers of a list in which some have their country code, and the others are of one country.
fn in_both_ways(all: &[Digit<'_>], said: Said) -> Option<Vec<Value>> {
    let mut numbers = Vec::new();
    let mut others = Vec::new();
    for digit in all {
        let is_long = digit.0.len() >= SHORTEST_UNNAMED;
        let number = in_full(std::slice::from_ref(digit), true).next();
        match number.filter(|_| is_long) {
            Some(number) => numbers.push(number),
            None => others.push(*digit),
        }
    }
    numbers.extend(of_one_country(&others)?);
    is_mostly(all.len(), numbers.len(), said).then_some(numbers)
}

/// Digits of the shortest number of a mobile phone in its country that is believed in a list: shorter ones are ids as well.
const SHORTEST_IN_COUNTRY: usize = 9;

/// Those that are numbers with their country code, of mobile phones or of any.
fn in_full<'a>(all: &'a [Digit<'a>], is_mobile: bool) -> impl Iterator<Item = Value> + 'a {
    all.iter().filter_map(move |(text, path)| {
        let number = value::phone(text).filter(|_| text.len() >= SHORTEST_IN_FULL)?;
        let fits = match number.line {
            Line::Mobile => true,
            Line::Fixed => !is_mobile,
            Line::Service => false,
        };
        fits.then_some((number.e164, *path))
    })
}

/// Digits of the shortest number with its country code that is believed in a list.
const SHORTEST_IN_FULL: usize = 9;

/// Whether so many of all are numbers that it is no chance.
fn is_mostly(all: usize, numbers: usize, said: Said) -> bool {
    let strangers = all.saturating_sub(numbers);
    let most = match said {
        Said::Nothing => all / 20,
        Said::Ids => all / 10,
        Said::Loosely | Said::Clearly => all / 4,
    };
    strangers <= most
}

/// Whether digits as they were sent go up or down in steps of about one length, as ids do: an address book is in the order of names.
fn is_series(all: &[Digit<'_>]) -> bool {
    let numbers: Vec<u64> = all
        .iter()
        .filter_map(|(text, _)| text.parse().ok())
        .collect();
    let is_ordered = numbers.is_sorted_by(|one, other| one < other)
        || numbers.is_sorted_by(|one, other| one > other);
    let steps = || {
        numbers.windows(2).map(|pair| match pair {
            [one, other] => other.abs_diff(*one),
            _ => 0,
        })
    };
    let longest = steps().max().unwrap_or(0);
    let all_together = steps().fold(0, u64::saturating_add);
    let count = numbers.len().saturating_sub(1) as u64;
    // None longer than two of the usual ones.
    is_ordered && longest.saturating_mul(count) <= all_together.saturating_mul(2)
}

/// Whether numbers are of several operators, and so far from each other as those of a service are not.
fn are_spread(numbers: &[Value]) -> bool {
    /// Digits of country and operator: what stands behind them is given out by one.
    const OPERATOR: usize = 5;
    let operators: BTreeSet<&str> = numbers
        .iter()
        .filter_map(|(number, _)| number.trim_start_matches('+').get(..OPERATOR))
        .collect();
    let value = |number: &Rc<str>| number.trim_start_matches('+').parse::<u64>().unwrap_or(0);
    let least = numbers.iter().map(|(number, _)| value(number)).min();
    let most = numbers.iter().map(|(number, _)| value(number)).max();
    operators.len() > 1
        && most
            .zip(least)
            .is_some_and(|(most, least)| most.abs_diff(least) >= LEAST_SPREAD)
}

/// Whether a text is of digits that say by no plus, zero or group that they are a phone number.
pub(super) fn is_bare(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (super::SHORTEST_NUMBER..=17).contains(&digits)
        && !text.starts_with(['0', '(', '+', '-'])
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'/'))
        && !value::is_of_north_america(text)
        && !value::is_date_or_time(text)
}

/// Whether a text may be the number of a mobile phone with its country code, whatever its name.
pub(super) fn may_be_in_full(text: &str) -> bool {
    (SHORTEST_UNNAMED..=15).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && is_bare(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(said: Said, texts: &[String]) -> usize {
        let mut digits = Digits::default();
        for text in texts {
            digits.add(text, PathId::default(), said);
        }
        digits.numbers().len()
    }

    #[test]
    fn digits_are_believed_as_a_whole() {
        let drawn = |first: u64, step: u64, count: u64| -> Vec<String> {
            let texts = (0..count).map(|number| (first + number * step).to_string());
            texts.collect()
        };
        let in_a_row = drawn(4_915_112_345_678, 7_654_321, 12);
        let mut mobiles = drawn(4_915_112_345_678, 7_654_321, 6);
        mobiles.splice(2..2, drawn(4_917_012_345_678, 3_654_321, 6));
        for said in [Said::Nothing, Said::Ids, Said::Loosely] {
            assert_eq!(numbers(said, &mobiles), 12, "{said:?}");
        }
        // as ids are, in either order, and of one operator in any
        let mut others = in_a_row.clone();
        assert_eq!(numbers(Said::Nothing, &others), 0);
        others.reverse();
        assert_eq!(numbers(Said::Nothing, &others), 0);
        others.swap(2, 7);
        assert_eq!(numbers(Said::Nothing, &others), 0);
        assert_eq!(numbers(Said::Ids, &in_a_row), 12);
        let of_poland = drawn(512_311_336, 123_457, 12);
        assert_eq!(numbers(Said::Loosely, &of_poland), 12);
        assert_eq!(numbers(Said::Nothing, &of_poland), 0);
        // one after the other, as a service gives them out
        assert_eq!(numbers(Said::Nothing, &drawn(4_915_112_345_678, 3, 12)), 0);
        // with and without the country code
        for (full, of_country) in [(300, 70), (40, 330)] {
            let mut mixed = drawn(4_915_112_345_678, 7_321, full);
            mixed.extend(drawn(15_112_345_678, 7_321, of_country));
            let found = numbers(Said::Loosely, &mixed);
            let least = full.max(of_country);
            assert!(found as u64 >= least, "{full} and {of_country}: {found}");
        }
        // articles (EAN), short ids
        for others in [
            drawn(4_006_381_333_931, 10_123_457, 12),
            drawn(4_319_015, 54_321, 12),
        ] {
            assert_eq!(numbers(Said::Loosely, &others), 0);
        }
    }
}
