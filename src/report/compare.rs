//! Systems side by side: what is documented of each, beside what an audit measured. A format is a function and a line in
//! [`COMPARISON_FORMATS`].

mod json;
mod measured;
mod text;

use std::io::{self, Write};

use super::{Language, Options, Presentable};
use crate::rules::{App, Certainty, Criterion, Documented, Rules, Text};

/// A format of comparisons.
#[derive(Debug)]
pub struct ComparisonFormat {
    /// Its name on the command line.
    pub name: &'static str,
    /// Writes it.
    pub write: fn(&Comparison<'_>, Options, &mut dyn Write) -> io::Result<()>,
}

/// All formats of comparisons.
pub const COMPARISON_FORMATS: &[ComparisonFormat] = &[
    ComparisonFormat {
        name: "table",
        write: text::table,
    },
    ComparisonFormat {
        name: "json",
        write: json::write,
    },
    ComparisonFormat {
        name: "markdown",
        write: text::markdown,
    },
];

/// Something that an audit saw of a system.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Measured {
    text: Text,
    /// It does not fit what is documented: a question, no verdict.
    contradicts: bool,
}

/// One system by one criterion.
#[derive(Clone, Debug)]
struct Cell {
    documented: Option<Documented>,
    measured: Vec<Measured>,
}

/// One row.
#[derive(Debug)]
struct Row<'a> {
    criterion: &'a Criterion,
    /// One for each system.
    cells: Vec<Cell>,
}

/// Systems side by side.
#[derive(Debug)]
pub struct Comparison<'a> {
    apps: Vec<&'a App>,
    rows: Vec<Row<'a>>,
    /// Name of the case that was measured.
    case: Option<String>,
}

impl<'a> Comparison<'a> {
    /// Compares apps by all criteria; with a report, also by what it measured.
    pub fn new(rules: &'a Rules, apps: &[&'a App], report: Option<&Presentable>) -> Self {
        let mut rows = Vec::new();
        for criterion in rules.criteria() {
            let cells = apps.iter().map(|app| {
                let documented = rules.documented(app, &criterion.id);
                let measured = report.map_or_else(Vec::new, |report| {
                    measured::of(report, rules, app, &criterion.id, documented.as_ref())
                });
                Cell {
                    documented,
                    measured,
                }
            });
            rows.push(Row {
                criterion,
                cells: cells.collect(),
            });
        }
        Self {
            apps: apps.to_vec(),
            rows,
            case: report.map(|report| report.audit.case.clone()),
        }
    }
}

/// The word for how sure a documented fact is.
fn certainty(language: Language, certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::SourceCode => language.pick("read in the source code", "im Quelltext gelesen"),
        Certainty::VendorDocument => language.pick(
            "read in the vendor's documents",
            "in Dokumenten des Anbieters gelesen",
        ),
        Certainty::Press => language.pick("read in the press", "in der Presse gelesen"),
        Certainty::Partly => language.pick("partly confirmed", "teilweise bestätigt"),
        Certainty::Unconfirmed => language.pick(
            "general knowledge, to be confirmed",
            "allgemeines Wissen, zu bestätigen",
        ),
        Certainty::Estimate => language.pick("estimate", "Schätzung"),
    }
}

/// Marks that say how sure a fact is, in one character.
pub(super) fn mark(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::SourceCode | Certainty::VendorDocument | Certainty::Press => "",
        Certainty::Partly => " ~",
        Certainty::Unconfirmed => " ?",
        Certainty::Estimate => " *",
    }
}

