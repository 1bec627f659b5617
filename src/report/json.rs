//! The report for programs: versioned, with view types of its own, so that the model can change without breaking readers.
//! `schema_version` rises when a member is renamed, removed or changes its meaning; new members may come at any time.

mod app;
mod archive;
mod chain;
mod finding;
mod policy;
mod recipient;
mod shown;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::Arc;

use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::Serializer;
use serde_json::ser::{Formatter as _, PrettyFormatter};

use self::app::AppView;
use self::chain::ClockView;
pub(super) use self::finding::transport;
use self::policy::{ControllerView, GroupView, ShadowView};
use self::recipient::{VolumeView, volumes};
use super::presentable::Presentable;
use super::prose::Prose;
use super::text::safe;
use super::{Format, Language, Options};
use crate::model::{DeviceReport, RiskLevel, Timestamp};
use crate::parallel::in_parallel;
use crate::rules::Rules;

/// The JSON report.
pub(super) const FORMAT: Format = Format {
    name: "json",
    endings: &["json"],
    write,
};

/// A word of our own: an id, or a text of a language.
type Word = Cow<'static, str>;

/// Version of the layout.
const SCHEMA_VERSION: u32 = 1;
/// How deep a phone stands in a report.
const DEVICE_DEPTH: usize = 2;
/// The phones of [`AuditView::of`] as they are written.
const NO_DEVICES: &[u8] = b"\n  \"devices\": []";

/// The JSON Schema of the report.
pub fn schema() -> Schema {
    schema_for!(AuditView)
}

fn write(
    report: &Presentable,
    rules: &Rules,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let prose = Prose::new(report, rules, options);
    let around = serde_json::to_vec_pretty(&AuditView::of(&prose, report.shows_values))?;
    let devices = &prose.audit.devices;
    let devices = in_parallel(devices, 0, |device| {
        indented(&DeviceView::of(&prose, device), DEVICE_DEPTH)
    });
    // A line break is never inside a text of JSON, so this is the member.
    let at = memchr::memmem::find(&around, NO_DEVICES).filter(|_| !devices.is_empty());
    let (before, after) = around.split_at(at.unwrap_or(around.len()));
    out.write_all(before)?;
    let mut lead = "\n  \"devices\": [\n    ";
    for device in devices {
        out.write_all(lead.as_bytes())?;
        out.write_all(&device?)?;
        lead = ",\n    ";
    }
    if let Some(after) = after.strip_prefix(NO_DEVICES) {
        out.write_all(b"\n  ]")?;
        out.write_all(after)?;
    }
    writeln!(out)
}

/// A value as it stands so deep in a report.
fn indented<T: Serialize>(value: &T, depth: usize) -> io::Result<Vec<u8>> {
    let mut formatter = PrettyFormatter::new();
    for _ in 0..depth {
        formatter.begin_array(&mut io::sink())?;
    }
    let mut out = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut out, formatter))?;
    Ok(out)
}

/// An audit: what the apps of each phone sent, to whom, and the risk.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "phonehome audit")]
struct AuditView {
    /// Always `phonehome-audit`.
    #[schemars(extend("const" = "phonehome-audit"))]
    format: Word,
    /// Version of this layout.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    schema_version: u32,
    /// Version of the tool.
    tool_version: String,
    /// Language of all texts: ISO 639-1.
    #[schemars(extend("enum" = Language::ALL.map(Language::as_str)))]
    language: Word,
    /// Organisation or folder.
    case: String,
    /// Whether captured values are shown instead of masks.
    shows_values: bool,
    /// SHA-256 over the rules used.
    rules_sha256: String,
    /// Date of the legal data.
    law_as_of: String,
    /// Options that decide what is found, by name; of files and secrets only how many.
    #[serde(default)]
    options: BTreeMap<String, String>,
    /// Name of the scoring.
    #[serde(default = "default_method")]
    method: String,
    /// Who answers for the phones, as the policy says.
    #[serde(default)]
    controller: ControllerView,
    /// The highest level of any app.
    #[schemars(extend("enum" = RiskLevel::ALL.map(RiskLevel::as_str)))]
    level: Word,
    /// Inputs as they were read.
    inputs: Vec<InputView>,
    /// Phones, by name.
    devices: Vec<DeviceView>,
    /// Provisions that findings name by id, and those that every audit touches.
    provisions: BTreeMap<String, ProvisionView>,
    /// Rules that findings name by id.
    rules: BTreeMap<String, RuleView>,
    /// Measures that findings name by id: what is done, in the report's language.
    #[serde(default)]
    measures: BTreeMap<String, String>,
    /// What was not seen, and why.
    coverage: Vec<ShortfallView>,
    /// Suppressions that held on the day of the report, by which findings do not count for a gate; the findings themselves are all
    /// there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<SuppressionView>,
    /// What this report is not, and what is pending in law.
    notes: Vec<String>,
}

