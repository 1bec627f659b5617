//! `phonehome apps` and `phonehome compare`.

use phonehome::report::{self, COMPARISON_FORMATS, Comparison};
use phonehome::rules::{App, Rules};
use phonehome::{Error, Result};

use super::input::{load_rules, report_of};
use super::output::{write_prose, write_to};
use super::{Status, complain_of, language};
use crate::cli::{Apps, Compare, TalkOptions};

/// Lists the profiles, or shows one.
pub(super) fn apps(options: &Apps, talk: TalkOptions) -> Result<Status> {
    let rules = load_rules(&options.rules)?;
    let language = language(options.language);
    let app = options
        .app
        .as_deref()
        .map(|name| named(&rules, name))
        .transpose()?;
    write_prose(talk, |out| match app {
        Some(app) => report::show_app(&rules, app, language, out),
        None => report::list_apps(&rules, language, out),
    })?;
    Ok(Status::Done)
}

/// Sets apps side by side.
pub(super) fn compare(options: &Compare, talk: TalkOptions) -> Result<Status> {
    let rules = load_rules(&options.rules)?;
    let mut apps: Vec<&App> = Vec::new();
    for name in &options.apps {
        let app = named(&rules, name)?;
        if !apps.iter().any(|known| known.id == app.id) {
            apps.push(app);
        }
    }
    let mut status = Status::Done;
    let measured = match &options.case {
        Some(case) => {
            let (report, errors) = report_of(case, &rules, talk)?;
            status = complain_of(&errors);
            Some(report)
        }
        None => None,
    };
    let comparison = Comparison::new(&rules, &apps, measured.as_ref());
    let rendering = report::Options::plain(language(options.language), talk.width(false));
    let formats = COMPARISON_FORMATS.iter();
    for format in formats.filter(|format| format.name == options.format) {
        write_to(None, |out| (format.write)(&comparison, rendering, out))?;
    }
    Ok(status)
}

fn named<'a>(rules: &'a Rules, name: &str) -> Result<&'a App> {
    rules.app_named(name).ok_or_else(|| {
        let advice = rules.advice_for(name);
        Error::Usage(format!("there is no profile of {name}; {advice}"))
    })
}
