//! What an app says of itself.

use std::collections::{BTreeMap, BTreeSet};

use super::{Component, DataLabel, NetworkPolicy, Recipient, RecipientKind, is_below};

ids! {
    /// Operating system of an app or device.
    Platform {
        /// Android.
        Android = "Android",
        /// iOS or iPadOS.
        Ios = "iOS",
    }
}

/// A permission that a manifest asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeclaredPermission {
    /// Asked for only up to this API level.
    pub max_sdk: Option<u32>,
    /// Asked for only from this API level on (`uses-permission-sdk-23`).
    pub min_sdk: Option<u32>,
    /// The app says that it does not derive a position from it (`usesPermissionFlags="neverForLocation"`).
    pub is_never_for_location: bool,
    /// The reason given to the user (iOS usage description).
    pub usage_text: Option<String>,
}

/// A certificate that an app package is signed with. Reported, not verified: that the signature fits is the phone's business.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signer {
    /// SHA-256 of the certificate, hexadecimal.
    pub sha256: String,
    /// Subject of the certificate.
    pub subject: String,
    /// Schemes of the signatures that carry it: `v1`, `v2`, `v3`, `v3.1`.
    pub schemes: BTreeSet<&'static str>,
}

/// What tells that an app contains a third party's code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EmbeddedCode {
    /// Id of the signature that fits, or its name where it comes from a list of the user's.
    pub id: String,
    /// The first class or framework that fits.
    pub example: String,
    /// How many do.
    pub count: u64,
}

/// What a manifest says (`AndroidManifest.xml`, `Info.plist`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Operating system.
    pub platform: Platform,
    /// Package name or bundle id; where the manifest names none, the file as reports name it.
    pub package: String,
    /// Name of the split that this is; the base package of the app has none and says most.
    pub split: Option<String>,
    /// Label, if it is written out and not a resource.
    pub label: Option<String>,
    /// `versionName`, `CFBundleShortVersionString`.
    pub version: Option<String>,
    /// `versionCode`, `CFBundleVersion`.
    pub version_code: Option<String>,
    /// Lowest API level or iOS version.
    pub min_sdk: Option<String>,
    /// Target API level (a string, because previews carry a codename).
    pub target_sdk: Option<String>,
    /// Android permissions by full name; iOS usage-description keys.
    pub permissions: BTreeMap<String, DeclaredPermission>,
    /// Permissions that its own components demand: `BIND_ACCESSIBILITY_SERVICE` and the like mark special access.
    pub bound_permissions: BTreeSet<String>,
    /// Clear text allowed: `usesCleartextTraffic`, ATS `NSAllowsArbitraryLoads`; `None` if not said: then Android allows it
    /// to apps with a target below 28, iOS never. Android ignores it where there is a network security configuration.
    pub cleartext_allowed: Option<bool>,
    /// Where clear text is allowed although not everywhere: domains with their ATS exception, or a kind of traffic in words.
    pub cleartext_exceptions: BTreeSet<String>,
    /// What App Transport Security demands of TLS to some hosts, more or less than by default, as reports list it
    /// (`minimum-tls=TLSv1.0`, `pins=2`).
    pub transport_rules: BTreeMap<String, BTreeSet<String>>,
    /// Has a network security configuration, which rules over `usesCleartextTraffic` from API 24 on.
    pub has_network_security_config: bool,
    /// What it does in the background (`UIBackgroundModes`), as written.
    pub background_modes: BTreeSet<String>,
    /// That configuration, where it could be read.
    pub network_policy: Option<NetworkPolicy>,
    /// `allowBackup`.
    pub backup_allowed: Option<bool>,
    /// Rules for what a backup takes along are named: `fullBackupContent`, `dataExtractionRules` (from API level 31 on);
    /// `fullBackupContent=false`, with which the system makes none by itself.
    pub backup_rules: BTreeSet<&'static str>,
    /// `debuggable`; `get-task-allow` of iOS.
    pub debuggable: Option<bool>,
    /// `testOnly`.
    pub test_only: Option<bool>,
    /// `sharedUserId`.
    pub shared_user: Option<String>,
    /// Components.
    pub components: Vec<Component>,
    /// Permissions that it defines itself, with their protection level as Android writes it (`signature|privileged`).
    pub defined_permissions: BTreeMap<String, String>,
    /// Features of the phone that it uses, and whether it insists on them.
    pub features: BTreeMap<String, bool>,
    /// Other apps that it wants to see (`queries`): packages, authorities, actions of intents; `LSApplicationQueriesSchemes`.
    pub queries: BTreeSet<String>,
    /// `meta-data` of the application by name, with the value of what is on or off; other values may be keys and are not kept.
    pub metadata: BTreeMap<String, Option<bool>>,
    /// Schemes that open it (`CFBundleURLTypes`); on Android they stand at the components.
    pub url_schemes: BTreeSet<String>,
    /// Entitlements (iOS) with their values in words.
    pub entitlements: BTreeMap<String, String>,
    /// Certificates that it is signed with.
    pub signers: Vec<Signer>,
    /// Names of the parts that it was put together from: splits, extensions, frameworks.
    pub parts: BTreeSet<String>,
    /// Third parties' code in it, by id.
    pub embedded: Vec<EmbeddedCode>,
    /// What its vendor, and the vendors of embedded code, say that it collects.
    pub labels: Vec<DataLabel>,
    /// What was odd about the file (damaged on purpose, DEX in front of the ZIP …), in plain words.
    pub oddities: BTreeSet<String>,
}

