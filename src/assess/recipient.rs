//! Who is behind the hosts of a row: companies with what was exchanged with them, their seat and what the law says about it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::row::{Subject, Traffic};
use crate::model::{
    ContentState, Evidence, Occurrences, Policy, Processor, Recipient, RecipientKind,
    RecipientReport, Volume, is_below,
};
use crate::rules::{App, Art28, DataPrivacyFramework, Endpoint, Role, Rules, TransferStatus};

/// Role of a server of the company's own.
const OWN_SERVER: &str = "own-server";

/// A company that a row's hosts belong to.
#[derive(Clone, Debug)]
pub(super) struct Company<'a> {
    pub(super) name: &'a Arc<str>,
    /// The contacted hosts with who is behind each.
    pub(super) hosts: Vec<(&'a Recipient, &'a Endpoint)>,
    pub(super) contact: Contact,
}

/// What was exchanged, over all readabilities.
#[derive(Clone, Debug, Default)]
pub(super) struct Contact {
    volumes: Vec<Volume>,
}

impl Contact {
    pub(super) fn add(&mut self, volumes: &BTreeMap<ContentState, Volume>) {
        self.volumes.extend(volumes.values().cloned());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.volumes.is_empty()
    }

    /// How much of it was caused by what is shown in the app, as a reason of a conclusion about it.
    pub(super) fn of_content(&self) -> Option<&'static str> {
        let of_content = |volume: &&Volume| volume.of_content > 0;
        self.volumes.iter().find(of_content)?;
        let is_all = self
            .volumes
            .iter()
            .all(|volume| volume.of_content == volume.flows);
        Some(if is_all {
            "content: all"
        } else {
            "content: part"
        })
    }

    /// As occurrences of a conclusion about it: one for each flow; evidence is where it began.
    pub(super) fn occurrences(&self, items: usize) -> Option<Occurrences> {
        let first = self.volumes.iter().map(|volume| volume.first).min()?;
        let items = u64::try_from(items).unwrap_or(u64::MAX);
        let flows = self
            .volumes
            .iter()
            .fold(0_u64, |sum, volume| sum.saturating_add(volume.flows));
        let mut occurrences = Occurrences::at(Evidence::at(first));
        occurrences.count = flows;
        occurrences.items = items;
        occurrences.most_items = items;
        occurrences.last = self
            .volumes
            .iter()
            .map(|volume| volume.last)
            .max()
            .unwrap_or(first.time);
        for volume in &self.volumes {
            occurrences.add_evidence(Evidence::at(volume.first));
            occurrences.users.merge(&volume.users);
        }
        Some(occurrences)
    }
}

/// The companies of a row's traffic, by name.
pub(super) fn companies<'a>(rules: &'a Rules, traffic: &'a Traffic) -> Vec<Company<'a>> {
    companies_that(rules, traffic, |_| true)
}

/// The companies of a row's traffic with the hosts that are `wanted`, by name.
pub(super) fn companies_that<'a>(
    rules: &'a Rules,
    traffic: &'a Traffic,
    wanted: impl Fn(&Endpoint) -> bool,
) -> Vec<Company<'a>> {
    let mut companies: BTreeMap<&Arc<str>, Company<'a>> = BTreeMap::new();
    for (recipient, volumes) in traffic {
        let Some(endpoint) = endpoint(rules, recipient).filter(|endpoint| wanted(endpoint)) else {
            continue;
        };
        let company = companies
            .entry(&endpoint.company)
            .or_insert_with(|| Company {
                name: &endpoint.company,
                hosts: Vec::new(),
                contact: Contact::default(),
            });
        company.hosts.push((recipient, endpoint));
        company.contact.add(volumes);
    }
    companies.into_values().collect()
}

/// Who is behind a recipient on the internet.
pub(super) fn endpoint<'a>(rules: &'a Rules, recipient: &Recipient) -> Option<&'a Endpoint> {
    match recipient.kind {
        RecipientKind::Remote => rules.endpoint(&recipient.host),
        RecipientKind::Company => rules
            .endpoints()
            .iter()
            .find(|endpoint| endpoint.company == recipient.host),
        RecipientKind::Local | RecipientKind::None => None,
    }
}

/// A company as the recipient of a conclusion.
pub(super) fn as_recipient(company: &Arc<str>) -> Recipient {
    Recipient {
        kind: RecipientKind::Company,
        host: Arc::clone(company),
    }
}

/// What the law says about the seat of a company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seat {
    /// Nothing: in the EEA, adequate, or not known.
    Unremarkable,
    /// In a country where only listed recipients are covered (USA), and this one is known to be listed.
    Listed,
    /// There, and not known to be listed.
    NotListed,
    /// In a country without any decision.
    Inadequate,
}

/// What the law says about the seat of the company behind an endpoint.
pub(super) fn seat(rules: &Rules, endpoint: &Endpoint) -> Seat {
    let Some(country) = &endpoint.country else {
        return Seat::Unremarkable;
    };
    match rules.legal().transfer_status(country) {
        TransferStatus::Eea | TransferStatus::Adequate(_) => Seat::Unremarkable,
        // The Canadian decision covers commercial organisations as such; only for the USA there is a list to be on.
        TransferStatus::PartlyAdequate(country) if &**country != "US" => Seat::Unremarkable,
        TransferStatus::PartlyAdequate(_) if is_listed(rules, endpoint) => Seat::Listed,
        TransferStatus::PartlyAdequate(_) => Seat::NotListed,
        TransferStatus::None => Seat::Inadequate,
    }
}

