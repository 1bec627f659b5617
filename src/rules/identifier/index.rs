//! The kinds of personal data, found by what a name or a value says of them.

use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;
use hashbrown::{HashMap, HashSet};

use super::name::{NameEntry, NameStrength, Names, is_normalised, normalise_name, words_of_name};
use super::{
    Encoding, FlowHeuristic, HashForm, HashReversal, Identifier, IdentifierFile, Precision,
    SeedAdvice, ValidatorRule,
};
use crate::model::Look;
use crate::rules::gate::Gate;
use crate::rules::{Part, Problems, Rules, Shape, load};

/// What a name may say.
#[derive(Debug)]
pub struct NamedIdentifiers {
    /// As a whole, where what must stand before it does.
    whole: Box<[NameEntry]>,
    /// By words in it.
    by_words: Box<[usize]>,
    /// With qualifiers around, where it says nothing else.
    within: Box<[usize]>,
    /// All of that, in the order of the file, where nothing depends on what stands before.
    always: Option<Box<[(usize, NameStrength)]>>,
}

impl NamedIdentifiers {
    /// Whether it names none.
    pub fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.by_words.is_empty() && self.within.is_empty()
    }
}

/// Identifiers with their index.
#[derive(Debug, Default)]
pub(in crate::rules) struct Identifiers {
    pub(in crate::rules) entries: Vec<Identifier>,
    names: OnceLock<Names>,
    /// Words of keys that may stand around a name without changing what it says.
    qualifiers: HashSet<Box<str>>,
    /// Names that may stand between qualifiers, so that a key without one costs one pass.
    qualified: OnceLock<Option<AhoCorasick>>,
    /// The texts of [`Names::by_words`], so that a name that has none of them costs one pass.
    words: OnceLock<Option<AhoCorasick>>,
    by_id: HashMap<Arc<str>, usize>,
    /// Those whose shape alone may be telling and is told by expressions only, and the others.
    telling_by_patterns: Vec<usize>,
    telling_otherwise: Vec<usize>,
    /// Kinds of characters of which a value of one of the latter has one.
    telling_kinds: u16,
    with_body: Vec<usize>,
    telling_gate: OnceLock<Gate>,
    body_gate: OnceLock<Gate>,
    pub(in crate::rules) tables: IdentifierFile,
}

impl Part for Identifiers {
    fn read(rules: &Rules, problems: &mut Problems) -> Self {
        let mut file: IdentifierFile = load::parse("identifiers.toml", rules, problems);
        let mut all = Self {
            entries: std::mem::take(&mut file.identifiers),
            ..Self::default()
        };
        for identifier in &mut all.entries {
            if identifier.as_of.is_empty() {
                identifier.as_of = file.as_of.clone();
            }
        }
        problems.unique(
            "identifiers.toml",
            "identifier",
            all.entries.iter().map(|identifier| &identifier.id),
        );
        let qualifiers = std::mem::take(&mut file.qualifiers).into_iter();
        all.qualifiers = qualifiers
            .map(|word| normalise_name(&word).into())
            .collect();
        for (position, identifier) in all.entries.iter().enumerate() {
            all.by_id.entry(identifier.id.clone()).or_insert(position);
            if identifier.is_shape_telling {
                if identifier.has_only_patterns() {
                    all.telling_by_patterns.push(position);
                } else {
                    all.telling_otherwise.push(position);
                    all.telling_kinds |= identifier.kinds();
                }
            }
            if identifier.body.is_some() {
                all.with_body.push(position);
            }
        }
        all.tables = file;
        all
    }
}

impl Identifiers {
    /// Those at some positions.
    fn at<'a>(&'a self, positions: &'a [usize]) -> impl Iterator<Item = &'a Identifier> {
        positions.iter().filter_map(|at| self.entries.get(*at))
    }

    /// Built at its first use, as what is made of it below, for a manifest has no keys to look up.
    fn names(&self) -> &Names {
        self.names.get_or_init(|| Names::of(&self.entries))
    }

    fn words(&self) -> Option<&AhoCorasick> {
        let texts = || self.names().by_words.iter().map(|(name, _)| &*name.text);
        let build = || AhoCorasick::new(texts()).ok();
        self.words.get_or_init(build).as_ref()
    }

