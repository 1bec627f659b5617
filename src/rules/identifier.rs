//! `identifiers.toml`: names and shapes of personal data in messages. A new kind of data is one `[[identifier]]` there.

mod index;
mod name;

use std::sync::Arc;

use serde::Deserialize;

pub(super) use self::index::Identifiers;
pub use self::index::{NamedIdentifiers, Shapes};
pub use self::name::{NameStrength, normalise_name, words_of_name};
use super::{DiscoveryMethod, Example, Pattern, Shape, Text};
use crate::model::{Category, Look};

/// A check that a value must pass and that a pattern cannot express; `detect` has the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Validator {
    /// Cell identity: country, network, area and cell number in one object (3GPP TS 23.003).
    CellIdentity,
    /// Latitude and longitude in one object.
    CoordinatePair,
    /// E-mail address, no file name and no address of a machine.
    Email,
    /// IMEI with its check digit (3GPP TS 23.003 §6.2.1).
    ImeiLuhn,
    /// IMSI with a known country, or ICCID with its check digit (ITU-T E.212, E.118).
    ImsiOrIccid,
    /// IP address.
    IpAddress,
    /// Phone number of a possible length that is no date, no time stamp, no coordinate.
    PhonePossible,
    /// Phone number that the numbering plan knows.
    PhoneValid,
    /// UUID that is not all zeros.
    UuidNotNil,
}

impl Validator {
    /// Kinds of characters of which a value must have one.
    fn kinds(self) -> u16 {
        match self {
            Self::Email => Look::AT,
            Self::CoordinatePair | Self::ImsiOrIccid | Self::PhonePossible | Self::PhoneValid => {
                Look::DIGIT
            }
            Self::IpAddress => Look::DOT | Look::COLON,
            Self::CellIdentity | Self::ImeiLuhn | Self::UuidNotNil => u16::MAX,
        }
    }
}

/// How names are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameMatch {
    /// The whole name.
    #[default]
    Whole,
    /// Whole words of it, as snake case, kebab case and camel case part them: `heart_rate` is in `lastHeartRate`. A name
    /// that ends with `*` may go on: `pregnan*`.
    Words,
}

/// Something that must be there beside the value itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Requirement {
    /// The message was readable for anyone on the way.
    CleartextTransport,
    /// The same message has coordinates.
    Coordinates,
    /// A person's name in the same object.
    Name,
    /// A phone number or e-mail address in the same object.
    PhoneOrEmail,
    /// A sender or a conversation in the same object.
    SenderOrThread,
    /// A time in the same object.
    Timestamp,
}

/// A name without what spellings differ in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct NormalName(Box<str>);

impl From<String> for NormalName {
    fn from(name: String) -> Self {
        Self(normalise_name(&name).into())
    }
}

