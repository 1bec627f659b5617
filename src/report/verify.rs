//! What a verification found, as text or JSON.

mod difference;

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;

pub use self::difference::{differences, stated_level};
use super::diff::write_wrapped;
use super::language::fill;
use super::{Language, Options};
use crate::limits::EVIDENCE_PER_FINDING;
use crate::verify::{
    CheckedFinding, CheckedInput, Contradiction, Difference, EvidenceState, FindingState,
    InputState, Statement, Verdict, Verification,
};

/// Differences that are named; the rest is counted.
const NAMED: usize = 20;

/// Letters of a checksum that tell two apart for people; JSON has all.
const SHOWN_CHECKSUM: usize = 12;

/// Formats of a verification.
pub const VERIFY_FORMATS: [&str; 2] = ["table", "json"];

#[derive(Serialize)]
struct VerificationView<'a> {
    format: &'static str,
    schema_version: u32,
    verdict: &'static str,
    same_tool: bool,
    same_rules: bool,
    same_options: bool,
    holding: usize,
    inputs: Vec<InputView<'a>>,
    evidence: Vec<EvidenceView<'a>>,
    /// Findings that the inputs show and the report does not have.
    missing: usize,
    /// Findings that are not the same in both.
    findings: Vec<FindingView<'a>>,
    contradictions: Vec<ContradictionView<'a>>,
    differences: Vec<DifferenceView<'a>>,
}

#[derive(Serialize)]
struct InputView<'a> {
    path: &'a str,
    state: &'static str,
    /// Path as given, where that is another one.
    given: Option<&'a str>,
    /// In the report and of the file, where they differ.
    sha256: Option<[&'a str; 2]>,
}

#[derive(Serialize)]
struct EvidenceView<'a> {
    device: &'a str,
    finding: &'a str,
    rule: &'a str,
    input: &'a str,
    frame: u64,
    state: &'static str,
}

#[derive(Serialize)]
struct FindingView<'a> {
    device: &'a str,
    app: &'a [String],
    finding: &'a str,
    rule: &'a str,
    state: &'static str,
    /// In the report and by the inputs.
    risk: [Option<u8>; 2],
}

#[derive(Serialize)]
struct ContradictionView<'a> {
    device: &'a str,
    app: &'a [String],
    finding: Option<&'a str>,
    statement: &'static str,
    stated: &'a str,
    implied: &'a str,
}

#[derive(Serialize)]
struct DifferenceView<'a> {
    /// RFC 6901.
    place: &'a str,
    words: &'a str,
    report: Option<&'a str>,
    inputs: Option<&'a str>,
}

/// Writes a verification in one of [`VERIFY_FORMATS`].
pub fn write_verification(
    found: &Verification,
    format: &str,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    if format != "json" {
        return write_text(found, options, out);
    }
    serde_json::to_writer_pretty(&mut *out, &VerificationView::of(found))?;
    writeln!(out)
}

impl<'a> VerificationView<'a> {
    fn of(found: &'a Verification) -> Self {
        let inputs = found.inputs.iter().map(|input| InputView {
            path: &input.path,
            state: input.state.as_str(),
            given: input.given.as_deref(),
            sha256: input
                .sha256
                .as_ref()
                .map(|(report, file)| [&**report, &**file]),
        });
        let evidence = found.evidence.iter().map(|piece| EvidenceView {
            device: &piece.device,
            finding: &piece.finding,
            rule: &piece.rule,
            input: &piece.input,
            frame: piece.frame,
            state: piece.state.as_str(),
        });
        let findings = found.findings.iter().map(|finding| FindingView {
            device: &finding.device,
            app: &finding.app,
            finding: &finding.id,
            rule: &finding.rule,
            state: finding.state.as_str(),
            risk: [finding.risk.0, finding.risk.1],
        });
        let contradictions = found.contradictions.iter().map(|one| ContradictionView {
            device: &one.device,
            app: &one.app,
            finding: one.finding.as_ref().map(|(_, id)| &**id),
            statement: one.statement.as_str(),
            stated: &one.stated,
            implied: &one.implied,
        });
        let differences = found.differences.iter().map(|one| DifferenceView {
            place: &one.place,
            words: &one.words,
            report: one.report.as_deref(),
            inputs: one.inputs.as_deref(),
        });
        Self {
            format: "phonehome-verification",
            schema_version: 2,
            verdict: found.verdict.as_str(),
            same_tool: found.same_tool,
            same_rules: found.same_rules,
            same_options: found.same_options,
            holding: found.holding(),
            inputs: inputs.collect(),
            evidence: evidence.collect(),
            missing: of_state(found, FindingState::Missing).count(),
            findings: findings.collect(),
            contradictions: contradictions.collect(),
            differences: differences.collect(),
        }
    }
}

