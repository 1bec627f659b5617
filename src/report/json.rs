//! The report for programs: versioned, with view types of its own, so that the model can change without breaking readers.
//! `schema_version` rises when a member is renamed, removed or changes its meaning; new members may come at any time.

mod archive;
mod chain;
mod policy;
mod shown;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::Arc;

use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use self::chain::{ChainView, ClockView};
use self::policy::{ControllerView, GroupView, ShadowView, StandingView};
use super::presentable::Presentable;
use super::prose::Prose;
use super::remedy::{self, Remedy};
use super::{Format, Language, Options};
use crate::model::{
    AppId, AppReport, Attributed, Audit, Category, ContentState, CriterionState, DeclaredFact,
    DeclaredKind, DeviceReport, Evidence, Grade, Grant, JudgedFinding, Protection, Recipient,
    RecipientKind, RecipientReport, RiskLevel, Score, Timestamp, Transport, Volume,
};
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
    serde_json::to_writer_pretty(&mut *out, &AuditView::of(&prose, report.shows_values))?;
    writeln!(out)
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
    /// What this report is not, and what is pending in law.
    notes: Vec<String>,
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

/// Whose row it is.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum OwnerView {
    /// One app.
    App,
    /// One of several apps that cannot be told apart.
    Shared,
    /// The operating system.
    System,
    /// Nothing tells.
    Unknown,
}

/// One app on one phone.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct AppView {
    /// Whose row it is.
    owner: OwnerView,
    /// Profile or package id; absent unless exactly one app.
    id: Option<String>,
    /// Ids of the apps that it may be.
    candidates: Vec<String>,
    /// Name to show, in the report's language.
    name: String,
    /// Names of the app, or of each candidate.
    names: Vec<String>,
    /// Packages on this phone.
    packages: Vec<String>,
    /// Version on this phone.
    version: Option<String>,
    /// Operating system.
    platform: Option<Word>,
    /// Ways by which traffic was put on it.
    recognised_by: Vec<Word>,
    /// Whether a device dump or manifest lists it.
    is_installed: bool,
    /// Level: `none`, `low`, `medium`, `high`, `very-high`.
    #[schemars(extend("enum" = RiskLevel::ALL.map(RiskLevel::as_str)))]
    level: Word,
    /// Highest risk, 0–16.
    risk: u8,
    /// Findings, most urgent first.
    findings: Vec<FindingView>,
    /// Traffic by readability, over all recipients.
    #[serde(default)]
    traffic: Vec<VolumeView>,
    /// Recipients, by bytes sent.
    recipients: Vec<RecipientView>,
    /// Permissions of interest.
    permissions: Vec<PermissionView>,
    /// What the app's packages declare and hold, by kind and name.
    #[serde(default)]
    declared: Vec<DeclaredView>,
    /// Each kind of data from permission to transmission; where apps cannot be told apart there are none.
    #[serde(default)]
    chains: Vec<ChainView>,
    /// Ids of provisions touched.
    provisions: Vec<String>,
    /// Criteria of WP 248 that are met, if they are enough for an impact assessment to be considered.
    dpia_criteria: Vec<u8>,
    /// All nine criteria of WP 248, and what shows each.
    #[serde(default)]
    dpia_screening: Vec<ScreenedView>,
    /// Single measures that would lower its risk, best relief for the effort first.
    #[serde(default)]
    what_if: Vec<RemedyView>,
    /// Questions that only people can answer.
    questions: Vec<QuestionView>,
    /// What the company says of it.
    #[serde(default)]
    policy: Option<StandingView>,
}

/// A measure with what it would change for an app, computed by itself.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct RemedyView {
    /// As for `phonehome what-if --measure`.
    measure: String,
    /// `technical`, `organisational`.
    #[schemars(extend("enum" = ["technical", "organisational"]))]
    kind: Word,
    /// 1 hours, 2 days, 3 weeks.
    effort: u8,
    /// What is done, in the report's language.
    label: String,
    /// What it does not change, in the report's language.
    stays: String,
    /// The app's risk as it is.
    risk_before: u8,
    /// And as it would be, with what the measure brings in its place.
    risk_after: u8,
    /// Findings that would go or change.
    findings: Vec<EasedView>,
    /// How many findings stay as they are.
    stay: usize,
    /// How many come with what takes the app's place.
    come: usize,
}

