//! Findings put together for reading: those that differ only in the recipient, and small ones that went together. Programs get
//! each finding by itself (`json.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::language::fill;
use super::prose::Prose;
use crate::model::{AppReport, Grade, JudgedFinding, Recipient, Score};
use crate::rules::Rules;

/// Recipients named at one group; the rest is counted.
const RECIPIENTS: usize = 3;
/// Severity up to which different findings that went to the same recipients are put together.
const SMALL_SEVERITY: u8 = 2;

/// Findings that are read as one: same grade, protection and score.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// One for each rule and recipient; of the first rule first.
    findings: Vec<&'a JudgedFinding>,
    /// The distinct rules, in the order of the findings.
    rules: Vec<&'a Arc<str>>,
}

/// Whether a finding may set the level of an app.
pub(super) fn is_telling(finding: &JudgedFinding, rules: &Rules) -> bool {
    let least = rules.legal().scoring.level_needs_percent;
    let score = finding.score.as_ref();
    finding.grade != Grade::Declared && score.is_some_and(|score| score.evidence_percent >= least)
}

/// Findings that may set the level, highest risk first; then the rest.
pub(super) fn groups<'a>(app: &'a AppReport, rules: &Rules) -> (Vec<Group<'a>>, Vec<Group<'a>>) {
    let folded = folded(app, rules);
    let (telling, weak): (Vec<&JudgedFinding>, Vec<&JudgedFinding>) = app
        .findings
        .iter()
        .filter(|finding| !folded.contains(&finding.id))
        .partition(|finding| is_telling(finding, rules));
    let mut telling = merge_small(by_rule(&telling, are_alike));
    telling.sort_by_key(|group| std::cmp::Reverse(group.score().map_or(0, |score| score.risk)));
    (
        telling,
        by_rule(&weak, |one, other| {
            one.is_opted_out == other.is_opted_out && one.grade == other.grade
        }),
    )
}

/// Ids of findings that a fingerprint to the same recipient names among its parts.
fn folded<'a>(app: &'a AppReport, rules: &Rules) -> BTreeSet<&'a String> {
    let mut wholes: BTreeMap<&Recipient, Vec<&JudgedFinding>> = BTreeMap::new();
    for finding in app
        .findings
        .iter()
        .filter(|finding| !finding.reasons.is_empty())
    {
        wholes.entry(&finding.recipient).or_default().push(finding);
    }
    let is_part = |part: &&JudgedFinding| {
        let is_whole = |whole: &&JudgedFinding| {
            whole.category == part.category
                && whole.reasons.contains(&part.rule)
                && is_lower(part, whole)
        };
        let is_attribute = rules
            .identifier_of_finding(&part.rule)
            .is_some_and(|rule| rule.is_fingerprint);
        is_attribute
            && wholes
                .get(&part.recipient)
                .is_some_and(|wholes| wholes.iter().any(is_whole))
    };
    app.findings
        .iter()
        .filter(is_part)
        .map(|part| &part.id)
        .collect()
}

fn is_lower(part: &JudgedFinding, whole: &JudgedFinding) -> bool {
    let risk = |finding: &JudgedFinding| finding.score.as_ref().map_or(0, |score| score.risk);
    risk(part) <= risk(whole)
}

/// Puts findings of one rule together that are alike: then they differ in nothing but the recipient.
fn by_rule<'a>(
    findings: &[&'a JudgedFinding],
    are_alike: fn(&JudgedFinding, &JudgedFinding) -> bool,
) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for finding in findings {
        let is_same = |group: &&mut Group<'a>| {
            group
                .first()
                .is_some_and(|first| first.rule == finding.rule && are_alike(first, finding))
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.findings.push(finding),
            None => groups.push(Group {
                findings: vec![finding],
                rules: vec![&finding.rule],
            }),
        }
    }
    groups
}

/// Puts small groups together that went to the same recipients.
fn merge_small(groups: Vec<Group<'_>>) -> Vec<Group<'_>> {
    let mut merged: Vec<Group<'_>> = Vec::new();
    for group in groups {
        let is_small = group
            .score()
            .is_some_and(|score| score.severity <= SMALL_SEVERITY);
        let is_same = |other: &&mut Group<'_>| {
            let alike = other
                .first()
                .zip(group.first())
                .is_some_and(|(one, other)| are_alike(one, other));
            is_small
                && alike
                && other.findings.len() == group.findings.len().saturating_mul(other.rules.len())
                && other.recipients() == group.recipients()
        };
        match merged.iter_mut().find(is_same) {
            Some(other) => {
                other.rules.extend(group.rules);
                other.findings.extend(group.findings);
            }
            None => merged.push(group),
        }
    }
    merged
}

