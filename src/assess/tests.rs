//! From tally and dossier to reports, with the rules as they are shipped.

use std::collections::BTreeMap;

use super::*;
use crate::model::{
    AppId, AppReport, Attributed, Category, Declaration, Evidence, Finding, FindingKey, Grade,
    InputId, InstalledApp, JudgedFinding, Origin, PermissionState, Protection, Recipient,
    RecipientKind, RiskLevel, Sensitive, Timestamp, Traffic, TrafficKey,
};

const READ_CONTACTS: &str = "android.permission.READ_CONTACTS";

/// One phone with what was seen on it.
struct Phone {
    tally: Tally,
    dossier: Dossier,
    policy: Policy,
    day: Option<Day>,
    frame: u64,
}

impl Phone {
    fn new() -> Self {
        Self {
            tally: Tally::default(),
            dossier: Dossier::default(),
            policy: Policy::default(),
            day: None,
            frame: 0,
        }
    }

    fn origin(&mut self) -> Origin {
        self.frame += 1;
        Origin {
            input: InputId(0),
            frame: self.frame,
            time: Timestamp(1_000_000_000 * i64::try_from(self.frame).unwrap()),
        }
    }

    fn flows(
        &mut self,
        app: &Attributed,
        recipient: &Recipient,
        content: ContentState,
        flows: u64,
    ) -> &mut Self {
        for _ in 0..flows {
            let origin = self.origin();
            let traffic = Traffic {
                client_packets: 5,
                server_packets: 5,
                client_bytes: 1000,
                server_bytes: 3000,
                first: origin,
                last: origin,
                protocol: "tls",
                content,
            };
            let key = TrafficKey {
                device: DeviceId(0),
                app: app.clone(),
                recipient: recipient.clone(),
                content,
            };
            self.tally.add_traffic(key, &traffic);
        }
        self
    }

    fn found(
        &mut self,
        app: &Attributed,
        recipient: &Recipient,
        rule: &str,
        protection: Protection,
        values: &[&str],
    ) -> &mut Self {
        let rules = Rules::embedded().unwrap();
        let category = rules.describe(rule).unwrap().category;
        for value in values {
            let mut evidence = Evidence::at(self.origin());
            evidence.value = Some(Sensitive::new(value));
            let finding = Finding {
                rule: rule.into(),
                category,
                grade: Grade::Decoded,
                items: 1,
                precision_metres: None,
                is_opted_out: false,
                values: vec![Sensitive::new(value)],
                evidence,
            };
            let key = FindingKey {
                device: DeviceId(0),
                app: app.clone(),
                category,
                rule: rule.into(),
                recipient: recipient.clone(),
                grade: Grade::Decoded,
                protection,
                is_opted_out: false,
            };
            self.tally.add(key, finding);
        }
        self
    }

    fn installed(&mut self, package: &str, contacts_granted: Option<bool>) -> &mut Self {
        let source = Some(Origin {
            input: InputId(1),
            frame: 7,
            time: Timestamp(0),
        });
        let mut app = InstalledApp {
            source,
            users: vec![0],
            ..InstalledApp::default()
        };
        if let Some(is_granted) = contacts_granted {
            app.requested.push(READ_CONTACTS.to_owned());
            let state = PermissionState {
                is_granted,
                is_policy_fixed: false,
            };
            app.permissions.insert((0, READ_CONTACTS.to_owned()), state);
        }
        self.dossier.apps.insert(package.to_owned(), app);
        self
    }

    fn assess(&self) -> DeviceReport {
        let rules = Rules::embedded().unwrap();
        let devices = [("phone".to_owned(), self.dossier.clone())];
        assess(&rules, (&self.policy, self.day), &devices, &self.tally).remove(0)
    }

    fn app(&self, id: &str) -> AppReport {
        let device = self.assess();
        device
            .apps
            .into_iter()
            .find(|app| app.id.as_ref().is_some_and(|known| known.as_str() == id))
            .unwrap()
    }
}

