//! The law of layers: whatever a value is encoded in, and whatever that stands in, the value itself is a field. Each container is
//! tried with each encoding, and with each two of them.

use super::*;

const LEAF: &str = "anna.beispiel@post.example";

/// What holds a text, by its name.
type Wrap = fn(&str) -> String;

fn percent(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

fn lines(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let lines = encoded.as_bytes().chunks(76).map(String::from_utf8_lossy);
    lines.collect::<Vec<_>>().join("\r\n")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// A message of protocol buffers: a number, a word and the text.
fn message(text: &str) -> Vec<u8> {
    let mut bytes = b"\x08\x07\x12\x05lilac\x1a".to_vec();
    let mut length = text.len();
    while length > 0x7f {
        bytes.push(u8::try_from(length & 0x7f | 0x80).unwrap());
        length >>= 7;
    }
    bytes.push(u8::try_from(length).unwrap());
    bytes.extend(text.bytes());
    bytes
}

/// Each form has a boundary of its own, as those inside others have.
fn part(text: &str) -> String {
    let boundary = format!("--boundary{}", text.len());
    format!(
        "{boundary}\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nlilac\r\n{boundary}\r\n\
         Content-Disposition: form-data; name=\"b\"\r\n\r\n{text}\r\n{boundary}--\r\n"
    )
}

/// Encodings of texts as texts.
const LAYERS: &[(&str, Wrap)] = &[
    ("base64", |text| STANDARD.encode(text)),
    ("base64url", |text| URL_SAFE_NO_PAD.encode(text)),
    ("base64 in lines", |text| lines(text.as_bytes())),
    ("hex", |text| hex(text.as_bytes())),
    ("percent", percent),
    ("json", |text| {
        serde_json::json!({"n": 7, "v": text}).to_string()
    }),
    ("form", |text| format!("n=7&v={}", percent(text))),
    ("xml", |text| {
        format!("<a><n>7</n><v>{}</v></a>", escaped(text))
    }),
    ("attribute", |text| {
        format!("<a n=\"7\" v=\"{}\"/>", escaped(text))
    }),
    ("table", |text| {
        format!("id;v;n\n1;{};7\n2;;8\n", quoted(text))
    }),
    ("parts of a form", part),
    ("data URL", |text| {
        format!(
            "data:application/octet-stream;base64,{}",
            STANDARD.encode(text)
        )
    }),
    ("gzip in base64", |text| {
        STANDARD.encode(gzip(text.as_bytes()))
    }),
    ("gzip in hex", |text| hex(&gzip(text.as_bytes()))),
    ("message in base64", |text| STANDARD.encode(message(text))),
    ("UTF-16 in base64", |text| {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        STANDARD.encode(bytes)
    }),
];

/// Bodies that hold a text.
const CONTAINERS: &[(&str, &str, Wrap)] = &[
    ("json", "application/json", |text| {
        serde_json::json!({"v": text}).to_string()
    }),
    ("text", "text/plain", str::to_owned),
    ("unknown type", "", str::to_owned),
    ("form", "application/x-www-form-urlencoded", |text| {
        format!("n=7&v={}", percent(text))
    }),
    ("table", "text/csv", |text| {
        format!("id,v,n\n1,{},7\n", quoted(text))
    }),
    ("parts of a form", "multipart/form-data", part),
    ("line of a log", "text/plain", |text| {
        format!(
            "09-14 07:31:58.2 41 I Sync: start\n09-14 07:31:59.2 41 D Sync: v={text} state=OK\n09-14 07:32:00 done\n"
        )
    }),
    ("name and colon", "text/plain", |text| {
        format!("v: {text}\r\n")
    }),
    ("bars", "text/plain", |text| format!("lilac|7|{text}|end")),
    ("hashes", "text/plain", |text| {
        format!("lilac##7##{text}##end")
    }),
    ("information separators", "text/plain", |text| {
        format!("lilac\u{1f}7\u{1f}{text}\u{1f}end")
    }),
    ("starts of headers", "", |text| {
        format!("lilac\u{1}7\u{1}v={text}\u{1}end")
    }),
    ("line protocol", "text/plain", |text| {
        format!("#L;v={text};ok\r\n")
    }),
    ("xml", "text/xml", |text| {
        format!("<a><v>{}</v></a>", escaped(text))
    }),
];

fn is_found(content_type: &str, body: &str) -> bool {
    let event = post(content_type, "", body.as_bytes());
    let decoded = decode(&event);
    decoded
        .fields
        .iter()
        .any(|field| field.value.contains(LEAF))
}

#[test]
fn a_value_is_found_in_any_encoding_in_any_container() {
    let mut missed = Vec::new();
    let mut tried = 0_usize;
    for (container, content_type, hold) in CONTAINERS {
        for (outer, around) in LAYERS {
            for (inner, encode) in LAYERS.iter().chain([&("nothing", str::to_owned as Wrap)]) {
                tried += 1;
                let body = hold(&around(&encode(LEAF)));
                if !is_found(content_type, &body) {
                    missed.push(format!("{inner} in {outer} in {container}"));
                }
            }
        }
    }
    assert!(
        missed.is_empty(),
        "{} of {tried}:\n{}",
        missed.len(),
        missed.join("\n")
    );
}
