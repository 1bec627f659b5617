//! Text and bytes → which known values are in them, and in which disguise.

use hashbrown::HashSet;

use super::super::value;
use super::index::{Prepared, is_of_words};
use super::literal::Window;
use super::number::{number, numbers};
use super::pattern::{self, BINARY, EXACT, FOLDED, Wrapping};
use super::recipe::Digests;
use super::seen::{Seen, Short};
use super::spelling::{self, SHORTEST};
use super::table::Slot;
use super::token::{
    SHORTEST_HEX, SHORTEST_TOKEN, each_digest, each_token, encoded_digest, hex_checksum,
    raw_digests, spread_digest,
};
use super::word::is_word;
use crate::limits;
use crate::model::{DecodeStep, KnownKind, Look, PathId};
use crate::payload::hex_bytes;

/// A known value that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// Position of the value.
    pub(super) value: u32,
    /// What was undone to find it, beyond what the field's own chain says.
    pub(super) steps: Vec<DecodeStep>,
    /// It may be chance.
    pub(super) is_weak: bool,
    /// Only a digest of it.
    pub(super) is_digest: bool,
    /// What it was told by, where there are so few of that form that long lists meet some by chance.
    pub(super) form: Option<Scarce>,
    /// How exact a position was sent, in metres.
    pub(super) metres: Option<u32>,
    /// What was sent of which only the digest is known.
    pub(super) sent: Option<KnownKind>,
    /// Where the other half of a position stands.
    pub(super) other_half: Option<PathId>,
}

impl Hit {
    /// A value as it stands.
    pub(super) fn of(value: u32) -> Self {
        Self {
            value,
            steps: Vec::new(),
            is_weak: false,
            is_digest: false,
            form: None,
            metres: None,
            sent: None,
            other_half: None,
        }
    }
}

/// A form of values of which there are so few that chance meets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scarce {
    /// A run of so many digits.
    Number(usize),
    /// A CRC-32.
    Checksum,
    /// A digest of which a few bytes are left.
    Cut,
}

/// Most digits of a number written in groups.
pub(super) const LONGEST_RUN: usize = 24;
/// Fewest characters of a pattern in base64: of a spelling of eight bytes.
const SHORTEST_BASE64_PATTERN: usize = 10;
/// Hexadecimal digits of numbers: longer ones are decoded before.
const SHORT_HEX: std::ops::RangeInclusive<usize> = 10..=18;
/// Numbers of 10 to 15 digits, as phones and subscribers have.
const HEX_NUMBERS: std::ops::Range<u64> = 1_000_000_000..1_000_000_000_000_000;
/// Fewest bytes of a text among others.
const SHORTEST_TEXT: usize = 6;
/// The upper byte of the last of Latin letters and their kin in UTF-16.
const HIGHEST_OF_LATIN: u8 = 2;

/// How many different values of each form were looked up in one message, where that is asked for.
#[derive(Debug, Default)]
pub(super) struct Looked(Option<Box<Counts>>);

/// The same.
#[derive(Debug, Default)]
struct Counts {
    /// By digits.
    numbers: [u32; LONGEST_RUN + 1],
    checksums: u32,
    cut: u32,
    /// Keys of what counts already: chance has one try with each, however often it was sent.
    counted: HashSet<u64>,
}

impl Looked {
    #[inline]
    pub(super) fn add(&mut self, form: Scarce, key: u64) {
        if let Self(Some(counts)) = self {
            counts.add(form, key);
        }
    }

    /// Values of a form that chance would meet in the message if it held nothing but random ones.
    pub(super) fn by_chance(&self, index: &Prepared, form: Scarce) -> f64 {
        let looked = self.0.as_ref().map_or(0, |counts| counts.of(form));
        f64::from(looked) * index.chance(form)
    }
}

impl Counts {
    fn add(&mut self, form: Scarce, key: u64) {
        // What there is no room for counts each time: chance is then thought likelier than it is, never less likely.
        let is_known = if self.counted.len() < limits::DISTINCT_LOOK_UPS {
            !self.counted.insert(key)
        } else {
            self.counted.contains(&key)
        };
        if is_known {
            return;
        }
        let count = match form {
            Scarce::Number(digits) => self.numbers.get_mut(digits),
            Scarce::Checksum => Some(&mut self.checksums),
            Scarce::Cut => Some(&mut self.cut),
        };
        if let Some(count) = count {
            *count = count.saturating_add(1);
        }
    }

