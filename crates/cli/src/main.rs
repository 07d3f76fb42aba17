//! `holdpoint`: run-books you can run, sign and prove.

#![allow(unreachable_pub)] // a binary: nothing of it can be reached from outside

mod args;
mod digest;
mod drive;
mod exit;
mod inputs;
mod interrupts;
mod operator;
mod place;
mod problem;
mod screen;
mod verbs;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::exit::Exit;
use crate::problem::Problem;

fn main() -> ExitCode {
    // Everything this program creates is its owner's alone (record.md section 1).
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Passed }.into();
        }
    };
    // Libraries panic where the machine has no room for another thread. It must end as any other fault does.
    let done = catch_unwind(AssertUnwindSafe(|| perform(cli))).unwrap_or_else(|_| {
        Err(Problem::fault(
            "the program fell over; why stands above",
            "The block that ran was ended, and what is on record is kept: `holdpoint resume` takes a run up again. \
             Is the machine, or this user's share of it, full of processes or open files? If not, please report it.",
        ))
    });
    match done {
        Ok(exit) => exit,
        Err(problem) => {
            problem.print();
            problem.exit
        }
    }
    .into()
}

fn perform(cli: Cli) -> Result<Exit, Problem> {
    // One worker beside the main thread: a signal must be heard while a prompt blocks the main one.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(verbs::perform(cli)),
        Err(error) => Err(Problem::fault(format!("the program cannot start: {error}"), "")),
    }
}
