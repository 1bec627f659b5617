//! What one fact weighs.

use super::*;

#[test]
fn coarse_positions_are_less_severe_than_precise_ones() {
    let severity = |metres: u32| {
        let mut phone = Phone::new();
        let (app, server) = (known("com.example.weather"), remote("api.example"));
        phone.found(
            &app,
            &server,
            "coordinates",
            Protection::Encrypted,
            &["52.5,13.4"],
        );
        for occurrences in phone.tally.findings.values_mut() {
            occurrences.precision_metres = Some(metres);
        }
        let app = phone.app("com.example.weather");
        let finding = app.findings.first().unwrap();
        (
            finding.observation.as_deref().unwrap().to_owned(),
            finding.score.as_ref().unwrap().severity,
        )
    };
    assert_eq!(severity(11), ("location-precise".to_owned(), 4));
    assert_eq!(severity(111), ("location-any".to_owned(), 2));
    assert_eq!(severity(1110), ("location-any".to_owned(), 1));
}

#[test]
fn ids_depend_on_what_was_found_and_not_on_how_often() {
    let ids = |values: &[&str]| -> BTreeMap<String, String> {
        let mut phone = Phone::new();
        let (app, server) = (known("com.example.shop"), remote("graph.facebook.com"));
        phone.found(
            &app,
            &server,
            "advertising-id",
            Protection::Encrypted,
            values,
        );
        phone.found(
            &app,
            &server,
            "advertising-id",
            Protection::Cleartext,
            values,
        );
        phone.found(
            &app,
            &remote("api.example"),
            "advertising-id",
            Protection::Encrypted,
            values,
        );
        let findings = phone.app("com.example.shop").findings;
        findings
            .into_iter()
            .map(|finding| (finding.id, finding.rule.to_string()))
            .collect()
    };
    let once = ids(&["a"]);
    assert_eq!(
        once.len(),
        5,
        "one for each protection and recipient, one for the clear text, one for the link between recipients"
    );
    assert_eq!(once, ids(&["a", "b", "c", "d"]));
}

#[test]
fn an_opt_out_is_told_and_not_weighed() {
    let mut phone = Phone::new();
    let (app, server) = (known("com.example.shop"), remote("graph.facebook.com"));
    phone.found(
        &app,
        &server,
        "advertising-id",
        Protection::Encrypted,
        &["0"],
    );
    let (mut key, occurrences) = phone.tally.findings.pop_first().unwrap();
    key.is_opted_out = true;
    phone.tally.findings.insert(key, occurrences);
    let app = phone.app("com.example.shop");
    let finding = app.findings.first().unwrap();
    assert!(finding.is_opted_out && finding.score.is_none() && finding.provisions.is_empty());
    assert_eq!(app.level, RiskLevel::None);
}

#[test]
fn housekeeping_on_the_local_network_is_low() {
    let mut phone = Phone::new();
    for (app, host) in [
        (AppId::SYSTEM, "192.168.1.1"),
        (AppId::SYSTEM, "255.255.255.255"),
        ("com.example.cast", "224.0.0.251"),
    ] {
        phone.found(
            &known(app),
            &local(host),
            "mac-address",
            Protection::Cleartext,
            &["a", "b", "c"],
        );
    }
    let device = phone.assess();
    for app in &device.apps {
        assert!(!app.findings.is_empty());
        assert_eq!(app.level, RiskLevel::Low, "{:?}", app.findings);
    }
    phone.found(
        &known("com.example.cast"),
        &local("192.168.1.7"),
        "mac-address",
        Protection::Cleartext,
        &["a", "b", "c"],
    );
    assert_eq!(
        phone.app("com.example.cast").level,
        RiskLevel::High,
        "an app that tells another device is something else"
    );
}

#[test]
fn of_contacts_it_is_said_how_many_are_not_the_owner() {
    use crate::model::{AddressBook, People};
    let mut phone = Phone::new();
    let (app, server) = (known("com.example.dialer"), remote("api.example"));
    let numbers = ["+491511111111", "+491522222222", "+491533333333"];
    phone.found(&app, &server, "own-msisdn", Protection::Encrypted, &numbers);
    let people =
        |phone: &Phone| observed(&phone.app("com.example.dialer"), "contacts-plain").people;
    let unknown = People {
        others: 2,
        is_owner_known: false,
    };
    assert_eq!(people(&phone), Some(unknown));
    phone.dossier.address_book = AddressBook {
        own: vec![Sensitive::new("+491522222222")],
        has_own_number: true,
        ..AddressBook::default()
    };
    let known = People {
        others: 2,
        is_owner_known: true,
    };
    assert_eq!(people(&phone), Some(known));
    phone.dossier.address_book.own = vec![Sensitive::new("+491599999999")];
    assert_eq!(people(&phone).map(|people| people.others), Some(3));
}
