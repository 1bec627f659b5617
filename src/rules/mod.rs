//! `rules/*.toml` → validated, compiled rules. The only room that knows the files' schema.
//!
//! One module a file; each has the types of its entries and, as methods of [`Rules`], the look-ups over them. A new file is
//! a module and one line in [`FILES`]. How to write an entry is in `rules/README.md`.

mod app;
mod circumstance;
mod comparison;
mod digest;
mod document;
mod endpoint;
mod example;
mod gate;
mod identifier;
mod legal;
mod load;
mod measure;
mod named;
mod part;
mod payload;
mod permission;
mod problem;
mod question;
mod sdk;
mod shape;
mod signature;
mod text;
mod validate;

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

pub use app::{
    App, Art28, ContactDiscovery, DataPrivacyFramework, DiscoveryMethod, EndToEnd, HostRole,
    Retirement,
};
pub use circumstance::Circumstance;
pub use comparison::{Certainty, Criterion, CriterionValue, Documented, folded};
pub use document::{Condition, Contents, DOCUMENTS, DocumentRule, MessengerOption, Section};
pub use endpoint::{Endpoint, EndpointSource, Role};
pub use example::Example;
pub use identifier::{
    ContactSize, Encoding, FlowHeuristic, HashForm, HashReversal, Identifier, NameMatch,
    NameStrength, NamedIdentifiers, NormalName, Precision, Requirement, SeedAdvice, Shapes,
    Validator, ValidatorRule, normalise_name, words_of_name,
};
pub use legal::{
    Adequacy, Authority, Dpia, DpiaCriterion, EvidenceFactor, Legal, LegalObservation, Level,
    LikelihoodModifier, Mitigation, NationalList, Provision, Scoring, ScoringExample,
    TransferStatus, VisibleBy,
};
pub use measure::{
    Alternative, CategoryTerms, Measure, MeasureArgument, MeasureKind, MeasureNeed, Person, Terms,
};
pub use payload::{LayoutField, PathPattern, PayloadLayout, Property, Scope};
pub use permission::{
    Permission, PermissionCategory, PermissionKind, PrivacyLabel, PrivacyLabelKind,
};
pub use problem::Problem;
pub use question::{QuestionRule, Subject};
pub use sdk::{CodeMatcher, Sdk, SdkSetting};
pub use shape::Shape;
pub use signature::{AddressSet, Confidence, Network, Signature};
pub use text::{Pattern, Text};
pub use validate::verdicts;

use app::Apps;
use circumstance::CircumstanceFile;
use comparison::ComparisonFile;
use document::DocumentFile;
use endpoint::Endpoints;
use identifier::Identifiers;
use load::Texts;
use measure::MeasureFile;
use part::{Lazy, Part};
use payload::Payloads;
use permission::Permissions;
use problem::Problems;
use question::QuestionFile;
use sdk::Sdks;
use signature::SignatureFile;

use crate::Result;
use crate::model::{Category, Platform, RiskLevel, line_after};

/// A file of a rules folder.
#[derive(Clone, Copy, Debug)]
pub struct RuleFile {
    /// Its name.
    pub name: &'static str,
    /// What is embedded of it, as written.
    pub text: &'static str,
    /// The same as `build.rs` writes it.
    json: &'static str,
}

macro_rules! rule_file {
    ($name:literal) => {
        RuleFile {
            name: concat!($name, ".toml"),
            text: include_str!(concat!("../../rules/", $name, ".toml")),
            json: include_str!(concat!(env!("OUT_DIR"), "/", $name, ".json")),
        }
    };
}

/// The files of a rules folder, in the order in which [`Rules::sha256`] takes them.
pub const FILES: [RuleFile; 13] = [
    rule_file!("apps"),
    rule_file!("circumstances"),
    rule_file!("comparison"),
    rule_file!("documents"),
    rule_file!("endpoints"),
    rule_file!("identifiers"),
    rule_file!("legal"),
    rule_file!("measures"),
    rule_file!("payloads"),
    rule_file!("permissions"),
    rule_file!("questions"),
    rule_file!("sdks"),
    rule_file!("signatures"),
];

/// [`Rules::sha256`] of [`FILES`].
const EMBEDDED_SHA256: &str = include_str!(concat!(env!("OUT_DIR"), "/rules.sha256"));

/// All rules, compiled.
#[derive(Debug)]
pub struct Rules {
    sha256: OnceLock<String>,
    apps: Lazy<Apps>,
    circumstances: Lazy<CircumstanceFile>,
    comparison: Lazy<ComparisonFile>,
    documents: Lazy<DocumentFile>,
    endpoints: Lazy<Endpoints>,
    identifiers: Lazy<Identifiers>,
    legal: Lazy<Legal>,
    measures: Lazy<MeasureFile>,
    payloads: Lazy<Payloads>,
    permissions: Lazy<Permissions>,
    questions: Lazy<QuestionFile>,
    sdks: Lazy<Sdks>,
    signatures: Lazy<SignatureFile>,
    texts: Texts,
}

