//! Declared → granted → read → sent: all that is known of one kind of data at one app, and where it contradicts itself.
//!
//! A chain is a correlation, not a proof: that contacts were read and that a host was contacted does not show that contacts
//! went there. Only decoded findings count as transmitted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::circumstance;
use super::grant;
use super::row::{Owner, Subject};
use crate::model::{
    Category, Contradiction, DataChain, Declaration, JudgedFinding, LabelState, Platform,
    Protection, Reads, Sent, Timestamp,
};

/// Kinds of data, as opposed to circumstances.
const KINDS: [Category; 9] = [
    Category::Contacts,
    Category::Location,
    Category::MessageContent,
    Category::Media,
    Category::MessageMetadata,
    Category::Account,
    Category::Device,
    Category::Credentials,
    Category::Usage,
];

/// Identifiers that an app learns from the system with a permission alone (`READ_PHONE_STATE`; Android's documentation of
/// `TelephonyManager`).
const OF_PHONE_STATE: [&str; 2] = ["imei-luhn", "imsi-or-iccid"];

/// The chains of an app, in the order of [`KINDS`]; none where several apps cannot be told apart.
pub(super) fn chains(subject: &Subject<'_>, findings: &[JudgedFinding]) -> Vec<DataChain> {
    if !matches!(subject.owner, Owner::App(_)) {
        return Vec::new();
    }
    let permissions = permissions(subject);
    let labels = Labels::of(subject);
    let reads = reads(subject);
    KINDS
        .iter()
        .filter_map(|category| {
            let mut chain = DataChain {
                category: *category,
                label: labels.state(*category),
                declared: Vec::new(),
                granted: Vec::new(),
                refused: Vec::new(),
                reads: reads.get(category).cloned(),
                sent: sent(*category, findings),
                contradictions: Vec::new(),
            };
            for (name, is_granted) in permissions.get(category).into_iter().flatten() {
                chain.declared.push(Arc::clone(name));
                match is_granted {
                    Some(true) => chain.granted.push(Arc::clone(name)),
                    Some(false) => chain.refused.push(Arc::clone(name)),
                    None => {}
                }
            }
            let is_empty =
                chain.declared.is_empty() && chain.reads.is_none() && chain.sent.is_none();
            if is_empty {
                return None;
            }
            chain.contradictions = contradictions(subject, &labels, &chain, findings);
            Some(chain)
        })
        .collect()
}

/// A permission that is asked for, and whether it is granted.
type Asked = (Arc<str>, Option<bool>);

/// Permissions of interest by the kind of data that they open, and whether they are granted.
fn permissions(subject: &Subject<'_>) -> BTreeMap<Category, Vec<Asked>> {
    let mut permissions: BTreeMap<Category, Vec<Asked>> = BTreeMap::new();
    for grant in grant::grants(subject.rules, subject.dossier, &subject.packages) {
        let category = grant
            .category
            .as_deref()
            .and_then(|id| subject.rules.permission_category(id)?.data);
        if let Some(category) = category {
            let name = Arc::from(grant.permission.as_str());
            permissions
                .entry(category)
                .or_default()
                .push((name, grant.is_granted));
        }
    }
    permissions
}

/// Reads by the kind of data.
fn reads(subject: &Subject<'_>) -> BTreeMap<Category, Reads> {
    let mut reads: BTreeMap<Category, Reads> = BTreeMap::new();
    for (resource, some) in &subject.row.reads {
        let category = subject.rules.permission_category_of(resource);
        if let Some(category) = category.and_then(|category| category.data) {
            reads.entry(category).or_default().merge(some.clone());
        }
    }
    reads
}

/// What of a kind of data left the phone, by the strongest way in which it is known. That it was read, or may be, is another
/// link of the chain.
fn sent(category: Category, findings: &[JudgedFinding]) -> Option<Sent> {
    let mut sent: Option<Sent> = None;
    let of_kind = findings.iter().filter(|finding| {
        finding.category == category
            && !finding.is_opted_out
            && finding.grade != crate::model::Grade::Declared
            && !circumstance::is_access(&finding.rule)
    });
    let strongest = of_kind.clone().map(|finding| finding.grade).min()?;
    let is_transmitted = strongest.is_transmitted();
    let mut recipients = BTreeSet::new();
    for finding in of_kind.filter(|finding| finding.grade.is_transmitted() == is_transmitted) {
        let occurrences = &finding.occurrences;
        recipients.insert(&finding.recipient);
        let sent = sent.get_or_insert(Sent {
            grade: strongest,
            count: 0,
            recipients: 0,
            is_in_clear: false,
            first: occurrences.first,
            last: occurrences.last,
        });
        sent.count = sent.count.saturating_add(occurrences.count);
        sent.is_in_clear |= is_transmitted && finding.protection == Protection::Cleartext;
        if occurrences.first != Timestamp::default() {
            sent.first = if sent.first == Timestamp::default() {
                occurrences.first
            } else {
                sent.first.min(occurrences.first)
            };
        }
        sent.last = sent.last.max(occurrences.last);
    }
    let mut sent = sent?;
    sent.recipients = recipients.len() as u64;
    Some(sent)
}

/// What all labels of an app say together.
#[derive(Debug, Default)]
struct Labels {
    /// Labels that say what is collected, or that nothing is.
    has_answer: bool,
    is_nothing: bool,
    is_encrypted: bool,
    named: BTreeSet<Category>,
    /// In metres, what is named of positions is coarser than this; `None` if precise positions are named, or none.
    coarser_than: Option<u32>,
}

