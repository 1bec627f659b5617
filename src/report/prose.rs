//! What findings, apps and provisions are called: sentences that several formats share, in the report's language.

mod question;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::chain::minute;
use super::country;
use super::language::{Texts, fill};
use super::presentable::{
    CERTAINTY, CONSENT, CONTACT_DISCOVERY, CONTENT, MANIFEST, Presentable, VOLUME,
};
use super::text;
use super::{Language, Options};
use crate::assess::Step;
use crate::gate::{self, Exemption, Exemptions, Suppression};
use crate::likeness::is_near;
use crate::model::{
    AppId, AppReport, Attributed, Audit, Category, DeviceReport, Evidence, Grade, InputId,
    InputReport, JudgedFinding, Protection, RecipientKind, RiskLevel, Score, ShadowApp, Shortfall,
    ShortfallCount,
};
use crate::rules::{Rules, Text, folded};

/// Facts named behind one conclusion; the rest is counted.
const REASONS: usize = 8;
/// Files named for one reason of not having seen something; the rest is counted.
const PLACES: usize = 8;

/// Everything needed to name things in one report.
#[derive(Debug)]
pub(super) struct Prose<'a> {
    pub(super) audit: &'a Audit,
    pub(super) rules: &'a Rules,
    pub(super) language: Language,
    pub(super) texts: &'static Texts,
    /// Findings that do not count in continuous integration.
    pub(super) exemptions: &'a Exemptions,
    path_prefix: Option<&'a str>,
    inputs: BTreeMap<InputId, &'a InputReport>,
    /// The first app of each id.
    apps: HashMap<&'a str, &'a AppReport>,
}

/// Formats of inputs that hold the traffic itself; others tell of it.
const CAPTURES: [&str; 6] = [
    "pcap",
    "pcapng",
    "snoop",
    "har",
    "mitmproxy",
    "pirogue-socket-trace",
];

/// Formats that say which permissions an app has or asks for.
const PERMISSIONS: [&str; 8] = [
    "dumpsys-package",
    "dumpsys-appops",
    "bug-report",
    "ios-permissions",
    "apk",
    "ipa",
    "android-manifest-text",
    "android-manifest-binary",
];

/// Points with their sign; less than nothing has a minus, no hyphen.
fn signed(points: i8) -> String {
    format!("{points:+}").replace('-', "\u{2212}")
}

impl<'a> Prose<'a> {
    /// From when to when the inputs are: in UTC, of those whose zone is known, if there are any.
    pub(super) fn period(&self) -> Option<String> {
        let in_utc = self.audit.period(false).map(|period| (period, "UTC"));
        let (period, zone) = in_utc.or_else(|| {
            let period = self.audit.period(true)?;
            Some((period, self.language.local_time()))
        })?;
        let (first, last) = (minute(period.0), minute(period.1));
        Some(format!("{first} {} {last} {zone}", self.texts.period))
    }

    /// The known app, or one of another phone, that an app of which a list gave only the name may be: their names are nearly the same.
    pub(super) fn perhaps(&self, app: &ShadowApp) -> Option<String> {
        if app.id.as_str() != app.name || self.rules.app(app.id.as_str()).is_some() {
            return None;
        }
        let profiles = self.rules.apps().iter().map(|known| known.name.to_string());
        let others = self.apps.values().map(|other| self.app(other));
        let names = profiles.chain(others);
        names.filter(|name| is_near(&app.name, name)).min()
    }

    /// Phones whose names differ in spaces, punctuation or a letter, each with the next of them.
    pub(super) fn phones_alike(&self) -> Vec<(&'a str, &'a str)> {
        let devices = self.audit.devices.iter();
        let names = devices.map(|device| (folded(&device.name), device.name.as_str()));
        let mut names: Vec<(String, &str)> = names.filter(|(plain, _)| !plain.is_empty()).collect();
        names.sort();
        let pairs = names.windows(2).filter_map(|pair| match pair {
            [(plain, one), (next, other)] => {
                (plain == next || is_near(one, other)).then_some((*one, *other))
            }
            _ => None,
        });
        pairs.collect()
    }

    pub(super) fn new(report: &'a Presentable, rules: &'a Rules, options: Options) -> Self {
        let audit = &report.audit;
        let mut apps = HashMap::new();
        for app in audit.devices.iter().flat_map(|device| &device.apps) {
            if let Some(id) = &app.id {
                apps.entry(id.as_str()).or_insert(app);
            }
        }
        Self {
            audit,
            rules,
            language: options.language,
            texts: options.language.texts(),
            exemptions: &report.exemptions,
            path_prefix: report.path_prefix.as_deref(),
            inputs: audit.inputs.iter().map(|input| (input.id, input)).collect(),
            apps,
        }
    }

