//! One fact of one row → a judged finding: what it counts as in law, how severe and how likely, which provisions it touches.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};

use super::circumstance::{self, observation};
use super::infer;
use super::recipient::{self, Seat};
use super::row::{Conclusion, Fact, FactKey, Owner, Subject};
use super::score::{self, Adjustment};
use crate::model::{
    Attributed, Category, DevicePolicy, Grade, JudgedFinding, Occurrences, People, Protection,
    Recipient, RecipientKind, RiskLevel, Score, TransferTool,
};
use crate::rules::{App, Art28, Endpoint, Role, Rules};

/// Metres up to which a position counts as precise; beyond, as any position.
const PRECISE_METRES: u32 = 100;
/// Bytes of a finding's id: 48 bits, enough to keep thousands of findings apart.
const ID_BYTES: usize = 6;

/// Weighs all facts of a row; most urgent first.
pub(super) fn judge(subject: &Subject<'_>, concluded: Vec<Fact>) -> Vec<JudgedFinding> {
    let mut facts: BTreeMap<FactKey, Fact> = BTreeMap::new();
    let drawn: BTreeSet<(&str, &Recipient)> = concluded
        .iter()
        .map(|fact| (&*fact.key.rule, &fact.key.recipient))
        .collect();
    let is_left_out = |(key, occurrences): &(&FactKey, &Occurrences)| {
        let is_of_others = drawn.contains(&(circumstance::CONTACTS_ONE_BY_ONE, &key.recipient))
            && infer::is_of_others(subject, key, occurrences);
        is_said(subject, &drawn, key) || is_too_few(subject, key, occurrences) || is_of_others
    };
    let seen = subject
        .row
        .findings
        .iter()
        .filter(|found| !is_left_out(found))
        .map(|(key, occurrences)| Fact {
            key: key.clone(),
            occurrences: occurrences.clone(),
            conclusion: Conclusion::default(),
        });
    let seen: Vec<Fact> = seen.collect();
    for fact in seen.into_iter().chain(concluded) {
        match facts.get_mut(&fact.key) {
            Some(known) => {
                known.occurrences.merge(fact.occurrences);
                known.conclusion.reasons.extend(fact.conclusion.reasons);
            }
            None => {
                facts.insert(fact.key.clone(), fact);
            }
        }
    }
    let links = Links::of(subject, &facts);
    let mut findings: Vec<JudgedFinding> = facts
        .into_values()
        .map(|fact| judge_one(subject, &links, fact))
        .collect();
    findings.sort_by(|one, other| {
        rank(other)
            .cmp(&rank(one))
            .then_with(|| order(one).cmp(&order(other)))
    });
    findings
}

/// Whether a list stays below the number of entries that makes it one: a single contact is one that the user chose to send.
/// Many single ones are a conclusion of their own.
pub(super) fn is_too_few(subject: &Subject<'_>, key: &FactKey, occurrences: &Occurrences) -> bool {
    let least = subject
        .rules
        .identifier_of_finding(&key.rule)
        .map_or(1, |rule| u64::from(rule.min_items));
    key.grade != Grade::KnownValue && occurrences.most_items < least
}

/// Whether something else says it better: a conclusion of the same host or its company, or the traffic itself.
fn is_said(subject: &Subject<'_>, drawn: &BTreeSet<(&str, &Recipient)>, key: &FactKey) -> bool {
    let is_concluded = |rule: &str| drawn.contains(&(rule, &key.recipient));
    match &*key.rule {
        circumstance::RECIPIENT | circumstance::ADS | circumstance::ATTRIBUTION => {
            subject.row.traffic.contains_key(&key.recipient)
        }
        circumstance::NAME_LOOKUP => subject.contacted.contains(&key.recipient.host),
        circumstance::CLEARTEXT_HTTP => is_concluded(circumstance::CLEARTEXT_TRANSPORT),
        rule => is_concluded(rule),
    }
}

/// Order of work.
fn rank(finding: &JudgedFinding) -> (u16, u8) {
    finding
        .score
        .as_ref()
        .map_or((0, 0), |score| (score.priority_hundredths, score.risk))
}

/// Order among equals.
fn order(finding: &JudgedFinding) -> (Category, Grade, &str, &Recipient, &str) {
    (
        finding.category,
        finding.grade,
        &finding.rule,
        &finding.recipient,
        &finding.id,
    )
}

/// What else goes to a recipient: identifiers that link records, signs of special categories.
struct Links {
    identifiers: BTreeMap<Recipient, BTreeSet<Arc<str>>>,
    special: BTreeSet<Recipient>,
}