impl Declaration {
    /// What web views load, in [`Self::cleartext_exceptions`].
    pub const WEB_CONTENT: &str = "web content";
    /// What is played, in [`Self::cleartext_exceptions`].
    pub const MEDIA: &str = "media";

    /// An empty declaration.
    pub fn new(platform: Platform, package: &str) -> Self {
        Self {
            platform,
            package: package.to_owned(),
            split: None,
            label: None,
            version: None,
            version_code: None,
            min_sdk: None,
            target_sdk: None,
            permissions: BTreeMap::new(),
            bound_permissions: BTreeSet::new(),
            cleartext_allowed: None,
            cleartext_exceptions: BTreeSet::new(),
            transport_rules: BTreeMap::new(),
            has_network_security_config: false,
            background_modes: BTreeSet::new(),
            network_policy: None,
            backup_allowed: None,
            backup_rules: BTreeSet::new(),
            debuggable: None,
            test_only: None,
            shared_user: None,
            components: Vec::new(),
            defined_permissions: BTreeMap::new(),
            features: BTreeMap::new(),
            queries: BTreeSet::new(),
            metadata: BTreeMap::new(),
            url_schemes: BTreeSet::new(),
            entitlements: BTreeMap::new(),
            signers: Vec::new(),
            parts: BTreeSet::new(),
            embedded: Vec::new(),
            labels: Vec::new(),
            oddities: BTreeSet::new(),
        }
    }

    /// The target API level as a number. 0 if it is not known.
    pub fn target_level(&self) -> u32 {
        api_level(self.target_sdk.as_deref())
    }

    /// Whether some phone that it installs on is asked for the permission: none is where `maxSdkVersion` lies below the lowest
    /// level that the app, or the request itself, is for.
    pub fn asks_for(&self, permission: &DeclaredPermission) -> bool {
        let lowest = api_level(self.min_sdk.as_deref()).max(permission.min_sdk.unwrap_or(0));
        permission.max_sdk.is_none_or(|highest| highest >= lowest)
    }

    /// Components that other apps can reach.
    pub fn exported(&self) -> impl Iterator<Item = &Component> {
        let target = self.target_level();
        self.components.iter().filter(move |component| {
            component.enabled != Some(false) && component.is_exported(target)
        })
    }

    /// Whether clear text is allowed to a host, by everything that is said, and by the platform's default where nothing is;
    /// `None` if the default is not known either.
    pub fn is_cleartext_allowed(&self, host: &str) -> Option<bool> {
        match self.platform {
            Platform::Ios => {
                let is_excepted = self
                    .cleartext_exceptions
                    .iter()
                    .any(|exception| match exception.strip_prefix("*.") {
                        Some(domain) => is_below(host, domain),
                        None => host == exception,
                    });
                Some(is_excepted || self.cleartext_allowed == Some(true))
            }
            Platform::Android => {
                let target = self.target_level();
                let by_default = (target > 0).then_some(target < 28);
                if let Some(policy) = &self.network_policy {
                    return policy.is_cleartext_allowed(host).or(by_default);
                }
                if self.has_network_security_config {
                    return None;
                }
                self.cleartext_allowed.or(by_default)
            }
        }
    }

