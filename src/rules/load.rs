//! Files → [`Rules`].

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;
use std::sync::OnceLock;

use ring::digest;
use serde::de::DeserializeOwned;

use super::{
    Apps, Endpoints, FILES, Identifiers, Payloads, Permissions, Problems, Rules, Sdks, app,
    endpoint, identifier, payload, permission, sdk,
};
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

/// The rules, or their first problem as an error.
pub(super) fn finish(rules: Rules, problems: Problems) -> Result<Rules> {
    match problems.into_vec().into_iter().next() {
        None => Ok(rules),
        Some(problem) => Err(Error::Rule {
            file: problem.file.to_owned(),
            reason: problem.reason,
        }),
    }
}

/// Parses one file; a syntax error is a problem with line, column and the line itself, and leaves the file empty.
fn parse<T: DeserializeOwned + Default>(
    name: &'static str,
    texts: &Texts,
    problems: &mut Problems,
) -> T {
    let mut files = FILES.iter().zip(texts);
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

/// Parses what every run needs, and indexes it. All files are tried, so that all syntax errors are found at once; what
/// would only follow from them is not reported.
pub(super) fn assemble(texts: Texts, problems: &mut Problems) -> Rules {
    let apps: app::AppFile = parse("apps.toml", &texts, problems);
    let circumstances: super::CircumstanceFile = parse("circumstances.toml", &texts, problems);
    let comparison: super::ComparisonFile = parse("comparison.toml", &texts, problems);
    let documents: super::DocumentFile = parse("documents.toml", &texts, problems);
    let endpoints: endpoint::EndpointFile = parse("endpoints.toml", &texts, problems);
    let identifiers: identifier::IdentifierFile = parse("identifiers.toml", &texts, problems);
    let legal: super::Legal = parse("legal.toml", &texts, problems);
    let measures: super::MeasureFile = parse("measures.toml", &texts, problems);
    let questions: super::QuestionFile = parse("questions.toml", &texts, problems);
    let signatures: super::SignatureFile = parse("signatures.toml", &texts, problems);
    let mut consequences = Problems::default();
    let problems = if problems.has_syntax_errors() {
        &mut consequences
    } else {
        problems
    };
    let apps = Apps::new(apps, problems);
    let endpoints = Endpoints::new(endpoints, &apps.entries, problems);
    Rules {
        sha256: sha256(&texts),
        apps,
        circumstances: circumstances.finish(problems),
        comparison,
        documents,
        endpoints,
        identifiers: Identifiers::new(identifiers, problems),
        legal: legal.finish(problems),
        measures,
        questions,
        signatures: signatures.finish(problems),
        payloads: OnceLock::new(),
        permissions: OnceLock::new(),
        sdks: OnceLock::new(),
        texts,
    }
}

/// Parses and indexes `payloads.toml`.
pub(super) fn payloads(
    texts: &Texts,
    identifiers: &Identifiers,
    problems: &mut Problems,
) -> Payloads {
    let file: payload::PayloadFile = parse("payloads.toml", texts, problems);
    Payloads::new(file, &identifiers.entries, problems)
}

/// Parses and indexes `permissions.toml`.
pub(super) fn permissions(texts: &Texts, problems: &mut Problems) -> Permissions {
    let file: permission::PermissionFile = parse("permissions.toml", texts, problems);
    Permissions::new(file, problems)
}

/// Parses and indexes `sdks.toml`.
pub(super) fn sdks(rules: &Rules, problems: &mut Problems) -> Sdks {
    let file: sdk::SdkFile = parse("sdks.toml", &rules.texts, problems);
    Sdks::new(file, &|company| rules.is_company(company), problems)
}

/// SHA-256 over name, length and text of each file, so that moving text between files changes it.
fn sha256(texts: &Texts) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for (file, text) in FILES.iter().zip(texts) {
        context.update(file.name.as_bytes());
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    }
    let mut hexadecimal = String::new();
    for byte in context.finish().as_ref() {
        // writing to a string cannot fail
        let _ = write!(hexadecimal, "{byte:02x}");
    }
    hexadecimal
}