impl AsRef<str> for NormalName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// One kind of personal data.
///
/// It is found where a name fits and the value passes `values`, `validator` and `reject` (grade `decoded`); where the value
/// alone is telling enough (`is_shape_telling`, grade `shape`); or where `body` matches a whole body or text.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "answers to questions that do not depend on each other"
)]
pub struct Identifier {
    /// Kebab-case id; [`crate::model::Finding::rule`].
    pub id: Arc<str>,
    /// Category of its findings.
    #[serde(deserialize_with = "super::category")]
    pub category: Category,
    /// Data about people other than the user.
    #[serde(default)]
    pub third_party: bool,
    /// Its name in reports.
    pub label: Text,
    /// What it is, for `rules explain`.
    pub summary: Text,
    /// Why it matters.
    pub why: Text,
    /// Keys that say it; compared as [`normalise_name`] does. A dotted name is compared with the end of the path.
    #[serde(default)]
    pub names: Vec<String>,
    /// Keys that say it only at a known SDK endpoint, beside one of `weak_beside`, or with a value that alone is telling enough.
    #[serde(default)]
    pub weak_names: Vec<String>,
    /// Names beside it, as they are written, beside which the weak ones count everywhere.
    #[serde(default)]
    pub weak_beside: Vec<NormalName>,
    /// How `names` are compared.
    #[serde(default)]
    pub name_match: NameMatch,
    /// Kinds whose names, with a word for a digest before or behind them, are names of this one: `sha1_android_id`.
    #[serde(default)]
    pub digest_of: Vec<Arc<str>>,
    /// Shapes of the value; one of them. Empty: any.
    #[serde(default)]
    pub values: Vec<Shape>,
    /// Values that are placeholders and no data (case does not matter).
    #[serde(default)]
    pub reject: Vec<String>,
    /// Values by which the phone says that tracking is limited: an opt-out honoured.
    #[serde(default)]
    pub opted_out: Vec<String>,
    /// A check beyond the shape.
    pub validator: Option<Validator>,
    /// The shape (and check) alone is telling enough without a name.
    #[serde(default)]
    pub is_shape_telling: bool,
    /// Pattern of a whole body or text.
    pub body: Option<Pattern>,
    /// Distinct values needed in one message.
    #[serde(default = "one")]
    pub min_items: u32,
    /// What must be there beside it.
    #[serde(default)]
    pub requires: Vec<Requirement>,
    /// Names beside it, normalised, that say that it is something else.
    #[serde(default)]
    pub unless_beside: Vec<Arc<str>>,
    /// Severity by default: 0 none (a safeguard or a signal), 1 low … 4 very high.
    pub severity: u8,
    /// One of the attributes that together single out a device.
    #[serde(default)]
    pub is_fingerprint: bool,
    /// No finding by itself, only where several recipients get the same value.
    #[serde(default)]
    pub is_only_linked: bool,
    /// IRI in the W3C Data Privacy Vocabulary.
    pub dpv: Arc<str>,
    /// Further reading.
    #[serde(default)]
    pub references: Vec<String>,
    /// Further remarks.
    pub note: Option<String>,
    /// Where this is known from.
    pub sources: Vec<String>,
    /// When it was last looked up; by default the date of the file.
    #[serde(default)]
    pub as_of: Arc<str>,
    /// Messages in which it must be found.
    #[serde(default)]
    pub examples: Vec<Example>,
    /// Messages in which it must not be found.
    #[serde(default)]
    pub counter_examples: Vec<Example>,
}

fn one() -> u32 {
    1
}

impl Identifier {
    /// Whether the value has one of the shapes (any, if there are none) and is no placeholder. Validators are not asked. The value,
    /// or what it is a part of, looks like this.
    pub fn has_shape(&self, value: &str, look: Look) -> bool {
        (self.values.is_empty() || self.values.iter().any(|shape| shape.fits(value, look)))
            && !self.is_rejected(value)
    }

    /// Kinds of characters of which every value has one; all of them, where nothing can be said.
    fn kinds(&self) -> u16 {
        self.validator.map_or(u16::MAX, Validator::kinds)
    }

    /// Kinds of characters of which a value has one that a name of this kind stands before and that is taken; all of them, where
    /// nothing can be said.
    pub fn kinds_of_named(&self) -> u16 {
        if !self.opted_out.is_empty() {
            return u16::MAX;
        }
        let of_shapes = self.values.iter().map(Shape::kinds);
        let of_shapes = of_shapes.reduce(|all, kinds| all | kinds);
        match of_shapes {
            Some(kinds) if self.validator.is_none() => kinds,
            _ => self.kinds(),
        }
    }

    /// Whether nothing but expressions tells the shape.
    pub(super) fn has_only_patterns(&self) -> bool {
        !self.values.is_empty() && self.values.iter().all(|shape| shape.pattern().is_some())
    }

    /// Whether the value is a placeholder.
    pub fn is_rejected(&self, value: &str) -> bool {
        let mut placeholders = self.reject.iter();
        placeholders.any(|placeholder| placeholder.eq_ignore_ascii_case(value.trim()))
    }

    /// Whether the value says that tracking is limited.
    pub fn is_opted_out(&self, value: &str) -> bool {
        let mut zeros = self.opted_out.iter();
        zeros.any(|zero| zero.eq_ignore_ascii_case(value.trim()))
    }
}

/// How exact coordinates with so many decimals are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Precision {
    /// Digits behind the point.
    pub digits: u8,
    /// Metres, rounded up.
    pub metres: u32,
    /// `region`, `district`, `street`, `building`, `exact`.
    pub class: Arc<str>,
    /// Severity 1..=4.
    pub severity: u8,
    /// In words.
    pub label: Text,
}

