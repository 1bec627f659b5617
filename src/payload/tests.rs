//! Cases of decoding as a whole.

mod combinations;
mod json_documents;
mod laws;
mod layers;

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::*;
use crate::limits;
use crate::model::{Body, Exchange, Header, Message, Place, Request};

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A stream of uncompressed meta-blocks (RFC 7932 §9.2): valid Brotli that any decoder reads.
fn brotli(bytes: &[u8]) -> Vec<u8> {
    // WBITS 16 is one zero bit; ISLAST 0, MNIBBLES 0 (four nibbles), MLEN - 1 in 16 bits, ISUNCOMPRESSED 1, padding
    let mut stream = Vec::new();
    for (position, block) in bytes.chunks(1 << 16).enumerate() {
        let length = u32::try_from(block.len() - 1).unwrap();
        let header = length << 3 | 1 << 19;
        let bits = if position == 0 { header << 1 } else { header };
        stream.extend_from_slice(&bits.to_le_bytes()[..3]);
        stream.extend_from_slice(block);
    }
    stream.push(0b11);
    stream
}

pub(super) fn post(content_type: &str, encoding: &str, body: &[u8]) -> Event {
    let mut headers = Vec::new();
    for (name, value) in [
        ("Content-Type", content_type),
        ("Content-Encoding", encoding),
    ] {
        if !value.is_empty() {
            headers.push(Header {
                name: name.into(),
                value: value.into(),
            });
        }
    }
    Event::Exchange(Exchange {
        request: Request {
            method: "POST".into(),
            target: "/".into(),
            headers,
            body: Body {
                bytes: body.to_vec(),
                wire_len: body.len() as u64,
                is_cut: false,
            },
            ..Request::default()
        },
        ..Exchange::default()
    })
}

fn get(target: &str, headers: &[(&str, &str)]) -> Event {
    Event::Exchange(Exchange {
        request: Request {
            method: "GET".into(),
            target: target.into(),
            headers: headers
                .iter()
                .map(|(name, value)| Header {
                    name: (*name).into(),
                    value: (*value).into(),
                })
                .collect(),
            ..Request::default()
        },
        ..Exchange::default()
    })
}

/// Body fields as `path|chain|value`.
pub(super) fn body_lines(event: &Event) -> Vec<String> {
    lines_in(event, Place::Body)
}

fn lines_in(event: &Event, place: Place) -> Vec<String> {
    let fields = decode(event).fields;
    let of_place = fields.iter().filter(|field| field.place == place);
    of_place
        .map(|field| {
            let (path, chain) = (fields.path(field), fields.chain(field.chain));
            format!("{path}|{chain}|{}", field.value)
        })
        .collect()
}

