//! Severity, likelihood and evidence → risk and level, exactly as `rules/legal.toml` `[scoring]` says. Every input is kept.

use std::sync::Arc;

use super::circumstance;
use crate::model::{Grade, Likelihood, Modifier, RiskLevel, Score};
use crate::rules::{App, Certainty, Rules, Scoring};

/// Id of the starting value of every likelihood.
pub(super) const BASE: &str = "base";
/// No processing contract, or the recipient has purposes of its own.
pub(super) const NO_CONTRACT: &str = "no-contract";
/// Third country without adequacy.
pub(super) const THIRD_COUNTRY: &str = "third-country";
/// Repeated or automatic.
pub(super) const RECURRING: &str = "recurring";
/// Advertising or attribution, or an identifier goes to the same recipient.
pub(super) const ADS_OR_LINK: &str = "ads-or-link";
/// Readable for anyone on the way.
pub(super) const CLEARTEXT: &str = "cleartext";
/// A proven safeguard.
pub(super) const MITIGATED: &str = "mitigated";
/// On a server of the company's own.
pub(super) const SELF_HOSTED: &str = "self-hosted";

/// All modifiers that the code knows a condition for.
#[cfg(test)]
pub(super) const MODIFIERS: [&str; 8] = [
    BASE,
    NO_CONTRACT,
    THIRD_COUNTRY,
    RECURRING,
    ADS_OR_LINK,
    CLEARTEXT,
    MITIGATED,
    SELF_HOSTED,
];

/// Begins a reason that says how sure the facts about an app are that a conclusion rests on, where they were not read.
const CERTAINTY: &str = "certainty: ";

/// The reason that says how sure a fact about an app is; none where it was read in the source code, a document or the press.
pub(super) fn certainty(certainty: Certainty) -> Option<Arc<str>> {
    match certainty {
        Certainty::SourceCode | Certainty::VendorDocument | Certainty::Press => None,
        Certainty::Partly | Certainty::Unconfirmed | Certainty::Estimate => {
            Some(format!("{CERTAINTY}{}", certainty.as_str()).into())
        }
    }
}

/// The same of what a profile says by a criterion of `rules/comparison.toml`; what it leaves open, nobody has confirmed.
pub(super) fn certainty_of(rules: &Rules, app: &App, criterion: &str) -> Option<Arc<str>> {
    let fact = rules.documented(app, criterion);
    certainty(fact.map_or(Certainty::Unconfirmed, |fact| fact.certainty))
}

/// Whether a reason says that nobody has confirmed what the conclusion rests on.
fn is_unconfirmed(reason: &str) -> bool {
    let certainty = reason.strip_prefix(CERTAINTY);
    certainty.is_some_and(|id| {
        [Certainty::Unconfirmed, Certainty::Estimate]
            .iter()
            .any(|known| known.as_str() == id)
    })
}

/// Id of the evidence factor of a finding that was concluded for these reasons.
pub(super) fn evidence_factor(rule: &str, grade: Grade, reasons: &[Arc<str>]) -> &'static str {
    let is_unconfirmed = || reasons.iter().any(|reason| is_unconfirmed(reason));
    match grade {
        // A lookup alone does not show that a connection followed.
        _ if rule == circumstance::NAME_LOOKUP => "weak",
        Grade::KnownValue => "known-value",
        Grade::Decoded => "decoded",
        Grade::Shape => "shape",
        Grade::Contacted => "endpoint",
        Grade::Inferred if is_unconfirmed() => "inferred-unconfirmed",
        Grade::Inferred => "inferred",
        Grade::Declared => "permission",
    }
}

/// How much the severity of an observation is raised or lowered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Adjustment {
    /// Data of special categories or of children may be concerned.
    pub(super) is_special_category: bool,
    /// The position is no more exact than a district.
    pub(super) is_coarse_location: bool,
}

/// Severity with its adjustments, 1..=4.
pub(super) fn severity(scoring: &Scoring, base: u8, adjustment: Adjustment) -> u8 {
    let mut severity = i16::from(base);
    if adjustment.is_special_category {
        severity = severity.saturating_add(scoring.special_category_points.into());
    }
    if adjustment.is_coarse_location {
        severity = severity.saturating_add(scoring.coarse_location_points.into());
    }
    clamp(severity)
}

