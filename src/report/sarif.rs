//! SARIF 2.1.0 (OASIS Static Analysis Results Interchange Format): for code scanning of GitHub, GitLab, Azure DevOps and editors.
//!
//! Rules carry their help in the report's language; results their finding's stable id as fingerprint; inputs are artifacts with
//! their SHA-256. A place in a capture is no line of text, so frame and path are logical locations below the input.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::alert::{Alert, alerts};
use super::presentable::Presentable;
use super::prose::Prose;
use super::{Format, Options};
use crate::gate::Exemption;
use crate::model::{Evidence, InputId, RiskLevel, Shortfall};
use crate::rules::Rules;

/// SARIF.
pub(super) const FORMAT: Format = Format {
    name: "sarif",
    endings: &["sarif"],
    write,
};

/// Where the format is defined.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Paths from the root of the repository that the case lies in.
const SOURCE_ROOT: &str = "SRCROOT";
/// Paths in the case, of reports that were not told where it lies.
const CASE: &str = "CASE";
/// What stays as it is in a relative reference (RFC 3986, unreserved and `/`).
const KEPT_IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

fn write(
    report: &Presentable,
    rules: &Rules,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let prose = Prose::new(report, rules, options);
    serde_json::to_writer_pretty(&mut *out, &Log::of(&prose, report.shows_values()))?;
    writeln!(out)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    language: &'static str,
    automation_details: Id,
    original_uri_base_ids: BTreeMap<&'static str, Base>,
    invocations: [Invocation; 1],
    artifacts: Vec<Artifact>,
    results: Vec<SarifResult>,
    column_kind: &'static str,
    properties: RunProperties,
}