    /// The first so many of them, and how many more there are.
    pub(super) fn first(&self, mut names: Vec<String>, bound: usize) -> String {
        let more = names.len().saturating_sub(bound);
        names.truncate(bound);
        if more > 0 {
            names.push(fill(self.texts.more, &[("count", &more.to_string())]));
        }
        names.join(", ")
    }

    /// Why a finding does not count.
    pub(super) fn exemption(&self, exemption: &Exemption) -> String {
        match exemption {
            Exemption::Known => self.texts.in_baseline.to_owned(),
            Exemption::Suppressed(suppression) => self.suppression(suppression),
        }
    }

    fn suppression(&self, suppression: &Suppression) -> String {
        let fields = [
            ("owner", text::safe(&suppression.owner)),
            ("day", suppression.last_day()),
            ("reason", text::safe(&suppression.reason)),
        ];
        let fields = fields
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        fill(self.texts.suppressed, &fields)
    }

    /// How many findings do not count, by whom, until when and why.
    pub(super) fn suppressed(&self) -> impl Iterator<Item = String> {
        let (one, many) = (
            self.language.pick("finding", "Befund"),
            self.language.pick("findings", "Befunde"),
        );
        let suppressed = self.exemptions.suppressed.iter();
        suppressed.map(move |(suppression, count)| {
            let counted = self.language.counted(*count, one, many);
            format!("{counted} {}", self.suppression(suppression))
        })
    }

    /// An app's name as shown.
    pub(super) fn app(&self, app: &AppReport) -> String {
        match &app.app {
            Attributed::Unknown => self.texts.unknown_app.to_owned(),
            Attributed::Known { app, .. } if app.as_str() == AppId::SYSTEM => {
                self.texts.system.to_owned()
            }
            Attributed::Known { .. } => text::safe_up_to(&app.names.concat(), 60),
            Attributed::Shared { .. } => {
                let or = format!(" {} ", self.texts.or);
                text::safe_up_to(&app.names.join(&or), 100)
            }
        }
    }

