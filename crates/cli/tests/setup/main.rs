//! What sets a repository and a shell up, and formats that other programs read: each tried with those very programs.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types, reason = "tests")]
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test binary: nothing of it can be reached from outside"
)]

mod attestations;
mod by_hand;
mod cast;
mod consumers;
mod corpus;
mod editor;
mod editor_adopts;
mod events;
mod exchange_page;
mod forge;
mod init;
mod junit;
mod keys;
mod node;
mod page;
mod paper;
mod policy_page;
mod schema;
mod session_page;
mod shells;
#[path = "../verbs/support.rs"]
mod support;
#[path = "../signing/token.rs"]
mod token;