    fn qualified(&self) -> Option<&AhoCorasick> {
        let is_strong =
            |entry: &NameEntry| entry.is_strong_alone() && self.has_form(entry.identifier);
        let build = || {
            let names = self.names().by_name.iter();
            let names = names.filter(|(_, entries)| entries.iter().any(is_strong));
            AhoCorasick::new(names.map(|(name, _)| &**name)).ok()
        };
        self.qualified.get_or_init(build).as_ref()
    }

    /// Whether values of an identifier can be told from others: then a name need not be exact.
    fn has_form(&self, identifier: usize) -> bool {
        let identifier = self.entries.get(identifier);
        identifier.is_some_and(|it| it.validator.is_some() || !it.values.is_empty())
    }

    /// The identifiers of a name with qualifiers around it: `ios_idfv`, `currentSsid`, `imei_no`, `imeis`.
    fn within(&self, name: &str, normalised: &str) -> Vec<usize> {
        const MOST_WORDS: usize = 6;
        let names = self.qualified();
        let may_have = names.is_some_and(|names| names.is_match(normalised));
        if !may_have {
            return Vec::new();
        }
        let words = words_of_name(name);
        let is_qualifier = |word: &String| {
            word.bytes().all(|byte| byte.is_ascii_digit()) || self.qualifiers.contains(&**word)
        };
        let sizes = (1..=words.len())
            .rev()
            .filter(|_| words.len() <= MOST_WORDS);
        let windows = sizes.flat_map(|size| {
            (0..=words.len().saturating_sub(size))
                .map(move |start| (start, start.saturating_add(size)))
        });
        for (start, end) in windows {
            let inner: String = words.get(start..end).unwrap_or_default().concat();
            let outer = words.iter().take(start).chain(words.iter().skip(end));
            if !outer.clone().all(is_qualifier) {
                continue;
            }
            let plural = inner.strip_suffix('s').unwrap_or(&inner);
            for text in [inner.as_str(), plural] {
                let found = self.strong_with_form(text);
                if !found.is_empty() {
                    return found;
                }
            }
        }
        if words.len() == 1 {
            return self.run_together(normalised);
        }
        Vec::new()
    }

    /// The identifiers that a name tells by itself and whose values have a form.
    fn strong_with_form(&self, name: &str) -> Vec<usize> {
        let entries = self.names().by_name.get(name).into_iter().flatten();
        entries
            .filter(|entry| entry.is_strong_alone() && self.has_form(entry.identifier))
            .map(|entry| entry.identifier)
            .collect()
    }

    /// The identifiers of a name that says the digest of another kind: `hashed_gaid`, `sha1AndroidId`, `imei_sha_256`.
    fn digested(&self, normalised: &str) -> Vec<usize> {
        const DIGESTS: [&str; 12] = [
            "hashed", "hash", "digest", "hmac", "md5", "sha1", "sha224", "sha256", "sha384",
            "sha512", "sha", "blake2b",
        ];
        let without = |name: &'_ str| {
            DIGESTS.iter().find_map(|word| {
                let inner = name.strip_prefix(word).or_else(|| name.strip_suffix(word));
                inner.map(str::to_owned)
            })
        };
        let Some(inner) = without(normalised) else {
            return Vec::new();
        };
        // `ifa_md5_hash`
        let inner = &*without(&inner).unwrap_or(inner);
        let mut plain = self.strong_with_form(inner);
        if plain.is_empty() {
            plain = self.run_together(inner);
        }
        let is_of = |digest: &Identifier| {
            let mut kinds = self.at(&plain);
            kinds.any(|kind| digest.digest_of.contains(&kind.id))
        };
        let all = self.entries.iter().enumerate();
        let digests = all.filter(|(_, identifier)| is_of(identifier));
        digests.map(|(position, _)| position).collect()
    }

    /// The identifiers of a name that one qualifier runs into: `telefonimei`, `imeinummer`.
    fn run_together(&self, normalised: &str) -> Vec<usize> {
        const SHORTEST: usize = 3;
        let halves = normalised.char_indices().filter_map(|(at, _)| {
            let (first, second) = normalised.split_at_checked(at)?;
            (first.len() >= SHORTEST && second.len() >= SHORTEST).then_some((first, second))
        });
        for (first, second) in halves {
            for (qualifier, inner) in [(first, second), (second, first)] {
                if !self.qualifiers.contains(qualifier) {
                    continue;
                }
                let found = self.strong_with_form(inner);
                if !found.is_empty() {
                    return found;
                }
            }
        }
        Vec::new()
    }
}