/// A finding that a measure changes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct EasedView {
    /// Its id.
    id: String,
    /// Its risk afterwards; absent if it goes.
    risk_after: Option<u8>,
}

impl RemedyView {
    fn of(remedy: Remedy) -> Self {
        let eased = |(id, risk_after)| EasedView { id, risk_after };
        Self {
            measure: remedy.measure,
            kind: remedy.kind.into(),
            effort: remedy.effort,
            label: remedy.label,
            stays: remedy.stays,
            risk_before: remedy.before.1,
            risk_after: remedy.after.1,
            findings: remedy.changed.into_iter().map(eased).collect(),
            stay: remedy.kept,
            come: remedy.new,
        }
    }
}

/// A criterion of WP 248, screened for an app.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ScreenedView {
    /// Its number.
    criterion: u8,
    /// `met`, `not-met`, `to-be-asked`.
    #[schemars(extend("enum" = CriterionState::ALL.map(CriterionState::as_str)))]
    state: Word,
    /// What shows it: ids of legal observations, or permissions.
    because: Vec<String>,
    /// The criterion, in the report's language.
    text: String,
    /// Why it stands so, in the report's language.
    reason: String,
}

/// A finding.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct FindingView {
    /// Stable id: the same app, rule, recipient, grade and protection have the same id in another audit.
    id: String,
    /// Rule id.
    rule: String,
    /// Id of the legal observation that it counts as.
    observation: Option<String>,
    /// Name of the rule, in the report's language.
    title: String,
    /// Category.
    #[schemars(extend("enum" = Category::ALL.map(Category::as_str)))]
    category: Word,
    /// Evidence: `known-value`, `decoded`, `shape`, `contacted`, `inferred`, `declared`.
    #[schemars(extend("enum" = Grade::ALL.map(Grade::as_str)))]
    grade: Word,
    /// What may be said of it: `transmitted`, `contacted`, `inferred`, `declared`.
    #[schemars(extend("enum" = ["transmitted", "contacted", "inferred", "declared"]))]
    verb: Word,
    /// On the way: `cleartext`, `encrypted`, `unknown`.
    #[schemars(extend("enum" = Protection::ALL.map(Protection::as_str)))]
    protection: Word,
    /// Who received it.
    recipient: ReceiverView,
    /// An opt-out honoured rather than data sent.
    is_opted_out: bool,
    /// Messages or connections.
    count: u64,
    /// Data items in all messages.
    items: u64,
    /// The most items in one message.
    most_items: u64,
    /// Distinct values.
    distinct_values: u64,
    /// Whether that number is exact.
    distinct_is_exact: bool,
    /// First time seen (RFC 3339, UTC); absent where only documents tell.
    first: Option<String>,
    /// Last time seen.
    last: Option<String>,
    /// Best precision, for positions.
    precision_metres: Option<u32>,
    /// Of how many others data was transmitted, for contacts.
    #[serde(default)]
    people: Option<PeopleView>,
    /// Score; absent where nothing is weighed.
    score: Option<ScoreView>,
    /// Ids of provisions touched; to be checked, not established.
    provisions: Vec<String>,
    /// Facts behind a conclusion.
    reasons: Vec<String>,
    /// First pieces of evidence.
    evidence: Vec<EvidenceView>,
    /// Controls of OWASP MASVS.
    #[serde(default)]
    masvs: Vec<String>,
    /// The data in the W3C Data Privacy Vocabulary (IRI).
    #[serde(default)]
    dpv_data: Option<String>,
    /// The risk there (IRI).
    #[serde(default)]
    dpv_risk: Option<String>,
    /// Groups of people affected: `staff`, `customers`, `third-parties`.
    #[serde(default)]
    affected: Vec<String>,
    /// Measures that help; explained at `measures`.
    #[serde(default)]
    measures: Vec<String>,
}

/// Of how many people data left the phone, beside its user.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct PeopleView {
    /// Different values that are not the user's own; the least there are, where these are not known.
    others: u64,
    /// Whether the user's own values are known.
    is_owner_known: bool,
}

