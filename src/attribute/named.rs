//! Apps of which a list knows the name alone → the packages of known apps.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Dossier, InstalledApp, Platform};
use crate::rules::{App, Rules, folded};

/// What stores and device management put behind an app's name, in small letters.
const SUFFIXES: [&str; 13] = [
    "for business",
    "for work",
    "for intune",
    "for android",
    "for iphone",
    "for ipad",
    "for ios",
    "für android",
    "für unternehmen",
    "private messenger",
    "messenger",
    "mobile",
    "app",
];

/// Puts apps that are known by name alone under the package of the known app of that name, and marks them. Others keep their
/// name in place of a package.
pub fn resolve_names(rules: &Rules, dossier: &mut Dossier) {
    if dossier.named_apps.is_empty() {
        return;
    }
    let known = rules.apps_by_name();
    for (name, app) in std::mem::take(&mut dossier.named_apps) {
        match profile(&known, &name).and_then(|known| package(known, dossier.platform)) {
            Some(package) => {
                let matched = InstalledApp {
                    is_matched_by_name: true,
                    ..app
                };
                dossier.add_app(package.to_string(), matched);
            }
            None => dossier.add_app(name, app),
        }
    }
}

/// The known app that has that name or is also called so: as written, else without what vendors add to it.
fn profile<'r>(known: &HashMap<String, &'r App>, name: &str) -> Option<&'r App> {
    let mut candidates = candidates(name).into_iter();
    candidates.find_map(|candidate| known.get(&folded(&candidate)).copied())
}

/// The name, then shorter forms of it.
fn candidates(name: &str) -> Vec<String> {
    let whole = plain(name);
    // `Signal – Private Messenger`, `Threema. The Secure Messenger`, `Telegram: fast`.
    let first = name
        .split([':', '–', '—', '|', '('])
        .next()
        .and_then(|first| first.split(" - ").next())
        .map(plain)
        .unwrap_or_default();
    let mut candidates = vec![whole];
    if !first.is_empty() {
        candidates.push(first);
    }
    for candidate in candidates.clone() {
        let mut shorter = candidate;
        while let Some(shortened) = SUFFIXES.iter().find_map(|suffix| {
            let rest = shorter.strip_suffix(suffix)?.strip_suffix(' ')?;
            (!rest.is_empty()).then(|| rest.to_owned())
        }) {
            candidates.push(shortened.clone());
            shorter = shortened;
        }
    }
    candidates
}

/// Words in small letters, one blank between them, no marks.
fn plain(name: &str) -> String {
    let text: String = name
        .chars()
        .map(|character| {
            if character.is_alphanumeric() || character == '+' {
                character
            } else {
                ' '
            }
        })
        .flat_map(char::to_lowercase)
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn package(app: &App, platform: Option<Platform>) -> Option<&Arc<str>> {
    let (android, ios) = (app.android.first(), app.ios.first());
    match platform {
        Some(Platform::Android) => android,
        Some(Platform::Ios) => ios,
        None => android.or(ios),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(name: &str, platform: Platform) -> (String, bool) {
        let rules = Rules::embedded();
        let mut dossier = Dossier {
            platform: Some(platform),
            ..Dossier::default()
        };
        dossier
            .named_apps
            .insert(name.to_owned(), InstalledApp::default());
        resolve_names(&rules, &mut dossier);
        let (package, app) = dossier.apps.pop_first().unwrap();
        (package, app.is_matched_by_name)
    }

    #[test]
    fn names_lead_to_packages_whatever_vendors_add() {
        for name in [
            "WhatsApp",
            "WHATSAPP",
            "WhatsApp Messenger",
            "WhatsApp™ – Messenger",
            "Whats App",
            "whats-app",
            "WA",
        ] {
            assert_eq!(
                resolved(name, Platform::Android),
                ("com.whatsapp".to_owned(), true),
                "{name}"
            );
        }
        assert_eq!(
            resolved("WhatsApp", Platform::Ios).0,
            "net.whatsapp.WhatsApp"
        );
        assert_eq!(
            resolved("WhatsApp Business", Platform::Android).0,
            "com.whatsapp.w4b"
        );
    }

    #[test]
    fn a_name_that_no_profile_has_stays_a_name() {
        assert_eq!(
            resolved("Wetterlicht Pro", Platform::Android),
            ("Wetterlicht Pro".to_owned(), false)
        );
        // nearly one
        assert_eq!(resolved("Whatsap", Platform::Android).0, "Whatsap");
        assert_eq!(resolved("for Business", Platform::Ios).0, "for Business");
    }
}
