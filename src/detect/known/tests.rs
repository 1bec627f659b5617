//! Known values through the whole of decoding and detection.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;
use crate::detect::{Device, inspect};
use crate::model::{
    Attributed, Body, DeviceId, Dossier, Exchange, Handshake, Header, Lookup, Observation, Origin,
    Owner, Request, Response, Sighting,
};
use crate::payload;
use crate::rules::Rules;

pub(super) const PHONE: &str = "+493023125111";
pub(super) const EMAIL: &str = "erika.beispiel@post.example";
const IMEI: &str = "490154203237518";
pub(super) const POSITION: &str = "52.520008,13.404954";

pub(super) fn values() -> Vec<KnownValue> {
    vec![
        KnownValue::of_contact(KnownKind::Phone, PHONE),
        KnownValue::of_contact(KnownKind::Phone, "+493023125222"),
        KnownValue::of_contact(KnownKind::Phone, "+493023125333"),
        KnownValue::of_contact(KnownKind::Email, EMAIL),
        KnownValue::of_contact(KnownKind::Name, "Jürgen Beispielmann"),
        KnownValue::own(KnownKind::Imei, IMEI),
        KnownValue::own(KnownKind::Mac, "02:00:5E:10:00:01"),
        KnownValue::own(KnownKind::Ssid, "Nordlicht-Lager"),
        KnownValue::own(
            KnownKind::AdvertisingId,
            "38400000-8cf0-11bd-b23e-10b96e40000d",
        ),
        KnownValue::own(KnownKind::Position, POSITION),
    ]
}

/// The rules under which known values are found in a body of that type.
pub(super) fn rules_of(content_type: &str, body: &[u8]) -> Vec<String> {
    rules_of_known(values(), content_type, body)
}

pub(super) fn rules_of_known(
    values: Vec<KnownValue>,
    content_type: &str,
    body: &[u8],
) -> Vec<String> {
    let rules = Rules::embedded();
    let index = Index::new(values, &[b"pepper".to_vec()], &rules, 1);
    inspect_with(&index, content_type, body)
}

pub(super) fn inspect_with(index: &Index, content_type: &str, body: &[u8]) -> Vec<String> {
    let request = request("/v1/sync", content_type, body);
    inspect_exchange(index, request, None)
}

pub(super) fn request(target: &str, content_type: &str, body: &[u8]) -> Request {
    Request {
        method: "POST".to_owned(),
        target: target.to_owned(),
        host: Some("api.app.example".to_owned()),
        headers: vec![header(content_type)],
        body: whole(body),
    }
}

pub(super) fn header(content_type: &str) -> Header {
    Header {
        name: "Content-Type".to_owned(),
        value: content_type.to_owned(),
    }
}

pub(super) fn whole(bytes: &[u8]) -> Body {
    Body {
        bytes: bytes.to_vec(),
        wire_len: bytes.len() as u64,
        is_cut: false,
    }
}

pub(super) fn inspect_exchange(
    index: &Index,
    request: Request,
    response: Option<Response>,
) -> Vec<String> {
    let event = Event::Exchange(Exchange {
        request,
        response,
        is_protected: true,
    });
    let tally = tally_of(index, event);
    let known = tally
        .findings
        .keys()
        .filter(|key| key.grade == Grade::KnownValue);
    known.map(|key| key.rule.to_string()).collect()
}

pub(super) fn tally_of(index: &Index, event: Event) -> Tally {
    let rules = Rules::embedded();
    let observation = Observation {
        sighting: Sighting {
            origin: Origin::default(),
            flow: None,
            server: None,
            owner: Owner::default(),
            event,
        },
        device: DeviceId(0),
        app: Attributed::Unknown,
    };
    let decoded = payload::decode(&observation.sighting.event);
    let device = Device {
        rules: &rules,
        dossier: &Dossier::default(),
        known: index,
    };
    let mut tally = Tally::default();
    inspect(&observation, &decoded, device, &mut tally);
    tally
}

