//! The result of an audit: what reports render. Everything is sorted; nothing depends on the machine or on the order of work.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    AppId, Attributed, Basis, Category, ClockShift, ContentState, Controller, Coverage, DataChain,
    DeclaredFact, DevicePolicy, Grade, InputId, Occurrences, People, Platform, Protection,
    Recipient, ShadowApp, Shortfall, Standing, Timestamp, Volume,
};

ids! {
    /// Level of risk, lowest first.
    RiskLevel {
        /// Nothing that could be weighed.
        None = "none",
        /// 1–3.
        Low = "low",
        /// 4–8.
        Medium = "medium",
        /// 9–12.
        High = "high",
        /// 13–16.
        VeryHigh = "very-high",
    }
}

/// One visible input of a likelihood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modifier {
    /// Id in `rules/legal.toml` (`base`, `no-contract` …).
    pub id: Arc<str>,
    /// Points added.
    pub points: i8,
}

/// The likelihood of a finding with all its inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likelihood {
    /// Sum, clamped to 1..=4.
    pub value: u8,
    /// Inputs in the order of the rules.
    pub modifiers: Vec<Modifier>,
}

/// A finding's score with every input visible (`rules/legal.toml`, `[scoring]`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// Severity 1..=4.
    pub severity: u8,
    /// Likelihood 1..=4.
    pub likelihood: Likelihood,
    /// Evidence strength in percent (100 known value … 20 weak).
    pub evidence_percent: u8,
    /// severity × likelihood, 1..=16.
    pub risk: u8,
    /// risk × evidence strength, in hundredths: the order of work.
    pub priority_hundredths: u16,
    /// Level of the risk.
    pub level: RiskLevel,
}

/// A finding weighed against the law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedFinding {
    /// Stable id: depends on app, rule, recipient, grade and protection, not on counts or order.
    pub id: String,
    /// Rule id.
    pub rule: Arc<str>,
    /// Id of the legal observation it counts as (`contacts-plain`, `ad-id` …).
    pub observation: Option<Arc<str>>,
    /// Category.
    pub category: Category,
    /// How it is known.
    pub grade: Grade,
    /// How it was protected.
    pub protection: Protection,
    /// Receiver.
    pub recipient: Recipient,
    /// Company behind it, where the rules know it.
    pub company: Option<Arc<str>>,
    /// Seat of that company, ISO 3166-1 alpha-2.
    pub country: Option<Arc<str>>,
    /// An opt-out honoured rather than data sent.
    pub is_opted_out: bool,
    /// Counts, times and evidence. For findings that no packet shows, evidence points to the documents.
    pub occurrences: Occurrences,
    /// Of how many others data was transmitted, for findings on contacts.
    pub people: Option<People>,
    /// Score; `None` where nothing is to be weighed (an opt-out honoured).
    pub score: Option<Score>,
    /// Ids of provisions touched, in the order of `rules/legal.toml`.
    pub provisions: Vec<Arc<str>>,
    /// How an inferred finding was concluded: ids of the facts used.
    pub reasons: Vec<Arc<str>>,
}

/// A receiver of an app's traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientReport {
    /// Receiver.
    pub recipient: Recipient,
    /// Company, where the rules know it.
    pub company: Option<Arc<str>>,
    /// Ultimate parent.
    pub parent: Option<Arc<str>>,
    /// Seat of the company, ISO 3166-1 alpha-2.
    pub country: Option<Arc<str>>,
    /// Role: `ads`, `analytics`, `messenger` ….
    pub role: Option<Arc<str>>,
    /// Service.
    pub service: Option<Arc<str>>,
    /// Traffic by readability.
    pub volumes: BTreeMap<ContentState, Volume>,
}

/// A permission of the app on this device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Full name.
    pub permission: String,
    /// Data category by `rules/permissions.toml`.
    pub category: Option<Arc<str>>,
    /// Risk 0..=3 by `rules/permissions.toml`.
    pub risk: u8,
    /// Declared in a manifest or requested according to a device dump.
    pub is_declared: bool,
    /// Granted, to one user of the phone at least; `None` if no source says so.
    pub is_granted: Option<bool>,
    /// Where the users of an Android phone (0 is the owner, work profiles have numbers from 10) differ: whether it is granted, by
    /// user. Empty where it is the same for all.
    pub by_user: BTreeMap<u32, bool>,
    /// Decided by device management.
    pub is_policy_fixed: bool,
    /// Granted for what the user selected only (some photos, some contacts).
    pub is_limited: bool,
    /// When it was last granted or refused, where the system keeps that.
    pub decided: Option<Timestamp>,
}

/// A question that only a human can answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// Id in `rules/questions.toml`.
    pub id: Arc<str>,
    /// What it is about: a company, a permission, a recipient; empty if the app as a whole.
    pub subject: Arc<str>,
}

ids! {
    /// Whether a criterion of an impact assessment is met.
    CriterionState {
        /// Something shows it.
        Met = "met",
        /// It would have been seen, and was not.
        NotMet = "not-met",
        /// Only people can say, or what would show it could not be read.
        ToBeAsked = "to-be-asked",
    }
}

/// One criterion of WP 248, screened for an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screened {
    /// Its number.
    pub number: u8,
    /// How it stands.
    pub state: CriterionState,
    /// What shows it: ids of observations, or permissions.
    pub because: Vec<Arc<str>>,
}

