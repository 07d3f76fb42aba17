//! Runs over real hosts, through the real binary: sshd on loopback addresses and at the far end of a cable.
//!
//! On a machine that cannot have them, what is skipped says so; leave all of it out by name with
//! `cargo nextest run -E 'not binary(places)'`.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types, reason = "tests")]
#![allow(missing_docs, unreachable_pub, reason = "a test binary: nothing of it can be reached from outside")]

#[path = "../verbs/support.rs"]
#[allow(dead_code, reason = "shared with the tests of verbs")]
mod bench;
mod container;
mod doubts;
mod elsewhere;
#[path = "../common/forms.rs"]
mod forms;
mod lines;
mod many;
mod one;
mod secrets;
mod soaks;
mod support;
mod terminal;
mod two;
#[path = "../common/waiting.rs"]
mod waiting;
mod withheld;
