//! Encodings inside values. Each value is read in at most one way, decided by looks before anything is decoded, so that the cost
//! stays linear in its length for each level.

use std::borrow::Cow;
use std::cell::LazyCell;

use base64::Engine;

use super::body::MediaType;
use super::collector::Collector;
use super::digits::{
    LENIENT_BASE64_URL, SHORTEST_AMONG, SHORTEST_DIGITS, SHORTEST_HEX, SHORTEST_MARKED,
    SHORTEST_WORD, base64_text, hex, spells_number, spells_word, words,
};
use super::{
    Decoder, Input, Keep, bson, cbor, compression, copied, digits, embedded, form, graphql, grpc,
    json, message_pack, multipart, property_list, protobuf, table, text, xml, zip,
};
use crate::model::{DecodeStep, Look};

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

/// Encodings of whole values, the most telling first. [`OF_PARTS`] follow them.
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
        has: Look::COLON,
        all: 0,
        attempt: data_url,
    },
    Encoding {
        has: Look::AMPERSAND,
        all: 0,
        attempt: form_text,
    },
    Encoding {
        has: Look::LIST,
        all: 0,
        attempt: table_of_rows,
    },
    Encoding {
        has: Look::OTHER,
        all: 0,
        attempt: doubled_quotes,
    },
    Encoding {
        has: Look::COLON | Look::OTHER,
        all: 0,
        attempt: embedded_documents,
    },
];

