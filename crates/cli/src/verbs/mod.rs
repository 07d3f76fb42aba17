//! One verb each, and what several of them need.

mod adopt;
mod anchor;
mod anchored;
pub mod approve;
pub mod audit;
pub mod changes;
mod check;
mod choice;
mod clearing;
mod compare;
mod correct;
mod coverage;
pub mod dry_run;
mod ending;
pub mod evidence;
mod exchange;
mod expected;
mod explain;
pub mod export;
mod expunge;
pub mod farewell;
mod gate;
mod handover;
pub mod history;
mod hours;
mod init;
pub mod lsp;
mod note;
mod one_step;
mod opening;
mod orphan;
pub mod overriding;
pub mod places;
pub mod plan;
pub mod plans;
pub mod prepare;
pub mod read;
pub mod replay;
pub mod report;
pub mod resume;
mod review;
mod reviewed;
mod reviewing;
mod rollback;
pub mod rules;
pub mod run;
pub mod runs;
pub mod schema;
mod serve;
mod session;
pub mod shell;
pub mod show;
pub mod sign;
pub mod standing;
mod taking_up;
mod targets;
mod unasked;
mod verdict;
pub mod verify;
mod wanting;
mod watch;

use holdpoint_driver::Secrets;

use crate::args::{Cli, Verb};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::screen::Screen;

/// Does what was asked for.
pub async fn perform(screen: &Screen, cli: Cli, secrets: &Secrets) -> Result<Exit, Problem> {
    match cli.verb {
        Verb::Check(arguments) => check::check(screen, &arguments),
        Verb::Plan(arguments) => plan::plan(screen, &arguments, secrets).await,
        Verb::Adopt(arguments) => adopt::adopt(screen, &arguments),
        Verb::Run(arguments) => run::run(screen, &arguments, secrets).await,
        Verb::Resume(arguments) => resume::resume(screen, &arguments, secrets).await,
        Verb::Rollback(arguments) => rollback::rollback(screen, &arguments, secrets).await,
        Verb::Sign(arguments) => sign::sign(screen, &arguments, secrets),
        Verb::Runs(arguments) => runs::runs(screen, &arguments),
        Verb::Show(arguments) => show::show(screen, &arguments),
        Verb::Targets(arguments) => places::targets(screen, &arguments).await,
        Verb::Approve(arguments) => approve::approve(screen, &arguments),
        Verb::Note(arguments) => note::note(screen, &arguments, secrets),
        Verb::Correct(arguments) => correct::correct(screen, &arguments, secrets),
        Verb::Compare(arguments) => compare::compare(screen, &arguments),
        Verb::Coverage(arguments) => coverage::coverage(screen, &arguments),
        Verb::History(arguments) => history::history(screen, &arguments),
        Verb::Review(arguments) => review::review(screen, &arguments),
        Verb::Anchor(arguments) => anchor::anchor(screen, &arguments),
        Verb::Handover(arguments) => handover::handover(screen, &arguments, secrets),
        Verb::Audit(arguments) => audit::audit(screen, &arguments),
        Verb::Verify(arguments) => verify::verify(screen, &arguments),
        Verb::Export(arguments) => export::export(screen, &arguments),
        Verb::Expunge(arguments) => expunge::expunge(screen, &arguments, secrets),
        Verb::Replay(arguments) => replay::replay(screen, &arguments).await,
        Verb::Report(arguments) => report::report(screen, &arguments),
        Verb::Lsp => lsp::lsp(screen),
        Verb::Serve(arguments) => serve::serve(screen, &arguments).await,
        Verb::Init(arguments) => init::init(screen, &arguments),
        Verb::Completions(arguments) => shell::completions(screen, &arguments),
        Verb::Man(arguments) => shell::man(screen, &arguments),
        Verb::Schema(arguments) => schema::schema(screen, &arguments),
    }
}
