//! What an audit says, as tables: apps, findings, evidence, recipients, permissions, devices, inputs, coverage and questions.
//! CSV and spreadsheets write the same tables; only these know what a format does with a cell.

use std::borrow::Cow;

use super::document;
use super::portrait;
use super::presentable::Presentable;
use super::prose::Prose;
use crate::model::{
    AppId, AppReport, Audit, ContentState, DeviceReport, InputReport, JudgedFinding, Place,
    Platform, RecipientKind, RiskLevel, Sensitive, Timestamp,
};

/// A table: its id, the ids of its columns, its rows.
pub(super) struct Sheet<'a> {
    pub(super) name: &'static str,
    pub(super) header: &'static [&'static str],
    pub(super) rows: Vec<Vec<Cell<'a>>>,
}

/// A cell. Most text is lent by the audit: there are many cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    /// Text; empty if there is nothing to say.
    Text(Cow<'a, str>),
    /// A number that can be counted with.
    Number(u64),
    /// A stable id for programs, and the words for people.
    Id(&'static str, &'static str),
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<u64> for Cell<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u8> for Cell<'_> {
    fn from(number: u8) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Cell<'_> {
    fn from(number: usize) -> Self {
        Self::Number(u64::try_from(number).unwrap_or(u64::MAX))
    }
}

impl From<Timestamp> for Cell<'_> {
    fn from(time: Timestamp) -> Self {
        Self::Text(if time == Timestamp::default() {
            "".into()
        } else {
            time.to_string().into()
        })
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell<'_> {
    fn from(value: Option<T>) -> Self {
        value.map_or_else(|| Self::Text("".into()), Into::into)
    }
}

/// A row of whatever can be a cell.
macro_rules! row {
    ($($cell:expr),* $(,)?) => { vec![$(Cell::from($cell)),*] };
}

/// What makes a table.
pub(super) type MakeSheet = for<'a> fn(&'a Presentable, &Prose<'a>) -> Sheet<'a>;

/// All tables, in the order of reports. Some are long, so formats make them at the same time.
pub(super) const SHEETS: [MakeSheet; 11] = [
    |report, prose| about(prose, report.shows_values()),
    |_, prose| apps(prose),
    |_, prose| findings(prose),
    |_, prose| evidence(prose),
    |_, prose| recipients(prose),
    |_, prose| permissions(prose),
    |_, prose| devices(prose),
    |_, prose| inputs(prose.audit),
    |_, prose| coverage(prose),
    |_, prose| questions(prose),
    record,
];

fn reports(audit: &Audit) -> impl Iterator<Item = (&DeviceReport, &AppReport)> {
    let devices = audit.devices.iter();
    devices.flat_map(|device| device.apps.iter().map(move |app| (device, app)))
}

fn judged(audit: &Audit) -> impl Iterator<Item = (&DeviceReport, &AppReport, &JudgedFinding)> {
    reports(audit).flat_map(|(device, app)| {
        let findings = app.findings.iter();
        findings.map(move |finding| (device, app, finding))
    })
}

