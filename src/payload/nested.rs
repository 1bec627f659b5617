//! Encodings inside values. Each value is read in at most one way, decided by looks before anything is decoded, so that the cost
//! stays linear in its length for each level.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::body::MediaType;
use super::collector::Collector;
use super::{
    Decoder, Input, Keep, bson, cbor, compression, copied, form, graphql, json, message_pack,
    multipart, property_list, protobuf, table, text, xml,
};
use crate::model::{DecodeStep, Look};

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Base64 with or without padding (RFC 4648 §4).
pub(super) const LENIENT_BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// Base64url with or without padding (RFC 4648 §5).
const LENIENT_BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Bytes that begin like something compressed and are looked at as they are, too.
const LONGEST_CHANCE: usize = 512;

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

/// All encodings inside values, the most telling first.
const ENCODINGS: &[Encoding] = &[
    Encoding {
        has: Look::OTHER,
        all: 0,
        attempt: json_text,
    },
    Encoding {
        has: Look::OTHER,
        all: 0,
        attempt: graphql_text,
    },
    Encoding {
        has: Look::OTHER,
        all: 0,
        attempt: xml_text,
    },
    Encoding {
        has: Look::DOT,
        all: 0,
        attempt: json_web_token,
    },
    Encoding {
        has: Look::COLON,
        all: 0,
        attempt: multipart_text,
    },
    Encoding {
        has: Look::COLON,
        all: 0,
        attempt: url,
    },
    Encoding {
        has: Look::AMPERSAND,
        all: 0,
        attempt: form_text,
    },
    Encoding {
        has: Look::EQUALS,
        all: 0,
        attempt: quoted_printable,
    },
    Encoding {
        has: Look::COLON | Look::EQUALS | Look::LIST,
        all: 0,
        attempt: table_text,
    },
    Encoding {
        has: Look::PERCENT,
        all: 0,
        attempt: percent,
    },
    Encoding {
        has: Look::AMPERSAND | Look::OTHER | Look::PERCENT,
        all: 0,
        attempt: escaped,
    },
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
    Encoding {
        has: Look::SPACE | Look::COLON | Look::EQUALS | Look::LIST | Look::OTHER,
        all: 0,
        attempt: words,
    },
];

/// Kinds of which nothing that is encoded has none, unless all its characters are of base64.
const ANY: u16 = {
    let (mut any, mut rest) = (0, ENCODINGS);
    while let [encoding, behind @ ..] = rest {
        any |= encoding.has;
        rest = behind;
    }
    // White space alone says nothing; see `may_hold`.
    any & !Look::SPACE
};

/// Shortest value that is looked into.
const SHORTEST: usize = 4;
/// Shortest base64 that is looked into.
const SHORTEST_WORD: usize = 8;
/// Shortest base64 that is believed when it gives any text.
const SHORTEST_BASE64: usize = 16;
/// Shortest hexadecimal text that is looked into: shorter ones are ids.
const SHORTEST_HEX: usize = 24;
/// Shortest hexadecimal text that says that it is, or that spells a number.
const SHORTEST_MARKED: usize = 12;
/// Shortest hexadecimal text without letters: shorter ones are numbers, of which pairs of digits spell something too often.
const SHORTEST_DIGITS: usize = 40;

/// Shortest encoded word among others.
const SHORTEST_AMONG: usize = 20;
/// Longest text of which words are looked into: what is longer is a program or a page.
const LONGEST_TEXT: usize = 16 << 10;
/// Most encoded words among others: more are lines of one encoding.
const MOST_AMONG: usize = 16;
/// Shortest name that is looked into.
const SHORTEST_NAME: usize = 12;

/// Shortest binary document that is believed without a type: chance makes shorter ones.
const SHORTEST_DOCUMENT: usize = 24;

/// The same of formats whose documents have names, from the first to the last byte: chance hardly makes these.
const SHORTEST_NAMED: usize = 8;

/// Binary formats that are told by their bytes, and of how many of these.
const DOCUMENTS: [(Decoder, usize); 5] = [
    (property_list::DECODER, SHORTEST_NAMED),
    (bson::DECODER, SHORTEST_DOCUMENT),
    (cbor::DECODER, SHORTEST_NAMED),
    (message_pack::DECODER, SHORTEST_NAMED),
    (protobuf::DECODER, SHORTEST_DOCUMENT),
];

