//! What a company says of itself and has decided, made ready to be shown.

use super::app_id;
use crate::model::{
    Controller, DevicePolicy, Exception, ExceptionState, Processor, Purpose, ShadowApp, Standing,
};
use crate::report::text;

/// What a company says is its own text, which has no captured values but may have anything else.
fn texts(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| text::safe(text)).collect()
}

pub(super) fn controller(controller: &Controller) -> Controller {
    let Controller {
        name,
        country,
        has_works_council,
        processors,
        retention,
    } = controller;
    Controller {
        name: name.as_deref().map(text::safe),
        country: country.as_deref().map(text::safe),
        has_works_council: *has_works_council,
        processors: processors.iter().map(processor).collect(),
        retention: retention.clone(),
    }
}

fn processor(processor: &Processor) -> Processor {
    let Processor {
        company,
        contract,
        sub_processors,
        transfer_tool,
        transfer_assessment,
    } = processor;
    Processor {
        company: text::safe(company),
        contract: *contract,
        sub_processors: texts(sub_processors),
        transfer_tool: *transfer_tool,
        transfer_assessment: *transfer_assessment,
    }
}

pub(super) fn device_policy(policy: &DevicePolicy) -> DevicePolicy {
    let DevicePolicy {
        folder,
        kind,
        has_work_profile,
        has_minors,
        dedicated_to,
        role,
        consent_at,
        time_zone,
    } = policy;
    DevicePolicy {
        folder: text::safe(folder),
        kind: *kind,
        has_work_profile: *has_work_profile,
        has_minors: *has_minors,
        dedicated_to: texts(dedicated_to),
        role: role.as_deref().map(text::safe),
        consent_at: *consent_at,
        time_zone: time_zone.as_deref().map(text::safe),
    }
}

fn exception(state: &ExceptionState) -> ExceptionState {
    let Exception {
        app,
        observation,
        devices,
        owner,
        reason,
        expires,
    } = &state.exception;
    ExceptionState {
        exception: Exception {
            app: text::safe(app),
            observation: observation.as_deref().map(text::safe),
            devices: texts(devices),
            owner: text::safe(owner),
            reason: text::safe(reason),
            expires: *expires,
        },
        is_expired: state.is_expired,
    }
}

pub(super) fn standing(standing: &Standing) -> Standing {
    let Standing {
        status,
        purposes,
        since,
        exceptions,
    } = standing;
    let purpose = |purpose: &Purpose| Purpose {
        text: text::safe(&purpose.text),
        legal_basis: purpose.legal_basis,
    };
    Standing {
        status: *status,
        purposes: purposes.iter().map(purpose).collect(),
        since: *since,
        exceptions: exceptions.iter().map(exception).collect(),
    }
}

pub(super) fn shadow_app(app: &ShadowApp) -> ShadowApp {
    let ShadowApp {
        id,
        name,
        status,
        is_installed,
        is_matched_by_name,
        has_traffic,
        exceptions,
    } = app;
    ShadowApp {
        id: app_id(id),
        name: text::safe(name),
        status: *status,
        is_installed: *is_installed,
        is_matched_by_name: *is_matched_by_name,
        has_traffic: *has_traffic,
        exceptions: exceptions.iter().map(exception).collect(),
    }
}
