//! What an assessment would be if measures were taken. Works on the findings of a finished audit: each measure of
//! `rules/measures.toml` ends findings, changes the inputs of their likelihood, or brings what another app is documented to send.

mod documented;
mod step;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use documented::documented;
pub use step::Step;

use super::row::profile;
use super::{judge, score};
use crate::limits::PLAN_MEASURES;
use crate::model::{
    AppId, AppReport, Audit, Category, JudgedFinding, RecipientKind, RiskLevel, Score, is_below,
    is_company,
};
use crate::rules::{App, Art28, MeasureArgument, MeasureNeed, Role, Rules};

/// What becomes of one finding.
#[derive(Clone, Debug)]
pub struct FindingChange {
    /// As it is; `None` if a measure brings it. Shared by all that may be done about it.
    pub before: Option<Arc<JudgedFinding>>,
    /// As it would be; `None` if it ends.
    pub after: Option<Arc<JudgedFinding>>,
}

/// What becomes of one app on one phone.
#[derive(Clone, Debug)]
pub struct AppChange {
    /// The phone; `None` for an app that is nowhere yet.
    pub device: Option<String>,
    /// As it is; `None` if a measure brings it.
    pub app: Option<Arc<AppReport>>,
    /// Name of its profile, if a measure brings it.
    pub brought: Option<Arc<str>>,
    /// Level and risk as they are.
    pub before: (RiskLevel, u8),
    /// Level and risk as they would be.
    pub after: (RiskLevel, u8),
    /// Findings, in the order of the audit; new ones last.
    pub findings: Vec<FindingChange>,
}

/// What a step does that is worth a word beyond the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It changes findings.
    Changes,
    /// It changes nothing here.
    Nothing,
    /// It cannot be taken: by documentation what it needs is not there.
    NotPossible(MeasureNeed),
}

/// An assessment before and after measures.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// The measures, with what each does.
    pub steps: Vec<(Step<'a>, Effect)>,
    /// Highest level of any app as it is.
    pub before: (RiskLevel, u8),
    /// And as it would be.
    pub after: (RiskLevel, u8),
    /// Apps, in the order of the audit; new ones last.
    pub apps: Vec<AppChange>,
}

impl Change<'_> {
    /// Sum of the risks that end or are lowered, less those that come or are raised; unproven findings do not count.
    pub fn relief(&self, rules: &Rules) -> i32 {
        let risk = |finding: &Option<Arc<JudgedFinding>>| {
            let proven = finding.as_ref().and_then(|finding| proven(rules, finding));
            proven.map_or(0, |score| i32::from(score.risk))
        };
        let changes = self.apps.iter().flat_map(|app| &app.findings);
        changes.fold(0, |sum, change| {
            sum.saturating_add(risk(&change.before))
                .saturating_sub(risk(&change.after))
        })
    }

    /// Effort of all steps.
    pub fn effort(&self) -> u32 {
        let steps = self.steps.iter();
        steps.fold(0, |sum, (step, _)| {
            sum.saturating_add(step.measure.effort.into())
        })
    }

    /// Findings that end.
    pub fn ended(&self) -> usize {
        let changes = self.apps.iter().flat_map(|app| &app.findings);
        changes
            .filter(|change| change.before.is_some() && change.after.is_none())
            .count()
    }
}

/// The score of a finding that may set the level of its app.
fn proven<'a>(rules: &Rules, finding: &'a JudgedFinding) -> Option<&'a Score> {
    finding
        .score
        .as_ref()
        .filter(|_| judge::is_telling(rules, finding))
}

fn level(rules: &Rules, findings: &[FindingChange]) -> (RiskLevel, u8) {
    findings
        .iter()
        .filter_map(|change| proven(rules, change.after.as_ref()?))
        .map(|score| (score.level, score.risk))
        .max_by_key(|(_, risk)| *risk)
        .unwrap_or((RiskLevel::None, 0))
}

