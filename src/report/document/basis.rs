//! Who, which phones, when, and on what a document rests; what was not seen; lines to sign.

use std::collections::BTreeMap;

use super::{Block, Draft, joined};
use crate::model::{Day, DeviceKind, DeviceReport, ShadowApp, Timestamp};
use crate::report::language::fill;
use crate::report::{country, portrait, text};

/// Lines on what was not seen.
const SHORTFALLS: usize = 15;
/// How the ids of apps begin that come with a phone.
const OF_SYSTEMS: [&str; 4] = [
    "com.apple.",
    "com.android.",
    "com.google.android.gms",
    "google-play-services",
];
/// Characters of the checksum of the rules.
const CHECKSUM: usize = 12;

/// Kinds of sources that staff are told of, as words, with how the names of their formats begin.
const SOURCES: [(&str, &[&str]); 4] = [
    (
        "source-logs",
        &[
            "app-privacy-report",
            "android-network-log",
            "bug-report",
            "dumpsys-appops",
            "ios-data-usage",
            "pcapdroid-csv",
            "suricata",
            "trackercontrol",
            "zeek",
        ],
    ),
    (
        "source-lists",
        &["app-inventory", "apple-application-list", "dumpsys-package"],
    ),
    ("source-packages", &["android-manifest", "apk", "ipa"]),
    ("source-contacts", &["known-values"]),
];

