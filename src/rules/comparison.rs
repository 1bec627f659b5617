//! `comparison.toml`: the criteria by which systems are compared, and what `apps.toml` does not say of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;

use super::{App, Art28, DataPrivacyFramework, EndToEnd, Part, Problems, Rules, Text, load};
use crate::likeness::nearest;

const FILE: &str = "comparison.toml";
/// Systems that are offered at most.
const OFFERED: usize = 3;

/// A word for a value of a criterion.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CriterionValue {
    /// Kebab-case id.
    pub id: Arc<str>,
    /// In words.
    pub text: Text,
}

/// A row of the comparison.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Kebab-case id.
    pub id: Arc<str>,
    /// Name of the row.
    pub label: Text,
    /// What it tells.
    pub meaning: Text,
    /// Values it can have; none where each system has words of its own.
    #[serde(default)]
    pub values: Vec<CriterionValue>,
}

/// What is known of one system beside its profile; keys are ids of criteria.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct System {
    app: Arc<str>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    values: BTreeMap<Arc<str>, Arc<str>>,
    #[serde(default)]
    texts: BTreeMap<Arc<str>, Text>,
    #[serde(default)]
    sources: BTreeMap<Arc<str>, String>,
}

/// `comparison.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ComparisonFile {
    as_of: Arc<str>,
    source: String,
    #[serde(default, rename = "criterion")]
    criteria: Vec<Criterion>,
    #[serde(default, rename = "system")]
    systems: Vec<System>,
}

impl Part for ComparisonFile {
    fn read(rules: &Rules, problems: &mut Problems) -> Self {
        load::parse("comparison.toml", rules, problems)
    }
}

/// How sure a documented fact is: by what kind of source it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// Read in the source code or the app's package.
    SourceCode,
    /// Read in a document of the vendor.
    VendorDocument,
    /// Read in the press.
    Press,
    /// Some of its sources were read, some are general knowledge.
    Partly,
    /// General knowledge: to be confirmed.
    Unconfirmed,
    /// An estimate of these rules, no fact.
    Estimate,
}

impl Certainty {
    /// All.
    pub const ALL: [Self; 6] = [
        Self::SourceCode,
        Self::VendorDocument,
        Self::Press,
        Self::Partly,
        Self::Unconfirmed,
        Self::Estimate,
    ];

    /// Stable id.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SourceCode => "source-code",
            Self::VendorDocument => "vendor-document",
            Self::Press => "press",
            Self::Partly => "partly-confirmed",
            Self::Unconfirmed => "unconfirmed",
            Self::Estimate => "estimate",
        }
    }

    /// Of the words that say where a fact is known from.
    pub fn of_source(source: &str) -> Self {
        let source = source.trim().to_lowercase();
        let is_general = source.contains("general knowledge") || source.contains("not confirmed");
        if source.starts_with("estimate") {
            Self::Estimate
        } else if source.is_empty()
            || source.starts_with("general knowledge")
            || source.starts_with("not confirmed")
        {
            Self::Unconfirmed
        } else if is_general {
            Self::Partly
        } else if source.starts_with("source code") {
            Self::SourceCode
        } else if source.starts_with("the vendor's documents") {
            Self::VendorDocument
        } else if source.starts_with("press") {
            Self::Press
        } else {
            Self::Partly
        }
    }
}

/// What is documented of one system by one criterion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Documented {
    /// Id of the value, where the criterion has values.
    pub value: Option<Arc<str>>,
    /// In words.
    pub text: Text,
    /// Where it is known from.
    pub source: String,
    /// How sure that is.
    pub certainty: Certainty,
    /// When it was looked up.
    pub as_of: Arc<str>,
}

/// What a profile says by one criterion, before it has words.
#[derive(Default)]
struct Said<'a> {
    value: Option<&'a str>,
    text: Option<Text>,
    source: Option<&'a str>,
}

impl Said<'_> {
    fn value<'a>(value: &'a str, source: &'a str) -> Said<'a> {
        Said {
            value: Some(value),
            text: None,
            source: Some(source),
        }
    }
}

impl Rules {
    /// The criteria, in the order of rows.
    pub fn criteria(&self) -> &[Criterion] {
        &self.comparison.get(self).criteria
    }

    /// Whether the vendor of an app is documented to say that it keeps as little metadata as it can.
    pub fn keeps_little_metadata(&self, app: &App) -> bool {
        let documented = self.documented(app, "metadata");
        documented.is_some_and(|fact| fact.value.as_deref() == Some("vendor-minimal"))
    }

