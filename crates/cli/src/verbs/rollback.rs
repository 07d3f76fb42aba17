//! `rollback`: takes an open run up and undoes what was done in it, as part of the same record.

use holdpoint_driver::Secrets;

use super::resume::{Other, Undo, take_on};
use crate::args;
use crate::exit::Exit;
use crate::operator::not_in_a_block;
use crate::problem::Problem;
use crate::screen::Screen;

/// Drives the rollback of a run.
pub async fn rollback(
    screen: &Screen,
    arguments: &args::Rollback,
    secrets: &Secrets,
) -> Result<Exit, Problem> {
    not_in_a_block("nothing is rolled back")?;
    if arguments.why.trim().is_empty() {
        return Err(Problem::usage("the reason is empty", "Write it in quotes after --reason."));
    }
    let undo = Undo { reason: &arguments.why, sure: arguments.yes };
    take_on(screen, (Some(&arguments.run), &arguments.resume), Other::Undo(undo), secrets).await
}