impl Rules {
    /// The rules built into the tool. A test holds that they have no problems.
    pub fn embedded() -> Self {
        Self {
            sha256: OnceLock::from(EMBEDDED_SHA256.to_owned()),
            ..Self::new(FILES.map(|file| Cow::Borrowed(file.text)))
        }
    }

    /// Rules from a folder instead of the embedded ones; it must have all of [`FILES`]. Everything is checked, and the first
    /// problem is the error.
    pub fn load(folder: &Path) -> Result<Self> {
        let rules = Self::new(load::read(folder)?);
        match rules.problems().into_iter().next() {
            None => Ok(rules),
            Some(problem) => Err(crate::Error::Rule {
                file: problem.file.to_owned(),
                reason: problem.reason,
            }),
        }
    }

    fn new(texts: Texts) -> Self {
        Self {
            sha256: OnceLock::new(),
            apps: Lazy::default(),
            circumstances: Lazy::default(),
            comparison: Lazy::default(),
            documents: Lazy::default(),
            endpoints: Lazy::default(),
            identifiers: Lazy::default(),
            legal: Lazy::default(),
            measures: Lazy::default(),
            payloads: Lazy::default(),
            permissions: Lazy::default(),
            questions: Lazy::default(),
            sdks: Lazy::default(),
            signatures: Lazy::default(),
            texts,
        }
    }

    /// Takes the numbers of the scoring from a file instead: a table `[scoring]` as in `legal.toml`. The conditions of its
    /// modifiers are code, so it needs all of them, and can have no others.
    pub fn load_method(&mut self, path: &Path) -> Result<()> {
        let text = std::fs::read_to_string(path).map_err(|source| crate::Error::Read {
            path: path.to_owned(),
            source,
        })?;
        let refuse = |reason: String| crate::Error::Rule {
            file: path.display().to_string(),
            reason,
        };
        let method: legal::Method = toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = line_after(before.unwrap_or_default());
            refuse(format!("line {line}: {}", error.message()))
        })?;
        let ids = |scoring: &Scoring| {
            let modifiers = scoring.modifiers.iter().map(|one| Arc::clone(&one.id));
            let evidence = scoring.evidence.iter().map(|one| Arc::clone(&one.id));
            let mut ids: Vec<Arc<str>> = modifiers.chain(evidence).collect();
            ids.sort_unstable();
            ids
        };
        let (ours, theirs) = (ids(&self.legal().scoring), ids(&method.scoring));
        if ours != theirs {
            let differs = ours.iter().find(|id| !theirs.contains(id));
            let differs = differs.or_else(|| theirs.iter().find(|id| !ours.contains(id)));
            let name = differs.map_or("an id", |id| id);
            return Err(refuse(format!(
                "its likelihood and evidence entries must be those of the built-in scoring: {name}"
            )));
        }
        if let Some(legal) = self.legal.get_mut() {
            legal.scoring = method.scoring;
        }
        let mut problems = Problems::default();
        self.validate_scoring(&mut problems);
        match problems.into_vec().into_iter().next() {
            None => Ok(()),
            Some(problem) => Err(refuse(problem.reason)),
        }
    }

    /// Everything that is wrong with a rules folder, or with the embedded rules. Examples are not run here: that takes the
    /// whole chain from message to finding.
    pub fn check(folder: Option<&Path>) -> Result<Vec<Problem>> {
        let texts = match folder {
            Some(folder) => load::read(folder)?,
            // as if they were not embedded, so that problems have their lines
            None => FILES.map(|file| Cow::Owned(file.text.to_owned())),
        };
        Ok(Self::new(texts).problems())
    }

    /// Reads every file, and checks what holds between them.
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Problems::default();
        self.apps.check(self, &mut problems);
        self.circumstances.check(self, &mut problems);
        self.comparison.check(self, &mut problems);
        self.documents.check(self, &mut problems);
        self.endpoints.check(self, &mut problems);
        self.identifiers.check(self, &mut problems);
        self.legal.check(self, &mut problems);
        self.measures.check(self, &mut problems);
        // Those look at identifiers, whose problems have been said by now.
        self.payloads.check(self, &mut problems);
        self.permissions.check(self, &mut problems);
        self.questions.check(self, &mut problems);
        self.sdks.check(self, &mut problems);
        self.signatures.check(self, &mut problems);
        self.validate(&mut problems);
        problems.into_vec()
    }

    /// SHA-256 over names and contents of all rule files, hexadecimal.
    pub fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| {
            let texts = self.texts.iter().map(|text| &**text);
            digest::sha256(FILES.iter().map(|file| file.name).zip(texts))
        })
    }

    /// Reads what nearly every audit asks for, and what nearly every one of traffic or of packages does: to be done while the
    /// first inputs are read.
    pub fn prepare(&self, has_traffic: bool, has_packages: bool) {
        if has_packages {
            self.sdks();
        }
        // Of apps, packages alone ask only which one they are.
        if has_traffic || !has_packages {
            self.apps();
        }
        self.legal();
        self.circumstances();
        self.questions();
        self.measures();
        self.permissions.get(self);
        if has_traffic {
            self.prepare_identifiers();
            self.endpoints.get(self);
        }
    }

    /// What the law says.
    pub fn legal(&self) -> &Legal {
        self.legal.get(self)
    }

    /// All questions, in the order of the file.
    pub fn questions(&self) -> &[QuestionRule] {
        &self.questions.get(self).questions
    }

    /// The question of that id.
    pub fn question(&self, id: &str) -> Option<&QuestionRule> {
        self.questions().iter().find(|question| &*question.id == id)
    }

    /// What a finding's rule is, whichever file it stands in.
    pub fn describe(&self, rule: &str) -> Option<Description<'_>> {
        if let Some(circumstance) = self.circumstance(rule) {
            return Some(Description::of_circumstance(circumstance));
        }
        self.identifier(rule).map(Description::of_identifier)
    }

    /// All rules that findings can have: identifiers, then circumstances, in the order of their files.
    pub fn descriptions(&self) -> impl Iterator<Item = Description<'_>> {
        let identifiers = self.identifiers().iter().map(Description::of_identifier);
        let circumstances = self
            .circumstances()
            .iter()
            .map(Description::of_circumstance);
        identifiers.chain(circumstances)
    }
}

