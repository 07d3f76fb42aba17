//! The world around the engine. Live, resume, rehearsal and dry run are the same loop in another world.

pub mod answers;
mod asking;
pub mod assume;
pub mod disk;
pub mod kept_state;
mod keys;
pub mod local;
mod operator_terminal;
mod reads;
mod recording;
mod reply;
pub mod screening;
mod shown;
mod tell;
pub mod terminal;

pub use tell::progress;

pub use holdpoint_driver::{
    Answer, BlobStore, Desk, Executed, Interrupt, Journal, Memory, RunView, Runner, Script, Sink, roll_back,
};

use crate::problem::Problem;

/// What desks and runners get of a journal.
pub type Store<'a> = dyn BlobStore<Error = Problem> + 'a;
