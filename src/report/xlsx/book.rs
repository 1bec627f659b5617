//! The parts of a workbook that are not pages (ECMA-376 part 1): what there is, who belongs to whom, how cells look.

use std::fmt::Write as _;

use quick_xml::escape::escape;

use crate::model::{Audit, RiskLevel};
use crate::report::prose::Prose;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
/// Begin of the names of content types.
const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
/// Begin of the names of relationships, and their namespace.
const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
/// Namespaces of packages and of spreadsheets.
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
pub(super) const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// How a cell looks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Look {
    Head,
    Text,
    /// Text that looks like a formula.
    Quoted,
    Level(RiskLevel),
}

impl Look {
    /// Position in the style sheet.
    pub(super) fn position(self) -> &'static str {
        match self {
            Self::Head => "1",
            Self::Text => "2",
            Self::Quoted => "3",
            Self::Level(RiskLevel::None) => "4",
            Self::Level(RiskLevel::Low) => "5",
            Self::Level(RiskLevel::Medium) => "6",
            Self::Level(RiskLevel::High) => "7",
            Self::Level(RiskLevel::VeryHigh) => "8",
        }
    }
}

/// Where in the folder `xl` the page of a number (from 1) is.
pub(super) fn page_path(number: usize) -> String {
    format!("worksheets/sheet{number}.xml")
}

/// Paths and contents of all parts but the pages, of which it takes name and range of cells.
pub(super) fn parts(prose: &Prose<'_>, pages: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let core = format!("{PACKAGE}/relationships/metadata/core-properties");
    let roots = [
        (
            format!("{RELATION}/officeDocument"),
            "xl/workbook.xml".to_owned(),
        ),
        (core, "docProps/core.xml".to_owned()),
    ];
    let page = |number| (format!("{RELATION}/worksheet"), page_path(number));
    let style = (format!("{RELATION}/styles"), "styles.xml".to_owned());
    let of_workbook = (1..=pages.len()).map(page).chain([style]);
    vec![
        // Programs look for this part first.
        ("[Content_Types].xml", types(pages.len())),
        ("_rels/.rels", relations(roots)),
        ("docProps/core.xml", properties(prose)),
        ("xl/workbook.xml", workbook(pages)),
        ("xl/_rels/workbook.xml.rels", relations(of_workbook)),
        ("xl/styles.xml", styles()),
    ]
}

fn types(pages: usize) -> String {
    let mut types = format!(
        "{DECLARATION}<Types xmlns=\"{PACKAGE}/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Override PartName=\"/docProps/core.xml\" ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/>\
         <Override PartName=\"/xl/workbook.xml\" ContentType=\"{TYPE}.sheet.main+xml\"/>\
         <Override PartName=\"/xl/styles.xml\" ContentType=\"{TYPE}.styles+xml\"/>"
    );
    for path in (1..=pages).map(page_path) {
        let _infallible = write!(
            types,
            "<Override PartName=\"/xl/{path}\" ContentType=\"{TYPE}.worksheet+xml\"/>"
        );
    }
    types.push_str("</Types>");
    types
}

/// Relationships `rId1`, `rId2`, … of kinds and targets.
fn relations(targets: impl IntoIterator<Item = (String, String)>) -> String {
    let mut relations = format!("{DECLARATION}<Relationships xmlns=\"{PACKAGE}/relationships\">");
    for (id, (kind, target)) in (1_usize..).zip(targets) {
        let _infallible = write!(
            relations,
            "<Relationship Id=\"rId{id}\" Type=\"{kind}\" Target=\"{target}\"/>"
        );
    }
    relations.push_str("</Relationships>");
    relations
}

