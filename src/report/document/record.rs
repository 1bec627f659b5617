//! Rows for the record of processing activities (GDPR Art. 30(1)), one for each app.

use std::collections::{BTreeMap, BTreeSet};

use super::{Draft, Table, joined};
use crate::model::{
    AppId, AppReport, Attributed, Category, Day, DeviceReport, Grade, JudgedFinding, LegalBasis,
    Purpose, RecipientKind, TransferTool,
};
use crate::report::merged::{self, MergedApp};
use crate::report::{Language, Presentable, country, text};
use crate::rules::{Rules, TransferStatus};

/// Columns, as words of `rules/documents.toml`.
pub(in crate::report) const COLUMNS: [&str; 9] = [
    "activity",
    "decision",
    "purposes",
    "persons",
    "data",
    "recipients",
    "transfers",
    "erasure",
    "safeguards",
];

/// Recipients named in one cell; the rest is counted.
const RECIPIENTS: usize = 8;

/// The rows, for formats that have tables of their own.
pub(in crate::report) fn record(report: &Presentable, rules: &Rules, language: Language) -> Table {
    Draft::new(report, rules, language).record()
}

impl Draft<'_> {
    pub(super) fn record(&self) -> Table {
        let row = |app: &MergedApp<'_>| {
            vec![
                self.activity(app),
                self.decided(app),
                self.purposes_of(app).join("; "),
                self.persons(app.findings.iter().map(|merged| merged.finding)),
                self.data(app),
                self.recipients(app),
                self.transfers_of(app),
                self.gap_word("which-erasure"),
                self.safeguards(app),
            ]
        };
        self.table(&COLUMNS, self.shown().map(row))
    }

    fn activity(&self, app: &MergedApp<'_>) -> String {
        let owner = app.reports.first().map(|(_, report)| &report.app);
        match owner {
            Some(Attributed::Unknown) => self.word("activity-unknown").to_owned(),
            Some(Attributed::Known { app, .. }) if app.as_str() == AppId::SYSTEM => {
                self.word("activity-system").to_owned()
            }
            _ => self.filled("activity-text", &[("app", &app.name)]),
        }
    }

    /// The company's decisions about an app; where they differ, with the phones that they hold for.
    pub(super) fn decided(&self, app: &MergedApp<'_>) -> String {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (phone, report) in &app.reports {
            let decision = self.decision_of(report);
            found
                .entry(decision)
                .or_default()
                .push(text::safe_up_to(phone, 60));
        }
        if found.len() == 1 {
            return found.into_keys().next().unwrap_or_default();
        }
        let parts = found
            .iter()
            .map(|(decision, phones)| format!("{decision} ({})", self.few(phones)));
        parts.collect::<Vec<_>>().join("; ")
    }

    fn decision_of(&self, report: &AppReport) -> String {
        let standing = report.standing.as_ref();
        let status = standing.and_then(|standing| standing.status);
        let Some(status) = status else {
            return self.word("no-decision").to_owned();
        };
        let status = self.prose.language.status(status);
        match standing.and_then(|standing| standing.since) {
            Some(day) => {
                let values = [("status", status), ("day", &day.to_string())];
                self.filled("since", &values)
            }
            None => status.to_owned(),
        }
    }

    /// Purposes with their legal bases, and what is missing of them.
    pub(super) fn purposes_of(&self, app: &MergedApp<'_>) -> Vec<String> {
        let standings = app
            .reports
            .iter()
            .filter_map(|(_, report)| report.standing.as_ref());
        let purposes: BTreeSet<String> = standings
            .flat_map(|standing| &standing.purposes)
            .map(|purpose| format!("{}: {}", purpose.text, self.legal_basis(purpose)))
            .collect();
        if purposes.is_empty() {
            return vec![self.gap_word("which-purpose")];
        }
        purposes.into_iter().collect()
    }

    pub(super) fn legal_basis(&self, purpose: &Purpose) -> String {
        match purpose.legal_basis {
            Some(basis) => self.word(legal_basis_word(basis)).to_owned(),
            None => self.gap_word("which-basis"),
        }
    }

    /// The groups of people that findings affect.
    pub(super) fn persons<'f>(&self, findings: impl Iterator<Item = &'f JudgedFinding>) -> String {
        let rules = self.prose.rules;
        let mut ids = BTreeSet::new();
        for finding in findings.filter(|finding| is_sent(finding)) {
            let terms = rules.terms(
                &finding.rule,
                finding.observation.as_deref(),
                finding.category,
            );
            ids.extend(terms.persons);
        }
        let persons = rules
            .persons()
            .iter()
            .filter(|person| ids.contains(&person.id));
        let names = persons.map(|person| self.prose.language.of(&person.label));
        names.collect::<Vec<_>>().join("; ")
    }

    /// The kinds of data, and to whom each went or is concluded to have gone.
    fn data(&self, app: &MergedApp<'_>) -> String {
        let mut found: BTreeMap<&str, BTreeMap<Grade, BTreeSet<String>>> = BTreeMap::new();
        for merged in app.findings.iter().filter(|merged| merged.is_flow()) {
            let (finding, grade) = (merged.finding, merged::grade(merged.finding));
            // How well something transmitted was read is no matter here.
            let known = if grade.is_transmitted() {
                Grade::Decoded
            } else {
                grade
            };
            let data = found.entry(merged::data(&self.prose, finding)).or_default();
            let parties = data.entry(known).or_default();
            parties.insert(merged::party(&self.prose, finding));
        }
        let words = found.iter().map(|(data, known)| {
            let parts = known.iter().map(|(grade, parties)| {
                let parties: Vec<String> = parties.iter().cloned().collect();
                let verb = self.prose.language.verb(*grade);
                format!("{verb} ({})", self.few(&parties))
            });
            format!("{data}: {}", parts.collect::<Vec<_>>().join(", "))
        });
        words.collect::<Vec<_>>().join("; ")
    }

    pub(super) fn recipients(&self, app: &MergedApp<'_>) -> String {
        let companies = companies(app);
        let name = |(company, country): (&String, &Option<String>)| match country {
            Some(code) => format!("{company} ({})", self.seat(company, code)),
            None => company.clone(),
        };
        let mut names: Vec<String> = companies.iter().take(RECIPIENTS).map(name).collect();
        let left = companies.len().saturating_sub(RECIPIENTS);
        if left > 0 {
            let more = self.prose.texts.more;
            names.push(crate::report::language::fill(
                more,
                &[("count", &left.to_string())],
            ));
        }
        let all = || {
            app.reports
                .iter()
                .flat_map(|(_, report)| &report.recipients)
        };
        if all().any(|known| known.recipient.kind == RecipientKind::Local) {
            names.push(self.prose.texts.local_network.to_owned());
        }
        let unknown: BTreeSet<&str> = all()
            .filter(|known| known.company.is_none())
            .filter(|known| known.recipient.kind == RecipientKind::Remote)
            .map(|known| &*known.recipient.host)
            .collect();
        match unknown.len() {
            0 => {}
            1 => names.push(self.word("unknown-recipient").to_owned()),
            count => {
                let count = count.to_string();
                names.push(self.filled("unknown-recipients", &[("count", &count)]));
            }
        }
        names.join("; ")
    }

    fn transfers_of(&self, app: &MergedApp<'_>) -> String {
        let legal = self.prose.rules.legal();
        let abroad = companies(app).into_iter().filter_map(|(company, country)| {
            let country = country?;
            let is_abroad = !matches!(legal.transfer_status(&country), TransferStatus::Eea);
            is_abroad.then_some((company, country))
        });
        let parts = abroad.map(|(company, code)| {
            format!(
                "{company} ({}): {}",
                self.seat(&company, &code),
                self.transfer_basis(&company, &code)
            )
        });
        let unplaced: Vec<String> = unplaced(app).into_iter().collect();
        let unplaced = (!unplaced.is_empty())
            .then(|| self.filled("seat-to-ask", &[("names", &self.few(&unplaced))]));
        match joined(parts.chain(unplaced)) {
            parts if parts.is_empty() => self.word("no-transfer").to_owned(),
            parts => parts,
        }
    }

    /// The country of a company's seat, and the company in the EEA with which users there have the contract.
    pub(super) fn seat(&self, company: &str, code: &str) -> String {
        let country = country::name(self.prose.language, code);
        let is_abroad = !matches!(
            self.prose.rules.legal().transfer_status(code),
            TransferStatus::Eea
        );
        match self.prose.rules.eea_company(company).filter(|_| is_abroad) {
            Some(party) => self.filled("eea-party", &[("country", country), ("company", party)]),
            None => country.to_owned(),
        }
    }

    /// What a transfer to a company rests on by the policy, or the question for it.
    pub(super) fn transfer_basis(&self, company: &str, country: &str) -> String {
        let processor = self.prose.audit.controller.processor(company);
        let Some((processor, tool)) =
            processor.and_then(|known| Some((known, known.transfer_tool?)))
        else {
            let legal = self.prose.rules.legal();
            return match legal.transfer_status(country) {
                TransferStatus::Adequate(_) => self.word("tool-adequacy").to_owned(),
                _ => self.gap_word("which-tool"),
            };
        };
        let tool = self.word(tool_word(tool));
        match processor.transfer_assessment {
            Some(day) => {
                let values = [("tool", tool), ("day", &day.to_string())];
                self.filled("tool-assessed", &values)
            }
            None => tool.to_owned(),
        }
    }

    /// Safeguards that the policy or the phones show, and the question for the rest.
    fn safeguards(&self, app: &MergedApp<'_>) -> String {
        let mut parts = Vec::new();
        let device = |phone: &str| -> Option<&DeviceReport> {
            let mut devices = self.prose.audit.devices.iter();
            devices.find(|device| device.name == phone)
        };
        let policies = app.reports.iter().filter_map(|(phone, report)| {
            let policy = device(phone)?.policy.as_ref()?;
            Some((text::safe_up_to(phone, 60), policy, *report))
        });
        let (mut profiled, mut dedicated) = (Vec::new(), Vec::new());
        for (phone, policy, report) in policies {
            if policy.has_work_profile {
                profiled.push(phone.clone());
            }
            let is_it = |id: &String| {
                report.id.as_ref().is_some_and(|own| own.as_str() == id)
                    || report.packages.contains(id)
            };
            if policy.dedicated_to.iter().any(is_it) {
                dedicated.push(phone);
            }
        }
        for (id, phones) in [
            ("safeguard-profile", profiled),
            ("safeguard-dedicated", dedicated),
        ] {
            if !phones.is_empty() {
                parts.push(self.filled(id, &[("phones", &self.few(&phones))]));
            }
        }
        let grants = app.reports.iter().flat_map(|(_, report)| &report.grants);
        let denied: BTreeSet<String> = grants
            .filter(|grant| grant.is_granted == Some(false))
            .map(|grant| crate::report::prose::permission(&grant.permission))
            .collect();
        for permission in &denied {
            parts.push(self.filled("safeguard-denied", &[("permission", permission)]));
        }
        let controller = &self.prose.audit.controller;
        for company in companies(app).keys() {
            let signed = controller
                .processor(company)
                .and_then(|known| known.contract);
            if let Some(day) = signed.as_ref().map(Day::to_string) {
                let values = [("company", company.as_str()), ("day", &day)];
                parts.push(self.filled("safeguard-contract", &values));
            }
        }
        parts.push(self.gap_word("which-safeguards"));
        parts.join("; ")
    }
}

