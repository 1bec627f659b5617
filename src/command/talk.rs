//! What is said beside reports: notes, errors and progress on standard error, and how wide and colourful standard output is.

use std::io::{self, IsTerminal, Write as _};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use phonehome::Error;
use phonehome::audit::Progress;
use phonehome::intake::Case;
use phonehome::report::{self, Language};
use phonehome::rules::Rules;

use crate::cli::{ColorChoice, TalkOptions};

/// Columns of a report that goes to a file or a terminal that does not say its width.
const DEFAULT_WIDTH: u16 = 80;
/// Narrowest table.
const NARROWEST: u16 = 40;
/// Widest table: beyond, lines are hard to follow.
const WIDEST: u16 = 140;
/// How often the progress bar is drawn.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// Prints a line on standard error. There is nowhere left to report a failure of that.
pub(super) fn say(message: &str) {
    let _printed = writeln!(io::stderr(), "{message}");
}

/// Prints an error with its causes and the next step. Paths may be chosen by strangers, so all of it is made safe.
pub(super) fn complain(error: &Error) {
    let mut message = format!("error: {}", report::safe(&error.to_string()));
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        message = format!("{message}\n  cause: {}", report::safe(&source.to_string()));
        cause = source.source();
    }
    if let Some(hint) = error.hint() {
        message = format!("{message}\n  hint: {hint}");
    }
    say(&message);
}

/// A terminal that can only take one line after the other.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb")
}

impl TalkOptions {
    /// A note that nobody needs who asked for quiet.
    pub(super) fn note(self, message: &str) {
        if !self.quiet {
            say(&format!("note: {message}"));
        }
    }

    /// What is of interest to those who asked for all.
    fn detail(self, message: &str) {
        if self.verbose {
            say(message);
        }
    }

    /// Columns for what goes to standard output or, by `file`, elsewhere.
    pub(super) fn width(self, is_to_file: bool) -> u16 {
        self.terminal_width(is_to_file).unwrap_or(DEFAULT_WIDTH)
    }

    /// [`Self::width`], if the user or a terminal says one.
    pub(super) fn terminal_width(self, is_to_file: bool) -> Option<u16> {
        let of_terminal = || {
            let is_terminal = !is_to_file && io::stdout().is_terminal();
            let (columns, _) = is_terminal.then(terminal_size::terminal_size)??;
            Some(columns.0.clamp(NARROWEST, WIDEST))
        };
        self.width.or_else(of_terminal)
    }

    /// Whether to colour what goes to standard output or elsewhere.
    pub(super) fn is_coloured(self, is_to_file: bool) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                // https://no-color.org: any value but the empty one.
                let is_refused =
                    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                !is_to_file && io::stdout().is_terminal() && !is_refused && !is_dumb()
            }
        }
    }

    /// Runs `work` on a case. Progress is on standard error, if that is a terminal and the work takes long enough to be seen.
    pub(super) fn watched<T>(
        self,
        case: &Case,
        rules: &Rules,
        work: impl FnOnce(&Progress) -> T,
    ) -> T {
        self.announce(case, rules);
        let begin = Instant::now();
        let progress = Progress::default();
        let inputs = case.devices.iter().flat_map(|device| &device.inputs);
        let total: u64 = inputs.map(|input| input.bytes).sum();
        let is_shown = !self.quiet && !is_dumb() && io::stderr().is_terminal();
        let result = if is_shown {
            with_bar(total, &progress, work)
        } else {
            work(&progress)
        };
        let took = begin.elapsed();
        let bytes = |bytes: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "saturates, and is only said"
            )]
            Language::English.bytes(bytes as u64)
        };
        #[expect(clippy::cast_precision_loss, reason = "only said")]
        let rate = total as f64 / took.as_secs_f64().max(1e-6);
        self.detail(&format!(
            "read {} in {:.2} s ({}/s)",
            Language::English.bytes(total),
            took.as_secs_f64(),
            bytes(rate)
        ));
        result
    }

    /// Says what is going to be read, and by which rules.
    pub(super) fn announce(self, case: &Case, rules: &Rules) {
        if !self.verbose {
            return;
        }
        let rules_sha256 = rules.sha256().get(..12).unwrap_or_default();
        self.detail(&format!(
            "phonehome {}, rules {rules_sha256}",
            env!("CARGO_PKG_VERSION")
        ));
        for device in &case.devices {
            for input in &device.inputs {
                self.detail(&format!(
                    "reads {}: {}, {}, of {}",
                    report::safe(&input.display),
                    input.format,
                    Language::English.bytes(input.bytes),
                    report::safe(&device.name)
                ));
            }
        }
        for (path, _, reason) in &case.left_out {
            self.detail(&format!(
                "leaves out {}: {}",
                report::safe(path),
                report::safe(reason)
            ));
        }
    }
}

fn with_bar<T>(total: u64, progress: &Progress, work: impl FnOnce(&Progress) -> T) -> T {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let template =
        "{bar:30} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    let result = std::thread::scope(|scope| {
        let (done, is_done) = mpsc::channel::<()>();
        let bar = &bar;
        let drawer = scope.spawn(move || {
            // The channel closes when the work ends, also when it ends by a panic.
            while is_done.recv_timeout(PROGRESS_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                bar.set_position(progress.bytes.load(Ordering::Relaxed).min(total));
            }
        });
        let result = work(progress);
        drop(done);
        let _ended = drawer.join();
        result
    });
    bar.finish_and_clear();
    result
}
