//! Commands of documents that people wrote for themselves.
//!
//! Code is cut into pieces without loss: comments, prompts, whole commands, what they are shown to print. Each command is
//! read as something to run, or as something that explains; what is to be run is offered, one by one, and the text around it
//! stays what it is.

mod blanks;
mod classes;
mod code;
mod explain;
mod insert;
mod programs;
mod prompts;
mod steps;
mod whole;

pub use explain::{Explained, explain};
pub(crate) use steps::offer;
