//! Cases of decoding as a whole.

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

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A stream of uncompressed meta-blocks (RFC 7932 §9.2): valid Brotli that any decoder reads.
pub(super) fn brotli(bytes: &[u8]) -> Vec<u8> {
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

pub(super) fn get(target: &str, headers: &[(&str, &str)]) -> Event {
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
fn json_keeps_numbers_as_sent_and_duplicate_keys() {
    let event = post(
        "application/json",
        "",
        br#"{"lat":52.520008000000001,"id":18446744073709551617,"id":1e400,"on":true,"none":null,"list":["a",{"b":"c"}]}"#,
    );
    assert_eq!(
        body_lines(&event),
        [
            "lat|json|52.520008000000001",
            "id|json|18446744073709551617",
            "id|json|1e400",
            "on|json|true",
            "list[0]|json|a",
            "list[1].b|json|c",
        ]
    );
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
fn documents_are_read_in_any_encoding() {
    let message = [b"\x0a\x12erika@post.example".as_slice(), b"\x10\x07"].concat();
    let map = [b"\x82\xa1m\xb2erika@post.example".as_slice(), b"\xa1n\x07"].concat();
    let base64 = |bytes: &[u8]| LENIENT_BASE64.encode(bytes);
    let in_base64 = |bytes: &[u8]| {
        serde_json::json!({ "v": base64(bytes) })
            .to_string()
            .into_bytes()
    };
    let percent =
        |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("%{byte:02X}")).collect() };
    let in_percent = |bytes: &[u8]| {
        serde_json::json!({ "v": percent(bytes) })
            .to_string()
            .into_bytes()
    };
    let form_of = |bytes: &[u8]| format!("v={}", percent(bytes)).into_bytes();
    let delimited = [[u8::try_from(message.len()).unwrap()].as_slice(), &message].concat();
    let grpc_frame = |message: &[u8]| {
        [
            [0, 0, 0, 0, u8::try_from(message.len()).unwrap()].as_slice(),
            message,
        ]
        .concat()
    };
    let lines = base64(&gzip(&map))
        .as_bytes()
        .chunks(20)
        .fold(String::new(), |text, line| {
            format!("{text}\n\t\t{}", str::from_utf8(line).unwrap())
        });
    let property_list = format!(
        "<?xml version=\"1.0\"?><plist><dict><key>d</key><data>{lines}\n\t</data></dict></plist>"
    )
    .into_bytes();
    for (media_type, body, line) in [
        (
            "application/json",
            in_base64(&grpc_frame(&message)),
            "v[1]|json > base64 > grpc > protobuf|erika@post.example",
        ),
        (
            "application/octet-stream",
            raw_deflate(&grpc_frame(&message)),
            "[1]|deflate > grpc > protobuf|erika@post.example",
        ),
        (
            "application/json",
            in_base64(&delimited.repeat(2)),
            "v[1]|json > base64 > protobuf|erika@post.example",
        ),
        (
            "application/json",
            in_base64(b"\x0a\x05req-1\x12\x0b\x08\x80\xa5\x8f\xf4\x03\x10\x80\xa0\xe5\x7f"),
            "v[1]|json > base64 > protobuf|req-1",
        ),
        (
            "application/json",
            in_percent(&map),
            "v.m|json > percent > msgpack|erika@post.example",
        ),
        (
            "application/x-www-form-urlencoded",
            form_of(&raw_deflate(&message.repeat(2))),
            "v[1]|form > deflate > protobuf|erika@post.example",
        ),
        ("text/plain", map.clone(), "m|msgpack|erika@post.example"),
        (
            "application/json",
            gzip(&map),
            "m|gzip > msgpack|erika@post.example",
        ),
        (
            "application/x-www-form-urlencoded",
            base64(&[message.as_slice(), b"\x10\x07"].concat()).into_bytes(),
            "[1]|text > base64 > protobuf|erika@post.example",
        ),
        (
            "application/octet-stream",
            brotli(&gzip(&map)),
            "m|br > gzip > msgpack|erika@post.example",
        ),
        (
            "application/octet-stream",
            raw_deflate(&brotli(&map)),
            "m|deflate > br > msgpack|erika@post.example",
        ),
        (
            "application/x-plist",
            property_list,
            "plist.dict.d.m|xml > base64 > gzip > msgpack|erika@post.example",
        ),
    ] {
        let lines = body_lines(&post(media_type, "", &body));
        assert!(lines.iter().any(|it| it == line), "{line}: {lines:?}");
    }
}

/// A file of a ZIP archive, as writers have it that know its size beforehand, and as those that do not.
fn zipped(name: &str, bytes: &[u8], is_streamed: bool) -> Vec<u8> {
    let packed = raw_deflate(bytes);
    let sizes = [packed.len(), bytes.len()].map(|size| u32::try_from(size).unwrap().to_le_bytes());
    let sizes = [[0; 4], sizes[0], sizes[1]].concat();
    let mut file = b"PK\x03\x04\x14\0".to_vec();
    file.extend([u8::from(is_streamed) << 3, 0, 8, 0, 0, 0, 0, 0]);
    file.extend(if is_streamed {
        &[0; 12]
    } else {
        sizes.as_slice()
    });
    file.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    file.extend([0, 0]);
    file.extend(name.bytes());
    file.extend(packed);
    if is_streamed {
        file.extend(b"PK\x07\x08");
        file.extend(sizes);
    }
    file
}

#[test]
fn files_of_archives_are_read() {
    for is_streamed in [false, true] {
        let archive = [
            zipped("a/b.json", br#"{"mail":"erika@post.example"}"#, is_streamed),
            zipped("c.txt", b"erika@post.example", is_streamed),
            b"PK\x01\x02".to_vec(),
        ]
        .concat();
        assert_eq!(
            body_lines(&post("application/zip", "", &archive)),
            [
                "a/b.json.mail|zip > json|erika@post.example",
                "c.txt|zip > text|erika@post.example"
            ]
        );
        for end in 0..archive.len() {
            body_lines(&post("application/zip", "", &archive[..end]));
        }
    }
}

#[test]
fn json_escapes_are_undone() {
    let event = post(
        "application/json",
        "",
        br#"{"text":"a\"b\\c\/d\n\u00fc\ud83d\ude00\ud800x","k\u0065y":"v"}"#,
    );
    assert_eq!(
        body_lines(&event),
        ["text|json|a\"b\\c/d\nü😀\u{fffd}x", "key|json|v"]
    );
}

#[test]
fn escapes_outside_a_document_are_undone() {
    for body in [
        r#"{"v":"erika\\u0040post.example"}"#,
        r#"{"v":"erika&#64;post.example"}"#,
        r#"{"v":"erika&#x40;post.example"}"#,
    ] {
        let decoded = body_lines(&post("application/json", "", body.as_bytes()));
        assert!(
            decoded
                .iter()
                .any(|line| line.contains("erika@post.example")),
            "{body}: {decoded:?}"
        );
    }
}

#[test]
fn json_documents_in_a_row_are_all_read() {
    for body in [
        &b"{\"a\":\"1\"}\n{\"a\":\"2\"}\n"[..],
        b"\x1e{\"a\":\"1\"}\n\x1e{\"a\":\"2\"}\n",
        b"{\"a\":\"1\"}{\"a\":\"2\"}",
        b"\xef\xbb\xbf{\"a\":\"1\"},\r\n{\"a\":\"2\"}",
    ] {
        assert_eq!(
            body_lines(&post("", "", body)),
            ["[0].a|json|1", "[1].a|json|2"],
            "{body:?}"
        );
    }
}

#[test]
fn a_json_document_on_lines_of_its_own_is_one() {
    for body in [
        "[\n{\"a\":\"1\"},\n{\"a\":\"2\"}\n]",
        "{\"a\":\"}{\"}\n",
        "{\"a\":\n{\"b\":\"1\"}\n}\n;",
    ] {
        let lines = body_lines(&post("application/json", "", body.as_bytes()));
        let is_one = lines
            .iter()
            .all(|line| !line.starts_with("[1][") && !line.starts_with("[0].a.b"));
        assert!(is_one && !lines.is_empty(), "{body:?}: {lines:?}");
    }
}

#[test]
fn json_behind_guards_and_callbacks_is_read() {
    for body in [
        &b")]}',\n{\"a\":\"1\"}"[..],
        b"while(1);{\"a\":\"1\"}",
        b"for(;;);{\"a\":\"1\"}",
        b"{}&&{\"a\":\"1\"}",
        b"my.callback_1({\"a\":\"1\"});",
        b"42{\"a\":\"1\"}",
    ] {
        let event = post("application/javascript", "", body);
        assert_eq!(body_lines(&event), ["a|json|1"], "{body:?}");
    }
}

#[test]
fn damage_in_one_json_line_does_not_hide_the_next() {
    let event = post(
        "application/x-ndjson",
        "",
        b"{\"a\":\"1\"}\n{\"b\":oops}\n{\"c\":\"3\"}\n",
    );
    assert_eq!(body_lines(&event), ["[0].a|json|1", "[2].c|json|3"]);
    assert_eq!(decode(&event).shortfalls[0].0, Shortfall::DamagedBody);
}

#[test]
fn content_encodings_are_undone_in_reverse_order() {
    let json = br#"{"a":"1"}"#;
    for (encoding, body, line) in [
        ("gzip", gzip(json), "a|gzip > json|1"),
        ("deflate", zlib(json), "a|deflate > json|1"),
        ("deflate", raw_deflate(json), "a|deflate > json|1"),
        ("br", brotli(json), "a|br > json|1"),
        ("zstd", zstd(json), "a|zstd > json|1"),
        ("gzip, br", brotli(&gzip(json)), "a|br > gzip > json|1"),
        ("identity,gzip", gzip(json), "a|gzip > json|1"),
        // said but not done
        ("gzip", json.to_vec(), "a|json|1"),
        // done but not said
        ("", gzip(json), "a|gzip > json|1"),
        ("", zstd(json), "a|zstd > json|1"),
        ("", zlib(json), "a|deflate > json|1"),
    ] {
        let event = post("application/json", encoding, &body);
        assert_eq!(body_lines(&event), [line], "{encoding}");
        assert_eq!(decode(&event).shortfalls, [], "{encoding}");
    }
}

#[test]
fn unknown_encodings_and_formats_are_counted() {
    let event = post("application/json", "exi", b"\x80\x01");
    assert_eq!(
        decode(&event).shortfalls,
        [(
            Shortfall::UnknownEncoding,
            2,
            "body in a content encoding without a decoder"
        )]
    );
    let event = post("image/jpeg", "", b"\xff\xd8\xff\xe0\x00\x10");
    assert_eq!(decode(&event).shortfalls[0].0, Shortfall::UnknownEncoding);
    let event = post("", "", b"\x00\x01\x02\xff");
    assert_eq!(decode(&event).shortfalls[0].0, Shortfall::UnknownEncoding);
}

#[test]
fn what_is_compressed_without_a_sign_of_it_is_told_by_its_text() {
    let text = br#"{"a": "what is said at some length, so that there is something to compress"}"#;
    let read = |body: &[u8]| {
        let event = post("application/octet-stream", "", body);
        let decoded = decode(&event);
        let fields = decoded.fields.iter();
        let values = fields.map(|field| field.value.to_string());
        values.filter(|it| it.starts_with("what")).count()
    };
    for packed in [raw_deflate(text), brotli(text)] {
        let inside = |written: String| format!(r#"{{"d": "{written}"}}"#).into_bytes();
        let digits = packed.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(read(&packed), 1);
        assert_eq!(read(&inside(STANDARD.encode(&packed))), 1);
        assert_eq!(read(&inside(digits)), 1);
        // Cut, or with something behind its end, it may be anything.
        assert_eq!(read(&packed[..packed.len() - 3]), 0);
        assert_eq!(read(&[&packed[..], &[0; 9]].concat()), 0);
    }
    let digits: String = gzip(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(read(format!(r#"{{"d": "{digits}"}}"#).as_bytes()), 1);
}

#[test]
fn compression_bombs_stop_at_the_bound() {
    let zeros = vec![b' '; limits::INFLATE_BYTES + 1000];
    let bomb = gzip(&zeros);
    let event = post("text/plain", "gzip", &bomb);
    let decoded = decode(&event);
    assert!(
        decoded
            .shortfalls
            .iter()
            .any(|(kind, ..)| *kind == Shortfall::InflateLimit)
    );
    let total: usize = decoded.fields.iter().map(|field| field.value.len()).sum();
    assert!(total <= limits::INFLATE_BYTES + 1000);

    // many small ones share the bound
    let part = STANDARD.encode(gzip(&vec![b' '; limits::INFLATE_BYTES / 4]));
    let list = format!("[{}]", vec![format!("\"{part}\""); 8].join(","));
    let event = post("application/json", "", list.as_bytes());
    assert!(
        decode(&event)
            .shortfalls
            .iter()
            .any(|(kind, ..)| *kind == Shortfall::InflateLimit)
    );
}

#[test]
fn depth_is_bounded_and_counted() {
    let mut value = String::from("a@b.example");
    for _ in 0..limits::DECODE_DEPTH {
        value = STANDARD.encode(value);
    }
    let json = format!("{{\"v\":\"{value}\"}}");
    let event = post("application/json", "", json.as_bytes());
    let decoded = decode(&event);
    assert_eq!(body_lines(&event).len(), limits::DECODE_DEPTH);
    assert_eq!(decoded.shortfalls[0].0, Shortfall::DepthLimit);

    let deep = format!("{}\"x\"{}", "[".repeat(5000), "]".repeat(5000));
    let event = post("application/json", "", deep.as_bytes());
    let decoded = decode(&event);
    assert_eq!(body_lines(&event), [""; 0]);
    assert_eq!(decoded.shortfalls[0].0, Shortfall::DepthLimit);
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
fn a_long_list_of_encodings_costs_no_stack() {
    let event = post("application/json", &"gzip,".repeat(20_000), b"{\"a\":1}");
    assert_eq!(decode(&event).shortfalls[0].0, Shortfall::DepthLimit);
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
fn json_labelled_as_form_is_read_as_json() {
    let event = post("application/x-www-form-urlencoded", "", br#"{"a":"b=c"}"#);
    assert_eq!(body_lines(&event), ["a|json|b=c"]);
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
fn documents_in_utf_16_are_read_as_what_they_are() {
    for text in [
        r#"{"lat":52.5,"c":"ü"}"#,
        "lat=52.5&c=%C3%BC",
        "<lat>52.5</lat>",
    ] {
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for body in [little, big] {
            let found = body_lines(&post("application/octet-stream", "", &body));
            assert!(
                found
                    .iter()
                    .any(|field| field.starts_with("lat|utf-16") && field.ends_with("|52.5")),
                "{found:?}"
            );
        }
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
