//! Levels of apps, as the worked examples of the rules have them.

use super::*;

#[test]
fn whatsapp_with_the_contacts_permission_is_high() {
    let mut phone = Phone::new();
    phone.installed("com.whatsapp", Some(true)).flows(
        &known("whatsapp"),
        &remote("g.whatsapp.net"),
        ContentState::OwnProtocol,
        1,
    );
    let app = phone.app("whatsapp");
    let contacts = observed(&app, "contacts-plain");
    assert_eq!(
        weighed(contacts),
        (
            4,
            vec!["base", "no-contract", "recurring"],
            3,
            50,
            12,
            600,
            RiskLevel::High
        )
    );
    assert_eq!(contacts.grade, Grade::Inferred);
    assert!(
        contacts
            .reasons
            .iter()
            .any(|reason| &**reason == READ_CONTACTS),
        "{:?}",
        contacts.reasons
    );
    let inputs: Vec<u32> = contacts
        .occurrences
        .evidence
        .iter()
        .map(|evidence| evidence.origin.input.0)
        .collect();
    assert_eq!(
        inputs,
        [0, 1],
        "both the flow and the device dump are evidence"
    );
    assert_eq!((app.level, app.risk), (RiskLevel::High, 12));
}

#[test]
fn what_is_general_knowledge_weighs_less_and_says_so() {
    let mut phone = Phone::new();
    phone
        .installed("com.zhiliaoapp.musically", Some(true))
        .flows(
            &known("tiktok"),
            &remote("www.tiktok.com"),
            ContentState::NoKey,
            1,
        );
    let app = phone.app("tiktok");
    let contacts = observed(&app, "contacts-plain");
    assert_eq!(contacts.grade, Grade::Inferred);
    assert_eq!(contacts.score.as_ref().unwrap().evidence_percent, 40);
    let says_so = |reason: &Arc<str>| &**reason == "certainty: unconfirmed";
    assert!(
        contacts.reasons.iter().any(says_so),
        "{:?}",
        contacts.reasons
    );
}

#[test]
fn an_empty_address_book_leaves_the_metadata() {
    let mut phone = Phone::new();
    phone.installed("com.whatsapp", Some(false)).flows(
        &known("whatsapp"),
        &remote("g.whatsapp.net"),
        ContentState::OwnProtocol,
        3,
    );
    let app = phone.app("whatsapp");
    assert!(
        app.findings
            .iter()
            .all(|finding| finding.category != Category::Contacts)
    );
    let metadata = observed(&app, "message-metadata");
    assert_eq!(
        weighed(metadata),
        (
            3,
            vec!["base", "no-contract", "recurring"],
            3,
            40,
            9,
            360,
            RiskLevel::High
        )
    );
    assert_eq!(app.level, RiskLevel::High);
}

#[test]
fn the_contact_discovery_host_of_signal_is_an_endpoint_finding() {
    let mut phone = Phone::new();
    phone.flows(
        &known("signal"),
        &remote("cdsi.signal.org"),
        ContentState::NoKey,
        1,
    );
    let app = phone.app("signal");
    let contacts = observed(&app, "contacts-enclave");
    assert_eq!(contacts.grade, Grade::Contacted);
    let inputs = vec!["base", "no-contract", "third-country", "recurring"];
    assert_eq!(
        weighed(contacts),
        (2, inputs, 4, 60, 8, 480, RiskLevel::Medium)
    );
}

#[test]
fn denied_contacts_count_as_a_safeguard_of_contact_discovery() {
    let mut phone = Phone::new();
    phone
        .installed("org.thoughtcrime.securesms", Some(false))
        .flows(
            &known("signal"),
            &remote("cdsi.signal.org"),
            ContentState::NoKey,
            1,
        );
    let app = phone.app("signal");
    let (_, inputs, likelihood, ..) = weighed(observed(&app, "contacts-enclave"));
    assert_eq!((inputs.last(), likelihood), (Some(&"mitigated"), 3));
}

#[test]
fn threema_work_with_contact_sync_is_medium() {
    let mut phone = Phone::new();
    phone.flows(
        &known("threema-work"),
        &remote("apip-work.threema.ch"),
        ContentState::NoKey,
        3,
    );
    let app = phone.app("threema-work");
    let contacts = observed(&app, "contacts-hashed");
    assert_eq!(
        weighed(contacts),
        (
            3,
            vec!["base", "recurring"],
            2,
            60,
            6,
            360,
            RiskLevel::Medium
        )
    );
}

