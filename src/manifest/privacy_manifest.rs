//! Apple's privacy manifest (`PrivacyInfo.xcprivacy`) → data label.
//!
//! Layout: Apple, "Privacy manifest files". Values that Apple does not define occur in the wild; they stay as written.

use super::Read;
use super::property_list::{Property, property_list};
use crate::model::{DataLabel, LabelForm};

/// `PrivacyInfo.xcprivacy` of an app, framework or bundle. `None` without any of its keys.
pub fn privacy_manifest(bytes: &[u8], source: &str) -> Read<Option<DataLabel>> {
    let mut damage = Vec::new();
    let root = property_list(bytes, &mut damage);
    let value = root.and_then(|root| label(&root, source));
    if value.is_none() {
        damage.push("a property list without the keys of a privacy manifest".to_owned());
    }
    Read { value, damage }
}

fn label(root: &Property, source: &str) -> Option<DataLabel> {
    let is_manifest = root
        .pairs()
        .iter()
        .any(|(key, _)| key.starts_with("NSPrivacy"));
    // An empty dictionary is what a part ships that has nothing to say.
    let is_empty = matches!(root, Property::Dictionary(pairs) if pairs.is_empty());
    if !is_manifest && !is_empty {
        return None;
    }
    let mut label = DataLabel::new(LabelForm::PrivacyManifest, source);
    label.part = part(source);
    label.is_tracking = root.key("NSPrivacyTracking").and_then(Property::boolean);
    let domains = root.key("NSPrivacyTrackingDomains");
    let domains = domains.into_iter().flat_map(Property::texts);
    label.tracking_domains.extend(domains.map(str::to_owned));
    let kinds = root.key("NSPrivacyCollectedDataTypes");
    let kinds = kinds.map(|kinds| kinds.items().iter().filter(|kind| !is_blank(kind)));
    label.is_collecting = kinds.clone().map(|mut kinds| kinds.next().is_some());
    for kind in kinds.into_iter().flatten() {
        collected(kind, &mut label);
    }
    let interfaces = root.key("NSPrivacyAccessedAPITypes");
    for interface in interfaces.map(Property::items).unwrap_or_default() {
        let name = interface
            .key("NSPrivacyAccessedAPIType")
            .and_then(Property::text);
        let Some(name) = name else { continue };
        let reasons = interface.key("NSPrivacyAccessedAPITypeReasons");
        label
            .required_reasons
            .entry(name.to_owned())
            .or_default()
            .extend(
                reasons
                    .into_iter()
                    .flat_map(Property::texts)
                    .map(str::to_owned),
            );
    }
    Some(label)
}

/// An entry of Xcode's template that nobody filled in.
fn is_blank(kind: &Property) -> bool {
    let name = kind.key("NSPrivacyCollectedDataType");
    name.and_then(Property::text)
        .is_some_and(|name| name.trim().is_empty())
}

/// Said twice, what is worse for the user holds.
fn collected(kind: &Property, label: &mut DataLabel) {
    let name = kind
        .key("NSPrivacyCollectedDataType")
        .and_then(Property::text);
    let Some(name) = name else { return };
    let data = label.collected.entry(name.to_owned()).or_default();
    data.is_collected = true;
    let either = |known: Option<bool>, key: &str| {
        let said = kind.key(key).and_then(Property::boolean);
        known.max(said)
    };
    data.is_linked = either(data.is_linked, "NSPrivacyCollectedDataTypeLinked");
    data.is_tracking = either(data.is_tracking, "NSPrivacyCollectedDataTypeTracking");
    let purposes = kind.key("NSPrivacyCollectedDataTypePurposes");
    data.purposes.extend(
        purposes
            .into_iter()
            .flat_map(Property::texts)
            .map(str::to_owned),
    );
}

/// The innermost bundle that the path leads through, if it is not the app itself.
fn part(source: &str) -> Option<String> {
    source
        .split('/')
        .rev()
        .find(|folder| {
            [".framework", ".bundle", ".appex", ".xcframework"]
                .iter()
                .any(|ending| folder.ends_with(ending))
        })
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str, source: &str) -> DataLabel {
        let text = format!("<plist version=\"1.0\"><dict>{body}</dict></plist>");
        let read = privacy_manifest(text.as_bytes(), source);
        assert_eq!(read.damage, Vec::<String>::new());
        read.value.unwrap()
    }

    #[test]
    fn kinds_of_data_keep_what_is_said_of_them() {
        let label = read(
            "<key>NSPrivacyTracking</key><true/>\
             <key>NSPrivacyTrackingDomains</key><array><string>track.example</string></array>\
             <key>NSPrivacyCollectedDataTypes</key><array><dict>\
             <key>NSPrivacyCollectedDataType</key><string>NSPrivacyCollectedDataTypeContacts</string>\
             <key>NSPrivacyCollectedDataTypeLinked</key><true/>\
             <key>NSPrivacyCollectedDataTypeTracking</key><false/>\
             <key>NSPrivacyCollectedDataTypePurposes</key><array>\
             <string>App functionality</string></array></dict></array>\
             <key>NSPrivacyAccessedAPITypes</key><array><dict>\
             <key>NSPrivacyAccessedAPIType</key><string>NSPrivacyAccessedAPICategoryDiskSpace</string>\
             <key>NSPrivacyAccessedAPITypeReasons</key><array><string>E174.1</string></array></dict></array>",
            "App.app/Frameworks/Track.framework/PrivacyInfo.xcprivacy",
        );
        assert_eq!(label.part.as_deref(), Some("Track.framework"));
        assert_eq!(
            (label.is_tracking, label.is_collecting),
            (Some(true), Some(true))
        );
        assert!(label.tracking_domains.contains("track.example"));
        let contacts = &label.collected["NSPrivacyCollectedDataTypeContacts"];
        assert_eq!(
            (contacts.is_linked, contacts.is_tracking),
            (Some(true), Some(false))
        );
        assert!(contacts.purposes.contains("App functionality"));
        assert!(label.required_reasons["NSPrivacyAccessedAPICategoryDiskSpace"].contains("E174.1"));
    }

    #[test]
    fn a_template_that_nobody_filled_in_collects_nothing() {
        let label = read(
            "<key>NSPrivacyCollectedDataTypes</key><array><dict>\
             <key>NSPrivacyCollectedDataType</key><string></string></dict></array>",
            "PrivacyInfo.xcprivacy",
        );
        assert_eq!(label.is_collecting, Some(false));
        assert!(label.collected.is_empty());
    }

    #[test]
    fn silence_is_no_denial() {
        let label = read(
            "<key>NSPrivacyAccessedAPITypes</key><array/>",
            "PrivacyInfo.xcprivacy",
        );
        assert_eq!(
            (label.part, label.is_tracking, label.is_collecting),
            (None, None, None)
        );
        let other = privacy_manifest(b"<plist><dict><key>a</key><true/></dict></plist>", "");
        assert!(other.value.is_none());
    }
}
