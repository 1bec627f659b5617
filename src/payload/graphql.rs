//! Arguments that stand as literals in a GraphQL document (GraphQL specification, October 2021, §2.6 and §2.9) → fields under their
//! names. Documents are read as far as that needs: what is selected says nothing of the phone.

use std::borrow::Cow;

use super::Keep;
use super::collector::Collector;
use crate::limits;

/// Whether a text begins like a document and has arguments.
pub(super) fn looks_like(text: &str) -> bool {
    const BEGINNINGS: [&str; 4] = ["mutation", "query", "subscription", "{"];
    let text = text.trim_ascii_start();
    let beginning = BEGINNINGS.iter().find_map(|word| text.strip_prefix(word));
    let goes_on =
        |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    beginning.is_some_and(goes_on)
        && text.split_once('(').is_some_and(|(before, arguments)| {
            before.len() <= 2 * limits::NAME_BYTES && arguments.contains(':')
        })
}

/// What a document is made of, as far as arguments need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'s> {
    Name(&'s str),
    /// Without its quotes, escapes still on.
    Text(&'s str),
    /// `(`, `[`, `{`
    Open(u8),
    Close,
    Colon,
}

/// The tokens of a document. Variables are left out: their values stand beside the document.
struct Tokens<'s>(&'s str);

impl<'s> Tokens<'s> {
    /// As much as `accept` takes.
    fn take(&mut self, accept: impl Fn(char) -> bool) -> &'s str {
        let end = self
            .0
            .find(|letter| !accept(letter))
            .unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at_checked(end).unwrap_or((self.0, ""));
        self.0 = rest;
        taken
    }

    /// Up to an end that no backslash stands before, and behind it.
    fn text(&mut self, end: &str) -> &'s str {
        let text = self.0;
        let mut from = 0_usize;
        loop {
            let rest = text.get(from..).unwrap_or_default();
            let Some(mark) = rest.find(['\\', '"']) else {
                self.0 = "";
                return text;
            };
            let at = from.saturating_add(mark);
            let rest = text.get(at..).unwrap_or_default();
            if rest.starts_with(end) {
                self.0 = rest.get(end.len()..).unwrap_or_default();
                return text.get(..at).unwrap_or_default();
            }
            let escaped = if rest.starts_with('\\') {
                rest.chars().nth(1)
            } else {
                None
            };
            from = at
                .saturating_add(1)
                .saturating_add(escaped.map_or(0, char::len_utf8));
        }
    }
}

impl<'s> Iterator for Tokens<'s> {
    type Item = Token<'s>;

    fn next(&mut self) -> Option<Token<'s>> {
        let is_of_name =
            |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-' | '+');
        loop {
            let rest = self.0;
            let mut letters = rest.chars();
            let first = letters.next()?;
            if is_of_name(first) {
                return Some(Token::Name(self.take(is_of_name)));
            }
            if let Some(block) = rest.strip_prefix("\"\"\"") {
                self.0 = block;
                return Some(Token::Text(self.text("\"\"\"")));
            }
            self.0 = letters.as_str();
            match first {
                '"' => return Some(Token::Text(self.text("\""))),
                '(' | '[' | '{' => return u8::try_from(first).ok().map(Token::Open),
                ')' | ']' | '}' => return Some(Token::Close),
                ':' => return Some(Token::Colon),
                '$' => {
                    self.take(is_of_name);
                    // `$name: Type` is no value, either.
                    if let Some(typed) = self.0.trim_ascii_start().strip_prefix(':') {
                        self.0 = typed.trim_ascii_start();
                        self.take(|letter| is_of_name(letter) || matches!(letter, '[' | ']' | '!'));
                    }
                }
                '#' => {
                    self.take(|letter| letter != '\n');
                }
                _ => {}
            }
        }
    }
}

