//! Whether a saved report says what its inputs show: compares it with a new audit of them.
//!
//! The inputs are known by their SHA-256, evidence by rule, input, frame, server, place, path, decode chain and value. What makes
//! a report not hold is told apart: other inputs, other rules or tool, or a report that says what was never found.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Audit, Evidence, InputId, JudgedFinding, Sensitive};

/// How an input compares with what the report says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputState {
    /// The same bytes under the same name.
    Same,
    /// The same bytes under another name.
    Renamed,
    /// There is a file of that name with other bytes.
    Changed,
    /// It was not given.
    Missing,
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
            Self::Unhashed => "no-checksum",
        }
    }
}

/// How a piece of evidence compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EvidenceState {
    /// Found again, with the same value.
    Holds,
    /// Its input is not the one of the report.
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
            Self::OtherInput => "other-input",
            Self::NotFound => "not-found",
            Self::OtherValue => "other-value",
        }
    }
}

/// What is to be thought of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything in it is found again.
    Holds,
    /// All evidence is found again; what follows from it was judged by other rules or another version.
    EvidenceHolds,
    /// Inputs are missing or have other bytes.
    OtherInputs,
    /// Not all is found again, and rules, tool or options are others.
    OtherRules,
    /// Inputs, rules, tool and options are the same, and the report says something else.
    Altered,
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
        }
    }

    /// Whether the evidence may be relied on.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Holds | Self::EvidenceHolds)
    }
}

/// An input of the report.
#[derive(Debug, PartialEq, Eq)]
pub struct CheckedInput {
    /// Path in the report.
    pub path: String,
    /// How it compares.
    pub state: InputState,
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
    /// Inputs of the report.
    pub inputs: Vec<CheckedInput>,
    /// Evidence of the report, in its order.
    pub evidence: Vec<CheckedEvidence>,
    /// Findings (phone and id) that say something else than the inputs show, or are missing on one side; only where inputs, tool,
    /// rules and options are the same.
    pub altered: Vec<(String, String)>,
    /// Places in the report at which its inputs give something else; only where [`Self::altered`] is looked for.
    pub differences: Vec<String>,
}

impl Verification {
    /// Pieces of evidence that hold.
    pub fn holding(&self) -> usize {
        let holds = |piece: &&CheckedEvidence| piece.state == EvidenceState::Holds;
        self.evidence.iter().filter(holds).count()
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

/// Compares a saved report with a new audit; both as they may be shown, with or without values alike. `differences` are places at
/// which they differ as they are written.
pub fn verify(saved: &Audit, anew: &Audit, differences: Vec<String>) -> Verification {
    let inputs = inputs(saved, anew);
    let mut there: BTreeMap<Place<'_>, BTreeSet<Option<&str>>> = BTreeMap::new();
    for (_, finding) in findings(anew) {
        for evidence in &finding.occurrences.evidence {
            let value = evidence.value.as_ref().map(Sensitive::reveal);
            let place = place(&finding.rule, evidence.origin.input, evidence);
            there.entry(place).or_default().insert(value);
        }
    }
    let mut labels = Labels::default();
    let mut evidence = Vec::new();
    for (device, finding) in findings(saved) {
        for piece in &finding.occurrences.evidence {
            let input = inputs.get(&piece.origin.input);
            let state = match input {
                Some((
                    _,
                    InputState::Same | InputState::Renamed | InputState::Unhashed,
                    Some(anew),
                )) => {
                    let found = there.get(&place(&finding.rule, *anew, piece));
                    let label = piece.value.as_ref().map(Sensitive::reveal);
                    found.map_or(EvidenceState::NotFound, |values| {
                        labels.compare(label, values)
                    })
                }
                _ => EvidenceState::OtherInput,
            };
            evidence.push(CheckedEvidence {
                device: device.to_owned(),
                finding: finding.id.clone(),
                rule: finding.rule.to_string(),
                input: input.map_or_else(String::new, |(path, ..)| (*path).to_owned()),
                frame: piece.origin.frame,
                state,
            });
        }
    }
    let same_tool = saved.tool_version == anew.tool_version;
    let same_rules = saved.rules_sha256 == anew.rules_sha256;
    let same_options = saved.options == anew.options;
    let is_other = |state: InputState| matches!(state, InputState::Changed | InputState::Missing);
    let same_inputs = !inputs.values().any(|(_, state, _)| is_other(*state))
        && saved.inputs.len() == anew.inputs.len();
    let is_comparable = same_tool && same_rules && same_options && same_inputs;
    // Inputs may have been given under other paths, which stand in many places.
    let (altered, differences) = match is_comparable {
        true if has_same_paths(saved, anew) => (altered(saved, anew), differences),
        true => (altered(saved, anew), Vec::new()),
        false => (Vec::new(), Vec::new()),
    };
    let holds = evidence
        .iter()
        .all(|piece| piece.state == EvidenceState::Holds);
    let verdict = if !same_inputs {
        Verdict::OtherInputs
    } else if is_comparable {
        if holds
            && altered.is_empty()
            && differences.is_empty()
            && saved.devices.len() == anew.devices.len()
        {
            Verdict::Holds
        } else {
            Verdict::Altered
        }
    } else if holds {
        Verdict::EvidenceHolds
    } else {
        Verdict::OtherRules
    };
    Verification {
        verdict,
        same_tool,
        same_rules,
        same_options,
        inputs: inputs
            .into_values()
            .map(|(path, state, _)| CheckedInput {
                path: path.to_owned(),
                state,
            })
            .collect(),
        evidence,
        altered,
        differences,
    }
}

fn findings(audit: &Audit) -> impl Iterator<Item = (&str, &JudgedFinding)> {
    let devices = audit.devices.iter();
    devices.flat_map(|device| {
        let findings = device.apps.iter().flat_map(|app| &app.findings);
        findings.map(|finding| (device.name.as_str(), finding))
    })
}

/// Each input of the report: its path, how it compares, and which input of the new audit it is.
type Inputs<'a> = BTreeMap<InputId, (&'a str, InputState, Option<InputId>)>;

fn inputs<'a>(saved: &'a Audit, anew: &Audit) -> Inputs<'a> {
    let mut taken = BTreeSet::new();
    let mut states = Inputs::new();
    for input in &saved.inputs {
        // The same path first, for copies of one file; then the same bytes under any path.
        let is_same = |other: &&crate::model::InputReport| other.sha256 == input.sha256;
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
            None if by_path.is_some() => (InputState::Changed, None),
            None => (InputState::Missing, None),
        };
        taken.extend(found);
        states.insert(input.id, (input.path.as_str(), state, found));
    }
    states
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
fn altered(saved: &Audit, anew: &Audit) -> Vec<(String, String)> {
    let by_id = |audit| -> BTreeMap<(String, String), &JudgedFinding> {
        let findings = findings(audit);
        findings
            .map(|(device, finding)| ((device.to_owned(), finding.id.clone()), finding))
            .collect()
    };
    let (saved, anew) = (by_id(saved), by_id(anew));
    let keys: BTreeSet<_> = saved.keys().chain(anew.keys()).collect();
    keys.into_iter()
        .filter(|key| {
            !matches!((saved.get(*key), anew.get(*key)), (Some(saved), Some(anew)) if says_same(saved, anew))
        })
        .cloned()
        .collect()
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
