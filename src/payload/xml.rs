//! XML → fields: element texts and attributes, paths by local names. Keys of property lists become names.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event};

use super::body::MediaType;
use super::collector::Collector;
use super::{Decoder, Input, copied};
use crate::limits;
use crate::model::{DecodeStep, Shortfall};

pub(super) const DECODER: Decoder = Decoder { matches, decode };

fn matches(media_type: &MediaType, input: Input<'_, '_>) -> bool {
    let start = input
        .bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(input.bytes)
        .trim_ascii_start();
    match start {
        [b'<', b'?', b'x', b'm', b'l', ..] => true,
        [b'<', b'!' | b'a'..=b'z' | b'A'..=b'Z', ..] => {
            media_type.essence.ends_with("xml") || str::from_utf8(start).is_ok_and(looks_like)
        }
        _ => false,
    }
}

/// Whether a text that begins with `<` is an element.
pub(super) fn looks_like(text: &str) -> bool {
    let text = text.trim_ascii();
    let begins = text.strip_prefix('<').is_some_and(|rest| {
        rest.starts_with(|first: char| first == '?' || first.is_ascii_alphabetic())
    });
    begins && text.ends_with('>') && (text.contains("</") || text.contains("/>"))
}

fn decode<'a>(_: &MediaType, input: Input<'_, 'a>, collector: &mut Collector<'a>) {
    let text = String::from_utf8_lossy(input.bytes);
    collector.undoing(DecodeStep::Xml, |collector| {
        if !document(&text, collector) {
            collector.shortfall(
                Shortfall::DamagedBody,
                input.bytes.len(),
                "an XML document ends early or is damaged",
            );
        }
    });
}

/// An open element.
struct Element {
    name: String,
    /// In a `dict` of a property list: the key whose value comes next.
    key: Option<String>,
    /// In an `array` of a property list: the position of what comes next.
    position: Option<usize>,
    /// How many of the elements in it are called nothing but that.
    items: u32,
    is_on_path: bool,
}

/// Reads a document as far as it goes; `false` if it ends early.
pub(super) fn document(text: &str, collector: &mut Collector<'_>) -> bool {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut open: Vec<Element> = Vec::new();
    let mut content = String::new();
    let is_whole = loop {
        let Ok(event) = reader.read_event() else {
            break false;
        };
        match event {
            Event::Start(start) => {
                flush(&mut content, collector);
                let read = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
                let rest = text.get(read..).unwrap_or_default();
                open_element(&start, rest, &mut open, collector);
            }
            Event::Empty(start) => {
                flush(&mut content, collector);
                open_element(&start, "", &mut open, collector);
                close_element(&mut open, collector);
            }
            Event::End(_) => {
                if let [.., dict, element] = open.as_mut_slice()
                    && is_key(dict, &element.name)
                {
                    dict.key = Some(std::mem::take(&mut content));
                }
                flush(&mut content, collector);
                close_element(&mut open, collector);
            }
            Event::Text(text) => content.push_str(&text),
            Event::CData(text) => content.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let named = resolve_predefined_entity(&reference);
                match (reference.resolve_char_ref(), named) {
                    (Ok(Some(character)), _) => content.push(character),
                    (_, Some(text)) => content.push_str(text),
                    // an entity of a document type that we do not read
                    _ => content.extend(["&", &reference, ";"]),
                }
            }
            Event::Eof => break open.is_empty(),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
        if collector.is_full() {
            collector.plain_value(Cow::Borrowed(""), copied);
            break true;
        }
    };
    // the text after the last tag is left out: in an unfinished document it may be half
    while !open.is_empty() {
        close_element(&mut open, collector);
    }
    is_whole
}