/// What an app is documented to send, as if it were in use, before and after the steps.
pub fn as_documented(rules: &Rules, app: &App, steps: &[Step<'_>]) -> AppChange {
    let findings = documented(rules, app);
    let mut findings: Vec<FindingChange> = findings
        .into_iter()
        .map(Arc::new)
        .map(|finding| FindingChange {
            before: Some(Arc::clone(&finding)),
            after: Some(finding),
        })
        .collect();
    let before = level(rules, &findings);
    for step in steps {
        for change in &mut findings {
            apply(rules, step, change);
        }
    }
    AppChange {
        device: None,
        app: None,
        brought: Some(Arc::clone(&app.id)),
        before,
        after: level(rules, &findings),
        findings,
    }
}

/// The assessment before and after the steps, which are taken one after the other.
pub fn what_if<'a>(rules: &Rules, audit: &Audit, steps: &[Step<'a>]) -> Change<'a> {
    changed(rules, rows(audit), steps)
}

/// All apps of an audit before anything is done.
fn rows(audit: &Audit) -> Vec<AppChange> {
    let rows = audit.devices.iter().flat_map(|device| {
        let apps = device.apps.iter();
        apps.map(|app| as_it_is(&device.name, app))
    });
    rows.collect()
}

/// An app before anything is done.
fn as_it_is(device: &str, app: &AppReport) -> AppChange {
    let unchanged = |finding: &JudgedFinding| {
        let finding = Arc::new(finding.clone());
        FindingChange {
            before: Some(Arc::clone(&finding)),
            after: Some(finding),
        }
    };
    AppChange {
        device: Some(device.to_owned()),
        app: Some(Arc::new(app.clone())),
        brought: None,
        before: (app.level, app.risk),
        after: (app.level, app.risk),
        findings: app.findings.iter().map(unchanged).collect(),
    }
}

fn changed<'a>(rules: &Rules, mut apps: Vec<AppChange>, steps: &[Step<'a>]) -> Change<'a> {
    let highest = |levels: &mut dyn Iterator<Item = (RiskLevel, u8)>| {
        levels
            .max_by_key(|(_, risk)| *risk)
            .unwrap_or((RiskLevel::None, 0))
    };
    let before = highest(&mut apps.iter().map(|app| app.before));
    let steps = steps
        .iter()
        .map(|step| (step.clone(), take(rules, step, &mut apps)))
        .collect();
    for app in &mut apps {
        app.after = level(rules, &app.findings);
    }
    let after = highest(&mut apps.iter().map(|app| app.after));
    Change {
        steps,
        before,
        after,
        apps,
    }
}

/// Takes one step.
fn take(rules: &Rules, step: &Step<'_>, apps: &mut Vec<AppChange>) -> Effect {
    let needs = step.measure.needs;
    let is_not_hostable = || {
        let app = profile(rules, &AppId::new(&step.about));
        !app.is_some_and(|app| app.is_self_hostable)
    };
    if needs == Some(MeasureNeed::SelfHostable) && is_not_hostable() {
        return Effect::NotPossible(MeasureNeed::SelfHostable);
    }
    let mut effect = Effect::Nothing;
    if step.measure.brings_profile && bring(rules, step, apps) {
        effect = Effect::Changes;
    }
    for row in apps.iter_mut() {
        let Some(app) = &row.app else {
            // What the step itself has brought.
            let is_own = row.brought.as_deref() == Some(step.brought()) && step.other.is_empty();
            if is_own || step.measure.argument == MeasureArgument::None {
                for change in &mut row.findings {
                    if apply(rules, step, change) {
                        effect = Effect::Changes;
                    }
                }
            }
            continue;
        };
        for change in &mut row.findings {
            let Some(finding) = &change.after else {
                continue;
            };
            // What replaces an app on the same phone is not the app.
            if !is_reached(rules, step, app, finding) {
                continue;
            }
            if needs == Some(MeasureNeed::Contract) && offers_none(rules, app, finding) {
                if effect == Effect::Nothing {
                    effect = Effect::NotPossible(MeasureNeed::Contract);
                }
                continue;
            }
            if apply(rules, step, change) {
                effect = Effect::Changes;
            }
        }
    }
    effect
}