/// Prints a line for each profile: id, status, name, other names.
pub fn list_apps(rules: &Rules, language: Language, out: &mut dyn Write) -> io::Result<()> {
    let width = rules.apps().iter().map(|app| app.id.len()).max();
    let width = width.unwrap_or_default();
    for app in rules.apps() {
        let mut line = format!("{:width$}  {}", app.id, app.name);
        if let Some(retired) = &app.retired {
            line = format!("{line} · {}", language.of(&retired.text));
        }
        let aliases = rules.aliases(&app.id);
        if !aliases.is_empty() {
            line = format!("{line} · {}", aliases.join(", "));
        }
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Prints the profile of one app: each fact with source, date and certainty.
pub fn show_app(
    rules: &Rules,
    app: &App,
    language: Language,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{}: {}", app.id, app.name)?;
    let aliases = rules.aliases(&app.id);
    if !aliases.is_empty() {
        let also = language.pick("also", "auch");
        writeln!(out, "  {also}: {}", aliases.join(", "))?;
    }
    for row in rules.criteria() {
        let label = language.of(&row.label);
        let Some(fact) = rules.documented(app, &row.id) else {
            writeln!(out, "  {label}: {}", unknown(language))?;
            continue;
        };
        writeln!(out, "  {label}: {}", language.of(&fact.text))?;
        writeln!(
            out,
            "    {} · {} · {}",
            certainty(language, fact.certainty),
            fact.as_of,
            fact.source
        )?;
    }
    let lines = [
        (
            language.pick(
                "how contacts are matched",
                "wie Kontakte abgeglichen werden",
            ),
            app.contact_discovery.detail.as_ref(),
        ),
        (language.pick("remark", "Anmerkung"), app.notes.as_ref()),
    ];
    for (label, text) in lines {
        if let Some(text) = text {
            writeln!(out, "  {label}: {}", language.of(text))?;
        }
    }
    let names: Vec<&str> = app
        .android
        .iter()
        .chain(&app.ios)
        .map(|name| &**name)
        .collect();
    for (label, list) in [
        (language.pick("packages", "Pakete"), names.join(", ")),
        (language.pick("hosts", "Server"), app.hosts.join(", ")),
    ] {
        if !list.is_empty() {
            writeln!(out, "  {label}: {list}")?;
        }
    }
    Ok(())
}

fn unknown(language: Language) -> &'static str {
    language.pick("not known", "nicht bekannt")
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr as _;

    fn rendered(format: usize, names: &[&str], options: Options) -> String {
        let rules = Rules::embedded();
        let apps: Vec<&App> = names
            .iter()
            .map(|name| rules.app_named(name).unwrap())
            .collect();
        let comparison = Comparison::new(&rules, &apps, None);
        let mut out = Vec::new();
        (COMPARISON_FORMATS[format].write)(&comparison, options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn many_systems_fit_the_page_and_none_is_left_out() {
        let rules = Rules::embedded();
        let names: Vec<&str> = rules.apps().iter().map(|app| &*app.id).collect();
        for language in Language::ALL {
            for width in [40, 80, 120] {
                let text = rendered(0, &names, Options::plain(language, width));
                for line in text.lines() {
                    assert!(line.width() <= usize::from(width), "{width}: {line}");
                }
            }
            let text = rendered(0, &names, Options::plain(language, 140));
            for app in rules.apps() {
                let first = app.name.split(' ').next().unwrap();
                assert!(text.contains(first), "{}", app.name);
            }
        }
    }

    #[test]
    fn the_table_says_what_is_known_and_what_is_not() {
        let text = rendered(
            0,
            &["Signal", "XMPP"],
            Options::plain(Language::English, 80),
        );
        assert!(text.contains("not known"), "{text}");
        assert!(text.contains("enclave"), "{text}");
    }

    #[test]
    fn json_has_both_texts_and_every_source() {
        let text = rendered(
            1,
            &["whatsapp", "nimes"],
            Options::plain(Language::German, 80),
        );
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let apps = value["apps"].as_array().unwrap();
        assert_eq!(apps.len(), 2);
        for app in apps {
            let facts = app["facts"].as_array().unwrap();
            assert_eq!(facts.len(), value["criteria"].as_array().unwrap().len());
            for fact in facts {
                let documented = &fact["documented"];
                assert!(
                    documented.is_null()
                        || ["de", "en"].iter().all(|language| {
                            !documented["text"][language].as_str().unwrap().is_empty()
                        }) && !documented["source"].as_str().unwrap().is_empty()
                );
            }
        }
    }
}
