//! A document as Markdown.

use std::io::{self, Write};

use super::{Block, Document, Table};
use crate::report::markup::markdown;

pub(super) fn write(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# {}\n", markdown(&document.title))?;
    let [purpose, draft] = &document.preface;
    writeln!(out, "{}\n", markdown(purpose))?;
    writeln!(out, "> {}\n", markdown(draft))?;
    for block in &document.blocks {
        match block {
            Block::Heading(2, text) => writeln!(out, "## {}\n", markdown(text))?,
            Block::Heading(_, text) => writeln!(out, "### {}\n", markdown(text))?,
            Block::Paragraph(text) => writeln!(out, "{}\n", markdown(text))?,
            Block::List(lines) => {
                for line in lines {
                    writeln!(out, "* {}", markdown(line))?;
                }
                writeln!(out)?;
            }
            Block::Gaps(lines) => {
                for line in lines {
                    writeln!(out, "* **{}**", markdown(line))?;
                }
                writeln!(out)?;
            }
            Block::Table(table) => rows(table, out)?,
        }
    }
    Ok(())
}

fn rows(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| markdown(cell)).collect();
        format!("| {} |", cells.join(" | "))
    };
    writeln!(out, "{}", line(&table.head))?;
    writeln!(out, "|{}", " --- |".repeat(table.head.len()))?;
    for row in &table.rows {
        writeln!(out, "{}", line(row))?;
    }
    writeln!(out)
}
