//! Files → [`Rules`].

use std::borrow::Cow;
use std::path::Path;

use memchr::memmem;
use serde::de::DeserializeOwned;

use super::{FILES, Problems, Rules};
use crate::{Error, Result, limits};

/// The texts of [`FILES`], in their order; those that are borrowed are the embedded ones.
pub(super) type Texts = [Cow<'static, str>; FILES.len()];

/// Reads a rules folder.
pub(super) fn read(folder: &Path) -> Result<Texts> {
    let mut texts: Texts = Default::default();
    for (file, text) in FILES.iter().zip(&mut texts) {
        let path = folder.join(file.name);
        let read = |source| Error::Read {
            path: path.clone(),
            source,
        };
        let length = std::fs::metadata(&path).map_err(read)?.len();
        if length > limits::RULE_FILE_BYTES {
            return Err(Error::Rule {
                file: file.name.to_owned(),
                reason: format!("{length} bytes are more than a rule file may have"),
            });
        }
        *text = Cow::Owned(std::fs::read_to_string(&path).map_err(read)?);
    }
    Ok(texts)
}

/// Whether they are the embedded ones.
pub(super) fn is_embedded(rules: &Rules) -> bool {
    rules
        .texts
        .iter()
        .all(|text| matches!(text, Cow::Borrowed(_)))
}

/// Whether a value may stand in a file: searching its text takes a hundredth of the time of parsing it.
pub(super) fn may_have(name: &str, rules: &Rules, value: &str) -> bool {
    let mut files = FILES.iter().zip(&rules.texts);
    let text = files.find(|(file, _)| file.name == name).map(|it| it.1);
    text.is_some_and(|text| memmem::find(text.as_bytes(), value.as_bytes()).is_some())
}

/// Parses one file; a syntax error is a problem with line, column and the line itself, and leaves the file empty.
pub(super) fn parse<T: DeserializeOwned + Default>(
    name: &'static str,
    rules: &Rules,
    problems: &mut Problems,
) -> T {
    let mut files = FILES.iter().zip(&rules.texts);
    let parsed = match files.find(|(file, _)| file.name == name) {
        Some((file, Cow::Borrowed(_))) => {
            serde_json::from_str(file.json).map_err(|error| error.to_string())
        }
        Some((_, Cow::Owned(text))) => toml::from_str(text).map_err(|error| error.to_string()),
        None => Ok(T::default()),
    };
    parsed.unwrap_or_else(|error| {
        problems.add_syntax(name, error.trim_end().to_owned());
        T::default()
    })
}