impl Labels {
    fn of(subject: &Subject<'_>) -> Self {
        let mut labels = Self::default();
        let mut denials = 0_usize;
        let mut answers = 0_usize;
        let mut positions: Vec<Option<u32>> = Vec::new();
        for package in &subject.packages {
            for (label, _) in subject.dossier.labels_of(package) {
                // Embedded parts speak for themselves: that one is silent says nothing of the app. What they name counts.
                let named = label
                    .collected
                    .iter()
                    .filter(|(_, data)| data.is_collected || data.is_shared == Some(true));
                for (name, _) in named {
                    let Some(data) = subject.rules.labelled_data(name) else {
                        continue;
                    };
                    labels.named.extend(data.data);
                    if data.data == Some(Category::Location) {
                        positions.push(data.coarser_than_metres);
                    }
                }
                labels.is_encrypted |= label.is_encrypted == Some(true);
                if label.part.is_none() {
                    answers = answers.saturating_add(1);
                    let is_denial =
                        label.is_collecting == Some(false) && label.collected.is_empty();
                    denials = denials.saturating_add(usize::from(is_denial));
                }
            }
        }
        let coarse: Option<Vec<u32>> = positions.into_iter().collect();
        labels.coarser_than = coarse.and_then(|metres| metres.into_iter().min());
        labels.has_answer = answers > 0;
        labels.is_nothing = answers > 0 && denials == answers && labels.named.is_empty();
        labels
    }

    fn state(&self, category: Category) -> LabelState {
        if self.named.contains(&category) {
            LabelState::Named
        } else if self.is_nothing {
            LabelState::NothingCollected
        } else if self.has_answer {
            LabelState::NotNamed
        } else {
            LabelState::Unknown
        }
    }
}

fn contradictions(
    subject: &Subject<'_>,
    labels: &Labels,
    chain: &DataChain,
    findings: &[JudgedFinding],
) -> Vec<Contradiction> {
    let transmitted = chain
        .sent
        .as_ref()
        .filter(|sent| sent.grade.is_transmitted());
    let is_transmitted = transmitted.is_some();
    let has_reads = chain.reads.as_ref().is_some_and(|reads| reads.count > 0);
    let holds = |contradiction: &Contradiction| match contradiction {
        Contradiction::LabelSaysNotCollected => {
            is_transmitted && chain.label == LabelState::NothingCollected
        }
        Contradiction::SentNotDeclared => is_transmitted && chain.label == LabelState::NotNamed,
        Contradiction::SentMorePrecisely => {
            let is_too_precise =
                |metres: u32| labels.coarser_than.is_some_and(|than| metres <= than);
            chain.category == Category::Location
                && !has_only_rough_position(chain)
                && findings.iter().any(|finding| {
                    finding.category == Category::Location
                        && finding.grade.is_transmitted()
                        && finding
                            .occurrences
                            .precision_metres
                            .is_some_and(is_too_precise)
                })
        }
        Contradiction::LabelSaysEncrypted => {
            labels.is_encrypted && transmitted.is_some_and(|sent| sent.is_in_clear)
        }
        Contradiction::SentWithoutPermission => {
            // Accounts and devices have many marks that no permission guards.
            let is_guarded = || {
                matches!(chain.category, Category::Contacts | Category::Location)
                    || findings.iter().any(|finding| {
                        finding.category == chain.category
                            && finding.grade.is_transmitted()
                            && OF_PHONE_STATE.contains(&&*finding.rule)
                    })
            };
            is_transmitted && !chain.refused.is_empty() && chain.granted.is_empty() && is_guarded()
        }
        Contradiction::ReadInBackground => chain
            .reads
            .as_ref()
            .is_some_and(|reads| reads.in_background > 0),
        // Only where a log would have shown a use: its absence proves nothing where nothing was logged.
        Contradiction::GrantedNotNeeded => {
            subject.is_logged && !chain.granted.is_empty() && !has_reads && chain.sent.is_none()
        }
        Contradiction::CleartextAllowed => {
            is_transmitted
                && subject.packages.iter().any(|package| {
                    let declared = subject.dossier.declarations.get(*package);
                    declared.is_some_and(|(declaration, _)| allows_cleartext(declaration))
                })
        }
    };
    Contradiction::ALL.into_iter().filter(holds).collect()
}

/// Whether the system gives the app rough positions only, which have all decimal places too.
fn has_only_rough_position(chain: &DataChain) -> bool {
    let is_granted = |wanted: &str| chain.granted.iter().any(|name| &**name == wanted);
    is_granted("android.permission.ACCESS_COARSE_LOCATION")
        && !is_granted("android.permission.ACCESS_FINE_LOCATION")
}

/// Said outright, or by default: Android allows it below API level 28.
fn allows_cleartext(declaration: &Declaration) -> bool {
    const DENIED_FROM: u32 = 28;
    if let Some(is_allowed) = declaration.cleartext_allowed {
        return is_allowed;
    }
    let target = declaration
        .target_sdk
        .as_deref()
        .and_then(|level| level.parse::<u32>().ok());
    declaration.platform == Platform::Android
        && !declaration.has_network_security_config
        && target.is_some_and(|level| level < DENIED_FROM)
}
