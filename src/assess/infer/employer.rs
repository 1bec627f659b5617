//! What a company can see of the people who work for it: the suitability alone matters in law (§ 87(1) no. 6 of the Works
//! Constitution Act).

use std::collections::BTreeMap;

use super::super::row::{Fact, FactKey, Subject};
use super::super::{circumstance, recipient};
use super::data::{rules_of, together};
use super::{fact, recipients};
use crate::model::{AppStatus, Category, Grade, Occurrences, Recipient};

/// Places, messages and doings that went to the company's own servers; else, an app that the company has introduced and
/// administers.
pub(super) fn can_see(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let mut seen: BTreeMap<&Recipient, Vec<(&FactKey, &Occurrences)>> = BTreeMap::new();
    for (key, occurrences) in &subject.row.findings {
        let is_of_conduct = matches!(
            key.category,
            Category::Location | Category::MessageMetadata | Category::Usage
        );
        let is_seen = is_of_conduct
            && key.grade.is_transmitted()
            && !key.is_opted_out
            && recipient::is_own(subject.policy, &key.recipient);
        if is_seen {
            let parts = seen.entry(&key.recipient).or_default();
            parts.push((key, occurrences));
        }
    }
    if seen.is_empty() {
        introduced(subject, facts);
    }
    for (recipient, parts) in seen {
        let Some(occurrences) = together(&parts) else {
            continue;
        };
        let rule = circumstance::EMPLOYER_CAN_SEE;
        let grade = Grade::Inferred;
        let mut fact = fact(subject, rule, recipient.clone(), grade, occurrences);
        fact.conclusion.reasons = rules_of(&parts).into_iter().cloned().collect();
        facts.push(fact);
    }
}

/// An app that the company has decided to use, with accounts that it administers.
fn introduced(subject: &Subject<'_>, facts: &mut Vec<Fact>) {
    let decision = subject.policy.app(subject.device_name, &subject.ids());
    let is_introduced =
        decision.is_some_and(|app| matches!(app.status, AppStatus::Required | AppStatus::Approved));
    let app = subject.every_profile(|app| is_introduced && subject.rules.is_administered(app));
    let rule = circumstance::EMPLOYER_CAN_SEE;
    facts.extend(
        app.and_then(|app| recipients::standing(subject, rule, app, Some("administration"))),
    );
}
