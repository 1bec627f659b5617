//! `apps.toml`: app profiles, and the ways to recognise an app. A new app is one `[[app]]` there.

use std::sync::Arc;

use hashbrown::HashMap;
use serde::Deserialize;

use super::text::SuffixMap;
use super::{Part, Problems, Rules, Text, load};
use crate::model::is_company;

const FILE: &str = "apps.toml";

/// Whether messages are encrypted from end to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndToEnd {
    /// Always.
    Default,
    /// Not all chats, or not by default.
    Partial,
    /// The user can switch it on.
    Optional,
    /// No.
    None,
    /// The app has no messages.
    NotApplicable,
}

/// Whether a processing contract (GDPR Art. 28) is to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Art28 {
    /// The vendor offers one for business use.
    Yes,
    /// None is offered.
    No,
    /// Self-hosted: the vendor need not process anything.
    SelfHosted,
    /// Only with another product of the vendor.
    OtherProduct,
    /// Not known.
    Unknown,
}

/// Whether the vendor is on the list of the EU-US Data Privacy Framework. The list changes: always to be looked up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataPrivacyFramework {
    /// Was on the list.
    Certified,
    /// Was not found on the list.
    NotListed,
    /// Not a US vendor.
    NotApplicable,
    /// Not known.
    Verify,
}

/// How an app finds out which contacts use it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiscoveryMethod {
    /// Phone numbers or e-mail addresses go to the vendor readable.
    PlainNumbers,
    /// As hashes.
    Hashed,
    /// Into an attested enclave.
    Enclave,
    /// Readable, to a server of the company's own.
    OwnServer,
    /// By the organisation's directory; the address book is not needed.
    Directory,
    /// Not at all.
    None,
    /// Not known.
    Unknown,
}

impl DiscoveryMethod {
    /// Stable id, as in `apps.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PlainNumbers => "plain-numbers",
            Self::Hashed => "hashed",
            Self::Enclave => "enclave",
            Self::OwnServer => "own-server",
            Self::Directory => "directory",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }
}

/// How an app treats the address book.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactDiscovery {
    /// In which form contacts leave the phone.
    pub method: DiscoveryMethod,
    /// In words.
    pub detail: Option<Text>,
    /// Hosts that serve only or mainly this purpose.
    #[serde(default)]
    pub hosts: Vec<Arc<str>>,
    /// The vendor says that it happens again and again without anybody asking (daily sync).
    #[serde(default)]
    pub is_recurring: bool,
    /// Where this is known from.
    pub source: String,
}

/// What a host of an app does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostRole {
    /// Host name, or a pattern of one (`<company host>/api/v4/*`) that is meant for readers only.
    pub host: String,
    /// In a few words.
    pub role: String,
}

/// The state of an app that is no longer offered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retirement {
    /// In words, with the date.
    pub text: Text,
    /// Where this is known from.
    pub source: String,
}

