//! Whose row something is, and in what order rows come.

use super::*;

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
