//! Conclusions over several observations of one row: each names the facts that it was drawn from. A new conclusion is a
//! function here, one line in [`CONCLUSIONS`] and its texts in `rules/circumstances.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::circumstance::{self, observation};
use super::grant::{ContactsAccess, contacts_access};
use super::judge;
use super::recipient::{self, Company, Contact, Seat, as_recipient};
use super::row::{Conclusion, Fact, FactKey, Owner, Subject};
use crate::model::{
    Category, ContentState, Evidence, Grade, Occurrences, Protection, Recipient, RecipientKind,
    Volume,
};
use crate::rules::{App, Art28, DiscoveryMethod, EndToEnd, Role};

/// Severity from which on data in clear text is a finding of its own.
const TELLING_SEVERITY: u8 = 2;

/// A conclusion: looks at one row and adds what follows.
type Conclude = fn(&Subject<'_>, &mut Vec<Fact>);

/// All conclusions.
const CONCLUSIONS: [Conclude; 9] = [
    cleartext,
    contacts_one_by_one,
    contact_discovery,
    message_metadata,
    device_fingerprint,
    advertising,
    third_country,
    no_contract,
    manifest,
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
    fact.conclusion.roles = company
        .hosts
        .iter()
        .map(|(_, endpoint)| endpoint.role)
        .collect();
    fact
}

/// One number or address in each message is no list, but many different ones are: they cannot all be the user's own.
fn contacts_one_by_one(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    for (key, occurrences) in &subject.row.findings {
        let is_list = subject
            .rules
            .identifier(&key.rule)
            .is_some_and(|rule| rule.min_items > 1);
        let list = if is_list {
            &*key.rule
        } else {
            "contact-phone-list"
        };
        let least = subject
            .rules
            .identifier(list)
            .map_or(u64::MAX, |list| u64::from(list.min_items));
        let is_of_somebody = is_list || matches!(&*key.rule, "own-msisdn" | "own-email");
        let is_single = occurrences.most_items < least && occurrences.distinct.count() >= least;
        if !is_of_somebody || !is_single || !key.grade.is_transmitted() {
            continue;
        }
        let mut many = fact(
            subject,
            circumstance::CONTACTS_ONE_BY_ONE,
            key.recipient.clone(),
            key.grade,
            occurrences.clone(),
        );
        let observation = subject
            .rules
            .legal()
            .observations_of(list)
            .first()
            .map(|observation| Arc::clone(&observation.id));
        many.key.protection = key.protection;
        many.conclusion.reasons = vec![Arc::clone(&key.rule)];
        many.conclusion.observation = observation;
        facts.push(many);
    }
}

/// Contact discovery: a host that serves nothing else was contacted, or the address book is open to the app and its service,
/// which is documented to upload it, was contacted.
fn contact_discovery(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let uploads = |app: &App| observation_of(app.contact_discovery.method).is_some();
    let Some(app) = subject.every_profile(uploads) else {
        return;
    };
    let Some(observation) = observation_of(app.contact_discovery.method) else {
        return;
    };
    let is_seen = subject
        .row
        .findings
        .keys()
        .any(|key| key.grade.is_transmitted() && key.category == Category::Contacts);
    let (mut access, mut permissions) = contacts_access(subject);
    let logged = subject
        .row
        .findings
        .iter()
        .find(|(key, _)| &*key.rule == circumstance::ACCESS_CONTACTS);
    if let Some((key, occurrences)) = logged {
        // The address book was read, so it may be read.
        access = ContactsAccess::Granted;
        permissions.push((
            Arc::clone(&key.rule),
            occurrences.evidence.first().map(|evidence| evidence.origin),
        ));
    }
    let discovery = &app.contact_discovery;

    let mut dedicated = Contact::default();
    let mut host = None;
    for (recipient, volumes) in &subject.row.traffic {
        if discovery.hosts.contains(&recipient.host) {
            dedicated.add(volumes);
            host = host.or(Some(recipient));
        }
    }
    let (rule, grade, recipient, contact) = match (host, access) {
        (Some(host), _) => (
            circumstance::CONTACT_DISCOVERY,
            Grade::Contacted,
            host.clone(),
            dedicated,
        ),
        (None, ContactsAccess::Granted | ContactsAccess::Declared) => {
            let Some((recipient, contact)) = service(subject, app) else {
                return;
            };
            match access {
                _ if is_seen => return,
                ContactsAccess::Granted => (
                    upload_of(discovery.method),
                    Grade::Inferred,
                    recipient,
                    contact,
                ),
                _ => (
                    circumstance::CONTACT_UPLOAD_POSSIBLE,
                    Grade::Declared,
                    recipient,
                    contact,
                ),
            }
        }
        (None, ContactsAccess::Denied | ContactsAccess::Unknown) => return,
    };
    let Some(occurrences) = contact.occurrences(1) else {
        return;
    };
    let mut fact = fact(subject, rule, recipient.clone(), grade, occurrences);
    fact.conclusion = Conclusion {
        reasons: vec![Arc::clone(&recipient.host)],
        observation: Some(observation.into()),
        is_documented_recurring: discovery.is_recurring,
        is_mitigated: access == ContactsAccess::Denied,
        roles: BTreeSet::from([Role::Messenger]),
    };
    for (permission, origin) in permissions {
        fact.conclusion.reasons.push(permission);
        fact.occurrences.evidence.extend(origin.map(Evidence::at));
    }
    fact.conclusion
        .reasons
        .push(format!("contact-discovery: {}", discovery.method.as_str()).into());
    facts.push(fact);
}

/// The observation that a way of contact discovery counts as.
fn observation_of(method: DiscoveryMethod) -> Option<&'static str> {
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
fn upload_of(method: DiscoveryMethod) -> &'static str {
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

/// Whoever carries messages knows who is connected when, from where, and with whom.
fn message_metadata(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let is_seen =
        |key: &FactKey| key.grade.is_transmitted() && key.category == Category::MessageMetadata;
    if subject.row.findings.keys().any(is_seen) {
        return;
    }
    let carries_messages = |app: &App| app.end_to_end != EndToEnd::NotApplicable;
    if let Some(app) = subject.every_profile(carries_messages) {
        if let Some((recipient, contact)) = service(subject, app)
            && let Some(occurrences) = contact.occurrences(1)
        {
            facts.push(metadata_fact(subject, recipient, &app.id, occurrences));
        }
    } else if subject.owner.candidates().is_empty() {
        for company in recipient::companies(subject.rules, &subject.row.traffic) {
            if let Some((host, occurrences)) = of_role(&company, |role| role == Role::Messenger) {
                facts.push(metadata_fact(
                    subject,
                    as_recipient(company.name),
                    &host,
                    occurrences,
                ));
            }
        }
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

/// Personal data on its way without encryption, by recipient. What hardly says anything about anybody does not count.
fn cleartext(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
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
    for (key, occurrences) in subject
        .row
        .findings
        .iter()
        .filter(|(key, _)| is_telling(key))
    {
        by_recipient
            .entry(&key.recipient)
            .or_default()
            .push((key, occurrences));
    }
    for (recipient, parts) in by_recipient {
        let Some(occurrences) = together(&parts) else {
            continue;
        };
        // One readable value is enough, so it is as strong as the strongest.
        let grade = parts
            .iter()
            .map(|(key, _)| key.grade)
            .min()
            .unwrap_or(Grade::Shape);
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

fn rules_of<'a>(parts: &[(&'a FactKey, &Occurrences)]) -> BTreeSet<&'a Arc<str>> {
    parts.iter().map(|(key, _)| &key.rule).collect()
}

/// Occurrences of findings that the same messages carry: not the sum of messages, but the most of one finding.
fn together(parts: &[(&FactKey, &Occurrences)]) -> Option<Occurrences> {
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
fn device_fingerprint(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let legal = subject.rules.legal();
    let Some(observation) = legal.observation(circumstance::DEVICE_FINGERPRINT) else {
        return;
    };
    let is_attribute = |rule: &str| {
        subject
            .rules
            .identifier(rule)
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
        if rules.len() < usize::try_from(observation.min_distinct).unwrap_or(usize::MAX) {
            continue;
        }
        let Some(occurrences) = together(&attributes) else {
            continue;
        };
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

/// The contacted hosts of a company in a role, as occurrences, with the first host.
fn of_role(
    company: &Company<'_>,
    wanted: impl Fn(Role) -> bool,
) -> Option<(Arc<str>, Occurrences)> {
    let mut hosts = company
        .hosts
        .iter()
        .filter(|(_, endpoint)| wanted(endpoint.role))
        .peekable();
    let host = Arc::clone(&hosts.peek()?.0.host);
    let count = hosts.count();
    Some((host, company.contact.occurrences(count)?))
}

/// Advertising, attribution and analytics services that an app contacts.
fn advertising(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let roles = [
        (Role::Ads, circumstance::ADS),
        (Role::Attribution, circumstance::ATTRIBUTION),
        (Role::Analytics, circumstance::ANALYTICS),
    ];
    for (role, rule) in roles {
        let mut of_role_only = subject.row.traffic.clone();
        of_role_only.retain(|recipient, _| {
            recipient::endpoint(subject.rules, recipient)
                .is_some_and(|endpoint| endpoint.role == role)
        });
        for company in recipient::companies(subject.rules, &of_role_only) {
            let Some(occurrences) = company.contact.occurrences(company.hosts.len()) else {
                continue;
            };
            facts.push(company_fact(subject, rule, &company, occurrences));
        }
    }
}

/// Recipients whose company sits outside the EEA and outside countries with an adequacy decision.
fn third_country(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
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
fn no_contract(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let Some(app) = subject.every_profile(|app| app.art28 == Art28::No) else {
        return;
    };
    let Some((recipient, contact)) = service(subject, app) else {
        return;
    };
    let Some(occurrences) = contact.occurrences(1) else {
        return;
    };
    let mut fact = fact(
        subject,
        circumstance::NO_CONTRACT,
        recipient,
        Grade::Inferred,
        occurrences,
    );
    fact.conclusion.reasons = vec![Arc::clone(&app.id)];
    facts.push(fact);
}

/// What manifests and grants say against an app.
fn manifest(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let nobody = || Recipient {
        kind: RecipientKind::None,
        host: Arc::from(""),
    };
    for package in &subject.packages {
        let Some((declaration, origin)) = subject.dossier.declarations.get(*package) else {
            continue;
        };
        if declaration.cleartext_allowed == Some(true) {
            let occurrences = Occurrences::at(Evidence::at(*origin));
            let mut fact = fact(
                subject,
                circumstance::CLEARTEXT_PERMITTED,
                nobody(),
                Grade::Declared,
                occurrences,
            );
            fact.conclusion.reasons = vec![Arc::from(*package)];
            facts.push(fact);
        }
    }
    let needs_no_contacts = |app: &App| {
        matches!(
            app.contact_discovery.method,
            DiscoveryMethod::Directory | DiscoveryMethod::None
        )
    };
    if subject.every_profile(needs_no_contacts).is_none() {
        return;
    }
    if let (ContactsAccess::Granted, permissions) = contacts_access(subject) {
        for (permission, origin) in permissions {
            let Some(origin) = origin else { continue };
            let occurrences = Occurrences::at(Evidence::at(origin));
            let mut fact = fact(
                subject,
                circumstance::PERMISSION_GRANTED,
                nobody(),
                Grade::Declared,
                occurrences,
            );
            fact.conclusion.reasons = vec![permission];
            facts.push(fact);
        }
    }
}
