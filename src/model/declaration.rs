//! What an app says of itself.

use std::collections::{BTreeMap, BTreeSet};

/// Operating system of an app or device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// Android.
    Android,
    /// iOS or iPadOS.
    Ios,
}

/// A permission that a manifest asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeclaredPermission {
    /// Asked for only up to this API level.
    pub max_sdk: Option<u32>,
    /// The reason given to the user (iOS usage description).
    pub usage_text: Option<String>,
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
    /// Has a network security configuration, which rules over `usesCleartextTraffic` from API 24 on.
    pub has_network_security_config: bool,
    /// What it does in the background (`UIBackgroundModes`), as written.
    pub background_modes: BTreeSet<String>,
    /// `allowBackup`.
    pub backup_allowed: Option<bool>,
    /// `debuggable`.
    pub debuggable: Option<bool>,
    /// What was odd about the file (damaged on purpose, DEX in front of the ZIP …), in plain words.
    pub oddities: BTreeSet<String>,
}

impl Declaration {
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
            has_network_security_config: false,
            background_modes: BTreeSet::new(),
            backup_allowed: None,
            debuggable: None,
            oddities: BTreeSet::new(),
        }
    }
}