#[test]
fn names_of_hosts_hold_identifiers_and_digests_but_no_words() {
    let index = Index::new(values(), &[], &Rules::embedded(), 1);
    let mail = hex(&<md5::Md5 as sha2::Digest>::digest(EMAIL));
    for (name, rules) in [
        ("u493023125111.chat.app.example", vec!["contact-phone-list"]),
        (&*format!("{mail}.app.example"), vec!["contact-hash-list"]),
        (
            &*format!("{}.app.example", hex(EMAIL.as_bytes())),
            vec!["contact-email-list"],
        ),
        ("nordlicht-lager.app.example", vec![]),
        ("api.app.example", vec![]),
    ] {
        let lookup = Event::Lookup(Lookup {
            name: name.to_owned(),
            record_type: 1,
            ..Lookup::default()
        });
        let handshake = Event::Handshake(Handshake {
            sni: Some(name.to_owned()),
            ..Handshake::default()
        });
        for event in [lookup, handshake] {
            let tally = tally_of(&index, event);
            let keys = tally.findings.keys();
            let known = keys.filter(|key| key.grade == Grade::KnownValue);
            let known: Vec<&str> = known.map(|key| &*key.rule).collect();
            assert_eq!(known, rules, "{name}");
        }
    }
}

#[test]
fn each_value_of_a_message_is_shown() {
    let index = Index::new(values(), &[], &Rules::embedded(), 1);
    let sent = [PHONE, "+493023125222", PHONE];
    let body = serde_json::json!({ "v": sent }).to_string();
    let event = Event::Exchange(Exchange {
        request: request("/v1/sync", "application/json", body.as_bytes()),
        ..Exchange::default()
    });
    let tally = tally_of(&index, event);
    let mut found = tally.findings.iter();
    let found =
        found.find(|(key, _)| &*key.rule == "contact-phone-list" && key.grade == Grade::KnownValue);
    let (_, occurrences) = found.unwrap();
    assert_eq!((occurrences.count, occurrences.evidence.len()), (1, 2));
}

pub(super) fn json(value: &str) -> Vec<String> {
    let body = serde_json::json!({ "data": { "v": value } }).to_string();
    rules_of("application/json", body.as_bytes())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// 32 digits in the groups of a UUID.
fn as_uuid(digits: &str) -> String {
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| digits.get(part).unwrap());
    parts.join("-")
}

#[test]
fn a_number_is_found_in_all_its_spellings() {
    for written in [
        "+493023125111",
        "493023125111",
        "00493023125111",
        "03023125111",
        "+49 30 23125-111",
        "+49 (0)30 / 23125 111",
        "(030) 23125-111",
        "id=493023125111;v=2",
        "+49\u{a0}30\u{a0}23125\u{2011}111",
        "u493023125111x",
        "111521320394",
    ] {
        assert_eq!(json(written), ["contact-phone-list"], "{written}");
    }
}

#[test]
fn values_are_found_inside_encodings_of_any_alignment() {
    for before in ["", "a", "ab", "abc"] {
        let blob = format!("{before}\u{1}{EMAIL}\u{2}tail");
        assert_eq!(
            json(&STANDARD.encode(&blob)),
            ["contact-email-list"],
            "{before}"
        );
        assert_eq!(
            json(&format!("x.{}", URL_SAFE_NO_PAD.encode(&blob))),
            ["contact-email-list"]
        );
        assert_eq!(json(&hex(blob.as_bytes())), ["contact-email-list"]);
    }
    let reversed: String = EMAIL.chars().rev().collect();
    assert_eq!(json(&reversed), ["contact-email-list"]);
    let utf16: Vec<u8> = EMAIL.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(json(&STANDARD.encode(&utf16)), ["contact-email-list"]);
    assert_eq!(json(&hex(&utf16)), ["contact-email-list"]);
    assert_eq!(
        rules_of(
            "application/octet-stream",
            &[&[0, 1, 2], &utf16[..], &[0]].concat()
        ),
        ["contact-email-list"]
    );
    assert_eq!(
        json("erika.beispiel%40post.example"),
        ["contact-email-list"]
    );
}

#[test]
fn values_are_found_in_six_layers() {
    let mut text = format!("{{\"mail\": \"{EMAIL}\"}}");
    for layer in 0..5 {
        text = if layer % 2 == 0 {
            STANDARD.encode(&text)
        } else {
            hex(text.as_bytes())
        };
    }
    assert_eq!(json(&text), ["contact-email-list"]);
}

