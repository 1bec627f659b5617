//! Phones in the XML of Jamf's Classic API (`/JSSResource/mobiledevices`), which has the same members as its JSON: each
//! `mobile_device` is read as such a member.
//!
//! Sources: `Jamf Pro SDK for Go` (deploymenttheory, `classicapi_mobile_devices.go`: `general`, `applications>application` with
//! `application_name`, `application_version`, `identifier`; the list with `serial_number` and `device_name` in the device itself).
//! Computers are no phones and are not looked for.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

use super::nested::{LISTS, Walk};
use super::{Read, Record, plain};
use crate::limits;
use crate::manifest::text_xml;
use crate::model::{Dossier, Platform};

/// The element that is a phone.
const DEVICE: &str = "mobile_device";

/// An element that is being read.
#[derive(Debug, Default)]
struct Open {
    name: String,
    is_list: bool,
    text: String,
    members: Map<String, Value>,
    items: Vec<Value>,
}

impl Open {
    fn new(name: String) -> Self {
        Self {
            is_list: LISTS.contains(&plain(&name).as_str()),
            name,
            ..Self::default()
        }
    }

    /// Puts an element that has ended into the one around it: into its list, if that is what it is.
    fn take(&mut self, name: String, value: Value) {
        if self.is_list {
            self.items.push(value);
        } else {
            self.members.entry(name).or_insert(value);
        }
    }

    fn value(self) -> (String, Value) {
        let value = if self.is_list {
            // Beside the apps stands their number.
            Value::Array(self.items.into_iter().filter(Value::is_object).collect())
        } else if self.members.is_empty() {
            Value::String(self.text.trim().to_owned())
        } else {
            Value::Object(self.members)
        };
        (self.name, value)
    }
}

/// Such a document, or several one after the other.
pub fn inventory_xml(bytes: &[u8]) -> Read<Dossier> {
    let text = text_xml::decode(bytes);
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut walk = Walk::default();
    // From the device inwards; what is around devices is passed over, and so is what is too deep.
    let mut stack: Vec<Open> = Vec::new();
    let mut too_deep = 0_usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                let name = start.local_name().as_ref().to_owned();
                if stack.len() >= limits::JSON_DEPTH {
                    too_deep = too_deep.saturating_add(1);
                } else if !stack.is_empty() || name == DEVICE {
                    stack.push(Open::new(name));
                }
            }
            Ok(Event::End(_)) if too_deep > 0 => too_deep = too_deep.saturating_sub(1),
            Ok(Event::End(_)) => {
                let Some((name, value)) = stack.pop().map(Open::value) else {
                    continue;
                };
                match stack.last_mut() {
                    Some(around) => around.take(name, value),
                    None => walk.value(&value, "", &Record::new(), 0),
                }
            }
            Ok(Event::Eof) => break,
            Ok(event) => {
                if let Some(open) = stack.last_mut().filter(|_| too_deep == 0) {
                    open.text.extend(text_xml::words(&event));
                }
            }
            Err(error) => {
                let position = reader.error_position();
                let damage = format!("XML damaged at byte {position}: {error}");
                walk.shelf.damage.push(damage);
                break;
            }
        }
    }
    if !stack.is_empty() {
        let damage = "the XML ends in the middle of a device".to_owned();
        walk.shelf.damage.push(damage);
    }
    for device in walk.shelf.dossier.others.values_mut() {
        // Jamf manages Apple's only.
        device.platform = device.platform.or(Some(Platform::Ios));
    }
    walk.shelf.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DEVICES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<mobile_device><general><id>1</id>\
        <display_name>Tablet &amp; Pen</display_name><device_name>Tablet &amp; Pen</device_name><name>Tablet</name>\
        <os_type>iOS</os_type><serial_number>S1</serial_number><udid>u1</udid><model>iPad</model></general>\
        <location><username>anna</username></location><applications><size>1</size>\
        <application><application_name>Chat</application_name><application_version>7.1.0</application_version>\
        <application_short_version>7.1</application_short_version><identifier>org.example.chat</identifier>\
        </application></applications><certificates><certificate><identifier>org.example.none</identifier></certificate>\
        </certificates></mobile_device>\n<mobile_devices><size>1</size><mobile_device><id>2</id><name>Phone</name>\
        <device_name>Phone</device_name><serial_number>S2</serial_number><model>iPhone</model></mobile_device></mobile_devices>";

    #[test]
    fn phones_of_jamf_are_read_with_their_apps_and_in_lists() {
        let read = inventory_xml(DEVICES.as_bytes());
        assert_eq!(read.damage, Vec::<String>::new());
        let devices = read.value.others;
        assert_eq!(devices.keys().collect::<Vec<_>>(), ["S1", "S2"]);
        let tablet = &devices["S1"];
        assert_eq!(tablet.name.as_deref(), Some("Tablet & Pen"));
        assert_eq!(tablet.model.as_deref(), Some("iPad"));
        assert_eq!(tablet.platform, Some(Platform::Ios));
        assert_eq!(tablet.apps.keys().collect::<Vec<_>>(), ["org.example.chat"]);
        assert_eq!(
            tablet.apps["org.example.chat"].version.as_deref(),
            Some("7.1")
        );
        assert_eq!(devices["S2"].name.as_deref(), Some("Phone"));
    }

    #[test]
    fn deep_nesting_is_passed_over() {
        let deep = format!(
            "<mobile_device>{}{}<serial_number>S1</serial_number><applications><application><identifier>a.b</identifier>\
             </application></applications></mobile_device>",
            "<x>".repeat(100_000),
            "</x>".repeat(100_000)
        );
        let read = inventory_xml(deep.as_bytes());
        assert!(read.value.others["S1"].apps.contains_key("a.b"));
    }

    proptest! {
        #[test]
        fn changed_documents_are_read_without_panic(
            at in any::<prop::sample::Index>(),
            value in any::<u8>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = DEVICES.as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = value;
            inventory_xml(&bytes);
            bytes.truncate(cut.index(bytes.len()));
            inventory_xml(&bytes);
        }
    }
}
