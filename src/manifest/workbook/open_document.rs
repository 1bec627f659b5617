//! A spreadsheet of `OpenDocument` (ODF 1.3 part 3, §9: `content.xml`) → its tables as CSV.

use std::ops::ControlFlow;

use quick_xml::events::{BytesStart, Event};

use super::{Budget, visit};
use crate::limits;
use crate::manifest::text_xml;

/// Whether these are the first bytes of one: its first file says so, as it is (ODF 1.3 part 2, §3.3).
pub(crate) fn is_spreadsheet(head: &[u8]) -> bool {
    const FIRST: &[u8] = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet";
    let name = head.get(30..).unwrap_or_default();
    head.starts_with(b"PK\x03\x04") && name.starts_with(FIRST)
}

/// The tables, in their order.
pub(super) fn tables(xml: &[u8], budget: &mut Budget) -> Vec<Vec<u8>> {
    let mut reader = Tables::default();
    visit(xml, |event| reader.event(event, budget));
    reader.done
}

/// A cell that is being read, which may stand for several of the same.
#[derive(Debug)]
struct Cell {
    repeated: usize,
    paragraphs: usize,
    text: String,
}

#[derive(Debug, Default)]
struct Tables {
    done: Vec<Vec<u8>>,
    /// Rows of the table that is being read.
    csv: Vec<u8>,
    row: Vec<String>,
    row_repeated: usize,
    /// Column of the next cell.
    next: usize,
    cell: Option<Cell>,
    is_text: bool,
    /// Comments on a cell are no part of it.
    is_comment: bool,
}

