//! `legal.toml`: provisions, the observations that touch them, countries, scoring. Data with source and date; no verdicts.

use std::sync::Arc;

use serde::Deserialize;

use super::{Part, Problems, Rules, Text, load};
use crate::model::RiskLevel;

/// A provision of law.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provision {
    /// Kebab-case id (`gdpr-14`).
    pub id: Arc<str>,
    /// Country whose law it is, ISO 3166-1 alpha-2; `None` for law of the Union.
    pub country: Option<Arc<str>>,
    /// How it is cited.
    pub cite: Text,
    /// Its heading.
    pub title: Text,
    /// What it is about, in our own words.
    pub text: Text,
    /// Ids of observations that touch it.
    #[serde(default)]
    pub touched_by: Vec<Arc<str>>,
    /// Touched by any audit of any app.
    #[serde(default)]
    pub is_always_touched: bool,
    /// Where this is known from.
    pub source: String,
    /// When it was last looked up; by default the date of the file.
    #[serde(default)]
    pub as_of: Arc<str>,
}

impl Provision {
    /// Whether it may apply to a company seated there; where the seat is not known, it may.
    pub fn may_apply(&self, seat: Option<&str>) -> bool {
        match (&self.country, seat) {
            (Some(country), Some(seat)) => **country == *seat,
            (None, _) | (_, None) => true,
        }
    }
}

/// Something observed that the law cares about.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalObservation {
    /// Kebab-case id (`contacts-plain`).
    pub id: Arc<str>,
    /// In words.
    pub label: Text,
    /// Ids of identifiers whose findings count as it.
    #[serde(default)]
    pub identifiers: Vec<Arc<str>>,
    /// How many of these identifiers must be found towards one recipient.
    #[serde(default = "one")]
    pub min_distinct: u32,
    /// Condition that `assess` or `detect` knows, for what no identifier says: `cleartext`, `role-ads` ….
    pub condition: Option<Arc<str>>,
    /// Severity 1..=4; `None` if it adds provisions to other observations but is not scored by itself.
    pub severity: Option<u8>,
    /// Ids of controls of OWASP MASVS.
    #[serde(default)]
    pub masvs: Vec<Arc<str>>,
    /// IRI of the data in the W3C Data Privacy Vocabulary.
    pub dpv_data: Option<Arc<str>>,
    /// IRI of the risk there.
    pub dpv_risk: Option<Arc<str>>,
    /// Ids of mitigations that help.
    #[serde(default)]
    pub mitigations: Vec<Arc<str>>,
}

fn one() -> u32 {
    1
}

/// A decision or guidance of a court or authority.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Kebab-case id.
    pub id: Arc<str>,
    /// Who, with file number.
    pub body: Arc<str>,
    /// When; empty if not confirmed.
    pub date: String,
    /// What it said, in our own words, as reported speech.
    pub text: Text,
    /// Where this is known from.
    pub source: String,
}

/// A decision that a country's level of protection is adequate (GDPR Art. 45).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adequacy {
    /// ISO 3166-1 alpha-2; `None` for an organisation.
    pub country: Option<Arc<str>>,
    /// Organisation, if it is no country.
    pub organisation: Option<Arc<str>>,
    /// Since when.
    pub since: Arc<str>,
    /// Until when, if it is limited.
    pub until: Option<Arc<str>>,
    /// The act.
    pub act: Option<String>,
    /// What it covers, if not everything.
    pub only: Option<Text>,
    /// Further remarks.
    pub note: Option<Text>,
    /// Where this is known from.
    pub source: String,
}

/// What the law says about a country as the seat of a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferStatus<'a> {
    /// In the European Economic Area: no transfer to a third country.
    Eea,
    /// An adequacy decision covers the country.
    Adequate(&'a Arc<str>),
    /// An adequacy decision covers some recipients only (USA, Canada): to be looked up.
    PartlyAdequate(&'a Arc<str>),
    /// No adequacy decision is known.
    None,
}

/// By what a criterion of an impact assessment shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VisibleBy {
    /// By who is contacted.
    Recipients,
    /// By what is sent.
    Contents,
}

