//! One observation + fields + rules → findings. Detectors are pure functions without state; one file a detector, one line in
//! [`DETECTORS`]. Whatever needs several observations is a sum in the tally or a join in `assess`.

use crate::model::{
    Dossier, Field, Finding, FindingKey, Observation, Protection, Recipient, Tally,
};
use crate::rules::Rules;

/// What a detector sees: one observation and what is known around it.
#[derive(Debug)]
pub struct Scene<'a> {
    /// The observation.
    pub observation: &'a Observation,
    /// The fields that the client sent.
    pub fields: &'a [Field<'a>],
    /// The rules.
    pub rules: &'a Rules,
    /// What is known about the device.
    pub dossier: &'a Dossier,
    /// Who received it.
    pub recipient: Recipient,
    /// How it was protected on the way.
    pub protection: Protection,
}

impl Scene<'_> {
    /// Adds a finding of this scene to the tally.
    pub fn report(&self, tally: &mut Tally, finding: Finding) {
        let key = FindingKey {
            device: self.observation.device,
            app: self.observation.app.clone(),
            category: finding.category,
            rule: finding.rule.clone(),
            recipient: self.recipient.clone(),
            grade: finding.grade,
            protection: self.protection,
            is_opted_out: finding.is_opted_out,
        };
        tally.add(key, finding);
    }
}

/// A detector.
#[derive(Debug)]
pub struct Detector {
    /// Its name.
    pub name: &'static str,
    /// Looks at one scene.
    pub inspect: fn(&Scene<'_>, &mut Tally),
}

/// All detectors.
pub const DETECTORS: &[Detector] = &[];

/// Runs all detectors over one observation.
pub fn inspect(
    observation: &Observation,
    fields: &[Field<'_>],
    rules: &Rules,
    dossier: &Dossier,
    tally: &mut Tally,
) {
    let _ = (observation, fields, rules, dossier, tally);
}
