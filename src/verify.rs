//! Whether a saved report says what its inputs show: compares it with a new audit of them, and with itself.
//!
//! The inputs are known by their SHA-256, evidence by rule, input, frame, server, place, path, decode chain and value. What makes
//! a report not hold is told apart: other inputs, other rules or tool, or a report that says what was never found. What rules,
//! version and options a report names is its own word, so none of that switches a check off: it only says how a difference reads.

mod agreement;

use std::collections::{BTreeMap, BTreeSet};

pub use agreement::{Contradiction, Scale, Statement};

use crate::model::{
    AppReport, Audit, Evidence, InputId, InputReport, JudgedFinding, RiskLevel, Sensitive,
};

/// How an input compares with what the report says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputState {
    /// The same bytes under the same name.
    Same,
    /// The same bytes under another name.
    Renamed,
    /// There is a file of that name with another checksum.
    Changed,
    /// It was not given.
    Missing,
    /// It was given, and the report does not know it.
    Extra,
    /// The report has no checksum of it (pipes, interfaces).
    Unhashed,
}

impl InputState {
    /// Stable id.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Renamed => "renamed",
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Unhashed => "no-checksum",
        }
    }
}

/// How a piece of evidence compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EvidenceState {
    /// Found again, with the same value.
    Holds,
    /// Found again, in an input that has another checksum than the report says.
    HoldsElsewhere,
    /// Its input is not the one of the report, and it is not found in what was given instead.
    OtherInput,
    /// Its input is the same, and it is not there.
    NotFound,
    /// It is there, with a value that is not the one the report's label stands for.
    OtherValue,
}

impl EvidenceState {
    /// Stable id.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::HoldsElsewhere => "holds-in-other-bytes",
            Self::OtherInput => "other-input",
            Self::NotFound => "not-found",
            Self::OtherValue => "other-value",
        }
    }
}

/// How a finding compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingState {
    /// The inputs show it, and the report does not have it.
    Missing,
    /// The report has it, and the inputs do not show it.
    NotShown,
    /// Both have it, with another risk.
    OtherRisk,
    /// Both have it, and say something else of it.
    Differs,
}

impl FindingState {
    /// All, in the order in which they are told.
    pub const ALL: [Self; 4] = [
        Self::Missing,
        Self::NotShown,
        Self::OtherRisk,
        Self::Differs,
    ];

    /// Stable id.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing-in-report",
            Self::NotShown => "not-in-inputs",
            Self::OtherRisk => "other-risk",
            Self::Differs => "differs",
        }
    }
}

/// What is to be thought of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything in it is found again.
    Holds,
    /// All evidence is found again; what follows from it was judged by other rules or another version, so it could not be checked
    /// in full.
    EvidenceHolds,
    /// Inputs are missing, more, or have other bytes.
    OtherInputs,
    /// Not all is found again, and rules, tool or options are others.
    OtherRules,
    /// Inputs, rules, tool and options are the same, and the report says something else.
    Altered,
    /// Whatever its inputs show: the report says things that cannot be true together.
    Contradictory,
}

impl Verdict {
    /// Stable id.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::EvidenceHolds => "evidence-holds",
            Self::OtherInputs => "other-inputs",
            Self::OtherRules => "other-rules",
            Self::Altered => "altered",
            Self::Contradictory => "contradictory",
        }
    }

    /// Whether the whole report may be relied on: evidence that holds is not enough for that, since what version, rules and options
    /// it was made with is the report's own word.
    pub fn is_good(self) -> bool {
        self == Self::Holds
    }
}

/// An input of the report, or one that it does not know.
#[derive(Debug, PartialEq, Eq)]
pub struct CheckedInput {
    /// Path in the report, else as given.
    pub path: String,
    /// How it compares.
    pub state: InputState,
    /// Path as given, where that is another one.
    pub given: Option<String>,
    /// SHA-256 in the report and of the file, where there are two that differ.
    pub sha256: Option<(String, String)>,
}

/// A piece of evidence of the report.
#[derive(Debug, PartialEq, Eq)]
pub struct CheckedEvidence {
    /// The phone.
    pub device: String,
    /// The finding.
    pub finding: String,
    /// Its rule.
    pub rule: String,
    /// Path of the input.
    pub input: String,
    /// Packet, entry or line.
    pub frame: u64,
    /// How it compares.
    pub state: EvidenceState,
}

/// A finding that is not the same in both.
#[derive(Debug, PartialEq, Eq)]
pub struct CheckedFinding {
    /// The phone.
    pub device: String,
    /// Names of the app.
    pub app: Vec<String>,
    /// The finding.
    pub id: String,
    /// Its rule.
    pub rule: String,
    /// How it compares.
    pub state: FindingState,
    /// Its risk in the report and by the inputs.
    pub risk: (Option<u8>, Option<u8>),
}