#[test]
fn documents_that_nothing_names_are_read() {
    // {1: "erika@post.example", 2: 7}; the same in a map of MessagePack
    let message = [b"\x0a\x12erika@post.example".as_slice(), b"\x10\x07"].concat();
    let map = [b"\x82\xa1m\xb2erika@post.example".as_slice(), b"\xa1n\x07"].concat();
    let in_hex = |bytes: &[u8]| {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{{\"v\":\"{digits}\"}}")
    };
    let packed = [
        b"\x08\x05\x12".as_slice(),
        &[u8::try_from(gzip(&map).len()).unwrap()],
        &gzip(&map),
    ]
    .concat();
    let form = "--boundary1\r\nContent-Disposition: form-data; name=\"m\"\r\n\r\nerika@post.example\r\n--boundary1--\r\n";
    let nested = serde_json::json!({ "v": form }).to_string();
    for (media_type, body, line) in [
        (
            "application/octet-stream",
            raw_deflate(&message),
            "[1]|deflate > protobuf|erika@post.example",
        ),
        (
            "application/octet-stream",
            brotli(&map),
            "m|br > msgpack|erika@post.example",
        ),
        (
            "application/gzip",
            gzip(&map),
            "m|gzip > msgpack|erika@post.example",
        ),
        (
            "application/octet-stream",
            packed,
            "[2].m|protobuf > gzip > msgpack|erika@post.example",
        ),
        (
            "application/json",
            in_hex(&map).into_bytes(),
            "v.m|json > hex > msgpack|erika@post.example",
        ),
        (
            "application/json",
            nested.into_bytes(),
            "v.m|json > multipart|erika@post.example",
        ),
    ] {
        let lines = body_lines(&post(media_type, "", &body));
        assert!(lines.iter().any(|it| it == line), "{line}: {lines:?}");
    }
}

#[test]
fn fields_are_bounded_and_counted() {
    let list = format!("[{}1]", "1,".repeat(limits::FIELDS + 10));
    let form = "a=1&".repeat(limits::FIELDS + 10);
    for (content_type, body) in [
        ("application/json", list.as_str()),
        ("application/x-www-form-urlencoded", form.as_str()),
    ] {
        let event = post(content_type, "", body.as_bytes());
        let decoded = decode(&event);
        assert_eq!(decoded.fields.len(), limits::FIELDS);
        assert_eq!(decoded.shortfalls[0].0, Shortfall::FieldLimit);
    }
}

#[test]
fn forms_give_paths_from_bracketed_names() {
    let event = post(
        "application/x-www-form-urlencoded",
        "",
        b"user%5Bname%5D=Erika+M%C3%BCller&c[0][phone]=%2B4930&c[]=x&empty=&flag&q=a%20b",
    );
    assert_eq!(
        body_lines(&event),
        [
            "user.name|form|Erika Müller",
            "c[0].phone|form|+4930",
            "c|form|x",
            "empty|form|",
            "flag|form|",
            "q|form|a b",
        ]
    );
}

#[test]
fn latin_1_in_forms_is_text() {
    let event = post("application/x-www-form-urlencoded", "", b"name=M%FCller");
    assert_eq!(body_lines(&event), ["name|form|Müller"]);
}

#[test]
fn bodies_without_type_are_sniffed() {
    assert_eq!(
        body_lines(&post(
            "",
            "",
            b"gaid=38400000-8cf0-11bd-b23e-10b96e40000d&v=1"
        )),
        ["gaid|form|38400000-8cf0-11bd-b23e-10b96e40000d", "v|form|1"]
    );
    assert_eq!(
        body_lines(&post("text/plain", "", b"[12:30] see you = later")),
        ["|text|[12:30] see you = later"]
    );
}

#[test]
fn vcards_are_one_text() {
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Erika Mustermann\r\nEND:VCARD\r\n";
    let event = post("text/vcard", "", card.as_bytes());
    assert_eq!(body_lines(&event), [format!("|text|{card}")]);
}

#[test]
fn long_texts_are_split_at_lines_and_lose_nothing() {
    let line = "FN:Erika Mustermann\r\n";
    let text = line.repeat(limits::FIELD_BYTES / 10);
    let event = post("text/vcard", "", text.as_bytes());
    let decoded = decode(&event);
    let fields: Vec<_> = decoded
        .fields
        .iter()
        .filter(|field| field.place == Place::Body)
        .collect();
    assert!(fields.len() > 1);
    assert!(fields.iter().all(|field| field.value.starts_with("FN:")));
    let joined: String = fields.iter().map(|field| field.value.as_ref()).collect();
    assert!(joined == text);
}

#[test]
fn multipart_parts_have_names_files_headers_and_encodings() {
    let mut body = Vec::new();
    body.extend_from_slice(
        b"preamble\r\n--xYz\r\nContent-Disposition: form-data; name=\"lat\"\r\n\r\n52.5163\r\n\
          --xYz\r\nContent-Disposition: form-data; name=\"book\"; filename=\"contacts; all.vcf\"\r\nContent-Type: text/vcard\r\n\
          X-Owner: erika\r\n\r\nBEGIN:VCARD\r\n\r\n--xYzNot the boundary\r\nEND:VCARD\r\n\
          --xYz\r\nContent-Disposition: form-data; name=\"log\"\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n",
    );
    body.extend_from_slice(&gzip(br#"{"a":"1"}"#));
    body.extend_from_slice(
        b"\r\n--xYz\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n\
          --xYz\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nM=C3=BCl=\r\nler\r\n--xYz--\r\nepilogue",
    );
    let event = post("multipart/form-data; boundary=\"xYz\"", "", &body);
    assert_eq!(
        body_lines(&event),
        [
            "lat|multipart|52.5163",
            "book.filename|multipart|contacts; all.vcf",
            "book.x-owner|multipart|erika",
            "book|multipart > text|BEGIN:VCARD\r\n\r\n--xYzNot the boundary\r\nEND:VCARD",
            "log.a|multipart > gzip > json|1",
            "[3]|multipart > base64 > text|hello",
            "[4]|multipart > quoted-printable > text|Müller",
        ]
    );
    assert_eq!(decode(&event).shortfalls, []);
}

#[test]
fn multipart_nests_and_needs_no_type() {
    let inner = "--in\r\nContent-Type: application/json\r\n\r\n{\"a\":\"1\"}\r\n--in--";
    let body = format!(
        "--outer-bound\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n{inner}\r\n--outer-bound--\r\n"
    );
    assert_eq!(
        body_lines(&post("", "", body.as_bytes())),
        ["[0][0].a|multipart > multipart > json|1"]
    );
}

#[test]
fn xml_gives_texts_and_attributes_by_local_name() {
    let event = post(
        "application/soap+xml",
        "",
        b"<?xml version='1.0'?><s:Env xmlns:s='urn:x'><s:Body a='1 &amp; 2'><n:Mail>e&#64;m&lt;.example</n:Mail><e/>\
          <t><![CDATA[<raw>]]></t></s:Body></s:Env>",
    );
    assert_eq!(
        body_lines(&event),
        [
            "Env.Body.a|xml|1 & 2",
            "Env.Body.Mail|xml|e@m<.example",
            "Env.Body.t|xml|<raw>",
        ]
    );
}

#[test]
fn property_list_keys_become_names() {
    let event = post(
        "text/x-xml-plist",
        "",
        b"<plist version=\"1.0\"><dict><key>UDID</key><string>abc</string><key>list</key><array><string>x</string></array>\
          <key>on</key><true/></dict></plist>",
    );
    assert_eq!(
        body_lines(&event),
        [
            "plist.version|xml|1.0",
            "plist.dict.UDID|xml|abc",
            "plist.dict.list[0]|xml|x",
        ]
    );
}

#[test]
fn path_query_headers_and_cookies_are_fields() {
    let event = get(
        "/v1//users/erika%40example.org?q=caf%C3%A9&ids=%5B%221%22%5D",
        &[
            ("User-Agent", "App/1.0"),
            (
                "Cookie",
                "sid=abc; prefs=%7B%22gaid%22%3A%22x%22%7D; t=eyJhIjoiYiJ9",
            ),
            ("Referer", "https://shop.example/?email=erika%40example.org"),
        ],
    );
    assert_eq!(
        lines_in(&event, Place::Path),
        [
            "[0]||v1",
            "[2]||users",
            "[3]||erika%40example.org",
            "[3]|percent|erika@example.org",
        ]
    );
    assert_eq!(
        lines_in(&event, Place::Query),
        ["q||café", "ids||[\"1\"]", "ids[0]|json|1"]
    );
    assert_eq!(
        lines_in(&event, Place::Header),
        [
            "user-agent||App/1.0",
            "referer||https://shop.example/?email=erika%40example.org",
            "referer.email|form|erika@example.org",
        ]
    );
    assert_eq!(
        lines_in(&event, Place::Cookie),
        [
            "sid||abc",
            "prefs||%7B%22gaid%22%3A%22x%22%7D",
            "prefs|percent|{\"gaid\":\"x\"}",
            "prefs.gaid|percent > json|x",
            "t||eyJhIjoiYiJ9",
            "t|base64|{\"a\":\"b\"}",
            "t.a|base64 > json|b",
        ]
    );
}

#[test]
fn credentials_are_decoded() {
    let basic = format!("Basic {}", STANDARD.encode("erika:pass:word"));
    let event = get("/", &[("Authorization", &basic)]);
    assert_eq!(
        lines_in(&event, Place::Header),
        [
            format!("authorization||{basic}"),
            "authorization.user|base64|erika".into(),
            "authorization.password|base64|pass:word".into(),
        ]
    );
    let bearer = format!(
        "Bearer {}.{}.c2ln",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
        URL_SAFE_NO_PAD.encode(r#"{"email":"erika@example.org"}"#)
    );
    let event = get("/", &[("authorization", &bearer)]);
    assert_eq!(
        lines_in(&event, Place::Header),
        [
            format!("authorization||{bearer}"),
            format!("authorization||{}", bearer.trim_start_matches("Bearer ")),
            "authorization.header.alg|jwt|none".into(),
            "authorization.payload.email|jwt|erika@example.org".into(),
        ]
    );
    let digest = "Digest username=\"erika, m\", realm=x, nc=00000001";
    let event = get("/", &[("Authorization", digest)]);
    assert_eq!(
        lines_in(&event, Place::Header)[1..],
        [
            "authorization.username||erika, m",
            "authorization.realm||x",
            "authorization.nc||00000001",
        ]
    );
}

#[test]
fn ids_hashes_words_and_numbers_are_not_taken_for_encodings() {
    for value in [
        "d41d8cd98f00b204e9800998ecf8427e",
        "38400000-8cf0-11bd-b23e-10b96e40000d",
        "applicationVersionName",
        "com.example.application",
        "1234567890123456",
        "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36",
        "2026-11-24T10:00:00Z",
        "fGzLuTt6R0mYk2hJw8pQxA",
        "100% sure",
        "[hello]",
        "{name}",
        "a < b > c",
        "key=value",
    ] {
        let json = serde_json::json!({ "v": value }).to_string();
        let event = post("application/json", "", json.as_bytes());
        assert_eq!(body_lines(&event), [format!("v|json|{value}")]);
    }
}

#[test]
fn messages_of_other_protocols_are_decoded_like_requests() {
    let event = Event::Message(Message {
        protocol: "mqtt",
        kind: "PUBLISH".into(),
        fields: vec![
            ("topic".into(), "t/1".into()),
            ("payload".into(), r#"{"lat":"52.5"}"#.into()),
        ],
        from_client: true,
        ..Message::default()
    });
    assert_eq!(lines_in(&event, Place::Header), ["topic|protocol|t/1"]);
    assert_eq!(body_lines(&event), ["payload.lat|protocol > json|52.5"]);
}

#[test]
fn mail_messages_and_calls_in_clear_are_decoded_and_other_answers_are_not() {
    for (protocol, kind, is_protected, fields) in [
        ("imap", "FETCH", false, 1),
        ("pop3", "RETR", false, 1),
        ("imap", "FETCH", true, 0),
        ("xmpp", "message", false, 1),
        ("xmpp", "message", true, 0),
        ("sip", "INVITE", false, 1),
        ("sip", "200", false, 0),
        ("mqtt", "PUBLISH", false, 0),
    ] {
        let event = Event::Message(Message {
            protocol,
            kind: kind.into(),
            fields: vec![("from".into(), "erika@a.example".into())],
            is_protected,
            ..Message::default()
        });
        assert_eq!(decode(&event).fields.len(), fields, "{protocol}");
    }
}

#[test]
fn what_is_only_called_protobuf_is_read_as_what_it_is() {
    let message = [&[0x0a, 6][..], b"Kobalt"].concat();
    let framed = [&[0, 0, 0, 0, 8][..], &message].concat();
    let listed = [&[8], &message[..]].concat();
    for body in [message, framed, listed] {
        let found = body_lines(&post("application/x-protobuf", "", &body));
        assert!(
            found.iter().any(|line| line.ends_with("|Kobalt")),
            "{found:?}"
        );
    }
}
