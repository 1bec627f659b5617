//! Whatever a capture holds, reports stay readable, within their width, and free of its values.

use phonehome::assess::assess;
use phonehome::model::{
    AppId, Attributed, Audit, Basis, ContentState, Controller, Coverage, DeviceId, Dossier,
    Evidence, FieldPath, Finding, FindingKey, Grade, InputId, InputReport, Origin, PathStep, Place,
    Policy, Protection, Recipient, RecipientKind, RiskLevel, Sensitive, Shortfall, Tally,
    Timestamp, Traffic, TrafficKey,
};
use phonehome::report::{FORMATS, Language, Options, Presentable};
use phonehome::rules::Rules;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr as _;

use crate::accuracy::bench::privacy::readable;
use crate::forge::fleet::fleet;
use crate::gates::junit_problem;

/// Stands in every captured text; must stand in no report.
const SECRET: &str = "Geheimnis";

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z]{1,12}\\.example",
        Just("graph.facebook.com".to_owned()),
        Just("g.whatsapp.net".to_owned()),
        Just("\u{1b}[2J\u{202e}\u{200b}\u{7}".to_owned()),
        "[\u{4e00}-\u{9fff}\u{1f300}-\u{1f5ff} ]{1,40}",
        "[\u{900}-\u{dff}\u{1100}-\u{11ff}]{1,60}",
        Just("x".repeat(3000)),
        Just("=cmd|'/c calc'!A1".to_owned()),
        Just("</script><!--&lt;]]>%0A::error::x".to_owned()),
        Just("\",\"@x\n\r-1".to_owned()),
    ]
}

fn attributed() -> impl Strategy<Value = Attributed> {
    prop_oneof![
        Just(Attributed::Unknown),
        hostile().prop_map(|app| Attributed::Known {
            app: AppId::new(&app),
            by: Basis::Label
        }),
        proptest::collection::vec(hostile(), 2..4).prop_map(|apps| Attributed::Shared {
            apps: apps.iter().map(|app| AppId::new(app)).collect(),
            by: Basis::Endpoint,
        }),
    ]
}

fn origin(frame: u64) -> Origin {
    Origin {
        input: InputId(0),
        frame,
        time: Timestamp(i64::try_from(frame).unwrap_or(i64::MAX)),
    }
}

/// A tally of `seen`: app, host, path, and a number that picks the rest.
fn tally(rules: &Rules, seen: &[(Attributed, String, String, usize)]) -> Tally {
    let mut tally = Tally::default();
    let identifiers = rules.identifiers();
    for (app, host, path, pick) in seen {
        let identifier = &identifiers[pick % identifiers.len()];
        let kinds = [RecipientKind::Remote, RecipientKind::Local];
        let recipient = Recipient {
            kind: kinds[pick % 2],
            host: host.as_str().into(),
        };
        let protection = [
            Protection::Cleartext,
            Protection::Encrypted,
            Protection::Unknown,
        ][pick % 3];
        let grade = [Grade::Decoded, Grade::Shape, Grade::Inferred][pick % 3];
        let value = Sensitive::new(&format!("{SECRET} {pick}"));
        let mut evidence = Evidence::at(origin(*pick as u64));
        evidence.place = Some(Place::Body);
        evidence.path = FieldPath(vec![PathStep::Name(path.as_str().into())]);
        evidence.value = Some(value.clone());
        let key = FindingKey {
            device: DeviceId(0),
            app: app.clone(),
            category: identifier.category,
            rule: identifier.id.clone(),
            recipient: recipient.clone(),
            grade,
            protection,
            is_opted_out: pick % 7 == 0,
        };
        let finding = Finding {
            rule: identifier.id.clone(),
            category: identifier.category,
            grade,
            items: u64::from(identifier.min_items),
            precision_metres: Some(1),
            is_opted_out: key.is_opted_out,
            values: vec![value],
            evidence,
        };
        tally.add(key, finding);
        let traffic = Traffic {
            client_packets: 1,
            server_packets: 1,
            client_bytes: u64::MAX,
            server_bytes: 1,
            first: origin(1),
            last: origin(2),
            protocol: "",
            content: ContentState::Clear,
            has_gap: false,
        };
        let key = TrafficKey {
            device: DeviceId(0),
            app: app.clone(),
            recipient,
            content: ContentState::ALL[pick % ContentState::ALL.len()],
        };
        tally.add_traffic(key, None, &traffic);
    }
    tally
}

fn audit(rules: &Rules, tally: &Tally, name: &str) -> Audit {
    let mut coverage = Coverage::default();
    coverage.add(InputId(0), Shortfall::Damaged, Some(origin(3)), 7, || {
        "at byte 7".to_owned()
    });
    Audit {
        case: name.to_owned(),
        tool_version: "0".to_owned(),
        rules_sha256: rules.sha256().to_owned(),
        law_as_of: "2026-01-01".to_owned(),
        controller: Controller::default(),
        options: [("app".to_owned(), name.to_owned())].into(),
        method: "phonehome-1".to_owned(),
        inputs: vec![InputReport {
            id: InputId(0),
            path: name.to_owned(),
            device: name.to_owned(),
            format: "pcap".to_owned(),
            sha256: String::new(),
            bytes: 1,
            items: 1,
            period: Some((Timestamp(i64::MIN), Timestamp(i64::MAX))),
        }],
        devices: assess(
            rules,
            (&Policy::default(), None),
            &[(name.to_owned(), Dossier::default())],
            tally,
        ),
        coverage,
    }
}