/// A place at which two reports differ as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where (RFC 6901).
    pub place: String,
    /// Where, by the names of phone, app and finding.
    pub words: String,
    /// What the report has there; `None` for nothing, for much, and for what is not shown.
    pub report: Option<String>,
    /// What the inputs give there.
    pub inputs: Option<String>,
}

/// The outcome.
#[derive(Debug, PartialEq, Eq)]
pub struct Verification {
    /// What is to be thought of it.
    pub verdict: Verdict,
    /// The same version of the tool.
    pub same_tool: bool,
    /// The same rules.
    pub same_rules: bool,
    /// The same options.
    pub same_options: bool,
    /// Inputs of the report, then those that it does not know.
    pub inputs: Vec<CheckedInput>,
    /// Evidence of the report, in its order.
    pub evidence: Vec<CheckedEvidence>,
    /// Findings that are not the same in both.
    pub findings: Vec<CheckedFinding>,
    /// What the report says against itself.
    pub contradictions: Vec<Contradiction>,
    /// Places in the report at which its inputs give something else; only where inputs, tool, rules and options are the same.
    pub differences: Vec<Difference>,
}

impl Verification {
    /// Pieces of evidence that hold.
    pub fn holding(&self) -> usize {
        let holds = |piece: &&CheckedEvidence| piece.state == EvidenceState::Holds;
        self.evidence.iter().filter(holds).count()
    }

    /// Whether a difference may come from the version, the rules or the options.
    pub fn is_comparable(&self) -> bool {
        self.same_tool && self.same_rules && self.same_options
    }
}

/// Where a piece of evidence is, in words that both audits share.
type Place<'a> = (&'a str, InputId, u64, String);

fn place<'a>(rule: &'a str, input: InputId, evidence: &Evidence) -> Place<'a> {
    let rest = format!(
        "{:?}\0{:?}\0{:?}\0{}\0{:?}",
        evidence.origin.time, evidence.flow, evidence.place, evidence.path, evidence.chain
    );
    (rule, input, evidence.origin.frame, rest)
}

/// A saved report and what comes with it from its file.
#[derive(Clone, Copy, Debug)]
pub struct Saved<'a> {
    /// As it may be shown.
    pub audit: &'a Audit,
    /// The level that it states for all.
    pub level: Option<RiskLevel>,
    /// How its inputs were called when they were given, by their paths in the report; none where that is the same.
    pub given: &'a BTreeMap<String, String>,
}

/// Compares a saved report with a new audit; both as they may be shown, with or without values alike. `scale` is the method by
/// which the new one was scored, `differences` are places at which they differ as they are written.
pub fn verify(
    report: Saved<'_>,
    anew: &Audit,
    scale: &Scale,
    differences: Vec<Difference>,
) -> Verification {
    let saved = report.audit;
    let inputs = inputs(saved, anew);
    let evidence = evidence(saved, anew, &inputs);
    let same_tool = saved.tool_version == anew.tool_version;
    let same_rules = saved.rules_sha256 == anew.rules_sha256;
    let same_options = saved.options == anew.options;
    let checked = checked(saved, anew, &inputs, report.given);
    let same_inputs = checked.iter().all(|input| {
        use InputState::{Renamed, Same, Unhashed};
        matches!(input.state, Same | Renamed | Unhashed)
    });
    let is_comparable = same_tool && same_rules && same_options && same_inputs;
    let findings = altered(saved, anew);
    // Where something else is meant to differ, that would be named all over the report.
    let differences = if is_comparable && has_same_paths(saved, anew) {
        differences
    } else {
        Vec::new()
    };
    let contradictions = agreement::contradictions(
        saved,
        report.level,
        Some(scale).filter(|_| saved.method == anew.method),
    );
    let holds = evidence
        .iter()
        .all(|piece| piece.state == EvidenceState::Holds);
    let is_same =
        findings.is_empty() && differences.is_empty() && saved.devices.len() == anew.devices.len();
    let verdict = match (same_inputs, is_comparable) {
        _ if !contradictions.is_empty() => Verdict::Contradictory,
        (false, _) => Verdict::OtherInputs,
        (true, true) if holds && is_same => Verdict::Holds,
        (true, true) => Verdict::Altered,
        (true, false) if holds => Verdict::EvidenceHolds,
        (true, false) => Verdict::OtherRules,
    };
    Verification {
        verdict,
        same_tool,
        same_rules,
        same_options,
        inputs: checked,
        evidence,
        findings,
        contradictions,
        differences,
    }
}

