//! Which data went to whom: apps, purposes, flows, transfers, risks, and what may be suited to monitor staff.

use std::collections::{BTreeMap, BTreeSet};

use super::record::{companies, unplaced};
use super::{Block, Draft, Table, joined};
use crate::model::{Attributed, Category, Grade, JudgedFinding, RiskLevel};
use crate::report::language::fill;
use crate::report::merged::{self, MergedApp, MergedFinding};
use crate::report::text;
use crate::rules::TransferStatus;

/// Apps that staff are told about.
const APPS: usize = 12;
/// Risk from which on a finding stands in a document.
const NOTEWORTHY: u8 = 4;

/// A company with the code of its country; apps and kinds of data.
type Abroad = BTreeMap<(String, Option<String>), (BTreeSet<String>, BTreeSet<String>)>;

impl Draft<'_> {
    /// Apps with the company's decisions and their risk.
    pub(super) fn decisions(&self) -> Block {
        let row = |app: &MergedApp<'_>| {
            let phones: Vec<String> = app
                .reports
                .iter()
                .map(|(phone, _)| text::safe_up_to(phone, 60))
                .collect();
            vec![
                app.name.clone(),
                self.few(&phones),
                self.decided(app),
                self.level(app.level, app.risk),
            ]
        };
        let columns = ["app", "on-phones", "decision", "risk"];
        Block::Table(self.table(&columns, self.shown().map(row)))
    }

    /// A level with its number, where there is one.
    pub(super) fn level(&self, level: RiskLevel, risk: u8) -> String {
        match risk {
            0 => self.prose.language.level(level).to_owned(),
            _ => self.prose.risk(level, risk),
        }
    }

    pub(super) fn purposes(&self) -> Table {
        let row = |app: &MergedApp<'_>| vec![app.name.clone(), self.purposes_of(app).join("; ")];
        self.table(&["app", "purposes"], self.shown().map(row))
    }

    pub(super) fn flows(&self) -> Table {
        let columns = ["app", "data", "known", "recipient", "country"];
        let rows = self.shown().flat_map(|app| {
            let rows: BTreeSet<[String; 4]> = app
                .findings
                .iter()
                .filter(|merged| merged.is_flow())
                .map(|merged| self.flow(merged.finding))
                .collect();
            rows.into_iter().map(|row| {
                let mut cells = vec![app.name.clone()];
                cells.extend(row);
                cells
            })
        });
        self.table(&columns, rows)
    }

    fn flow(&self, finding: &JudgedFinding) -> [String; 4] {
        let prose = &self.prose;
        [
            prose.with_protection(finding, merged::data(prose, finding)),
            prose.language.grade(merged::grade(finding)).to_owned(),
            merged::party(prose, finding),
            merged::seat(prose, finding),
        ]
    }

    pub(super) fn transfers(&self) -> Vec<Block> {
        let legal = self.prose.rules.legal();
        let mut found = Abroad::new();
        for app in self.shown() {
            for (company, country) in companies(app) {
                let data = self.data_to(app, &company);
                let entry = found.entry((company, country)).or_default();
                entry.0.insert(app.name.clone());
                entry.1.extend(data);
            }
        }
        let is_in_eea = |code: &String| matches!(legal.transfer_status(code), TransferStatus::Eea);
        let names = |found: &Abroad, wanted: &dyn Fn(&Option<String>) -> bool| {
            let keys = found.keys().filter(|(_, country)| wanted(country));
            joined(keys.map(|(company, _)| company.clone()))
        };
        let inside = names(&found, &|country| country.as_ref().is_some_and(is_in_eea));
        let rows = found.iter().filter_map(|((company, code), (apps, data))| {
            let code = code.as_ref().filter(|code| !is_in_eea(code))?;
            Some(vec![
                company.clone(),
                self.seat(company, code),
                joined(apps.iter().cloned()),
                joined(data.iter().cloned()),
                self.law(code),
                self.transfer_basis(company, code),
            ])
        });
        let columns = [
            "recipient",
            "country",
            "app",
            "data",
            "law",
            "transfer-basis",
        ];
        let table = self.table(&columns, rows);
        let mut blocks = if table.rows.is_empty() {
            vec![Block::Paragraph(self.word("no-transfers").to_owned())]
        } else {
            self.or_nothing(table)
        };
        if !inside.is_empty() {
            let inside = self.filled("in-eea", &[("names", &inside)]);
            blocks.push(Block::Paragraph(inside));
        }
        let unplaced = self.unplaced();
        if !unplaced.rows.is_empty() {
            blocks.push(Block::Paragraph(self.word("seat-unknown").to_owned()));
            blocks.extend(self.or_nothing(unplaced));
        }
        blocks
    }

    /// Recipients whose seat is not known, with apps and data: each may be abroad.
    fn unplaced(&self) -> Table {
        let mut found: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
        for app in self.shown() {
            for name in unplaced(app) {
                let sent = self.data_to(app, &name);
                let (apps, data) = found.entry(name).or_default();
                apps.insert(app.name.clone());
                data.extend(sent);
            }
        }
        let row = |(name, (apps, mut data)): (String, (BTreeSet<String>, BTreeSet<String>))| {
            if data.is_empty() {
                data.insert(self.word("connection-alone").to_owned());
            }
            vec![name, joined(apps), joined(data)]
        };
        self.table(&["recipient", "app", "data"], found.into_iter().map(row))
    }

    /// What went to a recipient of an app, and how that is known.
    fn data_to(&self, app: &MergedApp<'_>, name: &str) -> Vec<String> {
        let findings = app.findings.iter().filter(|merged| merged.is_flow());
        let to_it = findings.filter(|merged| merged::party(&self.prose, merged.finding) == name);
        let words = to_it.map(|merged| {
            let verb = self.prose.language.verb(merged::grade(merged.finding));
            format!("{}: {verb}", merged::data(&self.prose, merged.finding))
        });
        words.collect()
    }

    /// What the rules know of a country as the seat of recipients.
    fn law(&self, code: &str) -> String {
        let legal = self.prose.rules.legal();
        let language = self.prose.language;
        let Some(decision) = legal.adequacy_of(code) else {
            return self.word("inadequate").to_owned();
        };
        let act = decision.act.as_deref().unwrap_or_default();
        let mut law = self.filled("adequate", &[("act", act), ("day", &decision.since)]);
        for text in decision.only.iter().chain(&decision.note) {
            law = format!("{law}; {}", language.of(text));
        }
        law
    }

    /// Findings from medium risk on, highest first.
    pub(super) fn risks(&self) -> Table {
        let columns = [
            "app",
            "finding",
            "persons",
            "severity-likelihood",
            "risk",
            "known",
        ];
        let apps = self.shown();
        let mut found: Vec<(&str, &MergedFinding<'_>)> = apps
            .flat_map(|app| {
                app.findings
                    .iter()
                    .map(|merged| (app.name.as_str(), merged))
            })
            .filter(|(_, merged)| merged.is_telling && merged.risk() >= NOTEWORTHY)
            .collect();
        found.sort_by_key(|(_, merged)| std::cmp::Reverse(merged.risk()));
        let row = |(app, merged): (&str, &MergedFinding<'_>)| {
            let finding = merged.finding;
            let score = finding.score.as_ref()?;
            let mut title = self.prose.title(finding);
            let recipient = self.prose.recipient(finding);
            if !recipient.is_empty() {
                title = format!("{title} → {recipient}");
            }
            Some(vec![
                app.to_owned(),
                title,
                self.persons(std::iter::once(finding)),
                format!("{} × {}", score.severity, score.likelihood.value),
                self.level(score.level, score.risk),
                format!(
                    "{}, {} %",
                    self.prose.language.grade(finding.grade),
                    score.evidence_percent
                ),
            ])
        };
        self.table(&columns, found.into_iter().filter_map(row))
    }

    /// Data from which somebody's work could be read.
    pub(super) fn monitoring(&self) -> Table {
        let may_monitor = |finding: &JudgedFinding| {
            matches!(
                finding.category,
                Category::Location
                    | Category::MessageMetadata
                    | Category::Usage
                    | Category::Account
            )
        };
        let rows = self.shown().flat_map(|app| {
            let flows = app.findings.iter().filter(|merged| merged.is_flow());
            let rows: BTreeSet<[String; 4]> = flows
                .map(|merged| merged.finding)
                .filter(|finding| may_monitor(finding))
                .map(|finding| self.flow(finding))
                .collect();
            rows.into_iter().map(|row| {
                let mut cells = vec![app.name.clone()];
                cells.extend(row);
                cells
            })
        });
        self.table(&["app", "data", "known", "recipient", "country"], rows)
    }

    /// What was found in sentences, for apps from medium risk on, and what of that is no app's.
    pub(super) fn staff_findings(&self) -> Vec<String> {
        let apps = self
            .shown()
            .filter(|app| app.level >= RiskLevel::Medium)
            .take(APPS);
        apps.flat_map(|app| self.sentences(app)).collect()
    }

    /// An app's name; of traffic that is no app's, a description.
    fn staff_name<'b>(&'b self, app: &'b MergedApp<'_>) -> &'b str {
        let mut owners = app.reports.iter().map(|(_, report)| &report.app);
        if owners.any(|owner| *owner == Attributed::Unknown) {
            self.word("activity-unknown")
        } else {
            &app.name
        }
    }

    fn sentences(&self, app: &MergedApp<'_>) -> Vec<String> {
        let prose = &self.prose;
        let told = |id: &str, is_meant: &dyn Fn(Grade) -> bool, is_named: bool| {
            let findings = || {
                let all = app.findings.iter().filter(|merged| merged.is_flow());
                let known = all.filter(|merged| is_meant(merged::grade(merged.finding)));
                known.filter(|merged| !is_named || plain_word(merged.finding.category).is_some())
            };
            let data = findings().filter_map(|merged| plain_word(merged.finding.category));
            let data = data.map(|id| self.word(id).to_owned());
            let parties: BTreeSet<String> = findings()
                .map(|merged| merged::party(prose, merged.finding))
                .collect();
            let parties: Vec<String> = parties.into_iter().collect();
            let values = [
                ("app", self.staff_name(app)),
                ("data", &joined(data)),
                ("recipients", &self.few(&parties)),
            ];
            (!parties.is_empty()).then(|| fill(self.word(id), &values))
        };
        let transmitted = told("seen-transmitted", &Grade::is_transmitted, true);
        let inferred = told("seen-inferred", &|grade| grade == Grade::Inferred, true);
        let contacted = told("seen-contacted", &|grade| grade == Grade::Contacted, false)
            .filter(|_| transmitted.is_none() && inferred.is_none());
        [transmitted, inferred, contacted]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Data of people in words that need no explanation; none for circumstances.
fn plain_word(category: Category) -> Option<&'static str> {
    Some(match category {
        Category::Contacts => "plain-contacts",
        Category::Location => "plain-location",
        Category::Device => "plain-device",
        Category::Account => "plain-account",
        Category::MessageMetadata => "plain-message-metadata",
        Category::MessageContent => "plain-message-content",
        Category::Media => "plain-media",
        Category::Credentials => "plain-credentials",
        Category::Usage => "plain-usage",
        Category::Transport | Category::Recipient | Category::Permission => return None,
    })
}
