//! What holds between files, and in texts: everything that parsing alone does not refuse.

use super::{FILES, Identifier, Problems, Rules};

/// Words that judge: what the tool must never say about anybody. Reported speech of authorities is exempt.
const VERDICTS: [&str; 12] = [
    "verstößt",
    "verstoßen",
    "rechtswidrig",
    "illegal",
    "unzulässig",
    "gesetzwidrig",
    "strafbar",
    "violates",
    "violation",
    "unlawful",
    "infringes",
    "breaks the law",
];

impl Rules {
    /// Checks everything, also what is otherwise parsed at its first use.
    pub(super) fn validate(&self, problems: &mut Problems) {
        self.validate_ids(problems);
        self.validate_references(problems);
        self.validate_comparison(problems);
        self.validate_patterns(problems);
        self.validate_texts(problems);
        for identifier in self.identifiers() {
            validate_identifier(identifier, problems);
        }
        self.validate_scoring(problems);
        self.validate_measures(problems);
        self.validate_documents(problems);
    }

    fn validate_ids(&self, problems: &mut Problems) {
        let ids = self
            .apps()
            .iter()
            .map(|app| ("apps.toml", &app.id))
            .chain(
                self.identifiers()
                    .iter()
                    .map(|rule| ("identifiers.toml", &rule.id)),
            )
            .chain(
                self.circumstances()
                    .iter()
                    .map(|rule| ("circumstances.toml", &rule.id)),
            )
            .chain(
                self.questions()
                    .iter()
                    .map(|rule| ("questions.toml", &rule.id)),
            )
            .chain(
                self.signatures()
                    .iter()
                    .map(|rule| ("signatures.toml", &rule.id)),
            )
            .chain(
                self.all_layouts()
                    .iter()
                    .map(|rule| ("payloads.toml", &rule.id)),
            )
            .chain(
                self.properties()
                    .iter()
                    .map(|rule| ("payloads.toml", &rule.id)),
            )
            .chain(
                self.permission_categories()
                    .iter()
                    .map(|rule| ("permissions.toml", &rule.id)),
            )
            .chain(
                self.legal()
                    .provisions
                    .iter()
                    .map(|rule| ("legal.toml", &rule.id)),
            )
            .chain(
                self.legal()
                    .observations
                    .iter()
                    .map(|rule| ("legal.toml", &rule.id)),
            );
        for (file, id) in ids {
            if !is_kebab_case(id) {
                problems.add(file, format!("the id {id:?} is not in kebab-case"));
            }
        }
        for circumstance in self.circumstances() {
            if self.identifier(&circumstance.id).is_some() {
                problems.add(
                    "circumstances.toml",
                    format!("{} is also an identifier", circumstance.id),
                );
            }
        }
    }

    fn validate_references(&self, problems: &mut Problems) {
        for app in self.apps() {
            for id in &app.signatures {
                if self.signature(id).is_none() {
                    problems.dangling("apps.toml", &app.id, "signature", id);
                }
            }
            if let Some(id) = &app.address_set
                && !self.address_sets().iter().any(|set| set.id == *id)
            {
                problems.dangling("apps.toml", &app.id, "address set", id);
            }
            for name in &app.permissions {
                if self.permission(name).is_none() {
                    problems.dangling("apps.toml", &app.id, "permission", name);
                }
            }
            // A report names the company behind each recipient.
            let hosts = app.hosts.iter().chain(&app.shared_hosts);
            for host in hosts.chain(&app.contact_discovery.hosts) {
                if self.endpoint(host).is_none() {
                    problems.dangling("apps.toml", &app.id, "endpoint", host);
                }
            }
        }
        for sdk in self.sdks() {
            if !self.is_company(&sdk.company) {
                problems.dangling("sdks.toml", &sdk.id, "company", &sdk.company);
            }
        }
        for setting in self.sdk_settings() {
            if self.sdk(&setting.sdk).is_none() {
                problems.dangling("sdks.toml", &setting.name, "sdk", &setting.sdk);
            }
        }
        for observation in &self.legal().observations {
            for id in &observation.identifiers {
                if self.identifier(id).is_none() {
                    problems.dangling("legal.toml", &observation.id, "identifier", id);
                }
            }
        }
        for circumstance in self.circumstances() {
            if let Some(id) = &circumstance.observation
                && self.legal().observation(id).is_none()
            {
                problems.dangling("circumstances.toml", &circumstance.id, "observation", id);
            }
        }
        for question in self.questions() {
            for id in &question.provisions {
                if self.legal().provision(id).is_none() {
                    problems.dangling("questions.toml", &question.id, "provision", id);
                }
            }
        }
        for heuristic in self.flow_heuristics() {
            if self.legal().scoring.evidence(&heuristic.evidence).is_none() {
                problems.dangling(
                    "identifiers.toml",
                    &heuristic.id,
                    "evidence",
                    &heuristic.evidence,
                );
            }
        }
        for example in &self.legal().scoring.examples {
            if let Some(id) = &example.profile
                && self.app(id).is_none()
            {
                problems.dangling("legal.toml", &example.app, "app", id);
            }
        }
    }

