//! Tables in values, and texts that are written as cells of these.

use std::borrow::Cow;

use super::decode_around;
use crate::model::{DecodeStep, Look};
use crate::payload::collector::Collector;
use crate::payload::{Keep, copied, digits, table};

/// A text in which documents stand as cells of a table have them, with their quotes doubled (RFC 4180 §2.7).
pub(in crate::payload) fn doubled_quotes<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    // Of an empty string nothing is inside the quotes.
    let is_doubled =
        |window: &[u8; 3]| matches!(window, [b'"', b'"', inside] if inside.is_ascii_alphanumeric());
    if memchr::memmem::find(text.as_bytes(), b"\"\"").is_none()
        || !text.as_bytes().array_windows().any(is_doubled)
    {
        return false;
    }
    collector.labelled(DecodeStep::Table, |collector| {
        collector.value(Cow::Owned(text.replace("\"\"", "\"")), copied);
    });
    true
}

/// A text in which base64 goes on in the next line (RFC 2045 §6.8), as in a cell or behind a name.
pub(in crate::payload) fn folded_lines<'s, 'a>(
    look: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    // All of it is base64, unless a name stands before.
    let is_named = || text.trim_ascii_end().trim_end_matches('=').contains('=');
    if look.is_all(Look::BASE64) && !is_named() {
        return false;
    }
    let Some(unfolded) = digits::unfolded(text) else {
        return false;
    };
    collector.labelled(DecodeStep::Text, |collector| {
        collector.value(Cow::Owned(unfolded), copied);
    });
    true
}

/// A table with a head, whatever stands in its cells.
pub(in crate::payload) fn table_of_rows<'s, 'a>(
    _: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    let rows = text.contains('\n').then(|| table::rows(text)).flatten();
    let is_table = rows.is_some();
    if let Some(rows) = rows {
        collector.undoing(DecodeStep::Table, |collector| {
            table::fields(rows, collector);
        });
    }
    is_table
}

pub(in crate::payload) fn table_text<'s, 'a>(
    look: Look,
    text: &'s str,
    _: Keep<'s, 'a>,
    collector: &mut Collector<'a>,
) -> bool {
    // What it is has white space, or is a pair; base64 ends in `=`.
    let is_pair = || look.has(Look::EQUALS) && text.trim_end_matches('=').contains('=');
    let are_pairs = || look.has(Look::COLON) && look.has(Look::LIST) && text.contains('|');
    let may_be = look.has(Look::SPACE) && text.contains([' ', '\n']) || is_pair() || are_pairs();
    // Media types with their weights (RFC 9110 §12.4.2) are no table of them.
    if !may_be
        || text.contains(";q=")
        || !(look.has(Look::COLON | Look::EQUALS) || text.contains('\n'))
    {
        return false;
    }
    let Some(table) = table::read(text) else {
        return false;
    };
    collector.undoing(DecodeStep::Table, |collector| {
        table::fields(table.rows, collector);
    });
    if table.is_all && !table.others.is_empty() {
        let others = table.others.join(" ");
        decode_around(Look::of(&others), &others, collector);
    }
    table.is_all
}
