//! Rows of a log of Zeek, as columns or as JSON.

use std::borrow::Cow;

use serde_json::Value;

use crate::intake::json::parse;

/// One row, in either form.
pub(super) enum Row<'a> {
    Table {
        layout: &'a Layout,
        values: Vec<&'a str>,
    },
    Json(Value),
}

/// Whether a column has that name: `id.orig_h`, or `id_orig_h` where `Log::default_scope_sep` says so.
pub(super) fn is_column(column: &str, name: &str) -> bool {
    column == name
        || name
            .split_once('.')
            .is_some_and(|(record, field)| column.split_once('_') == Some((record, field)))
}

/// A member of a row, under the names that columns have, or in an object of its own (`{"id":{"orig_h":…}}`).
fn member<'v>(row: &'v Value, name: &str) -> Option<&'v Value> {
    row.get(name).or_else(|| {
        let (record, field) = name.split_once('.')?;
        let nested = row.get(record).and_then(|record| record.get(field));
        nested.or_else(|| row.get(format!("{record}_{field}")))
    })
}

/// A row without the name of its log, which the writer to Kafka puts around it (`tag_json`).
fn without_tag(row: Value) -> Value {
    match row {
        Value::Object(tagged) if tagged.len() == 1 && !tagged.contains_key("ts") => {
            let inner = tagged.into_iter().next().map(|(_, inner)| inner);
            inner.unwrap_or_default()
        }
        row => row,
    }
}

/// Header of the tabular form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    separator: char,
    set_separator: String,
    empty: String,
    unset: String,
    fields: Vec<String>,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            separator: '\t',
            set_separator: ",".to_owned(),
            empty: "(empty)".to_owned(),
            unset: "-".to_owned(),
            fields: Vec::new(),
        }
    }
}

impl Layout {
    /// Takes a line that begins with `#`.
    pub(super) fn header(&mut self, line: &str) {
        if let Some(separator) = line.strip_prefix("#separator ") {
            self.separator = unescaped(separator.trim()).chars().next().unwrap_or('\t');
            return;
        }
        let Some((name, value)) = line.split_once(self.separator) else {
            return;
        };
        match name {
            "#set_separator" => value.clone_into(&mut self.set_separator),
            "#empty_field" => value.clone_into(&mut self.empty),
            "#unset_field" => value.clone_into(&mut self.unset),
            "#fields" => {
                self.fields = value.split(self.separator).map(str::to_owned).collect();
            }
            _ => {}
        }
    }
}

/// `\x09` and the like undone; these are bytes, of UTF-8 too.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains("\\x") {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        let digits = after.get(..2).unwrap_or_default();
        if let Ok(byte) = u8::from_str_radix(digits, 16) {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.extend_from_slice(b"\\x");
            rest = after;
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

impl Row<'_> {
    fn raw(&self, name: &str) -> Option<&str> {
        match self {
            Self::Table { layout, values } => {
                let at = layout
                    .fields
                    .iter()
                    .position(|field| is_column(field, name))?;
                let value = values.get(at)?;
                (*value != layout.unset && *value != layout.empty).then_some(value)
            }
            Self::Json(_) => None,
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::Table { layout, .. } => layout.fields.iter().any(|field| is_column(field, name)),
            Self::Json(value) => member(value, name).is_some(),
        }
    }

    pub(super) fn columns(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Table { layout, .. } => Box::new(layout.fields.iter().map(String::as_str)),
            Self::Json(value) => {
                let members = value.as_object().into_iter().flatten();
                Box::new(members.map(|(name, _)| name.as_str()))
            }
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self {
            Self::Table { .. } => self.raw(name).map(|value| unescaped(value).into_owned()),
            Self::Json(value) => match member(value, name)? {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                Value::Bool(flag) => Some(flag.to_string()),
                _ => None,
            },
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    pub(super) fn fraction(&self, name: &str) -> Option<f64> {
        self.text(name)?.parse().ok()
    }

    pub(super) fn list(&self, name: &str) -> Vec<String> {
        match self {
            Self::Table { layout, .. } => self
                .raw(name)
                .into_iter()
                .flat_map(|value| value.split(layout.set_separator.as_str()))
                .map(|value| unescaped(value).into_owned())
                .collect(),
            Self::Json(value) => member(value, name)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|element| element.as_str().map(str::to_owned))
                .collect(),
        }
    }
}

/// `None` if the line is no whole row.
pub(super) fn row<'a>(layout: &'a Layout, line: &'a str) -> Option<Row<'a>> {
    if line.starts_with('{') {
        return parse(line.as_bytes()).map(without_tag).map(Row::Json);
    }
    let values: Vec<&str> = line.split(layout.separator).collect();
    let is_whole = !layout.fields.is_empty() && values.len() >= layout.fields.len();
    is_whole.then_some(Row::Table { layout, values })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescaped("a\\x09b\\xc3\\xa9\\xZZ"), "a\tbé\\xZZ");
    }
}