/// What paths are relative to. Where that is on some computer is nobody else's business, so it is described and not named
/// (§3.14.14).
#[derive(Serialize)]
struct Base {
    description: Text,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: String,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct Id {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    short_description: Text,
    full_description: Text,
    help: Help,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: Vec<String>,
    /// Of GitHub: 0.1 to 10, decides which of its words is shown.
    #[serde(rename = "security-severity")]
    security_severity: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

/// What was not seen.
#[derive(Serialize)]
struct Notification {
    descriptor: Id,
    level: &'static str,
    message: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
}

#[derive(Serialize)]
struct Artifact {
    location: ArtifactLocation,
    /// -1 is SARIF's word for “not known”.
    length: i64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    hashes: BTreeMap<&'static str, String>,
    properties: ArtifactProperties,
}

#[derive(Serialize)]
struct ArtifactProperties {
    device: String,
    format: String,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    uri_base_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
}

#[derive(Serialize)]
struct Location {
    #[serde(rename = "physicalLocation", skip_serializing_if = "Option::is_none")]
    physical: Option<PhysicalLocation>,
    #[serde(rename = "logicalLocations", skip_serializing_if = "Vec::is_empty")]
    logical: Vec<LogicalLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    name: String,
    fully_qualified_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: String,
    rule_index: usize,
    kind: &'static str,
    level: &'static str,
    /// 0 to 100.
    rank: f64,
    message: Text,
    locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    occurrence_count: u64,
    /// Absent if there was no baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
    /// Absent if there were no suppressions, empty if none fits (§3.27.23).
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions: Option<Vec<Suppression>>,
    properties: ResultProperties,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultProperties {
    device: String,
    app: String,
    risk: u8,
    risk_level: &'static str,
    evidence: &'static str,
    evidence_percent: u8,
    recipient: String,
    provisions: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunProperties {
    rules_sha256: String,
    law_as_of: String,
    shows_values: bool,
    disclaimer: String,
}

impl Log {
    fn of(prose: &Prose<'_>, shows_values: bool) -> Self {
        let all: Vec<Alert<'_>> = alerts(prose).collect();
        let ids: BTreeSet<&str> = all.iter().map(|alert| &*alert.finding.rule).collect();
        let positions: BTreeMap<&str, usize> = ids.iter().copied().zip(0..).collect();
        let places = Places::of(prose);
        let results = all.iter().map(|alert| {
            let rule = positions
                .get(&*alert.finding.rule)
                .copied()
                .unwrap_or_default();
            SarifResult::of(prose, &places, alert, rule)
        });
        let audit = prose.audit;
        let run = Run {
            tool: Tool {
                driver: Driver {
                    name: "phonehome",
                    version: audit.tool_version.clone(),
                    rules: rules(prose, &all),
                },
            },
            language: prose.language.as_str(),
            automation_details: Id {
                id: format!("phonehome/{}", audit.case),
            },
            original_uri_base_ids: places.bases(prose),
            invocations: [invocation(prose, &places)],
            results: results.collect(),
            artifacts: places.artifacts,
            column_kind: "unicodeCodePoints",
            properties: RunProperties {
                rules_sha256: audit.rules_sha256.clone(),
                law_as_of: audit.law_as_of.clone(),
                shows_values,
                disclaimer: prose
                    .language
                    .of(&prose.rules.legal().disclaimer)
                    .to_owned(),
            },
        };
        Self {
            schema: SCHEMA,
            version: "2.1.0",
            runs: [run],
        }
    }
}

/// SARIF's word for a level.
fn level(level: RiskLevel) -> &'static str {
    match level {
        RiskLevel::VeryHigh | RiskLevel::High => "error",
        RiskLevel::Medium => "warning",
        RiskLevel::Low | RiskLevel::None => "note",
    }
}

/// The rules of all results, by id, each with the highest risk that it led to.
fn rules(prose: &Prose<'_>, all: &[Alert<'_>]) -> Vec<Rule> {
    let mut highest: BTreeMap<&str, (RiskLevel, u8)> = BTreeMap::new();
    for alert in all {
        let known = highest
            .entry(&alert.finding.rule)
            .or_insert((alert.level, alert.score.risk));
        *known = (*known).max((alert.level, alert.score.risk));
    }
    let rule = |(id, (most, risk)): (&str, (RiskLevel, u8))| {
        let name = prose.rule(id);
        let described = prose.rules.describe(id);
        let words = |text: &crate::rules::Text| prose.language.of(text).to_owned();
        let summary = described.map_or_else(|| name.clone(), |rule| words(rule.summary));
        let why = described.map_or_else(String::new, |rule| words(rule.why));
        let references = described.map_or(&[][..], |rule| rule.references);
        let mut text = format!("{summary}\n\n{why}");
        let mut markdown = format!("**{name}**\n\n{summary}\n\n{why}");
        for reference in references {
            text = format!("{text}\n{reference}");
            markdown = format!("{markdown}\n- <{reference}>");
        }
        let tags = ["privacy".to_owned()]
            .into_iter()
            .chain(described.map(|rule| rule.category.as_str().to_owned()));
        Rule {
            id: id.to_owned(),
            short_description: Text { text: name },
            full_description: Text { text: summary },
            help: Help { text, markdown },
            default_configuration: Configuration { level: level(most) },
            properties: RuleProperties {
                tags: tags.collect(),
                security_severity: format!("{:.1}", (f64::from(risk) / 1.6).max(0.1)),
            },
        }
    };
    highest.into_iter().map(rule).collect()
}

fn invocation(prose: &Prose<'_>, places: &Places) -> Invocation {
    let coverage = || prose.audit.coverage.iter();
    let notifications = coverage().map(|(input, shortfall, missed)| {
        let words = prose.language.shortfall(shortfall);
        let detail = missed.detail.as_deref().unwrap_or_default();
        let text = if detail.is_empty() {
            format!("{words}: {}", missed.count)
        } else {
            format!("{words}: {} ({detail})", missed.count)
        };
        Notification {
            descriptor: Id {
                id: shortfall.as_str().to_owned(),
            },
            level: "note",
            message: Text { text },
            locations: places.input(input).map(only).into_iter().collect(),
        }
    });
    Invocation {
        execution_successful: !coverage().any(|(_, reason, _)| reason == Shortfall::Unreadable),
        tool_execution_notifications: notifications.collect(),
    }
}

fn only(location: ArtifactLocation) -> Location {
    Location {
        physical: Some(PhysicalLocation {
            artifact_location: location,
        }),
        logical: Vec::new(),
        message: None,
    }
}

/// Where results are: the inputs.
struct Places {
    artifacts: Vec<Artifact>,
    positions: BTreeMap<InputId, usize>,
}

impl Places {
    fn of(prose: &Prose<'_>) -> Self {
        let inputs = &prose.audit.inputs;
        let artifact = |input: &crate::model::InputReport| Artifact {
            location: match prose.path_in_repository(input) {
                Some(path) => ArtifactLocation {
                    uri: uri(&path),
                    uri_base_id: SOURCE_ROOT,
                    index: None,
                },
                None => ArtifactLocation {
                    uri: uri(&input.path),
                    uri_base_id: CASE,
                    index: None,
                },
            },
            length: i64::try_from(input.bytes).unwrap_or(-1),
            hashes: Some(("sha-256", input.sha256.clone()))
                .filter(|(_, digest)| !digest.is_empty())
                .into_iter()
                .collect(),
            properties: ArtifactProperties {
                device: input.device.clone(),
                format: input.format.clone(),
            },
        };
        Self {
            artifacts: inputs.iter().map(artifact).collect(),
            positions: inputs.iter().map(|input| input.id).zip(0..).collect(),
        }
    }

    /// What the paths that are used are relative to.
    fn bases(&self, prose: &Prose<'_>) -> BTreeMap<&'static str, Base> {
        let used = self
            .artifacts
            .iter()
            .map(|artifact| artifact.location.uri_base_id);
        let base = |id: &'static str| {
            let text = match id {
                CASE => prose
                    .language
                    .pick("The case folder", "Der Ordner des Falls"),
                _ => prose.language.pick(
                    "The folder that phonehome was started in",
                    "Der Ordner, in dem phonehome gestartet wurde",
                ),
            };
            let description = Text {
                text: text.to_owned(),
            };
            (id, Base { description })
        };
        used.map(base).collect()
    }

    fn input(&self, id: InputId) -> Option<ArtifactLocation> {
        let index = *self.positions.get(&id)?;
        Some(ArtifactLocation {
            index: Some(index),
            ..self.artifacts.get(index)?.location.clone()
        })
    }
}

/// A path as a relative reference.
pub(super) fn uri(path: &str) -> String {
    let encoded = utf8_percent_encode(path.trim_start_matches('/'), KEPT_IN_PATHS).to_string();
    if encoded.is_empty() {
        ".".to_owned()
    } else {
        encoded
    }
}

impl SarifResult {
    fn of(prose: &Prose<'_>, places: &Places, alert: &Alert<'_>, rule: usize) -> Self {
        let finding = alert.finding;
        let app = prose.app(alert.app);
        let mut locations: Vec<Location> = finding
            .occurrences
            .evidence
            .iter()
            .filter_map(|evidence| place(prose, places, evidence))
            .collect();
        if locations.is_empty() {
            locations.push(Location {
                physical: None,
                logical: vec![LogicalLocation {
                    name: app.clone(),
                    fully_qualified_name: format!("{}/{app}", alert.device.name),
                }],
                message: None,
            });
        }
        Self {
            rule_id: finding.rule.to_string(),
            rule_index: rule,
            kind: "fail",
            level: level(alert.level),
            rank: f64::from(alert.score.priority_hundredths.min(1600)) / 16.0,
            message: Text {
                text: alert.message(prose),
            },
            locations,
            partial_fingerprints: BTreeMap::from([
                ("phonehomeFinding/v1", finding.id.clone()),
                ("phonehomeDeviceFinding/v1", alert.fingerprint()),
            ]),
            occurrence_count: finding.occurrences.count.max(1),
            baseline_state: prose.exemptions.has_baseline.then_some(
                if alert.exemption == Some(&Exemption::Known) {
                    "unchanged"
                } else {
                    "new"
                },
            ),
            suppressions: prose.exemptions.has_suppressions.then(|| {
                let suppressed = alert
                    .exemption
                    .filter(|exemption| matches!(exemption, Exemption::Suppressed(_)));
                suppressed
                    .map(|exemption| Suppression {
                        kind: "external",
                        status: "accepted",
                        justification: prose.exemption(exemption),
                    })
                    .into_iter()
                    .collect()
            }),
            properties: ResultProperties {
                device: alert.device.name.clone(),
                app: alert.app.id.as_ref().map_or(app, ToString::to_string),
                risk: alert.score.risk,
                risk_level: alert.score.level.as_str(),
                evidence: finding.grade.as_str(),
                evidence_percent: alert.score.evidence_percent,
                recipient: finding.recipient.host.to_string(),
                provisions: finding.provisions.iter().map(ToString::to_string).collect(),
            },
        }
    }
}

/// An input, and the frame and path in it.
fn place(prose: &Prose<'_>, places: &Places, evidence: &Evidence) -> Option<Location> {
    let location = places.input(evidence.origin.input)?;
    let frame = evidence.origin.frame;
    let name = match evidence.place {
        Some(place) => format!("{frame}/{}/{}", place.as_str(), evidence.path),
        None => frame.to_string(),
    };
    Some(Location {
        physical: Some(PhysicalLocation {
            artifact_location: location.clone(),
        }),
        logical: vec![LogicalLocation {
            fully_qualified_name: format!("{}/{name}", location.uri),
            name,
        }],
        message: Some(Text {
            text: prose.evidence(evidence),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_are_relative_references() {
        assert_eq!(uri("phone/a b.pcap"), "phone/a%20b.pcap");
        assert_eq!(uri("//host/x:y"), "host/x%3Ay");
        assert_eq!(uri("C:\\x"), "C%3A%5Cx");
        assert_eq!(uri(""), ".");
    }
}
