//! A workbook for spreadsheets: the tables of `sheet` with heads and words for people, filters and a fixed first row.
//!
//! Text is written as text, never as a formula, and marked so (`quotePrefix`) where it looks like one: it stays text when somebody
//! edits the cell. The same audit gives the same bytes: the file says it was made when the last input ended.

use std::io::{self, Write};

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format as Look, FormatAlign, Workbook, Worksheet,
    XlsxError,
};

use super::presentable::Presentable;
use super::prose::Prose;
use super::sheet::{Cell, SHEETS, Sheet};
use super::{Format, Language, Options};
use crate::model::{Audit, RiskLevel};
use crate::parallel::in_parallel;
use crate::rules::Rules;

/// Spreadsheets.
pub(super) const FORMAT: Format = Format {
    name: "xlsx",
    endings: &["xlsx"],
    write,
};

/// Rows that a sheet can have below its head (ECMA-376, as Excel limits it), less one that says what is missing.
const ROWS: usize = 1_048_574;
/// Characters that a cell can have, less some room.
const CHARACTERS: usize = 32_000;
/// Widest column, in characters; what is longer is wrapped.
const WIDEST: usize = 48;
/// Rows that decide how wide columns are.
const MEASURED_ROWS: usize = 200;

/// Ids of sheets and columns in English and German; `sheet.column` where a column means something else in one sheet.
const WORDS: &[(&str, &str, &str)] = &[
    ("about", "About", "Über"),
    ("activity", "Processing activity", "Verarbeitungstätigkeit"),
    ("app", "App", "App"),
    ("apps", "Apps", "Apps"),
    ("apps.app", "App id", "App-Kennung"),
    ("bytes", "Bytes", "Bytes"),
    ("category", "Kind of data", "Datenart"),
    ("company", "Company", "Unternehmen"),
    ("content", "Contents", "Inhalt"),
    ("count", "Count", "Anzahl"),
    ("countries", "Countries", "Länder"),
    ("country", "Country of seat", "Land des Sitzes"),
    ("coverage", "Coverage", "Abdeckung"),
    ("declared", "Declared", "Angegeben"),
    ("data", "Categories of data", "Datenkategorien"),
    ("decision", "Decision", "Entscheidung"),
    ("decoding", "Decoding", "Dekodierung"),
    ("detail", "Detail", "Einzelheit"),
    ("device", "Phone", "Telefon"),
    ("devices", "Phones", "Telefone"),
    ("distinct_values", "Different values", "Verschiedene Werte"),
    ("erasure", "Time limits for erasure", "Löschfristen"),
    ("evidence", "Evidence", "Beleg"),
    (
        "evidence_percent",
        "Weight of evidence, %",
        "Beleggewicht, %",
    ),
    ("finding", "Finding id", "Befundkennung"),
    ("findings", "Findings", "Befunde"),
    ("findings.evidence", "How known", "Wie bekannt"),
    ("first", "First", "Zuerst"),
    ("flows", "Connections", "Verbindungen"),
    ("format", "Format", "Format"),
    ("frame", "Frame or entry", "Paket oder Eintrag"),
    ("granted", "Granted", "Erteilt"),
    ("input", "File", "Datei"),
    ("inputs", "Files", "Dateien"),
    ("items", "Items", "Einträge"),
    ("kind", "Kind", "Art"),
    ("last", "Last", "Zuletzt"),
    ("level", "Level of risk", "Risikostufe"),
    ("likelihood", "Likelihood", "Wahrscheinlichkeit"),
    ("model", "Model", "Modell"),
    ("name", "Name", "Name"),
    ("parent", "Parent company", "Mutterunternehmen"),
    ("path", "Path", "Pfad"),
    ("permission", "Permission", "Berechtigung"),
    ("permissions", "Permissions", "Berechtigungen"),
    ("persons", "Data subjects", "Betroffene Personen"),
    ("place", "Part of message", "Teil der Nachricht"),
    ("platform", "System", "System"),
    (
        "policy_fixed",
        "Set by administrator",
        "Vom Administrator gesetzt",
    ),
    ("protection", "Protection", "Schutz"),
    ("provisions", "Touches, to be checked", "Berührt, zu prüfen"),
    (
        "purposes",
        "Purposes and legal basis",
        "Zwecke und Rechtsgrundlage",
    ),
    ("question", "Question id", "Fragekennung"),
    ("questions", "Questions", "Fragen"),
    (
        "readable_sent_bytes",
        "Bytes sent, readable",
        "Bytes gesendet, lesbar",
    ),
    ("reason", "Reason id", "Grundkennung"),
    ("received_bytes", "Bytes received", "Bytes empfangen"),
    ("recipient", "Recipient", "Empfänger"),
    ("record", "Record of processing", "Verarbeitungsverzeichnis"),
    ("recipients", "Recipients", "Empfänger"),
    ("risk", "Risk (1–16)", "Risiko (1–16)"),
    ("role", "Role", "Rolle"),
    ("rule", "Rule", "Regel"),
    ("safeguards", "Security measures", "Schutzmaßnahmen"),
    ("sent_bytes", "Bytes sent", "Bytes gesendet"),
    ("server", "Server", "Server"),
    ("service", "Service", "Dienst"),
    ("severity", "Severity", "Schwere"),
    ("sha256", "SHA-256", "SHA-256"),
    ("silent_apps", "Apps without findings", "Apps ohne Befund"),
    ("subject", "About", "Worüber"),
    ("text", "Text", "Text"),
    ("time", "Time (UTC)", "Zeit (UTC)"),
    ("title", "Finding", "Befund"),
    (
        "transfers",
        "Transfers to third countries",
        "Übermittlung in Drittländer",
    ),
    ("value", "Value", "Wert"),
    ("version", "Version", "Version"),
];

