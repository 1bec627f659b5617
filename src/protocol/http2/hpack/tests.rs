use proptest::prelude::*;

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn lines(section: &Section) -> Vec<(&str, &str)> {
    section
        .lines
        .iter()
        .map(|line| (line.name.as_str(), line.value.as_str()))
        .collect()
}

/// Decodes blocks one after the other and compares what each gives.
fn check(decoder: &mut Decoder, blocks: &[(&str, &[(&str, &str)])]) {
    for (block, wanted) in blocks {
        let (section, result) = decoder.decode(&bytes(block));
        assert_eq!(result, Ok(()));
        assert_eq!(lines(&section), *wanted);
        assert!(!section.is_partial);
    }
}

#[test]
fn integers_are_those_of_rfc_7541_appendix_c_1() {
    for (bytes, bits, value) in [
        (&[0x0a][..], 5, 10),
        (&[0x1f, 0x9a, 0x0a], 5, 1337),
        (&[0x2a], 8, 42),
    ] {
        let mut rest = bytes;
        assert_eq!(integer(&mut rest, bits), Some(value));
        assert!(rest.is_empty());
    }
    for mut endless in [
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0x7f][..],
        &[0xff, 0x80],
        &[],
    ] {
        assert_eq!(integer(&mut endless, 7), None);
    }
}

#[test]
fn representations_are_those_of_rfc_7541_appendix_c_2() {
    check(
        &mut Decoder::default(),
        &[
            (
                "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
                &[("custom-key", "custom-header")],
            ),
            (
                "040c 2f73 616d 706c 652f 7061 7468",
                &[(":path", "/sample/path")],
            ),
            (
                "1008 7061 7373 776f 7264 0673 6563 7265 74",
                &[("password", "secret")],
            ),
            ("82", &[(":method", "GET")]),
        ],
    );
}

const REQUESTS: [&[(&str, &str)]; 3] = [
    &[
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/"),
        (":authority", "www.example.com"),
    ],
    &[
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/"),
        (":authority", "www.example.com"),
        ("cache-control", "no-cache"),
    ],
    &[
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/index.html"),
        (":authority", "www.example.com"),
        ("custom-key", "custom-value"),
    ],
];

#[test]
fn requests_are_those_of_rfc_7541_appendix_c_3_and_4() {
    let plain = [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ];
    let huffman = [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ];
    for blocks in [plain, huffman] {
        let mut decoder = Decoder::default();
        for (block, wanted) in blocks.into_iter().zip(REQUESTS) {
            check(&mut decoder, &[(block, wanted)]);
        }
        assert_eq!(decoder.size, 164);
    }
}

#[test]
fn responses_are_those_of_rfc_7541_appendix_c_5_and_6() {
    let first: &[(&str, &str)] = &[
        (":status", "302"),
        ("cache-control", "private"),
        ("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
        ("location", "https://www.example.com"),
    ];
    let second: &[(&str, &str)] = &[
        (":status", "307"),
        ("cache-control", "private"),
        ("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
        ("location", "https://www.example.com"),
    ];
    let third: &[(&str, &str)] = &[
        (":status", "200"),
        ("cache-control", "private"),
        ("date", "Mon, 21 Oct 2013 20:13:22 GMT"),
        ("location", "https://www.example.com"),
        ("content-encoding", "gzip"),
        (
            "set-cookie",
            "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
        ),
    ];
    let plain = [
        "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a \
         3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "4803 3330 37c1 c0bf",
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 \
         677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 \
         553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
    ];
    let huffman = [
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e \
         919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
        "4883 640e ffc1 c0bf",
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 \
         821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed \
         4ee5 b106 3d50 07",
    ];
    for blocks in [plain, huffman] {
        let mut decoder = Decoder {
            most: 256,
            ..Decoder::default()
        };
        for (block, wanted) in blocks.into_iter().zip([first, second, third]) {
            check(&mut decoder, &[(block, wanted)]);
        }
        assert_eq!(decoder.size, 215);
    }
}

#[test]
fn entries_from_before_stay_unknown_and_later_ones_are_known() {
    let mut decoder = Decoder::default();
    decoder.forget();
    let (section, result) = decoder.decode(&bytes("82 be 400a 6375 7374 6f6d 2d6b 6579 0161 bf"));
    assert_eq!(result, Ok(()));
    assert!(section.is_partial);
    assert_eq!(
        lines(&section),
        [(":method", "GET"), ("custom-key", "a")],
        "what refers to the table of before is left out"
    );
    let (section, _) = decoder.decode(&bytes("be 7f00 0162"));
    assert_eq!(lines(&section), [("custom-key", "a"), ("", "b")]);
    assert!(section.is_partial);
}

#[test]
fn damage_ends_its_block_only() {
    let mut decoder = Decoder::default();
    let (section, result) = decoder.decode(&bytes("82 84 0a61"));
    assert_eq!(result, Err(Damaged));
    assert_eq!(lines(&section), [(":method", "GET"), (":path", "/")]);
    check(&mut decoder, &[("83", &[(":method", "POST")])]);
}

#[test]
fn a_small_block_cannot_make_a_large_section() {
    let mut block = bytes("4001 61 7f a11e");
    block.extend([b'x'; 4000]);
    block.extend(vec![0xbe; 60_000]);
    let (section, result) = Decoder::default().decode(&block);
    assert_eq!(result, Ok(()));
    assert!(section.is_partial);
    assert!(section.lines.len() <= limits::HEADERS);
    let total: usize = section.lines.iter().map(|line| line.value.len()).sum();
    assert!(total <= limits::HEAD_BYTES);
}

proptest! {
    #[test]
    fn what_another_encoder_wrote_is_read(
        blocks in proptest::collection::vec(
            proptest::collection::vec(("[a-z-]{1,12}", "[ -~]{0,40}"), 1..8),
            1..12,
        ),
    ) {
        let mut encoder = loona_hpack::Encoder::new();
        let mut decoder = Decoder::default();
        for block in &blocks {
            let headers = block.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
            let encoded = encoder.encode(headers);
            let (section, result) = decoder.decode(&encoded);
            prop_assert_eq!(result, Ok(()));
            let wanted: Vec<(&str, &str)> = block
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            prop_assert_eq!(lines(&section), wanted);
        }
    }

    #[test]
    fn any_blocks_are_survived(blocks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..8)) {
        let mut decoder = Decoder::default();
        for block in blocks {
            let _section = decoder.decode(&block);
            prop_assert!(decoder.size <= decoder.most);
        }
    }
}