/// Bytes of the digests in use, of MD5 to SHA-512.
const DIGESTS: [usize; 6] = [16, 20, 28, 32, 48, 64];

/// Whether anything may be encoded in a value, as far as a look tells.
#[inline]
pub(super) fn may_hold(look: Look, text: &str) -> bool {
    // Short words are no base64 of anything, and ids no hexadecimal text but of numbers. Of two groups of base64 of a text one in four hundred has
    // small letters alone, of more hardly any: what has is made of words.
    let is_word = |shortest: usize| {
        text.len() >= shortest
            && look.is_all(Look::BASE64)
            && look.has(Look::UPPER | Look::DIGIT | Look::EQUALS | Look::PLUS)
    };
    let shortest = if look.is_all(Look::HEX) {
        SHORTEST_HEX
    } else {
        SHORTEST_WORD
    };
    let is_number = || {
        look.is_all(Look::HEX)
            && (SHORTEST_MARKED..SHORTEST_HEX).contains(&text.len())
            && spells_number(text)
    };
    let has_words =
        || text.len() > SHORTEST_AMONG && look.has(Look::SPACE) && look.has(Look::DIGIT);
    text.len() >= SHORTEST && look.has(ANY) || is_word(shortest) || is_number() || has_words()
}

/// Decodes what is encoded in a name, as it is where names are data: base64 and hexadecimal text, percent encoding.
pub(super) fn decode_name(name: &str, collector: &mut Collector<'_>) {
    if name.len() < SHORTEST_NAME {
        return;
    }
    let look = Look::of(name);
    let is_of_base64 = look.is_all(Look::BASE64)
        && look.has(Look::DIGIT)
        && (look.has(Look::UPPER) || look.is_all(Look::HEX));
    if look.has(Look::PERCENT) || is_of_base64 && may_hold(look, name) {
        let attempts: [Attempt; 3] = [percent, hex, base64_text];
        attempts
            .iter()
            .any(|attempt| attempt(look, name, copied, collector));
    }
}

/// Decodes what is encoded in a value, if anything.
pub(super) fn decode<'s, 'a>(
    look: Look,
    text: &'s str,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) {
    if !may_hold(look, text) {
        return;
    }
    for encoding in ENCODINGS {
        if (look.has(encoding.has) || look.is_all(encoding.all))
            && (encoding.attempt)(look, text, keep, collector)
        {
            return;
        }
    }
}

/// Decodes bytes that came out of an encoding inside a value and are not text: compressed ones are decompressed, and documents
/// that are of a binary format from the first to the last byte are read.
pub(super) fn decode_bytes(bytes: &[u8], collector: &mut Collector<'_>) -> bool {
    if let Some(text) = text::wide(bytes) {
        collector.undoing(DecodeStep::Utf16, |collector| {
            collector.value(Cow::Owned(text), copied);
        });
        return true;
    }
    if bytes.len() < SHORTEST_NAMED && compression::by_magic(bytes).is_none() {
        return false;
    }
    let input = Input {
        bytes,
        keep: copied,
        is_cut: false,
    };
    let media_type = MediaType::default();
    let compressed = [compression::GZIP, compression::ZSTD, compression::ZLIB];
    let documents = DOCUMENTS.iter();
    let documents = documents
        .filter(|(_, shortest)| bytes.len() >= *shortest || protobuf::is_mostly_text(bytes));
    let documents = documents.map(|(decoder, _)| decoder);
    let decoder = compressed
        .iter()
        .chain(documents)
        .find(|decoder| (decoder.matches)(&media_type, input));
    let Some(decoder) = decoder else {
        return bytes.len() >= SHORTEST_DOCUMENT
            && compression::undo_without_magic(&media_type, bytes, collector);
    };
    (decoder.decode)(&media_type, input, collector);
    true
}

