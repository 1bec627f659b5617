//! One app on one phone, as the JSON report has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::archive::{Result, each, ids, level, platform, shared, time as moment, word};
use super::chain::ChainView;
use super::finding::FindingView;
use super::policy::StandingView;
use super::recipient::{RecipientView, VolumeView, volumes};
use super::{Prose, Word, strings, time};
use crate::model::{
    AppId, AppReport, Attributed, Basis, CriterionState, DeclaredFact, DeclaredKind, Grant,
    Question, RiskLevel, Screened,
};
use crate::report::remedy::{self, Remedy};

/// One app on one phone.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct AppView {
    /// Whose row it is.
    owner: OwnerView,
    /// Profile or package id; absent unless exactly one app.
    id: Option<String>,
    /// Ids of the apps that it may be.
    candidates: Vec<String>,
    /// Name to show, in the report's language.
    name: String,
    /// Names of the app, or of each candidate.
    names: Vec<String>,
    /// Packages on this phone.
    packages: Vec<String>,
    /// Version on this phone.
    version: Option<String>,
    /// Operating system.
    platform: Option<Word>,
    /// Ways by which traffic was put on it.
    recognised_by: Vec<Word>,
    /// Whether a device dump or manifest lists it.
    is_installed: bool,
    /// Level: `none`, `low`, `medium`, `high`, `very-high`.
    #[schemars(extend("enum" = RiskLevel::ALL.map(RiskLevel::as_str)))]
    level: Word,
    /// Highest risk, 0–16.
    risk: u8,
    /// Findings, most urgent first.
    findings: Vec<FindingView>,
    /// Traffic by readability, over all recipients.
    #[serde(default)]
    traffic: Vec<VolumeView>,
    /// Recipients, by bytes sent.
    recipients: Vec<RecipientView>,
    /// Permissions of interest.
    permissions: Vec<PermissionView>,
    /// What the app's packages declare and hold, by kind and name.
    #[serde(default)]
    declared: Vec<DeclaredView>,
    /// Each kind of data from permission to transmission; where apps cannot be told apart there are none.
    #[serde(default)]
    chains: Vec<ChainView>,
    /// Ids of provisions touched.
    provisions: Vec<String>,
    /// Criteria of WP 248 that are met, if they are enough for an impact assessment to be considered.
    dpia_criteria: Vec<u8>,
    /// All nine criteria of WP 248, and what shows each.
    #[serde(default)]
    dpia_screening: Vec<ScreenedView>,
    /// Single measures that would lower its risk, best relief for the effort first.
    #[serde(default)]
    what_if: Vec<RemedyView>,
    /// Questions that only people can answer.
    questions: Vec<QuestionView>,
    /// What the company says of it.
    #[serde(default)]
    policy: Option<StandingView>,
}

/// Whose row it is.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum OwnerView {
    /// One app.
    App,
    /// One of several apps that cannot be told apart.
    Shared,
    /// The operating system.
    System,
    /// Nothing tells.
    Unknown,
}

/// A measure with what it would change for an app, computed by itself.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct RemedyView {
    /// As for `phonehome what-if --measure`.
    measure: String,
    /// `technical`, `organisational`.
    #[schemars(extend("enum" = ["technical", "organisational"]))]
    kind: Word,
    /// 1 hours, 2 days, 3 weeks.
    effort: u8,
    /// What is done, in the report's language.
    label: String,
    /// What it does not change, in the report's language.
    stays: String,
    /// The app's risk as it is.
    risk_before: u8,
    /// And as it would be, with what the measure brings in its place.
    risk_after: u8,
    /// Findings that would go or change.
    findings: Vec<EasedView>,
    /// How many findings stay as they are.
    stay: usize,
    /// How many come with what takes the app's place.
    come: usize,
}

/// A finding that a measure changes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct EasedView {
    /// Its id.
    id: String,
    /// Its risk afterwards; absent if it goes.
    risk_after: Option<u8>,
}

/// A criterion of WP 248, screened for an app.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ScreenedView {
    /// Its number.
    criterion: u8,
    /// `met`, `not-met`, `to-be-asked`.
    #[schemars(extend("enum" = CriterionState::ALL.map(CriterionState::as_str)))]
    state: Word,
    /// What shows it: ids of legal observations, or permissions.
    because: Vec<String>,
    /// The criterion, in the report's language.
    text: String,
    /// Why it stands so, in the report's language.
    reason: String,
}

