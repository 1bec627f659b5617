//! Elements of an Android manifest → declaration: the meaning of both forms, as the platform gives it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::android_component::Inside;
use super::element::{Attribute, Element, Tag, Value};
use crate::model::{Declaration, DeclaredPermission, Platform};

/// Where the elements were read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Compiled: what the platform sees, so its defaults hold.
    Binary,
    /// Text: as a rule a source, to which the build adds SDK levels, or decoded, with the levels kept elsewhere.
    Text,
}

/// Values of resources by id, as far as they were asked for and found.
pub(super) type Resources = BTreeMap<u32, Value>;

/// What the elements say; `None` if there is no `manifest` among them.
pub(super) fn declaration(
    elements: &[Element],
    resources: &Resources,
    form: Form,
) -> Option<Declaration> {
    let start = elements
        .iter()
        .position(|element| element.tag == Tag::Manifest)?;
    let (root, inside) = elements.get(start..)?.split_first()?;
    let builder = Builder { resources };
    let package = builder.text(root, Attribute::Package).unwrap_or_default();
    let mut declaration = Declaration::new(Platform::Android, &package);
    if package.is_empty() {
        declaration
            .oddities
            .insert("the manifest names no package".to_owned());
    }
    declaration.split = builder
        .text(root, Attribute::Split)
        .filter(|split| !split.is_empty());
    declaration.version = builder.text(root, Attribute::VersionName);
    declaration.version_code = builder.version_code(root);

    declaration.shared_user = builder
        .text(root, Attribute::SharedUserId)
        .filter(|user| !user.is_empty());

    let mut sdk = None;
    let mut inside_component = Inside::default();
    let mut is_in_queries = false;
    // As for the platform, only the first application counts.
    let mut application = None;
    let mut is_in_application = false;
    let inside = inside
        .iter()
        .take_while(|element| element.depth > root.depth);
    for element in inside {
        let is_child = element.depth == root.depth.saturating_add(1);
        if is_child {
            is_in_application = element.tag == Tag::Application && application.is_none();
            is_in_queries = element.tag == Tag::Queries;
        }
        if is_in_application && !is_child {
            inside_component.element(&builder, element, root.depth, &mut declaration);
        }
        match element.tag {
            Tag::UsesSdk if is_child => sdk = Some(element),
            Tag::UsesPermission | Tag::UsesPermissionSdk23 if is_child => {
                builder.permission(element, &mut declaration);
            }
            Tag::Application if is_in_application && is_child => {
                application = Some(element);
                builder.application(element, &mut declaration);
                inside_component.permission =
                    builder.permission_name(element, Attribute::Permission, &declaration);
            }
            Tag::Component(_) if is_in_application && !is_child => {
                builder.bound_permissions(element, &mut declaration);
            }
            Tag::DefinesPermission if is_child => builder.defined(element, &mut declaration),
            Tag::UsesFeature if is_child => builder.feature(element, &mut declaration),
            _ if is_in_queries => builder.query(element, &mut declaration),
            _ => {}
        }
    }
    inside_component.finish(&mut declaration);
    builder.sdk_levels(sdk, form, &mut declaration);
    Some(declaration)
}

/// Ids of the resources that the declaration needs.
pub(super) fn references(elements: &[Element]) -> impl Iterator<Item = u32> + '_ {
    elements
        .iter()
        .flat_map(|element| {
            let attributes = element.attributes.iter();
            attributes.map(move |(attribute, value)| (element.tag, *attribute, value))
        })
        .filter_map(|(tag, attribute, value)| match value {
            // Of these the presence is all that matters.
            Value::Reference(_)
                if matches!(
                    attribute,
                    Attribute::FullBackupContent | Attribute::DataExtractionRules
                ) || (attribute == Attribute::Label && tag != Tag::Application)
                    || (attribute == Attribute::Value && tag != Tag::MetaData) =>
            {
                None
            }
            Value::Reference(id) if *id != 0 => Some(*id),
            _ => None,
        })
}

