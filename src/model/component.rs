//! Parts of an Android app that the system, and perhaps other apps, can start or ask.

use std::collections::BTreeSet;

/// Kind of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ComponentKind {
    /// A screen.
    Activity,
    /// Another name of a screen.
    ActivityAlias,
    /// Works without a screen.
    Service,
    /// Is told of events.
    Receiver,
    /// Hands out data.
    Provider,
}

impl ComponentKind {
    /// The element's name in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::ActivityAlias => "activity-alias",
            Self::Service => "service",
            Self::Receiver => "receiver",
            Self::Provider => "provider",
        }
    }
}

/// What a component answers to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct IntentFilter {
    /// Actions.
    pub actions: BTreeSet<String>,
    /// Categories.
    pub categories: BTreeSet<String>,
    /// Schemes of the addresses.
    pub schemes: BTreeSet<String>,
    /// Hosts of the addresses, with ports where they are said.
    pub hosts: BTreeSet<String>,
    /// What else of an address, or its type, must fit, as the manifest has it (`pathPrefix=/a`).
    pub narrowing: BTreeSet<String>,
    /// The app asks to be the only one for these hosts (`autoVerify`).
    pub is_verified: bool,
}

impl IntentFilter {
    /// Whether a web page or another app can open it by an address.
    pub fn is_deep_link(&self) -> bool {
        self.actions.contains("android.intent.action.VIEW")
            && self
                .categories
                .contains("android.intent.category.BROWSABLE")
            && !self.schemes.is_empty()
    }
}

/// A component as the manifest has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Its kind.
    pub kind: ComponentKind,
    /// Full name of its class, or of the alias.
    pub name: String,
    /// `exported`, if it is said.
    pub exported: Option<bool>,
    /// `enabled`, if it is said.
    pub enabled: Option<bool>,
    /// Permission that others need; its own, or else the application's.
    pub permission: Option<String>,
    /// Permission to read, where a provider has another than [`Self::permission`].
    pub read_permission: Option<String>,
    /// Permission to write, likewise.
    pub write_permission: Option<String>,
    /// Names of a provider (`authorities`).
    pub authorities: BTreeSet<String>,
    /// Types of a foreground service (`location`, `microphone` …), by their names in manifests.
    pub foreground_types: BTreeSet<String>,
    /// What it answers to.
    pub filters: Vec<IntentFilter>,
}

/// What others can do with a component without a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// All that it offers.
    Whole,
    /// Read a provider.
    Reading,
    /// Write to a provider.
    Writing,
}

impl Component {
    /// A component of which nothing else is known.
    pub fn new(kind: ComponentKind, name: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            exported: None,
            enabled: None,
            permission: None,
            read_permission: None,
            write_permission: None,
            authorities: BTreeSet::new(),
            foreground_types: BTreeSet::new(),
            filters: Vec::new(),
        }
    }

    /// Whether other apps can reach it, for an app with that target API level: where nothing is said, what answers to
    /// intents is open, and providers are open below level 17 (Android, `android:exported`). From level 31 on what answers to
    /// intents must say so; a phone does not install it otherwise.
    pub fn is_exported(&self, target_sdk: u32) -> bool {
        self.exported.unwrap_or(match self.kind {
            ComponentKind::Provider => target_sdk < 17,
            _ => !self.filters.is_empty(),
        })
    }

    /// What others can do with it without a permission, as far as the manifest says; only providers have one for each of reading
    /// and writing. An app may switch on what its manifest has switched off, but until then nobody reaches it.
    pub fn opening(&self) -> Option<Opening> {
        if self.permission.is_some() || self.enabled == Some(false) {
            return None;
        }
        match (&self.read_permission, &self.write_permission) {
            _ if self.kind != ComponentKind::Provider => Some(Opening::Whole),
            (None, None) => Some(Opening::Whole),
            (None, Some(_)) => Some(Opening::Reading),
            (Some(_), None) => Some(Opening::Writing),
            (Some(_), Some(_)) => None,
        }
    }

    /// Whether it starts the app from the home screen, which every app has open.
    pub fn is_launcher(&self) -> bool {
        self.filters.iter().any(|filter| {
            filter.actions.contains("android.intent.action.MAIN")
                && filter
                    .categories
                    .iter()
                    .any(|category| category.ends_with("LAUNCHER"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_depends_on_filters_and_target() {
        let mut receiver = Component::new(ComponentKind::Receiver, "a.B");
        assert!(!receiver.is_exported(30));
        receiver.filters.push(IntentFilter::default());
        assert!(receiver.is_exported(30));
        receiver.exported = Some(false);
        assert!(!receiver.is_exported(30));
        let provider = Component::new(ComponentKind::Provider, "a.C");
        assert!(provider.is_exported(16));
        assert!(!provider.is_exported(17));
    }

    #[test]
    fn a_provider_may_guard_only_reading_or_writing() {
        let mut provider = Component::new(ComponentKind::Provider, "a.C");
        assert_eq!(provider.opening(), Some(Opening::Whole));
        provider.write_permission = Some("a.WRITE".to_owned());
        assert_eq!(provider.opening(), Some(Opening::Reading));
        provider.read_permission = Some("a.READ".to_owned());
        assert_eq!(provider.opening(), None);
        provider.write_permission = None;
        assert_eq!(provider.opening(), Some(Opening::Writing));
        provider.enabled = Some(false);
        assert_eq!(provider.opening(), None);
    }
}