    fn of(&self, form: Scarce) -> u32 {
        match form {
            Scarce::Number(digits) => self.numbers.get(digits).copied().unwrap_or(0),
            Scarce::Checksum => self.checksums,
            Scarce::Cut => self.cut,
        }
    }
}

/// Looks in the values of one message.
pub(super) struct Scanner<'a> {
    index: &'a Prepared,
    looked: Looked,
    /// Text in lower case, kept between values.
    folded: String,
    seen: Seen,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(index: &'a Prepared) -> Self {
        Self {
            index,
            looked: Looked::default(),
            folded: String::new(),
            seen: Seen::take(index.number()),
        }
    }

    /// One that counts what it looks up, as is needed where it may have been met by chance.
    pub(super) fn counting(index: &'a Prepared) -> Self {
        let looked = Looked(Some(Box::default()));
        let scanner = Self::new(index);
        Self { looked, ..scanner }
    }

    /// Keeps what was seen for the next message, and says how much was looked up.
    pub(super) fn finish(self) -> Looked {
        self.seen.put_back();
        self.looked
    }

    /// Everything known in a text that looks like this.
    pub(super) fn text(&mut self, text: &str, look: Look, hits: &mut Vec<Hit>) {
        if text.len() < SHORTEST {
            return;
        }
        // Numbers and ids do not come again.
        if look.is_all(Look::HEX) {
            self.digits(text, look, hits);
            return;
        }
        let short = Short::text(text.as_bytes());
        self.unless_seen(short, hits, |scanner, hits| {
            scanner.whole_text(text, look, hits);
        });
    }

    /// Looks, unless it was in vain lately. What is looked up counts in each message.
    fn unless_seen(
        &mut self,
        short: Option<Short>,
        hits: &mut Vec<Hit>,
        look: impl FnOnce(&mut Self, &mut Vec<Hit>),
    ) {
        let is_counting = self.looked.0.is_some();
        if !is_counting && short.is_some_and(|short| self.seen.has(short)) {
            return;
        }
        let before = hits.len();
        look(self, hits);
        if let Some(short) = short.filter(|_| hits.len() == before) {
            self.seen.add(short);
        }
    }

    /// Hexadecimal digits and nothing else: one run, and one token.
    fn digits(&mut self, text: &str, look: Look, hits: &mut Vec<Hit>) {
        let index = self.index;
        let digits = text.as_bytes();
        if index.may_be_in(look, digits.len()) {
            self.literals(text, look, hits);
        }
        if look.has(Look::DIGIT) {
            numbers(index, digits, look, &mut self.looked, hits);
            spread_digest(index, digits, look, hits);
        }
        if digits.len() >= SHORTEST_TOKEN {
            self.token(digits, 0, digits, look, hits);
        }
    }

    fn whole_text(&mut self, text: &str, look: Look, hits: &mut Vec<Hit>) {
        let index = self.index;
        let bytes = text.as_bytes();
        if index.may_be_in(look, bytes.len()) {
            self.literals(text, look, hits);
        }
        if look.has(Look::DIGIT) {
            let plain = value::with_plain_separators(text);
            numbers(index, plain.as_bytes(), look, &mut self.looked, hits);
        }
        spread_digest(index, bytes, look, hits);
        if bytes.len() >= SHORTEST_TOKEN {
            each_token(bytes, look, &mut |start, token, look| {
                self.token(bytes, start, token, look, hits);
            });
        }
    }

    /// Spellings in text as they stand, reversed, in hexadecimal digits, and in base64 that need not be a token's.
    fn literals(&mut self, text: &str, look: Look, hits: &mut Vec<Hit>) {
        let index = self.index;
        let patterns = &index.text;
        let bytes = text.as_bytes();
        let folded = if look.has(Look::UPPER | Look::BEYOND) {
            fold(text, &mut self.folded)
        } else {
            bytes
        };
        if patterns.words.may_be_in(look) {
            patterns.words.scan(folded, &mut |slot, start| {
                literal(index, FOLDED, folded, slot, start, hits);
            });
        }
        if patterns.folded.may_be_in(look) {
            patterns.folded.scan(folded, &mut |slot, start| {
                literal(index, FOLDED, folded, slot, start, hits);
            });
        }
        if patterns.hexed.may_be_in(look) {
            each_run(
                folded,
                SHORTEST_HEX,
                u8::is_ascii_hexdigit,
                &mut |start, run| {
                    let mut take = |slot, at: usize| {
                        literal(index, FOLDED, folded, slot, start.saturating_add(at), hits);
                    };
                    patterns.hexed.scan_windows(Window::Hex, run, &mut take);
                },
            );
        }
        if index.exact.may_be_in(look) {
            index.exact.scan(bytes, &mut |slot, start| {
                literal(index, EXACT, bytes, slot, start, hits);
            });
        }
    }

    /// What is found in a word of base64 or hexadecimal digits that begins here.
    fn token(&mut self, bytes: &[u8], start: usize, token: &[u8], look: Look, hits: &mut Vec<Hit>) {
        let index = self.index;
        if token.len() >= SHORTEST_BASE64_PATTERN && index.encoded.may_be_in(look) {
            let mut take = |slot, at: usize| {
                literal(index, EXACT, bytes, slot, start.saturating_add(at), hits);
            };
            let window = Window::Base64(0);
            index.encoded.scan_windows(window, token, &mut take);
        }
        if look.is_all(Look::HEX) && SHORT_HEX.contains(&token.len()) {
            self.hex_number(token, hits);
        }
        each_digest(token, look, &mut |digits, is_hex| {
            if is_hex {
                hex_checksum(index, digits, &mut self.looked, hits);
            }
            encoded_digest(index, &index.digests, digits, is_hex, hits);
        });
    }

    /// The number that a few bytes are, of which these are the hexadecimal digits: an integer of 64 bits or one of protobuf.
    fn hex_number(&mut self, digits: &[u8], hits: &mut Vec<Hit>) {
        if !may_be_number(digits) {
            return;
        }
        let Some(bytes) = hex_bytes(digits) else {
            return;
        };
        let fixed = |read: fn([u8; 8]) -> u64| {
            let number = bytes.as_array().map(|bytes| read(*bytes));
            (number, DecodeStep::Fixed64)
        };
        for (integer, step) in [
            fixed(u64::from_le_bytes),
            fixed(u64::from_be_bytes),
            (pattern::of_varint(&bytes), DecodeStep::Varint),
        ] {
            let Some(integer) = integer.filter(|integer| HEX_NUMBERS.contains(integer)) else {
                continue;
            };
            let from = hits.len();
            let written = integer.to_string();
            number(
                self.index,
                written.as_bytes(),
                false,
                &mut self.looked,
                hits,
            );
            for hit in hits.iter_mut().skip(from) {
                hit.steps.splice(0..0, [DecodeStep::Hex, step]);
            }
        }
    }

    /// Everything known in bytes that are no text, and in the texts among them.
    pub(super) fn binary(&mut self, bytes: &[u8], hits: &mut Vec<Hit>) {
        self.unless_seen(Short::binary(bytes), hits, |scanner, hits| {
            scanner.whole_binary(bytes, hits);
        });
    }

    fn whole_binary(&mut self, bytes: &[u8], hits: &mut Vec<Hit>) {
        let index = self.index;
        for run in bytes.utf8_chunks() {
            for text in run.valid().split(|character: char| character.is_control()) {
                if text.len() >= SHORTEST_TEXT {
                    self.text(text, Look::of(text), hits);
                }
            }
        }
        if bytes.iter().any(|byte| *byte <= HIGHEST_OF_LATIN) {
            for start in 0..2 {
                self.wide_text(bytes.get(start..).unwrap_or_default(), hits);
            }
        }
        index.binary.scan(bytes, &mut |slot, start| {
            literal(index, BINARY, bytes, slot, start, hits);
        });
        raw_digests(index, &index.digests, bytes, hits);
    }

    /// Digests in bytes that were made with a salt of the message's own.
    pub(super) fn salted_binary(&self, digests: &Digests, bytes: &[u8], hits: &mut Vec<Hit>) {
        if bytes.len() <= limits::SALTED_BYTES {
            raw_digests(self.index, digests, bytes, hits);
        }
    }

    /// Everything known in runs of UTF-16: units of Latin letters and their kin, in either order of bytes.
    fn wide_text(&mut self, bytes: &[u8], hits: &mut Vec<Hit>) {
        let mut run = String::new();
        let (units, _) = bytes.as_chunks::<2>();
        for unit in units.iter().chain([&[0, 0]]) {
            let number = match unit {
                [_, 0..=HIGHEST_OF_LATIN] => u16::from_le_bytes(*unit),
                [0, low] => u16::from(*low),
                _ => 0,
            };
            let character = char::from_u32(number.into());
            if let Some(character) = character.filter(|character| !character.is_control()) {
                run.push(character);
                continue;
            }
            if run.len() >= SHORTEST_TEXT {
                let from = hits.len();
                self.text(&run, Look::of(&run), hits);
                for hit in hits.iter_mut().skip(from) {
                    hit.steps.push(DecodeStep::Utf16);
                }
            }
            run.clear();
        }
    }

    /// Digests in a text that were made with a salt of the message's own; checksums are not.
    pub(super) fn salted(&self, digests: &Digests, text: &str, hits: &mut Vec<Hit>) {
        each_token(text.as_bytes(), Look::of(text), &mut |_, token, look| {
            each_digest(token, look, &mut |digits, is_hex| {
                encoded_digest(self.index, digests, digits, is_hex, hits);
            });
        });
    }
}

