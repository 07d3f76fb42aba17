//! The pure fold: a plan and the events so far, what next?
//!
//! Synchronous, no IO, no clock. Whatever the mode (run, resume, rehearsal, dry run, verify), the same engine answers.

mod answers;
mod apply;
mod blocks;
mod condition;
mod conform;
mod deviate;
mod event;
mod expiry;
mod fold;
mod frontier;
mod handover;
mod judge;
mod lines;
mod looks;
mod next;
mod offers;
mod opening;
mod overriding;
mod people;
mod places;
mod reads;
mod rollback;
mod rollback_state;
mod rollout;
mod rules;
mod run;
mod said;
mod seen;
mod sign_off;
mod signed;
mod status;
mod titles;
mod undone;
mod values;

pub use event::*;
pub use frontier::{Due, Frontier};
pub use holdpoint_model::{Fit, LONGEST_VALUES, fit};
pub use judge::{Judgement, Observation, assumed, duration, judge};
pub use looks::Facts;
pub use next::*;
pub use offers::Offers;
pub use people::{BY_GIT, stranger};
pub use reads::{names_around, names_in_condition, names_in_template};
pub use rollback_state::RollbackState;
pub use rules::{Circumstances, kept};
pub use run::people::{Independence, People};
pub use run::rollback::RollbackPlan;
pub use run::state::Rejection;
pub use run::{Run, Tally, Unexpected};
pub use seen::{Done, Happened, Seen};
pub use signed::Signed;
pub use status::Status;
pub use undone::NotUndone;
pub use values::{TemplateError, Values, mask};
