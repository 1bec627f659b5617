//! `AndroidManifest.xml` as text → elements → declaration.

use std::borrow::Cow;
use std::sync::Arc;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use super::Read;
use super::android_manifest::{self, Form, Resources};
use super::element::{Attribute, Element, Tag, Value};
use crate::limits;
use crate::model::Declaration;

const TOOLS_NAMESPACE: &str = "http://schemas.android.com/tools";

/// `AndroidManifest.xml` as text: a source or a decoded one. SDK levels that it does not name stay unknown, because the
/// build adds them; resources stay unknown.
pub fn text_xml(text: &[u8]) -> Read<Option<Declaration>> {
    let mut damage = Vec::new();
    let elements = elements(&decode(text), &mut damage);
    let value = android_manifest::declaration(&elements, &Resources::new(), Form::Text);
    if value.is_none() {
        damage.push("XML without a manifest element".to_owned());
    }
    Read { value, damage }
}

/// UTF-8, or UTF-16 with a byte order mark.
pub(super) fn decode(text: &[u8]) -> Cow<'_, str> {
    let read_unit: fn([u8; 2]) -> u16 = match text {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => {
            let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
            return String::from_utf8_lossy(text);
        }
    };
    let (units, _) = text.as_chunks::<2>();
    let units = units.iter().skip(1).map(|unit| read_unit(*unit));
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// The text that an event has, with references to characters undone.
pub(super) fn words(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Text(text) => Some(String::from(&**text)),
        Event::CData(text) => Some(String::from(&**text)),
        Event::GeneralRef(reference) => {
            let named = quick_xml::escape::resolve_predefined_entity(reference);
            let numbered = || reference.resolve_char_ref().ok().flatten();
            named
                .map(str::to_owned)
                .or_else(|| Some(numbered()?.to_string()))
        }
        _ => None,
    }
}

/// The elements of a document that do not fall to the build.
pub(super) fn elements(text: &str, damage: &mut Vec<String>) -> Vec<Element> {
    let mut reader = NsReader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut elements = Vec::new();
    let mut depth = 0_usize;
    // Inside an element that the build takes out again.
    let mut removed_at: Option<usize> = None;
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                let (element, is_removed) = element(&reader, &start, depth);
                if is_removed && removed_at.is_none() {
                    removed_at = Some(depth);
                }
                if removed_at.is_none() {
                    elements.push(element);
                }
                depth = depth.saturating_add(1);
            }
            Ok(Event::Empty(start)) => {
                let (element, is_removed) = element(&reader, &start, depth);
                if !is_removed && removed_at.is_none() {
                    elements.push(element);
                }
            }
            Ok(Event::End(_)) => {
                depth = depth.saturating_sub(1);
                if removed_at.is_some_and(|removed| removed >= depth) {
                    removed_at = None;
                }
            }
            Ok(Event::Text(text)) => {
                if let Some(element) = elements.last_mut()
                    && element.is_textual()
                    && element.depth.saturating_add(1) == depth
                {
                    element.text = Some(Arc::from(&*text));
                }
            }
            Ok(Event::Eof) => {
                if depth > 0 {
                    damage.push("the XML ends in the middle of an element".to_owned());
                }
                return elements;
            }
            Ok(_) => {}
            Err(error) => {
                let position = reader.error_position();
                damage.push(format!("XML damaged at byte {position}: {error}"));
                return elements;
            }
        }
        if elements.len() >= limits::MANIFEST_ELEMENTS {
            damage.push("more elements in the manifest than the bound".to_owned());
            return elements;
        }
    }
}

/// The element, and whether `tools:node` tells the build to take it out of the merged manifest.
fn element(reader: &NsReader<&[u8]>, start: &BytesStart<'_>, depth: usize) -> (Element, bool) {
    let mut is_removed = false;
    let mut attributes: Vec<(Attribute, Value)> = Vec::new();
    for attribute in start.attributes().with_checks(false).flatten() {
        let (namespace, local_name) = reader.resolver().resolve_attribute(attribute.key);
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .unwrap_or_else(|_| Cow::Borrowed(attribute.value.as_ref()));
        if matches!(namespace, ResolveResult::Bound(namespace) if namespace.as_ref() == TOOLS_NAMESPACE)
        {
            is_removed |=
                local_name.as_ref() == "node" && matches!(&*value, "remove" | "removeAll");
            continue;
        }
        let Some(known) = Attribute::of_name(local_name.as_ref()) else {
            continue;
        };
        if attributes.iter().all(|(attribute, _)| *attribute != known) {
            attributes.push((known, text_value(&value)));
        }
    }
    let element = Element {
        depth,
        tag: Tag::of(start.local_name().as_ref()),
        attributes,
        text: None,
    };
    (element, is_removed)
}

