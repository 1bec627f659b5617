//! Conclusions from several facts.

use super::*;
use crate::model::{EmbeddedCode, Platform};

#[test]
fn code_that_collects_from_the_start_is_asked_about_unless_it_is_held_back() {
    let asked = |settings: &[(&str, bool)]| {
        let mut phone = Phone::new();
        let mut declaration = Declaration::new(Platform::Android, "com.example.game");
        for id in ["firebase-analytics", "meta-app-events", "meta-login"] {
            declaration.embedded.push(EmbeddedCode {
                id: id.to_owned(),
                example: "a.B".to_owned(),
                count: 1,
            });
        }
        for (name, value) in settings {
            let name = (*name).to_owned();
            declaration.metadata.insert(name, Some(*value));
        }
        let declared = (declaration, phone.origin());
        let declarations = &mut phone.dossier.declarations;
        declarations.insert("com.example.game".to_owned(), declared);
        let questions = phone.app("com.example.game").questions;
        questions
            .into_iter()
            .filter(|question| &*question.id == "collects-from-start")
            .map(|question| question.subject.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(asked(&[]), ["Firebase Analytics", "Meta App Events"]);
    assert_eq!(
        asked(&[
            ("firebase_analytics_collection_enabled", false),
            ("com.facebook.sdk.AutoLogAppEventsEnabled", true),
            ("com.facebook.sdk.AdvertiserIDCollectionEnabled", false),
        ]),
        ["Meta App Events"]
    );
    assert_eq!(
        asked(&[
            ("firebase_analytics_collection_deactivated", true),
            ("com.facebook.sdk.AutoLogAppEventsEnabled", false),
            ("firebase_crashlytics_collection_enabled", true),
        ]),
        ["Firebase Crashlytics"]
    );
}

#[test]
fn many_numbers_one_by_one_are_an_address_book() {
    let mut phone = Phone::new();
    let (app, server) = (known("com.example.dialer"), remote("api.example"));
    phone.found(
        &app,
        &server,
        "own-msisdn",
        Protection::Encrypted,
        &["+491511111111", "+491522222222"],
    );
    assert!(
        phone
            .app("com.example.dialer")
            .findings
            .iter()
            .all(|finding| finding.category != Category::Contacts)
    );
    phone.found(
        &app,
        &server,
        "own-msisdn",
        Protection::Encrypted,
        &["+491533333333"],
    );
    let app = phone.app("com.example.dialer");
    let contacts = observed(&app, "contacts-plain");
    assert_eq!(
        (&*contacts.rule, contacts.occurrences.distinct.count()),
        (circumstance::CONTACTS_ONE_BY_ONE, 3)
    );
    assert!(
        app.findings
            .iter()
            .all(|finding| &*finding.rule != "own-msisdn"),
        "nobody has so many numbers"
    );
}

#[test]
fn five_attributes_to_one_recipient_are_a_fingerprint() {
    let attributes = [
        "device-model",
        "os-version",
        "locale-timezone",
        "carrier",
        "hardware-state",
    ];
    let mut phone = Phone::new();
    let app = known("com.example.game");
    for (position, rule) in attributes.into_iter().enumerate() {
        assert!(
            position == 0
                || phone
                    .app("com.example.game")
                    .findings
                    .iter()
                    .all(|finding| &*finding.rule != "device-fingerprint")
        );
        phone.found(
            &app,
            &remote("stats.example"),
            rule,
            Protection::Encrypted,
            &["value"],
        );
        phone.found(
            &app,
            &remote("other.example"),
            "device-model",
            Protection::Encrypted,
            &["value"],
        );
    }
    let app = phone.app("com.example.game");
    let fingerprints: Vec<&JudgedFinding> = app
        .findings
        .iter()
        .filter(|finding| &*finding.rule == "device-fingerprint")
        .collect();
    assert_eq!(fingerprints.len(), 1);
    assert_eq!(fingerprints[0].reasons.len(), 5);
    assert_eq!(
        fingerprints[0].occurrences.count, 1,
        "five attributes of one message are one message"
    );
    assert_eq!(fingerprints[0].score.as_ref().unwrap().severity, 2);
}

#[test]
fn one_value_at_several_recipients_is_linked_whatever_it_is_called() {
    let app = known("com.example.game");
    let rules_of = |sent: &[(&str, &str, &str)]| -> Vec<String> {
        let mut phone = Phone::new();
        for (host, rule, value) in sent {
            phone.found(&app, &remote(host), rule, Protection::Encrypted, &[value]);
        }
        let app = phone.app("com.example.game");
        let rules = app.findings.iter().map(|finding| finding.rule.to_string());
        rules.collect::<BTreeSet<_>>().into_iter().collect()
    };
    let (stats, other) = ("stats.example", "other.example");
    for (one, beside) in [
        ("recurring-id", "recurring-id"),
        ("advertising-id", "recurring-id"),
        ("advertising-id", "account-id"),
        ("install-id", "install-id"),
    ] {
        let found = rules_of(&[(stats, one, "a3f1"), (other, beside, "a3f1")]);
        assert!(
            found.iter().any(|rule| rule == "identifier-linked"),
            "{one} {beside}: {found:?}"
        );
        assert!(found.iter().all(|rule| rule != "recurring-id"), "{found:?}");
        let apart = rules_of(&[(stats, one, "a3f1"), (other, beside, "b4e2")]);
        assert!(
            apart.iter().all(|rule| rule != "identifier-linked"),
            "{one} {beside}: {apart:?}"
        );
    }
}

#[test]
fn a_digest_of_what_another_recipient_gets_is_linked() {
    let app = known("com.example.game");
    let is_linked = |one: (&str, &str), other: (&str, &str), host: &str| {
        let mut phone = Phone::new();
        for (host, (rule, value)) in [("stats.example", one), (host, other)] {
            phone.found(&app, &remote(host), rule, Protection::Encrypted, &[value]);
        }
        let app = phone.app("com.example.game");
        let mut findings = app.findings.iter();
        findings.any(|finding| &*finding.rule == circumstance::IDENTIFIER_LINKED)
    };
    let plain = ("advertising-id", "3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b3");
    for digest in [
        // MD5, SHA-1 of the capitals, SHA-256 without hyphens
        "0819b7aa465747a475d6a1a25aeb97fb",
        "e7a8be81655d0d5606cf626ac2ceb350ec374cba",
        "eb6340533d4ea0abbe5dd229244d8d00f57b838d5bd68051a4cd53877e853190",
    ] {
        let digest = ("advertising-id-hash", digest);
        assert!(is_linked(plain, digest, "other.example"), "{digest:?}");
        assert!(!is_linked(plain, digest, "stats.example"), "{digest:?}");
    }
    let stranger = ("advertising-id-hash", "0a1b2c3d4e5f60718293a4b5c6d7e8f9");
    assert!(!is_linked(plain, stranger, "other.example"));
    // Tokens are of one app: at two companies it is the same installation.
    let token = ("push-token", "dxk3pq:apa91bgh");
    assert!(is_linked(token, token, "other.example"));
}

#[test]
fn two_identifiers_of_one_rule_are_bridged_unless_they_are_of_a_fleet() {
    let app = known("com.example.game");
    let is_bridged = |rule: &str, values: &[&str]| {
        let mut phone = Phone::new();
        let server = remote("stats.example");
        phone.found_together(&app, &server, rule, Protection::Encrypted, values);
        let app = phone.app("com.example.game");
        let mut findings = app.findings.iter();
        findings.any(|finding| &*finding.rule == circumstance::IDENTIFIERS_BRIDGED)
    };
    let both = ["490154203237518", "r5ct30a1b2c"];
    assert!(is_bridged("hardware-id", &both));
    assert!(!is_bridged("hardware-id", &both[..1]));
    assert!(!is_bridged("account-id", &["anna", "ben"]));
    assert!(!is_bridged("hardware-id", &["a1", "b2", "c3", "d4", "e5"]));
}

#[test]
fn single_contacts_are_no_address_book_until_they_add_up() {
    let mut phone = Phone::new();
    let (app, server) = (known("com.example.dialer"), remote("api.example"));
    phone.found(
        &app,
        &server,
        "contact-hash-list",
        Protection::Encrypted,
        &["h1", "h2"],
    );
    assert!(phone.app("com.example.dialer").findings.is_empty());
    phone.found(
        &app,
        &server,
        "contact-hash-list",
        Protection::Encrypted,
        &["h3"],
    );
    let app = phone.app("com.example.dialer");
    let rules: Vec<&str> = app.findings.iter().map(|finding| &*finding.rule).collect();
    assert_eq!(rules, [circumstance::CONTACTS_ONE_BY_ONE]);
    assert_eq!(observed(&app, "contacts-hashed").grade, Grade::Decoded);
}

#[test]
fn hashes_one_by_one_are_of_others_only_where_one_person_cannot_have_so_many() {
    let (app, server) = (known("com.example.dialer"), remote("api.example"));
    let many: Vec<String> = (0..12).map(|number| format!("digest {number}")).collect();
    let rules = |values: &[String]| -> Vec<String> {
        let mut phone = Phone::new();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let protection = Protection::Encrypted;
        phone.found(&app, &server, "email-or-phone-hash", protection, &values);
        let app = phone.app("com.example.dialer");
        app.findings
            .iter()
            .map(|finding| finding.rule.to_string())
            .collect()
    };
    // Number and address of one person under several functions.
    assert_eq!(rules(&many[..6]), ["email-or-phone-hash"]);
    assert!(rules(&many).contains(&circumstance::CONTACTS_ONE_BY_ONE.to_owned()));
}

#[test]
fn the_same_values_by_two_rules_are_one_conclusion() {
    let mut phone = Phone::new();
    let (app, server) = (known("com.example.dialer"), remote("api.example"));
    let numbers = ["+491511111111", "+491522222222", "+491533333333"];
    for rule in ["own-msisdn", "contact-phone-list"] {
        phone.found(&app, &server, rule, Protection::Encrypted, &numbers);
    }
    let app = phone.app("com.example.dialer");
    let is_conclusion =
        |finding: &&JudgedFinding| &*finding.rule == circumstance::CONTACTS_ONE_BY_ONE;
    let conclusions: Vec<&JudgedFinding> = app.findings.iter().filter(is_conclusion).collect();
    assert_eq!(conclusions.len(), 1);
    assert_eq!(conclusions[0].occurrences.count, 3);
}

/// A messenger that may read contacts, with one closed connection to its service that sent so much, so long after the read.
fn burst(sent: u64, seconds_after: i64) -> Phone {
    let mut phone = Phone::new();
    let app = known("whatsapp");
    phone.installed("com.whatsapp", Some(true));
    phone.read(&app, "contacts", 0);
    phone.dossier.address_book.numbers = 200;
    let read = phone.tally.reads.values().next().unwrap().first;
    let mut origin = phone.origin();
    origin.time = Timestamp(read.0 + seconds_after * 1_000_000_000);
    let last = Origin {
        time: Timestamp(origin.time.0 + 4_000_000_000),
        ..origin
    };
    let traffic = Traffic {
        client_packets: 20,
        server_packets: 20,
        client_bytes: sent,
        server_bytes: 500,
        first: origin,
        last,
        protocol: "tls",
        content: ContentState::NoKey,
        has_gap: false,
    };
    let key = TrafficKey {
        device: DeviceId(0),
        app,
        recipient: remote("g.whatsapp.net"),
        content: ContentState::NoKey,
    };
    phone.tally.add_traffic(key, None, &traffic);
    phone
}

#[test]
fn an_amount_that_fits_after_a_read_of_the_address_book_is_a_conclusion_with_its_calculation() {
    let found = |phone: &Phone| {
        let findings = phone.app("whatsapp").findings.into_iter();
        let mut of_rule = findings.filter(|it| &*it.rule == circumstance::CONTACT_UPLOAD_VOLUME);
        of_rule.next()
    };
    let finding = found(&burst(9000, 20)).unwrap();
    assert_eq!(finding.grade, Grade::Inferred);
    assert_eq!(finding.observation.as_deref(), Some("contacts-plain"));
    let calculation =
        "volume: contacts=200 least=5 most=160 from=1000 to=32000 around=8192 sent=9000 seconds=4";
    assert!(
        finding
            .reasons
            .iter()
            .any(|reason| &**reason == calculation),
        "{:?}",
        finding.reasons
    );
    // too little, too much, too late, before the read
    for (sent, seconds) in [(600, 20), (90_000, 20), (9000, 90), (9000, -30)] {
        assert_eq!(found(&burst(sent, seconds)), None, "{sent} {seconds}");
    }
    let mut refused = burst(9000, 20);
    refused.installed("com.whatsapp", Some(false));
    assert_eq!(found(&refused), None);
    let mut unknown = burst(9000, 20);
    unknown.dossier.address_book.numbers = 0;
    assert_eq!(found(&unknown), None);
}

#[test]
fn what_is_sent_more_with_contacts_than_without_is_a_conclusion_with_its_calculation() {
    let mut phone = burst(9000, 500);
    let key = (known("whatsapp"), remote("g.whatsapp.net"));
    let found = |phone: &Phone| {
        let findings = phone.app("whatsapp").findings.into_iter();
        let mut of_rule =
            findings.filter(|it| &*it.rule == circumstance::CONTACT_UPLOAD_DIFFERENCE);
        of_rule.next()
    };
    assert_eq!(found(&phone), None);
    phone.dossier.baseline = Some(BTreeMap::from([(key.clone(), 3000)]));
    let finding = found(&phone).unwrap();
    assert_eq!(finding.grade, Grade::Inferred);
    let calculation = "volume: contacts=200 least=5 most=160 from=1000 to=32000 around=0 sent=9000 without=3000 more=6000";
    assert_eq!(
        finding
            .reasons
            .iter()
            .map(|reason| &**reason)
            .collect::<Vec<_>>(),
        [calculation]
    );
    // The same, and no more than sessions differ anyway.
    for without in [9000, 7900] {
        phone.dossier.baseline = Some(BTreeMap::from([(key.clone(), without)]));
        assert_eq!(found(&phone), None, "{without}");
    }
    // Whose it was is not known there, or it was not contacted under that name: it may have got as much.
    let (app, recipient) = key;
    for (app, recipient) in [
        (Attributed::Unknown, recipient),
        (app, remote("198.51.100.7")),
    ] {
        let baseline = BTreeMap::from([((app, recipient), 9000)]);
        phone.dossier.baseline = Some(baseline);
        assert_eq!(found(&phone), None);
    }
}

#[test]
fn what_goes_before_consent_is_a_finding_of_its_own() {
    let mut phone = Phone::new();
    let (app, server) = (known("com.example.game"), remote("ads.example"));
    for value in ["a", "b"] {
        phone.found(
            &app,
            &server,
            "advertising-id",
            Protection::Encrypted,
            &[value],
        );
    }
    let found = |phone: &Phone| {
        let findings = phone.app("com.example.game").findings.into_iter();
        let mut of_rule = findings.filter(|it| &*it.rule == circumstance::SENT_BEFORE_CONSENT);
        of_rule.next()
    };
    assert_eq!(found(&phone), None);
    // The first at second 1, the other at second 2.
    phone.dossier.consent = Some(Timestamp(1_500_000_000));
    let finding = found(&phone).unwrap();
    assert_eq!(finding.occurrences.count, 1);
    assert_eq!(finding.occurrences.distinct.count(), 1);
    assert_eq!(finding.grade, Grade::Decoded);
    assert!(finding.provisions.iter().any(|id| &**id == "tdddg-25"));
    assert!(finding.provisions.iter().any(|id| &**id == "eprivacy-5-3"));
    assert!(
        finding
            .reasons
            .iter()
            .any(|reason| &**reason == "consent: 1970-01-01T00:00:01.500Z")
    );
    let questions = phone.app("com.example.game").questions;
    assert!(
        questions
            .iter()
            .any(|question| &*question.id == "before-consent")
    );
    phone.dossier.consent = Some(Timestamp(i64::MAX));
    let never = found(&phone).unwrap();
    assert_eq!(never.occurrences.count, 2);
    assert!(
        never
            .reasons
            .iter()
            .any(|reason| &**reason == "consent: never")
    );
    phone.dossier.consent = Some(Timestamp(1_000_000_000));
    assert_eq!(found(&phone), None);
}

#[test]
fn what_went_before_consent_is_said_to_be_the_least_where_not_all_of_it_is_known() {
    let mut phone = Phone::new();
    let (app, server) = (known("com.example.game"), remote("ads.example"));
    // More than evidence is kept of.
    for number in 0..20 {
        let value = format!("{number:032x}");
        let rule = "advertising-id";
        phone.found(&app, &server, rule, Protection::Encrypted, &[&value]);
    }
    let found = |phone: &Phone| {
        let findings = phone.app("com.example.game").findings.into_iter();
        let mut of_rule = findings.filter(|it| &*it.rule == circumstance::SENT_BEFORE_CONSENT);
        of_rule.next().unwrap()
    };
    let says = |finding: &JudgedFinding, end: &str| {
        let mut reasons = finding.reasons.iter();
        reasons.any(|reason| reason.starts_with("consent: ") && reason.ends_with(end))
    };
    phone.dossier.consent = Some(Timestamp(15_500_000_000));
    let finding = found(&phone);
    assert!(!finding.occurrences.distinct.is_exact());
    assert!(says(&finding, " least"), "{:?}", finding.reasons);
    phone.dossier.consent = Some(Timestamp(99_000_000_000));
    let all = found(&phone);
    assert!(all.occurrences.distinct.is_exact());
    assert_eq!(all.occurrences.distinct.count(), 20);
    assert!(!says(&all, " least"));
}