/// One of the criteria by which a data protection impact assessment may be due (WP 248).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DpiaCriterion {
    /// Number in WP 248.
    pub number: u8,
    /// In our own words.
    pub text: Text,
    /// When the tool sees it, in words; `None` if only a human can say.
    pub seen_when: Option<Text>,
    /// What people are asked where the tool cannot say.
    pub ask: Text,
    /// By what the tool can see it; `None` if only a human can say.
    pub visible_by: Option<VisibleBy>,
    /// Ids of observations that meet it.
    #[serde(default)]
    pub met_by: Vec<Arc<str>>,
    /// Ids of observations that meet it when they recur ([`Scoring::recurring_from`]).
    #[serde(default)]
    pub met_by_recurring: Vec<Arc<str>>,
    /// Permissions that meet it when they are granted.
    #[serde(default)]
    pub met_by_permissions: Vec<Arc<str>>,
    /// Phones on which the same app has contacts from which on it is met.
    pub met_from_phones: Option<usize>,
    /// Met by every audit of company phones.
    #[serde(default)]
    pub is_always_met: bool,
}

/// Data protection impact assessment.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dpia {
    /// The rule of thumb.
    pub rule: Text,
    /// Criteria that must be met for `dpia-two-criteria`.
    pub threshold: u8,
    /// The criteria.
    #[serde(rename = "criterion")]
    pub criteria: Vec<DpiaCriterion>,
    /// The list of the German authorities.
    pub national_list: NationalList,
}

/// A list of processing operations under GDPR Art. 35(4).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NationalList {
    /// Whose list it is, ISO 3166-1 alpha-2.
    pub country: Arc<str>,
    /// State of what is known about it.
    pub status: Text,
    /// Entries that may fit; to be looked up before they are cited.
    pub candidates: Vec<Text>,
}

/// An input of the likelihood.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LikelihoodModifier {
    /// Kebab-case id (`no-contract`).
    pub id: Arc<str>,
    /// Points added.
    pub points: i8,
    /// In words.
    pub label: Text,
}

/// How strong one kind of evidence is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceFactor {
    /// Kebab-case id (`known-value`, `decoded` …).
    pub id: Arc<str>,
    /// Strength in percent.
    pub percent: u8,
    /// In words.
    pub label: Text,
}

/// A level of risk.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Which.
    #[serde(deserialize_with = "super::risk_level")]
    pub id: RiskLevel,
    /// Highest risk that belongs to it.
    pub up_to: u8,
    /// Its name.
    pub label: Text,
    /// IRI in the W3C Data Privacy Vocabulary.
    pub dpv: Arc<str>,
}

/// A score worked out by hand, to test the code against.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoringExample {
    /// Which app, in words.
    pub app: String,
    /// Id of the app's profile, if there is one.
    pub profile: Option<Arc<str>>,
    /// Id of the observation.
    pub observation: Arc<str>,
    /// Severity.
    pub severity: u8,
    /// Ids of likelihood modifiers.
    pub modifiers: Vec<Arc<str>>,
    /// Likelihood.
    pub likelihood: u8,
    /// Id of the evidence factor.
    pub evidence: Arc<str>,
    /// Risk.
    pub risk: u8,
    /// Priority in hundredths.
    pub priority_hundredths: u16,
    /// Level.
    #[serde(deserialize_with = "super::risk_level")]
    pub level: RiskLevel,
    /// Further remarks.
    pub note: Option<String>,
}

