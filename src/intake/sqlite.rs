//! Tables of an `SQLite` database file (<https://www.sqlite.org/fileformat2.html>): rows in, nothing else.
//!
//! Own reader, because two small tables of someone else's device do not justify a C library (30 s of building, fed with
//! hostile bytes); crates without C either embed that library or are whole database engines. It walks table b-trees; indices,
//! views and a write-ahead log beside the file are not looked at.

use std::collections::BTreeSet;

use super::Sample;
use crate::limits::{DOCUMENT_BYTES, SQLITE_COLUMNS, SQLITE_DEPTH, SQLITE_ROW_BYTES};

/// What every database begins with.
pub(super) const MAGIC: &[u8] = b"SQLite format 3\0";
/// The schema is the table whose root is the first page.
const SCHEMA_ROOT: u32 = 1;
const FILE_HEADER_BYTES: usize = 100;
/// Columns of the schema table: type, name, `tbl_name`, root page, SQL.
const SCHEMA_COLUMNS: [&str; 5] = ["type", "name", "tbl_name", "rootpage", "sql"];

/// Whether it is a database that has all these words, such as names of tables and columns.
pub(super) fn has_names(sample: &Sample<'_>, names: &[&str]) -> bool {
    let has = |bytes: &[u8]| {
        names
            .iter()
            .all(|name| memchr::memmem::find(bytes, name.as_bytes()).is_some())
    };
    // The schema is at the beginning, but may have grown beyond the head.
    sample.head.starts_with(MAGIC) && (has(sample.head) || has(&sample.deep(0, DOCUMENT_BYTES)))
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob,
}

impl Cell {
    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "byte counts; a cast from floating point saturates"
            )]
            Self::Real(number) => Some(*number as i64),
            _ => None,
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "times in seconds, far below 2^52"
    )]
    pub(super) fn real(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Real(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A row with its number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) id: i64,
    cells: Vec<Cell>,
}

/// A table as read, with the names of its columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table {
    columns: Vec<String>,
    /// The column that is the row's number under another name, and stored empty.
    id_column: Option<usize>,
    pub(super) rows: Vec<Row>,
}

impl Table {
    /// The value of a column, if the table has it.
    pub(super) fn cell(&self, row: &Row, column: &str) -> Option<Cell> {
        let position = self
            .columns
            .iter()
            .position(|known| known.eq_ignore_ascii_case(column))?;
        match row.cells.get(position) {
            Some(Cell::Null) if self.id_column == Some(position) => Some(Cell::Integer(row.id)),
            found => found.cloned(),
        }
    }
}

/// A database file in memory.
#[derive(Debug)]
pub(super) struct Database<'b> {
    bytes: &'b [u8],
    page_bytes: usize,
    /// Bytes of a page without those reserved at its end.
    usable: usize,
    encoding: u32,
    /// What was met on the way.
    pub(super) damage: BTreeSet<&'static str>,
}

impl<'b> Database<'b> {
    pub(super) fn open(bytes: &'b [u8]) -> Option<Self> {
        if !bytes.starts_with(MAGIC) {
            return None;
        }
        let page_bytes = match big_endian(bytes, 16, 2)? {
            1 => 65_536,
            size => usize::try_from(size).ok()?,
        };
        let reserved = usize::from(*bytes.get(20)?);
        let usable = page_bytes.checked_sub(reserved)?;
        let is_sane = page_bytes.is_power_of_two() && page_bytes >= 512 && usable >= 480;
        is_sane.then(|| Self {
            bytes,
            page_bytes,
            usable,
            encoding: big_endian(bytes, 56, 4)
                .and_then(|number| u32::try_from(number).ok())
                .unwrap_or(1),
            damage: BTreeSet::new(),
        })
    }

    /// A table of that name, at most so many rows; `None` if there is none.
    pub(super) fn table(&mut self, name: &str, most: usize) -> Option<Table> {
        let schema = Table {
            columns: SCHEMA_COLUMNS.map(str::to_owned).to_vec(),
            id_column: None,
            rows: self.rows(SCHEMA_ROOT, most),
        };
        let text = |row: &Row, column: &str| {
            let cell = schema.cell(row, column)?;
            cell.text().map(str::to_owned)
        };
        let entry = schema.rows.iter().find(|row| {
            text(row, "type").as_deref() == Some("table")
                && text(row, "name").is_some_and(|known| known.eq_ignore_ascii_case(name))
        })?;
        let root = schema.cell(entry, "rootpage")?.integer()?;
        let (columns, id_column) = columns(&text(entry, "sql")?);
        Some(Table {
            columns,
            id_column,
            rows: self.rows(u32::try_from(root).ok()?, most),
        })
    }