    /// Whether clear text is allowed to hosts of which nothing special is said.
    pub fn is_cleartext_allowed_everywhere(&self) -> Option<bool> {
        // No host has this name (RFC 6761), so no rule for some hosts fits.
        self.is_cleartext_allowed("invalid")
    }

    /// Where clear text is allowed although not everywhere: domains, and kinds of content in words. What stays on the phone or
    /// the local network is left out.
    pub fn cleartext_in_part(&self) -> Vec<String> {
        if self.is_cleartext_allowed_everywhere() == Some(true) {
            return Vec::new();
        }
        let is_remote = |place: &str| {
            let host = place.trim_start_matches("*.");
            [Self::WEB_CONTENT, Self::MEDIA].contains(&place)
                || Recipient::named(host).kind == RecipientKind::Remote
        };
        let exceptions = self.cleartext_exceptions.iter().cloned();
        let policies = self.network_policy.iter();
        let domains = policies.flat_map(|policy| {
            let all = policy.domains.iter().flat_map(|rules| &rules.domains);
            let allowed =
                all.filter(|(domain, _)| policy.is_cleartext_allowed(domain) == Some(true));
            allowed.map(|(domain, with_subdomains)| {
                let prefix = if *with_subdomains { "*." } else { "" };
                format!("{prefix}{domain}")
            })
        });
        let mut all: Vec<String> = exceptions.chain(domains).collect();
        all.retain(|place| is_remote(place));
        all.sort();
        all.dedup();
        all
    }

    /// Hosts to which TLS below 1.2, which is the least by default, is allowed (`NSExceptionMinimumTLSVersion`).
    pub fn weak_tls_in_part(&self) -> Vec<String> {
        let is_weak =
            |rule: &String| ["minimum-tls=TLSv1.0", "minimum-tls=TLSv1.1"].contains(&rule.as_str());
        let hosts = self.transport_rules.iter();
        hosts
            .filter(|(_, rules)| rules.iter().any(is_weak))
            .map(|(host, _)| host.clone())
            .collect()
    }

    /// Whether backups are allowed: by default they are (Android, `android:allowBackup`), and from target level 23 on the system
    /// makes them by itself. `None` where there is no such default.
    pub fn is_backup_allowed(&self) -> Option<bool> {
        let has_default = self.platform == Platform::Android && self.target_level() >= 23;
        self.backup_allowed.or_else(|| has_default.then_some(true))
    }

    /// Takes in what another part of the same app says: a split, or a file of an unpacked app. The base package of the app
    /// says most; what it says stays.
    pub fn merge(&mut self, mut other: Self) {
        if self.split.is_some() && other.split.is_none() {
            std::mem::swap(self, &mut other);
        }
        for (name, permission) in other.permissions {
            self.permissions.entry(name).or_insert(permission);
        }
        for (name, level) in other.defined_permissions {
            self.defined_permissions.entry(name).or_insert(level);
        }
        for component in other.components {
            let is_known = self
                .components
                .iter()
                .any(|known| known.kind == component.kind && known.name == component.name);
            if !is_known {
                self.components.push(component);
            }
        }
        for label in other.labels {
            if !self.labels.contains(&label) {
                self.labels.push(label);
            }
        }
        for code in other.embedded {
            match self.embedded.iter_mut().find(|known| known.id == code.id) {
                Some(known) => known.count = known.count.saturating_add(code.count),
                None => self.embedded.push(code),
            }
        }
        for signer in other.signers {
            match self
                .signers
                .iter_mut()
                .find(|known| known.sha256 == signer.sha256)
            {
                Some(known) => known.schemes.extend(signer.schemes),
                None => self.signers.push(signer),
            }
        }
        self.entitlements.extend(other.entitlements);
        self.bound_permissions.extend(other.bound_permissions);
        self.background_modes.extend(other.background_modes);
        self.queries.extend(other.queries);
        self.url_schemes.extend(other.url_schemes);
        self.parts.extend(other.split);
        self.parts.extend(other.parts);
        self.oddities.extend(other.oddities);
        for (name, value) in other.metadata {
            self.metadata.entry(name).or_insert(value);
        }
        for (host, rules) in other.transport_rules {
            self.transport_rules.entry(host).or_insert(rules);
        }
        for (feature, is_required) in other.features {
            self.features.entry(feature).or_insert(is_required);
        }
    }
}

