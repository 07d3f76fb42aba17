//! Sign-offs by key through the real binary, with real agents and OpenSSH's own verifier beside ours.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types, reason = "tests")]
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test binary: nothing of it can be reached from outside"
)]

mod accounts;
mod anchor_rule;
mod anchoring;
mod approving;
mod asking;
mod authority;
mod clauses;
mod counted;
mod differing;
mod exchanged;
mod export;
mod forging;
mod included;
mod independent;
mod key_lines;
mod mill;
mod overriding;
mod reviewing;
mod seen;
mod sessions;
mod shop;
mod shown;
mod strict;
#[path = "../verbs/support.rs"]
mod support;
mod token;
mod tokens;
mod told;
mod trust;
mod two_people;
mod zones;
