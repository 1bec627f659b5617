//! Parse arguments, run, print the error, exit status.

mod cli;
mod command;

use std::process::ExitCode;

use crate::command::Status;

fn main() -> ExitCode {
    let status = match cli::parse() {
        Ok(cli) => command::run(cli),
        Err(cli::Answered::Help) => Status::Done,
        Err(cli::Answered::Refusal) => Status::Failed,
    };
    status.into()
}
