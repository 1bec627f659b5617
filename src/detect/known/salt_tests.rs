//! Salts, peppers and keys that messages hold or servers gave out.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::tests::*;
use super::*;
use crate::model::Response;
use crate::rules::Rules;

#[test]
fn salts_of_the_message_and_of_the_auditor_are_tried() {
    use sha2::{Digest, Sha256};
    let salted = hex(&Sha256::digest(format!("s4lt{PHONE}")));
    let body = format!("{{\"salt\": \"s4lt\", \"contacts\": [\"{salted}\"]}}");
    assert_eq!(
        rules_of("application/json", body.as_bytes()),
        ["contact-hash-list"]
    );
    let peppered = hex(&Sha256::digest(format!("{EMAIL}pepper")));
    assert_eq!(json(&peppered), ["contact-hash-list"]);
    let lookup = URL_SAFE_NO_PAD.encode(Sha256::digest("493023125111 msisdn matrixrocks"));
    let body = format!(
        "{{\"addresses\": [\"{lookup}\"], \"algorithm\": \"sha256\", \"pepper\": \"matrixrocks\"}}"
    );
    assert_eq!(
        rules_of("application/json", body.as_bytes()),
        ["contact-hash-list"]
    );
}

/// Checksums are of values without a salt.
#[test]
fn salts_do_not_make_checksums_a_chance() {
    let phones = phones(3000);
    let index = Index::new(contacts(&phones), &[], &Rules::embedded(), 1);
    let sums = phones.iter().take(4);
    let sums = sums.map(|phone| digest::crc32(phone.as_bytes()));
    let others = (0..6000_u32).map(|number| number.wrapping_mul(2_654_435_761) | 1 << 31);
    let sums: Vec<String> = sums.chain(others).map(|sum| format!("{sum:08x}")).collect();
    for salts in [0, limits::SALTS_PER_MESSAGE] {
        let mut members: BTreeMap<String, serde_json::Value> = (0..salts)
            .map(|number| (format!("salt{number}"), format!("s4lt-{number}").into()))
            .collect();
        members.insert("v".to_owned(), sums.clone().into());
        members.insert("digest".to_owned(), hex(&[0xa7; 32]).into());
        let body = serde_json::json!(members).to_string();
        let found = inspect_with(&index.afresh(), "application/json", body.as_bytes());
        assert_eq!(found, ["contact-hash-list"], "{salts}");
    }
}

/// What one input holds must not decide what is found in another.
#[test]
fn salts_are_tried_for_inputs_by_themselves_and_those_left_out_are_counted() {
    let rules = Rules::embedded();
    let index = Index::new(values(), &[], &rules, 1);
    for number in 0_u32..5 {
        assert!(index.with_salt(&number.to_be_bytes(), None).is_some());
    }
    index.spend(limits::SALTED_DIGESTS);
    assert!(index.with_salt(b"new", None).is_none());
    assert_eq!(index.untried_salts(), 1);
    let other = index.afresh();
    assert!(other.with_salt(b"new", None).is_some());
    assert_eq!(other.untried_salts(), 0);
    let salts = (0..9).map(|number| (format!("salt{number}"), format!("s4lt-{number}")));
    let mut members: BTreeMap<String, String> = salts.collect();
    members.insert("v".to_owned(), hex(&[0xa7; 32]));
    let body = serde_json::json!(members).to_string();
    let known = other.afresh();
    inspect_with(&known, "application/json", body.as_bytes());
    assert_eq!(known.untried_salts(), 5);
}

/// A request with a digest of a number that was made with a salt, after an answer of the same host.
fn after_answer(answer: &str, salt: &str) -> Vec<String> {
    use sha2::{Digest, Sha256};
    let index = Index::new(values(), &[], &Rules::embedded(), 1);
    let response = Response {
        status: 200,
        headers: vec![header("application/json")],
        body: whole(answer.as_bytes()),
    };
    let asked = request("/hash_details", "", b"");
    assert!(inspect_exchange(&index, asked, Some(response)).is_empty());
    let digest = hex(&Sha256::digest(format!("{salt}{PHONE}")));
    let body = serde_json::json!({ "hashes": [digest] }).to_string();
    inspect_with(&index, "application/json", body.as_bytes())
}