/// Evidence of the report, looked for in the new audit.
fn evidence(saved: &Audit, anew: &Audit, inputs: &Inputs<'_>) -> Vec<CheckedEvidence> {
    let mut there: BTreeMap<Place<'_>, BTreeSet<Option<&str>>> = BTreeMap::new();
    for (_, _, finding) in findings(anew) {
        for evidence in &finding.occurrences.evidence {
            let value = evidence.value.as_ref().map(Sensitive::reveal);
            let place = place(&finding.rule, evidence.origin.input, evidence);
            there.entry(place).or_default().insert(value);
        }
    }
    let mut labels = Labels::default();
    let mut checked = Vec::new();
    for (device, _, finding) in findings(saved) {
        for piece in &finding.occurrences.evidence {
            let input = inputs.get(&piece.origin.input);
            let found = input.and_then(|(.., anew)| *anew).map(|anew| {
                let values = there.get(&place(&finding.rule, anew, piece));
                let label = piece.value.as_ref().map(Sensitive::reveal);
                values.map_or(EvidenceState::NotFound, |values| {
                    labels.compare(label, values)
                })
            });
            let is_other = input.is_none_or(|(_, state, _)| *state == InputState::Changed);
            let state = match (found, is_other) {
                (Some(state), false) => state,
                (Some(EvidenceState::Holds), true) => EvidenceState::HoldsElsewhere,
                _ => EvidenceState::OtherInput,
            };
            checked.push(CheckedEvidence {
                device: device.to_owned(),
                finding: finding.id.clone(),
                rule: finding.rule.to_string(),
                input: input.map_or_else(String::new, |(path, ..)| (*path).to_owned()),
                frame: piece.origin.frame,
                state,
            });
        }
    }
    checked
}

fn findings(audit: &Audit) -> impl Iterator<Item = (&str, &AppReport, &JudgedFinding)> {
    let devices = audit.devices.iter();
    devices.flat_map(|device| {
        let apps = device.apps.iter();
        apps.flat_map(move |app| {
            let findings = app.findings.iter();
            findings.map(move |finding| (device.name.as_str(), app, finding))
        })
    })
}

/// Each input of the report: its path, how it compares, and which input of the new audit it is.
type Inputs<'a> = BTreeMap<InputId, (&'a str, InputState, Option<InputId>)>;

fn inputs<'a>(saved: &'a Audit, anew: &Audit) -> Inputs<'a> {
    let mut taken = BTreeSet::new();
    let mut states = Inputs::new();
    for input in &saved.inputs {
        // The same path first, for copies of one file; then the same bytes under any path.
        let is_same = |other: &&InputReport| other.sha256 == input.sha256;
        let candidates = || {
            anew.inputs
                .iter()
                .filter(|other| !taken.contains(&other.id))
        };
        let by_path = candidates().find(|other| other.path == input.path);
        let by_bytes = || {
            let same_bytes = candidates().find(is_same);
            same_bytes.filter(|_| !input.sha256.is_empty())
        };
        let (state, found) = match by_path.filter(is_same).or_else(by_bytes) {
            Some(found) if input.sha256.is_empty() => (InputState::Unhashed, Some(found.id)),
            Some(found) if found.path == input.path => (InputState::Same, Some(found.id)),
            Some(found) => (InputState::Renamed, Some(found.id)),
            // What is in it is looked for all the same.
            None => match by_path {
                Some(other) => (InputState::Changed, Some(other.id)),
                None => (InputState::Missing, None),
            },
        };
        taken.extend(found);
        states.insert(input.id, (input.path.as_str(), state, found));
    }
    states
}

/// Where inputs have other paths than in the report: of each that was found, its path as given and its line in the report. Empty if
/// all are called the same.
pub fn renamed<'a>(saved: &'a Audit, anew: &'a Audit) -> BTreeMap<&'a str, &'a InputReport> {
    let found = inputs(saved, anew);
    let is_renamed = |state: &InputState| *state == InputState::Renamed;
    if !found.values().any(|(_, state, _)| is_renamed(state)) {
        return BTreeMap::new();
    }
    let pairs = saved.inputs.iter().filter_map(|input| {
        let (.., id) = found.get(&input.id)?;
        let given = anew.inputs.iter().find(|other| Some(other.id) == *id)?;
        Some((given.path.as_str(), input))
    });
    pairs.collect()
}

