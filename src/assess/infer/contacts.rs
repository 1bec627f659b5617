//! Address books: sent piece by piece, or taken by a service that is documented to match contacts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::circumstance::{self, observation};
use super::super::grant::{ContactsAccess, Source, contacts_access};
use super::super::judge;
use super::super::recipient::Contact;
use super::super::row::{Conclusion, Fact, FactKey, Subject};
use super::super::score;
use super::{fact, service};
use crate::model::{Category, Evidence, Grade, Occurrences, Protection, Recipient};
use crate::rules::{App, Certainty, DiscoveryMethod, Role};

/// Hashed values of one person that a message may hold: number and address under several functions. Beyond that times this
/// they are of several people.
const HASHES_OF_ONE: u64 = 4;
/// Hashed values of the user's own that are told apart from those of others.
const LEAST_HASHES: u64 = 10;

/// The list that findings of a rule make up where they come one by one, and how many different values make it one.
fn list_of(subject: &Subject<'_>, key: &FactKey, occurrences: &Occurrences) -> Option<Arc<str>> {
    let rules = subject.rules;
    let rule = rules.identifier_of_finding(&key.rule)?;
    let (list, least) = match &*rule.id {
        "own-msisdn" => ("contact-phone-list", None),
        "own-email" => ("contact-email-list", None),
        "email-or-phone-hash" => {
            let of_one = occurrences.most_items.saturating_mul(HASHES_OF_ONE);
            ("contact-hash-list", Some(of_one.max(LEAST_HASHES)))
        }
        _ if rule.min_items > 1 => (&*rule.id, None),
        _ => return None,
    };
    let list = rules.identifier(list)?;
    let least = least.unwrap_or(u64::from(list.min_items));
    let is_single = occurrences.most_items < u64::from(list.min_items).max(least);
    (is_single && occurrences.distinct.count() >= least).then(|| Arc::clone(&list.id))
}

/// Whether what names call the user's own is, in so many different values, that of others: [`one_by_one`] says so.
pub(in crate::assess) fn is_of_others(
    subject: &Subject<'_>,
    key: &FactKey,
    occurrences: &Occurrences,
) -> bool {
    matches!(
        &*key.rule,
        "own-msisdn" | "own-email" | "email-or-phone-hash"
    ) && key.grade != Grade::KnownValue
        && key.grade.is_transmitted()
        && list_of(subject, key, occurrences).is_some()
}

/// One number, address or hash in each message is no list, but many different ones are: they cannot all be the user's own. Of
/// findings that show the same values, the one with the most stands for all.
pub(super) fn one_by_one(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    type Part<'a> = (Arc<str>, &'a FactKey, &'a Occurrences);
    let mut by_recipient: BTreeMap<(&Recipient, Protection), Vec<Part<'_>>> = BTreeMap::new();
    for (key, occurrences) in &subject.row.findings {
        if !key.grade.is_transmitted() {
            continue;
        }
        if let Some(list) = list_of(subject, key, occurrences) {
            by_recipient
                .entry((&key.recipient, key.protection))
                .or_default()
                .push((list, key, occurrences));
        }
    }
    for ((recipient, protection), mut parts) in by_recipient {
        parts.sort_by_key(|(_, key, occurrences)| {
            (std::cmp::Reverse(occurrences.distinct.count()), key.grade)
        });
        let mut told: Vec<&Occurrences> = Vec::new();
        for (list, key, occurrences) in parts {
            let is_told = told
                .iter()
                .any(|other| other.distinct.shares(&occurrences.distinct));
            if is_told {
                continue;
            }
            told.push(occurrences);
            let mut many = fact(
                subject,
                circumstance::CONTACTS_ONE_BY_ONE,
                recipient.clone(),
                key.grade,
                occurrences.clone(),
            );
            let observations = subject.rules.legal().observations_of(&list);
            many.key.protection = protection;
            many.conclusion.reasons = vec![Arc::clone(&key.rule)];
            many.conclusion.observation = observations
                .first()
                .map(|observation| Arc::clone(&observation.id));
            facts.push(many);
        }
    }
}