#[test]
fn salts_that_a_server_gave_out_are_tried() {
    let salt = "9f3a77c1d0e24b58";
    for answer in [
        r#"{"salt": "9f3a77c1d0e24b58"}"#,
        r#"{"lookup_pepper": "9f3a77c1d0e24b58", "algorithms": ["sha256"]}"#,
        r#"{"config": {"contacts": {"hashSalt": "9f3a77c1d0e24b58"}}}"#,
        r#"{"key": "9f3a77c1d0e24b58"}"#,
    ] {
        assert_eq!(
            after_answer(answer, salt),
            ["contact-hash-list"],
            "{answer}"
        );
    }
    assert!(after_answer(r#"{"salt": "0f3a77c1d0e24b58"}"#, salt).is_empty());
    assert!(after_answer(r#"{"token": "9f3a77c1d0e24b58"}"#, salt).is_empty());
}

/// What one host gave out is nothing to another, and what one input holds nothing to another.
#[test]
fn salts_are_those_of_the_host_and_of_the_input() {
    let index = Index::new(values(), &[], &Rules::embedded(), 1);
    index.learn_salt("a.example", SaltName::Certain, vec![0; 4]);
    for number in 1_u8..9 {
        index.learn_salt("a.example", SaltName::Possible, vec![number; 4]);
    }
    assert_eq!(
        index.told_salts("a.example").len(),
        limits::SALTS_PER_MESSAGE
    );
    let told = index.told_salts("a.example");
    assert_eq!(told.first(), Some(&(SaltName::Certain, vec![0; 4])));
    assert_eq!(told.last(), Some(&(SaltName::Possible, vec![8; 4])));
    assert!(index.told_salts("b.example").is_empty());
    assert!(index.afresh().told_salts("a.example").is_empty());
    for number in 0..limits::SALT_HOSTS {
        index.learn_salt(&format!("{number}.example"), SaltName::Certain, vec![1; 4]);
    }
    assert_eq!(index.untried_salts(), 1);
}

#[test]
fn salts_without_a_telling_name_are_tried_beside_digests() {
    use sha2::{Digest, Sha256};
    let salt = "9f3a77c1d0e24b58";
    let digest = Sha256::digest(format!("{salt}{PHONE}"));
    let body = serde_json::json!({ "h": hex(&digest), "s": salt }).to_string();
    let found = rules_of("application/json", body.as_bytes());
    assert_eq!(found, ["contact-hash-list"]);
    let body = [
        &[0x0a, 64],
        hex(&digest).as_bytes(),
        &[0x12, 16],
        salt.as_bytes(),
    ]
    .concat();
    let found = rules_of("application/x-protobuf", &body);
    assert_eq!(found, ["contact-hash-list"]);
    let salt = [0x9f, 0x3a, 0x77, 0xc1, 0xd0, 0xe2, 0x4b, 0x58];
    let digest = Sha256::digest([&salt, PHONE.as_bytes()].concat());
    let body = [&[0x0a, 32], &*digest, &[0x12, 8], &salt].concat();
    let found = rules_of("application/x-protobuf", &body);
    assert_eq!(found, ["contact-hash-list"]);
}

#[test]
fn how_digests_were_salted_before_is_tried_to_the_end() {
    use sha2::{Digest, Sha256};
    let index = Index::new(values(), &[], &Rules::embedded(), 1);
    let with = |between: &str, number: u32| {
        let salt = format!("s4lt-{number}");
        let digest = hex(&Sha256::digest(format!("{PHONE}{between}{salt}")));
        let body = serde_json::json!({ "salt": salt, "h": [digest] }).to_string();
        inspect_with(&index, "application/json", body.as_bytes())
    };
    assert_eq!(with("-", 1), ["contact-hash-list"]);
    // As long as there is a budget, others are tried, too.
    index.spend(limits::SALTED_DIGESTS / 2);
    assert_eq!(with(":", 2), ["contact-hash-list"]);
    assert_eq!(index.untried_salts(), 0);
    index.spend(limits::SALTED_DIGESTS);
    assert_eq!(with("-", 3), ["contact-hash-list"]);
    assert!(index.untried_salts() > 0);
    index.spend(limits::SALTED_DIGESTS.saturating_mul(2));
    assert!(with("-", 5).is_empty());
}

#[test]
fn what_stands_alone_beside_a_digest_may_be_its_salt() {
    use sha2::{Digest, Sha256, Sha512};
    let salt = "eac77444d46b47ef";
    let first = hex(&Sha512::digest(format!("{salt}.{PHONE}")));
    let last = hex(&Sha256::digest(format!("{PHONE}|{salt}")));
    for (name, digest) in [
        ("rnd", &last),
        ("x7", &first),
        ("k", &first),
        ("marke", &last),
    ] {
        let body = serde_json::json!({ "list": [{ "h": digest, name: salt }] }).to_string();
        let found = rules_of("application/json", body.as_bytes());
        assert_eq!(found, ["contact-hash-list"], "{name}");
    }
    let body = serde_json::json!({ "h": last, "marke": salt, "os": "14" }).to_string();
    let found = rules_of("application/json", body.as_bytes());
    assert_eq!(found, <[&str; 0]>::default());
}

/// Of values that may be a salt a message has few, or they are something else; and making digests with them has an end.
#[test]
fn what_may_be_a_salt_is_tried_within_bounds() {
    use sha2::{Digest, Sha256};
    let digest = hex(&Sha256::digest(format!("9f3a77c1d0e24b58{PHONE}")));
    let found = |index: &Index, others: usize| {
        let others = (0..others).map(|number| format!("0a1b2c{number:02}"));
        let mut row: Vec<String> = others.collect();
        row.extend([digest.clone(), "9f3a77c1d0e24b58".to_owned()]);
        let body = serde_json::json!({ "v": row }).to_string();
        inspect_with(index, "application/json", body.as_bytes())
    };
    let index = Index::new(values(), &[], &Rules::embedded(), 1);
    let most = limits::GUESSED_SALTS - 1;
    assert_eq!(found(&index, most), ["contact-hash-list"]);
    assert!(found(&index, most + 1).is_empty());
    let index = index.afresh();
    index.spend_guesses(limits::GUESSED_DIGESTS);
    assert!(found(&index, 0).is_empty());
    assert!(index.untried_salts() > 0);
}

#[test]
fn salts_are_parted_from_values_in_many_ways() {
    use sha2::{Digest, Sha256};
    for between in ["", ":", "|", ".", "-", "_"] {
        let first = hex(&Sha256::digest(format!("s4lt9{between}{PHONE}")));
        let last = hex(&Sha256::digest(format!("{PHONE}{between}s4lt9")));
        for digest in [first, last] {
            let body = format!("{{\"salt\": \"s4lt9\", \"contacts\": [\"{digest}\"]}}");
            let found = rules_of("application/json", body.as_bytes());
            assert_eq!(found, ["contact-hash-list"], "{between}");
        }
        let peppered = hex(&Sha256::digest(format!("{EMAIL}{between}pepper")));
        assert_eq!(json(&peppered), ["contact-hash-list"], "{between}");
    }
}

#[test]
fn what_is_called_random_may_be_a_salt() {
    use sha2::{Digest, Sha256};
    let digest = hex(&Sha256::digest(format!("quendelstaub{PHONE}")));
    for name in ["rand", "token", "yan", "sal"] {
        let body = format!("{{\"{name}\": \"quendelstaub\", \"contacts\": [\"{digest}\"]}}");
        let found = rules_of("application/json", body.as_bytes());
        assert_eq!(found, ["contact-hash-list"], "{name}");
    }
}

#[test]
fn salted_digests_may_be_names_of_members() {
    use sha2::{Digest, Sha512};
    let digest = hex(&Sha512::digest(format!("{EMAIL}tobelgarten")));
    let body = format!("{{\"m\": {{\"{digest}\": 1}}, \"secret\": \"tobelgarten\"}}");
    let found = rules_of("application/json", body.as_bytes());
    assert_eq!(found, ["contact-hash-list"]);
}

#[test]
fn digests_stand_among_bytes_and_their_salts_in_headers() {
    use sha2::{Digest, Sha256};
    let digest = hex(&Sha256::digest(format!("quendelstaub{PHONE}")));
    let index = Index::new(values(), &[], &Rules::embedded(), 1);
    let bytes = [&[0xf3, 0x9a], digest.as_bytes(), &[0xe1, 0x80, 0xff]].concat();
    let body = serde_json::json!({ "v": URL_SAFE_NO_PAD.encode(bytes) }).to_string();
    let mut request = request("/v1/sync", "application/json", body.as_bytes());
    let salt = crate::model::Header {
        name: "X-Yan".into(),
        value: "quendelstaub".into(),
    };
    request.headers.push(salt);
    assert_eq!(
        inspect_exchange(&index, request, None),
        ["contact-hash-list"]
    );
}
