//! A workbook of Excel (ECMA-376 part 1, §18) or of `OpenDocument` → the table in it as CSV, so that lists that were saved as one are
//! read as such.

mod open_document;

pub(crate) use open_document::is_spreadsheet;

use std::borrow::Cow;
use std::io::{Read, Seek};
use std::ops::ControlFlow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::inventory::{csv_header, has_known_header};
use super::text_xml;
use super::zip_archive::Archive;
use crate::limits;

/// Whether these are the first bytes of one: of a ZIP archive whose first file is one that only Office documents begin with, and that
/// names what only workbooks have. Archives of anything else may hold workbooks.
pub(crate) fn is_workbook(head: &[u8]) -> bool {
    const FIRST: [&[u8]; 4] = [b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/"];
    let name = head.get(30..).unwrap_or_default();
    head.starts_with(b"PK\x03\x04")
        && FIRST.iter().any(|first| name.starts_with(first))
        && memchr::memmem::find(head, b"xl/").is_some()
}

/// What the parts of a workbook may yet cost, all together: a small file can ask for much, since many cells refer to one text, and
/// columns may be left empty.
#[derive(Debug)]
struct Budget {
    /// Cells and shared strings.
    cells: usize,
    /// Bytes of XML and of the tables made from it.
    bytes: usize,
    is_spent: bool,
    has_far_columns: bool,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            cells: limits::WORKBOOK_CELLS,
            bytes: limits::WORKBOOK_BYTES,
            is_spent: false,
            has_far_columns: false,
        }
    }
}

impl Budget {
    /// Breaks where there is not so much left.
    fn spend(&mut self, cells: usize, bytes: usize) -> ControlFlow<()> {
        let left = (self.cells.checked_sub(cells), self.bytes.checked_sub(bytes));
        let (Some(cells), Some(bytes)) = left else {
            self.is_spent = true;
            return ControlFlow::Break(());
        };
        (self.cells, self.bytes) = (cells, bytes);
        ControlFlow::Continue(())
    }

    /// The bounds that were reached.
    fn damage(&self) -> impl Iterator<Item = String> {
        let spent = self
            .is_spent
            .then(|| "more cells or text in the workbook than the bound".to_owned());
        let columns = limits::TABLE_COLUMNS;
        let far = self
            .has_far_columns
            .then(|| format!("only the first {columns} columns of a sheet are read"));
        spent.into_iter().chain(far)
    }
}

/// The first sheet that is a list of apps, else the first sheet, and what is missing of it.
pub(crate) fn workbook_csv<I: Read + Seek>(input: &mut I) -> super::Read<Vec<u8>> {
    let mut archive = Archive::open(input);
    let mut budget = Budget::default();
    let value = table(&mut archive, &mut budget).unwrap_or_default();
    let mut damage = archive.damage;
    damage.extend(budget.damage());
    damage.dedup();
    super::Read { value, damage }
}

fn table<I: Read + Seek>(archive: &mut Archive<'_, I>, budget: &mut Budget) -> Option<Vec<u8>> {
    if let Some(content) = part(archive, b"content.xml", budget) {
        let mut tables = open_document::tables(&content, budget);
        let place = tables.iter().position(|table| is_list(table));
        let place = place.or((!budget.is_spent).then_some(0))?;
        return (place < tables.len()).then(|| tables.swap_remove(place));
    }
    // A report may well lie in the folder of its case.
    let properties = part(archive, b"docProps/core.xml", budget).unwrap_or_default();
    if memchr::memmem::find(&properties, b"<dc:creator>phonehome<").is_some() {
        return None;
    }
    let strings = part(archive, b"xl/sharedStrings.xml", budget).unwrap_or_default();
    let strings = shared_strings(&strings, budget);
    let names = archive.entries.iter().map(|entry| entry.name.clone());
    let mut names: Vec<Vec<u8>> = names
        .filter(|name| name.starts_with(b"xl/worksheets/sheet") && name.ends_with(b".xml"))
        .take(limits::WORKBOOK_SHEETS)
        .collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    let mut first = None;
    for name in names {
        if budget.is_spent {
            break;
        }
        let Some(xml) = part(archive, &name, budget) else {
            continue;
        };
        let table = sheet_csv(&xml, &strings, budget);
        if is_list(&table) {
            return Some(table);
        }
        first.get_or_insert(table);
    }
    // Where not all was looked at, a list may be missing: that is told rather than another sheet read.
    first.filter(|_| !budget.is_spent)
}