    /// Whether a company that has introduced an app is documented to see and set in one place what its people do with it.
    pub fn is_administered(&self, app: &App) -> bool {
        let documented = self.documented(app, "administration");
        let value = documented.and_then(|fact| fact.value);
        matches!(
            value.as_deref(),
            Some("console" | "server" | "console-or-server")
        )
    }

    /// What is documented of an app by a criterion; `None` if it is not known.
    pub fn documented(&self, app: &App, criterion: &str) -> Option<Documented> {
        let file = self.comparison.get(self);
        let row = file.criteria.iter().find(|row| &*row.id == criterion)?;
        let system = file.systems.iter().find(|system| system.app == app.id);
        let of_system = system.map(|system| Said {
            value: system.values.get(criterion).map(|value| &**value),
            text: system.texts.get(criterion).cloned(),
            source: system.sources.get(criterion).map(String::as_str),
        });
        let (said, as_of) = of_system
            .filter(|said| said.value.is_some() || said.text.is_some())
            .map(|said| (said, &file.as_of))
            .or_else(|| Some((profile(app, criterion)?, &app.as_of)))?;
        let source = said.source.unwrap_or(&file.source);
        let words = said.value.and_then(|id| {
            let known = row.values.iter().find(|value| &*value.id == id);
            known.map(|value| value.text.clone())
        });
        Some(Documented {
            value: said.value.map(Arc::from),
            text: joined(words, said.text)?,
            source: source.to_owned(),
            certainty: Certainty::of_source(source),
            as_of: Arc::clone(as_of),
        })
    }

    /// Other names of an app.
    pub fn aliases(&self, app: &str) -> &[String] {
        let system = self
            .comparison
            .get(self)
            .systems
            .iter()
            .find(|it| &*it.app == app);
        system.map_or(&[], |system| &system.aliases)
    }

    /// The app that somebody means by its id, name, another name, package or bundle id; case and punctuation do not matter.
    pub fn app_named(&self, name: &str) -> Option<&App> {
        let wanted = folded(name);
        self.app(name)
            .or_else(|| self.app_of_package(name))
            .or_else(|| {
                let is_it = |app: &&App| self.names(app).any(|known| folded(known) == wanted);
                self.apps().iter().find(is_it)
            })
    }

    /// All apps by their names and other names, without case, spaces and punctuation; no two have the same.
    pub fn apps_by_name(&self) -> HashMap<String, &App> {
        let apps = self.apps().iter();
        let names = apps.flat_map(|app| self.names(app).map(move |name| (folded(name), app)));
        names.collect()
    }

    /// Ids of apps whose names are near to a misspelt one, nearest first.
    fn apps_like(&self, name: &str) -> Vec<&str> {
        let apps = self.apps().iter();
        let names = apps.flat_map(|app| self.names(app).map(move |name| (&*app.id, folded(name))));
        nearest(&folded(name), names).take(OFFERED).collect()
    }

    /// What to tell a user whose name is that of no app.
    pub fn advice_for(&self, name: &str) -> String {
        let similar = self.apps_like(name);
        if similar.is_empty() {
            "phonehome apps lists all".to_owned()
        } else {
            format!("did you mean: {}?", similar.join(", "))
        }
    }

    fn names<'a>(&'a self, app: &'a App) -> impl Iterator<Item = &'a str> {
        let aliases = self.aliases(&app.id).iter().map(String::as_str);
        [&*app.id, &*app.name].into_iter().chain(aliases)
    }

    /// Everything that is wrong with `comparison.toml` but its texts.
    pub(super) fn validate_comparison(&self, problems: &mut Problems) {
        let file = self.comparison.get(self);
        problems.unique(FILE, "criterion", file.criteria.iter().map(|row| &row.id));
        problems.unique(FILE, "system", file.systems.iter().map(|it| &it.app));
        let mut named: BTreeMap<String, &str> = BTreeMap::new();
        for app in self.apps() {
            for name in self.names(app) {
                if let Some(other) = named.insert(folded(name), &app.id)
                    && other != &*app.id
                {
                    problems.add(FILE, format!("{name:?} names both {other} and {}", app.id));
                }
            }
        }
        for system in &file.systems {
            if self.app(&system.app).is_none() {
                problems.dangling(FILE, "a system", "app", &system.app);
            }
            let used = system.values.keys().chain(system.texts.keys());
            for id in used.chain(system.sources.keys()) {
                if !file.criteria.iter().any(|row| row.id == *id) {
                    problems.dangling(FILE, &system.app, "criterion", id);
                }
            }
        }
        for app in self.apps() {
            for row in &file.criteria {
                let said = file
                    .systems
                    .iter()
                    .find(|system| system.app == app.id)
                    .and_then(|system| system.values.get(&row.id));
                let of_profile = profile(app, &row.id).and_then(|said| said.value);
                for value in said.map(|value| &**value).into_iter().chain(of_profile) {
                    if !row.values.iter().any(|known| &*known.id == value) {
                        problems.dangling(FILE, &app.id, "value", value);
                    }
                }
            }
        }
    }
}