/// Findings that somebody answers for until a day.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct SuppressionView {
    /// How many findings that would count.
    findings: u64,
    /// Who answers for it.
    owner: String,
    /// Why.
    reason: String,
    /// The last day on which it holds.
    expires: String,
}

/// The scoring of reports that name none.
fn default_method() -> String {
    "phonehome-1".to_owned()
}

/// An input file.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct InputView {
    /// Number that evidence and coverage refer to.
    id: u32,
    /// Path relative to what the user named.
    path: String,
    /// Phone that it belongs to.
    device: String,
    /// Format recognised.
    format: String,
    /// SHA-256 of the file; empty for pipes and interfaces.
    sha256: String,
    /// Size in bytes.
    bytes: u64,
    /// Packets or entries read.
    items: u64,
    /// Time of the first packet or entry (RFC 3339, UTC).
    first: Option<String>,
    /// Time of the last.
    last: Option<String>,
}

/// A phone.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct DeviceView {
    /// Name.
    name: String,
    /// Operating system: `Android`, `iOS`.
    platform: Option<Word>,
    /// Model.
    model: Option<String>,
    /// Apps, highest risk first.
    apps: Vec<AppView>,
    /// How far its clock is from that of the captures; absent where too few events were seen by both. Nothing is corrected.
    #[serde(default)]
    clock: Option<ClockView>,
    /// Installed apps that showed neither traffic nor findings nor telling permissions.
    silent_apps: u64,
    /// Traffic by readability.
    traffic: Vec<VolumeView>,
    /// What the company says of this kind of phone.
    #[serde(default)]
    group: Option<GroupView>,
    /// Apps that the company does not know or does not allow.
    #[serde(default)]
    shadow_it: Vec<ShadowView>,
}

/// A provision.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ProvisionView {
    /// How it is cited.
    citation: String,
    /// Heading.
    title: String,
    /// What it is about.
    text: String,
    /// Touched by every audit.
    is_always_touched: bool,
}

/// A rule.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct RuleView {
    /// Name.
    title: String,
    /// What it is.
    summary: String,
    /// Why it matters.
    why: String,
}

/// A reason why something was not seen.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ShortfallView {
    /// Input.
    input: u32,
    /// Reason.
    reason: Word,
    /// The reason in words.
    text: Word,
    /// How often.
    count: u64,
    /// Bytes concerned, where that can be said.
    bytes: u64,
    /// First packet or entry concerned.
    frame: Option<u64>,
    /// What exactly, at the first place.
    detail: Option<String>,
}