/// What the values of one message are held against, looked up once for all of them.
#[derive(Clone, Copy, Debug)]
pub struct Shapes<'r> {
    all: &'r Identifiers,
    telling: &'r Gate,
    body: &'r Gate,
}

impl<'r> Shapes<'r> {
    /// Whether the shape of a value of so many bytes that looks like this may be telling by itself.
    #[inline]
    pub fn may_tell(self, bytes: usize, look: Look) -> bool {
        look.has(self.all.telling_kinds) || self.telling.may_be_met(bytes, look)
    }

    /// Whether any of the kinds that are looked for in a whole body may be in a text of so many bytes that looks like this.
    #[inline]
    pub fn may_be_in_body(self, bytes: usize, look: Look) -> bool {
        self.body.may_be_met(bytes, look)
    }

    /// The kinds whose shape alone may be telling of this value: those without expressions, and the others where one of
    /// all their expressions matches. Which of them it is remains to be asked; it is none of those that were `tried`.
    #[inline]
    pub fn telling(
        self,
        value: &str,
        look: Look,
        tried: &[&Identifier],
    ) -> impl Iterator<Item = &'r Identifier> {
        let all = self.all;
        let is_tried = |kind: &Identifier| tried.iter().any(|tried| tried.id == kind.id);
        let is_expected = self.telling.may_match(value, look)
            && all.at(&all.telling_by_patterns).any(|kind| !is_tried(kind));
        let otherwise: &[usize] = if look.has(all.telling_kinds) {
            &all.telling_otherwise
        } else {
            &[]
        };
        let by_patterns: &[usize] = if is_expected {
            &all.telling_by_patterns
        } else {
            &[]
        };
        let kinds = all.at(otherwise).chain(all.at(by_patterns));
        kinds.filter(move |kind| look.has(kind.kinds()))
    }

    /// The kinds that may be in a whole body or text: none, where none of all their expressions matches.
    #[inline]
    pub fn in_body(self, text: &str, look: Look) -> impl Iterator<Item = &'r Identifier> {
        let kinds: &[usize] = if self.body.may_match(text, look) {
            &self.all.with_body
        } else {
            &[]
        };
        self.all.at(kinds)
    }
}

impl Rules {
    /// Reads the kinds of personal data and their names.
    pub(in crate::rules) fn prepare_identifiers(&self) {
        self.identifiers.get(self).names();
    }

    /// All kinds of personal data, in the order of the file.
    pub fn identifiers(&self) -> &[Identifier] {
        &self.identifiers.get(self).entries
    }

    /// The kind of that id.
    pub fn identifier(&self, id: &str) -> Option<&Identifier> {
        self.identifiers()
            .get(*self.identifiers.get(self).by_id.get(id)?)
    }

    /// The kind that the rule of a finding is, if it is one. Of documents, most are circumstances: then the kinds need not be read.
    pub fn identifier_of_finding(&self, rule: &str) -> Option<&Identifier> {
        match self.circumstance(rule) {
            Some(_) => None,
            None => self.identifier(rule),
        }
    }