fn level(prose: &Prose<'_>, level: RiskLevel) -> Cell<'static> {
    Cell::Id(level.as_str(), prose.language.level(level))
}

fn yes(prose: &Prose<'_>, holds: bool) -> Cell<'static> {
    if holds {
        Cell::Id("true", prose.language.pick("yes", "ja"))
    } else {
        Cell::Id("false", prose.language.pick("no", "nein"))
    }
}

fn kind(prose: &Prose<'_>, kind: RecipientKind) -> Cell<'static> {
    let words = match kind {
        RecipientKind::Remote => prose.language.pick("internet", "Internet"),
        RecipientKind::Local => prose.texts.local_network,
        RecipientKind::Company => prose.language.pick("company", "Unternehmen"),
        RecipientKind::None => "",
    };
    Cell::Id(kind.as_str(), words)
}

fn about<'a>(prose: &Prose<'a>, shows_values: bool) -> Sheet<'a> {
    let audit = prose.audit;
    let name = |id, english, german| Cell::Id(id, prose.language.pick(english, german));
    let mut rows = vec![
        row![name("case", "Case", "Fall"), &*audit.case],
        row![
            name(
                "tool_version",
                "Version of phonehome",
                "Version von phonehome"
            ),
            &*audit.tool_version
        ],
        row![
            name("rules_sha256", "SHA-256 of the rules", "SHA-256 der Regeln"),
            &*audit.rules_sha256
        ],
        row![
            name("law_as_of", "Legal data as of", "Rechtsdaten, Stand"),
            &*audit.law_as_of
        ],
        row![
            name("level", "Highest level of risk", "Höchste Risikostufe"),
            level(prose, audit.level())
        ],
        row![name("note", "Note", "Hinweis"), prose.texts.not_clean],
    ];
    if shows_values {
        rows.push(row![
            name("confidential", "Confidential", "Vertraulich"),
            prose.texts.confidential
        ]);
    }
    Sheet {
        name: "about",
        header: &["name", "value"],
        rows,
    }
}

fn apps<'a>(prose: &Prose<'a>) -> Sheet<'a> {
    let row = |(device, app): (&'a DeviceReport, &'a AppReport)| {
        let traffic = app.traffic();
        let sum = |is_meant: fn(ContentState) -> bool| {
            let meant = traffic.iter().filter(|(content, _)| is_meant(**content));
            let bytes = meant.map(|(_, volume)| volume.sent_bytes);
            bytes.fold(0_u64, u64::saturating_add)
        };
        let (sent, readable) = (sum(|_| true), sum(ContentState::is_open));
        row![
            &*device.name,
            app.id.as_ref().map(AppId::as_str),
            prose.app(app),
            app.version.as_deref(),
            level(prose, app.level),
            app.risk,
            app.findings.len(),
            app.recipients.len(),
            Prose::countries(app).join(" "),
            sent,
            readable,
        ]
    };
    Sheet {
        name: "apps",
        header: &[
            "device",
            "app",
            "name",
            "version",
            "level",
            "risk",
            "findings",
            "recipients",
            "countries",
            "sent_bytes",
            "readable_sent_bytes",
        ],
        rows: reports(prose.audit).map(row).collect(),
    }
}

fn findings<'a>(prose: &Prose<'a>) -> Sheet<'a> {
    let language = prose.language;
    let row = |(device, app, finding): (&'a DeviceReport, &'a AppReport, &'a JudgedFinding)| {
        let score = finding.score.as_ref();
        let seen = &finding.occurrences;
        row![
            &*device.name,
            prose.app(app),
            &*finding.id,
            &*finding.rule,
            prose.title(finding),
            Cell::Id(
                finding.category.as_str(),
                language.category(finding.category)
            ),
            Cell::Id(finding.grade.as_str(), language.grade(finding.grade)),
            Cell::Id(
                finding.protection.as_str(),
                language.protection(finding.protection)
            ),
            &*finding.recipient.host,
            finding.company.as_deref(),
            finding.country.as_deref(),
            score.map(|score| level(prose, score.level)),
            score.map(|score| score.risk),
            score.map(|score| score.severity),
            score.map(|score| score.likelihood.value),
            score.map(|score| score.evidence_percent),
            seen.count,
            seen.distinct.count(),
            seen.first,
            seen.last,
            prose.provisions(&finding.provisions),
            language.users(&seen.users).join(", "),
        ]
    };
    Sheet {
        name: "findings",
        header: &[
            "device",
            "app",
            "finding",
            "rule",
            "title",
            "category",
            "evidence",
            "protection",
            "recipient",
            "company",
            "country",
            "level",
            "risk",
            "severity",
            "likelihood",
            "evidence_percent",
            "count",
            "distinct_values",
            "first",
            "last",
            "provisions",
            "users",
        ],
        rows: judged(prose.audit).map(row).collect(),
    }
}

fn evidence<'a>(prose: &Prose<'a>) -> Sheet<'a> {
    let mut rows = Vec::new();
    for (device, _, finding) in judged(prose.audit) {
        for piece in &finding.occurrences.evidence {
            let steps: Vec<&str> = piece.chain.0.iter().map(|step| step.as_str()).collect();
            rows.push(row![
                &*device.name,
                &*finding.id,
                prose.input(piece).map(|input| &*input.path),
                piece.origin.frame,
                piece.origin.time,
                piece.flow.map(|flow| flow.server.to_string()),
                piece.place.map(Place::as_str),
                piece.path.to_string(),
                steps.join(" "),
                piece.value.as_ref().map(Sensitive::reveal),
            ]);
        }
    }
    Sheet {
        name: "evidence",
        header: &[
            "device", "finding", "input", "frame", "time", "server", "place", "path", "decoding",
            "value",
        ],
        rows,
    }
}

