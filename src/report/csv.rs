//! CSV: one file for each table, in a folder of its own; on standard output one after the other, each with its name above.
//!
//! Spreadsheets take a cell that begins with `=`, `+`, `-` or `@` for a formula, and run it. Such cells get an apostrophe in
//! front, which spreadsheets read as “this is text”; numbers are written as numbers.

use std::io::{self, Write};

use super::presentable::Presentable;
use super::prose::Prose;
use super::sheet::{Cell, SHEETS, Sheet};
use super::{Format, Options};
use crate::parallel::in_parallel;
use crate::rules::Rules;

/// CSV.
pub(super) const FORMAT: Format = Format {
    name: "csv",
    endings: &[],
    write,
};

/// The tables as files of a folder: names and contents.
pub(super) fn files(
    report: &Presentable,
    rules: &Rules,
    options: Options,
) -> io::Result<Vec<(String, Vec<u8>)>> {
    let prose = Prose::new(report, rules, options);
    let files = in_parallel(&SHEETS, 0, |make| {
        let sheet = make(report, &prose);
        Ok((format!("{}.csv", sheet.name), csv(&sheet)?))
    });
    files.into_iter().collect()
}

fn write(
    report: &Presentable,
    rules: &Rules,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (position, (name, contents)) in files(report, rules, options)?.into_iter().enumerate() {
        if position > 0 {
            writeln!(out)?;
        }
        writeln!(out, "# {name}")?;
        out.write_all(&contents)?;
    }
    Ok(())
}

fn csv(sheet: &Sheet<'_>) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(sheet.header)?;
    for row in &sheet.rows {
        for cell in row {
            match cell {
                Cell::Text(text) => writer.write_field(defused(text))?,
                Cell::Number(number) => writer.write_field(number.to_string())?,
                Cell::Id(id, _) => writer.write_field(id)?,
            }
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// A text that no spreadsheet takes for a formula, also none that splits fields at semicolons, as those of many countries do.
fn defused(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut begins_cell = true;
    for character in text.chars() {
        // Full-width forms are formulas as well where Japanese is set.
        let begins_formula = matches!(
            character,
            '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠'
        );
        if begins_cell && begins_formula {
            safe.push('\'');
        }
        let separates = matches!(character, ';' | '\t' | '\n' | '\r');
        begins_cell = separates || (begins_cell && matches!(character, '"' | ' '));
        safe.push(character);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=cmd()", "+1", "-1", "@x", "\tx", "\rx"] {
            assert_eq!(defused(formula), format!("'{formula}"));
        }
        assert_eq!(defused("a=b; c - d"), "a=b; c - d");
        assert_eq!(defused("a; \"=cmd()"), "a; \"'=cmd()");
        let sheet = Sheet {
            name: "x",
            header: &["a", "b"],
            rows: vec![
                vec!["=1,2".into(), "say \"x\"\n".into()],
                vec![7_u64.into(), Cell::Id("no", "nein")],
            ],
        };
        assert_eq!(
            csv(&sheet).unwrap(),
            b"a,b\n\"'=1,2\",\"say \"\"x\"\"\n\"\n7,no\n"
        );
    }
}