/// Title, and as the moment of making when the last input ended: the file must not tell when or where it was made.
fn properties(prose: &Prose<'_>) -> String {
    let title = format!("{}: {}", prose.texts.title, prose.audit.case);
    let made = made(prose.audit);
    format!(
        "{DECLARATION}<cp:coreProperties xmlns:cp=\"{PACKAGE}/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><dc:creator>phonehome</dc:creator><dc:title>{}</dc:title>\
         <dcterms:created xsi:type=\"dcterms:W3CDTF\">{made}</dcterms:created>\
         <dcterms:modified xsi:type=\"dcterms:W3CDTF\">{made}</dcterms:modified></cp:coreProperties>",
        escape(title)
    )
}

fn made(audit: &Audit) -> String {
    let ends = audit.inputs.iter().filter_map(|input| input.period);
    let last = ends.map(|(_, last)| last).max().unwrap_or_default();
    let time = last.to_string();
    format!("{}T00:00:00Z", time.get(..10).unwrap_or("1970-01-01"))
}

fn workbook(pages: &[(&str, &str)]) -> String {
    let (mut sheets, mut names) = (String::new(), String::new());
    for (position, (name, range)) in pages.iter().enumerate() {
        let id = position.saturating_add(1);
        let _infallible = write!(
            sheets,
            "<sheet name=\"{name}\" sheetId=\"{id}\" r:id=\"rId{id}\"/>"
        );
        let _infallible = write!(
            names,
            "<definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"{position}\" hidden=\"1\">'{name}'!{range}</definedName>\
             <definedName name=\"_xlnm.Print_Titles\" localSheetId=\"{position}\">'{name}'!$1:$1</definedName>"
        );
    }
    format!(
        "{DECLARATION}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATION}\"><bookViews><workbookView/></bookViews>\
         <sheets>{sheets}</sheets><definedNames>{names}</definedNames></workbook>"
    )
}

/// The order of `cellXfs` is that of `Look::position`.
fn styles() -> String {
    let color = |level: &RiskLevel| match level {
        RiskLevel::None => "ECEEF1",
        RiskLevel::Low => "D7EBDF",
        RiskLevel::Medium => "F5E8B8",
        RiskLevel::High => "F6CFA5",
        RiskLevel::VeryHigh => "EEB0B0",
    };
    let fill = |color: &str| {
        format!(
            "<fill><patternFill patternType=\"solid\"><fgColor rgb=\"FF{color}\"/><bgColor indexed=\"64\"/></patternFill></fill>"
        )
    };
    let colors = ["E3F0F4"]
        .into_iter()
        .chain(RiskLevel::ALL.iter().map(color));
    let fills: String = colors.map(fill).collect();
    let font = |bold: &str| {
        format!(
            "<font>{bold}<sz val=\"11\"/><color indexed=\"8\"/><name val=\"Calibri\"/><family val=\"2\"/></font>"
        )
    };
    let look = |font: usize, fill: usize, more: &str| {
        format!(
            "<xf numFmtId=\"0\" fontId=\"{font}\" fillId=\"{fill}\" borderId=\"0\" xfId=\"0\"{more} applyFont=\"1\" applyFill=\"1\" \
             applyAlignment=\"1\"><alignment vertical=\"top\" wrapText=\"1\"/></xf>"
        )
    };
    // Excel puts `none` and `gray125` in the place of the first two fills, whatever they are.
    let levels: String = (3..)
        .zip(RiskLevel::ALL)
        .map(|(fill, _)| look(0, fill, ""))
        .collect();
    format!(
        "{DECLARATION}<styleSheet xmlns=\"{MAIN}\"><fonts count=\"2\">{}{}</fonts>\
         <fills count=\"{}\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill>{fills}</fills>\
         <borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
         <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
         <cellXfs count=\"{}\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>{}{}{}{levels}</cellXfs>\
         <cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>",
        font(""),
        font("<b/>"),
        RiskLevel::ALL.len().saturating_add(3),
        RiskLevel::ALL.len().saturating_add(4),
        look(1, 2, ""),
        look(0, 0, ""),
        look(0, 0, " quotePrefix=\"1\""),
    )
}
