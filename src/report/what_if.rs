//! The assessment before and after measures: `phonehome what-if`, as text and as JSON.

use std::io::{self, Write};

use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::language::fill;
use super::prose::Prose;
use super::{Language, Options, Presentable, text};
use crate::assess::{AppChange, Change, Effect, FindingChange, Step};
use crate::model::{JudgedFinding, RiskLevel};
use crate::rules::{MeasureNeed, Rules};

/// Formats of it.
pub const WHAT_IF_FORMATS: [&str; 2] = ["table", "json"];

/// Measures that a plan shows as text; JSON has all.
const PLAN_ROWS: usize = 20;

/// Words of one language.
struct Words {
    title: &'static str,
    plan: &'static str,
    plan_note: &'static str,
    no_plan: &'static str,
    company: &'static str,
    changes: &'static str,
    stays: &'static str,
    effort: &'static str,
    gone: &'static str,
    lower: &'static str,
    same: &'static str,
    higher: &'static str,
    new: &'static str,
    documented: &'static str,
    nothing: &'static str,
    not_hostable: &'static str,
    no_contract: &'static str,
    ended: &'static str,
    anywhere: &'static str,
    reading: &'static str,
}

const ENGLISH: Words = Words {
    title: "What if",
    plan: "Measures by relief for the effort",
    plan_note: "Each measure by itself. Relief is the sum of risks that end or fall, less those that come.",
    no_plan: "No single measure that phonehome knows would lower a risk here.",
    company: "All apps",
    changes: "changes",
    stays: "stays",
    effort: "effort",
    gone: "gone",
    lower: "lower",
    same: "stays",
    higher: "higher",
    new: "new",
    documented: "by what is known of the app, not measured",
    nothing: "This measure changes nothing here: nothing was found that it is about.",
    not_hostable: "By what is known of this app its server cannot be run by the company itself.",
    no_contract: "By what is known of the app this vendor offers no processing contract for it.",
    ended: "findings gone: {count}",
    anywhere: "to be introduced",
    reading: "A computation on what was found, for a decision that people make. Whether a measure works is shown by measuring again.",
};

const GERMAN: Words = Words {
    title: "Was wäre, wenn",
    plan: "Maßnahmen nach Entlastung je Aufwand",
    plan_note: "Jede Maßnahme für sich. Entlastung ist die Summe der Risiken, die entfallen oder sinken, abzüglich derer, die hinzukommen.",
    no_plan: "Keine einzelne Maßnahme, die phonehome kennt, würde hier ein Risiko senken.",
    company: "Alle Apps",
    changes: "ändert",
    stays: "bleibt",
    effort: "Aufwand",
    gone: "entfällt",
    lower: "sinkt",
    same: "bleibt",
    higher: "steigt",
    new: "neu",
    documented: "nach den Angaben zur App, nicht gemessen",
    nothing: "Diese Maßnahme ändert hier nichts: Es wurde nichts gefunden, das sie betrifft.",
    not_hostable: "Nach den Angaben zu dieser App lässt sich der Server nicht selbst betreiben.",
    no_contract: "Nach den Angaben zur App bietet dieser Anbieter keinen Vertrag zur Auftragsverarbeitung an.",
    ended: "entfallende Befunde: {count}",
    anywhere: "einzuführen",
    reading: "Eine Rechnung mit dem, was gefunden wurde, für eine Entscheidung von Menschen. Ob eine Maßnahme wirkt, zeigt eine neue Messung.",
};

fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
    }
}

/// Writes the assessment before and after measures.
pub fn write_what_if(
    change: &Change<'_>,
    report: &Presentable,
    rules: &Rules,
    (format, options): (&str, Options),
    out: &mut dyn Write,
) -> io::Result<()> {
    let page = Page::new(report, rules, options);
    if format == "json" {
        serde_json::to_writer_pretty(&mut *out, &page.view(change))?;
        return writeln!(out);
    }
    let words = page.words;
    writeln!(out, "{}: {}\n", words.title, page.prose.audit.case)?;
    for ((step, effect), number) in change.steps.iter().zip(1_u32..) {
        page.step(step, *effect, number, out)?;
    }
    writeln!(
        out,
        "{}: {} → {}",
        words.company,
        page.level(change.before),
        page.level(change.after)
    )?;
    for app in change.apps.iter().filter(|app| is_changed(app)) {
        page.app(app, out)?;
    }
    writeln!(out)?;
    page.wrapped("", words.reading, out)
}

