//! A table as a page of a workbook (ECMA-376 part 1, 18.3), written row by row.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::book::{Look, MAIN};
use super::words::{head, word};
use crate::model::RiskLevel;
use crate::report::language::fill;
use crate::report::prose::Prose;
use crate::report::sheet::{Cell, Sheet};

/// Rows that a page can have below its head, as Excel limits it, less one that says what is missing.
const ROWS: usize = 1_048_574;
/// Characters of UTF-16 that a cell can have, less some room.
const CHARACTERS: usize = 32_000;
/// Widest column, in characters; what is longer is wrapped.
const WIDEST: usize = 48;
/// Rows that decide how wide columns are.
const MEASURED_ROWS: usize = 200;
/// Bytes of XML that are handed over at once.
const BUFFER: usize = 1 << 16;

/// A page to write.
pub(super) struct Page<'a> {
    /// What the page is called.
    pub(super) name: &'static str,
    prose: &'a Prose<'a>,
    sheet: &'a Sheet<'a>,
    /// Names and heads of the columns: `A`, `B`, …
    columns: Vec<(String, &'static str)>,
}

impl<'a> Page<'a> {
    pub(super) fn new(prose: &'a Prose<'a>, sheet: &'a Sheet<'a>) -> Self {
        let heads = sheet
            .header
            .iter()
            .map(|id| head(prose.language, sheet.name, id));
        Self {
            name: word(prose.language, sheet.name).unwrap_or(sheet.name),
            prose,
            sheet,
            columns: (0..).map(column_name).zip(heads).collect(),
        }
    }

    /// The cells of head and rows that people filter, as formulas name them: `$A$1:$K$40`.
    pub(super) fn range(&self) -> String {
        let last = self.columns.last().map_or("A", |(name, _)| name);
        format!("$A$1:${last}${}", self.shown().len().saturating_add(1))
    }

    fn shown(&self) -> &'a [Vec<Cell<'a>>] {
        let rows = &self.sheet.rows;
        rows.get(..ROWS).unwrap_or(rows)
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut xml = String::with_capacity(BUFFER);
        self.begin(&mut xml);
        for (number, row) in (2_usize..).zip(self.shown()) {
            self.push_row(&mut xml, number, row);
            if xml.len() >= BUFFER {
                out.write_all(xml.as_bytes())?;
                xml.clear();
            }
        }
        self.end(&mut xml);
        out.write_all(xml.as_bytes())
    }

    fn begin(&self, xml: &mut String) {
        xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
        let _infallible = write!(
            xml,
            "<worksheet xmlns=\"{MAIN}\"><sheetPr><pageSetUpPr fitToPage=\"1\"/></sheetPr><dimension ref=\"{}\"/>\
             <sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" \
             state=\"frozen\"/><selection pane=\"bottomLeft\"/></sheetView></sheetViews>\
             <sheetFormatPr defaultRowHeight=\"15\"/><cols>",
            self.range().replace('$', "")
        );
        for (at, (_, head)) in self.columns.iter().enumerate() {
            let (number, width) = (at.saturating_add(1), self.width(at, head));
            // The fraction is the edges of a cell, in characters of the usual font.
            let _infallible = write!(
                xml,
                "<col min=\"{number}\" max=\"{number}\" width=\"{width}.7109375\" customWidth=\"1\"/>"
            );
        }
        xml.push_str("</cols><sheetData><row r=\"1\">");
        for (column, head) in &self.columns {
            push_text(xml, column, "1", Look::Head, head);
        }
        xml.push_str("</row>");
    }

    fn push_row(&self, xml: &mut String, number: usize, row: &[Cell<'_>]) {
        let number = number.to_string();
        xml.push_str("<row r=\"");
        xml.push_str(&number);
        xml.push_str("\">");
        for (((column, _), id), cell) in self.columns.iter().zip(self.sheet.header).zip(row) {
            match cell {
                Cell::Text(text) if text.is_empty() => {}
                Cell::Text(text) => push_text(xml, column, &number, look_of(text), text),
                Cell::Number(value) => {
                    begin_cell(xml, column, &number, Look::Text);
                    let _infallible = write!(xml, "><v>{value}</v></c>");
                }
                Cell::Id(of_cell, words) => {
                    let level = RiskLevel::from_id(of_cell).filter(|_| *id == "level");
                    let look = level.map_or_else(|| look_of(words), Look::Level);
                    push_text(xml, column, &number, look, words);
                }
            }
        }
        xml.push_str("</row>");
    }

    fn end(&self, xml: &mut String) {
        let missing = self.sheet.rows.len().saturating_sub(ROWS);
        if missing > 0 {
            let more = fill(self.prose.texts.more, &[("count", &missing.to_string())]);
            let number = ROWS.saturating_add(2).to_string();
            let _infallible = write!(xml, "<row r=\"{number}\">");
            push_text(xml, "A", &number, Look::Head, &more);
            xml.push_str("</row>");
        }
        let _infallible = write!(
            xml,
            "</sheetData><autoFilter ref=\"{}\"/>\
             <pageMargins left=\"0.7\" right=\"0.7\" top=\"0.75\" bottom=\"0.75\" header=\"0.3\" footer=\"0.3\"/>\
             <pageSetup paperSize=\"9\" fitToHeight=\"0\" orientation=\"landscape\"/></worksheet>",
            self.range().replace('$', "")
        );
    }

    /// Columns as wide as what stands in them, within reason.
    fn width(&self, column: usize, head: &str) -> usize {
        let rows = self.sheet.rows.iter().take(MEASURED_ROWS);
        let cells = rows.filter_map(|row| row.get(column));
        let characters = cells.map(|cell| match cell {
            Cell::Text(text) => text.chars().take(WIDEST).count(),
            Cell::Number(number) => number.to_string().len(),
            Cell::Id(_, words) => words.chars().count(),
        });
        let widest = characters.max().unwrap_or(0).max(head.chars().count());
        // One more for the edges, two for the arrow of the filter.
        widest.clamp(6, WIDEST).saturating_add(3)
    }
}

