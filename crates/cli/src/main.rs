//! `holdpoint`: run-books you can run, sign and prove.

#![allow(unreachable_pub)] // a binary: nothing of it can be reached from outside

mod approvals;
mod args;
mod attest;
mod bundle;
mod by_key;
mod completing;
mod digest;
mod exit;
mod from_command;
mod git;
mod hearing;
mod inputs;
mod interrupts;
mod notices;
mod operator;
mod output;
mod pager;
mod panics;
mod place;
mod problem;
mod screen;
mod sources;
mod stamps;
mod trust;
mod uri;
mod verbs;
mod world;

use holdpoint_files as files;
use std::process::ExitCode;

use clap::Parser;
use holdpoint_driver::Secrets;

use crate::args::Cli;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::screen::Screen;

fn main() -> ExitCode {
    if let Some(went_well) = completing::answer::<Cli>() {
        return if went_well { Exit::Passed } else { Exit::Usage }.into();
    }
    if std::env::args_os().nth(1).is_some_and(|verb| verb == "run" || verb == "resume") {
        digest::begin_program();
    }
    let secrets = Secrets::default();
    let screen = Screen::of_this_process(&secrets);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Words of the command line stand in it, and may come from anywhere.
            let hostile = |word: std::ffi::OsString| {
                let word = word.to_string_lossy();
                screen.neutralise(&word) != word
            };
            if error.use_stderr() && std::env::args_os().any(hostile) {
                screen.say(&screen.neutralise(error.to_string().trim_end()));
            } else {
                let _ = error.print();
            }
            return if error.use_stderr() { Exit::Usage } else { Exit::Passed }.into();
        }
    };
    let exit = panics::guarded(&screen, || perform(&screen, cli, &secrets));
    // Whatever way it ended.
    screen.written();
    screen.untitled();
    exit.into()
}

/// So many files this program has open at once, with what it starts, and some to spare.
const FILES: u64 = 64;

/// Says so before anything is done, where fewer files may be open: what would fail then is anybody's guess.
fn too_few_files() -> Option<Problem> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current?;
    (limit < FILES).then(|| {
        Problem::usage(
            format!("this process may have only {limit} files open at once, and {FILES} are needed"),
            "Nothing was executed. Raise the limit: ulimit -n 256.",
        )
    })
}

fn perform(screen: &Screen, cli: Cli, secrets: &Secrets) -> Exit {
    // One thread does everything: between two blocks nothing is handed over from one to another. What must be heard
    // while a prompt blocks it has a thread of its own, in `interrupts`.
    if let Some(problem) = too_few_files() {
        problem.print(screen);
        return problem.exit;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(verbs::perform(screen, cli, secrets)),
        Err(error) => Err(Problem::fault(format!("the program cannot start: {error}"), "")),
    };
    match done {
        Ok(exit) => exit,
        Err(problem) => {
            problem.print(screen);
            problem.exit
        }
    }
}
