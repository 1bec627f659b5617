//! HTML and SVG that are well formed by construction: text and attribute values are always escaped, only text of the program
//! itself can be markup, and what is opened is closed.

use std::fmt::{self, Display, Write as _};

/// Elements without contents or end.
const VOID: [&str; 4] = ["meta", "br", "col", "input"];

/// Attributes of one element.
pub(in crate::report) type Attributes<'a> = &'a [(&'static str, &'a dyn Display)];

/// Markup being written.
#[derive(Debug, Default)]
pub(in crate::report) struct Markup {
    text: String,
    open: Vec<&'static str>,
}

/// Writes text with the characters escaped that mean something in HTML or XML. What XML does not allow at all is replaced.
struct Escaping<'a>(&'a mut String);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\u{fffe}' | '\u{ffff}' => self.0.push('\u{fffd}'),
                other if other.is_control() => self.0.push('\u{fffd}'),
                other => self.0.push(other),
            }
        }
        Ok(())
    }
}

impl Markup {
    /// Text of the program itself, as it is.
    pub(in crate::report) fn fixed(&mut self, markup: &'static str) {
        self.text.push_str(markup);
    }

    /// Text, escaped.
    pub(in crate::report) fn text(&mut self, text: &dyn Display) {
        let _infallible = write!(Escaping(&mut self.text), "{text}");
    }

    /// Begins an element.
    pub(in crate::report) fn open(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.text.push('<');
        self.text.push_str(tag);
        for (name, value) in attributes {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            self.text(value);
            self.text.push('"');
        }
        self.text.push('>');
        if !VOID.contains(&tag) {
            self.open.push(tag);
        }
    }

    /// Ends the element that was opened last.
    pub(in crate::report) fn close(&mut self) {
        if let Some(tag) = self.open.pop() {
            self.text.push_str("</");
            self.text.push_str(tag);
            self.text.push('>');
        }
    }

    /// An element with what `fill` writes in it.
    pub(in crate::report) fn within(
        &mut self,
        tag: &'static str,
        attributes: Attributes<'_>,
        fill: impl FnOnce(&mut Self),
    ) {
        self.open(tag, attributes);
        let depth = self.open.len();
        fill(self);
        while self.open.len() > depth {
            self.close();
        }
        self.close();
    }

    /// An element with text.
    pub(in crate::report) fn element(
        &mut self,
        tag: &'static str,
        attributes: Attributes<'_>,
        text: &dyn Display,
    ) {
        self.within(tag, attributes, |inner| inner.text(text));
    }

    /// Puts in what was drawn apart.
    pub(in crate::report) fn picture(&mut self, drawn: Self) {
        self.text.push_str(&drawn.finish());
        self.line();
    }

    /// A line break in the source, between elements.
    pub(in crate::report) fn line(&mut self) {
        self.text.push('\n');
    }

    /// Whether nothing was written.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// All of it, with everything closed.
    pub(in crate::report) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hostile() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            Just("</script><script>alert(1)</script>".to_owned()),
            Just("\" onload=\"alert(1)".to_owned()),
            Just("' onload='x".to_owned()),
            Just("&lt;&#60;&amp;<!--]]>".to_owned()),
            Just("\u{202e}\u{0}\u{1b}[2J\u{ffff}".to_owned()),
            Just("</style></title></svg><img src=x>".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn text_and_values_can_not_break_out(text in hostile(), value in hostile()) {
            let mut markup = Markup::default();
            markup.element("p", &[("title", &value)], &text);
            let shown = markup.finish();
            prop_assert_eq!(shown.matches('<').count(), 2);
            prop_assert_eq!(shown.matches('>').count(), 2);
            prop_assert_eq!(shown.matches('"').count(), 2);
            prop_assert!(!shown.contains('\''));
            prop_assert!(shown.chars().all(|character| !character.is_control()));
            // Another's reader gets back what went in, as far as XML can say it.
            let possible = |text: &str| -> String {
                text.chars().map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c }).collect()
            };
            let inner = shown.split_once('>').and_then(|(_, rest)| rest.strip_suffix("</p>")).unwrap_or("");
            let read = quick_xml::escape::unescape(inner).map(std::borrow::Cow::into_owned);
            prop_assert_eq!(read.ok(), Some(possible(&text)));
        }
    }

    #[test]
    fn what_is_opened_is_closed() {
        let mut markup = Markup::default();
        markup.open("div", &[]);
        markup.within("p", &[], |inner| inner.open("b", &[]));
        markup.open("meta", &[("name", &1)]);
        assert_eq!(
            markup.finish(),
            "<div><p><b></b></p><meta name=\"1\"></div>"
        );
    }

    #[test]
    fn a_name_of_a_megabyte_is_only_text() {
        let mut markup = Markup::default();
        markup.element("p", &[], &"<".repeat(1 << 20));
        assert_eq!(markup.finish().len(), "<p></p>".len() + (4 << 20));
    }
}
