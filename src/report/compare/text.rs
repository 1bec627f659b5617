//! A comparison for people: criteria as rows, systems as columns.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

use super::{Cell, Comparison, certainty, mark, unknown};
use crate::report::markup;
use crate::report::{Language, Options, table, text};

/// Columns that a system needs to be read.
const SYSTEM_WIDTH: u16 = 20;
/// Columns of the criteria.
const CRITERION_WIDTH: u16 = 16;

/// The paragraphs of one cell.
fn paragraphs(cell: &Cell, language: Language) -> Vec<String> {
    let documented = cell.documented.as_ref().map_or_else(
        || unknown(language).to_owned(),
        |fact| format!("{}{}", language.of(&fact.text), mark(fact.certainty)),
    );
    let measured = cell.measured.iter().map(|measured| {
        let sign = if measured.contradicts { "! " } else { "» " };
        format!("{sign}{}", language.of(&measured.text))
    });
    std::iter::once(documented).chain(measured).collect()
}

/// What the signs in the cells mean, as far as they are used.
fn legend(comparison: &Comparison<'_>, language: Language) -> Vec<String> {
    let cells = || comparison.rows.iter().flat_map(|row| &row.cells);
    let mut lines = Vec::new();
    if let Some(case) = &comparison.case {
        let seen = language.pick(
            "seen or concluded in the case",
            "gesehen oder gefolgert im Fall",
        );
        let silence = language.pick(
            "What was not seen may still happen.",
            "Was nicht gesehen wurde, kann dennoch geschehen.",
        );
        lines.push(format!("» {seen} {case}. {silence}"));
    }
    let mut marks = BTreeMap::new();
    for cell in cells() {
        if let Some(fact) = &cell.documented {
            marks.insert(mark(fact.certainty).trim(), fact.certainty);
        }
    }
    for (mark, how) in marks {
        if !mark.is_empty() {
            lines.push(format!("{mark} {}", certainty(language, how)));
        }
    }
    if cells()
        .flat_map(|cell| &cell.measured)
        .any(|seen| seen.contradicts)
    {
        lines.push(
            language
                .pick(
                    "! does not fit what is documented: a question to the vendor",
                    "! passt nicht zu dem, was dokumentiert ist: eine Frage an den Anbieter",
                )
                .to_owned(),
        );
    }
    lines.push(
        language
            .pick(
                "Sources and dates of each fact: phonehome apps ID",
                "Quellen und Stand jeder Angabe: phonehome apps ID",
            )
            .to_owned(),
    );
    lines
}

/// How many of these systems fit beside each other without a broken word; one at least.
fn beside(comparison: &Comparison<'_>, systems: Range<usize>, options: Options) -> usize {
    let room = usize::from(options.width.saturating_sub(CRITERION_WIDTH));
    let widest = |at: usize| {
        let cells = comparison.rows.iter().filter_map(|row| row.cells.get(at));
        let texts = cells.flat_map(|cell| paragraphs(cell, options.language));
        let parts = texts.map(|text| text::widest_part(&text));
        parts.fold(
            usize::from(SYSTEM_WIDTH.saturating_sub(table::GAP)),
            usize::max,
        )
    };
    let mut needed = 0;
    let fitting = systems.zip(1_usize..).take_while(|(at, count)| {
        needed = needed.max(widest(*at).saturating_add(table::GAP.into()));
        needed.saturating_mul(*count) <= room
    });
    fitting.count().max(1)
}

/// As many pages one below the other as the systems need.
pub(super) fn table(
    comparison: &Comparison<'_>,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let language = options.language;
    let mut left = 0..comparison.apps.len();
    while !left.is_empty() {
        let beside = beside(comparison, left.clone(), options);
        let page: Vec<usize> = left.by_ref().take(beside).collect();
        let mut header = vec![String::new()];
        header.extend(
            page.iter()
                .filter_map(|at| comparison.apps.get(*at))
                .map(|app| app.name.to_string()),
        );
        let rows: Vec<Vec<String>> = comparison
            .rows
            .iter()
            .map(|row| {
                let cells = page.iter().filter_map(|at| row.cells.get(*at));
                let cells = cells.map(|cell| paragraphs(cell, language).join("\n"));
                std::iter::once(language.of(&row.criterion.label).to_owned())
                    .chain(cells)
                    .collect()
            })
            .collect();
        for line in table::columns(&header, &rows, CRITERION_WIDTH, options) {
            writeln!(out, "{line}")?;
        }
        writeln!(out)?;
    }
    for line in legend(comparison, language) {
        for line in table::columns(&[], &[vec![line]], options.width, options) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

pub(super) fn markdown(
    comparison: &Comparison<'_>,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let language = options.language;
    let cell = |paragraphs: &[String]| -> String {
        let escaped: Vec<String> = paragraphs
            .iter()
            .map(|text| markup::markdown(text))
            .collect();
        escaped.join("<br>")
    };
    let names = comparison.apps.iter().map(|app| app.name.to_string());
    let header: Vec<String> = std::iter::once(language.pick("Criterion", "Merkmal").to_owned())
        .chain(names)
        .map(|name| markup::markdown(&name))
        .collect();
    writeln!(out, "| {} |", header.join(" | "))?;
    writeln!(out, "|{}", " --- |".repeat(header.len()))?;
    for row in &comparison.rows {
        let label = markup::markdown(language.of(&row.criterion.label));
        let cells: Vec<String> = row
            .cells
            .iter()
            .map(|it| cell(&paragraphs(it, language)))
            .collect();
        writeln!(out, "| {label} | {} |", cells.join(" | "))?;
    }
    writeln!(out)?;
    for line in legend(comparison, language) {
        writeln!(out, "- {}", markup::markdown(&line))?;
    }
    Ok(())
}
