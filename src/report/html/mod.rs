//! The report as one HTML page that needs nothing else, and its pictures as SVG: for data-protection officers. Its content
//! security policy allows the page's own style and script by their hashes, and nothing beside; without script it is the same
//! report, only not filtered.

mod app;
mod countries;
mod markup;
mod phones;
mod picture;
mod sankey;
mod section;

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

pub(super) use self::markup::Markup;
use self::picture::Canvas;
use super::merged::{self, MergedApp};
use super::presentable::Presentable;
use super::prose::Prose;
use super::{Format, Language, Options};
use crate::model::RiskLevel;
use crate::rules::Rules;

/// The page.
pub(super) const FORMAT: Format = Format {
    name: "html",
    endings: &["html", "htm"],
    write,
};

/// How the page looks, without the pictures in it.
const STYLE: &str = include_str!("style.css");
/// What filters.
const SCRIPT: &str = include_str!("filter.js");

/// Everything that sections draw from.
struct Page<'a> {
    prose: Prose<'a>,
    apps: Vec<MergedApp<'a>>,
    shows_values: bool,
}

/// A section of the page. One that has nothing to show is left out, also of the list at the top.
struct Section {
    id: &'static str,
    /// Its name in the list at the top, English and German.
    name: (&'static str, &'static str),
    draw: fn(&Page<'_>, &mut Markup),
}

/// All sections, in their order.
const SECTIONS: &[Section] = &[
    Section {
        id: "summary",
        name: ("Summary", "Zusammenfassung"),
        draw: |page, out| page.summary(out),
    },
    Section {
        id: "risk",
        name: ("Risk", "Risiko"),
        draw: |page, out| page.risk(out),
    },
    Section {
        id: "flows",
        name: ("Flows", "Datenflüsse"),
        draw: |page, out| page.flows(out),
    },
    Section {
        id: "time",
        name: ("When", "Wann"),
        draw: |page, out| page.time(out),
    },
    Section {
        id: "overview",
        name: ("Overview", "Übersicht"),
        draw: |page, out| page.overview(out),
    },
    Section {
        id: "questions",
        name: ("Questions", "Fragen"),
        draw: |page, out| page.questions(out),
    },
    Section {
        id: "measures",
        name: ("Measures", "Maßnahmen"),
        draw: |page, out| page.measures(out),
    },
    Section {
        id: "apps",
        name: ("Apps", "Apps"),
        draw: |page, out| page.app_sections(out),
    },
    Section {
        id: "unapproved",
        name: ("Not approved", "Nicht freigegeben"),
        draw: |page, out| page.unapproved(out),
    },
    Section {
        id: "countries",
        name: ("Countries", "Länder"),
        draw: |page, out| page.countries(out),
    },
    Section {
        id: "phones",
        name: ("Phones", "Telefone"),
        draw: |page, out| page.phones(out),
    },
    Section {
        id: "coverage",
        name: ("Not seen", "Nicht zu sehen"),
        draw: |page, out| page.coverage(out),
    },
];

fn write(
    report: &Presentable,
    rules: &Rules,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let prose = Prose::new(report, rules, options);
    let page = Page {
        apps: merged::apps(&prose),
        prose,
        shows_values: report.shows_values,
    };
    out.write_all(page.html().as_bytes())
}

/// The pictures of a report: name of a file and its contents. Those that would be empty are left out.
pub fn pictures(
    report: &Presentable,
    rules: &Rules,
    language: Language,
) -> Vec<(&'static str, String)> {
    let options = Options {
        language,
        width: 0,
        color: false,
        level: RiskLevel::None,
    };
    let prose = Prose::new(report, rules, options);
    let apps = merged::apps(&prose);
    let drawn = [
        (
            "risk.svg",
            Some(picture::risk_matrix(&prose, &apps, Canvas::File)),
        ),
        ("flows.svg", sankey::draw(&prose, &apps, Canvas::File)),
        (
            "timeline.svg",
            picture::timeline(&prose, &apps, Canvas::File),
        ),
        (
            "coverage.svg",
            picture::coverage(&prose, &apps, Canvas::File),
        ),
    ];
    drawn
        .into_iter()
        .filter_map(|(name, picture)| Some((name, picture?.finish())))
        .collect()
}

/// The source by which a content security policy allows one text.
pub(super) fn hash(parts: &[&str]) -> String {
    let hash = digest(&SHA256, parts.concat().as_bytes());
    format!("'sha256-{}'", STANDARD.encode(hash))
}

impl Page<'_> {
    fn html(&self) -> String {
        let language = self.prose.language;
        let mut sections: Vec<&Section> = Vec::new();
        let mut drawn = Vec::new();
        for section in SECTIONS {
            let mut part = Markup::default();
            (section.draw)(self, &mut part);
            if !part.is_empty() {
                sections.push(section);
                drawn.push(part);
            }
        }
        let mut out = Markup::default();
        out.fixed("<!DOCTYPE html>\n");
        out.within("html", &[("lang", &language.as_str())], |out| {
            self.head(out);
            out.within("body", &[], |out| {
                let skip = language.pick("Skip to the report", "Zum Bericht springen");
                out.element("a", &[("class", &"skip"), ("href", &"#main")], &skip);
                self.header(&sections, out);
                out.within("main", &[("id", &"main"), ("tabindex", &"-1")], |out| {
                    self.state(out);
                    for part in drawn {
                        out.picture(part);
                    }
                });
                self.footer(out);
                out.within("script", &[], |out| out.fixed(SCRIPT));
            });
        });
        out.line();
        out.finish()
    }

    fn head(&self, out: &mut Markup) {
        let policy = format!(
            "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
            hash(&[STYLE, picture::STYLE]),
            hash(&[SCRIPT])
        );
        let title = format!("{}: {}", self.prose.texts.title, self.case());
        out.within("head", &[], |out| {
            out.open("meta", &[("charset", &"utf-8")]);
            out.open(
                "meta",
                &[
                    ("http-equiv", &"Content-Security-Policy"),
                    ("content", &policy),
                ],
            );
            let viewport = "width=device-width, initial-scale=1";
            out.open("meta", &[("name", &"viewport"), ("content", &viewport)]);
            out.open(
                "meta",
                &[("name", &"referrer"), ("content", &"no-referrer")],
            );
            out.element("title", &[], &title);
            out.within("style", &[], |out| {
                out.fixed(STYLE);
                out.fixed(picture::STYLE);
            });
        });
        out.line();
    }

    fn case(&self) -> &str {
        match self.prose.audit.case.as_str() {
            "-" => self.prose.texts.standard_input,
            case => case,
        }
    }
}
