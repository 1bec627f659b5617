//! Encodings inside values. Each value is read in at most one way, decided by looks before anything is decoded, so that the cost
//! stays linear in its length for each level.

mod bytes;
mod document;
mod escape;
mod rows;

pub(super) use bytes::{SHORTEST_DOCUMENT, decode_bytes, is_document};
pub(super) use document::{data_url, multipart_text};

use self::document::{
    embedded_documents, form_text, forms_among, graphql_text, json_text, json_web_token, url,
    xml_text,
};
use self::escape::{escaped, percent, quoted_printable, wide_letters};
use self::rows::{doubled_quotes, folded_lines, table_of_rows, table_text};
use super::collector::Collector;
use super::digits::{
    SHORTEST_AMONG, SHORTEST_DIGITS, SHORTEST_HEX, SHORTEST_MARKED, SHORTEST_WORD, base64_text,
    hex, spaced_hex, spells_number, spells_word, words,
};
use super::{Keep, copied};
use crate::model::Look;

/// Decodes a value if it is of this encoding. `false`: it is not, try the next.
type Attempt = for<'s, 'a> fn(Look, &'s str, Keep<'s, 'a>, &mut Collector<'a>) -> bool;

/// An encoding inside values.
struct Encoding {
    /// Kinds of characters of which a value has one …
    has: u16,
    /// … or a kind that all of its characters are of.
    all: u16,
    attempt: Attempt,
}

/// An encoding of which a value has a kind of characters.
const fn of_kinds(has: u16, attempt: Attempt) -> Encoding {
    Encoding {
        has,
        all: 0,
        attempt,
    }
}

/// Encodings of whole values, the most telling first. [`OF_PARTS`] follow them.
const ENCODINGS: &[Encoding] = &[
    of_kinds(Look::OTHER, json_text),
    of_kinds(Look::OTHER, graphql_text),
    of_kinds(Look::OTHER, xml_text),
    of_kinds(Look::DOT, json_web_token),
    of_kinds(Look::COLON, multipart_text),
    of_kinds(Look::COLON, url),
    of_kinds(Look::COLON, data_url),
    of_kinds(Look::AMPERSAND, form_text),
    of_kinds(Look::LIST, table_of_rows),
    of_kinds(Look::OTHER, doubled_quotes),
    of_kinds(Look::COLON | Look::OTHER, embedded_documents),
];

/// Encodings of parts of a value, which are also looked for around the documents in it.
const OF_PARTS: &[Encoding] = &[
    of_kinds(Look::SPACE, folded_lines),
    of_kinds(Look::EQUALS, quoted_printable),
    of_kinds(Look::AMPERSAND, forms_among),
    of_kinds(Look::COLON | Look::EQUALS | Look::LIST, table_text),
    of_kinds(Look::PERCENT, percent),
    of_kinds(Look::AMPERSAND | Look::OTHER | Look::PERCENT, escaped),
    of_kinds(Look::BEYOND, wide_letters),
    of_kinds(Look::SPACE, spaced_hex),
    Encoding {
        has: Look::OTHER,
        all: Look::BASE64,
        attempt: hex,
    },
    Encoding {
        has: Look::COLON,
        all: Look::BASE64,
        attempt: base64_text,
    },
    of_kinds(
        Look::SPACE | Look::COLON | Look::EQUALS | Look::LIST | Look::OTHER | Look::DOT,
        words,
    ),
];

/// Kinds of which nothing that is encoded has none, unless all its characters are of base64.
const ANY: u16 = {
    let (mut any, mut rest) = (0, ENCODINGS);
    while let [encoding, behind @ ..] = rest {
        any |= encoding.has;
        rest = behind;
    }
    rest = OF_PARTS;
    while let [encoding, behind @ ..] = rest {
        any |= encoding.has;
        rest = behind;
    }
    // White space and dots alone say nothing; see `may_hold`.
    any & !(Look::SPACE | Look::DOT)
};

/// Kinds of which base64 has one, and hexadecimal text digits.
const OF_BASE64: u16 = Look::UPPER | Look::DIGIT | Look::EQUALS | Look::PLUS;

/// How a JSON Web Token begins: base64url of `{"`.
const TOKEN: &str = "eyJ";

/// Shortest value that is looked into.
const SHORTEST: usize = 4;

/// Shortest name that is looked into.
const SHORTEST_NAME: usize = 12;

/// Whether anything may be encoded in a value, as far as a look tells.
#[inline]
pub(super) fn may_hold(look: Look, text: &str) -> bool {
    if text.len() < SHORTEST || !look.has(ANY | Look::DOT | OF_BASE64) {
        return false;
    }
    // Short words are no base64 of anything, and ids no hexadecimal text but of numbers. Of two groups of base64 of a text one in four hundred has
    // small letters alone, of more hardly any: what has is made of words.
    let is_word = |shortest: usize| {
        text.len() >= shortest && look.is_all(Look::BASE64) && look.has(OF_BASE64)
    };
    let shortest = if look.is_all(Look::HEX) {
        SHORTEST_HEX
    } else {
        SHORTEST_WORD
    };
    let is_number = || {
        look.is_all(Look::HEX)
            && (SHORTEST_MARKED..SHORTEST_DIGITS).contains(&text.len())
            && (spells_number(text) || spells_word(text))
    };
    let has_words = || {
        text.len() > SHORTEST_AMONG && look.has(Look::SPACE | Look::DOT) && look.has(Look::DIGIT)
    };
    let is_token = || look.has(Look::DOT) && text.starts_with(TOKEN);
    look.has(ANY) || is_token() || is_word(shortest) || is_number() || has_words()
}

/// Whether anything may be encoded in a name, as it is where names are data.
pub(super) fn may_name_hold(name: &str) -> bool {
    let look = Look::of(name);
    let is_of_base64 = look.is_all(Look::BASE64)
        && look.has(Look::DIGIT)
        && (look.has(Look::UPPER) || look.is_all(Look::HEX));
    let is_document = || name.starts_with(['{', '[']);
    name.len() >= SHORTEST_NAME
        && (look.has(Look::PERCENT) || is_of_base64 && may_hold(look, name) || is_document())
}

/// Decodes what is encoded in a name that [`may_name_hold`] something: JSON, base64 and hexadecimal text, percent encoding.
pub(super) fn decode_name(name: &str, collector: &mut Collector<'_>) {
    let look = Look::of(name);
    let attempts: [Attempt; 4] = [json_text, percent, hex, base64_text];
    attempts
        .iter()
        .any(|attempt| attempt(look, name, copied, collector));
}

/// Decodes what is encoded in a text around the documents in it, for which it is not looked again.
pub(super) fn decode_around(look: Look, text: &str, collector: &mut Collector<'_>) {
    first_of(OF_PARTS, look, text, copied, collector);
}

/// Decodes what is encoded in a value that [`may_hold`] something.
pub(super) fn decode<'s, 'a>(
    look: Look,
    text: &'s str,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) {
    if !first_of(ENCODINGS, look, text, keep, collector) {
        first_of(OF_PARTS, look, text, keep, collector);
    }
}

/// Decodes a value by the first of some encodings that it is of, if there is one.
fn first_of<'s, 'a>(
    encodings: &[Encoding],
    look: Look,
    text: &'s str,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    encodings.iter().any(|encoding| {
        (look.has(encoding.has) || look.is_all(encoding.all))
            && (encoding.attempt)(look, text, keep, collector)
    })
}
