//! One measure, as it is written and what it is about.

use crate::assess::row::profile;
use crate::model::{AppId, AppReport, Audit};
use crate::rules::{Measure, MeasureArgument, Rules};

/// One measure taken about one thing.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// What is done.
    pub measure: &'a Measure,
    /// About which app, host or company; empty if it holds for all phones.
    pub about: String,
    /// The app that takes its place.
    pub other: String,
}

impl<'a> Step<'a> {
    /// Reads `KIND`, `KIND:ARGUMENT` or `KIND:APP=APP`. The error says what there is instead.
    pub fn parse(rules: &'a Rules, text: &str) -> Result<Self, String> {
        let (kind, argument) = text.split_once(':').unwrap_or((text, ""));
        let measure = rules.measure(kind).ok_or_else(|| {
            let known: Vec<&str> = rules.measures().iter().map(|one| &*one.id).collect();
            format!(
                "there is no measure “{kind}”; there are: {}",
                known.join(", ")
            )
        })?;
        let (about, other) = match measure.argument {
            MeasureArgument::AppByApp => argument.split_once('=').unwrap_or((argument, "")),
            _ => (argument, ""),
        };
        let form = match measure.argument {
            MeasureArgument::None if !about.is_empty() => Some(""),
            MeasureArgument::App if about.is_empty() => Some(":APP"),
            MeasureArgument::AppByApp if about.is_empty() || other.is_empty() => Some(":APP=APP"),
            MeasureArgument::Host if about.is_empty() => Some(":HOST"),
            MeasureArgument::Company if about.is_empty() => Some(":COMPANY"),
            _ => None,
        };
        if let Some(form) = form {
            return Err(format!("the measure is written {kind}{form}"));
        }
        let named = |name: &str| rules.app_named(name).map(|app| app.id.to_string());
        // An app without profile may be one of the audit.
        let about = named(about)
            .filter(|_| measure.argument.is_app())
            .unwrap_or_else(|| about.to_owned());
        let other = match other {
            "" => String::new(),
            name => named(name).ok_or_else(|| {
                let advice = rules.advice_for(name);
                format!(
                    "there is no profile “{name}”, so nothing is documented about what it would send; {advice}"
                )
            })?,
        };
        if !other.is_empty() && about == other {
            return Err(format!("{other} would be replaced by itself"));
        }
        Ok(Self {
            measure,
            about,
            other,
        })
    }

    /// Refuses a measure about an app that neither an audit nor the profiles know: it would look like one that changes nothing.
    pub fn must_be_known(&self, rules: &Rules, audit: &Audit) -> Result<(), String> {
        let mut apps = audit.devices.iter().flat_map(|device| &device.apps);
        if !self.measure.argument.is_app()
            || apps.any(|app| self.is_about(app))
            || profile(rules, &AppId::new(&self.about)).is_some()
        {
            return Ok(());
        }
        let advice = rules.advice_for(&self.about);
        Err(format!("there is no app “{}”; {advice}", self.about))
    }

    /// As it is written on the command line.
    pub fn spec(&self) -> String {
        match (self.about.as_str(), self.other.as_str()) {
            ("", _) => self.measure.id.to_string(),
            (about, "") => format!("{}:{about}", self.measure.id),
            (about, other) => format!("{}:{about}={other}", self.measure.id),
        }
    }

    /// The app whose documented behaviour it brings.
    pub(super) fn brought(&self) -> &str {
        if self.other.is_empty() {
            &self.about
        } else {
            &self.other
        }
    }

    pub(super) fn is_about(&self, app: &AppReport) -> bool {
        let is_it = |id: &str| id == self.about;
        app.id.as_ref().is_some_and(|id| is_it(id.as_str()))
            || app.packages.iter().any(|package| is_it(package))
    }
}
