//! The report as Markdown (`CommonMark` with tables of GitHub's dialect): for tickets, wikis and pull requests.

use std::io::{self, Write};

use super::language::fill;
use super::merged::{self, MergedApp, MergedFinding};
use super::presentable::Presentable;
use super::prose::Prose;
use super::{Format, Options, chain, portrait, remedy};
use crate::model::{AppReport, Grade};
use crate::rules::Rules;

/// The Markdown report.
pub(super) const FORMAT: Format = Format {
    name: "markdown",
    endings: &["md"],
    write,
};

/// Apps with a part of their own.
const APPS: usize = 400;
/// Findings of one app.
const FINDINGS: usize = 50;
/// Measures of one app.
const REMEDIES: usize = 5;
/// Names in one sentence; the rest is counted.
const NAMES: usize = 12;
/// Questions and lines of coverage.
const LINES: usize = 200;

/// Text in which nothing is markup: everything that could begin some is escaped, and a line stays one line.
fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            // GitHub's dialect makes links of bare addresses, and mentions of names.
            ':' => shown.push_str("&#58;"),
            '@' => shown.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '-' | '.'
            | '!' | '|' | '~' | '=' | '$' | '"' | '\'' => {
                shown.push('\\');
                shown.push(character);
            }
            other if other.is_control() => shown.push('\u{fffd}'),
            other => shown.push(other),
        }
    }
    shown
}

fn write(
    report: &Presentable,
    rules: &Rules,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let prose = Prose::new(report, rules, options);
    let apps = merged::apps(&prose);
    let texts = prose.texts;
    let case = match prose.audit.case.as_str() {
        "-" => texts.standard_input,
        case => case,
    };
    writeln!(out, "# {}: {}\n", plain(texts.title), plain(case))?;
    if report.shows_values {
        writeln!(out, "**{}**\n", plain(texts.confidential))?;
    }
    overview(&prose, &apps, out)?;
    for app in apps.iter().filter(|app| app.is_shown).take(APPS) {
        app_part(&prose, app, out)?;
    }
    list(texts.questions, &prose.questions(), texts.more, out)?;
    let language = prose.language;
    let measures: Vec<String> = merged::measures(&prose, &apps)
        .into_iter()
        .map(|(measure, _)| measure)
        .collect();
    let title = language.pick("Measures to consider", "Maßnahmen, die zu erwägen sind");
    list(title, &measures, texts.more, out)?;
    let shortfalls = prose.shortfalls();
    if shortfalls.is_empty() {
        writeln!(out, "## {}\n", plain(texts.coverage))?;
        writeln!(out, "{}\n", plain(texts.coverage_complete))?;
    } else {
        list(texts.coverage, &shortfalls, texts.more, out)?;
    }
    for line in chain::of_phones(&prose) {
        writeln!(out, "{}\n", plain(&line))?;
    }
    if let Some(line) = prose.readable() {
        writeln!(out, "{}\n", plain(&line))?;
    }
    writeln!(out, "{}\n", plain(texts.not_clean))?;
    writeln!(out, "## {}\n", plain(texts.reading))?;
    for line in prose.reading(report.shows_values) {
        writeln!(out, "{}\n", plain(&line))?;
    }
    Ok(())
}

fn head(columns: &[&str], out: &mut dyn Write) -> io::Result<()> {
    let columns: Vec<String> = columns.iter().map(|column| plain(column)).collect();
    writeln!(out, "| {} |", columns.join(" | "))?;
    writeln!(out, "|{}", " --- |".repeat(columns.len()))
}

fn row(cells: &[String], out: &mut dyn Write) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
    writeln!(out, "| {} |", cells.join(" | "))
}

fn level(prose: &Prose<'_>, app: &MergedApp<'_>) -> String {
    let words = prose.language.level(app.level);
    if app.risk == 0 {
        words.to_owned()
    } else {
        format!("{} {words}", app.risk)
    }
}

fn overview(prose: &Prose<'_>, apps: &[MergedApp<'_>], out: &mut dyn Write) -> io::Result<()> {
    let texts = prose.texts;
    writeln!(out, "## {}\n", plain(texts.overview))?;
    if !apps.iter().any(|app| app.is_shown) {
        return writeln!(out, "{}\n", plain(texts.no_apps));
    }
    let phones = prose.language.pick("Phones", "Telefone");
    let findings = prose.language.pick("Findings", "Befunde");
    head(
        &[texts.column_app, texts.column_risk, findings, phones],
        out,
    )?;
    for app in apps.iter().filter(|app| app.is_shown).take(APPS) {
        let cells = [
            app.name.clone(),
            level(prose, app),
            app.findings.len().to_string(),
            app.reports.len().to_string(),
        ];
        row(&cells, out)?;
    }
    writeln!(out)
}

