//! Typed probes: asks a web server, a port, name servers, a file, the repository, the container engine or a registry of
//! images for facts.
//!
//! A probe changes nothing, judges nothing, and knows no run-books: what it was asked and what it found are its answer,
//! one JSON object. Whoever asks says how long it may take, and gets what was found until then. Everything that is read
//! is bounded here.

mod ask;
mod certificate;
mod connection;
mod dns;
mod file;
mod git;
mod http;
mod image;
mod parts;
mod paths;
mod refused;
mod registry;
mod tcp;
mod work;

pub use ask::ask;
pub use parts::{Answer, Setting};