/// Writes single measures, best first.
pub fn write_plan(
    changes: &[Change<'_>],
    report: &Presentable,
    rules: &Rules,
    (format, options): (&str, Options),
    out: &mut dyn Write,
) -> io::Result<()> {
    let page = Page::new(report, rules, options);
    if format == "json" {
        let view = PlanView {
            format: "phonehome-plan",
            case: page.prose.audit.case.clone(),
            measures: changes.iter().map(|change| page.planned(change)).collect(),
        };
        serde_json::to_writer_pretty(&mut *out, &view)?;
        return writeln!(out);
    }
    let words = page.words;
    writeln!(out, "{}: {}\n", words.plan, page.prose.audit.case)?;
    if changes.is_empty() {
        return page.wrapped("", words.no_plan, out);
    }
    for (change, number) in changes.iter().take(PLAN_ROWS).zip(1_u32..) {
        for (step, _) in &change.steps {
            page.wrapped(
                &format!("{number:>2}. "),
                &page.prose.measure(step, &step.measure.label),
                out,
            )?;
            let ended = fill(words.ended, &[("count", &change.ended().to_string())]);
            let facts = format!(
                "−{} · {ended} · {}: {} · --measure {}",
                change.relief(rules),
                words.effort,
                page.prose.language.effort(step.measure.effort),
                quoted(&step.spec())
            );
            page.wrapped("    ", &facts, out)?;
            page.wrapped(
                "    ",
                &format!(
                    "{}: {}",
                    words.stays,
                    page.prose.measure(step, &step.measure.stays)
                ),
                out,
            )?;
        }
    }
    writeln!(out)?;
    page.wrapped("", words.plan_note, out)
}

/// A word of a command line.
fn quoted(spec: &str) -> String {
    if spec.contains(' ') {
        format!("\"{spec}\"")
    } else {
        spec.to_owned()
    }
}

fn is_changed(app: &AppChange) -> bool {
    app.findings
        .iter()
        .any(|change| outcome(change) != Outcome::Same)
}

/// What becomes of a finding, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    Gone,
    Lower,
    Same,
    Higher,
    New,
}

fn risk(finding: &JudgedFinding) -> u8 {
    finding.score.as_ref().map_or(0, |score| score.risk)
}

pub(super) fn outcome(change: &FindingChange) -> Outcome {
    match (&change.before, &change.after) {
        (_, None) => Outcome::Gone,
        (None, Some(_)) => Outcome::New,
        (Some(before), Some(after)) => match risk(after).cmp(&risk(before)) {
            std::cmp::Ordering::Less => Outcome::Lower,
            std::cmp::Ordering::Equal => Outcome::Same,
            std::cmp::Ordering::Greater => Outcome::Higher,
        },
    }
}

/// What is needed to write.
struct Page<'a> {
    prose: Prose<'a>,
    rules: &'a Rules,
    words: &'static Words,
    width: usize,
}

impl<'a> Page<'a> {
    fn new(report: &'a Presentable, rules: &'a Rules, options: Options) -> Self {
        Self {
            prose: Prose::new(report, rules, options),
            rules,
            words: words(options.language),
            width: options.width.into(),
        }
    }

    fn level(&self, (level, risk): (RiskLevel, u8)) -> String {
        let name = self.prose.language.level(level);
        if risk == 0 {
            name.to_owned()
        } else {
            format!("{name} {risk}")
        }
    }