impl Links {
    fn of(subject: &Subject<'_>, facts: &BTreeMap<FactKey, Fact>) -> Self {
        let mut links = Self {
            identifiers: BTreeMap::new(),
            special: BTreeSet::new(),
        };
        for key in facts
            .keys()
            .filter(|key| key.grade.is_transmitted() && !key.is_opted_out)
        {
            let counts_as = |wanted: &str| {
                subject
                    .rules
                    .legal()
                    .observations_of(&key.rule)
                    .iter()
                    .any(|observation| &*observation.id == wanted)
            };
            if counts_as(observation::AD_ID) || counts_as(observation::DEVICE_ID) {
                links
                    .identifiers
                    .entry(key.recipient.clone())
                    .or_default()
                    .insert(Arc::clone(&key.rule));
            }
            if counts_as(observation::SPECIAL_CATEGORY) {
                links.special.insert(key.recipient.clone());
            }
        }
        links
    }
}

/// Whether findings of a category are about data of people, rather than circumstances.
pub(super) fn is_personal(category: Category) -> bool {
    match category {
        Category::Contacts
        | Category::Location
        | Category::Device
        | Category::Account
        | Category::MessageMetadata
        | Category::MessageContent
        | Category::Media
        | Category::Credentials
        | Category::Usage => true,
        Category::Transport | Category::Recipient | Category::Permission => false,
    }
}

fn judge_one(subject: &Subject<'_>, links: &Links, fact: Fact) -> JudgedFinding {
    let Fact {
        key,
        occurrences,
        conclusion,
    } = fact;
    let (observation, base) = weight(subject, &key, &occurrences, &conclusion);
    let is_coarse_location = key.category == Category::Location
        && occurrences.precision_metres.is_some_and(|metres| {
            let precision = subject.rules.precision_of_metres(metres);
            precision.is_none_or(|precision| matches!(&*precision.class, "district" | "region"))
        });
    let is_special = is_personal(key.category) && links.special.contains(&key.recipient);
    let adjustment = Adjustment {
        is_special_category: is_special
            || is_of_minors(subject, (key.category, key.grade), &key.recipient),
        is_coarse_location,
    };
    let score = base.filter(|_| !key.is_opted_out).map(|base| {
        let scoring = &subject.rules.legal().scoring;
        // What a recipient is (without contract, seated abroad) is no event: how many connections a capture shows of it says
        // nothing.
        let is_recurring = !circumstance::is_standing(&key.rule)
            && (occurrences.count >= scoring.recurring_from || conclusion.is_documented_recurring);
        let circumstances = Circumstances {
            subject,
            links,
            key: &key,
            observation: observation.as_deref(),
            roles: roles(subject, &key, &conclusion),
        };
        let is_housekeeping = is_housekeeping(subject.owner, &key.recipient);
        let likelihood = score::likelihood(scoring, |modifier| match modifier {
            score::BASE => true,
            _ if is_housekeeping => false,
            score::RECURRING => is_recurring,
            score::MITIGATED => conclusion.is_mitigated || is_safeguarded(subject, &key),
            other => circumstances.hold(other),
        });
        let severity = score::severity(scoring, base, adjustment);
        score::score(
            scoring,
            severity,
            likelihood,
            score::evidence_factor(&key.rule, key.grade, &conclusion.reasons),
        )
    });
    let provisions = if key.is_opted_out {
        Vec::new()
    } else {
        provisions(subject, &key, observation.as_ref())
    };
    let endpoint = recipient::endpoint(subject.rules, &key.recipient);
    let (own, own_country) = recipient::own(subject.policy, &key.recipient);
    JudgedFinding {
        id: id(subject.owner, &key),
        people: people(subject, &key, &occurrences),
        rule: key.rule,
        observation,
        category: key.category,
        grade: key.grade,
        protection: key.protection,
        company: own.or(endpoint.map(|endpoint| Arc::clone(&endpoint.company))),
        country: own_country.or(endpoint.and_then(|endpoint| endpoint.country.clone())),
        recipient: key.recipient,
        is_opted_out: key.is_opted_out,
        occurrences,
        score,
        provisions,
        reasons: conclusion.reasons,
    }
}

