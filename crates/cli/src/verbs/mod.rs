//! One verb each, and what several of them need.

pub mod approve;
pub mod check;
mod clearing;
pub mod export;
pub mod expunge;
pub mod handover;
pub mod init;
pub mod listing;
pub mod note;
pub mod overriding;
pub mod places;
pub mod plan;
pub mod prepare;
pub mod read;
pub mod replay;
pub mod report;
pub mod resume;
pub mod rules;
pub mod run;
pub mod schema;
pub mod shell;
pub mod sign;
mod standing;
mod taking_up;
mod targets;
mod verdict;
pub mod verify;
mod watch;

use holdpoint_driver::Secrets;

use crate::args::{Cli, Verb};
use crate::exit::Exit;
use crate::problem::Problem;

/// Does what was asked for.
pub async fn perform(cli: Cli, secrets: &Secrets) -> Result<Exit, Problem> {
    match cli.verb {
        Verb::Check(arguments) => check::check(&arguments),
        Verb::Plan(arguments) => plan::plan(&arguments, secrets),
        Verb::Run(arguments) => run::run(&arguments, secrets).await,
        Verb::Resume(arguments) => resume::resume(&arguments, secrets).await,
        Verb::Sign(arguments) => sign::sign(&arguments, secrets),
        Verb::Runs(arguments) => listing::runs(&arguments),
        Verb::Show(arguments) => listing::show(&arguments),
        Verb::Targets(arguments) => places::targets(&arguments).await,
        Verb::Approve(arguments) => approve::approve(&arguments),
        Verb::Note(arguments) => note::note(&arguments, secrets),
        Verb::Handover(arguments) => handover::handover(&arguments, secrets),
        Verb::Verify(arguments) => verify::verify(&arguments),
        Verb::Export(arguments) => export::export(&arguments),
        Verb::Expunge(arguments) => expunge::expunge(&arguments, secrets),
        Verb::Replay(arguments) => replay::replay(&arguments).await,
        Verb::Report(arguments) => report::report(&arguments),
        Verb::Init(arguments) => init::init(&arguments),
        Verb::Completions(arguments) => shell::completions(&arguments),
        Verb::Man(arguments) => shell::man(&arguments),
        Verb::Schema(arguments) => schema::schema(&arguments),
    }
}