    /// What the values of one message are held against.
    pub fn shapes(&self) -> Shapes<'_> {
        let all = self.identifiers.get(self);
        Shapes {
            all,
            telling: all.telling_gate.get_or_init(|| {
                let kinds = all.at(&all.telling_by_patterns);
                Gate::new(kinds.flat_map(|kind| kind.values.iter().filter_map(Shape::pattern)))
            }),
            body: all.body_gate.get_or_init(|| {
                let kinds = all.at(&all.with_body);
                Gate::new(kinds.filter_map(|kind| kind.body.as_ref()))
            }),
        }
    }

    /// What a name may say about a value: to be asked once for each name.
    pub fn identifiers_named(&self, name: &str) -> NamedIdentifiers {
        let all = self.identifiers.get(self);
        let normalised = normalise_name(name);
        let has_words = all.words();
        let has_words = has_words.is_none_or(|words| words.is_match(&normalised));
        let by_words = all.names().by_words.iter().filter(|_| has_words);
        let mut named = NamedIdentifiers {
            whole: all
                .names()
                .by_name
                .get(&*normalised)
                .map_or_else(Box::default, |entries| entries.as_slice().into()),
            by_words: by_words
                .filter(|(wanted, _)| wanted.is_in(name, &normalised))
                .map(|(_, identifier)| *identifier)
                .collect(),
            within: all.within(name, &normalised).into(),
            always: None,
        };
        if named.is_empty() {
            named.within = all.digested(&normalised).into();
        }
        if named.whole.iter().all(|entry| entry.parents.is_empty()) {
            named.always = Some(self.said(&named, &std::iter::empty()).into());
        }
        named
    }

    /// Shows what the names on a path say about the value at its end, in the order of the file: `named` is what the last of them
    /// may say, `before` are the others, from the last on.
    pub fn identifiers_of_names<'r, 'a>(
        &'r self,
        named: &NamedIdentifiers,
        before: &(impl Iterator<Item = &'a str> + Clone),
        mut see: impl FnMut(&'r Identifier, NameStrength),
    ) {
        let made;
        let said = if let Some(always) = &named.always {
            always
        } else {
            made = self.said(named, before);
            &*made
        };
        for (position, strength) in said {
            if let Some(identifier) = self.identifiers().get(*position) {
                see(identifier, *strength);
            }
        }
    }

    fn said<'a>(
        &self,
        named: &NamedIdentifiers,
        before: &(impl Iterator<Item = &'a str> + Clone),
    ) -> Vec<(usize, NameStrength)> {
        let mut found: Vec<(usize, NameStrength)> = Vec::new();
        let mut most_parents = 0_usize;
        for entry in &named.whole {
            let mut parents = before.clone();
            let fits = entry.parents.iter().all(|wanted| {
                parents
                    .next()
                    .is_some_and(|name| is_normalised(name, wanted))
            });
            // `wifiAccessPoints[].macAddress` says more than `macAddress`.
            if fits && entry.parents.len() > most_parents && self.has_form_of(entry) {
                most_parents = entry.parents.len();
                found.clear();
            }
            if fits && (entry.parents.len() >= most_parents) {
                found.push((entry.identifier, entry.strength));
            }
        }
        let certain = |identifiers: &[usize], found: &mut Vec<(usize, NameStrength)>| {
            let identifiers = identifiers.iter();
            found.extend(identifiers.map(|identifier| (*identifier, NameStrength::Strong)));
        };
        certain(&named.by_words, &mut found);
        if found.is_empty() {
            certain(&named.within, &mut found);
        }
        found
            .sort_unstable_by_key(|(position, strength)| (*position, std::cmp::Reverse(*strength)));
        found.dedup_by_key(|(position, _)| *position);
        found
    }

    fn has_form_of(&self, entry: &NameEntry) -> bool {
        self.identifiers.get(self).has_form(entry.identifier)
    }

    /// How exact coordinates with so many decimals are; `None` without decimals.
    pub fn precision(&self, digits: usize) -> Option<&Precision> {
        self.precisions()
            .iter()
            .filter(|precision| usize::from(precision.digits) <= digits)
            .max_by_key(|precision| precision.digits)
    }

    /// The class of a position that is exact to so many metres.
    pub fn precision_of_metres(&self, metres: u32) -> Option<&Precision> {
        self.precisions()
            .iter()
            .filter(|precision| precision.metres >= metres)
            .min_by_key(|precision| precision.metres)
    }

    /// Decimals of coordinates → metres.
    pub fn precisions(&self) -> &[Precision] {
        &self.identifiers.get(self).tables.precisions
    }

    /// The validators in words.
    pub fn validators(&self) -> &[ValidatorRule] {
        &self.identifiers.get(self).tables.validators
    }

    /// Ways of wrapping values.
    pub fn encodings(&self) -> &[Encoding] {
        &self.identifiers.get(self).tables.encodings
    }

    /// Ways of hashing known values.
    pub fn hashes(&self) -> &[HashForm] {
        &self.identifiers.get(self).tables.hashes
    }

    /// Why hashing phone numbers does not make them anonymous.
    pub fn hash_reversal(&self) -> &HashReversal {
        &self.identifiers.get(self).tables.hash_reversal
    }

    /// Signs of an address-book upload in encrypted traffic.
    pub fn flow_heuristics(&self) -> &[FlowHeuristic] {
        &self.identifiers.get(self).tables.flow_heuristics
    }

    /// Advice on invented data for a test phone.
    pub fn seed_advice(&self) -> &SeedAdvice {
        &self.identifiers.get(self).tables.seed_advice
    }
}
