//! Bodies in layers: content encodings, archives, encodings of text, and how deep is looked.

use super::*;

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
fn a_long_list_of_encodings_costs_no_stack() {
    let event = post("application/json", &"gzip,".repeat(20_000), b"{\"a\":1}");
    assert_eq!(decode(&event).shortfalls[0].0, Shortfall::DepthLimit);
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
