//! What the tests of services share: a repository to run in, and servers.

mod server;
mod stage;

use std::time::{Duration, Instant};

pub use server::{Server, answering, answering_at, free_port, program, request, standin};
pub use stage::Stage;

/// Longer than any server here takes to be ready, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks until the answer is yes; a server says only in this way that it is ready.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "it never came to this: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