/// The observation that a fact counts as, and its severity: the observation's, else the rule's own; `None` if it is a signal
/// that nothing is weighed for.
fn weight(
    subject: &Subject<'_>,
    key: &FactKey,
    occurrences: &Occurrences,
    conclusion: &Conclusion,
) -> (Option<Arc<str>>, Option<u8>) {
    let rules = subject.rules;
    let legal = rules.legal();
    let of_rule = || {
        let candidates = legal.observations_of(&key.rule);
        // Most severe first; a position that is not precise falls to the next.
        let is_imprecise = occurrences
            .precision_metres
            .is_some_and(|metres| metres > PRECISE_METRES);
        let fitting = candidates.iter().find(|candidate| {
            candidate.min_distinct <= 1
                && !(is_imprecise && &*candidate.id == observation::LOCATION_PRECISE)
        });
        let circumstance = || {
            rules
                .circumstance(&key.rule)
                .and_then(|rule| legal.observation(rule.observation.as_deref()?))
        };
        fitting.copied().or_else(circumstance)
    };
    let observation = match &conclusion.observation {
        Some(id) => legal.observation(id),
        None => of_rule(),
    };
    let by_default = rules.describe(&key.rule).map_or(0, |rule| rule.severity);
    let severity = observation
        .and_then(|observation| observation.severity)
        .unwrap_or(by_default);
    (
        observation.map(|observation| Arc::clone(&observation.id)),
        Some(severity).filter(|severity| *severity > 0),
    )
}

/// Whether data went to nobody in particular on the local network, or from the system to a device there: networks work like
/// that (DHCP, announcements), nobody collects it, and only the starting value of the likelihood counts.
pub(super) fn is_housekeeping(owner: &Owner, recipient: &Recipient) -> bool {
    let is_group = match recipient.host.parse() {
        Ok(IpAddr::V4(address)) => {
            address.is_multicast() || address.is_broadcast() || address.octets()[3] == 255
        }
        Ok(IpAddr::V6(address)) => address.is_multicast(),
        Err(_) => recipient.host.rsplit('.').next() == Some("local"),
    };
    recipient.kind == RecipientKind::Local && (is_group || *owner == Owner::System)
}

/// Whether the company says that the phone is for this app alone, or that work has a profile of its own there, and nothing
/// shows that contacts leave it all the same.
fn is_safeguarded(subject: &Subject<'_>, key: &FactKey) -> bool {
    let is_for = |device: &DevicePolicy| {
        let mut apps = device.dedicated_to.iter();
        device.has_work_profile || apps.any(|app| subject.ids().contains(&&**app))
    };
    key.category == Category::Contacts
        && !key.grade.is_transmitted()
        && subject
            .policy
            .device(subject.device_name)
            .is_some_and(is_for)
}

/// Whether data of a phone went to somebody outside, or may have, that the company says people under 18 use.
pub(super) fn is_of_minors(
    subject: &Subject<'_>,
    (category, grade): (Category, Grade),
    recipient: &Recipient,
) -> bool {
    is_personal(category)
        && grade != Grade::Declared
        && *subject.owner != Owner::System
        && !recipient::is_own(subject.policy, recipient)
        && subject
            .policy
            .device(subject.device_name)
            .is_some_and(|device| device.has_minors)
}

/// What the likelihood of one fact depends on.
struct Circumstances<'a> {
    subject: &'a Subject<'a>,
    links: &'a Links,
    key: &'a FactKey,
    observation: Option<&'a str>,
    /// What the recipient does with it, as far as known.
    roles: BTreeSet<Role>,
}

/// What the recipient of a fact does: a company, what its contacted hosts do; a host, what it does.
fn roles(subject: &Subject<'_>, key: &FactKey, conclusion: &Conclusion) -> BTreeSet<Role> {
    if key.recipient.kind == RecipientKind::Company {
        return conclusion.roles.clone();
    }
    recipient::endpoint(subject.rules, &key.recipient)
        .map(|endpoint| endpoint.role)
        .into_iter()
        .collect()
}