/// Whether a measure is about a finding.
fn is_reached(rules: &Rules, step: &Step<'_>, app: &AppReport, finding: &JudgedFinding) -> bool {
    match step.measure.argument {
        MeasureArgument::None => true,
        MeasureArgument::App | MeasureArgument::AppByApp => step.is_about(app),
        MeasureArgument::Host => match finding.recipient.kind {
            RecipientKind::Remote => is_below(&finding.recipient.host, &step.about),
            // A company is out of reach when each of its hosts is.
            RecipientKind::Company => {
                let mut hosts = app
                    .recipients
                    .iter()
                    .filter(|known| known.company.as_ref() == Some(&finding.recipient.host))
                    .peekable();
                hosts.peek().is_some()
                    && hosts.all(|known| is_below(&known.recipient.host, &step.about))
            }
            RecipientKind::Local | RecipientKind::None => false,
        },
        MeasureArgument::Company => {
            if let Some(company) = &finding.company {
                return is_company(company, &step.about);
            }
            let app = app.id.as_ref().and_then(|id| profile(rules, id));
            finding.recipient.kind == RecipientKind::Company
                && app.is_some_and(|app| is_company(&app.vendor, &step.about))
        }
    }
}

/// Whether the app is documented to come without a processing contract from that recipient, its vendor.
fn offers_none(rules: &Rules, app: &AppReport, finding: &JudgedFinding) -> bool {
    let Some(app) = app.id.as_ref().and_then(|id| profile(rules, id)) else {
        return false;
    };
    let is_vendor = |company: &Arc<str>| {
        is_company(&app.vendor, company)
            || app.parent.as_ref().is_some_and(|parent| parent == company)
    };
    app.art28 == Art28::No && finding.company.as_ref().is_none_or(is_vendor)
}

/// Ends or weighs anew what a measure reaches; whether that changed anything.
fn apply(rules: &Rules, step: &Step<'_>, change: &mut FindingChange) -> bool {
    let Some(finding) = &mut change.after else {
        return false;
    };
    let measure = step.measure;
    let is_kept = measure.keeps_rules.contains(&finding.rule);
    let observation = finding.observation.as_ref();
    let is_ended = measure.ends_all
        || measure.ends_categories.contains(&finding.category)
        || observation.is_some_and(|id| measure.ends_observations.contains(id));
    if is_ended && !is_kept {
        change.after = None;
        return true;
    }
    let is_weighed =
        measure.only_categories.is_empty() || measure.only_categories.contains(&finding.category);
    let Some(known) = finding.score.as_ref().filter(|_| is_weighed) else {
        return false;
    };
    let held: BTreeSet<&str> = known
        .likelihood
        .modifiers
        .iter()
        .map(|modifier| &*modifier.id)
        .collect();
    let has = |ids: &[Arc<str>], wanted: &str| ids.iter().any(|id| &**id == wanted);
    let after = score::rescored(&rules.legal().scoring, known, |id| {
        (held.contains(id) && !has(&measure.drops, id)) || has(&measure.adds, id)
    });
    let is_changed = after != *known;
    if is_changed {
        Arc::make_mut(finding).score = Some(after);
    }
    is_changed
}

/// Adds what an app is documented to send, where it takes the place of another and is not there yet; an app that is nowhere
/// is added once.
fn bring(rules: &Rules, step: &Step<'_>, apps: &mut Vec<AppChange>) -> bool {
    let Some(brought) = profile(rules, &AppId::new(step.brought())) else {
        return false;
    };
    let is_it = |row: &AppChange| {
        let app = row.app.as_ref().and_then(|app| app.id.as_ref());
        app.is_some_and(|id| id.as_str() == &*brought.id)
            || row.brought.as_ref() == Some(&brought.id)
    };
    let is_replaced = |row: &&AppChange| row.app.as_ref().is_some_and(|app| step.is_about(app));
    let devices: Vec<Option<String>> = if step.other.is_empty() {
        if apps.iter().any(is_it) {
            Vec::new()
        } else {
            vec![None]
        }
    } else {
        let replaced = apps.iter().filter(is_replaced);
        let has_it =
            |device: &Option<String>| apps.iter().any(|row| row.device == *device && is_it(row));
        replaced
            .map(|row| row.device.clone())
            .filter(|device| !has_it(device))
            .collect()
    };
    let has_new = !devices.is_empty();
    for device in devices {
        let documented = documented(rules, brought).into_iter();
        apps.push(AppChange {
            device,
            app: None,
            brought: Some(Arc::clone(&brought.id)),
            before: (RiskLevel::None, 0),
            after: (RiskLevel::None, 0),
            findings: documented
                .map(|finding| FindingChange {
                    before: None,
                    after: Some(Arc::new(finding)),
                })
                .collect(),
        });
    }
    has_new
}

