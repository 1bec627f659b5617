//! What the company says of phones and apps, as the JSON report has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::archive::word;
use super::{Prose, Word};
use crate::model::{
    AppId, AppStatus, Consent, Controller, Day, DeviceKind, DevicePolicy, Exception,
    ExceptionState, LegalBasis, Processor, Purpose, Retention, ShadowApp, Standing, TransferTool,
};
use crate::report::language::fill;

/// What is wrong with a report.
type Result<T> = std::result::Result<T, String>;

fn day(text: &str) -> Result<Day> {
    Day::parse(text).ok_or_else(|| format!("{text:?} is not a day"))
}

/// Who answers for the phones.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub(super) struct ControllerView {
    /// Name.
    name: Option<String>,
    /// Seat, ISO 3166-1 alpha-2.
    country: Option<String>,
    /// Whether there is a works council; absent if it is not said.
    works_council: Option<bool>,
    /// Companies that process data on its behalf.
    processors: Vec<ProcessorView>,
    /// Days after which captures are deleted.
    captures_days: Option<u32>,
    /// Days after which reports are deleted.
    reports_days: Option<u32>,
}

/// A processor.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ProcessorView {
    /// Name.
    company: String,
    /// Day of the contract (ISO 8601).
    contract: Option<String>,
    /// Further processors.
    sub_processors: Vec<String>,
    /// What a transfer rests on: `adequacy`, `dpf`, `scc`, `bcr`.
    transfer_tool: Option<Word>,
    /// Day on which the transfer was assessed.
    transfer_assessment: Option<String>,
}

impl ControllerView {
    pub(super) fn of(controller: &Controller) -> Self {
        let processor = |processor: &Processor| ProcessorView {
            company: processor.company.clone(),
            contract: processor.contract.map(|day| day.to_string()),
            sub_processors: processor.sub_processors.clone(),
            transfer_tool: processor.transfer_tool.map(|tool| tool.as_str().into()),
            transfer_assessment: processor.transfer_assessment.map(|day| day.to_string()),
        };
        Self {
            name: controller.name.clone(),
            country: controller.country.clone(),
            works_council: controller.has_works_council,
            processors: controller.processors.iter().map(processor).collect(),
            captures_days: controller.retention.captures_days,
            reports_days: controller.retention.reports_days,
        }
    }

    pub(super) fn controller(self) -> Result<Controller> {
        let processor = |view: ProcessorView| {
            let tool = view.transfer_tool;
            Ok(Processor {
                company: view.company,
                contract: view.contract.as_deref().map(day).transpose()?,
                sub_processors: view.sub_processors,
                transfer_tool: tool
                    .map(|tool| word(TransferTool::from_id, &tool))
                    .transpose()?,
                transfer_assessment: view.transfer_assessment.as_deref().map(day).transpose()?,
            })
        };
        Ok(Controller {
            name: self.name,
            country: self.country,
            has_works_council: self.works_council,
            processors: self
                .processors
                .into_iter()
                .map(processor)
                .collect::<Result<_>>()?,
            retention: Retention {
                captures_days: self.captures_days,
                reports_days: self.reports_days,
            },
        })
    }
}

fn consent(text: &str) -> Result<Consent> {
    Consent::parse(text).ok_or_else(|| format!("{text:?} is not a time of consent"))
}

/// A kind of phone.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct GroupView {
    /// Name or pattern of the folders that it is about.
    folder: String,
    /// `company`, `private`.
    kind: Word,
    /// Work data is kept apart.
    has_work_profile: bool,
    /// Some of its users are under 18.
    #[serde(default)]
    has_minors: bool,
    /// The only apps that it is for.
    dedicated_to: Vec<String>,
    /// What its user does.
    role: Option<String>,
    /// When its user agreed: a time (RFC 3339, UTC), `+90s` after the first packet, or `never`.
    #[serde(default)]
    consent_at: Option<String>,
    /// Time zone of its clock (IANA), in which times of its logs without a zone are read.
    #[serde(default)]
    time_zone: Option<String>,
}

impl GroupView {
    pub(super) fn of(policy: &DevicePolicy) -> Self {
        Self {
            folder: policy.folder.clone(),
            kind: policy.kind.as_str().into(),
            has_work_profile: policy.has_work_profile,
            has_minors: policy.has_minors,
            dedicated_to: policy.dedicated_to.clone(),
            role: policy.role.clone(),
            consent_at: policy.consent_at.map(|consent| consent.to_string()),
            time_zone: policy.time_zone.clone(),
        }
    }

    pub(super) fn policy(self) -> Result<DevicePolicy> {
        Ok(DevicePolicy {
            folder: self.folder,
            kind: word(DeviceKind::from_id, &self.kind)?,
            has_work_profile: self.has_work_profile,
            has_minors: self.has_minors,
            dedicated_to: self.dedicated_to,
            role: self.role,
            consent_at: self.consent_at.as_deref().map(consent).transpose()?,
            time_zone: self.time_zone,
        })
    }
}

