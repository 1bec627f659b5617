//! What lies beside a phone's captures and does not fit to the phone: forms of no app, packages of other versions or of apps that
//! it does not have.

use crate::model::{Coverage, Dossier, Shortfall};

/// Notes it, each at its file.
pub(super) fn note(dossier: &Dossier, coverage: &mut Coverage) {
    let packages = dossier.declarations.len();
    if packages != 1 {
        for (_, origin) in dossier.labels.get("").into_iter().flatten() {
            coverage.add(origin.input, Shortfall::UnplacedLabels, None, 0, || {
                format!("it names no app, and {packages} app packages are beside it; call it by the package, as in com.example.app.csv")
            });
        }
    }
    for (package, labels) in &dossier.labels {
        let is_unused = !package.is_empty() && !dossier.is_named(package);
        for (_, origin) in labels.iter().filter(|_| is_unused) {
            coverage.add(origin.input, Shortfall::UnplacedLabels, None, 0, || {
                format!("it is of {package}, which no list of apps, dump or app package beside it names; it counts only where traffic is that app's")
            });
        }
    }
    for (package, (declaration, origin)) in &dossier.declarations {
        if dossier.is_not_listed(package) {
            coverage.add(origin.input, Shortfall::NotInstalled, None, 0, || {
                format!("{package} is not among the installed apps; what it declares is shown all the same")
            });
        }
        let installed = dossier.apps.get(package);
        if let Some(installed) = installed.and_then(|app| app.version.as_deref())
            && let Some(declared) = declaration.version.as_deref()
            && !is_same_version(installed, declared)
        {
            coverage.add(origin.input, Shortfall::OtherVersion, None, 0, || {
                format!("what version {declared} declares stands under the installed version {installed}")
            });
        }
    }
}

/// Whether two texts name one version: lists put the number of the build behind it, or leave the last parts out. What is a
/// reference to a resource says nothing.
fn is_same_version(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    let (short, long) = if one.len() <= other.len() {
        (one, other)
    } else {
        (other, one)
    };
    let rest = long.strip_prefix(short);
    let is_longer = rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()));
    is_longer || short.is_empty() || short.starts_with('@') || long.starts_with('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_the_same_with_the_number_of_the_build() {
        for (one, other) in [
            ("8.1", "8.1"),
            ("8.1 (81)", "8.1"),
            ("8.1", "8.1.7"),
            ("8.1", "@0x7f1"),
            ("", "2"),
        ] {
            assert!(is_same_version(one, other), "{one} {other}");
        }
        for (one, other) in [("8.1", "7.7"), ("8.1", "8.10"), ("8.1.7", "8.1.8")] {
            assert!(!is_same_version(one, other), "{one} {other}");
        }
    }
}
