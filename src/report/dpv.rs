//! JSON-LD with the Data Privacy Vocabulary of W3C's community group (DPV 2, with its extensions PD, RISK and LOC): for records of
//! processing and tools that compare them. All terms stand in the tables of DPV 2.0 (2024-08-01) and 2.1 (2025-03-16): `dpv`
//! (modules process, entities, entities-legalrole, jurisdiction, processing, personal-data, risk), `pd` (extended), `risk`
//! (risk-levels), `loc` (ISO 3166-1 alpha-2).
//!
//! Each app on a phone is a process; what was seen to leave it, its recipients with the seat of their company, its risk. A
//! category that was only concluded or declared is marked so: DPV knows no grades of evidence, so these stand beside it.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use serde::Serialize;

use super::alert::{Alert, alerts_of};
use super::presentable::Presentable;
use super::prose::Prose;
use super::{Format, Options};
use crate::model::{AppReport, Category, DeviceReport, RiskLevel};
use crate::rules::Rules;

/// DPV.
pub(super) const FORMAT: Format = Format {
    name: "dpv",
    endings: &["jsonld"],
    write,
};

/// Prefixes of the vocabularies; `phonehome` are our own words, below no address that anyone would load.
const CONTEXT: [(&str, &str); 7] = [
    ("dct", "http://purl.org/dc/terms/"),
    ("dpv", "https://w3id.org/dpv#"),
    ("loc", "https://w3id.org/dpv/loc#"),
    ("pd", "https://w3id.org/dpv/pd#"),
    ("phonehome", "urn:phonehome:"),
    ("risk", "https://w3id.org/dpv/risk#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

#[derive(Serialize)]
struct Document {
    #[serde(rename = "@context")]
    context: BTreeMap<&'static str, &'static str>,
    #[serde(rename = "@id")]
    id: &'static str,
    #[serde(rename = "dct:title")]
    title: String,
    #[serde(rename = "dct:language")]
    language: &'static str,
    #[serde(rename = "phonehome:toolVersion")]
    tool_version: String,
    #[serde(rename = "phonehome:rulesSha256")]
    rules_sha256: String,
    #[serde(rename = "phonehome:showsValues")]
    shows_values: bool,
    #[serde(rename = "@graph")]
    graph: Vec<Process>,
}

#[derive(Serialize)]
struct Process {
    #[serde(rename = "@id")]
    id: String,
    #[serde(rename = "@type")]
    kind: &'static str,
    #[serde(rename = "dct:title")]
    title: String,
    #[serde(rename = "phonehome:device")]
    device: String,
    #[serde(rename = "phonehome:app")]
    app: Option<String>,
    #[serde(rename = "dpv:hasPersonalData")]
    data: Vec<Data>,
    #[serde(rename = "dpv:hasRecipient")]
    recipients: Vec<Recipient>,
    #[serde(rename = "dpv:hasRisk", skip_serializing_if = "Vec::is_empty")]
    risks: Vec<Risk>,
}

#[derive(Serialize)]
struct Data {
    #[serde(rename = "@type")]
    kind: &'static str,
    #[serde(rename = "dct:title")]
    title: String,
    #[serde(rename = "phonehome:finding")]
    finding: String,
    #[serde(rename = "phonehome:evidence")]
    evidence: &'static str,
    #[serde(rename = "dpv:hasProcessing", skip_serializing_if = "Option::is_none")]
    processing: Option<Reference>,
}

#[derive(Serialize)]
struct Reference {
    #[serde(rename = "@id")]
    id: String,
}

#[derive(Serialize)]
struct Recipient {
    #[serde(rename = "@type")]
    kind: &'static str,
    #[serde(rename = "dpv:hasName")]
    name: String,
    #[serde(rename = "phonehome:host")]
    host: String,
    #[serde(rename = "dpv:hasLocation", skip_serializing_if = "Option::is_none")]
    location: Option<Reference>,
}

#[derive(Serialize)]
struct Risk {
    #[serde(rename = "@type")]
    kind: &'static str,
    #[serde(rename = "dct:title")]
    title: String,
    #[serde(rename = "dpv:hasRiskLevel")]
    level: Reference,
    #[serde(rename = "phonehome:risk")]
    points: u8,
}

fn write(
    report: &Presentable,
    rules: &Rules,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let prose = Prose::new(report, rules, options);
    let mut graph = Vec::new();
    for device in &prose.audit.devices {
        for app in &device.apps {
            graph.push(process(&prose, device, app, graph.len()));
        }
    }
    let document = Document {
        context: CONTEXT.into(),
        id: "urn:phonehome:audit",
        title: prose.audit.case.clone(),
        language: prose.language.as_str(),
        tool_version: prose.audit.tool_version.clone(),
        rules_sha256: prose.audit.rules_sha256.clone(),
        shows_values: report.shows_values(),
        graph,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn process(prose: &Prose<'_>, device: &DeviceReport, app: &AppReport, number: usize) -> Process {
    let data = app.findings.iter().filter(|finding| !finding.is_opted_out);
    let data = data.filter_map(|finding| {
        Some(Data {
            kind: personal_data(finding.category)?,
            title: prose.title(finding),
            finding: finding.id.clone(),
            evidence: finding.grade.as_str(),
            processing: finding.grade.is_transmitted().then(|| Reference {
                id: "dpv:Transmit".to_owned(),
            }),
        })
    });
    let recipients = app.recipients.iter().map(|report| Recipient {
        // Whether it is a third party, a processor or a controller is a question that no capture answers.
        kind: "dpv:Recipient",
        name: report
            .company
            .as_ref()
            .unwrap_or(&report.recipient.host)
            .to_string(),
        host: report.recipient.host.to_string(),
        location: report.country.as_ref().map(country),
    });
    let risk = |alert: Alert<'_>| {
        Some(Risk {
            kind: "dpv:Risk",
            title: prose.title(alert.finding),
            level: Reference {
                id: risk_level(alert.level)?.to_owned(),
            },
            points: alert.score.risk,
        })
    };
    Process {
        id: format!("urn:phonehome:process:{number}"),
        kind: "dpv:Process",
        title: prose.app(app),
        device: device.name.clone(),
        app: app.id.as_ref().map(ToString::to_string),
        data: data.collect(),
        recipients: recipients.collect(),
        risks: alerts_of(prose, device, app).filter_map(risk).collect(),
    }
}

fn country(code: &Arc<str>) -> Reference {
    Reference {
        id: format!("loc:{code}"),
    }
}

/// The word of the extension PD; `None` for circumstances, which are no data.
fn personal_data(category: Category) -> Option<&'static str> {
    Some(match category {
        Category::Contacts => "pd:Contact",
        Category::Location => "pd:Location",
        Category::Device => "pd:DeviceBased",
        // `pd:AccountIdentifier` would be one of a financial account.
        Category::Account => "pd:Identifier",
        Category::MessageMetadata => "pd:CommunicationsMetadata",
        Category::MessageContent => "pd:Communication",
        // Pictures, voices and files have no common word: what can be observed of people.
        Category::Media => "pd:External",
        Category::Credentials => "pd:Authenticating",
        Category::Usage => "pd:Behavioral",
        Category::Transport | Category::Recipient | Category::Permission => return None,
    })
}

fn risk_level(level: RiskLevel) -> Option<&'static str> {
    Some(match level {
        RiskLevel::VeryHigh => "risk:VeryHighRisk",
        RiskLevel::High => "risk:HighRisk",
        RiskLevel::Medium => "risk:ModerateRisk",
        RiskLevel::Low => "risk:LowRisk",
        RiskLevel::None => return None,
    })
}