/// A permission of interest.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct PermissionView {
    /// Full name.
    name: String,
    /// Data category.
    category: Option<String>,
    /// 0 none … 3 high.
    risk: u8,
    /// Asked for.
    is_declared: bool,
    /// Granted, to one user of the phone at least; absent if no source says so.
    is_granted: Option<bool>,
    /// Android users (0 is the owner) to whom it is granted, where it is refused to others.
    #[serde(default)]
    granted_users: Vec<u32>,
    /// Android users to whom it is refused, where it is granted to others.
    #[serde(default)]
    refused_users: Vec<u32>,
    /// Decided by device management.
    is_policy_fixed: bool,
    /// Granted for what the user selected only: some photos, some contacts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_limited: bool,
    /// When it was last granted or refused (RFC 3339, UTC), where the system keeps that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decided: Option<String>,
}

/// Something that the app declares, or that lies in its package.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct DeclaredView {
    /// Kind.
    #[schemars(extend("enum" = DeclaredKind::ALL.map(DeclaredKind::as_str)))]
    kind: Word,
    /// What it is about.
    name: String,
    /// What is said of it; which values, depends on the kind.
    values: Vec<String>,
    /// Whether hosts of that company, or that host, were contacted by the app; absent where the question does not arise.
    is_contacted: Option<bool>,
}

/// A question.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct QuestionView {
    /// Id.
    id: String,
    /// What it is about.
    subject: String,
    /// In the report's language.
    text: String,
}

impl AppView {
    pub(super) fn of(prose: &Prose<'_>, device: &str, app: &AppReport) -> Self {
        let name = prose.app(app);
        let candidates: Vec<String> = match &app.app {
            Attributed::Known { app, .. } => vec![app.to_string()],
            Attributed::Shared { apps, .. } => apps.iter().map(ToString::to_string).collect(),
            Attributed::Unknown => Vec::new(),
        };
        Self {
            owner: match &app.app {
                Attributed::Known { app, .. } if app.as_str() == AppId::SYSTEM => OwnerView::System,
                Attributed::Known { .. } => OwnerView::App,
                Attributed::Shared { .. } => OwnerView::Shared,
                Attributed::Unknown => OwnerView::Unknown,
            },
            id: app.id.as_ref().map(ToString::to_string),
            candidates,
            packages: app.packages.clone(),
            names: app.names.clone(),
            version: app.version.clone(),
            platform: app.platform.map(|platform| platform.as_str().into()),
            recognised_by: app
                .bases
                .iter()
                .map(|basis| basis.as_str().into())
                .collect(),
            is_installed: app.is_installed,
            level: app.level.as_str().into(),
            risk: app.risk,
            findings: app
                .findings
                .iter()
                .map(|finding| FindingView::of(prose, finding))
                .collect(),
            traffic: volumes(&app.traffic()),
            recipients: app.recipients.iter().map(RecipientView::of).collect(),
            permissions: app.grants.iter().map(PermissionView::of).collect(),
            declared: app.declared.iter().map(DeclaredView::of).collect(),
            chains: app
                .chains
                .iter()
                .map(|chain| ChainView::of(prose, chain))
                .collect(),
            provisions: strings(&app.provisions),
            dpia_criteria: app.dpia_criteria.clone(),
            dpia_screening: app
                .screening
                .iter()
                .map(|screened| ScreenedView {
                    criterion: screened.number,
                    state: screened.state.as_str().into(),
                    because: strings(&screened.because),
                    text: prose.criteria(&[screened.number]),
                    reason: prose.screened(app, screened),
                })
                .collect(),
            what_if: remedy::of_app(prose, device, app)
                .into_iter()
                .map(RemedyView::of)
                .collect(),
            questions: app
                .questions
                .iter()
                .map(|question| QuestionView {
                    id: question.id.to_string(),
                    subject: question.subject.to_string(),
                    text: prose.question(
                        &question.id,
                        &[question.subject.to_string()],
                        std::slice::from_ref(&name),
                    ),
                })
                .collect(),
            policy: app.standing.as_ref().map(StandingView::of),
            name,
        }
    }

