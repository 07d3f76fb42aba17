//! The world around the engine. Live, resume, rehearsal and dry run are the same loop in another world.

pub mod answers;
mod asking;
pub mod assume;
pub mod before;
pub mod disk;
mod ends;
mod given;
pub mod kept_state;
mod keys;
mod known;
mod lines;
pub mod local;
mod needs;
mod operator_terminal;
pub mod places;
mod probing;
mod reads;
mod recording;
mod remote;
mod reply;
pub mod screening;
mod shown;
mod stops;
mod tell;
pub mod terminal;
pub mod together;

pub use tell::{ProseShown, progress, tell_rejection, tell_sign_off_terms, tell_still_done, whole_lines};

pub use holdpoint_driver::{
    Answer, BlobStore, Desk, End, Executed, Interrupt, Journal, Memory, Reached, RunView, Runner, Script,
    Sink, Way, Whereabouts, roll_back,
};

use crate::problem::Problem;

/// What desks and runners get of a journal.
pub type Store<'a> = dyn BlobStore<Error = Problem> + 'a;
