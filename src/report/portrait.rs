//! What is said of an app beside its findings: which package it is, what the company has decided about it, its permissions, what
//! its package holds, and the chains from permission to recipient. In words that several formats share.

use std::collections::BTreeSet;

use super::language::fill;
use super::prose::{self, Prose};
use super::{chain, country, text};
use crate::model::{
    AppReport, DeclaredFact, DeclaredKind, DeviceReport, ExceptionState, Grant, ShadowApp,
    Timestamp,
};

/// Each name once, in the order of appearance.
fn distinct(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let names = names.into_iter();
    names.filter(|name| seen.insert(name.clone())).collect()
}

/// Packages, versions and how it was recognised, on all its phones.
pub(super) fn identity(prose: &Prose<'_>, reports: &[&AppReport], most: usize) -> String {
    let packages = reports.iter().flat_map(|report| &report.packages);
    let packages = distinct(packages.map(|package| text::safe_up_to(package, 80)));
    let versions = reports
        .iter()
        .filter_map(|report| report.version.as_deref());
    let versions = distinct(versions.map(|version| text::safe_up_to(version, 40)));
    let bases = reports.iter().flat_map(|report| &report.bases);
    let bases = distinct(bases.map(|basis| prose.language.basis(*basis).to_owned()));
    let mut facts: Vec<String> = packages.into_iter().take(most).collect();
    facts.extend(versions.into_iter().take(most));
    if !bases.is_empty() {
        let bases = bases.join(", ");
        facts.push(format!("{}: {bases}", prose.texts.recognised_by));
    }
    facts.join(" · ")
}

/// The company in the EEA with which users have the contract, where the deciding company sits elsewhere.
fn contract_party(prose: &Prose<'_>, app: &AppReport) -> Option<String> {
    let profile = prose.rules.app(app.id.as_ref()?.as_str())?;
    let party = profile.eea_company.as_deref()?;
    let country = country::name(prose.language, profile.vendor_country.as_deref()?);
    let values = [("company", party), ("country", country)];
    Some(fill(prose.texts.contract_party, &values))
}

/// Who its users have the contract with, and what the company has decided about an app.
pub(super) fn standing(prose: &Prose<'_>, app: &AppReport) -> Vec<String> {
    let texts = prose.texts;
    let mut lines: Vec<String> = contract_party(prose, app).into_iter().collect();
    let Some(standing) = &app.standing else {
        return lines;
    };
    if let Some(status) = standing.status {
        let word = prose.language.status(status);
        lines.push(fill(texts.policy_says, &[("status", word)]));
    }
    let open = standing.purposes.iter();
    let open = open.filter(|purpose| purpose.legal_basis.is_none());
    lines.extend(open.map(|purpose| {
        let words = text::safe_up_to(&purpose.text, 120);
        fill(texts.no_legal_basis, &[("purpose", &words)])
    }));
    let exceptions = standing.exceptions.iter();
    lines.extend(exceptions.map(|state| exception(prose, state)));
    lines
}

fn exception(prose: &Prose<'_>, state: &ExceptionState) -> String {
    let template = if state.is_expired {
        prose.texts.exception_expired
    } else {
        prose.texts.exception
    };
    let day = state.exception.expires.to_string();
    let owner = text::safe_up_to(&state.exception.owner, 80);
    let reason = text::safe_up_to(&state.exception.reason, 200);
    fill(
        template,
        &[("day", &day), ("owner", &owner), ("reason", &reason)],
    )
}

/// What to ask about the apps that no line of its own advises on, all together.
pub(super) fn shadow_advice(prose: &Prose<'_>) -> Option<String> {
    /// Apps that are named.
    const NAMES: usize = 24;
    let apps = prose.audit.devices.iter().flat_map(|device| &device.shadow);
    let mut advice = None;
    let mut names = BTreeSet::new();
    for app in apps {
        let alternative = prose.rules.alternative(app.id.as_str());
        if let Some(general) = alternative.filter(|one| one.apps.is_empty()) {
            advice = Some(&general.text);
            names.insert(text::safe_up_to(&app.name, 60));
        }
    }
    let names = prose.first(names.into_iter().collect(), NAMES);
    Some(fill(prose.language.of(advice?), &[("app", &names)]))
}

