//! `endpoints.toml`: who is behind a host. A new company is one `[[endpoint]]` there.

use std::sync::Arc;

use serde::Deserialize;

use super::text::SuffixMap;
use super::{Part, Problems, Rules, load};

/// What a service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Advertising.
    Ads,
    /// Usage statistics.
    Analytics,
    /// Which advertisement led to an installation.
    Attribution,
    /// Files for many.
    Cdn,
    /// Storage, databases, back ends for many.
    Cloud,
    /// Working together.
    Collab,
    /// Settings fetched from afar.
    Config,
    /// Consent dialogues.
    Consent,
    /// Address book synchronisation.
    Contacts,
    /// Crash and error reports.
    Crash,
    /// Sign-in and installation identities.
    Identity,
    /// Positioning.
    Location,
    /// Maps.
    Maps,
    /// Pictures, sound, video.
    Media,
    /// Messages.
    Messenger,
    /// The operating system.
    Os,
    /// Payments.
    Payments,
    /// Push messages.
    Push,
    /// Social networks.
    Social,
    /// Customer support.
    Support,
}

impl Role {
    /// Stable id, as in `endpoints.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ads => "ads",
            Self::Analytics => "analytics",
            Self::Attribution => "attribution",
            Self::Cdn => "cdn",
            Self::Cloud => "cloud",
            Self::Collab => "collab",
            Self::Config => "config",
            Self::Consent => "consent",
            Self::Contacts => "contacts",
            Self::Crash => "crash",
            Self::Identity => "identity",
            Self::Location => "location",
            Self::Maps => "maps",
            Self::Media => "media",
            Self::Messenger => "messenger",
            Self::Os => "os",
            Self::Payments => "payments",
            Self::Push => "push",
            Self::Social => "social",
            Self::Support => "support",
        }
    }

    /// Whether such a service usually has purposes of its own with what it gets about people: advertising, attribution.
    pub fn is_advertising(self) -> bool {
        matches!(self, Self::Ads | Self::Attribution)
    }

    /// Whether it is built into apps by their makers to learn about users or the app, rather than asked for by users.
    pub fn is_tracking(self) -> bool {
        matches!(
            self,
            Self::Ads | Self::Attribution | Self::Analytics | Self::Crash
        )
    }
}

/// Who is behind a host suffix.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The host itself and every name below it.
    pub suffix: Arc<str>,
    /// Operating company.
    pub company: Arc<str>,
    /// Ultimate parent, where it is another company.
    pub parent: Option<Arc<str>>,
    /// Seat of the company, ISO 3166-1 alpha-2; `None` where it is not known.
    pub country: Option<Arc<str>>,
    /// Seat of the parent, where it differs.
    pub parent_country: Option<Arc<str>>,
    /// What it does.
    pub role: Role,
    /// Its name.
    pub service: Arc<str>,
    /// Phones contact it of their own accord, whatever apps are on them: push, captive portal, time, updates, store.
    #[serde(default)]
    pub is_system: bool,
    /// Further remarks.
    pub note: Option<String>,
    /// Where this is known from: ids of `[[source]]` entries of the file.
    pub sources: Vec<Arc<str>>,
    /// When it was last looked up; by default the date of the file.
    #[serde(default)]
    pub as_of: Arc<str>,
}

/// Where facts about endpoints come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointSource {
    /// Id that endpoints name.
    pub id: Arc<str>,
    /// What it is, its state and licence.
    pub what: String,
}

/// `endpoints.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointFile {
    as_of: Arc<str>,
    #[serde(default, rename = "source")]
    sources: Vec<EndpointSource>,
    #[serde(default, rename = "endpoint")]
    endpoints: Vec<Endpoint>,
}

/// Endpoints with their index; positions point into `entries`.
#[derive(Debug, Default)]
pub(super) struct Endpoints {
    entries: Vec<Endpoint>,
    sources: Vec<EndpointSource>,
    by_suffix: SuffixMap<Option<usize>>,
}

impl Part for Endpoints {
    /// Every host of an app profile must have an endpoint: a report names the company behind each recipient.
    fn read(rules: &Rules, problems: &mut Problems) -> Self {
        let file: EndpointFile = load::parse("endpoints.toml", rules, problems);
        let mut all = Self {
            sources: file.sources,
            ..Self::default()
        };
        for mut endpoint in file.endpoints {
            if endpoint.as_of.is_empty() {
                endpoint.as_of = file.as_of.clone();
            }
            for source in &endpoint.sources {
                if !all.sources.iter().any(|known| known.id == *source) {
                    problems.dangling("endpoints.toml", &endpoint.suffix, "source", source);
                }
            }
            let slot = all.by_suffix.entry(&endpoint.suffix);
            if slot.is_some() {
                problems.duplicate("endpoints.toml", "endpoint", &endpoint.suffix);
            }
            *slot = Some(all.entries.len());
            all.entries.push(endpoint);
        }
        for app in rules.apps() {
            for host in app.hosts.iter().chain(&app.shared_hosts) {
                if all.by_suffix.longest(host).is_none() {
                    problems.dangling("apps.toml", &app.id, "endpoint", host);
                }
            }
        }
        all
    }
}

impl Rules {
    /// All endpoints, in the order of the file.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints.get(self).entries
    }

    /// Whether a company of that name is behind a host.
    pub fn is_company(&self, name: &str) -> bool {
        let endpoints = self.endpoints().iter();
        endpoints
            .map(|endpoint| &endpoint.company)
            .any(|company| **company == *name)
    }

    /// Where the endpoints' facts come from.
    pub fn endpoint_sources(&self) -> &[EndpointSource] {
        &self.endpoints.get(self).sources
    }

    /// Who is behind `host` (lower case): the longest suffix wins, on label boundaries.
    pub fn endpoint(&self, host: &str) -> Option<&Endpoint> {
        let endpoints = self.endpoints.get(self);
        let position = endpoints.by_suffix.longest(host).copied().flatten()?;
        endpoints.entries.get(position)
    }

    /// Whether phones contact `host` (lower case) of their own accord.
    pub fn is_system_host(&self, host: &str) -> bool {
        self.endpoint(host)
            .is_some_and(|endpoint| endpoint.is_system)
    }
}