/// One app on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppReport {
    /// Whose traffic: one app, one of several, or unknown.
    pub app: Attributed,
    /// Its profile or package id; `None` unless exactly one app.
    pub id: Option<AppId>,
    /// Names to show: of the app, or of each of the candidates; none where nothing tells.
    pub names: Vec<String>,
    /// Packages on this device that belong to it.
    pub packages: Vec<String>,
    /// Version on this device.
    pub version: Option<String>,
    /// Operating system.
    pub platform: Option<Platform>,
    /// All ways by which traffic was put on it.
    pub bases: Vec<Basis>,
    /// Whether a device dump or manifest lists it.
    pub is_installed: bool,
    /// Highest level among findings whose evidence suffices to set it.
    pub level: RiskLevel,
    /// Highest risk 0..=16 among these.
    pub risk: u8,
    /// Findings, most urgent first.
    pub findings: Vec<JudgedFinding>,
    /// Receivers, by volume sent.
    pub recipients: Vec<RecipientReport>,
    /// Permissions of interest, by risk.
    pub grants: Vec<Grant>,
    /// What its packages declare and hold, by kind and name.
    pub declared: Vec<DeclaredFact>,
    /// Each kind of data from permission to transmission.
    pub chains: Vec<DataChain>,
    /// Ids of all provisions touched.
    pub provisions: Vec<Arc<str>>,
    /// Numbers of the criteria of WP 248 that are met, if they are enough for an impact assessment to be considered.
    pub dpia_criteria: Vec<u8>,
    /// All criteria of WP 248; none for the operating system.
    pub screening: Vec<Screened>,
    /// Questions.
    pub questions: Vec<Question>,
    /// What the company says of it; `None` if nothing.
    pub standing: Option<Standing>,
}

/// Sums over all flows of one device by readability.
pub type TrafficReport = BTreeMap<ContentState, Volume>;

impl AppReport {
    /// Sums over all flows of this app by readability.
    pub fn traffic(&self) -> TrafficReport {
        let mut sums = TrafficReport::new();
        let volumes = self.recipients.iter().flat_map(|report| &report.volumes);
        for (content, volume) in volumes {
            sums.entry(*content)
                .and_modify(|sum| sum.merge(volume))
                .or_insert_with(|| volume.clone());
        }
        sums
    }
}

/// One phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceReport {
    /// Name: the folder's, or the input's.
    pub name: String,
    /// Operating system, if known.
    pub platform: Option<Platform>,
    /// Model, if known.
    pub model: Option<String>,
    /// Apps, highest risk first; apps without findings and traffic are not listed but counted.
    pub apps: Vec<AppReport>,
    /// How far its clock is from that of the captures, where both saw the same events.
    pub clock: Option<ClockShift>,
    /// Installed apps that showed neither traffic nor findings.
    pub silent_apps: u64,
    /// Traffic by readability.
    pub traffic: TrafficReport,
    /// What the company says of this kind of phone.
    pub policy: Option<DevicePolicy>,
    /// Apps that the company does not know or does not allow, by name; empty where it has decided about none.
    pub shadow: Vec<ShadowApp>,
}

/// One input as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputReport {
    /// Id.
    pub id: InputId,
    /// Path as the user would name it: relative to the named input, with `/`.
    pub path: String,
    /// Device it belongs to.
    pub device: String,
    /// Format recognised.
    pub format: String,
    /// SHA-256 of the file, hexadecimal; empty for pipes and interfaces.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Packets or entries read.
    pub items: u64,
    /// First and last capture time.
    pub period: Option<(Timestamp, Timestamp)>,
}

/// The result of an audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Name of the case: organisation of `phonehome.toml`, else of the folder.
    pub case: String,
    /// Version of the tool.
    pub tool_version: String,
    /// SHA-256 over the rules used.
    pub rules_sha256: String,
    /// Date of the legal data.
    pub law_as_of: String,
    /// Options that decide what is found, by name; of files and secrets only how many.
    pub options: BTreeMap<String, String>,
    /// Name of the scoring.
    pub method: String,
    /// Who answers for the phones.
    pub controller: Controller,
    /// Inputs in the order of their ids.
    pub inputs: Vec<InputReport>,
    /// Devices, by name.
    pub devices: Vec<DeviceReport>,
    /// What was not seen.
    pub coverage: Coverage,
}

impl Audit {
    /// Whether times of an input are what the phone's clock showed, in a zone that is not known.
    pub fn has_local_times(&self, input: InputId) -> bool {
        let mut noted = self.coverage.iter();
        noted.any(|(of, shortfall, _)| of == input && shortfall == Shortfall::LocalTime)
    }

    /// First and last moment of all inputs whose times are in a known zone, or in none.
    pub fn period(&self, is_local: bool) -> Option<(Timestamp, Timestamp)> {
        let inputs = self.inputs.iter();
        let inputs = inputs.filter(|input| self.has_local_times(input.id) == is_local);
        let periods = inputs.filter_map(|input| input.period);
        periods.reduce(|all, next| (all.0.min(next.0), all.1.max(next.1)))
    }

    /// Inputs that were read; the others were left out.
    pub fn read_inputs(&self) -> usize {
        let read = self.inputs.iter();
        read.filter(|input| !input.device.is_empty()).count()
    }

    /// The highest level of any app.
    pub fn level(&self) -> RiskLevel {
        self.devices
            .iter()
            .flat_map(|device| &device.apps)
            .map(|app| app.level)
            .max()
            .unwrap_or(RiskLevel::None)
    }
}
