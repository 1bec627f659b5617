//! Names that are nearly those of something known: worth a note, and no more.

/// Letters of the shortest word of which one may be wrong: shorter ones are other words.
const SHORTEST: usize = 5;
/// Longest names that are compared.
const LONGEST: usize = 80;

/// Whether two names differ, and in each word by one letter at most: left out, put in, changed, or exchanged with the next.
pub(super) fn is_near(one: &str, other: &str) -> bool {
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
