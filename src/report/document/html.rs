//! A document as one HTML page of headings, paragraphs, lists and tables, which word processors open as it is.

use std::io::{self, Write};

use super::{Block, Document, Table};
use crate::report::html::{Markup, hash};

/// Looks, for browsers; word processors have their own.
const STYLE: &str = "@page{size:A4 landscape;margin:15mm}\
body{font:11pt/1.4 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}\
table{border-collapse:collapse;width:100%;font-size:10pt}\
td,th{border:1px solid;padding:.3em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere;hyphens:auto;min-width:5em}\
td:first-child,th:first-child{min-width:12em}";

pub(super) fn write(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Markup::default();
    page.fixed("<!DOCTYPE html>\n");
    page.within("html", &[("lang", &document.language.as_str())], |page| {
        head(document, page);
        page.within("body", &[], |page| body(document, page));
    });
    page.line();
    out.write_all(page.finish().as_bytes())
}

fn head(document: &Document, page: &mut Markup) {
    let policy = format!(
        "default-src 'none'; style-src {}; base-uri 'none'; form-action 'none'",
        hash(&[STYLE])
    );
    page.within("head", &[], |page| {
        page.open("meta", &[("charset", &"utf-8")]);
        let name = "Content-Security-Policy";
        page.open("meta", &[("http-equiv", &name), ("content", &policy)]);
        page.element("title", &[], &document.title);
        page.within("style", &[], |page| page.fixed(STYLE));
    });
    page.line();
}

fn body(document: &Document, page: &mut Markup) {
    page.element("h1", &[], &document.title);
    let [purpose, draft] = &document.preface;
    page.element("p", &[], purpose);
    page.within("p", &[], |page| page.element("em", &[], draft));
    for block in &document.blocks {
        page.line();
        match block {
            Block::Heading(2, text) => page.element("h2", &[], text),
            Block::Heading(_, text) => page.element("h3", &[], text),
            Block::Paragraph(text) => page.element("p", &[], text),
            Block::List(lines) => list(lines, page, |line, page| page.text(line)),
            Block::Gaps(lines) => list(lines, page, |line, page| {
                page.element("strong", &[], line);
            }),
            Block::Table(table) => rows(table, page),
        }
    }
}

fn list(lines: &[String], page: &mut Markup, item: impl Fn(&String, &mut Markup)) {
    page.within("ul", &[], |page| {
        for line in lines {
            page.within("li", &[], |page| item(line, page));
        }
    });
}

fn rows(table: &Table, page: &mut Markup) {
    // Attributes draw lines and keep the width of the page in word processors that take no style from the head.
    let looks: [(&str, &dyn std::fmt::Display); 4] = [
        ("border", &1),
        ("cellpadding", &4),
        ("cellspacing", &0),
        ("width", &"100%"),
    ];
    page.within("table", &looks, |page| {
        let row = |tag: &'static str, cells: &[String], page: &mut Markup| {
            page.within("tr", &[], |page| {
                for cell in cells {
                    page.element(tag, &[], cell);
                }
            });
        };
        page.within("thead", &[], |page| row("th", &table.head, page));
        page.within("tbody", &[], |page| {
            for cells in &table.rows {
                page.line();
                row("td", cells, page);
            }
        });
    });
}
