//! The section of the countries of recipients.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::markup::Markup;
use super::section::{row_head, section, table};
use super::{Page, picture};
use crate::report::language::fill;
use crate::report::{country, merged};
use crate::rules::TransferStatus;

/// Recipients, findings and apps of one country.
type Seat<'a> = (BTreeSet<String>, u64, BTreeSet<&'a str>);

impl Page<'_> {
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
                                row_head(out, |out| {
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
                "Angemessenheitsbeschluss nur für manche Empfänger (nachsehen)",
            ),
            TransferStatus::None => language.pick(
                "no adequacy decision known",
                "kein Angemessenheitsbeschluss bekannt",
            ),
        }
    }
}
