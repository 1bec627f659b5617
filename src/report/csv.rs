//! CSV: a table each for apps, findings, evidence, recipients, permissions, devices, inputs, coverage, questions and the record of processing
//! activities, in a folder of its own; on standard output one after the other, each with its name above.
//!
//! Spreadsheets take a cell that begins with `=`, `+`, `-` or `@` for a formula, and run it. Such cells get an apostrophe in
//! front, which spreadsheets read as “this is text”; numbers are written as numbers.

use std::io::{self, Write};

use super::presentable::Presentable;
use super::prose::Prose;
use super::{Format, Options, document};
use crate::model::{
    AppReport, Audit, ContentState, DeviceReport, JudgedFinding, Place, Sensitive, Timestamp,
};
use crate::rules::Rules;

/// CSV.
pub(super) const FORMAT: Format = Format {
    name: "csv",
    endings: &[],
    write,
};

/// A table: name, header, rows.
struct Table {
    name: &'static str,
    header: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

/// The tables as files of a folder: names and contents.
pub(super) fn files(
    report: &Presentable,
    rules: &Rules,
    options: Options,
) -> io::Result<Vec<(String, Vec<u8>)>> {
    let prose = Prose::new(report, rules, options);
    let file = |table: Table| Ok((format!("{}.csv", table.name), table.csv()?));
    let mut tables = tables(&prose, report.shows_values());
    tables.push(Table {
        name: "record",
        header: &document::RECORD_COLUMNS,
        rows: document::record(report, rules, options.language).rows,
    });
    tables.into_iter().map(file).collect()
}

fn write(
    report: &Presentable,
    rules: &Rules,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (position, (name, contents)) in files(report, rules, options)?.into_iter().enumerate() {
        if position > 0 {
            writeln!(out)?;
        }
        writeln!(out, "# {name}")?;
        out.write_all(&contents)?;
    }
    Ok(())
}

impl Table {
    fn csv(&self) -> io::Result<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.header)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| defused(cell)))?;
        }
        writer.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// A cell that no spreadsheet takes for a formula.
