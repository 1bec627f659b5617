//! A workbook of Excel (ECMA-376 part 1, §18) → the table in it as CSV, so that lists that were saved as one are read as such.

use std::io::{Read, Seek};

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

/// The first sheet that is a list of apps, else the first sheet.
pub(crate) fn workbook_csv<I: Read + Seek>(input: &mut I) -> Option<Vec<u8>> {
    let mut archive = Archive::open(input);
    // A report may well lie in the folder of its case.
    let properties = part(&mut archive, b"docProps/core.xml").unwrap_or_default();
    if memchr::memmem::find(&properties, b"<dc:creator>phonehome<").is_some() {
        return None;
    }
    let strings = part(&mut archive, b"xl/sharedStrings.xml");
    let strings = strings.map(|xml| shared_strings(&xml)).unwrap_or_default();
    let names = archive.entries.iter().map(|entry| entry.name.clone());
    let mut names: Vec<Vec<u8>> = names
        .filter(|name| name.starts_with(b"xl/worksheets/sheet") && name.ends_with(b".xml"))
        .take(limits::WORKBOOK_SHEETS)
        .collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    let mut first = None;
    for name in names {
        let Some(xml) = part(&mut archive, &name) else {
            continue;
        };
        let table = sheet_csv(&xml, &strings);
        let header = csv_header(&table).unwrap_or_default();
        if has_known_header(&header.iter().map(String::as_str)) {
            return Some(table);
        }
        first.get_or_insert(table);
    }
    first
}

fn part<I: Read + Seek>(archive: &mut Archive<'_, I>, name: &[u8]) -> Option<Vec<u8>> {
    let entry = archive.entry(name)?.clone();
    let [method, _] = entry.methods();
    let cap = usize::try_from(limits::DOCUMENT_BYTES).unwrap_or(usize::MAX);
    archive.content(&entry, method, cap)
}

/// Texts that cells refer to by their place (§18.4). How they are spoken (`rPh`) is no part of them.
fn shared_strings(xml: &[u8]) -> Vec<String> {
    let mut strings = Vec::new();
    let mut text = String::new();
    let (mut is_text, mut is_spoken) = (false, false);
    visit(xml, |event| match event {
        Event::Start(start) => match start.local_name().as_ref() {
            "si" => text.clear(),
            "rPh" => is_spoken = true,
            "t" => is_text = !is_spoken,
            _ => {}
        },
        Event::Empty(start) if start.local_name().as_ref() == "si" => strings.push(String::new()),
        Event::End(end) => match end.local_name().as_ref() {
            "si" => strings.push(std::mem::take(&mut text)),
            "rPh" => is_spoken = false,
            "t" => is_text = false,
            _ => {}
        },
        event if is_text => text.extend(text_xml::words(event)),
        _ => {}
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

    fn value(self, strings: &[String]) -> String {
        if self.is_shared {
            let place = self.text.trim().parse().ok();
            let string = place.and_then(|place: usize| strings.get(place));
            return string.cloned().unwrap_or_default();
        }
        self.text
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
fn sheet_csv(xml: &[u8], strings: &[String]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer(Vec::new());
    let mut row: Vec<String> = Vec::new();
    let mut cell: Option<Cell> = None;
    let mut is_text = false;
    let mut bytes = 0_u64;
    visit(xml, |event| match event {
        Event::Start(start) => match start.local_name().as_ref() {
            "row" => row.clear(),
            "c" => cell = Some(Cell::of(start, row.len())),
            "v" | "t" => is_text = true,
            _ => {}
        },
        Event::End(end) => match end.local_name().as_ref() {
            "v" | "t" => is_text = false,
            "c" => {
                let Some(done) = cell
                    .take()
                    .filter(|cell| cell.column < limits::WORKBOOK_COLUMNS)
                else {
                    return;
                };
                let column = done.column;
                row.resize(row.len().max(column.saturating_add(1)), String::new());
                if let Some(place) = row.get_mut(column) {
                    *place = done.value(strings);
                }
            }
            "row" if !row.is_empty() => {
                let length = row.iter().map(|cell| cell.len().saturating_add(3));
                bytes = bytes.saturating_add(length.sum::<usize>() as u64);
                if bytes <= limits::DOCUMENT_BYTES {
                    // Writing into memory does not fail.
                    let _ = writer.write_record(&row);
                }
            }
            _ => {}
        },
        event if is_text => {
            if let Some(cell) = &mut cell {
                cell.text.extend(text_xml::words(event));
            }
        }
        _ => {}
    });
    writer.into_inner().unwrap_or_default()
}

/// Shows the parts of a document up to its end or the first damage.
fn visit(xml: &[u8], mut see: impl FnMut(&Event<'_>)) {
    let text = text_xml::decode(xml);
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    loop {
        match reader.read_event() {
            Ok(Event::Eof) | Err(_) => return,
            Ok(event) => see(&event),
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
        let strings = shared_strings(STRINGS.as_bytes());
        assert_eq!(strings.len(), 5);
        let table = sheet_csv(SHEET.as_bytes(), &strings);
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
        assert_eq!(sheet_csv(far.as_bytes(), &[]), b",2\n");
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
            sheet_csv(&bytes, &shared_strings(&bytes));
        }
    }
}
