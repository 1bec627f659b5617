//! `permissions.toml`: what Android permissions and iOS usage keys open.

use std::sync::Arc;

use serde::Deserialize;

use super::named::{HasName, Named};
use super::{Part, Problems, Rules, Text, load};
use crate::model::{Category, Platform};

/// How a permission is obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PermissionKind {
    /// The system grants it at installation.
    Normal,
    /// The user is asked.
    Runtime,
    /// The user switches it on in the settings.
    Special,
    /// Only for apps signed by the same party.
    Signature,
    /// Only for parts of the system.
    System,
    /// An iOS usage description: the user is asked.
    UsageKey,
    /// An iOS entitlement.
    Entitlement,
    /// Another key of an iOS manifest.
    ManifestKey,
}

/// What a group of permissions opens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermissionCategory {
    /// Kebab-case id (`contacts`, `precise-location` …).
    pub id: Arc<str>,
    /// Its name.
    pub label: Text,
    /// What it opens, in words.
    pub opens: Text,
    /// The category of findings that its data would be, if there is one.
    #[serde(default, deserialize_with = "super::category_option")]
    pub data: Option<Category>,
    /// Data of other people is in it.
    #[serde(default)]
    pub third_party: bool,
    /// It may be data of GDPR Art. 9.
    #[serde(default)]
    pub special_category: bool,
}

/// A permission or manifest key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// Full name (`android.permission.READ_CONTACTS`, `NSContactsUsageDescription`).
    pub name: Arc<str>,
    /// Operating system.
    #[serde(deserialize_with = "super::platform")]
    pub platform: Platform,
    /// Id of its category; `None` if it opens nothing that concerns people.
    pub category: Option<Arc<str>>,
    /// 0 none … 3 high.
    #[serde(default)]
    pub risk: u8,
    /// How it is obtained.
    pub kind: PermissionKind,
    /// Group that the user sees.
    pub group: Option<Arc<str>>,
    /// First API level that has it.
    pub since: Option<u16>,
    /// Last API level that has it, if it is gone.
    pub last: Option<u16>,
    /// Protection level at the newest API level that has it, as Android writes it.
    pub protection: Option<String>,
    /// Base level from an API level on, where it changed.
    #[serde(default)]
    pub protection_history: Vec<(u16, String)>,
    /// Defined by something else than the platform (Play services, a vendor).
    #[serde(default)]
    pub is_foreign: bool,
    /// Further remarks.
    pub note: Option<String>,
    /// When it was last looked up; by default the date of the file.
    #[serde(default)]
    pub as_of: Arc<str>,
}

/// An entry of a privacy label: what vendors say that they collect.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivacyLabel {
    /// Full name (`NSPrivacyCollectedDataTypeContacts`, `PSL_CONTACTS`).
    pub name: Arc<str>,
    /// Operating system of the store.
    #[serde(deserialize_with = "super::platform")]
    pub platform: Platform,
    /// What the name stands for.
    pub kind: PrivacyLabelKind,
    /// Group or question that it belongs to.
    pub group: Option<String>,
    /// In words.
    pub meaning: Option<String>,
    /// The category of findings that its data would be, if there is one.
    #[serde(default, deserialize_with = "super::category_option")]
    pub data: Option<Category>,
    /// Positions as precise as that, in metres, are more than the name stands for.
    pub coarser_than_metres: Option<u32>,
    /// Reason codes that Apple allows, with their meaning.
    #[serde(default)]
    pub reasons: Vec<(String, String)>,
}

/// What a name of a privacy label stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrivacyLabelKind {
    /// A kind of data.
    DataType,
    /// A purpose.
    Purpose,
    /// An interface that needs a reason.
    RequiredReason,
    /// A key of the privacy manifest.
    Key,
}