fn defused(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn tables(prose: &Prose<'_>, shows_values: bool) -> Vec<Table> {
    let audit = prose.audit;
    vec![
        about(audit, prose, shows_values),
        apps(prose),
        findings(prose),
        evidence(prose),
        recipients(prose),
        permissions(prose),
        devices(audit),
        inputs(audit),
        coverage(prose),
        questions(prose),
    ]
}

fn rows(audit: &Audit) -> impl Iterator<Item = (&DeviceReport, &AppReport)> {
    let devices = audit.devices.iter();
    devices.flat_map(|device| device.apps.iter().map(move |app| (device, app)))
}

fn all(audit: &Audit) -> impl Iterator<Item = (&DeviceReport, &AppReport, &JudgedFinding)> {
    rows(audit).flat_map(|(device, app)| {
        let findings = app.findings.iter();
        findings.map(move |finding| (device, app, finding))
    })
}

fn text<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn time(time: Timestamp) -> String {
    text((time != Timestamp::default()).then_some(time))
}

fn about(audit: &Audit, prose: &Prose<'_>, shows_values: bool) -> Table {
    let mut rows = vec![
        ("case", audit.case.clone()),
        ("tool_version", audit.tool_version.clone()),
        ("rules_sha256", audit.rules_sha256.clone()),
        ("law_as_of", audit.law_as_of.clone()),
        ("level", audit.level().as_str().to_owned()),
        ("note", prose.texts.not_clean.to_owned()),
    ];
    if shows_values {
        rows.push(("confidential", prose.texts.confidential.to_owned()));
    }
    Table {
        name: "about",
        header: &["name", "value"],
        rows: rows
            .into_iter()
            .map(|(name, value)| vec![name.to_owned(), value])
            .collect(),
    }
}

fn apps(prose: &Prose<'_>) -> Table {
    let row = |(device, app): (&DeviceReport, &AppReport)| {
        let traffic = app.traffic();
        let bytes = |content: ContentState| {
            let volume = traffic.get(&content);
            volume.map_or(0, |volume| volume.sent_bytes)
        };
        let sent = traffic
            .values()
            .fold(0_u64, |sum, volume| sum.saturating_add(volume.sent_bytes));
        let readable = bytes(ContentState::Clear).saturating_add(bytes(ContentState::Decrypted));
        vec![
            device.name.clone(),
            text(app.id.as_ref()),
            prose.app(app),
            text(app.version.as_ref()),
            app.level.as_str().to_owned(),
            app.risk.to_string(),
            app.findings.len().to_string(),
            app.recipients.len().to_string(),
            Prose::countries(app).join(" "),
            sent.to_string(),
            readable.to_string(),
        ]
    };
    Table {
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
        rows: rows(prose.audit).map(row).collect(),
    }
}

fn findings(prose: &Prose<'_>) -> Table {
    let row = |(device, app, finding): (&DeviceReport, &AppReport, &JudgedFinding)| {
        let score = finding.score.as_ref();
        let seen = &finding.occurrences;
        vec![
            device.name.clone(),
            prose.app(app),
            finding.id.clone(),
            finding.rule.to_string(),
            prose.title(finding),
            finding.category.as_str().to_owned(),
            finding.grade.as_str().to_owned(),
            finding.protection.as_str().to_owned(),
            finding.recipient.host.to_string(),
            text(finding.company.as_ref()),
            text(finding.country.as_ref()),
            text(score.map(|score| score.level.as_str())),
            text(score.map(|score| score.risk)),
            text(score.map(|score| score.severity)),
            text(score.map(|score| score.likelihood.value)),
            text(score.map(|score| score.evidence_percent)),
            seen.count.to_string(),
            seen.distinct.count().to_string(),
            time(seen.first),
            time(seen.last),
            prose.provisions(&finding.provisions),
        ]
    };
    Table {
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
        ],
        rows: all(prose.audit).map(row).collect(),
    }
}

fn evidence(prose: &Prose<'_>) -> Table {
    let mut rows = Vec::new();
    for (device, _, finding) in all(prose.audit) {
        for piece in &finding.occurrences.evidence {
            let input = prose.input(piece);
            let steps: Vec<&str> = piece.chain.0.iter().map(|step| step.as_str()).collect();
            rows.push(vec![
                device.name.clone(),
                finding.id.clone(),
                text(input.map(|input| &input.path)),
                piece.origin.frame.to_string(),
                time(piece.origin.time),
                text(piece.flow.map(|flow| flow.server)),
                text(piece.place.map(Place::as_str)),
                piece.path.to_string(),
                steps.join(" "),
                text(piece.value.as_ref().map(Sensitive::reveal)),
            ]);
        }
    }
    Table {
        name: "evidence",
        header: &[
            "device", "finding", "input", "frame", "time", "server", "place", "path", "decoding",
            "value",
        ],
        rows,
    }
}

fn recipients(prose: &Prose<'_>) -> Table {
    let mut table = Table {
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
        ],
        rows: Vec::new(),
    };
    for (device, app) in rows(prose.audit) {
        let name = prose.app(app);
        for report in &app.recipients {
            for (content, volume) in &report.volumes {
                table.rows.push(vec![
                    device.name.clone(),
                    name.clone(),
                    report.recipient.host.to_string(),
                    report.recipient.kind.as_str().to_owned(),
                    text(report.company.as_ref()),
                    text(report.parent.as_ref()),
                    text(report.country.as_ref()),
                    text(report.role.as_ref()),
                    text(report.service.as_ref()),
                    content.as_str().to_owned(),
                    volume.flows.to_string(),
                    volume.sent_bytes.to_string(),
                    volume.received_bytes.to_string(),
                ]);
            }
        }
    }
    table
}

