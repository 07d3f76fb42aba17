//! Commands of documents that people wrote for themselves.
//!
//! Code is cut into pieces without loss: comments, prompts, whole commands, what they are shown to print. Each command is
//! read as something to run, or as something that explains; what is to be run is offered, one by one, and the text around it
//! stays what it is.

mod blanks;
mod classes;
mod code;
mod explain;
mod fences;
mod filled;
mod insert;
mod literals;
mod looks;
mod piece;
mod programs;
mod prompts;
mod sed;
mod session;
mod shown;
mod steps;
mod texts;
mod units;
mod unlike;
mod unread;
mod values;
mod ways;
mod whole;

pub(crate) use blanks::{Mark, What};
pub(crate) use classes::{last_sentence, surely_looks};
pub(crate) use code::parted;
pub use explain::{Explained, explain};
pub(crate) use insert::{Why, in_place, template};
pub(crate) use literals::in_lines;
pub(crate) use piece::{Command, Kind as PieceKind, Piece};
pub use shown::{OnlyShown, only_shown};
pub(crate) use steps::{offer, offered_units};
pub(crate) use texts::stands_for_nothing;
pub(crate) use units::{Unit, asked, before, doubted, units};
pub(crate) use values::Values;
