//! One element of an XMPP stream → names and values.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event as Xml};

use super::super::message::Draft;
use crate::limits;
use crate::model::Side;

/// An element laid out: its attributes by name, what is below it by path (`query.item.jid`), its own text under the empty name.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) fields: Vec<(String, String)>,
}

impl Element {
    pub(super) fn read(xml: &str) -> Self {
        let mut element = Self::default();
        let mut reader = Reader::from_str(xml);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        let mut path: Vec<String> = Vec::new();
        let mut content = String::new();
        while let Ok(event) = reader.read_event() {
            match event {
                Xml::Start(start) => {
                    element.flush(&path, &mut content);
                    element.open(&start, &mut path);
                }
                Xml::Empty(start) => {
                    element.flush(&path, &mut content);
                    element.open(&start, &mut path);
                    // an empty child says something by being there
                    if path.len() == 2 {
                        element.push(&path, "", "");
                    }
                    path.pop();
                }
                Xml::End(_) => {
                    element.flush(&path, &mut content);
                    path.pop();
                }
                Xml::Text(text) => content.push_str(&text),
                Xml::CData(text) => content.push_str(&text.xml10_content()),
                Xml::GeneralRef(reference) => {
                    let named = resolve_predefined_entity(&reference);
                    match (reference.resolve_char_ref(), named) {
                        (Ok(Some(character)), _) => content.push(character),
                        (_, Some(text)) => content.push_str(text),
                        _ => {}
                    }
                }
                Xml::Eof => break,
                _ => {}
            }
        }
        element
    }

    fn open(&mut self, start: &BytesStart<'_>, path: &mut Vec<String>) {
        let local = start.local_name().as_ref().to_owned();
        if path.is_empty() {
            self.name.clone_from(&local);
        }
        path.push(local);
        for attribute in start.attributes().with_checks(false).flatten() {
            let key: &str = attribute.key.as_ref();
            // the namespace of a child says what it is, also in a message that is forwarded; that of the stanza is always the same
            let parent = path.iter().rev().nth(1).map(String::as_str);
            let is_telling = path.len() == 2
                || parent == Some("message")
                || path.first().is_some_and(|name| name == "open");
            if key.starts_with("xmlns:") || (key == "xmlns" && !is_telling) {
                continue;
            }
            let value = unescape(&attribute.value).unwrap_or(Cow::Borrowed(&attribute.value));
            self.push(path, attribute.key.local_name().as_ref(), &value);
        }
    }

    fn flush(&mut self, path: &[String], content: &mut String) {
        if !content.trim().is_empty() {
            self.push(path, "", content.trim());
        }
        content.clear();
    }

    fn push(&mut self, path: &[String], attribute: &str, value: &str) {
        if self.fields.len() >= limits::MESSAGE_FIELDS || path.len() > limits::JSON_DEPTH {
            return;
        }
        let below: Vec<&str> = path
            .iter()
            .skip(1)
            .map(String::as_str)
            .chain(Some(attribute).filter(|attribute| !attribute.is_empty()))
            .collect();
        self.fields.push((below.join("."), value.to_owned()));
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of the first name that ends so: of a message inside a carbon copy or an archive (XEP-0280, XEP-0313).
    pub(super) fn value_below(&self, suffix: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known.ends_with(suffix))
            .map(|(_, value)| value.as_str())
    }

    /// Laid out as a message.
    pub(super) fn draft(&self, protocol: &'static str, kind: &str, side: Side) -> Draft {
        let mut draft = Draft::new(protocol, kind, side);
        for (name, value) in &self.fields {
            draft.add(if name.is_empty() { "text" } else { name }, value);
        }
        draft
    }
}
