//! What went before the person at the phone agreed to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::row::{Fact, FactKey, Subject};
use super::super::{circumstance, judge};
use super::fact;
use crate::model::{Distinct, Occurrences, Protection, Recipient, Timestamp};

/// The provision on storing on a device and reading from it, with all that touches it.
const TERMINAL_EQUIPMENT: &str = "eprivacy-5-3";

/// Data of the device that went to a recipient before the moment of consent.
pub(super) fn before(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let Some(moment) = subject.dossier.consent else {
        return;
    };
    let mut by_recipient: BTreeMap<&Recipient, Vec<(&FactKey, Occurrences, bool)>> =
        BTreeMap::new();
    for (key, occurrences) in &subject.row.findings {
        let is_of_device = key.grade.is_transmitted()
            && !key.is_opted_out
            && !judge::is_housekeeping(subject.owner, &key.recipient)
            && !judge::is_too_few(subject, key, occurrences)
            && judge::touches(subject, key, occurrences, TERMINAL_EQUIPMENT);
        if let Some((early, is_least)) = until(occurrences, moment).filter(|_| is_of_device) {
            by_recipient
                .entry(&key.recipient)
                .or_default()
                .push((key, early, is_least));
        }
    }
    for (recipient, parts) in by_recipient {
        let rules: BTreeSet<&Arc<str>> = parts.iter().map(|(key, ..)| &key.rule).collect();
        // One value is enough: as strong as the strongest, as open as the most open.
        let grade = parts.iter().map(|(key, ..)| key.grade).min();
        let protection = parts.iter().map(|(key, ..)| key.protection).min();
        let most = parts.iter().map(|(_, early, _)| early.count).max();
        let is_least = parts.iter().any(|(.., is_least)| *is_least);
        let together = parts
            .iter()
            .map(|(_, early, _)| early.clone())
            .reduce(|mut all, next| {
                all.merge(next);
                all
            });
        let (Some(grade), Some(mut occurrences)) = (grade, together) else {
            continue;
        };
        occurrences.count = most.unwrap_or(1);
        occurrences.items = rules.len().try_into().unwrap_or(u64::MAX);
        occurrences.most_items = occurrences.items;
        occurrences.precision_metres = None;
        let rule = circumstance::SENT_BEFORE_CONSENT;
        let mut fact = fact(subject, rule, recipient.clone(), grade, occurrences);
        fact.key.protection = protection.unwrap_or(Protection::Unknown);
        let of_consent = if moment.0 == i64::MAX {
            "consent: never".to_owned()
        } else {
            let least = if is_least { " least" } else { "" };
            format!("consent: {moment}{least}")
        };
        fact.conclusion.reasons = rules.into_iter().cloned().collect();
        fact.conclusion.reasons.push(of_consent.into());
        facts.push(fact);
    }
}

/// What of the occurrences lies before a moment: all of them, or as many of them and of their values as their evidence shows,
/// and whether these are the least there were.
fn until(occurrences: &Occurrences, moment: Timestamp) -> Option<(Occurrences, bool)> {
    let is_timed = occurrences.first != Timestamp::default();
    if !is_timed || occurrences.first >= moment {
        return None;
    }
    let mut early = occurrences.clone();
    if occurrences.last < moment {
        return Some((early, false));
    }
    // Evidence is kept of the first messages, and of each names one value.
    let is_all = occurrences.count == early.evidence.len() as u64 && occurrences.most_items <= 1;
    early.evidence.retain(|piece| piece.origin.time < moment);
    let last = early.evidence.iter().map(|piece| piece.origin.time).max();
    early.last = last.unwrap_or(occurrences.first);
    early.count = early.evidence.len().max(1).try_into().unwrap_or(u64::MAX);
    early.distinct = Distinct::default();
    for value in early
        .evidence
        .iter()
        .filter_map(|piece| piece.value.as_ref())
    {
        early.distinct.insert(value);
    }
    if !is_all {
        early.distinct.set_least();
    }
    Some((early, !is_all))
}