fn permissions(prose: &Prose<'_>) -> Table {
    let rows = rows(prose.audit).flat_map(|(device, app)| {
        let name = prose.app(app);
        app.grants.iter().map(move |grant| {
            vec![
                device.name.clone(),
                name.clone(),
                grant.permission.clone(),
                text(grant.category.as_ref()),
                grant.risk.to_string(),
                grant.is_declared.to_string(),
                text(grant.is_granted),
                grant.is_policy_fixed.to_string(),
            ]
        })
    });
    Table {
        name: "permissions",
        header: &[
            "device",
            "app",
            "permission",
            "category",
            "risk",
            "declared",
            "granted",
            "policy_fixed",
        ],
        rows: rows.collect(),
    }
}

fn devices(audit: &Audit) -> Table {
    let row = |device: &DeviceReport| {
        vec![
            device.name.clone(),
            text(
                device
                    .platform
                    .map(|platform| super::Language::English.platform(platform)),
            ),
            text(device.model.as_ref()),
            device.apps.len().to_string(),
            device.silent_apps.to_string(),
            text(
                device
                    .apps
                    .iter()
                    .map(|app| app.level)
                    .max()
                    .map(crate::model::RiskLevel::as_str),
            ),
        ]
    };
    Table {
        name: "devices",
        header: &[
            "device",
            "platform",
            "model",
            "apps",
            "silent_apps",
            "level",
        ],
        rows: audit.devices.iter().map(row).collect(),
    }
}

fn inputs(audit: &Audit) -> Table {
    let row = |input: &crate::model::InputReport| {
        vec![
            input.path.clone(),
            input.device.clone(),
            input.format.clone(),
            input.sha256.clone(),
            input.bytes.to_string(),
            input.items.to_string(),
            text(input.period.map(|(first, _)| first)),
            text(input.period.map(|(_, last)| last)),
        ]
    };
    Table {
        name: "inputs",
        header: &[
            "path", "device", "format", "sha256", "bytes", "items", "first", "last",
        ],
        rows: audit.inputs.iter().map(row).collect(),
    }
}

fn coverage(prose: &Prose<'_>) -> Table {
    let rows = prose.audit.coverage.iter().map(|(input, reason, missed)| {
        let mut inputs = prose.audit.inputs.iter();
        let path = inputs
            .find(|known| known.id == input)
            .map(|known| &known.path);
        vec![
            text(path),
            reason.as_str().to_owned(),
            prose.language.shortfall(reason).to_owned(),
            missed.count.to_string(),
            missed.bytes.to_string(),
            text(missed.first.map(|origin| origin.frame)),
            text(missed.detail.as_ref()),
        ]
    });
    Table {
        name: "coverage",
        header: &[
            "input", "reason", "text", "count", "bytes", "frame", "detail",
        ],
        rows: rows.collect(),
    }
}

fn questions(prose: &Prose<'_>) -> Table {
    let rows = rows(prose.audit).flat_map(|(device, app)| {
        let name = prose.app(app);
        app.questions.iter().map(move |question| {
            let subject = question.subject.to_string();
            let asked = prose.question(
                &question.id,
                std::slice::from_ref(&subject),
                std::slice::from_ref(&name),
            );
            vec![
                device.name.clone(),
                name.clone(),
                question.id.to_string(),
                subject,
                asked,
            ]
        })
    });
    Table {
        name: "questions",
        header: &["device", "app", "question", "subject", "text"],
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=cmd()", "+1", "-1", "@x", "\tx", "\rx"] {
            assert_eq!(defused(formula), format!("'{formula}"));
        }
        assert_eq!(defused("a=b"), "a=b");
        let table = Table {
            name: "x",
            header: &["a", "b"],
            rows: vec![vec!["=1,2".to_owned(), "say \"x\"\n".to_owned()]],
        };
        assert_eq!(
            table.csv().unwrap(),
            b"a,b\n\"'=1,2\",\"say \"\"x\"\"\n\"\n"
        );
    }
}
