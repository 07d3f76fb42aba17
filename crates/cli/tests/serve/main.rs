//! `holdpoint serve`, through the real binary and real HTTP requests.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types, reason = "tests")]
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test binary: nothing of it can be reached from outside"
)]

mod api;
mod authenticator;
mod browser;
mod hostile;
mod live;
mod noting;
mod pages;
mod passkey;
mod proxied;
mod refused;
mod reviewing;
mod signed_in;
mod signing;

mod http;
#[path = "../setup/node.rs"]
mod node;
#[path = "../verbs/support.rs"]
mod support;
#[path = "../common/waiting.rs"]
mod waiting;
