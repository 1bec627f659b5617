//! `phonehome.toml` at the root of a case: what the company says of itself. Read by name, because the user put it there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use crate::limits::POLICY_BYTES;
use crate::manifest::Column;
use crate::{Error, Result};

/// What is read of it today; other members are for later versions and do not disturb.
#[derive(Debug, Default, Deserialize)]
struct Policy {
    organisation: Option<String>,
    #[serde(default)]
    inventory: Inventory,
}

/// How to read lists of apps.
#[derive(Debug, Default, Deserialize)]
struct Inventory {
    /// Names of columns, by what they mean.
    #[serde(default)]
    columns: BTreeMap<String, String>,
}

/// What the user says in `phonehome.toml`, as far as it is about inputs.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The organisation's name.
    pub(super) organisation: Option<String>,
    /// Columns of lists of apps.
    pub(super) columns: BTreeMap<Column, String>,
}

/// Names of what columns can mean, under `[inventory.columns]`.
const COLUMNS: [(&str, Column); 10] = [
    ("package", Column::Package),
    ("name", Column::Name),
    ("apps", Column::Apps),
    ("version", Column::Version),
    ("device", Column::Device),
    ("device_name", Column::DeviceName),
    ("platform", Column::Platform),
    ("model", Column::Model),
    ("installer", Column::Installer),
    ("state", Column::State),
];

/// Reads it.
pub(super) fn read(path: &Path) -> Result<Said> {
    let mut text = String::new();
    let file = File::open(path).and_then(|file| file.take(POLICY_BYTES).read_to_string(&mut text));
    file.map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let policy = parse(&text).map_err(|reason| Error::Format {
        path: path.to_owned(),
        reason,
    })?;
    let columns = columns(&policy.inventory).map_err(|reason| Error::Format {
        path: path.to_owned(),
        reason,
    })?;
    let organisation = policy.organisation.map(|name| name.trim().to_owned());
    Ok(Said {
        organisation: organisation.filter(|name| !name.is_empty()),
        columns,
    })
}

fn columns(inventory: &Inventory) -> Result<BTreeMap<Column, String>, String> {
    let mut columns = BTreeMap::new();
    for (key, column_name) in &inventory.columns {
        let Some((_, column)) = COLUMNS.iter().find(|(known, _)| known == key) else {
            let known: Vec<&str> = COLUMNS.iter().map(|(known, _)| *known).collect();
            let known = known.join(", ");
            return Err(format!("[inventory.columns]: {key} is not one of {known}"));
        };
        columns.insert(*column, column_name.trim().to_owned());
    }
    Ok(columns)
}

/// The policy, or what is wrong with it and in which line.
fn parse(text: &str) -> Result<Policy, String> {
    toml::from_str(text).map_err(|error| {
        let before = error
            .span()
            .and_then(|span| text.get(..span.start))
            .unwrap_or_default();
        let line = before.matches('\n').count().saturating_add(1);
        format!("line {line}: {}", error.message())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_known_meanings() {
        let read = |text| columns(&parse(text).unwrap().inventory);
        let columns = read("[inventory.columns]\ndevice = \"Gerät\"\napps = \"Apps\"\n").unwrap();
        assert_eq!(columns[&Column::Device], "Gerät");
        assert!(
            read("[inventory.columns]\ndevise = \"x\"\n")
                .unwrap_err()
                .contains("devise is not one of package, name")
        );
    }

    #[test]
    fn the_organisation_is_read_and_errors_name_their_line() {
        let policy = parse("# ours\norganisation = \"Muster GmbH\"\n[later]\nkey = 1\n").unwrap();
        assert_eq!(policy.organisation.as_deref(), Some("Muster GmbH"));
        assert_eq!(parse("").unwrap().organisation, None);
        assert!(
            parse("\n\norganisation = 7\n")
                .unwrap_err()
                .starts_with("line 3: ")
        );
        assert!(
            parse("organisation = \"open")
                .unwrap_err()
                .starts_with("line 1: ")
        );
    }
}