/// Whether hexadecimal digits may be those of [`HEX_NUMBERS`]: two of the eight bytes of an integer are zero then, and all bytes of
/// a varint but its last say that another follows.
fn may_be_number(digits: &[u8]) -> bool {
    if digits.len() == 16 && (digits.starts_with(b"0000") || digits.ends_with(b"0000")) {
        return true;
    }
    let (bytes, _) = digits.as_chunks::<2>();
    let goes_on = |[high, _]: &[u8; 2]| !matches!(high, b'0'..=b'7');
    bytes
        .split_last()
        .is_some_and(|(last, before)| !goes_on(last) && before.iter().all(goes_on))
}

/// Text in lower case.
fn fold<'t>(text: &str, folded: &'t mut String) -> &'t [u8] {
    folded.clear();
    if text.is_ascii() {
        folded.push_str(text);
        folded.make_ascii_lowercase();
    } else {
        folded.push_str(&spelling::lower(text));
    }
    folded.as_bytes()
}

/// Calls `see` with each run of digits that is no shorter than this, and where it begins.
#[inline]
pub(super) fn each_run(
    bytes: &[u8],
    shortest: usize,
    is_digit: impl Fn(&u8) -> bool,
    see: &mut impl FnMut(usize, &[u8]),
) {
    let (mut from, before_last) = (0_usize, shortest.saturating_sub(1));
    // One digit of any such run is the last of so many bytes.
    while let last = from.saturating_add(before_last)
        && let Some(byte) = bytes.get(last)
    {
        if !is_digit(byte) {
            from = last.saturating_add(1);
            continue;
        }
        let (before, behind) = bytes.split_at_checked(last).unwrap_or_default();
        let before = before.get(from..).unwrap_or_default();
        let before = before.iter().rposition(|byte| !is_digit(byte));
        let start = before.map_or(from, |at| from.saturating_add(at).saturating_add(1));
        let length = behind.iter().position(|byte| !is_digit(byte));
        let end = last.saturating_add(length.unwrap_or(behind.len()));
        let run = bytes.get(start..end).unwrap_or_default();
        if run.len() >= shortest {
            see(start, run);
        }
        from = end;
    }
}

