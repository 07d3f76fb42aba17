//! Blocks on other machines keep what every executor promises, and what only they can.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod common;
#[macro_use]
mod conformance;
mod places;

use conformance::World;

mod a_shell_of_this_machine {
    conformance!(crate::places::Shell);
}

mod an_ssh_host {
    conformance!(crate::places::Ssh);
}