/// An app that the company does not know or does not allow, with what to offer instead.
pub(super) fn shadow(prose: &Prose<'_>, device: &DeviceReport, app: &ShadowApp) -> String {
    let (texts, rules) = (prose.texts, prose.rules);
    let name = text::safe_up_to(&app.name, 60);
    let template = match app.status {
        None => texts.shadow_unknown,
        Some(_) => texts.shadow_forbidden,
    };
    let mut line = fill(template, &[("app", &name)]);
    if !app.is_installed {
        let is_logged = !app.has_traffic || !prose.is_captured(device);
        let seen = if is_logged {
            texts.shadow_by_log
        } else {
            texts.shadow_by_traffic
        };
        line = format!("{line} ({seen})");
    } else if app.is_matched_by_name {
        line = format!("{line} ({})", texts.shadow_by_name);
    } else if let Some(meant) = prose.perhaps(app) {
        let words = prose.language.pick("maybe", "vielleicht");
        line = format!("{line} ({words} {})", text::safe_up_to(&meant, 60));
    }
    line.push('.');
    for state in &app.exceptions {
        line = format!("{line} {}.", exception(prose, state));
    }
    // What holds for any app is said once.
    let alternative = rules.alternative(app.id.as_str());
    let Some(alternative) = alternative.filter(|one| !one.apps.is_empty()) else {
        return line;
    };
    let advice = prose.language.of(&alternative.text);
    line = format!("{line} {}", fill(advice, &[("app", &name)]));
    let offered = alternative
        .offer
        .iter()
        .filter(|id| ***id != *app.id.as_str());
    let names: Vec<&str> = offered
        .filter_map(|id| rules.app(id))
        .map(|app| &*app.name)
        .collect();
    if names.is_empty() {
        return line;
    }
    let offer = fill(texts.shadow_offer, &[("names", &names.join(", "))]);
    format!("{line} {offer}")
}

/// Permissions, what the package holds, chains: a title and lines for each that has any.
pub(super) fn parts(
    prose: &Prose<'_>,
    reports: &[&AppReport],
    most: usize,
) -> Vec<(&'static str, Vec<String>)> {
    let chains = reports
        .iter()
        .flat_map(|report| chain::lines(prose, report));
    let mut chains = distinct(chains);
    chains.truncate(most);
    // Phones may have the app in different versions; their packages differ little.
    let package = reports.iter().find(|report| !report.declared.is_empty());
    let package = package.map_or_else(Vec::new, |report| package_lines(prose, report, most));
    let mut parts = vec![
        (prose.texts.permissions, permissions(prose, reports, most)),
        (prose.texts.package_says, package),
        (prose.texts.chains, chains),
    ];
    parts.retain(|(_, lines)| !lines.is_empty());
    parts
}

/// Which users of the phone have a permission and which have not, where they differ.
pub(super) fn users(prose: &Prose<'_>, grant: &Grant) -> Option<String> {
    let numbers = |wanted: bool| {
        let users = grant
            .by_user
            .iter()
            .filter(|(_, granted)| **granted == wanted);
        let numbers: Vec<String> = users.map(|(user, _)| user.to_string()).collect();
        numbers.join(", ")
    };
    let language = prose.language;
    (!grant.by_user.is_empty()).then(|| {
        let (granted, refused) = (numbers(true), numbers(false));
        language.pick(
            format!("to user {granted}, refused to user {refused}"),
            format!("für Nutzer {granted}, verweigert für Nutzer {refused}"),
        )
    })
}

