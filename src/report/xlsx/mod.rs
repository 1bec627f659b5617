//! A workbook for spreadsheets: the tables of `sheet` with heads and words for people, filters and a fixed first row.
//!
//! Text is written as text, never as a formula, and marked so (`quotePrefix`) where it looks like one: it stays text when somebody
//! edits the cell. The same audit gives the same bytes: the file says it was made when the last input ended.
//!
//! A company's report has over a million cells. Libraries keep all of them before they write the first, and compress them on one core,
//! so `page` writes rows as it goes, texts in their cells instead of in a table of all, and each sheet is packed on a core of its own.

mod book;
mod page;
mod words;

use std::io::{self, Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::presentable::Presentable;
use super::prose::Prose;
use super::sheet::SHEETS;
use super::{Format, Options};
use crate::parallel::in_parallel;
use crate::rules::Rules;

/// Spreadsheets.
pub(super) const FORMAT: Format = Format {
    name: "xlsx",
    endings: &["xlsx"],
    write,
};

/// Of deflate, 0 to 9. Its usual 6 takes four times as long and makes the file a seventh smaller.
const LEVEL: i64 = 3;

fn write(
    report: &Presentable,
    rules: &Rules,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let prose = Prose::new(report, rules, options);
    let numbers: Vec<(usize, _)> = (1..).zip(SHEETS).collect();
    let pages = in_parallel(&numbers, 0, |(number, make)| {
        let sheet = make(report, &prose);
        let page = page::Page::new(&prose, &sheet);
        let packed = pack(&format!("xl/{}", book::page_path(*number)), |out| {
            page.write(out)
        })?;
        Ok((page.name, page.range(), packed))
    });
    let pages: Vec<_> = pages.into_iter().collect::<io::Result<_>>()?;
    let ranges = pages.iter().map(|(name, range, _)| (*name, range.as_str()));
    let mut book = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, part) in book::parts(&prose, &ranges.collect::<Vec<_>>()) {
        book.start_file(path, packing())?;
        book.write_all(part.as_bytes())?;
    }
    for (_, _, packed) in pages {
        book.merge_archive(packed)?;
    }
    out.write_all(book.finish()?.get_ref())
}

/// An archive of one part.
fn pack(
    path: &str,
    write: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>) -> io::Result<()>,
) -> io::Result<ZipArchive<Cursor<Vec<u8>>>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(path, packing())?;
    write(&mut archive)?;
    Ok(archive.finish_into_readable()?)
}

/// The file must not tell when it was made.
fn packing() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .last_modified_time(DateTime::default())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::io::Read;

    use super::*;
    use crate::model::{Audit, Controller, Coverage};
    use crate::report::Language;

    pub(super) fn empty() -> Audit {
        Audit {
            case: "A & B".to_owned(),
            controller: Controller::default(),
            tool_version: String::new(),
            rules_sha256: String::new(),
            law_as_of: String::new(),
            options: BTreeMap::new(),
            method: String::new(),
            inputs: Vec::new(),
            devices: Vec::new(),
            coverage: Coverage::default(),
        }
    }

    #[test]
    fn each_sheet_and_column_has_its_words() {
        let rules = Rules::embedded();
        let report = Presentable::new(&empty(), &rules, false);
        for language in [Language::English, Language::German] {
            let prose = Prose::new(&report, &rules, Options::plain(language, 80));
            let mut names = BTreeSet::new();
            for sheet in SHEETS.map(|make| make(&report, &prose)) {
                let name = words::word(language, sheet.name).expect(sheet.name);
                // What Excel allows, and what needs no other form in XML and in formulas.
                let is_fit = |character: char| character.is_alphabetic() || character == ' ';
                assert!(
                    name.chars().all(is_fit) && name.chars().count() <= 31,
                    "{name}"
                );
                assert!(names.insert(name.to_lowercase()), "{name} twice");
                for column in sheet.header {
                    assert!(words::word(language, column).is_some(), "{column}");
                }
            }
        }
    }

    #[test]
    fn parts_are_those_that_the_book_names() {
        let rules = Rules::embedded();
        let report = Presentable::new(&empty(), &rules, false);
        let mut out = Vec::new();
        let options = Options::plain(Language::English, 80);
        write(&report, &rules, options, &mut out).unwrap();
        let mut book = ZipArchive::new(Cursor::new(out)).unwrap();
        let mut part = |path: &str| {
            let mut text = String::new();
            book.by_name(path)
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            text
        };
        let (types, relations) = (
            part("[Content_Types].xml"),
            part("xl/_rels/workbook.xml.rels"),
        );
        for path in types.split("PartName=\"/").skip(1) {
            part(path.split('"').next().unwrap());
        }
        for (id, target) in (1..).zip(relations.split("Target=\"worksheets/").skip(1)) {
            let name = target.split('"').next().unwrap();
            let page = part(&format!("xl/worksheets/{name}"));
            assert!(page.ends_with("</worksheet>"));
            assert!(
                part("xl/workbook.xml").contains(&format!("sheetId=\"{id}\" r:id=\"rId{id}\""))
            );
        }
        assert!(part("docProps/core.xml").contains(": A &amp; B</dc:title><dcterms:created xsi:type=\"dcterms:W3CDTF\">1970-01-01T00:00:00Z<"));
        // By this it is known as a report and not taken for a list of apps.
        assert!(part("docProps/core.xml").contains("<dc:creator>phonehome<"));
        assert_eq!(book.index_for_name("[Content_Types].xml"), Some(0));
        assert_eq!(book.len(), SHEETS.len() + 6);
    }
}
