//! What an audit saw of one app, by criterion.

use std::collections::{BTreeMap, BTreeSet};

use super::Measured;
use crate::model::{AppReport, Attributed, Category, Grade, JudgedFinding, RecipientKind};
use crate::report::prose::Prose;
use crate::report::{Language, Options, Presentable};
use crate::rules::{App, Documented, Rules, Text};

/// Recipients, companies or permissions named in one place; the rest is counted.
const NAMED: usize = 3;
/// Observations of contacts that a server can read, as in `legal.toml`.
const READABLE_CONTACTS: [&str; 2] = ["contacts-plain", "contacts-cleartext"];
/// Observation of contacts as hashes.
const HASHED_CONTACTS: &str = "contacts-hashed";

/// Findings by whether they may be another app's, verb and rule; each with whether it contradicts what is documented.
type Groups<'a> = BTreeMap<(bool, Grade, &'a str), Vec<(&'a JudgedFinding, bool)>>;

/// The parts of a report that belong to an app.
struct Seen<'a> {
    prose: [Prose<'a>; 2],
    /// Certainly its own, one for each phone.
    own: Vec<&'a AppReport>,
    /// Its own or that of another app.
    shared: Vec<&'a AppReport>,
}

/// What `report` shows of `app` by a criterion.
pub(super) fn of(
    report: &Presentable,
    rules: &Rules,
    app: &App,
    criterion: &str,
    documented: Option<&Documented>,
) -> Vec<Measured> {
    let seen = Seen::new(report, rules, app);
    let value = documented
        .and_then(|fact| fact.value.as_deref())
        .unwrap_or_default();
    match criterion {
        "status" => vec![seen.presence(value)],
        "vendor" => seen.companies(),
        "country" => seen.countries(),
        "contacts" => {
            let mut all = seen.data(Category::Contacts, |finding| {
                contradicts_contacts(finding, value)
            });
            all.extend(seen.permissions(Category::Contacts, value == "none"));
            all
        }
        "location" => {
            let is_denied = value == "no-permission";
            let mut all = seen.data(Category::Location, |_| is_denied);
            all.extend(seen.permissions(Category::Location, is_denied));
            all
        }
        "metadata" => seen.data(Category::MessageMetadata, |_| false),
        "end-to-end" => seen.data(Category::MessageContent, |finding| {
            value == "default" && finding.recipient.kind == RecipientKind::Remote
        }),
        _ => Vec::new(),
    }
}

/// Whether contacts left in a form that is not the documented one.
fn contradicts_contacts(finding: &JudgedFinding, documented: &str) -> bool {
    let observation = finding.observation.as_deref().unwrap_or_default();
    let needs_no_address_book = matches!(documented, "none" | "directory");
    if READABLE_CONTACTS.contains(&observation) {
        needs_no_address_book || matches!(documented, "hashed" | "enclave")
    } else {
        observation == HASHED_CONTACTS && needs_no_address_book
    }
}

impl<'a> Seen<'a> {
    fn new(report: &'a Presentable, rules: &'a Rules, app: &App) -> Self {
        let prose =
            Language::ALL.map(|language| Prose::new(report, rules, Options::plain(language, 80)));
        let reports = || report.audit.devices.iter().flat_map(|device| &device.apps);
        let is_it = |id: &crate::model::AppId| id.as_str() == &*app.id;
        Self {
            prose,
            own: reports()
                .filter(|report| report.id.as_ref().is_some_and(is_it))
                .collect(),
            shared: reports()
                .filter(|report| {
                    matches!(&report.app, Attributed::Shared { apps, .. } if apps.iter().any(is_it))
                })
                .collect(),
        }
    }

    /// A text in both languages, each by its own words.
    fn both(&self, text: impl Fn(&Prose<'a>) -> String) -> Text {
        let [english, german] = &self.prose;
        Text {
            de: text(german),
            en: text(english),
        }
    }

    fn presence(&self, status: &str) -> Measured {
        let has_traffic = |report: &&&AppReport| !report.recipients.is_empty();
        let (phones, active) = (self.own.len(), self.own.iter().filter(has_traffic).count());
        let shared = self.shared.len();
        let text = self.both(|prose| {
            let pick = |english, german| prose.language.pick(english, german);
            if phones == 0 && shared == 0 {
                return pick("not seen in this case", "in diesem Fall nicht gesehen").to_owned();
            }
            let word = if phones == 1 {
                prose.texts.phone
            } else {
                prose.texts.phones
            };
            let traffic = pick("with traffic on", "mit Verkehr auf");
            let mut line = format!("{phones} {word}, {traffic} {active}");
            if shared > 0 {
                let or = pick(
                    "traffic of it or another app on",
                    "Verkehr von ihm oder einer anderen App auf",
                );
                line = format!("{line}; {or} {shared}");
            }
            line
        });
        Measured {
            text,
            contradicts: status == "retired" && phones > 0,
        }
    }

    /// Findings of one kind, put together by verb and name.
    fn data(
        &self,
        category: Category,
        contradicts: impl Fn(&JudgedFinding) -> bool,
    ) -> Vec<Measured> {
        let mut groups: Groups<'_> = BTreeMap::new();
        let reports = [(&self.own, false), (&self.shared, true)];
        for (reports, is_shared) in reports {
            for finding in reports.iter().flat_map(|report| &report.findings) {
                if finding.category == category
                    && finding.grade != Grade::Declared
                    && !finding.is_opted_out
                {
                    let is_odd =
                        !is_shared && finding.grade.is_transmitted() && contradicts(finding);
                    let key = (is_shared, finding.grade, &*finding.rule);
                    groups.entry(key).or_default().push((finding, is_odd));
                }
            }
        }
        let measured = groups
            .into_iter()
            .map(|((is_shared, grade, rule), findings)| Measured {
                contradicts: findings.iter().any(|(_, is_odd)| *is_odd),
                text: self.both(|prose| {
                    let to: BTreeSet<String> = findings
                        .iter()
                        .map(|(finding, _)| prose.recipient(finding))
                        .filter(|recipient| !recipient.is_empty())
                        .collect();
                    let verb = prose.language.grade(grade);
                    let mut line = format!("{verb}: {}", prose.rule(rule));
                    if !to.is_empty() {
                        line = format!("{line} → {}", named(&to));
                    }
                    if is_shared {
                        let or = prose
                            .language
                            .pick("by it or another app", "von ihm oder einer anderen App");
                        line = format!("{line} ({or})");
                    }
                    line
                }),
            });
        measured.collect()
    }

    fn permissions(&self, category: Category, is_denied: bool) -> Vec<Measured> {
        let chains = || {
            let chains = self.own.iter().flat_map(|report| &report.chains);
            chains.filter(|chain| chain.category == category)
        };
        let names = |list: BTreeSet<&str>| -> BTreeSet<String> {
            list.into_iter()
                .map(crate::report::prose::permission)
                .collect()
        };
        let granted = names(
            chains()
                .flat_map(|chain| &chain.granted)
                .map(|name| &**name)
                .collect(),
        );
        let refused = names(
            chains()
                .flat_map(|chain| &chain.refused)
                .map(|name| &**name)
                .collect(),
        );
        let mut all = Vec::new();
        if !granted.is_empty() {
            all.push(Measured {
                text: self.both(|prose| format!("{}: {}", prose.texts.granted, named(&granted))),
                contradicts: is_denied,
            });
        }
        if !refused.is_empty() {
            all.push(Measured {
                text: self.both(|prose| {
                    format!(
                        "{}: {}",
                        prose.language.pick("refused", "verweigert"),
                        named(&refused)
                    )
                }),
                contradicts: false,
            });
        }
        all
    }

    fn companies(&self) -> Vec<Measured> {
        let recipients = self.own.iter().flat_map(|report| &report.recipients);
        let companies: BTreeSet<String> = recipients
            .filter_map(|recipient| recipient.company.as_ref().map(ToString::to_string))
            .collect();
        self.contacted(&companies)
    }

    fn countries(&self) -> Vec<Measured> {
        let countries = self.own.iter().flat_map(|report| Prose::countries(report));
        let countries: BTreeSet<String> = countries.map(str::to_owned).collect();
        self.contacted(&countries)
    }

    fn contacted(&self, names: &BTreeSet<String>) -> Vec<Measured> {
        if names.is_empty() {
            return Vec::new();
        }
        let text = self.both(|prose| {
            let verb = prose.language.grade(Grade::Contacted);
            format!("{verb}: {}", named(names))
        });
        vec![Measured {
            text,
            contradicts: false,
        }]
    }
}

/// The first names, and how many more there are.
fn named(names: &BTreeSet<String>) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    let rest = names.len().saturating_sub(NAMED);
    if rest == 0 {
        shown.join(", ")
    } else {
        format!("{} +{rest}", shown.join(", "))
    }
}
