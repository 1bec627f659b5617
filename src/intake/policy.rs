//! `phonehome.toml` at the root of a case: what the company says of itself. Read by name, because the user put it there.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use crate::limits::POLICY_BYTES;
use crate::{Error, Result};

/// What is read of it today; other members are for later versions and do not disturb.
#[derive(Debug, Default, Deserialize)]
struct Policy {
    organisation: Option<String>,
}

/// The organisation's name.
pub(super) fn organisation(path: &Path) -> Result<Option<String>> {
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
    Ok(policy
        .organisation
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty()))
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
    use super::parse;

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