impl AuditView {
    /// All but the phones, which are written by themselves: they are most of a report, and all cores write at once.
    fn of(prose: &Prose<'_>, shows_values: bool) -> Self {
        let (audit, legal) = (prose.audit, prose.rules.legal());
        let language = prose.language;
        let findings = || {
            let apps = audit.devices.iter().flat_map(|device| &device.apps);
            apps.flat_map(|app| &app.findings)
        };
        let seat = audit.controller.country.as_deref();
        let mut touched: BTreeSet<&str> = BTreeSet::new();
        touched.extend(
            audit
                .devices
                .iter()
                .flat_map(|device| &device.apps)
                .flat_map(|app| &app.provisions)
                .map(|id| &**id),
        );
        let provisions = legal.provisions.iter().filter(|provision| {
            let is_always = provision.is_always_touched && provision.may_apply(seat);
            is_always || touched.contains(&*provision.id)
        });
        let provisions = provisions.map(|provision| {
            let view = ProvisionView {
                citation: language.of(&provision.cite).to_owned(),
                title: language.of(&provision.title).to_owned(),
                text: language.of(&provision.text).to_owned(),
                is_always_touched: provision.is_always_touched,
            };
            (provision.id.to_string(), view)
        });
        let rules = findings()
            .filter_map(|finding| prose.rules.describe(&finding.rule))
            .map(|rule| {
                let view = RuleView {
                    title: language.of(rule.label).to_owned(),
                    summary: language.of(rule.summary).to_owned(),
                    why: language.of(rule.why).to_owned(),
                };
                (rule.id.to_string(), view)
            });
        Self {
            format: "phonehome-audit".into(),
            schema_version: SCHEMA_VERSION,
            tool_version: audit.tool_version.clone(),
            language: language.as_str().into(),
            case: audit.case.clone(),
            shows_values,
            rules_sha256: audit.rules_sha256.clone(),
            law_as_of: audit.law_as_of.clone(),
            options: audit.options.clone(),
            method: audit.method.clone(),
            controller: ControllerView::of(&audit.controller),
            level: audit.level().as_str().into(),
            inputs: inputs(prose),
            devices: Vec::new(),
            provisions: provisions.collect(),
            rules: rules.collect(),
            measures: legal
                .mitigations
                .iter()
                .map(|one| (one.id.to_string(), language.of(&one.text).to_owned()))
                .collect(),
            coverage: coverage(prose),
            suppressions: prose
                .exemptions
                .suppressed
                .iter()
                .map(|(suppression, findings)| SuppressionView {
                    findings: *findings,
                    owner: safe(&suppression.owner),
                    reason: safe(&suppression.reason),
                    expires: suppression.last_day(),
                })
                .collect(),
            notes: vec![
                prose.texts.not_clean.to_owned(),
                language.of(&legal.disclaimer).to_owned(),
                language.of(&legal.reform_note).to_owned(),
            ],
        }
    }
}

fn inputs(prose: &Prose<'_>) -> Vec<InputView> {
    let view = |input: &crate::model::InputReport| InputView {
        id: input.id.0,
        path: input.path.clone(),
        device: input.device.clone(),
        format: input.format.clone(),
        sha256: input.sha256.clone(),
        bytes: input.bytes,
        items: input.items,
        first: input.period.map(|(first, _)| first.to_string()),
        last: input.period.map(|(_, last)| last.to_string()),
    };
    prose.audit.inputs.iter().map(view).collect()
}

fn coverage(prose: &Prose<'_>) -> Vec<ShortfallView> {
    let view = |(input, shortfall, missed): (
        crate::model::InputId,
        crate::model::Shortfall,
        &crate::model::ShortfallCount,
    )| ShortfallView {
        input: input.0,
        reason: shortfall.as_str().into(),
        text: prose.language.shortfall(shortfall).into(),
        count: missed.count,
        bytes: missed.bytes,
        frame: missed.first.map(|origin| origin.frame),
        detail: missed
            .detail
            .as_deref()
            .filter(|detail| !detail.is_empty())
            .map(str::to_owned),
    };
    prose.audit.coverage.iter().map(view).collect()
}

impl DeviceView {
    fn of(prose: &Prose<'_>, device: &DeviceReport) -> Self {
        Self {
            name: device.name.clone(),
            platform: device.platform.map(|platform| platform.as_str().into()),
            model: device.model.clone(),
            apps: device
                .apps
                .iter()
                .map(|app| AppView::of(prose, &device.name, app))
                .collect(),
            clock: device.clock.as_ref().map(ClockView::of),
            silent_apps: device.silent_apps,
            traffic: volumes(&device.traffic),
            group: device.policy.as_ref().map(GroupView::of),
            shadow_it: device
                .shadow
                .iter()
                .map(|app| ShadowView::of(prose, app))
                .collect(),
        }
    }
}

/// A time as printed; documents have none, and readers of documents leave it at zero.
pub(super) fn time(time: Timestamp) -> Option<String> {
    (time != Timestamp::default()).then(|| time.to_string())
}

fn strings(ids: &[Arc<str>]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}