/// Whether bytes are a document of a binary format from the first to the last; without undoing anything in it, because what is
/// compressed may hold itself.
pub(super) fn is_document(bytes: &[u8]) -> bool {
    let input = Input {
        bytes,
        keep: copied,
        is_cut: false,
    };
    let documents = [
        property_list::DECODER,
        bson::DECODER,
        cbor::DECODER,
        message_pack::DECODER,
    ];
    let matches = |decoder: &Decoder| (decoder.matches)(&MediaType::default(), input);
    documents.iter().any(matches) || protobuf::is_readable_message(bytes)
}

/// A JSON text, or a JSON string that holds something.
fn json_text<'s, 'a>(
    _: Look,
    text: &'s str,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let bytes = text.as_bytes().trim_ascii();
    if !matches!(bytes.first(), Some(b'{' | b'[' | b'"')) || !json::looks_like(bytes, false) {
        return false;
    }
    collector.undoing(DecodeStep::Json, |collector| {
        json::documents(bytes, keep, collector);
    });
    true
}

fn graphql_text<'s, 'a>(
    _: Look,
    text: &'s str,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let is_document = graphql::looks_like(text);
    if is_document {
        collector.undoing(DecodeStep::GraphQl, |collector| {
            graphql::arguments(text, keep, collector);
        });
    }
    is_document
}

fn xml_text<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    if !text.trim_ascii_start().starts_with('<') || !xml::looks_like(text) {
        return false;
    }
    collector.undoing(DecodeStep::Xml, |collector| {
        xml::document(text.trim_ascii(), collector);
    });
    true
}

/// Header and payload of a JSON Web Token (RFC 7519 §3), under `header` and `payload`; of an encrypted one (RFC 7516 §3.1) only
/// the header is readable.
fn json_web_token<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    // `eyJ` is base64url of `{"`
    if !text.starts_with("eyJ") {
        return false;
    }
    let mut segments = text.split('.');
    let header = segments.next().and_then(json_segment);
    let payload = segments.next().and_then(json_segment);
    let Some(header) = header else { return false };
    collector.undoing(DecodeStep::Jwt, |collector| {
        for (part, document) in [("header", Some(header)), ("payload", payload)] {
            if let Some(document) = document {
                collector.within(part, |collector| {
                    json::documents(&document, copied, collector);
                });
            }
        }
    });
    true
}

fn json_segment(segment: &str) -> Option<Vec<u8>> {
    let decoded = LENIENT_BASE64_URL.decode(segment).ok()?;
    let is_object = decoded.starts_with(b"{") && json::looks_like(&decoded, false);
    is_object.then_some(decoded)
}

/// The parts of a form (RFC 7578) that is itself a value, without the type that names its boundary.
fn multipart_text<'s, 'a>(
    _: Look,
    text: &'s str,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let media_type = MediaType::default();
    let input = Input {
        bytes: text.as_bytes(),
        keep,
        is_cut: false,
    };
    let is_multipart = text.starts_with("--") && (multipart::DECODER.matches)(&media_type, input);
    if is_multipart {
        (multipart::DECODER.decode)(&media_type, input, collector);
    }
    is_multipart
}

/// The query of an absolute URL (a referrer, a redirect target), and its fragment where that holds parameters.
fn url<'s, 'a>(_: Look, text: &'s str, keep: Keep<'s, 'a>, collector: &mut Collector<'a>) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let is_scheme = (2..=40).contains(&scheme.len())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !is_scheme || rest.contains(|character: char| character.is_whitespace()) {
        return false;
    }
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let parts = [query, fragment];
    if !parts.iter().any(|part| part.contains('=')) {
        return false;
    }
    collector.undoing(DecodeStep::Form, |collector| {
        for part in parts {
            if part.contains('=') {
                form::pairs(part, keep, collector);
            }
        }
    });
    true
}

fn form_text<'s, 'a>(
    _: Look,
    text: &'s str,
    keep: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    if !form::looks_like(text, 2) {
        return false;
    }
    collector.undoing(DecodeStep::Form, |collector| {
        form::pairs(text, keep, collector);
    });
    true
}