/// How risks are scored. Every number is a proposal of this file, none is an authority's.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scoring {
    /// Name of this set of numbers, printed with results.
    pub profile: Arc<str>,
    /// The formula in words.
    pub formula: Text,
    /// Where the method comes from.
    pub method: Text,
    /// How the severity of an observation is adjusted, in words.
    pub severity_rule: Text,
    /// Points added to the severity where data of special categories or of children may be concerned.
    pub special_category_points: i8,
    /// Points added to the severity where a position is no more exact than a district.
    pub coarse_location_points: i8,
    /// Evidence in percent from which on a finding sets the app's level.
    pub level_needs_percent: u8,
    /// Occurrences from which on something is recurring.
    pub recurring_from: u64,
    /// Inputs of the likelihood.
    #[serde(rename = "likelihood")]
    pub modifiers: Vec<LikelihoodModifier>,
    /// Strength of evidence.
    #[serde(rename = "evidence")]
    pub evidence: Vec<EvidenceFactor>,
    /// Levels, lowest first.
    #[serde(rename = "level")]
    pub levels: Vec<Level>,
    /// Examples.
    #[serde(default, rename = "example")]
    pub examples: Vec<ScoringExample>,
}

/// A file with nothing but a scoring (`--method`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Method {
    pub(super) scoring: Scoring,
}

impl Scoring {
    /// The modifier of that id.
    pub fn modifier(&self, id: &str) -> Option<&LikelihoodModifier> {
        self.modifiers.iter().find(|modifier| &*modifier.id == id)
    }

    /// The evidence factor of that id.
    pub fn evidence(&self, id: &str) -> Option<&EvidenceFactor> {
        self.evidence.iter().find(|factor| &*factor.id == id)
    }

    /// The level of a risk; `None` for a risk of 0 or beyond the highest level.
    pub fn level(&self, risk: u8) -> Option<&Level> {
        self.levels
            .iter()
            .filter(|level| risk > 0 && risk <= level.up_to)
            .min_by_key(|level| level.up_to)
    }
}

/// Something that lowers a risk.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mitigation {
    /// Kebab-case id.
    pub id: Arc<str>,
    /// In words.
    pub text: Text,
}

/// The member states of the European Economic Area.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Eea {
    countries: Vec<Arc<str>>,
}

/// `legal.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Legal {
    /// Date of the legal data, printed in every report.
    pub as_of: Arc<str>,
    /// What the report is not.
    pub disclaimer: Text,
    /// Pending changes of the law.
    pub reform_note: Text,
    /// Provisions, in the order of reports.
    #[serde(rename = "provision")]
    pub provisions: Vec<Provision>,
    /// Observations.
    #[serde(rename = "observation")]
    pub observations: Vec<LegalObservation>,
    /// Decisions and guidance.
    #[serde(default, rename = "authority")]
    pub authorities: Vec<Authority>,
    /// Adequacy decisions.
    #[serde(rename = "adequacy")]
    pub adequacy: Vec<Adequacy>,
    eea: Eea,
    /// Impact assessment.
    pub dpia: Dpia,
    /// Scoring.
    pub scoring: Scoring,
    /// Mitigations.
    #[serde(default, rename = "mitigation")]
    pub mitigations: Vec<Mitigation>,
}

impl Legal {
    /// The provision of that id.
    pub fn provision(&self, id: &str) -> Option<&Provision> {
        self.provisions
            .iter()
            .find(|provision| &*provision.id == id)
    }

    /// The observation of that id.
    pub fn observation(&self, id: &str) -> Option<&LegalObservation> {
        self.observations
            .iter()
            .find(|observation| &*observation.id == id)
    }

    /// The observations as which findings of an identifier count, most severe first; of equal ones, in the order of the file.
    pub fn observations_of(&self, identifier: &str) -> Vec<&LegalObservation> {
        let mut found: Vec<&LegalObservation> = self
            .observations
            .iter()
            .filter(|observation| observation.identifiers.iter().any(|id| &**id == identifier))
            .collect();
        found.sort_by_key(|observation| std::cmp::Reverse(observation.severity));
        found
    }

    /// The observation of a condition (`cleartext`, `role-ads` …).
    pub fn observation_of_condition(&self, condition: &str) -> Option<&LegalObservation> {
        self.observations
            .iter()
            .find(|observation| observation.condition.as_deref() == Some(condition))
    }