/// What the company says of an app.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct StandingView {
    /// `required`, `approved`, `tolerated`, `forbidden`; absent if nothing is decided.
    status: Option<Word>,
    /// Since when (ISO 8601).
    since: Option<String>,
    /// What it is used for.
    purposes: Vec<PurposeView>,
    /// What is put up with.
    exceptions: Vec<ExceptionView>,
}

/// A purpose.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct PurposeView {
    /// In the company's words.
    text: String,
    /// Legal basis; absent if nobody has decided.
    legal_basis: Option<Word>,
}

/// An exception.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ExceptionView {
    /// App.
    app: String,
    /// Legal observation that it is about; absent for the use of the app as such.
    observation: Option<String>,
    /// Phones that it holds for; none for all.
    devices: Vec<String>,
    /// Who answers for it.
    owner: String,
    /// Why.
    reason: String,
    /// The last day on which it holds.
    expires: String,
    /// That day was before the last packet.
    is_expired: bool,
}

impl ExceptionView {
    fn of(state: &ExceptionState) -> Self {
        let exception = &state.exception;
        Self {
            app: exception.app.clone(),
            observation: exception.observation.clone(),
            devices: exception.devices.clone(),
            owner: exception.owner.clone(),
            reason: exception.reason.clone(),
            expires: exception.expires.to_string(),
            is_expired: state.is_expired,
        }
    }

    fn state(self) -> Result<ExceptionState> {
        Ok(ExceptionState {
            exception: Exception {
                app: self.app,
                observation: self.observation,
                devices: self.devices,
                owner: self.owner,
                reason: self.reason,
                expires: day(&self.expires)?,
            },
            is_expired: self.is_expired,
        })
    }
}

impl StandingView {
    pub(super) fn of(standing: &Standing) -> Self {
        let purpose = |purpose: &Purpose| PurposeView {
            text: purpose.text.clone(),
            legal_basis: purpose.legal_basis.map(|basis| basis.as_str().into()),
        };
        Self {
            status: standing.status.map(|status| status.as_str().into()),
            since: standing.since.map(|since| since.to_string()),
            purposes: standing.purposes.iter().map(purpose).collect(),
            exceptions: standing.exceptions.iter().map(ExceptionView::of).collect(),
        }
    }

    pub(super) fn standing(self) -> Result<Standing> {
        let purpose = |view: PurposeView| {
            let basis = view.legal_basis;
            Ok(Purpose {
                text: view.text,
                legal_basis: basis
                    .map(|basis| word(LegalBasis::from_id, &basis))
                    .transpose()?,
            })
        };
        Ok(Standing {
            status: status(self.status)?,
            purposes: self
                .purposes
                .into_iter()
                .map(purpose)
                .collect::<Result<_>>()?,
            since: self.since.as_deref().map(day).transpose()?,
            exceptions: exceptions(self.exceptions)?,
        })
    }
}

fn status(text: Option<Word>) -> Result<Option<AppStatus>> {
    text.map(|text| word(AppStatus::from_id, &text)).transpose()
}

fn exceptions(views: Vec<ExceptionView>) -> Result<Vec<ExceptionState>> {
    views.into_iter().map(ExceptionView::state).collect()
}

/// An app that the company does not know or does not allow.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct ShadowView {
    /// Profile or package id.
    id: String,
    /// Name to show.
    name: String,
    /// `forbidden`; absent if nothing is decided.
    status: Option<Word>,
    /// Listed by a document of the phone, rather than seen in traffic alone.
    is_installed: bool,
    /// Concluded from a name in a list without package ids.
    #[serde(default)]
    is_matched_by_name: bool,
    /// Traffic was put on it.
    has_traffic: bool,
    /// Exceptions for its use.
    exceptions: Vec<ExceptionView>,
    /// Ids of apps that serve the same purpose.
    #[serde(default)]
    alternatives: Vec<String>,
    /// How to talk about it, in the report's language.
    #[serde(default)]
    text: String,
}

impl ShadowView {
    pub(super) fn of(prose: &Prose<'_>, app: &ShadowApp) -> Self {
        let alternative = prose.rules.alternative(app.id.as_str());
        let offer = alternative.map(|one| one.offer.iter().map(ToString::to_string).collect());
        Self {
            id: app.id.to_string(),
            name: app.name.clone(),
            status: app.status.map(|status| status.as_str().into()),
            is_installed: app.is_installed,
            is_matched_by_name: app.is_matched_by_name,
            has_traffic: app.has_traffic,
            exceptions: app.exceptions.iter().map(ExceptionView::of).collect(),
            alternatives: offer.unwrap_or_default(),
            text: alternative.map_or_else(String::new, |one| {
                fill(prose.language.of(&one.text), &[("app", &app.name)])
            }),
        }
    }

    pub(super) fn app(self) -> Result<ShadowApp> {
        Ok(ShadowApp {
            id: AppId::new(&self.id),
            name: self.name,
            status: status(self.status)?,
            is_installed: self.is_installed,
            is_matched_by_name: self.is_matched_by_name,
            has_traffic: self.has_traffic,
            exceptions: exceptions(self.exceptions)?,
        })
    }
}
