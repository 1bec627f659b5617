//! Who was contacted: messengers, advertising and analytics, third countries, vendors without contract.

use std::sync::Arc;

use super::super::circumstance::{self, observation};
use super::super::recipient::{self, Seat, as_recipient};
use super::super::row::{Fact, FactKey, Subject};
use super::super::score;
use super::{company_fact, fact, service};
use crate::model::{Category, DataLabel, Grade, Occurrences, Recipient};
use crate::rules::{App, Art28, EndToEnd, Endpoint, Role, Rules};

/// Whoever carries messages knows who is connected when, from where, and with whom.
pub(super) fn message_metadata(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    // that calls were held says less than that messages are exchanged
    let is_seen = |key: &FactKey| {
        key.grade.is_transmitted()
            && key.category == Category::MessageMetadata
            && &*key.rule != circumstance::CALL_MEDIA
    };
    if subject.row.findings.keys().any(is_seen) {
        return;
    }
    let carries_messages = |app: &App| app.end_to_end != EndToEnd::NotApplicable;
    if let Some(app) = subject.every_profile(carries_messages) {
        if let Some((recipient, contact)) = service(subject, app)
            && let Some(occurrences) = contact.occurrences(1)
        {
            let mut fact = metadata_fact(subject, recipient, &app.id, occurrences);
            // Whoever uses a messenger writes again and again; one capture shows few of its connections.
            fact.conclusion.is_documented_recurring = true;
            let certainty = score::certainty_of(subject.rules, app, "metadata");
            fact.conclusion.reasons.extend(certainty);
            fact.conclusion.observation = Some(metadata_of(subject.rules, app).into());
            facts.push(fact);
        }
    } else if subject.owner.candidates().is_empty() {
        let is_messenger = |endpoint: &Endpoint| endpoint.role == Role::Messenger;
        for company in recipient::companies_that(subject.rules, &subject.row.traffic, is_messenger)
        {
            let first = company.hosts.first().map(|(recipient, _)| &recipient.host);
            if let (Some(host), Some(occurrences)) =
                (first, company.contact.occurrences(company.hosts.len()))
            {
                facts.push(metadata_fact(
                    subject,
                    as_recipient(company.name),
                    host,
                    occurrences,
                ));
            }
        }
    }
}

/// As what metadata with the vendor of a messenger count, by what it is documented to keep of them.
pub(in crate::assess) fn metadata_of(rules: &Rules, app: &App) -> &'static str {
    if rules.keeps_little_metadata(app) {
        observation::MESSAGE_METADATA_MINIMAL
    } else {
        observation::MESSAGE_METADATA
    }
}

fn metadata_fact(
    subject: &Subject<'_>,
    recipient: Recipient,
    reason: &Arc<str>,
    occurrences: Occurrences,
) -> Fact {
    let mut fact = fact(
        subject,
        circumstance::MESSAGE_METADATA,
        recipient,
        Grade::Inferred,
        occurrences,
    );
    fact.conclusion.reasons = vec![Arc::clone(reason)];
    fact.conclusion.observation = Some(observation::MESSAGE_METADATA.into());
    fact.conclusion.roles.insert(Role::Messenger);
    fact
}

/// Advertising, attribution and analytics services that an app contacts.
pub(super) fn advertising(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let roles = [
        (Role::Ads, circumstance::ADS),
        (Role::Attribution, circumstance::ATTRIBUTION),
        (Role::Analytics, circumstance::ANALYTICS),
    ];
    for (role, rule) in roles {
        let has_role = |endpoint: &Endpoint| endpoint.role == role;
        for company in recipient::companies_that(subject.rules, &subject.row.traffic, has_role) {
            let Some(occurrences) = company.contact.occurrences(company.hosts.len()) else {
                continue;
            };
            facts.push(company_fact(subject, rule, &company, occurrences));
        }
    }
}

/// Recipients whose company sits outside the EEA and outside countries with an adequacy decision.
pub(super) fn third_country(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    for company in recipient::companies(subject.rules, &subject.row.traffic) {
        let Some((_, endpoint)) = company.hosts.first() else {
            continue;
        };
        let rule = match recipient::seat(subject.rules, endpoint) {
            Seat::Unremarkable => continue,
            Seat::Listed | Seat::NotListed => circumstance::THIRD_COUNTRY_US,
            Seat::Inadequate => circumstance::THIRD_COUNTRY_NONE,
        };
        let Some(occurrences) = company.contact.occurrences(company.hosts.len()) else {
            continue;
        };
        facts.push(company_fact(subject, rule, &company, occurrences));
    }
}

/// An app in use for which the vendor offers no processing contract.
pub(super) fn no_contract(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let Some(app) = subject
        .every_profile(|app| app.art28 == Art28::No)
        .filter(|_| !recipient::has_signed(subject))
    else {
        return;
    };
    facts.extend(standing(
        subject,
        circumstance::NO_CONTRACT,
        app,
        Some("contract"),
    ));
}

/// Advertising and attribution services that the app's own statements about its data do not name.
pub(super) fn not_named(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let labels = subject.packages.iter();
    let labels: Vec<&DataLabel> = labels
        .flat_map(|package| subject.dossier.labels_of(package))
        .map(|(label, _)| label)
        .collect();
    // Where only an embedded part says anything, the app itself is silent rather than incomplete.
    if labels.iter().all(|label| label.part.is_some()) {
        return;
    }
    let is_left_out = |host: &str| !labels.iter().any(|label| label.admits(host));
    let follows_people = |endpoint: &Endpoint| endpoint.role.is_advertising();
    for mut company in
        recipient::companies_that(subject.rules, &subject.row.traffic, follows_people)
    {
        company.hosts.retain(|(host, _)| is_left_out(&host.host));
        if company.hosts.is_empty() {
            continue;
        }
        let rule = circumstance::RECIPIENT_NOT_NAMED;
        if let Some(occurrences) = company.contact.occurrences(company.hosts.len()) {
            facts.push(company_fact(subject, rule, &company, occurrences));
        }
    }
}

/// An app in use through which companies talk to the public: who decides what for is a matter of both.
pub(super) fn business_channel(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let decision = subject.policy.app(subject.device_name, &subject.ids());
    let is_said = decision.is_some_and(|decision| decision.is_business_channel);
    let Some(app) = subject.every_profile(|app| is_said || app.is_business_channel) else {
        return;
    };
    let criterion = (!is_said).then_some("business-edition");
    facts.extend(standing(
        subject,
        circumstance::BUSINESS_CHANNEL,
        app,
        criterion,
    ));
}

/// What follows from an app as it is documented by a criterion, or as the company says, once its service was contacted.
pub(super) fn standing(
    subject: &Subject<'_>,
    rule: &str,
    app: &App,
    criterion: Option<&str>,
) -> Option<Fact> {
    let (recipient, contact) = service(subject, app)?;
    let occurrences = contact.occurrences(1)?;
    let mut fact = fact(subject, rule, recipient, Grade::Inferred, occurrences);
    fact.conclusion.reasons = vec![Arc::clone(&app.id)];
    let certainty = criterion.and_then(|id| score::certainty_of(subject.rules, app, id));
    fact.conclusion.reasons.extend(certainty);
    Some(fact)
}