fn of_state(found: &Verification, state: FindingState) -> impl Iterator<Item = &CheckedFinding> {
    let findings = found.findings.iter();
    findings.filter(move |finding| finding.state == state)
}

fn write_text(found: &Verification, options: Options, out: &mut dyn Write) -> io::Result<()> {
    let (language, width) = (options.language, usize::from(options.width));
    write_wrapped(verdict(language, found.verdict), "", width, out)?;
    let percent = found
        .holding()
        .saturating_mul(100)
        .checked_div(found.evidence.len())
        .unwrap_or(100);
    let sum = format!(
        "{} {} / {} ({percent} %)",
        language.pick("Evidence found again:", "Wiedergefundene Belege:"),
        found.holding(),
        found.evidence.len()
    );
    write_wrapped(&sum, "", width, out)?;
    let limit = fill(
        language.pick(
            "Of each finding a report keeps up to {count} pieces of evidence; further ones are counted in it, and not checked one by one.",
            "Von jedem Befund behält ein Bericht bis zu {count} Belege; weitere sind darin gezählt und werden nicht einzeln geprüft.",
        ),
        &[("count", &EVIDENCE_PER_FINDING.to_string())],
    );
    write_wrapped(&limit, "", width, out)?;
    let others = [
        (
            found.same_tool,
            "The report is of another version of phonehome.",
            "Der Bericht ist von einer anderen Version von phonehome.",
        ),
        (
            found.same_rules,
            "The report was made with other rules.",
            "Der Bericht wurde mit anderen Regeln gemacht.",
        ),
        (
            found.same_options,
            "The report was made with other options, or with another phonehome.toml.",
            "Der Bericht wurde mit anderen Optionen oder mit einer anderen phonehome.toml gemacht.",
        ),
    ];
    for (_, english, german) in others.iter().filter(|(is_same, ..)| !is_same) {
        write_wrapped(language.pick(english, german), "", width, out)?;
    }
    for one in found.contradictions.iter().take(NAMED) {
        write_wrapped(&contradiction(language, one), "! ", width, out)?;
    }
    more(language, found.contradictions.len(), ("! ", width), out)?;
    for input in found
        .inputs
        .iter()
        .filter(|input| input.state != InputState::Same)
    {
        let line = format!("{}: {}", input.path, input_state(language, input));
        write_wrapped(&line, "! ", width, out)?;
        if let Some(line) = tried(language, found, input) {
            write_wrapped(&line, "  ", width, out)?;
        }
    }
    write_evidence(found, language, width, out)?;
    write_findings(found, language, width, out)?;
    for one in found.differences.iter().take(NAMED) {
        let line = difference(language, one);
        write_wrapped(&line, "~ ", width, out)?;
    }
    more(language, found.differences.len(), ("~ ", width), out)
}

/// How many further lines there would be.
fn more(
    language: Language,
    count: usize,
    (sign, width): (&str, usize),
    out: &mut dyn Write,
) -> io::Result<()> {
    let more = count.saturating_sub(NAMED);
    if more == 0 {
        return Ok(());
    }
    let words = language.pick("and {count} more", "und {count} weitere");
    let words = fill(words, &[("count", &more.to_string())]);
    write_wrapped(&words, sign, width, out)
}

/// What became of the evidence of an input that has another checksum.
fn tried(language: Language, found: &Verification, input: &CheckedInput) -> Option<String> {
    if input.state != InputState::Changed {
        return None;
    }
    let pieces = found.evidence.iter();
    let pieces = pieces.filter(|piece| piece.input == input.path);
    let all = pieces.clone().count();
    let holding = pieces.filter(|piece| piece.state == EvidenceState::HoldsElsewhere);
    let holding = holding.count();
    let words = if all == 0 {
        return None;
    } else if holding == all {
        language.pick(
            "All {all} pieces of its evidence are in this file all the same: a part of it without evidence was changed, or the checksum in the report.",
            "Alle {all} Belege daraus stehen trotzdem in dieser Datei: Geändert wurde ein Teil von ihr ohne Beleg oder die Prüfsumme im Bericht.",
        )
    } else {
        language.pick(
            "Of {all} pieces of its evidence {holding} are in this file all the same.",
            "Von {all} Belegen daraus stehen {holding} trotzdem in dieser Datei.",
        )
    };
    let (all, holding) = (all.to_string(), holding.to_string());
    Some(fill(words, &[("all", &all), ("holding", &holding)]))
}

/// Evidence that does not hold, each place once for a finding.
fn write_evidence(
    found: &Verification,
    language: Language,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut said = BTreeSet::new();
    for piece in &found.evidence {
        let is_told = matches!(
            piece.state,
            EvidenceState::Holds | EvidenceState::HoldsElsewhere
        );
        let is_new = said.insert((&piece.finding, &piece.input, piece.frame, piece.state));
        if is_told || !is_new {
            continue;
        }
        let line = format!(
            "{} {} ({}), {}, {} {}: {}",
            piece.device,
            piece.rule,
            piece.finding,
            piece.input,
            language.pick("frame", "Rahmen"),
            piece.frame,
            evidence_state(language, piece.state)
        );
        write_wrapped(&line, "- ", width, out)?;
    }
    Ok(())
}