/// A profile of an app.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Kebab-case id; [`crate::model::AppId`] of its packages.
    pub id: Arc<str>,
    /// Name to show.
    pub name: Arc<str>,
    /// Android package names.
    pub android: Vec<Arc<str>>,
    /// iOS bundle ids.
    pub ios: Vec<Arc<str>>,
    /// Company that offers it; empty where any company may.
    pub vendor: Arc<str>,
    /// The company in the EEA that the vendor names as party to the contract with users there, where the deciding company sits
    /// elsewhere.
    pub eea_company: Option<Arc<str>>,
    /// Seat of the vendor's deciding company, ISO 3166-1 alpha-2.
    pub vendor_country: Option<Arc<str>>,
    /// Ultimate parent.
    pub parent: Option<Arc<str>>,
    /// Where it runs, in words.
    pub hosting: Text,
    /// What of it is open source, in words.
    pub open_source: Text,
    /// Whether a company can run the server itself.
    pub is_self_hostable: bool,
    /// End-to-end encryption.
    pub end_to_end: EndToEnd,
    /// Whether one cannot register without a phone number.
    pub needs_phone_number: bool,
    /// Whether it is made for companies that talk to the public through the vendor's service.
    #[serde(default)]
    pub is_business_channel: bool,
    /// Processing contract.
    pub art28: Art28,
    /// More on it.
    pub art28_note: Option<Text>,
    /// EU-US Data Privacy Framework.
    pub dpf: DataPrivacyFramework,
    /// More on it.
    pub dpf_note: Option<Text>,
    /// Contacts.
    pub contact_discovery: ContactDiscovery,
    /// Permissions that it is documented to ask for, full names.
    #[serde(default)]
    pub permissions: Vec<Arc<str>>,
    /// Where the permissions are known from.
    pub permissions_source: Option<String>,
    /// Host suffixes that only this app uses, or this and few others that name them too: traffic there tells the app.
    pub hosts: Vec<Arc<str>>,
    /// Host suffixes that it uses beside many others (SDK and platform hosts): they tell nothing.
    #[serde(default)]
    pub shared_hosts: Vec<Arc<str>>,
    /// What its hosts do.
    #[serde(default)]
    pub host_roles: Vec<HostRole>,
    /// TCP ports.
    #[serde(default)]
    pub tcp_ports: Vec<u16>,
    /// UDP ports.
    #[serde(default)]
    pub udp_ports: Vec<u16>,
    /// Autonomous systems that announce its addresses (`AS32934`).
    #[serde(default)]
    pub autonomous_systems: Vec<Arc<str>>,
    /// Id of an address set in `signatures.toml`.
    pub address_set: Option<Arc<str>>,
    /// Ids of wire signatures in `signatures.toml` by which it is recognised.
    #[serde(default)]
    pub signatures: Vec<Arc<str>>,
    /// How its User-Agent begins, or a word in it followed by `/`, a space or its end.
    #[serde(default)]
    pub user_agents: Vec<Arc<str>>,
    /// Set if it is no longer offered.
    pub retired: Option<Retirement>,
    /// Further remarks.
    pub notes: Option<Text>,
    /// Where all this is known from.
    pub source: String,
    /// When it was last looked up; by default the date of the file.
    #[serde(default)]
    pub as_of: Arc<str>,
}

/// `apps.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppFile {
    as_of: Arc<str>,
    #[serde(default, rename = "app")]
    apps: Vec<App>,
}

/// Profiles with their indexes; positions point into `entries`.
#[derive(Debug, Default)]
pub(super) struct Apps {
    pub(super) entries: Vec<App>,
    by_id: HashMap<Arc<str>, usize>,
    by_package: HashMap<Arc<str>, usize>,
    /// An empty list is a shared host: it hides shorter suffixes and tells nothing.
    by_host: SuffixMap<Vec<usize>>,
    by_signature: HashMap<Arc<str>, Vec<usize>>,
    by_address_set: HashMap<Arc<str>, Vec<usize>>,
}

impl Part for Apps {
    fn read(rules: &Rules, problems: &mut Problems) -> Self {
        let file: AppFile = load::parse(FILE, rules, problems);
        let mut all = Self::default();
        let mut apps = file.apps;
        for (position, app) in apps.iter_mut().enumerate() {
            if app.as_of.is_empty() {
                app.as_of = file.as_of.clone();
            }
            if all.by_id.insert(app.id.clone(), position).is_some() {
                problems.duplicate(FILE, "app", &app.id);
            }
            for package in app.android.iter().chain(&app.ios) {
                if all
                    .by_package
                    .insert(package.clone(), position)
                    .is_some_and(|earlier| earlier != position)
                {
                    problems.add(
                        FILE,
                        format!("app {}: {package} belongs to two apps", app.id),
                    );
                }
            }
            for host in &app.hosts {
                all.by_host.entry(host).push(position);
            }
            for signature in &app.signatures {
                all.by_signature
                    .entry(signature.clone())
                    .or_default()
                    .push(position);
            }
            if let Some(set) = &app.address_set {
                all.by_address_set
                    .entry(set.clone())
                    .or_default()
                    .push(position);
            }
        }
        for app in &apps {
            for host in &app.shared_hosts {
                all.by_host.entry(host);
            }
        }
        all.entries = apps;
        all
    }
}

impl Apps {
    fn at(&self, positions: Option<&Vec<usize>>) -> Vec<&App> {
        positions
            .into_iter()
            .flatten()
            .filter_map(|position| self.entries.get(*position))
            .collect()
    }
}

impl Rules {
    /// All app profiles, in the order of the file.
    pub fn apps(&self) -> &[App] {
        &self.apps.get(self).entries
    }