fn known(app: &str) -> Attributed {
    Attributed::Known {
        app: AppId::new(app),
        by: Basis::Capture,
    }
}

fn remote(host: &str) -> Recipient {
    Recipient {
        kind: RecipientKind::Remote,
        host: host.into(),
    }
}

fn local(host: &str) -> Recipient {
    Recipient {
        kind: RecipientKind::Local,
        host: host.into(),
    }
}

fn observed<'a>(app: &'a AppReport, observation: &str) -> &'a JudgedFinding {
    let is_it = |finding: &&JudgedFinding| finding.observation.as_deref() == Some(observation);
    app.findings
        .iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("no {observation} in {:#?}", app.findings))
}

/// Severity, ids of likelihood inputs, likelihood, evidence, risk, priority in hundredths, level.
type Weighed<'a> = (u8, Vec<&'a str>, u8, u8, u8, u16, RiskLevel);

fn weighed(finding: &JudgedFinding) -> Weighed<'_> {
    let score = finding.score.as_ref().unwrap();
    let inputs = score
        .likelihood
        .modifiers
        .iter()
        .map(|modifier| &*modifier.id)
        .collect();
    (
        score.severity,
        inputs,
        score.likelihood.value,
        score.evidence_percent,
        score.risk,
        score.priority_hundredths,
        score.level,
    )
}

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
            50,
            9,
            450,
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

#[test]
fn apps_that_share_an_endpoint_are_judged_by_what_they_have_in_common() {
    let mut phone = Phone::new();
    let either = Attributed::Shared {
        apps: vec![AppId::new("whatsapp"), AppId::new("whatsapp-business")],
        by: Basis::Endpoint,
    };
    phone.flows(
        &either,
        &remote("g.whatsapp.net"),
        ContentState::OwnProtocol,
        3,
    );
    let device = phone.assess();
    let app = device.apps.first().unwrap();
    assert_eq!(app.id, None);
    assert_eq!(app.names, ["WhatsApp", "WhatsApp Business"]);
    assert_eq!(observed(app, "message-metadata").grade, Grade::Inferred);
    assert!(
        app.findings
            .iter()
            .all(|finding| &*finding.rule != circumstance::NO_CONTRACT)
    );
    let (_, inputs, ..) = weighed(observed(app, "message-metadata"));
    assert_eq!(
        inputs,
        ["base", "no-contract", "recurring"],
        "no contract is known for either"
    );
    assert!(
        app.questions
            .iter()
            .any(|question| &*question.id == "shared-uid")
    );
}

