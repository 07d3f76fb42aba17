//! A small planner for test documents and a tape that records events, blobs and times.
//!
//! A tape conforms: what a test does not tell itself is answered as the engine asks for it, and what the engine refuses
//! fails the test. A record that does not conform is what [`Tape::forge`] makes.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

mod book;
mod ends;
mod events;
mod tape;

use sha2::{Digest, Sha256};

pub use book::*;
pub use ends::*;
pub use tape::*;

/// What is signed at every hold point.
pub const STATEMENT: &str = "I reviewed the results above and approve release v2.4.0.";

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Ends a chain of calls in a closure that gives nothing.
pub fn ignore(_: &mut Tape) {}

/// Every event number that a JSON value tells of, under the key `n`.
pub fn numbers(value: &serde_json::Value, found: &mut Vec<u64>) {
    match value {
        serde_json::Value::Object(object) => {
            found.extend(object.get("n").and_then(serde_json::Value::as_u64));
            object.values().for_each(|value| numbers(value, found));
        }
        serde_json::Value::Array(array) => array.iter().for_each(|value| numbers(value, found)),
        _ => {}
    }
}