/// A bracket that is open.
#[derive(Clone, Copy)]
struct Open {
    /// Steps of the path that it stands for.
    steps: usize,
    /// Of a list, the position of the next element.
    next: Option<u32>,
    /// Literals stand in it.
    is_of_arguments: bool,
}

/// Takes the literals among the arguments of a document.
pub(super) fn arguments<'s, 'a>(
    document: &'s str,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) {
    let mut open: Vec<Open> = Vec::new();
    let mut name: Option<&str> = None;
    let mut tokens = Tokens(document).peekable();
    while let Some(token) = tokens.next() {
        let is_of_arguments = open.last().is_some_and(|open| open.is_of_arguments);
        match token {
            Token::Name(word) if is_of_arguments && tokens.peek() == Some(&Token::Colon) => {
                name = Some(word);
            }
            Token::Name(word) | Token::Text(word) if is_of_arguments => {
                let steps = enter(name.take(), &mut open, collector);
                let value = match token {
                    Token::Text(_) => unescaped(word),
                    _ => Cow::Borrowed(word),
                };
                if steps > 0 && word != "null" {
                    collector.value(value, keep);
                }
                collector.leave(steps);
            }
            Token::Open(bracket) => {
                if open.len() >= limits::JSON_DEPTH {
                    break;
                }
                let steps = if is_of_arguments {
                    enter(name.take(), &mut open, collector)
                } else {
                    0
                };
                open.push(Open {
                    steps,
                    next: (bracket == b'[').then_some(0),
                    is_of_arguments: is_of_arguments || bracket == b'(',
                });
            }
            Token::Close => {
                if let Some(closed) = open.pop() {
                    collector.leave(closed.steps);
                }
            }
            Token::Name(_) | Token::Text(_) | Token::Colon => {}
        }
        if collector.is_full() {
            break;
        }
    }
    collector.leave(open.iter().map(|open| open.steps).sum());
}

/// Goes to the argument of that name, or to the next element of a list; returns how many steps that is.
fn enter(name: Option<&str>, open: &mut [Open], collector: &mut Collector<'_>) -> usize {
    let next = open.last_mut().and_then(|open| open.next.as_mut());
    match (name, next) {
        (Some(name), _) => collector.enter(name),
        (None, Some(next)) => {
            collector.enter_index(*next);
            *next = next.saturating_add(1);
        }
        (None, None) => return 0,
    }
    1
}

/// A string without its escapes, which are those of JSON.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let undone = serde_json::from_str(&format!("\"{text}\""));
    undone.map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Place;
    use crate::payload::copied;

    fn fields(document: &str) -> Vec<(String, String)> {
        let mut collector = Collector::new(Place::Body);
        arguments(document, copied, &mut collector);
        let fields = collector.finish().fields;
        let all = fields.iter();
        all.map(|field| (fields.path(field).to_string(), field.value.to_string()))
            .collect()
    }

    #[test]
    fn literals_stand_under_the_names_of_their_arguments() {
        let document = r#"mutation Up($id: ID!, $tags: [String!]) { # up
            up(mail: "anna@post.example", id: $id, at: {lat: 52.5, lon: -1.5e1}, tels: ["+49301", "a\"b"], mode: FAST) { ok mail }
            other: list(first: 3) { name }
        }"#;
        let expected = [
            ("mail", "anna@post.example"),
            ("at.lat", "52.5"),
            ("at.lon", "-1.5e1"),
            ("tels[0]", "+49301"),
            ("tels[1]", "a\"b"),
            ("mode", "FAST"),
            ("first", "3"),
        ];
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|(path, value)| ((*path).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(fields(document), expected);
        assert!(looks_like(document) && looks_like("{ up(a: 1) }"));
        for other in ["mutations(a: b)", "query me", "{ok}", "queries: (a: 1)"] {
            assert!(!looks_like(other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[a(){}\\[\\]:\"\\\\$#, ä]{0,40}") {
            fields(&text);
        }
    }
}
