//! What was planted and what was found → precision and recall.

use std::collections::BTreeMap;

use phonehome::model::Grade;

use super::carry::Found;
use super::case::{Case, Label};

/// Right and wrong answers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Line {
    pub(crate) hits: usize,
    pub(crate) misses: usize,
    pub(crate) false_hits: usize,
}

impl Line {
    /// Of what was planted, the part that was found.
    pub(crate) fn recall(self) -> f64 {
        ratio(self.hits, self.misses)
    }

    /// Of what was found, the part that was planted.
    pub(crate) fn precision(self) -> f64 {
        ratio(self.hits, self.false_hits)
    }

    /// Their harmonic mean.
    pub(crate) fn f1(self) -> f64 {
        2.0 * self.hits as f64 / ((2 * self.hits + self.misses + self.false_hits) as f64).max(1.0)
    }
}

fn ratio(hits: usize, others: usize) -> f64 {
    if hits + others == 0 {
        1.0
    } else {
        hits as f64 / (hits + others) as f64
    }
}

/// The whole result.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// With known values: all, by value, by encoding, by format, by depth.
    pub(crate) known: BTreeMap<String, Line>,
    /// Without: by class, and within it by form.
    pub(crate) shapes: BTreeMap<String, Line>,
    /// Misses and false hits, by name.
    pub(crate) errors: Vec<String>,
    /// Formats of reports that show a planted value, which none may.
    pub(crate) shown: Vec<String>,
}

pub(crate) fn measure(
    cases: &[Case],
    with: &BTreeMap<String, Vec<Found>>,
    without: &BTreeMap<String, Vec<Found>>,
) -> Measured {
    let mut measured = Measured::default();
    for case in cases {
        let none = Vec::new();
        measured.known(case, with.get(&case.host).unwrap_or(&none));
        measured.shape(case, without.get(&case.host).unwrap_or(&none));
    }
    measured
}

impl Measured {
    fn known(&mut self, case: &Case, found: &[Found]) {
        // How data travelled is a conclusion with the grade of the data.
        let found: Vec<&Found> = found
            .iter()
            .filter(|(_, category, grade)| *grade == Grade::KnownValue && *category != "transport")
            .collect();
        let mut keys = vec!["all".to_owned()];
        let (is_hit, wrong): (Option<bool>, Vec<&&Found>) =
            if let Label::Known(categories) = case.label {
                for (by, what) in [
                    ("value", &case.what),
                    ("encoding", &case.encoding),
                    ("format", &case.format.to_owned()),
                    ("depth", &case.depth.to_string()),
                ] {
                    keys.push(format!("{by} {what}"));
                }
                let (right, wrong): (Vec<&&Found>, Vec<&&Found>) = found
                    .iter()
                    .partition(|(_, category, _)| categories.contains(category));
                (Some(!right.is_empty()), wrong)
            } else {
                keys.push(format!("decoy {}", case.what));
                (None, found.iter().collect())
            };
        for key in keys {
            let line = self.known.entry(key).or_default();
            line.hits += usize::from(is_hit == Some(true));
            line.misses += usize::from(is_hit == Some(false));
            line.false_hits += usize::from(!wrong.is_empty());
        }
        if is_hit == Some(false) {
            self.errors.push(format!("missed known {}", case.named()));
        }
        if !wrong.is_empty() {
            self.errors
                .push(format!("false known {} as {}", case.named(), names(&wrong)));
        }
    }

    fn shape(&mut self, case: &Case, found: &[Found]) {
        if !matches!(case.label, Label::Shape(_) | Label::Decoy) {
            return;
        }
        for class in ["contacts", "location", "device"] {
            let is_planted = case.label == Label::Shape(class);
            let of_class: Vec<&Found> = found
                .iter()
                .filter(|(rule, category, grade)| {
                    // What is concluded from several findings is not one more of them, and a hash may be of anybody.
                    *category == class && grade.is_transmitted() && rule != "device-fingerprint"
                })
                .collect();
            let mut keys = vec![class.to_owned()];
            if is_planted {
                keys.push(format!("{class} {}", case.encoding));
            }
            for key in keys {
                let line = self.shapes.entry(key).or_default();
                line.hits += usize::from(is_planted && !of_class.is_empty());
                line.misses += usize::from(is_planted && of_class.is_empty());
                line.false_hits += usize::from(!is_planted && !of_class.is_empty());
            }
            if is_planted && of_class.is_empty() {
                self.errors.push(format!("missed {class} {}", case.named()));
            }
            if !is_planted && !of_class.is_empty() {
                let found: Vec<&&Found> = of_class.iter().collect();
                self.errors.push(format!(
                    "false {class} {} as {}",
                    case.named(),
                    names(&found)
                ));
            }
        }
    }
}

fn names(found: &[&&Found]) -> String {
    let names: Vec<&str> = found.iter().map(|(rule, ..)| rule.as_str()).collect();
    names.join(", ")
}

impl Case {
    /// Enough to find it again: everything here was forged, so it may be shown.
    fn named(&self) -> String {
        let request = &self.requests[0];
        let body = String::from_utf8_lossy(&request.body);
        let shown: String = body
            .chars()
            .filter(|character| !character.is_control())
            .take(300)
            .collect();
        let context: String = request
            .headers
            .iter()
            .filter(|(name, _)| !["Accept", "Content-Type"].contains(name))
            .map(|(name, value)| {
                format!("{name}: {} ", value.chars().take(200).collect::<String>())
            })
            .collect();
        let target: String = request.target.chars().take(300).collect();
        format!(
            "{} {} {} {} depth {}: {target} {context} {shown}",
            self.host, self.what, self.encoding, self.format, self.depth
        )
    }
}
