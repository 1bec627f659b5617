//! What holds between files, and in texts: everything that parsing alone does not refuse.

use super::{Identifier, Problems, Rules, Text, load};

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
        load::payloads(&self.texts, &self.identifiers, problems);
        load::permissions(&self.texts, problems);
        load::sdks(self, problems);
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
                self.legal
                    .provisions
                    .iter()
                    .map(|rule| ("legal.toml", &rule.id)),
            )
            .chain(
                self.legal
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
            for host in &app.contact_discovery.hosts {
                if self.endpoint(host).is_none() {
                    problems.dangling("apps.toml", &app.id, "endpoint", host);
                }
            }
        }
        for observation in &self.legal.observations {
            for id in &observation.identifiers {
                if self.identifier(id).is_none() {
                    problems.dangling("legal.toml", &observation.id, "identifier", id);
                }
            }
        }
        for circumstance in self.circumstances() {
            if let Some(id) = &circumstance.observation
                && self.legal.observation(id).is_none()
            {
                problems.dangling("circumstances.toml", &circumstance.id, "observation", id);
            }
        }
        for question in self.questions() {
            for id in &question.provisions {
                if self.legal.provision(id).is_none() {
                    problems.dangling("questions.toml", &question.id, "provision", id);
                }
            }
        }
        for heuristic in self.flow_heuristics() {
            if self.legal.scoring.evidence(&heuristic.evidence).is_none() {
                problems.dangling(
                    "identifiers.toml",
                    &heuristic.id,
                    "evidence",
                    &heuristic.evidence,
                );
            }
        }
        for example in &self.legal.scoring.examples {
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

    fn validate_texts(&self, problems: &mut Problems) {
        for rule in self.descriptions() {
            let file = if self.identifier(rule.id).is_some() {
                "identifiers.toml"
            } else {
                "circumstances.toml"
            };
            for text in [rule.label, rule.summary, rule.why] {
                validate_text(file, rule.id, text, problems);
            }
        }
        for question in self.questions() {
            for text in [&question.condition, &question.text, &question.why] {
                validate_text("questions.toml", &question.id, text, problems);
            }
        }
        for provision in &self.legal.provisions {
            for text in [&provision.cite, &provision.title, &provision.text] {
                validate_text("legal.toml", &provision.id, text, problems);
            }
        }
        for observation in &self.legal.observations {
            validate_text("legal.toml", &observation.id, &observation.label, problems);
        }
        for app in self.apps() {
            let discovery = app.contact_discovery.detail.iter();
            let texts = [&app.hosting, &app.open_source].into_iter();
            let texts = texts.chain(&app.art28_note).chain(&app.dpf_note);
            let retired = app.retired.iter().map(|retired| &retired.text);
            for text in texts.chain(discovery).chain(&app.notes).chain(retired) {
                validate_text("apps.toml", &app.id, text, problems);
            }
        }
        for (id, text) in self.comparison_texts() {
            validate_text("comparison.toml", id, text, problems);
        }
        for category in self.permission_categories() {
            for text in [&category.label, &category.opens] {
                validate_text("permissions.toml", &category.id, text, problems);
            }
        }
        for (id, text) in self.measure_texts() {
            validate_text("measures.toml", id, text, problems);
        }
        for mitigation in &self.legal.mitigations {
            validate_text("legal.toml", &mitigation.id, &mitigation.text, problems);
        }
        for authority in &self.legal.authorities {
            if authority.text.is_incomplete() {
                problems.add(
                    "legal.toml",
                    format!("{}: a language is missing", authority.id),
                );
            }
        }
    }

    pub(super) fn validate_scoring(&self, problems: &mut Problems) {
        let scoring = &self.legal.scoring;
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
        for observation in &self.legal.observations {
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

fn validate_text(file: &'static str, id: &str, text: &Text, problems: &mut Problems) {
    if text.is_incomplete() {
        problems.add(file, format!("{id}: a language is missing"));
    }
    for language in [&text.de, &text.en] {
        let lower = language.to_lowercase();
        for verdict in VERDICTS {
            if lower.contains(verdict) {
                problems.add(
                    file,
                    format!("{id}: {verdict:?} is a verdict; name the risk instead"),
                );
            }
        }
    }
}

fn is_kebab_case(id: &str) -> bool {
    id.split('-').all(|word| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}
