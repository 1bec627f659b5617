//! The sections of the page beside those of apps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::app::{anchor, badge};
use super::markup::Markup;
use super::picture::{self, Canvas};
use super::{Page, Section, sankey};
use crate::gate;
use crate::model::{RecipientKind, RiskLevel};
use crate::report::language::fill;
use crate::report::{country, merged, portrait, text};

/// Phones, questions and lines of coverage shown; the rest is counted.
pub(super) const LINES: usize = 600;

/// Highest risks named beside the matrix.
const GRAVEST: usize = 7;

pub(super) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A section with its heading.
pub(super) fn section(
    id: &'static str,
    title: &str,
    out: &mut Markup,
    fill: impl FnOnce(&mut Markup),
) {
    let heading = format!("{id}-title");
    out.within(
        "section",
        &[("id", &id), ("aria-labelledby", &heading)],
        |out| {
            out.element("h2", &[("id", &heading)], &title);
            fill(out);
        },
    );
    out.line();
}

/// A table with its caption and the heads of its columns.
pub(super) fn table(
    class: &'static str,
    caption: &str,
    heads: &[&str],
    out: &mut Markup,
    rows: impl FnOnce(&mut Markup),
) {
    out.within("table", &[("class", &class)], |out| {
        out.element("caption", &[], &caption);
        out.within("thead", &[], |out| {
            out.within("tr", &[], |out| {
                for head in heads {
                    out.element("th", &[("scope", &"col")], head);
                }
            });
        });
        out.line();
        // A finding is a body of its own, because it has two rows.
        if class.starts_with("findings") {
            rows(out);
        } else {
            out.within("tbody", &[], rows);
        }
    });
}

/// The cell that says what a row is about.
pub(super) fn row_head(out: &mut Markup, fill: impl FnOnce(&mut Markup)) {
    out.within("th", &[("scope", &"row")], fill);
}

/// Lines with a mark before each.
pub(super) fn list(lines: impl IntoIterator<Item = String>, out: &mut Markup) {
    out.within("ul", &[("class", &"plain")], |out| {
        for line in lines {
            out.element("li", &[], &line);
        }
    });
}

