//! Text and bytes → which known values are in them, and in which disguise.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hashbrown::HashSet;

use super::super::value;
use super::index::{Digests, GIVEN, Index, given, is_of_words, start};
use super::literal::Window;
use super::pattern::{self, BINARY, EXACT, FOLDED, Wrapping};
use super::seen::{Seen, Short};
use super::spelling::{self, SHORTEST};
use super::table::{Slot, key};
use super::word::is_word;
use crate::limits;
use crate::model::{DecodeStep, KnownKind, Look};

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
}

/// A form of values of which there are so few that chance meets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scarce {
    /// A run of so many digits.
    Number(usize),
    /// A CRC-32.
    Checksum,
}

/// Fewest digits of a run that is looked up.
const SHORTEST_RUN: usize = 4;
/// Most digits of a number written in groups.
const LONGEST_RUN: usize = 24;
/// How probable it may be that a random number is the checksum of a known value, so that one alone is believed.
const CHECKSUM_CHANCE: f64 = 2e-7;
/// Seconds from 2011 to 2030.
const TIMES: std::ops::Range<u32> = 1_300_000_000..1_900_000_000;
/// Digits of a checksum as a number: all but one in 400 have so many.
const CHECKSUM_DIGITS: std::ops::RangeInclusive<usize> = 8..=10;
/// Groups of digits that a number may be written in: `+49 (0) 30 23 12 51 11`.
const GROUPS: usize = 8;
/// What stands between groups.
const GAP: &[u8] = b" ()-./";
/// Fewest characters of hexadecimal and base64 that hold the eight bytes by which digests are told.
const SHORTEST_HEX: usize = 16;
const SHORTEST_BASE64: usize = 11;
/// Fewest characters of a pattern in base64: of a spelling of eight bytes.
const SHORTEST_BASE64_PATTERN: usize = 10;
/// Fewest characters of a checksum in hexadecimal digits, the shortest of what is looked for in words.
const SHORTEST_TOKEN: usize = 8;
/// Hexadecimal digits of numbers: longer ones are decoded before.
const SHORT_HEX: std::ops::RangeInclusive<usize> = 10..=18;
/// Numbers of 10 to 15 digits, as phones and subscribers have.
const HEX_NUMBERS: std::ops::Range<u64> = 1_000_000_000..1_000_000_000_000_000;
/// Fewest bytes of a text among others.
const SHORTEST_TEXT: usize = 6;
/// Most bytes in which a digest with a salt is looked for: each salt costs a pass.
const LONGEST_SALTED: usize = 4 << 10;
/// Longest text in which a digest may stand alone; longer runs are encoded data, not digests.
const LONGEST_TOKEN: usize = 256;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
pub(super) const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// How many different values of each form were looked up in one message.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// By digits.
    numbers: [u32; LONGEST_RUN + 1],
    checksums: u32,
    /// Keys of what counts already: chance has one try with each, however often it was sent.
    counted: HashSet<u64>,
    /// Each time that something was looked up.
    all: u64,
}

impl Looked {
    fn add(&mut self, form: Scarce, key: u64) {
        self.all = self.all.saturating_add(1);
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
        };
        if let Some(count) = count {
            *count = count.saturating_add(1);
        }
    }

    /// Values of a form that chance would meet in the message if it held nothing but random ones.
    pub(super) fn by_chance(&self, index: &Index, form: Scarce) -> f64 {
        let looked = match form {
            Scarce::Number(digits) => self.numbers.get(digits).copied().unwrap_or(0),
            Scarce::Checksum => self.checksums,
        };
        f64::from(looked) * index.chance(form)
    }
}