    /// All rows below a root page, in the order of their numbers.
    fn rows(&mut self, root: u32, most: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut seen = BTreeSet::new();
        // The next page is the last; children are put there the other way round.
        let mut pending = vec![(root, 0_usize)];
        while let Some((number, depth)) = pending.pop() {
            if depth > SQLITE_DEPTH || !seen.insert(number) {
                self.damage.insert("pages of the database lead in circles");
                continue;
            }
            let Some(page) = self.page(number) else {
                self.damage.insert("pages of the database are missing");
                continue;
            };
            let header = if number == SCHEMA_ROOT {
                FILE_HEADER_BYTES
            } else {
                0
            };
            let (Some(kind), Some(count)) = (page.get(header), big_endian(page, at(header, 3), 2))
            else {
                continue;
            };
            let first_pointer = match kind {
                13 => at(header, 8),
                5 => at(header, 12),
                _ => {
                    self.damage.insert("a page of the database is no table's");
                    continue;
                }
            };
            let mut children = Vec::new();
            for index in 0..usize::try_from(count).unwrap_or(0) {
                let pointer = big_endian(page, at(first_pointer, index.saturating_mul(2)), 2);
                let Some(cell) = pointer
                    .and_then(|pointer| usize::try_from(pointer).ok())
                    .and_then(|pointer| page.get(pointer..))
                else {
                    self.damage.insert("rows of the database are missing");
                    continue;
                };
                if *kind == 5 {
                    children
                        .extend(big_endian(cell, 0, 4).and_then(|page| u32::try_from(page).ok()));
                } else if rows.len() >= most {
                    self.damage
                        .insert("more rows in the database than the bound");
                    return rows;
                } else {
                    match self.row(cell) {
                        Some(row) => rows.push(row),
                        None => {
                            self.damage.insert("rows of the database are missing");
                        }
                    }
                }
            }
            if *kind == 5 {
                children.extend(
                    big_endian(page, at(header, 8), 4).and_then(|page| u32::try_from(page).ok()),
                );
            }
            let below = depth.saturating_add(1);
            pending.extend(children.into_iter().rev().map(|child| (child, below)));
        }
        rows
    }

    fn page(&self, number: u32) -> Option<&'b [u8]> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        let start = index.checked_mul(self.page_bytes)?;
        self.bytes.get(start..start.checked_add(self.usable)?)
    }

    /// A cell of a leaf: length, number, and the record, which may go on in overflow pages (§1.6).
    fn row(&self, cell: &[u8]) -> Option<Row> {
        let (length, cell) = varint(cell)?;
        let (id, cell) = varint(cell)?;
        let length = usize::try_from(length).ok()?;
        if length > SQLITE_ROW_BYTES {
            return None;
        }
        let most_local = self.usable.checked_sub(35)?;
        if length <= most_local {
            return Some(Row {
                id,
                cells: self.record(cell.get(..length)?)?,
            });
        }
        // How much of a long record is kept on the page (§1.6).
        let least = self
            .usable
            .checked_sub(12)?
            .checked_mul(32)?
            .checked_div(255)?
            .checked_sub(23)?;
        let per_page = self.usable.checked_sub(4)?;
        let kept = at(least, length.checked_sub(least)?.checked_rem(per_page)?);
        let kept = if kept <= most_local { kept } else { least };
        let mut record = cell.get(..kept)?.to_vec();
        let mut next = big_endian(cell, kept, 4)?;
        // Each page adds bytes, so the length bounds the chain, circles and all.
        while record.len() < length {
            let page = self.page(u32::try_from(next).ok()?)?;
            next = big_endian(page, 0, 4)?;
            let missing = length.saturating_sub(record.len()).min(per_page);
            record.extend_from_slice(page.get(4..)?.get(..missing)?);
        }
        Some(Row {
            id,
            cells: self.record(&record)?,
        })
    }

    /// Serial types, then the values (§2.1).
    fn record(&self, record: &[u8]) -> Option<Vec<Cell>> {
        let (header_length, after) = varint(record)?;
        let header_length = usize::try_from(header_length).ok()?;
        let varint_length = record.len().checked_sub(after.len())?;
        let mut types = after.get(..header_length.checked_sub(varint_length)?)?;
        let mut body = record.get(header_length..)?;
        let mut cells = Vec::new();
        while !types.is_empty() && cells.len() < SQLITE_COLUMNS {
            let (kind, rest) = varint(types)?;
            types = rest;
            let length = match kind {
                0 | 8 | 9 => 0,
                1..=4 => usize::try_from(kind).ok()?,
                5 => 6,
                6 | 7 => 8,
                _ => usize::try_from(kind.checked_sub(12)?.checked_div(2)?).ok()?,
            };
            let (value, rest) = body.split_at_checked(length)?;
            body = rest;
            cells.push(match kind {
                0 => Cell::Null,
                8 => Cell::Integer(0),
                9 => Cell::Integer(1),
                1..=6 => Cell::Integer(signed(value)),
                7 => Cell::Real(f64::from_be_bytes(value.try_into().ok()?)),
                odd if odd % 2 == 1 => Cell::Text(self.text(value)),
                _ => Cell::Blob,
            });
        }
        Some(cells)
    }

    fn text(&self, bytes: &[u8]) -> String {
        let units = |decode: fn([u8; 2]) -> u16| {
            let units: Vec<u16> = bytes.as_chunks().0.iter().copied().map(decode).collect();
            String::from_utf16_lossy(&units)
        };
        match self.encoding {
            2 => units(u16::from_le_bytes),
            3 => units(u16::from_be_bytes),
            _ => String::from_utf8_lossy(bytes).into_owned(),
        }
    }
}

