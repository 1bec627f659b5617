//! What an app is documented to send, as findings.

use std::sync::Arc;

use crate::assess::infer::{metadata_of, observation_of, upload_of};
use crate::assess::row::{FactKey, Owner};
use crate::assess::{circumstance, judge, score};
use crate::model::{
    AppId, Category, Evidence, Grade, JudgedFinding, Occurrences, Origin, Protection, Recipient,
    RecipientKind,
};
use crate::rules::{App, Art28, DataPrivacyFramework, EndToEnd, Rules, TransferStatus};

/// What an app in use is documented to send, as findings that are inferred from its profile.
pub fn documented(rules: &Rules, app: &App) -> Vec<JudgedFinding> {
    let discovery = &app.contact_discovery;
    let is_own = app.art28 == Art28::SelfHosted;
    let mut findings = Vec::new();
    if let Some(observation) = observation_of(discovery.method) {
        let rule = upload_of(discovery.method);
        findings.push(documented_one(
            rules,
            app,
            (rule, Category::Contacts, observation, "contacts"),
            discovery.is_recurring,
        ));
    }
    if app.end_to_end != EndToEnd::NotApplicable {
        let about = (
            circumstance::MESSAGE_METADATA,
            Category::MessageMetadata,
            metadata_of(rules, app),
            "metadata",
        );
        // Whoever uses a messenger writes again and again.
        findings.push(documented_one(rules, app, about, true));
    }
    if app.art28 == Art28::No {
        let about = (
            circumstance::NO_CONTRACT,
            Category::Recipient,
            "no-art28-contract",
            "contract",
        );
        findings.push(documented_one(rules, app, about, false));
    }
    let status = app
        .vendor_country
        .as_ref()
        .filter(|_| !is_own)
        .map(|country| rules.legal().transfer_status(country));
    let about = match status {
        Some(TransferStatus::None) => {
            Some((circumstance::THIRD_COUNTRY_NONE, "third-country-none"))
        }
        Some(TransferStatus::PartlyAdequate(country)) if &**country == "US" => {
            Some((circumstance::THIRD_COUNTRY_US, "third-country-us"))
        }
        _ => None,
    };
    if let Some((rule, observation)) = about {
        let about = (rule, Category::Recipient, observation, "country");
        findings.push(documented_one(rules, app, about, false));
    }
    findings
}

fn documented_one(
    rules: &Rules,
    app: &App,
    (rule, category, observation, criterion): (&str, Category, &str, &str),
    is_recurring: bool,
) -> JudgedFinding {
    let (legal, scoring) = (rules.legal(), &rules.legal().scoring);
    let is_own = app.art28 == Art28::SelfHosted;
    let key = FactKey {
        category,
        rule: rule.into(),
        recipient: Recipient {
            kind: if is_own {
                RecipientKind::None
            } else {
                RecipientKind::Company
            },
            host: if is_own {
                Arc::from("")
            } else {
                Arc::clone(&app.vendor)
            },
        },
        grade: Grade::Inferred,
        protection: Protection::Unknown,
        is_opted_out: false,
    };
    let is_third_country = app
        .vendor_country
        .as_ref()
        .filter(|_| !is_own)
        .is_some_and(|country| match legal.transfer_status(country) {
            TransferStatus::None => true,
            TransferStatus::PartlyAdequate(country) => {
                &**country == "US" && app.dpf != DataPrivacyFramework::Certified
            }
            TransferStatus::Eea | TransferStatus::Adequate(_) => false,
        });
    let likelihood = score::likelihood(scoring, |modifier| match modifier {
        score::BASE => true,
        score::NO_CONTRACT => app.art28 == Art28::No && rule != circumstance::NO_CONTRACT,
        score::THIRD_COUNTRY => {
            let says_so = matches!(
                rule,
                circumstance::THIRD_COUNTRY_NONE | circumstance::THIRD_COUNTRY_US
            );
            is_third_country && !says_so
        }
        score::RECURRING => is_recurring,
        score::SELF_HOSTED => is_own,
        _ => false,
    });
    let mut reasons = vec![Arc::clone(&app.id)];
    reasons.extend(score::certainty_of(rules, app, criterion));
    let known = legal.observation(observation);
    let severity = known.and_then(|known| known.severity).unwrap_or(1);
    let provisions = legal.provisions_of(observation);
    JudgedFinding {
        id: judge::id(&Owner::App(AppId(Arc::clone(&app.id))), &key),
        rule: key.rule,
        observation: Some(observation.into()),
        category,
        grade: key.grade,
        protection: key.protection,
        company: (!is_own).then(|| Arc::clone(&app.vendor)),
        country: app.vendor_country.clone().filter(|_| !is_own),
        recipient: key.recipient,
        is_opted_out: false,
        occurrences: Occurrences::at(Evidence::at(Origin::default())),
        people: None,
        score: Some(score::score(
            scoring,
            severity,
            likelihood,
            score::evidence_factor(rule, Grade::Inferred, &reasons),
        )),
        provisions: provisions
            .map(|provision| Arc::clone(&provision.id))
            .collect(),
        reasons,
    }
}