#[test]
fn digests_are_found_whole_and_cut() {
    use sha1::Sha1;
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(PHONE);
    for text in [
        hex(&digest),
        hex(&digest).to_uppercase(),
        STANDARD.encode(digest),
        URL_SAFE_NO_PAD.encode(digest),
        format!("sha256:{}", hex(&digest)),
        format!("sha256_{}", hex(&digest)),
        hex(&digest[..16]),
        STANDARD.encode(&Sha1::digest(PHONE)[..10]),
        hex(&md5::Md5::digest(b"493023125111")),
        format!("0x{}", hex(&digest)),
        as_uuid(&hex(&md5::Md5::digest(EMAIL))),
        hex(&sha3::Sha3_256::digest(b"03023125111")),
        hex(&blake2::Blake2b512::digest(EMAIL)),
    ] {
        assert_eq!(json(&text), ["contact-hash-list"], "{text}");
    }
    assert_eq!(
        rules_of(
            "application/octet-stream",
            &[b"\x00\x01".as_slice(), &digest].concat()
        ),
        ["contact-hash-list"]
    );
    let other = hex(&Sha256::digest("+493023125112"));
    assert!(json(&other).is_empty());
}

#[test]
fn keys_of_a_map_are_values() {
    use sha2::{Digest, Sha256};
    let digest = hex(&Sha256::digest(PHONE));
    for (key, rule) in [
        (PHONE, "contact-phone-list"),
        (&digest, "contact-hash-list"),
        (EMAIL, "contact-email-list"),
        (IMEI, "hardware-id"),
    ] {
        let body = serde_json::json!({ "seen": { key: { "times": 3 } } }).to_string();
        assert_eq!(rules_of("application/json", body.as_bytes()), [rule]);
    }
}

#[test]
fn checksums_of_long_lists_count_only_together() {
    let sums: Vec<String> = ["+493023125111", "+493023125222", "+493023125333"]
        .iter()
        .map(|phone| format!("{:08x}", digest::crc32(phone.as_bytes())))
        .collect();
    assert_eq!(json(&sums[0]), ["contact-hash-list"]);
    let long = (0..1_000).map(|number| {
        let phone = format!("+4930{:08}", 23_125_000 + number);
        KnownValue::of_contact(KnownKind::Phone, &phone)
    });
    let long: Vec<KnownValue> = long.collect();
    let named = serde_json::json!({ "phone_crc32": sums[0] }).to_string();
    let found = rules_of_known(long.clone(), "application/json", named.as_bytes());
    assert_eq!(found, ["contact-hash-list"]);
    let other = serde_json::json!({ "crc32": sums[0] }).to_string();
    let found = rules_of_known(long.clone(), "application/json", other.as_bytes());
    assert_eq!(found, <[&str; 0]>::default());
    for (body, count) in [(sums[0].clone(), 0), (sums.join(","), 1)] {
        let body = serde_json::json!({ "v": body }).to_string();
        let found = rules_of_known(long.clone(), "application/json", body.as_bytes());
        assert_eq!(found.len(), count, "{body}");
    }
}

/// So many numbers.
pub(super) fn phones(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("+4930{number:07}"))
        .collect()
}

/// Contacts with these numbers.
pub(super) fn contacts(phones: &[String]) -> Vec<KnownValue> {
    let contact = |phone: &String| KnownValue::of_contact(KnownKind::Phone, phone);
    phones.iter().map(contact).collect()
}

/// Known numbers, and a message of as many others as given with the checksums of the first of them among these.
fn list_with_checksums(others: u32, known: usize, met: usize) -> Vec<String> {
    let phones = phones(known);
    let contacts = contacts(&phones);
    let mut numbers: Vec<u32> = (0..others)
        .map(|number| number.wrapping_mul(2_654_435_761) | 1 << 31)
        .collect();
    let sums = phones.iter().take(met);
    numbers.extend(sums.map(|phone| digest::crc32(phone.as_bytes())));
    let body = serde_json::json!({ "values": numbers }).to_string();
    rules_of_known(contacts, "application/json", body.as_bytes())
}