fn table_text<'s, 'a>(
    look: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    // What it is has white space, or is a pair; base64 ends in `=`.
    let is_pair = || look.has(Look::EQUALS) && text.trim_end_matches('=').contains('=');
    let may_be = look.has(Look::SPACE) && text.contains([' ', '\n']) || is_pair();
    // Media types with their weights (RFC 9110 §12.4.2) are no table of them.
    if !may_be
        || text.contains(";q=")
        || !(look.has(Look::COLON | Look::EQUALS) || text.contains('\n'))
    {
        return false;
    }
    let Some(rows) = table::read(text) else {
        return false;
    };
    collector.undoing(DecodeStep::Table, |collector| {
        table::fields(rows, collector);
    });
    true
}

fn percent<'s, 'a>(_: Look, text: &'s str, _: Keep<'s, 'a>, collector: &mut Collector<'a>) -> bool {
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(text).collect();
    if decoded == text.as_bytes() {
        return false;
    }
    let mut is_taken = false;
    if let Some(decoded) = text::from_bytes(&decoded) {
        is_taken = true;
        collector.undoing(DecodeStep::Percent, |collector| {
            collector.value(decoded, copied);
        });
    } else if compression::by_magic(&decoded).is_some() {
        collector.undoing(DecodeStep::Percent, |collector| {
            is_taken = decode_bytes(&decoded, collector);
        });
    }
    is_taken
}

/// A text with escapes of JSON (`\u0040`) or XML (`&#64;`, `&amp;`) in it, outside a document of these.
fn escaped<'s, 'a>(
    look: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    if look.has(Look::AMPERSAND)
        && text.contains(';')
        && let Ok(Cow::Owned(unescaped)) = quick_xml::escape::unescape(text)
    {
        collector.undoing(DecodeStep::Xml, |collector| {
            collector.value(Cow::Owned(unescaped), copied);
        });
        return true;
    }
    if text.contains("\\u") && !text.contains('"') {
        let quoted = format!("\"{text}\"");
        return json_text(look, &quoted, copied, collector);
    }
    // In a script among other text, and as `escape` of JavaScript has it.
    for (mark, step) in [("\\u", DecodeStep::Json), ("%u", DecodeStep::Percent)] {
        if text.contains(mark)
            && let Some(unescaped) = with_units(text, mark)
        {
            collector.undoing(step, |collector| {
                collector.value(Cow::Owned(unescaped), copied);
            });
            return true;
        }
    }
    false
}

/// A text with the code units of UTF-16 that stand in it as a mark and four hexadecimal digits; `None` if there are none.
fn with_units(text: &str, mark: &str) -> Option<String> {
    let mut parts = text.split(mark);
    let mut plain = parts.next()?.to_owned();
    let (mut units, mut found) = (Vec::new(), false);
    for part in parts {
        let unit = part
            .split_at_checked(4)
            .filter(|(digits, _)| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|(digits, rest)| Some((u16::from_str_radix(digits, 16).ok()?, rest)));
        let rest = unit.map_or(part, |(_, rest)| rest);
        units.extend(unit.map(|(unit, _)| unit));
        found |= unit.is_some();
        if unit.is_some() && rest.is_empty() {
            continue;
        }
        plain.push_str(&String::from_utf16_lossy(&units));
        units.clear();
        if unit.is_none() {
            plain.push_str(mark);
        }
        plain.push_str(rest);
    }
    plain.push_str(&String::from_utf16_lossy(&units));
    found.then_some(plain)
}

/// A text in which letters beyond ASCII are written as quoted-printable (RFC 2045 §6.7) has them: `Schl=C3=BCssel`.
fn quoted_printable<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let is_high = |byte: u8| matches!(byte, b'8' | b'9' | b'A'..=b'F');
    let is_letter = |window: &[u8; 6]| {
        let [first, high, _, second, other, _] = *window;
        first == b'=' && second == b'=' && is_high(high) && is_high(other)
    };
    if !text.as_bytes().array_windows().any(is_letter) {
        return false;
    }
    let decoded = text::quoted_printable(text.as_bytes());
    let Ok(decoded) = String::from_utf8(decoded) else {
        return false;
    };
    collector.undoing(DecodeStep::QuotedPrintable, |collector| {
        collector.value(Cow::Owned(decoded), copied);
    });
    true
}