/// Contact discovery: a host that serves nothing else was contacted, or the address book is open to the app and its service,
/// which is documented to upload it, was contacted.
pub(super) fn discovery(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let uploads = |app: &App| observation_of(app.contact_discovery.method).is_some();
    let Some(app) = subject.every_profile(uploads) else {
        return;
    };
    let (access, permissions) = access(subject);
    let Some(mut fact) =
        dedicated_host(subject, app).or_else(|| service_with_access(subject, app, access))
    else {
        return;
    };
    let discovery = &app.contact_discovery;
    let mut reasons = vec![Arc::clone(&fact.key.recipient.host)];
    for (permission, origin) in permissions {
        reasons.push(permission);
        fact.occurrences.evidence.extend(origin.map(Evidence::at));
    }
    reasons.push(format!("contact-discovery: {}", discovery.method.as_str()).into());
    reasons.extend(score::certainty(Certainty::of_source(&discovery.source)));
    fact.conclusion = Conclusion {
        reasons,
        observation: observation_of(discovery.method).map(Arc::from),
        is_documented_recurring: discovery.is_recurring,
        is_mitigated: access == ContactsAccess::Denied,
        roles: BTreeSet::from([Role::Messenger]),
    };
    facts.push(fact);
}

/// What is known about access to contacts, by permissions or by the system's log.
fn access(subject: &Subject<'_>) -> (ContactsAccess, Vec<Source>) {
    let (access, mut sources) = contacts_access(subject);
    let mut findings = subject.row.findings.iter();
    match findings.find(|(key, _)| &*key.rule == circumstance::ACCESS_CONTACTS) {
        // The address book was read, so it may be read.
        Some((key, occurrences)) => {
            let origin = occurrences.evidence.first().map(|evidence| evidence.origin);
            sources.push((Arc::clone(&key.rule), origin));
            (ContactsAccess::Granted, sources)
        }
        None => (access, sources),
    }
}

/// A host was contacted that serves contact discovery.
fn dedicated_host(subject: &Subject<'_>, app: &App) -> Option<Fact> {
    let mut contact = Contact::default();
    let mut first = None;
    for (recipient, volumes) in &subject.row.traffic {
        if app.contact_discovery.hosts.contains(&recipient.host) {
            contact.add(volumes);
            first = first.or(Some(recipient));
        }
    }
    let occurrences = contact.occurrences(1)?;
    Some(fact(
        subject,
        circumstance::CONTACT_DISCOVERY,
        first?.clone(),
        Grade::Contacted,
        occurrences,
    ))
}

/// The service was contacted, and the address book is open to the app, or may be.
fn service_with_access(subject: &Subject<'_>, app: &App, access: ContactsAccess) -> Option<Fact> {
    let (rule, grade) = match access {
        ContactsAccess::Granted => (upload_of(app.contact_discovery.method), Grade::Inferred),
        ContactsAccess::Declared => (circumstance::CONTACT_UPLOAD_POSSIBLE, Grade::Declared),
        ContactsAccess::Denied | ContactsAccess::Unknown => return None,
    };
    // What was seen need not be concluded.
    let is_seen = subject.row.findings.iter().any(|(key, occurrences)| {
        let is_transmitted = key.grade.is_transmitted() && key.category == Category::Contacts;
        is_transmitted && !judge::is_too_few(subject, key, occurrences)
    });
    let (recipient, contact) = service(subject, app).filter(|_| !is_seen)?;
    Some(fact(
        subject,
        rule,
        recipient,
        grade,
        contact.occurrences(1)?,
    ))
}

/// The observation that a way of contact discovery counts as.
pub(in crate::assess) fn observation_of(method: DiscoveryMethod) -> Option<&'static str> {
    match method {
        DiscoveryMethod::PlainNumbers | DiscoveryMethod::OwnServer => {
            Some(observation::CONTACTS_PLAIN)
        }
        DiscoveryMethod::Hashed => Some(observation::CONTACTS_HASHED),
        DiscoveryMethod::Enclave => Some(observation::CONTACTS_ENCLAVE),
        DiscoveryMethod::Directory | DiscoveryMethod::None | DiscoveryMethod::Unknown => None,
    }
}

/// The rule of a conclusion on that way of contact discovery.
pub(in crate::assess) fn upload_of(method: DiscoveryMethod) -> &'static str {
    match method {
        DiscoveryMethod::Hashed => circumstance::HASHED_CONTACT_UPLOAD,
        DiscoveryMethod::Enclave => circumstance::ENCLAVE_CONTACT_DISCOVERY,
        DiscoveryMethod::PlainNumbers
        | DiscoveryMethod::OwnServer
        | DiscoveryMethod::Directory
        | DiscoveryMethod::None
        | DiscoveryMethod::Unknown => circumstance::CONTACT_UPLOAD,
    }
}
