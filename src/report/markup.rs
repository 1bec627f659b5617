//! Text → Markdown in which it is nothing but text. All text goes through this, wherever it comes from.

/// A text as one line of Markdown (`CommonMark` with the tables, links and strikethrough of GitHub), also for a cell of a table.
pub(super) fn markdown(text: &str) -> String {
    let spaced = |character: char| {
        let is_space = character.is_whitespace() || character.is_control();
        if is_space { ' ' } else { character }
    };
    let line: String = text.chars().map(spaced).collect();
    let text = line.trim();
    let mut escaped = String::with_capacity(text.len());
    // `1.` and `1)` begin a list at the start of a line only.
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    for (position, character) in text.char_indices() {
        let before = escaped.chars().next_back();
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // GitHub makes links of `https://…`, `www.…` and addresses without being asked.
            ':' if begins_link(&escaped, text.get(position..)) => escaped.push_str("&#58;"),
            '@' => escaped.push_str("&#64;"),
            '.' if escaped.to_ascii_lowercase().ends_with("www") => escaped.push_str("&#46;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '^' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '-' | '+' | '=' | '#' if position == 0 => {
                escaped.push('\\');
                escaped.push(character);
            }
            '.' | ')' if digits > 0 && position == digits => {
                escaped.push('\\');
                escaped.push(character);
            }
            ' ' if before == Some(' ') => {}
            character => escaped.push(character),
        }
    }
    escaped
}

/// Whether a colon behind `before`, with which `rest` begins, would make a link of its own accord.
fn begins_link(before: &str, rest: Option<&str>) -> bool {
    let before = before.to_ascii_lowercase();
    rest.is_some_and(|rest| rest.starts_with("://"))
        || before.ends_with("mailto")
        || before.ends_with("xmpp")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    use super::*;

    /// What a reader of Markdown makes of one line: its text, if it is nothing else.
    fn read(line: &str) -> Option<String> {
        let mut shown = String::new();
        for event in Parser::new_ext(line, extensions()) {
            match event {
                Event::Text(text) => shown.push_str(&text),
                Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => {}
                _ => return None,
            }
        }
        Some(shown)
    }

    /// What GitHub reads beside `CommonMark`. Typographic quotes and dashes change no meaning.
    fn extensions() -> Options {
        Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_MATH
            | Options::ENABLE_GFM
    }

    fn hostile() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[\\-+=#>*_`~\\[\\]()!<&;:@|$^{}\\\\ 0-9a-z./\"'\n\t]{0,60}",
            Just("<script>alert(1)</script>".to_owned()),
            Just("[x](javascript:alert(1))".to_owned()),
            Just("![x](https://tracker.example/p.png)".to_owned()),
            Just("| a | b |\n|---|---|".to_owned()),
            Just("&lt;img src=x onerror=alert(1)&gt;".to_owned()),
        ]
    }

    /// As a reader sees it: runs of white space are one.
    fn words(text: &str) -> String {
        text.split(|character: char| character.is_whitespace() || character.is_control())
            .filter(|word| !word.is_empty())
            .collect::<Vec<&str>>()
            .join(" ")
    }

    proptest! {
        #[test]
        fn any_text_is_nothing_but_text_in_markdown(text in hostile()) {
            let line = markdown(&text);
            prop_assert!(!line.contains(['\n', '<']));
            let shown = read(&line);
            prop_assert!(shown.is_some(), "{line:?}");
            prop_assert_eq!(words(&shown.unwrap()).replace('\u{fffd}', ""), words(&text).replace('\u{fffd}', ""));
        }
    }

    #[test]
    fn links_of_their_own_accord_are_broken() {
        assert_eq!(markdown("https://x.example"), "https&#58;//x.example");
        assert_eq!(markdown("mailto:a"), "mailto&#58;a");
        assert_eq!(markdown("Memo: a"), "Memo: a");
        assert_eq!(markdown("www.x.example"), "www&#46;x.example");
        assert_eq!(markdown("3. Oktober"), "3\\. Oktober");
        assert_eq!(markdown("Art. 5(1)(a) - b"), "Art. 5(1)(a) - b");
    }
}
