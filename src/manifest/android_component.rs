//! What stands inside `application`: components with their filters, and meta-data.

use super::android_manifest::Builder;
use super::element::{Attribute, Element, Tag, Value};
use crate::model::{Component, ComponentKind, Declaration, IntentFilter};

/// The component whose elements are being read, and how deep.
#[derive(Debug, Default)]
pub(super) struct Inside {
    open: Option<(usize, Component)>,
    /// What `application` demands of others for all components that demand nothing themselves.
    pub(super) permission: Option<String>,
    filter_depth: Option<usize>,
}

impl Inside {
    /// Takes the next element inside `application`, which stands at `root_depth` + 1.
    pub(super) fn element(
        &mut self,
        builder: &Builder<'_>,
        element: &Element,
        root_depth: usize,
        declaration: &mut Declaration,
    ) {
        let is_child = element.depth == root_depth.saturating_add(2);
        if is_child {
            self.finish(declaration);
        }
        match element.tag {
            Tag::Component(kind) if is_child => {
                let component = component(
                    builder,
                    kind,
                    element,
                    declaration,
                    self.permission.as_ref(),
                );
                self.open = component.map(|component| (element.depth, component));
                self.filter_depth = None;
            }
            Tag::MetaData if is_child => {
                if let Some(name) = builder.text(element, Attribute::Name) {
                    let value = builder.value(element, Attribute::Value);
                    declaration.metadata.insert(name, value.and_then(switch));
                }
            }
            _ => self.inside(builder, element),
        }
    }

    /// The last component is whole.
    pub(super) fn finish(&mut self, declaration: &mut Declaration) {
        if let Some((_, component)) = self.open.take() {
            declaration.components.push(component);
        }
    }

    fn inside(&mut self, builder: &Builder<'_>, element: &Element) {
        let Some((depth, component)) = &mut self.open else {
            return;
        };
        if element.tag == Tag::IntentFilter && element.depth == depth.saturating_add(1) {
            self.filter_depth = Some(element.depth);
            component.filters.push(IntentFilter {
                is_verified: builder.boolean(element, Attribute::AutoVerify) == Some(true),
                ..IntentFilter::default()
            });
            return;
        }
        let is_in_filter = self
            .filter_depth
            .is_some_and(|depth| element.depth == depth.saturating_add(1));
        let Some(filter) = component.filters.last_mut().filter(|_| is_in_filter) else {
            // Meta-data of a component: what follows is no longer inside a filter.
            self.filter_depth = self.filter_depth.filter(|depth| element.depth > *depth);
            return;
        };
        match element.tag {
            Tag::Action => filter
                .actions
                .extend(builder.text(element, Attribute::Name)),
            Tag::Category => {
                filter
                    .categories
                    .extend(builder.text(element, Attribute::Name));
            }
            Tag::Data => {
                filter
                    .schemes
                    .extend(builder.text(element, Attribute::Scheme));
                filter.hosts.extend(host(builder, element));
                let narrowing = NARROWING.iter().filter_map(|(attribute, name)| {
                    Some(format!("{name}={}", builder.text(element, *attribute)?))
                });
                filter.narrowing.extend(narrowing);
            }
            _ => {}
        }
    }
}

/// What must fit besides scheme and host (Android, `data`).
const NARROWING: [(Attribute, &str); 6] = [
    (Attribute::Path, "path"),
    (Attribute::PathPrefix, "pathPrefix"),
    (Attribute::PathPattern, "pathPattern"),
    (Attribute::PathAdvancedPattern, "pathAdvancedPattern"),
    (Attribute::PathSuffix, "pathSuffix"),
    (Attribute::MimeType, "mimeType"),
];

/// The host of an address, with its port; a port without a host beside it means nothing (Android, `data`).
fn host(builder: &Builder<'_>, element: &Element) -> Option<String> {
    let host = builder.text(element, Attribute::Host)?;
    Some(match builder.text(element, Attribute::Port) {
        Some(port) => format!("{host}:{port}"),
        None => host,
    })
}