/// A rule as reports and `rules explain` show it.
#[derive(Clone, Copy, Debug)]
pub struct Description<'a> {
    /// Its id.
    pub id: &'a Arc<str>,
    /// Category of its findings.
    pub category: Category,
    /// Data about people other than the user.
    pub third_party: bool,
    /// Name.
    pub label: &'a Text,
    /// What it is.
    pub summary: &'a Text,
    /// Why it matters.
    pub why: &'a Text,
    /// Severity by default.
    pub severity: u8,
    /// Further reading.
    pub references: &'a [String],
    /// Date of the facts.
    pub as_of: &'a str,
}

impl<'a> Description<'a> {
    fn of_identifier(rule: &'a Identifier) -> Self {
        Self {
            id: &rule.id,
            category: rule.category,
            third_party: rule.third_party,
            label: &rule.label,
            summary: &rule.summary,
            why: &rule.why,
            severity: rule.severity,
            references: &rule.references,
            as_of: &rule.as_of,
        }
    }

    fn of_circumstance(rule: &'a Circumstance) -> Self {
        Self {
            id: &rule.id,
            category: rule.category,
            third_party: rule.third_party,
            label: &rule.label,
            summary: &rule.summary,
            why: &rule.why,
            severity: rule.severity,
            references: &rule.references,
            as_of: &rule.as_of,
        }
    }
}

/// Reads a [`Category`] by its id: the model has no serde.
fn category<'de, D: serde::Deserializer<'de>>(input: D) -> std::result::Result<Category, D::Error> {
    let id = String::deserialize(input)?;
    Category::from_id(&id)
        .ok_or_else(|| serde::de::Error::custom(format!("{id:?} is no category of findings")))
}

/// Reads an optional [`Category`].
fn category_option<'de, D: serde::Deserializer<'de>>(
    input: D,
) -> std::result::Result<Option<Category>, D::Error> {
    category(input).map(Some)
}

/// Reads a [`Platform`].
fn platform<'de, D: serde::Deserializer<'de>>(input: D) -> std::result::Result<Platform, D::Error> {
    let id = String::deserialize(input)?;
    match id.as_str() {
        "android" => Ok(Platform::Android),
        "ios" => Ok(Platform::Ios),
        _ => Err(serde::de::Error::custom(format!(
            "{id:?} is neither android nor ios"
        ))),
    }
}

/// Reads a [`RiskLevel`].
fn risk_level<'de, D: serde::Deserializer<'de>>(
    input: D,
) -> std::result::Result<RiskLevel, D::Error> {
    let id = String::deserialize(input)?;
    RiskLevel::ALL
        .into_iter()
        .find(|level| level.as_str() == id)
        .ok_or_else(|| serde::de::Error::custom(format!("{id:?} is no level of risk")))
}

/// Reads a table as pairs in the order of their keys.
fn ordered_map<'de, D, K, V>(input: D) -> std::result::Result<Vec<(K, V)>, D::Error>
where
    D: serde::Deserializer<'de>,
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
{
    let map = std::collections::BTreeMap::<K, V>::deserialize(input)?;
    Ok(map.into_iter().collect())
}