/// Bytes of the element that a text begins with, and of what may stand before one; `None` if it does not end, or holds nothing.
pub(super) fn length(text: &str) -> Option<usize> {
    let begins = |first: char| first == '?' || first == '!' || first.is_ascii_alphabetic();
    if !text.strip_prefix('<')?.starts_with(begins) {
        return None;
    }
    let mut reader = Reader::from_str(text);
    let (mut depth, mut holds) = (0_usize, false);
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                holds |= start.attributes_raw().contains('=');
                depth = depth.saturating_add(1);
            }
            Event::Empty(start) => holds |= start.attributes_raw().contains('='),
            Event::End(_) => depth = depth.checked_sub(1)?,
            Event::Text(text) => {
                let is_text = !text.trim().is_empty();
                if is_text && depth == 0 {
                    return None;
                }
                holds |= is_text;
                continue;
            }
            Event::CData(_) | Event::GeneralRef(_) => {
                holds = true;
                continue;
            }
            Event::Eof => return None,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => continue,
        }
        if depth == 0 {
            let end = usize::try_from(reader.buffer_position()).ok()?;
            return holds.then_some(end);
        }
    }
}

fn is_key(parent: &Element, element: &str) -> bool {
    parent.name == "dict" && element == "key"
}

/// Emits an element's text up to here.
fn flush(content: &mut String, collector: &mut Collector<'_>) {
    if !content.trim().is_empty() {
        collector.value(Cow::Borrowed(content.trim()), copied);
    }
    content.clear();
}

/// Whether an element is one of a list whose name is that of what holds it, as JSON's arrays have it: it is called an item and no more,
/// or has a name too short to say anything and another of the same name beside it. `rest` is what comes behind its tag.
fn is_item(start: &BytesStart<'_>, parent: &Element, local: &str, rest: &str) -> bool {
    const ITEMS: [&str; 7] = ["item", "Item", "element", "entry", "elem", "li", "listitem"];
    const MUTE: usize = 1;
    if !start.attributes_raw().trim().is_empty() {
        return false;
    }
    ITEMS.contains(&local) || local.len() <= MUTE && (parent.items > 0 || is_repeated(local, rest))
}

/// Whether an element that `rest` is the inside of is followed by another of its name.
fn is_repeated(local: &str, rest: &str) -> bool {
    let near = rest.get(..rest.floor_char_boundary(limits::XML_ITEM_BYTES));
    let closing = ["</", local, ">"].concat();
    let behind = near.and_then(|near| near.split_once(&*closing));
    let next = behind.and_then(|(_, behind)| behind.trim_start().strip_prefix('<'));
    next.and_then(|next| next.strip_prefix(local))
        .is_some_and(|next| next.starts_with('>'))
}

fn open_element(
    start: &BytesStart<'_>,
    rest: &str,
    open: &mut Vec<Element>,
    collector: &mut Collector<'_>,
) {
    let local = start.local_name().as_ref().to_owned();
    let mut step = Ok(local.clone());
    let mut is_on_path = open.len() < limits::JSON_DEPTH;
    let is_list = local == "array" && open.first().is_some_and(|root| root.name == "plist");
    if let Some(parent) = open.last_mut() {
        if is_key(parent, &local) {
            is_on_path = false;
        } else if let Some(key) = parent.key.take() {
            step = Ok(key);
        } else if let Some(position) = parent.position.as_mut() {
            step = Err(u32::try_from(*position).unwrap_or(u32::MAX));
            *position = position.saturating_add(1);
        } else if is_item(start, parent, &local, rest) {
            step = Err(parent.items);
            parent.items = parent.items.saturating_add(1);
        }
    }
    if is_on_path {
        match step {
            Ok(name) => collector.enter(&name),
            Err(position) => collector.enter_index(position),
        }
    }
    open.push(Element {
        name: local,
        key: None,
        position: is_list.then_some(0),
        items: 0,
        is_on_path,
    });
    for attribute in start.attributes().with_checks(false).flatten() {
        let key = attribute.key.local_name();
        if attribute.key.as_ref().starts_with("xmlns") {
            continue;
        }
        let value = unescape(&attribute.value).unwrap_or(Cow::Borrowed(&attribute.value));
        collector.enter(key.as_ref());
        collector.value(value, copied);
        collector.leave(1);
    }
}

fn close_element(open: &mut Vec<Element>, collector: &mut Collector<'_>) {
    if open.pop().is_some_and(|element| element.is_on_path) {
        collector.leave(1);
    }
}