fn at(start: usize, offset: usize) -> usize {
    start.saturating_add(offset)
}

fn big_endian(bytes: &[u8], offset: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(offset..at(offset, length))?;
    Some(
        bytes
            .iter()
            .fold(0, |number, byte| (number << 8) | u64::from(*byte)),
    )
}

/// Two's complement of up to eight bytes, big end first.
fn signed(bytes: &[u8]) -> i64 {
    let start = match bytes.first() {
        Some(first) if *first >= 0x80 => -1_i64,
        _ => 0,
    };
    bytes
        .iter()
        .fold(start, |number, byte| (number << 8) | i64::from(*byte))
}

/// Up to nine bytes, seven bits each but for the ninth, which has eight (§1.6); negative numbers take all nine.
fn varint(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let mut number = 0_i64;
    for (index, byte) in bytes.iter().take(9).enumerate() {
        let rest = || bytes.get(index.saturating_add(1)..);
        if index == 8 {
            return Some(((number << 8) | i64::from(*byte), rest()?));
        }
        number = (number << 7) | i64::from(byte & 0x7f);
        if *byte < 0x80 {
            return Some((number, rest()?));
        }
    }
    None
}

/// The names of the columns of `CREATE TABLE`, and which of them is the row's number.
fn columns(sql: &str) -> (Vec<String>, Option<usize>) {
    const CONSTRAINTS: [&str; 5] = ["constraint", "primary", "unique", "check", "foreign"];
    let (mut columns, mut id_column) = (Vec::new(), None);
    let Some((_, inside)) = sql.split_once('(') else {
        return (columns, None);
    };
    let (mut depth, mut part) = (0_usize, String::new());
    let mut parts = Vec::new();
    for character in inside.chars() {
        match character {
            '(' => depth = depth.saturating_add(1),
            ')' if depth == 0 => break,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(character);
    }
    parts.push(part);
    for part in parts.iter().map(|part| part.trim()) {
        let (name, rest) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
        let is_constraint = CONSTRAINTS
            .iter()
            .any(|word| name.eq_ignore_ascii_case(word));
        if name.is_empty() || is_constraint {
            continue;
        }
        let kind = rest.trim().to_ascii_lowercase();
        if kind.starts_with("integer") && kind.contains("primary key") {
            id_column = Some(columns.len());
        }
        columns.push(name.trim_matches(['"', '`', '[', ']', '\'']).to_owned());
    }
    (columns, id_column)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Known answers of the format's description.
    #[test]
    fn numbers_are_read_as_the_format_says() {
        assert_eq!(varint(&[0x7f]), Some((127, &[][..])));
        assert_eq!(varint(&[0x81, 0x00, 9]), Some((128, &[9][..])));
        assert_eq!(varint(&[0xff; 9]), Some((-1, &[][..])));
        assert_eq!(varint(&[0x80]), None);
        assert_eq!(
            [signed(&[0xff]), signed(&[0x7f, 0xff]), signed(&[])],
            [-1, 32_767, 0]
        );
    }

    #[test]
    fn columns_are_named_by_the_statement() {
        let sql = "CREATE TABLE ZLIVEUSAGE ( Z_PK INTEGER PRIMARY KEY, \"Z_ENT\" INTEGER, ZCOST DECIMAL(10,2), [ZNAME] VARCHAR, UNIQUE (Z_ENT))";
        let (names, id) = columns(sql);
        assert_eq!(names, ["Z_PK", "Z_ENT", "ZCOST", "ZNAME"]);
        assert_eq!(id, Some(0));
        assert_eq!(columns("").0, Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn any_pages_are_survived(mut bytes in prop::collection::vec(any::<u8>(), 600..3000)) {
            bytes[..16].copy_from_slice(MAGIC);
            bytes[16..18].copy_from_slice(&512_u16.to_be_bytes());
            bytes[20] = 0;
            bytes[100] = if bytes[101] % 2 == 0 { 13 } else { 5 };
            if let Some(mut database) = Database::open(&bytes) {
                let _ = database.rows(1, 100);
                let _ = database.table("T", 100);
            }
        }
    }
}
