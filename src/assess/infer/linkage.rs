//! Identifiers that connect what recipients know: one that several of them got, several that one of them got together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use data_encoding::HEXLOWER;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::super::row::{Fact, FactKey, Subject};
use super::super::{circumstance, recipient};
use super::fact;
use crate::limits;
use crate::model::{
    Distinct, Evidence, Grade, Occurrences, Origin, Recipient, RecipientKind, Sensitive,
};

/// Rules of identifiers by which a person or a phone is recognised again. Session ids are of one recipient; push tokens are of one
/// app and its sender, so that two companies with the same one know the same installation, be it Google's or Apple's.
const LASTING: [&str; 14] = [
    "advertising-id",
    "advertising-id-hash",
    "vendor-scoped-id",
    "hardware-id",
    "sim-id",
    "mac-address",
    "device-id-hash",
    "install-id",
    "push-token",
    "account-id",
    "own-email",
    "own-msisdn",
    "email-or-phone-hash",
    "recurring-id",
];

/// Findings of lasting identifiers that left the phone.
fn lasting<'a>(
    subject: &'a Subject<'_>,
) -> impl Iterator<Item = (&'a FactKey, &'a Occurrences)> + use<'a> {
    lasting_of(&subject.row.findings)
}

fn lasting_of(
    findings: &BTreeMap<FactKey, Occurrences>,
) -> impl Iterator<Item = (&FactKey, &Occurrences)> {
    findings.iter().filter(|(key, _)| {
        key.grade.is_transmitted()
            && !key.is_opted_out
            && key.recipient.kind == RecipientKind::Remote
            && LASTING.contains(&&*key.rule)
    })
}

/// The company behind a recipient, else its host: what several hosts of one company get, one company gets.
fn company(subject: &Subject<'_>, recipient: &Recipient) -> Arc<str> {
    recipient::endpoint(subject.rules, recipient).map_or_else(
        || Arc::clone(&recipient.host),
        |endpoint| Arc::clone(&endpoint.company),
    )
}

/// The digests of what the evidence shows of an identifier, as a finding of the digest counts them: in the spellings that are hashed
/// in practice, by the functions that fields for digests name.
fn digests(occurrences: &Occurrences) -> BTreeSet<u64> {
    let values = occurrences.evidence.iter();
    let values = values.filter_map(|evidence| Some(evidence.value.as_ref()?.reveal()));
    let spelled = values
        .filter(|value| value.len() <= limits::LINKED_VALUE_BYTES)
        .flat_map(|value| {
            let bare: String = value
                .chars()
                .filter(|mark| !"-:+ {}".contains(*mark))
                .collect();
            [value, &bare].map(|text| [text.to_lowercase(), text.to_uppercase(), text.to_owned()])
        });
    let spelled: BTreeSet<String> = spelled.flatten().collect();
    let digests = spelled.iter().flat_map(|text| {
        [
            HEXLOWER.encode(&Md5::digest(text)),
            HEXLOWER.encode(&Sha1::digest(text)),
            HEXLOWER.encode(&Sha256::digest(text)),
        ]
    });
    digests
        .map(|digest| Distinct::hash_of(&Sensitive::new(&digest)))
        .collect()
}

/// The same value of an identifier at several recipients: they can put together what each of them knows. One may call an account
/// what another calls an advertising id, and one may get the digest of what another gets in plain text.
pub(super) fn linked(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    /// What an identifier's findings have beside the rule: company, key, counts.
    type Sent<'a> = (Arc<str>, &'a FactKey, &'a Occurrences);
    let findings = lasting(subject).chain(lasting_of(&subject.row.recurring));
    let findings: Vec<Sent<'_>> = findings
        .map(|(key, occurrences)| (company(subject, &key.recipient), key, occurrences))
        .collect();
    let mut values: Vec<(u64, usize)> = (0..)
        .zip(&findings)
        .flat_map(|(position, (.., occurrences))| {
            let hashes = occurrences.distinct.hashes();
            hashes.map(move |hash| (hash, position))
        })
        .collect();
    let first = findings.first().map(|(company, ..)| company);
    if findings.iter().any(|(company, ..)| Some(company) != first) {
        let plain = (0..).zip(&findings).take(limits::LINKED_DIGESTS);
        values.extend(plain.flat_map(|(position, (.., occurrences))| {
            let digests = digests(occurrences).into_iter();
            digests.map(move |digest| (digest, position))
        }));
    }
    values.sort_unstable();
    let rank = |key: &FactKey| LASTING.iter().position(|rule| *rule == &*key.rule);
    // By the most telling rule under which a value was sent.
    let mut by_rule: BTreeMap<Option<usize>, BTreeSet<usize>> = BTreeMap::new();
    for of_value in values.chunk_by(|(one, _), (other, _)| one == other) {
        let positions = || of_value.iter().map(|(_, position)| *position);
        let sent = || positions().filter_map(|at| findings.get(at));
        let mut companies = sent().map(|(company, ..)| company);
        let first = companies.next();
        if companies.any(|company| Some(company) != first) {
            let rule = sent().map(|(_, key, _)| rank(key)).min().flatten();
            by_rule.entry(rule).or_default().extend(positions());
        }
    }
    for (rule, shared) in by_rule {
        let Some(rule) = rule.and_then(|rule| LASTING.get(rule)) else {
            continue;
        };
        let shared: Vec<&Sent<'_>> = shared.iter().filter_map(|at| findings.get(*at)).collect();
        let companies: BTreeSet<&Arc<str>> = shared.iter().map(|(company, ..)| company).collect();
        let together = shared
            .iter()
            .map(|(_, _, occurrences)| (*occurrences).clone())
            .reduce(|mut all, next| {
                all.merge(next);
                all
            });
        let (Some(mut occurrences), Some((_, key, _))) = (together, shared.first()) else {
            continue;
        };
        occurrences.items = companies.len() as u64;
        occurrences.most_items = occurrences.items;
        // As weak as the weakest of its parts.
        let grade = shared.iter().map(|(_, key, _)| key.grade).max();
        let nobody = Recipient {
            kind: RecipientKind::None,
            host: Arc::from(""),
        };
        let mut fact = fact(
            subject,
            circumstance::IDENTIFIER_LINKED,
            nobody,
            grade.unwrap_or(key.grade),
            occurrences,
        );
        fact.conclusion.reasons = vec![Arc::from(*rule)];
        fact.conclusion
            .reasons
            .extend(companies.into_iter().cloned());
        facts.push(fact);
    }
}

