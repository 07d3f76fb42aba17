//! The sample shop, released to real hosts by its run-book: each host an sshd, a Docker Engine, nginx or PostgreSQL in a
//! network of its own.
//!
//! On a machine that cannot have them, what is skipped says so; leave all of it out by name with
//! `cargo nextest run -E 'not binary(shop)'`.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types, reason = "tests")]
#![allow(missing_docs, unreachable_pub, reason = "a test binary: nothing of it can be reached from outside")]

#[path = "../verbs/support.rs"]
#[allow(dead_code, reason = "shared with the tests of verbs")]
mod bench;
mod host;
mod load;
mod release;
mod shop;
#[path = "../common/waiting.rs"]
mod waiting;
