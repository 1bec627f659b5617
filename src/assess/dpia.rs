//! The nine criteria by which an impact assessment may be due (WP 248): met, not met, or to be asked. What meets them is in
//! `rules/legal.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::judge;
use super::row::{Owner, Subject};
use crate::model::{AppId, Category, CriterionState, DeviceReport, Grant, JudgedFinding, Screened};
use crate::rules::{DpiaCriterion, Rules, VisibleBy};

/// All criteria for one row; none for the operating system, about which nobody decides.
pub(super) fn screen(
    subject: &Subject<'_>,
    findings: &[JudgedFinding],
    grants: &[Grant],
) -> Vec<Screened> {
    if *subject.owner == Owner::System {
        return Vec::new();
    }
    let criteria = subject.rules.legal().dpia.criteria.iter();
    criteria
        .map(|criterion| {
            let because = because(subject, criterion, findings, grants);
            let is_met = !because.is_empty()
                || criterion.is_always_met
                || (criterion.met_from_phones.is_some() && is_large_scale(subject));
            let state = if is_met {
                CriterionState::Met
            } else if is_visible(subject, criterion) {
                CriterionState::NotMet
            } else {
                CriterionState::ToBeAsked
            };
            Screened {
                number: criterion.number,
                state,
                because,
            }
        })
        .collect()
}

/// Numbers of the criteria that are met, if they are enough for an impact assessment to be considered. One that every audit
/// meets does not count by itself.
pub(super) fn due(rules: &Rules, screening: &[Screened]) -> Vec<u8> {
    let dpia = &rules.legal().dpia;
    let met: Vec<u8> = screening
        .iter()
        .filter(|one| one.state == CriterionState::Met)
        .map(|one| one.number)
        .collect();
    let is_always = |number: &u8| {
        let mut criteria = dpia.criteria.iter();
        criteria.any(|criterion| criterion.number == *number && criterion.is_always_met)
    };
    if met.iter().all(is_always) || met.len() < usize::from(dpia.threshold) {
        return Vec::new();
    }
    met
}

/// What shows that a criterion is met: observations, then permissions.
fn because(
    subject: &Subject<'_>,
    criterion: &DpiaCriterion,
    findings: &[JudgedFinding],
    grants: &[Grant],
) -> Vec<Arc<str>> {
    let least = subject.rules.legal().scoring.recurring_from;
    let has = |ids: &[Arc<str>], id: &Arc<str>| ids.contains(id);
    let seen: BTreeSet<&Arc<str>> = judge::telling(subject, findings)
        .filter_map(|(finding, _)| {
            let id = finding.observation.as_ref()?;
            let is_recurring = finding.grade.is_transmitted() && finding.occurrences.count >= least;
            let meets = has(&criterion.met_by, id)
                || (is_recurring && has(&criterion.met_by_recurring, id));
            meets.then_some(id)
        })
        .collect();
    let granted = grants.iter().filter(|grant| {
        let mut known = criterion.met_by_permissions.iter();
        grant.is_granted == Some(true) && known.any(|name| **name == *grant.permission)
    });
    let granted = granted.map(|grant| Arc::from(grant.permission.as_str()));
    seen.into_iter().cloned().chain(granted).collect()
}

/// Whether the criterion would have shown in what was captured.
fn is_visible(subject: &Subject<'_>, criterion: &DpiaCriterion) -> bool {
    let traffic = &subject.row.traffic;
    let is_open = || {
        let mut states = traffic.values().flat_map(BTreeMap::keys);
        states.all(|state| state.is_open())
    };
    !traffic.is_empty()
        && match criterion.visible_by {
            Some(VisibleBy::Recipients) => true,
            Some(VisibleBy::Contents) => is_open(),
            None => false,
        }
}

fn is_large_scale(subject: &Subject<'_>) -> bool {
    match subject.owner {
        Owner::App(app) => subject.large_scale.contains(app),
        _ => false,
    }
}

/// Apps that have contacts on so many phones that their processing is large in scale.
pub(super) fn large_scale(rules: &Rules, devices: &[DeviceReport]) -> BTreeSet<AppId> {
    let criteria = rules.legal().dpia.criteria.iter();
    let Some(least) = criteria
        .filter_map(|criterion| criterion.met_from_phones)
        .min()
    else {
        return BTreeSet::new();
    };
    let mut phones: BTreeMap<&AppId, usize> = BTreeMap::new();
    for app in devices.iter().flat_map(|device| &device.apps) {
        let is_of_contacts = |finding: &&JudgedFinding| {
            finding.category == Category::Contacts && judge::is_telling(rules, finding)
        };
        if let Some(id) = app
            .id
            .as_ref()
            .filter(|_| app.findings.iter().any(|finding| is_of_contacts(&finding)))
        {
            let count = phones.entry(id).or_default();
            *count = count.saturating_add(1);
        }
    }
    let large = phones.into_iter().filter(|(_, count)| *count >= least);
    large.map(|(id, _)| id.clone()).collect()
}