/// All single measures that would lower risks of an audit, best relief for the effort first.
pub fn plan<'a>(rules: &'a Rules, audit: &Audit) -> Vec<Change<'a>> {
    let mut specs = BTreeSet::new();
    for app in audit.devices.iter().flat_map(|device| &device.apps) {
        candidates(rules, app, &mut specs);
    }
    let rows = rows(audit);
    ranked(rules, &specs, |step| changed(rules, rows.clone(), &[step]))
}

/// Single measures that would lower risks of one app on one phone, in the same order.
pub fn measures<'a>(rules: &'a Rules, device: &str, app: &AppReport) -> Vec<Change<'a>> {
    let mut specs = BTreeSet::new();
    candidates(rules, app, &mut specs);
    let rows = vec![as_it_is(device, app)];
    ranked(rules, &specs, |step| changed(rules, rows.clone(), &[step]))
}

fn ranked<'a>(
    rules: &'a Rules,
    specs: &BTreeSet<String>,
    take: impl Fn(Step<'a>) -> Change<'a>,
) -> Vec<Change<'a>> {
    let mut changes: Vec<Change<'a>> = specs
        .iter()
        .take(PLAN_MEASURES)
        .filter_map(|spec| Step::parse(rules, spec).ok())
        .map(take)
        .filter(|change| change.relief(rules) > 0)
        .collect();
    let worth = |change: &Change<'_>| {
        let effort = i32::try_from(change.effort()).unwrap_or(i32::MAX).max(1);
        change.relief(rules).saturating_mul(60).checked_div(effort)
    };
    // The order of the specs stays among equals.
    changes.sort_by_key(|change| std::cmp::Reverse((worth(change), change.ended())));
    changes
}

/// Measures that may help one app.
fn candidates(rules: &Rules, app: &AppReport, specs: &mut BTreeSet<String>) {
    let has_contacts = app
        .findings
        .iter()
        .any(|finding| finding.category == Category::Contacts && finding.score.is_some());
    if has_contacts {
        specs.insert("work-profile".to_owned());
    }
    if let Some(id) = &app.id {
        if has_contacts {
            specs.insert(format!("deny-contacts:{id}"));
            // A phone is kept for a messenger, to reach people who are nowhere else.
            let is_messenger = |app: &App| {
                let kind = rules.documented(app, "kind").and_then(|fact| fact.value);
                kind.as_deref() == Some("messenger")
            };
            if profile(rules, id).is_some_and(is_messenger) {
                specs.insert(format!("dedicated-phone:{id}"));
            }
        }
        if let Some(profile) = profile(rules, id).filter(|_| app.risk > 0) {
            if profile.is_self_hostable {
                specs.insert(format!("self-host:{id}"));
            }
            let offers = rules
                .alternative(id.as_str())
                .map(|one| one.offer.as_slice());
            for other in offers
                .unwrap_or_default()
                .iter()
                .filter(|other| **other != profile.id)
            {
                specs.insert(format!("replace:{id}={other}"));
            }
        }
    }
    let tracks = |role: &str| {
        [Role::Ads, Role::Attribution, Role::Analytics]
            .iter()
            .any(|tracking| tracking.as_str() == role)
    };
    for known in &app.recipients {
        if known.role.as_deref().is_some_and(tracks) {
            specs.insert(format!("block-host:{}", known.recipient.host));
        }
    }
    for finding in &app.findings {
        let has_no_contract = finding.score.as_ref().is_some_and(|score| {
            let mut modifiers = score.likelihood.modifiers.iter();
            modifiers.any(|modifier| &*modifier.id == score::NO_CONTRACT)
        });
        if let Some(company) = finding.company.as_ref().filter(|_| has_no_contract) {
            specs.insert(format!("sign-contract:{company}"));
        }
    }
}