impl Page<'_> {
    pub(super) fn header(&self, sections: &[&Section], out: &mut Markup) {
        let (texts, language) = (self.prose.texts, self.prose.language);
        let audit = self.prose.audit;
        out.within("header", &[], |out| {
            out.element("p", &[("class", &"soft")], &texts.title);
            out.element("h1", &[], &self.case());
            let mut facts = vec![
                language.counted(count(audit.devices.len()), texts.phone, texts.phones),
                language.counted(count(audit.read_inputs()), texts.input, texts.inputs),
            ];
            facts.extend(self.prose.period());
            out.element("p", &[("class", &"soft")], &facts.join(" · "));
            for line in self.prose.suppressed() {
                out.element("p", &[], &line);
            }
            if self.shows_values {
                out.element("p", &[("class", &"warning")], &texts.confidential);
            }
            let label = language.pick("Sections", "Abschnitte");
            out.within("nav", &[("aria-label", &label)], |out| {
                for section in sections {
                    let target = format!("#{}", section.id);
                    let words = language.pick(section.name.0, section.name.1);
                    out.element("a", &[("href", &target)], &words);
                }
            });
        });
        out.line();
    }

    /// A field to search, and what is filtered, for everybody to see and hear. Without script there is neither.
    pub(super) fn state(&self, out: &mut Markup) {
        let (texts, language) = (self.prose.texts, self.prose.language);
        out.within("div", &[("class", &"find"), ("hidden", &"")], |out| {
            let words = language.pick(
                "Find an app, kind of data, recipient or phone",
                "App, Datenart, Empfänger oder Telefon suchen",
            );
            out.element("label", &[("for", &"find")], &words);
            out.open(
                "input",
                &[
                    ("id", &"find"),
                    ("type", &"search"),
                    ("autocomplete", &"off"),
                    ("spellcheck", &"false"),
                ],
            );
        });
        out.open("div", &[("role", &"status"), ("class", &"status")]);
        out.within(
            "p",
            &[
                ("id", &"state"),
                ("hidden", &""),
                ("data-app", &texts.column_app),
                ("data-category", &language.pick("Data", "Daten")),
                ("data-recipient", &language.pick("Recipient", "Empfänger")),
                ("data-country", &language.pick("Country", "Land")),
                (
                    "data-cell",
                    &language.pick("Severity × likelihood", "Schwere × Wahrscheinlichkeit"),
                ),
                ("data-find", &language.pick("Text", "Text")),
                (
                    "data-shown",
                    &language.pick(
                        "{count} of {all} findings shown",
                        "{count} von {all} Befunden gezeigt",
                    ),
                ),
            ],
            |out| {
                out.element("span", &[], &"");
                out.text(&" ");
                let words = language.pick("Show all", "Alles zeigen");
                out.element("a", &[("href", &"#show=all")], &words);
            },
        );
        out.close();
        out.line();
    }

    pub(super) fn summary(&self, out: &mut Markup) {
        let language = self.prose.language;
        let title = language.pick("Summary", "Zusammenfassung");
        section("summary", title, out, |out| {
            out.within("ul", &[("class", &"facts")], |out| {
                for (number, words) in self.numbers() {
                    out.within("li", &[], |out| {
                        out.element("b", &[], &number);
                        out.element("span", &[], &words);
                    });
                }
            });
            for sentence in self.sentences() {
                out.element("p", &[], &sentence);
            }
            if self.shown().next().is_none() {
                out.element("p", &[], &self.prose.texts.no_apps);
            }
        });
    }

    /// Who received data, and in which countries they sit.
    fn receivers_of_data(&self, is_transmitted: bool) -> (BTreeSet<String>, BTreeSet<String>) {
        let mut receivers = (BTreeSet::new(), BTreeSet::new());
        for merged in self.apps.iter().flat_map(|app| &app.findings) {
            let finding = merged.finding;
            let is_remote = matches!(
                finding.recipient.kind,
                RecipientKind::Remote | RecipientKind::Company
            );
            if merged.is_flow() && is_remote && finding.grade.is_transmitted() == is_transmitted {
                receivers.0.insert(merged::party(&self.prose, finding));
                let name = |code: &Arc<str>| country::name(self.prose.language, code).to_owned();
                receivers.1.extend(finding.country.as_ref().map(name));
            }
        }
        receivers
    }

    fn numbers(&self) -> Vec<(String, &'static str)> {
        let language = self.prose.language;
        let shown = || self.apps.iter().filter(|app| app.is_shown);
        let grave = shown().filter(|app| app.level >= RiskLevel::High).count();
        let (receivers, _) = self.receivers_of_data(true);
        let mut numbers = vec![
            (
                shown().count().to_string(),
                language.pick(
                    "apps with something to show",
                    "Apps, über die etwas zu sagen ist",
                ),
            ),
            (
                grave.to_string(),
                language.pick(
                    "of them of high or very high risk",
                    "davon mit hohem oder sehr hohem Risiko",
                ),
            ),
            (
                receivers.len().to_string(),
                language.pick(
                    "recipients of data that was seen",
                    "Empfänger von Daten, die zu sehen waren",
                ),
            ),
        ];
        if let Some(percent) = gate::readable_percent(self.prose.audit) {
            let words = language.pick("of all bytes could be read", "aller Bytes waren lesbar");
            numbers.push((format!("{percent} %"), words));
        }
        numbers
    }

    fn sentences(&self) -> Vec<String> {
        let language = self.prose.language;
        let mut sentences = Vec::new();
        let listed = |names: &BTreeSet<String>| {
            let mut shown: Vec<String> = names.iter().take(8).cloned().collect();
            let more = names.len().saturating_sub(8);
            if more > 0 {
                shown.push(fill(self.prose.texts.more, &[("count", &more.to_string())]));
            }
            shown.join(", ")
        };
        for (is_transmitted, template, seats) in [
            (
                true,
                language.pick("Data was transmitted to {names}.", "Daten wurden übertragen an {names}."),
                language.pick("Known seats of these: {names}.", "Bekannte Sitze davon: {names}."),
            ),
            (
                false,
                language.pick(
                    "Contacted, or concluded to have received data, without the contents being visible: {names}.",
                    "Kontaktiert oder als Empfänger gefolgert, ohne dass der Inhalt zu sehen war: {names}.",
                ),
                "",
            ),
        ] {
            let (names, countries) = self.receivers_of_data(is_transmitted);
            if names.is_empty() {
                continue;
            }
            let mut sentence = fill(template, &[("names", &listed(&names))]);
            if !countries.is_empty() && !seats.is_empty() {
                sentence = format!("{sentence} {}", fill(seats, &[("names", &listed(&countries))]));
            }
            sentences.push(sentence);
        }
        sentences.push(self.prose.texts.not_clean.to_owned());
        sentences
    }

    pub(super) fn risk(&self, out: &mut Markup) {
        let language = self.prose.language;
        section(
            "risk",
            language.pick(
                "Risk: severity and likelihood",
                "Risiko: Schwere und Wahrscheinlichkeit",
            ),
            out,
            |out| {
                out.within("div", &[("class", &"beside")], |out| {
                    out.within("div", &[("class", &"matrix")], |out| {
                        out.picture(picture::risk_matrix(&self.prose, &self.apps, Canvas::Page));
                    });
                    out.within("div", &[], |out| self.gravest(out));
                });
                out.element("p", &[("class", &"soft")], &self.prose.texts.score);
            },
        );
    }

    /// The highest risks in a few lines, no app more than twice.
    fn gravest(&self, out: &mut Markup) {
        let mut lines = Vec::new();
        for (position, app) in self.shown() {
            let telling = app.findings.iter().filter(|merged| merged.is_telling);
            lines.extend(telling.take(2).map(|merged| (merged, position, app)));
        }
        lines.sort_by_key(|(merged, ..)| std::cmp::Reverse(merged.risk()));
        if lines.is_empty() {
            return;
        }
        let title = self.prose.language.pick("Highest risks", "Höchste Risiken");
        out.element("h3", &[], &title);
        out.within("ol", &[("class", &"gravest")], |out| {
            for (merged, position, app) in lines.into_iter().take(GRAVEST) {
                out.within("li", &[], |out| {
                    let score = merged.finding.score.as_ref();
                    let level = score.map_or(RiskLevel::None, |score| score.level);
                    badge(self, level, merged.risk(), out);
                    out.text(&" ");
                    let target = format!("#{}", anchor(position));
                    out.element("a", &[("href", &target)], &app.name);
                    let mut words = format!(": {}", self.prose.title(merged.finding));
                    let recipient = merged::party(&self.prose, merged.finding);
                    if !recipient.is_empty() {
                        words = format!("{words} → {recipient}");
                    }
                    let grade = self.prose.language.grade(merged.finding.grade);
                    out.text(&format!("{words} ({grade})"));
                });
            }
        });
    }

    pub(super) fn flows(&self, out: &mut Markup) {
        let language = self.prose.language;
        let Some(drawn) = sankey::draw(&self.prose, &self.apps, Canvas::Page) else {
            return;
        };
        section(
            "flows",
            language.pick("Where data flows", "Wohin Daten fließen"),
            out,
            |out| {
                let words = language.pick(
                "A band is as thick as the number of different findings. Choose an app, a kind of data, a recipient or a country: the \
                 page then shows only what belongs to it.",
                "Ein Band ist so dick wie die Zahl verschiedener Befunde. Wählen Sie App, Datenart, Empfänger oder Land: Die Seite \
                 zeigt dann nur, was dazugehört.",
            );
                out.element("p", &[("class", &"soft")], &words);
                let label = language.pick("Flows", "Datenflüsse");
                out.within(
                    "div",
                    &[
                        ("class", &"wide"),
                        ("tabindex", &"0"),
                        ("role", &"region"),
                        ("aria-label", &label),
                    ],
                    |out| {
                        out.picture(drawn);
                    },
                );
            },
        );
    }

    pub(super) fn time(&self, out: &mut Markup) {
        let language = self.prose.language;
        let Some(drawn) = picture::timeline(&self.prose, &self.apps, Canvas::Page) else {
            return;
        };
        section("time", language.pick("When", "Wann"), out, |out| {
            let label = language.pick("Timeline", "Zeitlicher Verlauf");
            out.within(
                "div",
                &[
                    ("class", &"wide"),
                    ("tabindex", &"0"),
                    ("role", &"region"),
                    ("aria-label", &label),
                ],
                |out| {
                    out.picture(drawn);
                },
            );
        });
    }

    /// Apps that the company does not know or does not allow, with what to offer instead.
    pub(super) fn unapproved(&self, out: &mut Markup) {
        let (texts, language) = (self.prose.texts, self.prose.language);
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for device in &self.prose.audit.devices {
            for app in &device.shadow {
                let line = portrait::shadow(&self.prose, device, app);
                let phones = found.entry(line).or_default();
                phones.push(text::safe_up_to(&device.name, 40));
            }
        }
        if found.is_empty() {
            return;
        }
        section("unapproved", texts.shadow, out, |out| {
            out.element("p", &[], &texts.shadow_note);
            let line = |(words, phones): (String, Vec<String>)| match phones.as_slice() {
                few @ ([_] | [_, _] | [_, _, _]) => format!("{}: {words}", few.join(", ")),
                many => {
                    let phones = language.counted(count(many.len()), texts.phone, texts.phones);
                    format!("{phones}: {words}")
                }
            };
            let length = found.len();
            list(found.into_iter().map(line).take(LINES), out);
            self.rest(length, out);
            if let Some(advice) = portrait::shadow_advice(&self.prose) {
                out.element("p", &[], &advice);
            }
        });
    }

    /// How many lines are left out.
    pub(super) fn rest(&self, length: usize, out: &mut Markup) {
        let more = length.saturating_sub(LINES);
        if more > 0 {
            let words = fill(self.prose.texts.more, &[("count", &more.to_string())]);
            out.element("p", &[("class", &"soft")], &words);
        }
    }

    pub(super) fn questions(&self, out: &mut Markup) {
        let asked = self.prose.questions();
        if asked.is_empty() {
            return;
        }
        section("questions", self.prose.texts.questions, out, |out| {
            let questions = asked.iter().take(LINES);
            list(
                questions.map(|question| text::safe_up_to(question, 900)),
                out,
            );
            self.rest(asked.len(), out);
        });
    }

    pub(super) fn measures(&self, out: &mut Markup) {
        let language = self.prose.language;
        let measures = merged::measures(&self.prose, &self.apps);
        if measures.is_empty() {
            return;
        }
        let title = language.pick("Measures to consider", "Maßnahmen, die zu erwägen sind");
        section("measures", title, out, |out| {
            let lines = measures.into_iter().map(|(measure, findings)| {
                let (one, many) = (
                    language.pick("finding", "Befund"),
                    language.pick("findings", "Befunde"),
                );
                format!("{measure} ({})", language.counted(findings, one, many))
            });
            list(lines, out);
        });
    }

    pub(super) fn coverage(&self, out: &mut Markup) {
        let (texts, language) = (self.prose.texts, self.prose.language);
        section("coverage", texts.coverage, out, |out| {
            if let Some(drawn) = picture::coverage(&self.prose, &self.apps, Canvas::Page) {
                let label = language.pick("How much could be read", "Wie viel lesbar war");
                out.within(
                    "div",
                    &[
                        ("class", &"wide"),
                        ("tabindex", &"0"),
                        ("role", &"region"),
                        ("aria-label", &label),
                    ],
                    |out| {
                        out.picture(drawn);
                    },
                );
                self.contents(out);
            }
            let lines = self.prose.shortfalls();
            if lines.is_empty() {
                out.element("p", &[], &texts.coverage_complete);
            } else {
                out.element("h3", &[], &texts.shortfalls);
                let length = lines.len();
                list(lines.into_iter().take(LINES), out);
                self.rest(length, out);
            }
            out.element("p", &[], &texts.not_clean);
        });
    }

    /// The numbers behind the bars.
    fn contents(&self, out: &mut Markup) {
        let (texts, language) = (self.prose.texts, self.prose.language);
        let heads = [
            texts.column_contents,
            texts.column_flows,
            texts.column_sent,
            texts.column_received,
        ];
        let caption = language.pick("All traffic in numbers", "Aller Verkehr in Zahlen");
        table("numbers", caption, &heads, out, |out| {
            for (state, volume) in merged::traffic(self.prose.audit) {
                out.within("tr", &[], |out| {
                    row_head(out, |out| out.text(&language.content_of(state, &volume)));
                    out.element("td", &[], &volume.flows);
                    out.element("td", &[], &language.size(&volume, volume.sent_bytes));
                    out.element("td", &[], &language.size(&volume, volume.received_bytes));
                });
            }
        });
    }

    pub(super) fn footer(&self, out: &mut Markup) {
        out.within("footer", &[], |out| {
            out.element("h2", &[], &self.prose.texts.reading);
            for line in self.prose.reading(self.shows_values) {
                out.element("p", &[], &line);
            }
        });
    }
}
