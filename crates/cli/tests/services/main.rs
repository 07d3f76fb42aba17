//! The run-books for the services around a product, run by the real binary against real servers where there are any, else
//! against small ones of ours. Each starts what it needs in a directory of its own, on free loopback ports.
//!
//! On a machine that cannot have these servers, leave it out by name: `cargo nextest run -E 'not binary(services)'`.

#![allow(clippy::unwrap_used)]
#![allow(unreachable_pub)] // one binary: nothing of it can be reached from outside

mod checked;
mod dns;
mod dnssec;
mod hosted;
mod kubernetes;
mod mongodb;
mod postgresql;
mod stripe;
mod support;
mod web;
