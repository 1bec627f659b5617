//! Manifests and resources of app bundles (`aapt.pb`, `Resources.proto` of AOSP's aapt2) → elements and values.

use std::collections::BTreeMap;

use super::Read;
use super::android_manifest::{self, Form, Resources, references};
use super::element::{Attribute, Element, Tag, Value};
use super::proto::{ProtoValue, all, fields, message, number};
use crate::limits;
use crate::model::Declaration;

/// `AndroidManifest.xml` of an app bundle, with its `resources.pb` where there is one.
pub fn proto_xml(bytes: &[u8], resources: &[u8]) -> Read<Option<Declaration>> {
    let (elements, damage) = elements(bytes);
    let resources = values(resources, references(&elements));
    let mut read = Read {
        value: android_manifest::declaration(&elements, &resources, Form::Binary),
        damage,
    };
    if read.value.is_none() {
        read.damage
            .push("protocol buffer without a manifest element".to_owned());
    }
    read
}

/// The elements of an `XmlNode`.
pub(super) fn elements(bytes: &[u8]) -> (Vec<Element>, Vec<String>) {
    let mut elements = Vec::new();
    let mut damage = Vec::new();
    // Nodes that are still to be read, the next one last.
    let mut open = vec![(0_usize, bytes)];
    while let Some((depth, node)) = open.pop() {
        if elements.len() >= limits::MANIFEST_ELEMENTS {
            damage.push("more elements in the manifest than the bound".to_owned());
            break;
        }
        let Some(xml) = message(node, 1) else {
            text(node, depth, &mut elements);
            continue;
        };
        elements.push(element(xml, depth));
        if depth >= limits::PROTO_DEPTH {
            damage.push("elements of the manifest nested deeper than the bound".to_owned());
            continue;
        }
        let mut children: Vec<_> = all(xml, 5)
            .map(|child| (depth.saturating_add(1), child))
            .collect();
        children.reverse();
        open.append(&mut children);
    }
    (elements, damage)
}

fn text(node: &[u8], depth: usize, elements: &mut [Element]) {
    if let Some(text) = message(node, 2)
        && let Some(last) = elements.last_mut()
        && last.is_textual()
        && last.depth.saturating_add(1) == depth
    {
        last.text = Some(String::from_utf8_lossy(text).into());
    }
}

fn element(xml: &[u8], depth: usize) -> Element {
    let name = message(xml, 3).unwrap_or_default();
    let mut attributes: Vec<(Attribute, Value)> = Vec::new();
    for attribute in all(xml, 4) {
        let id = u32::try_from(number(attribute, 5)).unwrap_or(0);
        let known = if id == 0 {
            let name = message(attribute, 2).unwrap_or_default();
            Attribute::of_name(&String::from_utf8_lossy(name))
        } else {
            Attribute::of_id(id)
        };
        let Some(known) = known else { continue };
        let compiled = message(attribute, 6).and_then(item);
        let written = || {
            let text = message(attribute, 3)?;
            Some(Value::Text(String::from_utf8_lossy(text).into()))
        };
        if let Some(value) = compiled.or_else(written)
            && attributes.iter().all(|(other, _)| *other != known)
        {
            attributes.push((known, value));
        }
    }
    Element {
        depth,
        tag: Tag::of(&String::from_utf8_lossy(name)),
        attributes,
        text: None,
    }
}

/// An `Item`.
fn item(bytes: &[u8]) -> Option<Value> {
    let text = |bytes: &[u8]| Value::Text(String::from_utf8_lossy(bytes).into());
    fields(bytes).find_map(|(number_of, value)| {
        let ProtoValue::Bytes(value) = value else {
            return None;
        };
        match number_of {
            1 => Some(Value::Reference(
                u32::try_from(number(value, 2)).unwrap_or(0),
            )),
            // Strings, and a file by its path.
            2..=5 => message(value, 1).map(text),
            7 => primitive(value),
            _ => None,
        }
    })
}

/// A `Primitive`; numbers of all spellings are numbers.
fn primitive(bytes: &[u8]) -> Option<Value> {
    fields(bytes).find_map(|(number_of, value)| match (number_of, value) {
        (3 | 11, ProtoValue::Fixed32(bits)) => Some(Value::Float(f32::from_bits(bits))),
        (8, ProtoValue::Integer(value)) => Some(Value::Boolean(value != 0)),
        // Negative numbers have 64 bits on the wire.
        (_, ProtoValue::Integer(value)) => u32::try_from(value & u64::from(u32::MAX))
            .ok()
            .map(Value::Integer),
        _ => None,
    })
}