/// Path inside the package of the network security configuration.
pub(super) fn network_security_path(elements: &[Element], resources: &Resources) -> Option<String> {
    let application = elements
        .iter()
        .find(|element| element.tag == Tag::Application)?;
    Builder { resources }.text(application, Attribute::NetworkSecurityConfig)
}

pub(super) struct Builder<'a> {
    resources: &'a Resources,
}

impl Builder<'_> {
    pub(super) fn value<'e>(
        &'e self,
        element: &'e Element,
        attribute: Attribute,
    ) -> Option<&'e Value> {
        match element.value(attribute)? {
            Value::Reference(id) => self.resources.get(id),
            value => Some(value),
        }
    }

    pub(super) fn text(&self, element: &Element, attribute: Attribute) -> Option<String> {
        self.value(element, attribute)?.text()
    }

    pub(super) fn boolean(&self, element: &Element, attribute: Attribute) -> Option<bool> {
        self.value(element, attribute)?.boolean()
    }

    /// `versionCodeMajor` is the upper half of the 64-bit code (API 28).
    fn version_code(&self, root: &Element) -> Option<String> {
        let code = self.value(root, Attribute::VersionCode)?;
        let major = self
            .value(root, Attribute::VersionCodeMajor)
            .and_then(Value::integer)
            .unwrap_or(0);
        match code.integer() {
            Some(code) if major != 0 => {
                Some(((u64::from(major) << 32) | u64::from(code)).to_string())
            }
            _ => code.text(),
        }
    }

    /// Asked for twice, the wider request holds: no bound before a bound, the higher bound before the lower.
    fn permission(&self, element: &Element, declaration: &mut Declaration) {
        let Some(name) = self.permission_name(element, Attribute::Name, declaration) else {
            return;
        };
        let max_sdk = self
            .value(element, Attribute::MaxSdkVersion)
            .and_then(Value::integer);
        // 0x10000 is the one flag that this attribute has (API level 31).
        let is_never_for_location = match self.value(element, Attribute::UsesPermissionFlags) {
            Some(Value::Text(flags)) => flags.contains("neverForLocation"),
            flags => flags
                .and_then(Value::integer)
                .is_some_and(|flags| flags & 0x1_0000 != 0),
        };
        let by_tag = (element.tag == Tag::UsesPermissionSdk23).then_some(23);
        let min_sdk = self
            .value(element, Attribute::MinSdkVersion)
            .and_then(Value::integer)
            .max(by_tag);
        match declaration.permissions.entry(name) {
            Entry::Vacant(slot) => {
                slot.insert(DeclaredPermission {
                    max_sdk,
                    min_sdk,
                    is_never_for_location,
                    ..DeclaredPermission::default()
                });
            }
            Entry::Occupied(mut slot) => {
                let known = slot.get_mut();
                known.max_sdk = known
                    .max_sdk
                    .zip(max_sdk)
                    .map(|(ours, theirs)| ours.max(theirs));
                known.min_sdk = known
                    .min_sdk
                    .zip(min_sdk)
                    .map(|(ours, theirs)| ours.min(theirs));
                known.is_never_for_location &= is_never_for_location;
            }
        }
    }

    pub(super) fn permission_name(
        &self,
        element: &Element,
        attribute: Attribute,
        declaration: &Declaration,
    ) -> Option<String> {
        let name = self.text(element, attribute)?;
        let name = name.trim();
        if name.is_empty() {
            return None;
        }
        // Source manifests leave the package to the build.
        Some(match declaration.package.as_str() {
            "" => name.to_owned(),
            package => name.replace("${applicationId}", package),
        })
    }

    fn application(&self, element: &Element, declaration: &mut Declaration) {
        declaration.label = self.text(element, Attribute::Label);
        declaration.cleartext_allowed = self.boolean(element, Attribute::UsesCleartextTraffic);
        declaration.has_network_security_config =
            element.value(Attribute::NetworkSecurityConfig).is_some();
        declaration.backup_allowed = self.boolean(element, Attribute::AllowBackup);
        declaration.debuggable = self.boolean(element, Attribute::Debuggable);
        declaration.test_only = self.boolean(element, Attribute::TestOnly);
        for (attribute, name) in [
            (Attribute::FullBackupContent, "fullBackupContent"),
            (Attribute::DataExtractionRules, "dataExtractionRules"),
        ] {
            // `true` or `false` in place of a file names no rules.
            if element
                .value(attribute)
                .is_some_and(|value| value.boolean().is_none())
            {
                declaration.backup_rules.insert(name);
            }
        }
        // Without full backups at all, `ApplicationInfo.fullBackupContent` is negative (AOSP).
        if self.boolean(element, Attribute::FullBackupContent) == Some(false) {
            declaration.backup_rules.insert("fullBackupContent=false");
        }
        self.bound_permissions(element, declaration);
    }

    fn defined(&self, element: &Element, declaration: &mut Declaration) {
        let Some(name) = self.permission_name(element, Attribute::Name, declaration) else {
            return;
        };
        let level = match self.value(element, Attribute::ProtectionLevel) {
            Some(Value::Text(level)) => level.to_string(),
            level => protection_level(level.and_then(Value::integer).unwrap_or(0)),
        };
        declaration.defined_permissions.insert(name, level);
    }

    /// A feature that is asked for with and without need is needed.
    fn feature(&self, element: &Element, declaration: &mut Declaration) {
        if let Some(name) = self.text(element, Attribute::Name) {
            let is_required = self.boolean(element, Attribute::Required).unwrap_or(true);
            *declaration.features.entry(name).or_default() |= is_required;
        }
    }

    fn query(&self, element: &Element, declaration: &mut Declaration) {
        let attribute = match element.tag {
            Tag::QueriedPackage | Tag::Action => Attribute::Name,
            Tag::Component(_) => Attribute::Authorities,
            _ => return,
        };
        let name = self.text(element, attribute);
        declaration
            .queries
            .extend(name.filter(|name| !name.is_empty()));
    }

    fn bound_permissions(&self, element: &Element, declaration: &mut Declaration) {
        for attribute in [
            Attribute::Permission,
            Attribute::ReadPermission,
            Attribute::WritePermission,
        ] {
            if let Some(name) = self.permission_name(element, attribute, declaration) {
                declaration.bound_permissions.insert(name);
            }
        }
    }

    /// A level that is missing: minimum 1, target as the minimum. Codenames of previews stay as they are.
    fn sdk_levels(&self, sdk: Option<&Element>, form: Form, declaration: &mut Declaration) {
        let level = |attribute| sdk.and_then(|sdk| self.text(sdk, attribute));
        declaration.min_sdk = level(Attribute::MinSdkVersion);
        declaration.target_sdk = level(Attribute::TargetSdkVersion);
        if form == Form::Binary || sdk.is_some() {
            let min_sdk = declaration.min_sdk.get_or_insert_with(|| "1".to_owned());
            declaration
                .target_sdk
                .get_or_insert_with(|| min_sdk.clone());
        }
    }
}

/// As Android writes it: the base, then flags (`android.R.attr.protectionLevel`).
fn protection_level(level: u32) -> String {
    const FLAGS: [(u32, &str); 9] = [
        (0x10, "privileged"),
        (0x20, "development"),
        (0x40, "appop"),
        (0x80, "pre23"),
        (0x100, "installer"),
        (0x200, "verifier"),
        (0x400, "preinstalled"),
        (0x800, "setup"),
        (0x1000, "instant"),
    ];
    let base = match level & 0xf {
        0 => "normal",
        1 => "dangerous",
        2 | 3 => "signature",
        4 => "internal",
        _ => "unknown",
    };
    let system = (level & 0xf == 3).then_some("privileged");
    let flags = FLAGS.iter().filter(|(flag, _)| level & flag != 0);
    let mut names: Vec<&str> = system
        .into_iter()
        .chain(flags.map(|(_, name)| *name))
        .collect();
    names.dedup();
    std::iter::once(base)
        .chain(names)
        .collect::<Vec<_>>()
        .join("|")
}
