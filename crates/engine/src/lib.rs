//! The pure fold: a plan and the events so far, what next?
//!
//! Synchronous, no IO, no clock. Whatever the mode (run, resume, rehearsal, dry run, verify), the same engine answers.

mod event;

pub use event::*;