/// Hexadecimal digits that spell a text. Ids and hashes do not spell anything.
fn hex<'s, 'a>(look: Look, text: &'s str, _: Keep<'s, 'a>, collector: &mut Collector<'a>) -> bool {
    // `0x` of programs, `\x` of PostgreSQL's bytea
    let (is_marked, look, text) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("\\x"))
    {
        Some(digits) => (true, Look::of(digits), digits),
        None => (false, look, text),
    };
    let shortest = if is_marked || text.len() < SHORTEST_HEX && spells_number(text) {
        SHORTEST_MARKED
    } else if look.is_all(Look::DIGIT) && !spells_number(text) {
        SHORTEST_DIGITS
    } else {
        SHORTEST_HEX
    };
    if !look.is_all(Look::HEX) || text.len() < shortest {
        return false;
    }
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return false;
    }
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|[high, low]| Some(hex_digit(*high)? << 4 | hex_digit(*low)?))
        .collect();
    let Some(bytes) = bytes else { return false };
    let Some(decoded) = str::from_utf8(&bytes)
        .ok()
        .filter(|text| text::is_readable(text))
    else {
        // Digests are told by their digits.
        let mut is_taken = false;
        let is_none = !DIGESTS.contains(&bytes.len()) || is_mostly_text(&bytes);
        let is_told = text::is_wide(&bytes) || compression::by_magic(&bytes).is_some();
        if is_none || is_told {
            collector.undoing(DecodeStep::Hex, |collector| {
                is_taken = decode_bytes(&bytes, collector);
                if !is_taken {
                    collector.binary(&bytes);
                }
            });
        }
        return is_taken;
    };
    collector.undoing(DecodeStep::Hex, |collector| {
        collector.value(Cow::Borrowed(decoded), copied);
    });
    true
}

/// Whether pairs of digits spell a number with what people write between its groups: of a hundred pairs seven do, so six in a row
/// are no chance.
fn spells_number(text: &str) -> bool {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    rest.is_empty()
        && pairs.iter().all(|pair| {
            matches!(
                pair,
                [b'3', b'0'..=b'9']
                    | [b'2', b'0' | b'8' | b'9' | b'b' | b'B' | b'd'..=b'f' | b'D'..=b'F']
            )
        })
}

/// Whether most bytes are printable, as those of a document with text in it are and those of a digest are not.
fn is_mostly_text(bytes: &[u8]) -> bool {
    let printable = bytes.iter().filter(|byte| matches!(byte, b' '..=b'~'));
    printable.count().saturating_mul(4) >= bytes.len().saturating_mul(3)
}

/// The value of a hexadecimal digit.
pub(super) fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Base64 of text, of something compressed, or of a binary document. Words and random tokens are made of the same letters, but do
/// not decode to any of them.
fn base64_text<'s, 'a>(
    look: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    if look.is_all(Look::DIGIT) {
        return false;
    }
    let text = text
        .strip_prefix("data:")
        .and_then(|rest| rest.split_once(";base64,"))
        .map_or(text, |(_, encoded)| encoded);
    let look = if look.is_all(Look::BASE64) {
        look
    } else {
        Look::of(text)
    };
    if !look.is_all(Look::BASE64) || text.len() < SHORTEST_WORD || is_id(look, text) {
        return false;
    }
    let mut buffer = collector.take_buffer();
    let is_taken =
        base64_bytes(text, look, &mut buffer).is_some() && take_base64(text, &buffer, collector);
    collector.put_buffer(buffer);
    is_taken
}

/// Words of base64 or hexadecimal digits among others: `upload SGFsbG8sIFdlbHQhIQ== done`.
fn words<'s, 'a>(_: Look, text: &'s str, _: Keep<'s, 'a>, collector: &mut Collector<'a>) -> bool {
    if text.len() > LONGEST_TEXT {
        return false;
    }
    let words: Vec<(Look, &str)> = encoded_words(text).take(MOST_AMONG + 1).collect();
    let mut is_taken = false;
    if words.len() <= MOST_AMONG {
        for (look, word) in words {
            is_taken |= hex(look, word, copied, collector) || base64_word(look, word, collector);
        }
    }
    is_taken
}