/// Who received something.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ReceiverView {
    /// `remote`, `local`, `company`, `none`.
    #[schemars(extend("enum" = RecipientKind::ALL.map(RecipientKind::as_str)))]
    kind: Word,
    /// Host or address, with personal-looking labels as `*`; the company's name for `company`.
    host: String,
    /// Company.
    company: Option<String>,
    /// Seat of the company, ISO 3166-1 alpha-2.
    country: Option<String>,
}

/// A score with every input.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ScoreView {
    /// 1–4.
    severity: u8,
    /// 1–4.
    likelihood: u8,
    /// Inputs of the likelihood.
    likelihood_inputs: Vec<ModifierView>,
    /// Strength of evidence in percent.
    evidence_percent: u8,
    /// severity × likelihood.
    risk: u8,
    /// risk × strength of evidence.
    priority: f64,
    /// Level of the risk.
    #[schemars(extend("enum" = RiskLevel::ALL.map(RiskLevel::as_str)))]
    level: Word,
}

/// An input of a likelihood.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ModifierView {
    /// Id.
    id: String,
    /// Points added.
    points: i8,
}

/// A place to find a piece of evidence again.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct EvidenceView {
    /// Input.
    input: u32,
    /// Packet, entry or line from 1.
    frame: u64,
    /// Time (RFC 3339, UTC); absent for documents.
    time: Option<String>,
    /// `tcp`, `udp` or the IP protocol number.
    transport: Option<String>,
    /// Address and port of the server.
    server: Option<String>,
    /// Part of the message: `path`, `query`, `header`, `cookie`, `body`.
    place: Option<Word>,
    /// Way to the value, with personal-looking names as `*`.
    path: Option<String>,
    /// Encodings undone, outermost first.
    decoding: Vec<Word>,
    /// Label of the value; the same label is the same value. The value itself if values are shown.
    value: Option<String>,
}

/// A recipient of an app's traffic.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct RecipientView {
    /// Who.
    #[serde(flatten)]
    receiver: ReceiverView,
    /// Ultimate parent.
    parent: Option<String>,
    /// Role.
    role: Option<String>,
    /// Service.
    service: Option<String>,
    /// Traffic by readability.
    traffic: Vec<VolumeView>,
}

/// Traffic in one state of readability.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct VolumeView {
    /// State of the contents.
    #[schemars(extend("enum" = ContentState::ALL.map(ContentState::as_str)))]
    content: Word,
    /// Flows.
    flows: u64,
    /// Bytes from the phone.
    sent_bytes: u64,
    /// Bytes to the phone.
    received_bytes: u64,
    /// Time of the first packet (RFC 3339, UTC).
    first: Option<String>,
    /// Time of the last packet.
    last: Option<String>,
}

/// A permission of interest.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct PermissionView {
    /// Full name.
    name: String,
    /// Data category.
    category: Option<String>,
    /// 0 none … 3 high.
    risk: u8,
    /// Asked for.
    is_declared: bool,
    /// Granted; absent if no source says so.
    is_granted: Option<bool>,
    /// Decided by device management.
    is_policy_fixed: bool,
}

/// Something that the app declares, or that lies in its package.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct DeclaredView {
    /// Kind.
    #[schemars(extend("enum" = DeclaredKind::ALL.map(DeclaredKind::as_str)))]
    kind: Word,
    /// What it is about.
    name: String,
    /// What is said of it; which values, depends on the kind.
    values: Vec<String>,
    /// Whether hosts of that company, or that host, were contacted by the app; absent where the question does not arise.
    is_contacted: Option<bool>,
}

/// A question.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct QuestionView {
    /// Id.
    id: String,
    /// What it is about.
    subject: String,
    /// In the report's language.
    text: String,
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
            inputs: inputs(audit),
            devices: audit
                .devices
                .iter()
                .map(|device| DeviceView::of(prose, device))
                .collect(),
            provisions: provisions.collect(),
            rules: rules.collect(),
            measures: legal
                .mitigations
                .iter()
                .map(|one| (one.id.to_string(), language.of(&one.text).to_owned()))
                .collect(),
            coverage: coverage(prose),
            notes: vec![
                prose.texts.not_clean.to_owned(),
                language.of(&legal.disclaimer).to_owned(),
                language.of(&legal.reform_note).to_owned(),
            ],
        }
    }
}