    /// Provisions that an observation touches, in the order of the file; those that any audit touches are not among them.
    pub fn provisions_of<'a>(
        &'a self,
        observation: &'a str,
    ) -> impl Iterator<Item = &'a Provision> {
        self.provisions
            .iter()
            .filter(move |provision| provision.touched_by.iter().any(|id| &**id == observation))
    }

    /// What the law says about a country (ISO 3166-1 alpha-2) as the seat of a recipient.
    pub fn transfer_status(&self, country: &str) -> TransferStatus<'_> {
        if self.eea.countries.iter().any(|member| &**member == country) {
            return TransferStatus::Eea;
        }
        let decision = self.adequacy.iter().find_map(|decision| {
            Some((
                decision,
                decision.country.as_ref().filter(|id| &***id == country)?,
            ))
        });
        match decision {
            Some((decision, country)) if decision.only.is_some() => {
                TransferStatus::PartlyAdequate(country)
            }
            Some((_, country)) => TransferStatus::Adequate(country),
            None => TransferStatus::None,
        }
    }

    /// The adequacy decision for a country.
    pub fn adequacy_of(&self, country: &str) -> Option<&Adequacy> {
        self.adequacy
            .iter()
            .find(|decision| decision.country.as_deref() == Some(country))
    }

    /// The states of the European Economic Area, ISO 3166-1 alpha-2.
    pub fn eea(&self) -> &[Arc<str>] {
        &self.eea.countries
    }

    /// The decision or guidance of that id.
    pub fn authority(&self, id: &str) -> Option<&Authority> {
        self.authorities
            .iter()
            .find(|authority| &*authority.id == id)
    }

    /// The mitigation of that id.
    pub fn mitigation(&self, id: &str) -> Option<&Mitigation> {
        self.mitigations
            .iter()
            .find(|mitigation| &*mitigation.id == id)
    }
}

impl Part for Legal {
    fn read(rules: &Rules, problems: &mut Problems) -> Self {
        let file = "legal.toml";
        let mut legal: Self = load::parse(file, rules, problems);
        for provision in &mut legal.provisions {
            if provision.as_of.is_empty() {
                provision.as_of = legal.as_of.clone();
            }
        }
        problems.unique(
            file,
            "provision",
            legal.provisions.iter().map(|entry| &entry.id),
        );
        problems.unique(
            file,
            "observation",
            legal.observations.iter().map(|entry| &entry.id),
        );
        problems.unique(
            file,
            "authority",
            legal.authorities.iter().map(|entry| &entry.id),
        );
        problems.unique(
            file,
            "mitigation",
            legal.mitigations.iter().map(|entry| &entry.id),
        );
        problems.unique(
            file,
            "likelihood",
            legal.scoring.modifiers.iter().map(|entry| &entry.id),
        );
        problems.unique(
            file,
            "evidence",
            legal.scoring.evidence.iter().map(|entry| &entry.id),
        );
        legal.check_references(problems);
        legal
    }
}

impl Legal {
    fn check_references(&self, problems: &mut Problems) {
        let file = "legal.toml";
        for provision in &self.provisions {
            for id in &provision.touched_by {
                if self.observation(id).is_none() {
                    problems.dangling(file, &provision.id, "observation", id);
                }
            }
        }
        for observation in &self.observations {
            for id in &observation.mitigations {
                if self.mitigation(id).is_none() {
                    problems.dangling(file, &observation.id, "mitigation", id);
                }
            }
        }
        for criterion in &self.dpia.criteria {
            for id in criterion.met_by.iter().chain(&criterion.met_by_recurring) {
                if self.observation(id).is_none() {
                    problems.dangling(
                        file,
                        &format!("criterion {}", criterion.number),
                        "observation",
                        id,
                    );
                }
            }
        }
        for example in &self.scoring.examples {
            if self.observation(&example.observation).is_none() {
                problems.dangling(file, &example.app, "observation", &example.observation);
            }
            if self.scoring.evidence(&example.evidence).is_none() {
                problems.dangling(file, &example.app, "evidence", &example.evidence);
            }
            for id in &example.modifiers {
                if self.scoring.modifier(id).is_none() {
                    problems.dangling(file, &example.app, "likelihood", id);
                }
            }
        }
    }
}
