//! Journeys through the real binary: on a real terminal, without one, killed in the middle, and through the promotion.
//!
//! Nothing here sleeps for a time: each test waits for text on the terminal, for a file, or for a process to be gone.

#![allow(clippy::unwrap_used)]
#![allow(unreachable_pub)] // one binary: nothing of it can be reached from outside

#[path = "../common/forms.rs"]
mod forms;
mod support;

mod expunged;
mod gone_back;
mod handovers;
mod hours;
mod informed;
mod interrupts;
mod kills;
mod leaks;
mod lists;
mod looks;
mod notices;
mod offered;
mod plain;
mod promotion;
mod prompts;
mod raw;
mod replays;
mod resumes;
mod retried;
mod screens;
mod secrets;
mod shown;
mod soaks;
mod stopped;
mod terminals;
mod told;
mod unasked;
mod unattended;
mod windows;