fn word(language: Language, id: &str) -> Option<&'static str> {
    let (_, english, german) = WORDS.iter().find(|(known, _, _)| *known == id)?;
    Some(language.pick(english, german))
}

fn head(language: Language, sheet: &str, column: &'static str) -> &'static str {
    let of_sheet = word(language, &format!("{sheet}.{column}"));
    of_sheet
        .or_else(|| word(language, column))
        .unwrap_or(column)
}

fn write(
    report: &Presentable,
    rules: &Rules,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let prose = Prose::new(report, rules, options);
    let book = book(report, &prose).map_err(io::Error::other)?;
    out.write_all(&book)
}

fn book(report: &Presentable, prose: &Prose<'_>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let properties = DocProperties::new()
        .set_title(format!("{}: {}", prose.texts.title, prose.audit.case))
        .set_creation_datetime(&made(prose.audit)?);
    book.set_properties(&properties);
    let looks = Looks::new();
    let pages = in_parallel(&SHEETS, 0, |make| page(prose, &looks, &make(report, prose)));
    for page in pages {
        book.push_worksheet(page?);
    }
    book.save_to_buffer()
}

/// When the last input ended: the file must not tell when or where it was made.
fn made(audit: &Audit) -> Result<ExcelDateTime, XlsxError> {
    let ends = audit.inputs.iter().filter_map(|input| input.period);
    let last = ends.map(|(_, last)| last).max().unwrap_or_default();
    let text = last.to_string();
    let day = text.get(..10).unwrap_or("1970-01-01");
    // Spreadsheets know no year before 1900.
    ExcelDateTime::parse_from_str(day).or_else(|_| ExcelDateTime::from_ymd(1970, 1, 1))
}

/// How cells look.
struct Looks {
    head: Look,
    text: Look,
    /// Text that looks like a formula.
    quoted: Look,
    levels: Vec<(&'static str, Look)>,
}

impl Looks {
    fn new() -> Self {
        let text = Look::new().set_text_wrap().set_align(FormatAlign::Top);
        let colored = |level: RiskLevel| {
            let color = match level {
                RiskLevel::None => 0x00EC_EEF1,
                RiskLevel::Low => 0x00D7_EBDF,
                RiskLevel::Medium => 0x00F5_E8B8,
                RiskLevel::High => 0x00F6_CFA5,
                RiskLevel::VeryHigh => 0x00EE_B0B0,
            };
            (
                level.as_str(),
                text.clone().set_background_color(Color::RGB(color)),
            )
        };
        Self {
            head: text
                .clone()
                .set_bold()
                .set_background_color(Color::RGB(0x00E3_F0F4)),
            quoted: text.clone().set_quote_prefix(),
            levels: RiskLevel::ALL.map(colored).into(),
            text,
        }
    }

    fn of_text(&self, text: &str) -> &Look {
        if text.starts_with(['=', '+', '-', '@']) {
            &self.quoted
        } else {
            &self.text
        }
    }

    fn of_id(&self, column: &str, id: &str) -> &Look {
        let of_level = self
            .levels
            .iter()
            .find(|(level, _)| column == "level" && *level == id);
        of_level.map_or(&self.text, |(_, look)| look)
    }
}

fn page(prose: &Prose<'_>, looks: &Looks, sheet: &Sheet) -> Result<Worksheet, XlsxError> {
    let mut page = Worksheet::new();
    let language = prose.language;
    page.set_name(word(language, sheet.name).unwrap_or(sheet.name))?;
    page.set_freeze_panes(1, 0)?;
    page.set_landscape()
        .set_paper_size(9)
        .set_print_fit_to_pages(1, 0);
    page.set_repeat_rows(0, 0)?;
    for (column, id) in (0_u16..).zip(sheet.header) {
        let head = head(language, sheet.name, id);
        page.write_string_with_format(0, column, head, &looks.head)?;
        page.set_column_width(column, width(sheet, column, head))?;
    }
    for (line, row) in (1_u32..).zip(sheet.rows.iter().take(ROWS)) {
        for ((column, cell), id) in (0_u16..).zip(row).zip(sheet.header) {
            match cell {
                Cell::Text(text) if text.is_empty() => continue,
                Cell::Text(text) => {
                    let short: String;
                    let text = if text.len() > CHARACTERS {
                        short = text.chars().take(CHARACTERS).collect();
                        &short
                    } else {
                        text
                    };
                    page.write_string_with_format(line, column, text, looks.of_text(text))?
                }
                Cell::Number(number) => {
                    page.write_number_with_format(line, column, real(*number), &looks.text)?
                }
                Cell::Id(id_of_cell, words) => page.write_string_with_format(
                    line,
                    column,
                    *words,
                    looks.of_id(id, id_of_cell),
                )?,
            };
        }
    }
    let missing = sheet.rows.len().saturating_sub(ROWS);
    if missing > 0 {
        let more = super::language::fill(prose.texts.more, &[("count", &missing.to_string())]);
        let last = u32::try_from(ROWS).unwrap_or(u32::MAX).saturating_add(1);
        page.write_string_with_format(last, 0, more, &looks.head)?;
    }
    let (last_row, last_column) = (sheet.rows.len().min(ROWS), sheet.header.len());
    if let (Ok(last_row), Ok(last_column)) = (u32::try_from(last_row), u16::try_from(last_column)) {
        page.autofilter(0, 0, last_row, last_column.saturating_sub(1))?;
    }
    Ok(page)
}

/// Spreadsheets know no other numbers.
fn real(number: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact up to 2^53; beyond, a count of bytes may be rounded"
    )]
    let real = number as f64;
    real
}

