//! `holdpoint`: run-books you can run, sign and prove.

#![allow(unreachable_pub)] // a binary: nothing of it can be reached from outside

mod approvals;
mod args;
mod attest;
mod bundle;
mod by_key;
mod digest;
mod drive;
mod exit;
mod files;
mod fold;
mod from_command;
mod git;
mod helper_process;
mod inputs;
mod interrupts;
mod operator;
mod panics;
mod place;
mod problem;
mod screen;
mod secrets;
mod verbs;
mod world;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::exit::Exit;
use crate::problem::Problem;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|verb| verb == "run" || verb == "resume") {
        digest::begin_program();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Words of the command line stand in it, and may come from anywhere.
            let hostile = |word: std::ffi::OsString| word.to_string_lossy().chars().any(char::is_control);
            if error.use_stderr() && std::env::args_os().any(hostile) {
                screen::say(&screen::neutralise(error.to_string().trim_end()));
            } else {
                let _ = error.print();
            }
            return if error.use_stderr() { Exit::Usage } else { Exit::Passed }.into();
        }
    };
    let exit = panics::guarded(|| perform(cli));
    // Whatever way it ended.
    screen::let_go();
    exit.into()
}

fn perform(cli: Cli) -> Exit {
    // One thread does everything: between two blocks nothing is handed over from one to another. What must be heard
    // while a prompt blocks it has a thread of its own, in `interrupts`.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(verbs::perform(cli)),
        Err(error) => Err(Problem::fault(format!("the program cannot start: {error}"), "")),
    };
    match done {
        Ok(exit) => exit,
        Err(problem) => {
            problem.print();
            problem.exit
        }
    }
}