    pub(super) fn report(self) -> Result<AppReport> {
        let bases = each(self.recognised_by, |basis| word(Basis::from_id, &basis))?;
        let by = bases.first().copied().unwrap_or(Basis::Document);
        let mut candidates = self.candidates.iter().map(|id| AppId::new(id));
        let app = match self.owner {
            OwnerView::Unknown => Attributed::Unknown,
            OwnerView::Shared => Attributed::Shared {
                apps: candidates.collect(),
                by,
            },
            OwnerView::App | OwnerView::System => Attributed::Known {
                app: candidates
                    .next()
                    .ok_or("an app has no id among its candidates")?,
                by,
            },
        };
        Ok(AppReport {
            app,
            id: self.id.as_deref().map(AppId::new),
            names: self.names,
            packages: self.packages,
            version: self.version,
            platform: platform(self.platform.as_deref())?,
            bases,
            is_installed: self.is_installed,
            level: level(&self.level)?,
            risk: self.risk,
            findings: each(self.findings, FindingView::finding)?,
            recipients: each(self.recipients, RecipientView::report)?,
            grants: each(self.permissions, PermissionView::grant)?,
            declared: each(self.declared, DeclaredView::fact)?,
            chains: each(self.chains, ChainView::chain)?,
            provisions: ids(self.provisions),
            dpia_criteria: self.dpia_criteria,
            screening: each(self.dpia_screening, ScreenedView::screened)?,
            questions: self
                .questions
                .into_iter()
                .map(QuestionView::question)
                .collect(),
            standing: self.policy.map(StandingView::standing).transpose()?,
        })
    }
}

impl RemedyView {
    fn of(remedy: Remedy) -> Self {
        let eased = |(id, risk_after)| EasedView { id, risk_after };
        Self {
            measure: remedy.measure,
            kind: remedy.kind.into(),
            effort: remedy.effort,
            label: remedy.label,
            stays: remedy.stays,
            risk_before: remedy.before.1,
            risk_after: remedy.after.1,
            findings: remedy.changed.into_iter().map(eased).collect(),
            stay: remedy.kept,
            come: remedy.new,
        }
    }
}

impl ScreenedView {
    fn screened(self) -> Result<Screened> {
        Ok(Screened {
            number: self.criterion,
            state: word(CriterionState::from_id, &self.state)?,
            because: ids(self.because),
        })
    }
}

impl PermissionView {
    fn of(grant: &Grant) -> Self {
        let users = |wanted: bool| {
            let users = grant
                .by_user
                .iter()
                .filter(|(_, granted)| **granted == wanted);
            users.map(|(user, _)| *user).collect()
        };
        Self {
            name: grant.permission.clone(),
            category: grant.category.as_ref().map(ToString::to_string),
            risk: grant.risk,
            is_declared: grant.is_declared,
            is_granted: grant.is_granted,
            granted_users: users(true),
            refused_users: users(false),
            is_policy_fixed: grant.is_policy_fixed,
            is_limited: grant.is_limited,
            decided: grant.decided.and_then(time),
        }
    }

    fn grant(self) -> Result<Grant> {
        let users = |users: Vec<u32>, granted| users.into_iter().map(move |user| (user, granted));
        let granted = users(self.granted_users, true);
        let decided = self.decided.as_deref();
        Ok(Grant {
            permission: self.name,
            category: shared(self.category),
            risk: self.risk,
            is_declared: self.is_declared,
            is_granted: self.is_granted,
            by_user: granted.chain(users(self.refused_users, false)).collect(),
            is_policy_fixed: self.is_policy_fixed,
            is_limited: self.is_limited,
            decided: decided.map(|text| moment(Some(text))).transpose()?,
        })
    }
}

impl DeclaredView {
    fn of(fact: &DeclaredFact) -> Self {
        Self {
            kind: fact.kind.as_str().into(),
            name: fact.name.clone(),
            values: fact.values.clone(),
            is_contacted: fact.is_contacted,
        }
    }

    fn fact(self) -> Result<DeclaredFact> {
        Ok(DeclaredFact {
            kind: word(DeclaredKind::from_id, &self.kind)?,
            name: self.name,
            values: self.values,
            is_contacted: self.is_contacted,
        })
    }
}

impl QuestionView {
    fn question(self) -> Question {
        Question {
            id: self.id.into(),
            subject: self.subject.into(),
        }
    }
}