/// What is said of each input.
fn checked(
    saved: &Audit,
    anew: &Audit,
    inputs: &Inputs<'_>,
    names: &BTreeMap<String, String>,
) -> Vec<CheckedInput> {
    let of = |id: &Option<InputId>| anew.inputs.iter().find(|input| Some(input.id) == *id);
    let mut checked = Vec::new();
    for input in &saved.inputs {
        let Some((path, state, id)) = inputs.get(&input.id) else {
            continue;
        };
        let found = of(id);
        let given = names.get(*path).cloned().or_else(|| {
            let other = found.filter(|_| *state == InputState::Renamed)?;
            Some(other.path.clone())
        });
        let state = match state {
            InputState::Same if given.is_some() => InputState::Renamed,
            state => *state,
        };
        let sha256 = found
            .filter(|_| state == InputState::Changed)
            .map(|found| (input.sha256.clone(), found.sha256.clone()));
        checked.push(CheckedInput {
            path: (*path).to_owned(),
            state,
            given,
            sha256,
        });
    }
    let taken: BTreeSet<InputId> = inputs.values().filter_map(|(.., id)| *id).collect();
    let extra = anew
        .inputs
        .iter()
        .filter(|input| !taken.contains(&input.id));
    checked.extend(extra.map(|input| CheckedInput {
        path: input.path.clone(),
        state: InputState::Extra,
        given: None,
        sha256: None,
    }));
    checked
}

/// Labels of the report and what they stand for in the new audit: each must stand for one value, and for no other's.
#[derive(Default)]
struct Labels<'a> {
    of_saved: BTreeMap<&'a str, &'a str>,
    of_new: BTreeMap<&'a str, &'a str>,
}

impl<'a> Labels<'a> {
    fn compare(
        &mut self,
        label: Option<&'a str>,
        values: &BTreeSet<Option<&'a str>>,
    ) -> EvidenceState {
        let Some(label) = label else {
            return if values.contains(&None) {
                EvidenceState::Holds
            } else {
                EvidenceState::OtherValue
            };
        };
        let fits = |value: &&str| {
            let known = self.of_saved.get(label);
            let known_new = self.of_new.get(value);
            kind(label) == kind(value)
                && known.is_none_or(|known| known == value)
                && known_new.is_none_or(|known| *known == label)
        };
        // Several values in one place: the one of the same label first, as audits of the same inputs give.
        let mut candidates = values.iter().flatten().copied();
        let same = values.contains(&Some(label)).then_some(label).filter(fits);
        match same.or_else(|| candidates.find(fits)) {
            Some(value) => {
                self.of_saved.insert(label, value);
                self.of_new.insert(value, label);
                EvidenceState::Holds
            }
            None => EvidenceState::OtherValue,
        }
    }
}

/// The kind in a label (`phone#1`); of a value that is shown, all of it.
fn kind(label: &str) -> &str {
    match label.rsplit_once('#') {
        Some((kind, number)) if number.bytes().all(|byte| byte.is_ascii_hexdigit()) => kind,
        _ => label,
    }
}

/// Findings that are not the same in both.
fn altered(saved: &Audit, anew: &Audit) -> Vec<CheckedFinding> {
    type ById<'a> = BTreeMap<(&'a str, &'a str), (&'a AppReport, &'a JudgedFinding)>;
    let by_id = |audit| -> ById<'_> {
        findings(audit)
            .map(|(device, app, finding)| ((device, finding.id.as_str()), (app, finding)))
            .collect()
    };
    let (saved, anew) = (by_id(saved), by_id(anew));
    let keys: BTreeSet<_> = saved.keys().chain(anew.keys()).copied().collect();
    let mut altered: Vec<CheckedFinding> = keys
        .into_iter()
        .filter_map(|key| {
            let (before, after) = (saved.get(&key), anew.get(&key));
            let risk = |side: Option<&(&AppReport, &JudgedFinding)>| {
                side.and_then(|(_, finding)| Some(finding.score.as_ref()?.risk))
            };
            let risk = (risk(before), risk(after));
            let state = match (before, after) {
                (None, _) => FindingState::Missing,
                (_, None) => FindingState::NotShown,
                _ if risk.0 != risk.1 => FindingState::OtherRisk,
                (Some((_, saved)), Some((_, anew))) if !says_same(saved, anew) => {
                    FindingState::Differs
                }
                _ => return None,
            };
            let (app, finding) = before.or(after)?;
            Some(CheckedFinding {
                device: key.0.to_owned(),
                app: app.names.clone(),
                id: key.1.to_owned(),
                rule: finding.rule.to_string(),
                state,
                risk,
            })
        })
        .collect();
    altered.sort_by_key(|finding| finding.state);
    altered
}

/// Whether two findings say the same; the order of evidence aside, which depends on ids of inputs.
fn says_same(saved: &JudgedFinding, anew: &JudgedFinding) -> bool {
    let without_evidence = |finding: &JudgedFinding| {
        let mut finding = finding.clone();
        finding.occurrences.evidence.clear();
        finding
    };
    saved.occurrences.evidence.len() == anew.occurrences.evidence.len()
        && without_evidence(saved) == without_evidence(anew)
}

fn has_same_paths(saved: &Audit, anew: &Audit) -> bool {
    let paths = |audit: &Audit| -> Vec<String> {
        let inputs = audit.inputs.iter();
        inputs.map(|input| input.path.clone()).collect()
    };
    paths(saved) == paths(anew)
}