/// Values of the resources asked for, in the default configuration, from a `ResourceTable`.
fn values(table: &[u8], ids: impl Iterator<Item = u32>) -> Resources {
    let mut wanted: BTreeMap<u32, Option<Value>> = ids
        .take(limits::RESOURCE_LOOKUPS)
        .map(|id| (id, None))
        .collect();
    // References lead to further resources.
    for _ in 0..limits::RESOURCE_REFERENCES {
        if !look_up(table, &mut wanted) {
            break;
        }
    }
    let resolve = |mut value: Value| {
        for _ in 0..limits::RESOURCE_REFERENCES {
            let Value::Reference(id) = value else {
                return Some(value);
            };
            value = wanted.get(&id).cloned().flatten()?;
        }
        None
    };
    wanted
        .iter()
        .filter_map(|(id, value)| Some((*id, resolve(value.clone()?)?)))
        .collect()
}

/// Fills in what is wanted and not yet known; whether something new is wanted.
fn look_up(table: &[u8], wanted: &mut BTreeMap<u32, Option<Value>>) -> bool {
    let id = |message_of: &[u8]| message(message_of, 1).map_or(0, |id| number(id, 1));
    let mut referred = Vec::new();
    for package in all(table, 2) {
        let package_id = id(package);
        for kind in all(package, 3) {
            let type_id = id(kind);
            for entry in all(kind, 3) {
                let full = (package_id << 24) | (type_id << 16) | id(entry);
                let Ok(full) = u32::try_from(full) else {
                    continue;
                };
                let Some(slot) = wanted.get_mut(&full).filter(|slot| slot.is_none()) else {
                    continue;
                };
                *slot = entry_value(entry);
                if let Some(Value::Reference(next)) = slot {
                    referred.push(*next);
                }
            }
        }
    }
    let before = wanted.len();
    for next in referred {
        wanted.entry(next).or_insert(None);
    }
    wanted.len() > before
}

/// The value in the configuration that fits every phone, or else the first.
fn entry_value(entry: &[u8]) -> Option<Value> {
    let value = |config_value: &[u8]| item(message(message(config_value, 2)?, 4)?);
    let is_default = |config_value: &&[u8]| message(config_value, 1).is_none_or(<[u8]>::is_empty);
    all(entry, 6)
        .find(is_default)
        .or_else(|| all(entry, 6).next())
        .and_then(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        [&[(number << 3) | 2, length][..], content].concat()
    }

    fn integer(number: u8, value: u8) -> Vec<u8> {
        vec![number << 3, value]
    }

    /// An attribute without resource id.
    fn attribute(name: &str, content: &[u8]) -> Vec<u8> {
        field(4, &[field(2, name.as_bytes()), content.to_vec()].concat())
    }

    #[test]
    fn a_manifest_and_the_resource_it_refers_to_are_read() {
        let label = field(6, &field(1, &[0x10, 0x81, 0x80, 0x84, 0xf8, 0x07]));
        let debuggable = field(6, &field(7, &integer(8, 1)));
        let application = [
            field(3, b"application"),
            attribute("label", &label),
            attribute("debuggable", &debuggable),
        ]
        .concat();
        let root = [
            field(3, b"manifest"),
            attribute("package", &field(3, b"com.example.a")),
            field(5, &field(1, &application)),
        ]
        .concat();
        // 0x7f010001
        let item = field(4, &field(2, &field(1, b"Notes")));
        let entry = [field(1, &integer(1, 1)), field(6, &field(2, &item))].concat();
        let kind = [field(1, &integer(1, 1)), field(3, &entry)].concat();
        let package = [field(1, &integer(1, 0x7f)), field(3, &kind)].concat();
        let read = proto_xml(&field(1, &root), &field(2, &package));
        assert_eq!(read.damage, Vec::<String>::new());
        let declaration = read.value.unwrap();
        assert_eq!(declaration.package, "com.example.a");
        assert_eq!(declaration.debuggable, Some(true));
        assert_eq!(declaration.label.as_deref(), Some("Notes"));
    }
}