fn inputs(audit: &Audit) -> Vec<InputView> {
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
    audit.inputs.iter().map(view).collect()
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

impl AppView {
    fn of(prose: &Prose<'_>, device: &str, app: &AppReport) -> Self {
        let name = prose.app(app);
        let candidates: Vec<String> = match &app.app {
            Attributed::Known { app, .. } => vec![app.to_string()],
            Attributed::Shared { apps, .. } => apps.iter().map(ToString::to_string).collect(),
            Attributed::Unknown => Vec::new(),
        };
        Self {
            owner: match &app.app {
                Attributed::Known { app, .. } if app.as_str() == AppId::SYSTEM => OwnerView::System,
                Attributed::Known { .. } => OwnerView::App,
                Attributed::Shared { .. } => OwnerView::Shared,
                Attributed::Unknown => OwnerView::Unknown,
            },
            id: app.id.as_ref().map(ToString::to_string),
            candidates,
            packages: app.packages.clone(),
            names: app.names.clone(),
            version: app.version.clone(),
            platform: app.platform.map(|platform| platform.as_str().into()),
            recognised_by: app
                .bases
                .iter()
                .map(|basis| basis.as_str().into())
                .collect(),
            is_installed: app.is_installed,
            level: app.level.as_str().into(),
            risk: app.risk,
            findings: app
                .findings
                .iter()
                .map(|finding| FindingView::of(prose, finding))
                .collect(),
            traffic: volumes(&app.traffic()),
            recipients: app.recipients.iter().map(RecipientView::of).collect(),
            permissions: app.grants.iter().map(PermissionView::of).collect(),
            declared: app.declared.iter().map(DeclaredView::of).collect(),
            chains: app
                .chains
                .iter()
                .map(|chain| ChainView::of(prose, chain))
                .collect(),
            provisions: strings(&app.provisions),
            dpia_criteria: app.dpia_criteria.clone(),
            dpia_screening: app
                .screening
                .iter()
                .map(|screened| ScreenedView {
                    criterion: screened.number,
                    state: screened.state.as_str().into(),
                    because: strings(&screened.because),
                    text: prose.criteria(&[screened.number]),
                    reason: prose.screened(screened),
                })
                .collect(),
            what_if: remedy::of_app(prose, device, app)
                .into_iter()
                .map(RemedyView::of)
                .collect(),
            questions: app
                .questions
                .iter()
                .map(|question| QuestionView {
                    id: question.id.to_string(),
                    subject: question.subject.to_string(),
                    text: prose.question(
                        &question.id,
                        &[question.subject.to_string()],
                        std::slice::from_ref(&name),
                    ),
                })
                .collect(),
            policy: app.standing.as_ref().map(StandingView::of),
            name,
        }
    }
}

impl FindingView {
    fn of(prose: &Prose<'_>, finding: &JudgedFinding) -> Self {
        let occurrences = &finding.occurrences;
        let terms = prose.rules.terms(
            &finding.rule,
            finding.observation.as_deref(),
            finding.category,
        );
        Self {
            masvs: strings(&terms.masvs),
            dpv_data: terms.dpv_data.as_ref().map(ToString::to_string),
            dpv_risk: terms.dpv_risk.as_ref().map(ToString::to_string),
            affected: strings(&terms.persons),
            measures: strings(&terms.mitigations),
            id: finding.id.clone(),
            rule: finding.rule.to_string(),
            observation: finding.observation.as_ref().map(ToString::to_string),
            title: prose.rule(&finding.rule),
            category: finding.category.as_str().into(),
            grade: finding.grade.as_str().into(),
            verb: if finding.grade.is_transmitted() {
                "transmitted".into()
            } else {
                finding.grade.as_str().into()
            },
            protection: finding.protection.as_str().into(),
            recipient: ReceiverView::of(
                &finding.recipient,
                finding.company.as_ref(),
                finding.country.as_ref(),
            ),
            is_opted_out: finding.is_opted_out,
            count: occurrences.count,
            items: occurrences.items,
            most_items: occurrences.most_items,
            distinct_values: occurrences.distinct.count(),
            distinct_is_exact: occurrences.distinct.is_exact(),
            first: time(occurrences.first),
            last: time(occurrences.last),
            precision_metres: occurrences.precision_metres,
            people: finding.people.map(|people| PeopleView {
                others: people.others,
                is_owner_known: people.is_owner_known,
            }),
            score: finding.score.as_ref().map(ScoreView::of),
            provisions: strings(&finding.provisions),
            reasons: finding.reasons.iter().map(ToString::to_string).collect(),
            evidence: occurrences.evidence.iter().map(EvidenceView::of).collect(),
        }
    }
}

impl ReceiverView {
    fn of(recipient: &Recipient, company: Option<&Arc<str>>, country: Option<&Arc<str>>) -> Self {
        Self {
            kind: recipient.kind.as_str().into(),
            host: recipient.host.to_string(),
            company: company.map(ToString::to_string),
            country: country.map(ToString::to_string),
        }
    }
}

impl ScoreView {
    fn of(score: &Score) -> Self {
        let input = |modifier: &crate::model::Modifier| ModifierView {
            id: modifier.id.to_string(),
            points: modifier.points,
        };
        Self {
            severity: score.severity,
            likelihood: score.likelihood.value,
            likelihood_inputs: score.likelihood.modifiers.iter().map(input).collect(),
            evidence_percent: score.evidence_percent,
            risk: score.risk,
            priority: f64::from(score.priority_hundredths) / 100.0,
            level: score.level.as_str().into(),
        }
    }
}

impl EvidenceView {
    fn of(evidence: &Evidence) -> Self {
        Self {
            input: evidence.origin.input.0,
            frame: evidence.origin.frame,
            time: time(evidence.origin.time),
            transport: evidence.flow.map(|flow| transport(flow.transport)),
            server: evidence.flow.map(|flow| flow.server.to_string()),
            place: evidence.place.map(|place| place.as_str().into()),
            path: evidence.place.map(|_| evidence.path.to_string()),
            decoding: evidence
                .chain
                .0
                .iter()
                .map(|step| step.as_str().into())
                .collect(),
            value: evidence
                .value
                .as_ref()
                .map(|value| value.reveal().to_owned()),
        }
    }
}

/// A time as printed; documents have none, and readers of documents leave it at zero.
fn time(time: Timestamp) -> Option<String> {
    (time != Timestamp::default()).then(|| time.to_string())
}

/// A transport protocol in words.
pub(super) fn transport(transport: Transport) -> String {
    match transport {
        Transport::Tcp => "tcp".to_owned(),
        Transport::Udp => "udp".to_owned(),
        Transport::Other(number) => format!("ip-{number}"),
    }
}

impl RecipientView {
    fn of(report: &RecipientReport) -> Self {
        let words = |text: &Option<Arc<str>>| text.as_ref().map(ToString::to_string);
        Self {
            receiver: ReceiverView::of(
                &report.recipient,
                report.company.as_ref(),
                report.country.as_ref(),
            ),
            parent: words(&report.parent),
            role: words(&report.role),
            service: words(&report.service),
            traffic: volumes(&report.volumes),
        }
    }
}

fn volumes(volumes: &BTreeMap<ContentState, Volume>) -> Vec<VolumeView> {
    let view = |content: ContentState| {
        let volume = volumes.get(&content)?;
        Some(VolumeView {
            content: content.as_str().into(),
            flows: volume.flows,
            sent_bytes: volume.sent_bytes,
            received_bytes: volume.received_bytes,
            first: time(volume.first.time),
            last: time(volume.last),
        })
    };
    ContentState::ALL.into_iter().filter_map(view).collect()
}

impl PermissionView {
    fn of(grant: &Grant) -> Self {
        Self {
            name: grant.permission.clone(),
            category: grant.category.as_ref().map(ToString::to_string),
            risk: grant.risk,
            is_declared: grant.is_declared,
            is_granted: grant.is_granted,
            is_policy_fixed: grant.is_policy_fixed,
        }
    }
}

impl DeclaredView {
    fn of(fact: &DeclaredFact) -> Self {
        Self {
            kind: fact.kind.as_str().into(),
            name: fact.name.clone(),
            values: fact.values.clone(),
            is_contacted: fact.is_contacted,
        }
    }
}

fn strings(ids: &[Arc<str>]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}
