//! What readers are told, held against the engine in every state that the engine's own walk reaches.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    dead_code,
    reason = "tests, and more of the engine's than they need"
)]

#[path = "../../../engine/tests/engine/build.rs"]
mod build;
mod expected;
mod pure;
#[path = "../../../engine/tests/engine/sample.rs"]
mod sample;
#[path = "../../../engine/tests/engine/story.rs"]
mod story;
#[path = "../../../engine/tests/engine/universe.rs"]
mod universe;
mod walk;
