//! Elements of an Android manifest → declaration: the meaning of both forms, as the platform gives it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

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

    let mut sdk = None;
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
        }
        match element.tag {
            Tag::UsesSdk if is_child => sdk = Some(element),
            Tag::UsesPermission if is_child => builder.permission(element, &mut declaration),
            Tag::Application if is_in_application && is_child => {
                application = Some(element);
                builder.application(element, &mut declaration);
            }
            Tag::Component if is_in_application && !is_child => {
                builder.bound_permissions(element, &mut declaration);
            }
            _ => {}
        }
    }
    builder.sdk_levels(sdk, form, &mut declaration);
    Some(declaration)
}

/// Ids of the resources that the declaration needs.
pub(super) fn references(elements: &[Element]) -> impl Iterator<Item = u32> + '_ {
    elements
        .iter()
        .flat_map(|element| &element.attributes)
        .filter_map(|(attribute, value)| match value {
            // Its presence is all that matters; the value is a file.
            Value::Reference(_) if *attribute == Attribute::NetworkSecurityConfig => None,
            Value::Reference(id) if *id != 0 => Some(*id),
            _ => None,
        })
}

struct Builder<'a> {
    resources: &'a Resources,
}

impl Builder<'_> {
    fn value<'e>(&'e self, element: &'e Element, attribute: Attribute) -> Option<&'e Value> {
        match element.value(attribute)? {
            Value::Reference(id) => self.resources.get(id),
            value => Some(value),
        }
    }

    fn text(&self, element: &Element, attribute: Attribute) -> Option<String> {
        self.value(element, attribute)?.text()
    }

    fn boolean(&self, element: &Element, attribute: Attribute) -> Option<bool> {
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
        match declaration.permissions.entry(name) {
            Entry::Vacant(slot) => {
                slot.insert(DeclaredPermission {
                    max_sdk,
                    ..DeclaredPermission::default()
                });
            }
            Entry::Occupied(mut slot) => {
                let known = &mut slot.get_mut().max_sdk;
                *known = known.zip(max_sdk).map(|(ours, theirs)| ours.max(theirs));
            }
        }
    }

    fn permission_name(
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
        self.bound_permissions(element, declaration);
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
