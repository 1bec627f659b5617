//! What a verification found, as text or JSON.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::diff::write_wrapped;
use super::language::fill;
use super::text::safe;
use super::{Language, Options};
use crate::limits::EVIDENCE_PER_FINDING;
use crate::verify::{EvidenceState, InputState, Verdict, Verification};

/// Differences that are named; the rest is counted.
const NAMED: usize = 20;

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
    altered: Vec<FindingView<'a>>,
    /// Places in the report (RFC 6901) at which its inputs give something else.
    differences: &'a [String],
}

#[derive(Serialize)]
struct InputView<'a> {
    path: &'a str,
    state: &'static str,
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
    finding: &'a str,
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
    let inputs = found.inputs.iter().map(|input| InputView {
        path: &input.path,
        state: input.state.as_str(),
    });
    let evidence = found.evidence.iter().map(|piece| EvidenceView {
        device: &piece.device,
        finding: &piece.finding,
        rule: &piece.rule,
        input: &piece.input,
        frame: piece.frame,
        state: piece.state.as_str(),
    });
    let altered = found
        .altered
        .iter()
        .map(|(device, finding)| FindingView { device, finding });
    let view = VerificationView {
        format: "phonehome-verification",
        schema_version: 1,
        verdict: found.verdict.as_str(),
        same_tool: found.same_tool,
        same_rules: found.same_rules,
        same_options: found.same_options,
        holding: found.holding(),
        inputs: inputs.collect(),
        evidence: evidence.collect(),
        altered: altered.collect(),
        differences: &found.differences,
    };
    serde_json::to_writer_pretty(&mut *out, &view)?;
    writeln!(out)
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
    for input in found
        .inputs
        .iter()
        .filter(|input| input.state != InputState::Same)
    {
        let line = format!("{}: {}", input.path, input_state(language, input.state));
        write_wrapped(&line, "! ", width, out)?;
    }
    for piece in found
        .evidence
        .iter()
        .filter(|piece| piece.state != EvidenceState::Holds)
    {
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
    for (device, finding) in &found.altered {
        let words = language.pick(
            "the report says something else of this finding than the inputs show",
            "der Bericht sagt zu diesem Befund anderes, als die Eingaben zeigen",
        );
        write_wrapped(&format!("{device} {finding}: {words}"), "~ ", width, out)?;
    }
    for place in found.differences.iter().take(NAMED) {
        let words = language.pick(
            "the inputs give something else",
            "die Eingaben ergeben anderes",
        );
        write_wrapped(&format!("{place}: {words}"), "~ ", width, out)?;
    }
    let more = found.differences.len().saturating_sub(NAMED);
    if more > 0 {
        let words = fill(
            language.pick("and {count} places more", "und {count} weitere Stellen"),
            &[("count", &more.to_string())],
        );
        write_wrapped(&words, "~ ", width, out)?;
    }
    Ok(())
}

/// The places (RFC 6901) at which two reports in JSON differ: nothing in a report may be changed without being noticed, whether
/// another reader of it would show that or not.
pub fn differences(saved: &[u8], anew: &[u8]) -> Vec<String> {
    let mut places = Vec::new();
    match (serde_json::from_slice(saved), serde_json::from_slice(anew)) {
        (Ok(saved), Ok(anew)) => compare(&saved, &anew, &mut String::new(), &mut places),
        _ => places.push(String::new()),
    }
    places
}

fn compare(saved: &Value, anew: &Value, place: &mut String, places: &mut Vec<String>) {
    let length = place.len();
    match (saved, anew) {
        (Value::Object(saved), Value::Object(anew)) => {
            let names: BTreeSet<&String> = saved.keys().chain(anew.keys()).collect();
            for name in names {
                place.push('/');
                place.push_str(&name.replace('~', "~0").replace('/', "~1"));
                match (saved.get(name), anew.get(name)) {
                    (Some(saved), Some(anew)) => compare(saved, anew, place, places),
                    _ => places.push(safe(place)),
                }
                place.truncate(length);
            }
        }
        (Value::Array(saved), Value::Array(anew)) if saved.len() == anew.len() => {
            for (position, (saved, anew)) in saved.iter().zip(anew).enumerate() {
                place.push('/');
                place.push_str(&position.to_string());
                compare(saved, anew, place, places);
                place.truncate(length);
            }
        }
        _ if saved == anew => {}
        _ => places.push(safe(place)),
    }
}

fn verdict(language: Language, verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => language.pick(
            "The report holds: its inputs give the same again.",
            "Der Bericht stimmt: Seine Eingaben ergeben dasselbe noch einmal.",
        ),
        Verdict::EvidenceHolds => language.pick(
            "All evidence is found again. Levels and texts were not checked: they are of other rules, options or another version.",
            "Alle Belege finden sich wieder. Stufen und Texte wurden nicht geprüft: Sie stammen von anderen Regeln, Optionen oder einer anderen Version.",
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
    }
}

fn input_state(language: Language, state: InputState) -> &'static str {
    match state {
        InputState::Same => language.pick("the same", "dieselbe"),
        InputState::Renamed => language.pick(
            "the same bytes were given under another name",
            "dieselben Bytes wurden unter einem anderen Namen angegeben",
        ),
        InputState::Changed => language.pick("has other bytes", "hat andere Bytes"),
        InputState::Missing => language.pick("was not given", "wurde nicht angegeben"),
        InputState::Unhashed => language.pick(
            "the report has no checksum of it",
            "der Bericht hat keine Prüfsumme davon",
        ),
    }
}

fn evidence_state(language: Language, state: EvidenceState) -> &'static str {
    match state {
        EvidenceState::Holds => language.pick("holds", "stimmt"),
        EvidenceState::OtherInput => language.pick("other input", "andere Eingabe"),
        EvidenceState::NotFound => language.pick("not found", "nicht gefunden"),
        EvidenceState::OtherValue => language.pick("other value", "anderer Wert"),
    }
}