impl Circumstances<'_> {
    /// Whether a modifier holds. What a finding itself says is not counted a second time: the severity has it.
    fn hold(&self, modifier: &str) -> bool {
        match modifier {
            score::NO_CONTRACT => {
                &*self.key.rule != circumstance::NO_CONTRACT && self.is_without_contract()
            }
            score::THIRD_COUNTRY => {
                let says_so = matches!(
                    &*self.key.rule,
                    circumstance::THIRD_COUNTRY_NONE | circumstance::THIRD_COUNTRY_US
                );
                !says_so && self.is_third_country()
            }
            score::ADS_OR_LINK => {
                let says_so = matches!(
                    &*self.key.rule,
                    circumstance::ADS | circumstance::ATTRIBUTION
                );
                !says_so
                    && (self.roles.iter().any(|role| role.is_advertising()) || self.is_linked())
            }
            score::CLEARTEXT => {
                self.key.protection == Protection::Cleartext && is_personal(self.key.category)
            }
            score::SELF_HOSTED => self.is_self_hosted(),
            _ => false,
        }
    }

    fn endpoint(&self) -> Option<&Endpoint> {
        recipient::endpoint(self.subject.rules, &self.key.recipient)
    }

    /// Whether the recipient is a server of the company's own: one in the local network, or, for an app whose vendor runs no
    /// service, one of no known company. Where that stands is asked as a question.
    fn is_self_hosted(&self) -> bool {
        match self.key.recipient.kind {
            RecipientKind::Local => self
                .subject
                .every_profile(|app| app.is_self_hostable)
                .is_some(),
            RecipientKind::Remote if self.is_own() => true,
            RecipientKind::Remote => {
                let is_without_vendor =
                    |app: &App| app.is_self_hostable && app.art28 == Art28::SelfHosted;
                self.subject.every_profile(is_without_vendor).is_some() && self.endpoint().is_none()
            }
            RecipientKind::Company | RecipientKind::None => false,
        }
    }

    fn is_own(&self) -> bool {
        recipient::is_own(self.subject.policy, &self.key.recipient)
    }

    fn is_third_country(&self) -> bool {
        let is_adequate = |endpoint: &Endpoint| {
            let tool = recipient::processor(self.subject.policy, endpoint)
                .and_then(|processor| processor.transfer_tool);
            matches!(tool, Some(TransferTool::Adequacy | TransferTool::Dpf))
        };
        self.endpoint().is_some_and(|endpoint| {
            !self.is_own()
                && !is_adequate(endpoint)
                && matches!(
                    recipient::seat(self.subject.rules, endpoint),
                    Seat::NotListed | Seat::Inadequate
                )
        })
    }

    fn is_without_contract(&self) -> bool {
        let is_signed = |endpoint: &Endpoint| {
            recipient::processor(self.subject.policy, endpoint)
                .is_some_and(|processor| processor.contract.is_some())
        };
        if self.is_own() || self.endpoint().is_some_and(is_signed) {
            return false;
        }
        let has_contract = self
            .subject
            .every_profile(|app| matches!(app.art28, Art28::Yes | Art28::SelfHosted))
            .is_some_and(|app| {
                let is_vendor = self.endpoint().is_some_and(|endpoint| {
                    endpoint.company == app.vendor || Some(&endpoint.company) == app.parent.as_ref()
                });
                is_vendor || self.subject.is_own_service(&self.key.recipient)
            });
        let of_vendor =
            recipient::has_no_contract(self.subject) && !recipient::has_signed(self.subject);
        let of_recipient = || {
            self.endpoint().is_some_and(|endpoint| {
                recipient::has_own_purposes(self.subject.rules, &endpoint.company, &self.roles)
            })
        };
        of_vendor || (!has_contract && of_recipient())
    }

    /// Whether an identifier goes to the same recipient; the advertising id is made for linking and counts by itself.
    fn is_linked(&self) -> bool {
        if self.observation == Some(observation::AD_ID) {
            return true;
        }
        let others = self.links.identifiers.get(&self.key.recipient);
        is_personal(self.key.category)
            && others
                .is_some_and(|identifiers| identifiers.iter().any(|rule| *rule != self.key.rule))
    }
}

/// Whether what was seen touches a provision.
pub(super) fn touches(
    subject: &Subject<'_>,
    key: &FactKey,
    occurrences: &Occurrences,
    provision: &str,
) -> bool {
    let (observation, _) = weight(subject, key, occurrences, &Conclusion::default());
    provisions(subject, key, observation.as_ref())
        .iter()
        .any(|touched| &**touched == provision)
}

/// Of how many others contacts were transmitted.
fn people(subject: &Subject<'_>, key: &FactKey, occurrences: &Occurrences) -> Option<People> {
    if key.category != Category::Contacts || !key.grade.is_transmitted() {
        return None;
    }
    let book = &subject.dossier.address_book;
    let is_owner_known = match &*key.rule {
        // Whose each value is, the list of known values says.
        _ if key.grade == Grade::KnownValue => true,
        "contact-hash-list" => false,
        "contact-email-list" => book.has_own_email,
        "contact-phone-list" => book.has_own_number,
        _ => book.has_own_number || book.has_own_email,
    };
    let own = if is_owner_known {
        book.own_among(&occurrences.distinct)
    } else {
        1
    };
    Some(People {
        others: occurrences.distinct.count().saturating_sub(own),
        is_owner_known,
    })
}

