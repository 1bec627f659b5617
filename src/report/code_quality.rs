//! What merge requests show: `GitLab`'s code quality report, and `GitHub`'s annotations.

use std::io::{self, Write};

use serde::Serialize;

use super::alert::{Alert, alerts};
use super::presentable::Presentable;
use super::prose::Prose;
use super::{Format, Options};
use crate::model::RiskLevel;
use crate::rules::Rules;

/// Code quality report of `GitLab` (`artifacts:reports:codequality`).
pub(super) const GITLAB: Format = Format {
    name: "gitlab",
    endings: &[],
    write: write_gitlab,
};

/// Workflow commands of `GitHub` Actions: lines that its runner makes annotations of.
pub(super) const GITHUB: Format = Format {
    name: "github",
    endings: &[],
    write: write_github,
};

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u64,
}

fn write_gitlab(
    report: &Presentable,
    rules: &Rules,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let prose = Prose::new(report, rules, options);
    let issues: Vec<Issue> = counting(&prose)
        .map(|alert| issue(&prose, &alert))
        .collect();
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    writeln!(out)
}

/// What nobody has suppressed and no baseline has: these formats know no word for the rest.
fn counting<'a>(prose: &Prose<'a>) -> impl Iterator<Item = Alert<'a>> {
    alerts(prose).filter(|alert| alert.exemption.is_none())
}

fn issue(prose: &Prose<'_>, alert: &Alert<'_>) -> Issue {
    let (path, begin) = place(prose, alert);
    Issue {
        description: alert.message(prose),
        check_name: alert.finding.rule.to_string(),
        fingerprint: alert.fingerprint(),
        severity: match alert.level {
            RiskLevel::VeryHigh => "blocker",
            RiskLevel::High => "critical",
            RiskLevel::Medium => "major",
            RiskLevel::Low => "minor",
            RiskLevel::None => "info",
        },
        location: Location {
            path,
            lines: Lines { begin },
        },
    }
}

/// Input and frame; without evidence in an input, the first of the phone. Paths are those of a repository, if
/// it is known where the case lies in it.
fn place(prose: &Prose<'_>, alert: &Alert<'_>) -> (String, u64) {
    let of_phone = || {
        let mut inputs = prose.audit.inputs.iter();
        inputs.find(|input| input.device == alert.device.name)
    };
    let (input, line) = match alert.place(prose) {
        Some((evidence, input)) => (Some(input), evidence.origin.frame.max(1)),
        None => (of_phone(), 1),
    };
    let path = input.map_or(&alert.device.name, |input| &input.path);
    let in_repository = input.and_then(|input| prose.path_in_repository(input));
    (in_repository.unwrap_or_else(|| path.clone()), line)
}

fn write_github(
    report: &Presentable,
    rules: &Rules,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let prose = Prose::new(report, rules, options);
    for alert in counting(&prose) {
        let command = match alert.level {
            RiskLevel::VeryHigh | RiskLevel::High => "error",
            RiskLevel::Medium => "warning",
            RiskLevel::Low => "notice",
            RiskLevel::None => continue,
        };
        let (path, frame) = place(&prose, &alert);
        writeln!(
            out,
            "::{command} file={},line={frame},title={}::{}",
            property(&path),
            property(&prose.headline(alert.finding)),
            data(&alert.message(&prose)),
        )?;
    }
    Ok(())
}

/// The text of a workflow command (`escapeData` of actions/toolkit).
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of one (`escapeProperty`).
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_end_where_they_should() {
        assert_eq!(data("50 %\n::error::x"), "50 %25%0A::error::x");
        assert_eq!(property("a,b::c"), "a%2Cb%3A%3Ac");
    }
}