/// A setting that is on or off. Other values are not kept: they may be keys.
fn switch(value: &Value) -> Option<bool> {
    match value {
        Value::Boolean(value) => Some(*value),
        Value::Text(text) => text.trim().to_ascii_lowercase().parse().ok(),
        Value::Integer(_) | Value::Float(_) | Value::Reference(_) => None,
    }
}

fn component(
    builder: &Builder<'_>,
    kind: ComponentKind,
    element: &Element,
    declaration: &Declaration,
    of_application: Option<&String>,
) -> Option<Component> {
    let name = builder.text(element, Attribute::Name)?;
    let mut component = Component::new(kind, &class_name(&name, &declaration.package));
    let permission = |attribute| builder.permission_name(element, attribute, declaration);
    component.exported = builder.boolean(element, Attribute::Exported);
    component.enabled = builder.boolean(element, Attribute::Enabled);
    // An empty permission of its own takes back that of the application (AOSP `ParsedMainComponentUtils`); an alias has its own
    // only, neither that of the application nor that of its target (AOSP `ParsedActivityUtils.parseActivityOrAlias`).
    let is_own =
        kind == ComponentKind::ActivityAlias || element.value(Attribute::Permission).is_some();
    component.permission = if is_own {
        permission(Attribute::Permission)
    } else {
        of_application.cloned()
    };
    component.read_permission = permission(Attribute::ReadPermission);
    component.write_permission = permission(Attribute::WritePermission);
    if let Some(authorities) = builder.text(element, Attribute::Authorities) {
        let authorities = authorities.split(';').filter(|name| !name.is_empty());
        component.authorities.extend(authorities.map(str::to_owned));
    }
    match builder.value(element, Attribute::ForegroundServiceType) {
        Some(Value::Text(types)) => {
            let types = types.split('|').map(str::trim);
            component.foreground_types.extend(types.map(str::to_owned));
        }
        Some(types) => {
            let bits = types.integer().unwrap_or(0);
            let types = FOREGROUND_TYPES.iter().filter(|(bit, _)| bits & bit != 0);
            component
                .foreground_types
                .extend(types.map(|(_, name)| (*name).to_owned()));
        }
        None => {}
    }
    Some(component)
}

/// `.Name` and `Name` stand in the package (Android, `android:name`).
fn class_name(name: &str, package: &str) -> String {
    let name = name.trim();
    if package.is_empty() {
        name.to_owned()
    } else if name.starts_with('.') {
        format!("{package}{name}")
    } else if name.contains('.') {
        name.to_owned()
    } else {
        format!("{package}.{name}")
    }
}

/// `android.content.pm.ServiceInfo.FOREGROUND_SERVICE_TYPE_*`.
const FOREGROUND_TYPES: &[(u32, &str)] = &[
    (1, "dataSync"),
    (1 << 1, "mediaPlayback"),
    (1 << 2, "phoneCall"),
    (1 << 3, "location"),
    (1 << 4, "connectedDevice"),
    (1 << 5, "mediaProjection"),
    (1 << 6, "camera"),
    (1 << 7, "microphone"),
    (1 << 8, "health"),
    (1 << 9, "remoteMessaging"),
    (1 << 10, "systemExempted"),
    (1 << 11, "shortService"),
    (1 << 12, "fileManagement"),
    (1 << 13, "mediaProcessing"),
    (1 << 30, "specialUse"),
];

#[cfg(test)]
mod tests {
    use super::super::text_xml;
    use crate::model::Declaration;

    /// A text manifest with that inside its application, which has these attributes.
    fn read(attributes: &str, body: &str) -> Declaration {
        let text = format!(
            "<manifest xmlns:android=\"http://schemas.android.com/apk/res/android\" package=\"org.example.x\">\
             <application {attributes}>{body}</application></manifest>"
        );
        text_xml(text.as_bytes()).value.unwrap()
    }