/// A validator in words, for `rules explain`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidatorRule {
    /// Which.
    pub id: Validator,
    /// What it checks.
    pub rule: Text,
}

/// A way of wrapping values that SDKs use.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoding {
    /// Kebab-case id.
    pub id: Arc<str>,
    /// How to tell it.
    pub hint: String,
}

/// A way of hashing known values before searching for them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashForm {
    /// Kebab-case id.
    pub id: Arc<str>,
    /// Length in bytes.
    pub bytes: u8,
    /// Kinds of known values that it is applied to.
    pub applied_to: Vec<Arc<str>>,
    /// Key of an HMAC that its vendor has published, in hexadecimal digits.
    pub key: Option<Arc<str>>,
    /// Further remarks.
    pub note: Option<String>,
}

impl HashForm {
    /// The published key.
    pub fn key_bytes(&self) -> Option<Vec<u8>> {
        let (pairs, rest) = self.key.as_deref()?.as_bytes().as_chunks::<2>();
        let byte = |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
        rest.is_empty().then(|| pairs.iter().map(byte).collect())?
    }
}

/// A sign of an address-book upload in traffic that stays encrypted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowHeuristic {
    /// Kebab-case id.
    pub id: Arc<str>,
    /// What it looks at: `endpoint`, `manifest-and-flow`, `volume`, `experiment`.
    pub kind: Arc<str>,
    /// What it says.
    pub text: Text,
    /// Hosts, for `endpoint`.
    #[serde(default)]
    pub hosts: Vec<Arc<str>>,
    /// Seconds between a read of the address book and what it is compared with, for `volume`.
    pub seconds: Option<u32>,
    /// Bytes sent around the contacts (handshake, headers), at most, for `volume`.
    #[serde(default)]
    pub around: u64,
    /// Bytes of one contact on the way, for `volume`.
    #[serde(default)]
    pub sizes: Vec<ContactSize>,
    /// Id of the evidence factor in `legal.toml`.
    pub evidence: Arc<str>,
    /// Further remarks.
    pub note: Option<String>,
}

/// How many bytes of one contact leave the phone.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactSize {
    /// In which form contacts leave the phone.
    pub method: DiscoveryMethod,
    /// At least: the shortest form, compressed.
    pub least: u64,
    /// At most: the longest form in use, as text.
    pub most: u64,
}

impl FlowHeuristic {
    /// The sizes for a form; of a form that is not known, the widest.
    pub fn size(&self, method: DiscoveryMethod) -> Option<ContactSize> {
        let of_method = self.sizes.iter().find(|size| size.method == method);
        let widest = || {
            Some(ContactSize {
                method,
                least: self.sizes.iter().map(|size| size.least).min()?,
                most: self.sizes.iter().map(|size| size.most).max()?,
            })
        };
        of_method.copied().or_else(widest)
    }
}

/// Advice on invented data for a test phone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedAdvice {
    /// In words.
    pub text: Text,
    /// Numbers that nobody has.
    pub phone_ranges: Text,
    /// Kinds of values worth seeding.
    pub fields: Vec<Arc<str>>,
}

/// Why hashing phone numbers does not make them anonymous.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashReversal {
    /// In words.
    pub text: Text,
    /// Where this is known from.
    pub source: String,
    /// Forms of a phone number that are hashed in practice.
    pub normalisations: Vec<Arc<str>>,
}

/// `identifiers.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdentifierFile {
    as_of: Arc<str>,
    /// Words that may stand before and behind a name without changing what it says.
    #[serde(default)]
    qualifiers: Vec<String>,
    #[serde(default, rename = "identifier")]
    identifiers: Vec<Identifier>,
    #[serde(default, rename = "precision")]
    pub(super) precisions: Vec<Precision>,
    #[serde(default, rename = "validator")]
    pub(super) validators: Vec<ValidatorRule>,
    #[serde(default, rename = "encoding")]
    pub(super) encodings: Vec<Encoding>,
    #[serde(default, rename = "hash")]
    pub(super) hashes: Vec<HashForm>,
    #[serde(default, rename = "flow_heuristic")]
    pub(super) flow_heuristics: Vec<FlowHeuristic>,
    #[serde(default)]
    pub(super) hash_reversal: HashReversal,
    #[serde(default)]
    pub(super) seed_advice: SeedAdvice,
}
