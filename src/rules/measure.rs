//! `measures.toml`: what can be done, whom findings affect, and what to offer instead of an app.

use std::sync::Arc;

use serde::Deserialize;

use super::{Part, Problems, Rules, Text, load};
use crate::model::Category;

/// What a measure is taken about; follows the colon in `--measure KIND:ARGUMENT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeasureArgument {
    /// Nothing: it holds for all phones.
    None,
    /// An app.
    App,
    /// An app, `=`, and the one that takes its place.
    AppByApp,
    /// A host, with all below it.
    Host,
    /// A company.
    Company,
}

impl MeasureArgument {
    /// Whether it names an app.
    pub fn is_app(self) -> bool {
        matches!(self, Self::App | Self::AppByApp)
    }
}

/// How a measure works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeasureKind {
    /// By technical means.
    Technical,
    /// By rules, contracts and people.
    Organisational,
}

impl MeasureKind {
    /// Stable id.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Technical => "technical",
            Self::Organisational => "organisational",
        }
    }
}

/// What must be so for a measure to be possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeasureNeed {
    /// The app's server can be run by the company.
    SelfHostable,
    /// The vendor offers a processing contract.
    Contract,
}

/// A measure, and what it changes in an assessment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Kebab-case id (`dedicated-phone`).
    pub id: Arc<str>,
    /// What it is taken about. It changes findings of that app, towards that host or company, or all.
    pub argument: MeasureArgument,
    /// How it works.
    pub kind: MeasureKind,
    /// 1 hours, 2 days, 3 weeks.
    pub effort: u8,
    /// What must be so.
    pub needs: Option<MeasureNeed>,
    /// All findings in its reach end.
    #[serde(default)]
    pub ends_all: bool,
    /// Findings of these categories end.
    #[serde(default, deserialize_with = "categories")]
    pub ends_categories: Vec<Category>,
    /// Findings that count as these observations end.
    #[serde(default)]
    pub ends_observations: Vec<Arc<str>>,
    /// Ids of rules whose findings do not end.
    #[serde(default)]
    pub keeps_rules: Vec<Arc<str>>,
    /// Likelihood modifiers that no longer hold.
    #[serde(default)]
    pub drops: Vec<Arc<str>>,
    /// Likelihood modifiers that hold from then on.
    #[serde(default)]
    pub adds: Vec<Arc<str>>,
    /// Modifiers change for findings of these categories only; none means all.
    #[serde(default, deserialize_with = "categories")]
    pub only_categories: Vec<Category>,
    /// What the app (of two, the second) is documented to send is added where it is not there yet.
    #[serde(default)]
    pub brings_profile: bool,
    /// What is done. `{app}`, `{other}`, `{host}`, `{company}` stand for the argument.
    pub label: Text,
    /// What it changes.
    pub changes: Text,
    /// What it does not change.
    pub stays: Text,
    /// What it takes.
    pub effort_text: Text,
}

/// Whom findings of a category affect, and terms for those that have none of their own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryTerms {
    #[serde(deserialize_with = "super::category")]
    id: Category,
    /// Ids of [`Person`].
    pub persons: Vec<Arc<str>>,
    /// Ids of controls of OWASP MASVS.
    pub masvs: Vec<Arc<str>>,
    /// IRI of the data in the W3C Data Privacy Vocabulary.
    pub dpv: Option<Arc<str>>,
}

/// A group of people.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Kebab-case id.
    pub id: Arc<str>,
    /// In words.
    pub label: Text,
    /// IRI in the W3C Data Privacy Vocabulary.
    pub dpv: Option<Arc<str>>,
}

/// What to offer instead of apps.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    /// What people use them for.
    pub id: Arc<str>,
    /// Ids of the apps; none stands for all that no other entry names.
    pub apps: Vec<Arc<str>>,
    /// Ids of apps that serve the same purpose.
    pub offer: Vec<Arc<str>>,
    /// How to talk about it. `{app}` stands for the app.
    pub text: Text,
}

/// `measures.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MeasureFile {
    #[serde(rename = "as_of")]
    _as_of: Arc<str>,
    #[serde(rename = "measure")]
    measures: Vec<Measure>,
    #[serde(rename = "category")]
    categories: Vec<CategoryTerms>,
    #[serde(rename = "person")]
    persons: Vec<Person>,
    #[serde(rename = "alternative")]
    alternatives: Vec<Alternative>,
}

impl Part for MeasureFile {
    fn read(rules: &Rules, problems: &mut Problems) -> Self {
        load::parse("measures.toml", rules, problems)
    }
}