/// Known numbers, and a list of digests cut to so many digits, of random ones and of the first of the numbers.
fn list_with_cut(others: u64, known: usize, met: usize, digits: usize) -> Vec<String> {
    use sha2::{Digest, Sha256};
    let phones = phones(known);
    let contacts = contacts(&phones);
    let cut = |text: &str| hex(&Sha256::digest(text)[..digits / 2]);
    let mut list: Vec<String> = (0..others)
        .map(|other| cut(&format!("other {other}")))
        .collect();
    list.extend(phones.iter().take(met).map(|phone| cut(phone)));
    let body = serde_json::json!({ "values": list }).to_string();
    rules_of_known(contacts, "application/json", body.as_bytes())
}

#[test]
fn digests_cut_to_a_few_bytes_are_found_where_a_list_holds_several() {
    for digits in [10, 12, 14] {
        assert_eq!(list_with_cut(0, 8, 8, digits), ["contact-hash-list"]);
        assert_eq!(list_with_cut(300, 1000, 4, digits), ["contact-hash-list"]);
        let none = [(0, 8, 4), (100, 8, 1), (100, 8, 2), (300, 1000, 0)];
        for (others, known, met) in none {
            let found = list_with_cut(others, known, met, digits);
            assert_eq!(found, <[&str; 0]>::default(), "{others} {known} {met}");
        }
    }
    // Of eight digits chance meets too many.
    assert_eq!(list_with_cut(0, 8, 8, 8), <[&str; 0]>::default());
}

/// In so many numbers 18,000 checksums are met about once in six messages.
#[test]
fn what_chance_may_meet_in_a_long_list_is_not_found() {
    assert_eq!(list_with_checksums(40_000, 3000, 4), <[&str; 0]>::default());
    assert_eq!(list_with_checksums(40_000, 3000, 40), ["contact-hash-list"]);
    assert_eq!(list_with_checksums(10, 3000, 4), ["contact-hash-list"]);
}

/// In 2000 others a number of eight digits of 3000 known ones is met once in sixteen messages; sent 2000 times it is still one.
#[test]
fn a_number_sent_again_and_again_is_no_more_of_a_chance() {
    let phones = (0..3000).map(|number| format!("+4930{number:04}"));
    let known = phones.map(|phone| KnownValue::of_contact(KnownKind::Phone, &phone));
    let index = Index::new(known.collect(), &[], &Rules::embedded(), 1);
    let found = |numbers: &mut dyn Iterator<Item = u32>| {
        let events: Vec<_> = numbers
            .map(|number| serde_json::json!({ "phone": number.to_string() }))
            .collect();
        let body = serde_json::json!({ "events": events }).to_string();
        inspect_with(&index, "application/json", body.as_bytes())
    };
    let again = found(&mut std::iter::repeat_n(49_301_234, 2000));
    assert_eq!(again, ["contact-phone-list"]);
    let once = found(&mut (71_000_000..71_002_000).chain([49_301_234]));
    assert_eq!(once, <[&str; 0]>::default());
}

#[test]
fn checksums_beyond_the_bound_are_counted() {
    // Each has its spelling in lower case and as it stands.
    let values = limits::KNOWN_CHECKSUMS / 2 + 10;
    let values =
        (0..values).map(|number| KnownValue::own(KnownKind::Text, &format!("Satz {number:06}")));
    let values: Vec<KnownValue> = values.collect();
    assert_eq!(index::checksums_left_out(&values), 20);
}

#[test]
fn identifiers_names_and_networks_are_found() {
    assert_eq!(json(IMEI), ["hardware-id"]);
    assert_eq!(json("02005e100001"), ["mac-address"]);
    assert_eq!(json("02-00-5e-10-00-01"), ["mac-address"]);
    assert_eq!(json("2200601362433"), ["mac-address"]);
    assert_eq!(json("02 00 5e 10 00 01"), ["mac-address"]);
    assert_eq!(json("OEAAAIzwEb2yPhC5bkAADQ=="), ["advertising-id"]);
    assert_eq!(json("nordlicht-lager"), ["wifi-ssid"]);
    assert_eq!(json("384000008CF011BDB23E10B96E40000D"), ["advertising-id"]);
    assert_eq!(json("Beispielmann, Juergen"), ["contact-name-phone-record"]);
}