impl Draft<'_> {
    pub(super) fn basis(&self) -> Block {
        let (audit, language) = (self.prose.audit, self.prose.language);
        let controller = &audit.controller;
        let seat = match &controller.country {
            Some(code) => country::name(language, code).to_owned(),
            None => self.gap_word("which-country"),
        };
        let council = match controller.has_works_council {
            Some(true) => self.word("yes").to_owned(),
            Some(false) => self.word("no").to_owned(),
            None => self.gap_word("is-there-one"),
        };
        let checksum = &audit.rules_sha256;
        let inputs = audit.inputs.iter();
        let hashed = inputs.filter(|input| !input.sha256.is_empty()).count();
        let tool = [
            ("version", audit.tool_version.as_str()),
            ("inputs", &audit.read_inputs().to_string()),
            ("hashed", &hashed.to_string()),
            ("rules", checksum.get(..CHECKSUM).unwrap_or(checksum)),
            ("law", &audit.law_as_of),
        ];
        let rows = [
            ("controller", self.organisation()),
            ("seat", seat),
            ("officer", self.gap_word("name-and-contact")),
            ("works-council", council),
            ("phones", self.phones()),
            ("period", self.period()),
            ("basis", self.filled("basis-text", &tool)),
        ];
        self.particulars(rows)
    }

    pub(super) fn period_table(&self) -> Block {
        self.particulars([("phones", self.phones()), ("period", self.period())])
    }

    /// Nothing that could point to one person: how much of how many phones was looked at, and what else was.
    pub(super) fn staff_period(&self) -> Block {
        let mut counts = BTreeMap::from([("staff-captured", 0_usize)]);
        for device in &self.prose.audit.devices {
            let count = counts.entry(self.sight(device)).or_default();
            *count = count.saturating_add(1);
        }
        let counts = counts
            .into_iter()
            .map(|(id, count)| (id, count.to_string()));
        let mut rows: Vec<(&str, String)> = counts.collect();
        let sources = self.staff_sources();
        if !sources.is_empty() {
            rows.push(("staff-sources", sources));
        }
        rows.push(("period", self.period()));
        self.particulars(rows)
    }

    /// What was seen of a phone: its traffic, what its files say, or only that a list names it.
    fn sight(&self, device: &DeviceReport) -> &'static str {
        let mut inputs = self.prose.audit.inputs.iter();
        if self.prose.is_captured(device) {
            "staff-captured"
        } else if !device.traffic.is_empty() || inputs.any(|input| input.device == device.name) {
            "staff-logged"
        } else {
            "staff-listed"
        }
    }

    /// Kinds of sources beside traffic.
    fn staff_sources(&self) -> String {
        let inputs = &self.prose.audit.inputs;
        let has = |formats: &[&str]| {
            let mut inputs = inputs.iter();
            inputs.any(|input| {
                formats
                    .iter()
                    .any(|format| input.format.starts_with(format))
            })
        };
        let found = SOURCES.iter().filter(|(_, formats)| has(formats));
        joined(found.map(|(id, _)| self.word(id).to_owned()))
    }

    fn particulars<'b>(&self, rows: impl IntoIterator<Item = (&'b str, String)>) -> Block {
        let row = |(id, text): (&str, String)| vec![self.word(id).to_owned(), text];
        let rows = rows.into_iter().map(row);
        Block::Table(self.table(&["particular", "entry"], rows))
    }

    /// All phones, or how many of each kind where they are many.
    fn phones(&self) -> String {
        let devices = &self.prose.audit.devices;
        let count = devices.len();
        if count <= super::ROWS / 6 {
            let names = devices.iter().map(|device| self.phone(device));
            return joined(names);
        }
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        for device in devices {
            let number = kinds.entry(self.kind(device)).or_default();
            *number = number.saturating_add(1);
        }
        let kinds = kinds.into_iter().map(|(kind, number)| match kind.as_str() {
            "" => number.to_string(),
            kind => format!("{number} ({kind})"),
        });
        kinds.collect::<Vec<_>>().join("; ")
    }

    fn phone(&self, device: &DeviceReport) -> String {
        let name = text::safe_up_to(&device.name, 60);
        let sight = match self.sight(device) {
            "staff-logged" => self.word("logged-only"),
            "staff-listed" => self.word("listed-only"),
            _ => "",
        };
        let parts = [self.kind(device), sight.to_owned()];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() {
            return name;
        }
        format!("{name} ({})", parts.join(", "))
    }

    /// Whose a phone is, how it is set up, and what its user does.
    fn kind(&self, device: &DeviceReport) -> String {
        let Some(policy) = &device.policy else {
            return String::new();
        };
        let kind = match policy.kind {
            DeviceKind::Company => self.word("company-phone"),
            DeviceKind::Private => self.word("private-phone"),
        };
        let profile = policy.has_work_profile.then(|| self.word("work-profile"));
        let minors = policy.has_minors.then(|| self.word("minors"));
        let parts = [Some(kind), profile, policy.role.as_deref(), minors];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn period(&self) -> String {
        let audit = self.prose.audit;
        let period = audit.period(false).or_else(|| audit.period(true));
        let day = |time: Option<Timestamp>| time.and_then(Day::of).map(|day| day.to_string());
        let first = day(period.map(|(first, _)| first));
        let last = day(period.map(|(_, last)| last));
        match (first, last) {
            (Some(first), Some(last)) => {
                self.filled("from-to", &[("first", &first), ("last", &last)])
            }
            _ => self.word("no-period").to_owned(),
        }
    }

    pub(super) fn retention(&self) -> Vec<Block> {
        let retention = &self.prose.audit.controller.retention;
        let line = |id: &str, asked: &str, days: Option<u32>| match days {
            Some(days) => self.filled(id, &[("days", &days.to_string())]),
            None => self.gap_word(asked),
        };
        vec![Block::List(vec![
            line(
                "captures-deleted",
                "which-captures",
                retention.captures_days,
            ),
            line("reports-deleted", "which-reports", retention.reports_days),
        ])]
    }

    pub(super) fn not_seen(&self) -> Vec<Block> {
        let texts = self.prose.texts;
        let mut lines = self.prose.plain_shortfalls();
        let left = lines.len().saturating_sub(SHORTFALLS);
        lines.truncate(SHORTFALLS);
        let mut blocks = vec![Block::Paragraph(texts.not_clean.to_owned())];
        if lines.is_empty() {
            blocks.push(Block::Paragraph(texts.coverage_complete.to_owned()));
        } else {
            blocks.push(Block::List(lines));
        }
        blocks.extend(self.rest(left));
        blocks
    }

    pub(super) fn signature(&self) -> Block {
        let rows = ["reasons", "name-function", "day-signature", "review"];
        self.particulars(rows.map(|id| (id, String::new())))
    }

    /// Apps that the company does not know or does not allow, with how to talk about them.
    pub(super) fn shadow(&self) -> Vec<String> {
        let rules = self.prose.rules;
        let mut found: BTreeMap<(&str, bool), (&str, Vec<String>)> = BTreeMap::new();
        for device in &self.prose.audit.devices {
            for app in &device.shadow {
                let key = (app.id.as_str(), app.status.is_some());
                let entry = found.entry(key).or_insert((&app.name, Vec::new()));
                entry.1.push(text::safe_up_to(&device.name, 60));
            }
        }
        let line = |((id, is_forbidden), (name, phones)): ((&str, bool), (&str, Vec<String>))| {
            let state = if is_forbidden {
                "forbidden"
            } else {
                "undecided"
            };
            let phones = self.few(&phones);
            let mut line = format!("{name} – {} ({phones}).", self.word(state));
            // What holds for any app is said once, below.
            let alternative = rules.alternative(id).filter(|one| !one.apps.is_empty());
            if let Some(alternative) = alternative {
                let words = self.prose.language.of(&alternative.text);
                line = format!("{line} {}", fill(words, &[("app", name)]));
            }
            let offered = self.offered(id);
            if !offered.is_empty() {
                line = format!("{line} {}", self.filled("offer", &[("names", &offered)]));
            }
            line
        };
        let lines = found.into_iter().map(line);
        lines.chain(portrait::shadow_advice(&self.prose)).collect()
    }

    /// The same apps for staff: their names, what the company has decided, and what could take their place. What comes with a
    /// phone nobody has chosen.
    pub(super) fn staff_shadow(&self) -> Vec<String> {
        let devices = self.prose.audit.devices.iter();
        let apps = devices.flat_map(|device| &device.shadow);
        let is_chosen = |app: &&ShadowApp| {
            let id = app.id.as_str();
            !OF_SYSTEMS.iter().any(|start| id.starts_with(start))
        };
        let names: BTreeMap<&str, (&str, bool)> = apps
            .filter(is_chosen)
            .map(|app| (app.name.as_str(), (app.id.as_str(), app.status.is_some())))
            .collect();
        let line = |(name, (id, is_forbidden)): (&str, (&str, bool))| {
            let state = if is_forbidden {
                "forbidden"
            } else {
                "undecided"
            };
            let app = format!("{name} ({})", self.word(state));
            match self.offered(id) {
                offered if offered.is_empty() => app,
                offered => self.filled("offer-staff", &[("app", &app), ("names", &offered)]),
            }
        };
        names.into_iter().map(line).collect()
    }

    /// Names of apps that could take the place of one.
    fn offered(&self, id: &str) -> String {
        let rules = self.prose.rules;
        let alternative = rules.alternative(id);
        let offered = alternative.iter().flat_map(|one| &one.offer);
        let apps = offered
            .filter(|other| ***other != *id)
            .filter_map(|other| rules.app(other));
        let names: Vec<&str> = apps.map(|app| &*app.name).collect();
        names.join(", ")
    }

    /// Some names, and how many there are beside them.
    pub(super) fn few(&self, names: &[String]) -> String {
        const NAMED: usize = 6;
        let mut shown: Vec<String> = names.iter().take(NAMED).cloned().collect();
        let left = names.len().saturating_sub(NAMED);
        if left > 0 {
            shown.push(fill(self.prose.texts.more, &[("count", &left.to_string())]));
        }
        shown.join(", ")
    }
}