/// The words of a text that are long enough and look random, with their padding, but not all of it.
fn encoded_words(text: &str) -> impl Iterator<Item = (Look, &str)> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "+/-_".contains(letter);
    let mut rest = text;
    let all = std::iter::from_fn(move || {
        let (_, word) = rest.split_at_checked(rest.find(is_letter)?)?;
        let letters = word.find(|letter| !is_letter(letter)).unwrap_or(word.len());
        let behind = word.bytes().skip(letters).take(2);
        let padding = behind.take_while(|byte| *byte == b'=').count();
        let (word, behind) = word.split_at_checked(letters.saturating_add(padding))?;
        rest = behind;
        Some((letters, word))
    });
    let long = all.filter(|(letters, word)| *letters >= SHORTEST_AMONG && word.len() < text.len());
    long.map(|(_, word)| (Look::of(word), word))
        .filter(|(look, _)| {
            look.has(Look::DIGIT) && (look.has(Look::UPPER) || look.is_all(Look::HEX))
        })
}

/// Base64 among other words: of text, or of what tells itself. What is neither is a name or an id.
fn base64_word(look: Look, word: &str, collector: &mut Collector<'_>) -> bool {
    if is_id(look, word) {
        return false;
    }
    let mut buffer = collector.take_buffer();
    let mut is_taken = false;
    if base64_bytes(word, look, &mut buffer).is_some() {
        let is_text = str::from_utf8(&buffer).is_ok_and(text::is_readable);
        if is_text {
            is_taken = take_base64(word, &buffer, collector);
        } else if compression::by_magic(&buffer).is_some() || buffer.len() >= SHORTEST_DOCUMENT {
            collector.undoing(DecodeStep::Base64, |collector| {
                is_taken = decode_bytes(&buffer, collector);
            });
        }
    }
    collector.put_buffer(buffer);
    is_taken
}

/// Whether a text is hexadecimal digits, with or without dashes, as ids and dates are.
fn is_id(look: Look, text: &str) -> bool {
    let is_of_id = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    look.is_all(Look::HEX) || look.has(Look::GROUP) && text.bytes().all(is_of_id)
}

/// Takes what base64 stands for.
fn take_base64(text: &str, bytes: &[u8], collector: &mut Collector<'_>) -> bool {
    let Some(decoded) = str::from_utf8(bytes)
        .ok()
        .filter(|text| text::is_readable(text))
    else {
        let mut is_taken = false;
        collector.undoing(DecodeStep::Base64, |collector| {
            is_taken = decode_bytes(bytes, collector);
            // Two bytes may begin like something compressed by chance.
            let may_be_chance = bytes.len() <= LONGEST_CHANCE;
            if may_be_chance || !is_taken && compression::by_magic(bytes).is_none() {
                collector.binary(bytes);
            }
        });
        return is_taken;
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@._+-: ".contains(&byte);
    if text.len() < SHORTEST_BASE64
        && !decoded.bytes().all(is_plain)
        && !json::looks_like(decoded.as_bytes(), false)
    {
        return false;
    }
    collector.undoing(DecodeStep::Base64, |collector| {
        collector.value(Cow::Borrowed(decoded), copied);
    });
    true
}

/// Base64 in either alphabet, with line ends, or with spaces where a form ate the `+`.
fn base64_bytes(text: &str, look: Look, bytes: &mut Vec<u8>) -> Option<()> {
    let text = text.trim_ascii();
    if look.has(Look::GROUP) && text.contains('-') || text.contains('_') {
        return LENIENT_BASE64_URL.decode_vec(text, bytes).ok();
    }
    if look.has(Look::SPACE) && text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        let has_lines = text.contains('\n');
        let dense: Vec<u8> = text
            .bytes()
            .filter(|byte| !(matches!(byte, b'\r' | b'\n') || has_lines && *byte == b' '))
            .map(|byte| if byte == b' ' { b'+' } else { byte })
            .collect();
        return LENIENT_BASE64.decode_vec(dense, bytes).ok();
    }
    LENIENT_BASE64.decode_vec(text, bytes).ok()
}