#[test]
fn findings_read_as_one_name_each_of_their_reasons_once() {
    let rules = Rules::embedded();
    let mut audit = fleet(&rules, 1, "").audit().clone();
    audit.devices[0].apps.truncate(1);
    let findings = &mut audit.devices[0].apps[0].findings;
    let mut one = findings[2].clone();
    assert_eq!(one.grade, Grade::Inferred);
    one.reasons = vec!["whatsapp".into(), "Meta Platforms".into()];
    let mut other = one.clone();
    other.id = "other".to_owned();
    other.recipient.host = "other.example".into();
    other.reasons = vec!["whatsapp".into(), "signal".into()];
    *findings = vec![one, other];
    let report = Presentable::new(&audit, &rules, false);
    let table = FORMATS
        .iter()
        .find(|format| format.name == "table")
        .unwrap();
    let mut out = Vec::new();
    let options = Options::plain(Language::English, 80);
    (table.write)(&report, &rules, options, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let because =
        "because documented for WhatsApp, Meta Platforms contacted, documented for Signal";
    assert!(text.contains(because), "{text}");
    assert_eq!(text.matches("because documented").count(), 1, "{text}");
}

/// A cell that a spreadsheet would take for a formula.
pub(crate) fn formula(text: &str, delimiter: u8) -> Option<String> {
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter);
    let mut cells = reader
        .from_reader(text.as_bytes())
        .into_records()
        .flat_map(|record| {
            record
                .unwrap()
                .iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        });
    cells.find(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r']))
}

/// The parts of a workbook, each of which is XML; none is a formula, none leads out of the file.
pub(crate) fn workbook(bytes: &[u8]) -> String {
    use quick_xml::events::Event;
    let text = readable(bytes);
    for part in text.split("<?xml ").skip(1) {
        let part = format!("<?xml {part}");
        let mut reader = quick_xml::Reader::from_str(&part);
        loop {
            match reader.read_event().unwrap() {
                Event::Start(tag) | Event::Empty(tag) => {
                    assert!(!matches!(
                        tag.name().as_ref(),
                        "f" | "hyperlink" | "externalReference"
                    ));
                }
                Event::Eof => break,
                _ => {}
            }
        }
    }
    assert!(!text.contains("TargetMode") && !text.contains(['\u{fffe}', '\u{ffff}']));
    text
}

/// The report as it comes back from its JSON.
fn saved(report: &Presentable, rules: &Rules, options: Options) -> (Presentable, Language) {
    let json = FORMATS.iter().find(|format| format.name == "json").unwrap();
    let mut text = Vec::new();
    (json.write)(report, rules, options, &mut text).unwrap();
    Presentable::from_json(&text).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_is_a_report_or_says_why_not(text in ".{0,200}") {
        let _read = Presentable::from_json(text.as_bytes());
    }

    #[test]
    fn reports_hold_whatever_a_capture_holds(
        seen in proptest::collection::vec((attributed(), hostile(), hostile(), any::<usize>()), 0..12),
        name in hostile(),
        width in 40_u16..200,
        is_german in any::<bool>(),
    ) {
        let rules = Rules::embedded();
        let audit = audit(&rules, &tally(&rules, &seen), &name);
        let language = if is_german { Language::German } else { Language::English };
        let options = Options { language, width, color: false, level: RiskLevel::Medium };
        let audit = Presentable::new(&audit, &rules, false);
        let (saved, written_in) = saved(&audit, &rules, options);
        prop_assert_eq!(written_in, language);
        for format in FORMATS {
            let mut out = Vec::new();
            (format.write)(&audit, &rules, options, &mut out).unwrap();
            let text = if format.name == "xlsx" { workbook(&out) } else { String::from_utf8(out.clone()).unwrap() };
            prop_assert!(text.chars().all(|character| character == '\n' || !character.is_control()));
            prop_assert!(!text.contains(SECRET));
            if ["json", "sarif", "gitlab", "dpv"].contains(&format.name) {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
            }
            if format.name == "csv" {
                prop_assert_eq!(formula(&text, b','), None);
                prop_assert_eq!(formula(&text, b';'), None);
            }
            if format.name == "junit" {
                prop_assert_eq!(junit_problem(&text), None);
            }
            if format.name == "github" {
                let is_command = |line: &str| {
                    ["::error file=", "::warning file=", "::notice file="]
                        .iter()
                        .any(|begin| line.starts_with(begin))
                };
                prop_assert!(text.lines().all(is_command), "{text}");
            }
            if format.name == "table" {
                let longest = text.lines().max_by_key(|line| line.width()).unwrap_or("");
                prop_assert!(longest.width() <= usize::from(width), "{} columns at {width}: {longest:?}", longest.width());
            }
            let mut again = Vec::new();
            (format.write)(&saved, &rules, options, &mut again).unwrap();
            prop_assert!(out == again, "{} from a saved report", format.name);
        }
    }
}
