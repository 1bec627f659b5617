//! Apps: the overview, and a part for each with its findings and their evidence.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::Page;
use super::markup::Markup;
use super::picture::fragment;
use super::section::{list, row_head, section, table};
use crate::model::{AppReport, Attributed, Grade, RiskLevel};
use crate::report::chain::minute;
use crate::report::language::fill;
use crate::report::merged::{self, MergedApp, MergedFinding};
use crate::report::{portrait, remedy, text};

/// Apps with a part of their own; the rest is counted.
const APPS: usize = 400;
/// Findings written in full in the whole page; each app has the same share of them.
const FINDINGS: usize = 2400;
/// The least share of an app.
const LEAST_FINDINGS: usize = 6;
/// Apps that are open at first.
const OPEN: usize = 3;
/// Pieces of evidence at one finding.
const EVIDENCE: usize = 3;
/// Names in one list.
const NAMES: usize = 12;

/// A level as a word with its number: never colour alone.
pub(super) fn badge(page: &Page<'_>, level: RiskLevel, risk: u8, out: &mut Markup) {
    let words = page.prose.language.level(level);
    let words = if risk > 0 {
        format!("{risk} {words}")
    } else {
        words.to_owned()
    };
    let class = format!("badge level-{}", level.as_str());
    out.element("span", &[("class", &class)], &words);
}

/// Where the part of an app begins.
pub(super) fn anchor(position: usize) -> String {
    format!("app-{}", position.saturating_add(1))
}

/// How many receivers, and in which countries.
fn receivers(app: &MergedApp<'_>) -> String {
    let mut names = BTreeSet::new();
    let mut countries = BTreeSet::new();
    for receiver in app
        .reports
        .iter()
        .flat_map(|(_, report)| &report.recipients)
    {
        if receiver.recipient.kind != crate::model::RecipientKind::None {
            names.insert(&receiver.recipient);
            countries.extend(receiver.country.as_deref());
        }
    }
    let countries: Vec<&str> = countries.into_iter().collect();
    match (names.len(), countries.is_empty()) {
        (0, _) => "–".to_owned(),
        (some, true) => some.to_string(),
        (some, false) => format!("{some}: {}", countries.join(" ")),
    }
}