    fn note(&self, effect: Effect) -> Option<&'static str> {
        match effect {
            Effect::Changes => None,
            Effect::Nothing => Some(self.words.nothing),
            Effect::NotPossible(MeasureNeed::SelfHostable) => Some(self.words.not_hostable),
            Effect::NotPossible(MeasureNeed::Contract) => Some(self.words.no_contract),
        }
    }

    fn step(
        &self,
        step: &Step<'_>,
        effect: Effect,
        number: u32,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let (words, measure) = (self.words, step.measure);
        let kind = self.prose.language.measure_kind(measure.kind);
        self.wrapped(
            &format!("{number}. "),
            &self.prose.measure(step, &measure.label),
            out,
        )?;
        if let Some(note) = self.note(effect) {
            self.wrapped("   ", note, out)?;
            return writeln!(out);
        }
        let effort = self.prose.language.effort(measure.effort);
        let effort_text = self.prose.measure(step, &measure.effort_text);
        for line in [
            format!(
                "{}: {}",
                words.changes,
                self.prose.measure(step, &measure.changes)
            ),
            format!(
                "{}: {}",
                words.stays,
                self.prose.measure(step, &measure.stays)
            ),
            format!("{kind}, {}: {effort} – {effort_text}", words.effort),
        ] {
            self.wrapped("   ", &line, out)?;
        }
        writeln!(out)
    }

    fn name(&self, app: &AppChange) -> String {
        let name = match (&app.app, &app.brought) {
            (Some(app), _) => self.prose.app(app),
            (None, Some(id)) => {
                let profile = self.rules.app(id);
                profile.map_or_else(|| id.to_string(), |profile| profile.name.to_string())
            }
            (None, None) => String::new(),
        };
        let device = app.device.as_deref().map_or_else(
            || self.words.anywhere.to_owned(),
            |name| text::safe_up_to(name, 40),
        );
        format!("{device} › {name}")
    }

    fn app(&self, app: &AppChange, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "\n{}  {} → {}",
            self.name(app),
            self.level(app.before),
            self.level(app.after)
        )?;
        for change in &app.findings {
            let Some(finding) = change.after.as_ref().or(change.before.as_ref()) else {
                continue;
            };
            let words = self.words;
            let (word, numbers) = match outcome(change) {
                Outcome::Gone => (words.gone, risk(finding).to_string()),
                Outcome::New => (words.new, risk(finding).to_string()),
                Outcome::Same => (words.same, risk(finding).to_string()),
                changed => {
                    let before = change.before.as_deref().map_or(0, risk);
                    let word = if changed == Outcome::Lower {
                        words.lower
                    } else {
                        words.higher
                    };
                    (word, format!("{before} → {}", risk(finding)))
                }
            };
            let mut line = self.prose.headline(finding);
            let recipient = self.prose.recipient(finding);
            if !recipient.is_empty() {
                line = format!("{line} → {recipient}");
            }
            if change.before.is_none() {
                line = format!("{line} ({})", words.documented);
            }
            let pad = 8_usize.saturating_sub(word.width());
            self.wrapped(
                &format!("  {word}{} {numbers:>7}  ", " ".repeat(pad)),
                &line,
                out,
            )?;
        }
        Ok(())
    }

    /// A text behind a mark, broken at spaces to the width of the page.
    fn wrapped(&self, mark: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let indent = mark.width();
        let room = self.width.saturating_sub(indent).max(20);
        let mut line = String::new();
        let mut mark = mark.to_owned();
        for word in text.split(' ') {
            let length = line.width().saturating_add(word.width()).saturating_add(1);
            if !line.is_empty() && length > room {
                writeln!(out, "{mark}{line}")?;
                mark = " ".repeat(indent);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        writeln!(out, "{mark}{line}")
    }

    fn view(&self, change: &Change<'_>) -> WhatIfView {
        WhatIfView {
            format: "phonehome-what-if",
            schema_version: 1,
            language: self.prose.language.as_str(),
            case: self.prose.audit.case.clone(),
            method: self.rules.legal().scoring.profile.to_string(),
            measures: change
                .steps
                .iter()
                .map(|(step, effect)| self.measure(step, *effect))
                .collect(),
            before: LevelView::of(change.before),
            after: LevelView::of(change.after),
            relief: change.relief(self.rules),
            apps: change.apps.iter().map(|app| self.app_view(app)).collect(),
            note: self.words.reading,
        }
    }

    fn measure(&self, step: &Step<'_>, effect: Effect) -> MeasureView {
        MeasureView {
            measure: step.spec(),
            kind: step.measure.kind.as_str(),
            effort: step.measure.effort,
            label: self.prose.measure(step, &step.measure.label),
            changes: self.prose.measure(step, &step.measure.changes),
            stays: self.prose.measure(step, &step.measure.stays),
            effort_text: self.prose.measure(step, &step.measure.effort_text),
            note: self.note(effect),
        }
    }

    fn planned(&self, change: &Change<'_>) -> PlannedView {
        PlannedView {
            measures: change
                .steps
                .iter()
                .map(|(step, effect)| self.measure(step, *effect))
                .collect(),
            relief: change.relief(self.rules),
            effort: change.effort(),
            findings_gone: change.ended(),
            before: LevelView::of(change.before),
            after: LevelView::of(change.after),
        }
    }

    fn app_view(&self, app: &AppChange) -> AppChangeView {
        let finding = |change: &FindingChange| {
            let finding = change.after.as_ref().or(change.before.as_ref())?;
            Some(FindingChangeView {
                id: finding.id.clone(),
                rule: finding.rule.to_string(),
                observation: finding.observation.as_ref().map(ToString::to_string),
                title: self.prose.title(finding),
                recipient: self.prose.recipient(finding),
                is_documented_only: change.before.is_none(),
                outcome: outcome(change),
                risk_before: change.before.as_deref().map(risk),
                risk_after: change.after.as_deref().map(risk),
            })
        };
        AppChangeView {
            device: app.device.clone(),
            id: match (&app.app, &app.brought) {
                (Some(app), _) => app.id.as_ref().map(ToString::to_string),
                (None, brought) => brought.as_ref().map(ToString::to_string),
            },
            name: self.name(app),
            before: LevelView::of(app.before),
            after: LevelView::of(app.after),
            findings: app.findings.iter().filter_map(finding).collect(),
        }
    }
}

/// The JSON Schema of `phonehome what-if --format json`.
pub fn what_if_schema() -> Schema {
    schema_for!(WhatIfView)
}

/// An assessment before and after measures.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "phonehome what-if")]
struct WhatIfView {
    /// Always `phonehome-what-if`.
    format: &'static str,
    /// Version of this layout.
    schema_version: u32,
    /// Language of all texts: ISO 639-1.
    language: &'static str,
    /// Organisation or folder.
    case: String,
    /// Name of the scoring.
    method: String,
    /// Measures, in the order in which they were taken.
    measures: Vec<MeasureView>,
    /// Highest level of any app as it is.
    before: LevelView,
    /// And as it would be.
    after: LevelView,
    /// Sum of risks that end or fall, less those that come.
    relief: i32,
    /// Apps.
    apps: Vec<AppChangeView>,
    /// What this is not.
    note: &'static str,
}

/// A level with its risk.
#[derive(Debug, Serialize, JsonSchema)]
struct LevelView {
    /// `none`, `low`, `medium`, `high`, `very-high`.
    level: &'static str,
    /// 0–16.
    risk: u8,
}

impl LevelView {
    fn of((level, risk): (RiskLevel, u8)) -> Self {
        Self {
            level: level.as_str(),
            risk,
        }
    }
}

/// A measure.
#[derive(Debug, Serialize, JsonSchema)]
struct MeasureView {
    /// As on the command line.
    measure: String,
    /// `technical`, `organisational`.
    kind: &'static str,
    /// 1 hours, 2 days, 3 weeks.
    effort: u8,
    /// What is done.
    label: String,
    /// What it changes.
    changes: String,
    /// What it does not change.
    stays: String,
    /// What it takes.
    effort_text: String,
    /// Why it has no effect here.
    note: Option<&'static str>,
}

/// An app on a phone.
#[derive(Debug, Serialize, JsonSchema)]
struct AppChangeView {
    /// Phone; absent for an app that is nowhere yet.
    device: Option<String>,
    /// Profile or package id.
    id: Option<String>,
    /// Phone and app.
    name: String,
    /// As it is.
    before: LevelView,
    /// As it would be.
    after: LevelView,
    /// Findings.
    findings: Vec<FindingChangeView>,
}

/// What becomes of a finding.
#[derive(Debug, Serialize, JsonSchema)]
struct FindingChangeView {
    /// Stable id.
    id: String,
    /// Rule.
    rule: String,
    /// Legal observation.
    observation: Option<String>,
    /// In words.
    title: String,
    /// Recipient in words.
    recipient: String,
    /// Comes with a measure, known by documents alone.
    is_documented_only: bool,
    /// What becomes of it.
    outcome: Outcome,
    /// Risk as it is; absent for new ones.
    risk_before: Option<u8>,
    /// Risk as it would be; absent for those that end.
    risk_after: Option<u8>,
}

/// Measures by relief for the effort.
#[derive(Debug, Serialize)]
struct PlanView {
    format: &'static str,
    case: String,
    measures: Vec<PlannedView>,
}

#[derive(Debug, Serialize)]
struct PlannedView {
    measures: Vec<MeasureView>,
    relief: i32,
    effort: u32,
    findings_gone: usize,
    before: LevelView,
    after: LevelView,
}