/// Columns as wide as what stands in them, within reason.
fn width(sheet: &Sheet, column: u16, head: &str) -> f64 {
    let cells = sheet
        .rows
        .iter()
        .take(MEASURED_ROWS)
        .filter_map(|row| row.get(usize::from(column)));
    let characters = cells.map(|cell| match cell {
        Cell::Text(text) => text.chars().take(WIDEST).count(),
        Cell::Number(number) => number.to_string().len(),
        Cell::Id(_, words) => words.chars().count(),
    });
    let widest = characters
        .max()
        .unwrap_or(0)
        .max(head.chars().count())
        .clamp(6, WIDEST);
    // One more for the edges, two for the arrow of the filter.
    u16::try_from(widest).map_or(12.0, |widest| f64::from(widest) + 3.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Options;
    use std::collections::BTreeMap;

    #[test]
    fn each_sheet_and_column_has_its_words() {
        let rules = Rules::embedded();
        let audit = Audit {
            case: String::new(),
            controller: crate::model::Controller::default(),
            tool_version: String::new(),
            rules_sha256: String::new(),
            law_as_of: String::new(),
            options: BTreeMap::new(),
            method: String::new(),
            inputs: Vec::new(),
            devices: Vec::new(),
            coverage: crate::model::Coverage::default(),
        };
        let report = Presentable::new(&audit, &rules, false);
        let prose = Prose::new(&report, &rules, Options::plain(Language::German, 80));
        for sheet in SHEETS.map(|make| make(&report, &prose)) {
            assert!(
                word(Language::German, sheet.name).is_some(),
                "{}",
                sheet.name
            );
            for column in sheet.header {
                assert!(word(Language::German, column).is_some(), "{column}");
            }
        }
        assert!(book(&report, &prose).is_ok());
    }
}
