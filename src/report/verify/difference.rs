//! Where two reports in JSON differ, as places in them and in words.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::limits::SHOWN_DIFFERENCE;
use crate::model::RiskLevel;
use crate::report::text::{safe, safe_up_to};
use crate::verify::Difference;

/// The level that a report states as the highest of all, if it can be read.
pub fn stated_level(report: &[u8]) -> Option<RiskLevel> {
    #[derive(serde::Deserialize)]
    struct Head {
        level: String,
    }
    let head: Head = serde_json::from_slice(report).ok()?;
    RiskLevel::from_id(&head.level)
}

/// The places at which two reports in JSON differ: nothing in a report may be changed without being noticed, whether another reader
/// of it would show that or not.
pub fn differences(saved: &[u8], anew: &[u8]) -> Vec<Difference> {
    let mut found = Differences::default();
    let read = |report: &[u8]| -> serde_json::Result<Value> {
        let mut report: Value = serde_json::from_slice(report)?;
        if let Some(members) = report.as_object_mut() {
            // Whether a suppression holds depends on the day, not on the inputs.
            members.remove("suppressions");
        }
        Ok(report)
    };
    match (read(saved), read(anew)) {
        (Ok(saved), Ok(anew)) => found.compare(Some(&saved), Some(&anew)),
        _ => found.note(None, None),
    }
    found.all
}

/// Differences, and where the comparison is.
#[derive(Default)]
struct Differences {
    place: String,
    words: Vec<String>,
    all: Vec<Difference>,
}

impl Differences {
    fn compare(&mut self, saved: Option<&Value>, anew: Option<&Value>) {
        match (saved, anew) {
            (Some(Value::Object(saved)), Some(Value::Object(anew))) => {
                let names: BTreeSet<&String> = saved.keys().chain(anew.keys()).collect();
                for name in names {
                    self.at(name, name.clone(), saved.get(name), anew.get(name));
                }
            }
            (Some(Value::Array(saved)), Some(Value::Array(anew))) => self.lists(saved, anew),
            _ if saved == anew => {}
            _ => self.note(saved, anew),
        }
    }

    /// Entries of two lists: by their names where both have some, so that one that is missing is told as such, else by their order.
    fn lists(&mut self, saved: &[Value], anew: &[Value]) {
        // What an entry is called says more than the name of its list.
        let has_names = saved.iter().chain(anew).next().and_then(label).is_some();
        let list = has_names.then(|| self.words.pop()).flatten();
        self.entries(saved, anew);
        self.words.extend(list);
    }

    fn entries(&mut self, saved: &[Value], anew: &[Value]) {
        if saved.len() == anew.len() {
            for (position, (saved, anew)) in saved.iter().zip(anew).enumerate() {
                let number = position.to_string();
                let words = label(saved).or_else(|| label(anew));
                let words = words.unwrap_or_else(|| number.clone());
                self.at(&number, words, Some(saved), Some(anew));
            }
            return;
        }
        let (Some(old), Some(new)) = (by_label(saved), by_label(anew)) else {
            let count = |list: &[Value]| Value::from(list.len());
            return self.note(Some(&count(saved)), Some(&count(anew)));
        };
        for (name, (position, entry)) in &old {
            let other = new.get(name).map(|(_, other)| *other);
            self.at(&position.to_string(), name.clone(), Some(entry), other);
        }
        for (name, (_, entry)) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
            // RFC 6901: the entry behind the last one.
            self.at("-", name.clone(), None, Some(entry));
        }
    }

    fn at(&mut self, name: &str, words: String, saved: Option<&Value>, anew: Option<&Value>) {
        let length = self.place.len();
        self.place.push('/');
        self.place
            .push_str(&name.replace('~', "~0").replace('/', "~1"));
        self.words.push(words);
        self.compare(saved, anew);
        self.words.pop();
        self.place.truncate(length);
    }

    fn note(&mut self, saved: Option<&Value>, anew: Option<&Value>) {
        // A captured value is nobody's to print.
        let is_value = self.words.last().is_some_and(|name| name == "value");
        let shown = |side: Option<&Value>| {
            let side = side.filter(|_| !is_value)?;
            match side {
                Value::Array(_) | Value::Object(_) => None,
                Value::String(text) => Some(safe_up_to(text, SHOWN_DIFFERENCE)),
                other => Some(other.to_string()),
            }
        };
        let missing = |side: Option<&Value>, other: Option<&Value>| {
            (side.is_none() && other.is_some_and(Value::is_object)).then(|| "–".to_owned())
        };
        let words: Vec<String> = self
            .words
            .iter()
            .map(|name| safe_up_to(name, SHOWN_DIFFERENCE))
            .collect();
        self.all.push(Difference {
            place: safe(&self.place),
            words: words.join(" › "),
            report: shown(saved).or_else(|| missing(saved, anew)),
            inputs: shown(anew).or_else(|| missing(anew, saved)),
        });
    }
}

/// What an entry of a list is called: phones, apps, findings, inputs.
fn label(entry: &Value) -> Option<String> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    match (text("rule"), text("id")) {
        (Some(rule), Some(id)) => Some(format!("{rule} ({id})")),
        (_, id) => Some(text("name").or(text("path")).or(id)?.to_owned()),
    }
}

/// Entries by what they are called, with their positions; `None` if some have no name of their own.
fn by_label(entries: &[Value]) -> Option<BTreeMap<String, (usize, &Value)>> {
    let mut named = BTreeMap::new();
    for (position, entry) in entries.iter().enumerate() {
        let before = named.insert(label(entry)?, (position, entry));
        if before.is_some() {
            return None;
        }
    }
    Some(named)
}
