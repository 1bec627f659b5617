//! Documents among other text, as logs and lists with separators of their own have them: `sent payload={"lat":52.5,"lon":13.4} ok`.

use memchr::memmem;

use super::collector::Collector;
use super::{copied, digits, json, nested};
use crate::limits::EMBEDDED_DOCUMENTS;
use crate::model::{DecodeStep, Look};

/// How documents begin among other text: objects of JSON and lists of these, and bytes in base64 that say so (RFC 2397).
const BEGINNINGS: [&str; 3] = ["{\"", "[{\"", "data:"];

/// Decodes the documents of a text that is more than one, and what is encoded in the text around them; `false` if there are none.
pub(super) fn documents(text: &str, collector: &mut Collector<'_>) -> bool {
    let (mut around, mut rest) = (String::new(), text);
    let (mut found, mut tried) = (0_u32, 0_usize);
    while let Some((before, behind)) = next(rest).filter(|_| tried < EMBEDDED_DOCUMENTS) {
        tried = tried.saturating_add(1);
        around.push_str(before);
        let length = document(behind, found, collector);
        found = found.saturating_add(u32::from(length.is_some()));
        let length = length.unwrap_or_else(|| {
            around.push_str(behind.get(..1).unwrap_or_default());
            1
        });
        rest = behind.get(length..).unwrap_or_default();
    }
    if found == 0 {
        return false;
    }
    around.push_str(rest);
    // Now it has none, or too many.
    nested::decode_around(Look::of(&around), &around, collector);
    true
}

/// What stands before the next document, and the text from there on.
fn next(text: &str) -> Option<(&str, &str)> {
    let starts = BEGINNINGS.iter();
    let starts = starts.filter_map(|start| memmem::find(text.as_bytes(), start.as_bytes()));
    text.split_at_checked(starts.min()?)
}

/// Decodes the document that a text begins with; how long it is, if it is one.
fn document(text: &str, position: u32, collector: &mut Collector<'_>) -> Option<usize> {
    let encoded = text.strip_prefix("data:");
    let length = match encoded {
        Some(_) => text
            .find(|mark: char| mark.is_whitespace() || "\"'|<>".contains(mark))
            .unwrap_or(text.len()),
        None => json::length(text)?,
    };
    let document = text.get(..length)?;
    collector.enter_index(position);
    let is_taken = if encoded.is_some() {
        digits::base64_text(Look::of(document), document, copied, collector)
    } else {
        collector.undoing(DecodeStep::Json, |collector| {
            json::documents(document.as_bytes(), copied, collector);
        });
        true
    };
    collector.leave(1);
    is_taken.then_some(length)
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
            fields("blob data:application/json;base64,eyJhIjoiYmVsbCJ9 ok"),
            [r#"[0]={"a":"bell"}"#, "[0].a=bell"]
        );
    }

    #[test]
    fn what_is_no_document_is_text() {
        for text in [r#"set {"a", "b"} of"#, "data: none", r#"x {"a": "#, ""] {
            assert_eq!(fields(text), [""; 0], "{text}");
        }
        assert_eq!(fields(&r#"{""#.repeat(10_000)), [""; 0]);
    }
}
