//! Helper processes: programs that the product asks for something, as git, a shell that only parses, `ssh-keygen`, the
//! command that gives an input, an editor. Knows no run-books; blocks of a run-book go through the executor.
//!
//! - Every one gets the environment of whoever operates, without what changes how a shell starts, and their umask.
//! - One that is asked ([`Helper::ask`]) gets a time limit and a limit on what it prints. Standard input is empty
//!   unless it is given something.
//! - One that is [alone](Helper::alone) has no terminal, and ends with everything that it started. Any other one is at
//!   the terminal where this program is, as Ctrl-C there is for both.
//! - One that is lent the terminal ([`Helper::ask_at_terminal`], [`Helper::lend_terminal`]) takes as long as it likes.
//! - A failure is an answer, with the program's own words; that there is no answer is an [`Unanswered`].

mod answer;
mod helper;
mod parts;
mod running;

pub use answer::{Answer, Unanswered};
pub use parts::{Helper, Stop};