/// `A` for 0, `Z` for 25, `AA` for 26.
fn column_name(position: usize) -> String {
    let letter =
        |digit: usize| char::from(b'A'.saturating_add(u8::try_from(digit % 26).unwrap_or(0)));
    match (position / 26).checked_sub(1) {
        None => letter(position).to_string(),
        Some(before) => column_name(before) + &letter(position).to_string(),
    }
}

fn look_of(text: &str) -> Look {
    if text.starts_with(['=', '+', '-', '@']) {
        Look::Quoted
    } else {
        Look::Text
    }
}

fn begin_cell(xml: &mut String, column: &str, row: &str, look: Look) {
    xml.push_str("<c r=\"");
    xml.push_str(column);
    xml.push_str(row);
    xml.push_str("\" s=\"");
    xml.push_str(look.position());
    xml.push('"');
}

fn push_text(xml: &mut String, column: &str, row: &str, look: Look, text: &str) {
    begin_cell(xml, column, row, look);
    xml.push_str(" t=\"inlineStr\"><is><t");
    if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        xml.push_str(" xml:space=\"preserve\"");
    }
    xml.push('>');
    push_escaped(xml, &fitting(text));
    xml.push_str("</t></is></c>");
}

/// As much of a text as a cell can hold.
fn fitting(text: &str) -> Cow<'_, str> {
    if text.len() <= CHARACTERS {
        return text.into();
    }
    let mut length = 0_usize;
    let fits = |character: &char| {
        length = length.saturating_add(character.len_utf16());
        length <= CHARACTERS
    };
    let mut short: String = text.chars().take_while(fits).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short.into()
}

/// XML knows three characters by other names and lacks some; spreadsheets take `_x0041_` for the character of that number.
fn push_escaped(xml: &mut String, text: &str) {
    let is_plain = |byte: u8| byte >= b' ' && !matches!(byte, b'&' | b'<' | b'>' | b'_' | 0xef);
    if text.bytes().all(is_plain) {
        xml.push_str(text);
        return;
    }
    for (at, character) in text.char_indices() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '_' if begins_code(text.as_bytes().get(at..).unwrap_or_default()) => {
                xml.push_str("_x005F_");
            }
            '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            character => xml.push(character),
        }
    }
}

