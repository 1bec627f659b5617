//! What `phonehome.toml` names: a name that nothing has is a mistake, and one that nothing here has may be one.

use crate::intake::{Case, Mention, Mentioned};
use crate::likeness::nearest;
use crate::model::{Coverage, DeviceReport, Dossier, Shortfall, matches};
use crate::rules::Rules;
use crate::{Error, Result};

/// Names that are told; people misspell a few.
const NAMED: usize = 8;

/// Refuses names that no app and no observation can have.
pub(super) fn refuse_unknown(case: &Case, rules: &Rules, dossiers: &[Dossier]) -> Result<()> {
    let mut mentions = case.mentions.iter();
    let Some(mention) = mentions.find(|mention| !is_possible(mention, rules, dossiers)) else {
        return Ok(());
    };
    let Mention {
        line, place, name, ..
    } = mention;
    let (what, known): (_, Vec<&str>) = if mention.what == Mentioned::Observation {
        let known = rules.legal().observations.iter().map(|one| &*one.id);
        ("no observation of the rules", known.collect())
    } else {
        let known = rules.apps().iter().map(|app| &*app.id);
        ("neither a profile nor a package id", known.collect())
    };
    let meant = nearest(&name.to_lowercase(), known.into_iter().map(|id| (id, id))).next();
    let meant = meant.map_or_else(String::new, |id| format!("; did you mean `{id}`?"));
    Err(Error::Policy {
        path: case.policy_file.clone().unwrap_or_default(),
        reason: format!("line {line}: {place} `{name}` is {what}{meant}"),
    })
}

/// Package and bundle ids have a dot, by their form; what a phone lists may be called anything.
fn is_possible(mention: &Mention, rules: &Rules, dossiers: &[Dossier]) -> bool {
    let name = mention.name.as_str();
    match mention.what {
        Mentioned::Phones => true,
        Mentioned::Observation => rules.legal().observation(name).is_some(),
        Mentioned::App | Mentioned::AppAtHand => {
            let is_listed = || dossiers.iter().any(|dossier| dossier.has_package(name));
            name.contains('.') || rules.app(name).is_some() || is_listed()
        }
    }
}

/// Notes names of phones and apps that nothing in this case has.
pub(super) fn note_unused(
    (case, rules): (&Case, &Rules),
    phones: &[(String, Dossier)],
    reports: &[DeviceReport],
    coverage: &mut Coverage,
) {
    let apps = || reports.iter().flat_map(|device| &device.apps);
    let is_used = |mention: &&Mention| {
        let name = mention.name.as_str();
        match mention.what {
            Mentioned::Phones => reports.iter().any(|device| matches(name, &device.name)),
            Mentioned::AppAtHand => {
                let is_seen = apps().any(|app| {
                    app.id.as_ref().is_some_and(|id| id.as_str() == name)
                        || app.packages.iter().any(|package| package == name)
                });
                let shadow = || reports.iter().flat_map(|device| &device.shadow);
                // A profile may be that of an app that no phone has yet.
                rules.app(name).is_some()
                    || is_seen
                    || shadow().any(|app| app.id.as_str() == name)
                    || phones.iter().any(|(_, dossier)| dossier.has_package(name))
            }
            Mentioned::App | Mentioned::Observation => true,
        }
    };
    let unused: Vec<&Mention> = case.mentions.iter().filter(|one| !is_used(one)).collect();
    let Some(input) = case.first_input().filter(|_| !unused.is_empty()) else {
        return;
    };
    let shown = unused.iter().take(NAMED);
    let shown: Vec<String> = shown
        .map(|one| format!("{}: {} `{}`", one.line, one.place, one.name))
        .collect();
    let count = unused.len() as u64;
    coverage.add_many(input, Shortfall::PolicyUnused, count, None, 0, || {
        format!("line {}", shown.join(", "))
    });
}
