//! Tables whose columns are named in a list beside them.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::{Signs, is_name, name_step};
use crate::model::{Fields, PathId, PathStep, Place, Step};

/// Columns of rows that no name tells, at least: corners of maps and conditions have two numbers.
const FEWEST_COLUMNS: usize = 3;

/// Whether a name is of what is asked for, rather than of rows.
fn is_of_query(name: &str) -> bool {
    const PARTS: [&str; 9] = [
        "bbox", "bound", "range", "default", "filter", "where", "sort", "order", "extent",
    ];
    let name = name.to_ascii_lowercase();
    PARTS.iter().any(|part| name.contains(part))
}

/// The cells of tables whose columns are named in a list beside them: `{"columns": ["lat", "lon"], "rows": [[52.52, 13.40]]}`.
pub(super) fn in_rows(fields: &Fields<'_>, signs: &Signs) -> Vec<(usize, Vec<PathStep>)> {
    let paths = &fields.paths;
    // By place and object.
    let mut heads: BTreeMap<(Place, PathId), BTreeMap<u32, &str>> = BTreeMap::new();
    for field in fields {
        if let Some((list, Step::Index(column))) = paths.split(field.path)
            && let Some((object, name)) = paths.split(list)
            && signs.of(name).is_head
            && is_name(&field.value)
        {
            let head = heads.entry((field.place, object)).or_default();
            head.entry(column).or_insert(&field.value);
        }
    }
    heads.retain(|_, head| head.len() > 1);
    if heads.is_empty() {
        return Vec::new();
    }
    // The cells of each row.
    let mut cells: HashMap<PathId, usize> = HashMap::new();
    for field in fields {
        if let Some((row, Step::Index(_))) = paths.split(field.path) {
            let cells = cells.entry(row).or_default();
            *cells = cells.saturating_add(1);
        }
    }
    let all = fields.iter().enumerate();
    all.filter_map(|(at, field)| {
        let (row, Step::Index(column)) = paths.split(field.path)? else {
            return None;
        };
        let (rows, Step::Index(_)) = paths.split(row)? else {
            return None;
        };
        let (object, name) = paths.split(rows)?;
        let head = heads.get(&(field.place, object))?;
        let is_row = signs.of(name).is_rows
            || head.len() >= FEWEST_COLUMNS
                && cells.get(&row) == Some(&head.len())
                && matches!(name, Step::Name(name) if !is_of_query(paths.text(name)));
        let name = name_step(head.get(&column).filter(|_| is_row)?);
        let mut path = paths.path(row).to_field_path().0;
        path.push(name);
        Some((at, path))
    })
    .collect()
}