fn begins_code(text: &[u8]) -> bool {
    let [b'_', b'x', digits @ .., b'_'] = text.get(..7).unwrap_or_default() else {
        return false;
    };
    digits.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quick_xml::Reader;
    use quick_xml::events::Event;

    use super::*;
    use crate::report::xlsx::tests::empty;
    use crate::report::{Language, Options, Presentable};
    use crate::rules::Rules;

    const HEADER: [&str; 28] = ["level"; 28];

    fn page_of(rows: Vec<Vec<Cell<'_>>>) -> String {
        let rules = Rules::embedded();
        let report = Presentable::new(&empty(), &rules, false);
        let prose = Prose::new(&report, &rules, Options::plain(Language::English, 80));
        let sheet = Sheet {
            name: "about",
            header: &HEADER,
            rows,
        };
        let mut out = Vec::new();
        Page::new(&prose, &sheet).write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// Place, look and text of each cell below the head, as a spreadsheet reads them.
    fn cells(page: &str) -> Vec<(String, String, String)> {
        let mut reader = Reader::from_str(page);
        let mut cells: Vec<(String, String, String)> = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(tag) if tag.name().as_ref() == "c" => {
                    let attribute = |name: &str| {
                        let attribute = tag.try_get_attribute(name).unwrap();
                        attribute.unwrap().value.into_owned()
                    };
                    cells.push((attribute("r"), attribute("s"), String::new()));
                }
                Event::Text(text) => {
                    if let Some((_, _, all)) = cells.last_mut() {
                        all.push_str(&text);
                    }
                }
                Event::GeneralRef(reference) => {
                    let (_, _, all) = cells.last_mut().unwrap();
                    all.push(match &*reference {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        other => panic!("{other}"),
                    });
                }
                Event::Eof => return cells.split_off(HEADER.len()),
                _ => {}
            }
        }
    }

    /// Texts with `_xHHHH_` as the character of that number.
    fn decoded(text: &str) -> String {
        let mut decoded = String::new();
        let mut rest = text.chars();
        while let Some(character) = rest.clone().next() {
            if begins_code(rest.as_str().as_bytes()) {
                let code: String = rest.by_ref().take(7).collect();
                let digits = code.trim_matches(['_', 'x']);
                let code = u32::from_str_radix(digits, 16).unwrap();
                decoded.push(char::from_u32(code).unwrap_or('?'));
            } else {
                decoded.push(character);
                rest.next();
            }
        }
        decoded
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_text_is_read_as_it_is(texts in proptest::collection::vec(
            prop_oneof![any::<String>(), "[_x0-9A-F<>&=\"' \u{1}\n\u{fffe}r/t]{0,40}"], 1..28,
        )) {
            let row = texts.iter().map(|text| Cell::from(text.as_str())).collect();
            let page = page_of(vec![row]);
            let read: Vec<String> = cells(&page).into_iter().map(|(_, _, text)| decoded(&text)).collect();
            let is_lacking = |character: char| {
                (character < ' ' && !matches!(character, '\n' | '\t')) || matches!(character, '\u{fffe}' | '\u{ffff}')
            };
            let written = texts.iter().filter(|text| !text.is_empty());
            let written: Vec<String> = written.map(|text| text.replace(is_lacking, "\u{fffd}")).collect();
            prop_assert_eq!(read, written);
        }
    }

    #[test]
    fn cells_stand_where_they_belong_and_look_like_what_they_are() {
        let mut row = vec![Cell::from(""); 26];
        row[1] = Cell::Id("very-high", "sehr hoch");
        row.extend([
            Cell::from("=1+1"),
            Cell::from(18_446_744_073_709_551_615_u64),
        ]);
        let page = page_of(vec![vec![Cell::from("<r><t>x</t></r>")], row]);
        let cell = |place: &str, look: &str, text: &str| {
            (place.to_owned(), look.to_owned(), text.to_owned())
        };
        assert_eq!(
            cells(&page),
            [
                cell("A2", "2", "<r><t>x</t></r>"),
                cell("B3", "8", "sehr hoch"),
                cell("AA3", "3", "=1+1"),
                cell("AB3", "2", "18446744073709551615"),
            ]
        );
        assert!(page.contains("<autoFilter ref=\"A1:AB3\"/>"));
    }

    #[test]
    fn what_a_cell_or_a_page_cannot_hold_is_said() {
        let long = "😀".repeat(CHARACTERS);
        let mut rows = vec![Vec::new(); ROWS + 3];
        rows[0] = vec![Cell::from(&*long)];
        let page = page_of(rows);
        let cells = cells(&page);
        let [(_, _, short), (place, _, more)] = cells.as_slice() else {
            panic!("{} cells", cells.len());
        };
        assert_eq!(*short, "😀".repeat(CHARACTERS / 2) + "…");
        assert_eq!((place.as_str(), more.contains('3')), ("A1048576", true));
    }
}