#[test]
fn what_only_looks_alike_is_not_found() {
    for text in [
        "493023125112",
        "1493023125111",
        "4930231251119",
        "xerika.beispiel@post.example",
        "erika.beispiel@post.examples",
        "490154203237519",
        "02:00:5e:10:00:02",
        "3023125111",
    ] {
        assert!(json(text).is_empty(), "{text}");
    }
}

#[test]
fn names_are_found_in_parts() {
    for body in [
        r#"{"firstName": "Jürgen", "lastName": "Beispielmann"}"#,
        r#"{"family_name": "BEISPIELMANN", "given_name": "Juergen"}"#,
        r#"{"contacts": [{"vorname": "Jurgen ", "mitte": "x", "nachname": "Beispielmann"}]}"#,
        r#"{"first": "Jürgen", "last": "Beispielmann"}"#,
        r#"{"prenom": "Jürgen", "nom": "Beispielmann"}"#,
        r#"{"name": "Beispielmann", "vorname": "Jürgen"}"#,
        r#"{"data2": "Jürgen", "data3": "Beispielmann"}"#,
        r#"{"rows": [["1", "Jürgen", "Beispielmann", "+49 30 1"]]}"#,
    ] {
        let found = rules_of("application/json", body.as_bytes());
        assert_eq!(found, ["contact-name-phone-record"], "{body}");
    }
    for body in [
        r#"{"firstName": "Jürgen", "lastName": "Beispiel"}"#,
        r#"{"firstName": "Jürgen", "city": "Beispielmann"}"#,
        r#"{"a": {"firstName": "Jürgen"}, "b": {"lastName": "Beispielmann"}}"#,
        r#"{"firstName": "Jürgen Max", "lastName": "Beispielmann"}"#,
        r#"{"lastName": "Jürgen", "firstName": "Beispielmann"}"#,
        r#"{"rows": [["Jürgen", "1", "Beispielmann"]]}"#,
    ] {
        let found = rules_of("application/json", body.as_bytes());
        assert_eq!(found, <[&str; 0]>::default(), "{body}");
    }
    let form = b"contact[first_name]=J%C3%BCrgen&contact[last_name]=Beispielmann";
    let found = rules_of("application/x-www-form-urlencoded", form);
    assert_eq!(found, ["contact-name-phone-record"]);
    let elements = |first: &str, second: &str| {
        let one = format!("<c><vorname>Max</vorname><nachname>{first}</nachname></c>");
        let other = format!("<c><vorname>Jürgen</vorname><nachname>{second}</nachname></c>");
        rules_of("text/xml", format!("<r>{one}{other}</r>").as_bytes())
    };
    let found = elements("Muster", "Beispielmann");
    assert_eq!(found, ["contact-name-phone-record"]);
    assert_eq!(elements("Beispielmann", "Muster"), <[&str; 0]>::default());
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Beispielmann;Jürgen;;;\r\nEND:VCARD\r\n";
    let found = rules_of("text/vcard", card.as_bytes());
    assert_eq!(found, ["contact-name-phone-record"]);
    let table = "id;vorname;nachname\n17;Jürgen;Beispielmann\n";
    let found = rules_of("text/csv", table.as_bytes());
    assert_eq!(found, ["contact-name-phone-record"]);
}

/// Words that follow each other in a list, as of names, are no name.
#[test]
fn words_of_a_long_list_are_no_name() {
    let mut words = vec!["wort"; 20];
    words.extend(["Jürgen", "Beispielmann"]);
    let body = serde_json::json!({ "words": words }).to_string();
    let found = rules_of("application/json", body.as_bytes());
    assert_eq!(found, <[&str; 0]>::default());
}

#[test]
fn names_are_found_in_the_capitals_and_the_ascii_of_their_language() {
    for (name, written) in [
        ("Çağla Demirkıran", "ÇAĞLA DEMİRKIRAN"),
        ("Çağla Demirkıran", "CAGLA DEMIRKIRAN"),
        ("Çağla Demirkıran", "Çağla Demirkiran"),
        ("İbrahim Öztürkmen", "ibrahim öztürkmen"),
        ("İbrahim Öztürkmen", "Ibrahim Ozturkmen"),
        ("Łukasz Wiśniewolski", "Lukasz Wisniewolski"),
        ("Søren Kjærgaard", "Soren Kjaergaard"),
    ] {
        let known = vec![KnownValue::of_contact(KnownKind::Name, name)];
        let body = serde_json::json!({ "v": written }).to_string();
        let found = rules_of_known(known, "application/json", body.as_bytes());
        assert_eq!(found, ["contact-name-phone-record"], "{written}");
    }
}

