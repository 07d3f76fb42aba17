//! What of a document is verified and rehearsed (rehearse.md, coverage): each block that changes something, whether a check
//! follows it, whether it can be undone, and what recorded runs say of both.

use holdpoint_engine::{Outcome, RollbackState};
use holdpoint_model::{Expectation, Expected, Plan, Work};
use jiff::Timestamp;
use serde::Serialize;

use crate::{ActionSummary, Attempt, Summary, What};

/// One block that changes something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BlockCoverage {
    /// The step.
    pub step: String,
    /// The block.
    pub action: String,
    /// Whether a check follows it before the next block that changes something, or it has expectations of its own.
    pub checked: bool,
    /// Whether its step has a rollback.
    pub rollback: bool,
    /// Whether that rollback was done in some recorded run.
    pub rehearsed: bool,
    /// Whether it ever ran to its end in a recorded run.
    pub ran: bool,
    /// When it last ended otherwise than passed; `None` where it never did.
    pub last_failed: Option<Timestamp>,
}

/// How many of some blocks have what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// All of them.
    pub blocks: usize,
    /// With a check after them.
    pub checked: usize,
    /// With a rollback.
    pub rollback: usize,
    /// Whose rollback was done once.
    pub rehearsed: usize,
    /// That ran once.
    pub ran: usize,
}

impl Covered {
    /// Counts them.
    pub fn of<'b>(blocks: impl IntoIterator<Item = &'b BlockCoverage>) -> Covered {
        let mut all = Covered::default();
        for block in blocks {
            all.blocks += 1;
            all.checked += usize::from(block.checked);
            all.rollback += usize::from(block.rollback);
            all.rehearsed += usize::from(block.rehearsed);
            all.ran += usize::from(block.ran);
        }
        all
    }

    /// How many of a hundred, rounded down; 100 of none.
    pub fn percent(&self, part: usize) -> usize {
        (part * 100).checked_div(self.blocks).unwrap_or(100)
    }
}

/// What is covered of a document, by itself and by recorded runs of it.
pub fn coverage(plan: &Plan, runs: &[Summary]) -> Vec<BlockCoverage> {
    let actions: Vec<_> =
        plan.steps.iter().flat_map(|step| step.actions.iter().map(move |action| (step, action))).collect();
    let mut covered = Vec::new();
    for (at, (step, action)) in actions.iter().enumerate() {
        let Work::Run(block) = &action.work else { continue };
        let until_next = actions[at + 1..].iter().take_while(|(_, next)| !matches!(next.work, Work::Run(_)));
        // A check that is not always for the same runs as the block is none after it.
        let followed = until_next.into_iter().any(|(of, next)| match &next.work {
            Work::Check(check) => {
                (check.options.when.is_none() || check.options.when == block.options.when)
                    && (of.when.is_empty() || of.when == step.when)
            }
            _ => false,
        });
        let of = || {
            let steps = runs.iter().flat_map(|run| &run.steps);
            steps.filter(|known| known.id == step.id)
        };
        let ends = || {
            let blocks = of().flat_map(|known| &known.actions).filter(|known| known.id == action.id);
            blocks.flat_map(attempts).filter_map(|attempt| attempt.finished.as_ref())
        };
        let undone = |known: &crate::StepSummary| known.rollback == Some(RollbackState::Done);
        covered.push(BlockCoverage {
            step: step.id.clone(),
            action: action.id.clone(),
            checked: followed || block.expect.iter().any(says_more_than_exit_0),
            rollback: !step.rollbacks.is_empty(),
            rehearsed: !step.rollbacks.is_empty() && of().any(undone),
            ran: ends().next().is_some(),
            last_failed: ends().filter(|end| end.result.outcome != Outcome::Passed).map(|end| end.at).max(),
        });
    }
    covered
}

/// Whether an expectation asks for something that is not asked for anyway.
fn says_more_than_exit_0(expectation: &Expectation) -> bool {
    !matches!(&expectation.that, Expected::Exit(codes) if codes.as_slice() == [0])
}

fn attempts(action: &ActionSummary) -> impl Iterator<Item = &Attempt> {
    action.history.iter().filter_map(|happening| match &happening.what {
        What::Attempt(attempt) if !attempt.probe => Some(&**attempt),
        _ => None,
    })
}
