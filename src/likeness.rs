//! Names that are nearly those of something known: worth a note or an offer, and no more.

use std::collections::HashSet;

/// Likeness (Jaro-Winkler, 0 to 1) from which on a known name is offered for a misspelt one.
const LIKENESS: f64 = 0.8;
/// Letters of the shortest word of which one may be wrong: shorter ones are other words.
const SHORTEST: usize = 5;
/// Longest names that are compared.
const LONGEST: usize = 80;

/// Ids of what is spelled almost like a misspelt name, nearest first, each once. Callers bring both to one case.
pub(crate) fn nearest<'a, S: AsRef<str>>(
    name: &str,
    known: impl Iterator<Item = (&'a str, S)>,
) -> impl Iterator<Item = &'a str> {
    let alike = known.map(|(id, spelling)| (strsim::jaro_winkler(name, spelling.as_ref()), id));
    let mut near: Vec<(f64, &str)> = alike.filter(|(alike, _)| *alike >= LIKENESS).collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1)));
    let mut offered = HashSet::new();
    near.retain(|(_, id)| offered.insert(*id));
    near.into_iter().map(|(_, id)| id)
}

/// Whether two names differ, and in each word by one letter at most: left out, put in, changed, or exchanged with the next.
pub(crate) fn is_near(one: &str, other: &str) -> bool {
    if one.len().max(other.len()) > LONGEST || one.len().abs_diff(other.len()) > LONGEST / 8 {
        return false;
    }
    let (one, other) = (words(one), words(other));
    one != other
        && one.len() == other.len()
        && one.iter().zip(&other).all(|(one, other)| {
            one == other
                || one.chars().count().min(other.chars().count()) >= SHORTEST
                    && strsim::osa_distance(one, other) == 1
                    && one.chars().any(char::is_alphabetic)
                    && digits(one) == digits(other)
        })
}

/// Numbers tell things apart: `Phone 1` and `Phone 2`.
fn digits(word: &str) -> String {
    word.chars().filter(char::is_ascii_digit).collect()
}

fn words(name: &str) -> Vec<String> {
    let name = name.to_lowercase();
    let words = name.split(|character: char| !character.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_offered_first_and_once() {
        let known = [
            ("signal", "signal"),
            ("whatsapp", "whats app"),
            ("whatsapp", "whatsapp"),
        ];
        let near = |name| nearest(name, known.into_iter()).collect::<Vec<_>>();
        assert_eq!(near("whatsap"), ["whatsapp"]);
        assert_eq!(near("mattermost"), [""; 0]);
    }

    #[test]
    fn one_wrong_letter_in_a_word_is_near() {
        for (one, other) in [
            ("DB Navigtor", "DB Navigator"),
            ("Lead Scaner", "Lead-Scanner"),
            ("Microsft Outlok", "Microsoft Outlook"),
        ] {
            assert!(is_near(one, other), "{one}");
        }
        for (one, other) in [
            ("Signal", "signal"),
            ("Viber", "Vibes Radio"),
            ("Mail", "Main"),
            ("phone12", "phone13"),
            ("Teams", "Microsoft Teams"),
        ] {
            assert!(!is_near(one, other), "{one}");
        }
    }
}