/// Encodings of parts of a value, which are also looked for around the documents in it.
const OF_PARTS: &[Encoding] = &[
    Encoding {
        has: Look::SPACE,
        all: 0,
        attempt: folded_lines,
    },
    Encoding {
        has: Look::EQUALS,
        all: 0,
        attempt: quoted_printable,
    },
    Encoding {
        has: Look::AMPERSAND,
        all: 0,
        attempt: forms_among,
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
        has: Look::BEYOND,
        all: 0,
        attempt: wide_letters,
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
        has: Look::SPACE | Look::COLON | Look::EQUALS | Look::LIST | Look::OTHER | Look::DOT,
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

/// Longest type of a URL that holds data.
const LONGEST_TYPE: usize = 128;

/// Shortest name that is looked into.
const SHORTEST_NAME: usize = 12;

/// Shortest binary document that is believed without a type: chance makes shorter ones.
pub(super) const SHORTEST_DOCUMENT: usize = 24;

/// The same of formats whose documents have names, from the first to the last byte: chance hardly makes these.
const SHORTEST_NAMED: usize = 8;

/// What is told by the magic of its compression.
const COMPRESSED: [Decoder; 3] = [compression::GZIP, compression::ZSTD, compression::ZLIB];

/// Binary formats that are told by their bytes, and of how many of these.
const DOCUMENTS: [(Decoder, usize); 8] = [
    (zip::DECODER, SHORTEST_NAMED),
    (multipart::DECODER, SHORTEST_DOCUMENT),
    (property_list::DECODER, SHORTEST_NAMED),
    (grpc::DECODER, SHORTEST_NAMED),
    (bson::DECODER, SHORTEST_DOCUMENT),
    (cbor::DECODER, SHORTEST_NAMED),
    (message_pack::DECODER, SHORTEST_NAMED),
    (protobuf::DECODER, SHORTEST_DOCUMENT),
];

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

/// Decodes bytes that came out of an encoding inside a value and are not text: compressed ones are decompressed, and documents
/// that are of a binary format from the first to the last byte are read.
pub(super) fn decode_bytes(bytes: &[u8], collector: &mut Collector<'_>) -> bool {
    if let Some(text) = text::wide(bytes) {
        collector.undoing(DecodeStep::Utf16, |collector| {
            collector.value(Cow::Owned(text), copied);
        });
        return true;
    }
    let is_compressed = compression::by_magic(bytes).is_some();
    if bytes.len() < SHORTEST_NAMED && !is_compressed {
        return false;
    }
    let input = Input {
        bytes,
        keep: copied,
        is_cut: false,
    };
    let media_type = MediaType::default();
    let is_short_message = LazyCell::new(|| protobuf::is_short_message(bytes));
    let compressed = COMPRESSED.iter().filter(|_| is_compressed);
    let documents = DOCUMENTS.iter();
    let documents = documents.filter(|(_, shortest)| bytes.len() >= *shortest || *is_short_message);
    let decoder = compressed
        .chain(documents.map(|(decoder, _)| decoder))
        .find(|decoder| (decoder.matches)(&media_type, input));
    let Some(decoder) = decoder else {
        if text::is_parted(bytes) {
            text::parts(bytes, collector);
            return true;
        }
        return (bytes.len() >= SHORTEST_DOCUMENT || compression::begins_with_letters(bytes))
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
        zip::DECODER,
        multipart::DECODER,
        property_list::DECODER,
        grpc::DECODER,
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
    let text = text.trim_ascii();
    if !json::looks_like(text.as_bytes(), false) {
        return false;
    }
    collector.undoing(DecodeStep::Json, |collector| {
        json::documents_of_text(text, 0, keep, collector);
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
    if !text.starts_with(TOKEN) {
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
pub(super) fn multipart_text<'s, 'a>(
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

/// A text, or bytes in base64, with a type in front, as a URL (RFC 2397 §3).
pub(super) fn data_url<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let Some((head, data)) = text
        .strip_prefix("data:")
        .and_then(|url| url.split_once(','))
    else {
        return false;
    };
    let is_head = head.len() <= LONGEST_TYPE
        && head
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/;=-+._%\"".contains(&byte));
    if !is_head {
        return false;
    }
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(data).collect();
    let Some(decoded) = text::from_bytes(&bytes) else {
        return decode_bytes(&bytes, collector);
    };
    if head.ends_with(";base64") {
        return base64_text(Look::of(&decoded), &decoded, copied, collector);
    }
    collector.undoing(DecodeStep::Percent, |collector| {
        collector.value(Cow::Borrowed(&decoded), copied);
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

fn embedded_documents<'s, 'a>(
    look: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    // Without a colon there are elements of XML alone.
    let may_hold = look.has(Look::COLON) || memchr::memchr(b'<', text.as_bytes()).is_some();
    may_hold && embedded::documents(text, collector)
}

/// A text in which documents stand as cells of a table have them, with their quotes doubled (RFC 4180 §2.7).
fn doubled_quotes<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    // Of an empty string nothing is inside the quotes.
    let is_doubled =
        |window: &[u8; 3]| matches!(window, [b'"', b'"', inside] if inside.is_ascii_alphanumeric());
    if memchr::memmem::find(text.as_bytes(), b"\"\"").is_none()
        || !text.as_bytes().array_windows().any(is_doubled)
    {
        return false;
    }
    collector.labelled(DecodeStep::Table, |collector| {
        collector.value(Cow::Owned(text.replace("\"\"", "\"")), copied);
    });
    true
}

/// A text in which base64 goes on in the next line (RFC 2045 §6.8), as in a cell or behind a name.
fn folded_lines<'s, 'a>(
    look: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    // All of it is base64, unless a name stands before.
    let is_named = || text.trim_ascii_end().trim_end_matches('=').contains('=');
    if look.is_all(Look::BASE64) && !is_named() {
        return false;
    }
    let Some(unfolded) = digits::unfolded(text) else {
        return false;
    };
    collector.labelled(DecodeStep::Text, |collector| {
        collector.value(Cow::Owned(unfolded), copied);
    });
    true
}

/// A table with a head, whatever stands in its cells.
fn table_of_rows<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let rows = text.contains('\n').then(|| table::rows(text)).flatten();
    let is_table = rows.is_some();
    if let Some(rows) = rows {
        collector.undoing(DecodeStep::Table, |collector| {
            table::fields(rows, collector);
        });
    }
    is_table
}

fn table_text<'s, 'a>(
    look: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    // What it is has white space, or is a pair; base64 ends in `=`.
    let is_pair = || look.has(Look::EQUALS) && text.trim_end_matches('=').contains('=');
    let are_pairs = || look.has(Look::COLON) && look.has(Look::LIST) && text.contains('|');
    let may_be = look.has(Look::SPACE) && text.contains([' ', '\n']) || is_pair() || are_pairs();
    // Media types with their weights (RFC 9110 §12.4.2) are no table of them.
    if !may_be
        || text.contains(";q=")
        || !(look.has(Look::COLON | Look::EQUALS) || text.contains('\n'))
    {
        return false;
    }
    let Some(table) = table::read(text) else {
        return false;
    };
    collector.undoing(DecodeStep::Table, |collector| {
        table::fields(table.rows, collector);
    });
    if table.is_all && !table.others.is_empty() {
        let others = table.others.join(" ");
        decode_around(Look::of(&others), &others, collector);
    }
    table.is_all
}

/// Forms among words. What a link among them holds is the link's.
fn forms_among<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let mut is_taken = false;
    let words = text.split_ascii_whitespace();
    for word in words.filter(|word| word.len() < text.len() && word.contains('&')) {
        let look = Look::of(word);
        is_taken |= form_text(look, word, copied, collector);
    }
    is_taken
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
    } else {
        collector.undoing(DecodeStep::Percent, |collector| {
            is_taken = decode_bytes(&decoded, collector);
            if !is_taken {
                collector.opaque(&decoded);
            }
        });
    }
    is_taken
}

/// A text in the wide letters of East Asia, or with digits or spaces of other scripts: `＋４９`, `٤٩`.
fn wide_letters<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let Some(folded) = text::folded(text) else {
        return false;
    };
    collector.undoing(DecodeStep::Compatible, |collector| {
        collector.value(Cow::Owned(folded), copied);
    });
    true
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