/// `@string/app_name` and `?attr/x` are resources; a literal `@` is escaped.
fn text_value(value: &str) -> Value {
    match value.strip_prefix('\\') {
        Some(literal) if literal.starts_with(['@', '?']) => Value::Text(literal.into()),
        _ if value.starts_with(['@', '?']) => Value::Reference(0),
        _ => Value::Text(value.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAMERA: &str = "android.permission.CAMERA";

    fn manifest(body: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- <uses-permission/> -->\n\
             <manifest xmlns:android=\"http://schemas.android.com/apk/res/android\"\n\
             xmlns:tools=\"http://schemas.android.com/tools\" package=\"com.example.notes\"\n\
             android:versionName='1 &amp; 2'>{body}</manifest>"
        )
    }

    fn read(body: &str) -> Declaration {
        let read = text_xml(manifest(body).as_bytes());
        assert_eq!(read.damage, Vec::<String>::new());
        read.value.unwrap()
    }

    fn permissions(declaration: &Declaration) -> Vec<&str> {
        let names = declaration.permissions.keys();
        names.map(String::as_str).collect()
    }

    #[test]
    fn a_permission_may_be_asked_for_from_a_level_on() {
        let declaration = read(
            "<uses-permission android:name=\"android.permission.CAMERA\" android:minSdkVersion=\"34\"/>\
             <uses-permission-sdk-23 android:name=\"android.permission.BODY_SENSORS\"/>",
        );
        assert_eq!(declaration.permissions[CAMERA].min_sdk, Some(34));
        let sensors = &declaration.permissions["android.permission.BODY_SENSORS"];
        assert_eq!(sensors.min_sdk, Some(23));
    }

    #[test]
    fn text_means_what_the_binary_form_means() {
        let declaration = read(
            "<uses-permission android:name=\"android.permission.CAMERA\" android:maxSdkVersion=\"28\"/>\
             <uses-sdk android:minSdkVersion=\"21\"/>\
             <application android:label=\"@string/app_name\" android:usesCleartextTraffic=\"true\"\
             android:networkSecurityConfig=\"@xml/network\" android:debuggable=\"true\">\
             <service android:name=\".A\" android:permission=\"${applicationId}.BIND\"></service>\
             </application>",
        );
        assert_eq!(declaration.package, "com.example.notes");
        assert_eq!(declaration.version.as_deref(), Some("1 & 2"));
        assert_eq!(declaration.permissions[CAMERA].max_sdk, Some(28));
        assert_eq!(declaration.min_sdk.as_deref(), Some("21"));
        assert_eq!(declaration.target_sdk.as_deref(), Some("21"));
        assert_eq!(declaration.label, None);
        assert_eq!(declaration.cleartext_allowed, Some(true));
        assert_eq!(declaration.debuggable, Some(true));
        assert!(declaration.has_network_security_config);
        let bound: Vec<&String> = declaration.bound_permissions.iter().collect();
        assert_eq!(bound, ["com.example.notes.BIND"]);
    }

    #[test]
    fn levels_that_the_build_adds_stay_unknown() {
        let declaration = read("<application/>");
        assert_eq!((declaration.min_sdk, declaration.target_sdk), (None, None));
    }

    #[test]
    fn what_the_build_takes_out_is_not_asked_for() {
        let declaration = read(
            "<uses-permission android:name=\"android.permission.SEND_SMS\" tools:node=\"remove\"/>\
             <uses-permission android:name=\"android.permission.CAMERA\" tools:node=\"merge\"/>\
             <application tools:node=\"remove\"><service android:permission=\"p.X\"/></application>\
             <application tools:name=\"y\"><service android:permission=\"p.Y\"/></application>",
        );
        assert_eq!(permissions(&declaration), [CAMERA]);
        let bound: Vec<&String> = declaration.bound_permissions.iter().collect();
        assert_eq!(bound, ["p.Y"]);
    }

    #[test]
    fn utf16_and_a_mark_in_front_are_read() {
        let text = manifest("<uses-permission android:name=\"android.permission.CAMERA\"/>");
        let marked: Vec<u8> = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        let little: Vec<u8> = [0xfeff]
            .into_iter()
            .chain(text.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        let big: Vec<u8> = [0xfeff]
            .into_iter()
            .chain(text.encode_utf16())
            .flat_map(u16::to_be_bytes)
            .collect();
        for bytes in [marked, little, big] {
            let declaration = text_xml(&bytes).value.unwrap();
            assert_eq!(permissions(&declaration), [CAMERA]);
        }
    }

    #[test]
    fn damage_is_named_and_costs_only_what_follows() {
        let text = manifest(
            "<uses-permission android:name=\"android.permission.CAMERA\"/>\
             <uses-permission android:name=\"android.permission.SEND_SMS\"/>",
        );
        let cut = text.split_at(text.find("SEND_SMS").unwrap()).0;
        let read = text_xml(cut.as_bytes());
        assert_eq!(read.damage.len(), 1);
        assert_eq!(permissions(&read.value.unwrap()), [CAMERA]);
        let other = text_xml(b"<resources><manifest-like/></resources>");
        assert!(other.value.is_none());
        assert_eq!(other.damage.len(), 1);
    }

    #[test]
    fn entities_of_the_document_are_not_expanded() {
        let text = "<!DOCTYPE m [<!ENTITY a \"x\"><!ENTITY b \"&a;&a;&a;\">]>\
                    <manifest package=\"p.&b;\"/>";
        let declaration = text_xml(text.as_bytes()).value.unwrap();
        assert_eq!(declaration.package, "p.&b;");
    }
}
