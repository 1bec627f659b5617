//! The exchange of RFC 9204 appendix B, byte for byte, and what happens when bytes are missing.

use proptest::prelude::*;

use super::*;

fn lines(pairs: &[(&str, &str)]) -> Vec<Header> {
    pairs
        .iter()
        .map(|(name, value)| Header {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        })
        .collect()
}

fn section(decoder: &Decoder, bytes: &[u8]) -> Vec<Header> {
    let section = decoder.section(bytes, false).unwrap();
    assert!(section.missing == 0 && !section.is_cut, "{section:?}");
    section.lines
}

/// The instructions of appendix B.2.
const B2: &[u8] = b"\x3f\xbd\x01\xc0\x0fwww.example.com\xc1\x0c/sample/path";

fn after_b2() -> Decoder {
    let mut decoder = Decoder::default();
    decoder.allow(220);
    decoder.instructions(B2);
    decoder
}

#[test]
fn fields_are_those_of_rfc_9204_appendix_b() {
    let mut decoder = Decoder::default();
    decoder.allow(220);
    // B.1: a literal with a static name
    assert_eq!(
        section(&decoder, b"\x00\x00\x51\x0b/index.html"),
        lines(&[(":path", "/index.html")])
    );
    // B.2: two entries, then two references behind the base
    let blocked = b"\x03\x81\x10\x11";
    assert_eq!(decoder.section(blocked, false), Err(Blocked));
    for byte in B2 {
        decoder.instructions(&[*byte]);
    }
    assert_eq!(
        section(&decoder, blocked),
        lines(&[(":authority", "www.example.com"), (":path", "/sample/path")])
    );
    // B.3: an entry with a literal name
    decoder.instructions(b"\x4acustom-key\x0ccustom-value");
    // B.4: a duplicate; references before the base
    decoder.instructions(b"\x02");
    assert_eq!(
        section(&decoder, b"\x05\x00\x80\xc1\x81"),
        lines(&[
            (":authority", "www.example.com"),
            (":path", "/"),
            ("custom-key", "custom-value")
        ])
    );
    // B.5: an insertion that evicts the oldest entry
    decoder.instructions(b"\x81\x0dcustom-value2");
    assert_eq!(decoder.table.inserted(), 5);
    assert_eq!(decoder.table.absolute(0), None);
    assert_eq!(
        decoder.table.absolute(4),
        Some(&(b"custom-key".to_vec(), b"custom-value2".to_vec()))
    );
}

#[test]
fn without_the_encoder_stream_only_what_stands_for_itself_is_read() {
    let mut decoder = after_b2();
    decoder.lose();
    let lossy = decoder.section(b"\x05\x00\x80\xc1\x81", false).unwrap();
    assert_eq!(lossy.lines, lines(&[(":path", "/")]));
    assert_eq!((lossy.missing, lossy.is_cut), (2, false));
}

#[test]
fn a_section_that_waits_in_vain_is_read_as_far_as_it_goes() {
    let decoder = after_b2();
    let bytes = b"\x05\x00\x80\xc1\x81";
    assert_eq!(decoder.section(bytes, false), Err(Blocked));
    let lossy = decoder.section(bytes, true).unwrap();
    assert_eq!((lossy.lines.len(), lossy.missing), (1, 2));
}

#[test]
fn sections_do_not_grow_without_bound() {
    let mut decoder = Decoder::default();
    decoder.allow(1 << 20);
    decoder.instructions(&[0x3f, 0xe1, 0xff, 0x3f]);
    let value = vec![b'a'; limits::HEAD_BYTES / 2];
    let mut insert = vec![0xc0, 0x7f];
    let mut rest = value.len() - 0x7f;
    while rest >= 0x80 {
        insert.push(u8::try_from(rest % 0x80).unwrap() | 0x80);
        rest /= 0x80;
    }
    insert.push(u8::try_from(rest).unwrap());
    insert.extend(&value);
    decoder.instructions(&insert);
    assert_eq!(decoder.table.inserted(), 1);
    let bomb: Vec<u8> = [0x02, 0x00].into_iter().chain([0x80; 1000]).collect();
    let bombed = decoder.section(&bomb, false).unwrap();
    assert!(bombed.is_cut && bombed.lines.len() == 1);
    let many: Vec<u8> = [0, 0].into_iter().chain([0xc1; 1000]).collect();
    let many = decoder.section(&many, false).unwrap();
    assert!(many.is_cut && many.lines.len() == limits::HEADERS);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(
        instructions in proptest::collection::vec(any::<u8>(), 0..200),
        bytes in proptest::collection::vec(any::<u8>(), 0..100),
        capacity in any::<u64>(),
    ) {
        let mut decoder = after_b2();
        decoder.allow(capacity);
        decoder.instructions(&instructions);
        let _section = decoder.section(&bytes, false);
        prop_assert!(decoder.section(&bytes, true).is_ok());
    }

    /// Instructions mean the same however they are cut.
    #[test]
    fn cuts_do_not_matter(cut in 0..B2.len()) {
        let mut decoder = Decoder::default();
        let (head, tail) = B2.split_at(cut);
        decoder.instructions(head);
        decoder.instructions(tail);
        let whole = after_b2();
        prop_assert_eq!(decoder.table.absolute(1), whole.table.absolute(1));
        prop_assert_eq!(decoder.table.inserted(), 2);
    }
}
