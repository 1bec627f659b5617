//! Several expressions in front of many texts: what the kinds of a text's characters tell first, then one expression of all.

use std::sync::OnceLock;

use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::Pattern;
use crate::model::Look;

/// What a text must have for an expression to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Needs {
    /// Characters of one of these kinds.
    pub(super) kinds: u16,
    /// So many bytes.
    bytes: usize,
}

impl Needs {
    /// What every match of an expression has.
    pub(super) fn of(source: &str) -> Self {
        let parsed = regex_syntax::parse(source).ok();
        let kinds = parsed.as_ref().and_then(kinds);
        let bytes = parsed.and_then(|hir| hir.properties().minimum_len());
        Self {
            kinds: kinds.unwrap_or(u16::MAX),
            bytes: bytes.unwrap_or(0),
        }
    }

    /// Whether a text that looks like this, or is a part of one that does, has that.
    #[inline]
    pub(super) fn are_met(self, text: &str, look: Look) -> bool {
        text.len() >= self.bytes && (self.kinds == u16::MAX || look.has(self.kinds))
    }
}

/// Expressions of which nearly no text has any.
#[derive(Debug)]
pub(super) struct Gate {
    /// By the length of a text, the kinds of characters of which it has one if it has what any of them needs; the last is of all
    /// longer ones.
    kinds: Vec<u16>,
    sources: Vec<String>,
    all: OnceLock<Option<Regex>>,
}

impl Gate {
    pub(super) fn new<'a>(patterns: impl Iterator<Item = &'a Pattern>) -> Self {
        let sources: Vec<String> = patterns
            .map(|pattern| pattern.as_str().to_owned())
            .collect();
        let needs: Vec<Needs> = sources.iter().map(|source| Needs::of(source)).collect();
        let most = needs.iter().map(|needs| needs.bytes).max().unwrap_or(0);
        let kinds = (0..=most).map(|length| {
            let met = needs.iter().filter(|needs| needs.bytes <= length);
            met.fold(0, |all, needs| all | needs.kinds)
        });
        Self {
            kinds: kinds.collect(),
            sources,
            all: OnceLock::new(),
        }
    }

    /// Whether any of them may match; `true` also where they do not compile together.
    #[inline]
    pub(super) fn may_match(&self, text: &str, look: Look) -> bool {
        self.may_be_met(text.len(), look) && self.is_match(text)
    }

    /// Whether a text of at most so many bytes that looks like this may have what any of them needs.
    #[inline]
    pub(super) fn may_be_met(&self, bytes: usize, look: Look) -> bool {
        let kinds = self.kinds.get(bytes).or(self.kinds.last());
        kinds.is_some_and(|kinds| *kinds == u16::MAX || look.has(*kinds))
    }

    fn is_match(&self, text: &str) -> bool {
        let all = self.all.get_or_init(|| {
            let all: Vec<String> = self
                .sources
                .iter()
                .map(|one| format!("(?:{one})"))
                .collect();
            Regex::new(&all.join("|")).ok()
        });
        all.as_ref().is_none_or(|all| all.is_match(text))
    }
}

/// Kinds of which every match has a character; `None` if nothing can be said.
fn kinds(hir: &Hir) -> Option<u16> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => None,
        HirKind::Literal(literal) => literal
            .0
            .iter()
            .map(|byte| kind(*byte))
            .min_by_key(|kinds| weight(*kinds)),
        HirKind::Class(class) => Some(kinds_of_class(class)),
        HirKind::Repetition(repetition) if repetition.min == 0 => None,
        HirKind::Repetition(repetition) => kinds(&repetition.sub),
        HirKind::Capture(capture) => kinds(&capture.sub),
        HirKind::Concat(parts) => parts
            .iter()
            .filter_map(kinds)
            .min_by_key(|kinds| weight(*kinds)),
        HirKind::Alternation(parts) => parts
            .iter()
            .try_fold(0, |all, part| Some(all | kinds(part)?)),
    }
}

fn kinds_of_class(class: &Class) -> u16 {
    let of_range = |first: u32, last: u32| {
        let beyond = if last > 0x7f { Look::BEYOND } else { 0 };
        let ascii = (first..=last.min(0x7f)).filter_map(|code| u8::try_from(code).ok());
        ascii.map(kind).fold(beyond, |all, kind| all | kind)
    };
    match class {
        Class::Unicode(class) => class
            .iter()
            .map(|range| of_range(range.start().into(), range.end().into()))
            .fold(0, |all, kinds| all | kinds),
        Class::Bytes(class) => class
            .iter()
            .map(|range| of_range(range.start().into(), range.end().into()))
            .fold(0, |all, kinds| all | kinds),
    }
}

/// The rarest kind that a byte is of.
fn kind(byte: u8) -> u16 {
    let class = Look::class(byte);
    (0..u16::BITS)
        .map(|bit| 1 << bit)
        .filter(|kind| class & kind != 0)
        .min_by_key(|kinds| weight(*kinds))
        .unwrap_or(u16::MAX)
}

/// How often characters of some kinds are met, as far as their number tells; letters and digits are most of any text.
fn weight(kinds: u16) -> usize {
    let of_byte = |byte: &u8| Look::class(*byte) & kinds != 0;
    let all = (0..=u8::MAX).filter(of_byte);
    all.map(|byte| if byte.is_ascii_alphanumeric() { 10 } else { 1 })
        .fold(0, usize::saturating_add)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SOURCES: [&str; 7] = [
        "(?i)(?:iphone|handy)\\s+(?:von|of)\\s+\\p{L}+|\\p{L}+['’]s\\s+phone",
        "(?s)BEGIN:VCARD.*?\\bTEL[;:].*?END:VCARD",
        "<item\\b[^>]*\\bjid=[\"'][^\"']+[\"']",
        "\\?OTR(?:v?[0-9?]+|:)[A-Za-z0-9+/=:,. ?]*",
        "^[a-f]{4}$",
        "x*",
        "(?:ab)?c|d{0,3}e",
    ];

    #[test]
    fn the_rarest_kind_is_asked_for() {
        assert_eq!(Needs::of(SOURCES[1]).kinds, Look::COLON);
        assert_eq!(Needs::of(SOURCES[3]).kinds, Look::OTHER);
        assert_eq!(
            Needs::of(SOURCES[5]),
            Needs {
                kinds: u16::MAX,
                bytes: 0
            }
        );
        assert!(Needs::of(SOURCES[0]).kinds & (Look::UPPER | Look::DIGIT | Look::DOT) == 0);
    }

    proptest! {
        #[test]
        fn nothing_that_matches_is_kept_out(text in proptest::sample::select(&SOURCES[..]).prop_flat_map(|source| {
            let source = source.replace("\\b", "").replace(['^', '$'], "").replace("*?", "{0,3}");
            proptest::string::string_regex(&source).unwrap()
        })) {
            for source in SOURCES {
                let matches = Regex::new(source).unwrap().is_match(&text);
                let may = Needs::of(source).are_met(&text, Look::of(&text));
                prop_assert!(!matches || may, "{} {:?}", source, text);
            }
        }
    }
}