fn app_part(prose: &Prose<'_>, app: &MergedApp<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (texts, language) = (prose.texts, prose.language);
    writeln!(
        out,
        "## {} – {}\n",
        plain(&app.name),
        plain(&level(prose, app))
    )?;
    if app.findings.is_empty() {
        return writeln!(out, "{}\n", plain(texts.no_findings));
    }
    for line in app
        .reports
        .iter()
        .take(1)
        .flat_map(|(_, report)| portrait::standing(prose, report))
    {
        writeln!(out, "* {}", plain(&line))?;
    }
    writeln!(out)?;
    let columns = [
        texts.column_risk,
        language.pick("Finding", "Befund"),
        language.pick("How known", "Wie bekannt"),
        texts.column_recipients,
        language.pick("How often", "Wie oft"),
        language.pick("Evidence", "Beleg"),
    ];
    head(&columns, out)?;
    for merged in app.findings.iter().take(FINDINGS) {
        row(&finding(prose, merged), out)?;
    }
    writeln!(out)?;
    let more = app.findings.len().saturating_sub(FINDINGS);
    if more > 0 {
        let words = fill(texts.more, &[("count", &more.to_string())]);
        writeln!(out, "{}\n", plain(&words))?;
    }
    let reports: Vec<&AppReport> = app.reports.iter().map(|(_, report)| *report).collect();
    for (title, lines) in portrait::parts(prose, &reports, NAMES) {
        writeln!(out, "{}\n", plain(title))?;
        for line in lines {
            writeln!(out, "* {}", plain(&line))?;
        }
        writeln!(out)?;
    }
    for report in reports.into_iter().take(1) {
        let provisions = prose.provisions(&report.provisions);
        if !provisions.is_empty() {
            writeln!(out, "{} {}", plain(texts.touches), plain(&provisions))?;
        }
    }
    let worst = app
        .reports
        .iter()
        .find(|(_, report)| report.risk == app.risk);
    if let Some((device, report)) = worst {
        if let Some(screening) = prose.screening(report) {
            writeln!(out, "\n{}", plain(&screening))?;
        }
        let remedies = remedy::of_app(prose, device, report);
        if !remedies.is_empty() {
            writeln!(out, "\n{}\n", plain(texts.remedies))?;
        }
        for one in remedies.iter().take(REMEDIES) {
            writeln!(out, "* {}", plain(&one.line(prose)))?;
        }
    }
    writeln!(out)
}

fn finding(prose: &Prose<'_>, merged: &MergedFinding<'_>) -> [String; 6] {
    let finding = merged.finding;
    let risk = match merged.risk() {
        0 => "–".to_owned(),
        risk => risk.to_string(),
    };
    let places = prose.first_evidence(finding);
    let places: Vec<String> = places
        .into_iter()
        .map(|place| prose.evidence(place))
        .collect();
    [
        risk,
        prose.title(finding),
        prose.language.grade(finding.grade).to_owned(),
        prose.recipient(finding),
        merged.amount(prose),
        if finding.grade == Grade::Declared {
            String::new()
        } else {
            places.join("; ")
        },
    ]
}

fn list(title: &str, lines: &[String], more: &str, out: &mut dyn Write) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "## {}\n", plain(title))?;
    for line in lines.iter().take(LINES) {
        writeln!(out, "* {}", plain(line))?;
    }
    let left = lines.len().saturating_sub(LINES);
    if left > 0 {
        writeln!(
            out,
            "* {}",
            plain(&fill(more, &[("count", &left.to_string())]))
        )?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_captured_is_markup() {
        assert_eq!(plain("a|b `c` <b>"), "a\\|b \\`c\\` &lt;b&gt;");
        assert_eq!(
            plain("[x](https://a.example)"),
            "\\[x\\]\\(https&#58;//a\\.example\\)"
        );
        assert_eq!(plain("@all\n# x"), "&#64;all\u{fffd}\\# x");
    }

    proptest! {
        #[test]
        fn a_cell_stays_one_cell(text in any::<String>()) {
            let shown = plain(&text);
            prop_assert!(!shown.contains(['\n', '\r', '<', '@']));
            let bare = shown.replace("\\\\", "").replace("\\|", "").replace("\\`", "");
            prop_assert!(!bare.contains(['|', '`']));
        }
    }
}
