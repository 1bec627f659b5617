//! Data that was seen on its way: what lay open, what singles out a device.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::row::{Fact, FactKey, Subject};
use super::super::{circumstance, judge};
use super::fact;
use crate::model::{Grade, Occurrences, Protection, Recipient};

/// Severity from which on data in clear text is a finding of its own.
const TELLING_SEVERITY: u8 = 2;

/// Kinds of attributes that a fingerprint has at least: many of one kind are a list of something.
const LEAST_KINDS: usize = 3;

/// Attributes of one kind that count: the language and the region say little beside each other.
const MOST_OF_KIND: u64 = 3;

/// Personal data on its way without encryption, by recipient. What hardly says anything about anybody does not count.
pub(super) fn cleartext(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let is_telling = |key: &FactKey| {
        let severity = subject
            .rules
            .describe(&key.rule)
            .map_or(0, |rule| rule.severity);
        key.protection == Protection::Cleartext
            && key.grade.is_transmitted()
            && !key.is_opted_out
            && severity >= TELLING_SEVERITY
            && judge::is_personal(key.category)
            && !judge::is_housekeeping(subject.owner, &key.recipient)
    };
    let mut by_recipient: BTreeMap<&Recipient, Vec<(&FactKey, &Occurrences)>> = BTreeMap::new();
    for (key, occurrences) in subject.row.findings.iter().filter(|(key, occurrences)| {
        is_telling(key) && !judge::is_too_few(subject, key, occurrences)
    }) {
        by_recipient
            .entry(&key.recipient)
            .or_default()
            .push((key, occurrences));
    }
    for (recipient, parts) in by_recipient {
        // One readable value is enough, so it is as strong as the strongest, and shows these.
        let grade = parts
            .iter()
            .map(|(key, _)| key.grade)
            .min()
            .unwrap_or(Grade::Shape);
        let strongest: Vec<_> = parts
            .iter()
            .filter(|(key, _)| key.grade == grade)
            .copied()
            .collect();
        let (Some(mut occurrences), Some(shown)) = (together(&parts), together(&strongest)) else {
            continue;
        };
        occurrences.evidence = shown.evidence;
        let mut fact = fact(
            subject,
            circumstance::CLEARTEXT_TRANSPORT,
            recipient.clone(),
            grade,
            occurrences,
        );
        fact.key.protection = Protection::Cleartext;
        fact.conclusion.reasons = rules_of(&parts).into_iter().cloned().collect();
        facts.push(fact);
    }
}

pub(super) fn rules_of<'a>(parts: &[(&'a FactKey, &Occurrences)]) -> BTreeSet<&'a Arc<str>> {
    parts.iter().map(|(key, _)| &key.rule).collect()
}

/// Occurrences of findings that the same messages carry: not the sum of messages, but the most of one finding.
pub(super) fn together(parts: &[(&FactKey, &Occurrences)]) -> Option<Occurrences> {
    let mut together = parts
        .iter()
        .map(|(_, occurrences)| (*occurrences).clone())
        .reduce(|mut all, next| {
            let count = all.count.max(next.count);
            all.merge(next);
            all.count = count;
            all
        })?;
    together.items = u64::try_from(rules_of(parts).len()).unwrap_or(u64::MAX);
    together.most_items = together.items;
    together.precision_metres = None;
    Some(together)
}

/// Five device attributes towards one recipient single out a device.
pub(super) fn device_fingerprint(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let legal = subject.rules.legal();
    let Some(observation) = legal.observation(circumstance::DEVICE_FINGERPRINT) else {
        return;
    };
    let is_attribute = |rule: &str| {
        subject
            .rules
            .identifier_of_finding(rule)
            .is_some_and(|rule| rule.is_fingerprint)
    };
    let mut by_recipient: BTreeMap<&Recipient, Vec<(&FactKey, &Occurrences)>> = BTreeMap::new();
    for (key, occurrences) in &subject.row.findings {
        if key.grade.is_transmitted() && is_attribute(&key.rule) {
            by_recipient
                .entry(&key.recipient)
                .or_default()
                .push((key, occurrences));
        }
    }
    for (recipient, attributes) in by_recipient {
        let rules = rules_of(&attributes);
        // Each kind may have several: width and height of the screen, maker and model. Few of one kind say something new.
        let count = attributes.iter().fold(0_u64, |sum, (_, found)| {
            sum.saturating_add(found.most_items.min(MOST_OF_KIND))
        });
        if rules.len() < LEAST_KINDS || count < u64::from(observation.min_distinct) {
            continue;
        }
        let Some(mut occurrences) = together(&attributes) else {
            continue;
        };
        occurrences.items = count;
        occurrences.most_items = count;
        // As weak as the weakest of its parts, as open as the most open.
        let grade = attributes
            .iter()
            .map(|(key, _)| key.grade)
            .max()
            .unwrap_or(Grade::Shape);
        let protection = attributes
            .iter()
            .map(|(key, _)| key.protection)
            .min()
            .unwrap_or(Protection::Unknown);
        let mut fact = fact(
            subject,
            circumstance::DEVICE_FINGERPRINT,
            recipient.clone(),
            grade,
            occurrences,
        );
        fact.key.protection = protection;
        fact.conclusion.reasons = rules.into_iter().cloned().collect();
        facts.push(fact);
    }
}
