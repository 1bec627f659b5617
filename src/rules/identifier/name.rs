//! Names of fields as they are compared, and which names say what kind of data.

use hashbrown::HashMap;

use super::{Identifier, NameMatch};

/// How strongly a name says what a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameStrength {
    /// Needs a known SDK endpoint, or a value that alone is telling enough.
    Weak,
    /// Says it.
    Strong,
}

/// One name in the index.
#[derive(Clone, Debug)]
pub(super) struct NameEntry {
    pub(super) identifier: usize,
    pub(super) strength: NameStrength,
    /// Names that must stand before it on the path, innermost first.
    pub(super) parents: Box<[Box<str>]>,
}

impl NameEntry {
    pub(super) fn is_strong_alone(&self) -> bool {
        self.strength == NameStrength::Strong && self.parents.is_empty()
    }
}

/// A name of [`NameMatch::Words`].
#[derive(Debug)]
pub(super) struct WordsName {
    /// Normalised, without the `*`.
    pub(super) text: Box<str>,
    may_go_on: bool,
}

impl WordsName {
    fn new(name: &str) -> Self {
        Self {
            text: normalise_name(name.trim_end_matches('*')).into(),
            may_go_on: name.ends_with('*'),
        }
    }

    /// Whether `name` has it; `normalised` is the same name as [`normalise_name`] makes it.
    pub(super) fn is_in(&self, name: &str, normalised: &str) -> bool {
        if !normalised.contains(&*self.text) {
            return false;
        }
        let words = words_of_name(name);
        (0..words.len()).any(|start| {
            let mut run = String::new();
            words.iter().skip(start).any(|word| {
                run.push_str(word);
                *run == *self.text || (self.may_go_on && run.starts_with(&*self.text))
            })
        })
    }
}

/// The words of a key, in lower case: parted by what is no letter or digit, and before a capital that follows a small letter.
pub fn words_of_name(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut follows_small = false;
    for character in name.chars() {
        let is_boundary =
            !character.is_alphanumeric() || (character.is_uppercase() && follows_small);
        if is_boundary && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        follows_small = character.is_lowercase();
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
    }
    words
}

/// The names of identifiers.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) by_name: HashMap<Box<str>, Vec<NameEntry>>,
    pub(super) by_words: Vec<(WordsName, usize)>,
}

impl Names {
    pub(super) fn of(identifiers: &[Identifier]) -> Self {
        let mut names = Self::default();
        for (position, identifier) in identifiers.iter().enumerate() {
            let strong = identifier
                .names
                .iter()
                .map(|name| (name, NameStrength::Strong));
            let weak = identifier
                .weak_names
                .iter()
                .map(|name| (name, NameStrength::Weak));
            for (name, strength) in strong.chain(weak) {
                if identifier.name_match == NameMatch::Words {
                    names.by_words.push((WordsName::new(name), position));
                    continue;
                }
                index_name(&mut names.by_name, name, strength, position);
            }
        }
        names
    }
}

/// Puts a name into the index: under its last component with the others as parents, and, if it is dotted, also under all
/// components run together, because flat forms write the dots into the key.
fn index_name(
    by_name: &mut HashMap<Box<str>, Vec<NameEntry>>,
    name: &str,
    strength: NameStrength,
    identifier: usize,
) {
    let mut parts: Vec<Box<str>> = name
        .split('.')
        .map(|part| normalise_name(part).into())
        .collect();
    let Some(last) = parts.pop() else { return };
    if !parts.is_empty() {
        add_name(
            by_name,
            normalise_name(name).into(),
            Box::default(),
            strength,
            identifier,
        );
    }
    parts.reverse();
    add_name(by_name, last, parts.into(), strength, identifier);
}

fn add_name(
    by_name: &mut HashMap<Box<str>, Vec<NameEntry>>,
    key: Box<str>,
    parents: Box<[Box<str>]>,
    strength: NameStrength,
    identifier: usize,
) {
    let entries = by_name.entry(key).or_default();
    let known = entries
        .iter_mut()
        .find(|entry| entry.identifier == identifier && entry.parents == parents);
    match known {
        Some(entry) => entry.strength = entry.strength.max(strength),
        None => entries.push(NameEntry {
            identifier,
            strength,
            parents,
        }),
    }
}

/// A key without what spellings differ in: lower case, without `_`, `-`, `.` and `$`.
pub fn normalise_name(name: &str) -> String {
    if name.is_ascii() {
        let mut normalised = String::with_capacity(name.len());
        normalised.extend(normalised_ascii(name).map(char::from));
        return normalised;
    }
    name.chars()
        .filter(|character| !matches!(character, '_' | '-' | '.' | '$'))
        .flat_map(char::to_lowercase)
        .collect()
}

fn normalised_ascii(name: &str) -> impl Iterator<Item = u8> {
    let kept = name
        .bytes()
        .filter(|byte| !matches!(byte, b'_' | b'-' | b'.' | b'$'));
    kept.map(|byte| byte.to_ascii_lowercase())
}

/// Whether a key is this one, normalised.
pub(super) fn is_normalised(name: &str, wanted: &str) -> bool {
    if name.is_ascii() {
        return normalised_ascii(name).eq(wanted.bytes());
    }
    normalise_name(name) == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in(wanted: &str, name: &str) -> bool {
        WordsName::new(wanted).is_in(name, &normalise_name(name))
    }

    #[test]
    fn words_are_found_in_any_spelling_but_not_inside_others() {
        for name in [
            "heart_rate",
            "lastHeartRate",
            "HEART-RATE",
            "heartrate",
            "user.heart.rate",
        ] {
            assert!(is_in("heart_rate", name), "{name}");
        }
        for name in ["sweetheart_rates", "heart", "rate_heart"] {
            assert!(!is_in("heart_rate", name), "{name}");
        }
        assert!(is_in("pregnan*", "isPregnant") && !is_in("pregnan", "isPregnant"));
        assert!(!is_in("cycle", "recycler") && !is_in("cycle*", "recycler"));
    }
}