/// What `apps.toml` says of an app by a criterion.
fn profile<'a>(app: &'a App, criterion: &str) -> Option<Said<'a>> {
    let source = app.source.as_str();
    let yes_no = |is, yes: &'static str, no: &'static str| if is { yes } else { no };
    Some(match criterion {
        "status" => match &app.retired {
            Some(retired) => Said {
                value: Some("retired"),
                text: Some(retired.text.clone()),
                source: Some(&retired.source),
            },
            None => Said::value("offered", source),
        },
        // Seats and groups were not looked up one by one: their source is that of the file, general knowledge.
        "vendor" if !app.vendor.is_empty() => {
            let parent = app
                .parent
                .as_ref()
                .filter(|parent| !app.vendor.contains(&***parent));
            let words = parent.map_or(app.vendor.to_string(), |parent| {
                format!("{} ({parent})", app.vendor)
            });
            Said {
                text: Some(same(&words)),
                ..Said::default()
            }
        }
        "country" => Said {
            text: Some(same(app.vendor_country.as_deref()?)),
            ..Said::default()
        },
        "hosting" => Said {
            text: Some(app.hosting.clone()),
            source: Some(source),
            ..Said::default()
        },
        "contacts" => match app.contact_discovery.method {
            super::DiscoveryMethod::Unknown => return None,
            method => Said::value(method.as_str(), &app.contact_discovery.source),
        },
        "location" => {
            let permissions_source = app.permissions_source.as_deref().unwrap_or_default();
            if app.permissions.iter().any(|name| is_of_location(name)) {
                Said::value("permission", permissions_source)
            } else if permissions_source.starts_with("source code") {
                Said::value("no-permission", permissions_source)
            } else {
                return None;
            }
        }
        "end-to-end" => Said::value(end_to_end(app.end_to_end), source),
        "open-source" => Said {
            text: Some(app.open_source.clone()),
            source: Some(source),
            ..Said::default()
        },
        "self-hosting" => Said::value(yes_no(app.is_self_hostable, "yes", "no"), source),
        "phone-number" => Said::value(
            yes_no(app.needs_phone_number, "required", "not-required"),
            source,
        ),
        "contract" => match app.art28 {
            Art28::Unknown if app.art28_note.is_none() => return None,
            art28 => Said {
                value: Some(contract(art28)),
                text: app.art28_note.clone(),
                source: confirmed(app.art28_note.as_ref(), source),
            },
        },
        "transfer" => Said {
            value: Some(transfer(app.dpf)),
            text: app.dpf_note.clone(),
            source: confirmed(app.dpf_note.as_ref(), source),
        },
        _ => return None,
    })
}

/// The source of a profile for a fact with a note; none where the note says that it was not looked up. Without a note only the
/// vendor's own documents tell it: no code and no list of hosts does.
fn confirmed<'a>(note: Option<&Text>, source: &'a str) -> Option<&'a str> {
    let is_confirmed = note.map_or_else(
        || source.contains("the vendor's documents"),
        |note| !note.en.contains("general knowledge"),
    );
    is_confirmed.then_some(source)
}

fn is_of_location(permission: &str) -> bool {
    permission.contains("_LOCATION") && !permission.contains("MEDIA_LOCATION")
}

fn end_to_end(state: EndToEnd) -> &'static str {
    match state {
        EndToEnd::Default => "default",
        EndToEnd::Partial => "partial",
        EndToEnd::Optional => "optional",
        EndToEnd::None => "none",
        EndToEnd::NotApplicable => "not-applicable",
    }
}

fn contract(art28: Art28) -> &'static str {
    match art28 {
        Art28::Yes => "yes",
        Art28::No => "no",
        Art28::SelfHosted => "self-hosted",
        Art28::OtherProduct => "other-product",
        Art28::Unknown => "unknown",
    }
}