    #[test]
    fn backups_are_allowed_unless_they_are_forbidden() {
        let allowed = |attributes: &str| {
            let mut declaration = read(attributes, "");
            assert_eq!(declaration.is_backup_allowed(), declaration.backup_allowed);
            declaration.target_sdk = Some("34".to_owned());
            let rules: Vec<&str> = declaration.backup_rules.iter().copied().collect();
            (declaration.is_backup_allowed(), rules.join(" "))
        };
        assert_eq!(allowed(""), (Some(true), String::new()));
        assert_eq!(
            allowed("android:allowBackup=\"false\""),
            (Some(false), String::new())
        );
        assert_eq!(
            allowed("android:fullBackupContent=\"false\""),
            (Some(true), "fullBackupContent=false".to_owned())
        );
        assert_eq!(
            allowed("android:fullBackupContent=\"true\""),
            (Some(true), String::new())
        );
    }

    #[test]
    fn components_without_a_permission_have_that_of_the_application_but_for_aliases() {
        let declaration = read(
            "android:permission=\"org.example.x.GUARD\"",
            "<activity android:name=\".A\" android:exported=\"true\"/>\
             <service android:name=\".S\" android:exported=\"true\" android:permission=\"org.example.x.OWN\"/>\
             <receiver android:name=\".R\" android:exported=\"true\" android:permission=\"\"/>\
             <activity-alias android:name=\".B\" android:exported=\"true\" android:targetActivity=\".A\"/>\
             <provider android:name=\".P\" android:exported=\"true\"/>",
        );
        let permissions: Vec<_> = declaration
            .components
            .iter()
            .map(|component| {
                (
                    component.permission.as_deref(),
                    component.opening().is_some(),
                )
            })
            .collect();
        assert_eq!(
            permissions,
            [
                (Some("org.example.x.GUARD"), false),
                (Some("org.example.x.OWN"), false),
                (None, true),
                (None, true),
                (Some("org.example.x.GUARD"), false),
            ]
        );
    }

    #[test]
    fn links_are_read_with_ports_paths_and_types() {
        let declaration = read(
            "",
            "<activity android:name=\".A\"><intent-filter android:autoVerify=\"true\">\
             <action android:name=\"android.intent.action.VIEW\"/>\
             <category android:name=\"android.intent.category.BROWSABLE\"/>\
             <data android:scheme=\"https\" android:host=\"x.example\" android:port=\"8443\" android:pathPrefix=\"/in\"/>\
             <data android:pathPattern=\"/a/.*\" android:mimeType=\"text/*\" android:port=\"1\"/></intent-filter></activity>",
        );
        let filter = &declaration.components[0].filters[0];
        assert!(filter.is_verified && filter.is_deep_link());
        let texts =
            |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>();
        assert_eq!(texts(&filter.hosts), ["x.example:8443"]);
        assert_eq!(
            texts(&filter.narrowing),
            ["mimeType=text/*", "pathPattern=/a/.*", "pathPrefix=/in"]
        );
    }

    #[test]
    fn of_meta_data_only_switches_keep_their_value() {
        let declaration = read(
            "",
            "<meta-data android:name=\"on\" android:value=\"true\"/>\
             <meta-data android:name=\"off\" android:value=\"False\"/>\
             <meta-data android:name=\"key\" android:value=\"AIza-example\"/>\
             <meta-data android:name=\"number\" android:value=\"1\"/>\
             <meta-data android:name=\"resource\" android:value=\"@bool/x\"/>\
             <activity android:name=\".A\"><meta-data android:name=\"of-component\" android:value=\"true\"/></activity>",
        );
        let read: Vec<(&str, Option<bool>)> = declaration
            .metadata
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .collect();
        assert_eq!(
            read,
            [
                ("key", None),
                ("number", None),
                ("off", Some(false)),
                ("on", Some(true)),
                ("resource", None),
            ]
        );
    }
}
