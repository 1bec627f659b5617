//! Which kinds of characters a text has: one cheap pass that tells what the text cannot be.

/// The kinds of characters in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    any: u16,
    all: u16,
}

impl Default for Look {
    /// That of the empty text.
    fn default() -> Self {
        Self { any: 0, all: !0 }
    }
}

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
        for byte in text.bytes() {
            look.add(Self::class(byte));
        }
        look
    }

    /// Adds a byte of these kinds.
    #[inline]
    pub fn add(&mut self, class: u16) {
        self.any |= class;
        self.all &= class;
    }

    /// Whether some character is of one of these kinds.
    #[inline]
    pub fn has(self, kinds: u16) -> bool {
        self.any & kinds != 0
    }

    /// What texts that look like this and like the other have in common: the kinds that both have, and those that all of one may
    /// be of.
    #[must_use]
    pub fn of_either(self, other: Self) -> Self {
        Self {
            any: self.any & other.any,
            all: self.all | other.all,
        }
    }

    /// Whether a text that looks like this may hold a part that looks like that, whatever the case of their letters.
    #[inline]
    pub fn may_hold(self, part: Self) -> bool {
        // Letters beyond ASCII may have others within it in the other case.
        let has = part.any & !self.any & !Self::UPPER == 0;
        let is_all = self.all & !part.all & !Self::UPPER == 0;
        has && is_all || self.has(Self::BEYOND)
    }

    /// Whether all characters are of this kind; of no characters, all are.
    #[inline]
    pub fn is_all(self, kind: u16) -> bool {
        self.all & kind != 0
    }
}
