//! A large company: 500 phones, 200 apps, ten findings of each app, eight apps on each phone.

use std::collections::BTreeMap;
use std::sync::Arc;

use phonehome::model::{
    AppId, AppReport, AppStatus, Attributed, Audit, Basis, Category, ContentState, Contradiction,
    Controller, Coverage, DataChain, Day, DeclaredFact, DeclaredKind, DeviceKind, DevicePolicy,
    DeviceReport, Distinct, Evidence, Exception, ExceptionState, FieldPath, Grade, Grant, InputId,
    InputReport, JudgedFinding, LabelState, Likelihood, Occurrences, Origin, PathStep, Place,
    Platform, Processor, Protection, Purpose, Question, Reads, Recipient, RecipientKind,
    RecipientReport, Score, Sensitive, ShadowApp, Shortfall, Standing, Timestamp, Users, Volume,
};
use phonehome::report::Presentable;
use phonehome::rules::Rules;

pub(crate) const PHONES: u64 = 500;
const APPS: u64 = 200;
const APPS_OF_PHONE: u64 = 8;
const FINDINGS_OF_APP: u64 = 10;
/// 2026-10-05, in nanoseconds.
const START: i64 = 1_791_158_400_000_000_000;
const HOUR: i64 = 3_600_000_000_000;

fn finding(rules: &Rules, app: u64, number: u64, phone: u64, words: &str) -> JudgedFinding {
    let identifiers = rules.identifiers();
    let pick = usize::try_from(app * 7 + number).unwrap() % identifiers.len();
    let identifier = &identifiers[pick];
    let countries = ["US", "DE", "IN", "CN", "IL", "FR", "IE"];
    let country = countries[usize::try_from((app + number) % 7).unwrap()];
    let severity = u8::try_from(number % 4 + 1).unwrap();
    let likelihood = u8::try_from((app + number) % 4 + 1).unwrap();
    let risk = severity * likelihood;
    let time = |hours: u64| Timestamp(START + i64::try_from(hours).unwrap() * HOUR);
    let mut evidence = Evidence::at(Origin {
        input: InputId(0),
        frame: phone * 100 + number,
        time: time(number),
    });
    evidence.place = Some(Place::Body);
    evidence.path = FieldPath(vec![PathStep::Name(words.into())]);
    evidence.value = Some(Sensitive::new(&format!("value {phone} {app} {number}")));
    JudgedFinding {
        id: format!("{app}-{number}-{phone}"),
        rule: identifier.id.clone(),
        observation: None,
        category: identifier.category,
        grade: [Grade::Decoded, Grade::Contacted, Grade::Inferred]
            [usize::try_from(number % 3).unwrap()],
        protection: Protection::Encrypted,
        recipient: Recipient {
            kind: RecipientKind::Remote,
            host: format!("host{}.vendor{}{words}.example", number, app % 60).into(),
        },
        company: (!app.is_multiple_of(3)).then(|| Arc::from(format!("Vendor {}{words}", app % 60))),
        country: Some(country.into()),
        is_opted_out: false,
        people: None,
        occurrences: Occurrences {
            count: 3 + number,
            items: 3,
            most_items: 1,
            distinct: Distinct::counted(3, true),
            first: time(number + phone % 48),
            last: time(number * 3 + phone % 48),
            precision_metres: None,
            evidence: [evidence].into(),
            users: Users::default(),
        },
        score: Some(Score {
            severity,
            likelihood: Likelihood {
                value: likelihood,
                modifiers: Vec::new(),
            },
            evidence_percent: 90,
            risk,
            priority_hundredths: u16::from(risk) * 90,
            level: rules.legal().scoring.level(risk).unwrap().id,
        }),
        provisions: rules
            .legal()
            .provisions
            .iter()
            .take(8)
            .map(|known| known.id.clone())
            .collect(),
        reasons: vec![Arc::from(format!("reason{words}"))],
    }
}

fn declared(kind: DeclaredKind, words: &str) -> DeclaredFact {
    DeclaredFact {
        kind,
        name: format!("{}{words}", kind.as_str()),
        values: vec![
            format!("value{words}"),
            "unguarded".to_owned(),
            "tracking=true".to_owned(),
        ],
        is_contacted: Some(true),
    }
}

fn chain(words: &str) -> DataChain {
    let names = || vec![Arc::from(format!("name{words}"))];
    DataChain {
        category: Category::Location,
        label: LabelState::Named,
        declared: names(),
        granted: names(),
        refused: Vec::new(),
        reads: Some(Reads {
            count: 3,
            tags: names().into_iter().collect(),
            ..Reads::default()
        }),
        sent: None,
        contradictions: Contradiction::ALL.into(),
    }
}

fn exception(words: &str) -> ExceptionState {
    ExceptionState {
        exception: Exception {
            app: format!("app{words}"),
            observation: Some(format!("observation{words}")),
            devices: vec![format!("phone{words}")],
            owner: format!("owner{words}"),
            reason: format!("reason{words}"),
            expires: Day::new(2027, 3, 31).unwrap(),
        },
        is_expired: false,
    }
}