/// `permissions.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PermissionFile {
    as_of: Arc<str>,
    source: String,
    newest_api_level: u16,
    #[serde(default, rename = "category")]
    categories: Vec<PermissionCategory>,
    #[serde(default, rename = "permission")]
    permissions: Vec<Permission>,
    #[serde(default, rename = "privacy_label")]
    privacy_labels: Vec<PrivacyLabel>,
}

impl HasName for Permission {
    fn name(&self) -> &Arc<str> {
        &self.name
    }
}

/// The embedded permissions: what their file has beside these is read whole.
const LINES: &str = include_str!(concat!(env!("OUT_DIR"), "/permission.lines"));

/// Permissions by name.
#[derive(Debug, Default)]
pub(super) struct Permissions {
    categories: Vec<PermissionCategory>,
    entries: Named<Permission>,
    privacy_labels: Vec<PrivacyLabel>,
    source: String,
    newest_api_level: u16,
}

impl Part for Permissions {
    fn read(rules: &Rules, problems: &mut Problems) -> Self {
        let mut file: PermissionFile = load::parse("permissions.toml", rules, problems);
        problems.unique(
            "permissions.toml",
            "category",
            file.categories.iter().map(|category| &category.id),
        );
        problems.unique(
            "permissions.toml",
            "permission",
            file.permissions.iter().map(|permission| &permission.name),
        );
        for permission in &mut file.permissions {
            if permission.as_of.is_empty() {
                permission.as_of = file.as_of.clone();
            }
            if let Some(category) = &permission.category
                && !file.categories.iter().any(|known| known.id == *category)
            {
                problems.dangling("permissions.toml", &permission.name, "category", category);
            }
        }
        Self {
            categories: file.categories,
            entries: if load::is_embedded(rules) {
                Named::of_lines(LINES)
            } else {
                Named::of_entries(file.permissions)
            },
            privacy_labels: file.privacy_labels,
            source: file.source,
            newest_api_level: file.newest_api_level,
        }
    }
}

impl Rules {
    /// The rule of a permission or manifest key, by its full name.
    pub fn permission(&self, name: &str) -> Option<&Permission> {
        self.permissions.get(self).entries.get(name)
    }

    /// All permissions and manifest keys, in the order of their names.
    pub fn all_permissions(&self) -> impl Iterator<Item = &Permission> {
        self.permissions.get(self).entries.iter()
    }

    /// The permission category of that id.
    pub fn permission_category(&self, id: &str) -> Option<&PermissionCategory> {
        self.permission_categories()
            .iter()
            .find(|category| &*category.id == id)
    }

    /// What opens a thing that the system logs as read: most logs call it as the category is called.
    pub fn permission_category_of(&self, resource: &str) -> Option<&PermissionCategory> {
        self.permission_category(match resource {
            "location" => "precise-location",
            "photos" => "photos-videos",
            "mediaLibrary" => "audio-files",
            "screenRecording" => "screen",
            "notifications" => "notifications-read",
            "wifi-scan" => "nearby-wifi",
            other => other,
        })
    }

    /// All permission categories, in the order of the file.
    pub fn permission_categories(&self) -> &[PermissionCategory] {
        &self.permissions.get(self).categories
    }

    /// Where the facts about permissions come from.
    pub fn permission_source(&self) -> &str {
        &self.permissions.get(self).source
    }

    /// The newest Android API level that the permissions cover.
    pub fn newest_api_level(&self) -> u16 {
        self.permissions.get(self).newest_api_level
    }

    /// All names of privacy labels, in the order of the file.
    pub fn privacy_labels(&self) -> &[PrivacyLabel] {
        &self.permissions.get(self).privacy_labels
    }

    /// A kind of data that a privacy label names (`NSPrivacyCollectedDataTypeContacts`, `PSL_CONTACTS`).
    pub fn labelled_data(&self, name: &str) -> Option<&PrivacyLabel> {
        self.privacy_labels()
            .iter()
            .find(|label| label.kind == PrivacyLabelKind::DataType && &*label.name == name)
    }
}