fn are_alike(one: &JudgedFinding, other: &JudgedFinding) -> bool {
    one.grade == other.grade
        && one.protection == other.protection
        && one.is_opted_out == other.is_opted_out
        && one.category == other.category
        && one.score == other.score
}

impl<'a> Group<'a> {
    /// The finding that stands for all.
    pub(super) fn first(&self) -> Option<&'a JudgedFinding> {
        self.findings.first().copied()
    }

    /// The score that all share.
    pub(super) fn score(&self) -> Option<&'a Score> {
        self.first()?.score.as_ref()
    }

    fn recipients(&self) -> BTreeSet<&'a Recipient> {
        self.findings
            .iter()
            .map(|finding| &finding.recipient)
            .collect()
    }

    /// What was found.
    pub(super) fn title(&self, prose: &Prose<'_>) -> String {
        let Some(first) = self.first() else {
            return String::new();
        };
        if let [_] = self.rules.as_slice() {
            return prose.title(first);
        }
        let labels: Vec<String> = self.rules.iter().map(|rule| prose.rule(rule)).collect();
        prose.with_protection(first, &labels.join("; "))
    }

    /// The same where nothing else says that it was concluded.
    pub(super) fn headline(&self, prose: &Prose<'_>) -> String {
        let title = self.title(prose);
        match self.first() {
            Some(first) => prose.with_grade(first, title),
            None => title,
        }
    }

    /// Who received it, how often and how much: one line each.
    pub(super) fn recipient_lines(&self, prose: &Prose<'_>) -> Vec<String> {
        let of_first_rule: Vec<&JudgedFinding> = self
            .findings
            .iter()
            .filter(|finding| {
                self.rules
                    .first()
                    .is_some_and(|rule| finding.rule == **rule)
            })
            .copied()
            .collect();
        let line = |finding: &&JudgedFinding| {
            let amount = if self.rules.len() > 1 {
                String::new()
            } else {
                prose.amount(finding)
            };
            let recipient = prose.recipient(finding);
            let parts: Vec<&str> = [&*recipient, &*amount]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect();
            parts.join(": ")
        };
        let lines = of_first_rule
            .iter()
            .take(RECIPIENTS)
            .map(line)
            .filter(|line| !line.is_empty());
        let mut lines: Vec<String> = lines.map(|line| format!("→ {line}")).collect();
        let more = of_first_rule.len().saturating_sub(RECIPIENTS);
        if more > 0 {
            lines.push(format!(
                "  {}",
                fill(prose.texts.more, &[("count", &more.to_string())])
            ));
        }
        lines
    }

    /// Score, reasons, provisions and where to find it again: one line each.
    pub(super) fn detail_lines(&self, prose: &Prose<'_>) -> Vec<String> {
        let Some(first) = self.first() else {
            return Vec::new();
        };
        let mut lines: Vec<String> = first.score.iter().map(|score| prose.score(score)).collect();
        lines.extend(prose.reasons(self.findings.iter().copied()));
        let provisions = self.provisions(prose.rules);
        if !provisions.is_empty() {
            lines.push(format!(
                "{} {}",
                prose.texts.touches,
                prose.provisions(&provisions)
            ));
        }
        let places: Vec<String> = prose
            .first_evidence(first)
            .into_iter()
            .map(|evidence| prose.evidence(evidence))
            .collect();
        if !places.is_empty() {
            lines.push(format!("{} {}", prose.texts.example, places.join("; ")));
        }
        lines
    }

    /// All in one line, for findings that weigh little.
    pub(super) fn short_line(&self, prose: &Prose<'_>) -> String {
        let Some(first) = self.first() else {
            return String::new();
        };
        let recipients: Vec<String> = self
            .findings
            .iter()
            .take(RECIPIENTS)
            .map(|finding| prose.recipient(finding))
            .filter(|recipient| !recipient.is_empty())
            .collect();
        let mut line = if first.is_opted_out {
            format!("{}: {}", prose.rule(&first.rule), prose.texts.opted_out)
        } else {
            let grade = prose.language.grade(first.grade);
            format!("{} ({grade})", prose.title(first))
        };
        if !recipients.is_empty() {
            line = format!("{line} → {}", recipients.join("; "));
        }
        let more = self.findings.len().saturating_sub(RECIPIENTS);
        if more > 0 {
            line = format!(
                "{line} {}",
                fill(prose.texts.more, &[("count", &more.to_string())])
            );
        }
        line
    }

    fn provisions(&self, rules: &Rules) -> Vec<Arc<str>> {
        let touched: BTreeSet<&Arc<str>> = self
            .findings
            .iter()
            .flat_map(|finding| &finding.provisions)
            .collect();
        let provisions = rules
            .legal()
            .provisions
            .iter()
            .map(|provision| &provision.id);
        provisions
            .filter(|id| touched.contains(id))
            .cloned()
            .collect()
    }
}