fn app(rules: &Rules, phone: u64, app: u64, words: &str) -> AppReport {
    let id = AppId::new(&format!("com.example.app{app}"));
    let findings: Vec<JudgedFinding> = (0..FINDINGS_OF_APP)
        .map(|number| finding(rules, app, number, phone, words))
        .collect();
    let volume = Volume {
        of_content: 0,
        flows: 3,
        sent_bytes: 1000 + app,
        received_bytes: 5000,
        has_gap: false,
        first: Origin::default(),
        last: Timestamp(START),
        users: Users::default(),
    };
    let states = [
        ContentState::NoKey,
        ContentState::Clear,
        ContentState::Decrypted,
    ];
    let recipients = findings.iter().take(3).map(|finding| RecipientReport {
        recipient: finding.recipient.clone(),
        company: finding.company.clone(),
        parent: None,
        country: finding.country.clone(),
        role: None,
        service: None,
        volumes: BTreeMap::from(states.map(|state| (state, volume.clone()))),
    });
    let scores = || findings.iter().filter_map(|finding| finding.score.as_ref());
    AppReport {
        app: Attributed::Known {
            app: id.clone(),
            by: Basis::Capture,
        },
        id: Some(id),
        names: vec![format!("App {app}{words}")],
        packages: vec![format!("com.example.app{app}")],
        version: Some(format!("1.0{words}")),
        platform: Some(Platform::Android),
        bases: vec![Basis::Capture],
        is_installed: true,
        level: scores().map(|score| score.level).max().unwrap(),
        risk: scores().map(|score| score.risk).max().unwrap(),
        recipients: recipients.collect(),
        provisions: findings[0].provisions.clone(),
        findings,
        grants: vec![Grant {
            permission: format!("android.permission.CAMERA{words}"),
            category: Some("camera".into()),
            risk: 2,
            is_declared: true,
            is_granted: Some(true),
            by_user: [(0, true), (10, false)].into(),
            is_policy_fixed: true,
            is_limited: true,
            decided: Some(Timestamp(START)),
        }],
        declared: DeclaredKind::ALL.map(|kind| declared(kind, words)).into(),
        chains: vec![chain(words)],
        dpia_criteria: Vec::new(),
        screening: Vec::new(),
        questions: rules
            .questions()
            .iter()
            .map(|question| Question {
                id: question.id.clone(),
                subject: format!("subject{words}").into(),
            })
            .collect(),
        standing: Some(Standing {
            status: Some(AppStatus::Tolerated),
            purposes: vec![Purpose {
                text: format!("purpose{words}"),
                legal_basis: None,
            }],
            since: None,
            exceptions: vec![exception(words)],
        }),
    }
}

/// A fleet with `words` in all that could come from a capture.
pub(crate) fn fleet(rules: &Rules, phones: u64, words: &str) -> Presentable {
    let device = |phone: u64| {
        let apps: Vec<AppReport> = (0..APPS_OF_PHONE)
            .map(|position| {
                app(
                    rules,
                    phone,
                    (phone * APPS_OF_PHONE + position) % APPS,
                    words,
                )
            })
            .collect();
        DeviceReport {
            name: format!("phone {phone:03}{words}"),
            platform: Some(Platform::Android),
            model: Some(format!("Model{words}")),
            traffic: apps[0].traffic(),
            apps,
            clock: None,
            silent_apps: 40,
            policy: Some(DevicePolicy {
                folder: format!("phone-*{words}"),
                kind: DeviceKind::Company,
                has_work_profile: true,
                has_minors: false,
                dedicated_to: vec![format!("app{words}")],
                role: Some(format!("role{words}")),
                consent_at: None,
                time_zone: None,
            }),
            shadow: vec![ShadowApp {
                id: AppId::new(&format!("com.example.shadow{words}")),
                name: format!("Shadow{words}"),
                status: None,
                is_installed: false,
                is_matched_by_name: false,
                has_traffic: true,
                exceptions: vec![exception(words)],
            }],
        }
    };
    let mut coverage = Coverage::default();
    for shortfall in Shortfall::ALL {
        coverage.add(InputId(0), shortfall, None, 1, || format!("detail{words}"));
    }
    let audit = Audit {
        case: format!("Fleet{words}"),
        tool_version: "0".to_owned(),
        rules_sha256: rules.sha256().to_owned(),
        law_as_of: "2026-01-01".to_owned(),
        controller: Controller {
            name: Some(format!("Controller{words}")),
            processors: vec![Processor {
                company: format!("Processor{words}"),
                contract: None,
                sub_processors: vec![format!("Other{words}")],
                transfer_tool: None,
                transfer_assessment: None,
            }],
            ..Controller::default()
        },
        method: "phonehome-1".to_owned(),
        options: [("app".to_owned(), format!("app{words}"))].into(),
        inputs: vec![InputReport {
            id: InputId(0),
            path: format!("fleet{words}.pcap"),
            device: "phone".to_owned(),
            format: "pcap".to_owned(),
            sha256: String::new(),
            bytes: 1,
            items: 1,
            period: Some((Timestamp(START), Timestamp(START + 48 * HOUR))),
        }],
        devices: (0..phones).map(device).collect(),
        coverage,
    };
    Presentable::new(&audit, rules, false)
}
