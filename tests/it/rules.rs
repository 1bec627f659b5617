//! The embedded rules hold what they promise.

use std::net::IpAddr;

use phonehome::model::{FieldPath, PathStep, Place};
use phonehome::rules::{DiscoveryMethod, NameStrength, Role, Rules, TransferStatus};

fn rules() -> Rules {
    Rules::embedded().expect("the embedded rules have no problems")
}

fn ids<'a>(apps: impl IntoIterator<Item = &'a phonehome::rules::App>) -> Vec<&'a str> {
    apps.into_iter().map(|app| &*app.id).collect()
}

fn path(names: &[&str]) -> FieldPath {
    FieldPath(
        names
            .iter()
            .map(|name| match name.parse() {
                Ok(index) => PathStep::Index(index),
                Err(_) => PathStep::Name((*name).into()),
            })
            .collect(),
    )
}

#[test]
fn the_longest_host_suffix_wins_on_label_boundaries() {
    let rules = rules();
    assert_eq!(
        rules.endpoint("graph.facebook.com").unwrap().role,
        Role::Analytics
    );
    assert_eq!(
        rules.endpoint("www.facebook.com").unwrap().role,
        Role::Social
    );
    assert!(rules.endpoint("notfacebook.com").is_none());
    assert!(rules.endpoint("").is_none());
    for endpoint in rules.endpoints() {
        let found = rules.endpoint(&format!("x.{}", endpoint.suffix)).unwrap();
        assert!(endpoint.suffix == found.suffix || found.suffix.ends_with(&*endpoint.suffix));
        assert_eq!(
            rules.endpoint(&endpoint.suffix).unwrap().suffix,
            endpoint.suffix
        );
        let glued = rules.endpoint(&format!("x{}", endpoint.suffix));
        assert!(glued.is_none_or(|found| found.suffix.len() < endpoint.suffix.len()));
    }
}

#[test]
fn apps_are_told_by_package_host_signature_address_and_user_agent() {
    let rules = rules();
    assert_eq!(
        &*rules.app_of_package("com.whatsapp").unwrap().id,
        "whatsapp"
    );
    assert_eq!(&*rules.app_of_package("com.wire").unwrap().id, "wire");
    assert!(rules.app_of_package("com.example.nobody").is_none());
    assert_eq!(
        ids(rules.apps_of_host("g.whatsapp.net")),
        ["whatsapp", "whatsapp-business"]
    );
    assert_eq!(
        ids(rules.apps_of_host("apip-work.threema.ch")),
        ["threema-work"]
    );
    assert!(
        rules.apps_of_host("graph.facebook.com").is_empty(),
        "an SDK host tells no app"
    );
    assert!(rules.apps_of_host("maps.googleapis.com").is_empty());
    assert!(ids(rules.apps_of_signature("viber-tcp")).contains(&"viber"));
    let address: IpAddr = "149.154.167.51".parse().unwrap();
    assert_eq!(ids(rules.apps_of_address(address)), ["telegram"]);
    assert!(
        rules
            .apps_of_address("192.0.2.1".parse().unwrap())
            .is_empty()
    );
    assert_eq!(
        &*rules.app_of_user_agent("WhatsApp/2.24.1 A").unwrap().id,
        "whatsapp"
    );
    assert_eq!(
        &*rules.app_of_user_agent("WhatsApp SMB/2.24.1 A").unwrap().id,
        "whatsapp-business"
    );
    assert!(
        rules
            .app_of_user_agent("Mozilla/5.0 (Linux; Android 14)")
            .is_none()
    );
}

#[test]
fn every_host_of_an_app_names_a_company() {
    let rules = rules();
    for app in rules.apps() {
        for host in app.hosts.iter().chain(&app.shared_hosts) {
            assert!(rules.endpoint(host).is_some(), "{}: {host}", app.id);
        }
    }
}

#[test]
fn hosts_of_the_operating_system_tell_no_app() {
    let rules = rules();
    for host in [
        "mtalk.google.com",
        "alt3-mtalk.google.com",
        "connectivitycheck.gstatic.com",
        "captive.apple.com",
        "7-courier.push.apple.com",
        "time.android.com",
        "ocsp.digicert.com",
        "epdg.epc.mnc001.mcc262.pub.3gppnetwork.org",
        "connect.rom.miui.com",
    ] {
        assert!(rules.is_system_host(host), "{host}");
        assert!(rules.apps_of_host(host).is_empty(), "{host}");
    }
    for host in [
        "www.google.com",
        "g.whatsapp.net",
        "app-measurement.com",
        "example.com",
    ] {
        assert!(!rules.is_system_host(host), "{host}");
    }
}

