//! The code in app packages → names by which third parties' code is told: classes of DEX files, frameworks of iOS apps.

use std::collections::BTreeSet;
use std::io;

use super::dex::{DexType, bytes_needed, dex};
use super::package_set;
use super::zip_archive::{Archive, Entry};
use crate::limits;

/// A name in an app's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeName<'a> {
    /// A type in a DEX file.
    Class(DexType<'a>),
    /// A framework or resource bundle of an iOS app, without its ending.
    Framework(&'a str),
}

/// Hands out the names in the code of a package (APK, set of APKs, AAB, IPA). Returns what was damaged.
pub fn code_names<I: io::Read + io::Seek>(
    input: &mut I,
    visit: &mut dyn FnMut(CodeName<'_>),
) -> Vec<String> {
    let mut damage = Vec::new();
    let mut archive = Archive::open(input);
    names(&mut archive, visit, &mut damage);
    let packages = package_set::packages(&archive);
    for package in &packages {
        package_set::open(&mut archive, package, &mut |input| {
            names(&mut Archive::open(input), visit, &mut damage);
        });
    }
    damage
}

fn names<I: io::Read + io::Seek>(
    archive: &mut Archive<'_, I>,
    visit: &mut dyn FnMut(CodeName<'_>),
    damage: &mut Vec<String>,
) {
    let files: Vec<Entry> = archive
        .entries
        .iter()
        .filter(|entry| is_code(&entry.name))
        .cloned()
        .collect();
    if files.len() > limits::DEX_FILES {
        damage.push("more DEX files in a package than the bound".to_owned());
    }
    for entry in files.iter().take(limits::DEX_FILES) {
        let [method, other] = entry.methods();
        let is_dex = |content: &Vec<u8>| content.starts_with(b"dex\n");
        let content = archive
            .beginning(entry, limits::DEX_BYTES, &bytes_needed)
            .filter(is_dex)
            .or_else(|| archive.content(entry, method, limits::DEX_BYTES))
            .filter(is_dex)
            .or_else(|| archive.content(entry, other, limits::DEX_BYTES));
        let content = content.unwrap_or_default();
        damage.extend(dex(&content, &mut |class| visit(CodeName::Class(class))));
    }
    let mut frameworks: BTreeSet<String> = BTreeSet::new();
    for entry in &archive.entries {
        if entry.name.starts_with(b"Payload/") {
            let path = String::from_utf8_lossy(&entry.name);
            frameworks.extend(path.split('/').filter_map(framework).map(str::to_owned));
        }
    }
    for name in &frameworks {
        visit(CodeName::Framework(name));
    }
}

/// The name of a framework or bundle, from its folder's.
pub(super) fn framework(folder: &str) -> Option<&str> {
    folder
        .strip_suffix(".framework")
        .or_else(|| folder.strip_suffix(".bundle"))
        .filter(|name| !name.is_empty())
}

/// `classes.dex`, `classes2.dex` … of a package, and in `dex` of a module of a bundle.
fn is_code(path: &[u8]) -> bool {
    let mut steps = path.rsplit(|byte| *byte == b'/');
    let is_dex = steps.next().is_some_and(|name| {
        name.strip_prefix(b"classes")
            .and_then(|name| name.strip_suffix(b".dex"))
            .is_some_and(|number| number.iter().all(u8::is_ascii_digit))
    });
    is_dex
        && match (steps.next(), steps.next(), steps.next()) {
            (None, ..) => true,
            (Some(folder), Some(_module), None) => folder == b"dex",
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_runs_is_code() {
        assert!(is_code(b"classes.dex"));
        assert!(is_code(b"classes12.dex"));
        assert!(is_code(b"base/dex/classes2.dex"));
        assert!(!is_code(b"assets/classes.dex"));
        assert!(!is_code(b"classesa.dex"));
    }
}
