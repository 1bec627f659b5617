//! Parse arguments, run, print the error, exit status.

mod cli;
mod command;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::Cli;
use crate::command::Status;

fn main() -> ExitCode {
    let status = match Cli::try_parse() {
        Ok(cli) => command::run(cli),
        Err(refusal) => {
            let is_error = refusal.use_stderr();
            // Nothing is left to do if the help cannot be printed (a closed pipe).
            let _printed = refusal.print();
            if is_error {
                Status::Failed
            } else {
                Status::Done
            }
        }
    };
    status.into()
}
