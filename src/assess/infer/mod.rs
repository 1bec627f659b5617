//! Conclusions over several observations of one row: each names the facts that it was drawn from. A new conclusion is a
//! function in a file here, one line in [`CONCLUSIONS`] and its texts in `rules/circumstances.toml`.

mod consent;
mod contacts;
mod data;
mod employer;
mod linkage;
mod manifest;
mod recipients;
mod volume;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) use contacts::{is_of_others, observation_of, upload_of};
pub(super) use recipients::metadata_of;

use super::recipient::{self, Company, Contact, as_recipient};
use super::row::{Conclusion, Fact, FactKey, Owner, Subject};
use crate::model::{Category, ContentState, Grade, Occurrences, Protection, Recipient, Volume};
use crate::rules::App;

/// A conclusion: looks at one row and adds what follows.
type Conclude = fn(&Subject<'_>, &mut Vec<Fact>);

/// All conclusions.
const CONCLUSIONS: [Conclude; 17] = [
    data::cleartext,
    data::device_fingerprint,
    linkage::linked,
    linkage::bridged,
    contacts::one_by_one,
    contacts::discovery,
    volume::burst,
    volume::difference,
    consent::before,
    recipients::message_metadata,
    recipients::advertising,
    recipients::third_country,
    recipients::no_contract,
    recipients::not_named,
    recipients::business_channel,
    employer::can_see,
    manifest::manifest,
];

/// Everything that follows from a row and what is known about its app.
pub(super) fn conclude(subject: &Subject<'_>) -> Vec<Fact> {
    let mut facts = Vec::new();
    // What the phone itself contacts says nothing about an app, and its maker is known to the company.
    if *subject.owner != Owner::System {
        for conclusion in CONCLUSIONS {
            conclusion(subject, &mut facts);
        }
    }
    facts
}

/// A conclusion that a rule names.
fn fact(
    subject: &Subject<'_>,
    rule: &str,
    recipient: Recipient,
    grade: Grade,
    occurrences: Occurrences,
) -> Fact {
    let category = subject
        .rules
        .describe(rule)
        .map_or(Category::Recipient, |rule| rule.category);
    Fact {
        key: FactKey {
            category,
            rule: Arc::from(rule),
            recipient,
            grade,
            protection: Protection::Unknown,
            is_opted_out: false,
        },
        occurrences,
        conclusion: Conclusion::default(),
    }
}

/// A fact about a company whose hosts were contacted.
fn company_fact(
    subject: &Subject<'_>,
    rule: &str,
    company: &Company<'_>,
    occurrences: Occurrences,
) -> Fact {
    let mut fact = fact(
        subject,
        rule,
        as_recipient(company.name),
        Grade::Contacted,
        occurrences,
    );
    fact.conclusion.reasons = company
        .hosts
        .iter()
        .map(|(recipient, _)| Arc::clone(&recipient.host))
        .collect();
    let of_content = company.contact.of_content().map(Arc::from);
    fact.conclusion.reasons.extend(of_content);
    fact.conclusion.roles = company
        .hosts
        .iter()
        .map(|(_, endpoint)| endpoint.role)
        .collect();
    fact
}

/// The service of an app with what was exchanged with it: the vendor's hosts, else, for an app that companies host
/// themselves, the host of no known company that got the most.
fn service(subject: &Subject<'_>, app: &App) -> Option<(Recipient, Contact)> {
    let mut contact = Contact::default();
    for (recipient, volumes) in &subject.row.traffic {
        if subject.is_own_service(recipient) {
            contact.add(volumes);
        }
    }
    if !contact.is_empty() {
        let company = app
            .hosts
            .iter()
            .find_map(|host| subject.rules.endpoint(host))
            .map(|endpoint| &endpoint.company);
        return Some((as_recipient(company.unwrap_or(&app.vendor)), contact));
    }
    let sent = |volumes: &BTreeMap<ContentState, Volume>| {
        volumes
            .values()
            .fold(0_u64, |sum, volume| sum.saturating_add(volume.sent_bytes))
    };
    let (recipient, volumes) = subject
        .row
        .traffic
        .iter()
        .filter(|(recipient, _)| {
            app.is_self_hostable && recipient::endpoint(subject.rules, recipient).is_none()
        })
        .max_by_key(|(recipient, volumes)| (sent(volumes), std::cmp::Reverse(*recipient)))?;
    contact.add(volumes);
    Some((recipient.clone(), contact))
}