/// Whether the profiles say that the company is on the list of the EU-US Data Privacy Framework.
fn is_listed(rules: &Rules, endpoint: &Endpoint) -> bool {
    let is_of_company = |app: &&App| {
        app.vendor == endpoint.company
            || app.parent.as_ref() == Some(&endpoint.company)
            || app
                .hosts
                .iter()
                .any(|host| is_below(&endpoint.suffix, host))
    };
    let mut of_company = rules
        .apps()
        .iter()
        .filter(is_of_company)
        .map(|app| app.dpf)
        .peekable();
    of_company.peek().is_some()
        && rules
            .apps()
            .iter()
            .filter(is_of_company)
            .any(|app| app.dpf == DataPrivacyFramework::Certified)
        && of_company.all(|dpf| dpf != DataPrivacyFramework::NotListed)
}

/// Whether what a company gets with services of these roles serves its own purposes: it advertises, attributes or runs a
/// social network with them, or measures with them and does so elsewhere.
pub(super) fn has_own_purposes(rules: &Rules, company: &str, served: &BTreeSet<Role>) -> bool {
    let serves_itself = |role: Role| role.is_advertising() || role == Role::Social;
    let has_such_services = || {
        rules
            .endpoints()
            .iter()
            .any(|endpoint| &*endpoint.company == company && serves_itself(endpoint.role))
    };
    served.iter().any(|role| serves_itself(*role))
        || (served.contains(&Role::Analytics) && has_such_services())
}

/// Whether no processing contract is known for any app that it may be, and none is on offer for at least one of them.
pub(super) fn has_no_contract(subject: &Subject<'_>) -> bool {
    let is_not_known = |app: &App| matches!(app.art28, Art28::No | Art28::Unknown);
    subject.every_profile(is_not_known).is_some()
        && subject.any_profile(|app| app.art28 == Art28::No)
}

/// Whether a recipient is a server of the company's own.
pub(super) fn is_own(policy: &Policy, recipient: &Recipient) -> bool {
    matches!(recipient.kind, RecipientKind::Remote | RecipientKind::Local)
        && policy.is_own(&recipient.host)
}

/// Name and seat of the company itself, if a recipient is its own.
pub(super) fn own(policy: &Policy, recipient: &Recipient) -> (Option<Arc<str>>, Option<Arc<str>>) {
    if !is_own(policy, recipient) {
        return (None, None);
    }
    let shared = |text: &Option<String>| text.as_deref().map(Arc::from);
    let host = &recipient.host;
    let internal = policy.internal.iter();
    let name = internal
        .filter(|one| one.hosts.iter().any(|suffix| is_below(host, suffix)))
        .map(|one| Arc::from(one.name.as_str()))
        .next();
    (
        name.or_else(|| shared(&policy.organisation)),
        shared(&policy.country),
    )
}

/// What the company says of the company behind an endpoint, or of its parent, as a processor.
pub(super) fn processor<'a>(policy: &'a Policy, endpoint: &Endpoint) -> Option<&'a Processor> {
    let of_parent = || policy.processor(endpoint.parent.as_ref()?);
    policy.processor(&endpoint.company).or_else(of_parent)
}

/// Whether the company has a processing contract with the vendor of every app that it may be.
pub(super) fn has_signed(subject: &Subject<'_>) -> bool {
    let is_signed = |name: &str| {
        let processor = subject.policy.processor(name);
        processor.is_some_and(|processor| processor.contract.is_some())
    };
    let with_vendor =
        |app: &App| is_signed(&app.vendor) || app.parent.as_deref().is_some_and(is_signed);
    subject.every_profile(with_vendor).is_some()
}

/// Whether a transfer to the company behind an endpoint rests on something, and that has been assessed.
pub(super) fn is_transfer_settled(policy: &Policy, endpoint: &Endpoint) -> bool {
    processor(policy, endpoint).is_some_and(|processor| {
        processor.transfer_tool.is_some() && processor.transfer_assessment.is_some()
    })
}

/// The recipients of a row, by bytes sent.
pub(super) fn reports(rules: &Rules, policy: &Policy, traffic: &Traffic) -> Vec<RecipientReport> {
    let mut reports: Vec<RecipientReport> = traffic
        .iter()
        .map(|(recipient, volumes)| {
            let endpoint = endpoint(rules, recipient);
            let (own, own_country) = own(policy, recipient);
            let is_own = is_own(policy, recipient);
            RecipientReport {
                recipient: recipient.clone(),
                company: own.or(endpoint.map(|endpoint| Arc::clone(&endpoint.company))),
                parent: endpoint.and_then(|endpoint| endpoint.parent.clone()),
                country: own_country.or(endpoint.and_then(|endpoint| endpoint.country.clone())),
                role: if is_own {
                    Some(OWN_SERVER.into())
                } else {
                    endpoint.map(|endpoint| Arc::from(endpoint.role.as_str()))
                },
                service: endpoint.map(|endpoint| Arc::clone(&endpoint.service)),
                volumes: volumes.clone(),
            }
        })
        .collect();
    let sent = |report: &RecipientReport| {
        report
            .volumes
            .values()
            .fold(0_u64, |sum, volume| sum.saturating_add(volume.sent_bytes))
    };
    reports.sort_by(|one, other| {
        sent(other)
            .cmp(&sent(one))
            .then_with(|| one.recipient.cmp(&other.recipient))
    });
    reports
}
