//! Documents among other text, as logs and lists with separators of their own have them: `sent payload={"lat":52.5,"lon":13.4} ok`.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use super::collector::Collector;
use super::{copied, json, nested, xml};
use crate::limits::EMBEDDED_DOCUMENTS;
use crate::model::{DecodeStep, Look, Shortfall};

/// How documents begin among other text: objects of JSON and lists of these, elements of XML, and bytes in base64 that say so
/// (RFC 2397).
const BEGINNINGS: [&str; 5] = ["{\"", "[{\"", "<", "data:", OF_FORM];

/// The first header of a part of a form (RFC 7578), of which the line before is the boundary.
const OF_FORM: &str = "Content-Disposition: form-data";

/// Decodes the documents of a text that is more than one, and what is encoded in the text around them; `false` if there are none.
pub(super) fn documents(text: &str, collector: &mut Collector<'_>) -> bool {
    let (mut around, mut rest) = (String::new(), text);
    let mut found = 0_u32;
    // Text has marks of XML that begin no element (`List<String>`): they take nothing from documents of other kinds.
    let (mut elements, mut others) = (EMBEDDED_DOCUMENTS, EMBEDDED_DOCUMENTS);
    while let Some((before, behind)) = next(rest, elements > 0) {
        let is_element = behind.starts_with('<');
        let left = if is_element {
            &mut elements
        } else {
            &mut others
        };
        let Some(less) = left.checked_sub(1) else {
            note_bound(rest.len(), collector);
            break;
        };
        *left = less;
        if is_element && less == 0 {
            note_bound(behind.len(), collector);
        }
        around.push_str(before);
        rest = behind;
        let Some(length) = length(behind) else {
            // What begins inside a document without an end has none, either.
            break;
        };
        let is_taken = behind
            .get(..length)
            .is_some_and(|text| document(text, found, collector));
        let length = if is_taken { length } else { 1 };
        if !is_taken {
            around.push_str(behind.get(..length).unwrap_or_default());
        }
        found = found.saturating_add(u32::from(is_taken));
        rest = behind.get(length..).unwrap_or_default();
    }
    if found == 0 {
        return false;
    }
    around.push_str(rest);
    nested::decode_around(Look::of(&around), &around, collector);
    true
}

fn note_bound(bytes: usize, collector: &mut Collector<'_>) {
    let detail = "more documents among other text than the bound";
    collector.shortfall(Shortfall::FieldLimit, bytes, detail);
}

/// Whether an element may begin with the text.
fn may_be_element(text: &str) -> bool {
    let begins = |first: char| matches!(first, '?' | '!') || first.is_ascii_alphabetic();
    text.strip_prefix('<')
        .is_some_and(|rest| rest.starts_with(begins))
}

/// What stands before the next document, which may be an element of XML or not, and the text from there on.
fn next(text: &str, takes_elements: bool) -> Option<(&str, &str)> {
    static FOUND: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let beginnings = FOUND.get_or_init(|| AhoCorasick::new(BEGINNINGS).ok());
    let mut starts = beginnings.as_ref()?.find_iter(text);
    let start = starts.find_map(|found| {
        let from = text.get(found.start()..)?;
        let is_one = !from.starts_with('<') || takes_elements && may_be_element(from);
        is_one.then_some(found.start())
    })?;
    let boundary = || {
        let before = text.get(..start)?.trim_end_matches(['\r', '\n']);
        let line = before.rfind('\n').map_or(0, |end| end.saturating_add(1));
        let dashes = before.get(line..)?.find("--")?;
        Some(line.saturating_add(dashes))
    };
    let is_of_form = text.get(start..)?.starts_with(OF_FORM);
    let start = if is_of_form {
        boundary().unwrap_or(start)
    } else {
        start
    };
    text.split_at_checked(start)
}

