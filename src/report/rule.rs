//! Rules as people read them: `phonehome rules list` and `phonehome rules explain`.

use std::io::{self, Write};

use super::{Language, country};
use crate::likeness::nearest;
use crate::rules::{
    App, Endpoint, Identifier, LegalObservation, Permission, Provision, QuestionRule, Rules,
    TransferStatus,
};

/// Prints a line for each rule that a finding can have: id, category, severity, name.
pub fn list_rules(rules: &Rules, language: Language, out: &mut dyn Write) -> io::Result<()> {
    let width = rules
        .descriptions()
        .map(|rule| rule.id.len())
        .max()
        .unwrap_or_default();
    for rule in rules.descriptions() {
        let label = language.of(rule.label);
        writeln!(
            out,
            "{:width$}  {:16}  {}  {label}",
            rule.id,
            rule.category.as_str(),
            rule.severity
        )?;
    }
    Ok(())
}

/// Explains whatever has that id: a rule, an app, an observation, a provision, a question, a permission, or a host. Returns
/// whether there was anything.
pub fn explain_rule(
    rules: &Rules,
    id: &str,
    language: Language,
    out: &mut dyn Write,
) -> io::Result<bool> {
    let mut page = Page {
        rules,
        language,
        out,
    };
    let legal = rules.legal();
    let mut is_known = page.rule(id)?;
    if let Some(app) = rules.app(id).or_else(|| rules.app_of_package(id)) {
        page.app(app)?;
        is_known = true;
    }
    // A rule often bears the name of its observation and shows it already.
    if let Some(observation) = legal.observation(id).filter(|_| !is_known) {
        page.observation(observation)?;
        is_known = true;
    }
    if let Some(provision) = legal.provision(id) {
        page.provision(provision)?;
        is_known = true;
    }
    if let Some(question) = rules.question(id) {
        page.question(question)?;
        is_known = true;
    }
    if let Some(permission) = rules
        .permission(id)
        .or_else(|| rules.permission(&format!("android.permission.{id}")))
    {
        page.permission(permission)?;
        is_known = true;
    }
    if let Some(endpoint) = rules
        .endpoint(&id.to_ascii_lowercase())
        .filter(|_| id.contains('.'))
    {
        page.endpoint(endpoint)?;
        is_known = true;
    }
    Ok(is_known)
}

/// Rules that are offered at most.
const OFFERED: usize = 5;

/// Rules whose ids are near to a misspelt one, nearest first.
pub fn similar_rules<'a>(rules: &'a Rules, id: &str) -> Vec<&'a str> {
    let wanted = id.to_lowercase().replace('_', "-");
    let known = rules
        .descriptions()
        .map(|rule| &**rule.id)
        .chain(rules.apps().iter().map(|app| &*app.id))
        .chain(
            rules
                .legal()
                .provisions
                .iter()
                .map(|provision| &*provision.id),
        )
        .chain(
            rules
                .legal()
                .observations
                .iter()
                .map(|observation| &*observation.id),
        )
        .chain(rules.questions().iter().map(|question| &*question.id));
    nearest(&wanted, known.map(|id| (id, id)))
        .take(OFFERED)
        .collect()
}

