//! The spellings of all values in one text: a million values have six million spellings.

use super::spelling;
use crate::limits;
use crate::model::KnownValue;

/// One way to write a value, as [`spelling::Spelling`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what it is looked for in, each for itself"
)]
pub(super) struct Spelling<'a> {
    pub(super) text: &'a str,
    pub(super) is_weak: bool,
    pub(super) is_written: bool,
    pub(super) is_hashed: bool,
    /// Whether it is looked for inside encodings.
    pub(super) is_wrapped: bool,
}

impl Spelling<'_> {
    pub(super) fn is_number(self) -> bool {
        is_number(self.text)
    }
}

pub(super) fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what it is looked for in, each for itself"
)]
struct Entry {
    /// Where its text ends; it begins where the one before it ends.
    end: u32,
    is_weak: bool,
    is_written: bool,
    is_hashed: bool,
    is_wrapped: bool,
}

/// Whether a spelling is looked for inside encodings: one that holds another strong one is found by that, but for numbers: a
/// longer number is another one.
fn is_wrapped(spelling: &spelling::Spelling, all: &[spelling::Spelling]) -> bool {
    let holds = |other: &spelling::Spelling| {
        !other.is_weak
            && (10..spelling.text.len()).contains(&other.text.len())
            && !(is_number(&spelling.text) && is_number(&other.text))
            && spelling.text.contains(&*other.text)
    };
    !spelling.is_weak && spelling.text.len() >= 8 && !all.iter().any(holds)
}

/// The spellings of values, in the order of the values.
#[derive(Debug, Default)]
pub(super) struct Spelled {
    text: String,
    entries: Vec<Entry>,
    /// Of each value, where its spellings end among the entries.
    ends: Vec<u32>,
}

/// The spellings of a value.
type Spell = fn(&KnownValue) -> Vec<spelling::Spelling>;

/// Values that are worth a thread: numbering plans take some microseconds for each.
const SHARE: usize = 10_000;

impl Spelled {
    /// The spellings of these values, on so many threads.
    pub(super) fn new(values: &[KnownValue], jobs: usize) -> Self {
        let share = values.len().div_ceil(jobs.max(1)).max(SHARE);
        if values.len() <= share {
            let is_short = values.len() <= limits::RARE_VALUES;
            let spellings = if is_short {
                spelling::spellings
            } else {
                spelling::usual_spellings
            };
            return Self::of_share(values, spellings);
        }
        std::thread::scope(|scope| {
            let workers: Vec<_> = values
                .chunks(share)
                .map(|share| scope.spawn(move || Self::of_share(share, spelling::usual_spellings)))
                .collect();
            let mut all = Self::default();
            for worker in workers {
                match worker.join() {
                    Ok(part) => all.append(&part),
                    // A panic is a bug of ours: let it end the program as it would without threads.
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            all
        })
    }

    fn of_share(values: &[KnownValue], spell: Spell) -> Self {
        let mut all = Self::default();
        for value in values {
            let spellings = spell(value);
            for spelling in &spellings {
                all.add(Spelling {
                    text: &spelling.text,
                    is_weak: spelling.is_weak,
                    is_written: spelling.is_written,
                    is_hashed: spelling.is_hashed,
                    is_wrapped: is_wrapped(spelling, &spellings),
                });
            }
            all.end();
        }
        all
    }

    fn add(&mut self, spelling: Spelling<'_>) {
        // Beyond four gigabytes there are none; lists have a smaller bound.
        let end = self.text.len().saturating_add(spelling.text.len());
        if let Ok(end) = u32::try_from(end) {
            self.text.push_str(spelling.text);
            self.entries.push(Entry {
                end,
                is_weak: spelling.is_weak,
                is_written: spelling.is_written,
                is_hashed: spelling.is_hashed,
                is_wrapped: spelling.is_wrapped,
            });
        }
    }

    fn end(&mut self) {
        let end = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.ends.push(end);
    }

    fn append(&mut self, other: &Self) {
        for value in 0..other.ends.len() {
            for spelling in other.of_value(value) {
                self.add(spelling);
            }
            self.end();
        }
    }

    /// The spellings of a value.
    pub(super) fn of_value(&self, value: usize) -> impl Iterator<Item = Spelling<'_>> + Clone {
        let position = |end: Option<&u32>| end.and_then(|end| usize::try_from(*end).ok());
        let before = |at: usize| at.checked_sub(1);
        let start = before(value).and_then(|value| position(self.ends.get(value)));
        let start = start.unwrap_or(0);
        let end = position(self.ends.get(value)).unwrap_or(start);
        (start..end).filter_map(move |at| {
            let entry = self.entries.get(at)?;
            let start = before(at).and_then(|at| self.entries.get(at));
            let start = start.map_or(0, |before| before.end);
            let range = usize::try_from(start).ok()?..usize::try_from(entry.end).ok()?;
            Some(Spelling {
                text: self.text.get(range)?,
                is_weak: entry.is_weak,
                is_written: entry.is_written,
                is_hashed: entry.is_hashed,
                is_wrapped: entry.is_wrapped,
            })
        })
    }

    /// All spellings with the positions of their values and their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, usize, Spelling<'_>)> + Clone {
        (0..self.ends.len()).flat_map(|value| {
            let spellings = self.of_value(value).enumerate();
            spellings.map(move |(number, spelling)| (value, number, spelling))
        })
    }
}