impl Page<'_> {
    /// Apps with a part of their own.
    pub(super) fn shown(&self) -> impl Iterator<Item = (usize, &MergedApp<'_>)> {
        let shown = self.apps.iter().filter(|app| app.is_shown);
        shown.take(APPS).enumerate()
    }

    /// Findings of one app that are written in full.
    fn share(&self) -> usize {
        let apps = self.shown().count();
        FINDINGS
            .checked_div(apps)
            .unwrap_or(FINDINGS)
            .max(LEAST_FINDINGS)
    }

    pub(super) fn overview(&self, out: &mut Markup) {
        if self.shown().next().is_none() {
            return;
        }
        let (texts, language) = (self.prose.texts, self.prose.language);
        let heads = [
            texts.column_app,
            texts.column_risk,
            texts.column_findings,
            texts.column_recipients,
        ];
        section("overview", texts.overview, out, |out| {
            let caption = language.pick("Apps by risk", "Apps nach Risiko");
            table("stack", caption, &heads, out, |out| {
                for (position, app) in self.shown() {
                    self.overview_row(position, app, out);
                }
            });
        });
    }

    fn overview_row(&self, position: usize, app: &MergedApp<'_>, out: &mut Markup) {
        let row = [
            ("class", &"of-app" as &dyn Display),
            ("data-app", &app.name),
        ];
        out.within("tr", &row, |out| {
            row_head(out, |out| {
                let target = format!("#{}", anchor(position));
                out.element("a", &[("href", &target)], &app.name);
            });
            out.within("td", &[], |out| badge(self, app.level, app.risk, out));
            out.element("td", &[], &self.stands_out(app));
            let label = [(
                "data-label",
                &self.prose.texts.column_recipients as &dyn Display,
            )];
            out.element("td", &label, &receivers(app));
        });
        out.line();
    }

    /// The gravest findings of an app in a few words.
    fn stands_out(&self, app: &MergedApp<'_>) -> String {
        let mut labels: Vec<String> = Vec::new();
        for merged in app.findings.iter().filter(|merged| merged.is_telling) {
            let label = self.prose.headline(merged.finding);
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        let more = labels.len().saturating_sub(3);
        labels.truncate(3);
        if more > 0 {
            labels.push(fill(self.prose.texts.more, &[("count", &more.to_string())]));
        }
        if labels.is_empty() {
            "–".to_owned()
        } else {
            labels.join("; ")
        }
    }

    pub(super) fn app_sections(&self, out: &mut Markup) {
        if self.shown().next().is_none() {
            return;
        }
        section("apps", self.prose.texts.findings, out, |out| {
            let brief = self.prose.language.pick(
                "So many findings are printed without evidence, measures and permissions. Filter the page to print some with them.",
                "Bei so vielen Befunden werden Belege, Maßnahmen und Berechtigungen nicht mitgedruckt. Filtern Sie die Seite, um einige vollständig zu drucken.",
            );
            out.element("p", &[("class", &"soft brief-note")], &brief);
            for (position, app) in self.shown() {
                self.app(position, app, out);
            }
            let more = self
                .apps
                .iter()
                .filter(|app| app.is_shown)
                .count()
                .saturating_sub(APPS);
            if more > 0 {
                let words = fill(self.prose.texts.more, &[("count", &more.to_string())]);
                out.element("p", &[("class", &"soft")], &words);
            }
        });
    }

    fn app(&self, position: usize, app: &MergedApp<'_>, out: &mut Markup) {
        let id = anchor(position);
        let mut attributes: Vec<(&'static str, &dyn Display)> =
            vec![("class", &"app"), ("id", &id), ("data-app", &app.name)];
        if position < OPEN {
            attributes.push(("open", &""));
        }
        out.within("details", &attributes, |out| {
            out.within("summary", &[], |out| {
                out.element("h3", &[], &app.name);
                badge(self, app.level, app.risk, out);
                out.element("span", &[("class", &"soft")], &self.where_seen(app));
            });
            out.within("div", &[("class", &"body")], |out| self.body(app, out));
        });
        out.line();
    }

    /// On which phones.
    fn where_seen(&self, app: &MergedApp<'_>) -> String {
        let texts = self.prose.texts;
        // What is put on no app is no one app on several phones: those count on which something was found.
        let has_finding = |(_, report): &&(&str, &AppReport)| {
            report.app != Attributed::Unknown || !report.findings.is_empty()
        };
        let mut phones: Vec<&(&str, &AppReport)> = app.reports.iter().filter(has_finding).collect();
        if phones.is_empty() {
            phones.extend(&app.reports);
        }
        match phones.as_slice() {
            [(phone, _)] => text::safe_up_to(phone, 40),
            several => {
                let count = u64::try_from(several.len()).unwrap_or(u64::MAX);
                self.prose
                    .language
                    .counted(count, texts.phone, texts.phones)
            }
        }
    }

    fn body(&self, app: &MergedApp<'_>, out: &mut Markup) {
        let texts = self.prose.texts;
        let reports: Vec<&AppReport> = app.reports.iter().map(|(_, report)| *report).collect();
        let Some(first) = reports.first() else {
            return;
        };
        let identity = portrait::identity(&self.prose, &reports, NAMES);
        out.element("p", &[("class", &"soft")], &identity);
        if let Some(note) = self.prose.app_note(first) {
            out.element("p", &[("class", &"soft")], &note);
        }
        let standing = portrait::standing(&self.prose, first);
        if !standing.is_empty() {
            list(standing, out);
        }
        if app.findings.is_empty() {
            out.element("p", &[], &texts.no_findings);
        } else {
            self.findings(app, out);
        }
        for (title, lines) in portrait::parts(&self.prose, &reports, NAMES) {
            out.element("h4", &[], &title);
            list(lines, out);
        }
        let criteria = app.reports.iter().map(|(_, report)| &report.dpia_criteria);
        if let Some(numbers) = criteria
            .max_by_key(|numbers| numbers.len())
            .filter(|numbers| !numbers.is_empty())
        {
            let words = self.prose.criteria(numbers);
            out.element("p", &[], &fill(texts.dpia, &[("criteria", &words)]));
        }
        let mut worst = None;
        for (device, report) in &app.reports {
            if worst.is_none_or(|(_, known): (&str, &AppReport)| known.risk < report.risk) {
                worst = Some((*device, *report));
            }
        }
        let Some((device, report)) = worst else {
            return;
        };
        if let Some(screening) = self.prose.screening(report) {
            out.element("p", &[("class", &"soft")], &screening);
        }
        let remedies = remedy::of_app(&self.prose, device, report);
        if !remedies.is_empty() {
            out.element("h3", &[], &texts.remedies);
            let lines = remedies.iter().map(|one| one.line(&self.prose));
            list(lines.take(NAMES), out);
        }
    }

    fn findings(&self, app: &MergedApp<'_>, out: &mut Markup) {
        let language = self.prose.language;
        let heads = [
            self.prose.texts.column_risk,
            language.pick("Finding", "Befund"),
            language.pick("How known", "Wie bekannt"),
            self.prose.texts.column_recipients,
            language.pick("How often", "Wie oft"),
        ];
        let caption = language.pick(
            "Findings, highest risk first",
            "Befunde, höchstes Risiko zuerst",
        );
        table("findings stack", caption, &heads, out, |out| {
            for merged in app.findings.iter().take(self.share()) {
                self.finding(app, merged, out);
            }
        });
        let more = app.findings.len().saturating_sub(self.share());
        if more > 0 {
            let words = fill(self.prose.texts.more, &[("count", &more.to_string())]);
            let note = language.pick(
                "of lower risk; the JSON report has all of them",
                "mit geringerem Risiko; der JSON-Bericht hat alle",
            );
            out.element("p", &[("class", &"soft")], &format!("{words} {note}"));
        }
    }

    fn finding(&self, app: &MergedApp<'_>, merged: &MergedFinding<'_>, out: &mut Markup) {
        let (finding, prose) = (merged.finding, &self.prose);
        let score = finding.score.as_ref();
        let cell = score
            .filter(|_| merged.is_telling)
            .map_or_else(String::new, |score| {
                format!("{}x{}", score.severity, score.likelihood.value)
            });
        let category = merged::data(prose, finding);
        let (recipient, country) = (merged::party(prose, finding), merged::seat(prose, finding));
        let attributes: [(&'static str, &dyn Display); 6] = [
            ("class", &"finding"),
            ("data-app", &app.name),
            ("data-category", &category),
            ("data-recipient", &recipient),
            ("data-country", &country),
            ("data-cell", &cell),
        ];
        out.within("tbody", &attributes, |out| {
            out.open("tr", &[]);
            out.within("td", &[], |out| match score {
                Some(score) => badge(self, score.level, score.risk, out),
                None => out.text(&"–"),
            });
            out.within("td", &[], |out| {
                out.element("div", &[("class", &"what")], &prose.title(finding));
                let mut kind = category.to_owned();
                if !merged.is_telling && !finding.is_opted_out && finding.grade != Grade::Declared {
                    let weak = prose.language.pick(
                        "weak evidence, does not set the level",
                        "schwacher Beleg, bestimmt die Stufe nicht",
                    );
                    kind = format!("{kind} · {weak}");
                }
                if finding.is_opted_out {
                    kind = format!("{kind} · {}", prose.texts.opted_out);
                }
                out.element("div", &[("class", &"soft")], &kind);
            });
            out.element("td", &[], &prose.language.grade(finding.grade));
            out.within("td", &[], |out| {
                let words = prose.recipient(finding);
                if recipient.is_empty() {
                    out.text(&"–");
                } else {
                    let target = fragment("recipient", &recipient);
                    out.element("a", &[("href", &target)], &words);
                    if let Some(code) = &finding.country {
                        let name = crate::report::country::name(prose.language, code);
                        out.element("div", &[("class", &"soft")], &name);
                    }
                }
            });
            out.element(
                "td",
                &[("data-label", &prose.language.pick("How often", "Wie oft"))],
                &merged.amount(prose),
            );
            out.close();
            out.within("tr", &[("class", &"more")], |out| {
                out.element("td", &[], &"");
                out.within("td", &[("colspan", &"4")], |out| self.details(merged, out));
            });
        });
        out.line();
    }

    /// Score, reasons, provisions, times and evidence, folded.
    fn details(&self, merged: &MergedFinding<'_>, out: &mut Markup) {
        let (finding, prose) = (merged.finding, &self.prose);
        let mut lines: Vec<String> = finding
            .score
            .iter()
            .map(|score| prose.score(score))
            .collect();
        lines.extend(prose.reasons(merged.same.iter().copied()));
        if !finding.provisions.is_empty() {
            lines.push(format!(
                "{} {}",
                prose.texts.touches,
                prose.provisions(&finding.provisions)
            ));
        }
        if let Some((first, last)) = merged.period {
            let (first, last) = (minute(first), minute(last));
            let mut evidence = finding.occurrences.evidence.iter();
            let is_local = evidence.any(|piece| prose.audit.has_local_times(piece.origin.input));
            let zone = if is_local {
                prose.language.local_time()
            } else {
                "UTC"
            };
            lines.push(if first == last {
                format!("{first} {zone}")
            } else {
                format!("{first} {} {last} {zone}", prose.texts.period)
            });
        }
        let evidence = finding.occurrences.evidence.iter();
        lines.extend(
            evidence
                .take(EVIDENCE)
                .map(|evidence| prose.evidence(evidence)),
        );
        let more = finding.occurrences.evidence.len().saturating_sub(EVIDENCE);
        if more > 0 {
            lines.push(fill(prose.texts.more, &[("count", &more.to_string())]));
        }
        let words = prose
            .language
            .pick("Evidence and provisions", "Belege und Vorschriften");
        out.within("details", &[], |out| {
            out.element("summary", &[], &words);
            out.within("ul", &[], |out| {
                for line in &lines {
                    out.element("li", &[], line);
                }
            });
        });
    }
}