/// That a permission holds for what the user selected only.
pub(super) fn limited(prose: &Prose<'_>, grant: &Grant) -> Option<&'static str> {
    let words = prose
        .language
        .pick("for a selection only", "nur für eine Auswahl");
    grant.is_limited.then_some(words)
}

fn since(prose: &Prose<'_>, time: Timestamp) -> String {
    format!(
        "{} {}",
        prose.language.pick("since", "seit"),
        chain::minute(time)
    )
}

fn permissions(prose: &Prose<'_>, reports: &[&AppReport], most: usize) -> Vec<String> {
    let texts = prose.texts;
    let states = [
        (texts.granted, Some(true)),
        (texts.declared, None),
        (texts.denied, Some(false)),
    ];
    let mut lines = Vec::new();
    for (word, state) in states {
        let grants = reports.iter().flat_map(|report| &report.grants);
        let names = grants
            .filter(|grant| grant.is_granted == state)
            .map(|grant| {
                let name = prose::permission(&grant.permission);
                let by_policy = grant.is_policy_fixed.then(|| texts.by_policy.to_owned());
                let limited = limited(prose, grant).map(str::to_owned);
                let decided = grant.decided.map(|time| since(prose, time));
                let notes: Vec<String> = users(prose, grant)
                    .into_iter()
                    .chain(limited)
                    .chain(by_policy)
                    .chain(decided)
                    .collect();
                if notes.is_empty() {
                    name
                } else {
                    format!("{name} ({})", notes.join(", "))
                }
            });
        let names = distinct(names);
        if !names.is_empty() {
            lines.push(format!("{word}: {}", prose.first(names, most)));
        }
    }
    lines
}

/// What stands out in its package; the JSON report has all of it.
fn package_lines(prose: &Prose<'_>, app: &AppReport, most: usize) -> Vec<String> {
    let texts = prose.texts;
    let of = |kind: DeclaredKind| app.declared.iter().filter(move |fact| fact.kind == kind);
    let has = |fact: &DeclaredFact, value: &str| fact.values.iter().any(|known| known == value);
    let mut lines = Vec::new();
    let mut sdks: Vec<&DeclaredFact> = of(DeclaredKind::Sdk).collect();
    sdks.sort_by_key(|fact| fact.is_contacted != Some(true));
    if !sdks.is_empty() {
        let name = |fact: &DeclaredFact| match fact.is_contacted {
            Some(true) => format!("{} ({})", fact.name, texts.also_contacted),
            _ => fact.name.clone(),
        };
        let names = sdks.into_iter().map(name).collect();
        let names = prose.first(names, most);
        lines.push(format!("{}: {names}", texts.contained_code));
    }
    let settings = prose.rules.sdk_settings();
    let is_known = |fact: &&DeclaredFact| {
        settings.iter().any(|setting| *setting.name == *fact.name) && !fact.values.is_empty()
    };
    let settings: Vec<String> = of(DeclaredKind::Metadata)
        .filter(is_known)
        .map(|fact| format!("{}={}", fact.name, fact.values.join(" ")))
        .collect();
    if !settings.is_empty() {
        let names = prose.first(settings, most);
        lines.push(format!("{}: {names}", texts.settings_of_code));
    }
    // Clear text is a finding of its own.
    let of_tls = |fact: &DeclaredFact| {
        let values = fact
            .values
            .iter()
            .filter(|value| !value.starts_with("cleartext="));
        let values: Vec<&str> = values.map(String::as_str).collect();
        (!values.is_empty()).then(|| format!("{} ({})", fact.name, values.join(", ")))
    };
    let rules: Vec<String> = of(DeclaredKind::NetworkRule).filter_map(of_tls).collect();
    if !rules.is_empty() {
        let names = prose.first(rules, most);
        lines.push(format!("{}: {names}", texts.rules_of_tls));
    }
    let opening = of(DeclaredKind::DeepLink).filter(|fact| fact.name.starts_with("http"));
    let opening: Vec<String> = opening
        .map(|fact| match fact.values.as_slice() {
            [] => fact.name.clone(),
            values => format!("{} ({})", fact.name, prose.first(values.to_vec(), most)),
        })
        .collect();
    if !opening.is_empty() {
        let names = prose.first(opening, most);
        lines.push(format!("{}: {names}", texts.opened_by));
    }
    let open = of(DeclaredKind::Component)
        .filter(|fact| {
            fact.values
                .iter()
                .any(|value| value.starts_with("unguarded"))
        })
        .count();
    if open > 0 {
        lines.push(fill(texts.open_components, &[("count", &open.to_string())]));
    }
    let kinds = of(DeclaredKind::CollectedData).count();
    if kinds > 0 {
        let tracking = of(DeclaredKind::CollectedData).filter(|fact| has(fact, "tracking=true"));
        let (kinds, tracking) = (kinds.to_string(), tracking.count().to_string());
        let counts = [("count", &*kinds), ("tracking", &*tracking)];
        lines.push(fill(texts.label_kinds, &counts));
    }
    let hosts = of(DeclaredKind::TrackingDomain).filter(|fact| fact.is_contacted == Some(true));
    let hosts: Vec<String> = hosts.map(|fact| fact.name.clone()).collect();
    if !hosts.is_empty() {
        let names = prose.first(hosts, most);
        lines.push(fill(texts.tracking_hosts, &[("names", &names)]));
    }
    lines
}