#[test]
fn names_are_compared_without_case_and_punctuation() {
    let rules = rules();
    for spelling in [
        &["GPS_ADID"][..],
        &["gps-adid"],
        &["user", "$gpsAdid"],
        &["device", "ifa"],
        &["device.ifa"],
    ] {
        let found = rules.identifiers_of_path(&path(spelling));
        assert!(
            found
                .iter()
                .any(|(rule, strength)| &*rule.id == "advertising-id"
                    && *strength == NameStrength::Strong),
            "{spelling:?}"
        );
    }
    let weak = rules.identifiers_of_path(&path(&["adid"]));
    assert!(
        weak.iter().any(
            |(rule, strength)| &*rule.id == "advertising-id" && *strength == NameStrength::Weak
        )
    );
    assert!(rules.identifiers_of_path(&path(&["colour"])).is_empty());
}

#[test]
fn a_layout_tells_what_its_fields_are() {
    let rules = rules();
    let layouts = rules.layouts("graph.facebook.com", "/v17.0/1234/activities");
    let layout = layouts
        .iter()
        .find(|layout| &*layout.id == "facebook-app-events")
        .unwrap();
    let field = layout.field(Place::Body, &path(&["extinfo", "5"])).unwrap();
    assert_eq!(&*field.property, "model");
    assert_eq!(
        &*rules.identifier_of_field(field).unwrap().id,
        "device-model"
    );
    assert!(
        rules
            .layouts("www.example.com", "/v17.0/1234/activities")
            .is_empty()
    );
    assert!(
        !rules
            .layouts("bidder.example.com", "/openrtb2/auction")
            .is_empty()
    );
    assert!(rules.is_sdk_host("app.adjust.com"));
}

#[test]
fn the_law_knows_countries_and_provisions() {
    let rules = rules();
    let legal = rules.legal();
    assert_eq!(legal.transfer_status("DE"), TransferStatus::Eea);
    assert!(matches!(
        legal.transfer_status("CH"),
        TransferStatus::Adequate(_)
    ));
    assert!(matches!(
        legal.transfer_status("US"),
        TransferStatus::PartlyAdequate(_)
    ));
    assert_eq!(legal.transfer_status("CN"), TransferStatus::None);
    assert!(
        legal
            .provisions_of("contacts-plain")
            .any(|provision| &*provision.id == "gdpr-14")
    );
    assert_eq!(&*legal.observations_of("advertising-id")[0].id, "ad-id");
}

#[test]
fn the_scoring_examples_add_up() {
    let rules = rules();
    let scoring = &rules.legal().scoring;
    assert!(!scoring.examples.is_empty());
    for example in &scoring.examples {
        let points: i8 = example
            .modifiers
            .iter()
            .map(|id| scoring.modifier(id).unwrap().points)
            .sum();
        let likelihood = u8::try_from(points.clamp(1, 4)).unwrap();
        assert_eq!(likelihood, example.likelihood, "{}", example.app);
        let observation = rules.legal().observation(&example.observation).unwrap();
        assert_eq!(
            observation.severity,
            Some(example.severity),
            "{}",
            example.app
        );
        let risk = example.severity * likelihood;
        assert_eq!(risk, example.risk, "{}", example.app);
        let percent = u16::from(scoring.evidence(&example.evidence).unwrap().percent);
        assert_eq!(
            u16::from(risk) * percent,
            example.priority_hundredths,
            "{}",
            example.app
        );
        assert_eq!(
            scoring.level(risk).unwrap().id,
            example.level,
            "{}",
            example.app
        );
    }
}

#[test]
fn profiles_say_how_contacts_leave_the_phone() {
    let rules = rules();
    let method = |id| rules.app(id).unwrap().contact_discovery.method;
    assert_eq!(method("whatsapp"), DiscoveryMethod::PlainNumbers);
    assert_eq!(method("signal"), DiscoveryMethod::Enclave);
    assert_eq!(method("mattermost"), DiscoveryMethod::None);
}

#[test]
fn a_permission_tells_which_data_it_opens() {
    let rules = rules();
    let permission = rules
        .permission("android.permission.READ_CONTACTS")
        .unwrap();
    assert_eq!(permission.risk, 3);
    let category = rules
        .permission_category(permission.category.as_deref().unwrap())
        .unwrap();
    assert!(category.third_party);
    assert!(rules.permission("NSContactsUsageDescription").is_some());
    assert!(
        rules
            .permission("android.permission.NOT_A_PERMISSION")
            .is_none()
    );
}
