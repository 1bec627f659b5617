//! What vendors say that an app collects: Apple's privacy manifests, Google Play's data safety form.

use std::collections::{BTreeMap, BTreeSet};

use super::is_below;

/// The form in which a vendor says what is collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LabelForm {
    /// Apple's `PrivacyInfo.xcprivacy`.
    PrivacyManifest,
    /// The data safety form of Google Play, as exported by its console.
    DataSafety,
}

impl LabelForm {
    /// Stable id.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PrivacyManifest => "privacy-manifest",
            Self::DataSafety => "data-safety",
        }
    }
}

/// A kind of data that is said to be collected. Which category of findings it is says `rules/permissions.toml`
/// (`Rules::labelled_data`); `None` everywhere means that nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CollectedData {
    /// Leaves the phone for the vendor. A kind may also be only shared.
    pub is_collected: bool,
    /// Passed on to others. Apple has no such question.
    pub is_shared: Option<bool>,
    /// Put together with the user's identity. Google has no such question.
    pub is_linked: Option<bool>,
    /// Used to follow people across apps and companies. Google has no such question.
    pub is_tracking: Option<bool>,
    /// The user may refuse. Apple has no such question.
    pub is_optional: Option<bool>,
    /// Only held in memory while a request is served. Apple has no such question.
    pub is_ephemeral: Option<bool>,
    /// Names of the purposes (`NSPrivacyCollectedDataTypePurposeAnalytics`, `PSL_ANALYTICS`), as written.
    pub purposes: BTreeSet<String>,
}

/// One statement: of the app, or of a part that it embeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataLabel {
    /// Its form.
    pub form: LabelForm,
    /// Where it lay: inside a package the path there (`Frameworks/Adjust.framework/PrivacyInfo.xcprivacy`), else as reports
    /// name the file.
    pub source: String,
    /// The embedded part that says it (`Adjust.framework`); `None` if it is the app's own.
    pub part: Option<String>,
    /// Anything at all is collected or shared; `None` if the form does not ask or is not answered.
    pub is_collecting: Option<bool>,
    /// People are followed across apps and companies (`NSPrivacyTracking`).
    pub is_tracking: Option<bool>,
    /// Hosts that serve that (`NSPrivacyTrackingDomains`), as written.
    pub tracking_domains: BTreeSet<String>,
    /// All data is encrypted on its way (`PSL_DATA_COLLECTION_ENCRYPTED_IN_TRANSIT`).
    pub is_encrypted: Option<bool>,
    /// What is collected, by name of the kind of data (`NSPrivacyCollectedDataTypeContacts`, `PSL_CONTACTS`).
    pub collected: BTreeMap<String, CollectedData>,
    /// Interfaces that need a reason (`NSPrivacyAccessedAPICategoryDiskSpace`), with the codes of the reasons.
    pub required_reasons: BTreeMap<String, BTreeSet<String>>,
}

impl DataLabel {
    /// An empty statement.
    pub fn new(form: LabelForm, source: &str) -> Self {
        Self {
            form,
            source: source.to_owned(),
            part: None,
            is_collecting: None,
            is_tracking: None,
            tracking_domains: BTreeSet::new(),
            is_encrypted: None,
            collected: BTreeMap::new(),
            required_reasons: BTreeMap::new(),
        }
    }

    /// Whether it says anything of data that goes to a host for following people: names the host or a domain above it, or,
    /// where the form asks for no names, that data are passed on at all.
    pub fn admits(&self, host: &str) -> bool {
        match self.form {
            LabelForm::PrivacyManifest => {
                let mut domains = self.tracking_domains.iter();
                domains.any(|domain| is_at(host, domain))
            }
            LabelForm::DataSafety => {
                let mut kinds = self.collected.values();
                kinds.any(|data| data.is_shared == Some(true))
            }
        }
    }
}

/// Whether a host is of a tracking domain, or below it. Some vendors write addresses (`https://track.example/`) in place of names.
pub fn is_at(host: &str, tracking_domain: &str) -> bool {
    let (_, name) = tracking_domain
        .split_once("://")
        .unwrap_or(("", tracking_domain));
    let name = name.split(['/', ':']).next().unwrap_or(name);
    is_below(host, name.strip_prefix("*.").unwrap_or(name))
}
