//! Real machines and containers to run tests against: OpenSSH servers, networks that can be cut, a Docker Engine.
//!
//! Everything that is started here lies in a private directory and is gone when it is dropped. A machine that cannot have
//! one of them is told by [`Missing`]; a test says so with [`skipped`], which `cargo xtask test` counts and shows.

mod command;
mod docker;
mod machine;
mod network;
mod skip;
mod sshd;
mod user;

pub use docker::{Container, Engine};
pub use machine::Machine;
pub use network::Network;
pub use skip::{Missing, skipped};
pub use sshd::{Options, Sshd, write_ssh, write_ssh_for};
pub use user::User;