/// Bytes of what a text begins with, which may be a document; `None` where that has no end. Nothing is as short as one byte.
fn length(text: &str) -> Option<usize> {
    if let Some((head, encoded)) = text
        .strip_prefix("data:")
        .and_then(|_| text.split_once(','))
    {
        let end =
            encoded.find(|mark: char| !(mark.is_ascii_alphanumeric() || "+/-_=%.~".contains(mark)));
        let length = head.len().saturating_add(1);
        return Some(length.saturating_add(end.unwrap_or(encoded.len())));
    }
    if text.starts_with("--") {
        let (boundary, _) = text.split_once(['\r', '\n'])?;
        let last = format!("{boundary}--");
        let end = text.find(&last)?.saturating_add(last.len());
        return Some(end);
    }
    if text.starts_with('<') {
        // What has no end, or another than its own, is no element.
        let may_end = || text.contains("</") || text.contains("/>");
        let length = may_end().then(|| xml::length(text)).flatten();
        return Some(length.unwrap_or(1));
    }
    json::length(text)
}

/// Decodes a document, if it is one.
fn document(text: &str, position: u32, collector: &mut Collector<'_>) -> bool {
    if text.len() == 1 || text.starts_with("Content") {
        return false;
    }
    collector.enter_index(position);
    let mut is_taken = true;
    // The value that it stands in is more than the document.
    collector.labelled(DecodeStep::Text, |collector| {
        if text.starts_with('<') {
            collector.undoing(DecodeStep::Xml, |collector| {
                xml::document(text, collector);
            });
        } else if text.starts_with("--") {
            is_taken = nested::multipart_text(Look::of(text), text, copied, collector);
        } else if text.starts_with("data:") {
            is_taken = nested::data_url(Look::of(text), text, copied, collector);
        } else {
            collector.undoing(DecodeStep::Json, |collector| {
                json::documents(text.as_bytes(), copied, collector);
            });
        }
    });
    collector.leave(1);
    is_taken
}

#[cfg(test)]
mod tests {
    use super::super::collector::Collector;
    use crate::model::Place;

    fn fields(text: &str) -> Vec<String> {
        let mut collector = Collector::new(Place::Body);
        super::documents(text, &mut collector);
        let fields = collector.finish().fields;
        let shown = |field| format!("{}={}", fields.path(field).to_field_path(), field.value);
        fields.iter().map(shown).collect()
    }

    #[test]
    fn documents_are_read_among_pairs_and_in_lists() {
        assert_eq!(
            fields(r#"level=info sent={"lat":52.5,"p":{"lon":13.4}} took=7"#),
            ["[0].lat=52.5", "[0].p.lon=13.4", "level=info", "took=7"]
        );
        assert_eq!(
            fields(r#"a|{"cc":"49"}|[{"nn":"15"}]|b"#),
            ["[0].cc=49", "[1][0].nn=15"]
        );
        assert_eq!(
            fields(r#"start <?xml version="1.0"?> <a b="1"><c>x</c></a>##end of a <b> c"#),
            ["[0].a.b=1", "[0].a.c=x"]
        );
        assert_eq!(
            fields("pin: <i>&#52;2</i>\r\nkey: 7b\r\n"),
            ["[0].i=42", "key=7b"]
        );
        assert_eq!(
            fields("blob data:application/json;base64,eyJhIjoiYmVsbCJ9 ok"),
            [r#"[0]={"a":"bell"}"#, "[0].a=bell"]
        );
    }

    #[test]
    fn marks_that_begin_no_element_hide_no_document() {
        for mark in ["a < 1, ", "at java.util.List.<init>(List.java:7) "] {
            let text = format!(r#"{}ctx={{"lat":52.5}}"#, mark.repeat(70));
            let all = fields(&text);
            assert!(all.iter().any(|field| field == "[0].lat=52.5"), "{mark}");
        }
        let mut collector = Collector::new(Place::Body);
        super::documents(&r#"x={"a":1} "#.repeat(70), &mut collector);
        assert_eq!(collector.finish().shortfalls.len(), 1);
    }

    #[test]
    fn what_is_no_document_is_text() {
        assert_eq!(
            fields(r#"mail=ada%40post.example ctx={"a":"b"}"#),
            [
                "[0].a=b",
                "mail=ada%40post.example",
                "mail=ada@post.example"
            ]
        );
        for text in [
            "a <b> c",
            "Map<Key, List<Value>> of",
            "at java.util.List.<init>(List.java:7)",
            r#"set {"a", "b"} of"#,
            "data: none",
            r#"x {"a": "#,
            "",
        ] {
            assert_eq!(fields(text), [""; 0], "{text}");
        }
        assert_eq!(fields(&r#"{""#.repeat(10_000)), [""; 0]);
    }
}
