//! The sections of the page beside those of apps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::app::badge;
use super::markup::Markup;
use super::picture::{self, Canvas};
use super::{Page, sankey};
use crate::model::{ContentState, RecipientKind, RiskLevel};
use crate::report::chain::{self, minute};
use crate::report::language::fill;
use crate::report::{country, merged, text};
use crate::rules::TransferStatus;

/// Phones, questions and lines of coverage shown; the rest is counted.
const LINES: usize = 600;

/// Recipients, findings and apps of one country.
type Seat<'a> = (BTreeSet<String>, u64, BTreeSet<&'a str>);

fn count(length: usize) -> u64 {
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

/// Lines with a mark before each.
pub(super) fn list(lines: impl IntoIterator<Item = String>, out: &mut Markup) {
    out.within("ul", &[("class", &"plain")], |out| {
        for line in lines {
            out.element("li", &[], &line);
        }
    });
}

impl Page<'_> {
    pub(super) fn header(&self, out: &mut Markup) {
        let (texts, language) = (self.prose.texts, self.prose.language);
        let audit = self.prose.audit;
        out.within("header", &[], |out| {
            out.element("p", &[("class", &"soft")], &texts.title);
            out.element("h1", &[], &self.case());
            let mut facts = vec![
                language.counted(count(audit.devices.len()), texts.phone, texts.phones),
                language.counted(count(audit.inputs.len()), texts.input, texts.inputs),
            ];
            let periods = audit.inputs.iter().filter_map(|input| input.period);
            if let Some((first, last)) =
                periods.reduce(|all, next| (all.0.min(next.0), all.1.max(next.1)))
            {
                facts.push(format!(
                    "{} {} {} UTC",
                    minute(first),
                    texts.period,
                    minute(last)
                ));
            }
            out.element("p", &[("class", &"soft")], &facts.join(" · "));
            if self.shows_values {
                out.element("p", &[("class", &"warning")], &texts.confidential);
            }
            let label = language.pick("Sections", "Abschnitte");
            out.within("nav", &[("aria-label", &label)], |out| {
                for (target, words) in [
                    ("#summary", language.pick("Summary", "Zusammenfassung")),
                    ("#risk", language.pick("Risk", "Risiko")),
                    ("#flows", language.pick("Flows", "Datenflüsse")),
                    ("#apps", language.pick("Apps", "Apps")),
                    ("#countries", language.pick("Countries", "Länder")),
                    ("#phones", language.pick("Phones", "Telefone")),
                    ("#questions", language.pick("Questions", "Fragen")),
                    ("#coverage", language.pick("Not seen", "Nicht zu sehen")),
                ] {
                    out.element("a", &[("href", &target)], &words);
                }
            });
        });
        out.line();
    }

    /// What is filtered, for everybody to see and hear.
    pub(super) fn state(&self, out: &mut Markup) {
        let (texts, language) = (self.prose.texts, self.prose.language);
        out.within(
            "div",
            &[
                ("id", &"state"),
                ("role", &"status"),
                ("hidden", &""),
                ("data-app", &texts.column_app),
                ("data-category", &language.pick("Data", "Daten")),
                ("data-recipient", &language.pick("Recipient", "Empfänger")),
                ("data-country", &language.pick("Country", "Land")),
                (
                    "data-cell",
                    &language.pick("Severity × likelihood", "Schwere × Wahrscheinlichkeit"),
                ),
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
            } else {
                self.overview(out);
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
        if let Some(percent) = self.unread() {
            let words = language.pick(
                "of the traffic could not be read",
                "des Verkehrs waren nicht lesbar",
            );
            numbers.push((format!("{percent} %"), words));
        }
        numbers
    }

    /// The part of the traffic, in percent, whose contents could not be read.
    fn unread(&self) -> Option<u64> {
        let (mut all, mut read) = (0_u64, 0_u64);
        for (state, volume) in self
            .prose
            .audit
            .devices
            .iter()
            .flat_map(|device| &device.traffic)
        {
            let bytes = volume.sent_bytes.saturating_add(volume.received_bytes);
            all = all.saturating_add(bytes);
            if matches!(
                state,
                ContentState::Clear | ContentState::Decrypted | ContentState::PartlyDecrypted
            ) {
                read = read.saturating_add(bytes);
            }
        }
        let unread = u128::from(all.saturating_sub(read)).saturating_mul(100);
        let percent = unread.checked_div(u128::from(all))?;
        u64::try_from(percent).ok()
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
                out.element("p", &[("class", &"soft")], &self.prose.texts.score);
                out.within("div", &[("class", &"matrix")], |out| {
                    out.picture(picture::risk_matrix(&self.prose, &self.apps, Canvas::Page));
                });
            },
        );
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

    pub(super) fn countries(&self, out: &mut Markup) {
        let language = self.prose.language;
        let mut found: BTreeMap<&Arc<str>, Seat<'_>> = BTreeMap::new();
        for app in &self.apps {
            for merged in app.findings.iter().filter(|merged| merged.is_flow()) {
                if let Some(code) = &merged.finding.country {
                    let entry = found.entry(code).or_default();
                    entry.0.insert(merged::party(&self.prose, merged.finding));
                    entry.1 = entry.1.saturating_add(1);
                    entry.2.insert(&app.name);
                }
            }
        }
        if found.is_empty() {
            return;
        }
        let mut rows: Vec<_> = found.into_iter().collect();
        rows.sort_by_key(|(code, (_, findings, _))| {
            (std::cmp::Reverse(*findings), Arc::clone(code))
        });
        let heads = [
            language.pick("Country", "Land"),
            language.pick("Under the GDPR", "Nach der DSGVO"),
            self.prose.texts.column_recipients,
            "Apps",
            language.pick("Findings", "Befunde"),
        ];
        section(
            "countries",
            language.pick("Countries of recipients", "Länder der Empfänger"),
            out,
            |out| {
                let caption = language.pick(
                    "Seats of the recipients as the rules know them, not where servers stand",
                    "Sitze der Empfänger, soweit die Regeln sie kennen, nicht der Ort der Server",
                );
                table("stack", caption, &heads, out, |out| {
                    for (code, (parties, findings, apps)) in &rows {
                        let name = country::name(language, code);
                        out.within(
                            "tr",
                            &[("class", &"of-country"), ("data-country", &name)],
                            |out| {
                                out.within("td", &[], |out| {
                                    let target = picture::fragment("country", name);
                                    out.element("a", &[("href", &target)], &name);
                                });
                                out.element("td", &[], &self.status(code));
                                let mut names: Vec<String> =
                                    parties.iter().take(8).cloned().collect();
                                let more = parties.len().saturating_sub(8);
                                if more > 0 {
                                    names.push(fill(
                                        self.prose.texts.more,
                                        &[("count", &more.to_string())],
                                    ));
                                }
                                out.element("td", &[], &names.join(", "));
                                out.element("td", &[("data-label", &"Apps")], &apps.len());
                                out.element(
                                    "td",
                                    &[("data-label", &language.pick("Findings", "Befunde"))],
                                    findings,
                                );
                            },
                        );
                        out.line();
                    }
                });
            },
        );
    }

    fn status(&self, code: &str) -> &'static str {
        let language = self.prose.language;
        match self.prose.rules.legal().transfer_status(code) {
            TransferStatus::Eea => {
                language.pick("European Economic Area", "Europäischer Wirtschaftsraum")
            }
            TransferStatus::Adequate(_) => {
                language.pick("adequacy decision", "Angemessenheitsbeschluss")
            }
            TransferStatus::PartlyAdequate(_) => language.pick(
                "adequacy decision for some recipients: look it up",
                "Angemessenheitsbeschluss für manche Empfänger: nachzusehen",
            ),
            TransferStatus::None => language.pick(
                "no adequacy decision known",
                "kein Angemessenheitsbeschluss bekannt",
            ),
        }
    }

    pub(super) fn phones(&self, out: &mut Markup) {
        let (texts, language) = (self.prose.texts, self.prose.language);
        let devices = &self.prose.audit.devices;
        if devices.is_empty() {
            return;
        }
        let heads = [
            texts.column_phone,
            language.pick("System and model", "System und Modell"),
            language.pick("Highest risk", "Höchstes Risiko"),
            "Apps",
            language.pick("Findings", "Befunde"),
            texts.column_sent,
        ];
        let title = language.pick("Phones", "Telefone");
        section("phones", title, out, |out| {
            table(
                "stack",
                language.pick("Phones of the case", "Telefone des Falls"),
                &heads,
                out,
                |out| {
                    for device in devices.iter().take(LINES) {
                        let risk = device
                            .apps
                            .iter()
                            .map(|app| app.risk)
                            .max()
                            .unwrap_or_default();
                        let level = device
                            .apps
                            .iter()
                            .map(|app| app.level)
                            .max()
                            .unwrap_or(RiskLevel::None);
                        let findings = device
                            .apps
                            .iter()
                            .map(|app| app.findings.len())
                            .fold(0, usize::saturating_add);
                        let sent = device
                            .traffic
                            .values()
                            .map(|volume| volume.sent_bytes)
                            .fold(0, u64::saturating_add);
                        let apps = count(device.apps.len()).saturating_add(device.silent_apps);
                        let system = device
                            .platform
                            .map(|platform| language.platform(platform).to_owned());
                        let model = device
                            .model
                            .as_deref()
                            .map(|model| text::safe_up_to(model, 60));
                        let system: Vec<String> = system.into_iter().chain(model).collect();
                        out.within("tr", &[], |out| {
                            out.element("td", &[], &text::safe_up_to(&device.name, 60));
                            out.element(
                                "td",
                                &[],
                                &if system.is_empty() {
                                    "–".to_owned()
                                } else {
                                    system.join(", ")
                                },
                            );
                            out.within("td", &[], |out| badge(self, level, risk, out));
                            out.element("td", &[("data-label", &"Apps")], &apps);
                            out.element(
                                "td",
                                &[("data-label", &language.pick("Findings", "Befunde"))],
                                &findings,
                            );
                            out.element(
                                "td",
                                &[("data-label", &texts.column_sent)],
                                &language.bytes(sent),
                            );
                        });
                        out.line();
                    }
                },
            );
            self.rest(devices.len(), out);
            for sentence in chain::clocks(&self.prose).iter().take(20) {
                out.element("p", &[("class", &"soft")], sentence);
            }
        });
    }

    /// How many lines are left out.
    fn rest(&self, length: usize, out: &mut Markup) {
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

    pub(super) fn footer(&self, out: &mut Markup) {
        let (audit, texts, language) = (self.prose.audit, self.prose.texts, self.prose.language);
        let legal = self.prose.rules.legal();
        out.within("footer", &[], |out| {
            out.element("h2", &[], &texts.reading);
            let mut lines = vec![texts.verbs.to_owned()];
            if !self.shows_values {
                lines.push(texts.masks.to_owned());
            }
            let seat = audit.controller.country.as_deref();
            let always = legal
                .provisions
                .iter()
                .filter(|provision| provision.is_always_touched)
                .filter(|provision| provision.may_apply(seat));
            let always: Vec<Arc<str>> = always.map(|provision| Arc::clone(&provision.id)).collect();
            if !always.is_empty() {
                lines.push(format!(
                    "{} {}.",
                    texts.always,
                    self.prose.provisions(&always)
                ));
            }
            lines.push(language.of(&legal.reform_note).to_owned());
            lines.push(language.of(&legal.disclaimer).to_owned());
            let as_of = fill(texts.as_of, &[("date", &audit.law_as_of)]);
            let rules = audit.rules_sha256.get(..12).unwrap_or(&audit.rules_sha256);
            lines.push(format!(
                "phonehome {} · {as_of} · {} {rules}",
                audit.tool_version, texts.rules
            ));
            for line in &lines {
                out.element("p", &[], line);
            }
        });
    }
}