    fn validate_patterns(&self, problems: &mut Problems) {
        let of_identifiers = self.identifiers().iter().flat_map(|rule| {
            let values = rule.values.iter().filter_map(|shape| shape.pattern());
            values
                .chain(&rule.body)
                .map(move |pattern| ("identifiers.toml", &rule.id, pattern))
        });
        let of_signatures = self.signatures().iter().filter_map(|rule| {
            Some((
                "signatures.toml",
                &rule.id,
                rule.server_name_pattern.as_ref()?,
            ))
        });
        let of_layouts = self.all_layouts().iter().flat_map(|layout| {
            let patterns = layout.host_pattern.iter().chain(&layout.path);
            patterns.map(move |pattern| ("payloads.toml", &layout.id, pattern))
        });
        for (file, id, pattern) in of_identifiers.chain(of_signatures).chain(of_layouts) {
            if let Some(reason) = pattern.problem() {
                problems.add(file, format!("{id}: {reason}"));
            }
        }
    }

    /// Checks every text for people in every file: what has one language has the other, fills in the same places, and judges
    /// nobody. Reported speech of courts and authorities may judge.
    fn validate_texts(&self, problems: &mut Problems) {
        for (file, text) in FILES.iter().zip(&self.texts) {
            // What does not parse is a problem that parsing has named.
            for (key, value) in toml::from_str::<toml::Table>(text).unwrap_or_default() {
                let is_reported = file.name == "legal.toml" && key == "authority";
                texts_of(file.name, (&key, is_reported), &value, problems);
            }
        }
    }

    pub(super) fn validate_scoring(&self, problems: &mut Problems) {
        let scoring = &self.legal().scoring;
        let mut below = 0;
        for level in &scoring.levels {
            if level.up_to <= below {
                problems.add("legal.toml", "levels are not in rising order".to_owned());
            }
            below = level.up_to;
        }
        if below != 16 {
            problems.add(
                "legal.toml",
                "the highest level does not end at 16".to_owned(),
            );
        }
        for observation in &self.legal().observations {
            if observation
                .severity
                .is_some_and(|severity| !(1..=4).contains(&severity))
            {
                problems.add(
                    "legal.toml",
                    format!("{}: severity is 1 to 4", observation.id),
                );
            }
        }
        for factor in &scoring.evidence {
            if !(1..=100).contains(&factor.percent) {
                problems.add(
                    "legal.toml",
                    format!("{}: evidence is 1 to 100 percent", factor.id),
                );
            }
        }
    }
}

fn validate_identifier(rule: &Identifier, problems: &mut Problems) {
    let mut add = |what: &str| problems.add("identifiers.toml", format!("{}: {what}", rule.id));
    if rule.examples.is_empty() {
        add("an example is missing");
    }
    if rule.counter_examples.is_empty() {
        add("a counter example is missing");
    }
    for example in rule.examples.iter().chain(&rule.counter_examples) {
        if let Some(problem) = example.problem() {
            add(problem);
        }
    }
    if rule.names.is_empty() && rule.body.is_none() && !rule.is_shape_telling {
        add("there is neither a name, nor a telling value, nor a body pattern");
    }
    if rule.min_items == 0 {
        add("min_items is at least 1");
    }
    if rule.severity > 4 {
        add("severity is 0 to 4");
    }
    if rule.sources.is_empty() {
        add("a source is missing");
    }
}

/// Checks the texts in a value; `id` is that of the entry around it.
fn texts_of(
    file: &'static str,
    (id, is_reported): (&str, bool),
    value: &toml::Value,
    problems: &mut Problems,
) {
    match value {
        toml::Value::Table(table) if table.contains_key("de") || table.contains_key("en") => {
            let text = |language| table.get(language).and_then(toml::Value::as_str);
            let languages = ["de", "en"].map(|language| text(language).unwrap_or_default());
            validate_text(file, (id, is_reported), languages, problems);
        }
        toml::Value::Table(table) => {
            let own = ["id", "app"]
                .iter()
                .find_map(|key| table.get(*key)?.as_str());
            for (key, value) in table {
                let id = own.unwrap_or(if value.is_table() { key } else { id });
                texts_of(file, (id, is_reported), value, problems);
            }
        }
        toml::Value::Array(values) => {
            for value in values {
                texts_of(file, (id, is_reported), value, problems);
            }
        }
        _ => {}
    }
}

fn validate_text(
    file: &'static str,
    (id, is_reported): (&str, bool),
    languages: [&str; 2],
    problems: &mut Problems,
) {
    let [de, en] = languages;
    if de.trim().is_empty() || en.trim().is_empty() {
        problems.add(file, format!("{id}: a language is missing"));
    } else if placeholders(de) != placeholders(en) {
        problems.add(
            file,
            format!("{id}: the languages fill in different places"),
        );
    }
    for language in languages.iter().filter(|_| !is_reported) {
        for verdict in verdicts(language) {
            problems.add(
                file,
                format!("{id}: {verdict:?} is a verdict; name the risk instead"),
            );
        }
    }
}

/// Words of a text that judge.
pub fn verdicts(text: &str) -> impl Iterator<Item = &'static str> {
    let lower = text.to_lowercase();
    VERDICTS
        .into_iter()
        .filter(move |verdict| lower.contains(verdict))
}

/// Names that are filled in, sorted.
fn placeholders(text: &str) -> Vec<&str> {
    let opened = text.split('{').skip(1);
    let mut names: Vec<&str> = opened.filter_map(|rest| rest.split('}').next()).collect();
    names.sort_unstable();
    names
}

fn is_kebab_case(id: &str) -> bool {
    id.split('-').all(|word| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}