fn transfer(dpf: DataPrivacyFramework) -> &'static str {
    match dpf {
        DataPrivacyFramework::Certified => "certified",
        DataPrivacyFramework::NotListed => "not-listed",
        DataPrivacyFramework::NotApplicable => "not-applicable",
        DataPrivacyFramework::Verify => "verify",
    }
}

/// A name or code that is the same in both languages.
fn same(words: &str) -> Text {
    Text {
        de: words.to_owned(),
        en: words.to_owned(),
    }
}

/// The word for a value and what is said beside it.
fn joined(words: Option<Text>, more: Option<Text>) -> Option<Text> {
    match (words, more) {
        (Some(words), Some(more)) => Some(Text {
            de: format!("{}: {}", words.de, more.de),
            en: format!("{}: {}", words.en, more.en),
        }),
        (words, more) => words.or(more),
    }
}

/// Lower case, letters and digits only.
/// A name without case, spaces and punctuation.
pub fn folded(name: &str) -> String {
    name.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certainty_is_that_of_the_weakest_source() {
        for (source, certainty) in [
            ("source code", Certainty::SourceCode),
            (
                "the vendor's documents faq.whatsapp.com (read 2026-11-24)",
                Certainty::VendorDocument,
            ),
            ("press 2018", Certainty::Press),
            (
                "source code; user agents: general knowledge",
                Certainty::Partly,
            ),
            ("general knowledge, verify", Certainty::Unconfirmed),
            ("not confirmed; read from the APK", Certainty::Unconfirmed),
            ("", Certainty::Unconfirmed),
            ("estimate of these rules", Certainty::Estimate),
        ] {
            assert_eq!(Certainty::of_source(source), certainty, "{source}");
        }
    }

    #[test]
    fn every_profile_is_compared_by_every_criterion_that_needs_no_looking_up() {
        let rules = Rules::embedded();
        assert!(rules.apps().len() >= 45);
        for app in rules.apps() {
            for criterion in [
                "status",
                "kind",
                "hosting",
                "metadata",
                "end-to-end",
                "self-hosting",
                "effort",
                "reach",
            ] {
                let fact = rules.documented(app, criterion);
                let fact = fact.unwrap_or_else(|| panic!("{}: {criterion}", app.id));
                assert!(!fact.source.is_empty() && !fact.as_of.is_empty());
            }
        }
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        let rules = Rules::embedded();
        let documented = |app: &str, criterion| rules.documented(rules.app(app)?, criterion);
        assert_eq!(documented("signal", "certifications"), None);
        assert_eq!(documented("xmpp-generic", "vendor"), None);
        assert_eq!(documented("google-maps", "contacts"), None);
        // Its list of permissions is general knowledge: that the position is not on it says nothing.
        assert_eq!(documented("slack", "location"), None);
        let in_source = documented("mattermost", "location").unwrap();
        assert_eq!(in_source.value.as_deref(), Some("no-permission"));
        assert_eq!(in_source.certainty, Certainty::SourceCode);
    }

    #[test]
    fn systems_are_found_by_any_of_their_names() {
        let rules = Rules::embedded();
        for (name, id) in [
            ("WhatsApp", "whatsapp"),
            ("WhatsApp Business", "whatsapp-business"),
            ("com.whatsapp.w4b", "whatsapp-business"),
            ("Skype", "skype"),
            ("Skype for Business", "skype-for-business"),
            ("Teams", "ms-teams"),
            ("Microsoft Teams", "ms-teams"),
            ("Jira", "jira"),
            ("Confluence", "confluence"),
            ("HipChat", "hipchat"),
            ("Mattermost", "mattermost"),
            ("XMPP with OTR", "xmpp-generic"),
            ("XMPP", "xmpp-generic"),
            ("Conversations", "conversations"),
            ("ChatSecure", "chatsecure"),
            ("Signal", "signal"),
            ("NIMes", "nimes"),
            ("stashcat", "nimes"),
            ("Facebook", "facebook"),
            ("Instagram", "instagram"),
            ("Threema", "threema"),
            ("Telegram", "telegram"),
            ("Twitter", "x"),
            ("Rocket.Chat", "rocketchat"),
            ("Matrix", "element"),
        ] {
            assert_eq!(
                rules.app_named(name).map(|app| &*app.id),
                Some(id),
                "{name}"
            );
        }
        assert!(rules.app_named("Watsap").is_none());
        assert_eq!(rules.apps_like("Watsap").first(), Some(&"whatsapp"));
        assert_eq!(rules.apps_like("matermost").first(), Some(&"mattermost"));
        assert!(rules.apps_like("qqqqqq").is_empty());
    }
}