struct Page<'a> {
    rules: &'a Rules,
    language: Language,
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn pick(&self, english: &'static str, german: &'static str) -> &'static str {
        match self.language {
            Language::English => english,
            Language::German => german,
        }
    }

    fn line(&mut self, english: &'static str, german: &'static str, value: &str) -> io::Result<()> {
        if value.is_empty() {
            return Ok(());
        }
        let name = self.pick(english, german);
        writeln!(self.out, "  {name}: {value}")
    }

    fn title(&mut self, id: &str, title: &str) -> io::Result<()> {
        writeln!(self.out, "{id}: {title}")
    }

    fn rule(&mut self, id: &str) -> io::Result<bool> {
        let Some(rule) = self.rules.describe(id) else {
            return Ok(false);
        };
        let language = self.language;
        self.title(rule.id, language.of(rule.label))?;
        writeln!(self.out, "  {}", language.of(rule.summary))?;
        self.line("why", "warum", language.of(rule.why))?;
        self.line("category", "Kategorie", language.category(rule.category))?;
        self.line("severity", "Schwere", &rule.severity.to_string())?;
        if let Some(identifier) = self.rules.identifier(id) {
            self.identifier(identifier)?;
        }
        let legal = self.rules.legal();
        let of_circumstance = self
            .rules
            .circumstance(id)
            .and_then(|rule| legal.observation(rule.observation.as_deref()?));
        for observation in legal.observations_of(id).into_iter().chain(of_circumstance) {
            self.line(
                "counts as",
                "zählt als",
                &format!("{}: {}", observation.id, language.of(&observation.label)),
            )?;
            self.touched(observation)?;
        }
        self.line("references", "Quellen", &rule.references.join("; "))?;
        self.line("as of", "Stand", rule.as_of)?;
        Ok(true)
    }

    fn identifier(&mut self, identifier: &Identifier) -> io::Result<()> {
        self.line("names", "Namen", &identifier.names.join(", "))?;
        self.line(
            "names at known SDKs only",
            "Namen nur bei bekannten SDKs",
            &identifier.weak_names.join(", "),
        )?;
        let items = identifier.min_items;
        if items > 1 {
            self.line("needs at least", "braucht mindestens", &items.to_string())?;
        }
        self.line(
            "not counted",
            "nicht gezählt",
            &identifier.reject.join(", "),
        )?;
        self.line(
            "opt-out honoured",
            "Widerspruch beachtet",
            &identifier.opted_out.join(", "),
        )?;
        self.line(
            "remark",
            "Anmerkung",
            identifier.note.as_deref().unwrap_or_default(),
        )
    }

    fn touched(&mut self, observation: &LegalObservation) -> io::Result<()> {
        let language = self.language;
        let provisions = self.rules.legal().provisions_of(&observation.id);
        let citations =
            language.provisions(provisions.map(|provision| language.of(&provision.cite)));
        self.line("touches, to be checked", "berührt, zu prüfen", &citations)
    }

    fn observation(&mut self, observation: &LegalObservation) -> io::Result<()> {
        self.title(&observation.id, self.language.of(&observation.label))?;
        let severity = observation
            .severity
            .map(|severity| severity.to_string())
            .unwrap_or_default();
        self.line("severity", "Schwere", &severity)?;
        self.line(
            "found by",
            "gefunden durch",
            &observation.identifiers.join(", "),
        )?;
        self.touched(observation)?;
        let mitigations = observation
            .mitigations
            .iter()
            .filter_map(|id| self.rules.legal().mitigation(id));
        let help: Vec<&str> = mitigations
            .map(|mitigation| self.language.of(&mitigation.text))
            .collect();
        self.line("what helps", "was hilft", &help.join("; "))
    }

    fn provision(&mut self, provision: &Provision) -> io::Result<()> {
        let (language, id) = (self.language, &provision.id);
        self.title(
            id,
            &format!(
                "{}, {}",
                language.of(&provision.cite),
                language.of(&provision.title)
            ),
        )?;
        writeln!(self.out, "  {}", language.of(&provision.text))?;
        if let Some(code) = &provision.country {
            self.line("law of", "Recht von", country::name(language, code))?;
        }
        self.line(
            "touched by",
            "berührt von",
            &provision.touched_by.join(", "),
        )?;
        self.line("source", "Quelle", &provision.source)?;
        self.line("as of", "Stand", &provision.as_of)
    }

    fn question(&mut self, question: &QuestionRule) -> io::Result<()> {
        let language = self.language;
        self.title(&question.id, language.of(&question.text))?;
        self.line(
            "asked when",
            "gefragt, wenn",
            language.of(&question.condition),
        )?;
        self.line("why", "warum", language.of(&question.why))
    }

    fn permission(&mut self, permission: &Permission) -> io::Result<()> {
        let language = self.language;
        let category = permission
            .category
            .as_ref()
            .and_then(|id| self.rules.permission_category(id));
        let label = category.map_or("", |category| language.of(&category.label));
        self.title(&permission.name, label)?;
        self.line(
            "opens",
            "öffnet",
            category.map_or("", |category| language.of(&category.opens)),
        )?;
        self.line("risk", "Risiko", &format!("{} / 3", permission.risk))?;
        self.line(
            "protection",
            "Schutzstufe",
            permission.protection.as_deref().unwrap_or_default(),
        )?;
        self.line(
            "remark",
            "Anmerkung",
            permission.note.as_deref().unwrap_or_default(),
        )?;
        self.line("as of", "Stand", &permission.as_of)
    }

    fn app(&mut self, app: &App) -> io::Result<()> {
        self.title(&app.id, &app.name)?;
        let country = app.vendor_country.as_deref().unwrap_or_default();
        self.line("vendor", "Anbieter", &[&*app.vendor, country].join(" "))?;
        self.line(
            "parent",
            "Konzern",
            app.parent.as_deref().unwrap_or_default(),
        )?;
        self.line("hosting", "Betrieb", self.language.of(&app.hosting))?;
        self.line(
            "contacts",
            "Kontakte",
            app.contact_discovery.method.as_str(),
        )?;
        let detail = app.contact_discovery.detail.as_ref();
        self.line(
            "how",
            "wie",
            detail.map_or("", |text| self.language.of(text)),
        )?;
        self.line(
            "processing contract",
            "Auftragsverarbeitung",
            app.art28_note
                .as_ref()
                .map_or("", |text| self.language.of(text)),
        )?;
        self.line("hosts", "Server", &app.hosts.join(", "))?;
        self.line(
            "remark",
            "Anmerkung",
            app.notes.as_ref().map_or("", |text| self.language.of(text)),
        )?;
        self.line("source", "Quelle", &app.source)?;
        self.line("as of", "Stand", &app.as_of)
    }

    fn endpoint(&mut self, endpoint: &Endpoint) -> io::Result<()> {
        self.title(&endpoint.suffix, &endpoint.service)?;
        self.line("company", "Unternehmen", &endpoint.company)?;
        self.line(
            "parent",
            "Konzern",
            endpoint.parent.as_deref().unwrap_or_default(),
        )?;
        let country = endpoint.country.as_deref().unwrap_or_default();
        let status = match self.rules.legal().transfer_status(country) {
            _ if country.is_empty() => "",
            TransferStatus::Eea => {
                self.pick("European Economic Area", "Europäischer Wirtschaftsraum")
            }
            TransferStatus::Adequate(_) => {
                self.pick("adequacy decision", "Angemessenheitsbeschluss")
            }
            TransferStatus::PartlyAdequate(_) => self.pick(
                "adequacy decision for some recipients",
                "Angemessenheitsbeschluss für manche Empfänger",
            ),
            TransferStatus::None => {
                self.pick("no adequacy decision", "kein Angemessenheitsbeschluss")
            }
        };
        self.line("country", "Land", &format!("{country} {status}"))?;
        self.line("role", "Rolle", endpoint.role.as_str())?;
        self.line(
            "remark",
            "Anmerkung",
            endpoint.note.as_deref().unwrap_or_default(),
        )?;
        self.line("as of", "Stand", &endpoint.as_of)
    }
}