impl Tables {
    fn event(&mut self, event: &Event<'_>, budget: &mut Budget) -> ControlFlow<()> {
        match event {
            Event::Start(start) => self.start(start),
            Event::Empty(start) => match start.local_name().as_ref() {
                "table-cell" | "covered-table-cell" => {
                    self.start(start);
                    return self.end_cell(budget);
                }
                "s" | "tab" => self.put(" "),
                "line-break" => self.put("\n"),
                _ => {}
            },
            Event::End(end) => match end.local_name().as_ref() {
                "p" => self.is_text = false,
                "annotation" => self.is_comment = false,
                "table-cell" | "covered-table-cell" => return self.end_cell(budget),
                "table-row" => return self.end_row(budget),
                "table" => {
                    self.done.push(std::mem::take(&mut self.csv));
                    if self.done.len() >= limits::WORKBOOK_SHEETS {
                        return ControlFlow::Break(());
                    }
                }
                _ => {}
            },
            event if self.is_text => {
                if let Some(words) = text_xml::words(event) {
                    self.put(&words);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn start(&mut self, start: &BytesStart<'_>) {
        match start.local_name().as_ref() {
            "table-row" => {
                self.row.clear();
                self.next = 0;
                self.row_repeated = repeated(start, "number-rows-repeated");
            }
            "table-cell" | "covered-table-cell" => {
                self.cell = Some(Cell {
                    repeated: repeated(start, "number-columns-repeated"),
                    paragraphs: 0,
                    text: String::new(),
                });
            }
            "annotation" => self.is_comment = true,
            "p" if !self.is_comment => {
                self.is_text = true;
                if let Some(cell) = &mut self.cell {
                    cell.paragraphs = cell.paragraphs.saturating_add(1);
                    if cell.paragraphs > 1 {
                        cell.text.push('\n');
                    }
                }
            }
            _ => {}
        }
    }

    fn put(&mut self, words: &str) {
        if let Some(cell) = self.cell.as_mut().filter(|_| self.is_text) {
            cell.text.push_str(words);
        }
    }

    fn end_cell(&mut self, budget: &mut Budget) -> ControlFlow<()> {
        let Some(cell) = self.cell.take() else {
            return ControlFlow::Continue(());
        };
        let first = self.next;
        self.next = first.saturating_add(cell.repeated);
        if cell.text.is_empty() {
            return budget.spend(1, 0);
        }
        budget.has_far_columns |= self.next > limits::TABLE_COLUMNS;
        for column in first..self.next.min(limits::TABLE_COLUMNS) {
            budget.spend(1, cell.text.len())?;
            self.row.resize(column, String::new());
            self.row.push(cell.text.clone());
        }
        ControlFlow::Continue(())
    }

    fn end_row(&mut self, budget: &mut Budget) -> ControlFlow<()> {
        if self.row.is_empty() {
            return ControlFlow::Continue(());
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        // Writing into memory does not fail.
        let _ = writer.write_record(&self.row);
        let line = writer.into_inner().unwrap_or_default();
        for _ in 0..self.row_repeated {
            budget.spend(1, line.len())?;
            self.csv.extend_from_slice(&line);
        }
        ControlFlow::Continue(())
    }
}

/// How often a cell or row is there (§19.675, §19.677).
fn repeated(start: &BytesStart<'_>, name: &str) -> usize {
    let mut attributes = start.attributes();
    let mut attributes = attributes.with_checks(false).flatten();
    let attribute = attributes.find(|attribute| attribute.key.local_name().as_ref() == name);
    let count = attribute.and_then(|attribute| attribute.value.trim().parse().ok());
    count.unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONTENT: &str = "<office:document-content><office:body><office:spreadsheet>\
        <table:table table:name=\"Title\"><table:table-row><table:table-cell><text:p>Phones of the branch</text:p></table:table-cell>\
        </table:table-row></table:table><table:table table:name=\"Apps\"><table:table-column table:number-columns-repeated=\"16384\"/>\
        <table:table-row><table:table-cell office:value-type=\"string\"><text:p>Serial Number</text:p></table:table-cell>\
        <table:table-cell/><table:table-cell><office:annotation><text:p>look here</text:p></office:annotation><text:p>Bundle<text:s/>ID</text:p>\
        </table:table-cell><table:table-cell table:number-columns-repeated=\"16381\"/></table:table-row>\
        <table:table-row table:number-rows-repeated=\"2\"><table:table-cell table:number-columns-repeated=\"2\"><text:p>S1</text:p>\
        </table:table-cell><table:table-cell><text:p>org.example.<text:span>chat</text:span></text:p><text:p>a, &amp; b</text:p></table:table-cell>\
        </table:table-row><table:table-row table:number-rows-repeated=\"1048573\"><table:table-cell table:number-columns-repeated=\"16384\"/>\
        </table:table-row></table:table></office:spreadsheet></office:body></office:document-content>";

    fn read(xml: &str, budget: &mut Budget) -> Vec<String> {
        let tables = tables(xml.as_bytes(), budget).into_iter();
        tables.map(|csv| String::from_utf8(csv).unwrap()).collect()
    }

    #[test]
    fn rows_are_those_of_the_tables() {
        let budget = &mut Budget::default();
        let row = "S1,S1,\"org.example.chat\na, & b\"\n";
        let apps = format!("Serial Number,,Bundle ID\n{row}{row}");
        assert_eq!(
            read(CONTENT, budget),
            ["Phones of the branch\n".to_owned(), apps]
        );
        assert_eq!(budget.damage().count(), 0);
    }

    #[test]
    fn what_is_repeated_without_end_costs_no_more_than_is_left() {
        let cell = "<table:table-cell table:number-columns-repeated=\"99999999\"><text:p>1</text:p></table:table-cell>";
        let row =
            "<table:table><table:table-row table:number-rows-repeated=\"18446744073709551615\">";
        let mut budget = Budget {
            bytes: 1 << 20,
            ..Budget::default()
        };
        read(
            &format!("{row}{cell}</table:table-row></table:table>"),
            &mut budget,
        );
        assert!(budget.is_spent && budget.has_far_columns);
    }

    proptest! {
        #[test]
        fn changed_documents_are_read_without_panic(at in any::<prop::sample::Index>(), value in any::<u8>()) {
            let mut bytes = CONTENT.as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = value;
            tables(&bytes, &mut Budget::default());
        }
    }
}
