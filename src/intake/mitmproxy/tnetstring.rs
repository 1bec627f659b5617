//! Tagged netstrings (`<length>:<data><tag>`) as mitmproxy writes them, read in place.
//!
//! Nothing is built: a list or dictionary is walked when it is asked for, so neither depth nor number of elements costs memory.

/// Digits of a length; mitmproxy's own bound.
pub(super) const LENGTH_DIGITS: usize = 12;

/// One element, by reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    tag: u8,
    data: &'a [u8],
}

/// The number in front of an element and how many bytes it takes with its colon; `None` if there is none.
pub(super) fn length(bytes: &[u8]) -> Option<(u64, usize)> {
    let colon = bytes
        .iter()
        .take(LENGTH_DIGITS.saturating_add(1))
        .position(|byte| *byte == b':')?;
    let digits = bytes.get(..colon).filter(|digits| !digits.is_empty())?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = str::from_utf8(digits).ok()?.parse().ok()?;
    Some((number, colon.saturating_add(1)))
}

impl<'a> Element<'a> {
    /// From its data and the tag behind it.
    pub(super) fn new(data_and_tag: &'a [u8]) -> Option<Self> {
        let (tag, data) = data_and_tag.split_last()?;
        Some(Self { tag: *tag, data })
    }

    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (length, start) = length(bytes)?;
        let length = usize::try_from(length).ok()?.checked_add(1)?;
        let (element, rest) = bytes.get(start..)?.split_at_checked(length)?;
        Some((Self::new(element)?, rest))
    }

    pub(super) fn is_dictionary(self) -> bool {
        self.tag == b'}'
    }

    fn is_null(self) -> bool {
        self.tag == b'~'
    }

    /// Elements of a list, or keys and values of a dictionary in turn; ends where they cannot be read.
    pub(super) fn elements(self) -> Elements<'a> {
        let is_container = matches!(self.tag, b']' | b'}');
        Elements {
            rest: if is_container { self.data } else { &[] },
        }
    }

    /// The value of a key of a dictionary, unless it is null. Keys are bytes in old dumps and text in new ones.
    pub(super) fn get(self, name: &str) -> Option<Self> {
        if !self.is_dictionary() {
            return None;
        }
        let mut elements = self.elements();
        while let (Some(key), Some(value)) = (elements.next(), elements.next()) {
            if matches!(key.tag, b',' | b';') && key.data == name.as_bytes() {
                return (!value.is_null()).then_some(value);
            }
        }
        None
    }

    /// The first of these keys that has a value.
    pub(super) fn get_any(self, names: &[&str]) -> Option<Self> {
        names.iter().find_map(|name| self.get(name))
    }

    /// Bytes or text.
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        matches!(self.tag, b',' | b';').then_some(self.data)
    }

    /// Bytes or text, as text: what is not UTF-8 is read as Latin-1, as in headers.
    pub(super) fn text(self) -> Option<String> {
        let bytes = self.bytes()?;
        Some(match str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
        })
    }

    fn literal(self, tags: &[u8]) -> Option<&'a str> {
        tags.contains(&self.tag)
            .then(|| str::from_utf8(self.data).ok())?
    }

    pub(super) fn integer(self) -> Option<i64> {
        self.literal(b"#")?.parse().ok()
    }

    /// An integer or a fraction.
    pub(super) fn number(self) -> Option<f64> {
        self.literal(b"#^")?.parse().ok()
    }

    pub(super) fn flag(self) -> Option<bool> {
        match self.literal(b"!#")? {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }
}

/// See [`Element::elements`].
pub(super) struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let (element, rest) = Element::split(self.rest)?;
        self.rest = rest;
        Some(element)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn element(bytes: &[u8]) -> Element<'_> {
        Element::split(bytes).unwrap().0
    }

    #[test]
    fn all_kinds_are_read() {
        let dictionary = element(b"43:1:a,1:7#1:b;3:1.5^1:c;4:true!1:d;0:~1:e;0:]}");
        assert_eq!(dictionary.get("a").unwrap().integer(), Some(7));
        assert_eq!(dictionary.get("b").unwrap().number(), Some(1.5));
        assert_eq!(dictionary.get("c").unwrap().flag(), Some(true));
        assert_eq!(dictionary.get("d"), None);
        assert_eq!(dictionary.get("f"), None);
        assert_eq!(element(b"2:\xc3\xa9;").text().unwrap(), "é");
        assert_eq!(element(b"1:\xe9,").text().unwrap(), "é");
        let list = element(b"8:1:x,1:y,]");
        let items: Vec<_> = list.elements().filter_map(Element::bytes).collect();
        assert_eq!(items, [b"x", b"y"]);
    }

    #[test]
    fn lengths_are_bounded() {
        assert_eq!(length(b"007:"), Some((7, 4)));
        assert_eq!(length(b"999999999999:"), Some((999_999_999_999, 13)));
        assert_eq!(length(b"1999999999999:"), None);
        assert_eq!(length(b":"), None);
        assert_eq!(length(b"+1:"), None);
        assert_eq!(length(b"12"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>, text in "[0-9:;,#}\\]~a]{0,60}") {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                if let Some((element, _)) = Element::split(bytes) {
                    let _ = (element.get("a"), element.number(), element.flag(), element.elements().count());
                }
            }
        }
    }
}