/// Looks in the values of one message.
pub(super) struct Scanner<'a> {
    index: &'a Index,
    looked: Looked,
    /// Text in lower case, kept between values.
    folded: String,
    seen: Seen,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(index: &'a Index) -> Self {
        Self {
            index,
            looked: Looked::default(),
            folded: String::new(),
            seen: Seen::take(index.number()),
        }
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
        let short = if look.is_all(Look::HEX) {
            None
        } else {
            Short::text(text.as_bytes())
        };
        self.unless_seen(short, hits, |scanner, hits| {
            scanner.whole_text(text, look, hits);
        });
    }

    /// Looks, unless it was in vain lately. What counts as looked up is not remembered, because it counts in each message.
    fn unless_seen(
        &mut self,
        short: Option<Short>,
        hits: &mut Vec<Hit>,
        look: impl FnOnce(&mut Self, &mut Vec<Hit>),
    ) {
        if short.is_some_and(|short| self.seen.has(short)) {
            return;
        }
        let before = (hits.len(), self.looked.all);
        look(self, hits);
        let is_in_vain = before == (hits.len(), self.looked.all);
        if let Some(short) = short.filter(|_| is_in_vain) {
            self.seen.add(short);
        }
    }

    fn whole_text(&mut self, text: &str, look: Look, hits: &mut Vec<Hit>) {
        let index = self.index;
        let patterns = &index.text;
        let bytes = text.as_bytes();
        let folded = if look.has(Look::UPPER | Look::BEYOND) {
            fold(text, &mut self.folded)
        } else {
            bytes
        };
        // What is written in digits alone is among the numbers.
        if !patterns.words.is_empty() && !look.is_all(Look::DIGIT) {
            patterns.words.scan(folded, &mut |slot, start| {
                literal(index, FOLDED, folded, slot, start, hits);
            });
        }
        if !patterns.folded.is_empty() {
            patterns.folded.scan(folded, &mut |slot, start| {
                literal(index, FOLDED, folded, slot, start, hits);
            });
        }
        if !patterns.hexed.is_empty() && look.has(Look::HEX) {
            hex_runs(folded, &mut |start, run| {
                let mut take = |slot, at: usize| {
                    literal(index, FOLDED, folded, slot, start.saturating_add(at), hits);
                };
                patterns.hexed.scan_windows(Window::Hex, run, &mut take);
            });
        }
        if !index.exact.is_empty() {
            index.exact.scan(bytes, &mut |slot, start| {
                literal(index, EXACT, bytes, slot, start, hits);
            });
        }
        if look.has(Look::DIGIT) {
            let plain = value::with_plain_separators(text);
            numbers(index, plain.as_bytes(), &mut self.looked, hits);
        }
        self.tokens(bytes, look, hits);
    }

    /// What is found in words of base64 and hexadecimal digits.
    fn tokens(&mut self, bytes: &[u8], look: Look, hits: &mut Vec<Hit>) {
        let index = self.index;
        let has_digests = !index.digests.by_start.is_empty() || !index.checksums.is_empty();
        if bytes.len() < SHORTEST_TOKEN {
            return;
        }
        each_token(bytes, look, &mut |start, token, look| {
            if token.len() >= SHORTEST_BASE64_PATTERN && !index.encoded.is_empty() {
                let mut take = |slot, at: usize| {
                    literal(index, EXACT, bytes, slot, start.saturating_add(at), hits);
                };
                let window = Window::Base64(0);
                index.encoded.scan_windows(window, token, &mut take);
            }
            if look.is_all(Look::HEX) && SHORT_HEX.contains(&token.len()) {
                self.hex_number(token, hits);
            }
            if has_digests {
                each_digest(token, look, &mut |digits, is_hex| {
                    if is_hex {
                        hex_checksum(index, digits, &mut self.looked, hits);
                    }
                    encoded_digest(index, &index.digests, digits, is_hex, hits);
                });
            }
        });
    }

    /// The number that a few bytes are, of which these are the hexadecimal digits: an integer of 64 bits or one of protobuf.
    fn hex_number(&mut self, digits: &[u8], hits: &mut Vec<Hit>) {
        let Some(bytes) = hex_bytes(digits) else {
            return;
        };
        let fixed = |read: fn([u8; 8]) -> u64| {
            let number = bytes.as_array().map(|bytes| read(*bytes));
            (number, DecodeStep::Fixed64)
        };
        for (number, step) in [
            fixed(u64::from_le_bytes),
            fixed(u64::from_be_bytes),
            (pattern::of_varint(&bytes), DecodeStep::Varint),
        ] {
            let Some(number) = number.filter(|number| HEX_NUMBERS.contains(number)) else {
                continue;
            };
            let from = hits.len();
            let written = number.to_string();
            self::number(
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
        for start in 0..2 {
            self.wide_text(bytes.get(start..).unwrap_or_default(), hits);
        }
        index.binary.scan(bytes, &mut |slot, start| {
            literal(index, BINARY, bytes, slot, start, hits);
        });
        raw_digests(index, &index.digests, bytes, hits);
    }

    /// Digests in bytes that were made with a salt of the message's own.
    pub(super) fn salted_binary(&self, digests: &Digests, bytes: &[u8], hits: &mut Vec<Hit>) {
        if bytes.len() <= LONGEST_SALTED {
            raw_digests(self.index, digests, bytes, hits);
        }
    }

    /// Everything known in runs of UTF-16: units of Latin letters and their kin, in either order of bytes.
    fn wide_text(&mut self, bytes: &[u8], hits: &mut Vec<Hit>) {
        let mut run = String::new();
        let (units, _) = bytes.as_chunks::<2>();
        for unit in units.iter().chain([&[0, 0]]) {
            let number = match unit {
                [_, 0..=2] => u16::from_le_bytes(*unit),
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

/// Digests among bytes.
fn raw_digests(index: &Index, digests: &Digests, bytes: &[u8], hits: &mut Vec<Hit>) {
    if digests.by_start.is_empty() {
        return;
    }
    for (position, window) in bytes.windows(8).enumerate() {
        if start(window).is_some_and(|key| digests.by_start.may_hold(key)) {
            let rest = bytes.get(position..).unwrap_or_default();
            digest(index, digests, rest, false, hits);
        }
    }
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

/// Calls `see` with each run of hexadecimal digits that is long enough for a pattern, and where it begins.
#[inline]
fn hex_runs(bytes: &[u8], see: &mut dyn FnMut(usize, &[u8])) {
    let mut from = 0_usize;
    // One digit of any such run is the last of so many bytes.
    while let Some(last) = bytes.get(from.saturating_add(SHORTEST_HEX).saturating_sub(1)) {
        if !last.is_ascii_hexdigit() {
            from = from.saturating_add(SHORTEST_HEX);
            continue;
        }
        let last = from.saturating_add(SHORTEST_HEX).saturating_sub(1);
        let (before, behind) = bytes.split_at_checked(last).unwrap_or_default();
        let before = before.get(from..).unwrap_or_default();
        let is_digit = |byte: &&u8| byte.is_ascii_hexdigit();
        let start = last.saturating_sub(before.iter().rev().take_while(is_digit).count());
        let end = last.saturating_add(behind.iter().take_while(is_digit).count());
        let run = bytes.get(start..end).unwrap_or_default();
        if run.len() >= SHORTEST_HEX {
            see(start, run);
        }
        from = end;
    }
}

/// Compares a candidate, and its neighbourhood where the kind of value asks for it.
fn literal(
    index: &Index,
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
    let Some(pattern) = (wrapping.wrap)(spelling.text) else {
        return;
    };
    let end = start.saturating_add(pattern.len());
    if bytes.get(start..end) != Some(pattern.as_slice()) {
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
        value: slot.value,
        steps: wrapping.steps.to_vec(),
        is_weak: spelling.is_weak,
        is_digest: false,
        form: None,
        metres: None,
        sent: None,
    });
}

/// Runs of digits as a whole, and numbers written in groups.
fn numbers(index: &Index, bytes: &[u8], looked: &mut Looked, hits: &mut Vec<Hit>) {
    if index.numbers.is_empty() {
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
    index: &Index,
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
fn number(index: &Index, digits: &[u8], is_told: bool, looked: &mut Looked, hits: &mut Vec<Hit>) {
    let form = Scarce::Number(digits.len());
    let key = key(digits);
    let known = index.numbers.of_length(digits.len());
    if known.is_some() {
        looked.add(form, key);
    }
    for slot in known.iter().flat_map(|known| known.get(key)) {
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
                value: slot.value,
                steps: is_reversed
                    .then_some(DecodeStep::Reversed)
                    .into_iter()
                    .collect(),
                is_weak: spelling.is_weak && !is_told && index.may_be_chance(digits),
                is_digest: false,
                form: Some(form),
                metres: None,
                sent: None,
            });
        }
    }
    if CHECKSUM_DIGITS.contains(&digits.len())
        && !index.checksums.is_empty()
        && let Some(sum) = str::from_utf8(digits)
            .ok()
            .and_then(|text| text.parse().ok())
    {
        checksum(index, sum, looked, hits);
    }
}

/// What digests are written in: hexadecimal or base64 in either alphabet, also behind a mark like `sha256_`.
#[inline]
fn is_token(byte: u8) -> bool {
    Look::class(byte) & (Look::BASE64 | Look::SPACE) == Look::BASE64
}

/// Calls `see` with each token of a text that looks like this, where it begins, and how it looks; not with those too short to be
/// anything that is looked for.
fn each_token(bytes: &[u8], look: Look, see: &mut dyn FnMut(usize, &[u8], Look)) {
    // Of these kinds, only white space is none of a token's.
    if look.is_all(Look::BASE64) && !look.has(Look::SPACE) {
        if bytes.len() >= SHORTEST_TOKEN {
            see(0, bytes, look);
        }
        return;
    }
    let (mut start, mut look) = (0_usize, Look::default());
    for (end, byte) in bytes.iter().map(Some).chain([None]).enumerate() {
        if let Some(byte) = byte.filter(|byte| is_token(**byte)) {
            look.add(Look::class(*byte));
            continue;
        }
        let token = bytes.get(start..end).unwrap_or_default();
        if token.len() >= SHORTEST_TOKEN {
            see(start, token, look);
        }
        (start, look) = (end.saturating_add(1), Look::default());
    }
}

/// Calls `see` with what may be a digest of a word that looks like this, all of it or its end, and whether it is hexadecimal.
#[inline]
fn each_digest(token: &[u8], look: Look, see: &mut impl FnMut(&[u8], bool)) {
    let is_hex = look.is_all(Look::HEX);
    if token.len() <= LONGEST_TOKEN {
        see(token, is_hex);
    }
    if is_hex {
        return;
    }
    let mut see = |part: &[u8]| see(part, part.iter().all(u8::is_ascii_hexdigit));
    if let Some(digits) = token.strip_prefix(b"0x") {
        see(digits);
    }
    // Sixteen bytes of a digest are also written as a UUID.
    if let Some(digits) = uuid_digits(token) {
        see(&digits);
    }
    let is_mark = |byte: &u8| matches!(byte, b'-' | b'_' | b'/' | b'=' | b'+');
    if !token.iter().any(is_mark) {
        return;
    }
    // `user-0a1b…`, `sha256_…`: the part behind the mark.
    for part in token.split(is_mark) {
        if (SHORTEST_TOKEN..=LONGEST_TOKEN).contains(&part.len()) && part.len() < token.len() {
            see(part);
        }
    }
    for mark in [b'-', b'_', b'='] {
        let first = token.iter().position(|byte| *byte == mark);
        let behind = first.and_then(|at| token.get(at.saturating_add(1)..));
        if let Some(behind) = behind.filter(|rest| rest.len() >= SHORTEST_BASE64) {
            see(behind);
        }
    }
}

/// The hexadecimal digits of a UUID.
fn uuid_digits(token: &[u8]) -> Option<Vec<u8>> {
    let is_uuid = token.len() == 36
        && token
            .iter()
            .enumerate()
            .all(|(at, byte)| (*byte == b'-') == matches!(at, 8 | 13 | 18 | 23));
    is_uuid.then(|| token.iter().copied().filter(|byte| *byte != b'-').collect())
}

/// A checksum in hexadecimal digits, in either order of bytes.
fn hex_checksum(index: &Index, digits: &[u8], looked: &mut Looked, hits: &mut Vec<Hit>) {
    if digits.len() == 8
        && !index.checksums.is_empty()
        && let Some(sum) = str::from_utf8(digits)
            .ok()
            .and_then(|text| u32::from_str_radix(text, 16).ok())
    {
        checksum(index, sum, looked, hits);
        checksum(index, sum.swap_bytes(), looked, hits);
    }
}

fn encoded_digest(
    index: &Index,
    digests: &Digests,
    token: &[u8],
    is_hex: bool,
    hits: &mut Vec<Hit>,
) {
    if is_hex {
        if hex_start(token).is_some_and(|key| digests.by_start.may_hold(key))
            && let Some(bytes) = hex_bytes(token.get(..token.len() & !1).unwrap_or_default())
        {
            digest(index, digests, &bytes, true, hits);
        }
        return;
    }
    let length = token
        .iter()
        .rposition(|byte| *byte != b'=')
        .map_or(0, |last| last.saturating_add(1));
    let Some(bare) = token.get(..length) else {
        return;
    };
    if !base64_start(bare).is_some_and(|key| digests.by_start.may_hold(key)) {
        return;
    }
    let engine = if bare.iter().any(|byte| matches!(byte, b'-' | b'_')) {
        &URL_SAFE
    } else {
        &STANDARD
    };
    if let Ok(bytes) = engine.decode(bare) {
        digest(index, digests, &bytes, true, hits);
    }
}

/// [`start`] of what hexadecimal digits stand for.
fn hex_start(digits: &[u8]) -> Option<u64> {
    let digits = digits.first_chunk::<SHORTEST_HEX>()?;
    let (halves, _) = digits.as_chunks::<8>();
    let halves = halves
        .iter()
        .map(|half| four_bytes(u64::from_be_bytes(*half)));
    Some(halves.fold(0, |start, half| start << 32 | half))
}

/// What eight hexadecimal digits stand for, all at once: a letter is nine more than its lower four bits.
fn four_bytes(digits: u64) -> u64 {
    let letters = digits >> 6 & 0x0101_0101_0101_0101;
    let values = (digits & 0x0f0f_0f0f_0f0f_0f0f).wrapping_add(letters.wrapping_mul(9));
    let bytes = (values >> 4 | values) & 0x00ff_00ff_00ff_00ff;
    let pairs = (bytes >> 8 | bytes) & 0x0000_ffff_0000_ffff;
    (pairs >> 16 | pairs) & 0xffff_ffff
}

/// [`start`] of what base64, in either alphabet, stands for.
fn base64_start(letters: &[u8]) -> Option<u64> {
    let letters = letters.first_chunk::<SHORTEST_BASE64>()?;
    let bits = letters.iter().try_fold(0_u128, |bits, letter| {
        let value = match letter {
            b'A'..=b'Z' => letter.wrapping_sub(b'A'),
            b'a'..=b'z' => letter.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => letter.wrapping_sub(b'0').wrapping_add(52),
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        Some(bits << 6 | u128::from(value))
    })?;
    // Eleven letters are two bits more than eight bytes.
    u64::try_from(bits >> 2).ok()
}

/// Bytes that begin like a known digest. As a token of its own (`is_whole`) all of it must be the digest or its beginning;
/// inside other bytes the digest must be there in full.
fn digest(index: &Index, digests: &Digests, bytes: &[u8], is_whole: bool, hits: &mut Vec<Hit>) {
    let Some(start) = start(bytes) else { return };
    for slot in digests.by_start.get(start) {
        let (expected, steps) = if slot.spelling == GIVEN {
            let value = index.value(slot).map(|value| value.value.reveal());
            (value.and_then(given), Vec::new())
        } else {
            let recipe = digests.recipes.get(usize::from(slot.how));
            let spelling = index.spelling(slot);
            let digest = recipe
                .zip(spelling)
                .and_then(|(recipe, spelling)| recipe.compute(spelling.text.as_bytes()));
            (
                digest,
                recipe.map(super::index::Recipe::steps).unwrap_or_default(),
            )
        };
        let Some(expected) = expected else { continue };
        let fits = if is_whole {
            expected.starts_with(bytes) || bytes.starts_with(&expected)
        } else {
            bytes.starts_with(&expected)
        };
        if fits {
            hits.push(Hit {
                value: slot.value,
                steps,
                is_weak: false,
                is_digest: true,
                form: None,
                metres: None,
                sent: None,
            });
        }
    }
}

/// A CRC-32: weak, since there are only four billion of them, unless few are looked for and it is no time in seconds.
#[inline]
fn checksum(index: &Index, sum: u32, looked: &mut Looked, hits: &mut Vec<Hit>) {
    looked.add(Scarce::Checksum, sum.into());
    let is_weak = TIMES.contains(&sum) || index.chance(Scarce::Checksum) > CHECKSUM_CHANCE;
    for slot in index.checksums.get(sum.into()) {
        hits.push(Hit {
            value: slot.value,
            steps: vec![DecodeStep::Crc32],
            is_weak,
            is_digest: true,
            form: Some(Scarce::Checksum),
            metres: None,
            sent: None,
        });
    }
}

/// Whether a text holds something as long as a digest, and as random.
pub(super) fn may_hold_digest(text: &str) -> bool {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    text.as_bytes()
        .split(|byte| !is_token(byte))
        .filter(|token| token.len() >= SHORTEST_HEX.min(SHORTEST_BASE64))
        .any(|token| {
            token.iter().any(u8::is_ascii_digit) && token.iter().any(u8::is_ascii_alphabetic)
        })
}

/// The bytes of hexadecimal digits.
pub(super) fn hex_bytes(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
    };
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_a_digest_is_read_from_its_digits() {
        assert_eq!(
            hex_start(b"0123456789abcdefff"),
            Some(0x0123_4567_89ab_cdef)
        );
        assert_eq!(hex_start(b"FEDCBA9876543210"), Some(0xfedc_ba98_7654_3210));
        assert_eq!(hex_start(b"0123"), None);
    }

    #[test]
    fn tokens_are_told_from_what_parts_them() {
        let tokens = |text: &str| {
            let mut tokens = Vec::new();
            each_token(
                text.as_bytes(),
                Look::of(text),
                &mut |start, token, look| {
                    let token = str::from_utf8(token).unwrap();
                    assert_eq!(look, Look::of(token));
                    assert_eq!(text.get(start..start + token.len()), Some(token));
                    tokens.push(token.to_owned());
                },
            );
            tokens
        };
        assert_eq!(tokens("sha256_0a1b2c3d"), ["sha256_0a1b2c3d"]);
        assert_eq!(
            tokens("id: 0a1b2c3d, short; ä-0123456=="),
            ["0a1b2c3d", "-0123456=="]
        );
        assert_eq!(tokens("two words"), [""; 0]);
    }
}
