//! What the user asks of an audit in continuous integration, and what is said if it does not pass.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use phonehome::gate::{self, Date, Gate, Verdict};
use phonehome::model::{RiskLevel, Timestamp};
use phonehome::report::{self, Presentable};
use phonehome::rules::Rules;
use phonehome::{Error, Result};

use super::Status;
use super::compare::saved;
use super::talk::say;
use crate::cli::{FailOn, GateOptions, TalkOptions};

/// Failing findings that are named on standard error; the reports have all.
const NAMED: usize = 10;

/// What the flags ask for, with the baseline.
pub(super) fn read(options: &GateOptions) -> Result<Gate> {
    let baseline = match &options.baseline {
        Some(path) => {
            let (old, _) = saved(path)?;
            Some(gate::baseline(old.audit()))
        }
        None => None,
    };
    Ok(Gate {
        fail_on: options.fail_on.level(),
        fails_on_forbidden: options.fail_on_forbidden,
        min_evidence: options.min_evidence,
        min_coverage: options.min_coverage,
        suppressions: Vec::new(),
        baseline,
    })
}

/// Adds the suppressions of the file that the user named, else of the case.
pub(super) fn add_suppressions(
    gate: &mut Gate,
    options: &GateOptions,
    of_case: Option<&Path>,
    rules: &Rules,
) -> Result<()> {
    let Some(path) = options.suppressions.as_deref().or(of_case) else {
        return Ok(());
    };
    gate.suppressions = gate::read_suppressions(path)?;
    for suppression in &gate.suppressions {
        let Some(rule) = &suppression.rule else {
            continue;
        };
        if rules.describe(rule).is_none() {
            let similar = report::similar_rules(rules, rule);
            let similar = similar.iter().find(|id| rules.describe(id).is_some());
            let meant = similar.map_or_else(String::new, |id| format!("; did you mean `{id}`?"));
            return Err(Error::Policy {
                path: path.to_owned(),
                reason: format!(
                    "line {}: there is no rule `{rule}`{meant}",
                    suppression.line
                ),
            });
        }
    }
    Ok(())
}

/// What comes out for a report.
pub(super) fn verdict(gate: &Gate, report: &Presentable, rules: &Rules) -> Verdict {
    let least = rules.legal().scoring.level_needs_percent;
    gate.judge(report.audit(), least, today())
}

/// Says why a report does not pass, if it does not.
pub(super) fn announce(gate: &Gate, verdict: &Verdict, talk: TalkOptions) -> Status {
    let about = |position: &usize| {
        let suppression = gate.suppressions.get(*position);
        report::safe(&suppression.map_or_else(String::new, gate::Suppression::about))
    };
    for position in &verdict.expired {
        say(&format!(
            "gate: a suppression has expired: {}",
            about(position)
        ));
    }
    if let (Some(readable), Some(least)) = (verdict.low_coverage, gate.min_coverage) {
        say(&format!(
            "gate: {readable} % of bytes could be read, --min-coverage asks for {least} %"
        ));
    }
    if !talk.quiet {
        for (device, app) in verdict.forbidden.iter().take(NAMED) {
            let (device, app) = (report::safe(device), report::safe(app));
            say(&format!("gate: {device} › {app} is forbidden"));
        }
        if let Some(more) = verdict
            .forbidden
            .len()
            .checked_sub(NAMED)
            .filter(|more| *more > 0)
        {
            say(&format!("gate: and {more} more forbidden apps"));
        }
        for failing in verdict.failing.iter().take(NAMED) {
            say(&format!(
                "gate: {} › {}: {} ({})",
                failing.device, failing.app, failing.rule, failing.id
            ));
        }
        if let Some(more) = verdict
            .failing
            .len()
            .checked_sub(NAMED)
            .filter(|more| *more > 0)
        {
            say(&format!("gate: and {more} more"));
        }
        for position in &verdict.unused {
            say(&format!(
                "note: a suppression fits no finding that counts: {}",
                about(position)
            ));
        }
        let taken = [
            (verdict.suppressed, "suppressed"),
            (verdict.known, "known from the baseline"),
        ];
        for (count, what) in taken.iter().filter(|(count, _)| *count > 0) {
            let findings = if *count == 1 {
                "finding does"
            } else {
                "findings do"
            };
            say(&format!("note: {count} {findings} not count: {what}"));
        }
    }
    if verdict.passes() {
        Status::Done
    } else {
        Status::Risk
    }
}

/// The day in UTC: suppressions end with it, so it is asked for here and nowhere in a report.
fn today() -> Date {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.map_or(0, |time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    let text = Timestamp::from_parts(seconds, 0).to_string();
    let part = |from, to| text.get(from..to).and_then(|digits| digits.parse().ok());
    let small = |from, to| part(from, to).and_then(|number: u16| u8::try_from(number).ok());
    (
        part(0, 4).unwrap_or_default(),
        small(5, 7).unwrap_or_default(),
        small(8, 10).unwrap_or_default(),
    )
}

impl FailOn {
    pub(super) fn level(self) -> Option<RiskLevel> {
        match self {
            Self::Never => None,
            Self::Low => Some(RiskLevel::Low),
            Self::Medium => Some(RiskLevel::Medium),
            Self::High => Some(RiskLevel::High),
            Self::VeryHigh => Some(RiskLevel::VeryHigh),
        }
    }
}