    /// The profile of that id.
    pub fn app(&self, id: &str) -> Option<&App> {
        let apps = self.apps_with(id)?;
        apps.entries.get(*apps.by_id.get(id)?)
    }

    /// The profile to which an Android package or iOS bundle id belongs.
    pub fn app_of_package(&self, package: &str) -> Option<&App> {
        let apps = self.apps_with(package)?;
        apps.entries.get(*apps.by_package.get(package)?)
    }

    /// The company in the EEA that profiles name as party to the contract beside a company (`WhatsApp`).
    pub fn eea_company(&self, company: &str) -> Option<&str> {
        let is_it = |app: &&App| is_company(&app.vendor, company);
        let mut of_company = self.apps().iter().filter(is_it);
        of_company.find_map(|app| app.eea_company.as_deref())
    }

    /// The profiles, unless they were not needed yet and have no such name: most packages stand nowhere in the file.
    fn apps_with(&self, name: &str) -> Option<&Apps> {
        let is_there = self.apps.is_read() || load::may_have(FILE, self, name);
        is_there.then(|| self.apps.get(self))
    }

    /// The apps that traffic to `host` (lower case) tells: of the longest suffix that any profile names. Several apps where
    /// they share it (WhatsApp and WhatsApp Business); none where the suffix is a shared one.
    pub fn apps_of_host(&self, host: &str) -> Vec<&App> {
        let apps = self.apps.get(self);
        apps.at(apps.by_host.longest(host))
    }

    /// The apps that a wire signature tells (`whatsapp-noise`); also the names of protocols that only they speak.
    pub fn apps_of_signature(&self, signature: &str) -> Vec<&App> {
        let apps = self.apps.get(self);
        apps.at(apps.by_signature.get(signature))
    }

    /// The apps whose vendor announces `address`. Address ranges carry more than one service: a weak sign.
    pub fn apps_of_address(&self, address: std::net::IpAddr) -> Vec<&App> {
        let apps = self.apps.get(self);
        self.address_set_of(address)
            .map(|set| apps.at(apps.by_address_set.get(&set.id)))
            .unwrap_or_default()
    }

    /// The app that names itself in a User-Agent header. The longest name wins.
    pub fn app_of_user_agent(&self, user_agent: &str) -> Option<&App> {
        self.apps
            .get(self)
            .entries
            .iter()
            .flat_map(|app| app.user_agents.iter().map(move |name| (app, name)))
            .filter(|(_, name)| names_itself(user_agent, name))
            .max_by_key(|(_, name)| name.len())
            .map(|(app, _)| app)
    }
}

/// Whether `name` stands in `user_agent` as a word of its own: at the beginning or behind a space, `(` or `;`, and followed
/// by the end, `/`, a space, `;` or `)`.
fn names_itself(user_agent: &str, name: &str) -> bool {
    user_agent.match_indices(name).any(|(start, found)| {
        let before = user_agent.get(..start).and_then(|head| head.chars().last());
        let after = user_agent
            .get(start..)
            .and_then(|rest| rest.strip_prefix(found))
            .and_then(|rest| rest.chars().next());
        let is_open = name.ends_with(['/', ' ']);
        matches!(before, None | Some(' ' | '(' | ';' | '['))
            && (is_open || matches!(after, None | Some('/' | ' ' | ';' | ')' | ']')))
    })
}

#[cfg(test)]
mod tests {
    use super::{Rules, names_itself};

    #[test]
    fn the_file_is_read_for_apps_that_it_has() {
        let rules = Rules::embedded();
        assert!(rules.app_of_package("com.example.notes").is_none());
        assert!(rules.app("notes-of-no-vendor").is_none());
        assert!(!rules.apps.is_read());
        assert!(rules.app_of_package("com.whatsapp").is_some());
        assert!(rules.app("whatsapp").is_some() && rules.apps.is_read());
    }

    #[test]
    fn a_user_agent_names_an_app_only_as_a_word_of_its_own() {
        assert!(names_itself("WhatsApp/2.24.8.85 A", "WhatsApp"));
        assert!(names_itself(
            "Mozilla/5.0 (X) Instagram 300.0.0 Android",
            "Instagram"
        ));
        assert!(!names_itself("NotWhatsApp/2.24", "WhatsApp"));
        assert!(!names_itself("WhatsAppish/1.0", "WhatsApp"));
    }
}