fn is_list(table: &[u8]) -> bool {
    let header = csv_header(table).unwrap_or_default();
    has_known_header(&header.iter().map(String::as_str))
}

fn part<I: Read + Seek>(
    archive: &mut Archive<'_, I>,
    name: &[u8],
    budget: &mut Budget,
) -> Option<Vec<u8>> {
    let entry = archive.entry(name)?.clone();
    let [method, _] = entry.methods();
    let cap = usize::try_from(limits::DOCUMENT_BYTES).unwrap_or(usize::MAX);
    let content = archive.content(&entry, method, cap.min(budget.bytes))?;
    // It is no longer than what is left.
    let _ = budget.spend(0, content.len());
    Some(content)
}

/// Texts that cells refer to by their place (§18.4). How they are spoken (`rPh`) is no part of them.
fn shared_strings(xml: &[u8], budget: &mut Budget) -> Vec<String> {
    let mut strings = Vec::new();
    let mut text = String::new();
    let (mut is_text, mut is_spoken) = (false, false);
    visit(xml, |event| {
        match event {
            Event::Start(start) => match start.local_name().as_ref() {
                "si" => text.clear(),
                "rPh" => is_spoken = true,
                "t" => is_text = !is_spoken,
                _ => {}
            },
            Event::Empty(start) if start.local_name().as_ref() == "si" => {
                budget.spend(1, 0)?;
                strings.push(String::new());
            }
            Event::End(end) => match end.local_name().as_ref() {
                "si" => {
                    budget.spend(1, 0)?;
                    strings.push(std::mem::take(&mut text));
                }
                "rPh" => is_spoken = false,
                "t" => is_text = false,
                _ => {}
            },
            event if is_text => text.extend(text_xml::words(event)),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    strings
}

/// A cell that is being read.
#[derive(Debug, Default)]
struct Cell {
    column: usize,
    /// Its value is the place of a shared string.
    is_shared: bool,
    text: String,
}

impl Cell {
    /// `<c r="B2" t="s">`; without `r` it follows the one before.
    fn of(start: &BytesStart<'_>, next: usize) -> Self {
        let mut cell = Self {
            column: next,
            ..Self::default()
        };
        for attribute in start.attributes().with_checks(false).flatten() {
            match attribute.key.local_name().as_ref() {
                "r" => cell.column = column(&attribute.value).unwrap_or(next),
                "t" => cell.is_shared = &*attribute.value == "s",
                _ => {}
            }
        }
        cell
    }

    fn value(self, strings: &[String]) -> Cow<'_, str> {
        if self.is_shared {
            let place = self.text.trim().parse().ok();
            let string = place.and_then(|place: usize| strings.get(place));
            return string.map(String::as_str).unwrap_or_default().into();
        }
        self.text.into()
    }

    /// Puts it into its row, which is as long as its last column that is not empty.
    fn place<'s>(
        self,
        row: &mut Vec<Cow<'s, str>>,
        strings: &'s [String],
        budget: &mut Budget,
    ) -> ControlFlow<()> {
        let column = self.column;
        let value = self.value(strings);
        if value.is_empty() {
            return budget.spend(1, 0);
        }
        if column >= limits::TABLE_COLUMNS {
            budget.has_far_columns = true;
            return budget.spend(1, 0);
        }
        budget.spend(1, value.len())?;
        row.resize(row.len().max(column.saturating_add(1)), Cow::default());
        if let Some(place) = row.get_mut(column) {
            *place = value;
        }
        ControlFlow::Continue(())
    }
}

/// `BC12` is in the 55th column; counted from 0.
fn column(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters.fold(0_usize, |number, letter| {
        let digit = usize::from(letter.to_ascii_uppercase().saturating_sub(b'@'));
        number.saturating_mul(26).saturating_add(digit)
    });
    number.checked_sub(1)
}

/// The rows of a sheet (§18.3.1.73).
fn sheet_csv(xml: &[u8], strings: &[String], budget: &mut Budget) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer(Vec::new());
    let mut row: Vec<Cow<'_, str>> = Vec::new();
    let mut next = 0_usize;
    let mut cell: Option<Cell> = None;
    let mut is_text = false;
    visit(xml, |event| {
        match event {
            Event::Start(start) => match start.local_name().as_ref() {
                "row" => {
                    row.clear();
                    next = 0;
                }
                "c" => cell = Some(Cell::of(start, next)),
                "v" | "t" => is_text = true,
                _ => {}
            },
            Event::Empty(start) if start.local_name().as_ref() == "c" => {
                next = Cell::of(start, next).column.saturating_add(1);
            }
            Event::End(end) => match end.local_name().as_ref() {
                "v" | "t" => is_text = false,
                "c" => {
                    if let Some(done) = cell.take() {
                        next = done.column.saturating_add(1);
                        done.place(&mut row, strings, budget)?;
                    }
                }
                "row" if !row.is_empty() => {
                    // A delimiter behind each.
                    budget.spend(0, row.len())?;
                    // Writing into memory does not fail.
                    let _ = writer.write_record(row.iter().map(|cell| cell.as_bytes()));
                }
                _ => {}
            },
            event if is_text => {
                if let Some(cell) = &mut cell {
                    cell.text.extend(text_xml::words(event));
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    });
    writer.into_inner().unwrap_or_default()
}

/// Shows the parts of a document up to its end, the first damage, or where who sees them breaks off.
fn visit(xml: &[u8], mut see: impl FnMut(&Event<'_>) -> ControlFlow<()>) {
    let text = text_xml::decode(xml);
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    loop {
        match reader.read_event() {
            Ok(Event::Eof) | Err(_) => return,
            Ok(event) if see(&event).is_break() => return,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STRINGS: &str = "<sst><si><t>Serial Number</t></si><si><t>Bundle ID</t></si><si><r><t>App </t></r><r><t>Name</t></r>\
        <rPh><t>spoken</t></rPh></si><si><t>Chat &amp; Talk</t></si><si/></sst>";
    const SHEET: &str = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c>\
        <c r=\"D1\" t=\"s\"><v>2</v></c></row><row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>S1</t></is></c>\
        <c t=\"str\"><f>A1</f><v>org.example.chat</v></c><c r=\"D2\" t=\"s\"><v>3</v></c><c r=\"E2\"><v>7</v></c><c r=\"F2\"/></row>\
        </sheetData></worksheet>";

    #[test]
    fn rows_are_those_of_the_sheet() {
        let budget = &mut Budget::default();
        let strings = shared_strings(STRINGS.as_bytes(), budget);
        assert_eq!(strings.len(), 5);
        let table = sheet_csv(SHEET.as_bytes(), &strings, budget);
        assert_eq!(
            String::from_utf8(table).unwrap(),
            "Serial Number,Bundle ID,,App Name\nS1,org.example.chat,,Chat & Talk,7\n"
        );
        assert_eq!(column("A1"), Some(0));
        assert_eq!(column("BC12"), Some(54));
        assert_eq!(column("12"), None);
    }

    #[test]
    fn a_row_of_the_farthest_column_is_left_out() {
        let far = "<row><c r=\"ZZZZZZZZZZZZZZZZ1\"><v>1</v></c><c r=\"XFE1\"><v>1</v></c><c r=\"B1\"><v>2</v></c></row>";
        let budget = &mut Budget::default();
        assert_eq!(sheet_csv(far.as_bytes(), &[], budget), b",2\n");
        let told: Vec<String> = budget.damage().collect();
        assert_eq!(told, ["only the first 256 columns of a sheet are read"]);
    }

    #[test]
    fn cells_without_a_place_follow_those_before_them() {
        let row = "<row><c/><c><v>1</v></c><c r=\"D1\"/><c><v>2</v></c><c></c></row><row><c><v>3</v></c></row>";
        let table = sheet_csv(row.as_bytes(), &[], &mut Budget::default());
        assert_eq!(table, b",1,,,2\n3\n");
    }

    #[test]
    fn a_long_text_that_many_cells_refer_to_costs_no_more_than_is_left() {
        let strings = ["a".repeat(1 << 20)];
        let cell = "<c t=\"s\"><v>0</v></c>";
        let row = format!("<row>{cell}</row>");
        let wide = format!("<row>{}</row>", cell.repeat(16_000));
        let (rows, bytes) = (row.repeat(16_000), 8 << 20);
        for sheet in [wide, rows] {
            let mut budget = Budget {
                bytes,
                ..Budget::default()
            };
            let table = sheet_csv(sheet.as_bytes(), &strings, &mut budget);
            assert!(table.len() <= bytes, "{}", table.len());
            // Nothing is looked at behind the cell for which nothing was left.
            assert!(limits::WORKBOOK_CELLS - budget.cells <= 8);
            let told: Vec<String> = budget.damage().collect();
            assert_eq!(told, ["more cells or text in the workbook than the bound"]);
        }
    }

    #[test]
    fn rows_of_far_columns_share_one_budget_over_all_sheets() {
        let sheet =
            |column: &str| format!("<row><c r=\"{column}1\"><v>1</v></c></row>").repeat(10_000);
        let (far, last) = (sheet("XFD"), sheet("IV"));
        let mut budget = Budget {
            cells: 15_000,
            ..Budget::default()
        };
        for _ in 0..limits::WORKBOOK_SHEETS {
            assert!(sheet_csv(far.as_bytes(), &[], &mut budget).is_empty());
        }
        assert!(budget.is_spent && budget.has_far_columns);
        assert_eq!((budget.cells, budget.bytes), (0, limits::WORKBOOK_BYTES));
        let bytes = 4 << 20;
        let mut budget = Budget {
            bytes,
            ..Budget::default()
        };
        let tables = (0..limits::WORKBOOK_SHEETS)
            .map(|_| sheet_csv(last.as_bytes(), &[], &mut budget).len())
            .sum::<usize>();
        assert!(tables <= bytes && tables > bytes / 2, "{tables}");
        assert!(budget.is_spent);
        assert!(limits::WORKBOOK_CELLS - budget.cells < bytes / limits::TABLE_COLUMNS + 64);
    }

    #[test]
    fn shared_strings_count_as_cells() {
        let mut budget = Budget {
            cells: 1000,
            ..Budget::default()
        };
        let strings = shared_strings("<si/>".repeat(5000).as_bytes(), &mut budget);
        assert_eq!((strings.len(), budget.is_spent), (1000, true));
    }

    #[test]
    fn other_archives_are_no_workbooks() {
        let head = |name: &str| [&[b'P', b'K', 3, 4][..], &[0; 26], name.as_bytes()].concat();
        assert!(is_workbook(&head("[Content_Types].xml … xl/workbook.xml")));
        assert!(!is_workbook(&head(
            "[Content_Types].xml … word/document.xml"
        )));
        assert!(!is_workbook(&head("phone/apps.xlsx … xl/workbook.xml")));
        assert!(!is_workbook(b"PK"));
    }

    proptest! {
        #[test]
        fn changed_sheets_are_read_without_panic(at in any::<prop::sample::Index>(), value in any::<u8>()) {
            let mut bytes = [STRINGS, SHEET].concat().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = value;
            let budget = &mut Budget::default();
            let strings = shared_strings(&bytes, budget);
            sheet_csv(&bytes, &strings, budget);
        }
    }
}