/// A field of bytes of a protocol buffer, and a text so that it is told to be one.
pub(super) fn protobuf(bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).unwrap();
    [&[0x0a, 3], b"abc".as_slice(), &[0x12, length], bytes].concat()
}

pub(super) fn varint(number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::encode_varint(number, &mut bytes);
    bytes
}

#[test]
fn numbers_are_found_in_packed_fields() {
    let numbers = [493_023_125_111_u64, 493_023_125_112, 4_915_112_345_678];
    let groups: Vec<u8> = numbers.iter().copied().flat_map(varint).collect();
    let eights: Vec<u8> = numbers.iter().flat_map(|it| it.to_le_bytes()).collect();
    for packed in [&groups, &varint(numbers[0]), &eights] {
        let found = rules_of("application/x-protobuf", &protobuf(packed));
        assert_eq!(found, ["contact-phone-list"], "{packed:?}");
    }
}

#[test]
fn a_number_in_the_groups_of_its_country_needs_no_prefix() {
    for (number, written) in [
        ("+14157289678", "call me at (415) 728-9678, please"),
        ("+14157289678", "415-728-9678"),
        ("+14157289678", "415.728.9678"),
        ("+48660604332", "660 604 332"),
        ("+905321234567", "532 123 45 67"),
    ] {
        let known = vec![KnownValue::of_contact(KnownKind::Phone, number)];
        let body = serde_json::json!({ "v": written }).to_string();
        let found = rules_of_known(known, "application/json", body.as_bytes());
        assert_eq!(found, ["contact-phone-list"], "{written}");
    }
    for written in [
        "4157289678",
        "41 57 28 96 78",
        "415 728 9678 001",
        "12 415 728 9678",
        "4157-28-96 78",
    ] {
        let known = vec![KnownValue::of_contact(KnownKind::Phone, "+14157289678")];
        let body = serde_json::json!({ "v": written }).to_string();
        let found = rules_of_known(known, "application/json", body.as_bytes());
        assert_eq!(found, <[&str; 0]>::default(), "{written}");
    }
}

#[test]
fn hardware_addresses_are_found_as_systems_write_them() {
    for (address, written) in [
        ("00:1A:4F:0B:71:8F", "0:1a:4f:b:71:8f"),
        ("00:1A:4F:0B:71:8F", "0:1A:4F:B:71:8F"),
        ("00:1A:4F:0B:71:8F", "ABpPC3GP"),
        ("5C:49:79:0F:F5:15", "XEl5D_UV"),
        ("00:1A:4F:0B:71:8F", "112995299727"),
    ] {
        let known = vec![KnownValue::own(KnownKind::Mac, address)];
        let body = serde_json::json!({ "v": written }).to_string();
        let found = rules_of_known(known, "application/json", body.as_bytes());
        assert_eq!(found, ["mac-address"], "{written}");
    }
}

#[test]
fn letters_are_found_however_they_are_escaped() {
    let text = "Der Schlüssel liegt unter dem Blumentopf";
    for (media_type, written) in [
        (
            "application/json",
            r#"{"b": "<p>Der Schl&uuml;ssel liegt unter dem Blumentopf</p>"}"#,
        ),
        (
            "application/json",
            r#"{"b": "Der Schl&uuml;ssel liegt unter dem Blumentopf"}"#,
        ),
        (
            "text/plain",
            "Der Schl=C3=BCssel liegt unter dem =\r\nBlumentopf",
        ),
        (
            "text/html",
            r#"<script>var m = {"a": "Der Schl\u00fcssel liegt unter dem Blumentopf"};</script>"#,
        ),
        (
            "application/x-www-form-urlencoded",
            "m=Der%20Schl%u00FCssel%20liegt%20unter%20dem%20Blumentopf",
        ),
    ] {
        let known = vec![KnownValue::own(KnownKind::Text, text)];
        let found = rules_of_known(known, media_type, written.as_bytes());
        assert_eq!(found, ["message-content-cleartext"], "{written}");
    }
}
