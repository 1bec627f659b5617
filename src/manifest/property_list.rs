//! Property lists of Apple (XML, binary or old-style text) → values.
//!
//! They are read as events and not as `plist::Value`: nested or shared objects would make that recurse and grow without
//! bound.

use std::io::Cursor;

use plist::stream::{OwnedEvent, Reader};

use crate::limits;

/// A property as far as declarations need it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Property {
    Text(String),
    Boolean(bool),
    List(Vec<Property>),
    Dictionary(Vec<(String, Property)>),
    /// Dates, data, keyed-archive ids.
    Other,
}

impl Property {
    /// The value of a key of a dictionary.
    pub(super) fn key(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Dictionary(pairs) => pairs
                .iter()
                .find(|(known, _)| known == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// Keys and values of a dictionary, in their order.
    pub(super) fn pairs(&self) -> &[(String, Self)] {
        match self {
            Self::Dictionary(pairs) => pairs,
            _ => &[],
        }
    }

    /// A string, or a number as text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Items of a list.
    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// Strings of a list, or the one string that is written in place of a list.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        std::slice::from_ref(self)
            .iter()
            .chain(self.items())
            .filter_map(Self::text)
    }

    /// Also `YES` and `1`: hand-written files use them, and the system takes them.
    pub(super) fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            Self::Text(text) => match text.trim() {
                "YES" | "true" | "1" => Some(true),
                "NO" | "false" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A list or dictionary that is being filled.
enum Open {
    List(Vec<Property>),
    Dictionary(Vec<(String, Property)>, Option<String>),
}

/// Reads what comes before the first damage.
pub(super) fn property_list(bytes: &[u8], damage: &mut Vec<String>) -> Option<Property> {
    if bytes.len() > limits::MANIFEST_BYTES {
        damage.push("a property list longer than the bound".to_owned());
        return None;
    }
    let mut stack: Vec<Open> = Vec::new();
    let mut root = None;
    let mut too_deep = 0_usize;
    let mut budget = limits::PROPERTY_LIST_COST;
    for event in Reader::new(Cursor::new(bytes)) {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                damage.push(format!("property list damaged: {error}"));
                break;
            }
        };
        let Some(left) = budget.checked_sub(cost(&event)) else {
            damage.push("a property list with more content than the bound".to_owned());
            break;
        };
        budget = left;
        if root.is_some() {
            break;
        }
        let value = match event {
            OwnedEvent::StartArray(_) | OwnedEvent::StartDictionary(_)
                if stack.len() >= limits::PROPERTY_LIST_DEPTH =>
            {
                too_deep = too_deep.saturating_add(1);
                continue;
            }
            OwnedEvent::EndCollection if too_deep > 0 => {
                too_deep = too_deep.saturating_sub(1);
                if too_deep > 0 {
                    continue;
                }
                damage.push("a property list nested deeper than the bound".to_owned());
                Property::Other
            }
            _ if too_deep > 0 => continue,
            OwnedEvent::StartArray(_) => {
                stack.push(Open::List(Vec::new()));
                continue;
            }
            OwnedEvent::StartDictionary(_) => {
                stack.push(Open::Dictionary(Vec::new(), None));
                continue;
            }
            OwnedEvent::EndCollection => match stack.pop() {
                Some(open) => close(open),
                None => break,
            },
            OwnedEvent::String(text) => Property::Text(text.into_owned()),
            OwnedEvent::Boolean(value) => Property::Boolean(value),
            OwnedEvent::Integer(number) => Property::Text(number.to_string()),
            OwnedEvent::Real(number) => Property::Text(number.to_string()),
            _ => Property::Other,
        };
        root = place(&mut stack, value);
    }
    // Damage in the middle: what was open ends here.
    while root.is_none() {
        let open = stack.pop()?;
        root = place(&mut stack, close(open));
    }
    root
}

/// What an event costs to hold and to read. Containers cost as many as they say they hold, because a binary list can
/// refer to one large list many times.
fn cost(event: &OwnedEvent) -> usize {
    let held = match event {
        OwnedEvent::StartArray(Some(count)) | OwnedEvent::StartDictionary(Some(count)) => {
            usize::try_from(*count)
                .unwrap_or(usize::MAX)
                .saturating_mul(16)
        }
        OwnedEvent::String(text) => text.len(),
        OwnedEvent::Data(data) => data.len(),
        _ => 0,
    };
    held.saturating_add(64)
}

fn close(open: Open) -> Property {
    match open {
        Open::List(items) => Property::List(items),
        Open::Dictionary(pairs, _) => Property::Dictionary(pairs),
    }
}

/// Puts a value where it belongs; gives it back if it is the root.
fn place(stack: &mut [Open], value: Property) -> Option<Property> {
    match stack.last_mut() {
        None => return Some(value),
        Some(Open::List(items)) => items.push(value),
        Some(Open::Dictionary(pairs, key)) => match (key.take(), value) {
            (Some(key), value) => pairs.push((key, value)),
            (None, Property::Text(text)) => *key = Some(text),
            (None, _) => {}
        },
    }
    None
}