/// Findings that are not the same in both, and why that may be.
fn write_findings(
    found: &Verification,
    language: Language,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    for state in FindingState::ALL {
        let count = of_state(found, state).count();
        if count == 0 {
            continue;
        }
        let mut line = fill(
            findings_of(language, state, count == 1),
            &[("count", &count.to_string())],
        );
        if !found.is_comparable() {
            line.push_str(language.pick(
                " Other rules, another version or other options may explain that.",
                " Andere Regeln, eine andere Version oder andere Optionen können das erklären.",
            ));
        }
        write_wrapped(&line, "~ ", width, out)?;
        for finding in of_state(found, state).take(NAMED) {
            let line = finding_line(language, finding);
            write_wrapped(&line, "    ", width, out)?;
        }
        more(language, count, ("    ", width), out)?;
    }
    Ok(())
}

fn findings_of(language: Language, state: FindingState, is_one: bool) -> &'static str {
    let (one, several) = match state {
        FindingState::Missing => (
            (
                "1 finding that the inputs show is missing in the report.",
                "1 Befund, den die Eingaben zeigen, fehlt im Bericht.",
            ),
            (
                "{count} findings that the inputs show are missing in the report.",
                "{count} Befunde, die die Eingaben zeigen, fehlen im Bericht.",
            ),
        ),
        FindingState::NotShown => (
            (
                "1 finding of the report is not in the inputs.",
                "1 Befund des Berichts zeigen die Eingaben nicht.",
            ),
            (
                "{count} findings of the report are not in the inputs.",
                "{count} Befunde des Berichts zeigen die Eingaben nicht.",
            ),
        ),
        FindingState::OtherRisk => (
            (
                "1 finding has another risk than the inputs give.",
                "1 Befund hat ein anderes Risiko, als die Eingaben ergeben.",
            ),
            (
                "{count} findings have another risk than the inputs give.",
                "{count} Befunde haben ein anderes Risiko, als die Eingaben ergeben.",
            ),
        ),
        FindingState::Differs => (
            (
                "Of 1 finding the report says something else than the inputs show.",
                "Zu 1 Befund sagt der Bericht anderes, als die Eingaben zeigen.",
            ),
            (
                "Of {count} findings the report says something else than the inputs show.",
                "Zu {count} Befunden sagt der Bericht anderes, als die Eingaben zeigen.",
            ),
        ),
    };
    let (english, german) = if is_one { one } else { several };
    language.pick(english, german)
}

/// Phone, app and finding; with its risks, where there are two that differ.
fn finding_line(language: Language, finding: &CheckedFinding) -> String {
    let place = place(language, &finding.device, &finding.app);
    let line = format!("{place} › {} ({})", finding.rule, finding.id);
    let risk = |side: Option<u8>| side.map_or_else(|| "–".to_owned(), |risk| risk.to_string());
    match finding.state {
        FindingState::OtherRisk => {
            let (report, inputs) = (risk(finding.risk.0), risk(finding.risk.1));
            format!("{line}{}", both(language, Some(&report), Some(&inputs)))
        }
        FindingState::Missing => {
            let words = language.pick("risk", "Risiko");
            format!("{line}: {words} {}", risk(finding.risk.1))
        }
        FindingState::NotShown | FindingState::Differs => line,
    }
}

fn place(language: Language, device: &str, app: &[String]) -> String {
    let app = if app.is_empty() {
        language.pick("unknown app", "App unbekannt").to_owned()
    } else {
        app.join(" / ")
    };
    format!("{device} › {app}")
}

/// What each side says, behind a place.
fn both(language: Language, report: Option<&str>, inputs: Option<&str>) -> String {
    let (in_report, by_inputs) = (
        language.pick("report", "Bericht"),
        language.pick("inputs", "Eingaben"),
    );
    match (report, inputs) {
        (None, None) => language
            .pick(
                ": the inputs give something else",
                ": die Eingaben ergeben anderes",
            )
            .to_owned(),
        (report, inputs) => format!(
            " ({in_report}: {}, {by_inputs}: {})",
            report.unwrap_or("–"),
            inputs.unwrap_or("–")
        ),
    }
}

fn difference(language: Language, one: &Difference) -> String {
    let values = both(language, one.report.as_deref(), one.inputs.as_deref());
    format!("{}{values} [{}]", one.words, one.place)
}

