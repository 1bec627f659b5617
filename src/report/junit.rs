//! `JUnit` XML, as Jenkins, GitLab and most others read it: a test suite per app and phone, a test case per weighed finding. A case
//! fails if its finding is at or above the level asked for.
//!
//! Keeps to the strictest of the schemas in use (Windyroad's for Apache Ant): all attributes are there, and those that would be
//! about the machine say nothing of it.

use std::io::{self, Write};

use quick_xml::escape::escape;

use super::alert::{Alert, alerts_of};
use super::presentable::Presentable;
use super::prose::Prose;
use super::{Format, Options};
use crate::model::Timestamp;
use crate::rules::Rules;

/// `JUnit`.
pub(super) const FORMAT: Format = Format {
    name: "junit",
    endings: &["xml"],
    write,
};

fn write(
    report: &Presentable,
    rules: &Rules,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let prose = Prose::new(report, rules, options);
    writeln!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>"
    )?;
    let ends = prose.audit.inputs.iter().filter_map(|input| input.period);
    let time = second(ends.map(|(_, last)| last).max().unwrap_or_default());
    let properties = if report.shows_values() {
        let words = attribute(prose.texts.confidential);
        format!("<properties><property name=\"confidential\" value=\"{words}\"/></properties>")
    } else {
        "<properties/>".to_owned()
    };
    let mut id = 0_usize;
    for device in &prose.audit.devices {
        for app in &device.apps {
            let alerts: Vec<Alert<'_>> = alerts_of(&prose, device, app).collect();
            let name = attribute(&format!("{} › {}", device.name, prose.app(app)));
            let package = attribute(app.id.as_ref().map_or("", |id| id.as_str()));
            let failures = alerts
                .iter()
                .filter(|alert| is_failure(alert, options))
                .count();
            let skipped = alerts
                .iter()
                .filter(|alert| alert.exemption.is_some())
                .count();
            writeln!(
                out,
                "  <testsuite id=\"{id}\" name=\"{name}\" package=\"{package}\" timestamp=\"{time}\" hostname=\"localhost\" \
                 tests=\"{}\" failures=\"{failures}\" skipped=\"{skipped}\" errors=\"0\" time=\"0\">\n    {properties}",
                alerts.len()
            )?;
            for alert in &alerts {
                write_case(&prose, alert, options, out)?;
            }
            writeln!(out, "    <system-out/>\n    <system-err/>\n  </testsuite>")?;
            id = id.saturating_add(1);
        }
    }
    writeln!(out, "</testsuites>")
}

fn is_failure(alert: &Alert<'_>, options: Options) -> bool {
    alert.level >= options.level && alert.exemption.is_none()
}

fn write_case(
    prose: &Prose<'_>,
    alert: &Alert<'_>,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let finding = alert.finding;
    let recipient = prose.recipient(finding);
    let title = prose.headline(finding);
    let name = if recipient.is_empty() {
        format!("{title} [{}]", finding.id)
    } else {
        format!("{title} → {recipient} [{}]", finding.id)
    };
    let class = format!("{}.{}", alert.device.name, finding.rule);
    write!(
        out,
        "    <testcase name=\"{}\" classname=\"{}\" time=\"0\"",
        attribute(&name),
        attribute(&class)
    )?;
    if let Some(exemption) = alert.exemption {
        let why = attribute(&prose.exemption(exemption));
        return writeln!(
            out,
            ">\n      <skipped message=\"{why}\"/>\n    </testcase>"
        );
    }
    if !is_failure(alert, options) {
        return writeln!(out, "/>");
    }
    let mut lines = vec![prose.score(alert.score)];
    if !finding.provisions.is_empty() {
        let touched = prose.provisions(&finding.provisions);
        lines.push(format!("{} {touched}", prose.texts.touches));
    }
    let evidence = finding.occurrences.evidence.iter();
    lines.extend(evidence.map(|evidence| prose.evidence(evidence)));
    writeln!(
        out,
        ">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
        alert.score.level.as_str(),
        attribute(&alert.message(prose)),
        attribute(&lines.join("\n")).replace("&#10;", "\n"),
    )
}

/// Text inside XML. Control characters are gone already; two more characters are none of XML 1.0.
fn attribute(text: &str) -> String {
    escape(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// `xs:dateTime` without zone, as the schema wants it.
fn second(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(..19).unwrap_or(&text).to_owned()
}