/// The terms that a finding is described with, beside its provisions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Ids of controls of OWASP MASVS.
    pub masvs: Vec<Arc<str>>,
    /// IRI of the data in the W3C Data Privacy Vocabulary.
    pub dpv_data: Option<Arc<str>>,
    /// IRI of the risk there.
    pub dpv_risk: Option<Arc<str>>,
    /// Ids of the groups of people affected.
    pub persons: Vec<Arc<str>>,
    /// Ids of mitigations that help.
    pub mitigations: Vec<Arc<str>>,
}

/// Whose data a rule about others concerns.
const THIRD_PARTIES: &str = "third-parties";

impl Rules {
    /// All measures, in the order of the file.
    pub fn measures(&self) -> &[Measure] {
        &self.measures.get(self).measures
    }

    /// The measure of that id.
    pub fn measure(&self, id: &str) -> Option<&Measure> {
        self.measures().iter().find(|measure| &*measure.id == id)
    }

    /// All groups of people, in the order of the file.
    pub fn persons(&self) -> &[Person] {
        &self.measures.get(self).persons
    }

    /// The group of people of that id.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.measures
            .get(self)
            .persons
            .iter()
            .find(|person| &*person.id == id)
    }

    /// What to offer instead of an app.
    pub fn alternative(&self, app: &str) -> Option<&Alternative> {
        let all = &self.measures.get(self).alternatives;
        let names = |one: &&Alternative| one.apps.iter().any(|id| &**id == app);
        all.iter()
            .find(names)
            .or_else(|| all.iter().find(|one| one.apps.is_empty()))
    }

    /// What a finding of that rule is called in the vocabularies of others: as its observation says, else as its
    /// identifier, else as its category.
    pub fn terms(&self, rule: &str, observation: Option<&str>, category: Category) -> Terms {
        let observation = observation.and_then(|id| self.legal().observation(id));
        let identifier = self.identifier_of_finding(rule);
        let defaults = self
            .measures
            .get(self)
            .categories
            .iter()
            .find(|one| one.id == category);
        let masvs = observation
            .map(|observation| &observation.masvs)
            .filter(|masvs| !masvs.is_empty())
            .or(defaults.map(|one| &one.masvs));
        let dpv_data = identifier
            .map(|identifier| Arc::clone(&identifier.dpv))
            .or_else(|| observation?.dpv_data.clone())
            .or_else(|| defaults?.dpv.clone());
        let mut persons = defaults.map(|one| one.persons.clone()).unwrap_or_default();
        let is_of_others = identifier.is_some_and(|identifier| identifier.third_party)
            || self.circumstance(rule).is_some_and(|rule| rule.third_party);
        if is_of_others && !persons.iter().any(|id| &**id == THIRD_PARTIES) {
            persons.push(THIRD_PARTIES.into());
        }
        Terms {
            masvs: masvs.cloned().unwrap_or_default(),
            dpv_data,
            dpv_risk: observation.and_then(|observation| observation.dpv_risk.clone()),
            persons,
            mitigations: observation
                .map(|observation| observation.mitigations.clone())
                .unwrap_or_default(),
        }
    }

    pub(super) fn validate_measures(&self, problems: &mut Problems) {
        let file = "measures.toml";
        let MeasureFile {
            measures,
            categories,
            persons,
            alternatives,
            ..
        } = self.measures.get(self);
        problems.unique(file, "measure", measures.iter().map(|one| &one.id));
        problems.unique(file, "person", persons.iter().map(|one| &one.id));
        for measure in measures {
            for id in &measure.ends_observations {
                if self.legal().observation(id).is_none() {
                    problems.dangling(file, &measure.id, "observation", id);
                }
            }
            for id in &measure.keeps_rules {
                if self.describe(id).is_none() {
                    problems.dangling(file, &measure.id, "rule", id);
                }
            }
            for id in measure.drops.iter().chain(&measure.adds) {
                if self.legal().scoring.modifier(id).is_none() {
                    problems.dangling(file, &measure.id, "likelihood", id);
                }
            }
            if !(1..=3).contains(&measure.effort) {
                problems.add(file, format!("{}: effort is 1, 2 or 3", measure.id));
            }
        }
        for category in Category::ALL {
            if !categories.iter().any(|one| one.id == category) {
                problems.add(file, format!("no category {}", category.as_str()));
            }
        }
        for category in categories {
            for id in &category.persons {
                if self.person(id).is_none() {
                    problems.dangling(file, category.id.as_str(), "person", id);
                }
            }
        }
        for alternative in alternatives {
            for id in alternative.apps.iter().chain(&alternative.offer) {
                if self.app(id).is_none() {
                    problems.dangling(file, &alternative.id, "app", id);
                }
            }
        }
    }
}

fn categories<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Category>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let known = |text: &String| {
        Category::from_id(text)
            .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no category of findings")))
    };
    texts.iter().map(known).collect()
}