    /// Why an app's row is not simply one app's.
    pub(super) fn app_note(&self, app: &AppReport) -> Option<&'static str> {
        match &app.app {
            Attributed::Unknown => Some(self.texts.unknown_app_note),
            Attributed::Shared { .. } => Some(self.texts.shared_note),
            Attributed::Known { app, .. } if app.as_str() == AppId::SYSTEM => {
                Some(self.texts.system_note)
            }
            Attributed::Known { .. } => None,
        }
    }

    /// What a rule finds.
    pub(super) fn rule(&self, rule: &str) -> String {
        let described = self
            .rules
            .describe(rule)
            .map(|rule| self.language.of(rule.label));
        let observed = || {
            self.rules
                .legal()
                .observation(rule)
                .map(|observed| self.language.of(&observed.label))
        };
        described.or_else(observed).unwrap_or(rule).to_owned()
    }

    /// What a finding found, with how open it lay.
    pub(super) fn title(&self, finding: &JudgedFinding) -> String {
        self.with_protection(finding, &self.rule(&finding.rule))
    }

    /// The same where nothing else says that it was concluded.
    pub(super) fn headline(&self, finding: &JudgedFinding) -> String {
        self.with_grade(finding, self.title(finding))
    }

    /// Marks a title of what was concluded.
    pub(super) fn with_grade(&self, finding: &JudgedFinding, title: String) -> String {
        match finding.grade {
            // What a log of the phone says is no conclusion about what went to anybody.
            Grade::Inferred if finding.recipient.kind != RecipientKind::None => {
                format!("{title} ({})", self.language.grade(finding.grade))
            }
            _ => title,
        }
    }

    /// Adds to a name of data that it could be read by anyone on the way.
    pub(super) fn with_protection(&self, finding: &JudgedFinding, label: &str) -> String {
        let is_data = finding.category != Category::Transport && finding.grade.is_transmitted();
        if finding.protection == Protection::Cleartext && is_data {
            format!("{label}, {}", self.language.protection(finding.protection))
        } else {
            label.to_owned()
        }
    }

    /// A finding's recipient with company and country, as far as known.
    pub(super) fn recipient(&self, finding: &JudgedFinding) -> String {
        let host = &finding.recipient.host;
        match finding.recipient.kind {
            RecipientKind::None => String::new(),
            RecipientKind::Local => {
                format!("{host} ({})", self.texts.local_network)
            }
            RecipientKind::Company => match &finding.country {
                Some(country) => format!("{host}, {country}"),
                None => host.to_string(),
            },
            RecipientKind::Remote => match (&finding.company, &finding.country) {
                (None, _) => format!("{host} ({})", self.texts.unknown_company),
                (Some(company), Some(country)) => format!("{host} ({company}, {country})"),
                (Some(company), None) => format!("{host} ({company})"),
            },
        }
    }

    /// Countries of an app's recipients, sorted.
    pub(super) fn countries(app: &AppReport) -> Vec<&str> {
        let countries: BTreeSet<&str> = app
            .recipients
            .iter()
            .filter_map(|recipient| recipient.country.as_deref())
            .collect();
        countries.into_iter().collect()
    }

    /// How often, and how much of it.
    pub(super) fn amount(&self, finding: &JudgedFinding) -> String {
        let texts = self.texts;
        let occurrences = &finding.occurrences;
        let is_of_messages =
            finding.category != Category::Transport || finding.protection == Protection::Cleartext;
        let (one, many) = if finding.grade.is_transmitted() && is_of_messages {
            (texts.message, texts.messages)
        } else {
            (texts.connection, texts.connections)
        };
        let mut parts = Vec::new();
        let is_sent =
            finding.grade != Grade::Declared && finding.recipient.kind != RecipientKind::None;
        if is_sent {
            parts.push(self.language.counted(occurrences.count, one, many));
        }
        if finding.grade.is_transmitted() {
            if occurrences.items > occurrences.count {
                parts.push(fill(
                    texts.items,
                    &[("count", &occurrences.items.to_string())],
                ));
            }
            let distinct = occurrences.distinct.count();
            if distinct > 1 {
                let words = fill(texts.distinct, &[("count", &distinct.to_string())]);
                parts.push(if occurrences.distinct.is_exact() {
                    words
                } else {
                    format!("{} {words}", texts.about)
                });
            }
        }
        if let Some(people) = finding.people.filter(|people| people.others > 0) {
            let words = if people.is_owner_known {
                texts.others
            } else {
                texts.others_at_least
            };
            parts.push(fill(words, &[("count", &people.others.to_string())]));
        }
        if let Some(metres) = occurrences.precision_metres {
            parts.push(fill(texts.precision, &[("metres", &metres.to_string())]));
        }
        if is_sent {
            parts.extend(self.language.users(&occurrences.users));
        }
        parts.join(", ")
    }

    /// The score with every input.
    pub(super) fn score(&self, score: &Score) -> String {
        let inputs: Vec<String> = score
            .likelihood
            .modifiers
            .iter()
            .map(|modifier| {
                format!(
                    "{} {}",
                    self.language.modifier(&modifier.id),
                    signed(modifier.points)
                )
            })
            .collect();
        format!(
            "{} {} × {} {}: {} · {} {} %",
            self.texts.severity,
            score.severity,
            self.texts.likelihood,
            score.likelihood.value,
            inputs.join(", "),
            self.texts.evidence_weight,
            score.evidence_percent
        )
    }

    /// A level with its number.
    pub(super) fn risk(&self, level: RiskLevel, risk: u8) -> String {
        format!("{} {risk}", self.language.level(level))
    }

    /// The facts behind a conclusion, or behind several that are read as one: each fact once.
    pub(super) fn reasons<'f>(
        &self,
        findings: impl IntoIterator<Item = &'f JudgedFinding>,
    ) -> Option<String> {
        let mut words: Vec<String> = Vec::new();
        for finding in findings {
            // Of a contact the recipient's own name is the reason, and whose contact it was.
            let is_said = |reason: &&Arc<str>| {
                finding.grade != Grade::Contacted || reason.starts_with(CONTENT)
            };
            // How sure a fact is stands beside it.
            let is_fact = |reason: &&Arc<str>| !reason.starts_with(CERTAINTY);
            for reason in finding.reasons.iter().filter(is_said).filter(is_fact) {
                let word = self.reason(finding, reason);
                if !words.contains(&word) {
                    words.push(word);
                }
            }
        }
        let is_concluded = !words.is_empty();
        is_concluded.then(|| format!("{} {}", self.texts.because, self.first(words, REASONS)))
    }

    /// How sure the facts about an app are that a conclusion rests on, where they were not read.
    fn certainty(&self, finding: &JudgedFinding) -> Option<&'static str> {
        let mut reasons = finding.reasons.iter();
        let how = reasons.find_map(|reason| reason.strip_prefix(CERTAINTY))?;
        Some(match how {
            "partly-confirmed" => self.texts.partly_confirmed,
            _ => self.texts.unconfirmed,
        })
    }

    /// What is documented, or, where that was not read, what is said of it with how sure it is.
    fn with_certainty(&self, finding: &JudgedFinding, documented: String, known: &str) -> String {
        self.certainty(finding)
            .map_or(documented, |certainty| format!("{known}, {certainty}"))
    }

    /// How a finding is known, with how sure that is.
    pub(super) fn grade_of(&self, finding: &JudgedFinding) -> String {
        let grade = self.language.grade(finding.grade).to_owned();
        self.certainty(finding).map_or_else(
            || grade.clone(),
            |certainty| format!("{grade}, {certainty}"),
        )
    }

    fn reason(&self, finding: &JudgedFinding, reason: &str) -> String {
        let texts = self.texts;
        if let Some(rule) = self.rules.describe(reason) {
            return self.language.of(rule.label).to_owned();
        }
        if self.rules.permission(reason).is_some() {
            let state = if finding.grade == Grade::Declared {
                texts.declared
            } else {
                texts.granted
            };
            return format!("{} {state}", permission(reason));
        }
        if let Some(method) = reason.strip_prefix(CONTACT_DISCOVERY) {
            let method = [("method", self.language.discovery(method))];
            let words = fill(texts.documented_discovery, &method);
            let known = fill(texts.known_discovery, &method);
            return self.with_certainty(finding, words, &known);
        }
        if let Some(numbers) = reason.strip_prefix(VOLUME) {
            let numbers: Vec<(&str, &str)> = numbers
                .split(' ')
                .filter_map(|pair| pair.split_once('='))
                .collect();
            let is_difference = numbers.iter().any(|(name, _)| *name == "without");
            let words = if is_difference {
                texts.volume_difference
            } else {
                texts.volume_burst
            };
            return fill(words, &numbers);
        }
        if let Some(time) = reason.strip_prefix(CONSENT) {
            if let Some(time) = time.strip_suffix(" least") {
                return fill(texts.consent_at_least, &[("time", time)]);
            }
            return match time {
                "never" => texts.consent_never.to_owned(),
                time => fill(texts.consent_at, &[("time", time)]),
            };
        }
        if let Some(words) = reason.strip_prefix(MANIFEST) {
            return match words.split_once(' ') {
                Some(("read", name)) => fill(texts.open_for_reading, &[("name", name)]),
                Some(("write", name)) => fill(texts.open_for_writing, &[("name", name)]),
                _ => texts.backup_by_default.to_owned(),
            };
        }
        if let Some(how_much) = reason.strip_prefix(CONTENT) {
            return match how_much {
                "all" => texts.of_content.to_owned(),
                _ => texts.of_content_in_part.to_owned(),
            };
        }
        if let Some(app) = self.rules.app(reason) {
            let names = [("app", &*app.name)];
            let words = fill(texts.documented_app, &names);
            let known = fill(texts.known_app, &names);
            return self.with_certainty(finding, words, &known);
        }
        if finding.grade == Grade::Declared {
            return reason.to_owned();
        }
        format!("{reason} {}", self.language.grade(Grade::Contacted))
    }

    /// Provisions by their citations. Law of a country stands behind where that country is not known to be the seat.
    pub(super) fn provisions(&self, ids: &[Arc<str>]) -> String {
        let legal = self.rules.legal();
        let is_seat_known = self.audit.controller.country.is_some();
        let country = |id: &Arc<str>| {
            let provision = legal.provision(id).filter(|_| !is_seat_known);
            provision.and_then(|provision| provision.country.clone())
        };
        let cite = |ids: &[&Arc<str>]| {
            let citations = ids.iter().map(|id| {
                legal
                    .provision(id)
                    .map_or(&***id, |provision| self.language.of(&provision.cite))
            });
            self.language.provisions(citations)
        };
        let mut by_country: BTreeMap<Option<Arc<str>>, Vec<&Arc<str>>> = BTreeMap::new();
        for id in ids {
            by_country.entry(country(id)).or_default().push(id);
        }
        let parts = by_country.iter().map(|(country, ids)| match country {
            None => cite(ids),
            Some(code) => {
                let seat = self.language.pick("if seated in", "bei Sitz in");
                let name = country::name(self.language, code);
                // The country is named once.
                let cited = cite(ids).replace(&format!(" ({name})"), "");
                format!("{seat} {name}: {cited}")
            }
        });
        // No line ends behind a section sign.
        parts
            .collect::<Vec<_>>()
            .join("; ")
            .replace("§ ", "§\u{a0}")
    }

    /// The first place in traffic and the first in a document.
    pub(super) fn first_evidence<'f>(&self, finding: &'f JudgedFinding) -> Vec<&'f Evidence> {
        let evidence = &finding.occurrences.evidence;
        let in_traffic = evidence.iter().find(|evidence| self.is_capture(evidence));
        let in_document = evidence.iter().find(|evidence| !self.is_capture(evidence));
        in_traffic.into_iter().chain(in_document).collect()
    }

    fn has_input(&self, device: &DeviceReport, formats: &[&str]) -> bool {
        let mut inputs = self.audit.inputs.iter();
        inputs.any(|input| input.device == device.name && formats.contains(&&*input.format))
    }

    /// Whether traffic of a phone was captured, rather than told of by a log.
    pub(super) fn is_captured(&self, device: &DeviceReport) -> bool {
        self.has_input(device, &CAPTURES)
    }

    /// What of a phone could have shown traffic, in a few words.
    pub(super) fn traffic_known(&self, device: &DeviceReport) -> &'static str {
        if self.is_captured(device) {
            self.texts.no_traffic
        } else {
            self.texts.traffic_unknown
        }
    }

    /// Whether anything of a phone said which permissions its apps have, in a few words for those of no interest.
    pub(super) fn permissions_known(&self, device: &DeviceReport) -> &'static str {
        let mut apps = device.apps.iter();
        if apps.any(|app| !app.grants.is_empty()) || self.has_input(device, &PERMISSIONS) {
            self.texts.no_permissions
        } else {
            self.texts.permissions_unknown
        }
    }

    fn is_capture(&self, evidence: &Evidence) -> bool {
        self.input(evidence)
            .is_some_and(|input| input.format.starts_with("pcap") || input.format == "snoop")
    }

    /// Where a piece of evidence is to be found again, with its masked value.
    pub(super) fn evidence(&self, evidence: &Evidence) -> String {
        let input = self.input(evidence);
        let path = input.map_or("?", |input| &input.path);
        let is_capture = self.is_capture(evidence);
        let word = if is_capture {
            self.texts.frame
        } else {
            self.texts.entry
        };
        let mut words = format!("{path}, {word} {}", evidence.origin.frame);
        if let Some(place) = evidence.place {
            let place = self.language.place(place);
            words = format!("{words}, {place} {}", evidence.path);
        }
        if let Some(value) = &evidence.value {
            words = format!("{words} = {}", value.reveal());
        }
        words
    }

    pub(super) fn input(&self, evidence: &Evidence) -> Option<&'a InputReport> {
        self.input_of(evidence.origin.input)
    }

    /// Where an input is, seen from the root of a repository, if that is known.
    pub(super) fn path_in_repository(&self, input: &InputReport) -> Option<String> {
        let folder = self.path_prefix?;
        Some(format!("{folder}/{}", input.path))
    }

    pub(super) fn input_of(&self, id: InputId) -> Option<&'a InputReport> {
        self.inputs.get(&id).copied()
    }

    /// A text of a measure with what it is about.
    pub(super) fn measure(&self, step: &Step<'_>, text: &Text) -> String {
        let name = |id: &str| {
            let app = self.rules.app(id).or_else(|| self.rules.app_of_package(id));
            let of_audit = || {
                let found = self.apps.get(id).copied();
                found.map_or_else(|| text::safe_up_to(id, 80), |app| self.app(app))
            };
            app.map_or_else(of_audit, |app| app.name.to_string())
        };
        let about = name(&step.about);
        let plain = text::safe_up_to(&step.about, 80);
        let other = name(&step.other);
        let parts = [
            ("app", about.as_str()),
            ("other", other.as_str()),
            ("host", plain.as_str()),
            ("company", plain.as_str()),
        ];
        fill(self.language.of(text), &parts)
    }

    /// How much could be read, as the gate measures it.
    pub(super) fn readable(&self) -> Option<String> {
        let percent = gate::readable_percent(self.audit)?.to_string();
        Some(fill(self.texts.readable, &[("percent", &percent)]))
    }

    /// What was left out, cut or damaged: a line for each of the first files, and one for each reason that has more.
    pub(super) fn shortfalls(&self) -> Vec<String> {
        self.described(|missed| {
            let detail = missed.detail.as_deref().unwrap_or_default();
            self.language.detail(detail)
        })
    }

    /// The same without the details of the first place.
    pub(super) fn plain_shortfalls(&self) -> Vec<String> {
        self.described(|_| String::new())
    }

    fn described(&self, detail: impl Fn(&ShortfallCount) -> String) -> Vec<String> {
        let (audit, texts, language) = (self.audit, self.texts, self.language);
        let path = |id| self.input_of(id).map_or("", |input| &input.path);
        let describe = |(id, shortfall, missed): (_, Shortfall, &ShortfallCount)| {
            let mut line = format!("{}: {}", path(id), language.shortfall(shortfall));
            if missed.count > 1 {
                line = format!("{line} ({}×)", missed.count);
            }
            if missed.bytes > 0 {
                line = format!("{line}, {}", language.bytes(missed.bytes));
            }
            if let Some(origin) = missed.first.filter(|origin| origin.frame > 0) {
                line = format!("{line}, {} {}", texts.frame, origin.frame);
            }
            match detail(missed).as_str() {
                "" => line,
                detail => format!("{line} ({detail})"),
            }
        };
        let mut counts: BTreeMap<Shortfall, usize> = BTreeMap::new();
        let mut lines = Vec::new();
        // Nothing is missing there: a remark on how to read rows, once for all files.
        let (remarks, missing): (Vec<_>, Vec<_>) = audit
            .coverage
            .iter()
            .partition(|(_, shortfall, _)| *shortfall == Shortfall::SeveralUsers);
        for missed in missing {
            let count = counts.entry(missed.1).or_default();
            *count = count.saturating_add(1);
            if *count <= PLACES {
                lines.push(describe(missed));
            }
        }
        for (shortfall, count) in counts {
            let more = count.saturating_sub(PLACES);
            if more > 0 {
                let more = more.to_string();
                let values = [("count", &*more), ("reason", language.shortfall(shortfall))];
                lines.push(fill(texts.more_files, &values));
            }
        }
        let phones = remarks.iter().filter_map(|(id, _, _)| self.input_of(*id));
        let phones: BTreeSet<&str> = phones.map(|input| &*input.device).collect();
        if !phones.is_empty() {
            let phones = phones.iter().map(|phone| text::safe_up_to(phone, 40));
            let phones = self.first(phones.collect(), PLACES);
            let remark = language.shortfall(Shortfall::SeveralUsers);
            lines.push(format!("{phones}: {remark}"));
        }
        lines
    }

    /// How the report is to be read, by which law and rules it judges; the last line names the tool.
    pub(super) fn reading(&self, shows_values: bool) -> Vec<String> {
        let (audit, texts, legal) = (self.audit, self.texts, self.rules.legal());
        let mut lines = vec![texts.verbs.to_owned(), texts.score.to_owned()];
        if !shows_values {
            lines.push(texts.masks.to_owned());
        }
        let always = legal.provisions.iter();
        let seat = audit.controller.country.as_deref();
        let always = always
            .filter(|provision| provision.is_always_touched)
            .filter(|provision| provision.may_apply(seat));
        let always: Vec<Arc<str>> = always.map(|provision| Arc::clone(&provision.id)).collect();
        if !always.is_empty() {
            lines.push(format!("{} {}.", texts.always, self.provisions(&always)));
        }
        lines.push(self.language.of(&legal.reform_note).to_owned());
        lines.push(self.language.of(&legal.disclaimer).to_owned());
        let as_of = fill(texts.as_of, &[("date", &audit.law_as_of)]);
        let rules = audit.rules_sha256.get(..12).unwrap_or(&audit.rules_sha256);
        lines.push(format!(
            "phonehome {} · {as_of} · {} {rules}",
            audit.tool_version, texts.rules
        ));
        lines
    }
}

/// A permission's name without the part that all have in common.
pub(super) fn permission(name: &str) -> String {
    text::safe_up_to(name.strip_prefix("android.permission.").unwrap_or(name), 60)
}