fn recipients<'a>(prose: &Prose<'a>) -> Sheet<'a> {
    let mut rows = Vec::new();
    for (device, app) in reports(prose.audit) {
        let name = prose.app(app);
        for report in &app.recipients {
            for (content, volume) in &report.volumes {
                rows.push(row![
                    &*device.name,
                    name.clone(),
                    &*report.recipient.host,
                    kind(prose, report.recipient.kind),
                    report.company.as_deref(),
                    report.parent.as_deref(),
                    report.country.as_deref(),
                    report.role.as_deref(),
                    report.service.as_deref(),
                    Cell::Id(content.as_str(), prose.language.content(*content)),
                    volume.flows,
                    volume.sent_bytes,
                    volume.received_bytes,
                    prose.language.users(&volume.users).join(", "),
                ]);
            }
        }
    }
    Sheet {
        name: "recipients",
        header: &[
            "device",
            "app",
            "recipient",
            "kind",
            "company",
            "parent",
            "country",
            "role",
            "service",
            "content",
            "flows",
            "sent_bytes",
            "received_bytes",
            "users",
        ],
        rows,
    }
}

fn permissions<'a>(prose: &Prose<'a>) -> Sheet<'a> {
    let rows = reports(prose.audit).flat_map(|(device, app)| {
        let name = prose.app(app);
        app.grants.iter().map(move |grant| {
            row![
                &*device.name,
                name.clone(),
                &*grant.permission,
                grant.category.as_deref(),
                grant.risk,
                yes(prose, grant.is_declared),
                grant.is_granted.map(|is_granted| yes(prose, is_granted)),
                portrait::users(prose, grant),
                yes(prose, grant.is_policy_fixed),
                yes(prose, grant.is_limited),
                grant.decided,
            ]
        })
    });
    Sheet {
        name: "permissions",
        header: &[
            "device",
            "app",
            "permission",
            "category",
            "risk",
            "declared",
            "granted",
            "users",
            "policy_fixed",
            "limited",
            "decided",
        ],
        rows: rows.collect(),
    }
}

fn devices<'a>(prose: &Prose<'a>) -> Sheet<'a> {
    let row = |device: &'a DeviceReport| {
        let highest = device.apps.iter().map(|app| app.level).max();
        row![
            &*device.name,
            device.platform.map(Platform::as_str),
            device.model.as_deref(),
            device.apps.len(),
            device.silent_apps,
            highest.map(|highest| level(prose, highest)),
        ]
    };
    Sheet {
        name: "devices",
        header: &[
            "device",
            "platform",
            "model",
            "apps",
            "silent_apps",
            "level",
        ],
        rows: prose.audit.devices.iter().map(row).collect(),
    }
}

fn inputs<'a>(audit: &'a Audit) -> Sheet<'a> {
    let row = |input: &'a InputReport| {
        row![
            &*input.path,
            &*input.device,
            &*input.format,
            &*input.sha256,
            input.bytes,
            input.items,
            input.period.map(|(first, _)| first),
            input.period.map(|(_, last)| last),
        ]
    };
    Sheet {
        name: "inputs",
        header: &[
            "path", "device", "format", "sha256", "bytes", "items", "first", "last",
        ],
        rows: audit.inputs.iter().map(row).collect(),
    }
}

fn coverage<'a>(prose: &Prose<'a>) -> Sheet<'a> {
    let rows = prose.audit.coverage.iter().map(|(input, reason, missed)| {
        row![
            prose.input_of(input).map(|input| &*input.path),
            reason.as_str(),
            prose.language.shortfall(reason),
            missed.count,
            missed.bytes,
            missed.first.map(|origin| origin.frame),
            missed.detail.as_deref(),
        ]
    });
    Sheet {
        name: "coverage",
        header: &[
            "input", "reason", "text", "count", "bytes", "frame", "detail",
        ],
        rows: rows.collect(),
    }
}

/// Rows for the record of processing activities (GDPR Art. 30).
fn record<'a>(report: &'a Presentable, prose: &Prose<'a>) -> Sheet<'a> {
    let record = document::record(report, prose.rules, prose.language);
    let rows = record.rows.into_iter();
    Sheet {
        name: "record",
        header: &document::RECORD_COLUMNS,
        rows: rows
            .map(|row| row.into_iter().map(Cell::from).collect())
            .collect(),
    }
}

fn questions<'a>(prose: &Prose<'a>) -> Sheet<'a> {
    let rows = reports(prose.audit).flat_map(|(device, app)| {
        let name = prose.app(app);
        app.questions.iter().map(move |question| {
            let subject = question.subject.to_string();
            let asked = prose.question(
                &question.id,
                std::slice::from_ref(&subject),
                std::slice::from_ref(&name),
            );
            row![&*device.name, name.clone(), &*question.id, subject, asked]
        })
    });
    Sheet {
        name: "questions",
        header: &["device", "app", "question", "subject", "text"],
        rows: rows.collect(),
    }
}
