//! What readers ask of a run: what became of each step, who did it, when, and what was decided.
//!
//! Made by driving [`holdpoint_engine::Run`] over the events and asking it. Facts are gathered here (texts, times, people,
//! blobs); nothing is decided: whether a hold point is signed off, a step passed or a sign-off has lapsed, the engine
//! says. Pure: no files, no clock, no parser.

mod awaited;
mod compare;
mod coverage;
mod difference;
mod driver;
mod expected;
mod history;
mod reading;
mod summary;
mod time;

pub use awaited::{Awaited, Wanted};
pub use compare::{
    Alike, ByCondition, Compared, Comparison, Difference, Differing, MASKS, Mask, Side, StepBeside, StepSide,
    compare,
};
pub use coverage::{BlockCoverage, Covered, coverage};
pub use difference::difference;
pub use driver::{Driver, HeldBy};
pub use expected::{Expectations, Expected, Together, late};
pub use history::{Spread, StepHistory, history};
pub use reading::{Break, Reading};
pub use summary::*;
pub use time::between;

/// A record that does not begin with `run.opened` is of no run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record does not begin with run.opened, so there is no run to report on")]
pub struct NotOpened;