#[test]
fn traffic_of_the_system_and_of_nobody_has_rows_of_its_own() {
    let mut phone = Phone::new();
    phone
        .flows(
            &known(AppId::SYSTEM),
            &remote("connectivitycheck.gstatic.com"),
            ContentState::Clear,
            4,
        )
        .flows(
            &Attributed::Unknown,
            &remote("googleads.g.doubleclick.net"),
            ContentState::NoKey,
            1,
        )
        .flows(
            &known("signal"),
            &remote("chat.signal.org"),
            ContentState::NoKey,
            1,
        );
    let device = phone.assess();
    let of = |wanted: &str| {
        device
            .apps
            .iter()
            .find(|app| app.id.as_ref().is_some_and(|id| id.as_str() == wanted))
            .unwrap()
    };
    assert!(of(AppId::SYSTEM).findings.is_empty());
    assert!(
        of("signal")
            .recipients
            .iter()
            .all(|recipient| &*recipient.recipient.host == "chat.signal.org")
    );
    let unknown = device
        .apps
        .iter()
        .find(|app| app.app == Attributed::Unknown)
        .unwrap();
    assert!(
        unknown
            .findings
            .iter()
            .any(|finding| &*finding.rule == circumstance::ADS),
        "{:?}",
        unknown.findings
    );
    assert_eq!(
        device
            .traffic
            .values()
            .map(|volume| volume.flows)
            .sum::<u64>(),
        6
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
fn everything_is_in_an_order_of_its_own() {
    let mut phone = Phone::new();
    for app in ["com.example.b", "com.example.a"] {
        phone.flows(
            &known(app),
            &remote("googleads.g.doubleclick.net"),
            ContentState::NoKey,
            1,
        );
    }
    phone.installed("com.example.silent", None);
    let device = phone.assess();
    let names: Vec<&str> = device
        .apps
        .iter()
        .map(|app| app.names[0].as_str())
        .collect();
    assert_eq!(names, ["com.example.a", "com.example.b"]);
    assert_eq!(device.silent_apps, 1);
    assert_eq!(device, phone.assess());
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
    };
    let key = TrafficKey {
        device: DeviceId(0),
        app,
        recipient: remote("g.whatsapp.net"),
        content: ContentState::NoKey,
    };
    phone.tally.add_traffic(key, &traffic);
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

/// A label that answers, and names these kinds of data.
fn label(named: &[&str]) -> crate::model::DataLabel {
    let mut label = crate::model::DataLabel::new(crate::model::LabelForm::DataSafety, "label.csv");
    label.is_collecting = Some(!named.is_empty());
    label.is_encrypted = Some(true);
    for name in named {
        let data = crate::model::CollectedData {
            is_collected: true,
            ..crate::model::CollectedData::default()
        };
        label.collected.insert((*name).to_owned(), data);
    }
    label
}

impl Phone {
    fn read(&mut self, app: &Attributed, resource: &str, in_background: u64) -> &mut Self {
        let key = crate::model::ReadKey {
            device: DeviceId(0),
            app: app.clone(),
            resource: resource.into(),
        };
        let time = self.origin().time;
        let reads = crate::model::Reads {
            count: 2,
            in_background,
            first: time,
            last: time,
            ..crate::model::Reads::default()
        };
        self.tally.add_reads(key, reads);
        self
    }

    fn labelled(&mut self, package: &str, named: &[&str]) -> &mut Self {
        let labels = self.dossier.labels.entry(package.to_owned()).or_default();
        labels.push((label(named), Origin::default()));
        self
    }

    fn chain(&self, app: &str, category: Category) -> Option<crate::model::DataChain> {
        let chains = self.app(app).chains;
        chains.into_iter().find(|chain| chain.category == category)
    }
}

const NOTES: &str = "com.example.notes";

#[test]
fn a_chain_leads_from_permission_to_transmission_and_names_what_does_not_fit() {
    use crate::model::{Contradiction, LabelState};
    let app = known(NOTES);
    let mut phone = Phone::new();
    phone
        .installed(NOTES, Some(true))
        .labelled(NOTES, &["PSL_APPROX_LOCATION"])
        .read(&app, "contacts", 1)
        .found(
            &app,
            &remote("api.example"),
            "contact-phone-list",
            Protection::Cleartext,
            &[
                "+4930231250011",
                "+4930231250012",
                "+4930231250013",
                "+4930231250014",
                "+4930231250015",
            ],
        );
    let chain = phone.chain(NOTES, Category::Contacts).unwrap();
    assert_eq!(chain.granted, [READ_CONTACTS.into()]);
    assert_eq!(chain.label, LabelState::NotNamed);
    assert_eq!(chain.reads.as_ref().map(|reads| reads.count), Some(2));
    let sent = chain.sent.unwrap();
    assert!(sent.grade.is_transmitted() && sent.is_in_clear);
    assert_eq!(sent.recipients, 1);
    assert_eq!(
        chain.contradictions,
        [
            Contradiction::SentNotDeclared,
            Contradiction::LabelSaysEncrypted,
            Contradiction::ReadInBackground,
        ]
    );
}

#[test]
fn what_labels_name_or_deny_changes_the_contradictions() {
    use crate::model::Contradiction;
    let app = known(NOTES);
    let contradictions = |named: &[&str], granted| {
        let mut phone = Phone::new();
        phone
            .installed(NOTES, granted)
            .labelled(NOTES, named)
            .found(
                &app,
                &remote("api.example"),
                "contact-phone-list",
                Protection::Encrypted,
                &[
                    "+4930231250011",
                    "+4930231250012",
                    "+4930231250013",
                    "+4930231250014",
                    "+4930231250015",
                ],
            );
        phone
            .chain(NOTES, Category::Contacts)
            .unwrap()
            .contradictions
    };
    assert_eq!(contradictions(&["PSL_CONTACTS"], Some(true)), []);
    assert_eq!(
        contradictions(&[], Some(false)),
        [
            Contradiction::LabelSaysNotCollected,
            Contradiction::SentWithoutPermission
        ]
    );
}

#[test]
fn a_granted_permission_is_unneeded_only_where_a_log_would_have_shown_its_use() {
    use crate::model::Contradiction;
    let mut phone = Phone::new();
    phone.installed(NOTES, Some(true));
    assert_eq!(
        phone
            .chain(NOTES, Category::Contacts)
            .unwrap()
            .contradictions,
        []
    );
    phone.read(&known("com.example.other"), "location", 0);
    assert_eq!(
        phone
            .chain(NOTES, Category::Contacts)
            .unwrap()
            .contradictions,
        [Contradiction::GrantedNotNeeded]
    );
    phone.read(&known(NOTES), "contacts", 0);
    assert_eq!(
        phone
            .chain(NOTES, Category::Contacts)
            .unwrap()
            .contradictions,
        []
    );
}

#[test]
fn apps_that_cannot_be_told_apart_have_no_chains() {
    let app = Attributed::Shared {
        apps: vec![AppId::new("a.b"), AppId::new("a.c")],
        by: Basis::DumpsysUid,
    };
    let mut phone = Phone::new();
    phone.read(&app, "contacts", 1);
    let device = phone.assess();
    assert!(device.apps.iter().all(|app| app.chains.is_empty()));
}

mod policy {
    use super::*;
    use crate::model::{
        AppPolicy, AppStatus, DeviceKind, DevicePolicy, Exception, Processor, TransferTool,
    };

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn decided(id: &str, status: AppStatus) -> AppPolicy {
        AppPolicy {
            id: id.to_owned(),
            status,
            devices: Vec::new(),
            purposes: Vec::new(),
            since: None,
            is_own: false,
        }
    }

    fn messenger(host: &str, app: &str, package: &str) -> Phone {
        let mut phone = Phone::new();
        let recipient = Recipient {
            kind: RecipientKind::Remote,
            host: host.into(),
        };
        phone.installed(package, Some(true));
        phone.flows(&known(app), &recipient, ContentState::NoKey, 3);
        phone
    }

    fn whatsapp() -> Phone {
        messenger("g.whatsapp.net", "whatsapp", "com.whatsapp")
    }

    fn modifiers(app: &AppReport) -> Vec<String> {
        let scores = app.findings.iter().filter_map(|one| one.score.as_ref());
        scores
            .flat_map(|score| &score.likelihood.modifiers)
            .map(|modifier| modifier.id.to_string())
            .collect()
    }

    #[test]
    fn a_server_of_the_companys_own_is_self_hosted_and_no_transfer() {
        let mut phone = messenger(
            "chat.nordlicht.example",
            "jira",
            "com.atlassian.android.jira.core",
        );
        let before = phone.app("jira");
        assert!(!modifiers(&before).contains(&"self-hosted".to_owned()));
        phone.policy.organisation = Some("Nordlicht".to_owned());
        phone.policy.own_hosts.push("nordlicht.example".to_owned());
        let after = phone.app("jira");
        assert_eq!(after.recipients[0].role.as_deref(), Some("own-server"));
        assert_eq!(after.recipients[0].company.as_deref(), Some("Nordlicht"));
        assert!(
            after
                .questions
                .iter()
                .all(|question| &*question.id != "unknown-recipient")
        );
    }

    #[test]
    fn a_contract_and_an_assessed_transfer_answer_their_questions() {
        let mut phone = whatsapp();
        let asks = |app: &AppReport, id: &str| app.questions.iter().any(|one| &*one.id == id);
        let counts_as = |app: &AppReport, id: &str| {
            app.findings
                .iter()
                .any(|one| one.observation.as_deref() == Some(id))
        };
        let before = phone.app("whatsapp");
        assert!(asks(&before, "dpf-listing") && counts_as(&before, "no-art28-contract"));
        assert!(modifiers(&before).contains(&"no-contract".to_owned()));
        phone.policy.processors.push(Processor {
            company: "WhatsApp".to_owned(),
            contract: Some(day("2025-01-01")),
            sub_processors: Vec::new(),
            transfer_tool: Some(TransferTool::Scc),
            transfer_assessment: None,
        });
        let signed = phone.app("whatsapp");
        assert!(!counts_as(&signed, "no-art28-contract"));
        assert!(!modifiers(&signed).contains(&"no-contract".to_owned()));
        assert!(
            asks(&signed, "dpf-listing"),
            "a transfer tool nobody assessed settles nothing"
        );
        phone.policy.processors[0].transfer_assessment = Some(day("2025-02-01"));
        assert!(!asks(&phone.app("whatsapp"), "dpf-listing"));
    }

    #[test]
    fn apps_that_nobody_decided_about_are_named_installed_or_by_traffic_alone() {
        let mut phone = whatsapp();
        phone.installed("com.example.taschenlampe", None);
        let host = Recipient {
            kind: RecipientKind::Remote,
            host: "api.telegram.org".into(),
        };
        phone.flows(&known("telegram"), &host, ContentState::NoKey, 1);
        assert_eq!(
            phone.assess().shadow,
            [],
            "without decisions nothing stands out"
        );
        phone
            .policy
            .apps
            .push(decided("com.whatsapp", AppStatus::Forbidden));
        let shadow = phone.assess().shadow;
        let about = |id: &str| shadow.iter().find(|app| app.id.as_str() == id).unwrap();
        assert_eq!(about("whatsapp").status, Some(AppStatus::Forbidden));
        assert_eq!(about("com.example.taschenlampe").status, None);
        assert!(!about("com.example.taschenlampe").has_traffic);
        assert!(about("telegram").has_traffic && !about("telegram").is_installed);
        phone
            .policy
            .apps
            .insert(0, decided("telegram", AppStatus::Tolerated));
        assert!(
            phone
                .assess()
                .shadow
                .iter()
                .all(|app| app.id.as_str() != "telegram")
        );
    }

    #[test]
    fn exceptions_hold_to_their_last_day_and_lower_no_risk() {
        let mut phone = whatsapp();
        let risk = phone.app("whatsapp").risk;
        phone.policy.exceptions.push(Exception {
            app: "whatsapp".to_owned(),
            observation: None,
            devices: vec!["pho*".to_owned()],
            owner: "IT".to_owned(),
            reason: "moving".to_owned(),
            expires: day("2026-06-30"),
        });
        for (today, is_expired) in [("2026-06-30", false), ("2026-07-01", true)] {
            phone.day = Some(day(today));
            let app = phone.app("whatsapp");
            assert_eq!(app.standing.unwrap().exceptions[0].is_expired, is_expired);
            assert_eq!(app.risk, risk);
        }
        phone.policy.exceptions[0].devices = vec!["other".to_owned()];
        assert_eq!(phone.app("whatsapp").standing, None);
    }

    #[test]
    fn a_dedicated_phone_is_a_safeguard_for_contacts_alone() {
        let mut phone = whatsapp();
        let risk = |app: &AppReport, observation: &str| {
            let mut findings = app.findings.iter();
            let finding = findings.find(|one| one.observation.as_deref() == Some(observation));
            finding.unwrap().score.as_ref().unwrap().risk
        };
        let before = phone.app("whatsapp");
        phone.policy.devices.push(DevicePolicy {
            folder: "phone".to_owned(),
            kind: DeviceKind::Company,
            has_work_profile: false,
            dedicated_to: vec!["whatsapp".to_owned()],
            role: None,
            consent_at: None,
        });
        let after = phone.app("whatsapp");
        assert!(risk(&after, "contacts-plain") < risk(&before, "contacts-plain"));
        assert_eq!(
            risk(&after, "message-metadata"),
            risk(&before, "message-metadata")
        );
    }

    #[test]
    fn a_work_profile_is_a_safeguard_for_contacts_and_what_if_then_changes_nothing_more() {
        let mut phone = whatsapp();
        let rules = Rules::embedded().unwrap();
        let step = Step::parse(&rules, "work-profile").unwrap();
        let risks = |phone: &Phone| -> BTreeMap<String, u8> {
            let findings = phone.app("whatsapp").findings.into_iter();
            let risk = |one: JudgedFinding| Some((one.observation?.to_string(), one.score?.risk));
            findings.filter_map(risk).collect()
        };
        let computed = |phone: &Phone| -> BTreeMap<String, u8> {
            let change = measures_of(&rules, phone, &step);
            let after = change.apps.into_iter().flat_map(|app| app.findings);
            let risk = |one: FindingChange| {
                let after = one.after?;
                Some((after.observation?.to_string(), after.score?.risk))
            };
            after.filter_map(risk).collect()
        };
        let (before, foretold) = (risks(&phone), computed(&phone));
        assert!(foretold["contacts-plain"] < before["contacts-plain"]);
        assert_eq!(foretold["message-metadata"], before["message-metadata"]);
        phone.policy.devices.push(DevicePolicy {
            folder: "phone".to_owned(),
            kind: DeviceKind::Company,
            has_work_profile: true,
            dedicated_to: Vec::new(),
            role: None,
            consent_at: None,
        });
        assert_eq!(risks(&phone), foretold);
        assert_eq!(computed(&phone), foretold);
    }

    fn measures_of<'a>(rules: &'a Rules, phone: &Phone, step: &Step<'a>) -> Change<'a> {
        let audit = crate::model::Audit {
            case: String::new(),
            tool_version: String::new(),
            rules_sha256: String::new(),
            law_as_of: String::new(),
            options: BTreeMap::new(),
            method: String::new(),
            controller: crate::model::Controller::default(),
            inputs: Vec::new(),
            devices: vec![phone.assess()],
            coverage: crate::model::Coverage::default(),
        };
        what_if(rules, &audit, std::slice::from_ref(step))
    }

    #[test]
    fn a_tracker_in_an_app_of_the_companys_own_raises_who_is_responsible() {
        let mut phone = Phone::new();
        let app = known("com.example.scan");
        phone.flows(&app, &remote("app.adjust.com"), ContentState::NoKey, 1);
        let touches = |phone: &Phone| {
            let app = phone.app("com.example.scan");
            let is_asked = app.questions.iter().any(|one| &*one.id == "own-app-sdk");
            (app.provisions.iter().any(|id| &**id == "gdpr-26"), is_asked)
        };
        assert_eq!(touches(&phone), (false, false));
        let mut own = decided("com.example.scan", AppStatus::Approved);
        own.is_own = true;
        phone.policy.apps.push(own);
        assert_eq!(touches(&phone), (true, true));
    }

    #[test]
    fn law_of_a_country_is_touched_where_the_company_may_be_seated_there() {
        let mut phone = whatsapp();
        let german = |phone: &Phone| {
            let rules = Rules::embedded().unwrap();
            let app = phone.app("whatsapp");
            let all = app.provisions.into_iter();
            let of_country = all.filter(|id| {
                let provision = rules.legal().provision(id).unwrap();
                provision.country.as_deref() == Some("DE")
            });
            of_country.map(|id| id.to_string()).collect::<Vec<_>>()
        };
        let all = [
            "bdsg-26",
            "tdddg-25",
            "betrvg-87-1-6",
            "uwg-7",
            "geschgehg-2",
        ];
        assert_eq!(german(&phone), all, "no seat: it may be Germany");
        phone.policy.country = Some("DE".to_owned());
        assert_eq!(german(&phone), all);
        for country in ["AT", "CH"] {
            phone.policy.country = Some(country.to_owned());
            assert_eq!(german(&phone), [""; 0], "{country}");
            let app = phone.app("whatsapp");
            assert!(app.provisions.iter().any(|id| &**id == "gdpr-88"));
        }
    }
}

mod impact {
    use super::*;
    use crate::model::CriterionState::{Met, NotMet, ToBeAsked};
    use crate::model::{CriterionState, Screened};

    fn state(screening: &[Screened], number: u8) -> CriterionState {
        screening
            .iter()
            .find(|one| one.number == number)
            .unwrap()
            .state
    }

    #[test]
    fn nine_criteria_are_met_not_met_or_to_be_asked() {
        let mut phone = Phone::new();
        let app = known("com.example.map");
        let here = remote("api.example");
        phone.flows(&app, &here, ContentState::Clear, 1);
        let places = ["52.5,13.4", "52.6,13.4", "52.7,13.4"];
        phone.found(&app, &here, "coordinates", Protection::Encrypted, &places);
        let screening = phone.app("com.example.map").screening;
        let states: Vec<CriterionState> = screening.iter().map(|one| one.state).collect();
        let expected = [
            NotMet, ToBeAsked, Met, Met, ToBeAsked, NotMet, Met, ToBeAsked, ToBeAsked,
        ];
        assert_eq!(states, expected);
        assert_eq!(phone.app("com.example.map").dpia_criteria, [3, 4, 7]);
        let because: Vec<&str> = screening[2].because.iter().map(|id| &**id).collect();
        assert_eq!(because, ["location-precise"]);
    }

    #[test]
    fn what_could_not_be_read_is_asked_and_staff_alone_is_no_reason() {
        let mut phone = Phone::new();
        let app = known("com.example.map");
        phone.flows(&app, &remote("api.example"), ContentState::NoKey, 1);
        let app = phone.app("com.example.map");
        for (number, expected) in [
            (1, NotMet),
            (3, ToBeAsked),
            (4, ToBeAsked),
            (6, ToBeAsked),
            (7, Met),
        ] {
            assert_eq!(state(&app.screening, number), expected, "{number}");
        }
        assert!(app.dpia_criteria.is_empty());
        let mut system = Phone::new();
        let system_app = Attributed::Known {
            app: AppId::new(AppId::SYSTEM),
            by: Basis::System,
        };
        system.flows(&system_app, &remote("time.example"), ContentState::Clear, 1);
        assert!(system.app(AppId::SYSTEM).screening.is_empty());
    }

    #[test]
    fn one_app_with_contacts_on_fifty_phones_is_large_in_scale() {
        let rules = Rules::embedded().unwrap();
        let screened = |phones: u32| {
            let mut tally = Tally::default();
            let mut devices = Vec::new();
            for id in 0..phones {
                let mut phone = Phone::new();
                phone.installed("com.whatsapp", Some(true));
                phone.flows(
                    &known("whatsapp"),
                    &remote("g.whatsapp.net"),
                    ContentState::NoKey,
                    1,
                );
                devices.push((format!("phone {id}"), phone.dossier));
                for (mut key, volume) in phone.tally.traffic {
                    key.device = DeviceId(id);
                    tally.traffic.insert(key, volume);
                }
            }
            let reports = assess(&rules, (&Policy::default(), None), &devices, &tally);
            let apps = reports.into_iter().flat_map(|device| device.apps);
            apps.map(|app| (state(&app.screening, 5), app.dpia_criteria))
                .collect::<Vec<_>>()
        };
        assert!(
            screened(49)
                .iter()
                .all(|(state, met)| *state == ToBeAsked && !met.contains(&5))
        );
        assert!(
            screened(50)
                .iter()
                .all(|(state, met)| *state == Met && met.contains(&5))
        );
    }
}
