//! Which kinds of characters a text has: one cheap pass that tells what the text cannot be.

/// The kinds of characters in a text: those that some character is of and, in the upper half, those that some character is not of,
/// so that a character is added in one step. The default is that of the empty text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look(u32);

impl Look {
    /// `%`
    pub const PERCENT: u16 = 1;
    /// `&`
    pub const AMPERSAND: u16 = 1 << 1;
    /// `.`
    pub const DOT: u16 = 1 << 2;
    /// `:`
    pub const COLON: u16 = 1 << 3;
    /// Hexadecimal digits.
    pub const HEX: u16 = 1 << 4;
    /// Either alphabet of base64 with padding, line ends and what indents lines; a space is also what `+` became in a form.
    pub const BASE64: u16 = 1 << 5;
    /// Decimal digits.
    pub const DIGIT: u16 = 1 << 6;
    /// Capital letters of ASCII.
    pub const UPPER: u16 = 1 << 7;
    /// `@`
    pub const AT: u16 = 1 << 8;
    /// `+`
    pub const PLUS: u16 = 1 << 9;
    /// What parts the elements of a list: `,`, `;`, `|`, tab and line end.
    pub const LIST: u16 = 1 << 10;
    /// What parts groups of digits: space, `-`, `/`, `(`, `)`.
    pub const GROUP: u16 = 1 << 11;
    /// White space of ASCII.
    pub const SPACE: u16 = 1 << 12;
    /// `=`
    pub const EQUALS: u16 = 1 << 13;
    /// Other punctuation, and control characters.
    pub const OTHER: u16 = 1 << 14;
    /// Bytes beyond ASCII.
    pub const BEYOND: u16 = 1 << 15;

    const CLASSES: [u16; 256] = Self::classes();

    /// What a byte adds.
    const ADDED: [u32; 256] = Self::added();

    #[expect(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "evaluated by the compiler over the 256 values of a byte"
    )]
    const fn classes() -> [u16; 256] {
        let mut classes = [0; 256];
        let mut value = 0_usize;
        while value < 256 {
            #[expect(clippy::cast_possible_truncation, reason = "below 256")]
            let byte = value as u8;
            let mut class = match byte {
                b'%' => Self::PERCENT,
                b'&' => Self::AMPERSAND,
                b'.' => Self::DOT,
                b':' => Self::COLON,
                b'@' => Self::AT,
                b'+' => Self::PLUS,
                b',' | b';' | b'|' | b'\t' | b'\n' => Self::LIST,
                b' ' | b'-' | b'/' | b'(' | b')' => Self::GROUP,
                b'=' => Self::EQUALS,
                0x80.. => Self::BEYOND,
                b'_' => 0,
                _ if byte.is_ascii_alphanumeric() => 0,
                _ => Self::OTHER,
            };
            if matches!(byte, b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | b' ') {
                class |= Self::SPACE;
            }
            if byte.is_ascii_alphanumeric()
                || matches!(
                    byte,
                    b'+' | b'/' | b'-' | b'_' | b'=' | b'\r' | b'\n' | b'\t' | b' '
                )
            {
                class |= Self::BASE64;
            }
            if byte.is_ascii_hexdigit() {
                class |= Self::HEX;
            }
            if byte.is_ascii_digit() {
                class |= Self::DIGIT;
            }
            if byte.is_ascii_uppercase() {
                class |= Self::UPPER;
            }
            classes[value] = class;
            value += 1;
        }
        classes
    }

    #[expect(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "evaluated by the compiler over the 256 values of a byte"
    )]
    const fn added() -> [u32; 256] {
        let mut added = [0; 256];
        let mut value = 0_usize;
        while value < 256 {
            added[value] = Self::of_class(Self::CLASSES[value]).0;
            value += 1;
        }
        added
    }

    /// That of characters of these kinds alone.
    const fn of_class(class: u16) -> Self {
        Self(class as u32 | (!class as u32) << 16)
    }

    /// That of decimal digits and nothing else.
    pub const DIGITS: Self = Self::of_class(Self::HEX | Self::BASE64 | Self::DIGIT);

    /// The kinds that a byte is of.
    #[inline]
    pub fn class(byte: u8) -> u16 {
        Self::CLASSES
            .get(usize::from(byte))
            .copied()
            .unwrap_or_default()
    }

    /// Looks at a text.
    #[inline]
    pub fn of(text: &str) -> Self {
        let mut look = Self::default();
        let (chunks, rest) = text.as_bytes().as_chunks::<8>();
        for chunk in chunks {
            for byte in chunk {
                look.add(*byte);
            }
        }
        for byte in rest {
            look.add(*byte);
        }
        look
    }

    /// Adds a byte.
    #[inline]
    pub fn add(&mut self, byte: u8) {
        self.0 |= Self::ADDED.get(usize::from(byte)).copied().unwrap_or(0);
    }

    /// Whether some character is of one of these kinds.
    #[inline]
    pub fn has(self, kinds: u16) -> bool {
        self.0 & u32::from(kinds) != 0
    }

    /// What texts that look like this and like the other have in common.
    #[must_use]
    pub fn of_either(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether a text that looks like this may hold a part that looks like that, whatever the case of their letters: what some
    /// character of the part is or is not, some character of the text is or is not.
    #[inline]
    pub fn may_hold(self, part: Self) -> bool {
        const CASE: u32 = Look::UPPER as u32 | (Look::UPPER as u32) << 16;
        // Letters beyond ASCII may have others within it in the other case.
        part.0 & !self.0 & !CASE == 0 || self.has(Self::BEYOND)
    }

    /// Whether all characters are of this kind; of no characters, all are.
    #[inline]
    pub fn is_all(self, kind: u16) -> bool {
        !self.0 >> 16 & u32::from(kind) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_those_of_some_and_of_all_characters() {
        let look = Look::of("+49 160 1234567");
        assert!(look.has(Look::PLUS) && look.has(Look::SPACE) && !look.has(Look::UPPER));
        assert!(look.is_all(Look::BASE64) && !look.is_all(Look::DIGIT));
        assert!(Look::of("").is_all(Look::HEX), "of no characters, all are");
        assert_eq!(Look::of("0123456789"), Look::DIGITS);
    }

    #[test]
    fn a_text_may_hold_what_looks_no_other_than_its_characters() {
        let parts = Look::of("ada@mail.example").of_either(Look::of("a.b@x.example"));
        for text in ["ADA@MAIL.EXAMPLE", "to: ada@mail.example", "ádá"] {
            assert!(Look::of(text).may_hold(parts), "{text}");
        }
        for text in ["0123456789abcdef", "ada mail.example", "screen_view"] {
            assert!(!Look::of(text).may_hold(parts), "{text}");
        }
    }
}