/// An API level as a number; codenames of previews count as the level that they became. 0 if it is not known.
fn api_level(text: Option<&str>) -> u32 {
    let text = text.unwrap_or_default();
    text.parse().unwrap_or_else(|_| {
        let mut known = CODENAMES.iter();
        known
            .find(|(name, _)| *name == text)
            .map_or(0, |(_, level)| *level)
    })
}

/// Codenames that stand in manifests built with a preview, with the level that the release got.
const CODENAMES: &[(&str, u32)] = &[
    ("IceCreamSandwich", 14),
    ("L", 21),
    ("M", 23),
    ("N", 24),
    ("O", 26),
    ("P", 28),
    ("Q", 29),
    ("R", 30),
    ("S", 31),
    ("Sv2", 32),
    ("Tiramisu", 33),
    ("UpsideDownCake", 34),
    ("VanillaIceCream", 35),
    ("Baklava", 36),
];

#[cfg(test)]
mod tests {
    use super::super::{DomainRules, NetworkRules};
    use super::*;

    #[test]
    fn the_default_for_clear_text_depends_on_the_target() {
        let mut declaration = Declaration::new(Platform::Android, "com.example.notes");
        assert_eq!(declaration.is_cleartext_allowed_everywhere(), None);
        declaration.target_sdk = Some("27".to_owned());
        assert_eq!(declaration.is_cleartext_allowed_everywhere(), Some(true));
        declaration.target_sdk = Some("VanillaIceCream".to_owned());
        assert_eq!(declaration.is_cleartext_allowed_everywhere(), Some(false));
        declaration.cleartext_allowed = Some(true);
        assert_eq!(declaration.is_cleartext_allowed_everywhere(), Some(true));
        declaration.has_network_security_config = true;
        declaration.network_policy = Some(NetworkPolicy::default());
        assert_eq!(declaration.is_cleartext_allowed_everywhere(), Some(false));
    }

    #[test]
    fn a_permission_for_older_phones_than_the_app_is_for_is_never_asked_for() {
        let mut app = Declaration::new(Platform::Android, "com.example.notes");
        let until = |max_sdk| DeclaredPermission {
            max_sdk,
            ..DeclaredPermission::default()
        };
        assert!(app.asks_for(&until(Some(18))));
        app.min_sdk = Some("28".to_owned());
        let asked = [None, Some(28), Some(27)].map(|max| app.asks_for(&until(max)));
        assert_eq!(asked, [true, true, false]);
        app.min_sdk = Some("Tiramisu".to_owned());
        assert!(!app.asks_for(&until(Some(32))));
        app.min_sdk = None;
        let never = DeclaredPermission {
            min_sdk: Some(31),
            ..until(Some(30))
        };
        assert!(!app.asks_for(&never));
    }

    #[test]
    fn clear_text_in_part_names_hosts_of_the_internet_and_contents() {
        let mut app = Declaration::new(Platform::Ios, "com.example.notes");
        for exception in ["*.old.example", "localhost", "local network", "web content"] {
            app.cleartext_exceptions.insert(exception.to_owned());
        }
        assert_eq!(app.cleartext_in_part(), ["*.old.example", "web content"]);
        app.cleartext_allowed = Some(true);
        assert_eq!(app.cleartext_in_part(), Vec::<String>::new());
        let rules = |domain: &str, cleartext| DomainRules {
            domains: vec![(domain.to_owned(), false)],
            rules: NetworkRules {
                cleartext,
                ..NetworkRules::default()
            },
            around: None,
        };
        let mut app = Declaration::new(Platform::Android, "com.example.notes");
        app.target_sdk = Some("34".to_owned());
        app.network_policy = Some(NetworkPolicy {
            domains: vec![
                rules("old.example", Some(true)),
                rules("10.0.2.2", Some(true)),
                rules("new.example", Some(false)),
                rules("pinned.example", None),
            ],
            ..NetworkPolicy::default()
        });
        assert_eq!(app.cleartext_in_part(), ["old.example"]);
    }

    #[test]
    fn parts_of_an_app_meet_in_its_base() {
        let mut part = Declaration::new(Platform::Android, "com.example.notes");
        part.split = Some("config.de".to_owned());
        part.queries.insert("com.example.other".to_owned());
        let mut base = Declaration::new(Platform::Android, "com.example.notes");
        base.version = Some("1".to_owned());
        part.merge(base);
        assert_eq!(part.split, None);
        assert_eq!(part.version.as_deref(), Some("1"));
        assert!(part.parts.contains("config.de"));
        assert!(part.queries.contains("com.example.other"));
    }
}
