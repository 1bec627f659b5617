//! What the company says changes what is concluded.

use super::*;
use crate::model::{
    AppPolicy, AppStatus, CollectedData, DataLabel, DeviceKind, DevicePolicy, Exception, LabelForm,
    Processor, TransferTool,
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
        is_business_channel: false,
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
    let removed = "com.example.taschenlampe";
    let app = phone.dossier.apps.get_mut(removed).unwrap();
    app.is_matched_by_name = true;
    let shadow = phone.assess().shadow;
    let by_name = shadow.iter().filter(|app| app.is_matched_by_name);
    let by_name: Vec<&str> = by_name.map(|app| app.id.as_str()).collect();
    assert_eq!(by_name, [removed]);
    let app = phone.dossier.apps.get_mut(removed).unwrap();
    app.is_removed = true;
    let shadow = phone.assess().shadow;
    assert!(shadow.iter().all(|app| app.id.as_str() != removed));
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
        has_minors: false,
        dedicated_to: vec!["whatsapp".to_owned()],
        role: None,
        consent_at: None,
        time_zone: None,
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
    let rules = Rules::embedded();
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
            Some((
                after.observation.as_ref()?.to_string(),
                after.score.as_ref()?.risk,
            ))
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
        has_minors: false,
        dedicated_to: Vec::new(),
        role: None,
        consent_at: None,
        time_zone: None,
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
        let rules = Rules::embedded();
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

#[test]
fn people_under_18_touch_art_8_and_weigh_more() {
    let mut phone = whatsapp();
    let seen = |phone: &Phone| {
        let app = phone.app("whatsapp");
        let metadata = observed(&app, "message-metadata");
        let severity = metadata.score.as_ref().unwrap().severity;
        let is_asked = |id: &str| app.questions.iter().any(|one| &*one.id == id);
        let is_touched = app.provisions.iter().any(|id| &**id == "gdpr-8");
        let asked = (is_asked("minors-consent"), is_asked("private-use"));
        (severity, is_touched, asked)
    };
    let mut used_by = |kind: DeviceKind, has_minors: bool| {
        phone.policy.devices = vec![DevicePolicy {
            folder: "phone".to_owned(),
            kind,
            has_work_profile: false,
            has_minors,
            dedicated_to: Vec::new(),
            role: None,
            consent_at: None,
            time_zone: None,
        }];
        seen(&phone)
    };
    let (company, private) = (DeviceKind::Company, DeviceKind::Private);
    assert_eq!(used_by(company, false), (3, false, (false, false)));
    assert_eq!(used_by(company, true), (4, true, (true, false)));
    assert_eq!(used_by(private, true), (4, true, (true, true)));
}

fn raises(app: &AppReport, observation: &str) -> bool {
    let mut findings = app.findings.iter();
    findings.any(|one| one.observation.as_deref() == Some(observation))
}

#[test]
fn what_the_employer_can_see_is_named_where_the_company_runs_or_has_introduced_the_app() {
    let mut phone = messenger("chat.nordlicht.example", "mattermost", "com.mattermost.rn");
    assert!(!raises(&phone.app("mattermost"), "employee-monitoring"));
    phone
        .policy
        .apps
        .push(decided("mattermost", AppStatus::Tolerated));
    assert!(
        !raises(&phone.app("mattermost"), "employee-monitoring"),
        "tolerated is not introduced"
    );
    phone.policy.apps[0].status = AppStatus::Required;
    let introduced = phone.app("mattermost");
    let finding = observed(&introduced, "employee-monitoring");
    assert_eq!(finding.grade, Grade::Inferred);
    assert!(
        finding.provisions.iter().any(|id| &**id == "betrvg-87-1-6"),
        "{finding:#?}"
    );
    assert!(
        introduced
            .questions
            .iter()
            .any(|one| &*one.id == "works-council")
    );
}

#[test]
fn positions_on_servers_of_the_company_are_what_it_can_see_and_others_are_not() {
    let mut phone = Phone::new();
    let app = known("com.example.tour");
    for host in ["fleet.nordlicht.example", "maps.example"] {
        let values = ["52.5200,13.4050"];
        phone.found(
            &app,
            &remote(host),
            "coordinates",
            Protection::Encrypted,
            &values,
        );
    }
    assert!(!raises(
        &phone.app("com.example.tour"),
        "employee-monitoring"
    ));
    phone.policy.own_hosts.push("nordlicht.example".to_owned());
    let seen = phone.app("com.example.tour");
    let finding = observed(&seen, "employee-monitoring");
    assert_eq!(&*finding.recipient.host, "fleet.nordlicht.example");
    assert_eq!(finding.reasons, ["coordinates".into()]);
}

#[test]
fn a_channel_to_customers_needs_an_arrangement_by_its_profile_or_as_the_company_says() {
    let business = messenger("g.whatsapp.net", "whatsapp-business", "com.whatsapp.w4b");
    assert!(raises(
        &business.app("whatsapp-business"),
        "business-channel"
    ));
    let mut plain = whatsapp();
    assert!(!raises(&plain.app("whatsapp"), "business-channel"));
    plain
        .policy
        .apps
        .push(decided("whatsapp", AppStatus::Tolerated));
    plain.policy.apps[0].is_business_channel = true;
    let channel = plain.app("whatsapp");
    let finding = observed(&channel, "business-channel");
    assert!(finding.provisions.iter().any(|id| &**id == "gdpr-26"));
    assert!(
        channel
            .questions
            .iter()
            .any(|one| &*one.id == "business-channel")
    );
}

#[test]
fn advertising_that_the_apps_own_statements_leave_out_is_named() {
    let manifest = |domains: &[&str]| {
        let mut label = DataLabel::new(LabelForm::PrivacyManifest, "PrivacyInfo.xcprivacy");
        label.tracking_domains = domains.iter().map(|domain| (*domain).to_owned()).collect();
        label
    };
    let form = |is_shared: bool| {
        let mut label = DataLabel::new(LabelForm::DataSafety, "data_safety.csv");
        let data = CollectedData {
            is_collected: true,
            is_shared: Some(is_shared),
            ..CollectedData::default()
        };
        label.collected.insert("PSL_USER_ACCOUNT".to_owned(), data);
        label
    };
    let of_part = DataLabel {
        part: Some("Adjust.framework".to_owned()),
        ..manifest(&[])
    };
    let cases = [
        (None, false),
        (Some(manifest(&[])), true),
        (Some(manifest(&["track.example"])), true),
        (Some(manifest(&["https://doubleclick.net/"])), false),
        (Some(form(false)), true),
        (Some(form(true)), false),
        (Some(of_part), false),
    ];
    for (label, is_left_out) in cases {
        let mut phone = messenger("ad.doubleclick.net", "com.example.game", "com.example.game");
        let described = format!("{label:?}");
        if let Some(label) = label {
            let labels = vec![(label, Origin::default())];
            phone
                .dossier
                .labels
                .insert("com.example.game".to_owned(), labels);
        }
        let app = phone.app("com.example.game");
        assert_eq!(
            raises(&app, "undeclared-recipient"),
            is_left_out,
            "{described}"
        );
        let is_asked = app
            .questions
            .iter()
            .any(|one| &*one.id == "undeclared-recipient");
        assert_eq!(is_asked, is_left_out, "{described}");
    }
}