/// Compares a candidate, and its neighbourhood where the kind of value asks for it.
fn literal(
    index: &Prepared,
    wrappings: &[Wrapping],
    bytes: &[u8],
    slot: Slot,
    start: usize,
    hits: &mut Vec<Hit>,
) {
    let Some(spelling) = index.spelling(slot) else {
        return;
    };
    let Some(wrapping) = wrappings.get(usize::from(slot.how)) else {
        return;
    };
    let mut buffer = Vec::new();
    let Some(pattern) = wrapping.wrap(spelling.text, &mut buffer) else {
        return;
    };
    let end = start.saturating_add(pattern.len());
    if bytes.get(start..end) != Some(pattern) {
        return;
    }
    let value = if wrapping.steps.contains(&DecodeStep::Utf16) {
        pattern::utf16(spelling.text, u16::to_le_bytes)
    } else {
        spelling.text.as_bytes().to_vec()
    };
    let Some([before, behind]) = pattern::around(wrapping.form, bytes, start..end, &value) else {
        return;
    };
    let kind = index.value(slot).map(|value| value.kind);
    let is_of_words = is_of_words(kind, spelling.is_weak);
    // A longer number is another number, a longer name another name.
    let goes_on = |inner: Option<&u8>, outer: Option<u8>| {
        outer.is_some_and(|outer| {
            is_of_words && is_word(outer)
                || outer.is_ascii_digit() && inner.is_some_and(u8::is_ascii_digit)
        })
    };
    let needs_edges = is_of_words || spelling.is_number();
    let text = spelling.text.as_bytes();
    if needs_edges && (goes_on(text.first(), before) || goes_on(text.last(), behind)) {
        return;
    }
    hits.push(Hit {
        steps: wrapping.steps.to_vec(),
        is_weak: spelling.is_weak,
        ..Hit::of(slot.value)
    });
}