/// Sum of the modifiers whose condition holds, 1..=4, with all of them in the order of the rules.
pub(super) fn likelihood(scoring: &Scoring, holds: impl Fn(&str) -> bool) -> Likelihood {
    let modifiers: Vec<Modifier> = scoring
        .modifiers
        .iter()
        .filter(|modifier| holds(&modifier.id))
        .map(|modifier| Modifier {
            id: Arc::clone(&modifier.id),
            points: modifier.points,
        })
        .collect();
    let sum = modifiers.iter().fold(0_i16, |sum, modifier| {
        sum.saturating_add(modifier.points.into())
    });
    Likelihood {
        value: clamp(sum),
        modifiers,
    }
}

fn clamp(points: i16) -> u8 {
    u8::try_from(points.clamp(1, 4)).unwrap_or(1)
}

/// Puts a score together.
pub(super) fn score(
    scoring: &Scoring,
    severity: u8,
    likelihood: Likelihood,
    evidence: &str,
) -> Score {
    let evidence_percent = scoring
        .evidence(evidence)
        .map_or(0, |factor| factor.percent);
    let risk = severity.saturating_mul(likelihood.value);
    Score {
        severity,
        evidence_percent,
        risk,
        priority_hundredths: u16::from(risk).saturating_mul(evidence_percent.into()),
        level: scoring
            .level(risk)
            .map_or(RiskLevel::None, |level| level.id),
        likelihood,
    }
}

/// A score with other inputs of its likelihood; severity and evidence stay.
pub(super) fn rescored(scoring: &Scoring, known: &Score, holds: impl Fn(&str) -> bool) -> Score {
    let likelihood = likelihood(scoring, holds);
    let risk = known.severity.saturating_mul(likelihood.value);
    Score {
        severity: known.severity,
        evidence_percent: known.evidence_percent,
        risk,
        priority_hundredths: u16::from(risk).saturating_mul(known.evidence_percent.into()),
        level: scoring
            .level(risk)
            .map_or(RiskLevel::None, |level| level.id),
        likelihood,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rules;

    #[test]
    fn the_worked_examples_of_the_rules_come_out_as_written() {
        let rules = Rules::embedded();
        let scoring = &rules.legal().scoring;
        assert!(scoring.examples.len() >= 8);
        for example in &scoring.examples {
            let base = rules
                .legal()
                .observation(&example.observation)
                .unwrap()
                .severity
                .unwrap();
            let severity = severity(scoring, base, Adjustment::default());
            let likelihood = likelihood(scoring, |id| {
                example.modifiers.iter().any(|wanted| &**wanted == id)
            });
            assert_eq!(
                likelihood.modifiers.len(),
                example.modifiers.len(),
                "{}",
                example.app
            );
            let score = score(scoring, severity, likelihood, &example.evidence);
            let got = (
                score.severity,
                score.likelihood.value,
                score.risk,
                score.priority_hundredths,
                score.level,
            );
            let written = (
                example.severity,
                example.likelihood,
                example.risk,
                example.priority_hundredths,
                example.level,
            );
            assert_eq!(got, written, "{}", example.app);
        }
    }

    #[test]
    fn every_modifier_and_grade_of_the_code_has_its_rule() {
        let rules = Rules::embedded();
        let scoring = &rules.legal().scoring;
        for id in MODIFIERS {
            assert!(scoring.modifier(id).is_some(), "{id}");
        }
        assert_eq!(
            scoring.modifiers.len(),
            MODIFIERS.len(),
            "a modifier without a condition never applies"
        );
        for grade in Grade::ALL {
            assert!(
                scoring.evidence(evidence_factor("", grade, &[])).is_some(),
                "{grade:?}"
            );
        }
        assert!(
            scoring
                .evidence(evidence_factor(
                    circumstance::NAME_LOOKUP,
                    Grade::Inferred,
                    &[]
                ))
                .is_some()
        );
    }

    #[test]
    fn severity_stays_between_one_and_four() {
        let rules = Rules::embedded();
        let scoring = &rules.legal().scoring;
        let with = |is_special_category, is_coarse_location| Adjustment {
            is_special_category,
            is_coarse_location,
        };
        assert_eq!(severity(scoring, 4, with(true, false)), 4);
        assert_eq!(severity(scoring, 3, with(true, false)), 4);
        assert_eq!(severity(scoring, 1, with(false, true)), 1);
        assert_eq!(severity(scoring, 2, with(false, true)), 1);
    }
}
