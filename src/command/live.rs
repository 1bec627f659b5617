//! `phonehome audit --interface` and `phonehome interfaces`: captures until it is told to stop, and shows how it goes.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use phonehome::audit::{Basis, Live};
use phonehome::flow::Clients;
use phonehome::intake::{self, Poll};
use phonehome::model::{self, InputId, RiskLevel};
use phonehome::report::{self, FORMATS, Presentable};
use phonehome::rules::Rules;
use phonehome::{Error, Result};

use super::input::pipeline_options;
use super::output::{write_prose, write_to};
use super::talk::say;
use super::{Status, language};
use crate::cli::{Audit, OutputOptions, TalkOptions};

/// How often the table is drawn anew: often enough to follow, seldom enough to read.
const REFRESH: Duration = Duration::from_secs(2);
/// Lines of a terminal that does not say how many it has.
const DEFAULT_LINES: usize = 24;

/// Captures from an interface until its time is over or the user ends it.
pub(super) fn audit(
    options: &Audit,
    name: &str,
    rules: &Rules,
    talk: TalkOptions,
) -> Result<model::Audit> {
    let pipeline = pipeline_options(&options.input, None)?;
    // All that needs rights or files comes before the rights are given up.
    let basis = Basis::new(&pipeline, rules)?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut interface = intake::open_interface(
        name,
        pipeline.filter.as_deref(),
        options.write.as_deref(),
        InputId(0),
        Arc::clone(&stop),
    )?;
    intake::drop_privileges()?;
    end_on_interrupt(&stop)?;
    let clients = Clients::new(interface.addresses().iter().copied());
    let mut live = Live::new(name, clients, rules, &basis, &pipeline);
    if !talk.quiet {
        let end = match options.duration {
            Some(time) => format!("for {} seconds, or until Ctrl-C", time.as_secs()),
            None => "until Ctrl-C".to_owned(),
        };
        say(&format!("capturing from {} {end}", report::safe(name)));
    }
    let is_watched = !talk.quiet && io::stdout().is_terminal();
    let begin = Instant::now();
    let mut shown = begin;
    loop {
        match interface.poll()? {
            Poll::Item(item) => live.take(item),
            Poll::Idle => {}
            Poll::End => break,
        }
        if options.duration.is_some_and(|time| begin.elapsed() >= time) {
            stop.store(true, Ordering::Relaxed);
        }
        if is_watched && shown.elapsed() >= REFRESH {
            show(&live, rules, &options.output, talk)?;
            shown = Instant::now();
        }
    }
    if is_watched {
        write_to(None, |out| write!(out, "\x1b[2J\x1b[H"))?;
    }
    Ok(live.finish())
}

/// Draws the table of what is known so far, as much as the terminal has room for.
fn show(live: &Live<'_>, rules: &Rules, options: &OutputOptions, talk: TalkOptions) -> Result<()> {
    let report = Presentable::new(&live.so_far(), rules, options.show_values);
    let rendering = report::Options {
        language: language(options.language),
        width: talk.width(false),
        color: talk.is_coloured(false),
        level: RiskLevel::None,
    };
    let mut table = Vec::new();
    if let Some(format) = FORMATS.iter().find(|format| format.name == "table") {
        (format.write)(&report, rules, rendering, &mut table)?;
    }
    let lines = terminal_size::terminal_size()
        .map_or(DEFAULT_LINES, |(_, lines)| usize::from(lines.0))
        .saturating_sub(2);
    let table = String::from_utf8_lossy(&table);
    write_to(None, |out| {
        write!(out, "\x1b[2J\x1b[H")?;
        for line in table.lines().take(lines) {
            writeln!(out, "{line}")?;
        }
        write!(
            out,
            "\x1b[0m{} packets of {} clients; Ctrl-C ends with the full report",
            live.packets(),
            live.clients()
        )
    })
}

/// Ctrl-C, and being told to end by the system, end the capture, not the program.
#[cfg(feature = "live")]
fn end_on_interrupt(stop: &Arc<AtomicBool>) -> Result<()> {
    let stop = Arc::clone(stop);
    ctrlc::set_handler(move || stop.store(true, Ordering::Relaxed)).map_err(|error| Error::Live {
        reason: format!("Ctrl-C cannot be listened to: {error}"),
    })
}

#[cfg(not(feature = "live"))]
fn end_on_interrupt(_stop: &Arc<AtomicBool>) -> Result<()> {
    Err(Error::NoLive {
        flag: "--interface",
    })
}

/// Lists the interfaces.
pub(super) fn interfaces(talk: TalkOptions) -> Result<Status> {
    let interfaces = intake::interfaces()?;
    let width = interfaces.iter().map(|known| known.name.len()).max();
    write_prose(talk, |out| {
        for interface in &interfaces {
            let mut words = Vec::new();
            words.push(if interface.is_up { "up" } else { "down" }.to_owned());
            if interface.is_wireless {
                words.push("wireless".to_owned());
            }
            if interface.is_loopback {
                words.push("this computer only".to_owned());
            }
            words.extend(interface.addresses.iter().map(ToString::to_string));
            words.extend(interface.description.as_deref().map(report::safe));
            let name = report::safe(&interface.name);
            writeln!(
                out,
                "{name:width$}  {}",
                words.join(", "),
                width = width.unwrap_or(0)
            )?;
        }
        Ok(())
    })?;
    Ok(Status::Done)
}
