//! A comparison for programs: ids, and texts in both languages.

use std::io::{self, Write};

use serde::Serialize;

use super::{Cell, Comparison};
use crate::report::Options;
use crate::rules::Text;

/// Layout of the output; grows when a member changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct View<'a> {
    format: &'static str,
    schema_version: u32,
    case: Option<&'a str>,
    criteria: Vec<CriterionView<'a>>,
    apps: Vec<AppView<'a>>,
}

#[derive(Serialize)]
struct TextView<'a> {
    de: &'a str,
    en: &'a str,
}

#[derive(Serialize)]
struct CriterionView<'a> {
    id: &'a str,
    label: TextView<'a>,
    meaning: TextView<'a>,
}

#[derive(Serialize)]
struct AppView<'a> {
    id: &'a str,
    name: &'a str,
    facts: Vec<FactView<'a>>,
}

#[derive(Serialize)]
struct FactView<'a> {
    criterion: &'a str,
    /// `null` if it is not known.
    documented: Option<DocumentedView<'a>>,
    measured: Vec<MeasuredView<'a>>,
}

#[derive(Serialize)]
struct DocumentedView<'a> {
    value: Option<&'a str>,
    text: TextView<'a>,
    source: &'a str,
    as_of: &'a str,
    certainty: &'static str,
}

#[derive(Serialize)]
struct MeasuredView<'a> {
    text: TextView<'a>,
    contradicts_documented: bool,
}

fn text(text: &Text) -> TextView<'_> {
    TextView {
        de: &text.de,
        en: &text.en,
    }
}

fn fact<'a>(criterion: &'a str, cell: &'a Cell) -> FactView<'a> {
    let documented = cell.documented.as_ref().map(|fact| DocumentedView {
        value: fact.value.as_deref(),
        text: text(&fact.text),
        source: &fact.source,
        as_of: &fact.as_of,
        certainty: fact.certainty.as_str(),
    });
    let measured = cell.measured.iter().map(|measured| MeasuredView {
        text: text(&measured.text),
        contradicts_documented: measured.contradicts,
    });
    FactView {
        criterion,
        documented,
        measured: measured.collect(),
    }
}

pub(super) fn write(
    comparison: &Comparison<'_>,
    _options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rows = &comparison.rows;
    let criteria = rows.iter().map(|row| CriterionView {
        id: &row.criterion.id,
        label: text(&row.criterion.label),
        meaning: text(&row.criterion.meaning),
    });
    let apps = comparison.apps.iter().enumerate().map(|(position, app)| {
        let facts = rows.iter().filter_map(|row| {
            let cell = row.cells.get(position)?;
            Some(fact(&row.criterion.id, cell))
        });
        AppView {
            id: &app.id,
            name: &app.name,
            facts: facts.collect(),
        }
    });
    let view = View {
        format: "phonehome-comparison",
        schema_version: SCHEMA_VERSION,
        case: comparison.case.as_deref(),
        criteria: criteria.collect(),
        apps: apps.collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &view)?;
    writeln!(out)
}
