//! A JSON report → what formats render: any format can be made from a saved report later.
//!
//! What the report says is believed as it stands; whether it is what the captures show is for `verify` to say. A word that this
//! version does not know is refused, since leaving it out would change what the report says.

use std::sync::Arc;

use super::app::AppView;
use super::chain::ClockView;
use super::policy::{GroupView, ShadowView};
use super::recipient::read_volumes;
use super::shown::Shown;
use super::{AuditView, DeviceView, InputView, SCHEMA_VERSION, ShortfallView};
use crate::gate::Exemptions;
use crate::model::{
    Audit, Coverage, DeviceReport, InputId, InputReport, Origin, Platform, RiskLevel, Shortfall,
    Timestamp,
};
use crate::report::{Language, Presentable};

/// What is wrong with a report.
pub(super) type Result<T> = std::result::Result<T, String>;

/// What tells why the rest cannot be read.
#[derive(serde::Deserialize)]
struct Header {
    format: String,
    schema_version: u32,
}

impl Presentable {
    /// Reads a JSON report that this tool has written, and the language it was written in. The error says what does not hold.
    pub fn from_json(text: &[u8]) -> Result<(Self, Language)> {
        const FOREIGN: &str = "it is no JSON report of phonehome (made with --format json)";
        // Both look at all of a text that may be long.
        let (shown, view) = std::thread::scope(|scope| {
            let shown = scope.spawn(|| serde_json::from_slice::<Shown>(text));
            let view = serde_json::from_slice::<AuditView>(text);
            let shown = shown.join();
            (
                shown.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                view,
            )
        });
        let (format, schema_version) = if let Ok(view) = &view {
            (view.format.clone(), view.schema_version)
        } else {
            let header: Header = serde_json::from_slice(text).map_err(|_| FOREIGN.to_owned())?;
            (header.format.into(), header.schema_version)
        };
        if format != "phonehome-audit" {
            return Err(FOREIGN.to_owned());
        }
        if schema_version != SCHEMA_VERSION {
            return Err(format!(
                "its layout has version {schema_version}, this phonehome reads version {SCHEMA_VERSION}",
            ));
        }
        let Shown = shown.map_err(|error| error.to_string())?;
        let view = view.map_err(|error| error.to_string())?;
        let language = word(Language::from_id, &view.language)?;
        let report = Self {
            shows_values: view.shows_values,
            exemptions: Exemptions::default(),
            path_prefix: None,
            audit: audit(view)?,
        };
        Ok((report, language))
    }
}

/// The value that a word stands for.
pub(super) fn word<T>(from_id: impl Fn(&str) -> Option<T>, word: &str) -> Result<T> {
    from_id(word).ok_or_else(|| format!("the word {word:?} is not known"))
}

pub(super) fn each<T, U>(views: Vec<T>, read: impl Fn(T) -> Result<U>) -> Result<Vec<U>> {
    views.into_iter().map(read).collect()
}

pub(super) fn shared(text: Option<String>) -> Option<Arc<str>> {
    text.map(Arc::from)
}

pub(super) fn ids(texts: Vec<String>) -> Vec<Arc<str>> {
    texts.into_iter().map(Arc::from).collect()
}

pub(super) fn level(text: &str) -> Result<RiskLevel> {
    word(RiskLevel::from_id, text)
}

pub(super) fn platform(text: Option<&str>) -> Result<Option<Platform>> {
    text.map(|text| word(Platform::from_id, text)).transpose()
}

/// A time; absent for what only documents tell.
pub(super) fn time(text: Option<&str>) -> Result<Timestamp> {
    text.map_or(Ok(Timestamp::default()), |text| {
        Timestamp::parse(text).ok_or_else(|| format!("{text:?} is not a time of a report"))
    })
}

fn audit(view: AuditView) -> Result<Audit> {
    Ok(Audit {
        case: view.case,
        tool_version: view.tool_version,
        rules_sha256: view.rules_sha256,
        law_as_of: view.law_as_of,
        options: view.options,
        method: view.method,
        controller: view.controller.controller()?,
        inputs: each(view.inputs, input)?,
        devices: each(view.devices, device)?,
        coverage: coverage(view.coverage)?,
    })
}

fn input(view: InputView) -> Result<InputReport> {
    let period = match (&view.first, &view.last) {
        (Some(first), Some(last)) => Some((time(Some(first))?, time(Some(last))?)),
        _ => None,
    };
    Ok(InputReport {
        id: InputId(view.id),
        path: view.path,
        device: view.device,
        format: view.format,
        sha256: view.sha256,
        bytes: view.bytes,
        items: view.items,
        period,
    })
}

fn coverage(views: Vec<ShortfallView>) -> Result<Coverage> {
    let mut coverage = Coverage::default();
    for view in views {
        let input = InputId(view.input);
        let first = view.frame.map(|frame| Origin {
            input,
            frame,
            time: Timestamp::default(),
        });
        let shortfall = word(Shortfall::from_id, &view.reason)?;
        coverage.add_many(input, shortfall, view.count, first, view.bytes, || {
            view.detail.unwrap_or_default()
        });
    }
    Ok(coverage)
}

fn device(view: DeviceView) -> Result<DeviceReport> {
    Ok(DeviceReport {
        name: view.name,
        platform: platform(view.platform.as_deref())?,
        model: view.model,
        clock: view.clock.map(ClockView::shift),
        apps: each(view.apps, AppView::report)?,
        silent_apps: view.silent_apps,
        traffic: read_volumes(&view.traffic)?,
        policy: view.group.map(GroupView::policy).transpose()?,
        shadow: each(view.shadow_it, ShadowView::app)?,
    })
}
