//! Keys that the user names: to sign reports, to trust them, and to label values alike in all of them.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use phonehome::limits::{KEY_FILE_BYTES, PSEUDONYM_KEY_BYTES};
use phonehome::model::Audit;
use phonehome::report::Presentable;
use phonehome::rules::Rules;
use phonehome::signature::{PublicKey, SecretKey};
use phonehome::{Error, Result};
use zeroize::Zeroizing;

use super::input::read_report;
use super::output::write_to;
use super::talk::say;
use crate::cli::TalkOptions;

/// How every public key of minisign begins: `Ed` in base64.
const KEY_BEGIN: &str = "RW";

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let file = File::open(path).and_then(|file| file.take(KEY_FILE_BYTES).read_to_end(&mut bytes));
    file.map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(bytes)
}

fn refused(path: &Path, reason: &str) -> Error {
    Error::Format {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

/// The audit ready to be shown, with labels of the key in `secret` if there is one.
pub(super) fn presentable(
    audit: &Audit,
    rules: &Rules,
    shows_values: bool,
    secret: Option<&Path>,
) -> Result<Presentable> {
    let Some(path) = secret else {
        return Ok(Presentable::new(audit, rules, shows_values));
    };
    let key = read(path)?;
    let key = key.trim_ascii_end();
    if key.len() < PSEUDONYM_KEY_BYTES {
        let reason = format!("a key for labels has {PSEUDONYM_KEY_BYTES} bytes or more");
        return Err(refused(path, &reason));
    }
    Ok(Presentable::pseudonymised(audit, rules, key))
}

/// The secret key to sign with.
pub(super) fn signer(path: Option<&Path>) -> Result<Option<SecretKey>> {
    let Some(path) = path else { return Ok(None) };
    let bytes = read(path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| refused(path, "it is no text"))?;
    let key = SecretKey::parse(text).map_err(|reason| refused(path, &reason))?;
    Ok(Some(key))
}

/// Where the signature of a report lies.
fn beside(report: &Path) -> PathBuf {
    let mut name = OsString::from(report);
    name.push(".minisig");
    PathBuf::from(name)
}

/// Signs a report that was written to a file.
pub(super) fn sign(key: &SecretKey, report: Option<&Path>) -> Result<()> {
    let Some(path) = report.filter(|path| path.is_file()) else {
        let reason = "--sign signs reports in files: name one with --output, or --format json=FILE";
        return Err(Error::Usage(reason.to_owned()));
    };
    let text = std::fs::read(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let comment = format!("file:{}", phonehome::report::safe(&name));
    let signature = key.sign(&text, &comment);
    write_to(Some(&beside(path)), |out| {
        out.write_all(signature.as_bytes())
    })
}

/// Whether a report is signed by a public key (its file, or the key itself), if one is asked for; says why it is not.
pub(super) fn is_trusted(key: Option<&str>, report: &Path, talk: TalkOptions) -> Result<bool> {
    let Some(key) = key else {
        let signature = beside(report);
        if signature.is_file() {
            let shown = phonehome::report::safe(&signature.display().to_string());
            talk.note(&format!(
                "{shown} was not checked, so the report may be another one than was signed: name the key with --trust"
            ));
        }
        return Ok(true);
    };
    let path = Path::new(key);
    let text = match read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        // What has the form of a path is none of a key: base64 has no dots, and those keys all begin alike.
        Err(Error::Read { source, .. })
            if source.kind() == io::ErrorKind::NotFound
                && (key.starts_with(KEY_BEGIN) || !key.contains(['.', '/', '\\'])) =>
        {
            key.to_owned()
        }
        Err(error) => return Err(error),
    };
    let key = PublicKey::parse(&text)
        .map_err(|reason| Error::Usage(format!("--trust: neither a file nor a key: {reason}")))?;
    let signature = read(&beside(report))?;
    let signature = String::from_utf8_lossy(&signature);
    let text = read_report(report)?;
    let found = key.verify(&text, &signature);
    if let Err(reason) = &found {
        say(&format!(
            "error: the signature of the report does not hold: {reason}"
        ));
    }
    Ok(found.is_ok())
}