/// The companies behind an app's recipients with the country of their seat, by name.
pub(super) fn companies(app: &MergedApp<'_>) -> BTreeMap<String, Option<String>> {
    let mut companies = BTreeMap::new();
    let shared = |text: &std::sync::Arc<str>| text.to_string();
    for (_, report) in &app.reports {
        for known in &report.recipients {
            if let Some(company) = &known.company {
                let country = known.country.as_ref().map(shared);
                companies.insert(text::safe_up_to(company, 60), country);
            }
        }
    }
    for merged in app.findings.iter().filter(|merged| merged.is_flow()) {
        let finding = merged.finding;
        let name = match finding.recipient.kind {
            RecipientKind::Company => Some(&finding.recipient.host),
            _ => finding.company.as_ref(),
        };
        if let Some(name) = name {
            let country = finding.country.as_ref().map(shared);
            companies
                .entry(text::safe_up_to(name, 60))
                .or_insert(country);
        }
    }
    companies
}

/// Recipients outside the phone's own network of which nobody knows where they sit: hosts of no known company, and companies
/// without a known seat.
pub(super) fn unplaced(app: &MergedApp<'_>) -> BTreeSet<String> {
    let companies = companies(app).into_iter();
    let companies = companies.filter_map(|(company, country)| country.is_none().then_some(company));
    let recipients = app
        .reports
        .iter()
        .flat_map(|(_, report)| &report.recipients);
    let hosts = recipients
        .filter(|known| known.company.is_none())
        .map(|known| &known.recipient)
        .chain(
            app.findings
                .iter()
                .filter(|merged| merged.is_flow() && merged.finding.company.is_none())
                .map(|merged| &merged.finding.recipient),
        )
        .filter(|recipient| recipient.kind == RecipientKind::Remote)
        .map(|recipient| text::safe_up_to(&recipient.host, 60));
    companies.chain(hosts).collect()
}

/// Whether a finding says that data of people went, or may have gone.
fn is_sent(finding: &JudgedFinding) -> bool {
    finding.grade != Grade::Declared
        && !finding.is_opted_out
        && finding.category != Category::Permission
}

fn legal_basis_word(basis: LegalBasis) -> &'static str {
    match basis {
        LegalBasis::Consent => "basis-consent",
        LegalBasis::Contract => "basis-contract",
        LegalBasis::LegalObligation => "basis-legal-obligation",
        LegalBasis::VitalInterests => "basis-vital-interests",
        LegalBasis::PublicTask => "basis-public-task",
        LegalBasis::LegitimateInterests => "basis-legitimate-interests",
        LegalBasis::WorksAgreement => "basis-works-agreement",
    }
}

fn tool_word(tool: TransferTool) -> &'static str {
    match tool {
        TransferTool::Adequacy => "tool-adequacy",
        TransferTool::Dpf => "tool-dpf",
        TransferTool::Scc => "tool-scc",
        TransferTool::Bcr => "tool-bcr",
    }
}