fn contradiction(language: Language, one: &Contradiction) -> String {
    let what = match one.statement {
        Statement::Severity => language.pick("severity", "Schwere"),
        Statement::Likelihood => language.pick("likelihood", "Eintrittswahrscheinlichkeit"),
        Statement::Risk => language.pick("risk", "Risiko"),
        Statement::Priority => language.pick("priority", "Priorität"),
        Statement::Level => language.pick("level", "Stufe"),
        Statement::Items => language.pick(
            "most items in one message",
            "meiste Angaben in einer Nachricht",
        ),
        Statement::Times => language.pick("last seen", "zuletzt gesehen"),
        Statement::App => language.pick("level and risk of the app", "Stufe und Risiko der App"),
        Statement::Report => language.pick("level of the report", "Stufe des Berichts"),
    };
    let mut line = String::new();
    if one.statement != Statement::Report {
        line = place(language, &one.device, &one.app);
        if let Some((rule, id)) = &one.finding {
            line = format!("{line} › {rule} ({id})");
        }
        line.push_str(": ");
    }
    let words = language.pick(
        "{what} {stated}; by what else the report says {implied}",
        "{what} {stated}; nach dem, was der Bericht sonst sagt, {implied}",
    );
    let values = [
        ("what", what),
        ("stated", one.stated.as_str()),
        ("implied", one.implied.as_str()),
    ];
    line.push_str(&fill(words, &values));
    line
}

fn verdict(language: Language, verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => language.pick(
            "The report holds: its inputs give the same again.",
            "Der Bericht stimmt: Seine Eingaben ergeben dasselbe noch einmal.",
        ),
        Verdict::EvidenceHolds => language.pick(
            "The report could not be checked in full: all its evidence is found again, but it names other rules, options or another version, so that levels and texts may differ.",
            "Der Bericht ließ sich nicht vollständig prüfen: Alle seine Belege finden sich wieder, aber er nennt andere Regeln, Optionen oder eine andere Version, sodass Stufen und Texte abweichen können.",
        ),
        Verdict::OtherInputs => language.pick(
            "The inputs are not those of the report.",
            "Die Eingaben sind nicht die des Berichts.",
        ),
        Verdict::OtherRules => language.pick(
            "Not all evidence is found by these rules, options and this version; with those of the report it may be.",
            "Nicht alle Belege finden sich mit diesen Regeln, Optionen und dieser Version; mit denen des Berichts vielleicht schon.",
        ),
        Verdict::Altered => language.pick(
            "The report was altered: it says something else than its inputs show.",
            "Der Bericht wurde verändert: Er sagt etwas anderes, als seine Eingaben zeigen.",
        ),
        Verdict::Contradictory => language.pick(
            "The report contradicts itself: it was altered, whatever its inputs show.",
            "Der Bericht widerspricht sich selbst: Er wurde verändert, was auch immer seine Eingaben zeigen.",
        ),
    }
}

fn input_state(language: Language, input: &CheckedInput) -> String {
    let words = match input.state {
        InputState::Same => language.pick("the same", "dieselbe"),
        InputState::Renamed => language.pick(
            "the same bytes, given under another name: {given}",
            "dieselben Bytes, unter einem anderen Namen angegeben: {given}",
        ),
        InputState::Changed => language.pick(
            "has another checksum (report: {report}, file: {file})",
            "hat eine andere Prüfsumme (Bericht: {report}, Datei: {file})",
        ),
        InputState::Missing => language.pick("was not given", "wurde nicht angegeben"),
        InputState::Extra => language.pick(
            "was given, and is not in the report",
            "wurde angegeben und steht nicht im Bericht",
        ),
        InputState::Unhashed => language.pick(
            "the report has no checksum of it",
            "der Bericht hat keine Prüfsumme davon",
        ),
    };
    let begin = |sha256: &String| match sha256.get(..SHOWN_CHECKSUM) {
        Some(begin) => format!("{begin}…"),
        None => "–".to_owned(),
    };
    let sums = input.sha256.as_ref();
    let (report, file) = sums.map_or_else(Default::default, |(report, file)| {
        (begin(report), begin(file))
    });
    let given = input.given.as_deref().unwrap_or_default();
    fill(
        words,
        &[("given", given), ("report", &report), ("file", &file)],
    )
}

fn evidence_state(language: Language, state: EvidenceState) -> &'static str {
    match state {
        EvidenceState::Holds => language.pick("holds", "stimmt"),
        EvidenceState::HoldsElsewhere => language.pick(
            "in the file, which has other bytes",
            "in der Datei, die andere Bytes hat",
        ),
        EvidenceState::OtherInput => language.pick(
            "not found in what was given",
            "nicht in dem gefunden, was angegeben wurde",
        ),
        EvidenceState::NotFound => language.pick("not found", "nicht gefunden"),
        EvidenceState::OtherValue => language.pick("other value", "anderer Wert"),
    }
}