/// A finding in one message.
type Shown<'a> = (&'a FactKey, &'a Occurrences, &'a Evidence);

/// Rules of which several values in one message are several identifiers: IMEI and serial number, IMSI and the number of its card.
const OF_SEVERAL: [&str; 2] = ["hardware-id", "sim-id"];
/// Identifiers of one phone under such a rule, at most: more are of a fleet.
const OF_ONE_PHONE: u64 = 4;

/// Whether findings of one message are of several kinds that do not hold the same value: one identifier may stand there twice, as that
/// of the installation and of its user, and what a field is known to hold is what its name says of it.
fn are_several(findings: &[Shown<'_>]) -> bool {
    let is_of_several = |(key, occurrences, _): &Shown<'_>| {
        OF_SEVERAL.contains(&&*key.rule) && (2..=OF_ONE_PHONE).contains(&occurrences.most_items)
    };
    if findings.iter().any(is_of_several) {
        return true;
    }
    let mut several = findings.iter().enumerate().flat_map(|(position, one)| {
        let behind = findings.iter().skip(position.saturating_add(1));
        behind.map(move |other| (one, other))
    });
    several.any(|((key, one, here), (other, others, there))| {
        let is_known = |key: &FactKey| key.grade == Grade::KnownValue;
        let is_one_field = is_known(key) != is_known(other)
            && (here.place, &here.path) == (there.place, &there.path);
        key.rule != other.rule && one.distinct != others.distinct && !is_one_field
    })
}

/// Several identifiers in one message: whoever knows one of them knows the others from then on.
pub(super) fn bridged(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let mut by_message: BTreeMap<(&Recipient, Origin), Vec<Shown<'_>>> = BTreeMap::new();
    for (key, occurrences) in lasting(subject) {
        for evidence in &occurrences.evidence {
            let message = (&key.recipient, evidence.origin);
            by_message
                .entry(message)
                .or_default()
                .push((key, occurrences, evidence));
        }
    }
    let mut by_recipient: BTreeMap<&Recipient, BTreeMap<&FactKey, &Occurrences>> = BTreeMap::new();
    for ((recipient, _), findings) in by_message {
        if are_several(&findings) {
            let findings = findings
                .into_iter()
                .map(|(key, occurrences, _)| (key, occurrences));
            by_recipient.entry(recipient).or_default().extend(findings);
        }
    }
    for (recipient, findings) in by_recipient {
        let rules: BTreeSet<&Arc<str>> = findings.keys().map(|key| &key.rule).collect();
        let grade = findings.keys().map(|key| key.grade).max();
        let count = findings.values().map(|occurrences| occurrences.count).min();
        let together = findings
            .values()
            .map(|occurrences| (*occurrences).clone())
            .reduce(|mut all, next| {
                all.merge(next);
                all
            });
        let (Some(mut occurrences), Some(grade), Some(count)) = (together, grade, count) else {
            continue;
        };
        occurrences.count = count;
        occurrences.users.cap(count);
        // Of one rule there are several.
        occurrences.items = (rules.len() as u64).max(2);
        occurrences.most_items = occurrences.items;
        let mut fact = fact(
            subject,
            circumstance::IDENTIFIERS_BRIDGED,
            recipient.clone(),
            grade,
            occurrences,
        );
        fact.conclusion.reasons = rules.into_iter().cloned().collect();
        facts.push(fact);
    }
}