/// Provisions that a fact touches, in the order of the rules.
fn provisions(
    subject: &Subject<'_>,
    key: &FactKey,
    observation: Option<&Arc<str>>,
) -> Vec<Arc<str>> {
    let mut touched: BTreeSet<&str> = observation.iter().map(|id| &***id).collect();
    if touched.contains(observation::LOCATION_PRECISE) {
        touched.insert(observation::LOCATION_ANY);
    }
    if key.protection == Protection::Cleartext && is_personal(key.category) {
        touched.insert(observation::CLEARTEXT);
        if key.category == Category::Contacts {
            touched.insert(observation::CONTACTS_CLEARTEXT);
        }
    }
    // Conditions and identifiers that only add provisions have observations of the same name.
    touched.insert(&key.rule);
    if matches!(
        &*key.rule,
        circumstance::THIRD_COUNTRY_NONE | circumstance::THIRD_COUNTRY_US
    ) {
        touched.insert(observation::THIRD_COUNTRY_ANY);
    }
    if matches!(&*key.rule, circumstance::ADS | circumstance::ATTRIBUTION) {
        touched.insert(observation::PROFILING);
    }
    let is_measured = matches!(
        &*key.rule,
        circumstance::ADS | circumstance::ATTRIBUTION | circumstance::ANALYTICS
    );
    if is_measured && subject.is_own_app() {
        touched.insert(observation::OWN_APP_SDK);
    }
    if is_of_minors(subject, (key.category, key.grade), &key.recipient) {
        touched.insert(observation::CHILDREN);
    }
    let is_touched = |id: &Arc<str>| touched.contains(&**id);
    let seat = subject.policy.country.as_deref();
    subject
        .rules
        .legal()
        .provisions
        .iter()
        .filter(|provision| provision.may_apply(seat))
        .filter(|provision| provision.touched_by.iter().any(is_touched))
        .map(|provision| Arc::clone(&provision.id))
        .collect()
}

/// The highest level and risk among findings whose evidence suffices to set it. A permission alone never does.
pub(super) fn level(subject: &Subject<'_>, findings: &[JudgedFinding]) -> (RiskLevel, u8) {
    telling(subject, findings)
        .map(|(_, score)| (score.level, score.risk))
        .max_by_key(|(_, risk)| *risk)
        .unwrap_or((RiskLevel::None, 0))
}

/// Findings whose evidence suffices, with their scores.
pub(super) fn telling<'a>(
    subject: &Subject<'_>,
    findings: &'a [JudgedFinding],
) -> impl Iterator<Item = (&'a JudgedFinding, &'a Score)> {
    findings
        .iter()
        .filter(|finding| is_telling(subject.rules, finding))
        .filter_map(|finding| Some((finding, finding.score.as_ref()?)))
}

/// Whether the evidence of a finding suffices to set a level.
pub(super) fn is_telling(rules: &Rules, finding: &JudgedFinding) -> bool {
    let least = rules.legal().scoring.level_needs_percent;
    let score = finding.score.as_ref();
    finding.grade != Grade::Declared && score.is_some_and(|score| score.evidence_percent >= least)
}

/// Stable id of a finding: over app, rule, recipient, grade and protection, never over counts, times or order.
pub(super) fn id(owner: &Owner, key: &FactKey) -> String {
    let owner = match owner {
        Owner::App(app) => app.to_string(),
        Owner::Shared(apps) => apps
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("|"),
        Owner::System => "system".to_owned(),
        Owner::Unknown => "unknown".to_owned(),
    };
    let kind = match key.recipient.kind {
        RecipientKind::Remote => "remote",
        RecipientKind::Local => "local",
        RecipientKind::Company => "company",
        RecipientKind::None => "none",
    };
    let protection = match key.protection {
        Protection::Cleartext => "cleartext",
        Protection::Encrypted => "encrypted",
        Protection::Unknown => "unknown",
    };
    let opted_out = if key.is_opted_out { "opted-out" } else { "" };
    let parts = [
        &*owner,
        &key.rule,
        kind,
        &key.recipient.host,
        key.grade.as_str(),
        protection,
        opted_out,
    ];
    let hash = digest(&SHA256, parts.join("\0").as_bytes());
    HEXLOWER.encode(hash.as_ref().get(..ID_BYTES).unwrap_or_default())
}

/// The attribution to print for an owner.
pub(super) fn attributed(owner: &Owner, by: crate::model::Basis) -> Attributed {
    match owner {
        Owner::App(app) => Attributed::Known {
            app: app.clone(),
            by,
        },
        Owner::Shared(apps) => Attributed::Shared {
            apps: apps.clone(),
            by,
        },
        Owner::System => Attributed::Known {
            app: crate::model::AppId::new(crate::model::AppId::SYSTEM),
            by,
        },
        Owner::Unknown => Attributed::Unknown,
    }
}