#[test]
fn telegram_with_contact_sync_is_very_high() {
    let mut phone = Phone::new();
    phone.installed("org.telegram.messenger", Some(true)).flows(
        &known("telegram"),
        &remote("149.154.167.51"),
        ContentState::OwnProtocol,
        3,
    );
    let app = phone.app("telegram");
    let inputs = vec!["base", "no-contract", "third-country", "recurring"];
    assert_eq!(
        weighed(observed(&app, "contacts-plain")),
        (4, inputs, 4, 50, 16, 800, RiskLevel::VeryHigh)
    );
    assert_eq!((app.level, app.risk), (RiskLevel::VeryHigh, 16));
}

#[test]
fn mattermost_in_the_own_network_is_low() {
    let mut phone = Phone::new();
    let (app, server) = (known("mattermost"), local("chat.muster.example"));
    phone
        .flows(&app, &server, ContentState::Decrypted, 3)
        .found(
            &app,
            &server,
            "message-metadata",
            Protection::Encrypted,
            &["a", "b", "c"],
        );
    let app = phone.app("mattermost");
    let metadata = observed(&app, "message-metadata");
    assert_eq!(
        weighed(metadata),
        (
            3,
            vec!["base", "recurring", "self-hosted"],
            1,
            90,
            3,
            270,
            RiskLevel::Low
        )
    );
    assert_eq!(app.level, RiskLevel::Low);
}

#[test]
fn mattermost_is_self_hosted_where_no_known_company_runs_the_server() {
    let of = |host: &str| {
        let mut phone = Phone::new();
        phone.flows(&known("mattermost"), &remote(host), ContentState::NoKey, 3);
        let app = phone.app("mattermost");
        let asks = app
            .questions
            .iter()
            .any(|question| &*question.id == "unknown-recipient");
        (app.level, asks)
    };
    assert_eq!(
        of("chat.muster.example"),
        (RiskLevel::Low, true),
        "whose server it is remains a question"
    );
    assert!(of("muster.cloud.mattermost.com").0 > RiskLevel::Low);
}

#[test]
fn an_advertising_id_at_facebook_is_high() {
    let mut phone = Phone::new();
    let (app, server) = (
        known("com.example.flashlight"),
        remote("graph.facebook.com"),
    );
    phone
        .flows(&app, &server, ContentState::Decrypted, 3)
        .found(
            &app,
            &server,
            "advertising-id",
            Protection::Encrypted,
            &["x", "x", "x"],
        );
    let app = phone.app("com.example.flashlight");
    let inputs = vec!["base", "no-contract", "recurring", "ads-or-link"];
    assert_eq!(
        weighed(observed(&app, "ad-id")),
        (3, inputs, 4, 90, 12, 1080, RiskLevel::High)
    );
}

#[test]
fn xmpp_without_encryption_is_high() {
    let mut phone = Phone::new();
    let (app, server) = (known("org.example.xmpp"), remote("jabber.example"));
    phone.flows(&app, &server, ContentState::Clear, 3).found(
        &app,
        &server,
        "message-metadata",
        Protection::Cleartext,
        &["a", "b", "c"],
    );
    let app = phone.app("org.example.xmpp");
    let metadata = observed(&app, "message-metadata");
    assert_eq!(
        weighed(metadata),
        (
            3,
            vec!["base", "recurring", "cleartext"],
            4,
            90,
            12,
            1080,
            RiskLevel::High
        )
    );
    assert!(
        metadata.provisions.iter().any(|id| &**id == "gdpr-5-1-f"),
        "{:?}",
        metadata.provisions
    );
}

#[test]
fn a_permission_alone_never_sets_the_level() {
    let mut phone = Phone::new();
    let mut declaration = Declaration::new(Platform::Android, "com.whatsapp");
    declaration.permissions.insert(
        READ_CONTACTS.to_owned(),
        crate::model::DeclaredPermission::default(),
    );
    phone
        .dossier
        .declarations
        .insert("com.whatsapp".to_owned(), (declaration, Origin::default()));
    let silent = phone.app("whatsapp");
    assert_eq!(
        (silent.level, silent.risk, silent.findings.len()),
        (RiskLevel::None, 0, 0)
    );
    assert_eq!(silent.grants.len(), 1);

    phone.flows(
        &known("whatsapp"),
        &remote("g.whatsapp.net"),
        ContentState::OwnProtocol,
        3,
    );
    let app = phone.app("whatsapp");
    let contacts = observed(&app, "contacts-plain");
    assert_eq!(contacts.grade, Grade::Declared);
    assert_eq!(
        contacts.score.as_ref().unwrap().risk,
        12,
        "weak evidence does not lower the risk that is shown"
    );
    assert_eq!(app.risk, 9, "but the level comes from the metadata");
}
